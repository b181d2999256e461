/*
 * The door of the peers' module: sessions (session_abi.c), and data-channel peers by handle.
 *
 * A *plane* is one application's peers: what is decided about them (clasp_p2p) and what travels between them
 * (clasp_flows). The two meet here: after each call the effects that are new are looked at, and those that concern the
 * flows are handed to them; what comes of that is looked at in turn.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "peer/flow.h"
#include "wasm/abi.h"
#include "wasm/door.h"
#include "wasm/session_abi.h"
#include "wasm/slots.h"

_Static_assert(CLASP_ABI_SESSIONS + CLASP_ABI_PLANES < (1u << CLASP_SLOT_INDEX_BITS),
               "an index fits its bits");

typedef struct plane {
    uint32_t handle;
    clasp_p2p *p2p;
    clasp_flows *flows;
} plane;

static clasp_slot slots[CLASP_ABI_PLANES];
static const clasp_slots PLANES = {slots, CLASP_ABI_SESSIONS, CLASP_ABI_PLANES};

static plane *find(uint32_t handle) { return clasp_slot_object(&PLANES, handle); }

/* ---- what the flows ask of the control plane ------------------------------------------------------------------ */

static void on_path(void *context, uint32_t peer, uint32_t link, clasp_p2p_path_event event,
                    uint64_t now_us) {
    const plane *it = context;
    clasp_p2p_path(it->p2p, peer, link, event, now_us);
}

static clasp_err on_record(void *context, uint32_t peer, clasp_span record) {
    const plane *it = context;
    return clasp_p2p_record(it->p2p, peer, record);
}

/* ---- what the control plane tells the flows -------------------------------------------------------------------- */

static void stick(clasp_err err) {
    clasp_outbox *out = clasp_door_outbox();
    out->err = out->err == CLASP_OK ? err : out->err;
}

static void on_peer(const plane *it, const clasp_effect *effect) {
    if (effect->len == 0) {
        clasp_flow_gone(it->flows, effect->a, CLASP_PEER_GONE);
    } else {
        stick(clasp_flow_peer(it->flows, effect->a, (effect->b & CLASP_P2P_PEER_OURS) != 0));
    }
}

/* What was said to a peer that is over is dropped; should it come back, it begins anew. */
static void on_state(const plane *it, const clasp_effect *effect) {
    if (effect->b == CLASP_P2P_FAILED || effect->b == CLASP_P2P_CLOSED) {
        const clasp_err cause = (clasp_err)effect->number;
        clasp_flow_gone(it->flows, effect->a, cause == CLASP_OK ? CLASP_NOT_CONNECTED : cause);
        stick(clasp_flow_peer(it->flows, effect->a, clasp_p2p_peer_is_ours(it->p2p, effect->a)));
    }
}

/* The record lies in the outbox, which moves when what it says is appended. A bad one is a bad peer's. */
static void on_relayed(const plane *it, const clasp_effect *effect, uint64_t now_us) {
    uint8_t *copy = malloc(effect->len > 0 ? effect->len : 1);
    if (!copy) {
        stick(CLASP_NO_MEMORY);
        return;
    }
    memcpy(copy, clasp_outbox_bytes(clasp_door_outbox(), effect).at, effect->len);
    clasp_flow_record(it->flows, effect->a, (clasp_span){copy, effect->len}, now_us);
    free(copy);
}

static void hand_over(const plane *it, const clasp_effect *effect, uint64_t now_us) {
    switch (effect->kind) {
    case CLASP_EFFECT_P2P_PEER:
        on_peer(it, effect);
        break;
    case CLASP_EFFECT_P2P_PEER_STATE:
        on_state(it, effect);
        break;
    case CLASP_EFFECT_P2P_COVER:
        clasp_flow_cover(it->flows, effect->a, effect->b != 0, now_us);
        break;
    case CLASP_EFFECT_P2P_RECORD:
        on_relayed(it, effect, now_us);
        break;
    case CLASP_EFFECT_P2P_LINK_CLOSE:
        clasp_flow_link_closed(it->flows, effect->a, effect->b, now_us);
        break;
    case CLASP_EFFECT_P2P_TOKEN_TOLD:
        clasp_p2p_token(it->p2p, effect->a, clasp_outbox_bytes(clasp_door_outbox(), effect));
        break;
    default:
        break;
    }
}

