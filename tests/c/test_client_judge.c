/* After a loss: what is settled, what is sent again, what is put back. */
#include "client_bench.h"

/* What was sent from the n-th message on, without those of the asking: GET, PING, SYNC. */
static bool asked(uint32_t n) {
    clasp_message message;
    return sent_to(n, CLASP_MSG_GET, CLAIM) && sent(n + 1, &message) && message.type == CLASP_MSG_PING &&
           sent(n + 2, &message) && message.type == CLASP_MSG_SYNC;
}

/* ---- a relay of ours ----------------------------------------------------------------------------------------- */

TEST(nothing_is_sent_before_the_judgement) {
    begin_welcomed();
    CHECK(asked(0));
    do_set("/a", 1, 1);
    CHECK_EQ(sent_count(), 0);
    hear_claim(false, 0, NULL, 0);
    CHECK(sent_set(0, "/a", 1) && sent_count() == 1 && settled_nothing());
    CHECK(!talk_effect(&bench.out, CLASP_EFFECT_DELIVER, 0));
    end();
}

TEST(what_the_relay_has_taken_is_settled_and_the_rest_sent_again_in_order) {
    static const struct {
        uint64_t sets;
        uint64_t outcomes[4];
        uint32_t count;
        clasp_err err[4]; /* of each SET: MORE: it is sent again */
        double number[4];
    } ROWS[] = {
        {0, {0}, 0, {CLASP_MORE, CLASP_MORE, CLASP_MORE, CLASP_MORE}, {0}},
        {2, {7, 8}, 2, {CLASP_OK, CLASP_OK, CLASP_MORE, CLASP_MORE}, {7, 8}},
        {3,
         {7, OUTCOME_ERROR | 401, 9},
         3,
         {CLASP_OK, CLASP_RELAY_REFUSED, CLASP_OK, CLASP_MORE},
         {7, 401, 9}},
        {4, {9}, 1, {CLASP_OK, CLASP_OK, CLASP_OK, CLASP_OK}, {0, 0, 0, 9}}, /* not all are remembered */
        {4, {0}, 0, {CLASP_OK, CLASP_OK, CLASP_OK, CLASP_OK}, {0}},
    };
    static const char *const ADDRESSES[4] = {"/a", "/b", "/a", "/c"};
    for (unsigned row = 0; row < sizeof ROWS / sizeof *ROWS; row++) {
        begin_open();
        for (uint32_t i = 0; i < 4; i++) {
            do_set(ADDRESSES[i], i, i + 1);
        }
        come_back("you");
        CHECK(asked(0) && sent_count() == 3);
        hear_claim(true, ROWS[row].sets, ROWS[row].outcomes, ROWS[row].count);
        uint32_t told = 0, again = 0;
        for (uint32_t i = 0; i < 4; i++) {
            if (ROWS[row].err[i] == CLASP_MORE) {
                CHECK(sent_set(again++, ADDRESSES[i], i));
            } else {
                CHECK(settled_at(told++, i + 1, ROWS[row].err[i], ROWS[row].number[i]));
            }
        }
        CHECK(!talk_effect(&bench.out, CLASP_EFFECT_SETTLED, told) && sent_count() == again);
        end();
    }
}

TEST(numbers_go_on_from_what_the_relay_counts) {
    begin_open();
    do_set("/a", 1, 1); /* 1: taken */
    do_set("/a", 2, 2); /* 2: lost */
    come_back("you");
    const uint64_t one[] = {5};
    hear_claim(true, 1, one, 1);
    CHECK(settled(1, CLASP_OK, 5) && sent_set(0, "/a", 2)); /* 2 again */
    do_set("/a", 3, 3);                                     /* 3 */
    come_back("they");
    come_back("them"); /* lost again, before the answer */
    const uint64_t two[] = {5, 6};
    hear_claim(true, 2, two, 2);
    CHECK(settled(2, CLASP_OK, 6) && sent_set(0, "/a", 3) && sent_count() == 1);
    end();
}

TEST(a_fire_set_is_never_sent_again) {
    begin_open();
    CHECK_EQ(set_as("/a", 1, CLASP_QOS_FIRE, 1), CLASP_OK);
    CHECK_EQ(set_as("/a", 2, CLASP_QOS_FIRE, 2), CLASP_OK);
    come_back("you");
    const uint64_t outcome = 4;
    hear_claim(true, 1, &outcome, 1);
    CHECK(settled_at(0, 1, CLASP_OK, 4) && settled_at(1, 2, CLASP_NOT_CONNECTED, 0));
    CHECK_EQ(sent_count(), 0);
    end();
}

TEST(what_waits_too_long_times_out_while_there_is_no_session) {
    begin_open();
    do_set("/a", 1, 1);
    lose();
    clasp_outbox_clear(&bench.out);
    while (settled_nothing() && bench.now_us < START + CLASP_CLIENT_SET_AGE_US) {
        pass_to_deadline();
        if (clasp_client_get_state(bench.client) == CLASP_SESSION_CONNECTING) {
            clasp_client_socket_closed(bench.client, 1006, bench.now_us);
        }
    }
    CHECK(settled(1, CLASP_TIMEOUT, 0));
    CHECK_EQ(bench.now_us, START + CLASP_CLIENT_SET_AGE_US);
    end();
}

