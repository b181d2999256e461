/* Pieces and their making: chunk/crc32c.h, piece.h, split.h. */
#include "chunk_bench.h"

/* ---- checksum ------------------------------------------------------------------------------------------------ */

/* The definition, bit by bit. */
static uint32_t slow_crc(const uint8_t *bytes, uint32_t len) {
    uint32_t crc = ~0u;
    for (uint32_t bit = 0; bit < len * 8; bit++) {
        crc ^= bytes[bit / 8] >> bit % 8 & 1u;
        crc = crc >> 1 ^ (crc & 1u ? 0x82F63B78u : 0);
    }
    return ~crc;
}

TEST(the_checksum_is_crc32c) {
    CHECK_EQ(clasp_crc32c(0, clasp_span_of("123456789")), 0xE3069283);
    CHECK_EQ(clasp_crc32c(0, (clasp_span){NULL, 0}), 0);
    for (uint32_t len = 1; len < 300; len++) {
        clasp_text message = make_message(len, len);
        CHECK_EQ(clasp_crc32c(0, clasp_text_span(&message)), slow_crc(message.at, len));
        clasp_text_clear(&message);
    }
}

TEST(the_checksum_is_the_same_in_steps) {
    clasp_text message = make_message(1, 100);
    const uint32_t all = clasp_crc32c(0, clasp_text_span(&message));
    for (uint32_t cut = 0; cut <= 100; cut++) {
        const uint32_t first = clasp_crc32c(0, (clasp_span){message.at, cut});
        CHECK_EQ(clasp_crc32c(first, (clasp_span){message.at + cut, 100 - cut}), all);
    }
    clasp_text_clear(&message);
}

/* ---- the record ---------------------------------------------------------------------------------------------- */

/* Id 7; "…" stands for the bytes given by their number. */
static const struct {
    const char *name;
    uint8_t first, kind, flags;
    uint32_t index, total, bytes;
    clasp_err err;
    uint32_t count, size;
} RECORDS[] = {
    {"a first piece tells all", 0x45, 4, 1, 0, 10, 4, CLASP_OK, 3, 4},
    {"the last piece tells all", 0x45, 4, 0x81, 2, 10, 2, CLASP_OK, 3, 4},
    {"the last piece may be full", 0x45, 4, 0x81, 2, 12, 4, CLASP_OK, 3, 4},
    {"a message may be one piece", 0x45, 4, 0x80, 0, 4, 4, CLASP_OK, 1, 4},
    {"a single byte is a message", 0x45, 4, 0x82, 0, 1, 1, CLASP_OK, 1, 1},
    {"another first byte", 0x53, 4, 0, 0, 10, 4, CLASP_BAD_MAGIC, 0, 0},
    {"another kind", 0x45, 5, 0, 0, 10, 4, CLASP_BAD_MAGIC, 0, 0},
    {"priority 3", 0x45, 4, 3, 0, 10, 4, CLASP_BAD_ENUM, 0, 0},
    {"a flag without meaning", 0x45, 4, 0x41, 0, 10, 4, CLASP_BAD_ENUM, 0, 0},
    {"no total", 0x45, 4, 0x80, 0, 0, 1, CLASP_BAD_PIECE, 0, 0},
    {"a total over the bound", 0x45, 4, 0, 0, CLASP_CHUNK_MAX_LEN + 1, 4096, CLASP_TOO_LARGE, 0, 0},
    {"the largest total", 0x45, 4, 0, 0, CLASP_CHUNK_MAX_LEN, 4096, CLASP_OK, 4096, 4096},
    {"the largest total there is", 0x45, 4, 0, 0, UINT32_MAX, 4096, CLASP_TOO_LARGE, 0, 0},
    {"the largest index there is", 0x45, 4, 0, UINT32_MAX, 10, 4, CLASP_TOO_LARGE, 0, 0},
    {"too many pieces", 0x45, 4, 0, 0, CLASP_CHUNK_PIECES + 1, 1, CLASP_TOO_LARGE, 0, 0},
    {"as many pieces as can be", 0x45, 4, 0, 0, CLASP_CHUNK_PIECES, 1, CLASP_OK, CLASP_CHUNK_PIECES, 1},
    {"no bytes", 0x45, 4, 0, 0, 10, 0, CLASP_BAD_PIECE, 0, 0},
    {"a piece beyond the message", 0x45, 4, 0, 3, 10, 4, CLASP_BAD_PIECE, 0, 0},
    {"a piece over the end", 0x45, 4, 0, 2, 10, 4, CLASP_BAD_PIECE, 0, 0},
    {"a last piece that does not say so", 0x45, 4, 0, 2, 12, 4, CLASP_BAD_PIECE, 0, 0},
    {"one that says so before the end", 0x45, 4, 0x80, 0, 10, 4, CLASP_BAD_PIECE, 0, 0},
    {"a last piece longer than the others", 0x45, 4, 0x80, 2, 10, 6, CLASP_BAD_PIECE, 0, 0},
    {"others that cannot be of one size", 0x45, 4, 0x80, 2, 10, 3, CLASP_BAD_PIECE, 0, 0},
    {"others that just fit a record", 0x45, 4, 0x81, 1, CLASP_CHUNK_RECORD_MAX, 15, CLASP_OK, 2, 262129},
    {"others that no record can hold", 0x45, 4, 0x81, 1, CLASP_CHUNK_RECORD_MAX, 14, CLASP_TOO_LARGE, 0, 0},
    {"a last piece longer than all", 0x45, 4, 0x80, 0, 3, 4, CLASP_BAD_PIECE, 0, 0},
};

