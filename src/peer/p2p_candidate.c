#include "peer/p2p_candidate.h"

#define INDEX_MAX 1024u
#define FIELDS_MAX 16u /* members of one object, unknown ones included */

/* ---- reading JSON -------------------------------------------------------------------------------------------- */

static void skip_space(clasp_reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) {
        r->at++;
    }
}

static bool take_char(clasp_reader *r, uint8_t wanted) {
    skip_space(r);
    if (r->at == r->end || *r->at != wanted) {
        return false;
    }
    r->at++;
    return true;
}

/* The character that an escape stands for; 0: none that a candidate may hold. */
static uint8_t unescape(clasp_reader *r) {
    const uint8_t c = clasp_read_u8(r);
    if (c == '"' || c == '\\' || c == '/') {
        return c;
    }
    const uint8_t *hex = c == 'u' ? clasp_take(r, 4) : NULL;
    unsigned code = 0;
    for (int i = 0; hex && i < 4; i++) {
        const uint8_t digit = hex[i] | 0x20;
        const bool decimal = hex[i] >= '0' && hex[i] <= '9';
        if (!decimal && (digit < 'a' || digit > 'f')) {
            return 0;
        }
        code = code << 4 | (decimal ? hex[i] - (unsigned)'0' : digit - 'a' + 10u);
    }
    return code >= 0x20 && code < 0x7F ? (uint8_t)code : 0;
}

/* A string into `out`. false: not one, too long, or with a control character. */
static bool take_string(clasp_reader *r, uint8_t *out, uint32_t cap, uint32_t *len) {
    *len = 0;
    if (!take_char(r, '"')) {
        return false;
    }
    while (clasp_left(r) > 0 && *r->at != '"') {
        uint8_t c = clasp_read_u8(r);
        c = c == '\\' ? unescape(r) : c;
        if (c < 0x20 || *len == cap) {
            return false;
        }
        out[(*len)++] = c;
    }
    return take_char(r, '"');
}

static bool take_word(clasp_reader *r, const char *word) {
    skip_space(r);
    const size_t len = strlen(word);
    const bool there = clasp_left(r) >= len && memcmp(r->at, word, len) == 0;
    r->at += there ? len : 0;
    return there;
}

static bool take_number(clasp_reader *r, uint32_t *out) {
    skip_space(r);
    const uint8_t *start = r->at;
    *out = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9' && *out <= INDEX_MAX; r->at++) {
        *out = *out * 10 + (*r->at - '0');
    }
    return r->at > start && *out <= INDEX_MAX;
}

static bool take_field(clasp_reader *r, p2p_field *field) {
    field->len = 0;
    return take_word(r, "null") || take_string(r, field->at, sizeof field->at, &field->len);
}

static bool take_unknown(clasp_reader *r) {
    uint8_t ignored[CLASP_CANDIDATE_MAX];
    uint32_t len;
    return take_word(r, "null") || take_word(r, "true") || take_word(r, "false") || take_number(r, &len) ||
           take_string(r, ignored, sizeof ignored, &len);
}

static bool take_member(clasp_reader *r, p2p_candidate *out) {
    uint8_t name[32];
    uint32_t len;
    if (!take_string(r, name, sizeof name, &len) || !take_char(r, ':')) {
        return false;
    }
    const clasp_span key = {name, len};
    if (clasp_span_equal(key, clasp_span_of("candidate"))) {
        return take_string(r, out->line, sizeof out->line, &out->line_len);
    }
    if (clasp_span_equal(key, clasp_span_of("sdpMid"))) {
        return take_field(r, &out->mid);
    }
    if (clasp_span_equal(key, clasp_span_of("usernameFragment"))) {
        return take_field(r, &out->ufrag);
    }
    if (clasp_span_equal(key, clasp_span_of("sdpMLineIndex"))) {
        out->has_index = !take_word(r, "null");
        return !out->has_index || take_number(r, &out->index);
    }
    return take_unknown(r);
}

clasp_err p2p_candidate_read_json(clasp_span json, p2p_candidate *out) {
    *out = (p2p_candidate){0};
    if (json.len > CLASP_CANDIDATE_JSON_MAX) {
        return CLASP_TOO_LARGE;
    }
    clasp_reader r = clasp_reader_of(json);
    bool fine = take_char(&r, '{');
    bool more = fine && !take_char(&r, '}');
    for (unsigned left = FIELDS_MAX; fine && more; left--) {
        fine = left > 0 && take_member(&r, out);
        more = fine && take_char(&r, ',');
        fine = fine && (more || take_char(&r, '}'));
    }
    skip_space(&r);
    return fine && clasp_left(&r) == 0 && clasp_utf8_check((clasp_span){out->line, out->line_len})
               ? CLASP_OK
               : CLASP_BAD_SIGNAL;
}

/* ---- reading a map ------------------------------------------------------------------------------------------- */

