/* Tokens, scopes and limits per host, as the clients of a hub meet them. */
#include "alloc.h"
#include "hub_bench.h"

/* ---- lists of tokens ----------------------------------------------------------------------------------------- */

typedef struct grant {
    const char *token;
    uint64_t expires_us;
    const char *scopes[4]; /* up to the first NULL */
} grant;

static void write_c_text(clasp_writer *w, const char *text) { clasp_write_text(w, clasp_span_of(text)); }

/* In a buffer that lives until the next call. */
static clasp_span grants_of(const grant *grants, uint32_t count) {
    static uint8_t storage[8192];
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    clasp_write_u32(&w, count);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t scopes = 0;
        while (scopes < 4 && grants[i].scopes[scopes]) {
            scopes++;
        }
        write_c_text(&w, grants[i].token);
        clasp_write_u64(&w, grants[i].expires_us);
        clasp_write_u16(&w, scopes);
        for (uint16_t k = 0; k < scopes; k++) {
            write_c_text(&w, grants[i].scopes[k]);
        }
    }
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

static clasp_err grant_only(const grant *grants, uint32_t count) {
    clasp_outbox_clear(&bench.out);
    return clasp_hub_set_tokens(bench.hub, grants_of(grants, count), bench.now_us);
}

static const grant STAGE[] = {
    {"viewer", 0, {"r:/stage/**", NULL}},
    {"desk", 0, {"write:/stage/*/level", "read:/stage/**", NULL}},
    {"peer", 0, {"w:/clasp/p2p/**", NULL}},
    {"root", 0, {"admin:/**", NULL}},
    {"nothing", 0, {NULL}},
    {"hour", START + 3600 * SECOND, {"*:/**", NULL}},
    {"old", START, {"*:/**", NULL}},
};

static void begin_stage(void) {
    begin();
    CHECK_EQ(grant_only(STAGE, sizeof STAGE / sizeof *STAGE), CLASP_OK);
}

static uint32_t hello_with(const char *token) {
    const uint32_t session = connect_only();
    clasp_message hello = HELLO;
    hello.token = clasp_span_of(token);
    say(session, &hello);
    return session;
}

static uint32_t join_with(const char *token) {
    const uint32_t session = hello_with(token);
    clasp_message welcome;
    CHECK(got_type(session, 0, CLASP_MSG_WELCOME, &welcome));
    snprintf(bench.ids[bench.joined++ % MAX_JOINED], sizeof bench.ids[0], "%.*s", (int)welcome.session.len,
             (const char *)welcome.session.at);
    return session;
}

/* The session was told this ERROR, nothing else, and is gone. */
static bool was_ended(uint32_t session, uint16_t code) {
    const clasp_effect *close = talk_effect(&bench.out, CLASP_EFFECT_HUB_CLOSE, 0);
    return got_error(session, code, "") && close && close->a == session && close->b == 1008 &&
           clasp_hub_received(bench.hub, session, (clasp_span){NULL, 0}, bench.now_us) == CLASP_BAD_HANDLE;
}

/* ---- tokens -------------------------------------------------------------------------------------------------- */

TEST(an_open_hub_does_not_look_at_tokens) {
    begin();
    join_with("whatever");
    CHECK(!clasp_hub_is_admin(bench.hub, clasp_span_of("whatever"), START));
    end();
}

TEST(hello_needs_a_token_that_is_known_and_has_not_expired) {
    static const struct {
        const char *token;
        uint16_t code;
    } CASES[] = {{"", 300},       {"other", 300}, {"viewe", 300},   {"viewers", 300},
                 {"Viewer", 300}, {"old", 302},   {"viewer\t", 300}};
    begin_stage();
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        CHECK_CONTEXT(CASES[i].token);
        CHECK(was_ended(hello_with(CASES[i].token), CASES[i].code));
    }
    CHECK_EQ(stat(CLASP_HUB_STAT_unauthorized_total), 6);
    CHECK_EQ(stat(CLASP_HUB_STAT_expired_total), 1);
    CHECK_EQ(stat(CLASP_HUB_STAT_sessions_refused_total), 7);
    for (size_t i = 0; i < sizeof STAGE / sizeof *STAGE - 1; i++) {
        join_with(STAGE[i].token);
    }
    CHECK_EQ(stat(CLASP_HUB_STAT_sessions), sizeof STAGE / sizeof *STAGE - 1);
    end();
}

