/** Messages, their pieces, and a reassembler that takes them: for the tests of src/chunk/. */
#ifndef CLASP_TESTS_CHUNK_BENCH_H
#define CLASP_TESTS_CHUNK_BENCH_H

#include "alloc.h"
#include "base/random.h"
#include "check.h"
#include "chunk/crc32c.h"
#include "chunk/reassemble.h"
#include "chunk/split.h"

#define SECOND UINT64_C(1000000)
#define NEVER UINT64_MAX

/** A message of so many bytes, another for every seed. Given: clasp_text_clear(). */
static inline clasp_text make_message(uint64_t seed, uint32_t len) {
    clasp_random random;
    clasp_random_seed(&random, seed);
    clasp_text message = {malloc(len > 0 ? len : 1), len};
    for (uint32_t i = 0; i < len; i++) {
        message.at[i] = (uint8_t)clasp_random_next(&random);
    }
    return message;
}

/** A record in a block of exactly its size, so that reading beyond traps. @return given: clasp_text_clear() */
static inline clasp_text make_record(const clasp_record *record) {
    clasp_text out = {malloc(record->header_len + record->bytes.len), record->header_len + record->bytes.len};
    memcpy(out.at, record->header, record->header_len);
    memcpy(out.at + record->header_len, record->bytes.at, record->bytes.len);
    return out;
}

/** Piece `index` of a message. @return given: clasp_text_clear() */
static inline clasp_text make_piece(uint32_t id, clasp_span message, uint32_t size, uint32_t index) {
    clasp_split split;
    clasp_record record;
    CHECK_EQ(clasp_split_init(&split, id, CLASP_PRIORITY_NORMAL, message, size + CLASP_PIECE_HEADER_MAX),
             CLASP_OK);
    clasp_split_seek(&split, index, 1);
    CHECK(clasp_split_next(&split, &record));
    return make_record(&record);
}

/** Let a reassembler take a record, and free it. */
static inline clasp_err take(clasp_reassembler *r, clasp_text record, uint64_t now_us, clasp_whole *whole) {
    const clasp_err err = clasp_reassembler_accept(r, clasp_text_span(&record), now_us, whole);
    clasp_text_clear(&record);
    return err;
}

/** Let it take one piece of a message that is expected not to be whole by it. */
static inline clasp_err take_piece(clasp_reassembler *r, uint32_t id, clasp_span message, uint32_t size,
                                   uint32_t index, uint64_t now_us) {
    clasp_whole whole;
    return take(r, make_piece(id, message, size, index), now_us, &whole);
}

#endif
