#include "session/client.h"

#include <stdlib.h>

#include "session/client_state.h"

static const clasp_span NOTHING = {NULL, 0};

/* ---- life ---------------------------------------------------------------------------------------------------- */

clasp_client *clasp_client_new(uint32_t handle, uint64_t seed, clasp_outbox *out) {
    clasp_client *client = calloc(1, sizeof *client);
    if (!client) {
        return NULL;
    }
    client->session = clasp_session_new(handle, seed, out);
    if (!client->session) {
        free(client);
        return NULL;
    }
    client->session->watch = &CLASP_CLIENT_WATCH;
    client->session->watcher = client;
    const uint64_t hash_seed = clasp_random_next(&client->session->random);
    clasp_pendings_init(&client->pending, hash_seed);
    clasp_store_init(&client->cache, CLASP_CLIENT_CACHED, CLASP_CLIENT_CACHED_BYTES, hash_seed);
    clasp_store_init(&client->own, CLASP_CLIENT_OWN, CLASP_CLIENT_OWN_BYTES, hash_seed);
    return client;
}

void clasp_client_free(clasp_client *client) {
    if (!client) {
        return;
    }
    clasp_pendings_deinit(&client->pending);
    clasp_store_clear(&client->cache);
    clasp_store_clear(&client->own);
    clasp_session_free(client->session);
    free(client->options);
    free(client);
}

clasp_session_state clasp_client_get_state(const clasp_client *client) {
    return clasp_session_get_state(client->session);
}

/* ---- what is settled, what is sent --------------------------------------------------------------------------- */

void clasp_client_settle(clasp_client *client, clasp_pending *entry, clasp_err err, double number,
                         clasp_span words) {
    const bool is_set = clasp_pending_list_of((clasp_pending_kind)entry->kind) == CLASP_LIST_SETS;
    if (is_set && entry->is_sent && client->is_judged) {
        client->pending.in_flight--;
    }
    const uint32_t ticket = entry->ticket;
    clasp_pendings_remove(&client->pending, entry);
    if (ticket == 0) {
        return;
    }
    const clasp_session *session = client->session;
    clasp_effect *effect =
        clasp_outbox_add(session->out, CLASP_EFFECT_SETTLED, session->handle, ticket, (uint32_t)err, words);
    if (effect) {
        effect->number = number;
    }
}

void clasp_client_flush(clasp_client *client, uint64_t now_us) {
    clasp_pendings *p = &client->pending;
    if (!client->is_judged) {
        return;
    }
    while (p->next_unsent != CLASP_PENDING_NONE && p->in_flight < CLASP_CLIENT_WINDOW) {
        clasp_pending *entry = clasp_pending_at(p, p->next_unsent);
        entry->is_sent = true;
        entry->sent_us = now_us;
        entry->number = client->is_counted ? ++client->taken : 0;
        p->in_flight++;
        p->next_unsent = entry->newer;
        clasp_session_emit(client->session, clasp_pending_frame(p, entry), now_us);
    }
}

void clasp_client_tell_value(clasp_client *client, clasp_effect_kind kind, uint32_t ticket,
                             clasp_value value) {
    double number = 0;
    const bool is_number = clasp_value_number(value, &number);
    clasp_effect *effect = clasp_outbox_add(client->session->out, kind, client->session->handle, ticket,
                                            value.type, is_number ? NOTHING : value.data);
    if (effect) {
        effect->number = number;
    }
}

/* ---- what becomes of the session ----------------------------------------------------------------------------- */

static void settle_all(clasp_client *client, clasp_pending_list list) {
    clasp_pending *entry;
    while ((entry = clasp_pendings_oldest(&client->pending, list)) != NULL) {
        clasp_client_settle(client, entry, CLASP_NOT_CONNECTED, 0, NOTHING);
    }
}

/* Requests are not asked again; SETs wait to be judged. */
static void lose(clasp_client *client) {
    client->is_judged = false;
    client->pending.in_flight = 0;
    client->sync_us = 0;
    clasp_client_set_joining(client, false);
    settle_all(client, CLASP_LIST_REQUESTS);
}

static void end(clasp_client *client) {
    settle_all(client, CLASP_LIST_REQUESTS);
    settle_all(client, CLASP_LIST_SETS);
    clasp_store_clear(&client->cache);
    clasp_store_clear(&client->own);
    clasp_client_bundle_drop(client);
    client->sender.len = 0;
}

/* Something was done with the session, which was in this state before. */
static void follow(clasp_client *client, clasp_session_state before, uint64_t now_us) {
    const clasp_session_state state = clasp_client_get_state(client);
    if (state == before) {
        return;
    }
    if (before == CLASP_SESSION_OPEN) {
        lose(client);
    }
    if (state == CLASP_SESSION_OPEN) {
        clasp_client_begin_judging(client, now_us);
    } else if (state == CLASP_SESSION_CLOSED) {
        end(client);
    }
}

