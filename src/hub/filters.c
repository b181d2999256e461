#include "hub/filters.h"

#include <stdlib.h>

#include "base/limits.h"
#include "route/hash.h"

#define FIRST_CAP 64u
#define US_PER_S 1000000u

void clasp_hub_filters_deinit(clasp_hub_filters *filters) {
    for (uint32_t sub = 0; sub < filters->by_sub_cap; sub++) {
        clasp_hub_filters_remove(filters, sub);
    }
    free(filters->by_sub);
    clasp_hub_dues_deinit(&filters->dues);
}

/* ---- kinds --------------------------------------------------------------------------------------------------- */

clasp_hub_kind clasp_hub_kind_of(const clasp_message *message) {
    const bool is_set = message->type == CLASP_MSG_SET;
    const uint8_t signal = is_set ? CLASP_SIGNAL_PARAM : message->signal;
    const bool is_state = signal == CLASP_SIGNAL_PARAM || signal == CLASP_SIGNAL_STREAM;
    const bool is_move = signal == CLASP_SIGNAL_GESTURE && message->phase == CLASP_PHASE_MOVE;
    clasp_hub_kind kind = {
        .type = message->type, .signal = signal, .id = message->id, .is_thinned = is_state || is_move};
    const bool has_value = is_set || (message->has & CLASP_HAS_VALUE) != 0;
    kind.is_numeric = is_state && has_value && clasp_value_number(message->value, &kind.number);
    return kind;
}

/* ---- filters ------------------------------------------------------------------------------------------------- */

static bool has_rate(const clasp_message *subscribe) {
    return (subscribe->has & CLASP_HAS_MAX_RATE) != 0 && subscribe->rate > 0;
}

static bool has_epsilon(const clasp_message *subscribe) {
    return (subscribe->has & CLASP_HAS_EPSILON) != 0 && subscribe->epsilon > 0;
}

bool clasp_hub_filter_is_needed(const clasp_message *subscribe) {
    return has_rate(subscribe) || has_epsilon(subscribe);
}

static bool reserve(clasp_hub_filters *filters, uint32_t sub) {
    uint32_t cap = filters->by_sub_cap ? filters->by_sub_cap : FIRST_CAP;
    while (cap <= sub) {
        cap *= 2;
    }
    if (cap == filters->by_sub_cap) {
        return true;
    }
    clasp_hub_filter **by_sub = realloc(filters->by_sub, cap * sizeof *by_sub);
    if (!by_sub) {
        return false;
    }
    for (uint32_t i = filters->by_sub_cap; i < cap; i++) {
        by_sub[i] = NULL;
    }
    filters->by_sub = by_sub;
    filters->by_sub_cap = cap;
    return true;
}

bool clasp_hub_filters_add(clasp_hub_filters *filters, uint32_t sub, const clasp_message *subscribe) {
    if (!reserve(filters, sub)) {
        return false;
    }
    clasp_hub_filter *filter = malloc(sizeof *filter);
    if (!filter) {
        return false;
    }
    *filter = (clasp_hub_filter){
        .interval_us = has_rate(subscribe) ? US_PER_S / subscribe->rate : 0,
        .epsilon = has_epsilon(subscribe) ? subscribe->epsilon : 0,
    };
    filters->by_sub[sub] = filter;
    return true;
}

void clasp_hub_filters_remove(clasp_hub_filters *filters, uint32_t sub) {
    clasp_hub_filter *filter = filters->by_sub[sub];
    if (filter) {
        while (filter->first) {
            clasp_hub_filters_forget(filters, filter->first);
        }
        free(filter);
        filters->by_sub[sub] = NULL;
    }
}

/* ---- states -------------------------------------------------------------------------------------------------- */

static clasp_hub_last **bucket_of(clasp_hub_filters *filters, uint32_t hash) {
    return &filters->buckets[hash % CLASP_HUB_FILTER_BUCKETS];
}

static uint32_t hash_of(const clasp_hub_filters *filters, uint32_t sub, clasp_span address) {
    return clasp_hash(filters->hash_key ^ sub, address);
}

clasp_hub_last *clasp_hub_filters_find(const clasp_hub_filters *filters, uint32_t sub, clasp_span address) {
    const uint32_t hash = hash_of(filters, sub, address);
    clasp_hub_last *last = filters->buckets[hash % CLASP_HUB_FILTER_BUCKETS];
    while (last && (last->hash != hash || last->sub != sub ||
                    !clasp_span_equal((clasp_span){last->address, last->address_len}, address))) {
        last = last->same_hash;
    }
    return last;
}

static void link_newest(clasp_hub_filters *filters, clasp_hub_last *last) {
    last->older = filters->newest;
    last->newer = NULL;
    *(filters->newest ? &filters->newest->newer : &filters->oldest) = last;
    filters->newest = last;
}

static void unlink_last(clasp_hub_filters *filters, clasp_hub_last *last) {
    *(last->older ? &last->older->newer : &filters->oldest) = last->newer;
    *(last->newer ? &last->newer->older : &filters->newest) = last->older;
}

