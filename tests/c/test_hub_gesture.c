/* Gestures: moves are held back, everything else passes at once, and nobody's order is lost. */
#include "alloc.h"
#include "hub/due.h"
#include "hub_bench.h"

#define QUIET UINT64_C(16000)
#define HOLD UINT64_C(32000)

static clasp_message gesture(uint8_t phase, uint32_t id, double number) {
    clasp_message message = publish("/pad", CLASP_SIGNAL_GESTURE);
    message.has |= CLASP_HAS_ID;
    message.phase = phase;
    message.id = id;
    message.value = talk_number(number);
    return message;
}

static void gesture_is(uint32_t session, uint8_t phase, uint32_t id, double number) {
    const clasp_message message = gesture(phase, id, number);
    say(session, &message);
}

static uint32_t a, b; /* a makes gestures, b listens */

static void begin_gesture(uint32_t id) {
    begin();
    a = join();
    b = join();
    do_subscribe(b, 1, "/**");
    gesture_is(a, CLASP_PHASE_START, id, 0);
}

/* ---- the heap ------------------------------------------------------------------------------------------------ */

TEST(what_is_due_comes_in_the_order_of_its_time) {
    enum { COUNT = 100 };
    static clasp_hub_due due[COUNT];
    clasp_hub_dues dues = {0};
    memset(due, 0, sizeof due);
    CHECK_EQ(clasp_hub_dues_deadline(&dues), (long long)UINT64_MAX);
    for (unsigned i = 0; i < COUNT; i++) {
        CHECK(clasp_hub_dues_put(&dues, &due[i], i * 37 % COUNT));
    }
    for (unsigned i = 0; i < COUNT; i++) { /* every second one moves behind the others, every tenth goes */
        if (i % 2 == 0) {
            CHECK(clasp_hub_dues_put(&dues, &due[i], due[i].at_us + COUNT));
        }
        if (i % 10 == 0) {
            clasp_hub_dues_drop(&dues, &due[i]);
            clasp_hub_dues_drop(&dues, &due[i]); /* it is not in any more */
        }
    }
    CHECK_EQ(dues.count, 90);
    CHECK(clasp_hub_dues_first(&dues, clasp_hub_dues_deadline(&dues) - 1) == NULL);
    for (uint64_t before = 0; dues.count > 0;) {
        clasp_hub_due *first = clasp_hub_dues_first(&dues, UINT64_MAX);
        CHECK(first->at_us >= before);
        before = first->at_us;
        clasp_hub_dues_drop(&dues, first);
    }
    clasp_hub_dues_deinit(&dues);
}

/* ---- moves --------------------------------------------------------------------------------------------------- */

TEST(start_end_and_cancel_pass_at_once) {
    static const uint8_t ENDS[] = {CLASP_PHASE_END, CLASP_PHASE_CANCEL};
    for (size_t i = 0; i < sizeof ENDS; i++) {
        begin_gesture(7);
        clasp_message message;
        CHECK(got_type(b, 0, CLASP_MSG_PUBLISH, &message) && message.phase == CLASP_PHASE_START);
        gesture_is(a, ENDS[i], 7, 1);
        CHECK(got_type(b, 0, CLASP_MSG_PUBLISH, &message) && message.phase == ENDS[i] && message.id == 7);
        CHECK(!got(b, 1, &message));
        end();
    }
}

TEST(the_newest_move_is_sent_after_quiet) {
    begin_gesture(7);
    for (unsigned n = 1; n <= 3; n++) {
        bench.now_us += 5000;
        gesture_is(a, CLASP_PHASE_MOVE, 7, n);
        CHECK(got_nothing(b));
        CHECK_EQ(clasp_hub_deadline(bench.hub), bench.now_us + QUIET);
    }
    wait_us(QUIET - 1);
    CHECK(got_nothing(b));
    wait_us(1);
    CHECK_TEXT(got_numbers(b), "3");
    CHECK(got_nothing(a));
    wait_us(SECOND);
    CHECK(got_nothing(b));
    CHECK_EQ(stat(CLASP_HUB_STAT_moves_held_total), 3);
    CHECK_EQ(stat(CLASP_HUB_STAT_publishes_total), 4);
    CHECK_EQ(stat(CLASP_HUB_STAT_deliveries_total), 2);
    CHECK_EQ(stat(CLASP_HUB_STAT_journal_entries), 2); /* as they went out */
    end();
}

TEST(a_hand_that_never_rests_is_seen_to_move) {
    begin_gesture(7);
    unsigned sent = 0;
    const uint64_t until = bench.now_us + SECOND;
    for (unsigned n = 1; bench.now_us < until; n++) {
        wait_us(8000);
        sent += !got_nothing(b);
        gesture_is(a, CLASP_PHASE_MOVE, 7, n);
        CHECK(clasp_hub_deadline(bench.hub) <= bench.now_us + QUIET);
    }
    CHECK(sent >= SECOND / (HOLD + 8000) - 1 && sent <= SECOND / HOLD);
    end();
}

