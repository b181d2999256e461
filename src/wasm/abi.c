/* The door of the page's module: sessions (session_abi.c), and conferences by handle, their inputs by number. */
#include "wasm/abi.h"

#include "base/limits.h"
#include "peer/conference.h"
#include "wasm/door.h"
#include "wasm/session_abi.h"
#include "wasm/slots.h"

_Static_assert(CLASP_ABI_SESSIONS + CLASP_ABI_CONFERENCES < (1u << CLASP_SLOT_INDEX_BITS),
               "an index fits its bits");

static clasp_slot slots[CLASP_ABI_CONFERENCES];
static const clasp_slots CONFERENCES = {slots, CLASP_ABI_SESSIONS, CLASP_ABI_CONFERENCES};

int32_t clasp_abi_conference_new(uint32_t role) {
    if (role > CLASP_ROLE_RECEIVER || !clasp_door_is_seeded()) {
        return role > CLASP_ROLE_RECEIVER ? CLASP_BAD_ENUM : CLASP_BAD_STATE;
    }
    clasp_slot *slot = clasp_slot_claim(&CONFERENCES);
    if (!slot) {
        return CLASP_LIMIT;
    }
    const uint32_t handle = clasp_slot_handle(&CONFERENCES, slot);
    slot->object = clasp_conference_new(handle, (clasp_role)role, clasp_door_random(), clasp_door_outbox());
    return slot->object ? (int32_t)handle : CLASP_NO_MEMORY;
}

int32_t clasp_abi_conference_free(uint32_t conference) {
    clasp_slot *slot = clasp_slot_find(&CONFERENCES, conference);
    if (!slot) {
        return CLASP_BAD_HANDLE;
    }
    clasp_conference_free(slot->object);
    slot->object = NULL;
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
    clasp_conference *c = clasp_slot_object(&CONFERENCES, handle);
    if (!c) {
        return CLASP_BAD_HANDLE;
    }
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

double clasp_deadline(void) {
    uint64_t next = clasp_sessions_deadline();
    for (const clasp_slot *slot = slots; slot < &slots[CLASP_ABI_CONFERENCES]; slot++) {
        const uint64_t due = slot->object ? clasp_conference_deadline(slot->object) : UINT64_MAX;
        next = due < next ? due : next;
    }
    return clasp_door_deadline(next);
}

void clasp_tick(double now) {
    const uint64_t now_us = clasp_door_time(now);
    clasp_sessions_tick(now_us);
    for (const clasp_slot *slot = slots; slot < &slots[CLASP_ABI_CONFERENCES]; slot++) {
        if (slot->object) {
            clasp_conference_tick(slot->object, now_us);
        }
    }
}
