/* Values as JSON and back: json/value_json.h, json/value_tree.h. */
#include "json/value_tree.h"

#include <math.h>

#include "alloc.h"
#include "base/limits.h"
#include "check.h"
#include "vectors.h"

static uint8_t text_bytes[1u << 19];
static uint8_t value_bytes[1u << 18];

#define BYTES(text) ((clasp_span){(const uint8_t *)(text), sizeof(text) - 1})

/* A checked value of its type code and data. */
static clasp_value value_of(clasp_span bytes) {
    clasp_reader r = clasp_reader_of(bytes);
    const clasp_value value = clasp_read_value(&r);
    CHECK_EQ(r.err, CLASP_OK);
    CHECK_EQ(clasp_left(&r), 0);
    return value;
}

/* Read text in a block of exactly its size; the value lies in `value_bytes`. */
static clasp_err read_json(clasp_span text, unsigned how, clasp_span *out) {
    uint8_t *copy = vector_copy(text);
    clasp_writer w = clasp_writer_of(value_bytes, sizeof value_bytes);
    clasp_value_from_json(&w, (clasp_span){copy, text.len}, how);
    free(copy);
    CHECK(w.err == CLASP_OK || w.at == w.start);
    *out = clasp_written(&w);
    return w.err;
}

/* The text lies in `text_bytes`. */
static clasp_err write_json(clasp_value value, unsigned how, clasp_span *out) {
    clasp_writer w = clasp_writer_of(text_bytes, sizeof text_bytes);
    clasp_value_to_json(&w, value, how);
    CHECK(w.err == CLASP_OK || w.at == w.start);
    *out = clasp_written(&w);
    return w.err;
}

/* ---- what stands for what ------------------------------------------------------------------------------------ */

// clang-format off
#define ROW(value, how, json) {BYTES_OF(value), how, BYTES_OF(json)}
#define BYTES_OF(text) {(const uint8_t *)(text), sizeof(text) - 1}

