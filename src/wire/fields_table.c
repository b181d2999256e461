#include "wire/fields_table.h"

/* ---- names --------------------------------------------------------------------------------------------------- */

static const char *const KINDS[] = {"param", "event", "stream", "gesture", "timeline", "federation"};
static const char *const OPS[] = {"declare-namespaces", "request-sync", "revision-vector", "sync-complete"};

static const uint8_t SIGNAL_CODES[] = {CLASP_SIGNAL_PARAM, CLASP_SIGNAL_EVENT, CLASP_SIGNAL_STREAM,
                                       CLASP_SIGNAL_GESTURE, CLASP_SIGNAL_TIMELINE};
static const uint8_t TYPE_BITS[] = {CLASP_TYPE_PARAM, CLASP_TYPE_EVENT, CLASP_TYPE_STREAM, CLASP_TYPE_GESTURE,
                                    CLASP_TYPE_TIMELINE};
static const uint8_t FEATURE_BITS[] = {CLASP_FEATURE_PARAM,    CLASP_FEATURE_EVENT,
                                       CLASP_FEATURE_STREAM,   CLASP_FEATURE_GESTURE,
                                       CLASP_FEATURE_TIMELINE, CLASP_FEATURE_FEDERATION};
static const uint8_t OP_CODES[] = {1, 2, 3, 4};

const clasp_names CLASP_SIGNAL_NAMES = {KINDS, SIGNAL_CODES, sizeof SIGNAL_CODES};
const clasp_names CLASP_TYPE_NAMES = {KINDS, TYPE_BITS, sizeof TYPE_BITS};
const clasp_names CLASP_FEATURE_NAMES = {KINDS, FEATURE_BITS, sizeof FEATURE_BITS};
const clasp_names CLASP_OP_NAMES = {OPS, OP_CODES, sizeof OP_CODES};

/* ---- members ------------------------------------------------------------------------------------------------- */

