/**
 * What a session has announced, kept as it came for QUERY. For src/hub/ only.
 */
#ifndef CLASP_HUB_ANNOUNCED_H
#define CLASP_HUB_ANNOUNCED_H

#include "wire/message.h"

/** One ANNOUNCE for one namespace. */
typedef struct clasp_hub_announcement {
    struct clasp_hub_announcement *next;
    uint32_t namespace_len;
    uint32_t signal_count, signals_len;
    uint8_t bytes[]; /* the namespace, then the signals as on the wire */
} clasp_hub_announcement;

/** Of one session. Zero-initialised: nothing announced. */
typedef struct clasp_hub_announced {
    clasp_hub_announcement *first;
    size_t bytes; /* of all, with their book-keeping */
} clasp_hub_announced;

/**
 * Keep an ANNOUNCE; the older one for the same namespace is replaced, an empty one only removes it.
 * @param all bytes of all sessions' announcements
 * @return CLASP_OK, CLASP_LIMIT, CLASP_NO_MEMORY; nothing has changed unless CLASP_OK
 */
clasp_err clasp_hub_announced_put(clasp_hub_announced *own, size_t *all, const clasp_message *announce);

/** Forget everything. */
void clasp_hub_announced_drop(clasp_hub_announced *own, size_t *all);

static inline clasp_list clasp_hub_announcement_signals(const clasp_hub_announcement *one) {
    return (clasp_list){{one->bytes + one->namespace_len, one->signals_len}, one->signal_count};
}

#endif
