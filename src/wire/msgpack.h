/** MessagePack, reading only: what legacy payloads (docs/wire.md, section 5) are made of. For src/wire/ only. */
#ifndef CLASP_WIRE_MSGPACK_H
#define CLASP_WIRE_MSGPACK_H

#include "wire/value.h"

typedef enum clasp_pack_kind {
    PACK_REFUSED, /* an ext type, the byte that is never used, or nothing: the reader has failed */
    PACK_NIL,
    PACK_BOOL,
    PACK_UINT,
    PACK_NEGATIVE,
    PACK_FLOAT,
    PACK_STR,
    PACK_BIN,
    PACK_ARRAY,
    PACK_MAP
} clasp_pack_kind;

/** One item; of an array or map only its beginning. */
typedef struct clasp_pack {
    uint8_t kind;     /* clasp_pack_kind */
    uint64_t number;  /* BOOL: 0 or 1; UINT; NEGATIVE: two's complement; ARRAY, MAP: items, entries */
    double real;      /* FLOAT */
    clasp_span bytes; /* STR: well-formed UTF-8; BIN. Lent by what is read */
} clasp_pack;

/** Read one item. The items of an array, the keys and values of a map follow one by one. A count that the bytes left
 *  cannot hold is refused at once. BAD_LEGACY or BAD_UTF8 in `r->err`. */
clasp_pack clasp_pack_read(clasp_reader *r);

/** Step over one item and all that is inside it, checking that it is there: no bound on depth is needed. */
void clasp_pack_skip(clasp_reader *r);

/** Write the item at `r` as value data. Integers become i64, or f64 from 2^63 on; bin becomes bytes. Errors, those of `r`
 *  too, stick in `w`: TOO_DEEP (over CLASP_VALUE_DEPTH), TOO_LARGE, BAD_LEGACY for a map whose keys are not all strings.
 *  @return its type code */
uint8_t clasp_pack_write_data(clasp_reader *r, clasp_writer *w);

/** The same, with the type code before the data. */
void clasp_pack_write_value(clasp_reader *r, clasp_writer *w);

#endif
