#include "hub/scopes.h"

#include "base/limits.h"
#include "route/address.h"
#include "route/covers.h"

#define READ CLASP_SCOPE_READ
#define WRITE (READ | CLASP_SCOPE_WRITE)
#define ADMIN (WRITE | CLASP_SCOPE_ADMIN)

static const struct {
    const char *name;
    uint8_t rights;
} ACTIONS[] = {
    {"read", READ}, {"r", READ}, {"write", WRITE}, {"w", WRITE}, {"admin", ADMIN}, {"a", ADMIN}, {"*", ADMIN},
};

/* 0: there is no such action. */
static uint8_t rights_of(clasp_span action) {
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        if (clasp_span_equal(action, clasp_span_of(ACTIONS[i].name))) {
            return ACTIONS[i].rights;
        }
    }
    return 0;
}

clasp_err clasp_scope_parse(clasp_span text, clasp_scope *out) {
    if (text.len > CLASP_HUB_SCOPE_LEN) {
        return CLASP_TOO_LARGE;
    }
    const uint8_t *colon = text.len > 0 ? memchr(text.at, ':', text.len) : NULL;
    if (!colon) {
        return CLASP_BAD_ENUM;
    }
    const uint32_t action_len = (uint32_t)(colon - text.at);
    const uint8_t rights = rights_of((clasp_span){text.at, action_len});
    const clasp_span pattern = {colon + 1, text.len - action_len - 1};
    if (rights == 0) {
        return CLASP_BAD_ENUM;
    }
    if (clasp_pattern_check(pattern) != CLASP_OK) {
        return CLASP_BAD_PATTERN;
    }
    *out = (clasp_scope){pattern, rights};
    return CLASP_OK;
}

bool clasp_scopes_cover(clasp_scopes scopes, uint8_t right, clasp_span pattern) {
    if (clasp_pattern_check(pattern) != CLASP_OK) {
        return false;
    }
    const bool is_wild = clasp_pattern_is_wild(pattern);
    for (uint32_t i = 0; i < scopes.count; i++) {
        const clasp_scope *scope = &scopes.at[i];
        if ((scope->rights & right) != 0 &&
            (is_wild ? clasp_covers(scope->pattern, pattern) : clasp_match(scope->pattern, pattern))) {
            return true;
        }
    }
    return false;
}
