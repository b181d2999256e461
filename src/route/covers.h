/** Whether one pattern reaches all that another one reaches (docs/wire.md, section 9): for scopes. */
#ifndef CLASP_ROUTE_COVERS_H
#define CLASP_ROUTE_COVERS_H

#include "base/bytes.h"

/**
 * True only if every address that the checked pattern (or address) `inner` matches is matched by the checked pattern `outer` as well.
 *
 * Never true where it should not be. It is always true where it should be as long as `inner` holds at most one "**"; with more of
 * them it may be false for pairs that can only be seen to be right by telling cases apart.
 *
 * Worst case: the product of the two lengths; iterative, no allocation.
 */
bool clasp_covers(clasp_span outer, clasp_span inner);

#endif