static clasp_text record_of(size_t row) {
    const uint32_t header = RECORDS[row].flags & 0x80 ? CLASP_PIECE_HEADER_MAX : CLASP_PIECE_HEADER;
    const uint32_t len = header + RECORDS[row].bytes;
    clasp_writer w = clasp_writer_of(malloc(len), len);
    clasp_write_u8(&w, RECORDS[row].first);
    clasp_write_u8(&w, RECORDS[row].kind);
    clasp_write_u32(&w, 7);
    clasp_write_u32(&w, RECORDS[row].index);
    clasp_write_u32(&w, RECORDS[row].total);
    clasp_write_u8(&w, RECORDS[row].flags);
    if (header == CLASP_PIECE_HEADER_MAX) {
        clasp_write_u32(&w, 0xC0FFEE00);
    }
    memset(clasp_room(&w, RECORDS[row].bytes), 'x', RECORDS[row].bytes);
    CHECK_EQ(w.err, CLASP_OK);
    return (clasp_text){w.start, len};
}

TEST(records_are_judged_by_the_table) {
    for (size_t row = 0; row < sizeof RECORDS / sizeof *RECORDS; row++) {
        CHECK_CONTEXT(RECORDS[row].name);
        clasp_piece piece = {.count = 0};
        clasp_text record = record_of(row);
        CHECK_EQ(clasp_piece_decode(clasp_text_span(&record), &piece), RECORDS[row].err);
        CHECK_EQ(piece.count, RECORDS[row].count);
        CHECK_EQ(piece.size, RECORDS[row].size);
        if (RECORDS[row].err == CLASP_OK) {
            uint8_t header[CLASP_PIECE_HEADER_MAX];
            const uint32_t header_len = clasp_piece_write_header(&piece, header);
            CHECK_BYTES(header, header_len, record.at, record.len - RECORDS[row].bytes);
            CHECK_EQ(piece.bytes.len, RECORDS[row].bytes);
            CHECK(piece.bytes.at == record.at + header_len);
        }
        clasp_text_clear(&record);
    }
}

TEST(a_prefix_of_a_header_is_refused) {
    static const uint8_t RECORD[] = {0x45, 4, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0x81, 1, 2, 3, 4, 'x'};
    clasp_piece piece;
    CHECK_EQ(clasp_piece_decode((clasp_span){RECORD, sizeof RECORD}, &piece), CLASP_OK);
    CHECK_EQ(piece.checksum, 0x01020304);
    CHECK_EQ(piece.message, 7);
    CHECK_EQ(piece.priority, CLASP_PRIORITY_NORMAL);
    for (uint32_t len = 0; len < sizeof RECORD; len++) {
        uint8_t *copy = malloc(len > 0 ? len : 1);
        memcpy(copy, RECORD, len);
        const clasp_err expected = len < 2                        ? CLASP_BAD_MAGIC
                                   : len < CLASP_PIECE_HEADER_MAX ? CLASP_TRUNCATED
                                                                  : CLASP_BAD_PIECE;
        CHECK_EQ(clasp_piece_decode((clasp_span){copy, len}, &piece), expected);
        free(copy);
    }
}

TEST(a_record_over_the_bound_is_refused) {
    clasp_text record = make_message(1, CLASP_CHUNK_RECORD_MAX + 1);
    clasp_piece piece = {.message = 1, .total = CLASP_CHUNK_MAX_LEN};
    clasp_piece_write_header(&piece, record.at);
    CHECK_EQ(clasp_piece_decode(clasp_text_span(&record), &piece), CLASP_TOO_LARGE);
    record.len--;
    CHECK_EQ(clasp_piece_decode(clasp_text_span(&record), &piece), CLASP_OK);
    clasp_text_clear(&record);
}

/* ---- cutting ------------------------------------------------------------------------------------------------- */

