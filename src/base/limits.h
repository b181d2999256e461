/**
 * Every bound of the core, each with its unit and its reason. A bound that adds up has the sum written out.
 * One section for each room; what is over a bound is refused, with CLASP_TOO_DEEP, CLASP_TOO_LARGE or CLASP_LIMIT.
 */
#ifndef CLASP_BASE_LIMITS_H
#define CLASP_BASE_LIMITS_H

/* ---- wire ---------------------------------------------------------------------------------------------------- */

/* Arrays and maps inside one another, in levels; a flat array is one. One frame has room for some 20,000 levels: without
 * a bound they would exhaust the stack of whoever walks a value by recursion, in JavaScript too. */
#define CLASP_VALUE_DEPTH 64u

/* Bundles inside one another, in levels; a plain bundle is one. Each level is checked with those around it, so the work
 * for one frame stays under CLASP_BUNDLE_DEPTH x CLASP_FRAME_PAYLOAD_MAX = 512 KiB of reading. */
#define CLASP_BUNDLE_DEPTH 8u

/* ---- json ---------------------------------------------------------------------------------------------------- */

/* Bytes of one document: an offer with many tracks and its candidates has some 20 KB. */
#define CLASP_JSON_MAX_LEN (128u << 10)

/* Arrays and objects inside one another, in levels: cJSON goes down by recursion. At most 32, the bits of a mask. */
#define CLASP_JSON_DEPTH 32u

/* Values in one document, keys not counted. Two bytes of text ("0,") make a node of 64 bytes: with this bound a document
 * pins at most CLASP_JSON_NODES x 64 + CLASP_JSON_MAX_LEN = 384 KiB, and what the allocator adds. */
#define CLASP_JSON_NODES 4096u

/* ---- base ---------------------------------------------------------------------------------------------------- */

/* What the outbox keeps allocated from one call to the next, in bytes: more than the effects of any usual call, so that
 * the hot path never allocates; what a burst took beyond it is given back. */
#define CLASP_OUTBOX_KEEP (1u << 20)

/* Most bytes that the effects of one call may speak of. The largest call is the hub's WELCOME, whose SNAPSHOT holds all
 * params: CLASP_HUB_PARAM_BYTES and the list of one session for each frame. */
#define CLASP_OUTBOX_MAX (64u << 20)

/* Most bytes that the host may hand over in one call: the largest value of a peer's, with its type code. A frame is 65,547. */
#define CLASP_INBOX_MAX (CLASP_CHUNK_MAX_LEN + 1024u)

/* ---- session ------------------------------------------------------------------------------------------------- */

/* Subscriptions of one client, and the bytes of all their patterns. */
#define CLASP_SESSION_SUBSCRIPTIONS 4096u
#define CLASP_SESSION_PATTERN_BYTES (1u << 20)
#define CLASP_SESSION_PATTERN_SEGMENTS 65536u

/* Addresses that have an id at once, and their bytes. A relay may name any number of addresses; the least recently used
 * one goes. JavaScript holds a string for each. */
#define CLASP_SESSION_ADDRESSES 16384u
#define CLASP_SESSION_ADDRESS_BYTES (2u << 20)

/* SETs and PUBLISHes waiting for a session to open: bytes with their book-keeping, and how long one may wait. Half a
 * minute covers a relay's restart; what is older would surprise whoever receives it. */
#define CLASP_SESSION_QUEUE_BYTES (256u << 10)
#define CLASP_SESSION_QUEUE_AGE_US 30000000u

/* Bytes of a relay's URL. */
#define CLASP_SESSION_URL_MAX 8192u

/* Back-off: first wait, longest wait (ms), and for how long a session has to have been open for the next loss to begin
 * with the first wait again: a relay that takes us and drops us at once must not be hammered. */
#define CLASP_SESSION_BACKOFF_MS 500u
#define CLASP_SESSION_BACKOFF_MAX_MS 10000u
#define CLASP_SESSION_LASTED_US 5000000u

/* For the socket to open, and from HELLO to WELCOME. A relay answers at once; TCP alone would try for minutes. */
#define CLASP_SESSION_WELCOME_US 10000000u

/* A socket that takes the place of one which is as good as dead (the network has changed) is tried quickly: after failures so
 * many waits begin with the first and double up to the second, before those above; for its opening each try has so many round
 * trips and the third, and twice as long as the try before. Renewals come no closer than the fourth. */
#define CLASP_SESSION_QUICK_TRIES 8u
#define CLASP_SESSION_QUICK_WAIT_US 25000u
#define CLASP_SESSION_QUICK_SAME 3u /* waits of the same length */
#define CLASP_SESSION_QUICK_WAIT_MAX_US 100000u
#define CLASP_SESSION_QUICK_ROUNDS 4u
#define CLASP_SESSION_QUICK_OPEN_US 100000u
#define CLASP_SESSION_RENEW_US 300000u

