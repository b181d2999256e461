#include "joint.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#define START_US UINT64_C(1700000000000000)
#define TICKS_AT_ONCE 100

/* ---- chance and events --------------------------------------------------------------------------------------- */

uint32_t joint_below(joint *j, uint32_t n) { return clasp_random_below(&j->random, n); }

bool joint_chance(joint *j, uint32_t per_mille) { return joint_below(j, 1000) < per_mille; }

uint64_t joint_wait_us(joint *j, uint32_t from_ms, uint32_t to_ms) {
    return (from_ms + joint_below(j, to_ms - from_ms + 1)) * UINT64_C(1000);
}

clasp_span joint_nothing(void) { return (clasp_span){NULL, 0}; }

void joint_trace(const joint *j, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (j->traces) {
        printf("%10.3f ", (double)(j->now_us - START_US) / 1e6);
        vprintf(format, args);
        printf("\n");
    }
    va_end(args);
}

static bool before(const joint_event *a, const joint_event *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

void joint_push(joint *j, joint_event event, clasp_span bytes) {
    if (j->event_count == j->event_cap) {
        j->event_cap = j->event_cap ? j->event_cap * 2 : 256;
        j->events = realloc(j->events, j->event_cap * sizeof *j->events);
    }
    event.order = j->order++;
    event.page = j->nodes[event.node].page;
    event.bytes = NULL;
    event.len = bytes.len;
    if (bytes.at) {
        event.bytes = malloc(bytes.len + 1);
        memcpy(event.bytes, bytes.at, bytes.len);
        event.bytes[bytes.len] = '\0';
    }
    uint32_t at = j->event_count++;
    for (; at > 0 && before(&event, &j->events[(at - 1) / 2]); at = (at - 1) / 2) {
        j->events[at] = j->events[(at - 1) / 2];
    }
    j->events[at] = event;
}

static joint_event pop(joint *j) {
    const joint_event first = j->events[0];
    const joint_event last = j->events[--j->event_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= j->event_count) {
            break;
        }
        child += child + 1 < j->event_count && before(&j->events[child + 1], &j->events[child]);
        if (!before(&j->events[child], &last)) {
            break;
        }
        j->events[at] = j->events[child];
        at = child;
    }
    j->events[at] = last;
    return first;
}

/* ---- the door ------------------------------------------------------------------------------------------------ */

uint32_t joint_put(clasp_span first, clasp_span second) {
    uint8_t *inbox = clasp_inbox(first.len + second.len);
    if (first.len > 0) {
        memcpy(inbox, first.at, first.len);
    }
    if (second.len > 0) {
        memcpy(inbox + first.len, second.at, second.len);
    }
    return first.len + second.len;
}

int32_t joint_input(joint *j, int node, clasp_p2p_input event, uint32_t a, uint32_t b, uint32_t c,
                    clasp_span bytes) {
    const uint32_t len = joint_put(bytes, joint_nothing());
    const int32_t result =
        clasp_abi_p2p_event((uint32_t)j->nodes[node].plane, event, a, b, c, len, (double)j->now_us);
    joint_drain(j);
    return result;
}

joint_peer *joint_peer_of(joint_node *n, uint32_t handle) {
    for (int i = 0; i < JOINT_PEERS; i++) {
        if (n->peers[i].handle == handle) {
            return &n->peers[i];
        }
    }
    return NULL;
}

joint_peer *joint_peer_at(joint *j, int node, int other) {
    joint_peer *best = NULL;
    for (int i = 0; i < JOINT_PEERS; i++) {
        joint_peer *peer = &j->nodes[node].peers[i];
        const bool is_page = peer->handle != 0 && peer->node == other && peer->page == j->nodes[other].page;
        if (is_page && (!best || peer->state == CLASP_P2P_CONNECTED)) {
            best = peer;
        }
    }
    return best;
}

static void settle(joint *j, int node, const clasp_effect *effect) {
    joint_node *n = &j->nodes[node];
    if (effect->a > JOINT_TICKETS) {
        joint_answered(j, node, effect->a);
        return;
    }
    CHECK(effect->a > 0 && n->is_settled[effect->a - 1] == 0);
    n->is_settled[effect->a - 1] = 1;
    n->settled++;
}

/* The host draws the token when it is asked. */
static void token(joint *j, int node, uint32_t peer) {
    uint8_t bytes[CLASP_P2P_TOKEN_LEN];
    clasp_store_u64(bytes, clasp_random_next(&j->random));
    clasp_store_u64(bytes + 8, clasp_random_next(&j->random));
    const int32_t err =
        joint_input(j, node, CLASP_P2P_ON_TOKEN, peer, 0, 0, (clasp_span){bytes, sizeof bytes});
    CHECK_EQ(err, CLASP_OK);
    joint_peer_of(&j->nodes[node], peer)->has_token = true;
}

