/**
 * The gestures that run: one for each session, address and id, from its start to its end or cancel, and the newest move of each
 * that is held back. The least recently used one goes when there are too many or too many bytes. For src/hub/ only.
 */
#ifndef CLASP_HUB_GESTURES_H
#define CLASP_HUB_GESTURES_H

#include "hub/due.h"
#include "wire/message.h"

typedef struct clasp_hub_gesture {
    clasp_hub_due due;                       /* of the held move */
    struct clasp_hub_gesture *same_hash;     /* next in the bucket, which is in the order of the moves */
    struct clasp_hub_gesture *older, *newer; /* by use */
    uint64_t used_us, held_us; /* its last message; the first move that is held back since one was sent */
    uint8_t *move; /* the newest one, as clasp_message_write() made it; NULL: none is held; given by malloc */
    uint32_t move_len;
    uint32_t session; /* handle */
    uint32_t id;
    uint32_t hash;
    bool has_id;
    uint32_t address_len;
    uint8_t address[];
} clasp_hub_gesture;

#define CLASP_HUB_GESTURE_BUCKETS 1024u

/** Zero-initialised but for the key: no gesture. */
typedef struct clasp_hub_gestures {
    clasp_hub_gesture *buckets[CLASP_HUB_GESTURE_BUCKETS];
    clasp_hub_gesture *oldest, *newest;
    clasp_hub_dues dues;
    uint32_t count;
    size_t bytes;      /* of all, with their book-keeping */
    uint64_t hash_key; /* a secret, so that nobody can choose addresses that collide */
} clasp_hub_gestures;

void clasp_hub_gestures_deinit(clasp_hub_gestures *gestures);

/** The running gesture that a PUBLISH of a session belongs to; NULL when there is none. */
clasp_hub_gesture *clasp_hub_gestures_find(const clasp_hub_gestures *gestures, uint32_t session,
                                           const clasp_message *publish);

/** A gesture starts. False: no memory. There must be none that it belongs to yet. */
bool clasp_hub_gestures_add(clasp_hub_gestures *gestures, uint32_t session, const clasp_message *start,
                            uint64_t now_us);

/** Forget a gesture and what is held of it. */
void clasp_hub_gestures_remove(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture);

/** A message of the gesture came. */
void clasp_hub_gestures_touch(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture, uint64_t now_us);

/**
 * Hold a move back in the place of the one that is held.
 * @param move borrowed and copied
 * @return false: no memory; what was held still is
 */
bool clasp_hub_gestures_hold(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture, clasp_span move,
                             uint64_t now_us);

/** Take the held move out: given, free(); NULL when none is held. */
uint8_t *clasp_hub_gestures_take(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture, uint32_t *len);

/** The gesture whose held move comes first of those of a session at an address; NULL when none is held. */
clasp_hub_gesture *clasp_hub_gestures_held(const clasp_hub_gestures *gestures, uint32_t session,
                                           clasp_span address);

/** A gesture too many, or idle for too long; NULL when there is none. */
clasp_hub_gesture *clasp_hub_gestures_surplus(const clasp_hub_gestures *gestures, uint64_t now_us);

static inline clasp_span clasp_hub_gesture_address(const clasp_hub_gesture *gesture) {
    return (clasp_span){gesture->address, gesture->address_len};
}

#endif
