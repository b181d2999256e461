#include "route/routes.h"

#include <stdlib.h>

#include "base/limits.h"
#include "route/address.h"
#include "route/intern.h"
#include "route/trie.h"

#define FIRST_CAP 16u

/* One subscription. Those with the same pattern form a list at its node of the trie. */
typedef struct subscription {
    uint8_t *pattern; /* NULL: this place is free */
    uint32_t len;
    uint32_t segments;
    uint32_t id;
    uint32_t node;
    uint32_t next; /* of a free place: the next free one; CLASP_NONE at the end */
    uint32_t prev;
} subscription;

struct clasp_routes {
    clasp_route_bounds bounds;
    clasp_intern intern;
    clasp_trie trie;
    subscription *subs;
    uint32_t *nodes; /* what the last walk has come to: room for a node of each subscription */
    uint32_t *found; /* the subscriptions there: room for all */
    uint32_t cap;    /* places allocated in all three */
    uint32_t free_place;
    uint32_t count;
    uint32_t pattern_bytes;
    uint32_t pattern_segments;
    clasp_table by_id;
    uint64_t
        generation; /* goes up when a subscription comes or goes; kept lists carry that of their making */
};

static uint32_t at_least(uint32_t value, uint32_t least) { return value < least ? least : value; }

clasp_routes *clasp_routes_new(const clasp_route_bounds *bounds) {
    clasp_routes *routes = calloc(1, sizeof *routes);
    if (!routes || !clasp_trie_init(&routes->trie, bounds->hash_seed)) {
        free(routes);
        return NULL;
    }
    routes->bounds = *bounds;
    routes->free_place = CLASP_NONE;
    routes->generation = 1;
    clasp_intern_init(&routes->intern, at_least(bounds->addresses, 1),
                      at_least(bounds->address_bytes, CLASP_ADDRESS_MAX_LEN), bounds->hash_seed);
    return routes;
}

void clasp_routes_free(clasp_routes *routes) {
    if (!routes) {
        return;
    }
    for (uint32_t place = 0; place < routes->cap; place++) {
        free(routes->subs[place].pattern);
    }
    free(routes->subs);
    free(routes->nodes);
    free(routes->found);
    clasp_table_deinit(&routes->by_id);
    clasp_trie_deinit(&routes->trie);
    clasp_intern_deinit(&routes->intern);
    free(routes);
}

/* ---- subscriptions ------------------------------------------------------------------------------------------- */

static uint32_t hash_of_id(uint32_t id) {
    const uint32_t hash = id * 0x9E3779B1u;
    return hash ^ hash >> 15;
}

static uint32_t place_of(const clasp_routes *routes, uint32_t id) {
    clasp_probe probe = clasp_table_probe(&routes->by_id, hash_of_id(id));
    for (uint32_t place; (place = clasp_table_next(&routes->by_id, &probe)) != CLASP_NONE;) {
        if (routes->subs[place].id == id) {
            return place;
        }
    }
    return CLASP_NONE;
}

static void free_place(clasp_routes *routes, uint32_t place) {
    routes->subs[place] = (subscription){.next = routes->free_place};
    routes->free_place = place;
}

static bool grow(clasp_routes *routes) {
    const uint32_t doubled = routes->cap ? routes->cap * 2 : FIRST_CAP;
    const uint32_t most = routes->bounds.subscriptions;
    const uint32_t cap = doubled < most && doubled > routes->cap ? doubled : most;
    subscription *subs = realloc(routes->subs, cap * sizeof *subs);
    routes->subs = subs ? subs : routes->subs;
    uint32_t *nodes = realloc(routes->nodes, cap * sizeof *nodes);
    routes->nodes = nodes ? nodes : routes->nodes;
    uint32_t *found = realloc(routes->found, cap * sizeof *found);
    routes->found = found ? found : routes->found;
    if (!subs || !nodes || !found) {
        return false;
    }
    for (uint32_t place = cap; place-- > routes->cap;) {
        free_place(routes, place);
    }
    routes->cap = cap;
    return true;
}

/* At the head of its node's list. */
static void link_sub(clasp_routes *routes, uint32_t place) {
    subscription *sub = &routes->subs[place];
    uint32_t *head = &routes->trie.nodes[sub->node].owner;
    sub->prev = CLASP_NONE;
    sub->next = *head;
    if (*head != CLASP_NONE) {
        routes->subs[*head].prev = place;
    }
    *head = place;
}

