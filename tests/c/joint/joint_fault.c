/* What goes wrong. */
#include "joint.h"

/* ---- of pairs ------------------------------------------------------------------------------------------------ */

void joint_for_pairs(joint *j, uint32_t per_mille, joint_hurt_pair *hurt) {
    for (int a = 0; a < j->node_count; a++) {
        for (int i = 0; i < JOINT_LINKS; i++) {
            joint_link *here = &j->nodes[a].links[i];
            joint_link *there = here->peer != 0 ? joint_other_end(j, here) : NULL;
            const int b = (int)here->other.node;
            if (there && there->connected && b > a && joint_chance(j, per_mille)) {
                hurt(j, a, here, b, there);
            }
        }
    }
}

/* A later round is needed; one that notices says so. */
static void break_end(joint *j, int node, joint_link *link, bool notices) {
    link->connected = false;
    link->min_round = link->local.round + 1;
    if (notices) {
        joint_report_at(j, j->now_us + joint_wait_us(j, 0, 1500), node, link, CLASP_P2P_LINK_DISCONNECTED, 0,
                        "");
        joint_ice_begins(j, node, link);
    }
}

static void break_pair(joint *j, int a, joint_link *here, int b, joint_link *there) {
    const uint32_t who = joint_below(j, 3); /* notices: both, or one of them */
    break_end(j, a, here, who != 1);
    break_end(j, b, there, who != 2);
    j->counts.broken++;
}

static void look_at(joint *j, uint64_t at_us, int node, const joint_link *link, int what) {
    joint_push(j,
               (joint_event){.at_us = at_us,
                             .kind = EVENT_PROBE,
                             .node = node,
                             .peer = link->peer,
                             .link = link->number,
                             .what = what},
               joint_nothing());
}

static void block(joint *j, int a, int b, uint64_t until_us) {
    j->blocked_until_us[a][b] = j->blocked_until_us[b][a] = until_us;
    for (int side = 0; side < 2 && until_us != JOINT_NEVER; side++) {
        joint_push(j, (joint_event){.at_us = until_us, .kind = EVENT_PROBE, .node = side ? b : a},
                   joint_nothing());
    }
}

static void block_pair(joint *j, int a, joint_link *here, int b, joint_link *there) {
    break_end(j, a, here, true);
    break_end(j, b, there, true);
    block(j, a, b, j->now_us + joint_wait_us(j, 1000, 22000));
    j->counts.blocked++;
}

static void block_pair_for_good(joint *j, int a, joint_link *here, int b, joint_link *there) {
    break_end(j, a, here, true);
    break_end(j, b, there, true);
}

void joint_block_for_good(joint *j) {
    for (int a = 0; a < j->node_count; a++) {
        for (int b = 0; b < a; b++) {
            block(j, a, b, JOINT_NEVER);
        }
    }
    joint_for_pairs(j, 1000, block_pair_for_good);
}

/* Nothing arrives, and nobody is told: the data plane alone can notice, or ICE after some seconds. */
static void mute_end(joint *j, int node, joint_link *link, uint64_t until_us) {
    link->mute_until_us = until_us;
    if (until_us == JOINT_NEVER) {
        link->min_round = link->local.round + 1;
    } else {
        look_at(j, until_us, node, link, 0);
    }
    look_at(j, j->now_us + joint_wait_us(j, 4500, 6500), node, link, 1);
}

static void mute_pair(joint *j, int a, joint_link *here, int b, joint_link *there) {
    const uint64_t until_us = joint_chance(j, 500) ? JOINT_NEVER : j->now_us + joint_wait_us(j, 300, 9000);
    mute_end(j, a, here, until_us);
    mute_end(j, b, there, until_us);
    j->counts.muted++;
}

static void deafen_pair(joint *j, int a, joint_link *here, int b, joint_link *there) {
    mute_end(j, a, here, j->now_us + joint_wait_us(j, 300, 9000)); /* the other direction works */
    (void)b;
    (void)there;
    j->counts.deafened++;
}

static void shake_end(joint *j, int node, joint_link *link, uint64_t until_us) {
    mute_end(j, node, link, until_us);
    joint_report_at(j, j->now_us + joint_wait_us(j, 0, 500), node, link, CLASP_P2P_LINK_DISCONNECTED, 0, "");
    joint_report_at(j, until_us, node, link, CLASP_P2P_LINK_CONNECTED, 0, "");
}

