#include "json/json.h"

#include "alloc.h"
#include "base/limits.h"
#include "check.h"

/* A text in a block of exactly its size, so that reading behind it traps. Given. */
static uint8_t *exact_copy(clasp_span text) {
    uint8_t *copy = malloc(text.len ? text.len : 1);
    if (copy && text.len) {
        memcpy(copy, text.at, text.len);
    }
    return copy;
}

static cJSON *parse(clasp_span text, clasp_err *err) {
    uint8_t *copy = exact_copy(text);
    cJSON *tree = clasp_json_parse((clasp_span){copy, text.len}, err);
    free(copy);
    return tree;
}

static clasp_err parse_error(clasp_span text) {
    clasp_err err = CLASP_MORE;
    cJSON *tree = parse(text, &err);
    CHECK_EQ(tree != NULL, err == CLASP_OK);
    cJSON_Delete(tree);
    return err;
}

/* ---- documents ----------------------------------------------------------------------------------------------- */

TEST(a_document_is_printed_as_it_was_read) {
    static const struct {
        const char *in;
        const char *out; /* NULL: the same */
    } rows[] = {
        {"null", NULL},
        {"true", NULL},
        {"false", NULL},
        {"0", NULL},
        {"\"\"", NULL},
        {"[]", NULL},
        {"{}", NULL},
        {" \t\r\n[ ]\n", "[]"},
        {"{ \"a\" : [ 1 , { } , \"x\" ] , \"b\" : null }", "{\"a\":[1,{},\"x\"],\"b\":null}"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u0001\\u001F\\u007f\"", "\"\\u0001\\u001f\x7f\""},
        {"\"\\u00e9\\u706f\\uD83D\\uDE00\"", "\"\xc3\xa9\xe7\x81\xaf\xf0\x9f\x98\x80\""},
        {"\"\\uDBFF\\uDFFF\"", "\"\xf4\x8f\xbf\xbf\""},
        {"[1e2,1E+2,100e-2,0.1e1,0e5]", "[100,100,1,1,0]"},
        {"[1e999,-1e999]", "[null,null]"}, /* as in JavaScript: infinite when read, null when printed */
        {"[0.1000000000000000055511151231257827021181583404541015625,"
         "100000000000000000000000000000000000000000000000000000000000000000000000000000000e-80]",
         "[0.1,1]"}, /* every digit counts, however many there are */
        {"0.00000000000000000000000000000000000000000000000000000000000000000000000000000012345e78",
         "0.12345"},
        {"{\"\":1}", NULL},
        {"{\"a\":1,\"a\":2}", NULL},
        {"{\"timestamp\":1700000000000000}", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_CONTEXT(rows[i].in);
        clasp_err err = CLASP_MORE;
        cJSON *tree = parse(clasp_span_of(rows[i].in), &err);
        char printed[256];
        clasp_writer w = clasp_writer_of((uint8_t *)printed, sizeof printed);
        clasp_json_write(&w, tree);
        cJSON_Delete(tree);
        const char *wanted = rows[i].out ? rows[i].out : rows[i].in;
        CHECK_EQ(err, CLASP_OK);
        CHECK_EQ(w.err, CLASP_OK);
        CHECK_BYTES(printed, clasp_written(&w).len, wanted, strlen(wanted));
    }
}

TEST(what_is_no_json_is_refused_with_its_code) {
#define ROW(text, err) \
    { {(const uint8_t *)(text), sizeof(text) - 1}, (err) }
    static const struct {
        clasp_span text;
        clasp_err err;
    } rows[] = {
        ROW("", CLASP_BAD_JSON),
        ROW(" ", CLASP_BAD_JSON),
        ROW("nul", CLASP_BAD_JSON),
        ROW("nulL", CLASP_BAD_JSON),
        ROW("truefalse", CLASP_BAD_JSON),
        ROW("NaN", CLASP_BAD_JSON),
        ROW("Infinity", CLASP_BAD_JSON),
        ROW("-Infinity", CLASP_BAD_JSON),
        ROW("-", CLASP_BAD_JSON),
        ROW("+1", CLASP_BAD_JSON),
        ROW("01", CLASP_BAD_JSON),
        ROW("1.", CLASP_BAD_JSON),
        ROW(".5", CLASP_BAD_JSON),
        ROW("1e", CLASP_BAD_JSON),
        ROW("1e+", CLASP_BAD_JSON),
        ROW("1e+-1", CLASP_BAD_JSON),
        ROW("0x10", CLASP_BAD_JSON),
        ROW("1 2", CLASP_BAD_JSON),
        ROW("{} {}", CLASP_BAD_JSON),
        ROW("{}\0", CLASP_BAD_JSON),
        ROW("\0{}", CLASP_BAD_JSON),
        ROW("[1,\v2]", CLASP_BAD_JSON),
        ROW("[", CLASP_BAD_JSON),
        ROW("]", CLASP_BAD_JSON),
        ROW("[1", CLASP_BAD_JSON),
        ROW("[1,", CLASP_BAD_JSON),
        ROW("[1,]", CLASP_BAD_JSON),
        ROW("[,1]", CLASP_BAD_JSON),
        ROW("[1 2]", CLASP_BAD_JSON),
        ROW("[}", CLASP_BAD_JSON),
        ROW("{]", CLASP_BAD_JSON),
        ROW("{", CLASP_BAD_JSON),
        ROW("{\"a\"", CLASP_BAD_JSON),
        ROW("{\"a\":", CLASP_BAD_JSON),
        ROW("{\"a\":1", CLASP_BAD_JSON),
        ROW("{\"a\":1,", CLASP_BAD_JSON),
        ROW("{\"a\":1,}", CLASP_BAD_JSON),
        ROW("{\"a\"}", CLASP_BAD_JSON),
        ROW("{a:1}", CLASP_BAD_JSON),
        ROW("{1:1}", CLASP_BAD_JSON),
        ROW("{\"a\":1]", CLASP_BAD_JSON),
        ROW("[\"a\":1]", CLASP_BAD_JSON),
        ROW("'a'", CLASP_BAD_JSON),
        ROW("\"", CLASP_BAD_JSON),
        ROW("\"a", CLASP_BAD_JSON),
        ROW("\"\\", CLASP_BAD_JSON),
        ROW("\"\\\"", CLASP_BAD_JSON),
        ROW("\"\\x41\"", CLASP_BAD_JSON),
        ROW("\"\\\0\"", CLASP_BAD_JSON),
        ROW("\"a\nb\"", CLASP_BAD_JSON),
        ROW("\"a\0b\"", CLASP_BAD_JSON),
        ROW("\"\\u0000\"", CLASP_BAD_JSON),
        ROW("\"a\\u0000b\"", CLASP_BAD_JSON),
        ROW("{\"a\\u0000b\":1}", CLASP_BAD_JSON),
        ROW("\"\\u12\"", CLASP_BAD_JSON),
        ROW("\"\\u12g4\"", CLASP_BAD_JSON),
        ROW("\"\\u004", CLASP_BAD_JSON),
        ROW("\"\\ud800\"", CLASP_BAD_JSON),
        ROW("\"\\udc00\"", CLASP_BAD_JSON),
        ROW("\"\\ud800\\ud800\"", CLASP_BAD_JSON),
        ROW("\"\\ud800\\u0041\"", CLASP_BAD_JSON),
        ROW("\"\\ud800\\ue000\"", CLASP_BAD_JSON),
        ROW("\"\\ud800x\\udc00\"", CLASP_BAD_JSON),
        ROW("\"\\ud800\\", CLASP_BAD_JSON),
        ROW("\xef\xbb\xbf{}", CLASP_BAD_JSON), /* a byte order mark is no blank */
        ROW("\"\xff\"", CLASP_BAD_UTF8),
        ROW("\"\xc0\x80\"", CLASP_BAD_UTF8),
        ROW("\"\xed\xa0\x80\"", CLASP_BAD_UTF8),
        ROW("\"\xe7\x81\"", CLASP_BAD_UTF8),
        ROW("{\"\x80\":1}", CLASP_BAD_UTF8),
    };
#undef ROW
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_CONTEXT((const char *)rows[i].text.at);
        CHECK_EQ(parse_error(rows[i].text), rows[i].err);
    }
}

