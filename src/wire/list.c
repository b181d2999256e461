#include "wire/list.h"

#include "wire/hot.h"

/* Flags of a param of SNAPSHOT. */
#define PARAM_WRITER 0x01u
#define PARAM_TIMESTAMP 0x02u

/* Flags of a signal of ANNOUNCE and RESULT, and of its meta (ANNOUNCE only). */
#define SIGNAL_DATATYPE 0x01u
#define SIGNAL_ACCESS 0x02u
#define SIGNAL_META 0x04u
#define META_UNIT 0x01u
#define META_RANGE 0x02u
#define META_DEFAULT 0x04u
#define META_DESCRIPTION 0x08u

#define SAMPLE_SIZE 8u

/* ---- params -------------------------------------------------------------------------------------------------- */

/* Text of an item: checked on the way in, only stepped over when it is read out. */
static inline clasp_span take_text(clasp_reader *r, bool check) {
    return check ? clasp_take_text(r) : clasp_take_sized(r);
}

static inline void take_param(clasp_reader *r, bool check, clasp_param *out) {
    out->address = take_text(r, check);
    clasp_take_value(r, &out->value);
    out->revision = clasp_read_u64(r);
    const uint8_t flags = clasp_read_u8(r);
    out->has_writer = (flags & PARAM_WRITER) != 0;
    out->has_timestamp = (flags & PARAM_TIMESTAMP) != 0;
    out->writer = out->has_writer ? take_text(r, check) : (clasp_span){NULL, 0};
    out->timestamp_us = out->has_timestamp ? clasp_read_u64(r) : 0;
}

void clasp_next_param(clasp_reader *r, clasp_param *out) { take_param(r, false, out); }

void clasp_read_param(clasp_reader *r, clasp_param *out) { take_param(r, true, out); }

void clasp_write_param(clasp_writer *w, const clasp_param *param) {
    clasp_write_text(w, param->address);
    clasp_write_value(w, param->value);
    clasp_write_u64(w, param->revision);
    clasp_write_u8(w, (param->has_writer ? PARAM_WRITER : 0) | (param->has_timestamp ? PARAM_TIMESTAMP : 0));
    if (param->has_writer) {
        clasp_write_text(w, param->writer);
    }
    if (param->has_timestamp) {
        clasp_write_u64(w, param->timestamp_us);
    }
}

/* ---- signals ------------------------------------------------------------------------------------------------- */

static void take_meta(clasp_reader *r, clasp_signal_info *out) {
    const uint8_t flags = clasp_read_u8(r);
    out->has_meta = true;
    out->has_range = (flags & META_RANGE) != 0;
    out->has_default = (flags & META_DEFAULT) != 0;
    if (flags & META_UNIT) {
        out->unit = clasp_take_text(r);
    }
    if (out->has_range) {
        out->min = clasp_read_f64(r);
        out->max = clasp_read_f64(r);
    }
    if (out->has_default) {
        clasp_take_value(r, &out->default_value);
    }
    if (flags & META_DESCRIPTION) {
        out->description = clasp_take_text(r);
    }
}

void clasp_next_signal(clasp_reader *r, bool with_meta, clasp_signal_info *out) {
    *out = (clasp_signal_info){.address = clasp_take_text(r)};
    const uint8_t signal = clasp_read_u8(r);
    out->signal = signal <= CLASP_SIGNAL_TIMELINE ? signal : CLASP_SIGNAL_EVENT;
    const uint8_t flags = clasp_read_u8(r);
    if (flags & SIGNAL_DATATYPE) {
        out->datatype = clasp_take_text(r);
    }
    if (flags & SIGNAL_ACCESS) {
        out->access = clasp_take_text(r);
    }
    if (with_meta && flags & SIGNAL_META) {
        take_meta(r, out);
    }
}

static void write_optional(clasp_writer *w, clasp_span text) {
    if (text.at) {
        clasp_write_text(w, text);
    }
}

