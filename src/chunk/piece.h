/**
 * The PIECE record (docs/wire.md, section 12): a part of a message that is larger than a frame, or than the channel takes
 * at once.
 *
 *   byte 0   1      2..5         6..9    10..13         14      15..18 (last piece alone)   then
 *   0x45     0x04   message id   index   total length   flags   checksum                    bytes, 1 or more
 *
 *   flags: 7 last piece | 6..2 zero | 1..0 priority: 0 high, 1 normal, 2 low
 *
 * All pieces of a message but the last one hold the same number of bytes, and the last one at most as many, so that the
 * place of any piece follows from itself alone: index x its length, or for the last one total - its length. The checksum
 * is the CRC-32C of the whole message. It finds no damage (the channel does that) but mixing and holes: pieces of two
 * messages under one id. It stands in the last piece, so that neither side goes over the message twice.
 */
#ifndef CLASP_CHUNK_PIECE_H
#define CLASP_CHUNK_PIECE_H

#include "base/bytes.h"

#define CLASP_PIECE_MAGIC 0x45u
#define CLASP_PIECE_KIND 0x04u
#define CLASP_PIECE_HEADER 15u                           /* bytes before the checksum or the bytes */
#define CLASP_PIECE_HEADER_MAX (CLASP_PIECE_HEADER + 4u) /* with the checksum */

/** In the order of going; the values are those of the wire. */
typedef enum clasp_priority {
    CLASP_PRIORITY_HIGH = 0,
    CLASP_PRIORITY_NORMAL = 1,
    CLASP_PRIORITY_LOW = 2,
    CLASP_PRIORITIES = 3
} clasp_priority;

typedef struct clasp_piece {
    uint32_t message;  /* id, the sender's */
    uint32_t index;    /* below `count` */
    uint32_t total;    /* bytes of the message */
    uint32_t count;    /* pieces of the message */
    uint32_t size;     /* bytes of every piece but the last */
    uint32_t checksum; /* of the last piece */
    uint8_t priority;  /* clasp_priority */
    bool is_last;
    clasp_span bytes;
} clasp_piece;

/**
 * Decode one record, which is a whole packet.
 *
 * @param record borrowed; `out->bytes` points into it
 * @param out    set only on CLASP_OK; index, total, count, size and the number of bytes agree with one another
 * @return CLASP_OK; CLASP_BAD_MAGIC: no PIECE; CLASP_TRUNCATED; CLASP_BAD_ENUM: flags that do not exist;
 *         CLASP_TOO_LARGE: over CLASP_CHUNK_RECORD_MAX (this record, or the others that a last piece speaks of),
 *         CLASP_CHUNK_MAX_LEN or CLASP_CHUNK_PIECES;
 *         CLASP_BAD_PIECE: no message has a piece of this index and length
 */
clasp_err clasp_piece_decode(clasp_span record, clasp_piece *out);

/** Write what stands before the bytes: 15 or, for the last piece, 19 bytes. `out` has CLASP_PIECE_HEADER_MAX of them.
 *  @return bytes written */
uint32_t clasp_piece_write_header(const clasp_piece *piece, uint8_t out[CLASP_PIECE_HEADER_MAX]);

#endif
