/* Records of video frames, and cutting frames into them: chunk/video.h. */
#include <math.h>

#include "check.h"
#include "chunk/video.h"
#include "vectors.h"

static clasp_span bytes_of(const char *text, uint32_t len) {
    return (clasp_span){(const uint8_t *)text, len};
}

/* ---- records ------------------------------------------------------------------------------------------------- */

static clasp_value map_of(const clasp_writer *w) {
    clasp_reader r = clasp_reader_of(clasp_written(w));
    const clasp_value map = clasp_read_value(&r);
    CHECK(w->err == CLASP_OK && r.err == CLASP_OK && clasp_left(&r) == 0);
    return map;
}

static void check_same(const clasp_video_chunk *a, const clasp_video_chunk *b) {
    CHECK_EQ(a->seq, b->seq);
    CHECK(a->timestamp_us == b->timestamp_us);
    CHECK_EQ(a->index, b->index);
    CHECK_EQ(a->count, b->count);
    CHECK_EQ(a->is_key, b->is_key);
    CHECK(clasp_span_equal(a->data, b->data));
    CHECK(clasp_span_equal(a->description, b->description));
    CHECK_EQ(a->description.at == NULL, b->description.at == NULL);
}

TEST(a_record_is_read_as_it_was_written) {
    const clasp_video_chunk chunks[] = {
        {.seq = 0, .timestamp_us = 0, .count = 1, .is_key = true, .data = bytes_of("abc", 3)},
        {.seq = (UINT64_C(1) << 53) - 1,
         .timestamp_us = -1.5,
         .index = 7,
         .count = UINT32_MAX,
         .data = bytes_of("", 0)},
        {.seq = 1, .count = 1, .is_key = true, .data = bytes_of("a", 1), .description = bytes_of("avcC", 4)},
    };
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        uint8_t bytes[256];
        clasp_video_chunk read = {.count = 99};
        clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
        clasp_video_write(&w, &chunks[i]);
        CHECK_EQ(clasp_video_read(map_of(&w), &read), CLASP_OK);
        check_same(&read, &chunks[i]);
        for (size_t cap = 0; cap < clasp_written(&w).len; cap++) {
            clasp_writer small = clasp_writer_of(bytes + 128, cap);
            clasp_video_write(&small, &chunks[i]);
            CHECK_EQ(small.err, CLASP_TOO_LARGE);
        }
    }
}

/* What other makes send, byte for byte. */
TEST(a_record_is_written_as_the_golden_vector_has_it) {
    cJSON *file = vectors_load("big.json");
    const cJSON *vector;
    bool is_found = false;
    cJSON_ArrayForEach(vector, vector_get(file, "vectors")) {
        if (strcmp(vector_text(vector, "name"), "publish-chunk-16000") != 0) {
            continue;
        }
        uint32_t len;
        uint8_t *hex = vector_hex(vector_text(vector, "frame_hex"), &len);
        uint8_t *out = malloc(len);
        clasp_frame frame;
        clasp_message message;
        clasp_video_chunk chunk;
        is_found = true;
        CHECK_EQ(clasp_decode((clasp_span){hex, len}, &frame, &message), CLASP_OK);
        CHECK_EQ(clasp_video_read(message.value, &chunk), CLASP_OK);
        CHECK(chunk.seq == 1 && chunk.index == 0 && chunk.count == 4 && chunk.is_key);
        CHECK(chunk.timestamp_us == 33333 && chunk.data.len == CLASP_VIDEO_CHUNK_LEN);
        clasp_writer w = clasp_writer_of(out, len);
        clasp_video_write(&w, &chunk);
        CHECK_BYTES(out + 1, clasp_written(&w).len - 1, message.value.data.at, message.value.data.len);
        free(out);
        free(hex);
    }
    CHECK(is_found);
    cJSON_Delete(file);
}

