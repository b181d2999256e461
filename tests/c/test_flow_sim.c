/*
 * Two applications over paths that fail: links that die with what is under way and are replaced, some before and some after
 * the router has begun to cover; a router that loses, repeats and reorders. All that is said on reliable channels arrives,
 * once, in order; everything is acknowledged once; all memory comes back. One seed is one run.
 */
#include "alloc.h"
#include "base/limits.h"
#include "base/outbox.h"
#include "base/random.h"
#include "check.h"
#include "peer/flow.h"
#include "wire/value.h"

#define SEEDS 40u
#define STEPS 1000u
#define PEER 513u
#define ROUTER UINT32_MAX
#define ADDRESSES 6u /* 0..3 numbers, 4 large values, 5 on the application's channel */
#define LARGE 4u
#define CUSTOM 5u
#define SUB 77u
#define STEP_US 3000u
#define BATCHES 65536u

typedef struct message {
    struct message *next;
    uint64_t at_us;
    uint32_t way, len;
    uint8_t bytes[];
} message;

typedef struct side {
    struct world *world;
    clasp_flows *flows;
    clasp_outbox out;
    uint32_t ids[ADDRESSES];
    uint32_t said[ADDRESSES], heard[ADDRESSES];
    uint32_t meaning[CLASP_FLOW_HEARD]; /* by address id: which of the addresses, and one; 0: none */
    message *sent;                      /* sorted by time */
    uint64_t
        free_us[256]; /* of a link's channel, by the low bits of the way: what went before arrives before */
    uint32_t batches, acked; /* given; told */
    uint8_t is_acked[BATCHES];
    uint32_t custom; /* number of the channel */
    bool covered;
    uint32_t streams;
} side;

typedef struct world {
    side sides[2];
    clasp_random random;
    uint64_t now_us;
    uint32_t link;    /* the newest one; 0: none */
    uint32_t live;    /* it carries something; 0: none does */
    uint64_t heal_us; /* a new link opens */
    bool is_ending;
    uint32_t lost, doubled, deaths, covers, breaks; /* faults so far */
} world;

static const char *const ADDRESS[ADDRESSES] = {"/n/0", "/n/1", "/n/2/deep", "/n/3", "/large", "/own/x"};

static uint32_t below(world *w, uint32_t n) { return clasp_random_below(&w->random, n); }

/* ---- the network --------------------------------------------------------------------------------------------- */

static void send_at(side *s, uint32_t way, clasp_span bytes, uint64_t at_us) {
    message *m = malloc(sizeof *m + bytes.len);
    if (!m) {
        abort();
    }
    *m = (message){.at_us = at_us, .way = way, .len = bytes.len};
    memcpy(m->bytes, bytes.at, bytes.len);
    message **at = &s->sent;
    while (*at && (*at)->at_us <= at_us) {
        at = &(*at)->next;
    }
    m->next = *at;
    *at = m;
}

/* A channel of a link keeps its order, but for the one that may lose. */
static void send_by_link(side *s, uint32_t way, clasp_span bytes) {
    world *w = s->world;
    const bool may_lose = (way & 0xFF) == CLASP_FLOW_FAST;
    uint64_t at_us = w->now_us + 2000 + below(w, 4000);
    if (way >> 8 != w->live || (may_lose && below(w, 10) == 0)) {
        return;
    }
    if (!may_lose) {
        uint64_t *free_us = &s->free_us[way & 0xFF];
        at_us = at_us > *free_us ? at_us : *free_us;
        *free_us = at_us;
    }
    send_at(s, way, bytes, at_us);
}

static clasp_err by_router(void *context, uint32_t peer, clasp_span record) {
    side *s = context;
    world *w = s->world;
    CHECK(peer == PEER && record.len <= CLASP_P2P_RECORD_MAX);
    if (!w->is_ending && below(w, 8) == 0) {
        w->lost++;
        return CLASP_OK;
    }
    send_at(s, ROUTER, record, w->now_us + 5000 + below(w, 30000));
    if (below(w, 8) == 0) {
        w->doubled++;
        send_at(s, ROUTER, record, w->now_us + 5000 + below(w, 200000));
    }
    return CLASP_OK;
}

