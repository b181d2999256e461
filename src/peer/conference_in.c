/* Signals: what other Senders and Receivers say. */
#include "peer/conference_core.h"

static const clasp_span NO_BYTES = {NULL, 0};

/* ---- signals to a Sender ------------------------------------------------------------------------------------- */

static bool of_running_attempt(const conference_peer *peer, const conference_signal *signal) {
    return peer->linked && (!signal->has_attempt || signal->attempt == peer->attempt);
}

/* A Receiver asks although there is a connection already: something got lost, or its path broke. */
static void invoke_again(clasp_conference *c, conference_peer *peer, const conference_signal *signal,
                         uint64_t now_us) {
    const bool same = signal->has_attempt && signal->attempt == peer->attempt;
    if (!peer->ours) {
        return;
    }
    if (peer->path == PATH_UP &&
        !same) { /* a ping; whether it is still in this attempt, its answer to a sync shows */
        conference_send_sync(c, peer, now_us);
        return;
    }
    const bool same_round = same && signal->round == peer->round;
    const bool broken = signal->recover && same_round && peer->negotiation == NEGOTIATION_STABLE;
    const bool restart = broken && (signal->failed || peer->path == PATH_UP);
    conference_step(c, peer, restart ? ON_RESTART : ON_INVOKE, signal, now_us);
}

static clasp_err sender_invoked(clasp_conference *c, const conference_signal *signal, uint64_t now_us) {
    clasp_err err = CLASP_OK;
    conference_peer *peer = conference_peer_for(c, signal->id, now_us, &err);
    if (!peer || peer->gone) {
        return err;
    }
    peer->ours = signal->ours;
    peer->heard = true;
    if (peer->linked && signal->dead >= peer->attempt) { /* over on the other side: begin anew */
        conference_dispose(c, peer, CLASP_PEER_GONE, NO_BYTES, false, now_us);
    }
    if (peer->negotiation == NEGOTIATION_CLOSED) {
        conference_step(c, peer, c->verify ? ON_INVOKE : ON_ADMIT, signal, now_us);
    } else {
        invoke_again(c, peer, signal, now_us);
    }
    return CLASP_OK;
}

static void sender_answered(clasp_conference *c, conference_peer *peer, const conference_signal *signal,
                            uint64_t now_us) {
    if (of_running_attempt(peer, signal) && (!signal->has_attempt || signal->round == peer->round)) {
        conference_step(c, peer, ON_ANSWER, signal, now_us);
    }
}

/* A Receiver of ours acknowledges a state. */
static void sender_synced(const clasp_conference *c, conference_peer *peer, const conference_signal *signal) {
    if (of_running_attempt(peer, signal) && signal->has_rev && signal->rev > peer->rev) {
        peer->rev = signal->rev;
    }
    if (peer->rev >= c->rev) {
        peer->timers[TIMER_SYNC] = NEVER;
        peer->syncs = 0;
    }
}

/* ---- signals to a Receiver ----------------------------------------------------------------------------------- */

static clasp_err receiver_invoked(clasp_conference *c, const conference_signal *signal, uint64_t now_us) {
    clasp_err err = CLASP_OK;
    conference_peer *peer = conference_peer_for(c, signal->id, now_us, &err);
    if (peer && (signal->ours || !peer->linked)) {
        peer->ours = signal->ours;
        peer->heard = true;
        peer->gone = false; /* a Sender may start again under its id */
        conference_step(c, peer, ON_INVOKE, signal, now_us);
    }
    return err;
}

/* What an offer is to this side: whether its attempt and round are new, known, or over. */
static negotiation_event classify(const conference_peer *peer, const conference_signal *signal,
                                  bool *ignore) {
    *ignore = false;
    if (!peer->linked) {
        *ignore = signal->has_attempt && signal->attempt <= peer->dead;
        return ON_OFFER;
    }
    if (!signal->has_attempt || signal->attempt < peer->attempt) {
        *ignore = true;
        return ON_OFFER;
    }
    if (signal->attempt > peer->attempt) {
        return ON_OFFER;
    }
    *ignore = signal->round < peer->round;
    return signal->round > peer->round ? ON_OFFER_RESTART : ON_OFFER_AGAIN;
}

static void take_newer_state(clasp_conference *c, conference_peer *peer, const conference_signal *signal,
                             bool raise) {
    if (signal->has_rev && signal->rev <= peer->rev) {
        return;
    }
    peer->rev = signal->has_rev ? signal->rev : peer->rev;
    clasp_outbox_add(c->out, CLASP_EFFECT_PEER_STATE, c->handle, peer->handle, raise,
                     clasp_text_span(&signal->state));
}

/* An attempt that is over here still runs over there: say so, ever less often. */
static void refuse_dead(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    const uint64_t wait = CLASP_REPEAT_US << (peer->retries < 3 ? peer->retries : 3);
    if (!peer->linked && peer->ours && !peer->gone && now_us - peer->sent_us >= wait) {
        peer->sent_us = now_us;
        peer->retries = peer->retries < UINT8_MAX ? (uint8_t)(peer->retries + 1) : UINT8_MAX;
        conference_signal signal = {.type = SIGNAL_INVOKE, .credentials = c->credentials, .dead = peer->dead};
        conference_emit(c, peer, &signal);
    }
}

