/* By way of the router, while no direct path works: several records in one, no faster than a relay takes them. */
#include "peer/flow_state.h"

#define RECORD_LEN 2u /* before each record of a PACK */
#define SECOND_US 1000000u
#define STEP_US (SECOND_US / CLASP_FLOW_COVER_RATE)
#define NOTHING_YET (FLOW_PACK_HEAD + RECORD_LEN + FLOW_HELLO_LEN)

/* A record that is being filled. */
typedef struct pack {
    uint8_t *at;
    uint32_t len;
} pack;

static bool fits(const pack *p, uint32_t len) { return p->len + RECORD_LEN + len <= CLASP_P2P_RECORD_MAX; }

static void add(pack *p, clasp_span head, clasp_span rest) {
    uint8_t *to = p->at + p->len;
    clasp_store_u16(to, (uint16_t)(head.len + rest.len));
    clasp_copy(to + RECORD_LEN, head.at, head.len);
    if (rest.len > 0) {
        memcpy(to + RECORD_LEN + head.len, rest.at, rest.len);
    }
    p->len += RECORD_LEN + head.len + rest.len;
}

/* It begins with who we are, and to whom: it may arrive before, or long after, what was told on a link. */
static void begin(clasp_flows *f, const flow *w, uint32_t to, pack *p) {
    uint8_t hello[FLOW_HELLO_LEN];
    *p = (pack){f->packet, FLOW_PACK_HEAD};
    flow_head(p->at, FLOW_KIND_PACK);
    flow_write_hello(w, to, hello);
    add(p, (clasp_span){hello, sizeof hello}, (clasp_span){NULL, 0});
}

static void add_acks(flow *w, pack *p) {
    uint8_t ack[FLOW_ACK_LEN];
    flow_sequence *s;
    while (fits(p, sizeof ack) && (s = flow_owes_ack(w, FLOW_ROUTER, FLOW_NEVER)) != NULL) {
        flow_write_ack(w, s, ack);
        add(p, (clasp_span){ack, sizeof ack}, (clasp_span){NULL, 0});
    }
}

static void add_data(clasp_flows *f, flow *w, pack *p, uint64_t now_us) {
    const flow_packet *packet;
    flow_channel *c;
    uint32_t sequence;
    while (fits(p, FLOW_DATA_HEAD + CLASP_FLOW_PACKET) &&
           (packet = flow_next(f, w, now_us, &c, &sequence)) != NULL) {
        uint8_t head[FLOW_DATA_HEAD];
        flow_write_data(head, &(flow_data_head){c->stream, sequence, false});
        add(p, (clasp_span){head, sizeof head}, flow_packet_bytes(packet));
    }
}

/* What may be lost goes as it is, where there is room left. */
static void add_plain(clasp_flows *f, flow *w, pack *p) {
    for (uint32_t i = CLASP_FLOW_FAST; i < FLOW_PIPE_CHANNEL; i++) {
        flow_channel *c = w->channels[i];
        if (!c || c->reliable) {
            continue;
        }
        if (c->open_count > 0 && c->is_late) {
            flow_seal(f, w, c);
        }
        while (c->ready.count > 0 && fits(p, flow_ring_at(&c->ready, 0)->len)) {
            const flow_packet packet = flow_ring_take(&c->ready);
            add(p, flow_packet_bytes(&packet), (clasp_span){NULL, 0});
            flow_slab_release(&f->slabs, packet.slab);
        }
    }
}

/* The relay takes so many messages a second, and a burst. `router_us` runs ahead of the time by what was spent. */
uint64_t flow_router_free(const clasp_flows *f) {
    const uint64_t burst_us = (uint64_t)STEP_US * (CLASP_FLOW_COVER_BURST - 1);
    return f->router_us > burst_us ? f->router_us - burst_us : 0;
}

static bool may_send(const clasp_flows *f, uint64_t now_us) { return flow_router_free(f) <= now_us; }

static void spend(clasp_flows *f, uint64_t now_us) {
    f->router_us = (f->router_us > now_us ? f->router_us : now_us) + STEP_US;
}

/* False: it could not go, and counts as lost on the way. */
static bool send_pack(clasp_flows *f, flow *w, const pack *p, uint64_t now_us) {
    if (f->hooks.record &&
        f->hooks.record(f->hooks.context, w->peer, (clasp_span){p->at, p->len}) == CLASP_OK) {
        spend(f, now_us);
        w->stats[CLASP_FLOW_STAT_COVERED_BYTES] += p->len;
        w->stats[CLASP_FLOW_STAT_SENT_BYTES] += p->len;
        return true;
    }
    return false;
}

/* One record. False: nothing was to go, or it could not. */
static bool send_one(clasp_flows *f, flow *w, uint64_t now_us) {
    pack p;
    begin(f, w, w->peer_incarnation, &p);
    add_acks(w, &p);
    add_data(f, w, &p, now_us);
    add_plain(f, w, &p);
    return p.len > NOTHING_YET && send_pack(f, w, &p, now_us);
}

/* Whoever wrote has to name us: it is told to itself, whether we believe in it or not. What does not go now is asked for again:
 * packets that are not acknowledged are repeated. */
void flow_cover_greet(clasp_flows *f, flow *w, uint64_t now_us) {
    pack p;
    if (w->owes_hello && may_send(f, now_us)) {
        begin(f, w, w->router.incarnation, &p);
        send_pack(f, w, &p, now_us);
    }
    w->owes_hello = false;
}

void flow_cover_pump(clasp_flows *f, flow *w, uint64_t now_us) {
    while (may_send(f, now_us) && send_one(f, w, now_us)) {
    }
    w->wants_router = !may_send(f, now_us) && flow_next_channel(w) != NULL;
    flow_tell_room(f, w);
}

/* When what was sent and not acknowledged goes again. */
static uint64_t again_due(const flow *w) {
    const uint64_t since = flow_waiting_since(w);
    return since == FLOW_NEVER ? since : (since > w->cover_us ? since : w->cover_us) + w->cover_wait_us;
}

uint64_t flow_cover_due(const clasp_flows *f, const flow *w) {
    if (!w->covered) {
        return FLOW_NEVER;
    }
    const uint64_t again = again_due(w);
    const uint64_t paid = w->wants_router ? flow_router_free(f) : FLOW_NEVER;
    return again < paid ? again : paid;
}

/* Nothing was acknowledged for too long: everything goes again, ever less often. */
void flow_cover_tick(clasp_flows *f, flow *w, uint64_t now_us) {
    if (flow_cover_due(f, w) > now_us) {
        return;
    }
    if (again_due(w) <= now_us) {
        flow_rewind_all(w);
        w->cover_us = now_us;
        w->cover_wait_us = w->cover_wait_us * 2 < CLASP_FLOW_COVER_AGAIN_MAX_US
                               ? w->cover_wait_us * 2
                               : CLASP_FLOW_COVER_AGAIN_MAX_US;
    }
    flow_cover_pump(f, w, now_us);
}
