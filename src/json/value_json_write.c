#include <stdlib.h>

#include "base/limits.h"
#include "json/value_json_tag.h"

/* ---- trees --------------------------------------------------------------------------------------------------- */

typedef struct builder {
    unsigned how;
    uint32_t nodes;
    clasp_err err; /* the first */
} builder;

/* Take back a tree that is not finished. */
static cJSON *refuse(builder *b, cJSON *item, clasp_err err) {
    cJSON_Delete(item);
    b->err = b->err == CLASP_OK ? err : b->err;
    return NULL;
}

/* Count `nodes` that `item` adds. */
static cJSON *count(builder *b, cJSON *item, uint32_t nodes) {
    b->nodes += nodes;
    if (!item || b->nodes > CLASP_JSON_NODES) {
        return refuse(b, item, item ? CLASP_TOO_LARGE : CLASP_NO_MEMORY);
    }
    return item;
}

/* A text as a C string, with stand-ins if the tree has them; behind one more "$" if it is to be told from a tag. Given:
 * free(). */
static char *c_string(builder *b, clasp_span text, bool seems_tag) {
    char *copy = malloc(2 * (size_t)text.len + 2);
    if (!copy) {
        refuse(b, NULL, CLASP_NO_MEMORY);
        return NULL;
    }
    char *out = copy;
    if (seems_tag) {
        *out++ = '$';
    }
    for (uint32_t i = 0; i < text.len; i++) {
        const char c = (char)text.at[i];
        if (b->how & STANDS_IN && (c == '\0' || c == STAND_IN)) {
            *out++ = STAND_IN;
            *out++ = c == '\0' ? '0' : '1';
        } else if (c == '\0') {
            refuse(b, NULL, CLASP_BAD_JSON);
            free(copy);
            return NULL;
        } else {
            *out++ = c;
        }
    }
    *out = '\0';
    return copy;
}

static cJSON *string_tree(builder *b, clasp_span text) {
    char *copy = c_string(b, text, false);
    if (!copy) {
        return NULL;
    }
    cJSON *item = count(b, cJSON_CreateString(copy), 1);
    free(copy);
    return item;
}

/* {tag: text}, inside `depth` arrays and objects. */
static cJSON *tagged_tree(builder *b, const char *tag, const char *text, unsigned depth) {
    if (depth == CLASP_JSON_DEPTH) {
        return refuse(b, NULL, CLASP_TOO_DEEP);
    }
    cJSON *object = count(b, cJSON_CreateObject(), 2);
    return object && !cJSON_AddStringToObject(object, tag, text) ? refuse(b, object, CLASP_NO_MEMORY)
                                                                 : object;
}

static cJSON *real_tree(builder *b, double number, unsigned depth) {
    const char *special = value_special_text(number);
    return special ? tagged_tree(b, TAG_F64, special, depth) : count(b, cJSON_CreateNumber(number), 1);
}

static cJSON *integer_tree(builder *b, clasp_value value, unsigned depth) {
    double number;
    clasp_value_number(value, &number);
    const int64_t integer =
        value.type == CLASP_VALUE_I64 ? (int64_t)clasp_load_u64(value.data.at) : (int64_t)number;
    const bool is_exact = integer <= (int64_t)EXACT_INTEGERS && integer >= -(int64_t)EXACT_INTEGERS;
    if (is_exact && !(b->how & CLASP_JSON_TYPED)) {
        return count(b, cJSON_CreateNumber(number), 1);
    }
    char room[24];
    return tagged_tree(b, TAG_I64, value_print_integer(integer, room), depth);
}

static void print_hex(clasp_span bytes, char *out) {
    static const char DIGITS[] = "0123456789abcdef";
    for (uint32_t i = 0; i < bytes.len; i++) {
        *out++ = DIGITS[bytes.at[i] >> 4];
        *out++ = DIGITS[bytes.at[i] & 0xF];
    }
    *out = '\0';
}

static cJSON *bytes_tree(builder *b, clasp_value value, unsigned depth) {
    const clasp_span bytes = {value.data.at + 2, value.data.len - 2};
    char *hex = malloc(2 * (size_t)bytes.len + 1);
    if (!hex) {
        return refuse(b, NULL, CLASP_NO_MEMORY);
    }
    print_hex(bytes, hex);
    cJSON *item = tagged_tree(b, TAG_BYTES, hex, depth);
    free(hex);
    return item;
}

