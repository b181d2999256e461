/* The door of the client's module: what its events read from the inbox. */
#include <math.h>

#include "base/limits.h"
#include "session/client.h"
#include "talk.h"
#include "wasm/abi.h"

#define NOW 1700000000e6

static struct {
    uint32_t session;
    clasp_writer in;
} door;

/* Begin an input; write it to door.in, then make the event. */
static clasp_writer *input(void) {
    uint8_t *inbox = clasp_inbox(1000);
    CHECK(inbox != NULL);
    door.in = clasp_writer_of(inbox, 1000);
    return &door.in;
}

static clasp_writer *input_text(const char *text) {
    clasp_write_bytes(input(), clasp_span_of(text));
    return &door.in;
}

static int32_t event(clasp_session_event which, uint32_t a, uint32_t b) {
    const uint32_t len = door.in.start ? clasp_written(&door.in).len : 0;
    clasp_outbox_done();
    const int32_t result = clasp_abi_session_event(door.session, which, a, b, len, NOW);
    clasp_abi_session_event(door.session, CLASP_SESSION_EVENT_FLUSH, 0, 0, 0, NOW); /* the turn is over */
    door.in = (clasp_writer){0};
    return result;
}

static clasp_outbox out(void) {
    return (clasp_outbox){.effects = (clasp_effect *)(uintptr_t)clasp_outbox_effects(),
                          .count = clasp_outbox_count(),
                          .bytes = (uint8_t *)(uintptr_t)clasp_outbox_data()};
}

/* The first message that was sent. */
static bool sent(uint8_t type, clasp_message *message) {
    const clasp_outbox effects = out();
    const clasp_effect *effect = talk_effect(&effects, CLASP_EFFECT_SOCKET_SEND, 0);
    clasp_frame frame;
    return effect && clasp_decode(clasp_outbox_bytes(&effects, effect), &frame, message) == CLASP_OK &&
           message->type == type;
}

static void hear(const clasp_message *message) {
    const clasp_span frame = talk_frame(message);
    clasp_write_bytes(input(), frame);
    free((void *)frame.at);
    CHECK_EQ(event(CLASP_SESSION_EVENT_RECEIVED, 0, 0), CLASP_OK);
}

static void begin(void) {
    clasp_seed(1, 2, 3, 4);
    const int32_t handle = clasp_abi_session_new();
    CHECK(handle > 0);
    door.session = (uint32_t)handle;
    clasp_write_bytes(input_text("ws://rme"), (clasp_span){(const uint8_t *)"0123456789abcdef", 16});
    clasp_write_bytes(&door.in, clasp_span_of("token"));
    CHECK_EQ(event(CLASP_SESSION_EVENT_OPEN, CLASP_FEATURE_PARAM | 1 << 8, 6u << 16 | 2), CLASP_OK);
    CHECK_EQ(event(CLASP_SESSION_EVENT_SOCKET_OPENED, 0, 0), CLASP_OK);
    clasp_message hello;
    CHECK(sent(CLASP_MSG_HELLO, &hello) && talk_is(hello.name, "me") && talk_is(hello.token, "token"));
    hear(&(clasp_message){.type = CLASP_MSG_WELCOME, .version = 1, .session = clasp_span_of("id")});
    clasp_message claim;
    CHECK(sent(CLASP_MSG_GET, &claim) &&
          talk_is(claim.address, "/clasp/session/30313233343536373839616263646566"));
    hear(&(clasp_message){.type = CLASP_MSG_PONG});
}

static void end(void) { CHECK_EQ(clasp_abi_session_free(door.session), CLASP_OK); }

