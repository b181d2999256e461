/* Records and frames that came. */
#include "peer/flow_state.h"

#include "wire/message.h"
#include "wire/wide.h"

#define CHANNEL_MASK 0xFFu /* of a way */

/* One record, or what is left of a message behind those that may stand before others. */
typedef struct heard_record {
    uint32_t way;
    clasp_span bytes; /* with the head */
    uint64_t now_us;
    bool is_packed; /* in a PACK, which holds no other one */
} heard_record;

typedef clasp_err hear_record(clasp_flows *f, flow *w, const heard_record *r);

static clasp_err hear_data(clasp_flows *f, flow *w, const heard_record *r) {
    const flow_path *path = flow_context(w, r->way);
    const flow_data_head head = {clasp_load_u16(r->bytes.at + 2), clasp_load_u32(r->bytes.at + 4),
                                 r->bytes.at[1] == FLOW_KIND_DATA_ASKING};
    if (!path || path->incarnation == 0) {
        return CLASP_BAD_STATE;
    }
    if (path->is_stray) {
        w->owes_hello = r->way == FLOW_ROUTER; /* on a link it was told as it opened */
        return CLASP_OK;
    }
    if (path->incarnation != w->peer_incarnation || path->base != w->peer_base) {
        return CLASP_OK; /* numbered before the last HELLO */
    }
    if (r->way != FLOW_ROUTER) {
        flow_numbered_on(f, w, FLOW_LINK_OF(r->way), r->now_us);
    }
    return flow_data(f, w, r->way, &head,
                     (clasp_span){r->bytes.at + FLOW_DATA_HEAD, r->bytes.len - FLOW_DATA_HEAD}, r->now_us);
}

static clasp_err hear_ack(clasp_flows *f, flow *w, const heard_record *r) {
    const uint8_t *p = r->bytes.at + 2;
    const flow_ack ack = {clasp_load_u16(p), clasp_load_u32(p + 2), clasp_load_u32(p + 6),
                          clasp_load_u32(p + 10), clasp_load_u32(p + 14)};
    const clasp_err err = flow_acked(f, w, &ack, r->now_us);
    if (err == CLASP_OK && r->way != FLOW_ROUTER) {
        flow_numbered_on(f, w, FLOW_LINK_OF(r->way), r->now_us);
    }
    return err;
}

static clasp_err hear_hello(clasp_flows *f, flow *w, const heard_record *r) {
    const uint8_t *p = r->bytes.at + 2;
    const flow_hello hello = {clasp_load_u32(p), clasp_load_u32(p + 4), clasp_load_u32(p + 8)};
    (void)f;
    return flow_told_hello(w, r->way, &hello);
}

static clasp_err hear_token(clasp_flows *f, flow *w, const heard_record *r) {
    if (r->way == FLOW_ROUTER) {
        return CLASP_BAD_STATE; /* it is a secret of the direct path */
    }
    flow_effect(f, CLASP_EFFECT_P2P_TOKEN_TOLD, w->peer, 0, 0,
                (clasp_span){r->bytes.at + FLOW_TOKEN_HEAD, CLASP_P2P_TOKEN_LEN});
    return CLASP_OK;
}

/* What came before it on this channel is acknowledged before it is answered. */
static clasp_err hear_ping(clasp_flows *f, flow *w, const heard_record *r) {
    uint8_t message[FLOW_ACK_LEN + FLOW_NUMBER_LEN];
    flow_sequence *s;
    if (r->way == FLOW_ROUTER) {
        return CLASP_BAD_STATE; /* what it would acknowledge goes by other records there */
    }
    while ((s = flow_owes_ack(w, r->way, FLOW_NEVER)) != NULL) {
        flow_write_ack(w, s, message);
        flow_send_control(f, w, r->way, (clasp_span){message, FLOW_ACK_LEN}, (clasp_span){NULL, 0});
    }
    flow_head(message, FLOW_KIND_PONG);
    flow_send_control(f, w, r->way, (clasp_span){message, 2},
                      (clasp_span){r->bytes.at + 2, FLOW_NUMBER_LEN - 2});
    return CLASP_OK;
}

static clasp_err hear_pong(clasp_flows *f, flow *w, const heard_record *r) {
    return r->way == FLOW_ROUTER
               ? CLASP_BAD_STATE
               : flow_ponged(f, w, FLOW_LINK_OF(r->way), clasp_load_u64(r->bytes.at + 2), r->now_us);
}

static clasp_err hear_raw(clasp_flows *f, flow *w, const heard_record *r) {
    flow_effect(f, CLASP_EFFECT_P2P_RAW, w->peer, r->way, 0,
                (clasp_span){r->bytes.at + FLOW_RAW_HEAD, r->bytes.len - FLOW_RAW_HEAD});
    return CLASP_OK;
}

static clasp_err hear_message(clasp_flows *f, flow *w, const heard_record *message);

