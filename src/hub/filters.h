/**
 * What the options of a subscription (max rate, epsilon) let pass, address by address. The least recently used state of an
 * address goes when there are too many or too many bytes; its next message then passes. For src/hub/ only.
 */
#ifndef CLASP_HUB_FILTERS_H
#define CLASP_HUB_FILTERS_H

#include "hub/due.h"
#include "wire/message.h"

/** What a message is to a filter. */
typedef struct clasp_hub_kind {
    uint32_t id;     /* of a gesture */
    uint8_t type;    /* clasp_message_type */
    uint8_t signal;  /* clasp_signal, of a PUBLISH */
    bool is_thinned; /* may be left out for a newer one: SET, param, stream, move of a gesture */
    bool is_numeric; /* has a number that epsilon looks at: of a SET, param or stream */
    double number;
} clasp_hub_kind;

clasp_hub_kind clasp_hub_kind_of(const clasp_message *message);

/** A frame that waits, shared by all who wait for it. */
typedef struct clasp_hub_kept {
    uint32_t refs;
    uint32_t len;
    clasp_hub_kind kind;
    uint8_t frame[];
} clasp_hub_kept;

/** What one subscription got last at one address. */
typedef struct clasp_hub_last {
    clasp_hub_due due;                          /* of `kept` */
    struct clasp_hub_last *same_hash;           /* next in the bucket */
    struct clasp_hub_last *older, *newer;       /* by use */
    struct clasp_hub_last *of_sub, **of_sub_to; /* next of the same subscription, and what leads here */
    clasp_hub_kept *kept;                       /* held back over the rate; NULL: nothing */
    uint64_t given_us;                          /* when it got one */
    double number;
    bool has_number; /* the last one was numeric */
    uint32_t sub;    /* its index in clasp_hub_subs.list */
    uint32_t hash;
    uint32_t address_len;
    uint8_t address[];
} clasp_hub_last;

/** The options of one subscription. */
typedef struct clasp_hub_filter {
    uint64_t interval_us; /* between two messages at one address; 0: any rate */
    double epsilon;       /* a number has to differ by so much; 0: none has to */
    clasp_hub_last *first;
} clasp_hub_filter;

#define CLASP_HUB_FILTER_BUCKETS 4096u

/** Zero-initialised but for the key: no filter. */
typedef struct clasp_hub_filters {
    clasp_hub_filter **by_sub; /* by index of the subscription; given by malloc, and so is each */
    uint32_t by_sub_cap;
    clasp_hub_last *buckets[CLASP_HUB_FILTER_BUCKETS];
    clasp_hub_last *oldest, *newest;
    clasp_hub_dues dues;
    uint32_t count;
    size_t bytes;      /* of all states, with their book-keeping and what is kept */
    uint64_t hash_key; /* a secret, so that nobody can choose addresses that collide */
} clasp_hub_filters;

void clasp_hub_filters_deinit(clasp_hub_filters *filters);

/** True if a SUBSCRIBE has options that need a filter. */
bool clasp_hub_filter_is_needed(const clasp_message *subscribe);

/** Begin the filter of a subscription that has none. False: no memory, and nothing has changed. */
bool clasp_hub_filters_add(clasp_hub_filters *filters, uint32_t sub, const clasp_message *subscribe);

/** End it; what it holds back is dropped. */
void clasp_hub_filters_remove(clasp_hub_filters *filters, uint32_t sub);

typedef enum clasp_hub_verdict { CLASP_HUB_GIVE, CLASP_HUB_LATER, CLASP_HUB_SKIP } clasp_hub_verdict;

/** What a subscription got last at an address; NULL: nothing yet. */
clasp_hub_last *clasp_hub_filters_find(const clasp_hub_filters *filters, uint32_t sub, clasp_span address);

/** Whether a message passes the filter of a subscription. `last`: what clasp_hub_filters_find() gave. Changes nothing. */
clasp_hub_verdict clasp_hub_filters_judge(const clasp_hub_filters *filters, uint32_t sub,
                                          const clasp_hub_last *last, const clasp_hub_kind *kind,
                                          uint64_t now_us);

/**
 * The session has got a message: the subscription's rate and epsilon count from it.
 * @param last as above, with nothing held back
 */
void clasp_hub_filters_given(clasp_hub_filters *filters, uint32_t sub, clasp_hub_last *last,
                             clasp_span address, const clasp_hub_kind *kind, uint64_t now_us);

/** A copy of a frame, held by the caller until clasp_hub_kept_drop(); NULL: no memory. */
clasp_hub_kept *clasp_hub_kept_new(clasp_span frame, const clasp_hub_kind *kind);
void clasp_hub_kept_drop(clasp_hub_kept *kept);

/** Hold a frame back, in the place of an older one. False: no memory; what was held still is. */
bool clasp_hub_filters_keep(clasp_hub_filters *filters, clasp_hub_last *last, clasp_hub_kept *kept);

/** Take out what is held back: the caller's to drop; NULL: nothing was. */
clasp_hub_kept *clasp_hub_filters_take(clasp_hub_filters *filters, clasp_hub_last *last);

/** A state too many; NULL when there is none. clasp_hub_filters_forget() is to follow. */
clasp_hub_last *clasp_hub_filters_surplus(const clasp_hub_filters *filters);
void clasp_hub_filters_forget(clasp_hub_filters *filters, clasp_hub_last *last);

/** True if a newer message of one kind stands for an older one of the other. */
static inline bool clasp_hub_kind_replaces(const clasp_hub_kind *newer, const clasp_hub_kind *older) {
    return newer->type == older->type && newer->signal == older->signal && newer->id == older->id &&
           newer->is_thinned;
}

#endif
