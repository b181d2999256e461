/**
 * What a hub remembers of its clients from one session to the next (docs/wire.md, section 14): how many SETs and bundles it has
 * taken from each, and what became of the last ones. A client is known by a secret of its own; the session that claims it takes
 * over from the one that had it. For src/hub/ only.
 */
#ifndef CLASP_HUB_RESUME_H
#define CLASP_HUB_RESUME_H

#include "base/bytes.h"
#include "wire/message.h"

struct clasp_hub;
struct clasp_hub_session;

#define CLASP_HUB_SECRET_LEN 32u /* hexadecimal digits */
#define CLASP_HUB_OUTCOME_ERROR (UINT64_C(1) << 63)

/** What is known of one client. */
typedef struct clasp_hub_claim {
    struct clasp_hub_claim *same_hash;
    struct clasp_hub_claim *older, *newer; /* those without a session, in the order of their end */
    uint32_t session;                      /* handle; 0: none */
    uint32_t hash;
    uint64_t until_us; /* without a session: forgotten then */
    uint64_t sets;     /* SETs and bundles taken in all */
    uint64_t *
        results; /* of the last CLASP_HUB_RESULTS, by number modulo that; given by malloc with the first one */
    uint64_t first; /* number of the first SET or bundle whose result is there */
    uint8_t secret[CLASP_HUB_SECRET_LEN];
} clasp_hub_claim;

/** Zero-initialised but for the key. */
typedef struct clasp_hub_resume {
    clasp_hub_claim **buckets; /* given by malloc with the first claim */
    clasp_hub_claim *oldest, *newest;
    uint32_t count;
    uint64_t hash_key;
} clasp_hub_resume;

void clasp_hub_resume_deinit(clasp_hub_resume *resume);

/** Forget clients that have been away for too long. */
void clasp_hub_resume_sweep(clasp_hub_resume *resume, uint64_t now_us);

/** True for an address below "/clasp/session/": a claim. */
bool clasp_hub_is_claim(clasp_span address);

/** True for an address below "/clasp/restore/": a SET to it puts a param back. */
bool clasp_hub_is_restore(clasp_span address);

/**
 * A session claims a secret by GET: the session that had it is given up, its locks pass on, and the answer is a SNAPSHOT of what is
 * known. ERROR 200 for what is no secret, 403 when the session has claimed another one, 501 when there is no room.
 */
void clasp_hub_on_claim(struct clasp_hub *hub, struct clasp_hub_session *session, const clasp_message *get,
                        uint64_t now_us);

/** A session ends: what it has claimed waits for the next one. */
void clasp_hub_resume_release(struct clasp_hub *hub, struct clasp_hub_session *session);

/** A SET or bundle was answered; `outcome`: its revision, or CLASP_HUB_OUTCOME_ERROR and the code of the ERROR. */
void clasp_hub_resume_note(const struct clasp_hub_session *session, uint64_t outcome);

/**
 * The address that a SET to this one writes: what follows "/clasp/restore/{revision}", else the address itself. Who checks
 * scopes checks this one.
 * @param revision set to the revision of a restore address, else 0
 * @return empty, with `at` NULL: it begins as a restore address and is none
 */
clasp_span clasp_hub_target(clasp_span address, uint64_t *revision);

#endif