TEST(the_held_move_goes_before_what_follows) {
    static const struct {
        const char *name;
        uint8_t phase; /* of what follows; 9: a SET, 8: an event */
        uint32_t id;
        const char *numbers;
    } ROWS[] = {
        {"end", CLASP_PHASE_END, 7, "2 5"},
        {"cancel", CLASP_PHASE_CANCEL, 7, "2 5"},
        {"start once more", CLASP_PHASE_START, 7, "2 5"},
        {"another gesture's start", CLASP_PHASE_START, 8, "2 5"},
        {"a move of no running gesture", CLASP_PHASE_MOVE, 8, "2 5"},
        {"event", 8, 0, "2 5"},
        {"SET", 9, 0, "2 5"},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].name);
        begin_gesture(7);
        gesture_is(a, CLASP_PHASE_MOVE, 7, 1);
        gesture_is(a, CLASP_PHASE_MOVE, 7, 2);
        clasp_message next = ROWS[i].phase == 9   ? set("/pad", 5)
                             : ROWS[i].phase == 8 ? publish("/pad", CLASP_SIGNAL_EVENT)
                                                  : gesture(ROWS[i].phase, ROWS[i].id, 5);
        next.value = talk_number(5);
        say(a, &next);
        CHECK_TEXT(got_numbers(b), ROWS[i].numbers);
        wait_us(SECOND);
        CHECK(got_nothing(b));
        end();
    }
}

TEST(other_addresses_and_other_senders_do_not_hurry_it) {
    begin_gesture(7);
    gesture_is(a, CLASP_PHASE_MOVE, 7, 1);
    do_publish(a, "/other");
    CHECK_TEXT(got_numbers(b), "1");
    gesture_is(b, CLASP_PHASE_START, 7, 3); /* b's own gesture of that id */
    CHECK(got_nothing(b));
    gesture_is(b, CLASP_PHASE_END, 7, 3);
    wait_us(QUIET);
    CHECK_TEXT(got_numbers(b), "1");
    end();
}

TEST(two_gestures_at_one_address_keep_their_order) {
    begin_gesture(1);
    gesture_is(a, CLASP_PHASE_START, 2, 0);
    gesture_is(a, CLASP_PHASE_MOVE, 1, 10);
    gesture_is(a, CLASP_PHASE_MOVE, 2, 20);
    bench.now_us += 10000;
    gesture_is(a, CLASP_PHASE_MOVE, 1, 11); /* now the newest of 1 is younger than that of 2 */
    CHECK(got_nothing(b));
    wait_us(6000);
    CHECK_TEXT(got_numbers(b), "20 11");
    end();
}

TEST(a_gesture_without_id_is_one_too) {
    begin_gesture(0);
    clasp_message start = gesture(CLASP_PHASE_START, 0, 1), move = gesture(CLASP_PHASE_MOVE, 0, 2);
    start.has &= ~CLASP_HAS_ID;
    move.has &= ~CLASP_HAS_ID;
    say(a, &move);
    CHECK(!got_nothing(b)); /* that with the id 0 runs, this one does not */
    say(a, &start);
    say(a, &move);
    CHECK(got_nothing(b));
    wait_us(QUIET);
    CHECK_TEXT(got_numbers(b), "2");
    end();
}

TEST(moves_after_the_end_pass_one_by_one) {
    begin_gesture(7);
    gesture_is(a, CLASP_PHASE_END, 7, 1);
    gesture_is(a, CLASP_PHASE_MOVE, 7, 2);
    CHECK_TEXT(got_numbers(b), "2");
    CHECK_EQ(stat(CLASP_HUB_STAT_moves_held_total), 0);
    end();
}

TEST(members_of_a_bundle_are_not_held) {
    begin_gesture(7);
    gesture_is(a, CLASP_PHASE_MOVE, 7, 1);
    const clasp_message members[] = {gesture(CLASP_PHASE_MOVE, 7, 2), gesture(CLASP_PHASE_END, 7, 3)};
    say_bundle(a, members, 2);
    CHECK_TEXT(got_numbers(b), "1 2 3");
    gesture_is(a, CLASP_PHASE_MOVE, 7, 4); /* the bundle has ended it */
    CHECK_TEXT(got_numbers(b), "4");
    end();
}

/* ---- ends ---------------------------------------------------------------------------------------------------- */

TEST(what_a_session_leaves_behind_is_sent) {
    begin_gesture(7);
    gesture_is(a, CLASP_PHASE_MOVE, 7, 1);
    clasp_outbox_clear(&bench.out);
    clasp_hub_disconnected(bench.hub, a, bench.now_us);
    CHECK_TEXT(got_numbers(b), "1");
    wait_us(SECOND);
    CHECK(got_nothing(b));
    end();

    begin_gesture(7);
    gesture_is(a, CLASP_PHASE_MOVE, 7, 2);
    say(a, &HELLO); /* a new session on the same connection */
    CHECK_TEXT(got_numbers(b), "2");
    gesture_is(a, CLASP_PHASE_MOVE, 7, 3);
    CHECK_TEXT(got_numbers(b), "3"); /* of no gesture that runs */
    end();
}