static void shake_pair(joint *j, int a, joint_link *here, int b, joint_link *there) {
    const uint64_t until_us = j->now_us + joint_wait_us(j, 600, 1600);
    shake_end(j, a, here, until_us);
    shake_end(j, b, there, until_us);
    j->counts.shaken++;
}

/* The reliable channel alone closes, on both sides. */
static void shut_pair(joint *j, int a, joint_link *here, int b, joint_link *there) {
    (void)b;
    (void)there;
    for (int i = 0; i < JOINT_CHANNELS; i++) {
        if (here->channels[i].open && here->channels[i].number == CLASP_FLOW_RELIABLE) {
            j->counts.shut++;
            joint_shut_channel(j, a, here, &here->channels[i]);
            return;
        }
    }
}

/* One side ends the other for good. */
static void part_pair(joint *j, int a, joint_link *here, int b, joint_link *there) {
    (void)there;
    j->apart[a][b] = j->apart[b][a] = true;
    j->counts.parted++;
    CHECK_EQ(joint_input(j, a, CLASP_P2P_ON_CLOSE, here->peer, 0, 0, joint_nothing()), CLASP_OK);
}

/* ---- of pages and the router --------------------------------------------------------------------------------- */

static int some_node(joint *j) {
    int node;
    do {
        node = (int)joint_below(j, (uint32_t)j->node_count);
    } while (j->nodes[node].gone);
    return node;
}

static void restart_router(joint *j) {
    j->counts.restarts++;
    for (int i = 0; i < j->node_count; i++) {
        joint_go_down(j, i);
    }
}

static void silence_router(joint *j) {
    j->counts.silenced++;
    j->router_until_us = j->now_us + joint_wait_us(j, 1000, 15000);
    restart_router(j);
}

static void reconnect(joint *j) {
    j->counts.reconnects++;
    joint_go_down(j, some_node(j));
}

/* The router and the paths at once, as when a machine wakes up elsewhere. */
static void move(joint *j) {
    const int node = some_node(j);
    j->counts.moved++;
    joint_for_pairs(j, 700, mute_pair);
    joint_go_down(j, node);
    if (joint_chance(j, 500)) {
        joint_input(j, node, CLASP_P2P_ON_NETWORK, 0, 0, 0, joint_nothing());
    }
}

static void change_network(joint *j) {
    j->counts.changed++;
    if (joint_chance(j, 500)) {
        joint_for_pairs(j, 500, mute_pair);
    }
    joint_input(j, some_node(j), CLASP_P2P_ON_NETWORK, 0, 0, 0, joint_nothing());
}

/* Neither the router nor a path, for a while. */
static void isolate(joint *j) {
    j->counts.isolated++;
    joint_for_pairs(j, 1000, block_pair);
    silence_router(j);
}

void joint_reload(joint *j, int node, bool goodbye) {
    j->counts.reloads++;
    joint_end_page(j, node, goodbye);
    joint_begin_page(j, node);
}

void joint_kill(joint *j, int node) {
    j->counts.killed++;
    joint_end_page(j, node, false);
    j->nodes[node].gone = true;
}

void joint_hurt_paths(joint *j) {
    static joint_hurt_pair *const PAIRS[] = {break_pair,  block_pair, mute_pair,
                                             deafen_pair, shake_pair, shut_pair};
    const uint32_t kind = joint_below(j, sizeof PAIRS / sizeof *PAIRS);
    joint_trace(j, "hurt paths: %u", kind);
    joint_for_pairs(j, 600, PAIRS[kind]);
}

static void hurt_world(joint *j) {
    static void (*const KINDS[])(joint *) = {restart_router, silence_router, reconnect,
                                             move,           change_network, isolate};
    const uint32_t kind = joint_below(j, sizeof KINDS / sizeof *KINDS);
    joint_trace(j, "hurt world: %u", kind);
    KINDS[kind](j);
}

void joint_hurt(joint *j) {
    const uint32_t what = joint_below(j, 25);
    if (what == 0) {
        joint_for_pairs(j, 300, part_pair);
    } else if (what % 2 == 0) {
        joint_hurt_paths(j);
    } else {
        hurt_world(j);
    }
}
