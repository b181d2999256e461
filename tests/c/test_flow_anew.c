/* Who a packet was numbered for: a side that begins anew, while the other one speaks to its predecessor. */
#include "alloc.h"
#include "flow_pair.h"

static void end(pair *p) {
    pair_free(p);
    CHECK_EQ(clasp_test_live_allocations(), 0);
}

static uint32_t heard(const pair *p) { return p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER]; }

static void say_numbers(pair *p, uint32_t from, uint32_t to) {
    const uint32_t address = pair_address(p, 0, "/a");
    for (uint32_t i = from; i < to; i++) {
        pair_number(p, 0, CLASP_FLOW_SET, address, i);
        pair_flush(p, 0);
    }
}

static void carry_all(pair *p, int from) {
    clasp_err err = CLASP_OK;
    while (pair_carry(p, from, &err)) {
        CHECK_EQ(err, CLASP_OK);
    }
}

TEST(what_is_said_at_once_on_a_first_link_is_heard_before_any_answer) {
    pair *p = pair_new(true);
    pair_subscribe(p, 1, "/**", 9);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    say_numbers(p, 0, 3);
    carry_all(p, 0);
    CHECK_EQ(heard(p), 3);
    pair_settle(p);
    CHECK_EQ(heard(p), 3);
    end(p);
}

typedef struct rebirth {
    const char *what;
    uint32_t before, lost; /* numbers: heard by the predecessor; not heard, when it ended */
    bool opens[2];         /* the next link opens at this side */
    bool covers;           /* the router does, as far as the one that stays is concerned */
} rebirth;

/* The second side begins anew, and what the first one says to its predecessor arrives before the first has heard so. */
static void check_rebirth(const rebirth *r) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    pair_subscribe(p, 1, "/**", 9);
    pair_settle(p);
    say_numbers(p, 0, r->before);
    pair_settle(p);
    say_numbers(p, r->before, r->before + r->lost);
    pair_lose(p);
    pair_close(p, 1);
    clasp_flow_gone(p->sides[1].flows, PAIR_PEER, CLASP_OK);
    CHECK_EQ(clasp_flow_peer(p->sides[1].flows, PAIR_PEER, true), CLASP_OK);
    pair_subscribe(p, 1, "/**", 9);
    for (int i = 0; i < 2; i++) {
        CHECK(!r->opens[i] ||
              clasp_flow_opened(p->sides[i].flows, PAIR_PEER, 2, 0, 262144, p->now_us) == CLASP_OK);
        pair_drain(&p->sides[i]);
    }
    if (r->opens[0] != r->opens[1]) {
        pair_lose(p); /* the path fails as it opens */
    }
    clasp_flow_cover(p->sides[0].flows, PAIR_PEER, r->covers, p->now_us);
    pair_drain(&p->sides[0]);
    carry_all(p, 0);
    CHECK_EQ(heard(p), r->before); /* it was numbered for another one */
    if (r->covers) {
        CHECK(p->sides[1].first && p->sides[1].first->way == PAIR_ROUTER && !p->sides[1].first->next);
    }
    if (r->opens[0] != r->opens[1]) {
        pair_close(p, 2);
    }
    pair_settle(p);
    say_numbers(p, r->before + r->lost, r->before + r->lost + 1);
    pair_settle(p);
    const uint32_t all = r->before + r->lost + 1;
    CHECK_EQ(heard(p), all);
    CHECK(pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER)->number == all - 1);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], all);
    end(p);
}

TEST(what_was_numbered_for_a_predecessor_is_heard_once) {
    static const rebirth ALL[] = {
        {"the first packets, by a link", 0, 3, {true, true}, false},
        {"the first packets, by the router", 0, 3, {false, false}, true},
        {"the first packets, by the router, and a link that is dead", 0, 3, {false, true}, true},
        {"later ones, by a link", 2, 3, {true, true}, false},
        {"later ones, by the router", 2, 3, {false, false}, true},
        {"nothing left, by a link", 2, 0, {true, true}, false},
    };
    for (uint32_t i = 0; i < sizeof ALL / sizeof *ALL; i++) {
        CHECK_CONTEXT(ALL[i].what);
        check_rebirth(&ALL[i]);
    }
    CHECK_CONTEXT(NULL);
}

int main(void) {
    RUN(what_is_said_at_once_on_a_first_link_is_heard_before_any_answer);
    RUN(what_was_numbered_for_a_predecessor_is_heard_once);
    return check_summary();
}