static void cover(joint *j, int node, const clasp_effect *effect) {
    joint_peer *peer = joint_peer_of(&j->nodes[node], effect->a);
    if (effect->b == CLASP_P2P_COVER_ANEW) {
        CHECK(peer && peer->covered);
    } else if (CHECK(peer != NULL) && CHECK(peer->covered != (effect->b != 0))) {
        peer->covered = effect->b != 0;
        j->nodes[node].covers += peer->covered ? 1 : UINT32_MAX;
        j->counts.covered += peer->covered;
    }
}

static void trace(const joint *j, int node, const clasp_effect *effect) {
#define X(name, value) [value] = #name,
    static const char *const NAMES[] = {CLASP_P2P_EFFECT_LIST(X)};
#undef X
    const clasp_span bytes = {clasp_outbox_data() + effect->at, effect->len};
    const bool is_text = effect->kind <= CLASP_EFFECT_P2P_TOKEN || effect->kind == CLASP_EFFECT_P2P_PIPE;
    joint_trace(j, "%d %s %u %u.%u %g %.*s", node, NAMES[effect->kind], effect->a, effect->b >> 8,
                effect->b & 0xFF, effect->number, is_text ? (int)(bytes.len < 70 ? bytes.len : 70) : 0,
                (const char *)bytes.at);
}

