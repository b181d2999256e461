/**
 * A simulated world for data-channel peers as a whole: the door of the peers' module with its control plane and its data plane,
 * a router, browsers' connections and applications that talk all the time, all under one seed. Time is virtual and jumps
 * from event to event; the same seed gives the same run.
 *
 *   joint.c         events, time, pages, the door            joint_route.c   the router
 *   joint_link.c    RTCPeerConnections                       joint_pipe.c    data channels and what travels on them
 *   joint_talk.c    what applications say                    joint_hear.c    what they hear, and know to have arrived
 *   joint_stream.c  their pipes                              joint_fault.c   what goes wrong
 *
 * The router hands announcements to all others and a signal to the session it names, or refuses it with 404. On the way signals
 * are lost, doubled and delayed, and above a rate they are refused. A connection behaves as RTCPeerConnection does: its steps
 * come one after the other, a description in the wrong state is refused, it connects when both sides hold the other's
 * description of the same round and a candidate that goes with it, and what was sent on a reliable channel while its path
 * was dead arrives when another round has given it a new one.
 *
 * What is checked all the time: each reliable message is heard once, in order, without gaps, by the page it was said to; an
 * acknowledgement names only what was heard; no peer ends unless the script has ended it.
 */
#ifndef CLASP_TESTS_JOINT_H
#define CLASP_TESTS_JOINT_H

#include "base/random.h"
#include "check.h"
#include "peer/flow.h"
#include "wasm/abi.h"
#include "wasm/door.h"
#include "wire/value.h"

#define JOINT_NODES 8
#define JOINT_LINKS 40   /* of one page, open at once */
#define JOINT_PEERS 16   /* that one page knows at once */
#define JOINT_CHANNELS 8 /* of one link */
#define JOINT_TRACKS 1024
#define JOINT_SESSIONS 1024
#define JOINT_TICKETS 64
#define JOINT_BATCHES 1024    /* that one peer has not acknowledged */
#define JOINT_HEARD 512       /* ids of addresses */
#define JOINT_PIPES 4         /* to one peer at once */
#define JOINT_SUB 1u          /* everybody's subscription to everything */
#define JOINT_NUMBER_BITS 32u /* of what a message says: above them its track, in them its number */
#define JOINT_SECOND UINT64_C(1000000)
#define JOINT_NEVER UINT64_MAX

/** One end of an RTCPeerConnection in a round of its negotiation. `page` 0: none. */
typedef struct joint_end {
    uint32_t node, page, peer, link, round;
} joint_end;

typedef struct joint_message {
    struct joint_message *next;
    uint32_t len;
    uint8_t bytes[];
} joint_message;

/** One end of an RTCDataChannel. */
typedef struct joint_channel {
    uint32_t id;     /* the same on both ends; 0: this one is free */
    uint32_t number; /* the core's at this end */
    bool maker;
    bool open;
    bool lossy; /* neither ordered nor repeated */
    char label[24];
    joint_message *first, *last; /* not arrived yet */
    uint32_t waiting;            /* bytes of those */
    uint64_t free_us;            /* when what was sent last arrives */
} joint_channel;

typedef struct joint_link {
    uint32_t peer, number; /* the core's; peer 0: free */
    bool have_local_offer;
    joint_end local, remote; /* as the descriptions say */
    uint32_t candidates;     /* remote ones that fit the remote description */
    uint32_t min_round;      /* a broken path needs a later round */
    bool connected;          /* ICE says so */
    bool noticed;            /* ICE has said that it is not */
    joint_end other;         /* with which it connected last, whatever the descriptions say meanwhile */
    uint64_t mute_until_us;  /* what it sends does not arrive until then; JOINT_NEVER: until a later round */
    uint64_t ice_since_us;   /* 0: ICE is not at work */
    uint64_t busy_until_us;
    joint_channel channels[JOINT_CHANNELS];
} joint_link;

/* What keeps its order: small messages, large ones, those of a channel that the application made. */
typedef enum joint_lane { LANE_SMALL, LANE_LARGE, LANE_OWN, LANE_COUNT } joint_lane;

