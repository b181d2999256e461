/* The messages, by the golden vectors: wire/message.h. */
#include "frames.h"

#define SMALL 1500u /* bytes of frames that are tried with every byte changed */

static uint8_t out_bytes[CLASP_FRAME_MAX];

/* ---- valid frames -------------------------------------------------------------------------------------------- */

static void check_decoded(golden *g) {
    const cJSON *decoded = vector_get(g->json, "decoded");
    clasp_message expected;
    clasp_message message;
    clasp_frame frame;
    CHECK_EQ(vector_message(&g->pool, decoded ? decoded : vector_get(g->json, "message"), &expected),
             CLASP_OK);
    if (!CHECK_EQ(clasp_decode(frame_of(g), &frame, &message), CLASP_OK)) {
        return;
    }
    CHECK(vector_messages_equal(&message, &expected));
    CHECK_EQ(frame.qos, vector_u64(vector_get(g->json, "flags"), "qos"));
    CHECK_EQ(frame.encoding, vector_u64(vector_get(g->json, "flags"), "version"));
    CHECK_EQ(frame.has_timestamp, vector_get(g->json, "timestamp") != NULL);
    CHECK_EQ(frame.timestamp_us, vector_u64(g->json, "timestamp"));
}

TEST(every_vector_decodes_to_its_message) { each_binary(check_decoded); }

/* A vector of use "both" gives its bytes; any other, bytes that mean the same. */
static void check_encoded(golden *g) {
    const cJSON *json = vector_get(g->json, "message");
    clasp_message message;
    CHECK_EQ(vector_message(&g->pool, json ? json : vector_get(g->json, "decoded"), &message), CLASP_OK);
    const cJSON *options = vector_get(g->json, "options");
    const cJSON *qos = vector_get(options, "qos");
    const uint64_t timestamp = vector_u64(options, "timestamp");

    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    uint8_t *start = clasp_frame_begin(&w, qos ? (clasp_qos)vector_u64_of(qos) : clasp_message_qos(&message),
                                       vector_get(options, "timestamp") ? &timestamp : NULL);
    clasp_message_write(&w, &message);
    clasp_frame_end(&w, start);
    CHECK_EQ(w.err, CLASP_OK);
    if (json && strcmp(vector_text(g->json, "use"), "both") == 0) {
        CHECK_BYTES(out_bytes, clasp_written(&w).len, g->bytes, g->len);
    } else {
        clasp_frame frame;
        clasp_message again;
        CHECK_EQ(clasp_decode(clasp_written(&w), &frame, &again), CLASP_OK);
        CHECK(vector_messages_equal(&again, &message));
    }
}

TEST(every_message_encodes_to_its_vector) { each_binary(check_encoded); }

/* What was decoded is written again, and means the same. */
static void check_again(golden *g) {
    clasp_frame frame;
    clasp_message message;
    clasp_message again;
    CHECK_EQ(clasp_decode(frame_of(g), &frame, &message), CLASP_OK);
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    clasp_frame_write(&w, &message);
    CHECK_EQ(w.err, CLASP_OK);
    CHECK_EQ(clasp_decode(clasp_written(&w), &frame, &again), CLASP_OK);
    CHECK(vector_messages_equal(&message, &again));
}

TEST(what_was_decoded_can_be_sent_on) { each_binary(check_again); }

/* ---- cut and changed frames ---------------------------------------------------------------------------------- */

/* A cut payload is refused, but where what is left happens to be a message; and nothing beyond it is read. */
static void check_prefixes(golden *g) {
    clasp_frame frame;
    clasp_message message;
    CHECK_EQ(clasp_frame_decode(frame_of(g), &frame, NULL), CLASP_OK);
    uint8_t *block = vector_copy(frame.payload);
    uint32_t wrong = 0;
    for (uint32_t len = 0; len < frame.payload.len; len++) {
        wrong += clasp_message_decode(prefix_of(frame.payload, len, block), &message) > CLASP_OK;
    }
    CHECK_EQ(wrong, 0);
    free(block);
}

TEST(a_cut_payload_is_read_to_its_end_and_no_further) { each_binary(check_prefixes); }

/* Whatever decodes can be encoded, and then decodes to the same. */
static bool survives(clasp_span in) {
    clasp_frame frame;
    clasp_message message;
    clasp_message again;
    if (clasp_decode(in, &frame, &message) != CLASP_OK) {
        return true;
    }
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    clasp_frame_write(&w, &message);
    return w.err == CLASP_OK && clasp_decode(clasp_written(&w), &frame, &again) == CLASP_OK &&
           vector_messages_equal(&message, &again);
}

