#include "wire/wide.h"

#include "wire/walk.h"

clasp_value clasp_read_wide_data(clasp_reader *r, uint8_t type) {
    return clasp_walk_data(r, type, true, CLASP_WIDE_VALUES);
}

clasp_value clasp_read_wide(clasp_reader *r) {
    const uint8_t type = clasp_read_u8(r);
    return clasp_read_wide_data(r, type);
}

/* The rest of what is read is one value. */
static clasp_value read_last(clasp_reader *r) {
    if (clasp_left(r) > CLASP_CHUNK_MAX_LEN) {
        clasp_read_fail(r, CLASP_TOO_LARGE);
    }
    const clasp_value value = clasp_read_wide(r);
    if (clasp_left(r) > 0) {
        clasp_read_fail(r, CLASP_BAD_FIELD);
    }
    return value;
}

clasp_err clasp_wide_check(clasp_span bytes, clasp_value *out) {
    clasp_reader r = clasp_reader_of(bytes);
    const clasp_value value = read_last(&r);
    if (r.err == CLASP_OK) {
        *out = value;
    }
    return r.err;
}

clasp_err clasp_wide_decode(clasp_span record, clasp_wide *out) {
    if (record.len < 2 || record.at[0] != CLASP_WIDE_MAGIC || record.at[1] != CLASP_WIDE_KIND) {
        return CLASP_BAD_MAGIC;
    }
    clasp_reader r = clasp_reader_of(record);
    clasp_take(&r, 2);
    clasp_wide wide;
    wide.say = clasp_read_u8(&r);
    if (wide.say >= CLASP_WIDE_SAYS) {
        clasp_read_fail(&r, CLASP_BAD_ENUM);
    }
    wide.address = clasp_read_text(&r);
    wide.value = read_last(&r);
    if (r.err == CLASP_OK) {
        *out = wide;
    }
    return r.err;
}

void clasp_write_wide_head(clasp_writer *w, uint8_t say, clasp_span address) {
    clasp_write_u8(w, CLASP_WIDE_MAGIC);
    clasp_write_u8(w, CLASP_WIDE_KIND);
    clasp_write_u8(w, say);
    clasp_write_text(w, address);
}

/* ---- from the narrow form ------------------------------------------------------------------------------------ */

static void widen_run(clasp_writer *w, clasp_span run) {
    clasp_write_u32(w, run.len);
    clasp_write_bytes(w, run);
}

/* A value that is no array and no map, or the count of one: read from its data on. */
static void widen_leaf(clasp_writer *w, clasp_reader *r, uint8_t type) {
    clasp_write_u8(w, type);
    if (type <= CLASP_VALUE_F64) {
        const uint32_t size = clasp_fixed_size(type);
        const uint8_t *data = clasp_take(r, size);
        clasp_write_bytes(w, (clasp_span){data, data ? size : 0});
    } else if (type == CLASP_VALUE_STRING || type == CLASP_VALUE_BYTES) {
        widen_run(w, clasp_take_sized(r));
    } else {
        clasp_write_fail(w, CLASP_BAD_VALUE_TYPE);
    }
}

void clasp_write_widened(clasp_writer *w, clasp_value narrow) {
    clasp_walk_level levels[CLASP_VALUE_DEPTH];
    unsigned depth = 0;
    clasp_reader r = clasp_reader_of(narrow.data);
    for (uint8_t type = narrow.type;; type = clasp_read_u8(&r)) {
        if (type != CLASP_VALUE_ARRAY && type != CLASP_VALUE_MAP) {
            widen_leaf(w, &r, type);
        } else {
            levels[depth++] = clasp_walk_enter(&r, type, false); /* checked: never deeper */
            clasp_write_u8(w, type);
            clasp_write_u32(w, levels[depth - 1].left);
        }
        while (depth > 0 && levels[depth - 1].left == 0) {
            depth--;
        }
        if (depth == 0) {
            return;
        }
        levels[depth - 1].left--;
        if (levels[depth - 1].is_map) {
            widen_run(w, clasp_take_sized(&r));
        }
    }
}
