/* What a hostile peer, or a machine without memory, cannot do to the data plane. */
#include "alloc.h"
#include "base/random.h"
#include "flow_pair.h"

#define ROUNDS 30000u
#define MEMORY_MAX \
    (8u << 20) /* bytes: far below what one peer may pin by pieces, far above what this one needs */

/* ---- allocation ------------------------------------------------------------------------------------------------ */

TEST(numbers_are_said_and_heard_without_an_allocation) {
    pair *p = pair_connected();
    uint32_t ids[4];
    char text[16];
    for (unsigned i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "/hot/%u", i);
        ids[i] = pair_address(p, 0, text);
    }
    bool none = true;
    for (int round = 0; round < 6; round++) {
        uint32_t batch;
        clasp_err err = CLASP_OK;
        if (round > 2) { /* by now everything has its room */
            clasp_test_fail_allocation(1);
        }
        for (uint32_t i = 0; i < 500; i++) {
            err = err == CLASP_OK
                      ? clasp_flow_number(p->sides[0].flows, PAIR_PEER, CLASP_FLOW_SET, ids[i % 4], i, &batch)
                      : err;
        }
        clasp_flows_flush(p->sides[0].flows, p->now_us);
        none = none && !clasp_test_allocation_failed();
        clasp_test_fail_allocation(0);
        CHECK_EQ(err, CLASP_OK);
        pair_drain(&p->sides[0]);
        while (p->sides[0].first) {
            pair_message *m = p->sides[0].first;
            p->sides[0].first = m->next;
            if (round > 2) {
                clasp_test_fail_allocation(1);
            }
            err = clasp_flow_received(p->sides[1].flows, PAIR_PEER, 1, 0, (clasp_span){m->bytes, m->len},
                                      p->now_us);
            clasp_flows_flush(p->sides[1].flows, p->now_us);
            none = none && !clasp_test_allocation_failed();
            clasp_test_fail_allocation(0);
            CHECK_EQ(err, CLASP_OK);
            pair_drain(&p->sides[1]);
            free(m);
        }
        pair_settle(p);
    }
    CHECK(none);
    CHECK_EQ(p->sides[1].counts[CLASP_EFFECT_P2P_DELIVER], 3000);
    pair_end(p);
}

/* Everything once, on one side; the other side's part comes as bytes that were made before. */
typedef struct script {
    pair_message *messages; /* of a peer, to be heard */
} script;

static clasp_err silent_record(void *context, uint32_t peer, clasp_span record) {
    (void)context;
    (void)peer;
    (void)record;
    return CLASP_OK;
}

static void silent_path(void *context, uint32_t peer, uint32_t link, clasp_p2p_path_event event,
                        uint64_t now_us) {
    (void)context;
    (void)peer;
    (void)link;
    (void)event;
    (void)now_us;
}

static void use_everything(void *context) {
    const script *s = context;
    clasp_outbox out = {0};
    const clasp_flow_hooks hooks = {NULL, silent_path, silent_record};
    clasp_flows *f = clasp_flows_new(1, 5, &out, &hooks);
    static uint8_t value[70005] = {CLASP_VALUE_BYTES, 0, 1, 0x11, 0x70};
    uint32_t id = 0, batch, channel, pipe;
    if (f && clasp_flow_peer(f, PAIR_PEER, true) == CLASP_OK) {
        clasp_flow_opened(f, PAIR_PEER, 1, 0, 0, 1);
        clasp_flow_opened(f, PAIR_PEER, 1, 1, 0, 1);
        clasp_flow_subscribe(f, PAIR_PEER, clasp_span_of("/**"), 1);
        clasp_flow_channel(f, PAIR_PEER, clasp_span_of("/own"), true, CLASP_PRIORITY_HIGH, &channel);
        if (clasp_flow_address(f, clasp_span_of("/own/a"), &id) == CLASP_OK) {
            clasp_flow_number(f, PAIR_PEER, CLASP_FLOW_SET, id, 1, &batch);
            clasp_flow_number(f, PAIR_PEER, CLASP_FLOW_STREAM, id, 1, &batch);
            clasp_flow_value(f, PAIR_PEER, CLASP_FLOW_SET, id, (clasp_span){value, sizeof value}, &batch);
        }
        clasp_flow_get(f, PAIR_PEER, clasp_span_of("/x"), 3, 2);
        clasp_flow_pipe_open(f, PAIR_PEER, clasp_span_of("/file"), CLASP_PRIORITY_LOW, &pipe);
        clasp_flow_token(f, PAIR_PEER, (clasp_span){value, CLASP_P2P_TOKEN_LEN}, 2);
        clasp_flows_flush(f, 3);
        for (const pair_message *m = s->messages; m; m = m->next) {
            clasp_flow_received(f, PAIR_PEER, 1, m->way & 0xFF, (clasp_span){m->bytes, m->len}, 4);
        }
        clasp_flow_cover(f, PAIR_PEER, true, 5);
        clasp_flows_tick(f, 10000000);
        clasp_flow_gone(f, PAIR_PEER, CLASP_PEER_GONE);
    }
    clasp_flows_free(f);
    clasp_outbox_deinit(&out);
}

