/** The items of the lists inside messages. For src/wire/ only; whoever reads lists uses wire/message.h. */
#ifndef CLASP_WIRE_LIST_H
#define CLASP_WIRE_LIST_H

#include "wire/message.h"

typedef enum clasp_item {
    CLASP_ITEM_TEXT,     /* a pattern of FEDERATION_SYNC */
    CLASP_ITEM_REVISION, /* of FEDERATION_SYNC */
    CLASP_ITEM_DECLARED, /* a signal of ANNOUNCE, meta included */
    CLASP_ITEM_FOUND,    /* a signal of RESULT */
    CLASP_ITEM_PARAM,    /* of SNAPSHOT */
    CLASP_ITEM_SAMPLE,   /* of PUBLISH */
    CLASP_ITEM_MEMBER    /* of BUNDLE: only its length is checked here */
} clasp_item;

/** Step over `list->count` items at `r`, checking them, and set `list->bytes` to them. Errors stick in `r`. */
void clasp_read_items(clasp_reader *r, clasp_item item, clasp_list *list);

#endif
