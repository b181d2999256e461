/**
 * The signals of p2p as CLASP values: three ways to write the same body (docs/wire.md, section 15).
 *
 *   TEXT    {type, from, sdp: text, correlation_id};        {type: "ice_candidate", candidate: JSON text, …}
 *   OBJECT  {type, from, sdp: {type, sdp}};                 {type: "ice-candidate", candidate: {candidate, sdpMid, …}}
 *   NESTED  {type, from, to, data: {type, sdp}};            {type: "ice-candidate", data: {candidate, sdpMid, …}}
 *
 * What two of ours say besides stands in keys that others ignore:
 *
 *   ext        1: the writer speaks the extension                                 offer, answer
 *   client_id  the writer's id, when it has one                                   offer, answer
 *   epoch      of the writer's page                                               offer, answer
 *   round      0, one more with each ICE restart; not written when 0              offer, answer, ice_candidate, restart
 *   rejected   why, in an answer without sdp                                      answer
 *   scope      "link": this connection alone ends, the peer stays                 disconnected
 *   proof      8 bytes: the writer knows the token of an earlier session          all
 *   ack        true: an answer to a resume                                        resume
 *
 * and in types that others drop: restart (the offerer is asked for an ICE restart), resume, data (record: bytes).
 */
#ifndef CLASP_PEER_P2P_SIGNAL_H
#define CLASP_PEER_P2P_SIGNAL_H

#include "peer/p2p.h"
#include "peer/p2p_candidate.h"

#define P2P_PROOF_LEN 8u

// clang-format off
#define P2P_TYPE_LIST(X)                                                                                  \
    X(OFFER, "offer") X(ANSWER, "answer") X(CANDIDATE, "ice_candidate") X(CONNECTED, "connected")         \
    X(DISCONNECTED, "disconnected") X(RESTART, "restart") X(RESUME, "resume") X(DATA, "data")
// clang-format on

typedef enum p2p_type {
#define X(name, text) P2P_TYPE_##name,
    P2P_TYPE_LIST(X)
#undef X
        P2P_TYPE_UNKNOWN
} p2p_type;

typedef enum p2p_form { FORM_TEXT, FORM_OBJECT, FORM_NESTED } p2p_form;

/** A signal read, or to be written. Spans are lent by the value when read, borrowed when written. */
typedef struct p2p_signal {
    p2p_type type;
    p2p_form form;
    clasp_p2p_dialect dialect; /* set by who knows the address */
    clasp_span from;           /* session or name; may be missing in NAMED: the address has it */
    clasp_span to;             /* NESTED, written */
    bool has_corr;
    clasp_span corr;
    clasp_span sdp;
    clasp_span reason;
    bool ours;       /* ext */
    bool rejected;   /* reason says why */
    bool link_alone; /* scope */
    bool ack;
    uint32_t round;
    clasp_span client_id, epoch;
    clasp_span proof; /* P2P_PROOF_LEN bytes, or none */
    clasp_span record;
    p2p_candidate candidate;
} p2p_signal;

/** An announcement read. */
typedef struct p2p_announcement {
    clasp_span session, client_id, epoch;
    clasp_span seeks; /* the id of somebody it has not heard of, who may answer; empty: nobody */
    bool ours;
} p2p_announcement;

/** True for what may stand as one segment of an address: 1 to CLASP_P2P_ID_MAX bytes without "/", "*" or control characters. */
bool p2p_id_check(clasp_span id);

/**
 * Read a signal and check all that it says.
 * @param value with its type code
 * @return CLASP_OK, with `type` UNKNOWN for what is to be ignored; CLASP_BAD_SIGNAL, CLASP_TOO_LARGE, or the errors of a value
 */
clasp_err p2p_signal_read(clasp_span value, p2p_signal *out);

/** Write a signal as a value. Errors stick in `w`. */
void p2p_signal_write(clasp_writer *w, const p2p_signal *signal);

clasp_err p2p_announcement_read(clasp_span value, p2p_announcement *out);
void p2p_announcement_write(clasp_writer *w, const p2p_announcement *announcement);

/** Text under `key` of a map; `at` NULL when it is missing or of another kind. */
clasp_span p2p_map_text(clasp_value map, const char *key);

/** True if the boolean true stands under `key`. */
bool p2p_map_true(clasp_value map, const char *key);

#endif
