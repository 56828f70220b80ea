/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A queue of small pieces, from any threads to one that sleeps when there are none. It has no bound of its own: what is
 * put is bounded by who puts it. A put is a copy under a lock, and wakes nobody who is awake. */
#ifndef HUB_BASE_INBOX_H
#define HUB_BASE_INBOX_H

#include <stdbool.h>
#include <stddef.h>

struct hub_inbox;

/* piece_bytes: the size of each piece. Never NULL. */
struct hub_inbox *hub_inbox_new(size_t piece_bytes);

/* Free it, with what was not taken; no thread may use it any more. *self_p becomes NULL. Takes NULL. */
void hub_inbox_destroy(struct hub_inbox **self_p);

/* Add `count` pieces in a row, copied. Any thread; never waits for the taker. */
void hub_inbox_put(struct hub_inbox *self, const void *pieces, size_t count);

/* Take all that is there, in the order in which it was put; when there is nothing, wait for it, at most timeout_ms (0: not
 * at all). The taker's thread only.
 *
 * ret_pieces  they stay until the next take; untouched when there are none
 * Returns how many. */
size_t hub_inbox_take(struct hub_inbox *self, int timeout_ms, void **ret_pieces);

/* From now on take does not wait. Any thread. */
void hub_inbox_stop(struct hub_inbox *self);

/* Whether it was stopped; what a take brings after this was true is the last of what was put before. Any thread. */
bool hub_inbox_is_stopped(struct hub_inbox *self);

#endif
