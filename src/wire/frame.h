/**
 * The CLASP frame (docs/wire.md, section 1).
 *
 *   byte 0   1       2..3             4..11 (if flagged)        then
 *   0x53     flags   payload length   timestamp, us since epoch payload: one message
 *
 *   flags: 7..6 QoS | 5 timestamp | 4 encrypted | 3 compressed | 2..0 encoding (1 = binary)
 */
#ifndef CLASP_WIRE_FRAME_H
#define CLASP_WIRE_FRAME_H

#include "base/bytes.h"

#define CLASP_SUBPROTOCOL "clasp" /* of the WebSocket that carries frames */
#define CLASP_FRAME_MAGIC 0x53u
#define CLASP_FRAME_HEADER 4u          /* bytes before the timestamp or the payload */
#define CLASP_FRAME_TIMESTAMP 8u       /* bytes of the timestamp */
#define CLASP_FRAME_PAYLOAD_MAX 65535u /* bytes: the length field has 16 bits */
#define CLASP_FRAME_MAX (CLASP_FRAME_HEADER + CLASP_FRAME_TIMESTAMP + CLASP_FRAME_PAYLOAD_MAX)

typedef enum clasp_qos { CLASP_QOS_FIRE = 0, CLASP_QOS_CONFIRM = 1, CLASP_QOS_COMMIT = 2 } clasp_qos;

typedef struct clasp_frame {
    clasp_span payload; /* never empty */
    uint64_t timestamp_us;
    uint8_t qos; /* clasp_qos */
    uint8_t encoding;
    bool has_timestamp;
} clasp_frame;

/**
 * Decode the frame at the start of `in`. What follows the frame is not looked at.
 *
 * @param in   borrowed for the call
 * @param out  set only on CLASP_OK; `out->payload` points into `in`
 * @param used set only on CLASP_OK; bytes consumed, 5..65547; may be NULL
 * @return CLASP_OK; CLASP_MORE if `in` holds the start of a frame; CLASP_BAD_MAGIC, CLASP_RESERVED_QOS,
 *         CLASP_UNSUPPORTED_FLAG, CLASP_EMPTY_PAYLOAD
 */
clasp_err clasp_frame_decode(clasp_span in, clasp_frame *out, uint32_t *used);

/**
 * Begin a frame: writes the header (and the timestamp when `timestamp_us` is not NULL) with a length still open.
 *
 * @return where the frame begins, to be given to clasp_frame_end(); NULL when the writer has failed
 */
uint8_t *clasp_frame_begin(clasp_writer *w, clasp_qos qos, const uint64_t *timestamp_us);

/** Give the frame begun at `start` another QoS. */
void clasp_frame_set_qos(uint8_t *start, clasp_qos qos);

/** End the frame begun at `start`: fills in its length. Over 65,535 bytes of payload: TOO_LARGE, in `w->err`. */
void clasp_frame_end(clasp_writer *w, uint8_t *start);

#endif
