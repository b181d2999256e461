/* Data channels, and what travels on them. */
#include <stdlib.h>

#include "joint.h"

#define LOW_WATER (64u << 10)
#define BYTES_A_US 1u /* that one channel carries */
#define HANDSHAKE_AGAIN_US 150000u

/* ---- channels ------------------------------------------------------------------------------------------------ */

joint_channel *joint_find_channel(joint_link *link, uint32_t id) {
    for (int i = 0; link && i < JOINT_CHANNELS; i++) {
        if (link->channels[i].id == id) {
            return &link->channels[i];
        }
    }
    return NULL;
}

static joint_channel *channel_of_number(joint_link *link, uint32_t number) {
    for (int i = 0; link && i < JOINT_CHANNELS; i++) {
        if (link->channels[i].open && link->channels[i].number == number) {
            return &link->channels[i];
        }
    }
    return NULL;
}

static void channel_event(joint *j, uint64_t at_us, joint_kind kind, const joint_end *end, uint32_t id,
                          int what) {
    joint_push(j,
               (joint_event){.at_us = at_us,
                             .kind = kind,
                             .node = (int)end->node,
                             .peer = end->peer,
                             .link = end->link,
                             .arg = id,
                             .what = what},
               joint_nothing());
}

static joint_end end_of(const joint *j, int node, const joint_link *link) {
    return (joint_end){
        .node = (uint32_t)node, .page = j->nodes[node].page, .peer = link->peer, .link = link->number};
}

static joint_channel *add_channel(joint_link *link, uint32_t id, uint32_t number, const char *label,
                                  bool lossy) {
    joint_channel *channel = joint_find_channel(link, 0);
    if (CHECK(channel != NULL)) {
        *channel = (joint_channel){.id = id, .number = number, .lossy = lossy};
        snprintf(channel->label, sizeof channel->label, "%s", label);
    }
    return channel;
}

void joint_make_channel(joint *j, int node, joint_link *link, uint32_t number, const char *label,
                        bool lossy) {
    joint_channel *channel = add_channel(link, ++j->channel_ids, number, label, lossy);
    if (!channel) {
        return;
    }
    channel->maker = true;
    if (link->other.page != 0) {
        const joint_end end = end_of(j, node, link);
        channel_event(j, j->now_us + joint_wait_us(j, 5, 50), EVENT_OPEN, &end, channel->id, 0);
    }
}

static void clear_channel(joint_channel *channel) {
    while (channel->first) {
        joint_message *message = channel->first;
        channel->first = message->next;
        free(message);
    }
    *channel = (joint_channel){0};
}

void joint_clear_channels(joint_link *link) {
    for (int i = 0; i < JOINT_CHANNELS; i++) {
        clear_channel(&link->channels[i]);
    }
}

/* ---- opening ------------------------------------------------------------------------------------------------- */

/* The channel is open at this end. */
static void opened(joint *j, int node, joint_link *link, joint_channel *channel) {
    const uint32_t peer = link->peer, number = link->number, id = channel->id, at = channel->number;
    channel->open = true;
    CHECK_EQ(joint_input(j, node, CLASP_P2P_ON_OPENED, peer, number << 8 | at, 65536 * 4, joint_nothing()),
             CLASP_OK);
    link = joint_find_link(&j->nodes[node], peer, number); /* it may be gone */
    joint_peer *known = joint_peer_of(&j->nodes[node], peer);
    if (link && known && joint_find_channel(link, id) && at == CLASP_FLOW_RELIABLE) {
        joint_make_own(j, node, link, known);
    }
}

/* Number of a channel that the other side has made; below 0: the core has no room. */
static int32_t number_of(joint *j, int node, uint32_t peer, const joint_channel *made) {
    if (made->label[0] == '\0') {
        return (int32_t)made->number; /* of the two that every link has */
    }
    const uint32_t wish = (made->lossy ? 0u : 1u) | (uint32_t)CLASP_PRIORITY_NORMAL << 1;
    const int32_t number =
        joint_input(j, node, CLASP_P2P_ON_CHANNEL, peer, wish, 0, clasp_span_of(made->label));
    joint_peer *known = joint_peer_of(&j->nodes[node], peer);
    if (known && known->far != 0 && strcmp(known->far_label, made->label) == 0) {
        CHECK_EQ(number, known->far); /* the same one on every link */
    }
    if (known) {
        known->far = number;
        memcpy(known->far_label, made->label, sizeof known->far_label);
    }
    return number;
}

