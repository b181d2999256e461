/* The last values exchanged with a peer: peer/params.h. */
#include "alloc.h"
#include "check.h"
#include "peer/params.h"
#include "wire/value.h"

#define SEED 11

static clasp_span span(const char *text) { return clasp_span_of(text); }

static clasp_params begin(void) {
    clasp_params params;
    clasp_params_init(&params, SEED);
    return params;
}

static bool put(clasp_params *params, const char *address, const char *value, uint32_t flags) {
    uint32_t place = CLASP_NONE;
    return clasp_params_value(params, &place, span(address), span(value), flags);
}

static bool put_number(clasp_params *params, const char *address, double number) {
    uint32_t place = CLASP_NONE;
    return clasp_params_number(params, &place, span(address), number, 0);
}

static clasp_span numbered(char text[16], unsigned i) {
    return (clasp_span){(uint8_t *)text, (uint32_t)snprintf(text, 16, "/n/%u", i)};
}

static bool knows(const clasp_params *params, clasp_span address) {
    clasp_param_view view;
    return clasp_params_find(params, address, &view);
}

static void check_known(const clasp_params *params, const char *address, const char *value, uint32_t flags) {
    clasp_param_view view;
    CHECK_CONTEXT(address);
    if (!CHECK(clasp_params_find(params, span(address), &view))) {
        return;
    }
    CHECK(clasp_span_equal(view.address, span(address)));
    CHECK_BYTES(view.value.at, view.value.len, value, strlen(value));
    CHECK_EQ(view.flags, flags);
    CHECK_CONTEXT(NULL);
}

/* ---- values -------------------------------------------------------------------------------------------------- */

TEST(the_last_value_is_known) {
    clasp_params params = begin();
    CHECK(!knows(&params, span("/a")));
    CHECK(put(&params, "/a", "one", 0));
    CHECK(put(&params, "/b", "a value of more than fifteen bytes", CLASP_PARAM_HEARD));
    CHECK(put(&params, "/a", "two", CLASP_PARAM_HEARD | CLASP_PARAM_WIDE));
    check_known(&params, "/a", "two", CLASP_PARAM_HEARD | CLASP_PARAM_WIDE);
    check_known(&params, "/b", "a value of more than fifteen bytes", CLASP_PARAM_HEARD);
    CHECK(!knows(&params, span("/")));
    CHECK_EQ(params.count, 2);
    clasp_params_deinit(&params);
}

TEST(a_value_may_become_of_any_length) {
    static const char *LENGTHS[] = {"123456789012345",
                                    "1234567890123456",
                                    "1",
                                    "a value of more than fifteen bytes",
                                    "another value, longer than fifteen bytes",
                                    "",
                                    "x"};
    clasp_params params = begin();
    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
        CHECK(put(&params, "/a", LENGTHS[i], 0));
        check_known(&params, "/a", LENGTHS[i], 0);
        CHECK_EQ(params.bytes, 2 + strlen(LENGTHS[i]));
    }
    clasp_params_deinit(&params);
}

TEST(a_number_is_an_f64) {
    clasp_params params = begin();
    CHECK(put_number(&params, "/a", 0.75));
    clasp_param_view view;
    CHECK(clasp_params_find(&params, span("/a"), &view));
    CHECK_BYTES(view.value.at, view.value.len, "\x07\x3F\xE8\0\0\0\0\0\0", 9);
    clasp_params_deinit(&params);
}

TEST(any_place_will_do_and_is_set_right) {
    clasp_params params = begin();
    static const uint32_t PLACES[] = {CLASP_NONE, 0, 1, 2, 15, 16, 1u << 31};
    uint32_t right = CLASP_NONE;
    CHECK(put(&params, "/other", "1", 0));
    CHECK(clasp_params_number(&params, &right, span("/a"), 1, 0));
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        uint32_t place = PLACES[i];
        CHECK(clasp_params_number(&params, &place, span("/a"), 1, 0));
        CHECK_EQ(place, right);
    }
    CHECK_EQ(params.count, 2);
    check_known(&params, "/other", "1", 0);
    clasp_params_deinit(&params);
}