TEST(every_allocation_may_fail) {
    pair *p = pair_new(true);
    uint32_t batch, pipe;
    pair_open(p, 1, 0);
    pair_number(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/a"), 1);
    pair_number(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/b"), 1);
    pair_flush(p, 0);
    CHECK_EQ(pair_say_bytes(p, 0, CLASP_FLOW_SET, pair_address(p, 0, "/large"), 100000, &batch), CLASP_OK);
    CHECK_EQ(
        clasp_flow_pipe_open(p->sides[0].flows, PAIR_PEER, clasp_span_of("/f"), CLASP_PRIORITY_LOW, &pipe),
        CLASP_OK);
    CHECK_EQ(clasp_flow_get(p->sides[0].flows, PAIR_PEER, clasp_span_of("/own/a"), 1, 1), CLASP_OK);
    pair_flush(p, 0);
    script s = {p->sides[0].first};
    CHECK(clasp_test_each_allocation(use_everything, &s) > 20);
    pair_free(p);
}

TEST(a_message_without_memory_for_it_comes_again) {
    for (size_t n = 1; n < 12; n++) {
        pair *p = pair_new(true);
        pair_open(p, 1, CLASP_FLOW_RELIABLE);
        pair_settle(p);
        pair_number(p, 0, CLASP_FLOW_EVENT, pair_address(p, 0, "/a"), 1);
        pair_flush(p, 0);
        pair_message *m = p->sides[0].first;
        p->sides[0].first = NULL;
        clasp_test_fail_allocation(n);
        clasp_flow_received(p->sides[1].flows, PAIR_PEER, 1, 0, (clasp_span){m->bytes, m->len}, p->now_us);
        clasp_test_fail_allocation(0);
        free(m);
        p->sides[1].out.err = CLASP_OK;
        pair_drain(&p->sides[1]);
        for (int i = 0; i < 50; i++) {
            pair_settle(p);
            pair_wait(p, p->now_us + 100000);
        }
        pair_settle(p);
        CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_ACKED], 1);
        CHECK(clasp_flow_get_stat(p->sides[0].flows, PAIR_PEER, CLASP_FLOW_STAT_UNACKED) == 0);
        pair_free(p);
    }
    CHECK_EQ(clasp_test_live_allocations(), 0);
}

/* ---- hostile peers --------------------------------------------------------------------------------------------- */

/* Records that begin right and go on at random. */
static uint32_t make_record(clasp_random *random, uint8_t *out) {
    static const uint8_t KINDS[] = {0, 1, 1, 1, 2, 3, 5, 6, 7, 8, 9, 0x0A, 0x0B, 0x0C, 0x7F};
    static const uint8_t PAYLOADS[][4] = {{0x53, 0x41, 0, 8}, {0x45, 4, 0, 0},    {0x45, 9, 0, 0},
                                          {0x45, 3, 0, 5},    {0x45, 0x0A, 0, 0}, {0x53, 1, 0, 4}};
    uint32_t len = 2 + clasp_random_below(random, 80);
    for (uint32_t i = 0; i < len; i++) {
        out[i] = clasp_random_below(random, 3) ? 0 : (uint8_t)clasp_random_below(random, 256);
    }
    out[0] = clasp_random_below(random, 20) ? 0x45 : 0x53;
    out[1] = KINDS[clasp_random_below(random, sizeof KINDS)];
    if (out[1] == 1 && len > 12) {
        out[2] = 0;
        out[3] = (uint8_t)clasp_random_below(random, 40);
        clasp_store_u32(out + 4, clasp_random_below(random, 40));
        memcpy(out + 8, PAYLOADS[clasp_random_below(random, 6)], 4);
    }
    if (out[1] == 0x0B && len >= 14 && clasp_random_below(random, 4)) {
        clasp_store_u32(out + 10, 0); /* it is for us */
    }
    return len;
}

