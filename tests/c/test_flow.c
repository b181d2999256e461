/* The data plane between two of ours: said, delivered, acknowledged, asked for. */
#include "flow_pair.h"

TEST(a_number_is_delivered_and_acknowledged) {
    pair *p = pair_connected();
    const uint32_t batch = pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/a/b"), 0.5);
    CHECK(batch > 0);
    pair_settle(p);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 1);
    const clasp_effect *e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER);
    CHECK(e && e->number == 0.5 && e->b == CLASP_VALUE_F64);
    e = pair_last(&p->sides[0], CLASP_EFFECT_P2P_ACKED);
    CHECK(e && e->a == PAIR_PEER && e->b == batch);
    CHECK_EQ(p->sides[0].paths[CLASP_P2P_PATH_PROVEN], 1);
    pair_end(p);
}

TEST(what_is_said_in_one_turn_shares_a_packet) {
    pair *p = pair_connected();
    const uint32_t sent = p->sides[0].counts[CLASP_EFFECT_P2P_SEND];
    const uint32_t address = pair_address(p, 0, "/a/b");
    for (int i = 0; i < 100; i++) {
        pair_number(p, 0, CLASP_FLOW_SET, address, i);
    }
    pair_settle(p);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_SEND] - sent, 1);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 100);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_ADDRESS], 1);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 1);
    pair_end(p);
}

TEST(an_answer_and_an_acknowledgement_share_a_message) {
    pair *p = pair_connected();
    clasp_err err;
    pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/ping"), 1);
    pair_flush(p, 0);
    CHECK(pair_carry(p, 0, &err));
    pair_number(p, 1, CLASP_FLOW_SET, pair_address(p, 1, "/pong"), 1);
    const uint32_t sent = p->sides[1].counts[CLASP_EFFECT_P2P_SEND];
    pair_flush(p, 1);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_SEND] - sent, 1);
    CHECK(pair_carry(p, 1, &err));
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 1);
    pair_end(p);
}

TEST(an_event_is_acknowledged_a_little_later) {
    pair *p = pair_connected();
    clasp_err err;
    pair_number(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/e"), 1);
    pair_flush(p, 0);
    CHECK(pair_carry(p, 0, &err));
    pair_flush(p, 1);
    CHECK(!p->sides[1].first);
    CHECK_EQ(clasp_flows_deadline(p->sides[1].flows), p->now_us + CLASP_FLOW_ACK_US);
    pair_wait(p, p->now_us + CLASP_FLOW_ACK_US);
    CHECK(p->sides[1].first != NULL);
    pair_settle(p);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 1);
    pair_end(p);
}

/* Lengths around every border: of a packet, of a frame, of a piece. */
TEST(values_of_any_length_arrive_whole) {
    static const uint32_t LENGTHS[] = {0,     1,     16384, 33000, 34780, 34790,
                                       34800, 34900, 65000, 65536, 70000, 1000000};
    pair *p = pair_connected();
    const uint32_t address = pair_address(p, 0, "/large");
    for (unsigned i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++) {
        uint32_t batch;
        CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, address, LENGTHS[i], &batch), CLASP_OK);
        pair_settle(p);
        const clasp_effect *e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER);
        const bool is_wide = LENGTHS[i] > UINT16_MAX;
        CHECK_EQ(e->len, LENGTHS[i] + (is_wide ? 4 : 2));
        CHECK_EQ(e->b, CLASP_VALUE_BYTES | (is_wide ? CLASP_P2P_DELIVER_WIDE << 16 : 0));
        CHECK_EQ(pair_last(&p->sides[0], CLASP_EFFECT_P2P_ACKED)->b, batch);
        CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], i + 1);
    }
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], sizeof LENGTHS / sizeof LENGTHS[0]);
    pair_end(p);
}

