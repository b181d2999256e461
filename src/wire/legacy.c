#include "wire/legacy.h"

#include "base/limits.h"
#include "wire/legacy_map.h"
#include "wire/rows.h"

/* ---- tables -------------------------------------------------------------------------------------------------- */

/* Words of closed sets, in the order of their codes. */
static const char *const SIGNALS[] = {"param", "event", "stream", "gesture", "timeline"};
static const char *const FEATURES[] = {"param", "event", "stream", "gesture", "timeline", "federation"};
static const char *const PHASES[] = {"start", "move", "end", "cancel"};
static const char *const OPS[] = {"DeclareNamespaces", "RequestSync", "RevisionVector", "SyncComplete"};
static const char *const EASINGS[] = {"linear", "ease-in", "ease-out", "ease-in-out", "step", "cubic-bezier"};

#define MAYBE(key) ((key) | 0x80) /* may be missing, though its field has no flag */
#define KEY_OF(cell) ((legacy_key)((cell) & 0x7F))
#define MAY_BE_MISSING(cell) (((cell) & 0x80) != 0)
_Static_assert(KEY_COUNT <= 0x80, "the high bit of a cell is MAYBE");

#define MOST_FIELDS 9

/* A message: for each field of its row (rows.c), in its order, the key that says it. Fields with a flag may always be
 * missing. Fields of flags and indicators have no key of their own. */
typedef struct legacy_row {
    const char *name;
    uint8_t type;
    uint8_t keys[MOST_FIELDS];
} legacy_row;

// clang-format off
static const legacy_row ROWS[] = {
    {"HELLO", CLASP_MSG_HELLO, {KEY_VERSION, KEY_FEATURES, KEY_NAME, MAYBE(KEY_TOKEN)}},
    {"WELCOME", CLASP_MSG_WELCOME,
     {KEY_VERSION, KEY_FEATURES, KEY_TIME, KEY_SESSION, KEY_NAME, MAYBE(KEY_TOKEN)}},
    {"ANNOUNCE", CLASP_MSG_ANNOUNCE, {KEY_NAMESPACE, KEY_SIGNALS, KEY_SIGNALS}},
    {"FEDERATION_SYNC", CLASP_MSG_FEDERATION_SYNC,
     {KEY_OP, MAYBE(KEY_PATTERNS), MAYBE(KEY_PATTERNS), MAYBE(KEY_REVISIONS), MAYBE(KEY_REVISIONS), KEY_NONE,
      KEY_SINCE, KEY_ORIGIN}},
    {"SUBSCRIBE", CLASP_MSG_SUBSCRIBE,
     {KEY_ID, KEY_PATTERN, MAYBE(KEY_TYPES), KEY_NONE, KEY_MAX_RATE, KEY_EPSILON, KEY_HISTORY, KEY_WINDOW}},
    {"UNSUBSCRIBE", CLASP_MSG_UNSUBSCRIBE, {KEY_ID}},
    {"PUBLISH", CLASP_MSG_PUBLISH,
     {KEY_NONE, KEY_ADDRESS, KEY_NONE, KEY_VALUE, KEY_SAMPLES, KEY_SAMPLES, KEY_TIMESTAMP, KEY_ID,
      MAYBE(KEY_RATE)}},
    {"SET", CLASP_MSG_SET,
     {KEY_NONE, KEY_ADDRESS, KEY_VALUE, KEY_REVISION, KEY_LOCK, KEY_UNLOCK, KEY_TTL}},
    {"GET", CLASP_MSG_GET, {KEY_ADDRESS}},
    {"SNAPSHOT", CLASP_MSG_SNAPSHOT, {KEY_PARAMS, KEY_PARAMS}},
    {"REPLAY", CLASP_MSG_REPLAY, {KEY_NONE, KEY_PATTERN, KEY_FROM, KEY_TO, KEY_LIMIT, MAYBE(KEY_TYPES)}},
    {"BUNDLE", CLASP_MSG_BUNDLE, {KEY_NONE, KEY_MESSAGES, KEY_TIMESTAMP, KEY_MESSAGES}},
    {"SYNC", CLASP_MSG_SYNC, {KEY_NONE, KEY_T1, KEY_T2, KEY_T3}},
    {"PING", CLASP_MSG_PING, {KEY_NONE}},
    {"PONG", CLASP_MSG_PONG, {KEY_NONE}},
    {"ACK", CLASP_MSG_ACK,
     {KEY_NONE, KEY_ADDRESS, KEY_REVISION, KEY_LOCKED, KEY_HOLDER, KEY_CORRELATION_ID}},
    {"ERROR", CLASP_MSG_ERROR, {KEY_CODE, KEY_MESSAGE, KEY_NONE, KEY_ADDRESS, KEY_CORRELATION_ID}},
    {"QUERY", CLASP_MSG_QUERY, {KEY_PATTERN}},
    {"RESULT", CLASP_MSG_RESULT, {KEY_SIGNALS, KEY_SIGNALS}},
};

