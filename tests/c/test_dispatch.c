/* From frames to subscriptions: codec/dispatch.h. */
#include "codec/dispatch.h"

#include "alloc.h"
#include "codec/groups.h"
#include "dispatch_host.h"
#include "frames.h"
#include "wire/legacy.h"

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static clasp_span frame_with(const clasp_message *message) {
    clasp_writer w = clasp_writer_of(frame_bytes, sizeof frame_bytes);
    clasp_frame_write(&w, message);
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

static clasp_message set_of(const char *address, double number) {
    static uint8_t storage[64][8];
    static uint32_t next;
    return (clasp_message){.type = CLASP_MSG_SET,
                           .address = clasp_span_of(address),
                           .value = clasp_value_f64(number, storage[next++ % 64])};
}

/* SET an address. */
static void set(const char *address, double number) {
    const clasp_message message = set_of(address, number);
    CHECK_EQ(run(frame_with(&message)), CLASP_OK);
}

#define CHECK_SET(address, number, expected) (set(address, number), CHECK_TEXT(came(), expected))

/* A bundle of these; behind them a member that is none when `is_broken`. */
static clasp_span bundle_of(const clasp_message *members, uint32_t count, bool is_broken) {
    static uint8_t list_bytes[CLASP_FRAME_PAYLOAD_MAX];
    clasp_writer list = clasp_writer_of(list_bytes, sizeof list_bytes);
    for (uint32_t i = 0; i < count; i++) {
        clasp_write_member(&list, &members[i]);
    }
    if (is_broken) {
        clasp_write_text(&list, (clasp_span){(const uint8_t *)"\x7f", 1});
    }
    const clasp_message bundle = {.type = CLASP_MSG_BUNDLE,
                                  .list = {clasp_written(&list), count + is_broken}};
    return frame_with(&bundle);
}

/* ---- what is delivered ----------------------------------------------------------------------------------------- */

TEST(an_address_is_told_until_it_has_an_id) {
    open_dispatcher();
    add("/a/*", 1);
    CHECK_SET("/a/b", 5, "+/a/b=5");
    CHECK_SET("/a/b", 6, "+/a/b=6");
    CHECK_SET("/a/b", 7, "!/a/b=7");
    CHECK_SET("/a/b", -0.5, "!/a/b=-0.5");
    CHECK_SET("/c", 7, "");
    CHECK_SET("/c", 7, "");
    CHECK_SET("/a/c", 8, "~/a/c=8");
    close_dispatcher();
}

TEST(an_address_that_leads_where_another_has_led_comes_as_its_text_and_number) {
    open_dispatcher();
    add("/a/*", 3);
    add("/a/**", 1);
    CHECK_SET("/a/x", 1, "+/a/x=1");
    CHECK_SET("/a/y", 2, "~/a/y=2");
    CHECK_EQ(got[0].subs.count, 2);
    CHECK_EQ(got[0].subs.first[0], 1);
    CHECK_EQ(got[0].subs.first[1], 3);
    CHECK_SET("/a/z/z", 3, "+/a/z/z=3"); /* to one of the two */
    CHECK_SET("/a/z/y", 4, "~/a/z/y=4");
    CHECK_EQ(got[0].subs.count, 1);
    CHECK_SET("/a/\xc3\xa4", 5, "+/a/\xc3\xa4=5"); /* not ASCII */
    add("/a/*", 2);
    CHECK_SET("/a/v", 6, "+/a/v=6");
    CHECK_EQ(got[0].subs.count, 3);
    CHECK_SET("/a/w", 7, "~/a/w=7");
    CHECK_EQ(got[0].subs.count, 3);
    CHECK(clasp_dispatcher_remove(dispatcher, 1));
    CHECK_SET("/a/u/u", 8, "");
    CHECK_SET("/a/u", 9, "+/a/u=9");
    CHECK_EQ(got[0].subs.count, 2);
    CHECK_EQ(got[0].subs.first[0], 2);
    CHECK_SET("/a/y", 10, "+/a/y=10"); /* for the second time */
    CHECK_SET("/a/y", 11, "!/a/y=11");
    close_dispatcher();
}

TEST(patterns_that_come_in_the_places_of_others_are_other_ones) {
    open_dispatcher();
    for (uint32_t i = 0; i < 100; i++) {
        char pattern[32];
        char address[32];
        snprintf(pattern, sizeof pattern, "/%u/*", i);
        snprintf(address, sizeof address, "/%u/a", i);
        add(pattern, i + 1);
        set(address, i);
        CHECK_EQ(got_count, 1);
        CHECK_EQ(got[0].subs.first[0], i + 1);
        CHECK(clasp_dispatcher_remove(dispatcher, i + 1));
        set(address, i);
        CHECK_EQ(got_count, 0);
    }
    close_dispatcher();
}

/* SET an address of one of many groups. */
static bool set_in_group(uint32_t group, uint32_t serial) {
    char address[48];
    snprintf(address, sizeof address, "/%u/%u", group, serial);
    set(address, serial);
    return got_count == 1 && got[0].subs.count == 1 && got[0].subs.first[0] == group + 1 &&
           clasp_span_equal(got[0].address, clasp_span_of(address));
}

TEST(more_groups_than_are_kept_lead_where_they_should) {
    open_dispatcher();
    for (uint32_t group = 0; group < 2 * CLASP_DISPATCH_GROUPS; group++) {
        char pattern[32];
        snprintf(pattern, sizeof pattern, "/%u/*", group);
        add(pattern, group + 1);
    }
    uint32_t wrong = 0;
    uint32_t state = 1;
    for (uint32_t i = 0; i < 20 * CLASP_DISPATCH_GROUPS; i++) {
        state = state * 1664525u + 1013904223u;
        wrong += !set_in_group((state >> 8) % (2 * CLASP_DISPATCH_GROUPS), i);
    }
    CHECK_EQ(wrong, 0);
    close_dispatcher();
}

TEST(what_leads_to_too_many_is_told_each_time) {
    open_dispatcher();
    for (uint32_t sub = 1; sub <= CLASP_DISPATCH_GROUP_SUBS; sub++) {
        add("/a/*", sub);
    }
    CHECK_SET("/a/a", 1, "+/a/a=1");
    CHECK_SET("/a/b", 2, "~/a/b=2");
    CHECK_EQ(got[0].subs.count, CLASP_DISPATCH_GROUP_SUBS);
    add("/a/*", CLASP_DISPATCH_GROUP_SUBS + 1);
    CHECK_SET("/a/c", 3, "+/a/c=3");
    CHECK_SET("/a/d", 4, "+/a/d=4");
    CHECK_EQ(got[0].subs.count, CLASP_DISPATCH_GROUP_SUBS + 1);
    static const char *const PATTERNS[] = {"/b/*",  "/b/**",  "/b/c*", "/*/*", "/**/*",
                                           "/*/**", "/**/c*", "/**",   "/b*/*"};
    for (uint32_t i = 0; i < 9; i++) {
        add(PATTERNS[i], 100 + i);
        char address[2][8];
        snprintf(address[0], sizeof address[0], "/b/c%u", 2 * i);
        snprintf(address[1], sizeof address[1], "/b/c%u", 2 * i + 1);
        set(address[0], 5);
        set(address[1], 6);
        CHECK_EQ(got[0].subs.count, i + 1);
        CHECK_EQ(mark_of(&got[0])[0], i < CLASP_GROUP_PATTERNS ? '~' : '+');
    }
    close_dispatcher();
}

TEST(subscriptions_that_come_and_go_are_told) {
    open_dispatcher();
    add("/a", 1);
    set("/a", 1);
    set("/a", 1);
    CHECK_SET("/a", 2, "!/a=2");
    CHECK_EQ(got[0].subs.count, 1);
    add("/*", 5);
    CHECK_SET("/a", 3, "*/a=3");
    CHECK_EQ(got[0].subs.count, 2);
    CHECK_EQ(got[0].subs.first[1], 5);
    CHECK_SET("/a", 4, "!/a=4");
    CHECK(clasp_dispatcher_remove(dispatcher, 1));
    CHECK(!clasp_dispatcher_remove(dispatcher, 1));
    CHECK_SET("/a", 5, "*/a=5");
    CHECK_EQ(got[0].subs.count, 1);
    CHECK_EQ(got[0].subs.first[0], 5);
    CHECK(clasp_dispatcher_remove(dispatcher, 5));
    CHECK_SET("/a", 6, "");
    add("/**", 1);
    CHECK_SET("/a", 7, "*/a=7");
    CHECK_EQ(got[0].subs.first[0], 1);
    close_dispatcher();
}

TEST(all_whom_it_reaches_are_named_in_ascending_order) {
    open_dispatcher();
    for (uint32_t sub = 7; sub > 0; sub--) {
        add(sub % 2 ? "/a" : "/**", sub);
    }
    for (uint32_t i = 0; i < 3; i++) {
        set("/a", 1);
        CHECK_EQ(got[0].subs.count, 7);
        for (uint32_t k = 0; k < 7; k++) {
            CHECK_EQ(got[0].subs.first[k], k + 1);
        }
        set("/b", 1);
        CHECK_EQ(got[0].subs.count, 3);
        CHECK_EQ(got[0].subs.first[2], 6);
    }
    close_dispatcher();
}

TEST(what_is_no_address_reaches_nobody) {
    open_dispatcher();
    add("/**", 1);
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_SET("a", 1, "");
        CHECK_SET("", 1, "");
        CHECK_SET("/*", 1, "");
    }
    CHECK_SET("/a", 1, "+/a=1");
    close_dispatcher();
}