static bool copy_text(clasp_value value, uint8_t *out, uint32_t cap, uint32_t *len) {
    const clasp_span text = clasp_value_text(value);
    if (!text.at || text.len > cap) {
        return false;
    }
    for (uint32_t i = 0; i < text.len; i++) {
        if (text.at[i] < 0x20) {
            return false;
        }
    }
    clasp_copy(out, text.at, text.len);
    *len = text.len;
    return true;
}

static bool map_field(clasp_value map, const char *key, p2p_field *field) {
    clasp_value value;
    return !clasp_value_get(map, clasp_span_of(key), &value) || value.type == CLASP_VALUE_NULL ||
           copy_text(value, field->at, sizeof field->at, &field->len);
}

clasp_err p2p_candidate_read_map(clasp_value map, p2p_candidate *out) {
    *out = (p2p_candidate){0};
    clasp_value value;
    double number;
    if (!clasp_value_get(map, clasp_span_of("candidate"), &value) ||
        !copy_text(value, out->line, sizeof out->line, &out->line_len) ||
        !map_field(map, "sdpMid", &out->mid) || !map_field(map, "usernameFragment", &out->ufrag)) {
        return CLASP_BAD_SIGNAL;
    }
    if (clasp_value_get(map, clasp_span_of("sdpMLineIndex"), &value) && value.type != CLASP_VALUE_NULL) {
        if (!clasp_value_number(value, &number) || !(number >= 0 && number <= INDEX_MAX)) {
            return CLASP_BAD_SIGNAL;
        }
        out->has_index = true;
        out->index = (uint32_t)number;
    }
    return CLASP_OK;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static void write_chars(clasp_writer *w, const char *text) { clasp_write_bytes(w, clasp_span_of(text)); }

static void write_string(clasp_writer *w, const uint8_t *at, uint32_t len) {
    clasp_write_u8(w, '"');
    for (uint32_t i = 0; i < len; i++) {
        if (at[i] == '"' || at[i] == '\\') {
            clasp_write_u8(w, '\\');
        }
        clasp_write_u8(w, at[i]);
    }
    clasp_write_u8(w, '"');
}

static void write_field(clasp_writer *w, const p2p_field *field) {
    if (field->len == 0) {
        write_chars(w, "null");
    } else {
        write_string(w, field->at, field->len);
    }
}

static void write_digits(clasp_writer *w, uint32_t number) {
    if (number >= 10) {
        write_digits(w, number / 10); /* at most INDEX_MAX: four deep */
    }
    clasp_write_u8(w, (uint8_t)('0' + number % 10));
}

void p2p_candidate_write_json(clasp_writer *w, const p2p_candidate *candidate) {
    write_chars(w, "{\"candidate\":");
    write_string(w, candidate->line, candidate->line_len);
    write_chars(w, ",\"sdpMid\":");
    write_field(w, &candidate->mid);
    write_chars(w, ",\"sdpMLineIndex\":");
    if (candidate->has_index) {
        write_digits(w, candidate->index);
    } else {
        write_chars(w, "null");
    }
    write_chars(w, ",\"usernameFragment\":");
    write_field(w, &candidate->ufrag);
    clasp_write_u8(w, '}');
}

static void map_text(clasp_writer *w, const char *key, clasp_span text) {
    clasp_write_text(w, clasp_span_of(key));
    clasp_write_u8(w, text.len > 0 ? CLASP_VALUE_STRING : CLASP_VALUE_NULL);
    if (text.len > 0) {
        clasp_write_text(w, text);
    }
}

void p2p_candidate_write_map(clasp_writer *w, const p2p_candidate *candidate) {
    clasp_write_u8(w, CLASP_VALUE_MAP);
    clasp_write_u16(w, 4);
    map_text(w, "candidate", (clasp_span){candidate->line, candidate->line_len});
    map_text(w, "sdpMid", (clasp_span){candidate->mid.at, candidate->mid.len});
    clasp_write_text(w, clasp_span_of("sdpMLineIndex"));
    clasp_write_u8(w, candidate->has_index ? CLASP_VALUE_I16 : CLASP_VALUE_NULL);
    if (candidate->has_index) {
        clasp_write_u16(w, (uint16_t)candidate->index);
    }
    map_text(w, "usernameFragment", (clasp_span){candidate->ufrag.at, candidate->ufrag.len});
}

/* ---- kinds --------------------------------------------------------------------------------------------------- */

static bool word_at(const p2p_candidate *candidate, uint32_t at, const char *word) {
    const size_t len = strlen(word);
    return candidate->line_len - at >= len && memcmp(candidate->line + at, word, len) == 0;
}

p2p_candidate_kind p2p_candidate_kind_of(const p2p_candidate *candidate) {
    for (uint32_t i = 0; i < candidate->line_len; i++) {
        if (word_at(candidate, i, " typ host")) {
            return KIND_HOST;
        }
        if (word_at(candidate, i, " typ srflx") || word_at(candidate, i, " typ prflx")) {
            return KIND_SRFLX;
        }
        if (word_at(candidate, i, " typ relay")) {
            return KIND_RELAY;
        }
    }
    return KIND_OTHER;
}
