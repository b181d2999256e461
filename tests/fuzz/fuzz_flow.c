/*
 * Two applications that speak to one another by their data planes, over links that come and go, a channel that loses and reorders, and
 * a router that loses. The input is a row of steps. Whatever it says: what is delivered was checked, what is sent goes to a
 * channel that is open and fits it, what waits is bounded, each GET is answered once at most, and time goes on. As long as nobody
 * else speaks, and the peers are ours, every event arrives once and in order, whichever paths it went; if the first byte says so,
 * records of the input's own making are handed in as well, or the peers are of another make.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/outbox.h"
#include "peer/flow.h"
#include "wire/wide.h"

#define PEER 513u
#define START UINT64_C(1700000000000000)
#define LINKS 2u /* open at once */
#define STEPS 600u
#define UNDER_WAY 4096u /* messages */
#define GETS 8u
#define EVENTS_AT "/e"
#define WAITING_MAX \
    (CLASP_FLOW_QUEUE_BYTES + CLASP_CHUNK_QUEUE_BYTES + 2u * CLASP_FLOW_PIPES * CLASP_PIPE_WINDOW)

/* The classes of ways. */
enum { RELIABLE, FAST, ROUTER, CLASSES };

typedef struct message {
    struct message *next;
    uint32_t way; /* link << 8 | channel; UINT32_MAX: the router */
    uint32_t len;
    uint8_t bytes[];
} message;

typedef struct side {
    clasp_flows *flows;
    clasp_outbox out;
    message *first, *last; /* sent by this side */
    uint32_t under_way;
    uint32_t links[LINKS]; /* that are open here; 0: none */
    double said, heard;    /* events */
    uint32_t event_id;     /* of the peer's address of events; UINT32_MAX: not told */
    bool gets[GETS];       /* that wait */
    uint32_t pipe;         /* handles used last, of both directions */
    uint32_t heard_pipe;
    uint32_t unread;
} side;

static side sides[2];
static uint64_t now_us;
static uint32_t last_link;
static bool is_hostile, is_ours, is_over;
static clasp_span input;
static clasp_span handed; /* the message that is being received */

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static uint8_t next(void) {
    if (input.len == 0) {
        return 0;
    }
    input.len--;
    return *input.at++;
}

static clasp_span next_bytes(uint32_t most) {
    const uint32_t wanted = next() % most;
    const clasp_span bytes = {input.at, wanted < input.len ? wanted : input.len};
    input = (clasp_span){input.at + bytes.len, input.len - bytes.len};
    return bytes;
}

/* ---- what is under way ------------------------------------------------------------------------------------------- */

static unsigned class_of(uint32_t way) {
    return way == UINT32_MAX ? ROUTER : (way & 0xFF) == CLASP_FLOW_FAST ? FAST : RELIABLE;
}

static void append(side *s, uint32_t way, clasp_span bytes) {
    message *m = malloc(sizeof *m + bytes.len);
    must(m != NULL);
    *m = (message){.way = way, .len = bytes.len};
    memcpy(m->bytes, bytes.at, bytes.len);
    *(s->first ? &s->last->next : &s->first) = m;
    s->last = m;
    s->under_way++;
}

/* The first message of a class, or of one link when it is named. */
static message *take(side *s, unsigned class, uint32_t link) {
    message *before = NULL;
    for (message *m = s->first; m; before = m, m = m->next) {
        if (link > 0 ? m->way != UINT32_MAX && m->way >> 8 == link : class_of(m->way) == class) {
            *(before ? &before->next : &s->first) = m->next;
            s->last = s->last == m ? before : s->last;
            s->under_way--;
            return m;
        }
    }
    return NULL;
}

static bool has_link(const side *s, uint32_t link) {
    return link > 0 && (s->links[0] == link || s->links[1] == link);
}

/* ---- effects ----------------------------------------------------------------------------------------------------- */

static void sent(side *s, const clasp_effect *e) {
    must(has_link(s, e->b >> 8) && e->len > 0 && e->len <= 65536);
    append(s, e->b, clasp_outbox_bytes(&s->out, e));
}

static void addressed(side *s, const clasp_effect *e) {
    const clasp_span bytes = clasp_outbox_bytes(&s->out, e);
    must(bytes.len > e->b * sizeof(uint32_t));
    const clasp_span address = {bytes.at + e->b * sizeof(uint32_t),
                                bytes.len - e->b * (uint32_t)sizeof(uint32_t)};
    must(clasp_utf8_check(address) && address.at[0] == '/');
    if (clasp_span_equal(address, clasp_span_of(EVENTS_AT))) {
        s->event_id = e->a;
    } else if (s->event_id == e->a) {
        s->event_id = UINT32_MAX;
    }
}

