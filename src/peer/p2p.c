#include "peer/p2p_core.h"

#define TIMEOUT_MAX_MS 86400000.0

static const clasp_span NO_BYTES = {NULL, 0};

uint32_t clasp_p2p_find(const clasp_p2p *p, clasp_span id) {
    const p2p_peer *peer = p2p_by_id(p, id);
    return peer ? peer->handle : 0;
}

clasp_p2p_state clasp_p2p_peer_state(const clasp_p2p *p, uint32_t handle) {
    const p2p_peer *peer = p2p_by_handle(p, handle);
    return peer ? peer->state : CLASP_P2P_CLOSED;
}

bool clasp_p2p_peer_is_ours(const clasp_p2p *p, uint32_t handle) {
    const p2p_peer *peer = p2p_by_handle(p, handle);
    return peer && peer->ours;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

clasp_p2p *clasp_p2p_new(uint32_t handle, uint64_t seed, clasp_outbox *out) {
    clasp_p2p *p = calloc(1, sizeof *p);
    if (p) {
        p->handle = handle;
        p->out = out;
        p->announce_us = P2P_NEVER;
        p->over = (p2p_memory){p->over_entries, CLASP_P2P_OVER, 0};
        p->late = (p2p_memory){p->late_entries, CLASP_P2P_LATE, 0};
        p->seen = (p2p_memory){p->seen_entries, CLASP_P2P_SEEN, 0};
        p->sent = (p2p_memory){p->sent_entries, CLASP_P2P_SEEN, 0};
        clasp_random_seed(&p->random, seed);
        p->hash_seed = clasp_random_next(&p->random);
    }
    return p;
}

static void clear(clasp_p2p *p) {
    for (uint32_t i = 0; i < p->slots; i++) {
        p2p_peer_free(p->peers[i]);
        p->peers[i] = NULL;
    }
    p->slots = 0;
    p2p_clear_tickets(p, false);
    p2p_early_clear(&p->early);
    clasp_text_clear(&p->client_id);
    clasp_text_clear(&p->epoch);
    clasp_text_clear(&p->room);
    clasp_text_clear(&p->session);
    memset(p->over_entries, 0, sizeof p->over_entries);
    memset(p->late_entries, 0, sizeof p->late_entries);
    memset(p->seen_entries, 0, sizeof p->seen_entries);
    memset(p->sent_entries, 0, sizeof p->sent_entries);
    p->announce_us = P2P_NEVER;
}

void clasp_p2p_free(clasp_p2p *p) {
    if (p) {
        clear(p);
        free(p);
    }
}

/* ---- configuration ------------------------------------------------------------------------------------------- */

/* A whole number within 1..max; its default when missing. false: there, but no such number. */
static bool setting(clasp_value map, const char *key, double fallback, double max, double *out) {
    clasp_value value;
    *out = fallback;
    if (!clasp_value_get(map, clasp_span_of(key), &value) || value.type == CLASP_VALUE_NULL) {
        return true;
    }
    return clasp_value_number(value, out) && *out >= 1 && *out <= max;
}

static clasp_err name_setting(clasp_value map, const char *key, bool required, clasp_text *out) {
    clasp_value value;
    if (!clasp_value_get(map, clasp_span_of(key), &value) || value.type == CLASP_VALUE_NULL) {
        return required ? CLASP_BAD_FIELD : CLASP_OK;
    }
    const clasp_span text = clasp_value_text(value);
    if (!text.at || !p2p_id_check(text)) {
        return CLASP_BAD_FIELD;
    }
    return clasp_text_set(out, text) ? CLASP_OK : CLASP_NO_MEMORY;
}

static clasp_err read_config(clasp_p2p *p, clasp_value map) {
    const struct {
        const char *key;
        bool *out;
    } SWITCHES[] = {{"mesh", &p->mesh},       {"decide", &p->decide}, {"named", &p->named},
                    {"forward", &p->forward}, {"cover", &p->cover},   {"fast", &p->fast},
                    {"stun", &p->stun},       {"turn", &p->turn}};
    for (size_t i = 0; i < sizeof SWITCHES / sizeof *SWITCHES; i++) {
        *SWITCHES[i].out = p2p_map_true(map, SWITCHES[i].key);
    }
    double timeout, peers;
    if (!setting(map, "timeout", 30000, TIMEOUT_MAX_MS, &timeout) ||
        !setting(map, "maxPeers", CLASP_P2P_CONNECTIONS, CLASP_P2P_PEERS, &peers)) {
        return CLASP_BAD_FIELD;
    }
    p->timeout_us = (uint64_t)(timeout * 1000);
    p->max_peers = (uint32_t)peers;
    clasp_err err = name_setting(map, "clientId", false, &p->client_id);
    err = err == CLASP_OK ? name_setting(map, "epoch", true, &p->epoch) : err;
    err = err == CLASP_OK ? name_setting(map, "room", false, &p->room) : err;
    return err == CLASP_OK && p->epoch.len > CLASP_P2P_EPOCH_MAX ? CLASP_BAD_FIELD : err;
}

clasp_err clasp_p2p_start(clasp_p2p *p, clasp_span config, uint64_t now_us) {
    (void)now_us;
    if (p->started) {
        return CLASP_BAD_STATE;
    }
    clasp_reader r = clasp_reader_of(config);
    const clasp_value map = clasp_read_value(&r);
    clasp_err err = r.err;
    if (err == CLASP_OK) {
        err = map.type == CLASP_VALUE_MAP ? read_config(p, map) : CLASP_BAD_FIELD;
    }
    if (err != CLASP_OK) {
        clear(p);
        return err;
    }
    p->started = true;
    return CLASP_OK;
}

void clasp_p2p_stop(clasp_p2p *p, uint64_t now_us) {
    if (!p->started) {
        return;
    }
    const p2p_end end = {.cause = CLASP_OK, .tell = true};
    p->mesh = false;
    p2p_clear_tickets(p, true);
    for (uint32_t i = 0; i < p->slots; i++) {
        if (p->peers[i]) {
            clasp_text_clear(&p->peers[i]->next_session);
            p2p_peer_end(p, p->peers[i], &end, now_us);
            p2p_drop(p, p->peers[i]);
        }
    }
    if (p->session.len > 0) {
        p2p_subscribe(p, false);
    }
    p->started = p->up = false;
    clear(p);
}

/* ---- signalling ---------------------------------------------------------------------------------------------- */

/* What was still being set up spoke of the old session. */
static void drop_set_ups(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    const p2p_end end = {.cause = CLASP_NOT_CONNECTED, .link_alone = true};
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i] && peer->links[i]->path == PATH_NEW) {
            p2p_link_end(p, peer, peer->links[i], &end, now_us);
        }
    }
    peer->told = false;
    peer->resumes = 0;
}

