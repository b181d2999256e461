/* The golden vectors of pieces and video records (tests/vectors/pieces.json), both ways. */
#include "chunk/video.h"
#include "chunk_bench.h"
#include "vectors.h"

/* ---- what the vectors say ------------------------------------------------------------------------------------ */

static clasp_text room_for(uint32_t len) {
    const clasp_text text = {malloc(len > 0 ? len : 1), len};
    if (!text.at) {
        exit(EXIT_FAILURE);
    }
    return text;
}

static clasp_text hex_of(const char *hex) {
    clasp_text text;
    text.at = vector_hex(hex ? hex : "", &text.len);
    return text;
}

/* A message, or data. Given: clasp_text_clear(), as all texts here. */
static clasp_text message_of(const cJSON *json) {
    if (cJSON_IsString(json)) {
        return hex_of(json->valuestring);
    }
    const cJSON *repeat = vector_get(json, "$repeat");
    clasp_text text = room_for((uint32_t)(repeat ? vector_u64(repeat, "count") : vector_u64(json, "$made")));
    clasp_text unit = hex_of(vector_text(repeat, "hex"));
    for (uint32_t i = 0; i < text.len; i++) {
        text.at[i] = repeat ? unit.at[0] : (uint8_t)(31 * i + i / 256);
    }
    clasp_text_clear(&unit);
    return text;
}

static clasp_text join(clasp_span head, clasp_span middle, clasp_span tail) {
    clasp_text text = room_for(head.len + middle.len + tail.len);
    clasp_writer w = clasp_writer_of(text.at, text.len);
    clasp_write_bytes(&w, head);
    clasp_write_bytes(&w, middle);
    clasp_write_bytes(&w, tail);
    return text;
}

/* A frame or record, in a block of exactly its size. */
static clasp_text record_of(const cJSON *json, const clasp_text *message) {
    if (cJSON_IsString(json)) {
        return hex_of(json->valuestring);
    }
    clasp_text zeros = {calloc(vector_u64(json, "zeros") + 1, 1), (uint32_t)vector_u64(json, "zeros")};
    clasp_text head = hex_of(vector_text(json, "head"));
    clasp_text tail = hex_of(vector_text(json, "tail"));
    const clasp_span part =
        message ? (clasp_span){message->at + vector_u64(json, "from"), (uint32_t)vector_u64(json, "count")}
                : clasp_text_span(&zeros);
    const clasp_text text = join(clasp_text_span(&head), part, clasp_text_span(&tail));
    clasp_text_clear(&zeros);
    clasp_text_clear(&head);
    clasp_text_clear(&tail);
    return text;
}

static const struct {
    const char *name;
    clasp_err err;
} CLASSES[] = {
    {"bad-magic", CLASP_BAD_MAGIC}, {"truncated", CLASP_TRUNCATED}, {"bad-enum", CLASP_BAD_ENUM},
    {"too-large", CLASP_TOO_LARGE}, {"bad-piece", CLASP_BAD_PIECE}, {"bad-signal", CLASP_BAD_SIGNAL},
    {"kept", CLASP_MORE},           {"lost", CLASP_MORE},           {"whole", CLASP_OK}};

static clasp_err err_of(const char *name) {
    for (size_t i = 0; name && i < sizeof CLASSES / sizeof *CLASSES; i++) {
        if (strcmp(CLASSES[i].name, name) == 0) {
            return CLASSES[i].err;
        }
    }
    return CLASP_BAD_STATE; /* which none of the calls here gives */
}

/* Every vector of one kind; `count`: so many that none gets lost. */
static void each(const char *what, unsigned count, void (*check)(const cJSON *vector)) {
    cJSON *file = vectors_load("pieces.json");
    const cJSON *vector;
    unsigned found = 0;
    cJSON_ArrayForEach(vector, vector_get(file, "vectors")) {
        if (strcmp(vector_text(vector, "what"), what) == 0) {
            CHECK_CONTEXT(vector_text(vector, "name"));
            check(vector);
            found++;
        }
    }
    check_now.context = NULL;
    CHECK_EQ(found, count);
    cJSON_Delete(file);
}

/* ---- pieces -------------------------------------------------------------------------------------------------- */

static clasp_priority priority_of(const char *name) {
    return strcmp(name, "high") == 0     ? CLASP_PRIORITY_HIGH
           : strcmp(name, "normal") == 0 ? CLASP_PRIORITY_NORMAL
                                         : CLASP_PRIORITY_LOW;
}

