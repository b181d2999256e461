/*
 * Nanoseconds for each message: decoding and encoding, without a host. One JSON line for each case. The argument, if there
 * is one, is the number of samples.
 *
 * A sample is a run of at least SAMPLE_NS, so that the clock's step vanishes in it. Every case folds what it read into a
 * sum that is printed: no compiler can leave the work out.
 */
#define _POSIX_C_SOURCE 200809L // NOLINT: the name is POSIX's own; for clock_gettime()
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wire/message.h"

#define SAMPLES 21
#define SAMPLES_MAX 1001
#define SAMPLE_NS 20e6
#define BUNDLE_MEMBERS 64u
#define SNAPSHOT_PARAMS 1000u

static uint8_t frame_bytes[CLASP_FRAME_MAX]; /* the frame under test */
static uint8_t out_bytes[CLASP_FRAME_MAX];
static uint8_t list_bytes[CLASP_FRAME_MAX];
static uint8_t number_bytes[8];
static clasp_message message; /* the message under test */
static clasp_span frame_span;

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Ticks of the time-stamp counter, which runs at the processor's nominal rate whatever its clock does. 0: there is none. */
static uint64_t now_ticks(void) {
#ifdef __x86_64__
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

static clasp_message set_f64(const char *address) {
    return (clasp_message){.type = CLASP_MSG_SET,
                           .address = clasp_span_of(address),
                           .value = clasp_value_f64(0.75, number_bytes)};
}

static void make_set(void) { message = set_f64("/lumen/scene/0/layer/3/opacity"); }

static void make_stream(void) {
    message = set_f64("/sensor/accel/x");
    message.type = CLASP_MSG_PUBLISH;
    message.signal = CLASP_SIGNAL_STREAM;
    message.has = CLASP_HAS_VALUE | CLASP_HAS_TIMESTAMP;
    message.time_us = UINT64_C(1704067200000000);
}

static void make_bundle(void) {
    clasp_writer w = clasp_writer_of(list_bytes, sizeof list_bytes);
    const clasp_message member = set_f64("/lumen/scene/0/layer/3/opacity");
    for (uint32_t i = 0; i < BUNDLE_MEMBERS; i++) {
        clasp_write_member(&w, &member);
    }
    message = (clasp_message){.type = CLASP_MSG_BUNDLE, .list = {clasp_written(&w), BUNDLE_MEMBERS}};
}

static void make_snapshot(void) {
    clasp_writer w = clasp_writer_of(list_bytes, sizeof list_bytes);
    const clasp_param param = {.address = clasp_span_of("/lumen/layer/3/opacity"),
                               .value = clasp_value_f64(0.75, number_bytes),
                               .revision = 7,
                               .has_timestamp = true,
                               .timestamp_us = UINT64_C(1704067200000000)};
    for (uint32_t i = 0; i < SNAPSHOT_PARAMS; i++) {
        clasp_write_param(&w, &param);
    }
    message = (clasp_message){.type = CLASP_MSG_SNAPSHOT, .list = {clasp_written(&w), SNAPSHOT_PARAMS}};
}

/* {x, y, z} of numbers, as sensors send it. */
static void make_map(void) {
    clasp_writer w = clasp_writer_of(list_bytes, sizeof list_bytes);
    static const char *const KEYS[] = {"x", "y", "z"};
    clasp_write_u16(&w, sizeof KEYS / sizeof *KEYS);
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        clasp_write_text(&w, clasp_span_of(KEYS[i]));
        clasp_write_value(&w, clasp_value_f64(0.1, number_bytes));
    }
    make_stream();
    message.value = (clasp_value){clasp_written(&w), CLASP_VALUE_MAP};
}

/* 16 KB of text, ASCII or not. */
static void make_text(const char *unit) {
    clasp_writer w = clasp_writer_of(list_bytes, sizeof list_bytes);
    const clasp_span piece = clasp_span_of(unit);
    const uint32_t count = 16384 / piece.len;
    clasp_write_u16(&w, (uint16_t)(count * piece.len));
    for (uint32_t i = 0; i < count; i++) {
        clasp_write_bytes(&w, piece);
    }
    make_set();
    message.value = (clasp_value){clasp_written(&w), CLASP_VALUE_STRING};
}

static void make_ascii(void) { make_text("fader "); }

static void make_greek(void) { make_text("\xCE\xB1\xCE\xB2\xCE\xB3 "); }

static void make_han(void) { make_text("\xE6\xBC\xA2\xE5\xAD\x97"); }

/* ---- what is timed ------------------------------------------------------------------------------------------- */

static uint64_t decode(void) {
    clasp_frame frame;
    clasp_message out;
    if (clasp_decode(frame_span, &frame, &out) != CLASP_OK) {
        abort();
    }
    return out.type + out.address.len + out.value.data.len + out.list.count;
}

