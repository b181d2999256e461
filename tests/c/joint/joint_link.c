/* RTCPeerConnections, as the core sees them. */
#include <inttypes.h>
#include <stdlib.h>

#include "joint.h"

#define ICE_FAILS_US 15000000u

/* ---- ends ---------------------------------------------------------------------------------------------------- */

joint_link *joint_find_link(joint_node *n, uint32_t peer, uint32_t number) {
    for (int i = 0; i < JOINT_LINKS; i++) {
        if (n->links[i].peer == peer && (peer == 0 || n->links[i].number == number)) {
            return &n->links[i];
        }
    }
    return NULL;
}

static joint_link *link_at(joint *j, const joint_end *end) {
    joint_node *n = &j->nodes[end->node];
    return end->page != 0 && end->page == n->page && !n->gone ? joint_find_link(n, end->peer, end->link)
                                                              : NULL;
}

joint_link *joint_other_end(joint *j, const joint_link *link) {
    return link->connected ? link_at(j, &link->other) : NULL;
}

static bool is_end(const joint *j, const joint_end *end, int node, const joint_link *link) {
    return end->node == (uint32_t)node && end->page == j->nodes[node].page && end->peer == link->peer &&
           end->link == link->number;
}

bool joint_flows(joint *j, int node, const joint_link *link) {
    const joint_link *other = joint_other_end(j, link);
    return other && other->connected && is_end(j, &other->other, node, link) &&
           link->mute_until_us <= j->now_us && j->blocked_until_us[node][link->other.node] <= j->now_us;
}

static bool same_end(const joint_end *a, const joint_end *b) {
    return a->page != 0 && a->node == b->node && a->page == b->page && a->peer == b->peer &&
           a->link == b->link && a->round == b->round;
}

static joint_end read_end(const char *text, const char *key) {
    joint_end end = {0};
    uint32_t *const fields[] = {&end.node, &end.page, &end.peer, &end.link, &end.round};
    const char *at = text ? strstr(text, key) : NULL;
    at = at ? at + strlen(key) : NULL;
    for (int i = 0; at && i < 5; i++) {
        char *behind;
        *fields[i] = (uint32_t)strtoul(at, &behind, 10);
        at = behind > at && (i == 4 || *behind == '.') ? behind + 1 : NULL;
    }
    return at ? end : (joint_end){0};
}

static int write_end(char *out, size_t size, const joint_end *end) {
    return snprintf(out, size, "%u.%u.%u.%u.%u", end->node, end->page, end->peer, end->link, end->round);
}

/* ---- reports ------------------------------------------------------------------------------------------------- */

void joint_report_at(joint *j, uint64_t at_us, int node, const joint_link *link, int what, uint32_t arg,
                     const char *text) {
    joint_push(j,
               (joint_event){.at_us = at_us,
                             .kind = EVENT_LINK,
                             .node = node,
                             .peer = link->peer,
                             .link = link->number,
                             .what = what,
                             .arg = arg},
               clasp_span_of(text));
}

void joint_ice_begins(joint *j, int node, joint_link *link) {
    link->ice_since_us = j->now_us;
    joint_push(j,
               (joint_event){.at_us = j->now_us + ICE_FAILS_US,
                             .kind = EVENT_ICE,
                             .node = node,
                             .peer = link->peer,
                             .link = link->number},
               joint_nothing());
}

/* ---- negotiation --------------------------------------------------------------------------------------------- */

static void local_description(joint *j, int node, joint_link *link, uint32_t round,
                              const joint_end *answers) {
    char text[200], own[64], other[64];
    link->local = (joint_end){(uint32_t)node, j->nodes[node].page, link->peer, link->number, round};
    link->candidates = 0;
    write_end(own, sizeof own, &link->local);
    write_end(other, sizeof other, answers);
    snprintf(text, sizeof text, "v=0 ufrag=%s for=%s ", own, other);
    joint_report_at(j, j->now_us, node, link, CLASP_P2P_LINK_LOCAL, round, text);
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text,
                 "{\"candidate\":\"candidate:%d ufrag=%s typ host\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}", i,
                 own);
        joint_report_at(j, j->now_us + joint_wait_us(j, 0, 30), node, link, CLASP_P2P_LINK_CANDIDATE, round,
                        text);
    }
    joint_report_at(j, j->now_us + 31000, node, link, CLASP_P2P_LINK_GATHERED, round, "");
}

