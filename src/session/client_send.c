/* What a client is asked to send. */
#include <stdlib.h>

#include "route/address.h"
#include "session/client_state.h"
#include "wire/fields.h"

#define SUBSCRIBE_OPTIONS (CLASP_HAS_MAX_RATE | CLASP_HAS_EPSILON | CLASP_HAS_HISTORY | CLASP_HAS_WINDOW)

static bool is_open(const clasp_client *client) {
    return clasp_client_get_state(client) == CLASP_SESSION_OPEN;
}

clasp_err clasp_client_keep(clasp_client *client, clasp_pending_kind kind, const clasp_message *message,
                            uint32_t size, clasp_qos qos, bool is_first, clasp_pending **entry) {
    uint8_t *room = clasp_pendings_room(&client->pending, size);
    if (!room) {
        return CLASP_NO_MEMORY;
    }
    clasp_writer w = clasp_writer_of(room, size);
    clasp_frame_write(&w, message);
    if (w.err != CLASP_OK) {
        return w.err;
    }
    if (qos != clasp_message_qos(message)) {
        clasp_frame_set_qos(room, qos);
    }
    *entry = clasp_pendings_add(&client->pending, kind, clasp_written(&w).len, message->address, is_first);
    return CLASP_OK;
}

/* ---- SET ----------------------------------------------------------------------------------------------------- */

/* Keep a SET or bundle of the caller, within the bounds, and send it when its turn is now. */
static clasp_err keep_set(clasp_client *client, clasp_pending_kind kind, const clasp_message *message,
                          uint32_t size, clasp_qos qos, uint32_t ticket, uint64_t now_us) {
    const clasp_pendings *p = &client->pending;
    if (p->count[CLASP_LIST_SETS] >= CLASP_CLIENT_SETS ||
        p->bytes[CLASP_LIST_SETS] + size > CLASP_CLIENT_SET_BYTES) {
        return CLASP_QUEUE_FULL;
    }
    clasp_pending *entry;
    const clasp_err err = clasp_client_keep(client, kind, message, size, qos, false, &entry);
    if (err == CLASP_OK) {
        entry->ticket = ticket;
        entry->queued_us = now_us;
        clasp_client_flush(client, now_us);
    }
    return err;
}

static clasp_err add_member(clasp_client *client, const clasp_message *member) {
    clasp_writer *w = &client->bundle;
    uint8_t *const start = w->at;
    clasp_write_member(w, member);
    const clasp_err err = client->member_count < UINT16_MAX ? w->err : CLASP_TOO_LARGE;
    if (err != CLASP_OK) {
        w->at = start;
        w->err = CLASP_OK;
        return err;
    }
    client->member_count++;
    return CLASP_OK;
}

clasp_err clasp_client_set(clasp_client *client, const clasp_message *set, clasp_qos qos, uint32_t ticket,
                           uint64_t now_us) {
    const clasp_err err = clasp_address_check(set->address);
    if (clasp_client_get_state(client) == CLASP_SESSION_CLOSED || (client->is_bundling && ticket != 0)) {
        return CLASP_BAD_STATE;
    }
    if (err != CLASP_OK) {
        return err;
    }
    if (client->is_bundling) {
        return add_member(client, set);
    }
    const bool is_fire = qos == CLASP_QOS_FIRE;
    if (is_fire && !is_open(client)) {
        return CLASP_NOT_CONNECTED;
    }
    return keep_set(client, is_fire ? CLASP_PENDING_FIRE : CLASP_PENDING_SET, set, clasp_set_size(set), qos,
                    ticket, now_us);
}

/* ---- bundles ------------------------------------------------------------------------------------------------- */

clasp_err clasp_client_bundle_begin(clasp_client *client) {
    if (client->is_bundling || clasp_client_get_state(client) == CLASP_SESSION_CLOSED) {
        return CLASP_BAD_STATE;
    }
    client->is_bundling = true;
    client->member_count = 0;
    client->bundle = clasp_writer_of(client->members, sizeof client->members);
    return CLASP_OK;
}

void clasp_client_bundle_drop(clasp_client *client) { client->is_bundling = false; }

/* A bundle without members is done at once. */
static void settle_empty(const clasp_client *client, uint32_t ticket) {
    if (ticket != 0) {
        clasp_outbox_add(client->session->out, CLASP_EFFECT_SETTLED, client->session->handle, ticket,
                         CLASP_OK, (clasp_span){NULL, 0});
    }
}

