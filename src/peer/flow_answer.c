/* Questions: our GETs and their answers; what a peer asks is answered as a router would. */
#include "peer/flow_state.h"

#include "route/address.h"
#include "wire/message.h"
#include "wire/wide.h"

#define NOT_FOUND 404u /* of the wire's ERROR */

/* ---- ours ---------------------------------------------------------------------------------------------------- */

static void settle(clasp_flows *f, flow *w, uint32_t i, clasp_err cause) {
    flow_get *get = &w->gets[i];
    if (cause != CLASP_OK) {
        flow_effect(f, CLASP_EFFECT_P2P_SETTLED, get->ticket, w->peer, cause, (clasp_span){NULL, 0});
    }
    clasp_text_clear(&get->address);
    memmove(get, get + 1, (size_t)(--w->get_count - i) * sizeof *get);
}

void flow_gets_clear(clasp_flows *f, flow *w, clasp_err cause) {
    while (w->get_count > 0) {
        settle(f, w, 0, cause);
    }
}

void flow_gets_tick(clasp_flows *f, flow *w, uint64_t now_us) {
    while (w->get_count > 0 && w->gets[0].due_us <= now_us) {
        settle(f, w, 0, CLASP_TIMEOUT);
    }
}

static clasp_err add_get(flow *w, clasp_span address, uint32_t ticket, uint64_t now_us) {
    if (!w->gets) {
        w->gets = calloc(CLASP_FLOW_GETS, sizeof *w->gets);
    }
    if (w->get_count == CLASP_FLOW_GETS) {
        return CLASP_LIMIT;
    }
    flow_get get = {.ticket = ticket, .due_us = now_us + CLASP_FLOW_GET_US};
    if (!w->gets || !clasp_text_set(&get.address, address)) {
        return CLASP_NO_MEMORY;
    }
    w->gets[w->get_count++] = get;
    return CLASP_OK;
}

clasp_err clasp_flow_get(clasp_flows *f, uint32_t peer, clasp_span address, uint32_t ticket,
                         uint64_t now_us) {
    flow *w = flow_of(f, peer);
    if (!w) {
        return CLASP_BAD_HANDLE;
    }
    if (address.len > CLASP_FLOW_ADDRESS_MAX) {
        return CLASP_TOO_LARGE;
    }
    if (!clasp_utf8_check(address) || clasp_address_check(address) != CLASP_OK) {
        return CLASP_BAD_ADDRESS;
    }
    if (!w->ours && w->link == 0) {
        return CLASP_NOT_CONNECTED;
    }
    clasp_err err = add_get(w, address, ticket, now_us);
    if (err == CLASP_OK) {
        err = flow_say_message(f, w, &(clasp_message){.type = CLASP_MSG_GET, .address = address});
        if (err != CLASP_OK) {
            w->get_count--;
            clasp_text_clear(&w->gets[w->get_count].address);
        }
    }
    flow_touch(f, w);
    return err;
}

static bool is_for(const flow *w, uint32_t i, clasp_span address) {
    return clasp_span_equal(clasp_text_span(&w->gets[i].address), address);
}

void flow_got(clasp_flows *f, flow *w, clasp_span address, clasp_value value, bool is_wide) {
    double number = 0;
    const bool is_number = clasp_value_number(value, &number);
    const uint32_t b = value.type | (is_wide ? CLASP_P2P_DELIVER_WIDE << 16 : 0);
    for (uint32_t i = 0; i < w->get_count;) {
        if (!is_for(w, i, address)) {
            i++;
            continue;
        }
        flow_effect(f, CLASP_EFFECT_P2P_GOT, w->gets[i].ticket, b, number,
                    is_number ? (clasp_span){NULL, 0} : value.data);
        settle(f, w, i, CLASP_OK);
    }
}

static void not_found(clasp_flows *f, flow *w, clasp_span address) {
    for (uint32_t i = 0; i < w->get_count;) {
        if (is_for(w, i, address)) {
            settle(f, w, i, CLASP_NOT_FOUND);
        } else {
            i++;
        }
    }
}

/* ---- the peer's ---------------------------------------------------------------------------------------------- */

static clasp_err answer_nothing(clasp_flows *f, flow *w, clasp_span address) {
    return flow_say_message(f, w,
                            &(clasp_message){.type = CLASP_MSG_ERROR,
                                             .has = CLASP_HAS_ADDRESS,
                                             .code = NOT_FOUND,
                                             .name = clasp_span_of("not found"),
                                             .address = address});
}

/* The answer to a GET. What does not fit a packet is said as a SET is: in pieces, or, to
 * a peer of another make, in one frame, where there is one that holds it. */
static clasp_err answer_get(clasp_flows *f, flow *w, clasp_span address) {
    clasp_param_view view;
    if (!clasp_params_find(&w->params, address, &view)) {
        return answer_nothing(f, w, address);
    }
    if (view.value.len + address.len > CLASP_FLOW_BUNDLE / 2) {
        const clasp_err err = flow_say_large(f, w, address, view.value);
        return err == CLASP_TOO_LARGE ? answer_nothing(f, w, address) : err;
    }
    const clasp_param param = {.address = address,
                               .value = {{view.value.at + 1, view.value.len - 1}, view.value.at[0]}};
    uint8_t *bytes = f->packet + CLASP_FLOW_BUNDLE; /* behind what the message is written to */
    clasp_writer list = clasp_writer_of(bytes, CLASP_FLOW_BUNDLE);
    clasp_write_param(&list, &param);
    return flow_say_message(f, w,
                            &(clasp_message){.type = CLASP_MSG_SNAPSHOT, .list = {clasp_written(&list), 1}});
}

static clasp_err answer_sync(clasp_flows *f, flow *w, const clasp_message *m, uint64_t now_us) {
    if (m->has & CLASP_HAS_T2) {
        return CLASP_OK; /* an answer itself */
    }
    return flow_say_message(f, w,
                            &(clasp_message){.type = CLASP_MSG_SYNC,
                                             .has = CLASP_HAS_T2 | CLASP_HAS_T3,
                                             .time_us = m->time_us,
                                             .t2_us = now_us,
                                             .t3_us = now_us});
}

clasp_err flow_answer(clasp_flows *f, flow *w, const clasp_message *m, uint64_t now_us) {
    switch (m->type) {
    case CLASP_MSG_GET:
        return clasp_address_check(m->address) == CLASP_OK ? answer_get(f, w, m->address) : CLASP_BAD_ADDRESS;
    case CLASP_MSG_SYNC:
        return answer_sync(f, w, m, now_us);
    case CLASP_MSG_PING:
        return flow_say_message(f, w, &(clasp_message){.type = CLASP_MSG_PONG});
    case CLASP_MSG_ERROR:
        if (m->code == NOT_FOUND && m->has & CLASP_HAS_ADDRESS) {
            not_found(f, w, m->address);
        }
        return CLASP_OK;
    default:
        return CLASP_OK; /* it means nothing between peers */
    }
}