TEST(members_of_bundles_come_in_their_order) {
    open_dispatcher();
    add("/*", 1);
    const clasp_message inner[] = {set_of("/b", 2), set_of("/a", 3)};
    uint8_t list_bytes[256];
    clasp_writer list = clasp_writer_of(list_bytes, sizeof list_bytes);
    clasp_write_member(&list, &inner[0]);
    clasp_write_member(&list, &inner[1]);
    const clasp_message members[] = {set_of("/a", 1),
                                     {.type = CLASP_MSG_BUNDLE, .list = {clasp_written(&list), 2}},
                                     {.type = CLASP_MSG_PING},
                                     set_of("/b", 4)};
    CHECK_EQ(run(bundle_of(members, 4, false)), CLASP_OK);
    CHECK_TEXT(came(), "+/a=1 +/b=2 +/a=3 +/b=4");
    CHECK_EQ(run(bundle_of(members, 4, false)), CLASP_OK);
    CHECK_TEXT(came(), "!/a=1 !/b=2 !/a=3 !/b=4");
    close_dispatcher();
}

TEST(a_bundle_of_known_numbers_is_judged_as_any_other) {
    open_dispatcher();
    add("/*", 1);
    for (uint32_t i = 0; i < 3; i++) {
        set("/a", 1);
        set("/b", 1);
    }
    const clasp_message members[] = {set_of("/a", 1), set_of("/b", 2), set_of("/a", 3)};
    clasp_span bundle = bundle_of(members, 3, false);
    CHECK_EQ(run(bundle), CLASP_OK);
    CHECK_TEXT(came(), "!/a=1 !/b=2 !/a=3");
    CHECK_EQ(last_run, CLASP_DISPATCH_NUMBERS);
    frame_bytes[bundle.len - 15]++; /* the length of the last member */
    CHECK_EQ(run(bundle), CLASP_TRUNCATED);
    frame_bytes[bundle.len - 15] -= 2;
    CHECK_EQ(run(bundle), CLASP_TRUNCATED);
    frame_bytes[bundle.len - 15]++;
    frame_bytes[bundle.len - 14] = 0x7f; /* its type */
    CHECK_EQ(run(bundle), CLASP_UNKNOWN_TYPE);
    frame_bytes[bundle.len - 14] = CLASP_MSG_SET;
    CHECK_EQ(run(bundle), CLASP_OK);
    CHECK_TEXT(came(), "+/a=1 +/b=2 !/a=3");
    CHECK_EQ(run(bundle), CLASP_OK);
    CHECK_EQ(last_run, CLASP_DISPATCH_NUMBERS);
    add("/a", 2);
    CHECK_EQ(run(bundle), CLASP_OK);
    CHECK_TEXT(came(), "*/a=1 */b=2 !/a=3");
    CHECK_EQ(got[2].subs.count, 2);
    close_dispatcher();
}

