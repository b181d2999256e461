/* Links and their channels: which one is used, and whether it works. */
#include "peer/flow_state.h"

#define CHANNEL_MASK 0xFFu /* of a way */
#define MESSAGE_DEFAULT 65536u
#define MESSAGE_LEAST (CLASP_FLOW_PACKET + FLOW_ACK_LEN + FLOW_DATA_HEAD)
#define RTT_SHARE 8.0 /* of a new sample: one eighth */

static uint32_t way_of(uint32_t link, uint32_t channel) { return link << 8 | channel; }

flow_path *flow_path_at(flow *w, uint32_t way) {
    for (uint32_t i = 0; way != FLOW_NOWHERE && i < w->path_count; i++) {
        if (w->paths[i].way == way) {
            return &w->paths[i];
        }
    }
    return NULL;
}

flow_path *flow_context(flow *w, uint32_t way) {
    return way == FLOW_ROUTER ? &w->router : flow_path_at(w, way);
}

bool flow_is_open(flow *w, uint32_t link, uint32_t channel) {
    return link != 0 && flow_path_at(w, way_of(link, channel)) != NULL;
}

flow_link *flow_link_at(flow *w, uint32_t link) {
    for (uint32_t i = 0; link != 0 && i < FLOW_LINKS; i++) {
        if (w->links[i].link == link) {
            return &w->links[i];
        }
    }
    return NULL;
}

uint32_t flow_way(flow *w, const flow_channel *c) {
    const bool has_own = c->number < FLOW_PIPE_CHANNEL && c->number != CLASP_FLOW_RELIABLE;
    if (has_own && flow_is_open(w, w->link, c->number)) {
        return way_of(w->link, c->number);
    }
    if (!c->reliable && c->number != CLASP_FLOW_FAST && flow_is_open(w, w->link, CLASP_FLOW_FAST)) {
        return way_of(w->link, CLASP_FLOW_FAST);
    }
    return flow_is_open(w, w->link, CLASP_FLOW_RELIABLE) ? way_of(w->link, CLASP_FLOW_RELIABLE)
                                                         : FLOW_NOWHERE;
}

/* ---- opening ------------------------------------------------------------------------------------------------- */

static flow_link *make_link(flow *w, uint32_t link, uint64_t now_us) {
    flow_link *found = flow_link_at(w, link);
    for (uint32_t i = 0; !found && i < FLOW_LINKS; i++) {
        if (w->links[i].link == 0) {
            found = &w->links[i];
            *found = (flow_link){.link = link, .heard_us = now_us};
        }
    }
    return found;
}

static flow_path *make_path(flow *w, uint32_t way) {
    flow_path *path = flow_path_at(w, way);
    for (uint32_t i = 0; !path && i < FLOW_PATHS; i++) {
        if (w->paths[i].way == FLOW_NOWHERE) {
            path = &w->paths[i];
            w->path_count = i < w->path_count ? w->path_count : i + 1;
        }
    }
    return path;
}

void flow_rewind_all(flow *w) {
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        if (w->channels[i]) {
            flow_rewind(w, w->channels[i]);
        }
    }
}

/* The link whose reliable channel opened last is the one in use. What was not acknowledged goes again. */
static void choose_link(flow *w) {
    const flow_link *best = NULL;
    for (uint32_t i = 0; i < FLOW_LINKS; i++) {
        const flow_link *link = &w->links[i];
        if (link->link != 0 && link->order > (best ? best->order : 0)) {
            best = link;
        }
    }
    const uint32_t link = best ? best->link : 0;
    if (link != w->link && !w->covered) {
        flow_rewind_all(w);
    }
    w->round_us = link == w->link ? w->round_us : 0;
    w->link = link;
}

void flow_write_hello(const flow *w, uint32_t to, uint8_t out[FLOW_HELLO_LEN]) {
    flow_head(out, FLOW_KIND_HELLO);
    clasp_store_u32(out + 2, w->incarnation);
    clasp_store_u32(out + 6, w->base);
    clasp_store_u32(out + 10, to);
}

void flow_say_hellos(clasp_flows *f, flow *w) {
    uint8_t hello[FLOW_HELLO_LEN];
    for (uint32_t i = 0; i < w->path_count; i++) {
        flow_path *path = &w->paths[i];
        if (path->owes_hello && path->buffered < CLASP_FLOW_HIGH_WATER) {
            path->owes_hello = false;
            flow_write_hello(w, w->peer_incarnation, hello);
            flow_send_control(f, w, path->way, (clasp_span){hello, sizeof hello}, (clasp_span){NULL, 0});
        }
    }
}

