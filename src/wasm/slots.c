#include "wasm/slots.h"

uint32_t clasp_slot_handle(const clasp_slots *table, const clasp_slot *slot) {
    const uint32_t index = table->first + (uint32_t)(slot - table->slots);
    return slot->generation << CLASP_SLOT_INDEX_BITS | (index + 1);
}

clasp_slot *clasp_slot_claim(const clasp_slots *table) {
    for (clasp_slot *slot = table->slots; slot < table->slots + table->count; slot++) {
        if (!slot->object) {
            slot->generation = (slot->generation + 1) & (UINT32_MAX >> (CLASP_SLOT_INDEX_BITS + 1));
            return slot;
        }
    }
    return NULL;
}

clasp_slot *clasp_slot_find(const clasp_slots *table, uint32_t handle) {
    const uint32_t index = (handle & ((1u << CLASP_SLOT_INDEX_BITS) - 1)) - 1 - table->first;
    if (index >= table->count) {
        return NULL;
    }
    clasp_slot *slot = &table->slots[index];
    return slot->object && clasp_slot_handle(table, slot) == handle ? slot : NULL;
}
