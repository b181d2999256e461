#include <stdlib.h>

#include "codec/codec.h"
#include "wire/fields.h"
#include "wire/hot.h"
#include "wire/legacy.h"

#define SAMPLE_SIZE 8u /* bytes of a sample in a PUBLISH */

#define INLINE static inline __attribute__((always_inline))

/* ---- texts ----------------------------------------------------------------------------------------------------- */

static void point_at(clasp_codec *codec, clasp_cell *cell, clasp_span bytes) {
    cell->b = clasp_codec_offset(codec, bytes.at);
    cell->c = bytes.len;
}

void clasp_unpack_text(clasp_codec *codec, clasp_span text) {
    clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
    if (cell) {
        cell->kind = CLASP_CELL_TEXT;
        cell->a = clasp_is_ascii(text);
        point_at(codec, cell, text);
    }
}

static void add_u64(clasp_tape *tape, uint64_t number) {
    clasp_cell *cell = clasp_tape_add(tape, 1);
    if (!cell) {
        return;
    }
    if (number <= INT32_MAX) {
        cell->kind = CLASP_CELL_U31;
        cell->a = (uint32_t)number;
    } else if (number <= UINT64_C(1) << 53) {
        cell->kind = CLASP_CELL_U64;
        cell->number = (double)number;
    } else {
        cell->kind = CLASP_CELL_U64_BIG;
        cell->b = (uint32_t)number;
        cell->c = (uint32_t)(number >> 32);
    }
}

/* ---- parts ----------------------------------------------------------------------------------------------------- */

void clasp_unpack_samples(clasp_codec *codec, clasp_list samples) {
    clasp_cell *cell = clasp_tape_add(&codec->tape, 1 + samples.count);
    if (!cell) {
        return;
    }
    *cell = (clasp_cell){.kind = CLASP_VALUE_ARRAY, .a = samples.count};
    const uint8_t *at = samples.bytes.at;
    for (uint32_t left = samples.count; left > 0; left--, at += SAMPLE_SIZE) {
        *++cell = (clasp_cell){.kind = CLASP_VALUE_F64, .number = clasp_load_f64(at)};
    }
}

/* Errors of the reader stay in the tape, those before it first. */
static clasp_err ended(const clasp_codec *codec, const clasp_reader *r) {
    return codec->tape.err != CLASP_OK ? codec->tape.err : r->err;
}

/* A value whose type code stood elsewhere: a number here, the rest by a call, and by a copy, so that the caller's reader stays in
 * registers. */
INLINE void read_data(clasp_codec *codec, clasp_reader *r, uint8_t type) {
    if (type != CLASP_VALUE_F64) {
        clasp_reader rest = *r;
        clasp_unpack_data(codec, &rest, type);
        *r = rest;
        return;
    }
    const double number = clasp_read_f64(r);
    clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
    if (cell) {
        cell->kind = type;
        cell->a = 0;
        cell->number = number;
    }
}

INLINE void read_u64(clasp_codec *codec, clasp_reader *r) { add_u64(&codec->tape, clasp_read_u64(r)); }