/* Values whose text reads back as the very same bytes. */
static const struct {
    clasp_span value;
    unsigned how;
    clasp_span json;
} SAME[] = {
    ROW("\x00", 0, "null"),
    ROW("\x01\x00", 0, "false"),
    ROW("\x01\x01", 0, "true"),
    ROW("\x07\x3F\xE8\0\0\0\0\0\0", 0, "0.75"),
    ROW("\x07\0\0\0\0\0\0\0\0", 0, "0"),
    ROW("\x07\x80\0\0\0\0\0\0\0", 0, "{\"$f64\":\"-0\"}"),
    ROW("\x07\x7F\xF8\0\0\0\0\0\0", 0, "{\"$f64\":\"NaN\"}"),
    ROW("\x07\x7F\xF0\0\0\0\0\0\0", 0, "{\"$f64\":\"Infinity\"}"),
    ROW("\x07\xFF\xF0\0\0\0\0\0\0", 0, "{\"$f64\":\"-Infinity\"}"),
    ROW("\x07\0\0\0\0\0\0\0\x01", 0, "5e-324"),
    ROW("\x07\x7F\xEF\xFF\xFF\xFF\xFF\xFF\xFF", 0, "1.7976931348623157e+308"),
    ROW("\x07\x43\x18\x28\x90\x60\x79\0\0", 0, "1700000000000000"), /* a time in microseconds */
    ROW("\x07\xC3\x40\0\0\0\0\0\0", 0, "-9007199254740992"),
    ROW("\x07\x43\xE0\0\0\0\0\0\0", 0, "9223372036854776000"),
    ROW("\x05\0\0\0\0\0\0\0\x05", CLASP_JSON_TYPED, "{\"$i64\":\"5\"}"),
    ROW("\x05\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", CLASP_JSON_TYPED, "{\"$i64\":\"-1\"}"),
    ROW("\x05\x00\x20\0\0\0\0\0\x01", 0, "{\"$i64\":\"9007199254740993\"}"),
    ROW("\x05\xFF\xDF\xFF\xFF\xFF\xFF\xFF\xFF", 0, "{\"$i64\":\"-9007199254740993\"}"),
    ROW("\x05\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 0, "{\"$i64\":\"9223372036854775807\"}"),
    ROW("\x05\x80\0\0\0\0\0\0\0", 0, "{\"$i64\":\"-9223372036854775808\"}"),
    ROW("\x08\0\0", 0, "\"\""),
    ROW("\x08\0\x03" "a\0b", 0, "\"a\\u0000b\""),
    ROW("\x08\0\x01\0", 0, "\"\\u0000\""),
    ROW("\x08\0\x05\0\x1A\0" "0\x1A", 0, "\"\\u0000\\u001a\\u00000\\u001a\""),
    ROW("\x08\0\x02\x1A" "1", 0, "\"\\u001a1\""),
    ROW("\x08\0\x06\\u0000", 0, "\"\\\\u0000\""),
    ROW("\x08\0\x06\\u001a", 0, "\"\\\\u001a\""),
    ROW("\x08\0\x02\\\0", 0, "\"\\\\\\u0000\""),
    ROW("\x08\0\x04\"\\/\n", 0, "\"\\\"\\\\/\\n\""),
    ROW("\x08\0\x02\x01\x7F", 0, "\"\\u0001\x7F\""),
    ROW("\x08\0\x0A\xEF\xBB\xBF\xF0\x9F\x8E\x9B\xEF\xBF\xBF", 0, "\"\xEF\xBB\xBF\xF0\x9F\x8E\x9B\xEF\xBF\xBF\""),
    ROW("\x09\0\0", 0, "{\"$bytes\":\"\"}"),
    ROW("\x09\0\x04\0\xFF\x7F\xA0", 0, "{\"$bytes\":\"00ff7fa0\"}"),
    ROW("\x0A\0\0", 0, "[]"),
    ROW("\x0A\0\x03\x00\x0A\0\x01\x0B\0\0\x09\0\0", 0, "[null,[{}],{\"$bytes\":\"\"}]"),
    ROW("\x0B\0\0", 0, "{}"),
    ROW("\x0B\0\x02\0\0\x00\0\x03" "a\0b\x00", 0, "{\"\":null,\"a\\u0000b\":null}"),
    ROW("\x0B\0\x02\0\x01k\x01\x00\0\x01k\x01\x01", 0, "{\"k\":false,\"k\":true}"),
    ROW("\x0B\0\x01\0\x01$\x00", 0, "{\"$$\":null}"), /* maps that seem tags */
    ROW("\x0B\0\x01\0\x04$i64\x08\0\x01" "5", 0, "{\"$$i64\":\"5\"}"),
    ROW("\x0B\0\x01\0\x04$f64\x00", 0, "{\"$$f64\":null}"),
    ROW("\x0B\0\x01\0\x05$$f64\x00", 0, "{\"$$$f64\":null}"),
    ROW("\x0B\0\x01\0\x03$\0x\x00", 0, "{\"$$\\u0000x\":null}"),
    ROW("\x0B\0\x01\0\x03x$$\x00", 0, "{\"x$$\":null}"),
    ROW("\x0B\0\x02\0\x04$i64\x00\0\x02$$\x00", 0, "{\"$i64\":null,\"$$\":null}"), /* and one that does not */
};
// clang-format on

TEST(a_value_is_written_as_its_text_and_read_back) {
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        clasp_span out;
        CHECK_CONTEXT((const char *)SAME[i].json.at);
        CHECK_EQ(write_json(value_of(SAME[i].value), SAME[i].how, &out), CLASP_OK);
        CHECK_BYTES(out.at, out.len, SAME[i].json.at, SAME[i].json.len);
        CHECK_EQ(read_json(SAME[i].json, 0, &out), CLASP_OK);
        CHECK_BYTES(out.at, out.len, SAME[i].value.at, SAME[i].value.len);
    }
}

