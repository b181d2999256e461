/* The life of a peer's paths: restarts, replacement, cover, sessions that change, and the verdicts. */
#include "p2p_bench.h"

#define HIGHER OURS("z-them", "them")

static clasp_err path(bench *b, const char *id, uint32_t link, clasp_p2p_path_event event) {
    clasp_outbox_clear(b->out);
    return clasp_p2p_path(b->p, peer_of(b, id), link, event, b->now);
}

static int covers(const bench *b) {
    const clasp_effect *cover = effect(b, CLASP_EFFECT_P2P_COVER, 0);
    return cover ? (int)cover->b : -1;
}

/* An answer to the offer that stands in the outbox as signal `n`. */
static void answer_offer(bench *b, int n, const char *session) {
    const p2p_signal offer = sent(b, n);
    char text[1024];
    snprintf(text, sizeof text, "type=answer from=%s sdp=v=0 correlation_id=%.*s ext:1%s", session,
             (int)offer.corr.len, (const char *)offer.corr.at, offer.round > 0 ? " round:1" : "");
    CHECK_EQ(hear(b, text), CLASP_OK);
}

/* ---- a path breaks ------------------------------------------------------------------------------------------- */

TEST(a_broken_path_is_covered_and_restarted_under_the_same_id) {
    static const struct {
        bool by_ice;
        clasp_p2p_link_event link;
        clasp_p2p_path_event path;
    } ROWS[] = {{true, CLASP_P2P_LINK_DISCONNECTED, 0},
                {true, CLASP_P2P_LINK_FAILED, 0},
                {false, 0, CLASP_P2P_PATH_SILENT}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bench b = begin("epoch=e1 cover?");
        const char *corr = connected(&b, HIGHER, "z-them", "them", true);
        b.now += 5 * SECOND;
        if (ROWS[i].by_ice) {
            link_event(&b, "them", 1, ROWS[i].link, 0, "");
        } else {
            path(&b, "them", 1, ROWS[i].path);
        }
        CHECK_EQ(told_state(&b), CLASP_P2P_DISCONNECTED);
        CHECK_EQ(covers(&b), 1);
        CHECK_EQ(clasp_p2p_explain(b.p, span("them")), CLASP_P2P_VERDICT_COVERED);
        const clasp_effect *offer = effect(&b, CLASP_EFFECT_P2P_LINK_OFFER, 0);
        CHECK(offer && offer->b == 1 && offer->number == 1);
        link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 1, "v=0 again");
        CHECK_EQ(sent(&b, 0).round, 1);
        CHECK(is_text(sent(&b, 0).corr, corr));
        answer_offer(&b, 0, "z-them");
        CHECK_EQ(effect(&b, CLASP_EFFECT_P2P_LINK_APPLY, 0)->number, 1);
        link_event(&b, "them", 1, CLASP_P2P_LINK_CONNECTED, 0, "");
        CHECK_EQ(told_state(&b), CLASP_P2P_CONNECTED);
        CHECK_EQ(covers(&b), -1); /* until bytes went there and back */
        path(&b, "them", 1, CLASP_P2P_PATH_PROVEN);
        CHECK_EQ(covers(&b), 0);
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SETTLED), 0);
        end(&b);
    }
}

TEST(the_answerer_asks_for_the_restart) {
    bench b = begin("epoch=e1 cover?");
    hear(&b, "type=offer from=z-them sdp=v=0 correlation_id=c ext:1 client_id=them epoch=e2");
    link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0");
    link_event(&b, "them", 1, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
    link_event(&b, "them", 1, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 0);
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_RESTART);
    wait_ms(&b, 900);
    CHECK(effects(&b, CLASP_EFFECT_P2P_SIGNAL) >= 1); /* again, until the offer is there */
    hear(&b, "type=offer from=z-them sdp=v=0~more correlation_id=c ext:1 round:1");
    const clasp_effect *answer = effect(&b, CLASP_EFFECT_P2P_LINK_ANSWER, 0);
    CHECK(answer && answer->number == 1 && answer->b == 1);
    end(&b);
}

TEST(restarts_are_a_second_apart) {
    bench b = begin("epoch=e1 cover?");
    const char *corr = connected(&b, HIGHER, "z-them", "them", true);
    b.now += 5 * SECOND;
    clasp_outbox_clear(b.out);
    hear_f(&b, "type=restart from=z-them correlation_id=%s", corr);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 1, "v=0");
    answer_offer(&b, 0, "z-them");
    hear_f(&b, "type=restart from=z-them correlation_id=%s round:1", corr);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 0);
    wait_ms(&b, 1100); /* it had to wait, and is not forgotten */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    CHECK_EQ(effect(&b, CLASP_EFFECT_P2P_LINK_OFFER, 0)->number, 2);
    hear_f(&b, "type=restart from=z-them correlation_id=%s", corr); /* of a round that is over */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 0);
    end(&b);
}

