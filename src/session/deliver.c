/* What goes to the caller: values on their way to the subscriptions, and errors. */
#include "session/state.h"

#include "wire/plain.h"

static const clasp_span NOTHING = {NULL, 0};

void clasp_session_tell_error(clasp_session *session, uint16_t code, clasp_err err, clasp_span address,
                              clasp_span text) {
    clasp_effect *effect = clasp_outbox_add2(session->out, CLASP_EFFECT_SESSION_ERROR, session->handle, code,
                                             (uint32_t)err, address, text);
    if (effect) {
        effect->number = address.len;
    }
}

/* One value for one address. */
typedef struct delivery {
    clasp_span address;
    clasp_value value;
    clasp_list samples; /* in place of the value when `has_samples` */
    uint32_t gesture;   /* its id; 0: none was named */
    uint8_t signal;     /* clasp_signal */
    uint8_t phase;      /* of a gesture: clasp_phase */
    uint8_t type_bit;   /* CLASP_TYPE_* */
    bool has_samples;
} delivery;

/* Those of a route's subscriptions that want this type, into `matching`. Returns how many. */
static uint32_t choose(clasp_session *session, const clasp_route *route, uint8_t type_bit) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < route->sub_count; i++) {
        if (session->types[route->subs[i] - 1] & type_bit) {
            session->matching[count++] = route->subs[i];
        }
    }
    return count;
}

/* Tell the host what an address id means, once for each meaning. */
static void tell_address(clasp_session *session, uint32_t address_id, clasp_span address) {
    if (!session->is_told[address_id]) {
        session->is_told[address_id] = 1;
        clasp_outbox_add(session->out, CLASP_EFFECT_ADDRESS, session->handle, address_id, 0, address);
    }
}

/* The bytes that the effect begins with: the list of subscriptions, and of a gesture its id and phase. */
static clasp_span begin_list(clasp_session *session, const delivery *d, uint32_t count) {
    if (d->signal == CLASP_SIGNAL_GESTURE) {
        session->matching[count++] = d->gesture;
        session->matching[count] = 0;
        memcpy(&session->matching[count++], &d->phase, 1);
    }
    return (clasp_span){(const uint8_t *)session->matching, count * (uint32_t)sizeof(uint32_t)};
}

static void emit_samples(clasp_session *session, const delivery *d, uint32_t address_id, uint32_t count) {
    const clasp_span list = begin_list(session, d, count);
    const uint32_t list_len = list.len;
    const uint32_t len = list_len + clasp_samples_size(d->samples);
    const uint32_t b = CLASP_VALUE_ARRAY | (uint32_t)d->signal << 8 | count << 16;
    const clasp_effect *effect = clasp_outbox_add(session->out, CLASP_EFFECT_DELIVER, session->handle,
                                                  address_id, b, (clasp_span){NULL, len});
    if (effect) {
        uint8_t *at = session->out->bytes + effect->at;
        memcpy(at, list.at, list_len);
        clasp_store_samples(at + list_len, d->samples);
    }
}

static void emit_value(clasp_session *session, const delivery *d, uint32_t address_id, uint32_t count) {
    const clasp_span list = begin_list(session, d, count);
    const uint32_t b = d->value.type | (uint32_t)d->signal << 8 | count << 16;
    double number = 0;
    const bool is_number = clasp_value_number(d->value, &number);
    clasp_effect *effect = clasp_outbox_add2(session->out, CLASP_EFFECT_DELIVER, session->handle, address_id,
                                             b, list, is_number ? (clasp_span){NULL, 0} : d->value.data);
    if (effect) {
        effect->number = number;
    }
}

static void deliver(clasp_session *session, const delivery *d) {
    clasp_route route;
    const clasp_err err = clasp_routes_find(session->routes, d->address, &route);
    if (err != CLASP_OK) {
        clasp_session_tell_error(session, 0, err, NOTHING, NOTHING);
        return;
    }
    if (route.is_new) {
        session->is_told[route.address_id] = 0;
    }
    const uint32_t count = choose(session, &route, d->type_bit);
    if (count == 0) {
        return;
    }
    tell_address(session, route.address_id, d->address);
    if (d->has_samples) {
        emit_samples(session, d, route.address_id, count);
    } else {
        emit_value(session, d, route.address_id, count);
    }
}

static void deliver_params(clasp_session *session, clasp_list params) {
    clasp_reader r = clasp_list_reader(params);
    for (uint32_t left = params.count; left > 0; left--) {
        clasp_param param;
        clasp_next_param(&r, &param);
        deliver(session, &(delivery){.address = param.address,
                                     .value = param.value,
                                     .signal = CLASP_SIGNAL_PARAM,
                                     .type_bit = CLASP_TYPE_PARAM});
    }
}

void clasp_session_deliver(clasp_session *session, const clasp_message *message) {
    if (message->type == CLASP_MSG_SNAPSHOT) {
        deliver_params(session, message->list);
        return;
    }
    const bool is_set = message->type == CLASP_MSG_SET;
    deliver(session, &(delivery){.address = message->address,
                                 .value = message->value,
                                 .samples = message->list,
                                 .gesture = message->id,
                                 .phase = message->phase,
                                 .signal = is_set ? CLASP_SIGNAL_PARAM : message->signal,
                                 .type_bit = clasp_message_type_bit(message),
                                 .has_samples = !is_set && (message->has & CLASP_HAS_SAMPLES) != 0});
}
