#include "wire/rows.h"

#define ALL_FEATURES 0xFCu
#define ROUTER_FEATURES 0xF8u /* WELCOME has no federation bit */

#define ENTRY(...) __VA_ARGS__,

static const clasp_field HELLO[] = {
    ALWAYS(U8, version), WITH(FEATURES, features, ALL_FEATURES), ALWAYS(TEXT, name), ALWAYS(TEXT, token),
    BARE(END),
};

static const clasp_field WELCOME[] = {
    ALWAYS(U8, version),
    WITH(FEATURES, features, ROUTER_FEATURES),
    ALWAYS(U64, time_us),
    ALWAYS(TEXT, session),
    ALWAYS(TEXT, name),
    ALWAYS(TEXT, token),
    BARE(END),
};

static const clasp_field ANNOUNCE[] = {
    ALWAYS(TEXT, address),
    ALWAYS(COUNT, list),
    WITH(ITEMS, list, CLASP_ITEM_DECLARED),
    BARE(END),
};

static const clasp_field FEDERATION_SYNC[] = {
    ALWAYS(OP, op),
    ALWAYS(COUNT, list),
    WITH(ITEMS, list, CLASP_ITEM_TEXT),
    ALWAYS(COUNT, list2),
    WITH(ITEMS, list2, CLASP_ITEM_REVISION),
    BARE(FLAGS),
    IF(0x80, SINCE, U64, revision),
    IF(0x40, ORIGIN, TEXT, session),
    BARE(END),
};

static const clasp_field SUBSCRIBE[] = {
    ALWAYS(U32, id),
    ALWAYS(TEXT, address),
    ALWAYS(TYPES, types),
    BARE(FLAGS),
    IF(0x01, MAX_RATE, U32, rate),
    IF(0x02, EPSILON, F64, epsilon),
    IF(0x04, HISTORY, U32, history),
    IF(0x08, WINDOW, U32, window_ms),
    BARE(END),
};

static const clasp_field UNSUBSCRIBE[] = {ALWAYS(U32, id), BARE(END)};

static const clasp_field PUBLISH[] = {PUBLISH_ROW(ENTRY) BARE(END)};

static const clasp_field SET[] = {SET_ROW(ENTRY) BARE(END)};

static const clasp_field GET[] = {ALWAYS(TEXT, address), BARE(END)};

static const clasp_field SNAPSHOT[] = {ALWAYS(COUNT, list), WITH(ITEMS, list, CLASP_ITEM_PARAM), BARE(END)};

static const clasp_field REPLAY[] = {
    BARE(FLAGS),
    ALWAYS(TEXT, address),
    IF(0x80, FROM, U64, time_us),
    IF(0x40, TO, U64, t2_us),
    IF(0x20, LIMIT, U32, limit),
    ALWAYS(TYPES, types),
    BARE(END),
};

static const clasp_field BUNDLE[] = {
    BARE(FLAGS), ALWAYS(COUNT, list), IF(0x80, TIMESTAMP, U64, time_us), WITH(ITEMS, list, CLASP_ITEM_MEMBER),
    BARE(END),
};

static const clasp_field SYNC[] = {
    BARE(FLAGS), ALWAYS(U64, time_us), IF(0x01, T2, U64, t2_us), IF(0x02, T3, U64, t3_us), BARE(END),
};

static const clasp_field PING[] = {BARE(END)};

static const clasp_field PONG[] = {BARE(END)};

static const clasp_field ACK[] = {
    BARE(FLAGS),
    IF(0x01, ADDRESS, TEXT, address),
    IF(0x02, REVISION, U64, revision),
    IF(0x04, LOCKED, BOOL, locked),
    IF(0x08, HOLDER, TEXT, session),
    IF(0x10, CORRELATION_ID, U32, id),
    BARE(END),
};

static const clasp_field ERROR[] = {
    ALWAYS(U16, code),
    ALWAYS(TEXT, name),
    BARE(FLAGS),
    IF(0x01, ADDRESS, TEXT, address),
    IF(0x02, CORRELATION_ID, U32, id),
    BARE(END),
};

static const clasp_field QUERY[] = {ALWAYS(TEXT, address), BARE(END)};

static const clasp_field RESULT[] = {ALWAYS(COUNT, list), WITH(ITEMS, list, CLASP_ITEM_FOUND), BARE(END)};

/* The fields of each message, by its code. */
static const clasp_field *const ROWS[] = {
#define X(name, code, qos) [code] = name,
    CLASP_MESSAGE_LIST(X)
#undef X
};

const clasp_field *clasp_row(uint8_t type) { return type < sizeof ROWS / sizeof *ROWS ? ROWS[type] : NULL; }
