#include "base/error.h"

const char *clasp_err_name(clasp_err err) {
    switch (err) {
#define X(name, value, text) \
    case CLASP_##name:       \
        return #name;
        CLASP_ERR_LIST(X)
#undef X
    default:
        return "UNKNOWN";
    }
}

const char *clasp_err_text(clasp_err err) {
    switch (err) {
#define X(name, value, text) \
    case CLASP_##name:       \
        return text;
        CLASP_ERR_LIST(X)
#undef X
    default:
        return "no result of this list";
    }
}
