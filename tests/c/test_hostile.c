/* What a hostile peer can make the core hold: floods and bombs against the bounds of base/limits.h, on the real heap. */
#include <stdio.h>

#include "alloc.h"
#include "base/limits.h"
#include "base/random.h"
#include "check.h"
#include "chunk/reassemble.h"
#include "chunk/video.h"
#include "route/routes.h"
#include "wire/message.h"

#define MIB ((size_t)1 << 20)
#define KIB ((size_t)1 << 10)

/* What is on the heap above `base`, and the most that it has been at a look. */
typedef struct heap {
    size_t base, blocks, peak;
} heap;

static heap heap_now(void) { return (heap){clasp_test_live_bytes(), clasp_test_live_allocations(), 0}; }

static size_t held(heap *h) {
    const size_t bytes = clasp_test_live_bytes() - h->base;
    h->peak = bytes > h->peak ? bytes : h->peak;
    return bytes;
}

static bool is_empty(const heap *h) {
    return clasp_test_live_bytes() == h->base && clasp_test_live_allocations() == h->blocks;
}

/* ---- addresses and patterns ---------------------------------------------------------------------------------- */

static const clasp_route_bounds SESSION = {
    .addresses = CLASP_SESSION_ADDRESSES,
    .address_bytes = CLASP_SESSION_ADDRESS_BYTES,
    .subscriptions = CLASP_SESSION_SUBSCRIPTIONS,
    .pattern_bytes = CLASP_SESSION_PATTERN_BYTES,
    .pattern_segments = CLASP_SESSION_PATTERN_SEGMENTS,
    .hash_seed = 1,
};

static const clasp_route_bounds HUB = {
    .addresses = CLASP_HUB_ADDRESSES,
    .address_bytes = CLASP_HUB_ADDRESS_BYTES,
    .subscriptions = CLASP_HUB_SUBSCRIPTIONS_MAX,
    .pattern_bytes = CLASP_HUB_PATTERN_BYTES,
    .pattern_segments = CLASP_HUB_PATTERN_SEGMENTS,
    .hash_seed = 1,
};

/* The allocator rounds each block up, by at most 24 bytes. */
static bool routes_fit(const clasp_routes *routes, const clasp_route_bounds *bounds, heap *h) {
    const size_t memory = clasp_routes_memory(routes);
    const size_t blocks = clasp_test_live_allocations() - h->blocks;
    return memory <= clasp_routes_memory_max(bounds) && held(h) <= memory + 24 * blocks;
}

/* "/" and a number, behind what `out` holds already. @return where it ends */
static char *put_number(char *out, uint32_t number) {
    char digits[10];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
    } while ((number /= 10) > 0);
    *out++ = '/';
    while (count > 0) {
        *out++ = digits[--count];
    }
    return out;
}

static clasp_span numbers(char *out, uint32_t first, uint32_t second) {
    const char *end = put_number(put_number(out, first), second);
    return (clasp_span){(uint8_t *)out, (uint32_t)(end - out)};
}

/* One that all addresses match, and as many more as may be, of which each address matches one. */
static void subscribe_to_all(clasp_routes *routes) {
    CHECK_EQ(clasp_routes_add(routes, clasp_span_of("/**"), 0), CLASP_OK);
    for (uint32_t sub = 1; sub < CLASP_SESSION_SUBSCRIPTIONS; sub++) {
        char pattern[32];
        snprintf(pattern, sizeof pattern, "/%u/*", sub);
        CHECK_EQ(clasp_routes_add(routes, clasp_span_of(pattern), sub), CLASP_OK);
    }
}

TEST(ten_million_addresses_stay_within_the_bounds_of_a_session) {
    heap h = heap_now();
    clasp_routes *routes = clasp_routes_new(&SESSION);
    if (!CHECK(routes)) {
        return;
    }
    subscribe_to_all(routes);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 10000000; i++) {
        char text[32];
        clasp_route route;
        const uint32_t sub = 1 + i % (CLASP_SESSION_SUBSCRIPTIONS - 1);
        const clasp_err err = clasp_routes_find(routes, numbers(text, sub, i), &route);
        wrong += err != CLASP_OK || !route.is_new || route.sub_count != 2 || route.subs[1] != sub;
        wrong += i % 64 == 0 && !routes_fit(routes, &SESSION, &h);
    }
    CHECK_EQ(wrong, 0);
    CHECK(h.peak < 4 * MIB); /* 3 MiB, and the tables of these short patterns */
    clasp_routes_free(routes);
    CHECK(is_empty(&h));
}

