/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hash table from names (company, one byte, sixteen bytes) to numbers, that is emptied at no cost. */
#ifndef HUB_LOG_TABLE_H
#define HUB_LOG_TABLE_H

#include "log/keys.h"

struct hub_table_slot {
    uint64_t value;
    uint32_t stamp; /* in use when it is the table's */
    struct hub_name name;
};

struct hub_table {
    struct hub_table_slot *slots; /* owned; a power of two, at most half of them in use */
    uint32_t mask;
    uint32_t count;
    uint32_t stamp;
};

/* Start empty. `slots` is a power of two. */
void hub_table_init(struct hub_table *self, uint32_t slots);
void hub_table_done(struct hub_table *self);

/* Forget every name; the memory stays. */
void hub_table_clear(struct hub_table *self);

/* Begin to load where a name is, or would be. */
void hub_table_expect(const struct hub_table *self, const struct hub_name *name);

/* The value of a name, or NULL. Valid until the next hub_table_put. */
uint64_t *hub_table_find(struct hub_table *self, const struct hub_name *name);

/* The value of a name, 0 when it is new (*ret_new). Valid until the next hub_table_put. */
uint64_t *hub_table_put(struct hub_table *self, const struct hub_name *name, bool *ret_new);

#endif
