/* One Sender or Receiver, signal by signal; the network's faults are test_conference_sim.c's. */
#include <stdio.h>

#include "alloc.h"
#include "base/limits.h"
#include "check.h"
#include "peer/conference_core.h"

#define SECOND UINT64_C(1000000)
#define NOW UINT64_C(1700000000000000)
#define SDP "{\"type\":\"%s\",\"sdp\":\"v=0\"}"

typedef struct bench {
    clasp_outbox out;
    clasp_conference *c;
} bench;

static clasp_span span(const char *text) { return clasp_span_of(text); }

static bench begin(clasp_role role, const char *config) {
    bench b = {0};
    clasp_outbox *out = calloc(1, sizeof *out);
    b.c = clasp_conference_new(1, role, 1, out);
    CHECK_EQ(clasp_conference_start(b.c, span(config), NOW), CLASP_OK);
    clasp_outbox_clear(out);
    return b;
}

static clasp_outbox *outbox(const bench *b) { return b->c->out; }

static void end(bench *b) {
    clasp_outbox *out = outbox(b);
    clasp_conference_free(b->c);
    clasp_outbox_deinit(out);
    free(out);
}

static clasp_err hear(const bench *b, const char *json) {
    clasp_outbox_clear(outbox(b));
    return clasp_conference_signal(b->c, span(json), NOW);
}

/* The n-th effect of a kind since the last input; NULL when there are fewer. */
static const clasp_effect *effect(const bench *b, clasp_effect_kind kind, int n) {
    for (uint32_t i = 0; i < outbox(b)->count; i++) {
        if (outbox(b)->effects[i].kind == (uint32_t)kind && n-- == 0) {
            return &outbox(b)->effects[i];
        }
    }
    return NULL;
}

static bool says(const bench *b, int n, const char *part) {
    const clasp_effect *signal = effect(b, CLASP_EFFECT_SIGNAL, n);
    char text[1024] = "";
    if (signal) {
        const clasp_span bytes = clasp_outbox_bytes(outbox(b), signal);
        snprintf(text, sizeof text, "%.*s", (int)bytes.len, (const char *)bytes.at);
    }
    return strstr(text, part) != NULL;
}

static uint32_t handle_of(const bench *b, const char *id) { return clasp_conference_find(b->c, span(id)); }

static clasp_err link(const bench *b, const char *id, clasp_link_event event, uint32_t arg,
                      const char *bytes) {
    clasp_outbox_clear(outbox(b));
    return clasp_conference_link(b->c, handle_of(b, id), event, arg, span(bytes), NOW);
}

static clasp_peer_state state_of(const bench *b, const char *id) {
    return clasp_conference_peer_state(b->c, handle_of(b, id));
}

static void tick(const bench *b, uint64_t seconds) {
    clasp_outbox_clear(outbox(b));
    clasp_conference_tick(b->c, NOW + seconds * SECOND);
}

/* A Sender connected with the Receiver "r", which is of ours or, without `ext`, of another make. */
static bench connected_sender(bool ours) {
    bench b = begin(CLASP_ROLE_SENDER, "{\"id\":\"s\",\"dataChannel\":true,\"queueSize\":3}");
    hear(&b, ours ? "{\"type\":\"invoke\",\"id\":\"r\",\"ext\":1}" : "{\"type\":\"invoke\",\"id\":\"r\"}");
    link(&b, "r", CLASP_LINK_LOCAL, 0, "v=0");
    hear(&b, "{\"type\":\"answer\",\"id\":\"r\",\"answer\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}");
    CHECK(effect(&b, CLASP_EFFECT_LINK_APPLY, 0) != NULL);
    link(&b, "r", CLASP_LINK_CONNECTED, 0, "");
    CHECK(effect(&b, CLASP_EFFECT_PEER_CONNECTED, 0) != NULL);
    CHECK_EQ(state_of(&b, "r"), CLASP_PEER_CONNECTED);
    return b;
}

/* ---- the tables ---------------------------------------------------------------------------------------------- */

TEST(a_pair_outside_the_table_changes_nothing) {
    const clasp_role roles[] = {CLASP_ROLE_SENDER, CLASP_ROLE_RECEIVER};
    unsigned known = 0;
    for (int r = 0; r < 2; r++) {
        for (int from = 0; from < NEGOTIATION_STATE_COUNT; from++) {
            for (int on = 0; on < NEGOTIATION_EVENT_COUNT; on++) {
                negotiation_state state = (negotiation_state)from;
                negotiation_action action = NEGOTIATION_ACTION_COUNT;
                const bool stepped = negotiation_step(roles[r], &state, (negotiation_event)on, &action);
                known += stepped;
                CHECK(stepped ? action < NEGOTIATION_ACTION_COUNT && state < NEGOTIATION_STATE_COUNT
                              : action == NEGOTIATION_ACTION_COUNT && state == (negotiation_state)from);
            }
        }
    }
    CHECK_EQ(known, 15 + 17);
}