TEST(records_at_random_break_nothing_and_pin_little) {
    pair *p = pair_connected();
    clasp_random random;
    uint8_t bytes[128];
    uint32_t refused = 0;
    size_t most = 0;
    clasp_random_seed(&random, 4);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const uint32_t len = make_record(&random, bytes);
        uint8_t *exact = malloc(len);
        const uint32_t channel = clasp_random_below(&random, 2) ? 0 : UINT32_MAX;
        memcpy(exact, bytes, len);
        const clasp_span in = {exact, len};
        const clasp_err err = channel == 0
                                  ? clasp_flow_received(p->sides[1].flows, PAIR_PEER, 1, 0, in, p->now_us)
                                  : clasp_flow_record(p->sides[1].flows, PAIR_PEER, in, p->now_us);
        free(exact);
        refused += err != CLASP_OK;
        p->now_us += clasp_random_below(&random, 2000);
        clasp_flows_tick(p->sides[1].flows, p->now_us);
        clasp_flows_flush(p->sides[1].flows, p->now_us);
        pair_drain(&p->sides[1]);
        pair_lose(p);
        most = clasp_test_live_bytes() > most ? clasp_test_live_bytes() : most;
    }
    CHECK(refused > ROUNDS / 4);
    CHECK(most < MEMORY_MAX);
    pair_end(p);
}

/* After HELLO; each in a block of its own. */
static clasp_err hear(pair *p, uint16_t stream, uint32_t sequence, uint32_t payload_len) {
    const uint32_t len = 8 + payload_len;
    uint8_t *bytes = calloc(1, len);
    bytes[0] = 0x45;
    bytes[1] = 1;
    clasp_store_u16(bytes + 2, stream);
    clasp_store_u32(bytes + 4, sequence);
    const clasp_err err =
        clasp_flow_received(p->sides[1].flows, PAIR_PEER, 1, 0, (clasp_span){bytes, len}, p->now_us);
    free(bytes);
    return err;
}

TEST(what_comes_early_is_bounded_in_count_and_bytes_and_streams_in_number) {
    pair *p = pair_connected();
    uint32_t held = 0;
    for (uint32_t sequence = 2; sequence < 200; sequence++) {
        held += hear(p, 0, sequence, 60000) == CLASP_OK;
    }
    CHECK_EQ(held, CLASP_FLOW_REORDER_BYTES / 60000);
    CHECK_EQ(hear(p, 0, 1 + CLASP_FLOW_REORDER + 1, 1), CLASP_LIMIT);
    CHECK_EQ(hear(p, 0, 1 + CLASP_FLOW_REORDER, 1), CLASP_OK);
    uint32_t streams = 0;
    for (uint16_t stream = 1; stream < 200; stream++) {
        streams += hear(p, stream, 2, 1) == CLASP_OK;
    }
    CHECK_EQ(streams, CLASP_FLOW_CHANNELS + CLASP_PRIORITIES);
    pair_end(p);
}

/* PACKs in one another, each behind a HELLO, as deep as a record is long. @return bytes */
static uint32_t make_nest(uint8_t *record) {
    static const uint8_t HELLO[] = {0x45, 0x0B, 0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0};
    uint32_t at = 0;
    record[at++] = 0x45;
    record[at++] = 0x0C;
    while (at + 2 + sizeof HELLO + 2 <= CLASP_P2P_RECORD_MAX) {
        clasp_store_u16(record + at, (uint16_t)(CLASP_P2P_RECORD_MAX - at - 2));
        memcpy(record + at + 2, HELLO, sizeof HELLO);
        memcpy(record + at + 2 + sizeof HELLO, record, 2);
        at += 2 + (uint32_t)sizeof HELLO + 2;
    }
    return at;
}

TEST(packs_do_not_nest) {
    pair *p = pair_connected();
    uint8_t *record = calloc(1, CLASP_P2P_RECORD_MAX);
    CHECK(make_nest(record) > CLASP_P2P_RECORD_MAX - 32);
    CHECK_EQ(clasp_flow_record(p->sides[1].flows, PAIR_PEER, (clasp_span){record, CLASP_P2P_RECORD_MAX},
                               p->now_us),
             CLASP_TOO_DEEP);
    free(record);
    pair_end(p);
}