/* Patience with the answer to the PING of a check: two round trips, none counted as less than the first, and the second. */
#define CLASP_SESSION_ROUND_LEAST_US 50000u
#define CLASP_SESSION_CHECK_US 100000u

/* A direction that was silent for this long is tried with a PING; without any answer the socket is given up. Relays drop
 * a session after 300 s, middleboxes after 30 to 60 s, and a half-open TCP connection is never reported at all. */
#define CLASP_SESSION_QUIET_US 15000000u
#define CLASP_SESSION_ANSWER_US 10000000u

/* When a relay has passed nothing on to us for so long, we send ourselves a signal: there are relays that count nothing else
 * as life, and forget a session after 60 to 300 s without closing its socket. The id of a session, in bytes, is a UUID's 36. */
#define CLASP_SESSION_ECHO_US 15000000u
#define CLASP_SESSION_ID_MAX 64u

/* ---- client -------------------------------------------------------------------------------------------------- */

/* SETs and bundles of one client that are not settled: how many, bytes of their frames, and for how long one may wait for its
 * answer from the call on, sessions that were lost included. A relay of ours keeps its results as long (CLASP_HUB_RESUME_US), so
 * that nothing that it may have taken is sent again after it has forgotten. */
#define CLASP_CLIENT_SETS 4096u
#define CLASP_CLIENT_SET_BYTES (512u << 10)
#define CLASP_CLIENT_SET_AGE_US 300000000u

/* SETs and bundles sent and not answered: what a relay of ours remembers results of (CLASP_HUB_RESULTS), for it must know
 * what became of each. A second's worth of its rate. */
#define CLASP_CLIENT_WINDOW 1024u

/* A SET without an answer while its session stays open. */
#define CLASP_CLIENT_SET_ANSWER_US 30000000u

/* GET, QUERY and ANNOUNCE: how many wait, bytes of their frames, for how long. Relays do not answer a GET of nothing. */
#define CLASP_CLIENT_REQUESTS 1024u
#define CLASP_CLIENT_REQUEST_BYTES (256u << 10)
#define CLASP_CLIENT_ANSWER_US 5000000u

/* A relay that was over its rate when it was asked who it is, is asked again after so long. */
#define CLASP_CLIENT_ASK_US 1000000u

/* What all that waits for an answer pins: the log has room for twice the frames, CLASP_CLIENT_SET_BYTES +
 * CLASP_CLIENT_REQUEST_BYTES + CLASP_CLIENT_OWN_BYTES = 1 MiB, so 2 MiB; 8,192 entries x (88 + 8) bytes = 768 KiB; for moments
 * as much again, while a table grows. */

/* Params last seen at a client (the cache), and those that it has set last, to be put back on a relay that has lost them: how many,
 * and bytes with their book-keeping. The least recently used one goes. An own one is put back for as long as a relay would
 * have kept it, CLASP_HUB_PARAM_TTL_S, when its SET named no ttl. */
#define CLASP_CLIENT_CACHED 8192u
#define CLASP_CLIENT_CACHED_BYTES (4u << 20)
#define CLASP_CLIENT_OWN 512u
#define CLASP_CLIENT_OWN_BYTES (192u << 10)

/* Between two SYNCs; samples that the jitter is taken of. */
#define CLASP_CLIENT_SYNC_US 30000000u
#define CLASP_CLIENT_SYNC_SAMPLES 10u

/* In all a client pins its session's 15.3 MiB (docs/architecture.md) + 3 MiB (above) + 4.2 MiB of params with their tables
 * + 0.2 MiB of itself and the options of subscriptions = 23 MiB. */

/* ---- door ---------------------------------------------------------------------------------------------------- */

/* Sessions and conferences of one page at once. */
#define CLASP_ABI_SESSIONS 64u
#define CLASP_ABI_CONFERENCES 64u

/* Applications with data-channel peers, of one page at once. */
#define CLASP_ABI_PLANES 64u

/* ---- hub ----------------------------------------------------------------------------------------------------- */

/* Sessions at once: default, and the most that an option may ask for (a handle has 16 bits for the slot). */
#define CLASP_HUB_SESSIONS 1000u
#define CLASP_HUB_SESSIONS_MAX 16384u

/* Subscriptions of one session (default), of all sessions, and the bytes of all patterns. */
#define CLASP_HUB_SUBSCRIPTIONS 1000u
#define CLASP_HUB_SUBSCRIPTIONS_MAX 65536u
#define CLASP_HUB_PATTERN_BYTES (8u << 20)
#define CLASP_HUB_PATTERN_SEGMENTS 262144u

/* Addresses with an id and a cached route at once, and the bytes of both: 1000 subscribers of one address are 4 KB. */
#define CLASP_HUB_ADDRESSES 16384u
#define CLASP_HUB_ADDRESS_BYTES (16u << 20)

