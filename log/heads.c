/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What became of names that were written lately. */
#include "log/heads.h"

static uint32_t slots_for(uint32_t limit)
{
    uint32_t slots = 16;
    while (slots < 2 * limit) {
        slots *= 2;
    }
    return slots;
}

void hub_heads_init(struct hub_heads *self, uint32_t limit)
{
    hub_table_init(&self->young, slots_for(limit));
    hub_table_init(&self->old, slots_for(limit));
    self->limit = limit;
}

void hub_heads_done(struct hub_heads *self)
{
    hub_table_done(&self->young);
    hub_table_done(&self->old);
}

void hub_heads_turn(struct hub_heads *self)
{
    if (self->young.count < self->limit) {
        return;
    }
    struct hub_table forgotten = self->old;
    self->old = self->young;
    self->young = forgotten;
    hub_table_clear(&self->young);
}

bool hub_heads_find(struct hub_heads *self, const struct hub_name *name, uint64_t *ret_value)
{
    const uint64_t *value = hub_table_find(&self->young, name);
    if (value == NULL) {
        value = hub_table_find(&self->old, name);
    }
    if (value == NULL) {
        return false;
    }
    *ret_value = *value;
    return true;
}

void hub_heads_put(struct hub_heads *self, const struct hub_name *name, uint64_t value)
{
    bool is_new;
    *hub_table_put(&self->young, name, &is_new) = value;
}
