#include "peer/conference_core.h"
#include "wire/value.h"

#define SECONDS_MAX 86400.0 /* for the times of a configuration */

static const clasp_span NO_BYTES = {NULL, 0};

uint32_t clasp_conference_find(const clasp_conference *c, clasp_span id) {
    const conference_peer *peer = conference_by_id(c, id);
    return peer ? peer->handle : 0;
}

clasp_peer_state clasp_conference_peer_state(const clasp_conference *c, uint32_t handle) {
    const conference_peer *peer = conference_by_handle(c, handle);
    return peer ? conference_peer_state(peer->negotiation, peer->path) : CLASP_PEER_CLOSED;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

clasp_conference *clasp_conference_new(uint32_t handle, clasp_role role, uint64_t seed, clasp_outbox *out) {
    clasp_conference *c = calloc(1, sizeof *c);
    if (c) {
        c->handle = handle;
        c->role = role;
        c->out = out;
        c->invoke_us = NEVER;
        clasp_random_seed(&c->random, seed);
    }
    return c;
}

static void clear(clasp_conference *c) {
    for (uint32_t i = 0; i < CLASP_CONFERENCE_PEERS; i++) {
        conference_peer_free(c->peers[i]);
        c->peers[i] = NULL;
    }
    clasp_text_clear(&c->id);
    clasp_text_clear(&c->state);
    clasp_text_clear(&c->credentials);
    free(c->waiting);
    c->waiting = NULL;
    c->waiting_count = 0;
    c->invoke_us = NEVER;
}

void clasp_conference_free(clasp_conference *c) {
    if (c) {
        clear(c);
        free(c);
    }
}

/* A number of a configuration, within 0..max; its default when missing. false: there, but no such number. */
static bool setting(const cJSON *config, const char *key, double fallback, double max, double *out) {
    *out = fallback;
    if (!clasp_json_get(config, key)) {
        return true;
    }
    return clasp_json_number(config, key, out) && *out <= max;
}

static clasp_err read_settings(clasp_conference *c, const cJSON *config) {
    double timeout, interval, attempts, queue;
    if (!setting(config, "connectionTimeout", 30, SECONDS_MAX, &timeout) ||
        !setting(config, "pingInterval", 30, SECONDS_MAX, &interval) ||
        !setting(config, "pingAttempts", 10, 1e6, &attempts) ||
        !setting(config, "queueSize", 10, CLASP_CONFERENCE_QUEUE_MAX, &queue)) {
        return CLASP_BAD_SIGNAL;
    }
    c->timeout_us = timeout > 0 ? (uint64_t)(timeout * 1e6) : 0;
    c->ping_interval_us = interval > 0 ? (uint64_t)(interval * 1e6) : 0;
    c->ping_attempts = attempts > 0 ? (uint32_t)attempts : 0;
    c->queue_size = queue > 0 ? (uint32_t)queue : 0;
    c->data_channel = clasp_json_true(config, "dataChannel");
    c->verify = clasp_json_true(config, "verify");
    return CLASP_OK;
}

static clasp_err read_config(clasp_conference *c, const cJSON *config) {
    const clasp_span id = clasp_json_text(config, "id");
    if (id.len == 0 || id.len > CLASP_CONFERENCE_ID_MAX) {
        return CLASP_BAD_SIGNAL;
    }
    clasp_err err = clasp_text_set(&c->id, id) ? read_settings(c, config) : CLASP_NO_MEMORY;
    const cJSON *credentials = clasp_json_get(config, "credentials");
    if (err == CLASP_OK && credentials) {
        err = conference_json_text(credentials, CLASP_CONFERENCE_STATE_MAX, &c->credentials);
    }
    const cJSON *state = clasp_json_get(config, "state");
    if (err == CLASP_OK &&
        c->role == CLASP_ROLE_SENDER) { /* peers of other makes expect an object, even an empty one */
        err = state ? conference_json_text(state, CLASP_CONFERENCE_STATE_MAX, &c->state)
                    : (clasp_text_set(&c->state, clasp_span_of("{}")) ? CLASP_OK : CLASP_NO_MEMORY);
    }
    return err;
}

clasp_err clasp_conference_start(clasp_conference *c, clasp_span json, uint64_t now_us) {
    if (c->started) {
        return CLASP_BAD_STATE;
    }
    clasp_err err = CLASP_OK;
    cJSON *config = clasp_json_parse(json, &err);
    if (config) {
        err = read_config(c, config);
        cJSON_Delete(config);
    }
    if (err != CLASP_OK) {
        clear(c);
        return err;
    }
    c->started = true;
    c->was_connected = false;
    c->rev = 1;
    c->invokes = 0;
    c->pings_left = c->ping_attempts;
    conference_invoke_room(c, now_us);
    c->invoke_us = now_us + conference_backoff(c, CLASP_REPEAT_US, 0, CLASP_REPEAT_MAX_US);
    return CLASP_OK;
}

void clasp_conference_stop(clasp_conference *c, uint64_t now_us) {
    if (!c->started) {
        return;
    }
    c->started = false;
    for (uint32_t i = 0; i < CLASP_CONFERENCE_PEERS; i++) {
        if (c->peers[i] && c->peers[i]->handle != 0) {
            conference_dispose(c, c->peers[i], CLASP_OK, NO_BYTES, true, now_us);
        }
    }
    for (uint32_t i = 0; i < c->waiting_count; i++) {
        clasp_outbox_add(c->out, CLASP_EFFECT_DROP, c->handle, 0, c->waiting[i], NO_BYTES);
    }
    clear(c);
}

/* ---- reports and wishes of the host -------------------------------------------------------------------------- */

clasp_err clasp_conference_verified(clasp_conference *c, uint32_t handle, bool accepted, uint64_t now_us) {
    conference_peer *peer = conference_by_handle(c, handle);
    if (!peer) {
        return CLASP_BAD_HANDLE;
    }
    const bool asked = peer->negotiation == NEGOTIATION_VERIFYING;
    return asked && conference_step(c, peer, accepted ? ON_ADMIT : ON_DENY, NULL, now_us) ? CLASP_OK
                                                                                          : CLASP_BAD_STATE;
}

static clasp_err local_description(clasp_conference *c, conference_peer *peer, uint32_t round, clasp_span sdp,
                                   uint64_t now_us) {
    if (round != peer->round) {
        return CLASP_BAD_STATE;
    }
    if (sdp.len == 0 || sdp.len > CLASP_SDP_MAX || !clasp_utf8_check(sdp)) {
        conference_dispose(c, peer, sdp.len > CLASP_SDP_MAX ? CLASP_TOO_LARGE : CLASP_NEGOTIATION, NO_BYTES,
                           true, now_us);
        return CLASP_OK;
    }
    if (!clasp_text_set(&peer->sdp, sdp)) {
        return CLASP_NO_MEMORY;
    }
    return conference_step(c, peer, ON_LOCAL, NULL, now_us) ? CLASP_OK : CLASP_BAD_STATE;
}

static clasp_err local_candidate(clasp_conference *c, conference_peer *peer, uint32_t round,
                                 clasp_span json) {
    const clasp_err err = conference_candidate_check(json);
    if (err != CLASP_OK || round != peer->round) {
        return err != CLASP_OK ? err : CLASP_BAD_STATE;
    }
    const bool kept = conference_peer_found(peer, json);
    if (peer->sdp.len > 0) { /* the description is out: this one follows at once */
        conference_signal signal = {.type = SIGNAL_CANDIDATE, .has_attempt = true, .attempt = peer->attempt};
        signal.round = round;
        if (clasp_text_set(&signal.candidate, json)) {
            conference_emit(c, peer, &signal);
            clasp_text_clear(&signal.candidate);
        }
    }
    return kept ? CLASP_OK : CLASP_LIMIT;
}

static clasp_err refused(clasp_conference *c, conference_peer *peer, bool only_candidate, clasp_span why,
                         uint64_t now_us) {
    if (only_candidate) {
        conference_error(c, peer, CLASP_NEGOTIATION, why);
    } else {
        conference_dispose(c, peer, CLASP_NEGOTIATION, why, true, now_us);
    }
    return CLASP_OK;
}

clasp_err clasp_conference_link(clasp_conference *c, uint32_t handle, clasp_link_event event, uint32_t arg,
                                clasp_span bytes, uint64_t now_us) {
    conference_peer *peer = conference_by_handle(c, handle);
    if (!peer || !peer->linked) {
        return CLASP_BAD_HANDLE;
    }
    switch (event) {
    case CLASP_LINK_LOCAL:
        return local_description(c, peer, arg, bytes, now_us);
    case CLASP_LINK_CANDIDATE:
        return local_candidate(c, peer, arg, bytes);
    case CLASP_LINK_REFUSED:
        return refused(c, peer, arg == 1, bytes, now_us);
    case CLASP_LINK_CONNECTED:
        conference_path(c, peer, PATH_WORKS, now_us);
        return CLASP_OK;
    case CLASP_LINK_DISCONNECTED:
        conference_path(c, peer, PATH_BREAKS, now_us);
        return CLASP_OK;
    case CLASP_LINK_FAILED:
        conference_path(c, peer, PATH_FAILS, now_us);
        return CLASP_OK;
    case CLASP_LINK_CLOSED:
        conference_dispose(c, peer, CLASP_OK, NO_BYTES, true, now_us);
        return CLASP_OK;
    case CLASP_LINK_CHANNEL_OPEN:
        peer->channel_open = true;
        conference_flush(c, peer);
        return CLASP_OK;
    case CLASP_LINK_CHANNEL_CLOSED:
        peer->channel_open = false;
        return CLASP_OK;
    case CLASP_LINK_APPLIED:
        return CLASP_OK;
    }
    return CLASP_BAD_STATE;
}

clasp_err clasp_conference_send(clasp_conference *c, uint32_t handle, uint32_t ticket, uint32_t *reached) {
    *reached = 0;
    if (!c->started) {
        return CLASP_BAD_STATE;
    }
    for (uint32_t i = 0; i < CLASP_CONFERENCE_PEERS; i++) {
        conference_peer *peer = c->peers[i];
        if (peer && peer->linked && (handle == 0 || peer->handle == handle)) {
            conference_transmit(c, peer, ticket);
            *reached += 1;
        }
    }
    if (*reached > 0 || handle != 0) {
        return *reached > 0 ? CLASP_OK : CLASP_BAD_HANDLE;
    }
    const uint32_t dropped = conference_tickets_push(&c->waiting, &c->waiting_count, c->queue_size, ticket);
    if (dropped) {
        clasp_outbox_add(c->out, CLASP_EFFECT_DROP, c->handle, 0, dropped, NO_BYTES);
    }
    return CLASP_OK;
}

/* The members of `add` into `state`, in place of those of the same names. */
static bool merge_members(cJSON *state, const cJSON *add) {
    for (const cJSON *member = add->child; member; member = member->next) {
        cJSON *copy = cJSON_Duplicate(member, true);
        cJSON_DeleteItemFromObjectCaseSensitive(state, member->string);
        if (!copy || !cJSON_AddItemToObject(state, member->string, copy)) {
            cJSON_Delete(copy);
            return false;
        }
    }
    return true;
}

static clasp_err new_state(clasp_conference *c, const cJSON *given, bool merge, clasp_text *out) {
    clasp_err err = CLASP_OK;
    cJSON *state = merge && cJSON_IsObject(given) ? clasp_json_parse(clasp_text_span(&c->state), &err) : NULL;
    if (!cJSON_IsObject(state)) {
        err = conference_json_text(given, CLASP_CONFERENCE_STATE_MAX, out);
    } else if (!merge_members(state, given)) {
        err = CLASP_NO_MEMORY;
    } else {
        err = conference_json_text(state, CLASP_CONFERENCE_STATE_MAX, out);
    }
    cJSON_Delete(state);
    return err;
}

clasp_err clasp_conference_sync(clasp_conference *c, clasp_span json, bool merge, uint64_t now_us) {
    if (!c->started || c->role != CLASP_ROLE_SENDER) {
        return CLASP_BAD_STATE;
    }
    clasp_err err = CLASP_OK;
    clasp_text state = {NULL, 0};
    cJSON *given = clasp_json_parse(json, &err);
    if (given) {
        err = new_state(c, given, merge, &state);
        cJSON_Delete(given);
    }
    if (err != CLASP_OK) {
        return err;
    }
    clasp_text_clear(&c->state);
    c->state = state;
    c->rev++;
    for (uint32_t i = 0; i < CLASP_CONFERENCE_PEERS; i++) {
        conference_peer *peer = c->peers[i];
        const bool has_offer =
            peer && peer->linked && (peer->negotiation != NEGOTIATION_OFFERING || peer->round > 0);
        if (has_offer) {
            peer->syncs = 0;
            conference_send_sync(c, peer, now_us);
        }
    }
    return CLASP_OK;
}

clasp_err clasp_conference_dispose(clasp_conference *c, uint32_t handle, uint64_t now_us) {
    conference_peer *peer = conference_by_handle(c, handle);
    if (!peer) {
        return CLASP_BAD_HANDLE;
    }
    conference_dispose(c, peer, CLASP_OK, NO_BYTES, true, now_us);
    return CLASP_OK;
}

void clasp_conference_signalling(clasp_conference *c, bool up, uint64_t now_us) {
    if (c->signalling_down == !up) {
        return;
    }
    c->signalling_down = !up;
    for (uint32_t i = 0; c->started && i < CLASP_CONFERENCE_PEERS; i++) {
        conference_peer *peer = c->peers[i];
        if (peer && peer->path == PATH_DOWN) {
            peer->timers[TIMER_SILENT] = up && !peer->heard ? now_us + CLASP_SILENCE_US : NEVER;
        }
        if (up && peer && peer->timers[TIMER_RETRY] != NEVER) {
            peer->timers[TIMER_RETRY] = now_us;
            peer->retries = 0;
        }
    }
    if (up && c->started) {
        const uint64_t again_us =
            c->invoked_us + CLASP_REPEAT_US; /* what was said just now has waited for this */
        c->invokes = 0;
        c->invoke_us = again_us > now_us ? again_us : now_us;
    }
}
