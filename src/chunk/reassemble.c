#include "chunk/reassemble.h"

#include "chunk/crc32c.h"

#define NEVER UINT64_MAX

_Static_assert(CLASP_CHUNK_SLOTS == CLASP_PRIORITIES * CLASP_CHUNK_ABREAST,
               "what a sender may have under way fits");
_Static_assert(CLASP_CHUNK_DECLARED == CLASP_PRIORITIES * CLASP_CHUNK_MAX_LEN, "and so do its bytes");
_Static_assert(CLASP_CHUNK_PIECES <= 1u << 16, "clasp_parts counts in 16 bits");

static bool is_used(const clasp_chunk_slot *slot) { return slot->parts.count > 0; }

void clasp_reassembler_init(clasp_reassembler *r, uint32_t max_len) {
    const bool is_less = max_len > 0 && max_len < CLASP_CHUNK_MAX_LEN;
    *r = (clasp_reassembler){.max_len = is_less ? max_len : CLASP_CHUNK_MAX_LEN};
}

void clasp_reassembler_clear(clasp_reassembler *r) {
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        clasp_parts_clear(&r->slots[i].parts);
    }
    clasp_reassembler_init(r, r->max_len);
}

static clasp_chunk_slot *find(clasp_reassembler *r, uint32_t message) {
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        if (is_used(&r->slots[i]) && r->slots[i].message == message) {
            return &r->slots[i];
        }
    }
    return NULL;
}

/* ---- messages that are over ---------------------------------------------------------------------------------- */

static bool is_finished(const clasp_reassembler *r, uint32_t message) {
    const uint32_t known = r->is_ring_full ? CLASP_CHUNK_FINISHED : r->finished_next;
    for (uint32_t i = 0; i < known; i++) {
        if (r->finished[i] == message) {
            return true;
        }
    }
    return false;
}

static void finish(clasp_reassembler *r, clasp_chunk_slot *slot) {
    r->finished[r->finished_next++] = slot->message;
    if (r->finished_next == CLASP_CHUNK_FINISHED) {
        r->finished_next = 0;
        r->is_ring_full = true;
    }
    clasp_parts_clear(&slot->parts);
}

/* At most one for each slot in one call: a message that its last piece completes needs no room. */
static void lose(clasp_reassembler *r, clasp_chunk_slot *slot, clasp_err cause) {
    r->lost[r->lost_count++] = (clasp_chunk_lost){slot->message, slot->parts.total, slot->parts.bytes, cause};
    finish(r, slot);
}

const clasp_chunk_lost *clasp_reassembler_lost(const clasp_reassembler *r, uint32_t *count) {
    *count = r->lost_count;
    return r->lost;
}

void clasp_reassembler_drop(clasp_reassembler *r, uint32_t message) {
    clasp_chunk_slot *slot = find(r, message);
    if (slot) {
        finish(r, slot);
    }
}

/* ---- room for another one ------------------------------------------------------------------------------------ */

/* Is there room beside the messages that had a new piece after `since_us`? (0: beside all of them.) */
static bool has_room(const clasp_reassembler *r, uint32_t total, uint64_t since_us) {
    uint64_t declared = total;
    uint32_t count = 1;
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        const clasp_chunk_slot *slot = &r->slots[i];
        if (is_used(slot) && slot->last_us >= since_us) {
            declared += slot->parts.total;
            count++;
        }
    }
    return count <= CLASP_CHUNK_SLOTS && declared <= CLASP_PRIORITIES * (uint64_t)r->max_len;
}

static clasp_chunk_slot *stalest(clasp_reassembler *r) {
    clasp_chunk_slot *found = NULL;
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        clasp_chunk_slot *slot = &r->slots[i];
        if (is_used(slot) && (!found || slot->last_us < found->last_us)) {
            found = slot;
        }
    }
    return found;
}

/* A free slot, when there is room beside those that are not stale; the stalest ones go for it. */
static clasp_chunk_slot *make_room(clasp_reassembler *r, uint32_t total) {
    while (!has_room(r, total, 0)) {
        lose(r, stalest(r), CLASP_LIMIT);
    }
    clasp_chunk_slot *slot = r->slots;
    while (is_used(slot)) {
        slot++;
    }
    return slot;
}

/* ---- pieces -------------------------------------------------------------------------------------------------- */

