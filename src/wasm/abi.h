/**
 * The door between C and JavaScript: every export and import, on one screen.
 *
 * The host copies bytes into the inbox, makes one call, then drains the outbox (base/outbox.h), in order, and clears
 * it. Scalars only; microseconds cross as double (exact to 2^53) and are uint64 inside. Handles carry a generation:
 * an event for something already gone is refused here with CLASP_BAD_HANDLE. Results: clasp_err, or what is said.
 */
#ifndef CLASP_WASM_ABI_H
#define CLASP_WASM_ABI_H

#include <stdint.h>

#include "base/outbox.h"

#define CLASP_ABI_VERSION 1u

#ifdef __wasm__
#define CLASP_EXPORT(name) __attribute__((used, export_name(#name)))
#else
#define CLASP_EXPORT(name)
#endif

/* All modules but the codec's: the page's, the client's, the peers', the relay's. */
CLASP_EXPORT(abi_version) uint32_t clasp_abi_version(void);
CLASP_EXPORT(seed)
void clasp_seed(uint32_t a, uint32_t b, uint32_t c, uint32_t d); /* once, before anything else */
CLASP_EXPORT(inbox)
uint8_t *clasp_inbox(uint32_t len); /* room for `len` bytes; NULL: over CLASP_INBOX_MAX, no memory */
CLASP_EXPORT(outbox) const clasp_effect *clasp_outbox_effects(void);
CLASP_EXPORT(outbox_count) uint32_t clasp_outbox_count(void);
CLASP_EXPORT(outbox_bytes) const uint8_t *clasp_outbox_data(void);
CLASP_EXPORT(outbox_clear) int32_t clasp_outbox_done(void); /* the error that stuck in it, if any */
CLASP_EXPORT(deadline) double clasp_deadline(void);         /* us; Infinity: none */
CLASP_EXPORT(tick) void clasp_tick(double now_us);

/*
 * The page's module, of sessions and conferences, and the client's, of clients, which are sessions and more. *_event(): one
 * input; `len` bytes of it are in the inbox.
 *
 * Session events (a, b, inbox)
 *   OPEN         features | reconnect << 8 | first back-off in ms << 9
 *                                            url length << 16 | name length       url, name, token
 *   CLOSE, HURRY, RENEW, CHECK, SOCKET_OPENED
 *   SOCKET_CLOSED close code
 *   RECEIVED                                                                      one WebSocket message
 *   SUBSCRIBE    type mask                                                        pattern     -> the id, or an error
 *   UNSUBSCRIBE  id
 *   PUBLISH      signal                      address length                       address, value with its type code
 *   SET                                      address length                       address, value with its type code
 *
 * In the client's module these are other ones. Fields in [] are there when their flag is set, in this order, big-endian:
 *   OPEN         as above                                                         url, name, 16 bytes of secret, token
 *   SUBSCRIBE    type mask | flags << 8      pattern length                       pattern [1: u32 max rate] [2: f64 epsilon]
 *                                                                                 [4: u32 history] [8: u32 window in ms]
 *   PUBLISH      signal | phase << 8 | flags << 16
 *                                            address length                       address [1: value with its type code]
 *                                                                                 [2: u16 count, f64 samples] [4: u32 id]
 *                                                                                 [8: u64 timestamp] [16: u32 rate]
 *   SET          ticket                      address length | flags << 16         address, value with its type code
 *                                                                                 [4: u32 ttl] [8: u64 revision];
 *                                                                                 flags 1 lock, 2 unlock, 16 QoS commit, 32 QoS fire
 * and there are these:
 *   GET, QUERY   ticket                                                           address, pattern
 *   ANNOUNCE     ticket                      namespace length                     namespace, array of maps with its type code
 *   REPLAY       type mask | flags << 8      pattern length                       pattern [1: u64 from] [2: u64 to] [4: u32 limit]
 *   BUNDLE       CLASP_BUNDLE_*              END: ticket                          END: nothing, or u64 timestamp
 *   CACHED                                                                        address     -> 1 and one CACHED, or 0
 *   CANCEL       ticket
 *   SYNC
 *   MATCH        pattern length                                                   pattern, address -> 1 or 0
 *   FLUSH        (what was sent in this turn leaves now)
 *   RECEIVED_MANY                                                                 WebSocket messages, each behind its length, u32
 * PUBLISH takes flag 32 (queue a stream, too), which says what is done anyhow.
 *
 * Conference events (a = peer, b, inbox): as the functions of peer/conference.h of the same names
 *   START config | STOP | SIGNAL json | SIGNALLING b=up | VERIFIED b=accepted | LINK b=event | arg << 8, bytes |
 *   SEND b=ticket -> the number of peers, or an error | SYNC b=merge, json | DISPOSE
 */
