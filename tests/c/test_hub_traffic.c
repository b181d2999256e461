/* SET, GET, PUBLISH and BUNDLE: what clients write, and who gets it. */
#include "hub_bench.h"

/* ---- SET and GET --------------------------------------------------------------------------------------------- */

TEST(the_sender_sees_its_set_before_its_ack) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(a, 1, "/**");
    do_subscribe(a, 2, "/x");
    do_subscribe(b, 1, "/x");
    do_set(a, "/x", 4);
    clasp_message message;
    CHECK(got_type(a, 0, CLASP_MSG_SET, &message));
    CHECK(message.has & CLASP_HAS_REVISION && message.revision == 1);
    CHECK(got_type(a, 1, CLASP_MSG_ACK, &message));
    CHECK(talk_is(message.address, "/x") && message.revision == 1);
    CHECK_EQ(message.has, CLASP_HAS_ADDRESS | CLASP_HAS_REVISION);
    CHECK(!got(a, 2, &message)); /* two subscriptions match, it comes once */
    CHECK(got_type(b, 0, CLASP_MSG_SET, &message));
    CHECK(!got(b, 1, &message));
    end();
}

TEST(a_set_for_many_is_encoded_once) {
    begin();
    const uint32_t a = join(), b = join(), c = join();
    do_subscribe(a, 1, "/x");
    do_subscribe(b, 1, "/*");
    do_subscribe(c, 1, "/**");
    do_set(a, "/x", 1);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_HUB_SEND), 2); /* one SET, one ACK */
    CHECK_EQ(talk_effect(&bench.out, CLASP_EFFECT_HUB_SEND, 0)->a, 3);
    CHECK_EQ(stat(CLASP_HUB_STAT_deliveries_total), 3);
    end();
}

TEST(revisions_grow_and_an_unexpected_one_is_a_conflict) {
    begin();
    const uint32_t a = join();
    clasp_message message = set("/x", 1);
    message.has = CLASP_HAS_REVISION;
    message.revision = 99; /* on a new param it is ignored */
    say(a, &message);
    clasp_message answer;
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &answer) && answer.revision == 1);
    message.revision = 1;
    say(a, &message);
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &answer) && answer.revision == 2);
    say(a, &message);
    CHECK(got_error(a, 400, "/x"));
    do_set(a, "/x", 5); /* without a revision: last writer wins */
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &answer) && answer.revision == 3);
    end();
}

TEST(illegal_addresses_are_answered_200) {
    static const char *const ADDRESSES[] = {"", "x", "/a//b", "/a/*", "/**"};
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(b, 1, "/**");
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++) {
        CHECK_CONTEXT(ADDRESSES[i]);
        do_set(a, ADDRESSES[i], 1);
        CHECK(got_error(a, 200, ADDRESSES[i]));
        CHECK(got_nothing(b));
        do_publish(a, ADDRESSES[i]);
        CHECK(got_error(a, 200, ADDRESSES[i]));
        CHECK(got_nothing(b));
        do_get(a, ADDRESSES[i]);
        CHECK(got_error(a, 200, ADDRESSES[i]));
    }
    CHECK_EQ(stat(CLASP_HUB_STAT_params), 0);
    CHECK_EQ(stat(CLASP_HUB_STAT_rejected_total), 15);
    end();
}

TEST(a_param_that_fits_no_snapshot_is_refused) {
    static uint8_t bytes[65535];
    clasp_store_u16(bytes, 65470 - 2);
    begin();
    const uint32_t a = join();
    clasp_message message = set("/abc", 0);
    message.value = (clasp_value){{bytes, 65470}, CLASP_VALUE_BYTES};
    say(a, &message); /* the largest there is */
    clasp_message answer;
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &answer));
    do_get(a, "/abc");
    CHECK(got_type(a, 0, CLASP_MSG_SNAPSHOT, &answer) && answer.list.count == 1);
    message.address = clasp_span_of("/abcd");
    say(a, &message);
    CHECK(got_error(a, 402, "/abcd"));
    end();
}

