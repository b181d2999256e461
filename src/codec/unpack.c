#include <stdlib.h>

#include "codec/codec.h"
#include "wire/fields.h"
#include "wire/legacy.h"

#define SAMPLE_SIZE 8u /* bytes of a sample in a PUBLISH */

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

/* ---- values ---------------------------------------------------------------------------------------------------- */

/* The bytes of these readers were checked: nothing can be missing. */
static clasp_span take_sized(clasp_reader *r) {
    const uint32_t len = clasp_load_u16(r->at);
    const clasp_span span = {r->at + 2, len};
    r->at += 2 + len;
    return span;
}

static float load_f32(const uint8_t *p) {
    const uint32_t bits = clasp_load_u32(p);
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static double number_of(const uint8_t *p, uint8_t type) {
    switch (type) {
    case CLASP_VALUE_I8:
        return (int8_t)p[0];
    case CLASP_VALUE_I16:
        return (int16_t)clasp_load_u16(p);
    case CLASP_VALUE_I32:
        return (int32_t)clasp_load_u32(p);
    case CLASP_VALUE_I64:
        return (double)(int64_t)clasp_load_u64(p);
    case CLASP_VALUE_F32:
        return load_f32(p);
    default:
        return clasp_load_f64(p);
    }
}

static const uint8_t NUMBER_SIZE[] = {[CLASP_VALUE_I8] = 1,  [CLASP_VALUE_I16] = 2, [CLASP_VALUE_I32] = 4,
                                      [CLASP_VALUE_I64] = 8, [CLASP_VALUE_F32] = 4, [CLASP_VALUE_F64] = 8};

static void unpack_data(clasp_codec *codec, clasp_reader *r, uint8_t type, uint32_t key);

static void unpack_items(clasp_codec *codec, clasp_reader *r, uint32_t count) {
    for (; count > 0 && codec->tape.err == CLASP_OK; count--) {
        const uint8_t type = *r->at++;
        unpack_data(codec, r, type, 0);
    }
}

static void unpack_entries(clasp_codec *codec, clasp_reader *r, uint32_t count) {
    for (; count > 0 && codec->tape.err == CLASP_OK; count--) {
        const clasp_span key = take_sized(r);
        const uint32_t id = clasp_texts_id(&codec->texts, key);
        if (id == 0) {
            clasp_unpack_text(codec, key);
        }
        const uint8_t type = *r->at++;
        unpack_data(codec, r, type, id);
    }
}

/* One value of a checked one. As deep as the checks allow: CLASP_VALUE_DEPTH levels. */
static void unpack_data(clasp_codec *codec, clasp_reader *r, uint8_t type, uint32_t key) {
    clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
    if (!cell) {
        return;
    }
    cell->kind = type | key << 8;
    cell->a = 0;
    switch (type) {
    case CLASP_VALUE_NULL:
        break;
    case CLASP_VALUE_BOOL:
        cell->a = *r->at++ != 0;
        break;
    case CLASP_VALUE_STRING: {
        const clasp_span text = take_sized(r);
        cell->a = clasp_texts_id(&codec->texts, text);
        point_at(codec, cell, text);
        break;
    }
    case CLASP_VALUE_BYTES:
        point_at(codec, cell, take_sized(r));
        break;
    case CLASP_VALUE_ARRAY:
    case CLASP_VALUE_MAP: {
        const uint32_t count = clasp_load_u16(r->at);
        r->at += 2;
        cell->a = count;
        (type == CLASP_VALUE_MAP ? unpack_entries : unpack_items)(codec, r, count);
        break;
    }
    default:
        cell->a = type == CLASP_VALUE_I64 ? clasp_codec_offset(codec, r->at) : 0;
        cell->number = number_of(r->at, type);
        r->at += NUMBER_SIZE[type];
    }
}

void clasp_unpack_value(clasp_codec *codec, clasp_value value) {
    clasp_reader r = clasp_reader_of(value.data);
    unpack_data(codec, &r, value.type, 0);
}

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

/* ---- messages -------------------------------------------------------------------------------------------------- */

/* A head with an address, whose id + 1 this is; the TEXT behind it where it has none. */
static inline void add_head_with(clasp_codec *codec, clasp_cell_kind kind, uint32_t has, clasp_span address,
                                 uint32_t id, uint32_t c) {
    clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
    if (!cell) {
        return;
    }
    cell->kind = kind;
    cell->a = has;
    cell->b = id;
    cell->c = c;
    if (id == 0) {
        clasp_unpack_text(codec, address);
    }
}

static inline void add_head(clasp_codec *codec, clasp_cell_kind kind, uint32_t has, clasp_span address,
                            uint32_t c) {
    add_head_with(codec, kind, has, address, clasp_texts_id(&codec->texts, address), c);
}

static void unpack_set(clasp_codec *codec, const clasp_message *m) {
    add_head(codec, CLASP_CELL_SET, m->has, m->address, m->ttl);
    clasp_unpack_value(codec, m->value);
    if (m->has & CLASP_HAS_REVISION) {
        add_u64(&codec->tape, m->revision);
    }
}

static void unpack_publish(clasp_codec *codec, const clasp_message *m) {
    add_head(codec, CLASP_CELL_PUBLISH, m->has, m->address, m->signal | (uint32_t)m->phase << 8);
    if (m->has & CLASP_HAS_VALUE) {
        clasp_unpack_value(codec, m->value);
    }
    if (m->has & CLASP_HAS_SAMPLES) {
        clasp_unpack_samples(codec, m->list);
    }
    if (m->has & CLASP_HAS_TIMESTAMP) {
        add_u64(&codec->tape, m->time_us);
    }
    if (m->has & CLASP_HAS_ID) {
        add_u64(&codec->tape, m->id);
    }
    if (m->has & CLASP_HAS_RATE) {
        add_u64(&codec->tape, m->rate);
    }
}

/* The texts of a param are checked here: most addresses are found to have an id, and then were checked before. */
static clasp_err unpack_param(clasp_codec *codec, clasp_reader *r) {
    clasp_param p;
    uint32_t id;
    clasp_next_param(r, &p);
    if (!clasp_texts_check(&codec->texts, p.address, &id) || (p.has_writer && !clasp_utf8_check(p.writer))) {
        return CLASP_BAD_UTF8;
    }
    if (r->err != CLASP_OK) {
        return r->err;
    }
    const bool is_small = p.revision <= INT32_MAX;
    const uint32_t has = (p.has_writer ? CLASP_PARAM_WRITER : 0) |
                         (p.has_timestamp ? CLASP_PARAM_TIMESTAMP : 0) | (is_small ? CLASP_PARAM_SMALL : 0);
    add_head_with(codec, CLASP_CELL_PARAM, has, p.address, id, is_small ? (uint32_t)p.revision : 0);
    clasp_unpack_value(codec, p.value);
    if (!is_small) {
        add_u64(&codec->tape, p.revision);
    }
    if (p.has_writer) {
        clasp_unpack_value(codec, (clasp_value){{p.writer.at - 2, p.writer.len + 2}, CLASP_VALUE_STRING});
    }
    if (p.has_timestamp) {
        add_u64(&codec->tape, p.timestamp_us);
    }
    return codec->tape.err;
}

static void unpack_snapshot(clasp_codec *codec, const clasp_message *m) {
    clasp_cell *head = clasp_tape_add(&codec->tape, 1);
    if (head) {
        *head = (clasp_cell){.kind = CLASP_CELL_SNAPSHOT, .c = m->list.count};
    }
    clasp_reader r = clasp_list_reader(m->list);
    for (uint32_t left = m->list.count; left > 0 && codec->tape.err == CLASP_OK; left--) {
        codec->tape.err = unpack_param(codec, &r);
    }
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

static void unpack_message(clasp_codec *codec, clasp_writer *scratch, const clasp_message *m, uint32_t level);

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
        clasp_message member;
        codec->tape.err = clasp_codec_open_member(clasp_next_member(&r), &member);
        if (codec->tape.err == CLASP_OK) {
            unpack_message(codec, scratch, &member, level + 1);
        }
    }
}