static bool is_greeted(const flow *w, uint32_t way) {
    return w->ours && way != FLOW_NOWHERE && (way & CHANNEL_MASK) != CLASP_FLOW_FAST;
}

void flow_greet(flow *w) {
    for (uint32_t i = 0; i < w->path_count; i++) {
        w->paths[i].owes_hello = is_greeted(w, w->paths[i].way);
    }
}

static void send_token(clasp_flows *f, flow *w, uint32_t link) {
    uint8_t head[FLOW_TOKEN_HEAD];
    flow_head(head, FLOW_KIND_RESUME);
    flow_send_control(f, w, way_of(link, CLASP_FLOW_RELIABLE), (clasp_span){head, sizeof head},
                      clasp_text_span(&w->token));
}

/* On a channel that has just opened HELLO goes in the same message. */
void flow_ping(clasp_flows *f, flow *w, flow_link *link, uint64_t now_us) {
    const uint32_t way = way_of(link->link, CLASP_FLOW_RELIABLE);
    flow_path *path = flow_path_at(w, way);
    uint8_t message[FLOW_HELLO_LEN + FLOW_NUMBER_LEN];
    uint8_t *ping = message;
    if (path && path->owes_hello && path->buffered < CLASP_FLOW_HIGH_WATER) {
        path->owes_hello = false;
        flow_write_hello(w, w->peer_incarnation, message);
        ping += FLOW_HELLO_LEN;
    }
    link->ping_last = ++w->ping_number;
    link->ping_first = link->ping_first == 0 ? link->ping_last : link->ping_first;
    link->ping_us = now_us;
    flow_head(ping, FLOW_KIND_PING);
    clasp_store_u64(ping + 2, link->ping_last);
    const uint32_t len = (uint32_t)(ping - message) + FLOW_NUMBER_LEN;
    flow_send_control(f, w, way, (clasp_span){message, len}, (clasp_span){NULL, 0});
}

static void opened_reliable(clasp_flows *f, flow *w, flow_link *link, uint64_t now_us) {
    link->order = ++w->link_order;
    link->heard_us = now_us;
    choose_link(w);
    if (w->ours) {
        flow_ping(f, w, link, now_us);
        if (w->token.len > 0) {
            send_token(f, w, link->link);
        }
    }
}

/* The channel without retransmission is there with its first data channel. */
static bool make_fast(flow *w) {
    if (!w->channels[CLASP_FLOW_FAST]) {
        w->channels[CLASP_FLOW_FAST] = flow_channel_new(CLASP_FLOW_FAST, 0, false, CLASP_PRIORITY_NORMAL);
    }
    return w->channels[CLASP_FLOW_FAST] != NULL;
}

clasp_err clasp_flow_opened(clasp_flows *f, uint32_t peer, uint32_t link, uint32_t channel,
                            uint32_t message_max, uint64_t now_us) {
    flow *w = flow_of(f, peer);
    if (!w || link == 0 || channel >= FLOW_PIPE_CHANNEL) {
        return CLASP_BAD_HANDLE;
    }
    const uint32_t most = message_max == 0 ? MESSAGE_DEFAULT : message_max;
    if (most < MESSAGE_LEAST) {
        return CLASP_OUT_OF_RANGE;
    }
    if (channel == CLASP_FLOW_FAST && !make_fast(w)) {
        return CLASP_NO_MEMORY;
    }
    flow_link *found = make_link(w, link, now_us);
    flow_path *path = found ? make_path(w, way_of(link, channel)) : NULL;
    if (!path) {
        return CLASP_LIMIT;
    }
    *path = (flow_path){.way = way_of(link, channel), .message_max = most};
    path->owes_hello = is_greeted(w, path->way);
    if (channel == CLASP_FLOW_RELIABLE) {
        opened_reliable(f, w, found, now_us);
    }
    flow_pump(f, w, now_us); /* HELLO before anything else */
    flow_touch(f, w);
    return CLASP_OK;
}

/* ---- closing ------------------------------------------------------------------------------------------------- */

