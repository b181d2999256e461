#include "peer/p2p_early.h"

static void remove_at(p2p_early_pool *pool, uint32_t at) {
    p2p_early *entry = &pool->entries[at];
    pool->bytes -= entry->from_len + entry->corr_len + entry->json_len;
    free(entry->block);
    pool->count--;
    memmove(entry, entry + 1, (pool->count - at) * sizeof *entry);
}

static bool is_of(const p2p_early *entry, clasp_span from, clasp_span corr) {
    return clasp_span_equal((clasp_span){entry->block, entry->from_len}, from) &&
           clasp_span_equal((clasp_span){entry->block + entry->from_len, entry->corr_len}, corr);
}

void p2p_early_clear(p2p_early_pool *pool) {
    while (pool->count > 0) {
        remove_at(pool, pool->count - 1);
    }
}

static uint32_t count_of(const p2p_early_pool *pool, clasp_span from, clasp_span corr) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < pool->count; i++) {
        count += is_of(&pool->entries[i], from, corr);
    }
    return count;
}

/* The oldest that nobody holds goes. */
static bool push_out(p2p_early_pool *pool) {
    for (uint32_t i = 0; i < pool->count; i++) {
        if (!pool->entries[i].held) {
            remove_at(pool, i);
            return true;
        }
    }
    return false;
}

clasp_err p2p_early_add(p2p_early_pool *pool, clasp_span from, clasp_span corr, clasp_span json,
                        uint32_t round, bool held, uint64_t now_us) {
    const uint32_t need = from.len + corr.len + json.len;
    if (count_of(pool, from, corr) >= CLASP_P2P_EARLY_ATTEMPT) {
        return CLASP_LIMIT;
    }
    while (pool->count == CLASP_P2P_EARLY || pool->bytes + need > CLASP_P2P_EARLY_BYTES) {
        if (!push_out(pool)) {
            return CLASP_LIMIT;
        }
    }
    uint8_t *block = malloc(need > 0 ? need : 1);
    if (!block) {
        return CLASP_NO_MEMORY;
    }
    clasp_writer w = clasp_writer_of(block, need);
    clasp_write_bytes(&w, from);
    clasp_write_bytes(&w, corr);
    clasp_write_bytes(&w, json);
    pool->entries[pool->count++] =
        (p2p_early){block, from.len, corr.len, json.len, round, held, now_us + CLASP_P2P_EARLY_US};
    pool->bytes += need;
    return CLASP_OK;
}

bool p2p_early_take(p2p_early_pool *pool, clasp_span from, clasp_span corr, uint32_t round,
                    clasp_text *json) {
    for (uint32_t i = 0; i < pool->count;) {
        const p2p_early *entry = &pool->entries[i];
        if (!is_of(entry, from, corr) || entry->round > round) {
            i++;
            continue;
        }
        const clasp_span content = {entry->block + entry->from_len + entry->corr_len, entry->json_len};
        const bool fits = entry->round == round && clasp_text_set(json, content);
        remove_at(pool, i);
        if (fits) {
            return true;
        }
    }
    return false;
}

void p2p_early_drop(p2p_early_pool *pool, clasp_span from, clasp_span corr) {
    for (uint32_t i = pool->count; i > 0; i--) {
        if (is_of(&pool->entries[i - 1], from, corr)) {
            remove_at(pool, i - 1);
        }
    }
}

void p2p_early_expire(p2p_early_pool *pool, uint64_t now_us) {
    while (pool->count > 0 && pool->entries[0].until_us <= now_us) {
        remove_at(pool, 0);
    }
}

uint64_t p2p_early_deadline(const p2p_early_pool *pool) {
    return pool->count > 0 ? pool->entries[0].until_us : UINT64_MAX;
}
