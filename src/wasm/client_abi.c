/* The door of the client's module: clients by handle, their inputs by number. The exports have the names of abi.c's. */
#include "base/limits.h"
#include "route/address.h"
#include "session/client.h"
#include "wasm/abi.h"
#include "wasm/door.h"
#include "wasm/slots.h"

_Static_assert(CLASP_ABI_SESSIONS < (1u << CLASP_SLOT_INDEX_BITS), "an index fits its bits");

static clasp_slot slots[CLASP_ABI_SESSIONS];
static const clasp_slots CLIENTS = {slots, 0, CLASP_ABI_SESSIONS};

int32_t clasp_abi_session_new(void) {
    if (!clasp_door_is_seeded()) {
        return CLASP_BAD_STATE;
    }
    clasp_slot *slot = clasp_slot_claim(&CLIENTS);
    if (!slot) {
        return CLASP_LIMIT;
    }
    const uint32_t handle = clasp_slot_handle(&CLIENTS, slot);
    slot->object = clasp_client_new(handle, clasp_door_random(), clasp_door_outbox());
    return slot->object ? (int32_t)handle : CLASP_NO_MEMORY;
}

int32_t clasp_abi_session_free(uint32_t session) {
    clasp_slot *slot = clasp_slot_find(&CLIENTS, session);
    if (!slot) {
        return CLASP_BAD_HANDLE;
    }
    clasp_client_free(slot->object);
    slot->object = NULL;
    return CLASP_OK;
}

/* ---- reading the inbox --------------------------------------------------------------------------------------- */

static clasp_span take_span(clasp_reader *r, uint32_t len) {
    const uint8_t *at = clasp_take(r, len);
    return (clasp_span){at, at ? len : 0};
}

static clasp_span take_rest(clasp_reader *r) { return take_span(r, (uint32_t)clasp_left(r)); }

/* What is wrong with an input that was read: bytes that no flag speaks of, too. */
static clasp_err done(const clasp_reader *r) {
    return r->err == CLASP_OK && clasp_left(r) > 0 ? CLASP_BAD_VALUE_TYPE : r->err;
}

/* A field that is in the inbox when its flag is set, and the bit of `has` that says so. */
typedef struct field {
    uint32_t flag, has;
    uint8_t size; /* bytes: 0, 4 or 8 */
    uint16_t offset;
} field;

