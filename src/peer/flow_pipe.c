/* Pipes: their records are numbered packets of three channels, one of each priority. */
#include "peer/flow_state.h"

#define PIPE_SHIFT 8u /* above it the pipe, below what happened */

static flow_channel *pipe_channel(flow *w, clasp_priority priority) {
    flow_channel **place = &w->channels[FLOW_PIPE_CHANNEL + (uint32_t)priority];
    if (!*place) {
        *place = flow_channel_new(FLOW_PIPE_CHANNEL + (uint32_t)priority, (uint16_t)(1u + (uint32_t)priority),
                                  true, priority);
    }
    return *place;
}

/* More than all pipes together need waits for a peer that has us answer, and acknowledges nothing. */
static bool is_full(const flow_channel *c) { return c->ready.count + c->flight.count >= CLASP_FLOW_PACKETS; }

static clasp_err say(void *context, clasp_priority priority, clasp_span head, clasp_span rest) {
    flow *w = context;
    flow_channel *c = pipe_channel(w, priority);
    if (!c || is_full(c)) {
        return c ? CLASP_QUEUE_FULL : CLASP_NO_MEMORY;
    }
    return flow_say_record(w->owner, w, c, head, rest);
}

static void raise(void *context, uint32_t pipe, clasp_pipe_event event, int32_t number, clasp_span bytes) {
    const flow *w = context;
    flow_effect(w->owner, CLASP_EFFECT_P2P_PIPE, w->peer, pipe << PIPE_SHIFT | (uint32_t)event, number,
                bytes);
}

/* Those of a peer of ours; NULL: no memory. */
static clasp_pipes *pipes_of(flow *w) {
    if (!w->pipes) {
        w->pipes = malloc(sizeof *w->pipes);
        if (w->pipes) {
            clasp_pipes_init(w->pipes, &(clasp_pipes_host){w, say, raise});
        }
    }
    return w->pipes;
}

clasp_err flow_pipe_heard(flow *w, clasp_span record) {
    clasp_pipes *pipes = pipes_of(w);
    return pipes ? clasp_pipes_received(pipes, record) : CLASP_NO_MEMORY;
}

void flow_pipes_clear(flow *w, clasp_err cause) {
    if (w->pipes) {
        clasp_pipes_gone(w->pipes, cause);
        free(w->pipes);
        w->pipes = NULL;
    }
}

clasp_err clasp_flow_pipe_open(clasp_flows *f, uint32_t peer, clasp_span address, clasp_priority priority,
                               uint32_t *pipe) {
    flow *w = flow_of(f, peer);
    if (!w) {
        return CLASP_BAD_HANDLE;
    }
    if (!w->ours) {
        return CLASP_NOT_CONNECTED;
    }
    clasp_pipes *pipes = pipes_of(w);
    return pipes ? clasp_pipes_open(pipes, address, priority, pipe) : CLASP_NO_MEMORY;
}

/* The pipes of a peer, when it has any; NULL: this handle means nothing. */
static clasp_pipes *find(clasp_flows *f, uint32_t peer) {
    const flow *w = flow_of(f, peer);
    return w ? w->pipes : NULL;
}

clasp_err clasp_flow_pipe_write(clasp_flows *f, uint32_t peer, uint32_t pipe, clasp_span bytes) {
    clasp_pipes *pipes = find(f, peer);
    return pipes ? clasp_pipes_write(pipes, pipe, bytes) : CLASP_BAD_HANDLE;
}

clasp_err clasp_flow_pipe_end(clasp_flows *f, uint32_t peer, uint32_t pipe) {
    clasp_pipes *pipes = find(f, peer);
    return pipes ? clasp_pipes_end(pipes, pipe) : CLASP_BAD_HANDLE;
}

clasp_err clasp_flow_pipe_abort(clasp_flows *f, uint32_t peer, uint32_t pipe, clasp_span reason) {
    clasp_pipes *pipes = find(f, peer);
    return pipes ? clasp_pipes_abort(pipes, pipe, reason) : CLASP_BAD_HANDLE;
}

clasp_err clasp_flow_pipe_read(clasp_flows *f, uint32_t peer, uint32_t pipe, uint32_t bytes) {
    clasp_pipes *pipes = find(f, peer);
    return pipes ? clasp_pipes_read(pipes, pipe, bytes) : CLASP_BAD_HANDLE;
}
