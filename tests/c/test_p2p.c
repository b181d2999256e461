/* One application's data-channel peers, input by input; the router's faults are test_p2p_sim.c's. */
#include "p2p_bench.h"

#define HIGHER OURS("z-them", "them")
#define LOWER OURS("a-them", "them")

/* ---- life ---------------------------------------------------------------------------------------------------- */

TEST(a_start_needs_an_epoch_and_sane_settings) {
    static const struct {
        const char *config;
        clasp_err err;
    } ROWS[] = {
        {"epoch=e", CLASP_OK},
        {"epoch=e clientId=me mesh? maxPeers:256 timeout:1", CLASP_OK},
        {"", CLASP_BAD_FIELD},
        {"epoch:7", CLASP_BAD_FIELD},
        {"epoch=e clientId=a/b", CLASP_BAD_FIELD},
        {"epoch=e clientId:7", CLASP_BAD_FIELD},
        {"epoch=e room=*", CLASP_BAD_FIELD},
        {"epoch=e timeout:0", CLASP_BAD_FIELD},
        {"epoch=e timeout=x", CLASP_BAD_FIELD},
        {"epoch=e maxPeers:257", CLASP_BAD_FIELD},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].config);
        clasp_outbox out = {0};
        clasp_p2p *p = clasp_p2p_new(1, 1, &out);
        CHECK_EQ(clasp_p2p_signalling(p, span(OWN), START), CLASP_BAD_STATE);
        CHECK_EQ(clasp_p2p_start(p, map_of(ROWS[i].config), START), ROWS[i].err);
        CHECK(ROWS[i].err != CLASP_OK || clasp_p2p_start(p, map_of("epoch=e"), START) == CLASP_BAD_STATE);
        clasp_p2p_free(p);
        clasp_outbox_deinit(&out);
    }
    clasp_outbox out = {0};
    clasp_p2p *p = clasp_p2p_new(1, 1, &out);
    CHECK_EQ(clasp_p2p_start(p, span("\x09"), START), CLASP_TRUNCATED);
    clasp_p2p_free(p);
}

TEST(a_session_is_announced_with_the_extension) {
    bench b = begin("epoch=e1 clientId=me");
    p2p_announcement who;
    CHECK(sent_to(&b, 0, "/clasp/p2p/announce"));
    const clasp_effect *signal = effect(&b, CLASP_EFFECT_P2P_SIGNAL, 0);
    const clasp_span bytes = clasp_outbox_bytes(b.out, signal);
    CHECK_EQ(p2p_announcement_read((clasp_span){bytes.at + signal->a, bytes.len - signal->a}, &who),
             CLASP_OK);
    CHECK(who.ours && is_text(who.client_id, "me") && is_text(who.epoch, "e1") && is_text(who.session, OWN));
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_SUBSCRIBE, 0, "/clasp/p2p/announce"));
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_SUBSCRIBE, 1, "/clasp/p2p/signal/" OWN));
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SUBSCRIBE), 2);
    end(&b);
}

TEST(somebody_new_is_told_of_us_but_not_more_often_than_every_two_seconds) {
    bench b = begin("epoch=e1");
    wait_ms(&b, 10000);
    CHECK_EQ(announce(&b, OTHERS("s1")), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_PEER), 2); /* who it is, and that it announced itself */
    wait_ms(&b, 1);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 1);
    announce(&b, OTHERS("s2"));
    announce(&b, OTHERS("s3"));
    wait_ms(&b, 1900);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 0);
    wait_ms(&b, 200);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 1);
    end(&b);
}

/* What the last announcement of ours seeks. */
static clasp_span seeks(const bench *b) {
    p2p_announcement who = {0};
    for (int i = 0; i < effects(b, CLASP_EFFECT_P2P_SIGNAL); i++) {
        const clasp_effect *signal = effect(b, CLASP_EFFECT_P2P_SIGNAL, i);
        const clasp_span bytes = clasp_outbox_bytes(b->out, signal);
        if (sent_to(b, i, "/clasp/p2p/announce")) {
            CHECK_EQ(p2p_announcement_read((clasp_span){bytes.at + signal->a, bytes.len - signal->a}, &who),
                     CLASP_OK);
        }
    }
    return who.seeks;
}

