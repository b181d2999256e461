/* Paths of the data plane: links that come and go, the router, windows, peers of other makes. */
#include "flow_pair.h"
#include "wire/message.h"

/* ---- links ----------------------------------------------------------------------------------------------------- */

TEST(what_a_dead_link_had_under_way_arrives_by_the_next_one) {
    pair *p = pair_connected();
    const uint32_t address = pair_address(p, 0, "/a");
    pair_number(p, 0, CLASP_FLOW_SET, address, 1);
    pair_flush(p, 0);
    pair_lose(p);
    pair_close(p, 1);
    pair_number(p, 0, CLASP_FLOW_SET, address, 2);
    pair_flush(p, 0);
    CHECK(!p->sides[0].first);
    pair_open(p, 2, CLASP_FLOW_RELIABLE);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 2);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 2);
    CHECK(clasp_flow_get_stat(p->sides[0].flows, PAIR_PEER, CLASP_FLOW_STAT_RESENT) == 1);
    pair_end(p);
}

TEST(a_new_link_takes_over_while_the_old_one_works) {
    pair *p = pair_connected();
    const uint32_t address = pair_address(p, 0, "/a");
    for (int i = 0; i < 40; i++) {
        pair_number(p, 0, CLASP_FLOW_SET, address, i);
        pair_flush(p, 0);
    }
    pair_open(p, 2, CLASP_FLOW_RELIABLE); /* everything goes again, and then comes twice */
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 40);
    CHECK(clasp_flow_get_stat(p->sides[1].flows, PAIR_PEER, CLASP_FLOW_STAT_DUPLICATES) == 40);
    pair_number(p, 0, CLASP_FLOW_SET, address, 40);
    pair_flush(p, 0);
    CHECK_EQ(p->sides[0].first->way, 2 << 8);
    pair_settle(p);
    pair_end(p);
}

TEST(a_peer_that_begins_anew_under_its_old_name_is_told_what_it_has_not_heard) {
    pair *p = pair_connected();
    const uint32_t address = pair_address(p, 0, "/a");
    for (int i = 0; i < 5; i++) {
        pair_number(p, 0, CLASP_FLOW_SET, address, i);
        pair_settle(p);
    }
    pair_number(p, 0, CLASP_FLOW_SET, address, 5);
    pair_flush(p, 0);
    pair_lose(p);
    pair_close(p, 1);
    clasp_flow_gone(p->sides[1].flows, PAIR_PEER, CLASP_OK);
    CHECK_EQ(clasp_flow_peer(p->sides[1].flows, PAIR_PEER, true), CLASP_OK);
    pair_subscribe(p, 1, "/**", 9);
    pair_open(p, 2, CLASP_FLOW_RELIABLE);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 6);
    CHECK(pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER)->number == 5);
    pair_number(p, 1, CLASP_FLOW_SET, pair_address(p, 1, "/b"), 1);
    pair_subscribe(p, 0, "/b", 1);
    pair_settle(p);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_DELIVER], 1);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 6);
    pair_end(p);
}

TEST(silence_is_told_while_data_waits_and_life_when_it_ends) {
    pair *p = pair_connected();
    pair_wait(p, p->now_us + 1000000);
    CHECK_EQ(p->sides[0].paths[CLASP_P2P_PATH_SILENT], 0);
    pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/a"), 1);
    pair_flush(p, 0);
    pair_lose(p);
    const uint64_t said_us = p->now_us;
    while (p->sides[0].paths[CLASP_P2P_PATH_DOUBTED] == 0 && pair_wait(p, said_us + 10000000)) {
    }
    CHECK_EQ(p->sides[0].paths[CLASP_P2P_PATH_SILENT], 0); /* by the PING that is on its way now */
    while (p->sides[0].paths[CLASP_P2P_PATH_SILENT] == 0 && pair_wait(p, said_us + 10000000)) {
        pair_lose(p);
    }
    CHECK_EQ(p->sides[0].paths[CLASP_P2P_PATH_SILENT], 1);
    CHECK(p->now_us - said_us < 500000);
    pair_number(p, 1, CLASP_FLOW_SET, pair_address(p, 1, "/b"), 1);
    pair_settle(p);
    CHECK_EQ(p->sides[0].paths[CLASP_P2P_PATH_ALIVE], 1);
    pair_end(p);
}

