/** A host of one dispatcher: it keeps what it is told, and reads what is delivered. For tests/c/test_dispatch.c. */
#ifndef CLASP_TESTS_DISPATCH_HOST_H
#define CLASP_TESTS_DISPATCH_HOST_H

#include "codec/dispatch.h"
#include "route/routes.h"
#include "tape_host.h"

#define SEED 0x1234567887654321u
#define SUBS_MAX 8u /* of a list that is looked at */

/* Whom an address leads to, as the host was told. */
typedef struct sub_list {
    uint32_t count;
    uint32_t first[SUBS_MAX];
} sub_list;

/* One DELIVER as the host reads it. */
typedef struct delivery {
    clasp_span address;
    sub_list subs;
    const clasp_cell *value; /* NULL: the number alone came */
    double number;
    uint32_t news; /* CLASP_NEW_* */
} delivery;

static tape_host *host;
static clasp_dispatcher *dispatcher;
static uint8_t frame_bytes[CLASP_FRAME_MAX];

/* What the host was told of the core's groups, and of its ids. */
static sub_list told_groups[CLASP_DISPATCH_GROUPS];

static struct {
    sub_list subs;
    uint32_t len;
    uint8_t address[1024];
} told[CLASP_DISPATCH_ADDRESSES];

static delivery got[4096];
static uint32_t got_count;
static int32_t last_run; /* what clasp_dispatcher_run() gave */

/* ---- the host -------------------------------------------------------------------------------------------------- */

static inline void open_dispatcher(void) {
    dispatcher = clasp_dispatcher_new(SEED);
    memset(told, 0, sizeof told);
    memset(told_groups, 0, sizeof told_groups);
    CHECK(dispatcher != NULL);
}

static inline void close_dispatcher(void) {
    CHECK(clasp_dispatcher_memory(dispatcher) <= clasp_dispatcher_memory_max());
    clasp_dispatcher_free(dispatcher);
}

static inline void add(const char *pattern, uint32_t sub) {
    CHECK_EQ(clasp_dispatcher_add(dispatcher, clasp_span_of(pattern), sub), CLASP_OK);
}

static inline const clasp_cell *skip_value(const clasp_cell *at) {
    host_begin(host);
    return host_copy_value(host, at);
}

/* What the host knows of an address by its id. */
static inline void read_told(uint32_t id, delivery *out) {
    if (CHECK(id < CLASP_DISPATCH_ADDRESSES)) {
        out->address = (clasp_span){told[id].address, told[id].len};
        out->subs = told[id].subs;
    }
}

static inline void keep_told(uint32_t id, const delivery *d) {
    if (id != CLASP_NO_ADDRESS && CHECK(id < CLASP_DISPATCH_ADDRESSES) &&
        CHECK(d->address.len <= sizeof told[id].address)) {
        memmove(told[id].address, d->address.at, d->address.len);
        told[id].len = d->address.len;
        told[id].subs = d->subs;
    }
}

static inline void read_group(uint32_t group, delivery *out) {
    if (CHECK(group < CLASP_DISPATCH_GROUPS)) {
        out->subs = told_groups[group];
        CHECK(out->subs.count > 0);
    }
}

static inline const clasp_cell *read_news(const clasp_cell *at, uint32_t count, delivery *out) {
    if (out->news & CLASP_NEW_TEXT) {
        CHECK_EQ(at->kind, CLASP_CELL_TEXT);
        out->address = host_bytes(host, at++);
    }
    if (out->news & CLASP_NEW_LIST) {
        out->subs.count = count;
        memcpy(out->subs.first, at, (count < SUBS_MAX ? count : SUBS_MAX) * sizeof *out->subs.first);
        at += (count + 3) / 4;
    }
    return at;
}

static inline const clasp_cell *read_delivery(const clasp_cell *head, delivery *out) {
    if (head->kind == CLASP_CELL_NUMBER) {
        *out = (delivery){.number = head->number};
        read_told(head->a, out);
        return head + 1;
    }
    CHECK_EQ(head->kind, CLASP_CELL_DELIVER);
    *out = (delivery){.news = head->b};
    const bool in_group = head->b & CLASP_IN_GROUP;
    if (in_group || head->a == CLASP_NO_ADDRESS) {
        CHECK(head->b & CLASP_NEW_TEXT);
    } else {
        read_told(head->a, out);
    }
    const clasp_cell *at = read_news(head + 1, head->c, out);
    if (!in_group) {
        keep_told(head->a, out);
    } else if (!(head->b & CLASP_NEW_LIST)) {
        read_group(head->a, out);
    } else if (CHECK(head->a < CLASP_DISPATCH_GROUPS)) {
        told_groups[head->a] = out->subs;
    }
    CHECK(out->subs.count > 0);
    out->value = at;
    out->number = at->kind == CLASP_VALUE_F64 ? at->number : -1;
    return skip_value(at);
}

static inline void read_tape(void) {
    const clasp_tape *tape = &host->codec->tape;
    const clasp_cell *at = tape->cells;
    for (got_count = 0; at < tape->at && CHECK(got_count < sizeof got / sizeof *got); got_count++) {
        at = read_delivery(at, &got[got_count]);
    }
    CHECK(at == tape->at);
}

static inline clasp_err run(clasp_span frame) {
    clasp_codec *codec = host->codec;
    memcpy(codec->frame, frame.at, frame.len);
    const int32_t id = clasp_dispatcher_run(dispatcher, codec, frame.len);
    host_refresh(host);
    got_count = 0;
    last_run = id;
    if (id >= 0) {
        CHECK_EQ(codec->envelope.err, CLASP_OK);
        got[got_count++] = (delivery){.number = codec->envelope.number};
        read_told((uint32_t)id, &got[0]);
        return CLASP_OK;
    }
    if (id == CLASP_DISPATCH_TEXT) {
        const clasp_envelope *e = &codec->envelope;
        got[got_count++] = (delivery){.number = e->number,
                                      .news = CLASP_NEW_TEXT,
                                      .address = {(const uint8_t *)codec + e->text_at, e->text_len}};
        CHECK_EQ(e->text_at % 4, 0);
        read_group(e->group, &got[0]);
    }
    if (id == CLASP_DISPATCH_TEXT || id == CLASP_DISPATCH_NOBODY) {
        return CLASP_OK;
    }
    if (id == CLASP_DISPATCH_NUMBERS || codec->envelope.err == CLASP_OK) {
        read_tape();
    }
    return id == CLASP_DISPATCH_NUMBERS ? CLASP_OK : (clasp_err)codec->envelope.err;
}

/* How a delivery came: `+` with its address, `*` with its subscriptions alone, `!` as a number alone, `~` as an address and a
 * number. */
static inline const char *mark_of(const delivery *d) {
    if (!d->value) {
        return d->news & CLASP_NEW_TEXT ? "~" : "!";
    }
    return d->news & CLASP_NEW_TEXT ? "+" : d->news ? "*" : "";
}

/* What came, as text such as "!/a=1" or "+/a=1 /b=2". */
static inline const char *came(void) {
    static char text[1024];
    int len = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < got_count && len < 900; i++) {
        const delivery *d = &got[i];
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%s%.*s=%g", i ? " " : "", mark_of(d),
                        (int)d->address.len, (const char *)d->address.at, d->number);
    }
    return text;
}

#endif
