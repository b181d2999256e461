#include "hub/gestures.h"

#include <stdlib.h>

#include "base/limits.h"
#include "route/hash.h"

void clasp_hub_gestures_deinit(clasp_hub_gestures *gestures) {
    while (gestures->oldest) {
        clasp_hub_gestures_remove(gestures, gestures->oldest);
    }
    clasp_hub_dues_deinit(&gestures->dues);
}

/* ---- the buckets --------------------------------------------------------------------------------------------- */

static uint32_t hash_of(const clasp_hub_gestures *gestures, uint32_t session, clasp_span address) {
    return clasp_hash(gestures->hash_key ^ session, address);
}

static clasp_hub_gesture **bucket_of(clasp_hub_gestures *gestures, uint32_t hash) {
    return &gestures->buckets[hash % CLASP_HUB_GESTURE_BUCKETS];
}

static void append(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture) {
    clasp_hub_gesture **link = bucket_of(gestures, gesture->hash);
    while (*link) {
        link = &(*link)->same_hash;
    }
    gesture->same_hash = NULL;
    *link = gesture;
}

static void cut_out(clasp_hub_gestures *gestures, const clasp_hub_gesture *gesture) {
    clasp_hub_gesture **link = bucket_of(gestures, gesture->hash);
    while (*link != gesture) {
        link = &(*link)->same_hash;
    }
    *link = gesture->same_hash;
}

static bool is_at(const clasp_hub_gesture *gesture, uint32_t hash, uint32_t session, clasp_span address) {
    return gesture->hash == hash && gesture->session == session &&
           clasp_span_equal(clasp_hub_gesture_address(gesture), address);
}

clasp_hub_gesture *clasp_hub_gestures_find(const clasp_hub_gestures *gestures, uint32_t session,
                                           const clasp_message *publish) {
    const uint32_t hash = hash_of(gestures, session, publish->address);
    const bool has_id = (publish->has & CLASP_HAS_ID) != 0;
    clasp_hub_gesture *gesture = gestures->buckets[hash % CLASP_HUB_GESTURE_BUCKETS];
    while (gesture && (gesture->id != publish->id || gesture->has_id != has_id ||
                       !is_at(gesture, hash, session, publish->address))) {
        gesture = gesture->same_hash;
    }
    return gesture;
}

clasp_hub_gesture *clasp_hub_gestures_held(const clasp_hub_gestures *gestures, uint32_t session,
                                           clasp_span address) {
    const uint32_t hash = hash_of(gestures, session, address);
    clasp_hub_gesture *gesture = gestures->buckets[hash % CLASP_HUB_GESTURE_BUCKETS];
    while (gesture && (!gesture->move || !is_at(gesture, hash, session, address))) {
        gesture = gesture->same_hash;
    }
    return gesture;
}

/* ---- the order of use ---------------------------------------------------------------------------------------- */

static void link_newest(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture) {
    gesture->older = gestures->newest;
    gesture->newer = NULL;
    *(gestures->newest ? &gestures->newest->newer : &gestures->oldest) = gesture;
    gestures->newest = gesture;
}

static void unlink_gesture(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture) {
    *(gesture->older ? &gesture->older->newer : &gestures->oldest) = gesture->newer;
    *(gesture->newer ? &gesture->newer->older : &gestures->newest) = gesture->older;
}

void clasp_hub_gestures_touch(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture, uint64_t now_us) {
    gesture->used_us = now_us;
    unlink_gesture(gestures, gesture);
    link_newest(gestures, gesture);
}

clasp_hub_gesture *clasp_hub_gestures_surplus(const clasp_hub_gestures *gestures, uint64_t now_us) {
    const bool is_full = gestures->count > CLASP_HUB_GESTURES || gestures->bytes > CLASP_HUB_GESTURE_BYTES;
    clasp_hub_gesture *oldest = gestures->oldest;
    return oldest && (is_full || oldest->used_us + CLASP_HUB_GESTURE_IDLE_US <= now_us) ? oldest : NULL;
}

/* ---- coming and going ---------------------------------------------------------------------------------------- */

bool clasp_hub_gestures_add(clasp_hub_gestures *gestures, uint32_t session, const clasp_message *start,
                            uint64_t now_us) {
    const clasp_span address = start->address;
    clasp_hub_gesture *gesture = malloc(sizeof *gesture + address.len);
    if (!gesture) {
        return false;
    }
    *gesture = (clasp_hub_gesture){
        .used_us = now_us,
        .session = session,
        .id = start->id,
        .has_id = (start->has & CLASP_HAS_ID) != 0,
        .hash = hash_of(gestures, session, address),
        .address_len = address.len,
    };
    memcpy(gesture->address, address.at, address.len);
    append(gestures, gesture);
    link_newest(gestures, gesture);
    gestures->count++;
    gestures->bytes += sizeof *gesture + address.len;
    return true;
}

void clasp_hub_gestures_remove(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture) {
    uint32_t len;
    free(clasp_hub_gestures_take(gestures, gesture, &len));
    cut_out(gestures, gesture);
    unlink_gesture(gestures, gesture);
    gestures->count--;
    gestures->bytes -= sizeof *gesture + gesture->address_len;
    free(gesture);
}

/* ---- the held moves ------------------------------------------------------------------------------------------ */

/* After so much quiet, but not for ever: a hand that never rests is seen to move all the same. */
static uint64_t due_at(const clasp_hub_gesture *gesture, uint64_t now_us) {
    const uint64_t quiet_us = now_us + CLASP_HUB_GESTURE_QUIET_US;
    const uint64_t last_us = gesture->held_us + CLASP_HUB_GESTURE_HOLD_US;
    return quiet_us < last_us ? quiet_us : last_us;
}

bool clasp_hub_gestures_hold(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture, clasp_span move,
                             uint64_t now_us) {
    uint8_t *copy = malloc(move.len);
    if (!copy) {
        return false;
    }
    const uint64_t held_us = gesture->held_us;
    gesture->held_us = gesture->move ? held_us : now_us;
    if (!clasp_hub_dues_put(&gestures->dues, &gesture->due, due_at(gesture, now_us))) {
        gesture->held_us = held_us;
        free(copy);
        return false;
    }
    memcpy(copy, move.at, move.len);
    free(gesture->move);
    gestures->bytes = gestures->bytes - gesture->move_len + move.len;
    gesture->move = copy;
    gesture->move_len = move.len;
    clasp_hub_gestures_touch(gestures, gesture, now_us);
    cut_out(gestures, gesture);
    append(gestures, gesture);
    return true;
}

uint8_t *clasp_hub_gestures_take(clasp_hub_gestures *gestures, clasp_hub_gesture *gesture, uint32_t *len) {
    uint8_t *move = gesture->move;
    *len = gesture->move_len;
    clasp_hub_dues_drop(&gestures->dues, &gesture->due);
    gestures->bytes -= gesture->move_len;
    gesture->move = NULL;
    gesture->move_len = 0;
    return move;
}
