#include "base/outbox.h"

#include <stdlib.h>

#include "base/limits.h"

#define ALIGNMENT 8u /* bytes: lists of u32 inside the bytes are read through typed arrays */

void clasp_outbox_deinit(clasp_outbox *out) {
    free(out->effects);
    free(out->bytes);
    *out = (clasp_outbox){0};
}

void clasp_outbox_clear(clasp_outbox *out) {
    out->count = 0;
    out->len = 0;
    out->err = CLASP_OK;
    if (out->bytes_cap > CLASP_OUTBOX_KEEP) {
        free(out->bytes);
        out->bytes = NULL;
        out->bytes_cap = 0;
    }
}

static void *grow(void *block, uint32_t *cap, uint32_t need, uint32_t first, size_t unit) {
    uint32_t next = *cap ? *cap : first;
    while (next < need) {
        next *= 2;
    }
    void *bigger = realloc(block, next * unit);
    if (bigger) {
        *cap = next;
    }
    return bigger;
}

static bool reserve(clasp_outbox *out, uint32_t len) {
    if (out->count == out->cap) {
        void *effects = grow(out->effects, &out->cap, out->count + 1, 16, sizeof *out->effects);
        if (!effects) {
            return false;
        }
        out->effects = effects;
    }
    if (!out->bytes || len > out->bytes_cap - out->len) {
        void *bytes = grow(out->bytes, &out->bytes_cap, out->len + len, 4096, 1);
        if (!bytes) {
            return false;
        }
        out->bytes = bytes;
    }
    return true;
}

static void copy(uint8_t *to, clasp_span from) {
    if (from.at && from.len > 0) {
        memcpy(to, from.at, from.len);
    }
}

clasp_effect *clasp_outbox_add2(clasp_outbox *out, clasp_effect_kind kind, uint32_t owner, uint32_t a,
                                uint32_t b, clasp_span first, clasp_span second) {
    const uint64_t padded = ((uint64_t)first.len + second.len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (padded > CLASP_OUTBOX_MAX - out->len) {
        out->err = CLASP_TOO_LARGE;
        return NULL;
    }
    if (!reserve(out, (uint32_t)padded)) {
        out->err = CLASP_NO_MEMORY;
        return NULL;
    }
    clasp_effect *effect = &out->effects[out->count++];
    *effect = (clasp_effect){.kind = (uint32_t)kind, .owner = owner, .a = a, .b = b, .at = out->len};
    effect->len = first.len + second.len;
    copy(out->bytes + out->len, first);
    copy(out->bytes + out->len + first.len, second);
    memset(out->bytes + out->len + effect->len, 0,
           (size_t)(padded - effect->len)); /* same input, same bytes out */
    out->len += (uint32_t)padded;
    return effect;
}

clasp_effect *clasp_outbox_add(clasp_outbox *out, clasp_effect_kind kind, uint32_t owner, uint32_t a,
                               uint32_t b, clasp_span bytes) {
    return clasp_outbox_add2(out, kind, owner, a, b, bytes, (clasp_span){NULL, 0});
}
