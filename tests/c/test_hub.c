#include "alloc.h"
#include "hub_bench.h"

/* ---- opening ------------------------------------------------------------------------------------------------- */

TEST(hello_is_answered_by_welcome_and_a_snapshot) {
    begin_with(&(clasp_hub_options){.name = clasp_span_of("attic")});
    const uint32_t session = connect_only();
    say(session, &HELLO);
    clasp_message message;
    CHECK(got_type(session, 0, CLASP_MSG_WELCOME, &message));
    CHECK_EQ(message.version, 1);
    CHECK_EQ(message.features, 0xF8);
    CHECK_EQ(message.time_us, START);
    CHECK(talk_is(message.name, "attic"));
    CHECK_EQ(message.token.len, 0);
    CHECK_EQ(message.session.len, 36);
    CHECK(message.session.at[14] == '4' && strchr("89ab", message.session.at[19]) != NULL);
    CHECK(got_type(session, 1, CLASP_MSG_SNAPSHOT, &message)); /* even when there is no param */
    CHECK_EQ(message.list.count, 0);
    CHECK(!got(session, 2, &message));
    CHECK(talk_effect(&bench.out, CLASP_EFFECT_HUB_EVENT, 0)->b == CLASP_HUB_EVENT_OPENED);
    end();
}

TEST(sessions_have_ids_of_their_own) {
    begin();
    join();
    join();
    CHECK(strcmp(bench.ids[0], bench.ids[1]) != 0);
    CHECK_EQ(stat(CLASP_HUB_STAT_sessions), 2);
    end();
}

TEST(anything_but_hello_first_closes_the_connection) {
    static const uint8_t PING[] = {0x53, 1, 0, 1, 0x41};
    static const uint8_t TEXT[] = {'h', 'e', 'l', 'l', 'o'};
    static const uint8_t CUT[] = {0x53, 1, 0, 9, 1};
    const clasp_span first[] = {{PING, sizeof PING}, {TEXT, sizeof TEXT}, {CUT, sizeof CUT}, {NULL, 0}};
    begin();
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        const uint32_t session = connect_only();
        CHECK_EQ(feed(session, first[i]), CLASP_OK);
        const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_HUB_CLOSE, 0);
        CHECK(effect && effect->a == session && effect->b == 1008 && effect->len > 0);
        CHECK(got_nothing(session));
        CHECK_EQ(feed(session, first[i]), CLASP_BAD_HANDLE);
    }
    CHECK_EQ(stat(CLASP_HUB_STAT_sessions_refused_total), 4);
    CHECK_EQ(stat(CLASP_HUB_STAT_sessions), 0);
    end();
}

TEST(a_second_hello_makes_a_new_session) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(a, 1, "/x");
    say(a, &HELLO);
    clasp_message welcome;
    CHECK(got_type(a, 0, CLASP_MSG_WELCOME, &welcome));
    CHECK(!talk_is(welcome.session, bench.ids[0]));
    CHECK_EQ(stat(CLASP_HUB_STAT_subscriptions), 0);
    CHECK_EQ(stat(CLASP_HUB_STAT_sessions), 2);
    do_publish(b, "/x");
    CHECK(got_nothing(a));
    end();
}

TEST(handles_of_ended_sessions_are_refused) {
    begin_with(&(clasp_hub_options){.max_sessions = 1});
    const uint32_t first = join();
    clasp_hub_disconnected(bench.hub, first, bench.now_us);
    clasp_hub_disconnected(bench.hub, first, bench.now_us);
    const uint32_t second = join(); /* in the same slot */
    CHECK(first != second);
    CHECK_EQ(feed(first, (clasp_span){NULL, 0}), CLASP_BAD_HANDLE);
    CHECK_EQ(feed(0, (clasp_span){NULL, 0}), CLASP_BAD_HANDLE);
    CHECK_EQ(feed(UINT32_MAX, (clasp_span){NULL, 0}), CLASP_BAD_HANDLE);
    CHECK_EQ(stat(CLASP_HUB_STAT_sessions), 1);
    end();
}

