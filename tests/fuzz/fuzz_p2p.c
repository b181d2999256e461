/*
 * One application among strangers. The input is a row of steps: signals in each dialect, made of few sessions, names and
 * correlation ids (those that the application has given among them) or of the input's own bytes, reports on links that are open and on others, what the
 * application asks for, the data plane's reports, the coming and going of the session with the router, and time. Whatever
 * comes, the effects can be carried out: links are opened before they are used and closed once, bounds hold, each ticket is
 * settled at most once, signals are well-formed, time goes on; and after the end nothing is open.
 */
#include <stdio.h>
#include <stdlib.h>

#include "peer/p2p.h"
#include "peer/p2p_memory.h"
#include "peer/p2p_signal.h"
#include "route/address.h"

#define START UINT64_C(1700000000000000)
#define OPEN_MAX (CLASP_P2P_CONNECTIONS * CLASP_P2P_LINKS)
#define TICKETS 8u
#define CORRELATIONS 4u
#define MAX_PEERS 4u
#define STEPS 400u

typedef struct open_link {
    uint32_t peer, link;
} open_link;

static clasp_outbox out;
static clasp_p2p *p2p;
static uint64_t now_us;
static bool is_up;
static open_link links[OPEN_MAX];
static uint32_t link_count;
static bool waits[TICKETS];                                            /* tickets that are not settled */
static char correlations[CORRELATIONS][CLASP_P2P_CORRELATION_MAX + 1]; /* of signals that went out */
static uint32_t correlation_next;
static uint32_t handles[8]; /* peers that effects have named */
static uint32_t handle_next;

static const char *const IDS[] = {"a-low", "z-high", "m-own", "them", "x", "", "m-new", "a/b"};
static const uint8_t TOKEN[CLASP_P2P_TOKEN_LEN] = {1, 2, 3};

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

/* ---- the input ----------------------------------------------------------------------------------------------- */

static clasp_span input;

static uint8_t next(void) {
    if (input.len == 0) {
        return 0;
    }
    input.len--;
    return *input.at++;
}

static clasp_span next_bytes(uint32_t most) {
    const uint32_t wanted = most > 0 ? next() % most : 0;
    const clasp_span bytes = {input.at, wanted < input.len ? wanted : input.len};
    input = (clasp_span){input.at + bytes.len, input.len - bytes.len};
    return bytes;
}

static clasp_span id_of(uint8_t which) { return clasp_span_of(IDS[which % (sizeof IDS / sizeof *IDS)]); }

/* ---- effects ------------------------------------------------------------------------------------------------- */

static bool is_open(uint32_t peer, uint32_t link, bool remove) {
    for (uint32_t i = 0; i < link_count; i++) {
        if (links[i].peer == peer && links[i].link == link) {
            links[i] = remove ? links[--link_count] : links[i];
            return true;
        }
    }
    return false;
}

static void opened(const clasp_effect *effect) {
    uint32_t of_peer = 0;
    for (uint32_t i = 0; i < link_count; i++) {
        of_peer += links[i].peer == effect->a;
    }
    must(of_peer < CLASP_P2P_LINKS && link_count < MAX_PEERS * CLASP_P2P_LINKS);
    must(!is_open(effect->a, effect->b, false));
    links[link_count++] = (open_link){effect->a, effect->b};
}

static void signalled(const clasp_effect *effect) {
    const clasp_span bytes = clasp_outbox_bytes(&out, effect);
    must(is_up && effect->a < bytes.len);
    must(clasp_address_check((clasp_span){bytes.at, effect->a}) == CLASP_OK);
    const clasp_span text = {bytes.at + effect->a, bytes.len - effect->a};
    clasp_reader r = clasp_reader_of(text);
    const clasp_value value = clasp_read_value(&r);
    must(r.err == CLASP_OK && clasp_left(&r) == 0); /* of the forwarder: any */
    must(text.len <= CLASP_P2P_SIGNAL_MAX);
    clasp_value correlation;
    if (clasp_value_get(value, clasp_span_of("correlation_id"), &correlation)) {
        const clasp_span id = clasp_value_text(correlation);
        must(id.len <= CLASP_P2P_CORRELATION_MAX);
        char *kept = correlations[correlation_next++ % CORRELATIONS];
        memcpy(kept, id.at, id.len);
        kept[id.len] = '\0';
    }
}

