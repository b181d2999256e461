/* Tapes to frames: what a host may fill, and what nobody should: codec/codec.h. */
#include "codec/codec.h"

#include "tape_host.h"

static tape_host *host; /* one for all tests: what one leaves in it must not matter to the next */

/* ---- packing --------------------------------------------------------------------------------------------------- */

static void set_head(uint32_t has) {
    host_begin(host);
    host_head(host, CLASP_CELL_SET, has, 0, 0);
    host_text(host, CLASP_CELL_TEXT, clasp_span_of("/a"));
}

TEST(words_stand_for_addresses_and_keys) {
    static const char *const TEXTS[] = {"/a", "key", ""};
    for (uint32_t i = 0; i < 3; i++) {
        clasp_word *word = &host->codec->words[CLASP_WORDS - 1 - i];
        clasp_store_u16(word->len, (uint16_t)strlen(TEXTS[i]));
        memcpy(word->bytes, TEXTS[i], strlen(TEXTS[i]));
    }
    host->codec->envelope = (clasp_envelope){0};
    host_begin(host);
    host_head(host, CLASP_CELL_SET, 0, CLASP_WORDS, 0);
    host_head(host, CLASP_VALUE_MAP, 2, 0, 0);
    host_head(host, CLASP_VALUE_BOOL | (CLASP_WORDS - 1) << 8, 1, 0, 0);
    host_head(host, CLASP_VALUE_NULL | (CLASP_WORDS - 2) << 8, 0, 0, 0);
    static const uint8_t EXPECTED[] = {0x53, 0x41, 0, 18,  0x21, 0x0b, 0, 2, '/', 'a', 0,
                                       2,    0,    3, 'k', 'e',  'y',  1, 1, 0,   0,   0};
    const clasp_span frame = host_frame(host, host_pack(host, false));
    CHECK_BYTES(frame.at, frame.len, EXPECTED, sizeof EXPECTED);
}

TEST(the_quality_of_service_is_the_messages_own_unless_it_is_named) {
    host->codec->envelope = (clasp_envelope){.qos = 2};
    set_head(0);
    host_cell(host, CLASP_VALUE_NULL);
    CHECK(host_pack(host, false) > 0);
    CHECK_EQ(host->codec->out[1], 0x41);
    CHECK(host_pack(host, true) > 0);
    CHECK_EQ(host->codec->out[1], 0x81);
    host->codec->envelope = (clasp_envelope){.has_timestamp = 1, .timestamp_low = 5, .timestamp_high = 6};
    CHECK(host_pack(host, false) > 0);
    CHECK_EQ(host->codec->out[1], 0x61);
    CHECK_EQ(clasp_load_u64(host->codec->out + 4), UINT64_C(6) << 32 | 5);
    host->codec->envelope = (clasp_envelope){0};
}

/* One tape that is none, by what is wrong with it. */
typedef struct bad_tape {
    const char *what;
    clasp_cell cells[4];
    uint32_t count;
    clasp_err err;
} bad_tape;

#define TEXT_CELL \
    { .kind = CLASP_CELL_TEXT, .b = 2, .c = 2 }
#define SET_CELL \
    { .kind = CLASP_CELL_SET }
#define NULL_CELL \
    { .kind = CLASP_VALUE_NULL }
#define FRAME_ROOM sizeof((clasp_codec *)0)->frame

