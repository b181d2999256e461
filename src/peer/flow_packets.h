/**
 * Packets that wait to be sent, or to be acknowledged: their bytes lie one after the other in slabs, their descriptions in
 * a ring. For src/peer/flow*.c only.
 *
 * A packet is *open* while messages are added to it. Nothing is allocated for a message, and for a packet only when the
 * slabs that are kept are all in use.
 */
#ifndef CLASP_PEER_FLOW_PACKETS_H
#define CLASP_PEER_FLOW_PACKETS_H

#include "base/bytes.h"
#include "base/limits.h"

typedef struct flow_slab {
    struct flow_slab *next; /* of those that are kept */
    uint32_t used;          /* bytes */
    uint32_t packets;       /* that lie here, and one for the channel that fills it */
    uint8_t bytes[CLASP_FLOW_SLAB];
} flow_slab;

/** Slabs that are empty, for all peers. */
typedef struct flow_slabs {
    flow_slab *kept;
    uint32_t count;
} flow_slabs;

#define FLOW_PACKET_ACKED 1u /* out of its turn */
#define FLOW_PACKET_BULK 2u  /* a part of something large */
#define FLOW_PACKET_AGAIN 4u /* it was sent before: credit was taken for it */
#define FLOW_PACKET_TWICE 8u /* … more than once: an acknowledgement does not tell which of them it is for */

typedef struct flow_packet {
    flow_slab *slab;
    uint32_t at, len; /* bytes in the slab */
    uint32_t batch;   /* 0: none */
    uint32_t flags;   /* FLOW_PACKET_* */
    uint64_t sent_us;
} flow_packet;

/** Zero-initialised: empty. */
typedef struct flow_ring {
    flow_packet *packets; /* given by malloc */
    uint32_t cap;         /* 0, or a power of two */
    uint32_t first, count;
    uint32_t bytes; /* of all packets */
} flow_ring;

static inline flow_packet *flow_ring_at(const flow_ring *ring, uint32_t i) {
    return &ring->packets[(ring->first + i) & (ring->cap - 1)];
}

static inline clasp_span flow_packet_bytes(const flow_packet *packet) {
    return (clasp_span){packet->slab->bytes + packet->at, packet->len};
}

/** Make room for one more; false: no memory, nothing has changed. */
bool flow_ring_reserve(flow_ring *ring);

/** Append. There is room: flow_ring_reserve() said so. */
void flow_ring_push(flow_ring *ring, const flow_packet *packet);

/** Take the first one out; its bytes are the caller's to release. */
flow_packet flow_ring_take(flow_ring *ring);

/** Release all packets and what the ring holds. */
void flow_ring_clear(flow_ring *ring, flow_slabs *slabs);

/** Make `*current`, which its holder counts as a packet, a slab with room for `len` bytes, at most CLASP_FLOW_SLAB; false:
 *  no memory, nothing has changed. */
bool flow_slab_room(flow_slabs *slabs, flow_slab **current, uint32_t len);

/** One packet less; the last one frees the slab, or keeps it for others. */
void flow_slab_release(flow_slabs *slabs, flow_slab *slab);

void flow_slabs_clear(flow_slabs *slabs);

#endif
