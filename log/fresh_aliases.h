/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What aliases were before the changes that are written but not on disk yet; for the files of log/ alone.
 *
 * An alias has no position by which a reader could tell that it is not durable. So it is found as it was until it is: else a
 * name could be refused because of something that a power cut takes back. */
#ifndef HUB_LOG_FRESH_ALIASES_H
#define HUB_LOG_FRESH_ALIASES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ulid.h"

struct hub_name;
struct hub_fresh_aliases;

/* Nothing has changed. Never NULL. */
struct hub_fresh_aliases *hub_fresh_aliases_new(void);

/* *self_p becomes NULL. Takes NULL. */
void hub_fresh_aliases_destroy(struct hub_fresh_aliases **self_p);

/* An alias is going to change with a batch; was: what it led to before, NULL for nothing. Before the batch is written. */
void hub_fresh_aliases_add(struct hub_fresh_aliases *self, const struct hub_name *key, const struct hub_ulid *was,
                           uint64_t batch);

/* All batches up to this one are on disk. */
void hub_fresh_aliases_synced(struct hub_fresh_aliases *self, uint64_t batch);

/* Whether an alias has changed and the change is not on disk; then what it was, none for nothing. Ask after the store was
 * read, as a change may come in between. Any thread. */
bool hub_fresh_aliases_find(struct hub_fresh_aliases *self, const struct hub_name *key, struct hub_ulid *ret_was);

#endif
