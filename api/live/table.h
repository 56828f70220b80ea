/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A table of what is found by an id and a few bytes beside it: lanes by company, contract and role, topics by kind and id.
 * Entries are embedded in what is found; the table owns its buckets only. One thread at a time. */
#ifndef HUB_API_LIVE_TABLE_H
#define HUB_API_LIVE_TABLE_H

#include "base/ulid.h"

struct hub_live_key {
    struct hub_ulid id; /* a company, session, customer or person */
    uint8_t a, b;       /* what kind of thing it is */
};

struct hub_live_entry {
    struct hub_live_entry *next;
    struct hub_live_key key;
};

struct hub_live_table {
    struct hub_live_entry **buckets;
    size_t room; /* buckets, a power of two; 0 before the first entry */
    size_t count;
};

/* Free the buckets; entries stay with their owners. */
void hub_live_table_done(struct hub_live_table *self);

/* The entry with this key, or NULL. */
struct hub_live_entry *hub_live_table_find(const struct hub_live_table *self, struct hub_live_key key);

/* Add an entry whose key is filled and not in the table yet. */
void hub_live_table_add(struct hub_live_table *self, struct hub_live_entry *entry);

/* Take an entry out that is in the table. */
void hub_live_table_remove(struct hub_live_table *self, struct hub_live_entry *entry);

/* One entry after the other, in no order: start with NULL. Returns NULL behind the last one. */
struct hub_live_entry *hub_live_table_next(const struct hub_live_table *self, const struct hub_live_entry *after);

#endif
