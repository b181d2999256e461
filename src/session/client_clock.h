/**
 * The relay's clock, as SYNC tells it (docs/wire.md, section 7): smoothed offset and round trip, and the spread of the round trips. All in
 * microseconds. For src/session/ only.
 */
#ifndef CLASP_SESSION_CLIENT_CLOCK_H
#define CLASP_SESSION_CLIENT_CLOCK_H

#include "base/bytes.h"
#include "base/limits.h"

/** Zero-initialised: nothing is known. */
typedef struct clasp_client_clock {
    double offset_us; /* the relay's clock minus ours */
    double round_us;
    uint32_t samples[CLASP_CLIENT_SYNC_SAMPLES]; /* round trips, the last ones */
    uint32_t count;                              /* of samples taken in all */
} clasp_client_clock;

/** What WELCOME says, until a SYNC knows better. Forgets what came before. A time that is none is taken for ours. */
void clasp_client_clock_begin(clasp_client_clock *clock, uint64_t relay_us, uint64_t now_us);

/**
 * One sample: t1 sent by us, t2 received and t3 sent by the relay, t4 received by us.
 * @return false: it is none (an answer that took longer at the relay than here, or times beyond 2^53), and nothing has changed
 */
bool clasp_client_clock_take(clasp_client_clock *clock, uint64_t t1_us, uint64_t t2_us, uint64_t t3_us,
                             uint64_t t4_us);

/** Standard deviation of the last round trips, whole microseconds. */
uint32_t clasp_client_clock_jitter(const clasp_client_clock *clock);

#endif
