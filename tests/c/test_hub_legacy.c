/* Clients that speak in legacy payloads: the relay takes them, and answers in binary ones. */
#include "hub_bench.h"

/* A legacy payload as a frame in an exactly sized heap block: given, free() its `at`. */
static clasp_span legacy_frame(const char *payload, size_t len) {
    uint8_t *bytes = malloc(CLASP_FRAME_HEADER + len);
    clasp_writer w = clasp_writer_of(bytes, CLASP_FRAME_HEADER + len);
    clasp_write_u16(&w, CLASP_FRAME_MAGIC << 8);
    clasp_write_u16(&w, (uint16_t)len);
    clasp_write_bytes(&w, (clasp_span){(const uint8_t *)payload, (uint32_t)len});
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

static void say_legacy(uint32_t session, const char *payload, size_t len) {
    const clasp_span frame = legacy_frame(payload, len);
    CHECK_EQ(feed(session, frame), CLASP_OK);
    free((void *)frame.at);
}

#define SAY(session, payload) say_legacy(session, payload, sizeof(payload) - 1)

#define OLD_HELLO                                             \
    "\x84\xA4type\xA5HELLO\xA7version\x02\xA4name\xA3old\xA8" \
    "features\x91\xA5param"

static uint32_t join_legacy(void) {
    const uint32_t session = connect_only();
    clasp_message welcome;
    SAY(session, OLD_HELLO);
    CHECK(got_type(session, 0, CLASP_MSG_WELCOME, &welcome));
    return session;
}

TEST(a_legacy_hello_opens_a_session) {
    begin();
    const uint32_t old = join_legacy();
    clasp_message message;
    CHECK(got_type(old, 1, CLASP_MSG_SNAPSHOT, &message));
    const clasp_effect *opened = talk_effect(&bench.out, CLASP_EFFECT_HUB_EVENT, 0);
    CHECK(opened && opened->b == CLASP_HUB_EVENT_OPENED);
    end();
}

TEST(a_legacy_set_is_a_set) {
    begin();
    const uint32_t old = join_legacy();
    const uint32_t new = join();
    do_subscribe(new, 1, "/**");
    SAY(old, "\x84\xA4type\xA3SET\xA7"
             "address\xA2/a\xA5value\x05\xA3ttl\x81\xA7Sliding\x1E");
    clasp_message message;
    double number = 0;
    CHECK(got_type(old, 0, CLASP_MSG_ACK, &message) && message.revision == 1);
    CHECK(got_type(new, 0, CLASP_MSG_SET, &message) && talk_is(message.address, "/a") && message.ttl == 30);
    CHECK(clasp_value_number(message.value, &number) && number > 4.5 && number < 5.5);

    SAY(old, "\x83\xA4type\xA9SUBSCRIBE\xA2id\x01\xA7pattern\xA3/**");
    CHECK(got_type(old, 0, CLASP_MSG_SNAPSHOT, &message) && message.list.count == 1);
    end();
}

TEST(a_malformed_legacy_payload_is_answered_and_the_session_goes_on) {
    begin();
    const uint32_t old = join_legacy();
    SAY(old, "\x82\xA4type\xA3SET\xA7"
             "address\xA2/a");
    CHECK(got_error(old, CLASP_WIRE_INVALID_MESSAGE, ""));
    clasp_message message;
    SAY(old, "\x81\xA4type\xA4PING");
    CHECK(got_type(old, 0, CLASP_MSG_PONG, &message));
    end();
}

int main(void) {
    RUN(a_legacy_hello_opens_a_session);
    RUN(a_legacy_set_is_a_set);
    RUN(a_malformed_legacy_payload_is_answered_and_the_session_goes_on);
    return check_summary();
}
