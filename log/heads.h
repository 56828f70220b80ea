/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What became of names that were written lately (the version of a stream, whether a pending row is there): a bounded
 * cache before an index. */
#ifndef HUB_LOG_HEADS_H
#define HUB_LOG_HEADS_H

#include "log/table.h"

/* Two generations: when the younger is full it becomes the older one, and the older is forgotten. What a batch touches is
 * always in the younger, as generations change only between batches. */
struct hub_heads {
    struct hub_table young;
    struct hub_table old;
    uint32_t limit; /* names of one generation */
};

/* Start empty. Each of the two generations holds `limit` names. */
void hub_heads_init(struct hub_heads *self, uint32_t limit);

/* Free the memory. */
void hub_heads_done(struct hub_heads *self);

/* Between two batches: make room. */
void hub_heads_turn(struct hub_heads *self);

/* What is cached. Returns false when the name is not. */
bool hub_heads_find(struct hub_heads *self, const struct hub_name *name, uint64_t *ret_value);

/* Remember a value; it is found until two generations have passed. */
void hub_heads_put(struct hub_heads *self, const struct hub_name *name, uint64_t value);

#endif
