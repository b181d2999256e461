/**
 * What a client waits for an answer to: SETs and bundles, kept as frames until they are settled, and requests. Each is an entry with
 * its frame in one log of bytes; entries are found by address, first in, first out, in one look-up. Adding and removing
 * allocates nothing once tables and log have grown to what is under way at once. For src/session/ only.
 *
 * Two lists in the order of sending, SETS and REQUESTS. Within SETS those sent come before those that are not:
 *
 *   oldest -> sent, sent, sent, (next_unsent) unsent, unsent <- newest
 */
#ifndef CLASP_SESSION_CLIENT_PENDING_H
#define CLASP_SESSION_CLIENT_PENDING_H

#include "base/bytes.h"

#define CLASP_PENDING_NONE UINT32_MAX /* no entry */

typedef enum clasp_pending_kind {
    CLASP_PENDING_SET,
    CLASP_PENDING_FIRE,    /* a SET that is never sent again */
    CLASP_PENDING_RESTORE, /* a SET to a restore address */
    CLASP_PENDING_BUNDLE,
    CLASP_PENDING_ANNOUNCE,
    CLASP_PENDING_GET,
    CLASP_PENDING_QUERY
} clasp_pending_kind;

/** What answers an entry: entries of one class and address are answered in their order. */
typedef enum clasp_pending_class {
    CLASP_ANSWER_ACK,        /* with an address: SET, FIRE, RESTORE */
    CLASP_ANSWER_BUNDLE_ACK, /* no address */
    CLASP_ANSWER_ANNOUNCED,  /* an ACK, too: ANNOUNCE */
    CLASP_ANSWER_PARAM,      /* GET */
    CLASP_ANSWER_RESULT      /* QUERY; no address */
} clasp_pending_class;

typedef enum clasp_pending_list { CLASP_LIST_SETS, CLASP_LIST_REQUESTS, CLASP_LIST_COUNT } clasp_pending_list;

typedef struct clasp_pending {
    uint32_t older, newer;           /* of its list; `newer` links free entries, too */
    uint32_t log_before, log_behind; /* in the log */
    uint32_t same_bucket;            /* next one */
    uint32_t hash;                   /* of class and address */
    uint32_t at, len;                /* its frame in the log */
    uint32_t ticket;                 /* 0: nobody waits */
    uint32_t address_len;
    uint8_t kind;       /* clasp_pending_kind */
    uint8_t address_at; /* in the frame */
    bool is_sent;       /* SETS: once, in this session or the one before */
    bool is_answered;   /* QUERY: a RESULT has come */
    bool is_judged;     /* SETS, while the client judges: `seen` counts */
    uint32_t seen;      /* so many of the SETs to this address from here on are in the relay's param, … */
    uint64_t seen_revision; /* … which has this revision */
    uint64_t
        number; /* SETS: the how manieth one that the relay takes from this client, 0: it does not count; QUERY: t1 of its SYNC */
    uint64_t queued_us;
    uint64_t sent_us;
} clasp_pending;

/** Zero-initialised but for clasp_pendings_init(). */
typedef struct clasp_pendings {
    clasp_pending *entries;      /* given by malloc; by index */
    uint32_t *buckets, *endings; /* first and last entry of each chain; given by malloc, as many as entries */
    uint8_t *log;                /* given by malloc */
    uint32_t cap, free, used;    /* entries; `used`: entries that were ever taken */
    uint32_t log_cap, log_len;   /* bytes; up to log_len written */
    uint32_t log_first, log_last; /* entries in the order of their frames */
    uint32_t oldest[CLASP_LIST_COUNT], newest[CLASP_LIST_COUNT];
    uint32_t count[CLASP_LIST_COUNT], bytes[CLASP_LIST_COUNT];
    uint32_t next_unsent; /* of SETS */
    uint32_t in_flight;   /* SETS sent in this session */
    uint64_t seed;
} clasp_pendings;

void clasp_pendings_init(clasp_pendings *p, uint64_t seed);
void clasp_pendings_deinit(clasp_pendings *p);

/**
 * Room at the end of the log for a frame of at most `len` bytes, and for its entry, lent until the next call; the caller writes the
 * frame there, then calls clasp_pendings_add(). NULL: no memory, and nothing has changed.
 */
uint8_t *clasp_pendings_room(clasp_pendings *p, uint32_t len);

/**
 * Make an entry of the `len` bytes that were written to the room. It is the newest of its list; with `is_first` the oldest, before all
 * others to its address.
 */
clasp_pending *clasp_pendings_add(clasp_pendings *p, clasp_pending_kind kind, uint32_t len,
                                  clasp_span address, bool is_first);

/** Remove an entry. Its frame stays where it is until the next clasp_pendings_room(). */
void clasp_pendings_remove(clasp_pendings *p, clasp_pending *entry);
void clasp_pendings_clear(clasp_pendings *p);

/** The oldest entry that an answer of this class for this address can be for; NULL: there is none. */
clasp_pending *clasp_pendings_find(const clasp_pendings *p, clasp_pending_class answer, clasp_span address);

/** The next entry of the same class and address; NULL: there is none. */
clasp_pending *clasp_pendings_next(const clasp_pendings *p, const clasp_pending *entry);

/** The list of a kind. */
static inline clasp_pending_list clasp_pending_list_of(clasp_pending_kind kind) {
    return kind <= CLASP_PENDING_BUNDLE ? CLASP_LIST_SETS : CLASP_LIST_REQUESTS;
}

/** The entry with an index; NULL for CLASP_PENDING_NONE. */
static inline clasp_pending *clasp_pending_at(const clasp_pendings *p, uint32_t index) {
    return index != CLASP_PENDING_NONE ? &p->entries[index] : NULL;
}

static inline clasp_pending *clasp_pendings_oldest(const clasp_pendings *p, clasp_pending_list list) {
    return clasp_pending_at(p, p->oldest[list]);
}

static inline clasp_span clasp_pending_frame(const clasp_pendings *p, const clasp_pending *entry) {
    return (clasp_span){p->log + entry->at, entry->len};
}

static inline clasp_span clasp_pending_address(const clasp_pendings *p, const clasp_pending *entry) {
    return (clasp_span){p->log + entry->at + entry->address_at, entry->address_len};
}

#endif