static void carry_out(joint *j, int node, uint32_t *from, const clasp_effect *effect) {
    joint_node *n = &j->nodes[node];
    if (j->traces) {
        trace(j, node, effect);
    }
    switch (effect->kind) {
    case CLASP_EFFECT_P2P_SUBSCRIBE:
        n->patterns++;
        break;
    case CLASP_EFFECT_P2P_UNSUBSCRIBE:
        n->patterns--;
        break;
    case CLASP_EFFECT_P2P_SIGNAL:
        joint_publish(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_PEER:
        joint_name_peer(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_PEER_STATE:
        joint_turn_peer(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_ASK:
        joint_push(j,
                   (joint_event){.at_us = j->now_us + joint_wait_us(j, 1, 2000),
                                 .kind = EVENT_DECIDE,
                                 .node = node,
                                 .peer = effect->a},
                   joint_nothing());
        break;
    case CLASP_EFFECT_P2P_SETTLED:
        settle(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_LINK_OPEN:
        joint_open_link(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_LINK_CLOSE:
        joint_close_link(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_LINK_OFFER:
    case CLASP_EFFECT_P2P_LINK_ANSWER:
    case CLASP_EFFECT_P2P_LINK_APPLY:
    case CLASP_EFFECT_P2P_LINK_CANDIDATE:
        joint_step_later(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_COVER:
        cover(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_TOKEN:
        token(j, node, effect->a);
        break;
    case CLASP_EFFECT_P2P_SEND:
        joint_send(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_FROM:
    case CLASP_EFFECT_P2P_ADDRESS:
    case CLASP_EFFECT_P2P_DELIVER:
        joint_hear(j, node, from, effect);
        break;
    case CLASP_EFFECT_P2P_ACKED:
        joint_acknowledged(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_GOT:
        joint_answered(j, node, effect->a);
        break;
    case CLASP_EFFECT_P2P_PIPE:
        joint_pipe_effect(j, node, effect);
        break;
    case CLASP_EFFECT_P2P_ROOM: {
        joint_peer *peer = joint_peer_of(n, effect->a);
        CHECK(peer && peer->full);
        if (peer) {
            peer->full = false;
        }
        break;
    }
    case CLASP_EFFECT_P2P_TOKEN_TOLD: {
        joint_peer *peer = joint_peer_of(n, effect->a);
        if (peer) {
            peer->has_token = true;
        }
        break;
    }
    case CLASP_EFFECT_P2P_RECORD: /* the door's own business */
    case CLASP_EFFECT_P2P_DOUBT:  /* sessions here are dead or alive at once */
        break;
    default:
        CHECK_EQ(effect->kind, 0); /* none that peers have */
    }
}

static int node_of_plane(const joint *j, uint32_t owner) {
    for (int i = 0; i < j->node_count; i++) {
        if (!j->nodes[i].gone && (uint32_t)j->nodes[i].plane == owner) {
            return i;
        }
    }
    return -1;
}

void joint_drain(joint *j) {
    if (j->draining) {
        return; /* what is new is seen below */
    }
    uint32_t from = 0; /* the peer whose deliveries these are */
    j->draining = true;
    for (uint32_t i = 0; i < clasp_outbox_count(); i++) {
        const clasp_effect effect = clasp_outbox_effects()[i];
        const int node = node_of_plane(j, effect.owner);
        if (node >= 0) {
            carry_out(j, node, &from, &effect);
        }
    }
    j->draining = false;
    CHECK_EQ(clasp_outbox_done(), CLASP_OK);
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

static void happen(joint *j, const joint_event *event) {
    const joint_node *n = &j->nodes[event->node];
    if (n->gone || n->page != event->page) {
        return;
    }
    if (event->kind <= EVENT_UP) {
        joint_route_event(j, event);
    } else if (event->kind <= EVENT_PROBE) {
        joint_link_event(j, event);
    } else if (event->kind <= EVENT_SHUT) {
        joint_channel_event(j, event);
    } else {
        joint_talk_event(j, event);
    }
}

bool joint_run(joint *j, uint64_t until_us, bool (*done)(joint *j)) {
    uint64_t looked_us = 0;
    int ticks = 0;
    for (;;) {
        const double deadline = clasp_deadline();
        const uint64_t tick_us = isinf(deadline) ? JOINT_NEVER : (uint64_t)deadline;
        const uint64_t event_us = j->event_count > 0 ? j->events[0].at_us : JOINT_NEVER;
        uint64_t next = tick_us < event_us ? tick_us : event_us;
        if (done && next >= looked_us + 200000) { /* looking costs more than most events */
            looked_us = next;
            if (done(j)) {
                return true;
            }
        }
        if (next > until_us) {
            j->now_us = until_us;
            return done && done(j);
        }
        ticks = next > j->now_us ? 0 : ticks;
        j->now_us = next > j->now_us ? next : j->now_us;
        if (event_us <= tick_us) {
            joint_event event = pop(j);
            happen(j, &event);
            free(event.bytes);
        } else {
            clasp_tick((double)j->now_us);
            joint_drain(j);
            if (!CHECK(++ticks < TICKS_AT_ONCE)) { /* a deadline that is met is gone */
                return false;
            }
        }
    }
}

/* ---- pages --------------------------------------------------------------------------------------------------- */

static void entry_text(clasp_writer *w, const char *key, const char *text) {
    clasp_write_text(w, clasp_span_of(key));
    clasp_write_u8(w, CLASP_VALUE_STRING);
    clasp_write_text(w, clasp_span_of(text));
}

static void entry_true(clasp_writer *w, const char *key) {
    clasp_write_text(w, clasp_span_of(key));
    clasp_write_u8(w, CLASP_VALUE_BOOL);
    clasp_write_u8(w, 1);
}

void joint_begin_page(joint *j, int node) {
    uint8_t config[512];
    char id[16], epoch[24];
    joint_node *n = &j->nodes[node];
    clasp_writer w = clasp_writer_of(config, sizeof config);
    uint16_t count = 0;
    while (n->switches[count]) {
        count++;
    }
    snprintf(id, sizeof id, "peer-%d", node);
    snprintf(epoch, sizeof epoch, "epoch-%d-%u", node, ++n->page);
    clasp_write_u8(&w, CLASP_VALUE_MAP);
    clasp_write_u16(&w, (uint16_t)(count + 2));
    entry_text(&w, "clientId", id);
    entry_text(&w, "epoch", epoch);
    for (int i = 0; i < count; i++) {
        entry_true(&w, n->switches[i]);
    }
    n->plane = clasp_abi_p2p_new();
    CHECK(n->plane > 0);
    CHECK_EQ(joint_input(j, node, CLASP_P2P_ON_START, 0, 0, 0, clasp_written(&w)), CLASP_OK);
    joint_come_up_in(j, node, joint_wait_us(j, 0, 1000));
    joint_talk_later(j, node);
}

int joint_add(joint *j, const char *const *switches) {
    const int node = j->node_count++;
    for (int i = 0; switches[i]; i++) {
        j->nodes[node].switches[i] = switches[i];
    }
    joint_begin_page(j, node);
    return node;
}

void joint_end_page(joint *j, int node, bool goodbye) {
    joint_node *n = &j->nodes[node];
    for (int i = 0; i < JOINT_PEERS; i++) {
        joint_end_track(j, node, &n->peers[i]);
    }
    n->ending = true;
    if (goodbye) {
        joint_input(j, node, CLASP_P2P_ON_STOP, 0, 0, 0, joint_nothing());
        CHECK_EQ(n->opened, n->closed);
        CHECK_EQ(n->covers, 0);
        CHECK_EQ(n->patterns, 0);
        CHECK_EQ(n->settled, n->asked);
        CHECK_EQ(n->got, n->gets);
        for (int i = 0; i < JOINT_PEERS; i++) {
            CHECK_EQ(n->peers[i].handle, 0);
        }
    }
    joint_drop_links(j, node);
    CHECK_EQ(clasp_abi_p2p_free((uint32_t)n->plane), CLASP_OK);
    joint_drain(j);
    n->plane = 0;
    n->session = 0;
    n->ending = false;
    memset(n->peers, 0, sizeof n->peers);
    memset(n->is_settled, 0, sizeof n->is_settled);
    n->opened = n->closed = n->covers = n->asked = n->settled = n->gets = n->got = 0;
    n->patterns = 0;
}

void joint_init(joint *j, uint64_t seed) {
    j->now_us = START_US;
    j->talks = true;
    clasp_random_seed(&j->random, seed);
    clasp_seed((uint32_t)seed, (uint32_t)(seed >> 32), 1, 2);
}

void joint_deinit(joint *j) {
    for (uint32_t i = 0; i < j->event_count; i++) {
        free(j->events[i].bytes);
    }
    free(j->events);
}
