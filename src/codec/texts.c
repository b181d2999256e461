#include "codec/texts.h"

uint32_t clasp_texts_add(clasp_texts *texts, clasp_span text, uint32_t hash) {
    clasp_text *place = clasp_texts_set(texts, hash);
    for (clasp_text *other = place + 1; other < clasp_texts_set(texts, hash) + CLASP_TEXT_WAYS; other++) {
        /* Rounds since the last use; a place never used is the oldest. */
        place = texts->round - other->round > texts->round - place->round ? other : place;
    }
    if (place->round == texts->round) {
        return 0;
    }
    place->hash = hash;
    place->round = texts->round;
    place->next = 0;
    place->len = (uint8_t)text.len;
    place->is_ascii = clasp_is_ascii(text);
    memcpy(place->bytes, text.at, text.len);
    const uint32_t id = (uint32_t)(place - texts->places);
    texts->fresh[texts->fresh_count++] = id;
    texts->last = id + 1;
    return id + 1;
}