TEST(a_path_connects_once_and_heals_after_that) {
    path_state path = PATH_NEW;
    CHECK_EQ(path_step(&path, PATH_BREAKS), PATH_DO_NOTHING);
    CHECK_EQ(path_step(&path, PATH_WORKS), PATH_DO_CONNECT);
    CHECK_EQ(path_step(&path, PATH_WORKS), PATH_DO_NOTHING);
    CHECK_EQ(path_step(&path, PATH_BREAKS), PATH_DO_RECOVER);
    CHECK_EQ(path_step(&path, PATH_FAILS), PATH_DO_RESTART);
    CHECK_EQ(path_step(&path, PATH_WORKS), PATH_DO_HEAL);
}

/* ---- a Sender ------------------------------------------------------------------------------------------------ */

TEST(a_start_needs_an_id_and_sane_numbers) {
    static const struct {
        const char *config;
        clasp_err err;
    } ROWS[] = {
        {"{\"id\":\"x\"}", CLASP_OK},
        {"{}", CLASP_BAD_SIGNAL},
        {"{\"id\":\"\"}", CLASP_BAD_SIGNAL},
        {"{\"id\":7}", CLASP_BAD_SIGNAL},
        {"[]", CLASP_BAD_SIGNAL},
        {"", CLASP_BAD_JSON},
        {"{\"id\":\"x\"", CLASP_BAD_JSON},
        {"{\"id\":\"x\",\"connectionTimeout\":\"30\"}", CLASP_BAD_SIGNAL},
        {"{\"id\":\"x\",\"connectionTimeout\":-1}", CLASP_OK}, /* none */
        {"{\"id\":\"x\",\"connectionTimeout\":1e9}", CLASP_BAD_SIGNAL},
        {"{\"id\":\"x\",\"queueSize\":1025}", CLASP_BAD_SIGNAL},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].config);
        clasp_outbox out = {0};
        clasp_conference *c = clasp_conference_new(1, CLASP_ROLE_RECEIVER, 1, &out);
        CHECK_EQ(clasp_conference_start(c, span(ROWS[i].config), NOW), ROWS[i].err);
        if (ROWS[i].err == CLASP_OK) {
            CHECK_EQ(clasp_conference_start(c, span(ROWS[i].config), NOW), CLASP_BAD_STATE);
        }
        clasp_conference_free(c);
        clasp_outbox_deinit(&out);
    }
}

TEST(an_invoke_is_answered_by_an_offer_with_the_state) {
    bench b = begin(CLASP_ROLE_SENDER, "{\"id\":\"s\",\"state\":{\"name\":\"Ann\"}}");
    CHECK_EQ(hear(&b, "{\"type\":\"invoke\",\"id\":\"r\"}"), CLASP_OK);
    CHECK(effect(&b, CLASP_EFFECT_LINK_OPEN, 0) != NULL);
    CHECK(effect(&b, CLASP_EFFECT_LINK_OFFER, 0) != NULL);
    CHECK_EQ(hear(&b, "{\"type\":\"invoke\",\"id\":\"r\"}"), CLASP_OK); /* doubled: no second link */
    CHECK_EQ(outbox(&b)->count, 0);
    CHECK_EQ(link(&b, "r", CLASP_LINK_LOCAL, 0, "v=0 here"), CLASP_OK);
    CHECK(
        says(&b, 0, "r{\"type\":\"offer\",\"id\":\"s\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0 here\"}"));
    CHECK(says(&b, 0, "\"state\":{\"name\":\"Ann\"}"));
    CHECK(says(&b, 0, "\"metadata\":{\"name\":\"Ann\"}")); /* what later releases of the other make call it */
    end(&b);
}

TEST(candidates_wait_for_the_answer) {
    bench b = begin(CLASP_ROLE_SENDER, "{\"id\":\"s\"}");
    hear(&b, "{\"type\":\"invoke\",\"id\":\"r\"}");
    link(&b, "r", CLASP_LINK_LOCAL, 0, "v=0");
    hear(&b, "{\"type\":\"candidate\",\"id\":\"r\",\"candidate\":{\"candidate\":\"candidate:1\","
             "\"sdpMLineIndex\":0}}");
    CHECK(effect(&b, CLASP_EFFECT_LINK_CANDIDATE, 0) == NULL);
    hear(&b, "{\"type\":\"answer\",\"id\":\"r\",\"answer\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}");
    const clasp_effect *apply = effect(&b, CLASP_EFFECT_LINK_APPLY, 0);
    const clasp_effect *candidate = effect(&b, CLASP_EFFECT_LINK_CANDIDATE, 0);
    CHECK(apply != NULL && candidate != NULL && apply < candidate);
    hear(&b,
         "{\"type\":\"answer\",\"id\":\"r\",\"answer\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}"); /* doubled */
    CHECK_EQ(outbox(&b)->count, 0);
    end(&b);
}

