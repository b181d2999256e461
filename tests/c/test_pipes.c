/* The pipes of one peer: peer/pipes.h. */
#include "pipe_bench.h"

#define WINDOW ((int32_t)CLASP_PIPE_WINDOW)

static clasp_span span(const char *text) { return clasp_span_of(text); }

static const uint8_t ZEROS[CLASP_PIPE_WINDOW + 1];
static clasp_span zeros(uint32_t len) { return (clasp_span){ZEROS, len}; }

typedef struct pair {
    pipe_app *a, *b;
    uint32_t pipe; /* of a; for b it is one more */
} pair;

static uint32_t heard(uint32_t pipe) { return pipe + 1; }

static pair begin(void) {
    pair p = {app_new(), app_new(), 0};
    CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/file"), CLASP_PRIORITY_NORMAL, &p.pipe), CLASP_OK);
    pass_all(p.a, p.b);
    return p;
}

static void end(pair *p) {
    app_free(p->a);
    app_free(p->b);
}

static clasp_err hear(pipe_app *app, const void *record, size_t len) {
    uint8_t *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, record, len);
    const clasp_err err = clasp_pipes_received(&app->pipes, (clasp_span){copy, (uint32_t)len});
    free(copy);
    return err;
}
#define HEAR(app, literal) hear(app, literal, sizeof literal - 1)

static void check_said(pipe_app *app, unsigned priority, const void *bytes, size_t len) {
    const said s = app_take(app, priority);
    CHECK_BYTES(s.bytes, s.len, bytes, len);
    free(s.bytes);
}
#define CHECK_SAID(app, priority, literal) check_said(app, priority, literal, sizeof literal - 1)

/* ---- the records --------------------------------------------------------------------------------------------- */

TEST(every_record_is_as_the_wire_says) {
    pipe_app *a = app_new();
    uint32_t pipe;
    CHECK_EQ(clasp_pipes_open(&a->pipes, span("/f"), CLASP_PRIORITY_LOW, &pipe), CLASP_OK);
    CHECK_EQ(pipe, 2);
    CHECK_EQ(clasp_pipes_write(&a->pipes, pipe, span("hi")), CLASP_OK);
    CHECK_EQ(clasp_pipes_end(&a->pipes, pipe), CLASP_OK);
    CHECK_EQ(clasp_pipes_abort(&a->pipes, pipe, span("no")), CLASP_OK);
    CHECK_SAID(a, 2, "\x45\x09\0\0\0\0\1\2/f");
    CHECK_SAID(a, 2, "\x45\x09\1\0\0\0\1hi");
    CHECK_SAID(a, 2, "\x45\x09\2\0\0\0\1");
    CHECK_SAID(a, 2, "\x45\x09\3\0\0\0\1\0\x19no");
    CHECK_EQ(HEAR(a, "\x45\x09\0\0\0\0\7\1/g"), CLASP_OK);
    check_event(a, 0, CLASP_PIPE_OPENED, 15, 0);
    for (unsigned i = 0; i < 5; i++) {
        uint8_t data[CLASP_PIPE_HEAD + 16384] = {0x45, 9, 1, 0, 0, 0, 7};
        CHECK_EQ(hear(a, data, sizeof data), CLASP_OK);
    }
    CHECK_EQ(clasp_pipes_read(&a->pipes, 15, 65536), CLASP_OK);
    CHECK_SAID(a, 0, "\x45\x09\4\0\0\0\7\0\1\0\0");
    CHECK_EQ(clasp_pipes_abort(&a->pipes, 15, span("")), CLASP_OK);
    CHECK_SAID(a, 0, "\x45\x09\5\0\0\0\7\0\x19");
    CHECK_EQ(app_waiting(a), 0);
    app_free(a);
}

