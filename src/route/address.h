/**
 * Addresses and patterns (docs/wire.md, section 9).
 *
 *   address = "/" segment *( "/" segment )      segment: anything but "/"; empty only as the last one
 *   pattern = address whose segments may hold "*"; a segment "**" stands for zero or more segments
 */
#ifndef CLASP_ROUTE_ADDRESS_H
#define CLASP_ROUTE_ADDRESS_H

#include "base/bytes.h"

/** CLASP_OK if `text` may be written to (SET, PUBLISH, GET); else CLASP_BAD_ADDRESS. */
clasp_err clasp_address_check(clasp_span text);

/** CLASP_OK if `text` may be subscribed to or queried; else CLASP_BAD_PATTERN. */
clasp_err clasp_pattern_check(clasp_span text);

/** True if the pattern holds a star. */
bool clasp_pattern_is_wild(clasp_span pattern);

/**
 * Match a checked pattern against a checked address. One iterative matcher for everything.
 * Worst case: (pattern segments x address segments) plus (pattern bytes x address bytes); no allocation.
 */
bool clasp_match(clasp_span pattern, clasp_span address);

/** Match one segment that may hold stars (each: zero or more characters). */
bool clasp_match_segment(clasp_span pattern, clasp_span text);

#endif
