/*
 * A payload, or a frame with one. What is taken decodes as a binary payload and can be sent on; scratch of exactly its size is
 * enough for it, and one byte less is refused.
 */
#include "wire/legacy.h"

#include <stdlib.h>

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_scratch(clasp_span payload, clasp_span binary) {
    uint8_t *scratch = malloc(binary.len);
    must(scratch != NULL);
    clasp_writer w = clasp_writer_of(scratch, binary.len);
    must(clasp_legacy_transcode(payload, &w) == CLASP_OK && clasp_span_equal(clasp_written(&w), binary));
    w = clasp_writer_of(scratch, binary.len - 1);
    must(clasp_legacy_transcode(payload, &w) == CLASP_TOO_LARGE);
    free(scratch);
}

static bool is_refusal(clasp_err err) {
    return err == CLASP_BAD_LEGACY || err == CLASP_BAD_UTF8 || err == CLASP_TOO_DEEP ||
           err == CLASP_TOO_LARGE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t scratch[CLASP_FRAME_PAYLOAD_MAX];
    static uint8_t bytes[CLASP_FRAME_MAX];
    clasp_frame frame = {.payload = {data, (uint32_t)size}};
    clasp_frame_decode(frame.payload, &frame, NULL);
    const clasp_span payload = frame.payload;
    clasp_writer w = clasp_writer_of(scratch, sizeof scratch);
    const clasp_err err = clasp_legacy_transcode(payload, &w);
    if (err != CLASP_OK) {
        must(is_refusal(err));
        return 0;
    }
    clasp_message message;
    must(clasp_message_decode(clasp_written(&w), &message) == CLASP_OK);
    clasp_writer out = clasp_writer_of(bytes, sizeof bytes);
    clasp_frame_write(&out, &message);
    must(out.err == CLASP_OK);
    check_scratch(payload, clasp_written(&w));
    return 0;
}
