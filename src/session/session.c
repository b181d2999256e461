#include "session/session.h"

#include <stdlib.h>

#include "session/state.h"

#define PROTOCOL_VERSION 1u
#define CLOSE_NORMAL 1000u /* WebSocket close codes */
#define CLOSE_SILENT 4008u /* of the range for private use: no answer in time */

static const clasp_span NO_ID = {NULL, 0};

/* ---- life ---------------------------------------------------------------------------------------------------- */

clasp_session *clasp_session_new(uint32_t handle, uint64_t seed, clasp_outbox *out) {
    clasp_session *session = calloc(1, sizeof *session);
    if (!session) {
        return NULL;
    }
    session->handle = handle;
    session->out = out;
    session->state = CLASP_SESSION_IDLE;
    clasp_random_seed(&session->random, seed);
    session->routes = clasp_routes_new(&(clasp_route_bounds){
        .addresses = CLASP_SESSION_ADDRESSES,
        .address_bytes = CLASP_SESSION_ADDRESS_BYTES,
        .subscriptions = CLASP_SESSION_SUBSCRIPTIONS,
        .pattern_bytes = CLASP_SESSION_PATTERN_BYTES,
        .pattern_segments = CLASP_SESSION_PATTERN_SEGMENTS,
        .hash_seed = seed, /* a relay must not choose addresses that collide */
    });
    if (!session->routes) {
        clasp_session_free(session);
        return NULL;
    }
    return session;
}

void clasp_session_free(clasp_session *session) {
    if (!session) {
        return;
    }
    clasp_queue_clear(&session->queue);
    clasp_routes_free(session->routes);
    clasp_text_clear(&session->url);
    clasp_text_clear(&session->hello);
    free(session);
}

clasp_session_state clasp_session_get_state(const clasp_session *session) { return session->state; }

/* ---- the table's effects ------------------------------------------------------------------------------------- */

/* How many tries a renewal has had. */
static uint32_t quick_tries(const clasp_session *session) {
    return CLASP_SESSION_QUICK_TRIES - session->quick;
}

/* A SYN that is lost where the network has just changed would be repeated after a second: another socket is faster. */
static uint64_t open_patience(const clasp_session *session) {
    if (session->quick == 0 || session->round_us == 0) {
        return CLASP_SESSION_WELCOME_US;
    }
    const uint64_t first_us = CLASP_SESSION_QUICK_ROUNDS * session->round_us + CLASP_SESSION_QUICK_OPEN_US;
    const uint64_t patience_us = first_us << quick_tries(session);
    return patience_us < CLASP_SESSION_WELCOME_US ? patience_us : CLASP_SESSION_WELCOME_US;
}

static void open_socket(clasp_session *session, uint64_t now_us) {
    session->deadline_us = now_us + open_patience(session);
    session->check_us = session->pinged_us = 0;
    clasp_outbox_add(session->out, CLASP_EFFECT_SOCKET_OPEN, session->handle, 0, 0,
                     clasp_text_span(&session->url));
}

static void say_hello(clasp_session *session, uint64_t now_us) {
    session->deadline_us = now_us + CLASP_SESSION_WELCOME_US;
    session->greeted_us = now_us;
    clasp_session_emit(session, clasp_text_span(&session->hello), now_us);
}

/* All subscriptions with their ids, then what has waited. */
static void resume(clasp_session *session, uint64_t now_us) {
    session->opened_us = session->received_us = session->sent_us = now_us;
    session->round_us = now_us - session->greeted_us;
    session->quick = 0;
    for (uint32_t sub = 1; sub <= CLASP_SESSION_SUBSCRIPTIONS; sub++) {
        if (session->types[sub - 1] != 0) {
            const clasp_span pattern = clasp_routes_pattern(session->routes, sub);
            const clasp_message message = clasp_session_subscribe_message(session, sub, pattern);
            clasp_session_send_now(session, &message, now_us);
        }
    }
    clasp_queue_expire(&session->queue, now_us);
    while (session->queue.first) {
        const clasp_queued *first = session->queue.first;
        clasp_session_emit(session, (clasp_span){first->bytes, first->len}, now_us);
        clasp_queue_drop(&session->queue);
    }
}

static uint64_t quick_wait(const clasp_session *session) {
    const uint64_t wait_us = (uint64_t)CLASP_SESSION_QUICK_WAIT_US
                             << quick_tries(session) / CLASP_SESSION_QUICK_SAME;
    return wait_us < CLASP_SESSION_QUICK_WAIT_MAX_US ? wait_us : CLASP_SESSION_QUICK_WAIT_MAX_US;
}

