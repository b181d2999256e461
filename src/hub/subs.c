#include "hub/subs.h"

#include <stdlib.h>

#include "base/limits.h"

#define FIRST_CAP 64u

static const clasp_route_bounds BOUNDS = {
    .addresses = CLASP_HUB_ADDRESSES,
    .address_bytes = CLASP_HUB_ADDRESS_BYTES,
    .subscriptions = CLASP_HUB_SUBSCRIPTIONS_MAX,
    .pattern_bytes = CLASP_HUB_PATTERN_BYTES,
    .pattern_segments = CLASP_HUB_PATTERN_SEGMENTS,
};

bool clasp_hub_subs_init(clasp_hub_subs *subs, uint64_t hash_seed) {
    clasp_route_bounds bounds = BOUNDS;
    bounds.hash_seed = hash_seed;
    memset(subs, 0, sizeof *subs);
    subs->free = CLASP_HUB_NONE;
    subs->filters.hash_key = hash_seed;
    subs->routes = clasp_routes_new(&bounds);
    return subs->routes != NULL;
}

void clasp_hub_subs_deinit(clasp_hub_subs *subs) {
    clasp_routes_free(subs->routes);
    clasp_hub_filters_deinit(&subs->filters);
    free(subs->list);
    memset(subs, 0, sizeof *subs);
}

/* Take a free entry. */
static clasp_err claim(clasp_hub_subs *subs, uint32_t *index) {
    if (subs->free != CLASP_HUB_NONE) {
        *index = subs->free;
        subs->free = subs->list[*index].next;
        return CLASP_OK;
    }
    if (subs->used == CLASP_HUB_SUBSCRIPTIONS_MAX) {
        return CLASP_LIMIT;
    }
    if (subs->used == subs->cap) {
        const uint32_t cap = subs->cap ? subs->cap * 2 : FIRST_CAP;
        clasp_hub_sub *list = realloc(subs->list, cap * sizeof *list);
        if (!list) {
            return CLASP_NO_MEMORY;
        }
        subs->list = list;
        subs->cap = cap;
    }
    *index = subs->used++;
    return CLASP_OK;
}

static void give_back(clasp_hub_subs *subs, uint32_t index) {
    subs->list[index].next = subs->free;
    subs->free = index;
}

/* Drop the subscription that `link` leads to. */
static void drop(clasp_hub_subs *subs, clasp_hub_session *session, uint32_t *link) {
    const uint32_t index = *link;
    *link = subs->list[index].next;
    clasp_routes_remove(subs->routes, index);
    if (subs->list[index].is_filtered) {
        clasp_hub_filters_remove(&subs->filters, index);
        session->filtered_count--;
    }
    give_back(subs, index);
    session->sub_count--;
    subs->count--;
}

/* The link to a session's subscription with this id; it leads to CLASP_HUB_NONE when there is none. */
static uint32_t *find(const clasp_hub_subs *subs, clasp_hub_session *session, uint32_t id) {
    uint32_t *link = &session->first_sub;
    while (*link != CLASP_HUB_NONE && subs->list[*link].id != id) {
        link = &subs->list[*link].next;
    }
    return link;
}

static clasp_err add_route(clasp_hub_subs *subs, const clasp_message *subscribe, uint32_t index,
                           bool is_filtered) {
    const clasp_err err = clasp_routes_add(subs->routes, subscribe->address, index);
    if (err == CLASP_OK && is_filtered && !clasp_hub_filters_add(&subs->filters, index, subscribe)) {
        clasp_routes_remove(subs->routes, index);
        return CLASP_NO_MEMORY;
    }
    return err;
}

clasp_err clasp_hub_subs_put(clasp_hub_subs *subs, clasp_hub_sessions *sessions, clasp_hub_session *session,
                             const clasp_message *subscribe, uint32_t limit) {
    const bool replaces = *find(subs, session, subscribe->id) != CLASP_HUB_NONE;
    if (!replaces && session->sub_count >= limit) {
        return CLASP_LIMIT;
    }
    uint32_t index;
    clasp_err err = claim(subs, &index);
    if (err != CLASP_OK) {
        return err;
    }
    const bool is_filtered = clasp_hub_filter_is_needed(subscribe);
    err = add_route(subs, subscribe, index, is_filtered);
    if (err != CLASP_OK) {
        give_back(subs, index);
        return err;
    }
    clasp_hub_subs_drop(subs, session, subscribe->id);
    subs->list[index] = (clasp_hub_sub){.slot = clasp_hub_slot(sessions, session),
                                        .id = subscribe->id,
                                        .next = session->first_sub,
                                        .types = subscribe->types,
                                        .is_filtered = is_filtered};
    session->filtered_count += is_filtered;
    session->first_sub = index;
    session->sub_count++;
    subs->count++;
    return CLASP_OK;
}

void clasp_hub_subs_drop(clasp_hub_subs *subs, clasp_hub_session *session, uint32_t id) {
    uint32_t *link = find(subs, session, id);
    if (*link != CLASP_HUB_NONE) {
        drop(subs, session, link);
    }
}

void clasp_hub_subs_drop_all(clasp_hub_subs *subs, clasp_hub_session *session) {
    while (session->first_sub != CLASP_HUB_NONE) {
        drop(subs, session, &session->first_sub);
    }
}
