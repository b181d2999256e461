#include "wire/legacy_map.h"

static const struct {
    const char *text;
    uint8_t len;
    uint8_t key;
} NAMES[] = {
#define X(name, text) {text, sizeof(text) - 1, KEY_##name},
    LEGACY_KEYS(X) LEGACY_SPELLINGS(X)
#undef X
};

/* KEY_NONE for a name that says nothing. */
static legacy_key key_of(clasp_span name) {
    for (size_t i = 0; i < LEGACY_COUNT(NAMES); i++) {
        if (clasp_span_equal(name, (clasp_span){(const uint8_t *)NAMES[i].text, NAMES[i].len})) {
            return (legacy_key)NAMES[i].key;
        }
    }
    return KEY_NONE;
}

void legacy_read_map(legacy_job *job, clasp_reader *r, legacy_map *out) {
    memset(out, 0, sizeof *out);
    for (uint64_t left = legacy_read_kind(job, r, PACK_MAP).number; left > 0 && legacy_goes_on(job); left--) {
        const legacy_key key = key_of(legacy_read_kind(job, r, PACK_STR).bytes);
        const uint8_t *at = r->at;
        clasp_pack_skip(r);
        clasp_write_fail(job->w, r->err);
        out->at[key] = r->err == CLASP_OK ? at : NULL;
    }
    out->at[KEY_NONE] = NULL;
}

static clasp_pack read_item(legacy_job *job, clasp_reader *r) {
    const clasp_pack pack = clasp_pack_read(r);
    clasp_write_fail(job->w, r->err);
    return pack;
}

clasp_pack legacy_read_kind(legacy_job *job, clasp_reader *r, clasp_pack_kind kind) {
    const clasp_pack pack = read_item(job, r);
    if (pack.kind != kind) {
        legacy_refuse(job);
        return (clasp_pack){.kind = PACK_REFUSED};
    }
    return pack;
}

double legacy_read_real(legacy_job *job, clasp_reader *r) {
    const clasp_pack pack = read_item(job, r);
    switch (pack.kind) {
    case PACK_UINT:
        return (double)pack.number;
    case PACK_NEGATIVE:
        return (double)(int64_t)pack.number;
    case PACK_FLOAT:
        return pack.real;
    default:
        legacy_refuse(job);
        return 0;
    }
}

size_t legacy_index_of(clasp_span text, const char *const *words, size_t count) {
    size_t i = 0;
    while (i < count && !clasp_span_equal(text, clasp_span_of(words[i]))) {
        i++;
    }
    return i;
}

uint8_t legacy_read_word(legacy_job *job, clasp_reader *r, const char *const *words, size_t count) {
    const size_t i = legacy_index_of(legacy_read_kind(job, r, PACK_STR).bytes, words, count);
    if (i == count) {
        legacy_refuse(job);
        return 0;
    }
    return (uint8_t)i;
}

uint64_t legacy_uint_at(legacy_job *job, const uint8_t *at, uint64_t most) {
    clasp_reader r = legacy_reader_at(job, at);
    const uint64_t number = legacy_read_kind(job, &r, PACK_UINT).number;
    if (number > most) {
        legacy_refuse(job);
        return 0;
    }
    return number;
}

bool legacy_bool_at(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    return legacy_read_kind(job, &r, PACK_BOOL).number != 0;
}

uint8_t legacy_word_at(legacy_job *job, const uint8_t *at, const char *const *words, size_t count) {
    clasp_reader r = legacy_reader_at(job, at);
    return legacy_read_word(job, &r, words, count);
}

void legacy_write_value_at(legacy_job *job, const uint8_t *at) {
    clasp_reader r = legacy_reader_at(job, at);
    clasp_pack_write_value(&r, job->w);
}
