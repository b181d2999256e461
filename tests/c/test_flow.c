/* The data plane between two of ours: said, sent, delivered, acknowledged. */
#include "alloc.h"
#include "flow_pair.h"

static const clasp_effect *last_of(const pair_side *side, clasp_effect_kind kind) {
    for (uint32_t i = side->kept_count; i > 0; i--) {
        const clasp_effect *e = &side->kept[(i - 1) % PAIR_KEPT];
        if (e->kind == (uint32_t)kind) {
            return e;
        }
    }
    return NULL;
}

TEST(a_number_is_delivered_and_acknowledged) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    pair_subscribe(p, 1, "/a/**", 9);
    pair_settle(p);
    const uint32_t batch = pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/a/b"), 0.5);
    CHECK(batch > 0);
    pair_settle(p);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 1);
    const clasp_effect *e = last_of(&p->sides[1], CLASP_EFFECT_P2P_DELIVER);
    CHECK(e && e->number == 0.5 && e->b == CLASP_VALUE_F64);
    e = last_of(&p->sides[0], CLASP_EFFECT_P2P_ACKED);
    CHECK(e && e->a == PAIR_PEER && e->b == batch);
    CHECK_EQ(p->sides[0].paths[CLASP_P2P_PATH_PROVEN], 1);
    pair_free(p);
    CHECK_EQ(clasp_test_live_allocations(), 0);
}

TEST(what_is_said_in_one_turn_shares_a_packet) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    pair_subscribe(p, 1, "/**", 9);
    pair_settle(p);
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
    pair_free(p);
}

int main(void) {
    RUN(a_number_is_delivered_and_acknowledged);
    RUN(what_is_said_in_one_turn_shares_a_packet);
    return check_summary();
}
