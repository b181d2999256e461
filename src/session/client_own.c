/* The params that a client has seen, and those that it has set: what it puts back on a relay that has lost them. */
#include <stdlib.h>

#include "session/client_state.h"

#define KEPT (CLASP_HAS_TTL | CLASP_HAS_LOCK) /* of a SET, for the time when it is put back */
#define REVISION_MAX (UINT64_C(1) << 53)
#define REVISION_DIGITS 16u
#define RESTORE_ROOM (sizeof CLASP_RESTORE_PREFIX + REVISION_DIGITS) /* bytes before the address */
#define US_PER_S 1000000u

/* ---- restore addresses: the prefix, a revision without leading zeros, an address --------------------------------- */

bool clasp_client_read_restore(clasp_span address, uint64_t *revision, clasp_span *target) {
    const uint32_t prefix = sizeof CLASP_RESTORE_PREFIX - 1;
    if (address.len <= prefix || memcmp(address.at, CLASP_RESTORE_PREFIX, prefix) != 0) {
        return false;
    }
    uint32_t at = prefix;
    *revision = 0;
    for (; at < address.len && at < prefix + REVISION_DIGITS && address.at[at] != '/'; at++) {
        *revision = *revision * 10 + (uint64_t)(address.at[at] - '0');
    }
    *target = (clasp_span){address.at + at, address.len - at};
    return true;
}

/* Into `text`, which has RESTORE_ROOM bytes and those of the address. Returns its length. */
static uint32_t write_restore(uint8_t *text, uint64_t revision, clasp_span address) {
    uint8_t digits[REVISION_DIGITS];
    uint32_t count = 0;
    do {
        digits[count++] = (uint8_t)('0' + revision % 10);
        revision /= 10;
    } while (revision > 0);
    const uint32_t prefix = sizeof CLASP_RESTORE_PREFIX - 1;
    memcpy(text, CLASP_RESTORE_PREFIX, prefix);
    for (uint32_t i = 0; i < count; i++) {
        text[prefix + i] = digits[count - 1 - i];
    }
    memcpy(text + prefix + count, address.at, address.len);
    return prefix + count + address.len;
}

/* ---- what is ours -------------------------------------------------------------------------------------------- */

static void forget(clasp_client *client, clasp_span address) {
    clasp_stored *own = clasp_store_find(&client->own, address);
    if (own) {
        clasp_store_drop(&client->own, own);
    }
}

/* The relay has this value of ours under this revision. */
static void keep(clasp_client *client, const clasp_message *set, clasp_span address, uint64_t revision,
                 uint64_t now_us) {
    clasp_store_put(&client->cache, address, set->value, revision);
    clasp_stored *own = clasp_store_put(&client->own, address, set->value, revision);
    if (own) {
        own->has = set->has & CLASP_HAS_UNLOCK ? set->has & CLASP_HAS_TTL : set->has & KEPT;
        own->ttl = set->ttl;
        own->written_us = now_us;
        own->mark = client->judgements; /* the relay has it */
    }
}

/* A value that was put back is ours only if it is the one that the relay has now. */
static void own_restored(clasp_client *client, const clasp_message *set, uint64_t meant, clasp_span target,
                         uint64_t revision, uint64_t now_us) {
    if (revision == meant || revision == 0) {
        keep(client, set, target, meant, now_us);
    } else {
        forget(client, target);
    }
}

void clasp_client_own_set(clasp_client *client, const clasp_message *set, uint64_t revision,
                          uint64_t now_us) {
    uint64_t meant;
    clasp_span target;
    if (clasp_client_read_restore(set->address, &meant, &target)) {
        own_restored(client, set, meant, target, revision, now_us);
    } else {
        keep(client, set, set->address, revision, now_us);
    }
}

static bool is_same(const clasp_stored *stored, clasp_value value) {
    return stored->type == value.type && clasp_span_equal(clasp_stored_value(stored).data, value.data);
}

/* The revision that a member has got: what was told of the last SET, or what the relay has shown with the same value. 0: unknown */
static uint64_t revision_of(const clasp_client *client, const clasp_message *set, bool is_only,
                            uint64_t revision) {
    const clasp_stored *seen = clasp_store_find(&client->cache, set->address);
    if (is_only) {
        return revision;
    }
    return seen && is_same(seen, set->value) ? seen->revision : 0;
}

static uint32_t count_sets(const clasp_message *bundle) {
    clasp_reader r = clasp_list_reader(bundle->list);
    uint32_t count = 0;
    for (uint32_t left = bundle->list.count; left > 0; left--) {
        const clasp_span member = clasp_next_member(&r);
        count += member.len > 0 && member.at[0] == CLASP_MSG_SET;
    }
    return count;
}

