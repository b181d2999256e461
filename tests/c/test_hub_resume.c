/* Clients that a hub knows again, and params that they put back. */
#include "alloc.h"
#include "hub_bench.h"

#define SECRET_A "/clasp/session/000102030405060708090a0b0c0d0e0f"
#define SECRET_B "/clasp/session/ffffffffffffffffffffffffffffffff"
#define OUTCOME_ERROR (UINT64_C(1) << 63)

/* The answer to a claim, the n-th message of the session. */
typedef struct answer {
    bool is_there, known;
    uint64_t sets;
    clasp_span outcomes;
} answer;

static answer answer_at(uint32_t session, unsigned n, const char *claim) {
    clasp_message message;
    answer a = {0};
    if (!got_type(session, n, CLASP_MSG_SNAPSHOT, &message) || message.list.count != 1) {
        return a;
    }
    clasp_param param;
    clasp_reader r = clasp_list_reader(message.list);
    clasp_next_param(&r, &param);
    clasp_value known, sets, outcomes;
    a.is_there = talk_is(param.address, claim) && clasp_value_count(param.value) == 3 &&
                 clasp_value_get(param.value, clasp_span_of("known"), &known) &&
                 clasp_value_get(param.value, clasp_span_of("sets"), &sets) &&
                 clasp_value_get(param.value, clasp_span_of("outcomes"), &outcomes) &&
                 known.type == CLASP_VALUE_BOOL && sets.type == CLASP_VALUE_I64 &&
                 outcomes.type == CLASP_VALUE_BYTES;
    if (a.is_there) {
        a.known = known.data.at[0] != 0;
        a.sets = clasp_load_u64(sets.data.at);
        a.outcomes = (clasp_span){outcomes.data.at + 2, outcomes.data.len - 2};
    }
    return a;
}

static answer claim(uint32_t session, const char *address) {
    do_get(session, address);
    return answer_at(session, 0, address);
}

static uint64_t outcome(const answer *a, uint32_t n) {
    return n * 8 < a->outcomes.len ? clasp_load_u64(a->outcomes.at + (size_t)n * 8) : 0;
}

static void leave(uint32_t session) { clasp_hub_disconnected(bench.hub, session, bench.now_us); }

/* ---- claims -------------------------------------------------------------------------------------------------- */

/* So many PINGs in one message, in a block of its own size: given. */
static clasp_span run_of_pings(uint32_t count) {
    const clasp_span ping = talk_frame(&(clasp_message){.type = CLASP_MSG_PING});
    uint8_t *run = malloc((size_t)count * ping.len);
    for (uint32_t i = 0; run && i < count; i++) {
        memcpy(run + (size_t)i * ping.len, ping.at, ping.len);
    }
    free((void *)ping.at);
    return (clasp_span){run, run ? count * ping.len : 0};
}

TEST(a_long_run_of_frames_is_taken_in_parts) {
    begin();
    const uint32_t session = join();
    claim(session, SECRET_A);
    const clasp_span run = run_of_pings(CLASP_HUB_RUN + 3);
    uint32_t used = 0;
    clasp_outbox_clear(&bench.out);
    CHECK_EQ(clasp_hub_take(bench.hub, session, run, bench.now_us, &used), CLASP_OK);
    CHECK_EQ(used, run.len / (CLASP_HUB_RUN + 3) * CLASP_HUB_RUN);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_HUB_SEND), CLASP_HUB_RUN);
    clasp_outbox_clear(&bench.out);
    const clasp_span rest = {run.at + used, run.len - used};
    CHECK_EQ(clasp_hub_take(bench.hub, session, rest, bench.now_us, &used), CLASP_OK);
    CHECK_EQ(used, rest.len);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_HUB_SEND), 3);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_HUB_SLOW), 0);
    CHECK_EQ(feed(session, run), CLASP_OK); /* who has nobody else to serve takes all */
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_HUB_SEND), CLASP_HUB_RUN + 3);
    free((void *)run.at);
    end();
}

