/**
 * The states of a session as a table: (state, event) in, (state, effect) out. Does no work, so a test can walk every
 * pair. For src/session/ only.
 */
#ifndef CLASP_SESSION_STEPS_H
#define CLASP_SESSION_STEPS_H

#include "session/session.h"

typedef enum clasp_session_event {
    CLASP_SESSION_ON_OPEN,          /* asked for */
    CLASP_SESSION_ON_SOCKET_OPENED, /* the socket is there */
    CLASP_SESSION_ON_WELCOMED,      /* WELCOME has come */
    CLASP_SESSION_ON_LOST,          /* the socket is gone, and the session may come back */
    CLASP_SESSION_ON_LOST_FOR_GOOD, /* the same, and it may not */
    CLASP_SESSION_ON_SILENT,        /* no answer in time, and the session may come back */
    CLASP_SESSION_ON_SILENT_FOR_GOOD,
    CLASP_SESSION_ON_RETRY,   /* the back-off is over, or cut short */
    CLASP_SESSION_ON_RENEW,   /* the socket is as good as dead, or the wait is pointless */
    CLASP_SESSION_ON_REFUSED, /* the relay does not want us: ERROR 300 or 302 */
    CLASP_SESSION_ON_CLOSE,   /* asked for */
    CLASP_SESSION_EVENT_COUNT
} clasp_session_event;

typedef enum clasp_session_effect {
    CLASP_SESSION_OPEN_SOCKET,
    CLASP_SESSION_REPLACE_SOCKET, /* close the old one first */
    CLASP_SESSION_SAY_HELLO,
    CLASP_SESSION_RESUME,        /* subscriptions, then what waits */
    CLASP_SESSION_WAIT,          /* back off */
    CLASP_SESSION_DROP_AND_WAIT, /* close the socket first */
    CLASP_SESSION_END,           /* forget what waits */
    CLASP_SESSION_DROP_AND_END   /* close the socket first */
} clasp_session_effect;

typedef struct clasp_session_edge {
    uint8_t from, on, to, effect;
} clasp_session_edge;

/** The edge to follow; NULL: this event is not allowed in this state, and changes nothing. Static. */
const clasp_session_edge *clasp_session_step(clasp_session_state from, clasp_session_event on);

#endif
