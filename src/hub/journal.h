/**
 * The journal of a hub: the latest SETs and PUBLISHes as they went to subscribers, for REPLAY and for the history of a new
 * subscription. A ring, bounded in bytes, in entries and in age: the oldest ones make room. For src/hub/ only.
 */
#ifndef CLASP_HUB_JOURNAL_H
#define CLASP_HUB_JOURNAL_H

#include "wire/message.h"

/** One message. */
typedef struct clasp_hub_entry {
    uint64_t
        time_us; /* the relay's clock when it was accepted; every entry has a later one than that before it */
    uint32_t at, len; /* its payload in the ring */
    uint16_t address_len;
    uint8_t type_bit; /* CLASP_TYPE_* */
    uint8_t qos;      /* clasp_qos */
} clasp_hub_entry;

typedef struct clasp_hub_journal {
    uint8_t *bytes;           /* the payloads, each in one piece; given by malloc; grows to `max_bytes` */
    clasp_hub_entry *entries; /* a ring of `entries_cap`; given by malloc; grows to `max_entries` */
    uint32_t bytes_cap, entries_cap;
    uint32_t first, count; /* of the entries; the first is the oldest */
    uint32_t payload_bytes;
    uint32_t max_bytes, max_entries; /* 0 bytes: nothing is kept */
    uint64_t age_us, last_us;        /* how long an entry is kept; the time of the newest one ever */
} clasp_hub_journal;

/** Takes no memory before the first entry. */
void clasp_hub_journal_init(clasp_hub_journal *journal, uint32_t max_bytes, uint32_t max_entries,
                            uint64_t age_us);
void clasp_hub_journal_deinit(clasp_hub_journal *journal);

/** A message to keep; the payload is borrowed and copied. */
typedef struct clasp_hub_record {
    clasp_span payload; /* of a SET or PUBLISH, as clasp_message_write() made it */
    uint32_t address_len;
    uint8_t type_bit;
    uint8_t qos;
} clasp_hub_record;

/**
 * Keep a message; the oldest ones go while there is no room. One that is larger than the whole journal, or for which there is
 * no memory at all, is not kept.
 */
void clasp_hub_journal_add(clasp_hub_journal *journal, const clasp_hub_record *record, uint64_t now_us);

/** Drop what is older than the journal keeps. */
void clasp_hub_journal_expire(clasp_hub_journal *journal, uint64_t now_us);

/** The number of the first entry that is not older than `time_us`; `count` when there is none. */
uint32_t clasp_hub_journal_since(const clasp_hub_journal *journal, uint64_t time_us);

/** The n-th entry, 0 the oldest, below `count`. Lent until the journal changes. */
static inline const clasp_hub_entry *clasp_hub_journal_at(const clasp_hub_journal *journal, uint32_t n) {
    return &journal->entries[(journal->first + n) % journal->entries_cap];
}

/** The message of an entry, and its address. Lent until the journal changes. */
static inline clasp_span clasp_hub_entry_payload(const clasp_hub_journal *journal,
                                                 const clasp_hub_entry *entry) {
    return (clasp_span){journal->bytes + entry->at, entry->len};
}

static inline clasp_span clasp_hub_entry_address(const clasp_hub_journal *journal,
                                                 const clasp_hub_entry *entry) {
    /* SET and PUBLISH begin alike: type, flags, length of the address, address */
    return (clasp_span){journal->bytes + entry->at + 4, entry->address_len};
}

#endif
