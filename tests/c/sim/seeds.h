/** What all simulations share: seeds that the command line asks for, one world for each, and which of them failed. */
#ifndef CLASP_TESTS_SEEDS_H
#define CLASP_TESTS_SEEDS_H

#include <inttypes.h>

#include "check.h"

typedef struct sim_seeds {
    uint64_t first, count;
    bool traces; /* all that happens is told */
} sim_seeds;

/** `PROGRAM [FIRST [COUNT [trace]]]`; `seeds` as it is where nothing is said. */
static inline void sim_arguments(sim_seeds *seeds, int argc, char **argv) {
    seeds->first = argc > 1 ? strtoull(argv[1], NULL, 10) : seeds->first;
    seeds->count = argc > 2 ? strtoull(argv[2], NULL, 10) : seeds->count;
    seeds->traces = argc > 3;
}

/** Run each seed, and name those that fail. @param total the caller's @return how many did */
static inline uint64_t sim_run(const sim_seeds *seeds, void (*run)(uint64_t seed, void *total), void *total) {
    uint64_t failed = 0;
    for (uint64_t seed = seeds->first; seed < seeds->first + seeds->count; seed++) {
        char name[32];
        const unsigned refused = check_now.refused;
        snprintf(name, sizeof name, "seed %" PRIu64, seed);
        CHECK_CONTEXT(name);
        run(seed, total);
        if (check_now.refused != refused) {
            failed++;
            printf("    seed %" PRIu64 " failed\n", seed);
            fflush(stdout);
        }
    }
    CHECK_CONTEXT(NULL);
    return failed;
}

/** Add counters, all of them uint64_t, to a total of the same type. */
static inline void sim_add(void *total, const void *counts, size_t bytes) {
    uint64_t *sum = total;
    const uint64_t *add = counts;
    for (size_t i = 0; i < bytes / sizeof *sum; i++) {
        sum[i] += add[i];
    }
}

#endif
