/* Scopes: what they say, and which patterns they cover. */
#include "base/limits.h"
#include "check.h"
#include "hub/scopes.h"
#include "route/address.h"
#include "route/covers.h"

static bool covers(const char *outer, const char *inner) {
    return clasp_covers(clasp_span_of(outer), clasp_span_of(inner));
}

/* ---- one pattern over another -------------------------------------------------------------------------------- */

TEST(a_pattern_covers_what_lies_within_it) {
    static const struct {
        const char *outer, *inner;
        bool holds;
    } CASES[] = {
        {"/a", "/a", true},
        {"/a", "/b", false},
        {"/a", "/a/", false},
        {"/a", "/*", false},
        {"/*", "/a", true},
        {"/*", "/", true},
        {"/*", "/*", true},
        {"/*", "/a*", true},
        {"/*", "/***", true},
        {"/*", "/**", false},
        {"/*", "/a/b", false},
        {"/**", "/**", true},
        {"/**", "/a/*/b", true},
        {"/**", "/**/a/**", true},
        {"/a/**", "/a", true},
        {"/a/**", "/a/**", true},
        {"/a/**", "/a/*/b*", true},
        {"/a/**", "/**", false},
        {"/a/**", "/a*", false},
        {"/a/**", "/ab", false},
        {"/a/**", "/*/a", false},
        {"/a*", "/ab*", true},
        {"/a*", "/a*b", true},
        {"/a*b", "/a*", false},
        {"/a*b*", "/ab*b", true},
        {"/*a*", "/*", false},
        {"/*/**", "/**", true}, /* no address is without a segment */
        {"/**/*", "/**/**", true},
        {"/*/*/**", "/**", false},
        {"/*/**", "/**/a", true}, /* the star takes another segment each time */
        {"/**/*", "/a/**", true},
        {"/**/*/*", "/a/**/b", true},
        {"/*/**/*", "/a/**", false},
        {"/**/b", "/a/**/b", true},
        {"/a/**/b", "/a/**/b", true},
        {"/a/**/b", "/a/**/c/**/b", true},
        {"/a/**/b", "/a/**", false},
        {"/**/a/**", "/**", false},
        {"/x/m/*/**/n/p/**/q", "/x/m/**/n/p/m/k/n/**/p/q",
         false}, /* right for none and for many, wrong for a mixture */
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        CHECK_CONTEXT(CASES[i].inner);
        CHECK_EQ(covers(CASES[i].outer, CASES[i].inner), CASES[i].holds);
    }
}

/* ---- against brute force ------------------------------------------------------------------------------------- */

#define TEXT_MAX 24u
#define PATTERNS_MAX 1024u
#define WORDS_MAX 8192u

typedef struct words {
    char list[WORDS_MAX][TEXT_MAX];
    uint32_t count;
} words;

/* All texts of 1 to `most` of these segments. */
static void all_texts(words *out, const char *const *segments, uint32_t segment_count, uint32_t most) {
    out->count = 0;
    uint32_t first = 0, last = 1; /* those of the length before; at the beginning the empty one */
    char empty[1][TEXT_MAX] = {""};
    for (uint32_t len = 1; len <= most; len++) {
        const uint32_t start = out->count;
        for (uint32_t i = first; i < last; i++) {
            const char *head = len == 1 ? empty[0] : out->list[i];
            for (uint32_t k = 0; k < segment_count && out->count < WORDS_MAX; k++) {
                char text[TEXT_MAX];
                const int written = snprintf(text, sizeof text, "%s/%s", head, segments[k]);
                CHECK(written > 0 && (unsigned)written < sizeof text);
                memcpy(out->list[out->count++], text, sizeof text);
            }
        }
        first = start;
        last = out->count;
    }
    CHECK(out->count < WORDS_MAX);
}

/* One bit for each address that a pattern matches. */
typedef struct reach {
    uint64_t bits[WORDS_MAX / 64];
} reach;

static reach reaches[PATTERNS_MAX];
static words patterns, addresses;

static void fill_reaches(void) {
    memset(reaches, 0, sizeof reaches);
    for (uint32_t p = 0; p < patterns.count; p++) {
        for (uint32_t a = 0; a < addresses.count; a++) {
            const bool holds = clasp_match(clasp_span_of(patterns.list[p]), clasp_span_of(addresses.list[a]));
            reaches[p].bits[a / 64] |= (uint64_t)holds << a % 64;
        }
    }
}

