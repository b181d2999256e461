/*
 * Sender and Receiver cores over a network that loses, doubles, delays and reorders, one world per seed. A seed that
 * fails is named; `test_conference_sim FIRST COUNT` runs others.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/seeds.h"
#include "sim/world.h"

#define SECOND UINT64_C(1000000)

static sim_seeds seeds = {1, 1000, false};

static const clasp_span STATE = {(const uint8_t *)"{\"audio\":false,\"video\":true}", 28};

static bool synced(const world *w) {
    for (int i = 0; i < w->node_count; i++) {
        const world_node *node = &w->nodes[i];
        if (node->role == CLASP_ROLE_RECEIVER && !clasp_span_equal(clasp_span_of(node->state), STATE)) {
            return false;
        }
    }
    return true;
}

static bool all_links_closed(const world *w) {
    for (int i = 0; i < w->node_count; i++) {
        if (!w->nodes[i].gone && world_open_links(&w->nodes[i]) > 0) {
            return false;
        }
    }
    return true;
}

/* One Sender (now and then two), one to three Receivers, in any order of starting, moments apart. */
static void populate(world *w) {
    const uint32_t senders = clasp_random_below(&w->random, 4) == 0 ? 2 : 1;
    const uint32_t receivers =
        senders == 2 ? 1 + clasp_random_below(&w->random, 2) : 1 + clasp_random_below(&w->random, 3);
    uint32_t made[2] = {0, 0};
    while (made[0] < senders || made[1] < receivers) {
        const bool sender = made[1] >= receivers || (made[0] < senders && clasp_random_below(&w->random, 2));
        world_add(w, sender ? CLASP_ROLE_SENDER : CLASP_ROLE_RECEIVER, sender ? "\"dataChannel\":true" : "");
        made[sender ? 0 : 1]++;
        world_run(w, w->now_us + clasp_random_below(&w->random, 3000000), NULL);
    }
}

static void set_faults(world *w) {
    w->faults.loss = clasp_random_below(&w->random, 300);
    w->faults.doubling = clasp_random_below(&w->random, 300);
    w->faults.straggling = clasp_random_below(&w->random, 300);
}

static bool reaches(world *w, uint64_t seconds, bool (*done)(const world *w), const char *what) {
    if (CHECK(world_run(w, w->now_us + seconds * SECOND, done))) {
        return true;
    }
    printf("    not %s within %" PRIu64 " s\n", what, seconds);
    return false;
}

static void hurt(world *w) {
    switch (clasp_random_below(&w->random, 4)) {
    case 0:
        world_break_paths(w, false);
        break;
    case 1:
        world_break_paths(w, true);
        break;
    case 2:
        world_shake_paths(w);
        break;
    default:
        break;
    }
    world_run(w, w->now_us + 4 * SECOND, NULL); /* long enough for each end to have noticed */
}

static void synchronise(world *w) {
    for (int i = 0; i < w->node_count; i++) {
        if (w->nodes[i].role == CLASP_ROLE_SENDER) {
            CHECK_EQ(
                clasp_conference_sync(w->nodes[i].core, clasp_span_of("{\"audio\":true}"), false, w->now_us),
                CLASP_OK);
            CHECK_EQ(clasp_conference_sync(w->nodes[i].core, STATE, false, w->now_us), CLASP_OK);
            world_drain(w, i);
        }
    }
}

static void part(world *w) {
    const int first = (int)clasp_random_below(&w->random, (uint32_t)w->node_count);
    if (clasp_random_below(&w->random, 3) == 0) {
        world_kill(w, first); /* the others find out by themselves */
    }
    for (int i = 0; i < w->node_count; i++) {
        const int node = (first + i) % w->node_count;
        if (w->nodes[node].role == CLASP_ROLE_SENDER && !w->nodes[node].gone) {
            clasp_conference_stop(w->nodes[node].core, w->now_us);
            world_drain(w, node);
        }
    }
}

static void check_end(world *w) {
    for (int i = 0; i < w->node_count; i++) {
        world_node *node = &w->nodes[i];
        clasp_conference_stop(node->core, w->now_us);
        world_drain(w, i);
        CHECK_EQ(node->refusals, 0); /* the browser never had to refuse a step */
        CHECK_EQ(node->errors, 0);
        CHECK(node->gone || node->opened == node->closed);
        CHECK_EQ(clasp_conference_deadline(node->core), UINT64_MAX);
    }
}

static void run_seed(uint64_t seed, void *total) {
    world w;
    world_init(&w, seed);
    set_faults(&w);
    populate(&w);
    bool fine = reaches(&w, 120, world_all_connected, "connected");
    hurt(&w);
    fine = fine && reaches(&w, 120, world_all_connected, "connected again after the paths broke");
    synchronise(&w);
    fine = fine && reaches(&w, 120, synced, "in the same state");
    part(&w);
    fine = fine && reaches(&w, 60, all_links_closed, "free of links after all Senders stopped");
    check_end(&w);
    sim_add(total, &w.counts, sizeof w.counts);
    world_deinit(&w);
}

TEST(every_seed_connects_recovers_agrees_and_parts) {
    world_counts total = {0};
    sim_run(&seeds, run_seed, &total);
    printf("%" PRIu64 " seeds: %" PRIu64 " signals, %" PRIu64 " lost, %" PRIu64 " doubled, %" PRIu64
           " overtaken, %" PRIu64 " paths broken, %" PRIu64 " paths shaken, %" PRIu64 " processes killed\n",
           seeds.count, total.signals, total.lost, total.doubled, total.overtaken, total.broken,
           total.self_healed, total.killed);
    if (seeds.count >= 100) {
        CHECK(total.lost > 0 && total.doubled > 0 && total.overtaken > 0);
        CHECK(total.broken > 0 && total.self_healed > 0 && total.killed > 0);
    }
}

int main(int argc, char **argv) {
    sim_arguments(&seeds, argc, argv);
    RUN(every_seed_connects_recovers_agrees_and_parts);
    return check_summary();
}
