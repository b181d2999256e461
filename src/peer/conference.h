/**
 * Conferencing by pluggable signalling: what a Sender and a Receiver decide (docs/wire.md, section 11).
 *
 * A Sender publishes to many Receivers of a room and always makes the offer. Signals are small JSON documents that a
 * driver of the application's carries, late, twice, out of order or never. The negotiation of each peer is one table
 * of (state, event) -> (state, effect) in conference_table.c; this room does no I/O, LINK_* effects move the browser's
 * RTCPeerConnection and clasp_conference_link() reports what became of it.
 */
#ifndef CLASP_PEER_CONFERENCE_H
#define CLASP_PEER_CONFERENCE_H

#include "base/outbox.h"

// clang-format off
#define CLASP_ROLE_LIST(X) X(SENDER, 0) X(RECEIVER, 1)

/* Where a peer stands, as seen from outside (conference_table.h has the two tables behind it). */
#define CLASP_PEER_STATE_LIST(X)                                                                          \
    X(CLOSED, 0)      /* nothing; the slot remembers for a while what must not come back */              \
    X(INVITED, 1)     /* Receiver: a Sender is known, its offer is awaited */                            \
    X(VERIFYING, 2)   /* Sender: the application decides on the Receiver */                              \
    X(OFFERING, 3)    /* Sender: the browser makes an offer */                                           \
    X(OFFERED, 4)     /* Sender: the offer is out, its answer awaited */                                 \
    X(ANSWERING, 5)   /* Receiver: the browser applies an offer and makes the answer */                  \
    X(CONNECTING, 6)  /* descriptions are exchanged, ICE is at work */                                   \
    X(CONNECTED, 7)                                                                                      \
    X(RECOVERING, 8)  /* the path broke after it had worked; awaiting a restart's offer or answer */

/* What the browser reports of a link. */
#define CLASP_LINK_EVENT_LIST(X)                                                                          \
    X(LOCAL, 0)        /* a local description is made and set; bytes: SDP; arg: round */                 \
    X(APPLIED, 1)      /* the remote answer is set; arg: round */                                        \
    X(CANDIDATE, 2)    /* a local candidate; bytes: JSON; arg: round */                                  \
    X(CONNECTED, 3)    /* ICE connected or completed */                                                  \
    X(DISCONNECTED, 4) /* ICE disconnected: may heal */                                                  \
    X(FAILED, 5)       /* ICE failed */                                                                  \
    X(CLOSED, 6)       /* the browser closed it */                                                       \
    X(REFUSED, 7)      /* a LINK_* step failed; bytes: why; arg: 1 if only a candidate was refused */    \
    X(CHANNEL_OPEN, 8) /* the data channel may be written to */                                          \
    X(CHANNEL_CLOSED, 9)
// clang-format on

typedef enum clasp_role {
#define X(name, value) CLASP_ROLE_##name = (value),
    CLASP_ROLE_LIST(X)
#undef X
} clasp_role;

typedef enum clasp_peer_state {
#define X(name, value) CLASP_PEER_##name = (value),
    CLASP_PEER_STATE_LIST(X)
#undef X
} clasp_peer_state;

typedef enum clasp_link_event {
#define X(name, value) CLASP_LINK_##name = (value),
    CLASP_LINK_EVENT_LIST(X)
#undef X
} clasp_link_event;

#define CLASP_LINK_OPEN_CHANNEL 1u /* LINK_OPEN's b: make a data channel */

typedef struct clasp_conference clasp_conference;

/**
 * What clasp_conference_start() takes, as one JSON object (the room is the host's affair: it names the namespaces):
 *
 *   id                 string: the own id, required
 *   state              Sender: any JSON, sent with each offer
 *   credentials        Receiver: any JSON, sent with each invoke
 *   dataChannel        Sender: true: a data channel for each peer
 *   verify             Sender: true: VERIFY is asked before a peer is let in
 *   connectionTimeout  seconds, 30; 0: none
 *   pingInterval       Receiver: seconds, 30; 0: no pings
 *   pingAttempts       Receiver: 10
 *   queueSize          Sender: messages waiting for each peer's channel, 10
 */

/**
 * @param handle the `owner` of all its effects
 * @param seed   for back-off jitter and attempt numbers
 * @param out    where effects go; must outlive the conference
 * @return given; free with clasp_conference_free(). NULL: no memory
 */
clasp_conference *clasp_conference_new(uint32_t handle, clasp_role role, uint64_t seed, clasp_outbox *out);
void clasp_conference_free(clasp_conference *c);

/** Begin. Effects: SIGNAL (invoke to the room).
 *  @return CLASP_OK; CLASP_BAD_STATE when started; CLASP_BAD_JSON; CLASP_BAD_SIGNAL; CLASP_TOO_LARGE */
clasp_err clasp_conference_start(clasp_conference *c, clasp_span config, uint64_t now_us);

/** End: a dispose signal to each peer, LINK_CLOSE and PEER_DISPOSED for each. Idempotent. */
void clasp_conference_stop(clasp_conference *c, uint64_t now_us);

/**
 * A message came through the driver, from one of the two own namespaces. Foreign and unknown ones are ignored.
 * @param json borrowed
 * @return CLASP_OK; CLASP_BAD_JSON, CLASP_BAD_UTF8, CLASP_TOO_DEEP, CLASP_TOO_LARGE, CLASP_BAD_SIGNAL: refused, and
 *         PEER_ERROR says so; CLASP_LIMIT: too many peers
 */
clasp_err clasp_conference_signal(clasp_conference *c, clasp_span json, uint64_t now_us);

/** The driver's way works (again), or is down: while it is down no peer is given up for its silence. */
void clasp_conference_signalling(clasp_conference *c, bool up, uint64_t now_us);

/** The answer to VERIFY. */
clasp_err clasp_conference_verified(clasp_conference *c, uint32_t peer, bool accepted, uint64_t now_us);

/** What became of a link. Reports for a peer that is gone are refused with CLASP_BAD_HANDLE. */
clasp_err clasp_conference_link(clasp_conference *c, uint32_t peer, clasp_link_event event, uint32_t arg,
                                clasp_span bytes, uint64_t now_us);

/**
 * Send message `ticket` to one peer, or to all when `peer` is 0. For each it concerns, one TRANSMIT (now, or when the
 * channel opens) or one DROP will follow. With nobody there yet it waits for the first peer: one effect then.
 * @param reached set to the number of peers; 0: it waits for the first
 * @return CLASP_OK; CLASP_BAD_HANDLE; CLASP_BAD_STATE when not started
 */
clasp_err clasp_conference_send(clasp_conference *c, uint32_t peer, uint32_t ticket, uint32_t *reached);

/** Sender: change the state and tell every peer. @param merge the members of `json` replace those of the state */
clasp_err clasp_conference_sync(clasp_conference *c, clasp_span json, bool merge, uint64_t now_us);

/** Let one peer go, with a dispose signal. */
clasp_err clasp_conference_dispose(clasp_conference *c, uint32_t peer, uint64_t now_us);

/** The handle of the peer with this id; 0 when there is none. */
uint32_t clasp_conference_find(const clasp_conference *c, clasp_span id);

clasp_peer_state clasp_conference_peer_state(const clasp_conference *c, uint32_t peer);

/** When clasp_conference_tick() wants to be called next, in us; UINT64_MAX: never. */
uint64_t clasp_conference_deadline(const clasp_conference *c);
void clasp_conference_tick(clasp_conference *c, uint64_t now_us);

#endif
