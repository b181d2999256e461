/* Legacy payloads, by the golden vectors and by maps made of JSON: wire/legacy.h. */
#include "wire/legacy.h"

#include "base/limits.h"
#include "frames.h"

static uint8_t scratch[CLASP_FRAME_PAYLOAD_MAX];

/* ---- MessagePack of JSON ------------------------------------------------------------------------------------- */

typedef enum order { FORWARD, BACKWARD } order;

/* The shortest head for a count: fix, 16 or 32 bits. */
static void pack_count(clasp_writer *w, uint8_t fix, uint8_t wide, uint32_t count) {
    if (count < 16) {
        clasp_write_u8(w, (uint8_t)(fix | count));
    } else if (count <= UINT16_MAX) {
        clasp_write_u8(w, wide);
        clasp_write_u16(w, (uint16_t)count);
    } else {
        clasp_write_u8(w, wide + 1);
        clasp_write_u32(w, count);
    }
}

static void pack_text(clasp_writer *w, clasp_span text) {
    clasp_write_u8(w, 0xDB);
    clasp_write_u32(w, text.len);
    clasp_write_bytes(w, text);
}

/* Whole numbers as integers. */
static void pack_number(clasp_writer *w, double number) {
    const bool is_whole = number >= -9e15 && number <= 9e15 && (double)(int64_t)number == number;
    clasp_write_u8(w, is_whole ? number < 0 ? 0xD3 : 0xCF : 0xCB);
    if (is_whole) {
        clasp_write_u64(w, (uint64_t)(int64_t)number);
    } else {
        clasp_write_f64(w, number);
    }
}

static void pack(clasp_writer *w, const cJSON *json, order entries) {
    if (cJSON_IsString(json)) {
        pack_text(w, clasp_span_of(json->valuestring));
    } else if (cJSON_IsNumber(json)) {
        pack_number(w, json->valuedouble);
    } else if (cJSON_IsArray(json) || cJSON_IsObject(json)) {
        const int count = cJSON_GetArraySize(json);
        pack_count(w, cJSON_IsArray(json) ? 0x90 : 0x80, cJSON_IsArray(json) ? 0xDC : 0xDE, (uint32_t)count);
        for (int i = 0; i < count; i++) {
            const bool is_turned = cJSON_IsObject(json) && entries == BACKWARD;
            const cJSON *item = cJSON_GetArrayItem(json, is_turned ? count - 1 - i : i);
            if (cJSON_IsObject(json)) {
                pack_text(w, clasp_span_of(item->string));
            }
            pack(w, item, entries);
        }
    } else {
        clasp_write_u8(w, cJSON_IsNull(json) ? 0xC0 : cJSON_IsTrue(json) ? 0xC3 : 0xC2);
    }
}

static clasp_span pack_text_of(vector_pool *pool, const char *text, order entries) {
    cJSON *json = cJSON_Parse(text);
    clasp_writer w = vector_pool_writer(pool);
    if (CHECK(json)) {
        pack(&w, json, entries);
    }
    CHECK_EQ(w.err, CLASP_OK);
    cJSON_Delete(json);
    return clasp_written(&w);
}

/* ---- decoding ------------------------------------------------------------------------------------------------ */

/* Decode a payload in a block of exactly its size; the message lies in `scratch`. */
static clasp_err decode_payload(clasp_span payload, clasp_message *out) {
    uint8_t *copy = vector_copy(payload);
    clasp_writer w = clasp_writer_of(scratch, sizeof scratch);
    clasp_err err = clasp_legacy_transcode((clasp_span){copy, payload.len}, &w);
    free(copy);
    if (err == CLASP_OK) {
        err = clasp_message_decode(clasp_written(&w), out);
        CHECK_EQ(err, CLASP_OK);
    }
    return err;
}

static clasp_err err_of(clasp_span payload) {
    clasp_message message;
    return decode_payload(payload, &message);
}

static clasp_err err_of_json(const char *text) {
    vector_pool pool = {NULL};
    const clasp_err err = err_of(pack_text_of(&pool, text, FORWARD));
    vector_pool_free(&pool);
    return err;
}

#define BYTES(text) ((clasp_span){(const uint8_t *)(text), sizeof(text) - 1})

/* ---- the vectors --------------------------------------------------------------------------------------------- */

/* Vectors have a key `timeline`, which no message has: its form as a value is checked below. */
static void check_decoded(golden *g) {
    const cJSON *decoded = vector_get(g->json, "decoded");
    decoded = decoded ? decoded : vector_get(g->json, "message");
    clasp_message expected;
    clasp_message message;
    clasp_frame frame;
    CHECK_EQ(vector_message(&g->pool, decoded, &expected), CLASP_OK);
    if (!CHECK_EQ(clasp_decode_any(frame_of(g), scratch, sizeof scratch, &frame, &message), CLASP_OK)) {
        return;
    }
    if (vector_get(decoded, "timeline")) {
        CHECK(message.has & CLASP_HAS_VALUE && message.value.type == CLASP_VALUE_MAP);
        message.has &= ~CLASP_HAS_VALUE;
        message.value = (clasp_value){{NULL, 0}, CLASP_VALUE_NULL};
    }
    CHECK(vector_messages_equal(&message, &expected));
    CHECK_EQ(frame.encoding, vector_u64(vector_get(g->json, "flags"), "version"));
}

TEST(every_legacy_vector_decodes_to_its_message) { each_legacy(check_decoded); }

