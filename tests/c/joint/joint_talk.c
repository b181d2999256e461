/* What the applications say and hear. */
#include <stdlib.h>

#include "joint.h"

#define EXTRA 2u /* comes and goes */
#define FRAME_VALUE_MAX 60000u
#define LARGE_MIN 17000u
#define LARGE_MAX 200000u
#define FLOOD 1200u
#define FLOOD_LEN 8000u

/* ---- tracks -------------------------------------------------------------------------------------------------- */

static uint32_t track_of(joint *j, int node, joint_peer *peer) {
    if (peer->track == 0 && CHECK(j->track_count + 1 < JOINT_TRACKS)) {
        peer->track = ++j->track_count;
        j->tracks[peer->track] = (joint_track){
            .from = node, .to = peer->node, .from_page = j->nodes[node].page, .to_page = peer->page};
    }
    return peer->track;
}

/* What this side hears of the peer from now on may be what it has heard before. */
static void hear_again(joint *j, int node, const joint_peer *peer) {
    for (uint32_t i = 1; i <= j->track_count; i++) {
        joint_track *t = &j->tracks[i];
        const bool is_of = t->to == node && t->to_page == j->nodes[node].page && t->from == peer->node &&
                           t->from_page == peer->page;
        for (int lane = 0; is_of && lane < LANE_COUNT; lane++) {
            t->again[lane] = true;
        }
    }
}

void joint_end_track(joint *j, int node, joint_peer *peer) {
    if (peer->handle == 0) {
        return;
    }
    hear_again(j, node, peer);
    j->tracks[peer->track].over = true;
    peer->track = 0;
    peer->batch_count = 0;
    peer->has_token = false;
    peer->own = 0;
    peer->far = 0;
    peer->own_ending = peer->full = peer->extra = false;
    joint_clear_pipes(peer);
    memset(peer->meaning, 0, sizeof peer->meaning);
}

/* ---- saying -------------------------------------------------------------------------------------------------- */

static uint32_t address_id(joint *j, int node, const char *text) {
    const uint32_t len = joint_put(clasp_span_of(text), joint_nothing());
    const int32_t id = clasp_abi_p2p_address((uint32_t)j->nodes[node].plane, len);
    CHECK(id >= 0);
    return (uint32_t)id;
}

static void note_batch(joint_peer *peer, joint_lane lane, uint32_t number, uint32_t batch) {
    for (uint32_t i = 0; i < peer->batch_count; i++) {
        if (peer->batches[i].batch == batch && peer->batches[i].lane == lane) {
            peer->batches[i].number = number;
            return;
        }
    }
    if (CHECK(peer->batch_count < JOINT_BATCHES)) {
        peer->batches[peer->batch_count++] = (joint_batch){batch, peer->track, number, lane};
    }
}

/* Bytes that begin with what a number would say, in the form that is due for their length. */
static uint32_t put_bytes(uint64_t what, uint32_t len, uint32_t address_len) {
    const bool is_wide = (uint64_t)len + address_len + 64 + 3 > UINT16_MAX;
    const uint32_t head = is_wide ? 5 : 3;
    uint8_t *p = clasp_inbox(head + len);
    p[0] = CLASP_VALUE_BYTES;
    if (is_wide) {
        clasp_store_u32(p + 1, len);
    } else {
        clasp_store_u16(p + 1, (uint16_t)len);
    }
    memset(p + head, (int)(what & 0xFF), len);
    clasp_store_u64(p + head, what);
    return head + len;
}

/* `len` 0: a number, else bytes. False: the core has no room. */
static bool say(joint *j, int node, joint_peer *peer, joint_lane lane, const char *address,
                clasp_flow_say how, uint32_t len) {
    const uint32_t plane = (uint32_t)j->nodes[node].plane;
    const uint32_t id = address_id(j, node, address);
    joint_track *track = &j->tracks[track_of(j, node, peer)];
    const bool is_stream = how == CLASP_FLOW_STREAM;
    const uint64_t what =
        (uint64_t)peer->track << JOINT_NUMBER_BITS | (is_stream ? 0 : track->said[lane] + 1);
    const double result = len == 0 ? clasp_abi_p2p_number(plane, peer->handle, how, id, (double)what)
                                   : clasp_abi_p2p_value(plane, peer->handle, how, id,
                                                         put_bytes(what, len, (uint32_t)strlen(address)));
    if (is_stream) {
        CHECK(result >= 0);
        j->counts.streams++;
        return true;
    }
    if (result < 0) {
        CHECK_EQ(result, CLASP_QUEUE_FULL);
        peer->full = true;
        j->counts.full++;
        return false;
    }
    track->said[lane]++;
    j->counts.said++;
    CHECK(result > 0); /* all peers are ours: everything is acknowledged */
    note_batch(peer, lane, track->said[lane], (uint32_t)result);
    return true;
}

