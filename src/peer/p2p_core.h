/** The object behind clasp_p2p, and what its files do for one another. */
#ifndef CLASP_PEER_P2P_CORE_H
#define CLASP_PEER_P2P_CORE_H

#include "base/random.h"
#include "peer/p2p_early.h"
#include "peer/p2p_memory.h"
#include "peer/p2p_peer.h"
#include "peer/repeat.h"

/** A request of the application's. */
typedef struct p2p_ticket {
    uint32_t ticket;
    uint32_t peer; /* handle; 0: nobody has the id yet */
    clasp_text id;
    uint64_t guess_us; /* take the id for a session then; P2P_NEVER: not */
    uint64_t until_us;
} p2p_ticket;

struct clasp_p2p {
    clasp_outbox *out;
    uint32_t handle;
    bool started;
    bool up; /* signalling */
    bool mesh, decide, named, forward, cover, fast, stun, turn;
    uint64_t timeout_us;
    uint32_t max_peers;
    clasp_text client_id, epoch, room;
    clasp_text session; /* the last one; empty: there was none */
    clasp_random random;
    uint64_t hash_seed;
    uint32_t generation;
    p2p_peer *peers[CLASP_P2P_PEERS];
    uint32_t slots; /* all peers are below */
    p2p_ticket tickets[CLASP_P2P_TICKETS];
    uint32_t ticket_count;
    p2p_early_pool early;
    p2p_memory over; /* correlation ids that are over; note: P2P_OVER_* */
    p2p_memory late; /* pages and sessions that others have taken the place of */
    p2p_memory seen; /* signals by name */
    p2p_memory sent; /* what the forwarder has sent */
    p2p_memory_entry over_entries[CLASP_P2P_OVER], late_entries[CLASP_P2P_LATE];
    p2p_memory_entry seen_entries[CLASP_P2P_SEEN], sent_entries[CLASP_P2P_SEEN];
    uint64_t announced_us, announce_us; /* last time, but for the first one of a session; next time */
    uint8_t announces;
    uint8_t scratch[CLASP_P2P_SIGNAL_MAX + 4 * CLASP_P2P_ID_MAX]; /* address, then value, of one signal */
};

/** Why something ends. */
typedef struct p2p_end {
    clasp_err cause; /* CLASP_OK: in order */
    clasp_span words;
    bool tell;       /* the peer, by a signal */
    bool link_alone; /* which then says that the peer stays */
} p2p_end;

/* Reasons that the peer is given for the end of a link. */
#define P2P_ICE_FAILED "ICE_FAILED"
#define P2P_DTLS_FAILED "DTLS_FAILED"

#define P2P_OVER_LINK 0u     /* the link alone ended */
#define P2P_OVER_PEER 1u     /* the peer was closed */
#define P2P_OVER_REJECTED 2u /* the offer was refused */

/* ---- p2p_slots.c: who is who --------------------------------------------------------------------------------- */

p2p_peer *p2p_by_handle(const clasp_p2p *p, uint32_t handle);
p2p_peer *p2p_by_session(const clasp_p2p *p, clasp_span session, bool room);

/** By client id or name, else by session; of several the one that stands best. Peers of the room are not meant. */
p2p_peer *p2p_by_id(const clasp_p2p *p, clasp_span id);

/** A peer of its own, with a handle. NULL: see `err`. */
p2p_peer *p2p_make(clasp_p2p *p, clasp_span id, clasp_span session, bool room, clasp_err *err);

/** Tell the host whom a handle means. */
void p2p_name(clasp_p2p *p, const p2p_peer *peer);

/** The slot becomes free; the handle means nobody. Nothing is open. */
void p2p_drop(clasp_p2p *p, p2p_peer *peer);

uint32_t p2p_connections(const clasp_p2p *p);

/** The own id in a dialect, and the peer's. */
clasp_span p2p_own(const clasp_p2p *p, clasp_p2p_dialect dialect);
clasp_span p2p_theirs(const p2p_peer *peer, clasp_p2p_dialect dialect);