/** All that one page says to another one until either has ended the other. Its number is in each message. */
typedef struct joint_track {
    int from, to;
    uint32_t from_page, to_page;
    bool over; /* nothing more is said, and what was said last may be lost */
    uint32_t said[LANE_COUNT], last[LANE_COUNT], heard[LANE_COUNT]; /* `heard`: the highest one */
    bool again[LANE_COUNT]; /* the hearing side began anew: what it has heard may come again */
} joint_track;

/* What is known of a batch that was said and not acknowledged. */
typedef struct joint_batch {
    uint32_t batch, track, number;
    joint_lane lane;
} joint_batch;

typedef struct joint_pipe {
    uint32_t handle; /* 0: free */
    uint32_t total, done, room, unread;
    bool ended;
} joint_pipe;

/** A peer as one page knows it. */
typedef struct joint_peer {
    uint32_t handle; /* 0: free */
    uint32_t session;
    int node; /* that it means */
    uint32_t page;
    clasp_p2p_state state;
    bool covered;
    bool has_token; /* by which the peer is known under another session */
    uint32_t track; /* what is said to it; 0: nothing yet */
    uint32_t own;   /* number of the channel that this side has made; 0: none */
    uint32_t own_made;
    bool own_lossy, own_ending;
    char far_label[24]; /* of the channel that the other side has made last */
    int32_t far;        /* its number here; 0: none */
    bool full;          /* the core has refused something, and owes ROOM */
    bool extra;         /* it has a second subscription */
    joint_batch batches[JOINT_BATCHES];
    uint32_t batch_count;
    joint_pipe out[JOINT_PIPES], in[JOINT_PIPES];
    uint8_t meaning[JOINT_HEARD]; /* by address id, see joint_talk.c */
} joint_peer;

typedef struct joint_node {
    int32_t plane;    /* handle of the door */
    bool gone;        /* the page was closed without a word */
    bool ending;      /* it says its goodbyes */
    uint32_t page;    /* one more with each reload; 0: it never was */
    uint32_t session; /* number of the session; 0: signalling is down */
    const char *switches[6];
    bool fast;
    uint64_t allowance_us; /* the router's, see joint_route.c */
    joint_peer peers[JOINT_PEERS];
    joint_link links[JOINT_LINKS];
    uint32_t opened, closed, refusals, covers;
    int32_t patterns; /* subscribed and not unsubscribed */
    uint32_t asked, settled;
    uint8_t is_settled[JOINT_TICKETS];
    uint32_t gets, got;
} joint_node;

/** How the router treats signals; probabilities in per mille. */
typedef struct joint_faults {
    uint32_t loss, doubling, straggling; /* straggling: late by up to 1.5 s more than the others */
    uint32_t drops;                      /* of messages on channels that may lose */
    uint32_t rate;                       /* signals a second; 0: any */
} joint_faults;

// clang-format off
#define JOINT_COUNTS(X) X(signals) X(lost) X(doubled) X(overtaken) X(unknown) X(limited) X(glares) X(reloads) \
    X(restarts) X(reconnects) X(moved) X(broken) X(blocked) X(shaken) X(muted) X(deafened) X(cut) X(changed) X(killed)\
    X(parted) X(rejected) X(shut) X(isolated) X(relayed) X(cutoff) X(uncovered) X(silenced) X(covered) X(resumed) X(stalled) X(dropped) X(shuffled)\
    X(said) X(acked) X(streams) X(large) X(own) X(raw) X(channels) X(pipes) X(gets) X(full) X(ends) X(extra) X(resent) X(repeats)
// clang-format on

typedef struct joint_counts {
#define X(name) uint64_t name;
    JOINT_COUNTS(X)
#undef X
} joint_counts;