TEST(an_empty_list_lets_nobody_in) {
    begin();
    CHECK_EQ(grant_only(NULL, 0), CLASP_OK);
    CHECK(was_ended(hello_with(""), 300));
    CHECK(was_ended(hello_with("root"), 300));
    end();
}

TEST(a_second_hello_needs_a_token_of_its_own) {
    begin_stage();
    const uint32_t a = join_with("root");
    say(a, &HELLO);
    CHECK(was_ended(a, 300));
    end();
}

TEST(a_token_that_expires_ends_its_sessions) {
    begin_stage();
    const uint32_t a = join_with("hour"), b = join_with("root");
    CHECK_EQ(clasp_hub_deadline(bench.hub), START + CLASP_HUB_SILENCE_US);
    for (bench.now_us += 3500 * SECOND; bench.now_us < START + 3600 * SECOND; bench.now_us += 50 * SECOND) {
        do_publish(a, "/x"); /* not silent */
        do_publish(b, "/x");
    }
    CHECK_EQ(clasp_hub_deadline(bench.hub), START + 3600 * SECOND);
    clasp_outbox_clear(&bench.out);
    clasp_hub_tick(bench.hub, START + 3600 * SECOND - 1);
    CHECK_EQ(bench.out.count, 0);
    clasp_hub_tick(bench.hub, START + 3600 * SECOND);
    CHECK(was_ended(a, 302));
    CHECK(!talk_effect(&bench.out, CLASP_EFFECT_HUB_CLOSE, 1));
    CHECK(clasp_hub_deadline(bench.hub) > START + 3600 * SECOND);
    end();
}

TEST(a_message_after_the_expiry_is_not_handled) {
    begin_stage();
    const uint32_t a = join_with("hour"), b = join_with("root");
    do_subscribe(b, 1, "/x");
    bench.now_us = START + 3600 * SECOND;
    do_publish(a, "/x"); /* before the tick */
    CHECK(was_ended(a, 302));
    CHECK(got_nothing(b));
    end();
}

/* ---- scopes -------------------------------------------------------------------------------------------------- */

typedef struct attempt {
    const char *name, *token;
    clasp_message message;
    uint16_t code;       /* of the ERROR; 0: none */
    const char *address; /* in the ERROR */
} attempt;

static void check_attempt(const attempt *it) {
    CHECK_CONTEXT(it->name);
    begin_stage();
    const uint32_t session = join_with(it->token);
    clasp_message answer;
    say(session, &it->message);
    if (it->code != 0) {
        CHECK(got_error(session, it->code, it->address));
        CHECK_EQ(stat(CLASP_HUB_STAT_forbidden_total), it->code == 301);
        CHECK_EQ(stat(CLASP_HUB_STAT_subscriptions) + stat(CLASP_HUB_STAT_params), 0);
    } else {
        CHECK(got_nothing(session) || !got_type(session, 0, CLASP_MSG_ERROR, &answer));
    }
    end();
}

#define TEXT(text) \
    { (const uint8_t *)(text), sizeof(text) - 1 }