TEST(a_changed_network_restarts_before_anything_is_noticed) {
    bench b = begin("epoch=e1 cover?");
    connected(&b, HIGHER, "z-them", "them", true);
    path(&b, "them", 1, CLASP_P2P_PATH_PROVEN);
    b.now += 5 * SECOND;
    clasp_outbox_clear(b.out);
    clasp_p2p_network(b.p, b.now);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    CHECK_EQ(covers(&b), 1);
    CHECK_EQ(told_state(&b), -1);
    end(&b);
}

TEST(a_peer_of_another_make_is_not_restarted) {
    bench b = begin("epoch=e1 cover?");
    connected(&b, OTHERS("z-them"), "z-them", "z-them", false);
    link_event(&b, "z-them", 1, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    CHECK_EQ(told_state(&b), CLASP_P2P_DISCONNECTED);
    CHECK_EQ(covers(&b), -1);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER) + effects(&b, CLASP_EFFECT_P2P_SIGNAL), 0);
    link_event(&b, "z-them", 1, CLASP_P2P_LINK_CONNECTED, 0, ""); /* ICE heals by itself */
    CHECK_EQ(told_state(&b), CLASP_P2P_CONNECTED);
    clasp_outbox_clear(b.out);
    clasp_p2p_network(b.p, b.now);
    CHECK_EQ(b.out->count, 0);
    link_event(&b, "z-them", 1, CLASP_P2P_LINK_FAILED, 0, "");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1);
    wait_ms(&b, 3000);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN),
             1); /* a second offer replaces the old connection there */
    end(&b);
}

/* ---- another connection -------------------------------------------------------------------------------------- */

TEST(a_new_connection_is_made_before_the_old_one_is_broken) {
    bench b = begin("epoch=e1 cover?");
    connected(&b, HIGHER, "z-them", "them", true);
    hear(&b, "type=offer from=z-them sdp=v=0 correlation_id=new ext:1");
    CHECK_EQ(effect(&b, CLASP_EFFECT_P2P_LINK_OPEN, 0)->b, 2);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 0);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_PEER_STATE), 0);
    link_event(&b, "them", 2, CLASP_P2P_LINK_LOCAL, 0, "v=0");
    link_event(&b, "them", 2, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
    CHECK_EQ(effect(&b, CLASP_EFFECT_P2P_LINK_CLOSE, 0)->b, 1);
    CHECK(effect(&b, CLASP_EFFECT_P2P_LINK_CLOSE, 0)->number == 1); /* after the peer, which is told */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_PEER_STATE), 0);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_CONNECTED);
    CHECK_EQ(link_event(&b, "them", 1, CLASP_P2P_LINK_FAILED, 0, ""), CLASP_BAD_HANDLE);
    end(&b);
}

TEST(the_end_of_one_link_is_not_the_end_of_the_peer) {
    bench b = begin("epoch=e1 cover?");
    const char *corr = connected(&b, HIGHER, "z-them", "them", true);
    hear_f(&b, "type=disconnected from=z-them correlation_id=%s scope=link", corr);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1);
    CHECK(effect(&b, CLASP_EFFECT_P2P_LINK_CLOSE, 0)->number == 0); /* it waits for this side */
    CHECK_EQ(told_state(&b), CLASP_P2P_DISCONNECTED);
    wait_ms(&b, 1500);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 1);
    hear_f(&b, "type=disconnected from=z-them");
    CHECK_EQ(told_state(&b), CLASP_P2P_CLOSED);
    end(&b);
}

TEST(a_goodbye_that_comes_after_its_link_was_lost_ends_the_peer) {
    bench b = begin("epoch=e1 clientId=me");
    const char *corr = connected(&b, HIGHER, "z-them", "them", true);
    link_event(&b, "them", 1, CLASP_P2P_LINK_CLOSED, 0, "");
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_DISCONNECTED);
    hear_f(&b, "type=disconnected from=z-them correlation_id=other-one");
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_DISCONNECTED); /* about a link that was never there */
    hear_f(&b, "type=disconnected from=z-them correlation_id=%s scope=link", corr);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_DISCONNECTED); /* about the link alone */
    hear_f(&b, "type=disconnected from=z-them correlation_id=%s", corr);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_CLOSED);
    end(&b);
}

TEST(a_late_goodbye_does_not_end_the_next_link) {
    bench b = begin("epoch=e1 clientId=me");
    const char *corr = connected(&b, HIGHER, "z-them", "them", true);
    link_event(&b, "them", 1, CLASP_P2P_LINK_CLOSED, 0, "");
    hear_f(&b, "type=offer from=z-them sdp=v=0~again correlation_id=next ext:1");
    hear_f(&b, "type=disconnected from=z-them correlation_id=%s", corr);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_DISCONNECTED);
    end(&b);
}

