/* The journal of a hub: what it keeps, what REPLAY and new subscriptions get of it; frames of bundles that carry a time. */
#include "alloc.h"
#include "hub/journal.h"
#include "hub_bench.h"
#include "route/address.h"

/* ---- the ring ------------------------------------------------------------------------------------------------ */

/* A payload of `len` bytes (at least 6) that begins like a PUBLISH to "/x", and holds `tag`. */
static void keep(clasp_hub_journal *journal, uint32_t len, uint8_t tag, uint64_t now_us) {
    static uint8_t payload[70000];
    memset(payload, tag, len);
    const uint8_t start[] = {CLASP_MSG_PUBLISH, 0x20, 0, 2, '/', 'x'};
    memcpy(payload, start, sizeof start);
    clasp_hub_journal_add(journal, &(clasp_hub_record){{payload, len}, 2, CLASP_TYPE_EVENT, 1}, now_us);
}

static bool holds(const clasp_hub_journal *journal, uint32_t n, uint32_t len, uint8_t tag) {
    const clasp_hub_entry *entry = clasp_hub_journal_at(journal, n);
    const clasp_span payload = clasp_hub_entry_payload(journal, entry);
    return payload.len == len && payload.at[0] == CLASP_MSG_PUBLISH && payload.at[6] == tag &&
           payload.at[len - 1] == tag && talk_is(clasp_hub_entry_address(journal, entry), "/x");
}

TEST(the_oldest_entries_make_room) {
    static const struct {
        const char *name;
        uint32_t max_bytes, max_entries, len, kept;
    } ROWS[] = {
        {"by count", 100000, 4, 100, 4},
        {"by bytes", 1000, 100, 100, 10},
        {"by bytes, with a rest at the end", 1000, 100, 300, 3},
        {"both", 700, 7, 100, 7},
        {"one alone", 100, 100, 100, 1},
        {"larger than the first ring", 50000, 1000, 700, 71},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].name);
        clasp_hub_journal journal;
        clasp_hub_journal_init(&journal, ROWS[i].max_bytes, ROWS[i].max_entries, 1000000);
        for (uint32_t n = 0; n < 200; n++) {
            keep(&journal, ROWS[i].len, (uint8_t)n, START + n);
            const uint32_t kept = n + 1 < ROWS[i].kept ? n + 1 : ROWS[i].kept;
            if (!CHECK_EQ(journal.count, kept)) {
                break;
            }
            for (uint32_t k = 0; k < kept; k++) {
                CHECK(holds(&journal, k, ROWS[i].len, (uint8_t)(n + 1 - kept + k)));
            }
            CHECK_EQ(journal.payload_bytes, kept * ROWS[i].len);
        }
        CHECK(journal.bytes_cap <= ROWS[i].max_bytes && journal.entries_cap <= ROWS[i].max_entries);
        clasp_hub_journal_deinit(&journal);
    }
}

TEST(payloads_of_all_sizes_stay_whole) {
    clasp_hub_journal journal;
    clasp_hub_journal_init(&journal, 40000, 64, 1000000);
    uint32_t lens[500];
    for (uint32_t n = 0; n < 500; n++) {
        lens[n] = 7 + (n * 7919) % 9973;
        keep(&journal, lens[n], (uint8_t)n, START + n);
        CHECK(journal.count >= 1 && journal.payload_bytes <= 40000);
        for (uint32_t k = 0; k < journal.count; k++) {
            const uint32_t which = n + 1 - journal.count + k;
            CHECK(holds(&journal, k, lens[which], (uint8_t)which));
        }
    }
    keep(&journal, 40001, 1, START + 500); /* fits no ring: the others stay */
    CHECK(holds(&journal, journal.count - 1, lens[499], (uint8_t)499));
    clasp_hub_journal_deinit(&journal);
}

TEST(what_is_too_old_is_dropped) {
    clasp_hub_journal journal;
    clasp_hub_journal_init(&journal, 10000, 10, 100);
    keep(&journal, 10, 1, START);
    keep(&journal, 10, 2, START + 50);
    clasp_hub_journal_expire(&journal, START + 99);
    CHECK_EQ(journal.count, 2);
    clasp_hub_journal_expire(&journal, START + 100);
    CHECK_EQ(journal.count, 1);
    keep(&journal, 10, 3, START + 150); /* adding drops, too */
    CHECK_EQ(journal.count, 1);
    CHECK(holds(&journal, 0, 10, 3));
    clasp_hub_journal_deinit(&journal);
}