static void settled(const clasp_effect *effect) {
    must(effect->a < TICKETS && waits[effect->a]);
    must(effect->number <= 0);
    waits[effect->a] = false;
}

static void check(const clasp_effect *effect) {
    switch (effect->kind) {
    case CLASP_EFFECT_P2P_SIGNAL:
        signalled(effect);
        break;
    case CLASP_EFFECT_P2P_PEER:
        handles[handle_next++ % 8] = effect->a;
        must(effect->number >= 0 && effect->number <= effect->len);
        break;
    case CLASP_EFFECT_P2P_PEER_STATE:
        must(effect->b < CLASP_P2P_STATE_COUNT && effect->number <= 0);
        break;
    case CLASP_EFFECT_P2P_SETTLED:
        settled(effect);
        break;
    case CLASP_EFFECT_P2P_LINK_OPEN:
        opened(effect);
        break;
    case CLASP_EFFECT_P2P_LINK_OFFER:
    case CLASP_EFFECT_P2P_LINK_ANSWER:
    case CLASP_EFFECT_P2P_LINK_APPLY:
    case CLASP_EFFECT_P2P_LINK_CANDIDATE:
        must(is_open(effect->a, effect->b, false));
        break;
    case CLASP_EFFECT_P2P_LINK_CLOSE:
        must(is_open(effect->a, effect->b, true));
        break;
    case CLASP_EFFECT_P2P_RECORD:
        must(effect->len <= CLASP_P2P_RECORD_MAX);
        break;
    default:
        must(effect->kind >= CLASP_EFFECT_P2P_SUBSCRIBE && effect->kind <= CLASP_EFFECT_P2P_RECORD);
        break;
    }
}

static void drain(void) {
    for (uint32_t i = 0; i < out.count; i++) {
        check(&out.effects[i]);
    }
    must(out.err == CLASP_OK);
    clasp_outbox_clear(&out);
}

/* ---- signals ------------------------------------------------------------------------------------------------- */

static void put_text(clasp_writer *w, const char *key, clasp_span text) {
    clasp_write_text(w, clasp_span_of(key));
    clasp_write_u8(w, CLASP_VALUE_STRING);
    clasp_write_text(w, text);
}

static void put_true(clasp_writer *w, const char *key) {
    clasp_write_text(w, clasp_span_of(key));
    clasp_write_u8(w, CLASP_VALUE_BOOL);
    clasp_write_u8(w, 1);
}

static void put_type(clasp_writer *w) {
    static const char *const TYPES[] = {"offer",     "answer",       "ice_candidate", "ice-candidate",
                                        "connected", "disconnected", "restart",       "resume",
                                        "data",      "other"};
    put_text(w, "type", clasp_span_of(TYPES[next() % (sizeof TYPES / sizeof *TYPES)]));
}

static void put_from(clasp_writer *w) { put_text(w, "from", id_of(next())); }

static void put_correlation(clasp_writer *w) {
    static const char *const OTHERS[] = {"c1", "c2", "", "c1"};
    const uint8_t which = next() % (2 * CORRELATIONS);
    put_text(w, "correlation_id",
             clasp_span_of(which < CORRELATIONS ? correlations[which] : OTHERS[which - CORRELATIONS]));
}

static void put_sdp(clasp_writer *w) { put_text(w, "sdp", clasp_span_of(next() & 1 ? "v=0\r\n" : "v=0 b")); }

