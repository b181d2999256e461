#include "wire/frame.h"

#define FLAG_QOS 0xC0u
#define FLAG_TIMESTAMP 0x20u
#define FLAG_UNSUPPORTED 0x18u /* encrypted, compressed: no cipher and no packing is defined anywhere */
#define FLAG_ENCODING 0x07u
#define ENCODING_BINARY 1u
#define QOS_SHIFT 6
#define LENGTH_AT 2u

/* Bytes before the payload. */
static uint32_t header_size(uint8_t flags) {
    return flags & FLAG_TIMESTAMP ? CLASP_FRAME_HEADER + CLASP_FRAME_TIMESTAMP : CLASP_FRAME_HEADER;
}

/* What the first two bytes tell, as soon as they are there: no later byte can mend them. */
static clasp_err check_start(clasp_span in) {
    if (in.len > 0 && in.at[0] != CLASP_FRAME_MAGIC) {
        return CLASP_BAD_MAGIC;
    }
    if (in.len > 1 && (in.at[1] & FLAG_QOS) == FLAG_QOS) {
        return CLASP_RESERVED_QOS;
    }
    if (in.len > 1 && (in.at[1] & FLAG_UNSUPPORTED) != 0) {
        return CLASP_UNSUPPORTED_FLAG;
    }
    return CLASP_OK;
}

clasp_err clasp_frame_decode(clasp_span in, clasp_frame *out, uint32_t *used) {
    const clasp_err err = check_start(in);
    if (err != CLASP_OK) {
        return err;
    }
    if (in.len < CLASP_FRAME_HEADER) {
        return CLASP_MORE;
    }
    const uint8_t flags = in.at[1];
    const uint32_t header = header_size(flags);
    const uint32_t payload = clasp_load_u16(in.at + LENGTH_AT);
    if (in.len < header + payload) {
        return CLASP_MORE;
    }
    if (payload == 0) {
        return CLASP_EMPTY_PAYLOAD;
    }
    out->payload = (clasp_span){in.at + header, payload};
    out->has_timestamp = (flags & FLAG_TIMESTAMP) != 0;
    out->timestamp_us = out->has_timestamp ? clasp_load_u64(in.at + CLASP_FRAME_HEADER) : 0;
    out->qos = flags >> QOS_SHIFT;
    out->encoding = flags & FLAG_ENCODING;
    if (used) {
        *used = header + payload;
    }
    return CLASP_OK;
}

uint8_t *clasp_frame_begin(clasp_writer *w, clasp_qos qos, const uint64_t *timestamp_us) {
    uint8_t *start = clasp_room(w, CLASP_FRAME_HEADER);
    if (!start) {
        return NULL;
    }
    start[0] = CLASP_FRAME_MAGIC;
    start[1] = (uint8_t)((unsigned)qos << QOS_SHIFT | (timestamp_us ? FLAG_TIMESTAMP : 0) | ENCODING_BINARY);
    clasp_store_u16(start + LENGTH_AT, 0);
    if (timestamp_us) {
        clasp_write_u64(w, *timestamp_us);
    }
    return w->err == CLASP_OK ? start : NULL;
}

void clasp_frame_set_qos(uint8_t *start, clasp_qos qos) {
    const unsigned others = start[1] & ((1u << QOS_SHIFT) - 1);
    start[1] = (uint8_t)((unsigned)qos << QOS_SHIFT | others);
}

void clasp_frame_end(clasp_writer *w, uint8_t *start) {
    if (!start || w->err != CLASP_OK) {
        return;
    }
    const size_t payload = (size_t)(w->at - start) - header_size(start[1]);
    if (payload == 0 || payload > CLASP_FRAME_PAYLOAD_MAX) {
        clasp_write_fail(w, payload == 0 ? CLASP_EMPTY_PAYLOAD : CLASP_TOO_LARGE);
        return;
    }
    clasp_store_u16(start + LENGTH_AT, (uint16_t)payload);
}
