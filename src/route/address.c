#include "route/address.h"

#include "base/limits.h"
#include "route/segment.h"

/* One pass. Empty segments are allowed at the end only, stars where `stars` says so. */
static bool is_well_formed(clasp_span text, bool stars) {
    if (text.len == 0 || text.len > CLASP_ADDRESS_MAX_LEN || text.at[0] != '/') {
        return false;
    }
    uint32_t segments = 0;
    for (uint32_t i = 0; i < text.len; i++) {
        if (text.at[i] == '/') {
            segments++;
            if (i > 0 && text.at[i - 1] == '/') {
                return false;
            }
        } else if (text.at[i] == '*' && !stars) {
            return false;
        }
    }
    return segments <= CLASP_ADDRESS_SEGMENTS;
}

clasp_err clasp_address_check(clasp_span text) {
    return is_well_formed(text, false) ? CLASP_OK : CLASP_BAD_ADDRESS;
}

clasp_err clasp_pattern_check(clasp_span text) {
    return is_well_formed(text, true) ? CLASP_OK : CLASP_BAD_PATTERN;
}

bool clasp_pattern_is_wild(clasp_span pattern) {
    return pattern.len > 0 && memchr(pattern.at, '*', pattern.len) != NULL;
}

/*
 * Greedy, and back to the last star only: what an earlier star could take over, the last one can take as well. Each
 * pair of a pattern's byte and a text's byte is compared at most once, so the worst case is their product.
 */
bool clasp_match_segment(clasp_span pattern, clasp_span text) {
    uint32_t p = 0;
    uint32_t t = 0;
    uint32_t behind_star = 0; /* in the pattern; 0: no star yet */
    uint32_t taken = 0;       /* what follows the last star is compared from here on */
    while (t < text.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            behind_star = ++p;
            taken = t;
        } else if (p < pattern.len && pattern.at[p] == text.at[t]) {
            p++;
            t++;
        } else if (behind_star > 0) {
            p = behind_star;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

/*
 * The same with segments in place of bytes and "**" in place of "*". Each pair of a pattern's segment and an address's
 * segment is compared at most once, so the worst case is the product of the two counts, and together with the
 * comparisons inside the segments the product of the two lengths.
 */
bool clasp_match(clasp_span pattern, clasp_span address) {
    clasp_segments p = clasp_segments_of(pattern);
    clasp_segments a = clasp_segments_of(address);
    clasp_segments behind_star = {NULL, NULL};
    clasp_segments taken = {NULL, NULL};
    for (;;) {
        clasp_segments next_p = p;
        clasp_segments next_a = a;
        clasp_span wanted;
        clasp_span found;
        const bool has_wanted = clasp_next_segment(&next_p, &wanted);
        if (has_wanted && clasp_is_globstar(wanted)) {
            behind_star = p = next_p;
            taken = a;
            continue;
        }
        const bool has_found = clasp_next_segment(&next_a, &found);
        if (!has_wanted && !has_found) {
            return true;
        }
        if (has_wanted && has_found && clasp_match_segment(wanted, found)) {
            p = next_p;
            a = next_a;
        } else if (behind_star.end && clasp_next_segment(&taken, &found)) {
            p = behind_star;
            a = taken;
        } else {
            return false;
        }
    }
}