static void path_told(void *context, uint32_t peer, uint32_t link, clasp_p2p_path_event event,
                      uint64_t now_us) {
    (void)context;
    (void)peer;
    (void)link;
    (void)event;
    (void)now_us;
}

/* ---- what a side hears --------------------------------------------------------------------------------------- */

static void note_address(side *s, const clasp_effect *e) {
    const uint8_t *p = s->out.bytes + e->at;
    uint32_t sub = 0;
    CHECK_EQ(e->b, 1);
    memcpy(&sub, p, sizeof sub);
    CHECK_EQ(sub, SUB);
    s->meaning[e->a] = 0;
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        if (clasp_span_equal((clasp_span){p + 4, e->len - 4}, clasp_span_of(ADDRESS[i]))) {
            s->meaning[e->a] = i + 1;
        }
    }
}

static void note_value(side *s, const clasp_effect *e) {
    const uint32_t i = s->meaning[e->a] - 1;
    if (!CHECK(i < ADDRESSES)) {
        return;
    }
    if ((e->b >> 8 & 0xFF) == 2) {
        s->streams++;
        return;
    }
    uint32_t number = (uint32_t)e->number;
    if ((e->b & 0xFF) == CLASP_VALUE_BYTES) {
        const bool is_wide = (e->b >> 16 & CLASP_P2P_DELIVER_WIDE) != 0;
        const uint8_t *p = s->out.bytes + e->at + (is_wide ? 4 : 2);
        number = clasp_load_u32(p);
        const uint32_t len = e->len - (is_wide ? 4 : 2);
        CHECK_EQ(p[len - 1], (uint8_t)number);
    }
    CHECK_EQ(number, s->heard[i] + 1);
    s->heard[i] = number;
}

static void note_ack(side *s, const clasp_effect *e) {
    CHECK(e->b > 0 && e->b < BATCHES && !s->is_acked[e->b]);
    s->is_acked[e->b % BATCHES] = 1;
    s->acked++;
}

static void drain(side *s) {
    CHECK_EQ(s->out.err, CLASP_OK);
    for (uint32_t i = 0; i < s->out.count; i++) {
        const clasp_effect *e = &s->out.effects[i];
        switch (e->kind) {
        case CLASP_EFFECT_P2P_SEND:
            send_by_link(s, e->b, clasp_outbox_bytes(&s->out, e));
            break;
        case CLASP_EFFECT_P2P_ADDRESS:
            note_address(s, e);
            break;
        case CLASP_EFFECT_P2P_DELIVER:
            note_value(s, e);
            break;
        case CLASP_EFFECT_P2P_ACKED:
            note_ack(s, e);
            break;
        default:
            break;
        }
    }
    clasp_outbox_clear(&s->out);
}

/* ---- what happens -------------------------------------------------------------------------------------------- */

static void say(world *w, side *s) {
    const uint32_t i = below(w, 40) == 0 ? LARGE : below(w, ADDRESSES - 1) == 4 ? CUSTOM : below(w, LARGE);
    uint32_t batch = 0;
    clasp_err err;
    if (i == LARGE) {
        const uint32_t len = 20000 + below(w, 150000);
        const bool is_wide = len > 66000;
        uint8_t *value = malloc(len + 5);
        const uint32_t head = is_wide ? 5 : 3;
        const uint32_t size = is_wide || len < 65000 ? len : 65000;
        memset(value, 1, len + 5);
        value[0] = CLASP_VALUE_BYTES;
        if (is_wide) {
            clasp_store_u32(value + 1, size);
        } else {
            clasp_store_u16(value + 1, (uint16_t)size);
        }
        clasp_store_u32(value + head, s->said[i] + 1);
        value[head + size - 1] = (uint8_t)(s->said[i] + 1);
        err = clasp_flow_value(s->flows, PEER, CLASP_FLOW_SET, s->ids[i], (clasp_span){value, head + size},
                               &batch);
        free(value);
    } else {
        const clasp_flow_say how = below(w, 2) ? CLASP_FLOW_SET : CLASP_FLOW_EVENT;
        err = clasp_flow_number(s->flows, PEER, how, s->ids[i], s->said[i] + 1, &batch);
    }
    if (err == CLASP_QUEUE_FULL) {
        return;
    }
    CHECK_EQ(err, CLASP_OK);
    s->said[i]++;
    s->batches = batch > s->batches ? batch : s->batches;
}

