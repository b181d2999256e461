#include "vectors_main.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "route/address.h"
#include "wire/legacy.h"

static uint8_t scratch[CLASP_FRAME_PAYLOAD_MAX];

/* ---- kinds ---------------------------------------------------------------------------------------------------- */

static bool is_text(const cJSON *json) { return cJSON_IsString(json) || vector_get(json, "$repeat"); }

static bool has_bool(const cJSON *row, const char *key) { return cJSON_IsBool(vector_get(row, key)); }

row_kind row_kind_of(const cJSON *row) {
    const bool has_class = vector_text(row, "class") != NULL;
    if (vector_text(row, "frame_hex")) {
        return has_class ? ROW_REFUSED : ROW_FRAME;
    }
    if (has_class && vector_get(row, "message")) {
        return ROW_MESSAGE;
    }
    if (is_text(vector_get(row, "text")) && (has_bool(row, "address") || has_bool(row, "pattern"))) {
        return ROW_GRAMMAR;
    }
    const bool is_pair = is_text(vector_get(row, "pattern")) && is_text(vector_get(row, "address"));
    return is_pair && has_bool(row, "match") ? ROW_MATCH : ROW_UNKNOWN;
}

/* ---- results -------------------------------------------------------------------------------------------------- */

/* The result that a class of refusals stands for: `bad-magic` is BAD_MAGIC. CLASP_OK when there is none. */
static clasp_err err_of_class(const char *class) {
    static const clasp_err ALL[] = {
#define X(name, value, text) CLASP_##name,
        CLASP_ERR_LIST(X)
#undef X
    };
    char name[32] = {0};
    if (strcmp(class, "frame-truncated") == 0) {
        return CLASP_MORE;
    }
    for (size_t i = 0; class[i] && i + 1 < sizeof name; i++) {
        name[i] = (char)(class[i] == '-' ? '_' : toupper((unsigned char)class[i]));
    }
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++) {
        if (strcmp(clasp_err_name(ALL[i]), name) == 0) {
            return ALL[i];
        }
    }
    return CLASP_OK;
}

static void check_result(report *to, clasp_err came) {
    const char *class = vector_text(to->row, "class");
    const clasp_err expected = err_of_class(class);
    if (expected == CLASP_OK) {
        report_fail(to, "no result is of the class \"%s\" (%s came)", class, clasp_err_name(came));
    } else if (came != expected) {
        report_fail(to, "expected %s, came %s", clasp_err_name(expected), clasp_err_name(came));
    } else {
        report_pass(to);
    }
}

/* ---- addresses ------------------------------------------------------------------------------------------------ */

static const char *may(bool it) { return it ? "allowed" : "refused"; }

static void check_grammar(report *to) {
    vector_pool pool = {NULL};
    const clasp_span text = vector_string(&pool, vector_get(to->row, "text"));
    uint8_t *copy = vector_copy(text);
    const bool came[] = {clasp_address_check((clasp_span){copy, text.len}) == CLASP_OK,
                         clasp_pattern_check((clasp_span){copy, text.len}) == CLASP_OK};
    static const char *const KEYS[] = {"address", "pattern"};
    int wrong = -1;
    for (int i = 0; i < 2; i++) {
        const cJSON *expected = vector_get(to->row, KEYS[i]);
        wrong = wrong < 0 && expected && cJSON_IsTrue(expected) != came[i] ? i : wrong;
    }
    if (wrong < 0) {
        report_pass(to);
    } else {
        report_fail(to, "as %s: expected %s, came %s", KEYS[wrong], may(!came[wrong]), may(came[wrong]));
    }
    free(copy);
    vector_pool_free(&pool);
}

static void check_match(report *to) {
    vector_pool pool = {NULL};
    const clasp_span pattern = vector_string(&pool, vector_get(to->row, "pattern"));
    const clasp_span address = vector_string(&pool, vector_get(to->row, "address"));
    uint8_t *p = vector_copy(pattern);
    uint8_t *a = vector_copy(address);
    const clasp_span checked_p = {p, pattern.len};
    const clasp_span checked_a = {a, address.len};
    const bool came = clasp_pattern_check(checked_p) == CLASP_OK &&
                      clasp_address_check(checked_a) == CLASP_OK && clasp_match(checked_p, checked_a);
    if (came == cJSON_IsTrue(vector_get(to->row, "match"))) {
        report_pass(to);
    } else {
        report_fail(to, "expected %s, came %s", came ? "no match" : "a match", came ? "a match" : "none");
    }
    free(p);
    free(a);
    vector_pool_free(&pool);
}

/* ---- encoding ------------------------------------------------------------------------------------------------- */

