/**
 * Allocation failure on demand. Test binaries are linked with `--wrap` for malloc, calloc, realloc and free, so every
 * allocation of the code under test passes here.
 */
#ifndef CLASP_TESTS_ALLOC_H
#define CLASP_TESTS_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/** Let the n-th allocation from now on fail, once (1: the next one). 0: none. */
void clasp_test_fail_allocation(size_t n);

/** True if the failure asked for has happened. */
bool clasp_test_allocation_failed(void);

/** Blocks allocated and not freed at this moment. */
size_t clasp_test_live_allocations(void);

/** Bytes of those blocks, as the allocator counts them: some more than were asked for. */
size_t clasp_test_live_bytes(void);

/**
 * Run `attempt` with its 1st, then its 2nd, … allocation failing, until it runs without meeting the failure.
 * `attempt` makes and frees all that it needs.
 *
 * @return the number of failures that were met; -1 when an attempt left a block behind, or met more than 10,000
 */
int clasp_test_each_allocation(void (*attempt)(void *context), void *context);

#endif