/* ---- doubts, words, and cover ---------------------------------------------------------------------------------- */

TEST(a_path_that_breaks_twice_while_an_offer_is_out_repeats_the_offer) {
    bench b = begin("epoch=e1 cover?");
    connected(&b, HIGHER, "z-them", "them", true);
    b.now += 5 * SECOND;
    link_event(&b, "them", 1, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 1, "v=0");
    char answer[1024];
    const p2p_signal offer = sent(&b, 0);
    snprintf(answer, sizeof answer, "type=answer from=z-them sdp=v=0 correlation_id=%.*s ext:1 round:1",
             (int)offer.corr.len, (const char *)offer.corr.at);
    link_event(&b, "them", 1, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 0);
    b.now += SECOND;
    link_event(&b, "them", 1, CLASP_P2P_LINK_FAILED, 0, "");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 0);
    CHECK_EQ(sent(&b, 0).round, 1);
    hear(&b, answer);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_APPLY), 1);
    hear(&b, answer); /* of the offer that was repeated */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_APPLY), 0);
    end(&b);
}

TEST(a_doubt_asks_whether_signalling_is_alive_and_a_word_of_the_peer_makes_it_certain) {
    static const struct {
        const char *word;
        bool first;
    } ROWS[] = {{"type=restart from=z-them correlation_id=%s", false},
                {"type=restart from=z-them correlation_id=%s", true},
                {"type=data from=z-them record#x", false}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bench b = begin("epoch=e1 cover?");
        const char *corr = connected(&b, HIGHER, "z-them", "them", true);
        path(&b, "them", 1, CLASP_P2P_PATH_PROVEN);
        b.now += 5 * SECOND;
        for (int step = 0; step < 2; step++) {
            CHECK_EQ(state_of(&b, "them"), CLASP_P2P_CONNECTED); /* one alone says nothing */
            if (ROWS[i].first == (step == 0)) {
                hear_f(&b, ROWS[i].word, corr);
            } else {
                path(&b, "them", 1, CLASP_P2P_PATH_DOUBTED);
                CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_DOUBT), 1);
            }
        }
        CHECK_EQ(told_state(&b), CLASP_P2P_DISCONNECTED);
        CHECK_EQ(covers(&b), 1);
        end(&b);
    }
}

TEST(a_doubt_that_is_over_and_a_word_of_long_ago_mean_nothing) {
    bench b = begin("epoch=e1 cover?");
    const char *corr = connected(&b, HIGHER, "z-them", "them", true);
    b.now += 5 * SECOND;
    path(&b, "them", 1, CLASP_P2P_PATH_DOUBTED);
    path(&b, "them", 1, CLASP_P2P_PATH_PROVEN);
    hear_f(&b, "type=restart from=z-them correlation_id=%s", corr);
    CHECK_EQ(covers(&b), -1);
    b.now += CLASP_P2P_WORD_US + 1;
    path(&b, "them", 1, CLASP_P2P_PATH_DOUBTED);
    CHECK_EQ(covers(&b), -1);
    clasp_p2p_signalling(b.p, span(""), b.now);
    path(&b, "them", 1, CLASP_P2P_PATH_DOUBTED); /* it is known to be down */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_DOUBT), 0);
    end(&b);
}

TEST(a_path_that_is_proven_ends_cover_while_a_restart_waits_for_its_answer) {
    bench b = begin("epoch=e1 cover?");
    connected(&b, HIGHER, "z-them", "them", true);
    b.now += 5 * SECOND;
    clasp_p2p_signalling(b.p, span(""), b.now); /* the offer goes nowhere */
    clasp_outbox_clear(b.out);
    clasp_p2p_network(b.p, b.now);
    CHECK_EQ(covers(&b), 1);
    link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 1, "v=0");
    wait_ms(&b, 3000);
    path(&b, "them", 1, CLASP_P2P_PATH_PROVEN);
    CHECK_EQ(covers(&b), 0);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_CONNECTED);
    end(&b);
}

TEST(without_a_path_another_is_looked_for_from_one_second_on_and_at_most_every_five) {
    bench b = begin("epoch=e1 cover?");
    connected(&b, HIGHER, "z-them", "them", true);
    link_event(&b, "them", 1, CLASP_P2P_LINK_CLOSED, 0, "");
    uint64_t last = b.now;
    for (uint32_t link = 2; link < 8; link++) {
        clasp_outbox_clear(b.out);
        while (!effect(&b, CLASP_EFFECT_P2P_LINK_OPEN, 0) && b.now < last + 7 * SECOND) {
            b.now = clasp_p2p_deadline(b.p);
            clasp_p2p_tick(b.p, b.now);
        }
        CHECK(b.now - last <= 6 * SECOND + 100000);
        CHECK(link == 2 || b.now - last >= SECOND / 2);
        last = b.now;
        hear(&b, "type=connected from=z-them correlation_id=x"); /* it is there */
        link_event(&b, "them", link, CLASP_P2P_LINK_FAILED, 0, "");
    }
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_DISCONNECTED);
    end(&b);
}