/* Params held (default, and the most that an option may ask for), and the bytes of all with their book-keeping. The
 * least recently used one goes. */
#define CLASP_HUB_PARAMS 10000u
#define CLASP_HUB_PARAMS_MAX 1000000u
#define CLASP_HUB_PARAM_BYTES (32u << 20)

/* Bytes of address and value of one param, such that it fits a SNAPSHOT of its own: 65,535 less type and count (3),
 * two lengths (4), value type, flags (2), revision, timestamp (16), writer (36). */
#define CLASP_HUB_PARAM_MAX (65535u - 3u - 4u - 2u - 16u - 36u)

/* Life of a param after its last write when its SET names none, in seconds; how often expired ones are looked for. */
#define CLASP_HUB_PARAM_TTL_S 3600u
#define CLASP_HUB_SWEEP_US 60000000u

/* Messages a second from one session (default); a session may be ahead by one second's worth. */
#define CLASP_HUB_RATE 1000u

/* Frames of one message that are taken in one go, before others have their turn: some 0.1 ms. A message has room for 13,000. */
#define CLASP_HUB_RUN 128u

/* From the connection to HELLO, and without any message after it. */
#define CLASP_HUB_HELLO_US 10000000u
#define CLASP_HUB_SILENCE_US 300000000u

/* Between two ERROR 503 to one session that does not keep up. */
#define CLASP_HUB_LEFT_OUT_US 10000000u

/* Bytes of announced signals, of one session and of all. */
#define CLASP_HUB_ANNOUNCED_SESSION_BYTES (128u << 10)
#define CLASP_HUB_ANNOUNCED_BYTES (4u << 20)

/* Bytes of the relay's name. */
#define CLASP_HUB_NAME_MAX 256u

/* Clients that the relay knows again by their secrets, results that it remembers of each (8 bytes each, from the first SET on), and
 * for how long after the last message of a client. At most 4096 x (8 KiB + 128 bytes) = 32.5 MiB, and 32 KiB of table. */
#define CLASP_HUB_RESUME_CLIENTS 4096u
#define CLASP_HUB_RESULTS 1024u
#define CLASP_HUB_RESUME_US 300000000u
/* The journal: bytes of its messages, how many (each has 24 bytes of book-keeping), and for how many seconds one is kept. Default,
 * and the most that an option may ask for: 4 MiB + 16,384 x 24 = 4.4 MiB, 64 MiB + 262,144 x 24 = 70 MiB; while a ring
 * grows its old block as well. */
#define CLASP_HUB_JOURNAL_BYTES (4u << 20)
#define CLASP_HUB_JOURNAL_BYTES_MAX (64u << 20)
#define CLASP_HUB_JOURNAL_ENTRIES 16384u
#define CLASP_HUB_JOURNAL_ENTRIES_MAX 262144u
#define CLASP_HUB_JOURNAL_S 3600u
#define CLASP_HUB_JOURNAL_S_MAX 604800u

/* The answer to one REPLAY, or the history of one SUBSCRIBE: bytes of frames and their book-keeping, far below the outbox's
 * bound; and the work of matching the journal, in comparisons of bytes: some 40 ms. Its price against the sender's rate is one
 * message for each CLASP_HUB_REPLAY_PRICE of work: a session that asks for the worst all the time gets eight answers a second. */
#define CLASP_HUB_REPLAY_BYTES (1u << 20)
#define CLASP_HUB_REPLAY_WORK (4u << 20)
#define CLASP_HUB_REPLAY_PRICE 32768u

/* Gestures that run at once, and the bytes of their addresses and held moves with their book-keeping; the least recently used one
 * is forgotten, and its moves pass one by one. One without a message for so long is forgotten as well. */
#define CLASP_HUB_GESTURES 1024u
#define CLASP_HUB_GESTURE_BYTES (4u << 20)
#define CLASP_HUB_GESTURE_IDLE_US 60000000u

/* A move is held back until no other one has come for so long, a frame of a display; and in any case for two: a hand that
 * never rests would not be seen to move. */
#define CLASP_HUB_GESTURE_QUIET_US 16000u
#define CLASP_HUB_GESTURE_HOLD_US 32000u

/* What subscriptions with max rate or epsilon got last, each at each address: how many, and bytes with their book-keeping and with
 * what is held back over a rate (counted once for each who waits for it). The least recently used one is forgotten: the next
 * message there passes. 16,384 states of some 130 bytes, addresses and frames: 8 MiB; the tables around them: at most 65,536
 * pointers to filters of 24 bytes, 16,384 dues and 4,096 buckets, 2.2 MiB. */
