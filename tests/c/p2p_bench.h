/** A host for one clasp_p2p: hands in signals written as short texts, and finds effects. */
#ifndef CLASP_TESTS_P2P_BENCH_H
#define CLASP_TESTS_P2P_BENCH_H

#include <stdarg.h>
#include <stdio.h>

#include "alloc.h"
#include "check.h"
#include "peer/p2p_core.h"

#define SECOND UINT64_C(1000000)
#define START UINT64_C(1700000000000000)
#define OWN "m-own" /* the session of the object under test, in the middle of the alphabet */

typedef struct bench {
    clasp_p2p *p;
    clasp_outbox *out; /* of the last call */
    uint64_t now;
} bench;

static inline clasp_span span(const char *text) { return clasp_span_of(text); }

/* ---- values -------------------------------------------------------------------------------------------------- */

/* Entries of a map, as text: `key=text`, `key:number`, `key?` (true), `key#text` (bytes), `key!` (null), `key{` … `}`,
 * `key[text,text]`; a blank between them, in texts "~" for a blank. */
static inline void write_entries(clasp_writer *w, const char **at);

static inline const char *token_end(const char *at) { return at + strcspn(at, "=:?#!{["); }

static inline void write_chars(clasp_writer *w, const char *at, size_t len) {
    clasp_write_u16(w, (uint16_t)len);
    for (size_t i = 0; i < len; i++) {
        clasp_write_u8(w, at[i] == '~' ? ' ' : (uint8_t)at[i]);
    }
}

static inline void write_list(clasp_writer *w, const char **at) {
    uint8_t *count_at = clasp_room(w, 2);
    uint16_t count = 0;
    while (**at != ']') {
        const size_t len = strcspn(*at, ",]");
        clasp_write_u8(w, CLASP_VALUE_STRING);
        write_chars(w, *at, len);
        count++;
        *at += len;
        *at += **at == ',';
    }
    clasp_store_u16(count_at, count);
    (*at)++;
}

static inline void write_entry(clasp_writer *w, const char **at) {
    const char *kind = token_end(*at);
    write_chars(w, *at, (size_t)(kind - *at));
    *at = kind + 1;
    const size_t len =
        **at == '{' && *kind == '=' ? strcspn(*at, "}") + 1 : strcspn(*at, " }"); /* JSON, of one level */
    switch (*kind) {
    case '=':
        clasp_write_u8(w, CLASP_VALUE_STRING);
        write_chars(w, *at, len);
        *at += len;
        break;
    case '#':
        clasp_write_u8(w, CLASP_VALUE_BYTES);
        write_chars(w, *at, len);
        *at += len;
        break;
    case ':':
        clasp_write_u8(w, CLASP_VALUE_F64);
        clasp_write_f64(w, strtod(*at, NULL));
        *at += len;
        break;
    case '?':
        clasp_write_u8(w, CLASP_VALUE_BOOL);
        clasp_write_u8(w, 1);
        break;
    case '{':
        write_entries(w, at);
        break;
    case '[':
        clasp_write_u8(w, CLASP_VALUE_ARRAY);
        write_list(w, at);
        break;
    default:
        clasp_write_u8(w, CLASP_VALUE_NULL);
        break;
    }
}

static inline void write_entries(clasp_writer *w, const char **at) {
    uint16_t count = 0;
    clasp_write_u8(w, CLASP_VALUE_MAP);
    uint8_t *count_at = clasp_room(w, 2);
    for (*at += strspn(*at, " "); **at != '\0' && **at != '}'; *at += strspn(*at, " ")) {
        write_entry(w, at);
        count++;
    }
    *at += **at == '}';
    clasp_store_u16(count_at, count);
}

