/* What strangers can make one object hold, and what happens when memory runs out. */
#include "p2p_bench.h"

#define HOSTILE 3000

static clasp_err hear_from(bench *b, int who, const char *rest) {
    char text[1024];
    snprintf(text, sizeof text, "from=s%d %s", who, rest);
    return hear(b, text);
}

/* ---- floods -------------------------------------------------------------------------------------------------- */

TEST(announcements_of_many_sessions_fill_the_table_and_no_more) {
    bench b = begin("epoch=e1");
    connected(&b, OURS("z-them", "them"), "z-them", "them", true);
    const uint32_t friend_handle = peer_of(&b, "them");
    size_t full = 0;
    for (int i = 0; i < HOSTILE; i++) {
        char text[128];
        snprintf(text, sizeof text, "session_id=s%d p2p_capable? features[clasp-p2p/1] epoch=e%d", i, i);
        b.now += 1000;
        CHECK_EQ(announce(&b, text), CLASP_OK);
        full = i == 1000 ? clasp_test_live_bytes() : full;
    }
    CHECK(clasp_test_live_bytes() <= full + 8192);
    CHECK_EQ(clasp_p2p_peer_state(b.p, friend_handle), CLASP_P2P_CONNECTED); /* who is connected stays */
    CHECK(peer_of(&b, "s2999") != 0 && peer_of(&b, "s1") == 0);
    wait_ms(&b, 120000);
    CHECK_EQ(peer_of(&b, "s2999"), 0); /* and who is not heard any more goes */
    end(&b);
}

TEST(offers_of_many_sessions_are_refused_beyond_the_bound) {
    bench b = begin("epoch=e1 maxPeers:8");
    int opened = 0, limits = 0;
    for (int i = 0; i < HOSTILE; i++) {
        const clasp_err err = hear_from(&b, i, "type=offer sdp=v=0 correlation_id=c");
        opened += effects(&b, CLASP_EFFECT_P2P_LINK_OPEN);
        limits += err == CLASP_LIMIT;
        CHECK(err == CLASP_OK || err == CLASP_LIMIT);
    }
    CHECK_EQ(opened, 8);
    CHECK_EQ(limits, HOSTILE - 8);
    end(&b);
}

TEST(undecided_offers_are_few_and_hold_one_description_each) {
    bench b = begin("epoch=e1 decide?");
    int asked = 0;
    for (int i = 0; i < HOSTILE; i++) {
        hear_from(&b, i % 40,
                  i % 2 == 0 ? "type=offer sdp=v=0~1 correlation_id=c"
                             : "type=offer sdp=v=0~2 correlation_id=d");
        asked += effects(&b, CLASP_EFFECT_P2P_ASK);
    }
    CHECK_EQ(asked, (int)CLASP_P2P_UNDECIDED);
    CHECK_EQ(p2p_connections(b.p), CLASP_P2P_UNDECIDED);
    wait_ms(&b, 31000);
    CHECK_EQ(p2p_connections(b.p), 0);
    end(&b);
}

TEST(one_peer_cannot_ask_for_connection_after_connection) {
    bench b = begin("epoch=e1");
    int opened = 0;
    for (int i = 0; i < 100; i++) {
        char text[128];
        snprintf(text, sizeof text, "type=offer sdp=v=0 correlation_id=c%d", i);
        hear_from(&b, 1, text);
        opened += effects(&b, CLASP_EFFECT_P2P_LINK_OPEN);
    }
    CHECK_EQ(opened, (int)CLASP_P2P_OFFERS);
    b.now += CLASP_P2P_OFFERS_US;
    hear_from(&b, 1, "type=offer sdp=v=0 correlation_id=later");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 1);
    end(&b);
}