clasp_err clasp_client_bundle_end(clasp_client *client, const uint64_t *timestamp_us, uint32_t ticket,
                                  uint64_t now_us) {
    if (!client->is_bundling) {
        return CLASP_BAD_STATE;
    }
    client->is_bundling = false;
    if (client->member_count == 0) {
        settle_empty(client, ticket);
        return CLASP_OK;
    }
    const clasp_message bundle = {
        .type = CLASP_MSG_BUNDLE,
        .has = timestamp_us ? CLASP_HAS_TIMESTAMP : 0,
        .time_us = timestamp_us ? *timestamp_us : 0,
        .list = {clasp_written(&client->bundle), client->member_count},
    };
    return keep_set(client, CLASP_PENDING_BUNDLE, &bundle, bundle.list.bytes.len + 64, CLASP_QOS_COMMIT,
                    ticket, now_us);
}

clasp_err clasp_client_publish(clasp_client *client, const clasp_message *publish, uint64_t now_us) {
    if (!client->is_bundling) {
        return clasp_session_send(client->session, publish, now_us);
    }
    const clasp_err err = clasp_address_check(publish->address);
    return err == CLASP_OK ? add_member(client, publish) : err;
}

/* ---- requests ------------------------------------------------------------------------------------------------ */

uint64_t clasp_client_send_sync(clasp_client *client, uint64_t now_us) {
    client->last_t1_us = now_us > client->last_t1_us ? now_us : client->last_t1_us + 1;
    const clasp_message sync = {.type = CLASP_MSG_SYNC, .time_us = client->last_t1_us};
    clasp_session_send_now(client->session, &sync, now_us);
    return client->last_t1_us;
}

clasp_err clasp_client_sync(clasp_client *client, uint64_t now_us) {
    if (!is_open(client)) {
        return CLASP_NOT_CONNECTED;
    }
    client->sync_us = clasp_client_send_sync(client, now_us);
    client->next_sync_us = now_us + CLASP_CLIENT_SYNC_US;
    return CLASP_OK;
}

/* Keep a request and send it. */
static clasp_err ask(clasp_client *client, clasp_pending_kind kind, const clasp_message *message,
                     uint32_t size, uint32_t ticket, uint64_t now_us, clasp_pending **entry) {
    clasp_pendings *p = &client->pending;
    if (!is_open(client)) {
        return CLASP_NOT_CONNECTED;
    }
    if (p->count[CLASP_LIST_REQUESTS] >= CLASP_CLIENT_REQUESTS ||
        p->bytes[CLASP_LIST_REQUESTS] + size > CLASP_CLIENT_REQUEST_BYTES) {
        return CLASP_QUEUE_FULL;
    }
    const clasp_err err =
        clasp_client_keep(client, kind, message, size, clasp_message_qos(message), false, entry);
    if (err == CLASP_OK) {
        (*entry)->ticket = ticket;
        (*entry)->is_sent = true;
        (*entry)->sent_us = now_us;
        clasp_session_emit(client->session, clasp_pending_frame(p, *entry), now_us);
    }
    return err;
}

clasp_err clasp_client_get(clasp_client *client, clasp_span address, uint32_t ticket, uint64_t now_us) {
    const clasp_message get = {.type = CLASP_MSG_GET, .address = address};
    const clasp_err err = clasp_address_check(address);
    clasp_pending *entry;
    return err == CLASP_OK ? ask(client, CLASP_PENDING_GET, &get, address.len + 16, ticket, now_us, &entry)
                           : err;
}

/* The SYNC behind a QUERY is answered after the last RESULT. */
clasp_err clasp_client_query(clasp_client *client, clasp_span pattern, uint32_t ticket, uint64_t now_us) {
    const clasp_message query = {.type = CLASP_MSG_QUERY, .address = pattern};
    clasp_pending *entry;
    clasp_err err = clasp_pattern_check(pattern);
    if (err == CLASP_OK) {
        err = ask(client, CLASP_PENDING_QUERY, &query, pattern.len + 16, ticket, now_us, &entry);
    }
    if (err == CLASP_OK) {
        entry->number = clasp_client_send_sync(client, now_us);
    }
    return err;
}

