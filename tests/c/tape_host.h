/** A host of the codec: what the glue does in JavaScript, for the tests of src/codec/. */
#ifndef CLASP_TESTS_TAPE_HOST_H
#define CLASP_TESTS_TAPE_HOST_H

#include "check.h"
#include "codec/codec.h"

/** It keeps the texts that it was told of, and fills tapes. */
typedef struct tape_host {
    clasp_codec *codec;
    uint8_t names[CLASP_TEXT_COUNT][1 + CLASP_TEXT_MAX]; /* by id: length, bytes */
    clasp_cell cells[CLASP_TAPE_CELLS];                  /* of a tape to pack */
    uint32_t count;
    uint8_t area[sizeof((clasp_codec *)0)->frame]; /* its texts and bytes */
    uint32_t area_len;
} tape_host;

/** Given; free with host_free(). Ends the process without memory. */
static inline tape_host *host_new(void) {
    tape_host *host = calloc(1, sizeof *host);
    clasp_codec *codec = clasp_codec_new();
    if (!host || !codec) {
        abort();
    }
    host->codec = codec;
    return host;
}

static inline void host_free(tape_host *host) {
    clasp_codec_free(host->codec);
    free(host);
}

/* ---- what was unpacked ----------------------------------------------------------------------------------------- */

/** Take over what ids mean now. After each call that unpacks. */
static inline void host_refresh(tape_host *host) {
    const clasp_texts *texts = &host->codec->texts;
    for (uint32_t i = 0; i < texts->fresh_count; i++) {
        const clasp_text *place = &texts->places[texts->fresh[i]];
        host->names[texts->fresh[i]][0] = place->len;
        memcpy(&host->names[texts->fresh[i]][1], place->bytes, place->len);
    }
}

static inline clasp_err host_unpack(tape_host *host, clasp_span frame) {
    const uint32_t room = sizeof host->codec->frame;
    memcpy(host->codec->frame, frame.at, frame.len < room ? frame.len : room);
    const clasp_err err = clasp_codec_unpack(host->codec, frame.len);
    host_refresh(host);
    return err;
}

/** The text of an id + 1. */
static inline clasp_span host_name(const tape_host *host, uint32_t id) {
    return (clasp_span){&host->names[id - 1][1], host->names[id - 1][0]};
}

static inline clasp_span host_bytes(const tape_host *host, const clasp_cell *cell) {
    return (clasp_span){(const uint8_t *)host->codec + cell->b, cell->c};
}

/* ---- tapes to pack --------------------------------------------------------------------------------------------- */

static inline void host_begin(tape_host *host) { host->count = host->area_len = 0; }

static inline clasp_cell *host_cell(tape_host *host, uint32_t kind) {
    clasp_cell *cell = &host->cells[host->count++];
    *cell = (clasp_cell){.kind = kind};
    return cell;
}

static inline clasp_cell *host_head(tape_host *host, uint32_t kind, uint32_t a, uint32_t b, uint32_t c) {
    clasp_cell *cell = host_cell(host, kind);
    cell->a = a;
    cell->b = b;
    cell->c = c;
    return cell;
}

static inline void host_number(tape_host *host, uint32_t kind, double number) {
    host_cell(host, kind)->number = number;
}

/** Bytes or a text, with two free bytes before it. */
static inline void host_text(tape_host *host, uint32_t kind, clasp_span text) {
    clasp_cell *cell = host_cell(host, kind);
    cell->b = host->area_len + 2;
    cell->c = text.len;
    if (CHECK(text.len + 2 <= sizeof host->area - host->area_len) && text.len > 0) {
        memcpy(host->area + cell->b, text.at, text.len);
        host->area_len = cell->b + text.len;
    }
}

/** The frame of the tape, lent; or its error. */
static inline int32_t host_pack(tape_host *host, bool has_qos) {
    clasp_codec *codec = host->codec;
    memcpy(codec->frame, host->area, host->area_len);
    clasp_tape_clear(&codec->tape);
    clasp_cell *cells = clasp_tape_add(&codec->tape, host->count);
    if (!cells) {
        return codec->tape.err;
    }
    memcpy(cells, host->cells, host->count * sizeof *cells);
    return clasp_codec_pack(codec, has_qos);
}

static inline clasp_span host_frame(const tape_host *host, int32_t len) {
    return (clasp_span){host->codec->out, len > 0 ? (uint32_t)len : 0};
}

/* ---- from one to the other ------------------------------------------------------------------------------------- */

static inline const clasp_cell *host_copy_value(tape_host *host, const clasp_cell *at);

/** Key `n` of a shape's id + 1. */
static inline clasp_span host_shape_key(const tape_host *host, uint32_t id, uint32_t n) {
    const clasp_shape *shape = &host->codec->shapes.shapes[id - 1];
    CHECK(id <= host->codec->shapes.count && n < shape->count);
    const uint8_t *at = shape->bytes + shape->at[n];
    return (clasp_span){at + 2, clasp_load_u16(at)};
}

static inline const clasp_cell *host_copy_items(tape_host *host, const clasp_cell *head) {
    const bool is_map = (head->kind & 0xFF) == CLASP_VALUE_MAP;
    const clasp_cell *at = head + 1;
    CHECK(is_map || head->c == 0);
    host_cell(host, head->kind & 0xFF)->a = head->a;
    for (uint32_t n = 0; n < head->a; n++) {
        if (n < head->c) {
            host_text(host, CLASP_CELL_TEXT, host_shape_key(host, head->b, n));
        } else if (at->kind == CLASP_CELL_TEXT) {
            host_text(host, CLASP_CELL_TEXT, host_bytes(host, at++));
        } else if (is_map) {
            host_text(host, CLASP_CELL_TEXT, host_name(host, at->kind >> 8));
        }
        at = host_copy_value(host, at);
    }
    return at;
}

