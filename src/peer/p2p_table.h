/**
 * The tables of p2p: one for the negotiation of a link, one for the state of a peer. (ICE on a link is the third, and the
 * same as a conference's: path_step() in conference_table.h.) A pair that is not in a table changes nothing.
 *
 * Offerer:   NONE → OFFERING → OFFERED → STABLE          a restart: STABLE → OFFERING, with the next round
 * Answerer:  NONE → ASKED → ANSWERING → ANSWERED         a restart: ANSWERED → ANSWERING
 */
#ifndef CLASP_PEER_P2P_TABLE_H
#define CLASP_PEER_P2P_TABLE_H

#include "peer/p2p.h"

// clang-format off
#define P2P_LINK_STATES(X) X(NONE) X(ASKED) X(OFFERING) X(OFFERED) X(STABLE) X(ANSWERING) X(ANSWERED)

#define P2P_LINK_EVENTS(X)                                                                    \
    X(DIAL)                                                                                   \
    X(OFFER)    /* an offer under a new correlation id */                                     \
    X(AGAIN)    /* the offer of the running round once more */                                \
    X(ROUND)    /* the offer of a later round: an ICE restart */                              \
    X(ADMIT)    /* the application lets the peer in */                                        \
    X(LOCAL)    /* the browser made and set a local description */                            \
    X(ANSWER)   /* the answer to the offer that is out */                                     \
    X(RESTART)  /* the path broke here */                                                     \
    X(WISH)     /* the path broke there */                                                    \
    X(RETRY)    /* nothing came in time */                                                    \
    X(END)      /* refused, expired, failed, closed by either side */

#define P2P_LINK_ACTIONS(X)                                                                   \
    X(NOTHING)                                                                                \
    X(OPEN_OFFER)   /* LINK_OPEN, LINK_OFFER */                                               \
    X(ASK)          /* keep the offer until the application has decided */                    \
    X(OPEN_ANSWER)  /* LINK_OPEN, LINK_ANSWER */                                              \
    X(SEND_OFFER)   /* the offer, and the candidates found so far */                          \
    X(SEND_ANSWER)                                                                            \
    X(SEND_AGAIN)   /* what was sent last, once more */                                       \
    X(APPLY)        /* LINK_APPLY, and the candidates that waited */                          \
    X(OFFER_ROUND)  /* LINK_OFFER of the next round */                                        \
    X(ANSWER_ROUND) /* LINK_ANSWER of that round */                                           \
    X(WISH)         /* ask the offerer for a restart */                                       \
    X(CLOSE)        /* LINK_CLOSE, and no trace */                                            \
    X(DISCARD)      /* no trace; nothing was opened */

#define P2P_PEER_EVENTS(X)                                                                    \
    X(DIAL)     /* a link is being set up, by either side */                                  \
    X(UP)       /* a link works */                                                            \
    X(DOWN)     /* the last link that worked does not any more */                             \
    X(COVER)    /* no link came up, and the router takes over */                              \
    X(SPENT)    /* no link came up, and no more is tried */                                   \
    X(END)      /* closed, by either side */

#define P2P_PEER_ACTIONS(X)                                                                   \
    X(NOTHING)                                                                                \
    X(TELL)       /* PEER_STATE */                                                            \
    X(CONNECT)    /* PEER_STATE, and the tickets are settled */                               \
    X(FALL_BACK)  /* PEER_STATE, cover, and the search for another path */                    \
    X(GIVE_UP)    /* PEER_STATE, and the tickets are settled with the cause */
// clang-format on

typedef enum p2p_link_state {
#define X(name) P2P_LINK_##name,
    P2P_LINK_STATES(X)
#undef X
        P2P_LINK_STATE_COUNT
} p2p_link_state;

typedef enum p2p_link_event {
#define X(name) P2P_ON_##name,
    P2P_LINK_EVENTS(X)
#undef X
        P2P_LINK_EVENT_COUNT
} p2p_link_event;

typedef enum p2p_link_action {
#define X(name) P2P_DO_##name,
    P2P_LINK_ACTIONS(X)
#undef X
        P2P_LINK_ACTION_COUNT
} p2p_link_action;

typedef enum p2p_peer_event {
#define X(name) P2P_PEER_ON_##name,
    P2P_PEER_EVENTS(X)
#undef X
        P2P_PEER_EVENT_COUNT
} p2p_peer_event;

typedef enum p2p_peer_action {
#define X(name) P2P_PEER_DO_##name,
    P2P_PEER_ACTIONS(X)
#undef X
        P2P_PEER_ACTION_COUNT
} p2p_peer_action;

/** One step of a link. @return false: the event is not for this state; `state` and `action` are untouched */
bool p2p_link_next(p2p_link_state *state, p2p_link_event event, p2p_link_action *action);

/** One step of a peer. @return as above */
bool p2p_peer_next(clasp_p2p_state *state, p2p_peer_event event, p2p_peer_action *action);

#endif
