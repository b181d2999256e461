/** A rendezvous and what is said to it, for tests/c/test_rendezvous*.c. */
#ifndef CLASP_TESTS_RENDEZVOUS_BENCH_H
#define CLASP_TESTS_RENDEZVOUS_BENCH_H

#include "alloc.h"
#include "base/limits.h"
#include "check.h"
#include "hub/rendezvous.h"
#include "vectors.h"
#include "json/json.h"

#define START UINT64_C(1700000000000000)
#define SECOND UINT64_C(1000000)
#define ID_LEN 36

static clasp_outbox out;
static clasp_rendezvous *rendezvous;
static uint64_t ids_made;

static inline void begin_with(const clasp_rendezvous_options *options) {
    rendezvous = clasp_rendezvous_new(options, 7, &out);
    ids_made = 0;
    CHECK(rendezvous != NULL);
}

static inline void begin(void) { begin_with(&(clasp_rendezvous_options){0}); }

static inline void end(void) {
    clasp_rendezvous_free(rendezvous);
    clasp_outbox_deinit(&out);
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

/* The document lies in a block of exactly its size. */
static inline clasp_err do_register_from(clasp_span document, const char *source, uint64_t now_us) {
    uint8_t chance[16] = {0};
    uint8_t *copy = vector_copy(document);
    memcpy(chance, &ids_made, sizeof ids_made);
    ids_made++;
    clasp_outbox_clear(&out);
    const clasp_err err = clasp_rendezvous_register(rendezvous, (clasp_span){copy, document.len},
                                                    clasp_span_of(source), chance, now_us);
    free(copy);
    return err;
}

/* Every call has a source of its own. */
static inline clasp_err do_register(const char *document, uint64_t now_us) {
    char source[32];
    snprintf(source, sizeof source, "10.%u", (unsigned)ids_made);
    return do_register_from(clasp_span_of(document), source, now_us);
}

/* The latest answer; lent until the next call. */
static inline clasp_span answer(void) {
    const clasp_effect *effect = out.count == 1 ? &out.effects[0] : NULL;
    return effect && effect->kind == CLASP_EFFECT_RENDEZVOUS ? clasp_outbox_bytes(&out, effect)
                                                             : (clasp_span){NULL, 0};
}

static inline void copy_id(char id[ID_LEN + 1]) {
    const clasp_span text = answer();
    memset(id, 0, ID_LEN + 1);
    if (CHECK(text.len > 7 + ID_LEN)) {
        memcpy(id, text.at + 7, ID_LEN);
    }
}

static inline const char *discover_with(const clasp_rendezvous_query *query, uint64_t now_us) {
    static char text[1u << 16];
    clasp_outbox_clear(&out);
    CHECK_EQ(clasp_rendezvous_discover(rendezvous, query, now_us), CLASP_OK);
    const clasp_span bytes = answer();
    const size_t len = bytes.len < sizeof text ? bytes.len : sizeof text - 1;
    memcpy(text, bytes.at, len);
    text[len] = '\0';
    return text;
}

static inline const char *discover(uint64_t now_us) {
    return discover_with(&(clasp_rendezvous_query){.limit = CLASP_RENDEZVOUS_NONE}, now_us);
}

/* How many devices an answer to a query holds. */
static inline int count_with(const clasp_rendezvous_query *query, uint64_t now_us) {
    clasp_outbox_clear(&out);
    CHECK_EQ(clasp_rendezvous_discover(rendezvous, query, now_us), CLASP_OK);
    const clasp_span text = answer();
    cJSON *tree = cJSON_ParseWithLength((const char *)text.at, text.len);
    CHECK(tree != NULL);
    const int count = cJSON_GetArraySize(tree);
    cJSON_Delete(tree);
    return count;
}

static inline int count_tagged(const char *tag, const char *feature, uint32_t limit) {
    const clasp_span tag_text = clasp_span_of(tag ? tag : "");
    const clasp_span feature_text = clasp_span_of(feature ? feature : "");
    return count_with(
        &(clasp_rendezvous_query){tag ? &tag_text : NULL, feature ? &feature_text : NULL, limit}, START);
}

static inline double stat(clasp_rendezvous_stat which) {
    return clasp_rendezvous_stat_value(rendezvous, which);
}

#define STAT(name) stat(CLASP_RENDEZVOUS_STAT_##name)
#define PLAIN "{\"name\":\"a\",\"endpoints\":{}}"

/* {"name":"aaa…","endpoints":{}} of `len` bytes. Given: free(). */
static inline char *document_of(uint32_t len) {
    static const char HEAD[] = "{\"name\":\"", TAIL[] = "\",\"endpoints\":{}}";
    char *text = malloc(len + 1u);
    memset(text, 'a', len);
    memcpy(text, HEAD, sizeof HEAD - 1);
    memcpy(text + len - (sizeof TAIL - 1), TAIL, sizeof TAIL);
    return text;
}

#endif