TEST(verify_is_asked_once_and_a_no_leaves_no_trace) {
    bench b = begin(CLASP_ROLE_SENDER, "{\"id\":\"s\",\"verify\":true}");
    hear(&b, "{\"type\":\"invoke\",\"id\":\"r\",\"credentials\":{\"pin\":4}}");
    const clasp_effect *verify = effect(&b, CLASP_EFFECT_VERIFY, 0);
    if (!CHECK(verify != NULL)) {
        return;
    }
    const clasp_span credentials = clasp_outbox_bytes(outbox(&b), verify);
    CHECK_BYTES(credentials.at, credentials.len, "{\"pin\":4}", 9);
    const uint32_t handle = verify->a;
    hear(&b, "{\"type\":\"invoke\",\"id\":\"r\"}");
    CHECK(effect(&b, CLASP_EFFECT_VERIFY, 0) == NULL);
    clasp_outbox_clear(outbox(&b));
    CHECK_EQ(clasp_conference_verified(b.c, handle, false, NOW), CLASP_OK);
    CHECK(effect(&b, CLASP_EFFECT_SIGNAL, 0) == NULL);
    CHECK(effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0) == NULL);
    CHECK_EQ(clasp_conference_verified(b.c, handle, true, NOW), CLASP_BAD_HANDLE);
    hear(&b, "{\"type\":\"invoke\",\"id\":\"r\"}");
    clasp_outbox_clear(outbox(&b));
    CHECK_EQ(clasp_conference_verified(b.c, handle_of(&b, "r"), true, NOW), CLASP_OK);
    CHECK(effect(&b, CLASP_EFFECT_LINK_OFFER, 0) != NULL);
    CHECK_EQ(clasp_conference_verified(b.c, handle_of(&b, "r"), true, NOW), CLASP_BAD_STATE);
    end(&b);
}

TEST(messages_wait_for_the_channel_and_the_oldest_goes) {
    bench b = connected_sender(true);
    uint32_t reached = 0;
    for (uint32_t ticket = 1; ticket <= 4; ticket++) {
        CHECK_EQ(clasp_conference_send(b.c, 0, ticket, &reached), CLASP_OK);
        CHECK_EQ(reached, 1);
    }
    const clasp_effect *drop = effect(&b, CLASP_EFFECT_DROP, 0);
    CHECK(drop != NULL && drop->b == 1);
    link(&b, "r", CLASP_LINK_CHANNEL_OPEN, 0, "");
    for (int i = 0; i < 3; i++) {
        const clasp_effect *transmit = effect(&b, CLASP_EFFECT_TRANSMIT, i);
        CHECK(transmit != NULL && transmit->b == (uint32_t)i + 2);
    }
    clasp_outbox_clear(outbox(&b));
    clasp_conference_send(b.c, handle_of(&b, "r"), 5, &reached);
    CHECK(effect(&b, CLASP_EFFECT_TRANSMIT, 0) != NULL);
    CHECK_EQ(clasp_conference_send(b.c, 12345, 6, &reached), CLASP_BAD_HANDLE);
    end(&b);
}

TEST(messages_before_any_peer_go_to_the_first) {
    bench b = begin(CLASP_ROLE_SENDER, "{\"id\":\"s\",\"dataChannel\":true}");
    uint32_t reached = 9;
    CHECK_EQ(clasp_conference_send(b.c, 0, 7, &reached), CLASP_OK);
    CHECK_EQ(reached, 0);
    hear(&b, "{\"type\":\"invoke\",\"id\":\"r\"}");
    link(&b, "r", CLASP_LINK_CHANNEL_OPEN, 0, "");
    CHECK(effect(&b, CLASP_EFFECT_TRANSMIT, 0) != NULL);
    end(&b);
}

TEST(sync_replaces_the_state_and_merge_its_members) {
    bench b = connected_sender(true);
    clasp_outbox_clear(outbox(&b));
    CHECK_EQ(clasp_conference_sync(b.c, span("{\"a\":1,\"b\":2}"), false, NOW), CLASP_OK);
    CHECK(says(&b, 0, "\"type\":\"sync\"") && says(&b, 0, "\"state\":{\"a\":1,\"b\":2}"));
    clasp_outbox_clear(outbox(&b));
    CHECK_EQ(clasp_conference_sync(b.c, span("{\"b\":3}"), true, NOW), CLASP_OK);
    CHECK(says(&b, 0, "\"state\":{\"a\":1,\"b\":3}"));
    CHECK_EQ(clasp_conference_sync(b.c, span("{"), false, NOW), CLASP_BAD_JSON);
    end(&b);
}

