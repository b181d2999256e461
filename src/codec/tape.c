#include "codec/tape.h"

#include <stdlib.h>

#include "base/limits.h"

#define FIRST_CAP 1024u

void clasp_tape_deinit(clasp_tape *tape) {
    free(tape->cells);
    *tape = (clasp_tape){0};
}

bool clasp_tape_grow(clasp_tape *tape, uint32_t count) {
    const size_t used = (size_t)(tape->at - tape->cells);
    size_t cap = (size_t)(tape->end - tape->cells);
    if (tape->err != CLASP_OK || used + count > CLASP_TAPE_CELLS) {
        tape->err = tape->err != CLASP_OK ? tape->err : CLASP_TOO_LARGE;
        return false;
    }
    for (cap = cap ? cap : FIRST_CAP; cap < used + count;) {
        cap *= 2;
    }
    clasp_cell *cells = realloc(tape->cells, cap * sizeof *cells);
    if (!cells) {
        tape->err = CLASP_NO_MEMORY;
        return false;
    }
    tape->cells = cells;
    tape->at = cells + used;
    tape->end = cells + cap;
    return true;
}
