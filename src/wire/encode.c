#include "wire/hot.h"
#include "wire/rows.h"

/* ---- fields -------------------------------------------------------------------------------------------------- */

/* What of `has` is written: one thing stands in a PUBLISH, and a value wins over samples. */
static uint32_t written(uint32_t has) { return has & CLASP_HAS_VALUE ? has & ~CLASP_HAS_SAMPLES : has; }

static uint8_t indicator_of(uint32_t has) {
    return has & CLASP_HAS_VALUE ? 1 : has & CLASP_HAS_SAMPLES ? 2 : 0;
}

/* The low bits of the flags byte of SET and PUBLISH. */
static uint8_t set_flags(clasp_writer *w, const clasp_message *message) {
    if (message->value.type > CLASP_VALUE_MAP) {
        clasp_write_fail(w, CLASP_BAD_VALUE_TYPE);
    }
    return message->value.type;
}

static uint8_t publish_flags(clasp_writer *w, const clasp_message *message) {
    if (message->signal > CLASP_SIGNAL_TIMELINE || message->phase > CLASP_PHASE_CANCEL) {
        clasp_write_fail(w, CLASP_BAD_ENUM);
    }
    return (uint8_t)(message->signal << 5 | message->phase);
}

static void write_count(clasp_writer *w, uint32_t count) {
    if (count > UINT16_MAX) {
        clasp_write_fail(w, CLASP_TOO_LARGE);
    }
    clasp_write_u16(w, (uint16_t)count);
}

/* Begin a byte of flags; the fields behind it set theirs as they are written. NULL when the writer has failed. */
static inline uint8_t *begin_flags(clasp_writer *w, uint8_t low) {
    uint8_t *flags = clasp_room(w, 1);
    if (flags) {
        *flags = low;
    }
    return flags;
}

/* Fields with a rule of their own. */
INLINE void write_special(clasp_writer *w, const clasp_field *f, uint8_t **flags, uint32_t has,
                          const clasp_message *message) {
    const void *from = (const uint8_t *)message + f->offset;
    switch ((clasp_field_kind)f->kind) {
    case FIELD_FLAGS:
        *flags = begin_flags(w, 0);
        break;
    case FIELD_SET_FLAGS:
        *flags = begin_flags(w, set_flags(w, message));
        break;
    case FIELD_PUBLISH_FLAGS:
        *flags = begin_flags(w, publish_flags(w, message));
        break;
    case FIELD_INDICATOR:
        clasp_write_u8(w, indicator_of(has));
        break;
    case FIELD_FEATURES:
        clasp_write_u8(w, (uint8_t)(*(const uint8_t *)from & f->arg));
        break;
    case FIELD_TYPES:
        clasp_write_u8(w, clasp_normal_types(*(const uint8_t *)from));
        break;
    case FIELD_OP:
        if (!clasp_op_fits(*(const uint8_t *)from)) {
            clasp_write_fail(w, CLASP_BAD_ENUM);
        }
        clasp_write_u8(w, *(const uint8_t *)from);
        break;
    case FIELD_RATE:
        if (has & CLASP_HAS_RATE) {
            clasp_write_u32(w, *(const uint32_t *)from);
        }
        break;
    default: /* a mark: its flag says it all */
        break;
    }
}

/* Write one field that is there. */
INLINE void write_field(clasp_writer *w, const clasp_field *f, uint8_t **flags, uint32_t has,
                        const clasp_message *message) {
    const void *from = (const uint8_t *)message + f->offset;
    switch ((clasp_field_kind)f->kind) {
    case FIELD_U8:
        clasp_write_u8(w, *(const uint8_t *)from);
        break;
    case FIELD_U16:
        clasp_write_u16(w, *(const uint16_t *)from);
        break;
    case FIELD_U32:
        clasp_write_u32(w, *(const uint32_t *)from);
        break;
    case FIELD_U64:
        clasp_write_u64(w, *(const uint64_t *)from);
        break;
    case FIELD_F64:
        clasp_write_f64(w, *(const double *)from);
        break;
    case FIELD_BOOL:
        clasp_write_u8(w, *(const uint8_t *)from != 0);
        break;
    case FIELD_TEXT:
        clasp_write_text(w, *(const clasp_span *)from);
        break;
    case FIELD_VALUE:
        clasp_put_value(w, *(const clasp_value *)from);
        break;
    case FIELD_VALUE_DATA:
        clasp_write_bytes(w, ((const clasp_value *)from)->data);
        break;
    case FIELD_COUNT:
        write_count(w, ((const clasp_list *)from)->count);
        break;
    case FIELD_ITEMS:
    case FIELD_SAMPLES:
        clasp_write_bytes(w, ((const clasp_list *)from)->bytes);
        break;
    default:
        write_special(w, f, flags, has, message);
        break;
    }
}

/* Write one field, if `has` says that it is there, and its flag at `flags`, the last byte of flags. */
INLINE void write_if(clasp_writer *w, const clasp_field *f, uint8_t **flags, uint32_t has,
                     const clasp_message *message) {
    if (f->flag != 0 && (has & f->arg) == 0) {
        return;
    }
    if (f->flag != 0 && *flags) {
        **flags |= (uint8_t)f->flag; /* nothing of an indicator's */
    }
    write_field(w, f, flags, has, message);
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

/* Write the fields of a row. */
static clasp_writer write_row(clasp_writer w, const clasp_field *f, const clasp_message *message) {
    const uint32_t has = written(message->has);
    uint8_t *flags = NULL;
    for (; f->kind != FIELD_END; f++) {
        write_if(&w, f, &flags, has, message);
    }
    return w;
}

#define WRITE(...) write_if(&w, &(const clasp_field)__VA_ARGS__, &flags, has, message);

static clasp_writer write_set(clasp_writer w, const clasp_message *message) {
    const uint32_t has = message->has;
    uint8_t *flags = NULL;
    SET_ROW(WRITE)
    return w;
}

static clasp_writer write_publish(clasp_writer w, const clasp_message *message) {
    const uint32_t has = written(message->has);
    uint8_t *flags = NULL;
    PUBLISH_ROW(WRITE)
    return w;
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

void clasp_message_write(clasp_writer *w, const clasp_message *message) {
    const clasp_field *row = clasp_row(message->type);
    if (!row) {
        clasp_write_fail(w, CLASP_UNKNOWN_TYPE);
        return;
    }
    clasp_write_u8(w, message->type);
    *w = message->type == CLASP_MSG_SET       ? write_set(*w, message)
         : message->type == CLASP_MSG_PUBLISH ? write_publish(*w, message)
                                              : write_row(*w, row, message);
}

void clasp_frame_write(clasp_writer *w, const clasp_message *message) {
    uint8_t *start = clasp_frame_begin(w, clasp_message_qos(message), NULL);
    clasp_message_write(w, message);
    clasp_frame_end(w, start);
}
