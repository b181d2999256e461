/**
 * Which patterns were matched together lately: addresses that come once each mostly lead where others have led before. What such a
 * group of patterns leads to is told the host once, by the group's id.
 *
 * One place for each hash; a group that is not there takes it, and its id then means another one. Memory is fixed.
 */
#ifndef CLASP_CODEC_GROUPS_H
#define CLASP_CODEC_GROUPS_H

#include "base/limits.h"
#include "route/routes.h"

#define CLASP_GROUP_PATTERNS 8u /* of one group; more are no group */

typedef struct clasp_group {
    uint32_t id;
    uint32_t told;  /* the generation in which the host was told its subscriptions; 0: it was not */
    uint32_t count; /* of patterns; 0: never used */
    uint32_t patterns[CLASP_GROUP_PATTERNS];
} clasp_group;

/** All zeros is empty. */
typedef struct clasp_groups {
    clasp_group places[CLASP_DISPATCH_GROUPS];
    uint32_t used; /* ids given out so far: 0 to `used` - 1 */
} clasp_groups;

static inline clasp_group *clasp_groups_place(clasp_groups *groups, clasp_reach reach) {
    uint32_t hash = 0;
    for (uint32_t i = 0; i < reach.count; i++) {
        hash = (hash ^ reach.patterns[i]) * 0x9E3779B1u;
        hash ^= hash >> 15;
    }
    return &groups->places[hash & (CLASP_DISPATCH_GROUPS - 1)];
}

static inline bool clasp_group_is(const clasp_group *group, clasp_reach reach) {
    if (group->count != reach.count) {
        return false;
    }
    uint32_t other = 0;
    for (uint32_t i = 0; i < reach.count; i++) {
        other |= group->patterns[i] ^ reach.patterns[i];
    }
    return other == 0;
}

/** The id of a group whose subscriptions the host was told in this generation; CLASP_NO_GROUP: it was not. Not for an empty one. */
#define CLASP_NO_GROUP UINT32_MAX

static inline uint32_t clasp_groups_find(clasp_groups *groups, clasp_reach reach, uint32_t generation) {
    const clasp_group *group = clasp_groups_place(groups, reach);
    return group->told == generation && clasp_group_is(group, reach) ? group->id : CLASP_NO_GROUP;
}

/** Note that the host is told a group's subscriptions now. @return its id; CLASP_NO_GROUP: it has too many patterns */
uint32_t clasp_groups_tell(clasp_groups *groups, clasp_reach reach, uint32_t generation);

/** The host knows of none any more. */
void clasp_groups_forget(clasp_groups *groups);

#endif
