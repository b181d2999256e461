/* The wide form of values and its record: wire/wide.h, and the golden vectors of tests/vectors/wide.json. */
#include "check.h"
#include "vectors.h"
#include "wire/wide.h"

/* ---- the golden vectors -------------------------------------------------------------------------------------- */

static void append(uint8_t **bytes, uint32_t *len, const char *hex, uint64_t count) {
    uint32_t unit_len = 0;
    uint8_t *unit = vector_hex(hex, &unit_len);
    *bytes = realloc(*bytes, *len + unit_len * count + 1);
    for (uint64_t i = 0; i < count; i++) {
        memcpy(*bytes + *len, unit, unit_len);
        *len += unit_len;
    }
    free(unit);
}

/* In a block of exactly its size. Given: free(). */
static clasp_span bytes_of(const cJSON *hex) {
    uint8_t *bytes = NULL;
    uint32_t len = 0;
    if (cJSON_IsString(hex)) {
        append(&bytes, &len, hex->valuestring, 1);
    }
    for (const cJSON *part = cJSON_IsArray(hex) ? hex->child : NULL; part; part = part->next) {
        if (cJSON_IsString(part)) {
            append(&bytes, &len, part->valuestring, 1);
        } else {
            append(&bytes, &len, vector_text(part, "hex"), vector_u64(part, "count"));
        }
    }
    const clasp_span exact = {vector_copy((clasp_span){bytes, len}), len};
    free(bytes);
    return exact;
}

/* Of a class that a vector names: `too-large` is TOO_LARGE. */
static const char *name_of(const char *class) {
    static char name[32];
    uint32_t i = 0;
    for (; class && class[i] && i + 1 < sizeof name; i++) {
        name[i] = (char)(class[i] == '-' ? '_' : class[i] - (class[i] >= 'a' ? 'a' - 'A' : 0));
    }
    name[i] = '\0';
    return class ? name : "OK";
}

static void check_value(const cJSON *vector, clasp_span bytes) {
    clasp_value value = {{NULL, 7}, 99};
    CHECK_TEXT(clasp_err_name(clasp_wide_check(bytes, &value)), name_of(vector_text(vector, "class")));
    if (vector_text(vector, "class")) {
        CHECK_EQ(value.data.len, 7); /* nothing was set */
        return;
    }
    CHECK(value.data.at == bytes.at + 1);
    CHECK_EQ(value.data.len, bytes.len - 1);
    CHECK_EQ(value.type, bytes.at[0]);
}

static void check_record(const cJSON *vector, clasp_span bytes) {
    clasp_wide wide;
    CHECK_TEXT(clasp_err_name(clasp_wide_decode(bytes, &wide)), name_of(vector_text(vector, "class")));
    if (vector_text(vector, "class")) {
        return;
    }
    CHECK_EQ(wide.say, vector_u64(vector, "say"));
    CHECK(clasp_span_equal(wide.address, clasp_span_of(vector_text(vector, "address"))));
    clasp_writer w = clasp_writer_of(malloc(bytes.len), bytes.len);
    clasp_write_wide_head(&w, wide.say, wide.address);
    clasp_write_value(&w, wide.value);
    CHECK_EQ(w.err, CLASP_OK);
    CHECK_BYTES(w.start, clasp_written(&w).len, bytes.at, bytes.len);
    free(w.start);
}

TEST(every_golden_vector_is_judged_as_it_says) {
    cJSON *document = vectors_load("wide.json");
    unsigned count = 0;
    for (const cJSON *vector = vector_get(document, "vectors")->child; vector; vector = vector->next) {
        CHECK_CONTEXT(vector_text(vector, "name"));
        const clasp_span bytes = bytes_of(vector_get(vector, "hex"));
        const bool is_record = strncmp(vector_text(vector, "what"), "record", 6) == 0;
        (is_record ? check_record : check_value)(vector, bytes);
        free((void *)bytes.at);
        count++;
    }
    CHECK(count > 40);
    cJSON_Delete(document);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static clasp_err check_copy(clasp_span bytes) {
    uint8_t *copy = vector_copy(bytes);
    clasp_value value;
    const clasp_err err = clasp_wide_check((clasp_span){copy, bytes.len}, &value);
    free(copy);
    return err;
}

/* {"a": [true, bytes "b", "xy"], "": 1} */
static const uint8_t SAMPLE[] = {0x0B, 0, 0, 0, 2,   0, 0, 0, 1, 'a', 0x0A, 0,   0, 0, 3, 1, 1, 9,
                                 0,    0, 0, 1, 'b', 8, 0, 0, 0, 2,   'x',  'y', 0, 0, 0, 0, 2, 1};

TEST(every_prefix_is_truncated) {
    CHECK_EQ(check_copy((clasp_span){SAMPLE, sizeof SAMPLE}), CLASP_OK);
    for (uint32_t len = 0; len < sizeof SAMPLE; len++) {
        CHECK_EQ(check_copy((clasp_span){SAMPLE, len}), CLASP_TRUNCATED);
    }
}

TEST(every_changed_byte_gives_a_result_and_no_overrun) {
    unsigned accepted = 0;
    for (uint32_t at = 0; at < sizeof SAMPLE; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            uint8_t bytes[sizeof SAMPLE];
            memcpy(bytes, SAMPLE, sizeof SAMPLE);
            bytes[at] = (uint8_t)byte;
            accepted += check_copy((clasp_span){bytes, sizeof bytes}) == CLASP_OK;
        }
    }
    CHECK(accepted >= sizeof SAMPLE);
    CHECK(accepted < sizeof SAMPLE * 256 / 2);
}

