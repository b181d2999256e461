#include "peer/p2p_signal.h"

static const char *const TYPES[] = {
#define X(name, text) text,
    P2P_TYPE_LIST(X)
#undef X
};

bool p2p_id_check(clasp_span id) {
    for (uint32_t i = 0; i < id.len; i++) {
        if (id.at[i] == '/' || id.at[i] == '*' || id.at[i] < 0x20 || id.at[i] == 0x7F) {
            return false;
        }
    }
    return id.len > 0 && id.len <= CLASP_P2P_ID_MAX;
}

clasp_span p2p_map_text(clasp_value map, const char *key) {
    clasp_value value;
    return clasp_value_get(map, clasp_span_of(key), &value) ? clasp_value_text(value) : (clasp_span){NULL, 0};
}

bool p2p_map_true(clasp_value map, const char *key) {
    clasp_value value;
    return clasp_value_get(map, clasp_span_of(key), &value) && value.type == CLASP_VALUE_BOOL &&
           value.data.at[0] != 0;
}

/* ---- the entries of a signal --------------------------------------------------------------------------------- */

// clang-format off
#define KEY_LIST(X) X(type) X(from) X(correlation_id) X(sdp) X(data) X(candidate) X(rejected) X(reason) X(record)          \
    X(ext) X(client_id) X(epoch) X(round) X(scope) X(ack) X(proof)
// clang-format on

typedef enum key {
#define X(name) KEY_##name,
    KEY_LIST(X)
#undef X
        KEY_COUNT
} key;

static const char *const KEYS[] = {
#define X(name) #name,
    KEY_LIST(X)
#undef X
};

/* What stands under the known keys: a map is walked once, whatever it holds. Null where there is nothing. */
typedef struct entries {
    clasp_value at[KEY_COUNT];
} entries;

static void collect(clasp_value map, entries *out) {
    memset(out, 0, sizeof *out);
    clasp_reader r = clasp_value_items(map);
    for (uint32_t left = clasp_value_count(map); left > 0; left--) {
        clasp_value value;
        const clasp_span name = clasp_value_next_entry(&r, &value);
        for (int i = 0; i < KEY_COUNT; i++) {
            if (clasp_span_equal(name, clasp_span_of(KEYS[i]))) {
                out->at[i] = value;
            }
        }
    }
}

static clasp_span text_of(const entries *e, key at) { return clasp_value_text(e->at[at]); }

static clasp_span bytes_of(const entries *e, key at) {
    const clasp_value value = e->at[at];
    const bool bytes = value.type == CLASP_VALUE_BYTES;
    return bytes ? (clasp_span){value.data.at + 2, value.data.len - 2} : (clasp_span){NULL, 0};
}

static uint32_t count_of(const entries *e, key at) {
    double number;
    const bool there = clasp_value_number(e->at[at], &number);
    return there && number >= 1 && number <= INT32_MAX ? (uint32_t)number : 0;
}

static clasp_err read_map(clasp_span bytes, clasp_value *out) {
    clasp_reader r = clasp_reader_of(bytes);
    *out = clasp_read_value(&r);
    if (r.err != CLASP_OK) {
        return r.err;
    }
    const bool fine = out->type == CLASP_VALUE_MAP && clasp_left(&r) == 0;
    return !fine                                         ? CLASP_BAD_SIGNAL
           : clasp_value_count(*out) > CLASP_P2P_ENTRIES ? CLASP_TOO_LARGE
                                                         : CLASP_OK;
}

static p2p_type type_of(clasp_span name) {
    if (clasp_span_equal(name, clasp_span_of("ice-candidate")) ||
        clasp_span_equal(name, clasp_span_of("candidate"))) {
        return P2P_TYPE_CANDIDATE;
    }
    for (int type = 0; type < P2P_TYPE_UNKNOWN; type++) {
        if (clasp_span_equal(name, clasp_span_of(TYPES[type]))) {
            return (p2p_type)type;
        }
    }
    return P2P_TYPE_UNKNOWN;
}

/* A description: text, an object under `sdp`, or an object under `data`. */
static clasp_err read_description(const entries *e, p2p_signal *out) {
    out->sdp = text_of(e, KEY_sdp);
    if (!out->sdp.at) {
        out->sdp = p2p_map_text(e->at[out->form == FORM_NESTED ? KEY_data : KEY_sdp], "sdp");
        out->form = out->form == FORM_NESTED ? FORM_NESTED : FORM_OBJECT;
    }
    if (out->sdp.len > CLASP_SDP_MAX) {
        return CLASP_TOO_LARGE;
    }
    const bool begins = out->sdp.len >= 3 && memcmp(out->sdp.at, "v=0", 3) == 0;
    return begins ? CLASP_OK : CLASP_BAD_SIGNAL;
}

