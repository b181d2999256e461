/**
 * A simulated world for conferences: cores, the network that carries their signals, and browsers' links, all under one
 * seed. Time is virtual and jumps from event to event; the same seed gives the same run.
 *
 * The network loses, doubles and delays signals (a late one is overtaken). A link behaves as RTCPeerConnection does:
 * its steps take time and come one after the other, a description in the wrong state is refused, and it connects only
 * when both sides hold the other's description of the same round and a candidate that goes with it.
 */
#ifndef CLASP_TESTS_SIM_WORLD_H
#define CLASP_TESTS_SIM_WORLD_H

#include "base/random.h"
#include "peer/conference.h"

#define WORLD_NODES 5
#define WORLD_LINKS 24 /* of one node, closed ones included until their slot is taken again */
#define WORLD_NAMES 64
#define WORLD_UFRAG 32

typedef struct world world;

typedef enum signalling_state { SIGNALLING_STABLE, SIGNALLING_HAVE_LOCAL } signalling_state;

/** One RTCPeerConnection. */
typedef struct world_link {
    uint32_t handle; /* 0: free */
    int remote_node;
    signalling_state signalling;
    char local_ufrag[WORLD_UFRAG], remote_ufrag[WORLD_UFRAG];
    uint32_t candidates; /* remote ones that fit the remote description */
    uint32_t min_round;  /* a broken path needs a later round */
    uint32_t round;      /* of the local description */
    bool connected;      /* ICE says so */
    bool was_connected;
    uint64_t busy_until_us; /* steps are serialised */
} world_link;

/** Whom a handle of a node means. */
typedef struct world_name {
    uint32_t handle;
    int node;
} world_name;

typedef struct world_node {
    clasp_conference *core;
    clasp_outbox out;
    clasp_role role;
    char id[40];
    world_link links[WORLD_LINKS];
    world_name names[WORLD_NAMES]; /* the last ones given */
    uint32_t named;
    char state[256];         /* Receiver: the last remote state it was told */
    uint32_t opened, closed; /* LINK_OPEN, LINK_CLOSE */
    uint32_t connects, disposals, errors, refusals;
    uint32_t transmitted;
    bool gone; /* its process was killed: it neither hears nor speaks */
} world_node;

/** How the network treats signals; probabilities in per mille. */
typedef struct world_faults {
    uint32_t loss, doubling, straggling; /* straggling: late by up to 1.5 s more than the others */
} world_faults;

typedef struct world_counts {
    uint64_t signals, lost, doubled, overtaken, broken, self_healed, killed;
} world_counts;

struct world {
    clasp_random random;
    uint64_t now_us;
    world_node nodes[WORLD_NODES];
    int node_count;
    world_faults faults;
    world_counts counts;
    struct world_event *events; /* a heap by time, then by order of making */
    uint32_t event_count, event_cap;
    uint64_t event_order;
    uint64_t sent_order;
    uint64_t last_delivered[WORLD_NODES][WORLD_NODES];
};

void world_init(world *w, uint64_t seed);
void world_deinit(world *w);

/** Add a Sender or Receiver and start it. `config` are further members of its configuration, such as "\"dataChannel\":true". */
int world_add(world *w, clasp_role role, const char *config);

/** Run until `until_us` or until `done` holds; true if it held. */
bool world_run(world *w, uint64_t until_us, bool (*done)(const world *w));

/** Carry out what a node's core wants done, after a call into it. */
void world_drain(world *w, int node);

/** The path of each connected pair breaks: a later round is needed. `one_sided`: only one end notices by itself. */
void world_break_paths(world *w, bool one_sided);

/** The path of each connected pair fails for a second, then works again by itself. */
void world_shake_paths(world *w);

/** The node's process dies: no goodbye. */
void world_kill(world *w, int node);

/** Every Sender is connected with every Receiver, on both sides. */
bool world_all_connected(const world *w);

/** A node's open links. */
uint32_t world_open_links(const world_node *node);

#endif
