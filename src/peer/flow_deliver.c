/* What a peer says, on its way to the subscriptions. */
#include "peer/flow_state.h"

#include "wire/message.h"
#include "wire/plain.h"
#include "wire/wide.h"

#define SIGNAL_SHIFT 8u
#define FLAGS_SHIFT 16u

static const clasp_span NOTHING = {NULL, 0};

/* ---- where addresses lead ------------------------------------------------------------------------------------ */

bool flow_heard_ready(clasp_flows *f, flow *w) {
    const clasp_route_bounds bounds = {.addresses = CLASP_FLOW_HEARD,
                                       .address_bytes = CLASP_FLOW_HEARD_BYTES,
                                       .subscriptions = CLASP_FLOW_SUBSCRIPTIONS,
                                       .pattern_bytes = CLASP_FLOW_PATTERN_BYTES,
                                       .pattern_segments = CLASP_FLOW_PATTERN_SEGMENTS,
                                       .hash_seed = f->seed ^ w->incarnation};
    if (w->heard) {
        return true;
    }
    flow_heard *heard = calloc(1, sizeof *heard);
    clasp_routes *routes = heard ? clasp_routes_new(&bounds) : NULL;
    if (!routes) {
        free(heard);
        return false;
    }
    heard->routes = routes;
    heard->generation = 1;
    w->heard = heard;
    return true;
}

void flow_heard_free(flow *w) {
    if (w->heard) {
        clasp_routes_free(w->heard->routes);
    }
    free(w->heard);
    w->heard = NULL;
}

void flow_from(clasp_flows *f, const flow *w) {
    if (!f->is_from_told) {
        f->is_from_told = true;
        flow_effect(f, CLASP_EFFECT_P2P_FROM, w->peer, 0, 0, NOTHING);
    }
}

void flow_tell_address(clasp_flows *f, uint32_t id, const uint32_t *subs, uint32_t count,
                       clasp_span address) {
    clasp_outbox_add2(f->out, CLASP_EFFECT_P2P_ADDRESS, f->handle, id, count,
                      (clasp_span){(const uint8_t *)subs, count * (uint32_t)sizeof *subs}, address);
}

/* The host knows what this id means, and where it leads. */
static void tell_route(clasp_flows *f, flow *w, const clasp_route *route, clasp_span address,
                       bool is_wanted) {
    flow_heard *heard = w->heard;
    const uint32_t id = route->address_id;
    const bool is_known = heard->told[id] == heard->generation && (heard->leads[id] || !is_wanted);
    if (is_known) {
        return;
    }
    heard->told[id] = heard->generation;
    heard->leads[id] = is_wanted;
    if (is_wanted) {
        flow_from(f, w);
        flow_tell_address(f, id, route->subs, route->sub_count, address);
    }
}

/* ---- plain numbers: the hot path ----------------------------------------------------------------------------- */

static inline void emit_number(clasp_flows *f, flow *w, uint32_t id, double number) {
    clasp_outbox *out = f->out;
    flow_from(f, w);
    const uint32_t b = CLASP_VALUE_F64 | CLASP_SIGNAL_PARAM << SIGNAL_SHIFT;
    if (out->count == out->cap) {
        flow_effect(f, CLASP_EFFECT_P2P_DELIVER, id, b, number, NOTHING);
        return;
    }
    out->effects[out->count++] = (clasp_effect){.kind = CLASP_EFFECT_P2P_DELIVER,
                                                .owner = f->handle,
                                                .a = id,
                                                .b = b,
                                                .number = number,
                                                .at = out->len};
}

/* A plain SET for an address that the host knows of, which was checked before. False: it is something else. */
static inline bool take_number(clasp_flows *f, flow *w, clasp_span member) {
    clasp_plain_set set;
    uint32_t hash;
    flow_heard *heard = w->heard;
    const uint32_t id = clasp_read_plain_set(member, &set)
                            ? clasp_routes_id(heard->routes, set.address, &hash)
                            : CLASP_NO_ADDRESS;
    if (id == CLASP_NO_ADDRESS || heard->told[id] != heard->generation) {
        return false;
    }
    const double number = clasp_load_f64(set.number);
    clasp_params_number(&w->params, &heard->place[id], set.address, number, CLASP_PARAM_HEARD);
    if (heard->leads[id]) {
        emit_number(f, w, id, number);
    }
    return true;
}

/* ---- any value ----------------------------------------------------------------------------------------------- */

