/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Memory from malloc(), or the end of the process. */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 * 1024 * 1024 };

/* A hub that cannot get a few bytes could neither answer nor log; what was acknowledged is on disk. */
static _Noreturn void end_without_memory(size_t bytes)
{
    fprintf(stderr, "omnihub: out of memory: %zu bytes were refused, so the process ends\n", bytes);
    abort();
}

void *hub_memory_new(size_t bytes)
{
    void *at = malloc(bytes > 0 ? bytes : 1);
    if (at == NULL) {
        end_without_memory(bytes);
    }
    return at;
}

void *hub_memory_zero(size_t bytes)
{
    void *at = calloc(1, bytes > 0 ? bytes : 1);
    if (at == NULL) {
        end_without_memory(bytes);
    }
    return at;
}

void *hub_memory_table(size_t bytes)
{
    size_t rounded = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    if (bytes < HUGE_PAGE) {
        return hub_memory_zero(bytes);
    }
    void *at = aligned_alloc(HUGE_PAGE, rounded);
    if (at == NULL) {
        end_without_memory(rounded);
    }
    (void) madvise(at, rounded, MADV_HUGEPAGE);
    memset(at, 0, rounded);
    return at;
}

void *hub_memory_resize(void *at, size_t bytes)
{
    void *moved = realloc(at, bytes > 0 ? bytes : 1);
    if (moved == NULL) {
        end_without_memory(bytes);
    }
    return moved;
}
