/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hash table of rows by key; whoever keeps the rows puts a slot into each. */
#ifndef HUB_REPLAY_ROW_MAP_H
#define HUB_REPLAY_ROW_MAP_H

#include "base/span.h"

struct hub_row_slot {
    uint64_t hash;
    struct hub_span key; /* owned by whoever owns the slot; constant while it is in the map */
};

struct hub_row_bucket {
    uint64_t hash;             /* the slot's, so that others are passed by without a look at them */
    struct hub_row_slot *slot; /* NULL: free */
};

struct hub_row_map {
    struct hub_row_bucket *buckets; /* owned; NULL while empty */
    size_t mask;
    size_t count; /* at most half of the buckets */
};

/* Start empty; free the table (not the slots). */
void hub_row_map_init(struct hub_row_map *self);
void hub_row_map_done(struct hub_row_map *self);

/* The slot with this key, or NULL. */
struct hub_row_slot *hub_row_map_find(const struct hub_row_map *self, struct hub_span key);
struct hub_row_slot *hub_row_map_find_hashed(const struct hub_row_map *self, struct hub_span key, uint64_t hash);

/* Add a slot whose key is set and not in the map yet. */
void hub_row_map_add(struct hub_row_map *self, struct hub_row_slot *slot);

/* Take out a slot that is in the map. */
void hub_row_map_remove(struct hub_row_map *self, struct hub_row_slot *slot);

/* Any slot from bucket *at on, which is moved behind it; NULL at the end. The map must not change in between, but slots that were
 * handed out may be freed. Begin with 0. */
struct hub_row_slot *hub_row_map_walk(const struct hub_row_map *self, size_t *at);

/* To look for a key soon: its hash; begin to load where it is looked for; a slot with that hash, if any, whose own memory
 * was not looked at. */
uint64_t hub_row_map_hash(struct hub_span key);
void hub_row_map_load(const struct hub_row_map *self, uint64_t hash);
struct hub_row_slot *hub_row_map_guess(const struct hub_row_map *self, uint64_t hash);

#endif
