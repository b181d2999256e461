/**
 * The records of the data plane (docs/wire.md, section 16) that are of fixed form. For src/peer/flow*.c only.
 *
 *   45 01 DATA    stream u16, sequence number u32, payload
 *   45 0D DATA, whose acknowledgement is wanted now: the same
 *   45 02 ACK     stream u16, line u32, next u32, held u32, credit u32; a message may go on behind it
 *   45 03 END     stream u16, base u32, bytes u32
 *   45 05 RESUME  token (16 bytes)
 *   45 06 PING    number u64         45 07 PONG    number u64
 *   45 08 RAW     bytes
 *   45 0B HELLO   incarnation u32, base u32, to u32; a message may go on behind it
 *   45 0C PACK    records, each with its length as u16
 */
#ifndef CLASP_PEER_FLOW_WIRE_H
#define CLASP_PEER_FLOW_WIRE_H

#include "base/bytes.h"

#define FLOW_MAGIC 0x45u
#define FLOW_KIND_DATA 0x01u
#define FLOW_KIND_ACK 0x02u
#define FLOW_KIND_END 0x03u
#define FLOW_KIND_RESUME 0x05u
#define FLOW_KIND_PING 0x06u
#define FLOW_KIND_PONG 0x07u
#define FLOW_KIND_RAW 0x08u
#define FLOW_KIND_HELLO 0x0Bu
#define FLOW_KIND_PACK 0x0Cu
#define FLOW_KIND_DATA_ASKING 0x0Du

/* Bytes. */
#define FLOW_DATA_HEAD 8u
#define FLOW_ACK_LEN 20u
#define FLOW_END_LEN 12u
#define FLOW_NUMBER_LEN 10u /* PING, PONG */
#define FLOW_HELLO_LEN 14u
#define FLOW_TOKEN_HEAD 2u
#define FLOW_RAW_HEAD 2u
#define FLOW_PACK_HEAD 2u

typedef struct flow_data_head {
    uint16_t stream;
    uint32_t sequence;
    bool asks; /* for an acknowledgement at once */
} flow_data_head;

typedef struct flow_hello {
    uint32_t incarnation, base;
    uint32_t to; /* incarnation that it is meant for; 0: none is known */
} flow_hello;

typedef struct flow_end {
    uint16_t stream;
    uint32_t base;
    uint32_t bytes; /* of payload that credit was taken for on this stream, since that base */
} flow_end;

typedef struct flow_ack {
    uint16_t stream;
    uint32_t line;   /* incarnation and base of the one that is acknowledged, added */
    uint32_t next;   /* sequence number that is due */
    uint32_t held;   /* bit i: next + 1 + i is there */
    uint32_t credit; /* bytes that may be sent in all, since HELLO's base */
} flow_ack;

static inline void flow_head(uint8_t *p, uint8_t kind) {
    p[0] = FLOW_MAGIC;
    p[1] = kind;
}

static inline void flow_write_data(uint8_t out[FLOW_DATA_HEAD], const flow_data_head *head) {
    flow_head(out, head->asks ? FLOW_KIND_DATA_ASKING : FLOW_KIND_DATA);
    clasp_store_u16(out + 2, head->stream);
    clasp_store_u32(out + 4, head->sequence);
}

#endif
