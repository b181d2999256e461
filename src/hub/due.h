/**
 * What is due at a time: a heap of members that others embed, so that the next one is always at hand. For src/hub/ only.
 */
#ifndef CLASP_HUB_DUE_H
#define CLASP_HUB_DUE_H

#include <stdbool.h>
#include <stdint.h>

/** Embedded in what becomes due, as its first member. Zero-initialised: not in a heap. */
typedef struct clasp_hub_due {
    uint64_t at_us;
    uint32_t place; /* in the heap, counted from 1; 0: not in it */
} clasp_hub_due;

/** Zero-initialised: empty. */
typedef struct clasp_hub_dues {
    clasp_hub_due **heap; /* given by malloc */
    uint32_t count, cap;
} clasp_hub_dues;

void clasp_hub_dues_deinit(clasp_hub_dues *dues);

/** Put in, or move, to a time. False: no memory, and nothing has changed; moving needs none. */
bool clasp_hub_dues_put(clasp_hub_dues *dues, clasp_hub_due *due, uint64_t at_us);

/** Take out; nothing happens when it is not in. */
void clasp_hub_dues_drop(clasp_hub_dues *dues, clasp_hub_due *due);

/** The earliest one; NULL when there is none that is due at `now_us`. */
clasp_hub_due *clasp_hub_dues_first(const clasp_hub_dues *dues, uint64_t now_us);

/** When the earliest one is due; UINT64_MAX: never. */
static inline uint64_t clasp_hub_dues_deadline(const clasp_hub_dues *dues) {
    return dues->count > 0 ? dues->heap[0]->at_us : UINT64_MAX;
}

#endif