static void close_path(flow *w, uint32_t way) {
    flow_path *path = flow_path_at(w, way);
    if (path) {
        *path = (flow_path){0};
    }
    while (w->path_count > 0 && w->paths[w->path_count - 1].way == FLOW_NOWHERE) {
        w->path_count--;
    }
}

static void close_link(flow *w, flow_link *link) {
    const uint32_t number = link->link;
    for (uint32_t i = FLOW_PATHS; i > 0; i--) {
        if (w->paths[i - 1].way != FLOW_NOWHERE && FLOW_LINK_OF(w->paths[i - 1].way) == number) {
            close_path(w, w->paths[i - 1].way);
        }
    }
    *link = (flow_link){0};
}

void clasp_flow_closed(clasp_flows *f, uint32_t peer, uint32_t link, uint32_t channel, uint64_t now_us) {
    flow *w = flow_of(f, peer);
    flow_link *found = w ? flow_link_at(w, link) : NULL;
    if (!found) {
        return;
    }
    close_path(w, way_of(link, channel));
    if (channel == CLASP_FLOW_RELIABLE) {
        found->order = 0;
        choose_link(w);
    }
    flow_pump(f, w, now_us);
    flow_touch(f, w);
}

void clasp_flow_link_closed(clasp_flows *f, uint32_t peer, uint32_t link, uint64_t now_us) {
    flow *w = flow_of(f, peer);
    flow_link *found = w ? flow_link_at(w, link) : NULL;
    if (!found) {
        return;
    }
    close_link(w, found);
    choose_link(w);
    flow_pump(f, w, now_us);
    flow_touch(f, w);
}

void clasp_flow_buffered(clasp_flows *f, uint32_t peer, uint32_t link, uint32_t channel, uint32_t bytes,
                         uint64_t now_us) {
    flow *w = flow_of(f, peer);
    flow_path *path = w ? flow_path_at(w, way_of(link, channel)) : NULL;
    if (!path) {
        return;
    }
    const bool was_full = path->buffered >= CLASP_FLOW_HIGH_WATER;
    path->buffered = bytes;
    if (was_full && bytes < CLASP_FLOW_HIGH_WATER) {
        flow_pump(f, w, now_us);
        flow_touch(f, w);
    }
}

void clasp_flow_cover(clasp_flows *f, uint32_t peer, bool on, uint64_t now_us) {
    flow *w = flow_of(f, peer);
    if (!w || (!on && !w->covered)) {
        return;
    }
    w->covered = on;
    w->cover_us = now_us;
    w->cover_wait_us = CLASP_FLOW_COVER_AGAIN_US;
    w->cover_ping_us = now_us;
    flow_rewind_all(w);
    flow_pump(f, w, now_us);
    flow_touch(f, w);
}

clasp_err clasp_flow_token(clasp_flows *f, uint32_t peer, clasp_span token, uint64_t now_us) {
    flow *w = flow_of(f, peer);
    if (!w) {
        return CLASP_BAD_HANDLE;
    }
    if (token.len != CLASP_P2P_TOKEN_LEN) {
        return CLASP_OUT_OF_RANGE;
    }
    if (!clasp_text_set(&w->token, token)) {
        return CLASP_NO_MEMORY;
    }
    if (w->ours && w->link != 0) {
        send_token(f, w, w->link);
    }
    (void)now_us;
    return CLASP_OK;
}

/* ---- does it work? ------------------------------------------------------------------------------------------- */

static void tell(clasp_flows *f, const flow *w, uint32_t link, clasp_p2p_path_event event, uint64_t now_us) {
    if (f->hooks.path) {
        f->hooks.path(f->hooks.context, w->peer, link, event, now_us);
    }
}

void flow_heard_on(clasp_flows *f, flow *w, uint32_t link, uint64_t now_us) {
    flow_link *found = flow_link_at(w, link);
    if (!found) {
        return;
    }
    found->heard_us = now_us;
    if (found->is_silent) {
        found->is_silent = false;
        tell(f, w, link, CLASP_P2P_PATH_ALIVE, now_us);
    }
}

static void measure(flow *w, double sample_us) {
    w->rtt_us = w->rtt_us == 0 ? sample_us : w->rtt_us + (sample_us - w->rtt_us) / RTT_SHARE;
    w->rtt_us = w->rtt_us < 1 ? 1 : w->rtt_us;
}

