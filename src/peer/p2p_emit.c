/* What is said: addresses, signals, subscriptions, announcements. */
#include "peer/p2p_core.h"

static const clasp_span NO_BYTES = {NULL, 0};

void p2p_effect(clasp_p2p *p, clasp_effect_kind kind, uint32_t a, uint32_t b, double number,
                clasp_span bytes) {
    clasp_effect *effect = clasp_outbox_add(p->out, kind, p->handle, a, b, bytes);
    if (effect) {
        effect->number = number;
    }
}

/* ---- addresses ----------------------------------------------------------------------------------------------- */

static void chars(clasp_writer *w, const char *text) { clasp_write_bytes(w, clasp_span_of(text)); }

static void write_named(clasp_writer *w, clasp_span first, clasp_span second) {
    chars(w, "/webrtc/signal/");
    clasp_write_bytes(w, first);
    chars(w, "/");
    clasp_write_bytes(w, second);
}

static void write_room(clasp_writer *w, const clasp_p2p *p, clasp_span session) {
    chars(w, "/video/room/");
    clasp_write_bytes(w, clasp_text_span(&p->room));
    chars(w, "/signal/");
    clasp_write_bytes(w, session);
}

static void write_address(clasp_writer *w, const clasp_p2p *p, const p2p_peer *peer,
                          clasp_p2p_dialect dialect) {
    if (dialect == CLASP_P2P_DIALECT_NAMED) {
        write_named(w, p2p_own(p, dialect), p2p_theirs(peer, dialect));
    } else if (dialect == CLASP_P2P_DIALECT_ROOM) {
        write_room(w, p, clasp_text_span(&peer->session));
    } else {
        chars(w, "/clasp/p2p/signal/");
        clasp_write_bytes(w, clasp_text_span(&peer->session));
    }
}

static void subscribe_one(clasp_p2p *p, bool on, const clasp_writer *w) {
    const clasp_span pattern = clasp_written(w);
    p2p_effect(p, on ? CLASP_EFFECT_P2P_SUBSCRIBE : CLASP_EFFECT_P2P_UNSUBSCRIBE, pattern.len, 0, 0, pattern);
}

static void subscribe_named(clasp_p2p *p, bool on) {
    const clasp_span own = p2p_own(p, CLASP_P2P_DIALECT_NAMED);
    const clasp_span any = clasp_span_of("*");
    if (p->forward) {
        clasp_writer all = clasp_writer_of(p->scratch, sizeof p->scratch);
        chars(&all, "/webrtc/signal/**");
        subscribe_one(p, on, &all);
    } else if (p->named) {
        for (int forwarded = 0; forwarded < 2; forwarded++) {
            clasp_writer w = clasp_writer_of(p->scratch, sizeof p->scratch);
            write_named(&w, forwarded ? own : any, forwarded ? any : own);
            subscribe_one(p, on, &w);
        }
    }
}

void p2p_subscribe(clasp_p2p *p, bool on) {
    clasp_writer announce = clasp_writer_of(p->scratch, sizeof p->scratch);
    chars(&announce, "/clasp/p2p/announce");
    subscribe_one(p, on, &announce);
    clasp_writer signal = clasp_writer_of(p->scratch, sizeof p->scratch);
    chars(&signal, "/clasp/p2p/signal/");
    clasp_write_bytes(&signal, clasp_text_span(&p->session));
    subscribe_one(p, on, &signal);
    subscribe_named(p, on);
    if (p->room.len > 0) {
        clasp_writer room = clasp_writer_of(p->scratch, sizeof p->scratch);
        write_room(&room, p, clasp_text_span(&p->session));
        subscribe_one(p, on, &room);
    }
}

/* ---- signals ------------------------------------------------------------------------------------------------- */

/* What stands in the scratch, its first `address_len` bytes the address, goes out as one effect. */
static void publish(clasp_p2p *p, uint32_t peer, uint32_t address_len, const clasp_writer *w) {
    if (w->err == CLASP_OK) {
        p2p_effect(p, CLASP_EFFECT_P2P_SIGNAL, address_len, peer, 0, clasp_written(w));
    } else {
        p->out->err = p->out->err == CLASP_OK ? w->err : p->out->err;
    }
}

