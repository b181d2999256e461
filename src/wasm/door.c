#include "wasm/door.h"

#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/random.h"
#include "wasm/abi.h"

#define INBOX_FIRST 65536u          /* bytes: nearly every frame fits, so the inbox hardly ever grows */
#define TIME_MAX 9007199254740992.0 /* 2^53: where a double stops counting microseconds */

/* One module instance is one host: these are the only globals of the core. */
static struct {
    clasp_outbox outbox;
    uint8_t *inbox; /* given by malloc */
    uint32_t inbox_cap;
    clasp_random random;
    bool is_seeded;
} door;

uint32_t clasp_abi_version(void) { return CLASP_ABI_VERSION; }

void clasp_seed(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    clasp_random_seed2(&door.random, (uint64_t)a << 32 | b, (uint64_t)c << 32 | d);
    door.is_seeded = true;
}

uint8_t *clasp_inbox(uint32_t len) {
    if (len > CLASP_INBOX_MAX) {
        return NULL;
    }
    if (len > door.inbox_cap || !door.inbox) {
        const uint32_t cap = len < INBOX_FIRST ? INBOX_FIRST : len;
        uint8_t *bigger = realloc(door.inbox, cap);
        if (!bigger) {
            return NULL;
        }
        door.inbox = bigger;
        door.inbox_cap = cap;
    }
    return door.inbox;
}

const clasp_effect *clasp_outbox_effects(void) { return door.outbox.effects; }

uint32_t clasp_outbox_count(void) { return door.outbox.count; }

const uint8_t *clasp_outbox_data(void) { return door.outbox.bytes; }

int32_t clasp_outbox_done(void) {
    const clasp_err err = door.outbox.err;
    clasp_outbox_clear(&door.outbox);
    return err;
}

clasp_outbox *clasp_door_outbox(void) { return &door.outbox; }

clasp_span clasp_door_inbox(uint32_t len) {
    return len <= door.inbox_cap ? (clasp_span){door.inbox, len} : (clasp_span){NULL, 0};
}

bool clasp_door_is_seeded(void) { return door.is_seeded; }

uint64_t clasp_door_random(void) { return clasp_random_next(&door.random); }

double clasp_door_deadline(uint64_t deadline_us) {
    return deadline_us == UINT64_MAX ? INFINITY : (double)deadline_us;
}

uint64_t clasp_door_time(double now_us) { return now_us > 0 && now_us < TIME_MAX ? (uint64_t)now_us : 0; }
