/* Sessions by handle, their inputs by number. */
#include "wasm/session_abi.h"

#include "base/limits.h"
#include "session/session.h"
#include "wasm/abi.h"
#include "wasm/door.h"
#include "wasm/slots.h"

_Static_assert(CLASP_ABI_SESSIONS < (1u << CLASP_SLOT_INDEX_BITS), "an index fits its bits");

static clasp_slot slots[CLASP_ABI_SESSIONS];
static const clasp_slots SESSIONS = {slots, 0, CLASP_ABI_SESSIONS};

int32_t clasp_abi_session_new(void) {
    if (!clasp_door_is_seeded()) {
        return CLASP_BAD_STATE;
    }
    clasp_slot *slot = clasp_slot_claim(&SESSIONS);
    if (!slot) {
        return CLASP_LIMIT;
    }
    const uint32_t handle = clasp_slot_handle(&SESSIONS, slot);
    slot->object = clasp_session_new(handle, clasp_door_random(), clasp_door_outbox());
    return slot->object ? (int32_t)handle : CLASP_NO_MEMORY;
}

int32_t clasp_abi_session_free(uint32_t session) {
    clasp_slot *slot = clasp_slot_find(&SESSIONS, session);
    if (!slot) {
        return CLASP_BAD_HANDLE;
    }
    clasp_session_free(slot->object);
    slot->object = NULL;
    return CLASP_OK;
}

static clasp_span take_span(clasp_reader *r, uint32_t len) {
    const uint8_t *at = clasp_take(r, len);
    return (clasp_span){at, at ? len : 0};
}

static clasp_err open_session(clasp_session *session, uint32_t a, uint32_t b, clasp_span in,
                              uint64_t now_us) {
    clasp_reader r = clasp_reader_of(in);
    clasp_session_options options = {
        .features = (uint8_t)a, .reconnect = (a >> 8 & 1) != 0, .backoff_ms = a >> 9};
    options.url = take_span(&r, b >> 16);
    options.name = take_span(&r, b & 0xFFFFu);
    options.token = take_span(&r, (uint32_t)clasp_left(&r));
    return r.err == CLASP_OK ? clasp_session_open(session, &options, now_us) : r.err;
}

static int32_t subscribe(clasp_session *session, uint32_t types, clasp_span pattern, uint64_t now_us) {
    uint32_t sub = 0;
    const clasp_err err = clasp_session_subscribe(session, pattern, (uint8_t)types, &sub, now_us);
    return err == CLASP_OK ? (int32_t)sub : (int32_t)err;
}

/* PUBLISH or SET: an address, then a value with its type code; a PUBLISH may go without a value. */
static clasp_err send_value(clasp_session *session, clasp_message_type type, uint32_t signal,
                            uint32_t address_len, clasp_span in, uint64_t now_us) {
    clasp_reader r = clasp_reader_of(in);
    clasp_message message = {.type = (uint8_t)type, .signal = (uint8_t)signal};
    message.address = take_span(&r, address_len);
    if (type == CLASP_MSG_SET || clasp_left(&r) > 0) {
        message.value = clasp_read_value(&r);
        message.has = type == CLASP_MSG_PUBLISH ? CLASP_HAS_VALUE : 0;
    }
    if (r.err != CLASP_OK) {
        return r.err;
    }
    if (clasp_left(&r) > 0) {
        return CLASP_BAD_VALUE_TYPE;
    }
    return signal > CLASP_SIGNAL_TIMELINE ? CLASP_BAD_ENUM : clasp_session_send(session, &message, now_us);
}

int32_t clasp_abi_session_event(uint32_t handle, uint32_t event, uint32_t a, uint32_t b, uint32_t len,
                                double now) {
    clasp_session *session = clasp_slot_object(&SESSIONS, handle);
    if (!session) {
        return CLASP_BAD_HANDLE;
    }
    const clasp_span in = clasp_door_inbox(len);
    const uint64_t now_us = clasp_door_time(now);
    switch (event) {
    case CLASP_SESSION_EVENT_OPEN:
        return open_session(session, a, b, in, now_us);
    case CLASP_SESSION_EVENT_CLOSE:
        clasp_session_close(session, now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_HURRY:
        clasp_session_hurry(session, now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_RENEW:
        clasp_session_renew(session, now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_CHECK:
        clasp_session_check(session, now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_SOCKET_OPENED:
        clasp_session_socket_opened(session, now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_SOCKET_CLOSED:
        clasp_session_socket_closed(session, a, now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_RECEIVED:
        clasp_session_received(session, in, now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_SUBSCRIBE:
        return subscribe(session, a, in, now_us);
    case CLASP_SESSION_EVENT_UNSUBSCRIBE:
        return clasp_session_unsubscribe(session, a, now_us);
    case CLASP_SESSION_EVENT_PUBLISH:
        return send_value(session, CLASP_MSG_PUBLISH, a, b, in, now_us);
    case CLASP_SESSION_EVENT_SET:
        return send_value(session, CLASP_MSG_SET, 0, b, in, now_us);
    default:
        return CLASP_BAD_ENUM;
    }
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

uint64_t clasp_sessions_deadline(void) {
    uint64_t next = UINT64_MAX;
    for (const clasp_slot *slot = slots; slot < &slots[CLASP_ABI_SESSIONS]; slot++) {
        const uint64_t due = slot->object ? clasp_session_deadline(slot->object) : UINT64_MAX;
        next = due < next ? due : next;
    }
    return next;
}

void clasp_sessions_tick(uint64_t now_us) {
    for (const clasp_slot *slot = slots; slot < &slots[CLASP_ABI_SESSIONS]; slot++) {
        if (slot->object) {
            clasp_session_tick(slot->object, now_us);
        }
    }
}
