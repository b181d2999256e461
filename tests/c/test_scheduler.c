/* Who sends next: chunk/scheduler.h. */
#include "chunk/scheduler.h"
#include "chunk_bench.h"

#define RECORD_MAX 100u
#define PIECE (RECORD_MAX - CLASP_PIECE_HEADER_MAX) /* bytes of a message in one packet */

/* Queue a message of so many bytes; its id. */
static uint32_t push(clasp_scheduler *s, clasp_priority priority, uint32_t len) {
    clasp_text message = make_message(len, len);
    uint32_t id = UINT32_MAX;
    CHECK_EQ(clasp_scheduler_push(s, priority, &message, false, &id), CLASP_OK);
    CHECK(message.at == NULL && message.len == 0);
    return id;
}

static uint32_t push_kept(clasp_scheduler *s, clasp_priority priority, uint32_t len) {
    clasp_text message = make_message(len, len);
    uint32_t id = UINT32_MAX;
    CHECK_EQ(clasp_scheduler_push(s, priority, &message, true, &id), CLASP_OK);
    return id;
}

/* Take packets until none is left, as text: `-` for a small message and the id of a large one, in capitals its end. */
static const char *order_of(clasp_scheduler *s) {
    static char text[512];
    size_t len = 0;
    clasp_packet packet;
    while (clasp_scheduler_next(s, &packet) && len + 1 < sizeof text) {
        text[len++] = (packet.is_end ? "-ABCDEF" : "-abcdef")[packet.message];
    }
    text[len] = '\0';
    CHECK(!clasp_scheduler_waiting(s));
    return text;
}

#define CHECK_ORDER(s, expected)         \
    do {                                 \
        const char *order = order_of(s); \
        CHECK_TEXT(order, expected);     \
    } while (0)

TEST(small_messages_go_as_they_are_and_in_order) {
    clasp_scheduler s;
    clasp_packet packet;
    clasp_scheduler_init(&s, RECORD_MAX, 0);
    CHECK(!clasp_scheduler_next(&s, &packet));
    for (uint32_t len = 1; len <= RECORD_MAX; len++) {
        CHECK_EQ(push(&s, CLASP_PRIORITY_NORMAL, len), 0);
    }
    for (uint32_t len = 1; len <= RECORD_MAX; len++) {
        clasp_text expected = make_message(len, len);
        CHECK(clasp_scheduler_next(&s, &packet));
        CHECK_EQ(packet.record.header_len, 0);
        CHECK_EQ(packet.message, 0);
        CHECK(packet.is_end);
        CHECK_BYTES(packet.record.bytes.at, packet.record.bytes.len, expected.at, expected.len);
        clasp_text_clear(&expected);
    }
    CHECK(!clasp_scheduler_next(&s, &packet));
    CHECK_EQ(s.bytes, 0);
    CHECK_EQ(s.count, 0);
    clasp_scheduler_clear(&s);
}

TEST(messages_of_one_priority_take_turns) {
    clasp_scheduler s;
    clasp_scheduler_init(&s, RECORD_MAX, 0);
    CHECK_EQ(push(&s, CLASP_PRIORITY_LOW, 3 * PIECE), 1);
    CHECK_EQ(push(&s, CLASP_PRIORITY_LOW, 2 * PIECE), 2);
    push(&s, CLASP_PRIORITY_LOW, 50);
    push(&s, CLASP_PRIORITY_LOW, 60);
    CHECK_ORDER(&s, "-ab-aBA");
    clasp_scheduler_clear(&s);
}

TEST(no_more_are_under_way_than_the_receiver_has_room_for) {
    clasp_scheduler s;
    clasp_scheduler_init(&s, RECORD_MAX, 0);
    for (int i = 0; i < 6; i++) {
        push(&s, CLASP_PRIORITY_NORMAL, 2 * PIECE);
    }
    push(&s, CLASP_PRIORITY_NORMAL, 10);
    CHECK_ORDER(&s, "-abcdAeBfCDEF");
    clasp_scheduler_clear(&s);

    clasp_scheduler_init(&s, RECORD_MAX, 4 * PIECE); /* nor more bytes */
    for (uint32_t pieces = 2; pieces <= 4; pieces++) {
        push(&s, CLASP_PRIORITY_NORMAL, pieces * PIECE);
    }
    CHECK_ORDER(&s, "aAbbBcccC");
    clasp_scheduler_clear(&s);
}

