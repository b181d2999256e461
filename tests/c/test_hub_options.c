/* The options of a subscription: max rate and epsilon. (history and window are the journal's.) */
#include "alloc.h"
#include "hub_bench.h"

#define TENTH (SECOND / 10)

static uint32_t a, b; /* a writes, b listens */

static void listen(uint32_t session, uint32_t id, const char *pattern, uint32_t rate, double epsilon) {
    clasp_message message = subscribe(id, pattern);
    message.has = (rate > 0 ? CLASP_HAS_MAX_RATE : 0) | (epsilon > 0 ? CLASP_HAS_EPSILON : 0);
    message.rate = rate;
    message.epsilon = epsilon;
    say(session, &message);
}

static void begin_listening(uint32_t rate, double epsilon) {
    begin();
    a = join();
    b = join();
    listen(b, 1, "/x/**", rate, epsilon);
}

static void stream(const char *address, double number) {
    clasp_message message = publish(address, CLASP_SIGNAL_STREAM);
    message.value = talk_number(number);
    say(a, &message);
}

/* ---- max rate ------------------------------------------------------------------------------------------------ */

TEST(the_newest_value_comes_when_the_interval_is_over) {
    begin_listening(10, 0);
    stream("/x", 1);
    CHECK_TEXT(got_numbers(b), "1");
    for (unsigned n = 2; n <= 5; n++) {
        bench.now_us += 1000;
        stream("/x", n);
        CHECK(got_nothing(b));
    }
    CHECK_EQ(clasp_hub_deadline(bench.hub), START + TENTH);
    wait_us(TENTH - 4000 - 1);
    CHECK(got_nothing(b));
    wait_us(1);
    CHECK_TEXT(got_numbers(b), "5");
    wait_us(SECOND);
    CHECK(got_nothing(b));
    CHECK_EQ(stat(CLASP_HUB_STAT_values_skipped_total), 3);
    stream("/x", 6);
    CHECK_TEXT(got_numbers(b), "6"); /* after a pause the next one passes at once */
    end();
}

TEST(no_more_than_the_rate_is_given) {
    begin_listening(10, 0);
    unsigned given = 0;
    for (unsigned n = 0; n < 1000; n++) {
        stream("/x", n);
        given += !got_nothing(b);
        wait_us(1000);
        given += !got_nothing(b);
    }
    CHECK_EQ(given, 11); /* within a second, both ends of it included */
    CHECK_TEXT(got_numbers(b), "999");
    end();
}

TEST(each_address_has_a_rate_of_its_own) {
    begin_listening(10, 0);
    stream("/x/1", 1);
    CHECK(!got_nothing(b));
    stream("/x/2", 2);
    CHECK(!got_nothing(b));
    stream("/x/1", 3);
    CHECK(got_nothing(b));
    end();
}

TEST(kinds_differ_in_what_a_rate_does_to_them) {
    static const struct {
        const char *name;
        clasp_message message;
        bool waits;
    } ROWS[] = {
        {"SET", {.type = CLASP_MSG_SET}, true},
        {"param", {.type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_PARAM}, true},
        {"stream", {.type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_STREAM}, true},
        {"event", {.type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_EVENT}, false},
        {"timeline", {.type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_TIMELINE}, false},
        {"start", {.type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_GESTURE}, false},
        {"move",
         {.type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_GESTURE, .phase = CLASP_PHASE_MOVE},
         true},
        {"end", {.type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_GESTURE, .phase = CLASP_PHASE_END}, false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].name);
        begin_listening(10, 0);
        for (unsigned n = 1; n <= 3; n++) {
            clasp_message message = ROWS[i].message;
            message.address = clasp_span_of("/x");
            message.has = message.type == CLASP_MSG_PUBLISH ? CLASP_HAS_VALUE : 0;
            message.value = talk_number(n);
            say(a, &message);
            CHECK_EQ(got_nothing(b), n > 1 && ROWS[i].waits);
        }
        wait_us(TENTH);
        CHECK_TEXT(got_numbers(b), ROWS[i].waits ? "3" : "");
        end();
    }
}

