/* What a relay says to a client: answers find who waits for them, params go into the cache. */
#include <math.h>
#include <stdlib.h>

#include "session/client_state.h"
#include "wire/fields.h"

#define NOT_FOR_ONE_1 \
    501u /* wire ERROR codes that answer nothing that a client waits for: REPLAY without a journal, … */
#define NOT_FOR_ONE_2 503u /* … messages left out */
#define RESULT_GROWS 16u   /* a signal with the names of its fields has at most so many times its bytes */

static const clasp_span NOTHING = {NULL, 0};

/* ---- SETs and bundles ---------------------------------------------------------------------------------------- */

void clasp_client_taken(clasp_client *client, clasp_pending *entry, uint64_t revision, uint64_t now_us) {
    clasp_frame frame;
    clasp_message message;
    if (clasp_decode(clasp_pending_frame(&client->pending, entry), &frame, &message) == CLASP_OK) {
        if (message.type == CLASP_MSG_SET) {
            clasp_client_own_set(client, &message, revision, now_us);
        } else {
            clasp_client_own_bundle(client, &message, revision, now_us);
        }
    }
    clasp_client_settle(client, entry, CLASP_OK, (double)revision, NOTHING);
}

void clasp_client_refused(clasp_client *client, clasp_pending *entry, uint32_t code, clasp_span words) {
    const bool is_set = entry->kind == CLASP_PENDING_SET || entry->kind == CLASP_PENDING_FIRE;
    const clasp_span address = clasp_pending_address(&client->pending, entry); /* it stays in the log */
    clasp_client_settle(client, entry, CLASP_RELAY_REFUSED, code, words);
    if (is_set) {
        clasp_client_own_refused(client, address);
    }
}

/* ---- ACK ----------------------------------------------------------------------------------------------------- */

/* The entry, if this session has sent it; else NULL. */
static clasp_pending *under_way(const clasp_client *client, clasp_pending *entry) {
    const bool is_set = entry && clasp_pending_list_of((clasp_pending_kind)entry->kind) == CLASP_LIST_SETS;
    return entry && (!is_set || (client->is_judged && entry->is_sent)) ? entry : NULL;
}

static clasp_pending *waiting(const clasp_client *client, clasp_pending_class answer, clasp_span address) {
    return under_way(client, clasp_pendings_find(&client->pending, answer, address));
}

/* A SET is acknowledged with a revision, an ANNOUNCE without. */
static clasp_pending *acknowledged(const clasp_client *client, const clasp_message *ack) {
    if ((ack->has & CLASP_HAS_ADDRESS) == 0) {
        return waiting(client, CLASP_ANSWER_BUNDLE_ACK, NOTHING);
    }
    clasp_pending *set = waiting(client, CLASP_ANSWER_ACK, ack->address);
    if (set && (ack->has & CLASP_HAS_REVISION) != 0) {
        return set;
    }
    clasp_pending *announce = waiting(client, CLASP_ANSWER_ANNOUNCED, ack->address);
    return announce ? announce : set;
}

static void on_ack(clasp_client *client, const clasp_message *ack, uint64_t now_us) {
    clasp_pending *entry = acknowledged(client, ack);
    if (!entry) {
        return; /* settled already, or never sent */
    }
    clasp_backoff_reset(
        &client->session->backoff); /* a relay that does its work is not hammered by who comes back */
    if (entry->kind == CLASP_PENDING_ANNOUNCE) {
        clasp_client_settle(client, entry, CLASP_OK, 0, NOTHING);
    } else {
        clasp_client_taken(client, entry, ack->has & CLASP_HAS_REVISION ? ack->revision : 0, now_us);
    }
    clasp_client_flush(client, now_us);
}

/* ---- ERROR --------------------------------------------------------------------------------------------------- */

static bool has_member_at(const clasp_client *client, const clasp_pending *bundle, clasp_span address) {
    clasp_frame frame;
    clasp_message message;
    if (clasp_decode(clasp_pending_frame(&client->pending, bundle), &frame, &message) != CLASP_OK) {
        return false;
    }
    clasp_reader r = clasp_list_reader(message.list);
    for (uint32_t left = message.list.count; left > 0; left--) {
        clasp_message member;
        if (clasp_message_decode(clasp_next_member(&r), &member) == CLASP_OK &&
            clasp_span_equal(member.address, address)) {
            return true;
        }
    }
    return false;
}

