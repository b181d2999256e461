/**
 * The tape: messages as cells of one fixed size, which a host fills (pack) or walks (unpack) without a call for each part.
 *
 * A value is one cell, followed by those of its items or entries. A message is a head, then its parts in the order given
 * below. Bytes and texts stay where they are, in the codec's memory: a cell names their offset and length. Short texts that
 * come again and again are named by an id instead (texts.h), so that the host makes a string of each only once.
 */
#ifndef CLASP_CODEC_TAPE_H
#define CLASP_CODEC_TAPE_H

#include <stdint.h>

#include "base/bytes.h"

/*
 * Cells beside those of values, whose kind is their type code (wire/value.h). "text" is an id + 1 in the named word, or 0
 * there and a TEXT cell right behind the head.
 *
 *                a                      b            c              then
 * Values
 *   BOOL         0 or 1
 *   I64          offset of its 8 bytes  (number)                    to be read by who wants all 64 bits; 0: `number` is all
 *   I8 .. F64                           (number)
 *   STRING       id + 1, or 0           offset       length
 *   BYTES                               offset       length
 *   ARRAY        count                                              as many cells of values
 *   MAP          count                  shape        keys of it     as many cells of values; of an entry bits 8.. of the kind
 *                                                                   are id + 1 of its key; 0: a TEXT cell before it is the key.
 *                                                                   The first keys may be those of a shape, named by its id + 1
 *                                                                   (shapes.h): these are not told again. Unpacked alone
 * Parts
 *   TEXT         1: unpacked, and all ASCII
 *                                       offset       length
 *   U64                                 (number, up to 2^53)
 *   U64_BIG                             low half     high half
 *   U31          the number, below 2^31: unpacked in place of a U64
 * Messages
 *   SET          CLASP_HAS_*            text         ttl            value, [U64 revision]
 *   PUBLISH      CLASP_HAS_*            text         signal | phase << 8
 *                                                                   [value] [ARRAY of samples] [U64 timestamp] [U64 id] [U64 rate]
 *   BUNDLE       CLASP_HAS_TIMESTAMP                 count          [U64 timestamp], members
 *   SNAPSHOT                                         count          as many PARAM
 *   PARAM        CLASP_PARAM_*          text         [revision]     value, [U64 revision] [STRING writer] [U64 timestamp]
 *   FIELDS                                                          MAP: any other message (wire/fields.h)
 *   DELIVER      address id, group id or ~0
 *                                       CLASP_NEW_*, CLASP_IN_GROUP
 *                                                    count of a new list
 *                                                                   [TEXT address] [subscription ids, four a cell], value
 *   NUMBER       address id             (number)                    a DELIVER of an f64 to those that were named the last time
 */
// clang-format off
#define CLASP_CELL_LIST(X) \
    X(TEXT, 0x10) X(U64, 0x11) X(U64_BIG, 0x12) X(U31, 0x13) X(PUBLISH, 0x20) X(SET, 0x21) X(SNAPSHOT, 0x23) X(BUNDLE, 0x30) \
    X(PARAM, 0x80) X(FIELDS, 0x81) X(DELIVER, 0x82) X(NUMBER, 0x83)
// clang-format on

typedef enum clasp_cell_kind {
#define X(name, code) CLASP_CELL_##name = (code),
    CLASP_CELL_LIST(X)
#undef X
} clasp_cell_kind;

#define CLASP_PARAM_WRITER 1u
#define CLASP_PARAM_TIMESTAMP 2u
#define CLASP_PARAM_SMALL 4u /* the revision is below 2^31, and in the head */
#define CLASP_NEW_TEXT 1u    /* the address id means another text now */
#define CLASP_NEW_LIST \
    2u /* it leads to other subscriptions now; else to those that were named the last time */
#define CLASP_IN_GROUP 4u /* `a` is a group of patterns (groups.h): the text is not to be kept, the list is */

/** One cell; the glue reads this layout through typed arrays. */
typedef struct clasp_cell {
    uint32_t kind; /* clasp_cell_kind or clasp_value_type; see above for bits 8.. */
    uint32_t a;
    union {
        double number;
        struct {
            uint32_t b, c;
        };
    };
} clasp_cell;
_Static_assert(sizeof(clasp_cell) == 16, "the glue reads this layout");

/** All zeros is an empty tape. */
typedef struct clasp_tape {
    clasp_cell *cells; /* given by malloc */
    clasp_cell *at;    /* where the next one goes */
    clasp_cell *end;
    clasp_err err; /* NO_MEMORY or TOO_LARGE, which stays until clasp_tape_clear() */
} clasp_tape;

void clasp_tape_deinit(clasp_tape *tape);

static inline void clasp_tape_clear(clasp_tape *tape) {
    tape->at = tape->cells;
    tape->err = CLASP_OK;
}

/** Make room for `count` more; false: the tape has failed. */
bool clasp_tape_grow(clasp_tape *tape, uint32_t count);

/** `count` cells side by side, to be filled in; NULL when the tape has failed. */
static inline clasp_cell *clasp_tape_add(clasp_tape *tape, uint32_t count) {
    if ((size_t)(tape->end - tape->at) < count && !clasp_tape_grow(tape, count)) {
        return NULL;
    }
    clasp_cell *cells = tape->at;
    tape->at += count;
    return cells;
}

#endif
