/* Moves of running gestures are held back: only the newest one goes out, after a moment of quiet or before what follows. */
#include <stdlib.h>

#include "base/limits.h"
#include "hub/send.h"

/* Send the held move of a gesture, if there is one. */
static void send_move(clasp_hub *hub, clasp_hub_gesture *gesture) {
    uint32_t len;
    uint8_t *move = clasp_hub_gestures_take(&hub->gestures, gesture, &len);
    clasp_message message;
    if (move && clasp_message_decode((clasp_span){move, len}, &message) == CLASP_OK) {
        clasp_hub_fan_out(hub, &message, clasp_hub_sessions_find(&hub->sessions, gesture->session));
    }
    free(move);
}

static void forget(clasp_hub *hub, clasp_hub_gesture *gesture) {
    clasp_hub_session *session = clasp_hub_sessions_find(&hub->sessions, gesture->session);
    if (session) {
        session->gesture_count--;
    }
    clasp_hub_gestures_remove(&hub->gestures, gesture);
}

void clasp_hub_trim_gestures(clasp_hub *hub) {
    clasp_hub_gesture *gesture;
    while ((gesture = clasp_hub_gestures_surplus(&hub->gestures, hub->now_us)) != NULL) {
        send_move(hub, gesture);
        forget(hub, gesture);
    }
}

static void remember(clasp_hub *hub, clasp_hub_session *session, const clasp_message *start) {
    if (clasp_hub_gestures_add(&hub->gestures, session->handle, start, hub->now_us)) {
        session->gesture_count++;
        clasp_hub_want_sweep(hub, hub->now_us + CLASP_HUB_GESTURE_IDLE_US);
        clasp_hub_trim_gestures(hub);
    }
}

void clasp_hub_follow_gesture(clasp_hub *hub, clasp_hub_session *session, const clasp_message *publish) {
    clasp_hub_gesture *gesture = clasp_hub_gestures_find(&hub->gestures, session->handle, publish);
    const bool is_over = publish->phase == CLASP_PHASE_END || publish->phase == CLASP_PHASE_CANCEL;
    if (gesture && is_over) {
        forget(hub, gesture);
    } else if (gesture) {
        clasp_hub_gestures_touch(&hub->gestures, gesture, hub->now_us);
    } else if (publish->phase == CLASP_PHASE_START) {
        remember(hub, session, publish);
    }
}

bool clasp_hub_hold_move(clasp_hub *hub, const clasp_hub_session *session, const clasp_message *publish) {
    if (publish->signal != CLASP_SIGNAL_GESTURE || publish->phase != CLASP_PHASE_MOVE) {
        return false;
    }
    clasp_hub_gesture *gesture = clasp_hub_gestures_find(&hub->gestures, session->handle, publish);
    if (!gesture) {
        return false;
    }
    clasp_writer w = clasp_writer_of(hub->frame, CLASP_FRAME_PAYLOAD_MAX);
    clasp_message_write(&w, publish);
    if (w.err != CLASP_OK ||
        !clasp_hub_gestures_hold(&hub->gestures, gesture, clasp_written(&w), hub->now_us)) {
        return false;
    }
    CLASP_HUB_COUNT(hub, moves_held_total);
    clasp_hub_trim_gestures(hub);
    return true;
}

void clasp_hub_release_moves(clasp_hub *hub, const clasp_hub_session *session, clasp_span address) {
    clasp_hub_gesture *gesture;
    while ((gesture = clasp_hub_gestures_held(&hub->gestures, session->handle, address)) != NULL) {
        send_move(hub, gesture);
    }
}

/* All that is held at the address goes, so that moves of several gestures there keep their order. */
void clasp_hub_release_due_moves(clasp_hub *hub) {
    clasp_hub_due *due;
    while ((due = clasp_hub_dues_first(&hub->gestures.dues, hub->now_us)) != NULL) {
        const clasp_hub_gesture *gesture = (const clasp_hub_gesture *)due;
        const clasp_hub_session *session = clasp_hub_sessions_find(&hub->sessions, gesture->session);
        clasp_hub_release_moves(hub, session, clasp_hub_gesture_address(gesture));
    }
}

void clasp_hub_drop_gestures(clasp_hub *hub, const clasp_hub_session *session) {
    clasp_hub_gesture *next;
    for (clasp_hub_gesture *gesture = session->gesture_count > 0 ? hub->gestures.oldest : NULL; gesture;
         gesture = next) {
        next = gesture->newer;
        if (gesture->session == session->handle) {
            send_move(hub, gesture);
            forget(hub, gesture);
        }
    }
}
