/**
 * What the data plane of peers holds. For src/peer/flow*.c only.
 *
 *   flow.c           peers, addresses, figures             flow_hear.c      records and messages that came
 *   flow_path.c      links, channels of links, PING        flow_sequence.c  order, once, acknowledgements
 *   flow_channel.c   channels of the application           flow_deliver.c   to the subscriptions
 *   flow_say.c       open packets, values                  flow_answer.c    GET, SYNC, PING
 *   flow_large.c     values in pieces                      flow_pipe.c      pipes
 *   flow_send.c      which packet goes next                flow_time.c      deadlines
 *   flow_cover.c     by way of the router                  flow_packets.c   where packets lie
 */
#ifndef CLASP_PEER_FLOW_STATE_H
#define CLASP_PEER_FLOW_STATE_H

#include "base/limits.h"
#include "base/outbox.h"
#include "base/text.h"
#include "chunk/reassemble.h"
#include "chunk/split.h"
#include "peer/flow.h"
#include "peer/flow_packets.h"
#include "peer/flow_wire.h"
#include "peer/params.h"
#include "peer/pipes.h"
#include "route/intern.h"
#include "route/routes.h"
#include "wire/message.h"

#define FLOW_PEERS CLASP_P2P_PEERS
#define FLOW_HINTS 512u /* a power of two: by the low bits of a peer's handle */
#define FLOW_NEVER UINT64_MAX

/* Channels by number: the two of every link, those of the application, and one for the pipes of each priority. */
#define FLOW_PIPE_CHANNEL (CLASP_FLOW_FIRST_CUSTOM + CLASP_FLOW_CHANNELS)
#define FLOW_CHANNELS (FLOW_PIPE_CHANNEL + CLASP_PRIORITIES)
#define FLOW_SEQUENCES (1u + CLASP_FLOW_CHANNELS + CLASP_PRIORITIES)
#define FLOW_ENDED 64u /* streams of the peer that are over, and known */
#define FLOW_FORMER 4u /* incarnations of the peer that are over, and known */

/* Incarnations of one page are so far apart, one after the other: its order shows in the product with the inverse. So many
 * before one that is known are known for older; one in a million of another page's is taken for such. */
#define FLOW_INCARNATION_STEP 0x9E3779B1u
#define FLOW_INCARNATION_INVERSE 0x0E8B2F51u
#define FLOW_INCARNATIONS 4096u
_Static_assert(FLOW_INCARNATION_STEP *FLOW_INCARNATION_INVERSE == 1u, "modulo 2^32");
#define FLOW_LINKS 4u
#define FLOW_PATHS (FLOW_LINKS * (2u + CLASP_FLOW_CHANNELS))

#define FLOW_NOWHERE 0u        /* a way: none */
#define FLOW_ROUTER UINT32_MAX /* a way: the router. Else link << 8 | channel */
#define FLOW_LINK_OF(way) ((way) >> 8)

/* A value that goes in pieces. */
typedef struct flow_large {
    struct flow_large *next;
    clasp_text bytes;   /* a frame, or a WIDE record */
    clasp_span address; /* in them */
    clasp_split split;
    uint64_t turn;  /* when it last went; 0: not yet */
    uint32_t after; /* it ends behind so many of the channel's packets that were sealed */
    uint32_t batch;
} flow_large;

/* One channel, as its sender. */
typedef struct flow_channel {
    uint32_t number;
    uint16_t stream; /* of a reliable one */
    uint8_t priority;
    bool reliable;
    clasp_text subtree; /* of one that the application made */

    /* The open packet: from slab->used on, its frame's header first. Nothing is open while `open_count` is 0. */
    flow_slab *slab;
    uint8_t *open_at, *open_end; /* where the next member goes, and how far */
    uint32_t open_count;         /* members */
    uint32_t open_batch;
    uint8_t open_qos; /* of the only member */
    bool open_has_set;
    bool is_late; /* a flush has passed: it goes as soon as it can */

    uint32_t sealed;    /* packets that ever came into `ready` */
    flow_ring ready;    /* sealed, and not sent yet */
    flow_ring flight;   /* sent, and not acknowledged; packet i has sequence number first + i */
    uint32_t first;     /* sequence number */
    uint32_t credited;  /* bytes that credit was taken for, since the base */
    uint32_t again;     /* packets of `flight` from this one on are to be sent again */
    uint32_t under_way; /* bytes of those before it */
    uint32_t way;       /* that they went */
    flow_slab *pieces;  /* where those lie */
    flow_large *large, *large_last;
    uint64_t turn, small_turn;
    uint32_t passed; /* packets of higher priority that went while this one waited */
} flow_channel;

