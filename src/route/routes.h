/**
 * Subscription routing: which subscriptions does an address reach?
 *
 * Addresses are interned: one hash look-up gives the address's id, and the id holds the list of the subscriptions that
 * match, kept until a subscription comes or goes. The first match of an address walks a trie of patterns, so its cost
 * grows with the segments, not with the subscriptions. Interned addresses are bounded in count and bytes (the least
 * recently used one goes), so a flood of addresses cannot grow memory.
 */
#ifndef CLASP_ROUTE_ROUTES_H
#define CLASP_ROUTE_ROUTES_H

#include "base/bytes.h"

typedef struct clasp_routes clasp_routes;

typedef struct clasp_route_bounds {
    uint32_t addresses; /* interned at once; at least 1 */
    /* Of all interned addresses and the lists kept for them; at least CLASP_ADDRESS_MAX_LEN. */
    uint32_t address_bytes;
    uint32_t subscriptions; /* at once */
    uint32_t pattern_bytes; /* of all patterns together */
    /* The same: each segment may cost a node, which is larger than its text. 0: as many as the bytes can say. */
    uint32_t pattern_segments;
    /* Random, so that nobody can choose addresses that collide; 0 will do where nobody would. */
    uint64_t hash_seed;
} clasp_route_bounds;

/** What an address leads to. Lent: valid until the next call with the same `routes`. */
typedef struct clasp_route {
    uint32_t address_id;  /* 0-based; reused after eviction, and `is_new` then is true again */
    bool is_new;          /* interned by this call */
    const uint32_t *subs; /* subscription ids, ascending */
    uint32_t sub_count;
} clasp_route;

/** Given; free with clasp_routes_free(). NULL: no memory. `bounds` is copied; what is below its least value is raised. */
clasp_routes *clasp_routes_new(const clasp_route_bounds *bounds);
void clasp_routes_free(clasp_routes *routes);

/**
 * Add a subscription under an id chosen by the caller (an id in use is a caller's bug: BAD_STATE).
 * @return CLASP_OK; CLASP_BAD_PATTERN; CLASP_LIMIT; CLASP_NO_MEMORY. Nothing has changed unless CLASP_OK.
 */
clasp_err clasp_routes_add(clasp_routes *routes, clasp_span pattern, uint32_t sub);

/** Remove a subscription; false if there is none with this id. */
bool clasp_routes_remove(clasp_routes *routes, uint32_t sub);

/** Pattern of a subscription, lent until it is removed; an empty span when there is none. */
clasp_span clasp_routes_pattern(const clasp_routes *routes, uint32_t sub);

/**
 * Find what an address leads to. The address must be well-formed UTF-8 already (the wire room checks it).
 * @return CLASP_OK; CLASP_BAD_ADDRESS; CLASP_NO_MEMORY
 */
clasp_err clasp_routes_find(clasp_routes *routes, clasp_span address, clasp_route *out);

#define CLASP_NO_ADDRESS UINT32_MAX /* no id */

/**
 * The id of an interned address; CLASP_NO_ADDRESS when it is not. The text needs no check: it is one that was checked before, or none.
 * @param hash set to the address's hash under the seed
 */
uint32_t clasp_routes_id(clasp_routes *routes, clasp_span address, uint32_t *hash);

/** What the address leads to whose id clasp_routes_id() has just given. */
void clasp_routes_at(clasp_routes *routes, uint32_t address_id, clasp_route *out);

/** The patterns that match an address. Lent: valid until the next call with the same `routes`. */
typedef struct clasp_reach {
    const uint32_t *
        patterns; /* numbers that mean the same patterns, in the same order, until a subscription comes or goes */
    uint32_t count;
    bool is_ascii; /* the address */
} clasp_reach;

/**
 * Match an address without interning it, or looking whether it is: for those that may never come again. What is not ASCII must be
 * well-formed UTF-8 already.
 * @return CLASP_OK; CLASP_BAD_ADDRESS
 */
clasp_err clasp_routes_reach(clasp_routes *routes, clasp_span address, clasp_reach *out);

/** The subscriptions of the patterns that clasp_routes_reach() has just found: `out->address_id` is CLASP_NO_ADDRESS. */
void clasp_routes_subs(clasp_routes *routes, clasp_reach reach, clasp_route *out);

/** Text of an interned address, lent until it is evicted; an empty span when there is none. */
clasp_span clasp_routes_address(const clasp_routes *routes, uint32_t address_id);

/** Bytes held at the moment, of all kinds, without what the allocator adds. At most clasp_routes_memory_max(). */
size_t clasp_routes_memory(const clasp_routes *routes);

/** The most that clasp_routes_memory() can become under these bounds. */
size_t clasp_routes_memory_max(const clasp_route_bounds *bounds);

#endif
