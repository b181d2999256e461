/** The inside of a client. For src/session/client*.c only. */
#ifndef CLASP_SESSION_CLIENT_STATE_H
#define CLASP_SESSION_CLIENT_STATE_H

#include "session/client.h"
#include "session/client_clock.h"
#include "session/client_pending.h"
#include "session/client_store.h"
#include "session/state.h"

#define CLASP_CLAIM_PREFIX "/clasp/session/"
#define CLASP_CLAIM_LEN ((uint32_t)sizeof CLASP_CLAIM_PREFIX - 1u + 2u * CLASP_CLIENT_SECRET)
#define CLASP_RESTORE_PREFIX "/clasp/restore/"

/* A session id; empty: none. */
typedef struct clasp_session_id {
    uint32_t len;
    uint8_t text[CLASP_SESSION_ID_MAX];
} clasp_session_id;

/* What a SUBSCRIBE carries besides pattern and types. */
typedef struct clasp_sub_options {
    uint32_t has; /* CLASP_HAS_MAX_RATE, … */
    uint32_t rate, history, window_ms;
    double epsilon;
} clasp_sub_options;

struct clasp_client {
    clasp_session *session;
    clasp_pendings pending;
    clasp_store cache; /* params last seen */
    clasp_store own;   /* params last set, with the revision that the relay has told */
    uint8_t claim[CLASP_CLAIM_LEN];

    bool
        is_judged; /* it is known what became of all that an earlier session has sent; else nothing is sent */
    bool is_counted;         /* this relay is one of ours, and counts what it takes */
    bool is_put_off;         /* it had no time for the claim: no PONG says anything */
    uint64_t ask_us;         /* not judged: when it is asked again */
    uint32_t judgements;     /* begun; marks the own params that the relay has shown since */
    clasp_session_id id;     /* of this session … */
    clasp_session_id sender; /* … and of the one that `sent` entries were sent in */
    uint64_t taken; /* SETs and bundles that the relay takes from this client, those under way included */

    clasp_client_clock clock;
    uint64_t sync_us;      /* t1 of the SYNC that is out; 0: none */
    uint64_t last_t1_us;   /* no two SYNCs say the same */
    uint64_t next_sync_us; /* while open */

    clasp_sub_options *options;           /* by id - 1; given by malloc when the first subscription has any */
    const clasp_sub_options *subscribing; /* of the subscription that is being made */

    bool is_bundling;
    clasp_writer bundle; /* over `members` */
    uint32_t member_count;
    uint8_t members[CLASP_FRAME_PAYLOAD_MAX];

    bool is_joining;     /* the relay is one of ours: frames that leave together share a message */
    uint32_t joined_len; /* bytes of frames in `joined` that have not left */
    uint8_t joined[CLASP_FRAME_MAX];
};

static inline clasp_span clasp_session_id_span(const clasp_session_id *id) {
    return (clasp_span){id->text, id->len};
}

static inline clasp_span clasp_client_claim(const clasp_client *client) {
    return (clasp_span){client->claim, CLASP_CLAIM_LEN};
}

/* ---- client.c ------------------------------------------------------------------------------------------------ */

/** Remove an entry and tell who waits for it. `number`: see SETTLED. */
void clasp_client_settle(clasp_client *client, clasp_pending *entry, clasp_err err, double number,
                         clasp_span words);

/** One frame has arrived. */
void clasp_client_received_frame(clasp_client *client, clasp_span frame, uint64_t now_us);

/** Send what may be sent of what waits. */
void clasp_client_flush(clasp_client *client, uint64_t now_us);

/** A value as PARAM or CACHED effect. */
void clasp_client_tell_value(clasp_client *client, clasp_effect_kind kind, uint32_t ticket,
                             clasp_value value);

/* ---- client_join.c ------------------------------------------------------------------------------------------- */

/** A frame is to leave: behind those that wait to leave together. False: the session is not open. */
bool clasp_client_join(void *client, clasp_span frame);

/** From now on frames share messages, or not any more: what waits is forgotten then. */
void clasp_client_set_joining(clasp_client *client, bool is_joining);

/* ---- client_send.c ------------------------------------------------------------------------------------------- */

/**
 * Keep a message as an entry, which is the oldest one with `is_first`. The errors of clasp_frame_write(); NO_MEMORY.
 * @param size at least the bytes of its frame
 */
clasp_err clasp_client_keep(clasp_client *client, clasp_pending_kind kind, const clasp_message *message,
                            uint32_t size, clasp_qos qos, bool is_first, clasp_pending **entry);

/** Send SYNC with a t1 of its own, which is returned. */
uint64_t clasp_client_send_sync(clasp_client *client, uint64_t now_us);

/** At least the bytes of the frame of a SET. */
static inline uint32_t clasp_set_size(const clasp_message *set) {
    return set->address.len + set->value.data.len + 64;
}

/* ---- client_heard.c ------------------------------------------------------------------------------------------ */

extern const clasp_session_watch CLASP_CLIENT_WATCH;

/** A SET or bundle was taken: settle it, and remember its params. `revision` 0: none was told. */
void clasp_client_taken(clasp_client *client, clasp_pending *entry, uint64_t revision, uint64_t now_us);

/** A CLOCK effect. */
void clasp_client_tell_clock(const clasp_client *client);

/** A SET or bundle was refused. */
void clasp_client_refused(clasp_client *client, clasp_pending *entry, uint32_t code, clasp_span words);

/* ---- client_judge.c ------------------------------------------------------------------------------------------ */

/** The session has opened: nothing is known yet. */
void clasp_client_begin_judging(clasp_client *client, uint64_t now_us);

/** Ask who the relay is, and what it has taken. */
void clasp_client_ask(clasp_client *client, uint64_t now_us);

/** The claim was answered by an ERROR. */
void clasp_client_claim_refused(clasp_client *client, uint32_t code, uint64_t now_us);

/** A relay of ours answers: `value` is that of the claim's address. */
void clasp_client_judge_by_claim(clasp_client *client, clasp_value value, uint64_t now_us);

/** Another relay: judge by its params, which were shown to clasp_client_judge_param(). */
void clasp_client_judge_by_params(clasp_client *client, uint64_t now_us);
void clasp_client_judge_param(clasp_client *client, const clasp_param *param);

/* ---- client_own.c -------------------------------------------------------------------------------------------- */

/** A SET of ours has got this revision. */
void clasp_client_own_set(clasp_client *client, const clasp_message *set, uint64_t revision, uint64_t now_us);

/** The members of a bundle of ours, whose last SET has got this revision (0: none was told). */
void clasp_client_own_bundle(clasp_client *client, const clasp_message *bundle, uint64_t revision,
                             uint64_t now_us);

/** A SET of ours to this address was refused. */
void clasp_client_own_refused(clasp_client *client, clasp_span address);

/** The relay shows a param, in a SET or a SNAPSHOT: into the cache; not ours any more when another one has written it. */
void clasp_client_saw(clasp_client *client, clasp_span address, clasp_value value, uint64_t revision);

/** Put back what the relay does not have, before all that waits. `is_ours`: the relay knows restore addresses. */
void clasp_client_put_back(clasp_client *client, bool is_ours, uint64_t now_us);

/** The revision and the address behind a restore address; false: it is none. */
bool clasp_client_read_restore(clasp_span address, uint64_t *revision, clasp_span *target);

#endif
