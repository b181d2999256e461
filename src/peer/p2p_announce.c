/* Presence: who is there, as announcements, offers and the host tell. */
#include "peer/p2p_core.h"

/* ---- who is meant -------------------------------------------------------------------------------------------- */

static p2p_peer *by_epoch(const clasp_p2p *p, const p2p_announcement *who) {
    for (uint32_t i = 0; who->epoch.len > 0 && i < p->slots; i++) {
        p2p_peer *peer = p->peers[i];
        if (peer && !peer->room && clasp_span_equal(clasp_text_span(&peer->epoch), who->epoch) &&
            clasp_span_equal(clasp_text_span(&peer->id), who->client_id)) {
            return peer;
        }
    }
    return NULL;
}

static uint64_t late_key(const clasp_p2p *p, clasp_span id, clasp_span epoch) {
    const clasp_span texts[] = {id, epoch};
    return p2p_memory_key(p->hash_seed, texts, 2);
}

void p2p_note_late(clasp_p2p *p, clasp_span id, clasp_span epoch, uint64_t now_us) {
    p2p_memory_add(&p->late, late_key(p, id, epoch), 0, now_us + CLASP_P2P_LATE_US);
}

/* It speaks of a page or a session that another one has taken the place of. */
static bool is_late(const clasp_p2p *p, const p2p_announcement *who, uint64_t now_us) {
    return p2p_memory_has(&p->late, late_key(p, who->session, (clasp_span){NULL, 0}), now_us, NULL) ||
           (who->epoch.len > 0 &&
            p2p_memory_has(&p->late, late_key(p, who->client_id, who->epoch), now_us, NULL));
}

/* Another page under the same client id: the old one was reloaded, so it says. A path that works is not cut for a claim. */
static void supersede(clasp_p2p *p, const p2p_announcement *who, uint64_t now_us) {
    const p2p_end end = {.cause = CLASP_PEER_GONE};
    for (uint32_t i = 0; who->client_id.len > 0 && who->epoch.len > 0 && i < p->slots; i++) {
        p2p_peer *old = p->peers[i];
        if (!old || old->room || old->superseded || old->epoch.len == 0 ||
            !clasp_span_equal(clasp_text_span(&old->id), who->client_id) ||
            clasp_span_equal(clasp_text_span(&old->epoch), who->epoch)) {
            continue;
        }
        old->superseded = true;
        p2p_note_late(p, who->client_id, clasp_text_span(&old->epoch), now_us);
        old->announced = false;
        p2p_release_tickets(p, old);
        if (!p2p_link_up(old)) {
            p2p_peer_end(p, old, &end, now_us);
            old->timers[PEER_STALE] = now_us;
        }
    }
}

/* The same page under another session. What was never proven may be taken at its word: nothing works that could be lost. */
static p2p_peer *moved(clasp_p2p *p, p2p_peer *peer, const p2p_announcement *who, uint64_t now_us) {
    if (!peer->has_token && !p2p_link_up(peer)) {
        p2p_take_session(p, peer, who->session, now_us);
        p2p_name(p, peer);
    } else if (clasp_text_set(&peer->next_session, who->session)) {
        p2p_send_resume(p, peer, now_us);
    }
    return peer;
}

static clasp_err learn(clasp_p2p *p, p2p_peer *peer, const p2p_announcement *who) {
    const bool named =
        who->client_id.len > 0 && !clasp_span_equal(clasp_text_span(&peer->id), who->client_id);
    const bool news = named || (who->ours && !peer->ours);
    if ((named && !clasp_text_set(&peer->id, who->client_id)) ||
        (peer->epoch.len == 0 && !clasp_text_set(&peer->epoch, who->epoch))) {
        return CLASP_NO_MEMORY;
    }
    peer->ours = peer->ours || who->ours;
    if (news) {
        p2p_name(p, peer);
    }
    return CLASP_OK;
}

p2p_peer *p2p_meet(clasp_p2p *p, const p2p_announcement *who, clasp_err *err, uint64_t now_us) {
    const bool own = clasp_span_equal(who->session, clasp_text_span(&p->session)) ||
                     (who->epoch.len > 0 && clasp_span_equal(who->epoch, clasp_text_span(&p->epoch)));
    *err = CLASP_OK;
    if (own) {
        return NULL;
    }
    p2p_peer *peer = p2p_by_session(p, who->session, false);
    if (!peer && is_late(p, who, now_us)) {
        return NULL;
    }
    if (!peer) {
        peer = by_epoch(p, who);
        if (peer) {
            return moved(p, peer, who, now_us);
        }
        supersede(p, who, now_us);
        peer = p2p_make(p, who->client_id, who->session, false, err);
        if (!peer) {
            return NULL;
        }
        peer->timers[PEER_STALE] = now_us + CLASP_P2P_STALE_US;
        peer->ours = who->ours;
        p2p_name(p, peer);
    }
    *err = learn(p, peer, who);
    peer->heard_us = now_us;
    peer->heard = true;
    peer->lost = false;
    p2p_claim_tickets(p, peer);
    return peer;
}

/* ---- announcements ------------------------------------------------------------------------------------------- */

static void announce_by(clasp_p2p *p, uint64_t due_us) {
    p->announce_us = due_us < p->announce_us ? due_us : p->announce_us;
}

