/** The golden frames of tests/vectors/, file by file: for the tests of src/wire/. */
#ifndef CLASP_TESTS_FRAMES_H
#define CLASP_TESTS_FRAMES_H

#include "check.h"
#include "vectors.h"

/** One vector, its frame in a block of exactly its size. */
typedef struct golden {
    const cJSON *json;
    uint8_t *bytes; /* the frame */
    uint32_t len;
    vector_pool pool; /* for the check's messages */
} golden;

typedef void check_golden(golden *g);

static inline clasp_span frame_of(const golden *g) { return (clasp_span){g->bytes, g->len}; }

/**
 * The first `len` bytes of `whole`, with nothing behind them: reading on traps.
 * @param block of exactly the size of `whole`, used for all prefixes: a new one for each would take most of the time
 */
static inline clasp_span prefix_of(clasp_span whole, uint32_t len, uint8_t *block) {
    uint8_t *at = block + (whole.len - len);
    memcpy(at, whole.at, len);
    return (clasp_span){at, len};
}

/** Run a check on every vector of a file. @return how many there were */
static inline unsigned each_vector(const char *file, check_golden *check) {
    cJSON *root = vectors_load(file);
    unsigned count = 0;
    for (const cJSON *json = vector_get(root, "vectors")->child; json; json = json->next, count++) {
        golden g = {.json = json};
        const char *hex = vector_text(json, "frame_hex");
        g.bytes = vector_hex(hex ? hex : "", &g.len);
        CHECK_CONTEXT(vector_text(json, "name"));
        check(&g);
        free(g.bytes);
        vector_pool_free(&g.pool);
    }
    CHECK_CONTEXT(NULL);
    cJSON_Delete(root);
    return count;
}

/** Run a check on all vectors of valid frames with binary payloads. */
static inline void each_binary(check_golden *check) {
    CHECK_EQ(each_vector("messages.json", check), 259);
    CHECK_EQ(each_vector("rust-codec.json", check), 56);
    CHECK_EQ(each_vector("decode.json", check), 64);
    CHECK_EQ(each_vector("big.json", check), 9);
}

/** Run a check on all vectors of valid frames with legacy payloads. */
static inline void each_legacy(check_golden *check) {
    CHECK_EQ(each_vector("legacy-msgpack.json", check), 47);
}

#endif
