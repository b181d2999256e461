/* The golden vectors of the data plane (tests/vectors/flow.json). */
#include "alloc.h"
#include "flow_pair.h"
#include "vectors.h"

#define ROUTER_CHANNEL 255u

static const char HELLO[] = "450b000000100000000100000000";

static uint8_t own[4]; /* incarnation of the first side, as its HELLO tells it */

static pair *begin(void) {
    pair *p = pair_new(true);
    pair_open(p, 1, CLASP_FLOW_RELIABLE);
    memcpy(own, p->sides[0].first->bytes + 2, sizeof own);
    pair_open(p, 1, CLASP_FLOW_FAST);
    while (p->sides[0].first) { /* nothing of this is looked at */
        pair_message *m = p->sides[0].first;
        p->sides[0].first = m->next;
        free(m);
    }
    return p;
}

/* Where a HELLO in `bytes` is for the reader, it is for this one. */
static void address_own(uint8_t *bytes, uint32_t len) {
    static const uint8_t PLACE[] = {0xFF, 0xFF, 0xFF, 0xFF};
    for (uint32_t i = 0; i + sizeof PLACE <= len; i++) {
        if (memcmp(bytes + i, PLACE, sizeof PLACE) == 0) {
            memcpy(bytes + i, own, sizeof own);
        }
    }
}

/* A message comes to the first side, in a block of exactly its size. */
static clasp_err hear(pair *p, const char *hex, uint32_t channel) {
    uint32_t len;
    uint8_t *bytes = vector_hex(hex, &len);
    const clasp_span in = {bytes, len};
    address_own(bytes, len);
    const clasp_err err = channel == ROUTER_CHANNEL
                              ? clasp_flow_record(p->sides[0].flows, PAIR_PEER, in, p->now_us)
                              : clasp_flow_received(p->sides[0].flows, PAIR_PEER, 1, channel, in, p->now_us);
    free(bytes);
    return err;
}

static void check_delivered(pair_side *side, const cJSON *wanted) {
    clasp_span address = {NULL, 0};
    int count = 0;
    uint32_t id = UINT32_MAX;
    for (uint32_t i = 0; i < side->out.count; i++) {
        const clasp_effect *e = &side->out.effects[i];
        if (e->kind == CLASP_EFFECT_P2P_ADDRESS) {
            id = e->a;
            address = clasp_outbox_bytes(&side->out, e);
            address = (clasp_span){address.at + 4, address.len - 4};
        }
        if (e->kind == CLASP_EFFECT_P2P_DELIVER) {
            const cJSON *one = cJSON_GetArrayItem(wanted, count++);
            CHECK(one != NULL);
            CHECK(one && e->number == cJSON_GetArrayItem(one, 1)->valuedouble);
            if (one && e->a == id) {
                CHECK(clasp_span_equal(address, clasp_span_of(cJSON_GetArrayItem(one, 0)->valuestring)));
            }
        }
    }
    CHECK_EQ(count, cJSON_GetArraySize(wanted));
}

/* The only message that a side has sent; NULL: it has sent none. */
static void check_sent(pair_side *side, const char *hex) {
    uint32_t len = 0;
    uint8_t *bytes = hex ? vector_hex(hex, &len) : NULL;
    const pair_message *m = side->first;
    CHECK_EQ(m != NULL, hex != NULL);
    if (m && hex) {
        CHECK_BYTES(m->bytes, m->len, bytes, len);
        CHECK(m->next == NULL);
    }
    free(bytes);
}

static void check_heard(const cJSON *vector) {
    pair *p = begin();
    pair_side *side = &p->sides[0];
    const cJSON *message;
    pair_subscribe(p, 0, "/a/*", 5);
    CHECK_EQ(hear(p, HELLO, 0), CLASP_OK);
    cJSON_ArrayForEach(message, vector_get(vector, "messages")) {
        CHECK_EQ(hear(p, message->valuestring, (uint32_t)vector_u64(vector, "channel")), CLASP_OK);
    }
    check_delivered(side, vector_get(vector, "delivered"));
    if (vector_text(vector, "ack")) {
        pair_drain(side);
        pair_flush(p, 0);
        check_sent(side, vector_text(vector, "ack"));
    }
    pair_free(p);
}

static void check_refused(const cJSON *vector) {
    pair *p = begin();
    CHECK_EQ(hear(p, HELLO, 0), CLASP_OK);
    pair_subscribe(p, 0, "/**", 5);
    const clasp_err err = hear(p, vector_text(vector, "hex"), (uint32_t)vector_u64(vector, "channel"));
    CHECK_TEXT(clasp_err_name(err), vector_text(vector, "class"));
    pair_drain(&p->sides[0]);
    CHECK_EQ(p->sides[0].counts[CLASP_EFFECT_P2P_DELIVER], 0);
    pair_free(p);
}

static void check_said(const cJSON *vector) {
    static const char *const SAYS[] = {"SET", "EVENT", "STREAM"};
    pair *p = begin();
    const cJSON *one;
    cJSON_ArrayForEach(one, vector_get(vector, "numbers")) {
        const uint32_t id = pair_address(p, 0, cJSON_GetArrayItem(one, 1)->valuestring);
        for (unsigned say = 0; say < 3; say++) {
            if (strcmp(SAYS[say], cJSON_GetArrayItem(one, 0)->valuestring) == 0) {
                pair_number(p, 0, (clasp_flow_say)say, id, cJSON_GetArrayItem(one, 2)->valuedouble);
            }
        }
    }
    pair_flush(p, 0);
    check_sent(&p->sides[0], vector_text(vector, "hex"));
    pair_free(p);
}

TEST(the_golden_vectors_hold) {
    static const struct {
        const char *what;
        void (*check)(const cJSON *vector);
        int count;
    } KINDS[] = {{"heard", check_heard, 20}, {"refused", check_refused, 38}, {"said", check_said, 6}};
    cJSON *document = vectors_load("flow.json");
    const cJSON *vector;
    for (unsigned i = 0; i < 3; i++) {
        int count = 0;
        cJSON_ArrayForEach(vector, vector_get(document, "vectors")) {
            if (strcmp(vector_text(vector, "what"), KINDS[i].what) == 0) {
                CHECK_CONTEXT(vector_text(vector, "name"));
                KINDS[i].check(vector);
                count++;
            }
        }
        CHECK_CONTEXT(KINDS[i].what);
        CHECK_EQ(count, KINDS[i].count);
    }
    CHECK_CONTEXT(NULL);
    cJSON_Delete(document);
    CHECK_EQ(clasp_test_live_allocations(), 0);
}

int main(void) {
    RUN(the_golden_vectors_hold);
    return check_summary();
}