/* A PACK in a PACK, at whatever place, is refused: it is no deeper than two levels. */
static clasp_err hear_pack(clasp_flows *f, flow *w, const heard_record *r) {
    clasp_reader in =
        clasp_reader_of((clasp_span){r->bytes.at + FLOW_PACK_HEAD, r->bytes.len - FLOW_PACK_HEAD});
    clasp_err first = CLASP_OK;
    if (r->way != FLOW_ROUTER || r->is_packed) {
        return r->is_packed ? CLASP_TOO_DEEP : CLASP_BAD_STATE;
    }
    while (clasp_left(&in) > 0) {
        const uint32_t len = clasp_read_u16(&in);
        const uint8_t *at = clasp_take(&in, len);
        const heard_record record = {r->way, {at, len}, r->now_us, true};
        const clasp_err err = at ? hear_message(f, w, &record) : in.err;
        first = first == CLASP_OK ? err : first;
    }
    flow_cover_greet(f, w, r->now_us);
    return first;
}

/* Records by kind. What is shorter than `least` is TRUNCATED. `then`: where the message may go on; 0: nowhere. */
static const struct kind {
    hear_record *hear;
    uint32_t least, then;
    bool is_exact;
} KINDS[] = {
    [FLOW_KIND_DATA] = {hear_data, FLOW_DATA_HEAD + 1, 0, false},
    [FLOW_KIND_ACK] = {hear_ack, FLOW_ACK_LEN, FLOW_ACK_LEN, false},
    [FLOW_KIND_RESUME] = {hear_token, FLOW_TOKEN_HEAD + CLASP_P2P_TOKEN_LEN, 0, true},
    [FLOW_KIND_PING] = {hear_ping, FLOW_NUMBER_LEN, 0, true},
    [FLOW_KIND_PONG] = {hear_pong, FLOW_NUMBER_LEN, 0, true},
    [FLOW_KIND_RAW] = {hear_raw, FLOW_RAW_HEAD, 0, false},
    [FLOW_KIND_HELLO] = {hear_hello, FLOW_HELLO_LEN, FLOW_HELLO_LEN, false},
    [FLOW_KIND_DATA_ASKING] = {hear_data, FLOW_DATA_HEAD + 1, 0, false},
    [FLOW_KIND_PACK] = {hear_pack, FLOW_PACK_HEAD, 0, false},
};
#define KIND_COUNT (sizeof KINDS / sizeof KINDS[0])

/* One record. @return bytes of it, or 0: all of the message; the result in `err` */
static uint32_t hear_one(clasp_flows *f, flow *w, const heard_record *r, clasp_err *err) {
    const uint8_t number = r->bytes.at[1];
    const struct kind *kind = number < KIND_COUNT && KINDS[number].hear ? &KINDS[number] : NULL;
    const bool may_lose = r->way != FLOW_ROUTER && (r->way & CHANNEL_MASK) == CLASP_FLOW_FAST;
    if (!kind) {
        *err = CLASP_UNKNOWN_TYPE;
    } else if (may_lose && kind->hear != hear_raw) {
        *err = CLASP_BAD_STATE; /* nothing numbered goes there */
    } else if (r->bytes.len < kind->least) {
        *err = CLASP_TRUNCATED;
    } else if (kind->is_exact && r->bytes.len > kind->least) {
        *err = CLASP_BAD_FIELD;
    } else {
        *err = kind->hear(f, w, r);
        return kind->then;
    }
    return 0;
}

static clasp_err hear_records(clasp_flows *f, flow *w, const heard_record *message) {
    clasp_err first = CLASP_OK;
    heard_record r = *message;
    while (r.bytes.len > 0) {
        clasp_err err = CLASP_TRUNCATED;
        uint32_t used = 0;
        if (r.bytes.len >= 2 && r.bytes.at[0] == FLOW_MAGIC) {
            used = hear_one(f, w, &r, &err);
        } else if (r.bytes.at[0] != FLOW_MAGIC) {
            err = CLASP_BAD_MAGIC;
        }
        first = first == CLASP_OK ? err : first;
        used = used == 0 ? r.bytes.len : used;
        r.bytes = (clasp_span){r.bytes.at + used, r.bytes.len - used};
    }
    return first;
}

static clasp_err hear_foreign(clasp_flows *f, const flow *w, const heard_record *message) {
    if (message->way == FLOW_ROUTER) {
        return CLASP_BAD_MAGIC;
    }
    flow_effect(f, CLASP_EFFECT_P2P_RAW, w->peer, message->way, 0, message->bytes);
    return CLASP_OK;
}

/* One message, or what a PACK holds. */
static clasp_err hear_message(clasp_flows *f, flow *w, const heard_record *message) {
    const uint8_t magic = message->bytes.len > 0 ? message->bytes.at[0] : 0;
    if (magic == CLASP_FRAME_MAGIC) {
        return flow_deliver_frame(f, w, message->bytes, message->now_us);
    }
    return magic == FLOW_MAGIC && w->ours ? hear_records(f, w, message) : hear_foreign(f, w, message);
}

/* ---- what numbered packets hold ---------------------------------------------------------------------------------- */

