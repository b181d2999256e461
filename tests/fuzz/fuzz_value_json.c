/*
 * The bytes as JSON text, and as a value. What is read is a value that checks; what can be written reads back as the same
 * bytes, or, where it came in with other number types, prints as the same text again.
 */
#include "json/value_json.h"

#include <stdlib.h>

#include "base/limits.h"

#define TEXT_MAX ((size_t)2 * CLASP_JSON_MAX_LEN) /* a text before what stood in is written out */
#define VALUE_MAX ((size_t)16 * CLASP_JSON_MAX_LEN)

static uint8_t values[2][VALUE_MAX];
static uint8_t texts[2][TEXT_MAX];

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static clasp_err read_text(clasp_span text, unsigned how, int side, clasp_span *out) {
    clasp_writer w = clasp_writer_of(values[side], VALUE_MAX);
    clasp_value_from_json(&w, text, how);
    *out = clasp_written(&w);
    must(w.err == CLASP_OK || out->len == 0);
    return w.err;
}

/* False when it is over the bounds of JSON. */
static bool write_text(clasp_value value, unsigned how, int side, clasp_span *out) {
    clasp_writer w = clasp_writer_of(texts[side], TEXT_MAX);
    clasp_value_to_json(&w, value, how);
    *out = clasp_written(&w);
    must(w.err == CLASP_OK || w.err == CLASP_TOO_DEEP || w.err == CLASP_TOO_LARGE);
    return w.err == CLASP_OK;
}

static clasp_value check_value(clasp_span bytes) {
    clasp_reader r = clasp_reader_of(bytes);
    const clasp_value value = clasp_read_value(&r);
    must(r.err == CLASP_OK && clasp_left(&r) == 0);
    return value;
}

static void as_text(clasp_span in, unsigned how) {
    clasp_span first;
    clasp_span second;
    clasp_span text;
    if (read_text(in, how, 0, &first) != CLASP_OK) {
        return;
    }
    if (write_text(check_value(first), CLASP_JSON_TYPED, 0, &text)) {
        must(read_text(text, 0, 1, &second) == CLASP_OK);
        must(clasp_span_equal(first, second));
    }
}

static void as_value(clasp_span in, unsigned how) {
    clasp_span first;
    clasp_span second;
    clasp_span bytes;
    clasp_reader r = clasp_reader_of(in);
    const clasp_value value = clasp_read_value(&r);
    if (r.err == CLASP_OK && write_text(value, how, 0, &first)) {
        must(read_text(first, CLASP_JSON_INTEGERS, 0, &bytes) == CLASP_OK);
        must(write_text(check_value(bytes), 0, 1, &second) || how == CLASP_JSON_TYPED);
        must(how == CLASP_JSON_TYPED || clasp_span_equal(first, second));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > CLASP_JSON_MAX_LEN) {
        return 0;
    }
    const clasp_span in = {data, (uint32_t)size};
    as_text(in, 0);
    as_text(in, CLASP_JSON_INTEGERS);
    as_value(in, 0);
    as_value(in, CLASP_JSON_TYPED);
    return 0;
}
