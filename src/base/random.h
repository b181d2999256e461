/**
 * A seeded generator: xoshiro256** behind splitmix64. Same seed, same numbers. Not for secrets: whoever sees enough of
 * its output can compute the rest.
 */
#ifndef CLASP_BASE_RANDOM_H
#define CLASP_BASE_RANDOM_H

#include <stdint.h>

#define CLASP_UUID_LEN 36u /* characters, without the terminator */

typedef struct clasp_random {
    uint64_t s[4]; /* never all zero once seeded */
} clasp_random;

/* splitmix64: spreads a counter over all 64 bits. */
static inline uint64_t clasp_random_spread(uint64_t *counter) {
    uint64_t z = (*counter += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/** Seed with 128 bits. */
static inline void clasp_random_seed2(clasp_random *r, uint64_t a, uint64_t b) {
    r->s[0] = clasp_random_spread(&a);
    r->s[1] = clasp_random_spread(&b);
    r->s[2] = clasp_random_spread(&a);
    r->s[3] = clasp_random_spread(&b) | 1u;
}

/** Seed with 64 bits; every value is a good seed. */
static inline void clasp_random_seed(clasp_random *r, uint64_t seed) { clasp_random_seed2(r, seed, ~seed); }

static inline uint64_t clasp_random_rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

/** The next 64 bits. */
static inline uint64_t clasp_random_next(clasp_random *r) {
    uint64_t *s = r->s;
    const uint64_t result = clasp_random_rotate(s[1] * 5, 7) * 9;
    const uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = clasp_random_rotate(s[3], 45);
    return result;
}

/** A number from 0 to n - 1, each as likely as the others; 0 when `n` is 0. */
static inline uint32_t clasp_random_below(clasp_random *r, uint32_t n) {
    if (n == 0) {
        return 0;
    }
    const uint32_t surplus = (uint32_t)(-n) % n; /* products below it would favour small numbers */
    uint64_t product;
    do {
        product = (clasp_random_next(r) >> 32) * n;
    } while ((uint32_t)product < surplus);
    return (uint32_t)(product >> 32);
}

/** The version 4 UUID of 128 random bits, as lower-case text with its terminator. */
static inline void clasp_uuid_text(uint64_t high, uint64_t low, char out[CLASP_UUID_LEN + 1]) {
    static const char DIGITS[] = "0123456789abcdef";
    uint64_t half[2] = {high, low};
    half[0] = (half[0] & ~UINT64_C(0xf000)) | UINT64_C(0x4000);     /* version 4 */
    half[1] = (half[1] & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63; /* variant 10 */
    char *at = out;
    for (unsigned digit = 0; digit < 32; digit++) {
        if (digit == 8 || digit == 12 || digit == 16 || digit == 20) {
            *at++ = '-';
        }
        *at++ = DIGITS[half[digit / 16] >> (60 - digit % 16 * 4) & 0xF];
    }
    *at = '\0';
}

/** A version 4 UUID of the generator's numbers: unique, but no secret. */
static inline void clasp_random_uuid(clasp_random *r, char out[CLASP_UUID_LEN + 1]) {
    const uint64_t high = clasp_random_next(r);
    const uint64_t low = clasp_random_next(r);
    clasp_uuid_text(high, low, out);
}

#endif
