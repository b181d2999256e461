/* Values and UTF-8: wire/value.h. */
#include "base/limits.h"
#include "check.h"
#include "vectors.h"

/* ---- UTF-8 --------------------------------------------------------------------------------------------------- */

/* In a block of exactly its size, behind `before` ASCII bytes and before `after` of them. */
static bool fits(clasp_span text, uint32_t before, uint32_t after) {
    const uint32_t len = before + text.len + after;
    uint8_t *bytes = malloc(len > 0 ? len : 1);
    memset(bytes, 'a', len);
    memcpy(bytes + before, text.at, text.len);
    const bool result = clasp_utf8_check((clasp_span){bytes, len});
    free(bytes);
    return result;
}

static clasp_span encode(uint32_t code, uint8_t out[4]) {
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return (clasp_span){out, 1};
    }
    const uint32_t tails = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t LEADS[] = {0, 0xC0, 0xE0, 0xF0};
    for (uint32_t i = tails; i > 0; i--, code >>= 6) {
        out[i] = (uint8_t)(0x80 | (code & 0x3F));
    }
    out[0] = (uint8_t)(LEADS[tails] | code);
    return (clasp_span){out, tails + 1};
}

TEST(every_code_point_but_surrogates_fits) {
    unsigned wrong = 0;
    for (uint32_t code = 0; code <= 0x1FFFFF; code++) {
        uint8_t bytes[4];
        const bool expected = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
        wrong += clasp_utf8_check(encode(code, bytes)) != expected;
    }
    CHECK_EQ(wrong, 0);
}

/* The Unicode standard's table of well-formed sequences (3-7), for all sequences of three bytes or fewer. */
static bool is_well_formed_3(const uint8_t b[3]) {
    const bool tails = (b[1] & 0xC0) == 0x80 && (b[2] & 0xC0) == 0x80;
    return tails && b[0] >= 0xE0 && b[0] <= 0xEF && !(b[0] == 0xE0 && b[1] < 0xA0) &&
           !(b[0] == 0xED && b[1] > 0x9F);
}

TEST(every_sequence_of_two_and_three_bytes_is_judged_by_the_table) {
    unsigned wrong = 0;
    for (unsigned first = 0x80; first < 0x100; first++) {
        for (unsigned rest = 0; rest < 0x10000; rest++) {
            const uint8_t b[] = {(uint8_t)first, (uint8_t)(rest >> 8), (uint8_t)rest};
            const bool two = first >= 0xC2 && first <= 0xDF && (b[1] & 0xC0) == 0x80;
            wrong += clasp_utf8_check((clasp_span){b, 2}) != two;
            wrong += clasp_utf8_check((clasp_span){b, 3}) != ((two && b[2] < 0x80) || is_well_formed_3(b));
        }
    }
    CHECK_EQ(wrong, 0);
}

TEST(ill_formed_text_is_found_at_every_place) {
    static const char *BAD[] = {"\x80",
                                "\xFF",
                                "\xC0\x80",
                                "\xC3",
                                "\xE6\xBC",
                                "\xF0\x9F\x8E",
                                "\xED\xA0\x80",
                                "\xF4\x90\x80\x80",
                                "\xF8\x88\x80\x80\x80",
                                "\xE2\x28\xA1",
                                "\xF0\x90\x28\xBC"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        for (uint32_t before = 0; before < 20; before++) {
            for (uint32_t after = 0; after < 20; after++) {
                CHECK(!fits(clasp_span_of(BAD[i]), before, after));
            }
        }
    }
}

TEST(well_formed_text_fits_at_every_place) {
    static const char *GOOD[] = {"",
                                 "\x7F",
                                 "\xC2\x80",
                                 "\xE0\xA0\x80",
                                 "\xED\x9F\xBF",
                                 "\xEF\xBF\xBF",
                                 "\xF0\x90\x80\x80",
                                 "\xF4\x8F\xBF\xBF"};
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        for (uint32_t before = 0; before < 20; before++) {
            for (uint32_t after = 0; after < 20; after++) {
                CHECK(fits(clasp_span_of(GOOD[i]), before, after));
            }
        }
    }
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* Read a whole value (type code and data) from a block of exactly its size. */
static clasp_err read_err(clasp_span bytes) {
    uint8_t *copy = vector_copy(bytes);
    clasp_reader r = clasp_reader_of((clasp_span){copy, bytes.len});
    clasp_read_value(&r);
    free(copy);
    return r.err;
}

/* `levels` arrays or maps inside one another, the innermost one empty. */
static clasp_span nested(clasp_writer *w, unsigned levels, bool maps) {
    for (unsigned i = 0; i < levels; i++) {
        const bool is_last = i + 1 == levels;
        clasp_write_u8(w, maps ? CLASP_VALUE_MAP : CLASP_VALUE_ARRAY);
        clasp_write_u16(w, is_last ? 0 : 1);
        if (maps && !is_last) {
            clasp_write_text(w, clasp_span_of("k"));
        }
    }
    return clasp_written(w);
}

