/* What is said: into the open packet of a channel. */
#include "peer/flow_state.h"

#include "wire/message.h"
#include "wire/wide.h"

/* The open packet: header of a frame, head of a BUNDLE, then members, each with its length. One alone is sent without the
 * head of the BUNDLE and its length: the frame's header then stands right before it. */
#define BUNDLE_HEAD 4u /* type, flags, count u16 */
#define MEMBER_HEAD 2u
#define OPEN_HEAD (CLASP_FRAME_HEADER + BUNDLE_HEAD)
#define ALONE_AT (OPEN_HEAD + MEMBER_HEAD - CLASP_FRAME_HEADER)
#define ROOM_LEAST 2048u /* bytes of a slab's rest that are worth a packet */
#define QOS_SHIFT 6u
#define BINARY 1u

/* A member with a value, before address and data. */
#define SET_HEAD 4u      /* type, flags, length of the address */
#define PUBLISH_HEAD 4u  /* the same */
#define PUBLISH_VALUE 2u /* indicator, type of the value */
#define NUMBER_LEN 8u
#define HAS_VALUE 1u /* indicator */
#define SIGNAL_SHIFT 5u

uint32_t flow_queued(const flow *w) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        const flow_channel *c = w->channels[i];
        bytes += c ? c->ready.bytes + c->flight.bytes : 0;
    }
    return bytes;
}

static void write_frame_head(uint8_t *p, uint8_t qos, uint32_t payload) {
    p[0] = CLASP_FRAME_MAGIC;
    p[1] = (uint8_t)((unsigned)qos << QOS_SHIFT | BINARY);
    clasp_store_u16(p + 2, (uint16_t)payload);
}

/* A BUNDLE says by its QoS whether somebody waits for it. */
static uint8_t bundle_qos(const flow_channel *c) {
    return c->open_has_set ? CLASP_QOS_COMMIT : c->reliable ? CLASP_QOS_CONFIRM : CLASP_QOS_FIRE;
}

/* The frame of an open packet, ready to go: its place in the slab. */
static flow_packet close_frame(flow_channel *c) {
    uint8_t *start = c->slab->bytes + c->slab->used;
    flow_packet packet = {.slab = c->slab, .batch = c->open_batch};
    if (c->open_count == 1) {
        start += ALONE_AT;
        packet.len = (uint32_t)(c->open_at - start);
        write_frame_head(start, c->open_qos, packet.len - CLASP_FRAME_HEADER);
    } else {
        packet.len = (uint32_t)(c->open_at - start);
        write_frame_head(start, bundle_qos(c), packet.len - CLASP_FRAME_HEADER);
        start[CLASP_FRAME_HEADER] = CLASP_MSG_BUNDLE;
        start[CLASP_FRAME_HEADER + 1] = 0;
        clasp_store_u16(start + CLASP_FRAME_HEADER + 2, (uint16_t)c->open_count);
    }
    packet.at = (uint32_t)(start - c->slab->bytes);
    return packet;
}

bool flow_seal(clasp_flows *f, flow *w, flow_channel *c) {
    (void)f;
    (void)w;
    if (c->open_count == 0) {
        return true;
    }
    if (!flow_ring_reserve(&c->ready)) {
        return false;
    }
    const flow_packet packet = close_frame(c);
    flow_ring_push(&c->ready, &packet);
    c->sealed++;
    c->slab->packets++;
    c->slab->used = (uint32_t)(c->open_at - c->slab->bytes);
    c->open_at = c->open_end = NULL;
    c->open_count = 0;
    c->open_batch = 0;
    c->open_has_set = false;
    c->is_late = false;
    return true;
}

/* The oldest ones of a channel that may lose go first. */
static void drop_oldest(clasp_flows *f, flow_channel *c) {
    while (!c->reliable && c->ready.bytes > CLASP_FLOW_FAST_BYTES) {
        flow_slab_release(&f->slabs, flow_ring_take(&c->ready).slab);
    }
}

/* What is as urgent as this channel, or more, has room. */
static clasp_err may_queue(flow *w, const flow_channel *c) {
    uint32_t bytes = 0;
    uint32_t packets = 0;
    if (!c->reliable || c->number >= FLOW_PIPE_CHANNEL) {
        return CLASP_OK; /* pipes have bounds of their own */
    }
    for (uint32_t i = 0; i < FLOW_CHANNELS; i++) {
        const flow_channel *other = w->channels[i];
        if (other && other->priority <= c->priority) {
            bytes += other->ready.bytes + other->flight.bytes;
            packets += other->ready.count + other->flight.count;
        }
    }
    if (bytes < CLASP_FLOW_QUEUE_BYTES && packets < CLASP_FLOW_PACKETS) {
        return CLASP_OK;
    }
    w->owes_room |= (uint8_t)(1u << c->priority);
    return CLASP_QUEUE_FULL;
}

