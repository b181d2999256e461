/**
 * From a packet to the subscriptions that it reaches: what arrives is decoded, routed and put on the codec's tape, one
 * DELIVER for each value and address.
 */
#ifndef CLASP_CODEC_DISPATCH_H
#define CLASP_CODEC_DISPATCH_H

#include "codec/codec.h"

typedef struct clasp_dispatcher clasp_dispatcher;

/** Given; free with clasp_dispatcher_free(). NULL: no memory. */
clasp_dispatcher *clasp_dispatcher_new(uint64_t hash_seed);
void clasp_dispatcher_free(clasp_dispatcher *dispatcher);

/** As clasp_routes_add() and clasp_routes_remove(). */
clasp_err clasp_dispatcher_add(clasp_dispatcher *dispatcher, clasp_span pattern, uint32_t sub);
bool clasp_dispatcher_remove(clasp_dispatcher *dispatcher, uint32_t sub);

/* TAPE: see the tape, or the error. TEXT: see `group`, `text_at` and `text_len` of the envelope. NOBODY: nobody is reached.
 * NUMBERS: all cells of the tape are NUMBER. */
#define CLASP_DISPATCH_LIST(X) X(TAPE, -1) X(TEXT, -2) X(NOBODY, -3) X(NUMBERS, -4)

enum {
#define X(name, code) CLASP_DISPATCH_##name = (code),
    CLASP_DISPATCH_LIST(X)
#undef X
};

/**
 * Put what the frame in the first `len` bytes of the codec's `frame` says to whom on the tape: SET, PUBLISH with a value or
 * samples, the params of SNAPSHOT, those within BUNDLE. Other messages, and what reaches nobody, leave nothing there.
 *
 * A BUNDLE of nothing but numbers for addresses whose subscriptions the host knows of becomes as many NUMBER cells; a frame with one
 * number leaves the tape alone when the host knows of the subscriptions: those of the address, or of the group of
 * patterns that match an address which came for the first time. These are the usual ones.
 *
 * @return then the address id, or CLASP_DISPATCH_TEXT, and `envelope.number` is what it got; or CLASP_DISPATCH_NOBODY, or
 *         CLASP_DISPATCH_NUMBERS; else CLASP_DISPATCH_TAPE, and `envelope.err` is OK or why the frame was refused: as by clasp_codec_unpack(). What was refused
 *         in the middle has reached nobody
 */
int32_t clasp_dispatcher_run(clasp_dispatcher *dispatcher, clasp_codec *codec, uint32_t len);

/** Bytes held, and the most that can become. */
size_t clasp_dispatcher_memory(const clasp_dispatcher *dispatcher);
size_t clasp_dispatcher_memory_max(void);

#endif
