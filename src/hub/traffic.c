/* What clients write: SET, PUBLISH, and BUNDLEs of both. */
#include "base/limits.h"
#include "hub/access.h"
#include "hub/send.h"
#include "route/address.h"

/* Why a message is refused; code 0: it is not. Text is static. */
typedef struct verdict {
    const char *text;
    clasp_wire_error code;
} verdict;

static verdict verdict_of(clasp_err err) {
    return err == CLASP_OK ? (verdict){NULL, 0} : (verdict){clasp_err_text(err), clasp_wire_error_of(err)};
}

/* ---- SET ----------------------------------------------------------------------------------------------------- */

/* Where a SET may go at all: what does not depend on the param that is there. */
static verdict check_target(const clasp_message *set) {
    if (set->address.len + set->value.data.len > CLASP_HUB_PARAM_MAX) {
        return (verdict){"the param is too large for a SNAPSHOT", CLASP_WIRE_INVALID_VALUE};
    }
    if (clasp_hub_is_claim(set->address) || clasp_hub_is_restore(set->address)) {
        return (verdict){"the address is reserved", CLASP_WIRE_REFUSED};
    }
    return verdict_of(clasp_address_check(set->address));
}

/* Whether the param that is there, if any, lets itself be written. */
static verdict check_param(const clasp_hub_session *session, const clasp_message *set,
                           const clasp_hub_param *param) {
    if (param && param->holder != 0 && param->holder != session->handle) {
        return (verdict){"another session holds the lock", CLASP_WIRE_LOCK_HELD};
    }
    if (param && (set->has & CLASP_HAS_REVISION) != 0 && set->revision != param->revision) {
        return (verdict){"the param has another revision", CLASP_WIRE_REVISION_CONFLICT};
    }
    return (verdict){NULL, 0};
}

static void set_lock(clasp_hub_session *session, const clasp_message *set, clasp_hub_param *param) {
    if (set->has & CLASP_HAS_LOCK) {
        param->holder = session->handle;
        session->has_locked = true;
    }
    if (set->has & CLASP_HAS_UNLOCK) {
        param->holder = 0;
    }
}

/* How a SET is stored: `restored` is the revision that it is put back with, 0 for its next one; `at_us` the time that a BUNDLE is
 * meant for, or NULL. */
typedef struct manner {
    uint64_t restored;
    const uint64_t *at_us;
} manner;

static const manner PLAIN = {0, NULL};

/* Store what was checked, and tell the subscribers, the sender too. Sets `*written` to the param. */
static clasp_err apply_set(clasp_hub *hub, clasp_hub_session *session, const clasp_message *set,
                           clasp_hub_param *param, manner how, clasp_hub_param **written) {
    param = clasp_hub_params_put(&hub->params, param, set->address, set->value, hub->now_us);
    if (!param) {
        return CLASP_NO_MEMORY;
    }
    if (how.restored > 0) {
        param->revision = how.restored;
        param->is_restored = true;
    }
    param->ttl = set->has & CLASP_HAS_TTL ? set->ttl : CLASP_TTL_ABSOLUTE | CLASP_HUB_PARAM_TTL_S;
    memcpy(param->writer, session->id, CLASP_UUID_LEN);
    set_lock(session, set, param);
    clasp_hub_want_sweep(hub, hub->now_us);
    CLASP_HUB_COUNT(hub, sets_total);
    *written = param;

    if (session->gesture_count > 0) {
        clasp_hub_release_moves(hub, session, set->address);
    }
    clasp_message news = *set;
    news.has |= CLASP_HAS_REVISION;
    news.revision = param->revision;
    return clasp_hub_fan_out_at(hub, &news, NULL, how.at_us);
}

static void send_ack(clasp_hub *hub, const clasp_hub_session *session, const clasp_message *set,
                     const clasp_hub_param *param) {
    clasp_message ack = {.type = CLASP_MSG_ACK, .address = set->address, .revision = param->revision};
    ack.has = CLASP_HAS_ADDRESS | CLASP_HAS_REVISION;
    if (set->has & (CLASP_HAS_LOCK | CLASP_HAS_UNLOCK)) {
        ack.has |= CLASP_HAS_LOCKED;
        ack.locked = param->holder != 0;
    }
    if (param->holder == session->handle) {
        ack.has |= CLASP_HAS_HOLDER;
        ack.session = clasp_hub_session_id(session);
    }
    clasp_hub_send(hub, session, &ack);
}

/* Whether there is nothing at the address, or only what was put back with a lower revision. */
static bool may_restore(const clasp_hub_session *session, const clasp_hub_param *param, uint64_t revision) {
    return !param || (param->is_restored && param->revision < revision &&
                      (param->holder == 0 || param->holder == session->handle));
}

