#include "peer/pipes.h"

#include "route/address.h"
#include "wire/value.h"

#define GIVE_BACK (CLASP_PIPE_WINDOW / 4) /* bytes consumed that are worth a record */
#define IN_ORDER 0                        /* the code of STOP that answers END or ABORT */

/* Of a slot. */
enum { FREE, OPEN, ENDED, ABORTED };

static const clasp_span NOTHING = {NULL, 0};

void clasp_pipes_init(clasp_pipes *pipes, const clasp_pipes_host *host) {
    *pipes = (clasp_pipes){.host = *host};
}

/* ---- slots and handles --------------------------------------------------------------------------------------- */

static uint32_t out_handle(uint32_t number) { return number << 1; }
static uint32_t in_handle(uint32_t number) { return number << 1 | 1; }

static clasp_pipe_out *find_out(clasp_pipes *pipes, uint32_t number) {
    for (uint32_t i = 0; i < CLASP_FLOW_PIPES; i++) {
        if (pipes->out[i].state != FREE && pipes->out[i].number == number) {
            return &pipes->out[i];
        }
    }
    return NULL;
}

static clasp_pipe_in *find_in(clasp_pipes *pipes, uint32_t number) {
    for (uint32_t i = 0; i < CLASP_FLOW_PIPES; i++) {
        if (pipes->in[i].state != FREE && pipes->in[i].number == number) {
            return &pipes->in[i];
        }
    }
    return NULL;
}

/* What a handle of the application's names; NULL: nothing, or something of the other direction. */
static clasp_pipe_out *out_of(clasp_pipes *pipes, uint32_t handle) {
    clasp_pipe_out *out = (handle & 1) == 0 ? find_out(pipes, handle >> 1) : NULL;
    return out && out->state != ABORTED ? out : NULL;
}

static clasp_pipe_in *in_of(clasp_pipes *pipes, uint32_t handle) {
    return (handle & 1) == 1 ? find_in(pipes, handle >> 1) : NULL;
}

static clasp_pipe_out *free_out(clasp_pipes *pipes) {
    for (uint32_t i = 0; i < CLASP_FLOW_PIPES; i++) {
        if (pipes->out[i].state == FREE) {
            return &pipes->out[i];
        }
    }
    return NULL;
}

static clasp_pipe_in *free_in(clasp_pipes *pipes) {
    for (uint32_t i = 0; i < CLASP_FLOW_PIPES; i++) {
        if (pipes->in[i].state == FREE) {
            return &pipes->in[i];
        }
    }
    return NULL;
}

/* ---- records ------------------------------------------------------------------------------------------------- */

/* Bytes of the argument that follows the number. */
static const uint8_t ARG_LEN[] = {
    [CLASP_PIPE_OP_OPEN] = 1,  [CLASP_PIPE_OP_DATA] = 0,   [CLASP_PIPE_OP_END] = 0,
    [CLASP_PIPE_OP_ABORT] = 2, [CLASP_PIPE_OP_CREDIT] = 4, [CLASP_PIPE_OP_STOP] = 2,
};
#define OPS (sizeof ARG_LEN / sizeof *ARG_LEN)

typedef struct record {
    uint32_t number;
    uint32_t arg; /* priority, code or credit */
    uint8_t op;
    clasp_span rest; /* address, bytes or words */
} record;

static clasp_err say(clasp_pipes *pipes, clasp_priority priority, const record *what) {
    uint8_t head[CLASP_PIPE_HEAD_MAX];
    clasp_writer w = clasp_writer_of(head, sizeof head);
    clasp_write_u8(&w, CLASP_PIECE_MAGIC);
    clasp_write_u8(&w, CLASP_PIPE_KIND);
    clasp_write_u8(&w, what->op);
    clasp_write_u32(&w, what->number);
    for (uint32_t left = ARG_LEN[what->op]; left > 0; left--) {
        clasp_write_u8(&w, (uint8_t)(what->arg >> 8 * (left - 1)));
    }
    return pipes->host.say(pipes->host.context, priority, clasp_written(&w), what->rest);
}