TEST(an_unacknowledged_state_is_sent_again) {
    bench b = connected_sender(true);
    clasp_conference_sync(b.c, span("{\"a\":1}"), false, NOW);
    tick(&b, 1);
    CHECK(says(&b, 0, "\"type\":\"sync\""));
    char ack[128];
    const conference_peer *peer = conference_by_id(b.c, span("r"));
    snprintf(ack, sizeof ack, "{\"type\":\"sync\",\"id\":\"r\",\"attempt\":%llu,\"round\":0,\"rev\":2}",
             (unsigned long long)peer->attempt);
    hear(&b, ack);
    tick(&b, 20);
    CHECK(!says(&b, 0, "\"type\":\"sync\""));
    end(&b);
}

TEST(a_broken_path_restarts_with_a_peer_of_ours) {
    bench b = connected_sender(true);
    link(&b, "r", CLASP_LINK_DISCONNECTED, 0, "");
    CHECK(effect(&b, CLASP_EFFECT_PEER_RECOVERING, 0) != NULL);
    const clasp_effect *offer = effect(&b, CLASP_EFFECT_LINK_OFFER, 0);
    CHECK(offer != NULL && offer->b == 1);
    link(&b, "r", CLASP_LINK_LOCAL, 1, "v=0");
    CHECK(says(&b, 0, "\"restart\":true"));
    CHECK_EQ(state_of(&b, "r"), CLASP_PEER_RECOVERING);
    link(&b, "r", CLASP_LINK_CONNECTED, 0, "");
    const clasp_effect *again = effect(&b, CLASP_EFFECT_PEER_CONNECTED, 0);
    CHECK(again != NULL && again->b == 1);
    end(&b);
}

TEST(a_broken_path_ends_it_with_a_peer_of_another_make) {
    bench b = connected_sender(false);
    link(&b, "r", CLASP_LINK_DISCONNECTED, 0, "");
    const clasp_effect *disposed = effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0);
    CHECK(disposed != NULL && disposed->b == (uint32_t)CLASP_OK);
    CHECK(says(&b, 0, "\"type\":\"dispose\""));
    end(&b);
}

TEST(a_silent_peer_is_given_up_unless_signalling_is_down) {
    for (int down = 0; down < 2; down++) {
        bench b = connected_sender(true);
        clasp_conference_signalling(b.c, !down, NOW);
        link(&b, "r", CLASP_LINK_DISCONNECTED, 0, "");
        tick(&b, 4);
        const clasp_effect *disposed = effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0);
        CHECK_EQ(disposed != NULL, !down);
        CHECK(!disposed || disposed->b == (uint32_t)CLASP_PEER_GONE);
        tick(&b, 31);
        CHECK_EQ(effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0) != NULL,
                 down); /* then by the connection's own timeout */
        end(&b);
    }
}

TEST(a_connection_that_never_comes_times_out) {
    bench b = begin(CLASP_ROLE_SENDER, "{\"id\":\"s\",\"connectionTimeout\":5}");
    hear(&b, "{\"type\":\"invoke\",\"id\":\"r\"}");
    tick(&b, 4);
    CHECK(effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0) == NULL);
    tick(&b, 6);
    const clasp_effect *disposed = effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0);
    CHECK(disposed != NULL && disposed->b == (uint32_t)CLASP_TIMEOUT);
    CHECK(effect(&b, CLASP_EFFECT_LINK_CLOSE, 0) != NULL);
    end(&b);
}

TEST(reports_of_an_earlier_life_are_refused) {
    bench b = connected_sender(true);
    const uint32_t old = handle_of(&b, "r");
    hear(&b, "{\"type\":\"dispose\",\"id\":\"r\"}");
    CHECK(effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0) != NULL);
    CHECK(effect(&b, CLASP_EFFECT_SIGNAL, 0) == NULL); /* no goodbye to who said goodbye */
    CHECK_EQ(clasp_conference_link(b.c, old, CLASP_LINK_CONNECTED, 0, span(""), NOW), CLASP_BAD_HANDLE);
    hear(&b, "{\"type\":\"invoke\",\"id\":\"r\",\"ext\":1}");
    CHECK(handle_of(&b, "r") != old);
    CHECK_EQ(clasp_conference_link(b.c, old, CLASP_LINK_CONNECTED, 0, span(""), NOW), CLASP_BAD_HANDLE);
    CHECK_EQ(link(&b, "r", CLASP_LINK_LOCAL, 3, "v=0"), CLASP_BAD_STATE); /* a round that is not */
    end(&b);
}

