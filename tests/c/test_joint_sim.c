/*
 * Peers as a whole: what decides about them and what travels between them, by the door that pages use, over a router and paths
 * that fail; one world per seed. A seed that fails is named; `test_joint_sim FIRST COUNT` runs others (`npm run sim`),
 * and tells all that happens when there is a third word.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "joint/joint.h"
#include "sim/seeds.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEEDS 400
#endif
#endif
#ifndef SEEDS
#define SEEDS 2000
#endif
#define ENOUGH 100 /* seeds after which every fault has happened */

static sim_seeds seeds = {1, SEEDS, false};

/* Where everybody stands, for whoever looks into a seed. */
static void describe(joint *j) {
    for (int i = 0; i < j->node_count; i++) {
        const joint_node *n = &j->nodes[i];
        for (int at = 0; !n->gone && at < JOINT_PEERS; at++) {
            const joint_peer *peer = &n->peers[at];
            if (peer->handle != 0) {
                const double unacked =
                    clasp_abi_p2p_stat((uint32_t)n->plane, peer->handle, CLASP_FLOW_STAT_UNACKED);
                const double waiting =
                    clasp_abi_p2p_stat((uint32_t)n->plane, peer->handle, CLASP_FLOW_STAT_WAITING);
                printf("    %d (page %u, session %u): peer %u is %d (page %u), state %d%s%s, %u batches, "
                       "%.0f waiting, %.0f "
                       "unacknowledged%s\n",
                       i, n->page, n->session, peer->handle, peer->node, peer->page, peer->state,
                       peer->covered ? " covered" : "", j->apart[i][peer->node] ? " apart" : "",
                       peer->batch_count, waiting, unacked, joint_pipes_done(peer) ? "" : ", pipes");
            }
        }
        for (int at = 0; at < JOINT_LINKS; at++) {
            const joint_link *link = &n->links[at];
            if (link->peer != 0) {
                printf("    %d: link %u of peer %u, round %u%s%s\n", i, link->number, link->peer,
                       link->local.round, link->connected ? " connected" : "",
                       joint_flows(j, i, link) ? " works" : "");
            }
        }
    }
    for (uint32_t i = 1; i <= j->track_count; i++) {
        const joint_track *t = &j->tracks[i];
        for (int lane = 0; lane < LANE_COUNT; lane++) {
            if (!t->over && t->heard[lane] < t->said[lane]) {
                printf("    track %u, %d to %d, lane %d: %u of %u heard\n", i, t->from, t->to, lane,
                       t->heard[lane], t->said[lane]);
            }
        }
    }
}

static bool reaches(joint *j, uint64_t seconds, bool (*done)(joint *), const char *what) {
    if (CHECK(joint_run(j, j->now_us + seconds * JOINT_SECOND, done))) {
        return true;
    }
    printf("    not %s within %" PRIu64 " s\n", what, seconds);
    describe(j);
    return false;
}

/* ---- what has to hold ---------------------------------------------------------------------------------------- */

static bool is_due(const joint *j, int a, int b) {
    return a != b && !j->nodes[a].gone && !j->nodes[b].gone && !j->apart[a][b];
}

/* `a` knows this page of `b`, and its one link to it works. */
static bool is_connected(joint *j, int a, int b) {
    const joint_peer *peer = joint_peer_at(j, a, b);
    int links = 0;
    for (int i = 0; peer && i < JOINT_LINKS; i++) {
        const joint_link *link = &j->nodes[a].links[i];
        links += link->peer != peer->handle ? 0 : joint_flows(j, a, link) ? 1 : 100;
    }
    return peer && peer->state == CLASP_P2P_CONNECTED && !peer->covered && links == 1;
}

static bool all_connected(joint *j) {
    for (int a = 0; a < j->node_count; a++) {
        for (int b = 0; b < j->node_count; b++) {
            if (is_due(j, a, b) && !is_connected(j, a, b)) {
                return false;
            }
        }
    }
    return true;
}

static bool all_settled(joint *j) {
    for (int i = 0; i < j->node_count; i++) {
        if (j->nodes[i].settled < j->nodes[i].asked) {
            return false;
        }
    }
    return true;
}

/* ---- scripts ------------------------------------------------------------------------------------------------- */

static void set_faults(joint *j) {
    static const joint_faults KINDS[] = {{0, 0, 0, 0, 0},
                                         {50, 50, 50, 50, 0},
                                         {150, 100, 200, 100, 0},
                                         {250, 200, 250, 200, 0},
                                         {50, 50, 50, 50, 40}};
    static const uint32_t PACES[] = {80, 160, 320, 640};
    j->faults = KINDS[joint_below(j, sizeof KINDS / sizeof *KINDS)];
    j->pace_ms = PACES[joint_below(j, sizeof PACES / sizeof *PACES)];
}

/* Mostly two or three: what goes wrong, goes wrong between two. */
static int how_many(joint *j) {
    static const int SIZES[] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 5, 8};
    return SIZES[joint_below(j, sizeof SIZES / sizeof *SIZES)];
}

static void populate(joint *j, bool mesh, bool cover) {
    const int count = how_many(j);
    for (int i = 0; i < count; i++) {
        const char *switches[5];
        int at = 0;
        if (cover) {
            switches[at++] = "cover";
        }
        if (mesh) {
            switches[at++] = "mesh";
        }
        if (joint_chance(j, 250)) {
            switches[at++] = "decide";
        }
        if (joint_chance(j, 700)) {
            switches[at++] = "fast";
        }
        switches[at] = NULL;
        joint_add(j, switches);
    }
}

