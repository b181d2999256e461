/**
 * Shapes that are read and written without the decoder's rows, on the ways that most traffic takes (docs/wire.md, section 3).
 */
#ifndef CLASP_WIRE_PLAIN_H
#define CLASP_WIRE_PLAIN_H

#include "wire/message.h"

#define CLASP_BUNDLE_TIMESTAMP 0x80u /* of a BUNDLE's flags */
#define CLASP_PLAIN_SET_SIZE \
    12u /* bytes of a plain SET but for its address: type, flags, its length, the number */
#define CLASP_SAMPLE_SIZE 8u      /* bytes of a sample in a PUBLISH */
#define CLASP_SAMPLE_ITEM_SIZE 9u /* and as an item of an array: a type code more */

/** A SET of an f64 and nothing else: the usual message. */
typedef struct clasp_plain_set {
    clasp_span address;    /* not looked into */
    const uint8_t *number; /* for clasp_load_f64() */
} clasp_plain_set;

/** Read a message in one look; false: it is another one, or a bad one, and `out` means nothing. */
static inline bool clasp_read_plain_set(clasp_span payload, clasp_plain_set *out) {
    const uint8_t *p = payload.at;
    if (payload.len < CLASP_PLAIN_SET_SIZE || p[0] != CLASP_MSG_SET || p[1] != CLASP_VALUE_F64) {
        return false;
    }
    const uint32_t len = clasp_load_u16(p + 2);
    *out = (clasp_plain_set){{p + 4, len}, p + 4 + len};
    return payload.len == CLASP_PLAIN_SET_SIZE + len;
}

/** Bytes of samples as the data of an array of f64. */
static inline uint32_t clasp_samples_size(clasp_list samples) {
    return 2 + samples.count * CLASP_SAMPLE_ITEM_SIZE;
}

/** Write them so. @param to room for clasp_samples_size() bytes */
static inline void clasp_store_samples(uint8_t *to, clasp_list samples) {
    clasp_store_u16(to, (uint16_t)samples.count);
    to += 2;
    for (uint32_t i = 0; i < samples.count; i++, to += CLASP_SAMPLE_ITEM_SIZE) {
        to[0] = CLASP_VALUE_F64;
        memcpy(to + 1, samples.bytes.at + (size_t)i * CLASP_SAMPLE_SIZE, CLASP_SAMPLE_SIZE);
    }
}

#endif
