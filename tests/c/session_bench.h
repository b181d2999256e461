/** One session under test: what the relay says to it, what it sends, what it tells. */
#ifndef CLASP_TESTS_SESSION_BENCH_H
#define CLASP_TESTS_SESSION_BENCH_H

#include "base/limits.h"
#include "session/session.h"
#include "talk.h"

#define SECOND UINT64_C(1000000)
#define START (UINT64_C(1700000000) * SECOND)
#define HANDLE 42u

static struct {
    clasp_session *session;
    clasp_outbox out;
    uint64_t now_us;
} bench;

static const clasp_session_options OPTIONS = {
    .url = {(const uint8_t *)"ws://relay", 10},
    .name = {(const uint8_t *)"tester", 6},
    .token = {(const uint8_t *)"cpsk_1", 6},
    .features = CLASP_FEATURE_PARAM | CLASP_FEATURE_EVENT,
    .reconnect = true,
};

static inline void begin(void) {
    memset(&bench, 0, sizeof bench);
    bench.now_us = START;
    bench.session = clasp_session_new(HANDLE, 5, &bench.out);
    CHECK(bench.session != NULL);
}

static inline void end(void) {
    clasp_session_free(bench.session);
    clasp_outbox_deinit(&bench.out);
}

/* A message from the relay; the outbox then holds what came of it. */
static inline void hear(const clasp_message *message) {
    const clasp_span frame = talk_frame(message);
    clasp_outbox_clear(&bench.out);
    clasp_session_received(bench.session, frame, bench.now_us);
    free((void *)frame.at);
}

static const clasp_message WELCOME = {
    .type = CLASP_MSG_WELCOME, .version = 1, .session = {(const uint8_t *)"me", 2}};

static inline void open_with(const clasp_session_options *options) {
    CHECK_EQ(clasp_session_open(bench.session, options, bench.now_us), CLASP_OK);
    clasp_session_socket_opened(bench.session, bench.now_us);
    hear(&WELCOME);
    CHECK_EQ(clasp_session_get_state(bench.session), CLASP_SESSION_OPEN);
}

static inline void begin_open(void) {
    begin();
    open_with(&OPTIONS);
    clasp_outbox_clear(&bench.out);
}

static inline void lose(void) {
    clasp_outbox_clear(&bench.out);
    clasp_session_socket_closed(bench.session, 1006, bench.now_us);
}

/* Let time pass up to the deadline, and tick. */
static inline void pass_to_deadline(void) {
    bench.now_us = clasp_session_deadline(bench.session);
    clasp_outbox_clear(&bench.out);
    clasp_session_tick(bench.session, bench.now_us);
}

/* The n-th message that was sent. */
static inline bool sent(uint32_t n, clasp_message *message) {
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SOCKET_SEND, n);
    clasp_frame frame;
    memset(message, 0, sizeof *message);
    return effect && effect->owner == HANDLE &&
           clasp_decode(clasp_outbox_bytes(&bench.out, effect), &frame, message) == CLASP_OK;
}

static inline bool sent_type(uint32_t n, uint8_t type) {
    clasp_message message;
    return sent(n, &message) && message.type == type;
}

/* The only SESSION_STATE of the outbox is this one. */
static inline bool told_state(clasp_session_state state, clasp_err cause) {
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SESSION_STATE, 0);
    return effect && effect->a == (uint32_t)state && (clasp_err)effect->b == cause &&
           clasp_session_get_state(bench.session) == state &&
           !talk_effect(&bench.out, CLASP_EFFECT_SESSION_STATE, 1);
}

static inline uint32_t subscribe(const char *pattern, uint8_t types) {
    uint32_t sub = 0;
    clasp_outbox_clear(&bench.out);
    CHECK_EQ(clasp_session_subscribe(bench.session, clasp_span_of(pattern), types, &sub, bench.now_us),
             CLASP_OK);
    CHECK(sub > 0);
    return sub;
}

static inline clasp_message publish(const char *address) {
    return (clasp_message){.type = CLASP_MSG_PUBLISH,
                           .has = CLASP_HAS_VALUE,
                           .signal = CLASP_SIGNAL_EVENT,
                           .address = clasp_span_of(address),
                           .value = talk_number(3)};
}

static inline clasp_message set(const char *address, double number) {
    return (clasp_message){
        .type = CLASP_MSG_SET, .address = clasp_span_of(address), .value = talk_number(number)};
}

static inline clasp_err send(const clasp_message *message) {
    clasp_outbox_clear(&bench.out);
    return clasp_session_send(bench.session, message, bench.now_us);
}

#endif
