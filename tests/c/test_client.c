#include "client_bench.h"

/* ---- acknowledgements ---------------------------------------------------------------------------------------- */

TEST(a_set_is_settled_by_its_ack) {
    begin_open();
    do_set("/a", 1, 7);
    CHECK(sent_set(0, "/a", 1) && sent_count() == 1 && settled_nothing());
    hear_ack("/a", 12);
    CHECK(settled(7, CLASP_OK, 12));
    hear_ack("/a", 13);
    CHECK(settled_nothing());
    end();
}

TEST(acks_go_by_address_first_in_first_out) {
    begin_open();
    do_set("/a", 1, 1);
    do_set("/b", 2, 2);
    do_set("/a", 3, 3);
    do_set("/c", 4, 0);
    hear_ack("/b", 1);
    CHECK(settled(2, CLASP_OK, 1));
    hear_ack("/c", 1); /* nobody waits */
    CHECK(settled_nothing());
    hear_ack("/a", 5);
    CHECK(settled(1, CLASP_OK, 5));
    hear_ack("/nobody", 5);
    CHECK(settled_nothing());
    hear_ack("/a", 6);
    CHECK(settled(3, CLASP_OK, 6));
    end();
}

TEST(an_error_refuses_the_oldest_of_its_address) {
    begin_open();
    do_set("/a", 1, 1);
    do_set("/b", 2, 2);
    hear_error(401, "/b");
    CHECK(settled(2, CLASP_RELAY_REFUSED, 401));
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SETTLED, 0);
    CHECK(effect && talk_is(clasp_outbox_bytes(&bench.out, effect), "no"));
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SESSION_ERROR, 0) != NULL);
    hear_ack("/a", 1);
    CHECK(settled(1, CLASP_OK, 1));
    end();
}

TEST(an_error_without_an_address_is_about_what_waits_alone) {
    static const struct {
        uint16_t code;
        unsigned sets, gets;
        bool settles;
    } ROWS[] = {{400, 1, 0, true},  {500, 0, 1, true},  {400, 2, 0, false}, {400, 1, 1, false},
                {503, 1, 0, false}, {501, 1, 0, false}, {400, 0, 0, false}};
    for (unsigned i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        begin_open();
        for (unsigned k = 0; k < ROWS[i].sets; k++) {
            do_set("/a", k, 1 + k);
        }
        for (unsigned k = 0; k < ROWS[i].gets; k++) {
            CHECK_EQ(clasp_client_get(bench.client, clasp_span_of("/g"), 1 + k, bench.now_us), CLASP_OK);
        }
        hear_error(ROWS[i].code, NULL);
        CHECK_EQ(settled(1, CLASP_RELAY_REFUSED, ROWS[i].code), ROWS[i].settles);
        CHECK_EQ(settled_nothing(), !ROWS[i].settles);
        end();
    }
}

TEST(a_set_without_an_answer_times_out) {
    begin_open();
    do_set("/a", 1, 1);
    pass(CLASP_CLIENT_SET_ANSWER_US - 1);
    CHECK(settled_nothing());
    pass(1);
    CHECK(settled(1, CLASP_TIMEOUT, 0));
    end();
}

TEST(nobody_waits_for_a_cancelled_ticket) {
    begin_open();
    do_set("/a", 1, 1);
    do_set("/a", 2, 2);
    clasp_client_cancel(bench.client, 1);
    hear_ack("/a", 1);
    CHECK(settled_nothing());
    hear_ack("/a", 2);
    CHECK(settled(2, CLASP_OK, 2));
    end();
}

TEST(all_tickets_are_settled_when_the_client_closes) {
    begin_open();
    do_set("/a", 1, 1);
    CHECK_EQ(clasp_client_get(bench.client, clasp_span_of("/g"), 2, bench.now_us), CLASP_OK);
    lose();
    CHECK(settled(2, CLASP_NOT_CONNECTED, 0)); /* a request is not asked again */
    do_set("/b", 1, 3);
    clasp_outbox_clear(&bench.out);
    clasp_client_close(bench.client, bench.now_us);
    CHECK(settled_at(0, 1, CLASP_NOT_CONNECTED, 0) && settled_at(1, 3, CLASP_NOT_CONNECTED, 0));
    CHECK_EQ(set_as("/c", 1, CLASP_QOS_CONFIRM, 4), CLASP_BAD_STATE);
    end();
}