static clasp_reassembler *pieces_of(flow *w) {
    if (!w->pieces) {
        w->pieces = malloc(sizeof *w->pieces);
        if (w->pieces) {
            clasp_reassembler_init(w->pieces, 0);
        }
    }
    return w->pieces;
}

/* Of a frame or WIDE record that was delivered: it has all of its head. */
static bool is_set(clasp_span whole) {
    return whole.at[0] == CLASP_FRAME_MAGIC ? whole.at[CLASP_FRAME_HEADER] == CLASP_MSG_SET
                                            : whole.at[2] == CLASP_FLOW_SET;
}

/* A message that is whole waits while there is no memory to deliver it: its pieces will not come again. */
static clasp_err deliver_whole(clasp_flows *f, flow *w, uint64_t now_us) {
    const clasp_span bytes = clasp_text_span(&w->whole);
    if (bytes.len == 0) {
        return CLASP_OK;
    }
    const clasp_err err = bytes.at[0] == CLASP_FRAME_MAGIC ? flow_deliver_frame(f, w, bytes, now_us)
                                                           : flow_deliver_wide(f, w, bytes, now_us);
    w->is_whole_set = err == CLASP_OK && is_set(bytes);
    if (err != CLASP_NO_MEMORY) {
        clasp_text_clear(&w->whole);
    }
    return err;
}

static clasp_err hear_piece(clasp_flows *f, flow *w, clasp_span record, uint64_t now_us) {
    clasp_whole whole;
    clasp_reassembler *pieces = pieces_of(w);
    if (!pieces || deliver_whole(f, w, now_us) == CLASP_NO_MEMORY) {
        return CLASP_NO_MEMORY;
    }
    const clasp_err err = clasp_reassembler_accept(pieces, record, now_us, &whole);
    if (err == CLASP_LIMIT) {
        return CLASP_NO_MEMORY; /* there will be room when what is stale has gone */
    }
    if (err != CLASP_OK) {
        return err == CLASP_MORE ? CLASP_OK : err;
    }
    w->whole = whole.bytes;
    return deliver_whole(f, w, now_us);
}

static clasp_err hear_end(flow *w, clasp_span record) {
    if (record.len != FLOW_END_LEN) {
        return record.len < FLOW_END_LEN ? CLASP_TRUNCATED : CLASP_BAD_FIELD;
    }
    const flow_end end = {clasp_load_u16(record.at + 2), clasp_load_u32(record.at + 4),
                          clasp_load_u32(record.at + 8)};
    flow_end_stream(w, &end);
    return CLASP_OK;
}

clasp_err flow_payload(clasp_flows *f, flow *w, clasp_span payload, uint64_t now_us) {
    if (payload.at[0] == CLASP_FRAME_MAGIC) {
        return flow_deliver_frame(f, w, payload, now_us);
    }
    if (payload.len < 2 || payload.at[0] != FLOW_MAGIC) {
        return payload.len < 2 ? CLASP_TRUNCATED : CLASP_BAD_MAGIC;
    }
    switch (payload.at[1]) {
    case CLASP_PIECE_KIND:
        return hear_piece(f, w, payload, now_us);
    case CLASP_PIPE_KIND:
        return flow_pipe_heard(w, payload);
    case CLASP_WIDE_KIND:
        return flow_deliver_wide(f, w, payload, now_us);
    case FLOW_KIND_END:
        return hear_end(w, payload);
    default:
        return CLASP_UNKNOWN_TYPE;
    }
}

/* ---- from the host ----------------------------------------------------------------------------------------------- */

static clasp_err hear(clasp_flows *f, flow *w, uint32_t way, clasp_span message, uint64_t now_us) {
    f->is_from_told = false;
    w->stats[CLASP_FLOW_STAT_RECEIVED_BYTES] += message.len;
    const clasp_err err = hear_message(f, w, &(heard_record){way, message, now_us, false});
    flow_take_held(f, w, now_us);
    w->is_dirty = true; /* what is owed goes at the end of the turn */
    flow_pump(f, w, now_us);
    flow_touch(f, w);
    return err;
}

void clasp_flows_lend(clasp_flows *f) { f->is_lending = true; }

clasp_err clasp_flow_received(clasp_flows *f, uint32_t peer, uint32_t link, uint32_t channel,
                              clasp_span message, uint64_t now_us) {
    flow *w = flow_of(f, peer);
    const uint32_t way = link << 8 | channel;
    if (!w || !flow_path_at(w, way)) {
        return CLASP_BAD_HANDLE;
    }
    flow_heard_on(f, w, link, now_us);
    if (f->is_lending && message.len > 0) {
        f->lent_len = message.len;
        f->lent_end = message.at + message.len;
    }
    const clasp_err err = hear(f, w, way, message, now_us);
    f->lent_len = 0;
    return err;
}

clasp_err clasp_flow_record(clasp_flows *f, uint32_t peer, clasp_span record, uint64_t now_us) {
    flow *w = flow_of(f, peer);
    if (!w) {
        return CLASP_BAD_HANDLE;
    }
    return w->ours ? hear(f, w, FLOW_ROUTER, record, now_us) : CLASP_BAD_STATE;
}
