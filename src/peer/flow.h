/**
 * What travels between one application and its peers: the data plane (docs/wire.md, section 16).
 *
 * A *flow* is all traffic with one peer, for as long as the peer lives; its paths come and go: the data channels of one
 * link, later of another one, the router in between (clasp_p2p decides which, peer/p2p.h). With a peer of ours reliable
 * messages are numbered above the paths, kept until they are acknowledged, sent again on the path that lives, and delivered
 * once, in order. With a peer of another make each message is one plain CLASP frame, and nothing is repeated.
 *
 * Each flow has *channels*: 0 reliable, 1 without retransmission, and those that the application makes for an address and
 * what is below it. A reliable channel is a sequence of its own with a priority of its own. What is said in one turn of the
 * host shares a packet: the calls below only collect; clasp_flows_flush() sends. The host calls it at the end of its turn.
 *
 * What is said reliably is acknowledged by batch: all messages of one packet share a number, which ACKED names once, and a
 * value in pieces has one of its own. Numbers are the flow's, not a channel's, and ACKED may come out of their order.
 *
 * All functions that name a peer return CLASP_BAD_HANDLE when it has no flow. Spans are borrowed for the call.
 */
#ifndef CLASP_PEER_FLOW_H
#define CLASP_PEER_FLOW_H

#include "chunk/piece.h"
#include "peer/p2p.h"

#define CLASP_FLOW_RELIABLE 0u
#define CLASP_FLOW_FAST 1u
#define CLASP_FLOW_FIRST_CUSTOM 2u

// clang-format off
/* What is said to a peer. STREAM goes without retransmission where there is such a channel. */
#define CLASP_FLOW_SAY_LIST(X) X(SET, 0) X(EVENT, 1) X(STREAM, 2)

/* The life of what travels in a pipe (clasp_flow_pipe_*). */
#define CLASP_PIPE_LIST(X) \
    X(OPENED, 0)  /* the peer has opened it; bytes: the address */                                         \
    X(BYTES, 1)   /* some of its bytes; to be given back by clasp_flow_pipe_read() when they are consumed */ \
    X(ROOM, 2)    /* the peer takes more: `number` bytes may be written now */                             \
    X(ENDED, 3)   /* the peer's side ended in order */                                                     \
    X(ABORTED, 4) /* by the peer, or with it; bytes: why; `number`: a clasp_err */
// clang-format on

typedef enum clasp_flow_say {
#define X(name, value) CLASP_FLOW_##name = (value),
    CLASP_FLOW_SAY_LIST(X)
#undef X
} clasp_flow_say;

typedef enum clasp_pipe_event {
#define X(name, value) CLASP_PIPE_##name = (value),
    CLASP_PIPE_LIST(X)
#undef X
} clasp_pipe_event;

typedef struct clasp_flows clasp_flows;

/** The control plane, as the data plane sees it. Called in the midst of the functions below; they may not call back. */
typedef struct clasp_flow_hooks {
    void *context;
    /** As clasp_p2p_path(). */
    void (*path)(void *context, uint32_t peer, uint32_t link, clasp_p2p_path_event event, uint64_t now_us);
    /** As clasp_p2p_record(): a record, at most CLASP_P2P_RECORD_MAX bytes, by way of the router. */
    clasp_err (*record)(void *context, uint32_t peer, clasp_span record);
} clasp_flow_hooks;

/** @param handle the `owner` of all effects
 *  @param seed   for the hashes of addresses
 *  @return given; NULL: no memory */
clasp_flows *clasp_flows_new(uint32_t handle, uint64_t seed, clasp_outbox *out,
                             const clasp_flow_hooks *hooks);
void clasp_flows_free(clasp_flows *f);

/* ---- peers and their paths ----------------------------------------------------------------------------------- */

/** A peer is there, or turned out to be one of ours. @return CLASP_OK; CLASP_NO_MEMORY */
clasp_err clasp_flow_peer(clasp_flows *f, uint32_t peer, bool ours);

/** The peer is over: what waits is dropped, pipes are aborted with `cause`. */
void clasp_flow_gone(clasp_flows *f, uint32_t peer, clasp_err cause);