TEST(what_is_no_record_is_refused_and_changes_nothing) {
    static const struct {
        const char *bytes;
        uint32_t len;
        clasp_err err;
    } ROWS[] = {
        {"", 0, CLASP_BAD_MAGIC},
        {"\x45", 1, CLASP_BAD_MAGIC},
        {"\x45\x04\0\0\0\0\1", 7, CLASP_BAD_MAGIC},
        {"\x45\x09", 2, CLASP_TRUNCATED},
        {"\x45\x09\2\0\0\0", 6, CLASP_TRUNCATED},
        {"\x45\x09\6\0\0\0\1", 7, CLASP_BAD_ENUM},
        {"\x45\x09\1\0\0\0\3", 7, CLASP_TRUNCATED},
        {"\x45\x09\2\0\0\0\3x", 8, CLASP_BAD_FIELD},
        {"\x45\x09\3\0\0\0\3\0", 8, CLASP_TRUNCATED},
        {"\x45\x09\3\0\0\0\3\0\1\xFF", 10, CLASP_BAD_UTF8},
        {"\x45\x09\4\0\0\0\3\0\0\0", 10, CLASP_TRUNCATED},
        {"\x45\x09\4\0\0\0\3\0\0\0\0x", 12, CLASP_BAD_FIELD},
        {"\x45\x09\5\0\0\0\3\0\1\xFF", 10, CLASP_BAD_UTF8},
        {"\x45\x09\0\0\0\0\3", 7, CLASP_TRUNCATED},
        {"\x45\x09\0\0\0\0\3\0", 8, CLASP_BAD_ADDRESS},
        {"\x45\x09\0\0\0\0\3\0a", 9, CLASP_BAD_ADDRESS},
        {"\x45\x09\0\0\0\0\3\0/*", 10, CLASP_BAD_ADDRESS},
        {"\x45\x09\0\0\0\0\3\0/\xFF", 10, CLASP_BAD_UTF8},
        {"\x45\x09\0\0\0\0\3\3/a", 10, CLASP_BAD_ENUM},
        {"\x45\x09\0\0\x80\0\0\0/a", 10, CLASP_OUT_OF_RANGE},
        {"\x45\x09\0\0\0\0\1\0/a", 10, CLASP_BAD_STATE}, /* it is open */
    };
    pair p = begin();
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char name[16];
        snprintf(name, sizeof name, "row %zu", i);
        CHECK_CONTEXT(name);
        const clasp_pipes before = p.b->pipes;
        const uint32_t events = p.b->event_count;
        CHECK_EQ(hear(p.b, ROWS[i].bytes, ROWS[i].len), ROWS[i].err);
        CHECK(memcmp(&before, &p.b->pipes, sizeof before) == 0);
        CHECK_EQ(p.b->event_count, events);
        CHECK_EQ(app_waiting(p.b), 0);
    }
    end(&p);
}

static clasp_err hear_long(pipe_app *app, const char *head, uint32_t head_len, char fill, uint32_t count) {
    uint8_t *record = malloc(head_len + count);
    memcpy(record, head, head_len);
    memset(record + head_len, fill, count);
    const clasp_err err = hear(app, record, head_len + count);
    free(record);
    return err;
}

TEST(addresses_and_words_are_bounded) {
    pair p = begin();
    CHECK_EQ(hear_long(p.b, "\x45\x09\0\0\0\0\x09\0/", 9, 'a', CLASP_PIPE_ADDRESS_MAX), CLASP_TOO_LARGE);
    CHECK_EQ(hear_long(p.b, "\x45\x09\0\0\0\0\x09\0/", 9, 'a', CLASP_PIPE_ADDRESS_MAX - 1), CLASP_OK);
    CHECK_EQ(hear_long(p.b, "\x45\x09\3\0\0\0\x09\0\1", 9, 'a', CLASP_PIPE_WORDS_MAX + 1), CLASP_TOO_LARGE);
    CHECK_EQ(hear_long(p.b, "\x45\x09\3\0\0\0\x09\0\1", 9, 'a', CLASP_PIPE_WORDS_MAX), CLASP_OK);
    char *text = malloc(CLASP_PIPE_ADDRESS_MAX + 2);
    memset(text, 'a', CLASP_PIPE_ADDRESS_MAX + 2);
    text[0] = '/';
    uint32_t pipe = 77;
    CHECK_EQ(
        clasp_pipes_open(&p.a->pipes, (clasp_span){(uint8_t *)text, CLASP_PIPE_ADDRESS_MAX + 1}, 0, &pipe),
        CLASP_TOO_LARGE);
    CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("no"), 0, &pipe), CLASP_BAD_ADDRESS);
    CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/\xFF"), 0, &pipe), CLASP_BAD_ADDRESS);
    CHECK_EQ(pipe, 77);
    CHECK_EQ(clasp_pipes_abort(&p.a->pipes, p.pipe, (clasp_span){(uint8_t *)text, CLASP_PIPE_WORDS_MAX + 1}),
             CLASP_TOO_LARGE);
    CHECK_EQ(clasp_pipes_abort(&p.a->pipes, p.pipe, span("\xFF")), CLASP_BAD_UTF8);
    CHECK_EQ(clasp_pipes_count(&p.a->pipes), 1);
    free(text);
    end(&p);
}

