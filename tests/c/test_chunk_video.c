/* Video frames rebuilt from their records: chunk/video.h. */
#include <inttypes.h>

#include "alloc.h"
#include "vectors.h"
#include "video_bench.h"

#define BOOKS ((size_t)CLASP_VIDEO_WINDOW * 9 * 1024) /* bytes of book-keeping for full frames */

static clasp_span bytes_of(const char *text, uint32_t len) {
    return (clasp_span){(const uint8_t *)text, len};
}

/* ---- receiving ----------------------------------------------------------------------------------------------- */

typedef struct log {
    char text[2048];
    size_t len;
    uint64_t next; /* the number that has to come next */
    bool is_started;
} log_of_events;

/* `F7` frame, `D7-8T` dropped and why, `S7` skipped, `R7` restarted; numbers follow one another. */
static void note(log_of_events *log, clasp_video_event *event) {
    const char *cause = event->cause == CLASP_TIMEOUT ? "T"
                        : event->cause == CLASP_LIMIT ? "L"
                        : event->cause                ? "B"
                                                      : "";
    const uint64_t last = event->seq + event->count - (event->count > 0);
    if (event->kind == CLASP_VIDEO_FRAME) {
        note_frame(event);
    }
    CHECK(!log->is_started || event->kind == CLASP_VIDEO_RESTARTED || event->seq == log->next);
    CHECK_EQ(event->count == 0, event->kind == CLASP_VIDEO_RESTARTED);
    log->is_started = true;
    log->next = event->seq + event->count;
    char *at = log->text + log->len;
    const size_t room = sizeof log->text - log->len;
    const int written =
        last > event->seq ? snprintf(at, room, " %c%" PRIu64 "-%" PRIu64 "%s", "FDSR"[event->kind],
                                     event -> seq, last, cause)
                          : snprintf(at, room, " %c%" PRIu64 "%s", "FDSR"[event->kind], event -> seq, cause);
    log->len += (size_t)written < room ? (size_t)written : room - 1;
    clasp_text_clear(&event->data);
    clasp_text_clear(&event->description);
}

static void drain(clasp_video_receiver *rx, log_of_events *log) {
    clasp_video_event event;
    while (clasp_video_next(rx, &event)) {
        note(log, &event);
    }
}

/* Let the time come to `until_us`, as a host does: a tick at every deadline. */
static void wait_until(clasp_video_receiver *rx, log_of_events *log, uint64_t until_us) {
    for (uint64_t at = clasp_video_deadline(rx); at <= until_us; at = clasp_video_deadline(rx)) {
        CHECK_EQ(clasp_video_tick(rx, at), CLASP_OK);
        drain(rx, log);
        if (!CHECK(clasp_video_deadline(rx) > at)) {
            return;
        }
    }
}

/*
 * Records as frame, `k`ey or `d`elta, index/count; `!` behind it: BAD_PIECE; `s` behind it: of another size, `t`: another time. `+` so many
 * milliseconds later.
 */
