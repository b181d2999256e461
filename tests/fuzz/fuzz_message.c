/*
 * What decodes can be encoded, what was encoded decodes to the same message, field by field, and encoding it again gives the
 * same bytes. Lists are walked on the way, so that an unchecked item traps.
 */
#include <stdlib.h>

#include "wire/message.h"

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static void walk_item(clasp_reader *r, uint8_t type) {
    clasp_param param;
    clasp_signal_info info;
    clasp_message member;
    switch (type) {
    case CLASP_MSG_SNAPSHOT:
        clasp_next_param(r, &param);
        break;
    case CLASP_MSG_ANNOUNCE:
    case CLASP_MSG_RESULT:
        clasp_next_signal(r, type == CLASP_MSG_ANNOUNCE, &info);
        break;
    case CLASP_MSG_BUNDLE:
        must(clasp_message_decode(clasp_next_member(r), &member) == CLASP_OK);
        break;
    case CLASP_MSG_PUBLISH:
        clasp_read_f64(r);
        break;
    default:
        clasp_read_text(r);
        break;
    }
}

/* Reading `count` items cannot fail, and ends where the list ends. */
static void walk_lists(const clasp_message *message) {
    clasp_reader r = clasp_list_reader(message->list);
    for (uint32_t left = message->list.count; left > 0; left--) {
        walk_item(&r, message->type);
    }
    must(r.err == CLASP_OK && clasp_left(&r) == 0);

    clasp_reader revisions = clasp_list_reader(message->list2);
    for (uint32_t left = message->list2.count; left > 0; left--) {
        clasp_span address;
        uint64_t revision;
        clasp_next_revision(&revisions, &address, &revision);
    }
    must(revisions.err == CLASP_OK && clasp_left(&revisions) == 0);
}

static bool same_list(const clasp_list *a, const clasp_list *b) {
    return a->count == b->count && clasp_span_equal(a->bytes, b->bytes);
}

static void must_be_same(const clasp_message *a, const clasp_message *b) {
    must(a->type == b->type && a->has == b->has && a->version == b->version && a->features == b->features);
    must(a->signal == b->signal && a->phase == b->phase && a->types == b->types && a->op == b->op);
    must(a->locked == b->locked && a->code == b->code && a->id == b->id && a->ttl == b->ttl);
    must(a->rate == b->rate && a->history == b->history && a->window_ms == b->window_ms);
    must(a->limit == b->limit && a->revision == b->revision && a->time_us == b->time_us);
    must(a->t2_us == b->t2_us && a->t3_us == b->t3_us);
    must(a->epsilon == b->epsilon || (a->epsilon != a->epsilon && b->epsilon != b->epsilon));
    must(clasp_span_equal(a->address, b->address) && clasp_span_equal(a->name, b->name));
    must(clasp_span_equal(a->session, b->session) && clasp_span_equal(a->token, b->token));
    must(a->value.type == b->value.type && clasp_span_equal(a->value.data, b->value.data));
    must(same_list(&a->list, &b->list) && same_list(&a->list2, &b->list2));
}

static clasp_span encode(const clasp_message *message, uint8_t *buffer) {
    clasp_writer w = clasp_writer_of(buffer, CLASP_FRAME_MAX);
    clasp_frame_write(&w, message);
    must(w.err == CLASP_OK);
    return clasp_written(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t first_bytes[CLASP_FRAME_MAX];
    static uint8_t second_bytes[CLASP_FRAME_MAX];
    clasp_frame frame;
    clasp_message message;
    clasp_message again;
    const clasp_err err = clasp_decode((clasp_span){data, (uint32_t)size}, &frame, &message);
    if (err != CLASP_OK) {
        must(err != CLASP_MORE || size < CLASP_FRAME_MAX);
        return 0;
    }
    walk_lists(&message);
    const clasp_span first = encode(&message, first_bytes);
    must(clasp_decode(first, &frame, &again) == CLASP_OK);
    must_be_same(&message, &again);
    must(clasp_span_equal(first, encode(&again, second_bytes)));
    return 0;
}