TEST(generations_wrap_without_a_handle_that_is_zero_or_negative) {
    begin_with(&(clasp_hub_options){.max_sessions = 1});
    uint32_t last = 0;
    for (unsigned i = 0; i < 33000; i++) {
        const uint32_t session = connect_only();
        if (session == last || (int32_t)session <= 0) {
            CHECK(false);
            break;
        }
        last = session;
        clasp_hub_disconnected(bench.hub, session, bench.now_us);
    }
    end();
}

TEST(too_many_sessions_are_refused) {
    begin_with(&(clasp_hub_options){.max_sessions = 2});
    const uint32_t a = join();
    join();
    uint32_t third = 0;
    CHECK_EQ(clasp_hub_connected(bench.hub, bench.now_us, &third), CLASP_LIMIT);
    clasp_hub_disconnected(bench.hub, a, bench.now_us);
    CHECK_EQ(clasp_hub_connected(bench.hub, bench.now_us, &third), CLASP_OK);
    end();
}

TEST(who_owes_hello_makes_room_for_who_comes_next) {
    begin_with(&(clasp_hub_options){.max_sessions = 2});
    join();
    const uint32_t waiting = connect_only();
    const uint32_t third = connect_only();
    const clasp_effect *close = talk_effect(&bench.out, CLASP_EFFECT_HUB_CLOSE, 0);
    CHECK(close && close->a == waiting && close->b == 1008);
    say(third, &HELLO);
    clasp_message message;
    CHECK(got_type(third, 0, CLASP_MSG_WELCOME, &message));
    uint32_t fourth = 0;
    CHECK_EQ(clasp_hub_connected(bench.hub, bench.now_us, &fourth), CLASP_LIMIT);
    end();
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

TEST(a_connection_without_hello_is_closed_in_time) {
    begin();
    const uint32_t session = connect_only();
    CHECK_EQ(clasp_hub_deadline(bench.hub), START + CLASP_HUB_HELLO_US);
    clasp_hub_tick(bench.hub, START + CLASP_HUB_HELLO_US - 1);
    CHECK_EQ(bench.out.count, 0);
    clasp_hub_tick(bench.hub, START + CLASP_HUB_HELLO_US);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_HUB_CLOSE, 0);
    CHECK(effect && effect->a == session && effect->b == 1008);
    CHECK_EQ(clasp_hub_deadline(bench.hub), UINT64_MAX);
    end();
}

TEST(every_message_postpones_the_end_of_a_silent_session) {
    begin();
    const uint32_t a = join(), b = join();
    bench.now_us += 100 * SECOND;
    do_publish(a, "/x"); /* a sign of life of a alone */
    CHECK_EQ(clasp_hub_deadline(bench.hub), START + CLASP_HUB_SILENCE_US);
    clasp_outbox_clear(&bench.out);
    clasp_hub_tick(bench.hub, START + CLASP_HUB_SILENCE_US);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_HUB_CLOSE, 0);
    CHECK(effect && effect->a == b);
    CHECK(!talk_effect(&bench.out, CLASP_EFFECT_HUB_CLOSE, 1));
    CHECK_EQ(clasp_hub_deadline(bench.hub), START + 100 * SECOND + CLASP_HUB_SILENCE_US);
    end();
}

/* ---- the other messages -------------------------------------------------------------------------------------- */

TEST(sync_and_ping_are_answered) {
    begin();
    const uint32_t a = join();
    bench.now_us += 5;
    const clasp_message sync = {.type = CLASP_MSG_SYNC, .time_us = 77}, ping = {.type = CLASP_MSG_PING};
    say(a, &sync);
    clasp_message message;
    CHECK(got_type(a, 0, CLASP_MSG_SYNC, &message));
    CHECK(message.time_us == 77 && message.t2_us == START + 5 && message.t3_us == START + 5);
    CHECK_EQ(message.has, CLASP_HAS_T2 | CLASP_HAS_T3);
    say(a, &ping);
    CHECK(got_type(a, 0, CLASP_MSG_PONG, &message));
    end();
}

