/**
 * The outbox: what the core wants done. Records of one fixed size, and the bytes they speak of.
 *
 * A call into the core appends; the host drains after the call, in order, and clears. The core never waits for an
 * effect: whatever comes of it enters later as an event of its own. Bytes are named by their offset, so that a replay
 * on another machine gives the same records.
 */
#ifndef CLASP_BASE_OUTBOX_H
#define CLASP_BASE_OUTBOX_H

#include "base/bytes.h"

/*
 * Every effect there is. `owner` is the session or conference that speaks; a, b, number, bytes by kind:
 *
 * Relay session                a                 b                    bytes
 *   SOCKET_OPEN                -                 -                    URL
 *   SOCKET_SEND                -                 1: see bytes         one WebSocket message; with b frames, each a message
 *   SOCKET_CLOSE               close code        -                    reason
 *   SESSION_STATE              clasp_session_state  cause (clasp_err) session id when OPEN
 *   ADDRESS                    address id        -                    address: this id now means this text
 *   DELIVER                    address id        value type | signal << 8 | count << 16
 *                                                                     count u32 subscription ids (host byte order), then
 *                                                                     the value data; a number is in `number` alone
 *   SESSION_ERROR              wire ERROR code or 0  clasp_err        the address that it is about (`number` bytes; 0: not
 *                                                                     said), then the relay's words, if any
 *
 * Where bytes are words and empty, the words are those of the result: clasp_err_text().
 *
 * Conference (Sender, Receiver); `a` is the peer's handle unless said otherwise
 *   SIGNAL                     0: to the room, else bytes of the remote id
 *                                                -                    remote id, then the JSON text to emit
 *   PEER                       peer              -                    remote id: this handle now means this peer; empty: nobody
 *   VERIFY                     peer              -                    credentials as JSON, empty: none given
 *   LINK_OPEN                  peer              CLASP_LINK_*         label of the data channel
 *   LINK_OFFER                 peer              round; 0: the first  - (make and set an offer; round > 0 restarts ICE)
 *   LINK_ANSWER                peer              round                SDP of the offer to set and answer
 *   LINK_APPLY                 peer              round                SDP of the answer to set
 *   LINK_CANDIDATE             peer              round                candidate as JSON
 *   LINK_CLOSE                 peer              -                    -
 *   PEER_STATE                 peer              1: raise `sync`      the remote state as JSON
 *   PEER_CONNECTED             peer              1: again, it recovered  -
 *   PEER_RECOVERING            peer              -                    - (the path broke; a restart is under way)
 *   PEER_DISPOSED              peer              cause, OK: in order  words
 *   PEER_ERROR                 peer or 0         clasp_err            words; not fatal
 *   TRANSMIT                   peer              ticket               -
 *   DROP                       peer              ticket               - (the queue was full, or the peer is gone)
 *
 * Data-channel peers (p2p). `a` is the peer's handle unless said otherwise, `b` of LINK effects the link's number
 *   P2P_SUBSCRIBE              bytes of the pattern  -                pattern whose PUBLISHes are handed to clasp_p2p_signal()
 *   P2P_UNSUBSCRIBE            bytes of the pattern  -                a pattern of an earlier SUBSCRIBE
 *   P2P_SIGNAL                 bytes of the address  peer or 0        address, then the value to PUBLISH as an event
 *   P2P_PEER                   peer              CLASP_P2P_PEER_*     id (`number` bytes), then session: this handle now
 *                                                                     means this peer; empty: nobody
 *   P2P_PEER_STATE             peer              clasp_p2p_state      words; `number`: the cause, a clasp_err
 *   P2P_ASK                    peer              1: we would dial     - (clasp_p2p_decide() is awaited)
 *   P2P_SETTLED                ticket            peer or 0            words; `number`: the result, a clasp_err
 *   P2P_LINK_OPEN              peer              link                 `number`: CLASP_P2P_OPEN_*
 *   P2P_LINK_OFFER             peer              link                 `number`: round; above 0: with an ICE restart
 *   P2P_LINK_ANSWER            peer              link                 SDP of the offer to set and answer; `number`: round
 *   P2P_LINK_APPLY             peer              link                 SDP of the answer to set; `number`: round
 *   P2P_LINK_CANDIDATE         peer              link                 candidate as JSON; `number`: round
 *   P2P_LINK_CLOSE             peer              link                 `number`: 1: the peer is told, and may end it first
 *   P2P_COVER                  peer              CLASP_P2P_COVER_*: ends, begins, begins anew under another session
 *                                                                     - (records go by clasp_p2p_record() meanwhile)
 *   P2P_TOKEN                  peer              -                    - (draw 16 random bytes, tell both sides)
 *   P2P_RECORD                 peer              -                    a record that came through the router
 *   P2P_SEND                   peer              link << 8 | channel  one binary message for a data channel
 *   P2P_FROM                   peer              -                    - (P2P_ADDRESS and P2P_DELIVER behind it are this peer's)
 *   P2P_ADDRESS                address id        count                count u32 subscription numbers (host byte order), then the
 *                                                                     address: what this id means now, and where it leads
 *   P2P_DELIVER                address id        value type | signal << 8 | CLASP_P2P_DELIVER_* << 16
 *                                                                     the value data; a number is in `number` alone;
 *                                                                     LENT: where the bytes begin that the message ends with
 *   P2P_ACKED                  peer              batch                - (this batch has arrived, and no other one is told by it)
 *   P2P_RAW                    peer              link << 8 | channel  a message that is not CLASP's
 *   P2P_GOT                    ticket            value type | CLASP_P2P_DELIVER_* << 16
 *                                                                     the value data; a number is in `number` alone
 *   P2P_TOKEN_TOLD             peer              -                    the token that the peer tells
 *   P2P_PIPE                   peer              pipe << 8 | clasp_pipe_event  see peer/flow.h
 *   P2P_ROOM                   peer              priority             - (see clasp_flow_ready())
 *   P2P_DOUBT                  peer              -                    - (its direct path may be broken: is the session with the
 *                                                                     router alive?)
 *
 * Hub (the relay's side)
 *   HUB_SEND                   count             -                    count u32 session handles, then one frame for all
 *   HUB_CLOSE                  session           close code           reason
 *   HUB_EVENT                  session           clasp_hub_event      text for the log
 *   HUB_JOINS                  session           -                    - (it takes several frames in one message)
 *   HUB_SLOW                   session           -                    - (it is over its rate: what it sends may wait)
 *
 * Rendezvous
 *   RENDEZVOUS                 -                 -                    the answer, as JSON
 */