/* A SET to a restore address: a client puts back what this relay does not have any more. */
static void on_restore(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                       uint64_t now_us) {
    clasp_message set = *message;
    uint64_t revision;
    set.address = clasp_hub_target(message->address, &revision);
    verdict v = check_target(&set);
    clasp_hub_param *param = v.code == 0 ? clasp_hub_params_find(&hub->params, set.address, now_us) : NULL;
    if (v.code == 0 && may_restore(session, param, revision)) {
        v = verdict_of(apply_set(hub, session, &set, param, (manner){revision, NULL}, &param));
    }
    if (v.code != 0) {
        clasp_hub_refuse(hub, session, v.code, v.text, message->address);
        return;
    }
    send_ack(hub, session, message, param);
}

void clasp_hub_on_set(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                      uint64_t now_us) {
    if (clasp_hub_is_restore(message->address)) {
        on_restore(hub, session, message, now_us);
        return;
    }
    verdict v = check_target(message);
    clasp_hub_param *param = NULL;
    if (v.code == 0) {
        param = clasp_hub_params_find(&hub->params, message->address, now_us);
        v = check_param(session, message, param);
    }
    if (v.code == 0) {
        v = verdict_of(apply_set(hub, session, message, param, PLAIN, &param));
    }
    if (v.code != 0) {
        clasp_hub_refuse(hub, session, v.code, v.text, message->address);
        return;
    }
    send_ack(hub, session, message, param);
}

/* ---- PUBLISH ------------------------------------------------------------------------------------------------- */

static const verdict FORGED = {"\"from\" is not the sender's session", CLASP_WIRE_REFUSED};

static const verdict FORBIDDEN = {CLASP_HUB_FORBIDDEN_TEXT, CLASP_WIRE_REFUSED};

#define SIGNAL_PREFIX "/clasp/p2p/signal/"

bool clasp_hub_is_signal(clasp_span address) {
    const uint32_t prefix = sizeof SIGNAL_PREFIX - 1;
    return address.len > prefix && memcmp(address.at, SIGNAL_PREFIX, prefix) == 0;
}

/* The session that a signal is for: what follows the prefix, one segment. `at` NULL: the address is an ordinary one. */
static clasp_span signal_target(clasp_span address) {
    const uint32_t prefix = sizeof SIGNAL_PREFIX - 1;
    if (!clasp_hub_is_signal(address)) {
        return (clasp_span){NULL, 0};
    }
    const clasp_span target = {address.at + prefix, address.len - prefix};
    return memchr(target.at, '/', target.len) ? (clasp_span){NULL, 0} : target;
}

/* True if a signal says that it comes from another session than the one that sends it. */
static bool is_forged(const clasp_hub_session *session, const clasp_message *publish) {
    clasp_value from;
    return (publish->has & CLASP_HAS_VALUE) != 0 &&
           clasp_value_get(publish->value, clasp_span_of("from"), &from) &&
           !clasp_span_equal(clasp_value_text(from), clasp_hub_session_id(session));
}

/* A signal goes straight to one session, subscribed or not, and to nobody else. */
static verdict send_signal(clasp_hub *hub, const clasp_hub_session *session, const clasp_message *publish,
                           clasp_span target, const uint64_t *at_us) {
    if (is_forged(session, publish)) {
        return FORGED;
    }
    const clasp_hub_session *receiver = clasp_hub_sessions_by_id(&hub->sessions, target);
    if (!receiver) {
        return (verdict){"no such session", CLASP_WIRE_NO_SUCH_SESSION};
    }
    const clasp_err err = clasp_hub_send_at(hub, receiver, publish, at_us);
    if (err == CLASP_OK) {
        CLASP_HUB_COUNT(hub, deliveries_total);
    }
    return verdict_of(err);
}

/* Send a PUBLISH to all who subscribe, after what is held back for its address. */
static clasp_err spread(clasp_hub *hub, clasp_hub_session *session, const clasp_message *publish,
                        const uint64_t *at_us) {
    if (session->gesture_count > 0) {
        clasp_hub_release_moves(hub, session, publish->address);
    }
    const clasp_err err = clasp_hub_fan_out_at(hub, publish, session, at_us);
    if (err == CLASP_OK && publish->signal == CLASP_SIGNAL_GESTURE) {
        clasp_hub_follow_gesture(hub, session, publish);
    }
    return err;
}

