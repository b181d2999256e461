/**
 * The JSON dialect of Sender and Receiver (docs/wire.md, section 11): invoke, offer, answer, candidate, sync, dispose.
 *
 * What only two of ours say to one another stands in keys that others ignore:
 *
 *   ext      1: the writer knows these keys                                    invoke, offer
 *   attempt  number of the connection attempt; a larger one replaces           all but the first invoke
 *   round    0, and one more with each ICE restart of the attempt              offer, answer, candidate, invoke
 *   restart  true in the offer of a round above 0                              offer
 *   rev      number of the state that the message carries or acknowledges      offer, sync
 *   recover  "broken" or "failed": the path of `attempt` no longer works       invoke
 *   dead     attempts up to this one are over for the writer                   invoke
 *   gone     true: the writer will not be back under this id                   dispose
 */
#ifndef CLASP_PEER_CONFERENCE_SIGNAL_H
#define CLASP_PEER_CONFERENCE_SIGNAL_H

#include "base/text.h"
#include "json/json.h"

// clang-format off
#define SIGNAL_TYPE_LIST(X) \
    X(INVOKE, "invoke") X(OFFER, "offer") X(ANSWER, "answer") X(CANDIDATE, "candidate") X(SYNC, "sync") \
    X(DISPOSE, "dispose")
// clang-format on

typedef enum signal_type {
#define X(name, text) SIGNAL_##name,
    SIGNAL_TYPE_LIST(X)
#undef X
        SIGNAL_UNKNOWN
} signal_type;

/** A signal read or to be written. Spans are lent by `tree` when read, borrowed when written. */
typedef struct conference_signal {
    signal_type type;
    clasp_span id;
    bool ours;        /* key ext */
    bool has_attempt; /* attempt and round are there */
    bool restart;
    bool recover;
    bool failed; /* recover says "failed" */
    bool gone;
    bool has_rev;
    uint64_t attempt;
    uint32_t round;
    uint64_t rev;
    uint64_t dead;          /* 0: none */
    clasp_span sdp;         /* offer, answer */
    clasp_text candidate;   /* candidate: JSON; when read: given, freed by conference_signal_clear() */
    clasp_text state;       /* offer, sync, dispose: JSON; the same */
    clasp_text credentials; /* invoke: JSON; the same */
    cJSON *tree;
} conference_signal;

/**
 * Read a signal and check all that it says: kinds, sizes, and that no line break hides in a candidate.
 * @param out cleared on failure; else free with conference_signal_clear(). An unknown type is read as SIGNAL_UNKNOWN
 * @return CLASP_OK, CLASP_BAD_SIGNAL, CLASP_TOO_LARGE, or the errors of clasp_json_parse()
 */
clasp_err conference_signal_read(clasp_span json, conference_signal *out);

/** Frees what was read; for a signal that was not read, do not call it. */
void conference_signal_clear(conference_signal *signal);

/** Write a signal as JSON. Errors stick in `w`. */
void conference_signal_write(clasp_writer *w, const conference_signal *signal);

/** A candidate as the browser gave it, checked. @return CLASP_OK, CLASP_BAD_SIGNAL, or those of clasp_json_parse() */
clasp_err conference_candidate_check(clasp_span json);

/** Print a JSON value into a text of its own, at most `max` bytes. @return CLASP_OK, CLASP_TOO_LARGE, CLASP_NO_MEMORY */
clasp_err conference_json_text(const cJSON *item, uint32_t max, clasp_text *out);

#endif