static void unlink_sub(clasp_routes *routes, const subscription *sub) {
    *(sub->prev == CLASP_NONE ? &routes->trie.nodes[sub->node].owner : &routes->subs[sub->prev].next) =
        sub->next;
    if (sub->next != CLASP_NONE) {
        routes->subs[sub->next].prev = sub->prev;
    }
}

/* One for each slash: a pattern begins with one. */
static uint32_t count_segments(clasp_span pattern) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < pattern.len; i++) {
        count += pattern.at[i] == '/';
    }
    return count;
}

static bool has_room(uint32_t used, uint32_t bound, uint32_t more) {
    return more <= bound && used <= bound - more;
}

static uint32_t segment_bound(const clasp_route_bounds *bounds) {
    return bounds->pattern_segments > 0 ? bounds->pattern_segments : UINT32_MAX;
}

static clasp_err check_add(const clasp_routes *routes, clasp_span pattern, uint32_t id) {
    if (clasp_pattern_check(pattern) != CLASP_OK) {
        return CLASP_BAD_PATTERN;
    }
    if (place_of(routes, id) != CLASP_NONE) {
        return CLASP_BAD_STATE;
    }
    const bool fits =
        routes->count < routes->bounds.subscriptions &&
        has_room(routes->pattern_bytes, routes->bounds.pattern_bytes, pattern.len) &&
        has_room(routes->pattern_segments, segment_bound(&routes->bounds), count_segments(pattern));
    return fits ? CLASP_OK : CLASP_LIMIT;
}

clasp_err clasp_routes_add(clasp_routes *routes, clasp_span pattern, uint32_t sub) {
    const clasp_err err = check_add(routes, pattern, sub);
    if (err != CLASP_OK) {
        return err;
    }
    const bool has_place = routes->free_place != CLASP_NONE || grow(routes);
    uint8_t *text = has_place && clasp_table_reserve(&routes->by_id) ? malloc(pattern.len) : NULL;
    const uint32_t node = text ? clasp_trie_insert(&routes->trie, pattern) : 0;
    if (node == 0) {
        free(text);
        return CLASP_NO_MEMORY;
    }
    memcpy(text, pattern.at, pattern.len);
    const uint32_t place = routes->free_place;
    routes->free_place = routes->subs[place].next;
    routes->subs[place] = (subscription){
        .pattern = text, .len = pattern.len, .segments = count_segments(pattern), .id = sub, .node = node};
    link_sub(routes, place);
    clasp_table_add(&routes->by_id, hash_of_id(sub), place);
    routes->pattern_bytes += pattern.len;
    routes->pattern_segments += routes->subs[place].segments;
    routes->count++;
    routes->generation++;
    return CLASP_OK;
}

bool clasp_routes_remove(clasp_routes *routes, uint32_t sub) {
    const uint32_t place = place_of(routes, sub);
    if (place == CLASP_NONE) {
        return false;
    }
    const subscription gone = routes->subs[place];
    clasp_table_remove(&routes->by_id, hash_of_id(sub), place);
    unlink_sub(routes, &gone);
    clasp_trie_release(&routes->trie, gone.node);
    free(gone.pattern);
    free_place(routes, place);
    routes->pattern_bytes -= gone.len;
    routes->pattern_segments -= gone.segments;
    routes->count--;
    routes->generation++;
    return true;
}

clasp_span clasp_routes_pattern(const clasp_routes *routes, uint32_t sub) {
    const uint32_t place = place_of(routes, sub);
    if (place == CLASP_NONE) {
        return (clasp_span){NULL, 0};
    }
    return (clasp_span){routes->subs[place].pattern, routes->subs[place].len};
}

/* ---- finding ------------------------------------------------------------------------------------------------- */

static void sift_down(uint32_t *heap, uint32_t count, uint32_t at) {
    const uint32_t value = heap[at];
    for (uint32_t child; (child = at * 2 + 1) < count; at = child) {
        child += child + 1 < count && heap[child + 1] > heap[child];
        if (heap[child] <= value) {
            break;
        }
        heap[at] = heap[child];
    }
    heap[at] = value;
}

