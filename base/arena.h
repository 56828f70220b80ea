/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* An arena: memory of one request, message or entity that is freed all at once. */
#ifndef HUB_BASE_ARENA_H
#define HUB_BASE_ARENA_H

#include "base/span.h"

struct hub_arena;

/* A new arena. The first block (`first_bytes`, 0 for 1 KiB) lies in the same allocation as the arena itself.
 * Never NULL: the process ends with a sentence when memory is gone. Owned by the caller; one thread at a time. */
struct hub_arena *hub_arena_new(size_t first_bytes);

/* Free the arena and everything in it; *self_p becomes NULL. Takes NULL. */
void hub_arena_destroy(struct hub_arena **self_p);

/* Zeroed memory, aligned for any type, that lives as long as the arena. Never NULL; bytes 0 gives a valid pointer. */
void *hub_arena_get(struct hub_arena *self, size_t bytes);

/* The same, but with anything in it: for what is filled at once. */
void *hub_arena_room(struct hub_arena *self, size_t bytes);

/* Begin to load what will be handed out, from `first` to `last` bytes ahead, into the processor's cache: for one that others read
 * before it was reset, when it is known how much will be asked for. */
void hub_arena_expect(struct hub_arena *self, size_t first, size_t last);

/* A copy of a span, in the arena. */
struct hub_span hub_arena_copy(struct hub_arena *self, struct hub_span bytes);

/* Forget everything but keep the first block for reuse. */
void hub_arena_reset(struct hub_arena *self);

/* Bytes handed out since new or reset. */
size_t hub_arena_used(const struct hub_arena *self);

/* Bytes of memory that it takes, with what is not handed out yet. */
size_t hub_arena_held(const struct hub_arena *self);

#define HUB_NEW(arena, type) ((type *) hub_arena_get((arena), sizeof(type)))
#define HUB_NEW_ARRAY(arena, type, count) ((type *) hub_arena_get((arena), sizeof(type) * (count)))

#endif
