/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* An arena: a chain of blocks, handed out from the front of the newest one.
 *
 * The first block lies behind the arena in the same allocation, so a small request costs one malloc. Later blocks double
 * up to 64 KiB. What would waste most of a block gets a block of its own and leaves the current one in use.
 * Under AddressSanitizer everything not handed out is poisoned, with a gap between two pieces, so overruns are found. */
#include "base/arena.h"

#include <stdlib.h>

#include "base/cache.h"
#include "base/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#define POISONED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONED 1
#endif
#endif

#ifdef POISONED
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#else
enum { GAP = 0 };
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void) (at), (void) (bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void) (at), (void) (bytes))
#endif

enum { ALIGN = 16, FIRST_BYTES = 1024, BLOCK_MAX = 64 << 10 };

struct block {
    struct block *older;
    _Alignas(ALIGN) char bytes[];
};

struct hub_arena {
    struct block *blocks; /* newest first; without the first block */
    char *at;             /* next free byte, aligned */
    char *end;            /* of the block that `at` is in */
    size_t used;          /* bytes handed out */
    size_t held;          /* bytes of this and of the blocks */
    size_t first_bytes;   /* of the first block */
    size_t next_bytes;    /* of the next block */
    _Alignas(ALIGN) char first[];
};

_Static_assert(ALIGN >= _Alignof(max_align_t), "an arena's pieces fit any type");

static size_t rounded(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static void start(struct hub_arena *self)
{
    self->blocks = NULL;
    self->at = self->first;
    self->end = self->first + self->first_bytes;
    self->used = 0;
    self->held = sizeof *self + self->first_bytes;
    self->next_bytes = self->first_bytes;
    ASAN_POISON_MEMORY_REGION(self->first, self->first_bytes);
}

struct hub_arena *hub_arena_new(size_t first_bytes)
{
    first_bytes = rounded(first_bytes > 0 ? first_bytes : FIRST_BYTES);
    struct hub_arena *self = hub_memory_new(sizeof *self + first_bytes);
    self->first_bytes = first_bytes;
    start(self);
    return self;
}

static void free_blocks(struct hub_arena *self)
{
    for (struct block *block = self->blocks; block != NULL;) {
        struct block *older = block->older;
        free(block);
        block = older;
    }
}

void hub_arena_destroy(struct hub_arena **self_p)
{
    struct hub_arena *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        free_blocks(self);
        free(self);
    }
}

static struct block *add_block(struct hub_arena *self, size_t bytes)
{
    struct block *block = hub_memory_new(sizeof *block + bytes);
    block->older = self->blocks;
    self->blocks = block;
    self->held += sizeof *block + bytes;
    ASAN_POISON_MEMORY_REGION(block->bytes, bytes);
    return block;
}

/* A piece that the current block has no room for. */
static char *get_elsewhere(struct hub_arena *self, size_t bytes)
{
    if (bytes > BLOCK_MAX / 4) {
        return add_block(self, bytes)->bytes;
    }
    size_t block_bytes = self->next_bytes * 2;
    if (block_bytes > BLOCK_MAX) {
        block_bytes = BLOCK_MAX;
    }
    self->next_bytes = block_bytes;
    while (block_bytes < bytes) {
        block_bytes *= 2;
    }
    struct block *block = add_block(self, block_bytes);
    self->at = block->bytes + bytes;
    self->end = block->bytes + block_bytes;
    return block->bytes;
}

/* Room for `bytes`, not zeroed. */
static char *get_raw(struct hub_arena *self, size_t bytes)
{
    /* What cannot be is left to hub_memory_new to refuse; so rounding up cannot wrap. */
    size_t room = bytes < PTRDIFF_MAX / 2 ? rounded(bytes) + GAP : bytes;
    char *piece;
    if (room <= (size_t) (self->end - self->at)) {
        piece = self->at;
        self->at += room;
    } else {
        piece = get_elsewhere(self, room);
    }
    self->used += bytes;
    ASAN_UNPOISON_MEMORY_REGION(piece, bytes);
    return piece;
}

void *hub_arena_get(struct hub_arena *self, size_t bytes)
{
    return memset(get_raw(self, bytes), 0, bytes);
}

void *hub_arena_room(struct hub_arena *self, size_t bytes)
{
    return get_raw(self, bytes);
}

void hub_arena_expect(struct hub_arena *self, size_t first, size_t last)
{
    size_t left = (size_t) (self->end - self->at);
    if (last <= left) {
        hub_cache_write(self->at + first, last - first);
    }
}

struct hub_span hub_arena_copy(struct hub_arena *self, struct hub_span bytes)
{
    char *piece = get_raw(self, bytes.len);
    if (bytes.len > 0) {
        memcpy(piece, bytes.at, bytes.len);
    }
    return hub_span_of(piece, bytes.len);
}

void hub_arena_reset(struct hub_arena *self)
{
    free_blocks(self);
    start(self);
}

size_t hub_arena_used(const struct hub_arena *self)
{
    return self->used;
}

size_t hub_arena_held(const struct hub_arena *self)
{
    return self->held;
}
