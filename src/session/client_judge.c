/*
 * After each WELCOME: what became of the SETs and bundles that the session before has sent? (docs/wire.md, section 14)
 *
 *   GET of the claim, PING ->   <- SNAPSHOT of the claim: a relay of ours, which says what it has taken, and with which results
 *                               <- PONG alone: another relay; what its params show is taken, the rest is sent again
 *
 * Until then nothing is sent, so that nothing overtakes what has to be sent again.
 */
#include "session/client_state.h"

#define OUTCOME 8u /* bytes of a result */
#define OUTCOME_ERROR (UINT64_C(1) << 63)
#define RATE_LIMITED 429u /* wire ERROR code */

static const clasp_span NOTHING = {NULL, 0};

void clasp_client_begin_judging(clasp_client *client, uint64_t now_us) {
    client->is_judged = false;
    client->judgements++;
    clasp_client_tell_clock(client);
    clasp_client_ask(client, now_us);
    clasp_client_sync(client, now_us);
}

void clasp_client_ask(clasp_client *client, uint64_t now_us) {
    client->is_put_off = false;
    client->ask_us = now_us + CLASP_CLIENT_ANSWER_US;
    const clasp_message claim = {.type = CLASP_MSG_GET, .address = clasp_client_claim(client)};
    clasp_session_send_now(client->session, &claim, now_us);
    clasp_session_send_bare(client->session, CLASP_MSG_PING, now_us);
}

/* Over its rate a relay of ours would take this client for a stranger, who is not counted: it is asked again. */
void clasp_client_claim_refused(clasp_client *client, uint32_t code, uint64_t now_us) {
    if (code == RATE_LIMITED) {
        client->is_put_off = true;
        client->ask_us = now_us + CLASP_CLIENT_ASK_US;
    }
}

/* ---- the verdict --------------------------------------------------------------------------------------------- */

static clasp_pending *newer_of(const clasp_client *client, const clasp_pending *entry) {
    return clasp_pending_at(&client->pending, entry->newer);
}

/* What the relay has not taken: it is sent again, but for what may not be. */
static void not_taken(clasp_client *client, clasp_pending *entry) {
    if (entry->kind == CLASP_PENDING_FIRE && entry->is_sent) {
        clasp_client_settle(client, entry, CLASP_NOT_CONNECTED, 0, NOTHING);
        return;
    }
    entry->is_sent = false;
    entry->is_judged = false;
}

/* All that is left is to be sent. `taken`: how many SETs and bundles a relay of ours has from this client. */
static void conclude(clasp_client *client, uint64_t taken, bool is_missing, bool is_ours, uint64_t now_us) {
    clasp_pendings *p = &client->pending;
    p->next_unsent = p->oldest[CLASP_LIST_SETS];
    p->in_flight = 0;
    client->taken = taken;
    client->is_counted = is_ours;
    client->sender = client->id;
    if (is_missing) {
        clasp_client_put_back(client, is_ours, now_us);
    }
    client->is_judged = true;
    clasp_client_flush(client, now_us);
}

/* ---- by what its params show ------------------------------------------------------------------------------------- */

static bool is_plain_set(const clasp_pending *entry) {
    return entry->kind == CLASP_PENDING_SET || entry->kind == CLASP_PENDING_FIRE;
}

static bool has_value(const clasp_client *client, const clasp_pending *entry, clasp_value value) {
    clasp_frame frame;
    clasp_message set;
    return clasp_decode(clasp_pending_frame(&client->pending, entry), &frame, &set) == CLASP_OK &&
           set.value.type == value.type && clasp_span_equal(set.value.data, value.data);
}

/* How many of the SETs to an address, from `first` on, this param holds: up to the last one with its value; the revision, counted
 * from the last one that was acknowledged, decides between two. */
static uint32_t count_held(const clasp_client *client, const clasp_pending *first, const clasp_param *param) {
    const clasp_stored *own = clasp_store_find(&client->own, param->address);
    const uint64_t grown = own && own->revision < param->revision ? param->revision - own->revision : 0;
    uint32_t held = 0, nth = 1;
    for (const clasp_pending *set = first; set && set->is_sent && is_plain_set(set); nth++) {
        if (has_value(client, set, param->value)) {
            held = nth;
            if (nth == grown) {
                break;
            }
        }
        set = clasp_pendings_next(&client->pending, set);
    }
    return held;
}