static void wait_for_retry(clasp_session *session, bool was_open, uint64_t now_us) {
    if (session->quick > 0) {
        session->deadline_us = now_us + quick_wait(session);
        session->quick--;
        return;
    }
    if (was_open && now_us >= session->opened_us + CLASP_SESSION_LASTED_US) {
        clasp_backoff_reset(&session->backoff);
    }
    session->deadline_us = now_us + clasp_backoff_take(&session->backoff, &session->random);
}

static void close_socket(clasp_session *session, clasp_err cause) {
    const bool is_silent = cause == CLASP_TIMEOUT;
    clasp_outbox_add(session->out, CLASP_EFFECT_SOCKET_CLOSE, session->handle,
                     is_silent ? CLOSE_SILENT : CLOSE_NORMAL, 0, clasp_span_of(is_silent ? "no answer" : ""));
}

static void carry_out(clasp_session *session, const clasp_session_edge *edge, clasp_err cause,
                      uint64_t now_us) {
    const bool was_open = edge->from == CLASP_SESSION_OPEN;
    switch ((clasp_session_effect)edge->effect) {
    case CLASP_SESSION_OPEN_SOCKET:
        open_socket(session, now_us);
        break;
    case CLASP_SESSION_REPLACE_SOCKET:
        close_socket(session, cause);
        open_socket(session, now_us);
        break;
    case CLASP_SESSION_SAY_HELLO:
        say_hello(session, now_us);
        break;
    case CLASP_SESSION_RESUME:
        resume(session, now_us);
        break;
    case CLASP_SESSION_DROP_AND_WAIT:
        close_socket(session, cause);
        wait_for_retry(session, was_open, now_us);
        break;
    case CLASP_SESSION_WAIT:
        wait_for_retry(session, was_open, now_us);
        break;
    case CLASP_SESSION_DROP_AND_END:
        close_socket(session, cause);
        clasp_queue_clear(&session->queue);
        break;
    case CLASP_SESSION_END:
        clasp_queue_clear(&session->queue);
        break;
    }
}

/* The one place that changes the state. */
clasp_err clasp_session_happen(clasp_session *session, clasp_session_event event, clasp_err cause,
                               clasp_span id, uint64_t now_us) {
    const clasp_session_edge *edge = clasp_session_step(session->state, event);
    if (!edge) {
        return CLASP_BAD_STATE;
    }
    session->state = (clasp_session_state)edge->to;
    carry_out(session, edge, cause, now_us);
    clasp_outbox_add(session->out, CLASP_EFFECT_SESSION_STATE, session->handle, edge->to, (uint32_t)cause,
                     id);
    return CLASP_OK;
}

void clasp_session_give_up(clasp_session *session, uint64_t now_us) {
    const clasp_session_event event =
        session->reconnect ? CLASP_SESSION_ON_SILENT : CLASP_SESSION_ON_SILENT_FOR_GOOD;
    clasp_session_happen(session, event, CLASP_TIMEOUT, NO_ID, now_us);
}

static void renew(clasp_session *session, clasp_err cause, uint64_t now_us) {
    session->renewed_us = now_us;
    session->quick = CLASP_SESSION_QUICK_TRIES;
    clasp_session_happen(session, CLASP_SESSION_ON_RENEW, cause, NO_ID, now_us);
}

/* ---- opening and closing ------------------------------------------------------------------------------------- */

static clasp_err encode_hello(clasp_session *session, const clasp_session_options *options,
                              clasp_span *frame) {
    const clasp_message hello = {.type = CLASP_MSG_HELLO,
                                 .version = PROTOCOL_VERSION,
                                 .features = options->features,
                                 .name = options->name,
                                 .token = options->token};
    return clasp_session_encode(session, &hello, frame);
}

static clasp_err take_options(clasp_session *session, const clasp_session_options *options) {
    clasp_span hello;
    const clasp_err err = encode_hello(session, options, &hello);
    if (err != CLASP_OK) {
        return err;
    }
    if (options->url.len > CLASP_SESSION_URL_MAX) {
        return CLASP_TOO_LARGE;
    }
    if (!clasp_text_set(&session->url, options->url) || !clasp_text_set(&session->hello, hello)) {
        return CLASP_NO_MEMORY;
    }
    const uint32_t first_ms = options->backoff_ms ? options->backoff_ms : CLASP_SESSION_BACKOFF_MS;
    const uint32_t max_ms = options->backoff_max_ms ? options->backoff_max_ms : CLASP_SESSION_BACKOFF_MAX_MS;
    session->backoff = clasp_backoff_of(first_ms, max_ms);
    session->reconnect = options->reconnect;
    return CLASP_OK;
}

clasp_err clasp_session_open(clasp_session *session, const clasp_session_options *options, uint64_t now_us) {
    if (!clasp_session_step(session->state, CLASP_SESSION_ON_OPEN)) {
        return CLASP_BAD_STATE;
    }
    const clasp_err err = take_options(session, options);
    return err == CLASP_OK ? clasp_session_happen(session, CLASP_SESSION_ON_OPEN, CLASP_OK, NO_ID, now_us)
                           : err;
}

