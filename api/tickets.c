/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tickets: a table of slots, a free list, and the open ones in the order in which they get late. */
#include "api/tickets.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_SLOTS = 256, SLOT_BITS = 24, NONE = 0 };

/* Slots are numbered from 1; slot 0 is the anchor of the list of open tickets. */
struct slot {
    struct hub_expect *expect; /* NULL: free */
    int64_t late_tick_us;
    uint64_t generation;
    uint32_t before, after; /* open: neighbours by age; free: `after` is the next free one */
};

struct hub_tickets {
    uint32_t loop;
    uint32_t room;  /* slots that there may be */
    uint32_t count; /* slots that there are, the anchor not counted */
    uint32_t first_free;
    size_t open;
    struct slot *slots;
};

struct hub_tickets *hub_tickets_new(uint32_t loop, size_t room)
{
    assert(room > 0 && room < (size_t) 1 << SLOT_BITS);
    struct hub_tickets *self = hub_memory_zero(sizeof *self);
    self->loop = loop;
    self->room = (uint32_t) room;
    self->slots = hub_memory_zero(sizeof *self->slots);
    return self;
}

void hub_tickets_destroy(struct hub_tickets **self_p)
{
    struct hub_tickets *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        assert(self->open == 0);
        free(self->slots);
        free(self);
    }
}

static bool grow(struct hub_tickets *self)
{
    uint32_t count = self->count == 0 ? FIRST_SLOTS : self->count * 2;
    count = count < self->room ? count : self->room;
    if (count == self->count) {
        return false;
    }
    self->slots = hub_memory_resize(self->slots, (count + 1) * sizeof *self->slots);
    for (uint32_t i = count; i > self->count; i--) {
        self->slots[i] = (struct slot){ .generation = 1, .after = self->first_free };
        self->first_free = i;
    }
    self->count = count;
    return true;
}

struct hub_ticket hub_tickets_open(struct hub_tickets *self, struct hub_expect *expect, int64_t late_tick_us)
{
    assert(expect->ticket == 0);
    if (self->first_free == NONE && !grow(self)) {
        return (struct hub_ticket){ .loop = self->loop };
    }
    uint32_t at = self->first_free;
    struct slot *slot = &self->slots[at], *anchor = &self->slots[0];
    self->first_free = slot->after;
    slot->expect = expect;
    slot->late_tick_us = late_tick_us;
    slot->before = anchor->before;
    slot->after = 0;
    self->slots[anchor->before].after = at;
    anchor->before = at;
    self->open++;
    expect->ticket = slot->generation << SLOT_BITS | at;
    return (struct hub_ticket){ .loop = self->loop, .number = expect->ticket };
}

struct hub_expect *hub_tickets_take(struct hub_tickets *self, uint64_t number)
{
    uint32_t at = number & ((1u << SLOT_BITS) - 1);
    if (at == 0 || at > self->count) {
        return NULL;
    }
    struct slot *slot = &self->slots[at];
    struct hub_expect *expect = slot->expect;
    if (expect == NULL || slot->generation != number >> SLOT_BITS) {
        return NULL;
    }
    self->slots[slot->before].after = slot->after;
    self->slots[slot->after].before = slot->before;
    slot->expect = NULL;
    slot->generation++;
    slot->after = self->first_free;
    self->first_free = at;
    self->open--;
    expect->ticket = 0;
    return expect;
}

void hub_tickets_close(struct hub_tickets *self, struct hub_expect *expect)
{
    hub_tickets_take(self, expect->ticket);
}

size_t hub_tickets_expire(struct hub_tickets *self, int64_t tick_us)
{
    size_t count = 0;
    uint32_t at;
    while ((at = self->slots[0].after) != 0 && self->slots[at].late_tick_us <= tick_us) {
        struct hub_expect *expect = hub_tickets_take(self, self->slots[at].generation << SLOT_BITS | at);
        expect->ops->on_late(expect);
        count++;
    }
    return count;
}

size_t hub_tickets_count(const struct hub_tickets *self)
{
    return self->open;
}
