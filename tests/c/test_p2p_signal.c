/* Signals, announcements and candidates: the forms of each dialect, and what is refused. */
#include "p2p_bench.h"

static clasp_err read(const char *text, p2p_signal *out) { return p2p_signal_read(map_of(text), out); }

TEST(three_forms_say_the_same) {
    static const struct {
        const char *text;
        p2p_form form;
    } ROWS[] = {
        {"type=offer from=s sdp=v=0~x correlation_id=c", FORM_TEXT},
        {"type=offer from=s sdp{type=offer sdp=v=0~x} correlation_id=c", FORM_OBJECT},
        {"type=offer from=s to=t data{type=offer sdp=v=0~x} correlation_id=c", FORM_NESTED},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].text);
        p2p_signal signal, again;
        uint8_t room[512];
        CHECK_EQ(read(ROWS[i].text, &signal), CLASP_OK);
        CHECK_EQ(signal.type, P2P_TYPE_OFFER);
        CHECK_EQ(signal.form, ROWS[i].form);
        CHECK(is_text(signal.sdp, "v=0 x") && is_text(signal.from, "s") && is_text(signal.corr, "c"));
        clasp_writer w = clasp_writer_of(room, sizeof room);
        p2p_signal_write(&w, &signal);
        CHECK_EQ(p2p_signal_read(clasp_written(&w), &again), CLASP_OK);
        CHECK_EQ(again.form, ROWS[i].form);
        CHECK(is_text(again.sdp, "v=0 x") && again.has_corr);
    }
}

TEST(candidates_come_as_text_or_object_and_leave_as_they_came) {
    static const struct {
        const char *text;
        p2p_form form;
    } ROWS[] = {
        {"type=ice-candidate from=s candidate{candidate=candidate:1~typ~host sdpMid=0 sdpMLineIndex:2}",
         FORM_OBJECT},
        {"type=ice-candidate from=s data{candidate=candidate:1~typ~host sdpMid=0 sdpMLineIndex:2}",
         FORM_NESTED},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        p2p_signal signal, again;
        uint8_t room[512];
        CHECK_EQ(read(ROWS[i].text, &signal), CLASP_OK);
        CHECK_EQ(signal.type, P2P_TYPE_CANDIDATE);
        CHECK_EQ(signal.form, ROWS[i].form);
        CHECK_EQ(signal.candidate.index, 2);
        clasp_writer w = clasp_writer_of(room, sizeof room);
        p2p_signal_write(&w, &signal);
        CHECK_EQ(p2p_signal_read(clasp_written(&w), &again), CLASP_OK);
        CHECK_EQ(again.form, ROWS[i].form);
        CHECK_BYTES(again.candidate.line, again.candidate.line_len, "candidate:1 typ host", 20);
        CHECK_EQ(again.candidate.mid.len, 1);
    }
}

static clasp_err json(const char *text, p2p_candidate *out) {
    return p2p_candidate_read_json(span(text), out);
}

TEST(the_json_of_a_candidate_is_read_by_its_four_keys) {
    static const struct {
        const char *text;
        clasp_err err;
    } ROWS[] = {
        {"{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":\"u\"}",
         CLASP_OK},
        {" { \"candidate\" : \"a\" , \"other\" : true , \"sdpMid\" : null } ", CLASP_OK},
        {"{}", CLASP_OK},
        {"{\"candidate\":\"a\\/b\\u0041\"}", CLASP_OK},
        {"{\"candidate\":\"a\\nb\"}", CLASP_BAD_SIGNAL},
        {"{\"candidate\":\"a\\u000ab\"}", CLASP_BAD_SIGNAL},
        {"{\"candidate\":\"a\nb\"}", CLASP_BAD_SIGNAL},
        {"{\"candidate\":\"\\uzzzz\"}", CLASP_BAD_SIGNAL},
        {"{\"candidate\":\"\xff\"}", CLASP_BAD_SIGNAL},
        {"{\"candidate\":7}", CLASP_BAD_SIGNAL},
        {"{\"candidate\":{\"candidate\":\"a\"}}", CLASP_BAD_SIGNAL},
        {"{\"sdpMLineIndex\":-1}", CLASP_BAD_SIGNAL},
        {"{\"sdpMLineIndex\":1025}", CLASP_BAD_SIGNAL},
        {"{\"sdpMLineIndex\":99999999999999999999}", CLASP_BAD_SIGNAL},
        {"{\"candidate\":\"a\"", CLASP_BAD_SIGNAL},
        {"{\"candidate\":\"a\"} x", CLASP_BAD_SIGNAL},
        {"{\"candidate\":\"a\",}", CLASP_BAD_SIGNAL},
        {"[]", CLASP_BAD_SIGNAL},
        {"", CLASP_BAD_SIGNAL},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].text);
        p2p_candidate candidate;
        CHECK_EQ(json(ROWS[i].text, &candidate), ROWS[i].err);
    }
}

