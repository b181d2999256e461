#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 70000u /* bytes: more than any field and any payload */

/* ---- memory and files ---------------------------------------------------------------------------------------- */

typedef struct vector_block {
    struct vector_block *before;
    uint8_t bytes[BLOCK];
} vector_block;

static void *must(void *p) {
    if (!p) {
        fputs("vectors: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return p;
}

clasp_writer vector_pool_writer(vector_pool *pool) {
    vector_block *block = must(malloc(sizeof *block));
    block->before = pool->last;
    pool->last = block;
    return clasp_writer_of(block->bytes, sizeof block->bytes);
}

void vector_pool_free(vector_pool *pool) {
    while (pool->last) {
        vector_block *before = pool->last->before;
        free(pool->last);
        pool->last = before;
    }
}

static char *read_file(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "vectors: cannot open %s\n", path);
        exit(EXIT_FAILURE);
    }
    size_t cap = 1u << 16;
    char *text = must(malloc(cap));
    for (*len = 0; !feof(file) && !ferror(file); *len += fread(text + *len, 1, cap - *len, file)) {
        if (*len == cap) {
            text = must(realloc(text, cap *= 2));
        }
    }
    fclose(file);
    return text;
}

/* cJSON's strings end at U+0000. No vector has U+E000: it stands for U+0000 on the way through cJSON. */
#define NUL_ESCAPE "\\u0000"
#define STAND_IN_ESCAPE "\\ue000"
#define STAND_IN "\xEE\x80\x80"

static void hide_nul(char *text, size_t len) {
    const size_t size = sizeof NUL_ESCAPE - 1;
    for (size_t i = 0; i + size <= len; i++) {
        if (memcmp(text + i, NUL_ESCAPE, size) == 0) {
            memcpy(text + i, STAND_IN_ESCAPE, size);
        }
    }
}

cJSON *vectors_load(const char *file) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", CLASP_VECTORS, file);
    size_t len;
    char *text = read_file(path, &len);
    hide_nul(text, len);
    cJSON *root = cJSON_ParseWithLength(text, len);
    free(text);
    if (!cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(root, "vectors"))) {
        fprintf(stderr, "vectors: %s holds no vectors\n", path);
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
    const char *text = cJSON_GetStringValue(json);
    return text ? strtoull(text, NULL, 10) : cJSON_IsNumber(json) ? (uint64_t)json->valuedouble : 0;
}

uint64_t vector_u64(const cJSON *vector, const char *key) { return vector_u64_of(vector_get(vector, key)); }

static unsigned nibble(char c) { return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10); }

uint8_t *vector_hex(const char *hex, uint32_t *len) {
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

/* {"$repeat":{"text":t,"count":n}} */
static clasp_span repeated(vector_pool *pool, const cJSON *json) {
    const clasp_span piece = clasp_span_of(vector_text(json, "text"));
    clasp_writer w = vector_pool_writer(pool);
    for (uint64_t left = vector_u64(json, "count"); left > 0; left--) {
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
    if (!strstr(text, STAND_IN)) {
        return clasp_span_of(text);
    }
    clasp_writer w = vector_pool_writer(pool);
    while (*text) {
        const bool is_nul = strncmp(text, STAND_IN, sizeof STAND_IN - 1) == 0;
        clasp_write_u8(&w, is_nul ? 0 : (uint8_t)*text);
        text += is_nul ? sizeof STAND_IN - 1 : 1;
    }
    return clasp_written(&w);
}