/* {type: "ANNOUNCE", namespace, signals} as a value. */
static clasp_value announce_map(clasp_writer *w, clasp_span space, clasp_value signals) {
    static const char TYPE[] = "ANNOUNCE";
    clasp_write_u16(w, 3);
    clasp_write_text(w, clasp_span_of("type"));
    clasp_write_u8(w, CLASP_VALUE_STRING);
    clasp_write_text(w, clasp_span_of(TYPE));
    clasp_write_text(w, clasp_span_of("namespace"));
    clasp_write_u8(w, CLASP_VALUE_STRING);
    clasp_write_text(w, space);
    clasp_write_text(w, clasp_span_of("signals"));
    clasp_write_value(w, signals);
    return (clasp_value){clasp_written(w), CLASP_VALUE_MAP};
}

/* Announce by way of the map; `room`: for the map, and for the list that is made of it. */
static clasp_err announce_by(clasp_client *client, clasp_span space, clasp_value signals, clasp_span room,
                             uint8_t *at, uint32_t ticket, uint64_t now_us) {
    const uint32_t map_len = room.len / 4;
    clasp_writer map_writer = clasp_writer_of(at, map_len);
    clasp_writer w = clasp_writer_of(at + map_len, room.len - map_len);
    const clasp_value map = announce_map(&map_writer, space, signals);
    clasp_message announce;
    clasp_err err = map_writer.err;
    if (err == CLASP_OK) {
        err = clasp_message_of_fields(map, &w, &announce);
    }
    clasp_pending *entry;
    return err == CLASP_OK ? ask(client, CLASP_PENDING_ANNOUNCE, &announce,
                                 announce.address.len + announce.list.bytes.len + 16, ticket, now_us, &entry)
                           : err;
}

clasp_err clasp_client_announce(clasp_client *client, clasp_span space, clasp_value signals, uint32_t ticket,
                                uint64_t now_us) {
    clasp_err err = clasp_address_check(space);
    if (err == CLASP_OK && signals.type != CLASP_VALUE_ARRAY) {
        err = CLASP_BAD_FIELD;
    }
    if (err != CLASP_OK) {
        return err;
    }
    const uint32_t len = 4 * (space.len + signals.data.len + 64);
    uint8_t *room = malloc(len);
    if (!room) {
        return CLASP_NO_MEMORY;
    }
    err = announce_by(client, space, signals, (clasp_span){room, len}, room, ticket, now_us);
    free(room);
    return err;
}

clasp_err clasp_client_replay(clasp_client *client, const clasp_message *replay, uint64_t now_us) {
    const clasp_err err = clasp_pattern_check(replay->address);
    return err == CLASP_OK ? clasp_session_send(client->session, replay, now_us) : err;
}

/* ---- subscriptions ------------------------------------------------------------------------------------------- */

clasp_err clasp_client_subscribe(clasp_client *client, const clasp_message *wish, uint32_t *sub,
                                 uint64_t now_us) {
    const clasp_sub_options options = {wish->has & SUBSCRIBE_OPTIONS, wish->rate, wish->history,
                                       wish->window_ms, wish->epsilon};
    if (options.has != 0 && !client->options) {
        client->options = calloc(CLASP_SESSION_SUBSCRIPTIONS, sizeof *client->options);
        if (!client->options) {
            return CLASP_NO_MEMORY;
        }
    }
    client->subscribing = &options;
    const clasp_err err = clasp_session_subscribe(client->session, wish->address, wish->types, sub, now_us);
    client->subscribing = NULL;
    if (err == CLASP_OK && client->options) {
        client->options[*sub - 1] = options;
    }
    return err;
}

clasp_err clasp_client_unsubscribe(clasp_client *client, uint32_t sub, uint64_t now_us) {
    return clasp_session_unsubscribe(client->session, sub, now_us);
}

/* ---- the rest ------------------------------------------------------------------------------------------------ */

bool clasp_client_cached(clasp_client *client, clasp_span address) {
    clasp_stored *stored = clasp_store_find(&client->cache, address);
    if (!stored) {
        return false;
    }
    clasp_store_touch(&client->cache, stored);
    clasp_client_tell_value(client, CLASP_EFFECT_CACHED, 0, clasp_stored_value(stored));
    return true;
}

void clasp_client_cancel(clasp_client *client, uint32_t ticket) {
    const clasp_pendings *p = &client->pending;
    for (int list = 0; ticket != 0 && list < CLASP_LIST_COUNT; list++) {
        for (uint32_t i = p->oldest[list]; i != CLASP_PENDING_NONE; i = p->entries[i].newer) {
            p->entries[i].ticket = p->entries[i].ticket == ticket ? 0 : p->entries[i].ticket;
        }
    }
}
