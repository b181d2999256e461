/*
 * Two applications with pipes to each other, over queues whose priorities overtake one another. The input is a row of steps: open,
 * write, end, consume, abort, pass a record on, refuse the next record for want of memory. As long as both are honest every record is taken, all
 * bytes arrive once and in order, no more than a window of them waits, and nobody is stuck. If the first byte says so, records
 * of the input's own making are handed in as well; then each side keeps to its bounds, whatever comes.
 */
#include <stdlib.h>

#include "peer/pipes.h"
#include "wire/value.h"

#define SIDES 2u
#define QUEUE 1024u
#define KNOWN 64u /* handles that a model is kept of */

typedef struct said {
    uint8_t *bytes;
    uint32_t len;
} said;

/* What the application knows of a pipe. */
typedef struct model {
    uint32_t handle;   /* 0: none */
    uint32_t room;     /* of one that is written */
    uint32_t unread;   /* of one that is read */
    uint32_t position; /* bytes so far: each byte tells its place */
    bool ended;
} model;

typedef struct side {
    clasp_pipes pipes;
    said queues[CLASP_PRIORITIES][QUEUE];
    uint32_t first[CLASP_PRIORITIES], count[CLASP_PRIORITIES];
    model models[KNOWN];
    uint32_t refuse; /* records that are not taken from now on */
} side;

static side sides[SIDES];
static bool is_hostile;

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static model *model_of(side *s, uint32_t handle) {
    for (uint32_t i = 0; i < KNOWN; i++) {
        if (s->models[i].handle == handle) {
            return &s->models[i];
        }
    }
    return NULL;
}

static void forget(side *s, uint32_t handle) {
    model *m = model_of(s, handle);
    must(m != NULL);
    *m = (model){0};
}

/* ---- what the pipes call ------------------------------------------------------------------------------------- */

static clasp_err take(void *context, clasp_priority priority, clasp_span head, clasp_span rest) {
    side *s = context;
    must(priority < CLASP_PRIORITIES && head.len >= CLASP_PIPE_HEAD && head.len <= CLASP_PIPE_HEAD_MAX);
    must(rest.len <= CLASP_PIPE_DATA);
    if (s->refuse > 0 || s->count[priority] == QUEUE) {
        s->refuse -= s->refuse > 0;
        return CLASP_NO_MEMORY;
    }
    said *slot = &s->queues[priority][(s->first[priority] + s->count[priority]++) % QUEUE];
    *slot = (said){malloc(head.len + rest.len), head.len + rest.len};
    memcpy(slot->bytes, head.at, head.len);
    if (rest.len > 0) {
        memcpy(slot->bytes + head.len, rest.at, rest.len);
    }
    return CLASP_OK;
}

static void check_bytes(model *m, clasp_span bytes) {
    must(m != NULL && !m->ended && bytes.len > 0);
    for (uint32_t i = 0; i < bytes.len && !is_hostile; i++) {
        must(bytes.at[i] == (uint8_t)((m->position + i) % 251));
    }
    m->position += bytes.len;
    m->unread += bytes.len;
    must(m->unread <= CLASP_PIPE_WINDOW);
}

static void begin_model(side *s, uint32_t handle, uint32_t room) {
    must(!model_of(s, handle));
    model *m = model_of(s, 0);
    must(m != NULL);
    *m = (model){.handle = handle, .room = room};
}

/* ENDED: of one that is read there may be bytes left to consume. */
static void end_model(side *s, uint32_t pipe) {
    model *m = model_of(s, pipe);
    must(m != NULL && !(m->ended && (pipe & 1)));
    m->ended = true;
    if ((pipe & 1) == 0 || m->unread == 0) {
        forget(s, pipe);
    }
}

