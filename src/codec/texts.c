#include "codec/texts.h"

/* Put a text into a place of its hash. @return its id + 1; 0: all of them are in use in this round */
static uint32_t add(clasp_texts *texts, uint32_t *last, clasp_span text, uint32_t hash) {
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
    texts->fresh[texts->fresh_count++] = (uint32_t)(place - texts->places);
    return clasp_texts_use(texts, last, place);
}

/* The place of a text that has one. */
static clasp_text *find(clasp_texts *texts, clasp_span text, uint32_t hash) {
    clasp_text *place = clasp_texts_set(texts, hash);
    for (uint32_t way = 0; way < CLASP_TEXT_WAYS; way++, place++) {
        if (place->hash == hash && clasp_text_is(place, text)) {
            return place;
        }
    }
    return NULL;
}

bool clasp_texts_look_up(clasp_texts *texts, uint32_t *last, clasp_span text, uint32_t *id) {
    clasp_text *before = *last ? &texts->places[*last - 1] : NULL;
    *id = *last = 0;
    if (text.len > CLASP_TEXT_MAX) {
        return clasp_utf8_check(text);
    }
    const uint32_t hash = clasp_hash(0, text);
    clasp_text *place = find(texts, text, hash);
    if (!place && !clasp_utf8_check(text)) {
        return false;
    }
    *id = place ? clasp_texts_use(texts, last, place) : add(texts, last, text, hash);
    if (before && place) {
        before->next = *id;
    }
    return true;
}
