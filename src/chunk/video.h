/**
 * Encoded video over a relay: frames cut into records, each a map in a stream PUBLISH (docs/wire.md, section 13).
 *
 *     {seq, chunkIndex, totalChunks, frameType: "key" | "delta", timestamp (us), data: bytes, description: bytes}
 *
 * All records of a frame but the last one carry the same number of bytes. The first one of a key frame may carry the
 * decoder's description. A record is one message and may be lost, doubled or late; frames are rebuilt within a window,
 * handed out whole and in order, and every number between two frames handed out is accounted for.
 */
#ifndef CLASP_CHUNK_VIDEO_H
#define CLASP_CHUNK_VIDEO_H

#include "base/limits.h"
#include "chunk/parts.h"
#include "wire/value.h"

/** One record, or a whole frame where said. */
typedef struct clasp_video_chunk {
    uint64_t seq;          /* number of the frame, up to 2^53 - 1 */
    double timestamp_us;   /* the encoder's; finite */
    uint32_t index, count; /* of records */
    bool is_key;
    clasp_span data;
    clasp_span description; /* `at` NULL: none */
} clasp_video_chunk;

/* ---- records ------------------------------------------------------------------------------------------------- */

/**
 * Read a record from a checked map value.
 *
 * @param out set only on CLASP_OK; its spans point into the value's bytes
 * @return CLASP_OK; CLASP_BAD_SIGNAL: no map, or a key is missing or holds another kind. Keys that are not known are
 *         ignored. Whether the numbers make sense, the receiver says
 */
clasp_err clasp_video_read(clasp_value map, clasp_video_chunk *out);

/** Write a record as a map value with its type code, numbers as f64. Errors stick in `w`. */
void clasp_video_write(clasp_writer *w, const clasp_video_chunk *chunk);

/** Cuts one frame into records, which are not copied. */
typedef struct clasp_video_split {
    clasp_video_chunk frame;
    uint32_t chunk_len; /* bytes */
    uint32_t next;      /* index of the next record */
} clasp_video_split;

/**
 * @param frame     seq, timestamp, kind, all of its data, and the description if any; the spans are borrowed for the life
 *                  of `split`
 * @param chunk_len bytes of data in one record; 0: CLASP_VIDEO_CHUNK_LEN
 * @return CLASP_OK; CLASP_EMPTY_PAYLOAD: no data; CLASP_TOO_LARGE: over CLASP_VIDEO_FRAME_MAX, CLASP_VIDEO_CHUNKS
 *         or what a bytes value can hold
 */
clasp_err clasp_video_split_init(clasp_video_split *split, const clasp_video_chunk *frame,
                                 uint32_t chunk_len);

/** The next record; false when there is none. */
bool clasp_video_split_next(clasp_video_split *split, clasp_video_chunk *out);

/* ---- receiving ----------------------------------------------------------------------------------------------- */

typedef enum clasp_video_event_kind {
    CLASP_VIDEO_FRAME,   /* a whole frame */
    CLASP_VIDEO_DROPPED, /* frames that did not become whole, for `cause` */
    CLASP_VIDEO_SKIPPED, /* frames that cannot be decoded: a frame before them was dropped, and no key frame came since */
    CLASP_VIDEO_RESTARTED /* the stream numbers its frames anew, from `seq` on */
} clasp_video_event_kind;

/**
 * The numbers of frames, dropped and skipped events follow one another without a hole, but at a restart. Causes of
 * DROPPED: TIMEOUT: records did not come in time; LIMIT: newer frames left no room; TOO_LARGE: over a bound of limits.h.
 */
typedef struct clasp_video_event {
    clasp_video_event_kind kind;
    clasp_err cause;        /* DROPPED: as listed above */
    uint64_t seq;           /* of the first frame */
    uint64_t count;         /* frames; 0 at a restart */
    double timestamp_us;    /* FRAME */
    bool is_key;            /* FRAME */
    clasp_text data;        /* FRAME; given: clasp_text_clear() */
    clasp_text description; /* FRAME; given: clasp_text_clear(); empty: none */
} clasp_video_event;

/** Most events of one call: each frame of the window, what lies between them and behind, and a restart. */
#define CLASP_VIDEO_EVENTS (2u * CLASP_VIDEO_WINDOW + 4u)

/** A frame of the window, by its number modulo CLASP_VIDEO_WINDOW. */
typedef struct clasp_video_slot {
    enum { CLASP_VIDEO_UNSEEN, CLASP_VIDEO_PARTIAL, CLASP_VIDEO_WHOLE, CLASP_VIDEO_GIVEN_UP } state;
    clasp_err cause; /* GIVEN_UP */
    clasp_parts parts;
    clasp_text description; /* given by malloc */
    double timestamp_us;
    uint32_t count; /* records */
    bool is_key;
    uint64_t first_us, last_us; /* first record; last new one, or when it was given up */
} clasp_video_slot;

/** Caller's storage; for its functions alone to look into. */
typedef struct clasp_video_receiver {
    clasp_video_slot slots[CLASP_VIDEO_WINDOW];
    uint64_t next;     /* number of the frame to be handed out next */
    uint64_t end;      /* behind the last frame of which something came; next .. next + CLASP_VIDEO_WINDOW */
    uint64_t heard_us; /* when something new came */
    bool is_started;
    bool needs_key; /* nothing can be decoded before a key frame */
    bool skips;
    clasp_video_event events[CLASP_VIDEO_EVENTS];
    uint32_t event_at, event_count;
} clasp_video_receiver;

/** @param skips leave out what cannot be decoded: all before the first key frame, and after a dropped frame all up to the
 *               next key frame. Otherwise every whole frame is handed out */
void clasp_video_receiver_init(clasp_video_receiver *rx, bool skips);

void clasp_video_receiver_deinit(clasp_video_receiver *rx);

/**
 * Take one record. Take all events after it.
 *
 * @param chunk  borrowed for the call
 * @param now_us time, in us, from any fixed point; never goes back
 * @return CLASP_OK: kept, or ignored as a repeat or as late; and nothing has changed on CLASP_BAD_PIECE: it contradicts
 *         itself or the frame's other records; CLASP_NO_MEMORY; CLASP_BAD_STATE: events are waiting
 */
clasp_err clasp_video_accept(clasp_video_receiver *rx, const clasp_video_chunk *chunk, uint64_t now_us);

/** When clasp_video_tick() has something to do, in us; UINT64_MAX: never. */
uint64_t clasp_video_deadline(const clasp_video_receiver *rx);

/** Give up what has waited for too long. Take all events after it. @return CLASP_OK; CLASP_BAD_STATE: events are waiting */
clasp_err clasp_video_tick(clasp_video_receiver *rx, uint64_t now_us);

/** The next event; false when there is none. */
bool clasp_video_next(clasp_video_receiver *rx, clasp_video_event *out);

/** True while nothing can be decoded before a key frame: the moment to ask the sender for one. */
static inline bool clasp_video_needs_key(const clasp_video_receiver *rx) { return rx->needs_key; }

#endif
