#include "hub/resume.h"

#include <stdlib.h>

#include "base/limits.h"
#include "hub/send.h"
#include "route/hash.h"

#define CLAIM_PREFIX "/clasp/session/"
#define RESTORE_PREFIX "/clasp/restore/"
#define REVISION_DIGITS 16u
#define REVISION_MAX (UINT64_C(1) << 53) /* below it: what every client can say */
#define OUTCOME 8u                       /* bytes of a result in the answer */

#define BUCKET_COUNT CLASP_HUB_RESUME_CLIENTS
_Static_assert((BUCKET_COUNT & (BUCKET_COUNT - 1)) == 0, "a mask of the hash");

/* ---- addresses ----------------------------------------------------------------------------------------------- */

static bool begins_with(clasp_span text, const char *prefix, size_t len) {
    return text.len >= len && memcmp(text.at, prefix, len) == 0;
}

bool clasp_hub_is_claim(clasp_span address) {
    return begins_with(address, CLAIM_PREFIX, sizeof CLAIM_PREFIX - 1);
}

bool clasp_hub_is_restore(clasp_span address) {
    return begins_with(address, RESTORE_PREFIX, sizeof RESTORE_PREFIX - 1);
}

clasp_span clasp_hub_target(clasp_span address, uint64_t *revision) {
    *revision = 0;
    if (!clasp_hub_is_restore(address)) {
        return address;
    }
    const uint8_t *const digits = address.at + sizeof RESTORE_PREFIX - 1;
    const uint8_t *const end = address.at + address.len;
    const uint8_t *at = digits;
    for (; at < end && *at >= '0' && *at <= '9' && at < digits + REVISION_DIGITS; at++) {
        *revision = *revision * 10 + (uint64_t)(*at - '0');
    }
    const bool is_number = at > digits && *digits != '0' && *revision < REVISION_MAX;
    return is_number && at < end && *at == '/' ? (clasp_span){at, (uint32_t)(end - at)}
                                               : (clasp_span){NULL, 0};
}

/* The secret behind the prefix: 32 lower-case hexadecimal digits; NULL when it is none. */
static const uint8_t *secret_of(clasp_span address) {
    const uint32_t prefix = sizeof CLAIM_PREFIX - 1;
    if (address.len != prefix + CLASP_HUB_SECRET_LEN) {
        return NULL;
    }
    const uint8_t *secret = address.at + prefix;
    for (uint32_t i = 0; i < CLASP_HUB_SECRET_LEN; i++) {
        const bool is_digit =
            (secret[i] >= '0' && secret[i] <= '9') || (secret[i] >= 'a' && secret[i] <= 'f');
        if (!is_digit) {
            return NULL;
        }
    }
    return secret;
}

/* ---- the table of claims ------------------------------------------------------------------------------------- */

static clasp_hub_claim **bucket_of(const clasp_hub_resume *resume, uint32_t hash) {
    return &resume->buckets[hash & (BUCKET_COUNT - 1)];
}

static uint32_t hash_of(const clasp_hub_resume *resume, const uint8_t *secret) {
    return clasp_hash(resume->hash_key, (clasp_span){secret, CLASP_HUB_SECRET_LEN});
}

static clasp_hub_claim *find(const clasp_hub_resume *resume, const uint8_t *secret) {
    if (resume->count == 0) {
        return NULL;
    }
    clasp_hub_claim *claim = *bucket_of(resume, hash_of(resume, secret));
    while (claim && memcmp(claim->secret, secret, CLASP_HUB_SECRET_LEN) != 0) {
        claim = claim->same_hash;
    }
    return claim;
}

/* Those without a session are in a queue. */
static void enqueue(clasp_hub_resume *resume, clasp_hub_claim *claim) {
    claim->session = 0;
    claim->older = resume->newest;
    claim->newer = NULL;
    *(resume->newest ? &resume->newest->newer : &resume->oldest) = claim;
    resume->newest = claim;
}

static void dequeue(clasp_hub_resume *resume, clasp_hub_claim *claim) {
    *(claim->older ? &claim->older->newer : &resume->oldest) = claim->newer;
    *(claim->newer ? &claim->newer->older : &resume->newest) = claim->older;
}

