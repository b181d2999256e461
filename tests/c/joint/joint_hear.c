/* What the applications hear, and what they know to have arrived. */
#include <inttypes.h>

#include "joint.h"

/* What an address means: not heard by JOINT_SUB, a stream, or a lane. */
enum { MEANS_NOTHING, MEANS_STREAM, MEANS_LANE };

/* ---- hearing --------------------------------------------------------------------------------------------------- */

static bool begins(clasp_span text, const char *with) {
    return text.len >= strlen(with) && memcmp(text.at, with, strlen(with)) == 0;
}

static void learn_address(joint_peer *peer, const clasp_effect *effect) {
    const uint8_t *at = clasp_outbox_data() + effect->at;
    const uint32_t list_len = effect->b * 4;
    const clasp_span text = {at + list_len, effect->len - list_len};
    uint32_t mine = 0, sub;
    for (uint32_t i = 0; i < effect->b; i++) {
        memcpy(&sub, at + (size_t)i * 4, sizeof sub);
        mine += sub == JOINT_SUB;
    }
    if (!CHECK(effect->a < JOINT_HEARD) || !CHECK(mine <= 1)) {
        return;
    }
    const int meaning = begins(text, "/n/")      ? MEANS_LANE + LANE_SMALL
                        : begins(text, "/large") ? MEANS_LANE + LANE_LARGE
                        : begins(text, "/own/")  ? MEANS_LANE + LANE_OWN
                                                 : MEANS_STREAM;
    peer->meaning[effect->a] = (uint8_t)(mine ? meaning : MEANS_NOTHING);
}

/* The data of a value, with their count of `head` bytes. What was not copied lies in the message that was put last. */
static clasp_span data_of(const clasp_effect *effect, uint32_t head) {
    if (!(effect->b >> 16 & CLASP_P2P_DELIVER_LENT)) {
        return (clasp_span){clasp_outbox_data() + effect->at, effect->len};
    }
    const uint8_t *at = clasp_inbox(0) + (uint32_t)effect->number - head;
    return (clasp_span){at, head + (head == 4 ? clasp_load_u32(at) : clasp_load_u16(at))};
}

/* What a value says: the track and the number. 0: it is broken. */
static uint64_t read_value(const clasp_effect *effect) {
    const uint32_t head = (effect->b >> 16 & CLASP_P2P_DELIVER_WIDE) ? 4 : 2;
    const clasp_span data = data_of(effect, head);
    const uint8_t *p = data.at;
    if ((effect->b & 0xFF) == CLASP_VALUE_F64) {
        return (uint64_t)effect->number;
    }
    if (!CHECK((effect->b & 0xFF) == CLASP_VALUE_BYTES && data.len >= head + 8)) {
        return 0;
    }
    const uint64_t what = clasp_load_u64(p + head);
    for (uint32_t i = head + 8; i < data.len; i++) {
        if (p[i] != (uint8_t)what) {
            CHECK_EQ(p[i], (uint8_t)what); /* a value is as it was said */
            return 0;
        }
    }
    return what;
}

static void take(joint *j, int node, const joint_peer *peer, joint_lane lane, uint64_t what) {
    const uint32_t number = (uint32_t)what, at = (uint32_t)(what >> JOINT_NUMBER_BITS);
    if (!CHECK(at > 0 && at <= j->track_count)) {
        return;
    }
    joint_track *t = &j->tracks[at];
    bool fits = CHECK(t->to == node && t->to_page == j->nodes[node].page && t->from == peer->node);
    if (number == 0) {
        return; /* of a stream */
    }
    fits = fits && CHECK(number <= t->said[lane]);
    const bool in_turn = number == t->last[lane] + 1 || (t->again[lane] && number <= t->heard[lane] + 1);
    if (fits && !CHECK(in_turn)) {
        printf("    node %d heard %u of lane %d of node %d, track %u, after %u of %u\n", node, number, lane,
               t->from, at, t->last[lane], t->said[lane]);
    }
    t->again[lane] = false;
    t->last[lane] = number;
    t->heard[lane] = number > t->heard[lane] ? number : t->heard[lane];
}

