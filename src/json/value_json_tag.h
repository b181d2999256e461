/** What the two ways between values and JSON agree on. For src/json/value_json_*.c only. */
#ifndef CLASP_JSON_VALUE_JSON_TAG_H
#define CLASP_JSON_VALUE_JSON_TAG_H

#include "json/stand_in.h"
#include "json/value_tree.h"

#define TAG_I64 "$i64"
#define TAG_F64 "$f64"
#define TAG_BYTES "$bytes"

#define EXACT_INTEGERS 9007199254740992.0 /* 2^53: up to here, both ways, every integer is a double */

/* Beside the flags of `how`: strings of the tree hold stand-ins (json/stand_in.h). */
#define STANDS_IN 0x100u

/** clasp_value_to_tree() and clasp_value_from_tree(), with STANDS_IN or without. */
cJSON *value_to_tree(clasp_value value, unsigned how, clasp_err *err);
void value_from_tree(clasp_writer *w, const cJSON *tree, unsigned how);

bool value_is_minus_zero(double number);

/** Text of a number that JSON has none for; NULL for any other. Static. */
const char *value_special_text(double number);
bool value_parse_special(const char *text, double *number);

/** In decimal, somewhere in `room`. */
const char *value_print_integer(int64_t integer, char room[24]);

/** False for what is no integer of 64 bits. */
bool value_parse_integer(const char *text, int64_t *integer);

#endif
