#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names --------------------------------------------------------------------------------------------------- */

/* Bits or numbers behind names. */
typedef struct name {
    const char *text;
    uint8_t code;
} name;

static const name FEATURES[] = {
    {"param", CLASP_FEATURE_PARAM},
    {"event", CLASP_FEATURE_EVENT},
    {"stream", CLASP_FEATURE_STREAM},
    {"gesture", CLASP_FEATURE_GESTURE},
    {"timeline", CLASP_FEATURE_TIMELINE},
    {"federation", CLASP_FEATURE_FEDERATION},
    {NULL, 0},
};
static const name SIGNALS[] = {
    {"param", 0}, {"event", 1}, {"stream", 2}, {"gesture", 3}, {"timeline", 4}, {NULL, 0},
};
static const name PHASES[] = {{"start", 0}, {"move", 1}, {"end", 2}, {"cancel", 3}, {NULL, 0}};
static const name OPS[] = {
    {"declare-namespaces", 1}, {"request-sync", 2}, {"revision-vector", 3}, {"sync-complete", 4}, {NULL, 0},
};
static const name TYPES[] = {
#define X(name, code, qos) {#name, code},
    CLASP_MESSAGE_LIST(X)
#undef X
        {NULL, 0},
};

static uint8_t code_of(const name *names, const char *text) {
    while (names->text && strcmp(names->text, text) != 0) {
        names++;
    }
    if (!names->text) {
        fprintf(stderr, "vectors: unknown name %s\n", text);
        exit(EXIT_FAILURE);
    }
    return names->code;
}

/* ---- values -------------------------------------------------------------------------------------------------- */

static double special_number(const char *text) {
    return strcmp(text, "-0") == 0 ? -0.0 : strtod(text, NULL); /* strtod knows NaN and Infinity */
}

static void write_f32(clasp_writer *w, float number) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    clasp_write_u32(w, bits);
}

static void write_hex(clasp_writer *w, const char *hex) {
    clasp_span bytes;
    uint8_t *at = vector_hex(hex, &bytes.len);
    bytes.at = at;
    clasp_write_text(w, bytes);
    free(at);
}

/* Data of {"$f64": …} and its like. @return its type; 255 when `json` is none of them */
static uint8_t write_tagged(clasp_writer *w, const cJSON *json) {
    static const name TAGS[] = {{"$i8", CLASP_VALUE_I8},      {"$i16", CLASP_VALUE_I16},
                                {"$i32", CLASP_VALUE_I32},    {"$i64", CLASP_VALUE_I64},
                                {"$f32", CLASP_VALUE_F32},    {"$f64", CLASP_VALUE_F64},
                                {"$bytes", CLASP_VALUE_BYTES}};
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        const char *text = vector_text(json, TAGS[i].text);
        if (!text || cJSON_GetArraySize(json) != 1) {
            continue;
        }
        const uint64_t integer = (uint64_t)strtoll(text, NULL, 10);
        switch (TAGS[i].code) {
        case CLASP_VALUE_I8:
            clasp_write_u8(w, (uint8_t)integer);
            break;
        case CLASP_VALUE_I16:
            clasp_write_u16(w, (uint16_t)integer);
            break;
        case CLASP_VALUE_I32:
            clasp_write_u32(w, (uint32_t)integer);
            break;
        case CLASP_VALUE_I64:
            clasp_write_u64(w, integer);
            break;
        case CLASP_VALUE_F32:
            write_f32(w, (float)special_number(text));
            break;
        case CLASP_VALUE_F64:
            clasp_write_f64(w, special_number(text));
            break;
        default:
            write_hex(w, text);
            break;
        }
        return TAGS[i].code;
    }
    return UINT8_MAX;
}

static void write_json(vector_pool *pool, clasp_writer *w, const cJSON *json);

