/* How long, how many, how much: hub/rendezvous.h. */
#include "rendezvous_bench.h"

/* ---- time ---------------------------------------------------------------------------------------------------- */

TEST(a_device_is_seen_until_its_ttl_and_not_after) {
    begin_with(&(clasp_rendezvous_options){.ttl_s = 10});
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    CHECK(strstr(discover(START + 10 * SECOND - 1), "\"name\":\"a\"") != NULL); /* looking prolongs nothing */
    CHECK_TEXT(discover(START + 10 * SECOND), "[]");
    CHECK_EQ(STAT(expirations_total), 1);
    CHECK_EQ(STAT(bytes), 0);
    end();
}

TEST(a_refresh_prolongs_and_is_shown) {
    char id[ID_LEN + 1];
    begin();
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    copy_id(id);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(id), START + 299 * SECOND), CLASP_OK);
    CHECK(strstr(discover(START + 300 * SECOND),
                 "\"registeredAt\":1700000000000000,\"lastSeen\":1700000299000000}]") != NULL);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(id), START + 599 * SECOND), CLASP_BAD_HANDLE);
    CHECK_EQ(STAT(refreshes_total), 1);
    end();
}

TEST(only_a_whole_id_names_a_device) {
    char id[ID_LEN + 2];
    begin();
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    copy_id(id);
    static const char *const OTHERS[] = {"", "x", "00000000-0000-4000-8000-00000000000",
                                         "00000000-0000-4000-8000-0000000000000",
                                         "00000000-0000-4000-8000-000000000001"};
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(OTHERS[i]), START), CLASP_BAD_HANDLE);
        CHECK_EQ(clasp_rendezvous_unregister(rendezvous, clasp_span_of(OTHERS[i]), START), CLASP_BAD_HANDLE);
    }
    CHECK_EQ(clasp_rendezvous_unregister(rendezvous, clasp_span_of(id), START), CLASP_OK);
    CHECK_EQ(clasp_rendezvous_unregister(rendezvous, clasp_span_of(id), START), CLASP_BAD_HANDLE);
    CHECK_TEXT(discover(START), "[]");
    end();
}

TEST(the_clean_up_comes_every_minute_while_there_are_devices) {
    begin();
    CHECK_EQ(clasp_rendezvous_deadline(rendezvous) == UINT64_MAX, true);
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    for (uint64_t minute = 1; minute <= 5; minute++) {
        CHECK_EQ(clasp_rendezvous_deadline(rendezvous), START + minute * 60 * SECOND);
        clasp_rendezvous_tick(rendezvous, START + minute * 60 * SECOND - 1);
        CHECK_EQ(STAT(devices), 1);
        clasp_rendezvous_tick(rendezvous, START + minute * 60 * SECOND);
    }
    CHECK_EQ(STAT(devices), 0);
    CHECK_EQ(clasp_rendezvous_deadline(rendezvous) == UINT64_MAX, true);
    end();
}

/* ---- bounds -------------------------------------------------------------------------------------------------- */

static bool is_there(const char *name) {
    return strstr(discover_with(&(clasp_rendezvous_query){.limit = 1000}, START), name) != NULL;
}

TEST(the_device_seen_longest_ago_makes_room) {
    char first[ID_LEN + 1];
    begin_with(&(clasp_rendezvous_options){.max_devices = 2});
    CHECK_EQ(do_register("{\"name\":\"one\",\"endpoints\":{}}", START), CLASP_OK);
    copy_id(first);
    CHECK_EQ(do_register("{\"name\":\"two\",\"endpoints\":{}}", START), CLASP_OK);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(first), START), CLASP_OK);
    CHECK_EQ(do_register("{\"name\":\"three\",\"endpoints\":{}}", START), CLASP_OK);
    CHECK(is_there("one") && !is_there("two") && is_there("three"));
    CHECK_EQ(STAT(evictions_total), 1);
    end();
}