TEST(binary_payloads_decode_as_before) {
    CHECK_EQ(each_vector("decode.json", check_decoded), 64);
    CHECK_EQ(each_vector("rust-codec.json", check_decoded), 56);
}

/* What clasp_decode() says of it, but for legacy payloads, which are looked into: those of the file are malformed. */
static void check_refused(golden *g) {
    clasp_frame frame;
    clasp_message message;
    const clasp_err err = clasp_decode(frame_of(g), &frame, &message);
    CHECK(err != CLASP_OK);
    CHECK_EQ(clasp_decode_any(frame_of(g), scratch, sizeof scratch, &frame, &message), err);
}

TEST(malformed_frames_are_refused_as_before) { CHECK_EQ(each_vector("malformed.json", check_refused), 183); }

static clasp_span payload_of(const golden *g) {
    clasp_frame frame;
    CHECK_EQ(clasp_frame_decode(frame_of(g), &frame, NULL), CLASP_OK);
    return frame.payload;
}

/* Only what stands behind the map may be cut off. */
static void check_prefixes(golden *g) {
    const clasp_span payload = payload_of(g);
    const bool has_more = strcmp(vector_text(g->json, "name"), "js-trailing") == 0;
    for (uint32_t len = 0; len < payload.len; len++) {
        const bool is_whole = has_more && len + 1 == payload.len;
        CHECK_EQ(err_of((clasp_span){payload.at, len}), is_whole ? CLASP_OK : CLASP_BAD_LEGACY);
    }
}

TEST(a_prefix_is_refused) { each_legacy(check_prefixes); }

/* Whatever is taken can be sent on, and then means the same. */
static bool survives(clasp_span payload) {
    static uint8_t bytes[CLASP_FRAME_MAX];
    clasp_frame frame;
    clasp_message message;
    clasp_message again;
    if (decode_payload(payload, &message) != CLASP_OK) {
        return true;
    }
    clasp_writer w = clasp_writer_of(bytes, sizeof bytes);
    clasp_frame_write(&w, &message);
    return w.err == CLASP_OK && clasp_decode(clasp_written(&w), &frame, &again) == CLASP_OK &&
           vector_messages_equal(&message, &again);
}

static void check_flips(golden *g) {
    static const uint8_t FLIPS[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF};
    const clasp_span payload = payload_of(g);
    uint8_t *bytes = g->bytes + (payload.at - g->bytes);
    for (uint32_t i = 0; i < payload.len; i++) {
        for (size_t k = 0; k < sizeof FLIPS; k++) {
            bytes[i] ^= FLIPS[k];
            CHECK(survives(payload));
            bytes[i] ^= FLIPS[k];
        }
    }
}

TEST(a_changed_byte_gives_a_result) { each_legacy(check_flips); }

static void check_small_scratch(golden *g) {
    clasp_writer whole = clasp_writer_of(scratch, sizeof scratch);
    CHECK_EQ(clasp_legacy_transcode(payload_of(g), &whole), CLASP_OK);
    for (uint32_t cap = 0; cap < clasp_written(&whole).len; cap++) {
        uint8_t *room = malloc(cap > 0 ? cap : 1);
        clasp_frame frame;
        clasp_message message;
        CHECK_EQ(clasp_decode_any(frame_of(g), room, cap, &frame, &message), CLASP_TOO_LARGE);
        free(room);
    }
}

TEST(scratch_too_small_is_refused_and_not_overrun) { each_legacy(check_small_scratch); }

/* ---- what maps mean ------------------------------------------------------------------------------------------ */