/* A step in its turn. false: the browser refuses it. */
static bool do_step(joint *j, int node, joint_link *link, const joint_event *event) {
    const joint_end nobody = {0};
    const joint_end ufrag = read_end((const char *)event->bytes, "ufrag=");
    const joint_end answers = read_end((const char *)event->bytes, "for=");
    switch (event->what) {
    case CLASP_EFFECT_P2P_LINK_OFFER:
        if (link->have_local_offer) {
            return false;
        }
        link->have_local_offer = true;
        link->remote = nobody;
        local_description(j, node, link, event->arg, &nobody);
        return true;
    case CLASP_EFFECT_P2P_LINK_ANSWER:
        if (link->have_local_offer) {
            return false;
        }
        link->remote = ufrag;
        local_description(j, node, link, event->arg, &ufrag);
        joint_ice_begins(j, node, link);
        return true;
    case CLASP_EFFECT_P2P_LINK_APPLY:
        if (!link->have_local_offer || !same_end(&answers, &link->local)) {
            return false;
        }
        link->have_local_offer = false;
        link->remote = ufrag;
        joint_report_at(j, j->now_us, node, link, CLASP_P2P_LINK_APPLIED, event->arg, "");
        joint_ice_begins(j, node, link);
        return true;
    default: /* a candidate */
        link->candidates++;
        return same_end(&ufrag, &link->remote);
    }
}

static void step(joint *j, const joint_event *event) {
    joint_node *n = &j->nodes[event->node];
    joint_link *link = joint_find_link(n, event->peer, event->link);
    if (link && !do_step(j, event->node, link, event)) {
        n->refusals++;
        joint_report_at(j, j->now_us, event->node, link, CLASP_P2P_LINK_REFUSED,
                        event->what == CLASP_EFFECT_P2P_LINK_CANDIDATE, "wrong state");
    }
}

void joint_step_later(joint *j, int node, const clasp_effect *effect) {
    joint_link *link = joint_find_link(&j->nodes[node], effect->a, effect->b);
    if (!CHECK(link != NULL)) {
        return;
    }
    const uint64_t begin = link->busy_until_us > j->now_us ? link->busy_until_us : j->now_us;
    link->busy_until_us = begin + joint_wait_us(j, 0, 15);
    joint_push(j,
               (joint_event){.at_us = link->busy_until_us,
                             .kind = EVENT_STEP,
                             .node = node,
                             .peer = effect->a,
                             .link = effect->b,
                             .what = (int)effect->kind,
                             .arg = (uint32_t)effect->number},
               (clasp_span){clasp_outbox_data() + effect->at, effect->len});
}

/* ---- ICE ----------------------------------------------------------------------------------------------------- */

static bool ready(const joint_link *a, const joint_link *b) {
    return same_end(&a->remote, &b->local) && a->candidates > 0 && a->local.round >= a->min_round;
}

static bool has_path(const joint_link *link) { return link->connected && link->mute_until_us != JOINT_NEVER; }

static void connect_end(joint *j, int node, joint_link *link, const joint_end *other) {
    const bool first = link->other.page == 0;
    link->connected = true;
    link->mute_until_us = 0;
    link->other = *other;
    link->ice_since_us = 0;
    joint_report_at(j, j->now_us + joint_wait_us(j, 1, 20), node, link, CLASP_P2P_LINK_CONNECTED, 0, "");
    for (int i = 0; first && i < JOINT_CHANNELS; i++) {
        if (link->channels[i].maker) {
            joint_push(j,
                       (joint_event){.at_us = j->now_us + joint_wait_us(j, 5, 50),
                                     .kind = EVENT_OPEN,
                                     .node = node,
                                     .peer = link->peer,
                                     .link = link->number,
                                     .arg = link->channels[i].id},
                       joint_nothing());
        }
    }
}

/* Both sides know each other, and each has a candidate. */
void joint_probe(joint *j, int node) {
    for (int i = 0; i < JOINT_LINKS; i++) {
        joint_link *here = &j->nodes[node].links[i];
        joint_link *there = here->peer != 0 && !has_path(here) ? link_at(j, &here->remote) : NULL;
        if (!there || !ready(here, there) || !ready(there, here)) {
            continue;
        }
        const int other = (int)here->remote.node;
        if (j->blocked_until_us[node][other] <= j->now_us) {
            connect_end(j, node, here, &here->remote);
            if (!has_path(there)) {
                connect_end(j, other, there, &there->remote);
            }
            joint_flush_link(j, node, here);
            joint_flush_link(j, other, there);
        }
    }
}

static void ice_due(joint *j, const joint_event *event) {
    joint_link *link = joint_find_link(&j->nodes[event->node], event->peer, event->link);
    if (link && !link->connected && link->ice_since_us != 0 &&
        j->now_us >= link->ice_since_us + ICE_FAILS_US) {
        link->ice_since_us = 0;
        link->min_round = link->min_round > link->local.round ? link->min_round : link->local.round + 1;
        joint_report_at(j, j->now_us, event->node, link, CLASP_P2P_LINK_FAILED, 0, "");
    }
}