TEST(subscribe_reads_its_options) {
    begin();
    clasp_writer *w = input_text("/a");
    clasp_write_u32(w, 30);
    clasp_write_f64(w, 0.5);
    clasp_write_u32(w, 7);
    clasp_write_u32(w, 50);
    CHECK(event(CLASP_SESSION_EVENT_SUBSCRIBE, CLASP_TYPE_PARAM | 15u << 8, 2) > 0);
    clasp_message message;
    CHECK(sent(CLASP_MSG_SUBSCRIBE, &message) && talk_is(message.address, "/a"));
    CHECK(message.rate == 30 && message.epsilon == 0.5 && message.history == 7 && message.window_ms == 50);
    input_text("/a");
    CHECK_EQ(event(CLASP_SESSION_EVENT_SUBSCRIBE, CLASP_TYPE_PARAM | 1u << 8, 2), CLASP_TRUNCATED);
    clasp_write_u32(input_text("/a"), 1);
    CHECK_EQ(event(CLASP_SESSION_EVENT_SUBSCRIBE, CLASP_TYPE_PARAM, 2), CLASP_BAD_VALUE_TYPE);
    end();
}

TEST(set_reads_its_flags) {
    begin();
    clasp_writer *w = input_text("/a");
    clasp_write_value(w, talk_number(4));
    clasp_write_u32(w, CLASP_TTL_ABSOLUTE | 9);
    clasp_write_u64(w, 12);
    CHECK_EQ(event(CLASP_SESSION_EVENT_SET, 5, 2 | (1u | 4u | 8u | 16u) << 16), CLASP_OK);
    clasp_message message;
    CHECK(sent(CLASP_MSG_SET, &message) && message.ttl == (CLASP_TTL_ABSOLUTE | 9) && message.revision == 12);
    CHECK_EQ(message.has, CLASP_HAS_LOCK | CLASP_HAS_TTL | CLASP_HAS_REVISION);
    const clasp_outbox effects = out();
    CHECK_EQ(effects.bytes[talk_effect(&effects, CLASP_EFFECT_SOCKET_SEND, 0)->at + 1] >> 6,
             CLASP_QOS_COMMIT);
    hear(&(clasp_message){.type = CLASP_MSG_ACK,
                          .has = CLASP_HAS_ADDRESS | CLASP_HAS_REVISION,
                          .address = clasp_span_of("/a"),
                          .revision = 13});
    const clasp_outbox told = out();
    const clasp_effect *settled = talk_effect(&told, CLASP_EFFECT_SETTLED, 0);
    CHECK(settled && settled->a == 5 && settled->b == CLASP_OK && settled->number == 13);
    end();
}

TEST(publish_reads_its_flags) {
    begin();
    clasp_writer *w = input_text("/g");
    clasp_write_value(w, talk_number(4));
    clasp_write_u32(w, 77);
    clasp_write_u64(w, 5);
    clasp_write_u32(w, 60);
    const uint32_t a = CLASP_SIGNAL_GESTURE | CLASP_PHASE_MOVE << 8 | (1u | 4u | 8u | 16u | 32u) << 16;
    CHECK_EQ(event(CLASP_SESSION_EVENT_PUBLISH, a, 2), CLASP_OK);
    clasp_message message;
    CHECK(sent(CLASP_MSG_PUBLISH, &message) && message.signal == CLASP_SIGNAL_GESTURE);
    CHECK(message.phase == CLASP_PHASE_MOVE && message.id == 77 && message.time_us == 5 &&
          message.rate == 60);
    w = input_text("/s");
    clasp_write_u16(w, 2);
    clasp_write_f64(w, 1);
    clasp_write_f64(w, 2);
    CHECK_EQ(event(CLASP_SESSION_EVENT_PUBLISH, CLASP_SIGNAL_STREAM | 2u << 16, 2), CLASP_OK);
    CHECK(sent(CLASP_MSG_PUBLISH, &message) && message.list.count == 2);
    input_text("/s");
    CHECK_EQ(event(CLASP_SESSION_EVENT_PUBLISH, CLASP_SIGNAL_TIMELINE + 1, 2), CLASP_BAD_ENUM);
    end();
}