TEST(a_refused_step_ends_the_peer_and_a_refused_candidate_does_not) {
    bench b = connected_sender(true);
    link(&b, "r", CLASP_LINK_REFUSED, 1, "bad candidate");
    CHECK(effect(&b, CLASP_EFFECT_PEER_ERROR, 0) != NULL);
    CHECK(effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0) == NULL);
    link(&b, "r", CLASP_LINK_REFUSED, 0, "bad description");
    const clasp_effect *disposed = effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0);
    CHECK(disposed != NULL && disposed->b == (uint32_t)CLASP_NEGOTIATION);
    end(&b);
}

TEST(stop_says_goodbye_to_everybody_and_nothing_follows) {
    bench b = connected_sender(true);
    hear(&b, "{\"type\":\"invoke\",\"id\":\"q\",\"ext\":1}");
    clasp_outbox_clear(outbox(&b));
    clasp_conference_stop(b.c, NOW);
    CHECK(says(&b, 0, "\"type\":\"dispose\"") && says(&b, 0, "\"gone\":true"));
    CHECK(effect(&b, CLASP_EFFECT_PEER_DISPOSED, 1) != NULL);
    clasp_conference_stop(b.c, NOW);
    CHECK_EQ(hear(&b, "{\"type\":\"invoke\",\"id\":\"r\"}"), CLASP_BAD_STATE);
    tick(&b, 100);
    CHECK_EQ(outbox(&b)->count, 0);
    CHECK_EQ(clasp_conference_deadline(b.c), UINT64_MAX);
    end(&b);
}

/* ---- a Receiver ---------------------------------------------------------------------------------------------- */

TEST(a_receiver_asks_again_until_it_is_connected) {
    bench b = begin(CLASP_ROLE_RECEIVER, "{\"id\":\"r\",\"credentials\":\"let me in\"}");
    unsigned asked = 0;
    for (uint64_t s = 1; s <= 65; s++) {
        tick(&b, s);
        asked += says(&b, 0, "{\"type\":\"invoke\",\"id\":\"r\",\"credentials\":\"let me in\"");
    }
    CHECK(asked >= 5 && asked <= 8); /* after 1, 2, 4, 8, 16, 30 s, give or take a fifth */
    end(&b);
}

TEST(an_offer_is_answered_and_a_known_one_answered_again) {
    bench b = begin(CLASP_ROLE_RECEIVER, "{\"id\":\"r\"}");
    const char *offer =
        "{\"type\":\"offer\",\"id\":\"s\",\"ext\":1,\"attempt\":7,\"round\":0,\"rev\":1,\"state\":{\"a\":1},"
        "\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}";
    hear(&b, "{\"type\":\"candidate\",\"id\":\"s\",\"attempt\":7,\"round\":0,\"candidate\":{\"candidate\":"
             "\"candidate:1\"}}");
    CHECK(effect(&b, CLASP_EFFECT_LINK_CANDIDATE, 0) == NULL); /* it has overtaken its offer */
    hear(&b, offer);
    CHECK(effect(&b, CLASP_EFFECT_LINK_ANSWER, 0) != NULL);
    CHECK(effect(&b, CLASP_EFFECT_LINK_CANDIDATE, 0) != NULL);
    CHECK(effect(&b, CLASP_EFFECT_PEER_STATE, 0) != NULL);
    link(&b, "s", CLASP_LINK_LOCAL, 0, "v=0 mine");
    CHECK(says(&b, 0,
               "s{\"type\":\"answer\",\"id\":\"r\",\"answer\":{\"type\":\"answer\",\"sdp\":\"v=0 mine\"}"));
    clasp_outbox_clear(outbox(&b));
    CHECK_EQ(clasp_conference_signal(b.c, span(offer), NOW + SECOND), CLASP_OK);
    CHECK(says(&b, 0, "\"type\":\"answer\""));
    CHECK(effect(&b, CLASP_EFFECT_LINK_ANSWER, 0) == NULL);
    end(&b);
}

TEST(late_copies_of_a_closed_attempt_open_nothing) {
    bench b = begin(CLASP_ROLE_RECEIVER, "{\"id\":\"r\"}");
    const char *offer =
        "{\"type\":\"offer\",\"id\":\"s\",\"ext\":1,\"attempt\":7,\"round\":0,\"rev\":1,\"state\":{},"
        "\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}";
    hear(&b,
         "{\"type\":\"dispose\",\"id\":\"s\",\"attempt\":7,\"gone\":true}"); /* no peer yet: nothing to end */
    hear(&b, offer);
    CHECK(effect(&b, CLASP_EFFECT_LINK_OPEN, 0) != NULL);
    hear(&b, "{\"type\":\"dispose\",\"id\":\"s\",\"attempt\":6}"); /* of the attempt before */
    CHECK(effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0) == NULL);
    hear(&b, "{\"type\":\"dispose\",\"id\":\"s\",\"attempt\":7}");
    CHECK(effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0) != NULL);
    hear(&b, offer);
    CHECK(effect(&b, CLASP_EFFECT_LINK_OPEN, 0) == NULL);
    end(&b);
}

