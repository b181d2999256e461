#include "sim/mesh.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

#define START_US UINT64_C(1700000000000000)
#define ICE_FAILS_US 15000000u

typedef enum event_kind {
    EVENT_SIGNAL,  /* to `node` from `from` */
    EVENT_REFUSED, /* a 404 to `node` */
    EVENT_LINK,    /* a report of a link */
    EVENT_STEP,    /* a link's step is done */
    EVENT_PATH,    /* the data plane's word */
    EVENT_TOKEN,
    EVENT_UP,     /* signalling comes up */
    EVENT_DECIDE, /* the application's word */
    EVENT_ICE     /* has ICE failed? */
} event_kind;

typedef struct mesh_event {
    uint64_t at_us, order, sent;
    event_kind kind;
    int node, from;
    uint32_t page; /* of the node: a page that is gone hears nothing */
    uint32_t peer, number, arg;
    int what; /* link event, path event, or the effect of a step */
    uint32_t address_len, len;
    uint8_t *bytes; /* given by malloc */
} mesh_event;

/* ---- events -------------------------------------------------------------------------------------------------- */

static bool before(const mesh_event *a, const mesh_event *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void push(mesh *m, mesh_event event, clasp_span bytes) {
    if (m->event_count == m->event_cap) {
        m->event_cap = m->event_cap ? m->event_cap * 2 : 256;
        m->events = realloc(m->events, m->event_cap * sizeof *m->events);
    }
    event.order = m->order++;
    event.page = m->nodes[event.node].page;
    event.bytes = malloc(bytes.len + 1);
    event.len = bytes.len;
    memcpy(event.bytes, bytes.at ? bytes.at : (const uint8_t *)"", bytes.len);
    event.bytes[bytes.len] = '\0';
    uint32_t at = m->event_count++;
    for (; at > 0 && before(&event, &m->events[(at - 1) / 2]); at = (at - 1) / 2) {
        m->events[at] = m->events[(at - 1) / 2];
    }
    m->events[at] = event;
}

static mesh_event pop(mesh *m) {
    const mesh_event first = m->events[0];
    const mesh_event last = m->events[--m->event_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= m->event_count) {
            break;
        }
        child += child + 1 < m->event_count && before(&m->events[child + 1], &m->events[child]);
        if (!before(&m->events[child], &last)) {
            break;
        }
        m->events[at] = m->events[child];
        at = child;
    }
    m->events[at] = last;
    return first;
}

static bool chance(mesh *m, uint32_t per_mille) { return clasp_random_below(&m->random, 1000) < per_mille; }

static uint64_t wait_us(mesh *m, uint32_t from_ms, uint32_t to_ms) {
    return (from_ms + clasp_random_below(&m->random, to_ms - from_ms + 1)) * UINT64_C(1000);
}

/* ---- names --------------------------------------------------------------------------------------------------- */

/* Sessions sort in any order, whatever order they were given in. */
static void session_text(uint32_t session, char out[16]) {
    snprintf(out, 16, "s%08x", session * UINT32_C(2654435761));
}

static int node_of_session(const mesh *m, clasp_span session) {
    char text[16];
    for (int i = 0; i < m->node_count; i++) {
        session_text(m->nodes[i].session, text);
        if (m->nodes[i].session != 0 && !m->nodes[i].gone && clasp_span_equal(session, clasp_span_of(text))) {
            return i;
        }
    }
    return -1;
}

/* ---- the router ---------------------------------------------------------------------------------------------- */

static void carry(mesh *m, int from, int to, const clasp_effect *effect) {
    const clasp_span bytes = clasp_outbox_bytes(&m->nodes[from].out, effect);
    const int copies = chance(m, m->faults.doubling) ? 2 : 1;
    const uint64_t sent = ++m->sent;
    m->counts.doubled += copies == 2;
    m->counts.signals++;
    for (int i = 0; i < copies; i++) {
        if (chance(m, m->faults.loss)) {
            m->counts.lost++;
            continue;
        }
        const uint64_t late = chance(m, m->faults.straggling) ? wait_us(m, 100, 1500) : 0;
        push(m,
             (mesh_event){.at_us = m->now_us + wait_us(m, 1, 60) + late,
                          .kind = EVENT_SIGNAL,
                          .node = to,
                          .from = from,
                          .sent = sent,
                          .address_len = effect->a},
             bytes);
    }
}

