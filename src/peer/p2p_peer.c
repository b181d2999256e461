#include "peer/p2p_peer.h"

p2p_peer *p2p_peer_new(clasp_span id, clasp_span session) {
    p2p_peer *peer = calloc(1, sizeof *peer);
    if (!peer) {
        return NULL;
    }
    for (int timer = 0; timer < PEER_TIMER_COUNT; timer++) {
        peer->timers[timer] = P2P_NEVER;
    }
    if (!clasp_text_set(&peer->id, id) || !clasp_text_set(&peer->session, session)) {
        p2p_peer_free(peer);
        return NULL;
    }
    return peer;
}

void p2p_peer_free(p2p_peer *peer) {
    if (!peer) {
        return;
    }
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        p2p_link_free(peer, peer->links[i]);
    }
    clasp_text_clear(&peer->id);
    clasp_text_clear(&peer->session);
    clasp_text_clear(&peer->epoch);
    clasp_text_clear(&peer->next_session);
    free(peer);
}

clasp_span p2p_peer_id(const p2p_peer *peer) {
    return clasp_text_span(peer->id.len > 0 ? &peer->id : &peer->session);
}

p2p_link *p2p_link_new(p2p_peer *peer) {
    uint32_t place = 0;
    while (place < CLASP_P2P_LINKS && peer->links[place]) {
        place++;
    }
    p2p_link *link = place < CLASP_P2P_LINKS ? calloc(1, sizeof *link) : NULL;
    if (link) {
        link->number = ++peer->last_link;
        for (int timer = 0; timer < LINK_TIMER_COUNT; timer++) {
            link->timers[timer] = P2P_NEVER;
        }
        peer->links[place] = link;
    }
    return link;
}

void p2p_link_free(p2p_peer *peer, p2p_link *link) {
    if (!link) {
        return;
    }
    p2p_link_next_round(link, 0);
    clasp_text_clear(&link->corr);
    clasp_text_clear(&link->remote);
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        peer->links[i] = peer->links[i] == link ? NULL : peer->links[i];
    }
    free(link);
}

void p2p_link_next_round(p2p_link *link, uint32_t round) {
    link->round = round;
    clasp_text_clear(&link->sdp);
    for (uint32_t i = 0; i < link->found_count; i++) {
        clasp_text_clear(&link->found[i]);
    }
    link->found_count = 0;
}

bool p2p_link_found(p2p_link *link, clasp_span json) {
    if (link->found_count == CLASP_CANDIDATES || !clasp_text_set(&link->found[link->found_count], json)) {
        return false;
    }
    link->found_count++;
    return true;
}

p2p_link *p2p_link_by_number(const p2p_peer *peer, uint32_t number) {
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i] && peer->links[i]->number == number) {
            return peer->links[i];
        }
    }
    return NULL;
}

p2p_link *p2p_link_up(const p2p_peer *peer) {
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i] && peer->links[i]->path == PATH_UP) {
            return peer->links[i];
        }
    }
    return NULL;
}

p2p_link *p2p_link_attempt(const p2p_peer *peer) {
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        p2p_link *link = peer->links[i];
        if (link && link->offerer && link->path == PATH_NEW) {
            return link;
        }
    }
    return NULL;
}

bool p2p_peer_has_links(const p2p_peer *peer) {
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i]) {
            return true;
        }
    }
    return false;
}

static uint64_t earliest(const uint64_t *timers, int count, uint64_t first) {
    for (int i = 0; i < count; i++) {
        first = timers[i] < first ? timers[i] : first;
    }
    return first;
}

uint64_t p2p_peer_deadline(const p2p_peer *peer) {
    uint64_t first = earliest(peer->timers, PEER_TIMER_COUNT, P2P_NEVER);
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i]) {
            first = earliest(peer->links[i]->timers, LINK_TIMER_COUNT, first);
        }
    }
    return first;
}
