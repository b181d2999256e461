#include "route/routes.h"

#include "alloc.h"
#include "check.h"
#include "route/address.h"

static const clasp_route_bounds ROOMY = {.addresses = 1024,
                                         .address_bytes = 1u << 20,
                                         .subscriptions = 4096,
                                         .pattern_bytes = 1u << 20,
                                         .hash_seed = 1};

static clasp_route find(clasp_routes *routes, const char *address) {
    clasp_route route = {0, false, NULL, 0};
    CHECK_EQ(clasp_routes_find(routes, clasp_span_of(address), &route), CLASP_OK);
    return route;
}

static void add(clasp_routes *routes, const char *pattern, uint32_t sub) {
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of(pattern), sub), CLASP_OK);
}

/* The ids that an address reaches, as text such as "1 5 7". */
static const char *reached(clasp_routes *routes, const char *address) {
    static char text[1024];
    const clasp_route route = find(routes, address);
    int len = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < route.sub_count && len < 1000; i++) {
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%u", i ? " " : "", route.subs[i]);
    }
    return text;
}

static uint32_t random_below(uint64_t *state, uint32_t bound) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 33) % bound;
}

/* ---- what is found ------------------------------------------------------------------------------------------- */

TEST(every_matching_subscription_is_found_once_in_ascending_order) {
    clasp_routes *routes = clasp_routes_new(&ROOMY);
    if (!CHECK(routes)) {
        return;
    }
    static const char *const PATTERNS[] = {"/a/b", "/a/*", "/a/**", "/**", "/*/b",   "/a*/*b", "/**/b",
                                           "/a",   "/*",   "/a/b",  "/b",  "/**/**", "/***/b", "/a/**/b/**"};
    for (uint32_t i = 0; i < sizeof PATTERNS / sizeof PATTERNS[0]; i++) {
        add(routes, PATTERNS[i], 100 - i);
    }
    CHECK_TEXT(reached(routes, "/a/b"), "87 88 89 91 94 95 96 97 98 99 100");
    CHECK_TEXT(reached(routes, "/a"), "89 92 93 97 98");
    CHECK_TEXT(reached(routes, "/"), "89 92 97");
    CHECK_TEXT(reached(routes, "/x/y/z"), "89 97");
    CHECK_TEXT(reached(routes, "/x/y/b"), "89 94 97");
    CHECK_TEXT(reached(routes, "/ab/cb"), "89 95 97");
    clasp_routes_free(routes);
}

TEST(a_found_list_follows_the_subscriptions) {
    clasp_routes *routes = clasp_routes_new(&ROOMY);
    if (!CHECK(routes)) {
        return;
    }
    CHECK_TEXT(reached(routes, "/a"), "");
    add(routes, "/a", 7);
    CHECK_TEXT(reached(routes, "/a"), "7");
    add(routes, "/*", 3);
    CHECK_TEXT(reached(routes, "/a"), "3 7");
    CHECK(clasp_routes_remove(routes, 7));
    CHECK_TEXT(reached(routes, "/a"), "3");
    add(routes, "/b", 7); /* another pattern under a used id: the list is as long, and not the same */
    CHECK(clasp_routes_remove(routes, 3));
    add(routes, "/a", 4);
    CHECK_TEXT(reached(routes, "/a"), "4");
    CHECK(clasp_span_equal(clasp_routes_pattern(routes, 7), clasp_span_of("/b")));
    CHECK(clasp_routes_pattern(routes, 3).at == NULL);
    clasp_routes_free(routes);
}

TEST(the_segments_of_all_patterns_are_bounded_and_come_back) {
    const clasp_route_bounds tight = {.subscriptions = 9, .pattern_bytes = 1000, .pattern_segments = 6};
    clasp_routes *routes = clasp_routes_new(&tight);
    if (!CHECK(routes)) {
        return;
    }
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/a/b/c/d/e/f/g"), 1), CLASP_LIMIT);
    add(routes, "/a/b/c/d", 1);
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/e/f/g"), 2), CLASP_LIMIT);
    add(routes, "/e/", 2); /* the last segment is an empty one */
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/h"), 3), CLASP_LIMIT);
    CHECK_TEXT(reached(routes, "/a/b/c/d"), "1");
    CHECK(clasp_routes_memory(routes) <= clasp_routes_memory_max(&tight));
    CHECK(clasp_routes_remove(routes, 1));
    add(routes, "/h/i/j/k", 3);
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/l"), 4), CLASP_LIMIT);
    clasp_routes_free(routes);
}