TEST(early_candidates_are_bounded_and_those_of_a_running_attempt_stay) {
    bench b = begin("epoch=e1");
    const char *corr = dialled(&b, OURS("z-them", "them"), "them");
    hear_f(&b, "type=ice_candidate from=z-them correlation_id=%s candidate={\"candidate\":\"held\"}", corr);
    int limited = 0;
    for (int i = 0; i < HOSTILE; i++) {
        const clasp_err err =
            hear_from(&b, i % 100 == 0 ? 0 : i,
                      "type=ice_candidate correlation_id=c candidate={\"candidate\":\"flood\"}");
        limited += err == CLASP_LIMIT;
    }
    CHECK_EQ(b.p->early.count, CLASP_P2P_EARLY);
    CHECK(b.p->early.bytes <= CLASP_P2P_EARLY_BYTES);
    hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%s", corr);
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE, 0, "held"));
    for (uint32_t i = 0; i < 2 * CLASP_P2P_EARLY_ATTEMPT; i++) {
        limited += hear_from(&b, 7, "type=ice_candidate correlation_id=x candidate={\"candidate\":\"c\"}") ==
                   CLASP_LIMIT;
    }
    CHECK_EQ(limited, (int)CLASP_P2P_EARLY_ATTEMPT);
    wait_ms(&b, 31000);
    CHECK_EQ(b.p->early.count + b.p->early.bytes, 0);
    end(&b);
}

TEST(bytes_of_early_candidates_are_bounded) {
    p2p_early_pool *pool = calloc(1, sizeof *pool);
    uint8_t *json = calloc(1, CLASP_CANDIDATE_JSON_MAX);
    const clasp_span big = {json, CLASP_CANDIDATE_JSON_MAX};
    for (uint32_t i = 0; i < CLASP_P2P_EARLY; i++) {
        const uint8_t from[2] = {(uint8_t)(i / 32), (uint8_t)i};
        CHECK_EQ(p2p_early_add(pool, (clasp_span){from, 2}, span("c"), big, 0, i < 200, START), CLASP_OK);
        CHECK(pool->bytes <= CLASP_P2P_EARLY_BYTES);
    }
    while (p2p_early_add(pool, span("h"), span("c"), big, 0, true, START) == CLASP_OK) {
        CHECK(pool->count <= CLASP_P2P_EARLY);
    }
    CHECK(pool->count > 200); /* the held ones, and its own 64 at most */
    p2p_early_expire(pool, START + CLASP_P2P_EARLY_US);
    CHECK_EQ(pool->count + pool->bytes, 0);
    free(json);
    free(pool);
}

TEST(huge_and_broken_signals_change_nothing) {
    bench b = begin("epoch=e1");
    uint8_t *bytes = calloc(1, 65535);
    clasp_random random;
    clasp_random_seed(&random, 5);
    const size_t before = clasp_test_live_bytes();
    for (int i = 0; i < 2000; i++) {
        const uint32_t len = clasp_random_below(&random, 64);
        for (uint32_t at = 0; at < len; at++) {
            bytes[at] = (uint8_t)clasp_random_below(&random, 16);
        }
        clasp_outbox_clear(b.out);
        clasp_p2p_signal(b.p, span("/clasp/p2p/signal/" OWN), (clasp_span){bytes, len}, b.now);
        clasp_p2p_signal(b.p, span("/clasp/p2p/announce"), (clasp_span){bytes, len}, b.now);
        CHECK_EQ(b.out->count, 0);
    }
    CHECK_EQ(clasp_p2p_signal(b.p, (clasp_span){bytes, 65535}, map_of("type=offer"), b.now), CLASP_OK);
    CHECK_EQ(clasp_test_live_bytes(), before);
    CHECK_EQ(hear(&b, "type=offer from=s sdp=v=0 correlation_id=c proof#12345678"), CLASP_OK);
    char *long_id = calloc(1, 700);
    memset(long_id, 'x', 650);
    CHECK_EQ(hear_f(&b, "type=offer from=s sdp=v=0 correlation_id=%s", long_id), CLASP_BAD_SIGNAL);
    CHECK_EQ(hear_f(&b, "type=offer from=%.300s sdp=v=0 correlation_id=c", long_id), CLASP_BAD_SIGNAL);
    CHECK_EQ(hear_f(&b, "type=disconnected from=s correlation_id=c reason=%.600s", long_id),
             CLASP_BAD_SIGNAL);
    free(long_id);
    free(bytes);
    end(&b);
}