/* Each pair by one ticket or, for the two to meet, by two. */
static void dial_all(joint *j) {
    for (int a = 0; a < j->node_count; a++) {
        for (int b = a + 1; b < j->node_count; b++) {
            const uint32_t who = joint_below(j, 3);
            if (who != 1) {
                joint_connect(j, a, b, 120000);
            }
            if (who != 2) {
                joint_connect(j, b, a, 120000);
            }
        }
    }
}

static void wait(joint *j, uint32_t from_ms, uint32_t to_ms) {
    joint_run(j, j->now_us + joint_wait_us(j, from_ms, to_ms), NULL);
}

/* What happens before the end: faults, one soon after another, and perhaps a page that is loaded again. */
static void live(joint *j, bool mesh) {
    for (uint32_t left = 1 + joint_below(j, 3); left > 0; left--) {
        joint_hurt(j);
        wait(j, 500, 6000);
    }
    if (mesh && joint_chance(j, 400)) {
        joint_reload(j, (int)joint_below(j, (uint32_t)j->node_count), joint_chance(j, 500));
        wait(j, 500, 6000);
    }
    if (joint_chance(j, 100)) {
        joint_kill(j, 0);
        wait(j, 0, 3000);
    }
}

/* No way at all is left: whatever becomes of the peers is right. */
static void cut_off(joint *j) {
    for (int a = 0; a < j->node_count; a++) {
        for (int b = 0; b < j->node_count; b++) {
            j->apart[a][b] = true;
        }
    }
    j->counts.cutoff++;
    j->router_until_us = JOINT_NEVER;
    for (int i = 0; i < j->node_count; i++) {
        joint_go_down(j, i);
    }
    joint_block_for_good(j);
    wait(j, 0, 60000);
}

static void fall_silent(joint *j) {
    j->talks = false;
    j->faults.rate = 0;
}

static void come_to_rest(joint *j, bool cover) {
    const uint32_t way = joint_below(j, 20);
    if (way == 0) {
        cut_off(j);
        return;
    }
    if (way < 4 && cover && all_connected(j)) { /* only who was let in can be covered */
        j->counts.relayed++;
        joint_block_for_good(j);
        wait(j, 500, 10000);
        fall_silent(j);
        reaches(j, 180, joint_all_heard, "heard by way of the router");
        return;
    }
    if (reaches(j, 180, all_connected, "connected again after the faults")) {
        wait(j, 0, 2000);
        fall_silent(j);
        reaches(j, 60, joint_all_heard, "heard");
        reaches(j, 60, all_connected, "connected at rest");
    }
}

static void add_figures(joint *j) {
    for (int i = 0; i < j->node_count; i++) {
        for (int at = 0; at < JOINT_PEERS; at++) {
            const uint32_t plane = (uint32_t)j->nodes[i].plane, peer = j->nodes[i].peers[at].handle;
            j->counts.resent += (uint64_t)clasp_abi_p2p_stat(plane, peer, CLASP_FLOW_STAT_RESENT);
            j->counts.repeats += (uint64_t)clasp_abi_p2p_stat(plane, peer, CLASP_FLOW_STAT_DUPLICATES);
        }
    }
}

static void end(joint *j) {
    add_figures(j);
    if (joint_chance(j, 300) && !j->nodes[0].gone) {
        joint_kill(j, 0);
    }
    for (int i = 0; i < j->node_count; i++) {
        CHECK_EQ(j->nodes[i].refusals, 0); /* the browser never had to refuse a step */
        if (!j->nodes[i].gone) {
            joint_end_page(j, i, true);
        }
        CHECK_EQ(joint_open_links(&j->nodes[i]), 0);
    }
    CHECK(isinf(clasp_deadline()));
}

static void run_seed(uint64_t seed, void *total) {
    const size_t before = clasp_test_live_allocations();
    joint *j = calloc(1, sizeof *j);
    joint_init(j, seed);
    j->traces = seeds.traces;
    set_faults(j);
    const bool mesh = joint_chance(j, 500);
    const bool cover = joint_chance(j, 850);
    j->counts.uncovered += !cover;
    populate(j, mesh, cover);
    if (!mesh) {
        dial_all(j);
    }
    if (joint_chance(
            j, 300)) { /* in a mesh alone somebody dials again who was lost by faults from the beginning */
        wait(j, 500, 4000);
        j->is_early = mesh;
        (mesh ? joint_hurt : joint_hurt_paths)(j);
    }
    if (reaches(j, 180, all_connected, "connected")) {
        wait(j, 1000, 2000); /* the tokens travel */
        j->is_early = false;
        joint_trace(j, "now the faults");
        live(j, mesh);
        come_to_rest(j, cover);
        CHECK(j->counts.cutoff > 0 || joint_run(j, j->now_us + 130 * JOINT_SECOND, all_settled));
    }
    end(j);
    sim_add(total, &j->counts, sizeof j->counts);
    joint_deinit(j);
    free(j);
    clasp_outbox_deinit(clasp_door_outbox()); /* which keeps some, too */
    CHECK_EQ(clasp_test_live_allocations(), before);
}

TEST(every_seed_says_everything_once_and_parts) {
    joint_counts total = {0};
    clasp_inbox(1u << 20); /* the door keeps it */
    const uint64_t failed = sim_run(&seeds, run_seed, &total);
    printf("%" PRIu64 " seeds, %" PRIu64 " failed:", seeds.count, failed);
#define X(name) printf(" %" PRIu64 " " #name, total.name);
    JOINT_COUNTS(X)
#undef X
    printf("\n");
    if (seeds.count >= ENOUGH) {
#define X(name) CHECK(total.name > 0);
        JOINT_COUNTS(X)
#undef X
    }
}

int main(int argc, char **argv) {
    sim_arguments(&seeds, argc, argv);
    RUN(every_seed_says_everything_once_and_parts);
    return check_summary();
}
