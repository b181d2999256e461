#include "hub/sessions.h"

#include <stdlib.h>

#include "base/limits.h"

/* A handle: generation << 16 | slot. 15 bits of generation, so that handles are positive as int32, and never 0. */
#define SLOT_MASK 0xFFFFu
#define GENERATION_STEP 0x10000u
#define GENERATION_LAST 0x7FFFu

/* How long a session of each phase may stay without a message, in us. */
static const uint64_t PATIENCE[2] = {
    [CLASP_HUB_GREETING] = CLASP_HUB_HELLO_US,
    [CLASP_HUB_OPEN] = CLASP_HUB_SILENCE_US,
};

static uint32_t next_handle(uint32_t handle) {
    return handle >> 16 < GENERATION_LAST ? handle + GENERATION_STEP : GENERATION_STEP | (handle & SLOT_MASK);
}

bool clasp_hub_sessions_init(clasp_hub_sessions *sessions, uint32_t cap) {
    uint32_t buckets = 16;
    while (buckets < cap) {
        buckets *= 2;
    }
    *sessions = (clasp_hub_sessions){.cap = cap, .bucket_mask = buckets - 1, .free = CLASP_HUB_NONE};
    sessions->slots = calloc(cap, sizeof *sessions->slots);
    sessions->buckets = malloc(buckets * sizeof *sessions->buckets);
    if (!sessions->slots || !sessions->buckets) {
        return false;
    }
    for (uint32_t i = 0; i < buckets; i++) {
        sessions->buckets[i] = CLASP_HUB_NONE;
    }
    for (uint32_t slot = cap; slot-- > 0;) {
        sessions->slots[slot] =
            (clasp_hub_session){.phase = CLASP_HUB_FREE, .handle = slot, .newer = sessions->free};
        sessions->free = slot;
    }
    for (int phase = 0; phase < 2; phase++) {
        sessions->oldest[phase] = sessions->newest[phase] = CLASP_HUB_NONE;
    }
    return true;
}

void clasp_hub_sessions_deinit(clasp_hub_sessions *sessions) {
    free(sessions->slots);
    free(sessions->buckets);
    *sessions = (clasp_hub_sessions){0};
}

/* ---- the queues ---------------------------------------------------------------------------------------------- */

static void enqueue(clasp_hub_sessions *s, clasp_hub_session *session, clasp_hub_phase phase) {
    const uint32_t slot = clasp_hub_slot(s, session);
    session->phase = (uint8_t)phase;
    session->older = s->newest[phase];
    session->newer = CLASP_HUB_NONE;
    if (session->older != CLASP_HUB_NONE) {
        s->slots[session->older].newer = slot;
    } else {
        s->oldest[phase] = slot;
    }
    s->newest[phase] = slot;
}

static void dequeue(clasp_hub_sessions *s, clasp_hub_session *session) {
    if (session->older != CLASP_HUB_NONE) {
        s->slots[session->older].newer = session->newer;
    } else {
        s->oldest[session->phase] = session->newer;
    }
    if (session->newer != CLASP_HUB_NONE) {
        s->slots[session->newer].older = session->older;
    } else {
        s->newest[session->phase] = session->older;
    }
}

/* ---- the id index -------------------------------------------------------------------------------------------- */

/* Ids are random: their first hexadecimal digits are as good as a hash. */
static uint32_t *bucket_of(const clasp_hub_sessions *s, const char *id) {
    uint32_t hash = 0;
    for (unsigned i = 0; i < 8; i++) {
        hash = hash << 4 | (uint32_t)((id[i] & 0x0F) + (id[i] >> 6) * 9);
    }
    return &s->buckets[hash & s->bucket_mask];
}

static void index_add(clasp_hub_sessions *s, clasp_hub_session *session) {
    uint32_t *bucket = bucket_of(s, session->id);
    session->same_hash = *bucket;
    *bucket = clasp_hub_slot(s, session);
}

static void index_remove(clasp_hub_sessions *s, const clasp_hub_session *session) {
    uint32_t *link = bucket_of(s, session->id);
    while (*link != clasp_hub_slot(s, session)) {
        link = &s->slots[*link].same_hash;
    }
    *link = session->same_hash;
}

clasp_hub_session *clasp_hub_sessions_by_id(const clasp_hub_sessions *sessions, clasp_span id) {
    if (id.len != CLASP_UUID_LEN) {
        return NULL;
    }
    uint32_t slot = *bucket_of(sessions, (const char *)id.at);
    while (slot != CLASP_HUB_NONE && memcmp(sessions->slots[slot].id, id.at, id.len) != 0) {
        slot = sessions->slots[slot].same_hash;
    }
    return slot != CLASP_HUB_NONE ? &sessions->slots[slot] : NULL;
}

