/* What the session sends: its own messages, those of the caller, subscriptions. */
#include "route/address.h"
#include "session/state.h"

#define KNOWN_TYPES \
    (CLASP_TYPE_PARAM | CLASP_TYPE_EVENT | CLASP_TYPE_STREAM | CLASP_TYPE_GESTURE | CLASP_TYPE_TIMELINE)

clasp_err clasp_session_encode(clasp_session *session, const clasp_message *message, clasp_span *frame) {
    clasp_writer w = clasp_writer_of(session->frame, sizeof session->frame);
    clasp_frame_write(&w, message);
    *frame = clasp_written(&w);
    return w.err;
}

void clasp_session_emit(clasp_session *session, clasp_span frame, uint64_t now_us) {
    if (!session->watch || !session->watch->sends(session->watcher, frame)) {
        clasp_outbox_add(session->out, CLASP_EFFECT_SOCKET_SEND, session->handle, 0, 0, frame);
    }
    session->sent_us = now_us;
}

void clasp_session_send_now(clasp_session *session, const clasp_message *message, uint64_t now_us) {
    clasp_span frame;
    if (clasp_session_encode(session, message, &frame) == CLASP_OK) {
        clasp_session_emit(session, frame, now_us);
    }
}

void clasp_session_send_bare(clasp_session *session, clasp_message_type type, uint64_t now_us) {
    const clasp_message message = {.type = (uint8_t)type};
    clasp_session_send_now(session, &message, now_us);
}

clasp_message clasp_session_subscribe_message(const clasp_session *session, uint32_t sub,
                                              clasp_span pattern) {
    clasp_message message = {
        .type = CLASP_MSG_SUBSCRIBE, .id = sub, .address = pattern, .types = session->types[sub - 1]};
    if (session->watch) {
        session->watch->subscribes(session->watcher, &message);
    }
    return message;
}

/* ---- subscriptions ------------------------------------------------------------------------------------------- */

clasp_err clasp_session_subscribe(clasp_session *session, clasp_span pattern, uint8_t types, uint32_t *sub,
                                  uint64_t now_us) {
    const uint8_t *free_type = memchr(session->types, 0, sizeof session->types);
    if (!free_type) {
        return CLASP_LIMIT;
    }
    const uint32_t id = (uint32_t)(free_type - session->types) + 1;
    clasp_message message = clasp_session_subscribe_message(session, id, pattern);
    message.types = types & KNOWN_TYPES ? types : CLASP_TYPE_ALL;
    clasp_span frame;
    clasp_err err = clasp_session_encode(session, &message, &frame);
    if (err == CLASP_OK) {
        err = clasp_routes_add(session->routes, pattern, id);
    }
    if (err != CLASP_OK) {
        return err;
    }
    session->types[id - 1] = message.types;
    *sub = id;
    if (session->state == CLASP_SESSION_OPEN) {
        clasp_session_emit(session, frame, now_us);
    }
    return CLASP_OK;
}

clasp_err clasp_session_unsubscribe(clasp_session *session, uint32_t sub, uint64_t now_us) {
    if (sub == 0 || sub > CLASP_SESSION_SUBSCRIPTIONS || session->types[sub - 1] == 0) {
        return CLASP_BAD_HANDLE;
    }
    clasp_routes_remove(session->routes, sub);
    session->types[sub - 1] = 0;
    if (session->state == CLASP_SESSION_OPEN) {
        const clasp_message message = {.type = CLASP_MSG_UNSUBSCRIBE, .id = sub};
        clasp_session_send_now(session, &message, now_us);
    }
    return CLASP_OK;
}

/* ---- messages of the caller ---------------------------------------------------------------------------------- */

/* What a caller may send, and what of it waits for the session to open. */
static const struct {
    bool is_allowed, has_address, waits;
} SENDABLE[] = {
    [CLASP_MSG_PUBLISH] = {true, true, true},  [CLASP_MSG_SET] = {true, true, true},
    [CLASP_MSG_GET] = {true, true, false},     [CLASP_MSG_ANNOUNCE] = {true, false, false},
    [CLASP_MSG_REPLAY] = {true, false, false}, [CLASP_MSG_BUNDLE] = {true, false, false},
    [CLASP_MSG_SYNC] = {true, false, false},   [CLASP_MSG_QUERY] = {true, false, false},
};

static clasp_err check_sendable(const clasp_session *session, const clasp_message *message) {
    const bool is_allowed =
        message->type < sizeof SENDABLE / sizeof *SENDABLE && SENDABLE[message->type].is_allowed;
    if (!is_allowed || session->state == CLASP_SESSION_CLOSED) {
        return CLASP_BAD_STATE;
    }
    if (session->state != CLASP_SESSION_OPEN && !SENDABLE[message->type].waits) {
        return CLASP_NOT_CONNECTED;
    }
    return SENDABLE[message->type].has_address ? clasp_address_check(message->address) : CLASP_OK;
}

clasp_err clasp_session_send(clasp_session *session, const clasp_message *message, uint64_t now_us) {
    clasp_span frame;
    clasp_err err = check_sendable(session, message);
    if (err == CLASP_OK) {
        err = clasp_session_encode(session, message, &frame);
    }
    if (err != CLASP_OK) {
        return err;
    }
    if (session->state != CLASP_SESSION_OPEN) {
        return clasp_queue_push(&session->queue, frame, now_us);
    }
    clasp_session_emit(session, frame, now_us);
    return CLASP_OK;
}
