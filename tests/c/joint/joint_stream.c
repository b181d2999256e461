/* Pipes of the applications: each of a length that its address tells. */
#include <stdlib.h>

#include "joint.h"

#define TOTAL_MAX 200000u
#define PART 60000u
#define PERIOD 251u             /* of the bytes */
#define IS_IN(pipe) ((pipe)&1u) /* the peer writes it */

static joint_pipe *find(joint_pipe *pipes, uint32_t handle) {
    for (int i = 0; i < JOINT_PIPES; i++) {
        if (pipes[i].handle == handle) {
            return &pipes[i];
        }
    }
    return NULL;
}

void joint_clear_pipes(joint_peer *peer) {
    memset(peer->out, 0, sizeof peer->out);
    memset(peer->in, 0, sizeof peer->in);
}

bool joint_pipes_done(const joint_peer *peer) {
    for (int i = 0; i < JOINT_PIPES; i++) {
        if (peer->out[i].handle != 0 || peer->in[i].handle != 0) {
            return false;
        }
    }
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static void write_more(joint *j, int node, joint_peer *peer, joint_pipe *pipe) {
    uint8_t bytes[PART];
    const uint32_t handle = pipe->handle;
    while (pipe->handle == handle && pipe->room > 0 && pipe->done < pipe->total) {
        uint32_t len = pipe->total - pipe->done;
        len = len < pipe->room ? len : pipe->room;
        len = len < PART ? len : PART;
        len = joint_chance(j, 300) ? 1 + joint_below(j, len) : len;
        for (uint32_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)((pipe->done + i) % PERIOD);
        }
        pipe->done += len;
        pipe->room -= len; /* what it took beside is told by ROOM */
        const int32_t err =
            joint_input(j, node, CLASP_P2P_ON_PIPE_WRITE, peer->handle, handle, 0, (clasp_span){bytes, len});
        if (!CHECK_EQ(err, CLASP_OK)) {
            return;
        }
    }
    if (pipe->handle == handle && pipe->done == pipe->total && !pipe->ended) {
        pipe->ended = true;
        CHECK_EQ(joint_input(j, node, CLASP_P2P_ON_PIPE_END, peer->handle, handle, 0, joint_nothing()),
                 CLASP_OK);
    }
}

void joint_open_pipe(joint *j, int node, joint_peer *peer) {
    char address[32];
    joint_pipe *pipe = find(peer->out, 0);
    const uint32_t total = joint_below(j, 3) == 0 ? joint_below(j, 100) : joint_below(j, TOTAL_MAX);
    if (!pipe) {
        return;
    }
    snprintf(address, sizeof address, "/pipe/%u", total);
    const uint32_t len = joint_put(clasp_span_of(address), joint_nothing());
    const int32_t handle =
        clasp_abi_p2p_event((uint32_t)j->nodes[node].plane, CLASP_P2P_ON_PIPE_OPEN, peer->handle,
                            joint_below(j, CLASP_PRIORITIES), 0, len, (double)j->now_us);
    if (CHECK(handle > 0 || handle == CLASP_LIMIT) && handle > 0) {
        *pipe = (joint_pipe){.handle = (uint32_t)handle, .total = total};
        j->counts.pipes++;
    }
    joint_drain(j); /* with its first ROOM */
}