static void publish(mesh *m, int from, const clasp_effect *effect) {
    const clasp_span prefix = clasp_span_of("/clasp/p2p/signal/");
    const clasp_span bytes = clasp_outbox_bytes(&m->nodes[from].out, effect);
    if (m->nodes[from].session == 0) {
        return;
    }
    if (effect->a > prefix.len && memcmp(bytes.at, prefix.at, prefix.len) == 0) {
        const int to = node_of_session(m, (clasp_span){bytes.at + prefix.len, effect->a - prefix.len});
        if (to >= 0) {
            carry(m, from, to, effect);
        } else {
            push(m, (mesh_event){.at_us = m->now_us + wait_us(m, 1, 60), .kind = EVENT_REFUSED, .node = from},
                 (clasp_span){bytes.at, effect->a});
            m->counts.refused++;
        }
        return;
    }
    for (int to = 0; to < m->node_count; to++) {
        if (to != from && m->nodes[to].session != 0 && !m->nodes[to].gone) {
            carry(m, from, to, effect);
        }
    }
}

static void come_up_in(mesh *m, int node, uint64_t in_us) {
    push(m, (mesh_event){.at_us = m->now_us + in_us, .kind = EVENT_UP, .node = node}, (clasp_span){NULL, 0});
}

static void come_up(mesh *m, int node) {
    char text[16];
    mesh_node *n = &m->nodes[node];
    n->session = ++m->sessions;
    session_text(n->session, text);
    CHECK_EQ(clasp_p2p_signalling(n->core, clasp_span_of(text), m->now_us), CLASP_OK);
    mesh_drain(m, node);
}

static void go_down(mesh *m, int node) {
    mesh_node *n = &m->nodes[node];
    n->session = 0;
    CHECK_EQ(clasp_p2p_signalling(n->core, (clasp_span){NULL, 0}, m->now_us), CLASP_OK);
    mesh_drain(m, node);
    come_up_in(m, node, wait_us(m, 300, 3000));
}

void mesh_restart_router(mesh *m) {
    m->counts.restarts++;
    for (int i = 0; i < m->node_count; i++) {
        if (!m->nodes[i].gone && m->nodes[i].session != 0) {
            go_down(m, i);
        }
    }
}

void mesh_reconnect(mesh *m, int node) {
    if (m->nodes[node].session != 0) {
        m->counts.reconnects++;
        go_down(m, node);
    }
}

/* ---- links --------------------------------------------------------------------------------------------------- */

static mesh_link *find_link(mesh_node *n, uint32_t peer, uint32_t number) {
    for (int i = 0; i < MESH_LINKS; i++) {
        if (n->links[i].peer == peer && (peer == 0 || n->links[i].number == number)) {
            return &n->links[i];
        }
    }
    return NULL;
}

static void report_at(mesh *m, uint64_t at_us, int node, const mesh_link *link, int what, uint32_t arg,
                      const char *text) {
    push(m,
         (mesh_event){.at_us = at_us,
                      .kind = EVENT_LINK,
                      .node = node,
                      .peer = link->peer,
                      .number = link->number,
                      .what = what,
                      .arg = arg},
         clasp_span_of(text));
}

static void path_at(mesh *m, uint64_t at_us, int node, const mesh_link *link, clasp_p2p_path_event what) {
    push(m,
         (mesh_event){.at_us = at_us,
                      .kind = EVENT_PATH,
                      .node = node,
                      .peer = link->peer,
                      .number = link->number,
                      .what = (int)what},
         (clasp_span){NULL, 0});
}

static void field(const char *text, const char *key, char out[MESH_UFRAG]) {
    const char *at = strstr(text, key);
    size_t len = at ? strcspn(at + strlen(key), " \"") : 0;
    len = len < MESH_UFRAG ? len : MESH_UFRAG - 1;
    if (at) {
        memcpy(out, at + strlen(key), len);
    }
    out[len] = '\0';
}

