#include "hub/devices.h"

#include <stdlib.h>

#include "route/hash.h"

bool clasp_devices_init(clasp_devices *devices, uint32_t cap, uint64_t hash_key) {
    uint32_t count = 64;
    while (count < cap) {
        count *= 2;
    }
    *devices = (clasp_devices){.bucket_count = count, .hash_key = hash_key};
    devices->by_id = calloc(count, sizeof *devices->by_id);
    devices->by_source = calloc(count, sizeof *devices->by_source);
    return devices->by_id && devices->by_source;
}

void clasp_devices_deinit(clasp_devices *devices) {
    while (devices->oldest) {
        clasp_device *device = devices->oldest;
        devices->oldest = device->newer;
        free(device);
    }
    free(devices->by_id);
    free(devices->by_source);
    *devices = (clasp_devices){0};
}

/* ---- indexes ------------------------------------------------------------------------------------------------- */

static clasp_span id_of(const clasp_device *device) {
    return (clasp_span){(const uint8_t *)device->id, CLASP_UUID_LEN};
}

static clasp_span source_of(const clasp_device *device) {
    return (clasp_span){device->source, device->source_len};
}

static clasp_device **bucket(const clasp_devices *devices, clasp_device **table, uint32_t hash) {
    return &table[hash & (devices->bucket_count - 1)];
}

clasp_device *clasp_devices_find(const clasp_devices *devices, clasp_span id) {
    clasp_device *device = *bucket(devices, devices->by_id, clasp_hash(devices->hash_key, id));
    while (device && !clasp_span_equal(id_of(device), id)) {
        device = device->same_id;
    }
    return device;
}

uint32_t clasp_devices_of_source(const clasp_devices *devices, clasp_span source) {
    const uint32_t hash = clasp_hash(devices->hash_key, source);
    uint32_t count = 0;
    for (const clasp_device *device = *bucket(devices, devices->by_source, hash); device;
         device = device->same_source) {
        count += clasp_span_equal(source_of(device), source);
    }
    return count;
}

static void leave_indexes(const clasp_devices *devices, clasp_device *device) {
    clasp_device **link = bucket(devices, devices->by_id, device->id_hash);
    while (*link != device) {
        link = &(*link)->same_id;
    }
    *link = device->same_id;
    link = bucket(devices, devices->by_source, device->source_hash);
    while (*link != device) {
        link = &(*link)->same_source;
    }
    *link = device->same_source;
}

static void enter_indexes(const clasp_devices *devices, clasp_device *device) {
    device->id_hash = clasp_hash(devices->hash_key, id_of(device));
    clasp_device **link = bucket(devices, devices->by_id, device->id_hash);
    device->same_id = *link;
    *link = device;
    device->source_hash = clasp_hash(devices->hash_key, source_of(device));
    link = bucket(devices, devices->by_source, device->source_hash);
    device->same_source = *link;
    *link = device;
}

/* ---- the order of signs of life ------------------------------------------------------------------------------ */

static void link_newest(clasp_devices *devices, clasp_device *device) {
    device->older = devices->newest;
    device->newer = NULL;
    *(devices->newest ? &devices->newest->newer : &devices->oldest) = device;
    devices->newest = device;
}

static void unlink_device(clasp_devices *devices, clasp_device *device) {
    *(device->older ? &device->older->newer : &devices->oldest) = device->newer;
    *(device->newer ? &device->newer->older : &devices->newest) = device->older;
}

void clasp_devices_touch(clasp_devices *devices, clasp_device *device, uint64_t now_us) {
    device->seen_us = now_us;
    unlink_device(devices, device);
    link_newest(devices, device);
}

/* ---- coming and going ---------------------------------------------------------------------------------------- */

void clasp_devices_add(clasp_devices *devices, clasp_device *device) {
    enter_indexes(devices, device);
    link_newest(devices, device);
    devices->count++;
    devices->bytes += clasp_device_size(device);
}

void clasp_devices_drop(clasp_devices *devices, clasp_device *device) {
    leave_indexes(devices, device);
    unlink_device(devices, device);
    devices->count--;
    devices->bytes -= clasp_device_size(device);
    free(device);
}
