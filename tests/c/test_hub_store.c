/* What a hub keeps: subscriptions, params, announcements. */
#include "hub_bench.h"

/* ---- subscriptions ------------------------------------------------------------------------------------------- */

TEST(a_subscriber_gets_the_matching_params) {
    begin();
    const uint32_t a = join(), b = join();
    do_set(a, "/lamp/1", 1);
    do_set(a, "/lamp/2", 2);
    do_set(a, "/door", 3);
    do_subscribe(b, 1, "/lamp/*");
    clasp_message message;
    CHECK(got_type(b, 0, CLASP_MSG_SNAPSHOT, &message));
    CHECK_EQ(message.list.count, 2);
    clasp_reader r = clasp_list_reader(message.list);
    clasp_param param;
    double number = 0;
    clasp_next_param(&r, &param);
    CHECK(talk_is(param.address, "/lamp/1") && clasp_value_number(param.value, &number) && number == 1);
    CHECK(param.has_writer && talk_is(param.writer, bench.ids[0]));
    CHECK(param.has_timestamp && param.timestamp_us == START && param.revision == 1);
    clasp_next_param(&r, &param);
    CHECK(talk_is(param.address, "/lamp/2"));
    CHECK(!got(b, 1, &message));
    do_subscribe(b, 2, "/door"); /* one address, no star */
    CHECK(got_type(b, 0, CLASP_MSG_SNAPSHOT, &message) && message.list.count == 1);
    do_subscribe(b, 3, "/window/**"); /* nothing there: no answer */
    CHECK(got_nothing(b));
    end();
}

TEST(illegal_patterns_are_answered_202) {
    static const char *const PATTERNS[] = {"", "lamp", "/a//b", "**"};
    begin();
    const uint32_t a = join();
    for (size_t i = 0; i < sizeof PATTERNS / sizeof *PATTERNS; i++) {
        CHECK_CONTEXT(PATTERNS[i]);
        do_subscribe(a, 1, PATTERNS[i]);
        CHECK(got_error(a, 202, PATTERNS[i]));
        const clasp_message query = {.type = CLASP_MSG_QUERY, .address = clasp_span_of(PATTERNS[i])};
        say(a, &query);
        CHECK(got_error(a, 202, PATTERNS[i]));
        const clasp_message replay = {.type = CLASP_MSG_REPLAY, .address = clasp_span_of(PATTERNS[i])};
        say(a, &replay);
        CHECK(got_error(a, 202, PATTERNS[i]));
    }
    CHECK_EQ(stat(CLASP_HUB_STAT_subscriptions), 0);
    end();
}

TEST(too_many_subscriptions_are_answered_429) {
    begin_with(&(clasp_hub_options){.max_subscriptions = 2});
    const uint32_t a = join();
    do_subscribe(a, 1, "/a");
    do_subscribe(a, 2, "/b");
    do_subscribe(a, 3, "/c");
    CHECK(got_error(a, 429, "/c"));
    do_subscribe(a, 2, "/c"); /* an id in use is replaced: no more than before */
    CHECK(got_nothing(a));
    CHECK_EQ(stat(CLASP_HUB_STAT_subscriptions), 2);
    end();
}

TEST(an_id_in_use_is_replaced) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(a, 1, "/a");
    do_subscribe(a, 1, "/b");
    do_publish(b, "/a");
    CHECK(got_nothing(a));
    do_publish(b, "/b");
    CHECK(!got_nothing(a));
    do_subscribe(a, 1, "no pattern"); /* refused: the old one stays */
    do_publish(b, "/b");
    CHECK(!got_nothing(a));
    end();
}

TEST(unsubscribe_ends_one_subscription_of_one_session) {
    begin();
    const uint32_t a = join(), b = join(), c = join();
    do_subscribe(a, 1, "/x");
    do_subscribe(b, 1, "/x");
    const clasp_message unsubscribe = {.type = CLASP_MSG_UNSUBSCRIBE, .id = 1};
    say(a, &unsubscribe);
    CHECK(got_nothing(a)); /* and is not acknowledged */
    say(a, &unsubscribe);  /* an unknown id is nothing */
    do_publish(c, "/x");
    CHECK(got_nothing(a));
    CHECK(!got_nothing(b));
    end();
}