// clang-format off
#define CLASP_EFFECT_LIST(X) \
    X(SOCKET_OPEN, 1) X(SOCKET_SEND, 2) X(SOCKET_CLOSE, 3) X(SESSION_STATE, 4) X(ADDRESS, 5) X(DELIVER, 6)         \
    X(SESSION_ERROR, 7) X(SETTLED, 8) X(PARAM, 9) X(RESULT, 10) X(CACHED, 11) X(CLOCK, 12)                         \
    X(SIGNAL, 16) X(PEER, 17) X(VERIFY, 18) X(LINK_OPEN, 19) X(LINK_OFFER, 20) X(LINK_ANSWER, 21)                  \
    X(LINK_APPLY, 22) X(LINK_CANDIDATE, 23) X(LINK_CLOSE, 24) X(PEER_STATE, 25) X(PEER_CONNECTED, 26)              \
    X(PEER_RECOVERING, 27) X(PEER_DISPOSED, 28) X(PEER_ERROR, 29) X(TRANSMIT, 30) X(DROP, 31)                      \
    X(HUB_SEND, 48) X(HUB_CLOSE, 49) X(HUB_EVENT, 50) X(HUB_JOINS, 51) X(HUB_SLOW, 52) X(RENDEZVOUS, 56)
/* A list of its own: who has no data-channel peers does not load their names. */
#define CLASP_P2P_EFFECT_LIST(X) \
    X(P2P_SUBSCRIBE, 64) X(P2P_UNSUBSCRIBE, 65) X(P2P_SIGNAL, 66) X(P2P_PEER, 67) X(P2P_PEER_STATE, 68)             \
    X(P2P_ASK, 69) X(P2P_SETTLED, 70) X(P2P_LINK_OPEN, 71) X(P2P_LINK_OFFER, 72) X(P2P_LINK_ANSWER, 73)            \
    X(P2P_LINK_APPLY, 74) X(P2P_LINK_CANDIDATE, 75) X(P2P_LINK_CLOSE, 76) X(P2P_COVER, 77) X(P2P_TOKEN, 78)        \
    X(P2P_RECORD, 79)                                                                                              \
    X(P2P_SEND, 80) X(P2P_FROM, 81) X(P2P_ADDRESS, 82) X(P2P_DELIVER, 83) X(P2P_ACKED, 84) X(P2P_RAW, 85)           \
    X(P2P_GOT, 86) X(P2P_TOKEN_TOLD, 87) X(P2P_PIPE, 88) X(P2P_ROOM, 89) X(P2P_DOUBT, 90)