// clang-format off
/* Texts that are written in another way than they are read in. */
static const struct {
    clasp_span value;
    unsigned how;
    clasp_span json;
} READ[] = {
    ROW("\x07\x3F\xF0\0\0\0\0\0\0", 0, " 1 "),
    ROW("\x07\x80\0\0\0\0\0\0\0", 0, "-0"),
    ROW("\x05\0\0\0\0\0\0\0\x01", CLASP_JSON_INTEGERS, "1"),
    ROW("\x05\0\0\0\0\0\0\0\x64", CLASP_JSON_INTEGERS, "1e2"),
    ROW("\x05\0\0\0\0\0\0\0\0", CLASP_JSON_INTEGERS, "0"),
    ROW("\x05\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE", CLASP_JSON_INTEGERS, "-2.0"),
    ROW("\x05\x00\x20\0\0\0\0\0\0", CLASP_JSON_INTEGERS, "9007199254740992"),
    ROW("\x05\xFF\xE0\0\0\0\0\0\0", CLASP_JSON_INTEGERS, "-9007199254740992"),
    ROW("\x07\x43\x40\0\0\0\0\0\x01", CLASP_JSON_INTEGERS, "9007199254740994"),
    ROW("\x07\x3F\xE0\0\0\0\0\0\0", CLASP_JSON_INTEGERS, "0.5"),
    ROW("\x07\x80\0\0\0\0\0\0\0", CLASP_JSON_INTEGERS, "-0"),
    ROW("\x0A\0\x01\x0B\0\x01\0\x01k\x05\0\0\0\0\0\0\0\x07", CLASP_JSON_INTEGERS, "[{\"k\":7}]"),
    ROW("\x05\0\0\0\0\0\0\0\x07", 0, "{\"$i64\" : \"007\"}"),
    ROW("\x05\0\0\0\0\0\0\0\0", 0, "{\"$i64\":\"-0\"}"),
    ROW("\x09\0\x02\xAB\xCD", 0, "{\"$bytes\":\"AbcD\"}"),
    ROW("\x0B\0\x01\0\x04$ref\x08\0\x01x", 0, "{\"$ref\":\"x\"}"),
    ROW("\x0B\0\x01\0\x01$\x00", 0, "{\"$\":null}"),
    ROW("\x0B\0\x02\0\x04$i64\x00\0\x04$i64\x00", 0, "{\"$i64\":null,\"\\u0024i64\":null}"),
    ROW("\x08\0\x03\0\x1A\x1A", 0, "\"\\u0000\\u001A\\u001a\""),
    ROW("\x08\0\x04\xF0\x9F\x8E\x9B", 0, "\"\\ud83c\\udf9b\""),
    ROW("\x08\0\x01/", 0, "\"\\/\""),
};
// clang-format on

TEST(other_texts_are_read_as_what_they_mean) {
    for (size_t i = 0; i < sizeof READ / sizeof *READ; i++) {
        clasp_span out;
        CHECK_CONTEXT((const char *)READ[i].json.at);
        CHECK_EQ(read_json(READ[i].json, READ[i].how, &out), CLASP_OK);
        CHECK_BYTES(out.at, out.len, READ[i].value.at, READ[i].value.len);
    }
}

// clang-format off
/* Values whose type is not kept. */
static const struct {
    clasp_span value;
    unsigned how;
    clasp_span json;
} WRITTEN[] = {
    ROW("\x01\xFF", 0, "true"),
    ROW("\x02\x80", 0, "-128"),
    ROW("\x03\x80\0", 0, "-32768"),
    ROW("\x04\x7F\xFF\xFF\xFF", 0, "2147483647"),
    ROW("\x04\xFF\xFF\xFF\xFF", CLASP_JSON_TYPED, "{\"$i64\":\"-1\"}"),
    ROW("\x05\x00\x20\0\0\0\0\0\0", 0, "9007199254740992"),
    ROW("\x05\xFF\xE0\0\0\0\0\0\0", 0, "-9007199254740992"),
    ROW("\x05\x00\x06\x0A\x24\x18\x1E\x40\x00", 0, "1700000000000000"),
    ROW("\x06\x3F\0\0\0", 0, "0.5"),
    ROW("\x06\x3D\xCC\xCC\xCD", CLASP_JSON_TYPED, "0.10000000149011612"),
    ROW("\x06\x80\0\0\0", 0, "{\"$f64\":\"-0\"}"),
    ROW("\x06\xFF\xC0\0\x01", 0, "{\"$f64\":\"NaN\"}"),
    ROW("\x06\x7F\x80\0\0", 0, "{\"$f64\":\"Infinity\"}"),
    ROW("\x07\xFF\xF0\0\0\0\0\0\x01", 0, "{\"$f64\":\"NaN\"}"),
};
// clang-format on

TEST(numbers_are_written_by_what_they_are_worth) {
    for (size_t i = 0; i < sizeof WRITTEN / sizeof *WRITTEN; i++) {
        clasp_span out;
        CHECK_CONTEXT((const char *)WRITTEN[i].json.at);
        CHECK_EQ(write_json(value_of(WRITTEN[i].value), WRITTEN[i].how, &out), CLASP_OK);
        CHECK_BYTES(out.at, out.len, WRITTEN[i].json.at, WRITTEN[i].json.len);
    }
}

/* ---- the vectors --------------------------------------------------------------------------------------------- */

static unsigned values_seen;
static unsigned forms_seen;
static unsigned too_deep_seen;

/* False for a value of more levels than JSON may have. */
static bool check_round_trip(clasp_value value) {
    clasp_span text;
    clasp_span back;
    const clasp_err err = write_json(value, CLASP_JSON_TYPED, &text);
    if (err == CLASP_TOO_DEEP) {
        too_deep_seen++;
        return false;
    }
    CHECK_EQ(err, CLASP_OK);
    CHECK(!memchr(text.at, '\0', text.len));
    CHECK_EQ(read_json(text, 0, &back), CLASP_OK);
    CHECK(vector_values_equal(value_of(back), value));
    values_seen++;
    return true;
}