TEST(every_proper_prefix_of_an_object_is_refused) {
    const clasp_span whole = clasp_span_of("{\"a\":[-1.5e+3,\"\\ud83d\\ude00\\n\",true],\"b\":{\"c\":null}}");
    for (uint32_t len = 0; len < whole.len; len++) {
        CHECK_EQ(parse_error((clasp_span){whole.at, len}), CLASP_BAD_JSON);
    }
    CHECK_EQ(parse_error(whole), CLASP_OK);
}

/* `count` times `unit`, between `before` and `after`. */
static clasp_err repeated_error(const char *before, const char *unit, size_t count, const char *after) {
    const size_t unit_len = strlen(unit);
    const size_t len = strlen(before) + count * unit_len + strlen(after);
    char *text = malloc(len + 1);
    if (!CHECK(text)) {
        return CLASP_NO_MEMORY;
    }
    char *at = text + strlen(strcpy(text, before));
    for (size_t i = 0; i < count; i++, at += unit_len) {
        memcpy(at, unit, unit_len);
    }
    strcpy(at, after);
    const clasp_err err = parse_error((clasp_span){(const uint8_t *)text, (uint32_t)len});
    free(text);
    return err;
}

TEST(bounds_hold_to_the_last_one) {
    char closers[CLASP_JSON_DEPTH + 2];
    memset(closers, ']', sizeof closers);
    closers[CLASP_JSON_DEPTH] = '\0';
    CHECK_EQ(repeated_error("", "[", CLASP_JSON_DEPTH, closers), CLASP_OK);
    CHECK_EQ(repeated_error("", "[", CLASP_JSON_DEPTH + 1, "]"), CLASP_TOO_DEEP);
    CHECK_EQ(repeated_error("", "[", CLASP_JSON_MAX_LEN, ""), CLASP_TOO_DEEP);
    CHECK_EQ(repeated_error("", "{\"\":", 20000, ""), CLASP_TOO_DEEP);

    CHECK_EQ(repeated_error("[0", ",0", CLASP_JSON_NODES - 2, "]"), CLASP_OK);
    CHECK_EQ(repeated_error("[0", ",0", CLASP_JSON_NODES - 1, "]"), CLASP_TOO_LARGE);
    CHECK_EQ(repeated_error("{\"\":0", ",\"\":0", CLASP_JSON_NODES - 2, "}"), CLASP_OK);
    CHECK_EQ(repeated_error("{\"\":0", ",\"\":0", CLASP_JSON_NODES - 1, "}"), CLASP_TOO_LARGE);

    CHECK_EQ(repeated_error("\"", "x", CLASP_JSON_MAX_LEN - 2, "\""), CLASP_OK);
    CHECK_EQ(repeated_error("\"", "x", CLASP_JSON_MAX_LEN - 1, "\""), CLASP_TOO_LARGE);
}