/* Open a packet that has room for a member of `len` bytes; one that has none is sealed. */
static clasp_err open_packet(clasp_flows *f, flow *w, flow_channel *c, uint32_t len) {
    const uint32_t least = OPEN_HEAD + MEMBER_HEAD + len;
    const clasp_err err = may_queue(w, c);
    if (err != CLASP_OK) {
        return err;
    }
    if (!flow_ring_reserve(&c->ready) || !flow_seal(f, w, c) || !flow_ring_reserve(&c->ready)) {
        return CLASP_NO_MEMORY;
    }
    drop_oldest(f, c);
    if (!flow_slab_room(&f->slabs, &c->slab, least > ROOM_LEAST ? least : ROOM_LEAST)) {
        return CLASP_NO_MEMORY;
    }
    const uint32_t rest = CLASP_FLOW_SLAB - c->slab->used;
    const uint32_t bundle = c->reliable ? CLASP_FLOW_BUNDLE : CLASP_FLOW_FAST_BUNDLE;
    const uint32_t most = least > bundle ? least : bundle;
    uint8_t *start = c->slab->bytes + c->slab->used;
    c->open_at = start + OPEN_HEAD;
    c->open_end = start + (most < rest ? most : rest);
    return CLASP_OK;
}

uint8_t *flow_member(clasp_flows *f, flow *w, flow_channel *c, uint32_t len, uint8_t qos, clasp_err *err) {
    if ((size_t)(c->open_end - c->open_at) < MEMBER_HEAD + len) {
        *err = open_packet(f, w, c, len);
        if (*err != CLASP_OK) {
            return NULL;
        }
    }
    uint8_t *p = c->open_at;
    c->open_at += MEMBER_HEAD + len;
    c->open_qos = qos;
    clasp_store_u16(p, (uint16_t)len);
    return p + MEMBER_HEAD;
}

void flow_said(clasp_flows *f, flow *w, flow_channel *c, bool is_set, uint32_t *batch) {
    const bool acknowledged = w->ours && c->reliable;
    if (c->open_count++ == 0 && acknowledged) {
        w->last_batch = w->last_batch == UINT32_MAX ? 1 : w->last_batch + 1;
        c->open_batch = w->last_batch;
    }
    c->open_has_set |= is_set;
    *batch = c->open_batch;
    w->is_dirty = true;
    w->stats[CLASP_FLOW_STAT_SENT_MESSAGES]++;
    if (!w->ours) {
        flow_seal(f, w, c); /* there is room for it: see open_packet() */
    }
}

/* ---- values -------------------------------------------------------------------------------------------------- */

/* The channel on which something is said. Streams that are larger than a packet have to arrive in pieces. */
static inline flow_channel *choose(flow *w, clasp_flow_say say, clasp_span address) {
    const clasp_span at = w->custom > 0 && w->ours ? flow_behind(address, FLOW_RAW) : address;
    flow_channel *c = w->custom > 0 ? flow_channel_for(w, at) : NULL;
    if (c && (c->reliable || flow_is_open(w, w->link, c->number) || w->covered)) {
        return c;
    }
    if (say == CLASP_FLOW_STREAM && w->channels[CLASP_FLOW_FAST]) {
        return w->channels[CLASP_FLOW_FAST];
    }
    return w->channels[CLASP_FLOW_RELIABLE];
}

static inline bool find_address(const clasp_flows *f, uint32_t id, clasp_span *out) {
    if (id >= f->addresses.cap || !f->addresses.entries[id].text) {
        return false;
    }
    *out = (clasp_span){f->addresses.entries[id].text, f->addresses.entries[id].len};
    return true;
}

/* Where the params of this peer are, by what we say; false: no memory. */
static bool make_places(clasp_flows *f, flow *w, uint32_t address) {
    if (w->places_generation == f->generation && address < w->places_cap) {
        return true;
    }
    if (address >= w->places_cap) {
        const uint32_t cap = f->addresses.cap;
        uint32_t *places = malloc(cap * sizeof *places);
        if (!places) {
            return false;
        }
        if (w->places_cap > 0) {
            memcpy(places, w->places, w->places_cap * sizeof *places);
        }
        memset(places + w->places_cap, 0xFF, (cap - w->places_cap) * sizeof *places);
        free(w->places);
        w->places = places;
        w->places_cap = cap;
    }
    w->places_generation =
        f->generation; /* what is left of earlier ones are hints, and looked at before they are believed */
    return true;
}

static inline uint8_t qos_of(clasp_flow_say say) {
    return say == CLASP_FLOW_STREAM ? CLASP_QOS_FIRE : CLASP_QOS_CONFIRM;
}