/* Numbers that a value in JSON has tags for, and the core reads none of. */
static bool has_foreign_tag(const char *text) {
    static const char *const TAGS[] = {"$i8", "$i16", "$i32", "$f32", "$repeat"};
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        if (strstr(text, TAGS[i])) {
            return true;
        }
    }
    return false;
}

/* The form in which the vectors write values is that of the core. */
static void check_form(const cJSON *json, clasp_value value) {
    char *text = cJSON_PrintUnformatted(json);
    if (CHECK(text) && !has_foreign_tag(text)) {
        vector_pool pool = {NULL};
        clasp_writer w = vector_pool_writer(&pool);
        const char *nul;
        const char *at = text;
        for (; (nul = strstr(at, VECTOR_NUL)) != NULL; at = nul + sizeof VECTOR_NUL - 1) {
            clasp_write_bytes(&w, (clasp_span){(const uint8_t *)at, (uint32_t)(nul - at)});
            clasp_write_bytes(&w, clasp_span_of("\\u0000"));
        }
        clasp_write_bytes(&w, clasp_span_of(at));
        clasp_span out;
        CHECK_EQ(read_json(clasp_written(&w), 0, &out), CLASP_OK);
        CHECK(vector_values_equal(value_of(out), value));
        vector_pool_free(&pool);
        forms_seen++;
    }
    cJSON_free(text);
}

static void check_vector(const cJSON *vector) {
    const cJSON *json = vector_get(vector, "decoded");
    json = vector_get(json ? json : vector_get(vector, "message"), "value");
    clasp_span frame_bytes;
    uint8_t *bytes = vector_hex(vector_text(vector, "frame_hex"), &frame_bytes.len);
    frame_bytes.at = bytes;
    clasp_frame frame;
    clasp_message message;
    CHECK_EQ(clasp_decode(frame_bytes, &frame, &message), CLASP_OK);
    if (json && check_round_trip(message.value)) {
        check_form(json, message.value);
    }
    free(bytes);
}

TEST(values_of_all_vectors_survive) {
    static const char *const FILES[] = {"messages.json", "decode.json", "rust-codec.json"};
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        cJSON *root = vectors_load(FILES[i]);
        const cJSON *vector;
        cJSON_ArrayForEach(vector, vector_get(root, "vectors")) {
            CHECK_CONTEXT(vector_text(vector, "name"));
            check_vector(vector);
        }
        cJSON_Delete(root);
    }
    CHECK_CONTEXT(NULL);
    CHECK_EQ(too_deep_seen, 2); /* of 64 levels */
    CHECK_EQ(values_seen, 140);
    CHECK_EQ(forms_seen, 126);
}

/* ---- refused texts ------------------------------------------------------------------------------------------- */

