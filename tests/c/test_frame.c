/* The frame: wire/frame.h. */
#include "frames.h"

static const uint8_t PING[] = {0x53, 0x01, 0x00, 0x01, 0x41};
static const uint8_t PING_AT[] = {0x53, 0x21, 0x00, 0x01, 0, 0, 0, 0, 0, 0, 0, 7, 0x41};

static clasp_err decode(const uint8_t *bytes, size_t len, clasp_frame *out, uint32_t *used) {
    uint8_t *copy = vector_copy((clasp_span){bytes, (uint32_t)len});
    const clasp_err err = clasp_frame_decode((clasp_span){copy, (uint32_t)len}, out, used);
    free(copy);
    return err;
}

TEST(a_frame_is_taken_apart) {
    clasp_frame frame;
    uint32_t used = 0;
    CHECK_EQ(clasp_frame_decode((clasp_span){PING_AT, sizeof PING_AT}, &frame, &used), CLASP_OK);
    CHECK_EQ(used, sizeof PING_AT);
    CHECK_EQ(frame.payload.len, 1);
    CHECK(frame.payload.at == PING_AT + 12);
    CHECK(frame.has_timestamp);
    CHECK_EQ(frame.timestamp_us, 7);
    CHECK_EQ(frame.qos, CLASP_QOS_FIRE);
    CHECK_EQ(frame.encoding, 1);
    CHECK_EQ(clasp_frame_decode((clasp_span){PING, sizeof PING}, &frame, NULL), CLASP_OK);
    CHECK(!frame.has_timestamp);
    CHECK_EQ(frame.timestamp_us, 0);
}

TEST(a_prefix_asks_for_more) {
    clasp_frame frame;
    for (size_t len = 0; len < sizeof PING_AT; len++) {
        CHECK_EQ(decode(PING_AT, len, &frame, NULL), CLASP_MORE);
    }
    for (size_t len = 0; len < sizeof PING; len++) {
        CHECK_EQ(decode(PING, len, &frame, NULL), CLASP_MORE);
    }
}

/* Behind each prefix of each golden frame there is nothing: the block ends there. */
static void check_prefixes(golden *g) {
    clasp_frame frame;
    uint32_t used = 0;
    uint32_t wrong = 0;
    CHECK_EQ(clasp_frame_decode(frame_of(g), &frame, &used), CLASP_OK);
    const clasp_span whole = {g->bytes, used};
    uint8_t *block = vector_copy(whole);
    for (uint32_t len = 0; len < used; len++) {
        wrong += clasp_frame_decode(prefix_of(whole, len, block), &frame, NULL) != CLASP_MORE;
    }
    CHECK_EQ(wrong, 0);
    free(block);
}

TEST(every_prefix_of_every_vector_asks_for_more) {
    each_binary(check_prefixes);
    each_legacy(check_prefixes);
}

TEST(what_follows_is_not_looked_at) {
    const uint8_t two[] = {0x53, 0x01, 0x00, 0x01, 0x41, 0xFF, 0x00};
    clasp_frame frame;
    uint32_t used = 0;
    CHECK_EQ(decode(two, sizeof two, &frame, &used), CLASP_OK);
    CHECK_EQ(used, 5);
}

TEST(every_flags_byte_is_taken_or_refused) {
    for (unsigned flags = 0; flags < 256; flags++) {
        const uint8_t bytes[] = {0x53, (uint8_t)flags, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0x41};
        const clasp_err expected = flags >> 6 == 3 ? CLASP_RESERVED_QOS
                                   : flags & 0x18  ? CLASP_UNSUPPORTED_FLAG
                                                   : CLASP_OK;
        clasp_frame frame;
        CHECK_EQ(decode(bytes, sizeof bytes, &frame, NULL), expected);
        if (expected == CLASP_OK) {
            CHECK_EQ(frame.qos, flags >> 6);
            CHECK_EQ(frame.encoding, flags & 7);
            CHECK_EQ(frame.has_timestamp, (flags & 0x20) != 0);
        }
    }
}

TEST(a_stream_is_given_up_at_the_first_bad_byte) {
    clasp_frame frame;
    for (unsigned magic = 0; magic < 256; magic++) {
        const uint8_t byte = (uint8_t)magic;
        CHECK_EQ(decode(&byte, 1, &frame, NULL), magic == 0x53 ? CLASP_MORE : CLASP_BAD_MAGIC);
    }
    CHECK_EQ(decode((const uint8_t[]){0x53, 0xC1}, 2, &frame, NULL), CLASP_RESERVED_QOS);
    CHECK_EQ(decode((const uint8_t[]){0x53, 0x11}, 2, &frame, NULL), CLASP_UNSUPPORTED_FLAG);
}