TEST(addresses_of_the_largest_size_stay_within_the_bounds_of_a_session) {
    static char text[CLASP_ADDRESS_MAX_LEN];
    heap h = heap_now();
    clasp_routes *routes = clasp_routes_new(&SESSION);
    uint32_t wrong = 0;
    memset(text, 'a', sizeof text);
    for (uint32_t i = 0; i < 2000; i++) {
        clasp_route route;
        *put_number(text, i) = 'a';
        wrong += clasp_routes_find(routes, (clasp_span){(uint8_t *)text, sizeof text}, &route) != CLASP_OK;
        wrong += !route.is_new || !routes_fit(routes, &SESSION, &h);
    }
    CHECK_EQ(wrong, 0);
    CHECK(h.peak > CLASP_SESSION_ADDRESS_BYTES - CLASP_ADDRESS_MAX_LEN && h.peak < 3 * MIB);
    clasp_routes_free(routes);
    CHECK(is_empty(&h));
}

/* Add 100,000 patterns. @return how many were taken; all others were refused with LIMIT */
static uint32_t flood_with_patterns(clasp_routes *routes, const clasp_route_bounds *bounds, heap *h) {
    static const char *const FORMS[] = {"/%u/*", "/**/%u", "/a/*/%u/**", "/%u*/b", "/*"};
    uint32_t taken = 0;
    uint32_t wrong = 0;
    for (uint32_t sub = 0; sub < 100000; sub++) {
        char pattern[32];
        snprintf(pattern, sizeof pattern, FORMS[sub % 5], sub);
        const clasp_err err = clasp_routes_add(routes, clasp_span_of(pattern), sub);
        taken += err == CLASP_OK;
        wrong += err != CLASP_OK && err != CLASP_LIMIT;
        wrong += !routes_fit(routes, bounds, h);
    }
    CHECK_EQ(wrong, 0);
    return taken;
}

TEST(a_hundred_thousand_patterns_are_taken_up_to_the_bound) {
    static const clasp_route_bounds ROOMY = {
        .addresses = 1000, .subscriptions = 100000, .pattern_bytes = 4u << 20, .hash_seed = 1};
    const clasp_route_bounds *const BOUNDS[] = {&SESSION, &HUB, &ROOMY};
    for (size_t i = 0; i < sizeof BOUNDS / sizeof *BOUNDS; i++) {
        heap h = heap_now();
        clasp_routes *routes = clasp_routes_new(BOUNDS[i]);
        const uint32_t taken = flood_with_patterns(routes, BOUNDS[i], &h);
        CHECK_EQ(taken, BOUNDS[i]->subscriptions);
        clasp_route route;
        CHECK_EQ(clasp_routes_find(routes, clasp_span_of("/x"), &route), CLASP_OK);
        CHECK_EQ(route.sub_count, taken / 5); /* those to "/" and a star */
        CHECK(routes_fit(routes, BOUNDS[i], &h));
        clasp_routes_free(routes);
        CHECK(is_empty(&h));
    }
}

/* As many nodes as the segments allow: each segment has one letter, and no two patterns share one behind the first. */
static clasp_span deep_pattern(char *out, uint32_t number) {
    char *end = put_number(out, number);
    for (uint32_t i = 1; i < CLASP_ADDRESS_SEGMENTS; i++) {
        *end++ = '/';
        *end++ = 'a';
    }
    return (clasp_span){(uint8_t *)out, (uint32_t)(end - out)};
}

