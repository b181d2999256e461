/* The data plane on a machine that runs out of memory in the midst of a message: nothing is lost, nothing comes twice. */
#include "alloc.h"
#include "flow_pair.h"

#define FAILURES 16u /* of allocations, one after the other: more than any message here makes */
#define STREAM 30u   /* one that the first side does not use */

static pair *connected(void) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    pair_settle(p);
    return p;
}

static uint32_t count(const pair *p, int side, clasp_effect_kind kind) { return p->sides[side].counts[kind]; }

/* Take the message that a side sent first, or last, out of those under way. */
static pair_message *take(pair *p, int side, bool last) {
    pair_message **at = &p->sides[side].first;
    pair_message *before = NULL;
    while (last && *at && (*at)->next) {
        before = *at;
        at = &(*at)->next;
    }
    pair_message *m = *at;
    *at = m->next;
    p->sides[side].last = m->next ? p->sides[side].last : before;
    return m;
}

/* Hand over one message while an allocation fails. @return true if it has */
static bool hear_without(pair *p, int side, pair_message *m, size_t nth) {
    clasp_test_fail_allocation(nth);
    clasp_flow_received(p->sides[side].flows, PAIR_PEER, 1, 0, (clasp_span){m->bytes, m->len}, p->now_us);
    const bool failed = clasp_test_allocation_failed();
    clasp_test_fail_allocation(0);
    pair_drain(&p->sides[side]);
    free(m);
    return failed;
}

static void settle_for(pair *p, uint64_t us) {
    const uint64_t until_us = p->now_us + us;
    pair_settle(p);
    while (pair_wait(p, until_us)) {
        pair_settle(p);
    }
    pair_settle(p);
}

/* One story after the other, each with a later allocation that fails. @return how many met theirs */
static uint32_t failures(bool (*story)(size_t nth)) {
    uint32_t nth = 0;
    while (nth < FAILURES && story(nth + 1)) {
        nth++;
    }
    CHECK(nth < FAILURES);
    return nth;
}

static void say_event(pair *p, int side, const char *address, double number) {
    pair_number(p, side, CLASP_FLOW_EVENT, pair_address(p, side, address), number);
}

static bool early_packets(size_t nth) {
    static const char *const ADDRESSES[] = {"/first", "/second", "/third"};
    pair *p = connected();
    pair_subscribe(p, 1, "/**", 9);
    for (int i = 0; i < 3; i++) {
        say_event(p, 0, ADDRESSES[i], i);
        pair_flush(p, 0);
    }
    pair_message *first = take(p, 0, false);
    pair_settle(p);
    CHECK_EQ(count(p, 1, CLASP_EFFECT_P2P_DELIVER), 0);
    const bool failed = hear_without(p, 1, first, nth);
    settle_for(p, 2000000);
    CHECK_EQ(count(p, 1, CLASP_EFFECT_P2P_DELIVER), 3);
    CHECK(pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER)->number == 2);
    CHECK_EQ(count(p, 0, CLASP_EFFECT_P2P_ACKED), 3);
    pair_end(p);
    return failed;
}

TEST(packets_that_came_early_are_not_lost) { CHECK(failures(early_packets) > 3); }

static bool last_piece(size_t nth) {
    pair *p = connected();
    uint32_t batch;
    pair_subscribe(p, 1, "/**", 9);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/a"), 40000, &batch), CLASP_OK);
    pair_settle(p); /* the outbox has its room now */
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/b"), 40000, &batch), CLASP_OK);
    pair_flush(p, 0);
    pair_message *last = take(p, 0, true);
    pair_settle(p);
    CHECK_EQ(count(p, 1, CLASP_EFFECT_P2P_DELIVER), 1);
    const bool failed = hear_without(p, 1, last, nth);
    settle_for(p, 2000000);
    CHECK_EQ(count(p, 1, CLASP_EFFECT_P2P_DELIVER), 2);
    CHECK_EQ(count(p, 0, CLASP_EFFECT_P2P_ACKED), 2);
    pair_end(p);
    return failed;
}

TEST(a_value_in_pieces_is_not_lost_with_its_last_one) { CHECK(failures(last_piece) > 0); }

