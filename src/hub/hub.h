/**
 * The relay's side of CLASP (docs/wire.md, section 7): sessions, params, fan-out, limits. No socket lives here: the host
 * reports connections and their messages, HUB_SEND and HUB_CLOSE effects say what to do.
 *
 * A frame for many sessions is encoded once: one HUB_SEND names them all.
 */
#ifndef CLASP_HUB_HUB_H
#define CLASP_HUB_HUB_H

#include "base/outbox.h"
#include "wire/message.h"

/* Counters that the host may publish; all count since the start but the first group, which are levels. */
// clang-format off
#define CLASP_HUB_STAT_LIST(X)                                                     \
    X(sessions, "sessions open now")                                               \
    X(subscriptions, "subscriptions held now")                                     \
    X(params, "params held now")                                                   \
    X(journal_entries, "messages in the journal now")                              \
    X(journal_bytes, "bytes of messages in the journal now")                       \
    X(sessions_total, "sessions opened")                                           \
    X(sessions_refused_total, "connections given up before WELCOME")               \
    X(messages_received_total, "messages taken from clients")                      \
    X(messages_sent_total, "messages handed to clients")                           \
    X(bytes_received_total, "bytes of messages taken from clients")                \
    X(bytes_sent_total, "bytes of messages handed to clients")                     \
    X(publishes_total, "PUBLISH messages accepted")                                \
    X(sets_total, "SET messages accepted")                                         \
    X(deliveries_total, "SET and PUBLISH messages handed to subscribers")          \
    X(malformed_total, "messages refused as malformed")                            \
    X(rejected_total, "well-formed messages answered by ERROR")                    \
    X(rate_limited_total, "messages dropped over a rate limit")                    \
    X(unauthorized_total, "sessions refused without a token that is known")        \
    X(expired_total, "sessions refused or ended as their token has expired")       \
    X(forbidden_total, "messages that the scopes of their session do not cover")   \
    X(hosts_refused_total, "connections over the sessions that one host may have") \
    X(left_out_total, "messages left out for clients that do not keep up")         \
    X(replays_total, "REPLAY messages answered from the journal")                  \
    X(moves_held_total, "moves of gestures held back for a newer one or for quiet")   \
    X(values_skipped_total, "values left out as the options of a subscription ask")
// clang-format on

typedef enum clasp_hub_stat {
#define X(name, text) CLASP_HUB_STAT_##name,
    CLASP_HUB_STAT_LIST(X)
#undef X
        CLASP_HUB_STAT_COUNT
} clasp_hub_stat;

/* What HUB_EVENT tells the host's log; the text is the client's name, or why it was given up. */
// clang-format off
#define CLASP_HUB_EVENT_LIST(X) X(OPENED, 0) X(CLOSED, 1) X(GIVEN_UP, 2)
// clang-format on

typedef enum clasp_hub_event {
#define X(name, value) CLASP_HUB_EVENT_##name = (value),
    CLASP_HUB_EVENT_LIST(X)
#undef X
} clasp_hub_event;

/* Codes of the wire's ERROR message that the hub sends. */
// clang-format off
#define CLASP_WIRE_ERROR_LIST(X)                                                                                   \
    X(INVALID_FRAME, 100) X(INVALID_MESSAGE, 101) X(INVALID_ADDRESS, 200) X(BAD_PATTERN, 202) X(UNAUTHORIZED, 300) \
    X(FORBIDDEN, 301) X(TOKEN_EXPIRED, 302) X(REVISION_CONFLICT, 400) X(LOCK_HELD, 401) X(INVALID_VALUE, 402) X(REFUSED, 403)            \
    X(NO_SUCH_SESSION, 404) X(RATE_LIMITED, 429) X(INTERNAL, 500) X(UNAVAILABLE, 501) X(SLOW_CONSUMER, 503)
// clang-format on

typedef enum clasp_wire_error {
#define X(name, code) CLASP_WIRE_##name = (code),
    CLASP_WIRE_ERROR_LIST(X)
#undef X
} clasp_wire_error;

/** The wire's ERROR code for a refusal of the core. */
clasp_wire_error clasp_wire_error_of(clasp_err err);

/* What a host may set, and its name in JavaScript; 0: the default of limits.h. More than may be asked for is cut down to it. */
// clang-format off
#define CLASP_HUB_OPTION_LIST(X)                                                            \
    X(max_sessions, maxSessions)               /* at once */                                \
    X(max_subscriptions, maxSubscriptions)     /* of one session */                         \
    X(max_params, maxParams)                   /* held at once */                           \
    X(messages_per_second, messagesPerSecond)  /* of one session */                         \
    X(journal_bytes, journalBytes)             /* of messages; CLASP_HUB_NO_JOURNAL: none */ \
    X(journal_entries, journalEntries)         /* messages kept */                          \
    X(journal_seconds, journalSeconds)         /* for how long */                           \
    X(max_sessions_per_host, maxSessionsPerAddress) /* no limit by default */               \
    X(messages_per_second_per_host, ratePerAddress) /* of all its sessions; no limit by default */