static void link_to_sub(clasp_hub_filter *filter, clasp_hub_last *last) {
    last->of_sub = filter->first;
    last->of_sub_to = &filter->first;
    if (filter->first) {
        filter->first->of_sub_to = &last->of_sub;
    }
    filter->first = last;
}

static clasp_hub_last *make(clasp_hub_filters *filters, uint32_t sub, clasp_span address) {
    clasp_hub_last *last = malloc(sizeof *last + address.len);
    if (!last) {
        return NULL;
    }
    *last = (clasp_hub_last){.sub = sub, .hash = hash_of(filters, sub, address), .address_len = address.len};
    memcpy(last->address, address.at, address.len);
    clasp_hub_last **bucket = bucket_of(filters, last->hash);
    last->same_hash = *bucket;
    *bucket = last;
    link_newest(filters, last);
    link_to_sub(filters->by_sub[sub], last);
    filters->count++;
    filters->bytes += sizeof *last + address.len;
    return last;
}

void clasp_hub_filters_forget(clasp_hub_filters *filters, clasp_hub_last *last) {
    clasp_hub_kept_drop(clasp_hub_filters_take(filters, last));
    clasp_hub_last **link = bucket_of(filters, last->hash);
    while (*link != last) {
        link = &(*link)->same_hash;
    }
    *link = last->same_hash;
    *last->of_sub_to = last->of_sub;
    if (last->of_sub) {
        last->of_sub->of_sub_to = last->of_sub_to;
    }
    unlink_last(filters, last);
    filters->count--;
    filters->bytes -= sizeof *last + last->address_len;
    free(last);
}

clasp_hub_last *clasp_hub_filters_surplus(const clasp_hub_filters *filters) {
    const bool is_full = filters->count > CLASP_HUB_FILTER_STATES || filters->bytes > CLASP_HUB_FILTER_BYTES;
    return is_full ? filters->oldest : NULL;
}

/* ---- what passes --------------------------------------------------------------------------------------------- */

/* A NaN is near to nothing. */
static bool is_near(const clasp_hub_filter *filter, const clasp_hub_last *last, const clasp_hub_kind *kind) {
    const double step = kind->number - last->number;
    return filter->epsilon > 0 && kind->is_numeric && last->has_number &&
           (step < 0 ? -step : step) < filter->epsilon;
}

clasp_hub_verdict clasp_hub_filters_judge(const clasp_hub_filters *filters, uint32_t sub,
                                          const clasp_hub_last *last, const clasp_hub_kind *kind,
                                          uint64_t now_us) {
    const clasp_hub_filter *filter = filters->by_sub[sub];
    if (!last || !kind->is_thinned) {
        return CLASP_HUB_GIVE;
    }
    if (is_near(filter, last, kind)) {
        return CLASP_HUB_SKIP;
    }
    return now_us < last->given_us + filter->interval_us ? CLASP_HUB_LATER : CLASP_HUB_GIVE;
}

void clasp_hub_filters_given(clasp_hub_filters *filters, uint32_t sub, clasp_hub_last *last,
                             clasp_span address, const clasp_hub_kind *kind, uint64_t now_us) {
    if (!kind->is_thinned) {
        return; /* what always passes does not use up the rate */
    }
    last = last ? last : make(filters, sub, address);
    if (last) {
        last->given_us = now_us;
        last->number = kind->number;
        last->has_number = kind->is_numeric;
        unlink_last(filters, last);
        link_newest(filters, last);
    }
}

/* ---- what is held back --------------------------------------------------------------------------------------- */

clasp_hub_kept *clasp_hub_kept_new(clasp_span frame, const clasp_hub_kind *kind) {
    clasp_hub_kept *kept = malloc(sizeof *kept + frame.len);
    if (kept) {
        *kept = (clasp_hub_kept){.refs = 1, .len = frame.len, .kind = *kind};
        memcpy(kept->frame, frame.at, frame.len);
    }
    return kept;
}

void clasp_hub_kept_drop(clasp_hub_kept *kept) {
    if (kept && --kept->refs == 0) {
        free(kept);
    }
}

bool clasp_hub_filters_keep(clasp_hub_filters *filters, clasp_hub_last *last, clasp_hub_kept *kept) {
    const clasp_hub_filter *filter = filters->by_sub[last->sub];
    if (!clasp_hub_dues_put(&filters->dues, &last->due, last->given_us + filter->interval_us)) {
        return false;
    }
    kept->refs++;
    filters->bytes += sizeof *kept + kept->len;
    if (last->kept) {
        filters->bytes -= sizeof *kept + last->kept->len;
        clasp_hub_kept_drop(last->kept);
    }
    last->kept = kept;
    return true;
}

clasp_hub_kept *clasp_hub_filters_take(clasp_hub_filters *filters, clasp_hub_last *last) {
    clasp_hub_kept *kept = last->kept;
    if (kept) {
        filters->bytes -= sizeof *kept + kept->len;
    }
    clasp_hub_dues_drop(&filters->dues, &last->due);
    last->kept = NULL;
    return kept;
}