TEST(every_entry_has_a_later_time_and_is_found_by_it) {
    clasp_hub_journal journal;
    clasp_hub_journal_init(&journal, 10000, 10, 1000000);
    static const uint64_t TIMES[] = {START, START, START - 5,
                                     START + 10}; /* a clock that stands, and goes back */
    static const uint64_t KEPT[] = {START, START + 1, START + 2, START + 10};
    for (uint32_t n = 0; n < 4; n++) {
        keep(&journal, 10, (uint8_t)n, TIMES[n]);
    }
    for (uint32_t n = 0; n < 4; n++) {
        CHECK_EQ(clasp_hub_journal_at(&journal, n)->time_us, KEPT[n]);
        CHECK_EQ(clasp_hub_journal_since(&journal, KEPT[n]), n);
        CHECK_EQ(clasp_hub_journal_since(&journal, KEPT[n] + 1), n + 1);
    }
    CHECK_EQ(clasp_hub_journal_since(&journal, 0), 0);
    CHECK_EQ(clasp_hub_journal_since(&journal, UINT64_MAX), 4);
    clasp_hub_journal_deinit(&journal);
}

static void keep_some(void *context) {
    (void)context;
    clasp_hub_journal journal;
    clasp_hub_journal_init(&journal, 60000, 200, 1000000);
    for (uint32_t n = 0; n < 200; n++) {
        const uint32_t count = journal.count;
        keep(&journal, 290, (uint8_t)n, START + n);
        CHECK(journal.count + 1 >= count); /* without memory the ring stays as it is */
        CHECK(journal.count == 0 || n < 2 || holds(&journal, journal.count - 1, 290, (uint8_t)n));
    }
    clasp_hub_journal_deinit(&journal);
}

TEST(without_memory_it_keeps_fewer) { CHECK(clasp_test_each_allocation(keep_some, NULL) >= 4); }

/* ---- REPLAY -------------------------------------------------------------------------------------------------- */

static void publish_number(uint32_t session, const char *address, uint8_t signal, double number) {
    clasp_message message = publish(address, signal);
    message.value = talk_number(number);
    say(session, &message);
}

/* Ten messages, one a second: 0 to 9. */
static void fill(uint32_t session) {
    for (unsigned n = 0; n < 10; n++) {
        bench.now_us = START + n * SECOND;
        if (n % 3 == 0) {
            do_set(session, n % 2 ? "/lamp/b" : "/lamp/a", n);
        } else {
            publish_number(session, n % 2 ? "/door/b" : "/door/a",
                           n % 3 == 1 ? CLASP_SIGNAL_EVENT : CLASP_SIGNAL_STREAM, n);
        }
    }
}

