/**
 * The golden vectors of tests/vectors/ (the form of their JSON is told at the top of each file), as messages of the core.
 */
#ifndef CLASP_TESTS_VECTORS_H
#define CLASP_TESTS_VECTORS_H

#include <cJSON.h>

#include "wire/message.h"

/** Memory of the messages made of JSON, block by block; all of it is freed at once. Zero to begin with. */
typedef struct vector_pool {
    struct vector_block *last;
} vector_pool;

void vector_pool_free(vector_pool *pool);

/** A writer into a new block of the pool, larger than any payload. */
clasp_writer vector_pool_writer(vector_pool *pool);

/** Load a file of tests/vectors/. Ends the process when it is not there or no JSON. @return given: cJSON_Delete() */
cJSON *vectors_load(const char *file);

/** A member by its exact key; NULL when there is none. */
const cJSON *vector_get(const cJSON *object, const char *key);

/** A text member; NULL when there is none. */
const char *vector_text(const cJSON *vector, const char *key);

/** An unsigned integer, or that of a member: a number, or a decimal string above 2^53. 0 when there is none. */
uint64_t vector_u64_of(const cJSON *json);
uint64_t vector_u64(const cJSON *vector, const char *key);

/** The bytes of a text, U+0000 and {"$repeat": …} included. */
clasp_span vector_string(vector_pool *pool, const cJSON *json);

/** The bytes of hex text in a heap block of exactly their size, so that reading beyond traps. @return given: free() */
uint8_t *vector_hex(const char *hex, uint32_t *len);

/** A copy of bytes, in such a block. */
uint8_t *vector_copy(clasp_span bytes);

/**
 * Make the message that JSON tells of. Spans point into `pool` and into `json`.
 * @return CLASP_OK; CLASP_TOO_LARGE when it holds what the wire cannot say
 */
clasp_err vector_message(vector_pool *pool, const cJSON *json, clasp_message *out);

/** True if two messages say the same: numbers by value, whatever their width; maps in any order, the last key winning. */
bool vector_messages_equal(const clasp_message *a, const clasp_message *b);

bool vector_values_equal(clasp_value a, clasp_value b);

#endif
