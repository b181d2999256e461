#include "hub/hub.h"

#include <stdlib.h>

#include "base/limits.h"
#include "hub/access.h"
#include "hub/send.h"
#include "wire/legacy.h"

#define DEFAULT_NAME "clasp-p2p relay"

/* ---- life ---------------------------------------------------------------------------------------------------- */

/* An option, or its default when it is 0; at most `most`. */
static uint32_t option(uint32_t asked, uint32_t fallback, uint32_t most) {
    const uint32_t value = asked ? asked : fallback;
    return value < most ? value : most;
}

static void init_journal(clasp_hub_journal *journal, const clasp_hub_options *options) {
    const uint32_t bytes =
        option(options->journal_bytes, CLASP_HUB_JOURNAL_BYTES, CLASP_HUB_JOURNAL_BYTES_MAX);
    const uint32_t entries =
        option(options->journal_entries, CLASP_HUB_JOURNAL_ENTRIES, CLASP_HUB_JOURNAL_ENTRIES_MAX);
    const uint32_t age_s = option(options->journal_seconds, CLASP_HUB_JOURNAL_S, CLASP_HUB_JOURNAL_S_MAX);
    const bool is_on = options->journal_bytes != CLASP_HUB_NO_JOURNAL;
    clasp_hub_journal_init(journal, is_on ? bytes : 0, entries, age_s * UINT64_C(1000000));
}

static bool init(clasp_hub *hub, const clasp_hub_options *options) {
    const uint32_t sessions = option(options->max_sessions, CLASP_HUB_SESSIONS, CLASP_HUB_SESSIONS_MAX);
    const uint32_t params = option(options->max_params, CLASP_HUB_PARAMS, CLASP_HUB_PARAMS_MAX);
    clasp_span name = options->name.len > 0 ? options->name : clasp_span_of(DEFAULT_NAME);
    name.len = name.len < CLASP_HUB_NAME_MAX ? name.len : CLASP_HUB_NAME_MAX;
    clasp_hub_params_init(&hub->params, params, clasp_random_next(&hub->random));
    hub->resume.hash_key = clasp_random_next(&hub->random);
    init_journal(&hub->journal, options);
    hub->gestures.hash_key = clasp_random_next(&hub->random);
    hub->receivers = malloc(sessions * sizeof *hub->receivers);
    hub->hosts.max_sessions = options->max_sessions_per_host;
    hub->hosts.messages_per_second = options->messages_per_second_per_host;
    return hub->receivers && clasp_hub_hosts_init(&hub->hosts, sessions, clasp_random_next(&hub->random)) &&
           clasp_hub_sessions_init(&hub->sessions, sessions) &&
           clasp_hub_subs_init(&hub->subs, clasp_random_next(&hub->random)) &&
           clasp_text_set(&hub->name, name);
}

clasp_hub *clasp_hub_new(const clasp_hub_options *options, const uint64_t seed[2], clasp_outbox *out) {
    clasp_hub *hub = calloc(1, sizeof *hub);
    if (!hub) {
        return NULL;
    }
    hub->out = out;
    hub->sweep_us = hub->expiry_us = UINT64_MAX;
    hub->max_subscriptions =
        option(options->max_subscriptions, CLASP_HUB_SUBSCRIPTIONS, CLASP_HUB_SUBSCRIPTIONS_MAX);
    hub->messages_per_second = option(options->messages_per_second, CLASP_HUB_RATE, UINT32_MAX);
    clasp_random_seed2(&hub->random, seed[0], seed[1]);
    if (!init(hub, options)) {
        clasp_hub_free(hub);
        return NULL;
    }
    return hub;
}

void clasp_hub_free(clasp_hub *hub) {
    if (!hub) {
        return;
    }
    for (uint32_t slot = 0; hub->sessions.slots && slot < hub->sessions.cap; slot++) {
        clasp_hub_announced_drop(&hub->sessions.slots[slot].announced, &hub->announced_bytes);
    }
    clasp_hub_subs_deinit(&hub->subs);
    clasp_hub_sessions_deinit(&hub->sessions);
    clasp_hub_params_deinit(&hub->params);
    clasp_hub_resume_deinit(&hub->resume);
    clasp_hub_journal_deinit(&hub->journal);
    clasp_hub_gestures_deinit(&hub->gestures);
    clasp_hub_tokens_deinit(&hub->tokens);
    clasp_hub_hosts_deinit(&hub->hosts);
    clasp_text_clear(&hub->name);
    free(hub->receivers);
    free(hub);
}