static cJSON *tree_of(builder *b, clasp_value value, unsigned depth);

/* Append the next item; false when it was refused. */
static bool add_item(builder *b, cJSON *array, clasp_reader *r, unsigned depth) {
    cJSON *item = tree_of(b, clasp_value_next(r), depth);
    return item && cJSON_AddItemToArray(array, item);
}

/* Append the next entry, the only one or not; false when it was refused. */
static bool add_entry(builder *b, cJSON *object, clasp_reader *r, unsigned depth, bool is_only) {
    clasp_value value;
    const clasp_span key = clasp_value_next_entry(r, &value);
    const bool seems_tag = is_only && key.len > 0 && key.at[0] == '$';
    char *name = c_string(b, key, seems_tag);
    cJSON *item = name ? tree_of(b, value, depth) : NULL;
    const bool is_added = item && cJSON_AddItemToObject(object, name, item);
    if (item && !is_added) {
        refuse(b, item, CLASP_NO_MEMORY);
    }
    free(name);
    return is_added;
}

static cJSON *container_tree(builder *b, clasp_value value, unsigned depth) {
    const bool is_map = value.type == CLASP_VALUE_MAP;
    const uint32_t items = clasp_value_count(value);
    if (depth == CLASP_JSON_DEPTH) {
        return refuse(b, NULL, CLASP_TOO_DEEP);
    }
    cJSON *container = count(b, is_map ? cJSON_CreateObject() : cJSON_CreateArray(), 1);
    clasp_reader r = clasp_value_items(value);
    for (uint32_t left = items; container && left > 0; left--) {
        if (!(is_map ? add_entry(b, container, &r, depth + 1, items == 1)
                     : add_item(b, container, &r, depth + 1))) {
            container = refuse(b, container, CLASP_NO_MEMORY);
        }
    }
    return container;
}

/* The tree of a value inside `depth` arrays and objects; NULL with an error. By recursion, at most CLASP_JSON_DEPTH deep. */
static cJSON *tree_of(builder *b, clasp_value value, unsigned depth) {
    double number;
    switch (value.type) {
    case CLASP_VALUE_NULL:
        return count(b, cJSON_CreateNull(), 1);
    case CLASP_VALUE_BOOL:
        return count(b, cJSON_CreateBool(value.data.at[0] != 0), 1);
    case CLASP_VALUE_F32:
    case CLASP_VALUE_F64:
        clasp_value_number(value, &number);
        return real_tree(b, number, depth);
    case CLASP_VALUE_STRING:
        return string_tree(b, clasp_value_text(value));
    case CLASP_VALUE_BYTES:
        return bytes_tree(b, value, depth);
    case CLASP_VALUE_ARRAY:
    case CLASP_VALUE_MAP:
        return container_tree(b, value, depth);
    default:
        return integer_tree(b, value, depth);
    }
}

cJSON *value_to_tree(clasp_value value, unsigned how, clasp_err *err) {
    builder b = {how, 0, CLASP_OK};
    cJSON *tree = tree_of(&b, value, 0);
    *err = b.err;
    return tree;
}

cJSON *clasp_value_to_tree(clasp_value value, unsigned how, clasp_err *err) {
    return value_to_tree(value, how & CLASP_JSON_TYPED, err);
}

/* ---- text ---------------------------------------------------------------------------------------------------- */

void clasp_value_to_json(clasp_writer *w, clasp_value value, unsigned how) {
    clasp_err err;
    uint8_t *start = w->at;
    cJSON *tree = value_to_tree(value, (how & CLASP_JSON_TYPED) | STANDS_IN, &err);
    clasp_write_fail(w, err);
    clasp_json_write(w, tree); /* nothing after an error */
    cJSON_Delete(tree);
    if ((size_t)(w->at - start) > CLASP_JSON_MAX_LEN) {
        clasp_write_fail(w, CLASP_TOO_LARGE);
    }
    w->at = w->err == CLASP_OK ? json_show(start, w->at) : start;
}
