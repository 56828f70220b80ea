/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lists of the active sessions as they were at some positions, so that a list of the past need not be folded from the start.
 *
 * A list is a row beside the views: number 0, 0x0100, company, position -> for each session its opening's position (8, big-endian)
 * and its id (16), by opening. It can be thrown away: another one further back, or none, gives the same answer later. */
#ifndef HUB_REPLAY_ACTIVE_LISTS_H
#define HUB_REPLAY_ACTIVE_LISTS_H

#include "base/buf.h"
#include "replay/store.h"

enum { HUB_ACTIVE_LIST_ENTRY = 8 + 16, HUB_ACTIVE_LIST_SESSIONS = 100000 };

/* Write the lists of all companies as the view `active` is now, which is at `sequence` with nothing unwritten.
 *
 * ret_sessions  how many sessions are active
 * Returns 0, HUB_ERROR_limit_reached when more than HUB_ACTIVE_LIST_SESSIONS are active (nothing was written: the tail must
 * not stand still for so long), or < 0. */
int hub_active_lists_take(struct hub_rocks *db, const struct hub_view_place *places, uint64_t sequence,
                          uint64_t *ret_sessions);

/* Find a company's newest list that is not newer than `at`. A company without active sessions then has none from there.
 * Returns 0 with the list in ret_list (cleared first), HUB_ERROR_not_found, or < 0. Any thread. */
int hub_active_lists_find(struct hub_rocks *db, struct hub_ulid company, uint64_t at, struct hub_buf *ret_list,
                          uint64_t *ret_sequence);

#endif
