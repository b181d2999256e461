/* Peers: what the ends and breaks of their links mean for them. */
#include "peer/p2p_core.h"

static const clasp_span NO_BYTES = {NULL, 0};

bool p2p_wanted(const clasp_p2p *p, const p2p_peer *peer) {
    return peer->dialled || p2p_has_tickets(p, peer) || (p->mesh && peer->announced && !peer->shunned);
}

void p2p_set_cover(clasp_p2p *p, p2p_peer *peer, bool on) {
    const bool may = p->cover && peer->ours && peer->accepted;
    if (peer->covered != on && (may || !on)) {
        peer->covered = on;
        p2p_effect(p, CLASP_EFFECT_P2P_COVER, peer->handle,
                   on ? CLASP_P2P_COVER_BEGINS : CLASP_P2P_COVER_ENDS, 0, NO_BYTES);
    }
}

void p2p_renew_cover(clasp_p2p *p, const p2p_peer *peer) {
    if (peer->covered) {
        p2p_effect(p, CLASP_EFFECT_P2P_COVER, peer->handle, CLASP_P2P_COVER_ANEW, 0, NO_BYTES);
    }
}

static void stop_timers(p2p_peer *peer) {
    for (int timer = 0; timer < PEER_TIMER_COUNT; timer++) {
        if (timer != PEER_RESUME) {
            peer->timers[timer] = P2P_NEVER;
        }
    }
}

/* ---- the peer's table ---------------------------------------------------------------------------------------- */

static void tell(clasp_p2p *p, const p2p_peer *peer, const p2p_end *end) {
    const clasp_err cause = end ? end->cause : CLASP_OK;
    p2p_effect(p, CLASP_EFFECT_P2P_PEER_STATE, peer->handle, peer->state, cause, end ? end->words : NO_BYTES);
}

static void connect_peer(clasp_p2p *p, p2p_peer *peer) {
    stop_timers(peer);
    peer->attempts = peer->probes = 0;
    peer->decision = DECISION_YES;
    tell(p, peer, NULL);
    p2p_settle(p, peer, CLASP_OK, NO_BYTES);
}

/* No direct path: the router takes over, and another path is looked for. Peers of other makes may heal by themselves. */
static void fall_back(clasp_p2p *p, p2p_peer *peer, const p2p_end *end, uint64_t now_us) {
    tell(p, peer, end);
    peer->probes = 0;
    peer->heard = false;
    p2p_set_cover(p, peer, true);
    p2p_settle(p, peer, CLASP_OK, NO_BYTES); /* only when it was never connected: covered is as good */
    if (!peer->ours) {
        return;
    }
    peer->timers[PEER_PROBE] = now_us + CLASP_P2P_PROBE_US;
    if (p->up) {
        peer->timers[PEER_SILENT] = now_us + (peer->lost ? CLASP_P2P_RETURN_US : CLASP_P2P_SILENCE_US);
    }
}

static void give_up(clasp_p2p *p, p2p_peer *peer, const p2p_end *end, uint64_t now_us) {
    stop_timers(peer);
    peer->timers[PEER_RESUME] = P2P_NEVER;
    p2p_set_cover(p, peer, false);
    tell(p, peer, end);
    peer->facts.cause = end->cause;
    p2p_settle(p, peer, end->cause == CLASP_OK ? CLASP_NOT_CONNECTED : end->cause, end->words);
    peer->decision = DECISION_NONE;
    peer->accepted = peer->has_token = peer->dialled = false;
    peer->attempts = 0;
    peer->timers[PEER_STALE] = peer->announced && !peer->ours ? P2P_NEVER : now_us + CLASP_P2P_STALE_US;
    if (peer->next_session.len > 0) { /* whoever was announced there may be dialled, as somebody new */
        p2p_take_session(p, peer, clasp_text_span(&peer->next_session), now_us);
        peer->announced = true;
        p2p_consider(p, peer, now_us);
    }
}

bool p2p_peer_step(clasp_p2p *p, p2p_peer *peer, p2p_peer_event event, const p2p_end *end, uint64_t now_us) {
    p2p_peer_action action = P2P_PEER_DO_NOTHING;
    if (!p2p_peer_next(&peer->state, event, &action)) {
        return false;
    }
    switch (action) {
    case P2P_PEER_DO_TELL:
        tell(p, peer, end);
        break;
    case P2P_PEER_DO_CONNECT:
        connect_peer(p, peer);
        break;
    case P2P_PEER_DO_FALL_BACK:
        fall_back(p, peer, end, now_us);
        break;
    case P2P_PEER_DO_GIVE_UP:
        give_up(p, peer, end, now_us);
        break;
    case P2P_PEER_DO_NOTHING:
    case P2P_PEER_ACTION_COUNT:
        break;
    }
    return true;
}

