/**
 * The devices of a rendezvous: found by their id, counted by their source, in the order of their last sign of life, so
 * that the next one to expire or to make room is always the first. For src/hub/ only.
 */
#ifndef CLASP_HUB_DEVICES_H
#define CLASP_HUB_DEVICES_H

#include "base/bytes.h"
#include "base/limits.h"
#include "base/random.h"

typedef struct clasp_device {
    struct clasp_device *same_id, *same_source; /* next in the bucket */
    struct clasp_device *older, *newer;         /* by last sign of life */
    uint64_t registered_us, seen_us;
    uint32_t id_hash, source_hash;
    uint32_t text_len, features_len, tags_len;
    uint32_t source_len;
    uint8_t source[CLASP_RENDEZVOUS_SOURCE_MAX];
    char id[CLASP_UUID_LEN + 1];
    uint8_t bytes
        []; /* members of its JSON object as registered; its features; its tags: each u16 length, then text */
} clasp_device;

/** Zero-initialised: empty, without room. */
typedef struct clasp_devices {
    clasp_device **by_id, **by_source; /* buckets; given by malloc */
    clasp_device *oldest, *newest;
    uint32_t bucket_count, count;
    size_t bytes; /* of all devices, with their book-keeping */
    uint64_t hash_key;
} clasp_devices;

/**
 * @param cap      most devices that there will be
 * @param hash_key a secret, so that nobody can choose addresses that collide
 * @return false: no memory; deinit is allowed, and needed, all the same
 */
bool clasp_devices_init(clasp_devices *devices, uint32_t cap, uint64_t hash_key);
void clasp_devices_deinit(clasp_devices *devices);

/** The device of an id; NULL when there is none. Lent until it is dropped. */
clasp_device *clasp_devices_find(const clasp_devices *devices, clasp_span id);

/** How many devices have this source. */
uint32_t clasp_devices_of_source(const clasp_devices *devices, clasp_span source);

/** Take in a device whose members but the links and hashes are set. It is the devices' from here on. */
void clasp_devices_add(clasp_devices *devices, clasp_device *device);

/** A sign of life: the device is the newest. */
void clasp_devices_touch(clasp_devices *devices, clasp_device *device, uint64_t now_us);

/** Remove and free. */
void clasp_devices_drop(clasp_devices *devices, clasp_device *device);

static inline size_t clasp_device_size(const clasp_device *device) {
    return sizeof *device + device->text_len + device->features_len + device->tags_len;
}

static inline clasp_span clasp_device_text(const clasp_device *device) {
    return (clasp_span){device->bytes, device->text_len};
}

static inline clasp_span clasp_device_features(const clasp_device *device) {
    return (clasp_span){device->bytes + device->text_len, device->features_len};
}

static inline clasp_span clasp_device_tags(const clasp_device *device) {
    return (clasp_span){device->bytes + device->text_len + device->features_len, device->tags_len};
}

#endif
