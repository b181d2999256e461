#include "route/intern.h"

#include <stdlib.h>

#define FIRST_CAP 16u

void clasp_intern_init(clasp_intern *intern, uint32_t max_count, uint32_t max_bytes, uint64_t seed) {
    *intern = (clasp_intern){
        .free_id = CLASP_NONE,
        .newest = CLASP_NONE,
        .oldest = CLASP_NONE,
        .last = CLASP_NONE,
        .max_count = max_count,
        .max_bytes = max_bytes,
        .seed = seed,
    };
}

void clasp_intern_deinit(clasp_intern *intern) {
    for (uint32_t id = 0; id < intern->cap; id++) {
        free(intern->entries[id].text);
        free(intern->entries[id].list);
    }
    free(intern->entries);
    clasp_table_deinit(&intern->table);
}

/* ---- the order of use ---------------------------------------------------------------------------------------- */

static void unlink_id(clasp_intern *intern, uint32_t id) {
    const clasp_interned *entry = &intern->entries[id];
    *(entry->newer == CLASP_NONE ? &intern->newest : &intern->entries[entry->newer].older) = entry->older;
    *(entry->older == CLASP_NONE ? &intern->oldest : &intern->entries[entry->older].newer) = entry->newer;
}

static void link_newest(clasp_intern *intern, uint32_t id) {
    clasp_interned *entry = &intern->entries[id];
    entry->newer = CLASP_NONE;
    entry->older = intern->newest;
    entry->since = ++intern->links;
    *(intern->newest == CLASP_NONE ? &intern->oldest : &intern->entries[intern->newest].newer) = id;
    intern->newest = id;
}

/* ---- coming and going ---------------------------------------------------------------------------------------- */

void clasp_intern_refresh(clasp_intern *intern, uint32_t id) {
    unlink_id(intern, id);
    link_newest(intern, id);
}

uint32_t clasp_intern_search(clasp_intern *intern, clasp_span address, uint32_t *hash) {
    *hash = clasp_hash(intern->seed, address);
    clasp_probe probe = clasp_table_probe(&intern->table, *hash);
    for (uint32_t id; (id = clasp_table_next(&intern->table, &probe)) != CLASP_NONE;) {
        if (clasp_interned_is(&intern->entries[id], address)) {
            if (intern->last != CLASP_NONE) {
                intern->entries[intern->last].next = id;
            }
            return clasp_intern_use(intern, id);
        }
    }
    return CLASP_NONE;
}

static void free_entry(clasp_intern *intern, uint32_t id) {
    intern->entries[id] = (clasp_interned){.older = intern->free_id, .next = CLASP_NONE};
    intern->free_id = id;
    intern->last = intern->last == id ? CLASP_NONE : intern->last;
}

static void drop_list(clasp_intern *intern, clasp_interned *entry) {
    intern->bytes -= entry->list_len * (uint32_t)sizeof *entry->list;
    free(entry->list);
    entry->list = NULL;
    entry->list_len = 0;
}

static void evict_oldest(clasp_intern *intern) {
    const uint32_t id = intern->oldest;
    clasp_interned *entry = &intern->entries[id];
    clasp_table_remove(&intern->table, entry->hash, id);
    unlink_id(intern, id);
    drop_list(intern, entry);
    intern->bytes -= entry->len;
    intern->count--;
    free(entry->text);
    free_entry(intern, id);
}

static bool grow(clasp_intern *intern) {
    const uint32_t wanted = intern->cap ? intern->cap * 2 : FIRST_CAP;
    const uint32_t cap = wanted < intern->max_count && wanted > intern->cap ? wanted : intern->max_count;
    clasp_interned *entries = realloc(intern->entries, cap * sizeof *entries);
    if (!entries) {
        return false;
    }
    intern->entries = entries;
    for (uint32_t id = cap; id-- > intern->cap;) {
        free_entry(intern, id); /* the lowest one is taken first */
    }
    intern->cap = cap;
    return true;
}

uint32_t clasp_intern_add(clasp_intern *intern, clasp_span address, uint32_t hash) {
    const bool has_entry = intern->count < intern->cap || intern->cap == intern->max_count || grow(intern);
    uint8_t *text = has_entry && clasp_table_reserve(&intern->table) ? malloc(address.len) : NULL;
    if (!text) {
        return CLASP_NONE;
    }
    while (intern->count == intern->max_count || intern->max_bytes - intern->bytes < address.len) {
        evict_oldest(intern);
    }
    const uint32_t id = intern->free_id;
    clasp_interned *entry = &intern->entries[id];
    intern->free_id = entry->older;
    memcpy(text, address.at, address.len);
    *entry = (clasp_interned){.text = text, .len = address.len, .hash = hash, .next = CLASP_NONE};
    link_newest(intern, id);
    clasp_table_add(&intern->table, hash, id);
    intern->bytes += address.len;
    intern->count++;
    intern->last = id;
    return id;
}

/* Room for `bytes` more, at the cost of any address but the most recently used one. */
static bool make_room(clasp_intern *intern, uint32_t bytes) {
    while (intern->max_bytes - intern->bytes < bytes && intern->oldest != intern->newest) {
        evict_oldest(intern);
    }
    return intern->max_bytes - intern->bytes >= bytes;
}

bool clasp_intern_keep(clasp_intern *intern, const uint32_t *list, uint32_t list_len, uint64_t stamp) {
    if (intern->newest != intern->last) { /* it must not be the one that goes */
        clasp_intern_refresh(intern, intern->last);
    }
    clasp_interned *entry = &intern->entries[intern->last];
    if (entry->list_len != list_len) {
        drop_list(intern, entry);
        if (list_len > intern->max_bytes / 4 / sizeof *list ||
            !make_room(intern, list_len * (uint32_t)sizeof *list)) {
            return false;
        }
        entry->list = malloc(list_len * sizeof *list);
        if (!entry->list && list_len > 0) {
            return false;
        }
        entry->list_len = list_len;
        intern->bytes += list_len * (uint32_t)sizeof *list;
    }
    if (list_len > 0) {
        memcpy(entry->list, list, list_len * sizeof *list);
    }
    entry->stamp = stamp;
    return true;
}

size_t clasp_intern_memory(const clasp_intern *intern) {
    return intern->cap * sizeof *intern->entries + clasp_table_memory(&intern->table) + intern->bytes;
}

size_t clasp_intern_memory_max(uint32_t max_count, uint32_t max_bytes) {
    return max_count * sizeof(clasp_interned) + clasp_table_memory_max(max_count) + max_bytes;
}
