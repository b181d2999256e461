#include "wire/legacy.h"

#include "base/limits.h"
#include "wire/legacy_map.h"
#include "wire/rows.h"

/* ---- tables -------------------------------------------------------------------------------------------------- */

#define MAYBE(key) ((key) | 0x80) /* may be missing, though its field has no flag */
#define KEY_OF(cell) ((legacy_key)((cell)&0x7F))
#define MAY_BE_MISSING(cell) (((cell)&0x80) != 0)
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
#define ITEM_META (CLASP_ITEM_MEMBER + 1)
#define ITEM(kind, flag) {FIELD_##kind, 0, flag, ITEM_META}

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
    ITEM(FLAGS, 0), ITEM(TEXT, 0x01), ITEM(SAMPLES, 0x02), ITEM(VALUE, 0x04), ITEM(TEXT, 0x08), ITEM(END, 0),
};
static const uint8_t META_KEYS[] = {KEY_NONE, KEY_UNIT, KEY_RANGE, KEY_DEFAULT, KEY_DESCRIPTION};
// clang-format on

/* ---- lists --------------------------------------------------------------------------------------------------- */

/* Items of an array, entries of a map. */
static uint16_t count_at(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    const clasp_pack list = clasp_pack_read(&r);
    if (list.kind < PACK_ARRAY) {
        legacy_refuse(job);
    } else if (list.number > UINT16_MAX) {
        clasp_write_fail(job->w, CLASP_TOO_LARGE);
    }
    return (uint16_t)list.number;
}

static void write_text(legacy_job *job, clasp_reader *r) {
    clasp_write_text(job->w, legacy_read_kind(job, r, PACK_STR).bytes);
}

static void write_revision(legacy_job *job, clasp_reader *r) {
    write_text(job, r);
    clasp_write_u64(job->w, legacy_read_kind(job, r, PACK_UINT).number);
}

static void write_sample(legacy_job *job, clasp_reader *r) {
    clasp_write_f64(job->w, legacy_read_real(job, r));
}

static void write_row(legacy_job *job, const clasp_field *f, const uint8_t *keys, const legacy_map *m);

static void write_map(legacy_job *job, clasp_reader *r, const clasp_field *fields, const uint8_t *keys) {
    legacy_map m;
    legacy_read_map(job, r, &m);
    write_row(job, fields, keys, &m);
}

static void write_declared(legacy_job *job, clasp_reader *r) { write_map(job, r, SIGNAL, DECLARED_KEYS); }

static void write_found(legacy_job *job, clasp_reader *r) { write_map(job, r, SIGNAL, FOUND_KEYS); }

static void write_param(legacy_job *job, clasp_reader *r) { write_map(job, r, PARAM, PARAM_KEYS); }

static void write_message(legacy_job *job, clasp_reader *r);

/* A member of a BUNDLE: its length, then a message. */
static void write_member(legacy_job *job, clasp_reader *r) {
    uint8_t *length = clasp_room(job->w, 2);
    write_message(job, r);
    if (!legacy_goes_on(job)) {
        return;
    }
    const size_t len = (size_t)(job->w->at - length) - 2;
    if (len > UINT16_MAX) {
        clasp_write_fail(job->w, CLASP_TOO_LARGE);
        return;
    }
    clasp_store_u16(length, (uint16_t)len);
}

static void (*const ITEM_WRITERS[])(legacy_job *job, clasp_reader *r) = {
    // clang-format off
    [CLASP_ITEM_TEXT]     = write_text,
    [CLASP_ITEM_REVISION] = write_revision,
    [CLASP_ITEM_DECLARED] = write_declared,
    [CLASP_ITEM_FOUND]    = write_found,
    [CLASP_ITEM_PARAM]    = write_param,
    [CLASP_ITEM_SAMPLE]   = write_sample,
    [CLASP_ITEM_MEMBER]   = write_member,
    // clang-format on
};

/* The items of a list without their count. Revisions are a map; meta is the only one of its kind, without a list. */
static void write_items(legacy_job *job, const uint8_t *at, uint32_t item) {
    clasp_reader r = legacy_reader_at(job, at);
    if (item == ITEM_META) {
        write_map(job, &r, META, META_KEYS);
        return;
    }
    const clasp_pack list = legacy_read_kind(job, &r, item == CLASP_ITEM_REVISION ? PACK_MAP : PACK_ARRAY);
    for (uint64_t left = list.number; left > 0 && legacy_goes_on(job); left--) {
        ITEM_WRITERS[item](job, &r);
    }
}

