/*
 * A scheduler, a network that loses, doubles and reorders, and a reassembler; one world per seed. A seed that fails is
 * named; `test_chunk_sim FIRST COUNT` runs others.
 */
#include <inttypes.h>

#include "chunk/scheduler.h"
#include "chunk_bench.h"

#define MESSAGES 60u
#define IN_FLIGHT 4096u
#define MS UINT64_C(1000)

static uint64_t first_seed = 1;
static uint64_t seed_count = 50;

/** Probabilities in per mille. */
typedef struct faults {
    uint32_t loss, doubling;
    uint32_t jitter_ms; /* packets overtake one another by up to so much */
} faults;

typedef struct packet {
    clasp_text bytes;
    uint64_t at_us; /* of arrival */
    uint64_t order; /* of sending */
    uint32_t small; /* number of the small message that this is; UINT32_MAX: a piece */
} packet;

typedef struct message {
    uint64_t seed;
    uint32_t len, id;
    uint8_t priority;
    bool is_large, is_kept;
    unsigned arrived; /* times */
    bool is_lost;     /* the reassembler said so */
} message;

static struct {
    clasp_random random;
    uint64_t now_us, order;
    faults faults;
    clasp_scheduler scheduler;
    clasp_reassembler reassembler;
    packet flying[IN_FLIGHT];
    uint32_t flying_count;
    message messages[MESSAGES];
    uint32_t message_count;
    uint32_t smalls[CLASP_PRIORITIES][MESSAGES]; /* small messages in the order of their sending */
    uint32_t small_sent[CLASP_PRIORITIES], small_count[CLASP_PRIORITIES];
    unsigned refused; /* pieces for which there was no room */
} w;

static uint32_t below(uint32_t n) { return clasp_random_below(&w.random, n); }

static void begin(uint64_t seed, uint32_t record_max) {
    memset(&w, 0, sizeof w);
    clasp_random_seed(&w.random, seed);
    clasp_scheduler_init(&w.scheduler, record_max, 0);
    clasp_reassembler_init(&w.reassembler, 0);
}

static void end(void) {
    CHECK_EQ(clasp_reassembler_deadline(&w.reassembler), NEVER); /* nothing is left half-built */
    clasp_scheduler_clear(&w.scheduler);
    clasp_reassembler_clear(&w.reassembler);
}

/* ---- the sender ---------------------------------------------------------------------------------------------- */

static uint32_t random_len(void) {
    const uint32_t record_max = w.scheduler.record_max;
    switch (below(4)) {
    case 0:
        return 1 + below(record_max);
    case 1:
        return record_max + 1 + below(3 * record_max);
    case 2:
        return (1 + below(20)) *
               (record_max - CLASP_PIECE_HEADER_MAX); /* a last piece as long as the others */
    default:
        return 1 + below(100 * record_max);
    }
}

static void send_message(bool keep) {
    message *m = &w.messages[w.message_count];
    *m = (message){.seed = clasp_random_next(&w.random), .len = random_len(), .priority = (uint8_t)below(3)};
    clasp_text bytes = make_message(m->seed, m->len);
    CHECK_EQ(clasp_scheduler_push(&w.scheduler, m->priority, &bytes, keep, &m->id), CLASP_OK);
    m->is_large = m->id != 0;
    m->is_kept = keep && m->is_large;
    if (!m->is_large) {
        w.smalls[m->priority][w.small_count[m->priority]++] = w.message_count;
    }
    w.message_count++;
}

static void fly(const clasp_packet *out, uint32_t small) {
    if (below(1000) < w.faults.loss || !CHECK(w.flying_count < IN_FLIGHT)) {
        return;
    }
    packet *p = &w.flying[w.flying_count++];
    *p = (packet){make_record(&out->record), w.now_us + 10 * MS, w.order++, small};
    p->at_us += w.faults.jitter_ms > 0 ? below(w.faults.jitter_ms) * MS : 0;
}

static bool transmit(void) {
    clasp_packet out;
    uint32_t small = UINT32_MAX;
    if (!clasp_scheduler_next(&w.scheduler, &out)) {
        return false;
    }
    CHECK(out.record.header_len + out.record.bytes.len <= w.scheduler.record_max);
    if (out.message == 0) {
        small = w.smalls[out.priority][w.small_sent[out.priority]++];
    }
    fly(&out, small);
    if (below(1000) < w.faults.doubling) {
        fly(&out, small);
    }
    return true;
}