static bool bundled_answer(size_t nth) {
    clasp_err err;
    pair *p = connected();
    pair_number(p, 1, CLASP_FLOW_SET, pair_address(p, 1, "/known"), 7);
    pair_settle(p);
    pair_subscribe(p, 0, "/**", 9);
    CHECK_EQ(clasp_flow_get(p->sides[0].flows, PAIR_PEER, clasp_span_of("/known"), 3, p->now_us), CLASP_OK);
    pair_flush(p, 0);
    CHECK(pair_carry(p, 0, &err));
    say_event(p, 1, "/new", 1);
    pair_flush(p, 1);
    const bool failed = hear_without(p, 0, take(p, 1, true), nth);
    settle_for(p, 2000000);
    CHECK_EQ(count(p, 0, CLASP_EFFECT_P2P_GOT), 1);
    CHECK_EQ(count(p, 0, CLASP_EFFECT_P2P_SETTLED), 0);
    CHECK_EQ(count(p, 0, CLASP_EFFECT_P2P_DELIVER), 2); /* with the param, which was shown */
    pair_end(p);
    return failed;
}

TEST(an_answer_is_settled_although_its_bundle_comes_again) { CHECK(failures(bundled_answer) > 0); }

static bool waiting_values(size_t nth) {
    pair *p = connected();
    say_event(p, 0, "/warm", 0);
    pair_settle(p);
    say_event(p, 0, "/a", 1);
    say_event(p, 0, "/b", 2);
    pair_flush(p, 0);
    const bool failed = hear_without(p, 1, take(p, 0, false), nth);
    settle_for(p, 2000000);
    pair_subscribe(p, 1, "/**", 9);
    const uint32_t shown = count(p, 1, CLASP_EFFECT_P2P_DELIVER);
    CHECK(shown <= 3 && shown >= 2); /* one that finds no room to wait is as if it had come too early */
    pair_end(p);
    return failed;
}

TEST(what_waits_for_a_subscription_waits_once) { CHECK(failures(waiting_values) > 2); }

/* A first piece of a message that is never whole, as DATA of a stream of its own. */
static void hear_piece(pair *p, uint32_t number) {
    static const uint8_t BYTES[1000];
    uint8_t record[8 + CLASP_PIECE_HEADER_MAX + sizeof BYTES] = {0x45, 0x01, 0, STREAM};
    const clasp_piece piece = {.message = 1000 + number, .total = 3000};
    clasp_store_u32(record + 4, number + 1);
    const uint32_t head = 8 + clasp_piece_write_header(&piece, record + 8);
    memcpy(record + head, BYTES, sizeof BYTES);
    CHECK_EQ(clasp_flow_received(p->sides[1].flows, PAIR_PEER, 1, 0,
                                 (clasp_span){record, head + (uint32_t)sizeof BYTES}, p->now_us),
             CLASP_OK);
    pair_drain(&p->sides[1]);
}

TEST(pieces_wait_until_there_is_room_for_their_message) {
    pair *p = connected();
    uint32_t batch;
    pair_subscribe(p, 1, "/**", 9);
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        hear_piece(p, i);
    }
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/large"), 100000, &batch), CLASP_OK);
    pair_settle(p);
    CHECK_EQ(count(p, 1, CLASP_EFFECT_P2P_DELIVER), 0);
    CHECK_EQ(count(p, 0, CLASP_EFFECT_P2P_ACKED), 0);
    settle_for(p, CLASP_CHUNK_STALE_US + CLASP_FLOW_RETRY_US);
    CHECK_EQ(count(p, 1, CLASP_EFFECT_P2P_DELIVER), 1);
    CHECK_EQ(count(p, 0, CLASP_EFFECT_P2P_ACKED), 1);
    pair_end(p);
}

int main(void) {
    RUN(packets_that_came_early_are_not_lost);
    RUN(a_value_in_pieces_is_not_lost_with_its_last_one);
    RUN(an_answer_is_settled_although_its_bundle_comes_again);
    RUN(what_waits_for_a_subscription_waits_once);
    RUN(pieces_wait_until_there_is_room_for_their_message);
    return check_summary();
}