TEST(subscriptions_are_filtered_by_type) {
    static const uint8_t BITS[] = {CLASP_TYPE_PARAM, CLASP_TYPE_EVENT, CLASP_TYPE_STREAM, CLASP_TYPE_GESTURE,
                                   CLASP_TYPE_TIMELINE};
    begin();
    const uint32_t a = join(), b = join();
    for (uint8_t wanted = 0; wanted < 5; wanted++) {
        clasp_message wish = subscribe(1, "/x");
        wish.types = BITS[wanted];
        say(a, &wish);
        CHECK(got_nothing(a)); /* also no SNAPSHOT of a param that it does not want */
        for (uint8_t signal = 0; signal < 5; signal++) {
            const clasp_message message = publish("/x", signal);
            say(b, &message);
            CHECK_EQ(got_nothing(a), wanted != signal);
        }
        do_set(b, "/x", wanted);
        CHECK_EQ(got_nothing(a), BITS[wanted] != CLASP_TYPE_PARAM);
    }
    end();
}

/* ---- the parameter store ------------------------------------------------------------------------------------- */

TEST(params_live_as_long_as_they_were_given) {
    begin();
    const uint32_t a = join();
    const struct {
        const char *address;
        uint32_t ttl;
    } params[] = {{"/never", 0}, {"/sliding", 100}, {"/absolute", CLASP_TTL_ABSOLUTE | 100}};
    for (size_t i = 0; i < 3; i++) {
        clasp_message message = set(params[i].address, 1);
        message.has = CLASP_HAS_TTL;
        message.ttl = params[i].ttl;
        say(a, &message);
    }
    do_set(a, "/usual", 1);
    bench.now_us += 60 * SECOND;
    CHECK(has_param(a, "/sliding") && has_param(a, "/absolute"));
    bench.now_us += 60 * SECOND; /* 120 s after the write, 60 s after the look */
    CHECK(has_param(a, "/sliding") && !has_param(a, "/absolute") && has_param(a, "/usual"));
    bench.now_us += 100 * SECOND;
    CHECK(!has_param(a, "/sliding"));
    bench.now_us = START + CLASP_HUB_PARAM_TTL_S * SECOND;
    CHECK(!has_param(a, "/usual") && has_param(a, "/never"));
    end();
}

TEST(a_life_of_no_seconds_is_over_at_once) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(b, 1, "/x");
    clasp_message message = set("/x", 1);
    message.has = CLASP_HAS_TTL;
    message.ttl = CLASP_TTL_ABSOLUTE;
    say(a, &message);
    CHECK(!got_nothing(b)); /* it is told … */
    CHECK(!has_param(a, "/x"));
    end();
}

TEST(expired_params_are_swept_away) {
    begin();
    const uint32_t a = join();
    clasp_message message = set("/x", 1);
    message.has = CLASP_HAS_TTL;
    message.ttl = 30;
    say(a, &message);
    CHECK_EQ(clasp_hub_deadline(bench.hub), START + CLASP_HUB_SWEEP_US);
    bench.now_us += 40 * SECOND;
    clasp_message snapshot;
    say(a, &HELLO); /* expired, not yet swept: no SNAPSHOT shows it */
    CHECK(got_type(a, 1, CLASP_MSG_SNAPSHOT, &snapshot) && snapshot.list.count == 0);
    CHECK_EQ(stat(CLASP_HUB_STAT_params), 1);
    clasp_hub_tick(bench.hub, START + CLASP_HUB_SWEEP_US);
    CHECK_EQ(stat(CLASP_HUB_STAT_params), 0);
    CHECK_EQ(clasp_hub_deadline(bench.hub), bench.now_us + CLASP_HUB_SILENCE_US); /* nothing left to sweep */
    end();
}