/* The side that did not make it has it first, and says so. */
static void open_channel(joint *j, const joint_event *event) {
    joint_link *link = joint_find_link(&j->nodes[event->node], event->peer, event->link);
    joint_channel *channel = joint_find_channel(link, event->arg);
    if (!channel || channel->open || link->min_round == UINT32_MAX) {
        return;
    }
    const joint_end end = end_of(j, event->node, link);
    joint_link *there = joint_other_end(j, link);
    const joint_end other = link->other;
    if (!there || !joint_flows(j, event->node, link)) {
        channel_event(j, j->now_us + HANDSHAKE_AGAIN_US, EVENT_OPEN, &end, event->arg, event->what);
        return;
    }
    if (event->what == 1) {
        opened(j, event->node, link, channel);
        there = joint_find_link(&j->nodes[other.node], other.peer, other.link);
        if (there) {
            joint_flush_link(j, (int)other.node, there);
        }
        return;
    }
    const joint_channel made = *channel;
    const int32_t number = number_of(j, (int)other.node, other.peer, &made);
    there = joint_find_link(&j->nodes[other.node], other.peer, other.link);
    joint_channel *far = there && CHECK(number >= 0)
                             ? add_channel(there, made.id, (uint32_t)number, made.label, made.lossy)
                             : NULL;
    if (far) {
        channel_event(j, j->now_us + joint_wait_us(j, 5, 40), EVENT_OPEN, &end, event->arg, 1);
        opened(j, (int)other.node, there, far);
    }
}

/* ---- sending ------------------------------------------------------------------------------------------------- */

static void tell_buffered(joint *j, int node, const joint_link *link, const joint_channel *channel) {
    clasp_abi_p2p_buffered((uint32_t)j->nodes[node].plane, link->peer, link->number << 8 | channel->number,
                           channel->waiting, (double)j->now_us);
    joint_drain(j);
}

static void send_datagram(joint *j, int node, const joint_link *link, const joint_channel *channel,
                          clasp_span bytes) {
    if (!joint_flows(j, node, link) || joint_chance(j, j->faults.drops)) {
        j->counts.dropped++;
        return;
    }
    const uint64_t late = joint_chance(j, j->faults.drops) ? joint_wait_us(j, 20, 200) : 0;
    j->counts.shuffled += late > 0;
    joint_push(j,
               (joint_event){.at_us = j->now_us + joint_wait_us(j, 5, 20) + late,
                             .kind = EVENT_DATAGRAM,
                             .node = (int)link->other.node,
                             .peer = link->other.peer,
                             .link = link->other.link,
                             .arg = channel->id},
               bytes);
}

static void send_message(joint *j, int node, const joint_link *link, joint_channel *channel,
                         clasp_span bytes) {
    joint_message *message = malloc(sizeof *message + bytes.len);
    const joint_end end = end_of(j, node, link);
    const uint64_t at_us = j->now_us + joint_wait_us(j, 3, 30);
    message->next = NULL;
    message->len = bytes.len;
    memcpy(message->bytes, bytes.at, bytes.len);
    *(channel->first ? &channel->last->next : &channel->first) = message;
    channel->last = message;
    channel->waiting += bytes.len;
    channel->free_us = (channel->free_us > at_us ? channel->free_us : at_us) + bytes.len / BYTES_A_US;
    channel_event(j, channel->free_us, EVENT_CARRY, &end, channel->id, 0);
}

void joint_send(joint *j, int node, const clasp_effect *effect) {
    joint_link *link = joint_find_link(&j->nodes[node], effect->a, effect->b >> 8);
    joint_channel *channel = channel_of_number(link, effect->b & 0xFFu);
    const clasp_span bytes = {clasp_outbox_data() + effect->at, effect->len};
    if (!channel) {
        return; /* it closed in the midst of this turn, which is told, too */
    }
    CHECK(bytes.len > 0 && bytes.len <= 65536 * 4);
    if (channel->lossy) {
        send_datagram(j, node, link, channel, bytes);
    } else {
        send_message(j, node, link, channel, bytes);
    }
    tell_buffered(j, node, link, channel);
}

void joint_flush_link(joint *j, int node, joint_link *link) {
    const joint_end end = end_of(j, node, link);
    for (int i = 0; i < JOINT_CHANNELS; i++) {
        const joint_channel *channel = &link->channels[i];
        for (const joint_message *m = channel->first; m; m = m->next) {
            channel_event(j, j->now_us + joint_wait_us(j, 3, 30), EVENT_CARRY, &end, channel->id, 0);
        }
    }
}

/* ---- arriving ------------------------------------------------------------------------------------------------ */

static void receive(joint *j, int node, const joint_link *link, const joint_channel *channel,
                    clasp_span bytes) {
    const uint32_t plane = (uint32_t)j->nodes[node].plane;
    const uint32_t where = link->number << 8 | channel->number;
    const uint32_t len = joint_put(bytes, joint_nothing());
    const int32_t err = clasp_abi_p2p_received(plane, link->peer, where, len, (double)j->now_us);
    /* LIMIT: too far ahead, it comes again; QUEUE_FULL: no room for an answer */
    if (!CHECK(err == CLASP_OK || err == CLASP_LIMIT || err == CLASP_QUEUE_FULL)) {
        printf("    node %d: error %d of a message of %u bytes:", node, err, bytes.len);
        for (uint32_t i = 0; i < bytes.len && i < 48; i++) {
            printf(" %02x", bytes.at[i]);
        }
        printf("\n");
    }
    joint_drain(j);
    if (joint_chance(j, 500)) { /* the end of the turn, or another message before it */
        clasp_abi_p2p_flush(plane, (double)j->now_us);
        joint_drain(j);
    }
}

