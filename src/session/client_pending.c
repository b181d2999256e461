#include "session/client_pending.h"

#include <stdlib.h>

#include "base/limits.h"
#include "route/hash.h"
#include "wire/frame.h"

#define NONE CLASP_PENDING_NONE
#define FIRST_ENTRIES 64u
#define FIRST_LOG (16u << 10) /* bytes */

/* By kind: what answers it, and where in its frame its address begins (after type, and length; SET has flags, too). */
#define ADDRESS_AT (CLASP_FRAME_HEADER + 1u + 2u)
static const struct {
    uint8_t answer, address_at;
} KINDS[] = {
    [CLASP_PENDING_SET] = {CLASP_ANSWER_ACK, ADDRESS_AT + 1},
    [CLASP_PENDING_FIRE] = {CLASP_ANSWER_ACK, ADDRESS_AT + 1},
    [CLASP_PENDING_RESTORE] = {CLASP_ANSWER_ACK, ADDRESS_AT + 1},
    [CLASP_PENDING_BUNDLE] = {CLASP_ANSWER_BUNDLE_ACK, 0},
    [CLASP_PENDING_ANNOUNCE] = {CLASP_ANSWER_ANNOUNCED, ADDRESS_AT},
    [CLASP_PENDING_GET] = {CLASP_ANSWER_PARAM, ADDRESS_AT},
    [CLASP_PENDING_QUERY] = {CLASP_ANSWER_RESULT, ADDRESS_AT},
};

/* ---- life ---------------------------------------------------------------------------------------------------- */

static void empty(clasp_pendings *p) {
    for (int list = 0; list < CLASP_LIST_COUNT; list++) {
        p->oldest[list] = p->newest[list] = NONE;
        p->count[list] = p->bytes[list] = 0;
    }
    p->free = p->log_first = p->log_last = p->next_unsent = NONE;
    p->used = p->log_len = p->in_flight = 0;
    for (uint32_t i = 0; i < p->cap; i++) {
        p->buckets[i] = NONE;
    }
}

void clasp_pendings_init(clasp_pendings *p, uint64_t seed) {
    *p = (clasp_pendings){.seed = seed};
    empty(p);
}

void clasp_pendings_deinit(clasp_pendings *p) {
    free(p->entries);
    free(p->buckets);
    free(p->log);
    clasp_pendings_init(p, p->seed);
}

void clasp_pendings_clear(clasp_pendings *p) { empty(p); }

static uint32_t index_of(const clasp_pendings *p, const clasp_pending *entry) {
    return (uint32_t)(entry - p->entries);
}

/* ---- chains: first in, first out ----------------------------------------------------------------------------- */

static uint32_t hash_of(const clasp_pendings *p, clasp_pending_class answer, clasp_span key) {
    return clasp_hash(p->seed + (uint64_t)answer, key);
}

static uint32_t bucket_of(const clasp_pendings *p, uint32_t hash) { return hash & (p->cap - 1); }

static void chain_append(clasp_pendings *p, uint32_t index) {
    const uint32_t bucket = bucket_of(p, p->entries[index].hash);
    p->entries[index].same_bucket = NONE;
    *(p->buckets[bucket] == NONE ? &p->buckets[bucket] : &p->entries[p->endings[bucket]].same_bucket) = index;
    p->endings[bucket] = index;
}

static void chain_prepend(clasp_pendings *p, uint32_t index) {
    const uint32_t bucket = bucket_of(p, p->entries[index].hash);
    p->entries[index].same_bucket = p->buckets[bucket];
    if (p->buckets[bucket] == NONE) {
        p->endings[bucket] = index;
    }
    p->buckets[bucket] = index;
}

