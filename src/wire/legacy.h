/**
 * Legacy payloads (docs/wire.md, section 5): a message as a MessagePack map, as older peers send it. Read only.
 *
 * The map is written anew as a binary payload, which then goes the one way of all messages. Nothing is allocated.
 */
#ifndef CLASP_WIRE_LEGACY_H
#define CLASP_WIRE_LEGACY_H

#include "wire/message.h"

/**
 * Write a legacy payload as the binary one that says the same.
 *
 * @param payload borrowed; bytes behind the map are ignored
 * @param w       where the binary payload goes: what clasp_message_decode() takes, at most CLASP_FRAME_PAYLOAD_MAX bytes.
 *                Of use only on CLASP_OK; errors stick in it
 * @return CLASP_OK, or why not: CLASP_BAD_LEGACY for what is malformed, is no message or lacks a key; CLASP_BAD_UTF8;
 *         CLASP_TOO_DEEP over the bounds of binary messages; CLASP_TOO_LARGE for what no binary payload, or `w`, can hold
 *         (integers take up to nine times the bytes)
 */
clasp_err clasp_legacy_transcode(clasp_span payload, clasp_writer *w);

/**
 * clasp_decode() for both kinds of payload; its errors and those of clasp_legacy_transcode().
 *
 * @param scratch borrowed as long as `out` is used, which may point into it; CLASP_FRAME_PAYLOAD_MAX bytes are enough for
 *                every message
 */
clasp_err clasp_decode_any(clasp_span in, uint8_t *scratch, size_t scratch_cap, clasp_frame *frame,
                           clasp_message *out);

#endif
