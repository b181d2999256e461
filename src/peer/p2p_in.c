/* Signals: what other peers say. */
#include "peer/p2p_core.h"

static const clasp_span NO_BYTES = {NULL, 0};

/* ---- which link ---------------------------------------------------------------------------------------------- */

/* Without a correlation id the newest link of the dialect is meant; an answer means the one that waits for it. */
static p2p_link *find_link(const p2p_peer *peer, const p2p_signal *signal) {
    p2p_link *found = NULL;
    for (uint32_t i = 0; peer && i < CLASP_P2P_LINKS; i++) {
        p2p_link *link = peer->links[i];
        if (!link || link->dialect != signal->dialect) {
            continue;
        }
        const bool fits = signal->has_corr ? clasp_span_equal(clasp_text_span(&link->corr), signal->corr)
                          : signal->type == P2P_TYPE_ANSWER ? link->state == P2P_LINK_OFFERED
                                                            : true;
        found = fits && (!found || link->number > found->number) ? link : found;
    }
    return found;
}

/* ---- offers -------------------------------------------------------------------------------------------------- */

static clasp_err offer_to_link(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal,
                               uint64_t now_us) {
    if (signal->round == link->round) {
        p2p_link_step(p, peer, link, P2P_ON_AGAIN, signal, NULL, now_us);
    } else if (signal->round > link->round) {
        p2p_link_step(p, peer, link, P2P_ON_ROUND, signal, NULL, now_us);
        p2p_word(p, peer, now_us);
    }
    return CLASP_OK;
}

static clasp_err offered(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal,
                         uint64_t now_us) {
    const uint32_t sum = (uint32_t)p2p_memory_key(p->hash_seed, &signal->sdp, 1);
    const bool same = link && (signal->has_corr || link->offer_sum == sum);
    uint32_t note = P2P_OVER_LINK;
    if (same) {
        return link->offerer ? CLASP_OK : offer_to_link(p, peer, link, signal, now_us);
    }
    const bool over =
        signal->has_corr &&
        p2p_memory_has(&p->over, p2p_over_key(p, peer, signal->dialect, signal->corr), now_us, &note);
    if (over || signal->round > 0) { /* what it speaks of is not there any more */
        if (signal->ours) {
            p2p_reply_over(p, peer, signal, note, NO_BYTES);
        }
        return CLASP_OK;
    }
    return p2p_incoming(p, peer, signal, now_us);
}

/* ---- answers and the rest ------------------------------------------------------------------------------------ */

static void answered(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal,
                     uint64_t now_us) {
    if (!link || !link->offerer) {
        if (signal->ours && !signal->rejected && signal->has_corr && !link) {
            p2p_reply_over(p, peer, signal, P2P_OVER_LINK, NO_BYTES);
        }
        return;
    }
    peer->ours = peer->ours || signal->ours;
    if (signal->rejected) {
        const p2p_end end = {.cause = CLASP_REJECTED, .words = signal->reason};
        p2p_link_end(p, peer, link, &end, now_us);
    } else if (signal->round == link->round) {
        p2p_link_step(p, peer, link, P2P_ON_ANSWER, signal, NULL, now_us);
    }
}

static void wished(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal, uint64_t now_us) {
    if (!link) {
        p2p_reply_over(p, peer, signal, P2P_OVER_LINK, NO_BYTES);
    } else if (link->offerer && (signal->round == link->round || link->state == P2P_LINK_OFFERED)) {
        p2p_restart(p, peer, link, P2P_ON_WISH, now_us);
        p2p_word(p, peer, now_us);
    }
}

/* A goodbye by the router comes after its connection has broken here: it is meant, unless the peer has said something of
 * another one by now. */
static bool was_last(const clasp_p2p *p, const p2p_peer *peer, const p2p_signal *signal, uint64_t now_us) {
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        const p2p_link *link = peer->links[i];
        if (link && link->state != P2P_LINK_OFFERING && link->state != P2P_LINK_OFFERED) {
            return false;
        }
    }
    return signal->has_corr &&
           p2p_memory_has(&p->over, p2p_over_key(p, peer, signal->dialect, signal->corr), now_us, NULL);
}

/* The end of a link, for the reason that the peer gives. */
static p2p_end end_of_link(p2p_peer *peer, const p2p_signal *signal) {
    const bool dtls = clasp_span_equal(signal->reason, clasp_span_of(P2P_DTLS_FAILED));
    const bool ice = clasp_span_equal(signal->reason, clasp_span_of(P2P_ICE_FAILED));
    if (!dtls && !ice) {
        return (p2p_end){.cause = CLASP_NOT_CONNECTED, .words = signal->reason};
    }
    *(dtls ? &peer->facts.dtls_failed : &peer->facts.ice_failed) = true;
    return (p2p_end){.cause = CLASP_ICE_FAILED};
}