TEST(the_token_goes_on_the_direct_path_and_on_every_new_one) {
    static const uint8_t TOKEN[CLASP_P2P_TOKEN_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    pair *p = pair_connected();
    CHECK_EQ(clasp_flow_token(p->sides[0].flows, PAIR_PEER, (clasp_span){TOKEN, 3}, p->now_us),
             CLASP_OUT_OF_RANGE);
    CHECK_EQ(clasp_flow_token(p->sides[0].flows, PAIR_PEER, (clasp_span){TOKEN, sizeof TOKEN}, p->now_us),
             CLASP_OK);
    pair_drain(&p->sides[0]);
    pair_settle(p);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_TOKEN_TOLD], 1);
    CHECK_BYTES(p->sides[1].text, p->sides[1].text_len, TOKEN, sizeof TOKEN);
    pair_open(p, 2, CLASP_FLOW_RELIABLE);
    pair_settle(p);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_TOKEN_TOLD], 2);
    pair_end(p);
}

/* ---- the router ------------------------------------------------------------------------------------------------ */

static void cover(pair *p, bool on) {
    for (int i = 0; i < 2; i++) {
        clasp_flow_cover(p->sides[i].flows, PAIR_PEER, on, p->now_us);
        pair_drain(&p->sides[i]);
    }
}

TEST(the_router_carries_everything_while_it_covers) {
    pair *p = pair_connected();
    const uint32_t address = pair_address(p, 0, "/a");
    pair_open(p, 1, CLASP_FLOW_FAST);
    pair_settle(p);
    pair_number(p, 0, CLASP_FLOW_SET, address, 1);
    pair_flush(p, 0);
    pair_lose(p);
    cover(p, true);
    pair_number(p, 0, CLASP_FLOW_SET, address, 2);
    pair_number(p, 0, CLASP_FLOW_STREAM, address, 3);
    pair_flush(p, 0);
    for (const pair_message *m = p->sides[0].first; m; m = m->next) {
        CHECK_EQ(m->way, PAIR_ROUTER);
    }
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 3);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 2);
    cover(p, false);
    pair_number(p, 0, CLASP_FLOW_SET, address, 4);
    pair_flush(p, 0);
    CHECK_EQ(p->sides[0].first->way, 1 << 8);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 4);
    pair_end(p);
}

TEST(a_lost_record_goes_again_and_a_link_that_answers_is_proven) {
    pair *p = pair_connected();
    const uint32_t proven = p->sides[0].paths[CLASP_P2P_PATH_PROVEN];
    cover(p, true);
    pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/a"), 1);
    pair_flush(p, 0);
    pair_lose(p);
    pair_wait(p, p->now_us + CLASP_FLOW_COVER_AGAIN_US);
    while (pair_heard(p) == 0 && pair_wait(p, p->now_us + CLASP_FLOW_COVER_AGAIN_US)) {
        pair_settle(p);
    }
    CHECK_EQ(pair_heard(p), 1);
    CHECK(p->sides[0].paths[CLASP_P2P_PATH_PROVEN] > proven);
    pair_end(p);
}

TEST(cover_that_begins_anew_sends_again_at_once_what_was_lost) {
    pair *p = pair_connected();
    cover(p, true);
    pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/a"), 1);
    pair_flush(p, 0);
    pair_lose(p);
    clasp_flow_cover(p->sides[0].flows, PAIR_PEER, true, p->now_us);
    pair_drain(&p->sides[0]);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 1);
    pair_end(p);
}

