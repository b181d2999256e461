#include <string.h>

#include "vectors_form.h"

/* ---- names --------------------------------------------------------------------------------------------------- */

static const vector_name FEATURES[] = {
    {"param", CLASP_FEATURE_PARAM},
    {"event", CLASP_FEATURE_EVENT},
    {"stream", CLASP_FEATURE_STREAM},
    {"gesture", CLASP_FEATURE_GESTURE},
    {"timeline", CLASP_FEATURE_TIMELINE},
    {"federation", CLASP_FEATURE_FEDERATION},
    {NULL, 0},
};
static const vector_name PHASES[] = {{"start", 0}, {"move", 1}, {"end", 2}, {"cancel", 3}, {NULL, 0}};
static const vector_name OPS[] = {
    {"declare-namespaces", 1}, {"request-sync", 2}, {"revision-vector", 3}, {"sync-complete", 4}, {NULL, 0},
};
static const vector_name TYPES[] = {
#define X(name, code, qos) {#name, code},
    CLASP_MESSAGE_LIST(X)
#undef X
        {NULL, 0},
};
static const vector_name TTL_MODES[] = {{"never", 0}, {"sliding", 1}, {"absolute", 2}, {NULL, 0}};

/* ---- keys ---------------------------------------------------------------------------------------------------- */

typedef enum shape { U8, U16, U32, U64, F64, FLAG, BOOL, TEXT, BITS, CODE, MASK, TTL, VALUE, LIST } shape;

/* One key of the JSON of a message, of one type of message or of all (0). */
typedef struct key {
    uint8_t type;
    shape shape;
    const char *text;
    size_t offset;
    uint32_t has;
    const vector_name *names;
    vector_item *write;
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
    {0,                    MASK,  "types",         AT(types),     0, VECTOR_SIGNALS, NULL},
    {0,                    U32,   "maxRate",       AT(rate),      HAS(MAX_RATE), NULL, NULL},
    {0,                    F64,   "epsilon",       AT(epsilon),   HAS(EPSILON), NULL, NULL},
    {0,                    U32,   "history",       AT(history),   HAS(HISTORY), NULL, NULL},
    {0,                    U32,   "window",        AT(window_ms), HAS(WINDOW), NULL, NULL},
    {0,                    CODE,  "signal",        AT(signal),    0, VECTOR_SIGNALS, NULL},
    {0,                    CODE,  "phase",         AT(phase),     0, PHASES, NULL},
    {MSG(PUBLISH),         VALUE, "payload",       AT(value),     HAS(VALUE), NULL, NULL},
    {MSG(PUBLISH),         VALUE, "value",         AT(value),     HAS(VALUE), NULL, NULL}, /* wins over payload */
    {MSG(SET),             VALUE, "value",         AT(value),     0, NULL, NULL},
    {0,                    LIST,  "samples",       AT(list),      HAS(SAMPLES), NULL, vector_write_sample},
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
    {0,                    LIST,  "patterns",      AT(list),      0, NULL, vector_write_pattern},
    {0,                    LIST,  "revisions",     AT(list2),     0, NULL, vector_write_revision},
    {0,                    LIST,  "params",        AT(list),      0, NULL, vector_write_param},
    {MSG(RESULT),          LIST,  "signals",       AT(list),      0, NULL, vector_write_found},
    {MSG(ANNOUNCE),        LIST,  "signals",       AT(list),      0, NULL, vector_write_declared},
    {0,                    LIST,  "messages",      AT(list),      0, NULL, vector_write_member},
};
// clang-format on

/* ---- fields -------------------------------------------------------------------------------------------------- */

/* The bits behind an array of names; `as_mask`: of the numbers behind them. */
static clasp_err bits_of(const vector_name *names, const cJSON *json, bool as_mask, uint8_t *out) {
    clasp_err err = cJSON_IsArray(json) ? CLASP_OK : CLASP_BAD_FIELD;
    *out = 0;
    for (const cJSON *item = json->child; item && err == CLASP_OK; item = item->next) {
        uint8_t code = 0;
        err = vector_code(names, item, &code);
        *out |= as_mask ? (uint8_t)(1u << code) : code;
    }
    return err;
}