static const struct {
    const char *name;
    bool skips;
    const char *script, *events;
} SCRIPTS[] = {
    {"frames in order", true, "0k0/2 0k1/2 1d0/1 2d0/3 2d1/3 2d2/3", " F0 F1 F2"},
    {"records in any order", true, "0k2/3 0k0/3 0k1/3", " F0"},
    {"repeats do not count", true, "0k0/3 0k0/3 0k0/3 0k2/3 0k2/3 0k1/3", " F0"},
    {"records of several frames mixed", true, "0k0/2 1d1/2 0k1/2 1d0/2", " F0 F1"},
    {"a frame waits for the one before it", true, "0k0/1 2d0/1 1d0/2 +50 1d1/2", " F0 F1 F2"},
    {"but not for long", false, "0k0/1 2d0/1 1d0/2 +100", " F0 D1T F2"},
    {"nor for one that never showed", false, "0k0/1 4d0/1 +99 3d0/1 +1", " F0 D1-2T F3 F4"},
    {"what follows a dropped frame is skipped", true, "0k0/1 2d0/1 +100 3d0/1 4k0/1 5d0/1",
     " F0 D1T S2 S3 F4 F5"},
    {"or not", false, "0k0/1 2d0/1 +100 3d0/1 4k0/1 5d0/1", " F0 D1T F2 F3 F4 F5"},
    {"a key frame ends the waiting", true, "0k0/1 2d0/1 +100 3d0/2 5k0/1", " F0 D1T S2 S3-4 F5"},
    {"only where nothing else can be shown", true, "0k0/1 1d0/2 3k0/1 +99 1d1/2 +1", " F0 F1 D2T F3"},
    {"an older key frame is dropped, not skipped", true, "0k0/1 2d0/1 +100 3k0/2 4k0/1", " F0 D1T S2 D3T F4"},
    {"who joins late waits for a key frame", true, "7d0/1 8d0/1 9k0/1 10d0/1", " S7 S8 F9 F10"},
    {"or not at all", false, "7d0/1 8d0/1 9k0/1", " F7 F8 F9"},
    {"a lost record takes its frame along", true, "0k0/1 1d0/2 +999 +1", " F0 D1T"},
    {"new records keep a frame", true, "0k0/1 1d0/3 +999 1d1/3 +999 1d2/3", " F0 F1"},
    {"late records are ignored", true, "0k0/1 1d0/1 0k0/1 0k0/2 1d0/1", " F0 F1"},
    {"records of a frame that was given up, too", true, "0k0/1 1d0/2 2d0/1 +100 1d1/2 3k0/1",
     " F0 D1T S2 F3"},
    {"the window moves", false, "0k0/1 1d0/2 9d0/1 +100", " F0 D1L D2-8T F9"},
    {"and gives out what is whole", false, "0k0/1 2d0/1 9d0/1 +99 +1", " F0 D1L F2 D3-8T F9"},
    {"however far", false, "0k0/1 1000k0/1 +100", " F0 D1-992L D993-999T F1000"},
    {"as far as numbers go", true, "0k0/1 9007199254740991k0/1",
     " F0 D1-9007199254740983L S9007199254740984-9007199254740990 "
     "F9007199254740991"},
    {"and no further", true, "0k0/1 9007199254740992k0/1!", " F0"},
    {"a lower number after a silence begins anew", true, "50k0/1 +1000 0k0/1 1d0/1", " F50 R0 F0 F1"},
    {"but not before", true, "50k0/1 +999 0k0/1 51d0/1", " F50 F51"},
    {"repeats do not put it off", true, "50k0/1 51d0/2 +999 51d0/2 +1 0k0/1", " F50 D51T R0 F0"},
    {"other records do", true, "50k0/1 51d0/3 +999 51d1/3 +1 0k0/1 51d2/3", " F50 F51"},
    {"beginning anew drops what waits", true, "50k0/1 52d0/2 +1000 0k0/1 1d0/1", " F50 D51-52T R0 F0 F1"},
    {"a new beginning needs a key frame", true, "50k0/1 +1000 3d0/1 4k0/1", " F50 R3 S3 F4"},
    {"another count is refused", true, "0k0/3 0k0/4! 0k1/4! 0k1/3 0k2/3", " F0"},
    {"another kind is refused", true, "0k0/2 0d1/2! 0k1/2", " F0"},
    {"another size is refused", true, "0k0/3 0k1/3s! 0k1/3 0k2/3", " F0"},
    {"another time is refused", true, "0k0/2 0k1/2t! 0k1/2", " F0"},
    {"an index beyond the count is refused", true, "0k2/2! 0k0/0! 1k0/1", " F1"},
    {"too many records are given up", true, "0k0/1 1d0/4097 2d0/1 3k0/4096 4k0/1", " F0 D1B S2 D3T F4"},
};

static void take_record(clasp_video_receiver *rx, const char *step, uint64_t now_us) {
    char *rest;
    uint8_t data[PART];
    const uint64_t seq = strtoull(step, &rest, 10);
    const bool is_key = *rest == 'k';
    const uint32_t index = (uint32_t)strtoul(rest + 1, &rest, 10);
    const uint32_t count = (uint32_t)strtoul(rest + 1, &rest, 10);
    clasp_video_chunk chunk = chunk_of(seq, is_key, index, count, data);
    if (*rest == 's' || *rest == 't') {
        chunk.data.len -= *rest == 's';
        chunk.timestamp_us += *rest == 't';
        rest++;
    }
    uint8_t *copy = vector_copy(chunk.data);
    chunk.data.at = copy;
    CHECK_EQ(clasp_video_accept(rx, &chunk, now_us), *rest == '!' ? CLASP_BAD_PIECE : CLASP_OK);
    free(copy);
}

