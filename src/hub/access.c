#include "hub/access.h"

#include "hub/send.h"
#include "route/address.h"

/* ---- scopes -------------------------------------------------------------------------------------------------- */

static bool may(const clasp_hub *hub, const clasp_hub_session *session, uint8_t right, clasp_span pattern) {
    return !hub->has_tokens || (session->token && clasp_scopes_cover(session->token->scopes, right, pattern));
}

bool clasp_hub_may_read(const clasp_hub *hub, const clasp_hub_session *session, clasp_span pattern) {
    return may(hub, session, CLASP_SCOPE_READ, pattern);
}

bool clasp_hub_may_write(const clasp_hub *hub, const clasp_hub_session *session, clasp_span pattern) {
    return may(hub, session, CLASP_SCOPE_WRITE, pattern);
}

/* The namespace, unless it is empty, and every address in it. */
static bool may_announce(const clasp_hub *hub, const clasp_hub_session *session,
                         const clasp_message *announce, clasp_span *what) {
    *what = announce->address;
    if (what->len > 0 && !clasp_hub_may_write(hub, session, *what)) {
        return false;
    }
    clasp_reader r = clasp_list_reader(announce->list);
    for (uint32_t left = announce->list.count; left > 0; left--) {
        clasp_signal_info info;
        clasp_next_signal(&r, true, &info);
        *what = info.address;
        if (!clasp_hub_may_write(hub, session, *what)) {
            return false;
        }
    }
    return true;
}

/* What is put back is written where it was. */
static bool may_set(const clasp_hub *hub, const clasp_hub_session *session, clasp_span address) {
    uint64_t revision;
    const clasp_span target = clasp_hub_target(address, &revision);
    return clasp_address_check(target) != CLASP_OK || clasp_hub_may_write(hub, session, target);
}

bool clasp_hub_may(const clasp_hub *hub, const clasp_hub_session *session, const clasp_message *message,
                   clasp_span *what) {
    *what = message->address;
    switch (hub->has_tokens ? message->type : 0) {
    case CLASP_MSG_SET:
        return may_set(hub, session, message->address);
    case CLASP_MSG_PUBLISH:
        return clasp_address_check(*what) != CLASP_OK || clasp_hub_may_write(hub, session, *what);
    case CLASP_MSG_GET: /* what a claim tells is the client's own */
        return clasp_hub_is_claim(*what) || clasp_address_check(*what) != CLASP_OK ||
               clasp_hub_may_read(hub, session, *what);
    case CLASP_MSG_SUBSCRIBE:
    case CLASP_MSG_REPLAY:
        return clasp_pattern_check(*what) != CLASP_OK || clasp_hub_may_read(hub, session, *what);
    case CLASP_MSG_ANNOUNCE:
        return may_announce(hub, session, message, what);
    default:
        return true;
    }
}

/* ---- tokens -------------------------------------------------------------------------------------------------- */

/* Why a token is refused. */
typedef struct refusal {
    const char *text;
    clasp_wire_error code;
    clasp_hub_stat stat;
} refusal;

static const refusal MISSING = {"a token is needed", CLASP_WIRE_UNAUTHORIZED,
                                CLASP_HUB_STAT_unauthorized_total};
static const refusal UNKNOWN = {"the token is not known", CLASP_WIRE_UNAUTHORIZED,
                                CLASP_HUB_STAT_unauthorized_total};
static const refusal REVOKED = {"the token is not known any more", CLASP_WIRE_UNAUTHORIZED,
                                CLASP_HUB_STAT_unauthorized_total};
static const refusal EXPIRED = {"the token has expired", CLASP_WIRE_TOKEN_EXPIRED,
                                CLASP_HUB_STAT_expired_total};

static void turn_away(clasp_hub *hub, clasp_hub_session *session, const refusal *why) {
    hub->stats[why->stat]++;
    clasp_hub_send_error(hub, session, why->code, why->text, (clasp_span){NULL, 0});
    clasp_hub_give_up(hub, session, why->text);
}

/* NULL: the token is good. */
static const refusal *refusal_of(const clasp_hub_token *token, uint64_t now_us) {
    if (!token) {
        return &UNKNOWN;
    }
    return token->expires_us <= now_us ? &EXPIRED : NULL;
}

