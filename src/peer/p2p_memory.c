#include "peer/p2p_memory.h"

/* ---- SipHash-2-4 (Aumasson, Bernstein 2012) ------------------------------------------------------------------ */

typedef struct sip {
    uint64_t v[4];
    uint64_t word; /* bytes that do not make a word yet, the first one lowest */
    uint64_t len;  /* bytes taken in */
} sip;

static uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

static void round_of(uint64_t v[4]) {
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static sip sip_begin(uint64_t k0, uint64_t k1) {
    return (sip){{k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                  k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)},
                 0,
                 0};
}

static void sip_word(sip *s, uint64_t word) {
    s->v[3] ^= word;
    round_of(s->v);
    round_of(s->v);
    s->v[0] ^= word;
}

static void sip_byte(sip *s, uint8_t byte) {
    s->word |= (uint64_t)byte << (s->len % 8 * 8);
    if (++s->len % 8 == 0) {
        sip_word(s, s->word);
        s->word = 0;
    }
}

static void sip_texts(sip *s, const clasp_span *texts, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (int shift = 0; shift < 32; shift += 8) {
            sip_byte(s, (uint8_t)(texts[i].len >> shift));
        }
        for (uint32_t at = 0; at < texts[i].len; at++) {
            sip_byte(s, texts[i].at[at]);
        }
    }
}

static uint64_t sip_end(sip *s) {
    sip_word(s, s->word | s->len << 56);
    s->v[2] ^= 0xFF;
    for (int i = 0; i < 4; i++) {
        round_of(s->v);
    }
    return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

static uint64_t load_little(const uint8_t *p) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) {
        word |= (uint64_t)p[i] << (8 * i);
    }
    return word;
}

uint64_t p2p_siphash(const uint8_t key[16], const clasp_span *texts, uint32_t count) {
    sip s = sip_begin(load_little(key), load_little(key + 8));
    sip_texts(&s, texts, count);
    return sip_end(&s);
}

/* ---- rings --------------------------------------------------------------------------------------------------- */

uint64_t p2p_memory_key(uint64_t seed, const clasp_span *texts, uint32_t count) {
    sip s = sip_begin(seed, ~seed);
    sip_texts(&s, texts, count);
    return sip_end(&s);
}

bool p2p_memory_has(const p2p_memory *memory, uint64_t key, uint64_t now_us, uint32_t *note) {
    for (uint32_t i = 0; i < memory->cap; i++) {
        const p2p_memory_entry *entry = &memory->entries[i];
        if (entry->key == key && entry->until_us > now_us) {
            if (note) {
                *note = entry->note;
            }
            return true;
        }
    }
    return false;
}

void p2p_memory_add(p2p_memory *memory, uint64_t key, uint32_t note, uint64_t until_us) {
    memory->entries[memory->next] = (p2p_memory_entry){key, until_us, note};
    memory->next = (memory->next + 1) % memory->cap;
}
