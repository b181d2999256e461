/* Frames that share a message, between a client and a relay of ours (docs/wire.md, section 14): the relay's side. */
#include "hub_bench.h"

#define SECRET "/clasp/session/000102030405060708090a0b0c0d0e0f"

/* A message made of frames; the block has its exact size, so that reading beyond it traps. */
typedef struct joint {
    uint8_t *at;
    uint32_t len;
} joint;

static void add_bytes(joint *j, const void *bytes, uint32_t len) {
    uint8_t *more = realloc(j->at, j->len + len);
    CHECK(more != NULL);
    memcpy(more + j->len, bytes, len);
    *j = (joint){more, j->len + len};
}

static void add(joint *j, const clasp_message *message) {
    const clasp_span frame = talk_frame(message);
    add_bytes(j, frame.at, frame.len);
    free((void *)frame.at);
}

static void feed_all(uint32_t session, joint *j) {
    CHECK_EQ(feed(session, (clasp_span){j->at, j->len}), CLASP_OK);
    free(j->at);
    *j = (joint){0};
}

static uint32_t join_and_claim(void) {
    const uint32_t session = join();
    do_get(session, SECRET);
    return session;
}

/* How many messages of a type a session got. */
static unsigned count_of(uint32_t session, uint8_t type) {
    clasp_message message;
    unsigned count = 0;
    for (unsigned n = 0; got(session, n, &message); n++) {
        count += message.type == type;
    }
    return count;
}

TEST(who_has_claimed_is_told_to_the_host_once_for_each_claim) {
    begin();
    const uint32_t session = join();
    do_get(session, "/a");
    CHECK(!talk_effect(&bench.out, CLASP_EFFECT_HUB_JOINS, 0));
    do_get(session, SECRET);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_HUB_JOINS, 0);
    CHECK(effect && effect->a == session);
    end();
}

TEST(all_frames_of_a_client_that_has_claimed_are_taken_in_order) {
    begin();
    const uint32_t session = join_and_claim();
    joint j = {0};
    for (int i = 1; i <= 3; i++) {
        const clasp_message one = set("/a", i);
        add(&j, &one);
    }
    feed_all(session, &j);
    CHECK_EQ(count_of(session, CLASP_MSG_ACK), 3);
    clasp_message ack;
    CHECK(got(session, 2, &ack) && ack.revision == 3);
    end();
}

TEST(of_anybody_else_the_first_frame_alone_is_taken) {
    begin();
    const uint32_t session = join();
    joint j = {0};
    const clasp_message one = set("/a", 1), other = set("/a", 2);
    add(&j, &one);
    add(&j, &other);
    feed_all(session, &j);
    CHECK_EQ(count_of(session, CLASP_MSG_ACK), 1);
    CHECK_EQ(count_of(session, CLASP_MSG_ERROR), 0);
    end();
}

TEST(frames_behind_the_claim_itself_are_taken) {
    begin();
    const uint32_t session = join();
    joint j = {0};
    const clasp_message get = {.type = CLASP_MSG_GET, .address = clasp_span_of(SECRET)}, one = set("/a", 1);
    add(&j, &get);
    add(&j, &one);
    feed_all(session, &j);
    CHECK_EQ(count_of(session, CLASP_MSG_ACK), 1);
    end();
}

TEST(a_malformed_message_is_refused_and_the_next_frame_is_read) {
    begin();
    const uint32_t session = join_and_claim();
    joint j = {0};
    const uint8_t unknown[] = {0x53, 0x01, 0, 1, 0x99}; /* a frame, and no message */
    const clasp_message one = set("/a", 1);
    add_bytes(&j, unknown, sizeof unknown);
    add(&j, &one);
    feed_all(session, &j);
    clasp_message error;
    CHECK(got_type(session, 0, CLASP_MSG_ERROR, &error) && error.code == 101);
    CHECK_EQ(count_of(session, CLASP_MSG_ACK), 1);
    end();
}

TEST(what_is_no_frame_is_refused_once_and_ends_the_reading) {
    static const struct {
        uint8_t bytes[6];
        uint32_t len;
    } TAILS[] = {{{0}, 1},
                 {{0x53}, 1},
                 {{0x53, 1, 0}, 3},
                 {{0x53, 1, 0, 9, 1, 1}, 6},
                 {{0x53, 1, 0, 0}, 4},
                 {{0x53, 0xC1, 0, 1, 1}, 5}};
    for (unsigned i = 0; i < sizeof TAILS / sizeof *TAILS; i++) {
        begin();
        const uint32_t session = join_and_claim();
        joint j = {0};
        const clasp_message one = set("/a", 1);
        add(&j, &one);
        add_bytes(&j, TAILS[i].bytes, TAILS[i].len);
        feed_all(session, &j);
        CHECK_EQ(count_of(session, CLASP_MSG_ACK), 1);
        clasp_message error;
        CHECK(got_type(session, 1, CLASP_MSG_ERROR, &error) && error.code == 100);
        CHECK_EQ(count_of(session, CLASP_MSG_ERROR), 1);
        do_set(session, "/a", 2); /* the session goes on */
        CHECK_EQ(count_of(session, CLASP_MSG_ACK), 1);
        end();
    }
}

TEST(each_frame_is_held_against_the_rate) {
    begin_with(&(clasp_hub_options){.messages_per_second = 10});
    const uint32_t session = join_and_claim();
    wait_us(1000000);
    joint j = {0};
    const clasp_message ping = {.type = CLASP_MSG_PING};
    for (int i = 0; i < 25; i++) {
        add(&j, &ping);
    }
    feed_all(session, &j);
    CHECK_EQ(count_of(session, CLASP_MSG_PONG), 10);
    CHECK_EQ(count_of(session, CLASP_MSG_ERROR), 15);
    end();
}

TEST(frames_behind_the_one_that_ends_the_session_are_not_read) {
    begin();
    const uint32_t former = join_and_claim(), session = join();
    joint j = {0};
    const clasp_message get = {.type = CLASP_MSG_GET, .address = clasp_span_of(SECRET)}, one = set("/a", 1);
    add(&j, &get); /* gives the former session up */
    feed_all(session, &j);
    add(&j, &one);
    add(&j, &one);
    CHECK_EQ(feed(former, (clasp_span){j.at, j.len}), CLASP_BAD_HANDLE);
    free(j.at);
    CHECK(!has_param(session, "/a"));
    end();
}

int main(void) {
    RUN(who_has_claimed_is_told_to_the_host_once_for_each_claim);
    RUN(all_frames_of_a_client_that_has_claimed_are_taken_in_order);
    RUN(of_anybody_else_the_first_frame_alone_is_taken);
    RUN(frames_behind_the_claim_itself_are_taken);
    RUN(a_malformed_message_is_refused_and_the_next_frame_is_read);
    RUN(what_is_no_frame_is_refused_once_and_ends_the_reading);
    RUN(each_frame_is_held_against_the_rate);
    RUN(frames_behind_the_one_that_ends_the_session_are_not_read);
    return check_summary();
}