static void check_value(clasp_span data, uint8_t type, bool is_wide) {
    clasp_reader r = clasp_reader_of(data);
    if (type >= CLASP_VALUE_I8 && type <= CLASP_VALUE_F64) {
        return; /* it is in `number` */
    }
    if (is_wide) {
        clasp_read_wide_data(&r, type);
    } else {
        clasp_read_value_data(&r, type);
    }
    must(r.err == CLASP_OK && clasp_left(&r) == 0);
}

/* The data of a delivery: in the outbox, or at the end of the message that was handed in. */
static clasp_span data_of(const side *s, const clasp_effect *e) {
    const uint32_t count = e->b >> 16 & CLASP_P2P_DELIVER_WIDE ? 4 : 2;
    if (!(e->b >> 16 & CLASP_P2P_DELIVER_LENT)) {
        return clasp_outbox_bytes(&s->out, e);
    }
    must(s == &sides[0] && e->len == 0 && e->number > count && e->number < handed.len);
    const uint32_t at = (uint32_t)e->number - count;
    return (clasp_span){handed.at + at, handed.len - at};
}

static void delivered(side *s, const clasp_effect *e) {
    check_value(data_of(s, e), (uint8_t)e->b, (e->b >> 16 & CLASP_P2P_DELIVER_WIDE) != 0);
    if (e->a == s->event_id && is_ours && !is_hostile) {
        must(e->number == s->heard + 1); /* once, and in order */
        s->heard = e->number;
    }
}

static void piped(side *s, const clasp_effect *e) {
    const uint32_t pipe = e->b >> 8;
    switch (e->b & 0xFF) {
    case CLASP_PIPE_OPENED:
        s->heard_pipe = pipe;
        s->unread = 0;
        break;
    case CLASP_PIPE_BYTES:
        must(e->len > 0 && e->len <= CLASP_PIPE_WINDOW);
        s->unread += s->heard_pipe == pipe ? e->len : 0;
        break;
    case CLASP_PIPE_ROOM:
        must(e->number >= 0 && e->number <= CLASP_PIPE_WINDOW);
        break;
    case CLASP_PIPE_ABORTED:
        must(e->number < 0);
        break;
    default:
        must((e->b & 0xFF) == CLASP_PIPE_ENDED);
        break;
    }
}

static void answered(side *s, const clasp_effect *e) {
    must(e->a < GETS && s->gets[e->a]);
    s->gets[e->a] = false;
}

static void check(side *s, const clasp_effect *e) {
    switch (e->kind) {
    case CLASP_EFFECT_P2P_SEND:
        sent(s, e);
        break;
    case CLASP_EFFECT_P2P_ADDRESS:
        addressed(s, e);
        break;
    case CLASP_EFFECT_P2P_DELIVER:
        delivered(s, e);
        break;
    case CLASP_EFFECT_P2P_PIPE:
        piped(s, e);
        break;
    case CLASP_EFFECT_P2P_GOT:
    case CLASP_EFFECT_P2P_SETTLED:
        answered(s, e);
        break;
    case CLASP_EFFECT_P2P_TOKEN_TOLD:
        must(e->len == CLASP_P2P_TOKEN_LEN);
        break;
    default:
        must(e->kind >= CLASP_EFFECT_P2P_FROM && e->kind <= CLASP_EFFECT_P2P_ROOM);
        break;
    }
}

static void drain(side *s) {
    for (uint32_t i = 0; i < s->out.count; i++) {
        check(s, &s->out.effects[i]);
    }
    must(s->out.err == CLASP_OK);
    clasp_outbox_clear(&s->out);
}

static void report_path(void *context, uint32_t peer, uint32_t link, clasp_p2p_path_event event,
                        uint64_t at_us) {
    (void)context;
    must(peer == PEER && link > 0 && event <= CLASP_P2P_PATH_DOUBTED && at_us == now_us);
}

static clasp_err take_record(void *context, uint32_t peer, clasp_span record) {
    side *s = context;
    must(peer == PEER && record.len > 0 && record.len <= CLASP_P2P_RECORD_MAX);
    if (s->under_way >= UNDER_WAY) {
        return CLASP_NOT_CONNECTED;
    }
    append(s, UINT32_MAX, record);
    return CLASP_OK;
}

