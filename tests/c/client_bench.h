/** One client under test: what the relay says to it, what it sends, what it tells. */
#ifndef CLASP_TESTS_CLIENT_BENCH_H
#define CLASP_TESTS_CLIENT_BENCH_H

#include "base/limits.h"
#include "session/client.h"
#include "talk.h"

#define SECOND UINT64_C(1000000)
#define START (UINT64_C(1700000000) * SECOND)
#define HANDLE 42u
#define CLAIM "/clasp/session/000102030405060708090a0b0c0d0e0f"
#define OUTCOME_ERROR (UINT64_C(1) << 63)

static struct {
    clasp_client *client;
    clasp_outbox out;
    uint64_t now_us;
} bench;

static const clasp_session_options OPTIONS = {
    .url = {(const uint8_t *)"ws://relay", 10},
    .name = {(const uint8_t *)"tester", 6},
    .features = CLASP_FEATURE_PARAM | CLASP_FEATURE_EVENT,
    .reconnect = true,
};
static const uint8_t SECRET[CLASP_CLIENT_SECRET] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static inline void begin(void) {
    memset(&bench, 0, sizeof bench);
    bench.now_us = START;
    bench.client = clasp_client_new(HANDLE, 5, &bench.out);
    CHECK(bench.client != NULL);
}

static inline void end(void) {
    clasp_client_free(bench.client);
    clasp_outbox_deinit(&bench.out);
}

/* ---- the relay ----------------------------------------------------------------------------------------------- */

/* A message from the relay; what came of it is in the outbox, behind what was there. */
static inline void hear_more(const clasp_message *message) {
    const clasp_span frame = talk_frame(message);
    clasp_client_received(bench.client, frame, bench.now_us);
    free((void *)frame.at);
}

/* The outbox then holds what came of it. */
static inline void hear(const clasp_message *message) {
    clasp_outbox_clear(&bench.out);
    hear_more(message);
}

static inline void hear_welcome(const char *id) {
    hear(&(clasp_message){
        .type = CLASP_MSG_WELCOME, .version = 1, .time_us = bench.now_us, .session = clasp_span_of(id)});
}

static inline void hear_ack(const char *address, uint64_t revision) {
    hear(&(clasp_message){.type = CLASP_MSG_ACK,
                          .has = CLASP_HAS_ADDRESS | (revision ? CLASP_HAS_REVISION : 0),
                          .address = clasp_span_of(address),
                          .revision = revision});
}

static inline void hear_error(uint16_t code, const char *address) {
    hear(&(clasp_message){.type = CLASP_MSG_ERROR,
                          .has = address ? CLASP_HAS_ADDRESS : 0,
                          .code = code,
                          .name = clasp_span_of("no"),
                          .address = clasp_span_of(address ? address : "")});
}

static inline void hear_bare(uint8_t type) { hear(&(clasp_message){.type = type}); }

static inline void hear_param(const char *address, clasp_value value, uint64_t revision, const char *writer) {
    static uint8_t storage[65536];
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    clasp_write_param(&w, &(clasp_param){.address = clasp_span_of(address),
                                         .value = value,
                                         .revision = revision,
                                         .writer = clasp_span_of(writer ? writer : ""),
                                         .has_writer = writer != NULL});
    hear(&(clasp_message){.type = CLASP_MSG_SNAPSHOT, .list = {clasp_written(&w), 1}});
}

/* The answer to the claim: `count` outcomes of `sets`. */
static inline void hear_claim(bool is_known, uint64_t sets, const uint64_t *outcomes, uint32_t count) {
    static uint8_t storage[65536];
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    clasp_write_u16(&w, 3);
    clasp_write_text(&w, clasp_span_of("known"));
    clasp_write_u8(&w, CLASP_VALUE_BOOL);
    clasp_write_u8(&w, is_known);
    clasp_write_text(&w, clasp_span_of("sets"));
    clasp_write_u8(&w, CLASP_VALUE_I64);
    clasp_write_u64(&w, sets);
    clasp_write_text(&w, clasp_span_of("outcomes"));
    clasp_write_u8(&w, CLASP_VALUE_BYTES);
    clasp_write_u16(&w, (uint16_t)(count * 8));
    for (uint32_t i = 0; i < count; i++) {
        clasp_write_u64(&w, outcomes[i]);
    }
    hear_param(CLAIM, (clasp_value){clasp_written(&w), CLASP_VALUE_MAP}, 0, NULL);
}

/* ---- what was sent ------------------------------------------------------------------------------------------- */

/* The frames of all that was sent, one after the other, those that wait for the end of the turn included. Counts them, and gives
 * the n-th one. */