/* `level`: bundles around it. */
static void unpack_message(clasp_codec *codec, clasp_writer *scratch, const clasp_message *m,
                           uint32_t level) {
    switch (m->type) {
    case CLASP_MSG_SET:
        unpack_set(codec, m);
        break;
    case CLASP_MSG_PUBLISH:
        unpack_publish(codec, m);
        break;
    case CLASP_MSG_SNAPSHOT:
        unpack_snapshot(codec, m);
        break;
    case CLASP_MSG_BUNDLE:
        unpack_bundle(codec, scratch, m, level);
        break;
    default:
        unpack_fields(codec, scratch, m);
    }
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

clasp_err clasp_codec_open(clasp_codec *codec, uint32_t len, clasp_frame *frame, clasp_message *out) {
    clasp_texts_begin(&codec->texts);
    clasp_tape_clear(&codec->tape);
    if (len > sizeof codec->frame) {
        return CLASP_TOO_LARGE;
    }
    clasp_err err = clasp_frame_decode((clasp_span){codec->frame, len}, frame, NULL);
    err = err == CLASP_OK ? clasp_message_open(frame->payload, out) : err;
    if (err != CLASP_BAD_LEGACY) {
        return err;
    }
    clasp_writer w = clasp_writer_of(codec->legacy, sizeof codec->legacy);
    err = clasp_legacy_transcode(frame->payload, &w);
    return err == CLASP_OK ? clasp_message_open(clasp_written(&w), out) : err;
}

clasp_err clasp_codec_unpack(clasp_codec *codec, uint32_t len) {
    clasp_frame frame;
    clasp_message message;
    const clasp_err err = clasp_codec_open(codec, len, &frame, &message);
    if (err != CLASP_OK) {
        return err;
    }
    fill_envelope(&codec->envelope, &frame);
    clasp_writer scratch = clasp_writer_of(codec->scratch, sizeof codec->scratch);
    unpack_message(codec, &scratch, &message, 0);
    return codec->tape.err;
}

clasp_codec *clasp_codec_new(void) { return calloc(1, sizeof(clasp_codec)); }

void clasp_codec_free(clasp_codec *codec) {
    if (codec) {
        clasp_tape_deinit(&codec->tape);
        free(codec);
    }
}
