#include "wire/msgpack.h"

#include "base/limits.h"
#include "wire/hot.h"

/* ---- items --------------------------------------------------------------------------------------------------- */

/* The first byte of an item: what it begins, and the bytes of the number behind it. */
typedef struct head {
    uint8_t kind; /* clasp_pack_kind */
    uint8_t size;
} head;

/* First bytes C0 to DF. What is not listed is refused: C1 is never used, and ext types say nothing here. */
// clang-format off
static const head HEADS[] = {
    [0xC0 - 0xC0] = {PACK_NIL, 0},   [0xC2 - 0xC0] = {PACK_BOOL, 0},  [0xC3 - 0xC0] = {PACK_BOOL, 0},
    [0xC4 - 0xC0] = {PACK_BIN, 1},   [0xC5 - 0xC0] = {PACK_BIN, 2},   [0xC6 - 0xC0] = {PACK_BIN, 4},
    [0xCA - 0xC0] = {PACK_FLOAT, 4}, [0xCB - 0xC0] = {PACK_FLOAT, 8},
    [0xCC - 0xC0] = {PACK_UINT, 1},  [0xCD - 0xC0] = {PACK_UINT, 2},
    [0xCE - 0xC0] = {PACK_UINT, 4},  [0xCF - 0xC0] = {PACK_UINT, 8},
    [0xD0 - 0xC0] = {PACK_NEGATIVE, 1}, [0xD1 - 0xC0] = {PACK_NEGATIVE, 2}, /* signed: may also be positive */
    [0xD2 - 0xC0] = {PACK_NEGATIVE, 4}, [0xD3 - 0xC0] = {PACK_NEGATIVE, 8},
    [0xD9 - 0xC0] = {PACK_STR, 1},   [0xDA - 0xC0] = {PACK_STR, 2},   [0xDB - 0xC0] = {PACK_STR, 4},
    [0xDC - 0xC0] = {PACK_ARRAY, 2}, [0xDD - 0xC0] = {PACK_ARRAY, 4},
    [0xDE - 0xC0] = {PACK_MAP, 2},   [0xDF - 0xC0] = {PACK_MAP, 4},
};
// clang-format on

/* What the first byte begins; `number` is set to what it says by itself. */
static head head_of(uint8_t first, uint64_t *number) {
    if (first >= 0xE0) {
        *number = first | ~UINT64_C(0xFF);
        return (head){PACK_NEGATIVE, 0};
    }
    if (first >= 0xC0) {
        *number = first & 1; /* of false and true */
        return HEADS[first - 0xC0];
    }
    *number = first & (first < 0x80 ? 0x7F : first < 0xA0 ? 0x0F : 0x1F);
    return (head){first < 0x80   ? PACK_UINT
                  : first < 0x90 ? PACK_MAP
                  : first < 0xA0 ? PACK_ARRAY
                                 : PACK_STR,
                  0};
}

/* Step over `count` bytes; NULL when fewer are left, and the reader has failed. */
static const uint8_t *take(clasp_reader *r, uint64_t count) {
    if (count > clasp_left(r)) {
        clasp_read_fail(r, CLASP_BAD_LEGACY);
        return NULL;
    }
    return clasp_take(r, (size_t)count);
}

static uint64_t read_number(clasp_reader *r, uint8_t size) {
    const uint8_t *p = take(r, size);
    uint64_t number = 0;
    for (uint8_t i = 0; p && i < size; i++) {
        number = number << 8 | p[i];
    }
    return number;
}

