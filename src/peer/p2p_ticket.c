/* Requests of the application: each is settled exactly once. */
#include "peer/p2p_core.h"

static const clasp_span NO_BYTES = {NULL, 0};

static void remove_at(clasp_p2p *p, uint32_t at) {
    clasp_text_clear(&p->tickets[at].id);
    p->ticket_count--;
    memmove(&p->tickets[at], &p->tickets[at + 1], (p->ticket_count - at) * sizeof *p->tickets);
}

static void settle_at(clasp_p2p *p, uint32_t at, clasp_err cause, clasp_span words) {
    p2p_effect(p, CLASP_EFFECT_P2P_SETTLED, p->tickets[at].ticket, p->tickets[at].peer, cause, words);
    remove_at(p, at);
}

bool p2p_has_tickets(const clasp_p2p *p, const p2p_peer *peer) {
    for (uint32_t i = 0; i < p->ticket_count; i++) {
        if (p->tickets[i].peer == peer->handle) {
            return true;
        }
    }
    return false;
}

void p2p_settle(clasp_p2p *p, const p2p_peer *peer, clasp_err cause, clasp_span words) {
    for (uint32_t i = p->ticket_count; i > 0; i--) {
        if (p->tickets[i - 1].peer == peer->handle) {
            settle_at(p, i - 1, cause, words);
        }
    }
}

void p2p_claim_tickets(clasp_p2p *p, p2p_peer *peer) {
    for (uint32_t i = 0; i < p->ticket_count; i++) {
        const clasp_span id = clasp_text_span(&p->tickets[i].id);
        if (p->tickets[i].peer == 0 && (clasp_span_equal(id, clasp_text_span(&peer->id)) ||
                                        clasp_span_equal(id, clasp_text_span(&peer->session)))) {
            p->tickets[i].peer = peer->handle;
            p->tickets[i].guess_us = P2P_NEVER;
        }
    }
}

void p2p_release_tickets(clasp_p2p *p, const p2p_peer *peer) {
    for (uint32_t i = 0; i < p->ticket_count; i++) {
        if (p->tickets[i].peer == peer->handle) {
            p->tickets[i].peer = 0;
        }
    }
}

void p2p_clear_tickets(clasp_p2p *p, bool tell) {
    while (p->ticket_count > 0) {
        if (tell) {
            settle_at(p, p->ticket_count - 1, CLASP_NOT_CONNECTED, NO_BYTES);
        } else {
            remove_at(p, p->ticket_count - 1);
        }
    }
}

/* 8-4-4-4-12 characters with hyphens between: what sessions look like. */
static bool looks_like_session(clasp_span id) {
    bool hyphens = id.len == CLASP_UUID_LEN;
    for (uint32_t i = 0; hyphens && i < id.len; i++) {
        hyphens = (id.at[i] == '-') == (i == 8 || i == 13 || i == 18 || i == 23);
    }
    return hyphens;
}

static bool is_self(const clasp_p2p *p, clasp_span id) {
    return clasp_span_equal(id, clasp_text_span(&p->client_id)) ||
           clasp_span_equal(id, clasp_text_span(&p->session));
}

clasp_err clasp_p2p_connect(clasp_p2p *p, uint32_t ticket, clasp_span id, uint32_t timeout_ms,
                            uint64_t now_us) {
    if (!p->started) {
        return CLASP_BAD_STATE;
    }
    if (!p2p_id_check(id) || is_self(p, id)) {
        return CLASP_BAD_FIELD;
    }
    if (p->ticket_count == CLASP_P2P_TICKETS) {
        return CLASP_LIMIT;
    }
    p2p_ticket *entry = &p->tickets[p->ticket_count];
    *entry = (p2p_ticket){.ticket = ticket, .guess_us = P2P_NEVER};
    if (!clasp_text_set(&entry->id, id)) {
        return CLASP_NO_MEMORY;
    }
    p->ticket_count++;
    entry->until_us = now_us + (timeout_ms > 0 ? (uint64_t)timeout_ms * 1000 : p->timeout_us);
    p2p_peer *peer = p2p_by_id(p, id);
    if (peer) {
        entry->peer = peer->handle;
        peer->shunned = false;
        peer->attempts = 0;
        p2p_consider(p, peer, now_us);
        return CLASP_OK;
    }
    p2p_seek(p, now_us);
    if (looks_like_session(id)) {
        entry->guess_us = now_us + CLASP_P2P_GUESS_US;
    }
    return CLASP_OK;
}

/* An attempt that nobody wants any more ends. */
static void abandon(clasp_p2p *p, p2p_peer *peer, clasp_err cause, uint64_t now_us) {
    const bool unwanted = peer && peer->state == CLASP_P2P_CONNECTING && !p2p_has_tickets(p, peer) &&
                          !(p->mesh && peer->announced && !peer->shunned);
    const p2p_end end = {.cause = cause, .tell = true};
    if (unwanted) {
        p2p_peer_end(p, peer, &end, now_us);
    }
}

clasp_err clasp_p2p_cancel(clasp_p2p *p, uint32_t ticket, uint64_t now_us) {
    for (uint32_t i = 0; i < p->ticket_count; i++) {
        if (p->tickets[i].ticket == ticket) {
            p2p_peer *peer = p2p_by_handle(p, p->tickets[i].peer);
            remove_at(p, i);
            abandon(p, peer, CLASP_OK, now_us);
            return CLASP_OK;
        }
    }
    return p->started ? CLASP_BAD_HANDLE : CLASP_BAD_STATE;
}

static void guess(clasp_p2p *p, uint32_t at, uint64_t now_us) {
    clasp_err err = CLASP_OK;
    p->tickets[at].guess_us = P2P_NEVER;
    p2p_peer *peer = p2p_make(p, (clasp_span){NULL, 0}, clasp_text_span(&p->tickets[at].id), false, &err);
    if (peer) {
        peer->guessed = true;
        p2p_name(p, peer);
        p2p_consider(p, peer, now_us);
    }
}

/* What the router can carry meanwhile has not failed. */
static void expire(clasp_p2p *p, uint32_t at, uint64_t now_us) {
    p2p_peer *peer = p2p_by_handle(p, p->tickets[at].peer);
    if (peer && p2p_cover_set_up(p, peer, now_us)) {
        return; /* which has settled it */
    }
    settle_at(p, at, CLASP_TIMEOUT, NO_BYTES);
    abandon(p, peer, CLASP_TIMEOUT, now_us);
}

void p2p_tick_tickets(clasp_p2p *p, uint64_t now_us) {
    for (uint32_t i = p->ticket_count; i > 0; i--) {
        if (i > p->ticket_count) {
            continue; /* settled with another one */
        }
        p2p_ticket *ticket = &p->tickets[i - 1];
        if (ticket->until_us <= now_us) {
            expire(p, i - 1, now_us);
        } else if (ticket->guess_us <= now_us) {
            guess(p, i - 1, now_us);
        }
    }
}

uint64_t p2p_ticket_deadline(const clasp_p2p *p) {
    uint64_t first = P2P_NEVER;
    for (uint32_t i = 0; i < p->ticket_count; i++) {
        first = p->tickets[i].until_us < first ? p->tickets[i].until_us : first;
        first = p->tickets[i].guess_us < first ? p->tickets[i].guess_us : first;
    }
    return first;
}
