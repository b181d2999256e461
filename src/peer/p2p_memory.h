/** Short memories: hashes of what was seen, each for a time, in a ring whose oldest goes first. */
#ifndef CLASP_PEER_P2P_MEMORY_H
#define CLASP_PEER_P2P_MEMORY_H

#include "base/bytes.h"

typedef struct p2p_memory_entry {
    uint64_t key;
    uint64_t until_us;
    uint32_t note; /* the caller's */
} p2p_memory_entry;

/** A ring in the caller's storage. */
typedef struct p2p_memory {
    p2p_memory_entry *entries;
    uint32_t cap, next;
} p2p_memory;

/** 64 bits over several texts, each with its length, and a seed: SipHash's key halves are `seed` and its complement. */
uint64_t p2p_memory_key(uint64_t seed, const clasp_span *texts, uint32_t count);

/** Known, and not for too long? `note`, when not NULL, is then set. */
bool p2p_memory_has(const p2p_memory *memory, uint64_t key, uint64_t now_us, uint32_t *note);

void p2p_memory_add(p2p_memory *memory, uint64_t key, uint32_t note, uint64_t until_us);

/** SipHash-2-4 of texts, each with its length, under a key of 16 bytes: the proof that its writer knows the key. */
uint64_t p2p_siphash(const uint8_t key[16], const clasp_span *texts, uint32_t count);

#endif
