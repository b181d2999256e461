/*
 * Data-channel peers over a router that loses, doubles, delays and forgets, one world per seed. A seed that fails is named;
 * `test_p2p_sim FIRST COUNT` runs others (`npm run sim`).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "sim/mesh.h"
#include "sim/seeds.h"

#define SECOND UINT64_C(1000000)

static sim_seeds seeds = {1, 2000, false};

/* Where everybody stands, for whoever looks into a seed. */
static void describe(const mesh *m) {
    for (int i = 0; i < m->node_count; i++) {
        const clasp_p2p *core = m->nodes[i].core;
        for (uint32_t at = 0; !m->nodes[i].gone && at < CLASP_P2P_PEERS; at++) {
            const p2p_peer *peer = core->peers[at];
            if (!peer) {
                continue;
            }
            printf("    %d: %.*s at %.*s, state %d%s%s%s%s%s%s:", i, (int)peer->id.len,
                   (const char *)peer->id.at, (int)peer->session.len, (const char *)peer->session.at,
                   peer->state, peer->announced ? "" : " unannounced", peer->shunned ? " shunned" : "",
                   peer->covered ? " covered" : "", peer->lost ? " lost" : "",
                   peer->superseded ? " superseded" : "", peer->next_session.len > 0 ? " moved" : "");
            for (uint32_t place = 0; place < CLASP_P2P_LINKS; place++) {
                const p2p_link *link = peer->links[place];
                if (link) {
                    printf(" link %u %s state %d path %d round %u;", link->number,
                           link->offerer ? "offerer" : "answerer", link->state, link->path, link->round);
                }
            }
            printf("\n");
        }
    }
}

static bool reaches(mesh *m, uint64_t seconds, bool (*done)(const mesh *), const char *what) {
    if (CHECK(mesh_run(m, m->now_us + seconds * SECOND, done))) {
        return true;
    }
    printf("    not %s within %" PRIu64 " s\n", what, seconds);
    describe(m);
    return false;
}

/* ---- what has to hold ---------------------------------------------------------------------------------------- */

static bool all_pairs_connected(const mesh *m) {
    for (int a = 0; a < m->node_count; a++) {
        for (int b = a + 1; b < m->node_count; b++) {
            if (!m->nodes[a].gone && !m->nodes[b].gone && !mesh_pair_connected(m, a, b)) {
                return false;
            }
        }
    }
    return true;
}

/* One link for each pair and no other, and nobody speaks through the router any more. */
static bool at_rest(const mesh *m) {
    uint32_t living = 0;
    for (int i = 0; i < m->node_count; i++) {
        living += !m->nodes[i].gone;
    }
    for (int i = 0; i < m->node_count; i++) {
        const mesh_node *node = &m->nodes[i];
        if (!node->gone && (mesh_open_links(node) != living - 1 || node->covers != 0)) {
            return false;
        }
    }
    return all_pairs_connected(m);
}

static bool all_settled(const mesh *m) {
    for (int i = 0; i < m->node_count; i++) {
        for (uint32_t at = 0; at < m->nodes[i].tickets; at++) {
            if (m->nodes[i].settled[at] == 0) {
                return false;
            }
        }
    }
    return true;
}

static bool no_links(const mesh *m) {
    for (int i = 0; i < m->node_count; i++) {
        if (mesh_open_links(&m->nodes[i]) > 0) {
            return false;
        }
    }
    return true;
}

/* ---- scripts ------------------------------------------------------------------------------------------------- */

static void set_faults(mesh *m) {
    static const mesh_faults KINDS[] = {{0, 0, 0}, {50, 50, 50}, {150, 100, 200}, {250, 200, 250}};
    m->faults = KINDS[clasp_random_below(&m->random, 4)];
}

/* Mostly two or three: what goes wrong, goes wrong between two. */
static int how_many(mesh *m) {
    static const int SIZES[] = {2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 5, 8};
    return SIZES[clasp_random_below(&m->random, sizeof SIZES / sizeof *SIZES)];
}

static void populate(mesh *m, bool mesh_mode) {
    const int count = how_many(m);
    for (int i = 0; i < count; i++) {
        const char *switches[4] = {"cover"};
        int at = 1;
        if (mesh_mode) {
            switches[at++] = "mesh";
        }
        if (clasp_random_below(&m->random, 4) == 0) {
            switches[at++] = "decide";
        }
        switches[at] = NULL;
        mesh_add(m, switches);
    }
}

