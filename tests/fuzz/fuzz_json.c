/* What is accepted prints, and what is printed is read back as the same text. */
#include "json/json.h"

#include <stdlib.h>

#include "base/limits.h"

/* The most that printing adds: "1e20," becomes 22 characters. */
#define PRINTED_MAX CLASP_JSON_MAX_LEN

static uint8_t printed[2][PRINTED_MAX];

static clasp_span reprint(clasp_span text, int side, clasp_err *err) {
    cJSON *tree = clasp_json_parse(text, err);
    clasp_writer w = clasp_writer_of(printed[side], PRINTED_MAX);
    if (tree) {
        clasp_json_write(&w, tree);
        *err = w.err;
    }
    cJSON_Delete(tree);
    return clasp_written(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > CLASP_JSON_MAX_LEN / 8) {
        return 0; /* so that the printed text, too, is within the bound of one document */
    }
    clasp_err err;
    const clasp_span first = reprint((clasp_span){data, (uint32_t)size}, 0, &err);
    if (err != CLASP_OK) {
        return 0;
    }
    const clasp_span second = reprint(first, 1, &err);
    if (err != CLASP_OK || !clasp_span_equal(first, second)) {
        abort();
    }
    return 0;
}
