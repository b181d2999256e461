/*
 * One record as anybody may send it: a PIECE, or one of video, as a map value or in a PUBLISH. A piece that is read has the
 * header that is written for it, a video record reads back as it is written; and receivers that take it, and then others
 * of its frame, hand out what agrees with it.
 */
#include <stdlib.h>

#include "chunk/crc32c.h"
#include "chunk/reassemble.h"
#include "chunk/video.h"
#include "wire/message.h"

#define VALUE_MAX (CLASP_FRAME_PAYLOAD_MAX + 200u) /* numbers grow to f64 */

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

/* ---- pieces -------------------------------------------------------------------------------------------------- */

static void take_piece(clasp_span record) {
    clasp_piece piece;
    clasp_reassembler r;
    clasp_whole whole;
    clasp_reassembler_init(&r, 0);
    const clasp_err err = clasp_reassembler_accept(&r, record, 0, &whole);
    const clasp_err judged = clasp_piece_decode(record, &piece);
    if (judged == CLASP_OK) {
        uint8_t header[CLASP_PIECE_HEADER_MAX];
        const uint32_t header_len = clasp_piece_write_header(&piece, header);
        must(clasp_span_equal((clasp_span){header, header_len}, (clasp_span){record.at, header_len}));
        must(piece.bytes.at == record.at + header_len && piece.bytes.len == record.len - header_len);
        const uint64_t before = (uint64_t)piece.index * piece.size;
        must(piece.index < piece.count && before + piece.bytes.len <= piece.total);
        must(piece.is_last == (before + piece.bytes.len == piece.total));
        must(err == CLASP_OK || err == CLASP_MORE);
        must(err == CLASP_MORE || piece.checksum == clasp_crc32c(0, piece.bytes));
    } else {
        must(err == judged && clasp_reassembler_deadline(&r) == UINT64_MAX);
    }
    if (err == CLASP_OK) {
        must(piece.count == 1 && clasp_span_equal(clasp_text_span(&whole.bytes), piece.bytes));
        clasp_text_clear(&whole.bytes);
    }
    clasp_reassembler_clear(&r);
}

/* ---- video --------------------------------------------------------------------------------------------------- */

static bool same_chunk(const clasp_video_chunk *a, const clasp_video_chunk *b) {
    return a->seq == b->seq && a->timestamp_us == b->timestamp_us && a->index == b->index &&
           a->count == b->count && a->is_key == b->is_key && clasp_span_equal(a->data, b->data) &&
           clasp_span_equal(a->description, b->description) &&
           (a->description.at != NULL) == (b->description.at != NULL);
}

static void rewrite(const clasp_video_chunk *chunk) {
    static uint8_t buffer[VALUE_MAX];
    clasp_video_chunk again;
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    clasp_video_write(&w, chunk);
    must(w.err == CLASP_OK);
    clasp_reader r = clasp_reader_of(clasp_written(&w));
    must(clasp_video_read(clasp_read_value(&r), &again) == CLASP_OK && r.err == CLASP_OK &&
         clasp_left(&r) == 0);
    must(same_chunk(chunk, &again));
}

static void drain(clasp_video_receiver *rx, const clasp_video_chunk *chunk) {
    clasp_video_event event;
    while (clasp_video_next(rx, &event)) {
        must(event.seq == chunk->seq && event.count == 1);
        must(event.kind != CLASP_VIDEO_FRAME || event.data.len >= chunk->data.len);
        must(event.kind != CLASP_VIDEO_FRAME || chunk->count <= CLASP_VIDEO_CHUNKS);
        clasp_text_clear(&event.data);
        clasp_text_clear(&event.description);
    }
}

/* The record, and then as many of its frame's other records as make no more than a small frame, with the same bytes. */
static void receive(const clasp_video_chunk *chunk) {
    clasp_video_receiver rx;
    clasp_video_receiver_init(&rx, false);
    const clasp_err err = clasp_video_accept(&rx, chunk, 0);
    must(err == (chunk->index < chunk->count && chunk->data.len > 0 ? CLASP_OK : CLASP_BAD_PIECE));
    drain(&rx, chunk);
    for (uint32_t index = 0; err == CLASP_OK && index < chunk->count && index < 16; index++) {
        clasp_video_chunk other = *chunk;
        other.index = index;
        must(clasp_video_accept(&rx, &other, 1) == CLASP_OK);
        drain(&rx, chunk);
    }
    must(clasp_video_tick(&rx, CLASP_VIDEO_LIFE_US) == CLASP_OK);
    drain(&rx, chunk);
    must(clasp_video_deadline(&rx) == UINT64_MAX);
    clasp_video_receiver_deinit(&rx);
}

static void take_value(clasp_value value) {
    clasp_video_chunk chunk;
    const clasp_err err = clasp_video_read(value, &chunk);
    must(err == CLASP_OK || err == CLASP_BAD_SIGNAL);
    if (err == CLASP_OK) {
        rewrite(&chunk);
        receive(&chunk);
    }
}

static void take_video(clasp_span bytes) {
    clasp_frame frame;
    clasp_message message;
    clasp_reader r = clasp_reader_of(bytes);
    const clasp_value value = clasp_read_value(&r);
    if (r.err == CLASP_OK) {
        take_value(value);
    }
    if (clasp_decode(bytes, &frame, &message) == CLASP_OK && message.type == CLASP_MSG_PUBLISH &&
        (message.has & CLASP_HAS_VALUE) != 0) {
        take_value(message.value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const clasp_span bytes = {data, (uint32_t)size};
    if (size > CLASP_CHUNK_RECORD_MAX + 1) {
        return 0;
    }
    take_piece(bytes);
    if (size <= CLASP_FRAME_MAX) {
        take_video(bytes);
    }
    return 0;
}