TEST(too_many_gestures_lose_the_holding_and_nothing_else) {
    begin_gesture(0);
    gesture_is(a, CLASP_PHASE_MOVE, 0, 1);
    for (uint32_t id = 1; id < CLASP_HUB_GESTURES; id++) {
        clasp_message start = gesture(CLASP_PHASE_START, id, 0);
        start.address = clasp_span_of("/other");
        say(a, &start);
    }
    clasp_message last = gesture(CLASP_PHASE_START, CLASP_HUB_GESTURES, 9);
    last.address = clasp_span_of("/other");
    say(a, &last); /* one too many: the oldest one goes, its move first to its receivers */
    CHECK_TEXT(got_numbers(b), "9 1");
    gesture_is(a, CLASP_PHASE_MOVE, 0, 2);
    CHECK_TEXT(got_numbers(b), "2");
    end();
}

TEST(the_bytes_of_held_moves_are_bounded) {
    enum { COUNT = 200 };
    static uint8_t bytes[60002];
    clasp_store_u16(bytes, 60000);
    begin_gesture(0);
    clasp_outbox_deinit(&bench.out);
    const size_t before = clasp_test_live_bytes();
    for (uint32_t id = 1; id <= COUNT; id++) { /* 12 MB in all */
        char address[16];
        snprintf(address, sizeof address, "/pad/%u", id);
        clasp_message start = gesture(CLASP_PHASE_START, id, 0), move = gesture(CLASP_PHASE_MOVE, id, 0);
        start.address = move.address = clasp_span_of(address);
        move.value = (clasp_value){{bytes, sizeof bytes}, CLASP_VALUE_BYTES};
        say(a, &start);
        say(a, &move);
    }
    clasp_outbox_deinit(&bench.out);
    const size_t journal =
        CLASP_HUB_JOURNAL_BYTES + (64u << 10); /* what went out: starts, and moves that had to go */
    CHECK(clasp_test_live_bytes() < before + CLASP_HUB_GESTURE_BYTES + journal);
    CHECK_EQ(stat(CLASP_HUB_STAT_moves_held_total), COUNT);
    wait_us(QUIET);
    CHECK_EQ(stat(CLASP_HUB_STAT_deliveries_total), 1 + 2 * COUNT); /* none is lost */
    end();
}

TEST(a_gesture_that_never_ends_is_forgotten) {
    begin_gesture(7);
    wait_us(CLASP_HUB_GESTURE_IDLE_US + CLASP_HUB_SWEEP_US);
    gesture_is(a, CLASP_PHASE_MOVE, 7, 1);
    CHECK_TEXT(got_numbers(b), "1");
    end();
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

static void try_message(clasp_hub *hub, clasp_outbox *out, uint32_t session, const clasp_message *message) {
    static uint8_t buffer[CLASP_FRAME_MAX];
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    clasp_frame_write(&w, message);
    clasp_hub_received(hub, session, clasp_written(&w), START);
    clasp_outbox_clear(out);
}

static void try_all(void *context) {
    (void)context;
    static const uint64_t SEED[2] = {1, 2};
    clasp_outbox out = {0};
    const clasp_hub_options options = {.max_sessions = 2, .journal_bytes = CLASP_HUB_NO_JOURNAL};
    clasp_hub *hub = clasp_hub_new(&options, SEED, &out);
    uint32_t session = 0;
    if (hub && clasp_hub_connected(hub, START, &session) == CLASP_OK) {
        try_message(hub, &out, session, &HELLO);
        for (uint32_t id = 0; id < 20; id++) {
            const clasp_message messages[] = {gesture(CLASP_PHASE_START, id, 0),
                                              gesture(CLASP_PHASE_MOVE, id, 1),
                                              gesture(CLASP_PHASE_MOVE, id, 2)};
            for (size_t i = 0; i < 3; i++) {
                try_message(hub, &out, session, &messages[i]);
            }
        }
        clasp_hub_tick(hub, START + QUIET);
        clasp_hub_disconnected(hub, session, START + QUIET);
    }
    clasp_hub_free(hub);
    clasp_outbox_deinit(&out);
}

TEST(a_failed_allocation_breaks_nothing) { CHECK(clasp_test_each_allocation(try_all, NULL) > 40); }

int main(void) {
    RUN(what_is_due_comes_in_the_order_of_its_time);
    RUN(start_end_and_cancel_pass_at_once);
    RUN(the_newest_move_is_sent_after_quiet);
    RUN(a_hand_that_never_rests_is_seen_to_move);
    RUN(the_held_move_goes_before_what_follows);
    RUN(other_addresses_and_other_senders_do_not_hurry_it);
    RUN(two_gestures_at_one_address_keep_their_order);
    RUN(a_gesture_without_id_is_one_too);
    RUN(moves_after_the_end_pass_one_by_one);
    RUN(members_of_a_bundle_are_not_held);
    RUN(what_a_session_leaves_behind_is_sent);
    RUN(too_many_gestures_lose_the_holding_and_nothing_else);
    RUN(the_bytes_of_held_moves_are_bounded);
    RUN(a_gesture_that_never_ends_is_forgotten);
    RUN(a_failed_allocation_breaks_nothing);
    return check_summary();
}
