#include "wire/fields_table.h"

static void write_key(clasp_writer *w, const char *key) { clasp_write_text(w, clasp_span_of(key)); }

static void write_string(clasp_writer *w, clasp_span text) {
    clasp_write_u8(w, CLASP_VALUE_STRING);
    clasp_write_text(w, text);
}

static void write_number(clasp_writer *w, double number) {
    clasp_write_u8(w, CLASP_VALUE_F64);
    clasp_write_f64(w, number);
}

static void write_u64(clasp_writer *w, uint64_t number) {
    if (number <= UINT64_C(1) << 53) {
        write_number(w, (double)number);
        return;
    }
    clasp_write_u8(w, CLASP_VALUE_BYTES);
    clasp_write_u16(w, sizeof number);
    clasp_write_u64(w, number);
}

/* Begin an array or map whose count is still open. @return where the count goes; NULL when the writer has failed */
static uint8_t *begin_items(clasp_writer *w, clasp_value_type type) {
    clasp_write_u8(w, (uint8_t)type);
    return clasp_room(w, 2);
}

static void end_items(uint8_t *at, uint32_t count) {
    if (at) {
        clasp_store_u16(at, (uint16_t)count);
    }
}

static void write_name(clasp_writer *w, const clasp_names *set, uint8_t code) {
    for (unsigned i = 0; i < set->count; i++) {
        if (set->codes[i] == code) {
            write_string(w, clasp_span_of(set->names[i]));
            return;
        }
    }
    clasp_write_fail(w, CLASP_BAD_ENUM);
}

static void write_names(clasp_writer *w, const clasp_names *set, uint8_t bits) {
    uint8_t *at = begin_items(w, CLASP_VALUE_ARRAY);
    uint32_t count = 0;
    for (unsigned i = 0; i < set->count; i++) {
        if (bits & set->codes[i]) {
            write_string(w, clasp_span_of(set->names[i]));
            count++;
        }
    }
    end_items(at, count);
}

static void write_range(clasp_writer *w, const double range[2]) {
    end_items(begin_items(w, CLASP_VALUE_ARRAY), 2);
    write_number(w, range[0]);
    write_number(w, range[1]);
}

static void write_members(clasp_writer *w, uint8_t owner, const void *record);

static void write_item(clasp_writer *w, clasp_member_kind of, clasp_reader *r) {
    if (of == MEMBER_PATTERNS) {
        write_string(w, clasp_read_text(r));
    } else if (of == MEMBER_REVISIONS) {
        clasp_span address;
        uint64_t revision;
        clasp_next_revision(r, &address, &revision);
        clasp_write_text(w, address);
        write_u64(w, revision);
    } else {
        clasp_signal_info info;
        clasp_next_signal(r, of == MEMBER_DECLARED, &info);
        write_members(w, CLASP_PART_SIGNAL, &info);
    }
}

static void write_list(clasp_writer *w, clasp_member_kind of, const clasp_list *list) {
    uint8_t *at = begin_items(w, of == MEMBER_REVISIONS ? CLASP_VALUE_MAP : CLASP_VALUE_ARRAY);
    clasp_reader r = clasp_list_reader(*list);
    for (uint32_t left = list->count; left > 0 && w->err == CLASP_OK; left--) {
        write_item(w, of, &r);
    }
    end_items(at, list->count);
}

/* A member that is there. */
static void write_member(clasp_writer *w, const clasp_member *m, const void *record) {
    const void *from = (const uint8_t *)record + m->offset;
    switch ((clasp_member_kind)m->kind) {
    case MEMBER_U8:
        write_number(w, *(const uint8_t *)from);
        break;
    case MEMBER_U16:
        write_number(w, *(const uint16_t *)from);
        break;
    case MEMBER_U32:
        write_number(w, *(const uint32_t *)from);
        break;
    case MEMBER_U64:
        write_u64(w, *(const uint64_t *)from);
        break;
    case MEMBER_F64:
        write_number(w, *(const double *)from);
        break;
    case MEMBER_BOOL:
        clasp_write_u8(w, CLASP_VALUE_BOOL);
        clasp_write_u8(w, *(const uint8_t *)from != 0);
        break;
    case MEMBER_TEXT:
        write_string(w, *(const clasp_span *)from);
        break;
    case MEMBER_VALUE:
        clasp_write_value(w, *(const clasp_value *)from);
        break;
    case MEMBER_SIGNAL:
        write_name(w, &CLASP_SIGNAL_NAMES, *(const uint8_t *)from);
        break;
    case MEMBER_OP:
        write_name(w, &CLASP_OP_NAMES, *(const uint8_t *)from);
        break;
    case MEMBER_TYPES:
        write_names(w, &CLASP_TYPE_NAMES, *(const uint8_t *)from);
        break;
    case MEMBER_FEATURES:
        write_names(w, &CLASP_FEATURE_NAMES, *(const uint8_t *)from);
        break;
    case MEMBER_RANGE:
        write_range(w, from);
        break;
    case MEMBER_PATTERNS:
    case MEMBER_REVISIONS:
    case MEMBER_DECLARED:
    case MEMBER_FOUND:
        write_list(w, (clasp_member_kind)m->kind, from);
        break;
    case MEMBER_META:
        write_members(w, CLASP_PART_META, record);
        break;
    case MEMBER_OPTIONS:
        write_members(w, CLASP_PART_OPTIONS, record);
        break;
    }
}

static bool is_present(const clasp_member *m, const void *record) {
    const uint8_t *bytes = record;
    switch ((clasp_member_presence)m->presence) {
    case THERE_IF_BIT:
    case THERE_IF_ANY:
        return (((const clasp_message *)record)->has & m->arg) != 0;
    case THERE_IF_SET:
        return *(const bool *)(bytes + m->arg);
    case THERE_IF_TEXT:
        return ((const clasp_span *)(const void *)(bytes + m->offset))->at != NULL;
    case THERE_UNLESS_EMPTY:
        return ((const clasp_span *)(const void *)(bytes + m->offset))->len > 0;
    case THERE_UNLESS_ALL:
        return bytes[m->offset] != CLASP_TYPE_ALL;
    default:
        return true;
    }
}

/* A map of the members of one owner, of a message with its type before them. */
static void write_members(clasp_writer *w, uint8_t owner, const void *record) {
    uint8_t *at = begin_items(w, CLASP_VALUE_MAP);
    uint32_t count = 0;
    const char *type = clasp_type_name(owner);
    if (type) {
        write_key(w, "type");
        write_string(w, clasp_span_of(type));
        count++;
    }
    for (const clasp_member *m = clasp_first_member(owner); m->owner == owner; m++) {
        if (is_present(m, record)) {
            write_key(w, m->key);
            write_member(w, m, record);
            count++;
        }
    }
    end_items(at, count);
}

void clasp_message_to_fields(clasp_writer *w, const clasp_message *message) {
    if (!clasp_type_name(message->type)) {
        clasp_write_fail(w, CLASP_UNKNOWN_TYPE);
        return;
    }
    write_members(w, message->type, message);
}