#define CLASP_HUB_FILTER_STATES 16384u
#define CLASP_HUB_FILTER_BYTES (8u << 20)
/* Tokens of an authenticated relay, bytes of one, scopes of one, bytes of a scope, and of all as they are handed over. The operator
 * chooses them: the bounds are for what the relay holds and how long a check may take. */
#define CLASP_HUB_TOKENS 4096u
#define CLASP_HUB_TOKEN_LEN 1024u
#define CLASP_HUB_SCOPES 64u
#define CLASP_HUB_SCOPE_LEN 1024u
#define CLASP_HUB_TOKENS_BYTES (1u << 20)

/* ---- rendezvous ---------------------------------------------------------------------------------------------- */

/* Devices at once: default, and the most that an option may ask for. The one with the oldest lastSeen goes. */
#define CLASP_RENDEZVOUS_DEVICES 10000u
#define CLASP_RENDEZVOUS_DEVICES_MAX 100000u

/* Devices of one source address at once (default), and the bytes of an address that tell it from others. */
#define CLASP_RENDEZVOUS_PER_SOURCE 10u
#define CLASP_RENDEZVOUS_SOURCE_MAX 64u

/* Life of a device since its registration or last refresh, in seconds (default); how often expired ones are dropped. */
#define CLASP_RENDEZVOUS_TTL_S 300u
#define CLASP_RENDEZVOUS_SWEEP_US 60000000u

/* Bytes of one registration's document: default, and the most that an option may ask for. It takes CLASP_JSON_NODES
 * values at most, whatever its length. While the longest is read it takes the text, its copy and its tree (some 0.5 MiB
 * each), the nodes (256 KiB) and twice its length for what is kept of it: 2.8 MiB. */
#define CLASP_RENDEZVOUS_DOCUMENT 65536u
#define CLASP_RENDEZVOUS_DOCUMENT_MAX 524288u

/* Bytes of all devices with their book-keeping. The one with the oldest lastSeen goes. Tables of buckets come to it: at
 * most 2 MiB for CLASP_RENDEZVOUS_DEVICES_MAX. */
#define CLASP_RENDEZVOUS_BYTES (32u << 20)

/* Devices in one answer: default, and the most that may be asked for. Bytes of an answer: it ends before the device that
 * would take it beyond. A thousand usual devices have some 0.5 MiB. */
#define CLASP_RENDEZVOUS_LIMIT 100u
#define CLASP_RENDEZVOUS_LIMIT_MAX 1000u
#define CLASP_RENDEZVOUS_ANSWER (4u << 20)

/* ---- peer ---------------------------------------------------------------------------------------------------- */

/* Peers of one conference, those not yet forgotten included. */
#define CLASP_CONFERENCE_PEERS 256u

/* Bytes of an id. Ids of ours have 36; the rest is for what other makes choose. */
#define CLASP_CONFERENCE_ID_MAX 256u

/* Bytes of the JSON of a state, or of credentials: an offer with its state has to fit a frame. */
#define CLASP_CONFERENCE_STATE_MAX (16u << 10)

/* Bytes of one session description. A browser with every codec writes some 8 KB, with ten tracks some 30. */
#define CLASP_SDP_MAX (40u << 10)

/* Bytes of a candidate line, of one of its other members, and of the JSON of all. Lines have some 100 to 200. */
#define CLASP_CANDIDATE_MAX 1024u
#define CLASP_CANDIDATE_FIELD_MAX 256u
#define CLASP_CANDIDATE_JSON_MAX 2048u

/* Candidates kept for one peer: own ones of a round, to be sent again, and remote ones that came too early. A host with
 * several networks finds some 20. One peer pins at most 2 x 64 x 2 KiB + 40 KiB + 2 x 16 KiB = 328 KiB, all peers 82 MiB. */
#define CLASP_CANDIDATES 64u

/* Bytes of one signal as JSON: a description whose line ends are escaped, and a state. */
#define CLASP_SIGNAL_MAX (96u << 10)

/* Messages waiting for one peer's channel, whatever queueSize says. */
#define CLASP_CONFERENCE_QUEUE_MAX 1024u

/* A peer that answers neither on its path nor by a signal for so long is gone. Chromium calls a dead path `disconnected`
 * after 5 to 7.8 s, so a killed page is known within 8.8 s. */
#define CLASP_SILENCE_US 1000000u

/* What must not come back (late copies of a closed attempt's offer) is remembered for so long. */
#define CLASP_CONFERENCE_FORGET_US 60000000u

/* Repeats begin after so long, or after the second while a path is broken, and double up to the last. */
#define CLASP_REPEAT_US 1000000u
#define CLASP_REPEAT_URGENT_US 250000u
#define CLASP_REPEAT_MAX_US 30000000u
#define CLASP_REPEAT_SYNC_US 5000000u /* the last wait of a state that is not acknowledged */

/* A Receiver that has lost a connection asks the room so many times after CLASP_REPEAT_US doubled so often, unless one begins to work;
 * then its waits go on to double up to its interval. */
