/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lists of a record that grow and shrink in an arena. */
#include "base/list.h"

#include <assert.h>
#include <string.h>

enum { FIRST_ROOM = 2 };

void *hub_list_grow(void *at, size_t size, uint32_t count, uint32_t *room, struct hub_arena *arena)
{
    if (count < *room) {
        memset((char *) at + size * count, 0, size);
        return at;
    }
    *room = count < FIRST_ROOM ? FIRST_ROOM : count * 2;
    void *larger = hub_arena_get(arena, size * *room);
    if (count > 0) {
        memcpy(larger, at, size * count);
    }
    return larger;
}

void hub_list_remove(void *at, size_t size, uint32_t *count, uint32_t index)
{
    assert(index < *count);
    char *gap = (char *) at + size * index;
    *count -= 1;
    memmove(gap, gap + size, size * (*count - index));
}
