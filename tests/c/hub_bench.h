/** One hub under test: who joins, what they say, what each of them gets. */
#ifndef CLASP_TESTS_HUB_BENCH_H
#define CLASP_TESTS_HUB_BENCH_H

#include "base/limits.h"
#include "hub/hub.h"
#include "talk.h"

#define SECOND UINT64_C(1000000)
#define START (UINT64_C(1700000000) * SECOND) /* a time of day */
#define MAX_JOINED 8u

/* One hub and what the tests know of it. */
static struct {
    clasp_hub *hub;
    clasp_outbox out;
    uint64_t now_us;
    char ids[MAX_JOINED][40]; /* session ids in the order of joining */
    unsigned joined;
    clasp_frame frame; /* of the message that was found last */
} bench;

static inline void begin_with(const clasp_hub_options *options) {
    static const uint64_t SEED[2] = {7, 11};
    memset(&bench, 0, sizeof bench);
    bench.now_us = START;
    bench.hub = clasp_hub_new(options, SEED, &bench.out);
    CHECK(bench.hub != NULL);
}

static inline void begin(void) { begin_with(&(clasp_hub_options){.messages_per_second = 100000}); }

static inline void end(void) {
    clasp_hub_free(bench.hub);
    clasp_outbox_deinit(&bench.out);
}

/* Bytes from a session, as they are; the outbox then holds what came of it. */
static inline clasp_err feed(uint32_t session, clasp_span bytes) {
    clasp_outbox_clear(&bench.out);
    return clasp_hub_received(bench.hub, session, bytes, bench.now_us);
}

static inline void say(uint32_t session, const clasp_message *message) {
    const clasp_span frame = talk_frame(message);
    CHECK_EQ(feed(session, frame), CLASP_OK);
    free((void *)frame.at);
}

/* The n-th message of the outbox for a session. */
static inline bool got(uint32_t session, unsigned n, clasp_message *message) {
    memset(message, 0, sizeof *message);
    for (uint32_t i = 0; i < bench.out.count; i++) {
        const clasp_effect *effect = &bench.out.effects[i];
        const clasp_span bytes = clasp_outbox_bytes(&bench.out, effect);
        for (uint32_t k = 0; effect->kind == CLASP_EFFECT_HUB_SEND && k < effect->a; k++) {
            uint32_t handle;
            memcpy(&handle, bytes.at + (size_t)k * sizeof handle, sizeof handle);
            if (handle == session && n-- == 0) {
                const uint32_t list = effect->a * (uint32_t)sizeof handle;
                const clasp_span frame = {bytes.at + list, bytes.len - list};
                return clasp_decode(frame, &bench.frame, message) == CLASP_OK;
            }
        }
    }
    return false;
}

static inline bool got_type(uint32_t session, unsigned n, uint8_t type, clasp_message *message) {
    return got(session, n, message) && message->type == type;
}

static inline bool got_nothing(uint32_t session) {
    clasp_message message;
    return !got(session, 0, &message);
}

/* The only message for a session is this ERROR. */
static inline bool got_error(uint32_t session, uint16_t code, const char *address) {
    clasp_message message, second;
    return got_type(session, 0, CLASP_MSG_ERROR, &message) && message.code == code && message.name.len > 0 &&
           talk_is(message.address, address) && !got(session, 1, &second);
}

static inline uint32_t connect_only(void) {
    uint32_t session = 0;
    clasp_outbox_clear(&bench.out);
    CHECK_EQ(clasp_hub_connected(bench.hub, bench.now_us, &session), CLASP_OK);
    CHECK((int32_t)session > 0);
    return session;
}

static const clasp_message HELLO = {.type = CLASP_MSG_HELLO,
                                    .version = 1,
                                    .features = CLASP_FEATURE_PARAM,
                                    .name = {(const uint8_t *)"t", 1}};

static inline uint32_t join(void) {
    const uint32_t session = connect_only();
    say(session, &HELLO);
    clasp_message welcome;
    CHECK(got_type(session, 0, CLASP_MSG_WELCOME, &welcome));
    snprintf(bench.ids[bench.joined++ % MAX_JOINED], sizeof bench.ids[0], "%.*s", (int)welcome.session.len,
             (const char *)welcome.session.at);
    return session;
}

static inline clasp_message subscribe(uint32_t id, const char *pattern) {
    return (clasp_message){
        .type = CLASP_MSG_SUBSCRIBE, .id = id, .address = clasp_span_of(pattern), .types = CLASP_TYPE_ALL};
}

static inline void do_subscribe(uint32_t session, uint32_t id, const char *pattern) {
    const clasp_message message = subscribe(id, pattern);
    say(session, &message);
}

static inline clasp_message set(const char *address, double number) {
    return (clasp_message){
        .type = CLASP_MSG_SET, .address = clasp_span_of(address), .value = talk_number(number)};
}

static inline void do_set(uint32_t session, const char *address, double number) {
    const clasp_message message = set(address, number);
    say(session, &message);
}

static inline clasp_message publish(const char *address, uint8_t signal) {
    return (clasp_message){.type = CLASP_MSG_PUBLISH,
                           .has = CLASP_HAS_VALUE,
                           .signal = signal,
                           .address = clasp_span_of(address),
                           .value = talk_number(1)};
}

static inline void do_publish(uint32_t session, const char *address) {
    const clasp_message message = publish(address, CLASP_SIGNAL_EVENT);
    say(session, &message);
}

static inline void do_replay(uint32_t session, const char *pattern) {
    const clasp_message message = {.type = CLASP_MSG_REPLAY, .address = clasp_span_of(pattern)};
    say(session, &message);
}

static inline void do_get(uint32_t session, const char *address) {
    const clasp_message message = {.type = CLASP_MSG_GET, .address = clasp_span_of(address)};
    say(session, &message);
}

static inline double stat(clasp_hub_stat which) { return clasp_hub_stat_value(bench.hub, which); }

/* Time goes by; the outbox then holds what came of it. */
static inline void wait_us(uint64_t us) {
    bench.now_us += us;
    clasp_outbox_clear(&bench.out);
    clasp_hub_tick(bench.hub, bench.now_us);
}

/* The numbers of the SETs and PUBLISHes for a session, in order, like "1 2 3"; lent until the next call. */
static inline const char *got_numbers(uint32_t session) {
    static char text[512];
    size_t len = 0;
    text[0] = 0;
    clasp_message message;
    for (unsigned n = 0; got(session, n, &message) && len < sizeof text - 32; n++) {
        double number;
        if ((message.type == CLASP_MSG_SET || message.type == CLASP_MSG_PUBLISH) &&
            clasp_value_number(message.value, &number)) {
            len += (size_t)snprintf(text + len, sizeof text - len, len ? " %g" : "%g", number);
        }
    }
    return text;
}

static inline bool has_param(uint32_t session, const char *address) {
    do_get(session, address);
    return !got_nothing(session);
}

static inline void say_bundle(uint32_t session, const clasp_message *members, uint32_t count) {
    static uint8_t storage[65535];
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    for (uint32_t i = 0; i < count; i++) {
        clasp_write_member(&w, &members[i]);
    }
    const clasp_message bundle = {.type = CLASP_MSG_BUNDLE, .list = {clasp_written(&w), count}};
    say(session, &bundle);
}

#endif
