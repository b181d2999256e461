/** What p2p knows of one peer, and of its links. */
#ifndef CLASP_PEER_P2P_PEER_H
#define CLASP_PEER_P2P_PEER_H

#include "base/limits.h"
#include "base/text.h"
#include "peer/conference_table.h"
#include "peer/p2p_signal.h"
#include "peer/p2p_table.h"

#define P2P_NEVER UINT64_MAX

typedef enum p2p_link_timer {
    LINK_EXPIRE, /* the set-up, its recovery, or the application's decision took too long */
    LINK_RETRY,  /* say it again, or make the restart that had to wait */
    LINK_TELL,   /* the peer, that it is connected */
    LINK_TIMER_COUNT
} p2p_link_timer;

typedef enum p2p_peer_timer {
    PEER_DIAL,   /* a new attempt */
    PEER_COVER,  /* the set-up takes long: the router takes over */
    PEER_PROBE,  /* look for a direct path again */
    PEER_SILENT, /* nothing was heard since there is no direct path */
    PEER_RESUME, /* the peer has not acknowledged our new session */
    PEER_STALE,  /* nothing is open and nothing was heard: the slot becomes free */
    PEER_TIMER_COUNT
} p2p_peer_timer;

/** One RTCPeerConnection, or an offer that awaits the application's decision. */
typedef struct p2p_link {
    uint32_t number; /* of the peer's links, from 1 */
    clasp_p2p_dialect dialect;
    p2p_form form;
    p2p_link_state state;
    path_state path;
    bool offerer;
    bool has_corr; /* peers of a room may have none */
    bool proven;   /* bytes went there and back since the path came up */
    bool doubted;  /* by the data plane */
    bool replaces; /* made while another link was in use */
    bool restart_due;
    uint32_t round;
    uint8_t retries;
    uint64_t sent_us, restarted_us;
    clasp_text corr;
    clasp_text sdp;    /* the local description of the round, to be sent again */
    clasp_text remote; /* ASKED: the offer */
    uint32_t
        offer_sum; /* a hash of the remote offer: without correlation ids it tells copies from new ones */
    clasp_text found[CLASP_CANDIDATES]; /* local candidates of the round, JSON */
    uint32_t found_count;
    uint64_t timers[LINK_TIMER_COUNT];
} p2p_link;

/** Counted facts on the last attempts, for the verdict. */
typedef struct p2p_facts {
    uint32_t offers, answers; /* sent; received or sent */
    uint32_t local[KIND_COUNT], remote[KIND_COUNT];
    bool gathered, ice_worked, dtls_failed, ice_failed, opened;
    bool rejected_here;
    clasp_err cause; /* of the last end */
} p2p_facts;

typedef enum p2p_decision { DECISION_NONE, DECISION_ASKED, DECISION_YES } p2p_decision;

typedef struct p2p_peer {
    uint32_t handle;
    bool room;          /* of the video room: a session may be a peer there and another one here */
    clasp_text id;      /* client id, or name; empty: the session is the id */
    clasp_text session; /* empty: only its name is known */
    clasp_text epoch;
    clasp_text next_session; /* announced under the same epoch, and not proven */
    clasp_p2p_state state;
    p2p_decision decision;
    bool ours, announced;
    bool dialled;  /* the application, or the mesh, wants it connected */
    bool guessed;  /* an id that was taken for a session */
    bool shunned;  /* one side has ended it: a mesh leaves it alone */
    bool accepted; /* both sides let the other in: an answer went one way */
    bool covered;
    bool lost;       /* the router does not know its session any more */
    bool superseded; /* its page was reloaded, says an announcement */
    bool heard;      /* since the last look at PEER_SILENT */
    bool has_token;
    bool told; /* the peer knows our session */
    uint8_t token[CLASP_P2P_TOKEN_LEN];
    uint8_t attempts, probes, resumes;
    uint32_t offers; /* new connections it asked for since `offers_us` */
    uint64_t offers_us, heard_us;
    uint64_t word_us; /* of the last signal that tells that the peer has lost the path, or moved; 0: none */
    uint32_t last_link;
    p2p_link *links[CLASP_P2P_LINKS];
    p2p_facts facts;
    uint64_t timers[PEER_TIMER_COUNT];
} p2p_peer;

/** Given; NULL: no memory. */
p2p_peer *p2p_peer_new(clasp_span id, clasp_span session);
void p2p_peer_free(p2p_peer *peer);

/** What the application calls it: its id, else its session. Lent by the peer. */
clasp_span p2p_peer_id(const p2p_peer *peer);

/** Given, and in a free place of the peer; NULL: no memory. The caller has made room. */
p2p_link *p2p_link_new(p2p_peer *peer);
void p2p_link_free(p2p_peer *peer, p2p_link *link);

/** Forget the descriptions and candidates of the running round. */
void p2p_link_next_round(p2p_link *link, uint32_t round);

/** Keep a local candidate. false: no room, or no memory; it is then sent but not repeated. */
bool p2p_link_found(p2p_link *link, clasp_span json);

p2p_link *p2p_link_by_number(const p2p_peer *peer, uint32_t number);

/** The link that works; NULL: none. */
p2p_link *p2p_link_up(const p2p_peer *peer);

/** The own link that never worked yet: the running attempt. */
p2p_link *p2p_link_attempt(const p2p_peer *peer);

bool p2p_peer_has_links(const p2p_peer *peer);

/** Earliest of all timers of the peer and its links. */
uint64_t p2p_peer_deadline(const p2p_peer *peer);

#endif