TEST(what_waits_goes_before_a_message_of_another_kind) {
    static const struct {
        const char *name;
        clasp_message message;
        const char *numbers;
    } ROWS[] = {
        {"event", {.type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_EVENT}, "2 5"},
        {"SET", {.type = CLASP_MSG_SET}, "2"},
        {"param", {.type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_PARAM}, "2"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].name);
        begin_listening(10, 0);
        stream("/x", 1);
        stream("/x", 2);
        clasp_message message = ROWS[i].message;
        message.address = clasp_span_of("/x");
        message.has = message.type == CLASP_MSG_PUBLISH ? CLASP_HAS_VALUE : 0;
        message.value = talk_number(5);
        say(a, &message);
        CHECK_TEXT(got_numbers(b), ROWS[i].numbers);
        wait_us(TENTH); /* what came then waits itself, if it may */
        CHECK_TEXT(got_numbers(b), i == 0 ? "" : "5");
        end();
    }
}

TEST(the_end_of_a_gesture_comes_after_its_last_move) {
    begin_listening(1, 0);
    clasp_message message = publish("/x", CLASP_SIGNAL_GESTURE);
    for (unsigned n = 1; n <= 3; n++) { /* no start: the relay itself holds none of these */
        message.phase = n < 3 ? CLASP_PHASE_MOVE : CLASP_PHASE_END;
        message.value = talk_number(n);
        say(a, &message);
    }
    CHECK_TEXT(got_numbers(b), "2 3");
    end();
}

TEST(a_sender_gets_its_own_sets_at_its_rate) {
    begin_listening(10, 0);
    listen(a, 1, "/x", 10, 0);
    clasp_message message;
    do_set(a, "/x", 1);
    CHECK(got_type(a, 0, CLASP_MSG_SET, &message) && got_type(a, 1, CLASP_MSG_ACK, &message));
    do_set(a, "/x", 2);
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &message) && !got(a, 1, &message));
    stream("/x", 3); /* a's own PUBLISH is not for a; what waits there still does */
    CHECK(got_nothing(a));
    wait_us(TENTH);
    CHECK(got_type(a, 0, CLASP_MSG_SET, &message) && message.revision == 2);
    end();
}

/* ---- epsilon ------------------------------------------------------------------------------------------------- */

TEST(values_nearer_than_epsilon_to_the_last_one_are_left_out) {
    begin_listening(0, 0.5);
    static const struct {
        double number;
        bool comes;
    } ROWS[] = {{1, true},   {1.2, false}, {1.49, false}, {1.5, true}, {1.1, false},
                {1.0, true}, {1.4, false}, {0.6, false},  {0.5, true}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        stream("/x", ROWS[i].number);
        CHECK_EQ(!got_nothing(b), ROWS[i].comes);
    }
    const double nan = strtod("nan", NULL);
    for (unsigned n = 0; n < 2; n++) {
        stream("/x", nan);
        CHECK(!got_nothing(b));
    }
    CHECK_EQ(stat(CLASP_HUB_STAT_values_skipped_total), 5);
    end();
}

TEST(epsilon_is_for_numbers_of_params_and_streams) {
    static const uint8_t TEXT[] = {0, 1, 'a'};
    static const uint8_t INTEGER[] = {0, 0, 0, 7};
    static const struct {
        const char *name;
        uint8_t type, signal;
        clasp_value value;
        bool comes_again;
    } ROWS[] = {
        {"SET of an integer", CLASP_MSG_SET, 0, {{INTEGER, 4}, CLASP_VALUE_I32}, false},
        {"param", CLASP_MSG_PUBLISH, CLASP_SIGNAL_PARAM, {{INTEGER, 4}, CLASP_VALUE_I32}, false},
        {"stream", CLASP_MSG_PUBLISH, CLASP_SIGNAL_STREAM, {{INTEGER, 4}, CLASP_VALUE_I32}, false},
        {"text", CLASP_MSG_SET, 0, {{TEXT, 3}, CLASP_VALUE_STRING}, true},
        {"event", CLASP_MSG_PUBLISH, CLASP_SIGNAL_EVENT, {{INTEGER, 4}, CLASP_VALUE_I32}, true},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].name);
        begin_listening(0, 0.5);
        const clasp_message message = {.type = ROWS[i].type,
                                       .signal = ROWS[i].signal,
                                       .has = ROWS[i].type == CLASP_MSG_PUBLISH ? CLASP_HAS_VALUE : 0,
                                       .address = clasp_span_of("/x"),
                                       .value = ROWS[i].value};
        say(a, &message);
        CHECK(!got_nothing(b));
        say(a, &message);
        CHECK_EQ(!got_nothing(b), ROWS[i].comes_again);
        end();
    }
}