TEST(requests_go_by_their_inbox) {
    begin();
    clasp_message message;
    input_text("/a");
    CHECK_EQ(event(CLASP_SESSION_EVENT_GET, 1, 0), CLASP_OK);
    CHECK(sent(CLASP_MSG_GET, &message) && talk_is(message.address, "/a"));
    input_text("/a/*");
    CHECK_EQ(event(CLASP_SESSION_EVENT_QUERY, 2, 0), CLASP_OK);
    CHECK(sent(CLASP_MSG_QUERY, &message) && talk_is(message.address, "/a/*"));
    clasp_write_value(input_text("/n"), (clasp_value){{(const uint8_t *)"\0\0", 2}, CLASP_VALUE_ARRAY});
    CHECK_EQ(event(CLASP_SESSION_EVENT_ANNOUNCE, 3, 2), CLASP_OK);
    CHECK(sent(CLASP_MSG_ANNOUNCE, &message) && talk_is(message.address, "/n") && message.list.count == 0);
    clasp_writer *w = input_text("/**");
    clasp_write_u64(w, 1);
    clasp_write_u64(w, 2);
    clasp_write_u32(w, 3);
    CHECK_EQ(event(CLASP_SESSION_EVENT_REPLAY, CLASP_TYPE_ALL | 7u << 8, 3), CLASP_OK);
    CHECK(sent(CLASP_MSG_REPLAY, &message) && message.time_us == 1 && message.t2_us == 2 &&
          message.limit == 3);
    input_text("/a");
    CHECK_EQ(event(CLASP_SESSION_EVENT_CACHED, 0, 0), 0);
    CHECK_EQ(event(CLASP_SESSION_EVENT_SYNC, 0, 0), CLASP_OK);
    CHECK(sent(CLASP_MSG_SYNC, &message));
    CHECK_EQ(event(CLASP_SESSION_EVENT_CANCEL, 1, 0), CLASP_OK);
    CHECK_EQ(event((clasp_session_event)99, 0, 0), CLASP_BAD_ENUM);
    end();
}

TEST(a_bundle_has_three_events) {
    begin();
    CHECK_EQ(event(CLASP_SESSION_EVENT_BUNDLE, CLASP_BUNDLE_BEGIN, 0), CLASP_OK);
    clasp_write_value(input_text("/a"), talk_number(4));
    CHECK_EQ(event(CLASP_SESSION_EVENT_SET, 0, 2), CLASP_OK);
    clasp_write_u64(input(), 99);
    CHECK_EQ(event(CLASP_SESSION_EVENT_BUNDLE, CLASP_BUNDLE_END, 4), CLASP_OK);
    clasp_message message;
    CHECK(sent(CLASP_MSG_BUNDLE, &message) && message.list.count == 1 && message.time_us == 99);
    CHECK_EQ(event(CLASP_SESSION_EVENT_BUNDLE, CLASP_BUNDLE_BEGIN, 0), CLASP_OK);
    CHECK_EQ(event(CLASP_SESSION_EVENT_BUNDLE, CLASP_BUNDLE_DROP, 0), CLASP_OK);
    CHECK_EQ(event(CLASP_SESSION_EVENT_BUNDLE, CLASP_BUNDLE_END, 4), CLASP_BAD_STATE);
    CHECK_EQ(event(CLASP_SESSION_EVENT_BUNDLE, 3, 0), CLASP_BAD_ENUM);
    end();
}

TEST(handles_end_with_their_client) {
    CHECK_EQ(event(CLASP_SESSION_EVENT_SYNC, 0, 0), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_abi_session_free(door.session), CLASP_BAD_HANDLE);
    CHECK(isinf(clasp_deadline()));
    int32_t handles[CLASP_ABI_SESSIONS];
    for (uint32_t i = 0; i < CLASP_ABI_SESSIONS; i++) {
        handles[i] = clasp_abi_session_new();
        CHECK(handles[i] > 0);
    }
    CHECK_EQ(clasp_abi_session_new(), CLASP_LIMIT);
    clasp_tick(NOW);
    for (uint32_t i = 0; i < CLASP_ABI_SESSIONS; i++) {
        CHECK_EQ(clasp_abi_session_free((uint32_t)handles[i]), CLASP_OK);
    }
}

int main(void) {
    RUN(subscribe_reads_its_options);
    RUN(set_reads_its_flags);
    RUN(publish_reads_its_flags);
    RUN(requests_go_by_their_inbox);
    RUN(a_bundle_has_three_events);
    RUN(handles_end_with_their_client);
    return check_summary();
}