/* One sequence of the peer's. */
typedef struct flow_sequence {
    uint16_t stream;
    bool wants_ack;
    bool is_due_held;                    /* the packet that is due is held, and waits for memory */
    uint32_t next;                       /* sequence number that is due */
    uint32_t seen;                       /* bit i: the packet next + 1 + i is held */
    clasp_text held[CLASP_FLOW_REORDER]; /* by sequence number */
    uint64_t ack_us;                     /* when it has to be acknowledged */
    uint32_t unacked;                    /* bytes that came since the last acknowledgement */
    uint32_t taken;                      /* bytes that came, once each, modulo 2^32 */
    uint32_t way;                        /* that the last packet came */
} flow_sequence;

/* A data channel of a link. */
typedef struct flow_path {
    uint32_t way; /* FLOW_NOWHERE: this one is free */
    uint32_t message_max;
    uint32_t buffered;          /* bytes in the browser */
    uint32_t incarnation, base; /* as the peer has told on this path */
    bool is_stray;              /* it has told that to somebody else, a former incarnation of ours */
    bool owes_hello;            /* we are to say who we are, once it has room */
} flow_path;

/* An RTCPeerConnection. */
typedef struct flow_link {
    uint32_t link;  /* 0: this one is free */
    uint32_t order; /* the higher, the later its reliable channel opened; 0: it is not open */
    bool is_silent;
    bool is_tried; /* the peer goes by the router although this link is in use here: it has to answer */
    uint64_t ping_first, ping_last; /* numbers of PINGs not answered: from the first to the last; 0: none */
    uint64_t ping_us;               /* when the last one went */
    uint64_t heard_us;
} flow_link;

/* A GET that waits. */
typedef struct flow_get {
    clasp_text address;
    uint32_t ticket;
    uint64_t due_us;
} flow_get;

/* A message that came before anybody had subscribed. */
typedef struct flow_early {
    struct flow_early *next;
    clasp_text bytes; /* address, then the value's data */
    uint32_t address_len;
    uint64_t due_us;
    uint32_t b; /* as in P2P_DELIVER */
} flow_early;

/* What came from a peer, and where it leads. Made by the first message or subscription. */
typedef struct flow_heard {
    clasp_routes *routes;
    uint32_t generation; /* never 0; goes up when a subscription comes or goes */
    uint32_t subs;
    /* By address id: the generation in which the host was told its text and subscriptions; 0: it was not. */
    uint32_t told[CLASP_FLOW_HEARD];
    uint32_t place[CLASP_FLOW_HEARD]; /* by address id: in the params */
    uint8_t leads[CLASP_FLOW_HEARD];  /* by address id, as of `told`: 1 if somebody has subscribed */
} flow_heard;

