/* Time: repeats, expiry, and how often the room is asked. */
#include "peer/conference_core.h"

static const clasp_span NO_BYTES = {NULL, 0};

uint64_t clasp_conference_deadline(const clasp_conference *c) {
    uint64_t first = c->invoke_us;
    for (uint32_t i = 0; i < CLASP_CONFERENCE_PEERS; i++) {
        if (c->peers[i]) {
            const uint64_t due = conference_peer_deadline(c->peers[i]);
            first = due < first ? due : first;
        }
    }
    return first;
}

static void expire(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    conference_dispose(c, peer, peer->path == PATH_NEW ? CLASP_TIMEOUT : CLASP_ICE_FAILED, NO_BYTES, true,
                       now_us);
}

static void fire(clasp_conference *c, conference_peer *peer, peer_timer timer, uint64_t now_us) {
    switch (timer) {
    case TIMER_EXPIRE:
        expire(c, peer, now_us);
        break;
    case TIMER_RETRY:
        conference_step(c, peer, ON_RETRY, NULL, now_us);
        break;
    case TIMER_SILENT:
        if (!peer->heard) {
            conference_dispose(c, peer, CLASP_PEER_GONE, NO_BYTES, true, now_us);
        }
        break;
    case TIMER_SYNC:
        conference_send_sync(c, peer, now_us);
        break;
    case TIMER_FORGET:
    case TIMER_COUNT:
        break;
    }
}

/* Repeats while the path is not there; an offer is repeated as often as its answer is missing. */
static void rearm(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    const bool wanted = peer->negotiation == NEGOTIATION_OFFERED || peer->path != PATH_UP;
    if (peer->linked && peer->ours && wanted && peer->timers[TIMER_RETRY] == NEVER) {
        conference_arm_retry(c, peer, now_us);
    }
}

static void tick_peer(clasp_conference *c, uint32_t slot, uint64_t now_us) {
    conference_peer *peer = c->peers[slot];
    for (int timer = 0; timer < TIMER_COUNT; timer++) {
        if (peer->timers[timer] > now_us) {
            continue;
        }
        peer->timers[timer] = NEVER;
        if (timer == TIMER_FORGET) {
            conference_peer_free(peer);
            c->peers[slot] = NULL;
            return;
        }
        fire(c, peer, (peer_timer)timer, now_us);
        if (timer == TIMER_RETRY) {
            rearm(c, peer, now_us);
        }
    }
}

static bool anybody_linked(const clasp_conference *c) {
    for (uint32_t i = 0; i < CLASP_CONFERENCE_PEERS; i++) {
        if (c->peers[i] && c->peers[i]->path == PATH_UP) {
            return true;
        }
    }
    return false;
}

/* A Sender says a few times that it is there. A Receiver asks until it is connected, then keeps looking for others, and
 * gives up pingAttempts pings after the last of them is gone. */
static void invoke_due(clasp_conference *c, uint64_t now_us) {
    c->invoke_us = NEVER;
    const bool sender = c->role == CLASP_ROLE_SENDER;
    const uint64_t longest = sender || c->ping_interval_us == 0 ? CLASP_REPEAT_MAX_US : c->ping_interval_us;
    const bool full_wait = (CLASP_REPEAT_US << (c->invokes < 16 ? c->invokes : 16)) >= longest;
    if (!sender && c->was_connected && !anybody_linked(c) && full_wait) {
        if (c->pings_left == 0) {
            return;
        }
        c->pings_left--;
    }
    conference_invoke_room(c, now_us);
    if (c->looks > 0 &&
        c->invokes == CLASP_CONFERENCE_LOOK_EXPONENT) { /* where signals get lost, so do looks */
        c->looks--;
    } else if (c->invokes < UINT8_MAX) {
        c->invokes++;
    }
    const bool goes_on = sender ? c->invokes < 4 : (c->ping_interval_us > 0 || !c->was_connected);
    if (goes_on) {
        c->invoke_us = now_us + conference_backoff(c, CLASP_REPEAT_US, c->invokes, longest);
    }
}

void clasp_conference_tick(clasp_conference *c, uint64_t now_us) {
    if (!c->started) {
        return;
    }
    for (uint32_t i = 0; i < CLASP_CONFERENCE_PEERS; i++) {
        if (c->peers[i]) {
            tick_peer(c, i, now_us);
        }
    }
    if (c->invoke_us <= now_us) {
        invoke_due(c, now_us);
    }
}