static void say_stream(world *w, side *s) {
    uint32_t batch;
    CHECK_EQ(clasp_flow_number(s->flows, PEER, CLASP_FLOW_STREAM, s->ids[below(w, LARGE)], 1, &batch),
             CLASP_OK);
}

static void talk(world *w) {
    for (int i = 0; i < 2; i++) {
        side *s = &w->sides[i];
        for (uint32_t left = below(w, 6); left > 0; left--) {
            say(w, s);
        }
        if (below(w, 3) == 0) {
            say_stream(w, s);
        }
        clasp_flows_flush(s->flows, w->now_us);
        drain(s);
    }
}

static void open_link(world *w) {
    const uint32_t old = w->link;
    w->live = ++w->link;
    for (int i = 0; i < 2; i++) {
        side *s = &w->sides[i];
        memset(s->free_us, 0, sizeof s->free_us);
        for (uint32_t channel = 0; channel < 3; channel++) {
            const uint32_t number = channel == 2 ? s->custom : channel;
            CHECK_EQ(clasp_flow_opened(s->flows, PEER, w->link, number, 0, w->now_us), CLASP_OK);
            drain(s);
        }
        clasp_flow_cover(s->flows, PEER, false, w->now_us);
        s->covered = false;
        drain(s);
        clasp_flow_link_closed(s->flows, PEER, old, w->now_us);
        drain(s);
    }
    w->heal_us = UINT64_MAX;
}

/* What is under way on links is lost. */
static void lose_links(side *s) {
    for (message **at = &s->sent; *at;) {
        message *m = *at;
        if (m->way == ROUTER) {
            at = &m->next;
            continue;
        }
        *at = m->next;
        free(m);
    }
}

static void break_link(world *w) {
    const bool is_covered = below(w, 2) == 0;
    const bool is_closed = below(w, 2) == 0;
    w->deaths++;
    w->live = 0;
    w->heal_us = w->now_us + below(w, 900000);
    for (int i = 0; i < 2; i++) {
        side *s = &w->sides[i];
        lose_links(s);
        if (is_closed) {
            clasp_flow_link_closed(s->flows, PEER, w->link, w->now_us);
        }
        if (is_covered) {
            s->covered = true;
            clasp_flow_cover(s->flows, PEER, true, w->now_us);
            w->covers++;
        }
        drain(s);
    }
}

static void deliver(world *w, int from) {
    side *s = &w->sides[from];
    side *to = &w->sides[1 - from];
    while (s->sent && s->sent->at_us <= w->now_us) {
        message *m = s->sent;
        const clasp_span bytes = {m->bytes, m->len};
        s->sent = m->next;
        clasp_err err;
        if (m->way == ROUTER) {
            err = clasp_flow_record(to->flows, PEER, bytes, w->now_us);
            CHECK(err == CLASP_OK || err == CLASP_LIMIT); /* beyond the window of what may come early */
        } else {
            err = clasp_flow_received(to->flows, PEER, m->way >> 8, m->way & 0xFF, bytes, w->now_us);
            CHECK(err == CLASP_OK || err == CLASP_BAD_HANDLE); /* of a link that was closed */
            clasp_flow_buffered(s->flows, PEER, m->way >> 8, m->way & 0xFF, 0, w->now_us);
            drain(s);
        }
        drain(to);
        free(m);
    }
}

static void pass(world *w, uint32_t us) {
    w->now_us += us;
    if (w->now_us >= w->heal_us) {
        open_link(w);
    }
    for (int i = 0; i < 2; i++) {
        deliver(w, i);
        clasp_flows_flush(w->sides[i].flows, w->now_us);
        drain(&w->sides[i]);
        if (clasp_flows_deadline(w->sides[i].flows) <= w->now_us) {
            clasp_flows_tick(w->sides[i].flows, w->now_us);
            drain(&w->sides[i]);
        }
    }
}

/* ---- one run ------------------------------------------------------------------------------------------------- */

