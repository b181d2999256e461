#include "wire/fields_table.h"

/* Errors stick in `w`, the writer of the lists. */

/* True if a value is of this type; else BAD_FIELD. */
static bool is_a(clasp_writer *w, clasp_value value, clasp_value_type type) {
    clasp_write_fail(w, value.type == type ? CLASP_OK : CLASP_BAD_FIELD);
    return value.type == type;
}

static clasp_span read_text(clasp_writer *w, clasp_value value) {
    is_a(w, value, CLASP_VALUE_STRING);
    return clasp_value_text(value);
}

static double read_number(clasp_writer *w, clasp_value value) {
    double number = 0;
    clasp_write_fail(w, clasp_value_number(value, &number) ? CLASP_OK : CLASP_BAD_FIELD);
    return number;
}

static uint64_t read_integer(clasp_writer *w, clasp_value value, uint64_t most) {
    if (most == UINT64_MAX && value.type == CLASP_VALUE_BYTES && value.data.len == 2 + sizeof(uint64_t)) {
        return clasp_load_u64(value.data.at + 2);
    }
    const double number = read_number(w, value);
    if (!(number >= 0 && number < 0x1p64)) {
        clasp_write_fail(w, CLASP_OUT_OF_RANGE);
        return 0;
    }
    const uint64_t integer = value.type == CLASP_VALUE_I64 ? clasp_load_u64(value.data.at) : (uint64_t)number;
    clasp_write_fail(w, (double)integer == number && integer <= most ? CLASP_OK : CLASP_OUT_OF_RANGE);
    return integer;
}

/* The code or bit behind a name. */
static uint8_t read_name(clasp_writer *w, const clasp_names *set, clasp_value value) {
    const clasp_span text = read_text(w, value);
    for (unsigned i = 0; i < set->count; i++) {
        if (clasp_span_equal(text, clasp_span_of(set->names[i]))) {
            return set->codes[i];
        }
    }
    clasp_write_fail(w, CLASP_BAD_ENUM);
    return 0;
}

static void read_members(clasp_writer *w, uint8_t owner, clasp_value map, void *to);

static void read_signal(clasp_writer *w, bool with_meta, clasp_value map) {
    clasp_signal_info info = {.signal = 0};
    read_members(w, CLASP_PART_SIGNAL, map, &info);
    if (w->err == CLASP_OK) {
        clasp_write_signal(w, with_meta, &info);
    }
}

/* One item of an array: into the member at `to`, or behind the others of its list. */
static void read_item(clasp_writer *w, clasp_member_kind of, clasp_value item, unsigned index, void *to) {
    switch (of) {
    case MEMBER_TYPES:
        *(uint8_t *)to |= read_name(w, &CLASP_TYPE_NAMES, item);
        break;
    case MEMBER_FEATURES:
        *(uint8_t *)to |= read_name(w, &CLASP_FEATURE_NAMES, item);
        break;
    case MEMBER_RANGE:
        ((double *)to)[index] = read_number(w, item);
        break;
    case MEMBER_PATTERNS:
        clasp_write_text(w, read_text(w, item));
        break;
    default:
        read_signal(w, of == MEMBER_DECLARED, item);
        break;
    }
}

/* @return how many items there are */
static uint32_t read_items(clasp_writer *w, clasp_member_kind of, clasp_value array, void *to) {
    const uint32_t count = is_a(w, array, CLASP_VALUE_ARRAY) ? clasp_value_count(array) : 0;
    if (of == MEMBER_RANGE && count != 2) {
        clasp_write_fail(w, CLASP_BAD_FIELD);
    }
    clasp_reader r = clasp_value_items(array);
    for (uint32_t i = 0; i < count && w->err == CLASP_OK; i++) {
        read_item(w, of, clasp_value_next(&r), i, to);
    }
    return count;
}

/* @return how many revisions there are */
static uint32_t read_revisions(clasp_writer *w, clasp_value map) {
    const uint32_t count = is_a(w, map, CLASP_VALUE_MAP) ? clasp_value_count(map) : 0;
    clasp_reader r = clasp_value_items(map);
    for (uint32_t left = count; left > 0 && w->err == CLASP_OK; left--) {
        clasp_value revision;
        const clasp_span address = clasp_value_next_entry(&r, &revision);
        clasp_write_revision(w, address, read_integer(w, revision, UINT64_MAX));
    }
    return count;
}