/* Write the row's message as a frame. Values, nesting and text are taken by the core as they are (wire/message.h), so what
 * was written is decoded to see that it may be said. */
static clasp_err encode(vector_pool *pool, const cJSON *row, clasp_writer *w) {
    const cJSON *options = vector_get(row, "options");
    const cJSON *qos_json = vector_get(options, "qos");
    const cJSON *timestamp_json = vector_get(options, "timestamp");
    uint64_t qos = 0;
    uint64_t timestamp = 0;
    clasp_message message;
    clasp_write_fail(w, vector_message(pool, vector_get(row, "message"), &message));
    clasp_write_fail(w, qos_json ? vector_integer(qos_json, CLASP_QOS_COMMIT, &qos) : CLASP_OK);
    clasp_write_fail(w, timestamp_json ? vector_integer(timestamp_json, UINT64_MAX, &timestamp) : CLASP_OK);
    if (w->err == CLASP_OK) {
        uint8_t *start = clasp_frame_begin(w, qos_json ? (clasp_qos)qos : clasp_message_qos(&message),
                                           timestamp_json ? &timestamp : NULL);
        clasp_message_write(w, &message);
        clasp_frame_end(w, start);
    }
    clasp_frame frame;
    return w->err != CLASP_OK ? w->err : clasp_decode(clasp_written(w), &frame, &message);
}

static void check_message(report *to) {
    static uint8_t
        out[2 * CLASP_FRAME_MAX]; /* more than a frame: the bound of its length is to be met, not this one */
    vector_pool pool = {NULL};
    clasp_writer w = clasp_writer_of(out, sizeof out);
    check_result(to, encode(&pool, to->row, &w));
    vector_pool_free(&pool);
}

/* The place of the first byte that differs; the shorter length when one begins the other. */
static uint32_t first_difference(clasp_span a, clasp_span b) {
    uint32_t at = 0;
    while (at < a.len && at < b.len && a.at[at] == b.at[at]) {
        at++;
    }
    return at;
}

static void check_encoded(report *to, clasp_span expected) {
    static uint8_t out[CLASP_FRAME_MAX];
    vector_pool pool = {NULL};
    clasp_writer w = clasp_writer_of(out, sizeof out);
    const clasp_err err = encode(&pool, to->row, &w);
    const clasp_span came = clasp_written(&w);
    if (err != CLASP_OK) {
        report_fail(to, "encode: expected a frame, came %s", clasp_err_name(err));
    } else if (!clasp_span_equal(came, expected)) {
        const uint32_t at = first_difference(came, expected);
        report_fail(to, "encode: expected %u bytes with %02x at %u, came %u with %02x", expected.len,
                    at < expected.len ? expected.at[at] : 0u, at, came.len, at < came.len ? came.at[at] : 0u);
    } else {
        report_pass(to);
    }
    vector_pool_free(&pool);
}

/* ---- frames --------------------------------------------------------------------------------------------------- */

static void check_frame(report *to, clasp_span in) {
    const cJSON *message = vector_get(to->row, "message");
    const char *use = vector_text(to->row, "use");
    use = use ? use : message ? "both" : "decode";
    if (strcmp(use, "both") == 0) {
        check_encoded(to, in);
    } else if (strcmp(use, "decode") != 0) {
        report_fail(to, "expected use both or decode, came \"%s\"", use);
        return;
    }
    row_check_decoded(to, in);
}

static void check_refused(report *to, clasp_span in) {
    clasp_frame frame;
    clasp_message message;
    check_result(to, clasp_decode_any(in, scratch, sizeof scratch, &frame, &message));
}

/* A frame in a block of exactly its size. */
static void check_bytes(report *to, row_kind kind) {
    uint32_t len;
    uint8_t *bytes = vector_hex(vector_text(to->row, "frame_hex"), &len);
    if (!bytes) {
        report_fail(to, "frame_hex is not hexadecimal");
        return;
    }
    (kind == ROW_FRAME ? check_frame : check_refused)(to, (clasp_span){bytes, len});
    free(bytes);
}

void row_check(report *to) {
    const row_kind kind = row_kind_of(to->row);
    switch (kind) {
    case ROW_GRAMMAR:
        check_grammar(to);
        break;
    case ROW_MATCH:
        check_match(to);
        break;
    case ROW_REFUSED:
    case ROW_FRAME:
        check_bytes(to, kind);
        break;
    case ROW_MESSAGE:
        check_message(to);
        break;
    case ROW_UNKNOWN:
        report_fail(to, "expected a vector, came neither a frame, a message, an address nor a pattern");
        break;
    }
}
