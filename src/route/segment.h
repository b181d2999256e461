/** Walking a checked address or pattern segment by segment. */
#ifndef CLASP_ROUTE_SEGMENT_H
#define CLASP_ROUTE_SEGMENT_H

#include "base/bytes.h"

/** What is left of an address or pattern: nothing, or a slash and what follows it. */
typedef struct clasp_segments {
    const uint8_t *at;
    const uint8_t *end;
} clasp_segments;

static inline clasp_segments clasp_segments_of(clasp_span text) {
    return (clasp_segments){text.at, text.at + text.len};
}

/** Step over the next segment; false when there is none. */
static inline bool clasp_next_segment(clasp_segments *left, clasp_span *segment) {
    if (left->at == left->end) {
        return false;
    }
    const uint8_t *start = left->at + 1;
    const uint8_t *stop = start;
    while (stop < left->end && *stop != '/') {
        stop++;
    }
    left->at = stop;
    *segment = (clasp_span){start, (uint32_t)(stop - start)};
    return true;
}

/** True for the segment that stands for zero or more segments. */
static inline bool clasp_is_globstar(clasp_span segment) {
    return segment.len == 2 && segment.at[0] == '*' && segment.at[1] == '*';
}

#endif
