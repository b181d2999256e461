/* Messages rebuilt from their pieces: chunk/reassemble.h. */
#include "chunk_bench.h"

/* ---- rebuilding ---------------------------------------------------------------------------------------------- */

/*
 * Pieces by message and number: each message has 10 bytes in pieces of 4, 4 and 2. Behind it how the piece differs
 * (t: another total, s: pieces of another size, x: bytes of another message), then what comes of it: `.` kept or ignored,
 * `=` the message, `!` BAD_PIECE, `#` the message is lost.
 */
static const struct {
    const char *name, *script;
} SCRIPTS[] = {
    {"in order", "a0. a1. a2="},
    {"backwards", "a2. a1. a0="},
    {"the last one first", "a2. a0. a1="},
    {"the last one between", "a1. a2. a0="},
    {"messages mixed", "a0. b2. a1. b0. c1. b1= a2= c2. c0="},
    {"repeats do not count", "a0. a0. a0. a2. a2. a1="},
    {"repeats of the first do not make up for a hole", "a0. a0. a2. a0. a2. a1="},
    {"late pieces of a whole message are ignored", "a0. a1. a2= a0. a1. a2. b0. b1. b2="},
    {"another total is refused, and the message goes on", "a0. a1t! a1. a2t! a2="},
    {"another size is refused, and the message goes on", "a0. a1s! a0s! a2. a1="},
    {"another size after the last one", "a2. a0s! a1s! a0. a1="},
    {"bytes of another message are found out", "a0. a1x. a2#"},
    {"and in any order", "a2. a1x. a0#"},
    {"a lost message's pieces are ignored", "a0x. a1. a2# a0. a1. a2. b0. b1. b2="},
};

static clasp_err expected_of(char result) {
    return result == '=' ? CLASP_OK : result == '!' ? CLASP_BAD_PIECE : CLASP_MORE;
}

static void take_step(clasp_reassembler *r, const clasp_text *messages, const char *step) {
    const uint32_t id = (uint32_t)(step[0] - 'a');
    const bool differs = strchr("tsx", step[2]) != NULL;
    const clasp_text other = messages[step[2] == 't' ? 4 : differs ? 3 : id];
    const uint32_t sent_len = step[2] == 't' ? 9 : 10;
    const uint32_t size = step[2] == 's' ? 5 : 4;
    const char result = step[differs ? 3 : 2];
    clasp_whole whole = {.message = 99};
    uint32_t lost_count;
    const uint32_t index = step[2] == 's' && step[1] == '1' ? 1 : (uint32_t)(step[1] - '0');
    const clasp_err err = take(r, make_piece(id, (clasp_span){other.at, sent_len}, size, index), 0, &whole);
    const clasp_chunk_lost *lost = clasp_reassembler_lost(r, &lost_count);
    CHECK_EQ(err, expected_of(result));
    CHECK_EQ(lost_count, result == '#');
    if (err == CLASP_OK) {
        CHECK_EQ(whole.message, id);
        CHECK_EQ(whole.priority, CLASP_PRIORITY_NORMAL);
        CHECK_BYTES(whole.bytes.at, whole.bytes.len, messages[id].at, messages[id].len);
        clasp_text_clear(&whole.bytes);
    } else if (lost_count > 0) {
        CHECK(lost->message == id && lost->cause == CLASP_BAD_PIECE && lost->total == 10 &&
              lost->bytes == 10);
    }
}

TEST(pieces_are_taken_by_the_scripts) {
    clasp_text messages[5];
    for (uint64_t i = 0; i < 5; i++) {
        messages[i] = make_message(i, 10);
    }
    for (size_t row = 0; row < sizeof SCRIPTS / sizeof *SCRIPTS; row++) {
        CHECK_CONTEXT(SCRIPTS[row].name);
        clasp_reassembler r;
        clasp_reassembler_init(&r, 0);
        for (const char *step = SCRIPTS[row].script; step;
             step = strchr(step, ' ') ? strchr(step, ' ') + 1 : NULL) {
            take_step(&r, messages, step);
        }
        CHECK_EQ(clasp_reassembler_deadline(&r), NEVER); /* every message is over */
        clasp_reassembler_clear(&r);
    }
    for (int i = 0; i < 5; i++) {
        clasp_text_clear(&messages[i]);
    }
}

