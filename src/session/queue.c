#include "session/queue.h"

#include <stdlib.h>

#include "base/limits.h"

void clasp_queue_drop(clasp_queue *queue) {
    clasp_queued *first = queue->first;
    queue->first = first->next;
    if (!queue->first) {
        queue->last = NULL;
    }
    queue->bytes -= sizeof *first + first->len;
    free(first);
}

void clasp_queue_expire(clasp_queue *queue, uint64_t now_us) {
    while (queue->first && now_us > queue->first->queued_us + CLASP_SESSION_QUEUE_AGE_US) {
        clasp_queue_drop(queue);
    }
}

void clasp_queue_clear(clasp_queue *queue) {
    while (queue->first) {
        clasp_queue_drop(queue);
    }
}

clasp_err clasp_queue_push(clasp_queue *queue, clasp_span frame, uint64_t now_us) {
    clasp_queue_expire(queue, now_us);
    clasp_queued *item;
    const size_t size = sizeof *item + frame.len;
    if (queue->bytes + size > CLASP_SESSION_QUEUE_BYTES) {
        return CLASP_QUEUE_FULL;
    }
    item = malloc(size);
    if (!item) {
        return CLASP_NO_MEMORY;
    }
    *item = (clasp_queued){.queued_us = now_us, .len = frame.len};
    memcpy(item->bytes, frame.at, frame.len);
    *(queue->last ? &queue->last->next : &queue->first) = item;
    queue->last = item;
    queue->bytes += size;
    return CLASP_OK;
}
