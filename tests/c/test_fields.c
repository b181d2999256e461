/* Messages by the names of their fields, by the golden vectors: wire/fields.h. */
#include "alloc.h"
#include "base/limits.h"
#include "field_maps.h"
#include "frames.h"

static uint8_t out_bytes[CLASP_FRAME_MAX];
static uint8_t map_bytes[16 * CLASP_FRAME_PAYLOAD_MAX];

/* The fields of a message in `map_bytes`, which are well-formed but for their depth. */
static clasp_value fields_of(const clasp_message *message) {
    clasp_writer w = clasp_writer_of(map_bytes, sizeof map_bytes);
    clasp_message_to_fields(&w, message);
    CHECK_EQ(w.err, CLASP_OK);
    return (clasp_value){{map_bytes + 1, clasp_written(&w).len - 1}, map_bytes[0]};
}

/* ---- vectors ------------------------------------------------------------------------------------------------- */

static unsigned met; /* vectors of messages that have fields */

static const cJSON *form_of(const golden *g) {
    const cJSON *message = vector_get(g->json, "message");
    return message ? message : vector_get(g->json, "decoded");
}

static const cJSON *canonical_form_of(const golden *g) {
    const cJSON *decoded = vector_get(g->json, "decoded");
    return decoded ? decoded : form_of(g);
}