#define ASKS(kind, text) \
    { .type = CLASP_MSG_##kind, .address = TEXT(text), .types = CLASP_TYPE_ALL }

TEST(every_message_is_held_against_the_scopes) {
    static const attempt CASES[] = {
        {"subscribe within", "viewer", ASKS(SUBSCRIBE, "/stage/*/level"), 0, ""},
        {"subscribe all of it", "viewer", ASKS(SUBSCRIBE, "/stage/**"), 0, ""},
        {"subscribe more", "viewer", ASKS(SUBSCRIBE, "/**"), 301, "/**"},
        {"subscribe across", "viewer", ASKS(SUBSCRIBE, "/*/level"), 301, "/*/level"},
        {"subscribe elsewhere", "viewer", ASKS(SUBSCRIBE, "/door"), 301, "/door"},
        {"subscribe nonsense", "viewer", ASKS(SUBSCRIBE, "stage"), 202, "stage"},
        {"subscribe with nothing", "nothing", ASKS(SUBSCRIBE, "/a"), 301, "/a"},
        {"get within", "viewer", ASKS(GET, "/stage/a"), 0, ""},
        {"get elsewhere", "viewer", ASKS(GET, "/door"), 301, "/door"},
        {"get nonsense", "viewer", ASKS(GET, "/a//b"), 200, "/a//b"},
        {"replay more", "viewer", ASKS(REPLAY, "/**"), 301, "/**"},
        {"replay within", "viewer", ASKS(REPLAY, "/stage/**"), 0, ""},
        {"replay nonsense", "viewer", ASKS(REPLAY, "x"), 202, "x"},
        {"publish by reading", "viewer", ASKS(PUBLISH, "/stage/a/level"), 301, "/stage/a/level"},
        {"publish within", "desk", ASKS(PUBLISH, "/stage/a/level"), 0, ""},
        {"publish beside", "desk", ASKS(PUBLISH, "/stage/a/name"), 301, "/stage/a/name"},
        {"publish nonsense", "desk", ASKS(PUBLISH, "/stage/*/level"), 200, "/stage/*/level"},
        {"announce a peer", "peer", ASKS(PUBLISH, "/clasp/p2p/announce"), 0, ""},
        {"announce a peer by another", "desk", ASKS(PUBLISH, "/clasp/p2p/announce"), 301,
         "/clasp/p2p/announce"},
        {"announce no signals", "desk", ASKS(ANNOUNCE, "/door"), 301, "/door"},
        {"federate", "root", {.type = CLASP_MSG_FEDERATION_SYNC, .op = 1}, 403, ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        check_attempt(&CASES[i]);
    }
}

TEST(set_needs_a_scope_that_writes) {
    begin_stage();
    const uint32_t viewer = join_with("viewer"), desk = join_with("desk");
    clasp_message ack;
    do_set(viewer, "/stage/a/level", 1);
    CHECK(got_error(viewer, 301, "/stage/a/level"));
    do_set(desk, "/stage/a/level", 1);
    CHECK(got_type(desk, 0, CLASP_MSG_ACK, &ack));
    do_set(desk, "/stage/a/name", 1);
    CHECK(got_error(desk, 301, "/stage/a/name"));
    CHECK_EQ(stat(CLASP_HUB_STAT_params), 1);
    end();
}

TEST(a_signal_needs_a_scope_as_any_other_message) {
    begin_stage();
    const uint32_t viewer = join_with("viewer"), peer = join_with("peer");
    char address[80];
    snprintf(address, sizeof address, "/clasp/p2p/signal/%s", bench.ids[0]);
    do_publish(peer, address);
    CHECK(got_nothing(peer) && !got_nothing(viewer));
    snprintf(address, sizeof address, "/clasp/p2p/signal/%s", bench.ids[1]);
    do_publish(viewer, address);
    CHECK(got_error(viewer, 301, address));
    CHECK(got_nothing(peer));
    end();
}

TEST(a_bundle_with_one_member_out_of_scope_is_refused_whole) {
    begin_stage();
    const uint32_t desk = join_with("desk"), root = join_with("root");
    do_subscribe(root, 1, "/**");
    const clasp_message sets[] = {set("/stage/a/level", 1), set("/stage/a/name", 2)};
    const clasp_message events[] = {set("/stage/a/level", 1), publish("/door", CLASP_SIGNAL_EVENT)};
    say_bundle(desk, sets, 2);
    CHECK(got_error(desk, 403, "/stage/a/name"));
    CHECK(got_nothing(root));
    say_bundle(desk, events, 2);
    CHECK(got_error(desk, 403, "/door"));
    CHECK(got_nothing(root));
    CHECK_EQ(stat(CLASP_HUB_STAT_forbidden_total), 2);
    clasp_message ack;
    say_bundle(desk, sets, 1);
    CHECK(got_type(desk, 0, CLASP_MSG_ACK, &ack));
    CHECK(!got_nothing(root));
    end();
}

static bool snapshot_is(uint32_t session, unsigned n, const char *only) {
    clasp_message message;
    if (!got_type(session, n, CLASP_MSG_SNAPSHOT, &message)) {
        return false;
    }
    clasp_reader r = clasp_list_reader(message.list);
    clasp_param param = {0};
    if (message.list.count == 1) {
        clasp_next_param(&r, &param);
    }
    return *only ? message.list.count == 1 && talk_is(param.address, only) : message.list.count == 0;
}

TEST(snapshots_hold_what_may_be_read_and_no_more) {
    begin_stage();
    const uint32_t root = join_with("root");
    do_set(root, "/stage/a", 1);
    do_set(root, "/door", 2);
    CHECK(snapshot_is(join_with("viewer"), 1, "/stage/a"));
    CHECK(snapshot_is(join_with("nothing"), 1, ""));
    const uint32_t viewer = join_with("viewer");
    do_subscribe(viewer, 1, "/stage/**");
    CHECK(snapshot_is(viewer, 0, "/stage/a"));
    end();
}

/* An ANNOUNCE of two signals, in a buffer that lives until the next call. */
static clasp_message announce(const char *name, const char *first, const char *second) {
    static uint8_t storage[256];
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    clasp_write_signal(&w, true, &(clasp_signal_info){.address = clasp_span_of(first)});
    clasp_write_signal(&w, true, &(clasp_signal_info){.address = clasp_span_of(second)});
    return (clasp_message){
        .type = CLASP_MSG_ANNOUNCE, .address = clasp_span_of(name), .list = {clasp_written(&w), 2}};
}

TEST(announcements_are_written_and_found_by_scope) {
    begin_stage();
    const uint32_t desk = join_with("desk"), root = join_with("root"), viewer = join_with("viewer");
    clasp_message message = announce("", "/stage/a/level", "/stage/a/name"), answer;
    say(desk, &message);
    CHECK(got_error(desk, 301, "/stage/a/name"));
    message = announce("/stage", "/stage/a/level", "/stage/b/level");
    say(desk, &message);
    CHECK(got_error(desk, 301, "/stage"));
    message = announce("", "/stage/*/level", "/stage/b/level");
    say(desk, &message);
    CHECK(got_type(desk, 0, CLASP_MSG_ACK, &answer));
    message = announce("/all", "/door", "/stage/c");
    say(root, &message);
    const clasp_message query = {.type = CLASP_MSG_QUERY, .address = clasp_span_of("/**")};
    say(viewer, &query);
    CHECK(got_type(viewer, 0, CLASP_MSG_RESULT, &answer) && answer.list.count == 3);
    say(root, &query);
    CHECK(got_type(root, 0, CLASP_MSG_RESULT, &answer) && answer.list.count == 4);
    end();
}

/* ---- other tokens while it runs ------------------------------------------------------------------------------ */

TEST(a_new_list_is_what_open_sessions_go_by) {
    begin_stage();
    const uint32_t viewer = join_with("viewer"), desk = join_with("desk"), root = join_with("root");
    do_subscribe(viewer, 1, "/stage/**");
    do_subscribe(viewer, 2, "/stage/a");
    static const grant LATER[] = {{"viewer", START + 60 * SECOND, {"r:/stage/a", NULL}},
                                  {"root", 0, {"admin:/**", NULL}}};
    CHECK_EQ(grant_only(LATER, 2), CLASP_OK);
    CHECK(got_error(viewer, 301, "/stage/**"));
    CHECK(was_ended(desk, 300));
    CHECK_EQ(stat(CLASP_HUB_STAT_subscriptions), 1);
    CHECK_EQ(clasp_hub_deadline(bench.hub), START + 60 * SECOND);
    do_publish(root, "/stage/b");
    CHECK(got_nothing(viewer));
    do_publish(root, "/stage/a");
    CHECK(!got_nothing(viewer));
    end();
}

TEST(a_hub_that_was_open_ends_the_sessions_without_a_token) {
    begin();
    const uint32_t a = join();
    CHECK_EQ(grant_only(STAGE, 1), CLASP_OK);
    CHECK(was_ended(a, 300));
    end();
}

TEST(a_list_that_is_wrong_changes_nothing) {
    static const struct {
        const char *name;
        grant grants[2];
        clasp_err err;
    } CASES[] = {
        {"no token", {{"", 0, {"r:/a"}}}, CLASP_BAD_FIELD},
        {"twice", {{"x", 0, {"r:/a"}}, {"x", 0, {"r:/b"}}}, CLASP_BAD_FIELD},
        {"no action", {{"x", 0, {"reed:/a"}}}, CLASP_BAD_ENUM},
        {"no pattern", {{"x", 0, {"r:/a", "r:a"}}}, CLASP_BAD_PATTERN},
    };
    begin_stage();
    const uint32_t a = join_with("root");
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        CHECK_CONTEXT(CASES[i].name);
        CHECK_EQ(grant_only(CASES[i].grants, CASES[i].err == CLASP_BAD_FIELD && i == 1 ? 2 : 1),
                 CASES[i].err);
        CHECK_EQ(bench.out.count, 0);
    }
    const clasp_span whole = grants_of(STAGE, 3);
    uint8_t *block = malloc(whole.len);
    for (uint32_t len = 0; block && len < whole.len; len++) { /* cut anywhere */
        uint8_t *at = block + (whole.len - len);
        memcpy(at, whole.at, len);
        CHECK_EQ(clasp_hub_set_tokens(bench.hub, (clasp_span){at, len}, START), CLASP_TRUNCATED);
    }
    free(block);
    do_publish(a, "/x");
    CHECK(got_nothing(a));
    end();
}

TEST(the_list_is_bounded) {
    static uint8_t storage[CLASP_HUB_TOKENS_BYTES + 1];
    begin();
    clasp_writer w = clasp_writer_of(storage, sizeof storage);
    clasp_write_u32(&w, CLASP_HUB_TOKENS + 1);
    CHECK_EQ(clasp_hub_set_tokens(bench.hub, clasp_written(&w), START), CLASP_TOO_LARGE);
    CHECK_EQ(clasp_hub_set_tokens(bench.hub, (clasp_span){storage, sizeof storage}, START), CLASP_TOO_LARGE);
    const struct {
        uint16_t token_len, scopes;
    } CASES[] = {{CLASP_HUB_TOKEN_LEN + 1, 0}, {1, CLASP_HUB_SCOPES + 1}};
    for (size_t i = 0; i < 2; i++) {
        w = clasp_writer_of(storage, sizeof storage);
        clasp_write_u32(&w, 1);
        memset(storage + 6, 'x', CASES[i].token_len);
        clasp_write_u16(&w, CASES[i].token_len);
        CHECK(clasp_room(&w, CASES[i].token_len) != NULL);
        clasp_write_u64(&w, 0);
        clasp_write_u16(&w, CASES[i].scopes);
        CHECK_EQ(clasp_hub_set_tokens(bench.hub, clasp_written(&w), START), CLASP_TOO_LARGE);
    }
    join();
    end();
}

TEST(an_admin_has_the_right_on_everything) {
    begin_stage();
    CHECK(clasp_hub_is_admin(bench.hub, clasp_span_of("root"), START));
    CHECK(clasp_hub_is_admin(bench.hub, clasp_span_of("hour"), START));
    CHECK(!clasp_hub_is_admin(bench.hub, clasp_span_of("hour"), START + 3600 * SECOND));
    CHECK(!clasp_hub_is_admin(bench.hub, clasp_span_of("desk"), START));
    CHECK(!clasp_hub_is_admin(bench.hub, clasp_span_of(""), START));
    end();
}

/* ---- hosts --------------------------------------------------------------------------------------------------- */

static clasp_err connect_from(uint64_t host, uint32_t *session) {
    clasp_outbox_clear(&bench.out);
    return clasp_hub_connected_from(bench.hub, host, bench.now_us, session);
}

TEST(a_host_has_so_many_sessions_at_once) {
    begin_with(&(clasp_hub_options){.max_sessions_per_host = 2});
    uint32_t a, b, c;
    CHECK_EQ(connect_from(7, &a), CLASP_OK);
    CHECK_EQ(connect_from(7, &b), CLASP_OK);
    CHECK_EQ(connect_from(7, &c), CLASP_LIMIT);
    CHECK_EQ(stat(CLASP_HUB_STAT_hosts_refused_total), 1);
    CHECK_EQ(connect_from(8, &c), CLASP_OK);
    CHECK_EQ(connect_from(0, &c), CLASP_OK);          /* not counted */
    say(a, &(clasp_message){.type = CLASP_MSG_PING}); /* given up: no HELLO */
    CHECK_EQ(connect_from(7, &c), CLASP_OK);
    clasp_hub_disconnected(bench.hub, b, bench.now_us);
    CHECK_EQ(connect_from(7, &c), CLASP_OK);
    CHECK_EQ(connect_from(7, &c), CLASP_LIMIT);
    end();
}

TEST(a_host_has_one_rate_for_all_its_sessions_old_and_new) {
    begin_with(&(clasp_hub_options){.messages_per_second_per_host = 10});
    uint32_t a, b;
    CHECK_EQ(connect_from(7, &a), CLASP_OK);
    CHECK_EQ(connect_from(7, &b), CLASP_OK);
    say(a, &HELLO);
    say(b, &HELLO);
    for (unsigned i = 0; i < 8; i++) {
        do_publish(i % 2 ? a : b, "/x");
        CHECK(got_nothing(a) && got_nothing(b));
    }
    do_publish(a, "/x");
    CHECK(got_error(a, 429, "/x"));
    clasp_hub_disconnected(bench.hub, a, bench.now_us);
    clasp_hub_disconnected(bench.hub, b, bench.now_us);
    CHECK_EQ(connect_from(7, &a), CLASP_OK); /* connecting anew is no way round it */
    say(a, &HELLO);
    CHECK(got_error(a, 429, ""));
    CHECK_EQ(connect_from(8, &b), CLASP_OK);
    say(b, &HELLO);
    CHECK(!got_error(b, 429, ""));
    end();
}

TEST(hosts_without_sessions_are_forgotten_when_there_is_no_room) {
    begin_with(&(clasp_hub_options){
        .max_sessions = 4, .max_sessions_per_host = 2, .messages_per_second_per_host = 1});
    uint32_t session;
    size_t bytes = 0;
    for (uint64_t host = 1; host <= 1000; host++) {
        CHECK_EQ(connect_from(host, &session), CLASP_OK);
        clasp_hub_disconnected(bench.hub, session, bench.now_us);
        clasp_outbox_clear(&bench.out);
        bytes = host == 100 ? clasp_test_live_bytes() : bytes;
    }
    CHECK_EQ(clasp_test_live_bytes(), bytes);
    uint32_t held[4];
    for (uint64_t host = 0; host < 4; host++) {
        CHECK_EQ(connect_from(1 + host / 2, &held[host]), CLASP_OK);
        wait_us(1000000); /* for its rate */
        say(held[host], &HELLO);
    }
    CHECK_EQ(connect_from(1, &session), CLASP_LIMIT);
    CHECK_EQ(connect_from(9, &session), CLASP_LIMIT); /* no session is left at all */
    clasp_hub_disconnected(bench.hub, held[0], bench.now_us);
    CHECK_EQ(connect_from(1, &session), CLASP_OK);
    end();
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

static void try_tokens(void *context) {
    (void)context;
    static const uint64_t SEED[2] = {1, 2};
    clasp_outbox out = {0};
    const clasp_hub_options options = {.max_sessions = 4, .max_sessions_per_host = 2};
    clasp_hub *hub = clasp_hub_new(&options, SEED, &out);
    uint32_t session;
    if (hub) {
        clasp_hub_set_tokens(hub, grants_of(STAGE, 3), START);
        clasp_hub_connected_from(hub, 5, START, &session);
        clasp_hub_set_tokens(hub, grants_of(STAGE, 4), START);
    }
    clasp_hub_free(hub);
    clasp_outbox_deinit(&out);
}

TEST(a_failed_allocation_breaks_nothing) { CHECK(clasp_test_each_allocation(try_tokens, NULL) > 10); }

int main(void) {
    RUN(an_open_hub_does_not_look_at_tokens);
    RUN(hello_needs_a_token_that_is_known_and_has_not_expired);
    RUN(an_empty_list_lets_nobody_in);
    RUN(a_second_hello_needs_a_token_of_its_own);
    RUN(a_token_that_expires_ends_its_sessions);
    RUN(a_message_after_the_expiry_is_not_handled);
    RUN(every_message_is_held_against_the_scopes);
    RUN(set_needs_a_scope_that_writes);
    RUN(a_signal_needs_a_scope_as_any_other_message);
    RUN(a_bundle_with_one_member_out_of_scope_is_refused_whole);
    RUN(snapshots_hold_what_may_be_read_and_no_more);
    RUN(announcements_are_written_and_found_by_scope);
    RUN(a_new_list_is_what_open_sessions_go_by);
    RUN(a_hub_that_was_open_ends_the_sessions_without_a_token);
    RUN(a_list_that_is_wrong_changes_nothing);
    RUN(the_list_is_bounded);
    RUN(an_admin_has_the_right_on_everything);
    RUN(a_host_has_so_many_sessions_at_once);
    RUN(a_host_has_one_rate_for_all_its_sessions_old_and_new);
    RUN(hosts_without_sessions_are_forgotten_when_there_is_no_room);
    RUN(a_failed_allocation_breaks_nothing);
    return check_summary();
}