TEST(a_relay_over_its_rate_is_asked_again) {
    begin_welcomed();
    do_set("/a", 1, 1);
    hear_error(429, CLAIM);
    CHECK(!talk_effect(&bench.out, CLASP_EFFECT_SESSION_ERROR, 0)); /* nobody knows of claims */
    hear_bare(CLASP_MSG_PONG);
    CHECK_EQ(sent_count(), 0);
    pass(CLASP_CLIENT_ASK_US - 1);
    CHECK_EQ(sent_count(), 0);
    clasp_outbox_clear(&bench.out);
    bench.now_us++;
    clasp_client_tick(bench.client, bench.now_us);
    CHECK(sent_to(0, CLASP_MSG_GET, CLAIM));
    hear_claim(false, 0, NULL, 0);
    CHECK(sent_set(0, "/a", 1));
    end();
}

TEST(an_answer_that_is_none_judges_nothing) {
    begin_welcomed();
    do_set("/a", 1, 1);
    hear_param(CLAIM, talk_number(1), 0, NULL);
    CHECK_EQ(bench.out.count, 0);
    hear_bare(CLASP_MSG_PONG);
    CHECK(sent_set(0, "/a", 1));
    end();
}

/* ---- another relay ------------------------------------------------------------------------------------------- */

/* Open with a relay that does not know claims. */
static void begin_with_another(void) {
    begin_welcomed();
    hear_bare(CLASP_MSG_PONG);
}

TEST(another_relay_is_judged_by_its_params) {
    static const struct {
        const char *writer;
        double value;
        uint64_t revision;
        unsigned taken; /* of the SETs 1, 2, 1 with the revisions 6, 7, 8 */
        double numbers[3];
    } ROWS[] = {
        {"me", 1, 6, 1, {6}},           {"me", 2, 7, 2, {6, 7}}, {"me", 1, 8, 3, {6, 7, 8}},
        {"me", 9, 5, 0, {0}},           {"other", 2, 7, 0, {0}}, {NULL, 2, 7, 0, {0}},
        {"me", 1, 20, 3, {18, 19, 20}}, /* others have written, too: the last one with this value */
    };
    for (unsigned row = 0; row < sizeof ROWS / sizeof *ROWS; row++) {
        begin_with_another();
        do_set("/a", 9, 9);
        hear_ack("/a", 5);
        do_set("/a", 1, 1);
        do_set("/a", 2, 2);
        do_set("/b", 3, 4);
        do_set("/a", 1, 3);
        come_back("you");
        hear_param("/a", talk_number(ROWS[row].value), ROWS[row].revision, ROWS[row].writer);
        CHECK(settled_nothing());
        hear_bare(CLASP_MSG_PONG);
        for (unsigned i = 0; i < ROWS[row].taken; i++) {
            CHECK(settled_at(i, i + 1, CLASP_OK, ROWS[row].numbers[i]));
        }
        CHECK(!talk_effect(&bench.out, CLASP_EFFECT_SETTLED, ROWS[row].taken));
        uint32_t n = 0;
        for (unsigned i = ROWS[row].taken; i < 2; i++) {
            CHECK(sent_set(n++, "/a", i + 1));
        }
        CHECK(sent_set(n++, "/b", 3));
        CHECK_EQ(sent_count(), n + (ROWS[row].taken < 3));
        end();
    }
}

TEST(another_relay_gets_a_param_back_as_a_plain_set) {
    begin_with_another();
    do_set("/a", 1, 1);
    do_set("/b", 2, 2);
    hear_ack("/a", 4);
    hear_ack("/b", 5);
    come_back("you");
    hear_param("/b", talk_number(2), 5, "me");
    hear_bare(CLASP_MSG_PONG);
    CHECK(sent_set(0, "/a", 1) && sent_count() == 1);
    hear_ack("/a", 1);
    CHECK(settled_nothing());
    end();
}

TEST(what_nobody_has_counted_is_judged_by_params) {
    begin_with_another();
    do_set("/a", 1, 1);
    do_set("/b", 2, 2);
    come_back("you");
    hear_param("/a", talk_number(1), 1, "me");
    hear_claim(true, 17, NULL, 0);
    CHECK(settled(1, CLASP_OK, 1) && sent_set(0, "/b", 2) && sent_count() == 1);
    end();
}

/* ---- putting back -------------------------------------------------------------------------------------------- */

static void begin_with_own(void) {
    begin_open();
    clasp_message set = set_message("/a", 1);
    set.has = CLASP_HAS_LOCK | CLASP_HAS_TTL;
    set.ttl = CLASP_TTL_ABSOLUTE | 60;
    CHECK_EQ(clasp_client_set(bench.client, &set, CLASP_QOS_CONFIRM, 1, bench.now_us), CLASP_OK);
    hear_ack("/a", 7);
}