TEST(what_this_relay_does_not_do_is_said) {
    begin_with(&(clasp_hub_options){.journal_bytes = CLASP_HUB_NO_JOURNAL});
    const uint32_t a = join();
    const clasp_message replay = {.type = CLASP_MSG_REPLAY, .address = clasp_span_of("/**")};
    const clasp_message federation = {.type = CLASP_MSG_FEDERATION_SYNC, .op = 1};
    say(a, &replay);
    CHECK(got_error(a, 501, ""));
    say(a, &federation);
    CHECK(got_error(a, 403, ""));
    end();
}

TEST(what_only_a_relay_sends_is_ignored) {
    static const uint8_t TYPES[] = {CLASP_MSG_WELCOME, CLASP_MSG_SNAPSHOT, CLASP_MSG_PONG,
                                    CLASP_MSG_ACK,     CLASP_MSG_ERROR,    CLASP_MSG_RESULT};
    begin();
    const uint32_t a = join();
    for (size_t i = 0; i < sizeof TYPES; i++) {
        const clasp_message message = {.type = TYPES[i]};
        say(a, &message);
        CHECK_EQ(bench.out.count, 0);
    }
    end();
}

TEST(malformed_messages_are_answered_and_the_session_goes_on) {
    static const struct {
        const char *name;
        uint8_t bytes[8];
        uint32_t len;
        uint16_t code;
    } CASES[] = {
        {"nothing", {0}, 0, 100},
        {"no frame", {'{', '}'}, 2, 100},
        {"cut frame", {0x53, 1, 0, 2, 0x41}, 5, 100},
        {"reserved QoS", {0x53, 0xC1, 0, 1, 0x41}, 5, 100},
        {"encrypted", {0x53, 0x11, 0, 1, 0x41}, 5, 100},
        {"empty", {0x53, 1, 0, 0}, 4, 100},
        {"unknown type", {0x53, 1, 0, 1, 0x7F}, 5, 101},
        {"cut message", {0x53, 1, 0, 2, 0x22, 0}, 6, 101},
        {"ill-formed UTF-8", {0x53, 1, 0, 4, 0x22, 0, 1, 0xFF}, 8, 101},
        {"MessagePack", {0x53, 0, 0, 1, 0x80}, 5, 101},
    };
    begin();
    const uint32_t a = join();
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        CHECK_CONTEXT(CASES[i].name);
        uint8_t *block = malloc(CASES[i].len + 1u);
        memcpy(block, CASES[i].bytes, CASES[i].len);
        CHECK_EQ(feed(a, (clasp_span){block, CASES[i].len}), CLASP_OK);
        free(block);
        CHECK(got_error(a, CASES[i].code, ""));
    }
    CHECK_EQ(stat(CLASP_HUB_STAT_malformed_total), sizeof CASES / sizeof *CASES);
    const clasp_message ping = {.type = CLASP_MSG_PING};
    clasp_message pong;
    say(a, &ping);
    CHECK(got_type(a, 0, CLASP_MSG_PONG, &pong));
    end();
}

/* ---- limits -------------------------------------------------------------------------------------------------- */

