/* The signal that a session sends itself, so that no relay forgets it, and what a refusal of it means. */
#include "session_bench.h"

#define OWN "/clasp/p2p/signal/me"

/* The signal as a relay passes it on. */
static clasp_message echo(void) {
    return (clasp_message){
        .type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_EVENT, .address = clasp_span_of(OWN)};
}

/* The n-th message that was sent is the signal to ourselves. */
static bool sent_echo(uint32_t n) {
    clasp_message message;
    return sent(n, &message) && message.type == CLASP_MSG_PUBLISH && talk_is(message.address, OWN) &&
           (message.has & CLASP_HAS_VALUE) == 0;
}

static clasp_message refusal(uint16_t code, const char *address) {
    return (clasp_message){.type = CLASP_MSG_ERROR,
                           .has = CLASP_HAS_ADDRESS,
                           .code = code,
                           .name = clasp_span_of("no such session"),
                           .address = clasp_span_of(address)};
}

TEST(a_session_to_which_nothing_is_passed_on_signals_itself) {
    begin_open();
    pass_to_deadline();
    CHECK_EQ(bench.now_us, START + CLASP_SESSION_ECHO_US);
    CHECK(sent_type(0, CLASP_MSG_PING));
    CHECK(sent_echo(1));
    end();
}

TEST(answers_are_nothing_that_was_passed_on) {
    begin_open();
    const clasp_message own = set("/x", 1), pong = {.type = CLASP_MSG_PONG}, ack = {.type = CLASP_MSG_ACK};
    for (int i = 0; i < 2; i++) {
        bench.now_us += CLASP_SESSION_ECHO_US / 2;
        CHECK_EQ(clasp_session_deadline(bench.session), START + CLASP_SESSION_ECHO_US);
        send(&own);
        hear(&ack);
        hear(&pong);
    }
    clasp_outbox_clear(&bench.out);
    clasp_session_tick(bench.session, bench.now_us);
    CHECK(sent_echo(0)); /* without a PING: both directions speak */
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_SOCKET_SEND), 1);
    end();
}

TEST(what_is_passed_on_makes_the_signal_wait) {
    begin_open();
    const clasp_message news[] = {set("/x", 1), publish("/x"), echo()};
    for (size_t i = 0; i < sizeof news / sizeof *news; i++) {
        bench.now_us += SECOND;
        hear(&news[i]);
        const clasp_message own = set("/y", 1);
        send(&own);
        CHECK_EQ(clasp_session_deadline(bench.session), bench.now_us + CLASP_SESSION_ECHO_US);
    }
    end();
}

TEST(the_signal_is_told_to_nobody_and_others_at_its_address_are) {
    begin_open();
    subscribe(OWN, CLASP_TYPE_ALL);
    const clasp_message own = echo(), other = publish(OWN);
    hear(&own);
    CHECK_EQ(bench.out.count, 0);
    hear(&other);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_DELIVER), 1);
    end();
}

TEST(a_relay_that_has_forgotten_the_session_is_left_and_met_again) {
    begin_open();
    pass_to_deadline();
    const clasp_message forgotten = refusal(404, OWN);
    hear(&forgotten);
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0) != NULL);
    CHECK(told_state(CLASP_SESSION_WAITING, CLASP_TIMEOUT));
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_SESSION_ERROR), 0);
    pass_to_deadline();
    clasp_session_socket_opened(bench.session, bench.now_us);
    hear(&WELCOME);
    CHECK(told_state(CLASP_SESSION_OPEN, CLASP_OK));
    end();
}

TEST(other_errors_say_nothing_of_the_session) {
    begin_open();
    const clasp_message others[] = {refusal(404, "/clasp/p2p/signal/other"), refusal(403, OWN),
                                    refusal(429, OWN)};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        hear(&others[i]);
        CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_SESSION_ERROR), 1);
        CHECK_EQ(clasp_session_get_state(bench.session), CLASP_SESSION_OPEN);
    }
    end();
}

TEST(a_relay_that_forbids_the_signal_is_not_asked_again) {
    const clasp_message pong = {.type = CLASP_MSG_PONG};
    static const uint16_t CODES[] = {301, 403};
    for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++) {
        begin_open();
        pass_to_deadline();
        const clasp_message forbidden = refusal(CODES[i], OWN);
        hear(&forbidden);
        CHECK_EQ(bench.out.count, 0);
        hear(&pong);
        pass_to_deadline();
        CHECK(sent_type(0, CLASP_MSG_PING));
        CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_SOCKET_SEND), 1);
        end();
    }
}

TEST(a_relay_that_does_not_know_signals_is_kept) {
    begin_open();
    const clasp_message pong = {.type = CLASP_MSG_PONG};
    for (int i = 0; i < 4; i++) {
        pass_to_deadline();
        CHECK(sent_type(0, CLASP_MSG_PING) && sent_echo(1));
        hear(&pong);
        CHECK_EQ(clasp_session_get_state(bench.session), CLASP_SESSION_OPEN);
    }
    end();
}

TEST(an_id_that_is_no_segment_gets_no_signal) {
    static uint8_t long_id[CLASP_SESSION_ID_MAX + 1];
    memset(long_id, 'a', sizeof long_id);
    const clasp_span ids[] = {
        clasp_span_of(""), clasp_span_of("a*"), clasp_span_of("/x"), {long_id, sizeof long_id}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        begin();
        clasp_session_open(bench.session, &OPTIONS, bench.now_us);
        clasp_session_socket_opened(bench.session, bench.now_us);
        clasp_message welcome = WELCOME;
        welcome.session = ids[i];
        hear(&welcome);
        pass_to_deadline();
        CHECK(sent_type(0, CLASP_MSG_PING));
        CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_SOCKET_SEND), 1);
        end();
    }
}

int main(void) {
    RUN(a_session_to_which_nothing_is_passed_on_signals_itself);
    RUN(answers_are_nothing_that_was_passed_on);
    RUN(what_is_passed_on_makes_the_signal_wait);
    RUN(the_signal_is_told_to_nobody_and_others_at_its_address_are);
    RUN(a_relay_that_has_forgotten_the_session_is_left_and_met_again);
    RUN(other_errors_say_nothing_of_the_session);
    RUN(a_relay_that_forbids_the_signal_is_not_asked_again);
    RUN(a_relay_that_does_not_know_signals_is_kept);
    RUN(an_id_that_is_no_segment_gets_no_signal);
    return check_summary();
}