static bool is_within(const reach *inner, const reach *outer) {
    for (uint32_t i = 0; i < WORDS_MAX / 64; i++) {
        if (inner->bits[i] & ~outer->bits[i]) {
            return false;
        }
    }
    return true;
}

static uint32_t globstars(const char *pattern) {
    uint32_t count = 0;
    for (const char *at = pattern; (at = strstr(at, "/**")) != NULL; at += 3) {
        count++;
    }
    return count;
}

/* Every pair of patterns against the addresses that each one matches. */
static void compare_all(void) {
    uint32_t wrong = 0, missed = 0, held = 0;
    for (uint32_t i = 0; i < patterns.count; i++) {
        for (uint32_t o = 0; o < patterns.count; o++) {
            const bool is_true = is_within(&reaches[i], &reaches[o]);
            const bool is_said = covers(patterns.list[o], patterns.list[i]);
            held += is_said;
            wrong += is_said && !is_true;
            missed += is_true && !is_said && globstars(patterns.list[i]) < 2;
        }
    }
    CHECK(held > patterns.count);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(missed, 0);
}

TEST(whole_segments_are_compared_as_brute_force_does) {
    static const char *const PARTS[] = {"a", "b", "*", "**"};
    static const char *const LETTERS[] = {"a", "b", "z"}; /* z: what no pattern names */
    all_texts(&patterns, PARTS, 4, 4);
    all_texts(&addresses, LETTERS, 3, 7);
    CHECK_EQ(patterns.count, 4 + 16 + 64 + 256);
    fill_reaches();
    compare_all();
}

TEST(stars_inside_segments_are_compared_as_brute_force_does) {
    static const char *const PARTS[] = {"a", "*", "**", "a*", "*a", "a*a", "*a*"};
    static const char *const LETTERS[] = {"", "a", "z", "aa", "az", "za", "aza", "zaz"};
    all_texts(&patterns, PARTS, 7, 3);
    all_texts(&addresses, LETTERS, 8, 4);
    fill_reaches(); /* empty segments stand in the middle, too: the matcher does not mind, and no pattern differs by it */
    compare_all();
}

/* All texts over three characters, up to a length: one segment each. */
static void all_segments(words *out, const char *characters, uint32_t most) {
    out->count = 0;
    memcpy(out->list[out->count++], "/", 2);
    for (uint32_t first = 0, len = 1; len <= most; len++) {
        const uint32_t last = out->count;
        for (uint32_t i = first; i < last; i++) {
            for (const char *c = characters; *c; c++) {
                const size_t at = strlen(out->list[i]);
                memcpy(out->list[out->count], out->list[i], at);
                out->list[out->count][at] = *c;
                out->list[out->count++][at + 1] = '\0';
            }
        }
        first = last;
    }
}

TEST(single_segments_are_compared_as_brute_force_does) {
    all_segments(&patterns, "ab*", 5);
    all_segments(&addresses, "abz", 7);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < patterns.count; i++) { /* "**" is another thing */
        if (strcmp(patterns.list[i], "/**") != 0) {
            memmove(patterns.list[kept++], patterns.list[i], TEXT_MAX);
        }
    }
    patterns.count = kept;
    CHECK(kept > 300 && kept <= PATTERNS_MAX && addresses.count < WORDS_MAX);
    fill_reaches();
    compare_all();
}

TEST(the_longest_patterns_are_compared) {
    static char outer[2 * CLASP_ADDRESS_SEGMENTS + 8], inner[3 * CLASP_ADDRESS_SEGMENTS + 8];
    char *o = outer, *n = inner;
    for (uint32_t i = 0; i < CLASP_ADDRESS_SEGMENTS; i++) {
        o += snprintf(o, 3, "/*");
        n += snprintf(n, 4, i % 2 ? "/**" : "/a");
    }
    CHECK_EQ(clasp_pattern_check(clasp_span_of(outer)), CLASP_OK);
    CHECK(covers(outer, outer));
    CHECK(!covers(outer, inner));
    CHECK(covers(inner, inner));
    CHECK(covers("/**", inner));
}

/* ---- scopes -------------------------------------------------------------------------------------------------- */

