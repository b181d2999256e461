/**
 * The CLASP messages (docs/wire.md, section 3), both ways, from one table of fields: see rows.h.
 *
 * One flat structure serves all nineteen types. Each field below names the messages that carry it. What is
 * optional on the wire is present when its CLASP_HAS_* bit is set in `has`.
 */
#ifndef CLASP_WIRE_MESSAGE_H
#define CLASP_WIRE_MESSAGE_H

#include "wire/frame.h"
#include "wire/value.h"

// clang-format off
/* name, code on the wire, default QoS (docs/wire.md, section 4; PUBLISH goes by its signal) */
#define CLASP_MESSAGE_LIST(X)   \
    X(HELLO,           0x01, 0) \
    X(WELCOME,         0x02, 0) \
    X(ANNOUNCE,        0x03, 0) \
    X(FEDERATION_SYNC, 0x04, 1) \
    X(SUBSCRIBE,       0x10, 1) \
    X(UNSUBSCRIBE,     0x11, 1) \
    X(PUBLISH,         0x20, 1) \
    X(SET,             0x21, 1) \
    X(GET,             0x22, 0) \
    X(SNAPSHOT,        0x23, 0) \
    X(REPLAY,          0x24, 1) \
    X(BUNDLE,          0x30, 2) \
    X(SYNC,            0x40, 0) \
    X(PING,            0x41, 0) \
    X(PONG,            0x42, 0) \
    X(ACK,             0x50, 0) \
    X(ERROR,           0x51, 0) \
    X(QUERY,           0x60, 0) \
    X(RESULT,          0x61, 0)
// clang-format on

typedef enum clasp_message_type {
#define X(name, code, qos) CLASP_MSG_##name = (code),
    CLASP_MESSAGE_LIST(X)
#undef X
} clasp_message_type;

#define CLASP_SIGNAL_LIST(X) X(PARAM, 0) X(EVENT, 1) X(STREAM, 2) X(GESTURE, 3) X(TIMELINE, 4)

typedef enum clasp_signal {
#define X(name, code) CLASP_SIGNAL_##name = (code),
    CLASP_SIGNAL_LIST(X)
#undef X
} clasp_signal;

#define CLASP_PHASE_LIST(X) X(START, 0) X(MOVE, 1) X(END, 2) X(CANCEL, 3)

typedef enum clasp_phase {
#define X(name, code) CLASP_PHASE_##name = (code),
    CLASP_PHASE_LIST(X)
#undef X
} clasp_phase;

/* Feature bits of HELLO and WELCOME. */
#define CLASP_FEATURE_PARAM 0x80u
#define CLASP_FEATURE_EVENT 0x40u
#define CLASP_FEATURE_STREAM 0x20u
#define CLASP_FEATURE_GESTURE 0x10u
#define CLASP_FEATURE_TIMELINE 0x08u
#define CLASP_FEATURE_FEDERATION 0x04u

/* Type masks of SUBSCRIBE and REPLAY; a mask with none of these bits means all. */
#define CLASP_TYPE_PARAM 0x01u
#define CLASP_TYPE_EVENT 0x02u
#define CLASP_TYPE_STREAM 0x04u
#define CLASP_TYPE_GESTURE 0x08u
#define CLASP_TYPE_TIMELINE 0x10u
#define CLASP_TYPE_ALL 0xFFu

