/**
 * The rendezvous (docs/rendezvous.md): devices register what they are and where they are to be found, others look for
 * them. No HTTP lives here: the host brings documents, queries and ids, and turns results into statuses.
 *
 * A device lives for the ttl after its registration or last refresh; nothing is seen of it afterwards. Time may not go
 * back.
 */
#ifndef CLASP_HUB_RENDEZVOUS_H
#define CLASP_HUB_RENDEZVOUS_H

#include "base/outbox.h"

/* Counters that the host may publish; the first two are levels, the others count since the start. */
// clang-format off
#define CLASP_RENDEZVOUS_STAT_LIST(X)                                  \
    X(devices, "devices registered now")                               \
    X(bytes, "bytes held for them")                                    \
    X(registrations_total, "registrations accepted")                   \
    X(refusals_total, "registrations refused")                         \
    X(discoveries_total, "searches answered")                          \
    X(refreshes_total, "refreshes of devices that were there")         \
    X(unregistrations_total, "devices unregistered")                   \
    X(expirations_total, "devices whose time ran out")                 \
    X(evictions_total, "devices removed to make room for others")
// clang-format on

typedef enum clasp_rendezvous_stat {
#define X(name, text) CLASP_RENDEZVOUS_STAT_##name,
    CLASP_RENDEZVOUS_STAT_LIST(X)
#undef X
        CLASP_RENDEZVOUS_STAT_COUNT
} clasp_rendezvous_stat;

/** Zero means the default of limits.h. */
typedef struct clasp_rendezvous_options {
    uint32_t max_devices;
    uint32_t max_per_source; /* UINT32_MAX: no bound but max_devices */
    uint32_t ttl_s;
    uint32_t max_document; /* bytes of one registration */
} clasp_rendezvous_options;

/* A query that does not ask for something has this for a limit, or a `len` in the host's calls. */
#define CLASP_RENDEZVOUS_NONE 0xFFFFFFFFu

/** Borrowed. */
typedef struct clasp_rendezvous_query {
    const clasp_span *tag, *feature; /* the device's list has to hold exactly this; NULL: any device */
    uint32_t limit; /* most devices; CLASP_RENDEZVOUS_NONE: the default; more than the most: the most */
} clasp_rendezvous_query;

typedef struct clasp_rendezvous clasp_rendezvous;

/** Given; free with clasp_rendezvous_free(). NULL: no memory. `seed` keeps the index of addresses from being attacked. */
clasp_rendezvous *clasp_rendezvous_new(const clasp_rendezvous_options *options, uint64_t seed,
                                       clasp_outbox *out);
void clasp_rendezvous_free(clasp_rendezvous *rendezvous);

/**
 * Register a device; the answer is {"id", "timestamp", "ttl"}.
 *
 * @param document the registration as JSON text; borrowed
 * @param source   address that it came from, whose first CLASP_RENDEZVOUS_SOURCE_MAX bytes count; borrowed
 * @param chance   128 bits for the id. Who knows an id may refresh and remove the device: take them from a generator that
 *                 cannot be guessed
 * @return CLASP_OK, and the answer in a RENDEZVOUS effect; BAD_JSON, BAD_UTF8, TOO_DEEP: no JSON, or nested too deep;
 *         BAD_FIELD: of the wrong shape; TOO_LARGE: over max_document, over CLASP_JSON_NODES values, a tag or feature over
 *         65,535 bytes; LIMIT: the source has as many devices as it may; NO_MEMORY
 */
clasp_err clasp_rendezvous_register(clasp_rendezvous *rendezvous, clasp_span document, clasp_span source,
                                    const uint8_t chance[16], uint64_t now_us);

/** Look for devices, those seen last first; the answer is an array of them. @return CLASP_OK, CLASP_NO_MEMORY */
clasp_err clasp_rendezvous_discover(clasp_rendezvous *rendezvous, const clasp_rendezvous_query *query,
                                    uint64_t now_us);

/** Let a device live for the ttl from now on. @return CLASP_OK, CLASP_BAD_HANDLE: no device has this id */
clasp_err clasp_rendezvous_refresh(clasp_rendezvous *rendezvous, clasp_span id, uint64_t now_us);

/** Remove a device. @return CLASP_OK, CLASP_BAD_HANDLE: no device has this id */
clasp_err clasp_rendezvous_unregister(clasp_rendezvous *rendezvous, clasp_span id, uint64_t now_us);

/** When clasp_rendezvous_tick() wants to be called next, in us; UINT64_MAX: never. */
uint64_t clasp_rendezvous_deadline(const clasp_rendezvous *rendezvous);
void clasp_rendezvous_tick(clasp_rendezvous *rendezvous, uint64_t now_us);

double clasp_rendezvous_stat_value(const clasp_rendezvous *rendezvous, clasp_rendezvous_stat stat);

#endif
