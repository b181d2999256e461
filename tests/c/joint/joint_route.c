/* The router: sessions, announcements, signals. */
#include <stdio.h>
#include <stdlib.h>

#include "joint.h"

#define SPREAD UINT32_C(2654435761)
#define BURST 40u
#define LIMITED 429u

/* Sessions sort in any order, whatever order they were given in. */
void joint_session_text(uint32_t session, char out[16]) { snprintf(out, 16, "s%08x", session * SPREAD); }

uint32_t joint_session_number(const joint *j, clasp_span text) {
    char digits[16] = "";
    memcpy(digits, text.at, text.len < sizeof digits ? text.len : sizeof digits - 1);
    const uint32_t mixed = (uint32_t)strtoul(digits + 1, NULL, 16);
    uint32_t session = j->sessions;
    while (session > 0 && session * SPREAD != mixed) {
        session--;
    }
    return session;
}

/* The node that has this session now; -1: none. */
static int node_of_session(const joint *j, clasp_span text) {
    const uint32_t session = joint_session_number(j, text);
    const int node = session ? (int)j->owners[session].node : -1;
    return node >= 0 && j->nodes[node].session == session && !j->nodes[node].gone ? node : -1;
}

static clasp_span bytes_of(const clasp_effect *effect) {
    return (clasp_span){clasp_outbox_data() + effect->at, effect->len};
}

static void carry(joint *j, int from, int to, const clasp_effect *effect) {
    const int copies = joint_chance(j, j->faults.doubling) ? 2 : 1;
    const uint64_t sent = ++j->sent;
    j->counts.doubled += copies == 2;
    j->counts.signals++;
    for (int i = 0; i < copies; i++) {
        if (joint_chance(j, j->faults.loss)) {
            j->counts.lost++;
            continue;
        }
        const uint64_t late = joint_chance(j, j->faults.straggling) ? joint_wait_us(j, 100, 1500) : 0;
        joint_push(j,
                   (joint_event){.at_us = j->now_us + joint_wait_us(j, 1, 60) + late,
                                 .kind = EVENT_SIGNAL,
                                 .node = to,
                                 .from = from,
                                 .sent = sent,
                                 .address_len = effect->a},
                   bytes_of(effect));
    }
}

static void refuse(joint *j, int node, uint32_t code, const clasp_effect *effect) {
    *(code == LIMITED ? &j->counts.limited : &j->counts.unknown) += 1;
    joint_push(
        j,
        (joint_event){
            .at_us = j->now_us + joint_wait_us(j, 1, 60), .kind = EVENT_REFUSED, .node = node, .arg = code},
        (clasp_span){bytes_of(effect).at, effect->a});
}

/* So many signals a second, and a burst: `allowance_us` runs ahead of the time by what was used. */
static bool is_over_rate(joint *j, joint_node *n) {
    const uint64_t step = j->faults.rate ? JOINT_SECOND / j->faults.rate : 0;
    n->allowance_us = n->allowance_us > j->now_us ? n->allowance_us : j->now_us;
    if (n->allowance_us > j->now_us + step * BURST) {
        return true;
    }
    n->allowance_us += step;
    return false;
}

void joint_publish(joint *j, int node, const clasp_effect *effect) {
    const clasp_span prefix = clasp_span_of("/clasp/p2p/signal/");
    const clasp_span bytes = bytes_of(effect);
    joint_node *n = &j->nodes[node];
    if (n->session == 0) {
        return;
    }
    if (is_over_rate(j, n)) {
        refuse(j, node, LIMITED, effect);
        return;
    }
    if (effect->a > prefix.len && memcmp(bytes.at, prefix.at, prefix.len) == 0) {
        const int to = node_of_session(j, (clasp_span){bytes.at + prefix.len, effect->a - prefix.len});
        if (to >= 0) {
            carry(j, node, to, effect);
        } else {
            refuse(j, node, 404, effect);
        }
        return;
    }
    for (int to = 0; to < j->node_count; to++) {
        if (to != node && j->nodes[to].session != 0 && !j->nodes[to].gone) {
            carry(j, node, to, effect);
        }
    }
}

