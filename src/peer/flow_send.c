/* Which packet goes next, and by which way. */
#include "peer/flow_state.h"

#define ACKED_BITS 32u

/* ---- windows ------------------------------------------------------------------------------------------------- */

/* Something more urgent than this channel's bulk was said a moment ago. What is small and on the same channel is more urgent
 * than its pieces alone: its packets keep their order. */
static bool is_urgent(const flow *w, const flow_channel *c, bool is_piece, uint64_t now_us) {
    for (unsigned p = 0; p <= c->priority; p++) {
        const bool is_own = w->urgent_by[p] == c->number && !is_piece;
        if (!is_own && w->urgent_us[p] != FLOW_NEVER && now_us - w->urgent_us[p] < CLASP_FLOW_URGENT_US) {
            return true;
        }
    }
    return false;
}

/* A packet that is not bulk: what is bulk makes room for it from now on. */
static void note_urgent(flow *w, const flow_channel *c, const flow_packet *packet, uint64_t now_us) {
    if (packet->len <= CLASP_FLOW_BULK_PACKET && !(packet->flags & FLOW_PACKET_BULK) &&
        c->number < FLOW_PIPE_CHANNEL) {
        w->urgent_us[c->priority] = now_us;
        w->urgent_by[c->priority] = c->number;
    }
}

/* Bytes under way that fill a path of so many bytes for each microsecond, but at least `least`. More of them lie in queues. */
static uint32_t flight_of(const flow *w, uint32_t least, uint32_t rate) {
    const uint64_t bytes = w->round_us * rate;
    const uint32_t most = bytes < CLASP_FLOW_CREDIT_MAX ? (uint32_t)bytes : CLASP_FLOW_CREDIT_MAX;
    return most > least ? most : least;
}

/* A packet of so many bytes may go, as far as what is under way already is concerned. */
static bool fits_window(const flow *w, const flow_channel *c, uint32_t len, bool is_bulk, bool is_piece,
                        uint64_t now_us) {
    if (w->covered) {
        return w->under_way == 0 || w->under_way + len <= CLASP_FLOW_COVER_FLIGHT;
    }
    if (c->under_way == 0) {
        return true;
    }
    if (is_bulk && is_urgent(w, c, is_piece, now_us)) {
        return w->under_way + len <= flight_of(w, CLASP_FLOW_BULK_FLIGHT, CLASP_FLOW_BULK_RATE);
    }
    return len <= CLASP_FLOW_BULK_PACKET ||
           w->under_way + len <= flight_of(w, CLASP_FLOW_CREDIT, CLASP_FLOW_RATE);
}

static bool fits_credit(const flow *w, uint32_t len) {
    return (int32_t)(w->credit_limit - w->credit_used - len) >= 0;
}

/* ---- whose turn it is ---------------------------------------------------------------------------------------- */

static bool has_small(const flow_channel *c) {
    return c->ready.count > 0 || (c->open_count > 0 && c->is_late);
}

bool flow_has_work(const flow *w, const flow_channel *c) {
    return c->again < c->flight.count || has_small(c) || flow_large_turn(w, c) != FLOW_NEVER;
}

/* Of the reliable channels of one priority: the one that went longest ago. */
static flow_channel *first_of(const flow *w, unsigned priority) {
    flow_channel *best = NULL;
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        flow_channel *c = w->channels[i];
        if (c && c->reliable && c->priority == priority && (!best || c->turn < best->turn) &&
            flow_has_work(w, c)) {
            best = c;
        }
    }
    return best;
}

/* Priorities are strict, but one that was passed often enough goes once. */
flow_channel *flow_next_channel(flow *w) {
    flow_channel *chosen = NULL;
    for (unsigned p = 0; p < CLASP_PRIORITIES; p++) {
        flow_channel *c = first_of(w, p);
        if (!chosen) {
            chosen = c;
        } else if (c && !w->was_lower && c->passed >= CLASP_CHUNK_PATIENCE) {
            w->was_lower = true;
            return c;
        }
    }
    w->was_lower = false;
    return chosen;
}

/* Those of lower priority that wait have been passed once more. */
static void count_turn(flow *w, flow_channel *chosen) {
    chosen->turn = ++w->turn;
    chosen->passed = 0;
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        flow_channel *c = w->channels[i];
        if (c && c->reliable && c->priority > chosen->priority) {
            c->passed = flow_has_work(w, c) ? c->passed + 1 : 0;
        }
    }
}

/* ---- one packet ---------------------------------------------------------------------------------------------- */