TEST(every_prefix_of_a_candidate_is_refused_without_reading_beyond) {
    const char *text = "{\"candidate\":\"c\\u0041\",\"sdpMid\":null,\"x\":\"y\",\"sdpMLineIndex\":12}";
    for (uint32_t len = 0; len < strlen(text); len++) {
        uint8_t *exact = malloc(len > 0 ? len : 1);
        memcpy(exact, text, len);
        p2p_candidate candidate;
        CHECK_EQ(p2p_candidate_read_json((clasp_span){exact, len}, &candidate), CLASP_BAD_SIGNAL);
        free(exact);
    }
}

TEST(an_empty_mid_means_the_index_and_texts_are_escaped) {
    p2p_candidate candidate;
    uint8_t room[256];
    CHECK_EQ(json("{\"candidate\":\"a\\\"\\\\\",\"sdpMid\":\"\",\"sdpMLineIndex\":10}", &candidate),
             CLASP_OK);
    clasp_writer w = clasp_writer_of(room, sizeof room);
    p2p_candidate_write_json(&w, &candidate);
    const char *expected =
        "{\"candidate\":\"a\\\"\\\\\",\"sdpMid\":null,\"sdpMLineIndex\":10,\"usernameFragment\":null}";
    CHECK_BYTES(clasp_written(&w).at, clasp_written(&w).len, expected, strlen(expected));
}

TEST(kinds_are_read_from_the_line) {
    static const struct {
        const char *line;
        p2p_candidate_kind kind;
    } ROWS[] = {
        {"{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1 9 typ host\"}", KIND_HOST},
        {"{\"candidate\":\"candidate:1 1 udp 1 1.2.3.4 9 typ srflx raddr 0.0.0.0\"}", KIND_SRFLX},
        {"{\"candidate\":\"candidate:1 1 udp 1 1.2.3.4 9 typ prflx\"}", KIND_SRFLX},
        {"{\"candidate\":\"candidate:1 1 udp 1 1.2.3.4 9 typ relay\"}", KIND_RELAY},
        {"{\"candidate\":\"candidate:1\"}", KIND_OTHER},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        p2p_candidate candidate;
        CHECK_EQ(json(ROWS[i].line, &candidate), CLASP_OK);
        CHECK_EQ(p2p_candidate_kind_of(&candidate), ROWS[i].kind);
    }
}

TEST(signals_of_wrong_kinds_are_refused_or_ignored) {
    static const struct {
        const char *text;
        clasp_err err;
        p2p_type type; /* when OK */
    } ROWS[] = {
        {"from=s", CLASP_BAD_SIGNAL, 0},
        {"type:7 from=s", CLASP_BAD_SIGNAL, 0},
        {"type=hello from=s", CLASP_OK, P2P_TYPE_UNKNOWN},
        {"type=offer from=s", CLASP_BAD_SIGNAL, 0},
        {"type=offer from=s sdp=x", CLASP_BAD_SIGNAL, 0},
        {"type=offer from=s sdp:7", CLASP_BAD_SIGNAL, 0},
        {"type=offer from=a/b sdp=v=0", CLASP_BAD_SIGNAL, 0},
        {"type=offer from=* sdp=v=0", CLASP_BAD_SIGNAL, 0},
        {"type=offer from= sdp=v=0", CLASP_BAD_SIGNAL, 0},
        {"type=ice_candidate from=s candidate!", CLASP_OK, P2P_TYPE_UNKNOWN},
        {"type=ice_candidate from=s candidate=", CLASP_OK, P2P_TYPE_UNKNOWN},
        {"type=ice_candidate from=s candidate:7", CLASP_BAD_SIGNAL, 0},
        {"type=ice_candidate from=s candidate=x", CLASP_BAD_SIGNAL, 0},
        {"type=ice-candidate from=s candidate{sdpMid=0}", CLASP_BAD_SIGNAL, 0},
        {"type=data from=s record=text", CLASP_BAD_SIGNAL, 0},
        {"type=data from=s record#E1", CLASP_OK, P2P_TYPE_DATA},
        {"type=resume from=s proof#short", CLASP_BAD_SIGNAL, 0},
        {"type=resume from=s proof#eightby8", CLASP_OK, P2P_TYPE_RESUME},
        {"type=connected from=s other{a=b} correlation_id=c", CLASP_OK, P2P_TYPE_CONNECTED},
        {"type=answer from=s ext:1 rejected=no", CLASP_OK, P2P_TYPE_ANSWER},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].text);
        p2p_signal signal;
        CHECK_EQ(read(ROWS[i].text, &signal), ROWS[i].err);
        CHECK(ROWS[i].err != CLASP_OK || signal.type == ROWS[i].type);
    }
}