/* ---- after a link -------------------------------------------------------------------------------------------- */

/* Causes after which another attempt may do better. */
static bool may_try_again(clasp_err cause) {
    return cause == CLASP_TIMEOUT || cause == CLASP_ICE_FAILED || cause == CLASP_NEGOTIATION ||
           cause == CLASP_NOT_CONNECTED;
}

static void try_again(clasp_p2p *p, p2p_peer *peer, const p2p_end *end, uint64_t now_us) {
    if (p2p_wanted(p, peer) && peer->attempts < CLASP_P2P_RETRIES && !peer->superseded) {
        peer->timers[PEER_DIAL] =
            now_us + clasp_backoff_us(&p->random, CLASP_REPEAT_US, peer->attempts, CLASP_REPEAT_MAX_US);
        peer->attempts++;
    } else {
        p2p_peer_step(p, peer, P2P_PEER_ON_SPENT, end, now_us);
    }
}

static bool is_coverable(const clasp_p2p *p, const p2p_peer *peer) {
    return p->cover && peer->ours && peer->accepted && !peer->lost;
}

bool p2p_cover_set_up(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    const p2p_end end = {.cause = CLASP_TIMEOUT};
    return p->up && peer->state == CLASP_P2P_CONNECTING && is_coverable(p, peer) &&
           p2p_peer_step(p, peer, P2P_PEER_ON_COVER, &end, now_us);
}

static void after_failure(clasp_p2p *p, p2p_peer *peer, const p2p_end *end, uint64_t now_us) {
    if (peer->state == CLASP_P2P_CONNECTED) {
        p2p_peer_step(p, peer, P2P_PEER_ON_DOWN, end, now_us);
    }
    if (peer->state == CLASP_P2P_CONNECTING && is_coverable(p, peer)) {
        p2p_peer_step(p, peer, P2P_PEER_ON_COVER, end, now_us);
    } else if (peer->state == CLASP_P2P_CONNECTING || !peer->ours) {
        try_again(p, peer, end, now_us);
    }
}

void p2p_after_link(clasp_p2p *p, p2p_peer *peer, const p2p_end *end, uint64_t now_us) {
    if (p2p_link_up(peer)) {
        return;
    }
    if (p2p_peer_has_links(peer)) {
        if (peer->state == CLASP_P2P_CONNECTED) {
            p2p_peer_step(p, peer, P2P_PEER_ON_DOWN, end, now_us);
        }
        return;
    }
    peer->decision = peer->decision == DECISION_ASKED ? DECISION_NONE : peer->decision;
    if (peer->state == CLASP_P2P_KNOWN || peer->state == CLASP_P2P_FAILED ||
        peer->state == CLASP_P2P_CLOSED) {
        peer->timers[PEER_STALE] = peer->announced && !peer->ours ? P2P_NEVER : now_us + CLASP_P2P_STALE_US;
        return;
    }
    if (may_try_again(end->cause)) {
        after_failure(p, peer, end, now_us);
        return;
    }
    peer->shunned = true;
    p2p_peer_step(p, peer, end->cause == CLASP_OK ? P2P_PEER_ON_END : P2P_PEER_ON_SPENT, end, now_us);
    p2p_peer_step(p, peer, P2P_PEER_ON_END, end, now_us); /* where SPENT is not for its state */
}

/* ---- the end of a peer --------------------------------------------------------------------------------------- */

/* A goodbye to a peer with which no link is left: it may be covered, or believe in a link that is gone here. */
static void goodbye(clasp_p2p *p, const p2p_peer *peer, const p2p_end *end) {
    p2p_signal signal = {.type = P2P_TYPE_DISCONNECTED, .reason = end->words};
    p2p_emit(p, peer, CLASP_P2P_DIALECT_CLASP, &signal);
}

void p2p_peer_end(clasp_p2p *p, p2p_peer *peer, const p2p_end *end, uint64_t now_us) {
    const bool talks = end->tell && peer->ours && peer->accepted;
    if (talks && !p2p_peer_has_links(peer)) {
        goodbye(p, peer, end);
    }
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i]) {
            p2p_link_step(p, peer, peer->links[i], P2P_ON_END, NULL, end, now_us);
        }
    }
    const bool failed = peer->state == CLASP_P2P_CONNECTING && end->cause != CLASP_OK;
    p2p_peer_step(p, peer, failed ? P2P_PEER_ON_SPENT : P2P_PEER_ON_END, end, now_us);
    p2p_settle(p, peer, end->cause == CLASP_OK ? CLASP_NOT_CONNECTED : end->cause, end->words);
    peer->timers[PEER_DIAL] = P2P_NEVER;
}