TEST(records_are_taken_by_the_scripts) {
    for (size_t row = 0; row < sizeof SCRIPTS / sizeof *SCRIPTS; row++) {
        CHECK_CONTEXT(SCRIPTS[row].name);
        clasp_video_receiver rx;
        log_of_events log = {.len = 0};
        uint64_t now_us = 0;
        clasp_video_receiver_init(&rx, SCRIPTS[row].skips);
        for (const char *step = SCRIPTS[row].script; step;
             step = strchr(step, ' ') ? strchr(step, ' ') + 1 : NULL) {
            if (*step == '+') {
                now_us += strtoull(step + 1, NULL, 10) * MS;
                wait_until(&rx, &log, now_us);
            } else {
                take_record(&rx, step, now_us);
                drain(&rx, &log);
            }
        }
        CHECK_TEXT(log.text, SCRIPTS[row].events);
        clasp_video_receiver_deinit(&rx);
    }
}

TEST(a_key_frame_is_asked_for_while_nothing_can_be_decoded) {
    clasp_video_receiver rx;
    log_of_events log = {.len = 0};
    clasp_video_receiver_init(&rx, true);
    CHECK(clasp_video_needs_key(&rx));
    take_record(&rx, "0k0/1", 0);
    CHECK(!clasp_video_needs_key(&rx));
    drain(&rx, &log);
    take_record(&rx, "2d0/1", 0);
    CHECK(!clasp_video_needs_key(&rx)); /* 1 may still come */
    wait_until(&rx, &log, CLASP_VIDEO_HOLD_US);
    CHECK(clasp_video_needs_key(&rx));
    take_record(&rx, "3k0/1", CLASP_VIDEO_HOLD_US);
    CHECK(!clasp_video_needs_key(&rx));
    clasp_video_receiver_deinit(&rx); /* frees the event that was not taken */
}

TEST(nothing_is_taken_while_events_wait) {
    clasp_video_receiver rx;
    clasp_video_event event;
    uint8_t data[PART];
    clasp_video_receiver_init(&rx, true);
    take_record(&rx, "0k0/1", 0);
    const clasp_video_chunk chunk = chunk_of(1, false, 0, 1, data);
    CHECK_EQ(clasp_video_accept(&rx, &chunk, 0), CLASP_BAD_STATE);
    CHECK_EQ(clasp_video_tick(&rx, 0), CLASP_BAD_STATE);
    CHECK(clasp_video_next(&rx, &event));
    clasp_text_clear(&event.data);
    CHECK_EQ(clasp_video_accept(&rx, &chunk, 0), CLASP_OK);
    clasp_video_receiver_deinit(&rx);
}

TEST(the_description_comes_with_its_key_frame) {
    clasp_video_receiver rx;
    clasp_video_event event;
    uint8_t data[PART];
    clasp_video_receiver_init(&rx, true);
    clasp_video_chunk chunk = chunk_of(0, true, 1, 2, data);
    CHECK_EQ(clasp_video_accept(&rx, &chunk, 0), CLASP_OK);
    chunk = chunk_of(0, true, 0, 2, data);
    chunk.description = bytes_of("avcC", 4);
    CHECK_EQ(clasp_video_accept(&rx, &chunk, 0), CLASP_OK);
    CHECK(clasp_video_next(&rx, &event));
    CHECK_BYTES(event.description.at, event.description.len, "avcC", 4);
    CHECK(event.is_key);
    clasp_text_clear(&event.data);
    clasp_text_clear(&event.description);
    chunk = chunk_of(1, false, 0, 1, data);
    chunk.description = bytes_of("avcC", 4);
    CHECK_EQ(clasp_video_accept(&rx, &chunk, 0), CLASP_OK);
    CHECK(clasp_video_next(&rx, &event));
    CHECK_EQ(event.description.len, 0); /* a delta frame has none */
    clasp_text_clear(&event.data);
    clasp_video_receiver_deinit(&rx);
}

/* ---- bounds -------------------------------------------------------------------------------------------------- */