/* A claim that is in no queue. */
static void destroy(clasp_hub_resume *resume, clasp_hub_claim *claim) {
    clasp_hub_claim **link = bucket_of(resume, claim->hash);
    while (*link != claim) {
        link = &(*link)->same_hash;
    }
    *link = claim->same_hash;
    resume->count--;
    free(claim->results);
    free(claim);
}

static void forget_oldest(clasp_hub_resume *resume) {
    clasp_hub_claim *claim = resume->oldest;
    dequeue(resume, claim);
    destroy(resume, claim);
}

/* NULL: no memory. There is room for one more. */
static clasp_hub_claim *make(clasp_hub_resume *resume, const uint8_t *secret) {
    if (!resume->buckets) {
        resume->buckets = calloc(BUCKET_COUNT, sizeof(clasp_hub_claim *));
    }
    clasp_hub_claim *claim = resume->buckets ? calloc(1, sizeof *claim) : NULL;
    if (!claim) {
        return NULL;
    }
    claim->hash = hash_of(resume, secret);
    memcpy(claim->secret, secret, CLASP_HUB_SECRET_LEN);
    clasp_hub_claim **bucket = bucket_of(resume, claim->hash);
    claim->same_hash = *bucket;
    *bucket = claim;
    resume->count++;
    return claim;
}

void clasp_hub_resume_sweep(clasp_hub_resume *resume, uint64_t now_us) {
    while (resume->oldest && resume->oldest->until_us <= now_us) {
        forget_oldest(resume);
    }
}

/* Claims that sessions still have, too. */
void clasp_hub_resume_deinit(clasp_hub_resume *resume) {
    for (uint32_t i = 0; resume->buckets && i < BUCKET_COUNT; i++) {
        while (resume->buckets[i]) {
            clasp_hub_claim *claim = resume->buckets[i];
            resume->buckets[i] = claim->same_hash;
            free(claim->results);
            free(claim);
        }
    }
    free(resume->buckets);
    *resume = (clasp_hub_resume){.hash_key = resume->hash_key};
}

/* ---- coming and going ---------------------------------------------------------------------------------------- */

void clasp_hub_resume_release(clasp_hub *hub, clasp_hub_session *session) {
    clasp_hub_claim *claim = session->claim;
    session->claim = NULL;
    if (!claim) {
        return;
    }
    if (claim->sets == 0) {
        destroy(&hub->resume, claim); /* nothing to remember */
        return;
    }
    claim->until_us = session->last_us + CLASP_HUB_RESUME_US;
    enqueue(&hub->resume, claim);
    clasp_hub_want_sweep(hub, claim->until_us);
}

/* Take a claim from the session that has it, or from the queue. What that session still sends does not count any more. */
static void take(clasp_hub *hub, clasp_hub_claim *claim, clasp_hub_session *session) {
    clasp_hub_session *former = clasp_hub_sessions_find(&hub->sessions, claim->session);
    if (claim->session == 0 || !former) {
        dequeue(&hub->resume, claim);
        return;
    }
    if (former->has_locked) {
        clasp_hub_params_pass(&hub->params, former->handle, session->handle);
        former->has_locked = false;
        session->has_locked = true;
    }
    former->claim = NULL;
    clasp_hub_give_up(hub, former, "the same client has come back by another connection");
}

void clasp_hub_resume_note(const clasp_hub_session *session, uint64_t outcome) {
    clasp_hub_claim *claim = session->claim;
    if (!claim) {
        return;
    }
    const uint64_t number = claim->sets++;
    if (!claim->results) {
        claim->results = malloc(CLASP_HUB_RESULTS * sizeof *claim->results);
        claim->first = number;
    }
    if (claim->results) {
        claim->results[number % CLASP_HUB_RESULTS] = outcome;
    }
}

/* ---- the answer ---------------------------------------------------------------------------------------------- */

