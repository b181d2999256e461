/**
 * The one list of results. Negative: refused, and nothing has changed. 0: done. Positive: not yet.
 * The same list makes the enum, the names below and the codes of `ClaspError` in JavaScript.
 * (The codes 100..599 of the wire's ERROR message are another thing: see hub/hub.h.)
 */
#ifndef CLASP_BASE_ERROR_H
#define CLASP_BASE_ERROR_H

// clang-format off
#define CLASP_ERR_LIST(X)                                                              \
    X(OK,                 0, "done")                                                   \
    X(MORE,               1, "incomplete: feed more bytes")                            \
    X(BAD_MAGIC,         -1, "not a CLASP frame")                                      \
    X(RESERVED_QOS,      -2, "the frame has the reserved QoS")                         \
    X(UNSUPPORTED_FLAG,  -3, "an encrypted or compressed frame")                       \
    X(EMPTY_PAYLOAD,     -4, "the frame holds no message")                             \
    X(UNKNOWN_TYPE,      -5, "no message has this type code")                          \
    X(TRUNCATED,         -6, "a field runs past the end")                              \
    X(BAD_UTF8,          -7, "a string is not well-formed UTF-8")                      \
    X(BAD_VALUE_TYPE,    -8, "no value has this type code")                            \
    X(TOO_DEEP,          -9, "nested deeper than the bound")                           \
    X(BAD_ENUM,         -10, "a field holds none of its values")                       \
    X(BAD_LEGACY,       -11, "the MessagePack payload is no CLASP message")            \
    X(TOO_LARGE,        -12, "over a bound in limits.h")                               \
    X(BAD_ADDRESS,      -13, "not a CLASP address")                                    \
    X(BAD_PATTERN,      -14, "not a CLASP address pattern")                            \
    X(BAD_JSON,         -15, "not well-formed JSON, or over its bounds")               \
    X(BAD_SIGNAL,       -16, "a field of the signal is missing, or of a wrong kind")   \
    X(BAD_STATE,        -17, "event not allowed in this state")                        \
    X(BAD_HANDLE,       -18, "this handle names nothing that is open")                 \
    X(NO_MEMORY,        -19, "out of memory")                                          \
    X(LIMIT,            -20, "too many of these at once")                              \
    X(TIMEOUT,          -21, "no answer in time")                                      \
    X(NEGOTIATION,      -22, "the browser refused a step of the negotiation")          \
    X(ICE_FAILED,       -23, "no network path to the peer works")                      \
    X(PEER_GONE,        -24, "the peer answers on no path")                            \
    X(REJECTED,         -25, "the peer, or verify(), said no")                         \
    X(RELAY_UNREACHABLE, -26, "the relay does not answer")                             \
    X(RELAY_REFUSED,    -27, "the relay answered with an ERROR message")               \
    X(QUEUE_FULL,       -28, "the send queue is full")                                 \
    X(NOT_CONNECTED,    -29, "not connected")                                          \
    X(BAD_PIECE,        -30, "pieces that contradict one another")                     \
    X(OUT_OF_RANGE,     -31, "a number does not fit its field")                        \
    X(BAD_FIELD,        -32, "a field is missing, or of a wrong kind")                 \
    X(NOT_FOUND,        -33, "nothing is there")
// clang-format on

typedef enum clasp_err {
#define X(name, value, text) CLASP_##name = (value),
    CLASP_ERR_LIST(X)
#undef X
} clasp_err;

/** Name of a result as JavaScript shows it, such as "BAD_UTF8"; "UNKNOWN" for no result of the list. Static text. */
const char *clasp_err_name(clasp_err err);

/** One sentence on a result. Static text, never NULL. */
const char *clasp_err_text(clasp_err err);

#endif
