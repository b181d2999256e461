#include "wasm/abi.h"

#include <math.h>

#include "base/limits.h"
#include "check.h"
#include "peer/conference.h"
#include "session/session.h"
#include "wire/message.h"

#define NOW 1e15

static uint32_t put(const void *bytes, size_t len) {
    uint8_t *inbox = clasp_inbox((uint32_t)len);
    if (CHECK(inbox != NULL)) {
        memcpy(inbox, bytes, len);
    }
    return (uint32_t)len;
}

static uint32_t put_text(const char *text) { return put(text, strlen(text)); }

static int32_t tell_conference(uint32_t handle, uint32_t event, uint32_t peer, uint32_t b,
                               const char *input) {
    return clasp_abi_conference_event(handle, event, peer, b, put_text(input), NOW);
}

static uint32_t new_conference(clasp_role role) {
    const int32_t handle = clasp_abi_conference_new((uint32_t)role);
    CHECK(handle > 0);
    return (uint32_t)handle;
}

static uint32_t new_session(void) {
    const int32_t handle = clasp_abi_session_new();
    CHECK(handle > 0);
    return (uint32_t)handle;
}

/* The first effect of this kind in the outbox; NULL: none. */
static const clasp_effect *effect_of(clasp_effect_kind kind) {
    for (uint32_t i = 0; i < clasp_outbox_count(); i++) {
        if (clasp_outbox_effects()[i].kind == (uint32_t)kind) {
            return clasp_outbox_effects() + i;
        }
    }
    return NULL;
}

TEST(nothing_begins_before_the_seed) {
    CHECK_EQ(clasp_abi_session_new(), CLASP_BAD_STATE);
    CHECK_EQ(clasp_abi_conference_new(CLASP_ROLE_SENDER), CLASP_BAD_STATE);
    clasp_seed(1, 2, 3, 4);
    CHECK_EQ(clasp_abi_session_free(new_session()), CLASP_OK);
}

TEST(a_handle_names_one_thing_of_one_kind_for_one_life) {
    const uint32_t session = new_session();
    const uint32_t conference = new_conference(CLASP_ROLE_SENDER);
    CHECK(session != conference);
    CHECK_EQ(clasp_abi_session_free(conference), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_abi_conference_free(session), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_abi_session_free(session), CLASP_OK);
    CHECK_EQ(clasp_abi_session_free(session), CLASP_BAD_HANDLE);
    const uint32_t again = new_session(); /* in the same slot */
    CHECK(again != session);
    CHECK_EQ(clasp_abi_session_event(session, CLASP_SESSION_EVENT_CLOSE, 0, 0, 0, NOW), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_abi_session_event(again, CLASP_SESSION_EVENT_CLOSE, 0, 0, 0, NOW), CLASP_OK);
    CHECK_EQ(clasp_abi_session_event(0, CLASP_SESSION_EVENT_CLOSE, 0, 0, 0, NOW), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_abi_session_event(UINT32_MAX, CLASP_SESSION_EVENT_CLOSE, 0, 0, 0, NOW), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_abi_session_free(again), CLASP_OK);
    CHECK_EQ(clasp_abi_conference_free(conference), CLASP_OK);
    clasp_outbox_done();
}

TEST(sessions_and_conferences_are_bounded_apart) {
    uint32_t sessions[CLASP_ABI_SESSIONS];
    uint32_t conferences[CLASP_ABI_CONFERENCES];
    for (uint32_t i = 0; i < CLASP_ABI_SESSIONS; i++) {
        sessions[i] = new_session();
    }
    CHECK_EQ(clasp_abi_session_new(), CLASP_LIMIT);
    for (uint32_t i = 0; i < CLASP_ABI_CONFERENCES; i++) {
        conferences[i] = new_conference(CLASP_ROLE_RECEIVER);
    }
    CHECK_EQ(clasp_abi_conference_new(CLASP_ROLE_RECEIVER), CLASP_LIMIT);
    for (uint32_t i = 0; i < CLASP_ABI_SESSIONS; i++) {
        CHECK_EQ(clasp_abi_session_free(sessions[i]), CLASP_OK);
    }
    for (uint32_t i = 0; i < CLASP_ABI_CONFERENCES; i++) {
        CHECK_EQ(clasp_abi_conference_free(conferences[i]), CLASP_OK);
    }
}

