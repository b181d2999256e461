/*
 * What is accepted as a registration is shown as a document that reads back as itself, has the shape of a device, is found
 * by each of its tags, and registers once more as what it was. What is refused leaves nothing behind.
 */
#include "hub/rendezvous.h"

#include <stdlib.h>

#include "base/limits.h"
#include "json/exact.h"

#define NOW UINT64_C(1700000000000000)

static clasp_outbox out;
static uint8_t shown[2][CLASP_RENDEZVOUS_ANSWER];

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static clasp_err enter(clasp_rendezvous *rendezvous, clasp_span document) {
    static const uint8_t CHANCE[16] = {1};
    clasp_outbox_clear(&out);
    return clasp_rendezvous_register(rendezvous, document, clasp_span_of("s"), CHANCE, NOW);
}

/* The one device that a search finds; empty when it finds none. */
static clasp_span find(clasp_rendezvous *rendezvous, const clasp_span *tag, int side) {
    clasp_outbox_clear(&out);
    const clasp_rendezvous_query query = {.tag = tag, .limit = 1};
    must(clasp_rendezvous_discover(rendezvous, &query, NOW) == CLASP_OK && out.count == 1);
    const clasp_span answer = clasp_outbox_bytes(&out, &out.effects[0]);
    must(answer.len >= 2);
    memcpy(shown[side], answer.at, answer.len);
    return (clasp_span){shown[side] + 1, answer.len - 2};
}

static void find_by_each_tag(clasp_rendezvous *rendezvous, const cJSON *device) {
    static uint8_t text[CLASP_RENDEZVOUS_DOCUMENT_MAX];
    const cJSON *tag;
    cJSON_ArrayForEach(tag, clasp_json_get(device, "tags")) {
        clasp_writer w = clasp_writer_of(text, sizeof text);
        clasp_json_exact_text(&w, tag);
        const clasp_span wanted = clasp_written(&w);
        must(find(rendezvous, &wanted, 1).len > 0);
    }
}

static void check_device(clasp_rendezvous *rendezvous, clasp_span device) {
    clasp_err err;
    cJSON *tree = clasp_json_parse_exact(device, CLASP_RENDEZVOUS_ANSWER, &err);
    if (err == CLASP_TOO_LARGE) {
        return; /* the shown members of its own are beyond the bound on values */
    }
    must(tree && cJSON_IsString(clasp_json_get(tree, "name")) &&
         cJSON_IsObject(clasp_json_get(tree, "endpoints")) &&
         cJSON_IsObject(clasp_json_get(tree, "metadata")) &&
         cJSON_IsNumber(clasp_json_get(tree, "lastSeen")));
    find_by_each_tag(rendezvous, tree);
    cJSON_Delete(tree);
    must(enter(rendezvous, device) == CLASP_OK);
    const clasp_span again = find(rendezvous, NULL, 1);
    must(clasp_span_equal(again, device));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const clasp_rendezvous_options options = {
        .max_devices = 1, .max_document = CLASP_RENDEZVOUS_DOCUMENT_MAX, .max_per_source = 2};
    clasp_rendezvous *rendezvous = clasp_rendezvous_new(&options, 1, &out);
    must(rendezvous != NULL);
    const clasp_err err = enter(rendezvous, (clasp_span){data, (uint32_t)size});
    const double devices = clasp_rendezvous_stat_value(rendezvous, CLASP_RENDEZVOUS_STAT_devices);
    must(devices == (err == CLASP_OK ? 1 : 0));
    if (err == CLASP_OK) {
        check_device(rendezvous, find(rendezvous, NULL, 0));
    } else {
        must(find(rendezvous, NULL, 0).len == 0);
    }
    clasp_rendezvous_free(rendezvous);
    clasp_outbox_deinit(&out);
    return 0;
}
