#include "chunk/video.h"

#define NEVER UINT64_MAX
#define WINDOW CLASP_VIDEO_WINDOW
#define SEQ_END (UINT64_C(1) << 53)

static clasp_video_slot *slot_of(clasp_video_receiver *rx, uint64_t seq) { return &rx->slots[seq % WINDOW]; }

/* Nothing more is waited for. */
static bool is_settled(const clasp_video_slot *slot) {
    return slot->state == CLASP_VIDEO_WHOLE || slot->state == CLASP_VIDEO_GIVEN_UP;
}

static void clear_slot(clasp_video_slot *slot) {
    clasp_parts_clear(&slot->parts);
    clasp_text_clear(&slot->description);
    *slot = (clasp_video_slot){0};
}

void clasp_video_receiver_init(clasp_video_receiver *rx, bool skips) {
    *rx = (clasp_video_receiver){.skips = skips, .needs_key = true};
}

void clasp_video_receiver_deinit(clasp_video_receiver *rx) {
    clasp_video_event event;
    while (clasp_video_next(rx, &event)) {
        clasp_text_clear(&event.data);
        clasp_text_clear(&event.description);
    }
    for (uint32_t i = 0; i < WINDOW; i++) {
        clear_slot(&rx->slots[i]);
    }
}

/* ---- events -------------------------------------------------------------------------------------------------- */

bool clasp_video_next(clasp_video_receiver *rx, clasp_video_event *out) {
    if (rx->event_at == rx->event_count) {
        rx->event_at = rx->event_count = 0;
        return false;
    }
    *out = rx->events[rx->event_at++];
    return true;
}

static bool is_drained(const clasp_video_receiver *rx) { return rx->event_at == rx->event_count; }

/* There is always room: see CLASP_VIDEO_EVENTS. */
static clasp_video_event *add_event(clasp_video_receiver *rx, clasp_video_event_kind kind, clasp_err cause,
                                    uint64_t count) {
    clasp_video_event *event = &rx->events[rx->event_count++];
    *event = (clasp_video_event){.kind = kind, .cause = cause, .seq = rx->next, .count = count};
    return event;
}

/* The next frames are not handed out: one event for as many as there are in a row. */
static void leave_out(clasp_video_receiver *rx, clasp_video_event_kind kind, clasp_err cause,
                      uint64_t count) {
    clasp_video_event *last = rx->event_count > 0 ? &rx->events[rx->event_count - 1] : NULL;
    if (last && last->kind == kind && last->cause == cause) {
        last->count += count;
    } else {
        add_event(rx, kind, cause, count);
    }
    rx->needs_key = true;
    rx->next += count;
}

/* ---- the front of the window --------------------------------------------------------------------------------- */

static bool is_skipping(const clasp_video_receiver *rx) { return rx->skips && rx->needs_key; }

static void hand_out(clasp_video_receiver *rx, clasp_video_slot *slot) {
    clasp_video_event *event = add_event(rx, CLASP_VIDEO_FRAME, CLASP_OK, 1);
    event->timestamp_us = slot->timestamp_us;
    event->is_key = slot->is_key;
    event->data = clasp_parts_take(&slot->parts);
    event->description = slot->description;
    slot->description = (clasp_text){NULL, 0};
    rx->needs_key = rx->needs_key && !slot->is_key;
    rx->next++;
}

/* The front frame's time is over: hand it out, or say why not. `cause`: of a frame that is not settled. */
static void take_front(clasp_video_receiver *rx, clasp_err cause) {
    clasp_video_slot *slot = slot_of(rx, rx->next);
    if (slot->state == CLASP_VIDEO_GIVEN_UP) {
        leave_out(rx, CLASP_VIDEO_DROPPED, slot->cause, 1);
    } else if (is_skipping(rx) && !slot->is_key) {
        leave_out(rx, CLASP_VIDEO_SKIPPED, CLASP_OK, 1);
    } else if (slot->state == CLASP_VIDEO_WHOLE) {
        hand_out(rx, slot);
    } else {
        leave_out(rx, CLASP_VIDEO_DROPPED, cause, 1);
    }
    clear_slot(slot);
}

/* Is the front frame, which is not settled, in the way of a later one that has waited for long enough, or of a key frame
 * before which nothing can be decoded? */
