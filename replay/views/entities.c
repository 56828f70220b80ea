/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `entities`: the folded state of every entity, which is the runtime's snapshot too. */
#include "base/error.h"
#include "replay/views/all.h"

static struct hub_row_key key_of(const struct event_header *header)
{
    return hub_row_key_of(HUB_VIEW_entities, header->company, (uint8_t) header->kind, header->entity);
}

static void expect(struct hub_view_fold *self, const struct event_header *header)
{
    struct hub_row_key key = key_of(header);
    hub_fold_expect(self, &key);
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct event_header *header = &event->stored->header;
    const struct hub_kind_info *kind = header->kind < HUB_KINDS ? hub_kind_find((uint8_t) header->kind) : NULL;
    if (kind == NULL) {
        return HUB_ERROR_internal;
    }
    struct hub_row_key key = key_of(header);
    struct hub_folded *entity;
    int done = hub_fold_open_entity(self, &key, kind, &entity);
    if (done < 0) {
        return done;
    }
    if (header->version != entity->version + 1) {
        return HUB_ERROR_internal;
    }
    struct hub_event applied = {
        .shape = event->shape,
        .record = event->record,
        .version = header->version,
        .decided_at_us = header->decided_at,
        .entity = header->entity,
        .subject = header->subject,
    };
    kind->apply(entity->record, &applied, entity->arena);
    entity->version = header->version;
    entity->sequence = header->sequence;
    hub_fold_touch(self, entity);
    return 0;
}

const struct hub_view_info hub_view_entities = {
    .name = "entities",
    .number = HUB_VIEW_entities,
    .version = 1,
    .spread = HUB_SPREAD_stream,
    .fold = fold,
    .expect = expect,
    .doc = "The state of every company, customer and session.",
};
