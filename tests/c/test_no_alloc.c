/* What the hot path must not do: with no memory to be had, everything below works as it does otherwise. */
#include "alloc.h"
#include "base/limits.h"
#include "chunk/reassemble.h"
#include "chunk/split.h"
#include "frames.h"
#include "route/routes.h"
#include "wire/legacy.h"

static uint8_t out_bytes[CLASP_FRAME_MAX];

/* From here on every first allocation fails, … */
static void forbid(void) { clasp_test_fail_allocation(1); }

/* … up to here. @return true if there was none */
static bool allow(void) {
    const bool none = !clasp_test_allocation_failed();
    clasp_test_fail_allocation(0);
    return none;
}

/* ---- decoding and encoding ----------------------------------------------------------------------------------- */

static void check_both_ways(golden *g) {
    clasp_frame frame;
    clasp_message message;
    forbid();
    const clasp_err err = clasp_decode(frame_of(g), &frame, &message);
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    if (err == CLASP_OK) {
        clasp_frame_write(&w, &message);
    }
    CHECK(allow());
    CHECK_EQ(err, CLASP_OK);
    CHECK_EQ(w.err, CLASP_OK);
}

TEST(binary_messages_are_decoded_and_encoded) { each_binary(check_both_ways); }

static void check_legacy(golden *g) {
    clasp_frame frame;
    clasp_message message;
    forbid();
    const clasp_err err = clasp_decode_any(frame_of(g), out_bytes, sizeof out_bytes, &frame, &message);
    CHECK(allow());
    CHECK_EQ(err, CLASP_OK);
}

TEST(legacy_messages_are_decoded) { each_legacy(check_legacy); }

static void check_refused(golden *g) {
    clasp_frame frame;
    clasp_message message;
    forbid();
    const clasp_err err = clasp_decode_any(frame_of(g), out_bytes, sizeof out_bytes, &frame, &message);
    CHECK(allow());
    CHECK(err != CLASP_OK);
}

TEST(malformed_frames_are_refused) { CHECK_EQ(each_vector("malformed.json", check_refused), 183); }

/* ---- from a frame to its subscriptions ----------------------------------------------------------------------- */

#define ADDRESSES 1000u

/* A SET of one of the addresses. */
static clasp_span frame_for(uint32_t i) {
    char text[32];
    uint8_t number[8];
    snprintf(text, sizeof text, "/sensor/%u/value", i % ADDRESSES);
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    clasp_frame_write(&w, &(clasp_message){.type = CLASP_MSG_SET,
                                           .address = clasp_span_of(text),
                                           .value = clasp_value_f64(i, number)});
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

static uint32_t subscriptions_of(clasp_routes *routes, clasp_span in) {
    clasp_frame frame;
    clasp_message message;
    clasp_route route;
    const bool is_good = clasp_decode(in, &frame, &message) == CLASP_OK &&
                         clasp_routes_find(routes, message.address, &route) == CLASP_OK;
    return is_good ? route.sub_count : 0;
}

TEST(messages_to_known_addresses_find_their_subscriptions) {
    clasp_routes *routes = clasp_routes_new(
        &(clasp_route_bounds){.addresses = ADDRESSES, .subscriptions = 3, .pattern_bytes = 100});
    static const char *const PATTERNS[] = {"/**", "/sensor/*/value", "/sensor/1*/**"};
    for (uint32_t sub = 0; sub < 3; sub++) {
        CHECK_EQ(clasp_routes_add(routes, clasp_span_of(PATTERNS[sub]), sub), CLASP_OK);
    }
    uint32_t found = 0;
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        found += subscriptions_of(routes, frame_for(i));
    }
    CHECK_EQ(found, 2 * ADDRESSES + 111); /* 1, 10 to 19, 100 to 199 */
    for (uint32_t i = 0; i < 10 * ADDRESSES; i++) {
        const clasp_span frame = frame_for(i);
        forbid();
        found += subscriptions_of(routes, frame);
        CHECK(allow());
    }
    CHECK_EQ(found, 11 * (2 * ADDRESSES + 111));
    clasp_routes_free(routes);
}

/* ---- pieces -------------------------------------------------------------------------------------------------- */

/* A slot doubles its room, so pieces in order want memory when the number before them is a power of two, and the first
 * and the last one, which takes what was left out; all others find it warm. */
static bool is_warm(uint32_t index, uint32_t count) {
    return index > 0 && index + 1 < count && (index & (index - 1)) != 0;
}

TEST(pieces_in_order_go_into_a_warm_slot) {
    enum { COUNT = 1000, SIZE = 100 };
    static uint8_t bytes[COUNT * SIZE];
    const uint32_t record_max = SIZE + CLASP_PIECE_HEADER_MAX;
    uint32_t warm = 0;
    clasp_reassembler r;
    clasp_split split;
    clasp_record record;
    clasp_whole whole = {.message = 0};
    clasp_reassembler_init(&r, 0);
    CHECK_EQ(
        clasp_split_init(&split, 1, CLASP_PRIORITY_NORMAL, (clasp_span){bytes, sizeof bytes}, record_max),
        CLASP_OK);
    for (uint32_t index = 0; clasp_split_next(&split, &record); index++) {
        memcpy(out_bytes, record.header, record.header_len);
        memcpy(out_bytes + record.header_len, record.bytes.at, record.bytes.len);
        const clasp_span packet = {out_bytes, record.header_len + record.bytes.len};
        const bool finds_room = is_warm(index, COUNT);
        if (finds_room) {
            forbid();
        }
        CHECK_EQ(clasp_reassembler_accept(&r, packet, 0, &whole), index + 1 < COUNT ? CLASP_MORE : CLASP_OK);
        CHECK(allow());
        warm += finds_room;
    }
    CHECK_EQ(warm, COUNT - 2 - 10); /* 1, 2, 4, … 512 */
    CHECK_BYTES(whole.bytes.at, whole.bytes.len, bytes, sizeof bytes);
    clasp_text_clear(&whole.bytes);
    clasp_reassembler_clear(&r);
}

TEST(a_message_is_cut_into_pieces) {
    static uint8_t bytes[10000];
    clasp_split split;
    clasp_record record;
    uint32_t count = 0;
    forbid();
    clasp_err err = clasp_split_init(&split, 1, CLASP_PRIORITY_LOW, (clasp_span){bytes, sizeof bytes}, 119);
    while (clasp_split_next(&split, &record)) {
        count++;
    }
    CHECK(allow());
    CHECK_EQ(err, CLASP_OK);
    CHECK_EQ(count, 100);
}

int main(void) {
    RUN(binary_messages_are_decoded_and_encoded);
    RUN(legacy_messages_are_decoded);
    RUN(malformed_frames_are_refused);
    RUN(messages_to_known_addresses_find_their_subscriptions);
    RUN(pieces_in_order_go_into_a_warm_slot);
    RUN(a_message_is_cut_into_pieces);
    return check_summary();
}
