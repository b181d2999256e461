/* The door of the peers' module: what its events read from the inbox, and how the two halves of a plane meet. */
#include "base/limits.h"
#include "peer/flow.h"
#include "talk.h"
#include "wasm/abi.h"

#define NOW 1700000000e6

static uint32_t put(clasp_span bytes) {
    uint8_t *inbox = clasp_inbox(bytes.len);
    CHECK(inbox != NULL);
    if (bytes.len > 0) {
        memcpy(inbox, bytes.at, bytes.len);
    }
    return bytes.len;
}

static int32_t event(uint32_t plane, clasp_p2p_input which, uint32_t a, uint32_t b, uint32_t c,
                     clasp_span bytes) {
    clasp_outbox_done();
    return clasp_abi_p2p_event(plane, (uint32_t)which, a, b, c, put(bytes), NOW);
}

static int32_t text_event(uint32_t plane, clasp_p2p_input which, uint32_t a, uint32_t b, const char *text) {
    return event(plane, which, a, b, 0, clasp_span_of(text));
}

static clasp_outbox out(void) {
    return (clasp_outbox){.effects = (clasp_effect *)(uintptr_t)clasp_outbox_effects(),
                          .count = clasp_outbox_count(),
                          .bytes = (uint8_t *)(uintptr_t)clasp_outbox_data()};
}

static const clasp_effect *told(clasp_effect_kind kind) {
    static clasp_outbox effects;
    effects = out();
    return talk_effect(&effects, kind, 0);
}

/* {epoch: "e"}, as a value with its type code. */
static clasp_span config(void) {
    static uint8_t bytes[64];
    clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
    clasp_write_u8(&w, CLASP_VALUE_MAP);
    clasp_write_u16(&w, 1);
    clasp_write_u16(&w, 5);
    clasp_write_bytes(&w, clasp_span_of("epoch"));
    clasp_write_u8(&w, CLASP_VALUE_STRING);
    clasp_write_u16(&w, 1);
    clasp_write_bytes(&w, clasp_span_of("e"));
    return clasp_written(&w);
}

static uint32_t begin(void) {
    clasp_seed(1, 2, 3, 4);
    const int32_t plane = clasp_abi_p2p_new();
    CHECK(plane > 0);
    CHECK_EQ(event((uint32_t)plane, CLASP_P2P_ON_START, 0, 0, 0, config()), CLASP_OK);
    CHECK_EQ(text_event((uint32_t)plane, CLASP_P2P_ON_SIGNALLING, 0, 0, "own"), CLASP_OK);
    return (uint32_t)plane;
}

static void end(uint32_t plane) {
    CHECK_EQ(event(plane, CLASP_P2P_ON_STOP, 0, 0, 0, (clasp_span){NULL, 0}), CLASP_OK);
    CHECK_EQ(clasp_abi_p2p_free(plane), CLASP_OK);
    CHECK_EQ(clasp_abi_p2p_free(plane), CLASP_BAD_HANDLE);
}

TEST(a_handle_that_is_gone_is_refused_by_every_call) {
    const uint32_t plane = begin();
    end(plane);
    CHECK_EQ(text_event(plane, CLASP_P2P_ON_FIND, 0, 0, "id"), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_abi_p2p_received(plane, 1, 256, 0, NOW), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_abi_p2p_address(plane, put(clasp_span_of("/a"))), CLASP_BAD_HANDLE);
    CHECK(clasp_abi_p2p_number(plane, 1, CLASP_FLOW_SET, 1, 5) == CLASP_BAD_HANDLE);
    CHECK(clasp_abi_p2p_value(plane, 1, CLASP_FLOW_SET, 1, 0) == CLASP_BAD_HANDLE);
    clasp_abi_p2p_flush(plane, NOW);
    clasp_abi_p2p_buffered(plane, 1, 256, 0, NOW);
    CHECK(clasp_abi_p2p_stat(plane, 1, CLASP_FLOW_STAT_WAITING) == 0);
    CHECK_EQ(clasp_outbox_count(), 0);
}

