#include "session/steps.h"
#include "session_bench.h"

/* ---- the table ----------------------------------------------------------------------------------------------- */

TEST(every_pair_of_state_and_event_is_as_drawn) {
    /* rows: events in their order; columns: IDLE CONNECTING GREETING OPEN WAITING CLOSED. '-': not allowed */
    static const char *const NEXT[CLASP_SESSION_EVENT_COUNT] = {
        "1----1", /* OPEN */
        "-2----", /* SOCKET_OPENED */
        "--3---", /* WELCOMED */
        "-444--", /* LOST */
        "-555--", /* LOST_FOR_GOOD */
        "-444--", /* SILENT */
        "-555--", /* SILENT_FOR_GOOD */
        "----1-", /* RETRY */
        "-1111-", /* RENEW */
        "--55--", /* REFUSED */
        "55555-", /* CLOSE */
    };
    for (int event = 0; event < CLASP_SESSION_EVENT_COUNT; event++) {
        for (int state = 0; state < 6; state++) {
            const clasp_session_edge *edge =
                clasp_session_step((clasp_session_state)state, (clasp_session_event)event);
            CHECK_EQ(edge ? '0' + edge->to : '-', NEXT[event][state]);
        }
    }
}

/* ---- opening ------------------------------------------------------------------------------------------------- */

TEST(a_session_opens_by_hello_and_welcome) {
    begin();
    CHECK_EQ(clasp_session_deadline(bench.session), UINT64_MAX);
    CHECK_EQ(clasp_session_open(bench.session, &OPTIONS, bench.now_us), CLASP_OK);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SOCKET_OPEN, 0);
    CHECK(effect && effect->owner == HANDLE && talk_is(clasp_outbox_bytes(&bench.out, effect), "ws://relay"));
    CHECK(told_state(CLASP_SESSION_CONNECTING, CLASP_OK));
    CHECK_EQ(clasp_session_open(bench.session, &OPTIONS, bench.now_us), CLASP_BAD_STATE);

    clasp_outbox_clear(&bench.out);
    clasp_session_socket_opened(bench.session, bench.now_us);
    clasp_message hello;
    CHECK(sent(0, &hello) && hello.type == CLASP_MSG_HELLO && hello.version == 1);
    CHECK(talk_is(hello.name, "tester") && talk_is(hello.token, "cpsk_1") &&
          hello.features == OPTIONS.features);
    CHECK(told_state(CLASP_SESSION_GREETING, CLASP_OK));

    hear(&WELCOME);
    CHECK(told_state(CLASP_SESSION_OPEN, CLASP_OK));
    effect = talk_effect(&bench.out, CLASP_EFFECT_SESSION_STATE, 0);
    CHECK(talk_is(clasp_outbox_bytes(&bench.out, effect), "me"));
    hear(&WELCOME); /* once is enough */
    CHECK_EQ(bench.out.count, 0);
    end();
}

TEST(what_fits_no_hello_is_refused) {
    static uint8_t huge[65536];
    begin();
    clasp_session_options options = OPTIONS;
    options.token = (clasp_span){huge, sizeof huge};
    CHECK_EQ(clasp_session_open(bench.session, &options, bench.now_us), CLASP_TOO_LARGE);
    options.token.len = 65530;
    CHECK_EQ(clasp_session_open(bench.session, &options, bench.now_us), CLASP_TOO_LARGE);
    options = OPTIONS;
    options.url = (clasp_span){huge, CLASP_SESSION_URL_MAX + 1};
    CHECK_EQ(clasp_session_open(bench.session, &options, bench.now_us), CLASP_TOO_LARGE);
    CHECK_EQ(clasp_session_get_state(bench.session), CLASP_SESSION_IDLE);
    CHECK_EQ(bench.out.count, 0);
    end();
}