static void write_meta(clasp_writer *w, const clasp_signal_info *info) {
    clasp_write_u8(w, (info->unit.at ? META_UNIT : 0) | (info->has_range ? META_RANGE : 0) |
                          (info->has_default ? META_DEFAULT : 0) |
                          (info->description.at ? META_DESCRIPTION : 0));
    write_optional(w, info->unit);
    if (info->has_range) {
        clasp_write_f64(w, info->min);
        clasp_write_f64(w, info->max);
    }
    if (info->has_default) {
        clasp_write_value(w, info->default_value);
    }
    write_optional(w, info->description);
}

void clasp_write_signal(clasp_writer *w, bool with_meta, const clasp_signal_info *info) {
    const bool has_meta = with_meta && info->has_meta;
    if (info->signal > CLASP_SIGNAL_TIMELINE) {
        clasp_write_fail(w, CLASP_BAD_ENUM);
    }
    clasp_write_text(w, info->address);
    clasp_write_u8(w, info->signal);
    clasp_write_u8(w, (info->datatype.at ? SIGNAL_DATATYPE : 0) | (info->access.at ? SIGNAL_ACCESS : 0) |
                          (has_meta ? SIGNAL_META : 0));
    write_optional(w, info->datatype);
    write_optional(w, info->access);
    if (has_meta) {
        write_meta(w, info);
    }
}

/* ---- revisions and members ----------------------------------------------------------------------------------- */

void clasp_next_revision(clasp_reader *r, clasp_span *address, uint64_t *revision) {
    *address = clasp_take_text(r);
    *revision = clasp_read_u64(r);
}

void clasp_write_revision(clasp_writer *w, clasp_span address, uint64_t revision) {
    clasp_write_text(w, address);
    clasp_write_u64(w, revision);
}

clasp_span clasp_next_member(clasp_reader *r) { return clasp_take_sized(r); }

void clasp_write_member(clasp_writer *w, const clasp_message *member) {
    uint8_t *length = clasp_room(w, 2);
    clasp_message_write(w, member);
    if (w->err != CLASP_OK) {
        return;
    }
    const size_t len = (size_t)(w->at - length) - 2;
    if (len > UINT16_MAX) {
        clasp_write_fail(w, CLASP_TOO_LARGE);
        return;
    }
    clasp_store_u16(length, (uint16_t)len);
}

/* ---- checking ------------------------------------------------------------------------------------------------ */

static void check_text(clasp_reader *r) { clasp_take_text(r); }

static void check_revision(clasp_reader *r) {
    clasp_take_text(r);
    clasp_read_u64(r);
}

static void check_declared(clasp_reader *r) {
    clasp_signal_info info;
    clasp_next_signal(r, true, &info);
}

static void check_found(clasp_reader *r) {
    clasp_signal_info info;
    clasp_next_signal(r, false, &info);
}

static void check_param(clasp_reader *r) {
    clasp_reader at = *r;
    clasp_param param;
    take_param(&at, true, &param);
    *r = at;
}

static void check_member(clasp_reader *r) { clasp_take_sized(r); }

/* How each item is checked, and the bytes of the smallest one. Items without a checker are all of that size. */
static const struct {
    void (*check)(clasp_reader *r);
    uint8_t least;
} ITEMS[] = {
    // clang-format off
    [CLASP_ITEM_TEXT]     = {check_text,      2},
    [CLASP_ITEM_REVISION] = {check_revision, 10},
    [CLASP_ITEM_DECLARED] = {check_declared,  4},
    [CLASP_ITEM_FOUND]    = {check_found,     4},
    [CLASP_ITEM_PARAM]    = {check_param,    12},
    [CLASP_ITEM_SAMPLE]   = {NULL, SAMPLE_SIZE},
    [CLASP_ITEM_MEMBER]   = {check_member,    3},
    // clang-format on
};

void clasp_read_items(clasp_reader *r, clasp_item item, clasp_list *list) {
    list->bytes.at = r->at;
    if (list->count > clasp_left(r) / ITEMS[item].least) {
        clasp_read_fail(
            r, CLASP_TRUNCATED); /* before anything is read: no count makes work that its bytes do not */
        return;
    }
    if (ITEMS[item].check) {
        for (uint32_t left = list->count; left > 0 && r->err == CLASP_OK; left--) {
            ITEMS[item].check(r);
        }
    } else {
        clasp_take(r, (size_t)list->count * ITEMS[item].least);
    }
    list->bytes.len = (uint32_t)(r->at - list->bytes.at);
}