TEST(at_most_a_window_is_under_way) {
    begin_open();
    for (uint32_t i = 0; i < CLASP_CLIENT_WINDOW; i++) {
        do_set("/a", i, i + 1);
        CHECK(sent_count() == 1);
    }
    do_set("/a", 7, 9999);
    CHECK_EQ(sent_count(), 0);
    hear_ack("/a", 1);
    CHECK(settled(1, CLASP_OK, 1) && sent_set(0, "/a", 7));
    end();
}

TEST(what_waits_is_bounded_in_count_and_bytes) {
    static uint8_t blob[60002];
    begin();
    for (uint32_t i = 0; i < CLASP_CLIENT_SETS; i++) {
        CHECK_EQ(set_as("/a", i, CLASP_QOS_CONFIRM, 0), CLASP_OK);
    }
    CHECK_EQ(set_as("/a", 0, CLASP_QOS_CONFIRM, 0), CLASP_QUEUE_FULL);
    end();
    begin();
    clasp_store_u16(blob, 60000);
    const clasp_message set = {.type = CLASP_MSG_SET,
                               .address = clasp_span_of("/a"),
                               .value = {{blob, sizeof blob}, CLASP_VALUE_BYTES}};
    uint32_t count = 0;
    while (count < 100 &&
           clasp_client_set(bench.client, &set, CLASP_QOS_CONFIRM, 0, bench.now_us) == CLASP_OK) {
        count++;
    }
    CHECK_EQ(count, CLASP_CLIENT_SET_BYTES / 60030);
    end();
}

TEST(a_fire_set_does_not_wait_and_has_its_qos) {
    begin_open();
    CHECK_EQ(set_as("/a", 1, CLASP_QOS_FIRE, 1), CLASP_OK);
    clasp_span bytes;
    clasp_frame frame;
    CHECK(sent_frames(0, &bytes) == 1 && clasp_frame_decode(bytes, &frame, NULL) == CLASP_OK);
    CHECK_EQ(frame.qos, CLASP_QOS_FIRE);
    hear_ack("/a", 1);
    CHECK(settled(1, CLASP_OK, 1));
    lose();
    CHECK_EQ(set_as("/a", 1, CLASP_QOS_FIRE, 1), CLASP_NOT_CONNECTED);
    end();
}

/* ---- requests ------------------------------------------------------------------------------------------------ */

TEST(a_get_is_answered_by_a_snapshot) {
    begin_open();
    clasp_outbox_clear(&bench.out);
    CHECK_EQ(clasp_client_get(bench.client, clasp_span_of("/a"), 1, bench.now_us), CLASP_OK);
    CHECK_EQ(clasp_client_get(bench.client, clasp_span_of("/a"), 2, bench.now_us), CLASP_OK);
    CHECK(sent_to(0, CLASP_MSG_GET, "/a"));
    hear_param("/b", talk_number(9), 1, NULL);
    CHECK(settled_nothing());
    hear_param("/a", talk_number(5), 3, NULL);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_PARAM, 0);
    CHECK(effect && effect->a == 1 && effect->b == CLASP_VALUE_F64 && effect->number == 5);
    CHECK(settled(1, CLASP_OK, 3));
    pass(CLASP_CLIENT_ANSWER_US);
    CHECK(settled(2, CLASP_TIMEOUT, 0));
    end();
}

TEST(requests_need_a_session_and_are_bounded) {
    begin();
    CHECK_EQ(clasp_client_get(bench.client, clasp_span_of("/a"), 1, START), CLASP_NOT_CONNECTED);
    CHECK_EQ(clasp_client_query(bench.client, clasp_span_of("/a"), 1, START), CLASP_NOT_CONNECTED);
    CHECK_EQ(clasp_client_sync(bench.client, START), CLASP_NOT_CONNECTED);
    end();
    begin_open();
    CHECK_EQ(clasp_client_get(bench.client, clasp_span_of("a"), 1, START), CLASP_BAD_ADDRESS);
    CHECK_EQ(clasp_client_query(bench.client, clasp_span_of("a"), 1, START), CLASP_BAD_PATTERN);
    for (uint32_t i = 0; i < CLASP_CLIENT_REQUESTS; i++) {
        CHECK_EQ(clasp_client_get(bench.client, clasp_span_of("/a"), 0, bench.now_us), CLASP_OK);
    }
    CHECK_EQ(clasp_client_get(bench.client, clasp_span_of("/a"), 0, bench.now_us), CLASP_QUEUE_FULL);
    end();
}

/* ---- the clock ----------------------------------------------------------------------------------------------- */

