/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Memory from the system, or the end of the process: below this, nobody asks again. */
#ifndef HUB_BASE_MEMORY_H
#define HUB_BASE_MEMORY_H

#include <stddef.h>

/* `bytes` of memory, not zeroed, to be freed with free(). Never NULL: the process ends with a sentence on stderr when
 * memory is gone. Bounds on what clients may ask for are checked long before. Any thread. */
void *hub_memory_new(size_t bytes);

/* `bytes` of zeroed memory, otherwise as hub_memory_new. Any thread. */
void *hub_memory_zero(size_t bytes);

/* Zeroed memory for a large table that is looked into at random: in huge pages where the kernel gives some, which spares a miss in
 * the processor's table of pages each time, and a fault each 4 KiB at first. It is taken from the system as it is first
 * touched. Freed by hub_memory_table_free() with the same size, which takes NULL. Any thread. */
void *hub_memory_table(size_t bytes);
void hub_memory_table_free(void *at, size_t bytes);

/* The same memory with another size, as realloc() does it; `at` may be NULL and is no longer valid. Never NULL. */
void *hub_memory_resize(void *at, size_t bytes);

#endif