TEST(a_silent_peer_without_a_path_is_gone_but_not_while_signalling_is_down) {
    bench b = begin("epoch=e1 cover?");
    connected(&b, HIGHER, "z-them", "them", true);
    link_event(&b, "them", 1, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    clasp_p2p_signalling(b.p, span(""), b.now);
    CHECK_EQ(clasp_p2p_explain(b.p, span("nobody")), CLASP_P2P_VERDICT_SIGNALLING_DOWN);
    wait_ms(&b, 20000);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 0);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_DISCONNECTED);
    clasp_p2p_signalling(b.p, span(OWN), b.now);
    wait_ms(&b, 16000);
    CHECK_EQ(told_state(&b), CLASP_P2P_CLOSED);
    CHECK_EQ(covers(&b), 0);
    end(&b);
}

TEST(what_no_direct_path_reaches_is_covered_and_settled) {
    bench b = begin("epoch=e1 cover? stun?");
    dialled(&b, HIGHER, "them");
    clasp_outbox_clear(b.out);
    hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%.*s ext:1",
           (int)b.p->peers[0]->links[0]->corr.len, (const char *)b.p->peers[0]->links[0]->corr.at);
    link_event(&b, "them", 1, CLASP_P2P_LINK_FAILED, 0, "");
    CHECK_EQ(covers(&b), 1);
    CHECK_EQ(settled(&b, 1), CLASP_OK);
    CHECK_EQ(told_state(&b), CLASP_P2P_DISCONNECTED);
    CHECK_EQ(dial(&b, 2, "them"), CLASP_OK);
    CHECK_EQ(settled(&b, 2), CLASP_OK);
    end(&b);
}

TEST(a_set_up_that_takes_long_is_covered_and_goes_on) {
    for (int is_offerer = 0; is_offerer < 2; is_offerer++) {
        bench b = begin("epoch=e1 cover?");
        if (is_offerer) {
            const char *corr = dialled(&b, HIGHER, "them");
            wait_ms(&b, 3000);
            CHECK_EQ(covers(&b), -1); /* nobody has answered */
            hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%s ext:1", corr);
        } else {
            hear(&b, "type=offer from=z-them sdp=v=0 correlation_id=c ext:1 client_id=them epoch=e2");
            link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0");
        }
        wait_ms(&b, CLASP_P2P_COVER_US / 1000 - 1);
        CHECK_EQ(state_of(&b, "them"), CLASP_P2P_CONNECTING);
        wait_ms(&b, 1);
        CHECK_EQ(told_state(&b), CLASP_P2P_DISCONNECTED);
        CHECK_EQ(covers(&b), 1);
        CHECK_EQ(settled(&b, 1), is_offerer ? CLASP_OK : 1);
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 0);
        CHECK_EQ(clasp_p2p_explain(b.p, span("them")), CLASP_P2P_VERDICT_COVERED);
        link_event(&b, "them", 1, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
        CHECK_EQ(told_state(&b), CLASP_P2P_CONNECTED);
        path(&b, "them", 1, CLASP_P2P_PATH_PROVEN);
        CHECK_EQ(covers(&b), 0);
        end(&b);
    }
}

TEST(a_request_that_expires_is_covered_where_the_peer_has_answered) {
    bench b = begin("epoch=e1 cover?");
    announce(&b, HIGHER);
    clasp_p2p_connect(b.p, 1, span("them"), 1000, b.now);
    link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0");
    answer_offer(&b, 0, "z-them");
    wait_ms(&b, 1000);
    CHECK_EQ(settled(&b, 1), CLASP_OK);
    CHECK_EQ(covers(&b), 1);
    end(&b);
}

TEST(a_set_up_is_not_covered_where_nothing_may_cover_it) {
    static const struct {
        const char *config, *ext;
        bool up;
    } ROWS[] = {
        {"epoch=e1", " ext:1", true}, {"epoch=e1 cover?", "", true}, {"epoch=e1 cover?", " ext:1", false}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bench b = begin(ROWS[i].config);
        const bool ours = ROWS[i].ext[0] != '\0';
        const char *corr = dialled(&b, ours ? HIGHER : OTHERS("z-them"), ours ? "them" : "z-them");
        hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%s%s", corr, ROWS[i].ext);
        if (!ROWS[i].up) {
            clasp_p2p_signalling(b.p, span(""), b.now);
        }
        wait_ms(&b, 5000);
        CHECK_EQ(covers(&b), -1);
        CHECK_EQ(state_of(&b, ours ? "them" : "z-them"), CLASP_P2P_CONNECTING);
        end(&b);
    }
}

