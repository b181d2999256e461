#include "peer/conference_core.h"
#include "peer/repeat.h"

static const clasp_span NO_BYTES = {NULL, 0};

uint64_t conference_backoff(clasp_conference *c, uint64_t first_us, uint8_t exponent, uint64_t last_us) {
    return clasp_backoff_us(&c->random, first_us, exponent, last_us);
}

/* ---- signals ------------------------------------------------------------------------------------------------- */

void conference_error(clasp_conference *c, const conference_peer *peer, clasp_err err, clasp_span text) {
    clasp_outbox_add(c->out, CLASP_EFFECT_PEER_ERROR, c->handle, peer ? peer->handle : 0, (uint32_t)err,
                     text);
}

void conference_emit(clasp_conference *c, const conference_peer *peer, conference_signal *signal) {
    uint8_t *room = malloc(CLASP_SIGNAL_MAX);
    clasp_writer w = clasp_writer_of(room, room ? CLASP_SIGNAL_MAX : 0);
    signal->id = clasp_text_span(&c->id);
    conference_signal_write(&w, signal);
    if (w.err == CLASP_OK) {
        const clasp_span to = peer ? clasp_text_span(&peer->id) : NO_BYTES;
        clasp_outbox_add2(c->out, CLASP_EFFECT_SIGNAL, c->handle, to.len, 0, to, clasp_written(&w));
    } else {
        conference_error(c, peer, room ? w.err : CLASP_NO_MEMORY, NO_BYTES);
    }
    free(room);
}

static conference_signal of_attempt(signal_type type, const conference_peer *peer) {
    return (conference_signal){.type = type,
                               .ours = peer->ours,
                               .has_attempt = peer->attempt > 0,
                               .attempt = peer->attempt,
                               .round = peer->round};
}

void conference_invoke_room(clasp_conference *c, uint64_t now_us) {
    c->invoked_us = now_us;
    conference_signal signal = {.type = SIGNAL_INVOKE, .credentials = c->credentials};
    conference_emit(c, NULL, &signal);
}

static void send_candidate(clasp_conference *c, const conference_peer *peer, const clasp_text *json) {
    conference_signal signal = of_attempt(SIGNAL_CANDIDATE, peer);
    signal.candidate = *json;
    conference_emit(c, peer, &signal);
}

static void send_description(clasp_conference *c, conference_peer *peer, signal_type type, uint64_t now_us) {
    conference_signal signal = of_attempt(type, peer);
    signal.sdp = clasp_text_span(&peer->sdp);
    signal.has_rev = true;
    signal.rev = type == SIGNAL_OFFER ? c->rev : peer->rev;
    if (type == SIGNAL_OFFER) {
        signal.state = c->state;
        signal.restart = peer->round > 0;
    }
    conference_emit(c, peer, &signal);
    for (uint32_t i = 0; i < peer->found_count; i++) {
        send_candidate(c, peer, &peer->found[i]);
    }
    peer->sent_us = now_us;
}

void conference_send_sync(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    conference_signal signal = of_attempt(SIGNAL_SYNC, peer);
    signal.has_rev = true;
    signal.rev = c->rev;
    signal.state = c->state;
    conference_emit(c, peer, &signal);
    if (peer->ours) {
        peer->timers[TIMER_SYNC] =
            now_us + conference_backoff(c, CLASP_REPEAT_URGENT_US, peer->syncs, CLASP_REPEAT_SYNC_US);
        peer->syncs = peer->syncs < UINT8_MAX ? (uint8_t)(peer->syncs + 1) : UINT8_MAX;
    }
}

/* ---- repeats ------------------------------------------------------------------------------------------------- */

void conference_arm_retry(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    const uint64_t first = peer->path == PATH_DOWN ? CLASP_REPEAT_URGENT_US : CLASP_REPEAT_US;
    peer->timers[TIMER_RETRY] = now_us + conference_backoff(c, first, peer->retries, CLASP_REPEAT_MAX_US);
    peer->retries = peer->retries < UINT8_MAX ? (uint8_t)(peer->retries + 1) : UINT8_MAX;
}

