#include "chunk/parts.h"

clasp_err clasp_parts_begin(clasp_parts *parts, uint32_t count, uint32_t size, uint32_t total) {
    *parts = (clasp_parts){.count = count, .size = size, .total = total};
    parts->seen = calloc((count + 7) / 8, 1);
    if (!parts->seen) {
        *parts = (clasp_parts){0};
        return CLASP_NO_MEMORY;
    }
    return CLASP_OK;
}

void clasp_parts_clear(clasp_parts *parts) {
    free(parts->seen);
    free(parts->cells);
    free(parts->places);
    free(parts->tail);
    *parts = (clasp_parts){0};
}

bool clasp_parts_fits(const clasp_parts *parts, uint32_t index, uint32_t len) {
    if (len == 0) {
        return false;
    }
    if (index + 1 < parts->count) {
        return (parts->size == 0 || len == parts->size) && parts->tail_len <= len;
    }
    const uint32_t others = parts->size * (parts->count - 1);
    const bool is_told = parts->total > 0 && (parts->size > 0 || parts->count == 1);
    return is_told ? len == parts->total - others : parts->size == 0 || len <= parts->size;
}

/* Bytes of so many cells; not more than the whole, where that is known. */
static size_t bytes_of(const clasp_parts *parts, uint32_t cells, uint32_t size) {
    const size_t bytes = (size_t)cells * size;
    return parts->total > 0 && bytes > parts->total ? parts->total : bytes;
}

/* Make room for so many cells. When there is no memory, the cells and what is in them stay. */
static bool reserve(clasp_parts *parts, uint32_t needed, uint32_t size) {
    if (needed <= parts->cap) {
        return true;
    }
    uint32_t cap = parts->cap * 2 < parts->count ? parts->cap * 2 : parts->count;
    cap = cap < needed ? needed : cap;
    uint16_t *places = realloc(parts->places, cap * sizeof *places);
    if (!places) {
        return false;
    }
    parts->places = places;
    uint8_t *cells = realloc(parts->cells, bytes_of(parts, cap, size));
    if (!cells) {
        return false;
    }
    parts->cells = cells;
    parts->cap = cap;
    return true;
}

/* The last part, while others are missing: the place of its bytes is not known, and cells are for full parts. */
static bool keep_tail(clasp_parts *parts, clasp_span bytes) {
    parts->tail = malloc(bytes.len);
    if (!parts->tail) {
        return false;
    }
    memcpy(parts->tail, bytes.at, bytes.len);
    parts->tail_len = bytes.len;
    return true;
}

/* Into the next cell; the last part, too, when all others are stored. */
static bool keep_cell(clasp_parts *parts, uint32_t index, clasp_span bytes, bool completes) {
    const bool is_last = index + 1 == parts->count;
    const uint32_t size = is_last && parts->size > 0 ? parts->size : bytes.len;
    if (!reserve(parts, completes ? parts->count : parts->stored + 1, size)) {
        return false;
    }
    if (!is_last) {
        parts->size = size;
    }
    memcpy(parts->cells + (size_t)parts->stored * size, bytes.at, bytes.len);
    parts->places[parts->stored++] = (uint16_t)index;
    return true;
}

static void swap_cells(clasp_parts *parts, uint32_t a, uint32_t b) {
    uint8_t held[512];
    uint8_t *left = parts->cells + (size_t)a * parts->size;
    uint8_t *right = parts->cells + (size_t)b * parts->size;
    for (uint32_t at = 0; at < parts->size; at += (uint32_t)sizeof held) {
        const uint32_t rest = parts->size - at;
        const size_t len = rest < sizeof held ? rest : sizeof held;
        memcpy(held, left + at, len);
        memcpy(left + at, right + at, len);
        memcpy(right + at, held, len);
    }
    const uint16_t place = parts->places[a];
    parts->places[a] = parts->places[b];
    parts->places[b] = place;
}

/* All parts are here. Each swap brings one of them home, so there are fewer swaps than parts. */
static void arrange(clasp_parts *parts) {
    for (uint32_t cell = 0; cell < parts->stored; cell++) {
        while (parts->places[cell] != cell) {
            swap_cells(parts, cell, parts->places[cell]);
        }
    }
    if (parts->tail) {
        memcpy(parts->cells + (size_t)parts->stored * parts->size, parts->tail, parts->tail_len);
    }
    parts->total = parts->bytes;
}

clasp_err clasp_parts_add(clasp_parts *parts, uint32_t index, clasp_span bytes) {
    const bool is_last = index + 1 == parts->count;
    const bool completes = parts->received + 1 == parts->count;
    if (!clasp_parts_fits(parts, index, bytes.len)) {
        return CLASP_BAD_PIECE;
    }
    if (is_last && !completes ? !keep_tail(parts, bytes) : !keep_cell(parts, index, bytes, completes)) {
        return CLASP_NO_MEMORY;
    }
    parts->seen[index / 8] |= (uint8_t)(1u << index % 8);
    parts->received++;
    parts->bytes += bytes.len;
    if (!completes) {
        return CLASP_MORE;
    }
    arrange(parts);
    return CLASP_OK;
}

clasp_text clasp_parts_take(clasp_parts *parts) {
    const clasp_text whole = {parts->cells, parts->total};
    parts->cells = NULL;
    clasp_parts_clear(parts);
    return whole;
}

uint32_t clasp_parts_missing(const clasp_parts *parts, clasp_part_range *out, uint32_t cap) {
    uint32_t written = 0;
    bool in_range = false;
    for (uint32_t index = 0; index < parts->count; index++) {
        if (clasp_parts_has(parts, index)) {
            in_range = false;
        } else if (in_range) {
            out[written - 1].count++;
        } else if (written < cap) {
            out[written++] = (clasp_part_range){index, 1};
            in_range = true;
        } else {
            break;
        }
    }
    return written;
}
