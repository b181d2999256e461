/**
 * The subscriptions of all sessions: client ids mapped to the ids of the routing, a list for each session.
 * For src/hub/ only.
 */
#ifndef CLASP_HUB_SUBS_H
#define CLASP_HUB_SUBS_H

#include "hub/filters.h"
#include "hub/sessions.h"
#include "route/routes.h"

typedef struct clasp_hub_sub {
    uint32_t slot;    /* of its session */
    uint32_t id;      /* as its client named it */
    uint32_t next;    /* of the same session, or the next free one */
    uint8_t types;    /* CLASP_TYPE_* */
    bool is_filtered; /* has options that say what it gets */
} clasp_hub_sub;

typedef struct clasp_hub_subs {
    clasp_routes *routes; /* ids there are indexes of `list` */
    clasp_hub_sub *list;  /* given by malloc; grows to CLASP_HUB_SUBSCRIPTIONS_MAX */
    uint32_t cap, used, free;
    uint32_t count;
    clasp_hub_filters filters; /* of those with options */
} clasp_hub_subs;

/** @param hash_seed random: strangers choose the addresses
 *  @return false: no memory; deinit is allowed, and needed, all the same */
bool clasp_hub_subs_init(clasp_hub_subs *subs, uint64_t hash_seed);
void clasp_hub_subs_deinit(clasp_hub_subs *subs);

/**
 * Subscribe; an older subscription of the session with the same id is replaced.
 * @param subscribe what the client asks for; borrowed, its pattern is copied
 * @param limit subscriptions that the session may have
 * @return CLASP_OK, CLASP_BAD_PATTERN, CLASP_LIMIT, CLASP_NO_MEMORY; nothing has changed unless CLASP_OK
 */
clasp_err clasp_hub_subs_put(clasp_hub_subs *subs, clasp_hub_sessions *sessions, clasp_hub_session *session,
                             const clasp_message *subscribe, uint32_t limit);

/** Drop one subscription of a session; nothing happens when it has none with this id. */
void clasp_hub_subs_drop(clasp_hub_subs *subs, clasp_hub_session *session, uint32_t id);
void clasp_hub_subs_drop_all(clasp_hub_subs *subs, clasp_hub_session *session);

#endif