typedef struct flow {
    clasp_flows *owner;
    uint32_t peer;
    bool ours;
    bool covered;
    bool is_dirty;     /* something was said since the last flush */
    uint8_t owes_room; /* P2P_ROOM, by priority: somebody has asked */
    clasp_text token;

    flow_path paths[FLOW_PATHS];
    flow_path router;    /* what was told on that way */
    uint32_t path_count; /* those that may be in use */
    flow_link links[FLOW_LINKS];
    uint32_t link; /* the one in use; 0: none */
    uint32_t link_order;
    uint64_t ping_number;
    double rtt_us;
    uint64_t round_us; /* the shortest one from a packet to its acknowledgement on this link; 0: none yet */

    flow_channel *channels[FLOW_CHANNELS];
    uint32_t custom; /* how many of the application */
    uint32_t last_custom;
    uint16_t last_stream;
    bool was_lower;    /* the last packet went before one of higher priority */
    bool wants_router; /* something would go if the relay took more */
    uint32_t last_batch;
    uint32_t large_count, large_bytes;
    uint32_t last_message; /* id of PIECEs */
    uint32_t begun[CLASP_PRIORITIES],
        begun_bytes[CLASP_PRIORITIES]; /* of values in pieces: those under way */
    uint64_t turn;
    uint32_t under_way;         /* bytes sent on the present ways and not acknowledged */
    uint32_t unasked;           /* bytes sent since an acknowledgement was asked for */
    uint32_t incarnation, base; /* ours */
    uint32_t credit_used, credit_limit;
    uint32_t urgent_by[CLASP_PRIORITIES]; /* the channel */
    uint64_t urgent_us
        [CLASP_PRIORITIES]; /* when something small of this priority was last said; FLOW_NEVER: not yet */

    uint32_t peer_incarnation, peer_base;
    uint32_t former[FLOW_FORMER];
    uint32_t former_next;
    bool owes_hello; /* by the router: something came that was not meant for us */
    flow_sequence *sequences[FLOW_SEQUENCES];
    uint16_t ended[FLOW_ENDED];
    uint32_t ended_next;
    uint32_t reorder_bytes;
    uint64_t consumed; /* bytes of reliable packets that came, once each, under the peer's present base */
    uint64_t retry_us; /* when those that found no memory are tried again */
    clasp_text whole;  /* a message that came in pieces, and found no memory */
    bool is_whole_set; /* the last one that was delivered was a SET */

    uint64_t cover_us,
        cover_wait_us; /* the last record, or progress; how long until what was lost goes again */
    uint64_t cover_ping_us;

    clasp_params params;
    uint32_t *places; /* by address id of what we say: in the params */
    uint32_t places_cap, places_generation;
    flow_heard *heard;
    flow_early *early, *early_last;
    uint32_t early_count, early_bytes;
    uint32_t early_kept; /* how many there have been */
    uint32_t get_count;
    clasp_reassembler *pieces;
    clasp_pipes *pipes;
    flow_get *gets; /* CLASP_FLOW_GETS */

    uint64_t due_us; /* when there is something to do */
    double stats[CLASP_FLOW_STAT_COVERED_BYTES + 1];
} flow;

struct clasp_flows {
    uint32_t handle;
    uint64_t seed;
    uint32_t incarnation; /* the last one given */
    clasp_outbox *out;
    clasp_flow_hooks hooks;
    flow *flows[FLOW_PEERS];
    uint16_t hints[FLOW_HINTS];
    uint32_t count;
    clasp_intern addresses;
    uint32_t generation;
    flow_slabs slabs;
    bool is_lending;
    uint32_t lent_len; /* of the message of this call, where the host keeps it; else 0 */
    const uint8_t *lent_end;
    bool is_from_told;               /* P2P_FROM, in this call */
    uint64_t router_us;              /* when the records that went so far are paid for */
    uint8_t packet[CLASP_FRAME_MAX]; /* one record for the router, or a message that is being written */
};

/* ---- flow.c ---- */
static inline flow *flow_find(const clasp_flows *f, uint32_t peer) {
    flow *w = f->flows[f->hints[peer & (FLOW_HINTS - 1)]];
    return w && w->peer == peer ? w : NULL;
}
flow *flow_search(clasp_flows *f, uint32_t peer); /* when flow_find() has not found it */
static inline flow *flow_of(clasp_flows *f, uint32_t peer) {
    flow *w = flow_find(f, peer);
    return w ? w : flow_search(f, peer);
}
void flow_effect(clasp_flows *f, clasp_effect_kind kind, uint32_t a, uint32_t b, double number,
                 clasp_span bytes);
/* Look again at when there is something to do. To be called at the end of every function that takes the time. */
void flow_touch(clasp_flows *f, flow *w);

/* ---- flow_channel.c ---- */
flow_channel *flow_channel_new(uint32_t number, uint16_t stream, bool reliable, clasp_priority priority);
void flow_channel_free(clasp_flows *f, flow *w, flow_channel *c);
/* The channel of the application with the longest subtree that holds this address; NULL: none. */
flow_channel *flow_channel_for(const flow *w, clasp_span address);

/* What is said for another address stands at that address behind one of these. */
#define FLOW_BROADCAST "/clasp/p2p/broadcast"
#define FLOW_RAW "/clasp/p2p/raw"

