/* New links: dialled, or asked for by an offer. */
#include "peer/p2p_core.h"

static const clasp_span NO_BYTES = {NULL, 0};

/* {own}-{peer}-{uuid}; opaque to the other side. */
static bool new_correlation(clasp_p2p *p, const p2p_peer *peer, p2p_link *link) {
    uint8_t text[CLASP_P2P_CORRELATION_MAX];
    char uuid[CLASP_UUID_LEN + 1];
    clasp_writer w = clasp_writer_of(text, sizeof text);
    clasp_random_uuid(&p->random, uuid);
    clasp_write_bytes(&w, p2p_own(p, link->dialect));
    clasp_write_u8(&w, '-');
    clasp_write_bytes(&w, p2p_theirs(peer, link->dialect));
    clasp_write_u8(&w, '-');
    clasp_write_bytes(&w, clasp_span_of(uuid));
    link->has_corr = true;
    return w.err == CLASP_OK && clasp_text_set(&link->corr, clasp_written(&w));
}

/* A peer has two links at most: what does not work makes room, the older one first. */
static void make_room(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    p2p_link *victim = NULL;
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        p2p_link *link = peer->links[i];
        if (!link) {
            return;
        }
        if (link->path != PATH_UP && (!victim || link->number < victim->number)) {
            victim = link;
        }
    }
    const p2p_end end = {.cause = CLASP_OK, .tell = peer->ours, .link_alone = true};
    if (victim) {
        p2p_link_step(p, peer, victim, P2P_ON_END, NULL, &end, now_us);
    }
}

static p2p_link *new_link(clasp_p2p *p, p2p_peer *peer, clasp_p2p_dialect dialect, bool offerer,
                          uint64_t now_us) {
    make_room(p, peer, now_us);
    p2p_link *link = p2p_link_new(peer);
    if (link) {
        link->dialect = dialect;
        link->offerer = offerer;
        link->form = dialect == CLASP_P2P_DIALECT_ROOM ? FORM_OBJECT : FORM_TEXT;
    }
    return link;
}

static uint32_t undecided(const clasp_p2p *p) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->slots; i++) {
        count += p->peers[i] && p->peers[i]->decision == DECISION_ASKED;
    }
    return count;
}

/* ---- dialling ------------------------------------------------------------------------------------------------ */

/* What the mesh would dial is asked for as well: an application that verifies its peers verifies all of them. */
static bool must_ask_first(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    if (!p->decide || peer->decision == DECISION_YES || p2p_has_tickets(p, peer)) {
        return false;
    }
    if (peer->decision == DECISION_NONE && undecided(p) < CLASP_P2P_UNDECIDED) {
        peer->decision = DECISION_ASKED;
        p2p_effect(p, CLASP_EFFECT_P2P_ASK, peer->handle, 1, 0, NO_BYTES);
    }
    peer->timers[PEER_DIAL] = now_us + CLASP_P2P_DECISION_US;
    return true;
}

static bool in_set_up(const p2p_peer *peer) {
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        const p2p_link *link = peer->links[i];
        if (link && link->path == PATH_NEW && link->state != P2P_LINK_ASKED) {
            return true;
        }
    }
    return false;
}

static clasp_p2p_dialect dialect_of(const p2p_peer *peer) {
    if (peer->room) {
        return CLASP_P2P_DIALECT_ROOM;
    }
    return peer->session.len > 0 ? CLASP_P2P_DIALECT_CLASP : CLASP_P2P_DIALECT_NAMED;
}

/* Somebody waits for the application's word, and we want the connection ourselves: the word is yes. */
static bool admit_waiting(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i] && peer->links[i]->state == P2P_LINK_ASKED) {
            return p2p_link_step(p, peer, peer->links[i], P2P_ON_ADMIT, NULL, NULL, now_us);
        }
    }
    return false;
}

clasp_err p2p_dial(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    const clasp_p2p_dialect dialect = dialect_of(peer);
    if (!p->up || p2p_link_up(peer) || in_set_up(peer) || p2p_theirs(peer, dialect).len == 0 ||
        must_ask_first(p, peer, now_us)) {
        return CLASP_OK;
    }
    peer->decision = DECISION_YES;
    peer->dialled = true;
    if (admit_waiting(p, peer, now_us)) {
        return CLASP_OK;
    }
    p2p_link *link = new_link(p, peer, dialect, true, now_us);
    if (!link || !new_correlation(p, peer, link)) {
        p2p_link_free(peer, link);
        peer->timers[PEER_DIAL] = now_us + CLASP_REPEAT_US;
        return CLASP_NO_MEMORY;
    }
    p2p_link_step(p, peer, link, P2P_ON_DIAL, NULL, NULL, now_us);
    return CLASP_OK;
}