typedef struct joint {
    clasp_random random;
    uint64_t now_us;
    joint_node nodes[JOINT_NODES];
    int node_count;
    joint_faults faults;
    joint_counts counts;
    uint32_t sessions;
    joint_end owners[JOINT_SESSIONS]; /* node and page by session */
    joint_track tracks[JOINT_TRACKS]; /* from 1 on */
    uint32_t track_count;
    uint64_t blocked_until_us[JOINT_NODES][JOINT_NODES]; /* no path between these two until then */
    bool apart[JOINT_NODES][JOINT_NODES];                /* the script has ended them, or leaves no path */
    uint64_t router_until_us;                            /* it is dead until then */
    uint32_t channel_ids;
    bool talks, draining;
    bool is_early; /* sessions may change before the peers have their tokens */
    bool traces;   /* tell what happens, for whoever looks into a seed */
    uint32_t pace_ms;
    struct joint_event *events; /* a heap by time, then by order of making */
    uint32_t event_count, event_cap;
    uint64_t order, sent;
    uint64_t last_delivered[JOINT_NODES][JOINT_NODES];
} joint;

/* What becomes of an event: in the file named. */
typedef enum joint_kind {
    EVENT_SIGNAL,
    EVENT_REFUSED,
    EVENT_UP, /* joint_route.c */
    EVENT_LINK,
    EVENT_STEP,
    EVENT_ICE,
    EVENT_PROBE, /* joint_link.c */
    EVENT_OPEN,
    EVENT_CARRY,
    EVENT_DATAGRAM,
    EVENT_SHUT, /* joint_pipe.c */
    EVENT_TALK,
    EVENT_DECIDE,
    EVENT_CONSUME /* joint_talk.c */
} joint_kind;

typedef struct joint_event {
    uint64_t at_us, order, sent;
    joint_kind kind;
    int node, from;
    uint32_t page; /* of the node: a page that is gone hears nothing */
    uint32_t peer, link, arg;
    int what; /* link event, or the effect of a step */
    uint32_t address_len, len;
    uint8_t *bytes; /* given by malloc */
} joint_event;

/* ---- joint.c ------------------------------------------------------------------------------------------------- */

void joint_init(joint *j, uint64_t seed);
void joint_deinit(joint *j);
/** Add a page and start it; its signalling comes up a moment later. `switches`: keys of its configuration that are true,
 *  ended by NULL; they must outlive it. */
int joint_add(joint *j, const char *const *switches);
void joint_begin_page(joint *j, int node);
/** End a page's objects, after a goodbye or without. */
void joint_end_page(joint *j, int node, bool goodbye);
/** Run until `until_us` or until `done` holds; true if it held. */
bool joint_run(joint *j, uint64_t until_us, bool (*done)(joint *j));
void joint_push(joint *j, joint_event event, clasp_span bytes);
bool joint_chance(joint *j, uint32_t per_mille);
uint32_t joint_below(joint *j, uint32_t n);
uint64_t joint_wait_us(joint *j, uint32_t from_ms, uint32_t to_ms);
/** An input by the door, and what it leads to. @return what the door says */
int32_t joint_input(joint *j, int node, clasp_p2p_input event, uint32_t a, uint32_t b, uint32_t c,
                    clasp_span bytes);
/** Put bytes into the door's inbox. @return how many */
uint32_t joint_put(clasp_span first, clasp_span second);
/** Carry out what the planes want done. */
void joint_drain(joint *j);
joint_peer *joint_peer_of(joint_node *n, uint32_t handle);
joint_peer *joint_peer_at(joint *j, int node, int other);
clasp_span joint_nothing(void);
__attribute__((format(printf, 2, 3))) void joint_trace(const joint *j, const char *format, ...);

/* ---- joint_route.c --------------------------------------------------------------------------------------------- */

void joint_session_text(uint32_t session, char out[16]);
uint32_t joint_session_number(const joint *j, clasp_span text);
void joint_publish(joint *j, int node, const clasp_effect *effect);
void joint_come_up_in(joint *j, int node, uint64_t in_us);
void joint_go_down(joint *j, int node);
void joint_route_event(joint *j, const joint_event *event);

/* ---- joint_link.c ---------------------------------------------------------------------------------------------- */

