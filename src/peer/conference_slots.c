#include "peer/conference_core.h"

#define HANDLE_SLOTS 0x1FFu /* low bits of a handle: the slot and one; above them the generation */

conference_peer *conference_by_handle(const clasp_conference *c, uint32_t handle) {
    const uint32_t slot = (handle & HANDLE_SLOTS) - 1; /* of 0: no slot */
    conference_peer *peer = slot < CLASP_CONFERENCE_PEERS ? c->peers[slot] : NULL;
    return peer && peer->handle == handle ? peer : NULL;
}

conference_peer *conference_by_id(const clasp_conference *c, clasp_span id) {
    for (uint32_t i = 0; i < CLASP_CONFERENCE_PEERS; i++) {
        if (c->peers[i] && clasp_span_equal(clasp_text_span(&c->peers[i]->id), id)) {
            return c->peers[i];
        }
    }
    return NULL;
}

/* A free slot, or that of the closed peer which is nearest to being forgotten. */
static uint32_t free_slot(clasp_conference *c) {
    uint32_t oldest = CLASP_CONFERENCE_PEERS;
    for (uint32_t i = 0; i < CLASP_CONFERENCE_PEERS; i++) {
        if (!c->peers[i]) {
            return i;
        }
        if (c->peers[i]->handle == 0 &&
            (oldest == CLASP_CONFERENCE_PEERS ||
             c->peers[i]->timers[TIMER_FORGET] < c->peers[oldest]->timers[TIMER_FORGET])) {
            oldest = i;
        }
    }
    if (oldest < CLASP_CONFERENCE_PEERS) {
        conference_peer_free(c->peers[oldest]);
        c->peers[oldest] = NULL;
    }
    return oldest;
}

conference_peer *conference_peer_for(clasp_conference *c, clasp_span id, uint64_t now_us, clasp_err *err) {
    conference_peer *peer = conference_by_id(c, id);
    if (peer) {
        return peer;
    }
    const uint32_t slot = free_slot(c);
    if (slot == CLASP_CONFERENCE_PEERS) {
        *err = CLASP_LIMIT;
        return NULL;
    }
    peer = conference_peer_new(id);
    if (!peer) {
        *err = CLASP_NO_MEMORY;
        return NULL;
    }
    peer->timers[TIMER_FORGET] = now_us + CLASP_REPEAT_MAX_US;
    c->peers[slot] = peer;
    return peer;
}