void joint_come_up_in(joint *j, int node, uint64_t in_us) {
    joint_push(j, (joint_event){.at_us = j->now_us + in_us, .kind = EVENT_UP, .node = node}, joint_nothing());
}

static void come_up(joint *j, int node) {
    char text[16];
    joint_node *n = &j->nodes[node];
    if (j->router_until_us > j->now_us) {
        if (j->router_until_us != JOINT_NEVER) {
            joint_come_up_in(j, node, j->router_until_us - j->now_us + joint_wait_us(j, 0, 2000));
        }
        return;
    }
    if (!CHECK(j->sessions + 1 < JOINT_SESSIONS)) {
        return;
    }
    n->session = ++j->sessions;
    j->owners[n->session] = (joint_end){.node = (uint32_t)node, .page = n->page};
    joint_session_text(n->session, text);
    joint_trace(j, "%d is up as %s", node, text);
    CHECK_EQ(joint_input(j, node, CLASP_P2P_ON_SIGNALLING, 0, 0, 0, clasp_span_of(text)), CLASP_OK);
}

void joint_go_down(joint *j, int node) {
    joint_node *n = &j->nodes[node];
    if (n->session != 0) {
        joint_trace(j, "%d is down", node);
        n->session = 0;
        CHECK_EQ(joint_input(j, node, CLASP_P2P_ON_SIGNALLING, 0, 0, 0, joint_nothing()), CLASP_OK);
        joint_come_up_in(j, node, joint_wait_us(j, 300, 3000));
    }
}

/* An offer that meets one of our own on the way is one to a peer that is being dialled. */
static void count_glare(joint *j, const joint_event *event) {
    const clasp_span prefix = clasp_span_of("offer");
    const joint_peer *peer = joint_peer_at(j, event->node, event->from);
    for (int i = 0; peer && i < JOINT_LINKS; i++) {
        const joint_link *link = &j->nodes[event->node].links[i];
        if (link->peer == peer->handle && link->have_local_offer && link->other.page == 0) {
            for (uint32_t at = event->address_len;
                 at + prefix.len <= event->len && at < event->address_len + 100; at++) {
                if (memcmp(event->bytes + at, prefix.at, prefix.len) == 0) {
                    j->counts.glares++;
                    return;
                }
            }
        }
    }
}

static void deliver(joint *j, const joint_event *event) {
    joint_trace(j, "%d hears %.*s of %d", event->node, (int)event->address_len, (const char *)event->bytes,
                event->from);
    uint64_t *last = &j->last_delivered[event->from][event->node];
    j->counts.overtaken += event->sent < *last;
    *last = event->sent > *last ? event->sent : *last;
    if (j->nodes[event->node].session == 0) {
        return;
    }
    count_glare(j, event);
    joint_input(j, event->node, CLASP_P2P_ON_SIGNAL, event->address_len, 0, 0,
                (clasp_span){event->bytes, event->len});
    joint_probe(j, event->node);
}

void joint_route_event(joint *j, const joint_event *event) {
    if (event->kind == EVENT_SIGNAL) {
        deliver(j, event);
    } else if (event->kind == EVENT_REFUSED && j->nodes[event->node].session == 0) {
        return; /* it went with the connection */
    } else if (event->kind == EVENT_REFUSED) {
        joint_trace(j, "%d is told %u of %.*s", event->node, event->arg, (int)event->len,
                    (const char *)event->bytes);
        const int32_t err = joint_input(j, event->node, CLASP_P2P_ON_REFUSED, event->arg, 0, 0,
                                        (clasp_span){event->bytes, event->len});
        CHECK_EQ(err, CLASP_OK);
    } else if (j->nodes[event->node].session == 0) {
        come_up(j, event->node);
    }
}