/** The address behind a prefix, or the address itself where it has none. */
static inline clasp_span flow_behind(clasp_span address, const char *prefix) {
    const uint32_t len = (uint32_t)strlen(prefix);
    const bool has = address.len > len + 1 && address.at[len] == '/' && memcmp(address.at, prefix, len) == 0;
    return has ? (clasp_span){address.at + len, address.len - len} : address;
}

/* ---- flow_say.c ---- */
/* Room for a member of `len` bytes in the open packet of a channel; NULL: see `err`. */
uint8_t *flow_member(clasp_flows *f, flow *w, flow_channel *c, uint32_t len, uint8_t qos, clasp_err *err);
/* What was written there is said. */
void flow_said(clasp_flows *f, flow *w, flow_channel *c, bool is_set, uint32_t *batch);
/* Seal the open packet; false: no memory, it stays open. */
bool flow_seal(clasp_flows *f, flow *w, flow_channel *c);
/* A packet of its own: a record. */
clasp_err flow_say_record(clasp_flows *f, flow *w, flow_channel *c, clasp_span head, clasp_span rest);
/* Say a message that is no value of the application: an answer, or a GET. */
clasp_err flow_say_message(clasp_flows *f, flow *w, const clasp_message *m);
/* A SET that is larger than a packet. @param value with its type code */
clasp_err flow_say_large(clasp_flows *f, flow *w, clasp_span address, clasp_span value);
uint32_t flow_queued(const flow *w);

/* ---- flow_large.c ---- */
/* @param bytes given on CLASP_OK. @param address_at where the address stands in them */
clasp_err flow_large_push(flow *w, flow_channel *c, clasp_text *bytes, uint32_t address_at,
                          uint32_t address_len, uint32_t *batch);
bool flow_large_has(const flow_channel *c, clasp_span address);
/* Cut a piece that is to go next; false: nothing is, or no memory. */
bool flow_large_next(clasp_flows *f, flow *w, flow_channel *c, flow_packet *out);
/* When the one went that is next; FLOW_NEVER: none is. */
uint64_t flow_large_turn(const flow *w, const flow_channel *c);
void flow_large_clear(flow *w, flow_channel *c);

/* ---- flow_send.c ---- */
/* Send what may be sent. */
void flow_pump(clasp_flows *f, flow *w, uint64_t now_us);
/* The same, at the end of a turn: open packets too, and acknowledgements. */
void flow_flush(clasp_flows *f, flow *w, uint64_t now_us);
/* A record of the data plane's own on one way. */
void flow_send_control(clasp_flows *f, flow *w, uint32_t way, clasp_span head, clasp_span rest);
/* Everything that a channel has sent and that was not acknowledged goes again. */
void flow_rewind(flow *w, flow_channel *c);
/* The next packet, under way from now on, and the channel it is from, whose `way` it goes; NULL: nothing may go. */
flow_packet *flow_next(clasp_flows *f, flow *w, uint64_t now_us, flow_channel **from, uint32_t *sequence);
bool flow_has_work(const flow *w, const flow_channel *c);
flow_channel *flow_next_channel(flow *w);
/* The peer says by the router what it could say on the link that is in use here: does that one work? */
void flow_try_link(clasp_flows *f, flow *w, uint64_t now_us);

/* An ACK came. */
clasp_err flow_acked(clasp_flows *f, flow *w, const flow_ack *ack, uint64_t now_us);
/* Give back what an empty channel holds. */
void flow_tidy(clasp_flows *f, flow_channel *c);
void flow_tell_room(clasp_flows *f, flow *w);

/* ---- flow_cover.c ---- */
void flow_cover_pump(clasp_flows *f, flow *w, uint64_t now_us);
/* When the router takes the next record. */
uint64_t flow_router_free(const clasp_flows *f);
/* Say who we are by the router, if that is owed, whether it covers or not. */
void flow_cover_greet(clasp_flows *f, flow *w, uint64_t now_us);
uint64_t flow_cover_due(const clasp_flows *f, const flow *w);
void flow_cover_tick(clasp_flows *f, flow *w, uint64_t now_us);

