#include "peer/p2p_table.h"

typedef struct cell {
    bool known;
    uint8_t to, action;
} cell;

#define LINK(to, action) \
    { true, P2P_LINK_##to, P2P_DO_##action }
#define PEER(to, action) \
    { true, CLASP_P2P_##to, P2P_PEER_DO_##action }
#define ON(event) [P2P_ON_##event]
#define PEER_ON(event) [P2P_PEER_ON_##event]

// clang-format off
static const cell LINKS[P2P_LINK_STATE_COUNT][P2P_LINK_EVENT_COUNT] = {
    [P2P_LINK_NONE] = {
        ON(DIAL)    = LINK(OFFERING,  OPEN_OFFER),
        ON(OFFER)   = LINK(ASKED,     ASK),
    },
    [P2P_LINK_ASKED] = {
        ON(AGAIN)   = LINK(ASKED,     NOTHING),      /* doubled offers ask only once */
        ON(ADMIT)   = LINK(ANSWERING, OPEN_ANSWER),
        ON(END)     = LINK(NONE,      DISCARD),
    },
    [P2P_LINK_OFFERING] = {
        ON(LOCAL)   = LINK(OFFERED,   SEND_OFFER),
        ON(RESTART) = LINK(OFFERING,  NOTHING),
        ON(WISH)    = LINK(OFFERING,  NOTHING),
        ON(RETRY)   = LINK(OFFERING,  NOTHING),
        ON(END)     = LINK(NONE,      CLOSE),
    },
    [P2P_LINK_OFFERED] = {
        ON(ANSWER)  = LINK(STABLE,    APPLY),
        ON(RESTART) = LINK(OFFERED,   SEND_AGAIN),   /* the round that is out will do */
        ON(WISH)    = LINK(OFFERED,   SEND_AGAIN),
        ON(RETRY)   = LINK(OFFERED,   SEND_AGAIN),
        ON(END)     = LINK(NONE,      CLOSE),
    },
    [P2P_LINK_STABLE] = {
        ON(RESTART) = LINK(OFFERING,  OFFER_ROUND),
        ON(WISH)    = LINK(OFFERING,  OFFER_ROUND),
        ON(RETRY)   = LINK(STABLE,    SEND_AGAIN),   /* candidates got lost: the peer repeats its own, too */
        ON(END)     = LINK(NONE,      CLOSE),
    },
    [P2P_LINK_ANSWERING] = {
        ON(AGAIN)   = LINK(ANSWERING, NOTHING),
        ON(LOCAL)   = LINK(ANSWERED,  SEND_ANSWER),
        ON(RESTART) = LINK(ANSWERING, NOTHING),
        ON(RETRY)   = LINK(ANSWERING, NOTHING),
        ON(END)     = LINK(NONE,      CLOSE),
    },
    [P2P_LINK_ANSWERED] = {
        ON(AGAIN)   = LINK(ANSWERED,  SEND_AGAIN),
        ON(ROUND)   = LINK(ANSWERING, ANSWER_ROUND),
        ON(RESTART) = LINK(ANSWERED,  WISH),         /* the offerer makes the offers: restarts never meet */
        ON(RETRY)   = LINK(ANSWERED,  WISH),
        ON(END)     = LINK(NONE,      CLOSE),
    },
};

static const cell PEERS[CLASP_P2P_STATE_COUNT][P2P_PEER_EVENT_COUNT] = {
    [CLASP_P2P_KNOWN] = {
        PEER_ON(DIAL)  = PEER(CONNECTING,   TELL),
        PEER_ON(SPENT) = PEER(FAILED,       GIVE_UP),
        PEER_ON(END)   = PEER(KNOWN,        NOTHING),
    },
    [CLASP_P2P_CONNECTING] = {
        PEER_ON(DIAL)  = PEER(CONNECTING,   NOTHING),
        PEER_ON(UP)    = PEER(CONNECTED,    CONNECT),
        PEER_ON(COVER) = PEER(DISCONNECTED, FALL_BACK),
        PEER_ON(SPENT) = PEER(FAILED,       GIVE_UP),
        PEER_ON(END)   = PEER(CLOSED,       GIVE_UP),
    },
    [CLASP_P2P_CONNECTED] = {
        PEER_ON(DIAL)  = PEER(CONNECTED,    NOTHING),     /* a new link is made before the old one is broken */
        PEER_ON(UP)    = PEER(CONNECTED,    NOTHING),
        PEER_ON(DOWN)  = PEER(DISCONNECTED, FALL_BACK),
        PEER_ON(END)   = PEER(CLOSED,       GIVE_UP),
    },
    [CLASP_P2P_DISCONNECTED] = {
        PEER_ON(DIAL)  = PEER(DISCONNECTED, NOTHING),
        PEER_ON(UP)    = PEER(CONNECTED,    CONNECT),
        PEER_ON(DOWN)  = PEER(DISCONNECTED, NOTHING),
        PEER_ON(SPENT) = PEER(FAILED,       GIVE_UP),
        PEER_ON(END)   = PEER(CLOSED,       GIVE_UP),
    },
    [CLASP_P2P_FAILED] = {
        PEER_ON(DIAL)  = PEER(CONNECTING,   TELL),
        PEER_ON(SPENT) = PEER(FAILED,       GIVE_UP),
        PEER_ON(END)   = PEER(FAILED,       NOTHING),
    },
    [CLASP_P2P_CLOSED] = {
        PEER_ON(DIAL)  = PEER(CONNECTING,   TELL),
        PEER_ON(SPENT) = PEER(FAILED,       GIVE_UP),
        PEER_ON(END)   = PEER(CLOSED,       NOTHING),
    },
};
// clang-format on

bool p2p_link_next(p2p_link_state *state, p2p_link_event event, p2p_link_action *action) {
    const cell *next = &LINKS[*state][event];
    if (next->known) {
        *state = (p2p_link_state)next->to;
        *action = (p2p_link_action)next->action;
    }
    return next->known;
}

bool p2p_peer_next(clasp_p2p_state *state, p2p_peer_event event, p2p_peer_action *action) {
    const cell *next = &PEERS[*state][event];
    if (next->known) {
        *state = (clasp_p2p_state)next->to;
        *action = (p2p_peer_action)next->action;
    }
    return next->known;
}