TEST(sizes_are_bounded) {
    enum { ROOM = 60000 };
    uint8_t *room = malloc(ROOM);
    p2p_signal signal;
    const uint32_t sizes[] = {CLASP_SDP_MAX, CLASP_SDP_MAX + 1};
    for (int i = 0; i < 2; i++) {
        uint8_t *sdp = malloc(sizes[i]);
        memset(sdp, 'x', sizes[i]);
        memcpy(sdp, "v=0", 3);
        p2p_signal offer = {.type = P2P_TYPE_OFFER, .from = span("s"), .sdp = {sdp, sizes[i]}};
        clasp_writer w = clasp_writer_of(room, ROOM);
        p2p_signal_write(&w, &offer);
        CHECK_EQ(p2p_signal_read(clasp_written(&w), &signal), i == 0 ? CLASP_OK : CLASP_TOO_LARGE);
        free(sdp);
    }
    clasp_writer many = clasp_writer_of(room, ROOM);
    clasp_write_u8(&many, CLASP_VALUE_MAP);
    clasp_write_u16(&many, CLASP_P2P_ENTRIES + 1);
    for (uint32_t i = 0; i <= CLASP_P2P_ENTRIES; i++) {
        clasp_write_text(&many, span("k"));
        clasp_write_u8(&many, CLASP_VALUE_NULL);
    }
    CHECK_EQ(p2p_signal_read(clasp_written(&many), &signal), CLASP_TOO_LARGE);
    CHECK_EQ(p2p_signal_read((clasp_span){(const uint8_t *)"\x0b\x00", 2}, &signal), CLASP_TRUNCATED);
    free(room);
}

TEST(an_announcement_shows_who_speaks_the_extension) {
    static const struct {
        const char *text;
        clasp_err err;
        bool ours;
    } ROWS[] = {
        {OURS("s", "bob"), CLASP_OK, true},
        {OTHERS("s"), CLASP_OK, false},
        {"session_id=s p2p_capable?", CLASP_OK, false},
        {"session_id=s", CLASP_BAD_SIGNAL, false},
        {"session_id=a/b p2p_capable?", CLASP_BAD_SIGNAL, false},
        {"session_id:7 p2p_capable?", CLASP_BAD_SIGNAL, false},
        {"p2p_capable?", CLASP_BAD_SIGNAL, false},
        {"session_id=s p2p_capable? features=clasp-p2p/1", CLASP_OK, false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        CHECK_CONTEXT(ROWS[i].text);
        p2p_announcement who;
        CHECK_EQ(p2p_announcement_read(map_of(ROWS[i].text), &who), ROWS[i].err);
        CHECK(ROWS[i].err != CLASP_OK || who.ours == ROWS[i].ours);
    }
}

/* The value is that of another implementation, which passes the paper's own vector. */
TEST(a_proof_depends_on_every_byte) {
    uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const clasp_span text = span("0123456789a");
    const uint64_t first = p2p_siphash(key, &text, 1);
    CHECK(first == UINT64_C(0x769453aff24f7341)); /* of 0b 00 00 00, then the text */
    for (int i = 0; i < 16; i++) {
        key[i] ^= 1;
        CHECK(p2p_siphash(key, &text, 1) != first);
        key[i] ^= 1;
    }
    const clasp_span two[] = {span("ab"), span("c")};
    const clasp_span other[] = {span("a"), span("bc")};
    CHECK(p2p_siphash(key, two, 2) != p2p_siphash(key, other, 2));
    CHECK_EQ(p2p_siphash(key, &text, 1), first);
}

int main(void) {
    RUN(three_forms_say_the_same);
    RUN(candidates_come_as_text_or_object_and_leave_as_they_came);
    RUN(the_json_of_a_candidate_is_read_by_its_four_keys);
    RUN(every_prefix_of_a_candidate_is_refused_without_reading_beyond);
    RUN(an_empty_mid_means_the_index_and_texts_are_escaped);
    RUN(kinds_are_read_from_the_line);
    RUN(signals_of_wrong_kinds_are_refused_or_ignored);
    RUN(sizes_are_bounded);
    RUN(an_announcement_shows_who_speaks_the_extension);
    RUN(a_proof_depends_on_every_byte);
    return check_summary();
}