/* A record of `len` zeros. */
static clasp_err take_large(clasp_video_receiver *rx, uint64_t seq, uint32_t index, uint32_t count,
                            uint32_t len) {
    clasp_video_chunk chunk = {.seq = seq, .index = index, .count = count, .is_key = true};
    uint8_t *zeros = calloc(len, 1);
    chunk.data = (clasp_span){zeros, len};
    const clasp_err err = clasp_video_accept(rx, &chunk, 0);
    free(zeros);
    return err;
}

static void check_dropped(clasp_video_receiver *rx, uint64_t seq, clasp_err cause) {
    clasp_video_event event;
    if (CHECK(clasp_video_next(rx, &event))) {
        CHECK(event.kind == CLASP_VIDEO_DROPPED && event.seq == seq && event.count == 1 &&
              event.cause == cause);
    }
    CHECK(!clasp_video_next(rx, &event));
}

TEST(a_frame_over_the_bound_is_given_up) {
    clasp_video_receiver rx;
    const uint32_t many = CLASP_VIDEO_FRAME_MAX / 65535 + 1;
    clasp_video_receiver_init(&rx, true);
    CHECK_EQ(take_large(&rx, 0, 0, many, 65535),
             CLASP_OK); /* 64 x 65,535 and a last one of at most 64 bytes */
    CHECK_EQ(take_large(&rx, 0, many - 1, many, 64), CLASP_OK);
    CHECK_EQ(clasp_video_deadline(&rx), CLASP_VIDEO_IDLE_US);
    clasp_video_receiver_deinit(&rx);
    clasp_video_receiver_init(&rx, true);
    CHECK_EQ(take_large(&rx, 0, 1, many + 1, 65535), CLASP_OK);
    check_dropped(&rx, 0, CLASP_TOO_LARGE);
    CHECK_EQ(take_large(&rx, 1, 0, UINT32_MAX, 1), CLASP_OK);
    check_dropped(&rx, 1, CLASP_TOO_LARGE);
    for (uint32_t index = 0; index + 1 < many; index++) {
        CHECK_EQ(take_large(&rx, 2, index, many, 65535), CLASP_OK);
    }
    CHECK_EQ(take_large(&rx, 2, many - 1, many, 65), CLASP_OK); /* one byte more than there may be */
    check_dropped(&rx, 2, CLASP_TOO_LARGE);
    clasp_video_receiver_deinit(&rx);
}

TEST(sizes_that_do_not_agree_are_refused) {
    clasp_video_receiver rx;
    clasp_video_receiver_init(&rx, true);
    CHECK_EQ(take_large(&rx, 0, 2, 3, 500), CLASP_OK); /* the last one first */
    CHECK_EQ(take_large(&rx, 0, 0, 3, 499), CLASP_BAD_PIECE);
    CHECK_EQ(take_large(&rx, 0, 0, 3, 500), CLASP_OK);
    CHECK_EQ(take_large(&rx, 0, 1, 3, 501), CLASP_BAD_PIECE);
    CHECK_EQ(take_large(&rx, 1, 0, 4000, 1000), CLASP_OK);
    CHECK_EQ(take_large(&rx, 1, 1, 4000, 2000), CLASP_BAD_PIECE); /* however much they would make */
    CHECK_EQ(take_large(&rx, 1, 3999, 4000, 1001), CLASP_BAD_PIECE);
    CHECK_EQ(take_large(&rx, 0, 1, 3, 500), CLASP_OK);
    clasp_video_event event;
    CHECK(clasp_video_next(&rx, &event));
    CHECK_EQ(event.data.len, 1500);
    clasp_text_clear(&event.data);
    clasp_video_receiver_deinit(&rx);
}

TEST(memory_follows_what_was_received) {
    const size_t before = clasp_test_live_bytes();
    clasp_video_receiver rx;
    clasp_random random;
    size_t received = 0;
    clasp_random_seed(&random, 3);
    clasp_video_receiver_init(&rx, true);
    CHECK_EQ(take_large(&rx, 0, 0, 4, 1000), CLASP_OK); /* in front of all: nothing is handed out */
    for (uint32_t i = 0; i < 3000; i++) {
        const uint64_t seq = 1 + clasp_random_below(&random, CLASP_VIDEO_WINDOW - 1);
        CHECK_EQ(take_large(&rx, seq, clasp_random_below(&random, 4000), 4001, 1000), CLASP_OK);
        received += 1000;
        const size_t held = clasp_test_live_bytes() - before;
        CHECK(held <= 2 * (size_t)CLASP_VIDEO_BYTES + BOOKS);
        CHECK(held <= 3 * received + BOOKS / 9);
        CHECK(rx.event_count == 0);
    }
    clasp_video_receiver_deinit(&rx);
    CHECK_EQ(clasp_test_live_bytes(), before);
}