TEST(replay_gives_what_matches_in_order_to_the_asker_alone) {
    static const struct {
        const char *pattern;
        uint32_t has;
        uint8_t types;
        uint64_t from, to; /* seconds */
        uint32_t limit;
        const char *numbers;
    } ROWS[] = {
        {"/**", 0, 0, 0, 0, 0, "0 1 2 3 4 5 6 7 8 9"},
        {"/lamp/**", 0, 0xFF, 0, 0, 0, "0 3 6 9"},
        {"/lamp", 0, 0xFF, 0, 0, 0, ""},
        {"/door/b", 0, 0xFF, 0, 0, 0, "1 5 7"},
        {"/d*/b", 0, 0xFF, 0, 0, 0, "1 5 7"},
        {"/**/a", 0, 0xFF, 0, 0, 0, "0 2 4 6 8"},
        {"/**", 0, CLASP_TYPE_PARAM, 0, 0, 0, "0 3 6 9"},
        {"/**", 0, CLASP_TYPE_EVENT | CLASP_TYPE_GESTURE, 0, 0, 0, "1 4 7"},
        {"/**", CLASP_HAS_FROM, 0xFF, 7, 0, 0, "7 8 9"},
        {"/**", CLASP_HAS_TO, 0xFF, 0, 2, 0, "0 1 2"},
        {"/**", CLASP_HAS_FROM | CLASP_HAS_TO, 0xFF, 3, 5, 0, "3 4 5"},
        {"/**", CLASP_HAS_FROM | CLASP_HAS_TO, 0xFF, 5, 3, 0, ""},
        {"/**", CLASP_HAS_LIMIT, 0xFF, 0, 0, 3, "0 1 2"},
        {"/lamp/*", CLASP_HAS_LIMIT | CLASP_HAS_FROM, 0xFF, 1, 0, 2, "3 6"},
        {"/**", CLASP_HAS_LIMIT, 0xFF, 0, 0, 0, ""},
    };
    begin();
    const uint32_t a = join(), b = join(), c = join();
    do_subscribe(c, 1, "/**");
    fill(a);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].pattern);
        const clasp_message replay = {.type = CLASP_MSG_REPLAY,
                                      .has = ROWS[i].has,
                                      .address = clasp_span_of(ROWS[i].pattern),
                                      .types = ROWS[i].types,
                                      .time_us = START + ROWS[i].from * SECOND,
                                      .t2_us = START + ROWS[i].to * SECOND,
                                      .limit = ROWS[i].limit};
        say(b, &replay);
        CHECK_TEXT(got_numbers(b), ROWS[i].numbers);
        CHECK(got_nothing(a) && got_nothing(c));
    }
    CHECK_EQ(stat(CLASP_HUB_STAT_replays_total), sizeof ROWS / sizeof *ROWS);
    CHECK_EQ(stat(CLASP_HUB_STAT_journal_entries), 10);
    CHECK(stat(CLASP_HUB_STAT_journal_bytes) > 100);
    end();
}

TEST(replayed_frames_say_when_they_were_accepted) {
    begin();
    const uint32_t a = join(), b = join();
    do_set(a, "/x", 1);
    do_set(a, "/x", 2);
    clasp_message message;
    do_replay(b, "/x");
    CHECK(got_type(b, 0, CLASP_MSG_SET, &message) && message.revision == 1);
    CHECK(bench.frame.has_timestamp && bench.frame.timestamp_us == START);
    CHECK_EQ(bench.frame.qos, CLASP_QOS_CONFIRM);
    CHECK(got_type(b, 1, CLASP_MSG_SET, &message) && message.revision == 2);
    CHECK_EQ(bench.frame.timestamp_us, START + 1); /* the same microsecond, and yet told apart */
    end();
}

TEST(a_long_answer_ends_where_the_next_one_can_begin) {
    static uint8_t bytes[60002];
    clasp_store_u16(bytes, 60000);
    begin();
    const uint32_t a = join(), b = join();
    for (unsigned n = 0; n < 40; n++) {
        clasp_message scene = publish("/film", CLASP_SIGNAL_STREAM);
        scene.value = (clasp_value){{bytes, sizeof bytes}, CLASP_VALUE_BYTES};
        say(a, &scene);
    }
    unsigned total = 0, answers = 0;
    clasp_message ask = {
        .type = CLASP_MSG_REPLAY, .has = CLASP_HAS_FROM, .address = clasp_span_of("/**"), .time_us = 0};
    for (unsigned count = 1; count > 0; answers++) {
        count = 0;
        say(b, &ask);
        CHECK(bench.out.len <= CLASP_HUB_REPLAY_BYTES);
        for (clasp_message message; got(b, count, &message); count++) {
            ask.time_us = bench.frame.timestamp_us + 1;
        }
        total += count;
    }
    CHECK_EQ(total, 40);
    CHECK_EQ(answers, 4); /* 17, 17, 6, 0 */
    end();
}

TEST(signals_are_never_journalled) {
    begin();
    const uint32_t a = join(), b = join();
    char address[80];
    snprintf(address, sizeof address, "/clasp/p2p/signal/%s", bench.ids[1]);
    const clasp_message member = publish(address, CLASP_SIGNAL_EVENT);
    do_publish(a, address);
    say_bundle(a, &member, 1);
    do_publish(a, "/clasp/p2p/signal/some/where");
    do_set(a, "/clasp/p2p/signal/anybody", 1);
    do_replay(b, "/clasp/**");
    CHECK(got_nothing(b));
    CHECK_EQ(stat(CLASP_HUB_STAT_journal_entries), 0);
    do_publish(a, "/clasp/p2p/announce"); /* this is no signal */
    do_replay(b, "/clasp/**");
    CHECK(!got_nothing(b));
    end();
}