static bool is_hot(const cJSON *message) {
    static const char *const HOT[] = {"SET", "PUBLISH", "SNAPSHOT", "BUNDLE"};
    for (size_t i = 0; i < sizeof HOT / sizeof *HOT; i++) {
        if (strcmp(vector_text(message, "type"), HOT[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Run a check on the vectors of messages that have fields. */
static void each_with_fields(check_golden *check) {
    met = 0;
    each_binary(check);
    CHECK_EQ(met, 189);
}

static bool meets(const golden *g) {
    const bool has_fields = !is_hot(form_of(g));
    met += has_fields;
    return has_fields;
}

static void write_frame(const golden *g, clasp_writer *w, const clasp_message *message) {
    const cJSON *options = vector_get(g->json, "options");
    const cJSON *qos = vector_get(options, "qos");
    const uint64_t timestamp = vector_u64(options, "timestamp");
    uint8_t *start = clasp_frame_begin(w, qos ? (clasp_qos)vector_u64_of(qos) : clasp_message_qos(message),
                                       vector_get(options, "timestamp") ? &timestamp : NULL);
    clasp_message_write(w, message);
    clasp_frame_end(w, start);
}

/* True for a vector whose frame is what its message is encoded to. */
static bool is_exact(const golden *g) { return strcmp(vector_text(g->json, "use"), "both") == 0; }

static void check_encoded(golden *g) {
    if (!meets(g) || !is_exact(g)) {
        return;
    }
    clasp_value map;
    clasp_message message;
    CHECK_EQ(map_of(&g->pool, form_of(g), &map), CLASP_OK);
    CHECK_EQ(message_of(map, &message), CLASP_OK);
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    write_frame(g, &w, &message);
    CHECK_EQ(w.err, CLASP_OK);
    CHECK_BYTES(out_bytes, clasp_written(&w).len, g->bytes, g->len);
}

TEST(every_map_encodes_to_its_vector) { each_with_fields(check_encoded); }

static void check_decoded(golden *g) {
    if (!meets(g)) {
        return;
    }
    clasp_frame frame;
    clasp_message message;
    clasp_value expected;
    CHECK_EQ(map_of(&g->pool, canonical_form_of(g), &expected), CLASP_OK);
    CHECK_EQ(clasp_decode(frame_of(g), &frame, &message), CLASP_OK);
    const clasp_value map = fields_of(&message);
    CHECK(is_checked(map));
    CHECK(vector_values_equal(map, expected));
    CHECK_EQ(clasp_value_count(map), cJSON_GetArraySize(canonical_form_of(g))); /* nothing stands twice */
}

TEST(every_vector_decodes_to_its_map) { each_with_fields(check_decoded); }

static void check_again(golden *g) {
    if (!meets(g)) {
        return;
    }
    clasp_frame frame;
    clasp_message message;
    clasp_message again;
    CHECK_EQ(clasp_decode(frame_of(g), &frame, &message), CLASP_OK);
    CHECK_EQ(message_of(fields_of(&message), &again), CLASP_OK);
    CHECK(vector_messages_equal(&message, &again));
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    write_frame(g, &w, &again);
    CHECK_EQ(w.err, CLASP_OK);
    if (is_exact(g)) {
        CHECK_BYTES(out_bytes, clasp_written(&w).len, g->bytes, g->len);
    }
}

TEST(what_was_decoded_makes_the_same_bytes_again) { each_with_fields(check_again); }

static void check_type_first(golden *g) {
    if (!meets(g)) {
        return;
    }
    clasp_frame frame;
    clasp_message message;
    CHECK_EQ(clasp_decode(frame_of(g), &frame, &message), CLASP_OK);
    clasp_reader r = clasp_value_items(fields_of(&message));
    clasp_value type;
    CHECK(clasp_span_equal(clasp_value_next_entry(&r, &type), clasp_span_of("type")));
}

TEST(the_type_is_the_first_member) { each_with_fields(check_type_first); }

static void check_refused(golden *g) {
    const bool is_too_large = strcmp(vector_text(g->json, "class"), "too-large") == 0;
    const cJSON *json = vector_get(g->json, "message");
    clasp_value map;
    clasp_message message;
    if (!meets(g)) {
        return;
    }
    clasp_err err = map_of(&g->pool, json, &map); /* no value can hold some of them */
    err = err == CLASP_OK ? message_of(map, &message) : err;
    if (err == CLASP_OK) {
        clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
        clasp_frame_write(&w, &message);
        err = w.err;
    }
    CHECK_EQ(err, is_too_large ? CLASP_TOO_LARGE : CLASP_OUT_OF_RANGE);
}

TEST(what_no_message_can_say_is_refused) {
    met = 0;
    CHECK_EQ(each_vector("encode-errors.json", check_refused), 9);
    CHECK_EQ(met, 4);
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

/* A SYNC whose t1 is an i64. */
static clasp_value sync_map(int64_t t1, uint8_t storage[64]) {
    clasp_writer w = clasp_writer_of(storage, 64);
    clasp_write_u16(&w, 2);
    clasp_write_text(&w, clasp_span_of("type"));
    clasp_write_u8(&w, CLASP_VALUE_STRING);
    clasp_write_text(&w, clasp_span_of("SYNC"));
    clasp_write_text(&w, clasp_span_of("t1"));
    clasp_write_u8(&w, CLASP_VALUE_I64);
    clasp_write_u64(&w, (uint64_t)t1);
    return (clasp_value){clasp_written(&w), CLASP_VALUE_MAP};
}

TEST(an_i64_is_taken_to_the_last_bit) {
    static const int64_t EXACT[] = {0, (INT64_C(1) << 53) + 1, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < sizeof EXACT / sizeof *EXACT; i++) {
        uint8_t storage[64];
        clasp_message message;
        CHECK_EQ(message_of(sync_map(EXACT[i], storage), &message), CLASP_OK);
        CHECK_EQ(message.time_us, EXACT[i]);
    }
}

TEST(a_u64_is_a_number_up_to_2_to_the_53_and_bytes_above) {
    static const uint64_t EXACT[] = {
        0,         (UINT64_C(1) << 53) - 1, UINT64_C(1) << 53, (UINT64_C(1) << 53) + 1, UINT64_C(1) << 63,
        UINT64_MAX};
    for (size_t i = 0; i < sizeof EXACT / sizeof *EXACT; i++) {
        const clasp_message sync = {.type = CLASP_MSG_SYNC, .time_us = EXACT[i]};
        const clasp_value map = fields_of(&sync);
        clasp_value t1;
        clasp_message again;
        CHECK(clasp_value_get(map, clasp_span_of("t1"), &t1));
        CHECK_EQ(t1.type, EXACT[i] <= UINT64_C(1) << 53 ? CLASP_VALUE_F64 : CLASP_VALUE_BYTES);
        CHECK_EQ(message_of(map, &again), CLASP_OK);
        CHECK(again.time_us == EXACT[i]);
    }
}

/* ---- room and depth ------------------------------------------------------------------------------------------ */

/* Room for lists, byte by byte too little. */
static void check_small_lists(golden *g) {
    clasp_value map;
    clasp_message message;
    if (!meets(g) || g->len > 300) {
        return;
    }
    CHECK_EQ(map_of(&g->pool, canonical_form_of(g), &map), CLASP_OK);
    clasp_writer full = clasp_writer_of(map_bytes, sizeof map_bytes);
    CHECK_EQ(clasp_message_of_fields(map, &full, &message), CLASP_OK);
    CHECK(clasp_written(&full).len <= 3 * map.data.len);
    for (size_t cap = 0; cap < clasp_written(&full).len; cap++) {
        uint8_t *buffer = malloc(cap > 0 ? cap : 1);
        clasp_writer w = clasp_writer_of(buffer, cap);
        CHECK_EQ(clasp_message_of_fields(map, &w, &message), CLASP_TOO_LARGE);
        free(buffer);
    }
}

TEST(too_little_room_for_lists_is_refused_and_not_overrun) { each_with_fields(check_small_lists); }

static void check_small_maps(golden *g) {
    clasp_frame frame;
    clasp_message message;
    if (!meets(g) || g->len > 300) {
        return;
    }
    CHECK_EQ(clasp_decode(frame_of(g), &frame, &message), CLASP_OK);
    const size_t full = 1 + fields_of(&message).data.len;
    for (size_t cap = 0; cap < full; cap++) {
        uint8_t *buffer = malloc(cap > 0 ? cap : 1);
        clasp_writer w = clasp_writer_of(buffer, cap);
        clasp_message_to_fields(&w, &message);
        CHECK_EQ(w.err, CLASP_TOO_LARGE);
        free(buffer);
    }
}

TEST(too_little_room_for_the_map_is_refused_and_not_overrun) { each_with_fields(check_small_maps); }

/* A frame of one signal whose default is arrays inside one another. */
static clasp_span deep_announce(uint32_t levels) {
    uint8_t nested[3 * CLASP_VALUE_DEPTH];
    clasp_writer value = clasp_writer_of(nested, sizeof nested);
    for (uint32_t i = 1; i < levels; i++) {
        clasp_write_u16(&value, 1);
        clasp_write_u8(&value, CLASP_VALUE_ARRAY);
    }
    clasp_write_u16(&value, 0);
    uint8_t signal[sizeof nested + 16];
    clasp_writer list = clasp_writer_of(signal, sizeof signal);
    clasp_write_signal(&list, true,
                       &(clasp_signal_info){.address = clasp_span_of("/a"),
                                            .has_meta = true,
                                            .has_default = true,
                                            .default_value = {clasp_written(&value), CLASP_VALUE_ARRAY}});
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    clasp_frame_write(&w, &(clasp_message){.type = CLASP_MSG_ANNOUNCE, .list = {clasp_written(&list), 1}});
    CHECK_EQ(list.err, CLASP_OK);
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

TEST(a_default_may_be_as_deep_as_any_value) {
    clasp_frame frame;
    clasp_message message;
    clasp_message again;
    CHECK_EQ(clasp_decode(deep_announce(CLASP_VALUE_DEPTH), &frame, &message), CLASP_OK);
    CHECK(!is_checked(fields_of(&message)));
    CHECK_EQ(clasp_decode(deep_announce(CLASP_VALUE_DEPTH - 4), &frame, &message), CLASP_OK);
    CHECK(is_checked(fields_of(&message)));
    CHECK_EQ(message_of(fields_of(&message), &again), CLASP_OK);
    CHECK(vector_messages_equal(&message, &again));
    CHECK_EQ(clasp_decode(deep_announce(CLASP_VALUE_DEPTH - 3), &frame, &message), CLASP_OK);
    CHECK(!is_checked(fields_of(&message))); /* the message, its signals, the signal and its meta */
}

static void check_no_allocation(golden *g) {
    clasp_frame frame;
    clasp_message message;
    if (!meets(g)) {
        return;
    }
    clasp_decode(frame_of(g), &frame, &message);
    clasp_test_fail_allocation(1);
    const clasp_value map = fields_of(&message);
    const clasp_err err = message_of(map, &message);
    CHECK(!clasp_test_allocation_failed());
    clasp_test_fail_allocation(0);
    CHECK_EQ(err, CLASP_OK);
}

TEST(nothing_is_allocated) { each_with_fields(check_no_allocation); }

int main(void) {
    RUN(every_map_encodes_to_its_vector);
    RUN(every_vector_decodes_to_its_map);
    RUN(what_was_decoded_makes_the_same_bytes_again);
    RUN(the_type_is_the_first_member);
    RUN(what_no_message_can_say_is_refused);
    RUN(an_i64_is_taken_to_the_last_bit);
    RUN(a_u64_is_a_number_up_to_2_to_the_53_and_bytes_above);
    RUN(too_little_room_for_lists_is_refused_and_not_overrun);
    RUN(too_little_room_for_the_map_is_refused_and_not_overrun);
    RUN(a_default_may_be_as_deep_as_any_value);
    RUN(nothing_is_allocated);
    return check_summary();
}
