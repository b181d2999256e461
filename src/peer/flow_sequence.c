/* What comes numbered: in order, once, acknowledged. */
#include "peer/flow_state.h"

#include "wire/message.h"

#define PIECE_LAST 0x80u /* of its flags */

/* ---- sequences ----------------------------------------------------------------------------------------------- */

static void free_sequence(flow *w, flow_sequence *s) {
    for (uint32_t i = 0; s && i < CLASP_FLOW_REORDER; i++) {
        w->reorder_bytes -= s->held[i].len;
        clasp_text_clear(&s->held[i]);
    }
    free(s);
}

void flow_sequences_clear(flow *w) {
    for (uint32_t i = 0; i < FLOW_SEQUENCES; i++) {
        free_sequence(w, w->sequences[i]);
        w->sequences[i] = NULL;
    }
}

static flow_sequence **place_of(flow *w, uint16_t stream) {
    flow_sequence **free_place = NULL;
    for (uint32_t i = 0; i < FLOW_SEQUENCES; i++) {
        if (w->sequences[i] && w->sequences[i]->stream == stream) {
            return &w->sequences[i];
        }
        free_place = free_place || w->sequences[i] ? free_place : &w->sequences[i];
    }
    return free_place;
}

static bool has_ended(const flow *w, uint16_t stream) {
    for (uint32_t i = 0; i < FLOW_ENDED; i++) {
        if (w->ended[i] == stream) {
            return stream != 0;
        }
    }
    return false;
}

static flow_sequence *known(flow *w, uint16_t stream) {
    flow_sequence **place = place_of(w, stream);
    return place ? *place : NULL;
}

static flow_sequence *find_sequence(flow *w, uint16_t stream, clasp_err *err) {
    flow_sequence **place = place_of(w, stream);
    *err = place ? CLASP_OK : CLASP_LIMIT;
    if (!place || *place) {
        return place ? *place : NULL;
    }
    flow_sequence *s = calloc(1, sizeof *s);
    if (!s) {
        *err = CLASP_NO_MEMORY;
        return NULL;
    }
    s->stream = stream;
    s->next = 1;
    s->ack_us = FLOW_NEVER;
    return *place = s;
}

/* What of an ended stream has not come, and will not, counts as come: its writer has taken credit for it. */
static void settle_credit(flow *w, const flow_end *end, uint32_t taken) {
    const uint32_t missing = end->bytes - taken;
    if (end->base == w->peer_base && missing <= CLASP_FLOW_CREDIT_MAX) {
        w->consumed += missing;
    }
}

void flow_end_stream(flow *w, const flow_end *end) {
    flow_sequence **place = place_of(w, end->stream);
    if (end->stream == 0 || has_ended(w, end->stream)) {
        return;
    }
    w->ended[w->ended_next++ % FLOW_ENDED] = end->stream;
    settle_credit(w, end, place && *place ? (*place)->taken : 0);
    if (place && *place) {
        free_sequence(w, *place);
        *place = NULL;
    }
}

/* ---- acknowledgements ---------------------------------------------------------------------------------------- */

/* What has come, and what may be under way besides. */
uint32_t flow_credit(const flow *w) {
    const bool is_new = w->consumed < CLASP_FLOW_CREDIT_AFTER;
    return (uint32_t)w->consumed + (is_new ? CLASP_FLOW_CREDIT : CLASP_FLOW_CREDIT_MAX);
}

/* An acknowledgement is owed: at once, or when nobody waits for it, a little later. */
static void owe(flow_sequence *s, uint32_t len, bool at_once, uint64_t now_us) {
    s->unacked += len;
    s->wants_ack = true;
    const bool now = at_once || s->unacked >= CLASP_FLOW_CREDIT / CLASP_FLOW_ACK_SHARE;
    const uint64_t due_us = now ? now_us : now_us + CLASP_FLOW_ACK_US;
    s->ack_us = due_us < s->ack_us ? due_us : s->ack_us;
}