TEST(lock_and_ttl_are_passed_on) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(b, 1, "/x");
    clasp_message message = set("/x", 1);
    message.has = CLASP_HAS_LOCK | CLASP_HAS_TTL;
    message.ttl = CLASP_TTL_ABSOLUTE | 9;
    say(a, &message);
    clasp_message news;
    CHECK(got_type(b, 0, CLASP_MSG_SET, &news));
    CHECK_EQ(news.has, CLASP_HAS_LOCK | CLASP_HAS_TTL | CLASP_HAS_REVISION);
    CHECK_EQ(news.ttl, CLASP_TTL_ABSOLUTE | 9);
    end();
}

TEST(a_lock_keeps_others_out_until_it_is_released) {
    begin();
    const uint32_t a = join(), b = join();
    clasp_message message = set("/x", 1), answer;
    message.has = CLASP_HAS_LOCK;
    say(a, &message);
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &answer));
    CHECK(answer.has & CLASP_HAS_LOCKED && answer.locked == 1);
    CHECK(answer.has & CLASP_HAS_HOLDER && talk_is(answer.session, bench.ids[0]));
    do_set(b, "/x", 2);
    CHECK(got_error(b, 401, "/x"));
    message.has = CLASP_HAS_UNLOCK; /* not b's to release */
    say(b, &message);
    CHECK(got_error(b, 401, "/x"));
    do_set(a, "/x", 3); /* the holder writes on */
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &answer) && answer.revision == 2);
    say(a, &message);
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &answer) && answer.has & CLASP_HAS_LOCKED && answer.locked == 0);
    do_set(b, "/x", 4);
    CHECK(got_type(b, 0, CLASP_MSG_ACK, &answer) && answer.revision == 4);
    end();
}

TEST(locks_end_with_their_session) {
    begin();
    const uint32_t a = join(), b = join(), c = join();
    clasp_message message = set("/x", 1), answer;
    message.has = CLASP_HAS_LOCK;
    say(a, &message);
    clasp_hub_disconnected(bench.hub, a, bench.now_us);
    say(b, &message);
    CHECK(got_type(b, 0, CLASP_MSG_ACK, &answer));
    say(b, &HELLO); /* a new session has no locks of the old one */
    do_set(c, "/x", 2);
    CHECK(got_type(c, 0, CLASP_MSG_ACK, &answer));
    end();
}

TEST(get_is_answered_by_one_param_or_nothing) {
    begin();
    const uint32_t a = join();
    do_get(a, "/x");
    CHECK(got_nothing(a));
    do_set(a, "/x", 2.5);
    do_get(a, "/x");
    clasp_message message;
    CHECK(got_type(a, 0, CLASP_MSG_SNAPSHOT, &message) && message.list.count == 1);
    clasp_reader r = clasp_list_reader(message.list);
    clasp_param param;
    clasp_next_param(&r, &param);
    double number = 0;
    CHECK(clasp_value_number(param.value, &number) && number == 2.5);
    end();
}

/* ---- PUBLISH ------------------------------------------------------------------------------------------------- */

TEST(a_publish_reaches_each_subscriber_once_and_not_its_sender) {
    begin();
    const uint32_t a = join(), b = join(), c = join();
    do_subscribe(a, 1, "/x");
    do_subscribe(b, 1, "/x");
    do_subscribe(b, 2, "/*");
    do_publish(a, "/x");
    clasp_message message;
    CHECK(got_nothing(a) && got_nothing(c));
    CHECK(got_type(b, 0, CLASP_MSG_PUBLISH, &message));
    CHECK(talk_is(message.address, "/x") && message.signal == CLASP_SIGNAL_EVENT);
    CHECK(!got(b, 1, &message));
    CHECK_EQ(stat(CLASP_HUB_STAT_publishes_total), 1);
    end();
}