/* A look at a link whose path may have changed: EVENT_PROBE with `what` 0, or to find out that nothing answers: 1. */
static void look(joint *j, const joint_event *event) {
    joint_link *link = joint_find_link(&j->nodes[event->node], event->peer, event->link);
    if (!link) {
        return;
    }
    if (event->what == 1 && link->connected && link->mute_until_us > j->now_us) {
        joint_report_at(j, j->now_us, event->node, link, CLASP_P2P_LINK_DISCONNECTED, 0, "");
        if (link->mute_until_us == JOINT_NEVER) {
            link->connected = false;
            joint_ice_begins(j, event->node, link);
        } else {
            joint_report_at(j, link->mute_until_us, event->node, link, CLASP_P2P_LINK_CONNECTED, 0, "");
        }
    }
    joint_flush_link(j, event->node, link);
}

void joint_link_event(joint *j, const joint_event *event) {
    switch (event->kind) {
    case EVENT_LINK:
        joint_trace(j, "%d link %u of %u: event %d %u", event->node, event->link, event->peer, event->what,
                    event->arg);
        joint_input(j, event->node, CLASP_P2P_ON_LINK, event->peer, event->link << 8 | (uint32_t)event->what,
                    event->arg, (clasp_span){event->bytes, event->len});
        break;
    case EVENT_STEP:
        step(j, event);
        break;
    case EVENT_ICE:
        ice_due(j, event);
        break;
    default:
        look(j, event);
        break;
    }
    joint_probe(j, event->node);
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

void joint_open_link(joint *j, int node, const clasp_effect *effect) {
    joint_node *n = &j->nodes[node];
    joint_link *link = joint_find_link(n, 0, 0);
    const uint32_t flags = (uint32_t)effect->number;
    if (!CHECK(link != NULL) || !CHECK(effect->a != 0) ||
        !CHECK(joint_find_link(n, effect->a, effect->b) == NULL)) {
        return;
    }
    *link = (joint_link){.peer = effect->a, .number = effect->b};
    n->opened++;
    if (flags & CLASP_P2P_OPEN_CHANNELS) {
        joint_make_channel(j, node, link, CLASP_FLOW_RELIABLE, "", false);
    }
    if (flags & CLASP_P2P_OPEN_FAST) {
        joint_make_channel(j, node, link, CLASP_FLOW_FAST, "", true);
    }
}

/* The other end is told by its channels, or finds out by itself. */
static void cut(joint *j, int node, const joint_link *link, bool silent) {
    joint_link *there = joint_other_end(j, link);
    if (!there || !there->connected || !is_end(j, &there->other, node, link)) {
        return;
    }
    const int other = (int)link->other.node;
    const bool tells = !silent && joint_flows(j, node, link) && joint_chance(j, 500);
    there->connected = false;
    there->min_round = UINT32_MAX;
    if (tells) {
        joint_push(j,
                   (joint_event){.at_us = j->now_us + joint_wait_us(j, 5, 60),
                                 .kind = EVENT_SHUT,
                                 .node = other,
                                 .peer = there->peer,
                                 .link = there->number},
                   joint_nothing());
    } else {
        j->counts.cut++;
        joint_report_at(j, j->now_us + joint_wait_us(j, 4000, 6000), other, there,
                        CLASP_P2P_LINK_DISCONNECTED, 0, "");
    }
    joint_ice_begins(j, other, there);
}

static void drop_link(joint *j, int node, joint_link *link, bool silent) {
    cut(j, node, link, silent);
    joint_clear_channels(link);
    *link = (joint_link){0};
}

void joint_close_link(joint *j, int node, const clasp_effect *effect) {
    joint_node *n = &j->nodes[node];
    joint_link *link = joint_find_link(n, effect->a, effect->b);
    if (CHECK(effect->a != 0 && link != NULL)) {
        drop_link(j, node, link, false);
        n->closed++;
    }
}

void joint_drop_links(joint *j, int node) {
    for (int i = 0; i < JOINT_LINKS; i++) {
        if (j->nodes[node].links[i].peer != 0) {
            drop_link(j, node, &j->nodes[node].links[i], true);
        }
    }
}

uint32_t joint_open_links(const joint_node *n) {
    uint32_t count = 0;
    for (int i = 0; i < JOINT_LINKS; i++) {
        count += n->links[i].peer != 0;
    }
    return count;
}