/* Of the reader's records none waits for bytes. */
static clasp_err say_stop(clasp_pipes *pipes, uint32_t number, int code, clasp_span words) {
    const record stop = {number, (uint32_t)-code, CLASP_PIPE_OP_STOP, words};
    return say(pipes, CLASP_PRIORITY_HIGH, &stop);
}

static clasp_err say_abort(clasp_pipes *pipes, const clasp_pipe_out *out, int code, clasp_span words) {
    const record abort = {out->number, (uint32_t)-code, CLASP_PIPE_OP_ABORT, words};
    return say(pipes, (clasp_priority)out->priority, &abort);
}

static void raise(clasp_pipes *pipes, uint32_t handle, clasp_pipe_event event, int32_t number,
                  clasp_span bytes) {
    pipes->host.raise(pipes->host.context, handle, event, number, bytes);
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

/* What is left of the credit when it cannot pay for the smallest record is no room. */
static uint32_t room_of(const clasp_pipe_out *out) {
    return out->credit >= CLASP_PIPE_LEAST ? out->credit : 0;
}

static uint32_t cost_of(uint32_t len) { return len > CLASP_PIPE_LEAST ? len : CLASP_PIPE_LEAST; }

static void raise_room(clasp_pipes *pipes, const clasp_pipe_out *out) {
    raise(pipes, out_handle(out->number), CLASP_PIPE_ROOM, (int32_t)room_of(out), NOTHING);
}

/* Numbers come again after eight million pipes, but none that is in use. 0 is none. */
static uint32_t next_number(clasp_pipes *pipes) {
    uint32_t number = pipes->last;
    do {
        number = (number + 1) % CLASP_PIPE_NUMBERS;
    } while (number == 0 || find_out(pipes, number));
    return number;
}

clasp_err clasp_pipes_open(clasp_pipes *pipes, clasp_span address, clasp_priority priority, uint32_t *pipe) {
    if (address.len > CLASP_PIPE_ADDRESS_MAX) {
        return CLASP_TOO_LARGE;
    }
    if (clasp_address_check(address) != CLASP_OK || !clasp_utf8_check(address)) {
        return CLASP_BAD_ADDRESS;
    }
    clasp_pipe_out *out = free_out(pipes);
    if (!out) {
        return CLASP_LIMIT;
    }
    const record open = {next_number(pipes), priority, CLASP_PIPE_OP_OPEN, address};
    const clasp_err err = say(pipes, priority, &open);
    if (err != CLASP_OK) {
        return err;
    }
    pipes->last = open.number;
    *out = (clasp_pipe_out){open.number, CLASP_PIPE_WINDOW, OPEN, (uint8_t)priority};
    *pipe = out_handle(out->number);
    raise_room(pipes, out);
    return CLASP_OK;
}

static clasp_err write_part(clasp_pipes *pipes, clasp_pipe_out *out, clasp_span bytes) {
    const record data = {out->number, 0, CLASP_PIPE_OP_DATA, bytes};
    const clasp_err err = say(pipes, (clasp_priority)out->priority, &data);
    if (err == CLASP_OK) {
        out->credit -= cost_of(bytes.len);
    }
    return err;
}

/* In parts of about one length: one part alone can be shorter than CLASP_PIPE_LEAST. */
static clasp_err write_parts(clasp_pipes *pipes, clasp_pipe_out *out, clasp_span bytes) {
    uint32_t parts = (bytes.len + CLASP_PIPE_DATA - 1) / CLASP_PIPE_DATA;
    clasp_err err = CLASP_OK;
    for (; parts > 0 && err == CLASP_OK; parts--) {
        const uint32_t len = bytes.len / parts;
        err = write_part(pipes, out, (clasp_span){bytes.at, len});
        bytes = (clasp_span){bytes.at + len, bytes.len - len};
    }
    return err;
}

clasp_err clasp_pipes_write(clasp_pipes *pipes, uint32_t pipe, clasp_span bytes) {
    clasp_pipe_out *out = out_of(pipes, pipe);
    if (!out) {
        return CLASP_BAD_HANDLE;
    }
    if (out->state != OPEN) {
        return CLASP_BAD_STATE;
    }
    if (bytes.len > room_of(out)) {
        return CLASP_QUEUE_FULL;
    }
    const uint32_t expected = room_of(out) - bytes.len;
    const clasp_err err = write_parts(pipes, out, bytes);
    if (err == CLASP_OK && room_of(out) != expected) {
        raise_room(pipes, out);
    }
    return err;
}

clasp_err clasp_pipes_end(clasp_pipes *pipes, uint32_t pipe) {
    clasp_pipe_out *out = out_of(pipes, pipe);
    if (!out) {
        return CLASP_BAD_HANDLE;
    }
    if (out->state != OPEN) {
        return CLASP_BAD_STATE;
    }
    const record end = {out->number, 0, CLASP_PIPE_OP_END, NOTHING};
    const clasp_err err = say(pipes, (clasp_priority)out->priority, &end);
    if (err == CLASP_OK) {
        out->state = ENDED;
    }
    return err;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* The pipe is over for us. */
static clasp_err stop(clasp_pipes *pipes, clasp_pipe_in *in, int code, clasp_span words) {
    const clasp_err err = say_stop(pipes, in->number, code, words);
    if (err == CLASP_OK) {
        in->state = FREE;
    }
    return err;
}

static clasp_err give_back(clasp_pipes *pipes, clasp_pipe_in *in, uint32_t bytes) {
    const record credit = {in->number, bytes, CLASP_PIPE_OP_CREDIT, NOTHING};
    const clasp_err err = say(pipes, CLASP_PRIORITY_HIGH, &credit);
    if (err == CLASP_OK) {
        in->taken -= bytes;
    }
    return err;
}

clasp_err clasp_pipes_read(clasp_pipes *pipes, uint32_t pipe, uint32_t bytes) {
    clasp_pipe_in *in = in_of(pipes, pipe);
    if (!in) {
        return CLASP_BAD_HANDLE;
    }
    if (bytes > in->unread) {
        return CLASP_OUT_OF_RANGE;
    }
    const bool is_empty = bytes == in->unread;
    const uint32_t due = is_empty ? in->taken : in->due + bytes;
    if (is_empty && in->state == ENDED) {
        return stop(pipes, in, IN_ORDER, NOTHING);
    }
    const bool is_worth_it = due >= GIVE_BACK;
    const clasp_err err = is_worth_it ? give_back(pipes, in, due) : CLASP_OK;
    if (err == CLASP_OK) {
        in->unread -= bytes;
        in->due = is_worth_it ? 0 : due;
    }
    return err;
}

/* ---- what the peer says as the writer of a pipe -------------------------------------------------------------- */

static clasp_err hear_open(clasp_pipes *pipes, const record *heard) {
    if (find_in(pipes, heard->number)) {
        return CLASP_BAD_STATE;
    }
    clasp_pipe_in *in = free_in(pipes);
    if (!in) {
        return say_stop(pipes, heard->number, CLASP_LIMIT, NOTHING);
    }
    *in = (clasp_pipe_in){.number = heard->number, .state = OPEN};
    raise(pipes, in_handle(in->number), CLASP_PIPE_OPENED, 0, heard->rest);
    return CLASP_OK;
}

static clasp_err hear_data(clasp_pipes *pipes, const record *heard) {
    clasp_pipe_in *in = find_in(pipes, heard->number);
    if (!in) {
        return CLASP_OK;
    }
    if (in->state == ENDED) {
        return CLASP_BAD_STATE;
    }
    const uint32_t cost = cost_of(heard->rest.len);
    if (cost > CLASP_PIPE_WINDOW - in->taken) {
        const clasp_err err = stop(pipes, in, CLASP_LIMIT, NOTHING);
        if (err == CLASP_OK) {
            raise(pipes, in_handle(heard->number), CLASP_PIPE_ABORTED, CLASP_LIMIT, NOTHING);
        }
        return err;
    }
    in->taken += cost;
    in->unread += heard->rest.len;
    raise(pipes, in_handle(in->number), CLASP_PIPE_BYTES, 0, heard->rest);
    return CLASP_OK;
}

static clasp_err hear_end(clasp_pipes *pipes, const record *heard) {
    clasp_pipe_in *in = find_in(pipes, heard->number);
    if (!in) {
        return CLASP_OK;
    }
    if (in->state == ENDED) {
        return CLASP_BAD_STATE;
    }
    const clasp_err err = in->unread == 0 ? stop(pipes, in, IN_ORDER, NOTHING) : CLASP_OK;
    if (err == CLASP_OK) {
        in->state = in->unread == 0 ? FREE : ENDED;
        raise(pipes, in_handle(heard->number), CLASP_PIPE_ENDED, 0, NOTHING);
    }
    return err;
}

/* A code of the wire; one that names no failure is the peer's own word. */
static clasp_err failure_of(uint32_t code) {
    switch (-(int)code) {
#define X(name, value, text) case value:
        CLASP_ERR_LIST(X)
#undef X
        return code == IN_ORDER ? CLASP_REJECTED : (clasp_err) - (int)code;
    default:
        return CLASP_REJECTED;
    }
}

static clasp_err hear_abort(clasp_pipes *pipes, const record *heard) {
    clasp_pipe_in *in = find_in(pipes, heard->number);
    const clasp_err err = in ? stop(pipes, in, IN_ORDER, NOTHING) : CLASP_OK;
    if (in && err == CLASP_OK) {
        raise(pipes, in_handle(heard->number), CLASP_PIPE_ABORTED, failure_of(heard->arg), heard->rest);
    }
    return err;
}

/* ---- what the peer says as the reader of a pipe -------------------------------------------------------------- */

/* It stays ours to wait for STOP, but not the application's. */
static clasp_err abort_out(clasp_pipes *pipes, clasp_pipe_out *out, int code, clasp_span words) {
    const clasp_err err = say_abort(pipes, out, code, words);
    if (err == CLASP_OK) {
        out->state = ABORTED;
    }
    return err;
}

static clasp_err hear_credit(clasp_pipes *pipes, const record *heard) {
    clasp_pipe_out *out = find_out(pipes, heard->number);
    if (!out || out->state == ABORTED) {
        return CLASP_OK;
    }
    if (heard->arg > CLASP_PIPE_WINDOW - out->credit) {
        const clasp_err err = abort_out(pipes, out, CLASP_LIMIT, NOTHING);
        if (err == CLASP_OK) {
            raise(pipes, out_handle(heard->number), CLASP_PIPE_ABORTED, CLASP_LIMIT, NOTHING);
        }
        return err;
    }
    out->credit += heard->arg;
    if (out->state == OPEN) {
        raise_room(pipes, out);
    }
    return CLASP_OK;
}

static clasp_err hear_stop(clasp_pipes *pipes, const record *heard) {
    clasp_pipe_out *out = find_out(pipes, heard->number);
    const uint8_t state = out ? out->state : ABORTED;
    if (out) {
        out->state = FREE;
    }
    if (state == ENDED && heard->arg == IN_ORDER) {
        raise(pipes, out_handle(heard->number), CLASP_PIPE_ENDED, 0, NOTHING);
    } else if (state != ABORTED) {
        raise(pipes, out_handle(heard->number), CLASP_PIPE_ABORTED, failure_of(heard->arg), heard->rest);
    }
    return CLASP_OK;
}

/* ---- receiving ----------------------------------------------------------------------------------------------- */

static clasp_err check_address(const record *heard) {
    if (heard->arg >= CLASP_PRIORITIES) {
        return CLASP_BAD_ENUM;
    }
    if (heard->rest.len > CLASP_PIPE_ADDRESS_MAX) {
        return CLASP_TOO_LARGE;
    }
    return clasp_utf8_check(heard->rest) ? clasp_address_check(heard->rest) : CLASP_BAD_UTF8;
}

static clasp_err check_words(const record *heard) {
    if (heard->rest.len > CLASP_PIPE_WORDS_MAX) {
        return CLASP_TOO_LARGE;
    }
    return clasp_utf8_check(heard->rest) ? CLASP_OK : CLASP_BAD_UTF8;
}

static clasp_err check_some(const record *heard) { return heard->rest.len > 0 ? CLASP_OK : CLASP_TRUNCATED; }
static clasp_err check_none(const record *heard) { return heard->rest.len == 0 ? CLASP_OK : CLASP_BAD_FIELD; }

static const struct {
    clasp_err (*check)(const record *heard);
    clasp_err (*hear)(clasp_pipes *pipes, const record *heard);
} HEARD[OPS] = {
    [CLASP_PIPE_OP_OPEN] = {check_address, hear_open},  [CLASP_PIPE_OP_DATA] = {check_some, hear_data},
    [CLASP_PIPE_OP_END] = {check_none, hear_end},       [CLASP_PIPE_OP_ABORT] = {check_words, hear_abort},
    [CLASP_PIPE_OP_CREDIT] = {check_none, hear_credit}, [CLASP_PIPE_OP_STOP] = {check_words, hear_stop},
};

static clasp_err decode(clasp_span bytes, record *out) {
    if (bytes.len < 2 || bytes.at[0] != CLASP_PIECE_MAGIC || bytes.at[1] != CLASP_PIPE_KIND) {
        return CLASP_BAD_MAGIC;
    }
    clasp_reader r = clasp_reader_of(bytes);
    clasp_take(&r, 2);
    *out = (record){.op = clasp_read_u8(&r)};
    if (out->op >= OPS) {
        return CLASP_BAD_ENUM;
    }
    out->number = clasp_read_u32(&r);
    if (out->number >= CLASP_PIPE_NUMBERS) {
        clasp_read_fail(&r, CLASP_OUT_OF_RANGE);
    }
    for (uint32_t left = ARG_LEN[out->op]; left > 0; left--) {
        out->arg = out->arg << 8 | clasp_read_u8(&r);
    }
    out->rest = (clasp_span){r.at, (uint32_t)clasp_left(&r)};
    return r.err;
}

clasp_err clasp_pipes_received(clasp_pipes *pipes, clasp_span bytes) {
    record heard;
    clasp_err err = decode(bytes, &heard);
    if (err == CLASP_OK) {
        err = HEARD[heard.op].check(&heard);
    }
    return err == CLASP_OK ? HEARD[heard.op].hear(pipes, &heard) : err;
}

/* ---- both ---------------------------------------------------------------------------------------------------- */

clasp_err clasp_pipes_abort(clasp_pipes *pipes, uint32_t pipe, clasp_span words) {
    clasp_pipe_out *out = out_of(pipes, pipe);
    clasp_pipe_in *in = in_of(pipes, pipe);
    if (!out && !in) {
        return CLASP_BAD_HANDLE;
    }
    if (words.len > CLASP_PIPE_WORDS_MAX) {
        return CLASP_TOO_LARGE;
    }
    if (!clasp_utf8_check(words)) {
        return CLASP_BAD_UTF8;
    }
    return out ? abort_out(pipes, out, CLASP_REJECTED, words) : stop(pipes, in, CLASP_REJECTED, words);
}

void clasp_pipes_gone(clasp_pipes *pipes, clasp_err cause) {
    for (uint32_t i = 0; i < CLASP_FLOW_PIPES; i++) {
        const clasp_pipe_out out = pipes->out[i];
        const clasp_pipe_in in = pipes->in[i];
        pipes->out[i].state = FREE;
        pipes->in[i].state = FREE;
        if (out.state == OPEN || out.state == ENDED) {
            raise(pipes, out_handle(out.number), CLASP_PIPE_ABORTED, cause, NOTHING);
        }
        if (in.state == OPEN) {
            raise(pipes, in_handle(in.number), CLASP_PIPE_ABORTED, cause, NOTHING);
        }
    }
}

uint32_t clasp_pipes_count(const clasp_pipes *pipes) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < CLASP_FLOW_PIPES; i++) {
        count += pipes->out[i].state != FREE;
        count += pipes->in[i].state != FREE;
    }
    return count;
}