/* ---- sessions change ----------------------------------------------------------------------------------------- */

static const clasp_span TOKEN = {(const uint8_t *)"0123456789abcdef", CLASP_P2P_TOKEN_LEN};

/* A resume of "them" from `session`, proven by the token, or by a guess. */
static clasp_err resume(bench *b, const char *session, const char *own, bool proven) {
    p2p_peer peer = {.handle = 0};
    uint8_t room[512], proof[P2P_PROOF_LEN];
    char address[64];
    memcpy(peer.token, TOKEN.at, TOKEN.len);
    p2p_proof(&peer, span(session), span(own), proof);
    proof[7] ^= !proven;
    p2p_signal signal = {.type = P2P_TYPE_RESUME, .from = span(session), .proof = {proof, sizeof proof}};
    clasp_writer w = clasp_writer_of(room, sizeof room);
    p2p_signal_write(&w, &signal);
    snprintf(address, sizeof address, "/clasp/p2p/signal/%s", own);
    clasp_outbox_clear(b->out);
    return clasp_p2p_signal(b->p, span(address), clasp_written(&w), b->now);
}

static bench with_token(const char *announcement, const char *session) {
    bench b = begin("epoch=e1 cover?");
    connected(&b, announcement, session, "them", true);
    path(&b, "them", 1, CLASP_P2P_PATH_PROVEN);
    const uint32_t peer = peer_of(&b, "them");
    CHECK_EQ(clasp_p2p_token(b.p, peer, span("short")), CLASP_BAD_FIELD);
    CHECK_EQ(clasp_p2p_token(b.p, 12345, TOKEN), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_p2p_token(b.p, peer, TOKEN), CLASP_OK);
    return b;
}

TEST(the_higher_session_is_asked_for_the_token) {
    bench b = begin("epoch=e1");
    connected(&b, OURS("a-them", "them"), "a-them", "them", true);
    path(&b, "them", 1, CLASP_P2P_PATH_PROVEN);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_TOKEN), 1);
    end(&b);
    b = begin("epoch=e1");
    connected(&b, HIGHER, "z-them", "them", true);
    path(&b, "them", 1, CLASP_P2P_PATH_PROVEN);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_TOKEN), 0);
    end(&b);
}

TEST(a_new_session_is_the_old_peer_only_with_a_proof) {
    bench b = with_token(HIGHER, "z-them");
    const uint32_t peer = peer_of(&b, "them");
    CHECK_EQ(resume(&b, "b-new", OWN, false), CLASP_OK);
    CHECK_EQ(b.out->count, 0);
    hear(&b, "type=disconnected from=z-them"); /* nor does a claim end what works */
    CHECK_EQ(b.out->count, 0);
    CHECK_EQ(peer_of(&b, "b-new"), 0);
    CHECK_EQ(resume(&b, "b-new", OWN, true), CLASP_OK);
    CHECK_EQ(peer_of(&b, "b-new"), peer);
    CHECK_EQ(effect(&b, CLASP_EFFECT_P2P_PEER, 0)->a, peer);
    CHECK(sent_to(&b, 0, "/clasp/p2p/signal/b-new"));
    CHECK(sent(&b, 0).ack && sent(&b, 0).proof.len == P2P_PROOF_LEN);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_CONNECTED);
    end(&b);
}

TEST(our_new_session_is_told_with_a_proof_until_it_is_acknowledged) {
    bench b = with_token(HIGHER, "z-them");
    clasp_outbox_clear(b.out);
    clasp_p2p_signalling(b.p, span(""), b.now);
    CHECK_EQ(clasp_p2p_signalling(b.p, span("m-new"), b.now), CLASP_OK);
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_UNSUBSCRIBE, 1, "/clasp/p2p/signal/" OWN));
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_SUBSCRIBE, 1, "/clasp/p2p/signal/m-new"));
    CHECK(sent_to(&b, 0, "/clasp/p2p/announce"));
    CHECK_EQ(sent(&b, 1).type, P2P_TYPE_RESUME);
    CHECK(is_text(sent(&b, 1).from, "m-new") && sent(&b, 1).proof.len == P2P_PROOF_LEN);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 0); /* open channels stay */
    wait_ms(&b, 3000);
    CHECK(effects(&b, CLASP_EFFECT_P2P_SIGNAL) >= 2);
    uint8_t proof[P2P_PROOF_LEN], room[256];
    p2p_proof(p2p_by_handle(b.p, peer_of(&b, "them")), span("z-them"), span("m-new"), proof);
    p2p_signal ack = {
        .type = P2P_TYPE_RESUME, .from = span("z-them"), .ack = true, .proof = {proof, sizeof proof}};
    clasp_writer w = clasp_writer_of(room, sizeof room);
    p2p_signal_write(&w, &ack);
    CHECK_EQ(clasp_p2p_signal(b.p, span("/clasp/p2p/signal/m-new"), clasp_written(&w), b.now), CLASP_OK);
    wait_ms(&b, 20000);
    for (int i = 0; i < effects(&b, CLASP_EFFECT_P2P_SIGNAL); i++) {
        CHECK(sent_to(&b, i, "/clasp/p2p/announce"));
    }
    end(&b);
}