static inline uint32_t sent_frames(uint32_t n, clasp_span *nth) {
    uint32_t count = 0;
    clasp_client_send_joined(bench.client);
    for (uint32_t i = 0; i < bench.out.count; i++) {
        const clasp_effect *effect = &bench.out.effects[i];
        clasp_span rest = clasp_outbox_bytes(&bench.out, effect);
        clasp_frame frame;
        uint32_t used;
        while (effect->kind == CLASP_EFFECT_SOCKET_SEND && effect->owner == HANDLE && rest.len > 0 &&
               clasp_frame_decode(rest, &frame, &used) == CLASP_OK) {
            if (count++ == n) {
                *nth = (clasp_span){rest.at, used};
            }
            rest = (clasp_span){rest.at + used, rest.len - used};
        }
    }
    return count;
}

/* The n-th message that was sent. */
static inline bool sent(uint32_t n, clasp_message *message) {
    clasp_span bytes = {NULL, 0};
    clasp_frame frame;
    memset(message, 0, sizeof *message);
    return sent_frames(n, &bytes) > n && clasp_decode(bytes, &frame, message) == CLASP_OK;
}

static inline uint32_t sent_count(void) {
    clasp_span bytes;
    return sent_frames(UINT32_MAX, &bytes);
}

static inline bool sent_to(uint32_t n, uint8_t type, const char *address) {
    clasp_message message;
    return sent(n, &message) && message.type == type && talk_is(message.address, address);
}

/* The n-th message is a SET of this number. */
static inline bool sent_set(uint32_t n, const char *address, double number) {
    clasp_message message;
    double is = 0;
    return sent(n, &message) && message.type == CLASP_MSG_SET && talk_is(message.address, address) &&
           clasp_value_number(message.value, &is) && is == number;
}

/* ---- what was told ------------------------------------------------------------------------------------------- */

/* The n-th SETTLED of the outbox is this. */
static inline bool settled_at(uint32_t n, uint32_t ticket, clasp_err err, double number) {
    const clasp_effect *effect = talk_effect(&bench.out, CLASP_EFFECT_SETTLED, n);
    return effect && effect->owner == HANDLE && effect->a == ticket && (clasp_err)effect->b == err &&
           effect->number == number;
}

/* The only SETTLED of the outbox is this. */
static inline bool settled(uint32_t ticket, clasp_err err, double number) {
    return settled_at(0, ticket, err, number) && !talk_effect(&bench.out, CLASP_EFFECT_SETTLED, 1);
}

static inline bool settled_nothing(void) { return !talk_effect(&bench.out, CLASP_EFFECT_SETTLED, 0); }

/* ---- the caller ---------------------------------------------------------------------------------------------- */

static inline clasp_message set_message(const char *address, double number) {
    return (clasp_message){
        .type = CLASP_MSG_SET, .address = clasp_span_of(address), .value = talk_number(number)};
}

static inline clasp_err set_as(const char *address, double number, clasp_qos qos, uint32_t ticket) {
    const clasp_message set = set_message(address, number);
    clasp_outbox_clear(&bench.out);
    return clasp_client_set(bench.client, &set, qos, ticket, bench.now_us);
}

static inline void do_set(const char *address, double number, uint32_t ticket) {
    CHECK_EQ(set_as(address, number, CLASP_QOS_CONFIRM, ticket), CLASP_OK);
}

static inline void connect_as(const char *id) {
    clasp_client_socket_opened(bench.client, bench.now_us);
    hear_welcome(id);
    CHECK_EQ(clasp_client_get_state(bench.client), CLASP_SESSION_OPEN);
}

/* Up to WELCOME: not judged yet. */
static inline void begin_welcomed(void) {
    begin();
    CHECK_EQ(clasp_client_open(bench.client, &OPTIONS, SECRET, bench.now_us), CLASP_OK);
    connect_as("me");
}

/* Open with a relay of ours that has never met this client. */
static inline void begin_open(void) {
    begin_welcomed();
    hear_claim(false, 0, NULL, 0);
    clasp_outbox_clear(&bench.out);
}

static inline void lose(void) {
    clasp_outbox_clear(&bench.out);
    clasp_client_socket_closed(bench.client, 1006, bench.now_us);
}

/* The connection is lost and comes back, up to WELCOME. */
static inline void come_back(const char *id) {
    lose();
    bench.now_us = clasp_client_deadline(bench.client);
    clasp_client_tick(bench.client, bench.now_us);
    connect_as(id);
}

/* Let time pass up to the deadline, and tick. */
static inline void pass_to_deadline(void) {
    bench.now_us = clasp_client_deadline(bench.client);
    clasp_outbox_clear(&bench.out);
    clasp_client_tick(bench.client, bench.now_us);
}

/* Let time pass, with the ticks that are due; what comes of all is in the outbox. PINGs are answered. */
static inline void pass(uint64_t span_us) {
    const uint64_t end_us = bench.now_us + span_us;
    clasp_outbox_clear(&bench.out);
    while (clasp_client_deadline(bench.client) <= end_us) {
        bench.now_us = clasp_client_deadline(bench.client);
        clasp_client_tick(bench.client, bench.now_us);
        hear_more(&(clasp_message){.type = CLASP_MSG_PONG});
    }
    bench.now_us = end_us;
}

#endif