TEST(a_run_over_the_rate_is_answered_and_may_wait) {
    begin_with(&(clasp_hub_options){.messages_per_second = 10});
    const uint32_t session = join();
    claim(session, SECRET_A);
    const clasp_span run = run_of_pings(20);
    CHECK_EQ(feed(session, run), CLASP_OK);
    CHECK_EQ(talk_count(&bench.out, CLASP_EFFECT_HUB_SEND), 20);
    const clasp_effect *slow = talk_effect(&bench.out, CLASP_EFFECT_HUB_SLOW, 0);
    CHECK(slow && slow->a == session && !talk_effect(&bench.out, CLASP_EFFECT_HUB_SLOW, 1));
    clasp_message message;
    CHECK(got_type(session, 7, CLASP_MSG_PONG, &message)); /* HELLO and the claim were two of ten */
    CHECK(got_type(session, 8, CLASP_MSG_ERROR, &message) && message.code == 429);
    free((void *)run.at);
    end();
}

TEST(a_new_client_is_not_known) {
    begin();
    const uint32_t session = join();
    const answer a = claim(session, SECRET_A);
    CHECK(a.is_there && !a.known && a.sets == 0 && a.outcomes.len == 0);
    CHECK(claim(session, SECRET_A).known); /* its own, again */
    end();
}

TEST(what_became_of_each_set_is_told_to_the_next_session) {
    begin();
    const uint32_t other = join(), first = join();
    clasp_message locking = set("/l", 1);
    locking.has = CLASP_HAS_LOCK;
    say(other, &locking);
    do_set(first, "/before", 1); /* not counted: nothing was claimed */
    claim(first, SECRET_A);
    do_set(first, "/a", 1);
    do_set(first, "/a", 2);
    do_set(first, "/l", 3);
    do_set(first, "bad", 4);
    do_publish(first, "/a"); /* not counted */
    const clasp_message members[] = {set("/a", 5), set("/b", 6)};
    say_bundle(first, members, 2);
    leave(first);
    const answer a = claim(join(), SECRET_A);
    CHECK(a.is_there && a.known);
    CHECK_EQ(a.sets, 5);
    static const uint64_t EXPECTED[] = {1, 2, OUTCOME_ERROR | 401, OUTCOME_ERROR | 200, 1};
    for (uint32_t i = 0; i < 5; i++) {
        CHECK_EQ(outcome(&a, i), EXPECTED[i]);
    }
    end();
}

TEST(what_was_over_the_rate_counts) {
    begin_with(&(clasp_hub_options){.messages_per_second = 3});
    const uint32_t first = join();
    claim(first, SECRET_A);
    do_set(first, "/a", 1);
    do_set(first, "/a", 2);
    bench.now_us += 10 * SECOND;
    leave(first);
    const answer a = claim(join(), SECRET_A);
    CHECK_EQ(a.sets, 2);
    CHECK_EQ(outcome(&a, 0), 1);
    CHECK_EQ(outcome(&a, 1), OUTCOME_ERROR | 429);
    end();
}

TEST(counts_go_on_and_the_last_results_are_kept) {
    begin();
    uint32_t session = join();
    claim(session, SECRET_A);
    const uint32_t half = CLASP_HUB_RESULTS / 2 + 5;
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < half; i++) {
            do_set(session, "/a", i);
        }
        leave(session);
        session = join();
        const answer a = claim(session, SECRET_A);
        const uint32_t sets = (round + 1) * half;
        CHECK(a.known);
        CHECK_EQ(a.sets, sets);
        CHECK_EQ(a.outcomes.len / 8, sets < CLASP_HUB_RESULTS ? sets : CLASP_HUB_RESULTS);
        CHECK_EQ(outcome(&a, a.outcomes.len / 8 - 1), sets);
        CHECK_EQ(outcome(&a, 0), sets - a.outcomes.len / 8 + 1);
    }
    end();
}

