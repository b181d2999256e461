/**
 * CLASP values as cJSON trees and back, to be part of a larger document: what json/value_json.h says of text holds of them.
 */
#ifndef CLASP_JSON_VALUE_TREE_H
#define CLASP_JSON_VALUE_TREE_H

#include "json/json.h"
#include "json/value_json.h"

/**
 * Make a tree. Strings of trees end at U+0000: one that holds it is BAD_JSON here.
 *
 * @return given: cJSON_Delete(). NULL when refused, with `err` set; else CLASP_OK
 */
cJSON *clasp_value_to_tree(clasp_value value, unsigned how, clasp_err *err);

/** @param tree borrowed. One that was made by hand is checked, too: ill-formed UTF-8, depth */
void clasp_value_from_tree(clasp_writer *w, const cJSON *tree, unsigned how);

#endif