/* A member up to its data. */
static inline uint8_t *write_head(uint8_t *p, clasp_flow_say say, clasp_span address, uint8_t type) {
    p[0] = say == CLASP_FLOW_SET ? CLASP_MSG_SET : CLASP_MSG_PUBLISH;
    p[1] = say == CLASP_FLOW_SET ? type : (uint8_t)((uint32_t)say << SIGNAL_SHIFT);
    clasp_store_u16(p + 2, (uint16_t)address.len);
    clasp_copy(p + SET_HEAD, address.at, address.len);
    p += SET_HEAD + address.len;
    if (say != CLASP_FLOW_SET) {
        *p++ = HAS_VALUE;
        *p++ = type;
    }
    return p;
}

static inline uint32_t head_len(clasp_flow_say say, clasp_span address) {
    return SET_HEAD + address.len + (say == CLASP_FLOW_SET ? 0 : PUBLISH_VALUE);
}

/* A peer of another make is told nothing that has to wait for a path. */
static inline clasp_err may_say(const flow *w) {
    return w->ours || w->link != 0 ? CLASP_OK : CLASP_NOT_CONNECTED;
}

/* A value that is larger than a packet, or behind such a one at the same address. */
static clasp_err say_large(flow *w, flow_channel *c, clasp_flow_say say, clasp_span address, clasp_span value,
                           uint32_t *batch) {
    const bool is_wide = clasp_wide_is_needed(address.len, value.len);
    const uint32_t head =
        is_wide ? CLASP_WIDE_HEAD + address.len : head_len(say, address) + CLASP_FRAME_HEADER;
    const uint32_t data = is_wide ? value.len : value.len - 1;
    if (value.len > CLASP_CHUNK_MAX_LEN - head) {
        return CLASP_TOO_LARGE;
    }
    clasp_text bytes = {malloc(head + data), head + data};
    if (!bytes.at) {
        return CLASP_NO_MEMORY;
    }
    if (is_wide) {
        clasp_writer w2 = clasp_writer_of(bytes.at, head);
        clasp_write_wide_head(&w2, (uint8_t)say, address);
    } else {
        write_frame_head(bytes.at, qos_of(say), bytes.len - CLASP_FRAME_HEADER);
        write_head(bytes.at + CLASP_FRAME_HEADER, say, address, value.at[0]);
    }
    memcpy(bytes.at + head, value.at + value.len - data, data);
    const uint32_t address_at = is_wide ? CLASP_WIDE_HEAD : CLASP_FRAME_HEADER + SET_HEAD;
    const clasp_err err = flow_large_push(w, c, &bytes, address_at, address.len, batch);
    clasp_text_clear(&bytes);
    return err;
}

static clasp_err say_small(clasp_flows *f, flow *w, flow_channel *c, clasp_flow_say say, clasp_span address,
                           clasp_span value, uint32_t *batch) {
    clasp_err err;
    const uint32_t len = head_len(say, address) + value.len - 1;
    uint8_t *p = flow_member(f, w, c, len, qos_of(say), &err);
    if (!p) {
        return err;
    }
    p = write_head(p, say, address, value.at[0]);
    clasp_copy(p, value.at + 1, value.len - 1);
    flow_said(f, w, c, say == CLASP_FLOW_SET, batch);
    return CLASP_OK;
}

static bool fits_frame(const flow *w, clasp_span address, clasp_span value) {
    uint32_t most = CLASP_FRAME_PAYLOAD_MAX;
    for (uint32_t i = 0; i < w->path_count; i++) {
        const flow_path *path = &w->paths[i];
        if (path->way != FLOW_NOWHERE && path->message_max - CLASP_FRAME_HEADER < most) {
            most = path->message_max - CLASP_FRAME_HEADER;
        }
    }
    return SET_HEAD + PUBLISH_VALUE + address.len + (uint64_t)value.len <= most;
}

static clasp_err say_value(clasp_flows *f, flow *w, clasp_flow_say say, clasp_span address, clasp_span value,
                           uint32_t *batch) {
    flow_channel *c = choose(w, say, address);
    if (!w->ours) {
        return fits_frame(w, address, value) ? say_small(f, w, c, say, address, value, batch)
                                             : CLASP_TOO_LARGE;
    }
    const uint64_t packet =
        (uint64_t)OPEN_HEAD + MEMBER_HEAD + SET_HEAD + PUBLISH_VALUE + address.len + value.len;
    const bool is_large = packet > CLASP_FLOW_PACKET;
    if (is_large && !c->reliable) {
        c = w->channels[CLASP_FLOW_RELIABLE];
    }
    if (is_large || (c->large && flow_large_has(c, address))) {
        return say_large(w, c, say, address, value, batch);
    }
    return say_small(f, w, c, say, address, value, batch);
}

