/**
 * Short texts that come again and again, by id: addresses, keys and words of values that were decoded.
 *
 * A cache of four places for each hash: a text goes to the oldest one. Memory is fixed, a look-up looks at four places, and
 * the worst that hostile texts can do is that nothing is found. Places used in the present round are not given to another
 * text: what the round has named stays true until it is over.
 */
#ifndef CLASP_CODEC_TEXTS_H
#define CLASP_CODEC_TEXTS_H

#include "base/bytes.h"
#include "route/hash.h"
#include "wire/value.h"

#define CLASP_TEXT_MAX 50u    /* bytes; a longer text has no id */
#define CLASP_TEXT_SETS 2048u /* a power of two */
#define CLASP_TEXT_WAYS 4u    /* places of each */
#define CLASP_TEXT_COUNT (CLASP_TEXT_WAYS * CLASP_TEXT_SETS)

/** One place: a cache line. The host reads it when it is fresh. */
typedef struct clasp_text {
    uint32_t hash;
    uint32_t round; /* of its last use; 0: never used */
    uint32_t next;  /* id + 1 of the text that came after it the last time; 0: none */
    uint8_t len;
    uint8_t is_ascii;
    uint8_t bytes[CLASP_TEXT_MAX];
} clasp_text;
_Static_assert(sizeof(clasp_text) == 64, "the glue reads this layout");

typedef struct clasp_texts {
    clasp_text places[CLASP_TEXT_COUNT];
    uint32_t fresh[CLASP_TEXT_COUNT]; /* ids that mean another text since this round began */
    uint32_t fresh_count;
    uint32_t round;
    uint32_t last_address; /* id + 1 of the address before; 0: none, or it has no id */
    uint32_t last_word;    /* of the text before that is no address */
} clasp_texts;

/** True if a text is all ASCII: the host has a shorter way for these. */
static inline bool clasp_is_ascii(clasp_span text) {
    uint8_t seen = 0;
    for (uint32_t i = 0; i < text.len; i++) {
        seen |= text.at[i];
    }
    return seen < 0x80;
}

/** Begin a round: a text found from here on keeps its id until the next one begins. */
static inline void clasp_texts_begin(clasp_texts *texts) {
    texts->round += texts->round == UINT32_MAX ? 2 : 1; /* never 0 */
    texts->fresh_count = 0;
}

/** The first place of a hash. */
static inline clasp_text *clasp_texts_set(clasp_texts *texts, uint32_t hash) {
    return &texts->places[(size_t)CLASP_TEXT_WAYS * (hash & (CLASP_TEXT_SETS - 1))];
}

static inline bool clasp_text_is(const clasp_text *place, clasp_span text) {
    return place->len == text.len && place->round != 0 && clasp_same_bytes(place->bytes, text.at, text.len);
}

/* Note that a place was used, behind the one before. */
static inline uint32_t clasp_texts_use(clasp_texts *texts, uint32_t *last, clasp_text *place) {
    place->round = texts->round;
    return *last = (uint32_t)(place - texts->places) + 1;
}

/* The rest of clasp_texts_id(): by the hash. */
bool clasp_texts_look_up(clasp_texts *texts, uint32_t *last, clasp_span text, uint32_t *id);

/**
 * The id of a text, + 1, given to it now if need be; 0: it is too long, or there is no place. Messages of one kind name the same
 * texts one after the other, so the one that followed the last time is looked at first: that needs no hash. What has an id was
 * checked before.
 *
 * @param last id + 1 of the text before this one: `last_address` or `last_word` of `texts`
 * @return false: the text is no well-formed UTF-8
 */
static inline bool clasp_texts_id(clasp_texts *texts, uint32_t *last, clasp_span text, uint32_t *id) {
    const uint32_t next = *last ? texts->places[*last - 1].next : 0;
    if (next == 0 || !clasp_text_is(&texts->places[next - 1], text)) {
        return clasp_texts_look_up(texts, last, text, id);
    }
    *id = clasp_texts_use(texts, last, &texts->places[next - 1]);
    return true;
}

#endif
