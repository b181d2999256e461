/* Fan-out to subscriptions with options: what passes at once, what waits, what is left out. */
#include "base/limits.h"
#include "hub/send.h"

static clasp_hub_session *session_of(clasp_hub *hub, uint32_t sub) {
    return &hub->sessions.slots[hub->subs.list[sub].slot];
}

/* ---- what waits ---------------------------------------------------------------------------------------------- */

/* A session has got what others of its subscriptions hold back for it as well. */
static void settle_siblings(clasp_hub *hub, const clasp_hub_session *session, clasp_span address,
                            const clasp_hub_kept *kept) {
    clasp_hub_filters *filters = &hub->subs.filters;
    for (uint32_t sub = session->first_sub; sub != CLASP_HUB_NONE; sub = hub->subs.list[sub].next) {
        clasp_hub_last *last =
            hub->subs.list[sub].is_filtered ? clasp_hub_filters_find(filters, sub, address) : NULL;
        if (last && last->kept == kept) {
            clasp_hub_kept_drop(clasp_hub_filters_take(filters, last));
            clasp_hub_filters_given(filters, sub, last, address, &kept->kind, hub->now_us);
        }
    }
}

/* Send what is held back. */
static void send_kept(clasp_hub *hub, clasp_hub_last *last) {
    const clasp_span address = {last->address, last->address_len};
    const clasp_hub_session *session = session_of(hub, last->sub);
    clasp_hub_kept *kept = clasp_hub_filters_take(&hub->subs.filters, last);
    clasp_hub_emit(hub, &session->handle, 1, (clasp_span){kept->frame, kept->len});
    CLASP_HUB_COUNT(hub, deliveries_total);
    clasp_hub_filters_given(&hub->subs.filters, last->sub, last, address, &kept->kind, hub->now_us);
    if (session->filtered_count > 1) {
        settle_siblings(hub, session, address, kept);
    }
    clasp_hub_kept_drop(kept);
}

void clasp_hub_release_due_values(clasp_hub *hub) {
    clasp_hub_due *due;
    while ((due = clasp_hub_dues_first(&hub->subs.filters.dues, hub->now_us)) != NULL) {
        send_kept(hub, (clasp_hub_last *)due);
    }
}

static void trim(clasp_hub *hub) {
    clasp_hub_last *last;
    while ((last = clasp_hub_filters_surplus(&hub->subs.filters)) != NULL) {
        if (last->kept) {
            send_kept(hub, last);
        }
        clasp_hub_filters_forget(&hub->subs.filters, last);
    }
}

/* ---- one message --------------------------------------------------------------------------------------------- */

/* A message on its way to the subscriptions with options. */
typedef struct passage {
    clasp_hub *hub;
    clasp_hub_kind kind;
    clasp_span address, frame;
    uint8_t type_bit;
    const clasp_hub_session *except;
    clasp_hub_kept *kept; /* a copy of the frame, once somebody has to wait for it */
    uint32_t count;       /* of hub->receivers */
} passage;

static bool concerns(const passage *p, uint32_t sub) {
    const clasp_hub_sub *entry = &p->hub->subs.list[sub];
    return entry->is_filtered && (entry->types & p->type_bit) != 0 && session_of(p->hub, sub) != p->except;
}

static bool is_given(const passage *p, const clasp_hub_session *session) {
    return session->mark == p->hub->fan_outs;
}

static void give(passage *p, clasp_hub_session *session) {
    session->mark = p->hub->fan_outs;
    p->hub->receivers[p->count++] = session->handle;
}

/* First the sessions that get it, by whichever of their subscriptions. */
static void judge(passage *p, uint32_t sub) {
    clasp_hub_filters *filters = &p->hub->subs.filters;
    clasp_hub_session *session = session_of(p->hub, sub);
    const clasp_hub_last *last = clasp_hub_filters_find(filters, sub, p->address);
    if (!is_given(p, session) &&
        clasp_hub_filters_judge(filters, sub, last, &p->kind, p->hub->now_us) == CLASP_HUB_GIVE) {
        give(p, session);
    }
}

/* What waited is left out for the newer message, or goes before it. */
static void make_way(passage *p, clasp_hub_last *last) {
    if (last && last->kept && clasp_hub_kind_replaces(&p->kind, &last->kept->kind)) {
        clasp_hub_kept_drop(clasp_hub_filters_take(&p->hub->subs.filters, last));
        CLASP_HUB_COUNT(p->hub, values_skipped_total);
    } else if (last && last->kept) {
        send_kept(p->hub, last);
    }
}

/* The message has to wait; without memory for that it does not. */
static void hold_back(passage *p, clasp_hub_last *last) {
    if (!p->kept) {
        p->kept = clasp_hub_kept_new(p->frame, &p->kind);
    }
    if (p->kept && clasp_hub_filters_keep(&p->hub->subs.filters, last, p->kept)) {
        return;
    }
    give(p, session_of(p->hub, last->sub));
    clasp_hub_filters_given(&p->hub->subs.filters, last->sub, last, p->address, &p->kind, p->hub->now_us);
}

/* Then what that means to each subscription. */
static void settle(passage *p, uint32_t sub) {
    clasp_hub_filters *filters = &p->hub->subs.filters;
    clasp_hub_last *last = clasp_hub_filters_find(filters, sub, p->address);
    make_way(p, last);
    if (is_given(p, session_of(p->hub, sub))) {
        clasp_hub_filters_given(filters, sub, last, p->address, &p->kind, p->hub->now_us);
    } else if (clasp_hub_filters_judge(filters, sub, last, &p->kind, p->hub->now_us) == CLASP_HUB_SKIP) {
        CLASP_HUB_COUNT(p->hub, values_skipped_total);
    } else {
        hold_back(p, last);
    }
}

uint32_t clasp_hub_pass_filters(clasp_hub *hub, const clasp_route *route, const clasp_message *message,
                                const clasp_hub_session *except, clasp_span frame, uint32_t count) {
    passage p = {
        .hub = hub,
        .kind = clasp_hub_kind_of(message),
        .address = message->address,
        .frame = frame,
        .type_bit = clasp_message_type_bit(message),
        .except = except,
        .count = count,
    };
    for (uint32_t i = 0; i < route->sub_count; i++) {
        if (concerns(&p, route->subs[i])) {
            judge(&p, route->subs[i]);
        }
    }
    for (uint32_t i = 0; i < route->sub_count; i++) {
        if (concerns(&p, route->subs[i])) {
            settle(&p, route->subs[i]);
        }
    }
    clasp_hub_kept_drop(p.kept);
    trim(hub);
    return p.count;
}
