#include "wire/hot.h"

#define WORD 8u

static inline bool is_tail(uint8_t byte) { return (byte & 0xC0) == 0x80; }

/* Length of the well-formed sequence at `p` that is not ASCII; 0 if there is none. The first two bytes together tell
 * overlong forms (E0 80.., F0 80..), surrogates (ED A0..) and what is above U+10FFFF (F4 90..). */
static inline size_t sequence(const uint8_t *p, size_t left) {
    if (left < 2 || !is_tail(p[1])) {
        return 0;
    }
    const unsigned lead = clasp_load_u16(p);
    if (lead < 0xE000) {
        return lead >= 0xC200 ? 2 : 0;
    }
    if (left < 3 || !is_tail(p[2])) {
        return 0;
    }
    if (lead < 0xF000) {
        return lead >= 0xE0A0 && (lead < 0xEDA0 || lead >= 0xEE00) ? 3 : 0;
    }
    return left >= 4 && is_tail(p[3]) && lead >= 0xF090 && lead < 0xF490 ? 4 : 0;
}

bool clasp_utf8_check_slow(const uint8_t *p, size_t len) {
    const uint8_t *end = p + len;
    while (p < end) {
        const size_t left = (size_t)(end - p);
        if (*p < 0x80) {
            p += left >= WORD && !clasp_has_high_bit(p, WORD) ? WORD : 1;
            continue;
        }
        const size_t step = sequence(p, left);
        if (step == 0) {
            return false;
        }
        p += step;
    }
    return true;
}

bool clasp_utf8_check(clasp_span text) { return clasp_utf8_fits(text.at, text.len); }
