/* Values in pieces: cut when they may go, so that what is more urgent never waits for more than one. */
#include "peer/flow_state.h"

static flow_large *make_large(flow *w, const flow_channel *c, const clasp_text *bytes, clasp_err *err) {
    flow_large *large = calloc(1, sizeof *large);
    if (!large) {
        *err = CLASP_NO_MEMORY;
        return NULL;
    }
    *err = clasp_split_init(&large->split, w->last_message + 1, (clasp_priority)c->priority,
                            clasp_text_span(bytes), CLASP_FLOW_PACKET);
    if (*err != CLASP_OK) {
        free(large);
        return NULL;
    }
    large->bytes = *bytes;
    return large;
}

clasp_err flow_large_push(flow *w, flow_channel *c, clasp_text *bytes, uint32_t address_at,
                          uint32_t address_len, uint32_t *batch) {
    clasp_err err;
    if (w->large_count == CLASP_FLOW_LARGE || bytes->len > CLASP_CHUNK_QUEUE_BYTES - w->large_bytes) {
        w->owes_room |= (uint8_t)(1u << c->priority);
        return CLASP_QUEUE_FULL;
    }
    flow_large *large = make_large(w, c, bytes, &err);
    if (!large) {
        return err;
    }
    large->address = (clasp_span){bytes->at + address_at, address_len};
    large->after = c->sealed + (c->open_count > 0 ? 1 : 0);
    *bytes = (clasp_text){NULL, 0};
    w->last_batch = w->last_batch == UINT32_MAX ? 1 : w->last_batch + 1;
    large->batch = *batch = w->last_batch;
    w->last_message++;
    w->large_count++;
    w->large_bytes += large->bytes.len;
    *(c->large ? &c->large_last->next : &c->large) = large;
    c->large_last = large;
    w->is_dirty = true;
    w->stats[CLASP_FLOW_STAT_SENT_MESSAGES]++;
    return CLASP_OK;
}

bool flow_large_has(const flow_channel *c, clasp_span address) {
    const flow_large *large = c->large;
    while (large && !clasp_span_equal(large->address, address)) {
        large = large->next;
    }
    return large != NULL;
}

/* The last piece delivers the value: what was said before it is delivered before it. */
static bool would_overtake(const flow_channel *c, const flow_large *large) {
    const uint32_t gone = c->sealed - c->ready.count;
    return large->split.next + 1 == large->split.end && (int32_t)(large->after - gone) > 0;
}

/* True if one may be sent of: it is under way, or may begin now. No more begin than the receiver has room for, and none
 * before an earlier one at the same address. */
static bool may_go(const flow *w, const flow_channel *c, const flow_large *large) {
    if (would_overtake(c, large)) {
        return false;
    }
    if (large->turn > 0) {
        return true;
    }
    const uint32_t begun = w->begun[c->priority];
    if (begun == CLASP_CHUNK_ABREAST ||
        (begun > 0 && large->bytes.len > CLASP_CHUNK_MAX_LEN - w->begun_bytes[c->priority])) {
        return false;
    }
    for (const flow_large *i = c->large; i != large; i = i->next) {
        if (clasp_span_equal(i->address, large->address)) {
            return false;
        }
    }
    return true;
}

/* Whoever went longest ago; those behind one that may not begin do not overtake it. NULL: none. */
static flow_large *choose(const flow *w, const flow_channel *c, flow_large **before) {
    flow_large *best = NULL;
    flow_large *last = NULL;
    uint32_t looked = 0;
    for (flow_large *i = c->large; i && looked < CLASP_CHUNK_ABREAST; last = i, i = i->next, looked++) {
        if (may_go(w, c, i) && (!best || i->turn < best->turn)) {
            best = i;
            *before = last;
        }
    }
    return best;
}

uint64_t flow_large_turn(const flow *w, const flow_channel *c) {
    flow_large *before;
    const flow_large *large = c->large ? choose(w, c, &before) : NULL;
    return large ? large->turn : FLOW_NEVER;
}

static void drop(flow *w, flow_channel *c, flow_large *large, flow_large *before) {
    *(before ? &before->next : &c->large) = large->next;
    if (c->large_last == large) {
        c->large_last = before;
    }
    if (large->turn > 0) {
        w->begun[c->priority]--;
        w->begun_bytes[c->priority] -= large->bytes.len;
    }
    w->large_count--;
    w->large_bytes -= large->bytes.len;
    clasp_text_clear(&large->bytes);
    free(large);
}

static void begin(flow *w, const flow_channel *c, flow_large *large) {
    if (large->turn == 0) {
        w->begun[c->priority]++;
        w->begun_bytes[c->priority] += large->bytes.len;
    }
    large->turn = ++w->turn;
}

bool flow_large_next(clasp_flows *f, flow *w, flow_channel *c, flow_packet *out) {
    flow_large *before = NULL;
    flow_large *large = choose(w, c, &before);
    clasp_record record;
    if (!large || !flow_slab_room(&f->slabs, &c->pieces, CLASP_FLOW_PACKET) ||
        !clasp_split_next(&large->split, &record)) {
        return false;
    }
    begin(w, c, large);
    flow_slab *slab = c->pieces;
    *out = (flow_packet){.slab = slab, .at = slab->used, .flags = FLOW_PACKET_BULK};
    out->len = record.header_len + record.bytes.len;
    memcpy(slab->bytes + slab->used, record.header, record.header_len);
    memcpy(slab->bytes + slab->used + record.header_len, record.bytes.at, record.bytes.len);
    slab->used += out->len;
    slab->packets++;
    if (!clasp_split_left(&large->split)) {
        out->batch = large->batch;
        drop(w, c, large, before);
    }
    return true;
}

void flow_large_clear(flow *w, flow_channel *c) {
    while (c->large) {
        drop(w, c, c->large, NULL);
    }
}
