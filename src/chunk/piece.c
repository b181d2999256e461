#include "chunk/piece.h"

#include "base/limits.h"

#define LAST 0x80u
#define PRIORITY 0x03u

/* Count and size of the pieces, as this one tells them; `total` and the record are within their bounds. */
static clasp_err measure(clasp_piece *piece) {
    const uint64_t len = piece->bytes.len;
    const uint64_t end = (uint64_t)piece->index * len + len;
    if (piece->index >= CLASP_CHUNK_PIECES) {
        return CLASP_TOO_LARGE;
    }
    if (len == 0 || len > piece->total || (piece->is_last ? end > piece->total : end >= piece->total)) {
        return CLASP_BAD_PIECE;
    }
    if (!piece->is_last) {
        piece->size = (uint32_t)len;
        piece->count = (piece->total + piece->size - 1) / piece->size;
        return piece->count <= CLASP_CHUNK_PIECES ? CLASP_OK : CLASP_TOO_LARGE;
    }
    const uint32_t before =
        piece->total - (uint32_t)len; /* bytes of the pieces before, which share them evenly */
    piece->count = piece->index + 1;
    piece->size = piece->index > 0 ? before / piece->index : piece->total;
    if (piece->size > CLASP_CHUNK_RECORD_MAX - CLASP_PIECE_HEADER) {
        return CLASP_TOO_LARGE;
    }
    return before == (piece->index > 0 ? piece->index * piece->size : 0) ? CLASP_OK : CLASP_BAD_PIECE;
}

clasp_err clasp_piece_decode(clasp_span record, clasp_piece *out) {
    clasp_reader r = clasp_reader_of(record);
    if (clasp_read_u8(&r) != CLASP_PIECE_MAGIC || clasp_read_u8(&r) != CLASP_PIECE_KIND) {
        return CLASP_BAD_MAGIC;
    }
    clasp_piece piece = {.message = clasp_read_u32(&r)};
    piece.index = clasp_read_u32(&r);
    piece.total = clasp_read_u32(&r);
    const uint8_t flags = clasp_read_u8(&r);
    piece.is_last = (flags & LAST) != 0;
    piece.checksum = piece.is_last ? clasp_read_u32(&r) : 0;
    if (r.err != CLASP_OK) {
        return r.err;
    }
    if ((flags & ~(LAST | PRIORITY)) != 0 || (flags & PRIORITY) >= CLASP_PRIORITIES) {
        return CLASP_BAD_ENUM;
    }
    if (record.len > CLASP_CHUNK_RECORD_MAX || piece.total > CLASP_CHUNK_MAX_LEN) {
        return CLASP_TOO_LARGE;
    }
    piece.priority = flags & PRIORITY;
    piece.bytes = (clasp_span){r.at, (uint32_t)clasp_left(&r)};
    const clasp_err err = measure(&piece);
    if (err == CLASP_OK) {
        *out = piece;
    }
    return err;
}

uint32_t clasp_piece_write_header(const clasp_piece *piece, uint8_t out[CLASP_PIECE_HEADER_MAX]) {
    clasp_writer w = clasp_writer_of(out, CLASP_PIECE_HEADER_MAX);
    clasp_write_u8(&w, CLASP_PIECE_MAGIC);
    clasp_write_u8(&w, CLASP_PIECE_KIND);
    clasp_write_u32(&w, piece->message);
    clasp_write_u32(&w, piece->index);
    clasp_write_u32(&w, piece->total);
    clasp_write_u8(&w, (uint8_t)(piece->priority | (piece->is_last ? LAST : 0)));
    if (piece->is_last) {
        clasp_write_u32(&w, piece->checksum);
    }
    return clasp_written(&w).len;
}