TEST(messages_over_the_rate_are_answered_429_and_dropped) {
    begin_with(&(clasp_hub_options){.messages_per_second = 10});
    const uint32_t a = join(), b = join(); /* HELLO was the first of ten */
    do_subscribe(b, 1, "/x");
    for (unsigned i = 0; i < 9; i++) {
        do_publish(a, "/x");
        CHECK(got_nothing(a) && !got_nothing(b));
    }
    do_publish(a, "/x");
    CHECK(got_error(a, 429, "/x"));
    CHECK(got_nothing(b));
    static const uint8_t GARBAGE[] = {1};
    feed(a, (clasp_span){GARBAGE, 1}); /* malformed ones are no way round it */
    CHECK(got_error(a, 429, ""));
    CHECK_EQ(stat(CLASP_HUB_STAT_rate_limited_total), 2);
    bench.now_us += SECOND / 10;
    do_publish(a, "/x");
    CHECK(got_nothing(a) && !got_nothing(b));
    do_publish(a, "/x");
    CHECK(got_error(a, 429, "/x"));
    bench.now_us += 100 * SECOND; /* what is saved up ends at one second's worth */
    for (unsigned i = 0; i < 10; i++) {
        do_publish(a, "/x");
        CHECK(got_nothing(a));
    }
    do_publish(a, "/x");
    CHECK(got_error(a, 429, "/x"));
    end();
}

TEST(a_bundle_costs_as_much_as_its_members) {
    begin_with(&(clasp_hub_options){.messages_per_second = 10});
    const uint32_t a = join();
    const clasp_message members[8] = {set("/1", 1), set("/2", 1), set("/3", 1), set("/4", 1),
                                      set("/5", 1), set("/6", 1), set("/7", 1), set("/8", 1)};
    clasp_message message;
    say_bundle(a, members, 8);
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &message));
    say_bundle(a, members, 8);
    CHECK(got_error(a, 429, ""));
    end();
}

TEST(an_error_whose_address_does_not_fit_comes_without_it) {
    static char pattern[65000];
    memset(pattern, 'x', sizeof pattern - 1);
    begin();
    const uint32_t a = join();
    do_subscribe(a, 1, pattern); /* no leading slash */
    CHECK(got_error(a, 202, pattern));
    static char longer[65520];
    memset(longer, 'x', sizeof longer - 1);
    do_subscribe(a, 1, longer);
    CHECK(got_error(a, 202, ""));
    end();
}

TEST(a_session_that_does_not_keep_up_is_told_so_now_and_then) {
    begin();
    const uint32_t a = join();
    clasp_outbox_clear(&bench.out);
    clasp_hub_left_out(bench.hub, a, 3, bench.now_us);
    CHECK(got_error(a, 503, ""));
    clasp_outbox_clear(&bench.out);
    clasp_hub_left_out(bench.hub, a, 1, bench.now_us + CLASP_HUB_LEFT_OUT_US - 1);
    CHECK(got_nothing(a));
    clasp_hub_left_out(bench.hub, a, 1, bench.now_us + CLASP_HUB_LEFT_OUT_US);
    CHECK(got_error(a, 503, ""));
    CHECK_EQ(stat(CLASP_HUB_STAT_left_out_total), 5);
    clasp_hub_left_out(bench.hub, a + 1, 1, bench.now_us); /* nobody */
    CHECK_EQ(stat(CLASP_HUB_STAT_left_out_total), 5);
    end();
}

TEST(counters_count) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(b, 1, "/x");
    do_set(a, "/x", 1);
    CHECK_EQ(stat(CLASP_HUB_STAT_sessions_total), 2);
    CHECK_EQ(stat(CLASP_HUB_STAT_messages_received_total), 4);
    CHECK_EQ(stat(CLASP_HUB_STAT_messages_sent_total), 6); /* two WELCOMEs, two SNAPSHOTs, SET, ACK */
    CHECK_EQ(stat(CLASP_HUB_STAT_sets_total), 1);
    CHECK(stat(CLASP_HUB_STAT_bytes_sent_total) > stat(CLASP_HUB_STAT_bytes_received_total));
    clasp_hub_disconnected(bench.hub, b, bench.now_us);
    CHECK_EQ(stat(CLASP_HUB_STAT_sessions), 1);
    CHECK_EQ(stat(CLASP_HUB_STAT_subscriptions), 0);
    end();
}