/* The items of lists that are maps themselves, in the same way: fields, and a key for each. */
#define ITEM(kind, flag) {FIELD_##kind, 0, flag, 0}

static const clasp_field PARAM[] = {
    ITEM(TEXT, 0), ITEM(VALUE, 0), ITEM(U64, 0), ITEM(FLAGS, 0), ITEM(TEXT, 0x01), ITEM(U64, 0x02), ITEM(END, 0),
};
static const uint8_t PARAM_KEYS[] = {
    KEY_ADDRESS, KEY_VALUE, KEY_REVISION, KEY_NONE, KEY_WRITER, KEY_TIMESTAMP,
};
static const clasp_field SIGNAL[] = {
    ITEM(TEXT, 0), ITEM(U8, 0), ITEM(FLAGS, 0), ITEM(TEXT, 0x01), ITEM(TEXT, 0x02), ITEM(ITEMS, 0x04), ITEM(END, 0),
};
static const uint8_t DECLARED_KEYS[] = {KEY_ADDRESS, KEY_TYPE, KEY_NONE, KEY_DATATYPE, KEY_ACCESS, KEY_META};
static const uint8_t FOUND_KEYS[] = {KEY_ADDRESS, KEY_TYPE, KEY_NONE, KEY_DATATYPE, KEY_ACCESS, KEY_NONE};

static const clasp_field META[] = {
    ITEM(FLAGS, 0), ITEM(TEXT, 0x01), ITEM(ITEMS, 0x02), ITEM(VALUE, 0x04), ITEM(TEXT, 0x08), ITEM(END, 0),
};
static const uint8_t META_KEYS[] = {KEY_NONE, KEY_UNIT, KEY_RANGE, KEY_DEFAULT, KEY_DESCRIPTION};
// clang-format on

/* ---- numbers and codes --------------------------------------------------------------------------------------- */

static uint8_t word_at(legacy_job *job, const uint8_t *at, const char *const *words, size_t count) {
    clasp_reader r = legacy_reader_at(job, at);
    return legacy_read_word(job, &r, words, count);
}

/* {"Sliding": n} or {"Absolute": n} */
static uint32_t ttl_of_map(legacy_job *job, clasp_reader r) {
    legacy_map ttl;
    legacy_read_map(job, &r, &ttl);
    if (legacy_has(&ttl, KEY_SLIDING)) {
        return (uint32_t)legacy_uint_at(job, ttl.at[KEY_SLIDING], CLASP_TTL_SECONDS);
    }
    return (uint32_t)legacy_uint_at(job, ttl.at[KEY_ABSOLUTE], CLASP_TTL_SECONDS) | CLASP_TTL_ABSOLUTE;
}

