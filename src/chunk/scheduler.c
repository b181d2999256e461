#include "chunk/scheduler.h"

typedef struct clasp_outgoing {
    struct clasp_outgoing *next;
    clasp_text bytes;
    clasp_split split; /* of a large message */
    uint64_t turn;     /* when it last went; 0: not yet */
    uint32_t id;       /* 0: a small message */
    uint8_t priority;
    bool is_kept;
} outgoing;

/* ---- lists --------------------------------------------------------------------------------------------------- */

/* True if `a` is the older one; ids go round. */
static bool is_older(const outgoing *a, const outgoing *b) { return (int32_t)(a->id - b->id) < 0; }

/* Behind those that are older. Small messages have no id: behind all. */
static void insert(clasp_outgoing_list *list, outgoing *item) {
    if (!list->last || !is_older(item, list->last)) {
        item->next = NULL;
        *(list->last ? &list->last->next : &list->first) = item;
        list->last = item;
        return;
    }
    outgoing **at = &list->first;
    while (!is_older(item, *at)) {
        at = &(*at)->next;
    }
    item->next = *at;
    *at = item;
}

static void unlink_item(clasp_outgoing_list *list, outgoing *item) {
    outgoing *before = NULL;
    for (outgoing *i = list->first; i != item; i = i->next) {
        before = i;
    }
    *(before ? &before->next : &list->first) = item->next;
    if (list->last == item) {
        list->last = before;
    }
}

static outgoing *find(const clasp_outgoing_list *list, uint32_t id) {
    outgoing *item = list->first;
    while (item && item->id != id) {
        item = item->next;
    }
    return item;
}

/* The list that a large message is in; NULL: none. */
static clasp_outgoing_list *list_of(clasp_scheduler *s, uint32_t id, outgoing **item) {
    clasp_outgoing_list *lists[CLASP_PRIORITIES + 1] = {&s->kept};
    for (unsigned i = 0; i < CLASP_PRIORITIES; i++) {
        lists[i + 1] = &s->lanes[i].large;
    }
    for (unsigned i = 0; i <= CLASP_PRIORITIES; i++) {
        *item = find(lists[i], id);
        if (*item) {
            return lists[i];
        }
    }
    return NULL;
}

static void free_item(outgoing *item) {
    if (item) {
        clasp_text_clear(&item->bytes);
        free(item);
    }
}