/** A data channel of a link has opened. @param message_max bytes that the other side takes at once; 0: not said (65,536) */
clasp_err clasp_flow_opened(clasp_flows *f, uint32_t peer, uint32_t link, uint32_t channel,
                            uint32_t message_max, uint64_t now_us);
void clasp_flow_closed(clasp_flows *f, uint32_t peer, uint32_t link, uint32_t channel, uint64_t now_us);

/** The link is gone with all its channels. */
void clasp_flow_link_closed(clasp_flows *f, uint32_t peer, uint32_t link, uint64_t now_us);

/** Bytes that wait in the browser for this channel; to be told after each P2P_SEND, and when they have become few. */
void clasp_flow_buffered(clasp_flows *f, uint32_t peer, uint32_t link, uint32_t channel, uint32_t bytes,
                         uint64_t now_us);

/** The router carries what no direct path can, or does so no longer (P2P_COVER). */
void clasp_flow_cover(clasp_flows *f, uint32_t peer, bool on, uint64_t now_us);

/** 16 random bytes of the host's, asked for by P2P_TOKEN: told to the peer on the direct path.
 *  The token that the peer tells is given to the host by P2P_TOKEN_TOLD. */
clasp_err clasp_flow_token(clasp_flows *f, uint32_t peer, clasp_span token, uint64_t now_us);

/* ---- channels ------------------------------------------------------------------------------------------------ */

/**
 * A channel for `subtree` and all below it, made by the application or by the peer.
 * @param reliable  ordered, and repeated until it arrives
 * @param channel   set to its number, from CLASP_FLOW_FIRST_CUSTOM; where the subtree has a channel, it is that one, and stays
 *                  as it was made
 * @return CLASP_OK; CLASP_BAD_ADDRESS; CLASP_LIMIT (CLASP_FLOW_CHANNELS); CLASP_NO_MEMORY
 */
clasp_err clasp_flow_channel(clasp_flows *f, uint32_t peer, clasp_span subtree, bool reliable,
                             clasp_priority priority, uint32_t *channel);

/** The channel is over: its number means nothing any more; what was said on it and has not arrived is dropped. */
clasp_err clasp_flow_channel_end(clasp_flows *f, uint32_t peer, uint32_t channel);

/* ---- saying -------------------------------------------------------------------------------------------------- */

/** The id of an address, for the functions below; it stays the same until clasp_flow_addresses_renewed() tells otherwise.
 *  @return CLASP_OK; CLASP_BAD_ADDRESS; CLASP_TOO_LARGE; CLASP_NO_MEMORY */
clasp_err clasp_flow_address(clasp_flows *f, clasp_span address, uint32_t *id);

/** Goes up when all ids have been forgotten, since there were CLASP_FLOW_ADDRESSES of them. */
uint32_t clasp_flow_generation(const clasp_flows *f);

/**
 * Say a number, or any value, to a peer.
 * @param value with its type code, checked by its writer; beyond a frame in the wide form (docs/wire.md, section 16)
 * @param batch set on CLASP_OK to the number that ACKED will name; 0: nobody acknowledges it (an unreliable channel, or a
 *              peer of another make)
 * @return CLASP_OK; CLASP_BAD_HANDLE (peer, or address id); CLASP_NOT_CONNECTED: there is no path, and none is looked for;
 *         CLASP_TOO_LARGE: over CLASP_CHUNK_MAX_LEN, or over a frame with a peer of another make; CLASP_QUEUE_FULL: over
 *         CLASP_FLOW_QUEUE_BYTES; CLASP_NO_MEMORY
 */
clasp_err clasp_flow_number(clasp_flows *f, uint32_t peer, clasp_flow_say say, uint32_t address, double value,
                            uint32_t *batch);
clasp_err clasp_flow_value(clasp_flows *f, uint32_t peer, clasp_flow_say say, uint32_t address,
                           clasp_span value, uint32_t *batch);

/** Ask the peer for its value at an address: P2P_GOT with the ticket, or P2P_SETTLED with NOT_FOUND or TIMEOUT. */
clasp_err clasp_flow_get(clasp_flows *f, uint32_t peer, clasp_span address, uint32_t ticket, uint64_t now_us);

/** Send what was said. */
void clasp_flows_flush(clasp_flows *f, uint64_t now_us);