TEST(what_was_forgotten_is_not_known) {
    clasp_params params = begin();
    CHECK(put(&params, "/a", "a value of more than fifteen bytes", 0));
    CHECK(put(&params, "/b", "2", 0));
    clasp_params_forget(&params, span("/a"));
    clasp_params_forget(&params, span("/never"));
    CHECK(!knows(&params, span("/a")));
    check_known(&params, "/b", "2", 0);
    CHECK_EQ(params.bytes, 3);
    CHECK(put(&params, "/a", "3", 0));
    check_known(&params, "/a", "3", 0);
    clasp_params_deinit(&params);
}

/* ---- matching ------------------------------------------------------------------------------------------------ */

static unsigned count_matches(const clasp_params *params, const char *pattern) {
    unsigned count = 0;
    uint32_t cursor = 0;
    clasp_param_view view;
    while (clasp_params_next(params, &cursor, span(pattern), &view)) {
        count++;
    }
    CHECK(!clasp_params_next(params, &cursor, span(pattern), &view));
    return count;
}

TEST(a_pattern_finds_each_of_its_addresses_once) {
    clasp_params params = begin();
    CHECK_EQ(count_matches(&params, "/**"), 0);
    static const char *ADDRESSES[] = {"/a", "/a/x", "/a/y", "/b/x", "/gone"};
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++) {
        CHECK(put(&params, ADDRESSES[i], "1", 0));
    }
    clasp_params_forget(&params, span("/gone"));
    CHECK_EQ(count_matches(&params, "/**"), 4);
    CHECK_EQ(count_matches(&params, "/a/*"), 2);
    CHECK_EQ(count_matches(&params, "/*/x"), 2);
    CHECK_EQ(count_matches(&params, "/b/x"), 1);
    CHECK_EQ(count_matches(&params, "/gone"), 0);
    clasp_params_deinit(&params);
}

/* ---- bounds -------------------------------------------------------------------------------------------------- */

TEST(the_least_recently_written_of_too_many_goes) {
    clasp_params params = begin();
    char text[16];
    uint32_t kept = CLASP_NONE;
    for (unsigned i = 0; i < 10 * CLASP_PARAMS; i++) {
        uint32_t place = CLASP_NONE;
        CHECK(clasp_params_number(&params, &place, numbered(text, i), i, 0));
        CHECK(clasp_params_number(&params, &kept, span("/kept"), i, 0));
    }
    CHECK_EQ(params.count, CLASP_PARAMS);
    CHECK(knows(&params, span("/kept")));
    CHECK(knows(&params, numbered(text, 10 * CLASP_PARAMS - 1)));
    CHECK(knows(&params, numbered(text, 10 * CLASP_PARAMS - CLASP_PARAMS / 2)));
    CHECK(!knows(&params, numbered(text, 9 * CLASP_PARAMS - 1)));
    CHECK(clasp_params_memory(&params) <= CLASP_PARAMS_MEMORY);
    clasp_params_deinit(&params);
}

TEST(bytes_are_bounded_and_what_was_written_last_stays) {
    clasp_params params = begin();
    uint8_t *large = calloc(CLASP_PARAM_MAX, 1);
    char text[16];
    for (unsigned i = 0; i < 400; i++) {
        uint32_t place = CLASP_NONE;
        const clasp_span value = {large, (i * 7919) % CLASP_PARAM_MAX + 1};
        const clasp_span address = numbered(text, i % 37);
        CHECK(clasp_params_value(&params, &place, address, value, 0));
        CHECK(params.bytes <= CLASP_PARAMS_BYTES);
        CHECK(clasp_params_memory(&params) <= CLASP_PARAMS_MEMORY);
        clasp_param_view view;
        CHECK(clasp_params_find(&params, address, &view) && view.value.len == value.len);
    }
    CHECK(params.count > 1);
    free(large);
    clasp_params_deinit(&params);
}

