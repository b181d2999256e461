/* Frames to the tape and back, by the golden vectors: codec/codec.h, codec/texts.h. */
#include "codec/codec.h"

#include "alloc.h"
#include "frames.h"
#include "tape_host.h"
#include "wire/legacy.h"

static tape_host *host; /* one for all tests: what one leaves in it must not matter to the next */
static uint8_t bytes[CLASP_FRAME_MAX];
static uint8_t scratch[CLASP_FRAME_PAYLOAD_MAX];

static clasp_err decode(clasp_span frame, clasp_message *out) {
    clasp_frame head;
    return clasp_decode_any(frame, scratch, sizeof scratch, &head, out);
}

/* ---- vectors --------------------------------------------------------------------------------------------------- */

/* Frames whose names and texts take more room than a frame are no test of this way. */
static bool fits_again(const golden *g) { return g->len < 60000; }

static void check_tape(golden *g) {
    clasp_message expected;
    clasp_message again;
    clasp_frame frame;
    CHECK_EQ(decode(frame_of(g), &expected), CLASP_OK);
    CHECK_EQ(host_unpack(host, frame_of(g)), CLASP_OK);
    host_copy(host);
    const clasp_span packed = host_frame(host, host_pack(host, true));
    CHECK_EQ(clasp_decode(packed, &frame, &again), CLASP_OK);
    CHECK(vector_messages_equal(&expected, &again));
}

TEST(the_tape_holds_what_is_decoded) {
    each_binary(check_tape);
    each_legacy(check_tape);
}

static void check_bytes(golden *g) {
    if (strcmp(vector_text(g->json, "use"), "both") == 0 && fits_again(g)) {
        CHECK_EQ(host_unpack(host, frame_of(g)), CLASP_OK);
        host_copy(host);
        const clasp_span packed = host_frame(host, host_pack(host, true));
        CHECK_BYTES(packed.at, packed.len, g->bytes, g->len);
    }
}

TEST(what_was_unpacked_packs_to_the_same_bytes) { each_binary(check_bytes); }

static void check_envelope(golden *g) {
    clasp_frame frame;
    const clasp_envelope *envelope = &host->codec->envelope;
    CHECK_EQ(clasp_frame_decode(frame_of(g), &frame, NULL), CLASP_OK);
    CHECK_EQ(host_unpack(host, frame_of(g)), CLASP_OK);
    CHECK_EQ(envelope->qos, frame.qos);
    CHECK_EQ(envelope->has_timestamp, frame.has_timestamp);
    CHECK(((uint64_t)envelope->timestamp_high << 32 | envelope->timestamp_low) == frame.timestamp_us);
    CHECK(envelope->timestamp_us == (double)frame.timestamp_us);
    CHECK_EQ(envelope->len, frame.payload.len + (frame.payload.at - g->bytes));
}

TEST(the_envelope_says_what_the_frame_says) { each_binary(check_envelope); }

static void check_refused(golden *g) {
    clasp_message message;
    CHECK_EQ(host_unpack(host, frame_of(g)), decode(frame_of(g), &message));
}

TEST(malformed_frames_are_refused_as_the_decoder_does) {
    CHECK_EQ(each_vector("malformed.json", check_refused), 183);
}

TEST(more_bytes_than_the_memory_holds_are_refused) {
    CHECK_EQ(clasp_codec_unpack(host->codec, sizeof host->codec->frame + 1), CLASP_TOO_LARGE);
    CHECK_EQ(clasp_codec_unpack(host->codec, UINT32_MAX), CLASP_TOO_LARGE);
    CHECK_EQ(clasp_codec_unpack(host->codec, 0), CLASP_MORE);
}

/* ---- texts ----------------------------------------------------------------------------------------------------- */

#define WAYS CLASP_TEXT_WAYS
#define SAME (WAYS + 2) /* texts for the places of one set */

static char same_set[SAME][16];

static void find_same_set(void) {
    uint32_t found = 0;
    for (uint32_t i = 0; found < SAME; i++) {
        char text[16];
        snprintf(text, sizeof text, "/t/%u", i);
        if ((clasp_hash(0, clasp_span_of(text)) & (CLASP_TEXT_SETS - 1)) == 7) {
            memcpy(same_set[found++], text, sizeof text);
        }
    }
}