TEST(a_value_that_came_back_is_not_sent_after_all) {
    begin_listening(10, 0.5);
    stream("/x", 1);
    stream("/x", 9);   /* waits */
    stream("/x", 1.1); /* as good as what the subscriber has */
    wait_us(SECOND);
    CHECK(got_nothing(b));
    end();
}

TEST(options_that_say_nothing_are_none) {
    static const struct {
        uint32_t has, rate;
        double epsilon;
    } ROWS[] = {{CLASP_HAS_MAX_RATE, 0, 0}, {CLASP_HAS_EPSILON, 0, 0}, {CLASP_HAS_EPSILON, 0, -1}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        begin();
        a = join();
        b = join();
        clasp_message message = subscribe(1, "/x");
        message.has = ROWS[i].has;
        message.rate = ROWS[i].rate;
        message.epsilon = ROWS[i].epsilon;
        say(b, &message);
        for (unsigned n = 0; n < 3; n++) {
            stream("/x", 1);
            CHECK_TEXT(got_numbers(b), "1");
        }
        end();
    }
}

/* ---- several subscriptions ----------------------------------------------------------------------------------- */

TEST(a_session_gets_a_message_once_if_any_subscription_lets_it_pass) {
    begin_listening(1, 0);
    listen(b, 2, "/*", 10, 0);
    stream("/x", 1);
    CHECK_TEXT(got_numbers(b), "1");
    stream("/x", 2);
    CHECK(got_nothing(b));
    wait_us(TENTH);
    CHECK_TEXT(got_numbers(b), "2"); /* by the faster one, and for both */
    wait_us(SECOND);
    CHECK(got_nothing(b));
    do_subscribe(b, 3, "/x"); /* now one that lets everything pass */
    for (unsigned n = 0; n < 3; n++) {
        stream("/x", 7);
        CHECK_TEXT(got_numbers(b), "7");
    }
    wait_us(SECOND);
    CHECK(got_nothing(b));
    end();
}

TEST(others_are_not_slowed_and_the_frame_is_encoded_once) {
    begin_listening(1, 0);
    const uint32_t c = join();
    do_subscribe(c, 1, "/**");
    stream("/x", 1);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_HUB_SEND), 1);
    CHECK_EQ(talk_effect(&bench.out, CLASP_EFFECT_HUB_SEND, 0)->a, 2);
    stream("/x", 2);
    CHECK(got_nothing(b));
    CHECK_TEXT(got_numbers(c), "2");
    end();
}

TEST(types_hold_for_filtered_subscriptions_too) {
    begin();
    a = join();
    b = join();
    clasp_message message = subscribe(1, "/x");
    message.types = CLASP_TYPE_STREAM;
    message.has = CLASP_HAS_MAX_RATE;
    message.rate = 10;
    say(b, &message);
    do_set(a, "/x", 1);
    CHECK(got_nothing(b));
    stream("/x", 2);
    CHECK_TEXT(got_numbers(b), "2");
    end();
}

TEST(what_waits_ends_with_its_subscription) {
    static const char *const ENDS[] = {"UNSUBSCRIBE", "replaced", "disconnected"};
    for (unsigned i = 0; i < 3; i++) {
        CHECK_CONTEXT(ENDS[i]);
        begin_listening(10, 0);
        stream("/x", 1);
        stream("/x", 2);
        const clasp_message unsubscribe = {.type = CLASP_MSG_UNSUBSCRIBE, .id = 1};
        if (i == 0) {
            say(b, &unsubscribe);
        } else if (i == 1) {
            listen(b, 1, "/y", 10, 0);
        } else {
            clasp_hub_disconnected(bench.hub, b, bench.now_us);
        }
        wait_us(SECOND);
        CHECK(got_nothing(b));
        CHECK(clasp_hub_deadline(bench.hub) > bench.now_us + SECOND);
        end();
    }
}

/* ---- bounds -------------------------------------------------------------------------------------------------- */

