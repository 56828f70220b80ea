/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Hints to the processor: what will be needed soon. They change nothing but how long it takes. */
#ifndef HUB_BASE_CACHE_H
#define HUB_BASE_CACHE_H

#include <stddef.h>

enum { HUB_CACHE_LINE = 64 };

/* Begin to load `bytes` from `at` on, to be read. The address may be any. */
static inline void hub_cache_read(const void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += HUB_CACHE_LINE) {
        __builtin_prefetch((const char *) at + i);
    }
}

/* The same to be written: no other core has these lines then. For x86-64 in general the compiler only knows the hint to read,
 * which leaves the slow half for later. */
static inline void hub_cache_write(void *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += HUB_CACHE_LINE) {
#ifdef __x86_64__
        __asm__ volatile("prefetchw %0" : : "m"(((char *) at)[i]));
#else
        __builtin_prefetch((char *) at + i, 1);
#endif
    }
}

#endif