/* The n-th order of `count` pieces. */
static void order_of(uint32_t n, uint32_t count, uint32_t *out) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = i;
    }
    for (uint32_t i = count; i > 1; n /= i, i--) {
        const uint32_t held = out[i - 1];
        out[i - 1] = out[n % i];
        out[n % i] = held;
    }
}

TEST(every_order_of_six_pieces_makes_the_message) {
    clasp_text message = make_message(1, 5 * 700 + 3);
    for (uint32_t n = 0; n < 720; n++) {
        uint32_t order[6];
        clasp_reassembler r;
        clasp_whole whole = {.message = 0};
        clasp_reassembler_init(&r, 0);
        order_of(n, 6, order);
        for (int i = 0; i < 6; i++) {
            const clasp_text piece = make_piece(3, clasp_text_span(&message), 700, order[i]);
            CHECK_EQ(take(&r, piece, 0, &whole), i == 5 ? CLASP_OK : CLASP_MORE);
        }
        CHECK_BYTES(whole.bytes.at, whole.bytes.len, message.at, message.len);
        clasp_text_clear(&whole.bytes);
        clasp_reassembler_clear(&r);
    }
    clasp_text_clear(&message);
}

TEST(the_missing_pieces_can_be_asked_for) {
    clasp_text message = make_message(1, 100);
    clasp_reassembler r;
    clasp_part_range ranges[4];
    clasp_reassembler_init(&r, 0);
    CHECK_EQ(clasp_reassembler_missing(&r, 1, ranges, 4), 0);
    take_piece(&r, 1, clasp_text_span(&message), 10, 3, 0);
    CHECK_EQ(clasp_reassembler_missing(&r, 1, ranges, 4), 2);
    CHECK(ranges[0].first == 0 && ranges[0].count == 3 && ranges[1].first == 4 && ranges[1].count == 6);
    take_piece(&r, 1, clasp_text_span(&message), 10, 9, 0);
    take_piece(&r, 1, clasp_text_span(&message), 10, 5, 0);
    CHECK_EQ(clasp_reassembler_missing(&r, 1, ranges, 4), 3);
    CHECK(ranges[1].first == 4 && ranges[1].count == 1 && ranges[2].first == 6 && ranges[2].count == 3);
    CHECK_EQ(clasp_reassembler_missing(&r, 1, ranges, 2), 2); /* as many as there is room for */
    CHECK_EQ(clasp_reassembler_missing(&r, 2, ranges, 4), 0);
    clasp_reassembler_drop(&r, 1);
    CHECK_EQ(clasp_reassembler_missing(&r, 1, ranges, 4), 0);
    CHECK_EQ(take_piece(&r, 1, clasp_text_span(&message), 10, 0, 0), CLASP_MORE); /* ignored: it is over */
    CHECK_EQ(clasp_reassembler_deadline(&r), NEVER);
    clasp_reassembler_clear(&r);
    clasp_text_clear(&message);
}

/* ---- bounds -------------------------------------------------------------------------------------------------- */

TEST(a_message_without_new_pieces_is_given_up) {
    clasp_text message = make_message(1, 30);
    clasp_reassembler r;
    uint32_t count;
    clasp_reassembler_init(&r, 0);
    CHECK_EQ(take_piece(&r, 1, clasp_text_span(&message), 10, 0, 5 * SECOND), CLASP_MORE);
    CHECK_EQ(take_piece(&r, 1, clasp_text_span(&message), 10, 1, 7 * SECOND), CLASP_MORE);
    CHECK_EQ(take_piece(&r, 1, clasp_text_span(&message), 10, 1, 9 * SECOND), CLASP_MORE); /* a repeat */
    CHECK_EQ(clasp_reassembler_deadline(&r), 7 * SECOND + CLASP_CHUNK_IDLE_US);
    clasp_reassembler_tick(&r, 7 * SECOND + CLASP_CHUNK_IDLE_US - 1);
    clasp_reassembler_lost(&r, &count);
    CHECK_EQ(count, 0);
    clasp_reassembler_tick(&r, 7 * SECOND + CLASP_CHUNK_IDLE_US);
    const clasp_chunk_lost *lost = clasp_reassembler_lost(&r, &count);
    CHECK_EQ(count, 1);
    CHECK(lost->message == 1 && lost->total == 30 && lost->bytes == 20 && lost->cause == CLASP_TIMEOUT);
    CHECK_EQ(clasp_reassembler_deadline(&r), NEVER);
    CHECK_EQ(take_piece(&r, 1, clasp_text_span(&message), 10, 2, 60 * SECOND), CLASP_MORE); /* too late */
    CHECK_EQ(clasp_reassembler_deadline(&r), NEVER);
    clasp_text_clear(&message);
}

