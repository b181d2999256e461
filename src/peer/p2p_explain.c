/* Why a peer is not connected, or slow: rules over counted facts, the first that holds is the verdict. */
#include "peer/p2p_core.h"

typedef bool rule(const clasp_p2p *p, const p2p_peer *peer);

static uint32_t found(const uint32_t kinds[KIND_COUNT]) {
    return kinds[KIND_OTHER] + kinds[KIND_HOST] + kinds[KIND_SRFLX] + kinds[KIND_RELAY];
}

static bool only(const uint32_t kinds[KIND_COUNT], p2p_candidate_kind kind) {
    return kinds[kind] > 0 && kinds[kind] == found(kinds);
}

static bool is_connected(const p2p_peer *peer) { return peer->state == CLASP_P2P_CONNECTED; }

static bool by_relay(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return is_connected(peer) &&
           (only(peer->facts.local, KIND_RELAY) || only(peer->facts.remote, KIND_RELAY));
}

static bool connected(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return is_connected(peer);
}

static bool covered(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->covered;
}

static bool signalling_down(const clasp_p2p *p, const p2p_peer *peer) {
    (void)peer;
    return !p->up;
}

static bool rejected_by_peer(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->state == CLASP_P2P_FAILED && peer->facts.cause == CLASP_REJECTED;
}

static bool rejected_here(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->facts.rejected_here && peer->state != CLASP_P2P_CONNECTING;
}

static bool gone(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->lost || peer->facts.cause == CLASP_PEER_GONE;
}

static bool closed(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->state == CLASP_P2P_CLOSED;
}

static bool undecided(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->decision == DECISION_ASKED;
}

static bool browser_refused(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->facts.cause == CLASP_NEGOTIATION;
}

/* An offer is out: it was said several times, or for as long as an attempt may take. */
static bool silent(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    const p2p_link *attempt = p2p_link_attempt(peer);
    const bool long_enough = peer->facts.cause == CLASP_TIMEOUT || (attempt && attempt->retries >= 3);
    return peer->facts.offers > 0 && peer->facts.answers == 0 && long_enough;
}

static bool no_candidates(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->facts.gathered && found(peer->facts.local) == 0;
}

static bool dtls_failed(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->facts.dtls_failed;
}

static bool ended_without_ice(const p2p_peer *peer) {
    return peer->facts.ice_failed || (peer->facts.cause == CLASP_TIMEOUT && !peer->facts.ice_worked);
}

static bool unopened(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->facts.ice_worked && !peer->facts.ice_failed && !peer->facts.opened;
}

static bool udp_blocked(const clasp_p2p *p, const p2p_peer *peer) {
    const uint32_t outside = peer->facts.local[KIND_SRFLX] + peer->facts.local[KIND_RELAY];
    return ended_without_ice(peer) && (p->stun || p->turn) && peer->facts.gathered && outside == 0;
}

static bool no_relay(const clasp_p2p *p, const p2p_peer *peer) {
    return ended_without_ice(peer) && peer->facts.local[KIND_SRFLX] > 0 &&
           peer->facts.local[KIND_RELAY] == 0 && peer->facts.remote[KIND_RELAY] == 0 && !p->turn;
}

static bool only_host(const clasp_p2p *p, const p2p_peer *peer) {
    return ended_without_ice(peer) && only(peer->facts.local, KIND_HOST) && !p->stun && !p->turn;
}

static bool ice_failed(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->facts.ice_failed;
}

static bool timed_out(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer->facts.cause == CLASP_TIMEOUT;
}

static bool connecting(const clasp_p2p *p, const p2p_peer *peer) {
    return p2p_peer_has_links(peer) || p2p_has_tickets(p, peer);
}

static bool always(const clasp_p2p *p, const p2p_peer *peer) {
    (void)p;
    return peer != NULL;
}

#define RULE(verdict, holds) \
    { CLASP_P2P_VERDICT_##verdict, holds }

static const struct {
    clasp_p2p_verdict verdict;
    rule *holds;
} RULES[] = {
    RULE(CONNECTED_RELAY, by_relay),
    RULE(CONNECTED, connected),
    RULE(COVERED, covered),
    RULE(SIGNALLING_DOWN, signalling_down),
    RULE(REJECTED_BY_PEER, rejected_by_peer),
    RULE(REJECTED_HERE, rejected_here),
    RULE(PEER_GONE, gone),
    RULE(CLOSED, closed),
    RULE(UNDECIDED, undecided),
    RULE(BROWSER_REFUSED, browser_refused),
    RULE(NO_CANDIDATES, no_candidates),
    RULE(SIGNALLING_SILENT, silent),
    RULE(DTLS_FAILED, dtls_failed),
    RULE(CHANNEL_UNOPENED, unopened),
    RULE(UDP_BLOCKED, udp_blocked),
    RULE(NO_RELAY, no_relay),
    RULE(ONLY_HOST, only_host),
    RULE(ICE_FAILED, ice_failed),
    RULE(TIMED_OUT, timed_out),
    RULE(CONNECTING, connecting),
    RULE(IDLE, always),
};

clasp_p2p_verdict clasp_p2p_explain(const clasp_p2p *p, clasp_span id) {
    const p2p_peer *found_peer = p2p_by_id(p, id);
    const p2p_peer *peer = found_peer ? found_peer : p2p_by_session(p, id, true);
    if (!peer) {
        return p->up ? CLASP_P2P_VERDICT_NEVER_ANNOUNCED : CLASP_P2P_VERDICT_SIGNALLING_DOWN;
    }
    size_t at = 0;
    while (!RULES[at].holds(p, peer)) {
        at++;
    }
    return RULES[at].verdict;
}