/* The results that are known, oldest first. */
static void write_results(clasp_writer *w, const clasp_hub_claim *claim) {
    const uint64_t known = claim->results ? claim->sets - claim->first : 0;
    const uint64_t count = known < CLASP_HUB_RESULTS ? known : CLASP_HUB_RESULTS;
    clasp_write_u16(w, (uint16_t)(count * OUTCOME));
    for (uint64_t number = claim->sets - count; number < claim->sets; number++) {
        clasp_write_u64(w, claim->results[number % CLASP_HUB_RESULTS]);
    }
}

/* {known, sets, outcomes} */
static clasp_value write_answer(clasp_writer *w, const clasp_hub_claim *claim, bool is_known) {
    clasp_write_u16(w, 3);
    clasp_write_text(w, clasp_span_of("known"));
    clasp_write_u8(w, CLASP_VALUE_BOOL);
    clasp_write_u8(w, is_known);
    clasp_write_text(w, clasp_span_of("sets"));
    clasp_write_u8(w, CLASP_VALUE_I64);
    clasp_write_u64(w, claim->sets);
    clasp_write_text(w, clasp_span_of("outcomes"));
    clasp_write_u8(w, CLASP_VALUE_BYTES);
    write_results(w, claim);
    return (clasp_value){clasp_written(w), CLASP_VALUE_MAP};
}

static void answer(clasp_hub *hub, const clasp_hub_session *session, clasp_span address, bool is_known) {
    clasp_writer w = clasp_writer_of(hub->items, sizeof hub->items);
    const clasp_param param = {.address = address, .value = write_answer(&w, session->claim, is_known)};
    uint8_t *const start = w.at;
    clasp_write_param(&w, &param);
    const clasp_list list = {{start, (uint32_t)(w.at - start)}, 1};
    clasp_hub_send(hub, session, &(clasp_message){.type = CLASP_MSG_SNAPSHOT, .list = list});
}

/* The claim of a secret, made when it is a new one; NULL: why not was told. */
static clasp_hub_claim *claim_of(clasp_hub *hub, const clasp_hub_session *session, const clasp_message *get,
                                 const uint8_t *secret, bool *is_known) {
    clasp_hub_resume *resume = &hub->resume;
    clasp_hub_claim *claim = find(resume, secret);
    *is_known = claim != NULL;
    if (claim) {
        return claim;
    }
    if (resume->count >= CLASP_HUB_RESUME_CLIENTS && resume->oldest) {
        forget_oldest(resume);
    }
    if (resume->count >= CLASP_HUB_RESUME_CLIENTS) {
        clasp_hub_refuse(hub, session, CLASP_WIRE_UNAVAILABLE, "too many clients are known", get->address);
        return NULL;
    }
    claim = make(resume, secret);
    if (!claim) {
        clasp_hub_refuse(hub, session, CLASP_WIRE_INTERNAL, clasp_err_text(CLASP_NO_MEMORY), get->address);
    }
    return claim;
}

void clasp_hub_on_claim(clasp_hub *hub, clasp_hub_session *session, const clasp_message *get,
                        uint64_t now_us) {
    const uint8_t *secret = secret_of(get->address);
    bool is_known = true;
    clasp_hub_resume_sweep(&hub->resume, now_us);
    if (!secret) {
        clasp_hub_refuse(hub, session, CLASP_WIRE_INVALID_ADDRESS, "no secret of a client", get->address);
        return;
    }
    if (session->claim && memcmp(session->claim->secret, secret, CLASP_HUB_SECRET_LEN) != 0) {
        clasp_hub_refuse(hub, session, CLASP_WIRE_REFUSED, "the session is another client's", get->address);
        return;
    }
    if (!session->claim) {
        clasp_hub_claim *claim = claim_of(hub, session, get, secret, &is_known);
        if (!claim) {
            return;
        }
        if (is_known) {
            take(hub, claim, session);
        }
        claim->session = session->handle;
        session->claim = claim;
    }
    answer(hub, session, get->address, is_known);
    clasp_outbox_add(hub->out, CLASP_EFFECT_HUB_JOINS, 0, session->handle, 0, (clasp_span){NULL, 0});
}
