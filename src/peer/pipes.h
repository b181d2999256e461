/**
 * The pipes of one peer: bytes of any length, of which never more than a window is under way (docs/wire.md, section 16).
 *
 * A pipe goes one way, from its writer to its reader, at an address, and has a number that its writer gives. What an
 * application sees as a pair is two pipes at one address, one in each direction: whoever wants the pair opens a pipe of its own,
 * and takes the peer's at that address, the one that was opened first if there are several. Nothing on the wire binds the two
 * together, so each ends by itself. A pipe that the application has not asked for yet waits, with at most its window.
 *
 *   byte 0   1      2    3..6     then
 *   0x45     0x09   op   number   by op
 *
 *   from the writer                                      from the reader
 *   0 OPEN    u8 priority, address                       4 CREDIT  u32 bytes more
 *   1 DATA    bytes, 1 or more                           5 STOP    u16 code, words: nothing more is wanted
 *   2 END     -                                             code 0: all was consumed, or ABORT was heard
 *   3 ABORT   u16 code, words
 *
 * Numbers are below 2^23. Codes are clasp_err without the sign; one that is not known counts as REJECTED. A new pipe has
 * CLASP_PIPE_WINDOW bytes of credit. DATA takes the number of its bytes from it, and at least CLASP_PIPE_LEAST; CREDIT gives
 * back. A reader gives back what was consumed once it is a quarter of the window or more, and counts everything that was taken
 * as consumed when nothing is left to consume: so a writer that has to wait is always let go on.
 *
 * END and ABORT are each answered by STOP: by END once everything has been consumed, by ABORT at once. Only STOP ends a pipe
 * for its writer, who may then open another one. Both sides count the same way, each with CLASP_FLOW_PIPES pipes written at
 * most, so an honest writer never meets the reader's bound, in whatever order records of different pipes arrive.
 *
 * The records of one pipe, and those of its reader, arrive in order and once: they are payloads of a numbered channel. Those
 * of different pipes may overtake one another. Records of a pipe that is over may be under way still, and mean nothing.
 *
 * What contradicts this ends the pipe that it concerns and no other, by STOP or ABORT: CLASP_LIMIT for bytes beyond the
 * credit, credit beyond the window, and pipes beyond CLASP_FLOW_PIPES. Here a pipe is named by its handle: twice its number, and one
 * more if the peer writes it. Nothing is allocated. Spans are borrowed for the call.
 */
#ifndef CLASP_PEER_PIPES_H
#define CLASP_PEER_PIPES_H

#include "base/limits.h"
#include "chunk/piece.h"
#include "peer/flow.h"

#define CLASP_PIPE_KIND 0x09u
#define CLASP_PIPE_HEAD 7u            /* bytes before what depends on the op */
#define CLASP_PIPE_NUMBERS (1u << 23) /* handles fit the 24 bits that P2P_PIPE has for them */
#define CLASP_PIPE_HEAD_MAX (CLASP_PIPE_HEAD + 4u)

/* The records; the values are those of the wire. */
// clang-format off
#define CLASP_PIPE_OP_LIST(X) X(OPEN, 0) X(DATA, 1) X(END, 2) X(ABORT, 3) X(CREDIT, 4) X(STOP, 5)
// clang-format on

typedef enum clasp_pipe_op {
#define X(name, value) CLASP_PIPE_OP_##name = (value),
    CLASP_PIPE_OP_LIST(X)
#undef X
} clasp_pipe_op;

/** What the pipes call in the midst of the functions below. It may not call back. */
typedef struct clasp_pipes_host {
    void *context;

    /**
     * Say a record to the peer: `head` and then `rest`, in order within one pipe.
     * @return CLASP_OK; anything else: it will not be said, and the function that wanted it returns the same
     */
    clasp_err (*say)(void *context, clasp_priority priority, clasp_span head, clasp_span rest);

    /** Something happened to a pipe. `number`: ROOM the bytes that may be written from now on, in all; ABORTED a
     *  clasp_err; of the others 0. `bytes`: OPENED the address, BYTES the bytes, ABORTED words (well-formed UTF-8). */
    void (*raise)(void *context, uint32_t pipe, clasp_pipe_event event, int32_t number, clasp_span bytes);
} clasp_pipes_host;

/* A pipe that we write. */
typedef struct clasp_pipe_out {
    uint32_t number;
    uint32_t credit;  /* bytes that may be sent */
    uint8_t state;    /* 0: the slot is free; see pipes.c */
    uint8_t priority; /* clasp_priority */
} clasp_pipe_out;