TEST(the_former_session_is_given_up_and_its_locks_pass) {
    begin();
    const uint32_t former = join(), other = join(), next = join();
    claim(former, SECRET_A);
    clasp_message locking = set("/l", 1);
    locking.has = CLASP_HAS_LOCK;
    say(former, &locking);
    do_get(next, SECRET_A);
    const clasp_effect *closed = talk_effect(&bench.out, CLASP_EFFECT_HUB_CLOSE, 0);
    CHECK(closed && closed->a == former && closed->b == 1008);
    CHECK_EQ(feed(former, (clasp_span){NULL, 0}), CLASP_BAD_HANDLE); /* what it still sends does not count */
    do_set(other, "/l", 2);
    CHECK(got_error(other, 401, "/l"));
    do_set(next, "/l", 3);
    clasp_message ack;
    CHECK(got_type(next, 0, CLASP_MSG_ACK, &ack) && ack.revision == 2);
    leave(next);
    do_set(other, "/l", 4);
    CHECK(got_type(other, 0, CLASP_MSG_ACK, &ack));
    end();
}

TEST(what_is_no_claim_is_refused) {
    static const char *const BAD[] = {
        "/clasp/session/",
        "/clasp/session/000102030405060708090a0b0c0d0e0",
        "/clasp/session/000102030405060708090a0b0c0d0e0f0",
        "/clasp/session/000102030405060708090A0B0C0D0E0F",
        "/clasp/session/000102030405060708090a0b0c0d0e/f",
    };
    begin();
    const uint32_t session = join();
    for (unsigned i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        do_get(session, BAD[i]);
        CHECK(got_error(session, 200, BAD[i]));
    }
    claim(session, SECRET_A);
    do_get(session, SECRET_B);
    CHECK(got_error(session, 403, SECRET_B));
    end();
}

TEST(a_claim_is_no_param) {
    begin();
    const uint32_t session = join();
    claim(session, SECRET_A);
    do_set(session, SECRET_A, 1);
    CHECK(got_error(session, 403, SECRET_A));
    const clasp_message member = set(SECRET_A, 1);
    say_bundle(session, &member, 1);
    CHECK(got_error(session, 403, SECRET_A));
    do_subscribe(session, 1, "/**");
    CHECK(got_nothing(session));
    const clasp_message query = {.type = CLASP_MSG_QUERY, .address = clasp_span_of("/**")};
    clasp_message result;
    say(session, &query);
    CHECK(got_type(session, 0, CLASP_MSG_RESULT, &result) && result.list.count == 0);
    end();
}

TEST(a_client_is_forgotten_after_a_while) {
    static const struct {
        uint64_t away_us;
        bool known;
    } ROWS[] = {{CLASP_HUB_RESUME_US - 1, true}, {CLASP_HUB_RESUME_US, false}};
    for (unsigned i = 0; i < 2; i++) {
        begin();
        const uint32_t session = join();
        claim(session, SECRET_A);
        do_set(session, "/a", 1);
        leave(session);
        bench.now_us += ROWS[i].away_us;
        CHECK_EQ(claim(join(), SECRET_A).known, ROWS[i].known);
        end();
    }
}

TEST(clients_that_never_wrote_leave_nothing_behind) {
    begin();
    const uint32_t session = join();
    claim(session, SECRET_A);
    leave(session);
    CHECK(!claim(join(), SECRET_A).known);
    end();
}

/* Sessions that write once and go. */
static void visit(uint32_t number) {
    char address[64];
    snprintf(address, sizeof address, "/clasp/session/%032x", number);
    const uint32_t session = join();
    claim(session, address);
    do_set(session, "/a", number);
    leave(session);
}

TEST(clients_are_bounded_and_the_first_to_have_gone_goes) {
    begin();
    for (uint32_t i = 0; i <= CLASP_HUB_RESUME_CLIENTS; i++) {
        visit(i);
    }
    CHECK(!claim(join(), "/clasp/session/00000000000000000000000000000000").known);
    CHECK(claim(join(), "/clasp/session/00000000000000000000000000000002").known);
    end();
}

