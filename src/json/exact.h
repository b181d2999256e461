/**
 * JSON documents that are to be given back as they came: what clasp_json_parse() and clasp_json_write() do, and beyond it
 * U+0000 is kept in strings and keys, and every number keeps the digits that it was written with, however many.
 */
#ifndef CLASP_JSON_EXACT_H
#define CLASP_JSON_EXACT_H

#include "json/json.h"

/**
 * Parse one document. A number that would print in another way than it was written is a cJSON_Raw in the tree.
 * Strings with U+0000 or U+001A are to be read by clasp_json_exact_text() alone.
 *
 * @param text    borrowed. U+0000 and U+001A count as seven bytes, their escape and one more
 * @param max_len bytes of it
 * @return as clasp_json_parse()
 */
cJSON *clasp_json_parse_exact(clasp_span text, uint32_t max_len, clasp_err *err);

/** Print without white space, as clasp_json_write(). The tree is one of clasp_json_parse_exact(). Its text is never longer
 *  than the one it was read from, but for room for two bytes. */
void clasp_json_write_exact(clasp_writer *w, const cJSON *item);

/** Write the characters of a string of such a tree, without any quotes. */
void clasp_json_exact_text(clasp_writer *w, const cJSON *string);

#endif
