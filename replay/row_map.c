/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hash table of rows by key, with linear probing. A bucket has the hash beside the slot, so that a search that must wait for
 * memory waits twice at most: for the bucket and for the row. */
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
uint64_t hub_row_map_hash(struct hub_span key)
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
    return self->count == 0 ? NULL : hub_row_map_find_hashed(self, key, hub_row_map_hash(key));
}

struct hub_row_slot *hub_row_map_find_hashed(const struct hub_row_map *self, struct hub_span key, uint64_t hash)
{
    if (self->count == 0) {
        return NULL;
    }
    size_t at = hash & self->mask;
    while (self->buckets[at].slot != NULL &&
           (self->buckets[at].hash != hash || !hub_span_is(self->buckets[at].slot->key, key))) {
        at = (at + 1) & self->mask;
    }
    return self->buckets[at].slot;
}

static void put(struct hub_row_map *self, struct hub_row_bucket bucket)
{
    size_t at = bucket.hash & self->mask;
    while (self->buckets[at].slot != NULL) {
        at = (at + 1) & self->mask;
    }
    self->buckets[at] = bucket;
}

static void resize(struct hub_row_map *self, size_t buckets)
{
    struct hub_row_bucket *old = self->buckets;
    size_t old_buckets = old == NULL ? 0 : self->mask + 1;
    self->buckets = hub_memory_zero(buckets * sizeof *self->buckets);
    self->mask = buckets - 1;
    for (size_t i = 0; i < old_buckets; i++) {
        if (old[i].slot != NULL) {
            put(self, old[i]);
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
    slot->hash = hub_row_map_hash(slot->key);
    put(self, (struct hub_row_bucket){ slot->hash, slot });
    self->count++;
}

/* What was pushed on past the freed bucket moves back into it. */
void hub_row_map_remove(struct hub_row_map *self, struct hub_row_slot *slot)
{
    size_t gap = slot->hash & self->mask;
    while (self->buckets[gap].slot != slot) {
        gap = (gap + 1) & self->mask;
    }
    for (size_t at = (gap + 1) & self->mask; self->buckets[at].slot != NULL; at = (at + 1) & self->mask) {
        size_t home = self->buckets[at].hash & self->mask;
        if (((at - home) & self->mask) >= ((at - gap) & self->mask)) {
            self->buckets[gap] = self->buckets[at];
            gap = at;
        }
    }
    self->buckets[gap].slot = NULL;
    self->count--;
}

struct hub_row_slot *hub_row_map_walk(const struct hub_row_map *self, size_t *at)
{
    while (self->buckets != NULL && *at <= self->mask) {
        struct hub_row_slot *slot = self->buckets[(*at)++].slot;
        if (slot != NULL) {
            return slot;
        }
    }
    return NULL;
}

void hub_row_map_load(const struct hub_row_map *self, uint64_t hash)
{
    if (self->buckets != NULL) {
        __builtin_prefetch(&self->buckets[hash & self->mask]);
    }
}

struct hub_row_slot *hub_row_map_guess(const struct hub_row_map *self, uint64_t hash)
{
    if (self->count == 0) {
        return NULL;
    }
    size_t at = hash & self->mask;
    while (self->buckets[at].slot != NULL && self->buckets[at].hash != hash) {
        at = (at + 1) & self->mask;
    }
    return self->buckets[at].slot;
}
