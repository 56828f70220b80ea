/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hash table of rows by key, with chains. */
#include "replay/row_map.h"

#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_BUCKETS = 64 };

static inline uint64_t mix(uint64_t hash, const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    hash = (hash ^ word) * 0xff51afd7ed558ccd;
    return hash ^ hash >> 32;
}

/* Keys differ in ids that the hub itself made, so nobody outside can choose them to collide. The last word overlaps the one
 * before it. */
static uint64_t hash_of(struct hub_span key)
{
    uint64_t hash = 0x9e3779b97f4a7c15 ^ key.len;
    size_t at = 0;
    for (; at + 8 < key.len; at += 8) {
        hash = mix(hash, key.at + at);
    }
    if (key.len >= 8) {
        hash = mix(hash, key.at + key.len - 8);
    } else {
        char word[8] = { 0 };
        memcpy(word, key.at, key.len);
        hash = mix(hash, word);
    }
    hash *= 0xc4ceb9fe1a85ec53; /* what differs in the highest bits alone must reach the lowest */
    return hash ^ hash >> 32;
}

void hub_row_map_init(struct hub_row_map *self)
{
    *self = (struct hub_row_map){ 0 };
}

void hub_row_map_done(struct hub_row_map *self)
{
    free(self->buckets);
    hub_row_map_init(self);
}

struct hub_row_slot *hub_row_map_find(const struct hub_row_map *self, struct hub_span key)
{
    if (self->count == 0) {
        return NULL;
    }
    uint64_t hash = hash_of(key);
    struct hub_row_slot *slot = self->buckets[hash & self->mask];
    while (slot != NULL && (slot->hash != hash || !hub_span_is(slot->key, key))) {
        slot = slot->next;
    }
    return slot;
}

static void resize(struct hub_row_map *self, size_t buckets)
{
    struct hub_row_slot **old = self->buckets;
    size_t old_buckets = old == NULL ? 0 : self->mask + 1;
    self->buckets = hub_memory_new(buckets * sizeof(struct hub_row_slot *));
    memset(self->buckets, 0, buckets * sizeof(struct hub_row_slot *));
    self->mask = buckets - 1;
    for (size_t i = 0; i < old_buckets; i++) {
        for (struct hub_row_slot *slot = old[i], *next; slot != NULL; slot = next) {
            next = slot->next;
            slot->next = self->buckets[slot->hash & self->mask];
            self->buckets[slot->hash & self->mask] = slot;
        }
    }
    free(old);
}

void hub_row_map_add(struct hub_row_map *self, struct hub_row_slot *slot)
{
    if (self->buckets == NULL) {
        resize(self, FIRST_BUCKETS);
    } else if (self->count > self->mask / 2) {
        resize(self, (self->mask + 1) * 2);
    }
    slot->hash = hash_of(slot->key);
    slot->next = self->buckets[slot->hash & self->mask];
    self->buckets[slot->hash & self->mask] = slot;
    self->count++;
}

void hub_row_map_remove(struct hub_row_map *self, struct hub_row_slot *slot)
{
    struct hub_row_slot **at = &self->buckets[slot->hash & self->mask];
    while (*at != slot) {
        at = &(*at)->next;
    }
    *at = slot->next;
    self->count--;
}
