/**
 * Speaking to a core in messages: encode what goes in, find and decode what comes out of an outbox.
 */
#ifndef CLASP_TESTS_TALK_H
#define CLASP_TESTS_TALK_H

#include "base/outbox.h"
#include "check.h"
#include "wire/message.h"

/** A message as one frame in an exactly sized heap block: given, free() its `at`. */
static inline clasp_span talk_frame(const clasp_message *message) {
    static uint8_t buffer[CLASP_FRAME_MAX];
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    clasp_frame_write(&w, message);
    CHECK_EQ(w.err, CLASP_OK);
    const clasp_span written = clasp_written(&w);
    uint8_t *block = malloc(written.len > 0 ? written.len : 1);
    if (!block) {
        return (clasp_span){NULL, 0};
    }
    memcpy(block, written.at, written.len);
    return (clasp_span){block, written.len};
}

/** The n-th effect of a kind (0: the first); NULL when there are not so many. */
static inline const clasp_effect *talk_effect(const clasp_outbox *out, clasp_effect_kind kind, uint32_t n) {
    for (uint32_t i = 0; i < out->count; i++) {
        if (out->effects[i].kind == (uint32_t)kind && n-- == 0) {
            return &out->effects[i];
        }
    }
    return NULL;
}

static inline uint32_t talk_count(const clasp_outbox *out, clasp_effect_kind kind) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        count += out->effects[i].kind == (uint32_t)kind;
    }
    return count;
}

/** True if a span holds this text. */
static inline bool talk_is(clasp_span span, const char *text) {
    return clasp_span_equal(span, clasp_span_of(text));
}

/** A value of type f64, good until the next call but seven. */
static inline clasp_value talk_number(double number) {
    static uint8_t storage[8][8];
    static unsigned next;
    return clasp_value_f64(number, storage[next++ % 8]);
}

#endif
