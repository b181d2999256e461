#include "codec/shapes.h"

/* The shape of a map of up to CLASP_SHAPE_KEYS entries; false: its keys are too long. */
static bool read_shape(clasp_value map, clasp_shape *out) {
    clasp_writer w = clasp_writer_of(out->bytes, sizeof out->bytes);
    clasp_reader r = clasp_value_items(map);
    out->count = (uint8_t)clasp_value_count(map);
    for (uint32_t n = 0; n < out->count; n++) {
        clasp_value value;
        clasp_write_text(&w, clasp_value_next_entry(&r, &value));
        out->at[n + 1] = (uint8_t)clasp_written(&w).len;
    }
    return w.err == CLASP_OK;
}

void clasp_shapes_note(clasp_shapes *shapes, clasp_span data) {
    const uint32_t count = clasp_load_u16(data.at);
    clasp_guess *guess = clasp_shapes_guess(shapes, data.at + 2, count);
    if (guess->hits == CLASP_SHAPE_HITS || ++guess->hits < CLASP_SHAPE_HITS) {
        return; /* each guess is made once */
    }
    clasp_shape shape = {0};
    if (shapes->count < CLASP_SHAPES && read_shape((clasp_value){data, CLASP_VALUE_MAP}, &shape)) {
        shapes->shapes[shapes->count++] = shape;
        guess->shape = (uint8_t)shapes->count;
    }
}