/* A value that takes the place of one key's; type 0xFF: the key is left out. */
static const struct {
    const char *key;
    uint8_t type;
    double number;
    clasp_err err;
} FIELDS[] = {
    {"seq", 0xFF, 0, CLASP_BAD_SIGNAL},
    {"seq", CLASP_VALUE_STRING, 0, CLASP_BAD_SIGNAL},
    {"seq", CLASP_VALUE_F64, -1, CLASP_BAD_SIGNAL},
    {"seq", CLASP_VALUE_F64, 0.5, CLASP_BAD_SIGNAL},
    {"seq", CLASP_VALUE_F64, NAN, CLASP_BAD_SIGNAL},
    {"seq", CLASP_VALUE_F64, INFINITY, CLASP_BAD_SIGNAL},
    {"seq", CLASP_VALUE_F64, 9007199254740991.0, CLASP_OK},
    {"seq", CLASP_VALUE_F64, 9007199254740992.0, CLASP_BAD_SIGNAL},
    {"seq", CLASP_VALUE_I8, 7, CLASP_OK},
    {"seq", CLASP_VALUE_I8, -7, CLASP_BAD_SIGNAL},
    {"chunkIndex", 0xFF, 0, CLASP_BAD_SIGNAL},
    {"chunkIndex", CLASP_VALUE_F64, 4294967296.0, CLASP_BAD_SIGNAL},
    {"chunkIndex", CLASP_VALUE_F64, 4294967295.0, CLASP_OK},
    {"totalChunks", 0xFF, 0, CLASP_BAD_SIGNAL},
    {"totalChunks", CLASP_VALUE_NULL, 0, CLASP_BAD_SIGNAL},
    {"frameType", 0xFF, 0, CLASP_BAD_SIGNAL},
    {"frameType", CLASP_VALUE_STRING, 0, CLASP_BAD_SIGNAL}, /* neither "key" nor "delta" */
    {"frameType", CLASP_VALUE_F64, 0, CLASP_BAD_SIGNAL},
    {"timestamp", 0xFF, 0, CLASP_BAD_SIGNAL},
    {"timestamp", CLASP_VALUE_F64, NAN, CLASP_BAD_SIGNAL},
    {"timestamp", CLASP_VALUE_F64, -INFINITY, CLASP_BAD_SIGNAL},
    {"timestamp", CLASP_VALUE_F64, -0.5, CLASP_OK},
    {"data", 0xFF, 0, CLASP_BAD_SIGNAL},
    {"data", CLASP_VALUE_STRING, 0, CLASP_BAD_SIGNAL},
    {"description", CLASP_VALUE_STRING, 0, CLASP_OK}, /* as if it were not there */
    {"more", CLASP_VALUE_NULL, 0, CLASP_OK},
};

static void put_field(clasp_writer *w, const char *key, size_t row) {
    clasp_write_text(w, clasp_span_of(key));
    clasp_write_u8(w, FIELDS[row].type);
    if (FIELDS[row].type == CLASP_VALUE_F64) {
        clasp_write_bytes(w, (clasp_span){(const uint8_t *)"", 0});
        uint8_t bits[8];
        clasp_write_bytes(w, clasp_value_f64(FIELDS[row].number, bits).data);
    } else if (FIELDS[row].type == CLASP_VALUE_I8) {
        clasp_write_u8(w, (uint8_t)(int8_t)FIELDS[row].number);
    } else if (FIELDS[row].type == CLASP_VALUE_STRING) {
        clasp_write_text(w, clasp_span_of("Key"));
    }
}

TEST(records_are_read_by_the_table) {
    const clasp_video_chunk chunk = {.count = 1, .is_key = true, .data = bytes_of("abc", 3)};
    for (size_t row = 0; row < sizeof FIELDS / sizeof *FIELDS; row++) {
        CHECK_CONTEXT(FIELDS[row].key);
        uint8_t whole[256];
        uint8_t bytes[256];
        clasp_writer whole_writer = clasp_writer_of(whole, sizeof whole);
        clasp_video_write(&whole_writer, &chunk);
        const clasp_value map = map_of(&whole_writer);
        clasp_reader r = clasp_value_items(map);
        clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
        uint16_t count = 0;
        clasp_write_u8(&w, CLASP_VALUE_MAP);
        clasp_write_u16(&w, 0);
        for (uint32_t left = clasp_value_count(map); left > 0; left--) {
            clasp_value value;
            const clasp_span key = clasp_value_next_entry(&r, &value);
            if (!clasp_span_equal(key, clasp_span_of(FIELDS[row].key))) {
                clasp_write_text(&w, key);
                clasp_write_value(&w, value);
                count++;
            }
        }
        if (FIELDS[row].type != 0xFF) {
            put_field(&w, FIELDS[row].key, row);
            count++;
        }
        clasp_store_u16(bytes + 1, count);
        clasp_video_chunk read;
        CHECK_EQ(clasp_video_read(map_of(&w), &read), FIELDS[row].err);
    }
    clasp_video_chunk read;
    CHECK_EQ(clasp_video_read((clasp_value){bytes_of("\0\0", 2), CLASP_VALUE_ARRAY}, &read),
             CLASP_BAD_SIGNAL);
}

