#include "base/limits.h"
#include "wire/hot.h"
#include "wire/rows.h"

/* ---- fields -------------------------------------------------------------------------------------------------- */

static uint32_t indicated(uint8_t indicator) {
    return indicator == 1 ? FLAG_VALUE : indicator == 2 ? FLAG_SAMPLES : 0;
}

static void read_publish_flags(uint8_t flags, clasp_message *out) {
    const uint8_t signal = flags >> 5;
    const uint8_t phase = flags & 0x07;
    out->signal = signal <= CLASP_SIGNAL_TIMELINE ? signal : CLASP_SIGNAL_EVENT;
    out->phase = phase <= CLASP_PHASE_CANCEL ? phase : CLASP_PHASE_START;
}

/* By a copy: the reader of a row stays in registers as long as its own address goes nowhere. */
static void read_list(clasp_reader *r, clasp_item item, clasp_list *list) {
    clasp_reader at = *r;
    clasp_read_items(&at, item, list);
    *r = at;
}

/* Fields with a rule of their own. */
INLINE void read_special(clasp_reader *r, const clasp_field *f, uint32_t *flags, clasp_message *out) {
    void *to = (uint8_t *)out + f->offset;
    switch ((clasp_field_kind)f->kind) {
    case FIELD_PUBLISH_FLAGS:
        *flags = clasp_read_u8(r);
        read_publish_flags((uint8_t)*flags, out);
        break;
    case FIELD_FLAGS:
    case FIELD_SET_FLAGS:
        *flags = clasp_read_u8(r);
        break;
    case FIELD_INDICATOR:
        *flags |= indicated(clasp_read_u8(r));
        break;
    case FIELD_FEATURES:
        *(uint8_t *)to = (uint8_t)(clasp_read_u8(r) & f->arg);
        break;
    case FIELD_TYPES:
        *(uint8_t *)to = clasp_normal_types(clasp_read_u8(r));
        break;
    case FIELD_OP:
        *(uint8_t *)to = clasp_read_u8(r);
        if (!clasp_op_fits(*(uint8_t *)to)) {
            clasp_read_fail(r, CLASP_BAD_ENUM);
        }
        break;
    case FIELD_RATE:
        if (clasp_left(r) >= sizeof(uint32_t)) {
            *(uint32_t *)to = clasp_read_u32(r);
            out->has |= CLASP_HAS_RATE;
        }
        break;
    default: /* a mark: its flag said it all */
        break;
    }
}

/* Read one field that is there. */
INLINE void read_field(clasp_reader *r, const clasp_field *f, uint32_t *flags, clasp_message *out) {
    void *to = (uint8_t *)out + f->offset;
    switch ((clasp_field_kind)f->kind) {
    case FIELD_U8:
        *(uint8_t *)to = clasp_read_u8(r);
        break;
    case FIELD_U16:
        *(uint16_t *)to = clasp_read_u16(r);
        break;
    case FIELD_U32:
        *(uint32_t *)to = clasp_read_u32(r);
        break;
    case FIELD_U64:
        *(uint64_t *)to = clasp_read_u64(r);
        break;
    case FIELD_F64:
        *(double *)to = clasp_read_f64(r);
        break;
    case FIELD_BOOL:
        *(uint8_t *)to = clasp_read_u8(r) != 0;
        break;
    case FIELD_TEXT:
        *(clasp_span *)to = clasp_take_text(r);
        break;
    case FIELD_VALUE:
        clasp_take_value(r, to);
        break;
    case FIELD_VALUE_DATA:
        clasp_take_value_data(r, *flags & 0x0F, to);
        break;
    case FIELD_COUNT:
        ((clasp_list *)to)->count = clasp_read_u16(r);
        break;
    case FIELD_ITEMS:
        read_list(r, (clasp_item)f->arg, to);
        break;
    case FIELD_SAMPLES:
        read_list(r, CLASP_ITEM_SAMPLE, to);
        break;
    default:
        read_special(r, f, flags, out);
        break;
    }
}

