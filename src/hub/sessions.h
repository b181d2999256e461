/**
 * The sessions of a hub: slots behind handles with a generation, an index of session ids, and two queues (those that
 * still owe HELLO, those that are open) in the order of their last sign of life, so that the next one to time out is
 * always the first. For src/hub/ only.
 */
#ifndef CLASP_HUB_SESSIONS_H
#define CLASP_HUB_SESSIONS_H

#include "base/bytes.h"
#include "base/random.h"
#include "hub/announced.h"

#define CLASP_HUB_NONE UINT32_MAX /* no slot, no subscription */

/** What a session or host may send at once, refilled by its rate up to one second's worth. */
typedef struct clasp_hub_allowance {
    double left; /* messages, as of `as_of_us`; below 0: full at the first one */
    uint64_t as_of_us;
} clasp_hub_allowance;

typedef enum clasp_hub_phase {
    CLASP_HUB_GREETING, /* connected, HELLO outstanding */
    CLASP_HUB_OPEN,
    CLASP_HUB_FREE
} clasp_hub_phase;

typedef struct clasp_hub_session {
    char id[CLASP_UUID_LEN + 1]; /* once open: the session id of WELCOME */
    uint8_t phase;               /* clasp_hub_phase */
    bool has_locked;             /* has ever held the lock of a param */
    uint32_t handle;
    uint32_t older, newer; /* neighbours in the queue of its phase; `newer` links free slots, too */
    uint32_t same_hash;    /* next slot in the id index */
    uint64_t mark;         /* the fan-out that reached it last */
    uint32_t first_sub;    /* head of the list of its subscriptions, see subs.h */
    uint32_t sub_count;
    uint32_t filtered_count; /* of them, with options that say what they get */
    uint32_t gesture_count;  /* that run */
    clasp_hub_announced announced;
    struct clasp_hub_claim *claim; /* the client that it belongs to, see resume.h; NULL: it has not said */
    uint64_t last_us;              /* its last message, or the connection */
    clasp_hub_allowance allowance;
    uint32_t host;                       /* see hosts.h */
    const struct clasp_hub_token *token; /* that it came with; NULL: the hub is open to all */
    uint64_t next_slow_us;               /* before it no further ERROR 503 */
} clasp_hub_session;

typedef struct clasp_hub_sessions {
    clasp_hub_session *slots; /* given by malloc */
    uint32_t *buckets;        /* the id index: first slot of each chain; given by malloc */
    uint32_t cap, open_count, bucket_mask, free;
    uint32_t oldest[2], newest[2]; /* of each queue, by phase */
} clasp_hub_sessions;

/** @param cap most sessions at once. @return false: no memory; deinit is allowed, and needed, all the same */
bool clasp_hub_sessions_init(clasp_hub_sessions *sessions, uint32_t cap);
void clasp_hub_sessions_deinit(clasp_hub_sessions *sessions);

/** A new session that owes HELLO; NULL when all slots are taken. Lent until it is removed. */
clasp_hub_session *clasp_hub_sessions_add(clasp_hub_sessions *sessions, uint64_t now_us);
void clasp_hub_sessions_remove(clasp_hub_sessions *sessions, clasp_hub_session *session);

/** The session that has owed HELLO for longest; NULL when there is none. */
clasp_hub_session *clasp_hub_sessions_waiting(const clasp_hub_sessions *sessions);

/** NULL when the handle names nothing that is there. */
clasp_hub_session *clasp_hub_sessions_find(const clasp_hub_sessions *sessions, uint32_t handle);

/** The open session with this id; NULL when there is none. */
clasp_hub_session *clasp_hub_sessions_by_id(const clasp_hub_sessions *sessions, clasp_span id);

/** Open a session, or an open one once more: it gets a new id. */
void clasp_hub_sessions_open(clasp_hub_sessions *sessions, clasp_hub_session *session, clasp_random *random);

/** A sign of life of an open session: its time begins anew. */
void clasp_hub_sessions_touch(clasp_hub_sessions *sessions, clasp_hub_session *session, uint64_t now_us);

/** When the first session times out, in us; UINT64_MAX: never. */
uint64_t clasp_hub_sessions_deadline(const clasp_hub_sessions *sessions);

/** A session whose time is up; NULL when there is none. */
clasp_hub_session *clasp_hub_sessions_overdue(const clasp_hub_sessions *sessions, uint64_t now_us);

/** Take `count` messages from what may be sent; false, and nothing is taken, when that is over the rate. */
bool clasp_hub_spend(clasp_hub_allowance *allowance, uint32_t count, uint32_t per_second, uint64_t now_us);

/** Take up to `count` more, for work that was found out to be worth them; what is not there is forgiven. */
void clasp_hub_session_charge(clasp_hub_session *session, uint32_t count);

static inline uint32_t clasp_hub_slot(const clasp_hub_sessions *sessions, const clasp_hub_session *session) {
    return (uint32_t)(session - sessions->slots);
}

static inline clasp_span clasp_hub_session_id(const clasp_hub_session *session) {
    return (clasp_span){(const uint8_t *)session->id, CLASP_UUID_LEN};
}

#endif
