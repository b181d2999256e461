#include "hub/hosts.h"

#include <stdlib.h>

#include "route/hash.h"

static uint32_t hash_of(const clasp_hub_hosts *hosts, uint64_t key) {
    return clasp_hash(hosts->hash_key, (clasp_span){(const uint8_t *)&key, sizeof key});
}

bool clasp_hub_hosts_init(clasp_hub_hosts *hosts, uint32_t sessions, uint64_t hash_key) {
    if (hosts->max_sessions == 0 && hosts->messages_per_second == 0) {
        return true;
    }
    hosts->hash_key = hash_key;
    hosts->oldest = hosts->newest = hosts->free = CLASP_NONE;
    const uint32_t cap = sessions * 2; /* as many with sessions, and as many without */
    hosts->list = calloc(cap, sizeof *hosts->list);
    hosts->cap = hosts->list ? cap : 0;
    for (uint32_t i = hosts->cap; i-- > 0;) {
        hosts->list[i].newer = hosts->free;
        hosts->free = i;
    }
    return hosts->list != NULL;
}

void clasp_hub_hosts_deinit(clasp_hub_hosts *hosts) {
    clasp_table_deinit(&hosts->table);
    free(hosts->list);
    *hosts = (clasp_hub_hosts){0};
}

/* ---- those without a session --------------------------------------------------------------------------------- */

static uint32_t *newer_link(clasp_hub_hosts *hosts, uint32_t host) {
    return host == CLASP_NONE ? &hosts->oldest : &hosts->list[host].newer;
}

static uint32_t *older_link(clasp_hub_hosts *hosts, uint32_t host) {
    return host == CLASP_NONE ? &hosts->newest : &hosts->list[host].older;
}

static void retire(clasp_hub_hosts *hosts, uint32_t host) {
    hosts->list[host].older = hosts->newest;
    hosts->list[host].newer = CLASP_NONE;
    *newer_link(hosts, hosts->newest) = host;
    hosts->newest = host;
}

static void recall(clasp_hub_hosts *hosts, uint32_t host) {
    const clasp_hub_host *it = &hosts->list[host];
    *newer_link(hosts, it->older) = it->newer;
    *older_link(hosts, it->newer) = it->older;
}

/* ---- the table ----------------------------------------------------------------------------------------------- */

static uint32_t find(const clasp_hub_hosts *hosts, uint64_t key) {
    clasp_probe p = clasp_table_probe(&hosts->table, hash_of(hosts, key));
    uint32_t index;
    do {
        index = clasp_table_next(&hosts->table, &p);
    } while (index != CLASP_NONE && hosts->list[index].key != key);
    return index;
}

/* An entry for a new host; the one without a session for longest is forgotten when there is no other. */
static uint32_t claim(clasp_hub_hosts *hosts) {
    uint32_t host = hosts->free;
    if (host != CLASP_NONE) {
        hosts->free = hosts->list[host].newer;
        return host;
    }
    host = hosts->oldest;
    if (host != CLASP_NONE) {
        recall(hosts, host);
        clasp_table_remove(&hosts->table, hash_of(hosts, hosts->list[host].key), host);
    }
    return host;
}

static clasp_err add(clasp_hub_hosts *hosts, uint64_t key, uint32_t *host) {
    if (!clasp_table_reserve(&hosts->table)) {
        return CLASP_NO_MEMORY;
    }
    const uint32_t added = claim(hosts);
    if (added == CLASP_NONE) {
        return CLASP_LIMIT;
    }
    hosts->list[added] = (clasp_hub_host){.key = key, .sessions = 1, .allowance = {.left = -1}};
    clasp_table_add(&hosts->table, hash_of(hosts, key), added);
    *host = added;
    return CLASP_OK;
}

clasp_err clasp_hub_hosts_enter(clasp_hub_hosts *hosts, uint64_t key, uint32_t *host) {
    *host = CLASP_NONE;
    if (!hosts->list || key == 0) {
        return CLASP_OK;
    }
    const uint32_t known = find(hosts, key);
    if (known == CLASP_NONE) {
        return add(hosts, key, host);
    }
    clasp_hub_host *it = &hosts->list[known];
    if (hosts->max_sessions > 0 && it->sessions >= hosts->max_sessions) {
        return CLASP_LIMIT;
    }
    if (it->sessions++ == 0) {
        recall(hosts, known);
    }
    *host = known;
    return CLASP_OK;
}

void clasp_hub_hosts_leave(clasp_hub_hosts *hosts, uint32_t host) {
    if (host != CLASP_NONE && --hosts->list[host].sessions == 0) {
        retire(hosts, host);
    }
}

bool clasp_hub_hosts_spend(clasp_hub_hosts *hosts, uint32_t host, uint32_t count, uint64_t now_us) {
    return host == CLASP_NONE || hosts->messages_per_second == 0 ||
           clasp_hub_spend(&hosts->list[host].allowance, count, hosts->messages_per_second, now_us);
}