TEST(what_cannot_be_done_is_refused_and_changes_nothing) {
    const clasp_route_bounds tight = {.subscriptions = 3, .pattern_bytes = 10};
    clasp_routes *routes = clasp_routes_new(&tight);
    if (!CHECK(routes)) {
        return;
    }
    add(routes, "/aaa", 1);
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("aaa"), 2), CLASP_BAD_PATTERN);
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/a//b"), 2), CLASP_BAD_PATTERN);
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/b"), 1), CLASP_BAD_STATE);
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/234567"), 2), CLASP_LIMIT);
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/23456789ab"), 2), CLASP_LIMIT);
    add(routes, "/b", 2);
    add(routes, "/c", 3);
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/d"), 4), CLASP_LIMIT);
    CHECK(!clasp_routes_remove(routes, 4));
    CHECK(clasp_routes_remove(routes, 1));
    CHECK(!clasp_routes_remove(routes, 1));
    add(routes, "/d", 4);
    clasp_route route = {.address_id = 77};
    CHECK_EQ(clasp_routes_find(routes, clasp_span_of("/a/*"), &route), CLASP_BAD_ADDRESS);
    CHECK_EQ(clasp_routes_find(routes, clasp_span_of(""), &route), CLASP_BAD_ADDRESS);
    CHECK_EQ(clasp_routes_find(routes, (clasp_span){NULL, 0}, &route), CLASP_BAD_ADDRESS);
    CHECK_EQ(route.address_id, 77);
    CHECK_TEXT(reached(routes, "/d"), "4");
    CHECK_TEXT(reached(routes, "/aaa"), "");
    clasp_routes_free(routes);
    clasp_routes_free(NULL);
}

/* ---- against brute force ------------------------------------------------------------------------------------- */

#define MODEL_SUBS 48u

typedef struct model {
    char patterns[MODEL_SUBS][64]; /* by id; "": none */
} model;

static void random_text(uint64_t *state, bool pattern, char text[64]) {
    static const char *const SEGMENTS[] = {
        "a", "b", "ab", "a-long-segment", "a-long-segmenu", "*", "**", "*", "**", "a*", "*b", "a*g*t"};
    text[0] = '\0';
    for (uint32_t left = 1 + random_below(state, 4); left > 0; left--) {
        strcat(text, "/");
        if (left > 1 || random_below(state, 8) > 0) {
            strcat(text, SEGMENTS[random_below(state, pattern ? sizeof SEGMENTS / sizeof SEGMENTS[0] : 5)]);
        }
    }
}

static void change_a_subscription(clasp_routes *routes, model *m, uint64_t *state) {
    const uint32_t id = random_below(state, MODEL_SUBS);
    CHECK_EQ(clasp_routes_remove(routes, id), m->patterns[id][0] != '\0');
    m->patterns[id][0] = '\0';
    if (random_below(state, 3) > 0) {
        random_text(state, true, m->patterns[id]);
        add(routes, m->patterns[id], id);
    }
}

static void compare_a_route(clasp_routes *routes, const model *m, uint64_t *state) {
    char address[64];
    random_text(state, false, address);
    CHECK_CONTEXT(address);
    const clasp_route route = find(routes, address);
    uint32_t count = 0;
    for (uint32_t id = 0; id < MODEL_SUBS; id++) {
        if (m->patterns[id][0] && clasp_match(clasp_span_of(m->patterns[id]), clasp_span_of(address))) {
            CHECK(count < route.sub_count && route.subs[count] == id);
            count++;
        }
    }
    CHECK_EQ(route.sub_count, count);
    CHECK(clasp_span_equal(clasp_routes_address(routes, route.address_id), clasp_span_of(address)));
    CHECK_CONTEXT(NULL);
}

