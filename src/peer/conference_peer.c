#include "peer/conference_peer.h"

conference_peer *conference_peer_new(clasp_span id) {
    conference_peer *peer = calloc(1, sizeof *peer);
    if (!peer) {
        return NULL;
    }
    for (int i = 0; i < TIMER_COUNT; i++) {
        peer->timers[i] = NEVER;
    }
    if (!clasp_text_set(&peer->id, id)) {
        free(peer);
        return NULL;
    }
    return peer;
}

static void forget_found(conference_peer *peer) {
    for (uint32_t i = 0; i < peer->found_count; i++) {
        clasp_text_clear(&peer->found[i]);
    }
    peer->found_count = 0;
}

static void drop_early(conference_peer *peer, uint32_t index) {
    clasp_text_clear(&peer->early[index].json);
    peer->early_count--;
    memmove(&peer->early[index], &peer->early[index + 1], (peer->early_count - index) * sizeof *peer->early);
}

/* Drop the early candidates of all attempts up to this one. */
static void drop_early_until(conference_peer *peer, uint64_t attempt) {
    for (uint32_t i = peer->early_count; i-- > 0;) {
        if (peer->early[i].attempt <= attempt) {
            drop_early(peer, i);
        }
    }
}

void conference_peer_reset(conference_peer *peer) {
    forget_found(peer);
    drop_early_until(peer, peer->attempt);
    clasp_text_clear(&peer->sdp);
    clasp_text_clear(&peer->state);
    free(peer->tickets);
    peer->tickets = NULL;
    peer->ticket_count = 0;
    peer->negotiation = NEGOTIATION_CLOSED;
    peer->path = PATH_NEW;
    peer->heard = peer->failed = peer->linked = peer->channel_open = false;
    peer->handle = 0;
    peer->attempt = 0;
    peer->round = 0;
    peer->rev = 0;
    peer->sent_us = 0;
    peer->syncs = 0;
    for (int i = 0; i < TIMER_COUNT; i++) {
        peer->timers[i] = NEVER;
    }
}

void conference_peer_free(conference_peer *peer) {
    if (peer) {
        drop_early_until(peer, NEVER);
        conference_peer_reset(peer);
        clasp_text_clear(&peer->id);
        free(peer);
    }
}

void conference_peer_next_round(conference_peer *peer, uint32_t round) {
    forget_found(peer);
    clasp_text_clear(&peer->sdp);
    peer->round = round;
    peer->failed = false;
    peer->sent_us = 0;
}

uint64_t conference_peer_deadline(const conference_peer *peer) {
    uint64_t first = NEVER;
    for (int i = 0; i < TIMER_COUNT; i++) {
        first = peer->timers[i] < first ? peer->timers[i] : first;
    }
    return first;
}

bool conference_peer_found(conference_peer *peer, clasp_span json) {
    if (peer->found_count == CLASP_CANDIDATES || !clasp_text_set(&peer->found[peer->found_count], json)) {
        return false;
    }
    peer->found_count++;
    return true;
}

void conference_peer_early(conference_peer *peer, clasp_span json, uint64_t attempt, uint32_t round) {
    if (peer->early_count == CLASP_CANDIDATES) {
        drop_early(peer, 0);
    }
    early_candidate *early = &peer->early[peer->early_count];
    *early = (early_candidate){.attempt = attempt, .round = round};
    if (clasp_text_set(&early->json, json)) {
        peer->early_count++;
    }
}

uint32_t conference_tickets_push(uint32_t **tickets, uint32_t *count, uint32_t max, uint32_t ticket) {
    if (!*tickets) {
        *tickets = calloc(CLASP_CONFERENCE_QUEUE_MAX, sizeof **tickets);
    }
    if (!*tickets || max == 0) {
        return ticket;
    }
    uint32_t dropped = 0;
    if (*count >= max) {
        dropped = (*tickets)[0];
        *count -= 1;
        memmove(*tickets, *tickets + 1, *count * sizeof **tickets);
    }
    (*tickets)[(*count)++] = ticket;
    return dropped;
}