TEST(who_was_never_heard_of_is_sought_by_announcements_until_it_shows_itself) {
    bench b = begin("epoch=e1 clientId=me");
    CHECK(is_text(seeks(&b), ""));
    wait_ms(&b, 100000);
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_connect(b.p, 1, span("them"), 60000, b.now), CLASP_OK);
    int announced = 0;
    for (int second = 0; second < 20; second++) {
        wait_ms(&b, 1000);
        const int now = effects(&b, CLASP_EFFECT_P2P_SIGNAL);
        CHECK(now == 0 || is_text(seeks(&b), "them"));
        announced += now;
    }
    CHECK(announced >= 4 && announced <= 10);
    announce(&b, HIGHER);
    wait_ms(&b, 60000);
    CHECK(is_text(seeks(&b), ""));
    end(&b);
}

TEST(whoever_is_sought_announces_itself) {
    static const struct {
        const char *seeks;
        int answers;
    } ROWS[] = {{"me", 1}, {OWN, 1}, {"you", 0}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bench b = begin("epoch=e1 clientId=me");
        char text[160];
        announce(&b, OTHERS("s1"));
        wait_ms(&b, 3000);
        while (clasp_p2p_deadline(b.p) < b.now + 4000000) {
            wait_ms(&b, 1000);
        }
        clasp_outbox_clear(b.out);
        snprintf(text, sizeof text, "session_id=s1 p2p_capable? features[webrtc] seeks=%s", ROWS[i].seeks);
        CHECK_EQ(announce(&b, text), CLASP_OK);
        wait_ms(&b, 2000);
        CHECK_CONTEXT(ROWS[i].seeks);
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), ROWS[i].answers);
        end(&b);
    }
}

TEST(our_own_announcements_are_ignored) {
    bench b = begin("epoch=e1 clientId=me");
    CHECK_EQ(announce(&b, OURS(OWN, "me")), CLASP_OK);
    CHECK_EQ(announce(&b, "session_id=older p2p_capable? client_id=me epoch=e1 features[clasp-p2p/1]"),
             CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_PEER), 0);
    end(&b);
}

TEST(a_stop_says_goodbye_and_leaves_nothing) {
    bench b = begin("epoch=e1");
    connected(&b, HIGHER, "z-them", "them", true);
    clasp_outbox_clear(b.out);
    clasp_p2p_stop(b.p, b.now);
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_DISCONNECTED);
    CHECK(!sent(&b, 0).link_alone);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_UNSUBSCRIBE), 2);
    CHECK_EQ(told_state(&b), CLASP_P2P_CLOSED);
    CHECK_EQ(clasp_p2p_deadline(b.p), UINT64_MAX);
    clasp_p2p_stop(b.p, b.now);
    CHECK_EQ(hear(&b, "type=offer"), CLASP_BAD_STATE);
    end(&b);
}

/* ---- connect ------------------------------------------------------------------------------------------------- */

TEST(a_connection_by_client_id_is_settled_once) {
    bench b = begin("epoch=e1 clientId=me fast?");
    const char *corr = dialled(&b, HIGHER, "them");
    const p2p_signal offer = sent(&b, 0);
    CHECK(sent_to(&b, 0, "/clasp/p2p/signal/z-them"));
    CHECK(offer.ours && is_text(offer.sdp, "v=0 mine") && is_text(offer.client_id, "me") &&
          is_text(offer.from, OWN));
    CHECK_EQ(link_event(&b, "them", 1, CLASP_P2P_LINK_CANDIDATE, 0, "{\"candidate\":\"c typ host\"}"),
             CLASP_OK);
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_CANDIDATE);
    hear_f(&b, "type=answer from=z-them sdp=v=0~theirs correlation_id=%s ext:1", corr);
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_APPLY, 0, "v=0 theirs"));
    link_event(&b, "them", 1, CLASP_P2P_LINK_CONNECTED, 0, "");
    CHECK_EQ(settled(&b, 1), 1); /* ICE alone is no channel */
    link_event(&b, "them", 1, CLASP_P2P_LINK_CHANNEL_OPEN, 1, "");
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_CONNECTING); /* nor is the unreliable one */
    link_event(&b, "them", 1, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
    CHECK_EQ(settled(&b, 1), CLASP_OK);
    CHECK_EQ(told_state(&b), CLASP_P2P_CONNECTED);
    CHECK_EQ(told_connected(&b), 1);
    dial(&b, 2, "z-them"); /* by its session, and connected already */
    CHECK_EQ(settled(&b, 2), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 0);
    end(&b);
}

