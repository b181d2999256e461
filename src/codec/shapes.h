/**
 * Shapes: the keys of maps that come again and again, in their order, so that a host can make such maps without looking at keys.
 *
 * What a map's first key and its count lead to is guessed to be its shape; each key is then compared with the one that the shape
 * has there, as it stands on the wire. A guess is made of maps that came CLASP_SHAPE_HITS times. A shape stays what it is: a host
 * compiles code for it. Memory is fixed, and the worst that hostile maps can do is that no shape is left for others.
 */
#ifndef CLASP_CODEC_SHAPES_H
#define CLASP_CODEC_SHAPES_H

#include "route/hash.h"
#include "wire/value.h"

#define CLASP_SHAPES 16u
#define CLASP_SHAPE_KEYS 8u    /* of one shape, at most */
#define CLASP_SHAPE_BYTES 118u /* of its keys on the wire, their lengths included */
#define CLASP_SHAPE_HITS 16u   /* maps, until one makes a shape */
#define CLASP_SHAPE_GUESSES 256u

/** The host reads it when an id is new to it; it stays the same from then on. */
typedef struct clasp_shape {
    uint8_t count;                    /* keys */
    uint8_t at[CLASP_SHAPE_KEYS + 1]; /* offset of each, and of their end */
    uint8_t bytes[CLASP_SHAPE_BYTES]; /* u16 length and text of each, as on the wire */
} clasp_shape;
_Static_assert(sizeof(clasp_shape) == 128, "the glue reads this layout");

typedef struct clasp_guess {
    uint8_t hits;  /* maps without a shape, up to CLASP_SHAPE_HITS */
    uint8_t shape; /* its id + 1; 0: none */
} clasp_guess;

typedef struct clasp_shapes {
    clasp_shape shapes[CLASP_SHAPES];
    clasp_guess guesses[CLASP_SHAPE_GUESSES];
    uint32_t count; /* shapes that there are */
} clasp_shapes;

/** What is known of maps of `count` entries, 1 at least, the first of which begins at `entry`, of three bytes at least. */
static inline clasp_guess *clasp_shapes_guess(clasp_shapes *shapes, const uint8_t *entry, uint32_t count) {
    const uint32_t word = (uint32_t)entry[1] << 16 | (uint32_t)entry[2] << 8 | count;
    return &shapes->guesses[word * 0x9E3779B1u >> 24];
}

/** Bytes of key `n` of a shape with its length if they are what is at `r`, with a byte behind them; else 0. */
static inline uint32_t clasp_shape_takes(const clasp_shape *shape, uint32_t n, const clasp_reader *r) {
    const uint32_t start = shape->at[n];
    const uint32_t len = shape->at[n + 1] - start;
    return clasp_left(r) > len && clasp_same_bytes(r->at, shape->bytes + start, len) ? len : 0;
}

/** Note a checked map that no shape fits: it makes one, when it is time. `data`: its value data. */
void clasp_shapes_note(clasp_shapes *shapes, clasp_span data);

#endif
