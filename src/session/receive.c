/* What the relay sends, by message type. */
#include "session/state.h"

static const clasp_span NOTHING = {NULL, 0};

static bool has_socket(const clasp_session *session) {
    return session->state == CLASP_SESSION_GREETING || session->state == CLASP_SESSION_OPEN;
}

/* The codes on which a client goes for good: the relay wants another token. */
static bool is_refusal(uint16_t code) { return code == 300 || code == 302; }

static void on_error(clasp_session *session, const clasp_message *message, uint64_t now_us) {
    const clasp_span address = message->has & CLASP_HAS_ADDRESS ? message->address : NOTHING;
    clasp_session_tell_error(session, message->code, CLASP_RELAY_REFUSED, address, message->name);
    if (is_refusal(message->code)) {
        clasp_session_happen(session, CLASP_SESSION_ON_REFUSED, CLASP_RELAY_REFUSED, NOTHING, now_us);
    }
}

/* Before WELCOME only WELCOME, ERROR and PING count. ACK, PONG and RESULT say nothing that is waited for here. */
static void handle(clasp_session *session, const clasp_message *message, uint64_t now_us);

static void on_bundle(clasp_session *session, const clasp_message *message, uint64_t now_us) {
    clasp_reader r = clasp_list_reader(message->list);
    for (uint32_t left = message->list.count; left > 0; left--) {
        clasp_message member;
        if (clasp_message_decode(clasp_next_member(&r), &member) == CLASP_OK) {
            handle(session, &member, now_us); /* at most CLASP_BUNDLE_DEPTH deep: the decoder has counted */
        }
    }
}

static void handle(clasp_session *session, const clasp_message *message, uint64_t now_us) {
    const bool is_open = session->state == CLASP_SESSION_OPEN;
    if (!has_socket(session)) {
        return; /* an earlier member of the bundle has ended the session */
    }
    if (is_open && clasp_session_hear_echo(session, message, now_us)) {
        return;
    }
    if (session->watch && session->watch->heard(session->watcher, message, now_us)) {
        return;
    }
    switch (message->type) {
    case CLASP_MSG_WELCOME:
        if (!is_open) {
            clasp_session_take_id(session, message->session, now_us);
        }
        clasp_session_happen(session, CLASP_SESSION_ON_WELCOMED, CLASP_OK, message->session, now_us);
        break;
    case CLASP_MSG_ERROR:
        on_error(session, message, now_us);
        break;
    case CLASP_MSG_PING:
        clasp_session_send_bare(session, CLASP_MSG_PONG, now_us);
        break;
    case CLASP_MSG_SET:
    case CLASP_MSG_PUBLISH:
    case CLASP_MSG_SNAPSHOT:
        if (is_open) {
            clasp_session_deliver(session, message);
        }
        break;
    case CLASP_MSG_BUNDLE:
        if (is_open) {
            on_bundle(session, message, now_us);
        }
        break;
    default:
        break;
    }
}

void clasp_session_received(clasp_session *session, clasp_span bytes, uint64_t now_us) {
    if (!has_socket(session)) {
        return;
    }
    session->received_us = now_us;
    session->pinged_us = session->check_us = 0;
    clasp_frame frame;
    clasp_message message;
    const clasp_err err = clasp_decode(bytes, &frame, &message);
    if (err != CLASP_OK) {
        clasp_session_tell_error(session, 0, err, NOTHING, NOTHING);
        return;
    }
    handle(session, &message, now_us);
}