/* What went before a PING that is answered, and has not been acknowledged before the answer, was refused there. */
static void send_refused_again(flow *w, const flow_link *link) {
    const uint32_t way = way_of(link->link, CLASP_FLOW_RELIABLE);
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        flow_channel *c = w->channels[i];
        if (c && c->way == way && c->again > 0 && flow_ring_at(&c->flight, 0)->sent_us < link->ping_us) {
            flow_rewind(w, c);
        }
    }
}

clasp_err flow_ponged(clasp_flows *f, flow *w, uint32_t link, uint64_t number, uint64_t now_us) {
    flow_link *found = flow_link_at(w, link);
    if (!found || found->ping_first == 0 || number < found->ping_first || number > found->ping_last) {
        return CLASP_OUT_OF_RANGE;
    }
    if (number == found->ping_last) {
        measure(w, (double)(now_us - found->ping_us));
        if (!w->covered) {
            send_refused_again(w, found);
        }
    }
    found->ping_first = number == found->ping_last ? 0 : number + 1;
    found->is_tried = false;
    tell(f, w, link, CLASP_P2P_PATH_PROVEN, now_us);
    return CLASP_OK;
}

static uint64_t rtt(const flow *w) { return w->rtt_us == 0 ? CLASP_FLOW_RTT_US : (uint64_t)w->rtt_us; }

void flow_numbered_on(clasp_flows *f, flow *w, uint32_t link, uint64_t now_us) {
    flow_link *found = w->covered ? flow_link_at(w, link) : NULL;
    if (found && found->order > 0 && now_us - found->ping_us >= rtt(w)) {
        flow_ping(f, w, found, now_us);
    }
}

uint64_t flow_waiting_since(const flow *w) {
    uint64_t since = FLOW_NEVER;
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        const flow_channel *c = w->channels[i];
        if (c && c->again > 0 && flow_ring_at(&c->flight, 0)->sent_us < since) {
            since = flow_ring_at(&c->flight, 0)->sent_us;
        }
    }
    return since;
}

static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* When the link in use is to be tried, or to be called silent. */
static uint64_t link_due(const flow *w, const flow_link *link) {
    const uint64_t since = link->is_tried ? link->ping_us : flow_waiting_since(w);
    if (since == FLOW_NEVER || link->is_silent) {
        return FLOW_NEVER;
    }
    if (link->ping_first == 0) {
        return later(since, link->heard_us) + rtt(w) + CLASP_FLOW_PING_US;
    }
    return later(link->ping_us, link->heard_us) + 2 * rtt(w) + CLASP_FLOW_SILENCE_US;
}

uint64_t flow_path_due(const flow *w) {
    if (!w->ours) {
        return FLOW_NEVER;
    }
    if (w->covered) {
        return w->cover_ping_us;
    }
    for (uint32_t i = 0; i < FLOW_LINKS; i++) {
        if (w->link != 0 && w->links[i].link == w->link) {
            return link_due(w, &w->links[i]);
        }
    }
    return FLOW_NEVER;
}

void flow_try_link(clasp_flows *f, flow *w, uint64_t now_us) {
    flow_link *link = w->covered ? NULL : flow_link_at(w, w->link);
    if (link && !link->is_tried && !link->is_silent) {
        link->is_tried = true;
        flow_ping(f, w, link, now_us);
    }
}

/* While the router covers, every link is tried: the first one that answers is proven. */
static void try_links(clasp_flows *f, flow *w, uint64_t now_us) {
    for (uint32_t i = 0; i < FLOW_LINKS; i++) {
        if (w->links[i].link != 0 && w->links[i].order > 0) {
            flow_ping(f, w, &w->links[i], now_us);
        }
    }
    w->cover_ping_us = now_us + CLASP_FLOW_PING_AGAIN_US;
}

void flow_path_tick(clasp_flows *f, flow *w, uint64_t now_us) {
    if (flow_path_due(w) > now_us) {
        return;
    }
    if (w->covered) {
        try_links(f, w, now_us);
        return;
    }
    flow_link *link = flow_link_at(w, w->link);
    if (link->ping_first == 0) {
        flow_ping(f, w, link, now_us);
        tell(f, w, link->link, CLASP_P2P_PATH_DOUBTED, now_us);
    } else {
        link->is_silent = true;
        link->is_tried = false;
        tell(f, w, link->link, CLASP_P2P_PATH_SILENT, now_us);
    }
}