/* ---- the life of a pipe -------------------------------------------------------------------------------------- */

TEST(a_pipe_opens_with_room_and_ends_when_all_was_consumed) {
    pair p = begin();
    check_event(p.a, 0, CLASP_PIPE_ROOM, p.pipe, WINDOW);
    check_event(p.b, 0, CLASP_PIPE_OPENED, heard(p.pipe), 0);
    CHECK_BYTES(event_of(p.b, 0).bytes, event_of(p.b, 0).len, "/file", 5);
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(1000)), CLASP_OK);
    CHECK_EQ(clasp_pipes_end(&p.a->pipes, p.pipe), CLASP_OK);
    pass_all(p.a, p.b);
    check_event(p.b, 1, CLASP_PIPE_BYTES, heard(p.pipe), 0);
    check_event(p.b, 0, CLASP_PIPE_ENDED, heard(p.pipe), 0);
    check_event(p.a, 0, CLASP_PIPE_ROOM, p.pipe, WINDOW); /* as before */
    CHECK_EQ(clasp_pipes_read(&p.b->pipes, heard(p.pipe), 999), CLASP_OK);
    CHECK_EQ(app_waiting(p.b), 0);
    CHECK_EQ(clasp_pipes_read(&p.b->pipes, heard(p.pipe), 1), CLASP_OK);
    pass_all(p.a, p.b);
    check_event(p.a, 0, CLASP_PIPE_ENDED, p.pipe, 0);
    CHECK_EQ(clasp_pipes_count(&p.a->pipes) + clasp_pipes_count(&p.b->pipes), 0);
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(1)), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_pipes_read(&p.b->pipes, heard(p.pipe), 0), CLASP_BAD_HANDLE);
    end(&p);
}

TEST(an_empty_pipe_ends_at_once) {
    pair p = begin();
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(0)), CLASP_OK);
    CHECK_EQ(clasp_pipes_end(&p.a->pipes, p.pipe), CLASP_OK);
    CHECK_EQ(app_waiting(p.a), 1);
    pass_all(p.a, p.b);
    check_event(p.b, 0, CLASP_PIPE_ENDED, heard(p.pipe), 0);
    check_event(p.a, 0, CLASP_PIPE_ENDED, p.pipe, 0);
    CHECK_EQ(clasp_pipes_count(&p.a->pipes) + clasp_pipes_count(&p.b->pipes), 0);
    end(&p);
}

TEST(what_was_ended_takes_no_more) {
    pair p = begin();
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(300)), CLASP_OK);
    CHECK_EQ(clasp_pipes_end(&p.a->pipes, p.pipe), CLASP_OK);
    CHECK_EQ(clasp_pipes_end(&p.a->pipes, p.pipe), CLASP_BAD_STATE);
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(1)), CLASP_BAD_STATE);
    pass_all(p.a, p.b);
    CHECK_EQ(HEAR(p.b, "\x45\x09\2\0\0\0\1"), CLASP_BAD_STATE);
    CHECK_EQ(HEAR(p.b, "\x45\x09\1\0\0\0\1x"), CLASP_BAD_STATE);
    CHECK_EQ(clasp_pipes_count(&p.b->pipes), 1);
    end(&p);
}