TEST(a_higher_priority_goes_first_and_a_lower_one_moves) {
    clasp_scheduler s;
    clasp_packet packet;
    uint32_t lower = 0;
    clasp_scheduler_init(&s, RECORD_MAX, 0);
    push(&s, CLASP_PRIORITY_LOW, 100 * PIECE);
    push(&s, CLASP_PRIORITY_NORMAL, 100 * PIECE);
    push(&s, CLASP_PRIORITY_HIGH, 100 * PIECE);
    for (uint32_t i = 0; i < 100; i++) {
        CHECK(clasp_scheduler_next(&s, &packet));
        lower += packet.priority != CLASP_PRIORITY_HIGH;
    }
    CHECK_EQ(lower, 4); /* of 100 packets: after the 32nd of higher priority, one each; and again */
    clasp_scheduler_clear(&s);
}

/* Whatever is queued when: a high packet sees at most one lower one go before it. */
TEST(high_is_never_behind_low_by_more_than_one_packet) {
    clasp_random random;
    clasp_scheduler s;
    uint32_t behind[CLASP_PRIORITIES] = {
        0}; /* lower packets since this priority last went, or began to wait */
    clasp_random_seed(&random, 7);
    clasp_scheduler_init(&s, RECORD_MAX, 0);
    for (int i = 0; i < 20000; i++) {
        clasp_packet packet;
        if (clasp_random_below(&random, 3) == 0 && s.count < 100) {
            push(&s, clasp_random_below(&random, CLASP_PRIORITIES),
                 1 + clasp_random_below(&random, 20 * PIECE));
        }
        if (!clasp_scheduler_next(&s, &packet)) {
            continue;
        }
        for (unsigned p = 0; p < CLASP_PRIORITIES; p++) {
            const clasp_lane *lane = &s.lanes[p];
            const bool waits = lane->small.first || lane->large.first;
            behind[p] = waits && p < packet.priority ? behind[p] + 1 : 0;
        }
        CHECK(behind[CLASP_PRIORITY_HIGH] <= 1);
        CHECK(behind[CLASP_PRIORITY_NORMAL] <= 1);
    }
    clasp_scheduler_clear(&s);
}

TEST(a_full_queue_refuses_and_gives_nothing_away) {
    clasp_scheduler s;
    clasp_scheduler_init(&s, RECORD_MAX, 1000);
    clasp_text message = make_message(1, 1001);
    CHECK_EQ(clasp_scheduler_push(&s, CLASP_PRIORITY_HIGH, &message, false, NULL), CLASP_TOO_LARGE);
    CHECK_EQ(message.len, 1001);
    clasp_text_clear(&message);
    CHECK_EQ(clasp_scheduler_push(&s, CLASP_PRIORITY_HIGH, &message, false, NULL), CLASP_EMPTY_PAYLOAD);
    for (uint32_t i = 0; i < CLASP_CHUNK_QUEUE_COUNT; i++) {
        push(&s, CLASP_PRIORITY_HIGH, 1);
    }
    message = make_message(1, 1);
    CHECK_EQ(clasp_scheduler_push(&s, CLASP_PRIORITY_HIGH, &message, false, NULL), CLASP_QUEUE_FULL);
    CHECK_EQ(message.len, 1);
    clasp_scheduler_clear(&s);
    CHECK_EQ(clasp_scheduler_push(&s, CLASP_PRIORITY_HIGH, &message, false, NULL), CLASP_OK);
    clasp_scheduler_clear(&s);

    clasp_scheduler_init(&s, 65536, 0);
    push(&s, CLASP_PRIORITY_LOW, CLASP_CHUNK_MAX_LEN);
    push(&s, CLASP_PRIORITY_LOW, CLASP_CHUNK_QUEUE_BYTES - CLASP_CHUNK_MAX_LEN);
    message = make_message(1, 1);
    CHECK_EQ(clasp_scheduler_push(&s, CLASP_PRIORITY_HIGH, &message, false, NULL), CLASP_QUEUE_FULL);
    clasp_text_clear(&message);
    clasp_scheduler_clear(&s);
}

