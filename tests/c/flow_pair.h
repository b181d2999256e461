/**
 * Two applications that speak to one another by their data planes: what one sends the other receives, in the order in which
 * the test lets it arrive.
 */
#ifndef CLASP_TESTS_FLOW_PAIR_H
#define CLASP_TESTS_FLOW_PAIR_H

#include "alloc.h"
#include "base/limits.h"
#include "base/outbox.h"
#include "check.h"
#include "peer/flow.h"
#include "wire/value.h"

#define PAIR_PEER 513u /* the handle under which each side knows the other */
#define PAIR_KEPT 65536u

/* One message under way. */
typedef struct pair_message {
    struct pair_message *next;
    uint32_t way; /* link << 8 | channel; UINT32_MAX: the router */
    uint32_t len;
    uint8_t bytes[];
} pair_message;

typedef struct pair_side {
    struct pair *pair;
    clasp_flows *flows;
    clasp_outbox out;
    pair_message *first, *last;   /* sent by this side */
    uint32_t counts[128];         /* effects so far, by kind */
    uint32_t paths[4];            /* reports by the hook, by clasp_p2p_path_event */
    clasp_effect kept[PAIR_KEPT]; /* deliveries and what tells of them, the latest ones from 0 on */
    uint32_t kept_count;
    uint8_t text[256]; /* bytes of the last effect that had any */
    uint32_t text_len;
} pair_side;

typedef struct pair {
    pair_side sides[2];
    uint64_t now_us;
} pair;

#define PAIR_ROUTER UINT32_MAX

static inline void pair_append(pair_side *side, uint32_t way, clasp_span bytes) {
    pair_message *m = malloc(sizeof *m + bytes.len);
    if (!CHECK(m != NULL)) {
        return;
    }
    *m = (pair_message){.way = way, .len = bytes.len};
    memcpy(m->bytes, bytes.at, bytes.len);
    *(side->first ? &side->last->next : &side->first) = m;
    side->last = m;
}

static inline void pair_path(void *context, uint32_t peer, uint32_t link, clasp_p2p_path_event event,
                             uint64_t now_us) {
    pair_side *side = context;
    (void)peer;
    (void)link;
    (void)now_us;
    side->paths[event]++;
}

static inline clasp_err pair_record(void *context, uint32_t peer, clasp_span record) {
    (void)peer;
    CHECK(record.len <= CLASP_P2P_RECORD_MAX);
    pair_append(context, PAIR_ROUTER, record);
    return CLASP_OK;
}

/* Carry out what a side wants done. */
static inline void pair_drain(pair_side *side) {
    CHECK_EQ(side->out.err, CLASP_OK);
    for (uint32_t i = 0; i < side->out.count; i++) {
        const clasp_effect *e = &side->out.effects[i];
        side->counts[e->kind]++;
        if (e->kind == CLASP_EFFECT_P2P_SEND) {
            pair_append(side, e->b, clasp_outbox_bytes(&side->out, e));
        } else {
            side->kept[side->kept_count++ % PAIR_KEPT] = *e;
            side->text_len = e->len < sizeof side->text ? e->len : (uint32_t)sizeof side->text;
            memcpy(side->text, side->out.bytes + e->at, side->text_len);
        }
    }
    clasp_outbox_clear(&side->out);
}

static inline void pair_flush(pair *p, int side) {
    clasp_flows_flush(p->sides[side].flows, p->now_us);
    pair_drain(&p->sides[side]);
}

/* Hand the oldest message of a side to the other one; false: there is none. */
static inline bool pair_carry(pair *p, int from, clasp_err *err) {
    pair_side *sender = &p->sides[from];
    pair_side *receiver = &p->sides[1 - from];
    pair_message *m = sender->first;
    if (!m) {
        return false;
    }
    sender->first = m->next;
    const clasp_span bytes = {m->bytes, m->len};
    *err = m->way == PAIR_ROUTER ? clasp_flow_record(receiver->flows, PAIR_PEER, bytes, p->now_us)
                                 : clasp_flow_received(receiver->flows, PAIR_PEER, m->way >> 8, m->way & 0xFF,
                                                       bytes, p->now_us);
    pair_drain(receiver);
    if (m->way != PAIR_ROUTER) {
        clasp_flow_buffered(sender->flows, PAIR_PEER, m->way >> 8, m->way & 0xFF, 0, p->now_us);
        pair_drain(sender);
    }
    free(m);
    return true;
}

/* Both ways, until nothing is under way. */
static inline void pair_settle(pair *p) {
    clasp_err err = CLASP_OK;
    bool moved = true;
    while (moved) {
        pair_flush(p, 0);
        pair_flush(p, 1);
        moved = pair_carry(p, 0, &err);
        CHECK_EQ(err, CLASP_OK);
        moved = pair_carry(p, 1, &err) || moved;
        CHECK_EQ(err, CLASP_OK);
    }
}

/* Let the time go to the next deadline of either side, but no further than `until_us`. False: it was reached. */
static inline bool pair_wait(pair *p, uint64_t until_us) {
    uint64_t next = until_us;
    for (int i = 0; i < 2; i++) {
        const uint64_t due = clasp_flows_deadline(p->sides[i].flows);
        next = due < next ? due : next;
    }
    p->now_us = next > p->now_us ? next : p->now_us;
    for (int i = 0; i < 2; i++) {
        clasp_flows_tick(p->sides[i].flows, p->now_us);
        pair_drain(&p->sides[i]);
    }
    return p->now_us < until_us;
}