static void say_small(joint *j, int node, joint_peer *peer) {
    static const char *const AT[] = {"/n/0", "/n/1", "/n/2/deep", "/n/3", "/clasp/p2p/broadcast/n/4"};
    const uint32_t at = joint_below(j, 5);
    const clasp_flow_say how = at < 4 && joint_chance(j, 500) ? CLASP_FLOW_SET : CLASP_FLOW_EVENT;
    const uint32_t len = joint_chance(j, 100) ? 8 + joint_below(j, 3000) : 0;
    say(j, node, peer, LANE_SMALL, AT[at], how, len);
}

static void say_large(joint *j, int node, joint_peer *peer) {
    const clasp_flow_say how = joint_chance(j, 500) ? CLASP_FLOW_SET : CLASP_FLOW_EVENT;
    uint32_t len = LARGE_MIN + joint_below(j, joint_chance(j, 300) ? LARGE_MAX - LARGE_MIN : LARGE_MIN);
    len = len > FRAME_VALUE_MAX && len < FRAME_VALUE_MAX + 10000 ? FRAME_VALUE_MAX : len;
    j->counts.large += say(j, node, peer, LANE_LARGE, "/large", how, len);
}

/* More than the core queues. */
static void flood(joint *j, int node, joint_peer *peer) {
    for (uint32_t i = 0; i < FLOOD && !peer->full; i++) {
        say(j, node, peer, LANE_SMALL, "/n/0", CLASP_FLOW_EVENT, FLOOD_LEN);
    }
}

/* ---- channels of the application ------------------------------------------------------------------------------- */

static void own_address(int node, const joint_peer *peer, char out[24]) {
    snprintf(out, 24, "/own/%d/%u", node, peer->own_made);
}

void joint_make_own(joint *j, int node, joint_link *link, joint_peer *peer) {
    char address[24];
    own_address(node, peer, address);
    for (int i = 0; peer->own != 0 && i < JOINT_CHANNELS; i++) {
        if (link->channels[i].id != 0 && link->channels[i].maker && link->channels[i].number == peer->own) {
            return;
        }
    }
    if (peer->own != 0) {
        joint_make_channel(j, node, link, peer->own, address, peer->own_lossy);
    }
}

/* The latest link whose reliable channel is open. */
static joint_link *link_in_use(joint *j, int node, const joint_peer *peer) {
    joint_link *best = NULL;
    for (int i = 0; i < JOINT_LINKS; i++) {
        joint_link *link = &j->nodes[node].links[i];
        for (int at = 0; link->peer == peer->handle && at < JOINT_CHANNELS; at++) {
            const joint_channel *channel = &link->channels[at];
            const bool is_up = channel->open && channel->number == CLASP_FLOW_RELIABLE;
            best = is_up && (!best || link->number > best->number) ? link : best;
        }
    }
    return best;
}

static void begin_own(joint *j, int node, joint_peer *peer) {
    char address[24];
    joint_link *link = link_in_use(j, node, peer);
    peer->own_made++;
    peer->own_lossy = joint_chance(j, 300);
    own_address(node, peer, address);
    const uint32_t wish = (peer->own_lossy ? 0u : 1u) | joint_below(j, CLASP_PRIORITIES) << 1;
    const int32_t number =
        joint_input(j, node, CLASP_P2P_ON_CHANNEL, peer->handle, wish, 0, clasp_span_of(address));
    if (CHECK(number >= (int32_t)CLASP_FLOW_FIRST_CUSTOM)) {
        peer->own = (uint32_t)number;
        j->counts.channels++;
        if (link) {
            joint_make_own(j, node, link, peer);
        }
    }
}

/* Nothing on it is on its way any more. */
static bool own_is_idle(const joint_peer *peer) {
    for (uint32_t i = 0; i < peer->batch_count; i++) {
        if (peer->batches[i].lane == LANE_OWN) {
            return false;
        }
    }
    return true;
}

static void end_own(joint *j, int node, joint_peer *peer) {
    joint_node *n = &j->nodes[node];
    const uint32_t number = peer->own, handle = peer->handle;
    peer->own = 0;
    peer->own_ending = false;
    CHECK_EQ(joint_input(j, node, CLASP_P2P_ON_CHANNEL_END, handle, number, 0, joint_nothing()), CLASP_OK);
    for (int i = 0; i < JOINT_LINKS; i++) {
        for (int at = 0; n->links[i].peer == handle && at < JOINT_CHANNELS; at++) {
            joint_channel *channel = &n->links[i].channels[at];
            if (channel->id != 0 && channel->maker && channel->number == number) {
                joint_shut_channel(j, node, &n->links[i], channel);
            }
        }
    }
}