TEST(an_abort_of_the_writer_is_heard_and_answered) {
    pair p = begin();
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(300)), CLASP_OK);
    CHECK_EQ(clasp_pipes_abort(&p.a->pipes, p.pipe, span("changed")), CLASP_OK);
    CHECK_EQ(clasp_pipes_abort(&p.a->pipes, p.pipe, span("")), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(1)), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_pipes_count(&p.a->pipes), 1); /* until the reader has heard it */
    const uint32_t events = p.a->event_count;
    pass_all(p.a, p.b);
    check_event(p.b, 0, CLASP_PIPE_ABORTED, heard(p.pipe), CLASP_REJECTED);
    CHECK_BYTES(event_of(p.b, 0).bytes, event_of(p.b, 0).len, "changed", 7);
    CHECK_EQ(p.a->event_count, events);
    CHECK_EQ(clasp_pipes_count(&p.a->pipes) + clasp_pipes_count(&p.b->pipes), 0);
    end(&p);
}

TEST(an_abort_of_the_reader_is_heard) {
    pair p = begin();
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(300)), CLASP_OK);
    pass_all(p.a, p.b);
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(300)), CLASP_OK);
    CHECK_EQ(clasp_pipes_abort(&p.b->pipes, heard(p.pipe), span("enough")), CLASP_OK);
    const uint32_t events = p.b->event_count;
    pass_all(p.a, p.b);
    check_event(p.a, 0, CLASP_PIPE_ABORTED, p.pipe, CLASP_REJECTED);
    CHECK_BYTES(event_of(p.a, 0).bytes, event_of(p.a, 0).len, "enough", 6);
    CHECK_EQ(p.b->event_count, events); /* late bytes mean nothing */
    CHECK_EQ(clasp_pipes_count(&p.a->pipes) + clasp_pipes_count(&p.b->pipes), 0);
    end(&p);
}

TEST(aborts_that_cross_end_the_pipe_once) {
    pair p = begin();
    CHECK_EQ(clasp_pipes_abort(&p.a->pipes, p.pipe, span("")), CLASP_OK);
    CHECK_EQ(clasp_pipes_abort(&p.b->pipes, heard(p.pipe), span("")), CLASP_OK);
    const uint32_t events = p.a->event_count + p.b->event_count;
    pass_all(p.a, p.b);
    CHECK_EQ(p.a->event_count + p.b->event_count, events);
    CHECK_EQ(clasp_pipes_count(&p.a->pipes) + clasp_pipes_count(&p.b->pipes), 0);
    end(&p);
}

TEST(an_abort_behind_the_end_is_heard) {
    pair p = begin();
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(300)), CLASP_OK);
    CHECK_EQ(clasp_pipes_end(&p.a->pipes, p.pipe), CLASP_OK);
    CHECK_EQ(clasp_pipes_abort(&p.a->pipes, p.pipe, span("")), CLASP_OK);
    pass_all(p.a, p.b);
    check_event(p.b, 0, CLASP_PIPE_ABORTED, heard(p.pipe), CLASP_REJECTED);
    CHECK_EQ(clasp_pipes_count(&p.a->pipes) + clasp_pipes_count(&p.b->pipes), 0);
    end(&p);
}

TEST(a_code_that_names_no_failure_is_the_peers_word) {
    static const struct {
        const char *record;
        clasp_err err;
    } ROWS[] = {
        {"\x45\x09\5\0\0\0\1\0\0", CLASP_REJECTED}, /* nothing was ended */
        {"\x45\x09\5\0\0\0\1\0\x14", CLASP_LIMIT},
        {"\x45\x09\5\0\0\0\1\xFF\xFF", CLASP_REJECTED},
        {"\x45\x09\5\0\0\0\1\x01\0", CLASP_REJECTED},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        pair p = begin();
        CHECK_EQ(hear(p.a, ROWS[i].record, 9), CLASP_OK);
        check_event(p.a, 0, CLASP_PIPE_ABORTED, p.pipe, ROWS[i].err);
        end(&p);
    }
}

/* ---- credit -------------------------------------------------------------------------------------------------- */

