/*
 * The bytes as a frame, and as a tape. A frame is unpacked and dispatched, or refused, as the decoder judges it; a tape that
 * nobody has filled with care is packed or refused, and what was packed decodes but for its texts, which are taken as they are.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "codec/dispatch.h"
#include "wire/legacy.h"

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static clasp_codec *codec; /* made once: what earlier inputs leave in it must not matter */
static clasp_dispatcher *dispatcher;

static void make(void) {
    if (!codec) {
        codec = clasp_codec_new();
        dispatcher = clasp_dispatcher_new(1);
        must(codec && dispatcher);
        must(clasp_dispatcher_add(dispatcher, clasp_span_of("/**"), 1) == CLASP_OK);
        must(clasp_dispatcher_add(dispatcher, clasp_span_of("/a/*"), 2) == CLASP_OK);
    }
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

/* Ids that mean what the tape's host was told, and text that lies in the codec's memory. */
static void check_cells(void) {
    const clasp_texts *texts = &codec->texts;
    must(texts->fresh_count <= CLASP_TEXT_COUNT);
    must(texts->last_address <= CLASP_TEXT_COUNT && texts->last_word <= CLASP_TEXT_COUNT);
    for (uint32_t i = 0; i < texts->fresh_count; i++) {
        must(texts->fresh[i] < CLASP_TEXT_COUNT && texts->places[texts->fresh[i]].len <= CLASP_TEXT_MAX);
    }
    for (const clasp_cell *cell = codec->tape.cells; cell < codec->tape.at; cell++) {
        if (cell->kind == CLASP_CELL_TEXT) {
            must(cell->b <= sizeof *codec && cell->c <= sizeof *codec - cell->b);
            must(clasp_utf8_check((clasp_span){(const uint8_t *)codec + cell->b, cell->c}));
        } else if ((cell->kind & 0xFF) == CLASP_VALUE_MAP && cell->c > 0) {
            must(cell->b > 0 && cell->b <= codec->shapes.count && cell->c <= cell->a);
            must(cell->c <= codec->shapes.shapes[cell->b - 1].count);
        }
    }
}

static void as_frame(const uint8_t *data, uint32_t size) {
    static uint8_t scratch[CLASP_FRAME_PAYLOAD_MAX];
    clasp_frame frame;
    clasp_message message;
    const clasp_err err =
        clasp_decode_any((clasp_span){data, size}, scratch, sizeof scratch, &frame, &message);
    memcpy(codec->frame, data, size);
    must(clasp_codec_unpack(codec, size) == err);
    if (err == CLASP_OK) {
        check_cells();
        must(codec->envelope.qos == frame.qos && codec->envelope.len <= size);
        must(codec->tape.at > codec->tape.cells);
    }
    const int32_t id = clasp_dispatcher_run(dispatcher, codec, size);
    must(codec->envelope.err == (int32_t)err);
    must(id < (int32_t)CLASP_DISPATCH_ADDRESSES && id >= CLASP_DISPATCH_NUMBERS);
    must(id == CLASP_DISPATCH_TAPE || err == CLASP_OK);
    if (id == CLASP_DISPATCH_TEXT) {
        must(codec->envelope.text_at + codec->envelope.text_len <= size &&
             codec->envelope.group < CLASP_DISPATCH_GROUPS);
    }
    must(clasp_dispatcher_memory(dispatcher) <= clasp_dispatcher_memory_max());
}

/* ---- tapes ----------------------------------------------------------------------------------------------------- */

/* Errors of a decoder that only texts which overlap one another, or are no UTF-8, can bring. */
static void judge(clasp_span packed) {
    clasp_frame frame;
    clasp_message message;
    const clasp_err err = clasp_decode(packed, &frame, &message);
    must(err == CLASP_OK || err == CLASP_BAD_UTF8);
}

/* The first byte says how many bytes are texts, and lie in the frame's memory; the others are cells. */
static void as_tape(const uint8_t *data, uint32_t size) {
    const uint32_t texts = size > 0 && data[0] < size ? data[0] : 0;
    const uint32_t count = (size - texts) / (uint32_t)sizeof(clasp_cell);
    memcpy(codec->frame, data, texts);
    clasp_tape_clear(&codec->tape);
    if (count > 0) {
        clasp_cell *cells = clasp_tape_add(&codec->tape, count);
        must(cells != NULL);
        memcpy(cells, data + texts, count * sizeof *cells);
    }
    codec->envelope = (clasp_envelope){.qos = size % 3, .has_timestamp = size % 2};
    const int32_t len = clasp_codec_pack(codec, size % 5 == 0);
    must(len != 0 && len <= (int32_t)CLASP_FRAME_MAX);
    if (len > 0) {
        judge((clasp_span){codec->out, (uint32_t)len});
    }
}

/* What was unpacked, packed as it stands: ids of texts are not those of words, so that it is a tape like any other. */
static void as_unpacked(const uint8_t *data, uint32_t size) {
    memcpy(codec->frame, data, size);
    if (clasp_codec_unpack(codec, size) == CLASP_OK) {
        codec->envelope = (clasp_envelope){0};
        const int32_t len = clasp_codec_pack(codec, false);
        must(len != 0 && len <= (int32_t)CLASP_FRAME_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    make();
    if (size <= CLASP_FRAME_MAX) {
        as_frame(data, (uint32_t)size);
        as_unpacked(data, (uint32_t)size);
        as_tape(data, (uint32_t)size);
    }
    return 0;
}
