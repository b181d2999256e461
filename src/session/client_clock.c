#include "session/client_clock.h"

#include <math.h>

#define WEIGHT 0.3 /* of a new sample */
#define TIME_MAX (UINT64_C(1) << 53)

void clasp_client_clock_begin(clasp_client_clock *clock, uint64_t relay_us, uint64_t now_us) {
    *clock = (clasp_client_clock){0};
    if (relay_us < TIME_MAX) {
        clock->offset_us = (double)((int64_t)relay_us - (int64_t)now_us);
    }
}

static double smooth(double known, double sample, bool is_first) {
    return is_first ? sample : known + WEIGHT * (sample - known);
}

bool clasp_client_clock_take(clasp_client_clock *clock, uint64_t t1_us, uint64_t t2_us, uint64_t t3_us,
                             uint64_t t4_us) {
    if (t1_us >= TIME_MAX || t2_us >= TIME_MAX || t3_us >= TIME_MAX || t4_us >= TIME_MAX) {
        return false;
    }
    const int64_t there = (int64_t)t2_us - (int64_t)t1_us;
    const int64_t back = (int64_t)t3_us - (int64_t)t4_us;
    const int64_t round = there - back;
    if (round < 0 || round > UINT32_MAX || t3_us < t2_us) {
        return false;
    }
    const bool is_first = clock->count == 0;
    clock->offset_us = smooth(clock->offset_us, (double)(there + back) / 2, is_first);
    clock->round_us = smooth(clock->round_us, (double)round, is_first);
    clock->samples[clock->count++ % CLASP_CLIENT_SYNC_SAMPLES] = (uint32_t)round;
    return true;
}

uint32_t clasp_client_clock_jitter(const clasp_client_clock *clock) {
    const uint32_t count =
        clock->count < CLASP_CLIENT_SYNC_SAMPLES ? clock->count : CLASP_CLIENT_SYNC_SAMPLES;
    if (count < 2) {
        return 0;
    }
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += clock->samples[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        const double away = clock->samples[i] - sum / count;
        squares += away * away;
    }
    return (uint32_t)lround(sqrt(squares / count));
}