TEST(deep_patterns_stay_within_the_bounds_of_a_session) {
    heap h = heap_now();
    clasp_routes *routes = clasp_routes_new(&SESSION);
    uint32_t taken = 0;
    for (uint32_t sub = 0; sub < CLASP_SESSION_SUBSCRIPTIONS; sub++) {
        char text[2 * CLASP_ADDRESS_SEGMENTS + 16];
        const clasp_err err = clasp_routes_add(routes, deep_pattern(text, sub), sub);
        CHECK(err == CLASP_OK || err == CLASP_LIMIT);
        taken += err == CLASP_OK;
        CHECK(routes_fit(routes, &SESSION, &h));
    }
    CHECK_EQ(taken, CLASP_SESSION_PATTERN_SEGMENTS / CLASP_ADDRESS_SEGMENTS);
    clasp_routes_free(routes);
    CHECK(is_empty(&h));
}

/* ---- nesting ------------------------------------------------------------------------------------------------- */

static uint8_t nest[CLASP_FRAME_PAYLOAD_MAX];

/* A SET of arrays, or of maps, inside one another: an empty one is the innermost. */
static clasp_span nested_value(uint32_t levels, uint8_t type) {
    clasp_writer w = clasp_writer_of(nest, sizeof nest);
    clasp_write_u8(&w, CLASP_MSG_SET);
    clasp_write_u8(&w, type);
    clasp_write_text(&w, clasp_span_of("/a"));
    for (uint32_t i = 1; i < levels; i++) {
        clasp_write_u16(&w, 1);
        if (type == CLASP_VALUE_MAP) {
            clasp_write_text(&w, clasp_span_of(""));
        }
        clasp_write_u8(&w, type);
    }
    clasp_write_u16(&w, 0);
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

/* Bundles of one member; a PING is the innermost. Each level has a type, flags, a count and a length: six bytes. */
static clasp_span nested_bundle(uint32_t levels) {
    clasp_writer w = clasp_writer_of(nest, sizeof nest);
    for (uint32_t i = levels; i > 0; i--) {
        clasp_write_u8(&w, CLASP_MSG_BUNDLE);
        clasp_write_u8(&w, 0);
        clasp_write_u16(&w, 1);
        clasp_write_u16(&w, (uint16_t)(6 * (i - 1) + 1));
    }
    clasp_write_u8(&w, CLASP_MSG_PING);
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

/* Decode with no memory to be had. */
static clasp_err decode_without_heap(clasp_span payload) {
    clasp_message message;
    clasp_test_fail_allocation(1);
    const clasp_err err = clasp_message_decode(payload, &message);
    CHECK(!clasp_test_allocation_failed());
    clasp_test_fail_allocation(0);
    return err;
}

TEST(nesting_is_taken_up_to_the_bound_and_takes_no_heap) {
    CHECK_EQ(decode_without_heap(nested_value(CLASP_VALUE_DEPTH, CLASP_VALUE_ARRAY)), CLASP_OK);
    CHECK_EQ(decode_without_heap(nested_value(CLASP_VALUE_DEPTH, CLASP_VALUE_MAP)), CLASP_OK);
    CHECK_EQ(decode_without_heap(nested_value(CLASP_VALUE_DEPTH + 1, CLASP_VALUE_ARRAY)), CLASP_TOO_DEEP);
    CHECK_EQ(decode_without_heap(nested_value(CLASP_VALUE_DEPTH + 1, CLASP_VALUE_MAP)), CLASP_TOO_DEEP);
    CHECK_EQ(decode_without_heap(nested_value(sizeof nest / 3 - 2, CLASP_VALUE_ARRAY)), CLASP_TOO_DEEP);
    CHECK_EQ(decode_without_heap(nested_bundle(CLASP_BUNDLE_DEPTH)), CLASP_OK);
    CHECK_EQ(decode_without_heap(nested_bundle(CLASP_BUNDLE_DEPTH + 1)), CLASP_TOO_DEEP);
    CHECK_EQ(decode_without_heap(nested_bundle(sizeof nest / 6)), CLASP_TOO_DEEP);
}

/* ---- pieces -------------------------------------------------------------------------------------------------- */

/* What limits.h says that one peer can pin; and one video stream. */
#define PIECES_MOST \
    ((size_t)CLASP_CHUNK_DECLARED + (size_t)CLASP_CHUNK_SLOTS * ((size_t)CLASP_CHUNK_RECORD_MAX + 34 * KIB))
#define VIDEO_MOST (2 * (size_t)CLASP_VIDEO_BYTES + 9 * KIB * CLASP_VIDEO_WINDOW)

/* Send a piece with `len` bytes; what it completes is thrown away. The last piece has a checksum that is right for
 * nothing. */
static clasp_err send_piece(clasp_reassembler *r, clasp_piece piece, uint32_t len, uint64_t now_us) {
    static uint8_t record[CLASP_CHUNK_RECORD_MAX];
    clasp_whole whole;
    const uint32_t header = clasp_piece_write_header(&piece, record);
    const clasp_err err = clasp_reassembler_accept(r, (clasp_span){record, header + len}, now_us, &whole);
    if (err == CLASP_OK) {
        clasp_text_clear(&whole.bytes);
    }
    return err;
}

TEST(totals_that_are_only_declared_take_nothing) {
    heap h = heap_now();
    clasp_reassembler r;
    uint32_t taken = 0;
    clasp_reassembler_init(&r, 0);
    for (uint32_t id = 1; id <= 100000; id++) { /* one every millisecond: the stale make room */
        const clasp_piece piece = {.message = id, .index = id % 1000, .total = CLASP_CHUNK_MAX_LEN};
        const clasp_err err = send_piece(&r, piece, 1100, id * UINT64_C(1000));
        CHECK(err == CLASP_MORE || err == CLASP_LIMIT);
        taken += err == CLASP_MORE;
        CHECK(held(&h) < 16 * KIB); /* three at once: a piece, and a bit for each piece */
    }
    CHECK(taken >= 100);
    clasp_reassembler_clear(&r);
    CHECK(is_empty(&h));
}

/* All but the first piece of as many messages as there may be, the last piece first. */
TEST(messages_that_are_never_whole_pin_what_is_documented) {
    enum { LEN = CLASP_CHUNK_RECORD_MAX - CLASP_PIECE_HEADER_MAX, TOTAL = CLASP_CHUNK_MAX_LEN / 4 };
    const uint32_t count = (TOTAL + LEN - 1) / LEN;
    heap h = heap_now();
    clasp_reassembler r;
    clasp_reassembler_init(&r, 0);
    for (uint32_t index = count; index-- > 1;) {
        for (uint32_t id = 0; id < CLASP_CHUNK_SLOTS; id++) {
            const bool is_last = index + 1 == count;
            const clasp_piece piece = {.message = id, .index = index, .total = TOTAL, .is_last = is_last};
            CHECK_EQ(send_piece(&r, piece, is_last ? TOTAL - LEN * index : LEN, 0), CLASP_MORE);
            CHECK(held(&h) <= PIECES_MOST);
        }
    }
    CHECK(h.peak > 44 * MIB && PIECES_MOST < 52 * MIB);
    CHECK_EQ(send_piece(&r, (clasp_piece){.message = 99, .total = TOTAL}, LEN, 0), CLASP_LIMIT);
    clasp_reassembler_tick(&r, CLASP_CHUNK_IDLE_US);
    CHECK(is_empty(&h)); /* and all of it comes back when they are given up */
    clasp_reassembler_clear(&r);
}

TEST(pieces_of_any_kind_stay_within_what_is_documented) {
    heap h = heap_now();
    clasp_reassembler r;
    clasp_random random;
    clasp_random_seed(&random, 5);
    clasp_reassembler_init(&r, 0);
    for (uint64_t i = 0; i < 100000; i++) {
        const uint32_t id = clasp_random_below(&random, 30);
        const uint32_t len = 64u << id % 12; /* most agree with the other pieces of their message */
        const uint32_t total = CLASP_CHUNK_MAX_LEN >> id % 5;
        const clasp_piece piece = {
            .message = id + (uint32_t)(i / 10000) * 30,
            .index = clasp_random_below(&random, total / len + 2),
            .total = i % 50 == 0 ? clasp_random_below(&random, UINT32_MAX) : total,
            .is_last = i % 70 == 0,
        };
        send_piece(&r, piece, len, i * 1000);
        clasp_reassembler_tick(&r, i * 1000);
        CHECK(held(&h) <= PIECES_MOST);
    }
    CHECK(h.peak > 16 * MIB);
    clasp_reassembler_clear(&r);
    CHECK(is_empty(&h));
}

/* ---- video --------------------------------------------------------------------------------------------------- */

/* Take a record with `len` bytes; frames that it completes are thrown away. */
static clasp_err send_record(clasp_video_receiver *rx, clasp_video_chunk chunk, uint32_t len,
                             uint64_t now_us) {
    static uint8_t bytes[UINT16_MAX];
    chunk.data = (clasp_span){bytes, len};
    chunk.description = (clasp_span){chunk.is_key && chunk.index == 0 ? bytes : NULL, len < 64 ? len : 64};
    const clasp_err err = clasp_video_accept(rx, &chunk, now_us);
    clasp_video_event event;
    while (clasp_video_next(rx, &event)) {
        clasp_text_clear(&event.data);
        clasp_text_clear(&event.description);
    }
    return err;
}

#define STREAMS 4u

static clasp_video_receiver streams[STREAMS];

static void begin_streams(void) {
    for (uint32_t i = 0; i < STREAMS; i++) {
        clasp_video_receiver_init(&streams[i], i % 2 == 0);
    }
}

static void end_streams(void) {
    for (uint32_t i = 0; i < STREAMS; i++) {
        clasp_video_receiver_deinit(&streams[i]);
    }
}

/* All but the first record of every frame of the window, on several streams at once. */
TEST(frames_that_are_never_whole_pin_what_is_documented_for_each_stream) {
    enum { COUNT = CLASP_VIDEO_CHUNKS, LEN = CLASP_VIDEO_FRAME_MAX / CLASP_VIDEO_CHUNKS };
    heap h = heap_now();
    begin_streams();
    for (uint32_t i = 1; i < COUNT; i++) {
        for (uint32_t k = 0; k < STREAMS * CLASP_VIDEO_WINDOW; k++) {
            const clasp_video_chunk chunk = {.seq = k / STREAMS, .count = COUNT, .index = COUNT - i};
            send_record(&streams[k % STREAMS], chunk, LEN, 0);
            CHECK(held(&h) <= STREAMS * VIDEO_MOST);
        }
    }
    CHECK(h.peak > STREAMS * (size_t)CLASP_VIDEO_BYTES - MIB && VIDEO_MOST < 17 * MIB);
    end_streams();
    CHECK(is_empty(&h));
}

TEST(records_of_any_kind_stay_within_what_is_documented_for_each_stream) {
    heap h = heap_now();
    clasp_random random;
    clasp_random_seed(&random, 6);
    begin_streams();
    for (uint64_t i = 0; i < 100000; i++) {
        const uint32_t count = UINT32_MAX >> (i % 64 == 0 ? 0 : 20 + clasp_random_below(&random, 9));
        const clasp_video_chunk chunk = {
            .seq = i / 4000 + clasp_random_below(&random, CLASP_VIDEO_WINDOW + 2),
            .count = count,
            .index = clasp_random_below(&random, count),
            .is_key = i % 3 == 0,
        };
        send_record(&streams[i % STREAMS], chunk, 1u << (6 + chunk.seq % 10), i * 100);
        CHECK(held(&h) <= STREAMS * VIDEO_MOST);
    }
    CHECK(h.peak > 0);
    end_streams();
    CHECK(is_empty(&h));
}

int main(void) {
    RUN(ten_million_addresses_stay_within_the_bounds_of_a_session);
    RUN(addresses_of_the_largest_size_stay_within_the_bounds_of_a_session);
    RUN(a_hundred_thousand_patterns_are_taken_up_to_the_bound);
    RUN(deep_patterns_stay_within_the_bounds_of_a_session);
    RUN(nesting_is_taken_up_to_the_bound_and_takes_no_heap);
    RUN(totals_that_are_only_declared_take_nothing);
    RUN(messages_that_are_never_whole_pin_what_is_documented);
    RUN(pieces_of_any_kind_stay_within_what_is_documented);
    RUN(frames_that_are_never_whole_pin_what_is_documented_for_each_stream);
    RUN(records_of_any_kind_stay_within_what_is_documented_for_each_stream);
    return check_summary();
}
