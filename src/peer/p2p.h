/**
 * Data-channel peers by signals over a CLASP router: what one application decides (docs/wire.md, section 15).
 *
 * One clasp_p2p stands for one application. It announces itself, hears of others, dials and is dialled, and keeps each
 * peer through ICE restarts, new connections and times without any. It does no I/O: the host hands in what came, carries
 * out the effects (base/outbox.h) in order, and calls clasp_p2p_tick() at the deadline. What travels on the channels is
 * the data plane's; the two meet in clasp_p2p_path(), clasp_p2p_token(), clasp_p2p_record() and the effects COVER, TOKEN
 * and RECORD.
 *
 * Three dialects are spoken at once, and each peer is answered in its own:
 *   CLASP  /clasp/p2p/announce, /clasp/p2p/signal/{session}
 *   NAMED  /webrtc/signal/{from}/{to}, directly or by a forwarder
 *   ROOM   /video/room/{room}/signal/{session}: media instead of data channels
 *
 * A peer has up to two links (RTCPeerConnections): the one in use, and one that may take its place. Reports on links name
 * both peer and link, so a late one about a link that is gone is refused.
 *
 * All functions return CLASP_BAD_STATE before clasp_p2p_start(), and CLASP_BAD_HANDLE for a peer or link that is gone.
 * After a failed allocation an input may be repeated; what an effect could not hold is in the outbox's `err`.
 */
#ifndef CLASP_PEER_P2P_H
#define CLASP_PEER_P2P_H

#include "peer/conference.h"

// clang-format off
#define CLASP_P2P_DIALECT_LIST(X) X(CLASP, 0) X(NAMED, 1) X(ROOM, 2)

/* Where a peer stands. */
#define CLASP_P2P_STATE_LIST(X)                                                                            \
    X(KNOWN, 0)        /* announced, or told by the host; nothing is wanted of it yet */                   \
    X(CONNECTING, 1)                                                                                       \
    X(CONNECTED, 2)    /* the reliable channel is open, or, in a room, ICE is connected */                 \
    X(DISCONNECTED, 3) /* no direct path works; one is looked for, the relay may cover */                  \
    X(FAILED, 4)       /* given up; connect() tries again */                                               \
    X(CLOSED, 5)       /* one of the two sides has ended it */

/* What the browser reports of a link: as for a conference, and two more. CHANNEL_OPEN and CHANNEL_CLOSED have arg 0 for the
 * reliable channel and 1 for the unreliable one. */
#define CLASP_P2P_LINK_LIST(X) CLASP_LINK_EVENT_LIST(X)                                                    \
    X(GATHERED, 10)    /* no more local candidates will come */                                            \
    X(DTLS_FAILED, 11) /* ICE found a way, the handshake on it failed */

/* What the data plane reports of a link. */
#define CLASP_P2P_PATH_LIST(X)                                                                             \
    X(PROVEN, 0)  /* bytes went there and back; awaited after COVER has begun */                                                      \
    X(SILENT, 1)  /* data waits, and nothing comes back */                                                 \
    X(ALIVE, 2)   /* something came after a silence */                                                     \
    X(DOUBTED, 3) /* data waits, and nothing was heard for longer than usual: SILENT or PROVEN follows */

/* Why a peer is not connected, or slow. Each has a rule over counted facts in p2p_explain.c; the first that holds is given. */
#define CLASP_P2P_VERDICT_LIST(X)                                                                          \
    X(CONNECTED, 0)          /* by a direct path */                                                        \
    X(CONNECTED_RELAY, 1)    /* by a direct path that both sides could only find through TURN */           \
    X(COVERED, 2)            /* no direct path; the router carries what is sent */                         \
    X(SIGNALLING_DOWN, 3)    /* there is no session with a router */                                       \
    X(NEVER_ANNOUNCED, 4)    /* nobody under this id was heard of */                                       \
    X(REJECTED_BY_PEER, 5)                                                                                 \
    X(REJECTED_HERE, 6)                                                                                    \
    X(PEER_GONE, 7)          /* the router does not know its session any more, or it fell silent */        \
    X(CLOSED, 8)             /* one of the two sides has ended it */                                       \
    X(UNDECIDED, 9)          /* the application has not decided yet */                                     \
    X(BROWSER_REFUSED, 10)   /* a step of the negotiation */                                               \
    X(SIGNALLING_SILENT, 11) /* an offer is out, nothing came back */                                      \
    X(NO_CANDIDATES, 12)     /* the browser found no address: no network, or none allowed */               \
    X(DTLS_FAILED, 13)       /* a way was found, the handshake on it failed */                             \
    X(CHANNEL_UNOPENED, 14)  /* a way was found, the channel did not open */                               \
    X(UDP_BLOCKED, 15)       /* STUN or TURN was configured, and not one address came of it */             \
    X(NO_RELAY, 16)          /* both sides' public addresses failed, and there is no TURN */               \
    X(ONLY_HOST, 17)         /* only addresses of the local network, and no STUN or TURN configured */     \
    X(ICE_FAILED, 18)        /* no pair of addresses worked */                                             \
    X(TIMED_OUT, 19)                                                                                       \
    X(CONNECTING, 20)        /* under way, nothing is wrong so far */                                      \
    X(IDLE, 21)              /* known, and nobody asked for a connection */