/* A message of the application's own, on its channel. */
static void say_raw(joint *j, int node, joint_peer *peer, const char *channel) {
    char address[48];
    snprintf(address, sizeof address, "/clasp/p2p/raw%s", channel);
    j->counts.raw += say(j, node, peer, LANE_OWN, address, CLASP_FLOW_EVENT, 8 + joint_below(j, 3000));
}

static void say_own(joint *j, int node, joint_peer *peer) {
    char address[24];
    own_address(node, peer, address);
    if (peer->own == 0) {
        if (joint_chance(j, 30)) {
            begin_own(j, node, peer);
        }
    } else if (peer->own_ending || joint_chance(j, 20)) {
        peer->own_ending = true;
        if (own_is_idle(peer)) {
            end_own(j, node, peer);
        }
    } else if (peer->own_lossy) {
        say(j, node, peer, LANE_OWN, address, CLASP_FLOW_STREAM, 0);
    } else if (joint_chance(j, 300)) {
        say_raw(j, node, peer, address);
    } else {
        j->counts.own += say(j, node, peer, LANE_OWN, address, CLASP_FLOW_SET, 0);
    }
}

/* ---- other wishes ---------------------------------------------------------------------------------------------- */

static void get(joint *j, int node, joint_peer *peer) {
    joint_node *n = &j->nodes[node];
    const uint32_t ticket = JOINT_TICKETS + 1 + n->gets++;
    const int32_t err =
        joint_input(j, node, CLASP_P2P_ON_GET, peer->handle, ticket, 0, clasp_span_of("/n/0"));
    CHECK(err == CLASP_OK || err == CLASP_LIMIT || err == CLASP_QUEUE_FULL);
    if (err != CLASP_OK) {
        n->got++;
    }
    j->counts.gets += err == CLASP_OK;
}

static void toggle_extra(joint *j, int node, joint_peer *peer) {
    peer->extra = !peer->extra;
    j->counts.extra++;
    const int32_t err =
        joint_input(j, node, peer->extra ? CLASP_P2P_ON_SUBSCRIBE : CLASP_P2P_ON_UNSUBSCRIBE, peer->handle,
                    EXTRA, 0, peer->extra ? clasp_span_of("/n/**") : joint_nothing());
    CHECK_EQ(err, CLASP_OK);
}

void joint_connect(joint *j, int from, int to, uint32_t timeout_ms) {
    char id[16];
    joint_node *n = &j->nodes[from];
    snprintf(id, sizeof id, "peer-%d", to);
    if (CHECK(n->asked < JOINT_TICKETS)) {
        const uint32_t ticket = ++n->asked;
        CHECK_EQ(joint_input(j, from, CLASP_P2P_ON_CONNECT, ticket, timeout_ms, 0, clasp_span_of(id)),
                 CLASP_OK);
    }
}

/* ---- talking ------------------------------------------------------------------------------------------------- */

void joint_talk_later(joint *j, int node) {
    const uint64_t in_us = joint_wait_us(j, j->pace_ms / 2 + 1, j->pace_ms * 2 + 1);
    joint_push(j, (joint_event){.at_us = j->now_us + in_us, .kind = EVENT_TALK, .node = node},
               joint_nothing());
}

static void talk_to(joint *j, int node, joint_peer *peer) {
    for (uint32_t left = joint_below(j, 5); left > 0 && !peer->full; left--) {
        say_small(j, node, peer);
    }
    if (peer->full || peer->batch_count > JOINT_BATCHES / 2) {
        return;
    }
    if (joint_chance(j, 200)) {
        say(j, node, peer, LANE_SMALL, "/s", CLASP_FLOW_STREAM, 0);
    }
    if (joint_chance(j, 200)) {
        say_own(j, node, peer);
    }
    const uint32_t rare = joint_below(j, 4000);
    if (rare < 30) {
        say_large(j, node, peer);
    } else if (rare < 60) {
        get(j, node, peer);
    } else if (rare < 80) {
        toggle_extra(j, node, peer);
    } else if (rare < 100) {
        joint_open_pipe(j, node, peer);
    } else if (rare == 100 && j->node_count == 2) {
        flood(j, node, peer);
    }
}

/* While talk is over, what has begun is brought to its end. */
static void talk(joint *j, int node) {
    joint_node *n = &j->nodes[node];
    for (int i = 0; i < JOINT_PEERS; i++) {
        joint_peer *peer = &n->peers[i];
        const bool is_up = peer->handle != 0 &&
                           (peer->state == CLASP_P2P_CONNECTED || peer->state == CLASP_P2P_DISCONNECTED);
        if (is_up && j->talks && !peer->full && peer->batch_count < JOINT_BATCHES - 8) {
            talk_to(j, node, peer);
        }
    }
    clasp_abi_p2p_flush((uint32_t)n->plane, (double)j->now_us);
    joint_drain(j);
    joint_talk_later(j, node);
}

