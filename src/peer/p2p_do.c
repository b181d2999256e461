/* Links: what the table's actions are. */
#include "peer/p2p_core.h"

#define REPEAT_MAX_US 4000000u /* the last wait of a repeat: several fit into the shortest of the timeouts */

static const clasp_span NO_BYTES = {NULL, 0};

static void link_effect(clasp_p2p *p, clasp_effect_kind kind, const p2p_peer *peer, const p2p_link *link,
                        clasp_span bytes) {
    p2p_effect(p, kind, peer->handle, link->number, link->round, bytes);
}

uint64_t p2p_over_key(const clasp_p2p *p, const p2p_peer *peer, clasp_p2p_dialect dialect, clasp_span corr) {
    const clasp_span texts[] = {p2p_theirs(peer, dialect), corr};
    return p2p_memory_key(p->hash_seed, texts, 2);
}

/* ---- repeats and restarts ------------------------------------------------------------------------------------ */

/* What two of ours repeat: an offer until its answer is there, and both descriptions until the path is. */
static void arm_retry(clasp_p2p *p, const p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    const bool unanswered = link->state == P2P_LINK_OFFERED;
    const bool no_path = link->state == P2P_LINK_STABLE && link->path != PATH_UP;
    const bool broken = link->state == P2P_LINK_ANSWERED && link->path == PATH_DOWN;
    if (!peer->ours || !(unanswered || no_path || broken)) {
        return;
    }
    const uint64_t first = link->path == PATH_DOWN ? CLASP_REPEAT_URGENT_US : CLASP_REPEAT_US;
    link->timers[LINK_RETRY] = now_us + clasp_backoff_us(&p->random, first, link->retries, REPEAT_MAX_US);
    link->retries = link->retries < UINT8_MAX ? (uint8_t)(link->retries + 1) : UINT8_MAX;
}

void p2p_restart(clasp_p2p *p, p2p_peer *peer, p2p_link *link, p2p_link_event why, uint64_t now_us) {
    const uint64_t next_us = link->restarted_us + CLASP_P2P_RESTART_US;
    if (!peer->ours) {
        return;
    }
    if (link->state == P2P_LINK_STABLE && now_us < next_us) {
        link->restart_due = true;
        link->timers[LINK_RETRY] = next_us;
        return;
    }
    p2p_link_step(p, peer, link, why, NULL, NULL, now_us);
}

static void send_again(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    if (peer->ours && link->sdp.len > 0 && now_us - link->sent_us >= CLASP_REPEAT_MIN_US) {
        p2p_send_description(p, peer, link, now_us);
    }
    arm_retry(p, peer, link, now_us);
}

static void wish(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    p2p_signal signal = p2p_about(link, P2P_TYPE_RESTART);
    p2p_emit(p, peer, link->dialect, &signal);
    arm_retry(p, peer, link, now_us);
}

/* ---- candidates ---------------------------------------------------------------------------------------------- */

static void count_candidate(p2p_peer *peer, const p2p_candidate *candidate) {
    peer->facts.remote[p2p_candidate_kind_of(candidate)]++;
}

static void add_early(clasp_p2p *p, const p2p_peer *peer, const p2p_link *link) {
    clasp_text json = {NULL, 0};
    while (p2p_early_take(&p->early, p2p_theirs(peer, link->dialect), clasp_text_span(&link->corr),
                          link->round, &json)) {
        link_effect(p, CLASP_EFFECT_P2P_LINK_CANDIDATE, peer, link, clasp_text_span(&json));
        clasp_text_clear(&json);
    }
}

static bool has_remote_description(const p2p_link *link, uint32_t round) {
    const bool there = link->offerer ? link->state == P2P_LINK_STABLE
                                     : link->state == P2P_LINK_ANSWERING || link->state == P2P_LINK_ANSWERED;
    return there && link->round == round;
}

