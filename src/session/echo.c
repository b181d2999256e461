/*
 * Is the session still one to the relay? There are relays that forget a session to which they have passed nothing on for
 * some minutes, PONG and ACK not counted, and go on answering on its socket. A signal to ourselves is passed on; where it
 * finds no session we are forgotten. A relay that does not know signals says nothing, and nothing follows from that; one
 * that does not let us send any is not asked again.
 */
#include "route/address.h"
#include "session/state.h"

#define PREFIX_LEN ((uint32_t)sizeof CLASP_SIGNAL_PREFIX - 1)

/* Codes of ERROR. */
enum { FORBIDDEN = 301, REFUSED = 403, NO_SUCH_SESSION = 404 };

static clasp_span own_address(const clasp_session *session) {
    return (clasp_span){session->own, session->own_len};
}

void clasp_session_take_id(clasp_session *session, clasp_span id, uint64_t now_us) {
    session->passed_us = now_us;
    session->is_echoing = false;
    session->own_len = 0;
    if (id.len == 0 || id.len > CLASP_SESSION_ID_MAX) {
        return;
    }
    memcpy(session->own, CLASP_SIGNAL_PREFIX, PREFIX_LEN);
    memcpy(session->own + PREFIX_LEN, id.at, id.len);
    const clasp_span own = {session->own, PREFIX_LEN + id.len};
    session->own_len = clasp_address_check(own) == CLASP_OK ? own.len : 0;
}

uint64_t clasp_session_echo_due(const clasp_session *session) {
    return session->own_len ? session->passed_us + CLASP_SESSION_ECHO_US : UINT64_MAX;
}

void clasp_session_send_echo(clasp_session *session, uint64_t now_us) {
    const clasp_message echo = {
        .type = CLASP_MSG_PUBLISH, .signal = CLASP_SIGNAL_EVENT, .address = own_address(session)};
    clasp_session_send_now(session, &echo, now_us);
    session->is_echoing = true;
    session->passed_us = now_us;
}

/* An ERROR about the address of signals to us. */
static bool on_own_error(clasp_session *session, uint16_t code, uint64_t now_us) {
    if (code == NO_SUCH_SESSION) {
        clasp_session_give_up(session, now_us);
        return true;
    }
    if (session->is_echoing && (code == FORBIDDEN || code == REFUSED)) {
        session->own_len = 0;
        return true;
    }
    return false;
}

bool clasp_session_hear_echo(clasp_session *session, const clasp_message *message, uint64_t now_us) {
    const bool is_own = session->own_len > 0 && clasp_span_equal(message->address, own_address(session));
    switch (message->type) {
    case CLASP_MSG_SET:
    case CLASP_MSG_PUBLISH:
        session->passed_us = now_us;
        session->is_echoing = session->is_echoing && !is_own;
        return is_own && (message->has & (CLASP_HAS_VALUE | CLASP_HAS_SAMPLES)) == 0;
    case CLASP_MSG_ERROR:
        return is_own && on_own_error(session, message->code, now_us);
    default:
        return false;
    }
}
