#include "hub/rendezvous.h"

#include <stdlib.h>

#include "hub/registration.h"
#include "json/json.h"

#define US_PER_S 1000000u

struct clasp_rendezvous {
    clasp_outbox *out; /* the host's */
    clasp_devices devices;
    uint32_t max_devices, max_per_source, ttl_s, max_document;
    uint64_t sweep_us; /* when expired devices are dropped; UINT64_MAX: there is no device */
    uint64_t stats[CLASP_RENDEZVOUS_STAT_COUNT];
};

#define COUNT(rendezvous, name) ((rendezvous)->stats[CLASP_RENDEZVOUS_STAT_##name]++)

/* ---- life ---------------------------------------------------------------------------------------------------- */

/* An option, or its default when it is 0; at most `most`. */
static uint32_t option(uint32_t asked, uint32_t fallback, uint32_t most) {
    const uint32_t value = asked ? asked : fallback;
    return value < most ? value : most;
}

clasp_rendezvous *clasp_rendezvous_new(const clasp_rendezvous_options *options, uint64_t seed,
                                       clasp_outbox *out) {
    clasp_rendezvous *rendezvous = calloc(1, sizeof *rendezvous);
    if (!rendezvous) {
        return NULL;
    }
    rendezvous->out = out;
    rendezvous->max_devices =
        option(options->max_devices, CLASP_RENDEZVOUS_DEVICES, CLASP_RENDEZVOUS_DEVICES_MAX);
    rendezvous->max_per_source = option(options->max_per_source, CLASP_RENDEZVOUS_PER_SOURCE, UINT32_MAX);
    rendezvous->ttl_s = option(options->ttl_s, CLASP_RENDEZVOUS_TTL_S, UINT32_MAX);
    rendezvous->max_document =
        option(options->max_document, CLASP_RENDEZVOUS_DOCUMENT, CLASP_RENDEZVOUS_DOCUMENT_MAX);
    rendezvous->sweep_us = UINT64_MAX;
    if (!clasp_devices_init(&rendezvous->devices, rendezvous->max_devices, seed)) {
        clasp_rendezvous_free(rendezvous);
        return NULL;
    }
    return rendezvous;
}