clasp_err p2p_candidate_came(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal,
                             uint64_t now_us) {
    uint8_t json[2 * CLASP_CANDIDATE_JSON_MAX];
    clasp_writer w = clasp_writer_of(json, sizeof json);
    p2p_candidate_write_json(&w, &signal->candidate);
    if (peer) {
        count_candidate(peer, &signal->candidate);
    }
    if (link && has_remote_description(link, signal->round)) {
        link_effect(p, CLASP_EFFECT_P2P_LINK_CANDIDATE, peer, link, clasp_written(&w));
        return CLASP_OK;
    }
    if (link && signal->round < link->round) {
        return CLASP_OK; /* of a round that is over */
    }
    const clasp_span from = peer ? p2p_theirs(peer, signal->dialect) : signal->from;
    const clasp_span corr = link ? clasp_text_span(&link->corr) : signal->corr;
    return p2p_early_add(&p->early, from, corr, clasp_written(&w), signal->round, link != NULL, now_us);
}

/* ---- opening ------------------------------------------------------------------------------------------------- */

static uint32_t open_flags(const clasp_p2p *p, const p2p_link *link) {
    if (link->dialect == CLASP_P2P_DIALECT_ROOM) {
        return CLASP_P2P_OPEN_MEDIA;
    }
    return !link->offerer ? 0 : CLASP_P2P_OPEN_CHANNELS | (p->fast ? CLASP_P2P_OPEN_FAST : 0);
}

static void open_link(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    const bool probes = peer->state == CLASP_P2P_DISCONNECTED;
    link->timers[LINK_EXPIRE] = now_us + (probes ? CLASP_P2P_PROBE_TIME_US : p->timeout_us);
    link->replaces = probes || peer->state == CLASP_P2P_CONNECTED;
    if (!link->replaces && peer->attempts == 0) {
        peer->facts = (p2p_facts){.offers = 0};
    }
    peer->timers[PEER_DIAL] = P2P_NEVER;
    peer->timers[PEER_STALE] = P2P_NEVER;
    p2p_effect(p, CLASP_EFFECT_P2P_LINK_OPEN, peer->handle, link->number, open_flags(p, link), NO_BYTES);
    p2p_peer_step(p, peer, P2P_PEER_ON_DIAL, NULL, now_us);
}

static void open_answer(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    peer->decision = DECISION_YES;
    peer->shunned = false;
    open_link(p, peer, link, now_us);
    link_effect(p, CLASP_EFFECT_P2P_LINK_ANSWER, peer, link, clasp_text_span(&link->remote));
    clasp_text_clear(&link->remote);
    add_early(p, peer, link);
}

static void answer_round(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal) {
    p2p_link_next_round(link, signal->round);
    link->retries = 0;
    link->timers[LINK_RETRY] = P2P_NEVER;
    link_effect(p, CLASP_EFFECT_P2P_LINK_ANSWER, peer, link, signal->sdp);
    add_early(p, peer, link);
}

static void offer_round(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    p2p_link_next_round(link, link->round + 1);
    link->restarted_us = now_us;
    link->restart_due = false;
    link->retries = 0;
    link->timers[LINK_RETRY] = P2P_NEVER;
    link_effect(p, CLASP_EFFECT_P2P_LINK_OFFER, peer, link, NO_BYTES);
}

/* Both sides have let the other in. */
static void accept(const clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    peer->accepted = true;
    if (p->cover && peer->ours && peer->state == CLASP_P2P_CONNECTING &&
        peer->timers[PEER_COVER] == P2P_NEVER) {
        peer->timers[PEER_COVER] = now_us + CLASP_P2P_COVER_US;
    }
}

static void apply(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal, uint64_t now_us) {
    peer->facts.answers++;
    accept(p, peer, now_us);
    link->retries = 0;
    link->timers[LINK_RETRY] = P2P_NEVER;
    link_effect(p, CLASP_EFFECT_P2P_LINK_APPLY, peer, link, signal->sdp);
    add_early(p, peer, link);
    arm_retry(p, peer, link, now_us);
}

static void send_first(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    *(link->offerer ? &peer->facts.offers : &peer->facts.answers) += 1;
    if (!link->offerer) {
        accept(p, peer, now_us);
    }
    p2p_send_description(p, peer, link, now_us);
    arm_retry(p, peer, link, now_us);
}

/* ---- ending -------------------------------------------------------------------------------------------------- */