#define CLASP_P2P_COVER_ENDS 0u
#define CLASP_P2P_COVER_BEGINS 1u
#define CLASP_P2P_COVER_ANEW 2u
#define CLASP_P2P_DELIVER_BROADCAST 1u /* it came by broadcast; its address is without the prefix */
#define CLASP_P2P_DELIVER_WIDE 2u      /* the value is in the wide form */
#define CLASP_P2P_DELIVER_RAW 4u       /* a message of the application for the channel at this address, and for nobody else */
#define CLASP_P2P_DELIVER_LENT 8u      /* the data were not copied (clasp_flows_lend()) */
// clang-format on

typedef enum clasp_effect_kind {
#define X(name, value) CLASP_EFFECT_##name = (value),
    CLASP_EFFECT_LIST(X) CLASP_P2P_EFFECT_LIST(X)
#undef X
} clasp_effect_kind;

/** One record; the glue reads this layout through typed arrays. */
typedef struct clasp_effect {
    uint32_t kind;  /* clasp_effect_kind */
    uint32_t owner; /* handle of the session or conference */
    uint32_t a;
    uint32_t b;
    double number; /* DELIVER, PARAM, CACHED of a number: its value; other effects: see above */
    uint32_t at;   /* offset of the bytes in the outbox's bytes */
    uint32_t len;  /* bytes */
} clasp_effect;
_Static_assert(sizeof(clasp_effect) == 32, "the glue reads this layout");

typedef struct clasp_outbox {
    clasp_effect *effects; /* given by malloc */
    uint32_t count, cap;   /* records */
    uint8_t *bytes;        /* given by malloc */
    uint32_t len, bytes_cap;
    clasp_err err; /* CLASP_NO_MEMORY or CLASP_TOO_LARGE that sticks until clasp_outbox_clear() */
} clasp_outbox;

void clasp_outbox_deinit(clasp_outbox *out);

/** Forget all records; what was allocated stays for the next call, up to CLASP_OUTBOX_KEEP bytes. */
void clasp_outbox_clear(clasp_outbox *out);

/** Append an effect whose bytes are copied. NULL bytes with a length: the room is left for the caller to fill. */
clasp_effect *clasp_outbox_add(clasp_outbox *out, clasp_effect_kind kind, uint32_t owner, uint32_t a,
                               uint32_t b, clasp_span bytes);

/** Append an effect whose bytes are two spans, one after the other. */
clasp_effect *clasp_outbox_add2(clasp_outbox *out, clasp_effect_kind kind, uint32_t owner, uint32_t a,
                                uint32_t b, clasp_span first, clasp_span second);

/** Bytes of an effect, lent until the next call that appends. */
static inline clasp_span clasp_outbox_bytes(const clasp_outbox *out, const clasp_effect *effect) {
    return (clasp_span){out->bytes + effect->at, effect->len};
}

#endif