TEST(a_new_session_of_either_side_begins_cover_anew) {
    bench b = with_token(HIGHER, "z-them");
    link_event(&b, "them", 1, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    CHECK_EQ(covers(&b), CLASP_P2P_COVER_BEGINS);
    clasp_p2p_signalling(b.p, span(""), b.now);
    clasp_outbox_clear(b.out);
    clasp_p2p_signalling(b.p, span("m-new"), b.now);
    CHECK_EQ(covers(&b), CLASP_P2P_COVER_ANEW);
    CHECK_EQ(resume(&b, "b-new", "m-new", true), CLASP_OK);
    CHECK_EQ(covers(&b), CLASP_P2P_COVER_ANEW);
    CHECK(is_text(clasp_text_span(&p2p_by_handle(b.p, peer_of(&b, "them"))->session), "b-new"));
    end(&b);
}

TEST(an_announcement_alone_takes_no_working_peer_over) {
    bench b = with_token(HIGHER, "z-them");
    const uint32_t peer = peer_of(&b, "them");
    announce(&b, "session_id=b-new p2p_capable? features[clasp-p2p/1] client_id=them epoch=e-z-them");
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_RESUME); /* prove it */
    CHECK_EQ(peer_of(&b, "z-them"), peer);
    CHECK_EQ(hear(&b, "type=offer from=b-new sdp=v=0 correlation_id=n ext:1 client_id=them epoch=e-z-them"),
             CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 0);
    announce(
        &b, "session_id=c-new p2p_capable? features[clasp-p2p/1] client_id=them epoch=other"); /* reloaded? */
    CHECK_EQ(clasp_p2p_peer_state(b.p, peer), CLASP_P2P_CONNECTED);
    CHECK(peer_of(&b, "them") != peer); /* whoever asks for it now means the new page */
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_link(b.p, peer, 1, CLASP_P2P_LINK_DISCONNECTED, 0, span(""), b.now), CLASP_OK);
    CHECK_EQ(told_state(&b), CLASP_P2P_CLOSED); /* no restart: nobody would answer */
    end(&b);
}

TEST(a_session_that_is_gone_may_come_back_while_it_is_covered) {
    bench b = with_token(HIGHER, "z-them");
    link_event(&b, "them", 1, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    clasp_p2p_signal_refused(b.p, span("/clasp/p2p/signal/z-them"), 404, b.now);
    wait_ms(&b, 8000);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_DISCONNECTED);
    CHECK_EQ(resume(&b, "b-new", OWN, true), CLASP_OK);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_DISCONNECTED);
    clasp_p2p_signal_refused(b.p, span("/clasp/p2p/signal/b-new"), 404, b.now);
    wait_ms(&b, 16000);
    CHECK_EQ(told_state(&b), CLASP_P2P_CLOSED);
    end(&b);
}

/* Whether it can come back is asked when the path breaks: what came before the token, and in which order, does not matter. */
TEST(a_session_that_is_gone_before_the_token_may_come_back_when_there_is_one) {
    static const struct {
        const char *name;
        bool late, token;
        clasp_p2p_state state;
    } ROWS[] = {{"no token", false, false, CLASP_P2P_CLOSED},
                {"a token", false, true, CLASP_P2P_DISCONNECTED},
                {"a late signal, then a token", true, true, CLASP_P2P_DISCONNECTED}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bench b = begin("epoch=e1 cover?");
        const char *corr = connected(&b, HIGHER, "z-them", "them", true);
        CHECK_CONTEXT(ROWS[i].name);
        clasp_p2p_signal_refused(b.p, span("/clasp/p2p/signal/z-them"), 404, b.now);
        if (ROWS[i].late) { /* sent before its session ended */
            hear_f(&b, "type=connected from=z-them correlation_id=%s", corr);
        }
        if (ROWS[i].token) {
            CHECK_EQ(clasp_p2p_token(b.p, peer_of(&b, "them"), TOKEN), CLASP_OK);
        }
        link_event(&b, "them", 1, CLASP_P2P_LINK_DISCONNECTED, 0, "");
        CHECK_EQ(told_state(&b), ROWS[i].state);
        end(&b);
    }
}