TEST(all_that_a_publish_carries_is_passed_on) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(b, 1, "/x");
    static const uint8_t SAMPLES[16] = {0x3f, 0xf0};
    clasp_message message = publish("/x", CLASP_SIGNAL_GESTURE), news;
    message.has = CLASP_HAS_SAMPLES | CLASP_HAS_TIMESTAMP | CLASP_HAS_ID | CLASP_HAS_RATE;
    message.phase = CLASP_PHASE_MOVE;
    message.list = (clasp_list){{SAMPLES, sizeof SAMPLES}, 2};
    message.time_us = 5;
    message.id = 6;
    message.rate = 7;
    say(a, &message);
    CHECK(got_type(b, 0, CLASP_MSG_PUBLISH, &news));
    CHECK_EQ(news.has, message.has);
    CHECK(news.phase == CLASP_PHASE_MOVE && news.time_us == 5 && news.id == 6 && news.rate == 7);
    CHECK_BYTES(news.list.bytes.at, news.list.bytes.len, SAMPLES, sizeof SAMPLES);
    end();
}

/* A signal with a "from", as a map value in `storage`. */
static clasp_message signal_to(const char *address, const char *from, uint8_t storage[128]) {
    clasp_writer w = clasp_writer_of(storage, 128);
    clasp_write_u16(&w, 1);
    clasp_write_text(&w, clasp_span_of("from"));
    clasp_write_u8(&w, CLASP_VALUE_STRING);
    clasp_write_text(&w, clasp_span_of(from));
    clasp_message message = publish(address, CLASP_SIGNAL_EVENT);
    message.value = (clasp_value){clasp_written(&w), CLASP_VALUE_MAP};
    return message;
}

TEST(a_signal_goes_straight_to_its_session) {
    begin();
    const uint32_t a = join(), b = join(), c = join();
    do_subscribe(c, 1, "/**"); /* not even this listens in */
    char address[80];
    uint8_t storage[128];
    snprintf(address, sizeof address, "/clasp/p2p/signal/%s", bench.ids[1]);
    clasp_message message = signal_to(address, bench.ids[0], storage), news;
    say(a, &message);
    CHECK(got_type(b, 0, CLASP_MSG_PUBLISH, &news) && talk_is(news.address, address));
    CHECK(got_nothing(a) && got_nothing(c));
    message = signal_to(address, bench.ids[2], storage); /* a says that it is c */
    say(a, &message);
    CHECK(got_error(a, 403, address));
    CHECK(got_nothing(b));
    do_publish(a, address); /* a value without "from" claims nothing */
    CHECK(!got_nothing(b));
    clasp_hub_disconnected(bench.hub, b, bench.now_us);
    message = signal_to(address, bench.ids[0], storage);
    say(a, &message);
    CHECK(got_error(a, 404, address));
    end();
}

TEST(other_addresses_near_signals_are_ordinary) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(b, 1, "/clasp/**");
    static const char *const ADDRESSES[] = {"/clasp/p2p/announce", "/clasp/p2p/signal", "/clasp/p2p/signal/",
                                            "/clasp/p2p/signal/a/b"};
    for (size_t i = 0; i < 4; i++) {
        CHECK_CONTEXT(ADDRESSES[i]);
        do_publish(a, ADDRESSES[i]);
        CHECK(!got_nothing(b));
    }
    do_set(a, "/clasp/p2p/signal/nobody", 1); /* only PUBLISH is a signal */
    CHECK(!got_nothing(b));
    do_publish(a, "/clasp/p2p/signal/nobody");
    CHECK(got_error(a, 404, "/clasp/p2p/signal/nobody"));
    CHECK(got_nothing(b));
    end();
}

/* ---- BUNDLE -------------------------------------------------------------------------------------------------- */

