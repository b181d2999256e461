/* Fields of legacy messages that have a rule of their own. */
#include "wire/legacy_map.h"
#include "wire/rows.h"

/* Words of closed sets, in the order of their codes. */
static const char *const SIGNALS[] = {"param", "event", "stream", "gesture", "timeline"};
static const char *const FEATURES[] = {"param", "event", "stream", "gesture", "timeline", "federation"};
static const char *const PHASES[] = {"start", "move", "end", "cancel"};
static const char *const OPS[] = {"DeclareNamespaces", "RequestSync", "RevisionVector", "SyncComplete"};
static const char *const EASINGS[] = {"linear", "ease-in", "ease-out", "ease-in-out", "step", "cubic-bezier"};

/* ---- numbers ------------------------------------------------------------------------------------------------- */

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
    const bool is_absolute = legacy_has(m, KEY_IS_ABSOLUTE) && legacy_bool_at(job, m->at[KEY_IS_ABSOLUTE]);
    return seconds > 0 && is_absolute ? seconds | CLASP_TTL_ABSOLUTE : seconds;
}

uint64_t legacy_number(legacy_job *job, const legacy_map *m, legacy_key key, uint64_t most) {
    switch (key) {
    case KEY_TTL:
        return ttl_of(job, m);
    case KEY_TYPE: /* of a signal */
        return legacy_word_at(job, m->at[key], SIGNALS, LEGACY_COUNT(SIGNALS));
    case KEY_OP:
        return legacy_word_at(job, m->at[key], OPS, LEGACY_COUNT(OPS)) + 1u;
    default:
        return legacy_uint_at(job, m->at[key], most);
    }
}

/* ---- codes and bits ------------------------------------------------------------------------------------------ */

uint8_t legacy_features_at(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    uint8_t bits = 0;
    for (uint64_t left = legacy_read_kind(job, &r, PACK_ARRAY).number; left > 0 && legacy_goes_on(job);
         left--) {
        const clasp_span name = legacy_read_kind(job, &r, PACK_STR).bytes;
        const size_t i = legacy_index_of(name, FEATURES, LEGACY_COUNT(FEATURES));
        if (i < LEGACY_COUNT(FEATURES)) {
            bits |= (uint8_t)(CLASP_FEATURE_PARAM >> i);
        }
    }
    return bits;
}

uint8_t legacy_types_at(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    uint8_t mask = 0;
    for (uint64_t left = legacy_read_kind(job, &r, PACK_ARRAY).number; left > 0 && legacy_goes_on(job);
         left--) {
        mask |= (uint8_t)(CLASP_TYPE_PARAM << legacy_read_word(job, &r, SIGNALS, LEGACY_COUNT(SIGNALS)));
    }
    return mask;
}

uint8_t legacy_publish_flags(legacy_job *job, const legacy_map *m) {
    const uint8_t signal = legacy_has(m, KEY_SIGNAL)
                               ? legacy_word_at(job, m->at[KEY_SIGNAL], SIGNALS, LEGACY_COUNT(SIGNALS))
                               : CLASP_SIGNAL_EVENT;
    const uint8_t phase = legacy_has(m, KEY_PHASE)
                              ? legacy_word_at(job, m->at[KEY_PHASE], PHASES, LEGACY_COUNT(PHASES))
                              : CLASP_PHASE_START;
    return (uint8_t)(signal << 5 | phase);
}

/* ---- timelines ----------------------------------------------------------------------------------------------- */

/* An entry of the map that is being written: its key here; the value as it stands there. */
static void write_entry(legacy_job *job, const char *name, const uint8_t *at) {
    clasp_write_text(job->w, clasp_span_of(name));
    legacy_write_value_at(job, at);
}

/* Such an entry, of a time in microseconds. */
static void write_time(legacy_job *job, const char *name, const uint8_t *at) {
    legacy_uint_at(job, at, UINT64_MAX);
    write_entry(job, name, at);
}

static void write_easing(legacy_job *job, const legacy_map *m) {
    const uint8_t *at = m->at[KEY_EASING];
    const uint8_t easing =
        legacy_has(m, KEY_EASING) ? legacy_word_at(job, at, EASINGS, LEGACY_COUNT(EASINGS)) : 0;
    clasp_write_text(job->w, clasp_span_of("easing"));
    clasp_write_u8(job->w, CLASP_VALUE_STRING);
    clasp_write_text(job->w, clasp_span_of(EASINGS[easing]));
}

/* Four numbers. */
static void write_bezier(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    if (legacy_read_kind(job, &r, PACK_ARRAY).number != 4) {
        legacy_refuse(job);
    }
    clasp_write_text(job->w, clasp_span_of("bezier"));
    clasp_write_u8(job->w, CLASP_VALUE_ARRAY);
    clasp_write_u16(job->w, 4);
    for (int i = 0; i < 4; i++) {
        clasp_write_u8(job->w, CLASP_VALUE_F64);
        clasp_write_f64(job->w, legacy_read_real(job, &r));
    }
}

static void begin_map(legacy_job *job, unsigned count) {
    clasp_write_u8(job->w, CLASP_VALUE_MAP);
    clasp_write_u16(job->w, (uint16_t)count);
}

static void write_keyframe(legacy_job *job, clasp_reader *r) {
    legacy_map m;
    legacy_read_map(job, r, &m);
    begin_map(job, 3u + legacy_has(&m, KEY_BEZIER));
    write_time(job, "time", m.at[KEY_TIME]);
    write_entry(job, "value", m.at[KEY_VALUE]);
    write_easing(job, &m);
    if (legacy_has(&m, KEY_BEZIER)) {
        write_bezier(job, m.at[KEY_BEZIER]);
    }
}

static void write_keyframes(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    const uint64_t count = legacy_read_kind(job, &r, PACK_ARRAY).number;
    if (count > UINT16_MAX) {
        clasp_write_fail(job->w, CLASP_TOO_LARGE);
    }
    clasp_write_text(job->w, clasp_span_of("keyframes"));
    clasp_write_u8(job->w, CLASP_VALUE_ARRAY);
    clasp_write_u16(job->w, (uint16_t)count);
    for (uint64_t left = count; left > 0 && legacy_goes_on(job); left--) {
        write_keyframe(job, &r);
    }
}

void legacy_write_timeline_at(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    legacy_map m;
    legacy_read_map(job, &r, &m);
    begin_map(job, 2u + legacy_has(&m, KEY_START_TIME) + legacy_has(&m, KEY_DURATION));
    write_keyframes(job, m.at[KEY_KEYFRAMES]);
    clasp_write_text(job->w, clasp_span_of("loop"));
    clasp_write_u8(job->w, CLASP_VALUE_BOOL);
    clasp_write_u8(job->w, legacy_has(&m, KEY_LOOP) && legacy_bool_at(job, m.at[KEY_LOOP]));
    if (legacy_has(&m, KEY_START_TIME)) {
        write_time(job, "startTime", m.at[KEY_START_TIME]);
    }
    if (legacy_has(&m, KEY_DURATION)) {
        write_time(job, "duration", m.at[KEY_DURATION]);
    }
}