TEST(the_offerer_alone_makes_channels) {
    bench b = begin("epoch=e1 fast?");
    announce(&b, HIGHER);
    dial(&b, 1, "them");
    CHECK_EQ(effect(&b, CLASP_EFFECT_P2P_LINK_OPEN, 0)->number,
             CLASP_P2P_OPEN_CHANNELS | CLASP_P2P_OPEN_FAST);
    hear(&b, "type=offer from=q sdp=v=0 correlation_id=c1");
    CHECK_EQ(effect(&b, CLASP_EFFECT_P2P_LINK_OPEN, 0)->number, 0);
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_ANSWER, 0, "v=0"));
    end(&b);
}

TEST(an_id_that_nobody_has_yet_is_waited_for) {
    bench b = begin("epoch=e1");
    CHECK_EQ(dial(&b, 5, "them"), CLASP_OK);
    CHECK_EQ(b.out->count, 0);
    CHECK_EQ(clasp_p2p_explain(b.p, span("them")), CLASP_P2P_VERDICT_NEVER_ANNOUNCED);
    wait_ms(&b, 5000);
    announce(&b, HIGHER);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    CHECK_EQ(dial(&b, 6, "nobody"), CLASP_OK);
    wait_ms(&b, 31000);
    CHECK_EQ(settled(&b, 6), CLASP_TIMEOUT);
    end(&b);
}

TEST(requests_are_refused_timed_out_or_taken_back) {
    bench b = begin("epoch=e1 clientId=me");
    CHECK_EQ(dial(&b, 1, "me"), CLASP_BAD_FIELD);
    CHECK_EQ(dial(&b, 1, OWN), CLASP_BAD_FIELD);
    CHECK_EQ(dial(&b, 1, ""), CLASP_BAD_FIELD);
    CHECK_EQ(dial(&b, 1, "a/b"), CLASP_BAD_FIELD);
    const char *corr = dialled(&b, HIGHER, "them");
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_cancel(b.p, 9, b.now), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_p2p_cancel(b.p, 1, b.now), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SETTLED), 0);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1);
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_DISCONNECTED);
    CHECK(is_text(sent(&b, 0).corr, corr));
    for (uint32_t i = 0; i < CLASP_P2P_TICKETS; i++) {
        CHECK_EQ(dial(&b, 100 + i, "nobody"), CLASP_OK);
    }
    CHECK_EQ(dial(&b, 999, "nobody"), CLASP_LIMIT);
    wait_ms(&b, 31000);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SETTLED), (int)CLASP_P2P_TICKETS);
    end(&b);
}

TEST(what_looks_like_a_session_is_dialled_unannounced) {
    bench b = begin("epoch=e1");
    const char *id = "0b3c1d2e-0000-4000-8000-0123456789ab";
    dial(&b, 1, id);
    wait_ms(&b, 1900);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 0);
    wait_ms(&b, 200);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 1);
    char address[80];
    snprintf(address, sizeof address, "/clasp/p2p/signal/%s", id);
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_signal_refused(b.p, span(address), 404, b.now),
             CLASP_OK); /* it was a client id, then */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SETTLED), 0);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1);
    announce(&b, OURS("z-them", "0b3c1d2e-0000-4000-8000-0123456789ab"));
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 1);
    end(&b);
}

