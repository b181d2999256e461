/**
 * An ICE candidate between its two written forms: a JSON text of an RTCIceCandidateInit, and a map of the same four fields.
 *
 * The text is one flat object of strings, whole numbers and null, so it is read by a walk of its own, without a tree and
 * without memory: what is longer than a field's bound, nested, or holds a control character is refused.
 */
#ifndef CLASP_PEER_P2P_CANDIDATE_H
#define CLASP_PEER_P2P_CANDIDATE_H

#include "base/limits.h"
#include "wire/value.h"

typedef struct p2p_field {
    uint8_t at[CLASP_CANDIDATE_FIELD_MAX];
    uint32_t len; /* 0: null, or missing */
} p2p_field;

typedef struct p2p_candidate {
    uint8_t line[CLASP_CANDIDATE_MAX];
    uint32_t line_len; /* 0: no candidate, the end of them */
    p2p_field mid, ufrag;
    bool has_index;
    uint32_t index;
} p2p_candidate;

typedef enum p2p_candidate_kind {
    KIND_OTHER,
    KIND_HOST,
    KIND_SRFLX,
    KIND_RELAY,
    KIND_COUNT
} p2p_candidate_kind;

/** @return CLASP_OK; CLASP_BAD_SIGNAL; CLASP_TOO_LARGE */
clasp_err p2p_candidate_read_json(clasp_span json, p2p_candidate *out);
clasp_err p2p_candidate_read_map(clasp_value map, p2p_candidate *out);

/** Write as JSON: the four keys, null where there is nothing (an empty mid is nothing: the index counts). */
void p2p_candidate_write_json(clasp_writer *w, const p2p_candidate *candidate);

/** Write as a map value, with its type code. */
void p2p_candidate_write_map(clasp_writer *w, const p2p_candidate *candidate);

/** By the word after `typ`; server reflexive and peer reflexive are one. */
p2p_candidate_kind p2p_candidate_kind_of(const p2p_candidate *candidate);

#endif
