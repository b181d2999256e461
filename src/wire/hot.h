/**
 * What the hot path reads and writes with, inlined so that reader and writer stay in registers. For src/wire/ only.
 */
#ifndef CLASP_WIRE_HOT_H
#define CLASP_WIRE_HOT_H

#include "wire/value.h"

/* True if one of `len` bytes is not ASCII. Whole words, the last one overlapping the one before: no byte loop. */
static inline bool clasp_has_high_bit(const uint8_t *p, size_t len) {
    if (len >= 8) {
        uint64_t seen;
        memcpy(&seen, p + len - 8, 8);
        for (size_t i = 0; i + 8 < len; i += 8) {
            uint64_t word;
            memcpy(&word, p + i, 8);
            seen |= word;
        }
        return (seen & UINT64_C(0x8080808080808080)) != 0;
    }
    if (len >= 4) {
        uint32_t first;
        uint32_t last;
        memcpy(&first, p, 4);
        memcpy(&last, p + len - 4, 4);
        return ((first | last) & 0x80808080u) != 0;
    }
    return len > 0 && ((p[0] | p[len / 2] | p[len - 1]) & 0x80) != 0;
}

/* UTF-8 that is not all ASCII, sequence by sequence. */
bool clasp_utf8_check_slow(const uint8_t *p, size_t len);

static inline bool clasp_utf8_fits(const uint8_t *p, size_t len) {
    return !clasp_has_high_bit(p, len) || clasp_utf8_check_slow(p, len);
}

/* A u16 length and that many bytes, of a string or bytes, unchecked. Empty when the reader fails. */
static inline clasp_span clasp_take_sized(clasp_reader *r) {
    const uint32_t len = clasp_read_u16(r);
    const uint8_t *p = clasp_take(r, len);
    return (clasp_span){p, p ? len : 0};
}

static inline clasp_span clasp_take_text(clasp_reader *r) {
    const clasp_span text = clasp_take_sized(r);
    if (!clasp_utf8_fits(text.at, text.len)) {
        clasp_read_fail(r, CLASP_BAD_UTF8);
    }
    return text;
}

/* Bytes of the data of the types of fixed size, null to f64: one nibble for each. */
static inline uint32_t clasp_fixed_size(uint8_t type) { return 0x84842110u >> 4 * type & 0xFu; }

/* Data of a value: what has a fixed size here, the rest by a call. */
static inline void clasp_take_value_data(clasp_reader *r, uint8_t type, clasp_value *out) {
    if (type <= CLASP_VALUE_F64) {
        out->data.len = clasp_fixed_size(type);
        out->data.at = clasp_take(r, out->data.len);
        out->type = type;
        return;
    }
    clasp_reader rest = *r; /* a copy: the caller's stays in registers */
    *out = clasp_read_value_data(&rest, type);
    *r = rest;
}

static inline void clasp_take_value(clasp_reader *r, clasp_value *out) {
    const uint8_t type = clasp_read_u8(r);
    clasp_take_value_data(r, type, out);
}

static inline void clasp_put_value(clasp_writer *w, clasp_value value) {
    if (value.type > CLASP_VALUE_MAP) {
        clasp_write_fail(w, CLASP_BAD_VALUE_TYPE);
    }
    clasp_write_u8(w, value.type);
    clasp_write_bytes(w, value.data);
}

#endif
