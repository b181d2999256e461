#include "chunk/split.h"

#include "base/limits.h"
#include "chunk/crc32c.h"

clasp_err clasp_split_init(clasp_split *split, uint32_t id, clasp_priority priority, clasp_span message,
                           uint32_t record_max) {
    record_max = record_max < CLASP_CHUNK_RECORD_MAX ? record_max : CLASP_CHUNK_RECORD_MAX;
    if (message.len == 0) {
        return CLASP_EMPTY_PAYLOAD;
    }
    if (message.len > CLASP_CHUNK_MAX_LEN || record_max <= CLASP_PIECE_HEADER_MAX) {
        return CLASP_TOO_LARGE;
    }
    const uint32_t size = record_max - CLASP_PIECE_HEADER_MAX;
    const uint32_t count = (message.len + size - 1) / size;
    if (count > CLASP_CHUNK_PIECES) {
        return CLASP_TOO_LARGE;
    }
    *split = (clasp_split){.message = message, .id = id, .size = size, .count = count, .end = count};
    split->priority = (uint8_t)priority;
    return CLASP_OK;
}

/* Take the message up to `end` into the checksum, where it is not in yet. */
static void add_to_checksum(clasp_split *split, uint32_t end) {
    const clasp_span more = {split->message.at + split->crc_len, end - split->crc_len};
    split->crc = clasp_crc32c(split->crc, more);
    split->crc_len = end;
}

bool clasp_split_next(clasp_split *split, clasp_record *out) {
    if (!clasp_split_left(split)) {
        return false;
    }
    const uint32_t total = split->message.len;
    const uint32_t index = split->next++;
    const uint32_t start = index * split->size;
    const bool is_last = index + 1 == split->count;
    const uint32_t end = is_last ? total : start + split->size;
    if (end > split->crc_len && (start <= split->crc_len || is_last)) {
        add_to_checksum(split, end);
    }
    const clasp_piece piece = {.message = split->id,
                               .index = index,
                               .total = total,
                               .checksum = split->crc,
                               .priority = split->priority,
                               .is_last = is_last};
    out->header_len = clasp_piece_write_header(&piece, out->header);
    out->bytes = (clasp_span){split->message.at + start, end - start};
    return true;
}

void clasp_split_seek(clasp_split *split, uint32_t first, uint32_t count) {
    split->next = first < split->count ? first : split->count;
    split->end = count < split->count - split->next ? split->next + count : split->count;
}