/* ---- coming and going ---------------------------------------------------------------------------------------- */

clasp_hub_session *clasp_hub_sessions_add(clasp_hub_sessions *sessions, uint64_t now_us) {
    if (sessions->free == CLASP_HUB_NONE) {
        return NULL;
    }
    clasp_hub_session *session = &sessions->slots[sessions->free];
    sessions->free = session->newer;
    *session = (clasp_hub_session){.handle = next_handle(session->handle),
                                   .first_sub = CLASP_HUB_NONE,
                                   .last_us = now_us,
                                   .allowance = {.left = -1}};
    enqueue(sessions, session, CLASP_HUB_GREETING);
    return session;
}

void clasp_hub_sessions_remove(clasp_hub_sessions *sessions, clasp_hub_session *session) {
    dequeue(sessions, session);
    if (session->phase == CLASP_HUB_OPEN) {
        index_remove(sessions, session);
        sessions->open_count--;
    }
    session->phase = CLASP_HUB_FREE;
    session->newer = sessions->free;
    sessions->free = clasp_hub_slot(sessions, session);
}

clasp_hub_session *clasp_hub_sessions_waiting(const clasp_hub_sessions *sessions) {
    const uint32_t slot = sessions->oldest[CLASP_HUB_GREETING];
    return slot != CLASP_HUB_NONE ? &sessions->slots[slot] : NULL;
}

clasp_hub_session *clasp_hub_sessions_find(const clasp_hub_sessions *sessions, uint32_t handle) {
    const uint32_t slot = handle & SLOT_MASK;
    if (slot >= sessions->cap) {
        return NULL;
    }
    clasp_hub_session *session = &sessions->slots[slot];
    return session->handle == handle && session->phase != CLASP_HUB_FREE ? session : NULL;
}

void clasp_hub_sessions_open(clasp_hub_sessions *sessions, clasp_hub_session *session, clasp_random *random) {
    if (session->phase == CLASP_HUB_OPEN) {
        index_remove(sessions, session);
    } else {
        sessions->open_count++;
    }
    clasp_random_uuid(random, session->id);
    index_add(sessions, session);
    dequeue(sessions, session);
    enqueue(sessions, session, CLASP_HUB_OPEN);
}

void clasp_hub_sessions_touch(clasp_hub_sessions *sessions, clasp_hub_session *session, uint64_t now_us) {
    session->last_us = now_us;
    dequeue(sessions, session);
    enqueue(sessions, session, CLASP_HUB_OPEN);
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

static uint64_t deadline_of(const clasp_hub_sessions *sessions, int phase) {
    const uint32_t slot = sessions->oldest[phase];
    return slot != CLASP_HUB_NONE ? sessions->slots[slot].last_us + PATIENCE[phase] : UINT64_MAX;
}

uint64_t clasp_hub_sessions_deadline(const clasp_hub_sessions *sessions) {
    const uint64_t greeting = deadline_of(sessions, CLASP_HUB_GREETING);
    const uint64_t open = deadline_of(sessions, CLASP_HUB_OPEN);
    return greeting < open ? greeting : open;
}

clasp_hub_session *clasp_hub_sessions_overdue(const clasp_hub_sessions *sessions, uint64_t now_us) {
    for (int phase = 0; phase < 2; phase++) {
        if (deadline_of(sessions, phase) <= now_us) {
            return &sessions->slots[sessions->oldest[phase]];
        }
    }
    return NULL;
}

bool clasp_hub_spend(clasp_hub_allowance *allowance, uint32_t count, uint32_t per_second, uint64_t now_us) {
    const uint64_t elapsed_us = now_us > allowance->as_of_us ? now_us - allowance->as_of_us : 0;
    const double refilled = allowance->left + (double)elapsed_us * per_second / 1e6;
    const bool is_full = allowance->left < 0 || refilled > per_second;
    allowance->left = is_full ? per_second : refilled;
    allowance->as_of_us = now_us;
    const uint32_t price =
        count < per_second ? count : per_second; /* one message, however large, passes in time */
    if (allowance->left < price) {
        return false;
    }
    allowance->left -= price;
    return true;
}

void clasp_hub_session_charge(clasp_hub_session *session, uint32_t count) {
    double *left = &session->allowance.left;
    *left -= *left < count ? *left : count;
}
