/* Peers of other makes, message by message, in each dialect; and the forwarder of signals by name. */
#include "p2p_bench.h"

static const char *corr_of(const bench *b, int n) {
    static char corr[CLASP_P2P_CORRELATION_MAX];
    const p2p_signal signal = sent(b, n);
    snprintf(corr, sizeof corr, "%.*s", (int)signal.corr.len, (const char *)signal.corr.at);
    return corr;
}

/* ---- the dialect of sessions --------------------------------------------------------------------------------- */

TEST(a_native_client_is_called) {
    bench b = begin("epoch=e1");
    announce(&b, OTHERS("r-1"));
    dial(&b, 1, "r-1");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    link_event(&b, "r-1", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0 mine");
    CHECK_EQ(sent(&b, 0).form, FORM_TEXT);
    const char *corr = corr_of(&b, 0);
    CHECK(strncmp(corr, "m-own-r-1-", 10) == 0);
    hear_f(&b, "type=answer from=r-1 sdp=v=0~theirs correlation_id=%s", corr);
    /* what the native library writes: an empty mid, a null fragment */
    hear_f(&b,
           "type=ice_candidate from=r-1 correlation_id=%s "
           "candidate={\"candidate\":\"candidate:1~typ~host\",\"sdpMid\":\"\",\"sdpMLineIndex\":0,"
           "\"usernameFragment\":null}",
           corr);
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE, 0, "\"sdpMid\":null,\"sdpMLineIndex\":0"));
    link_event(&b, "r-1", 1, CLASP_P2P_LINK_CANDIDATE, 0,
               "{\"candidate\":\"candidate:2 typ host\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}");
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_SIGNAL, 0, "ice_candidate"));
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_SIGNAL, 0,
                     "{\"candidate\":\"candidate:2 typ host\",\"sdpMid\":\"0\""));
    hear_f(&b, "type=connected from=r-1 correlation_id=%s", corr); /* before our own channel is open */
    CHECK_EQ(settled(&b, 1), 1);
    link_event(&b, "r-1", 1, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
    CHECK_EQ(settled(&b, 1), CLASP_OK);
    CHECK_EQ(told_connected(&b), 1);
    hear(&b, "type=disconnected from=r-1 correlation_id=whatever reason=User~requested~disconnect");
    CHECK_EQ(told_state(&b), CLASP_P2P_CLOSED);
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_PEER_STATE, 0, "User requested disconnect"));
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 0);
    end(&b);
}

TEST(a_native_client_calls) {
    bench b = begin("epoch=e1");
    hear(&b, "type=ice_candidate from=r-1 correlation_id=c candidate={\"candidate\":\"early\"}");
    hear(&b, "type=offer from=r-1 sdp=v=0~o correlation_id=c");
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_ANSWER, 0, "v=0 o"));
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE, 0, "early"));
    link_event(&b, "r-1", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0 a");
    CHECK_EQ(sent(&b, 0).type, P2P_TYPE_ANSWER);
    CHECK(is_text(sent(&b, 0).corr, "c"));
    link_event(&b, "r-1", 1, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
    CHECK_EQ(state_of(&b, "r-1"), CLASP_P2P_CONNECTED);
    hear(&b,
         "type=offer from=r-1 sdp=v=0~reloaded correlation_id=d"); /* replaces the old one, once it is open */
    link_event(&b, "r-1", 2, CLASP_P2P_LINK_LOCAL, 0, "v=0 a");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 0);
    link_event(&b, "r-1", 2, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1);
    CHECK_EQ(told_connected(&b), 1);
    link_event(&b, "r-1", 2, CLASP_P2P_LINK_CHANNEL_CLOSED, 0, "");
    CHECK_EQ(state_of(&b, "r-1"), CLASP_P2P_CLOSED);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 0); /* it is told only on request */
    end(&b);
}

/* ---- the dialect of names ------------------------------------------------------------------------------------ */