TEST(a_message_that_trickles_is_given_up_in_the_end) {
    clasp_text message = make_message(1, 1000);
    clasp_reassembler r;
    uint32_t count = 0;
    uint32_t index = 0;
    clasp_reassembler_init(&r, 0);
    for (uint64_t now = 0; count == 0; now += 30 * SECOND) {
        clasp_reassembler_tick(&r, now);
        clasp_reassembler_lost(&r, &count);
        CHECK_EQ(count, now >= CLASP_CHUNK_LIFE_US);
        take_piece(&r, 1, clasp_text_span(&message), 1, index++, now);
    }
    CHECK_EQ(clasp_reassembler_deadline(&r), NEVER);
    clasp_text_clear(&message);
}

TEST(only_so_many_messages_are_rebuilt_at_once) {
    clasp_text message = make_message(1, 30);
    const clasp_span bytes = clasp_text_span(&message);
    clasp_reassembler r;
    uint32_t count;
    clasp_reassembler_init(&r, 0);
    for (uint32_t id = 0; id < CLASP_CHUNK_SLOTS; id++) {
        CHECK_EQ(take_piece(&r, id, bytes, 10, 0, 100 + id), CLASP_MORE);
    }
    CHECK_EQ(take_piece(&r, 50, bytes, 10, 0, CLASP_CHUNK_STALE_US), CLASP_LIMIT);
    CHECK_EQ(take_piece(&r, 0, bytes, 10, 1, CLASP_CHUNK_STALE_US), CLASP_MORE); /* these go on */
    CHECK_EQ(take_piece(&r, 50, bytes, 10, 0, 100 + CLASP_CHUNK_STALE_US), CLASP_LIMIT);
    CHECK_EQ(take_piece(&r, 50, bytes, 10, 0, 101 + CLASP_CHUNK_STALE_US),
             CLASP_MORE); /* 1 is stale, 0 is not */
    const clasp_chunk_lost *lost = clasp_reassembler_lost(&r, &count);
    CHECK_EQ(count, 1);
    CHECK(lost->message == 1 && lost->cause == CLASP_LIMIT && lost->bytes == 10);
    clasp_whole whole;
    CHECK_EQ(take(&r, make_piece(60, bytes, 30, 0), 0, &whole), CLASP_OK); /* one piece needs no room */
    clasp_text_clear(&whole.bytes);
    clasp_reassembler_clear(&r);
    clasp_text_clear(&message);
}

/* The first piece, or one in the middle, of a message that says it is very large. */
static clasp_err declare(clasp_reassembler *r, uint32_t id, uint32_t index, uint32_t total, uint32_t len,
                         uint64_t now_us) {
    const clasp_piece piece = {.message = id, .index = index, .total = total};
    uint8_t *bytes = calloc(CLASP_PIECE_HEADER + len, 1);
    uint8_t header[CLASP_PIECE_HEADER_MAX];
    clasp_whole whole;
    memcpy(bytes, header, clasp_piece_write_header(&piece, header));
    return take(r, (clasp_text){bytes, CLASP_PIECE_HEADER + len}, now_us, &whole);
}

TEST(only_so_many_bytes_are_declared_at_once) {
    clasp_reassembler r;
    uint32_t count;
    clasp_reassembler_init(&r, 1u << 20);
    CHECK_EQ(declare(&r, 1, 0, (1u << 20) + 1, 1024, 0), CLASP_TOO_LARGE);
    CHECK_EQ(declare(&r, 1, 0, 1u << 20, 1024, 0), CLASP_MORE);
    CHECK_EQ(declare(&r, 2, 0, 1u << 20, 1024, 10), CLASP_MORE);
    CHECK_EQ(declare(&r, 3, 0, 1u << 19, 1024, 20), CLASP_MORE);
    CHECK_EQ(declare(&r, 4, 0, 1u << 20, 1024, 30), CLASP_LIMIT);
    CHECK_EQ(declare(&r, 4, 0, 1u << 19, 1024, 30), CLASP_MORE);
    CHECK_EQ(declare(&r, 5, 0, 1u << 20, 1024, 29 + CLASP_CHUNK_STALE_US), CLASP_MORE); /* 1 goes for it */
    clasp_reassembler_lost(&r, &count);
    CHECK_EQ(count, 1);
    clasp_reassembler_clear(&r);
}

