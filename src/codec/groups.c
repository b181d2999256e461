#include "codec/groups.h"

uint32_t clasp_groups_tell(clasp_groups *groups, clasp_reach reach, uint32_t generation) {
    if (reach.count > CLASP_GROUP_PATTERNS) {
        return CLASP_NO_GROUP;
    }
    clasp_group *group = clasp_groups_place(groups, reach);
    group->id = group->count == 0 ? groups->used++ : group->id;
    group->told = generation;
    group->count = reach.count;
    memcpy(group->patterns, reach.patterns, reach.count * sizeof *reach.patterns);
    return group->id;
}

void clasp_groups_forget(clasp_groups *groups) {
    for (uint32_t i = 0; i < CLASP_DISPATCH_GROUPS; i++) {
        groups->places[i].told = 0;
    }
}
