/* Time: repeats, expiry, probes, announcements. */
#include "peer/p2p_core.h"

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

uint64_t clasp_p2p_deadline(const clasp_p2p *p) {
    uint64_t first = earlier(p->up ? p->announce_us : P2P_NEVER, p2p_ticket_deadline(p));
    first = earlier(first, p2p_early_deadline(&p->early));
    for (uint32_t i = 0; i < p->slots; i++) {
        if (p->peers[i]) {
            first = earlier(first, p2p_peer_deadline(p->peers[i]));
        }
    }
    return first;
}

/* ---- links --------------------------------------------------------------------------------------------------- */

static void link_expired(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    const bool asked = link->state == P2P_LINK_ASKED;
    const p2p_end end = {.cause = asked ? CLASP_REJECTED : CLASP_TIMEOUT,
                         .words = clasp_span_of(asked ? "not decided in time" : ""),
                         .tell = asked || peer->ours,
                         .link_alone = !asked};
    p2p_link_end(p, peer, link, &end, now_us);
}

static void link_retry(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    const bool restart = link->restart_due;
    link->restart_due = false;
    p2p_link_step(p, peer, link, restart ? P2P_ON_RESTART : P2P_ON_RETRY, NULL, NULL, now_us);
}

static void tick_link(clasp_p2p *p, p2p_peer *peer, uint32_t place, uint64_t now_us) {
    p2p_link *link = peer->links[place];
    if (link && link->timers[LINK_TELL] <= now_us) {
        link->timers[LINK_TELL] = P2P_NEVER;
        p2p_signal signal = p2p_about(link, P2P_TYPE_CONNECTED);
        p2p_emit(p, peer, link->dialect, &signal);
    }
    if (link && link->timers[LINK_RETRY] <= now_us) {
        link->timers[LINK_RETRY] = P2P_NEVER;
        link_retry(p, peer, link, now_us);
    }
    link = peer->links[place];
    if (link && link->timers[LINK_EXPIRE] <= now_us) {
        link->timers[LINK_EXPIRE] = P2P_NEVER;
        link_expired(p, peer, link, now_us);
    }
}

/* ---- peers --------------------------------------------------------------------------------------------------- */

static void dial_due(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    const bool unanswered = peer->decision == DECISION_ASKED && !p2p_peer_has_links(peer);
    const bool full = !p2p_has_tickets(p, peer) && !peer->dialled && p2p_connections(p) >= p->max_peers;
    if (unanswered) { /* the application did not decide whether the mesh may dial */
        peer->decision = DECISION_NONE;
        peer->shunned = true;
    } else if (p2p_wanted(p, peer) && !full) {
        p2p_dial(p, peer, now_us);
    }
}

static void cover_due(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    if (!p2p_cover_set_up(p, peer, now_us) && peer->state == CLASP_P2P_CONNECTING) {
        peer->timers[PEER_COVER] = now_us + CLASP_P2P_COVER_US; /* the router is away, or the peer is */
    }
}

/* The link that broke, or that does not come up while the router carries, when its last negotiation is complete: another round is
 * cheaper than another connection, and looks for addresses anew. */
static p2p_link *restartable(const p2p_peer *peer) {
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        p2p_link *link = peer->links[i];
        const bool may_heal = link && (link->path == PATH_DOWN || (link->path == PATH_NEW && peer->covered));
        if (may_heal && (link->state == P2P_LINK_STABLE || link->state == P2P_LINK_ANSWERED)) {
            return link;
        }
    }
    return NULL;
}

static void probe(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    p2p_link *link = restartable(peer);
    peer->timers[PEER_PROBE] =
        now_us + clasp_backoff_us(&p->random, CLASP_P2P_PROBE_US, peer->probes, CLASP_P2P_PROBE_MAX_US);
    peer->probes = peer->probes < 16 ? (uint8_t)(peer->probes + 1) : peer->probes;
    if (!p->up || p2p_link_up(peer)) {
        return;
    }
    if (link && (peer->probes <= 2 || link->path == PATH_NEW)) { /* nothing is dialled beside a set-up */
        p2p_restart(p, peer, link, P2P_ON_RESTART, now_us);
    } else {
        p2p_dial(p, peer, now_us);
    }
}

static void silence_over(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    const p2p_end end = {.cause = CLASP_PEER_GONE, .tell = true};
    if (peer->heard && !peer->lost) {
        peer->heard = false;
        peer->timers[PEER_SILENT] = now_us + CLASP_P2P_SILENCE_US;
    } else {
        p2p_peer_end(p, peer, &end, now_us);
    }
}

static bool in_use(const clasp_p2p *p, const p2p_peer *peer) {
    return peer->state == CLASP_P2P_CONNECTED || peer->state == CLASP_P2P_DISCONNECTED ||
           peer->state == CLASP_P2P_CONNECTING || p2p_peer_has_links(peer) || p2p_has_tickets(p, peer);
}

static void fire(clasp_p2p *p, p2p_peer *peer, int timer, uint64_t now_us) {
    peer->timers[timer] = P2P_NEVER;
    switch (timer) {
    case PEER_DIAL:
        dial_due(p, peer, now_us);
        break;
    case PEER_COVER:
        cover_due(p, peer, now_us);
        break;
    case PEER_PROBE:
        probe(p, peer, now_us);
        break;
    case PEER_SILENT:
        silence_over(p, peer, now_us);
        break;
    case PEER_RESUME:
        p2p_send_resume(p, peer, now_us);
        break;
    case PEER_STALE:
        if (!in_use(p, peer)) {
            p2p_drop(p, peer);
        }
        break;
    default:
        break;
    }
}

static void tick_peer(clasp_p2p *p, uint32_t slot, uint64_t now_us) {
    const uint32_t handle = p->peers[slot]->handle;
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        tick_link(p, p->peers[slot], i, now_us);
    }
    for (int timer = 0; timer < PEER_TIMER_COUNT; timer++) {
        p2p_peer *peer = p2p_by_handle(p, handle); /* may be dropped by what was due */
        if (peer && peer->timers[timer] <= now_us) {
            fire(p, peer, timer, now_us);
        }
    }
}

void clasp_p2p_tick(clasp_p2p *p, uint64_t now_us) {
    if (!p->started) {
        return;
    }
    p2p_early_expire(&p->early, now_us);
    for (uint32_t i = 0; i < p->slots; i++) {
        if (p->peers[i] && p2p_peer_deadline(p->peers[i]) <= now_us) {
            tick_peer(p, i, now_us);
        }
    }
    p2p_tick_tickets(p, now_us);
    if (p->up && p->announce_us <= now_us) {
        p2p_announce(p, now_us);
    }
}