/* ---- cutting ------------------------------------------------------------------------------------------------- */

TEST(a_frame_is_cut_into_records_of_one_size) {
    static const uint8_t DATA[50000] = {1, 2, 3};
    for (uint32_t len = 1; len <= sizeof DATA; len += 4999) {
        const clasp_video_chunk frame = {.seq = 5,
                                         .timestamp_us = 7,
                                         .is_key = true,
                                         .data = {DATA, len},
                                         .description = bytes_of("d", 1)};
        clasp_video_split split;
        clasp_video_chunk chunk;
        uint32_t at = 0;
        CHECK_EQ(clasp_video_split_init(&split, &frame, 0), CLASP_OK);
        for (uint32_t index = 0; clasp_video_split_next(&split, &chunk); index++) {
            CHECK(chunk.seq == 5 && chunk.timestamp_us == 7 && chunk.is_key && chunk.index == index);
            CHECK_EQ(chunk.count, (len + CLASP_VIDEO_CHUNK_LEN - 1) / CLASP_VIDEO_CHUNK_LEN);
            CHECK_EQ(chunk.description.at != NULL, index == 0);
            CHECK(chunk.data.at == DATA + at);
            CHECK_EQ(chunk.data.len, len - at < CLASP_VIDEO_CHUNK_LEN ? len - at : CLASP_VIDEO_CHUNK_LEN);
            at += chunk.data.len;
        }
        CHECK_EQ(at, len);
    }
}

TEST(only_key_frames_have_a_description) {
    const clasp_video_chunk frame = {.data = bytes_of("ab", 2), .description = bytes_of("d", 1)};
    clasp_video_split split;
    clasp_video_chunk chunk;
    CHECK_EQ(clasp_video_split_init(&split, &frame, 1), CLASP_OK);
    CHECK(clasp_video_split_next(&split, &chunk));
    CHECK(chunk.description.at == NULL);
}

TEST(what_cannot_be_cut_is_refused) {
    clasp_video_split split;
    clasp_video_chunk frame = {.data = bytes_of("", 0)}; /* the data is never looked at */
    CHECK_EQ(clasp_video_split_init(&split, &frame, 0), CLASP_EMPTY_PAYLOAD);
    frame.data.len = CLASP_VIDEO_FRAME_MAX + 1;
    CHECK_EQ(clasp_video_split_init(&split, &frame, 0), CLASP_TOO_LARGE);
    frame.data.len = CLASP_VIDEO_FRAME_MAX;
    CHECK_EQ(clasp_video_split_init(&split, &frame, 0), CLASP_OK);
    CHECK_EQ(clasp_video_split_init(&split, &frame, 65535), CLASP_OK);
    CHECK_EQ(clasp_video_split_init(&split, &frame, 65536), CLASP_TOO_LARGE);
    CHECK_EQ(clasp_video_split_init(&split, &frame, CLASP_VIDEO_FRAME_MAX / CLASP_VIDEO_CHUNKS), CLASP_OK);
    CHECK_EQ(clasp_video_split_init(&split, &frame, CLASP_VIDEO_FRAME_MAX / CLASP_VIDEO_CHUNKS - 1),
             CLASP_TOO_LARGE);
    frame.description.len = 65536;
    CHECK_EQ(clasp_video_split_init(&split, &frame, 0), CLASP_TOO_LARGE);
}

int main(void) {
    RUN(a_record_is_read_as_it_was_written);
    RUN(a_record_is_written_as_the_golden_vector_has_it);
    RUN(records_are_read_by_the_table);
    RUN(a_frame_is_cut_into_records_of_one_size);
    RUN(only_key_frames_have_a_description);
    RUN(what_cannot_be_cut_is_refused);
    return check_summary();
}
