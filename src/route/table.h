/**
 * An open-addressing table from a 32-bit hash to indexes of an array elsewhere. Several indexes may stand under one
 * hash: the caller walks them and compares what they stand for.
 *
 *     for (clasp_probe p = clasp_table_probe(table, hash); (index = clasp_table_next(table, &p)) != CLASP_NONE;)
 */
#ifndef CLASP_ROUTE_TABLE_H
#define CLASP_ROUTE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLASP_NONE UINT32_MAX /* no index */

typedef struct clasp_slot {
    uint32_t hash;
    uint32_t index; /* CLASP_NONE: the slot is free */
} clasp_slot;

/** All zeros is an empty table. */
typedef struct clasp_table {
    clasp_slot *slots;
    uint32_t cap; /* slots: 0, or a power of two; at least a quarter of them stay free */
    uint32_t count;
} clasp_table;

typedef struct clasp_probe {
    uint32_t hash;
    uint32_t slot;
} clasp_probe;

void clasp_table_deinit(clasp_table *table);

/** Make room for one more; false: no memory, nothing has changed. */
bool clasp_table_reserve(clasp_table *table);

/** Add `index` under `hash`. There is room: clasp_table_reserve() said so. */
void clasp_table_add(clasp_table *table, uint32_t hash, uint32_t index);

/** Take `index`, which is there, from under `hash`. */
void clasp_table_remove(clasp_table *table, uint32_t hash, uint32_t index);

static inline clasp_probe clasp_table_probe(const clasp_table *table, uint32_t hash) {
    return (clasp_probe){hash, hash & (table->cap - 1)};
}

/** The next index under the probe's hash; CLASP_NONE when there is none left. */
static inline uint32_t clasp_table_next(const clasp_table *table, clasp_probe *probe) {
    if (table->cap == 0) {
        return CLASP_NONE;
    }
    for (;;) {
        const clasp_slot slot = table->slots[probe->slot];
        if (slot.index == CLASP_NONE) {
            return CLASP_NONE;
        }
        probe->slot = (probe->slot + 1) & (table->cap - 1);
        if (slot.hash == probe->hash) {
            return slot.index;
        }
    }
}

/** Bytes held, and the most that can become with `count` entries. */
static inline size_t clasp_table_memory(const clasp_table *table) { return table->cap * sizeof(clasp_slot); }
size_t clasp_table_memory_max(size_t count);

#endif