/* Bits of clasp_message.has */
#define CLASP_HAS_ADDRESS (1u << 0)        /* ACK, ERROR */
#define CLASP_HAS_REVISION (1u << 1)       /* SET, ACK */
#define CLASP_HAS_TTL (1u << 2)            /* SET */
#define CLASP_HAS_LOCKED (1u << 3)         /* ACK */
#define CLASP_HAS_HOLDER (1u << 4)         /* ACK */
#define CLASP_HAS_CORRELATION_ID (1u << 5) /* ACK, ERROR */
#define CLASP_HAS_VALUE (1u << 6)          /* PUBLISH: indicator 1 */
#define CLASP_HAS_SAMPLES (1u << 7)        /* PUBLISH: indicator 2 */
#define CLASP_HAS_TIMESTAMP (1u << 8)      /* PUBLISH, BUNDLE */
#define CLASP_HAS_ID (1u << 9)             /* PUBLISH */
#define CLASP_HAS_RATE (1u << 10)          /* PUBLISH: no flag on the wire, four bytes left mean a rate */
#define CLASP_HAS_MAX_RATE (1u << 11)      /* SUBSCRIBE */
#define CLASP_HAS_EPSILON (1u << 12)       /* SUBSCRIBE */
#define CLASP_HAS_HISTORY (1u << 13)       /* SUBSCRIBE */
#define CLASP_HAS_WINDOW (1u << 14)        /* SUBSCRIBE */
#define CLASP_HAS_FROM (1u << 15)          /* REPLAY */
#define CLASP_HAS_TO (1u << 16)            /* REPLAY */
#define CLASP_HAS_LIMIT (1u << 17)         /* REPLAY */
#define CLASP_HAS_T2 (1u << 18)            /* SYNC */
#define CLASP_HAS_T3 (1u << 19)            /* SYNC */
#define CLASP_HAS_SINCE (1u << 20)         /* FEDERATION_SYNC */
#define CLASP_HAS_ORIGIN (1u << 21)        /* FEDERATION_SYNC */
#define CLASP_HAS_LOCK (1u << 22)          /* SET: take the lock */
#define CLASP_HAS_UNLOCK (1u << 23)        /* SET: release it */

#define CLASP_TTL_ABSOLUTE 0x80000000u /* SET's ttl: since the write; else since the last access. 0: never */
#define CLASP_TTL_SECONDS 0x7FFFFFFFu

/** A list inside a message, checked, not yet taken apart: read on with clasp_next_*() below. */
typedef struct clasp_list {
    clasp_span bytes;
    uint32_t count;
} clasp_list;

/** Spans are lent by the decoded bytes, or borrowed for the encoding. What a message does not carry is 0. */
typedef struct clasp_message {
    uint8_t type;     /* clasp_message_type */
    uint8_t version;  /* HELLO, WELCOME */
    uint8_t features; /* HELLO, WELCOME: CLASP_FEATURE_* */
    uint8_t signal;   /* PUBLISH: clasp_signal */
    uint8_t phase;    /* PUBLISH: clasp_phase */
    uint8_t types;    /* SUBSCRIBE, REPLAY: CLASP_TYPE_* */
    uint8_t op;       /* FEDERATION_SYNC: 1..4 */
    uint8_t locked;   /* ACK: 0 or 1 */
    uint16_t code;    /* ERROR: 100..599 */
    uint32_t has;     /* CLASP_HAS_* */

    clasp_span
        address; /* SET, PUBLISH, GET, ACK, ERROR; the pattern of SUBSCRIBE, REPLAY, QUERY; ANNOUNCE's namespace */
    clasp_span name;    /* HELLO, WELCOME; ERROR's message text */
    clasp_span session; /* WELCOME; ACK's holder; FEDERATION_SYNC's origin */
    clasp_span token;   /* HELLO, WELCOME; empty: none */
    clasp_value value;  /* SET, PUBLISH */

    uint32_t id;        /* SUBSCRIBE, UNSUBSCRIBE, PUBLISH (gesture); correlation id of ACK and ERROR */
    uint32_t ttl;       /* SET: CLASP_TTL_* */
    uint32_t rate;      /* PUBLISH; SUBSCRIBE's max rate, per second */
    uint32_t history;   /* SUBSCRIBE */
    uint32_t window_ms; /* SUBSCRIBE */
    uint32_t limit;     /* REPLAY */
    double epsilon;     /* SUBSCRIBE */
    uint64_t revision;  /* SET, ACK; FEDERATION_SYNC's since_revision */
    uint64_t time_us;   /* WELCOME's clock; PUBLISH's and BUNDLE's timestamp; SYNC's t1; REPLAY's from */
    uint64_t t2_us;     /* SYNC; REPLAY's to */
    uint64_t t3_us;     /* SYNC */

    clasp_list
        list; /* SNAPSHOT params; ANNOUNCE and RESULT signals; BUNDLE members; PUBLISH samples (8 bytes each);
                         FEDERATION_SYNC patterns */
    clasp_list list2; /* FEDERATION_SYNC revisions */
} clasp_message;

