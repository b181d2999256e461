/** The rows of vector files and what each claims, for vectors_main*.c alone. */
#ifndef CLASP_TESTS_VECTORS_MAIN_H
#define CLASP_TESTS_VECTORS_MAIN_H

#include "vectors.h"

/** What a row says is told by its members, whatever its file and section are called. */
typedef enum row_kind {
    ROW_UNKNOWN,
    ROW_GRAMMAR, /* text, address, pattern: may the text be one? */
    ROW_MATCH,   /* pattern, address, match */
    ROW_REFUSED, /* frame_hex, class: decoding has to be refused */
    ROW_FRAME,   /* frame_hex: a valid frame; use: both | decode */
    ROW_MESSAGE, /* message, class: encoding has to be refused */
} row_kind;

row_kind row_kind_of(const cJSON *row);

/** Counts of checks. Each failure is a line of its own on stdout. */
typedef struct report {
    const char *file;
    const cJSON *row; /* under test */
    unsigned passed, failed;
} report;

void report_pass(report *to);

/** Print `file: name: ` and the text. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void report_fail(report *to, const char *format, ...);

/** Make the checks of `to->row`: one, or two for a frame that is encoded too. */
void row_check(report *to);

/** The check of a frame's decoding: its message, what the row says of its header, and its prefixes. */
void row_check_decoded(report *to, clasp_span in);

#endif
