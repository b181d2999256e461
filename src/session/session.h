/**
 * One client's session with a relay (docs/wire.md, section 7): opening, subscriptions, delivery, keep-alive, and the
 * way back after a loss. No socket lives here: SOCKET_* effects ask for one, clasp_session_socket_*() report on it.
 *
 *   IDLE -- open --> CONNECTING -- socket open, HELLO --> GREETING -- WELCOME --> OPEN
 *                        ^                                   |                     |
 *                        |           socket lost, no WELCOME in time               |
 *                        +---- back-off over ---- WAITING <--+---------------------+       close: CLOSED from any
 *
 * A renewal goes to CONNECTING from any of the four, with another socket.
 */
#ifndef CLASP_SESSION_SESSION_H
#define CLASP_SESSION_SESSION_H

#include "base/outbox.h"
#include "wire/message.h"

// clang-format off
#define CLASP_SESSION_STATE_LIST(X) X(IDLE, 0) X(CONNECTING, 1) X(GREETING, 2) X(OPEN, 3) X(WAITING, 4) X(CLOSED, 5)
// clang-format on

typedef enum clasp_session_state {
#define X(name, value) CLASP_SESSION_##name = (value),
    CLASP_SESSION_STATE_LIST(X)
#undef X
} clasp_session_state;

typedef struct clasp_session clasp_session;

/** All spans are borrowed and copied. */
typedef struct clasp_session_options {
    clasp_span url;      /* ws:// or wss:// */
    clasp_span name;     /* as HELLO carries it */
    clasp_span token;    /* empty: none */
    uint8_t features;    /* CLASP_FEATURE_* */
    bool reconnect;      /* come back after a loss, with back-off */
    uint32_t backoff_ms; /* first wait; grows by half each time with jitter; 0: CLASP_SESSION_BACKOFF_MS */
    uint32_t backoff_max_ms; /* longest wait; 0: CLASP_SESSION_BACKOFF_MAX_MS */
} clasp_session_options;

/**
 * @param handle the `owner` of all its effects
 * @param seed   for jitter, and for the hash of addresses
 * @param out    where effects go; must outlive the session
 * @return given; free with clasp_session_free(). NULL: no memory
 */
clasp_session *clasp_session_new(uint32_t handle, uint64_t seed, clasp_outbox *out);
void clasp_session_free(clasp_session *session);

clasp_session_state clasp_session_get_state(const clasp_session *session);

/** Begin. Only from IDLE or CLOSED: else CLASP_BAD_STATE. Effects: SOCKET_OPEN, SESSION_STATE. */
clasp_err clasp_session_open(clasp_session *session, const clasp_session_options *options, uint64_t now_us);

/** End for good: closes the socket, drops what is queued. Idempotent. Subscriptions stay for a later open. */
void clasp_session_close(clasp_session *session, uint64_t now_us);

/** Do not wait out the back-off: try now (the network came back). Nothing happens in other states than WAITING. */
void clasp_session_hurry(clasp_session *session, uint64_t now_us);

/**
 * The network has changed, and the socket is not to be trusted, though nothing says that it is lost: give it up, and connect anew
 * at once; failures are tried again quickly at first. Nothing happens where the session does not reconnect, and, but for a wait
 * that is cut short, within CLASP_SESSION_RENEW_US of another renewal: reports come in groups.
 */
void clasp_session_renew(clasp_session *session, uint64_t now_us);

/**
 * Is the socket alive? Sends a PING; when nothing is heard within two round trips and CLASP_SESSION_CHECK_US, the session is
 * renewed (or, where it does not reconnect, ends). Nothing happens unless it is open, or while another check runs.
 */
void clasp_session_check(clasp_session *session, uint64_t now_us);

/* What became of the socket. Events of a socket that was closed or replaced are the host's to filter. */
void clasp_session_socket_opened(clasp_session *session, uint64_t now_us);
void clasp_session_socket_closed(clasp_session *session, uint32_t code, uint64_t now_us);
/** A message arrived. A malformed one raises SESSION_ERROR and changes nothing else; the session goes on. */
void clasp_session_received(clasp_session *session, clasp_span bytes, uint64_t now_us);

/**
 * Subscribe; at the relay as soon as there is one, and again after each reconnect.
 * @param types CLASP_TYPE_* mask
 * @param sub   set to the id that DELIVER will name; ids are reused after clasp_session_unsubscribe()
 * @return CLASP_OK, CLASP_BAD_PATTERN, CLASP_TOO_LARGE (over a frame), CLASP_LIMIT, CLASP_NO_MEMORY
 */
clasp_err clasp_session_subscribe(clasp_session *session, clasp_span pattern, uint8_t types, uint32_t *sub,
                                  uint64_t now_us);
clasp_err clasp_session_unsubscribe(clasp_session *session, uint32_t sub, uint64_t now_us);

/**
 * Send a PUBLISH or SET (`message.type`), or any other message a client may send. While the session is not open, a
 * PUBLISH or SET waits: at most CLASP_SESSION_QUEUE_BYTES for at most CLASP_SESSION_QUEUE_AGE_US; what is too old goes.
 * @return CLASP_OK; CLASP_BAD_ADDRESS; CLASP_TOO_LARGE (over a frame); CLASP_QUEUE_FULL; CLASP_BAD_STATE when closed, or
 *         when no client may send such a message; CLASP_NOT_CONNECTED: it does not wait, and there is no session
 */
clasp_err clasp_session_send(clasp_session *session, const clasp_message *message, uint64_t now_us);

/** When clasp_session_tick() wants to be called next, in us; UINT64_MAX: never. */
uint64_t clasp_session_deadline(const clasp_session *session);
void clasp_session_tick(clasp_session *session, uint64_t now_us);

#endif
