#include "json/stand_in.h"

#include <stdlib.h>

#define NUL_ESCAPE "\\u0000"
#define STAND_IN_ESCAPE "\\u001a"
#define ESCAPE_LEN 6u

/* True if an escape of U+0000 or U+001A begins at byte `i`. */
static bool is_hidden_escape(clasp_span text, uint32_t i) {
    const uint8_t *at = text.at + i;
    return text.len - i >= ESCAPE_LEN &&
           (memcmp(at, NUL_ESCAPE, ESCAPE_LEN) == 0 ||
            (memcmp(at, STAND_IN_ESCAPE, ESCAPE_LEN - 1) == 0 && (at[5] | 0x20) == 'a'));
}

/* Copy text with stand-ins for the escapes of U+0000 and U+001A; with `w` NULL only count them. */
static uint32_t hide(clasp_span text, clasp_writer *w) {
    uint32_t found = 0;
    for (uint32_t i = 0, step; i < text.len; i += step) {
        const bool is_hidden = is_hidden_escape(text, i);
        found += is_hidden;
        step = is_hidden ? ESCAPE_LEN : text.at[i] == '\\' && i + 1 < text.len ? 2 : 1;
        if (w && is_hidden) {
            clasp_write_bytes(w, clasp_span_of(STAND_IN_ESCAPE));
            clasp_write_u8(w, text.at[i + 4] == '0' ? '0' : '1');
        } else if (w) {
            clasp_write_bytes(w, (clasp_span){text.at + i, step});
        }
    }
    return found;
}

cJSON *json_parse_hidden(clasp_span text, uint32_t max_len, clasp_err *err) {
    const uint32_t found = text.len <= max_len ? hide(text, NULL) : 0;
    if (found == 0) {
        return clasp_json_parse_up_to(text, max_len, err);
    }
    const size_t size = (size_t)text.len + found;
    uint8_t *copy = malloc(size);
    if (!copy) {
        *err = CLASP_NO_MEMORY;
        return NULL;
    }
    clasp_writer w = clasp_writer_of(copy, size);
    hide(text, &w);
    cJSON *tree = clasp_json_parse_up_to(clasp_written(&w), max_len, err);
    free(copy);
    return tree;
}

uint8_t *json_show(uint8_t *start, const uint8_t *end) {
    uint8_t *out = start;
    for (const uint8_t *in = start; in < end;) {
        const bool is_hidden =
            end - in > (ptrdiff_t)ESCAPE_LEN && memcmp(in, STAND_IN_ESCAPE, ESCAPE_LEN) == 0;
        const size_t step = is_hidden ? ESCAPE_LEN : *in == '\\' ? 2 : 1;
        memmove(out, is_hidden && in[ESCAPE_LEN] == '0' ? (const uint8_t *)NUL_ESCAPE : in, step);
        out += step;
        in += is_hidden ? step + 1 : step;
    }
    return out;
}

void json_write_shown(clasp_writer *w, const char *text) {
    const char *next;
    while ((next = strchr(text, STAND_IN)) != NULL) {
        clasp_write_bytes(w, (clasp_span){(const uint8_t *)text, (uint32_t)(next - text)});
        clasp_write_u8(w, next[1] == '0' ? 0 : STAND_IN);
        text = next + 2;
    }
    clasp_write_bytes(w, clasp_span_of(text));
}
