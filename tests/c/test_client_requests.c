/* Bundles, announcements, queries, subscriptions with options, and what a hostile relay or a lack of memory cannot do. */
#include "alloc.h"
#include "client_bench.h"

/* ---- bundles ------------------------------------------------------------------------------------------------- */

static clasp_err add_set(const char *address, double number) {
    const clasp_message set = set_message(address, number);
    return clasp_client_set(bench.client, &set, CLASP_QOS_CONFIRM, 0, bench.now_us);
}

static clasp_err add_publish(const char *address) {
    const clasp_message event = {.type = CLASP_MSG_PUBLISH,
                                 .has = CLASP_HAS_VALUE,
                                 .signal = CLASP_SIGNAL_EVENT,
                                 .address = clasp_span_of(address),
                                 .value = talk_number(1)};
    return clasp_client_publish(bench.client, &event, bench.now_us);
}

static clasp_err bundle_end(uint32_t ticket) {
    return clasp_client_bundle_end(bench.client, NULL, ticket, bench.now_us);
}

static void bundle(uint32_t ticket) {
    CHECK_EQ(clasp_client_bundle_begin(bench.client), CLASP_OK);
    CHECK_EQ(add_set("/a", 1), CLASP_OK);
    CHECK_EQ(add_publish("/e"), CLASP_OK);
    CHECK_EQ(bundle_end(ticket), CLASP_OK);
}

static void hear_bundle_ack(uint64_t revision) {
    hear(&(clasp_message){.type = CLASP_MSG_ACK, .has = CLASP_HAS_REVISION, .revision = revision});
}

TEST(a_bundle_is_one_frame_and_settled_by_an_ack_without_an_address) {
    begin_open();
    CHECK_EQ(clasp_client_bundle_begin(bench.client), CLASP_OK);
    CHECK_EQ(clasp_client_bundle_begin(bench.client), CLASP_BAD_STATE);
    CHECK_EQ(add_set("/a", 1), CLASP_OK);
    CHECK_EQ(add_set("bad", 1), CLASP_BAD_ADDRESS);
    CHECK_EQ(set_as("/a", 1, CLASP_QOS_CONFIRM, 3), CLASP_BAD_STATE); /* no ticket of its own */
    CHECK_EQ(add_publish("/e"), CLASP_OK);
    CHECK_EQ(sent_count(), 0);
    const uint64_t at_us = 77;
    CHECK_EQ(clasp_client_bundle_end(bench.client, &at_us, 5, bench.now_us), CLASP_OK);
    clasp_message message;
    CHECK(sent(0, &message) && message.type == CLASP_MSG_BUNDLE && message.list.count == 2 &&
          message.time_us == 77);
    hear_bundle_ack(3);
    CHECK(settled(5, CLASP_OK, 3));
    CHECK_EQ(bundle_end(1), CLASP_BAD_STATE);
    end();
}

TEST(bundles_without_members_are_settled_and_dropped_ones_forgotten) {
    begin_open();
    CHECK_EQ(clasp_client_bundle_begin(bench.client), CLASP_OK);
    CHECK_EQ(bundle_end(5), CLASP_OK);
    CHECK(settled(5, CLASP_OK, 0) && sent_count() == 0);
    CHECK_EQ(clasp_client_bundle_begin(bench.client), CLASP_OK);
    CHECK_EQ(add_set("/a", 1), CLASP_OK);
    clasp_client_bundle_drop(bench.client);
    clasp_outbox_clear(&bench.out);
    CHECK_EQ(add_set("/b", 2), CLASP_OK);
    CHECK(sent_set(0, "/b", 2));
    end();
}

TEST(what_does_not_fit_a_bundle_stays_out_of_it) {
    static uint8_t blob[40002];
    begin_open();
    clasp_store_u16(blob, 40000);
    const clasp_message large = {.type = CLASP_MSG_SET,
                                 .address = clasp_span_of("/large"),
                                 .value = {{blob, sizeof blob}, CLASP_VALUE_BYTES}};
    CHECK_EQ(clasp_client_bundle_begin(bench.client), CLASP_OK);
    CHECK_EQ(clasp_client_set(bench.client, &large, CLASP_QOS_CONFIRM, 0, bench.now_us), CLASP_OK);
    CHECK_EQ(clasp_client_set(bench.client, &large, CLASP_QOS_CONFIRM, 0, bench.now_us), CLASP_TOO_LARGE);
    CHECK_EQ(add_set("/small", 1), CLASP_OK);
    clasp_outbox_clear(&bench.out);
    CHECK_EQ(bundle_end(0), CLASP_OK);
    clasp_message message;
    CHECK(sent(0, &message) && message.list.count == 2);
    end();
}