/* The forms of objects, and of nested ones. */
static void put_object(clasp_writer *w) {
    const uint8_t which = next();
    clasp_write_text(w, clasp_span_of(which & 1 ? "data" : which & 2 ? "sdp" : "candidate"));
    clasp_write_u8(w, CLASP_VALUE_MAP);
    clasp_write_u16(w, 2);
    put_text(w, which & 4 ? "type" : "sdpMid", clasp_span_of(which & 8 ? "offer" : "answer"));
    put_text(w, which & 16 ? "sdp" : "candidate", clasp_span_of("v=0"));
}

static void put_candidate(clasp_writer *w) {
    put_text(w, "candidate",
             clasp_span_of(
                 next() & 1 ? "{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1 9 typ host\",\"sdpMid\":\"0\"}"
                            : "{\"candidate\":\"\"}"));
}

static void put_ext(clasp_writer *w) {
    clasp_write_text(w, clasp_span_of("ext"));
    clasp_write_u8(w, CLASP_VALUE_I8);
    clasp_write_u8(w, 1);
}

static void put_round(clasp_writer *w) {
    clasp_write_text(w, clasp_span_of("round"));
    clasp_write_u8(w, CLASP_VALUE_I8);
    clasp_write_u8(w, next());
}

static void put_client(clasp_writer *w) { put_text(w, "client_id", id_of(next())); }
static void put_epoch(clasp_writer *w) { put_text(w, "epoch", clasp_span_of(next() & 1 ? "e1" : "e2")); }
static void put_words(clasp_writer *w) {
    put_text(w, next() & 1 ? "rejected" : "reason", clasp_span_of("no"));
}
static void put_scope(clasp_writer *w) { put_text(w, "scope", clasp_span_of("link")); }
static void put_ack(clasp_writer *w) { put_true(w, "ack"); }

static void put_record(clasp_writer *w) {
    clasp_write_text(w, clasp_span_of("record"));
    clasp_write_u8(w, CLASP_VALUE_BYTES);
    clasp_write_text(w, next_bytes(16));
}

/* Under the token that both sides may know. */
static void put_proof(clasp_writer *w) {
    const clasp_span names[] = {id_of(next()), clasp_span_of(next() & 1 ? "m-own" : "m-new")};
    clasp_write_text(w, clasp_span_of("proof"));
    clasp_write_u8(w, CLASP_VALUE_BYTES);
    clasp_write_u16(w, 8);
    clasp_write_u64(w, p2p_siphash(TOKEN, names, 2));
}

static void put_announcement(clasp_writer *w) {
    put_text(w, "session_id", id_of(next()));
    put_true(w, "p2p_capable");
    clasp_write_text(w, clasp_span_of("features"));
    clasp_write_u8(w, CLASP_VALUE_ARRAY);
    clasp_write_u16(w, 1);
    clasp_write_u8(w, CLASP_VALUE_STRING);
    clasp_write_text(w, clasp_span_of(next() & 1 ? "clasp-p2p/1" : "webrtc"));
}

static const struct {
    void (*put)(clasp_writer *w);
    uint16_t entries;
} FIELDS[] = {
    {put_type, 1},   {put_from, 1},  {put_correlation, 1}, {put_sdp, 1},   {put_candidate, 1},
    {put_ext, 1},    {put_round, 1}, {put_client, 1},      {put_epoch, 1}, {put_words, 1},
    {put_object, 1}, {put_scope, 1}, {put_ack, 1},         {put_proof, 1}, {put_record, 1},
};

/* A map of the fields that two bytes ask for; of an announcement first, if the call does. */
static clasp_span made(uint8_t room[2048], bool announces) {
    const unsigned mask = (unsigned)next() << 8 | next();
    clasp_writer w = clasp_writer_of(room, 2048);
    clasp_write_u8(&w, CLASP_VALUE_MAP);
    uint8_t *count_at = clasp_room(&w, 2);
    uint16_t count = 0;
    if (announces) {
        put_announcement(&w);
        count = 3;
    }
    for (unsigned i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        if (mask & 1u << i) {
            FIELDS[i].put(&w);
            count = (uint16_t)(count + FIELDS[i].entries);
        }
    }
    must(w.err == CLASP_OK);
    clasp_store_u16(count_at, count);
    return clasp_written(&w);
}