static void remember(clasp_hub *hub, clasp_hub_session *session, const clasp_hub_token *token) {
    session->token = token;
    if (token->expires_us < hub->expiry_us) {
        hub->expiry_us = token->expires_us;
    }
}

bool clasp_hub_admit(clasp_hub *hub, clasp_hub_session *session, const clasp_message *hello,
                     uint64_t now_us) {
    if (!hub->has_tokens) {
        return true;
    }
    const clasp_hub_token *token = clasp_hub_tokens_find(&hub->tokens, hello->token);
    const refusal *why = hello->token.len == 0 ? &MISSING : refusal_of(token, now_us);
    if (why) {
        turn_away(hub, session, why);
        return false;
    }
    remember(hub, session, token);
    return true;
}

bool clasp_hub_is_valid(clasp_hub *hub, clasp_hub_session *session, uint64_t now_us) {
    if (!session->token || session->token->expires_us > now_us) {
        return true;
    }
    turn_away(hub, session, &EXPIRED);
    return false;
}

void clasp_hub_expire(clasp_hub *hub, uint64_t now_us) {
    hub->expiry_us = UINT64_MAX;
    for (uint32_t slot = 0; slot < hub->sessions.cap; slot++) {
        clasp_hub_session *session = &hub->sessions.slots[slot];
        if (session->phase == CLASP_HUB_OPEN && clasp_hub_is_valid(hub, session, now_us) && session->token) {
            remember(hub, session, session->token);
        }
    }
}

/* ---- other tokens -------------------------------------------------------------------------------------------- */

/* Drop the subscriptions that a session's scopes cover no longer. */
static void prune(clasp_hub *hub, clasp_hub_session *session) {
    uint32_t next = session->first_sub;
    while (next != CLASP_HUB_NONE) {
        const clasp_hub_sub sub = hub->subs.list[next];
        const clasp_span pattern = clasp_routes_pattern(hub->subs.routes, next);
        if (!clasp_hub_may_read(hub, session, pattern)) {
            CLASP_HUB_COUNT(hub, forbidden_total);
            clasp_hub_refuse(hub, session, CLASP_WIRE_FORBIDDEN, CLASP_HUB_FORBIDDEN_TEXT, pattern);
            clasp_hub_subs_drop(&hub->subs, session, sub.id);
        }
        next = sub.next;
    }
}

/* An open session of before: it goes on with what the new list says of its token, if it is still there. */
static void readmit(clasp_hub *hub, clasp_hub_session *session, const clasp_hub_tokens *tokens,
                    uint64_t now_us) {
    const clasp_hub_token *token =
        session->token ? clasp_hub_tokens_find(tokens, session->token->text) : NULL;
    const refusal *why = token ? refusal_of(token, now_us) : &REVOKED;
    session->token = token;
    if (why) {
        turn_away(hub, session, why);
        return;
    }
    remember(hub, session, token);
    prune(hub, session);
}

clasp_err clasp_hub_set_tokens(clasp_hub *hub, clasp_span list, uint64_t now_us) {
    clasp_hub_tokens tokens;
    const clasp_err err = clasp_hub_tokens_read(&tokens, list, clasp_random_next(&hub->random));
    if (err != CLASP_OK) {
        return err;
    }
    hub->has_tokens = true;
    hub->expiry_us = UINT64_MAX;
    for (uint32_t slot = 0; slot < hub->sessions.cap; slot++) {
        clasp_hub_session *session = &hub->sessions.slots[slot];
        if (session->phase == CLASP_HUB_OPEN) {
            readmit(hub, session, &tokens, now_us);
        }
    }
    clasp_hub_tokens_deinit(&hub->tokens);
    hub->tokens = tokens;
    return CLASP_OK;
}

clasp_err clasp_hub_check_scope(clasp_span text) {
    clasp_scope scope;
    return clasp_scope_parse(text, &scope);
}

bool clasp_hub_is_admin(const clasp_hub *hub, clasp_span token, uint64_t now_us) {
    const clasp_hub_token *known = clasp_hub_tokens_find(&hub->tokens, token);
    return known && !refusal_of(known, now_us) &&
           clasp_scopes_cover(known->scopes, CLASP_SCOPE_ADMIN, clasp_span_of("/**"));
}