#define CLASP_CONFERENCE_LOOKS 16u
#define CLASP_CONFERENCE_LOOK_EXPONENT 3u

/* The same description is not sent again sooner than this, however often a peer asks. */
#define CLASP_REPEAT_MIN_US 200000u

/* ---- p2p ----------------------------------------------------------------------------------------------------- */

/* Peers known to one object, announced ones included, and those with a connection when the application says nothing. A
 * mesh beyond some tens is no mesh any more. When the table is full the peer goes with which nothing was opened and of
 * which nothing was heard for longest. */
#define CLASP_P2P_PEERS 256u
#define CLASP_P2P_CONNECTIONS 64u

/* Connections of one peer at once: an old one, and the one that replaces it. */
#define CLASP_P2P_LINKS 2u

/* Bytes of a session, a client id or a name; of an epoch; of a correlation id, which holds two ids and a UUID; of the
 * words of a refusal. */
#define CLASP_P2P_ID_MAX 256u
#define CLASP_P2P_EPOCH_MAX 64u
#define CLASP_P2P_CORRELATION_MAX 640u
#define CLASP_P2P_REASON_MAX 512u

/* Entries of one signal: no dialect has more than a dozen, and each look-up walks them all. */
#define CLASP_P2P_ENTRIES 64u

/* Bytes of one signal as a value, such that it fits a frame with its address: a description of CLASP_SDP_MAX, or a record
 * that goes through the router instead of a direct path. */
#define CLASP_P2P_SIGNAL_MAX (63u << 10)
#define CLASP_P2P_RECORD_MAX (62u << 10)

/* A link holds its own description, CLASP_CANDIDATES own candidates and, until the application has decided, the remote
 * description: 2 x 40 KiB + 64 x 2 KiB + 1 KiB = 209 KiB, both links of a peer 418 KiB. Peers with links are at most
 * CLASP_P2P_PEERS (an option; 64): 26.2 MiB, or 104.5 MiB. */

/* Remote candidates that came before their offer or before the remote description was set: of one attempt, in all, their
 * bytes in all, and for how long. One sender alone (its name is a claim) cannot push out those of a running attempt. */
#define CLASP_P2P_EARLY_ATTEMPT 64u
#define CLASP_P2P_EARLY 512u
#define CLASP_P2P_EARLY_BYTES (512u << 10)
#define CLASP_P2P_EARLY_US 30000000u

/* Peers that the application has not decided on yet, and for how long one may wait. Each holds one description. */
#define CLASP_P2P_UNDECIDED 16u
#define CLASP_P2P_DECISION_US 30000000u

/* Requests of the application for a connection, at once. */
#define CLASP_P2P_TICKETS 256u

/* Correlation ids that are over, and for how long late copies of their offers are known by them. */
#define CLASP_P2P_OVER 128u
#define CLASP_P2P_OVER_US 60000000u

/* Pages and sessions that another one has taken the place of, and for how long what comes late of them is known by that. */
#define CLASP_P2P_LATE 128u
#define CLASP_P2P_LATE_US 5000000u

/* Signals by name (docs/wire.md, section 15): what was seen, so that a copy by another way is dropped; how long a copy may
 * be late, less than the first wait of a repeat; for how long a forwarder knows what it has sent. */
#define CLASP_P2P_SEEN 256u
#define CLASP_P2P_COPY_US 700000u
#define CLASP_P2P_FORWARDED_US 30000000u

/* Announcements: again at most so often when somebody new was heard, and by itself after so long, doubling up to the last.
 * A peer of ours that has nothing open and was not heard for three of the longest waits is forgotten. */
#define CLASP_P2P_ANNOUNCE_MIN_US 2000000u
#define CLASP_P2P_ANNOUNCE_MAX_US 30000000u
#define CLASP_P2P_STALE_US 100000000u

/* While somebody is asked for whom nobody has heard of, the wait doubles so often at most. */
#define CLASP_P2P_SEEKS 1u

/* The router is told that two are connected when the first messages have gone: they would wait for it. */
#define CLASP_P2P_TELL_US 20000u

/* New connections that one peer may ask for within the time: each costs the browser an RTCPeerConnection. */
#define CLASP_P2P_OFFERS 6u
#define CLASP_P2P_OFFERS_US 10000000u

/* Attempts after the first one that did not lead to a connection, each with a new correlation id. */
#define CLASP_P2P_RETRIES 3u

/* Between two ICE restarts of one link. */
#define CLASP_P2P_RESTART_US 1000000u

/* After the loss of the direct path another one is looked for after the first time, then ever less often up to the second;
 * one such attempt may take the third. */
#define CLASP_P2P_PROBE_US 1000000u
#define CLASP_P2P_PROBE_MAX_US 5000000u
#define CLASP_P2P_PROBE_TIME_US 15000000u

