/**
 * The wide form of values, and the WIDE record (docs/wire.md, section 16): what two of ours say to each other when it does
 * not fit a frame.
 *
 * A value in the wide form is one of section 2 in which each length of a string, of a key and of bytes, and each count of an
 * array and of a map, is a u32 in place of a u16. Type codes, numbers and rules are the same: well-formed UTF-8,
 * CLASP_VALUE_DEPTH levels, no count that the bytes left cannot hold. A value has at most CLASP_CHUNK_MAX_LEN bytes, and
 * CLASP_WIDE_VALUES values in it.
 *
 *   byte 0   1      2     3..4             then      then
 *   0x45     0x0A   say   address length   address   value: type code, data in the wide form
 *
 *   say: 0 SET, 1 EVENT, 2 STREAM (the values of clasp_flow_say)
 *
 * The narrow form is the rule: a value is wide exactly when clasp_wide_is_needed() says so of the bytes that it takes. The
 * wide form never takes fewer bytes than the narrow one, so that both the form at hand and the other one get the same answer,
 * and a value needs no mark that tells its form.
 */
#ifndef CLASP_WIRE_WIDE_H
#define CLASP_WIRE_WIDE_H

#include "base/limits.h"
#include "wire/value.h"

#define CLASP_WIDE_MAGIC 0x45u
#define CLASP_WIDE_KIND 0x0Au
#define CLASP_WIDE_HEAD 5u /* bytes before the address */
#define CLASP_WIDE_SAYS 3u /* values of `say` */
#define CLASP_WIDE_SPARE \
    64u /* bytes of a message beside address and value, and the prefix of a broadcast's address */

/** A checked record. */
typedef struct clasp_wide {
    clasp_span address; /* well-formed UTF-8; whether it is an address is for the reader of addresses */
    clasp_value value;  /* its data in the wide form */
    uint8_t say;        /* below CLASP_WIDE_SAYS */
} clasp_wide;

/** True if a value of `value_len` bytes, type code included, is to be said in the wide form at an address of `address_len`
 *  bytes: no frame could hold both. */
static inline bool clasp_wide_is_needed(uint32_t address_len, uint32_t value_len) {
    return (uint64_t)address_len + value_len + CLASP_WIDE_SPARE > UINT16_MAX;
}

/**
 * Read and check the data of a value in the wide form. Errors stick in `r`: TRUNCATED, BAD_UTF8, BAD_VALUE_TYPE, TOO_DEEP
 * (over CLASP_VALUE_DEPTH), TOO_LARGE (over CLASP_WIDE_VALUES). Iterative; time grows with the bytes alone.
 */
clasp_value clasp_read_wide_data(clasp_reader *r, uint8_t type);

/** Read and check a type code and its data in the wide form. */
clasp_value clasp_read_wide(clasp_reader *r);

/**
 * Check bytes that are to be one value in the wide form, with its type code and nothing behind it.
 * @param bytes borrowed; `out->data` points into it
 * @param out   set only on CLASP_OK
 * @return CLASP_OK; CLASP_TOO_LARGE: over CLASP_CHUNK_MAX_LEN, or CLASP_WIDE_VALUES; CLASP_BAD_FIELD: something follows the
 *         value; the errors of clasp_read_wide_data()
 */
clasp_err clasp_wide_check(clasp_span bytes, clasp_value *out);

/**
 * Decode a whole WIDE record.
 * @param record borrowed; `out` points into it
 * @param out    set only on CLASP_OK
 * @return CLASP_OK; CLASP_BAD_MAGIC: no WIDE; CLASP_BAD_ENUM: a `say` that does not exist; the errors of clasp_wide_check()
 */
clasp_err clasp_wide_decode(clasp_span record, clasp_wide *out);

/** Write what stands before the value of a record: CLASP_WIDE_HEAD bytes and the address. TOO_LARGE that sticks: the address
 *  has over 65,535 bytes, or there is no room. */
void clasp_write_wide_head(clasp_writer *w, uint8_t say, clasp_span address);

/**
 * Write a checked value of the narrow form in the wide one, type code included: at most twice its bytes + 4. For a value that
 * came in a frame and is handed on as those of the wide form are.
 */
void clasp_write_widened(clasp_writer *w, clasp_value narrow);

#endif
