/**
 * CLASP values as JSON and back (docs/wire.md, section 10), by cJSON, within the bounds of JSON documents: text of
 * CLASP_JSON_MAX_LEN bytes, CLASP_JSON_NODES values, CLASP_JSON_DEPTH levels.
 *
 *   value                                     JSON
 *   null, boolean, string, array, map         the same
 *   a finite number but -0, f32 or f64        a number
 *   an integer of -2^53 to 2^53               a number; with CLASP_JSON_TYPED as below
 *   any other integer                         {"$i64": "-9223372036854775808"}, decimal
 *   NaN, the infinities, -0                   {"$f64": "NaN"}, "Infinity", "-Infinity", "-0"
 *   bytes                                     {"$bytes": "00ff"}, hexadecimal
 *   a map of one entry whose key begins       the same with one more: {"$i64": 1} is {"$$i64": 1}
 *   with "$"
 *
 * What is written reads back as the same value, but for the width of numbers: integers become i64, f32 becomes f64, and a
 * plain number is an f64 unless CLASP_JSON_INTEGERS says otherwise. So what is written with CLASP_JSON_TYPED keeps what it
 * is when read without CLASP_JSON_INTEGERS. An object with one member of any other name that begins with a single "$" is
 * taken for what it seems, a map.
 */
#ifndef CLASP_JSON_VALUE_JSON_H
#define CLASP_JSON_VALUE_JSON_H

#include "wire/value.h"

#define CLASP_JSON_INTEGERS 1u /* reading: whole numbers of -2^53 to 2^53 become i64; -0 stays an f64 */
#define CLASP_JSON_TYPED 2u    /* writing: integers of any size are tagged */

/**
 * Write a value as JSON text, without white space.
 *
 * @param value checked
 * @param how   CLASP_JSON_TYPED, or 0
 * @param w     takes the text; nothing is added when it fails. TOO_LARGE when the text does not fit (see
 *              clasp_json_write()), or the value is over the bounds above; TOO_DEEP; NO_MEMORY
 */
void clasp_value_to_json(clasp_writer *w, clasp_value value, unsigned how);

/**
 * Read JSON text as a value, U+0000 in strings and keys included.
 *
 * @param text borrowed. U+0000 and U+001A count as seven bytes, their escape and one more
 * @param how  CLASP_JSON_INTEGERS, or 0
 * @param w    takes the value with its type code; nothing is added when it fails. BAD_JSON for what is no JSON, for a tag
 *             with ill content and for a number that no f64 can say (1e999); BAD_UTF8; TOO_DEEP; TOO_LARGE for what is
 *             over the bounds above, for a string over 65,535 bytes, and when `w` is too small; NO_MEMORY
 */
void clasp_value_from_json(clasp_writer *w, clasp_span text, unsigned how);

#endif