TEST(routes_agree_with_matching_every_pattern) {
    for (uint32_t addresses = 1; addresses <= 400; addresses *= 20) {
        const clasp_route_bounds bounds = {.addresses = addresses,
                                           .subscriptions = MODEL_SUBS,
                                           .pattern_bytes = 4096,
                                           .hash_seed = addresses};
        clasp_routes *routes = clasp_routes_new(&bounds);
        static model m;
        memset(&m, 0, sizeof m);
        uint64_t state = UINT64_C(0x853C49E6748FEA9B) + addresses;
        for (int round = 0; CHECK(routes) && round < 3000; round++) {
            change_a_subscription(routes, &m, &state);
            for (int i = 0; i < 6; i++) {
                compare_a_route(routes, &m, &state);
            }
            CHECK(clasp_routes_memory(routes) <= clasp_routes_memory_max(&bounds));
        }
        clasp_routes_free(routes);
    }
}

TEST(thousands_of_subscriptions_come_and_go) {
    clasp_routes *routes = clasp_routes_new(&ROOMY);
    if (!CHECK(routes)) {
        return;
    }
    size_t after_first = 0;
    for (int round = 0; round < 4; round++) {
        for (uint32_t id = 0; id < 4096; id++) {
            char pattern[64];
            snprintf(pattern, sizeof pattern, "/room/%u/%s%u", id % 64,
                     id % 3 == 0   ? "*"
                     : id % 3 == 1 ? ""
                                   : "u*",
                     id);
            add(routes, pattern, id * 7919u);
        }
        CHECK_TEXT(reached(routes, "/room/1/1"), "7919");
        CHECK_EQ(find(routes, "/room/63/x3903").sub_count, 1);
        for (uint32_t id = 0; id < 4096; id++) {
            CHECK(clasp_routes_remove(routes, id * 7919u));
        }
        CHECK_TEXT(reached(routes, "/room/1/1"), "");
        after_first = round == 0 ? clasp_routes_memory(routes) : after_first;
        CHECK_EQ(clasp_routes_memory(routes), after_first); /* what was used once is used again */
    }
    clasp_routes_free(routes);
}

/* ---- bounds -------------------------------------------------------------------------------------------------- */

TEST(the_least_recently_used_address_goes_first) {
    const clasp_route_bounds bounds = {.addresses = 3, .subscriptions = 1, .pattern_bytes = 16};
    clasp_routes *routes = clasp_routes_new(&bounds);
    if (!CHECK(routes)) {
        return;
    }
    CHECK(find(routes, "/a").is_new);
    CHECK(find(routes, "/b").is_new);
    CHECK(find(routes, "/c").is_new);
    const uint32_t a = find(routes, "/a").address_id;
    const uint32_t b = find(routes, "/b").address_id;
    const uint32_t c = find(routes, "/c").address_id;
    CHECK(a < 3 && b < 3 && c < 3 && a != b && b != c && a != c);
    CHECK(!find(routes, "/a").is_new);
    const clasp_route d = find(routes, "/d"); /* in the place of /b */
    CHECK(d.is_new);
    CHECK_EQ(d.address_id, b);
    CHECK(clasp_span_equal(clasp_routes_address(routes, b), clasp_span_of("/d")));
    CHECK(!find(routes, "/c").is_new);
    CHECK(!find(routes, "/a").is_new);
    CHECK(find(routes, "/b").is_new);
    CHECK_EQ(find(routes, "/b").address_id, b);
    CHECK(clasp_routes_address(routes, 3).at == NULL);
    CHECK(clasp_routes_address(routes, UINT32_MAX).at == NULL);
    clasp_routes_free(routes);
}

TEST(addresses_are_bounded_in_bytes_too) {
    const clasp_route_bounds bounds = {.addresses = 1000, .subscriptions = 1, .pattern_bytes = 16};
    clasp_routes *routes = clasp_routes_new(&bounds);
    uint8_t *text = malloc(65535);
    if (CHECK(routes && text)) {
        memset(text, 'x', 65535);
        text[0] = '/';
        find(routes, "/a");
        clasp_route route;
        CHECK_EQ(clasp_routes_find(routes, (clasp_span){text, 65534}, &route), CLASP_OK);
        CHECK(find(routes, "/a").is_new); /* 65,536 together */
        CHECK_EQ(clasp_routes_find(routes, (clasp_span){text, 65535}, &route), CLASP_OK);
        CHECK(route.is_new);
        CHECK(clasp_routes_memory(routes) <= clasp_routes_memory_max(&bounds));
    }
    free(text);
    clasp_routes_free(routes);
}

