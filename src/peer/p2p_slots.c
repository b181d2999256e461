/* Who is who: peers by handle, session, name. */
#include "peer/p2p_core.h"

#define HANDLE_SLOTS 0x1FFu /* low bits of a handle: the slot and one; above them the generation */
#define GENERATIONS 0x3FFFFFu

p2p_peer *p2p_by_handle(const clasp_p2p *p, uint32_t handle) {
    const uint32_t slot = (handle & HANDLE_SLOTS) - 1; /* of 0: no slot */
    p2p_peer *peer = slot < p->slots ? p->peers[slot] : NULL;
    return peer && peer->handle == handle ? peer : NULL;
}

p2p_peer *p2p_by_session(const clasp_p2p *p, clasp_span session, bool room) {
    for (uint32_t i = 0; session.len > 0 && i < p->slots; i++) {
        p2p_peer *peer = p->peers[i];
        if (peer && peer->room == room && clasp_span_equal(clasp_text_span(&peer->session), session)) {
            return peer;
        }
    }
    return NULL;
}

/* Of several peers under one id: connected before known, and what was announced last before what was before. */
static bool stands_better(const p2p_peer *a, const p2p_peer *b) {
    static const uint8_t RANK[CLASP_P2P_STATE_COUNT] = {[CLASP_P2P_CONNECTED] = 3,
                                                        [CLASP_P2P_DISCONNECTED] = 2,
                                                        [CLASP_P2P_CONNECTING] = 2,
                                                        [CLASP_P2P_KNOWN] = 1};
    const int rank_a = a->superseded ? 0 : RANK[a->state];
    const int rank_b = b->superseded ? 0 : RANK[b->state];
    return rank_a != rank_b ? rank_a > rank_b : a->heard_us > b->heard_us;
}

p2p_peer *p2p_by_id(const clasp_p2p *p, clasp_span id) {
    p2p_peer *best = NULL;
    for (uint32_t i = 0; id.len > 0 && i < p->slots; i++) {
        p2p_peer *peer = p->peers[i];
        const bool named = peer && !peer->room && clasp_span_equal(clasp_text_span(&peer->id), id);
        if (named && (!best || stands_better(peer, best))) {
            best = peer;
        }
    }
    return best ? best : p2p_by_session(p, id, false);
}

static bool idle(const clasp_p2p *p, const p2p_peer *peer) {
    const bool open = peer->state == CLASP_P2P_CONNECTING || peer->state == CLASP_P2P_CONNECTED ||
                      peer->state == CLASP_P2P_DISCONNECTED;
    return !open && !p2p_peer_has_links(peer) && !p2p_has_tickets(p, peer);
}

/* A free slot, or that of the idle peer that was not heard for longest; CLASP_P2P_PEERS: none. */
static uint32_t free_slot(clasp_p2p *p) {
    uint32_t oldest = CLASP_P2P_PEERS;
    for (uint32_t i = 0; i < p->slots; i++) {
        if (!p->peers[i]) {
            return i;
        }
        if (idle(p, p->peers[i]) &&
            (oldest == CLASP_P2P_PEERS || p->peers[i]->heard_us < p->peers[oldest]->heard_us)) {
            oldest = i;
        }
    }
    if (p->slots < CLASP_P2P_PEERS) {
        return p->slots++;
    }
    if (oldest < CLASP_P2P_PEERS) {
        p2p_drop(p, p->peers[oldest]);
    }
    return oldest;
}

p2p_peer *p2p_make(clasp_p2p *p, clasp_span id, clasp_span session, bool room, clasp_err *err) {
    p2p_peer *peer = p2p_peer_new(id, session);
    if (!peer) {
        *err = CLASP_NO_MEMORY;
        return NULL;
    }
    const uint32_t slot = free_slot(p);
    if (slot == CLASP_P2P_PEERS) {
        p2p_peer_free(peer);
        *err = CLASP_LIMIT;
        return NULL;
    }
    p->generation = (p->generation + 1) & GENERATIONS;
    peer->handle = p->generation << 9 | (slot + 1);
    peer->room = room;
    p->peers[slot] = peer;
    return peer;
}

void p2p_name(clasp_p2p *p, const p2p_peer *peer) {
    const uint32_t flags = (peer->ours ? CLASP_P2P_PEER_OURS : 0) |
                           (peer->announced ? CLASP_P2P_PEER_ANNOUNCED : 0) |
                           (peer->room ? CLASP_P2P_PEER_ROOM : 0);
    clasp_effect *effect = clasp_outbox_add2(p->out, CLASP_EFFECT_P2P_PEER, p->handle, peer->handle, flags,
                                             p2p_peer_id(peer), clasp_text_span(&peer->session));
    if (effect) {
        effect->number = p2p_peer_id(peer).len;
    }
}

void p2p_drop(clasp_p2p *p, p2p_peer *peer) {
    p2p_effect(p, CLASP_EFFECT_P2P_PEER, peer->handle, 0, 0, (clasp_span){NULL, 0});
    p2p_release_tickets(p, peer);
    p->peers[(peer->handle & HANDLE_SLOTS) - 1] = NULL;
    p2p_peer_free(peer);
}

uint32_t p2p_connections(const clasp_p2p *p) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->slots; i++) {
        count += p->peers[i] && p2p_peer_has_links(p->peers[i]);
    }
    return count;
}

clasp_span p2p_own(const clasp_p2p *p, clasp_p2p_dialect dialect) {
    const bool by_name = dialect == CLASP_P2P_DIALECT_NAMED && p->client_id.len > 0;
    return clasp_text_span(by_name ? &p->client_id : &p->session);
}

clasp_span p2p_theirs(const p2p_peer *peer, clasp_p2p_dialect dialect) {
    return dialect == CLASP_P2P_DIALECT_NAMED ? p2p_peer_id(peer) : clasp_text_span(&peer->session);
}

bool p2p_is_higher(const clasp_p2p *p, const p2p_peer *peer, clasp_p2p_dialect dialect) {
    const clasp_span own = p2p_own(p, dialect);
    const clasp_span theirs = p2p_theirs(peer, dialect);
    const uint32_t common = own.len < theirs.len ? own.len : theirs.len;
    const int order = common > 0 ? memcmp(own.at, theirs.at, common) : 0;
    return order != 0 ? order > 0 : own.len > theirs.len;
}
