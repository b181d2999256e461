#include "route/trie.h"

#include <stdlib.h>

#include "route/address.h"
#include "route/hash.h"
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

static uint32_t edge_hash(uint32_t parent, uint32_t segment_hash) {
    const uint32_t hash = segment_hash ^ parent * 0x9E3779B1u;
    return hash ^ hash >> 15;
}

static uint32_t find_edge(const clasp_trie *trie, uint32_t parent, clasp_span segment, uint32_t hash) {
    clasp_probe probe = clasp_table_probe(&trie->edges, hash);
    for (uint32_t node; (node = clasp_table_next(&trie->edges, &probe)) != CLASP_NONE;) {
        const clasp_trie_node *n = &trie->nodes[node];
        if (n->parent == parent && n->len == segment.len &&
            clasp_same_bytes(n->text, segment.at, segment.len)) {
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

static uint32_t make_child(clasp_trie *trie, uint32_t parent, clasp_span segment, node_kind kind,
                           uint32_t hash) {
    const bool has_text = kind == LITERAL || kind == MIXED;
    if ((trie->free_node == NO_NODE && !grow(trie)) || (has_text && !clasp_table_reserve(&trie->edges))) {
        return NO_NODE;
    }
    uint8_t *text = has_text ? malloc(segment.len ? segment.len : 1) : NULL;
    if (has_text && !text) {
        return NO_NODE;
    }
    const uint32_t child = take_node(trie);
    clasp_trie_node *node = &trie->nodes[child];
    node->parent = parent;
    node->kind = kind;
    if (has_text) {
        memcpy(text, segment.at, segment.len);
        node->text = text;
        node->len = segment.len;
        node->hash = hash;
        trie->text_bytes += segment.len;
        clasp_table_add(&trie->edges, hash, child);
    } else {
        *wild_child(&trie->nodes[parent], kind) = child;
    }
    if (kind == MIXED) {
        link_mixed(trie, parent, child);
    }
    trie->nodes[parent].literals += kind == LITERAL;
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
    const uint32_t hash = has_text ? edge_hash(parent, clasp_hash(trie->seed, segment)) : 0;
    const uint32_t child =
        has_text ? find_edge(trie, parent, segment, hash) : *wild_child(&trie->nodes[parent], kind);
    return child != NO_NODE ? child : make_child(trie, parent, segment, kind, hash);
}

/* Free a node that nothing uses any more, and those above it for which that has become true. */
static void prune(clasp_trie *trie, uint32_t node) {
    while (node != ROOT && trie->nodes[node].uses == 0) {
        clasp_trie_node *gone = &trie->nodes[node];
        const uint32_t parent = gone->parent;
        trie->nodes[parent].literals -= gone->kind == LITERAL;
        if (gone->kind == MIXED) {
            unlink_mixed(trie, gone);
        }
        if (gone->text) {
            clasp_table_remove(&trie->edges, gone->hash, node);
            trie->text_bytes -= gone->len;
            free(gone->text);
        } else {
            *wild_child(&trie->nodes[parent], (node_kind)gone->kind) = NO_NODE;
        }
        free_node(trie, node);
        trie->nodes[parent].uses--;
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

static void next_step(clasp_trie *trie) {
    if (++trie->step == 0) { /* after 2^32 steps, old marks would look new */
        for (uint32_t node = 0; node < trie->cap; node++) {
            trie->nodes[node].mark = 0;
        }
        trie->step = 1;
    }
}

/* Reach a node, and with it its child "**", which takes zero segments too. @return the nodes reached so far */
static uint32_t reach(clasp_trie *trie, uint32_t *reached, uint32_t count, uint32_t node) {
    for (; node != NO_NODE && trie->nodes[node].mark != trie->step; node = trie->nodes[node].globstar) {
        trie->nodes[node].mark = trie->step;
        reached[count++] = node;
    }
    return count;
}

/* Reach all that lies one segment behind `node`. */
static uint32_t reach_behind(clasp_trie *trie, uint32_t count, uint32_t node, clasp_span segment,
                             uint32_t hash) {
    const clasp_trie_node *n = &trie->nodes[node];
    if (n->kind == GLOBSTAR) {
        count = reach(trie, trie->next, count, node);
    }
    count = reach(trie, trie->next, count, n->star);
    if (n->literals > 0) {
        count = reach(trie, trie->next, count, find_edge(trie, node, segment, edge_hash(node, hash)));
    }
    for (uint32_t child = n->mixed; child != NO_NODE; child = trie->nodes[child].next) {
        const clasp_span pattern = {trie->nodes[child].text, trie->nodes[child].len};
        if (clasp_match_segment(pattern, segment)) {
            count = reach(trie, trie->next, count, child);
        }
    }
    return count;
}

static uint32_t keep_owned(clasp_trie *trie, uint32_t count) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (trie->nodes[trie->reached[i]].owner != CLASP_NONE) {
            trie->reached[kept++] = trie->reached[i];
        }
    }
    return kept;
}

uint32_t clasp_trie_walk(clasp_trie *trie, clasp_span address, const uint32_t **matches) {
    clasp_segments left = clasp_segments_of(address);
    next_step(trie);
    uint32_t count = reach(trie, trie->reached, 0, ROOT);
    for (clasp_span segment; count > 0 && clasp_next_segment(&left, &segment);) {
        const uint32_t hash = clasp_hash(trie->seed, segment);
        uint32_t next_count = 0;
        next_step(trie);
        for (uint32_t i = 0; i < count; i++) {
            next_count = reach_behind(trie, next_count, trie->reached[i], segment, hash);
        }
        uint32_t *reached = trie->reached;
        trie->reached = trie->next;
        trie->next = reached;
        count = next_count;
    }
    *matches = trie->reached;
    return keep_owned(trie, count);
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