/* When both sides have let the other in, and no direct path is found for so long, the router covers while one is looked for. */
#define CLASP_P2P_COVER_US 2000000u

/* A path that the data plane doubts is broken when the peer has said something that tells so within this time. */
#define CLASP_P2P_WORD_US 1000000u

/* A peer without a direct path of which no signal came for so long is gone. While the relay says that its session is gone
 * it may come back under another within the second: the longest back-off of a session, and a half. */
#define CLASP_P2P_SILENCE_US 10000000u
#define CLASP_P2P_RETURN_US 15000000u

/* In a mesh the higher session dials. When it has not for so long, the lower one does: it may not know of us. */
#define CLASP_P2P_GRACE_US 5000000u

/* A connection asked for by an id that looks like a session is dialled although it was not announced, after so long. */
#define CLASP_P2P_GUESS_US 2000000u

/* ---- flow ---------------------------------------------------------------------------------------------------- */

/* Addresses that one application says something at, and the bytes of them: when either is reached all ids are forgotten and
 * given anew. Bytes of one address: with its value it has to fit a packet. */
#define CLASP_FLOW_ADDRESSES 16384u
#define CLASP_FLOW_ADDRESS_BYTES (2u << 20)
#define CLASP_FLOW_ADDRESS_MAX 4096u

/* Addresses that one peer has spoken at and that have an id, with the lists kept for them; the least recently used one goes.
 * Subscriptions to what one peer says. */
#define CLASP_FLOW_HEARD 4096u
#define CLASP_FLOW_HEARD_BYTES (512u << 10)
#define CLASP_FLOW_SUBSCRIPTIONS 4096u
#define CLASP_FLOW_PATTERN_BYTES (512u << 10)
#define CLASP_FLOW_PATTERN_SEGMENTS 32768u

/* Channels of one peer that the application makes, and, as many, sequences that a peer has. */
#define CLASP_FLOW_CHANNELS 32u

/* Bytes that messages share as one packet, reliable and not: the second fits one datagram, so that one that is lost loses
 * no more. One message alone, or a piece, may have more: each costs the browser an event, so 64 KiB of bytes with their address
 * are two pieces. */
#define CLASP_FLOW_BUNDLE 16384u
#define CLASP_FLOW_FAST_BUNDLE 1150u
#define CLASP_FLOW_PACKET 34816u

/* Packets lie in slabs: two of the largest ones, or one frame. As many as this are kept for the next ones when they are
 * empty (of all peers together). */
#define CLASP_FLOW_SLAB 69632u
#define CLASP_FLOW_SLABS_KEPT 8u

/* What waits for one peer, or was not acknowledged yet: bytes, and packets (32 bytes each besides), of one priority and those
 * above it, so that what is urgent is never refused for bulk. Values in pieces come to it: CLASP_CHUNK_QUEUE_BYTES in at most so
 * many. One peer that takes nothing pins, with the slack of slabs, at most 3 x 8 x 3/2 + 32 + 12 MiB = 80 MiB of what the
 * application says to it. */
#define CLASP_FLOW_QUEUE_BYTES (8u << 20)
#define CLASP_FLOW_PACKETS 65536u
#define CLASP_FLOW_LARGE 1024u

/* A sender that asks is told to wait while more than this is there, until half of it is left. More sends no faster. */
#define CLASP_FLOW_READY_BYTES (1u << 20)

/* What waits on a channel without retransmission: the oldest goes. */
#define CLASP_FLOW_FAST_BYTES (256u << 10)

/* Bytes in the browser's buffer of one channel at which nothing more is handed to it. */
#define CLASP_FLOW_HIGH_WATER (256u << 10)

/* And at which not even answers are: those to a peer that asks, and takes nothing. */
#define CLASP_FLOW_CONTROL_WATER (512u << 10)

/* Credit: what a new peer may send before it was acknowledged, and what one may of which more than the second has come. With more
 * at the start SCTP's slow start overshoots, and the connection crawls for a second. */
#define CLASP_FLOW_CREDIT (512u << 10)
#define CLASP_FLOW_CREDIT_AFTER (4u << 20)
#define CLASP_FLOW_CREDIT_MAX (2u << 20)

/* Of its credit a writer uses what fills the path: the first credit, or so many bytes for each microsecond of the shortest round
 * trip. What is more lies in queues, and is dropped there. */
#define CLASP_FLOW_RATE 20u

/* While something more urgent was said within the time, bulk has no more under way than so many bytes, or that rate: what is in
 * the network's queues cannot be overtaken. A packet up to the third bound is not bulk. */
#define CLASP_FLOW_BULK_FLIGHT (32u << 10)
#define CLASP_FLOW_BULK_RATE 2u
#define CLASP_FLOW_BULK_PACKET 4096u
#define CLASP_FLOW_URGENT_US 250000u