/* The host keeps the message, and reads in it what is most of it. */
TEST(bytes_are_not_copied_out_of_a_message_that_the_host_keeps) {
    static const struct {
        const char *name;
        uint32_t lens[2]; /* of bytes that are said in one turn */
        int lent;         /* which of them; -1: none */
    } ROWS[] = {
        {"16 KiB", {16384, 0}, 0},
        {"200 bytes", {200, 0}, 0},
        {"the first is not at the end of the message", {4000, 5000}, 1},
        {"the last is less than half of the message", {5000, 4000}, -1},
        {"in pieces", {70000, 0}, -1},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].name);
        pair *p = pair_connected();
        uint32_t batch;
        clasp_flows_lend(p->sides[1].flows);
        for (int k = 0; k < 2 && ROWS[i].lens[k] > 0; k++) {
            CHECK_EQ(
                pair_say_bytes(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/large"), ROWS[i].lens[k], &batch),
                CLASP_OK);
        }
        pair_flush(p, 0);
        uint8_t message[20000] = {0};
        memcpy(message, p->sides[0].first->bytes,
               p->sides[0].first->len < sizeof message ? p->sides[0].first->len : 0);
        const uint32_t before = p->sides[1].kept_count;
        pair_settle(p);
        int k = 0;
        for (uint32_t at = before; at < p->sides[1].kept_count; at++) {
            const clasp_effect *e = &p->sides[1].kept[at];
            if (e->kind != CLASP_EFFECT_P2P_DELIVER) {
                continue;
            }
            const bool is_lent = (e->b >> 16 & CLASP_P2P_DELIVER_LENT) != 0;
            CHECK_EQ(is_lent, k == ROWS[i].lent);
            if (is_lent) {
                clasp_span value;
                uint8_t *bytes = pair_bytes(ROWS[i].lens[k], &value);
                CHECK_EQ(e->len, 0);
                CHECK(memcmp(message + (uint32_t)e->number, value.at + 3, value.len - 3) == 0);
                free(bytes);
            } else {
                CHECK(e->len > ROWS[i].lens[k]);
            }
            k++;
        }
        CHECK_EQ(k, ROWS[i].lens[1] > 0 ? 2 : 1);
        pair_end(p);
    }
}

TEST(a_value_of_16_KiB_is_one_message) {
    pair *p = pair_connected();
    uint32_t batch;
    const uint32_t sent = p->sides[0].counts[CLASP_EFFECT_P2P_SEND];
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/bulk/of/16/kilobytes"), 16384, &batch),
             CLASP_OK);
    pair_settle(p);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_SEND] - sent, 1);
    pair_end(p);
}

TEST(at_one_address_what_is_said_later_arrives_later) {
    pair *p = pair_connected();
    uint32_t batch;
    const uint32_t address = pair_address(p, 0, "/x");
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, address, 200000, &batch), CLASP_OK);
    pair_number(p, 0, CLASP_FLOW_SET, address, 7);
    pair_settle(p);
    const clasp_effect *e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER);
    CHECK(e->b == CLASP_VALUE_F64 && e->number == 7);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 2);
    pair_end(p);
}

TEST(a_large_value_does_not_overtake_small_ones_at_its_address) {
    pair *p = pair_connected();
    uint32_t batch;
    const uint32_t address = pair_address(p, 0, "/x");
    for (unsigned i = 0; i < 8; i++) {
        CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_EVENT, address, 16384, &batch), CLASP_OK);
    }
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_EVENT, address, 70000, &batch), CLASP_OK);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 9);
    CHECK_EQ(pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER)->len, 70000 + 4);
    pair_end(p);
}

TEST(a_peer_of_another_make_gets_a_param_of_any_length_that_it_was_told) {
    pair *p = pair_new(false);
    uint32_t batch;
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/x"), 12000, &batch), CLASP_OK);
    pair_settle(p);
    CHECK_EQ(clasp_flow_get(p->sides[1].flows, PAIR_PEER, clasp_span_of("/x"), 3, p->now_us), CLASP_OK);
    pair_settle(p);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_GOT], 1);
    CHECK_EQ(pair_last(&p->sides[1], CLASP_EFFECT_P2P_GOT)->len, 12000 + 2);
    pair_end(p);
}

TEST(a_large_value_goes_to_a_peer_that_was_taken_for_one_of_another_make) {
    pair *p = pair_new(false);
    uint32_t batch;
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    pair_subscribe(p, 1, "/**", 9);
    const uint32_t address = pair_address(p, 0, "/x");
    for (unsigned i = 0; i < 3; i++) {
        pair_number(p, 0, CLASP_FLOW_EVENT, address, i);
    }
    pair_settle(p);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(clasp_flow_peer(p->sides[i].flows, PAIR_PEER, true), CLASP_OK);
        pair_drain(&p->sides[i]);
    }
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_EVENT, address, 70000, &batch), CLASP_OK);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 4);
    pair_end(p);
}

/* A whole window of bulk costs its receiver few messages. */
TEST(bulk_is_acknowledged_by_parts_of_the_window) {
    pair *p = pair_connected();
    uint32_t batch;
    const uint32_t address = pair_address(p, 0, "/x");
    for (unsigned i = 0; i < 30; i++) {
        CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_EVENT, address, 16384, &batch), CLASP_OK);
    }
    const uint32_t sent = p->sides[1].counts[CLASP_EFFECT_P2P_SEND];
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 30);
    CHECK(p->sides[1].counts[CLASP_EFFECT_P2P_SEND] - sent <= CLASP_FLOW_ACK_SHARE + 1);
    pair_end(p);
}

