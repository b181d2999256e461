#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vectors_form.h"

/* ---- numbers ------------------------------------------------------------------------------------------------- */

static clasp_err float_of(const char *text, double *out) {
    char *end;
    *out = strtod(text, &end); /* which knows NaN, Infinity and -0 */
    return *text && !*end ? CLASP_OK : CLASP_BAD_FIELD;
}

static clasp_err signed_of(const char *text, unsigned bits, int64_t *out) {
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (!*text || *end) {
        return CLASP_BAD_FIELD;
    }
    const int64_t max = INT64_MAX >> (64 - bits);
    return errno == 0 && *out <= max && *out >= -max - 1 ? CLASP_OK : CLASP_OUT_OF_RANGE;
}

clasp_err vector_number(const cJSON *json, double *out) {
    if (cJSON_IsNumber(json)) {
        *out = json->valuedouble;
        return CLASP_OK;
    }
    const char *text = vector_text(json, "$f64");
    text = text ? text : vector_text(json, "$f32");
    return text ? float_of(text, out) : CLASP_BAD_FIELD;
}

/* ---- tagged values ------------------------------------------------------------------------------------------- */

typedef void write_tag(vector_pool *pool, clasp_writer *w, const cJSON *json);

static void write_signed(clasp_writer *w, const cJSON *json, unsigned bits) {
    int64_t number = 0;
    clasp_write_fail(w, signed_of(json->valuestring, bits, &number));
    uint8_t *to = clasp_room(w, bits / 8);
    for (unsigned shift = bits; to && shift > 0;) {
        shift -= 8;
        *to++ = (uint8_t)((uint64_t)number >> shift);
    }
}

static void write_i8(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    (void)pool;
    write_signed(w, json, 8);
}

static void write_i16(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    (void)pool;
    write_signed(w, json, 16);
}

static void write_i32(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    (void)pool;
    write_signed(w, json, 32);
}

static void write_i64(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    (void)pool;
    write_signed(w, json, 64);
}

static void write_f32(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    (void)pool;
    double number = 0;
    clasp_write_fail(w, float_of(json->valuestring, &number));
    const float narrow = (float)number;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    clasp_write_u32(w, bits);
}

static void write_f64(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    (void)pool;
    double number = 0;
    clasp_write_fail(w, float_of(json->valuestring, &number));
    clasp_write_f64(w, number);
}

static void write_hex(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    const clasp_span text = vector_string(pool, json);
    clasp_writer terminated = vector_pool_room(pool, text.len + 1u);
    clasp_write_bytes(&terminated, text);
    clasp_write_u8(&terminated, 0);
    clasp_span bytes;
    uint8_t *at = vector_hex((const char *)terminated.start, &bytes.len);
    bytes.at = at;
    clasp_write_fail(w, at ? CLASP_OK : CLASP_BAD_FIELD);
    clasp_write_text(w, bytes);
    free(at);
}

static const struct tag {
    const char *key;
    uint8_t type;
    write_tag *write;
} TAGS[] = {{"$i8", CLASP_VALUE_I8, write_i8},       {"$i16", CLASP_VALUE_I16, write_i16},
            {"$i32", CLASP_VALUE_I32, write_i32},    {"$i64", CLASP_VALUE_I64, write_i64},
            {"$f32", CLASP_VALUE_F32, write_f32},    {"$f64", CLASP_VALUE_F64, write_f64},
            {"$bytes", CLASP_VALUE_BYTES, write_hex}};

/* The tag of {"$f64": …} and its like; NULL when `json` is none of them: bytes may be a repeated text, others are texts. */
static const struct tag *tag_of(const cJSON *json) {
    for (size_t i = 0; cJSON_GetArraySize(json) == 1 && i < sizeof TAGS / sizeof *TAGS; i++) {
        const cJSON *content = vector_get(json, TAGS[i].key);
        if (cJSON_IsString(content) ||
            (TAGS[i].type == CLASP_VALUE_BYTES && vector_get(content, "$repeat"))) {
            return &TAGS[i];
        }
    }
    return NULL;
}

/* ---- values -------------------------------------------------------------------------------------------------- */

static void write_json(vector_pool *pool, clasp_writer *w, const cJSON *json);

static uint8_t write_items(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    const int count = cJSON_GetArraySize(json);
    clasp_write_fail(w, count > UINT16_MAX ? CLASP_TOO_LARGE : CLASP_OK);
    clasp_write_u16(w, (uint16_t)count);
    for (const cJSON *item = json->child; item; item = item->next) {
        if (cJSON_IsObject(json)) {
            clasp_write_text(w, vector_bytes_of(pool, item->string));
        }
        write_json(pool, w, item);
    }
    return cJSON_IsObject(json) ? CLASP_VALUE_MAP : CLASP_VALUE_ARRAY;
}

/* Write the value data of JSON. @return the value's type */
static uint8_t write_data(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    if (cJSON_IsNull(json)) {
        return CLASP_VALUE_NULL;
    }
    if (cJSON_IsBool(json)) {
        clasp_write_u8(w, cJSON_IsTrue(json) ? 1 : 0);
        return CLASP_VALUE_BOOL;
    }
    if (cJSON_IsNumber(json)) {
        clasp_write_f64(w, json->valuedouble);
        return CLASP_VALUE_F64;
    }
    const clasp_span text = vector_string(pool, json);
    if (text.at) {
        clasp_write_text(w, text);
        return CLASP_VALUE_STRING;
    }
    const struct tag *tag = tag_of(json);
    if (tag) {
        tag->write(pool, w, json->child);
        return tag->type;
    }
    return write_items(pool, w, json);
}

static void write_json(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    uint8_t *type = clasp_room(w, 1);
    const uint8_t code = write_data(pool, w, json);
    if (type) {
        *type = code;
    }
}

clasp_err vector_value(vector_pool *pool, const cJSON *json, clasp_value *out) {
    if (!json) {
        return CLASP_BAD_FIELD;
    }
    clasp_writer w = vector_pool_writer(pool);
    out->type = write_data(pool, &w, json);
    out->data = clasp_written(&w);
    return w.err;
}