#define MSG(name) CLASP_MSG_##name
#define PART(name) CLASP_PART_##name
#define AT(field) offsetof(clasp_message, field)
#define IN(field) offsetof(clasp_signal_info, field)
#define HAS(name) CLASP_HAS_##name
#define OPTION_BITS (HAS(MAX_RATE) | HAS(EPSILON) | HAS(HISTORY) | HAS(WINDOW))
#define ROW(owner, kind, presence, offset, arg, key) \
    { owner, MEMBER_##kind, THERE_##presence, offset, arg, key }

/* Members of parts first: there may be thousands of signals in one message. */
// clang-format off
static const clasp_member MEMBERS[] = {
    ROW(PART(SIGNAL),         TEXT,      ALWAYS,       IN(address),       0,                   "address"),
    ROW(PART(SIGNAL),         SIGNAL,    ALWAYS,       IN(signal),        0,                   "type"),
    ROW(PART(SIGNAL),         TEXT,      IF_TEXT,      IN(datatype),      0,                   "datatype"),
    ROW(PART(SIGNAL),         TEXT,      IF_TEXT,      IN(access),        0,                   "access"),
    ROW(PART(SIGNAL),         META,      IF_SET,       0,                 IN(has_meta),        "meta"),
    ROW(PART(META),           TEXT,      IF_TEXT,      IN(unit),          0,                   "unit"),
    ROW(PART(META),           RANGE,     IF_SET,       IN(min),           IN(has_range),       "range"),
    ROW(PART(META),           VALUE,     IF_SET,       IN(default_value), IN(has_default),     "default"),
    ROW(PART(META),           TEXT,      IF_TEXT,      IN(description),   0,                   "description"),

    ROW(MSG(HELLO),           U8,        ALWAYS,       AT(version),       0,                   "version"),
    ROW(MSG(HELLO),           TEXT,      ALWAYS,       AT(name),          0,                   "name"),
    ROW(MSG(HELLO),           FEATURES,  ALWAYS,       AT(features),      0,                   "features"),
    ROW(MSG(HELLO),           TEXT,      UNLESS_EMPTY, AT(token),         0,                   "token"),

    ROW(MSG(WELCOME),         U8,        ALWAYS,       AT(version),       0,                   "version"),
    ROW(MSG(WELCOME),         TEXT,      ALWAYS,       AT(session),       0,                   "session"),
    ROW(MSG(WELCOME),         TEXT,      ALWAYS,       AT(name),          0,                   "name"),
    ROW(MSG(WELCOME),         FEATURES,  ALWAYS,       AT(features),      0,                   "features"),
    ROW(MSG(WELCOME),         U64,       ALWAYS,       AT(time_us),       0,                   "time"),
    ROW(MSG(WELCOME),         TEXT,      UNLESS_EMPTY, AT(token),         0,                   "token"),

    ROW(MSG(ANNOUNCE),        TEXT,      ANYWAY,       AT(address),       0,                   "namespace"),
    ROW(MSG(ANNOUNCE),        DECLARED,  ALWAYS,       AT(list),          0,                   "signals"),

    ROW(MSG(FEDERATION_SYNC), OP,        ALWAYS,       AT(op),            0,                   "op"),
    ROW(MSG(FEDERATION_SYNC), PATTERNS,  ANYWAY,       AT(list),          0,                   "patterns"),
    ROW(MSG(FEDERATION_SYNC), REVISIONS, ANYWAY,       AT(list2),         0,                   "revisions"),
    ROW(MSG(FEDERATION_SYNC), U64,       IF_BIT,       AT(revision),      HAS(SINCE),          "sinceRevision"),
    ROW(MSG(FEDERATION_SYNC), TEXT,      IF_BIT,       AT(session),       HAS(ORIGIN),         "origin"),

    ROW(MSG(SUBSCRIBE),       U32,       ALWAYS,       AT(id),            0,                   "id"),
    ROW(MSG(SUBSCRIBE),       TEXT,      ALWAYS,       AT(address),       0,                   "pattern"),
    ROW(MSG(SUBSCRIBE),       TYPES,     UNLESS_ALL,   AT(types),         0,                   "types"),
    ROW(MSG(SUBSCRIBE),       OPTIONS,   IF_ANY,       0,                 OPTION_BITS,         "options"),
    ROW(PART(OPTIONS),        U32,       IF_BIT,       AT(rate),          HAS(MAX_RATE),       "maxRate"),
    ROW(PART(OPTIONS),        F64,       IF_BIT,       AT(epsilon),       HAS(EPSILON),        "epsilon"),
    ROW(PART(OPTIONS),        U32,       IF_BIT,       AT(history),       HAS(HISTORY),        "history"),
    ROW(PART(OPTIONS),        U32,       IF_BIT,       AT(window_ms),     HAS(WINDOW),         "window"),

    ROW(MSG(UNSUBSCRIBE),     U32,       ALWAYS,       AT(id),            0,                   "id"),

    ROW(MSG(GET),             TEXT,      ALWAYS,       AT(address),       0,                   "address"),

    ROW(MSG(REPLAY),          TEXT,      ALWAYS,       AT(address),       0,                   "pattern"),
    ROW(MSG(REPLAY),          U64,       IF_BIT,       AT(time_us),       HAS(FROM),           "from"),
    ROW(MSG(REPLAY),          U64,       IF_BIT,       AT(t2_us),         HAS(TO),             "to"),
    ROW(MSG(REPLAY),          U32,       IF_BIT,       AT(limit),         HAS(LIMIT),          "limit"),
    ROW(MSG(REPLAY),          TYPES,     UNLESS_ALL,   AT(types),         0,                   "types"),

    ROW(MSG(SYNC),            U64,       ALWAYS,       AT(time_us),       0,                   "t1"),
    ROW(MSG(SYNC),            U64,       IF_BIT,       AT(t2_us),         HAS(T2),             "t2"),
    ROW(MSG(SYNC),            U64,       IF_BIT,       AT(t3_us),         HAS(T3),             "t3"),

    ROW(MSG(ACK),             TEXT,      IF_BIT,       AT(address),       HAS(ADDRESS),        "address"),
    ROW(MSG(ACK),             U64,       IF_BIT,       AT(revision),      HAS(REVISION),       "revision"),
    ROW(MSG(ACK),             BOOL,      IF_BIT,       AT(locked),        HAS(LOCKED),         "locked"),
    ROW(MSG(ACK),             TEXT,      IF_BIT,       AT(session),       HAS(HOLDER),         "holder"),
    ROW(MSG(ACK),             U32,       IF_BIT,       AT(id),            HAS(CORRELATION_ID), "correlationId"),

    ROW(MSG(ERROR),           U16,       ALWAYS,       AT(code),          0,                   "code"),
    ROW(MSG(ERROR),           TEXT,      ALWAYS,       AT(name),          0,                   "message"),
    ROW(MSG(ERROR),           TEXT,      IF_BIT,       AT(address),       HAS(ADDRESS),        "address"),
    ROW(MSG(ERROR),           U32,       IF_BIT,       AT(id),            HAS(CORRELATION_ID), "correlationId"),

    ROW(MSG(QUERY),           TEXT,      ALWAYS,       AT(address),       0,                   "pattern"),

    ROW(MSG(RESULT),          FOUND,     ALWAYS,       AT(list),          0,                   "signals"),

    {.key = NULL},
};
// clang-format on

const clasp_member *clasp_first_member(uint8_t owner) {
    const clasp_member *m = MEMBERS;
    while (m->key && m->owner != owner) {
        m++;
    }
    return m;
}

/* ---- types --------------------------------------------------------------------------------------------------- */

static const struct {
    uint8_t type;
    const char *name;
} TYPES[] = {
#define X(name, code, qos) {code, #name},
    CLASP_MESSAGE_LIST(X)
#undef X
};

static bool has_fields(uint8_t type) {
    return type != CLASP_MSG_SET && type != CLASP_MSG_PUBLISH && type != CLASP_MSG_SNAPSHOT &&
           type != CLASP_MSG_BUNDLE;
}

const char *clasp_type_name(uint8_t type) {
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (TYPES[i].type == type && has_fields(type)) {
            return TYPES[i].name;
        }
    }
    return NULL;
}

uint8_t clasp_type_of_name(clasp_span name) {
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        if (clasp_span_equal(name, clasp_span_of(TYPES[i].name)) && has_fields(TYPES[i].type)) {
            return TYPES[i].type;
        }
    }
    return 0;
}