TEST(a_later_attempt_replaces_and_an_earlier_one_is_ignored) {
    bench b = begin(CLASP_ROLE_RECEIVER, "{\"id\":\"r\"}");
    const char *form = "{\"type\":\"offer\",\"id\":\"s\",\"ext\":1,\"attempt\":%d,\"round\":0,\"rev\":1,"
                       "\"state\":{},\"offer\":" SDP "}";
    char offer[256];
    snprintf(offer, sizeof offer, form, 7, "offer");
    hear(&b, offer);
    const uint32_t first = handle_of(&b, "s");
    snprintf(offer, sizeof offer, form, 6, "offer");
    hear(&b, offer);
    CHECK(effect(&b, CLASP_EFFECT_LINK_ANSWER, 0) == NULL);
    snprintf(offer, sizeof offer, form, 8, "offer");
    hear(&b, offer);
    const clasp_effect *closed = effect(&b, CLASP_EFFECT_LINK_CLOSE, 0);
    const clasp_effect *opened = effect(&b, CLASP_EFFECT_LINK_OPEN, 0);
    CHECK(closed != NULL && closed->a == first);
    CHECK(opened != NULL && opened->a != first);
    end(&b);
}

TEST(an_older_state_does_not_replace_a_newer_one) {
    bench b = begin(CLASP_ROLE_RECEIVER, "{\"id\":\"r\"}");
    hear(&b, "{\"type\":\"offer\",\"id\":\"s\",\"ext\":1,\"attempt\":7,\"round\":0,\"rev\":3,\"state\":{},"
             "\"offer\":{\"type\":"
             "\"offer\",\"sdp\":\"v=0\"}}");
    hear(&b, "{\"type\":\"sync\",\"id\":\"s\",\"attempt\":7,\"round\":0,\"rev\":2,\"state\":{\"old\":1}}");
    CHECK(effect(&b, CLASP_EFFECT_PEER_STATE, 0) == NULL);
    CHECK(says(&b, 0, "\"rev\":3")); /* acknowledged all the same, with what is known */
    hear(&b, "{\"type\":\"sync\",\"id\":\"s\",\"attempt\":7,\"round\":0,\"rev\":4,\"state\":{\"new\":1}}");
    const clasp_effect *state = effect(&b, CLASP_EFFECT_PEER_STATE, 0);
    CHECK(state != NULL && state->b == 1);
    end(&b);
}

TEST(a_sender_of_another_make_is_served_plainly) {
    bench b = begin(CLASP_ROLE_RECEIVER, "{\"id\":\"r\"}");
    hear(&b, "{\"type\":\"invoke\",\"id\":\"s\"}");
    CHECK(says(&b, 0, "s{\"type\":\"invoke\",\"id\":\"r\""));
    hear(&b, "{\"type\":\"offer\",\"id\":\"s\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"},\"metadata\":["
             "1,2]}");
    const clasp_effect *state = effect(&b, CLASP_EFFECT_PEER_STATE, 0);
    if (CHECK(state != NULL)) {
        const clasp_span bytes = clasp_outbox_bytes(outbox(&b), state);
        CHECK_BYTES(bytes.at, bytes.len, "[1,2]", 5);
    }
    hear(&b, "{\"type\":\"offer\",\"id\":\"s\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}");
    CHECK(effect(&b, CLASP_EFFECT_LINK_OPEN, 0) == NULL); /* no renegotiation there */
    hear(&b, "{\"type\":\"sync\",\"id\":\"s\",\"state\":{\"a\":1}}");
    CHECK(effect(&b, CLASP_EFFECT_PEER_STATE, 0) != NULL);
    CHECK(effect(&b, CLASP_EFFECT_SIGNAL, 0) == NULL); /* no acknowledgement */
    hear(&b, "{\"type\":\"dispose\",\"id\":\"s\"}");
    CHECK(effect(&b, CLASP_EFFECT_PEER_DISPOSED, 0) != NULL);
    end(&b);
}

/* ---- bad input ----------------------------------------------------------------------------------------------- */