/* Read one field, if the flags say that it is there. */
INLINE void read_if(clasp_reader *r, const clasp_field *f, uint32_t *flags, clasp_message *out) {
    if (f->flag != 0) {
        if ((*flags & f->flag) == 0) {
            return;
        }
        out->has |= f->arg;
    }
    read_field(r, f, flags, out);
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

/* Read the fields of a row. */
static clasp_err read_row(clasp_reader r, const clasp_field *f, clasp_message *out) {
    uint32_t flags = 0;
    for (; f->kind != FIELD_END; f++) {
        read_if(&r, f, &flags, out);
    }
    return r.err;
}

#define READ(...) read_if(&r, &(const clasp_field)__VA_ARGS__, &flags, out);

static clasp_err read_set(clasp_reader r, clasp_message *out) {
    uint32_t flags = 0;
    SET_ROW(READ)
    return r.err;
}

static clasp_err read_publish(clasp_reader r, clasp_message *out) {
    uint32_t flags = 0;
    PUBLISH_ROW(READ)
    return r.err;
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

/* Decode one message; the members of a BUNDLE are found, but not looked into. */
static clasp_err read_message(clasp_span payload, clasp_message *out) {
    if (payload.len == 0) {
        return CLASP_TRUNCATED;
    }
    const clasp_field *row = clasp_row(payload.at[0]);
    if (!row) {
        return CLASP_UNKNOWN_TYPE;
    }
    out->type = payload.at[0];
    out->has = 0;
    const clasp_reader r = clasp_reader_of((clasp_span){payload.at + 1, payload.len - 1});
    switch (out->type) {
    case CLASP_MSG_SET:
        return read_set(r, out);
    case CLASP_MSG_PUBLISH:
        return read_publish(r, out);
    default:
        return read_row(r, row, out);
    }
}

/* A bundle that was entered: which of its members are still to come. */
typedef struct level {
    clasp_reader r;
    uint32_t left;
} level;

static level enter(const clasp_list *members) { return (level){clasp_list_reader(*members), members->count}; }

/* Check the members of a bundle, and theirs. Iterative: at most CLASP_BUNDLE_DEPTH levels are open. */
static clasp_err check_members(const clasp_list *members) {
    level levels[CLASP_BUNDLE_DEPTH];
    unsigned depth = 0;
    levels[depth++] = enter(members);
    while (depth > 0) {
        level *top = &levels[depth - 1];
        if (top->left == 0) {
            depth--;
            continue;
        }
        top->left--;
        clasp_message member;
        const clasp_err err = read_message(clasp_next_member(&top->r), &member);
        if (err != CLASP_OK) {
            return err;
        }
        if (member.type == CLASP_MSG_BUNDLE) {
            if (depth == CLASP_BUNDLE_DEPTH) {
                return CLASP_TOO_DEEP;
            }
            levels[depth++] = enter(&member.list);
        }
    }
    return CLASP_OK;
}

/* The first byte of a MessagePack map, which no message of ours begins with. */
static bool is_legacy(uint8_t first) {
    return (first >= 0x80 && first <= 0x8F) || first == 0xDE || first == 0xDF;
}

clasp_err clasp_message_decode(clasp_span payload, clasp_message *out) {
    memset(out, 0, sizeof *out);
    const clasp_err err = read_message(payload, out);
    if (err == CLASP_UNKNOWN_TYPE && is_legacy(payload.at[0])) {
        return CLASP_BAD_LEGACY;
    }
    return err == CLASP_OK && out->type == CLASP_MSG_BUNDLE ? check_members(&out->list) : err;
}

#define LEAST_PARAM 12u /* bytes of the smallest param: no address, null, revision, flags */

/* The params are left to their reader: only their count is read. */
static clasp_err open_snapshot(clasp_span payload, clasp_message *out) {
    clasp_reader r = clasp_reader_of((clasp_span){payload.at + 1, payload.len - 1});
    out->type = CLASP_MSG_SNAPSHOT;
    out->list.count = clasp_read_u16(&r);
    out->list.bytes = (clasp_span){r.at, (uint32_t)clasp_left(&r)};
    return out->list.count > clasp_left(&r) / LEAST_PARAM ? CLASP_TRUNCATED : r.err;
}

clasp_err clasp_message_open(clasp_span payload, clasp_message *out) {
    const uint8_t type = payload.len > 0 ? payload.at[0] : 0;
    if (type != CLASP_MSG_SET && type != CLASP_MSG_PUBLISH) {
        memset(out, 0, sizeof *out);
    }
    if (type == CLASP_MSG_SNAPSHOT) {
        return open_snapshot(payload, out);
    }
    const clasp_err err = read_message(payload, out);
    return err == CLASP_UNKNOWN_TYPE && is_legacy(type) ? CLASP_BAD_LEGACY : err;
}

clasp_err clasp_decode(clasp_span in, clasp_frame *frame, clasp_message *out) {
    const clasp_err err = clasp_frame_decode(in, frame, NULL);
    return err == CLASP_OK ? clasp_message_decode(frame->payload, out) : err;
}