/* A legacy map, and the message that it is, in the form of the vectors. Keys in any order: each is tried both ways. */
static const struct {
    const char *legacy;
    const char *message;
} MEANINGS[] = {
    {"{\"type\":\"HELLO\",\"version\":2,\"name\":\"n\",\"features\":[\"param\",\"psychic\",\"federation\"],"
     "\"token\":null,\"capabilities\":{\"encryption\":true,\"compression\":\"lz4\"}}",
     "{\"type\":\"HELLO\",\"version\":2,\"name\":\"n\",\"features\":[\"param\",\"federation\"]}"},
    {"{\"type\":\"WELCOME\",\"version\":1,\"session\":\"s\",\"name\":\"n\",\"features\":[\"timeline\","
     "\"federation\"],"
     "\"time\":1700000000000000,\"token\":\"t\"}",
     "{\"type\":\"WELCOME\",\"version\":1,\"session\":\"s\",\"name\":\"n\",\"features\":[\"timeline\"],"
     "\"time\":1700000000000000,\"token\":\"t\"}"},
    {"{\"type\":\"ANNOUNCE\",\"namespace\":\"\",\"signals\":[],\"meta\":{\"a\":[1]}}",
     "{\"type\":\"ANNOUNCE\",\"namespace\":\"\",\"signals\":[]}"},
    {"{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\",\"signals\":[{\"address\":\"/a\",\"type\":\"gesture\"},"
     "{\"address\":\"/b\",\"type\":\"param\",\"access\":null,\"meta\":{}},{\"address\":\"/"
     "c\",\"type\":\"event\","
     "\"meta\":{\"range\":[-1,1.5],\"default\":[true]}}]}",
     "{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\",\"signals\":[{\"address\":\"/a\",\"type\":\"gesture\"},"
     "{\"address\":\"/b\",\"type\":\"param\",\"meta\":{}},{\"address\":\"/c\",\"type\":\"event\","
     "\"meta\":{\"range\":[-1,1.5],\"default\":[true]}}]}"},
    {"{\"type\":\"RESULT\",\"signals\":[{\"address\":\"/a\",\"type\":\"stream\",\"meta\":{\"unit\":\"m\"}},"
     "{\"address\":\"/b\",\"type\":\"param\",\"x\":{}},{\"address\":\"/c\",\"type\":\"param\"}]}",
     "{\"type\":\"RESULT\",\"signals\":[{\"address\":\"/a\",\"type\":\"stream\"},"
     "{\"address\":\"/b\",\"type\":\"param\"},{\"address\":\"/c\",\"type\":\"param\"}]}"},
    {"{\"type\":\"FEDERATION_SYNC\",\"op\":\"RequestSync\"}",
     "{\"type\":\"FEDERATION_SYNC\",\"op\":\"request-sync\",\"patterns\":[],\"revisions\":{}}"},
    {"{\"type\":\"SUBSCRIBE\",\"id\":4294967295,\"pattern\":\"/"
     "a\",\"types\":[],\"options\":null,\"epsilon\":1}",
     "{\"type\":\"SUBSCRIBE\",\"id\":4294967295,\"pattern\":\"/a\"}"},
    {"{\"type\":\"SUBSCRIBE\",\"id\":1,\"pattern\":\"/a\",\"types\":[\"timeline\",\"param\"],"
     "\"options\":{\"maxRate\":9,\"epsilon\":2,\"id\":7,\"history\":null,\"window\":8}}",
     "{\"type\":\"SUBSCRIBE\",\"id\":1,\"pattern\":\"/a\",\"types\":[\"param\",\"timeline\"],"
     "\"options\":{\"maxRate\":9,\"epsilon\":2,\"window\":8}}"},
    {"{\"type\":\"PUBLISH\",\"address\":\"/p\"}", "{\"type\":\"PUBLISH\",\"address\":\"/p\"}"},
    {"{\"type\":\"PUBLISH\",\"address\":\"/"
     "p\",\"value\":null,\"payload\":\"p\",\"samples\":[1],\"timeline\":null}",
     "{\"type\":\"PUBLISH\",\"address\":\"/p\",\"value\":\"p\"}"},
    {"{\"type\":\"PUBLISH\",\"address\":\"/p\",\"value\":\"v\",\"payload\":\"p\",\"keyframes\":5}",
     "{\"type\":\"PUBLISH\",\"address\":\"/p\",\"value\":\"v\"}"},
    {"{\"type\":\"PUBLISH\",\"address\":\"/p\",\"signal\":\"stream\",\"samples\":[1,-2,0.5],\"rate\":44100,"
     "\"id\":3,\"phase\":\"cancel\",\"timestamp\":1700000000000001}",
     "{\"type\":\"PUBLISH\",\"address\":\"/p\",\"signal\":\"stream\",\"samples\":[1,-2,0.5],\"rate\":44100,"
     "\"id\":3,\"phase\":\"cancel\",\"timestamp\":1700000000000001}"},
    {"{\"type\":\"PUBLISH\",\"address\":\"/"
     "t\",\"signal\":\"timeline\",\"timestamp\":9,\"timeline\":{\"keyframes\":["
     "{\"time\":0,\"value\":0,\"easing\":null},{\"time\":1000000,\"value\":1.5,\"easing\":\"cubic-bezier\","
     "\"bezier\":[0.25,0.1,0.25,1]}],\"loop_\":true,\"start_time\":5,\"speed\":1}}",
     "{\"type\":\"PUBLISH\",\"address\":\"/"
     "t\",\"signal\":\"timeline\",\"timestamp\":9,\"value\":{\"keyframes\":["
     "{\"time\":{\"$i64\":\"0\"},\"value\":{\"$i64\":\"0\"},\"easing\":\"linear\"},{\"time\":{\"$i64\":"
     "\"1000000\"},"
     "\"value\":1.5,\"easing\":\"cubic-bezier\",\"bezier\":[0.25,0.1,0.25,1]}],\"loop\":true,"
     "\"startTime\":{\"$i64\":\"5\"}}}"},
    {"{\"type\":\"PUBLISH\",\"address\":\"/"
     "t\",\"signal\":\"timeline\",\"keyframes\":[{\"time\":7,\"value\":null}],"
     "\"startTime\":1,\"duration\":2}",
     "{\"type\":\"PUBLISH\",\"address\":\"/t\",\"signal\":\"timeline\",\"value\":{\"keyframes\":["
     "{\"time\":{\"$i64\":\"7\"},\"value\":null,\"easing\":\"linear\"}],\"loop\":false,"
     "\"startTime\":{\"$i64\":\"1\"},\"duration\":{\"$i64\":\"2\"}}}"},
    {"{\"type\":\"SET\",\"address\":\"/"
     "a\",\"value\":{\"b\":[1,-2,{\"c\":\"d\"}],\"\":false},\"unlock\":true}",
     "{\"type\":\"SET\",\"address\":\"/"
     "a\",\"value\":{\"b\":[{\"$i64\":\"1\"},{\"$i64\":\"-2\"},{\"c\":\"d\"}],"
     "\"\":false},\"unlock\":true}"},
    {"{\"type\":\"SET\",\"address\":\"/a\",\"value\":null,\"ttl\":0,\"absolute\":true}",
     "{\"type\":\"SET\",\"address\":\"/a\",\"value\":null,\"ttl\":{\"mode\":\"never\"}}"},
    {"{\"type\":\"SET\",\"address\":\"/a\",\"value\":true,\"ttl\":30}",
     "{\"type\":\"SET\",\"address\":\"/a\",\"value\":true,\"ttl\":{\"mode\":\"sliding\",\"seconds\":30}}"},
    {"{\"type\":\"SET\",\"address\":\"/a\",\"value\":true,\"ttl\":2147483647,\"absolute\":true}",
     "{\"type\":\"SET\",\"address\":\"/"
     "a\",\"value\":true,\"ttl\":{\"mode\":\"absolute\",\"seconds\":2147483647}}"},
    {"{\"type\":\"SET\",\"address\":\"/a\",\"value\":true,\"ttl\":30,\"absolute\":false,\"lock\":null}",
     "{\"type\":\"SET\",\"address\":\"/a\",\"value\":true,\"ttl\":{\"mode\":\"sliding\",\"seconds\":30}}"},
    {"{\"type\":\"SET\",\"address\":\"/a\",\"value\":true,\"ttl\":{\"Absolute\":1},\"absolute\":false}",
     "{\"type\":\"SET\",\"address\":\"/a\",\"value\":true,\"ttl\":{\"mode\":\"absolute\",\"seconds\":1}}"},
    {"{\"type\":\"SNAPSHOT\",\"params\":[{\"address\":\"/a\",\"value\":null,\"revision\":1,\"writer\":null,"
     "\"timestamp\":2}]}",
     "{\"type\":\"SNAPSHOT\",\"params\":[{\"address\":\"/"
     "a\",\"value\":null,\"revision\":1,\"timestamp\":2}]}"},
    {"{\"type\":\"REPLAY\",\"pattern\":\"/**\",\"to\":5}",
     "{\"type\":\"REPLAY\",\"pattern\":\"/**\",\"to\":5}"},
    {"{\"type\":\"BUNDLE\",\"messages\":[{\"type\":\"BUNDLE\",\"messages\":[{\"type\":\"GET\",\"address\":\"/"
     "a\"}],"
     "\"timestamp\":3},{\"type\":\"PONG\"}]}",
     "{\"type\":\"BUNDLE\",\"messages\":[{\"type\":\"BUNDLE\",\"messages\":[{\"type\":\"GET\",\"address\":\"/"
     "a\"}],"
     "\"timestamp\":3},{\"type\":\"PONG\"}]}"},
    {"{\"type\":\"ACK\",\"address\":null,\"locked\":false,\"correlation_id\":null}",
     "{\"type\":\"ACK\",\"locked\":false}"},
    {"{\"type\":\"ERROR\",\"code\":599,\"message\":\"\",\"correlationId\":0}",
     "{\"type\":\"ERROR\",\"code\":599,\"message\":\"\",\"correlationId\":0}"},
};

