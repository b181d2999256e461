/**
 * The test macros. One binary per module:
 *
 *     TEST(a_prefix_asks_for_more) {
 *         CHECK_EQ(clasp_frame_decode(…), CLASP_MORE);
 *     }
 *
 *     int main(void) {
 *         RUN(a_prefix_asks_for_more);
 *         return check_summary();
 *     }
 *
 * A failing check prints its place and goes on; a test that made no check has failed. The last line of every binary
 * is `N passed, N failed`, counted in tests.
 */
#ifndef CLASP_TESTS_CHECK_H
#define CLASP_TESTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_MAX_REPORTS 20u /* failing checks printed per test; the rest are only counted */

typedef struct check_counts {
    unsigned passed, failed;  /* tests */
    unsigned checks, refused; /* checks of the running test, and those that did not hold */
    const char *context;      /* the row of a table under test; NULL when there is none */
} check_counts;

/* One for all files of a binary: what a helper refuses counts, too. */
__attribute__((weak)) check_counts check_now;

static inline bool check_result(bool holds, const char *file, int line, const char *claim) {
    check_now.checks++;
    if (holds) {
        return true;
    }
    if (++check_now.refused <= CHECK_MAX_REPORTS) {
        printf("%s:%d: %s%s%s%s\n", file, line, claim, check_now.context ? "  [" : "",
               check_now.context ? check_now.context : "", check_now.context ? "]" : "");
    }
    return false;
}

static inline bool check_equal(long long a, long long b, const char *file, int line, const char *claim) {
    const bool holds = check_result(a == b, file, line, claim);
    if (!holds && check_now.refused <= CHECK_MAX_REPORTS) {
        printf("    %lld, not %lld\n", a, b);
    }
    return holds;
}

static inline bool check_equal_bytes(const void *a, size_t a_len, const void *b, size_t b_len,
                                     const char *file, int line, const char *claim) {
    const bool holds = a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
    if (!check_result(holds, file, line, claim) && check_now.refused <= CHECK_MAX_REPORTS) {
        const unsigned char *sides[2] = {(const unsigned char *)a, (const unsigned char *)b};
        const size_t lens[2] = {a_len, b_len};
        for (int side = 0; side < 2; side++) {
            printf("    %s (%zu)", side == 0 ? "is " : "not", lens[side]);
            for (size_t i = 0; i < lens[side] && i < 48; i++) {
                printf(" %02x", sides[side][i]);
            }
            printf("%s\n", lens[side] > 48 ? " …" : "");
        }
    }
    return holds;
}

/** Each returns whether it held, so that a test can stop where going on has no meaning: `if (!CHECK(p)) return;` */
#define CHECK(cond) check_result((cond) ? true : false, __FILE__, __LINE__, #cond)
/** Integers, enums and booleans, up to the range of long long; prints both when they differ. */
#define CHECK_EQ(a, b) check_equal((long long)(a), (long long)(b), __FILE__, __LINE__, #a " == " #b)
/** Two runs of bytes; prints both in hex when they differ. */
#define CHECK_BYTES(a, a_len, b, b_len) \
    check_equal_bytes((a), (a_len), (b), (b_len), __FILE__, __LINE__, #a " == " #b)
/** Two C strings. */
#define CHECK_TEXT(a, b) check_equal_bytes((a), strlen(a), (b), strlen(b), __FILE__, __LINE__, #a " == " #b)
/** Name the row under test: printed with every failing check until the next name, or the end of the test. */
#define CHECK_CONTEXT(text) (check_now.context = (text))

/** A test: its name is the claim. */
#define TEST(name) static void name(void)
#define RUN(name) check_run(name, #name)

static inline void check_run(void (*test)(void), const char *name) {
    check_now.checks = check_now.refused = 0;
    check_now.context = NULL;
    test();
    const bool passed = check_now.refused == 0 && check_now.checks > 0;
    if (passed) {
        check_now.passed++;
        return;
    }
    check_now.failed++;
    if (check_now.checks == 0) {
        printf("FAILED %s: made no check\n", name);
    } else {
        printf("FAILED %s: %u of %u checks\n", name, check_now.refused, check_now.checks);
    }
    fflush(stdout); /* a sanitizer that ends the process must not take these lines with it */
}

/** Last statement of main: `return check_summary();` 1 when a test failed, or none ran. */
static inline int check_summary(void) {
    printf("%u passed, %u failed\n", check_now.passed, check_now.failed);
    return check_now.failed > 0 || check_now.passed == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
