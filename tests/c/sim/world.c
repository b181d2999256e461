#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

#define START_US UINT64_C(1700000000000000)

typedef enum event_kind { EVENT_SIGNAL, EVENT_LINK, EVENT_STEP, EVENT_PROBE } event_kind;

/* What a link does when its time has come. */
typedef enum step_kind { STEP_OFFER, STEP_ANSWER, STEP_APPLY, STEP_CANDIDATE } step_kind;

typedef struct world_event {
    uint64_t at_us, order;
    event_kind kind;
    int node, from;
    uint64_t sent; /* SIGNAL: number of its sending */
    uint32_t handle;
    clasp_link_event link; /* LINK: what is reported */
    step_kind step;        /* STEP */
    uint32_t arg;
    char *bytes; /* given */
    uint32_t len;
} world_event;

/* ---- events -------------------------------------------------------------------------------------------------- */

static bool earlier(const world_event *a, const world_event *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(world_event *a, world_event *b) {
    const world_event t = *a;
    *a = *b;
    *b = t;
}

static void push(world *w, world_event event, clasp_span bytes) {
    if (w->event_count == w->event_cap) {
        w->event_cap = w->event_cap ? 2 * w->event_cap : 64;
        w->events = realloc(w->events, w->event_cap * sizeof *w->events);
    }
    event.order = w->event_order++;
    event.len = bytes.len;
    event.bytes = malloc((size_t)bytes.len + 1);
    if (bytes.len > 0) {
        memcpy(event.bytes, bytes.at, bytes.len);
    }
    event.bytes[bytes.len] = '\0';
    uint32_t i = w->event_count++;
    w->events[i] = event;
    for (; i > 0 && earlier(&w->events[i], &w->events[(i - 1) / 2]); i = (i - 1) / 2) {
        swap(&w->events[i], &w->events[(i - 1) / 2]);
    }
}

static world_event pop(world *w) {
    const world_event first = w->events[0];
    w->events[0] = w->events[--w->event_count];
    for (uint32_t i = 0;;) {
        uint32_t least = i;
        for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < w->event_count; child++) {
            least = earlier(&w->events[child], &w->events[least]) ? child : least;
        }
        if (least == i) {
            return first;
        }
        swap(&w->events[i], &w->events[least]);
        i = least;
    }
}

static uint64_t wait_us(world *w, uint32_t least_ms, uint32_t most_ms) {
    return UINT64_C(1000) * (least_ms + clasp_random_below(&w->random, most_ms - least_ms + 1));
}

static bool chance(world *w, uint32_t per_mille) { return clasp_random_below(&w->random, 1000) < per_mille; }

/* ---- the network --------------------------------------------------------------------------------------------- */

static void carry(world *w, int from, int to, clasp_span json) {
    const uint64_t number = w->sent_order++;
    w->counts.signals++;
    if (chance(w, w->faults.loss)) {
        w->counts.lost++;
        return;
    }
    const int copies = chance(w, w->faults.doubling) ? 2 : 1;
    w->counts.doubled += (uint64_t)(copies - 1);
    for (int i = 0; i < copies; i++) {
        uint64_t delay = wait_us(w, 1, 40);
        delay += chance(w, w->faults.straggling) ? wait_us(w, 0, 1500) : 0;
        push(w,
             (world_event){
                 .at_us = w->now_us + delay, .kind = EVENT_SIGNAL, .node = to, .from = from, .sent = number},
             json);
    }
}

static void emit(world *w, int from, const clasp_effect *effect) {
    const clasp_span bytes = clasp_outbox_bytes(&w->nodes[from].out, effect);
    const clasp_span to = {bytes.at, effect->a};
    const clasp_span json = {bytes.at + effect->a, bytes.len - effect->a};
    for (int i = 0; i < w->node_count; i++) {
        const world_node *node = &w->nodes[i];
        const bool meant = to.len == 0 || clasp_span_equal(to, clasp_span_of(node->id));
        if (node->role != w->nodes[from].role && meant) {
            carry(w, from, i, json);
        }
    }
}

