/** A string that its holder owns. */
#ifndef CLASP_BASE_TEXT_H
#define CLASP_BASE_TEXT_H

#include <stdlib.h>

#include "base/bytes.h"

/** Zero-initialised: empty. End with clasp_text_clear(). */
typedef struct clasp_text {
    uint8_t *at; /* given by malloc; NULL when empty */
    uint32_t len;
} clasp_text;

static inline void clasp_text_clear(clasp_text *text) {
    free(text->at);
    *text = (clasp_text){NULL, 0};
}

/** Replace the content by a copy of `from`; false, and nothing has changed, when there is no memory. */
static inline bool clasp_text_set(clasp_text *text, clasp_span from) {
    uint8_t *copy = NULL;
    if (from.len > 0) {
        copy = malloc(from.len);
        if (!copy) {
            return false;
        }
        memcpy(copy, from.at, from.len);
    }
    free(text->at);
    *text = (clasp_text){copy, from.len};
    return true;
}

/** The content, lent until the text changes. */
static inline clasp_span clasp_text_span(const clasp_text *text) { return (clasp_span){text->at, text->len}; }

#endif