/* ---- time and paths ---------------------------------------------------------------------------------------------- */

static void tick(side *s) {
    for (unsigned calls = 0; calls == 0 || clasp_flows_deadline(s->flows) <= now_us; calls++) {
        must(calls < 16);
        clasp_flows_tick(s->flows, now_us);
        drain(s);
    }
}

static void wait_for_deadline(side *s) {
    const uint64_t due = clasp_flows_deadline(s->flows);
    now_us = due > now_us && due != UINT64_MAX ? due : now_us;
    tick(s);
}

static void flush(side *s) {
    clasp_flows_flush(s->flows, now_us);
    drain(s);
}

static void hand_in(unsigned to, const message *m) {
    side *s = &sides[to];
    if (m->way != UINT32_MAX && !has_link(s, m->way >> 8)) {
        return;
    }
    const clasp_span bytes = {m->bytes, m->len};
    handed = bytes;
    const clasp_err err =
        m->way == UINT32_MAX ? clasp_flow_record(s->flows, PEER, bytes, now_us)
                             : clasp_flow_received(s->flows, PEER, m->way >> 8, m->way & 0xFF, bytes, now_us);
    must(err == CLASP_OK || is_hostile || m->way == UINT32_MAX || (is_over && err != CLASP_NO_MEMORY));
    drain(s);
}

/* False: there was none. */
static bool carry(unsigned from, unsigned class) {
    side *s = &sides[from];
    message *m = take(s, class, 0);
    if (!m) {
        return false;
    }
    hand_in(1 - from, m);
    if (m->way != UINT32_MAX && has_link(s, m->way >> 8)) {
        clasp_flow_buffered(s->flows, PEER, m->way >> 8, m->way & 0xFF, 0, now_us);
        drain(s);
    }
    free(m);
    return true;
}

static void lose(unsigned from) {
    message *m = take(&sides[from], next() & 1 ? FAST : ROUTER, 0);
    if (m && next() & 1) { /* or late, and twice */
        hand_in(1 - from, m);
        append(&sides[from], m->way, (clasp_span){m->bytes, m->len});
    }
    free(m);
}

static void open_link(void) {
    const unsigned place = sides[0].links[0] || sides[1].links[0] ? 1 : 0;
    if (sides[0].links[place] || sides[1].links[place]) {
        return;
    }
    last_link++;
    const uint32_t most = next() & 1 ? 65536 : 40000;
    for (unsigned i = 0; i < 2; i++) {
        sides[i].links[place] = last_link;
        for (uint32_t channel = 0; channel < 2; channel++) {
            must(clasp_flow_opened(sides[i].flows, PEER, last_link, channel, most, now_us) == CLASP_OK);
            drain(&sides[i]);
        }
    }
}

/* One side may notice before the other one. What is under way to it is lost, and so is what it had under way. */
static void close_link(unsigned which, unsigned place) {
    side *s = &sides[which];
    const uint32_t link = s->links[place];
    if (link == 0) {
        return;
    }
    s->links[place] = 0;
    clasp_flow_link_closed(s->flows, PEER, link, now_us);
    for (unsigned i = 0; i < 2; i++) {
        for (message *m; (m = take(&sides[i], 0, link)) != NULL;) {
            free(m);
        }
    }
    drain(s);
}

/* ---- what the application does ----------------------------------------------------------------------------------- */

static uint32_t id_of(side *s, const char *address) {
    uint32_t id = 0;
    must(clasp_flow_address(s->flows, clasp_span_of(address), &id) == CLASP_OK);
    return id;
}

static void say_event(side *s) {
    uint32_t batch;
    if (clasp_flow_number(s->flows, PEER, CLASP_FLOW_EVENT, id_of(s, EVENTS_AT), s->said + 1, &batch) ==
        CLASP_OK) {
        s->said++;
    }
}

static void say_number(side *s) {
    static const char *const ADDRESSES[] = {"/a", "/b/c", "/c/d", "/c"};
    uint32_t batch;
    const uint8_t which = next();
    clasp_flow_number(s->flows, PEER, (clasp_flow_say)(which % 3), id_of(s, ADDRESSES[which >> 6]), which,
                      &batch);
}