/* The message comes back, from the first frame to the last, or the other way. */
static void check_rebuilt(const cJSON *vector, const clasp_text *message, bool backwards) {
    const cJSON *frames = vector_get(vector, "frames");
    const int count = cJSON_GetArraySize(frames);
    clasp_reassembler r;
    clasp_whole whole = {.message = 0};
    clasp_reassembler_init(&r, 0);
    for (int i = 0; i < count; i++) {
        clasp_text frame = record_of(cJSON_GetArrayItem(frames, backwards ? count - 1 - i : i), message);
        CHECK_EQ(take(&r, frame, 0, &whole), i + 1 == count ? CLASP_OK : CLASP_MORE);
    }
    CHECK_BYTES(whole.bytes.at, whole.bytes.len, message->at, message->len);
    CHECK_EQ(whole.message, vector_u64(vector, "id"));
    CHECK_EQ(whole.priority, priority_of(vector_text(vector, "priority")));
    clasp_text_clear(&whole.bytes);
    clasp_reassembler_clear(&r);
}

static void check_cut(const cJSON *vector) {
    clasp_text message = message_of(vector_get(vector, "message"));
    clasp_split split;
    clasp_record record;
    const cJSON *item;
    CHECK_EQ(clasp_split_init(&split, (uint32_t)vector_u64(vector, "id"),
                              priority_of(vector_text(vector, "priority")), clasp_text_span(&message),
                              (uint32_t)vector_u64(vector, "record_max")),
             CLASP_OK);
    cJSON_ArrayForEach(item, vector_get(vector, "frames")) {
        clasp_text wanted = record_of(item, &message);
        if (CHECK(clasp_split_next(&split, &record))) {
            clasp_text made = make_record(&record);
            CHECK_BYTES(made.at, made.len, wanted.at, wanted.len);
            clasp_text_clear(&made);
        }
        clasp_text_clear(&wanted);
    }
    CHECK(!clasp_split_next(&split, &record));
    check_rebuilt(vector, &message, false);
    check_rebuilt(vector, &message, true);
    clasp_text_clear(&message);
}

static void check_step(clasp_reassembler *r, const cJSON *step) {
    const char *result = vector_text(step, "result");
    clasp_whole whole = {.message = 0};
    uint32_t lost_count;
    const clasp_err err = take(r, hex_of(vector_text(step, "frame_hex")), 0, &whole);
    CHECK_EQ(err, err_of(result));
    clasp_reassembler_lost(r, &lost_count);
    CHECK_EQ(lost_count, strcmp(result, "lost") == 0);
    if (err == CLASP_OK) {
        clasp_text message = hex_of(vector_text(step, "message"));
        CHECK_BYTES(whole.bytes.at, whole.bytes.len, message.at, message.len);
        clasp_text_clear(&message);
        clasp_text_clear(&whole.bytes);
    }
}

static void check_rebuild(const cJSON *vector) {
    clasp_reassembler r;
    const cJSON *step;
    clasp_reassembler_init(&r, 0);
    cJSON_ArrayForEach(step, vector_get(vector, "steps")) { check_step(&r, step); }
    CHECK_EQ(clasp_reassembler_deadline(&r), NEVER); /* every message is over */
    clasp_reassembler_clear(&r);
}

static void check_refused(const cJSON *vector) {
    clasp_reassembler r;
    clasp_whole whole;
    clasp_reassembler_init(&r, 0);
    CHECK_EQ(take(&r, record_of(vector_get(vector, "frame"), NULL), 0, &whole),
             err_of(vector_text(vector, "class")));
    CHECK_EQ(clasp_reassembler_deadline(&r), NEVER);
    clasp_reassembler_clear(&r);
}

TEST(messages_are_cut_as_the_vectors_have_it) { each("cut", 15, check_cut); }
TEST(pieces_are_taken_as_the_vectors_have_it) { each("rebuild", 13, check_rebuild); }
TEST(what_is_no_piece_is_refused_as_the_vectors_have_it) { each("refused", 28, check_refused); }

/* ---- video --------------------------------------------------------------------------------------------------- */

static clasp_err read_record(const clasp_text *record, clasp_video_chunk *out) {
    clasp_reader r = clasp_reader_of(clasp_text_span(record));
    const clasp_value map = clasp_read_value(&r);
    CHECK(r.err == CLASP_OK && clasp_left(&r) == 0);
    return clasp_video_read(map, out);
}

/* A vector's frame; `data` and `description` stay the caller's. */
static clasp_video_chunk frame_of(const cJSON *json, const clasp_text *data, const clasp_text *description) {
    return (clasp_video_chunk){.seq = vector_u64(json, "seq"),
                               .timestamp_us = vector_get(json, "timestamp")->valuedouble,
                               .is_key = strcmp(vector_text(json, "frameType"), "key") == 0,
                               .data = clasp_text_span(data),
                               .description = vector_text(json, "description") ? clasp_text_span(description)
                                                                               : (clasp_span){NULL, 0}};
}

