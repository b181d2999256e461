/* JSON documents that are given back as they came: json/exact.h. */
#include "json/exact.h"

#include "alloc.h"
#include "base/limits.h"
#include "check.h"
#include "vectors.h"

static uint8_t printed[4096];

/* What a text is given back as; empty when it was refused. The text lies in a block of exactly its size. */
static clasp_span given_back(clasp_span text, clasp_err *err) {
    uint8_t *copy = vector_copy(text);
    cJSON *tree = clasp_json_parse_exact((clasp_span){copy, text.len}, CLASP_JSON_MAX_LEN, err);
    clasp_writer w = clasp_writer_of(printed, sizeof printed);
    if (tree) {
        clasp_json_write_exact(&w, tree);
        *err = w.err;
    }
    cJSON_Delete(tree);
    free(copy);
    return clasp_written(&w);
}

TEST(a_document_comes_back_as_it_was_written) {
    static const char *const TEXTS[] = {
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1e2",
        "1E+2",
        "12345678901234567890123456789",
        "-9223372036854775809",
        "0.1000000000000000055511151231257827021181583404541015625",
        "1e999",
        "[1,2.50,\"3.0 is no number\",[-1e-400,{\"4\":4.00}],5]",
        "{\"1e5\":\"\\\"1e5\\\\\",\"b\":1e5}",
        "\"\\u0000\"",
        "{\"\\u0000\":\"a\\u0000b\\u001a\\\\u0000\",\"n\":1.10}",
        "[true,false,null,{},[]]",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        clasp_err err = CLASP_MORE;
        const clasp_span text = clasp_span_of(TEXTS[i]);
        CHECK_CONTEXT(TEXTS[i]);
        const clasp_span back = given_back(text, &err);
        CHECK_EQ(err, CLASP_OK);
        CHECK_BYTES(back.at, back.len, text.at, text.len);
    }
}

TEST(only_blanks_and_needless_escapes_go) {
    clasp_err err = CLASP_MORE;
    const clasp_span back = given_back(clasp_span_of(" [ 1.0 , \"\\u0041\\/\" ] "), &err);
    CHECK_EQ(err, CLASP_OK);
    CHECK_BYTES(back.at, back.len, "[1.0,\"A/\"]", 10);
}

TEST(a_string_is_read_with_all_its_characters) {
    clasp_err err = CLASP_MORE;
    cJSON *tree = clasp_json_parse_exact(clasp_span_of("\"a\\u0000\\u001Ab\""), 64, &err);
    clasp_writer w = clasp_writer_of(printed, sizeof printed);
    if (!CHECK(tree != NULL)) {
        return;
    }
    clasp_json_exact_text(&w, tree);
    CHECK_BYTES(w.start, (size_t)(w.at - w.start),
                "a\0\x1A"
                "b",
                4);
    cJSON_Delete(tree);
}

TEST(the_bound_on_bytes_is_the_callers) {
    clasp_err err = CLASP_MORE;
    cJSON *tree = clasp_json_parse_exact(clasp_span_of("[1.0]"), 5, &err);
    CHECK(tree != NULL);
    CHECK_EQ(err, CLASP_OK);
    cJSON_Delete(tree);
    CHECK(clasp_json_parse_exact(clasp_span_of("[1.00]"), 5, &err) == NULL);
    CHECK_EQ(err, CLASP_TOO_LARGE);
}

TEST(what_is_no_json_is_refused) {
    static const char *const TEXTS[] = {"", "[1.0", "\"\\u000\"", "01", "[1,]", "\"\\u0000"};
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        clasp_err err = CLASP_OK;
        CHECK_CONTEXT(TEXTS[i]);
        given_back(clasp_span_of(TEXTS[i]), &err);
        CHECK_EQ(err, CLASP_BAD_JSON);
    }
}

static void parse_once(void *context) {
    clasp_err err = CLASP_MORE;
    cJSON *tree = clasp_json_parse_exact(clasp_span_of(context), 1024, &err);
    CHECK_EQ(err, tree ? CLASP_OK : CLASP_NO_MEMORY);
    CHECK_EQ(clasp_test_allocation_failed(), tree == NULL);
    cJSON_Delete(tree);
}

TEST(want_of_memory_is_reported_and_leaks_nothing) {
    char text[] = "[1.0,{\"a\\u0000\":1e2,\"b\":[2.00]}]";
    CHECK(clasp_test_each_allocation(parse_once, text) > 8);
}

int main(void) {
    RUN(a_document_comes_back_as_it_was_written);
    RUN(only_blanks_and_needless_escapes_go);
    RUN(a_string_is_read_with_all_its_characters);
    RUN(the_bound_on_bytes_is_the_callers);
    RUN(what_is_no_json_is_refused);
    RUN(want_of_memory_is_reported_and_leaks_nothing);
    return check_summary();
}