TEST(members_are_found_by_their_exact_key) {
    const char *text =
        "{\"Key\":\"wrong\",\"key\":\"first\",\"n\":1.5,\"big\":1e999,\"yes\":true,\"no\":false,"
        "\"key\":\"last\",\"empty\":\"\",\"constructor\":1}";
    clasp_err err;
    cJSON *tree = parse(clasp_span_of(text), &err);
    if (!CHECK(tree)) {
        return;
    }
    CHECK(clasp_span_equal(clasp_json_text(tree, "key"), clasp_span_of("last")));
    CHECK(clasp_span_equal(clasp_json_text(tree, "Key"), clasp_span_of("wrong")));
    CHECK(clasp_json_text(tree, "KEY").at == NULL);
    CHECK(clasp_json_text(tree, "n").at == NULL);
    CHECK(clasp_json_text(tree, "empty").at != NULL);
    CHECK_EQ(clasp_json_text(tree, "empty").len, 0);
    CHECK(clasp_json_get(tree, "ke") == NULL);
    CHECK(clasp_json_get(tree, "") == NULL);
    CHECK(clasp_json_get(NULL, "key") == NULL);
    CHECK(clasp_json_get(clasp_json_get(tree, "key"), "key") == NULL);

    double number = 0;
    CHECK(clasp_json_number(tree, "n", &number) && number > 1.4 && number < 1.6);
    CHECK(!clasp_json_number(tree, "key", &number));
    CHECK(!clasp_json_number(tree, "big", &number)); /* infinite */
    CHECK(!clasp_json_number(tree, "missing", &number));
    CHECK(number > 1.4);
    CHECK(clasp_json_true(tree, "yes"));
    CHECK(!clasp_json_true(tree, "no"));
    CHECK(!clasp_json_true(tree, "n"));
    cJSON_Delete(tree);
}

