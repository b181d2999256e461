#include "peer/conference_signal.h"

#include "base/limits.h"

#define NUMBER_MAX 9007199254740991.0 /* 2^53 - 1: what JSON's numbers carry exactly */

static const char *const TYPES[] = {
#define X(name, text) text,
    SIGNAL_TYPE_LIST(X)
#undef X
};

/* ---- reading ------------------------------------------------------------------------------------------------- */

static bool whole_number(const cJSON *object, const char *key, double max, uint64_t *out) {
    double number;
    if (!clasp_json_number(object, key, &number) || !(number >= 0 && number <= max)) {
        return false;
    }
    *out = (uint64_t)number;
    return (double)*out == number;
}

clasp_err conference_json_text(const cJSON *item, uint32_t max, clasp_text *out) {
    uint8_t *room = malloc(max);
    if (!room) {
        return CLASP_NO_MEMORY;
    }
    clasp_writer w = clasp_writer_of(room, max);
    clasp_json_write(&w, item);
    clasp_err err = w.err;
    if (err == CLASP_OK && !clasp_text_set(out, clasp_written(&w))) {
        err = CLASP_NO_MEMORY;
    }
    free(room);
    return err;
}

static clasp_err member_text(const cJSON *object, const char *key, uint32_t max, clasp_text *out) {
    const cJSON *member = clasp_json_get(object, key);
    return member ? conference_json_text(member, max, out) : CLASP_OK;
}

static bool has_line_break(clasp_span text) {
    return text.len > 0 && (memchr(text.at, '\n', text.len) || memchr(text.at, '\r', text.len));
}

static bool text_or_null(const cJSON *object, const char *key, uint32_t max) {
    const cJSON *member = clasp_json_get(object, key);
    if (!member || cJSON_IsNull(member)) {
        return true;
    }
    const clasp_span text = clasp_json_text(object, key);
    return text.at && text.len <= max && !has_line_break(text);
}

static clasp_err check_candidate(const cJSON *candidate) {
    const clasp_span line = clasp_json_text(candidate, "candidate");
    if (!line.at || line.len > CLASP_CANDIDATE_MAX || has_line_break(line) ||
        !text_or_null(candidate, "sdpMid", CLASP_CANDIDATE_FIELD_MAX) ||
        !text_or_null(candidate, "usernameFragment", CLASP_CANDIDATE_FIELD_MAX)) {
        return CLASP_BAD_SIGNAL;
    }
    const cJSON *index = clasp_json_get(candidate, "sdpMLineIndex");
    uint64_t ignored;
    const bool index_ok =
        !index || cJSON_IsNull(index) || whole_number(candidate, "sdpMLineIndex", 1024, &ignored);
    return index_ok ? CLASP_OK : CLASP_BAD_SIGNAL;
}

static clasp_err read_description(const cJSON *tree, const char *type, conference_signal *out) {
    const cJSON *description = clasp_json_get(tree, type);
    const clasp_span kind = clasp_json_text(description, "type");
    out->sdp = clasp_json_text(description, "sdp");
    if (!kind.at || !clasp_span_equal(kind, clasp_span_of(type)) || !out->sdp.at || out->sdp.len < 3 ||
        memcmp(out->sdp.at, "v=0", 3) != 0) {
        return CLASP_BAD_SIGNAL;
    }
    return out->sdp.len <= CLASP_SDP_MAX ? CLASP_OK : CLASP_TOO_LARGE;
}

static clasp_err read_candidate(const cJSON *tree, conference_signal *out) {
    const cJSON *candidate = clasp_json_get(tree, "candidate");
    const clasp_err err = cJSON_IsObject(candidate) ? check_candidate(candidate) : CLASP_BAD_SIGNAL;
    return err == CLASP_OK ? conference_json_text(candidate, CLASP_CANDIDATE_JSON_MAX, &out->candidate) : err;
}

/* The state of an offer: 0.14 of the library this dialect comes from calls it metadata. */
static clasp_err read_state(const cJSON *tree, conference_signal *out) {
    const char *key = clasp_json_get(tree, "state") ? "state" : "metadata";
    return member_text(tree, key, CLASP_CONFERENCE_STATE_MAX, &out->state);
}

static clasp_err read_body(const cJSON *tree, conference_signal *out) {
    clasp_err err = CLASP_OK;
    switch (out->type) {
    case SIGNAL_INVOKE:
        return member_text(tree, "credentials", CLASP_CONFERENCE_STATE_MAX, &out->credentials);
    case SIGNAL_OFFER:
        err = read_description(tree, "offer", out);
        return err == CLASP_OK ? read_state(tree, out) : err;
    case SIGNAL_ANSWER:
        return read_description(tree, "answer", out);
    case SIGNAL_CANDIDATE:
        return read_candidate(tree, out);
    case SIGNAL_SYNC:
        return read_state(tree, out);
    default:
        return CLASP_OK;
    }
}

static void read_extension(const cJSON *tree, conference_signal *out) {
    uint64_t number = 0;
    out->ours = whole_number(tree, "ext", NUMBER_MAX, &number) && number >= 1;
    out->has_attempt = whole_number(tree, "attempt", NUMBER_MAX, &out->attempt);
    if (whole_number(tree, "round", UINT32_MAX, &number)) {
        out->round = (uint32_t)number;
    }
    out->has_rev = whole_number(tree, "rev", NUMBER_MAX, &out->rev);
    if (!whole_number(tree, "dead", NUMBER_MAX, &out->dead)) {
        out->dead = 0;
    }
    const clasp_span recover = clasp_json_text(tree, "recover");
    out->recover = recover.at != NULL;
    out->failed = out->recover && clasp_span_equal(recover, clasp_span_of("failed"));
    out->restart = clasp_json_true(tree, "restart");
    out->gone = clasp_json_true(tree, "gone");
}

