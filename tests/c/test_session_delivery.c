/* Subscriptions, and what reaches them. */
#include "alloc.h"
#include "session_bench.h"

/* A DELIVER taken apart. */
typedef struct delivered {
    const char *address; /* as the ADDRESS effects have told it */
    uint32_t subs[4], count;
    uint32_t type, signal;
    double number;
    clasp_span data;
} delivered;

static char addresses[8][64]; /* by address id: the last ADDRESS */

static bool deliver(uint32_t n, delivered *out) {
    const clasp_effect *effect;
    for (uint32_t i = 0; (effect = talk_effect(&bench.out, CLASP_EFFECT_ADDRESS, i)) != NULL; i++) {
        const clasp_span text = clasp_outbox_bytes(&bench.out, effect);
        CHECK(effect->a < 8);
        snprintf(addresses[effect->a % 8], sizeof addresses[0], "%.*s", (int)text.len, (const char *)text.at);
    }
    effect = talk_effect(&bench.out, CLASP_EFFECT_DELIVER, n);
    if (!effect) {
        return false;
    }
    const clasp_span bytes = clasp_outbox_bytes(&bench.out, effect);
    *out = (delivered){.address = addresses[effect->a % 8], .number = effect->number};
    out->count = effect->b >> 16;
    out->signal = effect->b >> 8 & 0xFF;
    out->type = effect->b & 0xFF;
    memcpy(out->subs, bytes.at, (out->count < 4 ? out->count : 4) * sizeof out->subs[0]);
    const uint32_t list = out->count * (uint32_t)sizeof out->subs[0];
    out->data = (clasp_span){bytes.at + list, bytes.len - list};
    return true;
}

static bool delivers_nothing(void) { return talk_count(&bench.out, CLASP_EFFECT_DELIVER) == 0; }

/* ---- delivery ------------------------------------------------------------------------------------------------ */

TEST(a_number_is_delivered_in_the_record_itself) {
    begin_open();
    const uint32_t a = subscribe("/x", CLASP_TYPE_ALL), b = subscribe("/*", CLASP_TYPE_ALL);
    const clasp_message news = set("/x", 2.5);
    hear(&news);
    delivered d;
    CHECK(deliver(0, &d));
    CHECK_TEXT(d.address, "/x");
    CHECK(d.count == 2 && d.subs[0] == a && d.subs[1] == b);
    CHECK(d.type == CLASP_VALUE_F64 && d.number == 2.5 && d.data.len == 0 && d.signal == CLASP_SIGNAL_PARAM);
    CHECK(!deliver(1, &d));
    end();
}

TEST(an_address_is_told_once_and_only_when_somebody_listens) {
    begin_open();
    const clasp_message news = set("/x", 1);
    hear(&news);
    CHECK_EQ(bench.out.count, 0);
    subscribe("/x", CLASP_TYPE_ALL);
    hear(&news);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_ADDRESS), 1);
    hear(&news);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_ADDRESS), 0);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_DELIVER), 1);
    end();
}

TEST(an_id_with_a_new_meaning_is_told_again) {
    begin_open();
    subscribe("/**", CLASP_TYPE_ALL);
    char address[32];
    clasp_outbox_clear(&bench.out);
    static char meaning[CLASP_SESSION_ADDRESSES][32];
    for (unsigned i = 0; i < CLASP_SESSION_ADDRESSES + 100; i++) {
        snprintf(address, sizeof address, "/many/%u", i);
        const clasp_message news = set(address, i);
        hear(&news);
        const clasp_effect *told = talk_effect(&bench.out, CLASP_EFFECT_ADDRESS, 0);
        const clasp_effect *value = talk_effect(&bench.out, CLASP_EFFECT_DELIVER, 0);
        if (!CHECK(told && value && told->a == value->a && value->a < CLASP_SESSION_ADDRESSES)) {
            break;
        }
        const clasp_span text = clasp_outbox_bytes(&bench.out, told);
        snprintf(meaning[told->a], sizeof meaning[0], "%.*s", (int)text.len, (const char *)text.at);
        if (!CHECK(strcmp(meaning[value->a], address) == 0)) {
            break;
        }
    }
    end();
}

