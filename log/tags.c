/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Gathers the tags of one batch: a group for each tag, a chain of deltas for each group. */
#include "log/tags.h"

#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_ROOM = 1024 };

void hub_tags_init(struct hub_tags *self)
{
    *self = (struct hub_tags){ .group_room = FIRST_ROOM, .link_room = FIRST_ROOM, .link_count = 1 };
    hub_table_init(&self->names, 2 * FIRST_ROOM);
    self->groups = hub_memory_new(FIRST_ROOM * sizeof *self->groups);
    self->links = hub_memory_new(FIRST_ROOM * sizeof *self->links);
    hub_buf_init(&self->row);
}

void hub_tags_done(struct hub_tags *self)
{
    hub_table_done(&self->names);
    free(self->groups);
    free(self->links);
    hub_buf_done(&self->row);
}

static void open_group(struct hub_tags *self, const struct hub_name *name, uint64_t sequence)
{
    if (self->group_count == self->group_room) {
        self->group_room *= 2;
        self->groups = hub_memory_resize(self->groups, self->group_room * sizeof *self->groups);
    }
    self->groups[self->group_count++] = (struct hub_tag_group){ .name = *name, .first = sequence, .last = sequence };
}

static uint32_t new_link(struct hub_tags *self, uint64_t delta)
{
    if (self->link_count == self->link_room) {
        self->link_room *= 2;
        self->links = hub_memory_resize(self->links, self->link_room * sizeof *self->links);
    }
    self->links[self->link_count] = (struct hub_tag_link){ .delta = delta };
    return self->link_count++;
}

void hub_tags_add(struct hub_tags *self, const struct hub_name *name, uint64_t sequence)
{
    bool is_new;
    uint64_t *index = hub_table_put(&self->names, name, &is_new);
    if (is_new) {
        *index = self->group_count;
        open_group(self, name, sequence);
        return;
    }
    struct hub_tag_group *group = &self->groups[*index];
    uint32_t link = new_link(self, sequence - group->last);
    if (group->tail == 0) {
        group->head = link;
    } else {
        self->links[group->tail].next = link;
    }
    group->tail = link;
    group->last = sequence;
}

void hub_tags_flush(struct hub_tags *self, struct hub_rocks_batch *batch)
{
    for (uint32_t i = 0; i < self->group_count; i++) {
        const struct hub_tag_group *group = &self->groups[i];
        struct hub_named_key key = hub_named_key(&group->name, group->first);
        hub_buf_clear(&self->row);
        for (uint32_t link = group->head; link != 0; link = self->links[link].next) {
            uint8_t *at = (uint8_t *) hub_buf_reserve(&self->row, HUB_VARINT);
            self->row.len += hub_varint_put(at, self->links[link].delta);
        }
        hub_rocks_put(batch, HUB_FAMILY_tag, HUB_KEY_SPAN(key), hub_buf_span(&self->row));
    }
    hub_table_clear(&self->names);
    self->group_count = 0;
    self->link_count = 1;
}
