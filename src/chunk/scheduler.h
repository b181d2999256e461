/**
 * What goes to one peer next. Small messages go as they are; larger ones are cut into PIECE records (chunk/split.h),
 * and the pieces of several messages take turns with one another and with the small ones.
 *
 * There are three priorities, and they are strict: while one has something to send, a lower one sends at most every
 * 33rd packet (CLASP_CHUNK_PATIENCE), so that it moves at all, and never two in a row. So a packet of high priority is
 * never behind lower ones by more than one. Within a priority the small messages keep their order, and they and up to
 * CLASP_CHUNK_ABREAST large ones, the oldest, take turns packet by packet.
 *
 * The host asks for a packet when its channel has room for one: what it has taken cannot be overtaken any more.
 */
#ifndef CLASP_CHUNK_SCHEDULER_H
#define CLASP_CHUNK_SCHEDULER_H

#include "base/limits.h"
#include "base/text.h"
#include "chunk/split.h"

/** One packet: what to send is `record.header` (empty for a small message), then `record.bytes`. */
typedef struct clasp_packet {
    clasp_record record; /* its bytes are lent until the next call into the scheduler */
    uint32_t message;    /* id of a message that goes in pieces; 0: a small one */
    uint8_t priority;    /* clasp_priority */
    bool is_end;         /* nothing more of this message is to go */
} clasp_packet;

struct clasp_outgoing;

/** Messages, oldest first. */
typedef struct clasp_outgoing_list {
    struct clasp_outgoing *first, *last; /* given by malloc */
} clasp_outgoing_list;

typedef struct clasp_lane {
    clasp_outgoing_list small, large;
    uint64_t small_turn; /* when a small one last went, in turns */
    uint32_t passed;     /* packets of higher priority that went while this one waited */
} clasp_lane;

/** Caller's storage; for its functions alone to look into. */
typedef struct clasp_scheduler {
    clasp_lane lanes[CLASP_PRIORITIES];
    clasp_outgoing_list kept;     /* sent, and kept to be sent again */
    struct clasp_outgoing *spent; /* lent to the host by the last packet; freed by the next call */
    uint32_t record_max, max_len; /* bytes */
    uint32_t last_id;
    uint32_t bytes, count; /* of all messages here */
    uint64_t turn;
    bool was_lower; /* the last packet went before one of higher priority */
} clasp_scheduler;

/**
 * @param record_max bytes of one packet: as much as the channel takes on every path of this peer. Messages up to this
 *                   size are small. Some 16 KiB let priorities work; more sends no faster
 * @param max_len    bytes of the largest message that the peer takes; above CLASP_CHUNK_MAX_LEN, and when 0, that one
 */
void clasp_scheduler_init(clasp_scheduler *s, uint32_t record_max, uint32_t max_len);

/** Free all messages. It can be used further: for a peer that began anew. */
void clasp_scheduler_clear(clasp_scheduler *s);

/**
 * Queue a message.
 *
 * @param message given on CLASP_OK, and then empty; else it stays the caller's
 * @param keep    keep a large message after its last piece, until clasp_scheduler_drop(): it can be sent again
 * @param id      set on CLASP_OK, to the id of a large message, or 0; may be NULL
 * @return CLASP_OK; CLASP_EMPTY_PAYLOAD; CLASP_TOO_LARGE: over `max_len`, or over CLASP_CHUNK_PIECES;
 *         CLASP_QUEUE_FULL: over CLASP_CHUNK_QUEUE_BYTES or _COUNT; CLASP_NO_MEMORY
 */
clasp_err clasp_scheduler_push(clasp_scheduler *s, clasp_priority priority, clasp_text *message, bool keep,
                               uint32_t *id);

/** Take the next packet; false when nothing is to go. */
bool clasp_scheduler_next(clasp_scheduler *s, clasp_packet *out);

/** True if something is to go. */
bool clasp_scheduler_waiting(const clasp_scheduler *s);

/**
 * Send some pieces of a large message again, after a path was lost: those that its receiver misses. Together with what
 * was still to go, and with what lies between, once each.
 *
 * @return CLASP_OK; CLASP_BAD_HANDLE: no such message is here
 */
clasp_err clasp_scheduler_resume(clasp_scheduler *s, uint32_t id, uint32_t first, uint32_t count);

/** Free a large message: it has arrived, or need not. False if it is not here. */
bool clasp_scheduler_drop(clasp_scheduler *s, uint32_t id);

#endif
