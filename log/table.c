/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hash table with linear probing. A slot is in use when it carries the table's stamp, so clearing is one addition. */
#include "log/table.h"

#include <assert.h>

#include "base/cache.h"
#include "base/memory.h"

static uint64_t word_at(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint64_t mix(uint64_t value)
{
    value ^= value >> 32;
    value *= UINT64_C(0x9e3779b97f4a7c15);
    return value ^ value >> 29;
}

/* Names are our own random ids or keyed digests, so nobody outside can aim at a slot. */
static uint32_t hash_of(const struct hub_name *name)
{
    uint64_t hash = mix(word_at(name->b + 25));
    hash = mix(hash + word_at(name->b + 17));
    return (uint32_t) mix(hash + word_at(name->b + 8) + name->b[16]);
}

void hub_table_init(struct hub_table *self, uint32_t slots)
{
    assert(slots > 0 && (slots & (slots - 1)) == 0);
    size_t bytes = slots * sizeof *self->slots;
    *self = (struct hub_table){ .slots = hub_memory_table(bytes), .mask = slots - 1, .stamp = 1 };
}

void hub_table_done(struct hub_table *self)
{
    hub_memory_table_free(self->slots, (self->mask + (size_t) 1) * sizeof *self->slots);
    *self = (struct hub_table){ 0 };
}

void hub_table_clear(struct hub_table *self)
{
    self->count = 0;
    self->stamp++;
    if (self->stamp == 0) {
        memset(self->slots, 0, (self->mask + (size_t) 1) * sizeof *self->slots);
        self->stamp = 1;
    }
}

/* The slot that has the name or is free for it. */
static struct hub_table_slot *slot_of(const struct hub_table *self, const struct hub_name *name)
{
    uint32_t at = hash_of(name) & self->mask;
    for (;;) {
        struct hub_table_slot *slot = &self->slots[at];
        if (slot->stamp != self->stamp || memcmp(slot->name.b, name->b, HUB_NAME) == 0) {
            return slot;
        }
        at = (at + 1) & self->mask;
    }
}

static void grow(struct hub_table *self)
{
    struct hub_table larger;
    hub_table_init(&larger, 2 * (self->mask + 1));
    for (uint32_t i = 0; i <= self->mask; i++) {
        if (self->slots[i].stamp == self->stamp) {
            struct hub_table_slot *slot = slot_of(&larger, &self->slots[i].name);
            *slot = self->slots[i];
            slot->stamp = larger.stamp;
        }
    }
    larger.count = self->count;
    hub_table_done(self);
    *self = larger;
}

void hub_table_expect(const struct hub_table *self, const struct hub_name *name)
{
    hub_cache_read(&self->slots[hash_of(name) & self->mask], sizeof *self->slots);
}

uint64_t *hub_table_find(struct hub_table *self, const struct hub_name *name)
{
    struct hub_table_slot *slot = slot_of(self, name);
    return slot->stamp == self->stamp ? &slot->value : NULL;
}

uint64_t *hub_table_put(struct hub_table *self, const struct hub_name *name, bool *ret_new)
{
    if (self->count > self->mask / 2) {
        grow(self);
    }
    struct hub_table_slot *slot = slot_of(self, name);
    *ret_new = slot->stamp != self->stamp;
    if (*ret_new) {
        slot->stamp = self->stamp;
        slot->name = *name;
        slot->value = 0;
        self->count++;
    }
    return &slot->value;
}