/** A sender of this priority may go on: no more than CLASP_FLOW_READY_BYTES of it and those above wait or are not acknowledged. If
 *  not, and after QUEUE_FULL, one P2P_ROOM follows when half of them are left. */
bool clasp_flow_ready(clasp_flows *f, uint32_t peer, clasp_priority priority);

/** Bytes that wait for this peer and were not yet handed to a channel. */
uint32_t clasp_flow_waiting(const clasp_flows *f, uint32_t peer);

/* ---- hearing ------------------------------------------------------------------------------------------------- */

/** From now on the host keeps the messages of clasp_flow_received(): a value that is most of one is not copied (CLASP_P2P_DELIVER_LENT). */
void clasp_flows_lend(clasp_flows *f);

/**
 * A binary message came on a channel. Deliveries follow as effects; acknowledgements and answers go with the next
 * clasp_flows_flush(), which the host calls at the end of this turn too, so that they share a message with what is
 * answered in it (the deadline is at once if it does not).
 * @return CLASP_OK; the errors of a frame or record: refused, nothing has changed
 */
clasp_err clasp_flow_received(clasp_flows *f, uint32_t peer, uint32_t link, uint32_t channel,
                              clasp_span message, uint64_t now_us);

/** A record came by way of the router (P2P_RECORD). */
clasp_err clasp_flow_record(clasp_flows *f, uint32_t peer, clasp_span record, uint64_t now_us);

/** Subscribe to what this peer says. Params that are known are delivered at once, and what came before the first
 *  subscription. @param sub the host's number, which P2P_ADDRESS names. @return BAD_PATTERN; LIMIT; NO_MEMORY */
clasp_err clasp_flow_subscribe(clasp_flows *f, uint32_t peer, clasp_span pattern, uint32_t sub);
clasp_err clasp_flow_unsubscribe(clasp_flows *f, uint32_t peer, uint32_t sub);

/* ---- pipes: bytes of any length, with end-to-end credit ------------------------------------------------------- */

/** Open a pipe to `address` at the peer. @param pipe set to its number; numbers of ours and of the peer's never meet.
 *  @return LIMIT; BAD_ADDRESS; NOT_CONNECTED (also: a peer of another make) */
clasp_err clasp_flow_pipe_open(clasp_flows *f, uint32_t peer, clasp_span address, clasp_priority priority,
                               uint32_t *pipe);

/** At most what ROOM has allowed. @return CLASP_OK; BAD_HANDLE; QUEUE_FULL: over it */
clasp_err clasp_flow_pipe_write(clasp_flows *f, uint32_t peer, uint32_t pipe, clasp_span bytes);
clasp_err clasp_flow_pipe_end(clasp_flows *f, uint32_t peer, uint32_t pipe);
clasp_err clasp_flow_pipe_abort(clasp_flows *f, uint32_t peer, uint32_t pipe, clasp_span reason);

/** So many bytes that came by BYTES were consumed. */
clasp_err clasp_flow_pipe_read(clasp_flows *f, uint32_t peer, uint32_t pipe, uint32_t bytes);

/* ---- figures and time ---------------------------------------------------------------------------------------- */

// clang-format off
#define CLASP_FLOW_STAT_LIST(X)                                                                            \
    X(SENT_MESSAGES, 0) X(SENT_BYTES, 1) X(RECEIVED_MESSAGES, 2) X(RECEIVED_BYTES, 3)                      \
    X(RESENT, 4)      /* packets sent again on another path */                                             \
    X(DUPLICATES, 5)  /* packets that came twice */                                                        \
    X(WAITING, 6)     /* bytes not yet handed to a channel */                                              \
    X(UNACKED, 7)     /* bytes sent and not acknowledged */                                                \
    X(RTT_US, 8)      /* smoothed; 0: not measured */                                                      \
    X(COVERED_BYTES, 9) /* sent by way of the router */
// clang-format on

typedef enum clasp_flow_stat {
#define X(name, value) CLASP_FLOW_STAT_##name = (value),
    CLASP_FLOW_STAT_LIST(X)
#undef X
} clasp_flow_stat;

double clasp_flow_get_stat(const clasp_flows *f, uint32_t peer, clasp_flow_stat stat);

uint64_t clasp_flows_deadline(const clasp_flows *f);
void clasp_flows_tick(clasp_flows *f, uint64_t now_us);

#endif