/* ---- fields -------------------------------------------------------------------------------------------------- */

/* Write a field that is there. @return what it adds to the flags before it: the type code of a SET's value */
static uint8_t write_field(legacy_job *job, const clasp_field *f, legacy_key key, const legacy_map *m) {
    const uint8_t *at = m->at[key];
    clasp_reader r = legacy_reader_at(job, at);
    switch ((clasp_field_kind)f->kind) {
    case FIELD_U8:
    case FIELD_OP:
        clasp_write_u8(job->w, (uint8_t)legacy_number(job, m, key, UINT8_MAX));
        break;
    case FIELD_U16:
        clasp_write_u16(job->w, (uint16_t)legacy_number(job, m, key, UINT16_MAX));
        break;
    case FIELD_U32:
    case FIELD_RATE:
        clasp_write_u32(job->w, (uint32_t)legacy_number(job, m, key, UINT32_MAX));
        break;
    case FIELD_U64:
        clasp_write_u64(job->w, legacy_number(job, m, key, UINT64_MAX));
        break;
    case FIELD_F64:
        write_sample(job, &r);
        break;
    case FIELD_BOOL:
        clasp_write_u8(job->w, legacy_bool_at(job, at));
        break;
    case FIELD_TEXT:
        write_text(job, &r);
        break;
    case FIELD_VALUE:
        (m->is_timeline ? legacy_write_timeline_at : legacy_write_value_at)(job, at);
        break;
    case FIELD_VALUE_DATA:
        return clasp_pack_write_data(&r, job->w);
    case FIELD_COUNT:
        clasp_write_u16(job->w, count_at(job, at));
        break;
    case FIELD_ITEMS:
        write_items(job, at, f->arg);
        break;
    case FIELD_SAMPLES:
        if (key == KEY_RANGE && count_at(job, at) != 2) {
            legacy_refuse(job);
        }
        write_items(job, at, CLASP_ITEM_SAMPLE);
        break;
    case FIELD_FEATURES:
        clasp_write_u8(job->w, (uint8_t)(legacy_features_at(job, at) & f->arg));
        break;
    case FIELD_TYPES:
        clasp_write_u8(job->w, legacy_types_at(job, at));
        break;
    default: /* a mark: its flag says it all */
        break;
    }
    return 0;
}

static bool is_there(legacy_job *job, const clasp_field *f, legacy_key key, const legacy_map *m) {
    switch (f->kind) {
    case FIELD_MARK:
        return legacy_has(m, key) && legacy_bool_at(job, m->at[key]);
    case FIELD_VALUE:
    case FIELD_VALUE_DATA:
        return f->flag == 0 ? m->at[key] != NULL
                            : legacy_has(m, key); /* where there has to be one, nil is one */
    default:
        return legacy_has(m, key);
    }
}

/* A field without a flag whose key is missing. */
static void write_missing(legacy_job *job, const clasp_field *f, uint8_t cell) {
    if (!MAY_BE_MISSING(cell)) {
        legacy_refuse(job);
    } else if (f->kind == FIELD_TYPES) {
        clasp_write_u8(job->w, CLASP_TYPE_ALL);
    } else if (f->kind == FIELD_TEXT || f->kind == FIELD_COUNT) {
        clasp_write_u16(job->w, 0);
    }
}