TEST(every_result_has_a_code_of_the_wire) {
#define X(name, value, text) CHECK(clasp_wire_error_of(CLASP_##name) >= 100);
    CLASP_ERR_LIST(X)
#undef X
    CHECK_EQ(clasp_wire_error_of(CLASP_MORE), 100);
    CHECK_EQ(clasp_wire_error_of(CLASP_BAD_UTF8), 101);
    CHECK_EQ(clasp_wire_error_of(CLASP_BAD_ADDRESS), 200);
    CHECK_EQ(clasp_wire_error_of(CLASP_NO_MEMORY), 500);
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

/* A message to a hub that may be out of memory: nothing is expected of it. */
static void try_message(clasp_hub *hub, clasp_outbox *out, uint32_t session, const clasp_message *message) {
    static uint8_t buffer[4096];
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    clasp_frame_write(&w, message);
    clasp_hub_received(hub, session, clasp_written(&w), START);
    clasp_outbox_clear(out);
}

static void try_all(void *context) {
    (void)context;
    static const uint64_t SEED[2] = {1, 2};
    clasp_outbox out = {0};
    clasp_hub *hub = clasp_hub_new(&(clasp_hub_options){.max_sessions = 4}, SEED, &out);
    uint32_t a = 0, b = 0;
    if (hub && clasp_hub_connected(hub, START, &a) == CLASP_OK &&
        clasp_hub_connected(hub, START, &b) == CLASP_OK) {
        static const uint8_t SIGNAL[] = {0, 2, '/', 's', 2, 0};
        const clasp_message messages[] = {
            subscribe(1, "/a/*"),
            subscribe(2, "/**"),
            set("/a/1", 1),
            set("/a/2", 2),
            publish("/a/3", CLASP_SIGNAL_EVENT),
            {.type = CLASP_MSG_ANNOUNCE, .list = {{SIGNAL, sizeof SIGNAL}, 1}},
            {.type = CLASP_MSG_QUERY, .address = clasp_span_of("/**")},
        };
        try_message(hub, &out, a, &HELLO);
        try_message(hub, &out, b, &HELLO);
        for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
            try_message(hub, &out, i % 2 ? a : b, &messages[i]);
        }
        clasp_hub_disconnected(hub, a, START);
    }
    clasp_hub_free(hub);
    clasp_outbox_deinit(&out);
}

TEST(a_failed_allocation_breaks_nothing) { CHECK(clasp_test_each_allocation(try_all, NULL) > 10); }

int main(void) {
    RUN(hello_is_answered_by_welcome_and_a_snapshot);
    RUN(sessions_have_ids_of_their_own);
    RUN(anything_but_hello_first_closes_the_connection);
    RUN(a_second_hello_makes_a_new_session);
    RUN(handles_of_ended_sessions_are_refused);
    RUN(generations_wrap_without_a_handle_that_is_zero_or_negative);
    RUN(too_many_sessions_are_refused);
    RUN(who_owes_hello_makes_room_for_who_comes_next);
    RUN(a_connection_without_hello_is_closed_in_time);
    RUN(every_message_postpones_the_end_of_a_silent_session);
    RUN(sync_and_ping_are_answered);
    RUN(what_this_relay_does_not_do_is_said);
    RUN(what_only_a_relay_sends_is_ignored);
    RUN(malformed_messages_are_answered_and_the_session_goes_on);
    RUN(messages_over_the_rate_are_answered_429_and_dropped);
    RUN(a_bundle_costs_as_much_as_its_members);
    RUN(an_error_whose_address_does_not_fit_comes_without_it);
    RUN(a_session_that_does_not_keep_up_is_told_so_now_and_then);
    RUN(counters_count);
    RUN(every_result_has_a_code_of_the_wire);
    RUN(a_failed_allocation_breaks_nothing);
    return check_summary();
}