TEST(an_event_or_number_out_of_its_list_is_refused) {
    const uint32_t plane = begin();
    CHECK_EQ(clasp_abi_p2p_event(plane, CLASP_P2P_ON_READY + 1, 0, 0, 0, 0, NOW), CLASP_BAD_ENUM);
    CHECK_EQ(event(plane, CLASP_P2P_ON_LINK, 1, 1 << 8 | 0xFF, 0, (clasp_span){NULL, 0}), CLASP_BAD_ENUM);
    CHECK_EQ(text_event(plane, CLASP_P2P_ON_KNOW, 3, 0, "x"), CLASP_BAD_ENUM);
    CHECK_EQ(text_event(plane, CLASP_P2P_ON_CHANNEL, 1, 1 | 3 << 1, "/a"), CLASP_BAD_ENUM);
    CHECK_EQ(text_event(plane, CLASP_P2P_ON_PIPE_OPEN, 1, 3, "/a"), CLASP_BAD_ENUM);
    CHECK(clasp_abi_p2p_number(plane, 1, CLASP_FLOW_STREAM + 1, 1, 5) == CLASP_BAD_ENUM);
    end(plane);
}

TEST(a_connection_opens_and_its_channel_says_what_was_set) {
    const uint32_t plane = begin();
    CHECK_EQ(text_event(plane, CLASP_P2P_ON_KNOW, CLASP_P2P_DIALECT_CLASP, 5, "otherses"), CLASP_OK);
    CHECK(told(CLASP_EFFECT_P2P_PEER) != NULL);
    const uint32_t peer = (uint32_t)text_event(plane, CLASP_P2P_ON_FIND, 0, 0, "other");
    CHECK(peer > 0);
    CHECK_EQ(text_event(plane, CLASP_P2P_ON_CONNECT, 7, 0, "other"), CLASP_OK);
    const clasp_effect *open = told(CLASP_EFFECT_P2P_LINK_OPEN);
    CHECK(open && open->a == peer && (uint32_t)open->number & CLASP_P2P_OPEN_CHANNELS);
    const uint32_t where = open->b << 8;
    CHECK_EQ(text_event(plane, CLASP_P2P_ON_LINK, peer, where | CLASP_P2P_LINK_LOCAL, "v=0"), CLASP_OK);
    CHECK(told(CLASP_EFFECT_P2P_SIGNAL) != NULL);
    CHECK_EQ(event(plane, CLASP_P2P_ON_OPENED, peer, where, 65536, (clasp_span){NULL, 0}), CLASP_OK);
    const clasp_effect *settled = told(CLASP_EFFECT_P2P_SETTLED);
    CHECK(settled && settled->a == 7 && settled->b == peer && settled->number == CLASP_OK);

    clasp_outbox_done();
    const int32_t id = clasp_abi_p2p_address(plane, put(clasp_span_of("/x")));
    CHECK(id >= 0);
    CHECK(clasp_abi_p2p_number(plane, peer, CLASP_FLOW_SET, (uint32_t)id, 42) >= 0);
    clasp_abi_p2p_flush(plane, NOW);
    const clasp_effect *sent = told(CLASP_EFFECT_P2P_SEND);
    CHECK(sent && sent->a == peer && sent->b == where);
    CHECK(clasp_abi_p2p_stat(plane, peer, CLASP_FLOW_STAT_SENT_MESSAGES) >= 1);
    CHECK_EQ(event(plane, CLASP_P2P_ON_CLOSE, peer, 0, 0, (clasp_span){NULL, 0}), CLASP_OK);
    CHECK(told(CLASP_EFFECT_P2P_LINK_CLOSE) != NULL);
    end(plane);
}

TEST(there_are_so_many_planes_and_no_more) {
    clasp_seed(1, 2, 3, 4);
    uint32_t planes[CLASP_ABI_PLANES];
    for (uint32_t i = 0; i < CLASP_ABI_PLANES; i++) {
        const int32_t plane = clasp_abi_p2p_new();
        CHECK(plane > 0);
        planes[i] = (uint32_t)plane;
    }
    CHECK_EQ(clasp_abi_p2p_new(), CLASP_LIMIT);
    const int32_t session = clasp_abi_session_new(); /* of numbers of its own */
    CHECK(session > 0 && (uint32_t)session != planes[0]);
    CHECK_EQ(clasp_abi_session_free((uint32_t)session), CLASP_OK);
    for (uint32_t i = 0; i < CLASP_ABI_PLANES; i++) {
        CHECK_EQ(clasp_abi_p2p_free(planes[i]), CLASP_OK);
    }
}

int main(void) {
    RUN(a_handle_that_is_gone_is_refused_by_every_call);
    RUN(an_event_or_number_out_of_its_list_is_refused);
    RUN(a_connection_opens_and_its_channel_says_what_was_set);
    RUN(there_are_so_many_planes_and_no_more);
    return check_summary();
}