/* Of ours: the link that it names, or the peer. Of others: always the peer, and before the answer it is a refusal. */
static void disconnected(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal,
                         uint64_t now_us) {
    const bool refused = !peer->ours && peer->state == CLASP_P2P_CONNECTING && link && link->offerer;
    const p2p_end end = {.cause = refused ? CLASP_REJECTED : CLASP_OK, .words = signal->reason};
    const bool last = was_last(p, peer, signal, now_us);
    if (signal->has_corr) {
        p2p_memory_add(&p->over, p2p_over_key(p, peer, signal->dialect, signal->corr), P2P_OVER_LINK,
                       now_us + CLASP_P2P_OVER_US);
    }
    if (signal->link_alone) {
        if (link) {
            const p2p_end alone = end_of_link(peer, signal);
            p2p_link_end(p, peer, link, &alone, now_us);
        }
        return;
    }
    const bool blind =
        !signal->has_corr && p2p_link_up(peer); /* it does not know what it would end: a claim */
    if (peer->ours && (blind || (signal->has_corr && !link && !last))) {
        return; /* or a late one, of a connection that is over */
    }
    peer->shunned = true;
    p2p_peer_end(p, peer, &end, now_us);
}

static clasp_err candidate(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal,
                           uint64_t now_us) {
    const bool over =
        !link && signal->has_corr && peer &&
        p2p_memory_has(&p->over, p2p_over_key(p, peer, signal->dialect, signal->corr), now_us, NULL);
    return over ? CLASP_OK : p2p_candidate_came(p, peer, link, signal, now_us);
}

static clasp_err dispatch(clasp_p2p *p, p2p_peer *peer, const p2p_signal *signal, uint64_t now_us) {
    p2p_link *link = find_link(peer, signal);
    switch (signal->type) {
    case P2P_TYPE_OFFER:
        return offered(p, peer, link, signal, now_us);
    case P2P_TYPE_ANSWER:
        answered(p, peer, link, signal, now_us);
        return CLASP_OK;
    case P2P_TYPE_CANDIDATE:
        return candidate(p, peer, link, signal, now_us);
    case P2P_TYPE_DISCONNECTED:
        disconnected(p, peer, link, signal, now_us);
        return CLASP_OK;
    case P2P_TYPE_RESTART:
        wished(p, peer, link, signal, now_us);
        return CLASP_OK;
    case P2P_TYPE_DATA:
        if (peer->ours && peer->accepted) {
            p2p_word(p, peer, now_us);
            p2p_effect(p, CLASP_EFFECT_P2P_RECORD, peer->handle, 0, 0, signal->record);
        }
        return CLASP_OK;
    case P2P_TYPE_RESUME:    /* done, when the proof was looked at */
    case P2P_TYPE_CONNECTED: /* this side counts as connected when its own channel is open */
    case P2P_TYPE_UNKNOWN:
        return CLASP_OK;
    }
    return CLASP_OK;
}

/* ---- who says it --------------------------------------------------------------------------------------------- */

static p2p_peer *stranger(clasp_p2p *p, const p2p_signal *signal, clasp_err *err, uint64_t now_us) {
    if (signal->dialect == CLASP_P2P_DIALECT_CLASP) {
        const p2p_announcement who = {.session = signal->from,
                                      .client_id = signal->client_id,
                                      .epoch = signal->epoch,
                                      .ours = signal->ours};
        p2p_peer *peer = p2p_meet(p, &who, err, now_us);
        const bool proven = peer && clasp_span_equal(clasp_text_span(&peer->session), signal->from);
        return proven ? peer : NULL;
    }
    const bool room = signal->dialect == CLASP_P2P_DIALECT_ROOM;
    p2p_peer *peer = p2p_make(p, room ? NO_BYTES : signal->from, room ? signal->from : NO_BYTES, room, err);
    if (peer) {
        peer->timers[PEER_STALE] = now_us + CLASP_P2P_STALE_US;
        p2p_name(p, peer);
    }
    return peer;
}

/* The peer behind a signal. Only an offer makes one that was not known. */
static p2p_peer *sender(clasp_p2p *p, const p2p_signal *signal, clasp_err *err, uint64_t now_us) {
    p2p_peer *peer = signal->dialect == CLASP_P2P_DIALECT_NAMED
                         ? p2p_by_id(p, signal->from)
                         : p2p_by_session(p, signal->from, signal->dialect == CLASP_P2P_DIALECT_ROOM);
    p2p_peer *prover = signal->dialect == CLASP_P2P_DIALECT_CLASP ? p2p_prover(p, signal) : NULL;
    if (prover && prover != peer) {
        p2p_take_session(p, prover, signal->from, now_us);
        prover->announced = true;
        p2p_name(p, prover);
        peer = prover;
    }
    if (prover && signal->type == P2P_TYPE_RESUME) {
        p2p_resumed(p, prover, signal, now_us);
    }
    return peer || signal->type != P2P_TYPE_OFFER ? peer : stranger(p, signal, err, now_us);
}