/** A map value of the text, in storage that lasts until the next call. */
static inline clasp_span map_of(const char *text) {
    static uint8_t room[4096];
    clasp_writer w = clasp_writer_of(room, sizeof room);
    write_entries(&w, &text);
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static inline bench begin(const char *config) {
    bench b = {.now = START};
    b.out = calloc(1, sizeof *b.out);
    b.p = clasp_p2p_new(1, 7, b.out);
    CHECK_EQ(clasp_p2p_start(b.p, map_of(config), b.now), CLASP_OK);
    CHECK_EQ(clasp_p2p_signalling(b.p, span(OWN), b.now), CLASP_OK);
    return b;
}

static inline void end(bench *b) {
    clasp_p2p_free(b->p);
    clasp_outbox_deinit(b->out);
    free(b->out);
}

/* ---- inputs -------------------------------------------------------------------------------------------------- */

static inline clasp_err hear_at(bench *b, const char *address, const char *value) {
    clasp_outbox_clear(b->out);
    return clasp_p2p_signal(b->p, span(address), map_of(value), b->now);
}

/** A signal of the first dialect. */
static inline clasp_err hear(bench *b, const char *value) {
    return hear_at(b, "/clasp/p2p/signal/" OWN, value);
}

static inline clasp_err announce(bench *b, const char *value) {
    return hear_at(b, "/clasp/p2p/announce", value);
}

static inline uint32_t peer_of(const bench *b, const char *id) { return clasp_p2p_find(b->p, span(id)); }

static inline clasp_p2p_state state_of(const bench *b, const char *id) {
    return clasp_p2p_peer_state(b->p, peer_of(b, id));
}

static inline clasp_err link_event(bench *b, const char *id, uint32_t link, clasp_p2p_link_event event,
                                   uint32_t arg, const char *bytes) {
    clasp_outbox_clear(b->out);
    return clasp_p2p_link(b->p, peer_of(b, id), link, event, arg, span(bytes), b->now);
}

static inline clasp_err dial(bench *b, uint32_t ticket, const char *id) {
    clasp_outbox_clear(b->out);
    return clasp_p2p_connect(b->p, ticket, span(id), 0, b->now);
}

static inline void wait_ms(bench *b, uint64_t ms) {
    clasp_outbox_clear(b->out);
    const uint64_t until = b->now + ms * 1000;
    for (uint64_t due = clasp_p2p_deadline(b->p); due <= until; due = clasp_p2p_deadline(b->p)) {
        b->now = due > b->now ? due : b->now;
        clasp_p2p_tick(b->p, b->now);
        if (!CHECK(clasp_p2p_deadline(b->p) > b->now)) {
            return;
        }
    }
    b->now = until;
}

/* ---- effects ------------------------------------------------------------------------------------------------- */

/** The n-th effect of a kind since the last input; NULL when there are fewer. */
static inline const clasp_effect *effect(const bench *b, clasp_effect_kind kind, int n) {
    for (uint32_t i = 0; i < b->out->count; i++) {
        if (b->out->effects[i].kind == (uint32_t)kind && n-- == 0) {
            return &b->out->effects[i];
        }
    }
    return NULL;
}

static inline int effects(const bench *b, clasp_effect_kind kind) {
    int count = 0;
    while (effect(b, kind, count)) {
        count++;
    }
    return count;
}

/** The bytes of the n-th effect of a kind hold this text. */
static inline bool effect_has(const bench *b, clasp_effect_kind kind, int n, const char *part) {
    const clasp_effect *found = effect(b, kind, n);
    const clasp_span bytes = found ? clasp_outbox_bytes(b->out, found) : (clasp_span){NULL, 0};
    const size_t len = strlen(part);
    for (size_t i = 0; i + len <= bytes.len; i++) {
        if (memcmp(bytes.at + i, part, len) == 0) {
            return true;
        }
    }
    return false;
}

/** The address of the n-th signal. */
static inline bool sent_to(const bench *b, int n, const char *address) {
    const clasp_effect *found = effect(b, CLASP_EFFECT_P2P_SIGNAL, n);
    return found &&
           clasp_span_equal((clasp_span){clasp_outbox_bytes(b->out, found).at, found->a}, span(address));
}

/** The n-th signal, read again; the type UNKNOWN when there is none. */
static inline p2p_signal sent(const bench *b, int n) {
    p2p_signal signal = {.type = P2P_TYPE_UNKNOWN};
    const clasp_effect *found = effect(b, CLASP_EFFECT_P2P_SIGNAL, n);
    if (found) {
        const clasp_span bytes = clasp_outbox_bytes(b->out, found);
        CHECK_EQ(p2p_signal_read((clasp_span){bytes.at + found->a, bytes.len - found->a}, &signal), CLASP_OK);
    }
    return signal;
}

/** How many signals tell that the peer is connected (a text with its length before it): soon after it is, behind the first messages. */
static inline int told_connected(bench *b) {
    int count = 0;
    CHECK_EQ(effects(b, CLASP_EFFECT_P2P_SIGNAL), 0);
    wait_ms(b, CLASP_P2P_TELL_US / 1000);
    for (int n = 0; n < effects(b, CLASP_EFFECT_P2P_SIGNAL); n++) {
        count += effect_has(b, CLASP_EFFECT_P2P_SIGNAL, n,
                            "\x09"
                            "connected");
    }
    return count;
}

static inline bool is_text(clasp_span bytes, const char *text) { return clasp_span_equal(bytes, span(text)); }

/** The state and cause of the last PEER_STATE; -1: there was none. */
static inline int told_state(const bench *b) {
    const int count = effects(b, CLASP_EFFECT_P2P_PEER_STATE);
    return count > 0 ? (int)effect(b, CLASP_EFFECT_P2P_PEER_STATE, count - 1)->b : -1;
}

static inline int settled(const bench *b, uint32_t ticket) {
    for (int n = 0; effect(b, CLASP_EFFECT_P2P_SETTLED, n); n++) {
        const clasp_effect *found = effect(b, CLASP_EFFECT_P2P_SETTLED, n);
        if (found->a == ticket) {
            return (int)found->number;
        }
    }
    return 1; /* no result is 1 but MORE */
}

/* ---- usual beginnings ---------------------------------------------------------------------------------------- */

#define OURS(session, id)                                                                     \
    "session_id=" session " p2p_capable? features[webrtc,reliable,clasp-p2p/1] client_id=" id \
    " epoch=e-" session
#define OTHERS(session) "session_id=" session " p2p_capable? features[webrtc,reliable,unreliable]"

/** Dialled "them" (session z-them or a-them) up to the offer that is out; its correlation id, lent until the next dial. */
static inline const char *dialled(bench *b, const char *announcement, const char *id) {
    static char corr[CLASP_P2P_CORRELATION_MAX];
    CHECK_EQ(announce(b, announcement), CLASP_OK);
    const int by_mesh = effects(b, CLASP_EFFECT_P2P_LINK_OFFER);
    CHECK_EQ(dial(b, 1, id), CLASP_OK);
    CHECK_EQ(by_mesh + effects(b, CLASP_EFFECT_P2P_LINK_OFFER), 1);
    CHECK_EQ(link_event(b, id, 1, CLASP_P2P_LINK_LOCAL, 0, "v=0 mine"), CLASP_OK);
    const p2p_signal offer = sent(b, 0);
    CHECK_EQ(offer.type, P2P_TYPE_OFFER);
    snprintf(corr, sizeof corr, "%.*s", (int)offer.corr.len, (const char *)offer.corr.at);
    return corr;
}

static inline clasp_err hear_f(bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline clasp_err hear_f(bench *b, const char *format, ...) {
    char text[2048];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return hear(b, text);
}

/** The same, up to the open channel. */
static inline const char *connected(bench *b, const char *announcement, const char *session, const char *id,
                                    bool ours) {
    const char *corr = dialled(b, announcement, id);
    CHECK_EQ(
        hear_f(b, "type=answer from=%s sdp=v=0 correlation_id=%s%s", session, corr, ours ? " ext:1" : ""),
        CLASP_OK);
    CHECK_EQ(effects(b, CLASP_EFFECT_P2P_LINK_APPLY), 1);
    link_event(b, id, 1, CLASP_P2P_LINK_CONNECTED, 0, "");
    link_event(b, id, 1, CLASP_P2P_LINK_CHANNEL_OPEN, 0, "");
    CHECK_EQ(state_of(b, id), CLASP_P2P_CONNECTED);
    return corr;
}

#endif