TEST(all_frames_of_the_window_share_a_bound) {
    clasp_video_receiver rx;
    uint32_t given_up = 0;
    clasp_video_receiver_init(&rx, true);
    CHECK_EQ(take_large(&rx, 0, 0, 2, 1), CLASP_OK);
    for (uint32_t index = 0; index < 60; index++) {
        for (uint64_t seq = 1; seq < CLASP_VIDEO_WINDOW; seq++) {
            CHECK_EQ(take_large(&rx, seq, index, 61, 60000), CLASP_OK);
        }
    }
    for (uint32_t i = 0; i < CLASP_VIDEO_WINDOW; i++) {
        given_up += rx.slots[i].state == CLASP_VIDEO_GIVEN_UP;
        CHECK(rx.slots[i].state != CLASP_VIDEO_GIVEN_UP || rx.slots[i].cause == CLASP_TOO_LARGE);
    }
    CHECK(given_up >= 1 && given_up <= 5); /* the others have the room */
    clasp_video_receiver_deinit(&rx);
}

TEST(a_frame_that_trickles_is_given_up_in_the_end) {
    const uint64_t STEP = 900 * MS;
    clasp_video_receiver rx;
    log_of_events log = {.len = 0};
    uint8_t data[PART];
    clasp_video_receiver_init(&rx, true);
    for (uint32_t index = 0; log.len == 0 && index < 100; index++) {
        const clasp_video_chunk chunk = chunk_of(0, true, index, 100, data);
        CHECK_EQ(clasp_video_accept(&rx, &chunk, index * STEP), CLASP_OK);
        wait_until(&rx, &log, (index + 1) * STEP);
        CHECK_EQ(log.len > 0, (index + 1) * STEP >= CLASP_VIDEO_LIFE_US);
    }
    CHECK_TEXT(log.text, " D0T");
    clasp_video_receiver_deinit(&rx);
}

/* ---- no memory ----------------------------------------------------------------------------------------------- */

static void take_again(void *context) {
    static const uint32_t ORDER[] = {3, 1, 0, 2};
    clasp_video_receiver rx;
    clasp_video_event event;
    unsigned frames = 0;
    (void)context;
    clasp_video_receiver_init(&rx, true);
    for (unsigned i = 0; i < 8; i++) {
        uint8_t data[PART];
        clasp_video_chunk chunk = chunk_of(i / 4, i < 4, ORDER[i % 4], 4, data);
        chunk.description = chunk.index == 0 && chunk.is_key ? bytes_of("avcC", 4) : chunk.description;
        clasp_err err = clasp_video_accept(&rx, &chunk, i);
        if (err == CLASP_NO_MEMORY) {
            err = clasp_video_accept(&rx, &chunk, i);
        }
        CHECK_EQ(err, CLASP_OK);
        while (clasp_video_next(&rx, &event)) {
            note_frame(&event);
            CHECK_EQ(event.description.len, event.is_key ? 4 : 0);
            clasp_text_clear(&event.data);
            clasp_text_clear(&event.description);
            frames++;
        }
    }
    CHECK_EQ(frames, 2);
    clasp_video_receiver_deinit(&rx);
}

TEST(a_record_without_memory_can_come_again) { CHECK(clasp_test_each_allocation(take_again, NULL) >= 10); }

int main(void) {
    RUN(records_are_taken_by_the_scripts);
    RUN(a_key_frame_is_asked_for_while_nothing_can_be_decoded);
    RUN(nothing_is_taken_while_events_wait);
    RUN(the_description_comes_with_its_key_frame);
    RUN(a_frame_over_the_bound_is_given_up);
    RUN(sizes_that_do_not_agree_are_refused);
    RUN(memory_follows_what_was_received);
    RUN(all_frames_of_the_window_share_a_bound);
    RUN(a_frame_that_trickles_is_given_up_in_the_end);
    RUN(a_record_without_memory_can_come_again);
    return check_summary();
}