static clasp_err hear(clasp_p2p *p, const p2p_signal *signal, uint64_t now_us) {
    clasp_err err = CLASP_OK;
    if (clasp_span_equal(signal->from, p2p_own(p, signal->dialect))) {
        return CLASP_OK;
    }
    p2p_peer *peer = sender(p, signal, &err, now_us);
    if (!peer) {
        const bool early = err == CLASP_OK && signal->type == P2P_TYPE_CANDIDATE;
        return early ? candidate(p, NULL, NULL, signal, now_us) : err;
    }
    peer->heard = true;
    peer->heard_us = now_us;
    peer->lost = false;
    if (signal->type == P2P_TYPE_OFFER && signal->ours && !peer->ours) {
        peer->ours = true;
        p2p_name(p, peer);
    }
    return dispatch(p, peer, signal, now_us);
}

/* ---- addresses ----------------------------------------------------------------------------------------------- */

static bool ends_with_own(const clasp_p2p *p, clasp_span address, const char *prefix, clasp_span middle,
                          const char *suffix) {
    clasp_writer w = clasp_writer_of((uint8_t[CLASP_P2P_ID_MAX * 2 + 64]){0}, CLASP_P2P_ID_MAX * 2 + 64);
    clasp_write_bytes(&w, clasp_span_of(prefix));
    clasp_write_bytes(&w, middle);
    clasp_write_bytes(&w, clasp_span_of(suffix));
    clasp_write_bytes(&w, clasp_text_span(&p->session));
    return w.err == CLASP_OK && p->session.len > 0 && clasp_span_equal(clasp_written(&w), address);
}

/* One value and nothing behind it: the forwarder hands on what it does not understand, but nothing that is no value. */
static clasp_err check_value(clasp_span value) {
    clasp_reader r = clasp_reader_of(value);
    clasp_read_value(&r);
    return r.err == CLASP_OK && clasp_left(&r) > 0 ? CLASP_BAD_SIGNAL : r.err;
}

static clasp_err named(clasp_p2p *p, clasp_span address, clasp_span value, uint64_t now_us) {
    clasp_span from;
    p2p_signal signal;
    const clasp_err malformed = check_value(value);
    if (malformed != CLASP_OK) {
        return malformed;
    }
    if (!(p->named || p->forward) || !p2p_named_for_us(p, address, value, &from, now_us) || !p->named) {
        return CLASP_OK;
    }
    const clasp_err err = p2p_signal_read(value, &signal);
    signal.dialect = CLASP_P2P_DIALECT_NAMED;
    if (signal.from.at && clasp_span_equal(signal.from, p2p_own(p, CLASP_P2P_DIALECT_NAMED))) {
        return CLASP_OK; /* our own, come back by a forwarder */
    }
    signal.from = from; /* the address says it; the body may not */
    return err == CLASP_OK ? hear(p, &signal, now_us) : err;
}

clasp_err clasp_p2p_signal(clasp_p2p *p, clasp_span address, clasp_span value, uint64_t now_us) {
    if (!p->started) {
        return CLASP_BAD_STATE;
    }
    if (clasp_span_equal(address, clasp_span_of("/clasp/p2p/announce"))) {
        return p2p_announced(p, value, now_us);
    }
    const bool room =
        p->room.len > 0 && ends_with_own(p, address, "/video/room/", clasp_text_span(&p->room), "/signal/");
    if (!room && !ends_with_own(p, address, "/clasp/p2p/signal/", NO_BYTES, "")) {
        return named(p, address, value, now_us);
    }
    p2p_signal signal;
    const clasp_err err = p2p_signal_read(value, &signal);
    signal.dialect = room ? CLASP_P2P_DIALECT_ROOM : CLASP_P2P_DIALECT_CLASP;
    const bool complete = signal.from.at && (room || signal.has_corr || signal.type >= P2P_TYPE_DISCONNECTED);
    if (err != CLASP_OK || signal.type == P2P_TYPE_UNKNOWN) {
        return err;
    }
    return complete ? hear(p, &signal, now_us) : CLASP_BAD_SIGNAL;
}

clasp_err clasp_p2p_signal_refused(clasp_p2p *p, clasp_span address, uint32_t code, uint64_t now_us) {
    const clasp_span prefix = clasp_span_of("/clasp/p2p/signal/");
    if (!p->started) {
        return CLASP_BAD_STATE;
    }
    if (code == 404 && address.len > prefix.len && memcmp(address.at, prefix.at, prefix.len) == 0) {
        const clasp_span session = {address.at + prefix.len, address.len - prefix.len};
        p2p_peer *peer = p2p_by_session(p, session, false);
        if (peer) {
            p2p_gone(p, peer, now_us);
        }
    }
    return CLASP_OK;
}
