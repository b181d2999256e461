#include "peer/params.h"

#include <stdlib.h>

#include "route/address.h"
#include "route/hash.h"
#include "wire/value.h"

#define FIRST_ENTRIES 16u
#define NUMBER_LEN 9u                    /* bytes: a type code and an f64 */
#define REFRESH_AFTER (CLASP_PARAMS / 4) /* links younger than this are not renewed */

void clasp_params_init(clasp_params *params, uint64_t seed) {
    *params = (clasp_params){.free_at = CLASP_NONE, .newest = CLASP_NONE, .oldest = CLASP_NONE, .seed = seed};
}

void clasp_params_deinit(clasp_params *params) {
    for (uint32_t i = 0; i < params->cap; i++) {
        free(params->entries[i].text);
        free(params->entries[i].large);
    }
    free(params->entries);
    clasp_table_deinit(&params->table);
    clasp_params_init(params, params->seed);
}

static bool is_of(const clasp_params_entry *param, clasp_span address) {
    return param->text && param->len == address.len && clasp_same_bytes(param->text, address.at, address.len);
}

static uint32_t search(const clasp_params *params, clasp_span address, uint32_t hash) {
    uint32_t at;
    for (clasp_probe p = clasp_table_probe(&params->table, hash);
         (at = clasp_table_next(&params->table, &p)) != CLASP_NONE;) {
        if (is_of(&params->entries[at], address)) {
            return at;
        }
    }
    return CLASP_NONE;
}

/* ---- the order of writing ------------------------------------------------------------------------------------ */

static uint32_t *newer_link(clasp_params *params, uint32_t at) {
    return at == CLASP_NONE ? &params->oldest : &params->entries[at].newer;
}

static uint32_t *older_link(clasp_params *params, uint32_t at) {
    return at == CLASP_NONE ? &params->newest : &params->entries[at].older;
}

static void link_newest(clasp_params *params, uint32_t at) {
    clasp_params_entry *param = &params->entries[at];
    param->older = params->newest;
    param->newer = CLASP_NONE;
    *newer_link(params, params->newest) = at;
    params->newest = at;
    param->since = ++params->links;
}

static void unlink_entry(clasp_params *params, uint32_t at) {
    const clasp_params_entry *param = &params->entries[at];
    *newer_link(params, param->older) = param->newer;
    *older_link(params, param->newer) = param->older;
}

/* The newest one then, or new enough. */
static inline void touch(clasp_params *params, uint32_t at) {
    if (params->links - params->entries[at].since > REFRESH_AFTER) {
        unlink_entry(params, at);
        link_newest(params, at);
    }
}

/* ---- the life of an entry ------------------------------------------------------------------------------------ */

static void drop(clasp_params *params, uint32_t at) {
    clasp_params_entry *param = &params->entries[at];
    unlink_entry(params, at);
    clasp_table_remove(&params->table, param->hash, at);
    params->count--;
    params->bytes -= param->len + param->size;
    free(param->text);
    free(param->large);
    *param = (clasp_params_entry){.older = params->free_at};
    params->free_at = at;
}

/* `at` was written last, and fits by itself. */
static void push_out_others(clasp_params *params, uint32_t at) {
    while (params->bytes > CLASP_PARAMS_BYTES) {
        drop(params, params->oldest == at ? params->entries[at].newer : params->oldest);
    }
}

static bool grow(clasp_params *params) {
    const uint32_t cap = params->cap > 0 ? params->cap * 2 : FIRST_ENTRIES;
    clasp_params_entry *entries = realloc(params->entries, cap * sizeof *entries);
    if (!entries) {
        return false;
    }
    params->entries = entries;
    for (uint32_t i = cap; i-- > params->cap;) {
        entries[i] = (clasp_params_entry){.older = params->free_at};
        params->free_at = i;
    }
    params->cap = cap;
    return true;
}

/* A free entry, if need be that of the oldest address. */
static bool make_room(clasp_params *params) {
    if (params->count == CLASP_PARAMS) {
        drop(params, params->oldest);
    }
    return (params->free_at != CLASP_NONE || grow(params)) && clasp_table_reserve(&params->table);
}