TEST(a_message_is_stale_from_the_bound_on) {
    for (uint64_t start = 0; start < 2; start++) { /* a clock that begins at 0 is no exception */
        clasp_reassembler r;
        uint32_t count;
        clasp_reassembler_init(&r, 1u << 20);
        CHECK_EQ(declare(&r, 1, 0, 1u << 20, 1024, start), CLASP_MORE);
        CHECK_EQ(declare(&r, 2, 0, 1u << 20, 1024, start + 1), CLASP_MORE);
        CHECK_EQ(declare(&r, 3, 0, 1u << 20, 1024, start + 1), CLASP_MORE);
        CHECK_EQ(declare(&r, 4, 0, 1u << 20, 1024, start + CLASP_CHUNK_STALE_US - 1), CLASP_LIMIT);
        CHECK_EQ(declare(&r, 4, 0, 1u << 20, 1024, start + CLASP_CHUNK_STALE_US), CLASP_MORE);
        const clasp_chunk_lost *lost = clasp_reassembler_lost(&r, &count);
        CHECK_EQ(count, 1);
        CHECK(lost->message == 1 && lost->cause == CLASP_LIMIT);
        clasp_reassembler_clear(&r);
    }
}

TEST(a_refused_message_makes_nobody_go) {
    clasp_reassembler r;
    uint32_t count;
    clasp_reassembler_init(&r, 1u << 20);
    CHECK_EQ(declare(&r, 1, 0, 1u << 19, 1024, 0), CLASP_MORE); /* stale, but not enough by itself */
    CHECK_EQ(declare(&r, 2, 0, 1u << 20, 1024, CLASP_CHUNK_STALE_US), CLASP_MORE);
    CHECK_EQ(declare(&r, 3, 0, 1u << 20, 1024, CLASP_CHUNK_STALE_US), CLASP_MORE);
    CHECK_EQ(declare(&r, 4, 0, 1u << 19, 1024, CLASP_CHUNK_STALE_US), CLASP_MORE);
    clasp_reassembler_drop(&r, 4);
    CHECK_EQ(declare(&r, 5, 0, 1u << 18, 1024, CLASP_CHUNK_STALE_US), CLASP_MORE);
    CHECK_EQ(declare(&r, 6, 0, 1u << 20, 1024, CLASP_CHUNK_STALE_US), CLASP_LIMIT);
    clasp_reassembler_lost(&r, &count);
    CHECK_EQ(count, 0);
    CHECK_EQ(clasp_reassembler_deadline(&r), CLASP_CHUNK_IDLE_US); /* 1 is still there */
    clasp_reassembler_clear(&r);
}

TEST(memory_follows_what_was_received) {
    enum { PIECE = 1100 };
    const size_t before = clasp_test_live_bytes();
    clasp_reassembler r;
    clasp_random random;
    size_t received = 0;
    clasp_random_seed(&random, 1);
    clasp_reassembler_init(&r, 0);
    for (uint32_t i = 0; i < 4000; i++) { /* twelve messages of 4 MiB, pieces from all over */
        const uint32_t id = clasp_random_below(&random, CLASP_CHUNK_SLOTS);
        const uint32_t index = clasp_random_below(&random, CLASP_CHUNK_MAX_LEN / 4 / PIECE);
        CHECK_EQ(declare(&r, id, index, CLASP_CHUNK_MAX_LEN / 4, PIECE, 0), CLASP_MORE);
        received += PIECE + CLASP_PIECE_HEADER;
        /* a bitmap of at most 2 KiB for each message, and what the allocator rounds up */
        CHECK(clasp_test_live_bytes() - before <=
              2 * received + (size_t)CLASP_CHUNK_SLOTS * (CLASP_CHUNK_PIECES / 8 + 100));
    }
    clasp_reassembler_clear(&r);
    CHECK_EQ(clasp_test_live_bytes(), before);
}

