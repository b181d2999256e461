/* Streams of video over a network that loses and reorders their records, one for each seed. */
#include "video_bench.h"

#define FRAME_US UINT64_C(33000)
enum { FRAMES = 120, IN_FLIGHT = 256, GROUP = 15 };

typedef struct flying {
    clasp_video_chunk chunk;
    uint8_t data[PART];
    uint64_t at_us;
} flying;

typedef struct stream {
    clasp_random random;
    clasp_video_receiver rx;
    flying packets[IN_FLIGHT];
    uint32_t count, loss, jitter_ms;
    uint64_t first, frames, others; /* of the events */
    uint64_t next;
    bool may_show; /* no frame was dropped since the last key frame */
} stream;

static void watch(stream *s) {
    clasp_video_event event;
    while (clasp_video_next(&s->rx, &event)) {
        if (s->frames + s->others == 0) {
            s->first = s->next = event.seq; /* what was lost before the first record is not known of */
        }
        CHECK_EQ(event.seq, s->next);
        s->next = event.seq + event.count;
        if (event.kind == CLASP_VIDEO_FRAME) {
            note_frame(&event);
            s->may_show = s->may_show || event.is_key;
            CHECK(s->may_show);
            CHECK_EQ(event.is_key, event.seq % GROUP == 0);
            s->frames++;
        } else {
            CHECK(event.kind == CLASP_VIDEO_DROPPED || !s->may_show);
            s->may_show = false;
            s->others += event.count;
        }
        clasp_text_clear(&event.data);
        clasp_text_clear(&event.description);
    }
}

static void arrive_until(stream *s, uint64_t until_us) {
    for (;;) {
        flying *first = NULL;
        for (uint32_t i = 0; i < s->count; i++) {
            first = !first || s->packets[i].at_us < first->at_us ? &s->packets[i] : first;
        }
        const uint64_t deadline = clasp_video_deadline(&s->rx);
        const uint64_t next = first && first->at_us < deadline ? first->at_us : deadline;
        if (next > until_us) {
            return;
        }
        if (next == deadline) {
            CHECK_EQ(clasp_video_tick(&s->rx, next), CLASP_OK);
        } else {
            flying arriving = *first;
            *first = s->packets[--s->count];
            arriving.chunk.data.at = arriving.data;
            CHECK_EQ(clasp_video_accept(&s->rx, &arriving.chunk, next), CLASP_OK);
        }
        watch(s);
    }
}

/* A key frame every GROUP frames, 33 ms apart. */
static void play(stream *s) {
    for (uint64_t seq = 0; seq < FRAMES; seq++) {
        const bool is_key = seq % GROUP == 0;
        const uint32_t count = 1 + clasp_random_below(&s->random, is_key ? 12 : 4);
        for (uint32_t index = 0; index < count; index++) {
            if (clasp_random_below(&s->random, 1000) >= s->loss && CHECK(s->count < IN_FLIGHT)) {
                flying *packet = &s->packets[s->count++];
                packet->chunk = chunk_of(seq, is_key, index, count, packet->data);
                packet->at_us = seq * FRAME_US + clasp_random_below(&s->random, s->jitter_ms * 1000 + 1);
            }
        }
        arrive_until(s, seq * FRAME_US);
    }
    arrive_until(s, (FRAMES + 2000) * FRAME_US);
}

static void run_streams(uint32_t loss, uint32_t jitter_ms, bool all) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        static stream s;
        memset(&s, 0, sizeof s);
        clasp_random_seed(&s.random, seed);
        clasp_video_receiver_init(&s.rx, true);
        s.loss = loss;
        s.jitter_ms = jitter_ms;
        play(&s);
        CHECK_EQ(s.first + s.frames + s.others, s.next);
        CHECK(!all || s.frames == FRAMES);
        CHECK(all || (s.frames > 0 && s.others > 0));
        CHECK_EQ(clasp_video_deadline(&s.rx), UINT64_MAX);
        clasp_video_receiver_deinit(&s.rx);
    }
}

TEST(without_losses_every_frame_arrives_in_order) { run_streams(0, 30, true); }

TEST(with_losses_nothing_is_shown_that_lacks_a_frame) { run_streams(30, 60, false); }

int main(void) {
    RUN(without_losses_every_frame_arrives_in_order);
    RUN(with_losses_nothing_is_shown_that_lacks_a_frame);
    return check_summary();
}