TEST(texts_that_are_no_values_are_refused_with_their_code) {
#define BAD(text, err) \
    { BYTES_OF(text), err }
    static const struct {
        clasp_span text;
        clasp_err err;
    } ROWS[] = {
        BAD("", CLASP_BAD_JSON),
        BAD("nul", CLASP_BAD_JSON),
        BAD("[1,]", CLASP_BAD_JSON),
        BAD("NaN", CLASP_BAD_JSON),
        BAD("1 2", CLASP_BAD_JSON),
        BAD("1e999", CLASP_BAD_JSON),
        BAD("[-1e999]", CLASP_BAD_JSON),
        BAD("\\u0000", CLASP_BAD_JSON),
        BAD("[\\u0000]", CLASP_BAD_JSON),
        BAD("\"\\u000\"", CLASP_BAD_JSON),
        BAD("\"\\u0000", CLASP_BAD_JSON),
        BAD("\"\\u001a", CLASP_BAD_JSON),
        BAD("\"\\u0000\\", CLASP_BAD_JSON),
        BAD("\"\\ud800\\u0000\"", CLASP_BAD_JSON),
        BAD("\"\\ud800\"", CLASP_BAD_JSON),
        BAD("\"\0\"", CLASP_BAD_JSON),
        BAD("\"\x1A\"", CLASP_BAD_JSON),
        BAD("\"\\u0000\0\"", CLASP_BAD_JSON),
        BAD("\"\\u0000\x1A"
            "0\"",
            CLASP_BAD_JSON),
        BAD("{\"$i64\":5}", CLASP_BAD_JSON),
        BAD("{\"$i64\":null}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\"\"}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\"-\"}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\"+1\"}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\"1.0\"}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\" 1\"}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\"1\\u0000\"}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\"9223372036854775808\"}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\"-9223372036854775809\"}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\"18446744073709551617\"}", CLASP_BAD_JSON),
        BAD("{\"$i64\":\"99999999999999999999999999\"}", CLASP_BAD_JSON),
        BAD("{\"$f64\":\"1\"}", CLASP_BAD_JSON),
        BAD("{\"$f64\":\"nan\"}", CLASP_BAD_JSON),
        BAD("{\"$f64\":0}", CLASP_BAD_JSON),
        BAD("{\"$bytes\":\"0\"}", CLASP_BAD_JSON),
        BAD("{\"$bytes\":\"000\"}", CLASP_BAD_JSON),
        BAD("{\"$bytes\":\"0g\"}", CLASP_BAD_JSON),
        BAD("{\"$bytes\":\"g0\"}", CLASP_BAD_JSON),
        BAD("{\"$bytes\":\"00 11\"}", CLASP_BAD_JSON),
        BAD("{\"$bytes\":[0]}", CLASP_BAD_JSON),
        BAD("[[{\"$bytes\":\"x\"}]]", CLASP_BAD_JSON),
        BAD("\"\xFF\"", CLASP_BAD_UTF8),
        BAD("\"\xC0\x80\"", CLASP_BAD_UTF8),
        BAD("\"\\u0000\xED\xA0\x80\"", CLASP_BAD_UTF8),
        BAD("{\"\x80\":1}", CLASP_BAD_UTF8),
    };
#undef BAD
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        clasp_span out;
        CHECK_CONTEXT((const char *)ROWS[i].text.at);
        CHECK_EQ(read_json(ROWS[i].text, 0, &out), ROWS[i].err);
    }
}

/* ---- bounds -------------------------------------------------------------------------------------------------- */

/* `count` times `unit`, between `before` and `after`. Given: free(). */
static uint8_t *repeated(clasp_span before, clasp_span unit, uint32_t count, clasp_span after,
                         clasp_span *out) {
    const size_t size = before.len + (size_t)count * unit.len + after.len;
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    clasp_writer w = clasp_writer_of(bytes, size);
    clasp_write_bytes(&w, before);
    while (count-- > 0) {
        clasp_write_bytes(&w, unit);
    }
    clasp_write_bytes(&w, after);
    CHECK_EQ(w.err, CLASP_OK);
    *out = clasp_written(&w);
    return bytes;
}

static clasp_err read_repeated(const char *before, const char *unit, uint32_t count, const char *after) {
    clasp_span text;
    clasp_span out;
    uint8_t *bytes = repeated(clasp_span_of(before), clasp_span_of(unit), count, clasp_span_of(after), &text);
    const clasp_err err = read_json(text, 0, &out);
    free(bytes);
    return err;
}

TEST(bounds_of_texts_hold_to_the_last_one) {
    char closers[CLASP_JSON_DEPTH + 1];
    memset(closers, ']', sizeof closers);
    closers[CLASP_JSON_DEPTH] = '\0';
    CHECK_EQ(read_repeated("", "[", CLASP_JSON_DEPTH, closers), CLASP_OK);
    CHECK_EQ(read_repeated("", "[", CLASP_JSON_DEPTH + 1, ""), CLASP_TOO_DEEP);
    CHECK_EQ(read_repeated("[0", ",0", CLASP_JSON_NODES - 2, "]"), CLASP_OK);
    CHECK_EQ(read_repeated("[0", ",0", CLASP_JSON_NODES - 1, "]"), CLASP_TOO_LARGE);
    CHECK_EQ(read_repeated("\"", "x", UINT16_MAX, "\""), CLASP_OK); /* what a string of a value can say */
    CHECK_EQ(read_repeated("\"", "x", UINT16_MAX + 1, "\""), CLASP_TOO_LARGE);
    CHECK_EQ(read_repeated("{\"$", "x", UINT16_MAX - 1, "\":0}"), CLASP_OK);
    CHECK_EQ(read_repeated("{\"$$", "x", UINT16_MAX - 1, "\":0}"), CLASP_OK);
    CHECK_EQ(read_repeated("{\"$$", "x", UINT16_MAX, "\":0}"), CLASP_TOO_LARGE);
    CHECK_EQ(read_repeated("{\"$bytes\":\"", "0f", UINT16_MAX - 6, "\"}"), CLASP_OK);
    CHECK_EQ(read_repeated("{\"$bytes\":\"", "0f", UINT16_MAX, "\"}"), CLASP_TOO_LARGE);
    CHECK_EQ(read_repeated("[0", " ", CLASP_JSON_MAX_LEN - 3, "]"), CLASP_OK);
    CHECK_EQ(read_repeated("[0", " ", CLASP_JSON_MAX_LEN - 2, "]"), CLASP_TOO_LARGE);
    CHECK_EQ(read_repeated("\"", "\\u0000", (CLASP_JSON_MAX_LEN - 2) / 7, "\""), CLASP_OK);
    CHECK_EQ(read_repeated("\"", "\\u0000", (CLASP_JSON_MAX_LEN - 2) / 7 + 1, "\""), CLASP_TOO_LARGE);
    CHECK_EQ(read_repeated("\"", "\\u0000", CLASP_JSON_MAX_LEN, "\""), CLASP_TOO_LARGE);
}