uint32_t flow_write_ack(flow *w, flow_sequence *s, uint8_t out[FLOW_ACK_LEN]) {
    flow_head(out, FLOW_KIND_ACK);
    clasp_store_u16(out + 2, s->stream);
    clasp_store_u32(out + 4, w->peer_incarnation + w->peer_base);
    clasp_store_u32(out + 8, s->next);
    clasp_store_u32(out + 12, s->seen);
    clasp_store_u32(out + 16, flow_credit(w));
    s->wants_ack = false;
    s->unacked = 0;
    s->ack_us = FLOW_NEVER;
    return FLOW_ACK_LEN;
}

/* The way that an acknowledgement goes: that of the packets, as long as it is there. */
static uint32_t ack_way(flow *w, const flow_sequence *s) {
    if (s->way == FLOW_ROUTER ? w->covered || w->link == 0 : flow_path_at(w, s->way) != NULL) {
        return s->way;
    }
    return flow_way(w, w->channels[CLASP_FLOW_RELIABLE]);
}

flow_sequence *flow_owes_ack(flow *w, uint32_t way, uint64_t now_us) {
    for (uint32_t i = 0; i < FLOW_SEQUENCES; i++) {
        flow_sequence *s = w->sequences[i];
        if (s && s->wants_ack && s->ack_us <= now_us && ack_way(w, s) == way) {
            return s;
        }
    }
    return NULL;
}

void flow_send_acks(clasp_flows *f, flow *w, uint64_t now_us) {
    uint8_t ack[FLOW_ACK_LEN];
    bool by_router = false;
    for (uint32_t i = 0; i < FLOW_SEQUENCES; i++) {
        flow_sequence *s = w->sequences[i];
        if (!s || !s->wants_ack || s->ack_us > now_us) {
            continue;
        }
        const uint32_t way = ack_way(w, s);
        if (way == FLOW_ROUTER) {
            by_router = true;
        } else {
            flow_write_ack(w, s, ack);
            flow_send_control(f, w, way, (clasp_span){ack, sizeof ack}, (clasp_span){NULL, 0});
        }
    }
    if (by_router) {
        flow_cover_pump(f, w, now_us);
    }
}

/* ---- packets ------------------------------------------------------------------------------------------------- */

/* A packet that somebody waits for: a SET, a BUNDLE with one in it, or the end of a large one. */
static bool is_awaited(const flow *w, clasp_span payload) {
    if (payload.len <= CLASP_PIECE_HEADER) {
        return true;
    }
    const uint8_t *p = payload.at;
    if (p[0] == CLASP_FRAME_MAGIC) {
        return p[CLASP_FRAME_HEADER] == CLASP_MSG_SET ||
               (p[CLASP_FRAME_HEADER] == CLASP_MSG_BUNDLE && p[1] >> 6 == CLASP_QOS_COMMIT);
    }
    return p[1] == CLASP_PIECE_KIND && (p[CLASP_PIECE_HEADER - 1] & PIECE_LAST) && w->is_whole_set;
}

static clasp_err keep(flow *w, clasp_text *place, clasp_span payload) {
    if (payload.len > CLASP_FLOW_REORDER_BYTES - w->reorder_bytes) {
        return CLASP_LIMIT;
    }
    if (!clasp_text_set(place, payload)) {
        return CLASP_NO_MEMORY;
    }
    w->reorder_bytes += payload.len;
    return CLASP_OK;
}

static clasp_err hold(flow *w, flow_sequence *s, uint32_t ahead, clasp_span payload) {
    if (ahead > CLASP_FLOW_REORDER || (ahead == CLASP_FLOW_REORDER && s->is_due_held)) {
        return CLASP_LIMIT; /* its place is not free */
    }
    if (s->seen >> (ahead - 1) & 1u) {
        w->stats[CLASP_FLOW_STAT_DUPLICATES]++;
        return CLASP_OK;
    }
    const clasp_err err = keep(w, &s->held[(s->next + ahead) % CLASP_FLOW_REORDER], payload);
    if (err == CLASP_OK) {
        s->seen |= 1u << (ahead - 1);
    }
    return err;
}