static void local_description(mesh *m, int node, mesh_link *link, uint32_t round, const char *answers) {
    char text[160];
    link->round = round;
    link->candidates = 0;
    snprintf(link->local_ufrag, MESH_UFRAG, "%d.%u.%u.%u.%u", node, m->nodes[node].page, link->peer,
             link->number, round);
    snprintf(text, sizeof text, "v=0 ufrag=%s for=%s ", link->local_ufrag, answers);
    report_at(m, m->now_us, node, link, CLASP_P2P_LINK_LOCAL, round, text);
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text,
                 "{\"candidate\":\"candidate:%d ufrag=%s typ host\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}", i,
                 link->local_ufrag);
        report_at(m, m->now_us + wait_us(m, 0, 30), node, link, CLASP_P2P_LINK_CANDIDATE, round, text);
    }
}

static void ice_begins(mesh *m, int node, mesh_link *link) {
    link->ice_since_us = m->now_us;
    push(m,
         (mesh_event){.at_us = m->now_us + ICE_FAILS_US,
                      .kind = EVENT_ICE,
                      .node = node,
                      .peer = link->peer,
                      .number = link->number},
         (clasp_span){NULL, 0});
}

/* A step in its turn. false: the browser refuses it. */
static bool do_step(mesh *m, int node, mesh_link *link, const mesh_event *event) {
    char ufrag[MESH_UFRAG], answers[MESH_UFRAG];
    field((const char *)event->bytes, "ufrag=", ufrag);
    field((const char *)event->bytes, "for=", answers);
    switch (event->what) {
    case CLASP_EFFECT_P2P_LINK_OFFER:
        if (link->have_local_offer) {
            return false;
        }
        link->have_local_offer = true;
        link->remote_ufrag[0] = '\0';
        local_description(m, node, link, event->arg, "-");
        return true;
    case CLASP_EFFECT_P2P_LINK_ANSWER:
        if (link->have_local_offer) {
            return false;
        }
        memcpy(link->remote_ufrag, ufrag, sizeof ufrag);
        local_description(m, node, link, event->arg, ufrag);
        ice_begins(m, node, link);
        return true;
    case CLASP_EFFECT_P2P_LINK_APPLY:
        if (!link->have_local_offer || strcmp(answers, link->local_ufrag) != 0) {
            return false;
        }
        link->have_local_offer = false;
        memcpy(link->remote_ufrag, ufrag, sizeof ufrag);
        report_at(m, m->now_us, node, link, CLASP_P2P_LINK_APPLIED, event->arg, "");
        ice_begins(m, node, link);
        return true;
    default: /* a candidate */
        link->candidates++;
        return strcmp(ufrag, link->remote_ufrag) == 0;
    }
}

static void step(mesh *m, const mesh_event *event) {
    mesh_link *link = find_link(&m->nodes[event->node], event->peer, event->number);
    if (link && !do_step(m, event->node, link, event)) {
        m->nodes[event->node].refusals++;
        report_at(m, m->now_us, event->node, link, CLASP_P2P_LINK_REFUSED,
                  event->what == CLASP_EFFECT_P2P_LINK_CANDIDATE, "wrong state");
    }
}

/* The other end of a link, as the descriptions say. */
static mesh_link *other_end(mesh *m, const mesh_link *link, int *node) {
    for (int i = 0; link->remote_ufrag[0] && i < m->node_count; i++) {
        for (int at = 0; at < MESH_LINKS; at++) {
            mesh_link *other = &m->nodes[i].links[at];
            if (other->peer != 0 && strcmp(other->local_ufrag, link->remote_ufrag) == 0) {
                *node = i;
                return other;
            }
        }
    }
    return NULL;
}

static bool ready(const mesh_link *a, const mesh_link *b) {
    return strcmp(a->remote_ufrag, b->local_ufrag) == 0 && a->candidates > 0 && a->round >= a->min_round;
}

/* The end with which a link is connected. */
static mesh_link *partner(mesh *m, const mesh_link *link, int *node) {
    mesh_node *n = &m->nodes[link->other_node];
    *node = link->other_node;
    return link->connected && n->page == link->other_page ? find_link(n, link->other_peer, link->other_number)
                                                          : NULL;
}