/* ---- the receiver -------------------------------------------------------------------------------------------- */

static message *by_id(uint32_t id) {
    for (uint32_t i = 0; i < w.message_count; i++) {
        if (w.messages[i].is_large && w.messages[i].id == id) {
            return &w.messages[i];
        }
    }
    return NULL;
}

static void check_arrived(message *m, clasp_span bytes) {
    clasp_text expected = make_message(m->seed, m->len);
    CHECK_BYTES(bytes.at, bytes.len, expected.at, expected.len);
    clasp_text_clear(&expected);
    m->arrived++;
}

static void note_losses(void) {
    uint32_t count;
    const clasp_chunk_lost *lost = clasp_reassembler_lost(&w.reassembler, &count);
    for (uint32_t i = 0; i < count; i++) {
        message *m = by_id(lost[i].message);
        if (CHECK(m != NULL)) {
            CHECK(!m->is_lost && m->arrived == 0 && m->len == lost[i].total && lost[i].bytes < m->len);
            CHECK(lost[i].cause == CLASP_TIMEOUT || lost[i].cause == CLASP_LIMIT);
            m->is_lost = true;
        }
    }
}

/* What is held is at most twice what was received, and within the bounds. */
static void check_bounds(void) {
    uint64_t declared = 0;
    for (uint32_t i = 0; i < CLASP_CHUNK_SLOTS; i++) {
        const clasp_parts *parts = &w.reassembler.slots[i].parts;
        declared += parts->total;
        CHECK((uint64_t)parts->cap * parts->size <= 2 * (uint64_t)parts->bytes);
    }
    CHECK(declared <= (uint64_t)CLASP_CHUNK_DECLARED);
}

static void arrive(packet *p) {
    clasp_whole whole;
    if (p->small != UINT32_MAX) {
        check_arrived(&w.messages[p->small], clasp_text_span(&p->bytes));
        clasp_text_clear(&p->bytes);
        return;
    }
    const clasp_err err = take(&w.reassembler, p->bytes, w.now_us, &whole);
    CHECK(err == CLASP_OK || err == CLASP_MORE || err == CLASP_LIMIT);
    w.refused += err == CLASP_LIMIT;
    note_losses();
    if (err == CLASP_OK) {
        message *m = by_id(whole.message);
        if (CHECK(m != NULL)) {
            check_arrived(m, clasp_text_span(&whole.bytes));
            CHECK_EQ(whole.priority, m->priority);
        }
        clasp_text_clear(&whole.bytes);
    }
}

/* The packet that arrives next: by time, then in the order of sending. */
static packet *next_packet(void) {
    packet *first = NULL;
    for (uint32_t i = 0; i < w.flying_count; i++) {
        packet *p = &w.flying[i];
        if (!first || p->at_us < first->at_us || (p->at_us == first->at_us && p->order < first->order)) {
            first = p;
        }
    }
    return first;
}

static void deliver_until(uint64_t until_us) {
    for (packet *p = next_packet(); p && p->at_us <= until_us; p = next_packet()) {
        packet arriving = *p;
        *p = w.flying[--w.flying_count];
        w.now_us = arriving.at_us;
        arrive(&arriving);
    }
    w.now_us = until_us;
    check_bounds();
    if (clasp_reassembler_deadline(&w.reassembler) <= w.now_us) {
        clasp_reassembler_tick(&w.reassembler, w.now_us);
        note_losses();
        CHECK(clasp_reassembler_deadline(&w.reassembler) > w.now_us);
    }
}

/* Ask for what is missing of a kept message, as a peer does after it has changed its path. */
static void ask_again(const message *m) {
    clasp_part_range ranges[8];
    const uint32_t count = clasp_reassembler_missing(&w.reassembler, m->id, ranges, 8);
    if (count == 0) { /* nothing of it came */
        CHECK_EQ(clasp_scheduler_resume(&w.scheduler, m->id, 0, UINT32_MAX), CLASP_OK);
    }
    for (uint32_t i = 0; i < count; i++) {
        CHECK_EQ(clasp_scheduler_resume(&w.scheduler, m->id, ranges[i].first, ranges[i].count), CLASP_OK);
    }
}