TEST(a_million_addresses_stay_within_the_bounds) {
    const clasp_route_bounds bounds = {.addresses = 1000,
                                       .address_bytes = 100000,
                                       .subscriptions = 100,
                                       .pattern_bytes = 4000,
                                       .hash_seed = 99};
    clasp_routes *routes = clasp_routes_new(&bounds);
    if (!CHECK(routes)) {
        return;
    }
    for (uint32_t id = 0; id < 100; id++) {
        char pattern[40];
        snprintf(pattern, sizeof pattern, id % 10 == 0 ? "/flood/**/%u" : "/flood/%u/**", id);
        add(routes, pattern, id);
    }
    const size_t most = clasp_routes_memory_max(&bounds);
    CHECK(most < 600000);
    size_t peak = 0;
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 1000000; i++) {
        char address[40];
        const int len = snprintf(address, sizeof address, "/flood/%u/%u", i % 100, i);
        clasp_route route;
        const clasp_err err =
            clasp_routes_find(routes, (clasp_span){(uint8_t *)address, (uint32_t)len}, &route);
        wrong += err != CLASP_OK || !route.is_new || route.address_id >= 1000 || route.sub_count > 2;
        const size_t now = clasp_routes_memory(routes);
        peak = now > peak ? now : peak;
    }
    CHECK_EQ(wrong, 0);
    CHECK(peak <= most);
    CHECK(clasp_test_live_allocations() <
          4000); /* a text and a list for each address, and what the patterns take */
    clasp_routes_free(routes);
    CHECK_EQ(clasp_test_live_allocations(), 0);
}

TEST(a_list_too_long_to_be_kept_is_found_all_the_same) {
    const clasp_route_bounds bounds = {.addresses = 1000, .subscriptions = 20000, .pattern_bytes = 60000};
    clasp_routes *routes = clasp_routes_new(&bounds);
    if (!CHECK(routes)) {
        return;
    }
    for (uint32_t id = 0; id < 20000; id++) {
        add(routes, "/**", 19999 - id);
    }
    for (int i = 0; i < 3; i++) {
        const clasp_route route = find(routes, "/a");
        CHECK_EQ(route.is_new, i == 0);
        CHECK_EQ(route.sub_count, 20000);
        uint32_t wrong = 0;
        for (uint32_t id = 0; id < route.sub_count; id++) {
            wrong += route.subs[id] != id;
        }
        CHECK_EQ(wrong, 0);
    }
    CHECK(clasp_routes_memory(routes) <= clasp_routes_memory_max(&bounds));
    clasp_routes_free(routes);
}

TEST(kept_lists_push_out_addresses_and_not_the_bound) {
    const clasp_route_bounds bounds = {.addresses = 1000, .subscriptions = 2000, .pattern_bytes = 60000};
    clasp_routes *routes = clasp_routes_new(&bounds);
    if (!CHECK(routes)) {
        return;
    }
    for (uint32_t id = 0; id < 2000; id++) {
        add(routes, "/*", id); /* 8,000 bytes a list, of 65,535 */
    }
    for (uint32_t i = 0; i < 100; i++) {
        char address[16];
        snprintf(address, sizeof address, "/%u", i);
        CHECK_EQ(find(routes, address).sub_count, 2000);
        CHECK(!find(routes, address).is_new);
        CHECK(clasp_routes_memory(routes) <= clasp_routes_memory_max(&bounds));
    }
    CHECK(find(routes, "/0").is_new);
    clasp_routes_free(routes);
}

/* With a path for each way to spread the stars, a single look-up would never end. */
TEST(hostile_patterns_cost_nodes_times_segments) {
    clasp_routes *routes = clasp_routes_new(&ROOMY);
    if (!CHECK(routes)) {
        return;
    }
    char pattern[1024];
    for (uint32_t id = 0; id < 100; id++) {
        int len = 0;
        for (uint32_t i = 0; i < 100; i++) {
            len += snprintf(pattern + len, sizeof pattern - (size_t)len, i % 2 ? "/**/a" : "/**/*");
        }
        snprintf(pattern + len, sizeof pattern - (size_t)len, "/**/%u", id);
        add(routes, pattern, id);
    }
    char address[520] = "";
    for (uint32_t i = 0; i < 254; i++) {
        strcat(address, "/a");
    }
    CHECK_TEXT(reached(routes, address), "");
    strcat(address, "/42");
    CHECK_TEXT(reached(routes, address), "42");
    clasp_routes_free(routes);
}