static void say_bytes(side *s) {
    static uint8_t bytes[300005];
    const uint8_t which = next();
    const uint32_t len = (uint32_t)which * which * (which & 1 ? 1 : 4);
    const bool is_wide = clasp_wide_is_needed(2, len + 3);
    uint32_t batch;
    bytes[0] = CLASP_VALUE_BYTES;
    if (is_wide) {
        clasp_store_u32(bytes + 1, len);
    } else {
        clasp_store_u16(bytes + 1, (uint16_t)len);
    }
    const clasp_span value = {bytes, len + (is_wide ? 5 : 3)};
    clasp_flow_value(s->flows, PEER, (clasp_flow_say)(which % 3), id_of(s, which & 8 ? "/c" : "/w"), value,
                     &batch);
}

static void get(side *s) {
    const uint8_t which = next();
    const uint32_t ticket = which % GETS;
    if (!s->gets[ticket]) {
        s->gets[ticket] = true;
        const clasp_span address = clasp_span_of(which & 0x80 ? "/a" : which & 0x40 ? EVENTS_AT : "/c");
        s->gets[ticket] = clasp_flow_get(s->flows, PEER, address, ticket, now_us) == CLASP_OK;
    }
}

static void use_pipe(side *s) {
    static const uint8_t zeros[40000];
    const uint8_t which = next();
    switch (which % 5) {
    case 0:
        clasp_flow_pipe_open(s->flows, PEER, clasp_span_of("/pipe"), (clasp_priority)(which % 3), &s->pipe);
        break;
    case 1:
        clasp_flow_pipe_write(s->flows, PEER, s->pipe, (clasp_span){zeros, which * 150u});
        break;
    case 2:
        if (clasp_flow_pipe_read(s->flows, PEER, s->heard_pipe, s->unread) == CLASP_OK) {
            s->unread = 0;
        }
        break;
    case 3:
        clasp_flow_pipe_end(s->flows, PEER, s->pipe);
        break;
    default:
        clasp_flow_pipe_abort(s->flows, PEER, which & 32 ? s->pipe : s->heard_pipe, clasp_span_of("why"));
        break;
    }
}

static void use_channel(side *s) {
    const uint8_t which = next();
    uint32_t channel;
    if (which & 0x80) {
        clasp_flow_channel(s->flows, PEER, clasp_span_of("/c"), which & 1, (clasp_priority)(which % 3),
                           &channel);
    } else {
        clasp_flow_channel_end(s->flows, PEER, CLASP_FLOW_FIRST_CUSTOM + which % 3);
    }
}

static void use_subscriptions(side *s) {
    const uint8_t which = next();
    if (which & 0x80) {
        clasp_flow_subscribe(s->flows, PEER, clasp_span_of(which & 1 ? "/c/**" : "/*"), 2 + which % 4);
    } else {
        clasp_flow_unsubscribe(s->flows, PEER, 2 + which % 4);
    }
}

static void tell_token(side *s) {
    static const uint8_t TOKEN[CLASP_P2P_TOKEN_LEN] = {7};
    clasp_flow_token(s->flows, PEER, (clasp_span){TOKEN, sizeof TOKEN}, now_us);
}

static void fill(side *s) {
    const uint32_t link = s->links[next() & 1];
    if (link > 0) {
        clasp_flow_buffered(s->flows, PEER, link, next() & 1, next() * 4096u, now_us);
    }
}

/* A record of the input's own making, in a block of its own size. */
static void inject(unsigned to) {
    static const uint8_t HEADS[][15] = {{2, 0x45, 1},
                                        {8, 0x45, 1, 0, 0, 0, 0, 0, 1},
                                        {2, 0x45, 2},
                                        {2, 0x45, 4},
                                        {2, 0x45, 0x0A},
                                        {2, 0x45, 0x0B},
                                        {14, 0x45, 0x0B, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0},
                                        {2, 0x45, 0x0C},
                                        {1, 0x53},
                                        {9, 0x45, 1, 0, 1, 0, 0, 0, 1, 0x45},
                                        {1, 0x45}};
    const uint8_t *head = HEADS[next() % (sizeof HEADS / sizeof *HEADS)];
    const uint32_t link = sides[to].links[next() & 1];
    const clasp_span rest = next_bytes(64);
    message *m = malloc(sizeof *m + head[0] + rest.len);
    must(m != NULL);
    *m = (message){.way = link > 0 ? link << 8 | (next() & 1) : UINT32_MAX, .len = head[0] + rest.len};
    memcpy(m->bytes, head + 1, head[0]);
    if (rest.len > 0) {
        memcpy(m->bytes + head[0], rest.at, rest.len);
    }
    hand_in(to, m);
    free(m);
}