/* Its acknowledgements go on the link. If that is dead, and nothing of its own waits, nothing else would tell it so. */
TEST(who_hears_by_the_router_alone_tries_its_link) {
    for (int is_dead = 0; is_dead < 2; is_dead++) {
        pair *p = pair_connected();
        clasp_err err;
        clasp_flow_cover(p->sides[0].flows, PAIR_PEER, true, p->now_us);
        pair_drain(&p->sides[0]);
        pair_lose(p);
        pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/n"), 1);
        pair_flush(p, 0);
        CHECK(p->sides[0].first && p->sides[0].first->way == PAIR_ROUTER);
        pair_carry(p, 0, &err);
        CHECK_EQ(pair_heard(p), 1);
        pair_flush(p, 1);
        if (is_dead) {
            pair_lose(p);
        }
        for (const uint64_t until_us = p->now_us + 2000000; pair_wait(p, until_us);) {
            if (is_dead) {
                pair_lose(p);
            } else {
                pair_settle(p);
            }
        }
        CHECK_EQ(p->sides[1].paths[CLASP_P2P_PATH_SILENT], (uint32_t)is_dead);
        pair_end(p);
    }
}

TEST(what_a_link_still_brings_while_it_is_covered_has_it_tried_at_once) {
    pair *p = pair_connected();
    pair_number(p, 1, CLASP_FLOW_SET, pair_address(p, 1, "/b"), 1);
    pair_flush(p, 1); /* it is held up on the way */
    pair_message *late = p->sides[1].first;
    p->sides[1].first = NULL;
    clasp_flow_cover(p->sides[0].flows, PAIR_PEER, true, p->now_us);
    pair_wait(p, p->now_us + 1); /* the PINGs that cover begins with */
    pair_lose(p);
    p->now_us += CLASP_FLOW_PING_AGAIN_US - 1;
    const uint32_t proven = p->sides[0].paths[CLASP_P2P_PATH_PROVEN];
    p->sides[1].first = p->sides[1].last = late;
    pair_settle(p);
    CHECK_EQ(p->sides[0].paths[CLASP_P2P_PATH_PROVEN], proven + 1);
    pair_end(p);
}

TEST(records_keep_to_what_a_relay_takes) {
    pair *p = pair_connected();
    const uint32_t address = pair_address(p, 0, "/a");
    cover(p, true);
    uint32_t records = 0;
    for (uint32_t ms = 0; ms < 1000; ms++) {
        pair_number(p, 0, CLASP_FLOW_SET, address, ms);
        pair_flush(p, 0);
        p->now_us += 1000;
        clasp_flows_tick(p->sides[0].flows, p->now_us);
        pair_drain(&p->sides[0]);
        clasp_err err;
        while (p->sides[0].first) {
            records += p->sides[0].first->way == PAIR_ROUTER;
            pair_carry(p, 0, &err);
        }
        pair_flush(p, 1);
        while (pair_carry(p, 1, &err)) {
        }
    }
    CHECK(records > 100 && records <= CLASP_FLOW_COVER_RATE + CLASP_FLOW_COVER_BURST);
    for (int i = 0; i < 100 && pair_heard(p) < 1000; i++) {
        pair_wait(p, p->now_us + 10000);
        pair_settle(p);
    }
    CHECK_EQ(pair_heard(p), 1000);
    pair_end(p);
}

/* ---- windows --------------------------------------------------------------------------------------------------- */

/* A channel of low priority. */
static void open_low(pair *p, const char *address) {
    uint32_t number;
    CHECK_EQ(clasp_flow_channel(p->sides[0].flows, PAIR_PEER, clasp_span_of(address), true,
                                CLASP_PRIORITY_LOW, &number),
             CLASP_OK);
}