TEST(a_scope_is_an_action_and_a_pattern) {
    static const struct {
        const char *text;
        uint8_t rights; /* 0: refused … */
        clasp_err err;  /* … for this */
    } CASES[] = {
        {"read:/a/**", 1, CLASP_OK},     {"r:/", 1, CLASP_OK},
        {"write:/a", 3, CLASP_OK},       {"w:/a:b", 3, CLASP_OK},
        {"admin:/**", 7, CLASP_OK},      {"a:/**", 7, CLASP_OK},
        {"*:/**", 7, CLASP_OK},          {"", 0, CLASP_BAD_ENUM},
        {"read", 0, CLASP_BAD_ENUM},     {":/a", 0, CLASP_BAD_ENUM},
        {"Read:/a", 0, CLASP_BAD_ENUM},  {"reads:/a", 0, CLASP_BAD_ENUM},
        {"rw:/a", 0, CLASP_BAD_ENUM},    {"r :/a", 0, CLASP_BAD_ENUM},
        {"r:", 0, CLASP_BAD_PATTERN},    {"r:a", 0, CLASP_BAD_PATTERN},
        {"r: /a", 0, CLASP_BAD_PATTERN}, {"r:/a//b", 0, CLASP_BAD_PATTERN},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        CHECK_CONTEXT(CASES[i].text);
        clasp_scope scope = {{NULL, 0}, 0};
        CHECK_EQ(clasp_scope_parse(clasp_span_of(CASES[i].text), &scope), CASES[i].err);
        CHECK_EQ(scope.rights, CASES[i].rights);
    }
}

TEST(a_scope_has_a_longest_text) {
    static char text[CLASP_HUB_SCOPE_LEN + 2];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "r:/", 3);
    clasp_scope scope;
    CHECK_EQ(clasp_scope_parse(clasp_span_of(text), &scope), CLASP_TOO_LARGE);
    text[CLASP_HUB_SCOPE_LEN] = '\0';
    CHECK_EQ(clasp_scope_parse(clasp_span_of(text), &scope), CLASP_OK);
    CHECK_EQ(scope.pattern.len, CLASP_HUB_SCOPE_LEN - 2);
}

TEST(one_scope_has_to_give_the_right_on_all_of_it) {
    clasp_scope list[3];
    CHECK_EQ(clasp_scope_parse(clasp_span_of("r:/show/**"), &list[0]), CLASP_OK);
    CHECK_EQ(clasp_scope_parse(clasp_span_of("w:/show/*/level"), &list[1]), CLASP_OK);
    CHECK_EQ(clasp_scope_parse(clasp_span_of("a:/own"), &list[2]), CLASP_OK);
    const clasp_scopes scopes = {list, 3};
    static const struct {
        const char *pattern;
        uint8_t rights;
    } CASES[] = {
        {"/show", 1},
        {"/show/a/level", 3},
        {"/show/*/level", 3},
        {"/show/**/level", 1},
        {"/show/**", 1},
        {"/own", 7},
        {"/*", 0},
        {"/**", 0},
        {"/other", 0},
        {"", 0},
        {"show/**", 0},
        {"/show//a", 0},
        {"/own/", 0},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        CHECK_CONTEXT(CASES[i].pattern);
        for (uint8_t right = 1; right <= CLASP_SCOPE_ADMIN; right = (uint8_t)(right * 2)) {
            CHECK_EQ(clasp_scopes_cover(scopes, right, clasp_span_of(CASES[i].pattern)),
                     (CASES[i].rights & right) != 0);
        }
    }
    CHECK(!clasp_scopes_cover((clasp_scopes){NULL, 0}, CLASP_SCOPE_READ, clasp_span_of("/a")));
}

int main(void) {
    RUN(a_pattern_covers_what_lies_within_it);
    RUN(whole_segments_are_compared_as_brute_force_does);
    RUN(stars_inside_segments_are_compared_as_brute_force_does);
    RUN(single_segments_are_compared_as_brute_force_does);
    RUN(the_longest_patterns_are_compared);
    RUN(a_scope_is_an_action_and_a_pattern);
    RUN(a_scope_has_a_longest_text);
    RUN(one_scope_has_to_give_the_right_on_all_of_it);
    return check_summary();
}