/* Write `before`, `count` times `unit` and `after` as value bytes; what is taken reads back. */
static clasp_err write_repeated(clasp_span before, clasp_span unit, uint32_t count, clasp_span after) {
    clasp_span bytes;
    clasp_span text;
    clasp_span back;
    uint8_t *given = repeated(before, unit, count, after, &bytes);
    const clasp_value value = value_of(bytes);
    const clasp_err err = write_json(value, CLASP_JSON_TYPED, &text);
    if (err == CLASP_OK) {
        CHECK_EQ(read_json(text, 0, &back), CLASP_OK);
        CHECK(vector_values_equal(value_of(back), value));
    }
    free(given);
    return err;
}

/* A count as the two bytes of a value. */
static clasp_span head(uint8_t type, uint32_t count, uint8_t room[3]) {
    room[0] = type;
    clasp_store_u16(room + 1, (uint16_t)count);
    return (clasp_span){room, 3};
}

TEST(bounds_of_values_hold_to_the_last_one) {
    const clasp_span none = {NULL, 0};
    const clasp_span array = BYTES("\x0A\0\x01");
    const clasp_span map = BYTES("\x0B\0\x01\0\x01k");
    uint8_t room[3];
    CHECK_EQ(write_repeated(none, array, CLASP_JSON_DEPTH, BYTES("\x00")), CLASP_OK);
    CHECK_EQ(write_repeated(none, array, CLASP_JSON_DEPTH + 1, BYTES("\x00")), CLASP_TOO_DEEP);
    CHECK_EQ(write_repeated(none, map, CLASP_JSON_DEPTH, BYTES("\x00")), CLASP_OK);
    CHECK_EQ(write_repeated(none, map, CLASP_VALUE_DEPTH, BYTES("\x00")), CLASP_TOO_DEEP);
    CHECK_EQ(write_repeated(none, array, CLASP_JSON_DEPTH - 1, BYTES("\x09\0\0")),
             CLASP_OK); /* a tag is a level */
    CHECK_EQ(write_repeated(none, array, CLASP_JSON_DEPTH, BYTES("\x09\0\0")), CLASP_TOO_DEEP);

    const uint32_t most = CLASP_JSON_NODES - 1;
    CHECK_EQ(write_repeated(head(CLASP_VALUE_ARRAY, most, room), BYTES("\x00"), most, none), CLASP_OK);
    CHECK_EQ(write_repeated(head(CLASP_VALUE_ARRAY, most + 1, room), BYTES("\x00"), most + 1, none),
             CLASP_TOO_LARGE);
    CHECK_EQ(write_repeated(head(CLASP_VALUE_ARRAY, most / 2, room), BYTES("\x09\0\0"), most / 2, none),
             CLASP_OK);
    CHECK_EQ(
        write_repeated(head(CLASP_VALUE_ARRAY, most / 2 + 1, room), BYTES("\x09\0\0"), most / 2 + 1, none),
        CLASP_TOO_LARGE);

    CHECK_EQ(write_repeated(head(CLASP_VALUE_STRING, UINT16_MAX, room), BYTES("x"), UINT16_MAX, none),
             CLASP_OK);
    CHECK_EQ(write_repeated(head(CLASP_VALUE_STRING, UINT16_MAX, room), BYTES("\x01"), UINT16_MAX, none),
             CLASP_TOO_LARGE);
    const uint32_t nuls = (CLASP_JSON_MAX_LEN - 2) / 7;
    CHECK_EQ(write_repeated(head(CLASP_VALUE_STRING, nuls, room), BYTES("\0"), nuls, none), CLASP_OK);
    CHECK_EQ(write_repeated(head(CLASP_VALUE_STRING, nuls + 1, room), BYTES("\0"), nuls + 1, none),
             CLASP_TOO_LARGE);
    const uint32_t bytes = CLASP_JSON_MAX_LEN / 2 - 7;
    CHECK_EQ(write_repeated(head(CLASP_VALUE_BYTES, bytes, room), BYTES("\xF0"), bytes, none), CLASP_OK);
    CHECK_EQ(write_repeated(head(CLASP_VALUE_BYTES, bytes + 1, room), BYTES("\xF0"), bytes + 1, none),
             CLASP_TOO_LARGE);
}