TEST(a_named_peer_is_answered_under_its_name_in_its_form) {
    static const struct {
        const char *offer;
        p2p_form form;
        const char *candidate;
    } ROWS[] = {
        {"type=offer from=bob sdp=v=0 correlation_id=c", FORM_TEXT, "ice_candidate"},
        {"type=offer from=bob sdp{type=offer sdp=v=0}", FORM_OBJECT, "ice-candidate"},
        {"type=offer to=me from=bob data{type=offer sdp=v=0}", FORM_NESTED, "ice-candidate"},
        {"type=offer sdp=v=0 correlation_id=c", FORM_TEXT,
         "ice_candidate"}, /* the address says who it is from */
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].offer);
        bench b = begin("epoch=e1 clientId=me named?");
        CHECK_EQ(hear_at(&b, "/webrtc/signal/bob/me", ROWS[i].offer), CLASP_OK);
        CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_ANSWER), 1);
        link_event(&b, "bob", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0 a");
        CHECK(sent_to(&b, 0, "/webrtc/signal/me/bob"));
        CHECK_EQ(sent(&b, 0).form, ROWS[i].form);
        CHECK(is_text(sent(&b, 0).from, "me"));
        CHECK_EQ(sent(&b, 0).has_corr, ROWS[i].form == FORM_TEXT);
        link_event(&b, "bob", 1, CLASP_P2P_LINK_CANDIDATE, 0, "{\"candidate\":\"c\"}");
        CHECK(effect_has(&b, CLASP_EFFECT_P2P_SIGNAL, 0, ROWS[i].candidate));
        end(&b);
    }
}

TEST(a_name_is_dialled_when_the_host_knows_it) {
    bench b = begin("epoch=e1 clientId=me named?");
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_SUBSCRIBE, 2, "/webrtc/signal/*/me"));
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_SUBSCRIBE, 3, "/webrtc/signal/me/*"));
    CHECK_EQ(clasp_p2p_know(b.p, CLASP_P2P_DIALECT_NAMED, span("bob"), span(""), b.now), CLASP_OK);
    dial(&b, 1, "bob");
    link_event(&b, "bob", 1, CLASP_P2P_LINK_LOCAL, 0, "v=0");
    CHECK(sent_to(&b, 0, "/webrtc/signal/me/bob"));
    char answer[512];
    snprintf(answer, sizeof answer, "type=answer from=bob sdp=v=0 correlation_id=%s", corr_of(&b, 0));
    CHECK_EQ(hear_at(&b, "/webrtc/signal/me/bob", answer), CLASP_OK); /* as a forwarder publishes it */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_APPLY), 1);
    hear_at(&b, "/webrtc/signal/bob/me", answer); /* and the direct copy */
    CHECK_EQ(b.out->count, 0);
    CHECK_EQ(hear_at(&b, "/webrtc/signal/me/bob", "type=offer from=me sdp=v=0 correlation_id=x"), CLASP_OK);
    CHECK_EQ(b.out->count, 0); /* our own */
    end(&b);
}

TEST(the_forwarder_swaps_names_once) {
    bench b = begin("epoch=e1 clientId=me forward?");
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_SUBSCRIBE, 2, "/webrtc/signal/**"));
    CHECK_EQ(hear_at(&b, "/webrtc/signal/ann/bob", "type=offer sdp=v=0"), CLASP_OK);
    CHECK(sent_to(&b, 0, "/webrtc/signal/bob/ann"));
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 1);
    hear_at(&b, "/webrtc/signal/ann/bob", "type=offer sdp=v=0"); /* a copy */
    CHECK_EQ(b.out->count, 0);
    hear_at(&b, "/webrtc/signal/bob/ann", "type=offer sdp=v=0"); /* come back by another forwarder */
    CHECK_EQ(b.out->count, 0);
    b.now += 20 * SECOND;
    hear_at(&b, "/webrtc/signal/bob/ann", "type=offer sdp=v=0"); /* a slow one */
    CHECK_EQ(b.out->count, 0);
    hear_at(&b, "/webrtc/signal/ann/bob", "type=offer sdp=v=0"); /* said again */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 1);
    static const char *const OTHERS_ADDRESSES[] = {"/webrtc/signal/ann", "/webrtc/signal/ann/bob/x",
                                                   "/webrtc/signal//bob", "/webrtc/signals/ann/bob", "/x"};
    for (size_t i = 0; i < sizeof OTHERS_ADDRESSES / sizeof *OTHERS_ADDRESSES; i++) {
        CHECK_EQ(hear_at(&b, OTHERS_ADDRESSES[i], "type=offer sdp=v=0"), CLASP_OK);
        CHECK_EQ(b.out->count, 0);
    }
    end(&b);
}

