/* Peers, addresses, figures. */
#include "peer/flow_state.h"

#include "base/random.h"
#include "route/address.h"

/* ---- life ---------------------------------------------------------------------------------------------------- */

clasp_flows *clasp_flows_new(uint32_t handle, uint64_t seed, clasp_outbox *out,
                             const clasp_flow_hooks *hooks) {
    clasp_flows *f = calloc(1, sizeof *f);
    if (f) {
        f->handle = handle;
        f->seed = seed;
        f->out = out;
        f->hooks = *hooks;
        f->generation = 1;
        clasp_intern_init(&f->addresses, CLASP_FLOW_ADDRESSES, CLASP_FLOW_ADDRESS_BYTES, seed);
        f->incarnation = (uint32_t)clasp_random_spread(&seed);
    }
    return f;
}

static void free_flow(clasp_flows *f, flow *w) {
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        flow_channel_free(f, w, w->channels[i]);
    }
    flow_sequences_clear(w);
    free(w->pipes);
    flow_early_clear(w);
    flow_heard_free(w);
    clasp_params_deinit(&w->params);
    if (w->pieces) {
        clasp_reassembler_clear(w->pieces);
    }
    free(w->pieces);
    free(w->gets);
    free(w->places);
    clasp_text_clear(&w->token);
    clasp_text_clear(&w->whole);
    free(w);
}

void clasp_flows_free(clasp_flows *f) {
    if (!f) {
        return;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        flow_gets_clear(f, f->flows[i], CLASP_NOT_CONNECTED);
        free_flow(f, f->flows[i]);
    }
    clasp_intern_deinit(&f->addresses);
    flow_slabs_clear(&f->slabs);
    free(f);
}

flow *flow_search(clasp_flows *f, uint32_t peer) {
    for (uint32_t i = 0; i < f->count; i++) {
        if (f->flows[i]->peer == peer) {
            f->hints[peer & (FLOW_HINTS - 1)] = (uint16_t)i;
            return f->flows[i];
        }
    }
    return NULL;
}

/* Never 0; each has its place in the order of those before. */
static uint32_t next_incarnation(clasp_flows *f) {
    do {
        f->incarnation += FLOW_INCARNATION_STEP;
    } while (f->incarnation == 0);
    return f->incarnation;
}

static flow *make(clasp_flows *f, uint32_t peer, bool ours) {
    flow *w = calloc(1, sizeof *w);
    flow_channel *c = flow_channel_new(CLASP_FLOW_RELIABLE, 0, true, CLASP_PRIORITY_NORMAL);
    if (!w || !c) {
        free(w);
        free(c);
        return NULL;
    }
    w->owner = f;
    w->peer = peer;
    w->ours = ours;
    w->channels[CLASP_FLOW_RELIABLE] = c;
    w->credit_limit = CLASP_FLOW_CREDIT;
    w->incarnation = next_incarnation(f);
    w->base = 1;
    w->due_us = FLOW_NEVER;
    w->retry_us = FLOW_NEVER;
    for (unsigned i = 0; i < CLASP_PRIORITIES; i++) {
        w->urgent_us[i] = FLOW_NEVER;
    }
    clasp_params_init(&w->params, f->seed ^ w->incarnation);
    return w;
}

clasp_err clasp_flow_peer(clasp_flows *f, uint32_t peer, bool ours) {
    flow *w = flow_of(f, peer);
    if (w) {
        const bool is_news = ours && !w->ours;
        w->ours = w->ours || ours;
        if (is_news) {
            flow_greet(w);
            flow_say_hellos(f, w);
        }
        return CLASP_OK;
    }
    if (f->count == FLOW_PEERS) {
        return CLASP_LIMIT;
    }
    w = make(f, peer, ours);
    if (!w) {
        return CLASP_NO_MEMORY;
    }
    f->flows[f->count] = w;
    f->hints[peer & (FLOW_HINTS - 1)] = (uint16_t)f->count++;
    return CLASP_OK;
}