// clang-format on

typedef enum clasp_p2p_dialect {
#define X(name, value) CLASP_P2P_DIALECT_##name = (value),
    CLASP_P2P_DIALECT_LIST(X)
#undef X
} clasp_p2p_dialect;

typedef enum clasp_p2p_state {
#define X(name, value) CLASP_P2P_##name = (value),
    CLASP_P2P_STATE_LIST(X)
#undef X
        CLASP_P2P_STATE_COUNT
} clasp_p2p_state;

typedef enum clasp_p2p_link_event {
#define X(name, value) CLASP_P2P_LINK_##name = (value),
    CLASP_P2P_LINK_LIST(X)
#undef X
} clasp_p2p_link_event;

typedef enum clasp_p2p_path_event {
#define X(name, value) CLASP_P2P_PATH_##name = (value),
    CLASP_P2P_PATH_LIST(X)
#undef X
} clasp_p2p_path_event;

typedef enum clasp_p2p_verdict {
#define X(name, value) CLASP_P2P_VERDICT_##name = (value),
    CLASP_P2P_VERDICT_LIST(X)
#undef X
        CLASP_P2P_VERDICT_COUNT
} clasp_p2p_verdict;

/* b of PEER */
#define CLASP_P2P_PEER_OURS 1u      /* it speaks the extension */
#define CLASP_P2P_PEER_ANNOUNCED 2u /* by itself, or by the host */
#define CLASP_P2P_PEER_ROOM 4u      /* of the video room */

/* number of LINK_OPEN */
#define CLASP_P2P_OPEN_CHANNELS 1u /* make the channel clasp-reliable */
#define CLASP_P2P_OPEN_FAST 2u     /* and the channel clasp */
#define CLASP_P2P_OPEN_MEDIA 4u    /* add the tracks; no channel */

#define CLASP_P2P_TOKEN_LEN 16u /* bytes */

typedef struct clasp_p2p clasp_p2p;

/**
 * What clasp_p2p_start() takes, as one CLASP map:
 *
 *   clientId     string: the id that the application chose; none: the session is the id
 *   epoch        string, required: random, new for each page
 *   mesh         true: dial every announced peer
 *   decide       true: ASK before any peer is let in (peers that connect() names are not asked for)
 *   named        true: the dialect of names, under clientId or the session
 *   forward      true: be the forwarder of that dialect
 *   room         string: the dialect of a video room
 *   cover        true: the router carries what no direct path can
 *   fast         true: the channel without retransmission, too
 *   stun, turn   true: such servers are configured (for clasp_p2p_explain())
 *   timeout      milliseconds for one attempt, 30,000
 *   maxPeers     peers with connections, 64; at most CLASP_P2P_PEERS
 */

/** @param handle the `owner` of all its effects
 *  @param seed   for back-off and correlation ids, which are no secrets
 *  @param out    where effects go; must outlive the object
 *  @return given; free with clasp_p2p_free(). NULL: no memory */
clasp_p2p *clasp_p2p_new(uint32_t handle, uint64_t seed, clasp_outbox *out);
void clasp_p2p_free(clasp_p2p *p);

/** Begin. @param config a value with its type code
 *  @return CLASP_OK; CLASP_BAD_STATE when started; CLASP_BAD_FIELD; CLASP_TOO_LARGE; CLASP_NO_MEMORY; the errors of a value */
clasp_err clasp_p2p_start(clasp_p2p *p, clasp_span config, uint64_t now_us);

/** End: a goodbye to each peer, UNSUBSCRIBE, LINK_CLOSE; every ticket is settled with NOT_CONNECTED. Idempotent. */
void clasp_p2p_stop(clasp_p2p *p, uint64_t now_us);

/** The session with the router: its id when it is up, empty when it is down. While it is down no signal is emitted, nobody is
 *  given up for silence, and open links stay. */
clasp_err clasp_p2p_signalling(clasp_p2p *p, clasp_span session, uint64_t now_us);