TEST(what_was_refused_is_not_in_the_journal) {
    begin();
    const uint32_t a = join(), b = join();
    clasp_message lock = set("/x", 1);
    lock.has = CLASP_HAS_LOCK;
    say(a, &lock);
    do_set(b, "/x", 2);
    do_publish(b, "/a/*");
    do_replay(b, "/**");
    CHECK_TEXT(got_numbers(b), "1");
    end();
}

TEST(the_journal_keeps_to_its_options) {
    begin_with(&(clasp_hub_options){.journal_entries = 2, .journal_seconds = 10});
    const uint32_t a = join();
    for (unsigned n = 0; n < 4; n++) {
        publish_number(a, "/x", CLASP_SIGNAL_EVENT, n);
    }
    do_replay(a, "/x");
    CHECK_TEXT(got_numbers(a), "2 3");
    bench.now_us += 11 * SECOND; /* not yet swept, but over */
    do_replay(a, "/x");
    CHECK_TEXT(got_numbers(a), "");
    do_publish(a, "/x");
    CHECK(clasp_hub_deadline(bench.hub) <= bench.now_us + CLASP_HUB_SWEEP_US);
    wait_us(CLASP_HUB_SWEEP_US); /* nobody asks: it goes by itself */
    CHECK_EQ(stat(CLASP_HUB_STAT_journal_entries), 0);
    end();
}

/* An address, or a pattern, of 100 segments. */
static void make_long(char *text, const char *segment) {
    for (unsigned i = 0; i < 100; i++) {
        text += sprintf(text, "/%s", segment);
    }
}

TEST(a_pattern_that_takes_too_long_is_given_up_and_paid_for) {
    begin_with(&(clasp_hub_options){.messages_per_second = 1000});
    const uint32_t a = join(), b = join();
    char address[512], pattern[512];
    make_long(address, "ab");
    make_long(pattern, "*b");
    memcpy(pattern + strlen(pattern) - 2, "*c", 2);
    for (unsigned n = 0; n < 999; n++) {
        do_publish(a, address);
    }
    do_replay(b, pattern);
    CHECK(got_error(b, 429, pattern));
    /* HELLO and the REPLAY have taken two of the thousand */
    for (unsigned n = 0; n < 998 - CLASP_HUB_REPLAY_WORK / CLASP_HUB_REPLAY_PRICE; n++) {
        do_replay(b, "/y");
        CHECK(got_nothing(b));
    }
    do_replay(b, "/y");
    CHECK(got_error(b, 429, "/y")); /* over its rate */
    end();
}

/* ---- history ------------------------------------------------------------------------------------------------- */

TEST(a_subscription_gets_the_history_that_it_asks_for) {
    static const struct {
        const char *pattern;
        uint32_t has;
        uint8_t types;
        uint32_t history, window_ms;
        const char *numbers;
    } ROWS[] = {
        {"/door/*", 0, 0xFF, 0, 0, ""},
        {"/door/*", CLASP_HAS_HISTORY, 0xFF, 3, 0, "5 7 8"},
        {"/door/*", CLASP_HAS_HISTORY, 0xFF, 100, 0, "1 2 4 5 7 8"},
        {"/door/*", CLASP_HAS_HISTORY, 0xFF, 0, 0, ""},
        {"/**", CLASP_HAS_HISTORY, 0xFF, 2, 0, "7 8"}, /* no SETs: they are in the SNAPSHOT */
        {"/**", CLASP_HAS_HISTORY, CLASP_TYPE_STREAM, 2, 0, "5 8"},
        {"/**", CLASP_HAS_HISTORY, CLASP_TYPE_PARAM, 9, 0, ""},
        {"/**", CLASP_HAS_WINDOW, 0xFF, 0, 4000, "5 7 8"},
        {"/**", CLASP_HAS_WINDOW | CLASP_HAS_HISTORY, 0xFF, 2, 4000, "7 8"},
        {"/**", CLASP_HAS_WINDOW | CLASP_HAS_HISTORY, 0xFF, 9, 1000, "8"},
        {"/**", CLASP_HAS_WINDOW, 0xFF, 0, 0, ""},
        {"/**", CLASP_HAS_WINDOW, 0xFF, 0, UINT32_MAX, "1 2 4 5 7 8"},
    };
    begin();
    const uint32_t a = join(), b = join();
    fill(a);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].pattern);
        clasp_message message = subscribe(1, ROWS[i].pattern);
        message.types = ROWS[i].types;
        message.has = ROWS[i].has;
        message.history = ROWS[i].history;
        message.window_ms = ROWS[i].window_ms;
        say(b, &message);
        CHECK_TEXT(got_numbers(b), ROWS[i].numbers);
        CHECK(got_nothing(a));
    }
    end();
}