/* ---- links --------------------------------------------------------------------------------------------------- */

static world_link *link_of(world_node *node, uint32_t handle) {
    for (int i = 0; i < WORLD_LINKS; i++) {
        if (node->links[i].handle == handle) {
            return &node->links[i];
        }
    }
    return NULL;
}

static int node_by_id(const world *w, clasp_span id, clasp_role role) {
    for (int i = 0; i < w->node_count; i++) {
        if (w->nodes[i].role == role && clasp_span_equal(id, clasp_span_of(w->nodes[i].id))) {
            return i;
        }
    }
    return -1;
}

/* Whom a handle means: the core says so once. */
static void name_peer(world *w, int node, const clasp_effect *effect) {
    world_node *n = &w->nodes[node];
    const clasp_role other = n->role == CLASP_ROLE_SENDER ? CLASP_ROLE_RECEIVER : CLASP_ROLE_SENDER;
    world_name *name = &n->names[n->named++ % WORLD_NAMES];
    *name = (world_name){effect->a, node_by_id(w, clasp_outbox_bytes(&n->out, effect), other)};
}

static int remote_of(const world_node *n, uint32_t handle) {
    for (int i = 0; i < WORLD_NAMES; i++) {
        if (n->names[i].handle == handle) {
            return n->names[i].node;
        }
    }
    return -1;
}

static void open_link(world *w, int node, const clasp_effect *effect) {
    world_node *n = &w->nodes[node];
    world_link *link = link_of(n, 0);
    if (!CHECK(link != NULL) || !CHECK(effect->a != 0)) {
        return;
    }
    *link = (world_link){.handle = effect->a};
    link->remote_node = remote_of(n, effect->a);
    CHECK(link->remote_node >= 0);
    n->opened++;
}

static void report_at(world *w, uint64_t at_us, int node, uint32_t handle, clasp_link_event what,
                      uint32_t arg, clasp_span bytes) {
    push(w,
         (world_event){
             .at_us = at_us, .kind = EVENT_LINK, .node = node, .handle = handle, .link = what, .arg = arg},
         bytes);
}

static void step_later(world *w, int node, const clasp_effect *effect, step_kind step) {
    world_link *link = link_of(&w->nodes[node], effect->a);
    if (!CHECK(link != NULL)) {
        return;
    }
    const uint64_t begin = link->busy_until_us > w->now_us ? link->busy_until_us : w->now_us;
    link->busy_until_us = begin + wait_us(w, 0, 15);
    const world_event event = {.at_us = link->busy_until_us,
                               .kind = EVENT_STEP,
                               .node = node,
                               .handle = effect->a,
                               .step = step,
                               .arg = effect->b};
    push(w, event, clasp_outbox_bytes(&w->nodes[node].out, effect));
}

static void field(const char *text, const char *key, char out[WORLD_UFRAG]) {
    const char *at = strstr(text, key);
    size_t len = 0;
    if (at) {
        at += strlen(key);
        len = strcspn(at, " \"");
        len = len < WORLD_UFRAG ? len : WORLD_UFRAG - 1;
        memcpy(out, at, len);
    }
    out[len] = '\0';
}

static void local_description(world *w, int node, world_link *link, uint32_t round, const char *answers) {
    char text[128];
    link->round = round;
    link->candidates = 0;
    snprintf(link->local_ufrag, WORLD_UFRAG, "%d.%u.%u", node, link->handle, round);
    int len = snprintf(text, sizeof text, "v=0 ufrag=%s for=%s ", link->local_ufrag, answers);
    report_at(w, w->now_us, node, link->handle, CLASP_LINK_LOCAL, round,
              (clasp_span){(uint8_t *)text, (uint32_t)len});
    for (int i = 0; i < 2; i++) {
        len = snprintf(text, sizeof text,
                       "{\"candidate\":\"candidate:%d ufrag=%s \",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}", i,
                       link->local_ufrag);
        report_at(w, w->now_us + wait_us(w, 0, 30), node, link->handle, CLASP_LINK_CANDIDATE, round,
                  (clasp_span){(uint8_t *)text, (uint32_t)len});
    }
}