// clang-format on

#define CLASP_HUB_NO_JOURNAL 0xFFFFFFFFu

typedef struct clasp_hub_options {
    clasp_span name; /* as WELCOME carries it; borrowed and copied; empty: the default */
#define X(name, script) uint32_t name;
    CLASP_HUB_OPTION_LIST(X)
#undef X
} clasp_hub_options;

typedef struct clasp_hub clasp_hub;

/** Given; free with clasp_hub_free(). NULL: no memory. `seed` makes session ids, which are unique but no secrets. */
clasp_hub *clasp_hub_new(const clasp_hub_options *options, const uint64_t seed[2], clasp_outbox *out);
void clasp_hub_free(clasp_hub *hub);

/**
 * From now on a HELLO needs one of these tokens, and a session may do what its token's scopes say; an empty list lets nobody in. Open
 * sessions go on under the new list: without their token in it they get ERROR 300 and are closed, and subscriptions that their scopes
 * cover no longer are dropped, with ERROR 301 for each.
 *
 * The list, all integers big-endian:
 *
 *   u32 tokens, then for each:  u16 bytes, token    u64 expiry, in us since the epoch; 0: never
 *                               u16 scopes, then for each:  u16 bytes, scope: "read:/a/", then "**", say
 *
 * @param list borrowed and copied
 * @return CLASP_OK; CLASP_TRUNCATED; CLASP_BAD_FIELD: an empty token, or one that is there twice; CLASP_BAD_ENUM: a scope without an
 *         action that is known; CLASP_BAD_PATTERN: of a scope; CLASP_TOO_LARGE; CLASP_NO_MEMORY. Nothing has changed unless CLASP_OK.
 */
clasp_err clasp_hub_set_tokens(clasp_hub *hub, clasp_span list, uint64_t now_us);

/** CLASP_OK if `text` is a scope; else as clasp_hub_set_tokens() says. */
clasp_err clasp_hub_check_scope(clasp_span text);

/** True if this is a token with the right of an admin on everything. */
bool clasp_hub_is_admin(const clasp_hub *hub, clasp_span token, uint64_t now_us);

/**
 * A connection came. When there is no room for it, the one that has owed its HELLO for longest is given up in its place.
 * @return CLASP_OK and its handle; CLASP_LIMIT: close it (WebSocket code 1008); CLASP_NO_MEMORY
 */
clasp_err clasp_hub_connected(clasp_hub *hub, uint64_t now_us, uint32_t *session);

/** The same, with what stands for the remote host in the limits per host; 0: nothing is counted. */
clasp_err clasp_hub_connected_from(clasp_hub *hub, uint64_t host, uint64_t now_us, uint32_t *session);

/** A connection ended; its subscriptions and locks go. An unknown handle is ignored. */
void clasp_hub_disconnected(clasp_hub *hub, uint32_t session, uint64_t now_us);

/**
 * A binary message arrived. Malformed ones are answered with ERROR 100 or 101 and the session goes on; before HELLO the
 * connection is closed instead (HUB_CLOSE, code 1008).
 * @return CLASP_OK, or CLASP_BAD_HANDLE
 */
clasp_err clasp_hub_received(clasp_hub *hub, uint32_t session, clasp_span bytes, uint64_t now_us);

/**
 * The same, with an end to its work: of a message that holds many frames CLASP_HUB_RUN are taken, and the host hands over the rest when
 * others had their turn. A HUB_SLOW effect says that the session is over its rate, and may wait for longer.
 * @param used set to the bytes that were taken; all of them unless frames are left
 */
clasp_err clasp_hub_take(clasp_hub *hub, uint32_t session, clasp_span bytes, uint64_t now_us, uint32_t *used);

/**
 * The host has left out `count` frames for a session that did not take them fast enough, and can send to it again. An
 * ERROR 503 tells it, at most every CLASP_HUB_LEFT_OUT_US. An unknown handle is ignored.
 */
void clasp_hub_left_out(clasp_hub *hub, uint32_t session, uint32_t count, uint64_t now_us);

/** When clasp_hub_tick() wants to be called next, in us; UINT64_MAX: never. */
uint64_t clasp_hub_deadline(const clasp_hub *hub);
void clasp_hub_tick(clasp_hub *hub, uint64_t now_us);

double clasp_hub_stat_value(const clasp_hub *hub, clasp_hub_stat stat);

#endif