/* Say values of 16 KiB. */
static void say_values(pair *p, int count) {
    const uint32_t address = pair_address(p, 0, "/bulk");
    uint32_t batch;
    for (; count > 0; count--) {
        CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_EVENT, address, 16384, &batch), CLASP_OK);
    }
}

/* Each message that goes as a channel opens is one before the first that the application says. */
TEST(a_channel_opens_with_one_message) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(p->sides[i].counts[CLASP_EFFECT_P2P_SEND], 1);
    }
    pair_settle(p);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(p->sides[i].paths[CLASP_P2P_PATH_PROVEN], 1);
    }
    pair_end(p);
}

TEST(no_more_is_sent_than_there_is_credit_and_room_in_the_browser) {
    pair *p = pair_connected();
    say_values(p, 100);
    pair_flush(p, 0);
    CHECK(pair_under_way(&p->sides[0], 256) < CLASP_FLOW_HIGH_WATER + CLASP_FLOW_PACKET + 100);
    for (int i = 0; i < 10; i++) { /* the browser takes all of it, and nothing is acknowledged */
        clasp_flow_buffered(p->sides[0].flows, PAIR_PEER, 1, CLASP_FLOW_RELIABLE, 0, p->now_us);
        pair_drain(&p->sides[0]);
    }
    const uint32_t sent = pair_under_way(&p->sides[0], 256);
    CHECK(sent > CLASP_FLOW_CREDIT - CLASP_FLOW_PACKET && sent < CLASP_FLOW_CREDIT + 2000);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 100);
    pair_end(p);
}

TEST(a_queue_that_was_full_tells_when_it_has_room) {
    pair *p = pair_connected();
    const uint32_t address = pair_address(p, 0, "/bulk");
    uint32_t batch;
    uint32_t said = 0;
    clasp_err err;
    while ((err = pair_say_bytes(p, 0, CLASP_FLOW_EVENT, address, 16000, &batch)) == CLASP_OK) {
        said++;
    }
    CHECK_EQ(err, CLASP_QUEUE_FULL);
    CHECK(said > 400 && clasp_flow_waiting(p->sides[0].flows, PAIR_PEER) >= CLASP_FLOW_QUEUE_BYTES);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), said);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ROOM], 1);
    CHECK_EQ(clasp_flow_waiting(p->sides[0].flows, PAIR_PEER), 0);
    pair_end(p);
}

TEST(bulk_keeps_little_under_way_while_something_urgent_is_said) {
    pair *p = pair_connected();
    open_low(p, "/bulk");
    pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/ping"), 1);
    pair_flush(p, 0);
    say_values(p, 100);
    pair_flush(p, 0);
    CHECK(pair_under_way(&p->sides[0], 256) <= CLASP_FLOW_BULK_FLIGHT + 1000);
    pair_settle(
        p); /* no time passes: it asks for acknowledgements, and does not wait until they come by themselves */
    CHECK_EQ(pair_heard(p), 101);
    pair_end(p);
}

/* 5 MiB, after which all of the credit is given; each value is acknowledged after `round_us` or later. */
static void bulk(pair *p, uint64_t round_us) {
    for (int i = 0; i < 320; i++) {
        say_values(p, 1);
        pair_flush(p, 0);
        p->now_us += round_us;
        pair_settle(p);
        pair_wait(p, p->now_us);
    }
    while (pair_wait(p, p->now_us + CLASP_FLOW_ACK_US)) { /* what is owed */
    }
    pair_settle(p);
}

/* Of 190 values: the browser takes all that it is given, and nothing is acknowledged. @return bytes under way */
static uint32_t flight_of(pair *p, uint32_t link) {
    say_values(p, 190);
    pair_flush(p, 0);
    for (int i = 0; i < 30; i++) {
        clasp_flow_buffered(p->sides[0].flows, PAIR_PEER, link, CLASP_FLOW_RELIABLE, 0, p->now_us);
        pair_drain(&p->sides[0]);
    }
    return pair_under_way(&p->sides[0], 256);
}