static void read_list(clasp_writer *w, clasp_member_kind of, clasp_value value, clasp_list *list) {
    const uint8_t *start = w->at;
    list->count = of == MEMBER_REVISIONS ? read_revisions(w, value) : read_items(w, of, value, NULL);
    list->bytes = (clasp_span){start, (uint32_t)(w->at - start)};
}

/* A member that is there. */
static void read_member(clasp_writer *w, const clasp_member *m, clasp_value value, void *record) {
    void *to = (uint8_t *)record + m->offset;
    switch ((clasp_member_kind)m->kind) {
    case MEMBER_U8:
        *(uint8_t *)to = (uint8_t)read_integer(w, value, UINT8_MAX);
        break;
    case MEMBER_U16:
        *(uint16_t *)to = (uint16_t)read_integer(w, value, UINT16_MAX);
        break;
    case MEMBER_U32:
        *(uint32_t *)to = (uint32_t)read_integer(w, value, UINT32_MAX);
        break;
    case MEMBER_U64:
        *(uint64_t *)to = read_integer(w, value, UINT64_MAX);
        break;
    case MEMBER_F64:
        *(double *)to = read_number(w, value);
        break;
    case MEMBER_BOOL:
        *(uint8_t *)to = is_a(w, value, CLASP_VALUE_BOOL) && *value.data.at != 0;
        break;
    case MEMBER_TEXT:
        *(clasp_span *)to = read_text(w, value);
        break;
    case MEMBER_VALUE:
        *(clasp_value *)to = value;
        break;
    case MEMBER_SIGNAL:
        *(uint8_t *)to = read_name(w, &CLASP_SIGNAL_NAMES, value);
        break;
    case MEMBER_OP:
        *(uint8_t *)to = read_name(w, &CLASP_OP_NAMES, value);
        break;
    case MEMBER_TYPES:
    case MEMBER_FEATURES:
    case MEMBER_RANGE:
        read_items(w, (clasp_member_kind)m->kind, value, to);
        break;
    case MEMBER_PATTERNS:
    case MEMBER_REVISIONS:
    case MEMBER_DECLARED:
    case MEMBER_FOUND:
        read_list(w, (clasp_member_kind)m->kind, value, to);
        break;
    case MEMBER_META:
        read_members(w, CLASP_PART_META, value, record);
        break;
    case MEMBER_OPTIONS:
        read_members(w, CLASP_PART_OPTIONS, value, record);
        break;
    }
}

/* What its being there, or not, says. */
static void note_presence(clasp_writer *w, const clasp_member *m, bool is_there, void *record) {
    if (m->presence == THERE_ALWAYS && !is_there) {
        clasp_write_fail(w, CLASP_BAD_FIELD);
    } else if (m->presence == THERE_IF_BIT && is_there) {
        ((clasp_message *)record)->has |= m->arg;
    } else if (m->presence == THERE_IF_SET) {
        *(bool *)((uint8_t *)record + m->arg) = is_there;
    } else if (m->presence == THERE_UNLESS_ALL) {
        uint8_t *types = (uint8_t *)record + m->offset;
        *types = *types ? *types : CLASP_TYPE_ALL; /* an empty array says so, too */
    }
}

/* The members of one owner. As deep as the table: a message, a signal, its meta. */
static void read_members(clasp_writer *w, uint8_t owner, clasp_value map, void *to) {
    is_a(w, map, CLASP_VALUE_MAP);
    for (const clasp_member *m = clasp_first_member(owner); m->owner == owner && w->err == CLASP_OK; m++) {
        clasp_value value;
        const bool is_there = clasp_value_get(map, clasp_span_of(m->key), &value);
        if (is_there) {
            read_member(w, m, value, to);
        }
        note_presence(w, m, is_there, to);
    }
}

clasp_err clasp_message_of_fields(clasp_value map, clasp_writer *w, clasp_message *out) {
    memset(out, 0, sizeof *out);
    clasp_value type;
    if (!clasp_value_get(map, clasp_span_of("type"), &type) || type.type != CLASP_VALUE_STRING) {
        return CLASP_BAD_FIELD;
    }
    out->type = clasp_type_of_name(clasp_value_text(type));
    if (out->type == 0) {
        return CLASP_UNKNOWN_TYPE;
    }
    read_members(w, out->type, map, out);
    return w->err;
}
