/** The inside of a session. For src/session/ only. */
#ifndef CLASP_SESSION_STATE_H
#define CLASP_SESSION_STATE_H

#include "base/limits.h"
#include "base/text.h"
#include "route/routes.h"
#include "session/backoff.h"
#include "session/queue.h"
#include "session/session.h"
#include "session/steps.h"

#define CLASP_SIGNAL_PREFIX \
    "/clasp/p2p/signal/" /* a PUBLISH to this and a session's id is passed to that session */

/** Who listens in on a session: clasp_client. */
typedef struct clasp_session_watch {
    /** Every message, before the session looks at it, members of a BUNDLE one by one. True: the session shall not look at it. */
    bool (*heard)(void *context, const clasp_message *message, uint64_t now_us);
    /** Put the options of a subscription into its SUBSCRIBE. */
    void (*subscribes)(void *context, clasp_message *subscribe);
    /** A frame is to leave. True: it is taken, and sees to its way itself. */
    bool (*sends)(void *context, clasp_span frame);
} clasp_session_watch;

struct clasp_session {
    uint32_t handle;
    const clasp_session_watch *watch; /* NULL: nobody; borrowed, as is what it is given */
    void *watcher;
    clasp_session_state state;
    clasp_outbox *out; /* the host's */
    clasp_random random;

    clasp_text url, hello; /* HELLO is a frame, made when the session is opened */
    bool reconnect;
    clasp_backoff backoff;
    clasp_queue queue;

    uint64_t deadline_us; /* CONNECTING, GREETING: for the answer; WAITING: for the next try */
    uint64_t opened_us;
    uint64_t received_us, sent_us; /* the last message of each direction, while open */
    uint64_t pinged_us;            /* the PING without an answer; 0: there is none */
    uint64_t check_us;             /* when a check is lost; 0: none runs */
    uint64_t greeted_us, round_us; /* HELLO; from there to WELCOME, the last time; 0: not measured */
    uint64_t renewed_us;
    uint32_t quick; /* tries that are left of a renewal */

    uint8_t own[sizeof CLASP_SIGNAL_PREFIX - 1 + CLASP_SESSION_ID_MAX]; /* the address of signals to us */
    uint32_t own_len;                                                   /* 0: there is none */
    bool is_echoing; /* a signal to ourselves is on its way */
    uint64_t
        passed_us; /* the last message that the relay has passed on to us, or echo that it was asked for */

    clasp_routes *routes;
    uint8_t types[CLASP_SESSION_SUBSCRIPTIONS]; /* of subscription id - 1: CLASP_TYPE_*; 0: the id is free */
    uint8_t is_told[CLASP_SESSION_ADDRESSES];   /* by address id: the host has had its ADDRESS */
    uint32_t matching[CLASP_SESSION_SUBSCRIPTIONS +
                      2];           /* subscriptions of the delivery at hand; of a gesture id and phase */
    uint8_t frame[CLASP_FRAME_MAX]; /* being encoded */
};

/** Follow the table. `cause` goes with SESSION_STATE, and so does `id`, the session's, with ON_WELCOMED.
 *  @return CLASP_OK; CLASP_BAD_STATE: the event is not allowed now, and nothing has changed */
clasp_err clasp_session_happen(clasp_session *session, clasp_session_event event, clasp_err cause,
                               clasp_span id, uint64_t now_us);

/** The relay does not answer, or has forgotten us: the socket is given up. */
void clasp_session_give_up(clasp_session *session, uint64_t now_us);

/** Take the session's id from WELCOME. */
void clasp_session_take_id(clasp_session *session, clasp_span id, uint64_t now_us);

/** When to send ourselves a signal, in us. */
uint64_t clasp_session_echo_due(const clasp_session *session);
void clasp_session_send_echo(clasp_session *session, uint64_t now_us);

/** Look at every message for signs of life. @return true: it was about our echo, and there is no more to it */
bool clasp_session_hear_echo(clasp_session *session, const clasp_message *message, uint64_t now_us);

/** Encode into the session's frame. @return the errors of clasp_frame_write() */
clasp_err clasp_session_encode(clasp_session *session, const clasp_message *message, clasp_span *frame);

/** A frame as SOCKET_SEND effect. */
void clasp_session_emit(clasp_session *session, clasp_span frame, uint64_t now_us);

/** Encode and emit; a message that fits no frame is not sent. */
void clasp_session_send_now(clasp_session *session, const clasp_message *message, uint64_t now_us);

/** A message without fields. */
void clasp_session_send_bare(clasp_session *session, clasp_message_type type, uint64_t now_us);

/** SUBSCRIBE for a subscription of the session. */
clasp_message clasp_session_subscribe_message(const clasp_session *session, uint32_t sub, clasp_span pattern);

/** SET, PUBLISH and SNAPSHOT as DELIVER effects. */
void clasp_session_deliver(clasp_session *session, const clasp_message *message);

/** A SESSION_ERROR effect. `code`, `address`, `text`: of the wire's ERROR, or 0 and empty. */
void clasp_session_tell_error(clasp_session *session, uint16_t code, clasp_err err, clasp_span address,
                              clasp_span text);

#endif
