/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Chains in buckets; the ids are random where it counts, so a few of their bytes are the hash. */
#include "api/live/table.h"

#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_ROOM = 64 };

static size_t bucket_of(const struct hub_live_table *self, struct hub_live_key key)
{
    uint64_t low;
    memcpy(&low, key.id.b + sizeof key.id.b - sizeof low, sizeof low);
    low ^= (uint64_t) key.a << 8 ^ (uint64_t) key.b << 17;
    return (size_t) ((low * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (self->room - 1);
}

static bool is_same(struct hub_live_key a, struct hub_live_key b)
{
    return a.a == b.a && a.b == b.b && hub_ulid_is(a.id, b.id);
}

void hub_live_table_done(struct hub_live_table *self)
{
    free(self->buckets);
    *self = (struct hub_live_table){ 0 };
}

struct hub_live_entry *hub_live_table_find(const struct hub_live_table *self, struct hub_live_key key)
{
    struct hub_live_entry *entry = self->room == 0 ? NULL : self->buckets[bucket_of(self, key)];
    while (entry != NULL && !is_same(entry->key, key)) {
        entry = entry->next;
    }
    return entry;
}

static void put(struct hub_live_table *self, struct hub_live_entry *entry)
{
    struct hub_live_entry **bucket = &self->buckets[bucket_of(self, entry->key)];
    entry->next = *bucket;
    *bucket = entry;
}

static void grow(struct hub_live_table *self)
{
    struct hub_live_table larger = { .room = self->room == 0 ? FIRST_ROOM : self->room * 2, .count = self->count };
    larger.buckets = hub_memory_zero(larger.room * sizeof(struct hub_live_entry *));
    for (size_t i = 0; i < self->room; i++) {
        for (struct hub_live_entry *entry = self->buckets[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            put(&larger, entry);
        }
    }
    free(self->buckets);
    *self = larger;
}

void hub_live_table_add(struct hub_live_table *self, struct hub_live_entry *entry)
{
    if (self->count >= self->room) {
        grow(self);
    }
    put(self, entry);
    self->count++;
}

void hub_live_table_remove(struct hub_live_table *self, struct hub_live_entry *entry)
{
    struct hub_live_entry **at = &self->buckets[bucket_of(self, entry->key)];
    while (*at != entry) {
        at = &(*at)->next;
    }
    *at = entry->next;
    entry->next = NULL;
    self->count--;
}

struct hub_live_entry *hub_live_table_next(const struct hub_live_table *self, const struct hub_live_entry *after)
{
    if (after != NULL && after->next != NULL) {
        return after->next;
    }
    size_t from = after == NULL ? 0 : bucket_of(self, after->key) + 1;
    for (size_t i = from; i < self->room; i++) {
        if (self->buckets[i] != NULL) {
            return self->buckets[i];
        }
    }
    return NULL;
}
