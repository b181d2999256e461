/** An application with the pipes of one peer: what they say waits in queues, one for each priority; what they raise is kept. */
#ifndef CLASP_TESTS_PIPE_BENCH_H
#define CLASP_TESTS_PIPE_BENCH_H

#include "check.h"
#include "peer/pipes.h"

#define QUEUE 2048u
#define EVENTS 256u
#define RECORD_MAX (CLASP_PIPE_HEAD_MAX + CLASP_PIPE_DATA)

typedef struct said {
    uint8_t *bytes;
    uint32_t len;
} said;

typedef struct raised {
    uint32_t pipe;
    clasp_pipe_event event;
    int32_t number;
    uint32_t len;
    uint8_t bytes[64]; /* the first of them */
} raised;

typedef struct pipe_app {
    clasp_pipes pipes;
    said queues[CLASP_PRIORITIES][QUEUE];
    uint32_t first[CLASP_PRIORITIES], count[CLASP_PRIORITIES];
    raised events[EVENTS]; /* the last ones */
    uint32_t event_count;
    uint32_t refuse_after; /* records that the host takes before it refuses one; UINT32_MAX: all */
} pipe_app;

static inline clasp_err app_say(void *context, clasp_priority priority, clasp_span head, clasp_span rest) {
    pipe_app *app = context;
    if (app->refuse_after == 0 || app->count[priority] == QUEUE) {
        return CLASP_NO_MEMORY;
    }
    app->refuse_after -= app->refuse_after != UINT32_MAX;
    said *slot = &app->queues[priority][(app->first[priority] + app->count[priority]++) % QUEUE];
    *slot = (said){malloc(head.len + rest.len), head.len + rest.len};
    memcpy(slot->bytes, head.at, head.len);
    if (rest.len > 0) {
        memcpy(slot->bytes + head.len, rest.at, rest.len);
    }
    CHECK(slot->len <= RECORD_MAX);
    return CLASP_OK;
}

static inline void app_raise(void *context, uint32_t pipe, clasp_pipe_event event, int32_t number,
                             clasp_span bytes) {
    pipe_app *app = context;
    raised *slot = &app->events[app->event_count++ % EVENTS];
    *slot = (raised){.pipe = pipe, .event = event, .number = number, .len = bytes.len};
    if (bytes.len > 0) {
        memcpy(slot->bytes, bytes.at, bytes.len < sizeof slot->bytes ? bytes.len : sizeof slot->bytes);
    }
}

/** Given: app_free(). */
static inline pipe_app *app_new(void) {
    pipe_app *app = calloc(1, sizeof *app);
    app->refuse_after = UINT32_MAX;
    const clasp_pipes_host host = {app, app_say, app_raise};
    clasp_pipes_init(&app->pipes, &host);
    return app;
}

/** The oldest record of a priority; its bytes are given: free(). */
static inline said app_take(pipe_app *app, unsigned priority) {
    if (app->count[priority] == 0) {
        return (said){NULL, 0};
    }
    app->count[priority]--;
    return app->queues[priority][app->first[priority]++ % QUEUE];
}

static inline uint32_t app_waiting(const pipe_app *app) {
    return app->count[0] + app->count[1] + app->count[2];
}

static inline void app_free(pipe_app *app) {
    for (unsigned p = 0; p < CLASP_PRIORITIES; p++) {
        for (said s = app_take(app, p); s.bytes; s = app_take(app, p)) {
            free(s.bytes);
        }
    }
    free(app);
}

/** Hand the oldest record of a priority to the other side. False: there is none. */
static inline bool pass_one(pipe_app *from, pipe_app *to, unsigned priority) {
    const said s = app_take(from, priority);
    if (!s.bytes) {
        return false;
    }
    CHECK_EQ(clasp_pipes_received(&to->pipes, (clasp_span){s.bytes, s.len}), CLASP_OK);
    free(s.bytes);
    return true;
}

/** Until neither side has anything to say. */
static inline void pass_all(pipe_app *a, pipe_app *b) {
    for (bool moved = true; moved;) {
        moved = false;
        for (unsigned p = 0; p < CLASP_PRIORITIES; p++) {
            moved |= pass_one(a, b, p);
            moved |= pass_one(b, a, p);
        }
    }
}

/** The event that was raised `back` events before the last one; of kind -1 when there is none. */
static inline raised event_of(const pipe_app *app, uint32_t back) {
    return back < app->event_count ? app->events[(app->event_count - 1 - back) % EVENTS]
                                   : (raised){.event = (clasp_pipe_event)-1};
}

static inline void check_event(const pipe_app *app, uint32_t back, clasp_pipe_event event, uint32_t pipe,
                               int32_t number) {
    const raised last = event_of(app, back);
    CHECK_EQ(last.event, event);
    CHECK_EQ(last.pipe, pipe);
    CHECK_EQ(last.number, number);
}

#endif
