/*
 * The input as a value in the wide form, as a WIDE record, and as a value in the narrow form. What was checked is walked by
 * recursion with a reader of its own, and its pieces have to give the same bytes; a narrow value has to check when widened.
 */
#include <stdlib.h>

#include "wire/wide.h"

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static clasp_span take_run(clasp_reader *r) {
    const uint32_t len = clasp_read_u32(r);
    return (clasp_span){clasp_take(r, len), len};
}

static void copy(clasp_writer *w, clasp_reader *r, unsigned depth, uint32_t *values);

static void copy_items(clasp_writer *w, clasp_reader *r, bool is_map, unsigned depth, uint32_t *values) {
    const uint32_t count = clasp_read_u32(r);
    clasp_write_u32(w, count);
    for (uint32_t i = 0; i < count; i++) {
        if (is_map) {
            const clasp_span key = take_run(r);
            must(r->err == CLASP_OK && clasp_utf8_check(key));
            clasp_write_u32(w, key.len);
            clasp_write_bytes(w, key);
        }
        copy(w, r, depth + 1, values);
    }
}

static void copy(clasp_writer *w, clasp_reader *r, unsigned depth, uint32_t *values) {
    static const uint8_t SIZES[] = {0, 1, 1, 2, 4, 8, 4, 8};
    const uint8_t type = clasp_read_u8(r);
    must(r->err == CLASP_OK && type <= CLASP_VALUE_MAP && ++*values <= CLASP_WIDE_VALUES);
    clasp_write_u8(w, type);
    if (type <= CLASP_VALUE_F64) {
        clasp_write_bytes(w, (clasp_span){clasp_take(r, SIZES[type]), SIZES[type]});
    } else if (type <= CLASP_VALUE_BYTES) {
        const clasp_span run = take_run(r);
        must(r->err == CLASP_OK && (type == CLASP_VALUE_BYTES || clasp_utf8_check(run)));
        clasp_write_u32(w, run.len);
        clasp_write_bytes(w, run);
    } else {
        must(depth < CLASP_VALUE_DEPTH);
        copy_items(w, r, type == CLASP_VALUE_MAP, depth, values);
    }
}

/* A value that was found to be good, with its type code. */
static void check_good(clasp_span bytes) {
    uint8_t *room = malloc(bytes.len);
    uint32_t values = 0;
    clasp_writer w = clasp_writer_of(room, bytes.len);
    clasp_reader r = clasp_reader_of(bytes);
    must(room != NULL);
    copy(&w, &r, 0, &values);
    must(r.err == CLASP_OK && clasp_left(&r) == 0);
    must(w.err == CLASP_OK && clasp_span_equal(clasp_written(&w), bytes));
    free(room);
}

static void check_record(clasp_span record) {
    clasp_wide wide;
    if (clasp_wide_decode(record, &wide) != CLASP_OK) {
        return;
    }
    must(wide.say < CLASP_WIDE_SAYS && clasp_utf8_check(wide.address));
    uint8_t *room = malloc(record.len);
    clasp_writer w = clasp_writer_of(room, record.len);
    clasp_write_wide_head(&w, wide.say, wide.address);
    clasp_write_value(&w, wide.value);
    must(w.err == CLASP_OK && clasp_span_equal(clasp_written(&w), record));
    free(room);
    check_good((clasp_span){wide.value.data.at - 1, wide.value.data.len + 1});
}

static void check_widened(clasp_span bytes) {
    clasp_reader r = clasp_reader_of(bytes);
    const clasp_value narrow = clasp_read_value(&r);
    if (r.err != CLASP_OK) {
        return;
    }
    const uint32_t most = 2 * (narrow.data.len + 1) + 4;
    uint8_t *room = malloc(most);
    clasp_writer w = clasp_writer_of(room, most);
    clasp_write_widened(&w, narrow);
    must(w.err == CLASP_OK && clasp_written(&w).len > narrow.data.len);
    clasp_value value;
    must(clasp_wide_check(clasp_written(&w), &value) == CLASP_OK && value.type == narrow.type);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const clasp_span bytes = {data, (uint32_t)size};
    clasp_value value;
    if (clasp_wide_check(bytes, &value) == CLASP_OK) {
        must(value.data.at == data + 1 && value.data.len == size - 1);
        check_good(bytes);
    }
    check_record(bytes);
    check_widened(bytes);
    return 0;
}