TEST(a_bundle_is_sets_then_publishes_then_one_ack) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(a, 1, "/**");
    do_subscribe(b, 1, "/**");
    const clasp_message members[] = {publish("/e", CLASP_SIGNAL_EVENT),
                                     set("/p", 1),
                                     set("/q", 2),
                                     set("/p", 3),
                                     {.type = CLASP_MSG_PING}};
    say_bundle(a, members, 5);
    clasp_message message;
    CHECK(got_type(b, 0, CLASP_MSG_SET, &message) && talk_is(message.address, "/p"));
    CHECK(got_type(b, 1, CLASP_MSG_SET, &message) && talk_is(message.address, "/q"));
    CHECK(got_type(b, 2, CLASP_MSG_SET, &message) && message.revision == 2);
    CHECK(got_type(b, 3, CLASP_MSG_PUBLISH, &message));
    CHECK(!got(b, 4, &message));
    CHECK(got_type(a, 2, CLASP_MSG_SET, &message)); /* its own SETs, not its own PUBLISH */
    CHECK(got_type(a, 3, CLASP_MSG_ACK, &message));
    CHECK_EQ(message.has, CLASP_HAS_REVISION);
    CHECK_EQ(message.revision, 2);
    CHECK(!got(a, 4, &message));
    end();
}

TEST(a_refused_member_refuses_the_bundle) {
    begin();
    const uint32_t a = join(), b = join();
    do_subscribe(b, 1, "/**");
    const clasp_message bad[] = {set("no slash", 1), publish("/a/*", CLASP_SIGNAL_EVENT)};
    for (size_t i = 0; i < 2; i++) {
        const clasp_message members[] = {set("/p", 1), bad[i], set("/q", 1)};
        say_bundle(a, members, 3);
        char address[16];
        snprintf(address, sizeof address, "%.*s", (int)bad[i].address.len, (const char *)bad[i].address.at);
        CHECK(got_error(a, 403, address));
        CHECK(got_nothing(b));
    }
    CHECK_EQ(stat(CLASP_HUB_STAT_params), 0);
    end();
}

TEST(a_bundle_carries_no_forged_signal) {
    begin();
    const uint32_t a = join(), b = join();
    char address[80];
    uint8_t storage[128];
    snprintf(address, sizeof address, "/clasp/p2p/signal/%s", bench.ids[1]);
    do_subscribe(b, 1, address);
    const clasp_message members[] = {signal_to(address, bench.ids[1], storage)};
    say_bundle(a, members, 1);
    CHECK(got_error(a, 403, address));
    CHECK(got_nothing(b));
    end();
}

TEST(a_locked_member_is_skipped_without_a_word) {
    begin();
    const uint32_t a = join(), b = join();
    clasp_message lock = set("/locked", 1);
    lock.has = CLASP_HAS_LOCK;
    say(b, &lock);
    const clasp_message members[] = {set("/p", 1), set("/locked", 2)};
    say_bundle(a, members, 2);
    clasp_message message;
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &message) && message.revision == 1);
    CHECK(!got(a, 1, &message));
    CHECK(has_param(a, "/p"));
    end();
}

TEST(an_empty_bundle_is_acknowledged) {
    begin();
    const uint32_t a = join();
    say_bundle(a, NULL, 0);
    clasp_message message;
    CHECK(got_type(a, 0, CLASP_MSG_ACK, &message) && message.has == 0);
    end();
}

int main(void) {
    RUN(the_sender_sees_its_set_before_its_ack);
    RUN(a_set_for_many_is_encoded_once);
    RUN(revisions_grow_and_an_unexpected_one_is_a_conflict);
    RUN(illegal_addresses_are_answered_200);
    RUN(a_param_that_fits_no_snapshot_is_refused);
    RUN(lock_and_ttl_are_passed_on);
    RUN(a_lock_keeps_others_out_until_it_is_released);
    RUN(locks_end_with_their_session);
    RUN(get_is_answered_by_one_param_or_nothing);
    RUN(a_publish_reaches_each_subscriber_once_and_not_its_sender);
    RUN(all_that_a_publish_carries_is_passed_on);
    RUN(a_signal_goes_straight_to_its_session);
    RUN(other_addresses_near_signals_are_ordinary);
    RUN(a_bundle_is_sets_then_publishes_then_one_ack);
    RUN(a_refused_member_refuses_the_bundle);
    RUN(a_bundle_carries_no_forged_signal);
    RUN(a_locked_member_is_skipped_without_a_word);
    RUN(an_empty_bundle_is_acknowledged);
    return check_summary();
}