/* ---- want of memory ------------------------------------------------------------------------------------------ */

/* Once refused for want of memory, the same call works the next time, and nothing was left behind. */
static void add_in_need(clasp_routes *routes, const char *pattern, uint32_t sub) {
    clasp_err err = clasp_routes_add(routes, clasp_span_of(pattern), sub);
    if (err == CLASP_NO_MEMORY) {
        CHECK(clasp_test_allocation_failed());
        CHECK(!clasp_routes_remove(routes, sub));
        err = clasp_routes_add(routes, clasp_span_of(pattern), sub);
    }
    CHECK_EQ(err, CLASP_OK);
}

static void find_in_need(clasp_routes *routes, const char *address, uint32_t count) {
    clasp_route route = {0, false, NULL, 0};
    clasp_err err = clasp_routes_find(routes, clasp_span_of(address), &route);
    if (err == CLASP_NO_MEMORY) {
        CHECK(clasp_test_allocation_failed());
        err = clasp_routes_find(routes, clasp_span_of(address), &route);
    }
    CHECK_EQ(err, CLASP_OK);
    CHECK_EQ(route.sub_count, count);
}

static void live_in_need(void *context) {
    (void)context;
    clasp_routes *routes = clasp_routes_new(&ROOMY);
    if (!routes) {
        CHECK(clasp_test_allocation_failed());
        return;
    }
    for (uint32_t id = 0; id < 20; id++) {
        char pattern[32];
        snprintf(pattern, sizeof pattern, "/%u/a*b/*/**/end", id);
        add_in_need(routes, pattern, id);
        add_in_need(routes, "/**", 100 + id);
        snprintf(pattern, sizeof pattern, "/%u/ab/x/end", id);
        find_in_need(routes, pattern, id + 2);
    }
    for (uint32_t id = 0; id < 20; id++) {
        CHECK(clasp_routes_remove(routes, id));
        CHECK(clasp_routes_remove(routes, 100 + id));
    }
    find_in_need(routes, "/1/ab/x/end", 0);
    clasp_routes_free(routes);
}

TEST(a_failed_allocation_changes_nothing) { CHECK(clasp_test_each_allocation(live_in_need, NULL) > 100); }

TEST(a_pattern_refused_for_want_of_memory_leaves_no_nodes) {
    clasp_routes *routes = clasp_routes_new(&ROOMY);
    if (!CHECK(routes)) {
        return;
    }
    add(routes, "/a/b/c*/d", 1); /* so that no table has to grow below */
    CHECK(clasp_routes_remove(routes, 1));
    const size_t before = clasp_routes_memory(routes);
    for (size_t n = 1; n <= 5; n++) { /* the text of the pattern, then those of its four segments */
        clasp_test_fail_allocation(n);
        CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/e/f/g*/h"), 1), CLASP_NO_MEMORY);
        CHECK_EQ(clasp_routes_memory(routes), before);
        CHECK(clasp_routes_pattern(routes, 1).at == NULL);
    }
    clasp_routes_free(routes);
}

int main(void) {
    RUN(every_matching_subscription_is_found_once_in_ascending_order);
    RUN(a_found_list_follows_the_subscriptions);
    RUN(the_segments_of_all_patterns_are_bounded_and_come_back);
    RUN(what_cannot_be_done_is_refused_and_changes_nothing);
    RUN(routes_agree_with_matching_every_pattern);
    RUN(thousands_of_subscriptions_come_and_go);
    RUN(the_least_recently_used_address_goes_first);
    RUN(addresses_are_bounded_in_bytes_too);
    RUN(a_million_addresses_stay_within_the_bounds);
    RUN(a_list_too_long_to_be_kept_is_found_all_the_same);
    RUN(kept_lists_push_out_addresses_and_not_the_bound);
    RUN(hostile_patterns_cost_nodes_times_segments);
    RUN(a_failed_allocation_changes_nothing);
    RUN(a_pattern_refused_for_want_of_memory_leaves_no_nodes);
    return check_summary();
}
