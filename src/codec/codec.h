/**
 * Messages between the wire and a host that has no structs: bytes to cells (unpack) and back (pack).
 *
 * The host writes a frame into the codec's memory and reads the tape; or fills the tape and takes the frame. All texts and
 * bytes of cells are offsets in that memory, which is one block: `frame`, where the host puts what is to be unpacked, or the
 * texts and bytes of what is to be packed; `out`, the packed frame; `words`, texts that were packed before; `scratch`.
 */
#ifndef CLASP_CODEC_CODEC_H
#define CLASP_CODEC_CODEC_H

#include "base/limits.h"
#include "codec/shapes.h"
#include "codec/tape.h"
#include "codec/texts.h"
#include "wire/message.h"

#define CLASP_WORD_MAX 62u /* bytes of a text that the host may give an id */
#define CLASP_WORDS 4096u  /* ids that it may give */

/** What one frame says beside its message. */
typedef struct clasp_envelope {
    double timestamp_us; /* exact up to 2^53 */
    uint32_t timestamp_low, timestamp_high;
    uint32_t has_timestamp;
    uint32_t qos;
    uint32_t len;               /* bytes of the frame */
    int32_t err;                /* of clasp_dispatcher_run() */
    double number;              /* the same: what reaches subscriptions that the host knows of */
    uint32_t group;             /* the same: whose subscriptions they are, when the address is a text … */
    uint32_t text_at, text_len; /* … of ASCII, at an offset as in a TEXT cell: a multiple of 4 */
} clasp_envelope;

/** A text as it stands on the wire, length first: written by the host, named by its index. */
typedef struct clasp_word {
    uint8_t len[2];
    uint8_t bytes[CLASP_WORD_MAX];
} clasp_word;

/** The codec's memory. The host copies `out` by words. */
typedef struct clasp_codec {
    uint8_t frame[CLASP_CODEC_FRAME];
    _Alignas(8) uint8_t out[CLASP_FRAME_MAX];
    clasp_word words[CLASP_WORDS];
    uint8_t legacy[CLASP_FRAME_PAYLOAD_MAX];
    uint8_t scratch[CLASP_CODEC_SCRATCH];
    clasp_texts texts;
    clasp_shapes shapes;
    clasp_tape tape;
    clasp_envelope envelope;
} clasp_codec;

/** Given; free with clasp_codec_free(). NULL: no memory. */
clasp_codec *clasp_codec_new(void);
void clasp_codec_free(clasp_codec *codec);

/**
 * Unpack the frame in the first `len` bytes of `frame`: its message is then on the tape, the rest in `envelope`, and
 * `texts.fresh` names the ids that mean another text now.
 * @return CLASP_OK, or why not: those of clasp_decode_any(); NO_MEMORY; TOO_LARGE for what its names would blow up
 */
clasp_err clasp_codec_unpack(clasp_codec *codec, uint32_t len);

/**
 * Pack the message on the tape into `out`, with the QoS and timestamp of `envelope`.
 *
 * @param has_qos false: the default of the message; `envelope.qos` is not looked at
 * @return bytes of the frame; or BAD_FIELD for a tape that is none, UNKNOWN_TYPE, BAD_ENUM, OUT_OF_RANGE, TOO_LARGE, TOO_DEEP
 */
int32_t clasp_codec_pack(clasp_codec *codec, bool has_qos);

/* ---- for src/codec/ alone ---------------------------------------------------------------------------------------- */

static inline uint32_t clasp_codec_offset(const clasp_codec *codec, const uint8_t *at) {
    return (uint32_t)(at - (const uint8_t *)codec);
}

/** Decode the frame in the first `len` bytes of `frame`, legacy payloads too, into `out`, as clasp_message_open() does. Begins a
 *  round of texts and an empty tape. */
clasp_err clasp_codec_open(clasp_codec *codec, uint32_t len, clasp_frame *frame, clasp_message *out);

/** Decode a member of a bundle in the same way; a legacy payload is no member. */
static inline clasp_err clasp_codec_open_member(clasp_span payload, clasp_message *out) {
    const clasp_err err = clasp_message_open(payload, out);
    return err == CLASP_BAD_LEGACY ? CLASP_UNKNOWN_TYPE : err;
}

/** Check and unpack the data at `r`, in the codec's memory, of a value whose type code stood elsewhere. Errors stick in `r`: those of
 *  clasp_read_value_data() and of the tape. */
void clasp_unpack_data(clasp_codec *codec, clasp_reader *r, uint8_t type);

/** The cells of a value whose bytes are in the codec's memory. Errors stick in the tape. */
void clasp_unpack_value(clasp_codec *codec, clasp_value value);

/** A TEXT cell. */
void clasp_unpack_text(clasp_codec *codec, clasp_span text);

/** The cells of samples, as an array. */
void clasp_unpack_samples(clasp_codec *codec, clasp_list samples);

#endif