static inline void pair_open(pair *p, uint32_t link, uint32_t channel) {
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(clasp_flow_opened(p->sides[i].flows, PAIR_PEER, link, channel, 262144, p->now_us), CLASP_OK);
        pair_drain(&p->sides[i]);
    }
}

static inline void pair_close(pair *p, uint32_t link) {
    for (int i = 0; i < 2; i++) {
        clasp_flow_link_closed(p->sides[i].flows, PAIR_PEER, link, p->now_us);
        pair_drain(&p->sides[i]);
    }
}

static inline pair *pair_new(bool ours) {
    pair *p = calloc(1, sizeof *p);
    if (!p) {
        abort();
    }
    p->now_us = 1000000;
    for (int i = 0; i < 2; i++) {
        pair_side *side = &p->sides[i];
        const clasp_flow_hooks hooks = {side, pair_path, pair_record};
        side->pair = p;
        side->flows = clasp_flows_new((uint32_t)i + 1, 7u + (unsigned)i, &side->out, &hooks);
        CHECK_EQ(clasp_flow_peer(side->flows, PAIR_PEER, ours), CLASP_OK);
    }
    return p;
}

static inline void pair_free(pair *p) {
    for (int i = 0; i < 2; i++) {
        pair_side *side = &p->sides[i];
        clasp_flows_free(side->flows);
        clasp_outbox_deinit(&side->out);
        while (side->first) {
            pair_message *m = side->first;
            side->first = m->next;
            free(m);
        }
    }
    free(p);
}

/* The end of a test: nothing is left. */
static inline void pair_end(pair *p) {
    pair_free(p);
    CHECK_EQ(clasp_test_live_allocations(), 0);
}

static inline uint32_t pair_address(pair *p, int side, const char *text) {
    uint32_t id = UINT32_MAX;
    CHECK_EQ(clasp_flow_address(p->sides[side].flows, clasp_span_of(text), &id), CLASP_OK);
    return id;
}

static inline uint32_t pair_number(pair *p, int side, clasp_flow_say say, uint32_t address, double number) {
    uint32_t batch = UINT32_MAX;
    CHECK_EQ(clasp_flow_number(p->sides[side].flows, PAIR_PEER, say, address, number, &batch), CLASP_OK);
    return batch;
}

static inline void pair_subscribe(pair *p, int side, const char *pattern, uint32_t sub) {
    CHECK_EQ(clasp_flow_subscribe(p->sides[side].flows, PAIR_PEER, clasp_span_of(pattern), sub), CLASP_OK);
    pair_drain(&p->sides[side]);
}

/* Two of ours with one link; the second one hears everything. */
static inline pair *pair_connected(void) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    pair_subscribe(p, 1, "/**", 9);
    pair_settle(p);
    return p;
}

/* How many deliveries the second one has heard. */
static inline uint32_t pair_heard(const pair *p) { return p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER]; }

/* Bytes that a side has under way, on one channel, or on all when `channel` is 256. */
static inline uint32_t pair_under_way(const pair_side *side, uint32_t channel) {
    uint32_t bytes = 0;
    for (const pair_message *m = side->first; m; m = m->next) {
        bytes += channel == 256 || (m->way & 0xFF) == channel ? m->len : 0;
    }
    return bytes;
}

/* The last effect of a kind; NULL: there was none. */
static inline const clasp_effect *pair_last(const pair_side *side, clasp_effect_kind kind) {
    for (uint32_t i = side->kept_count; i > 0; i--) {
        const clasp_effect *e = &side->kept[(i - 1) % PAIR_KEPT];
        if (e->kind == (uint32_t)kind) {
            return e;
        }
    }
    return NULL;
}

/* What is under way is lost. */
static inline void pair_lose(pair *p) {
    for (int i = 0; i < 2; i++) {
        pair_side *side = &p->sides[i];
        while (side->first) {
            pair_message *m = side->first;
            side->first = m->next;
            free(m);
        }
    }
}

/* A value of so many bytes, in the form that its length asks for. Given: free() */
static inline uint8_t *pair_bytes(uint32_t count, clasp_span *out) {
    const bool is_wide = count > UINT16_MAX;
    const uint32_t head = is_wide ? 5 : 3;
    uint8_t *value = malloc(head + count);
    if (!value) {
        abort();
    }
    value[0] = CLASP_VALUE_BYTES;
    if (is_wide) {
        clasp_store_u32(value + 1, count);
    } else {
        clasp_store_u16(value + 1, (uint16_t)count);
    }
    for (uint32_t i = 0; i < count; i++) {
        value[head + i] = (uint8_t)(31 * i + i / 256);
    }
    *out = (clasp_span){value, head + count};
    return value;
}

/* Say so many bytes. @return the result */
static inline clasp_err pair_say_bytes(pair *p, int side, clasp_flow_say say, uint32_t address,
                                       uint32_t count, uint32_t *batch) {
    clasp_span value;
    uint8_t *bytes = pair_bytes(count, &value);
    const clasp_err err = clasp_flow_value(p->sides[side].flows, PAIR_PEER, say, address, value, batch);
    free(bytes);
    return err;
}

#endif