TEST(reading_stops_behind_the_value) {
    static const uint8_t TWO[] = {8, 0, 0, 0, 1, 'x', 0};
    clasp_reader r = clasp_reader_of((clasp_span){TWO, sizeof TWO});
    CHECK_EQ(clasp_read_wide(&r).data.len, 5);
    CHECK_EQ(clasp_read_wide(&r).type, CLASP_VALUE_NULL);
    CHECK_EQ(r.err, CLASP_OK);
    CHECK_EQ(clasp_left(&r), 0);
}

TEST(an_error_before_sticks) {
    clasp_reader r = clasp_reader_of((clasp_span){SAMPLE, sizeof SAMPLE});
    clasp_read_fail(&r, CLASP_BAD_ENUM);
    CHECK_EQ(clasp_read_wide(&r).type, CLASP_VALUE_NULL);
    CHECK_EQ(r.err, CLASP_BAD_ENUM);
}

TEST(as_many_values_as_the_bound_are_taken) {
    const uint32_t len = 5 + CLASP_WIDE_VALUES - 1;
    uint8_t *bytes = calloc(len, 1);
    bytes[0] = CLASP_VALUE_ARRAY;
    clasp_store_u32(bytes + 1, CLASP_WIDE_VALUES - 1);
    clasp_value value;
    CHECK_EQ(clasp_wide_check((clasp_span){bytes, len}, &value), CLASP_OK);
    free(bytes);
}

TEST(the_largest_value_is_taken) {
    uint8_t *bytes = calloc(CLASP_CHUNK_MAX_LEN, 1);
    bytes[0] = CLASP_VALUE_BYTES;
    clasp_store_u32(bytes + 1, CLASP_CHUNK_MAX_LEN - 5);
    clasp_value value;
    CHECK_EQ(clasp_wide_check((clasp_span){bytes, CLASP_CHUNK_MAX_LEN}, &value), CLASP_OK);
    free(bytes);
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

TEST(a_head_that_does_not_fit_is_refused) {
    uint8_t *address = calloc(65536, 1);
    uint8_t small[6];
    clasp_writer w = clasp_writer_of(small, sizeof small);
    clasp_write_wide_head(&w, 0, clasp_span_of("/a"));
    CHECK_EQ(w.err, CLASP_TOO_LARGE);
    uint8_t *large = malloc(70000);
    w = clasp_writer_of(large, 70000);
    clasp_write_wide_head(&w, 0, (clasp_span){address, 65536});
    CHECK_EQ(w.err, CLASP_TOO_LARGE);
    w = clasp_writer_of(large, 70000);
    clasp_write_wide_head(&w, 0, (clasp_span){address, 65535});
    CHECK_EQ(w.err, CLASP_OK);
    CHECK_EQ(clasp_written(&w).len, CLASP_WIDE_HEAD + 65535);
    free(large);
    free(address);
}

TEST(the_form_follows_from_the_bytes) {
    CHECK(!clasp_wide_is_needed(2, UINT16_MAX - 2 - CLASP_WIDE_SPARE));
    CHECK(clasp_wide_is_needed(2, UINT16_MAX - 1 - CLASP_WIDE_SPARE));
    CHECK(clasp_wide_is_needed(UINT16_MAX, 1));
    CHECK(clasp_wide_is_needed(UINT32_MAX, UINT32_MAX));
}

TEST(a_narrow_value_is_the_same_in_the_wide_form) {
    static const char *PAIRS[][2] = {
        {"00", "00"},
        {"0101", "0101"},
        {"05ffffffffffffff85", "05ffffffffffffff85"},
        {"08000178", "080000000178"},
        {"09000101", "090000000101"},
        {"0a00020a00000100", "0a000000020a000000000100"},
        {"0b00020001610a0001000000080000", "0b0000000200000001610a0000000100000000000800000000"},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        CHECK_CONTEXT(PAIRS[i][0]);
        uint32_t narrow_len;
        uint32_t wide_len;
        uint8_t *narrow = vector_hex(PAIRS[i][0], &narrow_len);
        uint8_t *wide = vector_hex(PAIRS[i][1], &wide_len);
        clasp_reader r = clasp_reader_of((clasp_span){narrow, narrow_len});
        const clasp_value value = clasp_read_value(&r);
        uint8_t room[64];
        clasp_writer w = clasp_writer_of(room, sizeof room);
        clasp_write_widened(&w, value);
        CHECK_EQ(w.err, CLASP_OK);
        CHECK_BYTES(room, clasp_written(&w).len, wide, wide_len);
        CHECK(clasp_written(&w).len <= 2 * narrow_len + 4);
        CHECK_EQ(check_copy(clasp_written(&w)), CLASP_OK);
        w = clasp_writer_of(room, wide_len - 1);
        clasp_write_widened(&w, value);
        CHECK_EQ(w.err, CLASP_TOO_LARGE);
        free(narrow);
        free(wide);
    }
}

int main(void) {
    RUN(every_golden_vector_is_judged_as_it_says);
    RUN(every_prefix_is_truncated);
    RUN(every_changed_byte_gives_a_result_and_no_overrun);
    RUN(reading_stops_behind_the_value);
    RUN(an_error_before_sticks);
    RUN(as_many_values_as_the_bound_are_taken);
    RUN(the_largest_value_is_taken);
    RUN(a_head_that_does_not_fit_is_refused);
    RUN(the_form_follows_from_the_bytes);
    RUN(a_narrow_value_is_the_same_in_the_wide_form);
    return check_summary();
}
