/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `active`: the sessions that have not ended, in the order in which they were opened. */
#include "base/error.h"
#include "replay/views/all.h"

static int opened(struct hub_view_fold *self, const struct event_header *header)
{
    struct hub_row_key by_session = hub_row_key_of(HUB_VIEW_active, header->company, 's', header->entity);
    struct index_row row = { 0 };
    HUB_SET(index_row, &row, sequence, header->sequence);
    hub_fold_put(self, &by_session, &index_row_shape, &row);

    struct hub_row_key by_order = hub_row_key(HUB_VIEW_active, header->company);
    hub_row_key_byte(&by_order, 'o');
    hub_row_key_be64(&by_order, header->sequence);
    row = (struct index_row){ 0 };
    HUB_SET(index_row, &row, session, header->entity);
    hub_fold_put(self, &by_order, &index_row_shape, &row);
    return 0;
}

static int ended(struct hub_view_fold *self, const struct event_header *header)
{
    struct hub_row_key by_session = hub_row_key_of(HUB_VIEW_active, header->company, 's', header->entity);
    struct hub_folded *row;
    int done = hub_fold_open(self, &by_session, &index_row_shape, &row);
    if (done < 0) {
        return done;
    }
    if (row->is_new) {
        return HUB_ERROR_internal;
    }
    struct hub_row_key by_order = hub_row_key(HUB_VIEW_active, header->company);
    hub_row_key_byte(&by_order, 'o');
    hub_row_key_be64(&by_order, ((const struct index_row *) row->record)->sequence);
    hub_fold_drop(self, &by_order);
    hub_fold_drop(self, &by_session);
    return 0;
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct event_header *header = &event->stored->header;
    const struct session_moved *moved = event->record;
    switch (header->type) {
    case session_opened_id: return opened(self, header);
    case session_moved_id: return moved->status == session_status_ended ? ended(self, header) : 0;
    default: return 0;
    }
}

const struct hub_view_info hub_view_active = {
    .name = "active",
    .number = HUB_VIEW_active,
    .version = 1,
    .spread = HUB_SPREAD_stream,
    .fold = fold,
    .doc = "The sessions that have not ended, by opening.",
};