static void learn(void *context, uint32_t pipe, clasp_pipe_event event, int32_t number, clasp_span bytes) {
    side *s = context;
    switch (event) {
    case CLASP_PIPE_OPENED:
        must((pipe & 1) == 1 && bytes.len > 0 && bytes.at[0] == '/');
        begin_model(s, pipe, 0);
        break;
    case CLASP_PIPE_BYTES:
        check_bytes(model_of(s, pipe), bytes);
        break;
    case CLASP_PIPE_ROOM:
        must((pipe & 1) == 0 && number >= 0 && number <= (int32_t)CLASP_PIPE_WINDOW);
        if (!model_of(s, pipe)) {
            begin_model(s, pipe, 0);
        }
        model_of(s, pipe)->room = (uint32_t)number;
        break;
    case CLASP_PIPE_ENDED:
        end_model(s, pipe);
        break;
    default:
        must(event == CLASP_PIPE_ABORTED && number < 0 && clasp_utf8_check(bytes));
        must(is_hostile || number != CLASP_LIMIT);
        forget(s, pipe);
        break;
    }
}

/* ---- steps --------------------------------------------------------------------------------------------------- */

static model *pick(side *s, unsigned which, bool is_read) {
    for (unsigned i = 0; i < KNOWN; i++) {
        model *m = &s->models[(which + i) % KNOWN];
        if (m->handle != 0 && (m->handle & 1) == (is_read ? 1u : 0u)) {
            return m;
        }
    }
    return NULL;
}

static void open_pipe(side *s, unsigned which) {
    uint32_t pipe;
    const clasp_err err =
        clasp_pipes_open(&s->pipes, clasp_span_of("/pipe"), (clasp_priority)(which % 3), &pipe);
    must(err == CLASP_OK || err == CLASP_LIMIT || err == CLASP_NO_MEMORY);
    must(err != CLASP_OK || model_of(s, pipe));
}

static void write_pipe(side *s, unsigned which) {
    static uint8_t bytes[CLASP_PIPE_WINDOW + 1];
    model *m = pick(s, which, false);
    if (!m) {
        return;
    }
    const uint32_t len = which * which * 2 % (CLASP_PIPE_WINDOW + 1);
    for (uint32_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)((m->position + i) % 251);
    }
    const uint32_t room = m->room;
    const uint32_t handle = m->handle;
    m->room -= len <= room ? len : 0;
    const clasp_err err = clasp_pipes_write(&s->pipes, handle, (clasp_span){bytes, len});
    must(err == CLASP_OK || m->ended || len > room || err == CLASP_NO_MEMORY);
    must(err != CLASP_OK || (!m->ended && len <= room));
    if (err == CLASP_OK) {
        m->position += len;
    } else {
        m->room = room;
    }
    if (err == CLASP_NO_MEMORY && len > CLASP_PIPE_DATA) { /* some of it may be on its way */
        s->refuse = 0;
        if (clasp_pipes_abort(&s->pipes, handle, clasp_span_of("cut")) == CLASP_OK) {
            forget(s, handle);
        }
    }
}

static void end_pipe(side *s, unsigned which) {
    model *m = pick(s, which, false);
    if (m) {
        const clasp_err err = clasp_pipes_end(&s->pipes, m->handle);
        must(err == (m->ended ? CLASP_BAD_STATE : CLASP_OK) || err == CLASP_NO_MEMORY);
        m->ended |= err == CLASP_OK;
    }
}

static void consume(side *s, unsigned which, bool all) {
    model *m = pick(s, which, true);
    if (!m) {
        return;
    }
    const uint32_t bytes = all ? m->unread : (which * 977u) % (m->unread + 1);
    must(clasp_pipes_read(&s->pipes, m->handle, m->unread + 1) == CLASP_OUT_OF_RANGE);
    const clasp_err err = clasp_pipes_read(&s->pipes, m->handle, bytes);
    must(err == CLASP_OK || err == CLASP_NO_MEMORY);
    if (err == CLASP_OK) {
        m->unread -= bytes;
        if (m->ended && m->unread == 0) {
            *m = (model){0};
        }
    }
}

static void abort_pipe(side *s, unsigned which) {
    model *m = pick(s, which, which & 1);
    if (m && clasp_pipes_abort(&s->pipes, m->handle, clasp_span_of("why")) == CLASP_OK) {
        *m = (model){0};
    }
}

