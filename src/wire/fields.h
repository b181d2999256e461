/**
 * Messages by the names of their fields: a message as a CLASP map, and back (docs/wire.md, section 3; the names are those
 * that JavaScript uses). It serves whoever makes or reads messages without knowing their types: the public codec. The
 * messages of the hot path (SET, PUBLISH, SNAPSHOT, BUNDLE) have ways of their own in src/codec/, and are UNKNOWN_TYPE here.
 */
#ifndef CLASP_WIRE_FIELDS_H
#define CLASP_WIRE_FIELDS_H

#include "wire/message.h"

/**
 * Make a message of a map such as {type: "SUBSCRIBE", id: 1, pattern: "/a"}. What is optional on the wire, `token`, `types`,
 * `options`, `namespace`, `patterns` and `revisions` may be missing; null is not missing. Of two members of one name the last
 * one counts, and one that the message does not know is ignored. Numbers are of any number type, integral where the field is;
 * a u64 may also be 8 bytes (big-endian).
 *
 * @param map  a checked value; borrowed for as long as `out` is used
 * @param w    room for lists that have to be rewritten, at most three times as large as `map`; borrowed for as long as `out`
 *             is used
 * @param out  what it holds means nothing unless the result is CLASP_OK
 * @return CLASP_OK; UNKNOWN_TYPE; BAD_FIELD: a member is missing or of a wrong kind; BAD_ENUM: a name that is none;
 *         OUT_OF_RANGE: a number that the field cannot hold; TOO_LARGE: `w` is too small
 */
clasp_err clasp_message_of_fields(clasp_value map, clasp_writer *w, clasp_message *out);

/**
 * Write a decoded message as such a map, with its type code: `type` first, and of what may be missing only what says something.
 * Numbers are f64, but a u64 above 2^53 is 8 bytes. A default in an ANNOUNCE may have CLASP_VALUE_DEPTH levels, and stands four
 * levels deep in the map: that one may be deeper than a checked value. Errors stick in `w`: UNKNOWN_TYPE, TOO_LARGE.
 */
void clasp_message_to_fields(clasp_writer *w, const clasp_message *message);

#endif
