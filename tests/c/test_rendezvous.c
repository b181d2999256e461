/* The rendezvous: hub/rendezvous.h. */
#include "hub/rendezvous.h"

#include "alloc.h"
#include "base/limits.h"
#include "check.h"
#include "vectors.h"
#include "json/json.h"

#define START UINT64_C(1700000000000000)
#define SECOND UINT64_C(1000000)
#define ID_LEN 36

static clasp_outbox out;
static clasp_rendezvous *rendezvous;
static uint64_t ids_made;

static void begin_with(const clasp_rendezvous_options *options) {
    rendezvous = clasp_rendezvous_new(options, 7, &out);
    ids_made = 0;
    CHECK(rendezvous != NULL);
}

static void begin(void) { begin_with(&(clasp_rendezvous_options){0}); }

static void end(void) {
    clasp_rendezvous_free(rendezvous);
    clasp_outbox_deinit(&out);
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

/* The document lies in a block of exactly its size. */
static clasp_err do_register_from(clasp_span document, const char *source, uint64_t now_us) {
    uint8_t chance[16] = {0};
    uint8_t *copy = vector_copy(document);
    memcpy(chance, &ids_made, sizeof ids_made);
    ids_made++;
    clasp_outbox_clear(&out);
    const clasp_err err = clasp_rendezvous_register(rendezvous, (clasp_span){copy, document.len},
                                                    clasp_span_of(source), chance, now_us);
    free(copy);
    return err;
}

/* Every call has a source of its own. */
static clasp_err do_register(const char *document, uint64_t now_us) {
    char source[32];
    snprintf(source, sizeof source, "10.%u", (unsigned)ids_made);
    return do_register_from(clasp_span_of(document), source, now_us);
}

/* The latest answer; lent until the next call. */
static clasp_span answer(void) {
    const clasp_effect *effect = out.count == 1 ? &out.effects[0] : NULL;
    return effect && effect->kind == CLASP_EFFECT_RENDEZVOUS ? clasp_outbox_bytes(&out, effect)
                                                             : (clasp_span){NULL, 0};
}

static void copy_id(char id[ID_LEN + 1]) {
    const clasp_span text = answer();
    memset(id, 0, ID_LEN + 1);
    if (CHECK(text.len > 7 + ID_LEN)) {
        memcpy(id, text.at + 7, ID_LEN);
    }
}

static const char *discover_with(const clasp_rendezvous_query *query, uint64_t now_us) {
    static char text[1u << 16];
    clasp_outbox_clear(&out);
    CHECK_EQ(clasp_rendezvous_discover(rendezvous, query, now_us), CLASP_OK);
    const clasp_span bytes = answer();
    const size_t len = bytes.len < sizeof text ? bytes.len : sizeof text - 1;
    memcpy(text, bytes.at, len);
    text[len] = '\0';
    return text;
}

static const char *discover(uint64_t now_us) {
    return discover_with(&(clasp_rendezvous_query){.limit = CLASP_RENDEZVOUS_NONE}, now_us);
}

/* How many devices an answer to a query holds. */
static int count_with(const clasp_rendezvous_query *query, uint64_t now_us) {
    clasp_outbox_clear(&out);
    CHECK_EQ(clasp_rendezvous_discover(rendezvous, query, now_us), CLASP_OK);
    const clasp_span text = answer();
    cJSON *tree = cJSON_ParseWithLength((const char *)text.at, text.len);
    CHECK(tree != NULL);
    const int count = cJSON_GetArraySize(tree);
    cJSON_Delete(tree);
    return count;
}

static int count_tagged(const char *tag, const char *feature, uint32_t limit) {
    const clasp_span tag_text = clasp_span_of(tag ? tag : "");
    const clasp_span feature_text = clasp_span_of(feature ? feature : "");
    return count_with(
        &(clasp_rendezvous_query){tag ? &tag_text : NULL, feature ? &feature_text : NULL, limit}, START);
}

static double stat(clasp_rendezvous_stat which) { return clasp_rendezvous_stat_value(rendezvous, which); }

#define STAT(name) stat(CLASP_RENDEZVOUS_STAT_##name)
#define PLAIN "{\"name\":\"a\",\"endpoints\":{}}"

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

/* {"name":"aaa…","endpoints":{}} of `len` bytes. Given: free(). */
static char *document_of(uint32_t len) {
    static const char HEAD[] = "{\"name\":\"", TAIL[] = "\",\"endpoints\":{}}";
    char *text = malloc(len + 1u);
    memset(text, 'a', len);
    memcpy(text, HEAD, sizeof HEAD - 1);
    memcpy(text + len - (sizeof TAIL - 1), TAIL, sizeof TAIL);
    return text;
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

/* ---- time ---------------------------------------------------------------------------------------------------- */

TEST(a_device_is_seen_until_its_ttl_and_not_after) {
    begin_with(&(clasp_rendezvous_options){.ttl_s = 10});
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    CHECK(strstr(discover(START + 10 * SECOND - 1), "\"name\":\"a\"") != NULL); /* looking prolongs nothing */
    CHECK_TEXT(discover(START + 10 * SECOND), "[]");
    CHECK_EQ(STAT(expirations_total), 1);
    CHECK_EQ(STAT(bytes), 0);
    end();
}

TEST(a_refresh_prolongs_and_is_shown) {
    char id[ID_LEN + 1];
    begin();
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    copy_id(id);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(id), START + 299 * SECOND), CLASP_OK);
    CHECK(strstr(discover(START + 300 * SECOND),
                 "\"registeredAt\":1700000000000000,\"lastSeen\":1700000299000000}]") != NULL);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(id), START + 599 * SECOND), CLASP_BAD_HANDLE);
    CHECK_EQ(STAT(refreshes_total), 1);
    end();
}

