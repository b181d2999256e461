/** Sessions by handle, for the doors that have them (abi.c, p2p_abi.c): the exports session_*, and their time. And how the event
 *  that opens one is read, by client_abi.c too. */
#ifndef CLASP_WASM_SESSION_ABI_H
#define CLASP_WASM_SESSION_ABI_H

#include "session/session.h"
#include "wasm/door.h"

/** When clasp_sessions_tick() wants to be called next, in us; UINT64_MAX: never. */
uint64_t clasp_sessions_deadline(void);
void clasp_sessions_tick(uint64_t now_us);

/** What the event OPEN of a session begins with: see abi.h. The token, and what a client has before it, is left to be read. */
static inline clasp_session_options clasp_door_options(clasp_reader *r, uint32_t a, uint32_t b) {
    clasp_session_options options = {
        .features = (uint8_t)a, .reconnect = (a >> 8 & 1) != 0, .backoff_ms = a >> 9};
    options.url = clasp_door_take(r, b >> 16);
    options.name = clasp_door_take(r, b & 0xFFFFu);
    return options;
}

#endif