/* ---- connections --------------------------------------------------------------------------------------------- */

clasp_err clasp_hub_connected(clasp_hub *hub, uint64_t now_us, uint32_t *session) {
    return clasp_hub_connected_from(hub, 0, now_us, session);
}

/* A new session. Who still owes HELLO makes room: sessions that come to nothing must not keep out those that would. */
static clasp_hub_session *add_session(clasp_hub *hub) {
    clasp_hub_session *added = clasp_hub_sessions_add(&hub->sessions, hub->now_us);
    clasp_hub_session *waiting = added ? NULL : clasp_hub_sessions_waiting(&hub->sessions);
    if (!waiting) {
        return added;
    }
    clasp_hub_give_up(hub, waiting, "no HELLO, and others want to come in");
    return clasp_hub_sessions_add(&hub->sessions, hub->now_us);
}

clasp_err clasp_hub_connected_from(clasp_hub *hub, uint64_t host, uint64_t now_us, uint32_t *session) {
    hub->now_us = now_us;
    uint32_t index;
    const clasp_err err = clasp_hub_hosts_enter(&hub->hosts, host, &index);
    clasp_hub_session *added = err == CLASP_OK ? add_session(hub) : NULL;
    if (!added) {
        clasp_hub_hosts_leave(&hub->hosts, index);
        CLASP_HUB_COUNT(hub, sessions_refused_total);
        hub->stats[CLASP_HUB_STAT_hosts_refused_total] += err == CLASP_LIMIT;
        return err != CLASP_OK ? err : CLASP_LIMIT;
    }
    added->host = index;
    *session = added->handle;
    return CLASP_OK;
}

void clasp_hub_strip(clasp_hub *hub, clasp_hub_session *session) {
    clasp_hub_drop_gestures(hub, session);
    clasp_hub_subs_drop_all(&hub->subs, session);
    clasp_hub_announced_drop(&session->announced, &hub->announced_bytes);
    clasp_hub_resume_release(hub, session);
    if (session->has_locked) {
        clasp_hub_params_unlock(&hub->params, session->handle);
        session->has_locked = false;
    }
}

void clasp_hub_forget(clasp_hub *hub, clasp_hub_session *session) {
    clasp_hub_strip(hub, session);
    clasp_hub_hosts_leave(&hub->hosts, session->host);
    clasp_hub_sessions_remove(&hub->sessions, session);
}

