/** Frames that wait for a session to open, in order; bounded in bytes and age. For src/session/ only. */
#ifndef CLASP_SESSION_QUEUE_H
#define CLASP_SESSION_QUEUE_H

#include "base/bytes.h"

typedef struct clasp_queued {
    struct clasp_queued *next;
    uint64_t queued_us;
    uint32_t len;
    uint8_t bytes[];
} clasp_queued;

/** Zero-initialised: empty. End with clasp_queue_clear(). */
typedef struct clasp_queue {
    clasp_queued *first, *last;
    size_t bytes; /* with the book-keeping */
} clasp_queue;

/** Append a copy of a frame. @return CLASP_OK, CLASP_QUEUE_FULL, CLASP_NO_MEMORY */
clasp_err clasp_queue_push(clasp_queue *queue, clasp_span frame, uint64_t now_us);

/** Drop the first frame. */
void clasp_queue_drop(clasp_queue *queue);

/** Drop what has waited for too long. */
void clasp_queue_expire(clasp_queue *queue, uint64_t now_us);

void clasp_queue_clear(clasp_queue *queue);

#endif