TEST(bundles_are_judged_as_sets_are) {
    begin_open();
    bundle(1);
    bundle(2);
    come_back("you");
    const uint64_t outcome = 9;
    hear_claim(true, 1, &outcome, 1);
    clasp_message message;
    CHECK(settled(1, CLASP_OK, 9) && sent(0, &message) && message.type == CLASP_MSG_BUNDLE);
    CHECK_EQ(sent_count(), 1);
    hear_error(403, "/e"); /* of a member */
    CHECK(settled(2, CLASP_RELAY_REFUSED, 403));
    end();
}

/* ---- announcements and queries ------------------------------------------------------------------------------- */

static uint8_t signals_bytes[4096];

/* An array of one map {address, type: "param", meta: {unit: "m", range: [0, 1]}}. */
static clasp_value signals(const char *address) {
    clasp_writer w = clasp_writer_of(signals_bytes, sizeof signals_bytes);
    clasp_write_u16(&w, 1);
    clasp_write_u8(&w, CLASP_VALUE_MAP);
    clasp_write_u16(&w, 3);
    clasp_write_text(&w, clasp_span_of("address"));
    clasp_write_u8(&w, CLASP_VALUE_STRING);
    clasp_write_text(&w, clasp_span_of(address));
    clasp_write_text(&w, clasp_span_of("type"));
    clasp_write_u8(&w, CLASP_VALUE_STRING);
    clasp_write_text(&w, clasp_span_of("param"));
    clasp_write_text(&w, clasp_span_of("meta"));
    clasp_write_u8(&w, CLASP_VALUE_MAP);
    clasp_write_u16(&w, 2);
    clasp_write_text(&w, clasp_span_of("unit"));
    clasp_write_u8(&w, CLASP_VALUE_STRING);
    clasp_write_text(&w, clasp_span_of("m"));
    clasp_write_text(&w, clasp_span_of("range"));
    clasp_write_u8(&w, CLASP_VALUE_ARRAY);
    clasp_write_u16(&w, 2);
    clasp_write_value(&w, talk_number(0));
    clasp_write_value(&w, talk_number(1));
    return (clasp_value){clasp_written(&w), CLASP_VALUE_ARRAY};
}

static clasp_err announce(uint32_t ticket) {
    return clasp_client_announce(bench.client, clasp_span_of("/n"), signals("/n/x"), ticket, bench.now_us);
}

TEST(an_announcement_is_made_of_maps_and_settled_by_its_ack) {
    begin_open();
    CHECK_EQ(announce(4), CLASP_OK);
    clasp_message message;
    CHECK(sent(0, &message) && message.type == CLASP_MSG_ANNOUNCE && talk_is(message.address, "/n") &&
          message.list.count == 1);
    clasp_signal_info info;
    clasp_reader r = clasp_list_reader(message.list);
    clasp_next_signal(&r, true, &info);
    CHECK(talk_is(info.address, "/n/x") && talk_is(info.unit, "m") && info.has_range && info.max == 1);
    do_set("/n", 1, 5); /* a param may have the namespace's address */
    hear_ack("/n", 3);
    CHECK(settled(5, CLASP_OK, 3));
    hear_ack("/n", 0);
    CHECK(settled(4, CLASP_OK, 0));
    CHECK_EQ(clasp_client_announce(bench.client, clasp_span_of("/n"), talk_number(1), 1, bench.now_us),
             CLASP_BAD_FIELD);
    end();
}

static void hear_result(const char *address) {
    static uint8_t storage[256];
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    const clasp_signal_info info = {.address = clasp_span_of(address), .signal = CLASP_SIGNAL_EVENT};
    clasp_write_signal(&w, false, &info);
    hear(&(clasp_message){.type = CLASP_MSG_RESULT, .list = {clasp_written(&w), 1}});
}

