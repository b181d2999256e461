#include "hub/send.h"

#define CLOSE_POLICY 1008u /* WebSocket close code: policy violation */

/* ---- encoding ------------------------------------------------------------------------------------------------ */

/* Encode into the hub's frame; `at_us`: its timestamp, NULL for none. */
static clasp_err encode(clasp_hub *hub, const clasp_message *message, const uint64_t *at_us,
                        clasp_span *frame) {
    clasp_writer w = clasp_writer_of(hub->frame, sizeof hub->frame);
    uint8_t *start = clasp_frame_begin(&w, clasp_message_qos(message), at_us);
    clasp_message_write(&w, message);
    clasp_frame_end(&w, start);
    *frame = clasp_written(&w);
    return w.err;
}

/* Without memory the outbox keeps the error for the host. */
void clasp_hub_emit(clasp_hub *hub, const uint32_t *handles, uint32_t count, clasp_span frame) {
    const clasp_span list = {(const uint8_t *)handles, count * (uint32_t)sizeof *handles};
    if (clasp_outbox_add2(hub->out, CLASP_EFFECT_HUB_SEND, 0, count, 0, list, frame)) {
        hub->stats[CLASP_HUB_STAT_messages_sent_total] += count;
        hub->stats[CLASP_HUB_STAT_bytes_sent_total] += (uint64_t)count * frame.len;
    }
}

clasp_err clasp_hub_send_at(clasp_hub *hub, const clasp_hub_session *session, const clasp_message *message,
                            const uint64_t *at_us) {
    clasp_span frame;
    const clasp_err err = encode(hub, message, at_us, &frame);
    if (message->type == CLASP_MSG_ACK) {
        hub->outcome = message->revision;
    } else if (message->type == CLASP_MSG_ERROR) {
        hub->outcome = CLASP_HUB_OUTCOME_ERROR | message->code;
    }
    if (err == CLASP_OK) {
        clasp_hub_emit(hub, &session->handle, 1, frame);
    }
    return err;
}

clasp_err clasp_hub_send(clasp_hub *hub, const clasp_hub_session *session, const clasp_message *message) {
    return clasp_hub_send_at(hub, session, message, NULL);
}

void clasp_hub_send_payload(clasp_hub *hub, const clasp_hub_session *session, clasp_qos qos, uint64_t at_us,
                            clasp_span payload) {
    clasp_writer w = clasp_writer_of(hub->frame, sizeof hub->frame);
    uint8_t *start = clasp_frame_begin(&w, qos, &at_us);
    clasp_write_bytes(&w, payload);
    clasp_frame_end(&w, start);
    clasp_hub_emit(hub, &session->handle, 1, clasp_written(&w));
}

/* ---- refusals ------------------------------------------------------------------------------------------------ */

void clasp_hub_send_error(clasp_hub *hub, const clasp_hub_session *session, clasp_wire_error code,
                          const char *text, clasp_span address) {
    clasp_message error = {.type = CLASP_MSG_ERROR, .code = (uint16_t)code, .name = clasp_span_of(text)};
    if (address.len > 0) {
        error.has = CLASP_HAS_ADDRESS;
        error.address = address;
    }
    if (clasp_hub_send(hub, session, &error) == CLASP_TOO_LARGE) {
        error.has = 0;
        clasp_hub_send(hub, session, &error);
    }
}

void clasp_hub_refuse(clasp_hub *hub, const clasp_hub_session *session, clasp_wire_error code,
                      const char *text, clasp_span address) {
    CLASP_HUB_COUNT(hub, rejected_total);
    clasp_hub_send_error(hub, session, code, text, address);
}

/* ---- fan-out ------------------------------------------------------------------------------------------------- */

/* Gather the sessions behind a route, each once, but for subscriptions that have options: whether there are any is said by
 * `has_filtered`. Returns how many. */
