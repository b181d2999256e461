/**
 * The params of a hub: address -> value, revision, lock, life time; the least recently used one goes when there are too
 * many or too many bytes. For src/hub/ only.
 */
#ifndef CLASP_HUB_PARAMS_H
#define CLASP_HUB_PARAMS_H

#include "base/random.h"
#include "wire/message.h"

typedef struct clasp_hub_param {
    struct clasp_hub_param *same_hash;     /* next in the bucket */
    struct clasp_hub_param *older, *newer; /* by use */
    uint64_t revision;                     /* 1 for the first SET */
    uint64_t written_us, used_us;
    uint8_t *value; /* value data; given by malloc */
    uint32_t value_len;
    uint32_t hash;
    uint32_t ttl;     /* CLASP_TTL_*; 0: never expires */
    uint32_t holder;  /* handle of the session that holds the lock; 0: nobody */
    uint8_t type;     /* clasp_value_type */
    bool is_restored; /* put back by a client, and not set since */
    char writer[CLASP_UUID_LEN];
    uint32_t address_len;
    uint8_t address[];
} clasp_hub_param;

typedef struct clasp_hub_params {
    clasp_hub_param **buckets; /* given by malloc; grows with the params */
    clasp_hub_param *oldest, *newest;
    uint32_t bucket_count, count, cap;
    size_t bytes; /* of all params, with their book-keeping */
    uint64_t hash_key;
} clasp_hub_params;

/** @param cap most params at once; `hash_key`: a secret, so that nobody can choose addresses that collide */
void clasp_hub_params_init(clasp_hub_params *params, uint32_t cap, uint64_t hash_key);
void clasp_hub_params_deinit(clasp_hub_params *params);

/** The param at an address, lent until the next put or sweep; NULL when there is none, or it has expired. */
clasp_hub_param *clasp_hub_params_find(clasp_hub_params *params, clasp_span address, uint64_t now_us);

/**
 * Write a value: makes the param when there is none, counts its revision up, and evicts what is over the bounds.
 * @param param what clasp_hub_params_find() gave for this address
 * @return the param; NULL: no memory, and nothing has changed
 */
clasp_hub_param *clasp_hub_params_put(clasp_hub_params *params, clasp_hub_param *param, clasp_span address,
                                      clasp_value value, uint64_t now_us);

/** A param was used. */
void clasp_hub_params_touch(clasp_hub_params *params, clasp_hub_param *param, uint64_t now_us);

/** True if a param's life is over. */
bool clasp_hub_param_is_over(const clasp_hub_param *param, uint64_t now_us);

/** Drop all whose life is over. */
void clasp_hub_params_sweep(clasp_hub_params *params, uint64_t now_us);

/** Free every lock of a session. */
void clasp_hub_params_unlock(clasp_hub_params *params, uint32_t holder);

/** Hand every lock of a session on to another one. */
void clasp_hub_params_pass(clasp_hub_params *params, uint32_t holder, uint32_t heir);

static inline clasp_span clasp_hub_param_address(const clasp_hub_param *param) {
    return (clasp_span){param->address, param->address_len};
}

static inline clasp_value clasp_hub_param_value(const clasp_hub_param *param) {
    return (clasp_value){{param->value, param->value_len}, param->type};
}

#endif
