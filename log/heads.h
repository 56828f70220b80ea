/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The latest versions of the streams that were written lately: a bounded cache before the stream index. */
#ifndef HUB_LOG_HEADS_H
#define HUB_LOG_HEADS_H

#include "log/table.h"

/* Two generations: when the younger is full it becomes the older one, and the older is forgotten. What a batch touches is
 * always in the younger, as generations change only between batches. */
struct hub_heads {
    struct hub_table young;
    struct hub_table old;
    uint32_t limit; /* streams of one generation */
};

void hub_heads_init(struct hub_heads *self, uint32_t limit);
void hub_heads_done(struct hub_heads *self);

/* Between two batches: make room. */
void hub_heads_turn(struct hub_heads *self);

/* The cached version of a stream. Returns false when it is not cached. */
bool hub_heads_find(struct hub_heads *self, const struct hub_name *stream, uint64_t *ret_version);

/* Remember a version. */
void hub_heads_put(struct hub_heads *self, const struct hub_name *stream, uint64_t version);

#endif