/* What is more than that lies in queues: in the browser's, which drop it, or before what is urgent. */
TEST(as_much_is_under_way_as_fills_the_path) {
    static const struct {
        const char *name;
        uint32_t round_us, most;
        bool is_urgent;
    } ROWS[] = {
        {"a short path", 1000, CLASP_FLOW_CREDIT, false},
        {"50 ms", 50000, 1000000, false},
        {"200 ms", 200000, CLASP_FLOW_CREDIT_MAX, false},
        {"a short path beside something urgent", 1000, CLASP_FLOW_BULK_FLIGHT, true},
        {"100 ms beside something urgent", 100000, 200000, true},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].name);
        pair *p = pair_connected();
        open_low(p, "/bulk");
        bulk(p, ROWS[i].round_us);
        p->now_us += CLASP_FLOW_URGENT_US;
        if (ROWS[i].is_urgent) {
            pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/n"), 1);
            pair_flush(p, 0);
        }
        const uint32_t sent = flight_of(p, 1);
        CHECK(sent <= ROWS[i].most + 3000 && sent > 16384 && sent + 35000 > ROWS[i].most);
        pair_settle(p);
        CHECK_EQ(pair_heard(p), 320 + 190 + ROWS[i].is_urgent);
        pair_end(p);
    }
}

TEST(another_path_is_measured_anew) {
    pair *p = pair_connected();
    bulk(p, 200000);
    pair_open(p, 2, CLASP_FLOW_RELIABLE);
    pair_settle(p);
    const uint32_t sent = flight_of(p, 2);
    CHECK(sent <= CLASP_FLOW_CREDIT + 3000 && sent + 35000 > CLASP_FLOW_CREDIT);
    pair_settle(p);
    pair_end(p);
}

/* Its acknowledgement may be for the first time that it was sent. */
TEST(what_was_sent_twice_does_not_measure_the_path) {
    pair *p = pair_connected();
    say_values(p, 1);
    pair_flush(p, 0);
    p->now_us += 1000;
    pair_open(p, 2, CLASP_FLOW_RELIABLE);
    pair_settle(p); /* at once */
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 1);
    bulk(p, 200000);
    CHECK(flight_of(p, 2) > CLASP_FLOW_CREDIT_MAX - 35000);
    pair_settle(p);
    pair_end(p);
}

TEST(what_is_high_overtakes_what_is_low) {
    pair *p = pair_connected();
    uint32_t low, high, batch;
    CHECK_EQ(clasp_flow_channel(p->sides[0].flows, PAIR_PEER, clasp_span_of("/low"), true, CLASP_PRIORITY_LOW,
                                &low),
             CLASP_OK);
    CHECK_EQ(clasp_flow_channel(p->sides[0].flows, PAIR_PEER, clasp_span_of("/high"), true,
                                CLASP_PRIORITY_HIGH, &high),
             CLASP_OK);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/low/x"), 3000000, &batch), CLASP_OK);
    pair_flush(p, 0);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/high/x"), 300000, &batch), CLASP_OK);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 2);
    CHECK_EQ(pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER)->len, 3000004);
    pair_end(p);
}