/* The first packet that has to go again, passing those that have arrived; NULL: none. */
static flow_packet *next_again(flow_channel *c) {
    while (c->again < c->flight.count) {
        flow_packet *packet = flow_ring_at(&c->flight, c->again);
        if (!(packet->flags & FLOW_PACKET_ACKED)) {
            return packet;
        }
        c->again++;
    }
    return NULL;
}

static uint32_t open_len(const flow_channel *c) {
    return (uint32_t)(c->open_at - c->slab->bytes) - c->slab->used;
}

/* What has never been sent, as the last one of the flight; NULL: it may not go, or no memory. */
static flow_packet *next_new(clasp_flows *f, flow *w, flow_channel *c, uint64_t now_us) {
    const uint64_t large_turn = flow_large_turn(w, c);
    const bool small = has_small(c) && (large_turn == FLOW_NEVER || c->small_turn <= large_turn);
    uint32_t len = CLASP_FLOW_PACKET;
    bool is_bulk = true;
    if (small) {
        const flow_packet *first = c->ready.count > 0 ? flow_ring_at(&c->ready, 0) : NULL;
        len = first ? first->len : open_len(c);
        is_bulk = (first && (first->flags & FLOW_PACKET_BULK)) ||
                  (c->priority > CLASP_PRIORITY_NORMAL && len > CLASP_FLOW_BULK_PACKET);
    }
    if (!fits_credit(w, len) || !fits_window(w, c, len, is_bulk, !small, now_us) ||
        !flow_ring_reserve(&c->flight)) {
        return NULL;
    }
    flow_packet packet;
    if (!small) {
        if (!flow_large_next(f, w, c, &packet)) {
            return NULL;
        }
    } else {
        if (c->ready.count == 0 && !flow_seal(f, w, c)) {
            return NULL;
        }
        packet = flow_ring_take(&c->ready);
        c->small_turn = w->turn + 1;
    }
    w->credit_used += packet.len;
    c->credited += packet.len;
    flow_ring_push(&c->flight, &packet);
    return flow_ring_at(&c->flight, c->flight.count - 1);
}

/* The next packet of one channel, under way from now on; NULL: none may go. */
static flow_packet *next_of(clasp_flows *f, flow *w, flow_channel *c, uint64_t now_us) {
    flow_packet *packet = next_again(c);
    const bool is_piece = packet && (packet->flags & FLOW_PACKET_BULK) != 0;
    if (packet && !fits_window(w, c, packet->len, is_piece, is_piece, now_us)) {
        return NULL;
    }
    packet = packet ? packet : next_new(f, w, c, now_us);
    if (packet) {
        c->under_way += packet->len;
        w->under_way += packet->len;
        w->stats[CLASP_FLOW_STAT_RESENT] += packet->flags & FLOW_PACKET_AGAIN ? 1 : 0;
        packet->flags |= packet->flags & FLOW_PACKET_AGAIN ? FLOW_PACKET_TWICE : FLOW_PACKET_AGAIN;
        packet->sent_us = now_us;
        note_urgent(w, c, packet, now_us);
        count_turn(w, c);
    }
    return packet;
}

/* The way of a channel, when it takes a packet. A channel whose way is another one than before sends everything again. */
static bool may_take(flow *w, flow_channel *c) {
    const uint32_t way = w->covered ? FLOW_ROUTER : flow_way(w, c);
    const flow_path *path = flow_context(w, way);
    if (!path || path->buffered >= CLASP_FLOW_HIGH_WATER) {
        return false;
    }
    if (c->way != way) {
        flow_rewind(w, c);
        c->way = way;
    }
    return true;
}

/* What goes again needs no credit: it may be what the others wait for. */
static flow_channel *channel_of_repeats(const flow *w) {
    flow_channel *best = NULL;
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        flow_channel *c = w->channels[i];
        if (c && c->again < c->flight.count && (!best || c->priority < best->priority)) {
            best = c;
        }
    }
    return best;
}

flow_packet *flow_next(clasp_flows *f, flow *w, uint64_t now_us, flow_channel **from, uint32_t *sequence) {
    flow_channel *c = flow_next_channel(w);
    flow_packet *packet = c && may_take(w, c) ? next_of(f, w, c, now_us) : NULL;
    if (c && !packet) {
        c = channel_of_repeats(w);
        packet = c && may_take(w, c) ? next_of(f, w, c, now_us) : NULL;
    }
    if (packet) {
        *from = c;
        *sequence = c->first + c->again++;
    }
    return packet;
}

void flow_rewind(flow *w, flow_channel *c) {
    w->under_way -= c->under_way;
    c->under_way = 0;
    c->again = 0;
}