joint_link *joint_find_link(joint_node *n, uint32_t peer, uint32_t number);
/** The end with which a link is connected, as ICE sees it; NULL: it is gone. */
joint_link *joint_other_end(joint *j, const joint_link *link);
/** What is sent on this link arrives now. */
bool joint_flows(joint *j, int node, const joint_link *link);
void joint_open_link(joint *j, int node, const clasp_effect *effect);
void joint_close_link(joint *j, int node, const clasp_effect *effect);
void joint_step_later(joint *j, int node, const clasp_effect *effect);
void joint_report_at(joint *j, uint64_t at_us, int node, const joint_link *link, int what, uint32_t arg,
                     const char *text);
void joint_ice_begins(joint *j, int node, joint_link *link);
void joint_probe(joint *j, int node);
void joint_link_event(joint *j, const joint_event *event);
/** The page's links are gone without a word. */
void joint_drop_links(joint *j, int node);
uint32_t joint_open_links(const joint_node *n);

/* ---- joint_pipe.c ---------------------------------------------------------------------------------------------- */

joint_channel *joint_find_channel(joint_link *link, uint32_t id);
void joint_make_channel(joint *j, int node, joint_link *link, uint32_t number, const char *label, bool lossy);
/** Close a channel alone: the other side is told when it has got everything. */
void joint_shut_channel(joint *j, int node, joint_link *link, joint_channel *channel);
void joint_send(joint *j, int node, const clasp_effect *effect);
/** A path works: what waits goes on. */
void joint_flush_link(joint *j, int node, joint_link *link);
void joint_clear_channels(joint_link *link);
void joint_channel_event(joint *j, const joint_event *event);

/* ---- joint_talk.c ---------------------------------------------------------------------------------------------- */

/** Begin to talk, and go on. */
void joint_talk_later(joint *j, int node);
void joint_talk_event(joint *j, const joint_event *event);
void joint_name_peer(joint *j, int node, const clasp_effect *effect);
void joint_turn_peer(joint *j, int node, const clasp_effect *effect);
/** What was said to this peer is over. */
void joint_end_track(joint *j, int node, joint_peer *peer);
/** The script has ended the two, or the page that this peer means is gone, or its session may have changed before both had the
 *  token. */
bool joint_may_end(const joint *j, int node, const joint_peer *peer);
/** The channel that the application has made: on this link, too. */
void joint_make_own(joint *j, int node, joint_link *link, joint_peer *peer);
void joint_connect(joint *j, int from, int to, uint32_t timeout_ms);

/* ---- joint_hear.c ---------------------------------------------------------------------------------------------- */

void joint_hear(joint *j, int node, uint32_t *from, const clasp_effect *effect);
void joint_acknowledged(joint *j, int node, const clasp_effect *effect);
void joint_answered(joint *j, int node, uint32_t ticket);
/** Everything that was said on tracks that are not over was heard and acknowledged. */
bool joint_all_heard(joint *j);

/* ---- joint_stream.c -------------------------------------------------------------------------------------------- */

void joint_open_pipe(joint *j, int node, joint_peer *peer);
void joint_pipe_effect(joint *j, int node, const clasp_effect *effect);
void joint_consume(joint *j, const joint_event *event);
void joint_clear_pipes(joint_peer *peer);
bool joint_pipes_done(const joint_peer *peer);

/* ---- joint_fault.c --------------------------------------------------------------------------------------------- */

/** Something goes wrong, at random; what it is is counted. */
void joint_hurt(joint *j);
/** Of the paths alone. */
void joint_hurt_paths(joint *j);
/** The same, once for each pair of connected pages, with even chances for each. */
typedef void joint_hurt_pair(joint *j, int a, joint_link *here, int b, joint_link *there);
void joint_for_pairs(joint *j, uint32_t per_mille, joint_hurt_pair *hurt);
/** No direct path between any two pages from now on. */
void joint_block_for_good(joint *j);
/** The page is reloaded: another one under the same client id. */
void joint_reload(joint *j, int node, bool goodbye);
void joint_kill(joint *j, int node);

#endif
