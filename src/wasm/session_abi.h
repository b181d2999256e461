/** Sessions by handle, for the doors that have them (abi.c, p2p_abi.c): the exports session_*, and their time. */
#ifndef CLASP_WASM_SESSION_ABI_H
#define CLASP_WASM_SESSION_ABI_H

#include <stdint.h>

/** When clasp_sessions_tick() wants to be called next, in us; UINT64_MAX: never. */
uint64_t clasp_sessions_deadline(void);
void clasp_sessions_tick(uint64_t now_us);

#endif