static clasp_pending *older_of(clasp_pending *a, clasp_pending *b) {
    return a && (!b || a->sent_us <= b->sent_us) ? a : b;
}

/* The oldest of all that waits for an answer about this address. */
static clasp_pending *refused_at(const clasp_client *client, clasp_span address) {
    clasp_pending *entry = waiting(client, CLASP_ANSWER_ACK, address);
    entry = older_of(entry, waiting(client, CLASP_ANSWER_PARAM, address));
    entry = older_of(entry, waiting(client, CLASP_ANSWER_ANNOUNCED, address));
    clasp_pending *query = waiting(client, CLASP_ANSWER_RESULT, NOTHING);
    if (query && clasp_span_equal(clasp_pending_address(&client->pending, query), address)) {
        entry = older_of(entry, query);
    }
    if (entry) {
        return entry;
    }
    clasp_pending *bundle = waiting(client, CLASP_ANSWER_BUNDLE_ACK, NOTHING);
    return bundle && has_member_at(client, bundle, address) ? bundle : NULL;
}

/* What an ERROR without an address is about: the one thing that waits, if it is one. */
static clasp_pending *only_one(const clasp_client *client) {
    const clasp_pendings *p = &client->pending;
    if (p->in_flight + p->count[CLASP_LIST_REQUESTS] != 1) {
        return NULL;
    }
    return clasp_pendings_oldest(p, p->in_flight == 1 ? CLASP_LIST_SETS : CLASP_LIST_REQUESTS);
}

/* True: it was about the claim, of which nobody else knows. */
static bool on_error(clasp_client *client, const clasp_message *error, uint64_t now_us) {
    const bool has_address = (error->has & CLASP_HAS_ADDRESS) != 0;
    if (has_address && clasp_span_equal(error->address, clasp_client_claim(client))) {
        clasp_client_claim_refused(client, error->code, now_us);
        return true;
    }
    if (error->code == NOT_FOR_ONE_1 || error->code == NOT_FOR_ONE_2) {
        return false;
    }
    clasp_pending *entry = has_address ? refused_at(client, error->address) : only_one(client);
    if (entry) {
        clasp_client_refused(client, entry, error->code, error->name);
        clasp_client_flush(client, now_us);
    }
    return false;
}

/* ---- params -------------------------------------------------------------------------------------------------- */

/* One param of a SNAPSHOT answers one GET, the oldest. */
static void answer_get(clasp_client *client, const clasp_param *param) {
    clasp_pending *get = waiting(client, CLASP_ANSWER_PARAM, param->address);
    if (!get) {
        return;
    }
    if (get->ticket != 0) {
        clasp_client_tell_value(client, CLASP_EFFECT_PARAM, get->ticket, param->value);
    }
    clasp_client_settle(client, get, CLASP_OK, (double)param->revision, NOTHING);
}

/* True: it was the answer to the claim. */
static bool on_snapshot(clasp_client *client, const clasp_message *snapshot, uint64_t now_us) {
    clasp_reader r = clasp_list_reader(snapshot->list);
    for (uint32_t left = snapshot->list.count; left > 0; left--) {
        clasp_param param;
        clasp_next_param(&r, &param);
        if (clasp_span_equal(param.address, clasp_client_claim(client))) {
            clasp_client_judge_by_claim(client, param.value, now_us);
            return true;
        }
        if (!client->is_judged) {
            clasp_client_judge_param(client, &param);
        }
        clasp_client_saw(client, param.address, param.value, param.revision);
        answer_get(client, &param);
    }
    return false;
}

/* ---- RESULT and SYNC ----------------------------------------------------------------------------------------- */

/* The array of maps that is a RESULT's, as an effect. Without memory the outbox keeps the error for the host. */
static void tell_result(const clasp_client *client, uint32_t ticket, const clasp_message *result) {
    clasp_outbox *out = client->session->out;
    const uint32_t len = RESULT_GROWS * (result->list.bytes.len + 64);
    uint8_t *room = malloc(len);
    if (!room) {
        out->err = CLASP_NO_MEMORY;
        return;
    }
    clasp_writer w = clasp_writer_of(room, len);
    clasp_message_to_fields(&w, result);
    const clasp_value map = {{room + 1, clasp_written(&w).len - 1},
                             CLASP_VALUE_MAP}; /* behind its type code */
    clasp_value signals;
    if (w.err == CLASP_OK && clasp_value_get(map, clasp_span_of("signals"), &signals)) {
        clasp_outbox_add(out, CLASP_EFFECT_RESULT, client->session->handle, ticket, signals.type,
                         signals.data);
    }
    free(room);
}

