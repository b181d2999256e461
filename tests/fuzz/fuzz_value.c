/*
 * The first byte is a type code, the rest its data. What was checked is walked from the top by the functions that look
 * inside, written piece by piece, and has to give the same bytes.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "wire/value.h"

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

/* By recursion: a checked value is at most CLASP_VALUE_DEPTH deep. */
static void copy(clasp_writer *w, clasp_value value, unsigned depth) {
    const bool is_map = value.type == CLASP_VALUE_MAP;
    must(depth <= CLASP_VALUE_DEPTH);
    if (!is_map && value.type != CLASP_VALUE_ARRAY) {
        clasp_write_bytes(w, value.data);
        return;
    }
    clasp_write_u16(w, (uint16_t)clasp_value_count(value));
    clasp_reader r = clasp_value_items(value);
    for (uint32_t left = clasp_value_count(value); left > 0; left--) {
        clasp_value item;
        if (is_map) {
            const clasp_span key = clasp_value_next_entry(&r, &item);
            must(clasp_utf8_check(key) && clasp_value_get(value, key, &(clasp_value){{NULL, 0}, 0}));
            clasp_write_text(w, key);
        } else {
            item = clasp_value_next(&r);
        }
        clasp_write_u8(w, item.type);
        copy(w, item, depth + 1);
    }
    must(r.err == CLASP_OK && clasp_left(&r) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t bytes[1u << 17];
    if (size == 0 || size > sizeof bytes) {
        return 0;
    }
    clasp_reader r = clasp_reader_of((clasp_span){data + 1, (uint32_t)size - 1});
    const clasp_value value = clasp_read_value_data(&r, data[0]);
    if (r.err != CLASP_OK) {
        return 0;
    }
    double number;
    must(!clasp_value_number(value, &number) || value.data.len <= 8);
    must(clasp_utf8_check(clasp_value_text(value)));
    clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
    copy(&w, value, 0);
    must(w.err == CLASP_OK && clasp_span_equal(clasp_written(&w), value.data));
    return 0;
}