TEST(no_more_than_the_room_is_written) {
    pair p = begin();
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(CLASP_PIPE_WINDOW + 1)), CLASP_QUEUE_FULL);
    CHECK_EQ(app_waiting(p.a), 0);
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(CLASP_PIPE_WINDOW)), CLASP_OK);
    CHECK_EQ(app_waiting(p.a), (CLASP_PIPE_WINDOW + CLASP_PIPE_DATA - 1) / CLASP_PIPE_DATA);
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(1)), CLASP_QUEUE_FULL);
    pass_all(p.a, p.b);
    CHECK_EQ(clasp_pipes_read(&p.b->pipes, heard(p.pipe), CLASP_PIPE_WINDOW + 1), CLASP_OUT_OF_RANGE);
    CHECK_EQ(clasp_pipes_read(&p.b->pipes, heard(p.pipe), CLASP_PIPE_WINDOW / 4 - 1), CLASP_OK);
    CHECK_EQ(app_waiting(p.b), 0);
    CHECK_EQ(clasp_pipes_read(&p.b->pipes, heard(p.pipe), 1), CLASP_OK);
    pass_all(p.a, p.b);
    check_event(p.a, 0, CLASP_PIPE_ROOM, p.pipe, WINDOW / 4);
    end(&p);
}

TEST(small_writes_take_more_and_room_tells_it) {
    pair p = begin();
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(1)), CLASP_OK);
    check_event(p.a, 0, CLASP_PIPE_ROOM, p.pipe, WINDOW - (int32_t)CLASP_PIPE_LEAST);
    const uint32_t events = p.a->event_count;
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(CLASP_PIPE_LEAST)), CLASP_OK);
    CHECK_EQ(p.a->event_count, events);
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(CLASP_PIPE_WINDOW - 2 * CLASP_PIPE_LEAST - 100)),
             CLASP_OK);
    check_event(p.a, 0, CLASP_PIPE_ROOM, p.pipe, 0); /* 100 bytes are too few for a record */
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(1)), CLASP_QUEUE_FULL);
    end(&p);
}

TEST(a_writer_of_single_bytes_is_never_stuck) {
    pair p = begin();
    uint32_t read = 0;
    for (uint32_t written = 0; written < 20000;) {
        const clasp_err err = clasp_pipes_write(&p.a->pipes, p.pipe, zeros(1));
        written += err == CLASP_OK;
        pass_all(p.a, p.b);
        if (err == CLASP_QUEUE_FULL) { /* the reader consumes all that came */
            CHECK(written > read);
            CHECK_EQ(clasp_pipes_read(&p.b->pipes, heard(p.pipe), written - read), CLASP_OK);
            read = written;
            pass_all(p.a, p.b);
            CHECK_EQ(event_of(p.a, 0).number, WINDOW);
        }
    }
    end(&p);
}

TEST(bytes_beyond_the_credit_end_the_pipe) {
    pair p = begin();
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(CLASP_PIPE_WINDOW)), CLASP_OK);
    pass_all(p.a, p.b);
    CHECK_EQ(HEAR(p.b, "\x45\x09\1\0\0\0\1x"), CLASP_OK);
    check_event(p.b, 0, CLASP_PIPE_ABORTED, heard(p.pipe), CLASP_LIMIT);
    CHECK_EQ(clasp_pipes_count(&p.b->pipes), 0);
    CHECK_SAID(p.b, 0, "\x45\x09\5\0\0\0\1\0\x14");
    CHECK_EQ(HEAR(p.b, "\x45\x09\1\0\0\0\1x"), CLASP_OK); /* over: it means nothing */
    CHECK_EQ(app_waiting(p.b), 0);
    end(&p);
}

TEST(records_of_single_bytes_are_counted_as_more) {
    pair p = begin();
    unsigned taken = 0;
    while (event_of(p.b, 0).event != CLASP_PIPE_ABORTED && taken < CLASP_PIPE_WINDOW) {
        CHECK_EQ(HEAR(p.b, "\x45\x09\1\0\0\0\1x"), CLASP_OK);
        taken++;
    }
    CHECK_EQ(taken, CLASP_PIPE_WINDOW / CLASP_PIPE_LEAST + 1);
    end(&p);
}