/* A SET in a bundle may have been skipped without a word: what is not known to be there is not put back. */
void clasp_client_own_bundle(clasp_client *client, const clasp_message *bundle, uint64_t revision,
                             uint64_t now_us) {
    const bool is_only = count_sets(bundle) == 1;
    clasp_reader r = clasp_list_reader(bundle->list);
    for (uint32_t left = bundle->list.count; left > 0; left--) {
        clasp_message set;
        if (clasp_message_decode(clasp_next_member(&r), &set) != CLASP_OK || set.type != CLASP_MSG_SET) {
            continue;
        }
        const uint64_t its = revision_of(client, &set, is_only, revision);
        if (its > 0) {
            keep(client, &set, set.address, its, now_us);
        } else {
            forget(client, set.address);
        }
    }
}

void clasp_client_own_refused(clasp_client *client, clasp_span address) {
    clasp_stored *own = clasp_store_find(&client->own, address);
    if (own && own->is_stale && !clasp_pendings_find(&client->pending, CLASP_ANSWER_ACK, address)) {
        clasp_store_drop(&client->own, own);
    }
}

/* ---- what the relay shows ------------------------------------------------------------------------------------ */

/* What is not ours is another client's, or that of a SET that is under way, whose answer will tell. While the client judges, a
 * lower revision proves nothing: another client may have put back what is older than ours. */
static void compare(clasp_client *client, clasp_stored *own, clasp_span address, clasp_value value,
                    uint64_t revision) {
    const bool is_ours = revision == own->revision && is_same(own, value);
    if (is_ours || (!client->is_judged && revision < own->revision)) {
        return;
    }
    if (clasp_pendings_find(&client->pending, CLASP_ANSWER_ACK, address)) {
        own->is_stale = true;
    } else {
        clasp_store_drop(&client->own, own);
    }
}

void clasp_client_saw(clasp_client *client, clasp_span address, clasp_value value, uint64_t revision) {
    clasp_store_put(&client->cache, address, value, revision);
    clasp_stored *own = clasp_store_find(&client->own, address);
    if (own) {
        own->mark = client->judgements;
        compare(client, own, address, value, revision);
    }
}

/* ---- putting back -------------------------------------------------------------------------------------------- */

/* True if a relay would have dropped it by now. */
static bool is_over(const clasp_stored *own, uint64_t now_us) {
    const uint32_t ttl = own->has & CLASP_HAS_TTL ? own->ttl : CLASP_TTL_ABSOLUTE | CLASP_HUB_PARAM_TTL_S;
    return ttl != 0 && now_us >= own->written_us + (uint64_t)(ttl & CLASP_TTL_SECONDS) * US_PER_S;
}

/* A SET of an own param, to be sent before all else. */
static void put_back(clasp_client *client, const clasp_stored *own, clasp_span address,
                     clasp_pending_kind kind, uint64_t now_us) {
    const clasp_message set = {.type = CLASP_MSG_SET,
                               .has = own->has,
                               .address = address,
                               .value = clasp_stored_value(own),
                               .ttl = own->ttl};
    const clasp_pending *oldest = clasp_pendings_oldest(&client->pending, CLASP_LIST_SETS);
    const uint64_t queued_us = oldest ? oldest->queued_us : now_us; /* nothing behind it is due before */
    clasp_pending *entry;
    if (!clasp_pendings_find(&client->pending, CLASP_ANSWER_ACK, address) &&
        clasp_client_keep(client, kind, &set, clasp_set_size(&set), CLASP_QOS_CONFIRM, true, &entry) ==
            CLASP_OK) {
        entry->queued_us = queued_us;
    }
}

static void put_back_by_restore(clasp_client *client, const clasp_stored *own, uint8_t *text,
                                uint64_t now_us) {
    if (own->revision > 0 && own->revision < REVISION_MAX) {
        const uint32_t len = write_restore(text, own->revision, clasp_stored_address(own));
        put_back(client, own, (clasp_span){text, len}, CLASP_PENDING_RESTORE, now_us);
    }
}

void clasp_client_put_back(clasp_client *client, bool is_ours, uint64_t now_us) {
    uint8_t *text = malloc(RESTORE_ROOM + CLASP_ADDRESS_MAX_LEN);
    clasp_stored *older;
    for (clasp_stored *own = text ? client->own.newest : NULL; own; own = older) {
        older = own->older;
        if (is_over(own, now_us)) {
            clasp_store_drop(&client->own, own);
        } else if (is_ours) {
            put_back_by_restore(client, own, text, now_us);
        } else if (own->mark != client->judgements) {
            put_back(client, own, clasp_stored_address(own), CLASP_PENDING_SET, now_us);
        }
    }
    free(text);
}
