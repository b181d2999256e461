#include "vectors.h"

#include <string.h>

/* The same number to the last bit; any NaN equals any NaN. */
static bool numbers_equal(double a, double b) {
    uint64_t a_bits;
    uint64_t b_bits;
    memcpy(&a_bits, &a, sizeof a);
    memcpy(&b_bits, &b, sizeof b);
    return (a != a && b != b) || a_bits == b_bits;
}

static bool is_integer(uint8_t type) { return type >= CLASP_VALUE_I8 && type <= CLASP_VALUE_I64; }

static int64_t integer_of(clasp_value value) {
    const uint8_t *p = value.data.at;
    return value.type == CLASP_VALUE_I8    ? (int8_t)p[0]
           : value.type == CLASP_VALUE_I16 ? (int16_t)clasp_load_u16(p)
           : value.type == CLASP_VALUE_I32 ? (int32_t)clasp_load_u32(p)
                                           : (int64_t)clasp_load_u64(p);
}

static bool arrays_equal(clasp_value a, clasp_value b) {
    uint32_t left = clasp_value_count(a);
    if (left != clasp_value_count(b)) {
        return false;
    }
    clasp_reader in_a = clasp_value_items(a);
    clasp_reader in_b = clasp_value_items(b);
    while (left > 0 && vector_values_equal(clasp_value_next(&in_a), clasp_value_next(&in_b))) {
        left--;
    }
    return left == 0;
}

/* True if every entry that `a` means is in `b`; with `deep`, with an equal value. Only one of the two directions may be
 * deep, or the work would double with each level. */
static bool map_within(clasp_value a, clasp_value b, bool deep) {
    clasp_reader r = clasp_value_items(a);
    for (uint32_t left = clasp_value_count(a); left > 0; left--) {
        clasp_value in_a;
        clasp_value in_b;
        const clasp_span key = clasp_value_next_entry(&r, &in_a);
        if (!clasp_value_get(a, key, &in_a) || !clasp_value_get(b, key, &in_b) ||
            (deep && !vector_values_equal(in_a, in_b))) {
            return false;
        }
    }
    return true;
}

bool vector_values_equal(clasp_value a, clasp_value b) {
    if (is_integer(a.type) && is_integer(b.type)) {
        return integer_of(a) == integer_of(b);
    }
    double x;
    double y;
    if (clasp_value_number(a, &x) && clasp_value_number(b, &y) && !is_integer(a.type) &&
        !is_integer(b.type)) {
        return numbers_equal(x, y);
    }
    if (a.type != b.type) {
        return false;
    }
    switch (a.type) {
    case CLASP_VALUE_BOOL:
        return (a.data.at[0] != 0) == (b.data.at[0] != 0);
    case CLASP_VALUE_ARRAY:
        return arrays_equal(a, b);
    case CLASP_VALUE_MAP:
        return map_within(b, a, false) && map_within(a, b, true);
    default:
        return clasp_span_equal(a.data, b.data);
    }
}

static bool params_equal(clasp_reader *a, clasp_reader *b) {
    clasp_param x;
    clasp_param y;
    clasp_next_param(a, &x);
    clasp_next_param(b, &y);
    return clasp_span_equal(x.address, y.address) && vector_values_equal(x.value, y.value) &&
           x.revision == y.revision && x.has_writer == y.has_writer && clasp_span_equal(x.writer, y.writer) &&
           x.has_timestamp == y.has_timestamp && x.timestamp_us == y.timestamp_us;
}

/* Equal, absent included. */
static bool optional_equal(clasp_span a, clasp_span b) { return !a.at == !b.at && clasp_span_equal(a, b); }

