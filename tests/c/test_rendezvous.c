/* What a rendezvous takes in and shows: hub/rendezvous.h. */
#include "rendezvous_bench.h"

/* ---- registering --------------------------------------------------------------------------------------------- */

TEST(a_registration_is_answered_with_id_time_and_ttl) {
    begin();
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    const char expected[] = "{\"id\":\"00000000-0000-4000-8000-000000000000\",\"timestamp\":1700000000000000,"
                            "\"ttl\":300}";
    CHECK_BYTES(answer().at, answer().len, expected, sizeof expected - 1);
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK); /* the same once more is another device */
    CHECK_EQ(STAT(devices), 2);
    CHECK_EQ(STAT(registrations_total), 2);
    end();
}

TEST(a_device_is_shown_as_it_was_registered) {
    static const struct {
        const char *document;
        const char *shown; /* between id and times */
    } ROWS[] = {
        {PLAIN, "\"name\":\"a\",\"features\":[],\"endpoints\":{},\"tags\":[],\"metadata\":{}"},
        {"{\"endpoints\":{\"ws\":\"wss://h:7330\",\"x\":\"\"},\"name\":\"\",\"publicKey\":\"QUJD\"}",
         "\"name\":\"\",\"publicKey\":\"QUJD\",\"features\":[],\"endpoints\":{\"ws\":\"wss://"
         "h:7330\",\"x\":\"\"},"
         "\"tags\":[],\"metadata\":{}"},
        {"{\"name\":\"a\",\"endpoints\":{},\"publicKey\":null,\"extra\":[null,{\"name\":7}]}",
         "\"name\":\"a\",\"features\":[],\"endpoints\":{},\"tags\":[],\"metadata\":{}"},
        {"{\"name\":\"a\",\"endpoints\":{},\"metadata\":{\"n\":1.10,\"big\":12345678901234567890,\"list\":["
         "1e2,"
         "null,{\"__proto__\":true}],\"\":\"\\u0000\"}}",
         "\"name\":\"a\",\"features\":[],\"endpoints\":{},\"tags\":[],\"metadata\":{\"n\":1.10,\"big\":"
         "12345678901234567890,\"list\":[1e2,null,{\"__proto__\":true}],\"\":\"\\u0000\"}"},
        {" { \"name\" : \"\\u00e9\\u0001\" , \"endpoints\" : { } , \"features\" : [ \"f\" ] , \"tags\" : "
         "[\"\", "
         "\"t\"] } ",
         "\"name\":\"\xc3\xa9\\u0001\",\"features\":[\"f\"],\"endpoints\":{},\"tags\":[\"\",\"t\"],"
         "\"metadata\":{}"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char expected[1024];
        CHECK_CONTEXT(ROWS[i].document);
        begin();
        CHECK_EQ(do_register(ROWS[i].document, START), CLASP_OK);
        snprintf(expected, sizeof expected,
                 "[{\"id\":\"00000000-0000-4000-8000-000000000000\",%s,\"registeredAt\":1700000000000000,"
                 "\"lastSeen\":1700000000000000}]",
                 ROWS[i].shown);
        CHECK_TEXT(discover(START), expected);
        end();
    }
}

TEST(what_is_no_registration_is_refused_with_its_code) {
    static const struct {
        const char *document;
        clasp_err err;
    } ROWS[] = {
        {"", CLASP_BAD_JSON},
        {"{", CLASP_BAD_JSON},
        {"name=a", CLASP_BAD_JSON},
        {PLAIN "x", CLASP_BAD_JSON},
        {"{'name':'a'}", CLASP_BAD_JSON},
        {"{\"name\":\"\\ud800\",\"endpoints\":{}}", CLASP_BAD_JSON},
        {"{\"name\":\"\xff\",\"endpoints\":{}}", CLASP_BAD_UTF8},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", CLASP_TOO_DEEP},
        {"null", CLASP_BAD_FIELD},
        {"[]", CLASP_BAD_FIELD},
        {"\"a\"", CLASP_BAD_FIELD},
        {"{}", CLASP_BAD_FIELD},
        {"{\"endpoints\":{}}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\"}", CLASP_BAD_FIELD},
        {"{\"Name\":\"a\",\"endpoints\":{}}", CLASP_BAD_FIELD},
        {"{\"name\":null,\"endpoints\":{}}", CLASP_BAD_FIELD},
        {"{\"name\":1,\"endpoints\":{}}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":null}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":[]}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":\"ws://h\"}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{\"ws\":7330}}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{\"ws\":null}}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"publicKey\":1}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"features\":null}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"features\":\"f\"}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"features\":{\"0\":\"f\"}}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"features\":[\"f\",1]}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"tags\":null}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"tags\":[null]}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"tags\":[[\"t\"]]}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"metadata\":null}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"metadata\":[]}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"metadata\":\"m\"}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"name\":\"b\"}", CLASP_BAD_FIELD},
        {"{\"name\":\"a\",\"endpoints\":{},\"tags\":[],\"tags\":[]}", CLASP_BAD_FIELD},
    };
    begin();
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].document);
        CHECK_EQ(do_register(ROWS[i].document, START), ROWS[i].err);
        CHECK_EQ(out.count, 0);
    }
    CHECK_EQ(STAT(devices), 0);
    CHECK_EQ(STAT(refusals_total), sizeof ROWS / sizeof *ROWS);
    end();
}

