/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Memory from malloc(), or the end of the process. */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

static size_t in_huge_pages(size_t bytes)
{
    return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

/* Mapped with room to spare, of which only what lies between two borders of huge pages is kept. */
void *hub_memory_table(size_t bytes)
{
    size_t rounded = in_huge_pages(bytes);
    if (bytes < HUGE_PAGE) {
        return hub_memory_zero(bytes);
    }
    char *mapped = mmap(NULL, rounded + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        end_without_memory(rounded);
    }
    size_t before = -(uintptr_t) mapped % HUGE_PAGE;
    if (before > 0) {
        munmap(mapped, before);
    }
    munmap(mapped + before + rounded, HUGE_PAGE - before);
    (void) madvise(mapped + before, rounded, MADV_HUGEPAGE);
    return mapped + before;
}

void hub_memory_table_free(void *at, size_t bytes)
{
    if (bytes < HUGE_PAGE) {
        free(at);
    } else if (at != NULL) {
        munmap(at, in_huge_pages(bytes));
    }
}

void *hub_memory_resize(void *at, size_t bytes)
{
    void *moved = realloc(at, bytes > 0 ? bytes : 1);
    if (moved == NULL) {
        end_without_memory(bytes);
    }
    return moved;
}