static void send_again(clasp_conference *c, conference_peer *peer, signal_type type, uint64_t now_us) {
    if (peer->ours && now_us - peer->sent_us >= CLASP_REPEAT_MIN_US) {
        send_description(c, peer, type, now_us);
    }
}

/* An invoke to one Sender: it says where this side stands, so that the Sender knows what got lost. */
static void invite(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    conference_signal signal = of_attempt(SIGNAL_INVOKE, peer);
    signal.credentials = c->credentials;
    signal.dead = peer->dead;
    signal.recover = peer->path == PATH_DOWN || peer->failed;
    signal.failed = peer->failed;
    conference_emit(c, peer, &signal);
    if (peer->path != PATH_UP) {
        conference_arm_retry(c, peer, now_us);
    }
}

/* ---- links --------------------------------------------------------------------------------------------------- */

static uint32_t slot_of(const clasp_conference *c, const conference_peer *peer) {
    uint32_t slot = 0;
    while (c->peers[slot] != peer) {
        slot++;
    }
    return slot;
}

/* A handle of its own for each life of a peer: reports for an earlier one find nobody. Never 0, never negative. */
static void name_peer(clasp_conference *c, conference_peer *peer) {
    if (peer->handle == 0) {
        c->generation = (c->generation + 1) & 0x3FFFFF;
        peer->handle = c->generation << 9 | (slot_of(c, peer) + 1);
        peer->timers[TIMER_FORGET] = NEVER;
        clasp_outbox_add(c->out, CLASP_EFFECT_PEER, c->handle, peer->handle, 0, clasp_text_span(&peer->id));
    }
}

static void arm_expiry(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    peer->timers[TIMER_EXPIRE] = c->timeout_us > 0 ? now_us + c->timeout_us : NEVER;
}

static void open_link(clasp_conference *c, conference_peer *peer, uint64_t attempt, uint64_t now_us) {
    peer->attempt = attempt;
    peer->linked = true;
    conference_peer_next_round(peer, 0);
    arm_expiry(c, peer, now_us);
    const bool sender = c->role == CLASP_ROLE_SENDER; /* the channel is named by the Receiver's id */
    clasp_outbox_add(c->out, CLASP_EFFECT_LINK_OPEN, c->handle, peer->handle,
                     c->data_channel ? CLASP_LINK_OPEN_CHANNEL : 0,
                     clasp_text_span(sender ? &peer->id : &c->id));
    for (; c->waiting_count > 0; c->waiting_count--) {
        conference_transmit(c, peer, c->waiting[0]);
        memmove(c->waiting, c->waiting + 1, (c->waiting_count - 1) * sizeof *c->waiting);
    }
}

static void add_candidate(clasp_conference *c, const conference_peer *peer, clasp_span json) {
    clasp_outbox_add(c->out, CLASP_EFFECT_LINK_CANDIDATE, c->handle, peer->handle, peer->round, json);
}

/* The candidates that came before the description which is being applied now. */
static void add_early(clasp_conference *c, conference_peer *peer) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < peer->early_count; i++) {
        early_candidate *early = &peer->early[i];
        const bool now =
            early->attempt == 0 || (early->attempt == peer->attempt && early->round == peer->round);
        const bool later =
            early->attempt > peer->attempt || (early->attempt == peer->attempt && early->round > peer->round);
        if (now) {
            add_candidate(c, peer, clasp_text_span(&early->json));
        }
        if (later) {
            peer->early[kept++] = *early;
        } else {
            clasp_text_clear(&early->json);
        }
    }
    peer->early_count = kept;
}

static bool has_remote_description(const clasp_conference *c, const conference_peer *peer) {
    return peer->negotiation == NEGOTIATION_STABLE ||
           (c->role == CLASP_ROLE_RECEIVER && peer->negotiation == NEGOTIATION_ANSWERING);
}

