/**
 * What both modules have behind their door: one inbox, one outbox, one seeded generator. The exports that hand them to
 * the host (inbox, outbox, outbox_count, outbox_bytes, outbox_clear, seed, abi_version: see abi.h) live in door.c;
 * a module adds its own exports, clasp_deadline() and clasp_tick().
 */
#ifndef CLASP_WASM_DOOR_H
#define CLASP_WASM_DOOR_H

#include "base/outbox.h"

/** The outbox that every effect goes to. Never NULL. */
clasp_outbox *clasp_door_outbox(void);

/** The first `len` bytes of the inbox, lent until the next clasp_inbox(); empty when it has not so many. */
clasp_span clasp_door_inbox(uint32_t len);

/** True once the host has given a seed. Nothing that needs chance may begin before. */
bool clasp_door_is_seeded(void);

/** The next word of the generator that the host has seeded: seeds for sessions, conferences, the hub. */
uint64_t clasp_door_random(void);

/** A deadline of the core as the host takes it: microseconds, Infinity for none (UINT64_MAX). */
double clasp_door_deadline(uint64_t deadline_us);

/** The host's time as the core takes it; what is no time of day at all (negative, NaN) is 0. */
uint64_t clasp_door_time(double now_us);

#endif