/* With keys, tags, stand-ins and numbers. */
#define MIXED "{\"a\\u0000\":[1.5,{\"$i64\":\"-5\"},{\"$bytes\":\"00ff\"}],\"\":{\"$$f64\":\"\\u001a\"}}"

TEST(a_buffer_too_small_is_refused_and_not_overrun) {
    clasp_span value;
    clasp_span text;
    CHECK_EQ(read_json(BYTES(MIXED), 0, &value), CLASP_OK);
    uint8_t *copy = vector_copy(value);
    const clasp_value checked = value_of((clasp_span){copy, value.len});
    CHECK_EQ(write_json(checked, CLASP_JSON_TYPED, &text), CLASP_OK);
    CHECK_BYTES(text.at, text.len, MIXED, sizeof MIXED - 1);
    for (size_t cap = 0; cap < sizeof MIXED + 8; cap++) {
        uint8_t *room = malloc(cap > 0 ? cap : 1);
        clasp_writer w = clasp_writer_of(room, cap);
        clasp_value_from_json(&w, BYTES(MIXED), 0);
        CHECK_EQ(w.err, cap < value.len ? CLASP_TOO_LARGE : CLASP_OK);
        CHECK_EQ(clasp_written(&w).len, cap < value.len ? 0 : value.len);
        w = clasp_writer_of(room, cap);
        clasp_value_to_json(&w, checked, CLASP_JSON_TYPED);
        CHECK_EQ(w.err,
                 cap < text.len + 2 + 2 ? CLASP_TOO_LARGE : CLASP_OK); /* cJSON's two, and two stand-ins */
        CHECK_EQ(clasp_written(&w).len, w.err == CLASP_OK ? text.len : 0);
        free(room);
    }
    free(copy);
}

TEST(a_writer_that_has_failed_is_left_alone) {
    uint8_t room[64] = {0};
    clasp_writer w = clasp_writer_of(room, sizeof room);
    clasp_write_fail(&w, CLASP_BAD_ENUM);
    clasp_value_from_json(&w, BYTES("5"), 0);
    clasp_value_to_json(&w, (clasp_value){{NULL, 0}, CLASP_VALUE_NULL}, 0);
    CHECK_EQ(w.err, CLASP_BAD_ENUM);
    CHECK_EQ(w.at - w.start, 0);
    CHECK_EQ(room[0], 0);
}

/* ---- trees --------------------------------------------------------------------------------------------------- */

TEST(a_tree_is_part_of_a_larger_document) {
    clasp_err err = CLASP_MORE;
    cJSON *document = cJSON_CreateObject();
    cJSON *tree = clasp_value_to_tree(value_of(BYTES("\x0A\0\x02\x08\0\x02\x1A"
                                                     "0\x09\0\x01\xFF")),
                                      0, &err);
    CHECK_EQ(err, CLASP_OK);
    CHECK(cJSON_AddItemToObject(document, "tags", tree));
    clasp_writer w = clasp_writer_of(text_bytes, sizeof text_bytes);
    clasp_json_write(&w, document);
    const clasp_span expected = BYTES("{\"tags\":[\"\\u001a0\",{\"$bytes\":\"ff\"}]}");
    CHECK_BYTES(text_bytes, clasp_written(&w).len, expected.at, expected.len);

    w = clasp_writer_of(value_bytes, sizeof value_bytes);
    clasp_value_from_tree(&w, clasp_json_get(document, "tags"), 0);
    const clasp_span back = BYTES("\x0A\0\x02\x08\0\x02\x1A"
                                  "0\x09\0\x01\xFF");
    CHECK_EQ(w.err, CLASP_OK);
    CHECK_BYTES(value_bytes, clasp_written(&w).len, back.at, back.len);
    cJSON_Delete(document);
}

TEST(a_tree_does_not_cut_strings) {
    static const struct {
        const char *bytes;
        uint32_t len;
    } ROWS[] = {{"\x08\0\x03"
                 "a\0b",
                 6},
                {"\x0B\0\x01\0\x02k\0\x00", 8},
                {"\x0A\0\x02\x00\x08\0\x01\0", 8}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        clasp_err err = CLASP_MORE;
        CHECK(!clasp_value_to_tree(value_of((clasp_span){(const uint8_t *)ROWS[i].bytes, ROWS[i].len}), 0,
                                   &err));
        CHECK_EQ(err, CLASP_BAD_JSON);
    }
}

