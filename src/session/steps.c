#include "session/steps.h"

#define EDGE(from, on, to, effect) \
    { CLASP_SESSION_##from, CLASP_SESSION_ON_##on, CLASP_SESSION_##to, CLASP_SESSION_##effect }

// clang-format off
static const clasp_session_edge EDGES[] = { /* from, on, to, effect */
    EDGE(IDLE,       OPEN,            CONNECTING, OPEN_SOCKET),
    EDGE(CLOSED,     OPEN,            CONNECTING, OPEN_SOCKET),
    EDGE(CONNECTING, SOCKET_OPENED,   GREETING,   SAY_HELLO),
    EDGE(GREETING,   WELCOMED,        OPEN,       RESUME),

    EDGE(CONNECTING, LOST,            WAITING,    WAIT),
    EDGE(GREETING,   LOST,            WAITING,    WAIT),
    EDGE(OPEN,       LOST,            WAITING,    WAIT),
    EDGE(CONNECTING, SILENT,          WAITING,    DROP_AND_WAIT),
    EDGE(GREETING,   SILENT,          WAITING,    DROP_AND_WAIT),
    EDGE(OPEN,       SILENT,          WAITING,    DROP_AND_WAIT),
    EDGE(WAITING,    RETRY,           CONNECTING, OPEN_SOCKET),

    EDGE(CONNECTING, RENEW,           CONNECTING, REPLACE_SOCKET),
    EDGE(GREETING,   RENEW,           CONNECTING, REPLACE_SOCKET),
    EDGE(OPEN,       RENEW,           CONNECTING, REPLACE_SOCKET),
    EDGE(WAITING,    RENEW,           CONNECTING, OPEN_SOCKET),

    EDGE(CONNECTING, LOST_FOR_GOOD,   CLOSED,     END),
    EDGE(GREETING,   LOST_FOR_GOOD,   CLOSED,     END),
    EDGE(OPEN,       LOST_FOR_GOOD,   CLOSED,     END),
    EDGE(CONNECTING, SILENT_FOR_GOOD, CLOSED,     DROP_AND_END),
    EDGE(GREETING,   SILENT_FOR_GOOD, CLOSED,     DROP_AND_END),
    EDGE(OPEN,       SILENT_FOR_GOOD, CLOSED,     DROP_AND_END),
    EDGE(GREETING,   REFUSED,         CLOSED,     DROP_AND_END),
    EDGE(OPEN,       REFUSED,         CLOSED,     DROP_AND_END),

    EDGE(IDLE,       CLOSE,           CLOSED,     END),
    EDGE(CONNECTING, CLOSE,           CLOSED,     DROP_AND_END),
    EDGE(GREETING,   CLOSE,           CLOSED,     DROP_AND_END),
    EDGE(OPEN,       CLOSE,           CLOSED,     DROP_AND_END),
    EDGE(WAITING,    CLOSE,           CLOSED,     END),
};
// clang-format on

const clasp_session_edge *clasp_session_step(clasp_session_state from, clasp_session_event on) {
    for (size_t i = 0; i < sizeof EDGES / sizeof *EDGES; i++) {
        if (EDGES[i].from == from && EDGES[i].on == on) {
            return &EDGES[i];
        }
    }
    return NULL;
}