TEST(each_end_has_its_cause) {
    static const struct {
        const char *signal;
        clasp_err cause;
        clasp_p2p_verdict verdict;
    } ROWS[] = {
        {"type=answer from=z-them correlation_id=%s ext:1 rejected=not~you", CLASP_REJECTED,
         CLASP_P2P_VERDICT_REJECTED_BY_PEER},
        {"type=disconnected from=z-them correlation_id=%s", CLASP_NOT_CONNECTED, CLASP_P2P_VERDICT_CLOSED},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        bench b = begin("epoch=e1");
        char text[512];
        snprintf(text, sizeof text, ROWS[i].signal, dialled(&b, HIGHER, "them"));
        CHECK_EQ(hear(&b, text), CLASP_OK);
        CHECK_EQ(settled(&b, 1), ROWS[i].cause);
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SETTLED), 1);
        CHECK_EQ(clasp_p2p_explain(b.p, span("them")), ROWS[i].verdict);
        CHECK(ROWS[i].cause != CLASP_REJECTED || effect_has(&b, CLASP_EFFECT_P2P_SETTLED, 0, "not you"));
        end(&b);
    }
    bench b = begin("epoch=e1");
    dialled(&b, HIGHER, "them");
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_signal_refused(b.p, span("/clasp/p2p/signal/z-them"), 404, b.now), CLASP_OK);
    CHECK_EQ(settled(&b, 1), CLASP_PEER_GONE);
    CHECK_EQ(clasp_p2p_explain(b.p, span("them")), CLASP_P2P_VERDICT_PEER_GONE);
    end(&b);
}

TEST(an_attempt_that_fails_is_tried_again_under_another_id) {
    bench b = begin("epoch=e1 timeout:20000");
    const char *corr = dialled(&b, HIGHER, "them");
    char first[CLASP_P2P_CORRELATION_MAX];
    snprintf(first, sizeof first, "%s", corr);
    for (uint32_t attempt = 1; attempt <= CLASP_P2P_RETRIES; attempt++) {
        link_event(&b, "them", attempt, CLASP_P2P_LINK_FAILED, 0, "");
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1);
        wait_ms(&b, 5000);
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 1);
        link_event(&b, "them", attempt + 1, CLASP_P2P_LINK_LOCAL, 0, "v=0");
        CHECK(!is_text(sent(&b, 0).corr, first));
    }
    link_event(&b, "them", CLASP_P2P_RETRIES + 1, CLASP_P2P_LINK_FAILED, 0, "");
    CHECK_EQ(told_state(&b), CLASP_P2P_FAILED);
    CHECK_EQ(settled(&b, 1), CLASP_ICE_FAILED);
    end(&b);
}

TEST(an_unanswered_offer_is_repeated_to_one_of_ours_alone) {
    bench b = begin("epoch=e1");
    dialled(&b, HIGHER, "them");
    wait_ms(&b, 9000);
    int offers = 0;
    for (int i = 0; i < effects(&b, CLASP_EFFECT_P2P_SIGNAL); i++) {
        offers += sent_to(&b, i, "/clasp/p2p/signal/z-them");
    }
    CHECK(offers >= 3 && offers <= 5);
    CHECK_EQ(clasp_p2p_explain(b.p, span("them")), CLASP_P2P_VERDICT_SIGNALLING_SILENT);
    end(&b);
    b = begin("epoch=e1");
    dialled(&b, OTHERS("z-them"), "z-them");
    wait_ms(&b, 9000);
    for (int i = 0; i < effects(&b, CLASP_EFFECT_P2P_SIGNAL); i++) {
        CHECK(sent_to(&b, i, "/clasp/p2p/announce"));
    }
    wait_ms(&b, 22000);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1); /* 30 s, as the other make does */
    CHECK_EQ(settled(&b, 1), CLASP_TIMEOUT);
    end(&b);
}

/* ---- incoming ------------------------------------------------------------------------------------------------ */