static void refuse(world *w, int node, uint32_t handle, uint32_t arg) {
    w->nodes[node].refusals++;
    report_at(w, w->now_us, node, handle, CLASP_LINK_REFUSED, arg, clasp_span_of("wrong state"));
}

static void step(world *w, const world_event *event) {
    world_link *link = link_of(&w->nodes[event->node], event->handle);
    char ufrag[WORLD_UFRAG], answers[WORLD_UFRAG];
    if (!link) {
        return; /* closed meanwhile */
    }
    field(event->bytes, "ufrag=", ufrag);
    field(event->bytes, "for=", answers);
    const bool stable = link->signalling == SIGNALLING_STABLE;
    switch (event->step) {
    case STEP_OFFER:
        if (!stable) {
            refuse(w, event->node, event->handle, 0);
            return;
        }
        link->signalling = SIGNALLING_HAVE_LOCAL;
        link->remote_ufrag[0] = '\0';
        local_description(w, event->node, link, event->arg, "-");
        return;
    case STEP_ANSWER:
        if (!stable) {
            refuse(w, event->node, event->handle, 0);
            return;
        }
        memcpy(link->remote_ufrag, ufrag, sizeof ufrag);
        local_description(w, event->node, link, event->arg, ufrag);
        return;
    case STEP_APPLY:
        if (stable || strcmp(answers, link->local_ufrag) != 0) {
            refuse(w, event->node, event->handle, 0);
            return;
        }
        link->signalling = SIGNALLING_STABLE;
        memcpy(link->remote_ufrag, ufrag, sizeof ufrag);
        report_at(w, w->now_us, event->node, event->handle, CLASP_LINK_APPLIED, event->arg,
                  (clasp_span){NULL, 0});
        return;
    case STEP_CANDIDATE:
        if (strcmp(ufrag, link->remote_ufrag) != 0) {
            refuse(w, event->node, event->handle, 1);
            return;
        }
        link->candidates++;
        return;
    }
}

static world_link *link_towards(world *w, int from, int to) {
    for (int i = 0; i < WORLD_LINKS; i++) {
        world_link *link = &w->nodes[from].links[i];
        if (link->handle != 0 && link->remote_node == to) {
            return link;
        }
    }
    return NULL;
}

static bool fit(const world_link *a, const world_link *b) {
    return a->remote_ufrag[0] && strcmp(a->remote_ufrag, b->local_ufrag) == 0 && a->candidates > 0 &&
           a->round >= a->min_round;
}

/* ICE: both sides know each other, each has a candidate. */
static void probe(world *w) {
    for (int a = 0; a < w->node_count; a++) {
        for (int b = 0; b < w->node_count; b++) {
            world_link *here = link_towards(w, a, b);
            world_link *there = link_towards(w, b, a);
            const bool reachable = !w->nodes[a].gone && !w->nodes[b].gone;
            if (here && there && !here->connected && fit(here, there) && fit(there, here) && reachable) {
                here->connected = here->was_connected = true;
                report_at(w, w->now_us + wait_us(w, 1, 20), a, here->handle, CLASP_LINK_CONNECTED, 0,
                          (clasp_span){NULL, 0});
                report_at(w, w->now_us + 20000 + wait_us(w, 1, 20), a, here->handle, CLASP_LINK_CHANNEL_OPEN,
                          0, (clasp_span){NULL, 0});
            }
            if (here && here->connected &&
                (!there || w->nodes[b].gone)) { /* the other end closed: ICE notices later */
                here->connected = false;
                report_at(w, w->now_us + wait_us(w, 4000, 6000), a, here->handle, CLASP_LINK_DISCONNECTED, 0,
                          (clasp_span){NULL, 0});
            }
        }
    }
}

static void break_link(world *w, int node, world_link *link, uint64_t heal_us, bool notices) {
    const uint64_t at = w->now_us + wait_us(w, 0, 1500);
    if (notices) {
        report_at(w, at, node, link->handle, CLASP_LINK_DISCONNECTED, 0, (clasp_span){NULL, 0});
    }
    if (heal_us > 0) {
        report_at(w, at + heal_us, node, link->handle, CLASP_LINK_CONNECTED, 0, (clasp_span){NULL, 0});
        return;
    }
    link->connected = false;
    link->min_round = link->round + 1;
}

