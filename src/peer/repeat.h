/** When to say something again: what conference and p2p share. */
#ifndef CLASP_PEER_REPEAT_H
#define CLASP_PEER_REPEAT_H

#include "base/random.h"

/** Back-off with jitter: `first` doubled `exponent` times, at most `last`, give or take a fifth. */
static inline uint64_t clasp_backoff_us(clasp_random *random, uint64_t first_us, uint8_t exponent,
                                        uint64_t last_us) {
    uint64_t wait = first_us << (exponent < 16 ? exponent : 16);
    wait = wait < last_us ? wait : last_us;
    const uint64_t fifth = wait / 5;
    return wait - fifth + clasp_random_below(random, (uint32_t)(2 * fifth + 1));
}

#endif