TEST(only_a_whole_id_names_a_device) {
    char id[ID_LEN + 2];
    begin();
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    copy_id(id);
    static const char *const OTHERS[] = {"", "x", "00000000-0000-4000-8000-00000000000",
                                         "00000000-0000-4000-8000-0000000000000",
                                         "00000000-0000-4000-8000-000000000001"};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(OTHERS[i]), START), CLASP_BAD_HANDLE);
        CHECK_EQ(clasp_rendezvous_unregister(rendezvous, clasp_span_of(OTHERS[i]), START), CLASP_BAD_HANDLE);
    }
    CHECK_EQ(clasp_rendezvous_unregister(rendezvous, clasp_span_of(id), START), CLASP_OK);
    CHECK_EQ(clasp_rendezvous_unregister(rendezvous, clasp_span_of(id), START), CLASP_BAD_HANDLE);
    CHECK_TEXT(discover(START), "[]");
    end();
}

TEST(the_clean_up_comes_every_minute_while_there_are_devices) {
    begin();
    CHECK_EQ(clasp_rendezvous_deadline(rendezvous) == UINT64_MAX, true);
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    for (uint64_t minute = 1; minute <= 5; minute++) {
        CHECK_EQ(clasp_rendezvous_deadline(rendezvous), START + minute * 60 * SECOND);
        clasp_rendezvous_tick(rendezvous, START + minute * 60 * SECOND - 1);
        CHECK_EQ(STAT(devices), 1);
        clasp_rendezvous_tick(rendezvous, START + minute * 60 * SECOND);
    }
    CHECK_EQ(STAT(devices), 0);
    CHECK_EQ(clasp_rendezvous_deadline(rendezvous) == UINT64_MAX, true);
    end();
}

/* ---- bounds -------------------------------------------------------------------------------------------------- */

static bool is_there(const char *name) {
    return strstr(discover_with(&(clasp_rendezvous_query){.limit = 1000}, START), name) != NULL;
}

TEST(the_device_seen_longest_ago_makes_room) {
    char first[ID_LEN + 1];
    begin_with(&(clasp_rendezvous_options){.max_devices = 2});
    CHECK_EQ(do_register("{\"name\":\"one\",\"endpoints\":{}}", START), CLASP_OK);
    copy_id(first);
    CHECK_EQ(do_register("{\"name\":\"two\",\"endpoints\":{}}", START), CLASP_OK);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(first), START), CLASP_OK);
    CHECK_EQ(do_register("{\"name\":\"three\",\"endpoints\":{}}", START), CLASP_OK);
    CHECK(is_there("one") && !is_there("two") && is_there("three"));
    CHECK_EQ(STAT(evictions_total), 1);
    end();
}