TEST(a_channel_of_the_application_goes_its_own_way_when_it_is_open) {
    pair *p = pair_connected();
    uint32_t number[2], batch;
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(clasp_flow_channel(p->sides[i].flows, PAIR_PEER, clasp_span_of("/own"), true,
                                    CLASP_PRIORITY_NORMAL, &number[i]),
                 CLASP_OK);
    }
    const uint32_t address = pair_address(p, 0, "/own/x");
    pair_number(p, 0, CLASP_FLOW_SET, address, 1);
    pair_flush(p, 0);
    CHECK_EQ(p->sides[0].first->way, 1 << 8); /* as long as there is none */
    pair_settle(p);
    pair_open(p, 1, number[0]);
    pair_settle(p);
    pair_number(p, 0, CLASP_FLOW_SET, address, 2);
    pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/ownx"), 3);
    pair_flush(p, 0);
    CHECK(pair_under_way(&p->sides[0], number[0]) > 0 && pair_under_way(&p->sides[0], 0) > 0);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 3);
    for (int i = 0; i < 300; i++) { /* over and over: no number is used again, nothing stays */
        uint32_t other;
        CHECK_EQ(clasp_flow_channel(p->sides[0].flows, PAIR_PEER, clasp_span_of("/own/x"), true,
                                    CLASP_PRIORITY_HIGH, &other),
                 CLASP_OK);
        CHECK_EQ(clasp_flow_number(p->sides[0].flows, PAIR_PEER, CLASP_FLOW_SET, address, i, &batch),
                 CLASP_OK);
        pair_settle(p);
        CHECK_EQ(clasp_flow_channel_end(p->sides[0].flows, PAIR_PEER, other), CLASP_OK);
        pair_settle(p);
    }
    CHECK_EQ(pair_heard(p), 303);
    pair_end(p);
}

TEST(what_ends_with_its_channel_takes_no_credit_for_ever) {
    pair *p = pair_connected();
    uint32_t number, batch;
    for (uint32_t link = 2; link < 2 + 2 * CLASP_FLOW_CREDIT / 16000; link++) {
        CHECK_EQ(clasp_flow_channel(p->sides[0].flows, PAIR_PEER, clasp_span_of("/own"), true,
                                    CLASP_PRIORITY_NORMAL, &number),
                 CLASP_OK);
        CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/own"), 16000, &batch), CLASP_OK);
        pair_flush(p, 0);
        pair_lose(p); /* it has ended before its link was over */
        CHECK_EQ(clasp_flow_channel_end(p->sides[0].flows, PAIR_PEER, number), CLASP_OK);
        pair_close(p, link - 1);
        pair_open(p, link, CLASP_FLOW_RELIABLE);
        pair_settle(p);
    }
    CHECK_EQ(pair_heard(p), 0);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/a"), 16000, &batch), CLASP_OK);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 1);
    pair_end(p);
}

TEST(a_channel_has_no_number_that_the_host_may_still_be_closing) {
    pair *p = pair_connected();
    uint32_t numbers[CLASP_FLOW_CHANNELS];
    for (uint32_t i = 0; i < CLASP_FLOW_CHANNELS; i++) {
        CHECK_EQ(clasp_flow_channel(p->sides[0].flows, PAIR_PEER, clasp_span_of("/own"), true,
                                    CLASP_PRIORITY_NORMAL, &numbers[i]),
                 CLASP_OK);
        CHECK_EQ(clasp_flow_channel_end(p->sides[0].flows, PAIR_PEER, numbers[i]), CLASP_OK);
        for (uint32_t k = 0; k < i; k++) {
            CHECK(numbers[k] != numbers[i]);
        }
    }
    pair_end(p);
}

/* ---- other makes ----------------------------------------------------------------------------------------------- */

TEST(a_peer_of_another_make_is_told_one_plain_frame_a_message) {
    pair *p = pair_new(false);
    uint32_t batch;
    const uint32_t address = pair_address(p, 0, "/a");
    CHECK_EQ(clasp_flow_number(p->sides[0].flows, PAIR_PEER, CLASP_FLOW_SET, address, 1, &batch),
             CLASP_NOT_CONNECTED);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    CHECK(!p->sides[0].first);
    pair_subscribe(p, 1, "/**", 3);
    CHECK_EQ(pair_number(p, 0, CLASP_FLOW_SET, address, 1), 0);
    pair_number(p, 0, CLASP_FLOW_EVENT, address, 2);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, address, 60000, &batch), CLASP_OK);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, address, 65535, &batch), CLASP_TOO_LARGE);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, address, 70000, &batch), CLASP_TOO_LARGE);
    pair_flush(p, 0);
    uint32_t count = 0;
    for (const pair_message *m = p->sides[0].first; m; m = m->next, count++) {
        clasp_frame frame;
        clasp_message message;
        CHECK_EQ(clasp_decode((clasp_span){m->bytes, m->len}, &frame, &message), CLASP_OK);
        CHECK(message.type != CLASP_MSG_BUNDLE);
    }
    CHECK_EQ(count, 3);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 3);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 0);
    pair_end(p);
}