static void begin(world *w, uint64_t seed) {
    clasp_random_seed(&w->random, seed);
    w->now_us = 5000000;
    w->heal_us = w->now_us;
    for (int i = 0; i < 2; i++) {
        side *s = &w->sides[i];
        const clasp_flow_hooks hooks = {s, path_told, by_router};
        s->world = w;
        s->flows = clasp_flows_new((uint32_t)i + 1, seed + (unsigned)i, &s->out, &hooks);
        CHECK_EQ(clasp_flow_peer(s->flows, PEER, true), CLASP_OK);
        CHECK_EQ(clasp_flow_channel(s->flows, PEER, clasp_span_of("/own"), true, (clasp_priority)below(w, 3),
                                    &s->custom),
                 CLASP_OK);
        CHECK_EQ(clasp_flow_subscribe(s->flows, PEER, clasp_span_of("/**"), SUB), CLASP_OK);
        for (uint32_t k = 0; k < ADDRESSES; k++) {
            CHECK_EQ(clasp_flow_address(s->flows, clasp_span_of(ADDRESS[k]), &s->ids[k]), CLASP_OK);
        }
    }
}

static bool is_quiet(const world *w) {
    for (int i = 0; i < 2; i++) {
        const side *s = &w->sides[i];
        if (s->acked < s->batches || clasp_flow_waiting(s->flows, PEER) > 0 ||
            memcmp(s->said, w->sides[1 - i].heard, sizeof s->said) != 0) {
            return false;
        }
    }
    return true;
}

static void finish(world *w) {
    w->is_ending = true;
    if (w->live == 0) {
        open_link(w);
    }
    for (uint32_t i = 0; i < 20000 && !is_quiet(w); i++) {
        pass(w, STEP_US);
    }
    CHECK(is_quiet(w));
    for (int i = 0; i < 2; i++) {
        side *s = &w->sides[i];
        for (uint32_t k = 0; k < ADDRESSES; k++) {
            CHECK_EQ(w->sides[1 - i].heard[k], s->said[k]);
        }
        CHECK_EQ(s->acked, s->batches);
        CHECK(clasp_flow_get_stat(s->flows, PEER, CLASP_FLOW_STAT_UNACKED) == 0);
        while (s->sent) {
            message *m = s->sent;
            s->sent = m->next;
            free(m);
        }
        clasp_flows_free(s->flows);
        clasp_outbox_deinit(&s->out);
    }
}

static world *run(uint64_t seed) {
    world *w = calloc(1, sizeof *w);
    if (!w) {
        abort();
    }
    begin(w, seed);
    for (uint32_t i = 0; i < STEPS; i++) {
        pass(w, below(w, STEP_US * 2));
        talk(w);
        if (w->live != 0 && below(w, 150) == 0) {
            break_link(w);
        } else if (w->live != 0 && below(w, 300) == 0) {
            open_link(w); /* made before the old one is broken */
            w->breaks++;
        }
    }
    finish(w);
    return w;
}

TEST(nothing_is_lost_doubled_or_reordered) {
    world sum = {.now_us = 0};
    double resent = 0;
    for (uint64_t seed = 1; seed <= SEEDS && check_now.refused == 0; seed++) {
        char name[32];
        snprintf(name, sizeof name, "seed %u", (unsigned)seed);
        CHECK_CONTEXT(name);
        world *w = run(seed);
        sum.lost += w->lost;
        sum.doubled += w->doubled;
        sum.deaths += w->deaths;
        sum.covers += w->covers;
        sum.breaks += w->breaks;
        sum.sides[0].streams += w->sides[0].streams;
        (void)resent;
        free(w);
        CHECK_CONTEXT(NULL);
    }
    printf("records lost %u, doubled %u; links dead %u, replaced alive %u; covers %u; streams heard %u\n",
           sum.lost, sum.doubled, sum.deaths, sum.breaks, sum.covers, sum.sides[0].streams);
    CHECK(sum.lost > 0 && sum.doubled > 0 && sum.deaths > 0 && sum.covers > 0 && sum.breaks > 0);
    CHECK(sum.sides[0].streams > 0);
    CHECK_EQ(clasp_test_live_allocations(), 0);
}

int main(void) {
    RUN(nothing_is_lost_doubled_or_reordered);
    return check_summary();
}
