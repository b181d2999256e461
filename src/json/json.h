/**
 * JSON texts, by cJSON behind bounds of our own (docs/wire.md, section 10).
 *
 * What cJSON leaves open is closed here: bytes, nesting and nodes are bounded before a tree exists; ill-formed UTF-8 is
 * refused; text after the document is refused; a string with U+0000 is refused by clasp_json_parse() rather than cut;
 * keys are compared exactly; integers up to 2^53 never print with an exponent, and every double prints in the shortest
 * form that reads back as itself.
 */
#ifndef CLASP_JSON_JSON_H
#define CLASP_JSON_JSON_H

#include <cJSON.h>

#include "base/bytes.h"

/**
 * Parse one document.
 * @param text borrowed
 * @return given: free with cJSON_Delete(). NULL when refused, with `err` set to CLASP_BAD_JSON, CLASP_BAD_UTF8,
 *         CLASP_TOO_DEEP, CLASP_TOO_LARGE or CLASP_NO_MEMORY
 */
cJSON *clasp_json_parse(clasp_span text, clasp_err *err);

/** The same for a document of up to `max_len` bytes in place of CLASP_JSON_MAX_LEN; the other bounds stay. */
cJSON *clasp_json_parse_up_to(clasp_span text, uint32_t max_len, clasp_err *err);

/** Member of an object by its exact key (the last one when doubled); NULL if there is none or `object` is none. */
const cJSON *clasp_json_get(const cJSON *object, const char *key);

/** Text of a string member; `at` NULL when it is missing or of another kind. Lent by the tree. */
clasp_span clasp_json_text(const cJSON *object, const char *key);

/** True if the member is a finite number (1e999 is none); `number` is then set. */
bool clasp_json_number(const cJSON *object, const char *key, double *number);

/** True if the member is the boolean true. */
bool clasp_json_true(const cJSON *object, const char *key);

/** Print without white space into `w`. TOO_LARGE, in `w->err`, when it does not fit: cJSON wants room for two bytes more
 *  than the text. NO_MEMORY when `item` is NULL, what a failed cJSON_Create…() has returned. */
void clasp_json_write(clasp_writer *w, const cJSON *item);

/* Small exact number conversions, for cJSON in place of printf and strtod (and for tests). */

/** Shortest decimal text that reads back as `number` (finite). Integers below 10^21 in plain digits.
 *  @return length without the terminator; `out` has room for 32 bytes */
uint32_t clasp_number_print(double number, char out[32]);

/** Correctly rounded value of the JSON number at `text`; `end`, when not NULL, is set behind it. */
double clasp_number_parse(const char *text, char **end);

#endif