/* The first message that waits has arrived; what went after it may have come in its place before. */
static void carry(joint *j, const joint_event *event) {
    joint_link *link = joint_find_link(&j->nodes[event->node], event->peer, event->link);
    joint_channel *channel = joint_find_channel(link, event->arg);
    if (!channel || !channel->first) {
        return;
    }
    joint_link *there = joint_other_end(j, link);
    const joint_channel *far = joint_find_channel(there, event->arg);
    if (!joint_flows(j, event->node, link) || !far || !far->open) {
        j->counts.stalled++;
        return;
    }
    joint_message *message = channel->first;
    const bool was_high = channel->waiting > LOW_WATER;
    channel->first = message->next;
    channel->waiting -= message->len;
    if (was_high && channel->waiting <= LOW_WATER) {
        tell_buffered(j, event->node, link, channel);
    }
    receive(j, (int)link->other.node, there, far, (clasp_span){message->bytes, message->len});
    free(message);
}

static void datagram(joint *j, const joint_event *event) {
    joint_link *link = joint_find_link(&j->nodes[event->node], event->peer, event->link);
    const joint_channel *channel = joint_find_channel(link, event->arg);
    if (channel && channel->open) {
        receive(j, event->node, link, channel, (clasp_span){event->bytes, event->len});
    }
}

/* ---- closing ------------------------------------------------------------------------------------------------- */

void joint_shut_channel(joint *j, int node, joint_link *link, joint_channel *channel) {
    const joint_end far = link->other;
    const uint32_t id = channel->id;
    const uint32_t where = link->number << 8 | channel->number;
    const bool was_open = channel->open;
    clear_channel(channel);
    if (was_open) {
        joint_input(j, node, CLASP_P2P_ON_CLOSED, link->peer, where, 0, joint_nothing());
    }
    if (far.page != 0) {
        channel_event(j, j->now_us + joint_wait_us(j, 5, 50), EVENT_SHUT, &far, id, 0);
    }
}

/* The other side has closed one channel: it is over. */
static void shut_one(joint *j, int node, joint_link *link, joint_channel *channel) {
    const uint32_t peer = link->peer, link_number = link->number, number = channel->number;
    clear_channel(channel);
    joint_input(j, node, CLASP_P2P_ON_CLOSED, peer, link_number << 8 | number, 0, joint_nothing());
    link = joint_find_link(&j->nodes[node], peer, link_number);
    if (channel_of_number(link, CLASP_FLOW_RELIABLE) && number >= CLASP_FLOW_FIRST_CUSTOM) {
        joint_peer *known = joint_peer_of(&j->nodes[node], peer);
        known->far = 0;
        j->counts.ends++;
        CHECK_EQ(joint_input(j, node, CLASP_P2P_ON_CHANNEL_END, peer, number, 0, joint_nothing()), CLASP_OK);
    }
}

/* The other side has closed the link with all its channels. */
static void shut_all(joint *j, int node, joint_link *link) {
    uint32_t where[JOINT_CHANNELS];
    int count = 0;
    const uint32_t peer = link->peer;
    for (int i = 0; i < JOINT_CHANNELS; i++) {
        if (link->channels[i].open) {
            where[count++] = link->number << 8 | link->channels[i].number;
        }
    }
    joint_clear_channels(link);
    for (int i = 0; i < count; i++) { /* the first one may be the end of the link */
        joint_input(j, node, CLASP_P2P_ON_CLOSED, peer, where[i], 0, joint_nothing());
    }
}

static void shut(joint *j, const joint_event *event) {
    joint_link *link = joint_find_link(&j->nodes[event->node], event->peer, event->link);
    joint_channel *channel = joint_find_channel(link, event->arg);
    if (link && event->arg == 0) {
        shut_all(j, event->node, link);
    } else if (channel && channel->open && !joint_flows(j, event->node, link) &&
               link->min_round != UINT32_MAX) {
        const joint_end end = end_of(j, event->node, link);
        channel_event(j, j->now_us + HANDSHAKE_AGAIN_US, EVENT_SHUT, &end, event->arg, 0);
    } else if (channel && channel->open) {
        shut_one(j, event->node, link, channel);
    }
}

void joint_channel_event(joint *j, const joint_event *event) {
    switch (event->kind) {
    case EVENT_OPEN:
        open_channel(j, event);
        break;
    case EVENT_CARRY:
        carry(j, event);
        break;
    case EVENT_DATAGRAM:
        datagram(j, event);
        break;
    default:
        shut(j, event);
        break;
    }
}