TEST(the_least_recently_used_param_goes_first) {
    begin_with(&(clasp_hub_options){.max_params = 3});
    const uint32_t a = join();
    do_set(a, "/1", 1);
    do_set(a, "/2", 1);
    do_set(a, "/3", 1);
    CHECK(has_param(a, "/1")); /* used: now /2 is the oldest */
    do_set(a, "/4", 1);
    CHECK_EQ(stat(CLASP_HUB_STAT_params), 3);
    CHECK(!has_param(a, "/2") && has_param(a, "/1") && has_param(a, "/3") && has_param(a, "/4"));
    end();
}

TEST(the_bytes_of_all_params_are_bounded) {
    static uint8_t bytes[60002];
    clasp_store_u16(bytes, 60000);
    begin();
    const uint32_t a = join();
    const unsigned too_many = CLASP_HUB_PARAM_BYTES / 60000 + 10;
    for (unsigned i = 0; i < too_many; i++) {
        char address[32];
        snprintf(address, sizeof address, "/large/%u", i);
        clasp_message message = set(address, 0);
        message.value = (clasp_value){{bytes, sizeof bytes}, CLASP_VALUE_BYTES};
        say(a, &message);
    }
    CHECK(stat(CLASP_HUB_STAT_params) * 60000 <= CLASP_HUB_PARAM_BYTES);
    CHECK(stat(CLASP_HUB_STAT_params) > too_many - 30);
    CHECK(!has_param(a, "/large/0"));
    say(a, &HELLO); /* and all of them are one call's worth of effects */
    CHECK_EQ(bench.out.err, CLASP_OK);
    end();
}

TEST(a_snapshot_is_split_by_size) {
    static uint8_t bytes[10002];
    clasp_store_u16(bytes, 10000);
    begin();
    const uint32_t a = join();
    for (unsigned i = 0; i < 20; i++) {
        char address[32];
        snprintf(address, sizeof address, "/p/%u", i);
        clasp_message message = set(address, 0);
        message.value = (clasp_value){{bytes, sizeof bytes}, CLASP_VALUE_BYTES};
        say(a, &message);
    }
    do_subscribe(a, 1, "/p/*");
    uint32_t params = 0, messages = 0;
    clasp_message message;
    for (; got_type(a, messages, CLASP_MSG_SNAPSHOT, &message); messages++) {
        params += message.list.count;
    }
    CHECK_EQ(params, 20);
    CHECK_EQ(messages, 4); /* six of 10 KB fit one */
    end();
}

TEST(many_params_keep_their_values) {
    begin();
    const uint32_t a = join();
    char address[32];
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(address, sizeof address, "/many/%u", i);
        do_set(a, address, i);
    }
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(address, sizeof address, "/many/%u", i);
        do_get(a, address);
        clasp_message message;
        clasp_param param = {0};
        double number = -1;
        if (got_type(a, 0, CLASP_MSG_SNAPSHOT, &message)) {
            clasp_reader r = clasp_list_reader(message.list);
            clasp_next_param(&r, &param);
            clasp_value_number(param.value, &number);
        }
        if (!CHECK_EQ(number, i)) {
            break;
        }
    }
    end();
}

/* ---- ANNOUNCE and QUERY -------------------------------------------------------------------------------------- */

static void announce(uint32_t session, const char *name, const char *const *addresses, uint32_t count) {
    static uint8_t storage[65535];
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    for (uint32_t i = 0; i < count; i++) {
        const clasp_signal_info info = {.address = clasp_span_of(addresses[i]),
                                        .datatype = clasp_span_of("f32"),
                                        .unit = clasp_span_of("K"),
                                        .signal = CLASP_SIGNAL_STREAM,
                                        .has_meta = true};
        clasp_write_signal(&w, true, &info);
    }
    const clasp_message message = {
        .type = CLASP_MSG_ANNOUNCE, .address = clasp_span_of(name), .list = {clasp_written(&w), count}};
    say(session, &message);
}

