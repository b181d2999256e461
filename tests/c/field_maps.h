/** Maps of fields made of JSON: for the tests of wire/fields.h. */
#ifndef CLASP_TESTS_FIELD_MAPS_H
#define CLASP_TESTS_FIELD_MAPS_H

#include "check.h"
#include "vectors.h"
#include "wire/fields.h"

/** Vectors write a u64 above 2^53 as decimal text. */
static inline bool is_u64(const char *key) {
    static const char *const KEYS[] = {"time", "revision", "sinceRevision", "from", "to", "t1", "t2", "t3"};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        if (strcmp(KEYS[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/** Turn them into 8 bytes. */
static inline void spell_u64s(cJSON *json) {
    for (cJSON *item = json->child; item;) {
        cJSON *next = item->next;
        if (cJSON_IsString(item) && *item->valuestring && is_u64(item->string)) {
            char hex[17];
            char key[16];
            snprintf(hex, sizeof hex, "%016llx", (unsigned long long)vector_u64_of(item));
            snprintf(key, sizeof key, "%s", item->string);
            cJSON *bytes = cJSON_CreateObject();
            cJSON_AddStringToObject(bytes, "$bytes", hex);
            cJSON_ReplaceItemInObjectCaseSensitive(json, key, bytes);
        }
        item = next;
    }
}

/** The map that JSON tells of; its data lies in `pool`. */
static inline clasp_err map_of(vector_pool *pool, const cJSON *json, clasp_value *out) {
    cJSON *copy = cJSON_Duplicate(json, true);
    spell_u64s(copy);
    const clasp_err err = vector_value(pool, copy, out);
    cJSON_Delete(copy);
    return err;
}

/** The message of a map, its lists in memory that the next call uses again. */
static inline clasp_err message_of(clasp_value map, clasp_message *out) {
    static uint8_t lists[3 * CLASP_FRAME_PAYLOAD_MAX];
    clasp_writer w = clasp_writer_of(lists, sizeof lists);
    return clasp_message_of_fields(map, &w, out);
}

/** True if a value is well-formed and no deeper than the bound. */
static inline bool is_checked(clasp_value value) {
    clasp_reader r = clasp_reader_of(value.data);
    clasp_read_value_data(&r, value.type);
    return r.err == CLASP_OK && r.at == r.end;
}

/** What comes of the map that JSON tells of. */
static inline clasp_err err_of_json(const cJSON *json) {
    vector_pool pool = {NULL};
    clasp_value map;
    clasp_message message;
    CHECK_EQ(map_of(&pool, json, &map), CLASP_OK);
    const clasp_err err = message_of(map, &message);
    vector_pool_free(&pool);
    return err;
}

/** JSON written with ' for ". @return given: cJSON_Delete() */
static inline cJSON *json_of_text(const char *text) {
    char quoted[512];
    size_t len = 0;
    for (; text[len] && len + 1 < sizeof quoted; len++) {
        quoted[len] = (char)(text[len] == '\'' ? '"' : text[len]);
    }
    quoted[len] = '\0';
    cJSON *json = cJSON_Parse(quoted);
    CHECK(json != NULL);
    return json;
}

/** What comes of the map that such JSON tells of. */
static inline clasp_err err_of_text(const char *text) {
    cJSON *json = json_of_text(text);
    const clasp_err err = json ? err_of_json(json) : CLASP_BAD_JSON;
    cJSON_Delete(json);
    return err;
}

#endif
