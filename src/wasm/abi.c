/* The client's door: sessions and conferences by handle, their inputs by number. The relay's is hub_abi.c. */
#include "wasm/abi.h"

#include "base/limits.h"
#include "peer/conference.h"
#include "session/session.h"
#include "wasm/door.h"

/*
 * A handle: generation << 8 | index + 1. It is never 0 and fits an int32. Sessions and conferences share the numbers,
 * so that the owner of an effect is one of them and not the other.
 */
#define INDEX_BITS 8u
#define SLOT_COUNT (CLASP_ABI_SESSIONS + CLASP_ABI_CONFERENCES)
_Static_assert(SLOT_COUNT < (1u << INDEX_BITS), "an index fits its bits");

typedef struct slot {
    void *object;        /* clasp_session below CLASP_ABI_SESSIONS, else clasp_conference; NULL: free */
    uint32_t generation; /* of the object, or of the last one */
} slot;

static slot slots[SLOT_COUNT];

static uint32_t handle_of(const slot *s) {
    return (s->generation << INDEX_BITS) | ((uint32_t)(s - slots) + 1);
}

/* A free slot in [first, end) with its generation counted up; NULL: all are taken. */
static slot *claim(uint32_t first, uint32_t end) {
    for (slot *s = &slots[first]; s < &slots[end]; s++) {
        if (!s->object) {
            s->generation = (s->generation + 1) & (UINT32_MAX >> (INDEX_BITS + 1));
            return s;
        }
    }
    return NULL;
}

/* The slot in [first, end) that `handle` names; NULL for one that is gone or of the other kind. */
static slot *find(uint32_t handle, uint32_t first, uint32_t end) {
    const uint32_t index = (handle & ((1u << INDEX_BITS) - 1)) - 1;
    if (index < first || index >= end) {
        return NULL;
    }
    slot *s = &slots[index];
    return s->object && handle_of(s) == handle ? s : NULL;
}

static slot *find_session(uint32_t handle) { return find(handle, 0, CLASP_ABI_SESSIONS); }

static slot *find_conference(uint32_t handle) { return find(handle, CLASP_ABI_SESSIONS, SLOT_COUNT); }

/* ---- sessions ------------------------------------------------------------------------------------------------- */

int32_t clasp_abi_session_new(void) {
    if (!clasp_door_is_seeded()) {
        return CLASP_BAD_STATE;
    }
    slot *s = claim(0, CLASP_ABI_SESSIONS);
    if (!s) {
        return CLASP_LIMIT;
    }
    s->object = clasp_session_new(handle_of(s), clasp_door_random(), clasp_door_outbox());
    return s->object ? (int32_t)handle_of(s) : CLASP_NO_MEMORY;
}

int32_t clasp_abi_session_free(uint32_t session) {
    slot *s = find_session(session);
    if (!s) {
        return CLASP_BAD_HANDLE;
    }
    clasp_session_free(s->object);
    s->object = NULL;
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
    const slot *s = find_session(handle);
    if (!s) {
        return CLASP_BAD_HANDLE;
    }
    clasp_session *session = s->object;
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

/* ---- conferences ---------------------------------------------------------------------------------------------- */

int32_t clasp_abi_conference_new(uint32_t role) {
    if (role > CLASP_ROLE_RECEIVER || !clasp_door_is_seeded()) {
        return role > CLASP_ROLE_RECEIVER ? CLASP_BAD_ENUM : CLASP_BAD_STATE;
    }
    slot *s = claim(CLASP_ABI_SESSIONS, SLOT_COUNT);
    if (!s) {
        return CLASP_LIMIT;
    }
    s->object =
        clasp_conference_new(handle_of(s), (clasp_role)role, clasp_door_random(), clasp_door_outbox());
    return s->object ? (int32_t)handle_of(s) : CLASP_NO_MEMORY;
}

int32_t clasp_abi_conference_free(uint32_t conference) {
    slot *s = find_conference(conference);
    if (!s) {
        return CLASP_BAD_HANDLE;
    }
    clasp_conference_free(s->object);
    s->object = NULL;
    return CLASP_OK;
}

static clasp_err link_event(clasp_conference *c, uint32_t peer, uint32_t b, clasp_span in, uint64_t now_us) {
    const uint32_t event = b & 0xFFu;
    return event > CLASP_LINK_CHANNEL_CLOSED
               ? CLASP_BAD_ENUM
               : clasp_conference_link(c, peer, (clasp_link_event)event, b >> 8, in, now_us);
}

/* How many peers it is on its way to; 0: it waits for the first one. */
static int32_t send_ticket(clasp_conference *c, uint32_t peer, uint32_t ticket) {
    uint32_t reached = 0;
    const clasp_err err = clasp_conference_send(c, peer, ticket, &reached);
    return err == CLASP_OK ? (int32_t)reached : (int32_t)err;
}

int32_t clasp_abi_conference_event(uint32_t handle, uint32_t event, uint32_t a, uint32_t b, uint32_t len,
                                   double now) {
    const slot *s = find_conference(handle);
    if (!s) {
        return CLASP_BAD_HANDLE;
    }
    clasp_conference *c = s->object;
    const clasp_span in = clasp_door_inbox(len);
    const uint64_t now_us = clasp_door_time(now);
    switch (event) {
    case CLASP_CONFERENCE_EVENT_START:
        return clasp_conference_start(c, in, now_us);
    case CLASP_CONFERENCE_EVENT_STOP:
        clasp_conference_stop(c, now_us);
        return CLASP_OK;
    case CLASP_CONFERENCE_EVENT_SIGNAL:
        return clasp_conference_signal(c, in, now_us);
    case CLASP_CONFERENCE_EVENT_SIGNALLING:
        clasp_conference_signalling(c, b != 0, now_us);
        return CLASP_OK;
    case CLASP_CONFERENCE_EVENT_VERIFIED:
        return clasp_conference_verified(c, a, b != 0, now_us);
    case CLASP_CONFERENCE_EVENT_LINK:
        return link_event(c, a, b, in, now_us);
    case CLASP_CONFERENCE_EVENT_SEND:
        return send_ticket(c, a, b);
    case CLASP_CONFERENCE_EVENT_SYNC:
        return clasp_conference_sync(c, in, b != 0, now_us);
    case CLASP_CONFERENCE_EVENT_DISPOSE:
        return clasp_conference_dispose(c, a, now_us);
    default:
        return CLASP_BAD_ENUM;
    }
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

static uint64_t slot_deadline(const slot *s) {
    return s < &slots[CLASP_ABI_SESSIONS] ? clasp_session_deadline(s->object)
                                          : clasp_conference_deadline(s->object);
}

double clasp_deadline(void) {
    uint64_t next = UINT64_MAX;
    for (const slot *s = slots; s < &slots[SLOT_COUNT]; s++) {
        const uint64_t due = s->object ? slot_deadline(s) : UINT64_MAX;
        next = due < next ? due : next;
    }
    return clasp_door_deadline(next);
}

void clasp_tick(double now) {
    const uint64_t now_us = clasp_door_time(now);
    for (slot *s = slots; s < &slots[SLOT_COUNT]; s++) {
        if (!s->object) {
            continue;
        }
        if (s < &slots[CLASP_ABI_SESSIONS]) {
            clasp_session_tick(s->object, now_us);
        } else {
            clasp_conference_tick(s->object, now_us);
        }
    }
}