static uint64_t decode_members(void) {
    clasp_frame frame;
    clasp_message out;
    uint64_t sum = (uint64_t)clasp_decode(frame_span, &frame, &out);
    clasp_reader r = clasp_list_reader(out.list);
    for (uint32_t i = 0; i < out.list.count; i++) {
        clasp_message member;
        sum += (uint64_t)clasp_message_decode(clasp_next_member(&r), &member) + member.value.data.len;
    }
    return sum;
}

static uint64_t decode_params(void) {
    clasp_frame frame;
    clasp_message out;
    uint64_t sum = (uint64_t)clasp_decode(frame_span, &frame, &out);
    clasp_reader r = clasp_list_reader(out.list);
    for (uint32_t i = 0; i < out.list.count; i++) {
        clasp_param param;
        clasp_next_param(&r, &param);
        sum += param.value.data.len;
    }
    return sum;
}

static uint64_t encode(void) {
    clasp_writer w = clasp_writer_of(out_bytes, sizeof out_bytes);
    clasp_frame_write(&w, &message);
    if (w.err != CLASP_OK) {
        abort();
    }
    return clasp_written(&w).len;
}

/* ---- measuring ----------------------------------------------------------------------------------------------- */

typedef struct bench {
    const char *name;
    void (*make)(void);
    uint64_t (*run)(void);
    uint32_t items; /* messages or params in one run */
} bench;

static const bench BENCHES[] = {
    {"decode SET f64", make_set, decode, 1},
    {"encode SET f64", make_set, encode, 1},
    {"decode PUBLISH stream f64", make_stream, decode, 1},
    {"encode PUBLISH stream f64", make_stream, encode, 1},
    {"decode PUBLISH stream map xyz", make_map, decode, 1},
    {"check BUNDLE 64, per member", make_bundle, decode, BUNDLE_MEMBERS},
    {"check and decode BUNDLE 64, per member", make_bundle, decode_members, BUNDLE_MEMBERS},
    {"check SNAPSHOT 1000, per param", make_snapshot, decode, SNAPSHOT_PARAMS},
    {"check and read SNAPSHOT 1000, per param", make_snapshot, decode_params, SNAPSHOT_PARAMS},
    {"decode SET text 16 KB ASCII", make_ascii, decode, 1},
    {"decode SET text 16 KB Greek", make_greek, decode, 1},
    {"decode SET text 16 KB Han", make_han, decode, 1},
};

static uint64_t sum; /* printed at the end */

typedef struct sample {
    double ns;
    double ticks;
} sample;

static sample time_runs(const bench *b, uint64_t count) {
    const double start_ns = now_ns();
    const uint64_t start_ticks = now_ticks();
    for (uint64_t i = 0; i < count; i++) {
        sum += b->run();
    }
    return (sample){now_ns() - start_ns, (double)(now_ticks() - start_ticks)};
}

static int by_ns(const void *a, const void *b) {
    const double x = ((const sample *)a)->ns;
    const double y = ((const sample *)b)->ns;
    return (x > y) - (x < y);
}

static void measure(const bench *b, size_t sample_count) {
    b->make();
    clasp_writer w = clasp_writer_of(frame_bytes, sizeof frame_bytes);
    clasp_frame_write(&w, &message);
    frame_span = clasp_written(&w);

    uint64_t count = 1;
    while (time_runs(b, count).ns < SAMPLE_NS) {
        count *= 2;
    }
    static sample samples[SAMPLES_MAX];
    const double item_count = (double)count * b->items;
    for (size_t i = 0; i < sample_count; i++) {
        const sample whole = time_runs(b, count);
        samples[i] = (sample){whole.ns / item_count, whole.ticks / item_count};
    }
    qsort(samples, sample_count, sizeof *samples, by_ns);
    const sample median = samples[sample_count / 2];
    printf("{\"bench\":\"core\",\"case\":\"%s\",\"bytes\":%" PRIu32 ",\"items\":%" PRIu32
           ",\"unit\":\"ns\",\"min\":%.2f,\"median\":%.2f,\"max\":%.2f,\"ticks\":%.2f,\"runs\":%zu}\n",
           b->name, frame_span.len, b->items, samples[0].ns, median.ns, samples[sample_count - 1].ns,
           median.ticks, sample_count);
}

int main(int argc, char **argv) {
    const unsigned long wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : SAMPLES;
    if (wanted < 1 || wanted > SAMPLES_MAX) {
        fprintf(stderr, "samples: 1 to %d\n", SAMPLES_MAX);
        return 1;
    }
    for (size_t i = 0; i < sizeof BENCHES / sizeof *BENCHES; i++) {
        measure(&BENCHES[i], wanted);
    }
    fprintf(stderr, "checksum %" PRIu64 "\n", sum);
    return 0;
}
