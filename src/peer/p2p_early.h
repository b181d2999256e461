/**
 * Remote candidates that came before they can be used: before their offer, or before the remote description is set.
 *
 * They are kept by (who sent it, correlation id). Whoever sent it may be a stranger with an invented name, so that the
 * bounds are on all together, and what belongs to a running attempt (`held`) is never pushed out by what does not.
 */
#ifndef CLASP_PEER_P2P_EARLY_H
#define CLASP_PEER_P2P_EARLY_H

#include "base/limits.h"
#include "base/text.h"

typedef struct p2p_early {
    uint8_t *block; /* given by malloc: from, corr, json */
    uint32_t from_len, corr_len, json_len;
    uint32_t round;
    bool held;
    uint64_t until_us;
} p2p_early;

/** Zero-initialised: empty. The oldest comes first. */
typedef struct p2p_early_pool {
    p2p_early entries[CLASP_P2P_EARLY];
    uint32_t count;
    uint32_t bytes; /* of all blocks */
} p2p_early_pool;

void p2p_early_clear(p2p_early_pool *pool);

/** Keep a candidate. @return CLASP_OK; CLASP_LIMIT: no room that may be taken; CLASP_NO_MEMORY */
clasp_err p2p_early_add(p2p_early_pool *pool, clasp_span from, clasp_span corr, clasp_span json,
                        uint32_t round, bool held, uint64_t now_us);

/** Take the next candidate of an attempt's round out of the pool, and those of earlier rounds with it.
 *  @param json set to a copy: given, clear it. @return false: there is none */
bool p2p_early_take(p2p_early_pool *pool, clasp_span from, clasp_span corr, uint32_t round, clasp_text *json);

/** Forget an attempt's. */
void p2p_early_drop(p2p_early_pool *pool, clasp_span from, clasp_span corr);

/** Forget what is older than its time. */
void p2p_early_expire(p2p_early_pool *pool, uint64_t now_us);

uint64_t p2p_early_deadline(const p2p_early_pool *pool);

#endif
