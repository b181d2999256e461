/* Frames that share a message, between a client and a relay of ours (docs/wire.md, section 14): the client's side. */
#include "client_bench.h"

/* Open with a relay of another make. */
static void begin_open_elsewhere(void) {
    begin_welcomed();
    hear_bare(CLASP_MSG_PONG);
    clasp_outbox_clear(&bench.out);
}

static uint32_t sends(void) { return talk_count(&bench.out, CLASP_EFFECT_SOCKET_SEND); }

TEST(what_is_sent_in_one_turn_to_a_relay_of_ours_is_one_message) {
    begin_open();
    clasp_outbox_clear(&bench.out);
    for (unsigned i = 1; i <= 5; i++) {
        do_set("/a", i, i);
    }
    CHECK_EQ(sends(), 0);
    clasp_client_send_joined(bench.client);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SOCKET_SEND, 0);
    CHECK(effect && effect->b == 0);
    CHECK_EQ(sends(), 1);
    CHECK_EQ(sent_count(), 5);
    clasp_client_send_joined(bench.client);
    CHECK_EQ(sends(), 1);
    end();
}

TEST(to_another_relay_each_frame_is_a_message_of_its_own) {
    begin_open_elsewhere();
    clasp_outbox_clear(&bench.out);
    do_set("/a", 1, 1);
    do_set("/a", 2, 2);
    clasp_client_send_joined(bench.client);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SOCKET_SEND, 0);
    CHECK(effect && effect->b == 1);
    CHECK_EQ(sent_count(), 2);
    end();
}

TEST(a_message_never_gets_longer_than_the_longest_frame) {
    static uint8_t text[20002] = {20000 >> 8, 20000 & 0xFF};
    memset(text + 2, 'x', sizeof text - 2);
    const clasp_message large = {.type = CLASP_MSG_PUBLISH,
                                 .signal = CLASP_SIGNAL_EVENT,
                                 .has = CLASP_HAS_VALUE,
                                 .address = clasp_span_of("/large"),
                                 .value = {{text, sizeof text}, CLASP_VALUE_STRING}};
    begin_open();
    clasp_outbox_clear(&bench.out);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(clasp_client_publish(bench.client, &large, bench.now_us), CLASP_OK);
    }
    CHECK_EQ(sent_count(), 10);
    CHECK_EQ(sends(), 4);
    for (uint32_t n = 0; n < 4; n++) {
        CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_SEND, n)->len <= CLASP_FRAME_MAX);
    }
    end();
}

/* Two ACKs in one message. */
static void hear_two_acks(void) {
    uint8_t both[256];
    uint32_t len = 0;
    for (uint64_t revision = 1; revision <= 2; revision++) {
        const clasp_message ack = {.type = CLASP_MSG_ACK,
                                   .has = CLASP_HAS_ADDRESS | CLASP_HAS_REVISION,
                                   .address = clasp_span_of("/a"),
                                   .revision = revision};
        const clasp_span frame = talk_frame(&ack);
        memcpy(both + len, frame.at, frame.len);
        len += frame.len;
        free((void *)frame.at);
    }
    clasp_outbox_clear(&bench.out);
    clasp_client_received(bench.client, (clasp_span){both, len}, bench.now_us);
}

TEST(all_frames_of_a_relay_of_ours_are_read_and_of_another_one_the_first) {
    for (int is_ours = 0; is_ours < 2; is_ours++) {
        if (is_ours) {
            begin_open();
        } else {
            begin_open_elsewhere();
        }
        do_set("/a", 1, 1);
        do_set("/a", 2, 2);
        clasp_client_send_joined(bench.client);
        hear_two_acks();
        CHECK(settled_at(0, 1, CLASP_OK, 1));
        CHECK_EQ(settled_at(1, 2, CLASP_OK, 2), is_ours != 0);
        end();
    }
}

TEST(what_had_not_left_when_the_connection_was_lost_is_sent_again) {
    begin_open();
    do_set("/a", 1, 1);
    come_back("again");
    hear_claim(true, 0, NULL, 0);
    CHECK(sent_set(0, "/a", 1));
    CHECK_EQ(sent_count(), 1);
    end();
}

TEST(what_was_sent_before_close_leaves_before_it) {
    begin_open();
    clasp_outbox_clear(&bench.out);
    do_set("/a", 1, 0);
    clasp_client_close(bench.client, bench.now_us);
    CHECK(bench.out.count >= 2 && bench.out.effects[0].kind == CLASP_EFFECT_SOCKET_SEND &&
          talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0));
    end();
}

int main(void) {
    RUN(what_is_sent_in_one_turn_to_a_relay_of_ours_is_one_message);
    RUN(to_another_relay_each_frame_is_a_message_of_its_own);
    RUN(a_message_never_gets_longer_than_the_longest_frame);
    RUN(all_frames_of_a_relay_of_ours_are_read_and_of_another_one_the_first);
    RUN(what_had_not_left_when_the_connection_was_lost_is_sent_again);
    RUN(what_was_sent_before_close_leaves_before_it);
    return check_summary();
}
