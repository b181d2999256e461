/** The conference itself: shared by conference.c (what comes in) and conference_do.c (what is done about it). */
#ifndef CLASP_PEER_CONFERENCE_CORE_H
#define CLASP_PEER_CONFERENCE_CORE_H

#include "base/random.h"
#include "peer/conference_peer.h"
#include "peer/conference_signal.h"

struct clasp_conference {
    clasp_outbox *out;
    uint32_t handle;
    clasp_role role;
    bool started;
    bool signalling_down;
    bool was_connected; /* to anybody, since the start */
    bool data_channel;
    bool verify;
    uint64_t timeout_us;       /* connection, and recovery; 0: none */
    uint64_t ping_interval_us; /* 0: none */
    uint32_t ping_attempts;
    uint32_t queue_size;
    clasp_text id;
    clasp_text state;       /* Sender: JSON */
    uint64_t rev;           /* number of that state */
    clasp_text credentials; /* Receiver: JSON */
    uint64_t last_attempt;
    uint32_t generation;
    clasp_random random;
    conference_peer *peers[CLASP_CONFERENCE_PEERS];
    uint64_t invoked_us; /* when the whole room was last invoked */
    uint64_t invoke_us;  /* when to invoke the whole room again; NEVER: not */
    uint8_t invokes;     /* the back-off's exponent */
    uint8_t looks;       /* for so many more it stays where it is: a connection is gone */
    uint32_t pings_left;
    uint32_t *waiting; /* tickets from before there was any peer */
    uint32_t waiting_count;
};

/* ---- conference_slots.c: who is who -------------------------------------------------------------------------- */

/** NULL when the handle names nobody any more. */
conference_peer *conference_by_handle(const clasp_conference *c, uint32_t handle);
conference_peer *conference_by_id(const clasp_conference *c, clasp_span id);

/** The peer with this id, made when there is none; forgotten again unless a connection comes of it. NULL: see `err`. */
conference_peer *conference_peer_for(clasp_conference *c, clasp_span id, uint64_t now_us, clasp_err *err);

/* ---- conference_do.c: effects -------------------------------------------------------------------------------- */

/** Emit a signal to one peer, or to the room when `peer` is NULL. Sets its id. */
void conference_emit(clasp_conference *c, const conference_peer *peer, conference_signal *signal);

/** An invoke to the whole room. */
void conference_invoke_room(clasp_conference *c, uint64_t now_us);

/** The state, to a peer that has an offer. */
void conference_send_sync(clasp_conference *c, conference_peer *peer, uint64_t now_us);

/** Tell the application of a fault that ends nothing. `peer` may be NULL; empty words: those of the result. */
void conference_error(clasp_conference *c, const conference_peer *peer, clasp_err err, clasp_span text);

/** Carry out an action of the negotiation's table. `signal` is the one that led to it, or NULL. */
void conference_do(clasp_conference *c, conference_peer *peer, negotiation_action action,
                   const conference_signal *signal, uint64_t now_us);

/** Step the negotiation and carry out what follows. false: the event is not for this state. */
bool conference_step(clasp_conference *c, conference_peer *peer, negotiation_event event,
                     const conference_signal *signal, uint64_t now_us);

/** Step the path and carry out what follows. */
void conference_path(clasp_conference *c, conference_peer *peer, path_event event, uint64_t now_us);

/** Let a peer go. `tell`: by a dispose signal. */
void conference_dispose(clasp_conference *c, conference_peer *peer, clasp_err cause, clasp_span text,
                        bool tell, uint64_t now_us);

/** The same, for a peer with which nothing was opened yet: no event but that its handle means nobody any more. */
void conference_forget(clasp_conference *c, conference_peer *peer, uint64_t now_us);

/** A remote candidate: to the link, or kept until its description is there. */
void conference_candidate(clasp_conference *c, conference_peer *peer, const conference_signal *signal);

/** Hand over a ticket, or keep it until the channel opens. */
void conference_transmit(clasp_conference *c, conference_peer *peer, uint32_t ticket);

/** Hand over all that waited for the channel. */
void conference_flush(clasp_conference *c, conference_peer *peer);

/** Repeat what the peer's state repeats, after a wait that doubles each time. */
void conference_arm_retry(clasp_conference *c, conference_peer *peer, uint64_t now_us);

/** Back-off with jitter: `first` doubled `exponent` times, at most `last`, give or take a fifth. */
uint64_t conference_backoff(clasp_conference *c, uint64_t first_us, uint8_t exponent, uint64_t last_us);

#endif