/* An entry without a value. CLASP_NONE: no memory. */
static uint32_t add(clasp_params *params, clasp_span address, uint32_t hash) {
    uint8_t *text = make_room(params) ? malloc(address.len > 0 ? address.len : 1) : NULL;
    if (!text) {
        return CLASP_NONE;
    }
    const uint32_t at = params->free_at;
    clasp_params_entry *param = &params->entries[at];
    params->free_at = param->older;
    *param = (clasp_params_entry){.text = text, .len = address.len, .hash = hash};
    clasp_copy(text, address.at, address.len);
    clasp_table_add(&params->table, hash, at);
    link_newest(params, at);
    params->count++;
    params->bytes += address.len;
    return at;
}

/* The entry of an address, an old one or a new one. */
static uint32_t enter(clasp_params *params, uint32_t *place, clasp_span address) {
    if (*place < params->cap && is_of(&params->entries[*place], address)) {
        touch(params, *place);
        return *place;
    }
    const uint32_t hash = clasp_hash(params->seed, address);
    uint32_t at = search(params, address, hash);
    if (at != CLASP_NONE) {
        touch(params, at);
    } else {
        at = add(params, address, hash);
    }
    return *place = at;
}

/* ---- values -------------------------------------------------------------------------------------------------- */

/* Room for a value of `size` bytes in an entry. NULL: no memory. */
static uint8_t *value_room(clasp_params *params, clasp_params_entry *param, uint32_t size) {
    if (size <= sizeof param->small) {
        if (param->large) {
            free(param->large);
            param->large = NULL;
        }
    } else if (size != param->size || !param->large) {
        uint8_t *large = realloc(param->large, size);
        if (!large) {
            return NULL;
        }
        param->large = large;
    }
    params->bytes = params->bytes - param->size + size;
    param->size = size;
    return param->large ? param->large : param->small;
}

static void forget_at(clasp_params *params, uint32_t at) {
    if (at != CLASP_NONE) {
        drop(params, at);
    }
}

bool clasp_params_value(clasp_params *params, uint32_t *place, clasp_span address, clasp_span value,
                        uint32_t flags) {
    if (value.len > CLASP_PARAM_MAX || address.len > CLASP_PARAM_MAX) {
        clasp_params_forget(params, address);
        return false;
    }
    const uint32_t at = enter(params, place, address);
    uint8_t *room = at == CLASP_NONE ? NULL : value_room(params, &params->entries[at], value.len);
    if (!room) {
        forget_at(params, at);
        return false;
    }
    clasp_copy(room, value.at, value.len);
    params->entries[at].flags = (uint8_t)flags;
    push_out_others(params, at);
    return true;
}

static inline void write_number(uint8_t bytes[NUMBER_LEN], double number) {
    clasp_writer w = clasp_writer_of(bytes, NUMBER_LEN);
    clasp_write_u8(&w, CLASP_VALUE_F64);
    clasp_write_f64(&w, number);
}

bool clasp_params_number(clasp_params *params, uint32_t *place, clasp_span address, double number,
                         uint32_t flags) {
    uint8_t bytes[NUMBER_LEN];
    clasp_params_entry *known = *place < params->cap ? &params->entries[*place] : NULL;
    if (known && known->size == NUMBER_LEN &&
        is_of(known, address)) { /* the hot path: nothing grows or shrinks */
        touch(params, *place);
        write_number(known->small, number);
        known->flags = (uint8_t)flags;
        return true;
    }
    write_number(bytes, number);
    return clasp_params_value(params, place, address, (clasp_span){bytes, sizeof bytes}, flags);
}

static clasp_param_view view_of(const clasp_params_entry *param) {
    const uint8_t *value = param->large ? param->large : param->small;
    return (clasp_param_view){{param->text, param->len}, {value, param->size}, param->flags};
}

bool clasp_params_find(const clasp_params *params, clasp_span address, clasp_param_view *out) {
    const uint32_t at = search(params, address, clasp_hash(params->seed, address));
    if (at == CLASP_NONE) {
        return false;
    }
    *out = view_of(&params->entries[at]);
    return true;
}

bool clasp_params_next(const clasp_params *params, uint32_t *cursor, clasp_span pattern,
                       clasp_param_view *out) {
    while (*cursor < params->cap) {
        const clasp_params_entry *param = &params->entries[(*cursor)++];
        if (param->text && clasp_match(pattern, (clasp_span){param->text, param->len})) {
            *out = view_of(param);
            return true;
        }
    }
    return false;
}

void clasp_params_forget(clasp_params *params, clasp_span address) {
    forget_at(params, search(params, address, clasp_hash(params->seed, address)));
}

size_t clasp_params_memory(const clasp_params *params) {
    return params->bytes + params->cap * sizeof(clasp_params_entry) + clasp_table_memory(&params->table);
}
