#include "route/trie.h"

#include <stdlib.h>

#include "route/address.h"
#include "route/segment.h"

#define NO_NODE 0u
#define ROOT 1u
#define FIRST_CAP 16u

typedef enum node_kind { LITERAL, STAR, GLOBSTAR, MIXED } node_kind;

/* ---- nodes --------------------------------------------------------------------------------------------------- */

/* NULL, and the array as it was, when there is no memory. */
static void *grow_array(void *array, uint32_t cap, size_t item) { return realloc(array, cap * item); }

static void free_node(clasp_trie *trie, uint32_t node) {
    trie->nodes[node] = (clasp_trie_node){.parent = trie->free_node, .owner = CLASP_NONE};
    trie->free_node = node;
}

static bool grow(clasp_trie *trie) {
    const uint32_t cap = trie->cap ? trie->cap * 2 : FIRST_CAP;
    clasp_trie_node *nodes = grow_array(trie->nodes, cap, sizeof *nodes);
    trie->nodes = nodes ? nodes : trie->nodes;
    uint32_t *reached = grow_array(trie->reached, cap, sizeof *reached);
    trie->reached = reached ? reached : trie->reached;
    uint32_t *next = grow_array(trie->next, cap, sizeof *next);
    trie->next = next ? next : trie->next;
    if (!nodes || !reached || !next) {
        return false;
    }
    for (uint32_t node = cap; node-- > trie->cap;) {
        free_node(trie, node); /* the lowest one is taken first */
    }
    trie->cap = cap;
    return true;
}

static uint32_t take_node(clasp_trie *trie) {
    const uint32_t node = trie->free_node;
    trie->free_node = trie->nodes[node].parent;
    trie->nodes[node].parent = NO_NODE;
    return node;
}

bool clasp_trie_init(clasp_trie *trie, uint64_t seed) {
    *trie = (clasp_trie){.seed = seed};
    if (!grow(trie)) {
        clasp_trie_deinit(trie);
        return false;
    }
    trie->free_node = ROOT + 1;
    trie->nodes[ROOT] = (clasp_trie_node){.owner = CLASP_NONE};
    return true;
}

void clasp_trie_deinit(clasp_trie *trie) {
    for (uint32_t node = 0; node < trie->cap; node++) {
        free(trie->nodes[node].text);
    }
    free(trie->nodes);
    free(trie->reached);
    free(trie->next);
    clasp_table_deinit(&trie->edges);
    *trie = (clasp_trie){.cap = 0};
}

/* ---- edges --------------------------------------------------------------------------------------------------- */

static node_kind kind_of(clasp_span segment) {
    uint32_t stars = 0;
    for (uint32_t i = 0; i < segment.len; i++) {
        stars += segment.at[i] == '*';
    }
    if (stars == 0) {
        return LITERAL;
    }
    if (stars < segment.len) {
        return MIXED;
    }
    return clasp_is_globstar(segment) ? GLOBSTAR : STAR; /* a longer run of stars is one star */
}

static inline uint32_t edge_hash(uint32_t parent, uint32_t segment_hash) {
    const uint32_t hash = segment_hash ^ parent * 0x9E3779B1u;
    return hash ^ hash >> 15;
}

/* The bit of a literal child in its parent. */
static inline uint32_t literal_bit(const clasp_step *step) { return 1u << (step->hash >> 27); }

static inline bool is_child(const clasp_trie_node *n, uint32_t parent, const clasp_step *step) {
    return n->parent == parent && n->tail == step->tail && n->len == step->len &&
           (n->len <= 8 || clasp_same_bytes(n->text, step->at, step->len - 8));
}

static inline uint32_t find_edge(const clasp_trie *trie, uint32_t parent, const clasp_step *step) {
    clasp_probe probe = clasp_table_probe(&trie->edges, edge_hash(parent, step->hash));
    for (uint32_t node; (node = clasp_table_next(&trie->edges, &probe)) != CLASP_NONE;) {
        if (is_child(&trie->nodes[node], parent, step)) {
            return node;
        }
    }
    return NO_NODE;
}

static void link_mixed(clasp_trie *trie, uint32_t parent, uint32_t child) {
    clasp_trie_node *p = &trie->nodes[parent];
    trie->nodes[child].next = p->mixed;
    if (p->mixed != NO_NODE) {
        trie->nodes[p->mixed].prev = child;
    }
    p->mixed = child;
}

static void unlink_mixed(clasp_trie *trie, const clasp_trie_node *child) {
    *(child->prev ? &trie->nodes[child->prev].next : &trie->nodes[child->parent].mixed) = child->next;
    if (child->next != NO_NODE) {
        trie->nodes[child->next].prev = child->prev;
    }
}