// clang-format off
#define CLASP_SESSION_EVENT_LIST(X) \
    X(OPEN, 0) X(CLOSE, 1) X(HURRY, 2) X(SOCKET_OPENED, 3) X(SOCKET_CLOSED, 4) X(RECEIVED, 5) X(SUBSCRIBE, 6) \
    X(UNSUBSCRIBE, 7) X(PUBLISH, 8) X(SET, 9) X(GET, 10) X(QUERY, 11) X(ANNOUNCE, 12) X(REPLAY, 13) X(BUNDLE, 14) \
    X(CACHED, 15) X(CANCEL, 16) X(SYNC, 17) X(MATCH, 18) X(FLUSH, 19) X(RECEIVED_MANY, 20) X(RENEW, 21) \
    X(CHECK, 22)
#define CLASP_BUNDLE_LIST(X) X(BEGIN, 0) X(END, 1) X(DROP, 2)
#define CLASP_CONFERENCE_EVENT_LIST(X) \
    X(START, 0) X(STOP, 1) X(SIGNAL, 2) X(SIGNALLING, 3) X(VERIFIED, 4) X(LINK, 5) X(SEND, 6) X(SYNC, 7) X(DISPOSE, 8)
// clang-format on

typedef enum clasp_session_event {
#define X(name, value) CLASP_SESSION_EVENT_##name = (value),
    CLASP_SESSION_EVENT_LIST(X)
#undef X
} clasp_session_event;

typedef enum clasp_bundle_event {
#define X(name, value) CLASP_BUNDLE_##name = (value),
    CLASP_BUNDLE_LIST(X)
#undef X
} clasp_bundle_event;

typedef enum clasp_conference_event {
#define X(name, value) CLASP_CONFERENCE_EVENT_##name = (value),
    CLASP_CONFERENCE_EVENT_LIST(X)
#undef X
} clasp_conference_event;

CLASP_EXPORT(session_new) int32_t clasp_abi_session_new(void); /* its handle, or an error */
CLASP_EXPORT(session_free) int32_t clasp_abi_session_free(uint32_t session);
CLASP_EXPORT(session_event)
int32_t clasp_abi_session_event(uint32_t session, uint32_t event, uint32_t a, uint32_t b, uint32_t len,
                                double now_us);

CLASP_EXPORT(conference_new) int32_t clasp_abi_conference_new(uint32_t role); /* its handle, or an error */
CLASP_EXPORT(conference_free) int32_t clasp_abi_conference_free(uint32_t conference);
CLASP_EXPORT(conference_event)
int32_t clasp_abi_conference_event(uint32_t conference, uint32_t event, uint32_t a, uint32_t b, uint32_t len,
                                   double now_us);

/* websocket.c: the relay's socket, by <emscripten/websocket.h>. What arrives waits in the inbox for the host's next call:
 * socket_pending() names the session event it is, and its length. */
CLASP_EXPORT(socket_open)
int32_t clasp_socket_open(uint32_t session, uint32_t url_len); /* URL in the inbox */
CLASP_EXPORT(socket_send) int32_t clasp_socket_send(uint32_t session, const uint8_t *bytes, uint32_t len);
CLASP_EXPORT(socket_close) void clasp_socket_close(uint32_t session, uint32_t code);
CLASP_EXPORT(socket_pending)
const uint32_t *clasp_socket_pending(void); /* session, event, a, len; NULL: nothing */

/*
 * The peers' module: sessions as in the page's, and planes: one application's data-channel peers, and what travels between them.
 *
 * Peer events (a, b, c, inbox); without more words: as the functions of peer/p2p.h and peer/flow.h of these names
 *   START                                                          config
 *   STOP, NETWORK
 *   SIGNALLING                                                     session, empty: down
 *   SIGNAL       address length                                    address, value with its type code
 *   REFUSED      code of the ERROR                                 address
 *   CONNECT      ticket           timeout in ms                    id
 *   CANCEL       ticket
 *   KNOW         dialect          id length                        id, session
 *   LEFT                                                           session
 *   DECIDE       peer             1: accepted                      reason
 *   LINK         peer             link << 8 | event    arg         bytes
 *   CLOSE        peer
 *   FIND                                                           id          -> its handle, or 0
 *   EXPLAIN                                                        id          -> a verdict
 *   TOKEN        peer                                              16 bytes, for both
 *   OPENED       peer             link << 8 | channel  most bytes of one message, 0: not said
 *   CLOSED       peer             link << 8 | channel
 *   CHANNEL      peer             reliable | priority << 1         subtree     -> its number
 *   CHANNEL_END  peer             channel
 *   GET          peer             ticket                           address
 *   SUBSCRIBE    peer             subscription                     pattern
 *   UNSUBSCRIBE  peer             subscription
 *   PIPE_OPEN    peer             priority                         address     -> its number
 *   PIPE_WRITE, PIPE_END          peer, pipe                       bytes
 *   PIPE_ABORT   peer             pipe                             reason
 *   PIPE_READ    peer             pipe                 bytes
 *   READY        peer             priority             -> 1 or 0
 * OPENED and CLOSED tell both planes' halves; results below 0 are errors.
 */
