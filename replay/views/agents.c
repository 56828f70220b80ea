/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `agents`: who works here, in the order in which they were added. What they are is in the view `entities`. */
#include "base/error.h"
#include "replay/views/all.h"

static struct hub_row_key key_of_order(const struct event_header *header, uint64_t sequence)
{
    struct hub_row_key key = hub_row_key(HUB_VIEW_agents, header->company);
    hub_row_key_byte(&key, 'o');
    hub_row_key_be64(&key, sequence);
    return key;
}

static const uint16_t types[] = { agent_created_id, agent_removed_id, 0 };

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct event_header *header = &event->stored->header;
    if (header->type != agent_created_id && header->type != agent_removed_id) {
        return 0;
    }
    struct hub_row_key own = hub_row_key_of(HUB_VIEW_agents, header->company, 'a', header->entity);
    if (header->type == agent_created_id) {
        struct hub_row_key by_order = key_of_order(header, header->sequence);
        struct index_row place = { 0 }, agent = { 0 };
        HUB_SET(index_row, &place, sequence, header->sequence);
        HUB_SET(index_row, &agent, user, header->entity);
        hub_fold_put(self, &own, &index_row_shape, &place);
        hub_fold_put(self, &by_order, &index_row_shape, &agent);
        return 0;
    }
    struct hub_folded *row;
    int done = hub_fold_open(self, &own, &index_row_shape, &row);
    if (done != 0 || row->is_new) {
        return done != 0 ? done : HUB_ERROR_internal;
    }
    struct hub_row_key by_order = key_of_order(header, ((const struct index_row *) row->record)->sequence);
    hub_fold_drop(self, &by_order);
    hub_fold_drop(self, &own);
    return 0;
}

const struct hub_view_info hub_view_agents = {
    .name = "agents",
    .number = HUB_VIEW_agents,
    .version = 1,
    .fold = fold,
    .types = types,
    .doc = "Who works here, in the order in which they were added.",
};
