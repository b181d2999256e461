/**
 * Hashing and comparing texts a word at a time: what the look-up of an address spends its time with.
 */
#ifndef CLASP_ROUTE_HASH_H
#define CLASP_ROUTE_HASH_H

#include "base/bytes.h"

static inline uint64_t clasp_native_u64(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static inline uint64_t clasp_native_u32(const uint8_t *p) {
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Take in one word. The product of the two halves makes what a changed bit leads to depend on the seed, so texts that
 * collide under every seed cannot be written down. */
static inline uint64_t clasp_hash_mix(uint64_t hash, uint64_t word) {
    const uint64_t x = hash ^ word;
    const uint64_t sum = x * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)(uint32_t)x * (x >> 32);
    return sum << 32 | sum >> 32;
}

/* Fewer than eight bytes as one word. */
static inline uint64_t clasp_short_word(const uint8_t *at, uint32_t len) {
    if (len >= 4) {
        return clasp_native_u32(at) | clasp_native_u32(at + len - 4) << 32;
    }
    return len == 0 ? 0 : (uint64_t)at[0] | (uint64_t)at[len / 2] << 8 | (uint64_t)at[len - 1] << 16;
}

static inline uint32_t clasp_hash_end(uint64_t hash) {
    return (uint32_t)(((hash ^ hash >> 29) * UINT64_C(0xD6E8FEB86659FD93)) >> 32);
}

static inline uint32_t clasp_hash(uint64_t seed, clasp_span text) {
    const uint8_t *at = text.at;
    uint64_t hash = seed ^ (uint64_t)text.len << 40;
    for (uint32_t left = text.len; left > 8; left -= 8, at += 8) {
        hash = clasp_hash_mix(hash, clasp_native_u64(at));
    }
    /* The last word overlaps the one before. */
    hash = clasp_hash_mix(hash, text.len >= 8 ? clasp_native_u64(text.at + text.len - 8)
                                              : clasp_short_word(text.at, text.len));
    return clasp_hash_end(hash);
}

/* Eight bytes, the first one lowest whatever the machine: compilers make one load of this. */
static inline uint64_t clasp_low_first_u64(const uint8_t *p) {
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++) {
        word |= (uint64_t)p[i] << 8 * i;
    }
    return word;
}

static inline uint64_t clasp_low_first_u32(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The same of fewer than eight bytes, zeros above them. Parts overlap where they agree. */
static inline uint64_t clasp_low_first_short(const uint8_t *p, uint32_t len) {
    if (len >= 4) {
        return clasp_low_first_u32(p) | clasp_low_first_u32(p + len - 4) << 8 * (len - 4);
    }
    return len == 0 ? 0
                    : p[0] | (uint32_t)p[len / 2] << 8 * (len / 2) | (uint32_t)p[len - 1] << 8 * (len - 1);
}

/* True if `a` and `b` begin with the same `len` bytes. */
static inline bool clasp_same_bytes(const uint8_t *a, const uint8_t *b, uint32_t len) {
    if (len < 8) {
        return clasp_short_word(a, len) == clasp_short_word(b, len);
    }
    for (uint32_t i = 0; i < len - 8; i += 8) {
        if (clasp_native_u64(a + i) != clasp_native_u64(b + i)) {
            return false;
        }
    }
    return clasp_native_u64(a + len - 8) == clasp_native_u64(b + len - 8);
}

#endif