static void hear_sync(uint64_t t1_us) {
    hear(&(clasp_message){.type = CLASP_MSG_SYNC,
                          .has = CLASP_HAS_T2 | CLASP_HAS_T3,
                          .time_us = t1_us,
                          .t2_us = START,
                          .t3_us = START});
}

/* The only RESULT of the outbox is for this ticket, and holds one signal with this address. */
static bool told_result(uint32_t ticket, const char *address) {
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_RESULT, 0);
    if (!effect || effect->a != ticket || effect->b != CLASP_VALUE_ARRAY) {
        return false;
    }
    const clasp_value list = {clasp_outbox_bytes(&bench.out, effect), CLASP_VALUE_ARRAY};
    clasp_value found;
    clasp_reader r = clasp_value_items(list);
    const clasp_value map = clasp_value_next(&r);
    return clasp_value_count(list) == 1 && clasp_value_get(map, clasp_span_of("address"), &found) &&
           talk_is(clasp_value_text(found), address);
}

TEST(a_query_is_answered_by_results_up_to_its_sync) {
    begin_open();
    clasp_message first_sync, second_sync;
    CHECK_EQ(clasp_client_query(bench.client, clasp_span_of("/n/*"), 1, bench.now_us), CLASP_OK);
    CHECK(sent_to(0, CLASP_MSG_QUERY, "/n/*") && sent(1, &first_sync) && first_sync.type == CLASP_MSG_SYNC);
    clasp_outbox_clear(&bench.out);
    CHECK_EQ(clasp_client_query(bench.client, clasp_span_of("/m/*"), 2, bench.now_us), CLASP_OK);
    CHECK(sent(1, &second_sync) && second_sync.time_us != first_sync.time_us);
    const uint64_t first_us = first_sync.time_us, second_us = second_sync.time_us;
    hear_result("/n/x");
    CHECK(told_result(1, "/n/x") && settled_nothing());
    hear_result("/n/y");
    CHECK(told_result(1, "/n/y") && settled_nothing());
    hear_sync(first_us);
    CHECK(settled(1, CLASP_OK, 0));
    hear_result("/m/z");
    CHECK(told_result(2, "/m/z"));
    pass(CLASP_CLIENT_ANSWER_US);
    CHECK(settled(2, CLASP_OK, 0)); /* what came is an answer */
    hear_sync(second_us);
    CHECK(settled_nothing());
    end();
}

TEST(a_refused_query_is_settled_by_its_pattern) {
    begin_open();
    CHECK_EQ(clasp_client_query(bench.client, clasp_span_of("/n/*"), 1, bench.now_us), CLASP_OK);
    hear_error(202, "/n/*");
    CHECK(settled(1, CLASP_RELAY_REFUSED, 202));
    end();
}

TEST(a_replay_is_sent_when_there_is_a_session) {
    begin_open();
    clasp_message replay = {.type = CLASP_MSG_REPLAY,
                            .has = CLASP_HAS_FROM | CLASP_HAS_LIMIT,
                            .address = clasp_span_of("/**"),
                            .types = CLASP_TYPE_EVENT,
                            .time_us = 5,
                            .limit = 9};
    clasp_message message;
    CHECK_EQ(clasp_client_replay(bench.client, &replay, bench.now_us), CLASP_OK);
    CHECK(sent(0, &message) && message.type == CLASP_MSG_REPLAY && message.time_us == 5 &&
          message.limit == 9);
    replay.address = clasp_span_of("x");
    CHECK_EQ(clasp_client_replay(bench.client, &replay, bench.now_us), CLASP_BAD_PATTERN);
    end();
}

/* ---- subscriptions ------------------------------------------------------------------------------------------- */