/* A pipe that the peer writes. */
typedef struct clasp_pipe_in {
    uint32_t number;
    uint32_t taken;  /* of the window: sent by the peer and not given back */
    uint32_t unread; /* bytes raised and not consumed */
    uint32_t due;    /* consumed and not given back; at most `taken` */
    uint8_t state;
    uint8_t priority;
} clasp_pipe_in;

typedef struct clasp_pipes {
    clasp_pipes_host host;
    uint32_t last; /* number given last */
    clasp_pipe_out out[CLASP_FLOW_PIPES];
    clasp_pipe_in in[CLASP_FLOW_PIPES];
} clasp_pipes;

void clasp_pipes_init(clasp_pipes *pipes, const clasp_pipes_host *host);

/** The peer is gone, and all pipes are over. Those that had not ended are raised as ABORTED with `cause`; of the others the
 *  bytes that are not consumed stay good. */
void clasp_pipes_gone(clasp_pipes *pipes, clasp_err cause);

/* ---- writing ------------------------------------------------------------------------------------------------- */

/**
 * Open a pipe to the peer. ROOM is raised with its first credit.
 * @param pipe set on CLASP_OK to its handle, an even number
 * @return CLASP_OK; CLASP_BAD_ADDRESS; CLASP_TOO_LARGE: over CLASP_PIPE_ADDRESS_MAX; CLASP_LIMIT: over CLASP_FLOW_PIPES,
 *         with those that the peer has not finished reading; what the host says
 */
clasp_err clasp_pipes_open(clasp_pipes *pipes, clasp_span address, clasp_priority priority, uint32_t *pipe);

/**
 * Write to a pipe, in records of at most CLASP_PIPE_DATA bytes. A write of fewer than CLASP_PIPE_LEAST bytes takes more of
 * the room than its length, which ROOM then tells.
 * @return CLASP_OK; CLASP_BAD_HANDLE; CLASP_BAD_STATE: it was ended; CLASP_QUEUE_FULL: more than the last ROOM, less what
 *         was written since; what the host says: if there were over CLASP_PIPE_DATA bytes, some of them may have gone, so
 *         that the pipe is to be aborted
 */
clasp_err clasp_pipes_write(clasp_pipes *pipes, uint32_t pipe, clasp_span bytes);

/** Nothing more will be written. ENDED is raised, and the handle means nothing any more, when the peer has consumed everything.
 *  @return CLASP_OK; CLASP_BAD_HANDLE; CLASP_BAD_STATE: it was ended before; what the host says */
clasp_err clasp_pipes_end(clasp_pipes *pipes, uint32_t pipe);

/* ---- reading ------------------------------------------------------------------------------------------------- */

/**
 * A record came, with its head.
 * @return CLASP_OK, also for a pipe that is over; CLASP_BAD_MAGIC: no record of a pipe; CLASP_TRUNCATED; CLASP_BAD_ENUM: an
 *         op, or a priority, that does not exist; CLASP_OUT_OF_RANGE: a number that is too high; CLASP_BAD_ADDRESS;
 *         CLASP_BAD_UTF8; CLASP_TOO_LARGE: an address or words over the bound; CLASP_BAD_FIELD: something follows;
 *         CLASP_BAD_STATE: OPEN of a pipe that is open, DATA or END after END; what the host says, and then the record
 *         may be handed in again
 */
clasp_err clasp_pipes_received(clasp_pipes *pipes, clasp_span record);

/** So many bytes of those that BYTES raised were consumed. ENDED is raised as soon as the peer has ended a pipe, even if not
 *  everything was consumed by then; the handle means nothing any more when both hold.
 *  @return CLASP_OK; CLASP_BAD_HANDLE; CLASP_OUT_OF_RANGE: more than were raised; what the host says */
clasp_err clasp_pipes_read(clasp_pipes *pipes, uint32_t pipe, uint32_t bytes);

/* ---- both ---------------------------------------------------------------------------------------------------- */

/**
 * Abort a pipe of either direction, with words for the application on the other side. What was written and is not
 * consumed may be lost. Nothing is raised for it any more, and the handle means nothing any more.
 * @param words well-formed UTF-8
 * @return CLASP_OK; CLASP_BAD_HANDLE; CLASP_TOO_LARGE: over CLASP_PIPE_WORDS_MAX; CLASP_BAD_UTF8; what the host says
 */
clasp_err clasp_pipes_abort(clasp_pipes *pipes, uint32_t pipe, clasp_span words);

/** Pipes with a slot, of both directions. */
uint32_t clasp_pipes_count(const clasp_pipes *pipes);

#endif