TEST(a_socket_that_never_opens_is_given_up) {
    begin();
    clasp_session_open(bench.session, &OPTIONS, bench.now_us);
    CHECK_EQ(clasp_session_deadline(bench.session), START + CLASP_SESSION_WELCOME_US);
    pass_to_deadline();
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0) != NULL);
    CHECK(told_state(CLASP_SESSION_WAITING, CLASP_TIMEOUT));
    end();
}

TEST(a_relay_that_says_no_welcome_is_given_up) {
    begin();
    clasp_session_open(bench.session, &OPTIONS, bench.now_us);
    bench.now_us += 3 * SECOND;
    clasp_session_socket_opened(bench.session, bench.now_us);
    const clasp_message news = set("/x", 1);
    hear(&news); /* nothing counts before WELCOME */
    CHECK_EQ(bench.out.count, 0);
    CHECK_EQ(clasp_session_deadline(bench.session), START + 3 * SECOND + CLASP_SESSION_WELCOME_US);
    pass_to_deadline();
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0) != NULL);
    CHECK(told_state(CLASP_SESSION_WAITING, CLASP_TIMEOUT));
    hear(&WELCOME); /* too late */
    CHECK_EQ(bench.out.count, 0);
    end();
}

/* ---- the way back -------------------------------------------------------------------------------------------- */

TEST(waits_grow_by_half_with_jitter_up_to_the_longest) {
    begin();
    clasp_session_open(bench.session, &OPTIONS, bench.now_us);
    double expected_ms = CLASP_SESSION_BACKOFF_MS;
    bool varies = false;
    for (int i = 0; i < 30; i++) {
        lose();
        CHECK(told_state(CLASP_SESSION_WAITING, CLASP_RELAY_UNREACHABLE));
        const double wait_ms = (double)(clasp_session_deadline(bench.session) - bench.now_us) / 1000;
        CHECK(wait_ms >= expected_ms * 0.74 && wait_ms <= expected_ms * 1.26);
        varies = varies || wait_ms < expected_ms * 0.95 || wait_ms > expected_ms * 1.05;
        expected_ms = expected_ms * 1.5 < CLASP_SESSION_BACKOFF_MAX_MS ? expected_ms * 1.5
                                                                       : CLASP_SESSION_BACKOFF_MAX_MS;
        pass_to_deadline();
        CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_OPEN, 0) != NULL);
        CHECK(told_state(CLASP_SESSION_CONNECTING, CLASP_OK));
    }
    CHECK(varies);
    end();
}

static uint64_t wait_after_loss(void) {
    lose();
    return clasp_session_deadline(bench.session) - bench.now_us;
}

TEST(only_a_session_that_lasted_makes_the_wait_short_again) {
    begin();
    clasp_session_open(bench.session, &OPTIONS, bench.now_us);
    for (int i = 0; i < 10; i++) {
        lose();
        pass_to_deadline();
    }
    clasp_session_socket_opened(bench.session, bench.now_us);
    hear(&WELCOME);
    bench.now_us += CLASP_SESSION_LASTED_US - 1;
    CHECK(wait_after_loss() > 5 * SECOND);
    pass_to_deadline();
    clasp_session_socket_opened(bench.session, bench.now_us);
    hear(&WELCOME);
    bench.now_us += CLASP_SESSION_LASTED_US;
    CHECK(wait_after_loss() < SECOND);
    end();
}

TEST(waits_are_as_asked_for) {
    begin();
    clasp_session_options options = OPTIONS;
    options.backoff_ms = 100;
    options.backoff_max_ms = 120;
    clasp_session_open(bench.session, &options, bench.now_us);
    CHECK(wait_after_loss() <= 125000);
    pass_to_deadline();
    CHECK(wait_after_loss() <= 150000);
    end();
}

TEST(hurry_cuts_the_wait_short) {
    begin();
    clasp_session_hurry(bench.session, bench.now_us);
    CHECK_EQ(bench.out.count, 0);
    clasp_session_open(bench.session, &OPTIONS, bench.now_us);
    lose();
    clasp_outbox_clear(&bench.out);
    clasp_session_hurry(bench.session, bench.now_us);
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_OPEN, 0) != NULL);
    CHECK(told_state(CLASP_SESSION_CONNECTING, CLASP_OK));
    end();
}