static void check_flips(golden *g) {
    static const uint8_t FLIPS[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF};
    if (g->len > SMALL) {
        return;
    }
    for (uint32_t i = 0; i < g->len; i++) {
        for (size_t k = 0; k < sizeof FLIPS; k++) {
            g->bytes[i] ^= FLIPS[k];
            CHECK(survives(frame_of(g)));
            g->bytes[i] ^= FLIPS[k];
        }
    }
}

TEST(a_changed_byte_gives_a_result) { each_binary(check_flips); }

/* ---- refused frames ------------------------------------------------------------------------------------------ */

static clasp_err err_of_class(const char *class) {
    static const struct {
        const char *class;
        clasp_err err;
    } CLASSES[] = {
        {"frame-truncated", CLASP_MORE},
        {"bad-magic", CLASP_BAD_MAGIC},
        {"reserved-qos", CLASP_RESERVED_QOS},
        {"unsupported-flag", CLASP_UNSUPPORTED_FLAG},
        {"empty-payload", CLASP_EMPTY_PAYLOAD},
        {"unknown-type", CLASP_UNKNOWN_TYPE},
        {"truncated", CLASP_TRUNCATED},
        {"bad-utf8", CLASP_BAD_UTF8},
        {"bad-value-type", CLASP_BAD_VALUE_TYPE},
        {"too-deep", CLASP_TOO_DEEP},
        {"bad-enum", CLASP_BAD_ENUM},
        {"bad-legacy", CLASP_BAD_LEGACY},
    };
    for (size_t i = 0; i < sizeof CLASSES / sizeof *CLASSES; i++) {
        if (strcmp(CLASSES[i].class, class) == 0) {
            return CLASSES[i].err;
        }
    }
    return CLASP_OK;
}

static void check_refused(golden *g) {
    clasp_frame frame;
    clasp_message message;
    CHECK_EQ(clasp_decode(frame_of(g), &frame, &message), err_of_class(vector_text(g->json, "class")));
}

TEST(malformed_frames_are_refused_by_class) { CHECK_EQ(each_vector("malformed.json", check_refused), 183); }

/* Classes other than too-large are of numbers that clasp_message cannot hold in the first place. */
static void check_encode_error(golden *g) {
    if (strcmp(vector_text(g->json, "class"), "too-large") != 0) {
        return;
    }
    clasp_message message;
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    clasp_write_fail(&w, vector_message(&g->pool, vector_get(g->json, "message"), &message));
    clasp_frame_write(&w, &message);
    CHECK_EQ(w.err, CLASP_TOO_LARGE);
}

TEST(what_cannot_be_written_is_refused) {
    CHECK_EQ(each_vector("encode-errors.json", check_encode_error), 9);
}

/* ---- rules of the encoder ------------------------------------------------------------------------------------ */

static clasp_err encode_err(const clasp_message *message) {
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    clasp_frame_write(&w, message);
    return w.err;
}

TEST(codes_that_do_not_exist_are_not_written) {
    const clasp_span address = clasp_span_of("/a");
    CHECK_EQ(encode_err(&(clasp_message){.type = 0x05}), CLASP_UNKNOWN_TYPE);
    CHECK_EQ(encode_err(&(clasp_message){.type = 0xFF}), CLASP_UNKNOWN_TYPE);
    CHECK_EQ(encode_err(&(clasp_message){.type = CLASP_MSG_PUBLISH, .address = address, .signal = 5}),
             CLASP_BAD_ENUM);
    CHECK_EQ(encode_err(&(clasp_message){.type = CLASP_MSG_PUBLISH, .address = address, .phase = 4}),
             CLASP_BAD_ENUM);
    CHECK_EQ(encode_err(&(clasp_message){.type = CLASP_MSG_FEDERATION_SYNC, .op = 0}), CLASP_BAD_ENUM);
    CHECK_EQ(encode_err(&(clasp_message){.type = CLASP_MSG_FEDERATION_SYNC, .op = 5}), CLASP_BAD_ENUM);
    CHECK_EQ(encode_err(&(clasp_message){.type = CLASP_MSG_SET, .address = address, .value = {.type = 12}}),
             CLASP_BAD_VALUE_TYPE);
    CHECK_EQ(
        encode_err(&(clasp_message){
            .type = CLASP_MSG_PUBLISH, .address = address, .has = CLASP_HAS_VALUE, .value = {.type = 12}}),
        CLASP_BAD_VALUE_TYPE);
    CHECK_EQ(encode_err(&(clasp_message){.type = CLASP_MSG_SNAPSHOT, .list = {.count = 65536}}),
             CLASP_TOO_LARGE);
}