void p2p_emit(clasp_p2p *p, const p2p_peer *peer, clasp_p2p_dialect dialect, const p2p_signal *signal) {
    uint8_t proof[P2P_PROOF_LEN];
    p2p_signal out = *signal;
    if (!p->up || p2p_theirs(peer, dialect).len == 0) {
        return;
    }
    out.from = p2p_own(p, dialect);
    out.to = out.form == FORM_NESTED ? p2p_theirs(peer, dialect) : NO_BYTES;
    out.ours = out.type == P2P_TYPE_OFFER || out.type == P2P_TYPE_ANSWER;
    out.client_id = out.ours ? clasp_text_span(&p->client_id) : NO_BYTES;
    out.epoch = out.ours ? clasp_text_span(&p->epoch) : NO_BYTES;
    if (peer->has_token && !peer->told && dialect == CLASP_P2P_DIALECT_CLASP) {
        p2p_proof(peer, out.from, clasp_text_span(&peer->session), proof);
        out.proof = (clasp_span){proof, sizeof proof};
    }
    clasp_writer w = clasp_writer_of(p->scratch, sizeof p->scratch);
    write_address(&w, p, peer, dialect);
    const uint32_t address_len = clasp_written(&w).len;
    p2p_signal_write(&w, &out);
    publish(p, peer->handle, address_len, &w);
}

void p2p_publish_named(clasp_p2p *p, clasp_span first, clasp_span second, clasp_span value) {
    clasp_writer w = clasp_writer_of(p->scratch, sizeof p->scratch);
    write_named(&w, first, second);
    const uint32_t address_len = clasp_written(&w).len;
    clasp_write_bytes(&w, value);
    publish(p, 0, address_len, &w);
}

p2p_signal p2p_about(const p2p_link *link, p2p_type type) {
    p2p_signal signal = {.type = type, .form = link->form, .dialect = link->dialect};
    signal.has_corr = link->has_corr;
    signal.corr = clasp_text_span(&link->corr);
    signal.round = link->round;
    return signal;
}

void p2p_send_description(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    p2p_signal signal = p2p_about(link, link->offerer ? P2P_TYPE_OFFER : P2P_TYPE_ANSWER);
    signal.sdp = clasp_text_span(&link->sdp);
    p2p_emit(p, peer, link->dialect, &signal);
    for (uint32_t i = 0; i < link->found_count; i++) {
        p2p_signal candidate = p2p_about(link, P2P_TYPE_CANDIDATE);
        if (p2p_candidate_read_json(clasp_text_span(&link->found[i]), &candidate.candidate) == CLASP_OK) {
            p2p_emit(p, peer, link->dialect, &candidate);
        }
    }
    link->sent_us = now_us;
}

void p2p_reply_over(clasp_p2p *p, const p2p_peer *peer, const p2p_signal *to, uint32_t note,
                    clasp_span words) {
    const bool answer = note == P2P_OVER_REJECTED && to->ours;
    p2p_signal signal = {.type = answer ? P2P_TYPE_ANSWER : P2P_TYPE_DISCONNECTED, .form = to->form};
    signal.has_corr = to->has_corr;
    signal.corr = to->corr;
    signal.rejected = answer;
    signal.reason = words;
    signal.link_alone = note == P2P_OVER_LINK;
    p2p_emit(p, peer, to->dialect, &signal);
}

/* ---- announcements ------------------------------------------------------------------------------------------- */

/* A peer whose session is over, as ours may be for it, is found by announcements alone. */
static bool is_missing_somebody(const clasp_p2p *p) {
    for (uint32_t i = 0; i < p->slots; i++) {
        if (p->peers[i] && p->peers[i]->lost && p->peers[i]->state == CLASP_P2P_DISCONNECTED) {
            return true;
        }
    }
    return false;
}

/* One of those who are asked for and were never heard of: its announcement may have been lost, or ours. */
static clasp_span sought(clasp_p2p *p) {
    clasp_span one = {NULL, 0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->ticket_count; i++) {
        if (p->tickets[i].peer == 0 && clasp_random_below(&p->random, ++count) == 0) {
            one = clasp_text_span(&p->tickets[i].id);
        }
    }
    return one;
}

/* How often the time to the next one has doubled. */
static uint8_t patience(const clasp_p2p *p, bool seeks) {
    const uint8_t most = is_missing_somebody(p) ? 0 : seeks ? CLASP_P2P_SEEKS : p->announces;
    return most < p->announces ? most : p->announces;
}

void p2p_announce(clasp_p2p *p, uint64_t now_us) {
    const p2p_announcement own = {.session = clasp_text_span(&p->session),
                                  .client_id = clasp_text_span(&p->client_id),
                                  .epoch = clasp_text_span(&p->epoch),
                                  .seeks = sought(p)};
    clasp_writer w = clasp_writer_of(p->scratch, sizeof p->scratch);
    chars(&w, "/clasp/p2p/announce");
    const uint32_t address_len = clasp_written(&w).len;
    p2p_announcement_write(&w, &own);
    publish(p, 0, address_len, &w);
    if (p->announces > 0) {
        p->announced_us = now_us; /* the first one does not keep us from answering those who came with us */
    }
    p->announce_us = now_us + clasp_backoff_us(&p->random, CLASP_P2P_ANNOUNCE_MIN_US,
                                               patience(p, own.seeks.len > 0), CLASP_P2P_ANNOUNCE_MAX_US);
    p->announces = p->announces < 16 ? (uint8_t)(p->announces + 1) : p->announces;
}