/* The id of a text, which has to be the one that the host knows it by. */
static uint32_t id_of(const char *text) {
    clasp_texts *texts = &host->codec->texts;
    uint32_t id = 0;
    CHECK(clasp_texts_id(texts, &texts->last_word, clasp_span_of(text), &id));
    host_refresh(host);
    if (id != 0) {
        CHECK(clasp_span_equal(host_name(host, id), clasp_span_of(text)));
    }
    return id;
}

static void begin_round(void) { clasp_texts_begin(&host->codec->texts); }

/* Each of the set's first texts in a round of its own. */
static void fill_set(uint32_t *ids) {
    for (uint32_t i = 0; i < WAYS; i++) {
        begin_round();
        ids[i] = id_of(same_set[i]);
        CHECK(ids[i] != 0);
    }
}

TEST(the_oldest_text_of_a_set_makes_room) {
    uint32_t ids[WAYS];
    find_same_set();
    fill_set(ids);
    for (uint32_t i = 0; i < WAYS; i++) {
        for (uint32_t k = 0; k < i; k++) {
            CHECK(ids[i] != ids[k]);
        }
    }
    begin_round();
    CHECK_EQ(id_of(same_set[0]), ids[0]); /* used again: the second is the oldest now */
    CHECK_EQ(host->codec->texts.fresh_count, 0);
    begin_round();
    CHECK_EQ(id_of(same_set[WAYS]), ids[1]);
    CHECK_EQ(host->codec->texts.fresh_count, 1);
    CHECK_EQ(host->codec->texts.fresh[0], ids[1] - 1);
    begin_round();
    CHECK(id_of(same_set[1]) != ids[1]);
    CHECK_EQ(id_of(same_set[0]), ids[0]);
}

TEST(what_a_round_has_named_stays_until_the_next) {
    uint32_t ids[WAYS];
    begin_round();
    for (uint32_t i = 0; i < WAYS; i++) {
        ids[i] = id_of(same_set[i]);
        CHECK(ids[i] != 0);
    }
    CHECK_EQ(id_of(same_set[WAYS]), 0);
    CHECK_EQ(id_of(same_set[WAYS + 1]), 0);
    for (uint32_t i = 0; i < WAYS; i++) {
        CHECK_EQ(id_of(same_set[i]), ids[i]);
    }
    begin_round();
    CHECK(id_of(same_set[WAYS]) != 0);
}

TEST(a_text_that_followed_another_is_not_taken_for_what_has_replaced_it) {
    for (uint32_t i = 0; i < 3; i++) { /* "/x", then the first of the set, again and again */
        begin_round();
        id_of("/x");
        id_of(same_set[0]);
    }
    for (uint32_t i = 1; i < SAME; i++) { /* each takes a place, and in the end that of the first */
        begin_round();
        id_of(same_set[i]);
    }
    begin_round();
    CHECK(id_of("/x") != 0);
    CHECK(id_of(same_set[0]) != 0);
    CHECK(id_of("/x") != 0);
    CHECK(id_of(same_set[SAME - 1]) != 0);
}

TEST(long_texts_have_no_id) {
    char text[CLASP_TEXT_MAX + 2];
    memset(text, 'x', sizeof text);
    text[CLASP_TEXT_MAX + 1] = '\0';
    begin_round();
    CHECK_EQ(id_of(text), 0);
    CHECK(id_of(text + 1) != 0);
    CHECK(id_of("") != 0);
    CHECK_EQ(id_of(text), 0);
}

TEST(rounds_may_wrap) {
    clasp_texts *texts = &host->codec->texts;
    texts->round = UINT32_MAX - 1;
    for (uint32_t i = 0; i < 6; i++) {
        begin_round();
        CHECK(texts->round != 0);
        CHECK(id_of(same_set[i % SAME]) != 0);
        CHECK(id_of(same_set[i % SAME]) != 0);
    }
}