static void decide(joint *j, const joint_event *event) {
    const joint_peer *peer = joint_peer_of(&j->nodes[event->node], event->peer);
    const bool refuses = peer && joint_chance(j, 30);
    if (refuses) { /* for good */
        j->apart[event->node][peer->node] = j->apart[peer->node][event->node] = true;
        j->counts.rejected++;
    }
    const int32_t err = joint_input(j, event->node, CLASP_P2P_ON_DECIDE, event->peer, !refuses, 0,
                                    refuses ? clasp_span_of("not today") : joint_nothing());
    CHECK(err == CLASP_OK || err == CLASP_BAD_HANDLE ||
          err == CLASP_BAD_STATE); /* it may have gone meanwhile */
}

void joint_talk_event(joint *j, const joint_event *event) {
    if (event->kind == EVENT_TALK) {
        talk(j, event->node);
    } else if (event->kind == EVENT_DECIDE) {
        decide(j, event);
    } else {
        joint_consume(j, event);
    }
}

/* ---- peers --------------------------------------------------------------------------------------------------- */

static void subscribe(joint *j, int node, const joint_peer *peer) {
    const int32_t err =
        joint_input(j, node, CLASP_P2P_ON_SUBSCRIBE, peer->handle, JOINT_SUB, 0, clasp_span_of("/**"));
    CHECK(err == CLASP_OK || err == CLASP_BAD_HANDLE); /* it may be gone at once */
}

void joint_name_peer(joint *j, int node, const clasp_effect *effect) {
    joint_node *n = &j->nodes[node];
    joint_peer *peer = joint_peer_of(n, effect->a);
    if (effect->len == 0) {
        if (peer) {
            joint_end_track(j, node, peer);
            *peer = (joint_peer){0};
        }
        return;
    }
    const bool is_new = !peer;
    const uint32_t id_len = (uint32_t)effect->number;
    const clasp_span session = {clasp_outbox_data() + effect->at + id_len, effect->len - id_len};
    const uint32_t number = joint_session_number(j, session);
    peer = is_new ? joint_peer_of(n, 0) : peer;
    if (!CHECK(peer != NULL) || !CHECK(number != 0)) {
        return;
    }
    const joint_end owner = j->owners[number];
    if (!is_new && (peer->page != owner.page || peer->node != (int)owner.node)) {
        CHECK_EQ(peer->track, 0); /* what was said to one page is not for another one */
    }
    j->counts.resumed += !is_new && peer->session != number && peer->state == CLASP_P2P_CONNECTED;
    peer->handle = effect->a;
    peer->session = number;
    peer->node = (int)owner.node;
    peer->page = owner.page;
    if (is_new) {
        subscribe(j, node, peer);
    }
}

static bool has_tokens(const joint *j, int node, const joint_peer *peer) {
    const joint_node *other = &j->nodes[peer->node];
    bool both = false;
    for (int i = 0; i < JOINT_PEERS; i++) {
        const joint_peer *back = &other->peers[i];
        both = both || (back->handle != 0 && back->has_token && back->node == node &&
                        back->page == j->nodes[node].page);
    }
    return both && peer->has_token;
}

bool joint_may_end(const joint *j, int node, const joint_peer *peer) {
    const joint_node *other = &j->nodes[peer->node];
    return j->nodes[node].ending || j->apart[node][peer->node] || other->gone || other->page != peer->page ||
           (j->is_early && !has_tokens(j, node, peer));
}

void joint_turn_peer(joint *j, int node, const clasp_effect *effect) {
    joint_peer *peer = joint_peer_of(&j->nodes[node], effect->a);
    if (!CHECK(peer != NULL)) {
        return;
    }
    const bool never_worked =
        peer->state == CLASP_P2P_CONNECTING && peer->track == 0; /* the other side tries again */
    peer->state = (clasp_p2p_state)effect->b;
    if (peer->state == CLASP_P2P_FAILED || peer->state == CLASP_P2P_CLOSED) {
        if (!CHECK(never_worked || joint_may_end(j, node, peer))) {
            printf("    node %d: its peer, node %d, ended: state %u, cause %d, at %.3f s\n", node, peer->node,
                   effect->b, (int)effect->number, (double)(j->now_us % (JOINT_SECOND * 10000)) / 1e6);
        }
        joint_end_track(j, node, peer);
        subscribe(j, node, peer);
    }
}