/* The packet that was due is taken; the next one may be held. */
static void taken(flow *w, flow_sequence *s, clasp_span payload, uint64_t now_us) {
    owe(s, payload.len, is_awaited(w, payload), now_us);
    s->is_due_held = s->seen & 1u;
    s->seen >>= 1;
    s->next++;
    s->taken += payload.len;
    w->consumed += payload.len;
}

/* The packet that is due waits here for memory, or comes again. */
static void put_off(flow *w, flow_sequence *s, uint64_t now_us) {
    w->retry_us = s->is_due_held ? now_us + CLASP_FLOW_RETRY_US : w->retry_us;
}

static clasp_text *due_place(flow_sequence *s) { return &s->held[s->next % CLASP_FLOW_REORDER]; }

/* Those that came before they were due, until one finds no memory. */
static void take_held(clasp_flows *f, flow *w, uint16_t stream, uint64_t now_us) {
    for (flow_sequence *s = known(w, stream); s && s->is_due_held; s = known(w, stream)) {
        clasp_text payload = *due_place(s);
        *due_place(s) = (clasp_text){NULL, 0};
        w->reorder_bytes -= payload.len;
        const clasp_err err = flow_payload(f, w, clasp_text_span(&payload), now_us);
        s = known(w, stream); /* it may have ended itself */
        if (s && err == CLASP_NO_MEMORY) {
            *due_place(s) = payload;
            w->reorder_bytes += payload.len;
            put_off(w, s, now_us);
            return;
        }
        if (s) {
            taken(w, s, clasp_text_span(&payload), now_us);
        }
        clasp_text_clear(&payload);
    }
}

void flow_take_held(clasp_flows *f, flow *w, uint64_t now_us) {
    if (w->retry_us == FLOW_NEVER) {
        return;
    }
    w->retry_us = FLOW_NEVER;
    for (uint32_t i = 0; i < FLOW_SEQUENCES; i++) {
        if (w->sequences[i]) {
            take_held(f, w, w->sequences[i]->stream, now_us);
        }
    }
}

/* The packet that is due counts as taken whatever it holds: it would be due for ever. Without memory for it, it is held, and if
 * there is not even memory for that, it comes again. */
static clasp_err take(clasp_flows *f, flow *w, uint16_t stream, clasp_span payload, uint64_t now_us) {
    const clasp_err err = flow_payload(f, w, payload, now_us);
    flow_sequence *s = known(w, stream); /* it may have ended itself */
    if (s && err == CLASP_NO_MEMORY) {
        s->is_due_held = keep(w, due_place(s), payload) == CLASP_OK;
        put_off(w, s, now_us);
        return s->is_due_held ? CLASP_OK : err;
    }
    if (s) {
        taken(w, s, payload, now_us);
        take_held(f, w, stream, now_us);
    }
    return err;
}

clasp_err flow_data(clasp_flows *f, flow *w, uint32_t way, const flow_data_head *head, clasp_span payload,
                    uint64_t now_us) {
    clasp_err err = CLASP_OK;
    flow_sequence *s = has_ended(w, head->stream) ? NULL : find_sequence(w, head->stream, &err);
    if (!s) {
        return err;
    }
    const uint32_t ahead = head->sequence - s->next;
    s->way = way;
    if (way == FLOW_ROUTER) {
        flow_try_link(f, w, now_us);
    }
    if (ahead == 0 && !s->is_due_held) {
        err = take(f, w, head->stream, payload, now_us);
        s = head->asks ? known(w, head->stream) : NULL;
        if (s) {
            owe(s, 0, true, now_us);
        }
        return err;
    }
    owe(s, 0, true, now_us);
    if ((int32_t)ahead <= 0) {
        w->stats[CLASP_FLOW_STAT_DUPLICATES]++;
        return CLASP_OK;
    }
    return hold(w, s, ahead, payload);
}