/* ---- flow_path.c ---- */
flow_path *flow_path_at(flow *w, uint32_t way);
flow_link *flow_link_at(flow *w, uint32_t link);
/* The way that a channel goes. */
uint32_t flow_way(flow *w, const flow_channel *c);
/* What was told on a way, the router's too; NULL: there is no such way. */
flow_path *flow_context(flow *w, uint32_t way);
bool flow_is_open(flow *w, uint32_t link, uint32_t channel);
/* Who we are is to be said on every reliable channel: the next flow_pump() does. */
void flow_greet(flow *w);
/* Say it where it is owed and there is room: before anything else goes there. */
void flow_say_hellos(clasp_flows *f, flow *w);
void flow_write_hello(const flow *w, uint32_t to, uint8_t out[FLOW_HELLO_LEN]);
/* All that was sent and is not acknowledged goes again. */
void flow_rewind_all(flow *w);
void flow_ping(clasp_flows *f, flow *w, flow_link *link, uint64_t now_us);
/* Something came on a link. */
void flow_heard_on(clasp_flows *f, flow *w, uint32_t link, uint64_t now_us);

/** A packet, or the acknowledgement of one, came on a link: while the router covers, it is tried at once, since it lives. */
void flow_numbered_on(clasp_flows *f, flow *w, uint32_t link, uint64_t now_us);
clasp_err flow_ponged(clasp_flows *f, flow *w, uint32_t link, uint64_t number, uint64_t now_us);
/* Since when something has been waiting for an acknowledgement; FLOW_NEVER: nothing is. */
uint64_t flow_waiting_since(const flow *w);
uint64_t flow_path_due(const flow *w);
void flow_path_tick(clasp_flows *f, flow *w, uint64_t now_us);

/* ---- flow_sequence.c ---- */
clasp_err flow_data(clasp_flows *f, flow *w, uint32_t way, const flow_data_head *head, clasp_span payload,
                    uint64_t now_us);
/* Packets that wait for memory are tried again. */
void flow_take_held(clasp_flows *f, flow *w, uint64_t now_us);
clasp_err flow_told_hello(flow *w, uint32_t way, const flow_hello *hello);
/* The ACK that is owed to a sequence. @return its bytes, FLOW_ACK_LEN */
uint32_t flow_write_ack(flow *w, flow_sequence *s, uint8_t out[FLOW_ACK_LEN]);
/* A sequence that owes one and whose last packet came this way; NULL: none. */
flow_sequence *flow_owes_ack(flow *w, uint32_t way, uint64_t now_us);
void flow_send_acks(clasp_flows *f, flow *w, uint64_t now_us);
void flow_end_stream(flow *w, const flow_end *end);
void flow_sequences_clear(flow *w);
uint32_t flow_credit(const flow *w);

/* ---- flow_hear.c ---- */
/* The payload of one DATA, whose turn it is. NO_MEMORY: nothing has changed, and it is to be tried again. */
clasp_err flow_payload(clasp_flows *f, flow *w, clasp_span payload, uint64_t now_us);

/* ---- flow_deliver.c ---- */
clasp_err flow_deliver_frame(clasp_flows *f, flow *w, clasp_span frame, uint64_t now_us);
clasp_err flow_deliver_wide(clasp_flows *f, flow *w, clasp_span record, uint64_t now_us);
bool flow_heard_ready(clasp_flows *f, flow *w);
void flow_from(clasp_flows *f, const flow *w);
void flow_tell_address(clasp_flows *f, uint32_t id, const uint32_t *subs, uint32_t count, clasp_span address);

/* ---- flow_subscribe.c ---- */
void flow_keep_early(flow *w, clasp_span address, clasp_span data, uint32_t b, uint64_t now_us);
/* Those that were kept since there had been so many are as if they had not come. */
void flow_take_back_early(flow *w, uint32_t kept);
void flow_early_tick(flow *w, uint64_t now_us);
void flow_early_clear(flow *w);
void flow_heard_free(flow *w);

/* ---- flow_answer.c ---- */
clasp_err flow_answer(clasp_flows *f, flow *w, const clasp_message *m, uint64_t now_us);
/* A value for an address that a GET may wait for. */
void flow_got(clasp_flows *f, flow *w, clasp_span address, clasp_value value, bool is_wide);
void flow_gets_tick(clasp_flows *f, flow *w, uint64_t now_us);
void flow_gets_clear(clasp_flows *f, flow *w, clasp_err cause);

/* ---- flow_pipe.c ---- */
clasp_err flow_pipe_heard(flow *w, clasp_span record);
void flow_pipes_clear(flow *w, clasp_err cause);

#endif