/* Everything unanswered is said again at once. */
static void revive(clasp_p2p *p, p2p_peer *peer, uint64_t now_us) {
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        p2p_link *link = peer->links[i];
        if (link && link->timers[LINK_RETRY] != P2P_NEVER) {
            link->timers[LINK_RETRY] = now_us;
            link->retries = 0;
            link->sent_us = 0; /* it may have gone nowhere */
        }
    }
    if (peer->state == CLASP_P2P_DISCONNECTED && peer->ours) {
        peer->heard = false;
        peer->timers[PEER_SILENT] = now_us + CLASP_P2P_RETURN_US;
        peer->timers[PEER_PROBE] = now_us + CLASP_P2P_PROBE_US;
    }
    p2p_send_resume(p, peer, now_us);
    p2p_renew_cover(p, peer);
    if (p2p_has_tickets(p, peer)) {
        p2p_dial(p, peer, now_us);
    } else {
        p2p_consider(p, peer, now_us);
    }
}

static void signalling_down(clasp_p2p *p) {
    p->up = false;
    p->announce_us = P2P_NEVER;
    for (uint32_t i = 0; i < p->slots; i++) {
        if (p->peers[i]) {
            p->peers[i]->timers[PEER_SILENT] = P2P_NEVER;
        }
    }
}

clasp_err clasp_p2p_signalling(clasp_p2p *p, clasp_span session, uint64_t now_us) {
    if (!p->started) {
        return CLASP_BAD_STATE;
    }
    if (session.len == 0) {
        signalling_down(p);
        return CLASP_OK;
    }
    clasp_text fresh = {NULL, 0};
    const bool changed = !clasp_span_equal(session, clasp_text_span(&p->session));
    if (!p2p_id_check(session)) {
        return CLASP_BAD_FIELD;
    }
    if (changed && !clasp_text_set(&fresh, session)) {
        return CLASP_NO_MEMORY;
    }
    if (changed) {
        if (p->session.len > 0) {
            p2p_subscribe(p, false);
        }
        clasp_text_clear(&p->session);
        p->session = fresh;
        p2p_subscribe(p, true);
    }
    p->up = true;
    p->announces = 0;
    p2p_announce(p, now_us);
    for (uint32_t i = 0; i < p->slots; i++) {
        if (p->peers[i] && changed) {
            drop_set_ups(p, p->peers[i], now_us);
        }
        if (p->peers[i]) {
            revive(p, p->peers[i], now_us);
        }
    }
    return CLASP_OK;
}

/* ---- wishes of the application ------------------------------------------------------------------------------- */

static void reject(clasp_p2p *p, p2p_peer *peer, clasp_span reason, uint64_t now_us) {
    const p2p_end end = {.cause = CLASP_REJECTED, .words = reason, .tell = true};
    peer->decision = DECISION_NONE;
    peer->shunned = true;
    peer->facts.rejected_here = true;
    peer->timers[PEER_DIAL] = P2P_NEVER;
    for (uint32_t i = 0; i < CLASP_P2P_LINKS; i++) {
        if (peer->links[i] && peer->links[i]->state == P2P_LINK_ASKED) {
            p2p_link_end(p, peer, peer->links[i], &end, now_us);
        }
    }
}