TEST(an_empty_payload_is_refused) {
    clasp_frame frame;
    CHECK_EQ(decode((const uint8_t[]){0x53, 0x01, 0, 0}, 4, &frame, NULL), CLASP_EMPTY_PAYLOAD);
    uint8_t buffer[16];
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    clasp_frame_end(&w, clasp_frame_begin(&w, CLASP_QOS_FIRE, NULL));
    CHECK_EQ(w.err, CLASP_EMPTY_PAYLOAD);
}

TEST(what_is_begun_and_ended_decodes) {
    const uint64_t timestamp = UINT64_C(0xFEDCBA9876543210);
    for (unsigned qos = 0; qos < 3; qos++) {
        uint8_t buffer[16];
        clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
        uint8_t *start = clasp_frame_begin(&w, (clasp_qos)qos, qos == 1 ? NULL : &timestamp);
        clasp_write_u8(&w, 0x41);
        clasp_frame_end(&w, start);
        clasp_frame frame;
        CHECK_EQ(w.err, CLASP_OK);
        CHECK_EQ(clasp_frame_decode(clasp_written(&w), &frame, NULL), CLASP_OK);
        CHECK_EQ(frame.qos, qos);
        CHECK_EQ(frame.has_timestamp, qos != 1);
        CHECK_EQ(frame.timestamp_us, qos == 1 ? 0 : (long long)timestamp);
        CHECK_BYTES(frame.payload.at, frame.payload.len, "\x41", 1);
    }
}

TEST(frames_follow_one_another_in_one_buffer) {
    uint8_t buffer[16];
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    for (uint8_t type = 0x41; type <= 0x42; type++) {
        uint8_t *start = clasp_frame_begin(&w, CLASP_QOS_FIRE, NULL);
        clasp_write_u8(&w, type);
        clasp_frame_end(&w, start);
    }
    const uint8_t both[] = {0x53, 1, 0, 1, 0x41, 0x53, 1, 0, 1, 0x42};
    CHECK_BYTES(buffer, clasp_written(&w).len, both, sizeof both);
}

TEST(a_payload_of_65535_bytes_is_the_largest) {
    uint8_t *buffer = malloc(CLASP_FRAME_MAX + 1);
    if (!CHECK(buffer)) {
        return;
    }
    for (size_t len = CLASP_FRAME_PAYLOAD_MAX; len <= CLASP_FRAME_PAYLOAD_MAX + 1; len++) {
        clasp_writer w = clasp_writer_of(buffer, CLASP_FRAME_MAX + 1);
        const uint64_t timestamp = 1;
        uint8_t *start = clasp_frame_begin(&w, CLASP_QOS_FIRE, &timestamp);
        memset(clasp_room(&w, len), 0x41, len);
        clasp_frame_end(&w, start);
        CHECK_EQ(w.err, len == CLASP_FRAME_PAYLOAD_MAX ? CLASP_OK : CLASP_TOO_LARGE);
    }
    free(buffer);
}

TEST(a_buffer_too_small_is_refused_and_not_overrun) {
    const uint64_t timestamp = 1;
    for (size_t cap = 0; cap <= sizeof PING_AT; cap++) {
        uint8_t *buffer = malloc(cap > 0 ? cap : 1);
        clasp_writer w = clasp_writer_of(buffer, cap);
        uint8_t *start = clasp_frame_begin(&w, CLASP_QOS_FIRE, &timestamp);
        CHECK_EQ(start != NULL, cap >= 12);
        clasp_write_u8(&w, 0x41);
        clasp_frame_end(&w, start);
        CHECK_EQ(w.err, cap == sizeof PING_AT ? CLASP_OK : CLASP_TOO_LARGE);
        free(buffer);
    }
}

TEST(the_first_failure_stays) {
    uint8_t buffer[8];
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    clasp_write_fail(&w, CLASP_BAD_ENUM);
    CHECK(clasp_frame_begin(&w, CLASP_QOS_FIRE, NULL) == NULL);
    clasp_frame_end(&w, NULL);
    CHECK_EQ(w.err, CLASP_BAD_ENUM);
}

int main(void) {
    RUN(a_frame_is_taken_apart);
    RUN(a_prefix_asks_for_more);
    RUN(every_prefix_of_every_vector_asks_for_more);
    RUN(what_follows_is_not_looked_at);
    RUN(every_flags_byte_is_taken_or_refused);
    RUN(a_stream_is_given_up_at_the_first_bad_byte);
    RUN(an_empty_payload_is_refused);
    RUN(what_is_begun_and_ended_decodes);
    RUN(frames_follow_one_another_in_one_buffer);
    RUN(a_payload_of_65535_bytes_is_the_largest);
    RUN(a_buffer_too_small_is_refused_and_not_overrun);
    RUN(the_first_failure_stays);
    return check_summary();
}