TEST(a_string_is_delivered_as_value_data) {
    begin_open();
    const uint32_t sub = subscribe("/x", CLASP_TYPE_ALL);
    static const uint8_t TEXT[] = {0, 3, 'a', 'b', 'c'};
    clasp_message news = publish("/x");
    news.value = (clasp_value){{TEXT, sizeof TEXT}, CLASP_VALUE_STRING};
    hear(&news);
    delivered d;
    CHECK(deliver(0, &d) && d.type == CLASP_VALUE_STRING && d.count == 1 && d.subs[0] == sub);
    CHECK_EQ(d.signal, CLASP_SIGNAL_EVENT);
    CHECK_BYTES(d.data.at, d.data.len, TEXT, sizeof TEXT);
    news.has = 0; /* a PUBLISH without a value: null */
    hear(&news);
    CHECK(deliver(0, &d) && d.type == CLASP_VALUE_NULL && d.data.len == 0);
    end();
}

TEST(samples_are_delivered_as_an_array) {
    begin_open();
    subscribe("/x", CLASP_TYPE_ALL);
    uint8_t samples[16];
    clasp_writer w = clasp_writer_of(samples, sizeof samples);
    clasp_write_f64(&w, 1.5);
    clasp_write_f64(&w, -2);
    clasp_message news = publish("/x");
    news.signal = CLASP_SIGNAL_STREAM;
    news.has = CLASP_HAS_SAMPLES;
    news.list = (clasp_list){clasp_written(&w), 2};
    hear(&news);
    delivered d;
    CHECK(deliver(0, &d) && d.type == CLASP_VALUE_ARRAY && d.signal == CLASP_SIGNAL_STREAM && d.count == 1);
    clasp_reader r = clasp_reader_of(d.data);
    const clasp_value array = clasp_read_value_data(&r, CLASP_VALUE_ARRAY);
    CHECK(r.err == CLASP_OK && clasp_left(&r) == 0 && clasp_value_count(array) == 2);
    clasp_reader items = clasp_value_items(array);
    double number = 0;
    CHECK(clasp_value_number(clasp_value_next(&items), &number) && number == 1.5);
    CHECK(clasp_value_number(clasp_value_next(&items), &number) && number == -2);
    end();
}

TEST(a_snapshot_is_delivered_param_by_param) {
    begin_open();
    subscribe("/a/*", CLASP_TYPE_PARAM);
    uint8_t storage[256];
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    const char *const names[] = {"/a/1", "/b", "/a/2"};
    for (unsigned i = 0; i < 3; i++) {
        clasp_write_param(&w, &(clasp_param){.address = clasp_span_of(names[i]), .value = talk_number(i)});
    }
    const clasp_message snapshot = {.type = CLASP_MSG_SNAPSHOT, .list = {clasp_written(&w), 3}};
    hear(&snapshot);
    delivered d;
    CHECK(deliver(0, &d) && strcmp(d.address, "/a/1") == 0 && d.number == 0 &&
          d.signal == CLASP_SIGNAL_PARAM);
    CHECK(deliver(1, &d) && strcmp(d.address, "/a/2") == 0 && d.number == 2);
    CHECK(!deliver(2, &d));
    end();
}

TEST(subscriptions_get_only_their_types) {
    begin_open();
    const uint32_t params = subscribe("/x", CLASP_TYPE_PARAM), events = subscribe("/x", CLASP_TYPE_EVENT);
    subscribe("/x", CLASP_TYPE_GESTURE | CLASP_TYPE_STREAM);
    const uint32_t all = subscribe("/x", 0xE0); /* no known bit: all */
    delivered d;
    const clasp_message news = set("/x", 1), event = publish("/x");
    hear(&news);
    CHECK(deliver(0, &d) && d.count == 2 && d.subs[0] == params && d.subs[1] == all);
    hear(&event);
    CHECK(deliver(0, &d) && d.count == 2 && d.subs[0] == events && d.subs[1] == all);
    end();
}

