#include "peer/p2p_signal.h"

static const char *const TYPES[] = {
#define X(name, text) text,
    P2P_TYPE_LIST(X)
#undef X
};

/* A map whose number of entries is known when it is whole. */
typedef struct map_writer {
    clasp_writer *w;
    uint8_t *count_at; /* NULL once the writer has failed */
    uint16_t count;
} map_writer;

static map_writer begin(clasp_writer *w) {
    clasp_write_u8(w, CLASP_VALUE_MAP);
    return (map_writer){w, clasp_room(w, 2), 0};
}

static void end(const map_writer *map) {
    if (map->count_at) {
        clasp_store_u16(map->count_at, map->count);
    }
}

static void key(map_writer *map, const char *name, uint8_t type) {
    clasp_write_text(map->w, clasp_span_of(name));
    if (type != CLASP_VALUE_MAP && type != CLASP_VALUE_ARRAY) { /* those write their type themselves */
        clasp_write_u8(map->w, type);
    }
    map->count++;
}

static void text(map_writer *map, const char *name, clasp_span content) {
    key(map, name, CLASP_VALUE_STRING);
    clasp_write_text(map->w, content);
}

static void optional(map_writer *map, const char *name, clasp_span content) {
    if (content.len > 0) {
        text(map, name, content);
    }
}

static void bytes(map_writer *map, const char *name, clasp_span content) {
    if (content.len > 0) {
        key(map, name, CLASP_VALUE_BYTES);
        clasp_write_text(map->w, content); /* the same form: u16 length, bytes */
    }
}

static void number(map_writer *map, const char *name, uint32_t content) {
    key(map, name, CLASP_VALUE_I32);
    clasp_write_u32(map->w, content & INT32_MAX);
}

static void yes(map_writer *map, const char *name) {
    key(map, name, CLASP_VALUE_BOOL);
    clasp_write_u8(map->w, 1);
}

static void description(map_writer *map, const p2p_signal *signal) {
    if (signal->form == FORM_TEXT) {
        text(map, "sdp", signal->sdp);
        return;
    }
    key(map, signal->form == FORM_NESTED ? "data" : "sdp", CLASP_VALUE_MAP);
    map_writer object = begin(map->w);
    text(&object, "type", clasp_span_of(TYPES[signal->type]));
    text(&object, "sdp", signal->sdp);
    end(&object);
}

static void candidate(map_writer *map, const p2p_signal *signal) {
    if (signal->form == FORM_TEXT) {
        uint8_t json[2 * CLASP_CANDIDATE_JSON_MAX];
        clasp_writer w = clasp_writer_of(json, sizeof json);
        p2p_candidate_write_json(&w, &signal->candidate);
        text(map, "candidate", clasp_written(&w));
        return;
    }
    key(map, signal->form == FORM_NESTED ? "data" : "candidate", CLASP_VALUE_MAP);
    p2p_candidate_write_map(map->w, &signal->candidate);
}

static void extension(map_writer *map, const p2p_signal *signal) {
    if (signal->ours) {
        number(map, "ext", 1);
    }
    optional(map, "client_id", signal->client_id);
    optional(map, "epoch", signal->epoch);
    if (signal->round > 0) {
        number(map, "round", signal->round);
    }
    if (signal->link_alone) {
        text(map, "scope", clasp_span_of("link"));
    }
    if (signal->ack) {
        yes(map, "ack");
    }
    bytes(map, "proof", signal->proof);
    bytes(map, "record", signal->record);
}

void p2p_signal_write(clasp_writer *w, const p2p_signal *signal) {
    map_writer map = begin(w);
    const bool hyphen = signal->type == P2P_TYPE_CANDIDATE && signal->form != FORM_TEXT;
    text(&map, "type", clasp_span_of(hyphen ? "ice-candidate" : TYPES[signal->type]));
    text(&map, "from", signal->from);
    optional(&map, "to", signal->to);
    if (signal->sdp.len > 0) {
        description(&map, signal);
    }
    if (signal->type == P2P_TYPE_CANDIDATE) {
        candidate(&map, signal);
    }
    if (signal->has_corr) {
        text(&map, "correlation_id", signal->corr);
    }
    if (signal->rejected) {
        text(&map, "rejected", signal->reason);
    } else {
        optional(&map, "reason", signal->reason);
    }
    extension(&map, signal);
    end(&map);
}

void p2p_announcement_write(clasp_writer *w, const p2p_announcement *announcement) {
    static const char *const FEATURES[] = {"webrtc", "reliable", "unreliable", "clasp-p2p/1"};
    map_writer map = begin(w);
    text(&map, "session_id", announcement->session);
    yes(&map, "p2p_capable");
    key(&map, "features", CLASP_VALUE_ARRAY);
    clasp_write_u8(w, CLASP_VALUE_ARRAY);
    clasp_write_u16(w, sizeof FEATURES / sizeof *FEATURES);
    for (size_t i = 0; i < sizeof FEATURES / sizeof *FEATURES; i++) {
        clasp_write_u8(w, CLASP_VALUE_STRING);
        clasp_write_text(w, clasp_span_of(FEATURES[i]));
    }
    optional(&map, "client_id", announcement->client_id);
    optional(&map, "epoch", announcement->epoch);
    optional(&map, "seeks", announcement->seeks);
    end(&map);
}