typedef struct delivery {
    clasp_span address;
    clasp_value value;
    clasp_list samples; /* in place of the value when `has_samples` */
    uint8_t signal;     /* clasp_signal */
    uint8_t flags;      /* CLASP_P2P_DELIVER_* */
    bool has_samples;
} delivery;

static uint32_t b_of(const delivery *d) {
    const uint32_t type = d->has_samples ? CLASP_VALUE_ARRAY : d->value.type;
    return type | (uint32_t)d->signal << SIGNAL_SHIFT | (uint32_t)d->flags << FLAGS_SHIFT;
}

static void emit_samples(clasp_flows *f, const delivery *d, uint32_t id) {
    const uint32_t len = clasp_samples_size(d->samples);
    const clasp_effect *effect =
        clasp_outbox_add(f->out, CLASP_EFFECT_P2P_DELIVER, f->handle, id, b_of(d), (clasp_span){NULL, len});
    if (effect) {
        clasp_store_samples(f->out->bytes + effect->at, d->samples);
    }
}

/* Bytes at the end of the message that the host keeps, and most of it: they need not be copied. */
static bool is_lent(const clasp_flows *f, const delivery *d) {
    const clasp_span data = d->value.data;
    return d->value.type == CLASP_VALUE_BYTES && f->lent_len > 0 && data.len > f->lent_len / 2 &&
           data.at + data.len == f->lent_end;
}

static void emit_lent(clasp_flows *f, const delivery *d, uint32_t id) {
    const uint32_t count = d->flags & CLASP_P2P_DELIVER_WIDE ? sizeof(uint32_t) : sizeof(uint16_t);
    flow_effect(f, CLASP_EFFECT_P2P_DELIVER, id, b_of(d) | CLASP_P2P_DELIVER_LENT << FLAGS_SHIFT,
                f->lent_len - d->value.data.len + count, NOTHING);
}

static void emit(clasp_flows *f, flow *w, const delivery *d, uint32_t id) {
    double number = 0;
    flow_from(f, w);
    if (d->has_samples) {
        emit_samples(f, d, id);
        return;
    }
    if (is_lent(f, d)) {
        emit_lent(f, d, id);
        return;
    }
    const bool is_number = clasp_value_number(d->value, &number);
    flow_effect(f, CLASP_EFFECT_P2P_DELIVER, id, b_of(d), number, is_number ? NOTHING : d->value.data);
}

/* Remember what a SET says. Its type stands apart from its data, but in the wide form. */
static void note_param(clasp_flows *f, flow *w, const delivery *d, uint32_t id) {
    double number;
    uint32_t *place = &w->heard->place[id];
    if (d->flags & CLASP_P2P_DELIVER_WIDE) {
        clasp_params_value(&w->params, place, d->address,
                           (clasp_span){d->value.data.at - 1, d->value.data.len + 1},
                           CLASP_PARAM_HEARD | CLASP_PARAM_WIDE);
    } else if (d->value.type == CLASP_VALUE_F64 && clasp_value_number(d->value, &number)) {
        clasp_params_number(&w->params, place, d->address, number, CLASP_PARAM_HEARD);
    } else {
        f->packet[0] = d->value.type;
        if (d->value.data.len > 0) {
            memcpy(f->packet + 1, d->value.data.at, d->value.data.len);
        }
        clasp_params_value(&w->params, place, d->address, (clasp_span){f->packet, d->value.data.len + 1},
                           CLASP_PARAM_HEARD);
    }
}

static bool is_to_wait(const flow *w, const delivery *d) {
    return w->heard->subs == 0 && d->signal != CLASP_SIGNAL_PARAM && !d->has_samples &&
           !(d->flags & CLASP_P2P_DELIVER_RAW);
}

static clasp_err deliver(clasp_flows *f, flow *w, const delivery *d, uint64_t now_us) {
    clasp_route route;
    if (!flow_heard_ready(f, w)) {
        return CLASP_NO_MEMORY;
    }
    const clasp_err err = clasp_routes_find(w->heard->routes, d->address, &route);
    if (err != CLASP_OK) {
        return err;
    }
    if (route.is_new) {
        w->heard->told[route.address_id] = 0;
        w->heard->place[route.address_id] = CLASP_NONE;
    }
    w->stats[CLASP_FLOW_STAT_RECEIVED_MESSAGES]++;
    const bool is_wanted =
        route.sub_count > 0 || (d->flags & (CLASP_P2P_DELIVER_BROADCAST | CLASP_P2P_DELIVER_RAW));
    tell_route(f, w, &route, d->address, is_wanted);
    if (d->signal == CLASP_SIGNAL_PARAM) {
        note_param(f, w, d, route.address_id);
    }
    if (is_wanted) {
        emit(f, w, d, route.address_id);
    }
    if (is_to_wait(w, d)) {
        flow_keep_early(w, d->address, d->value.data, b_of(d) & ~(CLASP_P2P_DELIVER_BROADCAST << FLAGS_SHIFT),
                        now_us);
    }
    return CLASP_OK;
}