void conference_candidate(clasp_conference *c, conference_peer *peer, const conference_signal *signal) {
    const clasp_span json = clasp_text_span(&signal->candidate);
    const uint64_t attempt = signal->has_attempt ? signal->attempt : 0;
    const bool current = attempt == 0 || (attempt == peer->attempt && signal->round == peer->round);
    if (current && has_remote_description(c, peer)) {
        add_candidate(c, peer, json);
    } else if (attempt == 0 || attempt >= peer->attempt) {
        conference_peer_early(peer, json, attempt, signal->round);
    }
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

static void drop_ticket(clasp_conference *c, const conference_peer *peer, uint32_t ticket) {
    clasp_outbox_add(c->out, CLASP_EFFECT_DROP, c->handle, peer->handle, ticket, NO_BYTES);
}

void conference_transmit(clasp_conference *c, conference_peer *peer, uint32_t ticket) {
    if (peer->channel_open) {
        clasp_outbox_add(c->out, CLASP_EFFECT_TRANSMIT, c->handle, peer->handle, ticket, NO_BYTES);
        return;
    }
    const uint32_t dropped =
        conference_tickets_push(&peer->tickets, &peer->ticket_count, c->queue_size, ticket);
    if (dropped) {
        drop_ticket(c, peer, dropped);
    }
}

void conference_flush(clasp_conference *c, conference_peer *peer) {
    for (uint32_t i = 0; i < peer->ticket_count; i++) {
        clasp_outbox_add(c->out, CLASP_EFFECT_TRANSMIT, c->handle, peer->handle, peer->tickets[i], NO_BYTES);
    }
    peer->ticket_count = 0;
}

/* ---- the end of a peer --------------------------------------------------------------------------------------- */

static void close_slot(conference_peer *peer, uint64_t now_us) {
    peer->dead = peer->attempt > peer->dead ? peer->attempt : peer->dead;
    conference_peer_reset(peer);
    peer->timers[TIMER_FORGET] = now_us + CLASP_CONFERENCE_FORGET_US;
}

void conference_forget(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    clasp_outbox_add(c->out, CLASP_EFFECT_PEER, c->handle, peer->handle, 0, NO_BYTES);
    close_slot(peer, now_us);
}

static void send_dispose(clasp_conference *c, conference_peer *peer) {
    conference_signal signal = of_attempt(SIGNAL_DISPOSE, peer);
    signal.gone = !c->started; /* said by stop() */
    signal.state = c->state;
    conference_emit(c, peer, &signal);
}

/* Ask the room again, from the shortest wait on: whoever went may come back. */
static void seek(clasp_conference *c, uint64_t now_us) {
    if (c->role == CLASP_ROLE_RECEIVER && c->ping_interval_us > 0 && c->started) {
        c->pings_left = c->ping_attempts;
        c->invokes = 0;
        c->looks = CLASP_CONFERENCE_LOOKS;
        c->invoke_us = now_us + conference_backoff(c, CLASP_REPEAT_US, 0, c->ping_interval_us);
    }
}

void conference_dispose(clasp_conference *c, conference_peer *peer, clasp_err cause, clasp_span text,
                        bool tell, uint64_t now_us) {
    if (!peer->linked) {
        conference_forget(c, peer, now_us);
        return;
    }
    if (tell && (c->role == CLASP_ROLE_SENDER || peer->ours)) {
        send_dispose(c, peer);
    }
    for (uint32_t i = 0; i < peer->ticket_count; i++) {
        drop_ticket(c, peer, peer->tickets[i]);
    }
    clasp_outbox_add(c->out, CLASP_EFFECT_LINK_CLOSE, c->handle, peer->handle, 0, NO_BYTES);
    clasp_outbox_add(c->out, CLASP_EFFECT_PEER_DISPOSED, c->handle, peer->handle, (uint32_t)cause, text);
    close_slot(peer, now_us);
    seek(c, now_us);
}

/* ---- the negotiation's actions ------------------------------------------------------------------------------- */

static void take_state(clasp_conference *c, conference_peer *peer, const conference_signal *signal) {
    peer->rev = signal->has_rev ? signal->rev : peer->rev;
    clasp_outbox_add(c->out, CLASP_EFFECT_PEER_STATE, c->handle, peer->handle, 0,
                     clasp_text_span(&signal->state));
}

static void answer_round(clasp_conference *c, conference_peer *peer, const conference_signal *signal) {
    conference_peer_next_round(peer, signal->round);
    clasp_outbox_add(c->out, CLASP_EFFECT_LINK_ANSWER, c->handle, peer->handle, peer->round, signal->sdp);
    add_early(c, peer);
}

static void open_answer(clasp_conference *c, conference_peer *peer, const conference_signal *signal,
                        uint64_t now_us) {
    name_peer(c, peer);
    peer->retries = 0;
    open_link(c, peer, signal->has_attempt ? signal->attempt : peer->dead + 1, now_us);
    take_state(c, peer, signal);
    answer_round(c, peer, signal);
}

static void replace(clasp_conference *c, conference_peer *peer, const conference_signal *signal,
                    uint64_t now_us) {
    const bool ours = peer->ours;
    conference_dispose(c, peer, CLASP_OK, NO_BYTES, false, now_us);
    peer->ours = ours;
    peer->negotiation = NEGOTIATION_ANSWERING;
    open_answer(c, peer, signal, now_us);
}

static void open_offer(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    name_peer(c, peer);
    peer->retries = 0;
    c->last_attempt = now_us > c->last_attempt ? now_us : c->last_attempt + 1;
    open_link(c, peer, c->last_attempt, now_us);
    clasp_outbox_add(c->out, CLASP_EFFECT_LINK_OFFER, c->handle, peer->handle, 0, NO_BYTES);
}

static void offer_round(clasp_conference *c, conference_peer *peer) {
    conference_peer_next_round(peer, peer->round + 1);
    clasp_outbox_add(c->out, CLASP_EFFECT_LINK_OFFER, c->handle, peer->handle, peer->round, NO_BYTES);
}

static void apply_answer(clasp_conference *c, conference_peer *peer, const conference_signal *signal,
                         uint64_t now_us) {
    peer->timers[TIMER_RETRY] = NEVER;
    clasp_outbox_add(c->out, CLASP_EFFECT_LINK_APPLY, c->handle, peer->handle, peer->round, signal->sdp);
    add_early(c, peer);
    peer->rev = signal->has_rev ? signal->rev : c->rev;
    if (peer->rev < c->rev) {
        conference_send_sync(c, peer, now_us);
    }
}

static void ask(clasp_conference *c, conference_peer *peer, const conference_signal *signal,
                uint64_t now_us) {
    name_peer(c, peer);
    arm_expiry(c, peer, now_us);
    clasp_outbox_add(c->out, CLASP_EFFECT_VERIFY, c->handle, peer->handle, 0,
                     clasp_text_span(&signal->credentials));
}

static void send_first(clasp_conference *c, conference_peer *peer, signal_type type, uint64_t now_us) {
    send_description(c, peer, type, now_us);
    if (peer->ours && peer->path != PATH_UP) {
        conference_arm_retry(c, peer, now_us);
    }
}

static void invite_first(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    if (peer->handle == 0) {
        name_peer(c, peer);
        arm_expiry(c, peer, now_us);
    }
    invite(c, peer, now_us);
}

void conference_do(clasp_conference *c, conference_peer *peer, negotiation_action action,
                   const conference_signal *signal, uint64_t now_us) {
    switch (action) {
    case DO_ASK:
        ask(c, peer, signal, now_us);
        break;
    case DO_OPEN_OFFER:
        open_offer(c, peer, now_us);
        break;
    case DO_SEND_OFFER:
        send_first(c, peer, SIGNAL_OFFER, now_us);
        break;
    case DO_SEND_AGAIN:
        send_again(c, peer, SIGNAL_OFFER, now_us);
        break;
    case DO_APPLY:
        apply_answer(c, peer, signal, now_us);
        break;
    case DO_OFFER_ROUND:
        offer_round(c, peer);
        break;
    case DO_INVITE:
        invite_first(c, peer, now_us);
        break;
    case DO_OPEN_ANSWER:
        open_answer(c, peer, signal, now_us);
        break;
    case DO_ANSWER_ROUND:
        answer_round(c, peer, signal);
        break;
    case DO_SEND_ANSWER:
        send_first(c, peer, SIGNAL_ANSWER, now_us);
        break;
    case DO_ANSWER_AGAIN:
        send_again(c, peer, SIGNAL_ANSWER, now_us);
        break;
    case DO_REPLACE:
        replace(c, peer, signal, now_us);
        break;
    case DO_FORGET:
        conference_forget(c, peer, now_us);
        break;
    case DO_NOTHING:
    case NEGOTIATION_ACTION_COUNT:
        break;
    }
}

bool conference_step(clasp_conference *c, conference_peer *peer, negotiation_event event,
                     const conference_signal *signal, uint64_t now_us) {
    negotiation_action action = DO_NOTHING;
    if (!negotiation_step(c->role, &peer->negotiation, event, &action)) {
        return false;
    }
    conference_do(c, peer, action, signal, now_us);
    return true;
}

/* ---- the path's actions -------------------------------------------------------------------------------------- */

static void path_works(clasp_conference *c, conference_peer *peer, bool again) {
    peer->timers[TIMER_EXPIRE] = peer->timers[TIMER_SILENT] = NEVER;
    if (peer->negotiation == NEGOTIATION_STABLE) {
        peer->timers[TIMER_RETRY] = NEVER;
    }
    peer->retries = 0;
    peer->failed = false;
    c->was_connected = true;
    c->looks = 0;
    c->pings_left = c->ping_attempts;
    clasp_outbox_add(c->out, CLASP_EFFECT_PEER_CONNECTED, c->handle, peer->handle, again, NO_BYTES);
}

static void path_breaks(clasp_conference *c, conference_peer *peer, uint64_t now_us) {
    peer->heard = false;
    peer->retries = 0;
    arm_expiry(c, peer, now_us);
    peer->timers[TIMER_SILENT] = c->signalling_down ? NEVER : now_us + CLASP_SILENCE_US;
    clasp_outbox_add(c->out, CLASP_EFFECT_PEER_RECOVERING, c->handle, peer->handle, 0, NO_BYTES);
    conference_step(c, peer, ON_RESTART, NULL, now_us);
}

void conference_path(clasp_conference *c, conference_peer *peer, path_event event, uint64_t now_us) {
    const path_action action = path_step(&peer->path, event);
    peer->failed = peer->failed || event == PATH_FAILS;
    const bool ends = action == PATH_DO_RECOVER || action == PATH_DO_RESTART;
    if (ends && !peer->ours) { /* a peer of another make expects no restart */
        conference_dispose(c, peer, peer->failed ? CLASP_ICE_FAILED : CLASP_OK, NO_BYTES, true, now_us);
        return;
    }
    switch (action) {
    case PATH_DO_CONNECT:
    case PATH_DO_HEAL:
        path_works(c, peer, action == PATH_DO_HEAL);
        break;
    case PATH_DO_RECOVER:
        path_breaks(c, peer, now_us);
        break;
    case PATH_DO_RESTART:
        conference_step(c, peer, ON_RESTART, NULL, now_us);
        break;
    case PATH_DO_NOTHING:
    case PATH_ACTION_COUNT:
        break;
    }
}