TEST(the_forwarder_hands_on_values_alone) {
    bench b = begin("epoch=e1 clientId=me forward?");
    clasp_outbox_clear(b.out);
    const uint8_t cut[] = {CLASP_VALUE_STRING, 0, 5, 'x'};
    const uint8_t two[] = {CLASP_VALUE_NULL, CLASP_VALUE_NULL};
    const clasp_span address = span("/webrtc/signal/ann/bob");
    CHECK_EQ(clasp_p2p_signal(b.p, address, (clasp_span){cut, 0}, b.now), CLASP_TRUNCATED);
    CHECK_EQ(clasp_p2p_signal(b.p, address, (clasp_span){cut, sizeof cut}, b.now), CLASP_TRUNCATED);
    CHECK_EQ(clasp_p2p_signal(b.p, address, (clasp_span){two, sizeof two}, b.now), CLASP_BAD_SIGNAL);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 0);
    CHECK_EQ(clasp_p2p_signal(b.p, address, (clasp_span){two, 1}, b.now), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 1);
    end(&b);
}

/* Two forwarders on one router: what each says reaches the other, and the exchange ends. */
TEST(two_forwarders_do_not_loop) {
    bench f[2] = {begin("epoch=e1 clientId=f1 forward?"), begin("epoch=e2 clientId=f2 forward?")};
    struct {
        char address[64];
        int from;
    } queue[64] = {{"/webrtc/signal/ann/bob", -1}};
    int head = 0, tail = 1;
    for (; head < tail && tail < 60; head++) {
        for (int i = 0; i < 2; i++) {
            if (queue[head].from == i) {
                continue;
            }
            hear_at(&f[i], queue[head].address, "type=offer sdp=v=0");
            for (int n = 0; n < effects(&f[i], CLASP_EFFECT_P2P_SIGNAL); n++) {
                const clasp_effect *signal = effect(&f[i], CLASP_EFFECT_P2P_SIGNAL, n);
                snprintf(queue[tail].address, sizeof queue[tail].address, "%.*s", (int)signal->a,
                         (const char *)clasp_outbox_bytes(f[i].out, signal).at);
                queue[tail++].from = i;
            }
        }
    }
    CHECK_EQ(tail, 3); /* the signal, and a copy by each */
    end(&f[0]);
    end(&f[1]);
}

/* ---- the dialect of rooms ------------------------------------------------------------------------------------ */

#define ROOM_ADDRESS "/video/room/attic/signal/" OWN

TEST(in_a_room_the_higher_session_offers_media) {
    bench b = begin("epoch=e1 room=attic");
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_SUBSCRIBE, 2, ROOM_ADDRESS));
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_know(b.p, CLASP_P2P_DIALECT_ROOM, span(""), span("a-low"), b.now), CLASP_OK);
    const clasp_effect *open = effect(&b, CLASP_EFFECT_P2P_LINK_OPEN, 0);
    if (!CHECK(open && open->number == CLASP_P2P_OPEN_MEDIA)) {
        return;
    }
    const uint32_t peer = open->a;
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_link(b.p, peer, 1, CLASP_P2P_LINK_LOCAL, 0, span("v=0"), b.now), CLASP_OK);
    CHECK(sent_to(&b, 0, "/video/room/attic/signal/a-low"));
    CHECK_EQ(sent(&b, 0).form, FORM_OBJECT);
    CHECK_EQ(hear_at(&b, ROOM_ADDRESS, "type=answer from=a-low sdp{type=answer sdp=v=0}"), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_APPLY), 1);
    hear_at(&b, ROOM_ADDRESS,
            "type=ice-candidate from=a-low candidate{candidate=c sdpMid=0 sdpMLineIndex:0}");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE), 1);
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_link(b.p, peer, 1, CLASP_P2P_LINK_CONNECTED, 0, span(""), b.now), CLASP_OK);
    CHECK_EQ(told_state(&b), CLASP_P2P_CONNECTED);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_SIGNAL), 0); /* this dialect knows no `connected` */
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_left(b.p, span("a-low"), b.now), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_CLOSE), 1);
    CHECK_EQ(clasp_p2p_left(b.p, span("a-low"), b.now), CLASP_OK);
    end(&b);
}