/* Opens with a round trip of 50 ms, and stays open for a while. */
static void open_with_round_trip(void) {
    clasp_session_open(bench.session, &OPTIONS, bench.now_us);
    clasp_session_socket_opened(bench.session, bench.now_us);
    bench.now_us += 50000;
    hear(&WELCOME);
    bench.now_us += SECOND;
    clasp_outbox_clear(&bench.out);
}

static bool replaced_the_socket(void) {
    const clasp_effect *closed = talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0);
    const clasp_effect *opened = talk_effect(&bench.out, CLASP_EFFECT_SOCKET_OPEN, 0);
    return closed && opened && closed < opened &&
           told_state(CLASP_SESSION_CONNECTING, CLASP_RELAY_UNREACHABLE);
}

TEST(a_renewal_replaces_the_socket_at_once_and_greets_on_it) {
    begin();
    open_with_round_trip();
    clasp_session_renew(bench.session, bench.now_us);
    CHECK(replaced_the_socket());
    clasp_outbox_clear(&bench.out);
    clasp_session_socket_opened(bench.session, bench.now_us);
    clasp_message hello;
    CHECK(sent(0, &hello) && hello.type == CLASP_MSG_HELLO);
    hear(&WELCOME);
    CHECK(told_state(CLASP_SESSION_OPEN, CLASP_OK));
    end();
}

TEST(reports_that_come_together_renew_once) {
    begin();
    open_with_round_trip();
    clasp_session_renew(bench.session, bench.now_us);
    clasp_outbox_clear(&bench.out);
    bench.now_us += CLASP_SESSION_RENEW_US - 1;
    clasp_session_renew(bench.session, bench.now_us);
    CHECK_EQ(bench.out.count, 0);
    bench.now_us += 1;
    clasp_session_renew(bench.session, bench.now_us);
    CHECK(replaced_the_socket());
    lose();
    clasp_outbox_clear(&bench.out);
    clasp_session_renew(bench.session, bench.now_us); /* of a wait nothing is lost */
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_OPEN, 0) != NULL);
    end();
}

TEST(after_a_renewal_failures_are_tried_again_quickly_then_as_usual) {
    begin();
    open_with_round_trip();
    clasp_session_renew(bench.session, bench.now_us);
    uint64_t patience_us = CLASP_SESSION_QUICK_ROUNDS * 50000 + CLASP_SESSION_QUICK_OPEN_US;
    uint64_t wait_us = CLASP_SESSION_QUICK_WAIT_US;
    for (uint32_t i = 0; i < CLASP_SESSION_QUICK_TRIES; i++) {
        CHECK_EQ(clasp_session_deadline(bench.session) - bench.now_us, patience_us);
        CHECK_EQ(wait_after_loss(), wait_us);
        pass_to_deadline();
        CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_OPEN, 0) != NULL);
        patience_us = patience_us * 2 < CLASP_SESSION_WELCOME_US ? patience_us * 2 : CLASP_SESSION_WELCOME_US;
        if ((i + 1) % CLASP_SESSION_QUICK_SAME == 0) {
            wait_us =
                wait_us * 2 < CLASP_SESSION_QUICK_WAIT_MAX_US ? wait_us * 2 : CLASP_SESSION_QUICK_WAIT_MAX_US;
        }
    }
    CHECK_EQ(clasp_session_deadline(bench.session) - bench.now_us, CLASP_SESSION_WELCOME_US);
    CHECK(wait_after_loss() >= UINT64_C(740) * CLASP_SESSION_BACKOFF_MS);
    end();
}

TEST(a_socket_of_a_renewal_that_does_not_open_soon_is_replaced) {
    begin();
    open_with_round_trip();
    clasp_session_renew(bench.session, bench.now_us);
    pass_to_deadline();
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0) != NULL);
    CHECK(told_state(CLASP_SESSION_WAITING, CLASP_TIMEOUT));
    pass_to_deadline();
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_OPEN, 0) != NULL);
    end();
}