TEST(a_bundle_that_is_refused_in_its_middle_has_told_nothing) {
    open_dispatcher();
    add("/*", 1);
    set("/a", 1);
    set("/a", 1);
    CHECK_SET("/a", 1, "!/a=1");
    const clasp_message members[] = {set_of("/a", 2), set_of("/b", 3), set_of("/b", 3)};
    CHECK_EQ(run(bundle_of(members, 3, true)), CLASP_UNKNOWN_TYPE);
    CHECK_SET("/b", 4, "+/b=4");
    CHECK_SET("/a", 5, "+/a=5");
    CHECK_SET("/a", 6, "!/a=6");
    CHECK_SET("/b", 7, "!/b=7");
    close_dispatcher();
}

TEST(samples_are_an_array_and_a_publish_without_a_value_is_null) {
    open_dispatcher();
    add("/a", 1);
    uint8_t samples[16];
    clasp_writer w = clasp_writer_of(samples, sizeof samples);
    clasp_write_f64(&w, 1.5);
    clasp_write_f64(&w, -2);
    const clasp_message streamed = {.type = CLASP_MSG_PUBLISH,
                                    .signal = CLASP_SIGNAL_STREAM,
                                    .address = clasp_span_of("/a"),
                                    .has = CLASP_HAS_SAMPLES,
                                    .list = {clasp_written(&w), 2}};
    const clasp_message bare = {.type = CLASP_MSG_PUBLISH, .address = clasp_span_of("/a")};
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ(run(frame_with(&streamed)), CLASP_OK);
        if (CHECK_EQ(got_count, 1) && CHECK(got[0].value != NULL)) {
            CHECK_EQ(got[0].value->kind, CLASP_VALUE_ARRAY);
            CHECK_EQ(got[0].value->a, 2);
            CHECK(got[0].value[2].number == -2);
        }
        CHECK_EQ(run(frame_with(&bare)), CLASP_OK);
        if (CHECK_EQ(got_count, 1) && CHECK(got[0].value != NULL)) {
            CHECK_EQ(got[0].value->kind, CLASP_VALUE_NULL);
        }
    }
    close_dispatcher();
}