// clang-format off
#define CLASP_P2P_EVENT_LIST(X) \
    X(START, 0) X(STOP, 1) X(SIGNALLING, 2) X(SIGNAL, 3) X(REFUSED, 4) X(CONNECT, 5) X(CANCEL, 6) \
    X(KNOW, 7) X(LEFT, 8) X(DECIDE, 9) X(LINK, 10) X(CLOSE, 11) X(NETWORK, 12) X(FIND, 13) X(EXPLAIN, \
    14) X(TOKEN, 15) X(OPENED, 16) X(CLOSED, 17) X(CHANNEL, 18) X(CHANNEL_END, 19) X(GET, 20) \
    X(SUBSCRIBE, 21) X(UNSUBSCRIBE, 22) X(PIPE_OPEN, 23) X(PIPE_WRITE, 24) X(PIPE_END, 25) X(PIPE_ABORT, \
    26) X(PIPE_READ, 27) X(READY, 28)
// clang-format on

typedef enum clasp_p2p_input {
#define X(name, value) CLASP_P2P_ON_##name = (value),
    CLASP_P2P_EVENT_LIST(X)
#undef X
} clasp_p2p_input;

CLASP_EXPORT(p2p_new) int32_t clasp_abi_p2p_new(void); /* its handle, or an error */
CLASP_EXPORT(p2p_free) int32_t clasp_abi_p2p_free(uint32_t plane);
CLASP_EXPORT(p2p_event)
int32_t clasp_abi_p2p_event(uint32_t plane, uint32_t event, uint32_t a, uint32_t b, uint32_t c, uint32_t len,
                            double now_us);

/* What is called for every message. `where`: link << 8 | channel. Batches and ids are 0 or more, errors below. */
CLASP_EXPORT(p2p_received) /* the message is in the inbox, and kept by the host: see CLASP_P2P_DELIVER_LENT */
int32_t clasp_abi_p2p_received(uint32_t plane, uint32_t peer, uint32_t where, uint32_t len, double now_us);
CLASP_EXPORT(p2p_address) /* the address is in the inbox: its id */
int32_t clasp_abi_p2p_address(uint32_t plane, uint32_t len);
CLASP_EXPORT(p2p_generation) uint32_t clasp_abi_p2p_generation(uint32_t plane); /* of these ids */
CLASP_EXPORT(p2p_number)                                                        /* the batch */
double clasp_abi_p2p_number(uint32_t plane, uint32_t peer, uint32_t say, uint32_t address, double value);
CLASP_EXPORT(p2p_value) /* the value is in the inbox: the batch */
double clasp_abi_p2p_value(uint32_t plane, uint32_t peer, uint32_t say, uint32_t address, uint32_t len);
CLASP_EXPORT(p2p_flush) void clasp_abi_p2p_flush(uint32_t plane, double now_us);
CLASP_EXPORT(p2p_buffered)
void clasp_abi_p2p_buffered(uint32_t plane, uint32_t peer, uint32_t where, uint32_t bytes, double now_us);
CLASP_EXPORT(p2p_stat) double clasp_abi_p2p_stat(uint32_t plane, uint32_t peer, uint32_t stat);

/*
 * The relay's module.
 */
CLASP_EXPORT(
    hub_start) /* in the inbox: `count` u32 in host byte order, see CLASP_HUB_OPTION_LIST; the relay's name */
int32_t clasp_abi_hub_start(uint32_t len, uint32_t count);
CLASP_EXPORT(hub_tokens) /* the list of clasp_hub_set_tokens() is in the inbox */
int32_t clasp_abi_hub_tokens(uint32_t len, double now_us);
CLASP_EXPORT(hub_check_scope) int32_t clasp_abi_hub_check_scope(uint32_t len); /* the scope is in the inbox */
CLASP_EXPORT(hub_is_admin) /* the token is in the inbox: 1 or 0 */
int32_t clasp_abi_hub_is_admin(uint32_t len, double now_us);
CLASP_EXPORT(
    hub_connected) /* the session's handle, or an error. The host: both halves of clasp_hub_connected_from()'s */