TEST(credit_beyond_the_window_ends_the_pipe) {
    static const char *CREDITS[] = {"\x45\x09\4\0\0\0\1\0\0\0\1", "\x45\x09\4\0\0\0\1\xFF\xFF\xFF\xFF"};
    for (size_t i = 0; i < 2; i++) {
        pair p = begin();
        CHECK_EQ(hear(p.a, CREDITS[i], 11), CLASP_OK);
        check_event(p.a, 0, CLASP_PIPE_ABORTED, p.pipe, CLASP_LIMIT);
        CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(1)), CLASP_BAD_HANDLE);
        const uint32_t events = p.a->event_count;
        CHECK_EQ(hear(p.a, CREDITS[i], 11), CLASP_OK);
        pass_all(p.a, p.b);
        CHECK_EQ(p.a->event_count, events);
        check_event(p.b, 0, CLASP_PIPE_ABORTED, heard(p.pipe), CLASP_LIMIT);
        CHECK_EQ(clasp_pipes_count(&p.a->pipes) + clasp_pipes_count(&p.b->pipes), 0);
        end(&p);
    }
}

/* ---- many pipes ---------------------------------------------------------------------------------------------- */

TEST(so_many_pipes_and_no_more) {
    pair p = begin();
    uint32_t pipe = 0;
    for (unsigned i = 1; i < CLASP_FLOW_PIPES; i++) {
        CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/file"), (clasp_priority)(i % 3), &pipe), CLASP_OK);
    }
    CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/file"), CLASP_PRIORITY_HIGH, &pipe), CLASP_LIMIT);
    pass_all(p.a, p.b);
    CHECK_EQ(clasp_pipes_count(&p.b->pipes), CLASP_FLOW_PIPES);
    const uint32_t events = p.b->event_count;
    CHECK_EQ(HEAR(p.b, "\x45\x09\0\0\0\1\0\0/x"), CLASP_OK);
    CHECK_SAID(p.b, 0, "\x45\x09\5\0\0\1\0\0\x14");
    CHECK_EQ(p.b->event_count, events);
    CHECK_EQ(clasp_pipes_open(&p.b->pipes, span("/file"), CLASP_PRIORITY_HIGH, &pipe),
             CLASP_OK); /* b's own */
    end(&p);
}

TEST(an_open_that_overtakes_an_end_finds_a_slot) {
    pair p = begin();
    uint32_t pipes[CLASP_FLOW_PIPES];
    CHECK_EQ(clasp_pipes_end(&p.a->pipes, p.pipe), CLASP_OK);
    pass_all(p.a, p.b);
    for (unsigned i = 0; i < CLASP_FLOW_PIPES; i++) {
        CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/low"), CLASP_PRIORITY_LOW, &pipes[i]), CLASP_OK);
    }
    pass_all(p.a, p.b);
    CHECK_EQ(clasp_pipes_end(&p.a->pipes, pipes[3]), CLASP_OK);
    CHECK_EQ(clasp_pipes_abort(&p.a->pipes, pipes[4], span("")), CLASP_OK);
    uint32_t urgent;
    CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/high"), CLASP_PRIORITY_HIGH, &urgent), CLASP_LIMIT);
    pass_all(p.a, p.b);
    CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/high"), CLASP_PRIORITY_HIGH, &urgent), CLASP_OK);
    pass_all(p.a, p.b);
    check_event(p.b, 0, CLASP_PIPE_OPENED, heard(urgent), 0);
    end(&p);
}

TEST(numbers_come_again_but_none_that_is_in_use) {
    pair p = begin();
    p.a->pipes.last = CLASP_PIPE_NUMBERS - 2;
    uint32_t pipe;
    CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/x"), 0, &pipe), CLASP_OK);
    CHECK_EQ(pipe, (CLASP_PIPE_NUMBERS - 1) << 1);
    CHECK(heard(pipe) < 1u << 24);
    CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/x"), 0, &pipe), CLASP_OK);
    CHECK_EQ(pipe, 2 << 1); /* 0 is none, and 1 is open */
    pass_all(p.a, p.b);
    CHECK_EQ(clasp_pipes_count(&p.b->pipes), 3);
    end(&p);
}