TEST(nothing_is_answered_before_the_application_decides) {
    bench b = begin("epoch=e1 decide?");
    CHECK_EQ(hear(&b, "type=offer from=z-them sdp=v=0~o correlation_id=c1 ext:1 client_id=them epoch=e2"),
             CLASP_OK);
    const clasp_effect *ask = effect(&b, CLASP_EFFECT_P2P_ASK, 0);
    if (!CHECK(ask != NULL)) {
        return;
    }
    const uint32_t peer = ask->a;
    CHECK_EQ(peer, peer_of(&b, "them"));
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN) + effects(&b, CLASP_EFFECT_P2P_SIGNAL), 0);
    CHECK_EQ(clasp_p2p_explain(b.p, span("them")), CLASP_P2P_VERDICT_UNDECIDED);
    hear(&b, "type=offer from=z-them sdp=v=0~o correlation_id=c1 ext:1"); /* once more: asked only once */
    hear(&b, "type=ice_candidate from=z-them correlation_id=c1 candidate={\"candidate\":\"c\"}");
    CHECK_EQ(b.out->count, 0);
    CHECK_EQ(link_event(&b, "them", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0"), CLASP_BAD_HANDLE);
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_decide(b.p, peer, true, span(""), b.now), CLASP_OK);
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_ANSWER, 0, "v=0 o"));
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE), 1);
    CHECK_EQ(clasp_p2p_decide(b.p, peer, true, span(""), b.now), CLASP_BAD_STATE);
    CHECK_EQ(clasp_p2p_decide(b.p, 12345, true, span(""), b.now), CLASP_BAD_HANDLE);
    end(&b);
}

TEST(a_rejection_is_told_in_the_words_of_the_dialect) {
    for (int ours = 0; ours < 2; ours++) {
        bench b = begin("epoch=e1 decide?");
        hear_f(&b, "type=offer from=z-them sdp=v=0 correlation_id=c1%s", ours ? " ext:1" : "");
        const uint32_t peer = peer_of(&b, "z-them");
        clasp_outbox_clear(b.out);
        CHECK_EQ(clasp_p2p_decide(b.p, peer, false, span("go away"), b.now), CLASP_OK);
        const p2p_signal told = sent(&b, 0);
        CHECK_EQ(told.type, ours ? P2P_TYPE_ANSWER : P2P_TYPE_DISCONNECTED);
        CHECK(is_text(told.reason, "go away") && is_text(told.corr, "c1"));
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 0);
        CHECK_EQ(clasp_p2p_explain(b.p, span("z-them")), CLASP_P2P_VERDICT_REJECTED_HERE);
        hear_f(&b, "type=offer from=z-them sdp=v=0 correlation_id=c1%s",
               ours ? " ext:1" : ""); /* a late copy */
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_ASK), 0);
        CHECK_EQ(sent(&b, 0).type, ours ? P2P_TYPE_ANSWER : P2P_TYPE_UNKNOWN);
        hear_f(&b, "type=offer from=z-them sdp=v=0 correlation_id=c2%s", ours ? " ext:1" : "");
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_ASK), 1); /* another attempt is another question */
        end(&b);
    }
}

TEST(who_is_not_decided_on_is_refused_in_time) {
    bench b = begin("epoch=e1 decide?");
    hear(&b, "type=offer from=z-them sdp=v=0 correlation_id=c1 ext:1");
    wait_ms(&b, 29000);
    CHECK_EQ(peer_of(&b, "z-them") != 0, true);
    wait_ms(&b, 2000);
    int refusals = 0;
    for (int i = 0; i < effects(&b, CLASP_EFFECT_P2P_SIGNAL); i++) {
        refusals += sent_to(&b, i, "/clasp/p2p/signal/z-them");
    }
    CHECK_EQ(refusals, 1);
    end(&b);
}

TEST(a_mesh_asks_before_it_dials) {
    bench b = begin("epoch=e1 mesh? decide?");
    announce(&b, LOWER);
    const clasp_effect *ask = effect(&b, CLASP_EFFECT_P2P_ASK, 0);
    CHECK(ask && ask->b == 1);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 0);
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_decide(b.p, peer_of(&b, "them"), true, span(""), b.now), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    end(&b);
}

