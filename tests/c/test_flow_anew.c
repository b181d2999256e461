/* Who a packet was numbered for: a side that begins anew, while the other one speaks to its predecessor. */
#include "flow_pair.h"

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
    CHECK_EQ(pair_heard(p), 3);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 3);
    pair_end(p);
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
    CHECK_EQ(pair_heard(p), r->before); /* it was numbered for another one */
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
    CHECK_EQ(pair_heard(p), all);
    CHECK(pair_last(&p->sides[1], CLASP_EFFECT_P2P_DELIVER)->number == all - 1);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], all);
    pair_end(p);
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

/* ---- records of the router that are late ------------------------------------------------------------------------- */

static pair_message *take_first(pair *p, int from) {
    pair_message *m = p->sides[from].first;
    p->sides[from].first = m->next;
    return m;
}

static clasp_err hear_again(pair *p, const pair_message *m) {
    const clasp_err err =
        clasp_flow_record(p->sides[1].flows, PAIR_PEER, (clasp_span){m->bytes, m->len}, p->now_us);
    pair_drain(&p->sides[1]);
    return err;
}

static void begin_anew(pair *p, int side) {
    clasp_flow_gone(p->sides[side].flows, PAIR_PEER, CLASP_OK);
    CHECK_EQ(clasp_flow_peer(p->sides[side].flows, PAIR_PEER, true), CLASP_OK);
    pair_drain(&p->sides[side]);
}

static void cover_all(pair *p) {
    for (int i = 0; i < 2; i++) {
        clasp_flow_cover(p->sides[i].flows, PAIR_PEER, true, p->now_us);
        pair_drain(&p->sides[i]);
    }
}

TEST(what_names_nobody_is_not_taken_by_whoever_comes_along) {
    pair *p = pair_new(true);
    pair_subscribe(p, 1, "/**", 9);
    cover_all(p);
    say_numbers(p, 0, 1);
    pair_message *first = take_first(p, 0);
    CHECK(first->way == PAIR_ROUTER && !p->sides[0].first);
    hear_again(p, first);
    begin_anew(p, 1);
    pair_subscribe(p, 1, "/**", 9);
    clasp_flow_cover(p->sides[1].flows, PAIR_PEER, true, p->now_us);
    hear_again(p, first); /* it comes twice: once to each of them */
    CHECK_EQ(pair_heard(p), 0);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 1);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 1);
    free(first);
    pair_end(p);
}

TEST(two_that_meet_by_the_router_need_no_more_than_a_round_trip) {
    pair *p = pair_new(true);
    pair_subscribe(p, 0, "/**", 9);
    pair_subscribe(p, 1, "/**", 9);
    cover_all(p);
    say_numbers(p, 0, 3);
    pair_number(p, 1, CLASP_FLOW_SET, pair_address(p, 1, "/b"), 1);
    pair_settle(p); /* no time passes */
    CHECK_EQ(pair_heard(p), 3);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_DELIVER], 1);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 3);
    pair_end(p);
}

/* What a flow said by the router comes when there has been another one after it, by a link, and the reader has never heard of the
 * first: it is known for the older one all the same. */
TEST(a_flow_is_not_followed_by_one_that_was_before_it) {
    pair *p = pair_new(true);
    clasp_err err;
    pair_subscribe(p, 1, "/**", 9);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    CHECK(pair_carry(p, 1, &err)); /* the one says who it is, and does not hear who the other is */
    pair_lose(p);
    pair_close(p, 1);
    clasp_flow_cover(p->sides[0].flows, PAIR_PEER, true, p->now_us);
    say_numbers(p, 0, 1);
    pair_message *late = take_first(p, 0);
    CHECK_EQ(late->way, PAIR_ROUTER);
    pair_lose(p);
    begin_anew(p, 0);
    pair_open(p, 2, CLASP_FLOW_RELIABLE);
    pair_settle(p);
    CHECK_EQ(hear_again(p, late), CLASP_OK);
    CHECK_EQ(pair_heard(p), 0);
    say_numbers(p, 0, 2);
    pair_settle(p);
    CHECK_EQ(pair_heard(p), 2);
    free(late);
    pair_end(p);
}

int main(void) {
    RUN(what_is_said_at_once_on_a_first_link_is_heard_before_any_answer);
    RUN(what_was_numbered_for_a_predecessor_is_heard_once);
    RUN(what_names_nobody_is_not_taken_by_whoever_comes_along);
    RUN(two_that_meet_by_the_router_need_no_more_than_a_round_trip);
    RUN(a_flow_is_not_followed_by_one_that_was_before_it);
    return check_summary();
}