void clasp_hub_disconnected(clasp_hub *hub, uint32_t handle, uint64_t now_us) {
    hub->now_us = now_us;
    clasp_hub_session *session = clasp_hub_sessions_find(&hub->sessions, handle);
    if (!session) {
        return;
    }
    if (session->phase == CLASP_HUB_GREETING) {
        CLASP_HUB_COUNT(hub, sessions_refused_total);
    }
    clasp_hub_tell(hub, session, CLASP_HUB_EVENT_CLOSED, (clasp_span){NULL, 0}, (clasp_span){NULL, 0});
    clasp_hub_forget(hub, session);
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

/* What a message counts for against the rate: a bundle as its members. */
static uint32_t price_of(const clasp_message *message) {
    const uint32_t members = message->type == CLASP_MSG_BUNDLE ? message->list.count : 1;
    return members > 0 ? members : 1;
}

/* Take a message's price from what its session and its host may send. */
static bool spend(clasp_hub *hub, clasp_hub_session *session, uint32_t price, uint64_t now_us) {
    return clasp_hub_spend(&session->allowance, price, hub->messages_per_second, now_us) &&
           clasp_hub_hosts_spend(&hub->hosts, session->host, price, now_us);
}

/* A message of a session; `err` says whether `message` could be decoded. */
static void dispatch(clasp_hub *hub, clasp_hub_session *session, clasp_err err, const clasp_message *message,
                     uint64_t now_us) {
    const clasp_span address = err == CLASP_OK ? message->address : (clasp_span){NULL, 0};
    const uint32_t price = err == CLASP_OK ? price_of(message) : 1;
    if (!spend(hub, session, price, now_us)) {
        CLASP_HUB_COUNT(hub, rate_limited_total);
        hub->is_over_rate = true;
        clasp_hub_send_error(hub, session, CLASP_WIRE_RATE_LIMITED, "too many messages a second", address);
        return;
    }
    if (err != CLASP_OK) {
        CLASP_HUB_COUNT(hub, malformed_total);
        clasp_hub_send_error(hub, session, clasp_wire_error_of(err), clasp_err_text(err), address);
        return;
    }
    clasp_span what;
    if (!clasp_hub_may(hub, session, message, &what)) {
        CLASP_HUB_COUNT(hub, forbidden_total);
        clasp_hub_refuse(hub, session, CLASP_WIRE_FORBIDDEN, CLASP_HUB_FORBIDDEN_TEXT, what);
        return;
    }
    clasp_hub_handler *handle = clasp_hub_handler_of(message->type);
    if (handle) {
        handle(hub, session, message, now_us);
    }
}

/* Take the first frame of a message. Returns its bytes; 0: it is no frame, so that nobody knows where another one begins. */
static uint32_t take_frame(clasp_hub *hub, clasp_hub_session *session, clasp_span bytes, uint64_t now_us) {
    clasp_frame frame = {.payload = {bytes.at, 0}};
    clasp_message message;
    CLASP_HUB_COUNT(hub, messages_received_total);
    const clasp_err err = clasp_decode_any(bytes, hub->legacy, sizeof hub->legacy, &frame, &message);
    const uint32_t len =
        frame.payload.len > 0 ? (uint32_t)(frame.payload.at - bytes.at) + frame.payload.len : 0;
    if (session->phase == CLASP_HUB_OPEN) {
        clasp_hub_sessions_touch(&hub->sessions, session, now_us);
    } else if (err != CLASP_OK || message.type != CLASP_MSG_HELLO) {
        hub->stats[CLASP_HUB_STAT_malformed_total] += err != CLASP_OK;
        clasp_hub_give_up(hub, session, "the first message has to be HELLO");
        return 0;
    }
    hub->outcome = 0;
    dispatch(hub, session, err, &message, now_us);
    if (err == CLASP_OK && (message.type == CLASP_MSG_SET || message.type == CLASP_MSG_BUNDLE)) {
        clasp_hub_resume_note(session, hub->outcome); /* in one place, whoever has answered it */
    }
    return len;
}

clasp_err clasp_hub_take(clasp_hub *hub, uint32_t handle, clasp_span bytes, uint64_t now_us, uint32_t *used) {
    hub->now_us = now_us;
    *used = bytes.len;
    clasp_hub_session *session = clasp_hub_sessions_find(&hub->sessions, handle);
    if (!session) {
        return CLASP_BAD_HANDLE;
    }
    if (!clasp_hub_is_valid(hub, session, now_us)) {
        return CLASP_OK;
    }
    hub->is_over_rate = false;
    uint32_t len = take_frame(hub, session, bytes, now_us);
    session = clasp_hub_sessions_find(&hub->sessions, handle);
    for (uint32_t left = CLASP_HUB_RUN; len > 0 && len < bytes.len && session && session->claim;) {
        bytes =
            (clasp_span){bytes.at + len, bytes.len - len}; /* of a client of ours all frames that there are */
        if (--left == 0) {
            *used -= bytes.len;
            break;
        }
        len = take_frame(hub, session, bytes, now_us);
        session = clasp_hub_sessions_find(&hub->sessions, handle);
    }
    hub->stats[CLASP_HUB_STAT_bytes_received_total] += *used;
    if (session && hub->is_over_rate) {
        clasp_outbox_add(hub->out, CLASP_EFFECT_HUB_SLOW, 0, handle, 0, (clasp_span){NULL, 0});
    }
    return CLASP_OK;
}

clasp_err clasp_hub_received(clasp_hub *hub, uint32_t handle, clasp_span bytes, uint64_t now_us) {
    uint32_t used;
    clasp_err err = clasp_hub_take(hub, handle, bytes, now_us, &used);
    while (err == CLASP_OK && used < bytes.len) {
        bytes = (clasp_span){bytes.at + used, bytes.len - used};
        err = clasp_hub_take(hub, handle, bytes, now_us, &used);
    }
    return err;
}

void clasp_hub_left_out(clasp_hub *hub, uint32_t handle, uint32_t count, uint64_t now_us) {
    hub->now_us = now_us;
    clasp_hub_session *session = clasp_hub_sessions_find(&hub->sessions, handle);
    if (!session) {
        return;
    }
    hub->stats[CLASP_HUB_STAT_left_out_total] += count;
    if (now_us >= session->next_slow_us) {
        session->next_slow_us = now_us + CLASP_HUB_LEFT_OUT_US;
        clasp_hub_send_error(hub, session, CLASP_WIRE_SLOW_CONSUMER, "messages were left out: too slow",
                             (clasp_span){NULL, 0});
    }
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

uint64_t clasp_hub_deadline(const clasp_hub *hub) {
    const uint64_t silence_us = clasp_hub_sessions_deadline(&hub->sessions);
    const uint64_t held_us = clasp_hub_dues_deadline(&hub->gestures.dues);
    const uint64_t waiting_us = clasp_hub_dues_deadline(&hub->subs.filters.dues);
    const uint64_t end_us = earlier(silence_us, hub->expiry_us);
    return earlier(earlier(end_us, hub->sweep_us), earlier(held_us, waiting_us));
}

void clasp_hub_want_sweep(clasp_hub *hub, uint64_t at_us) {
    const uint64_t soonest_us = hub->now_us + CLASP_HUB_SWEEP_US;
    const uint64_t wanted_us = at_us > soonest_us ? at_us : soonest_us;
    hub->sweep_us = earlier(wanted_us, hub->sweep_us);
}

static void sweep(clasp_hub *hub) {
    clasp_hub_params_sweep(&hub->params, hub->now_us);
    clasp_hub_journal_expire(&hub->journal, hub->now_us);
    clasp_hub_trim_gestures(hub);
    clasp_hub_resume_sweep(&hub->resume, hub->now_us);
    hub->sweep_us = UINT64_MAX;
    if (hub->params.count > 0) {
        clasp_hub_want_sweep(hub, hub->now_us);
    }
    if (hub->journal.count > 0) {
        clasp_hub_want_sweep(hub, clasp_hub_journal_at(&hub->journal, 0)->time_us + hub->journal.age_us);
    }
    if (hub->gestures.oldest) {
        clasp_hub_want_sweep(hub, hub->gestures.oldest->used_us + CLASP_HUB_GESTURE_IDLE_US);
    }
    if (hub->resume.oldest) {
        clasp_hub_want_sweep(hub, hub->resume.oldest->until_us);
    }
}

void clasp_hub_tick(clasp_hub *hub, uint64_t now_us) {
    hub->now_us = now_us;
    clasp_hub_session *session;
    while ((session = clasp_hub_sessions_overdue(&hub->sessions, now_us)) != NULL) {
        clasp_hub_give_up(hub, session,
                          session->phase == CLASP_HUB_GREETING ? "no HELLO in time" : "silent for too long");
    }
    clasp_hub_release_due_moves(hub);
    clasp_hub_release_due_values(hub);
    if (now_us >= hub->expiry_us) {
        clasp_hub_expire(hub, now_us);
    }
    if (now_us >= hub->sweep_us) {
        sweep(hub);
    }
}

double clasp_hub_stat_value(const clasp_hub *hub, clasp_hub_stat stat) {
    switch (stat) {
    case CLASP_HUB_STAT_sessions:
        return hub->sessions.open_count;
    case CLASP_HUB_STAT_subscriptions:
        return hub->subs.count;
    case CLASP_HUB_STAT_params:
        return hub->params.count;
    case CLASP_HUB_STAT_journal_entries:
        return hub->journal.count;
    case CLASP_HUB_STAT_journal_bytes:
        return hub->journal.payload_bytes;
    default:
        return stat < CLASP_HUB_STAT_COUNT ? (double)hub->stats[stat] : 0;
    }
}