TEST(what_is_remembered_is_bounded_and_nothing_that_waits_is_lost) {
    static uint8_t bytes[30002];
    clasp_store_u16(bytes, 30000);
    begin_with(&(clasp_hub_options){.messages_per_second = 1000000, .journal_bytes = CLASP_HUB_NO_JOURNAL});
    a = join();
    b = join();
    listen(b, 1, "/x/**", 1, 0);
    const size_t before = clasp_test_live_bytes();
    enum { COUNT = 600 };
    char address[16];
    for (unsigned n = 0; n < 2 * COUNT; n++) { /* each address twice: the second one waits, 18 MB in all */
        snprintf(address, sizeof address, "/x/%u", n / 2);
        clasp_message message = publish(address, CLASP_SIGNAL_STREAM);
        message.value = (clasp_value){{bytes, sizeof bytes}, CLASP_VALUE_BYTES};
        say(a, &message);
    }
    clasp_outbox_deinit(&bench.out);
    CHECK(clasp_test_live_bytes() < before + CLASP_HUB_FILTER_BYTES + (1u << 20));
    CHECK(stat(CLASP_HUB_STAT_deliveries_total) > COUNT);
    wait_us(SECOND);
    CHECK_EQ(stat(CLASP_HUB_STAT_deliveries_total), 2 * COUNT);
    CHECK_EQ(stat(CLASP_HUB_STAT_values_skipped_total), 0);
    for (unsigned n = 0; n < CLASP_HUB_FILTER_STATES + COUNT; n++) {
        snprintf(address, sizeof address, "/x/y/%u", n);
        stream(address, 1);
    }
    stream("/x/y/0", 2); /* forgotten: it passes */
    CHECK_TEXT(got_numbers(b), "2");
    stream(address, 2); /* remembered: it waits */
    CHECK(got_nothing(b));
    end();
}

static void try_message(clasp_hub *hub, clasp_outbox *out, uint32_t session, const clasp_message *message) {
    static uint8_t buffer[CLASP_FRAME_MAX];
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    clasp_frame_write(&w, message);
    clasp_hub_received(hub, session, clasp_written(&w), START);
    clasp_outbox_clear(out);
}

static void try_all(void *context) {
    (void)context;
    static const uint64_t SEED[2] = {1, 2};
    clasp_outbox out = {0};
    const clasp_hub_options options = {.max_sessions = 2, .journal_bytes = CLASP_HUB_NO_JOURNAL};
    clasp_hub *hub = clasp_hub_new(&options, SEED, &out);
    uint32_t session = 0;
    if (hub && clasp_hub_connected(hub, START, &session) == CLASP_OK) {
        try_message(hub, &out, session, &HELLO);
        for (uint32_t id = 1; id <= 3; id++) {
            clasp_message message = subscribe(id, "/x");
            message.has = CLASP_HAS_MAX_RATE | CLASP_HAS_EPSILON;
            message.rate = 10 * id;
            message.epsilon = 0.1;
            try_message(hub, &out, session, &message);
        }
        for (unsigned n = 0; n < 4; n++) {
            const clasp_message message = set("/x", n);
            try_message(hub, &out, session, &message);
        }
        clasp_hub_tick(hub, START + SECOND);
        clasp_hub_disconnected(hub, session, START + SECOND);
    }
    clasp_hub_free(hub);
    clasp_outbox_deinit(&out);
}

TEST(a_failed_allocation_breaks_nothing) { CHECK(clasp_test_each_allocation(try_all, NULL) > 15); }

int main(void) {
    RUN(the_newest_value_comes_when_the_interval_is_over);
    RUN(no_more_than_the_rate_is_given);
    RUN(each_address_has_a_rate_of_its_own);
    RUN(kinds_differ_in_what_a_rate_does_to_them);
    RUN(what_waits_goes_before_a_message_of_another_kind);
    RUN(the_end_of_a_gesture_comes_after_its_last_move);
    RUN(a_sender_gets_its_own_sets_at_its_rate);
    RUN(values_nearer_than_epsilon_to_the_last_one_are_left_out);
    RUN(epsilon_is_for_numbers_of_params_and_streams);
    RUN(a_value_that_came_back_is_not_sent_after_all);
    RUN(options_that_say_nothing_are_none);
    RUN(a_session_gets_a_message_once_if_any_subscription_lets_it_pass);
    RUN(others_are_not_slowed_and_the_frame_is_encoded_once);
    RUN(types_hold_for_filtered_subscriptions_too);
    RUN(what_waits_ends_with_its_subscription);
    RUN(what_is_remembered_is_bounded_and_nothing_that_waits_is_lost);
    RUN(a_failed_allocation_breaks_nothing);
    return check_summary();
}