/* Such a map, or the word "Never"; or a number, 0 for never, with the key `absolute` beside it. */
static uint32_t ttl_of(legacy_job *job, const legacy_map *m) {
    const clasp_reader r = legacy_reader_at(job, m->at[KEY_TTL]);
    clasp_reader behind = r;
    const clasp_pack pack = clasp_pack_read(&behind);
    if (pack.kind == PACK_MAP) {
        return ttl_of_map(job, r);
    }
    if (pack.kind == PACK_STR && clasp_span_equal(pack.bytes, clasp_span_of("Never"))) {
        return 0;
    }
    const uint32_t seconds = (uint32_t)legacy_uint_at(job, r.at, CLASP_TTL_SECONDS);
    const bool is_absolute =
        legacy_has(m, KEY_IS_ABSOLUTE) && legacy_bool_at(job, m->at[KEY_IS_ABSOLUTE]);
    return seconds > 0 && is_absolute ? seconds | CLASP_TTL_ABSOLUTE : seconds;
}

/* The number that a field of numbers or codes gets. */
static uint64_t number_of(legacy_job *job, const legacy_map *m, legacy_key key, uint64_t most) {
    switch (key) {
    case KEY_TTL:
        return ttl_of(job, m);
    case KEY_TYPE: /* of a signal */
        return word_at(job, m->at[key], SIGNALS, LEGACY_COUNT(SIGNALS));
    case KEY_OP:
        return word_at(job, m->at[key], OPS, LEGACY_COUNT(OPS)) + 1u;
    default:
        return legacy_uint_at(job, m->at[key], most);
    }
}

/* Names of features that have no bit are lost. */
static uint8_t features_at(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    uint8_t bits = 0;
    for (uint64_t left = legacy_read_kind(job, &r, PACK_ARRAY).number; left > 0 && legacy_goes_on(job); left--) {
        const clasp_span name = legacy_read_kind(job, &r, PACK_STR).bytes;
        const size_t i = legacy_index_of(name, FEATURES, LEGACY_COUNT(FEATURES));
        bits |= i < LEGACY_COUNT(FEATURES) ? (uint8_t)(CLASP_FEATURE_PARAM >> i) : 0;
    }
    return bits;
}

static uint8_t types_at(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    uint8_t mask = 0;
    for (uint64_t left = legacy_read_kind(job, &r, PACK_ARRAY).number; left > 0 && legacy_goes_on(job); left--) {
        mask |= (uint8_t)(CLASP_TYPE_PARAM << legacy_read_word(job, &r, SIGNALS, LEGACY_COUNT(SIGNALS)));
    }
    return clasp_normal_types(mask);
}

static uint8_t publish_flags(legacy_job *job, const legacy_map *m) {
    const uint8_t signal = legacy_has(m, KEY_SIGNAL)
                               ? word_at(job, m->at[KEY_SIGNAL], SIGNALS, LEGACY_COUNT(SIGNALS))
                               : CLASP_SIGNAL_EVENT;
    const uint8_t phase = legacy_has(m, KEY_PHASE)
                              ? word_at(job, m->at[KEY_PHASE], PHASES, LEGACY_COUNT(PHASES))
                              : CLASP_PHASE_START;
    return (uint8_t)(signal << 5 | phase);
}

/* ---- values -------------------------------------------------------------------------------------------------- */

static void write_value_at(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    clasp_pack_write_value(&r, job->w);
}

/* Value data, and the type code, which stands before it for a moment. */
static uint8_t write_data_at(legacy_job *job, const uint8_t *at) {
    uint8_t *start = job->w->at;
    write_value_at(job, at);
    if (!legacy_goes_on(job)) {
        return 0;
    }
    const uint8_t type = *start;
    memmove(start, start + 1, (size_t)(job->w->at - start) - 1);
    job->w->at--;
    return type;
}

/* The items of an array of numbers, without their count. */
static void write_numbers(legacy_job *job, clasp_reader *r, uint64_t count) {
    for (; count > 0 && legacy_goes_on(job); count--) {
        clasp_write_f64(job->w, legacy_read_real(job, r));
    }
}
