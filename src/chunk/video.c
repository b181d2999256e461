#include "chunk/video.h"

#define SEQ_MAX 9007199254740991.0 /* 2^53 - 1: what a double counts by ones */

/* ---- reading ------------------------------------------------------------------------------------------------- */

static bool get_number(clasp_value map, const char *key, double *out) {
    clasp_value value;
    if (!clasp_value_get(map, clasp_span_of(key), &value) || !clasp_value_number(value, out)) {
        return false;
    }
    return *out - *out == 0; /* finite */
}

/* A whole number from 0 to `max`. */
static bool get_whole(clasp_value map, const char *key, double max, uint64_t *out) {
    double number;
    if (!get_number(map, key, &number) || number < 0 || number > max || number != (double)(uint64_t)number) {
        return false;
    }
    *out = (uint64_t)number;
    return true;
}

/* Bytes: a u16 length, then the bytes. */
static bool get_bytes(clasp_value map, const char *key, clasp_span *out) {
    clasp_value value;
    if (!clasp_value_get(map, clasp_span_of(key), &value) || value.type != CLASP_VALUE_BYTES) {
        return false;
    }
    *out = (clasp_span){value.data.at + 2, value.data.len - 2};
    return true;
}

static bool get_kind(clasp_value map, bool *is_key) {
    clasp_value value;
    if (!clasp_value_get(map, clasp_span_of("frameType"), &value)) {
        return false;
    }
    const clasp_span kind = clasp_value_text(value);
    *is_key = clasp_span_equal(kind, clasp_span_of("key"));
    return *is_key || clasp_span_equal(kind, clasp_span_of("delta"));
}

clasp_err clasp_video_read(clasp_value map, clasp_video_chunk *out) {
    clasp_video_chunk chunk = {0};
    uint64_t index;
    uint64_t count;
    if (!get_whole(map, "seq", SEQ_MAX, &chunk.seq) || !get_whole(map, "chunkIndex", UINT32_MAX, &index) ||
        !get_whole(map, "totalChunks", UINT32_MAX, &count) || !get_kind(map, &chunk.is_key) ||
        !get_number(map, "timestamp", &chunk.timestamp_us) || !get_bytes(map, "data", &chunk.data)) {
        return CLASP_BAD_SIGNAL;
    }
    chunk.index = (uint32_t)index;
    chunk.count = (uint32_t)count;
    get_bytes(map, "description", &chunk.description); /* or none */
    *out = chunk;
    return CLASP_OK;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static void put_number(clasp_writer *w, const char *key, double number) {
    clasp_write_text(w, clasp_span_of(key));
    clasp_write_u8(w, CLASP_VALUE_F64);
    clasp_write_f64(w, number);
}

/* Text or bytes: a u16 length, then the bytes. */
static void put_sized(clasp_writer *w, const char *key, clasp_value_type type, clasp_span bytes) {
    clasp_write_text(w, clasp_span_of(key));
    clasp_write_u8(w, (uint8_t)type);
    clasp_write_text(w, bytes);
}

void clasp_video_write(clasp_writer *w, const clasp_video_chunk *chunk) {
    const bool is_described = chunk->description.at != NULL;
    clasp_write_u8(w, CLASP_VALUE_MAP);
    clasp_write_u16(w, is_described ? 7 : 6);
    put_number(w, "seq", (double)chunk->seq);
    put_number(w, "chunkIndex", chunk->index);
    put_number(w, "totalChunks", chunk->count);
    put_sized(w, "frameType", CLASP_VALUE_STRING, clasp_span_of(chunk->is_key ? "key" : "delta"));
    put_number(w, "timestamp", chunk->timestamp_us);
    put_sized(w, "data", CLASP_VALUE_BYTES, chunk->data);
    if (is_described) {
        put_sized(w, "description", CLASP_VALUE_BYTES, chunk->description);
    }
}

/* ---- cutting ------------------------------------------------------------------------------------------------- */

clasp_err clasp_video_split_init(clasp_video_split *split, const clasp_video_chunk *frame,
                                 uint32_t chunk_len) {
    chunk_len = chunk_len > 0 ? chunk_len : CLASP_VIDEO_CHUNK_LEN;
    if (frame->data.len == 0) {
        return CLASP_EMPTY_PAYLOAD;
    }
    if (frame->data.len > CLASP_VIDEO_FRAME_MAX || chunk_len > UINT16_MAX ||
        frame->description.len > UINT16_MAX) {
        return CLASP_TOO_LARGE;
    }
    const uint32_t count = (frame->data.len + chunk_len - 1) / chunk_len;
    if (count > CLASP_VIDEO_CHUNKS) {
        return CLASP_TOO_LARGE;
    }
    *split = (clasp_video_split){.frame = *frame, .chunk_len = chunk_len};
    split->frame.count = count;
    return CLASP_OK;
}

bool clasp_video_split_next(clasp_video_split *split, clasp_video_chunk *out) {
    const clasp_video_chunk *frame = &split->frame;
    if (split->next == frame->count) {
        return false;
    }
    const uint32_t start = split->next * split->chunk_len;
    const uint32_t left = frame->data.len - start;
    *out = *frame;
    out->index = split->next++;
    out->data = (clasp_span){frame->data.at + start, left < split->chunk_len ? left : split->chunk_len};
    if (out->index > 0 || !frame->is_key) {
        out->description = (clasp_span){NULL, 0};
    }
    return true;
}