/* The outbox held `from` effects before the call. */
static void meet(const plane *it, uint32_t from, uint64_t now_us) {
    const clasp_outbox *out = clasp_door_outbox();
    for (uint32_t i = from; i < out->count; i++) {
        const clasp_effect effect = out->effects[i]; /* they move, too */
        if (effect.owner == it->handle) {
            hand_over(it, &effect, now_us);
        }
    }
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void free_plane(plane *it) {
    clasp_flows_free(it->flows);
    clasp_p2p_free(it->p2p);
    free(it);
}

static plane *new_plane(uint32_t handle) {
    plane *it = calloc(1, sizeof *it);
    if (!it) {
        return NULL;
    }
    const clasp_flow_hooks hooks = {it, on_path, on_record};
    it->handle = handle;
    it->p2p = clasp_p2p_new(handle, clasp_door_random(), clasp_door_outbox());
    it->flows = clasp_flows_new(handle, clasp_door_random(), clasp_door_outbox(), &hooks);
    if (!it->p2p || !it->flows) {
        free_plane(it);
        return NULL;
    }
    clasp_flows_lend(it->flows);
    return it;
}

int32_t clasp_abi_p2p_new(void) {
    if (!clasp_door_is_seeded()) {
        return CLASP_BAD_STATE;
    }
    clasp_slot *slot = clasp_slot_claim(&PLANES);
    if (!slot) {
        return CLASP_LIMIT;
    }
    const uint32_t handle = clasp_slot_handle(&PLANES, slot);
    slot->object = new_plane(handle);
    return slot->object ? (int32_t)handle : CLASP_NO_MEMORY;
}

int32_t clasp_abi_p2p_free(uint32_t handle) {
    clasp_slot *slot = clasp_slot_find(&PLANES, handle);
    if (!slot) {
        return CLASP_BAD_HANDLE;
    }
    free_plane(slot->object);
    slot->object = NULL;
    return CLASP_OK;
}

/* ---- events of the control plane -------------------------------------------------------------------------------- */

typedef struct input {
    uint32_t a, b, c;
    clasp_span bytes;
    uint64_t now_us;
} input;

/* The bytes from `from` to the end; empty where there are not so many. */
static clasp_span rest(const input *in, uint32_t from) {
    return from <= in->bytes.len ? (clasp_span){in->bytes.at + from, in->bytes.len - from}
                                 : (clasp_span){NULL, 0};
}

static clasp_span first(const input *in, uint32_t len) {
    return len <= in->bytes.len ? (clasp_span){in->bytes.at, len} : (clasp_span){NULL, 0};
}

static int32_t start(const plane *it, const input *in) {
    return clasp_p2p_start(it->p2p, in->bytes, in->now_us);
}

static int32_t stop(const plane *it, const input *in) {
    clasp_p2p_stop(it->p2p, in->now_us);
    return CLASP_OK;
}

static int32_t signalling(const plane *it, const input *in) {
    return clasp_p2p_signalling(it->p2p, in->bytes, in->now_us);
}

static int32_t signal_came(const plane *it, const input *in) {
    return clasp_p2p_signal(it->p2p, first(in, in->a), rest(in, in->a), in->now_us);
}

static int32_t refused(const plane *it, const input *in) {
    return clasp_p2p_signal_refused(it->p2p, in->bytes, in->a, in->now_us);
}

static int32_t connect_to(const plane *it, const input *in) {
    return clasp_p2p_connect(it->p2p, in->a, in->bytes, in->b, in->now_us);
}

static int32_t cancel(const plane *it, const input *in) {
    return clasp_p2p_cancel(it->p2p, in->a, in->now_us);
}

static int32_t know(const plane *it, const input *in) {
    return in->a > CLASP_P2P_DIALECT_ROOM ? CLASP_BAD_ENUM
                                          : clasp_p2p_know(it->p2p, (clasp_p2p_dialect)in->a,
                                                           first(in, in->b), rest(in, in->b), in->now_us);
}

static int32_t left(const plane *it, const input *in) {
    return clasp_p2p_left(it->p2p, in->bytes, in->now_us);
}

static int32_t decide(const plane *it, const input *in) {
    return clasp_p2p_decide(it->p2p, in->a, in->b != 0, in->bytes, in->now_us);
}

static int32_t link_event(const plane *it, const input *in) {
    const uint32_t event = in->b & 0xFFu;
    return event > CLASP_P2P_LINK_DTLS_FAILED
               ? CLASP_BAD_ENUM
               : clasp_p2p_link(it->p2p, in->a, in->b >> 8, (clasp_p2p_link_event)event, in->c, in->bytes,
                                in->now_us);
}

static int32_t close_peer(const plane *it, const input *in) {
    return clasp_p2p_close(it->p2p, in->a, in->now_us);
}

static int32_t network(const plane *it, const input *in) {
    clasp_p2p_network(it->p2p, in->now_us);
    return CLASP_OK;
}

static int32_t find_peer(const plane *it, const input *in) {
    return (int32_t)clasp_p2p_find(it->p2p, in->bytes);
}

static int32_t explain(const plane *it, const input *in) {
    return (int32_t)clasp_p2p_explain(it->p2p, in->bytes);
}

static int32_t token(const plane *it, const input *in) {
    const clasp_err err = clasp_p2p_token(it->p2p, in->a, in->bytes);
    return err == CLASP_OK ? clasp_flow_token(it->flows, in->a, in->bytes, in->now_us) : err;
}

/* ---- events of the flows ------------------------------------------------------------------------------------------ */

/* One of the two that every link has is the control plane's business, too. */
static clasp_err tell_link(const plane *it, const input *in, clasp_p2p_link_event event) {
    const uint32_t channel = in->b & 0xFFu;
    return channel < CLASP_FLOW_FIRST_CUSTOM
               ? clasp_p2p_link(it->p2p, in->a, in->b >> 8, event, channel, (clasp_span){NULL, 0}, in->now_us)
               : CLASP_OK;
}

static int32_t opened(const plane *it, const input *in) {
    const clasp_err err = tell_link(it, in, CLASP_P2P_LINK_CHANNEL_OPEN);
    return err == CLASP_OK ? clasp_flow_opened(it->flows, in->a, in->b >> 8, in->b & 0xFFu, in->c, in->now_us)
                           : err;
}

static int32_t closed(const plane *it, const input *in) {
    clasp_flow_closed(it->flows, in->a, in->b >> 8, in->b & 0xFFu, in->now_us);
    return tell_link(it, in, CLASP_P2P_LINK_CHANNEL_CLOSED);
}

static int32_t channel(const plane *it, const input *in) {
    const uint32_t priority = in->b >> 1;
    uint32_t number = 0;
    const clasp_err err =
        priority > CLASP_PRIORITY_LOW
            ? CLASP_BAD_ENUM
            : clasp_flow_channel(it->flows, in->a, in->bytes, in->b & 1, (clasp_priority)priority, &number);
    return err == CLASP_OK ? (int32_t)number : (int32_t)err;
}

static int32_t channel_end(const plane *it, const input *in) {
    return clasp_flow_channel_end(it->flows, in->a, in->b);
}

static int32_t get(const plane *it, const input *in) {
    return clasp_flow_get(it->flows, in->a, in->bytes, in->b, in->now_us);
}

static int32_t subscribe(const plane *it, const input *in) {
    return clasp_flow_subscribe(it->flows, in->a, in->bytes, in->b);
}

static int32_t unsubscribe(const plane *it, const input *in) {
    return clasp_flow_unsubscribe(it->flows, in->a, in->b);
}

static int32_t pipe_open(const plane *it, const input *in) {
    uint32_t pipe = 0;
    const clasp_err err = in->b > CLASP_PRIORITY_LOW ? CLASP_BAD_ENUM
                                                     : clasp_flow_pipe_open(it->flows, in->a, in->bytes,
                                                                            (clasp_priority)in->b, &pipe);
    return err == CLASP_OK ? (int32_t)pipe : (int32_t)err;
}

static int32_t pipe_write(const plane *it, const input *in) {
    return clasp_flow_pipe_write(it->flows, in->a, in->b, in->bytes);
}

static int32_t pipe_end(const plane *it, const input *in) {
    return clasp_flow_pipe_end(it->flows, in->a, in->b);
}

static int32_t pipe_abort(const plane *it, const input *in) {
    return clasp_flow_pipe_abort(it->flows, in->a, in->b, in->bytes);
}

static int32_t pipe_read(const plane *it, const input *in) {
    return clasp_flow_pipe_read(it->flows, in->a, in->b, in->c);
}

static int32_t is_ready(const plane *it, const input *in) {
    return clasp_flow_ready(it->flows, in->a, (clasp_priority)in->b);
}

static int32_t (*const EVENTS[])(const plane *, const input *) = {
    [CLASP_P2P_ON_START] = start,
    [CLASP_P2P_ON_STOP] = stop,
    [CLASP_P2P_ON_SIGNALLING] = signalling,
    [CLASP_P2P_ON_SIGNAL] = signal_came,
    [CLASP_P2P_ON_REFUSED] = refused,
    [CLASP_P2P_ON_CONNECT] = connect_to,
    [CLASP_P2P_ON_CANCEL] = cancel,
    [CLASP_P2P_ON_KNOW] = know,
    [CLASP_P2P_ON_LEFT] = left,
    [CLASP_P2P_ON_DECIDE] = decide,
    [CLASP_P2P_ON_LINK] = link_event,
    [CLASP_P2P_ON_CLOSE] = close_peer,
    [CLASP_P2P_ON_NETWORK] = network,
    [CLASP_P2P_ON_FIND] = find_peer,
    [CLASP_P2P_ON_EXPLAIN] = explain,
    [CLASP_P2P_ON_TOKEN] = token,
    [CLASP_P2P_ON_OPENED] = opened,
    [CLASP_P2P_ON_CLOSED] = closed,
    [CLASP_P2P_ON_CHANNEL] = channel,
    [CLASP_P2P_ON_CHANNEL_END] = channel_end,
    [CLASP_P2P_ON_GET] = get,
    [CLASP_P2P_ON_SUBSCRIBE] = subscribe,
    [CLASP_P2P_ON_UNSUBSCRIBE] = unsubscribe,
    [CLASP_P2P_ON_PIPE_OPEN] = pipe_open,
    [CLASP_P2P_ON_PIPE_WRITE] = pipe_write,
    [CLASP_P2P_ON_PIPE_END] = pipe_end,
    [CLASP_P2P_ON_PIPE_ABORT] = pipe_abort,
    [CLASP_P2P_ON_PIPE_READ] = pipe_read,
    [CLASP_P2P_ON_READY] = is_ready,
};

int32_t clasp_abi_p2p_event(uint32_t handle, uint32_t event, uint32_t a, uint32_t b, uint32_t c, uint32_t len,
                            double now) {
    const plane *it = find(handle);
    const input in = {a, b, c, clasp_door_inbox(len), clasp_door_time(now)};
    if (!it || event >= sizeof EVENTS / sizeof *EVENTS) {
        return it ? CLASP_BAD_ENUM : CLASP_BAD_HANDLE;
    }
    const uint32_t before = clasp_outbox_count();
    const int32_t result = EVENTS[event](it, &in);
    meet(it, before, in.now_us);
    return result;
}

/* ---- what is called for every message -------------------------------------------------------------------------------- */

int32_t clasp_abi_p2p_received(uint32_t handle, uint32_t peer, uint32_t where, uint32_t len, double now) {
    const plane *it = find(handle);
    if (!it) {
        return CLASP_BAD_HANDLE;
    }
    const uint64_t now_us = clasp_door_time(now);
    const uint32_t before = clasp_outbox_count();
    const clasp_err err =
        clasp_flow_received(it->flows, peer, where >> 8, where & 0xFFu, clasp_door_inbox(len), now_us);
    meet(it, before, now_us);
    return err;
}

int32_t clasp_abi_p2p_address(uint32_t handle, uint32_t len) {
    const plane *it = find(handle);
    uint32_t id = 0;
    const clasp_err err = it ? clasp_flow_address(it->flows, clasp_door_inbox(len), &id) : CLASP_BAD_HANDLE;
    return err == CLASP_OK ? (int32_t)id : (int32_t)err;
}

uint32_t clasp_abi_p2p_generation(uint32_t handle) {
    const plane *it = find(handle);
    return it ? clasp_flow_generation(it->flows) : 0;
}

static double batch_or(clasp_err err, uint32_t batch) {
    return err == CLASP_OK ? (double)batch : (double)err;
}

double clasp_abi_p2p_number(uint32_t handle, uint32_t peer, uint32_t say, uint32_t address, double value) {
    const plane *it = find(handle);
    uint32_t batch = 0;
    if (!it || say > CLASP_FLOW_STREAM) {
        return it ? CLASP_BAD_ENUM : CLASP_BAD_HANDLE;
    }
    const clasp_err err = clasp_flow_number(it->flows, peer, (clasp_flow_say)say, address, value, &batch);
    return batch_or(err, batch);
}

double clasp_abi_p2p_value(uint32_t handle, uint32_t peer, uint32_t say, uint32_t address, uint32_t len) {
    const plane *it = find(handle);
    uint32_t batch = 0;
    if (!it || say > CLASP_FLOW_STREAM) {
        return it ? CLASP_BAD_ENUM : CLASP_BAD_HANDLE;
    }
    const clasp_span value = clasp_door_inbox(len);
    const clasp_err err = clasp_flow_value(it->flows, peer, (clasp_flow_say)say, address, value, &batch);
    return batch_or(err, batch);
}

void clasp_abi_p2p_flush(uint32_t handle, double now) {
    const plane *it = find(handle);
    if (it) {
        const uint64_t now_us = clasp_door_time(now);
        const uint32_t before = clasp_outbox_count();
        clasp_flows_flush(it->flows, now_us);
        meet(it, before, now_us);
    }
}

void clasp_abi_p2p_buffered(uint32_t handle, uint32_t peer, uint32_t where, uint32_t bytes, double now) {
    const plane *it = find(handle);
    if (it) {
        const uint64_t now_us = clasp_door_time(now);
        const uint32_t before = clasp_outbox_count();
        clasp_flow_buffered(it->flows, peer, where >> 8, where & 0xFFu, bytes, now_us);
        meet(it, before, now_us);
    }
}

double clasp_abi_p2p_stat(uint32_t handle, uint32_t peer, uint32_t stat) {
    const plane *it = find(handle);
    return it && stat <= CLASP_FLOW_STAT_COVERED_BYTES
               ? clasp_flow_get_stat(it->flows, peer, (clasp_flow_stat)stat)
               : 0;
}

/* ---- time ----------------------------------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

double clasp_deadline(void) {
    uint64_t next = clasp_sessions_deadline();
    for (const clasp_slot *slot = slots; slot < &slots[CLASP_ABI_PLANES]; slot++) {
        const plane *it = slot->object;
        if (it) {
            next = earlier(next, earlier(clasp_p2p_deadline(it->p2p), clasp_flows_deadline(it->flows)));
        }
    }
    return clasp_door_deadline(next);
}

void clasp_tick(double now) {
    const uint64_t now_us = clasp_door_time(now);
    clasp_sessions_tick(now_us);
    for (const clasp_slot *slot = slots; slot < &slots[CLASP_ABI_PLANES]; slot++) {
        const plane *it = slot->object;
        if (it) {
            const uint32_t before = clasp_outbox_count();
            clasp_p2p_tick(it->p2p, now_us);
            clasp_flows_tick(it->flows, now_us);
            meet(it, before, now_us);
        }
    }
}
