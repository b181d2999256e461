/* Cutting addresses at their slashes: route/path.h. */
#include "route/path.h"

#include "check.h"
#include "route/address.h"
#include "route/segment.h"

#define SEED 0x1234567887654321u

static uint32_t random_below(uint64_t *state, uint32_t bound) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 33) % bound;
}

/* True if the steps are those that a walk from slash to slash comes to. */
static bool steps_are_right(const clasp_path *path, clasp_span address) {
    clasp_segments left = clasp_segments_of(address);
    uint32_t count = 0;
    for (clasp_span segment; clasp_next_segment(&left, &segment); count++) {
        const clasp_step step = clasp_step_of(segment, SEED);
        const clasp_step *got = &path->steps[count];
        if (count == path->count || got->at != segment.at || got->len != segment.len ||
            got->hash != step.hash || got->tail != step.tail) {
            return false;
        }
    }
    return count == path->count;
}

/* Cut a text in a block of exactly its size, so that reading beside it traps. @return whether it is as the other checks say */
static bool cut_is_right(const char *text, uint32_t len, bool is_ascii) {
    uint8_t *block = malloc(len ? len : 1);
    if (!CHECK(block)) {
        return false;
    }
    memcpy(block, text, len);
    const clasp_span address = {block, len};
    clasp_path path;
    const bool is_cut = clasp_path_cut(&path, address, SEED);
    const bool is_address = clasp_address_check(address) == CLASP_OK;
    const bool is_right =
        is_cut == is_address && (!is_cut || (path.is_ascii == is_ascii && steps_are_right(&path, address)));
    free(block);
    return is_right;
}

/* A slash, and others: its neighbours and the star's among them, in case a carry goes from byte to byte. */
static const char BYTES[] = "/.0+)ab\x01z";

TEST(a_cut_is_what_a_walk_from_slash_to_slash_finds) {
    uint64_t state = 88172645463325252;
    char text[300];
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 200000; i++) {
        const uint32_t len = random_below(&state, i % 8 == 0 ? 300 : 40);
        const uint32_t slashes = 2 + random_below(&state, 12); /* one in so many */
        for (uint32_t k = 0; k < len; k++) {
            const bool is_slash = k == 0 || random_below(&state, slashes) == 0;
            text[k] = BYTES[is_slash ? 0 : 1 + random_below(&state, sizeof BYTES - 2)];
        }
        if (len > 0 && random_below(&state, 16) == 0) {
            text[random_below(&state, len)] = "*a/"[random_below(&state, 3)];
        }
        wrong += !cut_is_right(text, len, true);
    }
    CHECK_EQ(wrong, 0);
}

TEST(what_is_not_ascii_is_said_so_wherever_it_stands) {
    char text[140];
    memset(text, 'a', sizeof text);
    text[0] = '/';
    for (uint32_t len = 1; len <= sizeof text; len++) {
        CHECK(cut_is_right(text, len, true));
        for (uint32_t i = 1; i < len; i++) {
            text[i] = (char)(0x80 | '/');
            CHECK(cut_is_right(text, len, false));
            text[i] = 'a';
        }
    }
}

TEST(segments_are_bounded) {
    static char text[CLASP_ADDRESS_MAX_LEN + 1];
    for (uint32_t i = 0; i < sizeof text; i++) {
        text[i] = i % 2 ? 'a' : '/';
    }
    CHECK(cut_is_right(text, 2 * CLASP_ADDRESS_SEGMENTS, true));
    CHECK(cut_is_right(text, 2 * CLASP_ADDRESS_SEGMENTS - 1, true)); /* the last one is empty */
    CHECK(cut_is_right(text, 2 * CLASP_ADDRESS_SEGMENTS + 1, true));
    clasp_path path;
    CHECK(!clasp_path_cut(&path, (clasp_span){(const uint8_t *)text, 2 * CLASP_ADDRESS_SEGMENTS + 1}, SEED));
    memset(text + 1, 'a', sizeof text - 1);
    CHECK(cut_is_right(text, CLASP_ADDRESS_MAX_LEN, true));
    CHECK(cut_is_right(text, CLASP_ADDRESS_MAX_LEN + 1, true));
    CHECK(!clasp_path_cut(&path, (clasp_span){NULL, 0}, SEED));
}

TEST(segments_that_differ_anywhere_differ_in_hash_or_tail) {
    static char text[] = "abcdefghijklmnopqrstuvwxyz";
    for (uint32_t len = 1; len < sizeof text; len++) {
        const clasp_span segment = {(const uint8_t *)text, len};
        const clasp_step step = clasp_step_of(segment, SEED);
        for (uint32_t i = 0; i < len; i++) {
            text[i] = (char)(text[i] ^ 1);
            const clasp_step other = clasp_step_of(segment, SEED);
            CHECK(other.hash != step.hash && (i + 8 < len || other.tail != step.tail));
            text[i] = (char)(text[i] ^ 1);
        }
    }
}

int main(void) {
    RUN(a_cut_is_what_a_walk_from_slash_to_slash_finds);
    RUN(what_is_not_ascii_is_said_so_wherever_it_stands);
    RUN(segments_are_bounded);
    RUN(segments_that_differ_anywhere_differ_in_hash_or_tail);
    return check_summary();
}