TEST(reports_of_the_browser_are_bounded_too) {
    bench b = begin("epoch=e1");
    dialled(&b, OURS("z-them", "them"), "them");
    for (uint32_t i = 0; i < CLASP_CANDIDATES; i++) {
        CHECK_EQ(link_event(&b, "them", 1, CLASP_P2P_LINK_CANDIDATE, 0, "{\"candidate\":\"c\"}"), CLASP_OK);
    }
    CHECK_EQ(link_event(&b, "them", 1, CLASP_P2P_LINK_CANDIDATE, 0, "{\"candidate\":\"c\"}"), CLASP_LIMIT);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 1); /* sent, but not repeated */
    CHECK_EQ(link_event(&b, "them", 1, CLASP_P2P_LINK_CANDIDATE, 1, "{\"candidate\":\"c\"}"),
             CLASP_BAD_STATE);
    CHECK_EQ(link_event(&b, "them", 1, CLASP_P2P_LINK_CANDIDATE, 0, "{"), CLASP_BAD_SIGNAL);
    CHECK_EQ(link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0"), CLASP_BAD_STATE);
    CHECK_EQ(link_event(&b, "them", 1, (clasp_p2p_link_event)99, 0, ""), CLASP_BAD_STATE);
    CHECK_EQ(link_event(&b, "them", 2, CLASP_P2P_LINK_LOCAL, 0, "v=0"), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_p2p_path(b.p, peer_of(&b, "them"), 1, CLASP_P2P_PATH_PROVEN, b.now), CLASP_BAD_STATE);
    end(&b);
    b = begin("epoch=e1");
    announce(&b, OURS("z-them", "them"));
    dial(&b, 1, "them");
    uint8_t *sdp = calloc(1, CLASP_SDP_MAX + 1);
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_link(b.p, peer_of(&b, "them"), 1, CLASP_P2P_LINK_LOCAL, 0,
                            (clasp_span){sdp, CLASP_SDP_MAX + 1}, b.now),
             CLASP_OK);
    CHECK_EQ(settled(&b, 1), CLASP_TOO_LARGE);
    free(sdp);
    end(&b);
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

typedef struct life {
    clasp_outbox out;
    clasp_p2p *p;
    uint64_t now;
} life;

static void say(life *l, const char *address, const char *value) {
    clasp_outbox_clear(&l->out);
    clasp_p2p_signal(l->p, span(address), map_of(value), l->now);
}

/* One peer called and one calling, restarts, resumes, candidates, a close: each allocation on the way fails in turn. Whatever
 * was refused, nothing is left behind, and every result is one of the list. */