void clasp_rendezvous_free(clasp_rendezvous *rendezvous) {
    if (rendezvous) {
        clasp_devices_deinit(&rendezvous->devices);
        free(rendezvous);
    }
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

/* Drop what has expired: first of all in every call, so that nothing is ever seen of it. */
static void expire(clasp_rendezvous *rendezvous, uint64_t now_us) {
    const uint64_t ttl_us = (uint64_t)rendezvous->ttl_s * US_PER_S;
    clasp_device *oldest;
    while ((oldest = rendezvous->devices.oldest) != NULL && now_us >= oldest->seen_us + ttl_us) {
        clasp_devices_drop(&rendezvous->devices, oldest);
        COUNT(rendezvous, expirations_total);
    }
}

uint64_t clasp_rendezvous_deadline(const clasp_rendezvous *rendezvous) { return rendezvous->sweep_us; }

void clasp_rendezvous_tick(clasp_rendezvous *rendezvous, uint64_t now_us) {
    if (now_us < rendezvous->sweep_us) {
        return;
    }
    expire(rendezvous, now_us);
    rendezvous->sweep_us = rendezvous->devices.count > 0 ? now_us + CLASP_RENDEZVOUS_SWEEP_US : UINT64_MAX;
}

/* ---- registering --------------------------------------------------------------------------------------------- */

/* Make room for one device more. */
static void evict_for(clasp_rendezvous *rendezvous, const clasp_device *device) {
    clasp_devices *devices = &rendezvous->devices;
    const size_t size = clasp_device_size(device);
    while (devices->oldest &&
           (devices->count >= rendezvous->max_devices || devices->bytes + size > CLASP_RENDEZVOUS_BYTES)) {
        clasp_devices_drop(devices, devices->oldest);
        COUNT(rendezvous, evictions_total);
    }
}

static clasp_span first_bytes(clasp_span source) {
    source.len = source.len < CLASP_RENDEZVOUS_SOURCE_MAX ? source.len : CLASP_RENDEZVOUS_SOURCE_MAX;
    return source;
}

static void begin_life(clasp_device *device, clasp_span source, const uint8_t chance[16], uint64_t now_us) {
    clasp_uuid_text(clasp_load_u64(chance), clasp_load_u64(chance + 8), device->id);
    device->registered_us = device->seen_us = now_us;
    device->source_len = source.len;
    clasp_copy(device->source, source.at, source.len);
}

/* {"id", "timestamp", "ttl"} */
static clasp_err answer_registration(clasp_rendezvous *rendezvous, const clasp_device *device) {
    uint8_t text[160];
    clasp_writer w = clasp_writer_of(text, sizeof text);
    cJSON *answer = cJSON_CreateObject();
    const bool is_whole = cJSON_AddStringToObject(answer, "id", device->id) &&
                          cJSON_AddNumberToObject(answer, "timestamp", (double)device->registered_us) &&
                          cJSON_AddNumberToObject(answer, "ttl", rendezvous->ttl_s);
    clasp_json_write(&w, is_whole ? answer : NULL);
    cJSON_Delete(answer);
    if (w.err == CLASP_OK &&
        !clasp_outbox_add(rendezvous->out, CLASP_EFFECT_RENDEZVOUS, 0, 0, 0, clasp_written(&w))) {
        return rendezvous->out->err;
    }
    return w.err;
}

static clasp_err add_device(clasp_rendezvous *rendezvous, clasp_device *device) {
    const clasp_err err = answer_registration(rendezvous, device);
    if (err != CLASP_OK) {
        free(device);
        return err;
    }
    evict_for(rendezvous, device);
    clasp_devices_add(&rendezvous->devices, device);
    if (rendezvous->sweep_us == UINT64_MAX) {
        rendezvous->sweep_us = device->seen_us + CLASP_RENDEZVOUS_SWEEP_US;
    }
    COUNT(rendezvous, registrations_total);
    return CLASP_OK;
}

clasp_err clasp_rendezvous_register(clasp_rendezvous *rendezvous, clasp_span document, clasp_span source,
                                    const uint8_t chance[16], uint64_t now_us) {
    clasp_err err = CLASP_OK;
    const clasp_span address = first_bytes(source);
    expire(rendezvous, now_us);
    clasp_device *device = clasp_registration_read(document, rendezvous->max_document, &err);
    if (device && clasp_devices_of_source(&rendezvous->devices, address) >= rendezvous->max_per_source) {
        free(device);
        device = NULL;
        err = CLASP_LIMIT;
    }
    if (device) {
        begin_life(device, address, chance, now_us);
        err = add_device(rendezvous, device);
    }
    rendezvous->stats[CLASP_RENDEZVOUS_STAT_refusals_total] += err != CLASP_OK;
    return err;
}

/* ---- searching ----------------------------------------------------------------------------------------------- */

/* Bytes of a device in an answer beside its own: braces, names, the id, two times, a comma. */
#define SHOWN_MAX (CLASP_UUID_LEN + 2u * 20u + 44u)

static bool is_asked_for(const clasp_device *device, const clasp_rendezvous_query *query) {
    return (!query->tag || clasp_registration_holds(clasp_device_tags(device), *query->tag)) &&
           (!query->feature || clasp_registration_holds(clasp_device_features(device), *query->feature));
}

static void write_time(clasp_writer *w, const char *key, uint64_t time_us) {
    char digits[32];
    const uint32_t len = clasp_number_print((double)time_us, digits);
    clasp_write_bytes(w, clasp_span_of(key));
    clasp_write_bytes(w, (clasp_span){(const uint8_t *)digits, len});
}

static void write_device(clasp_writer *w, const clasp_device *device) {
    clasp_write_bytes(w, clasp_span_of("{\"id\":\""));
    clasp_write_bytes(w, clasp_span_of(device->id));
    clasp_write_bytes(w, clasp_span_of("\","));
    clasp_write_bytes(w, clasp_device_text(device));
    write_time(w, ",\"registeredAt\":", device->registered_us);
    write_time(w, ",\"lastSeen\":", device->seen_us);
    clasp_write_u8(w, '}');
}

/* Walks the devices that an answer holds. Two walks of the same query are the same. */
typedef struct search {
    const clasp_rendezvous_query *query;
    const clasp_device *next;
    uint32_t left; /* devices */
    uint32_t room; /* bytes */
} search;

static search search_of(const clasp_rendezvous *rendezvous, const clasp_rendezvous_query *query) {
    const uint32_t asked = query->limit == CLASP_RENDEZVOUS_NONE ? CLASP_RENDEZVOUS_LIMIT : query->limit;
    const uint32_t left = asked < CLASP_RENDEZVOUS_LIMIT_MAX ? asked : CLASP_RENDEZVOUS_LIMIT_MAX;
    return (search){query, rendezvous->devices.newest, left, CLASP_RENDEZVOUS_ANSWER - 2};
}

/* The next device; NULL when that was the last. */
static const clasp_device *search_next(search *s) {
    const clasp_device *device = s->left > 0 ? s->next : NULL;
    while (device && !is_asked_for(device, s->query)) {
        device = device->older;
    }
    if (!device || device->text_len + SHOWN_MAX > s->room) {
        s->left = 0;
        return NULL;
    }
    s->room -= device->text_len + SHOWN_MAX;
    s->left--;
    s->next = device->older;
    return device;
}

/* Room for the answer, in bytes. */
static uint32_t measure(const clasp_rendezvous *rendezvous, const clasp_rendezvous_query *query) {
    search s = search_of(rendezvous, query);
    while (search_next(&s)) {
    }
    return CLASP_RENDEZVOUS_ANSWER - s.room;
}

static void write_answer(clasp_writer *w, const clasp_rendezvous *rendezvous,
                         const clasp_rendezvous_query *query) {
    search s = search_of(rendezvous, query);
    const clasp_device *device;
    clasp_write_u8(w, '[');
    for (bool is_first = true; (device = search_next(&s)) != NULL; is_first = false) {
        if (!is_first) {
            clasp_write_u8(w, ',');
        }
        write_device(w, device);
    }
    clasp_write_u8(w, ']');
}

clasp_err clasp_rendezvous_discover(clasp_rendezvous *rendezvous, const clasp_rendezvous_query *query,
                                    uint64_t now_us) {
    expire(rendezvous, now_us);
    clasp_outbox *out = rendezvous->out;
    clasp_effect *effect = clasp_outbox_add(out, CLASP_EFFECT_RENDEZVOUS, 0, 0, 0,
                                            (clasp_span){NULL, measure(rendezvous, query)});
    if (!effect) {
        return out->err;
    }
    clasp_writer w = clasp_writer_of(out->bytes + effect->at, effect->len);
    write_answer(&w, rendezvous, query);
    effect->len = clasp_written(&w).len;
    COUNT(rendezvous, discoveries_total);
    return w.err;
}

/* ---- one device ---------------------------------------------------------------------------------------------- */

clasp_err clasp_rendezvous_refresh(clasp_rendezvous *rendezvous, clasp_span id, uint64_t now_us) {
    expire(rendezvous, now_us);
    clasp_device *device = clasp_devices_find(&rendezvous->devices, id);
    if (!device) {
        return CLASP_BAD_HANDLE;
    }
    clasp_devices_touch(&rendezvous->devices, device, now_us);
    COUNT(rendezvous, refreshes_total);
    return CLASP_OK;
}

clasp_err clasp_rendezvous_unregister(clasp_rendezvous *rendezvous, clasp_span id, uint64_t now_us) {
    expire(rendezvous, now_us);
    clasp_device *device = clasp_devices_find(&rendezvous->devices, id);
    if (!device) {
        return CLASP_BAD_HANDLE;
    }
    clasp_devices_drop(&rendezvous->devices, device);
    COUNT(rendezvous, unregistrations_total);
    return CLASP_OK;
}

double clasp_rendezvous_stat_value(const clasp_rendezvous *rendezvous, clasp_rendezvous_stat stat) {
    switch (stat) {
    case CLASP_RENDEZVOUS_STAT_devices:
        return rendezvous->devices.count;
    case CLASP_RENDEZVOUS_STAT_bytes:
        return (double)rendezvous->devices.bytes;
    default:
        return stat < CLASP_RENDEZVOUS_STAT_COUNT ? (double)rendezvous->stats[stat] : 0;
    }
}