static void out_effect(joint *j, int node, joint_peer *peer, clasp_pipe_event event,
                       const clasp_effect *effect) {
    joint_pipe *pipe = find(peer->out, effect->b >> 8);
    if (!pipe) {
        return;
    }
    if (event == CLASP_PIPE_ROOM) {
        pipe->room = (uint32_t)effect->number;
        joint_push(j,
                   (joint_event){.at_us = j->now_us,
                                 .kind = EVENT_CONSUME,
                                 .node = node,
                                 .peer = peer->handle,
                                 .link = pipe->handle},
                   joint_nothing());
    } else {
        CHECK_EQ(event, CLASP_PIPE_ENDED);
        CHECK(pipe->ended);
        *pipe = (joint_pipe){0};
    }
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static void came(joint *j, int node, const joint_peer *peer, joint_pipe *pipe, const clasp_effect *effect) {
    const uint8_t *bytes = clasp_outbox_data() + effect->at;
    bool same = effect->len > 0;
    for (uint32_t i = 0; i < effect->len; i++) {
        same = same && bytes[i] == (uint8_t)((pipe->done + i) % PERIOD);
    }
    CHECK(same);
    pipe->done += effect->len;
    pipe->unread += effect->len;
    joint_push(j,
               (joint_event){.at_us = j->now_us + joint_wait_us(j, 0, 60),
                             .kind = EVENT_CONSUME,
                             .node = node,
                             .peer = peer->handle,
                             .link = pipe->handle,
                             .arg = effect->len},
               joint_nothing());
}

static void in_effect(joint *j, int node, joint_peer *peer, clasp_pipe_event event,
                      const clasp_effect *effect) {
    joint_pipe *pipe = find(peer->in, effect->b >> 8);
    if (event == CLASP_PIPE_OPENED) {
        char address[32] = "";
        memcpy(address, clasp_outbox_data() + effect->at, effect->len < 31 ? effect->len : 31);
        joint_pipe *fresh = find(peer->in, 0);
        if (CHECK(!pipe && fresh && strncmp(address, "/pipe/", 6) == 0)) {
            *fresh =
                (joint_pipe){.handle = effect->b >> 8, .total = (uint32_t)strtoul(address + 6, NULL, 10)};
        }
    } else if (event == CLASP_PIPE_BYTES && pipe) {
        came(j, node, peer, pipe, effect);
    } else if (pipe && CHECK_EQ(event, CLASP_PIPE_ENDED)) {
        CHECK_EQ(pipe->done, pipe->total);
        pipe->ended = true;
        if (pipe->unread == 0) {
            *pipe = (joint_pipe){0};
        }
    }
}

static void consume(joint *j, const joint_event *event, joint_pipe *pipe) {
    if (pipe->unread < event->arg) {
        return; /* of another pipe that had this number */
    }
    pipe->unread -= event->arg;
    if (pipe->ended && pipe->unread == 0) {
        *pipe = (joint_pipe){0};
    }
    const int32_t err = joint_input(j, event->node, CLASP_P2P_ON_PIPE_READ, event->peer, event->link,
                                    event->arg, joint_nothing());
    CHECK_EQ(err, CLASP_OK);
}

void joint_consume(joint *j, const joint_event *event) {
    joint_peer *peer = joint_peer_of(&j->nodes[event->node], event->peer);
    joint_pipe *pipe = !peer ? NULL : find(IS_IN(event->link) ? peer->in : peer->out, event->link);
    if (!pipe) {
        return;
    }
    if (IS_IN(event->link)) {
        consume(j, event, pipe);
    } else if (!pipe->ended) {
        write_more(j, event->node, peer, pipe);
    }
    clasp_abi_p2p_flush((uint32_t)j->nodes[event->node].plane, (double)j->now_us);
    joint_drain(j);
}

void joint_pipe_effect(joint *j, int node, const clasp_effect *effect) {
    joint_peer *peer = joint_peer_of(&j->nodes[node], effect->a);
    const clasp_pipe_event event = (clasp_pipe_event)(effect->b & 0xFF);
    if (!peer) {
        return;
    }
    if (event == CLASP_PIPE_ABORTED) {
        joint_pipe *pipe = find(IS_IN(effect->b >> 8) ? peer->in : peer->out, effect->b >> 8);
        CHECK(!pipe || joint_may_end(j, node, peer)); /* with its peer, and then it is forgotten here, too */
        if (pipe) {
            *pipe = (joint_pipe){0};
        }
    } else if (IS_IN(effect->b >> 8)) {
        in_effect(j, node, peer, event, effect);
    } else {
        out_effect(j, node, peer, event, effect);
    }
}
