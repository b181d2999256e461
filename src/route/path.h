/**
 * An address cut at its slashes: one pass over its bytes, eight at a time, that checks it, too.
 */
#ifndef CLASP_ROUTE_PATH_H
#define CLASP_ROUTE_PATH_H

#include "base/limits.h"
#include "route/hash.h"

/** One segment, with what finding it among others takes. */
typedef struct clasp_step {
    const uint8_t *at;
    uint32_t len;
    uint32_t hash;
    uint64_t tail; /* its last eight bytes, or all of them with zeros above: the first one is the lowest */
} clasp_step;

typedef struct clasp_path {
    uint32_t count;
    bool is_ascii;
    clasp_step steps[CLASP_ADDRESS_SEGMENTS];
} clasp_path;

/** Cut `address`, which is lent to the path. False: it is not one that may be written to, as clasp_address_check() judges. */
bool clasp_path_cut(clasp_path *path, clasp_span address, uint64_t seed);

/** One segment by itself. */
clasp_step clasp_step_of(clasp_span segment, uint64_t seed);

#endif
