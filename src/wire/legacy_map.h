/** The maps of legacy payloads, read by their keys. For src/wire/legacy*.c only. */
#ifndef CLASP_WIRE_LEGACY_MAP_H
#define CLASP_WIRE_LEGACY_MAP_H

#include "wire/msgpack.h"

// clang-format off
/* Every key that says something, of any map. MAX_RATE to WINDOW are those of SUBSCRIBE's options. */
#define LEGACY_KEYS(X)                                                                                      \
    X(TYPE, "type") X(VERSION, "version") X(NAME, "name") X(FEATURES, "features") X(TOKEN, "token")         \
    X(SESSION, "session") X(TIME, "time") X(NAMESPACE, "namespace") X(SIGNALS, "signals")                   \
    X(ADDRESS, "address") X(DATATYPE, "datatype") X(ACCESS, "access") X(META, "meta") X(UNIT, "unit")       \
    X(RANGE, "range") X(DEFAULT, "default") X(DESCRIPTION, "description") X(ID, "id") X(PATTERN, "pattern") \
    X(TYPES, "types") X(OPTIONS, "options") X(MAX_RATE, "max_rate") X(EPSILON, "epsilon")                   \
    X(HISTORY, "history") X(WINDOW, "window") X(SIGNAL, "signal") X(PHASE, "phase") X(VALUE, "value")       \
    X(PAYLOAD, "payload") X(SAMPLES, "samples") X(RATE, "rate") X(TIMESTAMP, "timestamp")                   \
    X(TIMELINE, "timeline") X(KEYFRAMES, "keyframes") X(LOOP, "loop") X(START_TIME, "start_time")           \
    X(DURATION, "duration") X(EASING, "easing") X(BEZIER, "bezier") X(REVISION, "revision")                 \
    X(LOCK, "lock") X(UNLOCK, "unlock") X(TTL, "ttl") X(IS_ABSOLUTE, "absolute") X(SLIDING, "Sliding")      \
    X(ABSOLUTE, "Absolute") X(PARAMS, "params") X(WRITER, "writer") X(FROM, "from") X(TO, "to")             \
    X(LIMIT, "limit") X(OP, "op") X(PATTERNS, "patterns") X(REVISIONS, "revisions")                         \
    X(SINCE, "since_revision") X(ORIGIN, "origin") X(MESSAGES, "messages") X(T1, "t1") X(T2, "t2")          \
    X(T3, "t3") X(LOCKED, "locked") X(HOLDER, "holder") X(CORRELATION_ID, "correlation_id")                 \
    X(CODE, "code") X(MESSAGE, "message")

/* Second spellings: those of JavaScript, and what Rust makes of a word that it has taken for itself. */
#define LEGACY_SPELLINGS(X) \
    X(MAX_RATE, "maxRate") X(START_TIME, "startTime") X(CORRELATION_ID, "correlationId") X(LOOP, "loop_")
// clang-format on

typedef enum legacy_key {
    KEY_NONE,
#define X(name, text) KEY_##name,
    LEGACY_KEYS(X)
#undef X
        KEY_COUNT
} legacy_key;

/** One payload being written anew. */
typedef struct legacy_job {
    clasp_writer *w;    /* keeps the first error, of reading too */
    const uint8_t *end; /* of the payload */
    unsigned bundles;   /* that are open */
} legacy_job;

/** Where the values of a map are, by key; NULL: not there. */
typedef struct legacy_map {
    const uint8_t *at[KEY_COUNT];
    bool is_timeline; /* what stands under VALUE is to be written as a timeline */
} legacy_map;

static inline void legacy_refuse(legacy_job *job) { clasp_write_fail(job->w, CLASP_BAD_LEGACY); }

static inline bool legacy_goes_on(const legacy_job *job) { return job->w->err == CLASP_OK; }

/** True if there is something under a key: nil is nothing. */
static inline bool legacy_has(const legacy_map *m, legacy_key key) {
    return m->at[key] && *m->at[key] != 0xC0;
}

/** A reader at an item; NULL gives one of nothing, from which every read is refused. */
static inline clasp_reader legacy_reader_at(const legacy_job *job, const uint8_t *at) {
    return (clasp_reader){at ? at : job->end, job->end, CLASP_OK};
}

/** Find the values of the map at `r`. Whatever it holds, it is checked to be there to its end. The last of two equal keys
 *  wins. */
void legacy_read_map(legacy_job *job, clasp_reader *r, legacy_map *out);

/* Each reads one item of the kind that its name tells; any other is refused, and gives 0. */

clasp_pack legacy_read_kind(legacy_job *job, clasp_reader *r, clasp_pack_kind kind);

/** A number of any kind. */
double legacy_read_real(legacy_job *job, clasp_reader *r);

/** A word of a closed set, as its place in it. */
uint8_t legacy_read_word(legacy_job *job, clasp_reader *r, const char *const *words, size_t count);

uint64_t legacy_uint_at(legacy_job *job, const uint8_t *at, uint64_t most);

bool legacy_bool_at(legacy_job *job, const uint8_t *at);

uint8_t legacy_word_at(legacy_job *job, const uint8_t *at, const char *const *words, size_t count);

/** Write an item as a value with its type code. */
void legacy_write_value_at(legacy_job *job, const uint8_t *at);

/** Place of a text among words; `count` when it is none of them. */
size_t legacy_index_of(clasp_span text, const char *const *words, size_t count);

#define LEGACY_COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- fields with a rule of their own: legacy_special.c --------------------------------------------------------- */

/** The number for a field of numbers or codes. */
uint64_t legacy_number(legacy_job *job, const legacy_map *m, legacy_key key, uint64_t most);

/** CLASP_FEATURE_* of a list of names; names without a bit are lost. */
uint8_t legacy_features_at(legacy_job *job, const uint8_t *at);

/** CLASP_TYPE_* of a list of names; none of an empty one, which means all. */
uint8_t legacy_types_at(legacy_job *job, const uint8_t *at);

/** Signal and phase of a PUBLISH, as its flags byte has them. */
uint8_t legacy_publish_flags(legacy_job *job, const legacy_map *m);

/** Write a timeline as a map value: a PUBLISH has no other place for one. */
void legacy_write_timeline_at(legacy_job *job, const uint8_t *at);

#endif