TEST(what_comes_before_the_first_subscription_is_shown_to_it) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/level"), 3);
    pair_number(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/hit"), 4);
    pair_settle(p);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 0);
    pair_subscribe(p, 1, "/level", 1);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 1);
    pair_subscribe(p, 1, "/h*", 2);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 2);
    CHECK(pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER)->number == 4);
    pair_subscribe(p, 1, "/**", 3); /* the param once more, the event not */
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 3);
    pair_end(p);
}

TEST(early_events_are_forgotten_after_their_time) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    pair_settle(p);
    pair_number(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/hit"), 4);
    pair_settle(p);
    const uint64_t until_us = p->now_us + CLASP_FLOW_EARLY_US;
    while (pair_wait(p, until_us)) {
        pair_settle(p);
    }
    pair_subscribe(p, 1, "/**", 2);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 0);
    pair_end(p);
}

TEST(a_subscription_that_is_gone_hears_nothing) {
    pair *p = pair_connected();
    const uint32_t address = pair_address(p, 0, "/a");
    pair_number(p, 0, CLASP_FLOW_SET, address, 1);
    pair_settle(p);
    CHECK_EQ(clasp_flow_unsubscribe(p->sides[1].flows, PAIR_PEER, 9), CLASP_OK);
    CHECK_EQ(clasp_flow_unsubscribe(p->sides[1].flows, PAIR_PEER, 9), CLASP_BAD_HANDLE);
    pair_number(p, 0, CLASP_FLOW_SET, address, 2);
    pair_settle(p);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 1);
    pair_end(p);
}

TEST(a_get_is_answered_from_what_was_set) {
    pair *p = pair_connected();
    clasp_flows *asker = p->sides[1].flows;
    uint32_t batch;
    pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/a"), 6);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/large"), 100000, &batch), CLASP_OK);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/packets"), 20000, &batch), CLASP_OK);
    pair_settle(p);
    const uint32_t heard = p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER];
    CHECK_EQ(clasp_flow_get(asker, PAIR_PEER, clasp_span_of("/a"), 41, p->now_us), CLASP_OK);
    pair_settle(p);
    const clasp_effect *e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_GOT);
    CHECK(e && e->a == 41 && e->number == 6);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], heard); /* it was heard when it was set */
    CHECK_EQ(clasp_flow_get(asker, PAIR_PEER, clasp_span_of("/large"), 42, p->now_us), CLASP_OK);
    pair_settle(p);
    e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_GOT);
    CHECK(e && e->a == 42 && e->len == 100004);
    CHECK_EQ(clasp_flow_get(asker, PAIR_PEER, clasp_span_of("/packets"), 45, p->now_us), CLASP_OK);
    pair_settle(p);
    e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_GOT);
    CHECK(e && e->a == 45 && e->len == 20002);
    CHECK_EQ(clasp_flow_get(asker, PAIR_PEER, clasp_span_of("/nothing"), 43, p->now_us), CLASP_OK);
    pair_settle(p);
    e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_SETTLED);
    CHECK(e && e->a == 43 && e->number == CLASP_NOT_FOUND);
    pair_end(p);
}

TEST(a_get_without_an_answer_times_out) {
    pair *p = pair_connected();
    CHECK_EQ(clasp_flow_get(p->sides[1].flows, PAIR_PEER, clasp_span_of("/a"), 44, p->now_us), CLASP_OK);
    const uint64_t until_us = p->now_us + CLASP_FLOW_GET_US;
    pair_flush(p, 1);
    pair_lose(p);
    while (pair_wait(p, until_us)) {
        pair_lose(p);
    }
    const clasp_effect *e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_SETTLED);
    CHECK(e && e->a == 44 && e->number == CLASP_TIMEOUT);
    pair_end(p);
}

TEST(a_broadcast_is_told_whether_or_not_somebody_subscribed_to_its_address) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    pair_number(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/clasp/p2p/broadcast/cue"), 8);
    pair_settle(p);
    const clasp_effect *e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER);
    CHECK(e && e->b >> 16 == CLASP_P2P_DELIVER_BROADCAST && e->number == 8);
    e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_ADDRESS);
    CHECK(e && e->b == 0 && e->len == 4);
    pair_end(p);
}