TEST(numbers_of_no_event_and_no_role_are_refused) {
    const uint32_t session = new_session();
    const uint32_t conference = new_conference(CLASP_ROLE_SENDER);
    CHECK_EQ(clasp_abi_conference_new(2), CLASP_BAD_ENUM);
    CHECK_EQ(clasp_abi_session_event(session, 99, 0, 0, 0, NOW), CLASP_BAD_ENUM);
    CHECK_EQ(clasp_abi_conference_event(conference, 99, 0, 0, 0, NOW), CLASP_BAD_ENUM);
    CHECK_EQ(tell_conference(conference, CLASP_CONFERENCE_EVENT_LINK, 1, 0xFF, ""), CLASP_BAD_ENUM);
    clasp_abi_session_free(session);
    clasp_abi_conference_free(conference);
}

TEST(open_takes_url_name_token_and_back_off_from_its_numbers) {
    const uint32_t session = new_session();
    const uint32_t len = put_text("ws://xnametoken");
    const uint32_t a = CLASP_FEATURE_EVENT | 1u << 8 | 250u << 9;
    CHECK_EQ(clasp_abi_session_event(session, CLASP_SESSION_EVENT_OPEN, a, 60u << 16 | 4, len, NOW),
             CLASP_TRUNCATED);
    CHECK_EQ(clasp_outbox_count(), 0);
    CHECK_EQ(clasp_abi_session_event(session, CLASP_SESSION_EVENT_OPEN, a, 6u << 16 | 4, len, NOW), CLASP_OK);
    const clasp_effect *open = effect_of(CLASP_EFFECT_SOCKET_OPEN);
    if (CHECK(open != NULL)) {
        CHECK_EQ(open->owner, session);
        CHECK_BYTES(clasp_outbox_data() + open->at, open->len, "ws://x", 6);
    }
    CHECK_EQ(clasp_outbox_done(), CLASP_OK);
    CHECK_EQ(clasp_abi_session_event(session, CLASP_SESSION_EVENT_SOCKET_CLOSED, 1006, 0, 0, NOW), CLASP_OK);
    const double wait_us = clasp_deadline() - NOW;
    CHECK(wait_us > 100e3 && wait_us < 500e3); /* 250 ms, give or take the jitter */
    clasp_abi_session_free(session);
    clasp_outbox_done();
}

TEST(what_is_published_is_one_checked_value) {
    static const struct {
        const char *bytes; /* "/a", then the value */
        uint32_t len;
        uint32_t signal;
        clasp_err err;
    } CASES[] = {
        {"/a\x01\x01", 4, CLASP_SIGNAL_EVENT, CLASP_OK},
        {"/a", 2, CLASP_SIGNAL_EVENT, CLASP_OK},
        {"/a\x01", 3, CLASP_SIGNAL_EVENT, CLASP_TRUNCATED},
        {"/a\x0C", 3, CLASP_SIGNAL_EVENT, CLASP_BAD_VALUE_TYPE},
        {"/a\x01\x01\x00", 5, CLASP_SIGNAL_EVENT, CLASP_BAD_VALUE_TYPE},
        {"/a\x01\x01", 4, CLASP_SIGNAL_TIMELINE + 1, CLASP_BAD_ENUM},
        {"a/\x01\x01", 4, CLASP_SIGNAL_EVENT, CLASP_BAD_ADDRESS},
        {"/", 1, CLASP_SIGNAL_EVENT, CLASP_TRUNCATED},
    };
    const uint32_t session = new_session();
    const uint32_t url_len = put_text("ws://x");
    clasp_abi_session_event(session, CLASP_SESSION_EVENT_OPEN, 0, url_len << 16, url_len, NOW);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        CHECK_CONTEXT(CASES[i].bytes);
        const uint32_t len = put(CASES[i].bytes, CASES[i].len);
        CHECK_EQ(clasp_abi_session_event(session, CLASP_SESSION_EVENT_PUBLISH, CASES[i].signal, 2, len, NOW),
                 CASES[i].err);
    }
    CHECK_CONTEXT(NULL);
    CHECK_EQ(clasp_abi_session_event(session, CLASP_SESSION_EVENT_SET, 0, 2, put_text("/a"), NOW),
             CLASP_TRUNCATED);
    clasp_abi_session_free(session);
    clasp_outbox_done();
}

TEST(subscribe_answers_with_the_id_that_unsubscribe_takes) {
    const uint32_t session = new_session();
    const int32_t first = clasp_abi_session_event(session, CLASP_SESSION_EVENT_SUBSCRIBE, CLASP_TYPE_EVENT, 0,
                                                  put_text("/a/*"), NOW);
    CHECK(first >= 0);
    CHECK(clasp_abi_session_event(session, CLASP_SESSION_EVENT_SUBSCRIBE, CLASP_TYPE_EVENT, 0, put_text("/b"),
                                  NOW) != first);
    CHECK_EQ(clasp_abi_session_event(session, CLASP_SESSION_EVENT_SUBSCRIBE, 0, 0, put_text("no"), NOW),
             CLASP_BAD_PATTERN);
    CHECK_EQ(clasp_abi_session_event(session, CLASP_SESSION_EVENT_UNSUBSCRIBE, (uint32_t)first, 0, 0, NOW),
             CLASP_OK);
    CHECK(clasp_abi_session_event(session, CLASP_SESSION_EVENT_UNSUBSCRIBE, (uint32_t)first, 0, 0, NOW) < 0);
    clasp_abi_session_free(session);
    clasp_outbox_done();
}