static void chain_remove(clasp_pendings *p, uint32_t index) {
    const uint32_t bucket = bucket_of(p, p->entries[index].hash);
    uint32_t before = NONE;
    for (uint32_t i = p->buckets[bucket]; i != index; i = p->entries[i].same_bucket) {
        before = i;
    }
    *(before == NONE ? &p->buckets[bucket] : &p->entries[before].same_bucket) = p->entries[index].same_bucket;
    if (p->endings[bucket] == index) {
        p->endings[bucket] = before;
    }
}

/* The address that an entry is found by: bundles and queries go by their order alone. */
static clasp_span key_of(const clasp_pendings *p, const clasp_pending *entry) {
    const uint8_t answer = KINDS[entry->kind].answer;
    const bool has_key = answer != CLASP_ANSWER_BUNDLE_ACK && answer != CLASP_ANSWER_RESULT;
    return has_key ? clasp_pending_address(p, entry) : (clasp_span){NULL, 0};
}

/* The first entry from `index` on in its chain that has this class and key. */
static clasp_pending *search(const clasp_pendings *p, uint32_t index, uint32_t hash,
                             clasp_pending_class answer, clasp_span key) {
    for (; index != NONE; index = p->entries[index].same_bucket) {
        clasp_pending *entry = &p->entries[index];
        if (entry->hash == hash && KINDS[entry->kind].answer == answer &&
            clasp_span_equal(key_of(p, entry), key)) {
            return entry;
        }
    }
    return NULL;
}

clasp_pending *clasp_pendings_find(const clasp_pendings *p, clasp_pending_class answer, clasp_span address) {
    if (p->cap == 0) {
        return NULL;
    }
    const uint32_t hash = hash_of(p, answer, address);
    return search(p, p->buckets[bucket_of(p, hash)], hash, answer, address);
}

clasp_pending *clasp_pendings_next(const clasp_pendings *p, const clasp_pending *entry) {
    return search(p, entry->same_bucket, entry->hash, (clasp_pending_class)KINDS[entry->kind].answer,
                  key_of(p, entry));
}

/* ---- entries ------------------------------------------------------------------------------------------------- */

/* Chains anew: in one list are all entries of a class, in their order. */
static void rechain(clasp_pendings *p) {
    for (uint32_t i = 0; i < p->cap; i++) {
        p->buckets[i] = NONE;
    }
    for (int list = 0; list < CLASP_LIST_COUNT; list++) {
        for (uint32_t i = p->oldest[list]; i != NONE; i = p->entries[i].newer) {
            chain_append(p, i);
        }
    }
}

static bool has_entry(clasp_pendings *p) {
    if (p->free != NONE || p->used < p->cap) {
        return true;
    }
    const uint32_t cap = p->cap ? p->cap * 2 : FIRST_ENTRIES;
    uint32_t *buckets = malloc(2 * (size_t)cap * sizeof *buckets);
    clasp_pending *entries = buckets ? realloc(p->entries, cap * sizeof *entries) : NULL;
    if (!entries) {
        free(buckets);
        return false;
    }
    free(p->buckets);
    p->entries = entries;
    p->buckets = buckets;
    p->endings = buckets + cap;
    p->cap = cap;
    rechain(p);
    return true;
}

/* ---- the log ------------------------------------------------------------------------------------------------- */

/* Close the gaps that removed frames have left. */
static void compact(clasp_pendings *p) {
    p->log_len = 0;
    for (uint32_t i = p->log_first; i != NONE; i = p->entries[i].log_behind) {
        clasp_pending *entry = &p->entries[i];
        memmove(p->log + p->log_len, p->log + entry->at, entry->len);
        entry->at = p->log_len;
        p->log_len += entry->len;
    }
}

/* The log is twice as large as what it holds, so that each byte is moved once for each time that it is written. */
static bool has_room(clasp_pendings *p, uint32_t len) {
    if (p->log && p->log_cap - p->log_len >= len) {
        return true;
    }
    uint32_t live = len;
    for (int list = 0; list < CLASP_LIST_COUNT; list++) {
        live += p->bytes[list];
    }
    uint32_t cap = p->log_cap ? p->log_cap : FIRST_LOG;
    while (cap < 2 * live) {
        cap *= 2;
    }
    if (cap > p->log_cap || !p->log) {
        uint8_t *log = realloc(p->log, cap);
        if (!log) {
            return false;
        }
        p->log = log;
        p->log_cap = cap;
    }
    compact(p);
    return true;
}

