#include "alloc.h"

#include <malloc.h>
#include <stdint.h>

/* The linker's names: `__real_x` is the function itself, `__wrap_x` is what the code under test calls. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static size_t countdown; /* 0: no failure is asked for */
static bool failed;
static size_t live;
static size_t live_bytes;

static bool fails_now(void) {
    if (countdown == 0 || --countdown > 0) {
        return false;
    }
    failed = true;
    return true;
}

static void *counted(void *block) {
    live += block != NULL;
    live_bytes += malloc_usable_size(block);
    return block;
}

void *__wrap_malloc(size_t size) { return fails_now() ? NULL : counted(__real_malloc(size)); }

void *__wrap_calloc(size_t count, size_t size) {
    return fails_now() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size) {
    if (block == NULL) {
        return __wrap_malloc(size);
    }
    if (fails_now()) {
        return NULL;
    }
    const size_t before = malloc_usable_size(block);
    void *moved = __real_realloc(block, size);
    if (moved) {
        live_bytes += malloc_usable_size(moved) - before;
    }
    return moved;
}

void __wrap_free(void *block) {
    live -= block != NULL;
    live_bytes -= malloc_usable_size(block);
    __real_free(block);
}

void clasp_test_fail_allocation(size_t n) {
    countdown = n;
    failed = false;
}

bool clasp_test_allocation_failed(void) { return failed; }

size_t clasp_test_live_allocations(void) { return live; }

size_t clasp_test_live_bytes(void) { return live_bytes; }

int clasp_test_each_allocation(void (*attempt)(void *context), void *context) {
    for (int n = 1; n <= 10000; n++) {
        const size_t before = live;
        clasp_test_fail_allocation((size_t)n);
        attempt(context);
        const bool met = failed;
        clasp_test_fail_allocation(0);
        if (live != before) {
            return -1;
        }
        if (!met) {
            return n - 1;
        }
    }
    return -1;
}