/* "/clasp/session/" and the secret in hexadecimal digits. */
static void write_claim(uint8_t claim[CLASP_CLAIM_LEN], const uint8_t secret[CLASP_CLIENT_SECRET]) {
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t *at = claim + sizeof CLASP_CLAIM_PREFIX - 1;
    memcpy(claim, CLASP_CLAIM_PREFIX, sizeof CLASP_CLAIM_PREFIX - 1);
    for (uint32_t i = 0; i < CLASP_CLIENT_SECRET; i++) {
        *at++ = (uint8_t)DIGITS[secret[i] >> 4];
        *at++ = (uint8_t)DIGITS[secret[i] & 0xF];
    }
}

clasp_err clasp_client_open(clasp_client *client, const clasp_session_options *options,
                            const uint8_t secret[CLASP_CLIENT_SECRET], uint64_t now_us) {
    const clasp_err err = clasp_session_open(client->session, options, now_us);
    if (err == CLASP_OK) {
        write_claim(client->claim, secret);
    }
    return err;
}

void clasp_client_close(clasp_client *client, uint64_t now_us) {
    const clasp_session_state before = clasp_client_get_state(client);
    clasp_client_send_joined(client);
    clasp_session_close(client->session, now_us);
    follow(client, before, now_us);
}

void clasp_client_hurry(clasp_client *client, uint64_t now_us) {
    clasp_session_hurry(client->session, now_us);
}

void clasp_client_renew(clasp_client *client, uint64_t now_us) {
    const clasp_session_state before = clasp_client_get_state(client);
    clasp_client_send_joined(client);
    clasp_session_renew(client->session, now_us);
    follow(client, before, now_us);
}

void clasp_client_check(clasp_client *client, uint64_t now_us) {
    clasp_session_check(client->session, now_us);
    clasp_client_send_joined(client);
}

void clasp_client_socket_opened(clasp_client *client, uint64_t now_us) {
    clasp_session_socket_opened(client->session, now_us);
}

void clasp_client_socket_closed(clasp_client *client, uint32_t code, uint64_t now_us) {
    const clasp_session_state before = clasp_client_get_state(client);
    clasp_session_socket_closed(client->session, code, now_us);
    follow(client, before, now_us);
}

void clasp_client_received_frame(clasp_client *client, clasp_span frame, uint64_t now_us) {
    const clasp_session_state before = clasp_client_get_state(client);
    clasp_session_received(client->session, frame, now_us);
    follow(client, before, now_us);
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* When the oldest entry of a list is given up; those behind it are not given up before. */
static uint64_t due_of(const clasp_client *client, clasp_pending_list list) {
    const clasp_pending *entry = clasp_pendings_oldest(&client->pending, list);
    if (!entry) {
        return UINT64_MAX;
    }
    if (list == CLASP_LIST_REQUESTS) {
        return entry->sent_us + CLASP_CLIENT_ANSWER_US;
    }
    const uint64_t over_us = entry->queued_us + CLASP_CLIENT_SET_AGE_US;
    const bool is_under_way = entry->is_sent && client->is_judged;
    return is_under_way ? earlier(over_us, entry->sent_us + CLASP_CLIENT_SET_ANSWER_US) : over_us;
}

static uint64_t sync_due(const clasp_client *client) {
    return clasp_client_get_state(client) == CLASP_SESSION_OPEN ? client->next_sync_us : UINT64_MAX;
}

static uint64_t ask_due(const clasp_client *client) {
    const bool is_asking = clasp_client_get_state(client) == CLASP_SESSION_OPEN && !client->is_judged;
    return is_asking ? client->ask_us : UINT64_MAX;
}

uint64_t clasp_client_deadline(const clasp_client *client) {
    const uint64_t answer = earlier(due_of(client, CLASP_LIST_SETS), due_of(client, CLASP_LIST_REQUESTS));
    const uint64_t own = earlier(sync_due(client), ask_due(client));
    return earlier(earlier(answer, own), clasp_session_deadline(client->session));
}

static void give_up(clasp_client *client, clasp_pending_list list, uint64_t now_us) {
    while (due_of(client, list) <= now_us) {
        clasp_pending *entry = clasp_pendings_oldest(&client->pending, list);
        clasp_client_settle(client, entry, entry->is_answered ? CLASP_OK : CLASP_TIMEOUT, 0, NOTHING);
    }
}

void clasp_client_tick(clasp_client *client, uint64_t now_us) {
    const clasp_session_state before = clasp_client_get_state(client);
    clasp_session_tick(client->session, now_us);
    follow(client, before, now_us);
    give_up(client, CLASP_LIST_SETS, now_us);
    give_up(client, CLASP_LIST_REQUESTS, now_us);
    if (sync_due(client) <= now_us) {
        clasp_client_sync(client, now_us);
    }
    if (ask_due(client) <= now_us) {
        clasp_client_ask(client, now_us);
    }
    clasp_client_flush(client, now_us);
    clasp_client_send_joined(client);
}