static void check_meaning(size_t i, order entries) {
    vector_pool pool = {NULL};
    cJSON *json = cJSON_Parse(MEANINGS[i].message);
    clasp_message expected;
    clasp_message message;
    CHECK_CONTEXT(MEANINGS[i].legacy);
    if (CHECK(json) && CHECK_EQ(vector_message(&pool, json, &expected), CLASP_OK) &&
        CHECK_EQ(decode_payload(pack_text_of(&pool, MEANINGS[i].legacy, entries), &message), CLASP_OK)) {
        CHECK(vector_messages_equal(&message, &expected));
    }
    CHECK_CONTEXT(NULL);
    cJSON_Delete(json);
    vector_pool_free(&pool);
}

TEST(maps_mean_their_message_in_any_order) {
    for (size_t i = 0; i < sizeof MEANINGS / sizeof *MEANINGS; i++) {
        check_meaning(i, FORWARD);
        check_meaning(i, BACKWARD);
    }
}

TEST(the_last_of_two_keys_wins) {
    vector_pool pool = {NULL};
    clasp_message message;
    const char *text = "{\"type\":\"GET\",\"address\":\"/a\",\"type\":\"SET\",\"address\":\"/b\",\"value\":1,"
                       "\"revision\":5,\"revision\":null}";
    CHECK_EQ(decode_payload(pack_text_of(&pool, text, FORWARD), &message), CLASP_OK);
    CHECK_EQ(message.type, CLASP_MSG_SET);
    CHECK_EQ(message.has, 0);
    CHECK(clasp_span_equal(message.address, clasp_span_of("/b")));
    vector_pool_free(&pool);
}

/* ---- values -------------------------------------------------------------------------------------------------- */

/* The value of a SET whose value is this item. */
static clasp_err value_of(clasp_span item, clasp_value *out) {
    static const char *const HEAD = "\x83\xA4type\xA3SET\xA7"
                                    "address\xA2/a\xA5value";
    vector_pool pool = {NULL};
    clasp_writer w = vector_pool_writer(&pool);
    clasp_write_bytes(&w, clasp_span_of(HEAD));
    clasp_write_bytes(&w, item);
    clasp_message message;
    const clasp_err err = decode_payload(clasp_written(&w), &message);
    *out = err == CLASP_OK ? message.value : (clasp_value){{NULL, 0}, CLASP_VALUE_NULL};
    vector_pool_free(&pool);
    return err;
}