TEST(a_gesture_has_its_id_and_phase_before_its_value) {
    begin_open();
    const uint32_t sub = subscribe("/g", CLASP_TYPE_GESTURE);
    clasp_message gesture = publish("/g");
    gesture.signal = CLASP_SIGNAL_GESTURE;
    gesture.phase = CLASP_PHASE_END;
    gesture.has |= CLASP_HAS_ID;
    gesture.id = 77;
    gesture.value = (clasp_value){{(const uint8_t *)"\0\2hi", 4}, CLASP_VALUE_STRING};
    hear(&gesture);
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_DELIVER, 0);
    uint32_t words[2];
    static const uint8_t REST[] = {CLASP_PHASE_END, 0, 0, 0, 0, 2, 'h', 'i'};
    if (CHECK(effect && effect->b >> 16 == 1 && effect->len == sizeof words + sizeof REST)) {
        const clasp_span bytes = clasp_outbox_bytes(&bench.out, effect);
        memcpy(words, bytes.at, sizeof words);
        CHECK(words[0] == sub && words[1] == 77);
        CHECK_BYTES(bytes.at + sizeof words, sizeof REST, REST, sizeof REST);
    }
    end();
}

TEST(nothing_is_delivered_after_unsubscribe) {
    begin_open();
    const uint32_t sub = subscribe("/x", CLASP_TYPE_ALL);
    clasp_message message;
    CHECK(sent(0, &message) && message.type == CLASP_MSG_SUBSCRIBE && message.id == sub);
    clasp_outbox_clear(&bench.out);
    CHECK_EQ(clasp_session_unsubscribe(bench.session, sub, bench.now_us), CLASP_OK);
    CHECK(sent(0, &message) && message.type == CLASP_MSG_UNSUBSCRIBE && message.id == sub);
    const clasp_message news = set("/x", 1);
    hear(&news);
    CHECK(delivers_nothing());
    CHECK_EQ(clasp_session_unsubscribe(bench.session, sub, bench.now_us), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_session_unsubscribe(bench.session, 0, bench.now_us), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_session_unsubscribe(bench.session, UINT32_MAX, bench.now_us), CLASP_BAD_HANDLE);
    CHECK_EQ(subscribe("/y", CLASP_TYPE_ALL), sub); /* ids are used again */
    end();
}

TEST(subscriptions_are_checked_and_bounded) {
    begin();
    uint32_t sub;
    CHECK_EQ(clasp_session_subscribe(bench.session, clasp_span_of("x"), 0, &sub, bench.now_us),
             CLASP_BAD_PATTERN);
    char pattern[32];
    for (unsigned i = 0; i < CLASP_SESSION_SUBSCRIPTIONS; i++) {
        snprintf(pattern, sizeof pattern, "/s/%u", i);
        if (!CHECK_EQ(clasp_session_subscribe(bench.session, clasp_span_of(pattern), 0, &sub, bench.now_us),
                      CLASP_OK)) {
            break;
        }
    }
    CHECK_EQ(clasp_session_subscribe(bench.session, clasp_span_of("/x"), 0, &sub, bench.now_us), CLASP_LIMIT);
    end();
}

/* A bundle of messages, as a message whose list is in `storage`. */
static clasp_message bundle_of(const clasp_message *members, uint32_t count, uint8_t *storage, size_t cap) {
    clasp_writer w = clasp_writer_of(storage, cap);
    for (uint32_t i = 0; i < count; i++) {
        clasp_write_member(&w, &members[i]);
    }
    CHECK_EQ(w.err, CLASP_OK);
    return (clasp_message){.type = CLASP_MSG_BUNDLE, .list = {clasp_written(&w), count}};
}