/** True if the own id is the higher one, bytewise. */
bool p2p_is_higher(const clasp_p2p *p, const p2p_peer *peer, clasp_p2p_dialect dialect);

/* ---- p2p_emit.c: what is said -------------------------------------------------------------------------------- */

void p2p_effect(clasp_p2p *p, clasp_effect_kind kind, uint32_t a, uint32_t b, double number,
                clasp_span bytes);
void p2p_subscribe(clasp_p2p *p, bool on);
void p2p_announce(clasp_p2p *p, uint64_t now_us);

/** Emit a signal to a peer; nothing while signalling is down. Who writes it, and the proof, are added here. */
void p2p_emit(clasp_p2p *p, const p2p_peer *peer, clasp_p2p_dialect dialect, const p2p_signal *signal);

/** A signal about a link. */
p2p_signal p2p_about(const p2p_link *link, p2p_type type);

/** The description of the round, then the candidates found so far. */
void p2p_send_description(clasp_p2p *p, p2p_peer *peer, p2p_link *link, uint64_t now_us);

/** Answer somebody with whom there is no link of this correlation id. */
void p2p_reply_over(clasp_p2p *p, const p2p_peer *peer, const p2p_signal *to, uint32_t note,
                    clasp_span words);

/** PUBLISH `value` at /webrtc/signal/{first}/{second}. */
void p2p_publish_named(clasp_p2p *p, clasp_span first, clasp_span second, clasp_span value);

/* ---- p2p_do.c: links ----------------------------------------------------------------------------------------- */

/** Step a link and carry out what follows. `signal`: what led to it, or NULL. `end`: for END. false: not for this state. */
bool p2p_link_step(clasp_p2p *p, p2p_peer *peer, p2p_link *link, p2p_link_event event,
                   const p2p_signal *signal, const p2p_end *end, uint64_t now_us);

/** END for a link; the peer's state follows. The link is gone afterwards. */
void p2p_link_end(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_end *end, uint64_t now_us);

/** A restart, now or when the last one is long enough ago. */
void p2p_restart(clasp_p2p *p, p2p_peer *peer, p2p_link *link, p2p_link_event why, uint64_t now_us);

/** ICE, a channel, or the data plane says something of the path. */
void p2p_path(clasp_p2p *p, p2p_peer *peer, p2p_link *link, path_event event, clasp_err cause,
              uint64_t now_us);

/** A remote candidate: to the link, or kept. */
clasp_err p2p_candidate_came(clasp_p2p *p, p2p_peer *peer, p2p_link *link, const p2p_signal *signal,
                             uint64_t now_us);

/** A link for an offer under a new correlation id; it is asked for, or answered. */
clasp_err p2p_incoming(clasp_p2p *p, p2p_peer *peer, const p2p_signal *signal, uint64_t now_us);

/** Dial, unless an attempt is running, signalling is down, or the application has to be asked first. */
clasp_err p2p_dial(clasp_p2p *p, p2p_peer *peer, uint64_t now_us);

uint64_t p2p_over_key(const clasp_p2p *p, const p2p_peer *peer, clasp_p2p_dialect dialect, clasp_span corr);

/* ---- p2p_life.c: peers --------------------------------------------------------------------------------------- */

bool p2p_peer_step(clasp_p2p *p, p2p_peer *peer, p2p_peer_event event, const p2p_end *end, uint64_t now_us);

/** A link of the peer has ended or broken: what that means for the peer. */
void p2p_after_link(clasp_p2p *p, p2p_peer *peer, const p2p_end *end, uint64_t now_us);

/** All links end, and the peer with them. The slot stays. */
void p2p_peer_end(clasp_p2p *p, p2p_peer *peer, const p2p_end *end, uint64_t now_us);

/** The router does not know its session, or it fell silent. */
void p2p_gone(clasp_p2p *p, p2p_peer *peer, uint64_t now_us);