void joint_hear(joint *j, int node, uint32_t *from, const clasp_effect *effect) {
    *from = effect->kind == CLASP_EFFECT_P2P_FROM ? effect->a : *from;
    joint_peer *peer = joint_peer_of(&j->nodes[node], *from);
    if (*from == 0 || !peer) {
        return; /* it is over since */
    }
    if (effect->kind == CLASP_EFFECT_P2P_ADDRESS) {
        learn_address(peer, effect);
    } else if (effect->kind == CLASP_EFFECT_P2P_DELIVER && CHECK(effect->a < JOINT_HEARD)) {
        const int meaning = peer->meaning[effect->a];
        const bool is_raw = (effect->b >> 16 & CLASP_P2P_DELIVER_RAW) != 0;
        CHECK(!is_raw || meaning == MEANS_LANE + LANE_OWN);
        if (meaning >= MEANS_LANE) {
            take(j, node, peer, (joint_lane)(meaning - MEANS_LANE), read_value(effect));
        }
    }
}

void joint_acknowledged(joint *j, int node, const clasp_effect *effect) {
    joint_peer *peer = joint_peer_of(&j->nodes[node], effect->a);
    for (uint32_t i = 0; peer && i < peer->batch_count;) {
        const joint_batch batch = peer->batches[i];
        if (batch.batch != effect->b) {
            i++;
            continue;
        }
        const joint_track *t = &j->tracks[batch.track];
        if (!CHECK(t->heard[batch.lane] >= batch.number)) { /* nothing else may be said to have arrived */
            printf("    node %d: batch %u on channel %.0f holds %u of lane %d for node %d, which heard %u\n",
                   node, effect->b, effect->number, batch.number, batch.lane, t->to, t->heard[batch.lane]);
        }
        j->counts.acked++;
        peer->batches[i] = peer->batches[--peer->batch_count];
    }
}

void joint_answered(joint *j, int node, uint32_t ticket) {
    CHECK(ticket > JOINT_TICKETS && ticket <= JOINT_TICKETS + j->nodes[node].gets);
    j->nodes[node].got++;
}

/* ---- looking on ------------------------------------------------------------------------------------------------ */

static bool all_acknowledged(joint *j, int node) {
    joint_node *n = &j->nodes[node];
    for (int i = 0; i < JOINT_PEERS; i++) {
        const joint_peer *peer = &n->peers[i];
        if (peer->handle == 0 || joint_may_end(j, node, peer)) {
            continue;
        }
        const double unacked = clasp_abi_p2p_stat((uint32_t)n->plane, peer->handle, CLASP_FLOW_STAT_UNACKED);
        const double waiting = clasp_abi_p2p_stat((uint32_t)n->plane, peer->handle, CLASP_FLOW_STAT_WAITING);
        if (peer->batch_count > 0 || peer->full || !joint_pipes_done(peer) || unacked > 0 || waiting > 0) {
            return false;
        }
    }
    return true;
}

bool joint_all_heard(joint *j) {
    for (uint32_t i = 1; i <= j->track_count; i++) {
        const joint_track *t = &j->tracks[i];
        const bool is_due = !t->over && !j->apart[t->from][t->to] && j->nodes[t->from].page == t->from_page &&
                            j->nodes[t->to].page == t->to_page && !j->nodes[t->from].gone &&
                            !j->nodes[t->to].gone;
        for (int lane = 0; is_due && lane < LANE_COUNT; lane++) {
            if (t->heard[lane] < t->said[lane]) {
                return false;
            }
        }
    }
    for (int i = 0; i < j->node_count; i++) {
        if (!j->nodes[i].gone && !all_acknowledged(j, i)) {
            return false;
        }
    }
    return true;
}