TEST(each_param_of_a_snapshot_is_delivered) {
    open_dispatcher();
    add("/a/*", 1);
    static const char *const ADDRESSES[] = {"/a/x", "/b", "/a/y", "/a/x"};
    uint8_t list_bytes[256];
    clasp_writer list = clasp_writer_of(list_bytes, sizeof list_bytes);
    for (uint32_t i = 0; i < 4; i++) {
        uint8_t storage[8];
        const clasp_param param = {.address = clasp_span_of(ADDRESSES[i]),
                                   .value = clasp_value_f64(i, storage)};
        clasp_write_param(&list, &param);
    }
    const clasp_message snapshot = {.type = CLASP_MSG_SNAPSHOT, .list = {clasp_written(&list), 4}};
    CHECK_EQ(run(frame_with(&snapshot)), CLASP_OK);
    CHECK_TEXT(came(), "+/a/x=0 +/a/y=2 +/a/x=3");
    CHECK_EQ(run(frame_with(&snapshot)), CLASP_OK);
    CHECK_TEXT(came(), "/a/x=0 +/a/y=2 /a/x=3");
    close_dispatcher();
}

/* ---- vectors --------------------------------------------------------------------------------------------------- */

static void check_accepted(golden *g) { CHECK_EQ(run(frame_of(g)), CLASP_OK); }