static bool is_in_the_way(clasp_video_receiver *rx, uint64_t now_us) {
    for (uint64_t seq = rx->next + 1; seq < rx->end; seq++) {
        const clasp_video_slot *slot = slot_of(rx, seq);
        const bool has_waited = is_settled(slot) && slot->last_us + CLASP_VIDEO_HOLD_US <= now_us;
        if (has_waited || (is_skipping(rx) && slot->state == CLASP_VIDEO_WHOLE && slot->is_key)) {
            return true;
        }
    }
    return false;
}

static void advance(clasp_video_receiver *rx, uint64_t now_us) {
    while (rx->next < rx->end && (is_settled(slot_of(rx, rx->next)) || is_in_the_way(rx, now_us))) {
        take_front(rx, CLASP_TIMEOUT);
    }
}

/* Move the window so that it holds `seq`. However far that is, the work is that of one window. */
static void make_window(clasp_video_receiver *rx, uint64_t seq) {
    while (rx->next < rx->end && rx->next + WINDOW <= seq) {
        take_front(rx, CLASP_LIMIT);
    }
    if (rx->next + WINDOW <= seq) {
        leave_out(rx, CLASP_VIDEO_DROPPED, CLASP_LIMIT, seq + 1 - WINDOW - rx->next);
        rx->end = rx->next;
    }
}

static void start_at(clasp_video_receiver *rx, uint64_t seq) {
    while (rx->next < rx->end) {
        take_front(rx, CLASP_TIMEOUT);
    }
    rx->next = rx->end = seq;
    rx->needs_key = true;
    if (rx->is_started) {
        add_event(rx, CLASP_VIDEO_RESTARTED, CLASP_OK, 0);
    }
    rx->is_started = true;
}

/* ---- records ------------------------------------------------------------------------------------------------- */

/* Does a record make sense by itself? */
static bool is_sound(const clasp_video_chunk *chunk) {
    return chunk->seq < SEQ_END && chunk->index < chunk->count && chunk->data.len > 0;
}

static uint32_t held_bytes(const clasp_video_receiver *rx) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < WINDOW; i++) {
        bytes += rx->slots[i].parts.bytes + rx->slots[i].description.len;
    }
    return bytes;
}

/* Would this record take its frame, or the window, over a bound? All records but the last one are of one size. */
static bool is_too_large(const clasp_video_receiver *rx, const clasp_video_slot *slot,
                         const clasp_video_chunk *chunk) {
    const bool is_last = chunk->index + 1 == chunk->count;
    const uint64_t declared = is_last ? 0 : (uint64_t)(chunk->count - 1) * chunk->data.len;
    const uint64_t frame = (uint64_t)slot->parts.bytes + chunk->data.len;
    const uint64_t window = (uint64_t)held_bytes(rx) + chunk->data.len + chunk->description.len;
    return chunk->count > CLASP_VIDEO_CHUNKS || declared > CLASP_VIDEO_FRAME_MAX ||
           frame > CLASP_VIDEO_FRAME_MAX || window > CLASP_VIDEO_BYTES;
}

static void give_up(clasp_video_slot *slot, clasp_err cause, uint64_t now_us) {
    clear_slot(slot);
    slot->state = CLASP_VIDEO_GIVEN_UP;
    slot->cause = cause;
    slot->last_us = now_us;
}

/* Store a record that was missing until now. */
static clasp_err store(clasp_video_slot *slot, const clasp_video_chunk *chunk, uint64_t now_us) {
    clasp_text description = {NULL, 0};
    if (chunk->index == 0 && chunk->is_key && !clasp_text_set(&description, chunk->description)) {
        return CLASP_NO_MEMORY;
    }
    const clasp_err err = clasp_parts_add(&slot->parts, chunk->index, chunk->data);
    if (err < 0) {
        clasp_text_clear(&description);
        return err;
    }
    if (chunk->index == 0) {
        slot->description = description;
    }
    slot->state = err == CLASP_OK ? CLASP_VIDEO_WHOLE : CLASP_VIDEO_PARTIAL;
    slot->last_us = now_us;
    return CLASP_OK;
}

