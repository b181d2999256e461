#include "route/path.h"

/* What a cut is made of, in place: it is made for each address that is new. */
#define INLINE static inline __attribute__((always_inline))

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define LOW_BITS (0x7F * EACH_BYTE)
#define HIGH_BITS (0x80 * EACH_BYTE)

/* The high bit of each byte that is `c`, and no other bit. */
INLINE uint64_t bytes_that_are(uint64_t word, uint8_t c) {
    const uint64_t x = word ^ c * EACH_BYTE;
    return ~(((x & LOW_BITS) + LOW_BITS) | x | LOW_BITS);
}

INLINE uint32_t hash_step(const uint8_t *at, uint32_t len, uint64_t tail, uint64_t seed) {
    uint64_t hash = seed ^ (uint64_t)len << 40;
    for (; len > 8; len -= 8, at += 8) {
        hash = clasp_hash_mix(hash, clasp_low_first_u64(at));
    }
    return clasp_hash_end(clasp_hash_mix(hash, tail));
}

/* The last bytes of [at, at + len); those from `base` on may be read. */
INLINE uint64_t tail_of(const uint8_t *base, const uint8_t *at, uint32_t len) {
    const uint8_t *end = at + len;
    if (len == 0) {
        return 0;
    }
    if (end - base < 8) {
        return clasp_low_first_short(at, len);
    }
    return clasp_low_first_u64(end - 8) >> 8 * (len < 8 ? 8 - len : 0);
}

INLINE clasp_step step_of(const uint8_t *base, const uint8_t *at, uint32_t len, uint64_t seed) {
    const uint64_t tail = tail_of(base, at, len);
    return (clasp_step){at, len, hash_step(at, len, tail, seed), tail};
}

clasp_step clasp_step_of(clasp_span segment, uint64_t seed) {
    return step_of(segment.at, segment.at, segment.len, seed);
}

/* Eight bytes of a text from `at` on, zeros behind its end. */
INLINE uint64_t word_at(clasp_span text, uint32_t at) {
    const uint32_t left = text.len - at;
    if (left >= 8) {
        return clasp_low_first_u64(text.at + at);
    }
    return text.len >= 8 ? clasp_low_first_u64(text.at + text.len - 8) >> 8 * (8 - left)
                         : clasp_low_first_short(text.at, text.len);
}

/* The high bits of eight bytes, side by side: that of the first byte is the lowest. */
INLINE uint64_t side_by_side(uint64_t high_bits) {
    return (high_bits >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

#define CHUNK 64u /* bytes that are looked at before they are cut: a bit for each */

/* What a chunk holds. */
typedef struct chunk {
    uint64_t slashes; /* the lowest bit is that of its first byte */
    uint64_t stars;   /* not 0: there are some */
    uint64_t seen;    /* all its words together */
} chunk;

INLINE chunk look_at(clasp_span text, uint32_t at) {
    const uint32_t end = text.len - at < CHUNK ? text.len : at + CHUNK;
    chunk c = {0, 0, 0};
    for (uint32_t i = at; i < end; i += 8) {
        const uint64_t word = word_at(text, i);
        c.seen |= word;
        c.stars |= bytes_that_are(word, '*');
        c.slashes |= side_by_side(bytes_that_are(word, '/')) << (i - at);
    }
    return c;
}

/* Where segments end in the chunk at `at`: at slashes, but for the first byte, and at the end of the text. */
INLINE uint64_t ends_in(uint64_t slashes, clasp_span text, uint32_t at) {
    const uint64_t ends = at == 0 ? slashes & ~UINT64_C(1) : slashes;
    const uint32_t left = text.len - at;
    return left < CHUNK ? ends | UINT64_C(1) << left : ends;
}

bool clasp_path_cut(clasp_path *path, clasp_span address, uint64_t seed) {
    if (address.len == 0 || address.len > CLASP_ADDRESS_MAX_LEN || address.at[0] != '/') {
        return false;
    }
    uint32_t count = 0;
    uint32_t start = 1; /* of the segment at hand */
    uint64_t seen = 0;
    for (uint32_t at = 0; at <= address.len; at += CHUNK) {
        const chunk c = look_at(address, at);
        seen |= c.seen;
        for (uint64_t ends = ends_in(c.slashes, address, at); ends != 0; ends &= ends - 1) {
            const uint32_t end = at + (uint32_t)__builtin_ctzll(ends);
            if ((end == start && end < address.len) || count == CLASP_ADDRESS_SEGMENTS) {
                return false; /* an empty segment that is not the last; one too many */
            }
            path->steps[count++] = step_of(address.at, address.at + start, end - start, seed);
            start = end + 1;
        }
        if (c.stars != 0) {
            return false;
        }
    }
    path->count = count;
    path->is_ascii = (seen & HIGH_BITS) == 0;
    return true;
}
