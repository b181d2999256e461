#include "vectors_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "vectors_form.h"
#include "wire/legacy.h"
#include "json/value_json.h"

#define PREFIXES 64u /* of a large frame: at its start, spread over it, and at its end */

static uint8_t scratch[CLASP_FRAME_PAYLOAD_MAX];

/* ---- what is expected ------------------------------------------------------------------------------------------ */

/* A time of a timeline: the legacy reader hands out integers as they came, JSON cannot tell. */
static void make_integer(cJSON *object, const char *key) {
    uint64_t number;
    char text[24];
    const cJSON *json = vector_get(object, key);
    if (json && vector_integer(json, INT64_MAX, &number) == CLASP_OK) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)number);
        cJSON *tagged = cJSON_CreateObject();
        cJSON_AddStringToObject(tagged, "$i64", text);
        cJSON_ReplaceItemInObjectCaseSensitive(object, key, tagged);
    }
}

/* A timeline, which only legacy payloads know by that name, is the message's value (docs/wire.md, section 5). */
static clasp_err set_timeline(vector_pool *pool, const cJSON *json, clasp_message *out) {
    cJSON *timeline = cJSON_Duplicate(json, true);
    make_integer(timeline, "startTime");
    make_integer(timeline, "duration");
    cJSON *keyframe;
    cJSON_ArrayForEach(keyframe, vector_get(timeline, "keyframes")) { make_integer(keyframe, "time"); }
    out->has |= CLASP_HAS_VALUE;
    const clasp_err err = vector_value(pool, timeline, &out->value);
    cJSON_Delete(timeline);
    return err;
}

static clasp_err expected_message(vector_pool *pool, const cJSON *row, clasp_message *out) {
    const cJSON *json = vector_get(row, "decoded");
    json = json ? json : vector_get(row, "message");
    const cJSON *timeline = vector_get(json, "timeline");
    const clasp_err err = json ? vector_message(pool, json, out) : CLASP_BAD_FIELD;
    return err == CLASP_OK && timeline ? set_timeline(pool, timeline, out) : err;
}

/* ---- what came ------------------------------------------------------------------------------------------------ */

/* What a row claims about the frame's header, and what came. */
typedef struct claim {
    const char *name;
    const cJSON *expected; /* NULL: nothing is claimed */
    uint64_t came;
} claim;

static bool claim_holds(const claim *c) {
    uint64_t number;
    return !c->expected ||
           (cJSON_IsBool(c->expected)
                ? cJSON_IsTrue(c->expected) == (int)c->came
                : vector_integer(c->expected, UINT64_MAX, &number) == CLASP_OK && number == c->came);
}

/* False, and a line, when a claim about the header does not hold. */
static bool check_header(report *to, const clasp_frame *frame) {
    const cJSON *flags = vector_get(to->row, "flags");
    const cJSON *timestamp = vector_get(to->row, "timestamp");
    const claim claims[] = {{"flags.qos", vector_get(flags, "qos"), frame->qos},
                            {"flags.timestamp", vector_get(flags, "timestamp"), frame->has_timestamp},
                            {"flags.encrypted", vector_get(flags, "encrypted"), false}, /* would be refused */
                            {"flags.compressed", vector_get(flags, "compressed"), false},
                            {"flags.version", vector_get(flags, "version"), frame->encoding},
                            {"timestamp", timestamp, frame->timestamp_us}};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        if (!claim_holds(&claims[i])) {
            char *text = cJSON_PrintUnformatted(claims[i].expected);
            report_fail(to, "decode: expected %s %s, came %llu", claims[i].name, text ? text : "?",
                        (unsigned long long)claims[i].came);
            cJSON_free(text);
            return false;
        }
    }
    if (timestamp && !frame->has_timestamp) {
        report_fail(to, "decode: expected a timestamp, came none");
    }
    return !timestamp || frame->has_timestamp;
}

/* False, and a line, when the message says something else than is expected. */
static bool check_said(report *to, vector_pool *pool, const clasp_message *message) {
    clasp_message expected;
    const clasp_err err = expected_message(pool, to->row, &expected);
    if (err != CLASP_OK) {
        report_fail(to, "decode: expected a message in the vector, came %s", clasp_err_name(err));
        return false;
    }
    const char *difference = vector_difference(message, &expected);
    if (!difference) {
        return true;
    }
    clasp_writer came = vector_pool_room(pool, CLASP_JSON_MAX_LEN);
    clasp_value_to_json(&came, message->value, 0);
    clasp_write_u8(&came, 0);
    const bool is_value = strcmp(difference, "value") == 0 && came.err == CLASP_OK;
    const cJSON *json = vector_get(to->row, "decoded");
    char *text = cJSON_PrintUnformatted(json ? json : vector_get(to->row, "message"));
    report_fail(to, "decode: expected %.160s, came another %s %.160s", text ? text : "?", difference,
                is_value ? (const char *)came.start : "");
    cJSON_free(text);
    return false;
}

/* The i-th prefix that is tried of `len` bytes; `len` when there are no more. */
static uint32_t prefix_len(uint32_t i, uint32_t len) {
    if (len <= 3 * PREFIXES) {
        return i < len ? i : len;
    }
    return i < PREFIXES ? i
           : i < 2 * PREFIXES
               ? PREFIXES + (uint32_t)((uint64_t)(i - PREFIXES) * (len - 2 * PREFIXES) / PREFIXES)
           : i < 3 * PREFIXES ? len - 3 * PREFIXES + i
                              : len;
}

/* The first prefix of a frame, of those tried, that does not ask for more, with what it says; `len` when all do. */
static uint32_t bad_prefix(clasp_span in, clasp_err *came) {
    uint32_t len = 0;
    for (uint32_t i = 0; (len = prefix_len(i, in.len)) < in.len; i++) {
        clasp_frame frame;
        clasp_message message;
        uint8_t *cut = vector_copy((clasp_span){in.at, len});
        *came = clasp_decode_any((clasp_span){cut, len}, scratch, sizeof scratch, &frame, &message);
        free(cut);
        if (*came != CLASP_MORE) {
            break;
        }
    }
    return len;
}

/* False, and a line, when a prefix of the frame does not ask for more. */
static bool check_prefixes(report *to, clasp_span in) {
    clasp_err came = CLASP_MORE;
    const uint32_t cut = bad_prefix(in, &came);
    if (cut < in.len) {
        report_fail(to, "decode: expected MORE for the first %u of %u bytes, came %s", cut, in.len,
                    clasp_err_name(came));
    }
    return cut == in.len;
}

void row_check_decoded(report *to, clasp_span in) {
    static uint8_t transcoded[CLASP_FRAME_PAYLOAD_MAX]; /* the message lies here while prefixes are tried */
    vector_pool pool = {NULL};
    clasp_frame frame;
    clasp_message message;
    uint32_t used = 0;
    const clasp_err err = clasp_decode_any(in, transcoded, sizeof transcoded, &frame, &message);
    if (err != CLASP_OK) {
        report_fail(to, "decode: expected a message, came %s", clasp_err_name(err));
        return;
    }
    clasp_frame_decode(in, &frame, &used);
    if (check_said(to, &pool, &message) && check_header(to, &frame) &&
        check_prefixes(to, (clasp_span){in.at, used})) {
        report_pass(to);
    }
    vector_pool_free(&pool);
}
