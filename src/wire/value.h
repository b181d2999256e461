/**
 * CLASP values (docs/wire.md, section 2): a type code, then data.
 *
 * A value is not turned into a tree: it stays where it came in, checked once from end to end, and whoever wants to
 * see inside walks the checked bytes.
 */
#ifndef CLASP_WIRE_VALUE_H
#define CLASP_WIRE_VALUE_H

#include "base/bytes.h"

// clang-format off
#define CLASP_VALUE_LIST(X) \
    X(NULL, 0) X(BOOL, 1) X(I8, 2) X(I16, 3) X(I32, 4) X(I64, 5) X(F32, 6) X(F64, 7) \
    X(STRING, 8) X(BYTES, 9) X(ARRAY, 10) X(MAP, 11)
// clang-format on

typedef enum clasp_value_type {
#define X(name, code) CLASP_VALUE_##name = (code),
    CLASP_VALUE_LIST(X)
#undef X
} clasp_value_type;

/** A checked value. `data` is the value data without the type code. */
typedef struct clasp_value {
    clasp_span data;
    uint8_t type; /* clasp_value_type */
} clasp_value;

/** True if `text` is well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong, nothing above U+10FFFF). */
bool clasp_utf8_check(clasp_span text);

/** Read a string field (u16 length, bytes, well-formed UTF-8). TRUNCATED or BAD_UTF8 in `r->err`. */
clasp_span clasp_read_text(clasp_reader *r);

/** Read and check the data of a value whose type code stood elsewhere. Errors stick in `r`: TRUNCATED, BAD_UTF8,
 *  BAD_VALUE_TYPE, TOO_DEEP (over CLASP_VALUE_DEPTH). Iterative: the stack use does not depend on the input. */
clasp_value clasp_read_value_data(clasp_reader *r, uint8_t type);

/** Read and check a type code and its data. */
clasp_value clasp_read_value(clasp_reader *r);

/** Write a checked value with its type code. */
void clasp_write_value(clasp_writer *w, clasp_value value);

/** True for the six number types; `number` is then set to the value as a double (an i64 beyond 2^53 is rounded). */
bool clasp_value_number(clasp_value value, double *number);

/** A value of type f64 in `storage` (8 bytes, borrowed for the value's life). */
clasp_value clasp_value_f64(double number, uint8_t storage[8]);

/* ---- looking inside a checked value -------------------------------------------------------------------------- */

/** Number of items of an array or entries of a map; 0 for any other type. */
uint32_t clasp_value_count(clasp_value value);

/** A reader at the first item or entry of an array or map. Read on with clasp_value_next_*(). */
clasp_reader clasp_value_items(clasp_value value);

/** The next item of an array. The caller counts. */
clasp_value clasp_value_next(clasp_reader *r);

/** The next entry of a map: its key; the value into `out`. The caller counts. */
clasp_span clasp_value_next_entry(clasp_reader *r, clasp_value *out);

/** The value under `key` of a map (the last one when doubled); false if there is none or `map` is no map. */
bool clasp_value_get(clasp_value map, clasp_span key, clasp_value *out);

/** Text of a string value; an empty span with `at` NULL for any other type. */
clasp_span clasp_value_text(clasp_value value);

#endif