static bool signals_equal(clasp_reader *a, clasp_reader *b, bool with_meta) {
    clasp_signal_info x;
    clasp_signal_info y;
    clasp_next_signal(a, with_meta, &x);
    clasp_next_signal(b, with_meta, &y);
    return clasp_span_equal(x.address, y.address) && x.signal == y.signal &&
           optional_equal(x.datatype, y.datatype) && optional_equal(x.access, y.access) &&
           optional_equal(x.unit, y.unit) && optional_equal(x.description, y.description) &&
           x.has_meta == y.has_meta && x.has_range == y.has_range && numbers_equal(x.min, y.min) &&
           numbers_equal(x.max, y.max) && x.has_default == y.has_default &&
           vector_values_equal(x.default_value, y.default_value);
}

static bool members_equal(clasp_reader *a, clasp_reader *b) {
    clasp_message x;
    clasp_message y;
    return clasp_message_decode(clasp_next_member(a), &x) == CLASP_OK &&
           clasp_message_decode(clasp_next_member(b), &y) == CLASP_OK && vector_messages_equal(&x, &y);
}

static bool items_equal(uint8_t type, clasp_reader *a, clasp_reader *b) {
    switch (type) {
    case CLASP_MSG_SNAPSHOT:
        return params_equal(a, b);
    case CLASP_MSG_ANNOUNCE:
    case CLASP_MSG_RESULT:
        return signals_equal(a, b, type == CLASP_MSG_ANNOUNCE);
    case CLASP_MSG_BUNDLE:
        return members_equal(a, b);
    case CLASP_MSG_PUBLISH:
        return numbers_equal(clasp_read_f64(a), clasp_read_f64(b));
    default:
        return clasp_span_equal(clasp_read_text(a), clasp_read_text(b));
    }
}

/* Both lists have to end with their last item. */
static bool lists_equal(uint8_t type, clasp_list a, clasp_list b) {
    clasp_reader in_a = clasp_list_reader(a);
    clasp_reader in_b = clasp_list_reader(b);
    uint32_t left = a.count;
    while (left > 0 && a.count == b.count && items_equal(type, &in_a, &in_b)) {
        left--;
    }
    return left == 0 && a.count == b.count && clasp_left(&in_a) == 0 && clasp_left(&in_b) == 0 && !in_a.err &&
           !in_b.err;
}

/* Members that are numbers, and texts. */
static const struct member {
    const char *name;
    size_t offset, size;
} NUMBERS[] =
    {
#define X(member) {#member, offsetof(clasp_message, member), sizeof(((clasp_message *)NULL)->member)},
        X(type) X(version) X(features) X(signal) X(phase) X(types) X(op) X(locked) X(code) X(has) X(id) X(ttl)
            X(rate) X(history) X(window_ms) X(limit) X(revision) X(time_us) X(t2_us) X(t3_us)
#undef X
},
  TEXTS[] = {
#define X(member) {#member, offsetof(clasp_message, member), 0},
      X(address) X(name) X(session) X(token)
#undef X
};

const char *vector_difference(const clasp_message *a, const clasp_message *b) {
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        const size_t offset = NUMBERS[i].offset;
        if (memcmp((const uint8_t *)a + offset, (const uint8_t *)b + offset, NUMBERS[i].size) != 0) {
            return NUMBERS[i].name;
        }
    }
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        const size_t offset = TEXTS[i].offset;
        if (!clasp_span_equal(*(const clasp_span *)(const void *)((const uint8_t *)a + offset),
                              *(const clasp_span *)(const void *)((const uint8_t *)b + offset))) {
            return TEXTS[i].name;
        }
    }
    return !numbers_equal(a->epsilon, b->epsilon)                                                  ? "epsilon"
           : !vector_values_equal(a->value, b->value)                                              ? "value"
           : !lists_equal(a->type, a->list, b->list)                                               ? "list"
           : !clasp_span_equal(a->list2.bytes, b->list2.bytes) || a->list2.count != b->list2.count ? "list2"
                                                                                                   : NULL;
}

bool vector_messages_equal(const clasp_message *a, const clasp_message *b) {
    return vector_difference(a, b) == NULL;
}
