/**
 * Scopes: what a token allows (docs/wire.md, section 7). For src/hub/ only.
 *
 *   scope  = action ":" pattern
 *   action = "read" / "r" / "write" / "w" / "admin" / "a" / "*"       write includes read, admin includes both
 */
#ifndef CLASP_HUB_SCOPES_H
#define CLASP_HUB_SCOPES_H

#include "base/bytes.h"

#define CLASP_SCOPE_READ 1u
#define CLASP_SCOPE_WRITE 2u
#define CLASP_SCOPE_ADMIN 4u

typedef struct clasp_scope {
    clasp_span pattern; /* lent by whoever holds the scope's text */
    uint8_t rights;     /* CLASP_SCOPE_*, all that are included */
} clasp_scope;

typedef struct clasp_scopes {
    const clasp_scope *at;
    uint32_t count;
} clasp_scopes;

/**
 * @param text borrowed; `out->pattern` points into it
 * @return CLASP_OK; CLASP_BAD_ENUM: no such action; CLASP_BAD_PATTERN; CLASP_TOO_LARGE. `out` is set only on CLASP_OK.
 */
clasp_err clasp_scope_parse(clasp_span text, clasp_scope *out);

/**
 * True if one of the scopes gives `right` on everything that `pattern` (or address) matches. What is no pattern is covered by
 * none. (Two scopes that only together cover a pattern do not: each is looked at alone.)
 */
bool clasp_scopes_cover(clasp_scopes scopes, uint8_t right, clasp_span pattern);

#endif