TEST(the_oldest_that_grows_pushes_out_others_and_not_itself) {
    clasp_params params = begin();
    uint8_t *large = calloc(CLASP_PARAM_MAX, 1);
    uint32_t places[3] = {CLASP_NONE, CLASP_NONE, CLASP_NONE};
    static const char *ADDRESSES[] = {"/oldest", "/b", "/c"};
    for (int i = 0; i < 3; i++) {
        CHECK(clasp_params_value(&params, &places[i], span(ADDRESSES[i]), (clasp_span){large, 80000}, 0));
    }
    CHECK(clasp_params_value(&params, &places[0], span("/oldest"), (clasp_span){large, CLASP_PARAM_MAX}, 0));
    CHECK(knows(&params, span("/oldest")));
    CHECK(!knows(&params, span("/b")));
    CHECK(knows(&params, span("/c")));
    free(large);
    clasp_params_deinit(&params);
}

TEST(a_value_that_is_too_large_makes_its_address_unknown) {
    clasp_params params = begin();
    uint8_t *large = calloc(CLASP_PARAM_MAX + 1, 1);
    uint32_t place = CLASP_NONE;
    CHECK(clasp_params_value(&params, &place, span("/a"), (clasp_span){large, CLASP_PARAM_MAX}, 0));
    CHECK(put(&params, "/b", "1", 0));
    CHECK(!clasp_params_value(&params, &place, span("/a"), (clasp_span){large, CLASP_PARAM_MAX + 1}, 0));
    CHECK(!knows(&params, span("/a")));
    check_known(&params, "/b", "1", 0);
    free(large);
    clasp_params_deinit(&params);
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

static void fill(void *context) {
    (void)context;
    clasp_params params = begin();
    char text[16];
    for (unsigned i = 0; i < 40; i++) {
        uint32_t place = CLASP_NONE;
        const clasp_span long_value = span("a value of more than fifteen bytes");
        const bool kept = i % 2 ? clasp_params_number(&params, &place, numbered(text, i), i, 0)
                                : clasp_params_value(&params, &place, numbered(text, i), long_value, 0);
        CHECK_EQ(kept, knows(&params, numbered(text, i)));
        CHECK(kept || clasp_test_allocation_failed());
    }
    CHECK(params.count >= 39);
    clasp_params_deinit(&params);
}

TEST(without_memory_a_value_is_not_kept_and_the_others_are) {
    CHECK(clasp_test_each_allocation(fill, NULL) > 60);
}

TEST(without_memory_for_a_longer_value_the_old_one_is_not_shown) {
    clasp_params params = begin();
    CHECK(put(&params, "/a", "1", 0));
    clasp_test_fail_allocation(1);
    CHECK(!put(&params, "/a", "a value of more than fifteen bytes", 0));
    CHECK(clasp_test_allocation_failed());
    CHECK(!knows(&params, span("/a")));
    CHECK_EQ(params.bytes, 0);
    clasp_params_deinit(&params);
}

TEST(a_known_number_needs_no_memory) {
    clasp_params params = begin();
    uint32_t place = CLASP_NONE;
    CHECK(clasp_params_number(&params, &place, span("/a"), 1, 0));
    clasp_test_fail_allocation(1);
    for (unsigned i = 0; i < 3 * CLASP_PARAMS; i++) {
        CHECK(clasp_params_number(&params, &place, span("/a"), i, 0));
    }
    CHECK(!clasp_test_allocation_failed());
    clasp_test_fail_allocation(0);
    clasp_params_deinit(&params);
}

int main(void) {
    RUN(the_last_value_is_known);
    RUN(a_value_may_become_of_any_length);
    RUN(a_number_is_an_f64);
    RUN(any_place_will_do_and_is_set_right);
    RUN(what_was_forgotten_is_not_known);
    RUN(a_pattern_finds_each_of_its_addresses_once);
    RUN(the_least_recently_written_of_too_many_goes);
    RUN(bytes_are_bounded_and_what_was_written_last_stays);
    RUN(the_oldest_that_grows_pushes_out_others_and_not_itself);
    RUN(a_value_that_is_too_large_makes_its_address_unknown);
    RUN(without_memory_a_value_is_not_kept_and_the_others_are);
    RUN(without_memory_for_a_longer_value_the_old_one_is_not_shown);
    RUN(a_known_number_needs_no_memory);
    return check_summary();
}
