/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lists of a record (LIST() and hub_list) that grow and shrink in an arena. */
#ifndef HUB_BASE_LIST_H
#define HUB_BASE_LIST_H

#include "base/arena.h"

/* Room for one more item, zeroed. Room doubles, so that what is left behind in the arena is no more than what is kept.
 *
 * at, count, room  of the list; a list that was unpacked or copied has no room to spare and moves
 * Returns where the items are now. */
void *hub_list_grow(void *at, size_t size, uint32_t count, uint32_t *room, struct hub_arena *arena);

/* Take out an item; those behind it move up. index < *count. */
void hub_list_remove(void *at, size_t size, uint32_t *count, uint32_t index);

/* The same for a LIST(), whose items have a type. The first gives the address of the new item. */
#define HUB_LIST_ADD(list, arena)                                                                       \
    ((list)->at = hub_list_grow((list)->at, sizeof *(list)->at, (list)->count, &(list)->room, (arena)), \
     &(list)->at[(list)->count++])
#define HUB_LIST_REMOVE(list, index) hub_list_remove((list)->at, sizeof *(list)->at, &(list)->count, (index))

#endif