static void hurt_paths(world *w, uint64_t heal_us, bool one_sided) {
    for (int a = 0; a < w->node_count; a++) {
        for (int b = a + 1; b < w->node_count; b++) {
            world_link *here = link_towards(w, a, b);
            world_link *there = link_towards(w, b, a);
            if (here && there && here->connected && there->connected) {
                const bool first_notices = !one_sided || chance(w, 500);
                break_link(w, a, here, heal_us, first_notices);
                break_link(w, b, there, heal_us, !one_sided || !first_notices);
                *(heal_us > 0 ? &w->counts.self_healed : &w->counts.broken) += 1;
            }
        }
    }
}

void world_break_paths(world *w, bool one_sided) { hurt_paths(w, 0, one_sided); }

void world_shake_paths(world *w) { hurt_paths(w, 1000000, false); }

void world_kill(world *w, int node) {
    w->nodes[node].gone = true;
    w->counts.killed++;
    probe(w);
}

/* ---- nodes --------------------------------------------------------------------------------------------------- */

static void close_link(world *w, int node, uint32_t handle) {
    world_link *link = link_of(&w->nodes[node], handle);
    if (CHECK(link != NULL)) {
        *link = (world_link){0};
        w->nodes[node].closed++;
    }
}

static void carry_out(world *w, int node, const clasp_effect *effect) {
    world_node *n = &w->nodes[node];
    const clasp_span bytes = clasp_outbox_bytes(&n->out, effect);
    switch (effect->kind) {
    case CLASP_EFFECT_SIGNAL:
        emit(w, node, effect);
        break;
    case CLASP_EFFECT_PEER:
        if (bytes.len > 0) {
            name_peer(w, node, effect);
        }
        break;
    case CLASP_EFFECT_LINK_OPEN:
        open_link(w, node, effect);
        break;
    case CLASP_EFFECT_LINK_OFFER:
        step_later(w, node, effect, STEP_OFFER);
        break;
    case CLASP_EFFECT_LINK_ANSWER:
        step_later(w, node, effect, STEP_ANSWER);
        break;
    case CLASP_EFFECT_LINK_APPLY:
        step_later(w, node, effect, STEP_APPLY);
        break;
    case CLASP_EFFECT_LINK_CANDIDATE:
        step_later(w, node, effect, STEP_CANDIDATE);
        break;
    case CLASP_EFFECT_LINK_CLOSE:
        close_link(w, node, effect->a);
        break;
    case CLASP_EFFECT_PEER_STATE:
        snprintf(n->state, sizeof n->state, "%.*s", (int)bytes.len, (const char *)bytes.at);
        break;
    case CLASP_EFFECT_PEER_CONNECTED:
        n->connects += effect->b == 0;
        break;
    case CLASP_EFFECT_PEER_DISPOSED:
        n->disposals++;
        break;
    case CLASP_EFFECT_PEER_ERROR:
        n->errors++;
        break;
    case CLASP_EFFECT_TRANSMIT:
        n->transmitted++;
        break;
    default:
        break;
    }
}

void world_drain(world *w, int node) {
    world_node *n = &w->nodes[node];
    CHECK_EQ(n->out.err, CLASP_OK);
    for (uint32_t i = 0; i < n->out.count; i++) {
        const clasp_effect effect = n->out.effects[i];
        if (!n->gone) {
            carry_out(w, node, &effect);
        }
    }
    clasp_outbox_clear(&n->out);
    probe(w);
}

static void deliver(world *w, const world_event *event) {
    world_node *n = &w->nodes[event->node];
    uint64_t *last = &w->last_delivered[event->from][event->node];
    w->counts.overtaken += event->sent < *last;
    *last = event->sent > *last ? event->sent : *last;
    clasp_conference_signal(n->core, (clasp_span){(uint8_t *)event->bytes, event->len}, w->now_us);
    world_drain(w, event->node);
}