void flow_tidy(clasp_flows *f, flow_channel *c) {
    const bool idle = c->open_count == 0 && c->ready.count == 0 && c->flight.count == 0;
    if (idle && c->slab) {
        c->open_at = c->open_end = NULL;
        flow_slab_release(&f->slabs, c->slab);
        c->slab = NULL;
    }
    if (c->pieces && c->pieces->packets == 1 && !c->large) {
        flow_slab_release(&f->slabs, c->pieces);
        c->pieces = NULL;
    }
}

/* ---- acknowledgements ---------------------------------------------------------------------------------------- */

static flow_channel *channel_of_stream(const flow *w, uint16_t stream) {
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        flow_channel *c = w->channels[i];
        if (c && c->reliable && c->stream == stream) {
            return c;
        }
    }
    return NULL;
}

/* A packet has arrived, and waits there for those before it. `i`: its place in the flight. */
static void arrived(flow *w, flow_channel *c, uint32_t i) {
    flow_packet *packet = flow_ring_at(&c->flight, i);
    if (packet->flags & FLOW_PACKET_ACKED) {
        return;
    }
    packet->flags |= FLOW_PACKET_ACKED;
    if (i < c->again) {
        c->under_way -= packet->len;
        w->under_way -= packet->len;
    }
}

/* The first ones were delivered. */
static void arrived_up_to(clasp_flows *f, flow *w, flow_channel *c, uint32_t count) {
    for (; count > 0; count--) {
        arrived(w, c, 0);
        const flow_packet packet = flow_ring_take(&c->flight);
        flow_slab_release(&f->slabs, packet.slab);
        if (packet.batch > 0) {
            flow_effect(f, CLASP_EFFECT_P2P_ACKED, w->peer, packet.batch, c->number, (clasp_span){NULL, 0});
        }
        c->first++;
        c->again -= c->again > 0 ? 1 : 0;
    }
}

/* Bytes of this priority and above that wait or are not acknowledged. */
static uint64_t under_way_from(const flow *w, unsigned priority) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        const flow_channel *c = w->channels[i];
        if (c && c->priority <= priority) {
            bytes += c->ready.bytes + c->flight.bytes;
            for (const flow_large *large = c->large; large; large = large->next) {
                bytes += large->bytes.len;
            }
        }
    }
    return bytes;
}

bool clasp_flow_ready(clasp_flows *f, uint32_t peer, clasp_priority priority) {
    flow *w = flow_of(f, peer);
    if (!w || priority >= CLASP_PRIORITIES || under_way_from(w, priority) <= CLASP_FLOW_READY_BYTES) {
        return true;
    }
    w->owes_room |= (uint8_t)(1u << priority);
    return false;
}

void flow_tell_room(clasp_flows *f, flow *w) {
    for (unsigned p = 0; w->owes_room >> p != 0; p++) {
        if (w->owes_room >> p & 1u && under_way_from(w, p) <= CLASP_FLOW_READY_BYTES / 2) {
            w->owes_room &= (uint8_t) ~(1u << p);
            flow_effect(f, CLASP_EFFECT_P2P_ROOM, w->peer, p, 0, (clasp_span){NULL, 0});
        }
    }
}

/* The last of those that were delivered had been under way for so long. */
static void note_round(flow *w, flow_channel *c, uint32_t count, uint64_t now_us) {
    if (count == 0 || count > c->again || w->covered) {
        return;
    }
    const flow_packet *last = flow_ring_at(&c->flight, count - 1);
    const uint64_t round_us = (now_us - last->sent_us) | 1u;
    if (!(last->flags & FLOW_PACKET_TWICE) && (w->round_us == 0 || round_us < w->round_us)) {
        w->round_us = round_us;
    }
}

clasp_err flow_acked(clasp_flows *f, flow *w, const flow_ack *ack, uint64_t now_us) {
    flow_channel *c = channel_of_stream(w, ack->stream);
    if (!c || ack->line != w->incarnation + w->base) {
        return CLASP_OK; /* it has ended, or is another one's */
    }
    const uint32_t count = ack->next - c->first;
    if ((int32_t)count < 0) {
        return CLASP_OK; /* late */
    }
    if (count > c->flight.count) {
        return CLASP_OUT_OF_RANGE;
    }
    if ((int32_t)(ack->credit - w->credit_limit) > 0 &&
        ack->credit - w->credit_used <= CLASP_FLOW_CREDIT_MAX) {
        w->credit_limit = ack->credit;
    }
    if (count > 0 || ack->held != 0) {
        w->cover_us = now_us;
        w->cover_wait_us = CLASP_FLOW_COVER_AGAIN_US;
    }
    note_round(w, c, count, now_us);
    arrived_up_to(f, w, c, count);
    for (uint32_t i = 0; i < ACKED_BITS && i + 1 < c->flight.count; i++) {
        if (ack->held >> i & 1u) {
            arrived(w, c, i + 1);
        }
    }
    flow_tidy(f, c);
    flow_tell_room(f, w);
    return CLASP_OK;
}