TEST(history_comes_after_the_snapshot_with_its_times) {
    begin();
    const uint32_t a = join(), b = join();
    publish_number(a, "/x", CLASP_SIGNAL_EVENT, 1);
    do_set(a, "/x", 2);
    clasp_message message = subscribe(1, "/x"), first;
    message.has = CLASP_HAS_HISTORY;
    message.history = 5;
    say(b, &message);
    CHECK(got_type(b, 0, CLASP_MSG_SNAPSHOT, &first));
    CHECK(got_type(b, 1, CLASP_MSG_PUBLISH, &first) && bench.frame.timestamp_us == START);
    CHECK(!got(b, 2, &first));
    end();
}

TEST(history_is_as_long_as_one_answer_and_the_newest) {
    static uint8_t bytes[60002];
    clasp_store_u16(bytes, 60000);
    begin();
    const uint32_t a = join(), b = join();
    for (unsigned n = 0; n < 40; n++) {
        clasp_message scene = publish("/film", CLASP_SIGNAL_STREAM);
        scene.value = (clasp_value){{bytes, sizeof bytes}, CLASP_VALUE_BYTES};
        say(a, &scene);
    }
    clasp_message message = subscribe(1, "/film"), last;
    message.has = CLASP_HAS_HISTORY;
    message.history = 1000;
    say(b, &message);
    CHECK(bench.out.len <= CLASP_HUB_REPLAY_BYTES);
    CHECK(got(b, 16, &last) && bench.frame.timestamp_us == START + 39);
    CHECK(!got(b, 17, &last));
    end();
}

/* ---- a bundle's time, and the life of what is read ------------------------------------------------------------- */

static void say_bundle_at(uint32_t session, const clasp_message *members, uint32_t count, uint64_t time_us) {
    static uint8_t storage[4096];
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    for (uint32_t i = 0; i < count; i++) {
        clasp_write_member(&w, &members[i]);
    }
    const clasp_message bundle = {.type = CLASP_MSG_BUNDLE,
                                  .has = CLASP_HAS_TIMESTAMP,
                                  .time_us = time_us,
                                  .list = {clasp_written(&w), count}};
    say(session, &bundle);
}

TEST(members_carry_the_time_of_their_bundle) {
    begin();
    const uint32_t a = join(), b = join(), c = join();
    char address[80];
    snprintf(address, sizeof address, "/clasp/p2p/signal/%s", bench.ids[2]);
    do_subscribe(b, 1, "/**");
    do_subscribe(a, 1, "/p");
    const clasp_message members[] = {set("/p", 1), publish("/e", CLASP_SIGNAL_EVENT),
                                     publish(address, CLASP_SIGNAL_EVENT)};
    const uint64_t later = START + 5 * SECOND;
    say_bundle_at(a, members, 3, later);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_HUB_SEND), 4); /* SET once for both, PUBLISH, signal, ACK */
    clasp_message message;
    CHECK(got_type(b, 0, CLASP_MSG_SET, &message));
    CHECK(bench.frame.has_timestamp && bench.frame.timestamp_us == later);
    CHECK(got_type(b, 1, CLASP_MSG_PUBLISH, &message) && bench.frame.timestamp_us == later);
    CHECK(got_type(c, 0, CLASP_MSG_PUBLISH, &message) && bench.frame.timestamp_us == later);
    CHECK(!got(b, 2, &message)); /* the signal is c's alone */
    CHECK(got_type(a, 1, CLASP_MSG_ACK, &message) && !bench.frame.has_timestamp);
    CHECK(has_param(a, "/p")); /* it holds at once */
    say_bundle(a, members, 1);
    CHECK(got_type(b, 0, CLASP_MSG_SET, &message) && !bench.frame.has_timestamp);
    do_replay(b, "/p"); /* in the journal is when it was accepted */
    CHECK(got_type(b, 0, CLASP_MSG_SET, &message) && bench.frame.timestamp_us == START);
    end();
}

