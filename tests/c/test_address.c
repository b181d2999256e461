#include "route/address.h"

#include "check.h"
#include "json/json.h"

/* A text in a block of exactly its size, so that reading behind it traps. Given. */
static clasp_span exact_copy(clasp_span text) {
    uint8_t *copy = malloc(text.len ? text.len : 1);
    if (copy && text.len) {
        memcpy(copy, text.at, text.len);
    }
    return (clasp_span){copy, copy ? text.len : 0};
}

static void release(clasp_span copy) { free((void *)(uintptr_t)copy.at); }

static bool matches(clasp_span pattern, clasp_span address) {
    const clasp_span p = exact_copy(pattern);
    const clasp_span a = exact_copy(address);
    const bool match = clasp_match(p, a);
    release(p);
    release(a);
    return match;
}

/* ---- vectors ------------------------------------------------------------------------------------------------- */

static cJSON *read_vectors(void) {
    static uint8_t text[64 << 10];
    FILE *file = fopen(CLASP_VECTORS "/addresses.json", "rb");
    if (!CHECK(file)) {
        return NULL;
    }
    const size_t len = fread(text, 1, sizeof text, file);
    fclose(file);
    clasp_err err;
    cJSON *tree = clasp_json_parse((clasp_span){text, (uint32_t)len}, &err);
    CHECK_EQ(err, CLASP_OK);
    return tree;
}

TEST(the_grammar_is_that_of_the_vectors) {
    cJSON *tree = read_vectors();
    int rows = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, clasp_json_get(tree, "grammar")) {
        const clasp_span text = exact_copy(clasp_json_text(row, "text"));
        CHECK_CONTEXT(clasp_json_get(row, "text")->valuestring);
        CHECK_EQ(clasp_address_check(text), clasp_json_true(row, "address") ? CLASP_OK : CLASP_BAD_ADDRESS);
        CHECK_EQ(clasp_pattern_check(text), clasp_json_true(row, "pattern") ? CLASP_OK : CLASP_BAD_PATTERN);
        release(text);
        rows++;
    }
    CHECK(rows >= 28);
    cJSON_Delete(tree);
}

TEST(matches_are_those_of_the_vectors) {
    cJSON *tree = read_vectors();
    int rows = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, clasp_json_get(tree, "vectors")) {
        const clasp_span pattern = clasp_json_text(row, "pattern");
        const clasp_span address = clasp_json_text(row, "address");
        char claim[256];
        snprintf(claim, sizeof claim, "%s  %s", (const char *)pattern.at, (const char *)address.at);
        CHECK_CONTEXT(claim);
        CHECK_EQ(clasp_pattern_check(pattern), CLASP_OK);
        CHECK_EQ(clasp_address_check(address), CLASP_OK);
        CHECK_EQ(matches(pattern, address), clasp_json_true(row, "match"));
        rows++;
    }
    CHECK(rows >= 160);
    cJSON_Delete(tree);
}

/* ---- grammar ------------------------------------------------------------------------------------------------- */

TEST(no_character_but_the_slash_has_a_meaning_in_an_address) {
    CHECK_EQ(clasp_address_check((clasp_span){(const uint8_t *)"/a\0b", 4}), CLASP_OK);
    CHECK_EQ(clasp_pattern_check((clasp_span){(const uint8_t *)"/\0/*", 4}), CLASP_OK);
    CHECK(matches((clasp_span){(const uint8_t *)"/\0*", 3}, (clasp_span){(const uint8_t *)"/\0b", 3}));
    CHECK(!matches((clasp_span){(const uint8_t *)"/a\0c", 4}, (clasp_span){(const uint8_t *)"/a\0b", 4}));
}

TEST(the_length_is_bounded) {
    uint8_t *text = malloc(65536);
    if (!CHECK(text)) {
        return;
    }
    memset(text, 'x', 65536);
    text[0] = '/';
    CHECK_EQ(clasp_address_check((clasp_span){text, 65535}), CLASP_OK);
    CHECK_EQ(clasp_pattern_check((clasp_span){text, 65535}), CLASP_OK);
    CHECK_EQ(clasp_address_check((clasp_span){text, 65536}), CLASP_BAD_ADDRESS);
    CHECK_EQ(clasp_pattern_check((clasp_span){text, 65536}), CLASP_BAD_PATTERN);
    CHECK_EQ(clasp_address_check((clasp_span){NULL, 0}), CLASP_BAD_ADDRESS);
    free(text);
}

TEST(a_pattern_is_wild_when_it_holds_a_star) {
    CHECK(clasp_pattern_is_wild(clasp_span_of("/a*/b")));
    CHECK(clasp_pattern_is_wild(clasp_span_of("/**")));
    CHECK(!clasp_pattern_is_wild(clasp_span_of("/a/b")));
    CHECK(!clasp_pattern_is_wild((clasp_span){NULL, 0}));
}

/* ---- matching against a recursive reference -------------------------------------------------------------------- */

static const char *segment_end(const char *at) {
    const char *end = strchr(at, '/');
    return end ? end : at + strlen(at);
}