clasp_err clasp_p2p_decide(clasp_p2p *p, uint32_t handle, bool accept, clasp_span reason, uint64_t now_us) {
    p2p_peer *peer = p2p_by_handle(p, handle);
    if (!peer) {
        return CLASP_BAD_HANDLE;
    }
    if (peer->decision != DECISION_ASKED) {
        return CLASP_BAD_STATE;
    }
    if (!accept) {
        const uint32_t len =
            reason.len < CLASP_P2P_REASON_MAX ? reason.len : 0; /* none rather than half of one */
        reject(p, peer, (clasp_span){reason.at, len}, now_us);
        return CLASP_OK;
    }
    peer->decision = DECISION_YES;
    peer->facts.rejected_here = false;
    return p2p_dial(p, peer, now_us); /* admits whoever waits for this word */
}

clasp_err clasp_p2p_close(clasp_p2p *p, uint32_t handle, uint64_t now_us) {
    p2p_peer *peer = p2p_by_handle(p, handle);
    if (!peer) {
        return CLASP_BAD_HANDLE;
    }
    const p2p_end end = {.cause = CLASP_OK, .tell = true};
    peer->shunned = true;
    clasp_text_clear(&peer->next_session);
    p2p_peer_end(p, peer, &end, now_us);
    return CLASP_OK;
}

clasp_err clasp_p2p_record(clasp_p2p *p, uint32_t handle, clasp_span record) {
    p2p_peer *peer = p2p_by_handle(p, handle);
    if (!peer) {
        return CLASP_BAD_HANDLE;
    }
    if (!p->up || !peer->ours || !peer->accepted || peer->session.len == 0) {
        return CLASP_NOT_CONNECTED;
    }
    if (record.len == 0 || record.len > CLASP_P2P_RECORD_MAX) {
        return CLASP_TOO_LARGE;
    }
    p2p_signal signal = {.type = P2P_TYPE_DATA, .record = record};
    p2p_emit(p, peer, CLASP_P2P_DIALECT_CLASP, &signal);
    return CLASP_OK;
}

void clasp_p2p_network(clasp_p2p *p, uint64_t now_us) {
    for (uint32_t i = 0; i < p->slots; i++) {
        p2p_peer *peer = p->peers[i];
        for (uint32_t at = 0; peer && peer->ours && at < CLASP_P2P_LINKS; at++) {
            p2p_link *link = peer->links[at];
            if (link && link->path != PATH_NEW) {
                link->proven = false;
                link->retries = 0;
                p2p_set_cover(p, peer, true);
                p2p_restart(p, peer, link, P2P_ON_RESTART, now_us);
            }
        }
    }
}

/* ---- the data plane ------------------------------------------------------------------------------------------ */

static void proven(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    if (link->path == PATH_DOWN) {
        p2p_path(p, peer, link, PATH_WORKS, CLASP_OK, now_us);
    }
    link->proven = true;
    link->doubted = false;
    p2p_set_cover(p, peer, false);
    if (peer->ours && !peer->has_token && p2p_is_higher(p, peer, link->dialect)) {
        p2p_effect(p, CLASP_EFFECT_P2P_TOKEN, peer->handle, 0, 0, NO_BYTES);
    }
}

static void doubted(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us) {
    link->doubted = true;
    if (p->up) {
        p2p_effect(p, CLASP_EFFECT_P2P_DOUBT, peer->handle, 0, 0, NO_BYTES);
    }
    p2p_believe(p, peer, now_us);
}

clasp_err clasp_p2p_path(clasp_p2p *p, uint32_t handle, uint32_t number, clasp_p2p_path_event event,
                         uint64_t now_us) {
    p2p_peer *peer = p2p_by_handle(p, handle);
    p2p_link *link = peer ? p2p_link_by_number(peer, number) : NULL;
    if (!link) {
        return CLASP_BAD_HANDLE;
    }
    if (link->path == PATH_NEW) {
        return CLASP_BAD_STATE;
    }
    switch (event) {
    case CLASP_P2P_PATH_PROVEN:
        proven(p, peer, link, now_us);
        break;
    case CLASP_P2P_PATH_SILENT:
        if (peer->ours) {
            p2p_path(p, peer, link, PATH_BREAKS, CLASP_TIMEOUT, now_us);
        }
        break;
    case CLASP_P2P_PATH_DOUBTED:
        doubted(p, peer, link, now_us);
        break;
    case CLASP_P2P_PATH_ALIVE:
        if (link->path == PATH_DOWN) {
            p2p_path(p, peer, link, PATH_WORKS, CLASP_OK, now_us);
        }
        break;
    }
    return CLASP_OK;
}