static void begin_again(side *s) {
    clasp_flow_gone(s->flows, PEER, CLASP_PEER_GONE);
    drain(s);
    s->links[0] = s->links[1] = 0;
    must(clasp_flow_peer(s->flows, PEER, is_ours) == CLASP_OK);
}

static void step(void) {
    const uint8_t op = next();
    const unsigned which = op & 1;
    side *s = &sides[which];
    void (*const USES[])(side *) = {say_event, say_event, say_number,  say_bytes,         get,
                                    use_pipe,  use_pipe,  use_channel, use_subscriptions, tell_token,
                                    fill,      flush,     tick};
    const unsigned uses = sizeof USES / sizeof *USES;
    switch (op >> 1) {
    case 100:
        open_link();
        break;
    case 101:
        close_link(which, next() & 1);
        break;
    case 102:
        now_us += (uint64_t)next() * 4000;
        break;
    case 103:
        wait_for_deadline(s);
        break;
    case 104:
        clasp_flow_cover(s->flows, PEER, next() & 1, now_us);
        break;
    case 105:
        lose(which);
        break;
    case 106:
        if (is_hostile) {
            begin_again(s);
        }
        break;
    default:
        if (op >= 0xE0 && is_hostile) {
            inject(which);
        } else if (op < 0x60) {
            USES[(op >> 1) % uses](s);
        } else {
            carry(which, (op >> 1) % CLASSES);
        }
        break;
    }
    drain(s);
    must(clasp_flow_waiting(s->flows, PEER) <= WAITING_MAX);
}

/* To the next deadline of either side, and on by some time at least. */
static void let_time_pass(void) {
    now_us += 5000;
    for (unsigned i = 0; i < 2; i++) {
        const uint64_t due = clasp_flows_deadline(sides[i].flows);
        const uint64_t other = clasp_flows_deadline(sides[1 - i].flows);
        now_us = due <= other && due != UINT64_MAX && due > now_us ? due : now_us;
    }
}

/* A link that lasts: everything that was said arrives. */
static void settle(void) {
    is_over = true;
    for (unsigned i = 0; i < 4; i++) {
        close_link(i & 1, i >> 1);
    }
    open_link();
    for (unsigned turns = 0; turns < 2000; turns++) {
        bool moved = false;
        for (unsigned i = 0; i < 2; i++) {
            flush(&sides[i]);
            tick(&sides[i]);
            for (unsigned class = 0; class < CLASSES; class ++) {
                moved |= carry(i, class);
            }
        }
        if (!moved && (!is_ours || (sides[0].heard == sides[1].said && sides[1].heard == sides[0].said))) {
            return;
        }
        if (!moved) {
            let_time_pass();
        }
    }
    must(false);
}

static void begin(unsigned which) {
    side *s = &sides[which];
    *s = (side){.event_id = UINT32_MAX};
    const clasp_flow_hooks hooks = {s, report_path, take_record};
    s->flows = clasp_flows_new(which + 1, 7 + which, &s->out, &hooks);
    must(s->flows != NULL && clasp_flow_peer(s->flows, PEER, is_ours) == CLASP_OK);
    if (which == 0) {
        clasp_flows_lend(s->flows); /* the other one copies */
    }
    must(clasp_flow_subscribe(s->flows, PEER, clasp_span_of("/**"), 1) == CLASP_OK);
    drain(s);
}

static void finish(side *s) {
    clasp_flow_gone(s->flows, PEER, CLASP_PEER_GONE);
    for (uint32_t i = 0; i < s->out.count; i++) {
        check(s, &s->out.effects[i]);
    }
    for (unsigned i = 0; i < GETS; i++) {
        must(!s->gets[i]);
    }
    must(clasp_flows_deadline(s->flows) == UINT64_MAX);
    clasp_flows_free(s->flows);
    clasp_outbox_deinit(&s->out);
    while (s->first) {
        message *m = s->first;
        s->first = m->next;
        free(m);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input = (clasp_span){data, (uint32_t)size};
    now_us = START;
    last_link = 0;
    const uint8_t mode = next();
    is_hostile = (mode & 1) != 0;
    is_ours = (mode & 6) != 2;
    is_over = false;
    begin(0);
    begin(1);
    open_link();
    for (unsigned i = 0; i < STEPS && input.len > 0; i++) {
        step();
    }
    if (!is_hostile) {
        settle();
    }
    finish(&sides[0]);
    finish(&sides[1]);
    return 0;
}
