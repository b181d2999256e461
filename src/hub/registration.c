#include "hub/registration.h"

#include <stdlib.h>

#include "json/exact.h"

/* ---- the shape ----------------------------------------------------------------------------------------------- */

typedef bool shape(const cJSON *item);

static bool is_text(const cJSON *item) { return cJSON_IsString(item) != 0; }

static bool is_text_or_null(const cJSON *item) { return is_text(item) || cJSON_IsNull(item); }

static bool is_object(const cJSON *item) { return cJSON_IsObject(item) != 0; }

static bool holds_texts(const cJSON *container) {
    const cJSON *item;
    cJSON_ArrayForEach(item, container) {
        if (!is_text(item)) {
            return false;
        }
    }
    return true;
}

static bool is_text_list(const cJSON *item) { return cJSON_IsArray(item) && holds_texts(item); }

static bool is_text_map(const cJSON *item) { return is_object(item) && holds_texts(item); }

/* In the order in which a device shows them. */
static const struct member {
    const char *key;
    shape *shape;
    const char *missing; /* what stands for it when it is missing, "": nothing; NULL: it has to be there */
} MEMBERS[] = {
    {"name", is_text, NULL},          {"publicKey", is_text_or_null, ""}, {"features", is_text_list, "[]"},
    {"endpoints", is_text_map, NULL}, {"tags", is_text_list, "[]"},       {"metadata", is_object, "{}"},
};

#define MEMBER_COUNT (sizeof MEMBERS / sizeof *MEMBERS)

/* A member, and whether it stands there once at most. */
static const cJSON *get_only(const cJSON *object, const char *key, bool *is_only) {
    const cJSON *found = NULL;
    const cJSON *member;
    *is_only = true;
    cJSON_ArrayForEach(member, object) {
        if (strcmp(member->string, key) == 0) {
            *is_only = found == NULL;
            found = member;
        }
    }
    return found;
}

static bool has_shape(const cJSON *document) {
    if (!is_object(document)) {
        return false;
    }
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        bool is_only;
        const cJSON *item = get_only(document, MEMBERS[i].key, &is_only);
        if (!is_only || (item ? !MEMBERS[i].shape(item) : MEMBERS[i].missing == NULL)) {
            return false;
        }
    }
    return true;
}

/* ---- what is kept -------------------------------------------------------------------------------------------- */

/* "key":value, behind a comma unless it is the first; nothing for a member that is not there. */
static void write_member(clasp_writer *w, const struct member *member, const cJSON *document) {
    const cJSON *item = clasp_json_get(document, member->key);
    const bool is_there = item && !cJSON_IsNull(item);
    if (!is_there && *member->missing == '\0') {
        return;
    }
    clasp_write_bytes(w, clasp_span_of(member == MEMBERS ? "\"" : ",\""));
    clasp_write_bytes(w, clasp_span_of(member->key));
    clasp_write_bytes(w, clasp_span_of("\":"));
    if (is_there) {
        clasp_json_write_exact(w, item);
    } else {
        clasp_write_bytes(w, clasp_span_of(member->missing));
    }
}

/* The texts of a list, each behind its length. @return bytes written */
static uint32_t write_list(clasp_writer *w, const cJSON *list) {
    const uint8_t *start = w->at;
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        uint8_t *length = clasp_room(w, 2);
        const uint8_t *text = w->at;
        clasp_json_exact_text(w, item);
        if (w->at - text > UINT16_MAX) {
            clasp_write_fail(w, CLASP_TOO_LARGE);
        }
        if (w->err != CLASP_OK) {
            return 0;
        }
        clasp_store_u16(length, (uint16_t)(w->at - text));
    }
    return (uint32_t)(w->at - start);
}

/* Room for what is kept of a document: its text once more, the texts of its lists, what stands for missing members, and two
 * bytes that cJSON wants beyond what it prints. */
static size_t room_for(clasp_span document) { return 2 * (size_t)document.len + 128; }

/* Give back what a device does not use of its room. */
static clasp_device *fit(clasp_device *device, clasp_err *err) {
    clasp_device *fitting = realloc(device, clasp_device_size(device));
    if (!fitting) {
        free(device);
        *err = CLASP_NO_MEMORY;
    }
    return fitting;
}

static clasp_device *keep(const cJSON *tree, size_t room, clasp_err *err) {
    clasp_device *device = malloc(sizeof *device + room);
    if (!device) {
        *err = CLASP_NO_MEMORY;
        return NULL;
    }
    *device = (clasp_device){0};
    clasp_writer w = clasp_writer_of(device->bytes, room);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        write_member(&w, &MEMBERS[i], tree);
    }
    device->text_len = clasp_written(&w).len;
    device->features_len = write_list(&w, clasp_json_get(tree, "features"));
    device->tags_len = write_list(&w, clasp_json_get(tree, "tags"));
    *err = w.err;
    if (w.err != CLASP_OK) {
        free(device);
        return NULL;
    }
    return fit(device, err);
}

clasp_device *clasp_registration_read(clasp_span document, uint32_t max_len, clasp_err *err) {
    cJSON *tree = clasp_json_parse_exact(document, max_len, err);
    clasp_device *device = NULL;
    if (tree && !has_shape(tree)) {
        *err = CLASP_BAD_FIELD;
    } else if (tree) {
        device = keep(tree, room_for(document), err);
    }
    cJSON_Delete(tree);
    return device;
}

bool clasp_registration_holds(clasp_span list, clasp_span text) {
    clasp_reader r = clasp_reader_of(list);
    while (clasp_left(&r) > 0) {
        const uint16_t len = clasp_read_u16(&r);
        const uint8_t *at = clasp_take(&r, len);
        if (at && clasp_span_equal((clasp_span){at, len}, text)) {
            return true;
        }
    }
    return false;
}
