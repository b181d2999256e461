/** The inside of a hub. For src/hub/ only. */
#ifndef CLASP_HUB_STATE_H
#define CLASP_HUB_STATE_H

#include "base/text.h"
#include "hub/gestures.h"
#include "hub/hosts.h"
#include "hub/hub.h"
#include "hub/journal.h"
#include "hub/params.h"
#include "hub/resume.h"
#include "hub/sessions.h"
#include "hub/subs.h"
#include "hub/tokens.h"

struct clasp_hub {
    clasp_outbox *out; /* the host's */
    clasp_hub_sessions sessions;
    clasp_hub_subs subs;
    clasp_hub_params params;
    clasp_hub_resume resume;
    uint64_t outcome; /* what the message at hand was answered with, see clasp_hub_resume_note() */
    clasp_hub_journal journal;
    clasp_hub_gestures gestures;
    uint64_t now_us; /* of the call at hand */
    clasp_hub_hosts hosts;
    clasp_hub_tokens tokens;
    bool has_tokens;        /* HELLO needs one of them */
    bool is_over_rate;      /* a frame of the message at hand was over a rate */
    size_t announced_bytes; /* of all sessions */
    clasp_random random;
    clasp_text name;
    uint32_t max_subscriptions, messages_per_second; /* per session */
    uint64_t expiry_us;  /* when the first token of a session expires; UINT64_MAX: never */
    uint64_t sweep_us;   /* when what is over is looked for; UINT64_MAX: nothing is held */
    uint64_t fan_outs;   /* number of the latest one */
    uint32_t *receivers; /* handles of a fan-out, room for all sessions; given by malloc */
    uint64_t stats[CLASP_HUB_STAT_COUNT];
    uint8_t frame[CLASP_FRAME_MAX];          /* being encoded */
    uint8_t items[CLASP_FRAME_PAYLOAD_MAX];  /* of a list being built */
    uint8_t legacy[CLASP_FRAME_PAYLOAD_MAX]; /* the message at hand, when it came as a legacy payload */
};

#define CLASP_HUB_FORBIDDEN_TEXT "the token's scopes do not cover this"

#define CLASP_HUB_COUNT(hub, name) ((hub)->stats[CLASP_HUB_STAT_##name]++)

/** Answer to one message of an open session (HELLO: of any). Spans of the message are borrowed. */
typedef void clasp_hub_handler(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                               uint64_t now_us);

/** The handler of a message type; NULL: such a message is ignored. */
clasp_hub_handler *clasp_hub_handler_of(uint8_t type);

clasp_hub_handler clasp_hub_on_set, clasp_hub_on_publish, clasp_hub_on_bundle;  /* traffic.c */
clasp_hub_handler clasp_hub_on_get, clasp_hub_on_subscribe, clasp_hub_on_query; /* lookup.c */
clasp_hub_handler clasp_hub_on_replay;                                          /* replay.c */

/** Something is held that is over at a time: the next look for such things comes then at the latest, or CLASP_HUB_SWEEP_US from
 *  now if that is later. */
void clasp_hub_want_sweep(clasp_hub *hub, uint64_t at_us);

/** Take back all that a session has: subscriptions, locks, announcements. */
void clasp_hub_strip(clasp_hub *hub, clasp_hub_session *session);

/** Hold back a PUBLISH if it is a move of a running gesture: true, and it goes out later. */
bool clasp_hub_hold_move(clasp_hub *hub, const clasp_hub_session *session, const clasp_message *publish);

/** Send the moves that are held of a session at an address: before anything else of it goes there. */
void clasp_hub_release_moves(clasp_hub *hub, const clasp_hub_session *session, clasp_span address);

/** A PUBLISH of signal gesture went out: gestures start and end with it. */
void clasp_hub_follow_gesture(clasp_hub *hub, clasp_hub_session *session, const clasp_message *publish);

/** Send the moves whose time has come; those of gestures that are too many or too old, and forget these; those of a session that
 *  ends, and forget its gestures. */
void clasp_hub_release_due_moves(clasp_hub *hub);
void clasp_hub_trim_gestures(clasp_hub *hub);
void clasp_hub_drop_gestures(clasp_hub *hub, const clasp_hub_session *session);
/** The same, and the session itself. */
void clasp_hub_forget(clasp_hub *hub, clasp_hub_session *session);

/** SNAPSHOTs of all params, as many as their size needs; one without a param when there is none. */
void clasp_hub_send_params(clasp_hub *hub, clasp_hub_session *session, uint64_t now_us);

/** What a new subscription asks for of the past (its options history and window), from the journal. */
void clasp_hub_send_history(clasp_hub *hub, clasp_hub_session *session, const clasp_message *subscribe);

#endif