/* A bundle of SETs, each of an address of its own, and each with a map of a key of its own. */
static clasp_span many_texts(uint32_t count, uint32_t first) {
    static uint8_t members[CLASP_FRAME_PAYLOAD_MAX];
    clasp_writer list = clasp_writer_of(members, sizeof members);
    for (uint32_t i = 0; i < count; i++) {
        char address[8];
        snprintf(address, sizeof address, "/%x", first + i);
        clasp_write_member(&list, &(clasp_message){.type = CLASP_MSG_SET, .address = clasp_span_of(address)});
    }
    clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
    clasp_frame_write(&w, &(clasp_message){.type = CLASP_MSG_BUNDLE, .list = {clasp_written(&list), count}});
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

TEST(more_addresses_in_one_frame_than_there_are_ids_are_unpacked) {
    clasp_message expected;
    clasp_message again;
    clasp_frame frame;
    for (uint32_t first = 0x1000; first <= 0x1000 + 3 * 3000; first += 3000) {
        const clasp_span in = many_texts(5000, first);
        CHECK_EQ(host_unpack(host, in), CLASP_OK);
        host_copy(host);
        const clasp_span packed = host_frame(host, host_pack(host, true));
        CHECK_BYTES(packed.at, packed.len, in.at, in.len);
        CHECK_EQ(clasp_decode(in, &frame, &expected), CLASP_OK);
        CHECK_EQ(clasp_decode(packed, &frame, &again), CLASP_OK);
        CHECK(vector_messages_equal(&expected, &again));
    }
}

/* ---- shapes ---------------------------------------------------------------------------------------------------- */

/* A SET of a map: its keys, each with its own length as its value, as they are, doubled and empty ones, too. */
static clasp_span set_of_keys(const char *const *keys, uint32_t count) {
    static uint8_t map[4096];
    clasp_writer data = clasp_writer_of(map, sizeof map);
    clasp_write_u16(&data, (uint16_t)count);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t storage[8];
        clasp_write_text(&data, clasp_span_of(keys[i]));
        clasp_write_value(&data, clasp_value_f64((double)strlen(keys[i]), storage));
    }
    const clasp_value value = {clasp_written(&data), CLASP_VALUE_MAP};
    clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
    clasp_frame_write(
        &w, &(clasp_message){.type = CLASP_MSG_SET, .address = clasp_span_of("/a"), .value = value});
    CHECK_EQ(w.err, CLASP_OK);
    return clasp_written(&w);
}

/* Unpack it; what is on the tape has to pack to the same bytes. @return the cell of its map */
static const clasp_cell *unpack_keys(const char *const *keys, uint32_t count) {
    const clasp_span in = set_of_keys(keys, count);
    CHECK_EQ(host_unpack(host, in), CLASP_OK);
    host_copy(host);
    const clasp_span packed = host_frame(host, host_pack(host, true));
    CHECK_BYTES(packed.at, packed.len, in.at, in.len);
    CHECK_EQ(host_unpack(host, in), CLASP_OK);
    return &host->codec->tape.cells[1];
}

static void repeat(const char *const *keys, uint32_t count) {
    for (uint32_t i = 0; i < CLASP_SHAPE_HITS; i++) {
        unpack_keys(keys, count);
    }
}

static clasp_shapes *no_shapes(void) {
    memset(&host->codec->shapes, 0, sizeof host->codec->shapes);
    return &host->codec->shapes;
}

TEST(the_keys_of_a_map_that_comes_again_and_again_become_a_shape) {
    static const char *const KEYS[] = {"x", "", "pressure", "x", "\xc3\xa9t\xc3\xa9"};
    const clasp_shapes *shapes = no_shapes();
    CHECK_EQ(unpack_keys(KEYS, 5)->c, 0);
    CHECK_EQ(shapes->count, 0);
    repeat(KEYS, 5);
    CHECK_EQ(shapes->count, 1);
    const clasp_cell *map = unpack_keys(KEYS, 5);
    CHECK_EQ(map->b, 1);
    CHECK_EQ(map->c, 5);
    CHECK_EQ(map->a, 5);
    CHECK(host->codec->tape.at == map + 6); /* its keys are not told again */
    repeat(KEYS, 5);
    CHECK_EQ(shapes->count, 1);
}

TEST(a_map_that_leaves_its_shape_names_its_other_keys) {
    static const char *const KEYS[] = {"one", "two", "three"};
    static const char *const LAST[] = {"one", "two", "drei"};
    static const char *const SECOND[] = {"one", "twos", "three"};
    no_shapes();
    repeat(KEYS, 3);
    CHECK_EQ(unpack_keys(KEYS, 3)->c, 3);
    CHECK_EQ(unpack_keys(LAST, 3)->c, 2);
    CHECK_EQ(unpack_keys(SECOND, 3)->c, 1);
    CHECK_EQ(unpack_keys(KEYS, 2)->c, 0);
    CHECK_EQ(unpack_keys(KEYS, 3)->c, 3);
}