TEST(every_item_becomes_its_value) {
    static const struct {
        clasp_span item;
        uint8_t type;
        clasp_span data;
    } ROWS[] = {
#define ROW(item, type, data)                                              \
    {                                                                      \
        {(const uint8_t *)(item), sizeof(item) - 1}, CLASP_VALUE_##type, { \
            (const uint8_t *)(data), sizeof(data) - 1                      \
        }                                                                  \
    }
        ROW("\xC0", NULL, ""),
        ROW("\xC2", BOOL, "\x00"),
        ROW("\xC3", BOOL, "\x01"),
        ROW("\x00", I64, "\0\0\0\0\0\0\0\x00"),
        ROW("\x7F", I64, "\0\0\0\0\0\0\0\x7F"),
        ROW("\xE0", I64, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xE0"),
        ROW("\xFF", I64, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
        ROW("\xCC\xFF", I64, "\0\0\0\0\0\0\0\xFF"),
        ROW("\xCD\xFF\xFE", I64, "\0\0\0\0\0\0\xFF\xFE"),
        ROW("\xCE\xFF\xFF\xFF\xFE", I64, "\0\0\0\0\xFF\xFF\xFF\xFE"),
        ROW("\xCF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", I64, "\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
        ROW("\xCF\x80\0\0\0\0\0\0\0", F64, "\x43\xE0\0\0\0\0\0\0"),
        ROW("\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", F64, "\x43\xF0\0\0\0\0\0\0"),
        ROW("\xD0\x80", I64, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x80"),
        ROW("\xD0\x7F", I64, "\0\0\0\0\0\0\0\x7F"),
        ROW("\xD1\x80\x00", I64, "\xFF\xFF\xFF\xFF\xFF\xFF\x80\x00"),
        ROW("\xD2\x80\0\0\0", I64, "\xFF\xFF\xFF\xFF\x80\0\0\0"),
        ROW("\xD3\x80\0\0\0\0\0\0\0", I64, "\x80\0\0\0\0\0\0\0"),
        ROW("\xD3\0\0\0\0\0\0\0\x05", I64, "\0\0\0\0\0\0\0\x05"),
        ROW("\xCA\x3F\x40\0\0", F64, "\x3F\xE8\0\0\0\0\0\0"),
        ROW("\xCB\xBF\xE8\0\0\0\0\0\0", F64, "\xBF\xE8\0\0\0\0\0\0"),
        ROW("\xCB\xFF\xF0\0\0\0\0\0\x01", F64, "\x7F\xF8\0\0\0\0\0\0"), /* one NaN for all */
        ROW("\xA0", STRING, "\0\0"),
        ROW("\xA3x\0y", STRING, "\0\x03x\0y"),
        ROW("\xD9\x01x", STRING, "\0\x01x"),
        ROW("\xDA\0\x01x", STRING, "\0\x01x"),
        ROW("\xDB\0\0\0\x01x", STRING, "\0\x01x"),
        ROW("\xC4\x02\xFF\0", BYTES, "\0\x02\xFF\0"),
        ROW("\xC5\0\x01x", BYTES, "\0\x01x"),
        ROW("\xC6\0\0\0\x01x", BYTES, "\0\x01x"),
        ROW("\x92\xC0\xC3", ARRAY, "\0\x02\x00\x01\x01"),
        ROW("\xDC\0\x01\xC0", ARRAY, "\0\x01\x00"),
        ROW("\xDD\0\0\0\x01\xC0", ARRAY, "\0\x01\x00"),
        ROW("\x81\xA1k\x90", MAP, "\0\x01\0\x01k\x0A\0\0"),
        ROW("\xDE\0\x01\xA1k\xC0", MAP, "\0\x01\0\x01k\x00"),
        ROW("\xDF\0\0\0\x01\xA1k\xC0", MAP, "\0\x01\0\x01k\x00"),
#undef ROW
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        clasp_value value;
        CHECK_EQ(value_of(ROWS[i].item, &value), CLASP_OK);
        CHECK_EQ(value.type, ROWS[i].type);
        CHECK_BYTES(value.data.at, value.data.len, ROWS[i].data.at, ROWS[i].data.len);
    }
}

TEST(items_that_are_no_values_are_refused) {
    static const struct {
        clasp_span item;
        clasp_err err;
    } ROWS[] = {
#define ROW(item, err) {{(const uint8_t *)(item), sizeof(item) - 1}, err}
        ROW("\xC1", CLASP_BAD_LEGACY),
        ROW("\xC7\x01\x05x", CLASP_BAD_LEGACY), /* ext types */
        ROW("\xC8\0\x01\x05x", CLASP_BAD_LEGACY),
        ROW("\xC9\0\0\0\x01\x05x", CLASP_BAD_LEGACY),
        ROW("\xD4\x05x", CLASP_BAD_LEGACY),
        ROW("\xD5\x05xy", CLASP_BAD_LEGACY),
        ROW("\xD6\x05wxyz", CLASP_BAD_LEGACY),
        ROW("\xD7\x05stuvwxyz", CLASP_BAD_LEGACY),
        ROW("\xD8\x05klmnopqrstuvwxyz", CLASP_BAD_LEGACY),
        ROW("\x91\xC1", CLASP_BAD_LEGACY),
        ROW("\x81\x01\xC0", CLASP_BAD_LEGACY), /* keys that are no strings */
        ROW("\x81\xC4\x01k\xC0", CLASP_BAD_LEGACY),
        ROW("\x91\x81\xC0\xC0", CLASP_BAD_LEGACY),
        ROW("\xDD\xFF\xFF\xFF\xFF", CLASP_BAD_LEGACY), /* counts beyond the bytes */
        ROW("\xDF\0\0\0\x02\xA1k\xC0", CLASP_BAD_LEGACY),
        ROW("\xDB\xFF\xFF\xFF\xFFx", CLASP_BAD_LEGACY),
        ROW("\xC6\0\0\0\x02x", CLASP_BAD_LEGACY),
        ROW("\xA1\xFF", CLASP_BAD_UTF8),
        ROW("\xA3\xED\xA0\x80", CLASP_BAD_UTF8),
        ROW("\x81\xA1\xFF\xC0", CLASP_BAD_UTF8),
        ROW("\x91\xA2\xC0\x80", CLASP_BAD_UTF8),
#undef ROW
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        clasp_value value;
        CHECK_EQ(value_of(ROWS[i].item, &value), ROWS[i].err);
    }
}

/* `count` times `unit`, and `end`. */
static clasp_span repeated(vector_pool *pool, clasp_span unit, uint32_t count, clasp_span end) {
    clasp_writer w = vector_pool_writer(pool);
    while (count-- > 0) {
        clasp_write_bytes(&w, unit);
    }
    clasp_write_bytes(&w, end);
    return clasp_written(&w);
}

TEST(sixty_four_levels_are_taken_and_no_more) {
    vector_pool pool = {NULL};
    clasp_value value;
    for (uint32_t levels = 1; levels < 70; levels++) {
        const clasp_err expected = levels <= CLASP_VALUE_DEPTH ? CLASP_OK : CLASP_TOO_DEEP;
        CHECK_EQ(value_of(repeated(&pool, BYTES("\x91"), levels - 1, BYTES("\x90")), &value), expected);
        CHECK_EQ(value_of(repeated(&pool, BYTES("\x81\xA0"), levels - 1, BYTES("\x80")), &value), expected);
    }
    CHECK_EQ(value_of(repeated(&pool, BYTES("\x91"), 60000, BYTES("\x90")), &value), CLASP_TOO_DEEP);
    vector_pool_free(&pool);
}

TEST(eight_bundles_are_taken_and_no_more) {
    for (unsigned levels = 1; levels < 12; levels++) {
        vector_pool pool = {NULL};
        const clasp_span unit = BYTES("\x82\xA4type\xA6"
                                      "BUNDLE\xA8messages\x91");
        const clasp_span payload = repeated(&pool, unit, levels, BYTES("\x81\xA4type\xA4PING"));
        CHECK_EQ(err_of(payload), levels <= CLASP_BUNDLE_DEPTH ? CLASP_OK : CLASP_TOO_DEEP);
        vector_pool_free(&pool);
    }
}

TEST(bundles_that_ended_do_not_count) {
    vector_pool pool = {NULL};
    clasp_writer w = vector_pool_writer(&pool);
    clasp_write_bytes(&w, BYTES("\x82\xA4type\xA6"
                                "BUNDLE\xA8messages\x9F"));
    clasp_write_bytes(&w, repeated(&pool,
                                   BYTES("\x82\xA4type\xA6"
                                         "BUNDLE\xA8messages\x90"),
                                   15, BYTES("")));
    CHECK_EQ(err_of(clasp_written(&w)), CLASP_OK);
    vector_pool_free(&pool);
}

/* An array of one-byte integers: each becomes nine bytes, and the SET around them has eight more. */
TEST(what_grows_over_a_payload_is_refused) {
    vector_pool pool = {NULL};
    clasp_value value;
    for (uint32_t count = 7279; count < 7283; count++) {
        const bool fits = 8 + 9 * count <= CLASP_FRAME_PAYLOAD_MAX;
        clasp_writer w = vector_pool_writer(&pool);
        clasp_write_u8(&w, 0xDC);
        clasp_write_u16(&w, (uint16_t)count);
        clasp_write_bytes(&w, repeated(&pool, BYTES("\x01"), count, BYTES("")));
        CHECK_EQ(value_of(clasp_written(&w), &value), fits ? CLASP_OK : CLASP_TOO_LARGE);
        CHECK_EQ(clasp_value_count(value), fits ? count : 0);
    }
    vector_pool_free(&pool);
}

/* A SET whose value is an item of so many bytes, into more scratch than a payload needs. */
static clasp_err err_of_large(clasp_span head, uint32_t size) {
    static uint8_t room[200000];
    static uint8_t payload[100000];
    clasp_writer w = clasp_writer_of(payload, sizeof payload);
    clasp_write_bytes(&w, BYTES("\x83\xA4type\xA3SET\xA7"
                                "address\xA2/a\xA5value"));
    clasp_write_bytes(&w, head);
    clasp_write_u32(&w, size);
    memset(clasp_room(&w, size), 0, size);
    clasp_writer out = clasp_writer_of(room, sizeof room);
    return clasp_legacy_transcode(clasp_written(&w), &out);
}

/* A string in an array: the SET around it has 11 bytes more. */
TEST(no_payload_is_larger_than_a_frame_can_hold) {
    CHECK_EQ(err_of_large(BYTES("\x91\xDB"), CLASP_FRAME_PAYLOAD_MAX - 11), CLASP_OK);
    CHECK_EQ(err_of_large(BYTES("\x91\xDB"), CLASP_FRAME_PAYLOAD_MAX - 10), CLASP_TOO_LARGE);
}

TEST(what_no_field_can_say_is_refused) {
    CHECK_EQ(err_of_large(BYTES("\xDB"), 65536), CLASP_TOO_LARGE); /* str, bin, array */
    CHECK_EQ(err_of_large(BYTES("\xC6"), 65536), CLASP_TOO_LARGE);
    CHECK_EQ(err_of_large(BYTES("\xDD"), 65536), CLASP_TOO_LARGE);
}

/* ---- refused maps -------------------------------------------------------------------------------------------- */

TEST(maps_that_are_no_message_are_refused) {
    static const char *const TEXTS[] = {
        "{\"type\":33,\"address\":\"/a\",\"value\":1}",
        "{\"type\":[\"PING\"]}",
        "{\"type\":\"\"}",
        "{\"Type\":\"PING\"}",
        "{\"type\":\"PING \"}",
        "{\"type\":\"HELLO\",\"version\":256,\"name\":\"n\",\"features\":[]}",
        "{\"type\":\"HELLO\",\"version\":-1,\"name\":\"n\",\"features\":[]}",
        "{\"type\":\"HELLO\",\"version\":1.5,\"name\":\"n\",\"features\":[]}",
        "{\"type\":\"HELLO\",\"version\":\"1\",\"name\":\"n\",\"features\":[]}",
        "{\"type\":\"HELLO\",\"version\":1,\"name\":\"n\",\"features\":[1]}",
        "{\"type\":\"HELLO\",\"version\":1,\"name\":\"n\",\"features\":\"param\"}",
        "{\"type\":\"HELLO\",\"version\":1,\"name\":\"n\",\"features\":{\"param\":true}}",
        "{\"type\":\"HELLO\",\"version\":1,\"name\":\"n\"}",
        "{\"type\":\"HELLO\",\"version\":1,\"features\":[]}",
        "{\"type\":\"HELLO\",\"version\":null,\"name\":\"n\",\"features\":[]}",
        "{\"type\":\"HELLO\",\"version\":1,\"name\":\"n\",\"features\":[],\"token\":5}",
        "{\"type\":\"WELCOME\",\"version\":1,\"name\":\"n\",\"features\":[],\"time\":1}",
        "{\"type\":\"WELCOME\",\"version\":1,\"session\":\"s\",\"name\":\"n\",\"features\":[],\"time\":-1}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\"}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\",\"signals\":{\"a\":1}}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\",\"signals\":-5}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\",\"signals\":[5]}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\",\"signals\":[{\"address\":\"/a\"}]}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\",\"signals\":[{\"type\":\"param\"}]}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\",\"signals\":[{\"address\":\"/a\",\"type\":\"what\"}]}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"/n\",\"signals\":[{\"address\":\"/a\",\"type\":0}]}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"\",\"signals\":[{\"address\":\"\",\"type\":\"param\","
        "\"meta\":[]}]}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"\",\"signals\":[{\"address\":\"\",\"type\":\"param\","
        "\"meta\":{\"range\":[1]}}]}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"\",\"signals\":[{\"address\":\"\",\"type\":\"param\","
        "\"meta\":{\"range\":[1,2,3]}}]}",
        "{\"type\":\"ANNOUNCE\",\"namespace\":\"\",\"signals\":[{\"address\":\"\",\"type\":\"param\","
        "\"meta\":{\"range\":[1,\"2\"]}}]}",
        "{\"type\":\"SUBSCRIBE\",\"id\":4294967296,\"pattern\":\"/a\"}",
        "{\"type\":\"SUBSCRIBE\",\"id\":1}",
        "{\"type\":\"SUBSCRIBE\",\"id\":1,\"pattern\":\"/a\",\"types\":[\"what\"]}",
        "{\"type\":\"SUBSCRIBE\",\"id\":1,\"pattern\":\"/a\",\"types\":\"param\"}",
        "{\"type\":\"SUBSCRIBE\",\"id\":1,\"pattern\":\"/a\",\"options\":[]}",
        "{\"type\":\"SUBSCRIBE\",\"id\":1,\"pattern\":\"/a\",\"options\":{\"max_rate\":0.5}}",
        "{\"type\":\"SUBSCRIBE\",\"id\":1,\"pattern\":\"/a\",\"options\":{\"epsilon\":\"0\"}}",
        "{\"type\":\"UNSUBSCRIBE\"}",
        "{\"type\":\"PUBLISH\",\"value\":1}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"signal\":1}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"phase\":\"middle\"}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"samples\":[1,null]}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"samples\":1}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"rate\":\"fast\"}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"timestamp\":-5}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"timeline\":[]}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"timeline\":{}}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"timeline\":{\"keyframes\":{}}}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"timeline\":{\"keyframes\":[1]}}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"timeline\":{\"keyframes\":[{\"time\":1}]}}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"timeline\":{\"keyframes\":[{\"value\":1}]}}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"timeline\":{\"keyframes\":[{\"time\":-1,\"value\":1}]}}",
        "{\"type\":\"PUBLISH\",\"address\":\"/"
        "a\",\"keyframes\":[{\"time\":1,\"value\":1,\"easing\":\"out\"}]}",
        "{\"type\":\"PUBLISH\",\"address\":\"/"
        "a\",\"keyframes\":[{\"time\":1,\"value\":1,\"bezier\":[1,2,3]}]}",
        "{\"type\":\"PUBLISH\",\"address\":\"/"
        "a\",\"keyframes\":[{\"time\":1,\"value\":1,\"bezier\":[1,2,3,4,5]}]}",
        "{\"type\":\"PUBLISH\",\"address\":\"/"
        "a\",\"keyframes\":[{\"time\":1,\"value\":1,\"bezier\":[1,2,3,\"4\"]}]}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"keyframes\":[],\"loop\":1}",
        "{\"type\":\"PUBLISH\",\"address\":\"/a\",\"keyframes\":[],\"duration\":0.5}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"revision\":\"1\"}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"lock\":1}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"ttl\":-1}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"ttl\":2147483648}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"ttl\":true}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"ttl\":\"never\"}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"ttl\":{}}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"ttl\":{\"Never\":null}}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"ttl\":{\"Sliding\":2147483648}}",
        "{\"type\":\"SET\",\"address\":\"/a\",\"value\":1,\"ttl\":5,\"absolute\":1}",
        "{\"type\":\"SNAPSHOT\",\"params\":[{\"address\":\"/a\",\"value\":1}]}",
        "{\"type\":\"SNAPSHOT\",\"params\":[{\"address\":\"/a\",\"revision\":1}]}",
        "{\"type\":\"SNAPSHOT\"}",
        "{\"type\":\"REPLAY\",\"limit\":1}",
        "{\"type\":\"FEDERATION_SYNC\",\"op\":\"declare-namespaces\"}",
        "{\"type\":\"FEDERATION_SYNC\",\"op\":1}",
        "{\"type\":\"FEDERATION_SYNC\",\"op\":\"RequestSync\",\"patterns\":[1]}",
        "{\"type\":\"FEDERATION_SYNC\",\"op\":\"RequestSync\",\"revisions\":[]}",
        "{\"type\":\"FEDERATION_SYNC\",\"op\":\"RequestSync\",\"revisions\":{\"/a\":-1}}",
        "{\"type\":\"BUNDLE\"}",
        "{\"type\":\"BUNDLE\",\"messages\":[[]]}",
        "{\"type\":\"BUNDLE\",\"messages\":[{}]}",
        "{\"type\":\"BUNDLE\",\"messages\":[{\"type\":\"NOPE\"}]}",
        "{\"type\":\"SYNC\"}",
        "{\"type\":\"ACK\",\"locked\":0}",
        "{\"type\":\"ERROR\",\"code\":65536,\"message\":\"\"}",
        "{\"type\":\"ERROR\",\"code\":1}",
        "{\"type\":\"QUERY\"}",
        "{\"type\":\"RESULT\",\"signals\":null}",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        CHECK_CONTEXT(TEXTS[i]);
        CHECK_EQ(err_of_json(TEXTS[i]), CLASP_BAD_LEGACY);
    }
}

TEST(what_is_ignored_has_to_be_well_formed_all_the_same) {
    CHECK_EQ(err_of(BYTES("\x82\xA4type\xA4PING\xA1x\x81\x01\x02")), CLASP_OK); /* a key that is no string */
    CHECK_EQ(err_of(BYTES("\x82\xA4type\xA4PING\xA1x\xD4\x05x")), CLASP_BAD_LEGACY);
    CHECK_EQ(err_of(BYTES("\x82\xA4type\xA4PING\xA1x\xA1\xFF")), CLASP_BAD_UTF8);
    CHECK_EQ(err_of(BYTES("\x82\xA4type\xA4PING\xA1\xFF\x01")), CLASP_BAD_UTF8);
    CHECK_EQ(err_of(BYTES("\x82\xA4type\xA4PING\x05\x01")), CLASP_BAD_LEGACY);
    CHECK_EQ(err_of(BYTES("\x82\xA4type\xA4PING\xC4\x01x\x01")), CLASP_BAD_LEGACY);
}

TEST(what_is_no_map_is_refused) {
    CHECK_EQ(err_of(BYTES("")), CLASP_BAD_LEGACY);
    CHECK_EQ(err_of((clasp_span){NULL, 0}), CLASP_BAD_LEGACY);
    CHECK_EQ(err_of(BYTES("\x41")), CLASP_BAD_LEGACY);
    CHECK_EQ(err_of(BYTES("\x92\xA4type\xA4PING")), CLASP_BAD_LEGACY);
}

int main(void) {
    RUN(every_legacy_vector_decodes_to_its_message);
    RUN(binary_payloads_decode_as_before);
    RUN(malformed_frames_are_refused_as_before);
    RUN(a_prefix_is_refused);
    RUN(a_changed_byte_gives_a_result);
    RUN(scratch_too_small_is_refused_and_not_overrun);
    RUN(maps_mean_their_message_in_any_order);
    RUN(the_last_of_two_keys_wins);
    RUN(every_item_becomes_its_value);
    RUN(items_that_are_no_values_are_refused);
    RUN(sixty_four_levels_are_taken_and_no_more);
    RUN(eight_bundles_are_taken_and_no_more);
    RUN(bundles_that_ended_do_not_count);
    RUN(what_grows_over_a_payload_is_refused);
    RUN(no_payload_is_larger_than_a_frame_can_hold);
    RUN(what_no_field_can_say_is_refused);
    RUN(maps_that_are_no_message_are_refused);
    RUN(what_is_ignored_has_to_be_well_formed_all_the_same);
    RUN(what_is_no_map_is_refused);
    return check_summary();
}
