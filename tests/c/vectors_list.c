#include <string.h>

#include "vectors_form.h"

/* ---- members of items ---------------------------------------------------------------------------------------- */

const vector_name VECTOR_SIGNALS[] = {
    {"param", CLASP_SIGNAL_PARAM},     {"event", CLASP_SIGNAL_EVENT},       {"stream", CLASP_SIGNAL_STREAM},
    {"gesture", CLASP_SIGNAL_GESTURE}, {"timeline", CLASP_SIGNAL_TIMELINE}, {NULL, 0},
};

clasp_err vector_code(const vector_name *names, const cJSON *json, uint8_t *out) {
    const char *text = cJSON_GetStringValue(json);
    if (!text) {
        return CLASP_BAD_FIELD;
    }
    while (names->text && strcmp(names->text, text) != 0) {
        names++;
    }
    *out = names->code;
    return names->text ? CLASP_OK : CLASP_BAD_ENUM;
}

/* A text; BAD_FIELD in `w` when it is none. */
static clasp_span text_of(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    const clasp_span text = vector_string(pool, json);
    clasp_write_fail(w, text.at ? CLASP_OK : CLASP_BAD_FIELD);
    return text;
}

/* `at` NULL when it is absent. */
static clasp_span optional_text(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    return json ? text_of(pool, w, json) : (clasp_span){NULL, 0};
}

/* 0 when it is absent. */
static uint64_t optional_u64(clasp_writer *w, const cJSON *json) {
    uint64_t number = 0;
    clasp_write_fail(w, json ? vector_integer(json, UINT64_MAX, &number) : CLASP_OK);
    return number;
}

/* ---- items --------------------------------------------------------------------------------------------------- */

void vector_write_pattern(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    clasp_write_text(w, text_of(pool, w, json));
}

void vector_write_revision(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    clasp_write_revision(w, vector_bytes_of(pool, json->string ? json->string : ""), optional_u64(w, json));
}

void vector_write_sample(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    (void)pool;
    double number = 0;
    clasp_write_fail(w, vector_number(json, &number));
    clasp_write_f64(w, number);
}

void vector_write_member(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    clasp_message member;
    clasp_write_fail(w, vector_message(pool, json, &member));
    if (w->err == CLASP_OK) {
        clasp_write_member(w, &member);
    }
}

void vector_write_param(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    const cJSON *writer = vector_get(json, "writer");
    const cJSON *timestamp = vector_get(json, "timestamp");
    clasp_param param = {.address = text_of(pool, w, vector_get(json, "address")),
                         .revision = optional_u64(w, vector_get(json, "revision")),
                         .timestamp_us = optional_u64(w, timestamp),
                         .writer = optional_text(pool, w, writer),
                         .has_timestamp = timestamp != NULL,
                         .has_writer = writer != NULL};
    clasp_write_fail(w, vector_value(pool, vector_get(json, "value"), &param.value));
    if (w->err == CLASP_OK) {
        clasp_write_param(w, &param);
    }
}

static void set_range(clasp_writer *w, const cJSON *range, clasp_signal_info *info) {
    info->has_range = true;
    clasp_write_fail(w, vector_number(cJSON_GetArrayItem(range, 0), &info->min));
    clasp_write_fail(w, vector_number(cJSON_GetArrayItem(range, 1), &info->max));
}

static void set_meta(vector_pool *pool, clasp_writer *w, const cJSON *meta, clasp_signal_info *info) {
    info->has_meta = true;
    info->unit = optional_text(pool, w, vector_get(meta, "unit"));
    info->description = optional_text(pool, w, vector_get(meta, "description"));
    info->has_default = vector_get(meta, "default") != NULL;
    if (vector_get(meta, "range")) {
        set_range(w, vector_get(meta, "range"), info);
    }
    if (info->has_default) {
        clasp_write_fail(w, vector_value(pool, vector_get(meta, "default"), &info->default_value));
    }
}

static void write_signal(vector_pool *pool, clasp_writer *w, const cJSON *json, bool with_meta) {
    const cJSON *meta = vector_get(json, "meta");
    clasp_signal_info info = {.address = text_of(pool, w, vector_get(json, "address")),
                              .datatype = optional_text(pool, w, vector_get(json, "datatype")),
                              .access = optional_text(pool, w, vector_get(json, "access"))};
    clasp_write_fail(w, vector_code(VECTOR_SIGNALS, vector_get(json, "type"), &info.signal));
    if (meta) {
        set_meta(pool, w, meta, &info);
    }
    if (w->err == CLASP_OK) {
        clasp_write_signal(w, with_meta, &info);
    }
}

void vector_write_declared(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    write_signal(pool, w, json, true);
}

void vector_write_found(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    write_signal(pool, w, json, false);
}