TEST(the_deadline_is_the_earliest_and_tick_reaches_its_owner) {
    CHECK(isinf(clasp_deadline()));
    const uint32_t first = new_conference(CLASP_ROLE_RECEIVER);
    const uint32_t second = new_conference(CLASP_ROLE_RECEIVER);
    CHECK_EQ(tell_conference(first, CLASP_CONFERENCE_EVENT_START, 0, 0, "{\"id\":\"a\"}"), CLASP_OK);
    const double alone = clasp_deadline();
    CHECK(alone > NOW && !isinf(alone));
    CHECK_EQ(clasp_abi_conference_event(second, CLASP_CONFERENCE_EVENT_START, 0, 0,
                                        put_text("{\"id\":\"b\"}"), NOW - 10e6),
             CLASP_OK);
    CHECK(clasp_deadline() < alone);
    clasp_outbox_done();
    clasp_tick(alone); /* both are due */
    bool ticked[2] = {false, false};
    for (uint32_t i = 0; i < clasp_outbox_count(); i++) {
        ticked[clasp_outbox_effects()[i].owner == second] = true;
    }
    CHECK(ticked[0] && ticked[1]);
    CHECK(clasp_deadline() > alone);
    clasp_abi_conference_free(first);
    clasp_abi_conference_free(second);
    CHECK(isinf(clasp_deadline()));
    clasp_outbox_done();
}

TEST(the_events_of_a_conference_do_what_its_functions_do) {
    const uint32_t sender = new_conference(CLASP_ROLE_SENDER);
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_SEND, 0, 7, ""), CLASP_BAD_STATE);
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_START, 0, 0, "{"), CLASP_BAD_JSON);
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_START, 0, 0, "{\"id\":\"s\",\"verify\":true}"),
             CLASP_OK);
    clasp_outbox_done();
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_SEND, 0, 7, ""),
             0); /* it waits for the first peer */
    CHECK_EQ(
        tell_conference(sender, CLASP_CONFERENCE_EVENT_SIGNAL, 0, 0, "{\"type\":\"invoke\",\"id\":\"r\"}"),
        CLASP_OK);
    const clasp_effect *verify = effect_of(CLASP_EFFECT_VERIFY);
    if (!CHECK(verify != NULL)) {
        return;
    }
    const uint32_t peer = verify->a;
    clasp_outbox_done();
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_VERIFIED, peer, 1, ""), CLASP_OK);
    CHECK(effect_of(CLASP_EFFECT_LINK_OPEN) != NULL && effect_of(CLASP_EFFECT_LINK_OFFER) != NULL);
    clasp_outbox_done();
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_SEND, 0, 8, ""), 1);
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_LINK, peer, CLASP_LINK_CHANNEL_OPEN, ""),
             CLASP_OK);
    const clasp_effect *transmit = effect_of(CLASP_EFFECT_TRANSMIT);
    CHECK(transmit != NULL && transmit->a == peer && transmit->b == 7);
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_DISPOSE, peer, 0, ""), CLASP_OK);
    CHECK(effect_of(CLASP_EFFECT_PEER_DISPOSED) != NULL);
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_LINK, peer, CLASP_LINK_CONNECTED, ""),
             CLASP_BAD_HANDLE);
    CHECK_EQ(tell_conference(sender, CLASP_CONFERENCE_EVENT_STOP, 0, 0, ""), CLASP_OK);
    clasp_abi_conference_free(sender);
    clasp_outbox_done();
}

int main(void) {
    RUN(nothing_begins_before_the_seed);
    RUN(a_handle_names_one_thing_of_one_kind_for_one_life);
    RUN(sessions_and_conferences_are_bounded_apart);
    RUN(numbers_of_no_event_and_no_role_are_refused);
    RUN(open_takes_url_name_token_and_back_off_from_its_numbers);
    RUN(what_is_published_is_one_checked_value);
    RUN(subscribe_answers_with_the_id_that_unsubscribe_takes);
    RUN(the_deadline_is_the_earliest_and_tick_reaches_its_owner);
    RUN(the_events_of_a_conference_do_what_its_functions_do);
    return check_summary();
}