static void report(world *w, const world_event *event) {
    world_node *n = &w->nodes[event->node];
    clasp_conference_link(n->core, event->handle, event->link, event->arg,
                          (clasp_span){(uint8_t *)event->bytes, event->len}, w->now_us);
    world_drain(w, event->node);
}

static void happen(world *w, const world_event *event) {
    if (w->nodes[event->node].gone) {
        return;
    }
    switch (event->kind) {
    case EVENT_SIGNAL:
        deliver(w, event);
        break;
    case EVENT_LINK:
        report(w, event);
        break;
    case EVENT_STEP:
        step(w, event);
        probe(w);
        break;
    case EVENT_PROBE:
        probe(w);
        break;
    }
}

/* The node whose core wants to be called first, and when. */
static int next_tick(const world *w, uint64_t *at_us) {
    int first = -1;
    *at_us = UINT64_MAX;
    for (int i = 0; i < w->node_count; i++) {
        const uint64_t at = w->nodes[i].gone ? UINT64_MAX : clasp_conference_deadline(w->nodes[i].core);
        if (at < *at_us) {
            *at_us = at;
            first = i;
        }
    }
    return first;
}

bool world_run(world *w, uint64_t until_us, bool (*done)(const world *w)) {
    for (;;) {
        uint64_t tick_us;
        const int node = next_tick(w, &tick_us);
        const uint64_t event_us = w->event_count > 0 ? w->events[0].at_us : UINT64_MAX;
        const uint64_t next = tick_us < event_us ? tick_us : event_us;
        if (done && done(w)) {
            return true;
        }
        if (next > until_us) {
            w->now_us = until_us;
            return false;
        }
        w->now_us = next > w->now_us ? next : w->now_us;
        if (event_us <= tick_us) {
            world_event event = pop(w);
            happen(w, &event);
            free(event.bytes);
        } else {
            clasp_conference_tick(w->nodes[node].core, w->now_us);
            world_drain(w, node);
        }
    }
}

int world_add(world *w, clasp_role role, const char *config) {
    const int node = w->node_count++;
    world_node *n = &w->nodes[node];
    char text[512];
    n->role = role;
    snprintf(n->id, sizeof n->id, "%s-%d", role == CLASP_ROLE_SENDER ? "sender" : "receiver", node);
    n->core = clasp_conference_new((uint32_t)node + 1, role, clasp_random_next(&w->random), &n->out);
    const int len = snprintf(text, sizeof text, "{\"id\":\"%s\"%s%s}", n->id, config[0] ? "," : "", config);
    CHECK_EQ(clasp_conference_start(n->core, (clasp_span){(uint8_t *)text, (uint32_t)len}, w->now_us),
             CLASP_OK);
    world_drain(w, node);
    return node;
}

void world_init(world *w, uint64_t seed) {
    *w = (world){.now_us = START_US};
    clasp_random_seed(&w->random, seed);
}

void world_deinit(world *w) {
    for (int i = 0; i < w->node_count; i++) {
        clasp_conference_free(w->nodes[i].core);
        clasp_outbox_deinit(&w->nodes[i].out);
    }
    for (uint32_t i = 0; i < w->event_count; i++) {
        free(w->events[i].bytes);
    }
    free(w->events);
}

bool world_all_connected(const world *w) {
    for (int a = 0; a < w->node_count; a++) {
        for (int b = 0; b < w->node_count; b++) {
            const world_node *from = &w->nodes[a];
            const world_node *to = &w->nodes[b];
            if (from->role == to->role || from->gone || to->gone) {
                continue;
            }
            const uint32_t handle = clasp_conference_find(from->core, clasp_span_of(to->id));
            if (clasp_conference_peer_state(from->core, handle) != CLASP_PEER_CONNECTED) {
                return false;
            }
        }
    }
    return true;
}

uint32_t world_open_links(const world_node *node) {
    uint32_t count = 0;
    for (int i = 0; i < WORLD_LINKS; i++) {
        count += node->links[i].handle != 0;
    }
    return count;
}