static bool holds_flags(uint8_t kind) {
    return kind == FIELD_FLAGS || kind == FIELD_SET_FLAGS || kind == FIELD_PUBLISH_FLAGS;
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static void write_row(legacy_job *job, const clasp_field *f, const uint8_t *keys, const legacy_map *m) {
    uint8_t *flags = NULL; /* the last byte of flags; the fields behind it set theirs */
    for (; f->kind != FIELD_END && legacy_goes_on(job); f++, keys++) {
        if (holds_flags(f->kind)) {
            flags = job->w->at;
            clasp_write_u8(job->w, f->kind == FIELD_PUBLISH_FLAGS ? legacy_publish_flags(job, m) : 0);
        } else if (f->kind == FIELD_INDICATOR) {
            clasp_write_u8(job->w, legacy_has(m, KEY_VALUE) ? 1 : legacy_has(m, KEY_SAMPLES) ? 2 : 0);
        } else if (is_there(job, f, KEY_OF(*keys), m)) {
            const uint8_t added = write_field(job, f, KEY_OF(*keys), m);
            if (flags && legacy_goes_on(job)) {
                *flags |= (uint8_t)(f->flag | added); /* nothing of an indicator's */
            }
        } else if (f->flag == 0) {
            write_missing(job, f, *keys);
        }
    }
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

/* SUBSCRIBE keeps some of its fields in a map of their own. */
static void take_options(legacy_job *job, legacy_map *m) {
    legacy_map options = {{NULL}, false};
    if (legacy_has(m, KEY_OPTIONS)) {
        clasp_reader r = legacy_reader_at(job, m->at[KEY_OPTIONS]);
        legacy_read_map(job, &r, &options);
    }
    for (int key = KEY_MAX_RATE; key <= KEY_WINDOW; key++) {
        m->at[key] = options.at[key];
    }
}

/* A PUBLISH holds one thing: a value, else a payload, else a timeline, in its own map or in the message's, else samples. */
static void choose_content(const uint8_t *start, legacy_map *m) {
    static const legacy_key ORDER[] = {KEY_VALUE, KEY_PAYLOAD, KEY_TIMELINE, KEY_KEYFRAMES};
    for (size_t i = 0; i < LEGACY_COUNT(ORDER); i++) {
        if (legacy_has(m, ORDER[i])) {
            m->is_timeline = ORDER[i] == KEY_TIMELINE || ORDER[i] == KEY_KEYFRAMES;
            m->at[KEY_VALUE] = ORDER[i] == KEY_KEYFRAMES ? start : m->at[ORDER[i]];
            m->at[KEY_SAMPLES] = NULL;
            return;
        }
    }
}

/* NULL when no message has this name. */
static const legacy_row *row_of(clasp_span name) {
    for (size_t i = 0; i < LEGACY_COUNT(ROWS); i++) {
        if (clasp_span_equal(name, clasp_span_of(ROWS[i].name))) {
            return &ROWS[i];
        }
    }
    return NULL;
}

static void write_message(legacy_job *job, clasp_reader *r) {
    const uint8_t *start = r->at;
    legacy_map m;
    legacy_read_map(job, r, &m);
    clasp_reader type = legacy_reader_at(job, m.at[KEY_TYPE]);
    const legacy_row *row = row_of(legacy_read_kind(job, &type, PACK_STR).bytes);
    if (!row || !legacy_goes_on(job)) {
        legacy_refuse(job);
        return;
    }
    if (row->type == CLASP_MSG_SUBSCRIBE) {
        take_options(job, &m);
    } else if (row->type == CLASP_MSG_PUBLISH) {
        choose_content(start, &m);
    } else if (row->type == CLASP_MSG_BUNDLE && ++job->bundles > CLASP_BUNDLE_DEPTH) {
        clasp_write_fail(job->w, CLASP_TOO_DEEP);
    }
    clasp_write_u8(job->w, row->type);
    write_row(job, clasp_row(row->type), row->keys, &m);
    job->bundles -= row->type == CLASP_MSG_BUNDLE;
}

clasp_err clasp_legacy_transcode(clasp_span payload, clasp_writer *w) {
    const uint8_t *start = w->at;
    clasp_reader r = clasp_reader_of(payload);
    legacy_job job = {w, r.end, 0};
    write_message(&job, &r);
    if ((size_t)(w->at - start) > CLASP_FRAME_PAYLOAD_MAX) {
        clasp_write_fail(w, CLASP_TOO_LARGE);
    }
    return w->err;
}

clasp_err clasp_decode_any(clasp_span in, uint8_t *scratch, size_t scratch_cap, clasp_frame *frame,
                           clasp_message *out) {
    clasp_err err = clasp_decode(in, frame, out);
    if (err == CLASP_BAD_LEGACY) {
        clasp_writer w = clasp_writer_of(scratch, scratch_cap);
        err = clasp_legacy_transcode(frame->payload, &w);
        err = err == CLASP_OK ? clasp_message_decode(clasp_written(&w), out) : err;
    }
    return err;
}