TEST(sixty_four_levels_are_taken_and_no_more) {
    uint8_t bytes[1024];
    for (int maps = 0; maps < 2; maps++) {
        for (unsigned levels = 1; levels <= CLASP_VALUE_DEPTH + 2; levels++) {
            clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
            CHECK_EQ(read_err(nested(&w, levels, maps == 1)),
                     levels <= CLASP_VALUE_DEPTH ? CLASP_OK : CLASP_TOO_DEEP);
        }
    }
}

TEST(levels_that_ended_do_not_count) {
    uint8_t bytes[1024];
    clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
    clasp_write_u8(&w, CLASP_VALUE_ARRAY);
    clasp_write_u16(&w, 3);
    for (int i = 0; i < 3; i++) {
        nested(&w, CLASP_VALUE_DEPTH - 1, i == 1);
    }
    CHECK_EQ(read_err(clasp_written(&w)), CLASP_OK);
}

TEST(a_prefix_of_a_value_is_truncated) {
    static const uint8_t VALUE[] = {0x0B, 0, 2, 0, 1, 'a', 0x0A, 0, 3, 0,   1,
                                    1,    2, 9, 0, 1, 'b', 8,    0, 2, 'x', 'y'};
    CHECK_EQ(read_err((clasp_span){VALUE, sizeof VALUE}), CLASP_OK);
    for (uint32_t len = 0; len < sizeof VALUE; len++) {
        CHECK_EQ(read_err((clasp_span){VALUE, len}), CLASP_TRUNCATED);
    }
}

TEST(a_count_beyond_the_bytes_is_refused_before_reading) {
    const uint8_t array[] = {0x0A, 0, 3, 0x0C, 0}; /* the bad type is never looked at */
    const uint8_t map[] = {0x0B, 0, 2, 0, 1, 0xFF, 0, 0};
    CHECK_EQ(read_err((clasp_span){array, sizeof array}), CLASP_TRUNCATED);
    CHECK_EQ(read_err((clasp_span){map, sizeof map}), CLASP_TRUNCATED);
}

TEST(types_above_map_are_refused) {
    for (unsigned type = 0; type < 256; type++) {
        const uint8_t bytes[] = {(uint8_t)type, 0, 0, 0, 0, 0, 0, 0, 0};
        CHECK_EQ(read_err((clasp_span){bytes, sizeof bytes}),
                 type <= CLASP_VALUE_MAP ? CLASP_OK : CLASP_BAD_VALUE_TYPE);
    }
}

