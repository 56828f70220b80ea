/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Events of the log, read and rendered for an export by a thread of its own, some batches ahead of who writes them. */
#ifndef HUB_TOOLS_EXPORT_EXPORT_FEED_H
#define HUB_TOOLS_EXPORT_EXPORT_FEED_H

#include "tools/export/exporting.h"

struct hub_export_feed;

/* Start reading at an event, up to another one. `to` is open, and stays while this lives. NULL: no thread can be made. */
struct hub_export_feed *hub_export_feed_new(const struct hub_export *to, uint64_t from, uint64_t until);

/* The next batch, which is valid until the next call. Returns 1, 0 at the end, < 0 when the log cannot be read further. */
int hub_export_feed_next(struct hub_export_feed *self, const struct hub_export_batch **ret_batch);

/* Stop reading. *self_p becomes NULL. Takes NULL. */
void hub_export_feed_destroy(struct hub_export_feed **self_p);

#endif