static double real_of(uint64_t bits, uint8_t size) {
    if (size == sizeof(float)) {
        const uint32_t bits32 = (uint32_t)bits;
        float single;
        memcpy(&single, &bits32, sizeof single);
        return (double)single;
    }
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* A number of `size` bytes (0: of 64 bits) in two's complement. */
static void set_signed(clasp_pack *pack, uint8_t size) {
    const uint64_t sign = UINT64_C(1) << (size ? 8 * size - 1 : 63);
    pack->number = (pack->number ^ sign) - sign;
    pack->kind = pack->number >> 63 ? PACK_NEGATIVE : PACK_UINT;
}

/* A string or bytes: `number` of them. */
static void take_bytes(clasp_reader *r, clasp_pack *pack) {
    const uint8_t *p = take(r, pack->number);
    pack->bytes = (clasp_span){p, p ? (uint32_t)pack->number : 0};
    if (pack->kind == PACK_STR && !clasp_utf8_fits(pack->bytes.at, pack->bytes.len)) {
        clasp_read_fail(r, CLASP_BAD_UTF8);
    }
}

/* An array or map: the smallest item has one byte, the smallest entry two. */
static void check_count(clasp_reader *r, const clasp_pack *pack) {
    if (pack->number > clasp_left(r) / (pack->kind == PACK_MAP ? 2 : 1)) {
        clasp_read_fail(r, CLASP_BAD_LEGACY);
    }
}

/* What goes by kind, behind the first byte and its number, which has `size` bytes. */
static void finish(clasp_reader *r, clasp_pack *pack, uint8_t size) {
    switch (pack->kind) {
    case PACK_FLOAT:
        pack->real = real_of(pack->number, size);
        break;
    case PACK_NEGATIVE:
        set_signed(pack, size);
        break;
    case PACK_STR:
    case PACK_BIN:
        take_bytes(r, pack);
        break;
    case PACK_ARRAY:
    case PACK_MAP:
        check_count(r, pack);
        break;
    default:
        break;
    }
    pack->kind = r->err == CLASP_OK ? pack->kind : PACK_REFUSED;
}

clasp_pack clasp_pack_read(clasp_reader *r) {
    clasp_pack pack = {.kind = PACK_REFUSED};
    if (clasp_left(r) > 0) {
        const head h = head_of(clasp_read_u8(r), &pack.number);
        if (h.size > 0) {
            pack.number = read_number(r, h.size);
        }
        pack.kind = h.kind;
        finish(r, &pack, h.size);
    }
    if (pack.kind == PACK_REFUSED) {
        clasp_read_fail(r, CLASP_BAD_LEGACY);
    }
    return pack;
}

void clasp_pack_skip(clasp_reader *r) {
    for (uint64_t left = 1; left > 0 && r->err == CLASP_OK; left--) {
        const clasp_pack pack = clasp_pack_read(r);
        if (pack.kind >= PACK_ARRAY) {
            left += pack.kind == PACK_MAP ? 2 * pack.number : pack.number;
        }
    }
}

/* ---- values -------------------------------------------------------------------------------------------------- */

static void write_value(clasp_reader *r, clasp_writer *w, unsigned depth);

/* The items of an array or map that stands inside `depth` others, with their count. */
static void write_items(clasp_reader *r, clasp_writer *w, const clasp_pack *pack, unsigned depth) {
    if (depth == CLASP_VALUE_DEPTH || pack->number > UINT16_MAX) {
        clasp_write_fail(w, depth == CLASP_VALUE_DEPTH ? CLASP_TOO_DEEP : CLASP_TOO_LARGE);
        return;
    }
    clasp_write_u16(w, (uint16_t)pack->number);
    for (uint64_t left = pack->number; left > 0 && w->err == CLASP_OK; left--) {
        if (pack->kind == PACK_MAP) {
            const clasp_pack key = clasp_pack_read(r);
            clasp_write_fail(w, r->err);
            clasp_write_fail(w, key.kind == PACK_STR ? CLASP_OK : CLASP_BAD_LEGACY);
            clasp_write_text(w, key.bytes);
        }
        write_value(r, w, depth + 1);
    }
}

static uint8_t write_data(clasp_reader *r, clasp_writer *w, unsigned depth) {
    const clasp_pack pack = clasp_pack_read(r);
    switch ((clasp_pack_kind)pack.kind) {
    case PACK_REFUSED:
        clasp_write_fail(w, r->err);
        return CLASP_VALUE_NULL;
    case PACK_NIL:
        return CLASP_VALUE_NULL;
    case PACK_BOOL:
        clasp_write_u8(w, (uint8_t)pack.number);
        return CLASP_VALUE_BOOL;
    case PACK_UINT:
        if (pack.number > INT64_MAX) {
            clasp_write_f64(w, (double)pack.number);
            return CLASP_VALUE_F64;
        }
        clasp_write_u64(w, pack.number);
        return CLASP_VALUE_I64;
    case PACK_NEGATIVE:
        clasp_write_u64(w, pack.number);
        return CLASP_VALUE_I64;
    case PACK_FLOAT:
        clasp_write_f64(w, pack.real);
        return CLASP_VALUE_F64;
    case PACK_STR:
    case PACK_BIN:
        clasp_write_text(w, pack.bytes);
        return pack.kind == PACK_STR ? CLASP_VALUE_STRING : CLASP_VALUE_BYTES;
    case PACK_ARRAY:
    case PACK_MAP:
        write_items(r, w, &pack, depth);
        return pack.kind == PACK_ARRAY ? CLASP_VALUE_ARRAY : CLASP_VALUE_MAP;
    }
    return CLASP_VALUE_NULL;
}

/* By recursion, at most CLASP_VALUE_DEPTH deep. */
static void write_value(clasp_reader *r, clasp_writer *w, unsigned depth) {
    uint8_t *type = clasp_room(w, 1);
    const uint8_t code = write_data(r, w, depth);
    if (type) {
        *type = code;
    }
}

uint8_t clasp_pack_write_data(clasp_reader *r, clasp_writer *w) { return write_data(r, w, 0); }

void clasp_pack_write_value(clasp_reader *r, clasp_writer *w) { write_value(r, w, 0); }
