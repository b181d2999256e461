/*
 * Every byte string has an answer, and the trie and the matcher give the same one. The input is cut at line feeds: the
 * first line is an address, the others are patterns.
 */
#include <stdlib.h>

#include "route/address.h"
#include "route/routes.h"

static const clasp_route_bounds BOUNDS = {.addresses = 4, .subscriptions = 64, .pattern_bytes = 4096};

static clasp_span next_line(clasp_span *left) {
    const uint8_t *end = left->len ? memchr(left->at, '\n', left->len) : NULL;
    const clasp_span line = {left->at, end ? (uint32_t)(end - left->at) : left->len};
    const uint32_t used = line.len + (end != NULL);
    *left = (clasp_span){left->at + used, left->len - used};
    return line;
}

static bool is_among(const clasp_route *route, uint32_t sub) {
    for (uint32_t i = 0; i < route->sub_count; i++) {
        if (route->subs[i] == sub) {
            return true;
        }
    }
    return false;
}

/* Subscribe by every line that is a pattern, under the numbers 0, 1, … @return how many */
static uint32_t subscribe(clasp_routes *routes, clasp_span left, clasp_span patterns[64]) {
    uint32_t count = 0;
    while (left.len > 0 && count < 64) {
        const clasp_span pattern = next_line(&left);
        const clasp_err err = clasp_routes_add(routes, pattern, count);
        if ((err == CLASP_BAD_PATTERN) != (clasp_pattern_check(pattern) == CLASP_BAD_PATTERN)) {
            abort();
        }
        if (err == CLASP_OK) {
            patterns[count++] = pattern;
        }
    }
    return count;
}

static void compare(clasp_routes *routes, clasp_span address, const clasp_span *patterns, uint32_t count) {
    clasp_route route;
    const clasp_err err = clasp_routes_find(routes, address, &route);
    if (err != clasp_address_check(address)) {
        abort();
    }
    uint32_t matches = 0;
    for (uint32_t sub = 0; err == CLASP_OK && sub < count; sub++) {
        const bool match = clasp_match(patterns[sub], address);
        if (match != is_among(&route, sub)) {
            abort();
        }
        matches += match;
    }
    if (err == CLASP_OK && matches != route.sub_count) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    clasp_span left = {data, (uint32_t)size};
    clasp_routes *routes = clasp_routes_new(&BOUNDS);
    clasp_span patterns[64];
    if (!routes) {
        return 0;
    }
    const clasp_span address = next_line(&left);
    const uint32_t count = subscribe(routes, left, patterns);
    compare(routes, address, patterns, count);
    for (uint32_t sub = 0; sub < count; sub++) {
        if (!clasp_routes_remove(routes, sub)) {
            abort();
        }
    }
    compare(routes, address, patterns, 0);
    clasp_routes_free(routes);
    return 0;
}