TEST(a_map_of_too_many_or_too_long_keys_has_no_shape) {
    static const char *const NINE[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    char key[CLASP_SHAPE_BYTES];
    const char *const keys[] = {key};
    const clasp_shapes *shapes = no_shapes();
    memset(key, 'k', sizeof key);
    key[CLASP_SHAPE_BYTES - 1] = '\0';
    repeat(NINE, CLASP_SHAPE_KEYS + 1);
    repeat(keys, 1);
    CHECK_EQ(shapes->count, 0);
    repeat(NINE, CLASP_SHAPE_KEYS);
    no_shapes();
    key[CLASP_SHAPE_BYTES - 2] = '\0';
    repeat(keys, 1);
    CHECK_EQ(shapes->count, 1);
    CHECK_EQ(unpack_keys(keys, 1)->c, 1);
}

TEST(there_are_no_more_shapes_than_there_is_room_for) {
    const clasp_shapes *shapes = no_shapes();
    for (uint32_t i = 0; i < 10 * CLASP_SHAPES; i++) {
        char key[16];
        const char *const keys[] = {key};
        snprintf(key, sizeof key, "%cey%u", 'A' + (int)(i % 26), i);
        repeat(keys, 1);
    }
    CHECK_EQ(shapes->count, CLASP_SHAPES);
}

TEST(a_map_that_is_cut_off_is_no_hit) {
    static const char *const KEYS[] = {"x", "y"};
    const clasp_shapes *shapes = no_shapes();
    for (uint32_t i = 0; i < 2 * CLASP_SHAPE_HITS; i++) {
        const clasp_span in = set_of_keys(KEYS, 2);
        clasp_store_u16(bytes + 2, (uint16_t)(clasp_load_u16(bytes + 2) - 1));
        CHECK_EQ(host_unpack(host, in), CLASP_TRUNCATED);
    }
    CHECK_EQ(shapes->count, 0);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static void unpack_and_pack(void *context) {
    clasp_span *frame = context;
    clasp_codec *codec = clasp_codec_new();
    if (!codec) {
        return;
    }
    memcpy(codec->frame, frame->at, frame->len);
    const clasp_err err = clasp_codec_unpack(codec, frame->len);
    CHECK(err == (clasp_test_allocation_failed() ? CLASP_NO_MEMORY : CLASP_OK));
    memcpy(codec->frame, frame->at, frame->len);
    CHECK_EQ(clasp_codec_unpack(codec, frame->len), CLASP_OK); /* nothing is broken by it */
    clasp_codec_free(codec);
}

TEST(every_allocation_may_fail) {
    clasp_span frame = many_texts(5000, 0x1000);
    CHECK(clasp_test_each_allocation(unpack_and_pack, &frame) >= 4);
}

static void check_no_allocation(golden *g) {
    CHECK_EQ(host_unpack(host, frame_of(g)), CLASP_OK);
    clasp_test_fail_allocation(1);
    const clasp_err err = host_unpack(host, frame_of(g));
    host_copy(host);
    host_pack(host, true);
    CHECK(!clasp_test_allocation_failed());
    clasp_test_fail_allocation(0);
    CHECK_EQ(err, CLASP_OK);
}

TEST(what_fits_the_tape_allocates_nothing) { each_binary(check_no_allocation); }

int main(void) {
    host = host_new();
    RUN(the_tape_holds_what_is_decoded);
    RUN(what_was_unpacked_packs_to_the_same_bytes);
    RUN(the_envelope_says_what_the_frame_says);
    RUN(malformed_frames_are_refused_as_the_decoder_does);
    RUN(more_bytes_than_the_memory_holds_are_refused);
    RUN(the_oldest_text_of_a_set_makes_room);
    RUN(what_a_round_has_named_stays_until_the_next);
    RUN(a_text_that_followed_another_is_not_taken_for_what_has_replaced_it);
    RUN(long_texts_have_no_id);
    RUN(rounds_may_wrap);
    RUN(more_addresses_in_one_frame_than_there_are_ids_are_unpacked);
    RUN(the_keys_of_a_map_that_comes_again_and_again_become_a_shape);
    RUN(a_map_that_leaves_its_shape_names_its_other_keys);
    RUN(a_map_of_too_many_or_too_long_keys_has_no_shape);
    RUN(there_are_no_more_shapes_than_there_is_room_for);
    RUN(a_map_that_is_cut_off_is_no_hit);
    RUN(every_allocation_may_fail);
    RUN(what_fits_the_tape_allocates_nothing);
    host_free(host);
    return check_summary();
}
