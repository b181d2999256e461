/**
 * Cutting one message into PIECE records, one at a time: a header to send before a span of the message, which is not
 * copied. Any piece can be made again, and the rest be continued from any piece, as often as asked for.
 */
#ifndef CLASP_CHUNK_SPLIT_H
#define CLASP_CHUNK_SPLIT_H

#include "chunk/piece.h"

typedef struct clasp_split {
    clasp_span message; /* borrowed for the life of this */
    uint32_t id;
    uint32_t size;         /* bytes of every piece but the last */
    uint32_t count;        /* pieces */
    uint32_t next, end;    /* pieces to be made: next to end - 1 */
    uint32_t crc, crc_len; /* checksum of so many first bytes */
    uint8_t priority;
} clasp_split;

/** One record: the header, then the bytes. */
typedef struct clasp_record {
    uint8_t header[CLASP_PIECE_HEADER_MAX];
    uint32_t header_len; /* bytes */
    clasp_span bytes;    /* part of the message: borrowed as it is */
} clasp_record;

/**
 * Begin at the first piece. Nothing is allocated; there is nothing to end with.
 *
 * @param message    borrowed for the life of `split`; not empty
 * @param id         not used for any of this peer's messages that its receiver may still know
 * @param record_max bytes of one record, header included: no more than the channel takes, on every path that the message
 *                   may take, since the pieces stay as they are. Above CLASP_CHUNK_RECORD_MAX that one counts
 * @return CLASP_OK; CLASP_TOO_LARGE: the message is over CLASP_CHUNK_MAX_LEN, or makes over CLASP_CHUNK_PIECES of this
 *         size; CLASP_EMPTY_PAYLOAD: it is empty
 */
clasp_err clasp_split_init(clasp_split *split, uint32_t id, clasp_priority priority, clasp_span message,
                           uint32_t record_max);

/** The next record; false when there is none. */
bool clasp_split_next(clasp_split *split, clasp_record *out);

/** True if pieces are still to be made. */
static inline bool clasp_split_left(const clasp_split *split) { return split->next < split->end; }

/** Make these pieces next, and no others; what lies beyond the message is cut off. */
void clasp_split_seek(clasp_split *split, uint32_t first, uint32_t count);

#endif
