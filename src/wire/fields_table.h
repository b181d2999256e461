/**
 * The table of members: by name those of each message that wire/fields.h serves, and of its parts. fields_read.c and
 * fields_write.c walk it, one walk each. For src/wire/fields_*.c only.
 */
#ifndef CLASP_WIRE_FIELDS_TABLE_H
#define CLASP_WIRE_FIELDS_TABLE_H

#include "wire/fields.h"

/** A closed set of names, and the code or bit behind each. */
typedef struct clasp_names {
    const char *const *names;
    const uint8_t *codes;
    uint8_t count;
} clasp_names;

extern const clasp_names CLASP_SIGNAL_NAMES;  /* codes */
extern const clasp_names CLASP_OP_NAMES;      /* codes */
extern const clasp_names CLASP_TYPE_NAMES;    /* bits */
extern const clasp_names CLASP_FEATURE_NAMES; /* bits */

/** What a member is in the map; behind it, in clasp_message or clasp_signal_info. */
typedef enum clasp_member_kind {
    MEMBER_U8, /* a number; an unsigned integer of that size */
    MEMBER_U16,
    MEMBER_U32,
    MEMBER_U64,       /* or 8 bytes */
    MEMBER_F64,       /* a number; double */
    MEMBER_BOOL,      /* uint8_t */
    MEMBER_TEXT,      /* clasp_span */
    MEMBER_VALUE,     /* any value; clasp_value */
    MEMBER_SIGNAL,    /* a name; uint8_t */
    MEMBER_OP,        /* a name; uint8_t */
    MEMBER_TYPES,     /* an array of names; uint8_t */
    MEMBER_FEATURES,  /* an array of names; uint8_t */
    MEMBER_RANGE,     /* an array of two numbers; two doubles */
    MEMBER_PATTERNS,  /* an array of texts; clasp_list */
    MEMBER_REVISIONS, /* a map of numbers; clasp_list */
    MEMBER_DECLARED,  /* an array of signals with their meta; clasp_list */
    MEMBER_FOUND,     /* an array of signals; clasp_list */
    MEMBER_META,      /* maps, whose members belong to the same structure */
    MEMBER_OPTIONS
} clasp_member_kind;

/** When a member is there. */
typedef enum clasp_member_presence {
    THERE_ALWAYS,       /* a map without it is refused */
    THERE_ANYWAY,       /* a map may leave it out: all zeros */
    THERE_IF_BIT,       /* `arg`: its bit of clasp_message.has */
    THERE_IF_ANY,       /* `arg`: bits of it, which are those of the options */
    THERE_IF_SET,       /* `arg`: where in clasp_signal_info the bool is that says so */
    THERE_IF_TEXT,      /* a text whose `at` is not NULL */
    THERE_UNLESS_EMPTY, /* a text */
    THERE_UNLESS_ALL    /* a mask of types */
} clasp_member_presence;

/** Whose members: a clasp_message_type, or one of these parts. */
enum { CLASP_PART_SIGNAL = 0xF0, CLASP_PART_META, CLASP_PART_OPTIONS };

typedef struct clasp_member {
    uint8_t owner;
    uint8_t kind;     /* clasp_member_kind */
    uint8_t presence; /* clasp_member_presence */
    uint16_t offset;  /* in the structure */
    uint32_t arg;     /* by presence */
    const char *key;
} clasp_member;

/** The first member of an owner, the others behind it in the order of writing. One of owner 0 when it has none. Static. */
const clasp_member *clasp_first_member(uint8_t owner);

/** The name of a message that has fields here; NULL for any other code. Static. */
const char *clasp_type_name(uint8_t type);

/** The code of a message by its name; 0 for a text that is none, and for a message that has no fields here. */
uint8_t clasp_type_of_name(clasp_span name);

#endif
