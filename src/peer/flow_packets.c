/* Packets in slabs. */
#include "peer/flow_packets.h"

#include <stdlib.h>

#define FIRST_CAP 16u

bool flow_ring_reserve(flow_ring *ring) {
    if (ring->count < ring->cap) {
        return true;
    }
    const uint32_t cap = ring->cap ? ring->cap * 2 : FIRST_CAP;
    flow_packet *packets = malloc(cap * sizeof *packets);
    if (!packets) {
        return false;
    }
    for (uint32_t i = 0; i < ring->count; i++) {
        packets[i] = *flow_ring_at(ring, i);
    }
    free(ring->packets);
    ring->packets = packets;
    ring->cap = cap;
    ring->first = 0;
    return true;
}

void flow_ring_push(flow_ring *ring, const flow_packet *packet) {
    ring->count++;
    ring->bytes += packet->len;
    *flow_ring_at(ring, ring->count - 1) = *packet;
}

flow_packet flow_ring_take(flow_ring *ring) {
    const flow_packet packet = *flow_ring_at(ring, 0);
    ring->first = (ring->first + 1) & (ring->cap - 1);
    ring->count--;
    ring->bytes -= packet.len;
    return packet;
}

void flow_ring_clear(flow_ring *ring, flow_slabs *slabs) {
    while (ring->count > 0) {
        flow_slab_release(slabs, flow_ring_take(ring).slab);
    }
    free(ring->packets);
    *ring = (flow_ring){0};
}

/* An empty slab. */
static flow_slab *take_slab(flow_slabs *slabs) {
    flow_slab *slab = slabs->kept;
    if (slab) {
        slabs->kept = slab->next;
        slabs->count--;
    } else {
        slab = malloc(sizeof *slab);
    }
    return slab;
}

bool flow_slab_room(flow_slabs *slabs, flow_slab **current, uint32_t len) {
    flow_slab *slab = *current;
    if (slab && slab->packets == 1) {
        slab->used = 0;
    }
    if (slab && len <= CLASP_FLOW_SLAB - slab->used) {
        return true;
    }
    slab = take_slab(slabs);
    if (!slab) {
        return false;
    }
    slab->next = NULL;
    slab->used = 0;
    slab->packets = 1;
    if (*current) {
        flow_slab_release(slabs, *current);
    }
    *current = slab;
    return true;
}

void flow_slab_release(flow_slabs *slabs, flow_slab *slab) {
    if (--slab->packets > 0) {
        return;
    }
    if (slabs->count == CLASP_FLOW_SLABS_KEPT) {
        free(slab);
        return;
    }
    slab->next = slabs->kept;
    slabs->kept = slab;
    slabs->count++;
}

void flow_slabs_clear(flow_slabs *slabs) {
    while (slabs->kept) {
        flow_slab *slab = slabs->kept;
        slabs->kept = slab->next;
        free(slab);
    }
    slabs->count = 0;
}