/* Events are not stored: whoever is new has not heard of us. */
void p2p_announce_again(clasp_p2p *p, uint64_t now_us) {
    const uint64_t soonest = p->announced_us + CLASP_P2P_ANNOUNCE_MIN_US;
    announce_by(p, soonest > now_us ? soonest : now_us);
}

void p2p_seek(clasp_p2p *p, uint64_t now_us) { announce_by(p, now_us + CLASP_P2P_ANNOUNCE_MIN_US); }

static bool is_sought(const clasp_p2p *p, const p2p_announcement *who) {
    return who->seeks.len > 0 && (clasp_span_equal(who->seeks, clasp_text_span(&p->client_id)) ||
                                  clasp_span_equal(who->seeks, clasp_text_span(&p->session)));
}

static void announced_peer(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    if (!peer->announced) {
        peer->announced = true;
        peer->guessed = false;
        p2p_name(p, peer);
        p2p_announce_again(p, now_us);
    }
    if (peer->timers[PEER_STALE] != P2P_NEVER) {
        peer->timers[PEER_STALE] = peer->ours ? now_us + CLASP_P2P_STALE_US : P2P_NEVER;
    }
    p2p_consider(p, peer, now_us);
}

clasp_err p2p_announced(clasp_p2p *p, clasp_span value, uint64_t now_us) {
    p2p_announcement who;
    clasp_err err = p2p_announcement_read(value, &who);
    p2p_peer *peer = err == CLASP_OK ? p2p_meet(p, &who, &err, now_us) : NULL;
    if (peer && clasp_span_equal(clasp_text_span(&peer->session), who.session)) {
        announced_peer(p, peer, now_us);
    }
    if (peer && is_sought(p, &who)) {
        p2p_announce_again(p, now_us);
    }
    return err;
}

void p2p_consider(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    p2p_claim_tickets(p, peer);
    const bool idle =
        peer->state == CLASP_P2P_KNOWN || peer->state == CLASP_P2P_FAILED || peer->state == CLASP_P2P_CLOSED;
    if (peer->state == CLASP_P2P_CONNECTED || (peer->state == CLASP_P2P_DISCONNECTED && peer->covered)) {
        p2p_settle(p, peer, CLASP_OK, (clasp_span){NULL, 0});
    }
    if (p2p_has_tickets(p, peer)) {
        p2p_dial(p, peer, now_us);
        return;
    }
    const bool mesh = p->mesh && peer->announced && !peer->shunned && !peer->superseded;
    const bool room = peer->room && p2p_is_higher(p, peer, CLASP_P2P_DIALECT_ROOM);
    if (!idle || !(mesh || room) || p2p_connections(p) >= p->max_peers) {
        return;
    }
    if (room || !peer->ours || p2p_is_higher(p, peer, CLASP_P2P_DIALECT_CLASP)) {
        p2p_dial(p, peer, now_us);
    } else if (peer->timers[PEER_DIAL] == P2P_NEVER) {
        peer->timers[PEER_DIAL] = now_us + CLASP_P2P_GRACE_US;
    }
}

/* ---- told by the host ---------------------------------------------------------------------------------------- */

static clasp_err know_apart(clasp_p2p *p, bool room, clasp_span id, clasp_span session, uint64_t now_us) {
    clasp_err err = CLASP_OK;
    p2p_peer *peer = room ? p2p_by_session(p, session, true) : p2p_by_id(p, id);
    if (!peer) {
        peer = p2p_make(p, id, session, room, &err);
    }
    if (peer) {
        peer->announced = true;
        peer->heard_us = now_us;
        p2p_name(p, peer);
        p2p_consider(p, peer, now_us);
    }
    return err;
}

clasp_err clasp_p2p_know(clasp_p2p *p, clasp_p2p_dialect dialect, clasp_span id, clasp_span session,
                         uint64_t now_us) {
    const bool room = dialect == CLASP_P2P_DIALECT_ROOM;
    const bool named = dialect == CLASP_P2P_DIALECT_NAMED;
    if (!p->started) {
        return CLASP_BAD_STATE;
    }
    if ((named || id.len > 0 ? !p2p_id_check(id) : false) || (!named && !p2p_id_check(session)) ||
        (room && p->room.len == 0)) {
        return CLASP_BAD_FIELD;
    }
    if (clasp_span_equal(session, clasp_text_span(&p->session)) && session.len > 0) {
        return CLASP_OK;
    }
    if (room || named) {
        return know_apart(p, room, id, named ? (clasp_span){NULL, 0} : session, now_us);
    }
    clasp_err err = CLASP_OK;
    const p2p_announcement who = {.session = session, .client_id = id, .ours = id.len > 0};
    p2p_peer *peer = p2p_meet(p, &who, &err, now_us);
    if (peer) {
        announced_peer(p, peer, now_us);
    }
    return err;
}

clasp_err clasp_p2p_left(clasp_p2p *p, clasp_span session, uint64_t now_us) {
    p2p_peer *peer = p2p_by_session(p, session, true);
    if (!peer) {
        return p->started ? CLASP_OK : CLASP_BAD_STATE;
    }
    const p2p_end end = {.cause = CLASP_PEER_GONE};
    p2p_peer_end(p, peer, &end, now_us);
    p2p_drop(p, peer);
    return CLASP_OK;
}
