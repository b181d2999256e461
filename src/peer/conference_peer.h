/** What a conference knows of one peer: its standing in the tables, what waits for it, and when it is due. */
#ifndef CLASP_PEER_CONFERENCE_PEER_H
#define CLASP_PEER_CONFERENCE_PEER_H

#include "base/limits.h"
#include "base/text.h"
#include "peer/conference_table.h"

#define NEVER UINT64_MAX

typedef enum peer_timer {
    TIMER_EXPIRE, /* the connection, or its recovery, took too long */
    TIMER_RETRY,  /* ask again */
    TIMER_SILENT, /* nothing was heard of the peer since its path broke */
    TIMER_SYNC,   /* the peer has not acknowledged the state */
    TIMER_FORGET, /* a closed peer's slot becomes free */
    TIMER_COUNT
} peer_timer;

/** A remote candidate that came before its description. */
typedef struct early_candidate {
    clasp_text json;
    uint64_t attempt; /* 0: the peer does not number its attempts */
    uint32_t round;
} early_candidate;

typedef struct conference_peer {
    clasp_text id;
    uint32_t handle; /* 0 while closed */
    negotiation_state negotiation;
    path_state path;
    bool ours;   /* the peer speaks the extension */
    bool gone;   /* the peer said that it will not be back */
    bool heard;  /* a signal came since the path broke */
    bool failed; /* ICE itself gave up on this round */
    bool linked; /* LINK_OPEN was asked for */
    bool channel_open;
    uint64_t attempt; /* the running one; 0: none yet */
    uint64_t dead;    /* attempts up to this one are over */
    uint32_t round;
    uint64_t rev;     /* of the state: last one acknowledged by it (Sender) or seen from it (Receiver) */
    uint64_t sent_us; /* when the description was last sent */
    uint8_t retries;  /* repeats so far: the back-off's exponent */
    uint8_t syncs;
    clasp_text sdp;                     /* local description of the round, to be sent again */
    clasp_text state;                   /* Receiver: the Sender's state, JSON */
    clasp_text found[CLASP_CANDIDATES]; /* local candidates of the round, JSON */
    uint32_t found_count;
    early_candidate early[CLASP_CANDIDATES];
    uint32_t early_count;
    uint32_t *tickets; /* given by malloc: messages waiting for the channel, oldest first */
    uint32_t ticket_count;
    uint64_t timers[TIMER_COUNT]; /* us; NEVER: off */
} conference_peer;

/** Given; NULL: no memory. */
conference_peer *conference_peer_new(clasp_span id);
void conference_peer_free(conference_peer *peer);

/** Forget what belonged to the running attempt; what must outlive it stays (id, dead, gone, retries). */
void conference_peer_reset(conference_peer *peer);

/** Forget the descriptions and candidates of the running round. */
void conference_peer_next_round(conference_peer *peer, uint32_t round);

/** Earliest of the timers. */
uint64_t conference_peer_deadline(const conference_peer *peer);

/** Keep a local candidate. false: no room, or no memory; it is then sent but not repeated. */
bool conference_peer_found(conference_peer *peer, clasp_span json);

/** Keep an early remote candidate; the oldest one goes when there is no room. */
void conference_peer_early(conference_peer *peer, clasp_span json, uint64_t attempt, uint32_t round);

/** Queue a ticket, at most `max`; the ticket that had to go instead, or 0. */
uint32_t conference_tickets_push(uint32_t **tickets, uint32_t *count, uint32_t max, uint32_t ticket);

#endif
