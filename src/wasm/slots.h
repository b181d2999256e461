/**
 * What a door hands out handles for: objects in slots of a fixed number. A handle is generation << 8 | index + 1, so it
 * is never 0, fits an int32, and names nothing once its object is gone.
 */
#ifndef CLASP_WASM_SLOTS_H
#define CLASP_WASM_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#define CLASP_SLOT_INDEX_BITS 8u

typedef struct clasp_slot {
    void *object;        /* NULL: free */
    uint32_t generation; /* of the object, or of the last one */
} clasp_slot;

/** Slots whose handles begin at index `first`: tables of one module do not overlap, so that the owner of an effect is one. */
typedef struct clasp_slots {
    clasp_slot *slots;
    uint32_t first, count;
} clasp_slots;

/** A free slot with its generation counted up; NULL: all are taken. */
clasp_slot *clasp_slot_claim(const clasp_slots *table);

/** The slot that `handle` names; NULL for one that is gone, or of another table. */
clasp_slot *clasp_slot_find(const clasp_slots *table, uint32_t handle);

uint32_t clasp_slot_handle(const clasp_slots *table, const clasp_slot *slot);

/** The object that `handle` names; NULL as above. */
static inline void *clasp_slot_object(const clasp_slots *table, uint32_t handle) {
    const clasp_slot *slot = clasp_slot_find(table, handle);
    return slot ? slot->object : NULL;
}

#endif
