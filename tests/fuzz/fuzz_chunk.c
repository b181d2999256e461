/*
 * The input is a run of steps: a byte that says what to do, a time to wait, then the step's own bytes. Records reach a
 * reassembler or, with their fields, a video receiver, as anybody may send them; after each step the bounds hold, what
 * is due is in the future, and what is handed out agrees with itself.
 */
#include <stdlib.h>

#include "chunk/crc32c.h"
#include "chunk/reassemble.h"
#include "chunk/split.h"
#include "chunk/video.h"

#define RAW 0u    /* a record as it stands */
#define PIECE 1u  /* a piece with these fields; its bytes follow from its place */
#define HONEST 2u /* a piece that a sender makes */
#define VIDEO 3u
#define TICK 4u
#define MISSING 5u

#define INPUT_MAX 4096u /* bytes: some hundred steps; more of them find no more and take long */

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static struct {
    clasp_reassembler pieces;
    clasp_video_receiver video;
    uint64_t now_us;
    bool has_frames;
    uint64_t next_frame; /* the number that has to come next */
} world;

/* ---- pieces -------------------------------------------------------------------------------------------------- */

static void check_slots(void) {
    uint64_t declared = 0;
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        const clasp_parts *parts = &world.pieces.slots[i].parts;
        declared += parts->total;
        must((uint64_t)parts->cap * parts->size <= 2 * (uint64_t)parts->bytes);
        must(parts->count == 0 || (parts->received > 0 && parts->received < parts->count));
        must(parts->bytes <= parts->total);
    }
    must(declared <= (uint64_t)CLASP_CHUNK_DECLARED);
    must(world.pieces.lost_count <= CLASP_CHUNK_SLOTS);
}

static void take(clasp_span record) {
    clasp_whole whole;
    clasp_piece piece;
    const clasp_err judged = clasp_piece_decode(record, &piece);
    const clasp_err err = clasp_reassembler_accept(&world.pieces, record, world.now_us, &whole);
    must(judged == CLASP_OK ? err <= CLASP_MORE : err == judged);
    if (err == CLASP_OK) {
        must(whole.bytes.len == piece.total && whole.message == piece.message);
        must(!piece.is_last || clasp_crc32c(0, clasp_text_span(&whole.bytes)) == piece.checksum);
        clasp_text_clear(&whole.bytes);
    }
}

/* In a block of exactly its size, so that reading beyond traps. */
static void take_parts(const uint8_t *header, uint32_t header_len, clasp_span bytes) {
    clasp_text copy = {malloc(header_len + bytes.len + 1), header_len + bytes.len};
    memcpy(copy.at, header, header_len);
    if (bytes.len > 0) {
        memcpy(copy.at + header_len, bytes.at, bytes.len);
    }
    uint8_t *exact = realloc(copy.at, copy.len > 0 ? copy.len : 1);
    take((clasp_span){exact, copy.len});
    free(exact);
}

static const uint8_t ZEROS[4096];

static void step_piece(clasp_reader *r) {
    clasp_piece piece = {.message = clasp_read_u8(r) & 0x1Fu};
    uint8_t header[CLASP_PIECE_HEADER_MAX];
    piece.index = clasp_read_u16(r);
    piece.total = clasp_read_u32(r) & 0x1FFFFFFu;
    piece.is_last = (piece.index & 0x8000u) != 0;
    piece.index &= 0x7FFFu;
    const clasp_span bytes = {ZEROS, clasp_read_u16(r) & 0xFFFu};
    piece.checksum = clasp_crc32c(0, (clasp_span){ZEROS, piece.total < sizeof ZEROS ? piece.total : 0});
    take_parts(header, clasp_piece_write_header(&piece, header), bytes);
}

/* One of 16 messages, each with its own length and size of pieces: they can become whole. */
static void step_honest(clasp_reader *r) {
    const uint32_t id = 100u + (clasp_read_u8(r) & 0xFu);
    const clasp_span message = {ZEROS, 1 + (id * 37u) % 300u};
    clasp_split split;
    clasp_record record;
    must(clasp_split_init(&split, id, CLASP_PRIORITY_LOW, message, CLASP_PIECE_HEADER_MAX + 1 + id % 50u) ==
         CLASP_OK);
    clasp_split_seek(&split, clasp_read_u8(r) % split.count, 1);
    must(clasp_split_next(&split, &record));
    take_parts(record.header, record.header_len, record.bytes);
}

static void step_missing(clasp_reader *r) {
    clasp_part_range ranges[4];
    const uint32_t id = clasp_read_u8(r);
    const uint32_t count = clasp_reassembler_missing(&world.pieces, id, ranges, 4);
    must(count <= 4);
    for (uint32_t i = 0; i < count; i++) {
        must(ranges[i].count > 0 && (i == 0 || ranges[i].first > ranges[i - 1].first + ranges[i - 1].count));
    }
    if ((clasp_read_u8(r) & 3u) == 0) {
        clasp_reassembler_drop(&world.pieces, id);
        must(clasp_reassembler_missing(&world.pieces, id, ranges, 4) == 0);
    }
}