/* Give a tree away. */
static clasp_err err_of_tree(cJSON *tree) {
    clasp_writer w = clasp_writer_of(value_bytes, sizeof value_bytes);
    clasp_value_from_tree(&w, tree, 0);
    CHECK(w.err == CLASP_OK || w.at == w.start);
    cJSON_Delete(tree);
    return w.err;
}

TEST(trees_made_by_hand_are_checked) {
    CHECK_EQ(err_of_tree(cJSON_CreateString("\xFF")), CLASP_BAD_UTF8);
    CHECK_EQ(err_of_tree(cJSON_CreateRaw("5")), CLASP_BAD_JSON);
    cJSON *number = cJSON_CreateNumber(0);
    number->valuedouble = (double)NAN;
    CHECK_EQ(err_of_tree(number), CLASP_BAD_JSON);
    CHECK_EQ(err_of_tree(cJSON_CreateNumber((double)INFINITY)), CLASP_BAD_JSON);
    CHECK_EQ(err_of_tree(NULL), CLASP_BAD_JSON);
    cJSON *deep = cJSON_CreateNull();
    for (unsigned i = 0; i < CLASP_JSON_DEPTH + 1; i++) {
        cJSON *around = cJSON_CreateArray();
        cJSON_AddItemToArray(around, deep);
        deep = around;
    }
    CHECK_EQ(err_of_tree(deep), CLASP_TOO_DEEP);
    cJSON *wide = cJSON_CreateArray();
    for (unsigned i = 0; i <= UINT16_MAX; i++) {
        cJSON_AddItemToArray(wide, cJSON_CreateNull());
    }
    CHECK_EQ(err_of_tree(wide), CLASP_TOO_LARGE);
}

TEST(no_value_holds_more_bytes_than_it_can_say) {
    for (uint32_t len = UINT16_MAX; len <= UINT16_MAX + 1; len++) {
        clasp_span hex;
        uint8_t *bytes = repeated((clasp_span){NULL, 0}, BYTES("a5"), len, BYTES("\0"), &hex);
        cJSON *tree = cJSON_CreateObject();
        cJSON_AddStringToObject(tree, "$bytes", (const char *)bytes);
        CHECK_EQ(err_of_tree(tree), len <= UINT16_MAX ? CLASP_OK : CLASP_TOO_LARGE);
        free(bytes);
    }
}

/* ---- want of memory ------------------------------------------------------------------------------------------ */

static void convert_once(void *context) {
    (void)context;
    uint8_t value[256];
    clasp_writer in = clasp_writer_of(value, sizeof value);
    clasp_value_from_json(&in, BYTES(MIXED), 0);
    CHECK(in.err == CLASP_OK || in.err == CLASP_NO_MEMORY);
    if (in.err != CLASP_OK) {
        return;
    }
    clasp_reader r = clasp_reader_of(clasp_written(&in));
    const clasp_value checked = clasp_read_value(&r);
    clasp_writer out = clasp_writer_of(text_bytes, sizeof text_bytes);
    clasp_value_to_json(&out, checked, CLASP_JSON_TYPED);
    CHECK_EQ(out.err, clasp_test_allocation_failed() ? CLASP_NO_MEMORY : CLASP_OK);
    CHECK_EQ(clasp_written(&out).len, out.err == CLASP_OK ? sizeof MIXED - 1 : 0);
}

TEST(want_of_memory_is_reported_and_leaks_nothing) {
    CHECK(clasp_test_each_allocation(convert_once, NULL) > 30);
}

int main(void) {
    RUN(a_value_is_written_as_its_text_and_read_back);
    RUN(other_texts_are_read_as_what_they_mean);
    RUN(numbers_are_written_by_what_they_are_worth);
    RUN(values_of_all_vectors_survive);
    RUN(texts_that_are_no_values_are_refused_with_their_code);
    RUN(bounds_of_texts_hold_to_the_last_one);
    RUN(bounds_of_values_hold_to_the_last_one);
    RUN(a_buffer_too_small_is_refused_and_not_overrun);
    RUN(a_writer_that_has_failed_is_left_alone);
    RUN(a_tree_is_part_of_a_larger_document);
    RUN(a_tree_does_not_cut_strings);
    RUN(trees_made_by_hand_are_checked);
    RUN(no_value_holds_more_bytes_than_it_can_say);
    RUN(want_of_memory_is_reported_and_leaks_nothing);
    return check_summary();
}
