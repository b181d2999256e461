/**
 * Params by address: what a client has last seen, or set. Bounded in count and bytes; the least recently used one goes. Writing a
 * value that is no longer than the one before allocates nothing. For src/session/ only.
 */
#ifndef CLASP_SESSION_CLIENT_STORE_H
#define CLASP_SESSION_CLIENT_STORE_H

#include "wire/value.h"

typedef struct clasp_stored {
    struct clasp_stored *same_hash;     /* next in the bucket */
    struct clasp_stored *older, *newer; /* by use */
    uint64_t revision;
    uint64_t written_us; /* the owner's, as all below it */
    uint32_t ttl;        /* CLASP_TTL_*; counts when `has` says so */
    uint32_t has;        /* CLASP_HAS_TTL, CLASP_HAS_LOCK */
    uint32_t mark;
    bool is_stale;
    uint8_t type; /* clasp_value_type */
    uint32_t hash;
    uint32_t address_len, value_len, value_cap;
    uint8_t bytes[]; /* address, then value data */
} clasp_stored;

/** Zero-initialised but for clasp_store_init(). */
typedef struct clasp_store {
    clasp_stored **buckets; /* given by malloc; grows with the params */
    clasp_stored *oldest, *newest;
    uint32_t bucket_count, count, max_count;
    uint32_t bytes, max_bytes; /* with book-keeping */
    uint64_t seed;
} clasp_store;

void clasp_store_init(clasp_store *store, uint32_t max_count, uint32_t max_bytes, uint64_t seed);

/** Drop all, and free what there is; the store can be used on. */
void clasp_store_clear(clasp_store *store);

/** NULL: not there. Lent until it is written or dropped, or another one is put. */
clasp_stored *clasp_store_find(const clasp_store *store, clasp_span address);

/**
 * Write a value; the param is the most recently used one then. What the owner keeps with it (from written_us on) is zeroed.
 * @return NULL: no memory, or too large for the store; then the param is not there
 */
clasp_stored *clasp_store_put(clasp_store *store, clasp_span address, clasp_value value, uint64_t revision);

/** It was used. */
void clasp_store_touch(clasp_store *store, clasp_stored *stored);
void clasp_store_drop(clasp_store *store, clasp_stored *stored);

static inline clasp_span clasp_stored_address(const clasp_stored *stored) {
    return (clasp_span){stored->bytes, stored->address_len};
}

static inline clasp_value clasp_stored_value(const clasp_stored *stored) {
    return (clasp_value){{stored->bytes + stored->address_len, stored->value_len}, stored->type};
}

#endif