/* Both sides may have come back under other sessions: announcements alone bring them together, and may be lost. */
TEST(a_peer_whose_session_is_over_hears_of_us_until_it_is_given_up) {
    bench b = with_token(HIGHER, "z-them");
    wait_ms(&b, 60000); /* announcements are rare by now */
    link_event(&b, "them", 1, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    clasp_p2p_signal_refused(b.p, span("/clasp/p2p/signal/z-them"), 404, b.now);
    int announced = 0;
    for (int second = 0; second < 14; second++) {
        wait_ms(&b, 1000);
        for (int i = 0; i < effects(&b, CLASP_EFFECT_P2P_SIGNAL); i++) {
            announced += sent_to(&b, i, "/clasp/p2p/announce");
        }
    }
    CHECK(announced >= 5 && announced <= 8);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_DISCONNECTED);
    end(&b);
}

TEST(set_ups_of_an_old_session_begin_anew) {
    bench b = begin("epoch=e1");
    dialled(&b, HIGHER, "them");
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_signalling(b.p, span("m-new"), b.now), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 1);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SETTLED), 0);
    CHECK_EQ(clasp_p2p_signalling(b.p, span("a/b"), b.now), CLASP_BAD_FIELD);
    end(&b);
}

/* ---- verdicts ------------------------------------------------------------------------------------------------ */

typedef struct verdict_row {
    const char *config;
    const char *candidates[2]; /* kinds of local ones */
    bool gathered, answered;
    clasp_p2p_link_event last;
    uint32_t arg;
    clasp_p2p_verdict verdict;
} verdict_row;

static void check_verdict(const verdict_row *row) {
    bench b = begin(row->config);
    const char *corr = dialled(&b, HIGHER, "them");
    if (row->answered) {
        hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%s ext:1", corr);
    }
    for (int i = 0; i < 2 && row->candidates[i]; i++) {
        char json[96];
        snprintf(json, sizeof json, "{\"candidate\":\"candidate:%d typ %s\"}", i, row->candidates[i]);
        link_event(&b, "them", 1, CLASP_P2P_LINK_CANDIDATE, 0, json);
    }
    if (row->gathered) {
        link_event(&b, "them", 1, CLASP_P2P_LINK_GATHERED, 0, "");
    }
    link_event(&b, "them", 1, row->last, row->arg, "");
    CHECK_EQ(clasp_p2p_explain(b.p, span("them")), row->verdict);
    end(&b);
}

TEST(each_verdict_has_its_facts) {
    static const verdict_row ROWS[] = {
        {"epoch=e", {NULL}, false, true, CLASP_P2P_LINK_APPLIED, 0, CLASP_P2P_VERDICT_CONNECTING},
        {"epoch=e", {NULL}, true, true, CLASP_P2P_LINK_FAILED, 0, CLASP_P2P_VERDICT_NO_CANDIDATES},
        {"epoch=e", {"host"}, true, true, CLASP_P2P_LINK_FAILED, 0, CLASP_P2P_VERDICT_ONLY_HOST},
        {"epoch=e stun?", {"host"}, true, true, CLASP_P2P_LINK_FAILED, 0, CLASP_P2P_VERDICT_UDP_BLOCKED},
        {"epoch=e stun?",
         {"host", "srflx"},
         true,
         true,
         CLASP_P2P_LINK_FAILED,
         0,
         CLASP_P2P_VERDICT_NO_RELAY},
        {"epoch=e stun? turn?",
         {"srflx", "relay"},
         true,
         true,
         CLASP_P2P_LINK_FAILED,
         0,
         CLASP_P2P_VERDICT_ICE_FAILED},
        {"epoch=e", {"host"}, true, true, CLASP_P2P_LINK_DTLS_FAILED, 0, CLASP_P2P_VERDICT_DTLS_FAILED},
        {"epoch=e", {"host"}, true, true, CLASP_P2P_LINK_CONNECTED, 0, CLASP_P2P_VERDICT_CHANNEL_UNOPENED},
        {"epoch=e", {"host"}, true, true, CLASP_P2P_LINK_REFUSED, 0, CLASP_P2P_VERDICT_BROWSER_REFUSED},
        {"epoch=e", {"host"}, true, true, CLASP_P2P_LINK_REFUSED, 1, CLASP_P2P_VERDICT_CONNECTING},
        {"epoch=e", {"host"}, true, true, CLASP_P2P_LINK_CHANNEL_OPEN, 0, CLASP_P2P_VERDICT_CONNECTED},
        {"epoch=e", {"relay"}, true, true, CLASP_P2P_LINK_CHANNEL_OPEN, 0, CLASP_P2P_VERDICT_CONNECTED_RELAY},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char name[32];
        snprintf(name, sizeof name, "row %zu", i);
        CHECK_CONTEXT(name);
        check_verdict(&ROWS[i]);
    }
    CHECK_CONTEXT(NULL);
    bench b = begin("epoch=e");
    announce(&b, HIGHER);
    CHECK_EQ(clasp_p2p_explain(b.p, span("them")), CLASP_P2P_VERDICT_IDLE);
    dial(&b, 1, "them");
    link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0");
    hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%.*s ext:1",
           (int)b.p->peers[0]->links[0]->corr.len, (const char *)b.p->peers[0]->links[0]->corr.at);
    wait_ms(&b, 31000);
    CHECK_EQ(clasp_p2p_explain(b.p, span("them")), CLASP_P2P_VERDICT_TIMED_OUT);
    end(&b);
}