TEST(a_check_without_any_answer_renews_the_session) {
    begin();
    open_with_round_trip();
    clasp_session_check(bench.session, bench.now_us);
    clasp_message ping;
    CHECK(sent(0, &ping) && ping.type == CLASP_MSG_PING);
    CHECK_EQ(clasp_session_deadline(bench.session) - bench.now_us, 2 * 50000 + CLASP_SESSION_CHECK_US);
    clasp_outbox_clear(&bench.out);
    clasp_session_check(bench.session, bench.now_us + 1); /* one runs */
    CHECK_EQ(bench.out.count, 0);
    pass_to_deadline();
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_OPEN, 0) != NULL);
    CHECK(told_state(CLASP_SESSION_CONNECTING, CLASP_TIMEOUT));
    end();
}

TEST(anything_that_is_heard_ends_a_check) {
    begin();
    open_with_round_trip();
    clasp_session_check(bench.session, bench.now_us);
    const clasp_message news = set("/x", 1);
    hear(&news);
    clasp_outbox_clear(&bench.out);
    bench.now_us += SECOND;
    clasp_session_tick(bench.session, bench.now_us);
    CHECK_EQ(bench.out.count, 0);
    clasp_session_check(bench.session, bench.now_us); /* and the next one may run */
    clasp_message ping;
    CHECK(sent(0, &ping) && ping.type == CLASP_MSG_PING);
    end();
}

TEST(without_reconnect_nothing_is_renewed_and_a_failed_check_is_the_end) {
    clasp_session_options options = OPTIONS;
    options.reconnect = false;
    begin();
    clasp_session_renew(bench.session, bench.now_us); /* nor before it is opened */
    clasp_session_check(bench.session, bench.now_us);
    CHECK_EQ(bench.out.count, 0);
    clasp_session_open(bench.session, &options, bench.now_us);
    clasp_session_socket_opened(bench.session, bench.now_us);
    hear(&WELCOME);
    clasp_outbox_clear(&bench.out);
    clasp_session_renew(bench.session, bench.now_us);
    CHECK_EQ(bench.out.count, 0);
    clasp_session_check(bench.session, bench.now_us);
    pass_to_deadline();
    CHECK(told_state(CLASP_SESSION_CLOSED, CLASP_TIMEOUT));
    end();
}

TEST(without_reconnect_a_loss_is_the_end) {
    clasp_session_options options = OPTIONS;
    options.reconnect = false;
    begin();
    open_with(&options);
    lose();
    CHECK(told_state(CLASP_SESSION_CLOSED, CLASP_RELAY_UNREACHABLE));
    CHECK_EQ(clasp_session_deadline(bench.session), UINT64_MAX);
    open_with(&options); /* and may begin again */
    pass_to_deadline();  /* PING */
    pass_to_deadline();
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0) != NULL);
    CHECK(told_state(CLASP_SESSION_CLOSED, CLASP_TIMEOUT));
    end();
}

TEST(after_a_loss_subscriptions_come_first_then_what_waited) {
    begin_open();
    const uint32_t a = subscribe("/a/*", CLASP_TYPE_EVENT);
    const uint32_t b = subscribe("/b", CLASP_TYPE_ALL);
    const uint32_t c = subscribe("/c", CLASP_TYPE_ALL);
    CHECK_EQ(clasp_session_unsubscribe(bench.session, b, bench.now_us), CLASP_OK);
    lose();
    const clasp_message first = publish("/one"), second = set("/two", 2);
    CHECK_EQ(send(&first), CLASP_OK);
    CHECK_EQ(send(&second), CLASP_OK);
    CHECK_EQ(bench.out.count, 0);
    pass_to_deadline();
    clasp_session_socket_opened(bench.session, bench.now_us);
    hear(&WELCOME);
    clasp_message message;
    CHECK(sent(0, &message) && message.type == CLASP_MSG_SUBSCRIBE && message.id == a);
    CHECK(talk_is(message.address, "/a/*") && message.types == CLASP_TYPE_EVENT);
    CHECK(sent(1, &message) && message.type == CLASP_MSG_SUBSCRIBE && message.id == c);
    CHECK(message.types == CLASP_TYPE_ALL);
    CHECK(sent(2, &message) && message.type == CLASP_MSG_PUBLISH && talk_is(message.address, "/one"));
    CHECK(sent(3, &message) && message.type == CLASP_MSG_SET && talk_is(message.address, "/two"));
    CHECK(!sent(4, &message));
    end();
}

