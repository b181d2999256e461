/**
 * Stepping over a value, checking it: once for both forms, whose counts and lengths are u16 (docs/wire.md, section 2) or
 * u32 (section 16). The form is a constant where it is used, so that each gets code of its own. For src/wire/ only.
 */
#ifndef CLASP_WIRE_WALK_H
#define CLASP_WIRE_WALK_H

#include "base/limits.h"
#include "wire/hot.h"

#define CLASP_WALK static inline __attribute__((always_inline))

/* An array or map that was entered: what of it is still to come. */
typedef struct clasp_walk_level {
    uint32_t left;
    bool is_map;
} clasp_walk_level;

CLASP_WALK uint32_t clasp_take_count(clasp_reader *r, bool is_wide) {
    return is_wide ? clasp_read_u32(r) : clasp_read_u16(r);
}

CLASP_WALK void clasp_step_over_run(clasp_reader *r, bool is_wide, bool is_text) {
    const uint32_t len = clasp_take_count(r, is_wide);
    const uint8_t *p = clasp_take(r, len);
    if (p && is_text && !clasp_utf8_fits(p, len)) {
        clasp_read_fail(r, CLASP_BAD_UTF8);
    }
}

/* Read the count of an array or map. A count that the bytes left cannot hold is refused before anything is read: the smallest
 * item is the type code of null, the smallest entry an empty key and null. */
CLASP_WALK clasp_walk_level clasp_walk_enter(clasp_reader *r, uint8_t type, bool is_wide) {
    const bool is_map = type == CLASP_VALUE_MAP;
    const size_t least = is_map ? (is_wide ? 5 : 3) : 1;
    const uint32_t count = clasp_take_count(r, is_wide);
    if (count > clasp_left(r) / least) {
        clasp_read_fail(r, CLASP_TRUNCATED);
    }
    return (clasp_walk_level){count, is_map};
}

/* Step over the data of a value that is no array and no map. */
CLASP_WALK void clasp_walk_leaf(clasp_reader *r, uint8_t type, bool is_wide) {
    if (type <= CLASP_VALUE_F64) {
        clasp_take(r, clasp_fixed_size(type));
    } else if (type == CLASP_VALUE_STRING || type == CLASP_VALUE_BYTES) {
        clasp_step_over_run(r, is_wide, type == CLASP_VALUE_STRING);
    } else {
        clasp_read_fail(r, CLASP_BAD_VALUE_TYPE);
    }
}

/* Step over the data of any value of at most `most` values: TOO_LARGE if there are more. */
CLASP_WALK clasp_reader clasp_walk(clasp_reader r, uint8_t type, bool is_wide, uint32_t most) {
    clasp_walk_level levels[CLASP_VALUE_DEPTH];
    unsigned depth = 0;
    for (uint32_t values = 1;; values++) {
        if (values > most) {
            clasp_read_fail(&r, CLASP_TOO_LARGE);
        } else if (type != CLASP_VALUE_ARRAY && type != CLASP_VALUE_MAP) {
            clasp_walk_leaf(&r, type, is_wide);
        } else if (depth < CLASP_VALUE_DEPTH) {
            levels[depth++] = clasp_walk_enter(&r, type, is_wide);
        } else {
            clasp_read_fail(&r, CLASP_TOO_DEEP);
        }
        while (depth > 0 && levels[depth - 1].left == 0) {
            depth--;
        }
        if (depth == 0 || r.err != CLASP_OK) {
            return r;
        }
        levels[depth - 1].left--;
        if (levels[depth - 1].is_map) {
            clasp_step_over_run(&r, is_wide, true);
        }
        type = clasp_read_u8(&r);
    }
}

/* Read the data of a value: what the walk stepped over. */
CLASP_WALK clasp_value clasp_walk_data(clasp_reader *r, uint8_t type, bool is_wide, uint32_t most) {
    const uint8_t *start = r->at;
    *r = clasp_walk(*r, type, is_wide, most);
    if (r->err != CLASP_OK) {
        return (clasp_value){{NULL, 0}, CLASP_VALUE_NULL};
    }
    return (clasp_value){{start, (uint32_t)(r->at - start)}, type};
}

#endif