/** Tell the host when cover begins or ends. */
void p2p_set_cover(clasp_p2p *p, p2p_peer *peer, bool on);

/** What was sent by the router may be lost with the old session of either side: the data plane sends it again. */
void p2p_renew_cover(clasp_p2p *p, const p2p_peer *peer);

/** The router takes over from a set-up that goes on. false: it may not, or there is none. */
bool p2p_cover_set_up(clasp_p2p *p, p2p_peer *peer, uint64_t now_us);

/** The peer has said something that tells that it has lost the path, or moved. */
void p2p_word(clasp_p2p *p, p2p_peer *peer, uint64_t now_us);

/** Doubts here and a word from there are as good as a silence. */
void p2p_believe(clasp_p2p *p, p2p_peer *peer, uint64_t now_us);

/** Does anything want this peer connected? */
bool p2p_wanted(const clasp_p2p *p, const p2p_peer *peer);

/** The peer is known, or known again: mesh and tickets. */
void p2p_consider(clasp_p2p *p, p2p_peer *peer, uint64_t now_us);

/* ---- p2p_ticket.c -------------------------------------------------------------------------------------------- */

bool p2p_has_tickets(const clasp_p2p *p, const p2p_peer *peer);
void p2p_settle(clasp_p2p *p, const p2p_peer *peer, clasp_err cause, clasp_span words);
void p2p_claim_tickets(clasp_p2p *p, p2p_peer *peer);
void p2p_release_tickets(clasp_p2p *p, const p2p_peer *peer);
void p2p_tick_tickets(clasp_p2p *p, uint64_t now_us);
uint64_t p2p_ticket_deadline(const clasp_p2p *p);
void p2p_clear_tickets(clasp_p2p *p, bool tell);

/* ---- p2p_announce.c: presence -------------------------------------------------------------------------------- */

clasp_err p2p_announced(clasp_p2p *p, clasp_span value, uint64_t now_us);

/** Announce ourselves again, as soon as that may be. */
void p2p_announce_again(clasp_p2p *p, uint64_t now_us);

/** The peer's page, or with an empty epoch its session, is no more: what comes late of it means nothing. */
void p2p_note_late(clasp_p2p *p, clasp_span id, clasp_span epoch, uint64_t now_us);

/** Somebody is asked for who was not heard of: announce soon, and say so. */
void p2p_seek(clasp_p2p *p, uint64_t now_us);

/** A peer told by announcement or host; made when it is not known. NULL: see `err` (CLASP_OK: it is ourselves). */
p2p_peer *p2p_meet(clasp_p2p *p, const p2p_announcement *who, clasp_err *err, uint64_t now_us);

/* ---- p2p_resume.c: sessions that change ---------------------------------------------------------------------- */

void p2p_proof(const p2p_peer *peer, clasp_span from, clasp_span to, uint8_t out[P2P_PROOF_LEN]);

/** The peer whose token this signal proves; NULL: none. */
p2p_peer *p2p_prover(const clasp_p2p *p, const p2p_signal *signal);

/** Tell a peer our session, at its own session and at the one it was announced under. */
void p2p_send_resume(clasp_p2p *p, p2p_peer *peer, uint64_t now_us);

/** A resume came from this peer, which has proven itself. */
void p2p_resumed(clasp_p2p *p, p2p_peer *peer, const p2p_signal *signal, uint64_t now_us);

/** A peer that has proven itself has this session now. */
void p2p_take_session(clasp_p2p *p, p2p_peer *peer, clasp_span session, uint64_t now_us);

/* ---- p2p_forward.c: signals by name -------------------------------------------------------------------------- */

/** @return true: the signal is for us, first, and not a copy; `from` is set to its sender's name */
bool p2p_named_for_us(clasp_p2p *p, clasp_span address, clasp_span value, clasp_span *from, uint64_t now_us);

#endif
