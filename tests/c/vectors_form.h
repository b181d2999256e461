/** The parts of vector_message(), for vectors_*.c alone. */
#ifndef CLASP_TESTS_VECTORS_FORM_H
#define CLASP_TESTS_VECTORS_FORM_H

#include "vectors.h"

/** A bit or a number behind a name. Lists of them end with `text` NULL. */
typedef struct vector_name {
    const char *text;
    uint8_t code;
} vector_name;

extern const vector_name VECTOR_SIGNALS[];

/** @return CLASP_OK; BAD_ENUM when the list has no such name; BAD_FIELD when `json` is no text */
clasp_err vector_code(const vector_name *names, const cJSON *json, uint8_t *out);

/** The bytes behind cJSON's text, which may hold VECTOR_NUL. */
clasp_span vector_bytes_of(vector_pool *pool, const char *text);

/** A writer into a new block of the pool with room for at least `size` bytes. */
clasp_writer vector_pool_room(vector_pool *pool, size_t size);

/** Write one item of a message's list; errors stick in `w`. */
typedef void vector_item(vector_pool *pool, clasp_writer *w, const cJSON *json);

vector_item vector_write_pattern;
vector_item vector_write_revision;
vector_item vector_write_sample;
vector_item vector_write_member;
vector_item vector_write_param;
vector_item vector_write_declared; /* a signal of ANNOUNCE */
vector_item vector_write_found;    /* a signal of RESULT */

#endif