static void check_refused(golden *g) {
    static uint8_t scratch[CLASP_FRAME_PAYLOAD_MAX];
    clasp_frame frame;
    clasp_message message;
    const clasp_err err = clasp_decode_any(frame_of(g), scratch, sizeof scratch, &frame, &message);
    CHECK(err != CLASP_OK);
    CHECK_EQ(run(frame_of(g)), err);
}

TEST(every_vector_is_taken_or_refused_as_the_decoder_does) {
    open_dispatcher();
    add("/**", 1);
    each_binary(check_accepted);
    each_legacy(check_accepted);
    CHECK_EQ(each_vector("malformed.json", check_refused), 183);
    close_dispatcher();
}

/* ---- bounds ---------------------------------------------------------------------------------------------------- */

#define MANY (CLASP_DISPATCH_ADDRESSES + 4000u)

/* SET one of many addresses; what the host makes of it has to be that address. @return whether it was told */
static bool set_nth(uint32_t i) {
    char address[32];
    snprintf(address, sizeof address, "/many/%u", i);
    const clasp_message message = set_of(address, i);
    CHECK_EQ(run(frame_with(&message)), CLASP_OK);
    return CHECK_EQ(got_count, 1) && CHECK(clasp_span_equal(got[0].address, clasp_span_of(address))) &&
           CHECK(got[0].number == i) && CHECK_EQ(got[0].subs.count, 1) && got[0].news & CLASP_NEW_TEXT;
}

TEST(an_address_that_was_forgotten_is_told_again) {
    open_dispatcher();
    add("/many/*", 1);
    for (uint32_t i = 0; i < MANY; i++) {
        CHECK(set_nth(i));
        CHECK(set_nth(i));
    }
    for (uint32_t i = MANY - 100; i < MANY; i++) {
        CHECK(!set_nth(i));
    }
    for (uint32_t i = 0; i < 100; i++) {
        CHECK(set_nth(i));
        set_nth(i);
        CHECK(!set_nth(i));
    }
    uint32_t state = 1;
    for (uint32_t i = 0; i < 2 * MANY; i++) {
        state = state * 1664525u + 1013904223u;
        set_nth((state >> 8) % MANY);
    }
    close_dispatcher();
}

TEST(an_address_in_use_is_not_forgotten) {
    open_dispatcher();
    add("/many/*", 1);
    set_nth(0);
    set_nth(0);
    for (uint32_t i = 1; i < MANY; i++) {
        CHECK(!set_nth(0));
        set_nth(i);
        set_nth(i);
    }
    close_dispatcher();
}

TEST(what_is_too_large_as_deliveries_is_refused_and_forgotten) {
    open_dispatcher();
    for (uint32_t sub = 1; sub <= CLASP_DISPATCH_SUBSCRIPTIONS; sub++) {
        CHECK_EQ(clasp_dispatcher_add(dispatcher, clasp_span_of("/*"), sub), CLASP_OK);
    }
    CHECK_EQ(clasp_dispatcher_add(dispatcher, clasp_span_of("/a"), CLASP_DISPATCH_SUBSCRIPTIONS + 1),
             CLASP_LIMIT);
    set("/a", 1);
    set("/a", 2);
    CHECK_SET("/a", 3, "!/a=3");
    static const char *const ADDRESSES[] = {"/a", "/b", "/c", "/d", "/e", "/f", "/g", "/h", "/i"};
    clasp_message members[9];
    for (uint32_t i = 0; i < 9; i++) {
        members[i] = set_of(ADDRESSES[i], i);
    }
    CHECK_EQ(run(bundle_of(members, 9, false)), CLASP_TOO_LARGE);
    CHECK_SET("/a", 3, "+/a=3");
    CHECK_EQ(got[0].subs.count, CLASP_DISPATCH_SUBSCRIPTIONS);
    CHECK_SET("/a", 4, "!/a=4");
    close_dispatcher();
}