TEST(reading_stops_behind_the_value) {
    static const uint8_t TWO[] = {0x03, 0x01, 0x02, 0x00};
    clasp_reader r = clasp_reader_of((clasp_span){TWO, sizeof TWO});
    const clasp_value first = clasp_read_value(&r);
    CHECK_EQ(first.type, CLASP_VALUE_I16);
    CHECK_BYTES(first.data.at, first.data.len, "\x01\x02", 2);
    CHECK_EQ(clasp_read_value(&r).type, CLASP_VALUE_NULL);
    CHECK_EQ(r.err, CLASP_OK);
    CHECK_EQ(clasp_left(&r), 0);
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

TEST(numbers_of_every_width_become_doubles) {
    static const struct {
        uint8_t type;
        const char *data;
        double number;
    } ROWS[] = {
        {CLASP_VALUE_I8, "\x80", -128},
        {CLASP_VALUE_I8, "\x7F", 127},
        {CLASP_VALUE_I16, "\x80\x00", -32768},
        {CLASP_VALUE_I32, "\xFF\xFF\xFF\xFE", -2},
        {CLASP_VALUE_I32, "\x7F\xFF\xFF\xFF", 2147483647},
        {CLASP_VALUE_I64, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFD", -3},
        {CLASP_VALUE_I64, "\x00\x20\x00\x00\x00\x00\x00\x00", 9007199254740992.0},
        {CLASP_VALUE_F32, "\x3F\x00\x00\x00", 0.5},
        {CLASP_VALUE_F64, "\x3F\xE8\x00\x00\x00\x00\x00\x00", 0.75},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        double number = 0;
        const clasp_value value = {{(const uint8_t *)ROWS[i].data, 8}, ROWS[i].type};
        CHECK(clasp_value_number(value, &number));
        CHECK(number == ROWS[i].number);
    }
}

TEST(what_is_no_number_has_no_number) {
    double number = 5;
    static const uint8_t ZEROS[8] = {0};
    for (unsigned type = 0; type <= CLASP_VALUE_MAP; type++) {
        const bool expected = type >= CLASP_VALUE_I8 && type <= CLASP_VALUE_F64;
        CHECK_EQ(clasp_value_number((clasp_value){{ZEROS, 8}, (uint8_t)type}, &number), expected);
    }
}

TEST(every_nan_is_written_as_one) {
    uint8_t storage[8];
    const double nan = clasp_load_f64((const uint8_t *)"\xFF\xF4\x00\x00\x00\x00\x00\x01");
    const clasp_value value = clasp_value_f64(nan, storage);
    CHECK_BYTES(value.data.at, value.data.len, "\x7F\xF8\x00\x00\x00\x00\x00\x00", 8);
}

/* ---- looking inside ------------------------------------------------------------------------------------------ */

/* {"a": 1, "b": "x", "a": [true, null]} */
static const uint8_t MAP[] = {0, 3,   0, 1, 'a', 0x02, 1, 0, 1, 'b', 0x08, 0,
                              1, 'x', 0, 1, 'a', 0x0A, 0, 2, 1, 1,   0};

static clasp_value sample_map(void) {
    clasp_reader r = clasp_reader_of((clasp_span){MAP, sizeof MAP});
    const clasp_value map = clasp_read_value_data(&r, CLASP_VALUE_MAP);
    CHECK_EQ(r.err, CLASP_OK);
    return map;
}

TEST(the_last_of_two_keys_wins) {
    clasp_value value;
    CHECK(clasp_value_get(sample_map(), clasp_span_of("a"), &value));
    CHECK_EQ(value.type, CLASP_VALUE_ARRAY);
    CHECK_EQ(clasp_value_count(value), 2);
    clasp_reader items = clasp_value_items(value);
    CHECK_EQ(clasp_value_next(&items).type, CLASP_VALUE_BOOL);
    CHECK_EQ(clasp_value_next(&items).type, CLASP_VALUE_NULL);
    CHECK_EQ(clasp_left(&items), 0);
}

TEST(keys_are_found_exactly) {
    clasp_value value;
    CHECK(clasp_value_get(sample_map(), clasp_span_of("b"), &value));
    CHECK(clasp_span_equal(clasp_value_text(value), clasp_span_of("x")));
    CHECK(!clasp_value_get(sample_map(), clasp_span_of("B"), &value));
    CHECK(!clasp_value_get(sample_map(), clasp_span_of(""), &value));
    CHECK(!clasp_value_get(value, clasp_span_of("a"), &value));
}

TEST(entries_come_in_their_order) {
    clasp_reader r = clasp_value_items(sample_map());
    CHECK_EQ(clasp_value_count(sample_map()), 3);
    static const char *KEYS[] = {"a", "b", "a"};
    for (int i = 0; i < 3; i++) {
        clasp_value value;
        CHECK(clasp_span_equal(clasp_value_next_entry(&r, &value), clasp_span_of(KEYS[i])));
    }
    CHECK_EQ(clasp_left(&r), 0);
    CHECK_EQ(r.err, CLASP_OK);
}

TEST(only_text_has_text) {
    uint8_t storage[8];
    const clasp_value number = clasp_value_f64(1, storage);
    CHECK(clasp_value_text(number).at == NULL);
    CHECK_EQ(clasp_value_count(number), 0);
}

TEST(a_value_is_written_as_it_was_read) {
    uint8_t out[64];
    clasp_writer w = clasp_writer_of(out, sizeof out);
    clasp_write_value(&w, sample_map());
    CHECK_EQ(out[0], CLASP_VALUE_MAP);
    CHECK_BYTES(out + 1, clasp_written(&w).len - 1, MAP, sizeof MAP);
}

int main(void) {
    RUN(every_code_point_but_surrogates_fits);
    RUN(every_sequence_of_two_and_three_bytes_is_judged_by_the_table);
    RUN(ill_formed_text_is_found_at_every_place);
    RUN(well_formed_text_fits_at_every_place);
    RUN(sixty_four_levels_are_taken_and_no_more);
    RUN(levels_that_ended_do_not_count);
    RUN(a_prefix_of_a_value_is_truncated);
    RUN(a_count_beyond_the_bytes_is_refused_before_reading);
    RUN(types_above_map_are_refused);
    RUN(reading_stops_behind_the_value);
    RUN(numbers_of_every_width_become_doubles);
    RUN(what_is_no_number_has_no_number);
    RUN(every_nan_is_written_as_one);
    RUN(the_last_of_two_keys_wins);
    RUN(keys_are_found_exactly);
    RUN(entries_come_in_their_order);
    RUN(only_text_has_text);
    RUN(a_value_is_written_as_it_was_read);
    return check_summary();
}