int32_t clasp_abi_hub_connected(uint32_t host_high, uint32_t host_low, double now_us);
CLASP_EXPORT(hub_disconnected) void clasp_abi_hub_disconnected(uint32_t session, double now_us);
CLASP_EXPORT(hub_received) /* clasp_hub_take(): the bytes that were taken, or an error */
int32_t clasp_abi_hub_received(uint32_t session, uint32_t len, double now_us);
CLASP_EXPORT(hub_left_out) void clasp_abi_hub_left_out(uint32_t session, uint32_t count, double now_us);
CLASP_EXPORT(hub_stat) double clasp_abi_hub_stat(uint32_t stat);

/*
 * The relay's module, too: the rendezvous (hub/rendezvous.h). An answer is the bytes of a RENDEZVOUS effect.
 */
CLASP_EXPORT(rendezvous_start) /* 0 anywhere: the default */
int32_t clasp_abi_rendezvous_start(uint32_t max_devices, uint32_t max_per_source, uint32_t ttl_s,
                                   uint32_t max_document);
CLASP_EXPORT(rendezvous_register) /* 16 random bytes, the source's address, the document are in the inbox */
int32_t clasp_abi_rendezvous_register(uint32_t source_len, uint32_t document_len, double now_us);
CLASP_EXPORT(rendezvous_discover) /* tag, feature are in the inbox; CLASP_RENDEZVOUS_NONE: not asked for */
int32_t clasp_abi_rendezvous_discover(uint32_t tag_len, uint32_t feature_len, uint32_t limit, double now_us);
CLASP_EXPORT(rendezvous_refresh) /* the id is in the inbox */
int32_t clasp_abi_rendezvous_refresh(uint32_t id_len, double now_us);
CLASP_EXPORT(rendezvous_unregister) /* the id is in the inbox */
int32_t clasp_abi_rendezvous_unregister(uint32_t id_len, double now_us);
CLASP_EXPORT(rendezvous_stat) double clasp_abi_rendezvous_stat(uint32_t stat);

/*
 * The codec's module (codec/codec.h): no inbox and no outbox, but the codec's own memory, whose parts codec_part() names.
 */
// clang-format off
#define CLASP_CODEC_PART_LIST(X) \
    X(FRAME, 0) X(OUT, 1) X(WORDS, 2) X(TEXTS, 3) X(FRESH, 4) X(FRESH_COUNT, 5) X(TAPE, 6) X(ENVELOPE, 7) \
    X(SHAPES, 8)
// clang-format on

CLASP_EXPORT(codec_part)
uint32_t clasp_abi_codec_part(
    uint32_t part); /* its address; of TAPE: of the pointers to its cells and their end; 0: no memory */
CLASP_EXPORT(codec_room)
int32_t clasp_abi_codec_room(uint32_t cells); /* there is room for so many from here on */
CLASP_EXPORT(codec_unpack) int32_t clasp_abi_codec_unpack(uint32_t len);
CLASP_EXPORT(codec_pack)
int32_t clasp_abi_codec_pack(uint32_t cells, uint32_t has_qos); /* bytes in OUT, or an error */
CLASP_EXPORT(codec_match) /* both in FRAME, one after the other: 1, 0 or an error */
int32_t clasp_abi_codec_match(uint32_t pattern_len, uint32_t address_len);
CLASP_EXPORT(codec_check) int32_t clasp_abi_codec_check(uint32_t len, uint32_t is_pattern);
CLASP_EXPORT(dispatcher_new)
int32_t clasp_abi_dispatcher_new(uint32_t seed_low, uint32_t seed_high); /* its handle, or an error */
CLASP_EXPORT(dispatcher_free) void clasp_abi_dispatcher_free(int32_t dispatcher);
CLASP_EXPORT(dispatcher_add) /* the pattern is in FRAME */
int32_t clasp_abi_dispatcher_add(int32_t dispatcher, uint32_t pattern_len, uint32_t sub);
CLASP_EXPORT(dispatcher_remove) int32_t clasp_abi_dispatcher_remove(int32_t dispatcher, uint32_t sub);
CLASP_EXPORT(dispatcher_run) /* an address id, or CLASP_DISPATCH_TAPE */
int32_t clasp_abi_dispatcher_run(int32_t dispatcher, uint32_t len);

#endif