/* A child without text of its own: "*" or "**". */
static uint32_t *wild_child(clasp_trie_node *parent, node_kind kind) {
    return kind == STAR ? &parent->star : &parent->globstar;
}

static uint32_t make_child(clasp_trie *trie, uint32_t parent, const clasp_step *step, node_kind kind) {
    const bool has_text = kind == LITERAL || kind == MIXED;
    if ((trie->free_node == NO_NODE && !grow(trie)) || (has_text && !clasp_table_reserve(&trie->edges))) {
        return NO_NODE;
    }
    uint8_t *text = has_text ? malloc(step->len ? step->len : 1) : NULL;
    if (has_text && !text) {
        return NO_NODE;
    }
    const uint32_t child = take_node(trie);
    clasp_trie_node *node = &trie->nodes[child];
    node->parent = parent;
    node->kind = (uint8_t)kind;
    if (has_text) {
        memcpy(text, step->at, step->len);
        node->text = text;
        node->len = (uint16_t)step->len;
        node->tail = step->tail;
        trie->text_bytes += step->len;
        clasp_table_add(&trie->edges, edge_hash(parent, step->hash), child);
    } else {
        *wild_child(&trie->nodes[parent], kind) = child;
    }
    if (kind == MIXED) {
        link_mixed(trie, parent, child);
    } else if (kind == LITERAL) {
        trie->nodes[parent].literals |= literal_bit(step);
    }
    trie->nodes[parent].uses++;
    return child;
}

/* The child for a segment of a pattern, made if need be; NO_NODE: no memory. */
static uint32_t child_for(clasp_trie *trie, uint32_t parent, clasp_span segment) {
    const node_kind kind = kind_of(segment);
    if (kind == GLOBSTAR && trie->nodes[parent].kind == GLOBSTAR) {
        return parent; /* two in a row match what one matches */
    }
    const bool has_text = kind == LITERAL || kind == MIXED;
    const clasp_step step = clasp_step_of(segment, trie->seed);
    const uint32_t child =
        has_text ? find_edge(trie, parent, &step) : *wild_child(&trie->nodes[parent], kind);
    return child != NO_NODE ? child : make_child(trie, parent, &step, kind);
}

static void remove_edge(clasp_trie *trie, uint32_t node) {
    clasp_trie_node *gone = &trie->nodes[node];
    const clasp_step step = clasp_step_of((clasp_span){gone->text, gone->len}, trie->seed);
    clasp_table_remove(&trie->edges, edge_hash(gone->parent, step.hash), node);
    trie->text_bytes -= gone->len;
    free(gone->text);
}

/* Free a node that nothing uses any more, and those above it for which that has become true. */
static void prune(clasp_trie *trie, uint32_t node) {
    while (node != ROOT && trie->nodes[node].uses == 0) {
        clasp_trie_node *gone = &trie->nodes[node];
        const uint32_t parent = gone->parent;
        clasp_trie_node *above = &trie->nodes[parent];
        if (gone->kind == MIXED) {
            unlink_mixed(trie, gone);
        }
        if (gone->text) {
            remove_edge(trie, node);
        } else {
            *wild_child(above, (node_kind)gone->kind) = NO_NODE;
        }
        free_node(trie, node);
        above->uses--;
        above->literals = above->uses > 0 ? above->literals : 0;
        node = parent;
    }
}

uint32_t clasp_trie_insert(clasp_trie *trie, clasp_span pattern) {
    uint32_t node = ROOT;
    clasp_segments left = clasp_segments_of(pattern);
    for (clasp_span segment; clasp_next_segment(&left, &segment);) {
        const uint32_t child = child_for(trie, node, segment);
        if (child == NO_NODE) {
            prune(trie, node);
            return NO_NODE;
        }
        node = child;
    }
    trie->nodes[node].uses++;
    return node;
}

void clasp_trie_release(clasp_trie *trie, uint32_t node) {
    trie->nodes[node].uses--;
    prune(trie, node);
}

/* ---- walking ------------------------------------------------------------------------------------------------- */

/* One walk. What is often looked at is at hand here: nothing moves meanwhile. */
typedef struct walk {
    clasp_trie_node *nodes;
    const clasp_trie *trie;
    uint32_t *reached; /* as in the trie */
    uint32_t *next;
    uint32_t *matches;
    uint32_t next_count;
    uint32_t match_count;
    uint32_t step;
    uint32_t first; /* marks from here on are this walk's */
} walk;

