/**
 * The two tables of a conference's peer: how the descriptions are exchanged, and whether the path works.
 *
 * Pure steps: (state, event) in, (state, action) out. No work is done here, no clock read, nobody called. A pair that is
 * not in its table is refused and changes nothing.
 *
 * Sender:    CLOSED -> VERIFYING -> OFFERING -> OFFERED -> STABLE     Receiver:  CLOSED -> INVITED -> ANSWERING -> STABLE
 *                                       ^_________ restart ____|                               ^____ restart ____|
 */
#ifndef CLASP_PEER_CONFERENCE_TABLE_H
#define CLASP_PEER_CONFERENCE_TABLE_H

#include <stdbool.h>

#include "peer/conference.h"

// clang-format off
#define NEGOTIATION_STATES(X) X(CLOSED) X(INVITED) X(VERIFYING) X(OFFERING) X(OFFERED) X(ANSWERING) X(STABLE)

#define NEGOTIATION_EVENTS(X)                                                                     \
    X(INVOKE)        /* the peer asks for a connection, or says that it is there */              \
    X(ADMIT)         /* a connection with the peer is wanted */                                  \
    X(DENY)          /* verify() said no */                                                      \
    X(LOCAL)         /* the browser made and set a local description */                          \
    X(OFFER)         /* an offer of an attempt not seen before */                                \
    X(OFFER_AGAIN)   /* the offer that was answered, or is being answered, once more */          \
    X(OFFER_RESTART) /* the next round of the attempt: an ICE restart */                         \
    X(ANSWER)        /* the answer to the offer that is out */                                   \
    X(RESTART)       /* the path broke: a new round is wanted */                                 \
    X(RETRY)         /* nothing came in time */

#define NEGOTIATION_ACTIONS(X)                                                                    \
    X(NOTHING)                                                                                    \
    X(ASK)           /* VERIFY */                                                                 \
    X(OPEN_OFFER)    /* LINK_OPEN, LINK_OFFER: a new attempt */                                   \
    X(SEND_OFFER)    /* the offer, then the candidates found so far */                            \
    X(SEND_AGAIN)    /* the same once more */                                                     \
    X(APPLY)         /* LINK_APPLY, then the candidates that waited */                            \
    X(OFFER_ROUND)   /* LINK_OFFER of the next round */                                           \
    X(INVITE)        /* an invoke signal to the peer */                                           \
    X(OPEN_ANSWER)   /* LINK_OPEN, LINK_ANSWER: a new attempt */                                  \
    X(ANSWER_ROUND)  /* LINK_ANSWER of the next round */                                          \
    X(SEND_ANSWER)   /* the answer, then the candidates found so far */                           \
    X(ANSWER_AGAIN)  /* the same once more */                                                     \
    X(REPLACE)       /* let the old attempt go, then as OPEN_ANSWER */                            \
    X(FORGET)        /* nothing was opened: no trace */

#define PATH_STATES(X) X(NEW) X(UP) X(DOWN)
#define PATH_EVENTS(X) X(WORKS) X(BREAKS) X(FAILS)
#define PATH_ACTIONS(X)                                                                           \
    X(NOTHING)                                                                                    \
    X(CONNECT)       /* PEER_CONNECTED */                                                         \
    X(RECOVER)       /* PEER_RECOVERING, and a restart */                                         \
    X(RESTART)       /* a restart */                                                              \
    X(HEAL)          /* PEER_CONNECTED again */
// clang-format on

typedef enum negotiation_state {
#define X(name) NEGOTIATION_##name,
    NEGOTIATION_STATES(X)
#undef X
        NEGOTIATION_STATE_COUNT
} negotiation_state;

typedef enum negotiation_event {
#define X(name) ON_##name,
    NEGOTIATION_EVENTS(X)
#undef X
        NEGOTIATION_EVENT_COUNT
} negotiation_event;

typedef enum negotiation_action {
#define X(name) DO_##name,
    NEGOTIATION_ACTIONS(X)
#undef X
        NEGOTIATION_ACTION_COUNT
} negotiation_action;

typedef enum path_state {
#define X(name) PATH_##name,
    PATH_STATES(X)
#undef X
        PATH_STATE_COUNT
} path_state;

typedef enum path_event {
#define X(name) PATH_##name,
    PATH_EVENTS(X)
#undef X
        PATH_EVENT_COUNT
} path_event;

typedef enum path_action {
#define X(name) PATH_DO_##name,
    PATH_ACTIONS(X)
#undef X
        PATH_ACTION_COUNT
} path_action;

/** One step of the negotiation. @return false: the event is not for this state; `action` and `state` are untouched */
bool negotiation_step(clasp_role role, negotiation_state *state, negotiation_event event,
                      negotiation_action *action);

/** One step of the path. Every event is known in every state. */
path_action path_step(path_state *state, path_event event);

/** What is seen from outside. */
clasp_peer_state conference_peer_state(negotiation_state negotiation, path_state path);

#endif