static void check_frame(clasp_video_receiver *rx, const clasp_video_chunk *frame) {
    clasp_video_event event;
    const clasp_span description = frame->is_key ? frame->description : (clasp_span){NULL, 0};
    if (!CHECK(clasp_video_next(rx, &event))) {
        return;
    }
    CHECK(event.kind == CLASP_VIDEO_FRAME && event.seq == frame->seq && event.is_key == frame->is_key);
    CHECK(event.timestamp_us == frame->timestamp_us);
    CHECK_BYTES(event.data.at, event.data.len, frame->data.at, frame->data.len);
    CHECK_BYTES(event.description.at, event.description.len, description.at, description.len);
    clasp_text_clear(&event.data);
    clasp_text_clear(&event.description);
    CHECK(!clasp_video_next(rx, &event));
}

static void check_received(const cJSON *records, const clasp_video_chunk *frame, const clasp_text *data,
                           bool backwards) {
    const int count = cJSON_GetArraySize(records);
    clasp_video_receiver rx;
    clasp_video_receiver_init(&rx, false);
    for (int i = 0; i < count; i++) {
        clasp_video_chunk chunk = {.count = 0};
        clasp_text record = record_of(cJSON_GetArrayItem(records, backwards ? count - 1 - i : i), data);
        CHECK_EQ(read_record(&record, &chunk), CLASP_OK);
        CHECK_EQ(clasp_video_accept(&rx, &chunk, 0), CLASP_OK);
        clasp_text_clear(&record);
    }
    check_frame(&rx, frame);
    clasp_video_receiver_deinit(&rx);
}

static void check_records(const cJSON *records, clasp_video_split *split, const clasp_text *data) {
    const cJSON *item;
    clasp_video_chunk chunk;
    cJSON_ArrayForEach(item, records) {
        clasp_text wanted = record_of(item, data);
        clasp_text made = room_for(wanted.len);
        clasp_writer w = clasp_writer_of(made.at, made.len);
        if (CHECK(clasp_video_split_next(split, &chunk))) {
            clasp_video_write(&w, &chunk);
        }
        CHECK_EQ(w.err, CLASP_OK);
        CHECK_BYTES(made.at, clasp_written(&w).len, wanted.at, wanted.len);
        clasp_text_clear(&made);
        clasp_text_clear(&wanted);
    }
    CHECK(!clasp_video_split_next(split, &chunk));
}

static void check_video(const cJSON *vector) {
    const cJSON *json = vector_get(vector, "frame");
    const cJSON *records = vector_get(vector, "records");
    clasp_text data = message_of(vector_get(json, "data"));
    clasp_text description = hex_of(vector_text(json, "description"));
    const clasp_video_chunk frame = frame_of(json, &data, &description);
    clasp_video_split split;
    CHECK_EQ(clasp_video_split_init(&split, &frame, (uint32_t)vector_u64(vector, "chunk_len")), CLASP_OK);
    check_records(records, &split, &data);
    check_received(records, &frame, &data, false);
    check_received(records, &frame, &data, true);
    clasp_text_clear(&data);
    clasp_text_clear(&description);
}

static void check_video_refused(const cJSON *vector) {
    clasp_text record = hex_of(vector_text(vector, "record_hex"));
    clasp_video_chunk chunk = {.count = 0};
    clasp_video_receiver rx;
    clasp_video_receiver_init(&rx, false);
    clasp_err err = read_record(&record, &chunk);
    err = err == CLASP_OK ? clasp_video_accept(&rx, &chunk, 0) : err;
    CHECK_EQ(err, err_of(vector_text(vector, "class")));
    clasp_video_receiver_deinit(&rx);
    clasp_text_clear(&record);
}

TEST(frames_are_cut_as_the_vectors_have_it) { each("video", 9, check_video); }
TEST(what_is_no_video_record_is_refused_as_the_vectors_have_it) {
    each("video-refused", 15, check_video_refused);
}

int main(void) {
    RUN(messages_are_cut_as_the_vectors_have_it);
    RUN(pieces_are_taken_as_the_vectors_have_it);
    RUN(what_is_no_piece_is_refused_as_the_vectors_have_it);
    RUN(frames_are_cut_as_the_vectors_have_it);
    RUN(what_is_no_video_record_is_refused_as_the_vectors_have_it);
    return check_summary();
}
