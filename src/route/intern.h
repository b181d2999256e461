/**
 * Interned addresses: text to id by one hash look-up, and with each address the list of subscription ids that its owner
 * keeps for it. Bounded in count and bytes; the least recently used address goes first. (Which of those used lately was used last
 * is not kept: they are a quarter of the bound away from going.)
 */
#ifndef CLASP_ROUTE_INTERN_H
#define CLASP_ROUTE_INTERN_H

#include "base/bytes.h"
#include "route/hash.h"
#include "route/table.h"

typedef struct clasp_interned {
    uint64_t stamp; /* the owner's: of the list; 0: no list was ever kept */
    uint8_t *text;  /* NULL: this id is free */
    uint32_t *list; /* NULL when list_len is 0 */
    uint32_t len;   /* bytes of text */
    uint32_t list_len;
    uint32_t hash;
    uint32_t newer; /* neighbours in the order of use; CLASP_NONE at the ends */
    uint32_t older; /* of a free id: the next free one */
    uint32_t since; /* the count of links when this one was made */
    uint32_t next;  /* the address that was looked for after this one; CLASP_NONE: none */
} clasp_interned;

typedef struct clasp_intern {
    clasp_interned *entries; /* by id */
    uint32_t cap;            /* entries allocated */
    uint32_t free_id;        /* the first free one; CLASP_NONE: none */
    uint32_t count;          /* addresses interned */
    uint32_t bytes;          /* of their texts and lists */
    uint32_t max_count;
    uint32_t max_bytes;
    uint32_t newest;
    uint32_t oldest;
    uint32_t links; /* made in the order of use so far */
    uint32_t last;  /* the address found last; CLASP_NONE: none */
    clasp_table table;
    uint64_t seed;
} clasp_intern;

/** `max_count` at least 1; `max_bytes` at least CLASP_ADDRESS_MAX_LEN. Allocates nothing. */
void clasp_intern_init(clasp_intern *intern, uint32_t max_count, uint32_t max_bytes, uint64_t seed);
void clasp_intern_deinit(clasp_intern *intern);

static inline bool clasp_interned_is(const clasp_interned *entry, clasp_span address) {
    return entry->text && entry->len == address.len && clasp_same_bytes(entry->text, address.at, address.len);
}

/** Make an address the newest one. */
void clasp_intern_refresh(clasp_intern *intern, uint32_t id);

/* Note the use of an address, which is the newest one then, or new enough. */
static inline uint32_t clasp_intern_use(clasp_intern *intern, uint32_t id) {
    if (intern->links - intern->entries[id].since > intern->max_count / 4) {
        clasp_intern_refresh(intern, id);
    }
    return intern->last = id;
}

/** As clasp_intern_find(), by the hash. */
uint32_t clasp_intern_search(clasp_intern *intern, clasp_span address, uint32_t *hash);

/** The id of an address, which is a recently used one then; CLASP_NONE when it is not interned.
 *  `hash` is set in either case, for clasp_intern_add(). */
static inline uint32_t clasp_intern_find(clasp_intern *intern, clasp_span address, uint32_t *hash) {
    /* Addresses often come in turns: the one that came next the last time needs no hash. */
    const uint32_t next = intern->last == CLASP_NONE ? CLASP_NONE : intern->entries[intern->last].next;
    if (next == CLASP_NONE || !clasp_interned_is(&intern->entries[next], address)) {
        return clasp_intern_search(intern, address, hash);
    }
    *hash = intern->entries[next].hash;
    return clasp_intern_use(intern, next);
}

/** Intern an address that clasp_intern_find() has not found; others may go. CLASP_NONE: no memory, nothing has changed. */
uint32_t clasp_intern_add(clasp_intern *intern, clasp_span address, uint32_t hash);

/**
 * Keep a copy of `list` with the address found or added last, in place of the one it has; other addresses may go. A list
 * of more than a quarter of the byte bound, or one that there is no memory for, is not kept.
 * @return true if it is kept
 */
bool clasp_intern_keep(clasp_intern *intern, const uint32_t *list, uint32_t list_len, uint64_t stamp);

/** Bytes held, with all tables; and the most that can become. */
size_t clasp_intern_memory(const clasp_intern *intern);
size_t clasp_intern_memory_max(uint32_t max_count, uint32_t max_bytes);

#endif