TEST(what_names_no_pipe_is_refused_or_means_nothing) {
    pair p = begin();
    static const char *RECORDS[] = {"\x45\x09\1\0\0\0\x55xx", "\x45\x09\3\0\0\0\x55\0\1",
                                    "\x45\x09\5\0\0\0\x55\0\1"};
    const uint32_t events = p.b->event_count;
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ(hear(p.b, RECORDS[i], 9), CLASP_OK);
    }
    CHECK_EQ(HEAR(p.b, "\x45\x09\4\0\0\0\x55\0\1\0\0"), CLASP_OK);
    CHECK_EQ(HEAR(p.b, "\x45\x09\2\0\0\0\x55"), CLASP_OK);
    CHECK_EQ(p.b->event_count, events);
    CHECK_EQ(app_waiting(p.b), 0);
    const uint32_t wrong[] = {0, 1, p.pipe, heard(p.pipe) + 2, UINT32_MAX, UINT32_MAX - 1};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_EQ(clasp_pipes_read(&p.b->pipes, wrong[i], 0), CLASP_BAD_HANDLE);
        CHECK_EQ(clasp_pipes_write(&p.b->pipes, wrong[i], zeros(1)), CLASP_BAD_HANDLE);
        CHECK_EQ(clasp_pipes_end(&p.b->pipes, wrong[i]), CLASP_BAD_HANDLE);
        CHECK_EQ(clasp_pipes_abort(&p.b->pipes, wrong[i], span("")), CLASP_BAD_HANDLE);
    }
    CHECK_EQ(clasp_pipes_write(&p.b->pipes, heard(p.pipe), zeros(1)),
             CLASP_BAD_HANDLE); /* it is the peer's */
    end(&p);
}

TEST(a_peer_that_is_gone_ends_its_pipes) {
    pair p = begin();
    uint32_t ended;
    CHECK_EQ(clasp_pipes_open(&p.a->pipes, span("/x"), 0, &ended), CLASP_OK);
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, ended, zeros(500)), CLASP_OK);
    CHECK_EQ(clasp_pipes_end(&p.a->pipes, ended), CLASP_OK);
    pass_all(p.a, p.b);
    const uint32_t a_events = p.a->event_count;
    const uint32_t b_events = p.b->event_count;
    clasp_pipes_gone(&p.a->pipes, CLASP_PEER_GONE);
    clasp_pipes_gone(&p.b->pipes, CLASP_PEER_GONE);
    CHECK_EQ(p.a->event_count, a_events + 2);
    check_event(p.a, 0, CLASP_PIPE_ABORTED, ended, CLASP_PEER_GONE);
    CHECK_EQ(p.b->event_count, b_events + 1); /* all bytes of the other one are there */
    check_event(p.b, 0, CLASP_PIPE_ABORTED, heard(p.pipe), CLASP_PEER_GONE);
    CHECK_EQ(clasp_pipes_count(&p.a->pipes) + clasp_pipes_count(&p.b->pipes), 0);
    clasp_pipes_gone(&p.a->pipes, CLASP_PEER_GONE);
    CHECK_EQ(p.a->event_count, a_events + 2);
    end(&p);
}

/* ---- a host that has no room --------------------------------------------------------------------------------- */

/* Each step says one record, or would. */
static clasp_err step(pair *p, unsigned which) {
    uint32_t pipe;
    switch (which) {
    case 0:
        return clasp_pipes_open(&p->a->pipes, span("/x"), 0, &pipe);
    case 1:
        return clasp_pipes_write(&p->a->pipes, p->pipe, zeros(5));
    case 2:
        return clasp_pipes_end(&p->a->pipes, p->pipe);
    case 3:
        return clasp_pipes_abort(&p->a->pipes, p->pipe, span(""));
    case 4:
        return clasp_pipes_read(&p->b->pipes, heard(p->pipe), CLASP_PIPE_WINDOW);
    case 5:
        return clasp_pipes_abort(&p->b->pipes, heard(p->pipe), span(""));
    case 6:
        return HEAR(p->b, "\x45\x09\1\0\0\0\1x"); /* beyond the credit */
    case 7:
        return HEAR(p->b, "\x45\x09\3\0\0\0\1\0\1");
    default:
        return HEAR(p->a, "\x45\x09\4\0\0\0\1\xFF\xFF\xFF\xFF");
    }
}