/** One param of a SNAPSHOT. */
typedef struct clasp_param {
    clasp_span address;
    clasp_value value;
    uint64_t revision;
    uint64_t timestamp_us;
    clasp_span writer;
    bool has_writer;
    bool has_timestamp;
} clasp_param;

/** One signal of an ANNOUNCE or RESULT. */
typedef struct clasp_signal_info {
    clasp_span address;
    clasp_span datatype;    /* `at` NULL: absent */
    clasp_span access;      /* `at` NULL: absent */
    clasp_span unit;        /* `at` NULL: absent */
    clasp_span description; /* `at` NULL: absent */
    clasp_value default_value;
    double min, max;
    uint8_t signal; /* clasp_signal */
    bool has_range;
    bool has_default;
    bool has_meta;
} clasp_signal_info;

/**
 * Decode one message: the payload of a frame or a member of a BUNDLE. Everything is checked, lists and nested bundles
 * included; nothing is copied.
 *
 * @param payload borrowed; `out` points into it
 * @return CLASP_OK, or why not: CLASP_UNKNOWN_TYPE, CLASP_TRUNCATED, CLASP_BAD_UTF8, CLASP_BAD_VALUE_TYPE,
 *         CLASP_TOO_DEEP, CLASP_BAD_ENUM; CLASP_BAD_LEGACY for what begins as a MessagePack map (not in a member)
 */
clasp_err clasp_message_decode(clasp_span payload, clasp_message *out);

/**
 * As clasp_message_decode(), for whoever reads a BUNDLE or SNAPSHOT to its end: the members and params are not looked into, but to
 * be read by clasp_message_open() and clasp_read_param(), which check them on the way. In `out` only what the message carries
 * is set.
 */
clasp_err clasp_message_open(clasp_span payload, clasp_message *out);

/** Read and check a param of a SNAPSHOT that was opened. Errors stick in `r`. */
void clasp_read_param(clasp_reader *r, clasp_param *out);

/** Decode a frame and its message at once. The errors of both. */
clasp_err clasp_decode(clasp_span in, clasp_frame *frame, clasp_message *out);

/**
 * Write one message without a frame. Spans, values and lists are taken as they are: text has to be well-formed UTF-8,
 * values and lists have to be checked or built ones. Errors stick in `w`: TOO_LARGE for what its field cannot say or
 * the buffer cannot hold, UNKNOWN_TYPE, BAD_VALUE_TYPE, and BAD_ENUM for a signal, phase or op that does not exist.
 */
void clasp_message_write(clasp_writer *w, const clasp_message *message);

/** Write a frame with one message, with the default QoS of its type and no timestamp. Errors stick in `w`, as above. */
void clasp_frame_write(clasp_writer *w, const clasp_message *message);

/** The QoS that goes with a message when the caller names none. */
clasp_qos clasp_message_qos(const clasp_message *message);

/** The type mask bit (CLASP_TYPE_*) under which subscribers see a SET or PUBLISH; 0 for other messages. */
uint8_t clasp_message_type_bit(const clasp_message *message);

/* ---- lists. The bytes are checked already: reading `count` times cannot fail. ---------------------------------- */

static inline clasp_reader clasp_list_reader(clasp_list list) { return clasp_reader_of(list.bytes); }

void clasp_next_param(clasp_reader *r, clasp_param *out);
void clasp_next_signal(clasp_reader *r, bool with_meta, clasp_signal_info *out);
clasp_span clasp_next_member(clasp_reader *r); /* of a BUNDLE: give it to clasp_message_decode() */
void clasp_next_revision(clasp_reader *r, clasp_span *address, uint64_t *revision);

/* Builders of lists: write items one after the other (patterns by clasp_write_text(), samples by clasp_write_f64()), then
 * make the list of what was written. Errors stick in `w`. */
void clasp_write_param(clasp_writer *w, const clasp_param *param);
void clasp_write_signal(clasp_writer *w, bool with_meta, const clasp_signal_info *info);
void clasp_write_member(clasp_writer *w, const clasp_message *member);
void clasp_write_revision(clasp_writer *w, clasp_span address, uint64_t revision);

#endif