/* A record of a frame that is known. */
static clasp_err add_to(clasp_video_receiver *rx, clasp_video_slot *slot, const clasp_video_chunk *chunk,
                        uint64_t now_us) {
    if (slot->state == CLASP_VIDEO_GIVEN_UP) {
        rx->heard_us = now_us; /* nobody knows whether this is a repeat */
        return CLASP_OK;
    }
    if (chunk->count != slot->count || chunk->is_key != slot->is_key ||
        chunk->timestamp_us != slot->timestamp_us) {
        return CLASP_BAD_PIECE;
    }
    if (slot->state == CLASP_VIDEO_WHOLE || clasp_parts_has(&slot->parts, chunk->index)) {
        return CLASP_OK;
    }
    if (!clasp_parts_fits(&slot->parts, chunk->index, chunk->data.len)) {
        return CLASP_BAD_PIECE;
    }
    if (is_too_large(rx, slot, chunk)) {
        give_up(slot, CLASP_TOO_LARGE, now_us);
        rx->heard_us = now_us;
        return CLASP_OK;
    }
    const clasp_err err = store(slot, chunk, now_us);
    rx->heard_us = err == CLASP_OK ? now_us : rx->heard_us;
    return err;
}

/* The first record of a frame: stored before the window moves for it, so that a refusal changes nothing. */
static clasp_err begin(clasp_video_receiver *rx, const clasp_video_chunk *chunk, uint64_t now_us) {
    clasp_video_slot slot = {.timestamp_us = chunk->timestamp_us, .count = chunk->count, .first_us = now_us};
    clasp_err err = CLASP_OK;
    slot.is_key = chunk->is_key;
    if (is_too_large(rx, &slot, chunk)) {
        give_up(&slot, CLASP_TOO_LARGE, now_us);
    } else {
        err = clasp_parts_begin(&slot.parts, chunk->count, 0, 0);
        err = err == CLASP_OK ? store(&slot, chunk, now_us) : err;
    }
    if (err != CLASP_OK) {
        clear_slot(&slot);
        return err;
    }
    if (!rx->is_started || chunk->seq < rx->next) {
        start_at(rx, chunk->seq);
    }
    make_window(rx, chunk->seq);
    *slot_of(rx, chunk->seq) = slot;
    rx->heard_us = now_us;
    rx->end = chunk->seq < rx->end ? rx->end : chunk->seq + 1;
    return CLASP_OK;
}

clasp_err clasp_video_accept(clasp_video_receiver *rx, const clasp_video_chunk *chunk, uint64_t now_us) {
    const bool is_old = rx->is_started && chunk->seq < rx->next;
    if (!is_drained(rx)) {
        return CLASP_BAD_STATE;
    }
    if (!is_sound(chunk)) {
        return CLASP_BAD_PIECE;
    }
    if (is_old && now_us < rx->heard_us + CLASP_VIDEO_RESTART_US) {
        return CLASP_OK;
    }
    rx->event_at = rx->event_count = 0;
    clasp_video_slot *slot = slot_of(rx, chunk->seq);
    const bool is_known = !is_old && chunk->seq < rx->end && slot->state != CLASP_VIDEO_UNSEEN;
    const clasp_err err = is_known ? add_to(rx, slot, chunk, now_us) : begin(rx, chunk, now_us);
    if (err == CLASP_OK) {
        advance(rx, now_us);
    }
    return err;
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

static uint64_t due(const clasp_video_slot *slot) {
    if (slot->state == CLASP_VIDEO_UNSEEN) {
        return NEVER;
    }
    if (is_settled(slot)) {
        return slot->last_us + CLASP_VIDEO_HOLD_US;
    }
    const uint64_t idle = slot->last_us + CLASP_VIDEO_IDLE_US;
    const uint64_t life = slot->first_us + CLASP_VIDEO_LIFE_US;
    return idle < life ? idle : life;
}

uint64_t clasp_video_deadline(const clasp_video_receiver *rx) {
    uint64_t first = NEVER;
    for (uint32_t i = 0; i < WINDOW; i++) {
        const uint64_t at = due(&rx->slots[i]);
        first = at < first ? at : first;
    }
    return first;
}

clasp_err clasp_video_tick(clasp_video_receiver *rx, uint64_t now_us) {
    if (!is_drained(rx)) {
        return CLASP_BAD_STATE;
    }
    rx->event_at = rx->event_count = 0;
    for (uint32_t i = 0; i < WINDOW; i++) {
        clasp_video_slot *slot = &rx->slots[i];
        if (slot->state == CLASP_VIDEO_PARTIAL && due(slot) <= now_us) {
            give_up(slot, CLASP_TIMEOUT, now_us);
        }
    }
    advance(rx, now_us);
    return CLASP_OK;
}