static uint32_t note_of(const p2p_link *link, const p2p_end *end, bool asked) {
    if (asked) {
        return end->cause == CLASP_OK ? P2P_OVER_LINK : P2P_OVER_REJECTED;
    }
    const bool peer_too = !end->link_alone && end->cause == CLASP_OK && link->path != PATH_NEW;
    return peer_too ? P2P_OVER_PEER : P2P_OVER_LINK;
}

/* What the peer is told of the end, so that it knows as much as we do: its own ICE may find out later, or never. */
static clasp_span words_of(const p2p_peer *peer, const p2p_end *end) {
    if (end->words.len > 0 || end->cause != CLASP_ICE_FAILED) {
        return end->words;
    }
    return clasp_span_of(peer->facts.dtls_failed ? P2P_DTLS_FAILED : P2P_ICE_FAILED);
}

/* Nothing of the link stays but its correlation id, so that late copies of its offer open nothing. */
static void close_link(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_end *end, bool asked,
                       uint64_t now_us) {
    const clasp_span theirs = p2p_theirs(peer, link->dialect);
    p2p_signal last = p2p_about(link, P2P_TYPE_DISCONNECTED);
    last.ours = peer->ours;
    const uint32_t note = note_of(link, end, asked);
    if (end->tell) {
        p2p_reply_over(p, peer, &last, end->link_alone || asked ? note : P2P_OVER_PEER, words_of(peer, end));
    }
    if (!asked) {
        p2p_effect(p, CLASP_EFFECT_P2P_LINK_CLOSE, peer->handle, link->number, end->tell ? 1 : 0, NO_BYTES);
    }
    if (link->has_corr) {
        p2p_memory_add(&p->over, p2p_over_key(p, peer, link->dialect, last.corr), note,
                       now_us + CLASP_P2P_OVER_US);
    }
    p2p_early_drop(&p->early, theirs, last.corr);
    p2p_link_free(peer, link);
}

/* ---- steps --------------------------------------------------------------------------------------------------- */

bool p2p_link_step(clasp_p2p *p, p2p_peer *peer, p2p_link *link, p2p_link_event event,
                   const p2p_signal *signal, const p2p_end *end, uint64_t now_us) {
    p2p_link_action action = P2P_DO_NOTHING;
    if (!p2p_link_next(&link->state, event, &action)) {
        return false;
    }
    switch (action) {
    case P2P_DO_OPEN_OFFER:
        open_link(p, peer, link, now_us);
        link_effect(p, CLASP_EFFECT_P2P_LINK_OFFER, peer, link, NO_BYTES);
        break;
    case P2P_DO_ASK:
        link->timers[LINK_EXPIRE] = now_us + CLASP_P2P_DECISION_US;
        break;
    case P2P_DO_OPEN_ANSWER:
        open_answer(p, peer, link, now_us);
        break;
    case P2P_DO_SEND_OFFER:
    case P2P_DO_SEND_ANSWER:
        send_first(p, peer, link, now_us);
        break;
    case P2P_DO_SEND_AGAIN:
        send_again(p, peer, link, now_us);
        break;
    case P2P_DO_APPLY:
        apply(p, peer, link, signal, now_us);
        break;
    case P2P_DO_OFFER_ROUND:
        offer_round(p, peer, link, now_us);
        break;
    case P2P_DO_ANSWER_ROUND:
        answer_round(p, peer, link, signal);
        break;
    case P2P_DO_WISH:
        wish(p, peer, link, now_us);
        break;
    case P2P_DO_CLOSE:
    case P2P_DO_DISCARD:
        close_link(p, peer, link, end, action == P2P_DO_DISCARD, now_us);
        break;
    case P2P_DO_NOTHING:
    case P2P_LINK_ACTION_COUNT:
        break;
    }
    return true;
}

void p2p_link_end(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_end *end, uint64_t now_us) {
    peer->facts.cause = end->cause != CLASP_OK ? end->cause : peer->facts.cause;
    p2p_link_step(p, peer, link, P2P_ON_END, NULL, end, now_us);
    p2p_after_link(p, peer, end, now_us);
}