/* ---- video --------------------------------------------------------------------------------------------------- */

static void drain(void) {
    clasp_video_event event;
    unsigned count = 0;
    while (clasp_video_next(&world.video, &event)) {
        const bool begins = event.kind == CLASP_VIDEO_RESTARTED || !world.has_frames;
        must(++count <= CLASP_VIDEO_EVENTS);
        must(begins || event.seq == world.next_frame);
        must((event.data.len > 0) == (event.kind == CLASP_VIDEO_FRAME));
        must(event.kind != CLASP_VIDEO_DROPPED || event.cause < 0);
        world.has_frames = true;
        world.next_frame = event.seq + event.count;
        clasp_text_clear(&event.data);
        clasp_text_clear(&event.description);
    }
}

static void check_window(void) {
    const clasp_video_receiver *rx = &world.video;
    uint64_t bytes = 0;
    must(rx->next <= rx->end && rx->end <= rx->next + CLASP_VIDEO_WINDOW);
    for (uint32_t i = 0; i < CLASP_VIDEO_WINDOW; i++) {
        const clasp_parts *parts = &rx->slots[i].parts;
        bytes += parts->bytes + rx->slots[i].description.len;
        must((uint64_t)parts->cap * parts->size <= 2 * (uint64_t)parts->bytes);
        must((parts->count > 0) ==
             (rx->slots[i].state == CLASP_VIDEO_PARTIAL || rx->slots[i].state == CLASP_VIDEO_WHOLE));
    }
    must(bytes <= CLASP_VIDEO_BYTES);
}

/* By way of the wire, so that reading and writing are tried as well. */
static void step_video(clasp_reader *r) {
    static uint8_t buffer[8192];
    const uint8_t flags = clasp_read_u8(r);
    clasp_video_chunk chunk = {.is_key = (flags & 1u) != 0};
    clasp_video_chunk read;
    chunk.seq = clasp_read_u8(r);
    chunk.seq <<= flags >> 4 & 0xFu; /* now and then far away */
    chunk.index = clasp_read_u8(r) & 0xFu;
    chunk.count = (flags & 2u) != 0 ? 5000 : clasp_read_u8(r) & 0xFu;
    chunk.data = (clasp_span){ZEROS, clasp_read_u16(r) & 0xFFFu};
    chunk.description = (flags & 4u) != 0 ? (clasp_span){ZEROS, 5} : chunk.description;
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    clasp_video_write(&w, &chunk);
    clasp_reader map = clasp_reader_of(clasp_written(&w));
    must(clasp_video_read(clasp_read_value(&map), &read) == CLASP_OK && map.err == CLASP_OK);
    must(read.seq == chunk.seq && read.index == chunk.index && read.count == chunk.count);
    must(clasp_span_equal(read.data, chunk.data) && read.is_key == chunk.is_key);
    const clasp_err err = clasp_video_accept(&world.video, &read, world.now_us);
    must(err == CLASP_OK || err == CLASP_BAD_PIECE);
    drain();
}

/* ---- the run ------------------------------------------------------------------------------------------------- */

static void step_tick(void) {
    clasp_reassembler_tick(&world.pieces, world.now_us);
    must(clasp_reassembler_deadline(&world.pieces) > world.now_us);
    must(clasp_video_tick(&world.video, world.now_us) == CLASP_OK);
    drain();
    must(clasp_video_deadline(&world.video) > world.now_us);
}

static void step(clasp_reader *r) {
    const uint8_t kind = clasp_read_u8(r);
    const uint64_t wait = clasp_read_u8(r);
    world.now_us += wait * wait * wait; /* up to 16 s */
    switch (kind % 6u) {
    case RAW: {
        const uint8_t asked = clasp_read_u8(r);
        const uint32_t len = asked < clasp_left(r) ? asked : (uint32_t)clasp_left(r);
        take_parts(ZEROS, 0, (clasp_span){clasp_take(r, len), len});
        break;
    }
    case PIECE:
        step_piece(r);
        break;
    case HONEST:
        step_honest(r);
        break;
    case VIDEO:
        step_video(r);
        break;
    case TICK:
        step_tick();
        break;
    default:
        step_missing(r);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > INPUT_MAX) {
        return 0;
    }
    clasp_reader r = clasp_reader_of((clasp_span){data, (uint32_t)size});
    memset(&world, 0, sizeof world);
    clasp_reassembler_init(&world.pieces, 0);
    clasp_video_receiver_init(&world.video, (clasp_read_u8(&r) & 1u) != 0);
    while (clasp_left(&r) > 0) {
        step(&r);
        check_slots();
        check_window();
    }
    clasp_reassembler_clear(&world.pieces);
    clasp_video_receiver_deinit(&world.video);
    return 0;
}