TEST(with_every_client_there_a_new_one_is_not_known) {
    begin_with(&(clasp_hub_options){.max_sessions = CLASP_HUB_RESUME_CLIENTS + 2});
    char address[64];
    for (uint32_t i = 0; i < CLASP_HUB_RESUME_CLIENTS; i++) {
        snprintf(address, sizeof address, "/clasp/session/%032x", i);
        CHECK(claim(join(), address).is_there);
    }
    const uint32_t session = join();
    do_get(session, SECRET_B);
    CHECK(got_error(session, 501, SECRET_B));
    end();
}

/* As say(), without an allocation of its own. */
static void say_quietly(uint32_t session, const clasp_message *message) {
    static uint8_t buffer[256];
    clasp_writer w = clasp_writer_of(buffer, sizeof buffer);
    clasp_frame_write(&w, message);
    CHECK_EQ(feed(session, clasp_written(&w)), CLASP_OK);
}

/* Whatever allocation fails: the count goes on, and results that were not kept are not told. */
static void live(void *context) {
    (void)context;
    memset(&bench, 0, sizeof bench);
    bench.now_us = START;
    bench.hub = clasp_hub_new(&(clasp_hub_options){0}, (uint64_t[2]){1, 2}, &bench.out);
    uint32_t sessions[2];
    for (uint32_t i = 0; bench.hub && i < 2; i++) {
        CHECK_EQ(clasp_hub_connected(bench.hub, bench.now_us, &sessions[i]), CLASP_OK);
        const clasp_message get = {.type = CLASP_MSG_GET, .address = clasp_span_of(SECRET_A)};
        say_quietly(sessions[i], &HELLO);
        say_quietly(sessions[i], &get);
        const answer a = answer_at(sessions[i], 0, SECRET_A);
        if (i == 1 && a.is_there) {
            CHECK(a.known ? a.sets == 3 && a.outcomes.len % 8 == 0 && a.outcomes.len <= 24 : a.sets == 0);
        }
        for (uint32_t k = 0; k < 3; k++) {
            const clasp_message write = set("/a", k);
            say_quietly(sessions[i], &write);
        }
        leave(sessions[i]);
    }
    end();
}

TEST(no_failed_allocation_loses_count) { CHECK(clasp_test_each_allocation(live, NULL) > 10); }

/* ---- putting back -------------------------------------------------------------------------------------------- */

/* A SET to a restore address; the revision that its ACK names, 0 when there is none. */
static uint64_t restore(uint32_t session, const char *address, double number) {
    do_set(session, address, number);
    clasp_message message;
    for (unsigned n = 0; got(session, n, &message); n++) {
        if (message.type == CLASP_MSG_ACK && talk_is(message.address, address)) {
            return message.revision;
        }
    }
    return 0;
}

static bool param_is(uint32_t session, const char *address, double number, uint64_t revision) {
    clasp_message message;
    clasp_param param;
    double is = 0;
    do_get(session, address);
    if (!got_type(session, 0, CLASP_MSG_SNAPSHOT, &message)) {
        return false;
    }
    clasp_reader r = clasp_list_reader(message.list);
    clasp_next_param(&r, &param);
    return clasp_value_number(param.value, &is) && is == number && param.revision == revision;
}

TEST(a_param_is_put_back_only_over_nothing_or_what_is_older_and_put_back) {
    begin();
    const uint32_t session = join();
    CHECK_EQ(restore(session, "/clasp/restore/7/a", 1), 7);
    CHECK(param_is(session, "/a", 1, 7));
    CHECK_EQ(restore(session, "/clasp/restore/6/a", 2), 7); /* older */
    CHECK_EQ(restore(session, "/clasp/restore/7/a", 3), 7); /* as old */
    CHECK(param_is(session, "/a", 1, 7));
    CHECK_EQ(restore(session, "/clasp/restore/9/a", 4), 9);
    CHECK(param_is(session, "/a", 4, 9));
    do_set(session, "/a", 5);
    CHECK_EQ(restore(session, "/clasp/restore/20/a", 6), 10); /* set since */
    CHECK(param_is(session, "/a", 5, 10));
    end();
}