void p2p_gone(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    const p2p_end end = {.cause = CLASP_PEER_GONE};
    const bool first = !peer->lost;
    peer->announced = false;
    peer->lost = true;
    if (peer->guessed &&
        peer->facts.answers == 0) { /* it was no session: somebody may still announce this id */
        p2p_release_tickets(p, peer);
        p2p_peer_end(p, peer, &end, now_us);
        p2p_drop(p, peer);
    } else if (p2p_link_up(peer)) {
        return; /* a path that works needs no session; whether it can return shows when the path breaks */
    } else if (peer->state == CLASP_P2P_DISCONNECTED && peer->has_token) {
        peer->timers[PEER_SILENT] = first ? now_us + CLASP_P2P_RETURN_US : peer->timers[PEER_SILENT];
        p2p_announce_again(p, now_us); /* it may be looking for us as well */
    } else {
        p2p_peer_end(p, peer, &end, now_us);
    }
}

/* ---- paths --------------------------------------------------------------------------------------------------- */

static void replaced(clasp_p2p *p, p2p_peer *peer, const p2p_link *by, uint64_t now_us) {
    const p2p_end end = {.cause = CLASP_OK, .tell = peer->ours, .link_alone = true};
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i] && peer->links[i] != by) {
            p2p_link_step(p, peer, peer->links[i], P2P_ON_END, NULL, &end, now_us);
        }
    }
}

static void path_works(clasp_p2p *p, p2p_peer *peer, p2p_link *link, bool first, uint64_t now_us) {
    link->timers[LINK_EXPIRE] = P2P_NEVER;
    if (link->state != P2P_LINK_OFFERED) {
        link->timers[LINK_RETRY] = P2P_NEVER;
        link->restart_due = false;
    }
    link->retries = 0;
    link->proven = link->doubted = false;
    peer->facts.opened = true;
    peer->facts.ice_failed = false;
    if (first && link->dialect != CLASP_P2P_DIALECT_ROOM) {
        link->timers[LINK_TELL] = now_us + CLASP_P2P_TELL_US;
    }
    replaced(p, peer, link, now_us);
    p2p_peer_step(p, peer, P2P_PEER_ON_UP, NULL, now_us);
}

static void path_breaks(clasp_p2p *p, p2p_peer *peer, p2p_link *link, path_event event, const p2p_end *end,
                        uint64_t now_us) {
    const p2p_end gone = {.cause = CLASP_PEER_GONE};
    link->proven = link->doubted = false;
    if (peer->superseded || (peer->lost && !peer->has_token)) {
        p2p_peer_end(p, peer, &gone, now_us);
    } else if (!peer->ours && event == PATH_FAILS) {
        p2p_link_end(p, peer, link, end, now_us);
    } else {
        link->retries = 0;
        link->timers[LINK_EXPIRE] = now_us + p->timeout_us;
        p2p_peer_step(p, peer, P2P_PEER_ON_DOWN, end, now_us);
        p2p_restart(p, peer, link, P2P_ON_RESTART, now_us);
    }
}

void p2p_path(clasp_p2p *p, p2p_peer *peer, p2p_link *link, path_event event, clasp_err cause,
              uint64_t now_us) {
    const bool first = link->path == PATH_NEW;
    const p2p_end end = {.cause = cause, .tell = peer->ours, .link_alone = true};
    switch (path_step(&link->path, event)) {
    case PATH_DO_CONNECT:
    case PATH_DO_HEAL:
        path_works(p, peer, link, first, now_us);
        break;
    case PATH_DO_RECOVER:
        path_breaks(p, peer, link, event, &end, now_us);
        break;
    case PATH_DO_RESTART:
        if (first || !peer->ours) {
            p2p_link_end(p, peer, link, &end, now_us);
        } else {
            p2p_restart(p, peer, link, P2P_ON_RESTART, now_us);
        }
        break;
    case PATH_DO_NOTHING:
    case PATH_ACTION_COUNT:
        break;
    }
}

void p2p_believe(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    p2p_link *link = p2p_link_up(peer);
    const bool has_word = peer->word_us > 0 && now_us - peer->word_us <= CLASP_P2P_WORD_US;
    if (peer->ours && link && link->doubted && has_word) {
        p2p_path(p, peer, link, PATH_BREAKS, CLASP_TIMEOUT, now_us);
    }
}

void p2p_word(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    peer->word_us = now_us;
    p2p_believe(p, peer, now_us);
}