static bool told_clock(double offset, uint32_t round, uint32_t jitter) {
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_CLOCK, 0);
    return effect && effect->number == offset && effect->a == round && effect->b == jitter;
}

static void answer_sync(uint64_t t1_us, int64_t ahead_us, uint64_t there_us) {
    hear(&(clasp_message){.type = CLASP_MSG_SYNC,
                          .has = CLASP_HAS_T2 | CLASP_HAS_T3,
                          .time_us = t1_us,
                          .t2_us = (uint64_t)((int64_t)(t1_us + there_us) + ahead_us),
                          .t3_us = (uint64_t)((int64_t)(t1_us + there_us) + ahead_us)});
}

TEST(the_clock_is_told_at_welcome_and_by_each_sync) {
    begin();
    CHECK_EQ(clasp_client_open(bench.client, &OPTIONS, SECRET, bench.now_us), CLASP_OK);
    clasp_client_socket_opened(bench.client, bench.now_us);
    hear(&(clasp_message){.type = CLASP_MSG_WELCOME,
                          .version = 1,
                          .time_us = bench.now_us - 500,
                          .session = clasp_span_of("me")});
    CHECK(told_clock(-500, 0, 0));
    clasp_message sync;
    CHECK(sent(2, &sync) && sync.type == CLASP_MSG_SYNC);
    bench.now_us += 3000;
    answer_sync(sync.time_us, -10000, 1500);
    CHECK(told_clock(-10000, 3000, 0));
    answer_sync(sync.time_us, 99, 1500); /* once is enough */
    CHECK_EQ(bench.out.count, 0);

    clasp_outbox_clear(&bench.out);
    CHECK_EQ(clasp_client_sync(bench.client, bench.now_us), CLASP_OK);
    CHECK(sent(0, &sync));
    bench.now_us += 5000;
    answer_sync(sync.time_us, -9000, 2500);
    CHECK(told_clock(-9700, 3600, 1000)); /* 0.7 of the old, 0.3 of the new */
    answer_sync(sync.time_us + 1, -9000, 2500);
    CHECK_EQ(bench.out.count, 0);
    end();
}

TEST(a_sync_is_sent_every_half_minute) {
    begin_open();
    clasp_outbox_clear(&bench.out);
    unsigned syncs = 0;
    for (unsigned i = 0; i < 6; i++) {
        pass(CLASP_CLIENT_SYNC_US / 2);
        clasp_message message;
        for (uint32_t n = 0; sent(n, &message); n++) {
            syncs += message.type == CLASP_MSG_SYNC;
        }
    }
    CHECK_EQ(syncs, 3);
    end();
}

/* ---- the cache ----------------------------------------------------------------------------------------------- */

static bool cached(const char *address, double number) {
    clasp_outbox_clear(&bench.out);
    if (!clasp_client_cached(bench.client, clasp_span_of(address))) {
        return false;
    }
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_CACHED, 0);
    return effect && effect->b == CLASP_VALUE_F64 && effect->number == number;
}

TEST(the_cache_has_what_was_last_seen) {
    begin_open();
    CHECK(!cached("/a", 0));
    hear_param("/a", talk_number(1), 1, NULL);
    CHECK(cached("/a", 1));
    const clasp_message news = set_message("/a", 2);
    hear(&news);
    CHECK(cached("/a", 2));
    do_set("/b", 3, 0);
    CHECK(!cached("/b", 3));
    hear_ack("/b", 1);
    CHECK(cached("/b", 3));
    lose();
    CHECK(cached("/a", 2));
    clasp_client_close(bench.client, bench.now_us);
    CHECK(!cached("/a", 2));
    end();
}

int main(void) {
    RUN(a_set_is_settled_by_its_ack);
    RUN(acks_go_by_address_first_in_first_out);
    RUN(an_error_refuses_the_oldest_of_its_address);
    RUN(an_error_without_an_address_is_about_what_waits_alone);
    RUN(a_set_without_an_answer_times_out);
    RUN(nobody_waits_for_a_cancelled_ticket);
    RUN(all_tickets_are_settled_when_the_client_closes);
    RUN(at_most_a_window_is_under_way);
    RUN(what_waits_is_bounded_in_count_and_bytes);
    RUN(a_fire_set_does_not_wait_and_has_its_qos);
    RUN(a_get_is_answered_by_a_snapshot);
    RUN(requests_need_a_session_and_are_bounded);
    RUN(the_clock_is_told_at_welcome_and_by_each_sync);
    RUN(a_sync_is_sent_every_half_minute);
    RUN(the_cache_has_what_was_last_seen);
    return check_summary();
}