static const bad_tape BAD_TAPES[] = {
    {"nothing", {{0}}, 0, CLASP_BAD_FIELD},
    {"no message", {{.kind = CLASP_VALUE_F64}}, 1, CLASP_BAD_FIELD},
    {"a kind that is none", {{.kind = UINT32_MAX}}, 1, CLASP_BAD_FIELD},
    {"what is only unpacked", {{.kind = CLASP_CELL_DELIVER}, TEXT_CELL, NULL_CELL}, 3, CLASP_BAD_FIELD},
    {"no address", {SET_CELL}, 1, CLASP_BAD_FIELD},
    {"no value", {SET_CELL, TEXT_CELL}, 2, CLASP_BAD_FIELD},
    {"a value for an address", {SET_CELL, NULL_CELL, NULL_CELL}, 3, CLASP_BAD_FIELD},
    {"an address for a value", {SET_CELL, TEXT_CELL, TEXT_CELL}, 3, CLASP_BAD_FIELD},
    {"no revision",
     {{.kind = CLASP_CELL_SET, .a = CLASP_HAS_REVISION}, TEXT_CELL, NULL_CELL},
     3,
     CLASP_BAD_FIELD},
    {"a null for a revision",
     {{.kind = CLASP_CELL_SET, .a = CLASP_HAS_REVISION}, TEXT_CELL, NULL_CELL, NULL_CELL},
     4,
     CLASP_BAD_FIELD},
    {"a revision below 0",
     {{.kind = CLASP_CELL_SET, .a = CLASP_HAS_REVISION},
      TEXT_CELL,
      NULL_CELL,
      {.kind = CLASP_CELL_U64, .number = -1}},
     4,
     CLASP_OUT_OF_RANGE},
    {"a revision of a half",
     {{.kind = CLASP_CELL_SET, .a = CLASP_HAS_REVISION},
      TEXT_CELL,
      NULL_CELL,
      {.kind = CLASP_CELL_U64, .number = .5}},
     4,
     CLASP_OUT_OF_RANGE},
    {"a revision of 2^64",
     {{.kind = CLASP_CELL_SET, .a = CLASP_HAS_REVISION},
      TEXT_CELL,
      NULL_CELL,
      {.kind = CLASP_CELL_U64, .number = 18446744073709551616.0}},
     4,
     CLASP_OUT_OF_RANGE},
    {"an id over 32 bits",
     {{.kind = CLASP_CELL_PUBLISH, .a = CLASP_HAS_ID, .c = CLASP_SIGNAL_GESTURE},
      TEXT_CELL,
      {.kind = CLASP_CELL_U64_BIG, .c = 1}},
     3,
     CLASP_OUT_OF_RANGE},
    {"a word beyond the words",
     {{.kind = CLASP_CELL_SET, .b = CLASP_WORDS + 1}, TEXT_CELL, NULL_CELL},
     3,
     CLASP_BAD_FIELD},
    {"the last word that a cell can name",
     {{.kind = CLASP_CELL_SET, .b = UINT32_MAX}, TEXT_CELL, NULL_CELL},
     3,
     CLASP_BAD_FIELD},
    {"a text behind the memory",
     {SET_CELL, {.kind = CLASP_CELL_TEXT, .b = FRAME_ROOM, .c = 1}, NULL_CELL},
     3,
     CLASP_BAD_FIELD},
    {"a text before the memory",
     {SET_CELL, {.kind = CLASP_CELL_TEXT, .b = UINT32_MAX, .c = 2}, NULL_CELL},
     3,
     CLASP_BAD_FIELD},
    {"a text longer than the memory",
     {SET_CELL, {.kind = CLASP_CELL_TEXT, .c = UINT32_MAX}, NULL_CELL},
     3,
     CLASP_BAD_FIELD},
    {"a string without room for its length",
     {{.kind = CLASP_CELL_SNAPSHOT, .c = 1},
      {.kind = CLASP_CELL_PARAM, .a = CLASP_PARAM_SMALL},
      TEXT_CELL,
      {.kind = CLASP_VALUE_STRING, .b = 1, .c = 1}},
     4,
     CLASP_TOO_LARGE},
    {"a string of 2^16 bytes",
     {SET_CELL, TEXT_CELL, {.kind = CLASP_VALUE_STRING, .b = 2, .c = 65536}},
     3,
     CLASP_TOO_LARGE},
    {"an i8, which is only unpacked", {SET_CELL, TEXT_CELL, {.kind = CLASP_VALUE_I8}}, 3, CLASP_BAD_FIELD},
    {"items beyond the tape",
     {SET_CELL, TEXT_CELL, {.kind = CLASP_VALUE_ARRAY, .a = 9}, NULL_CELL},
     4,
     CLASP_BAD_FIELD},
    {"2^16 items", {SET_CELL, TEXT_CELL, {.kind = CLASP_VALUE_ARRAY, .a = 65536}}, 3, CLASP_TOO_LARGE},
    {"an entry without a key",
     {SET_CELL, TEXT_CELL, {.kind = CLASP_VALUE_MAP, .a = 1}, NULL_CELL},
     4,
     CLASP_BAD_FIELD},
    {"a key without a value",
     {SET_CELL, TEXT_CELL, {.kind = CLASP_VALUE_MAP, .a = 1}, TEXT_CELL},
     4,
     CLASP_BAD_FIELD},
    {"a signal that is none", {{.kind = CLASP_CELL_PUBLISH, .c = 5}, TEXT_CELL}, 2, CLASP_BAD_ENUM},
    {"a phase that is none", {{.kind = CLASP_CELL_PUBLISH, .c = 1 | 4 << 8}, TEXT_CELL}, 2, CLASP_BAD_ENUM},
    {"samples that are no array",
     {{.kind = CLASP_CELL_PUBLISH, .a = CLASP_HAS_SAMPLES}, TEXT_CELL, NULL_CELL},
     3,
     CLASP_BAD_FIELD},
    {"a sample that is no number",
     {{.kind = CLASP_CELL_PUBLISH, .a = CLASP_HAS_SAMPLES},
      TEXT_CELL,
      {.kind = CLASP_VALUE_ARRAY, .a = 1},
      NULL_CELL},
     4,
     CLASP_BAD_FIELD},
    {"samples beyond the tape",
     {{.kind = CLASP_CELL_PUBLISH, .a = CLASP_HAS_SAMPLES},
      TEXT_CELL,
      {.kind = CLASP_VALUE_ARRAY, .a = 60000}},
     3,
     CLASP_BAD_FIELD},
    {"params beyond the tape", {{.kind = CLASP_CELL_SNAPSHOT, .c = UINT32_MAX}}, 1, CLASP_BAD_FIELD},
    {"a message for a param",
     {{.kind = CLASP_CELL_SNAPSHOT, .c = 1}, SET_CELL, TEXT_CELL, NULL_CELL},
     4,
     CLASP_BAD_FIELD},
    {"members beyond the tape",
     {{.kind = CLASP_CELL_BUNDLE, .c = 2}, SET_CELL, TEXT_CELL, NULL_CELL},
     4,
     CLASP_BAD_FIELD},
    {"no timestamp", {{.kind = CLASP_CELL_BUNDLE, .a = CLASP_HAS_TIMESTAMP}}, 1, CLASP_BAD_FIELD},
    {"fields of no map", {{.kind = CLASP_CELL_FIELDS}, NULL_CELL}, 2, CLASP_BAD_FIELD},
    {"fields without a type", {{.kind = CLASP_CELL_FIELDS}, {.kind = CLASP_VALUE_MAP}}, 2, CLASP_BAD_FIELD},
};