TEST(a_record_that_cannot_be_said_changes_nothing_and_can_be_said_later) {
    for (unsigned which = 0; which <= 8; which++) {
        pair p = begin();
        const uint32_t len = which >= 4 && which <= 7 ? CLASP_PIPE_WINDOW : 0;
        CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(len)), CLASP_OK);
        pass_all(p.a, p.b);
        const clasp_pipes a = p.a->pipes;
        const clasp_pipes b = p.b->pipes;
        const uint32_t events = p.a->event_count + p.b->event_count;
        p.a->refuse_after = p.b->refuse_after = 0;
        CHECK_EQ(step(&p, which), CLASP_NO_MEMORY);
        CHECK(memcmp(&a, &p.a->pipes, sizeof a) == 0 && memcmp(&b, &p.b->pipes, sizeof b) == 0);
        CHECK_EQ(p.a->event_count + p.b->event_count, events);
        p.a->refuse_after = p.b->refuse_after = UINT32_MAX;
        CHECK_EQ(step(&p, which), CLASP_OK);
        CHECK_EQ(app_waiting(p.a) + app_waiting(p.b), 1);
        end(&p);
    }
}

TEST(a_long_write_that_is_cut_short_can_be_aborted) {
    pair p = begin();
    p.a->refuse_after = 2;
    CHECK_EQ(clasp_pipes_write(&p.a->pipes, p.pipe, zeros(4 * CLASP_PIPE_DATA)), CLASP_NO_MEMORY);
    p.a->refuse_after = UINT32_MAX;
    CHECK_EQ(clasp_pipes_abort(&p.a->pipes, p.pipe, span("")), CLASP_OK);
    pass_all(p.a, p.b);
    check_event(p.b, 0, CLASP_PIPE_ABORTED, heard(p.pipe), CLASP_REJECTED);
    CHECK_EQ(event_of(p.b, 1).len + event_of(p.b, 2).len, 2 * CLASP_PIPE_DATA);
    end(&p);
}

int main(void) {
    RUN(every_record_is_as_the_wire_says);
    RUN(what_is_no_record_is_refused_and_changes_nothing);
    RUN(addresses_and_words_are_bounded);
    RUN(a_pipe_opens_with_room_and_ends_when_all_was_consumed);
    RUN(an_empty_pipe_ends_at_once);
    RUN(what_was_ended_takes_no_more);
    RUN(an_abort_of_the_writer_is_heard_and_answered);
    RUN(an_abort_of_the_reader_is_heard);
    RUN(aborts_that_cross_end_the_pipe_once);
    RUN(an_abort_behind_the_end_is_heard);
    RUN(a_code_that_names_no_failure_is_the_peers_word);
    RUN(no_more_than_the_room_is_written);
    RUN(small_writes_take_more_and_room_tells_it);
    RUN(a_writer_of_single_bytes_is_never_stuck);
    RUN(bytes_beyond_the_credit_end_the_pipe);
    RUN(records_of_single_bytes_are_counted_as_more);
    RUN(credit_beyond_the_window_ends_the_pipe);
    RUN(so_many_pipes_and_no_more);
    RUN(an_open_that_overtakes_an_end_finds_a_slot);
    RUN(numbers_come_again_but_none_that_is_in_use);
    RUN(what_names_no_pipe_is_refused_or_means_nothing);
    RUN(a_peer_that_is_gone_ends_its_pipes);
    RUN(a_record_that_cannot_be_said_changes_nothing_and_can_be_said_later);
    RUN(a_long_write_that_is_cut_short_can_be_aborted);
    return check_summary();
}