TEST(the_members_of_a_bundle_come_one_after_the_other) {
    begin_open();
    subscribe("/**", CLASP_TYPE_ALL);
    uint8_t inner_bytes[256], outer_bytes[512];
    const clasp_message inner_members[] = {publish("/2"), {.type = CLASP_MSG_PING}};
    const clasp_message outer_members[] = {
        set("/1", 1), bundle_of(inner_members, 2, inner_bytes, sizeof inner_bytes), set("/3", 3)};
    const clasp_message bundle = bundle_of(outer_members, 3, outer_bytes, sizeof outer_bytes);
    hear(&bundle);
    delivered d;
    CHECK(deliver(0, &d) && strcmp(d.address, "/1") == 0);
    CHECK(deliver(1, &d) && strcmp(d.address, "/2") == 0);
    CHECK(deliver(2, &d) && strcmp(d.address, "/3") == 0);
    CHECK(sent_type(0, CLASP_MSG_PONG));
    end();
}

TEST(nothing_follows_a_refusal_in_the_same_bundle) {
    begin_open();
    subscribe("/**", CLASP_TYPE_ALL);
    uint8_t bytes[512];
    const clasp_message members[] = {
        {.type = CLASP_MSG_ERROR, .code = 302}, {.type = CLASP_MSG_PING}, set("/x", 1)};
    const clasp_message bundle = bundle_of(members, 3, bytes, sizeof bytes);
    hear(&bundle);
    CHECK(told_state(CLASP_SESSION_CLOSED, CLASP_RELAY_REFUSED));
    CHECK(delivers_nothing());
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_SOCKET_SEND), 0);
    end();
}

TEST(an_illegal_address_of_the_relay_is_told) {
    begin_open();
    subscribe("/**", CLASP_TYPE_ALL);
    const clasp_message news = set("no slash", 1);
    hear(&news);
    CHECK(delivers_nothing());
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SESSION_ERROR, 0);
    CHECK(effect && (clasp_err)effect->b == CLASP_BAD_ADDRESS);
    end();
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

static void try_all(void *context) {
    (void)context;
    clasp_outbox out = {0};
    clasp_session *session = clasp_session_new(1, 1, &out);
    if (session) {
        uint32_t sub;
        const clasp_message event = publish("/x"), news = set("/x", 1);
        uint8_t buffer[128];
        clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
        clasp_frame_write(&w, &WELCOME);
        const clasp_span welcome = clasp_written(&w);
        clasp_writer v = clasp_writer_of(buffer + welcome.len, sizeof buffer - welcome.len);
        clasp_frame_write(&v, &news);
        clasp_session_subscribe(session, clasp_span_of("/*"), 0, &sub, START);
        clasp_session_send(session, &event, START);
        clasp_session_open(session, &OPTIONS, START);
        clasp_session_socket_opened(session, START);
        clasp_session_received(session, welcome, START);
        clasp_session_received(session, clasp_written(&v), START);
        clasp_session_close(session, START);
    }
    clasp_session_free(session);
    clasp_outbox_deinit(&out);
}

TEST(a_failed_allocation_breaks_nothing) { CHECK(clasp_test_each_allocation(try_all, NULL) > 5); }

int main(void) {
    RUN(a_number_is_delivered_in_the_record_itself);
    RUN(an_address_is_told_once_and_only_when_somebody_listens);
    RUN(an_id_with_a_new_meaning_is_told_again);
    RUN(a_string_is_delivered_as_value_data);
    RUN(samples_are_delivered_as_an_array);
    RUN(a_snapshot_is_delivered_param_by_param);
    RUN(subscriptions_get_only_their_types);
    RUN(a_gesture_has_its_id_and_phase_before_its_value);
    RUN(nothing_is_delivered_after_unsubscribe);
    RUN(subscriptions_are_checked_and_bounded);
    RUN(the_members_of_a_bundle_come_one_after_the_other);
    RUN(nothing_follows_a_refusal_in_the_same_bundle);
    RUN(an_illegal_address_of_the_relay_is_told);
    RUN(a_failed_allocation_breaks_nothing);
    return check_summary();
}