void clasp_flow_gone(clasp_flows *f, uint32_t peer, clasp_err cause) {
    flow *w = flow_of(f, peer);
    if (!w) {
        return;
    }
    flow_pipes_clear(w, cause);
    flow_gets_clear(f, w, cause == CLASP_OK ? CLASP_NOT_CONNECTED : cause);
    const uint32_t at = f->hints[peer & (FLOW_HINTS - 1)];
    f->flows[at] = f->flows[--f->count];
    f->flows[f->count] = NULL;
    free_flow(f, w);
}

void flow_effect(clasp_flows *f, clasp_effect_kind kind, uint32_t a, uint32_t b, double number,
                 clasp_span bytes) {
    clasp_effect *effect = clasp_outbox_add(f->out, kind, f->handle, a, b, bytes);
    if (effect) {
        effect->number = number;
    }
}

/* ---- addresses ----------------------------------------------------------------------------------------------- */

/* All ids are forgotten: packets hold copies of what they say. */
static void renew(clasp_flows *f) {
    clasp_intern_deinit(&f->addresses);
    clasp_intern_init(&f->addresses, CLASP_FLOW_ADDRESSES, CLASP_FLOW_ADDRESS_BYTES, f->seed);
    f->generation++;
}

clasp_err clasp_flow_address(clasp_flows *f, clasp_span address, uint32_t *id) {
    uint32_t hash;
    uint32_t found = clasp_intern_find(&f->addresses, address, &hash);
    if (found == CLASP_NONE) {
        if (address.len > CLASP_FLOW_ADDRESS_MAX) {
            return CLASP_TOO_LARGE;
        }
        if (!clasp_utf8_check(address) || clasp_address_check(address) != CLASP_OK) {
            return CLASP_BAD_ADDRESS;
        }
        if (f->addresses.count == CLASP_FLOW_ADDRESSES ||
            f->addresses.bytes + address.len > CLASP_FLOW_ADDRESS_BYTES) {
            renew(f);
            clasp_intern_find(&f->addresses, address, &hash);
        }
        found = clasp_intern_add(&f->addresses, address, hash);
    }
    if (found == CLASP_NONE) {
        return CLASP_NO_MEMORY;
    }
    *id = found;
    return CLASP_OK;
}

uint32_t clasp_flow_generation(const clasp_flows *f) { return f->generation; }

/* ---- figures ------------------------------------------------------------------------------------------------- */

static const flow *look(const clasp_flows *f, uint32_t peer) {
    const flow *w = flow_find(f, peer);
    for (uint32_t i = 0; !w && i < f->count; i++) {
        w = f->flows[i]->peer == peer ? f->flows[i] : NULL;
    }
    return w;
}

uint32_t clasp_flow_waiting(const clasp_flows *f, uint32_t peer) {
    const flow *w = look(f, peer);
    uint32_t bytes = w ? w->large_bytes : 0;
    for (uint32_t i = 0; w && i < FLOW_CHANNELS; i++) {
        const flow_channel *c = w->channels[i];
        if (c) {
            bytes += c->ready.bytes + (c->flight.bytes - c->under_way) +
                     (c->open_count > 0 ? (uint32_t)(c->open_at - c->slab->bytes) - c->slab->used : 0);
        }
    }
    return bytes;
}

double clasp_flow_get_stat(const clasp_flows *f, uint32_t peer, clasp_flow_stat stat) {
    const flow *w = look(f, peer);
    if (!w) {
        return 0;
    }
    switch (stat) {
    case CLASP_FLOW_STAT_WAITING:
        return clasp_flow_waiting(f, peer);
    case CLASP_FLOW_STAT_UNACKED:
        return w->under_way;
    case CLASP_FLOW_STAT_RTT_US:
        return w->rtt_us;
    default:
        return (uint32_t)stat <= CLASP_FLOW_STAT_COVERED_BYTES ? w->stats[stat] : 0;
    }
}