/* ---- the queue ----------------------------------------------------------------------------------------------- */

TEST(what_is_too_old_goes) {
    begin();
    const clasp_message old = publish("/old"), young = publish("/young");
    CHECK_EQ(send(&old), CLASP_OK); /* not even opened yet */
    bench.now_us += 2 * SECOND;
    CHECK_EQ(send(&young), CLASP_OK);
    bench.now_us = START + CLASP_SESSION_QUEUE_AGE_US + SECOND;
    open_with(&OPTIONS);
    clasp_message message;
    CHECK(sent(0, &message) && talk_is(message.address, "/young"));
    CHECK(!sent(1, &message));
    end();
}

TEST(the_queue_is_bounded_and_says_so) {
    begin();
    static uint8_t bytes[1002];
    clasp_store_u16(bytes, 1000);
    clasp_message message = publish("/x");
    message.value = (clasp_value){{bytes, sizeof bytes}, CLASP_VALUE_BYTES};
    unsigned taken = 0;
    while (taken < 1000 && send(&message) == CLASP_OK) {
        taken++;
    }
    CHECK(taken > 200 && taken * 1000 < CLASP_SESSION_QUEUE_BYTES);
    CHECK_EQ(send(&message), CLASP_QUEUE_FULL);
    bench.now_us += CLASP_SESSION_QUEUE_AGE_US + 1; /* the old ones go: room again */
    CHECK_EQ(send(&message), CLASP_OK);
    open_with(&OPTIONS);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_SOCKET_SEND), 1);
    end();
}

TEST(only_what_a_client_says_can_be_sent) {
    begin_open();
    const clasp_message welcome = WELCOME, hello = {.type = CLASP_MSG_HELLO}, nonsense = {.type = 0xEE};
    const clasp_message get = {.type = CLASP_MSG_GET, .address = clasp_span_of("/x")};
    const clasp_message bad = publish("/x/*"), bad_set = set("x", 1);
    CHECK_EQ(send(&welcome), CLASP_BAD_STATE);
    CHECK_EQ(send(&hello), CLASP_BAD_STATE);
    CHECK_EQ(send(&nonsense), CLASP_BAD_STATE);
    CHECK_EQ(send(&bad), CLASP_BAD_ADDRESS);
    CHECK_EQ(send(&bad_set), CLASP_BAD_ADDRESS);
    CHECK_EQ(send(&get), CLASP_OK);
    CHECK(sent_type(0, CLASP_MSG_GET));
    static uint8_t bytes[65535];
    clasp_store_u16(bytes, 65533);
    clasp_message large = publish("/x");
    large.value = (clasp_value){{bytes, sizeof bytes}, CLASP_VALUE_BYTES};
    CHECK_EQ(send(&large), CLASP_TOO_LARGE);
    CHECK_EQ(bench.out.count, 0);
    lose();
    CHECK_EQ(send(&get), CLASP_NOT_CONNECTED); /* a question does not wait */
    end();
}

/* ---- closing ------------------------------------------------------------------------------------------------- */

