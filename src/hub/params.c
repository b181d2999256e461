#include "hub/params.h"

#include <stdlib.h>

#include "base/limits.h"
#include "route/hash.h"

#define FIRST_BUCKETS 64u
#define US_PER_S 1000000u

void clasp_hub_params_init(clasp_hub_params *params, uint32_t cap, uint64_t hash_key) {
    *params = (clasp_hub_params){.cap = cap, .hash_key = hash_key};
}

void clasp_hub_params_deinit(clasp_hub_params *params) {
    while (params->oldest) {
        clasp_hub_param *param = params->oldest;
        params->oldest = param->newer;
        free(param->value);
        free(param);
    }
    free(params->buckets);
    *params = (clasp_hub_params){0};
}

/* ---- the hash table ------------------------------------------------------------------------------------------ */

static clasp_hub_param **bucket_of(const clasp_hub_params *params, uint32_t hash) {
    return &params->buckets[hash & (params->bucket_count - 1)];
}

static void insert(clasp_hub_params *params, clasp_hub_param *param) {
    clasp_hub_param **bucket = bucket_of(params, param->hash);
    param->same_hash = *bucket;
    *bucket = param;
}

/* Keep at least as many buckets as params. Without memory the chains grow instead, if there is a table at all. */
static bool grow(clasp_hub_params *params) {
    if (params->count < params->bucket_count) {
        return true;
    }
    const uint32_t count = params->bucket_count ? params->bucket_count * 2 : FIRST_BUCKETS;
    clasp_hub_param **buckets = calloc(count, sizeof *buckets);
    if (!buckets) {
        return params->bucket_count > 0;
    }
    free(params->buckets);
    params->buckets = buckets;
    params->bucket_count = count;
    for (clasp_hub_param *param = params->oldest; param; param = param->newer) {
        insert(params, param);
    }
    return true;
}

/* ---- the order of use ---------------------------------------------------------------------------------------- */

static void link_newest(clasp_hub_params *params, clasp_hub_param *param) {
    param->older = params->newest;
    param->newer = NULL;
    *(params->newest ? &params->newest->newer : &params->oldest) = param;
    params->newest = param;
}

static void unlink_param(clasp_hub_params *params, clasp_hub_param *param) {
    *(param->older ? &param->older->newer : &params->oldest) = param->newer;
    *(param->newer ? &param->newer->older : &params->newest) = param->older;
}

void clasp_hub_params_touch(clasp_hub_params *params, clasp_hub_param *param, uint64_t now_us) {
    param->used_us = now_us;
    unlink_param(params, param);
    link_newest(params, param);
}

/* ---- the end of a param -------------------------------------------------------------------------------------- */

static size_t size_of(const clasp_hub_param *param) {
    return sizeof *param + param->address_len + param->value_len;
}

static void drop(clasp_hub_params *params, clasp_hub_param *param) {
    clasp_hub_param **link = bucket_of(params, param->hash);
    while (*link != param) {
        link = &(*link)->same_hash;
    }
    *link = param->same_hash;
    unlink_param(params, param);
    params->bytes -= size_of(param);
    params->count--;
    free(param->value);
    free(param);
}

/* What was written last is never evicted: one param is far below the bound. */
static void evict(clasp_hub_params *params) {
    while (params->count > params->cap || params->bytes > CLASP_HUB_PARAM_BYTES) {
        drop(params, params->oldest);
    }
}

bool clasp_hub_param_is_over(const clasp_hub_param *param, uint64_t now_us) {
    if (param->ttl == 0) {
        return false;
    }
    const uint64_t since_us = param->ttl & CLASP_TTL_ABSOLUTE ? param->written_us : param->used_us;
    return now_us >= since_us + (uint64_t)(param->ttl & CLASP_TTL_SECONDS) * US_PER_S;
}

void clasp_hub_params_sweep(clasp_hub_params *params, uint64_t now_us) {
    clasp_hub_param *next;
    for (clasp_hub_param *param = params->oldest; param; param = next) {
        next = param->newer;
        if (clasp_hub_param_is_over(param, now_us)) {
            drop(params, param);
        }
    }
}

/* ---- reading and writing ------------------------------------------------------------------------------------- */

clasp_hub_param *clasp_hub_params_find(clasp_hub_params *params, clasp_span address, uint64_t now_us) {
    if (params->count == 0) {
        return NULL;
    }
    const uint32_t hash = clasp_hash(params->hash_key, address);
    clasp_hub_param *param = *bucket_of(params, hash);
    while (param && (param->hash != hash || !clasp_span_equal(clasp_hub_param_address(param), address))) {
        param = param->same_hash;
    }
    if (param && clasp_hub_param_is_over(param, now_us)) {
        drop(params, param);
        return NULL;
    }
    return param;
}

/* A param without a value. */
static clasp_hub_param *make(clasp_hub_params *params, clasp_span address) {
    if (!grow(params)) {
        return NULL;
    }
    clasp_hub_param *param = malloc(sizeof *param + address.len);
    if (!param) {
        return NULL;
    }
    *param = (clasp_hub_param){.hash = clasp_hash(params->hash_key, address), .address_len = address.len};
    memcpy(param->address, address.at, address.len);
    insert(params, param);
    link_newest(params, param);
    params->count++;
    params->bytes += size_of(param);
    return param;
}

static bool set_value(clasp_hub_params *params, clasp_hub_param *param, clasp_value value) {
    if (value.data.len != param->value_len || !param->value) {
        uint8_t *fitting = realloc(param->value, value.data.len > 0 ? value.data.len : 1);
        if (!fitting) {
            return false;
        }
        param->value = fitting;
    }
    if (value.data.len > 0) {
        memcpy(param->value, value.data.at, value.data.len);
    }
    params->bytes = params->bytes - param->value_len + value.data.len;
    param->value_len = value.data.len;
    param->type = value.type;
    return true;
}

clasp_hub_param *clasp_hub_params_put(clasp_hub_params *params, clasp_hub_param *param, clasp_span address,
                                      clasp_value value, uint64_t now_us) {
    clasp_hub_param *target = param ? param : make(params, address);
    if (!target) {
        return NULL;
    }
    if (!set_value(params, target, value)) {
        if (!param) {
            drop(params, target);
        }
        return NULL;
    }
    target->revision++;
    target->is_restored = false;
    target->written_us = now_us;
    clasp_hub_params_touch(params, target, now_us);
    evict(params);
    return target;
}

void clasp_hub_params_pass(clasp_hub_params *params, uint32_t holder, uint32_t heir) {
    for (clasp_hub_param *param = params->oldest; param; param = param->newer) {
        if (param->holder == holder) {
            param->holder = heir;
        }
    }
}

void clasp_hub_params_unlock(clasp_hub_params *params, uint32_t holder) {
    clasp_hub_params_pass(params, holder, 0);
}