TEST(every_proper_prefix_of_a_registration_is_refused) {
    static const char TEXT[] =
        "{\"name\":\"\\u00e9\",\"endpoints\":{\"a\":\"b\"},\"metadata\":{\"x\":[1.0,{}]}}";
    begin();
    for (uint32_t len = 0; len < sizeof TEXT - 1; len++) {
        CHECK_EQ(do_register_from((clasp_span){(const uint8_t *)TEXT, len}, "s", START), CLASP_BAD_JSON);
    }
    CHECK_EQ(do_register_from(clasp_span_of(TEXT), "s", START), CLASP_OK);
    end();
}

TEST(a_document_may_have_so_many_bytes_and_no_more) {
    static const struct {
        uint32_t option, most;
    } ROWS[] = {{0, CLASP_RENDEZVOUS_DOCUMENT}, {100, 100}, {UINT32_MAX, CLASP_RENDEZVOUS_DOCUMENT_MAX}};
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        begin_with(&(clasp_rendezvous_options){.max_document = ROWS[i].option});
        char *most = document_of(ROWS[i].most), *more = document_of(ROWS[i].most + 1);
        CHECK_EQ(do_register(most, START), CLASP_OK);
        CHECK_EQ(do_register(more, START), CLASP_TOO_LARGE);
        free(most);
        free(more);
        end();
    }
}

TEST(a_tag_over_65535_bytes_is_too_large) {
    begin_with(&(clasp_rendezvous_options){.max_document = CLASP_RENDEZVOUS_DOCUMENT_MAX});
    for (uint32_t len = 65535; len <= 65536; len++) {
        char *text = malloc(len + 64u);
        const int head = sprintf(text, "{\"name\":\"\",\"endpoints\":{},\"tags\":[\"");
        memset(text + head, 't', len);
        strcpy(text + head + len, "\"]}");
        CHECK_EQ(do_register(text, START), len == 65535 ? CLASP_OK : CLASP_TOO_LARGE);
        free(text);
    }
    CHECK_EQ(STAT(devices), 1);
    end();
}

TEST(a_source_has_so_many_devices_and_no_more) {
    const clasp_span plain = clasp_span_of(PLAIN);
    char id[ID_LEN + 1];
    begin();
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(do_register_from(plain, "192.0.2.1", START), CLASP_OK);
    }
    copy_id(id);
    CHECK_EQ(do_register_from(plain, "192.0.2.1", START), CLASP_LIMIT);
    CHECK_EQ(do_register_from(plain, "192.0.2.2", START), CLASP_OK);
    CHECK_EQ(clasp_rendezvous_unregister(rendezvous, clasp_span_of(id), START), CLASP_OK);
    CHECK_EQ(do_register_from(plain, "192.0.2.1", START), CLASP_OK);
    CHECK_EQ(do_register_from(plain, "192.0.2.1", START), CLASP_LIMIT);
    CHECK_EQ(do_register_from(plain, "192.0.2.1", START + 300 * SECOND), CLASP_OK); /* the others are over */
    CHECK_EQ(STAT(refusals_total), 2);
    end();
    begin_with(&(clasp_rendezvous_options){.max_per_source = UINT32_MAX});
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(do_register_from(plain, "", START), CLASP_OK);
    }
    end();
}

TEST(sources_are_told_apart_by_their_first_64_bytes) {
    char source[2][80];
    memset(source, 'f', sizeof source);
    source[0][79] = source[1][79] = '\0';
    source[1][64] = 'g';
    begin_with(&(clasp_rendezvous_options){.max_per_source = 1});
    CHECK_EQ(do_register_from(clasp_span_of(PLAIN), source[0], START), CLASP_OK);
    CHECK_EQ(do_register_from(clasp_span_of(PLAIN), source[1], START), CLASP_LIMIT);
    source[1][63] = 'g';
    CHECK_EQ(do_register_from(clasp_span_of(PLAIN), source[1], START), CLASP_OK);
    end();
}