/* Straight from the definition: a star takes no character, or one and goes on. */
static bool segment_by_definition(const char *p, const char *p_end, const char *t, const char *t_end) {
    if (p == p_end) {
        return t == t_end;
    }
    if (*p == '*') {
        return segment_by_definition(p + 1, p_end, t, t_end) ||
               (t < t_end && segment_by_definition(p, p_end, t + 1, t_end));
    }
    return t < t_end && *p == *t && segment_by_definition(p + 1, p_end, t + 1, t_end);
}

static bool match_by_definition(const char *p, const char *a) {
    if (*p == '\0') {
        return *a == '\0';
    }
    const char *p_end = segment_end(p + 1);
    const bool is_globstar = p_end - p == 3 && p[1] == '*' && p[2] == '*';
    if (is_globstar && match_by_definition(p_end, a)) {
        return true;
    }
    if (*a == '\0') {
        return false;
    }
    const char *a_end = segment_end(a + 1);
    if (is_globstar) {
        return match_by_definition(p, a_end);
    }
    return segment_by_definition(p + 1, p_end, a + 1, a_end) && match_by_definition(p_end, a_end);
}

static uint32_t random_below(uint64_t *state, uint32_t bound) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 33) % bound;
}

static void random_text(uint64_t *state, bool pattern, char text[64]) {
    static const char *const SEGMENTS[] = {"a", "b",  "ab", "aab", "ba",  "*",     "**",
                                           "*", "**", "a*", "*b",  "a*b", "*a*b*", "***"};
    const uint32_t kinds = pattern ? sizeof SEGMENTS / sizeof SEGMENTS[0] : 5;
    text[0] = '\0';
    for (uint32_t left = 1 + random_below(state, pattern ? 4 : 3); left > 0; left--) {
        strcat(text, "/");
        if (left > 1 || random_below(state, 8) > 0) { /* else: an empty last segment */
            strcat(text, SEGMENTS[random_below(state, kinds)]);
        }
    }
}

TEST(the_iterative_matcher_agrees_with_the_definition) {
    uint64_t state = UINT64_C(0x2545F4914F6CDD1D);
    uint32_t hits = 0;
    for (int i = 0; i < 200000; i++) {
        char pattern[64];
        char address[64];
        char claim[160];
        random_text(&state, true, pattern);
        random_text(&state, false, address);
        const bool match = match_by_definition(pattern, address);
        snprintf(claim, sizeof claim, "%s  %s", pattern, address);
        CHECK_CONTEXT(claim);
        CHECK_EQ(matches(clasp_span_of(pattern), clasp_span_of(address)), match);
        hits += match;
    }
    CHECK_CONTEXT(NULL);
    CHECK(hits > 20000 && hits < 180000); /* the sample says something about both */
}

/* ---- the worst case ------------------------------------------------------------------------------------------ */

/* `count` times `unit`, then `tail`. */
static char *repeat(const char *unit, uint32_t count, const char *tail) {
    const size_t unit_len = strlen(unit);
    char *text = malloc(count * unit_len + strlen(tail) + 1);
    for (uint32_t i = 0; text && i < count; i++) {
        memcpy(text + i * unit_len, unit, unit_len);
    }
    if (text) {
        strcpy(text + count * unit_len, tail);
    }
    return text;
}

/* Backtracking to every star would take longer than the age of the universe. */
TEST(many_stars_stay_within_the_product) {
    static const struct {
        const char *unit, *tail, *address_unit, *address_tail;
        uint32_t count, address_count;
        bool match;
    } rows[] = {
        {"/**/a", "/b", "/a", "", 127, 255, false}, {"/**/a", "", "/a", "", 127, 255, true},
        {"/**/*", "/b", "/a", "", 127, 255, false}, {"/**/a*", "/**/b", "/aa", "", 126, 255, false},
        {"*a", "b", "a", "", 3000, 6000, false}, /* inside one segment */
        {"*a", "*", "a", "", 3000, 6000, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *pattern = repeat(rows[i].unit, rows[i].count, rows[i].tail);
        char *address = repeat(rows[i].address_unit, rows[i].address_count, rows[i].address_tail);
        if (!CHECK(pattern && address)) {
            break;
        }
        if (pattern[0] == '/') {
            CHECK_EQ(clasp_pattern_check(clasp_span_of(pattern)), CLASP_OK);
            CHECK_EQ(clasp_match(clasp_span_of(pattern), clasp_span_of(address)), rows[i].match);
        } else {
            CHECK_EQ(clasp_match_segment(clasp_span_of(pattern), clasp_span_of(address)), rows[i].match);
        }
        free(pattern);
        free(address);
    }
}

int main(void) {
    RUN(the_grammar_is_that_of_the_vectors);
    RUN(matches_are_those_of_the_vectors);
    RUN(no_character_but_the_slash_has_a_meaning_in_an_address);
    RUN(the_length_is_bounded);
    RUN(a_pattern_is_wild_when_it_holds_a_star);
    RUN(the_iterative_matcher_agrees_with_the_definition);
    RUN(many_stars_stay_within_the_product);
    return check_summary();
}
