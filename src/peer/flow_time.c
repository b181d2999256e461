/* When there is something to do. */
#include "peer/flow_state.h"

static uint64_t sooner(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* What goes by the router waits until that takes more. */
static uint64_t ack_due(const clasp_flows *f, const flow *w) {
    const uint64_t free_us = flow_router_free(f);
    uint64_t due = FLOW_NEVER;
    for (uint32_t i = 0; i < FLOW_SEQUENCES; i++) {
        const flow_sequence *s = w->sequences[i];
        if (s && s->wants_ack) {
            due = sooner(due, s->way == FLOW_ROUTER && s->ack_us < free_us ? free_us : s->ack_us);
        }
    }
    return due;
}

void flow_touch(clasp_flows *f, flow *w) {
    uint64_t due = sooner(ack_due(f, w), flow_path_due(w));
    due = sooner(due, flow_cover_due(f, w));
    due = sooner(due, w->retry_us);
    due = sooner(due, w->get_count > 0 ? w->gets[0].due_us : FLOW_NEVER);
    due = sooner(due, w->early ? w->early->due_us : FLOW_NEVER);
    due = sooner(due, w->pieces ? clasp_reassembler_deadline(w->pieces) : FLOW_NEVER);
    w->due_us = due;
}

uint64_t clasp_flows_deadline(const clasp_flows *f) {
    uint64_t due = FLOW_NEVER;
    for (uint32_t i = 0; i < f->count; i++) {
        due = sooner(due, f->flows[i]->due_us);
    }
    return due;
}

static void tick(clasp_flows *f, flow *w, uint64_t now_us) {
    if (w->retry_us <= now_us) {
        f->is_from_told = false;
        flow_take_held(f, w, now_us);
    }
    flow_path_tick(f, w, now_us);
    flow_cover_tick(f, w, now_us);
    flow_send_acks(f, w, now_us);
    flow_gets_tick(f, w, now_us);
    flow_early_tick(w, now_us);
    if (w->pieces) {
        clasp_reassembler_tick(w->pieces, now_us);
    }
    flow_pump(f, w, now_us);
    flow_touch(f, w);
}

void clasp_flows_tick(clasp_flows *f, uint64_t now_us) {
    for (uint32_t i = 0; i < f->count; i++) {
        if (f->flows[i]->due_us <= now_us) {
            tick(f, f->flows[i], now_us);
        }
    }
}