TEST(a_pattern_that_is_none_is_refused) {
    open_dispatcher();
    CHECK_EQ(clasp_dispatcher_add(dispatcher, clasp_span_of("a"), 1), CLASP_BAD_PATTERN);
    CHECK_EQ(clasp_dispatcher_add(dispatcher, clasp_span_of(""), 1), CLASP_BAD_PATTERN);
    add("/a", 1);
    CHECK_EQ(clasp_dispatcher_add(dispatcher, clasp_span_of("/b"), 1), CLASP_BAD_STATE);
    CHECK_SET("/b", 1, "");
    CHECK_SET("/a", 1, "+/a=1");
    close_dispatcher();
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* A dispatcher that may lack memory anywhere: what reaches it is refused, or delivered rightly. */
static void subscribe_and_run(void *context) {
    const clasp_span *frame = context;
    clasp_codec *codec = clasp_codec_new();
    clasp_dispatcher *mine = codec ? clasp_dispatcher_new(SEED) : NULL;
    if (mine) {
        clasp_err err = clasp_dispatcher_add(mine, clasp_span_of("/*/**"), 1);
        CHECK(err == CLASP_OK || err == CLASP_NO_MEMORY);
        err = err == CLASP_OK ? clasp_dispatcher_add(mine, clasp_span_of("/a"), 2) : err;
        CHECK(err == CLASP_OK || clasp_test_allocation_failed());
        for (uint32_t i = 0; i < 2; i++) {
            memcpy(codec->frame, frame->at, frame->len);
            CHECK_EQ(clasp_dispatcher_run(mine, codec, frame->len), CLASP_DISPATCH_TAPE);
            err = (clasp_err)codec->envelope.err;
            CHECK(err == CLASP_OK || err == CLASP_NO_MEMORY);
            CHECK(err == CLASP_OK || i == 0); /* the failure happens once */
        }
        CHECK(clasp_dispatcher_memory(mine) <= clasp_dispatcher_memory_max());
    }
    clasp_dispatcher_free(mine);
    clasp_codec_free(codec);
}

TEST(every_allocation_may_fail) {
    const clasp_message members[] = {set_of("/a", 1), set_of("/b/c", 2), set_of("/a", 3)};
    clasp_span frame = bundle_of(members, 3, false);
    CHECK(clasp_test_each_allocation(subscribe_and_run, &frame) >= 4);
}

int main(void) {
    host = host_new();
    RUN(an_address_is_told_until_it_has_an_id);
    RUN(an_address_that_leads_where_another_has_led_comes_as_its_text_and_number);
    RUN(patterns_that_come_in_the_places_of_others_are_other_ones);
    RUN(more_groups_than_are_kept_lead_where_they_should);
    RUN(what_leads_to_too_many_is_told_each_time);
    RUN(subscriptions_that_come_and_go_are_told);
    RUN(all_whom_it_reaches_are_named_in_ascending_order);
    RUN(what_is_no_address_reaches_nobody);
    RUN(members_of_bundles_come_in_their_order);
    RUN(a_bundle_of_known_numbers_is_judged_as_any_other);
    RUN(a_bundle_that_is_refused_in_its_middle_has_told_nothing);
    RUN(samples_are_an_array_and_a_publish_without_a_value_is_null);
    RUN(each_param_of_a_snapshot_is_delivered);
    RUN(every_vector_is_taken_or_refused_as_the_decoder_does);
    RUN(an_address_that_was_forgotten_is_told_again);
    RUN(an_address_in_use_is_not_forgotten);
    RUN(what_is_too_large_as_deliveries_is_refused_and_forgotten);
    RUN(a_pattern_that_is_none_is_refused);
    RUN(every_allocation_may_fail);
    host_free(host);
    return check_summary();
}
