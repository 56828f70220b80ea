/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hash table of rows by key; whoever keeps the rows puts a slot into each. */
#ifndef HUB_REPLAY_ROW_MAP_H
#define HUB_REPLAY_ROW_MAP_H

#include "base/span.h"

struct hub_row_slot {
    struct hub_row_slot *next; /* in the same bucket */
    uint64_t hash;
    struct hub_span key; /* owned by whoever owns the slot; constant while it is in the map */
};

struct hub_row_map {
    struct hub_row_slot **buckets; /* owned; NULL while empty */
    size_t mask;
    size_t count;
};

/* Start empty; free the table (not the slots). */
void hub_row_map_init(struct hub_row_map *self);
void hub_row_map_done(struct hub_row_map *self);

/* The slot with this key, or NULL. */
struct hub_row_slot *hub_row_map_find(const struct hub_row_map *self, struct hub_span key);

/* Add a slot whose key is set and not in the map yet. */
void hub_row_map_add(struct hub_row_map *self, struct hub_row_slot *slot);

/* Take out a slot that is in the map. */
void hub_row_map_remove(struct hub_row_map *self, struct hub_row_slot *slot);

#endif