/* Packets that came before the one that is due, of one sequence and in bytes of one peer: those of the acknowledgement's
 * bitmap. */
#define CLASP_FLOW_REORDER 32u
#define CLASP_FLOW_REORDER_BYTES (512u << 10)

/* A packet that found no memory, or no room for its pieces, is tried again after so long. */
#define CLASP_FLOW_RETRY_US 100000u

/* An acknowledgement that nobody waits for goes after so long, or such a part of the first credit: each has to wait for the thread of
 * the browser that is busy with what comes. */
#define CLASP_FLOW_ACK_US 20000u
#define CLASP_FLOW_ACK_SHARE 3u

/* A PING goes when nothing was heard for so long while data waits, and again after the second; it is overdue after twice the
 * round trip and the third. The round trip is taken to be the fourth while it is not known. */
#define CLASP_FLOW_PING_US 50000u
#define CLASP_FLOW_PING_AGAIN_US 500000u
#define CLASP_FLOW_SILENCE_US 100000u
#define CLASP_FLOW_RTT_US 200000u

/* By way of the router: records of all peers together in a second and at once (a relay takes 1,000 messages a second from
 * one client), bytes under way to one peer, and when what was not acknowledged goes again: doubling up to the last. */
#define CLASP_FLOW_COVER_RATE 400u
#define CLASP_FLOW_COVER_BURST 40u
#define CLASP_FLOW_COVER_FLIGHT (256u << 10)
#define CLASP_FLOW_COVER_AGAIN_US 700000u
#define CLASP_FLOW_COVER_AGAIN_MAX_US 4000000u

/* Messages that came before anybody has subscribed to this peer: how many, bytes of addresses and values, for how long. */
#define CLASP_FLOW_EARLY 64u
#define CLASP_FLOW_EARLY_BYTES (64u << 10)
#define CLASP_FLOW_EARLY_US 5000000u

/* GETs that wait for an answer, and for how long one may. */
#define CLASP_FLOW_GETS 64u
#define CLASP_FLOW_GET_US 5000000u

/* ---- route --------------------------------------------------------------------------------------------------- */

/* Bytes of one address or pattern: what the u16 length of a string field can say. */
#define CLASP_ADDRESS_MAX_LEN 65535u

/* Segments of one address or pattern. Matching takes at most the product of both, 65,025 comparisons of segments. */
#define CLASP_ADDRESS_SEGMENTS 255u

/* ---- codec --------------------------------------------------------------------------------------------------- */

/* Cells of one message, 16 bytes each. An item takes one byte on the wire and one cell, an entry of a map three bytes and
 * two cells, the entries that name the fields of a small message up to two cells a byte: 4 MiB are enough for any frame. */
#define CLASP_TAPE_CELLS 262144u

/* Bytes for messages written with the names of their fields. The smallest ones grow twelvefold ({type: "REPLAY", types: […]}
 * of seven bytes), so that a bundle full of them takes 16 x CLASP_FRAME_PAYLOAD_MAX at most. */
#define CLASP_CODEC_SCRATCH (2u << 20)

/* Bytes of texts of one message that is being packed, names of its fields included: a bundle of the smallest messages has four
 * times the bytes of its frame in names. */
#define CLASP_CODEC_FRAME (1u << 20)

/* What one dispatcher holds: addresses seen, the bytes of them and of what they lead to, subscriptions, bytes of patterns. */
#define CLASP_DISPATCH_ADDRESSES 16384u
#define CLASP_DISPATCH_ADDRESS_BYTES (8u << 20)
#define CLASP_DISPATCH_SUBSCRIPTIONS 131072u
#define CLASP_DISPATCH_PATTERN_BYTES (16u << 20)
#define CLASP_DISPATCH_PATTERN_SEGMENTS 524288u

/* Sets of patterns that its host keeps the subscriptions of, and the most subscriptions of one: 1 MiB of them. A power of two. */
#define CLASP_DISPATCH_GROUPS 4096u
#define CLASP_DISPATCH_GROUP_SUBS 64u

/* Dispatchers of one module at once. */
#define CLASP_ABI_DISPATCHERS 256u

/* ---- chunk --------------------------------------------------------------------------------------------------- */

/* Bytes of one message that travels in pieces. A photograph or a short clip; what is larger is a file, and its sender
 * wants to see it in parts. */
#define CLASP_CHUNK_MAX_LEN 16777216u /* 16 MiB */

/* Bytes of one PIECE record: the most that Chromium takes as one message of a data channel. */
#define CLASP_CHUNK_RECORD_MAX 262144u

/* Pieces of one message: 16 MiB in pieces of 1 KiB, what fits a datagram. At most 65,536, what 16 bits can count. */
#define CLASP_CHUNK_PIECES 16384u

