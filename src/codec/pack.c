#include "codec/codec.h"
#include "wire/fields.h"

/* The scratch memory while packing: a value, the lists of a message by names, and the lists of each level of bundles. A map of
 * fields is up to eight times as large as the payload that it makes. */
#define LIST_SIZE ((size_t)CLASP_FRAME_PAYLOAD_MAX + 1)
#define VALUE_SIZE (12 * LIST_SIZE)
#define FIELDS_AT VALUE_SIZE
#define FIELDS_SIZE (8 * LIST_SIZE)
#define LISTS_AT (FIELDS_AT + FIELDS_SIZE)
_Static_assert(LISTS_AT + (CLASP_BUNDLE_DEPTH + 1) * LIST_SIZE <= CLASP_CODEC_SCRATCH, "the levels fit");

#define INLINE static inline __attribute__((always_inline))

#define U64_MAX 18446744073709551616.0 /* 2^64 */

/* The host's cells, read with a sticky error. */
typedef struct packing {
    clasp_codec *codec;
    const clasp_cell *at;
    const clasp_cell *end;
    clasp_err err;
    clasp_qos qos;       /* that goes with the message */
    clasp_writer values; /* of the message at hand */
    uint8_t number[8];   /* its value, when that is one of fixed size */
} packing;

static void fail(packing *p, clasp_err err) { p->err = p->err == CLASP_OK ? err : p->err; }

/* The next cell; one of no kind, and an error that stays, when there is none. */
static inline const clasp_cell *take(packing *p) {
    static const clasp_cell NONE = {.kind = UINT8_MAX};
    if (p->at == p->end || p->err != CLASP_OK) {
        fail(p, CLASP_BAD_FIELD);
        return &NONE;
    }
    return p->at++;
}

/* Bytes that the host has put into `frame`. */
static inline clasp_span bytes_of(packing *p, const clasp_cell *cell) {
    const uint32_t room = sizeof p->codec->frame;
    if (cell->c > room || cell->b > room - cell->c) {
        fail(p, CLASP_BAD_FIELD);
        return (clasp_span){p->codec->frame, 0};
    }
    return (clasp_span){p->codec->frame + cell->b, cell->c};
}

static inline clasp_span text_of(packing *p, uint32_t id) {
    if (id > 0 && id <= CLASP_WORDS) {
        const clasp_word *word = &p->codec->words[id - 1];
        const uint32_t len = clasp_load_u16(word->len);
        return (clasp_span){word->bytes, len <= CLASP_WORD_MAX ? len : 0};
    }
    const clasp_cell *cell = take(p);
    if (id != 0 || cell->kind != CLASP_CELL_TEXT) {
        fail(p, CLASP_BAD_FIELD);
    }
    return bytes_of(p, cell);
}

/* The text of an id + 1, or of the TEXT cell at hand. A word is copied as it stands, with what may be behind it. */
INLINE void write_named(packing *p, clasp_writer *w, uint32_t id) {
    if (id > 0 && id <= CLASP_WORDS && w->err == CLASP_OK && (size_t)(w->end - w->at) >= sizeof(clasp_word)) {
        const clasp_word *word = &p->codec->words[id - 1];
        const uint32_t size = 2 + clasp_load_u16(word->len);
        if (size <= sizeof *word) {
            for (uint32_t i = 0; i < size; i += 8) {
                memcpy(w->at + i, (const uint8_t *)word + i, 8);
            }
            w->at += size;
            return;
        }
    }
    const clasp_span text = text_of(p, id);
    clasp_writer rest = *w;
    clasp_write_text(&rest, text);
    *w = rest;
}

static uint64_t u64_of(packing *p) {
    const clasp_cell *cell = take(p);
    if (cell->kind == CLASP_CELL_U64_BIG) {
        return (uint64_t)cell->c << 32 | cell->b;
    }
    if (cell->kind != CLASP_CELL_U64) {
        fail(p, CLASP_BAD_FIELD);
        return 0;
    }
    const bool fits = cell->number >= 0 && cell->number < U64_MAX;
    const uint64_t number = fits ? (uint64_t)cell->number : 0;
    if (!fits || (double)number != cell->number) {
        fail(p, CLASP_OUT_OF_RANGE);
    }
    return number;
}