TEST(a_peer_that_asks_and_does_not_listen_is_not_answered_for_ever) {
    static const uint8_t PING[] = {0x45, 6, 0, 0, 0, 0, 0, 0, 0, 1};
    pair *p = pair_connected();
    for (uint32_t bytes = 0; bytes < 2 * CLASP_FLOW_CONTROL_WATER; bytes += (uint32_t)sizeof PING) {
        CHECK_EQ(clasp_flow_received(p->sides[1].flows, PAIR_PEER, 1, 0, (clasp_span){PING, sizeof PING},
                                     p->now_us),
                 CLASP_OK);
        pair_drain(&p->sides[1]);
    }
    CHECK(pair_under_way(&p->sides[1], 256) < CLASP_FLOW_CONTROL_WATER + 100);
    clasp_flow_buffered(p->sides[1].flows, PAIR_PEER, 1, 0, 0, p->now_us); /* it listens again */
    pair_lose(p);
    clasp_flow_received(p->sides[1].flows, PAIR_PEER, 1, 0, (clasp_span){PING, sizeof PING}, p->now_us);
    pair_drain(&p->sides[1]);
    CHECK(pair_under_way(&p->sides[1], 256) > 0);
    pair_end(p);
}

TEST(a_peer_that_is_ever_another_one_is_greeted_once_a_message) {
    enum { COUNT = 4000, LEN = 14 };
    pair *p = pair_connected();
    uint8_t *message = calloc(COUNT, LEN);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint8_t *hello = message + (size_t)i * LEN;
        hello[0] = 0x45;
        hello[1] = 0x0B;
        clasp_store_u32(hello + 2, 0x1234567u * (i + 1));
        hello[9] = 1;
    }
    const uint32_t sent = p->sides[1].counts[CLASP_EFFECT_P2P_SEND];
    CHECK_EQ(clasp_flow_received(p->sides[1].flows, PAIR_PEER, 1, 0, (clasp_span){message, COUNT * LEN},
                                 p->now_us),
             CLASP_OK);
    pair_drain(&p->sides[1]);
    CHECK(p->sides[1].counts[CLASP_EFFECT_P2P_SEND] - sent == 1);
    free(message);
    pair_end(p);
}

/* OPEN of a pipe, as DATA of stream 1. */
static clasp_err hear_open(pair *p, uint32_t number) {
    uint8_t record[8 + 8 + 2] = {0x45, 1, 0, 1, 0, 0, 0, 0, 0x45, 9, 0};
    clasp_store_u32(record + 4, number);
    clasp_store_u32(record + 11, number);
    record[15] = 0;
    memcpy(record + 16, "/a", 2);
    const clasp_err err = clasp_flow_received(p->sides[1].flows, PAIR_PEER, 1, 0,
                                              (clasp_span){record, sizeof record}, p->now_us);
    pair_drain(&p->sides[1]);
    return err;
}

TEST(pipes_that_are_refused_do_not_pile_up) {
    pair *p = pair_connected();
    uint32_t refused = 0;
    for (uint32_t number = 1; number <= CLASP_FLOW_PACKETS + 1000; number++) {
        refused += hear_open(p, number) == CLASP_QUEUE_FULL;
    }
    CHECK_EQ(refused, 1000 - CLASP_FLOW_PIPES);
    pair_end(p);
}

TEST(peers_are_bounded) {
    clasp_outbox out = {0};
    const clasp_flow_hooks hooks = {NULL, silent_path, silent_record};
    clasp_flows *f = clasp_flows_new(1, 5, &out, &hooks);
    for (uint32_t i = 1; i <= CLASP_P2P_PEERS; i++) {
        CHECK_EQ(clasp_flow_peer(f, i << 9 | 1, true), CLASP_OK);
    }
    CHECK_EQ(clasp_flow_peer(f, 7, true), CLASP_LIMIT);
    clasp_flow_gone(f, 5 << 9 | 1, CLASP_OK);
    CHECK_EQ(clasp_flow_peer(f, 7, true), CLASP_OK);
    CHECK_EQ(clasp_flow_peer(f, 6 << 9 | 1, true), CLASP_OK);
    clasp_flows_free(f);
    clasp_outbox_deinit(&out);
    CHECK_EQ(clasp_test_live_allocations(), 0);
}

int main(void) {
    RUN(numbers_are_said_and_heard_without_an_allocation);
    RUN(every_allocation_may_fail);
    RUN(a_message_without_memory_for_it_comes_again);
    RUN(records_at_random_break_nothing_and_pin_little);
    RUN(what_comes_early_is_bounded_in_count_and_bytes_and_streams_in_number);
    RUN(packs_do_not_nest);
    RUN(a_peer_that_asks_and_does_not_listen_is_not_answered_for_ever);
    RUN(a_peer_that_is_ever_another_one_is_greeted_once_a_message);
    RUN(pipes_that_are_refused_do_not_pile_up);
    RUN(peers_are_bounded);
    return check_summary();
}
