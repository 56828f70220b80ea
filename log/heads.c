/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The latest versions of the streams that were written lately. */
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

bool hub_heads_find(struct hub_heads *self, const struct hub_name *stream, uint64_t *ret_version)
{
    const uint64_t *version = hub_table_find(&self->young, stream);
    if (version == NULL) {
        version = hub_table_find(&self->old, stream);
    }
    if (version == NULL) {
        return false;
    }
    *ret_version = *version;
    return true;
}

void hub_heads_put(struct hub_heads *self, const struct hub_name *stream, uint64_t version)
{
    bool is_new;
    *hub_table_put(&self->young, stream, &is_new) = version;
}
