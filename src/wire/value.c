#include "wire/value.h"

#include "wire/walk.h"

clasp_span clasp_read_text(clasp_reader *r) { return clasp_take_text(r); }

clasp_value clasp_read_value_data(clasp_reader *r, uint8_t type) {
    return clasp_walk_data(r, type, false, UINT32_MAX);
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
