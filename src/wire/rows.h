/**
 * The table of messages: for each, its fields in the order of the wire. decode.c and encode.c walk it, one walk each.
 * For src/wire/ only.
 */
#ifndef CLASP_WIRE_ROWS_H
#define CLASP_WIRE_ROWS_H

#include "wire/list.h"

/** What a field is on the wire. */
typedef enum clasp_field_kind {
    FIELD_END, /* of the row */
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_F64,
    FIELD_BOOL,
    FIELD_TEXT,
    FIELD_VALUE,
    FIELD_VALUE_DATA,    /* the type code is in SET_FLAGS */
    FIELD_COUNT,         /* of the list whose items follow */
    FIELD_ITEMS,         /* `arg`: clasp_item */
    FIELD_SAMPLES,       /* items, too; optional ones */
    FIELD_MARK,          /* a flag with nothing behind it */
    FIELD_FLAGS,         /* the byte with the flags of the fields after it */
    FIELD_SET_FLAGS,     /* same, with the value's type code in bits 3..0 */
    FIELD_PUBLISH_FLAGS, /* same, with the signal in bits 7..5 and the phase in bits 2..0 */
    FIELD_INDICATOR,     /* 0 nothing, 1 a value, 2 samples; any other reads as nothing */
    FIELD_FEATURES,      /* `arg`: the features that the message can name */
    FIELD_TYPES,         /* type mask */
    FIELD_OP,            /* 1..4 */
    FIELD_RATE           /* u32, there if four bytes are left */
} clasp_field_kind;

typedef struct clasp_field {
    uint8_t kind;    /* clasp_field_kind */
    uint16_t offset; /* in clasp_message */
    uint16_t flag;   /* bit of the flags that says it is there; 0: always there */
    uint32_t arg;    /* with a flag: CLASP_HAS_*; else by kind */
} clasp_field;

/* INDICATOR turns its byte into these, above the bits of the flags byte. */
#define FLAG_VALUE 0x100u
#define FLAG_SAMPLES 0x200u

// clang-format off
#define ALWAYS(kind, member)        {FIELD_##kind, offsetof(clasp_message, member), 0, 0}
#define WITH(kind, member, arg)     {FIELD_##kind, offsetof(clasp_message, member), 0, arg}
#define IF(flag, has, kind, member) {FIELD_##kind, offsetof(clasp_message, member), flag, CLASP_HAS_##has}
#define MARKED(flag, has)           {FIELD_MARK, 0, flag, CLASP_HAS_##has}
#define BARE(kind)                  {FIELD_##kind, 0, 0, 0}
// clang-format on

/*
 * The two rows of the hot path are lists of F(field), so that the walks can also be expanded in place, field by field,
 * with everything known to the compiler: that halves their time.
 */
#define SET_ROW(F)                       \
    F(BARE(SET_FLAGS))                   \
    F(ALWAYS(TEXT, address))             \
    F(ALWAYS(VALUE_DATA, value))         \
    F(IF(0x80, REVISION, U64, revision)) \
    F(MARKED(0x40, LOCK))                \
    F(MARKED(0x20, UNLOCK))              \
    F(IF(0x10, TTL, U32, ttl))

#define PUBLISH_ROW(F)                          \
    F(BARE(PUBLISH_FLAGS))                      \
    F(ALWAYS(TEXT, address))                    \
    F(BARE(INDICATOR))                          \
    F(IF(FLAG_VALUE, VALUE, VALUE, value))      \
    F(IF(FLAG_SAMPLES, SAMPLES, COUNT, list))   \
    F(IF(FLAG_SAMPLES, SAMPLES, SAMPLES, list)) \
    F(IF(0x10, TIMESTAMP, U64, time_us))        \
    F(IF(0x08, ID, U32, id))                    \
    F(ALWAYS(RATE, rate))

/** The fields of a message up to FIELD_END; NULL when no message has this type code. Static. */
const clasp_field *clasp_row(uint8_t type);

/** The type mask as it is kept and written: one without any known bit means all; all may also be five bits. */
static inline uint8_t clasp_normal_types(uint8_t types) {
    const uint8_t known = types & 0x1F;
    return types == CLASP_TYPE_ALL || known == 0 ? CLASP_TYPE_ALL : known;
}

/** True for an operation of FEDERATION_SYNC. */
static inline bool clasp_op_fits(uint8_t op) { return op >= 1 && op <= 4; }

/* For what is expanded in place. */
#define INLINE static inline __attribute__((always_inline))

#endif