TEST(the_peer_may_know_first_why_a_link_has_failed) {
    static const struct {
        const char *reason;
        clasp_p2p_verdict verdict;
    } ROWS[] = {
        {"ICE_FAILED", CLASP_P2P_VERDICT_ICE_FAILED},
        {"DTLS_FAILED", CLASP_P2P_VERDICT_DTLS_FAILED},
        {"enough", CLASP_P2P_VERDICT_CONNECTING},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bench b = begin("epoch=e stun? turn?");
        const char *corr = dialled(&b, HIGHER, "them");
        hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%s ext:1", corr);
        hear_f(&b, "type=disconnected from=z-them correlation_id=%s scope=link reason=%s", corr,
               ROWS[i].reason);
        CHECK_EQ(clasp_p2p_explain(b.p, span("them")), ROWS[i].verdict);
        end(&b);
    }
}

TEST(the_peer_is_told_why_a_link_has_failed) {
    static const struct {
        clasp_p2p_link_event event;
        const char *reason;
    } ROWS[] = {{CLASP_P2P_LINK_FAILED, "ICE_FAILED"}, {CLASP_P2P_LINK_DTLS_FAILED, "DTLS_FAILED"}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bench b = begin("epoch=e stun? turn?");
        const char *corr = dialled(&b, HIGHER, "them");
        hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%s ext:1", corr);
        link_event(&b, "them", 1, ROWS[i].event, 0, "");
        const p2p_signal told = sent(&b, 0);
        CHECK(told.type == P2P_TYPE_DISCONNECTED && told.link_alone);
        CHECK(is_text(told.reason, ROWS[i].reason));
        end(&b);
    }
}

int main(void) {
    RUN(a_broken_path_is_covered_and_restarted_under_the_same_id);
    RUN(the_answerer_asks_for_the_restart);
    RUN(restarts_are_a_second_apart);
    RUN(a_changed_network_restarts_before_anything_is_noticed);
    RUN(a_peer_of_another_make_is_not_restarted);
    RUN(a_new_connection_is_made_before_the_old_one_is_broken);
    RUN(the_end_of_one_link_is_not_the_end_of_the_peer);
    RUN(a_goodbye_that_comes_after_its_link_was_lost_ends_the_peer);
    RUN(a_late_goodbye_does_not_end_the_next_link);
    RUN(a_path_that_breaks_twice_while_an_offer_is_out_repeats_the_offer);
    RUN(a_doubt_asks_whether_signalling_is_alive_and_a_word_of_the_peer_makes_it_certain);
    RUN(a_doubt_that_is_over_and_a_word_of_long_ago_mean_nothing);
    RUN(a_path_that_is_proven_ends_cover_while_a_restart_waits_for_its_answer);
    RUN(without_a_path_another_is_looked_for_from_one_second_on_and_at_most_every_five);
    RUN(a_silent_peer_without_a_path_is_gone_but_not_while_signalling_is_down);
    RUN(what_no_direct_path_reaches_is_covered_and_settled);
    RUN(a_set_up_that_takes_long_is_covered_and_goes_on);
    RUN(a_request_that_expires_is_covered_where_the_peer_has_answered);
    RUN(a_set_up_is_not_covered_where_nothing_may_cover_it);
    RUN(the_higher_session_is_asked_for_the_token);
    RUN(a_new_session_is_the_old_peer_only_with_a_proof);
    RUN(our_new_session_is_told_with_a_proof_until_it_is_acknowledged);
    RUN(a_new_session_of_either_side_begins_cover_anew);
    RUN(an_announcement_alone_takes_no_working_peer_over);
    RUN(a_session_that_is_gone_may_come_back_while_it_is_covered);
    RUN(a_session_that_is_gone_before_the_token_may_come_back_when_there_is_one);
    RUN(a_peer_whose_session_is_over_hears_of_us_until_it_is_given_up);
    RUN(set_ups_of_an_old_session_begin_anew);
    RUN(each_verdict_has_its_facts);
    RUN(the_peer_may_know_first_why_a_link_has_failed);
    RUN(the_peer_is_told_why_a_link_has_failed);
    return check_summary();
}
