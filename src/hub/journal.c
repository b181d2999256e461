#include "hub/journal.h"

#include <stdlib.h>

#define FIRST_BYTES 16384u
#define FIRST_ENTRIES 64u

void clasp_hub_journal_init(clasp_hub_journal *journal, uint32_t max_bytes, uint32_t max_entries,
                            uint64_t age_us) {
    *journal = (clasp_hub_journal){.max_bytes = max_bytes, .max_entries = max_entries, .age_us = age_us};
}

void clasp_hub_journal_deinit(clasp_hub_journal *journal) {
    free(journal->bytes);
    free(journal->entries);
    *journal = (clasp_hub_journal){0};
}

/* ---- the oldest entries -------------------------------------------------------------------------------------- */

static void drop_oldest(clasp_hub_journal *journal) {
    journal->payload_bytes -= clasp_hub_journal_at(journal, 0)->len;
    journal->first = (journal->first + 1) % journal->entries_cap;
    journal->count--;
}

void clasp_hub_journal_expire(clasp_hub_journal *journal, uint64_t now_us) {
    while (journal->count > 0 && clasp_hub_journal_at(journal, 0)->time_us + journal->age_us <= now_us) {
        drop_oldest(journal);
    }
}

/* ---- room ---------------------------------------------------------------------------------------------------- */

/* Twice as much as now, at least `need`, at most `most`. */
static uint32_t larger(uint32_t now, uint32_t need, uint32_t most) {
    const uint32_t twice = now < most / 2 ? now * 2 : most;
    return twice < need ? need : twice;
}

/* A larger ring of entries, from its beginning on. False: as large as it may be, or no memory. */
static bool grow_entries(clasp_hub_journal *journal) {
    const uint32_t first = FIRST_ENTRIES < journal->max_entries ? FIRST_ENTRIES : journal->max_entries;
    const uint32_t cap = larger(journal->entries_cap, first, journal->max_entries);
    clasp_hub_entry *entries = cap > journal->entries_cap ? malloc(cap * sizeof *entries) : NULL;
    if (!entries) {
        return false;
    }
    for (uint32_t n = 0; n < journal->count; n++) {
        entries[n] = *clasp_hub_journal_at(journal, n);
    }
    free(journal->entries);
    journal->entries = entries;
    journal->entries_cap = cap;
    journal->first = 0;
    return true;
}

/* The same for the payloads, so that `len` more fit if they may. */
static bool grow_bytes(clasp_hub_journal *journal, uint32_t len) {
    if (journal->bytes_cap == journal->max_bytes) {
        return false;
    }
    const uint64_t need = (uint64_t)journal->payload_bytes + len;
    const uint64_t least = need > FIRST_BYTES ? need : FIRST_BYTES;
    const uint32_t cap =
        larger(journal->bytes_cap, least < journal->max_bytes ? (uint32_t)least : journal->max_bytes,
               journal->max_bytes);
    uint8_t *bytes = malloc(cap);
    if (!bytes) {
        return false;
    }
    uint32_t used = 0;
    for (uint32_t n = 0; n < journal->count; n++) {
        clasp_hub_entry *entry = &journal->entries[(journal->first + n) % journal->entries_cap];
        memcpy(bytes + used, journal->bytes + entry->at, entry->len);
        entry->at = used;
        used += entry->len;
    }
    free(journal->bytes);
    journal->bytes = bytes;
    journal->bytes_cap = cap;
    return true;
}

/* Where a payload fits in one piece: behind the newest one, or before the oldest. False: nowhere. */
static bool find_room(const clasp_hub_journal *journal, uint32_t len, uint32_t *at) {
    if (journal->count == 0) {
        *at = 0;
        return len <= journal->bytes_cap;
    }
    const uint32_t tail = clasp_hub_journal_at(journal, 0)->at;
    const clasp_hub_entry *newest = clasp_hub_journal_at(journal, journal->count - 1);
    const uint32_t head = newest->at + newest->len;
    const uint32_t end = newest->at >= tail ? journal->bytes_cap : tail;
    if (len <= end - head) {
        *at = head;
        return true;
    }
    *at = 0;
    return newest->at >= tail && len <= tail;
}

static bool make_room(clasp_hub_journal *journal, uint32_t len, uint32_t *at) {
    if (len > journal->bytes_cap && !grow_bytes(journal, len)) {
        return false; /* before anything is dropped for it */
    }
    while (journal->count == journal->entries_cap && !grow_entries(journal)) {
        if (journal->count == 0) {
            return false; /* not even the first ones */
        }
        drop_oldest(journal);
    }
    while (!find_room(journal, len, at)) {
        if (!grow_bytes(journal, len)) {
            drop_oldest(journal); /* at the latest, the empty ring takes it */
        }
    }
    return true;
}

/* ---- entries ------------------------------------------------------------------------------------------------- */

void clasp_hub_journal_add(clasp_hub_journal *journal, const clasp_hub_record *record, uint64_t now_us) {
    const uint32_t len = record->payload.len;
    clasp_hub_journal_expire(journal, now_us);
    uint32_t at;
    if (len > journal->max_bytes || !make_room(journal, len, &at)) {
        return;
    }
    journal->last_us = now_us > journal->last_us ? now_us : journal->last_us + 1;
    memcpy(journal->bytes + at, record->payload.at, len);
    journal->entries[(journal->first + journal->count++) % journal->entries_cap] = (clasp_hub_entry){
        .time_us = journal->last_us,
        .at = at,
        .len = len,
        .address_len = (uint16_t)record->address_len,
        .type_bit = record->type_bit,
        .qos = record->qos,
    };
    journal->payload_bytes += len;
}

uint32_t clasp_hub_journal_since(const clasp_hub_journal *journal, uint64_t time_us) {
    uint32_t low = 0, high = journal->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (clasp_hub_journal_at(journal, middle)->time_us < time_us) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}
