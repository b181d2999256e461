#include "route/table.h"

#include <stdlib.h>

#define FIRST_CAP 16u

void clasp_table_deinit(clasp_table *table) {
    free(table->slots);
    *table = (clasp_table){NULL, 0, 0};
}

static void place(clasp_table *table, clasp_slot slot) {
    uint32_t at = slot.hash & (table->cap - 1);
    while (table->slots[at].index != CLASP_NONE) {
        at = (at + 1) & (table->cap - 1);
    }
    table->slots[at] = slot;
}

bool clasp_table_reserve(clasp_table *table) {
    if (table->count < table->cap / 4 * 3) {
        return true;
    }
    clasp_table grown = {NULL, table->cap ? table->cap * 2 : FIRST_CAP, table->count};
    grown.slots = malloc(grown.cap * sizeof *grown.slots);
    if (!grown.slots) {
        return false;
    }
    for (uint32_t i = 0; i < grown.cap; i++) {
        grown.slots[i].index = CLASP_NONE;
    }
    for (uint32_t i = 0; i < table->cap; i++) {
        if (table->slots[i].index != CLASP_NONE) {
            place(&grown, table->slots[i]);
        }
    }
    free(table->slots);
    *table = grown;
    return true;
}

void clasp_table_add(clasp_table *table, uint32_t hash, uint32_t index) {
    place(table, (clasp_slot){hash, index});
    table->count++;
}

void clasp_table_remove(clasp_table *table, uint32_t hash, uint32_t index) {
    const uint32_t mask = table->cap - 1;
    uint32_t hole = hash & mask;
    while (table->slots[hole].index != index) {
        hole = (hole + 1) & mask;
    }
    /* Move back what would not be found across the hole. */
    for (uint32_t at = (hole + 1) & mask; table->slots[at].index != CLASP_NONE; at = (at + 1) & mask) {
        const uint32_t home = table->slots[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole].index = CLASP_NONE;
    table->count--;
}

size_t clasp_table_memory_max(size_t count) {
    size_t cap = FIRST_CAP;
    while (cap / 4 * 3 < count + 1) { /* one may be reserved and not added */
        cap *= 2;
    }
    return cap * sizeof(clasp_slot);
}