/* ---- handing over -------------------------------------------------------------------------------------------- */

static void send_on(clasp_flows *f, flow *w, flow_path *path, clasp_span head, clasp_span rest) {
    const clasp_effect *effect =
        clasp_outbox_add2(f->out, CLASP_EFFECT_P2P_SEND, f->handle, w->peer, path->way, head, rest);
    if (effect) {
        path->buffered += effect->len;
        w->stats[CLASP_FLOW_STAT_SENT_BYTES] += effect->len;
    }
}

/* Nothing of it has to arrive: a peer that asks for answers and does not take them gets none. */
void flow_send_control(clasp_flows *f, flow *w, uint32_t way, clasp_span head, clasp_span rest) {
    flow_path *path = flow_path_at(w, way);
    if (path && path->buffered < CLASP_FLOW_CONTROL_WATER) {
        send_on(f, w, path, head, rest);
    }
}

/* Bulk that something urgent keeps short is acknowledged by halves of its window, so that it does not stand still. */
static bool wants_ack(flow *w, const flow_channel *c, const flow_packet *packet, uint64_t now_us) {
    w->unasked += packet->len;
    if (w->unasked < CLASP_FLOW_BULK_FLIGHT / 2 ||
        !is_urgent(w, c, (packet->flags & FLOW_PACKET_BULK) != 0, now_us)) {
        return false;
    }
    w->unasked = 0;
    return true;
}

/* A packet of ours: what is to be acknowledged this way goes before it in the same message. */
static void send_data(clasp_flows *f, flow *w, flow_path *path, const flow_packet *packet,
                      const flow_data_head *data) {
    uint8_t head[FLOW_ACK_LEN + FLOW_DATA_HEAD];
    uint32_t len = 0;
    flow_sequence *s = flow_owes_ack(w, path->way, FLOW_NEVER);
    if (s) {
        len = flow_write_ack(w, s, head);
    }
    flow_write_data(head + len, data);
    send_on(f, w, path, (clasp_span){head, len + FLOW_DATA_HEAD}, flow_packet_bytes(packet));
}

static bool pump_one(clasp_flows *f, flow *w, uint64_t now_us) {
    flow_channel *c;
    uint32_t sequence;
    const flow_packet *packet = flow_next(f, w, now_us, &c, &sequence);
    if (packet) {
        const flow_data_head data = {c->stream, sequence, wants_ack(w, c, packet, now_us)};
        send_data(f, w, flow_path_at(w, c->way), packet, &data);
    }
    return packet != NULL;
}

/* Frames as they are: to a peer of another make, and on channels that may lose. */
static void pump_plain(clasp_flows *f, flow *w, flow_channel *c) {
    flow_path *path = flow_path_at(w, flow_way(w, c));
    if (c->open_count > 0 && c->is_late) {
        flow_seal(f, w, c);
    }
    while (path && c->ready.count > 0 && path->buffered < CLASP_FLOW_HIGH_WATER) {
        const flow_packet packet = flow_ring_take(&c->ready);
        send_on(f, w, path, (clasp_span){NULL, 0}, flow_packet_bytes(&packet));
        flow_slab_release(&f->slabs, packet.slab);
    }
    flow_tidy(f, c);
}

void flow_pump(clasp_flows *f, flow *w, uint64_t now_us) {
    flow_say_hellos(f, w);
    if (w->covered && w->ours) {
        flow_cover_pump(f, w, now_us);
        return;
    }
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        flow_channel *c = w->channels[i];
        if (c && (!c->reliable || !w->ours)) {
            pump_plain(f, w, c);
        }
    }
    while (w->ours && pump_one(f, w, now_us)) {
    }
    flow_tell_room(f, w);
}

void flow_flush(clasp_flows *f, flow *w, uint64_t now_us) {
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        flow_channel *c = w->channels[i];
        if (c) {
            c->is_late = c->open_count > 0;
        }
    }
    w->is_dirty = false;
    flow_pump(f, w, now_us);
    flow_send_acks(f, w, now_us);
    flow_touch(f, w);
}

void clasp_flows_flush(clasp_flows *f, uint64_t now_us) {
    for (uint32_t i = 0; i < f->count; i++) {
        flow *w = f->flows[i];
        if (w->is_dirty) {
            flow_flush(f, w, now_us);
        }
    }
}