static uint32_t u32_of(packing *p) {
    const uint64_t number = u64_of(p);
    if (number > UINT32_MAX) {
        fail(p, CLASP_OUT_OF_RANGE);
    }
    return (uint32_t)number;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static void write_data(packing *p, clasp_writer *w, const clasp_cell *cell, uint32_t depth);

/* The data of a value: a number here, the rest by a call and by a copy, so that the caller's writer stays in registers. */
INLINE void write_value(packing *p, clasp_writer *w, const clasp_cell *cell, uint32_t depth) {
    if ((uint8_t)cell->kind == CLASP_VALUE_F64) {
        clasp_write_f64(w, cell->number);
        return;
    }
    clasp_writer rest = *w;
    write_data(p, &rest, cell, depth);
    *w = rest;
}

/* Type code and data. */
INLINE void write_item(packing *p, clasp_writer *w, const clasp_cell *cell, uint32_t depth) {
    clasp_write_u8(w, (uint8_t)cell->kind);
    write_value(p, w, cell, depth);
}

static void write_items(packing *p, clasp_writer *out, uint32_t count, uint32_t depth) {
    clasp_writer w = *out;
    for (; count > 0 && p->err == CLASP_OK; count--) {
        write_item(p, &w, take(p), depth);
    }
    *out = w;
}

static void write_entries(packing *p, clasp_writer *out, uint32_t count, uint32_t depth) {
    clasp_writer w = *out;
    for (; count > 0 && p->err == CLASP_OK; count--) {
        const clasp_cell *cell = take(p);
        if (cell->kind == CLASP_CELL_TEXT) {
            const clasp_span key = bytes_of(p, cell);
            clasp_writer rest = w;
            clasp_write_text(&rest, key);
            w = rest;
            cell = take(p);
        } else {
            write_named(p, &w, cell->kind >> 8);
        }
        write_item(p, &w, cell, depth);
    }
    *out = w;
}

/* The data of a value, its items and entries included. At most CLASP_VALUE_DEPTH levels deep. */
static void write_data(packing *p, clasp_writer *w, const clasp_cell *cell, uint32_t depth) {
    switch (cell->kind & 0xFF) {
    case CLASP_VALUE_NULL:
        break;
    case CLASP_VALUE_BOOL:
        clasp_write_u8(w, cell->a != 0);
        break;
    case CLASP_VALUE_I64:
        clasp_write_u64(w, (uint64_t)cell->c << 32 | cell->b);
        break;
    case CLASP_VALUE_F64:
        clasp_write_f64(w, cell->number);
        break;
    case CLASP_VALUE_STRING:
    case CLASP_VALUE_BYTES:
        clasp_write_text(w, bytes_of(p, cell));
        break;
    case CLASP_VALUE_ARRAY:
    case CLASP_VALUE_MAP:
        if (cell->a > UINT16_MAX || depth == CLASP_VALUE_DEPTH) {
            fail(p, depth == CLASP_VALUE_DEPTH ? CLASP_TOO_DEEP : CLASP_TOO_LARGE);
            return;
        }
        clasp_write_u16(w, (uint16_t)cell->a);
        ((cell->kind & 0xFF) == CLASP_VALUE_MAP ? write_entries : write_items)(p, w, cell->a, depth + 1);
        break;
    default:
        fail(p, CLASP_BAD_FIELD);
    }
}

/* What the host has put into `frame` with two free bytes before it: its length goes there. */
static clasp_span sized_in_place(packing *p, const clasp_cell *cell) {
    const clasp_span bytes = bytes_of(p, cell);
    if (p->err != CLASP_OK || bytes.len > UINT16_MAX || cell->b < 2) {
        fail(p, CLASP_TOO_LARGE);
        return bytes;
    }
    uint8_t *at = p->codec->frame + cell->b - 2;
    clasp_store_u16(at, (uint16_t)bytes.len);
    return (clasp_span){at, bytes.len + 2};
}

/* The value at hand. Lent until the next one of the same packing. */
static clasp_value value_of(packing *p) {
    const clasp_cell *cell = take(p);
    const uint8_t type = (uint8_t)cell->kind;
    if (cell->kind == CLASP_VALUE_F64) {
        return clasp_value_f64(cell->number, p->number);
    }
    if (type == CLASP_VALUE_STRING || type == CLASP_VALUE_BYTES) {
        return (clasp_value){sized_in_place(p, cell), type};
    }
    p->values = clasp_writer_of(p->codec->scratch, VALUE_SIZE);
    write_data(p, &p->values, cell, 0);
    if (p->values.err != CLASP_OK) {
        fail(p, p->values.err);
    }
    return (clasp_value){clasp_written(&p->values), type};
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

static clasp_writer list_writer(packing *p, uint32_t level) {
    return clasp_writer_of(p->codec->scratch + LISTS_AT + level * LIST_SIZE, CLASP_FRAME_PAYLOAD_MAX);
}

static clasp_list list_of(packing *p, const clasp_writer *w, uint32_t count) {
    if (w->err != CLASP_OK || count > UINT16_MAX) {
        fail(p, w->err != CLASP_OK ? w->err : CLASP_TOO_LARGE);
    }
    return (clasp_list){clasp_written(w), count};
}

/*
 * SET and PUBLISH are written straight from the cells, field by field (docs/wire.md, section 3): through a clasp_message their
 * values would be copied once more, and that is a third of the time.
 */
static void write_set(packing *p, const clasp_cell *head, clasp_writer *out) {
    clasp_writer w = *out;
    uint8_t *code = clasp_room(&w, 2);
    write_named(p, &w, head->b);
    const clasp_cell *value = take(p);
    if (!code || (value->kind & 0xFF) > CLASP_VALUE_MAP) {
        fail(p, code ? CLASP_BAD_FIELD : w.err);
        return;
    }
    const uint32_t has = head->a;
    code[0] = CLASP_MSG_SET;
    code[1] = (uint8_t)((has & CLASP_HAS_REVISION ? 0x80 : 0) | (has & CLASP_HAS_LOCK ? 0x40 : 0) |
                        (has & CLASP_HAS_UNLOCK ? 0x20 : 0) | (has & CLASP_HAS_TTL ? 0x10 : 0) |
                        (value->kind & 0xFF));
    write_value(p, &w, value, 0);
    if (has & CLASP_HAS_REVISION) {
        clasp_write_u64(&w, u64_of(p));
    }
    if (has & CLASP_HAS_TTL) {
        clasp_write_u32(&w, head->c);
    }
    *out = w;
}

static void write_samples(packing *p, clasp_writer *w) {
    const clasp_cell *head = take(p);
    if (head->kind != CLASP_VALUE_ARRAY || head->a > UINT16_MAX) {
        fail(p, head->kind == CLASP_VALUE_ARRAY ? CLASP_TOO_LARGE : CLASP_BAD_FIELD);
    }
    clasp_write_u16(w, (uint16_t)head->a);
    for (uint32_t left = head->a; left > 0 && p->err == CLASP_OK; left--) {
        const clasp_cell *cell = take(p);
        if (cell->kind != CLASP_VALUE_F64) {
            fail(p, CLASP_BAD_FIELD);
        }
        clasp_write_f64(w, cell->number);
    }
}

static void write_publish(packing *p, const clasp_cell *head, clasp_writer *out) {
    clasp_writer w = *out;
    const uint32_t has = head->a;
    const uint32_t signal = head->c & 0xFF;
    const uint32_t phase = head->c >> 8;
    if (signal > CLASP_SIGNAL_TIMELINE || phase > CLASP_PHASE_CANCEL) {
        fail(p, CLASP_BAD_ENUM);
        return;
    }
    clasp_write_u8(&w, CLASP_MSG_PUBLISH);
    clasp_write_u8(&w, (uint8_t)(signal << 5 | (has & CLASP_HAS_TIMESTAMP ? 0x10 : 0) |
                                 (has & CLASP_HAS_ID ? 0x08 : 0) | phase));
    write_named(p, &w, head->b);
    if (has & CLASP_HAS_VALUE) {
        clasp_write_u8(&w, 1);
        write_item(p, &w, take(p), 0);
    } else {
        clasp_write_u8(&w, has & CLASP_HAS_SAMPLES ? 2 : 0);
    }
    if (!(has & CLASP_HAS_VALUE) && has & CLASP_HAS_SAMPLES) {
        clasp_writer rest = w;
        write_samples(p, &rest);
        w = rest;
    }
    if (has & CLASP_HAS_TIMESTAMP) {
        clasp_write_u64(&w, u64_of(p));
    }
    if (has & CLASP_HAS_ID) {
        clasp_write_u32(&w, u32_of(p));
    }
    if (has & CLASP_HAS_RATE) {
        clasp_write_u32(&w, u32_of(p));
    }
    *out = w;
}

static void write_param(packing *p, clasp_writer *w) {
    const clasp_cell *head = take(p);
    if (head->kind != CLASP_CELL_PARAM) {
        fail(p, CLASP_BAD_FIELD);
        return;
    }
    clasp_param param = {.has_writer = head->a & CLASP_PARAM_WRITER,
                         .has_timestamp = head->a & CLASP_PARAM_TIMESTAMP};
    param.address = text_of(p, head->b);
    param.value = value_of(p);
    param.revision = head->a & CLASP_PARAM_SMALL ? head->c : u64_of(p);
    if (param.has_writer) {
        const clasp_cell *cell = take(p);
        param.writer = bytes_of(p, cell);
        p->err = p->err == CLASP_OK && cell->kind != CLASP_VALUE_STRING ? CLASP_BAD_FIELD : p->err;
    }
    if (param.has_timestamp) {
        param.timestamp_us = u64_of(p);
    }
    clasp_write_param(w, &param);
}

static void pack_snapshot(packing *p, const clasp_cell *head, clasp_message *m, uint32_t level) {
    m->type = CLASP_MSG_SNAPSHOT;
    clasp_writer w = list_writer(p, level);
    for (uint32_t left = head->c; left > 0 && p->err == CLASP_OK; left--) {
        write_param(p, &w);
    }
    m->list = list_of(p, &w, head->c);
}

static void pack_fields(packing *p, clasp_message *m) {
    clasp_writer w = clasp_writer_of(p->codec->scratch + FIELDS_AT, FIELDS_SIZE);
    const clasp_value map = value_of(p);
    if (p->err == CLASP_OK) {
        p->err = clasp_message_of_fields(map, &w, m);
    }
}

static void write_message(packing *p, clasp_writer *w, uint32_t level);

static void write_member(packing *p, clasp_writer *w, uint32_t level) {
    uint8_t *len = clasp_room(w, 2);
    write_message(p, w, level);
    const size_t size = len ? (size_t)(w->at - len) - 2 : 0;
    if (!len || w->err != CLASP_OK || size > UINT16_MAX) {
        fail(p, w->err != CLASP_OK ? w->err : CLASP_TOO_LARGE);
        return;
    }
    clasp_store_u16(len, (uint16_t)size);
}

static void pack_bundle(packing *p, const clasp_cell *head, clasp_message *m, uint32_t level) {
    if (level == CLASP_BUNDLE_DEPTH) {
        fail(p, CLASP_TOO_DEEP);
        return;
    }
    m->type = CLASP_MSG_BUNDLE;
    m->has = head->a & CLASP_HAS_TIMESTAMP;
    m->time_us = m->has ? u64_of(p) : 0;
    clasp_writer w = list_writer(p, level);
    for (uint32_t left = head->c; left > 0 && p->err == CLASP_OK; left--) {
        write_member(p, &w, level + 1);
    }
    m->list = list_of(p, &w, head->c);
}

static void pack_message(packing *p, const clasp_cell *head, clasp_message *m, uint32_t level) {
    switch (head->kind) {
    case CLASP_CELL_SNAPSHOT:
        pack_snapshot(p, head, m, level);
        break;
    case CLASP_CELL_BUNDLE:
        pack_bundle(p, head, m, level);
        break;
    case CLASP_CELL_FIELDS:
        pack_fields(p, m);
        break;
    default:
        fail(p, CLASP_BAD_FIELD);
    }
}

/* What is neither SET nor PUBLISH, through a message. Apart, so that the way of those two stays small. */
static __attribute__((noinline)) void write_other(packing *p, const clasp_cell *head, clasp_writer *w,
                                                  uint32_t level) {
    clasp_message m;
    memset(&m, 0, sizeof m);
    pack_message(p, head, &m, level);
    if (p->err == CLASP_OK) {
        clasp_message_write(w, &m);
    }
    p->qos = clasp_message_qos(&m);
}

/* `level`: bundles around it. Leaves the QoS that goes with it in `p->qos`. */
static void write_message(packing *p, clasp_writer *w, uint32_t level) {
    const clasp_cell *head = take(p);
    if (head->kind == CLASP_CELL_SET) {
        write_set(p, head, w);
        p->qos = clasp_message_qos(&(clasp_message){.type = CLASP_MSG_SET});
    } else if (head->kind == CLASP_CELL_PUBLISH) {
        write_publish(p, head, w);
        p->qos = clasp_message_qos(&(clasp_message){.type = CLASP_MSG_PUBLISH, .signal = (uint8_t)head->c});
    } else {
        write_other(p, head, w, level);
    }
}

int32_t clasp_codec_pack(clasp_codec *codec, bool has_qos) {
    packing p; /* what is not set here is set with the message that uses it */
    p.codec = codec;
    p.at = codec->tape.cells;
    p.end = codec->tape.at;
    p.err = CLASP_OK;
    p.qos = CLASP_QOS_FIRE;
    const clasp_envelope *e = &codec->envelope;
    const uint64_t timestamp_us = (uint64_t)e->timestamp_high << 32 | e->timestamp_low;
    clasp_writer w = clasp_writer_of(codec->out, sizeof codec->out);
    uint8_t *start = clasp_frame_begin(&w, CLASP_QOS_FIRE, e->has_timestamp ? &timestamp_us : NULL);
    write_message(&p, &w, 0);
    fail(&p, w.err);
    clasp_frame_set_qos(start, has_qos ? (clasp_qos)e->qos : p.qos);
    clasp_frame_end(&w, start);
    fail(&p, w.err);
    return p.err == CLASP_OK ? (int32_t)clasp_written(&w).len : (int32_t)p.err;
}
