/**
 * A simulated world for data-channel peers: cores, a router that carries their signals, browsers' links and a data plane,
 * all under one seed. Time is virtual and jumps from event to event; the same seed gives the same run.
 *
 * The router knows sessions: it hands announcements to all others and a signal to the session it names, or refuses it
 * with 404. On the way signals are lost, doubled and delayed (a late one is overtaken). It can restart: every session ends,
 * and each page comes back under another one. A link behaves as RTCPeerConnection does: its steps take time and come one
 * after the other, a description in the wrong state is refused, and it connects only when both sides hold the other's
 * description of the same round and a candidate that goes with it.
 */
#ifndef CLASP_TESTS_SIM_MESH_H
#define CLASP_TESTS_SIM_MESH_H

#include "base/random.h"
#include "peer/p2p_core.h"

#define MESH_NODES 8
#define MESH_LINKS 40 /* of one node, open at once */
#define MESH_UFRAG 40
#define MESH_TICKETS 32

/** One RTCPeerConnection. */
typedef struct mesh_link {
    uint32_t peer, number; /* the core's; peer 0: free */
    bool have_local_offer;
    bool makes_channels;
    bool channel_open;
    char local_ufrag[MESH_UFRAG], remote_ufrag[MESH_UFRAG];
    uint32_t candidates; /* remote ones that fit the remote description */
    uint32_t min_round;  /* a broken path needs a later round */
    uint32_t round;
    bool connected;
    int other_node; /* with which end it connected last, whatever the descriptions say meanwhile */
    uint32_t other_page, other_peer, other_number;
    uint64_t ice_since_us; /* 0: ICE is not at work */
    uint64_t busy_until_us;
} mesh_link;

typedef struct mesh_node {
    clasp_p2p *core;
    clasp_outbox out;
    bool gone; /* the page was closed without a word */
    bool decides;
    uint32_t page;    /* one more with each reload */
    uint32_t session; /* number of the session; 0: signalling is down */
    uint64_t deadline_us;
    mesh_link links[MESH_LINKS];
    uint32_t opened, closed, refusals, records;
    uint32_t covers; /* peers covered at this moment */
    uint32_t asked[MESH_TICKETS], settled[MESH_TICKETS];
    uint32_t tickets;
    clasp_err results[MESH_TICKETS];
} mesh_node;

/** How the router treats signals; probabilities in per mille. */
typedef struct mesh_faults {
    uint32_t loss, doubling, straggling; /* straggling: late by up to 1.5 s more than the others */
} mesh_faults;

// clang-format off
#define MESH_COUNTS(X) X(signals) X(lost) X(doubled) X(overtaken) X(refused) X(glares) X(reloads) X(restarts) \
    X(reconnects) X(moved) X(broken) X(blocked) X(shaken) X(silenced) X(covered) X(changed) X(resumed)
// clang-format on

typedef struct mesh_counts {
#define X(name) uint64_t name;
    MESH_COUNTS(X)
#undef X
} mesh_counts;

typedef struct mesh {
    clasp_random random;
    uint64_t now_us;
    mesh_node nodes[MESH_NODES];
    int node_count;
    mesh_faults faults;
    mesh_counts counts;
    uint32_t sessions;
    uint64_t blocked_until_us[MESH_NODES][MESH_NODES]; /* no path between these two until then */
    struct mesh_event *events;                         /* a heap by time, then by order of making */
    uint32_t event_count, event_cap;
    uint64_t order, sent;
    uint64_t last_delivered[MESH_NODES][MESH_NODES];
} mesh;

void mesh_init(mesh *m, uint64_t seed);
void mesh_deinit(mesh *m);

/** Add a page and start it; its signalling comes up a moment later. `switches`: keys of its configuration that are true,
 *  ended by NULL. */
int mesh_add(mesh *m, const char *const *switches);

/** Run until `until_us` or until `done` holds; true if it held. */
bool mesh_run(mesh *m, uint64_t until_us, bool (*done)(const mesh *m));

/** Carry out what a node's core wants done, after a call into it. */
void mesh_drain(mesh *m, int node);

/** Ask for a connection by client id. */
void mesh_connect(mesh *m, int from, int to, uint32_t timeout_ms);

/* Faults. Each of them hits every connected pair, but with even chances for each. */
void mesh_break_paths(mesh *m, bool one_sided);    /* a later round is needed */
void mesh_block_paths(mesh *m, uint64_t for_us);   /* nothing connects for so long */
void mesh_shake_paths(mesh *m);                    /* ICE reports a loss and heals by itself */
void mesh_silence_paths(mesh *m);                  /* the data plane alone notices */
void mesh_restart_router(mesh *m);                 /* all sessions change */
void mesh_reconnect(mesh *m, int node);            /* one session changes */
void mesh_reload(mesh *m, int node, bool goodbye); /* another page under the same client id */
void mesh_kill(mesh *m, int node);                 /* no goodbye */

/** Two nodes have exactly one link to one another that works, on both sides, and nothing else. */
bool mesh_pair_connected(const mesh *m, int a, int b);

uint32_t mesh_open_links(const mesh_node *node);

#endif
