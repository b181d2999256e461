/**
 * The remote hosts behind the sessions, for what is counted per host: sessions at once, and messages a second. A host that has
 * no session any more is remembered while there is room, so that connecting anew is no way round the rate. For src/hub/ only.
 */
#ifndef CLASP_HUB_HOSTS_H
#define CLASP_HUB_HOSTS_H

#include "hub/sessions.h"
#include "route/table.h"

typedef struct clasp_hub_host {
    uint64_t key; /* as clasp_hub_connected() was told */
    uint32_t sessions;
    uint32_t older,
        newer; /* without sessions: neighbours by the end of the last one; `newer` links free entries, too */
    clasp_hub_allowance allowance;
} clasp_hub_host;

/** All zeros: nothing is counted. */
typedef struct clasp_hub_hosts {
    clasp_hub_host *list; /* given by malloc */
    clasp_table table;    /* from the hash of a key */
    uint64_t hash_key;
    uint32_t cap, free, oldest, newest;
    uint32_t max_sessions, messages_per_second; /* of one host; 0: no limit */
} clasp_hub_hosts;

/**
 * @param sessions most sessions at once, of all hosts
 * @param hash_key a secret, so that nobody can choose hosts that collide
 * @return false: no memory; deinit is allowed, and needed, all the same
 */
bool clasp_hub_hosts_init(clasp_hub_hosts *hosts, uint32_t sessions, uint64_t hash_key);
void clasp_hub_hosts_deinit(clasp_hub_hosts *hosts);

/**
 * A host gets one session more.
 * @param host set to its index, for the two functions below; CLASP_NONE when hosts are not counted, or the key is 0
 * @return CLASP_OK; CLASP_LIMIT: it has as many as it may; CLASP_NO_MEMORY
 */
clasp_err clasp_hub_hosts_enter(clasp_hub_hosts *hosts, uint64_t key, uint32_t *host);
void clasp_hub_hosts_leave(clasp_hub_hosts *hosts, uint32_t host);

/** Take `count` messages from what the host may send; false, and nothing is taken, when it is over its rate. */
bool clasp_hub_hosts_spend(clasp_hub_hosts *hosts, uint32_t host, uint32_t count, uint64_t now_us);

#endif