TEST(in_a_room_the_lower_session_answers) {
    bench b = begin("epoch=e1 room=attic");
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_know(b.p, CLASP_P2P_DIALECT_ROOM, span(""), span("z-high"), b.now), CLASP_OK);
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 0);
    hear_at(&b, ROOM_ADDRESS, "type=ice-candidate from=z-high candidate{candidate=early sdpMLineIndex:0}");
    hear_at(&b, ROOM_ADDRESS, "type=offer from=z-high sdp{type=offer sdp=v=0~one}");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_ANSWER), 1);
    CHECK(effect_has(&b, CLASP_EFFECT_P2P_LINK_CANDIDATE, 0, "early"));
    const uint32_t peer = effect(&b, CLASP_EFFECT_P2P_LINK_ANSWER, 0)->a;
    hear_at(&b, ROOM_ADDRESS, "type=offer from=z-high sdp{type=offer sdp=v=0~one}"); /* a copy */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 0);
    clasp_outbox_clear(b.out);
    clasp_p2p_link(b.p, peer, 1, CLASP_P2P_LINK_LOCAL, 0, span("v=0"), b.now);
    CHECK(sent_to(&b, 0, "/video/room/attic/signal/z-high"));
    CHECK(!sent(&b, 0).has_corr && sent(&b, 0).form == FORM_OBJECT);
    hear_at(&b, ROOM_ADDRESS, "type=offer from=z-high sdp{type=offer sdp=v=0~two}"); /* begun anew */
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_ANSWER), 1);
    end(&b);
}

TEST(the_dialects_do_not_mix) {
    bench b = begin("epoch=e1 clientId=me named? room=attic");
    hear(&b, "type=offer from=s1 sdp=v=0 correlation_id=c");
    hear_at(&b, ROOM_ADDRESS, "type=offer from=s1 sdp{type=offer sdp=v=0}");
    CHECK_EQ(effects(&b, CLASP_EFFECT_P2P_LINK_OPEN), 1); /* the same session is another peer in the room */
    CHECK(effect(&b, CLASP_EFFECT_P2P_LINK_OPEN, 0)->a != peer_of(&b, "s1"));
    CHECK_EQ(hear_at(&b, "/video/room/other/signal/" OWN, "type=offer from=s1 sdp{type=offer sdp=v=0}"),
             CLASP_OK);
    CHECK_EQ(b.out->count, 0);
    CHECK_EQ(hear_at(&b, "/clasp/p2p/signal/other", "type=offer from=s1 sdp=v=0 correlation_id=d"), CLASP_OK);
    CHECK_EQ(b.out->count, 0);
    CHECK_EQ(clasp_p2p_know(b.p, CLASP_P2P_DIALECT_CLASP, span("a/b"), span("s"), b.now), CLASP_BAD_FIELD);
    CHECK_EQ(clasp_p2p_know(b.p, CLASP_P2P_DIALECT_CLASP, span("x"), span(""), b.now), CLASP_BAD_FIELD);
    CHECK_EQ(clasp_p2p_know(b.p, CLASP_P2P_DIALECT_NAMED, span(""), span(""), b.now), CLASP_BAD_FIELD);
    CHECK_EQ(clasp_p2p_know(b.p, CLASP_P2P_DIALECT_CLASP, span("ann"), span("s9"), b.now), CLASP_OK);
    CHECK(peer_of(&b, "ann") != 0 && peer_of(&b, "ann") == peer_of(&b, "s9")); /* a rendezvous entry */
    end(&b);
}

TEST(an_announcement_heard_while_signalling_is_down_is_answered_when_it_is_up) {
    bench b = begin("epoch=e1");
    CHECK_EQ(clasp_p2p_signalling(b.p, span(""), b.now), CLASP_OK);
    CHECK_EQ(announce(&b, OURS("z-them", "them")), CLASP_OK);
    for (int i = 0; i < 100 && clasp_p2p_deadline(b.p) != UINT64_MAX; i++) {
        CHECK(clasp_p2p_deadline(b.p) > b.now);
        b.now = clasp_p2p_deadline(b.p);
        clasp_p2p_tick(b.p, b.now);
    }
    CHECK_EQ(clasp_p2p_deadline(b.p),
             UINT64_MAX); /* the host is not called again and again for what cannot be said */
    clasp_outbox_clear(b.out);
    CHECK_EQ(clasp_p2p_signalling(b.p, span(OWN), b.now), CLASP_OK);
    CHECK(sent_to(&b, 0, "/clasp/p2p/announce"));
    end(&b);
}

int main(void) {
    RUN(a_native_client_is_called);
    RUN(a_native_client_calls);
    RUN(a_named_peer_is_answered_under_its_name_in_its_form);
    RUN(a_name_is_dialled_when_the_host_knows_it);
    RUN(the_forwarder_swaps_names_once);
    RUN(an_announcement_heard_while_signalling_is_down_is_answered_when_it_is_up);
    RUN(the_forwarder_hands_on_values_alone);
    RUN(two_forwarders_do_not_loop);
    RUN(in_a_room_the_higher_session_offers_media);
    RUN(in_a_room_the_lower_session_answers);
    RUN(the_dialects_do_not_mix);
    return check_summary();
}
