#include "hub/due.h"

#include <stdlib.h>

#define FIRST_CAP 16u

void clasp_hub_dues_deinit(clasp_hub_dues *dues) {
    free(dues->heap);
    *dues = (clasp_hub_dues){0};
}

static void set_place(clasp_hub_dues *dues, uint32_t place, clasp_hub_due *due) {
    dues->heap[place - 1] = due;
    due->place = place;
}

static bool is_earlier(const clasp_hub_dues *dues, uint32_t place, const clasp_hub_due *due) {
    return dues->heap[place - 1]->at_us < due->at_us;
}

/* Find the place of what is now at `place`: up while it is earlier than what is above, else down. */
static void settle(clasp_hub_dues *dues, uint32_t place, clasp_hub_due *due) {
    while (place > 1 && due->at_us < dues->heap[place / 2 - 1]->at_us) {
        set_place(dues, place, dues->heap[place / 2 - 1]);
        place /= 2;
    }
    for (uint32_t below = place * 2; below <= dues->count; below = place * 2) {
        if (below < dues->count && is_earlier(dues, below + 1, dues->heap[below - 1])) {
            below++;
        }
        if (!is_earlier(dues, below, due)) {
            break;
        }
        set_place(dues, place, dues->heap[below - 1]);
        place = below;
    }
    set_place(dues, place, due);
}

static bool reserve(clasp_hub_dues *dues) {
    if (dues->count < dues->cap) {
        return true;
    }
    const uint32_t cap = dues->cap ? dues->cap * 2 : FIRST_CAP;
    clasp_hub_due **heap = realloc(dues->heap, cap * sizeof *heap);
    if (!heap) {
        return false;
    }
    dues->heap = heap;
    dues->cap = cap;
    return true;
}

bool clasp_hub_dues_put(clasp_hub_dues *dues, clasp_hub_due *due, uint64_t at_us) {
    if (due->place == 0) {
        if (!reserve(dues)) {
            return false;
        }
        due->place = ++dues->count;
    }
    due->at_us = at_us;
    settle(dues, due->place, due);
    return true;
}

void clasp_hub_dues_drop(clasp_hub_dues *dues, clasp_hub_due *due) {
    const uint32_t place = due->place;
    if (place == 0) {
        return;
    }
    due->place = 0;
    clasp_hub_due *last = dues->heap[--dues->count];
    if (last != due) {
        settle(dues, place, last);
    }
}

clasp_hub_due *clasp_hub_dues_first(const clasp_hub_dues *dues, uint64_t now_us) {
    return clasp_hub_dues_deadline(dues) <= now_us ? dues->heap[0] : NULL;
}