TEST(close_is_final_and_idempotent) {
    begin_open();
    const uint32_t sub = subscribe("/x", CLASP_TYPE_ALL);
    clasp_outbox_clear(&bench.out);
    clasp_session_close(bench.session, bench.now_us);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0);
    CHECK(effect && effect->a == 1000);
    CHECK(told_state(CLASP_SESSION_CLOSED, CLASP_OK));
    clasp_outbox_clear(&bench.out);
    clasp_session_close(bench.session, bench.now_us);
    clasp_session_socket_closed(bench.session, 1000, bench.now_us);
    clasp_session_hurry(bench.session, bench.now_us);
    clasp_session_tick(bench.session, bench.now_us + 1000 * SECOND);
    hear(&WELCOME);
    CHECK_EQ(bench.out.count, 0);
    const clasp_message message = publish("/x");
    CHECK_EQ(send(&message), CLASP_BAD_STATE);
    open_with(&OPTIONS); /* subscriptions stay for a later open */
    clasp_message again;
    CHECK(sent(0, &again) && again.type == CLASP_MSG_SUBSCRIBE && again.id == sub);
    end();
}

TEST(close_drops_what_waits) {
    begin();
    const clasp_message message = publish("/x");
    CHECK_EQ(send(&message), CLASP_OK);
    clasp_session_close(bench.session, bench.now_us);
    open_with(&OPTIONS);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_SOCKET_SEND), 0);
    end();
}

TEST(a_relay_that_refuses_us_is_not_tried_again) {
    static const uint16_t CODES[] = {300, 302};
    for (size_t i = 0; i < 2; i++) {
        begin();
        clasp_session_open(bench.session, &OPTIONS, bench.now_us);
        clasp_session_socket_opened(bench.session, bench.now_us);
        const clasp_message error = {
            .type = CLASP_MSG_ERROR, .code = CODES[i], .name = clasp_span_of("go away")};
        hear(&error);
        const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SESSION_ERROR, 0);
        CHECK(effect && effect->a == CODES[i] && talk_is(clasp_outbox_bytes(&bench.out, effect), "go away"));
        CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0) != NULL);
        CHECK(told_state(CLASP_SESSION_CLOSED, CLASP_RELAY_REFUSED));
        CHECK_EQ(clasp_session_deadline(bench.session), UINT64_MAX);
        end();
    }
}

TEST(other_errors_are_told_and_the_session_goes_on) {
    begin_open();
    const clasp_message error = {.type = CLASP_MSG_ERROR, .code = 401, .name = clasp_span_of("locked")};
    hear(&error);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SESSION_ERROR, 0);
    CHECK(effect && effect->a == 401 && (clasp_err)effect->b == CLASP_RELAY_REFUSED);
    CHECK(effect && effect->number == 0 && talk_is(clasp_outbox_bytes(&bench.out, effect), "locked"));
    CHECK_EQ(bench.out.count, 1);
    CHECK_EQ(clasp_session_get_state(bench.session), CLASP_SESSION_OPEN);
    end();
}

TEST(an_error_tells_the_address_that_it_names_before_its_words) {
    begin_open();
    const clasp_message error = {.type = CLASP_MSG_ERROR,
                                 .has = CLASP_HAS_ADDRESS,
                                 .code = 404,
                                 .address = clasp_span_of("/clasp/p2p/signal/s"),
                                 .name = clasp_span_of("gone")};
    hear(&error);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SESSION_ERROR, 0);
    CHECK(effect && effect->a == 404 && effect->number == 19);
    CHECK(effect && talk_is(clasp_outbox_bytes(&bench.out, effect), "/clasp/p2p/signal/sgone"));
    end();
}

TEST(malformed_frames_are_told_and_the_session_goes_on) {
    begin_open();
    static const uint8_t BYTES[] = {0x53, 1, 0, 4, 0x22, 0, 1, 0xFF};
    clasp_session_received(bench.session, (clasp_span){BYTES, sizeof BYTES}, bench.now_us);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SESSION_ERROR, 0);
    CHECK(effect && effect->a == 0 && (clasp_err)effect->b == CLASP_BAD_UTF8);
    CHECK_EQ(clasp_session_get_state(bench.session), CLASP_SESSION_OPEN);
    end();
}

/* ---- keep-alive ---------------------------------------------------------------------------------------------- */