TEST(subscribers_see_the_address_that_is_meant) {
    begin();
    const uint32_t session = join(), other = join();
    do_subscribe(other, 1, "/**");
    restore(session, "/clasp/restore/7/a/b", 1);
    clasp_message news;
    CHECK(got_type(other, 0, CLASP_MSG_SET, &news) && talk_is(news.address, "/a/b") && news.revision == 7);
    CHECK(!got(other, 1, &news));
    restore(session, "/clasp/restore/3/a/b", 2);
    CHECK(got_nothing(other));
    end();
}

TEST(a_lock_is_put_back_and_keeps_others_from_putting_back) {
    begin();
    const uint32_t session = join(), other = join();
    clasp_message locking = set("/clasp/restore/7/a", 1);
    locking.has = CLASP_HAS_LOCK;
    say(session, &locking);
    do_set(other, "/a", 2);
    CHECK(got_error(other, 401, "/a"));
    CHECK_EQ(restore(other, "/clasp/restore/9/a", 3), 7);
    CHECK(param_is(session, "/a", 1, 7));
    end();
}

TEST(what_is_no_restore_address_is_refused) {
    static const struct {
        const char *address;
        uint16_t code;
    } ROWS[] = {
        {"/clasp/restore/", 200},
        {"/clasp/restore/a", 200},
        {"/clasp/restore//a", 200},
        {"/clasp/restore/7", 200},
        {"/clasp/restore/0/a", 200},
        {"/clasp/restore/07/a", 200},
        {"/clasp/restore/7x/a", 200},
        {"/clasp/restore/7//a", 200},
        {"/clasp/restore/9007199254740992/a", 200},
        {"/clasp/restore/99999999999999999999/a", 200},
        {"/clasp/restore/7/clasp/restore/7/a", 403},
        {"/clasp/restore/7" SECRET_A, 403},
    };
    begin();
    const uint32_t session = join();
    for (unsigned i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].address);
        do_set(session, ROWS[i].address, 1);
        CHECK(got_error(session, ROWS[i].code, ROWS[i].address));
    }
    CHECK_CONTEXT(NULL);
    CHECK_EQ(restore(session, "/clasp/restore/9007199254740991/a", 1), 9007199254740991);
    const clasp_message member = set("/clasp/restore/7/b", 1);
    say_bundle(session, &member, 1);
    CHECK(got_error(session, 403, "/clasp/restore/7/b"));
    end();
}

int main(void) {
    RUN(a_long_run_of_frames_is_taken_in_parts);
    RUN(a_run_over_the_rate_is_answered_and_may_wait);
    RUN(a_new_client_is_not_known);
    RUN(what_became_of_each_set_is_told_to_the_next_session);
    RUN(what_was_over_the_rate_counts);
    RUN(counts_go_on_and_the_last_results_are_kept);
    RUN(the_former_session_is_given_up_and_its_locks_pass);
    RUN(what_is_no_claim_is_refused);
    RUN(a_claim_is_no_param);
    RUN(a_client_is_forgotten_after_a_while);
    RUN(clients_that_never_wrote_leave_nothing_behind);
    RUN(clients_are_bounded_and_the_first_to_have_gone_goes);
    RUN(with_every_client_there_a_new_one_is_not_known);
    RUN(no_failed_allocation_loses_count);
    RUN(a_param_is_put_back_only_over_nothing_or_what_is_older_and_put_back);
    RUN(subscribers_see_the_address_that_is_meant);
    RUN(a_lock_is_put_back_and_keeps_others_from_putting_back);
    RUN(what_is_no_restore_address_is_refused);
    return check_summary();
}