/* A SNAPSHOT of two params by its count and of one and a half by its bytes, the first one with ill-formed text. */
TEST(a_count_beyond_the_bytes_is_refused_before_reading) {
    static const uint8_t SNAPSHOT[] = {0x23, 0, 2, 0, 1, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
    clasp_message message;
    CHECK_EQ(clasp_message_decode((clasp_span){SNAPSHOT, sizeof SNAPSHOT}, &message), CLASP_TRUNCATED);
}

TEST(a_value_wins_over_samples) {
    uint8_t storage[8];
    const clasp_message both = {.type = CLASP_MSG_PUBLISH,
                                .address = clasp_span_of("/a"),
                                .signal = CLASP_SIGNAL_STREAM,
                                .has = CLASP_HAS_VALUE | CLASP_HAS_SAMPLES,
                                .value = clasp_value_f64(1, storage),
                                .list = {{storage, sizeof storage}, 1}};
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    clasp_frame_write(&w, &both);
    clasp_frame frame;
    clasp_message message;
    CHECK_EQ(clasp_decode(clasp_written(&w), &frame, &message), CLASP_OK);
    CHECK_EQ(message.has, CLASP_HAS_VALUE);
    CHECK_EQ(message.list.count, 0);
}

/* Encode a vector into every capacity below its own. */
static void check_small_buffers(golden *g) {
    const cJSON *json = vector_get(g->json, "message");
    clasp_message message;
    if (!json || g->len > 200) {
        return;
    }
    CHECK_EQ(vector_message(&g->pool, json, &message), CLASP_OK);
    clasp_writer full = clasp_writer_of(out_bytes, sizeof out_bytes);
    clasp_frame_write(&full, &message);
    for (size_t cap = 0; cap < clasp_written(&full).len; cap++) {
        uint8_t *buffer = malloc(cap > 0 ? cap : 1);
        clasp_writer w = clasp_writer_of(buffer, cap);
        clasp_frame_write(&w, &message);
        CHECK_EQ(w.err, CLASP_TOO_LARGE);
        free(buffer);
    }
}

TEST(a_buffer_too_small_is_refused_and_not_overrun) { each_binary(check_small_buffers); }

TEST(the_default_qos_goes_by_type_and_signal) {
    static const uint8_t BY_SIGNAL[] = {1, 1, 0, 0, 2};
    for (uint8_t signal = 0; signal < 5; signal++) {
        const clasp_message message = {.type = CLASP_MSG_PUBLISH, .signal = signal};
        CHECK_EQ(clasp_message_qos(&message), BY_SIGNAL[signal]);
    }
    CHECK_EQ(clasp_message_qos(&(clasp_message){.type = CLASP_MSG_SET}), CLASP_QOS_CONFIRM);
    CHECK_EQ(clasp_message_qos(&(clasp_message){.type = CLASP_MSG_BUNDLE}), CLASP_QOS_COMMIT);
    CHECK_EQ(clasp_message_qos(&(clasp_message){.type = CLASP_MSG_GET}), CLASP_QOS_FIRE);
    CHECK_EQ(clasp_message_qos(&(clasp_message){.type = 0xFF}), CLASP_QOS_FIRE);
}

TEST(subscribers_see_a_message_under_its_type) {
    CHECK_EQ(clasp_message_type_bit(&(clasp_message){.type = CLASP_MSG_SET}), CLASP_TYPE_PARAM);
    for (uint8_t signal = 0; signal < 5; signal++) {
        const clasp_message message = {.type = CLASP_MSG_PUBLISH, .signal = signal};
        CHECK_EQ(clasp_message_type_bit(&message), 1 << signal);
    }
    CHECK_EQ(clasp_message_type_bit(&(clasp_message){.type = CLASP_MSG_GET}), 0);
}

int main(void) {
    RUN(every_vector_decodes_to_its_message);
    RUN(every_message_encodes_to_its_vector);
    RUN(what_was_decoded_can_be_sent_on);
    RUN(a_cut_payload_is_read_to_its_end_and_no_further);
    RUN(a_changed_byte_gives_a_result);
    RUN(malformed_frames_are_refused_by_class);
    RUN(what_cannot_be_written_is_refused);
    RUN(codes_that_do_not_exist_are_not_written);
    RUN(a_count_beyond_the_bytes_is_refused_before_reading);
    RUN(a_value_wins_over_samples);
    RUN(a_buffer_too_small_is_refused_and_not_overrun);
    RUN(the_default_qos_goes_by_type_and_signal);
    RUN(subscribers_see_a_message_under_its_type);
    return check_summary();
}
