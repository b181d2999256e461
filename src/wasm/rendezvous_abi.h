/** The rendezvous's part of what the relay's module waits for. For src/wasm/ only. */
#ifndef CLASP_WASM_RENDEZVOUS_ABI_H
#define CLASP_WASM_RENDEZVOUS_ABI_H

#include <stdint.h>

/** In us; UINT64_MAX: never. */
uint64_t clasp_door_rendezvous_deadline(void);
void clasp_door_rendezvous_tick(uint64_t now_us);

#endif