/** An unpacked value as one to pack. @return the cell behind it */
static inline const clasp_cell *host_copy_value(tape_host *host, const clasp_cell *at) {
    const uint32_t type = at->kind & 0xFF;
    switch (type) {
    case CLASP_VALUE_NULL:
    case CLASP_VALUE_BOOL:
        host_cell(host, type)->a = at->a;
        break;
    case CLASP_VALUE_I64: {
        const uint64_t number = clasp_load_u64((const uint8_t *)host->codec + at->a);
        CHECK((double)(int64_t)number == at->number);
        host_head(host, type, 0, (uint32_t)number, (uint32_t)(number >> 32));
        break;
    }
    case CLASP_VALUE_I8:
    case CLASP_VALUE_I16:
    case CLASP_VALUE_I32: /* an integer stays one, so that the vectors' comparison tells it from an f64 */
        host_head(host, CLASP_VALUE_I64, 0, (uint32_t)(int64_t)at->number,
                  (uint32_t)((uint64_t)(int64_t)at->number >> 32));
        break;
    case CLASP_VALUE_STRING:
        host_text(host, type, at->a != 0 ? host_name(host, at->a) : host_bytes(host, at));
        CHECK(at->a == 0 || clasp_span_equal(host_name(host, at->a), host_bytes(host, at)));
        break;
    case CLASP_VALUE_BYTES:
        host_text(host, type, host_bytes(host, at));
        break;
    case CLASP_VALUE_ARRAY:
    case CLASP_VALUE_MAP:
        return host_copy_items(host, at);
    default:
        host_number(host, CLASP_VALUE_F64, at->number);
    }
    return at + 1;
}

static inline const clasp_cell *host_copy_u64(tape_host *host, const clasp_cell *at) {
    if (at->kind == CLASP_CELL_U64_BIG) {
        host_head(host, CLASP_CELL_U64_BIG, 0, at->b, at->c);
    } else {
        CHECK(at->kind == CLASP_CELL_U64 || at->kind == CLASP_CELL_U31);
        host_number(host, CLASP_CELL_U64, at->kind == CLASP_CELL_U31 ? at->a : at->number);
    }
    return at + 1;
}

/* A head with an address. */
static inline const clasp_cell *host_copy_head(tape_host *host, const clasp_cell *at) {
    const bool has_id = at->b != 0;
    host_head(host, at->kind, at->a, 0, at->c);
    CHECK(has_id || at[1].kind == CLASP_CELL_TEXT);
    host_text(host, CLASP_CELL_TEXT, has_id ? host_name(host, at->b) : host_bytes(host, at + 1));
    return at + (has_id ? 1 : 2);
}

static inline const clasp_cell *host_copy_publish(tape_host *host, const clasp_cell *head) {
    static const uint32_t NUMBERS[] = {CLASP_HAS_TIMESTAMP, CLASP_HAS_ID, CLASP_HAS_RATE};
    const clasp_cell *at = host_copy_head(host, head);
    if (head->a & (CLASP_HAS_VALUE | CLASP_HAS_SAMPLES)) {
        at = host_copy_value(host, at);
    }
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        at = head->a & NUMBERS[i] ? host_copy_u64(host, at) : at;
    }
    return at;
}

static inline const clasp_cell *host_copy_param(tape_host *host, const clasp_cell *head) {
    const clasp_cell *at = host_copy_head(host, head);
    at = host_copy_value(host, at);
    at = head->a & CLASP_PARAM_SMALL ? at : host_copy_u64(host, at);
    at = head->a & CLASP_PARAM_WRITER ? host_copy_value(host, at) : at;
    return head->a & CLASP_PARAM_TIMESTAMP ? host_copy_u64(host, at) : at;
}

/** An unpacked message as one to pack. @return the cell behind it */
static inline const clasp_cell *host_copy_message(tape_host *host, const clasp_cell *head) {
    const clasp_cell *at = head + 1;
    switch (head->kind) {
    case CLASP_CELL_SET:
        at = host_copy_value(host, host_copy_head(host, head));
        return head->a & CLASP_HAS_REVISION ? host_copy_u64(host, at) : at;
    case CLASP_CELL_PUBLISH:
        return host_copy_publish(host, head);
    case CLASP_CELL_FIELDS:
        host_cell(host, head->kind);
        return host_copy_value(host, at);
    case CLASP_CELL_SNAPSHOT:
    case CLASP_CELL_BUNDLE:
        host_head(host, head->kind, head->a, 0, head->c);
        at = head->a & CLASP_HAS_TIMESTAMP ? host_copy_u64(host, at) : at;
        for (uint32_t left = head->c; left > 0; left--) {
            at = (head->kind == CLASP_CELL_BUNDLE ? host_copy_message : host_copy_param)(host, at);
        }
        return at;
    default:
        CHECK_EQ(head->kind, CLASP_CELL_SET); /* it is no message */
        return head + 1;
    }
}

/** What is on the tape as a tape to pack; all of it, or a check fails. */
static inline void host_copy(tape_host *host) {
    host_begin(host);
    CHECK(host_copy_message(host, host->codec->tape.cells) == host->codec->tape.at);
}

#endif
