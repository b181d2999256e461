#include "hub/announced.h"

#include <stdlib.h>

#include "base/limits.h"

static size_t size_of(const clasp_hub_announcement *one) {
    return sizeof *one + one->namespace_len + one->signals_len;
}

/* Remove the announcement that `link` leads to. */
static void drop(clasp_hub_announced *own, size_t *all, clasp_hub_announcement **link) {
    clasp_hub_announcement *one = *link;
    *link = one->next;
    own->bytes -= size_of(one);
    *all -= size_of(one);
    free(one);
}

/* The link to the announcement for a namespace; it leads to NULL when there is none. */
static clasp_hub_announcement **find(clasp_hub_announced *own, clasp_span name) {
    clasp_hub_announcement **link = &own->first;
    while (*link && !clasp_span_equal((clasp_span){(*link)->bytes, (*link)->namespace_len}, name)) {
        link = &(*link)->next;
    }
    return link;
}

static void copy(uint8_t *to, clasp_span from) {
    if (from.len > 0) {
        memcpy(to, from.at, from.len);
    }
}

static clasp_hub_announcement *make(const clasp_message *announce) {
    const clasp_span name = announce->address;
    const clasp_span signals = announce->list.bytes;
    clasp_hub_announcement *one = malloc(sizeof *one + name.len + signals.len);
    if (one) {
        *one = (clasp_hub_announcement){NULL, name.len, announce->list.count, signals.len};
        copy(one->bytes, name);
        copy(one->bytes + name.len, signals);
    }
    return one;
}

clasp_err clasp_hub_announced_put(clasp_hub_announced *own, size_t *all, const clasp_message *announce) {
    clasp_hub_announcement **old = find(own, announce->address);
    const size_t freed = *old ? size_of(*old) : 0;
    clasp_hub_announcement *one = NULL;
    if (announce->list.count > 0) {
        const size_t size = sizeof *one + announce->address.len + announce->list.bytes.len;
        if (own->bytes - freed + size > CLASP_HUB_ANNOUNCED_SESSION_BYTES ||
            *all - freed + size > CLASP_HUB_ANNOUNCED_BYTES) {
            return CLASP_LIMIT;
        }
        one = make(announce);
        if (!one) {
            return CLASP_NO_MEMORY;
        }
    }
    if (*old) {
        drop(own, all, old);
    }
    if (one) {
        one->next = own->first;
        own->first = one;
        own->bytes += size_of(one);
        *all += size_of(one);
    }
    return CLASP_OK;
}

void clasp_hub_announced_drop(clasp_hub_announced *own, size_t *all) {
    while (own->first) {
        drop(own, all, &own->first);
    }
}
