#include "vectors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors_form.h"

#define BLOCK 70000u /* bytes: more than any field and any payload */
#define REPEAT_MAX \
    (1u << 20) /* bytes of a repeated text: what is longer is too large for every field all the same */

/* ---- memory and files ---------------------------------------------------------------------------------------- */

typedef struct vector_block {
    struct vector_block *before;
    uint8_t bytes[];
} vector_block;

static void *must(void *p) {
    if (!p) {
        fputs("vectors: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return p;
}

clasp_writer vector_pool_room(vector_pool *pool, size_t size) {
    size = size > BLOCK ? size : BLOCK;
    vector_block *block = must(malloc(sizeof *block + size));
    block->before = pool->last;
    pool->last = block;
    return clasp_writer_of(block->bytes, size);
}

clasp_writer vector_pool_writer(vector_pool *pool) { return vector_pool_room(pool, BLOCK); }

void vector_pool_free(vector_pool *pool) {
    while (pool->last) {
        vector_block *before = pool->last->before;
        free(pool->last);
        pool->last = before;
    }
}

/* A whole file and a terminator; NULL when it cannot be read. Given. */
static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    size_t cap = 1u << 16;
    size_t len = 0;
    char *text = must(malloc(cap + 1));
    while (!feof(file) && !ferror(file)) {
        len += fread(text + len, 1, cap - len, file);
        if (len == cap) {
            text = must(realloc(text, (cap *= 2) + 1));
        }
    }
    const bool failed = ferror(file) != 0;
    fclose(file);
    text[len] = '\0';
    if (failed) {
        free(text);
        return NULL;
    }
    return text;
}

/* Put VECTOR_NUL where a string of JSON has U+0000, which can only stand there as an escape. */
static void hide_nul(char *text) {
    static const char NUL_ESCAPE[] = "\\u0000";
    char *to = text;
    while (*text) {
        if (strncmp(text, NUL_ESCAPE, sizeof NUL_ESCAPE - 1) == 0) {
            memcpy(to, VECTOR_NUL, sizeof VECTOR_NUL - 1);
            to += sizeof VECTOR_NUL - 1;
            text += sizeof NUL_ESCAPE - 1;
            continue;
        }
        if (text[0] == '\\' && text[1]) {
            *to++ = *text++; /* its second character begins no escape */
        }
        *to++ = *text++;
    }
    *to = '\0';
}

cJSON *vectors_read(const char *path, const char **problem) {
    char *text = read_file(path);
    if (!text) {
        *problem = "cannot be read";
        return NULL;
    }
    hide_nul(text);
    cJSON *root = cJSON_ParseWithOpts(text, NULL, true);
    free(text);
    *problem = root ? NULL : "is not JSON";
    return root;
}

cJSON *vectors_load(const char *file) {
    char path[1024];
    const char *problem;
    snprintf(path, sizeof path, "%s/%s", CLASP_VECTORS, file);
    cJSON *root = vectors_read(path, &problem);
    if (!cJSON_IsArray(vector_get(root, "vectors"))) {
        fprintf(stderr, "vectors: %s %s\n", path, problem ? problem : "holds no vectors");
        exit(EXIT_FAILURE);
    }
    return root;
}

/* ---- pieces of JSON ------------------------------------------------------------------------------------------ */

const cJSON *vector_get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *vector_text(const cJSON *vector, const char *key) {
    return cJSON_GetStringValue(vector_get(vector, key));
}

uint64_t vector_u64_of(const cJSON *json) {
    uint64_t number;
    return vector_integer(json, UINT64_MAX, &number) == CLASP_OK ? number : 0;
}

uint64_t vector_u64(const cJSON *vector, const char *key) { return vector_u64_of(vector_get(vector, key)); }

static bool is_decimal(const char *text) { return *text && strspn(text, "0123456789") == strlen(text); }

clasp_err vector_integer(const cJSON *json, uint64_t max, uint64_t *out) {
    const char *text = cJSON_GetStringValue(json);
    if (text && is_decimal(text)) {
        errno = 0;
        *out = strtoull(text, NULL, 10);
        return errno == 0 && *out <= max ? CLASP_OK : CLASP_OUT_OF_RANGE;
    }
    if (!cJSON_IsNumber(json)) {
        return CLASP_BAD_FIELD;
    }
    const double number = json->valuedouble;
    if (!(number >= 0 && number < 0x1p64)) {
        return CLASP_OUT_OF_RANGE;
    }
    *out = (uint64_t)number;
    return (double)*out == number && *out <= max ? CLASP_OK : CLASP_OUT_OF_RANGE;
}

static int nibble(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

uint8_t *vector_hex(const char *hex, uint32_t *len) {
    *len = 0;
    if (!hex || strlen(hex) % 2 != 0 || strspn(hex, "0123456789abcdefABCDEF") != strlen(hex)) {
        return NULL;
    }
    *len = (uint32_t)(strlen(hex) / 2);
    uint8_t *bytes = must(malloc(*len > 0 ? *len : 1));
    for (uint32_t i = 0; i < *len; i++, hex += 2) {
        bytes[i] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
    }
    return bytes;
}

uint8_t *vector_copy(clasp_span bytes) {
    uint8_t *copy = must(malloc(bytes.len > 0 ? bytes.len : 1));
    if (bytes.len > 0) {
        memcpy(copy, bytes.at, bytes.len);
    }
    return copy;
}

clasp_span vector_bytes_of(vector_pool *pool, const char *text) {
    if (!strstr(text, VECTOR_NUL)) {
        return clasp_span_of(text);
    }
    clasp_writer w = vector_pool_room(pool, strlen(text));
    while (*text) {
        const bool is_nul = strncmp(text, VECTOR_NUL, sizeof VECTOR_NUL - 1) == 0;
        clasp_write_u8(&w, is_nul ? 0 : (uint8_t)*text);
        text += is_nul ? sizeof VECTOR_NUL - 1 : 1;
    }
    return clasp_written(&w);
}

/* {"$repeat":{"text":t,"count":n}} */
static clasp_span repeated(vector_pool *pool, const cJSON *json) {
    const clasp_span piece = vector_string(pool, vector_get(json, "text"));
    uint64_t count;
    if (!piece.at || vector_integer(vector_get(json, "count"), UINT64_MAX, &count) != CLASP_OK) {
        return (clasp_span){NULL, 0};
    }
    const uint64_t most = piece.len > 0 ? REPEAT_MAX / piece.len + 1 : 0;
    count = count < most ? count : most;
    clasp_writer w = vector_pool_room(pool, (size_t)count * piece.len);
    for (; count > 0; count--) {
        clasp_write_bytes(&w, piece);
    }
    return clasp_written(&w);
}

clasp_span vector_string(vector_pool *pool, const cJSON *json) {
    const cJSON *repeat = vector_get(json, "$repeat");
    if (repeat) {
        return repeated(pool, repeat);
    }
    const char *text = cJSON_GetStringValue(json);
    return text ? vector_bytes_of(pool, text) : (clasp_span){NULL, 0};
}