TEST(a_relay_that_has_forgotten_gets_params_back_first) {
    begin_with_own();
    do_set("/a", 2, 2);
    come_back("you");
    hear_claim(false, 0, NULL, 0);
    clasp_message message;
    CHECK(sent_set(0, "/clasp/restore/7/a", 1) && sent_set(1, "/a", 2) && sent_count() == 2);
    CHECK(sent(0, &message) && message.ttl == (CLASP_TTL_ABSOLUTE | 60));
    CHECK_EQ(message.has & (CLASP_HAS_LOCK | CLASP_HAS_TTL), CLASP_HAS_LOCK | CLASP_HAS_TTL);
    hear_ack("/clasp/restore/7/a", 7);
    CHECK(settled_nothing());
    hear_ack("/a", 8);
    CHECK(settled(2, CLASP_OK, 8));
    end();
}

/* What happens before the relay comes back without its memory, and whether the param is put back then. */
typedef void before_loss(void);
static void nothing(void) {}
static void own_echo(void) {
    clasp_message set = set_message("/a", 1);
    set.has = CLASP_HAS_REVISION;
    set.revision = 7;
    hear(&set);
}
static void foreign_set(void) {
    clasp_message set = set_message("/a", 3);
    set.has = CLASP_HAS_REVISION;
    set.revision = 8;
    hear(&set);
}
static void foreign_set_and_refusal(void) {
    do_set("/a", 5, 2);
    foreign_set();
    hear_error(401, "/a");
}
static void foreign_set_and_own(void) {
    do_set("/a", 1, 2);
    foreign_set();
    hear_ack("/a", 7);
}
static void foreign_value(void) { hear_param("/a", talk_number(9), 7, "other"); }
static void foreign_bundle(void) {
    CHECK_EQ(clasp_client_bundle_begin(bench.client), CLASP_OK);
    const clasp_message one = set_message("/a", 5), two = set_message("/b", 6);
    CHECK_EQ(clasp_client_set(bench.client, &one, CLASP_QOS_CONFIRM, 0, bench.now_us), CLASP_OK);
    CHECK_EQ(clasp_client_set(bench.client, &two, CLASP_QOS_CONFIRM, 0, bench.now_us), CLASP_OK);
    CHECK_EQ(clasp_client_bundle_end(bench.client, NULL, 3, bench.now_us), CLASP_OK);
    hear(&(clasp_message){.type = CLASP_MSG_ACK, .has = CLASP_HAS_REVISION, .revision = 4});
    CHECK(settled(3, CLASP_OK, 4)); /* which of the two was skipped is not known */
}
static void life_over(void) { pass(61 * SECOND); }

TEST(only_what_is_still_ours_is_put_back) {
    static const struct {
        before_loss *happens;
        bool is_put_back;
    } ROWS[] = {{nothing, true},
                {own_echo, true},
                {foreign_set, false},
                {foreign_set_and_refusal, false},
                {foreign_set_and_own, true},
                {foreign_value, false},
                {foreign_bundle, false},
                {life_over, false}};
    for (unsigned row = 0; row < sizeof ROWS / sizeof *ROWS; row++) {
        begin_with_own();
        ROWS[row].happens();
        come_back("you");
        hear_claim(false, 0, NULL, 0);
        CHECK_EQ(sent_set(0, "/clasp/restore/7/a", 1), ROWS[row].is_put_back);
        CHECK_EQ(sent_count(), ROWS[row].is_put_back);
        end();
    }
}

TEST(nothing_is_put_back_on_a_relay_that_knows_the_client) {
    begin_with_own();
    come_back("you");
    hear_claim(true, 1, NULL, 0);
    CHECK_EQ(sent_count(), 0);
    end();
}

TEST(what_another_one_has_put_back_newer_is_not_ours_any_more) {
    begin_with_own();
    come_back("you");
    hear_param("/a", talk_number(0), 5, "other"); /* an older one proves nothing */
    hear_claim(false, 0, NULL, 0);
    CHECK(sent_set(0, "/clasp/restore/7/a", 1));
    hear_ack("/clasp/restore/7/a", 9);
    come_back("you");
    hear_claim(false, 0, NULL, 0);
    CHECK_EQ(sent_count(), 0);
    end();
}

int main(void) {
    RUN(nothing_is_sent_before_the_judgement);
    RUN(what_the_relay_has_taken_is_settled_and_the_rest_sent_again_in_order);
    RUN(numbers_go_on_from_what_the_relay_counts);
    RUN(a_fire_set_is_never_sent_again);
    RUN(what_waits_too_long_times_out_while_there_is_no_session);
    RUN(a_relay_over_its_rate_is_asked_again);
    RUN(an_answer_that_is_none_judges_nothing);
    RUN(another_relay_is_judged_by_its_params);
    RUN(another_relay_gets_a_param_back_as_a_plain_set);
    RUN(what_nobody_has_counted_is_judged_by_params);
    RUN(a_relay_that_has_forgotten_gets_params_back_first);
    RUN(only_what_is_still_ours_is_put_back);
    RUN(nothing_is_put_back_on_a_relay_that_knows_the_client);
    RUN(what_another_one_has_put_back_newer_is_not_ours_any_more);
    return check_summary();
}