TEST(a_quiet_session_is_tried_with_a_ping) {
    begin_open();
    CHECK_EQ(clasp_session_deadline(bench.session), START + CLASP_SESSION_QUIET_US);
    pass_to_deadline();
    CHECK(sent_type(0, CLASP_MSG_PING));
    CHECK_EQ(clasp_session_deadline(bench.session), bench.now_us + CLASP_SESSION_ANSWER_US);
    bench.now_us += SECOND;
    const clasp_message pong = {.type = CLASP_MSG_PONG};
    hear(&pong);
    CHECK_EQ(bench.out.count, 0);
    CHECK_EQ(clasp_session_deadline(bench.session), START + CLASP_SESSION_QUIET_US + CLASP_SESSION_QUIET_US);
    end();
}

TEST(a_session_without_an_answer_is_given_up) {
    begin_open();
    pass_to_deadline();
    pass_to_deadline();
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_SOCKET_CLOSE, 0) != NULL);
    CHECK(told_state(CLASP_SESSION_WAITING, CLASP_TIMEOUT));
    end();
}

TEST(traffic_both_ways_needs_no_ping_and_one_way_does) {
    begin_open();
    const clasp_message news = set("/x", 1), own = publish("/x");
    for (int i = 0; i < 5; i++) {
        bench.now_us += 10 * SECOND;
        hear(&news);
        send(&own);
    }
    CHECK_EQ(clasp_session_deadline(bench.session), bench.now_us + CLASP_SESSION_QUIET_US);
    bench.now_us += 10 * SECOND;
    hear(&news); /* only they speak: the relay must hear of us, too */
    bench.now_us += 5 * SECOND;
    clasp_session_tick(bench.session, bench.now_us);
    CHECK(sent_type(0, CLASP_MSG_PING));
    end();
}

TEST(a_ping_is_answered) {
    begin_open();
    const clasp_message ping = {.type = CLASP_MSG_PING};
    hear(&ping);
    CHECK(sent_type(0, CLASP_MSG_PONG));
    end();
}

int main(void) {
    RUN(every_pair_of_state_and_event_is_as_drawn);
    RUN(a_session_opens_by_hello_and_welcome);
    RUN(what_fits_no_hello_is_refused);
    RUN(a_socket_that_never_opens_is_given_up);
    RUN(a_relay_that_says_no_welcome_is_given_up);
    RUN(waits_grow_by_half_with_jitter_up_to_the_longest);
    RUN(only_a_session_that_lasted_makes_the_wait_short_again);
    RUN(waits_are_as_asked_for);
    RUN(hurry_cuts_the_wait_short);
    RUN(a_renewal_replaces_the_socket_at_once_and_greets_on_it);
    RUN(reports_that_come_together_renew_once);
    RUN(after_a_renewal_failures_are_tried_again_quickly_then_as_usual);
    RUN(a_socket_of_a_renewal_that_does_not_open_soon_is_replaced);
    RUN(a_check_without_any_answer_renews_the_session);
    RUN(anything_that_is_heard_ends_a_check);
    RUN(without_reconnect_nothing_is_renewed_and_a_failed_check_is_the_end);
    RUN(without_reconnect_a_loss_is_the_end);
    RUN(after_a_loss_subscriptions_come_first_then_what_waited);
    RUN(what_is_too_old_goes);
    RUN(the_queue_is_bounded_and_says_so);
    RUN(only_what_a_client_says_can_be_sent);
    RUN(close_is_final_and_idempotent);
    RUN(close_drops_what_waits);
    RUN(a_relay_that_refuses_us_is_not_tried_again);
    RUN(other_errors_are_told_and_the_session_goes_on);
    RUN(an_error_tells_the_address_that_it_names_before_its_words);
    RUN(malformed_frames_are_told_and_the_session_goes_on);
    RUN(a_quiet_session_is_tried_with_a_ping);
    RUN(a_session_without_an_answer_is_given_up);
    RUN(traffic_both_ways_needs_no_ping_and_one_way_does);
    RUN(a_ping_is_answered);
    return check_summary();
}
