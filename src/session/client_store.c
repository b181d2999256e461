#include "session/client_store.h"

#include <stdlib.h>

#include "route/hash.h"

#define FIRST_BUCKETS 64u
#define VALUE_STEP 16u /* bytes: room for a value grows in these steps */

void clasp_store_init(clasp_store *store, uint32_t max_count, uint32_t max_bytes, uint64_t seed) {
    *store = (clasp_store){.max_count = max_count, .max_bytes = max_bytes, .seed = seed};
}

void clasp_store_clear(clasp_store *store) {
    while (store->oldest) {
        clasp_stored *stored = store->oldest;
        store->oldest = stored->newer;
        free(stored);
    }
    free(store->buckets);
    clasp_store_init(store, store->max_count, store->max_bytes, store->seed);
}

/* ---- the hash table ------------------------------------------------------------------------------------------ */

static clasp_stored **bucket_of(const clasp_store *store, uint32_t hash) {
    return &store->buckets[hash & (store->bucket_count - 1)];
}

static void insert(clasp_store *store, clasp_stored *stored) {
    clasp_stored **bucket = bucket_of(store, stored->hash);
    stored->same_hash = *bucket;
    *bucket = stored;
}

/* Keep at least as many buckets as params. Without memory the chains grow instead, if there is a table at all. */
static bool grow(clasp_store *store) {
    if (store->count < store->bucket_count) {
        return true;
    }
    const uint32_t count = store->bucket_count ? store->bucket_count * 2 : FIRST_BUCKETS;
    clasp_stored **buckets = calloc(count, sizeof *buckets);
    if (!buckets) {
        return store->bucket_count > 0;
    }
    free(store->buckets);
    store->buckets = buckets;
    store->bucket_count = count;
    for (clasp_stored *stored = store->oldest; stored; stored = stored->newer) {
        insert(store, stored);
    }
    return true;
}

static clasp_stored *search(const clasp_store *store, uint32_t hash, clasp_span address) {
    if (store->count == 0) {
        return NULL;
    }
    clasp_stored *stored = *bucket_of(store, hash);
    while (stored && (stored->hash != hash || !clasp_span_equal(clasp_stored_address(stored), address))) {
        stored = stored->same_hash;
    }
    return stored;
}

clasp_stored *clasp_store_find(const clasp_store *store, clasp_span address) {
    return search(store, clasp_hash(store->seed, address), address);
}

/* ---- the order of use ---------------------------------------------------------------------------------------- */

static void link_newest(clasp_store *store, clasp_stored *stored) {
    stored->older = store->newest;
    stored->newer = NULL;
    *(store->newest ? &store->newest->newer : &store->oldest) = stored;
    store->newest = stored;
}

static void unlink_stored(clasp_store *store, clasp_stored *stored) {
    *(stored->older ? &stored->older->newer : &store->oldest) = stored->newer;
    *(stored->newer ? &stored->newer->older : &store->newest) = stored->older;
}

void clasp_store_touch(clasp_store *store, clasp_stored *stored) {
    unlink_stored(store, stored);
    link_newest(store, stored);
}

/* ---- coming and going ---------------------------------------------------------------------------------------- */

static uint32_t size_of(const clasp_stored *stored) {
    return (uint32_t)sizeof *stored + stored->address_len + stored->value_cap;
}

void clasp_store_drop(clasp_store *store, clasp_stored *stored) {
    clasp_stored **link = bucket_of(store, stored->hash);
    while (*link != stored) {
        link = &(*link)->same_hash;
    }
    *link = stored->same_hash;
    unlink_stored(store, stored);
    store->bytes -= size_of(stored);
    store->count--;
    free(stored);
}

/* A param without a value; others may go for it. */
static clasp_stored *make(clasp_store *store, uint32_t hash, clasp_span address, uint32_t value_len) {
    const uint32_t value_cap = (value_len + VALUE_STEP - 1) / VALUE_STEP * VALUE_STEP;
    const uint32_t size = (uint32_t)sizeof(clasp_stored) + address.len + value_cap;
    if (size > store->max_bytes || !grow(store)) {
        return NULL;
    }
    clasp_stored *stored = malloc(size);
    if (!stored) {
        return NULL;
    }
    while (store->count >= store->max_count || store->bytes + size > store->max_bytes) {
        clasp_store_drop(store, store->oldest);
    }
    *stored = (clasp_stored){.hash = hash, .address_len = address.len, .value_cap = value_cap};
    memcpy(stored->bytes, address.at, address.len);
    insert(store, stored);
    link_newest(store, stored);
    store->count++;
    store->bytes += size;
    return stored;
}

clasp_stored *clasp_store_put(clasp_store *store, clasp_span address, clasp_value value, uint64_t revision) {
    const uint32_t hash = clasp_hash(store->seed, address);
    clasp_stored *stored = search(store, hash, address);
    if (stored && stored->value_cap < value.data.len) {
        clasp_store_drop(store, stored);
        stored = NULL;
    } else if (stored) {
        clasp_store_touch(store, stored);
    }
    if (!stored) {
        stored = make(store, hash, address, value.data.len);
    }
    if (!stored) {
        return NULL;
    }
    if (value.data.len > 0) {
        memcpy(stored->bytes + stored->address_len, value.data.at, value.data.len);
    }
    stored->value_len = value.data.len;
    stored->type = value.type;
    stored->revision = revision;
    stored->written_us = 0;
    stored->ttl = stored->has = stored->mark = 0;
    stored->is_stale = false;
    return stored;
}
