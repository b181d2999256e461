#include "route/covers.h"

#include "base/limits.h"
#include "route/address.h"
#include "route/segment.h"

/*
 * The outer pattern as a row of states: state i has taken the first i of its single segments, all but "**". In a state that
 * loops, any segment may be taken without a step: there is a "**" there, or one beside it with nothing but "*" between, since
 * the order of "*" and "**" next to each other says nothing.
 */
typedef struct row {
    clasp_span singles[CLASP_ADDRESS_SEGMENTS];
    bool loops[CLASP_ADDRESS_SEGMENTS + 1];
    uint32_t count; /* of singles */
} row;

/* True for "*", also when it is written as a longer run. */
static bool is_any(clasp_span segment) {
    uint32_t stars = 0;
    while (stars < segment.len && segment.at[stars] == '*') {
        stars++;
    }
    return segment.len > 0 && stars == segment.len;
}

static void spread_loops(row *outer) {
    for (uint32_t i = 0; i < outer->count; i++) {
        outer->loops[i + 1] |= outer->loops[i] && is_any(outer->singles[i]);
    }
    for (uint32_t i = outer->count; i-- > 0;) {
        outer->loops[i] |= outer->loops[i + 1] && is_any(outer->singles[i]);
    }
}

static void row_of(clasp_span pattern, row *outer) {
    clasp_segments left = clasp_segments_of(pattern);
    clasp_span segment;
    memset(outer->loops, 0, sizeof outer->loops);
    outer->count = 0;
    while (clasp_next_segment(&left, &segment)) {
        if (clasp_is_globstar(segment)) {
            outer->loops[outer->count] = true;
        } else {
            outer->singles[outer->count++] = segment;
        }
    }
    spread_loops(outer);
}

/*
 * The states that can be reached behind one more segment of the inner pattern. A "**" of it may stand for nothing and for
 * anything, so only a loop takes it. Another segment is taken by a single that matches its text with each star in it read as a
 * character that occurs nowhere else, and so for every character: only a star matches that.
 */
static void step(const row *outer, bool *reached, clasp_span segment) {
    const bool is_globstar = clasp_is_globstar(segment);
    for (uint32_t i = outer->count + 1; i-- > 0;) {
        const bool stays = reached[i] && outer->loops[i];
        const bool comes =
            i > 0 && reached[i - 1] && !is_globstar && clasp_match_segment(outer->singles[i - 1], segment);
        reached[i] = stays || comes;
    }
}

bool clasp_covers(clasp_span outer, clasp_span inner) {
    row states;
    bool reached[CLASP_ADDRESS_SEGMENTS + 1] = {true};
    row_of(outer, &states);
    clasp_segments left = clasp_segments_of(inner);
    clasp_span segment;
    bool has_single = false;
    while (clasp_next_segment(&left, &segment)) {
        has_single |= !clasp_is_globstar(segment);
        step(&states, reached, segment);
    }
    if (!has_single) { /* no address is without a segment: "**" is "* / **" when it is all there is */
        step(&states, reached, clasp_span_of("*"));
    }
    return reached[states.count];
}
