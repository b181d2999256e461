/**
 * A whole CLASP client (docs/wire.md, sections 7 and 14): a session with a relay, and on top of it acknowledgements, requests with
 * answers, a cache of params, the relay's clock, and a way back after a loss on which no SET is lost and none is applied twice.
 *
 * A *ticket* is the caller's number for what it waits for. Each ticket but 0 (nobody waits) is settled by one SETTLED effect: with the
 * relay's answer, with TIMEOUT, or with NOT_CONNECTED when the client is closed. A call that fails settles nothing.
 *
 *   caller ── SET ──> pending (frames, in order) ── sent, at most CLASP_CLIENT_WINDOW ──> relay
 *                        ^                                                  |
 *                        +── after a loss: judged, then sent again ──<── ACK, ERROR: settled
 */
#ifndef CLASP_SESSION_CLIENT_H
#define CLASP_SESSION_CLIENT_H

#include "session/session.h"

#define CLASP_CLIENT_SECRET 16u /* bytes */

typedef struct clasp_client clasp_client;

/**
 * @param handle the `owner` of all its effects
 * @param seed   for jitter, and for the hashes of addresses
 * @param out    where effects go; must outlive the client
 * @return given; free with clasp_client_free(). NULL: no memory
 */
clasp_client *clasp_client_new(uint32_t handle, uint64_t seed, clasp_outbox *out);

/** Without a word to anybody: tickets that are open are not settled. Close it first. */
void clasp_client_free(clasp_client *client);

clasp_session_state clasp_client_get_state(const clasp_client *client);

/**
 * As clasp_session_open().
 * @param secret random bytes, the same for the client's whole life: by them the relay knows it again. Copied
 */
clasp_err clasp_client_open(clasp_client *client, const clasp_session_options *options,
                            const uint8_t secret[CLASP_CLIENT_SECRET], uint64_t now_us);

/** As clasp_session_close(). What waits is settled with NOT_CONNECTED; the cache, and the params to be put back, are forgotten. */
void clasp_client_close(clasp_client *client, uint64_t now_us);

/* As those of clasp_session. */
void clasp_client_hurry(clasp_client *client, uint64_t now_us);
void clasp_client_renew(clasp_client *client, uint64_t now_us);
void clasp_client_check(clasp_client *client, uint64_t now_us);
void clasp_client_socket_opened(clasp_client *client, uint64_t now_us);
void clasp_client_socket_closed(clasp_client *client, uint32_t code, uint64_t now_us);
void clasp_client_received(clasp_client *client, clasp_span bytes, uint64_t now_us);

/**
 * What the caller sends does not leave at once, but with what he sends next, as one SOCKET_SEND: this ends it. To be called before
 * the host's turn is over. What the client sends on its own (in the calls above, and in tick) leaves at their end.
 */
void clasp_client_send_joined(clasp_client *client);

/**
 * As clasp_session_subscribe(), with options, which are sent again with each SUBSCRIBE.
 * @param wish SUBSCRIBE: address, types, has, and of rate, epsilon, history, window_ms what `has` names; its id is not looked at
 */
clasp_err clasp_client_subscribe(clasp_client *client, const clasp_message *wish, uint32_t *sub,
                                 uint64_t now_us);
clasp_err clasp_client_unsubscribe(clasp_client *client, uint32_t sub, uint64_t now_us);

/** As clasp_session_send(); into the bundle, when one is open. */
clasp_err clasp_client_publish(clasp_client *client, const clasp_message *publish, uint64_t now_us);

/**
 * Write a param; into the bundle, when one is open (then without a ticket: else BAD_STATE).
 *
 * It is kept until it is answered, and waits while there is no session, or while CLASP_CLIENT_WINDOW others are under way: at
 * most CLASP_CLIENT_SETS of them, CLASP_CLIENT_SET_BYTES together, for CLASP_CLIENT_SET_AGE_US. With CLASP_QOS_FIRE it is sent at
 * most once, and does not wait for a session: NOT_CONNECTED.
 *
 * @param set SET; `address` and `value` and what `has` names
 * @return CLASP_OK; BAD_ADDRESS; TOO_LARGE (over a frame); QUEUE_FULL; NO_MEMORY; BAD_STATE when closed
 */
clasp_err clasp_client_set(clasp_client *client, const clasp_message *set, clasp_qos qos, uint32_t ticket,
                           uint64_t now_us);

/**
 * Ask for a param: PARAM, then SETTLED. A relay does not answer for one that is not there: TIMEOUT after CLASP_CLIENT_ANSWER_US.
 * @return CLASP_OK; BAD_ADDRESS; NOT_CONNECTED; QUEUE_FULL (CLASP_CLIENT_REQUESTS); NO_MEMORY. So the next two, too
 */
clasp_err clasp_client_get(clasp_client *client, clasp_span address, uint32_t ticket, uint64_t now_us);

/** Ask for announced signals: a RESULT for each message of the answer, then SETTLED. BAD_PATTERN. */
clasp_err clasp_client_query(clasp_client *client, clasp_span pattern, uint32_t ticket, uint64_t now_us);

/**
 * Announce signals. BAD_ADDRESS; BAD_FIELD, BAD_ENUM, OUT_OF_RANGE: of a signal (wire/fields.h).
 * @param signals a checked array of maps as RESULT hands them out
 */
clasp_err clasp_client_announce(clasp_client *client, clasp_span space, clasp_value signals, uint32_t ticket,
                                uint64_t now_us);

/** Ask for the past: what comes back goes to subscriptions as any SET and PUBLISH. BAD_PATTERN; NOT_CONNECTED. */
clasp_err clasp_client_replay(clasp_client *client, const clasp_message *replay, uint64_t now_us);

/** From here on SETs and PUBLISHes are members of a bundle. BAD_STATE when one is open. */
clasp_err clasp_client_bundle_begin(clasp_client *client);

/**
 * Send the bundle; it is kept and waits as a SET does. Without members: nothing is sent, and the ticket is settled.
 * @param timestamp_us NULL: none
 * @return as clasp_client_set(), BAD_STATE when none is open; in any case none is open any more
 */
clasp_err clasp_client_bundle_end(clasp_client *client, const uint64_t *timestamp_us, uint32_t ticket,
                                  uint64_t now_us);
void clasp_client_bundle_drop(clasp_client *client);

/** One CACHED effect with the value last seen at an address; false, and no effect, when it is not known. */
bool clasp_client_cached(clasp_client *client, clasp_span address);

/** Nobody waits for this ticket any more: it is not settled. What was asked for goes on. */
void clasp_client_cancel(clasp_client *client, uint32_t ticket);

/** Ask for the relay's time now; CLOCK tells. NOT_CONNECTED */
clasp_err clasp_client_sync(clasp_client *client, uint64_t now_us);

/** When clasp_client_tick() wants to be called next, in us; UINT64_MAX: never. */
uint64_t clasp_client_deadline(const clasp_client *client);
void clasp_client_tick(clasp_client *client, uint64_t now_us);

#endif