TEST(the_options_of_a_subscription_are_sent_each_time) {
    static const clasp_message WISH = {.type = CLASP_MSG_SUBSCRIBE,
                                       .has = CLASP_HAS_MAX_RATE | CLASP_HAS_EPSILON | CLASP_HAS_WINDOW,
                                       .address = {(const uint8_t *)"/a", 2},
                                       .types = CLASP_TYPE_PARAM,
                                       .rate = 30,
                                       .window_ms = 50,
                                       .epsilon = 0.5};
    begin_open();
    uint32_t sub, plain;
    clasp_message message, bare = {.type = CLASP_MSG_SUBSCRIBE, .address = clasp_span_of("/b")};
    CHECK_EQ(clasp_client_subscribe(bench.client, &WISH, &sub, bench.now_us), CLASP_OK);
    CHECK_EQ(clasp_client_subscribe(bench.client, &bare, &plain, bench.now_us), CLASP_OK);
    for (int round = 0; round < 2; round++) {
        CHECK(sent(0, &message) && message.type == CLASP_MSG_SUBSCRIBE && message.id == sub);
        CHECK_EQ(message.has, WISH.has);
        CHECK(message.rate == 30 && message.window_ms == 50 && message.epsilon == 0.5);
        CHECK(sent(1, &message) && message.id == plain && message.has == 0);
        come_back("you");
    }
    CHECK_EQ(clasp_client_unsubscribe(bench.client, sub, bench.now_us), CLASP_OK);
    bare.address = clasp_span_of("/c"); /* the id is used again, without the options */
    clasp_outbox_clear(&bench.out);
    CHECK_EQ(clasp_client_subscribe(bench.client, &bare, &sub, bench.now_us), CLASP_OK);
    CHECK(sent(0, &message) && message.has == 0);
    end();
}

/* ---- a hostile relay ----------------------------------------------------------------------------------------- */

/* What a client pins, with its session's own tables, before and after. */
static size_t flood(void) {
    static uint8_t blob[60002];
    char address[48];
    clasp_store_u16(blob, 60000);
    for (uint32_t i = 0; i < 40000; i++) {
        snprintf(address, sizeof address, "/%u", i);
        hear_ack(address, i);
        hear_error((uint16_t)(400 + i % 200), i % 3 ? address : NULL); /* 300 and 302 would end it */
        hear_param(address, talk_number(i), i, "x");
        clasp_message news = set_message(address, i);
        hear(&news);
        hear_sync(START + i);
        hear_bundle_ack(i);
        if (i % 100 == 0) {
            news.value = (clasp_value){{blob, sizeof blob}, CLASP_VALUE_BYTES};
            hear(&news);
            hear_result(address);
            hear_claim(i % 200 == 0, i, NULL, 0);
        }
    }
    CHECK_EQ(clasp_client_get_state(bench.client), CLASP_SESSION_OPEN);
    clasp_outbox_deinit(&bench.out);
    return clasp_test_live_bytes();
}

TEST(a_hostile_relay_cannot_grow_a_client) {
    begin_open();
    const clasp_message wish = {
        .type = CLASP_MSG_SUBSCRIBE, .address = clasp_span_of("/x"), .types = CLASP_TYPE_ALL};
    uint32_t sub;
    CHECK_EQ(clasp_client_subscribe(bench.client, &wish, &sub, bench.now_us), CLASP_OK);
    for (uint32_t i = 1; i <= 20; i++) {
        do_set("/mine", i, i);
    }
    const size_t before = clasp_test_live_bytes();
    const size_t after = flood();
    printf("a client after 240,000 messages of a hostile relay: %zu KiB more\n", (after - before) >> 10);
    CHECK(after - before <
          CLASP_CLIENT_CACHED_BYTES + (6u << 20)); /* the cache, and the session's addresses */
    CHECK(flood() <= after + (64u << 10));         /* and no further */
    end();
}

/* ---- a lack of memory ---------------------------------------------------------------------------------------- */