/* ---- who speaks ---------------------------------------------------------------------------------------------- */

/* The peer numbers anew. */
static void restart_hearing(flow *w) {
    flow_sequences_clear(w);
    memset(w->ended, 0, sizeof w->ended);
    w->consumed = 0;
    w->retry_us = FLOW_NEVER;
    clasp_text_clear(&w->whole);
    if (w->pieces) {
        clasp_reassembler_clear(w->pieces);
    }
}

/* A flight begins with the first number, and all of it goes again: what was only held there is lost. */
static void renumber(flow *w, flow_channel *c) {
    flow_rewind(w, c);
    for (uint32_t i = 0; i < c->flight.count; i++) {
        flow_ring_at(&c->flight, i)->flags &= ~FLOW_PACKET_ACKED;
    }
    c->first = 1;
    c->credited = c->flight.bytes;
    w->credit_used += c->credited;
}

/* The peer has lost what it knew of us: a new flow under an old name. */
static void restart_saying(flow *w) {
    w->base++;
    w->credit_used = 0;
    w->credit_limit = CLASP_FLOW_CREDIT;
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        if (w->channels[i]) {
            renumber(w, w->channels[i]);
        }
    }
    flow_greet(w);
}

/* True for a flow of the same page that was there before this one (flow.c numbers them). */
static bool is_older(uint32_t incarnation, uint32_t than) {
    return than != 0 && (than - incarnation) * FLOW_INCARNATION_INVERSE - 1 < FLOW_INCARNATIONS;
}

static bool is_former(const flow *w, uint32_t incarnation) {
    bool former = is_older(incarnation, w->peer_incarnation);
    for (uint32_t i = 0; i < FLOW_FORMER; i++) {
        former = former || w->former[i] == incarnation || is_older(incarnation, w->former[i]);
    }
    return former;
}

/* What the peer has told is news: false: it is known, or late. By the router what was not meant for us is late. */
static bool is_news(const flow *w, uint32_t way, const flow_path *told) {
    if (told->is_stray && way == FLOW_ROUTER) {
        return false;
    }
    return told->incarnation == w->peer_incarnation ? (int32_t)(told->base - w->peer_base) > 0
                                                    : !is_former(w, told->incarnation);
}

/* On a link that is the first one DATA comes right behind HELLO, before the writer can know us. Records of the router may be of
 * another time. */
static bool is_stray(const flow *w, uint32_t way, uint32_t to) {
    return to != w->incarnation && (to != 0 || way == FLOW_ROUTER);
}

clasp_err flow_told_hello(flow *w, uint32_t way, const flow_hello *hello) {
    flow_path *path = flow_context(w, way);
    if (!path || hello->incarnation == 0) {
        return CLASP_OUT_OF_RANGE;
    }
    path->incarnation = hello->incarnation;
    path->base = hello->base;
    path->is_stray = is_stray(w, way, hello->to);
    if (!is_news(w, way, path)) {
        return CLASP_OK;
    }
    const bool is_first = w->peer_incarnation == 0;
    const bool is_reborn = !is_first && w->peer_incarnation != path->incarnation;
    if (is_reborn) {
        w->former[w->former_next++ % FLOW_FORMER] = w->peer_incarnation;
    }
    w->peer_incarnation = path->incarnation;
    w->peer_base = path->base;
    restart_hearing(w);
    if (is_reborn) {
        flow_pipes_clear(w, CLASP_PEER_GONE);
        restart_saying(w);
    } else if (is_first && way == FLOW_ROUTER) {
        flow_rewind_all(w); /* it was not said to anybody */
    }
    return CLASP_OK;
}