/* ---- searching ----------------------------------------------------------------------------------------------- */

TEST(tag_and_feature_keep_exact_matches_and_both_have_to_hold) {
    static const struct {
        const char *tag, *feature;
        int count;
    } ROWS[] = {
        {NULL, NULL, 3},  {"x", NULL, 2}, {"y", NULL, 1},  {"X", NULL, 0}, {"", NULL, 1},
        {"x,y", NULL, 0}, {NULL, "f", 2}, {NULL, "ff", 0}, {"x", "f", 1},  {"y", "f", 1},
        {"", "f", 1},     {"x", "g", 1},  {"xy", NULL, 0}, {"é", NULL, 1}, {NULL, "none", 0},
    };
    begin();
    CHECK_EQ(
        do_register("{\"name\":\"1\",\"endpoints\":{},\"tags\":[\"x\",\"y\"],\"features\":[\"f\"]}", START),
        CLASP_OK);
    CHECK_EQ(do_register(
                 "{\"name\":\"2\",\"endpoints\":{},\"tags\":[\"\\u0078\",\"\\u00e9\"],\"features\":[\"g\"]}",
                 START),
             CLASP_OK);
    CHECK_EQ(
        do_register("{\"name\":\"3\",\"endpoints\":{},\"tags\":[\"\"],\"features\":[\"e\",\"f\"]}", START),
        CLASP_OK);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].tag ? ROWS[i].tag : ROWS[i].feature);
        CHECK_EQ(count_tagged(ROWS[i].tag, ROWS[i].feature, CLASP_RENDEZVOUS_NONE), ROWS[i].count);
    }
    end();
}

TEST(a_tag_may_hold_any_character) {
    begin();
    CHECK_EQ(do_register("{\"name\":\"\",\"endpoints\":{},\"tags\":[\"a\\u0000b\\u001a0\"]}", START),
             CLASP_OK);
    static const struct {
        clasp_span tag;
        int count;
    } ROWS[] = {
        {{(const uint8_t *)"a\0b\x1A"
                           "0",
          5},
         1},
        {{(const uint8_t *)"a", 1}, 0},
        {{(const uint8_t *)"a\x1A"
                           "0b\x1A"
                           "10",
          7},
         0},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_EQ(count_with(&(clasp_rendezvous_query){&ROWS[i].tag, NULL, 10}, START), ROWS[i].count);
    }
    end();
}

TEST(an_answer_holds_as_many_devices_as_asked_for) {
    static const struct {
        uint32_t limit;
        int count;
    } ROWS[] = {{CLASP_RENDEZVOUS_NONE, 100}, {0, 0}, {1, 1}, {100, 100}, {1000, 1000}, {1001, 1000},
                {4000000000u, 1000}};
    begin();
    for (int i = 0; i < 1100; i++) {
        CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    }
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_EQ(count_tagged(NULL, NULL, ROWS[i].limit), ROWS[i].count);
    }
    end();
}

TEST(an_answer_ends_before_it_has_too_many_bytes) {
    begin_with(&(clasp_rendezvous_options){.max_document = CLASP_RENDEZVOUS_DOCUMENT_MAX});
    char *large = document_of(CLASP_RENDEZVOUS_DOCUMENT_MAX);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(do_register(large, START), CLASP_OK);
    }
    free(large);
    const int count = count_tagged(NULL, NULL, CLASP_RENDEZVOUS_NONE);
    CHECK_EQ(count, CLASP_RENDEZVOUS_ANSWER / CLASP_RENDEZVOUS_DOCUMENT_MAX - 1);
    CHECK(answer().len <= CLASP_RENDEZVOUS_ANSWER);
    end();
}

int main(void) {
    RUN(a_registration_is_answered_with_id_time_and_ttl);
    RUN(a_device_is_shown_as_it_was_registered);
    RUN(what_is_no_registration_is_refused_with_its_code);
    RUN(every_proper_prefix_of_a_registration_is_refused);
    RUN(a_document_may_have_so_many_bytes_and_no_more);
    RUN(a_tag_over_65535_bytes_is_too_large);
    RUN(a_source_has_so_many_devices_and_no_more);
    RUN(sources_are_told_apart_by_their_first_64_bytes);
    RUN(tag_and_feature_keep_exact_matches_and_both_have_to_hold);
    RUN(a_tag_may_hold_any_character);
    RUN(an_answer_holds_as_many_devices_as_asked_for);
    RUN(an_answer_ends_before_it_has_too_many_bytes);
    return check_summary();
}
