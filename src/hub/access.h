/**
 * Who may do what: tokens at HELLO, scopes at every message (docs/wire.md, section 7). In an open hub, one that was never given
 * tokens, everybody may do everything. For src/hub/ only.
 */
#ifndef CLASP_HUB_ACCESS_H
#define CLASP_HUB_ACCESS_H

#include "hub/state.h"

/**
 * Look at the token of a HELLO, and remember it with the session.
 * @return false: the session was told ERROR 300 or 302, and is gone
 */
bool clasp_hub_admit(clasp_hub *hub, clasp_hub_session *session, const clasp_message *hello, uint64_t now_us);

/** False: the session's token has expired; it was told ERROR 302, and is gone. */
bool clasp_hub_is_valid(clasp_hub *hub, clasp_hub_session *session, uint64_t now_us);

/** End the sessions whose token has expired. */
void clasp_hub_expire(clasp_hub *hub, uint64_t now_us);

/** True if the session may read, or write, all that a pattern (or address) matches. */
bool clasp_hub_may_read(const clasp_hub *hub, const clasp_hub_session *session, clasp_span pattern);
bool clasp_hub_may_write(const clasp_hub *hub, const clasp_hub_session *session, clasp_span pattern);

/**
 * True if a message may be handled. What a BUNDLE holds and what a QUERY finds is looked at where it is handled; an ill-formed address
 * or pattern passes, since its handler refuses it with a code of its own.
 * @param what set to what is refused
 */
bool clasp_hub_may(const clasp_hub *hub, const clasp_hub_session *session, const clasp_message *message,
                   clasp_span *what);

#endif