/* A piece that was missing until now: add it, and the checksum of what is there without a hole. */
static clasp_err store(clasp_chunk_slot *slot, const clasp_piece *piece, uint64_t now_us) {
    const clasp_err err = clasp_parts_add(&slot->parts, piece->index, piece->bytes);
    if (err < 0) {
        return err;
    }
    if (piece->index * piece->size == slot->crc_len) {
        slot->crc = clasp_crc32c(slot->crc, piece->bytes);
        slot->crc_len += piece->bytes.len;
    }
    if (piece->is_last) {
        slot->checksum = piece->checksum;
    }
    slot->last_us = now_us;
    return err;
}

/* All pieces are here: give the message, if it is the one that was sent. */
static clasp_err complete(clasp_reassembler *r, clasp_chunk_slot *slot, clasp_whole *whole) {
    const clasp_span rest = {slot->parts.cells + slot->crc_len, slot->parts.total - slot->crc_len};
    if (clasp_crc32c(slot->crc, rest) != slot->checksum) {
        lose(r, slot, CLASP_BAD_PIECE);
        return CLASP_MORE;
    }
    *whole = (clasp_whole){clasp_parts_take(&slot->parts), slot->message, slot->priority};
    finish(r, slot);
    return CLASP_OK;
}

static clasp_err add(clasp_reassembler *r, clasp_chunk_slot *slot, const clasp_piece *piece, uint64_t now_us,
                     clasp_whole *whole) {
    if (piece->total != slot->parts.total || piece->size != slot->parts.size) {
        return CLASP_BAD_PIECE;
    }
    if (clasp_parts_has(&slot->parts, piece->index)) {
        return CLASP_MORE;
    }
    const clasp_err err = store(slot, piece, now_us);
    return err == CLASP_OK ? complete(r, slot, whole) : err;
}

/* The first piece of a message: it is stored before others have to go for it, so that a refusal changes nothing. */
static clasp_err begin(clasp_reassembler *r, const clasp_piece *piece, uint64_t now_us, clasp_whole *whole) {
    const uint64_t fresh_since_us = now_us >= CLASP_CHUNK_STALE_US ? now_us - CLASP_CHUNK_STALE_US + 1 : 0;
    if (piece->count > 1 && !has_room(r, piece->total, fresh_since_us)) {
        return CLASP_LIMIT;
    }
    clasp_chunk_slot slot = {.message = piece->message, .priority = piece->priority, .first_us = now_us};
    clasp_err err = clasp_parts_begin(&slot.parts, piece->count, piece->size, piece->total);
    if (err == CLASP_OK) {
        err = store(&slot, piece, now_us);
    }
    if (err == CLASP_MORE) {
        *make_room(r, piece->total) = slot;
    } else if (err == CLASP_OK) {
        err = complete(r, &slot, whole);
    } else {
        clasp_parts_clear(&slot.parts);
    }
    return err;
}

clasp_err clasp_reassembler_accept(clasp_reassembler *r, clasp_span record, uint64_t now_us,
                                   clasp_whole *whole) {
    clasp_piece piece;
    r->lost_count = 0;
    const clasp_err err = clasp_piece_decode(record, &piece);
    if (err != CLASP_OK) {
        return err;
    }
    if (piece.total > r->max_len) {
        return CLASP_TOO_LARGE;
    }
    clasp_chunk_slot *slot = find(r, piece.message);
    if (slot) {
        return add(r, slot, &piece, now_us, whole);
    }
    return is_finished(r, piece.message) ? CLASP_MORE : begin(r, &piece, now_us, whole);
}

uint32_t clasp_reassembler_missing(const clasp_reassembler *r, uint32_t message, clasp_part_range *out,
                                   uint32_t cap) {
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        if (is_used(&r->slots[i]) && r->slots[i].message == message) {
            return clasp_parts_missing(&r->slots[i].parts, out, cap);
        }
    }
    return 0;
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

static uint64_t due(const clasp_chunk_slot *slot) {
    const uint64_t idle = slot->last_us + CLASP_CHUNK_IDLE_US;
    const uint64_t life = slot->first_us + CLASP_CHUNK_LIFE_US;
    return idle < life ? idle : life;
}

uint64_t clasp_reassembler_deadline(const clasp_reassembler *r) {
    uint64_t first = NEVER;
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        const clasp_chunk_slot *slot = &r->slots[i];
        first = is_used(slot) && due(slot) < first ? due(slot) : first;
    }
    return first;
}

void clasp_reassembler_tick(clasp_reassembler *r, uint64_t now_us) {
    r->lost_count = 0;
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        if (is_used(&r->slots[i]) && due(&r->slots[i]) <= now_us) {
            lose(r, &r->slots[i], CLASP_TIMEOUT);
        }
    }
}