TEST(printing_never_leaves_its_buffer) {
    clasp_err err;
    cJSON *tree = parse(clasp_span_of("{\"a\":[1.5,true,\"\\u0001\\n\",{},[]],\"b\":null}"), &err);
    if (!CHECK(tree)) {
        return;
    }
    uint32_t len = 0;
    for (size_t cap = 0; cap < 64; cap++) {
        uint8_t *room = malloc(cap ? cap : 1);
        if (!CHECK(room)) {
            break;
        }
        clasp_writer w = clasp_writer_of(room, cap);
        clasp_json_write(&w, tree);
        CHECK(w.err == CLASP_OK || w.err == CLASP_TOO_LARGE);
        CHECK_EQ(w.err == CLASP_OK ? w.at > room : w.at == room, true);
        if (w.err == CLASP_OK && len == 0) {
            len = clasp_written(&w).len;
            CHECK_EQ(cap, len + 2);
        }
        free(room);
    }
    CHECK_EQ(len, strlen("{\"a\":[1.5,true,\"\\u0001\\n\",{},[]],\"b\":null}"));
    cJSON_Delete(tree);
}

TEST(a_writer_that_has_failed_stays_failed) {
    uint8_t room[8];
    clasp_writer w = clasp_writer_of(room, sizeof room);
    clasp_json_write(&w, NULL);
    CHECK_EQ(w.err, CLASP_NO_MEMORY);
    cJSON *tree = cJSON_CreateNull();
    clasp_json_write(&w, tree);
    CHECK_EQ(w.err, CLASP_NO_MEMORY);
    CHECK_EQ(w.at - w.start, 0);
    cJSON_Delete(tree);
}

static void parse_once(void *context) {
    clasp_err err = CLASP_MORE;
    cJSON *tree = clasp_json_parse(clasp_span_of(context), &err);
    CHECK_EQ(err, tree ? CLASP_OK : CLASP_NO_MEMORY);
    CHECK_EQ(clasp_test_allocation_failed(), tree == NULL);
    cJSON_Delete(tree);
}

TEST(want_of_memory_is_reported_and_leaks_nothing) {
    char text[] = "{\"a\":[1,\"x\",{\"b\":true}],\"c\":\"y\"}";
    CHECK(clasp_test_each_allocation(parse_once, text) > 8);
}

int main(void) {
    RUN(a_document_is_printed_as_it_was_read);
    RUN(what_is_no_json_is_refused_with_its_code);
    RUN(every_proper_prefix_of_an_object_is_refused);
    RUN(bounds_hold_to_the_last_one);
    RUN(members_are_found_by_their_exact_key);
    RUN(printing_never_leaves_its_buffer);
    RUN(a_writer_that_has_failed_stays_failed);
    RUN(want_of_memory_is_reported_and_leaks_nothing);
    return check_summary();
}