/* ---- offers -------------------------------------------------------------------------------------------------- */

/* Each new connection costs the browser much: who asks too often is not heard for a while. */
static bool too_often(p2p_peer *peer, uint64_t now_us) {
    if (now_us - peer->offers_us >= CLASP_P2P_OFFERS_US) {
        peer->offers_us = now_us;
        peer->offers = 0;
    }
    peer->offers++;
    return peer->offers > CLASP_P2P_OFFERS;
}

/* Both offer at once (docs/wire.md, section 15). true: the incoming offer is ignored. */
static bool wins_glare(clasp_p2p *p, p2p_peer *peer, const p2p_signal *signal, uint64_t now_us) {
    p2p_link *own = p2p_link_attempt(peer);
    if (!own || own->round > 0) {
        return false;
    }
    const bool same = own->dialect == signal->dialect;
    const bool wins = same ? p2p_is_higher(p, peer, own->dialect) : own->dialect == CLASP_P2P_DIALECT_CLASP;
    if (wins) {
        p2p_link_step(p, peer, own, P2P_ON_WISH, NULL, NULL, now_us); /* it may not have our offer */
        return true;
    }
    if (signal->ours) { /* it ignores ours: only an answer to its own can lead to a connection */
        const p2p_end end = {.cause = CLASP_OK, .link_alone = true};
        p2p_link_step(p, peer, own, P2P_ON_END, NULL, &end, now_us);
    }
    return false;
}

static void ask(clasp_p2p *p, p2p_peer *peer) {
    if (peer->decision == DECISION_NONE) {
        peer->decision = DECISION_ASKED;
        p2p_effect(p, CLASP_EFFECT_P2P_ASK, peer->handle, 0, 0, NO_BYTES);
    }
}

static void refuse(clasp_p2p *p, const p2p_peer *peer, const p2p_signal *signal, const char *why) {
    p2p_reply_over(p, peer, signal, P2P_OVER_REJECTED, clasp_span_of(why));
}

/* An offer that waits for the decision is replaced by a later one. */
static void withdraw_waiting(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    const p2p_end end = {.cause = CLASP_OK, .link_alone = true};
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i] && peer->links[i]->state == P2P_LINK_ASKED) {
            p2p_link_step(p, peer, peer->links[i], P2P_ON_END, NULL, &end, now_us);
        }
    }
}

static clasp_err take_offer(clasp_p2p *p, p2p_peer *peer, const p2p_signal *signal, uint64_t now_us) {
    p2p_link *link = new_link(p, peer, signal->dialect, false, now_us);
    if (!link || !clasp_text_set(&link->corr, signal->corr) || !clasp_text_set(&link->remote, signal->sdp)) {
        p2p_link_free(peer, link);
        return CLASP_NO_MEMORY;
    }
    link->has_corr = signal->has_corr;
    link->form = signal->form;
    link->offer_sum = (uint32_t)p2p_memory_key(p->hash_seed, &signal->sdp, 1);
    p2p_link_step(p, peer, link, P2P_ON_OFFER, signal, NULL, now_us);
    const bool decided = peer->decision == DECISION_YES || !p->decide || p2p_has_tickets(p, peer);
    if (decided) {
        p2p_link_step(p, peer, link, P2P_ON_ADMIT, NULL, NULL, now_us);
    } else {
        ask(p, peer);
    }
    return CLASP_OK;
}

clasp_err p2p_incoming(clasp_p2p *p, p2p_peer *peer, const p2p_signal *signal, uint64_t now_us) {
    if (too_often(peer, now_us) || wins_glare(p, peer, signal, now_us)) {
        return CLASP_OK;
    }
    withdraw_waiting(p, peer, now_us);
    const bool open = p2p_peer_has_links(peer) || p2p_has_tickets(p, peer);
    const bool waits = p->decide && peer->decision == DECISION_NONE && undecided(p) >= CLASP_P2P_UNDECIDED;
    if (waits || (!open && p2p_connections(p) >= p->max_peers)) {
        refuse(p, peer, signal, "too many peers");
        return CLASP_LIMIT;
    }
    return take_offer(p, peer, signal, now_us);
}