/* In a block of its own size. */
static void hear(const char *address, clasp_span value) {
    uint8_t *copy = malloc(value.len + 1);
    if (value.len > 0) {
        memcpy(copy, value.at, value.len);
    }
    const clasp_err err =
        clasp_p2p_signal(p2p, clasp_span_of(address), (clasp_span){copy, value.len}, now_us);
    must(err <= CLASP_OK && err != CLASP_NO_MEMORY);
    free(copy);
}

static void hear_some(void) {
    static const char *const ADDRESSES[] = {"/clasp/p2p/signal/m-own",     "/clasp/p2p/announce",
                                            "/clasp/p2p/signal/m-new",     "/webrtc/signal/a-low/m-own",
                                            "/webrtc/signal/z-high/m-own", "/video/room/r/signal/m-own",
                                            "/webrtc/signal/a-low/z-high", "/video/room/r/signal/z-high"};
    uint8_t room[2048];
    const uint8_t where = next();
    const char *address = ADDRESSES[where % 8];
    hear(address, where & 0x80 ? next_bytes(200) : made(room, where % 8 == 1));
}

/* ---- the other steps ----------------------------------------------------------------------------------------- */

static uint32_t some_peer(void) {
    const uint8_t which = next();
    return which & 0x80 ? which : handles[which % 8];
}

static void report_link(void) {
    static const char *const BYTES[] = {
        "v=0\r\n", "{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1 9 typ relay\"}", "", "{}"};
    const uint8_t which = next();
    const uint8_t what = next();
    const open_link link =
        which < 0xF0 && link_count > 0 ? links[which % link_count] : (open_link){some_peer(), 1};
    clasp_p2p_link(p2p, link.peer, link.link, (clasp_p2p_link_event)(what % 12), what >> 4 & 3,
                   clasp_span_of(BYTES[what >> 6]), now_us);
}

static void ask(void) {
    const uint8_t ticket = next() % TICKETS;
    if (waits[ticket]) {
        waits[ticket] = false;
        must(clasp_p2p_cancel(p2p, ticket, now_us) == CLASP_OK);
        return;
    }
    waits[ticket] = true;
    if (clasp_p2p_connect(p2p, ticket, id_of(next()), next() * 100u, now_us) != CLASP_OK) {
        waits[ticket] = false;
    }
}

static void report_path(void) {
    const open_link link = link_count > 0 ? links[next() % link_count] : (open_link){0, 0};
    clasp_p2p_path(p2p, link.peer, link.link, (clasp_p2p_path_event)(next() % 4), now_us);
}

static void tell_token(void) {
    clasp_p2p_token(p2p, some_peer(), (clasp_span){TOKEN, next() & 0x80 ? 3 : CLASP_P2P_TOKEN_LEN});
}

static void send_record(void) {
    const uint32_t peer = some_peer();
    clasp_p2p_record(p2p, peer, next_bytes(64));
}

static void change_signalling(void) {
    static const char *const SESSIONS[] = {"m-own", "", "m-new", "m-own"};
    const char *session = SESSIONS[next() % 4];
    is_up = is_up || session[0] != '\0'; /* the goodbyes of a change go out by the old one */
    must(clasp_p2p_signalling(p2p, clasp_span_of(session), now_us) == CLASP_OK);
    drain();
    is_up = session[0] != '\0';
}

static void refuse(void) {
    char address[64];
    snprintf(address, sizeof address, "/clasp/p2p/signal/%s", IDS[next() % 5]);
    clasp_p2p_signal_refused(p2p, clasp_span_of(address), next() & 1 ? 404 : 403, now_us);
}

static void know(void) {
    const uint8_t which = next();
    clasp_p2p_know(p2p, (clasp_p2p_dialect)(which % 3), id_of(which >> 2), id_of(next()), now_us);
}

