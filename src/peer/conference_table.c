#include "peer/conference_table.h"

typedef struct edge {
    negotiation_state from;
    negotiation_event on;
    negotiation_state to;
    negotiation_action action;
} edge;

#define EDGE(from, on, to, action) \
    { NEGOTIATION_##from, ON_##on, NEGOTIATION_##to, DO_##action }

// clang-format off
static const edge SENDER[] = {
    EDGE(CLOSED,    INVOKE,        VERIFYING, ASK),
    EDGE(CLOSED,    ADMIT,         OFFERING,  OPEN_OFFER),
    EDGE(VERIFYING, INVOKE,        VERIFYING, NOTHING),      /* doubled invokes ask only once */
    EDGE(VERIFYING, ADMIT,         OFFERING,  OPEN_OFFER),
    EDGE(VERIFYING, DENY,          CLOSED,    FORGET),
    EDGE(OFFERING,  INVOKE,        OFFERING,  NOTHING),
    EDGE(OFFERING,  RESTART,       OFFERING,  NOTHING),
    EDGE(OFFERING,  LOCAL,         OFFERED,   SEND_OFFER),
    EDGE(OFFERED,   INVOKE,        OFFERED,   SEND_AGAIN),   /* the offer or its answer got lost */
    EDGE(OFFERED,   RETRY,         OFFERED,   SEND_AGAIN),
    EDGE(OFFERED,   RESTART,       OFFERED,   SEND_AGAIN),   /* the round that is out will do */
    EDGE(OFFERED,   ANSWER,        STABLE,    APPLY),
    EDGE(STABLE,    INVOKE,        STABLE,    SEND_AGAIN),   /* candidates got lost: the peer repeats its own, too */
    EDGE(STABLE,    RETRY,         STABLE,    NOTHING),
    EDGE(STABLE,    RESTART,       OFFERING,  OFFER_ROUND),
};

static const edge RECEIVER[] = {
    EDGE(CLOSED,    INVOKE,        INVITED,   INVITE),
    EDGE(CLOSED,    OFFER,         ANSWERING, OPEN_ANSWER),
    EDGE(INVITED,   INVOKE,        INVITED,   INVITE),
    EDGE(INVITED,   RETRY,         INVITED,   INVITE),
    EDGE(INVITED,   OFFER,         ANSWERING, OPEN_ANSWER),
    EDGE(ANSWERING, INVOKE,        ANSWERING, NOTHING),
    EDGE(ANSWERING, RETRY,         ANSWERING, NOTHING),
    EDGE(ANSWERING, RESTART,       ANSWERING, NOTHING),
    EDGE(ANSWERING, OFFER,         ANSWERING, REPLACE),
    EDGE(ANSWERING, OFFER_AGAIN,   ANSWERING, NOTHING),
    EDGE(ANSWERING, LOCAL,         STABLE,    SEND_ANSWER),
    EDGE(STABLE,    INVOKE,        STABLE,    INVITE),       /* it may have started afresh: tell it where we are */
    EDGE(STABLE,    RETRY,         STABLE,    INVITE),
    EDGE(STABLE,    RESTART,       STABLE,    INVITE),       /* the Sender makes the offers */
    EDGE(STABLE,    OFFER,         ANSWERING, REPLACE),
    EDGE(STABLE,    OFFER_AGAIN,   STABLE,    ANSWER_AGAIN),
    EDGE(STABLE,    OFFER_RESTART, ANSWERING, ANSWER_ROUND),
};

static const struct {
    path_state to;
    path_action action;
} PATHS[PATH_STATE_COUNT][PATH_EVENT_COUNT] = {
    [PATH_NEW]  = {[PATH_WORKS] = {PATH_UP, PATH_DO_CONNECT}, [PATH_BREAKS] = {PATH_NEW, PATH_DO_NOTHING},
                   [PATH_FAILS] = {PATH_NEW, PATH_DO_RESTART}},
    [PATH_UP]   = {[PATH_WORKS] = {PATH_UP, PATH_DO_NOTHING}, [PATH_BREAKS] = {PATH_DOWN, PATH_DO_RECOVER},
                   [PATH_FAILS] = {PATH_DOWN, PATH_DO_RECOVER}},
    [PATH_DOWN] = {[PATH_WORKS] = {PATH_UP, PATH_DO_HEAL}, [PATH_BREAKS] = {PATH_DOWN, PATH_DO_NOTHING},
                   [PATH_FAILS] = {PATH_DOWN, PATH_DO_RESTART}},
};
// clang-format on

bool negotiation_step(clasp_role role, negotiation_state *state, negotiation_event event,
                      negotiation_action *action) {
    const edge *edges = role == CLASP_ROLE_SENDER ? SENDER : RECEIVER;
    const size_t count =
        role == CLASP_ROLE_SENDER ? sizeof SENDER / sizeof *SENDER : sizeof RECEIVER / sizeof *RECEIVER;
    for (size_t i = 0; i < count; i++) {
        if (edges[i].from == *state && edges[i].on == event) {
            *state = edges[i].to;
            *action = edges[i].action;
            return true;
        }
    }
    return false;
}

path_action path_step(path_state *state, path_event event) {
    const path_action action = PATHS[*state][event].action;
    *state = PATHS[*state][event].to;
    return action;
}

clasp_peer_state conference_peer_state(negotiation_state negotiation, path_state path) {
    static const clasp_peer_state SEEN[NEGOTIATION_STATE_COUNT] = {
        [NEGOTIATION_CLOSED] = CLASP_PEER_CLOSED,       [NEGOTIATION_INVITED] = CLASP_PEER_INVITED,
        [NEGOTIATION_VERIFYING] = CLASP_PEER_VERIFYING, [NEGOTIATION_OFFERING] = CLASP_PEER_OFFERING,
        [NEGOTIATION_OFFERED] = CLASP_PEER_OFFERED,     [NEGOTIATION_ANSWERING] = CLASP_PEER_ANSWERING,
        [NEGOTIATION_STABLE] = CLASP_PEER_CONNECTING};
    if (path == PATH_NEW || negotiation == NEGOTIATION_CLOSED) {
        return SEEN[negotiation];
    }
    return path == PATH_UP ? CLASP_PEER_CONNECTED : CLASP_PEER_RECOVERING;
}