TEST(ten_thousand_devices_fit_and_the_next_ones_evict_the_oldest) {
    char ids[3][ID_LEN + 1];
    begin();
    for (int i = 0; i < 10000; i++) {
        CHECK_EQ(do_register(PLAIN, START + (uint64_t)i), CLASP_OK);
        if (i < 3) {
            copy_id(ids[i]);
        }
    }
    CHECK_EQ(STAT(devices), 10000);
    CHECK_EQ(STAT(evictions_total), 0);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(ids[0]), START + SECOND), CLASP_OK);
    CHECK_EQ(do_register(PLAIN, START + SECOND), CLASP_OK);
    CHECK_EQ(STAT(devices), 10000);
    CHECK_EQ(STAT(evictions_total), 1);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(ids[0]), START + SECOND), CLASP_OK);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(ids[1]), START + SECOND), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(ids[2]), START + SECOND), CLASP_OK);
    clasp_rendezvous_tick(rendezvous, START + 1000 * SECOND);
    CHECK_EQ(STAT(devices), 0);
    CHECK_EQ(STAT(bytes), 0);
    end();
}

TEST(the_bytes_of_all_devices_are_bounded) {
    const size_t before = clasp_test_live_bytes();
    begin_with(&(clasp_rendezvous_options){.max_document = CLASP_RENDEZVOUS_DOCUMENT_MAX});
    char *large = document_of(CLASP_RENDEZVOUS_DOCUMENT_MAX);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(do_register(large, START), CLASP_OK);
    }
    free(large);
    CHECK(STAT(bytes) <= CLASP_RENDEZVOUS_BYTES);
    CHECK(STAT(bytes) > CLASP_RENDEZVOUS_BYTES - 2 * CLASP_RENDEZVOUS_DOCUMENT_MAX);
    CHECK_EQ(STAT(devices) + STAT(evictions_total), 100);
    CHECK(clasp_test_live_bytes() - before < CLASP_RENDEZVOUS_BYTES + (1u << 20));
    end();
}

TEST(nothing_is_kept_beyond_what_a_device_needs) {
    begin();
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    CHECK(STAT(bytes) < 400);
    end();
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

/* One life; what an allocation that failed has refused has changed nothing. */
static void live_once(void *context) {
    char id[ID_LEN + 1] = "00000000-0000-4000-8000-000000000000";
    clasp_err errs[2];
    (void)context;
    ids_made = 0;
    rendezvous = clasp_rendezvous_new(&(clasp_rendezvous_options){.max_devices = 4}, 7, &out);
    if (!rendezvous) {
        CHECK(clasp_test_allocation_failed());
        return;
    }
    const clasp_span document = clasp_span_of(
        "{\"name\":\"a\",\"endpoints\":{\"w\":\"x\"},\"tags\":[\"t\\u0000\"],\"metadata\":{\"n\":1.0}}");
    const uint8_t chance[16] = {0};
    clasp_outbox_clear(&out);
    errs[0] = clasp_rendezvous_register(rendezvous, document, clasp_span_of("s"), chance, START);
    CHECK_EQ(STAT(devices), errs[0] == CLASP_OK);
    clasp_outbox_clear(&out);
    errs[1] = clasp_rendezvous_discover(rendezvous, &(clasp_rendezvous_query){.limit = 5}, START);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(id), START),
             errs[0] == CLASP_OK ? CLASP_OK : CLASP_BAD_HANDLE);
    const bool has_failed = errs[0] != CLASP_OK || errs[1] != CLASP_OK;
    CHECK_EQ(has_failed, clasp_test_allocation_failed());
    CHECK(!has_failed || errs[0] == CLASP_NO_MEMORY || errs[1] == CLASP_NO_MEMORY);
    end();
}

TEST(want_of_memory_refuses_changes_nothing_and_leaks_nothing) {
    CHECK(clasp_test_each_allocation(live_once, NULL) > 20);
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
    RUN(a_device_is_seen_until_its_ttl_and_not_after);
    RUN(a_refresh_prolongs_and_is_shown);
    RUN(only_a_whole_id_names_a_device);
    RUN(the_clean_up_comes_every_minute_while_there_are_devices);
    RUN(the_device_seen_longest_ago_makes_room);
    RUN(ten_thousand_devices_fit_and_the_next_ones_evict_the_oldest);
    RUN(the_bytes_of_all_devices_are_bounded);
    RUN(nothing_is_kept_beyond_what_a_device_needs);
    RUN(want_of_memory_refuses_changes_nothing_and_leaks_nothing);
    return check_summary();
}