TEST(in_a_mesh_the_higher_session_dials_and_the_lower_one_after_a_grace) {
    bench b = begin("epoch=e1 mesh?");
    announce(&b, LOWER);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    announce(&b, OURS("z-two", "two"));
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 0);
    announce(&b, OTHERS("z-three")); /* another make dials nobody by itself */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    wait_ms(&b, 5100);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    end(&b);
}

/* ---- both offer ---------------------------------------------------------------------------------------------- */

TEST(when_both_offer_the_higher_session_keeps_its_own) {
    bench b = begin("epoch=e1");
    dialled(&b, LOWER, "them");
    CHECK_EQ(hear(&b, "type=offer from=a-them sdp=v=0 correlation_id=theirs ext:1"), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN) + effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 0);
    end(&b);
}

TEST(when_both_offer_the_lower_session_answers) {
    for (int ours = 0; ours < 2; ours++) {
        bench b = begin("epoch=e1");
        const char *id = ours ? "them" : "z-them";
        const char *corr = dialled(&b, ours ? HIGHER : OTHERS("z-them"), id);
        hear_f(&b, "type=offer from=z-them sdp=v=0 correlation_id=theirs%s", ours ? " ext:1" : "");
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_ANSWER), 1);
        /* one of ours has ignored our offer; another make answers every offer, so ours stays alive */
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), ours);
        link_event(&b, id, 2, CLASP_P2P_LINK_LOCAL, 0, "v=0");
        if (!ours) {
            hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%s", corr);
            CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_APPLY), 1);
        }
        link_event(&b, id, 2, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
        CHECK_EQ(settled(&b, 1), CLASP_OK);
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), !ours);
        end(&b);
    }
}

/* ---- order --------------------------------------------------------------------------------------------------- */

TEST(candidates_before_their_offer_and_before_the_answer_wait) {
    bench b = begin("epoch=e1");
    CHECK_EQ(hear(&b, "type=ice_candidate from=q correlation_id=c candidate={\"candidate\":\"one\"}"),
             CLASP_OK);
    CHECK_EQ(b.out->count, 0);
    hear(&b, "type=offer from=q sdp=v=0 correlation_id=c");
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE, 0, "one"));
    hear(&b, "type=ice_candidate from=q correlation_id=c candidate={\"candidate\":\"two\"}");
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE, 0, "two"));
    hear(&b, "type=ice_candidate from=q correlation_id=other candidate={\"candidate\":\"three\"}");
    CHECK_EQ(b.out->count, 0);
    const char *corr = dialled(&b, HIGHER, "them");
    hear_f(&b, "type=ice_candidate from=z-them correlation_id=%s candidate={\"candidate\":\"four\"}", corr);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE), 0);
    hear_f(&b, "type=answer from=z-them sdp=v=0 correlation_id=%s", corr);
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE, 0, "four"));
    CHECK(effect(&b, CLASP_EFFECT_P2P_LINK_APPLY, 0) < effect(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE, 0));
    wait_ms(&b, 31000);
    CHECK_EQ(b.p->early.count, 0); /* the third one's offer never came */
    end(&b);
}

TEST(a_foreign_correlation_id_changes_nothing) {
    bench b = begin("epoch=e1");
    dialled(&b, HIGHER, "them");
    hear(&b, "type=answer from=z-them sdp=v=0 correlation_id=wrong");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_APPLY), 0);
    hear(&b, "type=answer from=z-them sdp=v=0 correlation_id=wrong ext:1"); /* ours is told that it is over */
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_DISCONNECTED);
    CHECK(sent(&b, 0).link_alone);
    CHECK_EQ(hear(&b, "type=answer from=z-them sdp=v=0"), CLASP_BAD_SIGNAL);
    CHECK_EQ(hear(&b, "type=answer sdp=v=0 correlation_id=c"), CLASP_BAD_SIGNAL);
    CHECK_EQ(state_of(&b, "them"), CLASP_P2P_CONNECTING);
    end(&b);
}