TEST(one_byte_of_a_large_message_takes_little) {
    const size_t before = clasp_test_live_bytes();
    clasp_reassembler r;
    clasp_reassembler_init(&r, 0);
    CHECK_EQ(declare(&r, 1, CLASP_CHUNK_PIECES - 2, CLASP_CHUNK_PIECES, 1, 0), CLASP_MORE);
    CHECK(clasp_test_live_bytes() - before < CLASP_CHUNK_PIECES / 8 + 200);
    clasp_reassembler_clear(&r);
}

TEST(pieces_of_the_largest_message_make_it) {
    clasp_text message = make_message(1, CLASP_CHUNK_MAX_LEN);
    clasp_split split;
    clasp_record record;
    clasp_reassembler r;
    clasp_whole whole = {.message = 0};
    clasp_reassembler_init(&r, 0);
    CHECK_EQ(clasp_split_init(&split, 1, CLASP_PRIORITY_LOW, clasp_text_span(&message), 65536), CLASP_OK);
    while (clasp_split_next(&split, &record)) {
        CHECK_EQ(take(&r, make_record(&record), 0, &whole), clasp_split_left(&split) ? CLASP_MORE : CLASP_OK);
    }
    CHECK_BYTES(whole.bytes.at, whole.bytes.len, message.at, message.len);
    clasp_text_clear(&whole.bytes);
    clasp_text_clear(&message);
}

/* ---- no memory ----------------------------------------------------------------------------------------------- */

/* Every piece of two messages, mixed and out of order. What finds no memory is sent again, and nothing is missing. */
static void send_twice(void *context) {
    static const uint32_t ORDER[] = {5, 1, 0, 3, 2, 4};
    const clasp_span *messages = context;
    clasp_reassembler r;
    unsigned wholes = 0;
    clasp_reassembler_init(&r, 0);
    for (unsigned i = 0; i < 12; i++) {
        const clasp_span message = messages[i % 2];
        uint8_t bytes[CLASP_PIECE_HEADER_MAX + 100];
        clasp_split split;
        clasp_record record;
        clasp_whole whole;
        clasp_split_init(&split, i % 2, CLASP_PRIORITY_HIGH, message, 100 + CLASP_PIECE_HEADER_MAX);
        clasp_split_seek(&split, ORDER[i / 2], 1);
        clasp_split_next(&split, &record);
        memcpy(bytes, record.header, record.header_len);
        memcpy(bytes + record.header_len, record.bytes.at, record.bytes.len);
        const clasp_span packet = {bytes, record.header_len + record.bytes.len};
        clasp_err err = clasp_reassembler_accept(&r, packet, i, &whole);
        if (err == CLASP_NO_MEMORY) {
            err = clasp_reassembler_accept(&r, packet, i, &whole);
        }
        CHECK_EQ(err, i < 10 ? CLASP_MORE : CLASP_OK);
        if (err == CLASP_OK) {
            CHECK_BYTES(whole.bytes.at, whole.bytes.len, message.at, message.len);
            clasp_text_clear(&whole.bytes);
            wholes++;
        }
    }
    CHECK_EQ(wholes, 2);
    clasp_reassembler_clear(&r);
}

TEST(a_piece_without_memory_can_come_again) {
    clasp_text texts[2] = {make_message(1, 555), make_message(2, 555)};
    clasp_span messages[2] = {clasp_text_span(&texts[0]), clasp_text_span(&texts[1])};
    CHECK(clasp_test_each_allocation(send_twice, messages) >= 10);
    clasp_text_clear(&texts[0]);
    clasp_text_clear(&texts[1]);
}

int main(void) {
    RUN(pieces_are_taken_by_the_scripts);
    RUN(every_order_of_six_pieces_makes_the_message);
    RUN(the_missing_pieces_can_be_asked_for);
    RUN(a_message_without_new_pieces_is_given_up);
    RUN(a_message_that_trickles_is_given_up_in_the_end);
    RUN(only_so_many_messages_are_rebuilt_at_once);
    RUN(only_so_many_bytes_are_declared_at_once);
    RUN(a_message_is_stale_from_the_bound_on);
    RUN(a_refused_message_makes_nobody_go);
    RUN(memory_follows_what_was_received);
    RUN(one_byte_of_a_large_message_takes_little);
    RUN(pieces_of_the_largest_message_make_it);
    RUN(a_piece_without_memory_can_come_again);
    return check_summary();
}
