/** Frames whose bytes follow from their number, for the tests of chunk/video.h. */
#ifndef CLASP_TESTS_VIDEO_BENCH_H
#define CLASP_TESTS_VIDEO_BENCH_H

#include "base/random.h"
#include "check.h"
#include "chunk/video.h"

#define MS UINT64_C(1000)
#define PART 3u /* bytes of every record but a frame's last */

/* Byte `at` of frame `seq`; a frame has PART bytes in each record, and 1 in the last. */
static inline uint8_t byte_of(uint64_t seq, uint32_t at) { return (uint8_t)(seq * 31 + at); }

static inline clasp_video_chunk chunk_of(uint64_t seq, bool is_key, uint32_t index, uint32_t count,
                                         uint8_t data[PART]) {
    clasp_video_chunk chunk = {.seq = seq, .timestamp_us = (double)seq * 2, .index = index, .count = count};
    chunk.is_key = is_key;
    chunk.data = (clasp_span){data, index + 1 == count ? 1 : PART};
    for (uint32_t i = 0; i < PART; i++) {
        data[i] = byte_of(seq, index * PART + i);
    }
    return chunk;
}

static inline void note_frame(const clasp_video_event *event) {
    CHECK(event->timestamp_us == (double)event->seq * 2);
    CHECK_EQ(event->data.len % PART, 1);
    for (uint32_t i = 0; i < event->data.len; i++) {
        CHECK_EQ(event->data.at[i], byte_of(event->seq, i));
    }
}

#endif