/* A head of this kind, and the address at hand, by its id or as a TEXT. @return index of the head */
INLINE size_t read_head(clasp_codec *codec, clasp_reader *r, clasp_cell_kind kind) {
    const clasp_span address = clasp_take_sized(r);
    uint32_t id = 0;
    if (r->err == CLASP_OK && !clasp_texts_id(&codec->texts, &codec->texts.last_address, address, &id)) {
        clasp_read_fail(r, CLASP_BAD_UTF8);
    }
    clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
    if (!cell) {
        clasp_read_fail(r, codec->tape.err);
        return 0;
    }
    cell->kind = kind;
    cell->a = 0;
    cell->b = id;
    cell->c = 0;
    const size_t head = (size_t)(cell - codec->tape.cells);
    if (id == 0 && r->err == CLASP_OK) {
        clasp_unpack_text(codec, address);
    }
    return head;
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

/*
 * SET, PUBLISH and params are checked and unpacked in one walk, field by field (docs/wire.md, section 3): through a clasp_message
 * their values would be walked twice.
 */
static clasp_err unpack_set(clasp_codec *codec, clasp_reader r) {
    const uint8_t flags = clasp_read_u8(&r);
    const size_t head = read_head(codec, &r, CLASP_CELL_SET);
    read_data(codec, &r, flags & 0x0F);
    if (flags < 0x10 || ended(codec, &r) != CLASP_OK) {
        return ended(codec, &r);
    }
    codec->tape.cells[head].a = (flags & 0x80 ? CLASP_HAS_REVISION : 0) |
                                (flags & 0x40 ? CLASP_HAS_LOCK : 0) | (flags & 0x20 ? CLASP_HAS_UNLOCK : 0) |
                                (flags & 0x10 ? CLASP_HAS_TTL : 0);
    if (flags & 0x80) {
        read_u64(codec, &r);
    }
    if (flags & 0x10) {
        codec->tape.cells[head].c = clasp_read_u32(&r);
    }
    return ended(codec, &r);
}

static void read_samples(clasp_codec *codec, clasp_reader *r) {
    const uint32_t count = clasp_read_u16(r);
    const uint8_t *at = clasp_take(r, (size_t)count * SAMPLE_SIZE);
    if (at) {
        clasp_unpack_samples(codec, (clasp_list){{at, count * SAMPLE_SIZE}, count});
    }
}

/* What the indicator says there is: a value, samples, or nothing. */
INLINE uint32_t read_content(clasp_codec *codec, clasp_reader *r) {
    const uint8_t indicator = clasp_read_u8(r);
    if (indicator == 1) {
        const uint8_t type = clasp_read_u8(r);
        read_data(codec, r, type);
        return CLASP_HAS_VALUE;
    }
    if (indicator == 2) {
        read_samples(codec, r);
        return CLASP_HAS_SAMPLES;
    }
    return 0;
}

static clasp_err unpack_publish(clasp_codec *codec, clasp_reader r) {
    const uint8_t flags = clasp_read_u8(&r);
    const uint32_t signal = flags >> 5;
    const uint32_t phase = flags & 0x07;
    const size_t head = read_head(codec, &r, CLASP_CELL_PUBLISH);
    uint32_t has = read_content(codec, &r);
    if (flags & 0x10) {
        has |= CLASP_HAS_TIMESTAMP;
        read_u64(codec, &r);
    }
    if (flags & 0x08) {
        has |= CLASP_HAS_ID;
        add_u64(&codec->tape, clasp_read_u32(&r));
    }
    if (clasp_left(&r) >= sizeof(uint32_t)) {
        has |= CLASP_HAS_RATE;
        add_u64(&codec->tape, clasp_read_u32(&r));
    }
    if (ended(codec, &r) == CLASP_OK) {
        clasp_cell *cell = &codec->tape.cells[head];
        cell->a = has;
        cell->c = (signal <= CLASP_SIGNAL_TIMELINE ? signal : CLASP_SIGNAL_EVENT) |
                  (phase <= CLASP_PHASE_CANCEL ? phase : CLASP_PHASE_START) << 8;
    }
    return ended(codec, &r);
}

/* What comes behind the revision of a param. @return CLASP_PARAM_* */
INLINE uint32_t read_param_rest(clasp_codec *codec, clasp_reader *r, uint8_t flags) {
    if (flags & CLASP_PARAM_WRITER) {
        read_data(codec, r, CLASP_VALUE_STRING);
    }
    if (flags & CLASP_PARAM_TIMESTAMP) {
        read_u64(codec, r);
    }
    return flags & (CLASP_PARAM_WRITER | CLASP_PARAM_TIMESTAMP);
}

INLINE void unpack_param(clasp_codec *codec, clasp_reader *r) {
    const size_t head = read_head(codec, r, CLASP_CELL_PARAM);
    const uint8_t type = clasp_read_u8(r);
    read_data(codec, r, type);
    const uint64_t revision = clasp_read_u64(r);
    const bool is_small = revision <= INT32_MAX;
    if (!is_small) {
        add_u64(&codec->tape, revision);
    }
    const uint8_t flags = clasp_read_u8(r);
    const uint32_t has = read_param_rest(codec, r, flags) | (is_small ? CLASP_PARAM_SMALL : 0);
    if (ended(codec, r) == CLASP_OK) {
        clasp_cell *cell = &codec->tape.cells[head];
        cell->a = has;
        cell->c = is_small ? (uint32_t)revision : 0;
    }
}

static void unpack_snapshot(clasp_codec *codec, const clasp_message *m) {
    clasp_cell *head = clasp_tape_add(&codec->tape, 1);
    if (head) {
        *head = (clasp_cell){.kind = CLASP_CELL_SNAPSHOT, .c = m->list.count};
    }
    clasp_reader r = clasp_list_reader(m->list);
    for (uint32_t left = m->list.count; left > 0 && ended(codec, &r) == CLASP_OK; left--) {
        unpack_param(codec, &r);
    }
    codec->tape.err = ended(codec, &r);
}

/* Any other message, by the names of its fields. They stay in the scratch memory, one message behind the other. */
static void unpack_fields(clasp_codec *codec, clasp_writer *scratch, const clasp_message *m) {
    clasp_cell *head = clasp_tape_add(&codec->tape, 1);
    if (!head) {
        return;
    }
    *head = (clasp_cell){.kind = CLASP_CELL_FIELDS};
    const uint8_t *start = scratch->at;
    clasp_message_to_fields(scratch, m);
    if (scratch->err != CLASP_OK) {
        codec->tape.err = scratch->err;
        return;
    }
    clasp_unpack_value(codec, (clasp_value){{start + 1, (uint32_t)(scratch->at - start) - 1}, start[0]});
}

static clasp_err unpack_payload(clasp_codec *codec, clasp_writer *scratch, clasp_span payload,
                                uint32_t level);

static void unpack_bundle(clasp_codec *codec, clasp_writer *scratch, const clasp_message *m, uint32_t level) {
    clasp_cell *head = clasp_tape_add(&codec->tape, 1);
    if (level == CLASP_BUNDLE_DEPTH || !head) {
        codec->tape.err = head ? CLASP_TOO_DEEP : codec->tape.err;
        return;
    }
    *head = (clasp_cell){.kind = CLASP_CELL_BUNDLE, .a = m->has, .c = m->list.count};
    if (m->has & CLASP_HAS_TIMESTAMP) {
        add_u64(&codec->tape, m->time_us);
    }
    clasp_reader r = clasp_list_reader(m->list);
    for (uint32_t left = m->list.count; left > 0 && codec->tape.err == CLASP_OK; left--) {
        const clasp_err err = unpack_payload(codec, scratch, clasp_next_member(&r), level + 1);
        codec->tape.err =
            err == CLASP_BAD_LEGACY ? CLASP_UNKNOWN_TYPE : err; /* a legacy payload is no member */
    }
}

/* What is neither SET nor PUBLISH, through a message. Apart, so that the way of those two stays small. */
static __attribute__((noinline)) clasp_err unpack_message(clasp_codec *codec, clasp_writer *scratch,
                                                          clasp_span payload, uint32_t level) {
    clasp_message m;
    const clasp_err err = clasp_message_open(payload, &m);
    if (err != CLASP_OK) {
        return err;
    }
    if (m.type == CLASP_MSG_SNAPSHOT) {
        unpack_snapshot(codec, &m);
    } else if (m.type == CLASP_MSG_BUNDLE) {
        unpack_bundle(codec, scratch, &m, level);
    } else {
        unpack_fields(codec, scratch, &m);
    }
    return codec->tape.err;
}

/* One message; `level`: bundles around it. */
static clasp_err unpack_payload(clasp_codec *codec, clasp_writer *scratch, clasp_span payload,
                                uint32_t level) {
    const uint8_t type = payload.len > 0 ? payload.at[0] : 0;
    if (type != CLASP_MSG_SET && type != CLASP_MSG_PUBLISH) {
        return unpack_message(codec, scratch, payload, level);
    }
    const clasp_reader r = clasp_reader_of((clasp_span){payload.at + 1, payload.len - 1});
    return (type == CLASP_MSG_SET ? unpack_set : unpack_publish)(codec, r);
}

static void fill_envelope(clasp_envelope *envelope, const clasp_frame *frame) {
    envelope->timestamp_us = (double)frame->timestamp_us;
    envelope->timestamp_low = (uint32_t)frame->timestamp_us;
    envelope->timestamp_high = (uint32_t)(frame->timestamp_us >> 32);
    envelope->has_timestamp = frame->has_timestamp;
    envelope->qos = frame->qos;
    envelope->len =
        CLASP_FRAME_HEADER + (frame->has_timestamp ? CLASP_FRAME_TIMESTAMP : 0) + frame->payload.len;
}

/* Begin a round of texts and an empty tape with the frame in the first `len` bytes. */
static clasp_err begin(clasp_codec *codec, uint32_t len, clasp_frame *frame) {
    clasp_texts_begin(&codec->texts);
    clasp_tape_clear(&codec->tape);
    if (len > sizeof codec->frame) {
        return CLASP_TOO_LARGE;
    }
    return clasp_frame_decode((clasp_span){codec->frame, len}, frame, NULL);
}

/* A legacy payload as one of ours. */
static clasp_err transcode(clasp_codec *codec, clasp_span payload, clasp_span *out) {
    clasp_writer w = clasp_writer_of(codec->legacy, sizeof codec->legacy);
    const clasp_err err = clasp_legacy_transcode(payload, &w);
    *out = clasp_written(&w);
    return err;
}

clasp_err clasp_codec_open(clasp_codec *codec, uint32_t len, clasp_frame *frame, clasp_message *out) {
    clasp_span ours;
    clasp_err err = begin(codec, len, frame);
    err = err == CLASP_OK ? clasp_message_open(frame->payload, out) : err;
    if (err != CLASP_BAD_LEGACY) {
        return err;
    }
    err = transcode(codec, frame->payload, &ours);
    return err == CLASP_OK ? clasp_message_open(ours, out) : err;
}

clasp_err clasp_codec_unpack(clasp_codec *codec, uint32_t len) {
    clasp_frame frame;
    clasp_span ours;
    clasp_err err = begin(codec, len, &frame);
    if (err != CLASP_OK) {
        return err;
    }
    fill_envelope(&codec->envelope, &frame);
    clasp_writer scratch = clasp_writer_of(codec->scratch, sizeof codec->scratch);
    err = unpack_payload(codec, &scratch, frame.payload, 0);
    if (err != CLASP_BAD_LEGACY) {
        return err;
    }
    err = transcode(codec, frame.payload, &ours);
    return err == CLASP_OK ? unpack_payload(codec, &scratch, ours, 0) : err;
}

clasp_codec *clasp_codec_new(void) { return calloc(1, sizeof(clasp_codec)); }

void clasp_codec_free(clasp_codec *codec) {
    if (codec) {
        clasp_tape_deinit(&codec->tape);
        free(codec);
    }
}