TEST(messages_that_are_none_of_ours_go_to_the_application) {
    static const uint8_t RAW[] = {0x45, 0x01, 9}, ESCAPED[] = {0x45, 0x08, 0x53, 1}, TEXT[] = {'h', 'i'};
    pair *p = pair_new(false);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    clasp_flows *f = p->sides[0].flows;
    CHECK_EQ(clasp_flow_received(f, PAIR_PEER, 1, 0, (clasp_span){RAW, sizeof RAW}, p->now_us), CLASP_OK);
    CHECK_EQ(clasp_flow_received(f, PAIR_PEER, 1, 0, (clasp_span){TEXT, sizeof TEXT}, p->now_us), CLASP_OK);
    pair_drain(&p->sides[0]);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_RAW], 2);
    CHECK_EQ(clasp_flow_peer(f, PAIR_PEER, true), CLASP_OK); /* it turns out to be one of ours */
    CHECK_EQ(clasp_flow_received(f, PAIR_PEER, 1, 0, (clasp_span){RAW, sizeof RAW}, p->now_us),
             CLASP_TRUNCATED);
    CHECK_EQ(clasp_flow_received(f, PAIR_PEER, 1, 0, (clasp_span){ESCAPED, sizeof ESCAPED}, p->now_us),
             CLASP_OK);
    pair_drain(&p->sides[0]);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_RAW], 3);
    CHECK_BYTES(p->sides[0].text, p->sides[0].text_len, ESCAPED + 2, 2);
    pair_end(p);
}

int main(void) {
    RUN(what_a_dead_link_had_under_way_arrives_by_the_next_one);
    RUN(a_new_link_takes_over_while_the_old_one_works);
    RUN(a_peer_that_begins_anew_under_its_old_name_is_told_what_it_has_not_heard);
    RUN(silence_is_told_while_data_waits_and_life_when_it_ends);
    RUN(the_token_goes_on_the_direct_path_and_on_every_new_one);
    RUN(the_router_carries_everything_while_it_covers);
    RUN(a_lost_record_goes_again_and_a_link_that_answers_is_proven);
    RUN(cover_that_begins_anew_sends_again_at_once_what_was_lost);
    RUN(who_hears_by_the_router_alone_tries_its_link);
    RUN(what_a_link_still_brings_while_it_is_covered_has_it_tried_at_once);
    RUN(records_keep_to_what_a_relay_takes);
    RUN(a_channel_opens_with_one_message);
    RUN(no_more_is_sent_than_there_is_credit_and_room_in_the_browser);
    RUN(a_queue_that_was_full_tells_when_it_has_room);
    RUN(bulk_keeps_little_under_way_while_something_urgent_is_said);
    RUN(as_much_is_under_way_as_fills_the_path);
    RUN(another_path_is_measured_anew);
    RUN(what_was_sent_twice_does_not_measure_the_path);
    RUN(what_is_high_overtakes_what_is_low);
    RUN(a_channel_of_the_application_goes_its_own_way_when_it_is_open);
    RUN(what_ends_with_its_channel_takes_no_credit_for_ever);
    RUN(a_channel_has_no_number_that_the_host_may_still_be_closing);
    RUN(a_peer_of_another_make_is_told_one_plain_frame_a_message);
    RUN(messages_that_are_none_of_ours_go_to_the_application);
    return check_summary();
}