/* How many signals a QUERY finds; those of the first RESULT are left in `first`. */
static uint32_t query(uint32_t session, const char *pattern, clasp_message *first) {
    const clasp_message message = {.type = CLASP_MSG_QUERY, .address = clasp_span_of(pattern)};
    say(session, &message);
    CHECK(got_type(session, 0, CLASP_MSG_RESULT, first));
    uint32_t count = 0;
    clasp_message result;
    for (unsigned n = 0; got_type(session, n, CLASP_MSG_RESULT, &result); n++) {
        count += result.list.count;
    }
    return count;
}

TEST(what_is_announced_is_found) {
    static const char *const SIGNALS[] = {"/s/temp", "/s/*", "not an address", "/t"};
    begin();
    const uint32_t a = join(), b = join();
    clasp_message message;
    CHECK_EQ(query(b, "/**", &message), 0); /* also an empty RESULT is an answer */
    announce(a, "s", SIGNALS, 4);
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &message) && talk_is(message.address, "s"));
    CHECK(got_nothing(b));
    CHECK_EQ(query(b, "/**", &message), 3);
    CHECK_EQ(query(b, "/s/temp", &message), 1);
    clasp_reader r = clasp_list_reader(message.list);
    clasp_signal_info info;
    clasp_next_signal(&r, false, &info);
    CHECK(talk_is(info.address, "/s/temp") && talk_is(info.datatype, "f32") &&
          info.signal == CLASP_SIGNAL_STREAM);
    CHECK(!info.has_meta && clasp_left(&r) == 0);
    announce(a, "s", SIGNALS + 3, 1); /* the same namespace again: replaced */
    CHECK_EQ(query(b, "/**", &message), 1);
    announce(b, "s", SIGNALS, 1); /* the same name of another session is another one */
    CHECK_EQ(query(b, "/**", &message), 2);
    clasp_hub_disconnected(bench.hub, a, bench.now_us);
    CHECK_EQ(query(b, "/**", &message), 1);
    announce(b, "s", NULL, 0);
    CHECK_EQ(query(b, "/**", &message), 0);
    end();
}

TEST(announcements_are_bounded) {
    static char text[40000];
    memset(text, 'x', sizeof text - 1);
    text[0] = '/';
    const char *const signals[] = {text};
    static const char *const NAMES[] = {"1", "2", "3", "4"};
    begin();
    const uint32_t a = join();
    clasp_message message;
    for (unsigned i = 0; i < 3; i++) {
        announce(a, NAMES[i], signals, 1);
        CHECK(got_type(a, 0, CLASP_MSG_ACK, &message));
    }
    announce(a, NAMES[3], signals, 1);
    CHECK(got_error(a, 429, NAMES[3]));
    for (unsigned i = 0; i < 200; i++) {
        announce(a, NAMES[2], signals, 1); /* in the place of its own: nothing adds up */
        CHECK(got_type(a, 0, CLASP_MSG_ACK, &message));
    }
    CHECK_EQ(query(a, "/*", &message), 3);
    CHECK_EQ(message.list.count, 1); /* 40 KB each: one in each RESULT */
    end();
}

int main(void) {
    RUN(a_subscriber_gets_the_matching_params);
    RUN(illegal_patterns_are_answered_202);
    RUN(too_many_subscriptions_are_answered_429);
    RUN(an_id_in_use_is_replaced);
    RUN(unsubscribe_ends_one_subscription_of_one_session);
    RUN(subscriptions_are_filtered_by_type);
    RUN(params_live_as_long_as_they_were_given);
    RUN(a_life_of_no_seconds_is_over_at_once);
    RUN(expired_params_are_swept_away);
    RUN(the_least_recently_used_param_goes_first);
    RUN(the_bytes_of_all_params_are_bounded);
    RUN(a_snapshot_is_split_by_size);
    RUN(many_params_keep_their_values);
    RUN(what_is_announced_is_found);
    RUN(announcements_are_bounded);
    return check_summary();
}
