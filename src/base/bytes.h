/**
 * Bounded reader and writer with a sticky error: straight-line code checks once, at its end.
 * All integers are big-endian, as on the wire.
 */
#ifndef CLASP_BASE_BYTES_H
#define CLASP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

/** Bytes somewhere else. Borrowed or lent as the function that hands it out says. `at` may be NULL when `len` is 0. */
typedef struct clasp_span {
    const uint8_t *at;
    uint32_t len; /* bytes */
} clasp_span;

/** A span of a C string, without its terminator. */
static inline clasp_span clasp_span_of(const char *text) {
    return (clasp_span){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static inline bool clasp_span_equal(clasp_span a, clasp_span b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

typedef struct clasp_reader {
    const uint8_t *at;
    const uint8_t *end;
    clasp_err err; /* CLASP_OK until the first failure, which stays */
} clasp_reader;

static inline clasp_reader clasp_reader_of(clasp_span bytes) {
    return (clasp_reader){bytes.at, bytes.at ? bytes.at + bytes.len : bytes.at, CLASP_OK};
}

static inline size_t clasp_left(const clasp_reader *r) { return (size_t)(r->end - r->at); }

/** Make the reader fail: the first failure stays, and nothing is left to read. */
static inline void clasp_read_fail(clasp_reader *r, clasp_err err) {
    r->err = r->err == CLASP_OK ? err : r->err;
    r->at = r->end;
}

/** Step over `count` bytes; NULL, and TRUNCATED that sticks, if fewer are left. (0 bytes are always there.) */
static inline const uint8_t *clasp_take(clasp_reader *r, size_t count) {
    if (clasp_left(r) < count) {
        clasp_read_fail(r, CLASP_TRUNCATED);
        return NULL;
    }
    const uint8_t *p = r->at;
    r->at += count;
    return p;
}

static inline uint16_t clasp_load_u16(const uint8_t *p) { return (uint16_t)((unsigned)p[0] << 8 | p[1]); }

static inline uint32_t clasp_load_u32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t clasp_load_u64(const uint8_t *p) {
    return (uint64_t)clasp_load_u32(p) << 32 | clasp_load_u32(p + 4);
}

static inline double clasp_load_f64(const uint8_t *p) {
    const uint64_t bits = clasp_load_u64(p);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static inline uint8_t clasp_read_u8(clasp_reader *r) {
    const uint8_t *p = clasp_take(r, 1);
    return p ? p[0] : 0;
}

static inline uint16_t clasp_read_u16(clasp_reader *r) {
    const uint8_t *p = clasp_take(r, 2);
    return p ? clasp_load_u16(p) : 0;
}

static inline uint32_t clasp_read_u32(clasp_reader *r) {
    const uint8_t *p = clasp_take(r, 4);
    return p ? clasp_load_u32(p) : 0;
}

static inline uint64_t clasp_read_u64(clasp_reader *r) {
    const uint8_t *p = clasp_take(r, 8);
    return p ? clasp_load_u64(p) : 0;
}

static inline double clasp_read_f64(clasp_reader *r) {
    const uint8_t *p = clasp_take(r, 8);
    return p ? clasp_load_f64(p) : 0;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

typedef struct clasp_writer {
    uint8_t *start; /* borrowed */
    uint8_t *at;
    uint8_t *end;
    clasp_err err; /* CLASP_OK until the first failure, which stays */
} clasp_writer;

static inline clasp_writer clasp_writer_of(uint8_t *buffer, size_t cap) {
    return (clasp_writer){buffer, buffer, buffer ? buffer + cap : buffer, CLASP_OK};
}

/** Make the writer fail; the first failure stays. */
static inline void clasp_write_fail(clasp_writer *w, clasp_err err) {
    w->err = w->err == CLASP_OK ? err : w->err;
}

/** What was written so far; lent by the buffer's owner. */
static inline clasp_span clasp_written(const clasp_writer *w) {
    return (clasp_span){w->start, (uint32_t)(w->at - w->start)};
}

/** Room for `count` bytes; NULL, and TOO_LARGE that sticks, if the buffer is too small. */
static inline uint8_t *clasp_room(clasp_writer *w, size_t count) {
    if (w->err != CLASP_OK || (size_t)(w->end - w->at) < count) {
        clasp_write_fail(w, CLASP_TOO_LARGE);
        return NULL;
    }
    uint8_t *p = w->at;
    w->at += count;
    return p;
}

static inline void clasp_store_u16(uint8_t *p, uint16_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void clasp_store_u32(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static inline void clasp_store_u64(uint8_t *p, uint64_t v) {
    clasp_store_u32(p, (uint32_t)(v >> 32));
    clasp_store_u32(p + 4, (uint32_t)v);
}

static inline void clasp_write_u8(clasp_writer *w, uint8_t v) {
    uint8_t *p = clasp_room(w, 1);
    if (p) {
        p[0] = v;
    }
}

static inline void clasp_write_u16(clasp_writer *w, uint16_t v) {
    uint8_t *p = clasp_room(w, 2);
    if (p) {
        clasp_store_u16(p, v);
    }
}

static inline void clasp_write_u32(clasp_writer *w, uint32_t v) {
    uint8_t *p = clasp_room(w, 4);
    if (p) {
        clasp_store_u32(p, v);
    }
}

static inline void clasp_write_u64(clasp_writer *w, uint64_t v) {
    uint8_t *p = clasp_room(w, 8);
    if (p) {
        clasp_store_u64(p, v);
    }
}

static inline void clasp_write_f64(clasp_writer *w, double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    clasp_write_u64(w, number != number ? UINT64_C(0x7ff8000000000000) : bits); /* one NaN on the wire */
}

/** Copy bytes that do not overlap. Few of them, as in most fields, go by words without a call; the last word overlaps the one
 *  before. */
static inline void clasp_copy(uint8_t *to, const uint8_t *from, size_t len) {
    if (len > 96) {
        memcpy(to, from, len);
    } else if (len >= 8) {
        for (size_t i = 0; i < len - 8; i += 8) {
            memcpy(to + i, from + i, 8);
        }
        memcpy(to + len - 8, from + len - 8, 8);
    } else {
        for (size_t i = 0; i < len; i++) {
            to[i] = from[i];
        }
    }
}

static inline void clasp_write_bytes(clasp_writer *w, clasp_span bytes) {
    uint8_t *p = clasp_room(w, bytes.len);
    if (p && bytes.len > 0) {
        clasp_copy(p, bytes.at, bytes.len);
    }
}

/** A string field: u16 length, then the bytes. Over 65,535 bytes: TOO_LARGE. */
static inline void clasp_write_text(clasp_writer *w, clasp_span text) {
    if (text.len > UINT16_MAX) {
        clasp_write_fail(w, CLASP_TOO_LARGE);
    }
    clasp_write_u16(w, (uint16_t)text.len);
    clasp_write_bytes(w, text);
}

#endif
