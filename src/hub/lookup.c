/* What a hub is asked for: GET, SUBSCRIBE and QUERY, and the lists (SNAPSHOT, RESULT) that answer them. */
#include "hub/access.h"
#include "hub/send.h"
#include "route/address.h"

/* ---- lists over as many messages as they need ---------------------------------------------------------------- */

#define LIST_ROOM \
    (CLASP_FRAME_PAYLOAD_MAX - 3u) /* bytes of items in one message: less its type and the count */

typedef struct pages {
    clasp_hub *hub;
    const clasp_hub_session *session;
    clasp_writer w;
    uint32_t count; /* items in `w` */
    uint8_t type;   /* CLASP_MSG_SNAPSHOT or CLASP_MSG_RESULT */
    bool has_sent;
} pages;

static pages pages_begin(clasp_hub *hub, const clasp_hub_session *session, uint8_t type) {
    return (pages){hub, session, clasp_writer_of(hub->items, LIST_ROOM), 0, type, false};
}

static void pages_send(pages *p) {
    const clasp_message message = {.type = p->type, .list = {clasp_written(&p->w), p->count}};
    clasp_hub_send(p->hub, p->session, &message);
    p->w = clasp_writer_of(p->hub->items, LIST_ROOM);
    p->count = 0;
    p->has_sent = true;
}

/* Keep the item that was written from `start` on. False: there was no room left for it, and now there is; write it again. */
static bool pages_keep(pages *p, uint8_t *start) {
    if (p->w.err == CLASP_OK) {
        p->count++;
        return true;
    }
    p->w.at = start;
    p->w.err = CLASP_OK;
    if (p->count == 0) {
        return true; /* larger than any message: left out. Nothing of that size gets in */
    }
    pages_send(p);
    return false;
}

/* Send what is left; with `always`, also an empty list when nothing was sent at all. */
static void pages_end(pages *p, bool always) {
    if (p->count > 0 || (always && !p->has_sent)) {
        pages_send(p);
    }
}

/* ---- params -------------------------------------------------------------------------------------------------- */

/* What the session may not read is left out. */
static void add_param(pages *p, const clasp_hub_param *param) {
    if (!clasp_hub_may_read(p->hub, p->session, clasp_hub_param_address(param))) {
        return;
    }
    const clasp_param item = {
        .address = clasp_hub_param_address(param),
        .value = clasp_hub_param_value(param),
        .revision = param->revision,
        .timestamp_us = param->written_us,
        .writer = {(const uint8_t *)param->writer, CLASP_UUID_LEN},
        .has_writer = true,
        .has_timestamp = true,
    };
    uint8_t *start;
    do {
        start = p->w.at;
        clasp_write_param(&p->w, &item);
    } while (!pages_keep(p, start));
}

/* `pattern` may be NULL: all. */
static void add_params(pages *p, const clasp_span *pattern, uint64_t now_us) {
    for (const clasp_hub_param *param = p->hub->params.oldest; param; param = param->newer) {
        if (!clasp_hub_param_is_over(param, now_us) &&
            (!pattern || clasp_match(*pattern, clasp_hub_param_address(param)))) {
            add_param(p, param);
        }
    }
}

static void add_param_at(pages *p, clasp_span address, uint64_t now_us) {
    clasp_hub_param *param = clasp_hub_params_find(&p->hub->params, address, now_us);
    if (param) {
        clasp_hub_params_touch(&p->hub->params, param, now_us);
        add_param(p, param);
    }
}

void clasp_hub_send_params(clasp_hub *hub, clasp_hub_session *session, uint64_t now_us) {
    pages p = pages_begin(hub, session, CLASP_MSG_SNAPSHOT);
    add_params(&p, NULL, now_us);
    pages_end(&p, true);
}

static void send_matching_params(clasp_hub *hub, clasp_hub_session *session, clasp_span pattern,
                                 uint64_t now_us) {
    pages p = pages_begin(hub, session, CLASP_MSG_SNAPSHOT);
    if (clasp_pattern_is_wild(pattern)) {
        add_params(&p, &pattern, now_us);
    } else {
        add_param_at(&p, pattern, now_us);
    }
    pages_end(&p, false);
}

/* ---- the handlers -------------------------------------------------------------------------------------------- */

void clasp_hub_on_get(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                      uint64_t now_us) {
    if (clasp_hub_is_claim(message->address)) {
        clasp_hub_on_claim(hub, session, message, now_us);
        return;
    }
    const clasp_err err = clasp_address_check(message->address);
    if (err != CLASP_OK) {
        clasp_hub_refuse(hub, session, clasp_wire_error_of(err), clasp_err_text(err), message->address);
        return;
    }
    pages p = pages_begin(hub, session, CLASP_MSG_SNAPSHOT);
    add_param_at(&p, message->address, now_us);
    pages_end(&p, false);
}

void clasp_hub_on_subscribe(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                            uint64_t now_us) {
    const clasp_err err =
        clasp_hub_subs_put(&hub->subs, &hub->sessions, session, message, hub->max_subscriptions);
    if (err != CLASP_OK) {
        clasp_hub_refuse(hub, session, clasp_wire_error_of(err), clasp_err_text(err), message->address);
        return;
    }
    if (message->types & CLASP_TYPE_PARAM) {
        send_matching_params(hub, session, message->address, now_us);
    }
    clasp_hub_send_history(hub, session, message);
}

/* An announced address may be a pattern; it is compared as text. One that is neither matches nothing. */
static bool is_asked_for(clasp_span pattern, clasp_span address) {
    return clasp_pattern_check(address) == CLASP_OK && clasp_match(pattern, address);
}

static void add_signals(pages *p, const clasp_hub_announcement *one, clasp_span pattern) {
    const clasp_list signals = clasp_hub_announcement_signals(one);
    clasp_reader r = clasp_list_reader(signals);
    for (uint32_t left = signals.count; left > 0; left--) {
        clasp_signal_info info;
        clasp_next_signal(&r, true, &info);
        if (!is_asked_for(pattern, info.address) || !clasp_hub_may_read(p->hub, p->session, info.address)) {
            continue;
        }
        uint8_t *start;
        do {
            start = p->w.at;
            clasp_write_signal(&p->w, false, &info);
        } while (!pages_keep(p, start));
    }
}

void clasp_hub_on_query(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                        uint64_t now_us) {
    (void)now_us;
    const clasp_err err = clasp_pattern_check(message->address);
    if (err != CLASP_OK) {
        clasp_hub_refuse(hub, session, clasp_wire_error_of(err), clasp_err_text(err), message->address);
        return;
    }
    pages p = pages_begin(hub, session, CLASP_MSG_RESULT);
    for (uint32_t slot = 0; slot < hub->sessions.cap; slot++) {
        const clasp_hub_announcement *one = hub->sessions.slots[slot].announced.first;
        for (; one; one = one->next) {
            add_signals(&p, one, message->address);
        }
    }
    pages_end(&p, true);
}