/* A broadcast is for the address behind the prefix, and for whoever hears broadcasts; a message of the application for the channel
 * at the address behind it alone. */
static void unwrap(const flow *w, delivery *d) {
    const bool is_text = d->value.type == CLASP_VALUE_STRING || d->value.type == CLASP_VALUE_BYTES;
    const clasp_span whole = d->address;
    d->address = flow_behind(whole, FLOW_BROADCAST);
    d->flags |= d->address.at != whole.at ? CLASP_P2P_DELIVER_BROADCAST : 0;
    if (w->ours && !d->has_samples && is_text && flow_behind(whole, FLOW_RAW).at != whole.at) {
        d->address = flow_behind(whole, FLOW_RAW);
        d->flags |= CLASP_P2P_DELIVER_RAW;
    }
}

static clasp_err deliver_publish(clasp_flows *f, flow *w, const clasp_message *m, uint64_t now_us) {
    delivery d = {.address = m->address, .samples = m->list, .signal = m->signal};
    d.has_samples = (m->has & CLASP_HAS_SAMPLES) != 0;
    if (m->has & CLASP_HAS_VALUE) {
        d.value = m->value;
    }
    unwrap(w, &d);
    return deliver(f, w, &d, now_us);
}

static clasp_err deliver_params(clasp_flows *f, flow *w, clasp_list params, uint64_t now_us) {
    clasp_reader r = clasp_list_reader(params);
    clasp_err first = CLASP_OK;
    for (uint32_t left = params.count; left > 0; left--) {
        clasp_param param;
        clasp_next_param(&r, &param);
        flow_got(f, w, param.address, param.value, false);
        if (w->ours) {
            continue; /* an answer, and nothing else: what it says was heard when it was set */
        }
        const delivery d = {.address = param.address, .value = param.value, .signal = CLASP_SIGNAL_PARAM};
        const clasp_err err = deliver(f, w, &d, now_us);
        first = first == CLASP_OK ? err : first;
    }
    return first;
}

static clasp_err deliver_message(clasp_flows *f, flow *w, const clasp_message *m, uint64_t now_us);

/* Members of a checked BUNDLE. Bundles in it are bounded in depth: it was checked. */
static clasp_err deliver_members(clasp_flows *f, flow *w, clasp_reader r, uint32_t count, uint64_t now_us) {
    clasp_err first = CLASP_OK;
    for (; count > 0; count--) {
        const clasp_span member = clasp_next_member(&r);
        clasp_message m;
        clasp_err err = CLASP_OK;
        if (!w->heard || !take_number(f, w, member)) {
            err = clasp_message_decode(member, &m);
            err = err == CLASP_OK ? deliver_message(f, w, &m, now_us) : err;
        } else {
            w->stats[CLASP_FLOW_STAT_RECEIVED_MESSAGES]++;
        }
        if (err == CLASP_NO_MEMORY) {
            return err;
        }
        first = first == CLASP_OK ? err : first;
    }
    return first;
}

static clasp_err deliver_message(clasp_flows *f, flow *w, const clasp_message *m, uint64_t now_us) {
    const delivery set = {.address = m->address, .value = m->value, .signal = CLASP_SIGNAL_PARAM};
    switch (m->type) {
    case CLASP_MSG_SET:
        if (w->get_count > 0) { /* one that is larger than a packet is an answer, too */
            flow_got(f, w, m->address, m->value, false);
        }
        return deliver(f, w, &set, now_us);
    case CLASP_MSG_PUBLISH:
        return deliver_publish(f, w, m, now_us);
    case CLASP_MSG_SNAPSHOT:
        return deliver_params(f, w, m->list, now_us);
    case CLASP_MSG_BUNDLE:
        return deliver_members(f, w, clasp_list_reader(m->list), m->list.count, now_us);
    default:
        return flow_answer(f, w, m, now_us);
    }
}