static uint8_t write_items(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    clasp_write_u16(w, (uint16_t)cJSON_GetArraySize(json));
    for (const cJSON *item = json->child; item; item = item->next) {
        if (cJSON_IsObject(json)) {
            clasp_write_text(w, clasp_span_of(item->string));
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
    if (cJSON_IsString(json) || vector_get(json, "$repeat")) {
        clasp_write_text(w, vector_string(pool, json));
        return CLASP_VALUE_STRING;
    }
    const uint8_t tagged = write_tagged(w, json);
    return tagged != UINT8_MAX ? tagged : write_items(pool, w, json);
}

static void write_json(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    uint8_t *type = clasp_room(w, 1);
    const uint8_t code = write_data(pool, w, json);
    if (type) {
        *type = code;
    }
}

static clasp_err value_of(vector_pool *pool, const cJSON *json, clasp_value *out) {
    clasp_writer w = vector_pool_writer(pool);
    out->type = write_data(pool, &w, json);
    out->data = clasp_written(&w);
    return w.err;
}

/* ---- lists --------------------------------------------------------------------------------------------------- */

static void write_pattern(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    clasp_write_text(w, vector_string(pool, json));
}

static void write_revision(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    (void)pool;
    clasp_write_revision(w, clasp_span_of(json->string), vector_u64_of(json));
}

static void write_sample(vector_pool *pool, clasp_writer *w, const cJSON *json) { write_data(pool, w, json); }

static void write_member(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    clasp_message member;
    const clasp_err err = vector_message(pool, json, &member);
    if (err != CLASP_OK) {
        clasp_write_fail(w, err);
        return;
    }
    clasp_write_member(w, &member);
}

static void write_param(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    clasp_param param = {.address = vector_string(pool, vector_get(json, "address")),
                         .revision = vector_u64(json, "revision"),
                         .timestamp_us = vector_u64(json, "timestamp"),
                         .has_timestamp = vector_get(json, "timestamp") != NULL,
                         .has_writer = vector_get(json, "writer") != NULL};
    if (param.has_writer) {
        param.writer = vector_string(pool, vector_get(json, "writer"));
    }
    clasp_write_fail(w, value_of(pool, vector_get(json, "value"), &param.value));
    clasp_write_param(w, &param);
}

static clasp_span optional_text(vector_pool *pool, const cJSON *json, const char *key) {
    return vector_get(json, key) ? vector_string(pool, vector_get(json, key)) : (clasp_span){NULL, 0};
}

static void write_signal(vector_pool *pool, clasp_writer *w, const cJSON *json, bool with_meta) {
    const cJSON *meta = vector_get(json, "meta");
    clasp_signal_info info = {.address = vector_string(pool, vector_get(json, "address")),
                              .signal = code_of(SIGNALS, vector_text(json, "type")),
                              .datatype = optional_text(pool, json, "datatype"),
                              .access = optional_text(pool, json, "access"),
                              .unit = optional_text(pool, meta, "unit"),
                              .description = optional_text(pool, meta, "description"),
                              .has_meta = meta != NULL,
                              .has_range = vector_get(meta, "range") != NULL,
                              .has_default = vector_get(meta, "default") != NULL};
    if (info.has_range) {
        info.min = cJSON_GetArrayItem(vector_get(meta, "range"), 0)->valuedouble;
        info.max = cJSON_GetArrayItem(vector_get(meta, "range"), 1)->valuedouble;
    }
    if (info.has_default) {
        clasp_write_fail(w, value_of(pool, vector_get(meta, "default"), &info.default_value));
    }
    clasp_write_signal(w, with_meta, &info);
}

static void write_declared(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    write_signal(pool, w, json, true);
}

static void write_found(vector_pool *pool, clasp_writer *w, const cJSON *json) {
    write_signal(pool, w, json, false);
}

typedef void write_item(vector_pool *pool, clasp_writer *w, const cJSON *json);

static clasp_err list_of(vector_pool *pool, const cJSON *json, write_item *write, clasp_list *out) {
    clasp_writer w = vector_pool_writer(pool);
    for (const cJSON *item = json->child; item; item = item->next) {
        write(pool, &w, item);
    }
    *out = (clasp_list){clasp_written(&w), (uint32_t)cJSON_GetArraySize(json)};
    return w.err;
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

typedef enum shape { U8, U16, U32, U64, F64, FLAG, BOOL, TEXT, BITS, CODE, MASK, TTL, VALUE, LIST } shape;

/* One key of the JSON of a message, of one type of message or of all (0). */
typedef struct key {
    uint8_t type;
    shape shape;
    const char *text;
    size_t offset;
    uint32_t has;
    const name *names;
    write_item *write;
} key;

#define AT(member) offsetof(clasp_message, member)
#define HAS(name) CLASP_HAS_##name
#define MSG(name) CLASP_MSG_##name

// clang-format off
static const key KEYS[] = {
    {0,                    U8,    "version",       AT(version),   0, NULL, NULL},
    {0,                    BITS,  "features",      AT(features),  0, FEATURES, NULL},
    {0,                    TEXT,  "name",          AT(name),      0, NULL, NULL},
    {0,                    TEXT,  "token",         AT(token),     0, NULL, NULL},
    {0,                    TEXT,  "session",       AT(session),   0, NULL, NULL},
    {0,                    U64,   "time",          AT(time_us),   0, NULL, NULL},
    {0,                    TEXT,  "namespace",     AT(address),   0, NULL, NULL},
    {0,                    TEXT,  "pattern",       AT(address),   0, NULL, NULL},
    {MSG(ACK),             TEXT,  "address",       AT(address),   HAS(ADDRESS), NULL, NULL},
    {MSG(ERROR),           TEXT,  "address",       AT(address),   HAS(ADDRESS), NULL, NULL},
    {0,                    TEXT,  "address",       AT(address),   0, NULL, NULL},
    {MSG(PUBLISH),         U32,   "id",            AT(id),        HAS(ID), NULL, NULL},
    {0,                    U32,   "id",            AT(id),        0, NULL, NULL},
    {0,                    MASK,  "types",         AT(types),     0, SIGNALS, NULL},
    {0,                    U32,   "maxRate",       AT(rate),      HAS(MAX_RATE), NULL, NULL},
    {0,                    F64,   "epsilon",       AT(epsilon),   HAS(EPSILON), NULL, NULL},
    {0,                    U32,   "history",       AT(history),   HAS(HISTORY), NULL, NULL},
    {0,                    U32,   "window",        AT(window_ms), HAS(WINDOW), NULL, NULL},
    {0,                    CODE,  "signal",        AT(signal),    0, SIGNALS, NULL},
    {0,                    CODE,  "phase",         AT(phase),     0, PHASES, NULL},
    {MSG(PUBLISH),         VALUE, "payload",       AT(value),     HAS(VALUE), NULL, NULL},
    {MSG(PUBLISH),         VALUE, "value",         AT(value),     HAS(VALUE), NULL, NULL}, /* wins over payload */
    {MSG(SET),             VALUE, "value",         AT(value),     0, NULL, NULL},
    {0,                    LIST,  "samples",       AT(list),      HAS(SAMPLES), NULL, write_sample},
    {0,                    U32,   "rate",          AT(rate),      HAS(RATE), NULL, NULL},
    {0,                    U64,   "timestamp",     AT(time_us),   HAS(TIMESTAMP), NULL, NULL},
    {0,                    U64,   "revision",      AT(revision),  HAS(REVISION), NULL, NULL},
    {0,                    FLAG,  "lock",          0,             HAS(LOCK), NULL, NULL},
    {0,                    FLAG,  "unlock",        0,             HAS(UNLOCK), NULL, NULL},
    {0,                    TTL,   "ttl",           AT(ttl),       HAS(TTL), NULL, NULL},
    {0,                    U64,   "from",          AT(time_us),   HAS(FROM), NULL, NULL},
    {0,                    U64,   "to",            AT(t2_us),     HAS(TO), NULL, NULL},
    {0,                    U32,   "limit",         AT(limit),     HAS(LIMIT), NULL, NULL},
    {0,                    U64,   "t1",            AT(time_us),   0, NULL, NULL},
    {0,                    U64,   "t2",            AT(t2_us),     HAS(T2), NULL, NULL},
    {0,                    U64,   "t3",            AT(t3_us),     HAS(T3), NULL, NULL},
    {0,                    BOOL,  "locked",        AT(locked),    HAS(LOCKED), NULL, NULL},
    {0,                    TEXT,  "holder",        AT(session),   HAS(HOLDER), NULL, NULL},
    {0,                    U32,   "correlationId", AT(id),        HAS(CORRELATION_ID), NULL, NULL},
    {0,                    U16,   "code",          AT(code),      0, NULL, NULL},
    {0,                    TEXT,  "message",       AT(name),      0, NULL, NULL},
    {0,                    CODE,  "op",            AT(op),        0, OPS, NULL},
    {0,                    U64,   "sinceRevision", AT(revision),  HAS(SINCE), NULL, NULL},
    {0,                    TEXT,  "origin",        AT(session),   HAS(ORIGIN), NULL, NULL},
    {0,                    LIST,  "patterns",      AT(list),      0, NULL, write_pattern},
    {0,                    LIST,  "revisions",     AT(list2),     0, NULL, write_revision},
    {0,                    LIST,  "params",        AT(list),      0, NULL, write_param},
    {MSG(RESULT),          LIST,  "signals",       AT(list),      0, NULL, write_found},
    {MSG(ANNOUNCE),        LIST,  "signals",       AT(list),      0, NULL, write_declared},
    {0,                    LIST,  "messages",      AT(list),      0, NULL, write_member},
};
// clang-format on

static uint8_t bits_of(const cJSON *json, const name *names) {
    uint8_t bits = 0;
    for (const cJSON *item = json->child; item; item = item->next) {
        bits |= code_of(names, item->valuestring);
    }
    return bits;
}

static uint8_t mask_of(const cJSON *json, const name *names) {
    uint8_t mask = 0;
    for (const cJSON *item = json->child; item; item = item->next) {
        mask |= (uint8_t)(1u << code_of(names, item->valuestring));
    }
    return mask ? mask : CLASP_TYPE_ALL;
}

static uint32_t ttl_of(const cJSON *json) {
    const bool is_absolute = strcmp(vector_text(json, "mode"), "absolute") == 0;
    return (uint32_t)vector_u64(json, "seconds") | (is_absolute ? CLASP_TTL_ABSOLUTE : 0);
}

/* Set the field of one key. */
static clasp_err set_field(vector_pool *pool, const key *k, const cJSON *json, clasp_message *out) {
    void *to = (uint8_t *)out + k->offset;
    if (k->shape == FLAG && !cJSON_IsTrue(json)) {
        return CLASP_OK;
    }
    out->has |= k->has;
    switch (k->shape) {
    case U8:
        *(uint8_t *)to = (uint8_t)vector_u64_of(json);
        break;
    case U16:
        *(uint16_t *)to = (uint16_t)vector_u64_of(json);
        break;
    case U32:
        *(uint32_t *)to = (uint32_t)vector_u64_of(json);
        break;
    case U64:
        *(uint64_t *)to = vector_u64_of(json);
        break;
    case F64:
        *(double *)to = json->valuedouble;
        break;
    case BOOL:
        *(uint8_t *)to = cJSON_IsTrue(json) ? 1 : 0;
        break;
    case TEXT:
        *(clasp_span *)to = vector_string(pool, json);
        break;
    case BITS:
        *(uint8_t *)to = bits_of(json, k->names);
        break;
    case CODE:
        *(uint8_t *)to = code_of(k->names, json->valuestring);
        break;
    case MASK:
        *(uint8_t *)to = mask_of(json, k->names);
        break;
    case TTL:
        *(uint32_t *)to = ttl_of(json);
        break;
    case VALUE:
        return value_of(pool, json, to);
    case LIST:
        return list_of(pool, json, k->write, to);
    case FLAG:
        break;
    }
    return CLASP_OK;
}

/* What the wire says where JSON says nothing. */
static void set_defaults(clasp_message *out) {
    if (out->type == CLASP_MSG_PUBLISH) {
        out->signal = CLASP_SIGNAL_EVENT;
    }
    if (out->type == CLASP_MSG_SUBSCRIBE || out->type == CLASP_MSG_REPLAY) {
        out->types = CLASP_TYPE_ALL;
    }
}

clasp_err vector_message(vector_pool *pool, const cJSON *json, clasp_message *out) {
    memset(out, 0, sizeof *out);
    out->type = code_of(TYPES, vector_text(json, "type"));
    set_defaults(out);
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        const cJSON *item = vector_get(json, KEYS[i].text);
        item = item ? item : vector_get(vector_get(json, "options"), KEYS[i].text);
        if (!item || (KEYS[i].type != 0 && KEYS[i].type != out->type)) {
            continue;
        }
        const clasp_err err = set_field(pool, &KEYS[i], item, out);
        if (err != CLASP_OK) {
            return err;
        }
    }
    return CLASP_OK;
}