/* Drop what is over; true if kept messages are still under way. */
static bool ask_for_the_rest(bool asks) {
    bool is_left = false;
    for (uint32_t i = 0; i < w.message_count; i++) {
        message *m = &w.messages[i];
        if (m->is_kept && (m->arrived > 0 || m->is_lost)) {
            CHECK(clasp_scheduler_drop(&w.scheduler, m->id));
            m->is_kept = false;
        } else if (m->is_kept) {
            is_left = true;
            if (asks) {
                ask_again(m);
            }
        }
    }
    return is_left;
}

/* Messages enter in bursts; a packet leaves each millisecond. */
static void run(bool keep) {
    bool is_busy = true;
    for (uint64_t ms = 0; is_busy; ms++) {
        while (w.message_count < MESSAGES && below(20) == 0) {
            send_message(keep);
        }
        is_busy = transmit() || w.flying_count > 0 || w.message_count < MESSAGES;
        deliver_until(w.now_us + MS);
        if (ms % 300 == 299 || !is_busy) {
            is_busy = ask_for_the_rest(!clasp_scheduler_waiting(&w.scheduler)) || is_busy;
        }
        if (!CHECK(ms < 1000000)) {
            return;
        }
    }
    deliver_until(w.now_us + CLASP_CHUNK_LIFE_US); /* what is left times out */
}

static void for_each_seed(void (*world)(uint64_t seed)) {
    for (uint64_t seed = first_seed; seed < first_seed + seed_count; seed++) {
        char name[32];
        const size_t before = clasp_test_live_allocations();
        snprintf(name, sizeof name, "seed %" PRIu64, seed);
        CHECK_CONTEXT(name);
        world(seed);
        CHECK_EQ(clasp_test_live_allocations(), before);
        CHECK_CONTEXT(NULL);
    }
}

/* ---- what holds ---------------------------------------------------------------------------------------------- */

static void in_order(uint64_t seed) {
    begin(seed, 100 + (uint32_t)(seed * 37 % 3000));
    run(false);
    CHECK_EQ(w.refused, 0); /* the sender keeps to what the receiver has room for */
    for (uint32_t i = 0; i < w.message_count; i++) {
        CHECK_EQ(w.messages[i].arrived, 1);
    }
    end();
}

TEST(on_a_channel_that_keeps_order_everything_arrives_once) { for_each_seed(in_order); }

static void lossy(uint64_t seed) {
    begin(seed, 100 + (uint32_t)(seed * 37 % 3000));
    w.faults = (faults){below(150), below(150), below(80)};
    run(false);
    for (uint32_t i = 0; i < w.message_count; i++) {
        const message *m = &w.messages[i];
        CHECK(m->arrived <= 1 || !m->is_large); /* a small message is a packet: the network may double it */
        CHECK(m->arrived == 0 || !m->is_lost);
    }
    end();
}

TEST(on_a_channel_that_loses_a_message_is_whole_or_not_there) { for_each_seed(lossy); }

static void reordering(uint64_t seed) {
    begin(seed, 100 + (uint32_t)(seed * 37 % 3000));
    w.faults = (faults){0, below(300), 1 + below(200)};
    run(false);
    for (uint32_t i = 0; i < w.message_count; i++) {
        const message *m = &w.messages[i];
        CHECK(m->arrived == 1 || !m->is_large || m->is_lost || w.refused > 0);
        CHECK(m->arrived >= 1 || m->is_large);
    }
    end();
}

TEST(order_and_repeats_do_not_matter) { for_each_seed(reordering); }

static void resumed(uint64_t seed) {
    unsigned lost = 0;
    begin(seed, 100 + (uint32_t)(seed * 37 % 3000));
    w.faults = (faults){below(200), below(100), below(30)};
    run(true);
    for (uint32_t i = 0; i < w.message_count; i++) {
        const message *m = &w.messages[i];
        CHECK(!m->is_large || m->arrived + (m->is_lost ? 1 : 0) == 1);
        lost += m->is_lost;
    }
    CHECK(lost <= MESSAGES / 4); /* stale ones that made room for others */
    end();
}

TEST(what_is_asked_for_again_arrives_whole) { for_each_seed(resumed); }

int main(int argc, char **argv) {
    first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : first_seed;
    seed_count = argc > 2 ? strtoull(argv[2], NULL, 10) : seed_count;
    RUN(on_a_channel_that_keeps_order_everything_arrives_once);
    RUN(on_a_channel_that_loses_a_message_is_whole_or_not_there);
    RUN(order_and_repeats_do_not_matter);
    RUN(what_is_asked_for_again_arrives_whole);
    return check_summary();
}