/* Send a PUBLISH to where it goes. `at_us` as in apply_set(). */
static verdict apply_publish(clasp_hub *hub, clasp_hub_session *session, const clasp_message *publish,
                             const uint64_t *at_us) {
    const clasp_span target = signal_target(publish->address);
    const verdict v = target.at ? send_signal(hub, session, publish, target, at_us)
                                : verdict_of(spread(hub, session, publish, at_us));
    if (v.code == 0) {
        CLASP_HUB_COUNT(hub, publishes_total);
    }
    return v;
}

void clasp_hub_on_publish(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                          uint64_t now_us) {
    (void)now_us;
    if (session->gesture_count > 0 && clasp_hub_hold_move(hub, session, message)) {
        CLASP_HUB_COUNT(hub, publishes_total);
        return;
    }
    const verdict v = apply_publish(hub, session, message, NULL);
    if (v.code != 0) {
        clasp_hub_refuse(hub, session, v.code, v.text, message->address);
    }
}

/* ---- BUNDLE -------------------------------------------------------------------------------------------------- */

/* What is done with the members of one type, in order. False ends the walk. */
typedef bool visitor(clasp_hub *hub, clasp_hub_session *session, const clasp_message *member, void *context);

static bool each_member(clasp_hub *hub, clasp_hub_session *session, const clasp_message *bundle, uint8_t type,
                        visitor *visit, void *context) {
    clasp_reader r = clasp_list_reader(bundle->list);
    for (uint32_t left = bundle->list.count; left > 0; left--) {
        clasp_message member;
        const clasp_err err = clasp_message_decode(clasp_next_member(&r), &member);
        if (err == CLASP_OK && member.type == type && !visit(hub, session, &member, context)) {
            return false;
        }
    }
    return true;
}

/* What the walks share. */
typedef struct bundle_walk {
    const uint64_t *at_us; /* the bundle's timestamp, NULL when it has none */
    uint64_t revision;     /* of the last SET that was applied */
    verdict verdict;       /* of the member that is refused … */
    clasp_span address;    /* … and where it was to go */
} bundle_walk;

static bool allow(clasp_hub *hub, const clasp_hub_session *session, bundle_walk *walk,
                  const clasp_message *member, verdict v) {
    if (v.code == 0 && !clasp_hub_may_write(hub, session, member->address)) {
        CLASP_HUB_COUNT(hub, forbidden_total);
        v = FORBIDDEN;
    }
    walk->verdict = v;
    walk->address = member->address;
    return v.code == 0;
}

static bool allow_set(clasp_hub *hub, clasp_hub_session *session, const clasp_message *member,
                      void *context) {
    return allow(hub, session, context, member, check_target(member));
}

static bool allow_publish(clasp_hub *hub, clasp_hub_session *session, const clasp_message *member,
                          void *context) {
    const bool forged = signal_target(member->address).at && is_forged(session, member);
    return allow(hub, session, context, member,
                 forged ? FORGED : verdict_of(clasp_address_check(member->address)));
}

/* A SET that fails on revision or lock is skipped without a word. */
static bool do_set(clasp_hub *hub, clasp_hub_session *session, const clasp_message *member, void *context) {
    bundle_walk *walk = context;
    clasp_hub_param *param = clasp_hub_params_find(&hub->params, member->address, hub->now_us);
    if (check_param(session, member, param).code == 0 &&
        apply_set(hub, session, member, param, (manner){0, walk->at_us}, &param) == CLASP_OK) {
        walk->revision = param->revision;
    }
    return true;
}

/* Nor does a signal to a session that is not there get one. */
static bool do_publish(clasp_hub *hub, clasp_hub_session *session, const clasp_message *member,
                       void *context) {
    const bundle_walk *walk = context;
    apply_publish(hub, session, member, walk->at_us);
    return true;
}

void clasp_hub_on_bundle(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                         uint64_t now_us) {
    (void)now_us;
    bundle_walk walk = {.at_us = message->has & CLASP_HAS_TIMESTAMP ? &message->time_us : NULL};
    if (!each_member(hub, session, message, CLASP_MSG_SET, allow_set, &walk) ||
        !each_member(hub, session, message, CLASP_MSG_PUBLISH, allow_publish, &walk)) {
        clasp_hub_refuse(hub, session, CLASP_WIRE_REFUSED, walk.verdict.text, walk.address);
        return;
    }
    each_member(hub, session, message, CLASP_MSG_SET, do_set, &walk);
    each_member(hub, session, message, CLASP_MSG_PUBLISH, do_publish, &walk);
    clasp_message ack = {.type = CLASP_MSG_ACK, .revision = walk.revision};
    ack.has = walk.revision > 0 ? CLASP_HAS_REVISION : 0;
    clasp_hub_send(hub, session, &ack);
}
