#include "json/exact.h"

#include <math.h>

#include "json/stand_in.h"

/* ---- the digits of numbers ----------------------------------------------------------------------------------- */

static bool begins_number(uint8_t c) { return c == '-' || (c >= '0' && c <= '9'); }

static bool is_in_number(uint8_t c) { return begins_number(c) || c == '+' || c == '.' || (c | 0x20) == 'e'; }

/* Step over a string whose first quote was read. */
static void skip_string(clasp_reader *r) {
    for (uint8_t c = 0; c != '"' && clasp_left(r) > 0;) {
        c = clasp_read_u8(r);
        if (c == '\\') {
            clasp_read_u8(r);
        }
    }
}

/* The next number of a text that was checked; empty when there is none. */
static clasp_span next_number(clasp_reader *r) {
    while (clasp_left(r) > 0 && !begins_number(*r->at)) {
        if (clasp_read_u8(r) == '"') {
            skip_string(r);
        }
    }
    const uint8_t *start = r->at;
    while (clasp_left(r) > 0 && is_in_number(*r->at)) {
        r->at++;
    }
    return (clasp_span){start, (uint32_t)(r->at - start)};
}

static bool prints_as(double number, clasp_span text) {
    char printed[32];
    if (!isfinite(number)) {
        return false;
    }
    const uint32_t len = clasp_number_print(number == 0 ? 0 : number, printed); /* cJSON prints -0 as 0 */
    return clasp_span_equal((clasp_span){(const uint8_t *)printed, len}, text);
}

/* @return false: no memory */
static bool keep_number(cJSON *item, clasp_span text) {
    if (!text.at || prints_as(item->valuedouble, text)) {
        return true;
    }
    char *copy = cJSON_malloc((size_t)text.len + 1); /* cJSON_Delete() frees it */
    if (!copy) {
        return false;
    }
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    item->valuestring = copy;
    item->type = (item->type & ~0xFF) | cJSON_Raw;
    return true;
}

/* The numbers of a tree are those of its text, in the same order. By recursion, at most CLASP_JSON_DEPTH deep.
 * @return false: no memory */
static bool keep_digits(cJSON *item, clasp_reader *r) {
    if (cJSON_IsNumber(item)) {
        return keep_number(item, next_number(r));
    }
    for (cJSON *child = item->child; child; child = child->next) {
        if (!keep_digits(child, r)) {
            return false;
        }
    }
    return true;
}

/* ---- documents ----------------------------------------------------------------------------------------------- */

cJSON *clasp_json_parse_exact(clasp_span text, uint32_t max_len, clasp_err *err) {
    cJSON *tree = json_parse_hidden(text, max_len, err);
    clasp_reader r = clasp_reader_of(text);
    if (tree && !keep_digits(tree, &r)) {
        *err = CLASP_NO_MEMORY;
        cJSON_Delete(tree);
        tree = NULL;
    }
    return tree;
}

void clasp_json_write_exact(clasp_writer *w, const cJSON *item) {
    uint8_t *start = w->at;
    clasp_json_write(w, item);
    w->at = w->err == CLASP_OK ? json_show(start, w->at) : start;
}

void clasp_json_exact_text(clasp_writer *w, const cJSON *string) { json_write_shown(w, string->valuestring); }
