#include <math.h>

#include "base/limits.h"
#include "json/value_json_tag.h"

/* ---- trees --------------------------------------------------------------------------------------------------- */

static void write_string(clasp_writer *w, const char *text, unsigned how) {
    uint8_t *length = clasp_room(w, 2);
    if (how & STANDS_IN) {
        json_write_shown(w, text);
    } else {
        clasp_write_bytes(w, clasp_span_of(text));
    }
    if (w->err != CLASP_OK) {
        return;
    }
    const clasp_span written = {length + 2, (uint32_t)(w->at - length) - 2};
    if (written.len > UINT16_MAX) {
        clasp_write_fail(w, CLASP_TOO_LARGE);
    } else if (!clasp_utf8_check(written)) {
        clasp_write_fail(w, CLASP_BAD_UTF8);
    }
    clasp_store_u16(length, (uint16_t)written.len);
}

static uint8_t write_number(clasp_writer *w, double number, unsigned how) {
    const bool is_whole =
        fabs(number) <= EXACT_INTEGERS && (double)(int64_t)number == number && !value_is_minus_zero(number);
    if (!isfinite(number)) {
        clasp_write_fail(w, CLASP_BAD_JSON);
    }
    if (how & CLASP_JSON_INTEGERS && is_whole) {
        clasp_write_u64(w, (uint64_t)(int64_t)number);
        return CLASP_VALUE_I64;
    }
    clasp_write_f64(w, number);
    return CLASP_VALUE_F64;
}

/* 16 for what is no digit. */
static unsigned nibble(char c) {
    const char letter = (char)(c | 0x20);
    return c >= '0' && c <= '9'             ? (unsigned)(c - '0')
           : letter >= 'a' && letter <= 'f' ? (unsigned)(letter - 'a' + 10)
                                            : 16;
}

static bool write_hex(clasp_writer *w, const char *hex) {
    const size_t len = strlen(hex);
    if (len / 2 > UINT16_MAX) {
        clasp_write_fail(w, CLASP_TOO_LARGE);
    }
    clasp_write_u16(w, (uint16_t)(len / 2));
    for (; *hex; hex += 2) {
        const unsigned high = nibble(hex[0]);
        const unsigned low = nibble(hex[1]); /* the terminator is no digit */
        if (high > 15 || low > 15) {
            return false;
        }
        clasp_write_u8(w, (uint8_t)(high << 4 | low));
    }
    return true;
}

/* The data of {"$i64": text} and its like. False when the text is none; `type` stays as it is when there is no such tag. */
static bool write_tagged(clasp_writer *w, const char *tag, const char *text, uint8_t *type) {
    int64_t integer = 0;
    double number;
    if (strcmp(tag, TAG_I64) == 0) {
        *type = CLASP_VALUE_I64;
        const bool is_integer = text && value_parse_integer(text, &integer);
        clasp_write_u64(w, (uint64_t)integer);
        return is_integer;
    }
    if (strcmp(tag, TAG_F64) == 0) {
        *type = CLASP_VALUE_F64;
        const bool is_special = text && value_parse_special(text, &number);
        clasp_write_f64(w, is_special ? number : 0);
        return is_special;
    }
    if (strcmp(tag, TAG_BYTES) == 0) {
        *type = CLASP_VALUE_BYTES;
        return text && write_hex(w, text);
    }
    return true;
}

static void write_item(clasp_writer *w, const cJSON *item, unsigned how, unsigned depth);

/* The items of an array or object with their count. */
static void write_items(clasp_writer *w, const cJSON *parent, unsigned how, unsigned depth) {
    const int items = cJSON_GetArraySize(parent);
    const cJSON *item;
    if (depth == CLASP_JSON_DEPTH || items > UINT16_MAX) {
        clasp_write_fail(w, depth == CLASP_JSON_DEPTH ? CLASP_TOO_DEEP : CLASP_TOO_LARGE);
        return;
    }
    clasp_write_u16(w, (uint16_t)items);
    cJSON_ArrayForEach(item, parent) {
        if (cJSON_IsObject(parent)) {
            const bool is_escaped = items == 1 && strncmp(item->string, "$$", 2) == 0;
            write_string(w, item->string + is_escaped, how);
        }
        write_item(w, item, how, depth + 1);
        if (w->err != CLASP_OK) {
            return;
        }
    }
}

static uint8_t write_object(clasp_writer *w, const cJSON *object, unsigned how, unsigned depth) {
    const cJSON *only = object->child;
    uint8_t type = CLASP_VALUE_MAP;
    if (only && !only->next && !write_tagged(w, only->string, cJSON_GetStringValue(only), &type)) {
        clasp_write_fail(w, CLASP_BAD_JSON);
    }
    if (type == CLASP_VALUE_MAP) {
        write_items(w, object, how, depth);
    }
    return type;
}

/* The data of an item inside `depth` arrays and objects. @return its type */
static uint8_t write_data(clasp_writer *w, const cJSON *item, unsigned how, unsigned depth) {
    if (cJSON_IsNumber(item)) {
        return write_number(w, item->valuedouble, how);
    }
    if (cJSON_IsString(item)) {
        write_string(w, item->valuestring, how);
        return CLASP_VALUE_STRING;
    }
    if (cJSON_IsBool(item)) {
        clasp_write_u8(w, cJSON_IsTrue(item) != 0);
        return CLASP_VALUE_BOOL;
    }
    if (cJSON_IsArray(item)) {
        write_items(w, item, how, depth);
        return CLASP_VALUE_ARRAY;
    }
    if (cJSON_IsObject(item)) {
        return write_object(w, item, how, depth);
    }
    if (!cJSON_IsNull(item)) {
        clasp_write_fail(w, CLASP_BAD_JSON);
    }
    return CLASP_VALUE_NULL;
}

/* By recursion, at most CLASP_JSON_DEPTH deep. */
static void write_item(clasp_writer *w, const cJSON *item, unsigned how, unsigned depth) {
    uint8_t *type = clasp_room(w, 1);
    const uint8_t code = write_data(w, item, how, depth);
    if (type) {
        *type = code;
    }
}

void value_from_tree(clasp_writer *w, const cJSON *tree, unsigned how) {
    uint8_t *start = w->at;
    write_item(w, tree, how, 0);
    w->at = w->err == CLASP_OK ? w->at : start;
}

void clasp_value_from_tree(clasp_writer *w, const cJSON *tree, unsigned how) {
    value_from_tree(w, tree, how & CLASP_JSON_INTEGERS);
}

/* ---- text ---------------------------------------------------------------------------------------------------- */

void clasp_value_from_json(clasp_writer *w, clasp_span text, unsigned how) {
    clasp_err err;
    cJSON *tree = json_parse_hidden(text, CLASP_JSON_MAX_LEN, &err);
    if (tree) {
        value_from_tree(w, tree, (how & CLASP_JSON_INTEGERS) | STANDS_IN);
    }
    clasp_write_fail(w, err);
    cJSON_Delete(tree);
}
