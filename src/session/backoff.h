/** How long to wait before the next try: grows by half each time, with jitter. For src/session/ only. */
#ifndef CLASP_SESSION_BACKOFF_H
#define CLASP_SESSION_BACKOFF_H

#include "base/random.h"

typedef struct clasp_backoff {
    uint32_t first_ms, max_ms;
    uint32_t next_ms; /* before jitter */
} clasp_backoff;

static inline clasp_backoff clasp_backoff_of(uint32_t first_ms, uint32_t max_ms) {
    const uint32_t first = first_ms < max_ms ? first_ms : max_ms;
    return (clasp_backoff){first, max_ms, first};
}

/** Begin with the first wait again. */
static inline void clasp_backoff_reset(clasp_backoff *backoff) { backoff->next_ms = backoff->first_ms; }

/** The wait before this try, in us: a quarter less to a quarter more, so that clients of one relay come back apart. */
static inline uint64_t clasp_backoff_take(clasp_backoff *backoff, clasp_random *random) {
    const uint32_t wait_ms = backoff->next_ms;
    const uint64_t longer_ms = (uint64_t)wait_ms + (wait_ms + 1) / 2;
    backoff->next_ms = longer_ms < backoff->max_ms ? (uint32_t)longer_ms : backoff->max_ms;
    const uint64_t spread_ms = clasp_random_below(random, wait_ms / 2 + 1);
    return ((uint64_t)wait_ms - wait_ms / 4 + spread_ms) * 1000;
}

#endif