void clasp_client_judge_param(clasp_client *client, const clasp_param *param) {
    clasp_pending *first = clasp_pendings_find(&client->pending, CLASP_ANSWER_ACK, param->address);
    if (!first || first->is_judged || !is_plain_set(first)) {
        return; /* the first SNAPSHOT counts */
    }
    first->is_judged = true;
    first->seen_revision = param->revision;
    const bool is_ours = param->has_writer && client->sender.len > 0 &&
                         clasp_span_equal(param->writer, clasp_session_id_span(&client->sender));
    first->seen = is_ours ? count_held(client, first, param) : 0;
}

/* Hand on to the next SET of the same address what is left of `seen`. */
static void pass_on(clasp_client *client, const clasp_pending *entry) {
    clasp_pending *next = clasp_pendings_next(&client->pending, entry);
    if (next && entry->seen > 1) {
        next->is_judged = true;
        next->seen = entry->seen - 1;
        next->seen_revision = entry->seen_revision;
    }
}

static void judge_one(clasp_client *client, clasp_pending *entry, uint64_t now_us) {
    if (entry->is_judged && entry->seen > 0) {
        const uint64_t later = entry->seen - 1;
        pass_on(client, entry);
        clasp_client_taken(client, entry, entry->seen_revision > later ? entry->seen_revision - later : 0,
                           now_us);
    } else {
        not_taken(client, entry);
    }
}

/* ---- a relay of ours ----------------------------------------------------------------------------------------- */

typedef struct claim_answer {
    uint64_t sets;       /* SETs and bundles that it has taken from this client */
    clasp_span outcomes; /* the results of the last ones, oldest first, OUTCOME bytes each */
    bool is_known;       /* it has met this client before */
} claim_answer;

static bool read_answer(clasp_value map, claim_answer *out) {
    clasp_value known, sets, outcomes;
    if (!clasp_value_get(map, clasp_span_of("known"), &known) || known.type != CLASP_VALUE_BOOL ||
        !clasp_value_get(map, clasp_span_of("sets"), &sets) || sets.type != CLASP_VALUE_I64 ||
        !clasp_value_get(map, clasp_span_of("outcomes"), &outcomes) || outcomes.type != CLASP_VALUE_BYTES) {
        return false;
    }
    out->is_known = known.data.at[0] != 0;
    out->sets = clasp_load_u64(sets.data.at);
    out->outcomes = (clasp_span){outcomes.data.at + 2, outcomes.data.len - 2};
    return true;
}

/* The result of an entry that the relay has taken; a revision of 0 when it does not remember. */
static uint64_t outcome_of(const claim_answer *answer, const clasp_pending *entry) {
    const uint64_t back = answer->sets - entry->number + 1; /* 1: the last one */
    const uint32_t count = answer->outcomes.len / OUTCOME;
    return back <= count ? clasp_load_u64(answer->outcomes.at + (size_t)(count - back) * OUTCOME) : 0;
}

static void was_taken(clasp_client *client, clasp_pending *entry, uint64_t outcome, uint64_t now_us) {
    if (outcome & OUTCOME_ERROR) {
        clasp_client_refused(client, entry, (uint32_t)(outcome & ~OUTCOME_ERROR), NOTHING);
    } else {
        clasp_client_taken(client, entry, outcome, now_us);
    }
}

void clasp_client_judge_by_claim(clasp_client *client, clasp_value value, uint64_t now_us) {
    claim_answer answer;
    if (client->is_judged || !read_answer(value, &answer)) {
        return;
    }
    clasp_pending *next;
    clasp_pending *entry = clasp_pendings_oldest(&client->pending, CLASP_LIST_SETS);
    for (; entry; entry = next) {
        next = newer_of(client, entry);
        if (!entry->is_sent || entry->number == 0) {
            judge_one(client, entry, now_us); /* never sent, or when nobody counted */
        } else if (entry->number <= answer.sets) {
            was_taken(client, entry, outcome_of(&answer, entry), now_us);
        } else {
            not_taken(client, entry);
        }
    }
    clasp_client_send_joined(client); /* what was said before goes as it was */
    clasp_client_set_joining(client, true);
    conclude(client, answer.sets, !answer.is_known, true, now_us);
}

/* ---- another relay ------------------------------------------------------------------------------------------- */

void clasp_client_judge_by_params(clasp_client *client, uint64_t now_us) {
    clasp_pending *next;
    clasp_pending *entry = clasp_pendings_oldest(&client->pending, CLASP_LIST_SETS);
    for (; entry; entry = next) {
        next = newer_of(client, entry);
        if (entry->kind == CLASP_PENDING_RESTORE) {
            clasp_client_settle(client, entry, CLASP_OK, 0, NOTHING); /* such addresses mean nothing here */
        } else {
            judge_one(client, entry, now_us);
        }
    }
    conclude(client, 0, true, false, now_us);
}