static void on_result(clasp_client *client, const clasp_message *result) {
    clasp_pending *query = waiting(client, CLASP_ANSWER_RESULT, NOTHING);
    if (query) {
        query->is_answered = true;
        if (query->ticket != 0) {
            tell_result(client, query->ticket, result);
        }
    }
}

void clasp_client_tell_clock(const clasp_client *client) {
    const clasp_session *session = client->session;
    clasp_effect *effect = clasp_outbox_add(session->out, CLASP_EFFECT_CLOCK, session->handle,
                                            (uint32_t)lround(client->clock.round_us),
                                            clasp_client_clock_jitter(&client->clock), NOTHING);
    if (effect) {
        effect->number = round(client->clock.offset_us);
    }
}

/* The answer to a SYNC of ours: for the clock, or the end of a query's answer. */
static void on_sync(clasp_client *client, const clasp_message *sync, uint64_t now_us) {
    if ((sync->has & CLASP_HAS_T2) == 0 || (sync->has & CLASP_HAS_T3) == 0) {
        return;
    }
    if (client->sync_us != 0 && sync->time_us == client->sync_us) {
        client->sync_us = 0;
        if (clasp_client_clock_take(&client->clock, sync->time_us, sync->t2_us, sync->t3_us, now_us)) {
            clasp_client_tell_clock(client);
        }
        return;
    }
    clasp_pending *query = waiting(client, CLASP_ANSWER_RESULT, NOTHING);
    if (query && query->number == sync->time_us) {
        clasp_client_settle(client, query, query->is_answered ? CLASP_OK : CLASP_TIMEOUT, 0, NOTHING);
    }
}

/* ---- the session --------------------------------------------------------------------------------------------- */

/* Before it is open; one that comes later is ignored, by the session too. */
static void on_welcome(clasp_client *client, const clasp_message *welcome, uint64_t now_us) {
    if (clasp_client_get_state(client) != CLASP_SESSION_GREETING) {
        return;
    }
    client->id.len = welcome->session.len <= CLASP_SESSION_ID_MAX ? welcome->session.len : 0;
    memcpy(client->id.text, welcome->session.at, client->id.len);
    clasp_client_clock_begin(&client->clock, welcome->time_us, now_us);
}

static void on_pong(clasp_client *client, uint64_t now_us) {
    if (!client->is_judged && !client->is_put_off) {
        clasp_client_judge_by_params(client, now_us);
    }
}

static bool heard(void *context, const clasp_message *message, uint64_t now_us) {
    clasp_client *client = context;
    if (message->type == CLASP_MSG_WELCOME) {
        on_welcome(client, message, now_us);
    }
    if (clasp_client_get_state(client) != CLASP_SESSION_OPEN) {
        return false;
    }
    switch (message->type) {
    case CLASP_MSG_SET:
        clasp_client_saw(client, message->address, message->value,
                         message->has & CLASP_HAS_REVISION ? message->revision : 0);
        return false;
    case CLASP_MSG_SNAPSHOT:
        return on_snapshot(client, message, now_us);
    case CLASP_MSG_ACK:
        on_ack(client, message, now_us);
        return true;
    case CLASP_MSG_ERROR:
        return on_error(client, message, now_us);
    case CLASP_MSG_RESULT:
        on_result(client, message);
        return true;
    case CLASP_MSG_SYNC:
        on_sync(client, message, now_us);
        return true;
    case CLASP_MSG_PONG:
        on_pong(client, now_us);
        return true;
    default:
        return false;
    }
}

static void subscribes(void *context, clasp_message *subscribe) {
    const clasp_client *client = context;
    const clasp_sub_options *options = client->subscribing;
    if (!options && client->options) {
        options = &client->options[subscribe->id - 1];
    }
    if (options) {
        subscribe->has |= options->has;
        subscribe->rate = options->rate;
        subscribe->history = options->history;
        subscribe->window_ms = options->window_ms;
        subscribe->epsilon = options->epsilon;
    }
}

const clasp_session_watch CLASP_CLIENT_WATCH = {heard, subscribes, clasp_client_join};