/* Reach "**": what it ends with matches whatever follows, so it is found now; it is gone on with for the sake of its children. It
 * alone can be reached in two ways: from above, and from itself. */
static inline void reach_globstar(walk *w, uint32_t node) {
    clasp_trie_node *n = &w->nodes[node];
    if (n->mark == w->step) {
        return;
    }
    if (n->mark < w->first && n->owner != CLASP_NONE) {
        w->matches[w->match_count++] = node;
    }
    n->mark = w->step;
    if ((n->literals | n->star | n->mixed) != 0) {
        w->next[w->next_count++] = node;
    }
}

/* Reach any other node, and with it its child "**", which takes zero segments too. */
static inline void reach(walk *w, uint32_t node) {
    w->next[w->next_count++] = node;
    if (w->nodes[node].globstar != NO_NODE) {
        reach_globstar(w, w->nodes[node].globstar);
    }
}

static inline void reach_mixed(walk *w, uint32_t child, const clasp_step *step) {
    for (; child != NO_NODE; child = w->nodes[child].next) {
        const clasp_span pattern = {w->nodes[child].text, w->nodes[child].len};
        if (clasp_match_segment(pattern, (clasp_span){step->at, step->len})) {
            reach(w, child);
        }
    }
}

/* Reach all that lies one segment behind `node`. */
static inline void reach_behind(walk *w, uint32_t node, const clasp_step *step) {
    const clasp_trie_node *n = &w->nodes[node];
    if (n->kind == GLOBSTAR) {
        reach_globstar(w, node);
    }
    if (n->star != NO_NODE) {
        reach(w, n->star);
    }
    if (n->literals & literal_bit(step)) {
        const uint32_t child = find_edge(w->trie, node, step);
        if (child != NO_NODE) {
            reach(w, child);
        }
    }
    reach_mixed(w, n->mixed, step);
}

/* What was reached becomes what the walk is at. @return how many */
static inline uint32_t turn(walk *w) {
    uint32_t *reached = w->reached;
    w->reached = w->next;
    w->next = reached;
    w->step++;
    const uint32_t count = w->next_count;
    w->next_count = 0;
    return count;
}

/* So that no step of a walk comes to 0, or below an old mark. */
static void renew_marks(clasp_trie *trie) {
    for (uint32_t node = 0; node < trie->cap; node++) {
        trie->nodes[node].mark = 0;
    }
    trie->step = 0;
}

static walk begin(clasp_trie *trie, uint32_t *matches) {
    if (trie->step > UINT32_MAX - 2 * CLASP_ADDRESS_SEGMENTS) {
        renew_marks(trie);
    }
    const uint32_t step = trie->step + 1;
    return (walk){.nodes = trie->nodes,
                  .trie = trie,
                  .reached = trie->reached,
                  .next = trie->next,
                  .matches = matches,
                  .step = step,
                  .first = step};
}

uint32_t clasp_trie_walk(clasp_trie *trie, const clasp_path *path, uint32_t *matches) {
    walk w = begin(trie, matches);
    reach(&w, ROOT);
    uint32_t count = turn(&w);
    for (uint32_t i = 0; i < path->count && count > 0; i++) {
        for (uint32_t k = 0; k < count; k++) {
            reach_behind(&w, w.reached[k], &path->steps[i]);
        }
        count = turn(&w);
    }
    for (uint32_t k = 0; k < count; k++) {
        const clasp_trie_node *n = &w.nodes[w.reached[k]];
        if (n->owner != CLASP_NONE && n->kind != GLOBSTAR) {
            matches[w.match_count++] = w.reached[k];
        }
    }
    trie->step = w.step;
    return w.match_count;
}

/* A node, and its room in the two lists of a walk. */
#define NODE_BYTES (sizeof(clasp_trie_node) + 2 * sizeof(uint32_t))

size_t clasp_trie_memory(const clasp_trie *trie) {
    return trie->cap * NODE_BYTES + trie->text_bytes + clasp_table_memory(&trie->edges);
}

size_t clasp_trie_memory_max(uint32_t patterns, uint32_t bytes, uint32_t segments) {
    /* A segment has two bytes, but the last may be a mere slash. */
    const size_t by_bytes = (size_t)patterns + bytes / 2;
    const size_t nodes = ROOT + 1 + (by_bytes < segments ? by_bytes : segments);
    const size_t cap = nodes * 2 < FIRST_CAP ? FIRST_CAP : nodes * 2;
    return cap * NODE_BYTES + bytes + clasp_table_memory_max(nodes);
}