TEST(tapes_that_are_none_are_refused) {
    for (size_t i = 0; i < sizeof BAD_TAPES / sizeof *BAD_TAPES; i++) {
        const bad_tape *bad = &BAD_TAPES[i];
        CHECK_CONTEXT(bad->what);
        host_begin(host);
        memset(host->codec->frame, 'x', 8);
        memcpy(host->cells, bad->cells, sizeof bad->cells);
        host->count = bad->count;
        CHECK_EQ(host_pack(host, false), bad->err);
    }
}

/* Arrays inside one another, under a SET; bundles around a PING. */
static int32_t pack_deep_array(uint32_t levels) {
    set_head(0);
    for (uint32_t i = 0; i < levels; i++) {
        host_cell(host, CLASP_VALUE_ARRAY)->a = i + 1 < levels;
    }
    return host_pack(host, false);
}

static int32_t pack_deep_bundle(uint32_t levels) {
    host_begin(host);
    for (uint32_t i = 0; i < levels; i++) {
        host_head(host, CLASP_CELL_BUNDLE, 0, 0, 1);
    }
    host_cell(host, CLASP_CELL_FIELDS);
    host_cell(host, CLASP_VALUE_MAP)->a = 1;
    host_text(host, CLASP_CELL_TEXT, clasp_span_of("type"));
    host_text(host, CLASP_VALUE_STRING, clasp_span_of("PING"));
    return host_pack(host, false);
}

TEST(depth_is_bounded) {
    CHECK(pack_deep_array(CLASP_VALUE_DEPTH) > 0);
    CHECK_EQ(pack_deep_array(CLASP_VALUE_DEPTH + 1), CLASP_TOO_DEEP);
    CHECK_EQ(pack_deep_array(100000), CLASP_TOO_DEEP);
    CHECK(pack_deep_bundle(CLASP_BUNDLE_DEPTH) > 0);
    CHECK_EQ(pack_deep_bundle(CLASP_BUNDLE_DEPTH + 1), CLASP_TOO_DEEP);
    CHECK_EQ(pack_deep_bundle(100000), CLASP_TOO_DEEP);
}

TEST(what_no_frame_can_hold_is_too_large) {
    set_head(0);
    host_cell(host, CLASP_VALUE_ARRAY)->a = 8000;
    for (uint32_t i = 0; i < 8000; i++) {
        host_number(host, CLASP_VALUE_F64, i);
    }
    CHECK_EQ(host_pack(host, false), CLASP_TOO_LARGE);
    host_begin(host);
    host_head(host, CLASP_CELL_PUBLISH, CLASP_HAS_SAMPLES, 0, CLASP_SIGNAL_STREAM);
    host_text(host, CLASP_CELL_TEXT, clasp_span_of("/a"));
    host_cell(host, CLASP_VALUE_ARRAY)->a = 9000;
    for (uint32_t i = 0; i < 9000; i++) {
        host_number(host, CLASP_VALUE_F64, i);
    }
    CHECK_EQ(host_pack(host, false), CLASP_TOO_LARGE);
}

