/**
 * U+0000 in the strings of trees, which end there. On the way between text and tree it stands as U+001A '0', and U+001A as
 * U+001A '1'. In JSON both can only be written as escapes, so they are found without reading the rest of the text. For
 * src/json/ only.
 */
#ifndef CLASP_JSON_STAND_IN_H
#define CLASP_JSON_STAND_IN_H

#include "json/json.h"

#define STAND_IN '\x1A'

/** clasp_json_parse_up_to(), with stand-ins in strings and keys. Each of them counts as one byte more of the text. */
cJSON *json_parse_hidden(clasp_span text, uint32_t max_len, clasp_err *err);

/** Write what stood in as what it stands for, in place, in what cJSON has printed. @return its new end */
uint8_t *json_show(uint8_t *start, const uint8_t *end);

/** Write a string of the tree as what it stands for. */
void json_write_shown(clasp_writer *w, const char *text);

#endif