/* The Sender believes in an attempt that this side has given up, or never heard of. */
static void sync_of_dead(clasp_conference *c, conference_peer *peer, const conference_signal *signal,
                         uint64_t now_us) {
    if (signal->has_attempt && !peer->linked) {
        peer->ours = true; /* others do not number their attempts */
        peer->dead = signal->attempt > peer->dead ? signal->attempt : peer->dead;
        refuse_dead(c, peer, now_us);
    }
}

static clasp_err receiver_offered(clasp_conference *c, const conference_signal *signal, uint64_t now_us) {
    clasp_err err = CLASP_OK;
    conference_peer *peer = conference_peer_for(c, signal->id, now_us, &err);
    if (!peer) {
        return err;
    }
    bool ignore = false;
    const negotiation_event event = classify(peer, signal, &ignore);
    peer->heard = true;
    if (ignore) {
        refuse_dead(c, peer, now_us);
        return CLASP_OK;
    }
    peer->ours = signal->ours;
    peer->gone = false;
    if (event != ON_OFFER) {
        take_newer_state(c, peer, signal, true);
    }
    conference_step(c, peer, event, signal, now_us);
    return CLASP_OK;
}

static clasp_err receiver_synced(clasp_conference *c, const conference_signal *signal, uint64_t now_us) {
    clasp_err err = CLASP_OK;
    conference_peer *peer = signal->has_attempt ? conference_peer_for(c, signal->id, now_us, &err)
                                                : conference_by_id(c, signal->id);
    if (!peer) {
        return err;
    }
    peer->heard = true;
    if (!of_running_attempt(peer, signal)) {
        sync_of_dead(c, peer, signal, now_us);
        return CLASP_OK;
    }
    take_newer_state(c, peer, signal, true);
    if (peer->ours && signal->has_rev) {
        conference_signal reply = {.type = SIGNAL_SYNC, .has_attempt = true, .attempt = peer->attempt};
        reply.round = peer->round;
        reply.has_rev = true;
        reply.rev = peer->rev;
        conference_emit(c, peer, &reply);
    }
    return CLASP_OK;
}

/* ---- signals to both ----------------------------------------------------------------------------------------- */

static void disposed(clasp_conference *c, conference_peer *peer, const conference_signal *signal,
                     uint64_t now_us) {
    peer->gone = peer->gone || signal->gone;
    if (peer->handle != 0 && (!peer->linked || of_running_attempt(peer, signal))) {
        conference_dispose(c, peer, CLASP_OK, NO_BYTES, false, now_us);
    }
    if (signal->has_attempt && signal->attempt > peer->dead && !peer->linked) {
        peer->dead = signal->attempt; /* the goodbye has overtaken its offer */
    }
}

static clasp_err candidate(clasp_conference *c, const conference_signal *signal, uint64_t now_us) {
    clasp_err err = CLASP_OK;
    const bool may_come_first = c->role == CLASP_ROLE_RECEIVER;
    conference_peer *peer =
        may_come_first ? conference_peer_for(c, signal->id, now_us, &err) : conference_by_id(c, signal->id);
    const clasp_span line = clasp_text_span(&signal->candidate);
    if (peer && line.len > 0 && !(signal->has_attempt && signal->attempt <= peer->dead)) {
        peer->heard = true;
        conference_candidate(c, peer, signal);
    }
    return err;
}

static clasp_err from_known_peer(clasp_conference *c, const conference_signal *signal, uint64_t now_us) {
    conference_peer *peer = conference_by_id(c, signal->id);
    if (!peer) {
        return CLASP_OK;
    }
    peer->heard = true;
    if (signal->type == SIGNAL_ANSWER && c->role == CLASP_ROLE_SENDER) {
        sender_answered(c, peer, signal, now_us);
    } else if (signal->type == SIGNAL_SYNC && c->role == CLASP_ROLE_SENDER) {
        sender_synced(c, peer, signal);
    } else if (signal->type == SIGNAL_DISPOSE) {
        disposed(c, peer, signal, now_us);
    }
    return CLASP_OK;
}

static clasp_err dispatch(clasp_conference *c, const conference_signal *signal, uint64_t now_us) {
    const bool sender = c->role == CLASP_ROLE_SENDER;
    switch (signal->type) {
    case SIGNAL_INVOKE:
        return sender ? sender_invoked(c, signal, now_us) : receiver_invoked(c, signal, now_us);
    case SIGNAL_OFFER:
        return sender ? CLASP_OK : receiver_offered(c, signal, now_us);
    case SIGNAL_CANDIDATE:
        return candidate(c, signal, now_us);
    case SIGNAL_SYNC:
        return sender ? from_known_peer(c, signal, now_us) : receiver_synced(c, signal, now_us);
    case SIGNAL_UNKNOWN:
        return CLASP_OK;
    default:
        return from_known_peer(c, signal, now_us);
    }
}

clasp_err clasp_conference_signal(clasp_conference *c, clasp_span json, uint64_t now_us) {
    if (!c->started) {
        return CLASP_BAD_STATE;
    }
    conference_signal signal;
    clasp_err err = conference_signal_read(json, &signal);
    if (err == CLASP_OK && !clasp_span_equal(signal.id, clasp_text_span(&c->id))) {
        err = dispatch(c, &signal, now_us);
    }
    conference_signal_clear(&signal);
    if (err != CLASP_OK) {
        conference_error(c, NULL, err, NO_BYTES);
    }
    return err;
}
