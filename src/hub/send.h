/** What leaves a hub: answers, refusals, fan-out. For src/hub/ only. */
#ifndef CLASP_HUB_SEND_H
#define CLASP_HUB_SEND_H

#include "hub/state.h"

/** HUB_SEND: one frame for `count` sessions. */
void clasp_hub_emit(clasp_hub *hub, const uint32_t *handles, uint32_t count, clasp_span frame);

/** Send a message to one session. CLASP_TOO_LARGE when it fits no frame: then nothing is sent. */
clasp_err clasp_hub_send(clasp_hub *hub, const clasp_hub_session *session, const clasp_message *message);

/** The same, with the time that the message is meant for as the timestamp of its frame; NULL: none. */
clasp_err clasp_hub_send_at(clasp_hub *hub, const clasp_hub_session *session, const clasp_message *message,
                            const uint64_t *at_us);

/** Send a payload from the journal, with its time as the timestamp of the frame. */
void clasp_hub_send_payload(clasp_hub *hub, const clasp_hub_session *session, clasp_qos qos, uint64_t at_us,
                            clasp_span payload);

/** Send an ERROR. `address` is left out when it is empty, or does not fit. */
void clasp_hub_send_error(clasp_hub *hub, const clasp_hub_session *session, clasp_wire_error code,
                          const char *text, clasp_span address);

/** Send an ERROR for a well-formed message, and count it. */
void clasp_hub_refuse(clasp_hub *hub, const clasp_hub_session *session, clasp_wire_error code,
                      const char *text, clasp_span address);

/** True if an address is one of signals between two sessions, whatever follows: they are not journalled. */
bool clasp_hub_is_signal(clasp_span address);

/**
 * Send a SET or PUBLISH once to every session that has a subscription for its address and type, but not to `except`
 * (which may be NULL), and keep it in the journal.
 * @return CLASP_OK, also when nobody is there; CLASP_BAD_ADDRESS, CLASP_TOO_LARGE, CLASP_NO_MEMORY: nothing was sent
 */
clasp_err clasp_hub_fan_out(clasp_hub *hub, const clasp_message *message, const clasp_hub_session *except);

/** The same, with the time that the message is meant for as the timestamp of its frame; NULL: none. */
clasp_err clasp_hub_fan_out_at(clasp_hub *hub, const clasp_message *message, const clasp_hub_session *except,
                               const uint64_t *at_us);

/**
 * The part of a fan-out that goes to subscriptions with options (max rate, epsilon): adds to the `count` receivers whom they let
 * it pass to, and holds it back for others.
 * @return the receivers there are now
 */
uint32_t clasp_hub_pass_filters(clasp_hub *hub, const clasp_route *route, const clasp_message *message,
                                const clasp_hub_session *except, clasp_span frame, uint32_t count);

/** Send what was held back over a rate and may go now. */
void clasp_hub_release_due_values(clasp_hub *hub);

/** HUB_CLOSE: the connection is to be closed, and the session is gone from here on. */
void clasp_hub_give_up(clasp_hub *hub, clasp_hub_session *session, const char *reason);

/** A line for the host's log: what happened, with two texts put together. */
void clasp_hub_tell(clasp_hub *hub, const clasp_hub_session *session, clasp_hub_event event, clasp_span first,
                    clasp_span second);

#endif