/* False: there was none. */
static bool pass(unsigned from, unsigned priority) {
    side *s = &sides[from];
    side *to = &sides[1 - from];
    if (s->count[priority] == 0) {
        return false;
    }
    const said *oldest = &s->queues[priority][s->first[priority] % QUEUE];
    const clasp_err err = clasp_pipes_received(&to->pipes, (clasp_span){oldest->bytes, oldest->len});
    must(err == CLASP_OK || err == CLASP_NO_MEMORY || is_hostile);
    if (err != CLASP_NO_MEMORY) { /* else it comes again */
        free(oldest->bytes);
        s->first[priority]++;
        s->count[priority]--;
    }
    return true;
}

/* A record of the input's own making, in a block of its own size. */
static void inject(side *s, clasp_span *input) {
    const uint32_t len = input->len > 0 ? input->at[0] % 32u : 0;
    const uint32_t used = len < input->len ? len : input->len;
    uint8_t *record = malloc(used + 2);
    record[0] = 0x45;
    record[1] = 0x09;
    memcpy(record + 2, input->at, used);
    if (used >= 5) { /* numbers that are in use are small */
        record[3] = record[4] = record[5] = 0;
    }
    clasp_pipes_received(&s->pipes, (clasp_span){record, used + 2});
    free(record);
    *input = (clasp_span){input->at + used, input->len - used};
}

static void step(unsigned op, unsigned which) {
    side *s = &sides[op & 1];
    switch (op >> 1 & 7) {
    case 0:
        open_pipe(s, which);
        break;
    case 1:
        write_pipe(s, which);
        break;
    case 2:
        end_pipe(s, which);
        break;
    case 3:
        consume(s, which, false);
        break;
    case 4:
        abort_pipe(s, which);
        break;
    case 5:
        s->refuse = which % 3;
        break;
    default:
        pass(op & 1, which % 3);
        break;
    }
    must(clasp_pipes_count(&s->pipes) <= 2 * CLASP_FLOW_PIPES);
}

/* Everything arrives and is consumed; then no pipe that was ended, or aborted, is left. */
static void settle(void) {
    bool moved = true;
    while (moved) {
        moved = false;
        for (unsigned i = 0; i < 3 * SIDES; i++) {
            moved |= pass(i % 2, i / 2);
        }
        for (unsigned i = 0; i < KNOWN * SIDES; i++) {
            consume(&sides[i % 2], i / 2, true);
        }
    }
}

static void check_end(side *s) {
    uint32_t known = 0;
    for (uint32_t i = 0; i < KNOWN; i++) {
        const model *m = &s->models[i];
        known += m->handle != 0;
        must(m->handle == 0 || is_hostile || !m->ended);
        must(m->handle == 0 || is_hostile || (m->handle & 1) || m->room >= CLASP_PIPE_WINDOW * 3 / 4);
    }
    must(is_hostile || clasp_pipes_count(&s->pipes) == known);
    clasp_pipes_gone(&s->pipes, CLASP_PEER_GONE);
    must(clasp_pipes_count(&s->pipes) == 0);
    for (unsigned p = 0; p < CLASP_PRIORITIES; p++) {
        for (; s->count[p] > 0; s->count[p]--) {
            free(s->queues[p][s->first[p]++ % QUEUE].bytes);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    clasp_span input = {data, (uint32_t)(size < 2048 ? size : 2048)};
    for (unsigned i = 0; i < SIDES; i++) {
        sides[i] = (side){0};
        clasp_pipes_init(&sides[i].pipes, &(clasp_pipes_host){&sides[i], take, learn});
    }
    is_hostile = input.len > 0 && (input.at[0] & 1);
    input.at += input.len > 0;
    input.len -= input.len > 0;
    while (input.len >= 2) {
        const uint8_t op = input.at[0];
        const uint8_t which = input.at[1];
        input = (clasp_span){input.at + 2, input.len - 2};
        step(op, which);
        if (is_hostile && op >= 0x80) {
            inject(&sides[op & 1], &input);
        }
    }
    sides[0].refuse = sides[1].refuse = 0;
    settle();
    check_end(&sides[0]);
    check_end(&sides[1]);
    return 0;
}