TEST(pieces_put_together_are_the_message) {
    for (uint32_t len = 1; len <= 100; len++) {
        for (uint32_t size = 1; size <= 50; size += 7) {
            clasp_text message = make_message(len, len);
            clasp_split split;
            clasp_record record;
            uint32_t at = 0;
            CHECK_EQ(clasp_split_init(&split, 9, CLASP_PRIORITY_LOW, clasp_text_span(&message), size + 19),
                     CLASP_OK);
            for (uint32_t index = 0; clasp_split_next(&split, &record); index++) {
                clasp_text bytes = make_record(&record);
                clasp_piece piece = {.count = 0};
                CHECK(bytes.len <= size + 19);
                CHECK_EQ(clasp_piece_decode(clasp_text_span(&bytes), &piece), CLASP_OK);
                CHECK_EQ(piece.index, index);
                CHECK_EQ(piece.priority, CLASP_PRIORITY_LOW);
                CHECK(record.bytes.at == message.at + at); /* the message itself, not a copy */
                at += piece.bytes.len;
                CHECK_EQ(piece.is_last, at == len);
                CHECK_EQ(piece.checksum, piece.is_last ? clasp_crc32c(0, clasp_text_span(&message)) : 0);
                clasp_text_clear(&bytes);
            }
            CHECK_EQ(at, len);
            clasp_text_clear(&message);
        }
    }
}

TEST(any_piece_can_be_made_again) {
    clasp_text message = make_message(3, 1000);
    clasp_text pieces[10];
    clasp_split split;
    clasp_record record;
    clasp_random random;
    clasp_random_seed(&random, 5);
    CHECK_EQ(clasp_split_init(&split, 1, CLASP_PRIORITY_HIGH, clasp_text_span(&message), 119), CLASP_OK);
    for (uint32_t i = 0; clasp_split_next(&split, &record); i++) {
        pieces[i] = make_record(&record);
    }
    CHECK_EQ(split.count, 10);
    for (int again = 0; again < 2; again++) { /* once with the checksum made on the way, once from nothing */
        for (int round = 0; round < 200; round++) {
            const uint32_t first = clasp_random_below(&random, 10);
            const uint32_t count = clasp_random_below(&random, 12);
            const uint32_t end = first + count < 10 ? first + count : 10;
            clasp_split_seek(&split, first, count);
            for (uint32_t i = first; i < end; i++) {
                CHECK(clasp_split_next(&split, &record));
                clasp_text bytes = make_record(&record);
                CHECK_BYTES(bytes.at, bytes.len, pieces[i].at, pieces[i].len);
                clasp_text_clear(&bytes);
            }
            CHECK(!clasp_split_next(&split, &record));
        }
        CHECK_EQ(clasp_split_init(&split, 1, CLASP_PRIORITY_HIGH, clasp_text_span(&message), 119), CLASP_OK);
    }
    clasp_split_seek(&split, 99, 1);
    CHECK(!clasp_split_left(&split));
    for (int i = 0; i < 10; i++) {
        clasp_text_clear(&pieces[i]);
    }
    clasp_text_clear(&message);
}

TEST(what_cannot_be_cut_is_refused) {
    clasp_split split;
    const uint8_t *none = (const uint8_t *)"";
    CHECK_EQ(clasp_split_init(&split, 1, CLASP_PRIORITY_LOW, (clasp_span){none, 0}, 1000),
             CLASP_EMPTY_PAYLOAD);
    CHECK_EQ(clasp_split_init(&split, 1, CLASP_PRIORITY_LOW, (clasp_span){none, 1}, 19), CLASP_TOO_LARGE);
    const clasp_span most = {none, CLASP_CHUNK_MAX_LEN}; /* never looked at */
    CHECK_EQ(clasp_split_init(&split, 1, CLASP_PRIORITY_LOW, most, 1024 + 18), CLASP_TOO_LARGE);
    CHECK_EQ(clasp_split_init(&split, 1, CLASP_PRIORITY_LOW, most, 1024 + 19), CLASP_OK);
    CHECK_EQ(split.count, CLASP_CHUNK_PIECES);
    CHECK_EQ(clasp_split_init(&split, 1, CLASP_PRIORITY_LOW, most, UINT32_MAX), CLASP_OK);
    CHECK_EQ(split.size, CLASP_CHUNK_RECORD_MAX - CLASP_PIECE_HEADER_MAX);
    const clasp_span more = {none, CLASP_CHUNK_MAX_LEN + 1};
    CHECK_EQ(clasp_split_init(&split, 1, CLASP_PRIORITY_LOW, more, 65536), CLASP_TOO_LARGE);
}

int main(void) {
    RUN(the_checksum_is_crc32c);
    RUN(the_checksum_is_the_same_in_steps);
    RUN(records_are_judged_by_the_table);
    RUN(a_prefix_of_a_header_is_refused);
    RUN(a_record_over_the_bound_is_refused);
    RUN(pieces_put_together_are_the_message);
    RUN(any_piece_can_be_made_again);
    RUN(what_cannot_be_cut_is_refused);
    return check_summary();
}