/* What the application says on a channel of its own is for that channel: nobody has to subscribe, and it waits for nobody. */
TEST(a_message_of_the_application_goes_by_its_channel_and_is_told_as_such) {
    static const struct {
        const char *name;
        bool ours;
        uint8_t value[4], len;
        clasp_flow_say say;
        const char *address; /* where it is told; NULL: nowhere, until somebody subscribes */
    } ROWS[] = {
        {"bytes", true, {CLASP_VALUE_BYTES, 0, 1, 7}, 4, CLASP_FLOW_EVENT, "/c"},
        {"text", true, {CLASP_VALUE_STRING, 0, 1, 'x'}, 4, CLASP_FLOW_EVENT, "/c"},
        {"another value", true, {CLASP_VALUE_BOOL, 1}, 2, CLASP_FLOW_EVENT, NULL},
        {"a param", true, {CLASP_VALUE_BYTES, 0, 1, 7}, 4, CLASP_FLOW_SET, NULL},
        {"of a peer of another make", false, {CLASP_VALUE_BYTES, 0, 1, 7}, 4, CLASP_FLOW_EVENT, NULL},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].name);
        pair *p = pair_new(ROWS[i].ours);
        uint32_t channel = 0, batch;
        pair_open(p, 1, CLASP_FLOW_RELIABLE);
        CHECK_EQ(clasp_flow_channel(p->sides[0].flows, PAIR_PEER, clasp_span_of("/c"), true,
                                    CLASP_PRIORITY_HIGH, &channel),
                 CLASP_OK);
        pair_open(p, 1, channel);
        pair_settle(p);
        const clasp_span value = {ROWS[i].value, ROWS[i].len};
        CHECK_EQ(clasp_flow_value(p->sides[0].flows, PAIR_PEER, ROWS[i].say,
                                  pair_address(p, 0, "/clasp/p2p/raw/c"), value, &batch),
                 CLASP_OK);
        pair_flush(p, 0);
        CHECK(p->sides[0].last && (p->sides[0].last->way & 0xFF) == (ROWS[i].ours ? channel : 0));
        pair_settle(p);
        const clasp_effect *e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER);
        CHECK_EQ(e != NULL, ROWS[i].address != NULL);
        CHECK(!e || e->b >> 16 == CLASP_P2P_DELIVER_RAW);
        e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_ADDRESS);
        CHECK(!e || (e->b == 0 && e->len == strlen(ROWS[i].address)));
        CHECK_EQ(clasp_flow_subscribe(p->sides[1].flows, PAIR_PEER, clasp_span_of("/**"), 1), CLASP_OK);
        pair_drain(&p->sides[1]); /* what waits for the first subscription */
        CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 1);
        pair_end(p);
    }
}

TEST(a_pipe_carries_bytes_with_credit) {
    pair *p = pair_connected();
    clasp_flows *writer = p->sides[0].flows;
    uint8_t bytes[4096] = {5};
    uint32_t pipe;
    uint32_t written = 0;
    CHECK_EQ(clasp_flow_pipe_open(writer, PAIR_PEER, clasp_span_of("/file"), CLASP_PRIORITY_LOW, &pipe),
             CLASP_OK);
    while (clasp_flow_pipe_write(writer, PAIR_PEER, pipe, (clasp_span){bytes, sizeof bytes}) == CLASP_OK) {
        written += (uint32_t)sizeof bytes;
    }
    CHECK_EQ(written, CLASP_PIPE_WINDOW);
    pair_settle(p);
    const clasp_effect *e = pair_last(&p->sides[1], CLASP_EFFECT_P2P_PIPE);
    CHECK(e && (e->b & 0xFF) == CLASP_PIPE_BYTES);
    CHECK_EQ(clasp_flow_pipe_read(p->sides[1].flows, PAIR_PEER, e->b >> 8, written), CLASP_OK);
    pair_settle(p);
    e = pair_last(&p->sides[0], CLASP_EFFECT_P2P_PIPE);
    CHECK(e && (e->b & 0xFF) == CLASP_PIPE_ROOM);
    clasp_flow_gone(writer, PAIR_PEER, CLASP_PEER_GONE);
    pair_drain(&p->sides[0]);
    e = pair_last(&p->sides[0], CLASP_EFFECT_P2P_PIPE);
    CHECK(e && (e->b & 0xFF) == CLASP_PIPE_ABORTED && e->number == CLASP_PEER_GONE);
    pair_end(p);
}