/* Whatever allocation fails: no ticket is settled twice, and a call that says OK is settled when the client closes. */
static void live(void *context) {
    (void)context;
    memset(&bench, 0, sizeof bench);
    bench.now_us = START;
    bench.client = clasp_client_new(HANDLE, 5, &bench.out);
    if (!bench.client) {
        return;
    }
    if (clasp_client_open(bench.client, &OPTIONS, SECRET, bench.now_us) != CLASP_OK) {
        end();
        return;
    }
    const clasp_message wish = {.type = CLASP_MSG_SUBSCRIBE,
                                .has = CLASP_HAS_MAX_RATE,
                                .address = clasp_span_of("/**"),
                                .types = CLASP_TYPE_ALL};
    uint32_t sub, asked = 0, answered = 0;
    clasp_client_subscribe(bench.client, &wish, &sub, bench.now_us);
    clasp_client_socket_opened(bench.client, bench.now_us);
    hear_welcome("me");
    hear_claim(false, 0, NULL, 0);
    for (uint32_t i = 1; i <= 100; i++) {
        char address[16];
        snprintf(address, sizeof address, "/%u", i);
        asked += set_as(address, i, CLASP_QOS_CONFIRM, i) == CLASP_OK;
    }
    asked += announce(101) == CLASP_OK;
    asked += clasp_client_query(bench.client, clasp_span_of("/**"), 102, bench.now_us) == CLASP_OK;
    hear_result("/x");
    clasp_outbox_clear(&bench.out);
    hear_more(&(clasp_message){.type = CLASP_MSG_ACK,
                               .has = CLASP_HAS_ADDRESS | CLASP_HAS_REVISION,
                               .address = clasp_span_of("/1"),
                               .revision = 1});
    clasp_client_socket_closed(bench.client, 1006, bench.now_us);
    bench.now_us = clasp_client_deadline(bench.client);
    clasp_client_tick(bench.client, bench.now_us);
    clasp_client_socket_opened(bench.client, bench.now_us);
    hear_more(&(clasp_message){.type = CLASP_MSG_WELCOME, .version = 1, .session = clasp_span_of("you")});
    hear_more(&(clasp_message){.type = CLASP_MSG_PONG});
    clasp_client_close(bench.client, bench.now_us);
    answered = talk_count(&bench.out, CLASP_EFFECT_SETTLED);
    CHECK(bench.out.err != CLASP_OK ? answered <= asked : answered == asked);
    end();
}

TEST(no_failed_allocation_loses_a_ticket) {
    const int failures = clasp_test_each_allocation(live, NULL);
    CHECK(failures > 20);
    printf("%d failed allocations\n", failures);
}

/* SETs and their ACKs, `count` at a time; the frames of the ACKs are made before. */
static void sets_and_acks(uint32_t count, clasp_span ack) {
    const clasp_message set = set_message("/a", 5);
    for (uint32_t i = 0; i < count; i++) {
        CHECK_EQ(clasp_client_set(bench.client, &set, CLASP_QOS_CONFIRM, i + 1, bench.now_us), CLASP_OK);
        clasp_outbox_clear(&bench.out);
    }
    for (uint32_t i = 0; i < count; i++) {
        clasp_client_received(bench.client, ack, bench.now_us);
        CHECK(settled(i + 1, CLASP_OK, 9));
        clasp_outbox_clear(&bench.out);
    }
}

TEST(a_set_in_the_steady_state_allocates_nothing) {
    begin_open();
    const clasp_span ack = talk_frame(&(clasp_message){.type = CLASP_MSG_ACK,
                                                       .has = CLASP_HAS_ADDRESS | CLASP_HAS_REVISION,
                                                       .address = clasp_span_of("/a"),
                                                       .revision = 9});
    sets_and_acks(500, ack);
    clasp_test_fail_allocation(1);
    for (uint32_t round = 0; round < 20; round++) {
        sets_and_acks(1 + 25 * round, ack);
    }
    CHECK(!clasp_test_allocation_failed());
    clasp_test_fail_allocation(0);
    free((void *)ack.at);
    end();
}

int main(void) {
    RUN(a_bundle_is_one_frame_and_settled_by_an_ack_without_an_address);
    RUN(bundles_without_members_are_settled_and_dropped_ones_forgotten);
    RUN(what_does_not_fit_a_bundle_stays_out_of_it);
    RUN(bundles_are_judged_as_sets_are);
    RUN(an_announcement_is_made_of_maps_and_settled_by_its_ack);
    RUN(a_query_is_answered_by_results_up_to_its_sync);
    RUN(a_refused_query_is_settled_by_its_pattern);
    RUN(a_replay_is_sent_when_there_is_a_session);
    RUN(the_options_of_a_subscription_are_sent_each_time);
    RUN(a_hostile_relay_cannot_grow_a_client);
    RUN(no_failed_allocation_loses_a_ticket);
    RUN(a_set_in_the_steady_state_allocates_nothing);
    return check_summary();
}