void clasp_session_close(clasp_session *session, uint64_t now_us) {
    clasp_session_happen(session, CLASP_SESSION_ON_CLOSE, CLASP_OK, NO_ID, now_us);
}

void clasp_session_hurry(clasp_session *session, uint64_t now_us) {
    clasp_session_happen(session, CLASP_SESSION_ON_RETRY, CLASP_OK, NO_ID, now_us);
}

void clasp_session_renew(clasp_session *session, uint64_t now_us) {
    const bool is_fresh = session->state != CLASP_SESSION_WAITING && session->renewed_us > 0 &&
                          now_us - session->renewed_us < CLASP_SESSION_RENEW_US;
    if (clasp_session_step(session->state, CLASP_SESSION_ON_RENEW) && session->reconnect && !is_fresh) {
        renew(session, CLASP_RELAY_UNREACHABLE, now_us);
    }
}

void clasp_session_check(clasp_session *session, uint64_t now_us) {
    if (session->state != CLASP_SESSION_OPEN || session->check_us > 0) {
        return;
    }
    const uint64_t round_us =
        session->round_us > CLASP_SESSION_ROUND_LEAST_US ? session->round_us : CLASP_SESSION_ROUND_LEAST_US;
    session->check_us = now_us + 2 * round_us + CLASP_SESSION_CHECK_US;
    clasp_session_send_bare(session, CLASP_MSG_PING, now_us);
}

void clasp_session_socket_opened(clasp_session *session, uint64_t now_us) {
    clasp_session_happen(session, CLASP_SESSION_ON_SOCKET_OPENED, CLASP_OK, NO_ID, now_us);
}

void clasp_session_socket_closed(clasp_session *session, uint32_t code, uint64_t now_us) {
    (void)code; /* whatever it says, only an ERROR message is an answer */
    const clasp_session_event event =
        session->reconnect ? CLASP_SESSION_ON_LOST : CLASP_SESSION_ON_LOST_FOR_GOOD;
    clasp_session_happen(session, event, CLASP_RELAY_UNREACHABLE, NO_ID, now_us);
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void fail_check(clasp_session *session, uint64_t now_us) {
    if (session->reconnect) {
        renew(session, CLASP_TIMEOUT, now_us);
    } else {
        clasp_session_give_up(session, now_us);
    }
}

/* Both directions are kept alive: the relay drops who is silent, and a half-open connection shows only in what comes. */
static uint64_t next_ping(const clasp_session *session) {
    const uint64_t quiet_us =
        session->received_us < session->sent_us ? session->received_us : session->sent_us;
    return quiet_us + CLASP_SESSION_QUIET_US;
}

static uint64_t check_deadline(const clasp_session *session) {
    return session->check_us > 0 ? session->check_us : UINT64_MAX;
}

/* While open: for the answer to a PING, or until one is to be sent. */
static uint64_t ping_deadline(const clasp_session *session) {
    return session->pinged_us ? session->pinged_us + CLASP_SESSION_ANSWER_US : next_ping(session);
}

uint64_t clasp_session_deadline(const clasp_session *session) {
    switch (session->state) {
    case CLASP_SESSION_CONNECTING:
    case CLASP_SESSION_GREETING:
    case CLASP_SESSION_WAITING:
        return session->deadline_us;
    case CLASP_SESSION_OPEN:
        return earlier(earlier(ping_deadline(session), clasp_session_echo_due(session)),
                       check_deadline(session));
    default:
        return UINT64_MAX;
    }
}

static void keep_alive(clasp_session *session, uint64_t now_us) {
    if (now_us >= check_deadline(session)) {
        fail_check(session, now_us);
        return;
    }
    if (now_us >= ping_deadline(session)) {
        if (session->pinged_us) {
            clasp_session_give_up(session, now_us);
            return;
        }
        clasp_session_send_bare(session, CLASP_MSG_PING, now_us);
        session->pinged_us = now_us;
    }
    if (now_us >= clasp_session_echo_due(session)) {
        clasp_session_send_echo(session, now_us);
    }
}

void clasp_session_tick(clasp_session *session, uint64_t now_us) {
    if (now_us < clasp_session_deadline(session)) {
        return;
    }
    if (session->state == CLASP_SESSION_OPEN) {
        keep_alive(session, now_us);
    } else if (session->state == CLASP_SESSION_WAITING) {
        clasp_session_happen(session, CLASP_SESSION_ON_RETRY, CLASP_OK, NO_ID, now_us);
    } else {
        clasp_session_give_up(session, now_us);
    }
}