/* ---- any tape -------------------------------------------------------------------------------------------------- */

#define TAPES 100000u
#define NEAR 256u /* offsets of texts, mostly */

static uint64_t random_state = 0x853C49E6748FEA9B;

static uint32_t random_below(uint32_t bound) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % bound;
}

static uint32_t random_word(void) {
    static const uint32_t EDGES[] = {0,     1,     2,          CLASP_WORDS, CLASP_WORDS + 1,
                                     65535, 65536, FRAME_ROOM, INT32_MAX,   UINT32_MAX};
    return random_below(8) == 0 ? EDGES[random_below(sizeof EDGES / sizeof *EDGES)] : random_below(6);
}

static clasp_cell random_cell(void) {
    static const uint8_t KINDS[] = {
        CLASP_VALUE_NULL,   CLASP_VALUE_BOOL,  CLASP_VALUE_I64,     CLASP_VALUE_F64,  CLASP_VALUE_STRING,
        CLASP_VALUE_BYTES,  CLASP_VALUE_ARRAY, CLASP_VALUE_MAP,     CLASP_CELL_TEXT,  CLASP_CELL_TEXT,
        CLASP_CELL_TEXT,    CLASP_CELL_U64,    CLASP_CELL_U64_BIG,  CLASP_CELL_U31,   CLASP_CELL_SET,
        CLASP_CELL_PUBLISH, CLASP_CELL_BUNDLE, CLASP_CELL_SNAPSHOT, CLASP_CELL_PARAM, CLASP_CELL_FIELDS,
        CLASP_CELL_DELIVER};
    clasp_cell cell = {.kind = KINDS[random_below(sizeof KINDS)] | random_word() << 8, .a = random_word()};
    cell.kind = random_below(4) == 0 ? cell.kind : cell.kind & 0xFF;
    if (random_below(3) == 0) {
        cell.number = random_below(1000) * (random_below(8) == 0 ? 0.5 : 1);
    } else {
        cell.b = random_below(8) == 0 ? random_word() : 2 + random_below(NEAR);
        cell.c = random_word();
    }
    return cell;
}

/* A head that is one, now and then: else nearly every tape would end with its first cell. */
static void random_start(clasp_cell *cell) {
    static const uint8_t HEADS[] = {CLASP_CELL_SET, CLASP_CELL_PUBLISH, CLASP_CELL_BUNDLE,
                                    CLASP_CELL_SNAPSHOT, CLASP_CELL_FIELDS};
    const uint32_t has = random_below(2) ? 0 : random_below(1u << 24);
    *cell = (clasp_cell){.kind = HEADS[random_below(sizeof HEADS)], .a = has};
    cell->b = random_below(4);
    cell->c = random_below(5);
}

TEST(any_tape_is_packed_or_refused) {
    uint32_t packed = 0;
    memset(host->codec->words, 'w', sizeof host->codec->words);
    clasp_store_u16(host->codec->words[0].len, 3);
    for (uint32_t i = 0; i < TAPES; i++) {
        memset(host->codec->frame, 'x', (size_t)2 * NEAR);
        host_begin(host);
        host->count = 1 + random_below(24);
        for (uint32_t k = 0; k < host->count; k++) {
            host->cells[k] = random_cell();
        }
        random_start(&host->cells[0]);
        const int32_t len = host_pack(host, false);
        CHECK(len != 0 && len <= (int32_t)CLASP_FRAME_MAX);
        if (len > 0) {
            clasp_frame frame;
            clasp_message message;
            const clasp_err err = clasp_decode(host_frame(host, len), &frame, &message);
            CHECK(err == CLASP_OK ||
                  err == CLASP_BAD_UTF8); /* texts that overlap get lengths written into them */
            packed++;
        }
    }
    CHECK(packed > TAPES / 100);
}

int main(void) {
    host = host_new();
    RUN(words_stand_for_addresses_and_keys);
    RUN(the_quality_of_service_is_the_messages_own_unless_it_is_named);
    RUN(tapes_that_are_none_are_refused);
    RUN(depth_is_bounded);
    RUN(what_no_frame_can_hold_is_too_large);
    RUN(any_tape_is_packed_or_refused);
    host_free(host);
    return check_summary();
}