TEST(bad_signals_are_refused_by_code_and_change_nothing) {
    static const struct {
        const char *json;
        clasp_err err;
    } ROWS[] = {
        {"", CLASP_BAD_JSON},
        {"hello", CLASP_BAD_JSON},
        {"{\"type\":\"invoke\"", CLASP_BAD_JSON},
        {"null", CLASP_BAD_SIGNAL},
        {"[]", CLASP_BAD_SIGNAL},
        {"{}", CLASP_BAD_SIGNAL},
        {"{\"type\":\"invoke\"}", CLASP_BAD_SIGNAL},
        {"{\"type\":1,\"id\":\"s\"}", CLASP_BAD_SIGNAL},
        {"{\"type\":\"invoke\",\"id\":\"\"}", CLASP_BAD_SIGNAL},
        {"{\"type\":\"invoke\",\"id\":{}}", CLASP_BAD_SIGNAL},
        {"{\"type\":\"offer\",\"id\":\"s\"}", CLASP_BAD_SIGNAL},
        {"{\"type\":\"offer\",\"id\":\"s\",\"offer\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}",
         CLASP_BAD_SIGNAL},
        {"{\"type\":\"offer\",\"id\":\"s\",\"offer\":{\"type\":\"offer\",\"sdp\":\"hello\"}}",
         CLASP_BAD_SIGNAL},
        {"{\"type\":\"offer\",\"id\":\"s\",\"offer\":{\"type\":\"offer\",\"sdp\":7}}", CLASP_BAD_SIGNAL},
        {"{\"type\":\"offer\",\"id\":\"s\",\"offer\":\"v=0\"}", CLASP_BAD_SIGNAL},
        {"{\"type\":\"answer\",\"id\":\"s\",\"answer\":null}", CLASP_BAD_SIGNAL},
        {"{\"type\":\"candidate\",\"id\":\"s\",\"candidate\":null}", CLASP_BAD_SIGNAL},
        {"{\"type\":\"candidate\",\"id\":\"s\",\"candidate\":{\"candidate\":\"a\\r\\nb\"}}",
         CLASP_BAD_SIGNAL},
        {"{\"type\":\"candidate\",\"id\":\"s\",\"candidate\":{\"candidate\":\"a\",\"sdpMid\":7}}",
         CLASP_BAD_SIGNAL},
        {"{\"type\":\"candidate\",\"id\":\"s\",\"candidate\":{\"candidate\":\"a\",\"sdpMLineIndex\":-1}}",
         CLASP_BAD_SIGNAL},
        {"{\"type\":\"later\",\"id\":\"s\"}", CLASP_OK},  /* unknown types are for others */
        {"{\"type\":\"invoke\",\"id\":\"r\"}", CLASP_OK}, /* an echo of one's own */
    };
    bench b = begin(CLASP_ROLE_RECEIVER, "{\"id\":\"r\"}");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].json);
        CHECK_EQ(hear(&b, ROWS[i].json), ROWS[i].err);
        CHECK_EQ(outbox(&b)->count, ROWS[i].err == CLASP_OK ? 0 : 1);
        const clasp_effect *error = effect(&b, CLASP_EFFECT_PEER_ERROR, 0);
        CHECK_EQ(error != NULL, ROWS[i].err != CLASP_OK);
        CHECK(!error || error->b == (uint32_t)ROWS[i].err);
        CHECK_EQ(handle_of(&b, "s"), 0);
    }
    CHECK_CONTEXT(NULL);
    hear(&b, "{\"type\":\"invoke\",\"id\":\"s\"}"); /* and the others go on */
    CHECK(handle_of(&b, "s") != 0);
    end(&b);
}

TEST(oversized_signals_are_refused) {
    bench b = begin(CLASP_ROLE_RECEIVER, "{\"id\":\"r\"}");
    const size_t room = CLASP_SDP_MAX + 4096;
    char *json = malloc(room);
    char *filler = malloc(room);
    memset(filler, 'x', room);
    snprintf(json, room,
             "{\"type\":\"offer\",\"id\":\"s\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0%.*s\"}}",
             (int)CLASP_SDP_MAX, filler);
    CHECK_EQ(hear(&b, json), CLASP_TOO_LARGE);
    snprintf(json, room, "{\"type\":\"invoke\",\"id\":\"%.*s\"}", (int)CLASP_CONFERENCE_ID_MAX + 1, filler);
    CHECK_EQ(hear(&b, json), CLASP_BAD_SIGNAL);
    snprintf(json, room, "{\"type\":\"candidate\",\"id\":\"s\",\"candidate\":{\"candidate\":\"%.*s\"}}",
             (int)CLASP_CANDIDATE_MAX + 1, filler);
    CHECK_EQ(hear(&b, json), CLASP_BAD_SIGNAL);
    snprintf(
        json, room,
        "{\"type\":\"offer\",\"id\":\"s\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"},\"state\":\"%.*s\"}",
        (int)CLASP_CONFERENCE_STATE_MAX, filler);
    CHECK_EQ(hear(&b, json), CLASP_TOO_LARGE);
    free(json);
    free(filler);
    end(&b);
}

