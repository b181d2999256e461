#include "hub/hub.h"

clasp_wire_error clasp_wire_error_of(clasp_err err) {
    switch (err) {
    case CLASP_MORE:
    case CLASP_BAD_MAGIC:
    case CLASP_RESERVED_QOS:
    case CLASP_UNSUPPORTED_FLAG:
    case CLASP_EMPTY_PAYLOAD:
        return CLASP_WIRE_INVALID_FRAME;
    case CLASP_UNKNOWN_TYPE:
    case CLASP_TRUNCATED:
    case CLASP_BAD_UTF8:
    case CLASP_BAD_VALUE_TYPE:
    case CLASP_TOO_DEEP:
    case CLASP_BAD_ENUM:
    case CLASP_BAD_LEGACY:
        return CLASP_WIRE_INVALID_MESSAGE;
    case CLASP_BAD_ADDRESS:
        return CLASP_WIRE_INVALID_ADDRESS;
    case CLASP_BAD_PATTERN:
        return CLASP_WIRE_BAD_PATTERN;
    case CLASP_TOO_LARGE:
        return CLASP_WIRE_INVALID_VALUE;
    case CLASP_LIMIT:
        return CLASP_WIRE_RATE_LIMITED;
    default:
        return CLASP_WIRE_INTERNAL;
    }
}