static void free_list(clasp_outgoing_list *list) {
    while (list->first) {
        outgoing *item = list->first;
        list->first = item->next;
        free_item(item);
    }
    list->last = NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

void clasp_scheduler_init(clasp_scheduler *s, uint32_t record_max, uint32_t max_len) {
    const bool is_less = max_len > 0 && max_len < CLASP_CHUNK_MAX_LEN;
    *s = (clasp_scheduler){.record_max = record_max, .max_len = is_less ? max_len : CLASP_CHUNK_MAX_LEN};
}

void clasp_scheduler_clear(clasp_scheduler *s) {
    for (unsigned i = 0; i < CLASP_PRIORITIES; i++) {
        free_list(&s->lanes[i].small);
        free_list(&s->lanes[i].large);
    }
    free_list(&s->kept);
    free_item(s->spent);
    clasp_scheduler_init(s, s->record_max, s->max_len);
}

static void forget(clasp_scheduler *s, const outgoing *item) {
    s->bytes -= item->bytes.len;
    s->count--;
}

static void free_spent(clasp_scheduler *s) {
    free_item(s->spent);
    s->spent = NULL;
}

/* 0 means a small message, and is left out when ids go round. */
static uint32_t next_id(const clasp_scheduler *s) { return s->last_id == UINT32_MAX ? 1 : s->last_id + 1; }

clasp_err clasp_scheduler_push(clasp_scheduler *s, clasp_priority priority, clasp_text *message, bool keep,
                               uint32_t *id) {
    outgoing item = {.priority = (uint8_t)priority};
    const bool is_large = message->len > s->record_max;
    free_spent(s);
    if (message->len == 0) {
        return CLASP_EMPTY_PAYLOAD;
    }
    if (is_large) {
        item.id = next_id(s);
        item.is_kept = keep;
        const clasp_err err =
            clasp_split_init(&item.split, item.id, priority, clasp_text_span(message), s->record_max);
        if (err != CLASP_OK || message->len > s->max_len) {
            return CLASP_TOO_LARGE;
        }
    }
    if (s->count == CLASP_CHUNK_QUEUE_COUNT || message->len > CLASP_CHUNK_QUEUE_BYTES - s->bytes) {
        return CLASP_QUEUE_FULL;
    }
    outgoing *queued = malloc(sizeof *queued);
    if (!queued) {
        return CLASP_NO_MEMORY;
    }
    *queued = item;
    queued->bytes = *message;
    *message = (clasp_text){NULL, 0};
    s->bytes += queued->bytes.len;
    s->count++;
    s->last_id = is_large ? item.id : s->last_id;
    insert(is_large ? &s->lanes[priority].large : &s->lanes[priority].small, queued);
    if (id) {
        *id = item.id;
    }
    return CLASP_OK;
}

/* ---- whose turn it is ---------------------------------------------------------------------------------------- */

static bool has_packet(const clasp_lane *lane) { return lane->small.first || lane->large.first; }

/* The highest priority that has something to send; CLASP_PRIORITIES: none. */
static unsigned highest(const clasp_scheduler *s) {
    unsigned priority = 0;
    while (priority < CLASP_PRIORITIES && !has_packet(&s->lanes[priority])) {
        priority++;
    }
    return priority;
}

bool clasp_scheduler_waiting(const clasp_scheduler *s) { return highest(s) < CLASP_PRIORITIES; }

/* Lower priorities that wait have been passed once more. */
static void count_passed(clasp_scheduler *s, unsigned chosen) {
    s->lanes[chosen].passed = 0;
    for (unsigned p = chosen + 1; p < CLASP_PRIORITIES; p++) {
        clasp_lane *lane = &s->lanes[p];
        lane->passed = has_packet(lane) ? lane->passed + 1 : 0;
    }
}

/* The priority that sends: the highest, or now and then one that has been passed too often; never two such in a row. */
static unsigned choose_lane(clasp_scheduler *s) {
    const unsigned first = highest(s);
    unsigned chosen = first;
    for (unsigned p = first + 1; p < CLASP_PRIORITIES && chosen == first && !s->was_lower; p++) {
        if (has_packet(&s->lanes[p]) && s->lanes[p].passed >= CLASP_CHUNK_PATIENCE) {
            chosen = p;
        }
    }
    if (chosen < CLASP_PRIORITIES) {
        count_passed(s, chosen);
    }
    s->was_lower = chosen != first;
    return chosen;
}

/* Whoever of the lane went longest ago: the first small message, or one of the oldest large ones, of which no more are
 * under way than the receiver has room for. */
static outgoing *choose_item(const clasp_scheduler *s, const clasp_lane *lane) {
    outgoing *chosen = lane->small.first;
    uint64_t turn = lane->small_turn;
    uint32_t bytes = 0;
    unsigned abreast = 0;
    for (outgoing *item = lane->large.first; item && abreast < CLASP_CHUNK_ABREAST; item = item->next) {
        bytes += item->bytes.len;
        if (abreast++ > 0 && bytes > s->max_len) {
            break;
        }
        if (!chosen || item->turn < turn) {
            chosen = item;
            turn = item->turn;
        }
    }
    return chosen;
}

/* The message's last packet is in the host's hands: its bytes stay until the next call, or longer. */
static void end(clasp_scheduler *s, clasp_outgoing_list *list, outgoing *item) {
    unlink_item(list, item);
    if (item->is_kept) {
        insert(&s->kept, item);
    } else {
        forget(s, item);
        s->spent = item;
    }
}

bool clasp_scheduler_next(clasp_scheduler *s, clasp_packet *out) {
    free_spent(s);
    const unsigned priority = choose_lane(s);
    if (priority == CLASP_PRIORITIES) {
        return false;
    }
    clasp_lane *lane = &s->lanes[priority];
    outgoing *item = choose_item(s, lane);
    *out = (clasp_packet){.message = item->id, .priority = item->priority, .is_end = true};
    s->turn++;
    if (item->id == 0) {
        lane->small_turn = s->turn;
        out->record.bytes = clasp_text_span(&item->bytes);
    } else {
        item->turn = s->turn;
        clasp_split_next(&item->split, &out->record);
        out->is_end = !clasp_split_left(&item->split);
    }
    if (out->is_end) {
        end(s, item->id == 0 ? &lane->small : &lane->large, item);
    }
    return true;
}

/* ---- again --------------------------------------------------------------------------------------------------- */

clasp_err clasp_scheduler_resume(clasp_scheduler *s, uint32_t id, uint32_t first, uint32_t count) {
    outgoing *item = NULL;
    clasp_outgoing_list *list = id > 0 ? list_of(s, id, &item) : NULL;
    free_spent(s);
    if (!list) {
        return CLASP_BAD_HANDLE;
    }
    clasp_split *split = &item->split;
    uint32_t last = first < split->count && count < split->count - first ? first + count : split->count;
    if (count == 0 || first >= split->count) {
        return CLASP_OK;
    }
    if (clasp_split_left(split)) {
        first = split->next < first ? split->next : first;
        last = split->end > last ? split->end : last;
    }
    clasp_split_seek(split, first, last - first);
    if (list == &s->kept) {
        unlink_item(list, item);
        insert(&s->lanes[item->priority].large, item);
    }
    return CLASP_OK;
}

bool clasp_scheduler_drop(clasp_scheduler *s, uint32_t id) {
    outgoing *item = NULL;
    clasp_outgoing_list *list = id > 0 ? list_of(s, id, &item) : NULL;
    free_spent(s);
    if (!list) {
        return false;
    }
    unlink_item(list, item);
    forget(s, item);
    free_item(item);
    return true;
}