TEST(kept_messages_go_again_from_where_asked) {
    clasp_scheduler s;
    clasp_scheduler_init(&s, RECORD_MAX, 0);
    const uint32_t first = push_kept(&s, CLASP_PRIORITY_NORMAL, 5 * PIECE);
    const uint32_t second = push_kept(&s, CLASP_PRIORITY_NORMAL, 2 * PIECE);
    CHECK_ORDER(&s, "abaBaaA");
    CHECK_EQ(s.count, 2);
    CHECK_EQ(clasp_scheduler_resume(&s, first, 3, UINT32_MAX), CLASP_OK);
    CHECK_ORDER(&s, "aA");
    CHECK_EQ(clasp_scheduler_resume(&s, second, 0, 1), CLASP_OK);
    CHECK_EQ(clasp_scheduler_resume(&s, first, 1, 1), CLASP_OK); /* with the next: 1, 2 and 3 */
    CHECK_EQ(clasp_scheduler_resume(&s, first, 3, 1), CLASP_OK);
    CHECK_ORDER(&s, "BaaA");                                     /* the one first that went longest ago */
    CHECK_EQ(clasp_scheduler_resume(&s, first, 5, 1), CLASP_OK); /* it has no such piece */
    CHECK_EQ(clasp_scheduler_resume(&s, first, 1, 0), CLASP_OK);
    CHECK_ORDER(&s, "");
    CHECK_EQ(clasp_scheduler_resume(&s, 99, 0, 1), CLASP_BAD_HANDLE);
    CHECK_EQ(clasp_scheduler_resume(&s, 0, 0, 1), CLASP_BAD_HANDLE);
    CHECK(clasp_scheduler_drop(&s, first));
    CHECK(!clasp_scheduler_drop(&s, first));
    CHECK_EQ(clasp_scheduler_resume(&s, first, 0, 1), CLASP_BAD_HANDLE);
    CHECK(clasp_scheduler_drop(&s, second));
    CHECK_EQ(s.bytes, 0);
    clasp_scheduler_clear(&s);
}

TEST(a_message_can_be_taken_back_half_way) {
    clasp_scheduler s;
    clasp_packet packet;
    clasp_scheduler_init(&s, RECORD_MAX, 0);
    const uint32_t id = push(&s, CLASP_PRIORITY_LOW, 3 * PIECE);
    push(&s, CLASP_PRIORITY_LOW, 2 * PIECE);
    CHECK(clasp_scheduler_next(&s, &packet));
    CHECK_EQ(packet.message, id);
    CHECK(clasp_scheduler_drop(&s, id));
    CHECK(!clasp_scheduler_drop(&s, 0));
    CHECK_ORDER(&s, "bB");
    clasp_scheduler_clear(&s);
}

TEST(ids_go_round_and_leave_out_zero) {
    clasp_scheduler s;
    clasp_scheduler_init(&s, RECORD_MAX, 0);
    s.last_id = UINT32_MAX - 2;
    const uint32_t before = push_kept(&s, CLASP_PRIORITY_LOW, 2 * PIECE);
    CHECK_EQ(push_kept(&s, CLASP_PRIORITY_LOW, 2 * PIECE), UINT32_MAX);
    const uint32_t after = push_kept(&s, CLASP_PRIORITY_LOW, 2 * PIECE);
    CHECK_EQ(after, 1);
    clasp_packet packet;
    while (clasp_scheduler_next(&s, &packet)) {
        CHECK(packet.message != 0);
    }
    CHECK_EQ(clasp_scheduler_resume(&s, after, 0, 1), CLASP_OK);
    CHECK_EQ(clasp_scheduler_resume(&s, before, 0, 1), CLASP_OK);
    CHECK(clasp_scheduler_next(&s, &packet));
    CHECK_EQ(packet.message, before); /* the older one */
    clasp_scheduler_clear(&s);
}

static void queue_some(void *context) {
    (void)context;
    clasp_scheduler s;
    clasp_packet packet;
    unsigned queued = 0;
    clasp_scheduler_init(&s, RECORD_MAX, 0);
    for (uint32_t i = 0; i < 4; i++) {
        clasp_text message = {NULL, 0};
        static const uint8_t BYTES[300];
        if (!clasp_text_set(&message, (clasp_span){BYTES, i % 2 ? 300 : 30})) {
            continue;
        }
        const clasp_err err = clasp_scheduler_push(&s, CLASP_PRIORITY_HIGH, &message, i == 1, NULL);
        CHECK_EQ(message.at == NULL, err == CLASP_OK);
        queued += err == CLASP_OK;
        clasp_text_clear(&message);
    }
    CHECK(queued >= 3);
    CHECK_EQ(s.count, queued);
    while (clasp_scheduler_next(&s, &packet)) {
        CHECK(packet.record.bytes.len > 0);
    }
    clasp_scheduler_clear(&s);
}

TEST(without_memory_a_message_stays_the_callers) {
    CHECK_EQ(clasp_test_each_allocation(queue_some, NULL), 8);
}

int main(void) {
    RUN(small_messages_go_as_they_are_and_in_order);
    RUN(messages_of_one_priority_take_turns);
    RUN(no_more_are_under_way_than_the_receiver_has_room_for);
    RUN(a_higher_priority_goes_first_and_a_lower_one_moves);
    RUN(high_is_never_behind_low_by_more_than_one_packet);
    RUN(a_full_queue_refuses_and_gives_nothing_away);
    RUN(kept_messages_go_again_from_where_asked);
    RUN(a_message_can_be_taken_back_half_way);
    RUN(ids_go_round_and_leave_out_zero);
    RUN(without_memory_a_message_stays_the_callers);
    return check_summary();
}