TEST(a_doubled_offer_gets_its_answer_once_more) {
    bench b = begin("epoch=e1");
    const char *offer = "type=offer from=q sdp=v=0 correlation_id=c ext:1";
    hear(&b, offer);
    hear(&b, offer);
    CHECK_EQ(b.out->count, 0);
    link_event(&b, "q", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0 answer");
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_ANSWER);
    hear(&b, offer);
    CHECK_EQ(b.out->count, 0); /* it was sent just now */
    b.now += 300000;
    hear(&b, offer);
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_ANSWER);
    end(&b);
}

/* ---- the application's end ----------------------------------------------------------------------------------- */

TEST(a_close_is_told_and_not_undone_by_a_mesh) {
    bench b = begin("epoch=e1 mesh?");
    connected(&b, LOWER, "a-them", "them", true);
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_close(b.p, peer_of(&b, "them"), b.now), CLASP_OK);
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_DISCONNECTED);
    CHECK_EQ(told_state(&b), CLASP_P2P_CLOSED);
    announce(&b, LOWER);
    wait_ms(&b, 20000);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 0);
    CHECK_EQ(dial(&b, 3, "them"), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 1);
    CHECK_EQ(clasp_p2p_close(b.p, 12345, b.now), CLASP_BAD_HANDLE);
    end(&b);
}

TEST(records_go_by_the_router_to_peers_that_are_let_in) {
    bench b = begin("epoch=e1 cover?");
    announce(&b, HIGHER);
    CHECK_EQ(clasp_p2p_record(b.p, peer_of(&b, "them"), span("E1")), CLASP_NOT_CONNECTED);
    hear(&b, "type=data from=z-them record#E1");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_RECORD), 0);
    connected(&b, HIGHER, "z-them", "them", true);
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_record(b.p, peer_of(&b, "them"), span("E1")), CLASP_OK);
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_DATA);
    CHECK_EQ(clasp_p2p_record(b.p, peer_of(&b, "them"), span("")), CLASP_TOO_LARGE);
    hear(&b, "type=data from=z-them record#E1back");
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_RECORD, 0, "E1back"));
    hear(&b, "type=data from=stranger record#E1back");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_RECORD), 0);
    end(&b);
}

int main(void) {
    RUN(a_start_needs_an_epoch_and_sane_settings);
    RUN(a_session_is_announced_with_the_extension);
    RUN(somebody_new_is_told_of_us_but_not_more_often_than_every_two_seconds);
    RUN(who_was_never_heard_of_is_sought_by_announcements_until_it_shows_itself);
    RUN(whoever_is_sought_announces_itself);
    RUN(our_own_announcements_are_ignored);
    RUN(a_stop_says_goodbye_and_leaves_nothing);
    RUN(a_connection_by_client_id_is_settled_once);
    RUN(the_offerer_alone_makes_channels);
    RUN(an_id_that_nobody_has_yet_is_waited_for);
    RUN(requests_are_refused_timed_out_or_taken_back);
    RUN(what_looks_like_a_session_is_dialled_unannounced);
    RUN(each_end_has_its_cause);
    RUN(an_attempt_that_fails_is_tried_again_under_another_id);
    RUN(an_unanswered_offer_is_repeated_to_one_of_ours_alone);
    RUN(nothing_is_answered_before_the_application_decides);
    RUN(a_rejection_is_told_in_the_words_of_the_dialect);
    RUN(who_is_not_decided_on_is_refused_in_time);
    RUN(a_mesh_asks_before_it_dials);
    RUN(in_a_mesh_the_higher_session_dials_and_the_lower_one_after_a_grace);
    RUN(when_both_offer_the_higher_session_keeps_its_own);
    RUN(when_both_offer_the_lower_session_answers);
    RUN(candidates_before_their_offer_and_before_the_answer_wait);
    RUN(a_foreign_correlation_id_changes_nothing);
    RUN(a_doubled_offer_gets_its_answer_once_more);
    RUN(a_close_is_told_and_not_undone_by_a_mesh);
    RUN(records_go_by_the_router_to_peers_that_are_let_in);
    return check_summary();
}