static void connect_end(mesh *m, int node, mesh_link *link, int other_node, const mesh_link *other) {
    const uint64_t ice_us = m->now_us + wait_us(m, 1, 20);
    link->connected = true;
    link->other_node = other_node;
    link->other_page = m->nodes[other_node].page;
    link->other_peer = other->peer;
    link->other_number = other->number;
    link->ice_since_us = 0;
    report_at(m, ice_us, node, link, CLASP_P2P_LINK_CONNECTED, 0, "");
    if (!link->channel_open) {
        link->channel_open = true;
        report_at(m, ice_us + wait_us(m, 5, 30), node, link, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
    }
    path_at(m, ice_us + wait_us(m, 40, 90), node, link, CLASP_P2P_PATH_PROVEN);
}

/* ICE: both sides know each other, each has a candidate. */
static void probe(mesh *m, int a) {
    for (int at = 0; at < MESH_LINKS; at++) {
        int b = -1;
        mesh_link *here = &m->nodes[a].links[at];
        mesh_link *there = here->peer != 0 && !here->connected ? other_end(m, here, &b) : NULL;
        const bool works = there && ready(here, there) && ready(there, here) && !m->nodes[a].gone &&
                           !m->nodes[b].gone && m->blocked_until_us[a][b] <= m->now_us;
        if (works) {
            connect_end(m, a, here, b, there);
            if (!there->connected) {
                connect_end(m, b, there, a, here);
            }
        }
    }
}

static void ice_due(mesh *m, const mesh_event *event) {
    mesh_link *link = find_link(&m->nodes[event->node], event->peer, event->number);
    if (link && !link->connected && link->ice_since_us != 0 &&
        m->now_us >= link->ice_since_us + ICE_FAILS_US) {
        link->ice_since_us = 0;
        report_at(m, m->now_us, event->node, link, CLASP_P2P_LINK_FAILED, 0, "");
    }
}

/* The other end of a link that is gone is told by the channel, or finds out by itself. */
static void cut(mesh *m, const mesh_link *link, bool silent) {
    int b = -1;
    mesh_link *there = partner(m, link, &b);
    if (there && there->connected) {
        const bool tells = !silent && chance(m, 500);
        there->connected = false;
        there->min_round = UINT32_MAX;
        report_at(m, m->now_us + (tells ? wait_us(m, 5, 60) : wait_us(m, 4000, 6000)), b, there,
                  tells ? CLASP_P2P_LINK_CHANNEL_CLOSED : CLASP_P2P_LINK_DISCONNECTED, 0, "");
        ice_begins(m, b, there);
    }
}

/* ---- paths --------------------------------------------------------------------------------------------------- */

typedef void hurt_end(mesh *m, int node, mesh_link *link, uint64_t arg);

static void break_end(mesh *m, int node, mesh_link *link, uint64_t notices) {
    link->connected = false;
    link->min_round = link->round + 1;
    if (notices) {
        report_at(m, m->now_us + wait_us(m, 0, 1500), node, link, CLASP_P2P_LINK_DISCONNECTED, 0, "");
        ice_begins(m, node, link);
    }
}

static void shake_end(mesh *m, int node, mesh_link *link, uint64_t arg) {
    const uint64_t at = m->now_us + wait_us(m, 0, 1500);
    (void)arg;
    report_at(m, at, node, link, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    report_at(m, at + 1000000, node, link, CLASP_P2P_LINK_CONNECTED, 0, "");
    path_at(m, at + 1050000, node, link, CLASP_P2P_PATH_PROVEN);
}

static void silence_end(mesh *m, int node, mesh_link *link, uint64_t arg) {
    const uint64_t at = m->now_us + wait_us(m, 0, 300);
    (void)arg;
    path_at(m, at, node, link, CLASP_P2P_PATH_SILENT);
    path_at(m, at + 400000, node, link, CLASP_P2P_PATH_ALIVE);
    path_at(m, at + 450000, node, link, CLASP_P2P_PATH_PROVEN);
}

static void hurt(mesh *m, hurt_end *end, uint64_t *count, bool one_sided, uint64_t block_us) {
    for (int a = 0; a < m->node_count; a++) {
        for (int at = 0; at < MESH_LINKS; at++) {
            int b = -1;
            mesh_link *here = &m->nodes[a].links[at];
            mesh_link *there = here->peer != 0 ? partner(m, here, &b) : NULL;
            if (!there || !there->connected || b < a || chance(m, 500)) {
                continue;
            }
            const bool first = !one_sided || chance(m, 500);
            end(m, a, here, first);
            end(m, b, there, !one_sided || !first);
            *count += 1;
            m->blocked_until_us[a][b] = m->blocked_until_us[b][a] = m->now_us + block_us;
        }
    }
}

void mesh_break_paths(mesh *m, bool one_sided) { hurt(m, break_end, &m->counts.broken, one_sided, 0); }
void mesh_block_paths(mesh *m, uint64_t for_us) { hurt(m, break_end, &m->counts.blocked, false, for_us); }
void mesh_shake_paths(mesh *m) { hurt(m, shake_end, &m->counts.shaken, false, 0); }
void mesh_silence_paths(mesh *m) { hurt(m, silence_end, &m->counts.silenced, false, 0); }

/* ---- effects ------------------------------------------------------------------------------------------------- */

static void open_link(mesh *m, int node, const clasp_effect *effect) {
    mesh_node *n = &m->nodes[node];
    mesh_link *link = find_link(n, 0, 0);
    if (CHECK(link != NULL) && CHECK(effect->a != 0) && CHECK(find_link(n, effect->a, effect->b) == NULL)) {
        *link = (mesh_link){.peer = effect->a, .number = effect->b};
        link->makes_channels = ((uint32_t)effect->number & CLASP_P2P_OPEN_CHANNELS) != 0;
        n->opened++;
    }
}

static void close_link(mesh *m, int node, const clasp_effect *effect) {
    mesh_node *n = &m->nodes[node];
    mesh_link *link = find_link(n, effect->a, effect->b);
    if (CHECK(link != NULL)) {
        cut(m, link, false);
        *link = (mesh_link){0};
        n->closed++;
    }
}

static void step_later(mesh *m, int node, const clasp_effect *effect) {
    mesh_node *n = &m->nodes[node];
    mesh_link *link = find_link(n, effect->a, effect->b);
    if (!CHECK(link != NULL)) {
        return;
    }
    const uint64_t begin = link->busy_until_us > m->now_us ? link->busy_until_us : m->now_us;
    link->busy_until_us = begin + wait_us(m, 0, 15);
    push(m,
         (mesh_event){.at_us = link->busy_until_us,
                      .kind = EVENT_STEP,
                      .node = node,
                      .peer = effect->a,
                      .number = effect->b,
                      .what = (int)effect->kind,
                      .arg = (uint32_t)effect->number},
         clasp_outbox_bytes(&n->out, effect));
}

/* Tokens go over the direct path, to both ends. */
static void exchange_token(mesh *m, int node, uint32_t peer) {
    uint8_t token[CLASP_P2P_TOKEN_LEN];
    for (int at = 0; at < MESH_LINKS; at++) {
        mesh_link *link = &m->nodes[node].links[at];
        int b = -1;
        mesh_link *there = link->peer == peer ? partner(m, link, &b) : NULL;
        if (there) {
            clasp_store_u64(token, clasp_random_next(&m->random));
            clasp_store_u64(token + 8, clasp_random_next(&m->random));
            const clasp_span bytes = {token, sizeof token};
            push(m, (mesh_event){.at_us = m->now_us, .kind = EVENT_TOKEN, .node = node, .peer = peer}, bytes);
            push(m,
                 (mesh_event){.at_us = m->now_us + wait_us(m, 5, 60),
                              .kind = EVENT_TOKEN,
                              .node = b,
                              .peer = there->peer},
                 bytes);
            return;
        }
    }
}

static void settle(mesh_node *n, const clasp_effect *effect) {
    for (uint32_t i = 0; i < n->tickets; i++) {
        if (n->asked[i] == effect->a) {
            n->settled[i]++;
            n->results[i] = (clasp_err)effect->number;
        }
    }
}

static bool has_connected_link(const mesh_node *n, uint32_t peer) {
    for (int at = 0; at < MESH_LINKS; at++) {
        if (n->links[at].peer == peer && n->links[at].connected) {
            return true;
        }
    }
    return false;
}

/* Data waits, as always: one record goes by the router, and the direct path is tried with a ping. */
static void cover(mesh *m, int node, const clasp_effect *effect) {
    mesh_node *n = &m->nodes[node];
    n->covers += effect->b == CLASP_P2P_COVER_BEGINS ? 1u
                 : effect->b == CLASP_P2P_COVER_ENDS ? UINT32_MAX
                                                     : 0u;
    if (effect->b == 0) {
        return;
    }
    m->counts.covered++;
    const clasp_err err = clasp_p2p_record(n->core, effect->a, clasp_span_of("E1data"));
    CHECK(err == CLASP_OK || err == CLASP_NOT_CONNECTED);
    for (int at = 0; at < MESH_LINKS; at++) {
        if (n->links[at].peer == effect->a) {
            path_at(m, m->now_us + wait_us(m, 10, 120), node, &n->links[at], CLASP_P2P_PATH_PROVEN);
        }
    }
}

static void carry_out(mesh *m, int node, const clasp_effect *effect) {
    mesh_node *n = &m->nodes[node];
    switch (effect->kind) {
    case CLASP_EFFECT_P2P_SIGNAL:
        publish(m, node, effect);
        break;
    case CLASP_EFFECT_P2P_LINK_OPEN:
        open_link(m, node, effect);
        break;
    case CLASP_EFFECT_P2P_LINK_CLOSE:
        close_link(m, node, effect);
        break;
    case CLASP_EFFECT_P2P_LINK_OFFER:
    case CLASP_EFFECT_P2P_LINK_ANSWER:
    case CLASP_EFFECT_P2P_LINK_APPLY:
    case CLASP_EFFECT_P2P_LINK_CANDIDATE:
        step_later(m, node, effect);
        break;
    case CLASP_EFFECT_P2P_ASK:
        push(m,
             (mesh_event){.at_us = m->now_us + wait_us(m, 1, 2000),
                          .kind = EVENT_DECIDE,
                          .node = node,
                          .peer = effect->a},
             (clasp_span){NULL, 0});
        break;
    case CLASP_EFFECT_P2P_SETTLED:
        settle(n, effect);
        break;
    case CLASP_EFFECT_P2P_COVER:
        cover(m, node, effect);
        break;
    case CLASP_EFFECT_P2P_PEER: /* told again, while a path is open: its session has moved */
        m->counts.resumed += effect->len > 0 && has_connected_link(n, effect->a);
        break;
    case CLASP_EFFECT_P2P_RECORD:
        n->records++;
        break;
    case CLASP_EFFECT_P2P_TOKEN:
        exchange_token(m, node, effect->a);
        break;
    default:
        break;
    }
}

void mesh_drain(mesh *m, int node) {
    mesh_node *n = &m->nodes[node];
    CHECK_EQ(n->out.err, CLASP_OK);
    for (uint32_t i = 0; i < n->out.count; i++) { /* grows while records are sent */
        const clasp_effect effect = n->out.effects[i];
        if (!n->gone) {
            carry_out(m, node, &effect);
        }
    }
    clasp_outbox_clear(&n->out);
    n->deadline_us = n->gone ? UINT64_MAX : clasp_p2p_deadline(n->core);
}

/* ---- events happen ------------------------------------------------------------------------------------------- */

/* An offer that meets one of our own on the way. */
static void count_glare(mesh *m, const mesh_event *event) {
    char session[16];
    p2p_signal signal;
    const clasp_p2p *core = m->nodes[event->node].core;
    session_text(m->nodes[event->from].session, session);
    const p2p_peer *peer = p2p_by_session(core, clasp_span_of(session), false);
    const p2p_link *own = peer ? p2p_link_attempt(peer) : NULL;
    const clasp_span value = {event->bytes + event->address_len, event->len - event->address_len};
    m->counts.glares += own && own->state == P2P_LINK_OFFERED &&
                        p2p_signal_read(value, &signal) == CLASP_OK && signal.type == P2P_TYPE_OFFER;
}

static void deliver(mesh *m, const mesh_event *event) {
    mesh_node *n = &m->nodes[event->node];
    uint64_t *last = &m->last_delivered[event->from][event->node];
    m->counts.overtaken += event->sent < *last;
    *last = event->sent > *last ? event->sent : *last;
    if (n->session == 0) {
        return;
    }
    count_glare(m, event);
    clasp_p2p_signal(n->core, (clasp_span){event->bytes, event->address_len},
                     (clasp_span){event->bytes + event->address_len, event->len - event->address_len},
                     m->now_us);
}

static void happen(mesh *m, const mesh_event *event) {
    mesh_node *n = &m->nodes[event->node];
    const clasp_span bytes = {event->bytes, event->len};
    if (n->gone || n->page != event->page) {
        return;
    }
    switch (event->kind) {
    case EVENT_SIGNAL:
        deliver(m, event);
        break;
    case EVENT_REFUSED:
        clasp_p2p_signal_refused(n->core, bytes, 404, m->now_us);
        break;
    case EVENT_LINK:
        clasp_p2p_link(n->core, event->peer, event->number, (clasp_p2p_link_event)event->what, event->arg,
                       bytes, m->now_us);
        break;
    case EVENT_STEP:
        step(m, event);
        break;
    case EVENT_PATH: {
        const mesh_link *link = find_link(n, event->peer, event->number);
        const bool holds = link && (link->connected || event->what == CLASP_P2P_PATH_SILENT);
        if (holds) {
            clasp_p2p_path(n->core, event->peer, event->number, (clasp_p2p_path_event)event->what, m->now_us);
        }
        break;
    }
    case EVENT_TOKEN:
        clasp_p2p_token(n->core, event->peer, bytes);
        break;
    case EVENT_UP:
        if (n->session == 0) {
            come_up(m, event->node);
        }
        break;
    case EVENT_DECIDE:
        clasp_p2p_decide(n->core, event->peer, true, bytes, m->now_us);
        break;
    case EVENT_ICE:
        ice_due(m, event);
        break;
    }
    mesh_drain(m, event->node);
    probe(m, event->node);
}

static int next_tick(const mesh *m, uint64_t *at_us) {
    int first = 0;
    *at_us = UINT64_MAX;
    for (int i = 0; i < m->node_count; i++) {
        if (m->nodes[i].deadline_us < *at_us) {
            *at_us = m->nodes[i].deadline_us;
            first = i;
        }
    }
    return first;
}

bool mesh_run(mesh *m, uint64_t until_us, bool (*done)(const mesh *m)) {
    uint64_t looked_us = 0;
    for (;;) {
        uint64_t tick_us;
        const int node = next_tick(m, &tick_us);
        const uint64_t event_us = m->event_count > 0 ? m->events[0].at_us : UINT64_MAX;
        const uint64_t next = tick_us < event_us ? tick_us : event_us;
        if (done && next >= looked_us + 100000) { /* looking costs more than most events */
            looked_us = next;
            if (done(m)) {
                return true;
            }
        }
        if (next > until_us) {
            m->now_us = until_us;
            return done && done(m);
        }
        m->now_us = next > m->now_us ? next : m->now_us;
        if (event_us <= tick_us) {
            mesh_event event = pop(m);
            happen(m, &event);
            free(event.bytes);
        } else {
            clasp_p2p_tick(m->nodes[node].core, m->now_us);
            mesh_drain(m, node);
            CHECK(m->nodes[node].deadline_us > m->now_us); /* a deadline that is met is gone */
        }
    }
}

/* ---- pages --------------------------------------------------------------------------------------------------- */

static void entry_text(clasp_writer *w, const char *key, const char *text) {
    clasp_write_text(w, clasp_span_of(key));
    clasp_write_u8(w, CLASP_VALUE_STRING);
    clasp_write_text(w, clasp_span_of(text));
}

static void begin_page(mesh *m, int node, const char *const *switches) {
    uint8_t config[512];
    char id[16], epoch[24];
    mesh_node *n = &m->nodes[node];
    clasp_writer w = clasp_writer_of(config, sizeof config);
    uint16_t count = 2;
    for (; switches[count - 2]; count++) {
        n->decides = n->decides || strcmp(switches[count - 2], "decide") == 0;
    }
    snprintf(id, sizeof id, "peer-%d", node);
    snprintf(epoch, sizeof epoch, "epoch-%d-%u", node, ++n->page);
    clasp_write_u8(&w, CLASP_VALUE_MAP);
    clasp_write_u16(&w, count);
    entry_text(&w, "clientId", id);
    entry_text(&w, "epoch", epoch);
    for (int i = 0; switches[i]; i++) {
        clasp_write_text(&w, clasp_span_of(switches[i]));
        clasp_write_u8(&w, CLASP_VALUE_BOOL);
        clasp_write_u8(&w, 1);
    }
    n->core = clasp_p2p_new((uint32_t)node + 1, clasp_random_next(&m->random), &n->out);
    CHECK_EQ(clasp_p2p_start(n->core, clasp_written(&w), m->now_us), CLASP_OK);
    mesh_drain(m, node);
    come_up_in(m, node, wait_us(m, 0, 1000));
}

int mesh_add(mesh *m, const char *const *switches) {
    const int node = m->node_count++;
    begin_page(m, node, switches);
    return node;
}

static void end_links(mesh *m, int node) {
    mesh_node *n = &m->nodes[node];
    for (int at = 0; at < MESH_LINKS; at++) {
        if (n->links[at].peer != 0) {
            cut(m, &n->links[at], true);
        }
        n->links[at] = (mesh_link){0};
    }
    n->session = 0;
    n->covers = n->opened = n->closed = 0;
}

void mesh_reload(mesh *m, int node, bool goodbye) {
    mesh_node *n = &m->nodes[node];
    const char *switches[4];
    int count = 0;
    const clasp_p2p *core = n->core;
    const struct {
        const char *key;
        bool on;
    } KEYS[] = {{"mesh", core->mesh}, {"decide", core->decide}, {"cover", core->cover}};
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        if (KEYS[i].on) {
            switches[count++] = KEYS[i].key;
        }
    }
    switches[count] = NULL;
    if (goodbye) {
        clasp_p2p_stop(n->core, m->now_us);
        mesh_drain(m, node);
        CHECK_EQ(n->opened, n->closed);
    }
    end_links(m, node);
    clasp_p2p_free(n->core);
    n->tickets = 0;
    m->counts.reloads++;
    begin_page(m, node, switches);
}

void mesh_kill(mesh *m, int node) {
    end_links(m, node);
    m->nodes[node].gone = true;
    m->nodes[node].deadline_us = UINT64_MAX;
}

void mesh_connect(mesh *m, int from, int to, uint32_t timeout_ms) {
    char id[16];
    mesh_node *n = &m->nodes[from];
    snprintf(id, sizeof id, "peer-%d", to);
    if (CHECK(n->tickets < MESH_TICKETS)) {
        const uint32_t at = n->tickets++;
        n->asked[at] = at + 1;
        n->settled[at] = 0;
        CHECK_EQ(clasp_p2p_connect(n->core, at + 1, clasp_span_of(id), timeout_ms, m->now_us), CLASP_OK);
        mesh_drain(m, from);
    }
}

void mesh_init(mesh *m, uint64_t seed) {
    *m = (mesh){.now_us = START_US};
    clasp_random_seed(&m->random, seed);
}

void mesh_deinit(mesh *m) {
    for (int i = 0; i < m->node_count; i++) {
        clasp_p2p_free(m->nodes[i].core);
        clasp_outbox_deinit(&m->nodes[i].out);
    }
    for (uint32_t i = 0; i < m->event_count; i++) {
        free(m->events[i].bytes);
    }
    free(m->events);
}

/* ---- looking on ---------------------------------------------------------------------------------------------- */

/* The node's links to the peer that stands for the other node's page; -1: no such peer is connected. */
static int links_to(const mesh *m, int a, int b) {
    char id[16];
    const mesh_node *n = &m->nodes[a];
    snprintf(id, sizeof id, "peer-%d", b);
    const uint32_t handle = clasp_p2p_find(n->core, clasp_span_of(id));
    int count = 0;
    for (int at = 0; at < MESH_LINKS; at++) {
        const mesh_link *link = &n->links[at];
        const bool of_pair = link->peer != 0 && link->peer == handle;
        count += of_pair ? (link->connected ? 1 : 100) : 0;
    }
    return clasp_p2p_peer_state(n->core, handle) == CLASP_P2P_CONNECTED ? count : -1;
}

bool mesh_pair_connected(const mesh *m, int a, int b) {
    return links_to(m, a, b) == 1 && links_to(m, b, a) == 1;
}

uint32_t mesh_open_links(const mesh_node *node) {
    uint32_t count = 0;
    for (int i = 0; i < MESH_LINKS; i++) {
        count += node->links[i].peer != 0;
    }
    return count;
}
