/**
 * Rebuilding the messages that one peer sends in pieces (chunk/piece.h): several at once, their pieces mixed, repeated,
 * out of order or lost. What a peer can make us hold is bounded in bytes, count and time: limits.h, section chunk.
 */
#ifndef CLASP_CHUNK_REASSEMBLE_H
#define CLASP_CHUNK_REASSEMBLE_H

#include "base/limits.h"
#include "chunk/parts.h"
#include "chunk/piece.h"

/** A message that is whole. */
typedef struct clasp_whole {
    clasp_text bytes; /* given: clasp_text_clear() */
    uint32_t message; /* id */
    uint8_t priority; /* clasp_priority */
} clasp_whole;

/** A message that was given up. */
typedef struct clasp_chunk_lost {
    uint32_t message; /* id */
    uint32_t total;   /* bytes of it */
    uint32_t bytes;   /* those that came */
    clasp_err cause;  /* TIMEOUT; LIMIT: it was stale and made room; BAD_PIECE: its checksum is another one */
} clasp_chunk_lost;

/** A message being rebuilt; nothing is, while its parts are not begun. */
typedef struct clasp_chunk_slot {
    clasp_parts parts;
    uint32_t message;           /* id */
    uint32_t checksum;          /* as the last piece tells it */
    uint32_t crc, crc_len;      /* checksum of so many first bytes */
    uint64_t first_us, last_us; /* first piece; last new piece */
    uint8_t priority;
} clasp_chunk_slot;

/** Caller's storage; for its functions alone to look into. */
typedef struct clasp_reassembler {
    clasp_chunk_slot slots[CLASP_CHUNK_SLOTS];
    uint32_t max_len;                        /* bytes of one message */
    uint32_t finished[CLASP_CHUNK_FINISHED]; /* ids of messages that are over: a ring */
    uint32_t finished_next;                  /* place in the ring */
    bool is_ring_full;
    clasp_chunk_lost lost[CLASP_CHUNK_SLOTS]; /* by the running or last call */
    uint32_t lost_count;
} clasp_reassembler;

/** @param max_len bytes of the largest message taken; above CLASP_CHUNK_MAX_LEN, and when 0, that one. A host with many
 *                 peers may ask for less: one peer pins about three times as much. */
void clasp_reassembler_init(clasp_reassembler *r, uint32_t max_len);

/** Forget everything: for the end, and for a peer that began anew and numbers its messages from the start. It can be
 *  used further. */
void clasp_reassembler_clear(clasp_reassembler *r);

/**
 * Take one PIECE record.
 *
 * @param record borrowed for the call
 * @param now_us time, in us, from any fixed point; never goes back
 * @param whole  set only on CLASP_OK; its bytes are given
 * @return CLASP_OK: this piece completes a message; CLASP_MORE: kept, or ignored as a repeat or as late. And nothing has
 *         changed on: CLASP_TOO_LARGE (also over `max_len`), CLASP_BAD_MAGIC, CLASP_TRUNCATED, CLASP_BAD_ENUM,
 *         CLASP_BAD_PIECE (also when the message's other pieces tell another total or size); CLASP_LIMIT: no room for
 *         another message; CLASP_NO_MEMORY. After the last two the piece may be sent again.
 */
clasp_err clasp_reassembler_accept(clasp_reassembler *r, clasp_span record, uint64_t now_us,
                                   clasp_whole *whole);

/** When clasp_reassembler_tick() has something to do, in us; UINT64_MAX: never. */
uint64_t clasp_reassembler_deadline(const clasp_reassembler *r);

/** Give up what has waited for too long. */
void clasp_reassembler_tick(clasp_reassembler *r, uint64_t now_us);

/** The messages that the last call of _accept() or _tick() gave up. Lent until the next of these calls. */
const clasp_chunk_lost *clasp_reassembler_lost(const clasp_reassembler *r, uint32_t *count);

/** Give up one message, without a report; its late pieces are ignored. */
void clasp_reassembler_drop(clasp_reassembler *r, uint32_t message);

/**
 * The pieces that a message lacks, to ask for them: rising ranges, at most `cap`.
 *
 * @return ranges written; 0: no piece of this message is here, or the message is over
 */
uint32_t clasp_reassembler_missing(const clasp_reassembler *r, uint32_t message, clasp_part_range *out,
                                   uint32_t cap);

#endif