static signal_type type_of(clasp_span name) {
    for (int type = 0; type < SIGNAL_UNKNOWN; type++) {
        if (clasp_span_equal(name, clasp_span_of(TYPES[type]))) {
            return (signal_type)type;
        }
    }
    return SIGNAL_UNKNOWN;
}

static clasp_err read_tree(const cJSON *tree, conference_signal *out) {
    const clasp_span type = clasp_json_text(tree, "type");
    out->id = clasp_json_text(tree, "id");
    if (!type.at || out->id.len == 0 || out->id.len > CLASP_CONFERENCE_ID_MAX) {
        return CLASP_BAD_SIGNAL;
    }
    out->type = type_of(type);
    read_extension(tree, out);
    return read_body(tree, out);
}

clasp_err conference_signal_read(clasp_span json, conference_signal *out) {
    clasp_err err = CLASP_OK;
    *out = (conference_signal){.type = SIGNAL_UNKNOWN};
    out->tree = clasp_json_parse(json, &err);
    if (out->tree) {
        err = read_tree(out->tree, out);
    }
    if (err != CLASP_OK) {
        conference_signal_clear(out);
    }
    return err;
}

void conference_signal_clear(conference_signal *signal) {
    cJSON_Delete(signal->tree);
    clasp_text_clear(&signal->candidate);
    clasp_text_clear(&signal->state);
    clasp_text_clear(&signal->credentials);
    *signal = (conference_signal){.type = SIGNAL_UNKNOWN};
}

clasp_err conference_candidate_check(clasp_span json) {
    clasp_err err = CLASP_OK;
    if (json.len > CLASP_CANDIDATE_JSON_MAX) {
        return CLASP_TOO_LARGE;
    }
    cJSON *tree = clasp_json_parse(json, &err);
    if (tree) {
        err = check_candidate(tree);
        cJSON_Delete(tree);
    }
    return err;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

/* cJSON's constructors take C strings: a copy of a span with its terminator. */
static cJSON *string_item(clasp_span text) {
    char *copy = malloc((size_t)text.len + 1);
    if (!copy) {
        return NULL;
    }
    memcpy(copy, text.at ? (const char *)text.at : "", text.len);
    copy[text.len] = '\0';
    cJSON *item = cJSON_CreateString(copy);
    free(copy);
    return item;
}

static cJSON *raw_item(const clasp_text *json) {
    cJSON *item = string_item(clasp_text_span(json));
    if (item) {
        item->type = cJSON_Raw; /* printed as it stands: it is JSON already */
    }
    return item;
}

/* Failures to allocate are seen by what is missing: each add is checked into `ok`. */
static void add(cJSON *object, bool *ok, const char *key, cJSON *item) {
    if (!item || !cJSON_AddItemToObject(object, key, item)) {
        cJSON_Delete(item);
        *ok = false;
    }
}

static void add_number(cJSON *object, bool *ok, const char *key, uint64_t number) {
    add(object, ok, key, cJSON_CreateNumber((double)number));
}

static void add_description(cJSON *object, bool *ok, const char *type, clasp_span sdp) {
    cJSON *description = cJSON_CreateObject();
    if (description) {
        add(description, ok, "type", cJSON_CreateString(type));
        add(description, ok, "sdp", string_item(sdp));
    }
    add(object, ok, type, description);
}

static void add_body(cJSON *tree, bool *ok, const conference_signal *signal) {
    if (signal->sdp.len > 0) {
        add_description(tree, ok, TYPES[signal->type], signal->sdp);
    }
    if (signal->candidate.len > 0) {
        add(tree, ok, "candidate", raw_item(&signal->candidate));
    }
    if (signal->state.len > 0) {
        add(tree, ok, "state", raw_item(&signal->state));
    }
    if (signal->state.len > 0 && signal->type == SIGNAL_OFFER && !signal->ours) {
        add(tree, ok, "metadata", raw_item(&signal->state));
    }
    if (signal->credentials.len > 0) {
        add(tree, ok, "credentials", raw_item(&signal->credentials));
    }
}

static void add_extension(cJSON *tree, bool *ok, const conference_signal *signal) {
    if (signal->type == SIGNAL_INVOKE || signal->type == SIGNAL_OFFER) {
        add_number(tree, ok, "ext", 1);
    }
    if (signal->has_attempt) {
        add_number(tree, ok, "attempt", signal->attempt);
        add_number(tree, ok, "round", signal->round);
    }
    if (signal->has_rev) {
        add_number(tree, ok, "rev", signal->rev);
    }
    if (signal->dead > 0) {
        add_number(tree, ok, "dead", signal->dead);
    }
    if (signal->recover) {
        add(tree, ok, "recover", cJSON_CreateString(signal->failed ? "failed" : "broken"));
    }
    if (signal->restart) {
        add(tree, ok, "restart", cJSON_CreateTrue());
    }
    if (signal->gone) {
        add(tree, ok, "gone", cJSON_CreateTrue());
    }
}

void conference_signal_write(clasp_writer *w, const conference_signal *signal) {
    cJSON *tree = cJSON_CreateObject();
    bool ok = tree != NULL;
    if (ok) {
        add(tree, &ok, "type", cJSON_CreateString(TYPES[signal->type]));
        add(tree, &ok, "id", string_item(signal->id));
        add_body(tree, &ok, signal);
        add_extension(tree, &ok, signal);
    }
    if (ok) {
        clasp_json_write(w, tree);
    } else if (w->err == CLASP_OK) {
        w->err = CLASP_NO_MEMORY;
    }
    cJSON_Delete(tree);
}
