#include "wasm/rendezvous_abi.h"

#include "hub/rendezvous.h"
#include "wasm/abi.h"
#include "wasm/door.h"

#define CHANCE_LEN 16u /* random bytes for an id */

static clasp_rendezvous *rendezvous; /* the module's one rendezvous; NULL before rendezvous_start() */

int32_t clasp_abi_rendezvous_start(uint32_t max_devices, uint32_t max_per_source, uint32_t ttl_s,
                                   uint32_t max_document) {
    if (rendezvous || !clasp_door_is_seeded()) {
        return CLASP_BAD_STATE;
    }
    const clasp_rendezvous_options options = {max_devices, max_per_source, ttl_s, max_document};
    rendezvous = clasp_rendezvous_new(&options, clasp_door_random(), clasp_door_outbox());
    return rendezvous ? CLASP_OK : CLASP_NO_MEMORY;
}

/* The next `len` bytes of an input. */
static clasp_span part(clasp_reader *r, uint32_t len) {
    const uint8_t *at = clasp_take(r, len);
    return (clasp_span){at, at ? len : 0};
}

/* The first bytes of the inbox; a sum that it cannot hold reads as TRUNCATED. */
static clasp_reader inbox(uint64_t len) {
    return clasp_reader_of(clasp_door_inbox(len < UINT32_MAX ? (uint32_t)len : UINT32_MAX));
}

int32_t clasp_abi_rendezvous_register(uint32_t source_len, uint32_t document_len, double now_us) {
    clasp_reader r = inbox((uint64_t)CHANCE_LEN + source_len + document_len);
    const uint8_t *chance = clasp_take(&r, CHANCE_LEN);
    const clasp_span source = part(&r, source_len);
    const clasp_span document = part(&r, document_len);
    if (!rendezvous || r.err != CLASP_OK) {
        return rendezvous ? r.err : CLASP_BAD_STATE;
    }
    return clasp_rendezvous_register(rendezvous, document, source, chance, clasp_door_time(now_us));
}

int32_t clasp_abi_rendezvous_discover(uint32_t tag_len, uint32_t feature_len, uint32_t limit, double now_us) {
    const bool has_tag = tag_len != CLASP_RENDEZVOUS_NONE;
    const bool has_feature = feature_len != CLASP_RENDEZVOUS_NONE;
    const uint64_t len = (uint64_t)(has_tag ? tag_len : 0) + (has_feature ? feature_len : 0);
    clasp_reader r = inbox(len);
    const clasp_span tag = part(&r, has_tag ? tag_len : 0);
    const clasp_span feature = part(&r, has_feature ? feature_len : 0);
    if (!rendezvous || r.err != CLASP_OK) {
        return rendezvous ? r.err : CLASP_BAD_STATE;
    }
    const clasp_rendezvous_query query = {has_tag ? &tag : NULL, has_feature ? &feature : NULL, limit};
    return clasp_rendezvous_discover(rendezvous, &query, clasp_door_time(now_us));
}

int32_t clasp_abi_rendezvous_refresh(uint32_t id_len, double now_us) {
    return rendezvous
               ? clasp_rendezvous_refresh(rendezvous, clasp_door_inbox(id_len), clasp_door_time(now_us))
               : CLASP_BAD_STATE;
}

int32_t clasp_abi_rendezvous_unregister(uint32_t id_len, double now_us) {
    return rendezvous
               ? clasp_rendezvous_unregister(rendezvous, clasp_door_inbox(id_len), clasp_door_time(now_us))
               : CLASP_BAD_STATE;
}

double clasp_abi_rendezvous_stat(uint32_t stat) {
    return rendezvous && stat < CLASP_RENDEZVOUS_STAT_COUNT
               ? clasp_rendezvous_stat_value(rendezvous, (clasp_rendezvous_stat)stat)
               : 0;
}

uint64_t clasp_door_rendezvous_deadline(void) {
    return rendezvous ? clasp_rendezvous_deadline(rendezvous) : UINT64_MAX;
}

void clasp_door_rendezvous_tick(uint64_t now_us) {
    if (rendezvous) {
        clasp_rendezvous_tick(rendezvous, now_us);
    }
}
