/* What of the past a session gets: REPLAY, and the history of a new subscription. */
#include "base/limits.h"
#include "hub/send.h"
#include "route/address.h"

#define FRAME_COST 64u /* bytes of an outbox's record and its list, on top of a frame */
#define MATCH_COST 8u  /* comparisons that a match begins with */

static const uint8_t HISTORY_TYPES =
    CLASP_TYPE_EVENT | CLASP_TYPE_STREAM | CLASP_TYPE_GESTURE | CLASP_TYPE_TIMELINE;

/* What is looked for in the journal, and what that may cost. */
typedef struct search {
    const clasp_hub_journal *journal;
    clasp_span pattern;
    uint32_t prefix; /* bytes of the pattern that an address has to begin with */
    uint8_t types;
    bool is_wild;
    uint32_t limit; /* entries left to send */
    uint32_t bytes; /* left to send */
    uint32_t work;  /* comparisons left */
} search;

/* The bytes before the segment with the first star, without its slash: with it a double star matches, too. */
static uint32_t prefix_of(clasp_span pattern) {
    const uint8_t *star = memchr(pattern.at, '*', pattern.len);
    uint32_t len = star ? (uint32_t)(star - pattern.at) : pattern.len;
    while (star && len > 0 && pattern.at[len] != '/') {
        len--;
    }
    return len;
}

static search search_for(const clasp_hub *hub, clasp_span pattern, uint8_t types) {
    return (search){
        .journal = &hub->journal,
        .pattern = pattern,
        .prefix = prefix_of(pattern),
        .types = types,
        .is_wild = clasp_pattern_is_wild(pattern),
        .limit = UINT32_MAX,
        .bytes = CLASP_HUB_REPLAY_BYTES,
        .work = CLASP_HUB_REPLAY_WORK,
    };
}

/* False, and all is spent, when there is not so much work left. */
static bool spend(search *s, uint64_t work) {
    const bool is_enough = work <= s->work;
    s->work = is_enough ? s->work - (uint32_t)work : 0;
    return is_enough;
}

static bool matches(search *s, clasp_span address) {
    if (!s->is_wild) {
        return clasp_span_equal(s->pattern, address);
    }
    if (address.len < s->prefix || memcmp(address.at, s->pattern.at, s->prefix) != 0) {
        return false;
    }
    const uint64_t product = (uint64_t)(s->pattern.len - s->prefix) * (address.len - s->prefix);
    return spend(s, MATCH_COST + product / MATCH_COST) && clasp_match(s->pattern, address);
}

static bool is_found(search *s, const clasp_hub_entry *entry) {
    return spend(s, 1) && (entry->type_bit & s->types) != 0 &&
           matches(s, clasp_hub_entry_address(s->journal, entry));
}

/* Count an entry in. False: there is no room for it. */
static bool take(search *s, const clasp_hub_entry *entry) {
    const uint32_t cost = FRAME_COST + entry->len;
    if (s->limit == 0 || cost > s->bytes) {
        return false;
    }
    s->limit--;
    s->bytes -= cost;
    return true;
}

/* Send what is found from the entry `n` on, up to `end`, as far as there is room. */
static void send_found(clasp_hub *hub, const clasp_hub_session *session, search *s, uint32_t n,
                       uint32_t end) {
    for (; n < end && s->work > 0; n++) {
        const clasp_hub_entry *entry = clasp_hub_journal_at(s->journal, n);
        if (!is_found(s, entry)) {
            continue;
        }
        if (!take(s, entry)) {
            return;
        }
        clasp_hub_send_payload(hub, session, (clasp_qos)entry->qos, entry->time_us,
                               clasp_hub_entry_payload(s->journal, entry));
    }
}

/* The first entry of the history: so far back that what is found from there on fits the room. */
static uint32_t history_start(search *s, uint32_t first) {
    uint32_t n = s->journal->count;
    while (n > first && s->work > 0) {
        const clasp_hub_entry *entry = clasp_hub_journal_at(s->journal, n - 1);
        if (is_found(s, entry) && !take(s, entry)) {
            break;
        }
        n--;
    }
    return n;
}

static void charge(clasp_hub_session *session, const search *s) {
    clasp_hub_session_charge(session, (CLASP_HUB_REPLAY_WORK - s->work) / CLASP_HUB_REPLAY_PRICE);
}

void clasp_hub_send_history(clasp_hub *hub, clasp_hub_session *session, const clasp_message *subscribe) {
    if ((subscribe->has & (CLASP_HAS_HISTORY | CLASP_HAS_WINDOW)) == 0) {
        return;
    }
    clasp_hub_journal_expire(&hub->journal, hub->now_us);
    uint32_t first = 0;
    if (subscribe->has & CLASP_HAS_WINDOW) {
        const uint64_t window_us = subscribe->window_ms * UINT64_C(1000);
        first = clasp_hub_journal_since(&hub->journal, hub->now_us > window_us ? hub->now_us - window_us : 0);
    }
    search back = search_for(hub, subscribe->address, subscribe->types & HISTORY_TYPES);
    back.limit = subscribe->has & CLASP_HAS_HISTORY ? subscribe->history : UINT32_MAX;
    const uint32_t start = history_start(&back, first);
    charge(session, &back);
    search again = search_for(hub, subscribe->address, back.types);
    send_found(hub, session, &again, start, hub->journal.count);
}

void clasp_hub_on_replay(clasp_hub *hub, clasp_hub_session *session, const clasp_message *message,
                         uint64_t now_us) {
    if (clasp_pattern_check(message->address) != CLASP_OK) {
        clasp_hub_refuse(hub, session, CLASP_WIRE_BAD_PATTERN, clasp_err_text(CLASP_BAD_PATTERN),
                         message->address);
        return;
    }
    if (hub->journal.max_bytes == 0) {
        clasp_hub_refuse(hub, session, CLASP_WIRE_UNAVAILABLE, "this relay keeps no journal",
                         (clasp_span){NULL, 0});
        return;
    }
    clasp_hub_journal_expire(&hub->journal, now_us);
    search s = search_for(hub, message->address, message->types);
    s.limit = message->has & CLASP_HAS_LIMIT ? message->limit : UINT32_MAX;
    const bool has_end = (message->has & CLASP_HAS_TO) != 0 && message->t2_us < UINT64_MAX;
    const uint32_t start =
        clasp_hub_journal_since(&hub->journal, message->has & CLASP_HAS_FROM ? message->time_us : 0);
    const uint32_t end =
        has_end ? clasp_hub_journal_since(&hub->journal, message->t2_us + 1) : hub->journal.count;
    send_found(hub, session, &s, start, end);
    CLASP_HUB_COUNT(hub, replays_total);
    if (s.work == 0) {
        clasp_hub_refuse(hub, session, CLASP_WIRE_RATE_LIMITED, "the pattern takes too long to match",
                         message->address);
    }
    charge(session, &s);
}
