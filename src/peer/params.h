/**
 * The last values exchanged with one peer: what its GET is answered from, and what a late subscriber is shown.
 *
 * One value for each address: that of the last SET, said or heard. Bounded by CLASP_PARAMS addresses and CLASP_PARAMS_BYTES bytes
 * of addresses and values; the least recently written one goes. (Which of those written lately was written last is not
 * kept: they are a quarter of the bound away from going.) A value that is not kept is no reason to refuse a message: what was
 * known of its address is forgotten then, since it is true no more.
 *
 * The hot path is a number for a known address: it is found by the place where it was the last time, which the caller
 * keeps beside its own id of the address, by one comparison of texts; without it by a hash.
 */
#ifndef CLASP_PEER_PARAMS_H
#define CLASP_PEER_PARAMS_H

#include "base/bytes.h"
#include "base/limits.h"
#include "route/table.h"

/* Of a value. */
#define CLASP_PARAM_HEARD 1u /* the peer said it; else we did */
#define CLASP_PARAM_WIDE 2u  /* in the wide form (wire/wide.h) */

/* One address; free when `text` is NULL. */
typedef struct clasp_params_entry {
    uint8_t *text;
    uint8_t *large; /* of a value that does not fit `small` */
    uint32_t len;   /* bytes of text */
    uint32_t hash;
    uint32_t size;     /* bytes of the value with its type code */
    uint32_t newer;    /* neighbours in the order of writing; CLASP_NONE at the ends */
    uint32_t older;    /* of a free entry: the next free one */
    uint32_t since;    /* the count of links when this one was made */
    uint8_t flags;     /* CLASP_PARAM_… */
    uint8_t small[15]; /* a value of at most so many bytes */
} clasp_params_entry;

/** Caller-provided, and as long as it lives nobody else's to look into. */
typedef struct clasp_params {
    clasp_params_entry *entries;
    uint32_t cap;     /* entries allocated */
    uint32_t free_at; /* CLASP_NONE: none */
    uint32_t count;   /* addresses */
    uint32_t bytes;   /* of addresses and values */
    uint32_t newest;
    uint32_t oldest;
    uint32_t links; /* made in the order so far */
    clasp_table table;
    uint64_t seed;
} clasp_params;

/** What is known of an address. Lent: valid until the next call that is not const. */
typedef struct clasp_param_view {
    clasp_span address;
    clasp_span value; /* with its type code */
    uint32_t flags;   /* CLASP_PARAM_… */
} clasp_param_view;

/** Allocates nothing. @param seed random, for the hashes of addresses that a peer chooses */
void clasp_params_init(clasp_params *params, uint64_t seed);
void clasp_params_deinit(clasp_params *params);

/**
 * Keep a value; others may go. For an address that is not known yet memory is taken.
 * @param place   where the address was found the last time, to be set to where it is now; any number does, CLASP_NONE at first.
 *                Never NULL
 * @param address checked; so is `value`, with its type code
 * @param flags   CLASP_PARAM_…
 * @return true if it is kept; false: over CLASP_PARAM_MAX, or no memory: the address is not known any more
 */
bool clasp_params_value(clasp_params *params, uint32_t *place, clasp_span address, clasp_span value,
                        uint32_t flags);

/** The same for a number, which becomes an f64. */
bool clasp_params_number(clasp_params *params, uint32_t *place, clasp_span address, double number,
                         uint32_t flags);

/** What is known of an address; false: nothing. */
bool clasp_params_find(const clasp_params *params, clasp_span address, clasp_param_view *out);

/**
 * The next address that a pattern matches.
 * @param cursor  0 at first; afterwards what the last call made of it, while nothing changes between calls
 * @param pattern checked
 * @return false: there is none left
 */
bool clasp_params_next(const clasp_params *params, uint32_t *cursor, clasp_span pattern,
                       clasp_param_view *out);

/** Nothing is known of this address any more. */
void clasp_params_forget(clasp_params *params, clasp_span address);

/** Bytes held, with all tables: at most CLASP_PARAMS_MEMORY, without what the allocator adds. */
#define CLASP_PARAMS_MEMORY \
    (CLASP_PARAMS_BYTES + CLASP_PARAMS * (sizeof(clasp_params_entry) + 2 * sizeof(clasp_slot)))
size_t clasp_params_memory(const clasp_params *params);

#endif