/* The first members of a BUNDLE, as long as they are plain numbers for known addresses. @return how many; `r` is behind them */
static uint32_t take_numbers(clasp_flows *f, flow *w, clasp_reader *r, uint32_t count) {
    uint32_t taken = 0;
    while (taken < count) {
        clasp_reader next = *r;
        const uint32_t len = clasp_read_u16(&next);
        const uint8_t *at = clasp_take(&next, len);
        if (!at || !take_number(f, w, (clasp_span){at, len})) {
            break;
        }
        *r = next;
        taken++;
    }
    w->stats[CLASP_FLOW_STAT_RECEIVED_MESSAGES] += taken;
    return taken;
}

/* What a BUNDLE that comes again has delivered is taken back, and with it what the host was told; but not the answers to GETs,
 * which nobody waits for any more. */
static void take_back(clasp_flows *f, flow *w, uint32_t from, uint32_t early) {
    clasp_outbox *out = f->out;
    uint32_t kept = from;
    for (uint32_t i = from; i < out->count; i++) {
        const clasp_effect effect = out->effects[i];
        if (effect.kind == CLASP_EFFECT_P2P_GOT || effect.kind == CLASP_EFFECT_P2P_SETTLED) {
            out->effects[kept++] = effect;
        }
    }
    out->count = kept;
    flow_take_back_early(w, early);
    if (w->heard) {
        memset(w->heard->told, 0, sizeof w->heard->told);
    }
}

/* A BUNDLE: all of it is checked before anything but plain numbers is delivered; when it is refused, so are those. */
static clasp_err deliver_bundle(clasp_flows *f, flow *w, clasp_span payload, uint64_t now_us) {
    clasp_reader r = clasp_reader_of((clasp_span){payload.at + 1, payload.len - 1});
    const uint32_t effects = f->out->count;
    const uint32_t early = w->early_kept;
    const bool was_told = f->is_from_told;
    const uint8_t flags = clasp_read_u8(&r);
    const uint32_t count = clasp_read_u16(&r);
    clasp_take(&r, flags & CLASP_BUNDLE_TIMESTAMP ? sizeof(uint64_t) : 0);
    const uint32_t taken = w->heard ? take_numbers(f, w, &r, count) : 0;
    clasp_message m;
    const clasp_err err = taken < count || r.err != CLASP_OK ? clasp_message_decode(payload, &m) : CLASP_OK;
    if (err != CLASP_OK) {
        f->out->count = effects;
        f->is_from_told = was_told;
        return err;
    }
    const clasp_err result = deliver_members(f, w, r, count - taken, now_us);
    if (result == CLASP_NO_MEMORY) { /* it comes again as a whole */
        take_back(f, w, effects, early);
        f->is_from_told = was_told;
    }
    return result;
}

clasp_err flow_deliver_frame(clasp_flows *f, flow *w, clasp_span in, uint64_t now_us) {
    clasp_frame frame;
    clasp_message m;
    uint32_t used;
    clasp_err err = clasp_frame_decode(in, &frame, &used);
    if (err != CLASP_OK) {
        return err == CLASP_MORE ? CLASP_TRUNCATED : err;
    }
    if (used < in.len) {
        return CLASP_BAD_FIELD;
    }
    if (frame.payload.at[0] == CLASP_MSG_BUNDLE) {
        return deliver_bundle(f, w, frame.payload, now_us);
    }
    if (w->heard && take_number(f, w, frame.payload)) {
        w->stats[CLASP_FLOW_STAT_RECEIVED_MESSAGES]++;
        return CLASP_OK;
    }
    err = clasp_message_decode(frame.payload, &m);
    return err == CLASP_OK ? deliver_message(f, w, &m, now_us) : err;
}

clasp_err flow_deliver_wide(clasp_flows *f, flow *w, clasp_span record, uint64_t now_us) {
    clasp_wide wide;
    const clasp_err err = clasp_wide_decode(record, &wide);
    if (err != CLASP_OK) {
        return err;
    }
    delivery d = {.address = wide.address,
                  .value = wide.value,
                  .signal = wide.say, /* the two lists begin alike */
                  .flags = CLASP_P2P_DELIVER_WIDE};
    if (d.signal != CLASP_SIGNAL_PARAM) {
        unwrap(w, &d);
    } else {
        flow_got(f, w, d.address, d.value, true);
    }
    return deliver(f, w, &d, now_us);
}