static uint32_t gather(clasp_hub *hub, const clasp_route *route, uint8_t type_bit,
                       const clasp_hub_session *except, bool *has_filtered) {
    const uint64_t mark = ++hub->fan_outs;
    uint32_t count = 0;
    *has_filtered = false;
    for (uint32_t i = 0; i < route->sub_count; i++) {
        const clasp_hub_sub *sub = &hub->subs.list[route->subs[i]];
        if (sub->is_filtered) {
            *has_filtered = true;
            continue;
        }
        clasp_hub_session *session = &hub->sessions.slots[sub->slot];
        if ((sub->types & type_bit) != 0 && session->mark != mark && session != except) {
            session->mark = mark;
            hub->receivers[count++] = session->handle;
        }
    }
    return count;
}

/* Signals between two sessions are nobody else's, later neither. */
static bool is_journalled(const clasp_hub *hub, clasp_span address) {
    return hub->journal.max_bytes > 0 && !clasp_hub_is_signal(address);
}

static void write_down(clasp_hub *hub, const clasp_message *message, bool has_time, clasp_span frame) {
    const uint32_t header = CLASP_FRAME_HEADER + (has_time ? CLASP_FRAME_TIMESTAMP : 0);
    const clasp_hub_record record = {
        .payload = {frame.at + header, frame.len - header},
        .address_len = message->address.len,
        .type_bit = clasp_message_type_bit(message),
        .qos = (uint8_t)clasp_message_qos(message),
    };
    clasp_hub_journal_add(&hub->journal, &record, hub->now_us);
    clasp_hub_want_sweep(hub, hub->now_us + hub->journal.age_us);
}

clasp_err clasp_hub_fan_out_at(clasp_hub *hub, const clasp_message *message, const clasp_hub_session *except,
                               const uint64_t *at_us) {
    clasp_route route;
    clasp_err err = clasp_routes_find(hub->subs.routes, message->address, &route);
    if (err != CLASP_OK) {
        return err;
    }
    bool has_filtered;
    uint32_t count = gather(hub, &route, clasp_message_type_bit(message), except, &has_filtered);
    const bool is_asked_for = count > 0 || has_filtered;
    const bool is_kept = is_journalled(hub, message->address);
    if (!is_asked_for && !is_kept) {
        return CLASP_OK;
    }
    clasp_span frame;
    err = encode(hub, message, at_us, &frame);
    if (err != CLASP_OK) {
        return is_asked_for ? err : CLASP_OK;
    }
    if (is_kept) {
        write_down(hub, message, at_us != NULL, frame);
    }
    if (has_filtered) {
        count = clasp_hub_pass_filters(hub, &route, message, except, frame, count);
    }
    if (count > 0) {
        clasp_hub_emit(hub, hub->receivers, count, frame);
        hub->stats[CLASP_HUB_STAT_deliveries_total] += count;
    }
    return CLASP_OK;
}

clasp_err clasp_hub_fan_out(clasp_hub *hub, const clasp_message *message, const clasp_hub_session *except) {
    return clasp_hub_fan_out_at(hub, message, except, NULL);
}

/* ---- the end of a session ------------------------------------------------------------------------------------ */

void clasp_hub_tell(clasp_hub *hub, const clasp_hub_session *session, clasp_hub_event event, clasp_span first,
                    clasp_span second) {
    clasp_outbox_add2(hub->out, CLASP_EFFECT_HUB_EVENT, 0, session->handle, (uint32_t)event, first, second);
}

void clasp_hub_give_up(clasp_hub *hub, clasp_hub_session *session, const char *reason) {
    const clasp_span text = clasp_span_of(reason);
    if (session->phase == CLASP_HUB_GREETING) {
        CLASP_HUB_COUNT(hub, sessions_refused_total);
    }
    clasp_hub_tell(hub, session, CLASP_HUB_EVENT_GIVEN_UP, text, (clasp_span){NULL, 0});
    clasp_outbox_add(hub->out, CLASP_EFFECT_HUB_CLOSE, 0, session->handle, CLOSE_POLICY, text);
    clasp_hub_forget(hub, session);
}