static clasp_err mask_of(const vector_name *names, const cJSON *json, uint8_t *out) {
    const clasp_err err = bits_of(names, json, true, out);
    *out = *out ? *out : CLASP_TYPE_ALL;
    return err;
}

static clasp_err ttl_of(const cJSON *json, uint32_t *out) {
    uint8_t mode;
    uint64_t seconds = 0;
    clasp_err err = vector_code(TTL_MODES, vector_get(json, "mode"), &mode);
    if (err == CLASP_OK && mode > 0) {
        err = vector_integer(vector_get(json, "seconds"), CLASP_TTL_SECONDS, &seconds);
        *out = (uint32_t)seconds | (mode == 2 ? CLASP_TTL_ABSOLUTE : 0);
    }
    return err;
}

static clasp_err unsigned_of(const key *k, const cJSON *json, void *to) {
    static const uint64_t MOST[] = {
        [U8] = UINT8_MAX, [U16] = UINT16_MAX, [U32] = UINT32_MAX, [U64] = UINT64_MAX};
    uint64_t number;
    const clasp_err err = vector_integer(json, MOST[k->shape], &number);
    if (err != CLASP_OK) {
        return err;
    }
    switch (k->shape) {
    case U8:
        *(uint8_t *)to = (uint8_t)number;
        break;
    case U16:
        *(uint16_t *)to = (uint16_t)number;
        break;
    case U32:
        *(uint32_t *)to = (uint32_t)number;
        break;
    default:
        *(uint64_t *)to = number;
        break;
    }
    return CLASP_OK;
}

static clasp_err bool_of(const cJSON *json, uint8_t *out) {
    *out = cJSON_IsTrue(json) ? 1 : 0;
    return cJSON_IsBool(json) ? CLASP_OK : CLASP_BAD_FIELD;
}

static clasp_err text_of(vector_pool *pool, const cJSON *json, clasp_span *out) {
    *out = vector_string(pool, json);
    return out->at ? CLASP_OK : CLASP_BAD_FIELD;
}

static clasp_err list_of(vector_pool *pool, const cJSON *json, vector_item *write, clasp_list *out) {
    const bool is_map = write == vector_write_revision;
    if (is_map ? !cJSON_IsObject(json) : !cJSON_IsArray(json)) {
        return CLASP_BAD_FIELD;
    }
    clasp_writer w = vector_pool_writer(pool);
    for (const cJSON *item = json->child; item; item = item->next) {
        write(pool, &w, item);
    }
    *out = (clasp_list){clasp_written(&w), (uint32_t)cJSON_GetArraySize(json)};
    return w.err;
}

/* Set the field of one key. */
static clasp_err set_field(vector_pool *pool, const key *k, const cJSON *json, clasp_message *out) {
    void *to = (uint8_t *)out + k->offset;
    if (k->shape == FLAG && !cJSON_IsTrue(json)) {
        return cJSON_IsBool(json) ? CLASP_OK : CLASP_BAD_FIELD;
    }
    out->has |= k->has;
    switch (k->shape) {
    case U8:
    case U16:
    case U32:
    case U64:
        return unsigned_of(k, json, to);
    case F64:
        return vector_number(json, to);
    case BOOL:
        return bool_of(json, to);
    case TEXT:
        return text_of(pool, json, to);
    case BITS:
        return bits_of(k->names, json, false, to);
    case CODE:
        return vector_code(k->names, json, to);
    case MASK:
        return mask_of(k->names, json, to);
    case TTL:
        return ttl_of(json, to);
    case VALUE:
        return vector_value(pool, json, to);
    case LIST:
        return list_of(pool, json, k->write, to);
    case FLAG:
        break;
    }
    return CLASP_OK;
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

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
    clasp_err err = vector_code(TYPES, vector_get(json, "type"), &out->type);
    if (err != CLASP_OK) {
        return err == CLASP_BAD_ENUM ? CLASP_UNKNOWN_TYPE : err;
    }
    set_defaults(out);
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS && err == CLASP_OK; i++) {
        const cJSON *item = vector_get(json, KEYS[i].text);
        item = item ? item : vector_get(vector_get(json, "options"), KEYS[i].text);
        if (item && (KEYS[i].type == 0 || KEYS[i].type == out->type)) {
            err = set_field(pool, &KEYS[i], item, out);
        }
    }
    return err;
}
