/* Values to cells, checked and unpacked in one walk. */
#include "base/limits.h"
#include "codec/codec.h"
#include "wire/hot.h"

#define LEAST_ITEM 1u  /* bytes of the smallest array item: the type code of null */
#define LEAST_ENTRY 3u /* bytes of the smallest map entry: an empty key, null */

#define INLINE static inline __attribute__((always_inline))

/* An array or map that was entered: what of it is still to come. */
typedef struct level {
    const uint8_t *start;     /* of its data: a map whose shape may be noted; else NULL */
    const clasp_shape *shape; /* whose keys it has had so far; NULL: it has none, or is an array */
    uint32_t cell;            /* index of its cell */
    uint16_t left;
    bool is_map;
} level;

/* ---- plain values ---------------------------------------------------------------------------------------------- */

static double load_f32(const uint8_t *p) {
    const uint32_t bits = clasp_load_u32(p);
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static double number_of(const uint8_t *p, uint8_t type) {
    switch (type) {
    case CLASP_VALUE_I8:
        return (int8_t)p[0];
    case CLASP_VALUE_I16:
        return (int16_t)clasp_load_u16(p);
    case CLASP_VALUE_I32:
        return (int32_t)clasp_load_u32(p);
    case CLASP_VALUE_I64:
        return (double)(int64_t)clasp_load_u64(p);
    default:
        return load_f32(p);
    }
}

/* Null to f64. */
INLINE void read_fixed(clasp_codec *codec, clasp_reader *r, clasp_cell *cell, uint8_t type) {
    const uint8_t *p = type == CLASP_VALUE_NULL ? NULL : clasp_take(r, clasp_fixed_size(type));
    if (!p) {
        return;
    }
    if (type == CLASP_VALUE_F64) {
        cell->number = clasp_load_f64(p);
    } else if (type == CLASP_VALUE_BOOL) {
        cell->a = p[0] != 0;
    } else {
        cell->a = type == CLASP_VALUE_I64 ? clasp_codec_offset(codec, p) : 0;
        cell->number = number_of(p, type);
    }
}

/* A text, and its id + 1, or 0. */
INLINE clasp_span read_text(clasp_codec *codec, clasp_reader *r, uint32_t *id) {
    const clasp_span text = clasp_take_sized(r);
    *id = 0;
    if (r->err == CLASP_OK && !clasp_texts_id(&codec->texts, &codec->texts.last_word, text, id)) {
        clasp_read_fail(r, CLASP_BAD_UTF8);
    }
    return text;
}

/* What is no array and no map. */
INLINE void read_plain(clasp_codec *codec, clasp_reader *r, clasp_cell *cell, uint8_t type) {
    if (type <= CLASP_VALUE_F64) {
        read_fixed(codec, r, cell, type);
        return;
    }
    const clasp_span bytes = type == CLASP_VALUE_STRING ? read_text(codec, r, &cell->a) : clasp_take_sized(r);
    if (r->err == CLASP_OK) {
        cell->b = clasp_codec_offset(codec, bytes.at);
        cell->c = bytes.len;
    }
}

/* ---- arrays and maps ------------------------------------------------------------------------------------------- */

/* The shape that a map is guessed to have is named in its cell, as if the guess were right. */
INLINE void guess_shape(clasp_codec *codec, const clasp_reader *r, clasp_cell *cell, level *it) {
    const clasp_guess *guess = clasp_shapes_guess(&codec->shapes, r->at, it->left);
    const clasp_shape *shape = guess->shape ? &codec->shapes.shapes[guess->shape - 1] : NULL;
    if (shape && shape->count == it->left) {
        it->shape = shape;
        cell->b = guess->shape;
        cell->c = shape->count;
    } else if (guess->hits < CLASP_SHAPE_HITS) {
        it->start = r->at - 2;
    }
}

/* A count that the bytes left cannot hold is refused before anything is read. */
INLINE void enter(clasp_codec *codec, clasp_reader *r, clasp_cell *cell, uint8_t type, level *it) {
    const bool is_map = type == CLASP_VALUE_MAP;
    const uint16_t count = clasp_read_u16(r);
    if (count > clasp_left(r) / (is_map ? LEAST_ENTRY : LEAST_ITEM)) {
        clasp_read_fail(r, CLASP_TRUNCATED);
    }
    *it = (level){.cell = (uint32_t)(cell - codec->tape.cells), .left = count, .is_map = is_map};
    cell->a = count;
    cell->b = cell->c = 0;
    if (is_map && count > 0 && count <= CLASP_SHAPE_KEYS && r->err == CLASP_OK) {
        guess_shape(codec, r, cell, it);
    }
}

/* The key of the entry that `it` comes to. @return id + 1; 0: its shape has it, or a TEXT cell does */
INLINE uint32_t read_key(clasp_codec *codec, clasp_reader *r, level *it) {
    if (it->shape) {
        const uint32_t n = it->shape->count - it->left;
        const uint32_t len = clasp_shape_takes(it->shape, n, r);
        if (len > 0) {
            r->at += len;
            return 0;
        }
        codec->tape.cells[it->cell].c = n;
        it->shape = NULL;
    }
    uint32_t id;
    const clasp_span key = read_text(codec, r, &id);
    if (id == 0 && r->err == CLASP_OK) {
        clasp_unpack_text(codec, key);
    }
    return id;
}

/* Step out of what is complete. @return how many levels are left */
INLINE unsigned leave(clasp_codec *codec, const clasp_reader *r, const level *levels, unsigned depth) {
    while (depth > 0 && levels[depth - 1].left == 0) {
        const uint8_t *start = levels[--depth].start;
        if (start && r->err == CLASP_OK) {
            clasp_shapes_note(&codec->shapes, (clasp_span){start, (uint32_t)(r->at - start)});
        }
    }
    return depth;
}

/* Iterative: the stack use does not depend on the input. */
static clasp_reader walk(clasp_codec *codec, clasp_reader r, uint8_t type) {
    level levels[CLASP_VALUE_DEPTH];
    unsigned depth = 0;
    for (uint32_t key = 0;;) {
        clasp_cell *cell = clasp_tape_add(&codec->tape, 1);
        if (!cell) {
            clasp_read_fail(&r, codec->tape.err);
            return r;
        }
        cell->kind = type | key << 8;
        cell->a = 0;
        if (type < CLASP_VALUE_ARRAY) {
            read_plain(codec, &r, cell, type);
        } else if (type > CLASP_VALUE_MAP || depth == CLASP_VALUE_DEPTH) {
            clasp_read_fail(&r, type > CLASP_VALUE_MAP ? CLASP_BAD_VALUE_TYPE : CLASP_TOO_DEEP);
        } else {
            enter(codec, &r, cell, type, &levels[depth++]);
        }
        depth = leave(codec, &r, levels, depth);
        if (depth == 0 || r.err != CLASP_OK) {
            return r;
        }
        level *top = &levels[depth - 1];
        key = top->is_map ? read_key(codec, &r, top) : 0;
        top->left--;
        type = clasp_read_u8(&r);
    }
}

void clasp_unpack_data(clasp_codec *codec, clasp_reader *r, uint8_t type) { *r = walk(codec, *r, type); }

void clasp_unpack_value(clasp_codec *codec, clasp_value value) {
    const clasp_reader r = walk(codec, clasp_reader_of(value.data), value.type);
    codec->tape.err = codec->tape.err != CLASP_OK ? codec->tape.err : r.err;
}