/**
 * A PUBLISH came on one of the subscribed patterns.
 * @param value with its type code; borrowed
 * @return CLASP_OK, also for what is not for us and what is ignored; CLASP_BAD_SIGNAL, CLASP_TOO_LARGE, CLASP_LIMIT, or
 *         the errors of a value: refused, nothing has changed
 */
clasp_err clasp_p2p_signal(clasp_p2p *p, clasp_span address, clasp_span value, uint64_t now_us);

/** The router refused a signal with an ERROR. @param code 404: nobody has this session */
clasp_err clasp_p2p_signal_refused(clasp_p2p *p, clasp_span address, uint32_t code, uint64_t now_us);

/**
 * Ask for a connection. Exactly one SETTLED follows: CLASP_OK (connected, or covered by the relay), CLASP_REJECTED with the
 * peer's words, CLASP_TIMEOUT, CLASP_PEER_GONE, CLASP_ICE_FAILED, CLASP_NEGOTIATION, CLASP_NOT_CONNECTED (closed here).
 * @param id         a client id, a session or a name; one that nobody has yet is waited for
 * @param timeout_ms 0: that of the configuration
 * @return CLASP_BAD_FIELD: no id, or the own one; CLASP_LIMIT; CLASP_NO_MEMORY: refused, no SETTLED follows
 */
clasp_err clasp_p2p_connect(clasp_p2p *p, uint32_t ticket, clasp_span id, uint32_t timeout_ms,
                            uint64_t now_us);

/** Take a request back: no SETTLED follows. An attempt that nobody else wants ends. */
clasp_err clasp_p2p_cancel(clasp_p2p *p, uint32_t ticket, uint64_t now_us);

/**
 * Told by something else than the router, such as a rendezvous entry or a room's presence.
 * @param dialect CLASP: `id` is reached at `session`, and speaks the extension; with an empty `id` it may not. NAMED: `id` is a name; ROOM: `session` is in the room,
 *                and the higher session offers
 */
clasp_err clasp_p2p_know(clasp_p2p *p, clasp_p2p_dialect dialect, clasp_span id, clasp_span session,
                         uint64_t now_us);

/** A session has left the room. */
clasp_err clasp_p2p_left(clasp_p2p *p, clasp_span session, uint64_t now_us);

/** The answer to ASK. @param reason told to the peer when it is not accepted */
clasp_err clasp_p2p_decide(clasp_p2p *p, uint32_t peer, bool accept, clasp_span reason, uint64_t now_us);

/** What became of a link. `arg`: round of LOCAL, APPLIED, CANDIDATE; else see the list. Candidates are JSON texts. */
clasp_err clasp_p2p_link(clasp_p2p *p, uint32_t peer, uint32_t link, clasp_p2p_link_event event, uint32_t arg,
                         clasp_span bytes, uint64_t now_us);

/** What the data plane knows of a link. */
clasp_err clasp_p2p_path(clasp_p2p *p, uint32_t peer, uint32_t link, clasp_p2p_path_event event,
                         uint64_t now_us);

/** The token by which the peer will prove itself under another session: both sides have it by the direct path.
 *  @param token CLASP_P2P_TOKEN_LEN bytes */
clasp_err clasp_p2p_token(clasp_p2p *p, uint32_t peer, clasp_span token);

/** Send a record of the data plane through the router. @return CLASP_NOT_CONNECTED: there is none, or the peer is not let in */
clasp_err clasp_p2p_record(clasp_p2p *p, uint32_t peer, clasp_span record);

/** End the connection with a peer, with a goodbye. The peer stays known. */
clasp_err clasp_p2p_close(clasp_p2p *p, uint32_t peer, uint64_t now_us);

/** The browser's network has changed: every path to a peer of ours is restarted, and covered until it is proven again. */
void clasp_p2p_network(clasp_p2p *p, uint64_t now_us);

/** The handle of the peer with this client id, session or name; 0 when there is none. */
uint32_t clasp_p2p_find(const clasp_p2p *p, clasp_span id);
clasp_p2p_state clasp_p2p_peer_state(const clasp_p2p *p, uint32_t peer);

/** True for a peer that speaks the extension. */
bool clasp_p2p_peer_is_ours(const clasp_p2p *p, uint32_t peer);

/** Why this id is not connected, or slow. */
clasp_p2p_verdict clasp_p2p_explain(const clasp_p2p *p, clasp_span id);

/** When clasp_p2p_tick() wants to be called next, in us; UINT64_MAX: never. */
uint64_t clasp_p2p_deadline(const clasp_p2p *p);
void clasp_p2p_tick(clasp_p2p *p, uint64_t now_us);

#endif