TEST(a_sliding_life_is_prolonged_by_reading_and_an_absolute_one_is_not) {
    static const struct {
        const char *name;
        uint32_t ttl;
        bool reads;         /* GET or SUBSCRIBE after 6 of 10 seconds */
        const char *listen; /* the pattern of the SUBSCRIBE; NULL: GET */
        bool lives;         /* after 12 */
    } ROWS[] = {
        {"sliding, not read", 10, false, NULL, false},
        {"sliding, GET", 10, true, NULL, true},
        {"sliding, SUBSCRIBE to it", 10, true, "/x", true},
        {"sliding, SUBSCRIBE to a pattern", 10, true, "/*", false},
        {"absolute, GET", CLASP_TTL_ABSOLUTE | 10, true, NULL, false},
        {"absolute, SUBSCRIBE to it", CLASP_TTL_ABSOLUTE | 10, true, "/x", false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].name);
        begin();
        const uint32_t a = join();
        clasp_message message = set("/x", 1);
        message.has = CLASP_HAS_TTL;
        message.ttl = ROWS[i].ttl;
        say(a, &message);
        wait_us(6 * SECOND);
        if (ROWS[i].listen) {
            do_subscribe(a, 1, ROWS[i].listen);
        } else if (ROWS[i].reads) {
            do_get(a, "/x");
        }
        wait_us(6 * SECOND);
        CHECK_EQ(has_param(a, "/x"), ROWS[i].lives);
        end();
    }
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

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
    clasp_hub *hub = clasp_hub_new(&(clasp_hub_options){.max_sessions = 2}, SEED, &out);
    uint32_t a = 0;
    if (hub && clasp_hub_connected(hub, START, &a) == CLASP_OK) {
        clasp_message history = subscribe(1, "/**");
        history.has = CLASP_HAS_HISTORY;
        history.history = 10;
        const clasp_message replay = {.type = CLASP_MSG_REPLAY, .address = clasp_span_of("/**")};
        try_message(hub, &out, a, &HELLO);
        for (unsigned n = 0; n < 70; n++) {
            const clasp_message message = publish("/x", CLASP_SIGNAL_EVENT);
            try_message(hub, &out, a, &message);
        }
        try_message(hub, &out, a, &history);
        try_message(hub, &out, a, &replay);
    }
    clasp_hub_free(hub);
    clasp_outbox_deinit(&out);
}

TEST(a_failed_allocation_breaks_nothing) { CHECK(clasp_test_each_allocation(try_all, NULL) > 10); }

int main(void) {
    RUN(the_oldest_entries_make_room);
    RUN(payloads_of_all_sizes_stay_whole);
    RUN(what_is_too_old_is_dropped);
    RUN(every_entry_has_a_later_time_and_is_found_by_it);
    RUN(without_memory_it_keeps_fewer);
    RUN(replay_gives_what_matches_in_order_to_the_asker_alone);
    RUN(replayed_frames_say_when_they_were_accepted);
    RUN(a_long_answer_ends_where_the_next_one_can_begin);
    RUN(signals_are_never_journalled);
    RUN(what_was_refused_is_not_in_the_journal);
    RUN(the_journal_keeps_to_its_options);
    RUN(a_pattern_that_takes_too_long_is_given_up_and_paid_for);
    RUN(a_subscription_gets_the_history_that_it_asks_for);
    RUN(history_comes_after_the_snapshot_with_its_times);
    RUN(history_is_as_long_as_one_answer_and_the_newest);
    RUN(members_carry_the_time_of_their_bundle);
    RUN(a_sliding_life_is_prolonged_by_reading_and_an_absolute_one_is_not);
    RUN(a_failed_allocation_breaks_nothing);
    return check_summary();
}
