/**
 * Rebuilding one whole from its numbered parts, in whatever order they come. For src/chunk/ only.
 *
 * All parts are of one size, but the last one, which may be shorter. Memory follows what has arrived, never what was
 * declared: parts are kept in the order of their arrival in one buffer that doubles, and are put in their order in place
 * once all are there. Parts that come in order, as they do on most channels, lie right from the start.
 */
#ifndef CLASP_CHUNK_PARTS_H
#define CLASP_CHUNK_PARTS_H

#include "base/text.h"

/** Zero-initialised: nothing is begun. End with clasp_parts_clear() or clasp_parts_take(). */
typedef struct clasp_parts {
    uint32_t count;       /* parts of the whole; 0: nothing is begun */
    uint32_t size;        /* bytes of every part but the last; 0: not known yet */
    uint32_t total;       /* bytes of the whole; 0: not known yet */
    uint32_t received;    /* parts, each counted once */
    uint32_t bytes;       /* of those parts */
    uint8_t *seen;        /* given by malloc; bit i: part i is here */
    uint8_t *cells;       /* given by malloc; parts in the order of arrival */
    uint16_t *places;     /* given by malloc; places[i]: number of the part in cell i */
    uint32_t stored, cap; /* cells */
    uint8_t *tail;        /* given by malloc; the last part, when it came before another one */
    uint32_t tail_len;    /* bytes */
} clasp_parts;

/** Some parts in a row. */
typedef struct clasp_part_range {
    uint32_t first, count;
} clasp_part_range;

/**
 * Begin with none of `count` parts (1..65536).
 *
 * @param size  bytes of every part but the last; 0: the first of them to come tells
 * @param total bytes of the whole; 0: the parts tell
 * @return CLASP_OK; CLASP_NO_MEMORY, and nothing is begun
 */
clasp_err clasp_parts_begin(clasp_parts *parts, uint32_t count, uint32_t size, uint32_t total);

void clasp_parts_clear(clasp_parts *parts);

/** True if part `index`, below the count, is here. */
static inline bool clasp_parts_has(const clasp_parts *parts, uint32_t index) {
    return ((unsigned)parts->seen[index / 8] >> index % 8 & 1u) != 0;
}

/** True if a length of part `index` agrees with what is known of the other parts and of the whole. */
bool clasp_parts_fits(const clasp_parts *parts, uint32_t index, uint32_t len);

/**
 * Add part `index`, below the count and not here yet. The bytes are borrowed.
 *
 * @return CLASP_OK: the whole is there, to be taken; CLASP_MORE: kept; and nothing has changed on CLASP_BAD_PIECE: its
 *         length does not fit; CLASP_NO_MEMORY
 */
clasp_err clasp_parts_add(clasp_parts *parts, uint32_t index, clasp_span bytes);

/** The whole, after CLASP_OK. Given: clasp_text_clear(). Nothing is begun any more. */
clasp_text clasp_parts_take(clasp_parts *parts);

/** The parts not here yet, as rising ranges, at most `cap` of them. @return ranges written; 0: none is missing */
uint32_t clasp_parts_missing(const clasp_parts *parts, clasp_part_range *out, uint32_t cap);

#endif