/* Messages of one priority under way at once, and of all three. A sender keeps to the first, and to the longest message's
 * bytes for each priority, so that the receiver never has to refuse what it sends in order. */
#define CLASP_CHUNK_ABREAST 4u
#define CLASP_CHUNK_SLOTS (3u * CLASP_CHUNK_ABREAST)

/* Declared bytes of all messages being rebuilt for one peer: the longest one for each priority. Memory is taken only for what arrives, so that one peer pins
 * at most CLASP_CHUNK_DECLARED + 12 last pieces that came early (3 MiB) + 12 x 34 KiB of book-keeping = 51.4 MiB, and
 * while a buffer grows its old block as well: at most CLASP_CHUNK_MAX_LEN more. */
#define CLASP_CHUNK_DECLARED (3u * CLASP_CHUNK_MAX_LEN)

/* A message is given up after so long without a new piece: longer than a peer may take to find another path (30 s with
 * room for the pieces to come). And in any case so long after its first piece: 16 MiB at 224 kbit/s. */
#define CLASP_CHUNK_IDLE_US 35000000u
#define CLASP_CHUNK_LIFE_US 600000000u

/* When there is no room for a new message, one without a new piece for so long makes room: on a channel that loses
 * pieces it will not be whole any more, and a channel that does not keeps its pieces coming. */
#define CLASP_CHUNK_STALE_US 1000000u

/* Ids of messages that are over, whose late and repeated pieces are ignored. */
#define CLASP_CHUNK_FINISHED 64u

/* What waits to be sent to one peer: bytes, and messages (each has some 100 bytes of book-keeping). */
#define CLASP_CHUNK_QUEUE_BYTES (32u << 20)
#define CLASP_CHUNK_QUEUE_COUNT 4096u

/* After so many packets of higher priority one of a lower priority goes, so that no message waits for ever. */
#define CLASP_CHUNK_PATIENCE 32u

/* Video over a relay: bytes of data in one record (any size up to a frame's is read), and records of one frame. */
#define CLASP_VIDEO_CHUNK_LEN 16000u
#define CLASP_VIDEO_CHUNKS 4096u

/* Frames of one stream that are being rebuilt or wait for an earlier one: a quarter of a second at 30 frames a second. */
#define CLASP_VIDEO_WINDOW 8u

/* Bytes of one frame (a key frame in 4K has 1 to 2 MB), and received bytes of all frames of the window. Buffers double as
 * they grow: one stream pins at most 2 x CLASP_VIDEO_BYTES + CLASP_VIDEO_WINDOW x 9 KiB of book-keeping = 16.1 MiB. */
#define CLASP_VIDEO_FRAME_MAX (4u << 20)
#define CLASP_VIDEO_BYTES (8u << 20)

/* For how long a whole frame waits for earlier ones: what a picture may be late before it is seen to stand still. */
#define CLASP_VIDEO_HOLD_US 100000u

/* A frame is given up after so long without a new record, and in any case so long after its first one. */
#define CLASP_VIDEO_IDLE_US 1000000u
#define CLASP_VIDEO_LIFE_US 10000000u

/* When nothing new came for so long, a lower frame number is a stream that began again and no late record. */
#define CLASP_VIDEO_RESTART_US 1000000u

/* ---- peers: wide values, pipes, params ------------------------------------------------------------------------- */

/* Values inside one wide value, items and entries at all levels. One byte on the wire makes an item that takes JavaScript up to
 * 64 bytes, so one value comes to 64 MiB at most. More numbers than this travel as bytes. */
#define CLASP_WIDE_VALUES 1048576u

/* Pipes that each side of a peer writes at once, and what a writer may have sent of one and its reader has not consumed: one
 * peer can pin at most CLASP_FLOW_PIPES x CLASP_PIPE_WINDOW = 4 MiB by its pipes, and as much by not consuming ours. A record
 * with fewer than CLASP_PIPE_LEAST bytes takes as much as that, so those are at most 16,384 runs of bytes. */
#define CLASP_FLOW_PIPES 16u
#define CLASP_PIPE_WINDOW (256u << 10)
#define CLASP_PIPE_LEAST 256u

/* Bytes of one record of a pipe: what is urgent waits for no more than this of it. Bytes of a pipe's address, and of the words
 * that tell why it was aborted. */
#define CLASP_PIPE_DATA 16000u
#define CLASP_PIPE_ADDRESS_MAX 4096u
#define CLASP_PIPE_WORDS_MAX 256u

/* The last values exchanged with one peer: addresses, bytes of them and of values, and bytes of the largest value that is kept.
 * With its tables that is CLASP_PARAMS_BYTES + CLASP_PARAMS x (64 + 16) = 336 KiB for each peer. */
#define CLASP_PARAMS 1024u
#define CLASP_PARAMS_BYTES (256u << 10)
#define CLASP_PARAM_MAX (128u << 10)

#endif