TEST(ids_of_addresses_are_renewed_when_there_are_too_many) {
    pair *p = pair_connected();
    clasp_flows *f = p->sides[0].flows;
    const uint32_t generation = clasp_flow_generation(f);
    char text[32];
    uint32_t batch;
    for (uint32_t i = 0; i <= CLASP_FLOW_ADDRESSES; i++) {
        snprintf(text, sizeof text, "/many/%u", (unsigned)i);
        pair_address(p, 0, text);
    }
    CHECK_EQ(clasp_flow_generation(f), generation + 1);
    CHECK_EQ(clasp_flow_number(f, PAIR_PEER, CLASP_FLOW_SET, 4000, 1, &batch), CLASP_BAD_HANDLE);
    pair_end(p);
}

TEST(what_cannot_be_said_is_refused_at_once) {
    pair *p = pair_connected();
    clasp_flows *f = p->sides[0].flows;
    uint32_t id, batch, channel;
    CHECK_EQ(clasp_flow_address(f, clasp_span_of("no/slash"), &id), CLASP_BAD_ADDRESS);
    CHECK_EQ(clasp_flow_address(f, clasp_span_of("/a/*"), &id), CLASP_BAD_ADDRESS);
    CHECK_EQ(clasp_flow_number(f, 9, CLASP_FLOW_SET, 0, 1, &batch), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_flow_number(f, PAIR_PEER, CLASP_FLOW_SET, 99, 1, &batch), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_flow_subscribe(f, PAIR_PEER, clasp_span_of("nothing"), 1), CLASP_BAD_PATTERN);
    CHECK_EQ(clasp_flow_channel(f, PAIR_PEER, clasp_span_of("x"), true, CLASP_PRIORITY_LOW, &channel),
             CLASP_BAD_ADDRESS);
    for (uint32_t i = 0; i < CLASP_FLOW_CHANNELS; i++) {
        char address[16];
        snprintf(address, sizeof address, "/x%u", i);
        CHECK_EQ(clasp_flow_channel(f, PAIR_PEER, clasp_span_of(address), true, CLASP_PRIORITY_LOW, &channel),
                 CLASP_OK);
        CHECK_EQ(channel, CLASP_FLOW_FIRST_CUSTOM + i);
    }
    CHECK_EQ(clasp_flow_channel(f, PAIR_PEER, clasp_span_of("/x0"), true, CLASP_PRIORITY_LOW, &channel),
             CLASP_OK); /* it has one */
    CHECK_EQ(channel, CLASP_FLOW_FIRST_CUSTOM);
    CHECK_EQ(clasp_flow_channel(f, PAIR_PEER, clasp_span_of("/x"), true, CLASP_PRIORITY_LOW, &channel),
             CLASP_LIMIT);
    CHECK_EQ(clasp_flow_channel_end(f, PAIR_PEER, channel), CLASP_OK);
    CHECK_EQ(clasp_flow_channel_end(f, PAIR_PEER, channel), CLASP_BAD_HANDLE);
    pair_end(p);
}

int main(void) {
    RUN(a_number_is_delivered_and_acknowledged);
    RUN(what_is_said_in_one_turn_shares_a_packet);
    RUN(an_answer_and_an_acknowledgement_share_a_message);
    RUN(an_event_is_acknowledged_a_little_later);
    RUN(values_of_any_length_arrive_whole);
    RUN(bytes_are_not_copied_out_of_a_message_that_the_host_keeps);
    RUN(a_value_of_16_KiB_is_one_message);
    RUN(at_one_address_what_is_said_later_arrives_later);
    RUN(a_large_value_does_not_overtake_small_ones_at_its_address);
    RUN(a_peer_of_another_make_gets_a_param_of_any_length_that_it_was_told);
    RUN(a_large_value_goes_to_a_peer_that_was_taken_for_one_of_another_make);
    RUN(bulk_is_acknowledged_by_parts_of_the_window);
    RUN(what_comes_before_the_first_subscription_is_shown_to_it);
    RUN(early_events_are_forgotten_after_their_time);
    RUN(a_subscription_that_is_gone_hears_nothing);
    RUN(a_get_is_answered_from_what_was_set);
    RUN(a_get_without_an_answer_times_out);
    RUN(a_broadcast_is_told_whether_or_not_somebody_subscribed_to_its_address);
    RUN(a_message_of_the_application_goes_by_its_channel_and_is_told_as_such);
    RUN(a_pipe_carries_bytes_with_credit);
    RUN(ids_of_addresses_are_renewed_when_there_are_too_many);
    RUN(what_cannot_be_said_is_refused_at_once);
    return check_summary();
}
