/* Channels of the application. */
#include "peer/flow_state.h"

#include "route/address.h"

flow_channel *flow_channel_new(uint32_t number, uint16_t stream, bool reliable, clasp_priority priority) {
    flow_channel *c = calloc(1, sizeof *c);
    if (c) {
        c->number = number;
        c->stream = stream;
        c->reliable = reliable;
        c->priority = (uint8_t)priority;
        c->first = 1;
    }
    return c;
}

void flow_channel_free(clasp_flows *f, flow *w, flow_channel *c) {
    if (!c) {
        return;
    }
    w->under_way -= c->under_way;
    flow_large_clear(w, c);
    flow_ring_clear(&c->ready, &f->slabs);
    flow_ring_clear(&c->flight, &f->slabs);
    if (c->slab) {
        flow_slab_release(&f->slabs, c->slab);
    }
    if (c->pieces) {
        flow_slab_release(&f->slabs, c->pieces);
    }
    clasp_text_clear(&c->subtree);
    free(c);
}

static bool holds(clasp_span subtree, clasp_span address) {
    return address.len >= subtree.len && memcmp(address.at, subtree.at, subtree.len) == 0 &&
           (address.len == subtree.len || address.at[subtree.len] == '/');
}

flow_channel *flow_channel_for(const flow *w, clasp_span address) {
    flow_channel *best = NULL;
    for (uint32_t i = CLASP_FLOW_FIRST_CUSTOM; i < FLOW_PIPE_CHANNEL; i++) {
        flow_channel *c = w->channels[i];
        if (c && holds(clasp_text_span(&c->subtree), address) &&
            (!best || c->subtree.len > best->subtree.len)) {
            best = c;
        }
    }
    return best;
}

/* Number of the channel for just this subtree; 0: none. */
static uint32_t number_for(const flow *w, clasp_span subtree) {
    for (uint32_t i = CLASP_FLOW_FIRST_CUSTOM; i < FLOW_PIPE_CHANNEL; i++) {
        if (w->channels[i] && clasp_span_equal(clasp_text_span(&w->channels[i]->subtree), subtree)) {
            return i;
        }
    }
    return 0;
}

/* A number that is free, after the last one given: the host may be closing what that was given for. FLOW_PIPE_CHANNEL: none. */
static uint32_t free_number(const flow *w) {
    for (uint32_t i = 0; i < CLASP_FLOW_CHANNELS; i++) {
        const uint32_t number = CLASP_FLOW_FIRST_CUSTOM + (w->last_custom + i) % CLASP_FLOW_CHANNELS;
        if (!w->channels[number]) {
            return number;
        }
    }
    return FLOW_PIPE_CHANNEL;
}

clasp_err clasp_flow_channel(clasp_flows *f, uint32_t peer, clasp_span subtree, bool reliable,
                             clasp_priority priority, uint32_t *channel) {
    flow *w = flow_of(f, peer);
    if (!w) {
        return CLASP_BAD_HANDLE;
    }
    if (!clasp_utf8_check(subtree) || clasp_address_check(subtree) != CLASP_OK) {
        return CLASP_BAD_ADDRESS;
    }
    const uint32_t known = number_for(w, subtree);
    if (known != 0) { /* on another link, or made by both sides */
        *channel = known;
        return CLASP_OK;
    }
    const uint32_t number = free_number(w);
    if (number == FLOW_PIPE_CHANNEL || w->last_stream >= UINT16_MAX - CLASP_PRIORITIES) {
        return CLASP_LIMIT;
    }
    flow_channel *c = flow_channel_new(number, 0, reliable, priority);
    if (!c || !clasp_text_set(&c->subtree, subtree)) {
        free(c);
        return CLASP_NO_MEMORY;
    }
    c->stream = reliable ? (uint16_t)(CLASP_PRIORITIES + ++w->last_stream) : 0;
    w->channels[number] = c;
    w->last_custom = number - CLASP_FLOW_FIRST_CUSTOM + 1;
    w->custom++;
    *channel = number;
    return CLASP_OK;
}

/* It tells what credit was taken, so that what never arrives is not missed for ever. */
static clasp_err say_end(clasp_flows *f, flow *w, const flow_channel *c) {
    uint8_t end[FLOW_END_LEN];
    flow_head(end, FLOW_KIND_END);
    clasp_store_u16(end + 2, c->stream);
    clasp_store_u32(end + 4, w->base);
    clasp_store_u32(end + 8, c->credited);
    return flow_say_record(f, w, w->channels[CLASP_FLOW_RELIABLE], (clasp_span){end, sizeof end},
                           (clasp_span){NULL, 0});
}

clasp_err clasp_flow_channel_end(clasp_flows *f, uint32_t peer, uint32_t channel) {
    flow *w = flow_of(f, peer);
    flow_channel *c =
        w && channel >= CLASP_FLOW_FIRST_CUSTOM && channel < FLOW_PIPE_CHANNEL ? w->channels[channel] : NULL;
    if (!c) {
        return CLASP_BAD_HANDLE;
    }
    const clasp_err err = c->reliable && w->ours ? say_end(f, w, c) : CLASP_OK;
    if (err != CLASP_OK) {
        return err;
    }
    flow_channel_free(f, w, c);
    w->channels[channel] = NULL;
    w->custom--;
    return CLASP_OK;
}