static void decide(void) {
    const uint32_t peer = some_peer();
    clasp_p2p_decide(p2p, peer, next() & 1, clasp_span_of("busy"), now_us);
}

static void close_one(void) { clasp_p2p_close(p2p, some_peer(), now_us); }
static void change_network(void) { clasp_p2p_network(p2p, now_us); }
static void leave(void) { clasp_p2p_left(p2p, id_of(next()), now_us); }

static void look(void) {
    const clasp_span id = id_of(next());
    must(clasp_p2p_explain(p2p, id) < CLASP_P2P_VERDICT_COUNT);
    must(clasp_p2p_peer_state(p2p, clasp_p2p_find(p2p, id)) < CLASP_P2P_STATE_COUNT);
}

/* One call may leave something for the next, but what is due comes to an end. */
static void tick(void) {
    for (unsigned calls = 0; calls == 0 || clasp_p2p_deadline(p2p) <= now_us; calls++) {
        must(calls < 16);
        clasp_p2p_tick(p2p, now_us);
        drain();
    }
}

static void wait(void) {
    const uint64_t ms = next();
    now_us += ms * ms * UINT64_C(1000);
    tick();
}

static void wait_for_deadline(void) {
    const uint64_t deadline = clasp_p2p_deadline(p2p);
    now_us = deadline == UINT64_MAX || deadline < now_us ? now_us : deadline;
    tick();
}

static void (*const STEP[])(void) = {
    hear_some,         hear_some,         hear_some,   hear_some, hear_some,   report_link,
    report_link,       report_link,       report_link, ask,       ask,         wait,
    wait_for_deadline, wait_for_deadline, decide,      close_one, report_path, tell_token,
    send_record,       change_signalling, refuse,      know,      leave,       look,
    change_network,
};

/* ---- the whole ----------------------------------------------------------------------------------------------- */

static void begin(void) {
    static const char *const KEYS[] = {"mesh", "decide", "named", "forward", "cover", "fast", "stun", "turn"};
    uint8_t room[512];
    const uint8_t options = next();
    clasp_writer w = clasp_writer_of(room, sizeof room);
    clasp_write_u8(&w, CLASP_VALUE_MAP);
    uint8_t *count_at = clasp_room(&w, 2);
    uint16_t count = 3;
    put_text(&w, "epoch", clasp_span_of("e"));
    put_text(&w, "room", clasp_span_of("r"));
    clasp_write_text(&w, clasp_span_of("maxPeers"));
    clasp_write_u8(&w, CLASP_VALUE_I8);
    clasp_write_u8(&w, MAX_PEERS);
    for (unsigned i = 0; i < 8; i++) {
        if (options & 1u << i) {
            put_true(&w, KEYS[i]);
            count++;
        }
    }
    clasp_store_u16(count_at, count);
    p2p = clasp_p2p_new(1, 7, &out);
    must(p2p != NULL);
    must(clasp_p2p_start(p2p, clasp_written(&w), now_us) == CLASP_OK);
    is_up = true;
    must(clasp_p2p_signalling(p2p, clasp_span_of("m-own"), now_us) == CLASP_OK);
    drain();
}

static void finish(void) {
    clasp_p2p_stop(p2p, now_us);
    drain();
    must(link_count == 0);
    for (unsigned i = 0; i < TICKETS; i++) {
        must(!waits[i]);
    }
    must(clasp_p2p_deadline(p2p) == UINT64_MAX);
    clasp_p2p_free(p2p);
    clasp_outbox_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input = (clasp_span){data, (uint32_t)size};
    now_us = START;
    correlation_next = handle_next = link_count = 0;
    memset(correlations, 0, sizeof correlations);
    memset(handles, 0, sizeof handles);
    memset(waits, 0, sizeof waits);
    begin();
    for (unsigned i = 0; i < STEPS && input.len > 0; i++) {
        STEP[next() % (sizeof STEP / sizeof *STEP)]();
        drain();
    }
    finish();
    return 0;
}
