/**
 * Vectors in the form of tests/vectors/ (the form of their JSON is told at the top of each file), as messages of the core.
 */
#ifndef CLASP_TESTS_VECTORS_H
#define CLASP_TESTS_VECTORS_H

#include <cJSON.h>

#include "wire/message.h"

/** cJSON's strings end at U+0000: in what is loaded here these bytes, which no UTF-8 has, stand for it. */
#define VECTOR_NUL "\xC0\x80"

/** Memory of the messages made of JSON, block by block; all of it is freed at once. Zero to begin with. */
typedef struct vector_pool {
    struct vector_block *last;
} vector_pool;

void vector_pool_free(vector_pool *pool);

/** A writer into a new block of the pool, larger than any payload. */
clasp_writer vector_pool_writer(vector_pool *pool);

/** Load a file of tests/vectors/. Ends the process when it is not there or no JSON. @return given: cJSON_Delete() */
cJSON *vectors_load(const char *file);

/** Load any JSON file. @return given: cJSON_Delete(). NULL: `problem`, static text, says why not */
cJSON *vectors_read(const char *path, const char **problem);

/** A member by its exact key; NULL when there is none. */
const cJSON *vector_get(const cJSON *object, const char *key);

/** A text member; NULL when there is none. */
const char *vector_text(const cJSON *vector, const char *key);

/** An unsigned integer, or that of a member: a number, or a decimal string above 2^53. 0 when there is none. */
uint64_t vector_u64_of(const cJSON *json);
uint64_t vector_u64(const cJSON *vector, const char *key);

/** The same, checked. @return CLASP_OK; OUT_OF_RANGE: not integral, negative or above `max`; BAD_FIELD: no number */
clasp_err vector_integer(const cJSON *json, uint64_t max, uint64_t *out);

/** A number, or {"$f64": …} and its like. @return CLASP_OK; OUT_OF_RANGE; BAD_FIELD: no number */
clasp_err vector_number(const cJSON *json, double *out);

/** The bytes of a text, U+0000 and {"$repeat": …} included. `at` is NULL when `json` is no text. */
clasp_span vector_string(vector_pool *pool, const cJSON *json);

/** The bytes of hex text in a heap block of exactly their size, so that reading beyond traps.
 *  @return given: free(). NULL when `hex` is NULL or no hex */
uint8_t *vector_hex(const char *hex, uint32_t *len);

/** A copy of bytes, in such a block. */
uint8_t *vector_copy(clasp_span bytes);

/** Make the value that JSON tells of; its data lies in `pool`. @return CLASP_OK, or as vector_message() */
clasp_err vector_value(vector_pool *pool, const cJSON *json, clasp_value *out);

/**
 * Make the message that JSON tells of. Spans point into `pool` and into `json`. Members that no message has are ignored.
 *
 * @return CLASP_OK, or why no message can say it: TOO_LARGE; OUT_OF_RANGE: a number does not fit its field; BAD_ENUM: a name
 *         that is none; UNKNOWN_TYPE; BAD_FIELD: of a wrong kind
 */
clasp_err vector_message(vector_pool *pool, const cJSON *json, clasp_message *out);

/** True if two messages say the same: numbers by value, whatever their width; maps in any order, the last key winning. */
bool vector_messages_equal(const clasp_message *a, const clasp_message *b);

/** The first member in which two messages differ. Static text; NULL when they say the same. */
const char *vector_difference(const clasp_message *a, const clasp_message *b);

bool vector_values_equal(clasp_value a, clasp_value b);

#endif