uint8_t *clasp_pendings_room(clasp_pendings *p, uint32_t len) {
    return has_entry(p) && has_room(p, len) ? p->log + p->log_len : NULL;
}

/* ---- coming and going ---------------------------------------------------------------------------------------- */

static uint32_t take_entry(clasp_pendings *p) {
    const uint32_t index = p->free;
    if (index == NONE) {
        return p->used++;
    }
    p->free = p->entries[index].newer;
    return index;
}

static void link_last(clasp_pendings *p, clasp_pending_list list, uint32_t index) {
    p->entries[index].older = p->newest[list];
    p->entries[index].newer = NONE;
    *(p->newest[list] == NONE ? &p->oldest[list] : &p->entries[p->newest[list]].newer) = index;
    p->newest[list] = index;
    if (list == CLASP_LIST_SETS && p->next_unsent == NONE) {
        p->next_unsent = index;
    }
}

static void link_first(clasp_pendings *p, clasp_pending_list list, uint32_t index) {
    p->entries[index].older = NONE;
    p->entries[index].newer = p->oldest[list];
    *(p->oldest[list] == NONE ? &p->newest[list] : &p->entries[p->oldest[list]].older) = index;
    p->oldest[list] = index;
    if (list == CLASP_LIST_SETS) {
        p->next_unsent = index;
    }
}

static void log_append(clasp_pendings *p, uint32_t index) {
    p->entries[index].log_before = p->log_last;
    p->entries[index].log_behind = NONE;
    *(p->log_last == NONE ? &p->log_first : &p->entries[p->log_last].log_behind) = index;
    p->log_last = index;
    p->log_len += p->entries[index].len;
}

clasp_pending *clasp_pendings_add(clasp_pendings *p, clasp_pending_kind kind, uint32_t len,
                                  clasp_span address, bool is_first) {
    const clasp_pending_list list = clasp_pending_list_of(kind);
    const uint32_t index = take_entry(p);
    clasp_pending *entry = &p->entries[index];
    *entry = (clasp_pending){.at = p->log_len,
                             .len = len,
                             .address_len = address.len,
                             .kind = (uint8_t)kind,
                             .address_at = KINDS[kind].address_at};
    entry->hash = hash_of(p, (clasp_pending_class)KINDS[kind].answer, key_of(p, entry));
    log_append(p, index);
    (is_first ? link_first : link_last)(p, list, index);
    (is_first ? chain_prepend : chain_append)(p, index);
    p->count[list]++;
    p->bytes[list] += len;
    return entry;
}

void clasp_pendings_remove(clasp_pendings *p, clasp_pending *entry) {
    const clasp_pending_list list = clasp_pending_list_of((clasp_pending_kind)entry->kind);
    const uint32_t index = index_of(p, entry);
    chain_remove(p, index);
    *(entry->older == NONE ? &p->oldest[list] : &p->entries[entry->older].newer) = entry->newer;
    *(entry->newer == NONE ? &p->newest[list] : &p->entries[entry->newer].older) = entry->older;
    *(entry->log_before == NONE ? &p->log_first : &p->entries[entry->log_before].log_behind) =
        entry->log_behind;
    *(entry->log_behind == NONE ? &p->log_last : &p->entries[entry->log_behind].log_before) =
        entry->log_before;
    if (p->next_unsent == index) {
        p->next_unsent = entry->newer;
    }
    p->count[list]--;
    p->bytes[list] -= entry->len;
    entry->newer = p->free;
    p->free = index;
    if (p->log_first == NONE) {
        p->log_len = 0;
    }
}
