/*
 * Whatever two clients say, the hub answers with frames that decode, to sessions that are there; and a client's session
 * takes in every one of them. The input is a row of frames, one client's after the other's; what is no frame goes in whole. The
 * third client has claimed a secret: it hands over the rest of the input in one message as well, before it is cut up.
 */
#include <stdlib.h>

#include "hub/hub.h"
#include "session/session.h"

#define START UINT64_C(1700000000000000)
#define CLIENTS 3u
#define CLAIMANT 2u

static clasp_outbox hub_out, client_out;
static clasp_session *client;

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_send(const clasp_effect *effect) {
    const clasp_span bytes = clasp_outbox_bytes(&hub_out, effect);
    const uint32_t list = effect->a * (uint32_t)sizeof(uint32_t);
    must(effect->a >= 1 && effect->a <= CLIENTS && bytes.len > list);
    const clasp_span sent = {bytes.at + list, bytes.len - list};
    clasp_frame frame;
    clasp_message message;
    uint32_t used = 0;
    must(clasp_frame_decode(sent, &frame, &used) == CLASP_OK && used == sent.len);
    must(clasp_message_decode(frame.payload, &message) == CLASP_OK);
    clasp_session_received(client, sent, START);
    clasp_outbox_clear(&client_out);
}

static void drain(void) {
    for (uint32_t i = 0; i < hub_out.count; i++) {
        if (hub_out.effects[i].kind == CLASP_EFFECT_HUB_SEND) {
            check_send(&hub_out.effects[i]);
        }
    }
    must(hub_out.err == CLASP_OK);
    clasp_outbox_clear(&hub_out);
}

/* A session that listens to everything and believes what it is told. */
static void open_client(void) {
    static const uint8_t WELCOME[] = {0x53, 1, 0, 17, 2, 1, 0xF8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    uint32_t sub;
    client = clasp_session_new(1, 1, &client_out);
    must(client != NULL);
    clasp_session_open(client, &(clasp_session_options){.url = clasp_span_of("ws://x")}, START);
    clasp_session_socket_opened(client, START);
    clasp_session_received(client, (clasp_span){WELCOME, sizeof WELCOME}, START);
    must(clasp_session_get_state(client) == CLASP_SESSION_OPEN);
    must(clasp_session_subscribe(client, clasp_span_of("/**"), CLASP_TYPE_ALL, &sub, START) == CLASP_OK);
    clasp_outbox_clear(&client_out);
}

/* Cut the first frame off the input; all of it when there is none. */
static clasp_span first_message(clasp_span *input) {
    clasp_frame frame;
    uint32_t used = 0;
    if (clasp_frame_decode(*input, &frame, &used) != CLASP_OK) {
        used = input->len;
    }
    const clasp_span message = {input->at, used};
    *input = (clasp_span){input->at + used, input->len - used};
    return message;
}

/* In a block of its own size, so that a read past the end is seen. */
static void receive(clasp_hub *hub, uint32_t session, clasp_span bytes, uint64_t now_us) {
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    must(copy != NULL);
    memcpy(copy, bytes.at, bytes.len);
    clasp_span rest = {copy, bytes.len};
    do {
        uint32_t used = 0;
        const clasp_err err = clasp_hub_take(hub, session, rest, now_us, &used);
        must(err == CLASP_OK || err == CLASP_BAD_HANDLE); /* a client of the same secret may have come */
        must(used <= rest.len && (used > 0 || rest.len == 0));
        rest = (clasp_span){rest.at + used, rest.len - used};
        drain();
    } while (rest.len > 0);
    free(copy);
}

/* The claim of a client of ours. */
static void claim(clasp_hub *hub, uint32_t session) {
    static const char ADDRESS[] = "/clasp/session/000102030405060708090a0b0c0d0e0f";
    uint8_t get[4 + 3 + sizeof ADDRESS - 1] = {
        0x53, 1, 0, 3 + sizeof ADDRESS - 1, 0x22, 0, sizeof ADDRESS - 1};
    memcpy(get + 7, ADDRESS, sizeof ADDRESS - 1);
    receive(hub, session, (clasp_span){get, sizeof get}, START);
}

static void talk(clasp_hub *hub, clasp_span input) {
    static const uint8_t HELLO[] = {0x53, 1, 0, 7, 1, 1, 0xF8, 0, 0, 0, 0};
    uint32_t sessions[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        must(clasp_hub_connected(hub, START, &sessions[i]) == CLASP_OK);
        must(clasp_hub_received(hub, sessions[i], (clasp_span){HELLO, sizeof HELLO}, START) == CLASP_OK);
        drain();
    }
    claim(hub, sessions[CLAIMANT]);
    receive(hub, sessions[CLAIMANT], input, START);
    for (unsigned turn = 0; input.len > 0; turn++) {
        const clasp_span message = first_message(&input);
        const uint64_t now_us = START + turn * UINT64_C(1000);
        receive(hub, sessions[turn % CLIENTS], message, now_us);
        clasp_hub_tick(hub, now_us);
        drain();
    }
    clasp_hub_disconnected(hub, sessions[0], START);
    drain();
    clasp_hub_tick(hub, START + UINT64_C(60000000)); /* what was held back goes */
    drain();
    must(clasp_hub_deadline(hub) > START + UINT64_C(60000000));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint64_t SEED[2] = {1, 2};
    clasp_hub *hub =
        clasp_hub_new(&(clasp_hub_options){.max_sessions = CLIENTS, .max_params = 8}, SEED, &hub_out);
    must(hub != NULL);
    open_client();
    talk(hub, (clasp_span){data, (uint32_t)size});
    clasp_session_free(client);
    clasp_hub_free(hub);
    clasp_outbox_deinit(&hub_out);
    clasp_outbox_deinit(&client_out);
    return 0;
}