static clasp_err read_candidate(const entries *e, p2p_signal *out) {
    const clasp_value value = e->at[out->form == FORM_NESTED ? KEY_data : KEY_candidate];
    clasp_err err = CLASP_OK;
    if (value.type == CLASP_VALUE_MAP) {
        out->form = out->form == FORM_NESTED ? FORM_NESTED : FORM_OBJECT;
        err = p2p_candidate_read_map(value, &out->candidate);
    } else if (value.type == CLASP_VALUE_STRING && value.data.len > 2) {
        err = p2p_candidate_read_json(clasp_value_text(value), &out->candidate);
    } else if (value.type != CLASP_VALUE_NULL && value.type != CLASP_VALUE_STRING) {
        err = CLASP_BAD_SIGNAL;
    }
    if (err == CLASP_OK && out->candidate.line_len == 0) {
        out->type = P2P_TYPE_UNKNOWN; /* the end of candidates, which nobody waits for */
    }
    return err;
}

static clasp_err read_answer(const entries *e, p2p_signal *out) {
    out->reason = text_of(e, KEY_rejected);
    out->rejected = out->reason.at != NULL;
    return out->rejected ? CLASP_OK : read_description(e, out);
}

static clasp_err read_body(const entries *e, p2p_signal *out) {
    switch (out->type) {
    case P2P_TYPE_OFFER:
        return read_description(e, out);
    case P2P_TYPE_ANSWER:
        return read_answer(e, out);
    case P2P_TYPE_CANDIDATE:
        return read_candidate(e, out);
    case P2P_TYPE_DISCONNECTED:
        out->reason = text_of(e, KEY_reason);
        return CLASP_OK;
    case P2P_TYPE_DATA:
        out->form = FORM_TEXT;
        out->record = bytes_of(e, KEY_record);
        return out->record.len > 0 ? CLASP_OK : CLASP_BAD_SIGNAL;
    default:
        return CLASP_OK;
    }
}

static void read_extension(const entries *e, p2p_signal *out) {
    out->ours = count_of(e, KEY_ext) >= 1;
    out->client_id = text_of(e, KEY_client_id);
    out->epoch = text_of(e, KEY_epoch);
    out->round = count_of(e, KEY_round);
    out->link_alone = text_of(e, KEY_scope).at != NULL;
    out->ack = e->at[KEY_ack].type == CLASP_VALUE_BOOL && e->at[KEY_ack].data.at[0] != 0;
    out->proof = bytes_of(e, KEY_proof);
}

static clasp_err check_sizes(const p2p_signal *s) {
    const bool fine = (!s->from.at || p2p_id_check(s->from)) && s->corr.len <= CLASP_P2P_CORRELATION_MAX &&
                      s->client_id.len <= CLASP_P2P_ID_MAX && s->epoch.len <= CLASP_P2P_EPOCH_MAX &&
                      s->reason.len <= CLASP_P2P_REASON_MAX &&
                      (!s->proof.at || s->proof.len == P2P_PROOF_LEN);
    return fine ? CLASP_OK : CLASP_BAD_SIGNAL;
}

clasp_err p2p_signal_read(clasp_span bytes, p2p_signal *out) {
    clasp_value map;
    entries e;
    *out = (p2p_signal){.type = P2P_TYPE_UNKNOWN};
    clasp_err err = read_map(bytes, &map);
    if (err != CLASP_OK) {
        return err;
    }
    collect(map, &e);
    if (e.at[KEY_type].type != CLASP_VALUE_STRING) {
        return CLASP_BAD_SIGNAL;
    }
    out->type = type_of(text_of(&e, KEY_type));
    out->form = e.at[KEY_data].type == CLASP_VALUE_MAP ? FORM_NESTED : FORM_TEXT;
    out->from = text_of(&e, KEY_from);
    out->corr = text_of(&e, KEY_correlation_id);
    out->has_corr = out->corr.at != NULL;
    read_extension(&e, out);
    err = read_body(&e, out);
    return err == CLASP_OK ? check_sizes(out) : err;
}

/* ---- announcements ------------------------------------------------------------------------------------------- */

static bool lists(clasp_value features, const char *wanted) {
    clasp_reader r = clasp_value_items(features);
    bool found = false;
    for (uint32_t left = clasp_value_count(features); left > 0; left--) {
        found = clasp_span_equal(clasp_value_text(clasp_value_next(&r)), clasp_span_of(wanted)) || found;
    }
    return found;
}

clasp_err p2p_announcement_read(clasp_span bytes, p2p_announcement *out) {
    clasp_value map, features;
    *out = (p2p_announcement){0};
    const clasp_err err = read_map(bytes, &map);
    if (err != CLASP_OK) {
        return err;
    }
    out->session = p2p_map_text(map, "session_id");
    out->client_id = p2p_map_text(map, "client_id");
    out->epoch = p2p_map_text(map, "epoch");
    out->seeks = p2p_map_text(map, "seeks");
    out->ours = clasp_value_get(map, clasp_span_of("features"), &features) &&
                features.type == CLASP_VALUE_ARRAY && lists(features, "clasp-p2p/1");
    const bool fine = p2p_id_check(out->session) && out->client_id.len <= CLASP_P2P_ID_MAX &&
                      out->epoch.len <= CLASP_P2P_EPOCH_MAX && p2p_map_true(map, "p2p_capable");
    return fine ? CLASP_OK : CLASP_BAD_SIGNAL;
}