TEST(ten_thousand_devices_fit_and_the_next_ones_evict_the_oldest) {
    char ids[3][ID_LEN + 1];
    begin();
    for (int i = 0; i < 10000; i++) {
        CHECK_EQ(do_register(PLAIN, START + (uint64_t)i), CLASP_OK);
        if (i < 3) {
            copy_id(ids[i]);
        }
    }
    CHECK_EQ(STAT(devices), 10000);
    CHECK_EQ(STAT(evictions_total), 0);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(ids[0]), START + SECOND), CLASP_OK);
    CHECK_EQ(do_register(PLAIN, START + SECOND), CLASP_OK);
    CHECK_EQ(STAT(devices), 10000);
    CHECK_EQ(STAT(evictions_total), 1);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(ids[0]), START + SECOND), CLASP_OK);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(ids[1]), START + SECOND), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(ids[2]), START + SECOND), CLASP_OK);
    clasp_rendezvous_tick(rendezvous, START + 1000 * SECOND);
    CHECK_EQ(STAT(devices), 0);
    CHECK_EQ(STAT(bytes), 0);
    end();
}

TEST(the_bytes_of_all_devices_are_bounded) {
    const size_t before = clasp_test_live_bytes();
    begin_with(&(clasp_rendezvous_options){.max_document = CLASP_RENDEZVOUS_DOCUMENT_MAX});
    char *large = document_of(CLASP_RENDEZVOUS_DOCUMENT_MAX);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(do_register(large, START), CLASP_OK);
    }
    free(large);
    CHECK(STAT(bytes) <= CLASP_RENDEZVOUS_BYTES);
    CHECK(STAT(bytes) > CLASP_RENDEZVOUS_BYTES - 2 * CLASP_RENDEZVOUS_DOCUMENT_MAX);
    CHECK_EQ(STAT(devices) + STAT(evictions_total), 100);
    CHECK(clasp_test_live_bytes() - before < CLASP_RENDEZVOUS_BYTES + (1u << 20));
    end();
}

TEST(nothing_is_kept_beyond_what_a_device_needs) {
    begin();
    CHECK_EQ(do_register(PLAIN, START), CLASP_OK);
    CHECK(STAT(bytes) < 400);
    end();
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

/* One life; what an allocation that failed has refused has changed nothing. */
static void live_once(void *context) {
    char id[ID_LEN + 1] = "00000000-0000-4000-8000-000000000000";
    clasp_err errs[2];
    (void)context;
    ids_made = 0;
    rendezvous = clasp_rendezvous_new(&(clasp_rendezvous_options){.max_devices = 4}, 7, &out);
    if (!rendezvous) {
        CHECK(clasp_test_allocation_failed());
        return;
    }
    const clasp_span document = clasp_span_of(
        "{\"name\":\"a\",\"endpoints\":{\"w\":\"x\"},\"tags\":[\"t\\u0000\"],\"metadata\":{\"n\":1.0}}");
    const uint8_t chance[16] = {0};
    clasp_outbox_clear(&out);
    errs[0] = clasp_rendezvous_register(rendezvous, document, clasp_span_of("s"), chance, START);
    CHECK_EQ(STAT(devices), errs[0] == CLASP_OK);
    clasp_outbox_clear(&out);
    errs[1] = clasp_rendezvous_discover(rendezvous, &(clasp_rendezvous_query){.limit = 5}, START);
    CHECK_EQ(clasp_rendezvous_refresh(rendezvous, clasp_span_of(id), START),
             errs[0] == CLASP_OK ? CLASP_OK : CLASP_BAD_HANDLE);
    const bool has_failed = errs[0] != CLASP_OK || errs[1] != CLASP_OK;
    CHECK_EQ(has_failed, clasp_test_allocation_failed());
    CHECK(!has_failed || errs[0] == CLASP_NO_MEMORY || errs[1] == CLASP_NO_MEMORY);
    end();
}

TEST(want_of_memory_refuses_changes_nothing_and_leaks_nothing) {
    CHECK(clasp_test_each_allocation(live_once, NULL) > 20);
}

int main(void) {
    RUN(a_device_is_seen_until_its_ttl_and_not_after);
    RUN(a_refresh_prolongs_and_is_shown);
    RUN(only_a_whole_id_names_a_device);
    RUN(the_clean_up_comes_every_minute_while_there_are_devices);
    RUN(the_device_seen_longest_ago_makes_room);
    RUN(ten_thousand_devices_fit_and_the_next_ones_evict_the_oldest);
    RUN(the_bytes_of_all_devices_are_bounded);
    RUN(nothing_is_kept_beyond_what_a_device_needs);
    RUN(want_of_memory_refuses_changes_nothing_and_leaks_nothing);
    return check_summary();
}