TEST(a_flood_of_ids_and_candidates_stays_within_the_bounds) {
    bench b = begin(CLASP_ROLE_RECEIVER, "{\"id\":\"r\"}");
    char json[160];
    for (int i = 0; i < 2000; i++) { /* ids that only ever send candidates: forgotten as others come */
        snprintf(json, sizeof json,
                 "{\"type\":\"candidate\",\"id\":\"c%d\",\"candidate\":{\"candidate\":\"x\"}}", i);
        CHECK_EQ(hear(&b, json), CLASP_OK);
    }
    for (int i = 0; i < 200; i++) {
        CHECK_EQ(hear(&b, "{\"type\":\"candidate\",\"id\":\"c1999\",\"candidate\":{\"candidate\":\"x\"}}"),
                 CLASP_OK);
    }
    CHECK_EQ(conference_by_id(b.c, span("c1999"))->early_count, CLASP_CANDIDATES);
    clasp_err last = CLASP_OK;
    for (int i = 0; i < 2000 && last == CLASP_OK; i++) { /* ids that claim to be Senders hold their slots */
        snprintf(json, sizeof json, "{\"type\":\"invoke\",\"id\":\"s%d\",\"ext\":1}", i);
        last = hear(&b, json);
    }
    CHECK_EQ(last, CLASP_LIMIT);
    tick(&b, 31); /* … until their time is over */
    tick(&b, 200);
    CHECK_EQ(hear(&b, "{\"type\":\"invoke\",\"id\":\"late\",\"ext\":1}"), CLASP_OK);
    end(&b);
}

static void whole_life(void *context) {
    (void)context;
    clasp_outbox out = {0};
    clasp_conference *c = clasp_conference_new(1, CLASP_ROLE_SENDER, 1, &out);
    if (c) {
        clasp_conference_start(c, span("{\"id\":\"s\",\"state\":{\"a\":1},\"dataChannel\":true}"), NOW);
        clasp_conference_signal(c, span("{\"type\":\"invoke\",\"id\":\"r\",\"ext\":1,\"credentials\":[1]}"),
                                NOW);
        const uint32_t peer = clasp_conference_find(c, span("r"));
        clasp_conference_link(c, peer, CLASP_LINK_LOCAL, 0, span("v=0"), NOW);
        clasp_conference_link(c, peer, CLASP_LINK_CANDIDATE, 0, span("{\"candidate\":\"x\"}"), NOW);
        clasp_conference_signal(
            c, span("{\"type\":\"candidate\",\"id\":\"r\",\"candidate\":{\"candidate\":\"x\"}}"), NOW);
        uint32_t reached;
        clasp_conference_send(c, 0, 1, &reached);
        clasp_conference_sync(c, span("{\"b\":1}"), true, NOW);
        clasp_conference_stop(c, NOW);
    }
    clasp_conference_free(c);
    clasp_outbox_deinit(&out);
}

TEST(no_failing_allocation_leaks_or_crashes) { CHECK(clasp_test_each_allocation(whole_life, NULL) > 20); }

int main(void) {
    RUN(a_pair_outside_the_table_changes_nothing);
    RUN(a_path_connects_once_and_heals_after_that);
    RUN(a_start_needs_an_id_and_sane_numbers);
    RUN(an_invoke_is_answered_by_an_offer_with_the_state);
    RUN(candidates_wait_for_the_answer);
    RUN(verify_is_asked_once_and_a_no_leaves_no_trace);
    RUN(messages_wait_for_the_channel_and_the_oldest_goes);
    RUN(messages_before_any_peer_go_to_the_first);
    RUN(sync_replaces_the_state_and_merge_its_members);
    RUN(an_unacknowledged_state_is_sent_again);
    RUN(a_broken_path_restarts_with_a_peer_of_ours);
    RUN(a_broken_path_ends_it_with_a_peer_of_another_make);
    RUN(a_silent_peer_is_given_up_unless_signalling_is_down);
    RUN(a_connection_that_never_comes_times_out);
    RUN(reports_of_an_earlier_life_are_refused);
    RUN(a_refused_step_ends_the_peer_and_a_refused_candidate_does_not);
    RUN(stop_says_goodbye_to_everybody_and_nothing_follows);
    RUN(a_receiver_asks_again_until_it_is_connected);
    RUN(an_offer_is_answered_and_a_known_one_answered_again);
    RUN(late_copies_of_a_closed_attempt_open_nothing);
    RUN(a_later_attempt_replaces_and_an_earlier_one_is_ignored);
    RUN(an_older_state_does_not_replace_a_newer_one);
    RUN(a_sender_of_another_make_is_served_plainly);
    RUN(bad_signals_are_refused_by_code_and_change_nothing);
    RUN(oversized_signals_are_refused);
    RUN(a_flood_of_ids_and_candidates_stays_within_the_bounds);
    RUN(no_failing_allocation_leaks_or_crashes);
    return check_summary();
}
