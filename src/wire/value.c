#include "wire/value.h"

#include "base/limits.h"
#include "wire/hot.h"

#define LEAST_ITEM 1u  /* bytes of the smallest array item: the type code of null */
#define LEAST_ENTRY 3u /* bytes of the smallest map entry: an empty key, null */

/* An array or map that was entered: what of it is still to come. */
typedef struct level {
    uint16_t left;
    bool is_map;
} level;

/* Read the count of an array or map. A count that the bytes left cannot hold is refused before anything is read. */
static level enter(clasp_reader *r, uint8_t type) {
    const bool is_map = type == CLASP_VALUE_MAP;
    const uint16_t count = clasp_read_u16(r);
    if (count > clasp_left(r) / (is_map ? LEAST_ENTRY : LEAST_ITEM)) {
        clasp_read_fail(r, CLASP_TRUNCATED);
    }
    return (level){count, is_map};
}

/* Step over the data of a value that is no array and no map. */
static void step_over(clasp_reader *r, uint8_t type) {
    if (type <= CLASP_VALUE_F64) {
        clasp_take(r, clasp_fixed_size(type));
    } else if (type == CLASP_VALUE_STRING) {
        clasp_take_text(r);
    } else if (type == CLASP_VALUE_BYTES) {
        clasp_take_sized(r);
    } else {
        clasp_read_fail(r, CLASP_BAD_VALUE_TYPE);
    }
}

/* Step over the data of any value, checking it. */
static clasp_reader walk(clasp_reader r, uint8_t type) {
    level levels[CLASP_VALUE_DEPTH];
    unsigned depth = 0;
    for (;;) {
        if (type != CLASP_VALUE_ARRAY && type != CLASP_VALUE_MAP) {
            step_over(&r, type);
        } else if (depth < CLASP_VALUE_DEPTH) {
            levels[depth++] = enter(&r, type);
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
            clasp_take_text(&r);
        }
        type = clasp_read_u8(&r);
    }
}

clasp_span clasp_read_text(clasp_reader *r) { return clasp_take_text(r); }

clasp_value clasp_read_value_data(clasp_reader *r, uint8_t type) {
    const uint8_t *start = r->at;
    *r = walk(*r, type);
    if (r->err != CLASP_OK) {
        return (clasp_value){{NULL, 0}, CLASP_VALUE_NULL};
    }
    return (clasp_value){{start, (uint32_t)(r->at - start)}, type};
}

clasp_value clasp_read_value(clasp_reader *r) {
    clasp_value value;
    clasp_take_value(r, &value);
    return value;
}

void clasp_write_value(clasp_writer *w, clasp_value value) { clasp_put_value(w, value); }

static double load_f32(const uint8_t *p) {
    const uint32_t bits = clasp_load_u32(p);
    float number;
    memcpy(&number, &bits, sizeof number);
    return (double)number;
}

bool clasp_value_number(clasp_value value, double *number) {
    const uint8_t *p = value.data.at;
    switch (value.type) {
    case CLASP_VALUE_I8:
        *number = (int8_t)p[0];
        return true;
    case CLASP_VALUE_I16:
        *number = (int16_t)clasp_load_u16(p);
        return true;
    case CLASP_VALUE_I32:
        *number = (int32_t)clasp_load_u32(p);
        return true;
    case CLASP_VALUE_I64:
        *number = (double)(int64_t)clasp_load_u64(p);
        return true;
    case CLASP_VALUE_F32:
        *number = load_f32(p);
        return true;
    case CLASP_VALUE_F64:
        *number = clasp_load_f64(p);
        return true;
    default:
        return false;
    }
}

clasp_value clasp_value_f64(double number, uint8_t storage[8]) {
    clasp_writer w = clasp_writer_of(storage, 8);
    clasp_write_f64(&w, number);
    return (clasp_value){{storage, 8}, CLASP_VALUE_F64};
}

uint32_t clasp_value_count(clasp_value value) {
    const bool has_items = value.type == CLASP_VALUE_ARRAY || value.type == CLASP_VALUE_MAP;
    return has_items ? clasp_load_u16(value.data.at) : 0;
}

clasp_reader clasp_value_items(clasp_value value) {
    clasp_reader r = clasp_reader_of(value.data);
    clasp_take(&r, 2); /* the count */
    return r;
}

clasp_value clasp_value_next(clasp_reader *r) { return clasp_read_value(r); }

clasp_span clasp_value_next_entry(clasp_reader *r, clasp_value *out) {
    const clasp_span key = clasp_take_sized(r);
    clasp_take_value(r, out);
    return key;
}

bool clasp_value_get(clasp_value map, clasp_span key, clasp_value *out) {
    if (map.type != CLASP_VALUE_MAP) {
        return false;
    }
    bool found = false;
    clasp_reader r = clasp_value_items(map);
    for (uint32_t left = clasp_value_count(map); left > 0; left--) {
        clasp_value value;
        if (clasp_span_equal(clasp_value_next_entry(&r, &value), key)) {
            *out = value;
            found = true;
        }
    }
    return found;
}

clasp_span clasp_value_text(clasp_value value) {
    if (value.type != CLASP_VALUE_STRING) {
        return (clasp_span){NULL, 0};
    }
    return (clasp_span){value.data.at + 2, value.data.len - 2};
}
