/**
 * Patterns as a trie of segments. Literal children are found by hash, "*" and "**" stand in the node, children with
 * stars inside a segment form a list. Who subscribed is not known here: the owner hangs a list at each node.
 */
#ifndef CLASP_ROUTE_TRIE_H
#define CLASP_ROUTE_TRIE_H

#include "base/bytes.h"
#include "route/path.h"
#include "route/table.h"

typedef struct clasp_trie_node {
    uint8_t *text;     /* the segment of a literal, or of one with stars inside; NULL for "*" and "**" */
    uint64_t tail;     /* of it, as in clasp_step */
    uint32_t parent;   /* of a free node: the next free one */
    uint32_t star;     /* child "*"; 0: none */
    uint32_t globstar; /* child "**"; 0: none */
    uint32_t mixed;    /* first child with stars inside its segment; 0: none */
    uint32_t next;     /* siblings in that list; 0 at the ends */
    uint32_t prev;
    uint32_t
        literals; /* a bit for each child with a text and no star in it, by its hash; those of former ones may be left */
    uint32_t uses;  /* children, and calls of clasp_trie_insert() that are not released yet */
    uint32_t owner; /* the owner's; CLASP_NONE at first, and whenever no pattern ends here */
    uint32_t mark;  /* of "**": the step of a walk that has reached this node last */
    uint16_t len;   /* of the text */
    uint8_t kind;
} clasp_trie_node;

typedef struct clasp_trie {
    clasp_trie_node *nodes; /* [0] is none, [1] the root */
    uint32_t *reached;      /* the nodes a walk is at, and … */
    uint32_t *next;         /* … those that it gets to with the next segment: room for all nodes each */
    uint32_t cap;           /* nodes allocated */
    uint32_t free_node;     /* 0: none */
    uint32_t step;
    uint32_t text_bytes;
    clasp_table edges; /* (parent, segment) to child */
    uint64_t seed;
} clasp_trie;

/** False: no memory. */
bool clasp_trie_init(clasp_trie *trie, uint64_t seed);
void clasp_trie_deinit(clasp_trie *trie);

/** The node of a checked pattern; give it back with clasp_trie_release(). 0: no memory, nothing has changed. */
uint32_t clasp_trie_insert(clasp_trie *trie, clasp_span pattern);
void clasp_trie_release(clasp_trie *trie, uint32_t node);

/**
 * The nodes with an owner whose patterns match an address that was cut under the trie's seed, each once, in an order that is the same
 * until a pattern comes or goes. Worst case: for each segment of the address, every node once (nodes with stars inside their segment:
 * a comparison of segments). No allocation.
 * @param matches room for as many nodes as have owners
 * @return how many
 */
uint32_t clasp_trie_walk(clasp_trie *trie, const clasp_path *path, uint32_t *matches);

/** Bytes held, with all tables; and the most that can become with `patterns` patterns of `bytes` bytes and `segments`
 *  segments together. */
size_t clasp_trie_memory(const clasp_trie *trie);
size_t clasp_trie_memory_max(uint32_t patterns, uint32_t bytes, uint32_t segments);

#endif
