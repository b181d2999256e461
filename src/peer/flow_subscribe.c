/* Subscriptions to what one peer says, and what came before the first one. */
#include "peer/flow_state.h"

#include "route/address.h"

#define FLAGS_SHIFT 16u

/* ---- messages that came early -------------------------------------------------------------------------------- */

/* Take the one at `at` out of the list; the last one is its caller's to keep up. */
static void drop(flow *w, flow_early **at) {
    flow_early *early = *at;
    *at = early->next;
    w->early_count--;
    w->early_bytes -= early->bytes.len;
    clasp_text_clear(&early->bytes);
    free(early);
}

static void drop_first(flow *w) {
    drop(w, &w->early);
    w->early_last = w->early ? w->early_last : NULL;
}

void flow_early_clear(flow *w) {
    while (w->early) {
        drop_first(w);
    }
}

void flow_early_tick(flow *w, uint64_t now_us) {
    while (w->early && w->early->due_us <= now_us) {
        drop_first(w);
    }
}

static flow_early *make_early(clasp_span address, clasp_span data) {
    flow_early *early = calloc(1, sizeof *early);
    uint8_t *bytes = malloc((size_t)address.len + data.len);
    if (!early || !bytes) {
        free(early);
        free(bytes);
        return NULL;
    }
    memcpy(bytes, address.at, address.len);
    if (data.len > 0) {
        memcpy(bytes + address.len, data.at, data.len);
    }
    early->bytes = (clasp_text){bytes, address.len + data.len};
    early->address_len = address.len;
    return early;
}

void flow_keep_early(flow *w, clasp_span address, clasp_span data, uint32_t b, uint64_t now_us) {
    const uint64_t len = (uint64_t)address.len + data.len;
    if (len > CLASP_FLOW_EARLY_BYTES) {
        return;
    }
    flow_early *early = make_early(address, data);
    if (!early) {
        return; /* as if it had come too early to be kept */
    }
    while (w->early &&
           (w->early_count == CLASP_FLOW_EARLY || len > CLASP_FLOW_EARLY_BYTES - w->early_bytes)) {
        drop_first(w);
    }
    early->b = b;
    early->due_us = now_us + CLASP_FLOW_EARLY_US;
    *(w->early ? &w->early_last->next : &w->early) = early;
    w->early_last = early;
    w->early_count++;
    w->early_kept++;
    w->early_bytes += early->bytes.len;
}

void flow_take_back_early(flow *w, uint32_t kept) {
    const uint32_t since = w->early_kept - kept;
    flow_early **at = &w->early;
    w->early_last = NULL;
    for (uint32_t left = since < w->early_count ? w->early_count - since : 0; left > 0; left--) {
        w->early_last = *at;
        at = &(*at)->next;
    }
    while (*at) {
        drop(w, at);
    }
}

/* ---- subscriptions ------------------------------------------------------------------------------------------- */

/* All lists that the host knows are old. */
static void turn(flow_heard *heard) {
    if (++heard->generation == 0) {
        memset(heard->told, 0, sizeof heard->told);
        heard->generation = 1;
    }
}

/* One value for one subscription alone: the list of its address is told anew afterwards. */
static void show(clasp_flows *f, flow *w, uint32_t sub, clasp_span address, clasp_span data, uint32_t b) {
    clasp_route route;
    double number = 0;
    if (clasp_routes_find(w->heard->routes, address, &route) != CLASP_OK) {
        return;
    }
    if (route.is_new) {
        w->heard->place[route.address_id] = CLASP_NONE;
    }
    w->heard->told[route.address_id] = 0;
    flow_from(f, w);
    flow_tell_address(f, route.address_id, &sub, 1, address);
    const clasp_value value = {data, (uint8_t)b};
    const bool is_number = clasp_value_number(value, &number);
    flow_effect(f, CLASP_EFFECT_P2P_DELIVER, route.address_id, b, number,
                is_number ? (clasp_span){NULL, 0} : data);
}

static void show_params(clasp_flows *f, flow *w, clasp_span pattern, uint32_t sub) {
    uint32_t cursor = 0;
    clasp_param_view view;
    while (clasp_params_next(&w->params, &cursor, pattern, &view)) {
        if (view.flags & CLASP_PARAM_HEARD) {
            const uint32_t flags = view.flags & CLASP_PARAM_WIDE ? CLASP_P2P_DELIVER_WIDE : 0;
            show(f, w, sub, view.address, (clasp_span){view.value.at + 1, view.value.len - 1},
                 view.value.at[0] | flags << FLAGS_SHIFT);
        }
    }
}

static void show_early(clasp_flows *f, flow *w, clasp_span pattern, uint32_t sub) {
    flow_early **at = &w->early;
    flow_early *last = NULL;
    while (*at) {
        flow_early *early = *at;
        const clasp_span address = {early->bytes.at, early->address_len};
        if (!clasp_match(pattern, address)) {
            last = early;
            at = &early->next;
            continue;
        }
        show(f, w, sub, address,
             (clasp_span){early->bytes.at + early->address_len, early->bytes.len - early->address_len},
             early->b);
        drop(w, at);
    }
    w->early_last = last;
}

clasp_err clasp_flow_subscribe(clasp_flows *f, uint32_t peer, clasp_span pattern, uint32_t sub) {
    flow *w = flow_of(f, peer);
    if (!w) {
        return CLASP_BAD_HANDLE;
    }
    if (!clasp_utf8_check(pattern)) {
        return CLASP_BAD_PATTERN;
    }
    if (!flow_heard_ready(f, w)) {
        return CLASP_NO_MEMORY;
    }
    const clasp_err err = clasp_routes_add(w->heard->routes, pattern, sub);
    if (err != CLASP_OK) {
        return err;
    }
    w->heard->subs++;
    turn(w->heard);
    f->is_from_told = false;
    show_params(f, w, pattern, sub);
    show_early(f, w, pattern, sub);
    return CLASP_OK;
}

clasp_err clasp_flow_unsubscribe(clasp_flows *f, uint32_t peer, uint32_t sub) {
    flow *w = flow_of(f, peer);
    if (!w || !w->heard || !clasp_routes_remove(w->heard->routes, sub)) {
        return CLASP_BAD_HANDLE;
    }
    w->heard->subs--;
    turn(w->heard);
    return CLASP_OK;
}