/* Each pair by one ticket or, for the two to meet, by two. */
static void dial_all(mesh *m) {
    for (int a = 0; a < m->node_count; a++) {
        for (int b = a + 1; b < m->node_count; b++) {
            const bool forth = clasp_random_below(&m->random, 2) == 0;
            const bool both = clasp_random_below(&m->random, 2) == 0;
            if (forth || both) {
                mesh_connect(m, a, b, 120000);
            }
            if (!forth || both) {
                mesh_connect(m, b, a, 120000);
            }
        }
    }
}

static void hurt(mesh *m) {
    const int node = (int)clasp_random_below(&m->random, (uint32_t)m->node_count);
    switch (clasp_random_below(&m->random, 9)) {
    case 0:
        mesh_break_paths(m, false);
        break;
    case 1:
        mesh_break_paths(m, true);
        break;
    case 2:
        mesh_block_paths(m, 2 * SECOND + clasp_random_below(&m->random, 20) * SECOND);
        break;
    case 3:
        mesh_shake_paths(m);
        break;
    case 4:
        mesh_silence_paths(m);
        break;
    case 5:
        mesh_restart_router(m);
        break;
    case 6:
        mesh_reconnect(m, node);
        break;
    case 7: /* the router and the paths at once, as when a machine wakes up elsewhere */
        m->counts.moved++;
        mesh_break_paths(m, false);
        mesh_reconnect(m, node);
        break;
    default:
        m->counts.changed++;
        clasp_p2p_network(m->nodes[node].core, m->now_us);
        mesh_drain(m, node);
        break;
    }
    mesh_run(m, m->now_us + 2 * SECOND, NULL); /* long enough for each end to have noticed */
}

static void check_tickets(const mesh *m) {
    for (int i = 0; i < m->node_count; i++) {
        for (uint32_t at = 0; at < m->nodes[i].tickets; at++) {
            CHECK_EQ(m->nodes[i].settled[at], 1);
            CHECK_EQ(m->nodes[i].results[at], CLASP_OK);
        }
    }
}

static void end(mesh *m) {
    const int killed = clasp_random_below(&m->random, 3) == 0 ? 0 : -1;
    if (killed == 0) {
        mesh_kill(m, 0);
    }
    for (int i = 0; i < m->node_count; i++) {
        clasp_p2p_stop(m->nodes[i].core, m->now_us);
        mesh_drain(m, i);
        CHECK_EQ(m->nodes[i].refusals, 0); /* the browser never had to refuse a step */
        CHECK(m->nodes[i].gone || m->nodes[i].opened == m->nodes[i].closed);
        CHECK_EQ(clasp_p2p_deadline(m->nodes[i].core), UINT64_MAX);
        CHECK(m->nodes[i].gone || m->nodes[i].covers == 0);
    }
    CHECK(no_links(m));
}

static void run_seed(uint64_t seed, void *total) {
    mesh *m = calloc(1, sizeof *m);
    mesh_init(m, seed);
    set_faults(m);
    const bool mesh_mode = clasp_random_below(&m->random, 2) == 0;
    populate(m, mesh_mode);
    if (!mesh_mode) {
        dial_all(m);
    }
    bool fine = reaches(m, 180, at_rest, "connected");
    fine = fine && reaches(m, 1, all_settled, "settled");
    check_tickets(m);
    hurt(m);
    fine = fine && reaches(m, 180, at_rest, "connected again after the faults");
    if (fine && mesh_mode) {
        const int node = (int)clasp_random_below(&m->random, (uint32_t)m->node_count);
        mesh_reload(m, node, clasp_random_below(&m->random, 2) == 0);
        reaches(m, 180, at_rest, "connected with the new page");
    }
    end(m);
    sim_add(total, &m->counts, sizeof m->counts);
    mesh_deinit(m);
    free(m);
}

TEST(every_seed_connects_recovers_and_parts) {
    mesh_counts total = {0};
    const size_t before = clasp_test_live_allocations();
    const uint64_t failed = sim_run(&seeds, run_seed, &total);
    CHECK_EQ(clasp_test_live_allocations(), before);
    printf("%" PRIu64 " seeds, %" PRIu64 " failed:", seeds.count, failed);
#define X(name) printf(" %" PRIu64 " " #name, total.name);
    MESH_COUNTS(X)
#undef X
    printf("\n");
    if (seeds.count >= 500) {
#define X(name) CHECK(total.name > 0);
        MESH_COUNTS(X)
#undef X
    }
}

int main(int argc, char **argv) {
    sim_arguments(&seeds, argc, argv);
    RUN(every_seed_connects_recovers_and_parts);
    return check_summary();
}