/* Heap sort: no recursion, no memory, and no list that is slow. */
static void sort(uint32_t *ids, uint32_t count) {
    for (uint32_t i = count / 2; i-- > 0;) {
        sift_down(ids, count, i);
    }
    while (count > 1) {
        count--;
        const uint32_t last = ids[count];
        ids[count] = ids[0];
        ids[0] = last;
        sift_down(ids, count, 0);
    }
}

void clasp_routes_subs(clasp_routes *routes, clasp_reach reach, clasp_route *out) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < reach.count; i++) {
        uint32_t place = routes->trie.nodes[reach.patterns[i]].owner;
        for (; place != CLASP_NONE; place = routes->subs[place].next) {
            routes->found[count++] = routes->subs[place].id; /* once: each hangs at one node */
        }
    }
    sort(routes->found, count);
    *out = (clasp_route){CLASP_NO_ADDRESS, false, routes->found, count};
}

clasp_err clasp_routes_reach(clasp_routes *routes, clasp_span address, clasp_reach *out) {
    clasp_path path;
    if (!clasp_path_cut(&path, address, routes->bounds.hash_seed)) {
        return CLASP_BAD_ADDRESS;
    }
    const uint32_t count = clasp_trie_walk(&routes->trie, &path, routes->nodes);
    *out = (clasp_reach){routes->nodes, count, path.is_ascii};
    return CLASP_OK;
}

/* The list of an interned address, made anew. */
static void renew(clasp_routes *routes, uint32_t id, clasp_route *out) {
    clasp_reach reach = {NULL, 0, false};
    clasp_routes_reach(routes, clasp_routes_address(routes, id),
                       &reach); /* it is an address: it was interned as one */
    clasp_routes_subs(routes, reach, out);
    clasp_intern_keep(&routes->intern, out->subs, out->sub_count, routes->generation);
    out->address_id = id;
}

void clasp_routes_at(clasp_routes *routes, uint32_t address_id, clasp_route *out) {
    const clasp_interned *entry = &routes->intern.entries[address_id];
    if (entry->stamp != routes->generation) {
        renew(routes, address_id, out);
    } else {
        *out = (clasp_route){address_id, false, entry->list, entry->list_len};
    }
}

clasp_err clasp_routes_find(clasp_routes *routes, clasp_span address, clasp_route *out) {
    clasp_intern *intern = &routes->intern;
    uint32_t hash;
    uint32_t id = clasp_intern_find(intern, address, &hash);
    const bool is_new = id == CLASP_NONE;
    if (is_new) {
        if (clasp_address_check(address) != CLASP_OK) {
            return CLASP_BAD_ADDRESS;
        }
        id = clasp_intern_add(intern, address, hash);
        if (id == CLASP_NONE) {
            return CLASP_NO_MEMORY;
        }
    }
    clasp_routes_at(routes, id, out);
    out->is_new = is_new;
    return CLASP_OK;
}

uint32_t clasp_routes_id(clasp_routes *routes, clasp_span address, uint32_t *hash) {
    return clasp_intern_find(&routes->intern, address, hash); /* CLASP_NONE is CLASP_NO_ADDRESS */
}

clasp_span clasp_routes_address(const clasp_routes *routes, uint32_t address_id) {
    if (address_id >= routes->intern.cap || !routes->intern.entries[address_id].text) {
        return (clasp_span){NULL, 0};
    }
    const clasp_interned *entry = &routes->intern.entries[address_id];
    return (clasp_span){entry->text, entry->len};
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

#define SUB_BYTES (sizeof(subscription) + 2 * sizeof(uint32_t)) /* with its room in `nodes` and `found` */

size_t clasp_routes_memory(const clasp_routes *routes) {
    return sizeof *routes + clasp_intern_memory(&routes->intern) + clasp_trie_memory(&routes->trie) +
           clasp_table_memory(&routes->by_id) + routes->cap * SUB_BYTES + routes->pattern_bytes;
}

size_t clasp_routes_memory_max(const clasp_route_bounds *bounds) {
    return sizeof(clasp_routes) +
           clasp_intern_memory_max(at_least(bounds->addresses, 1),
                                   at_least(bounds->address_bytes, CLASP_ADDRESS_MAX_LEN)) +
           clasp_trie_memory_max(bounds->subscriptions, bounds->pattern_bytes, segment_bound(bounds)) +
           clasp_table_memory_max(bounds->subscriptions) + bounds->subscriptions * SUB_BYTES +
           bounds->pattern_bytes;
}