#define FIELD(flag, has, size, member) \
    { flag, CLASP_HAS_##has, size, (uint16_t)offsetof(clasp_message, member) }

static void take_fields(clasp_reader *r, const field *fields, size_t count, uint32_t flags,
                        clasp_message *message) {
    for (const field *f = fields; f < fields + count; f++) {
        if ((flags & f->flag) == 0) {
            continue;
        }
        message->has |= f->has;
        uint8_t *const to = (uint8_t *)message + f->offset;
        if (f->size == 4) {
            const uint32_t word = clasp_read_u32(r);
            memcpy(to, &word, sizeof word);
        } else if (f->size == 8) { /* a double has the same bytes as the u64 */
            const uint64_t word = clasp_read_u64(r);
            memcpy(to, &word, sizeof word);
        }
    }
}

#define TAKE_FIELDS(r, fields, flags, message) \
    take_fields(r, fields, sizeof(fields) / sizeof *(fields), flags, message)

/* ---- events -------------------------------------------------------------------------------------------------- */

typedef struct input {
    uint32_t a, b;
    clasp_span bytes;
    uint64_t now_us;
} input;

static int32_t open_client(clasp_client *client, const input *in) {
    clasp_reader r = clasp_reader_of(in->bytes);
    clasp_session_options options = {
        .features = (uint8_t)in->a, .reconnect = (in->a >> 8 & 1) != 0, .backoff_ms = in->a >> 9};
    options.url = take_span(&r, in->b >> 16);
    options.name = take_span(&r, in->b & 0xFFFFu);
    const uint8_t *secret = clasp_take(&r, CLASP_CLIENT_SECRET);
    options.token = take_rest(&r);
    return secret && r.err == CLASP_OK ? clasp_client_open(client, &options, secret, in->now_us) : r.err;
}

static int32_t subscribe(clasp_client *client, const input *in) {
    static const field FIELDS[] = {FIELD(1, MAX_RATE, 4, rate), FIELD(2, EPSILON, 8, epsilon),
                                   FIELD(4, HISTORY, 4, history), FIELD(8, WINDOW, 4, window_ms)};
    clasp_reader r = clasp_reader_of(in->bytes);
    clasp_message wish = {.type = CLASP_MSG_SUBSCRIBE, .types = (uint8_t)in->a};
    wish.address = take_span(&r, in->b);
    TAKE_FIELDS(&r, FIELDS, in->a >> 8, &wish);
    uint32_t sub = 0;
    clasp_err err = done(&r);
    err = err == CLASP_OK ? clasp_client_subscribe(client, &wish, &sub, in->now_us) : err;
    return err == CLASP_OK ? (int32_t)sub : (int32_t)err;
}

static int32_t publish(clasp_client *client, const input *in) {
    static const field FIELDS[] = {FIELD(4, ID, 4, id), FIELD(8, TIMESTAMP, 8, time_us),
                                   FIELD(16, RATE, 4, rate)};
    const uint32_t flags = in->a >> 16;
    clasp_reader r = clasp_reader_of(in->bytes);
    clasp_message message = {
        .type = CLASP_MSG_PUBLISH, .signal = (uint8_t)in->a, .phase = (uint8_t)(in->a >> 8)};
    message.address = take_span(&r, in->b);
    if (flags & 1) {
        message.value = clasp_read_value(&r);
        message.has |= CLASP_HAS_VALUE;
    } else if (flags & 2) {
        message.list.count = clasp_read_u16(&r);
        message.list.bytes = take_span(&r, message.list.count * (uint32_t)sizeof(double));
        message.has |= CLASP_HAS_SAMPLES;
    }
    TAKE_FIELDS(&r, FIELDS, flags, &message);
    const clasp_err err = done(&r);
    return err == CLASP_OK ? clasp_client_publish(client, &message, in->now_us) : err;
}

static int32_t set(clasp_client *client, const input *in) {
    static const field FIELDS[] = {FIELD(1, LOCK, 0, type), FIELD(2, UNLOCK, 0, type), FIELD(4, TTL, 4, ttl),
                                   FIELD(8, REVISION, 8, revision)};
    const uint32_t flags = in->b >> 16;
    clasp_reader r = clasp_reader_of(in->bytes);
    clasp_message message = {.type = CLASP_MSG_SET};
    message.address = take_span(&r, in->b & 0xFFFFu);
    message.value = clasp_read_value(&r);
    TAKE_FIELDS(&r, FIELDS, flags, &message);
    const clasp_qos qos = flags & 32 ? CLASP_QOS_FIRE : flags & 16 ? CLASP_QOS_COMMIT : CLASP_QOS_CONFIRM;
    const clasp_err err = done(&r);
    return err == CLASP_OK ? clasp_client_set(client, &message, qos, in->a, in->now_us) : err;
}

static int32_t announce(clasp_client *client, const input *in) {
    clasp_reader r = clasp_reader_of(in->bytes);
    const clasp_span space = take_span(&r, in->b);
    const clasp_value signals = clasp_read_value(&r);
    const clasp_err err = done(&r);
    return err == CLASP_OK ? clasp_client_announce(client, space, signals, in->a, in->now_us) : err;
}

static int32_t replay(clasp_client *client, const input *in) {
    static const field FIELDS[] = {FIELD(1, FROM, 8, time_us), FIELD(2, TO, 8, t2_us),
                                   FIELD(4, LIMIT, 4, limit)};
    clasp_reader r = clasp_reader_of(in->bytes);
    clasp_message message = {.type = CLASP_MSG_REPLAY, .types = (uint8_t)in->a};
    message.address = take_span(&r, in->b);
    TAKE_FIELDS(&r, FIELDS, in->a >> 8, &message);
    const clasp_err err = done(&r);
    return err == CLASP_OK ? clasp_client_replay(client, &message, in->now_us) : err;
}

static int32_t bundle(clasp_client *client, const input *in) {
    clasp_reader r = clasp_reader_of(in->bytes);
    switch (in->a) {
    case CLASP_BUNDLE_BEGIN:
        return clasp_client_bundle_begin(client);
    case CLASP_BUNDLE_END: {
        const bool has_time = clasp_left(&r) > 0;
        const uint64_t time_us = has_time ? clasp_read_u64(&r) : 0;
        return r.err == CLASP_OK
                   ? clasp_client_bundle_end(client, has_time ? &time_us : NULL, in->b, in->now_us)
                   : r.err;
    }
    case CLASP_BUNDLE_DROP:
        clasp_client_bundle_drop(client);
        return CLASP_OK;
    default:
        return CLASP_BAD_ENUM;
    }
}

/* A pattern, then an address: 1, 0, or what is wrong with one of them. */
static int32_t match(const input *in) {
    clasp_reader r = clasp_reader_of(in->bytes);
    const clasp_span pattern = take_span(&r, in->a);
    const clasp_span address = take_rest(&r);
    clasp_err err = r.err == CLASP_OK ? clasp_pattern_check(pattern) : r.err;
    err = err == CLASP_OK ? clasp_address_check(address) : err;
    return err == CLASP_OK ? clasp_match(pattern, address) : (int32_t)err;
}

/* Messages that arrived in one turn of the host. */
static int32_t receive_many(clasp_client *client, const input *in) {
    clasp_reader r = clasp_reader_of(in->bytes);
    while (clasp_left(&r) > 0 && r.err == CLASP_OK) {
        const clasp_span message = take_span(&r, clasp_read_u32(&r));
        if (r.err == CLASP_OK) {
            clasp_client_received(client, message, in->now_us);
        }
    }
    return r.err;
}

/* What happens to the session. */
static int32_t session_event(clasp_client *client, uint32_t event, const input *in) {
    switch (event) {
    case CLASP_SESSION_EVENT_OPEN:
        return open_client(client, in);
    case CLASP_SESSION_EVENT_CLOSE:
        clasp_client_close(client, in->now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_HURRY:
        clasp_client_hurry(client, in->now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_RENEW:
        clasp_client_renew(client, in->now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_CHECK:
        clasp_client_check(client, in->now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_SOCKET_OPENED:
        clasp_client_socket_opened(client, in->now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_SOCKET_CLOSED:
        clasp_client_socket_closed(client, in->a, in->now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_RECEIVED:
        clasp_client_received(client, in->bytes, in->now_us);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_RECEIVED_MANY:
        return receive_many(client, in);
    default:
        return CLASP_BAD_ENUM;
    }
}

/* What the caller wants. */
static int32_t client_event(clasp_client *client, uint32_t event, const input *in) {
    switch (event) {
    case CLASP_SESSION_EVENT_SUBSCRIBE:
        return subscribe(client, in);
    case CLASP_SESSION_EVENT_UNSUBSCRIBE:
        return clasp_client_unsubscribe(client, in->a, in->now_us);
    case CLASP_SESSION_EVENT_PUBLISH:
        return publish(client, in);
    case CLASP_SESSION_EVENT_SET:
        return set(client, in);
    case CLASP_SESSION_EVENT_GET:
        return clasp_client_get(client, in->bytes, in->a, in->now_us);
    case CLASP_SESSION_EVENT_QUERY:
        return clasp_client_query(client, in->bytes, in->a, in->now_us);
    case CLASP_SESSION_EVENT_ANNOUNCE:
        return announce(client, in);
    case CLASP_SESSION_EVENT_REPLAY:
        return replay(client, in);
    case CLASP_SESSION_EVENT_BUNDLE:
        return bundle(client, in);
    case CLASP_SESSION_EVENT_CACHED:
        return clasp_client_cached(client, in->bytes);
    case CLASP_SESSION_EVENT_CANCEL:
        clasp_client_cancel(client, in->a);
        return CLASP_OK;
    case CLASP_SESSION_EVENT_SYNC:
        return clasp_client_sync(client, in->now_us);
    case CLASP_SESSION_EVENT_MATCH:
        return match(in);
    case CLASP_SESSION_EVENT_FLUSH:
        clasp_client_send_joined(client);
        return CLASP_OK;
    default:
        return session_event(client, event, in);
    }
}

int32_t clasp_abi_session_event(uint32_t handle, uint32_t event, uint32_t a, uint32_t b, uint32_t len,
                                double now) {
    clasp_client *client = clasp_slot_object(&CLIENTS, handle);
    const input in = {a, b, clasp_door_inbox(len), clasp_door_time(now)};
    return client ? client_event(client, event, &in) : CLASP_BAD_HANDLE;
}

/* ---- time ----------------------------------------------------------------------------------------------------- */

double clasp_deadline(void) {
    uint64_t next = UINT64_MAX;
    for (const clasp_slot *slot = slots; slot < &slots[CLASP_ABI_SESSIONS]; slot++) {
        const uint64_t due = slot->object ? clasp_client_deadline(slot->object) : UINT64_MAX;
        next = due < next ? due : next;
    }
    return clasp_door_deadline(next);
}

void clasp_tick(double now) {
    for (const clasp_slot *slot = slots; slot < &slots[CLASP_ABI_SESSIONS]; slot++) {
        if (slot->object) {
            clasp_client_tick(slot->object, clasp_door_time(now));
        }
    }
}