static void whole_life(void *context) {
    life *l = context;
    *l = (life){.now = START};
    l->p = clasp_p2p_new(1, 7, &l->out);
    if (!l->p) {
        return;
    }
    clasp_p2p_start(l->p, map_of("epoch=e1 clientId=me named? forward? cover? decide? room=attic"), l->now);
    clasp_p2p_signalling(l->p, span(OWN), l->now);
    say(l, "/clasp/p2p/announce", OURS("z-them", "them"));
    clasp_p2p_connect(l->p, 1, span("them"), 0, l->now);
    clasp_p2p_connect(l->p, 2, span("nobody"), 0, l->now);
    const uint32_t them = clasp_p2p_find(l->p, span("them"));
    clasp_p2p_link(l->p, them, 1, CLASP_P2P_LINK_LOCAL, 0, span("v=0"), l->now);
    clasp_p2p_link(l->p, them, 1, CLASP_P2P_LINK_CANDIDATE, 0, span("{\"candidate\":\"c\"}"), l->now);
    say(l, "/clasp/p2p/signal/" OWN,
        "type=ice_candidate from=q correlation_id=c candidate={\"candidate\":\"e\"}");
    say(l, "/clasp/p2p/signal/" OWN,
        "type=offer from=q sdp=v=0 correlation_id=c ext:1 client_id=quin epoch=e3");
    const uint32_t quin = clasp_p2p_find(l->p, span("quin"));
    clasp_p2p_decide(l->p, quin, true, span(""), l->now);
    clasp_p2p_link(l->p, quin, 1, CLASP_P2P_LINK_LOCAL, 0, span("v=0"), l->now);
    clasp_p2p_link(l->p, quin, 1, CLASP_P2P_LINK_CHANNEL_OPEN, 0, span(""), l->now);
    clasp_p2p_token(l->p, quin, span("0123456789abcdef"));
    say(l, "/clasp/p2p/announce", "session_id=q2 p2p_capable? features[clasp-p2p/1] client_id=quin epoch=e3");
    clasp_p2p_link(l->p, quin, 1, CLASP_P2P_LINK_FAILED, 0, span(""), l->now);
    say(l, "/webrtc/signal/ann/bob", "type=offer sdp=v=0");
    say(l, "/video/room/attic/signal/" OWN, "type=offer from=r sdp{type=offer sdp=v=0}");
    clasp_p2p_signalling(l->p, span("m-new"), l->now);
    for (int i = 0; i < 40; i++) {
        l->now += SECOND;
        clasp_outbox_clear(&l->out);
        clasp_p2p_tick(l->p, l->now);
    }
    clasp_outbox_clear(&l->out);
    clasp_p2p_stop(l->p, l->now);
    CHECK_EQ(clasp_p2p_deadline(l->p), UINT64_MAX);
    clasp_p2p_free(l->p);
    clasp_outbox_deinit(&l->out);
}

TEST(every_allocation_may_fail) {
    life l;
    const int failures = clasp_test_each_allocation(whole_life, &l);
    CHECK(failures > 30);
}

TEST(a_refused_connect_may_be_repeated) {
    bench b = begin("epoch=e1");
    announce(&b, OURS("z-them", "them"));
    clasp_test_fail_allocation(1);
    CHECK_EQ(dial(&b, 1, "them"), CLASP_NO_MEMORY);
    clasp_test_fail_allocation(0);
    CHECK_EQ(b.p->ticket_count, 0);
    CHECK_EQ(dial(&b, 1, "them"), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    end(&b);
}

TEST(an_attempt_without_memory_is_made_later) {
    bench b = begin("epoch=e1");
    announce(&b, OURS("z-them", "them"));
    clasp_test_fail_allocation(2); /* the link */
    CHECK_EQ(dial(&b, 1, "them"), CLASP_OK);
    CHECK(clasp_test_allocation_failed());
    clasp_test_fail_allocation(0);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 0);
    wait_ms(&b, 1100);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    end(&b);
}

int main(void) {
    RUN(announcements_of_many_sessions_fill_the_table_and_no_more);
    RUN(offers_of_many_sessions_are_refused_beyond_the_bound);
    RUN(undecided_offers_are_few_and_hold_one_description_each);
    RUN(one_peer_cannot_ask_for_connection_after_connection);
    RUN(early_candidates_are_bounded_and_those_of_a_running_attempt_stay);
    RUN(bytes_of_early_candidates_are_bounded);
    RUN(huge_and_broken_signals_change_nothing);
    RUN(reports_of_the_browser_are_bounded_too);
    RUN(every_allocation_may_fail);
    RUN(a_refused_connect_may_be_repeated);
    RUN(an_attempt_without_memory_is_made_later);
    return check_summary();
}