clasp_err clasp_flow_value(clasp_flows *f, uint32_t peer, clasp_flow_say say, uint32_t address,
                           clasp_span value, uint32_t *batch) {
    flow *w = flow_of(f, peer);
    clasp_span text;
    if (!w || !find_address(f, address, &text)) {
        return CLASP_BAD_HANDLE;
    }
    if (value.len == 0 || value.at[0] > CLASP_VALUE_MAP) {
        return CLASP_BAD_VALUE_TYPE;
    }
    if (say == CLASP_FLOW_SET && !make_places(f, w, address)) {
        return CLASP_NO_MEMORY;
    }
    clasp_err err = may_say(w);
    err = err == CLASP_OK ? say_value(f, w, say, text, value, batch) : err;
    if (err == CLASP_OK && say == CLASP_FLOW_SET) {
        const uint32_t form = clasp_wide_is_needed(text.len, value.len) ? CLASP_PARAM_WIDE : 0;
        clasp_params_value(&w->params, &w->places[address], text, value, form);
    }
    return err;
}

clasp_err clasp_flow_number(clasp_flows *f, uint32_t peer, clasp_flow_say say, uint32_t address, double value,
                            uint32_t *batch) {
    flow *w = flow_of(f, peer);
    clasp_span text;
    if (!w || !find_address(f, address, &text)) {
        return CLASP_BAD_HANDLE;
    }
    flow_channel *c = choose(w, say, text);
    if (c->large || !w->ours || (say == CLASP_FLOW_SET && !make_places(f, w, address))) {
        uint8_t bytes[1 + NUMBER_LEN] = {CLASP_VALUE_F64};
        clasp_value_f64(value, bytes + 1);
        return clasp_flow_value(f, peer, say, address, (clasp_span){bytes, sizeof bytes}, batch);
    }
    clasp_err err;
    uint8_t *p = flow_member(f, w, c, head_len(say, text) + NUMBER_LEN, qos_of(say), &err);
    if (!p) {
        return err;
    }
    p = write_head(p, say, text, CLASP_VALUE_F64);
    clasp_value_f64(value, p);
    flow_said(f, w, c, say == CLASP_FLOW_SET, batch);
    if (say == CLASP_FLOW_SET) {
        clasp_params_number(&w->params, &w->places[address], text, value, 0);
    }
    return CLASP_OK;
}

clasp_err flow_say_large(clasp_flows *f, flow *w, clasp_span address, clasp_span value) {
    uint32_t batch;
    flow_channel *c = w->channels[CLASP_FLOW_RELIABLE];
    if (w->ours) {
        return say_large(w, c, CLASP_FLOW_SET, address, value, &batch);
    }
    return fits_frame(w, address, value) ? say_small(f, w, c, CLASP_FLOW_SET, address, value, &batch)
                                         : CLASP_TOO_LARGE;
}

/* ---- what the data plane says itself ---------------------------------------------------------------------------- */

clasp_err flow_say_record(clasp_flows *f, flow *w, flow_channel *c, clasp_span head, clasp_span rest) {
    const uint32_t len = head.len + rest.len;
    /* Behind what was said before: what is open is sealed, and there has to be room for both. */
    if (!flow_ring_reserve(&c->ready) || !flow_seal(f, w, c) || !flow_ring_reserve(&c->ready) ||
        !flow_slab_room(&f->slabs, &c->slab, len)) {
        return CLASP_NO_MEMORY;
    }
    flow_packet packet = {.slab = c->slab, .at = c->slab->used, .len = len};
    packet.flags = len > CLASP_FLOW_BULK_PACKET ? FLOW_PACKET_BULK : 0;
    clasp_copy(c->slab->bytes + packet.at, head.at, head.len);
    if (rest.len > 0) {
        memcpy(c->slab->bytes + packet.at + head.len, rest.at, rest.len);
    }
    flow_ring_push(&c->ready, &packet);
    c->sealed++;
    c->slab->packets++;
    c->slab->used += len;
    w->is_dirty = true;
    return CLASP_OK;
}

clasp_err flow_say_message(clasp_flows *f, flow *w, const clasp_message *m) {
    uint8_t *buffer = f->packet;
    clasp_writer out = clasp_writer_of(buffer, CLASP_FLOW_BUNDLE);
    uint32_t batch;
    clasp_err err = CLASP_OK;
    flow_channel *c = w->channels[CLASP_FLOW_RELIABLE];
    clasp_message_write(&out, m);
    if (out.err != CLASP_OK) {
        return out.err;
    }
    const clasp_span bytes = clasp_written(&out);
    uint8_t *p = flow_member(f, w, c, bytes.len, (uint8_t)clasp_message_qos(m), &err);
    if (p) {
        memcpy(p, bytes.at, bytes.len);
        flow_said(f, w, c, true, &batch);
    }
    return err;
}
