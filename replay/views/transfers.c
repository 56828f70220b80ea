/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `transfers`: every channel transfer and where it stands, by session and number. */
#include "base/error.h"
#include "replay/views/all.h"

static int requested(struct hub_view_fold *self, const struct event_header *header,
                     const struct transfer_requested *event)
{
    struct transfer_row row = { 0 };
    HUB_SET(transfer_row, &row, session, header->entity);
    HUB_SET(transfer_row, &row, status, transfer_status_requested);
    HUB_SET(transfer_row, &row, requested_at, header->time);
    HUB_SET(transfer_row, &row, moved_at, header->time);
    HUB_COPY(transfer_row, &row, transfer_requested, event, number);
    HUB_COPY(transfer_row, &row, transfer_requested, event, from_channel);
    HUB_COPY(transfer_row, &row, transfer_requested, event, to_channel);
    HUB_COPY(transfer_row, &row, transfer_requested, event, reason);
    HUB_COPY(transfer_row, &row, transfer_requested, event, context);
    HUB_COPY(transfer_row, &row, transfer_requested, event, history_count);
    HUB_COPY(transfer_row, &row, transfer_requested, event, history_digest);
    struct hub_row_key key = hub_row_key_of_part(HUB_VIEW_transfers, header->company, header->entity, event->number);
    hub_fold_put(self, &key, &transfer_row_shape, &row);
    return 0;
}

static int moved(struct hub_view_fold *self, const struct event_header *header, const struct transfer_moved *event)
{
    struct hub_row_key key = hub_row_key_of_part(HUB_VIEW_transfers, header->company, header->entity, event->number);
    struct hub_folded *folded;
    int done = hub_fold_open(self, &key, &transfer_row_shape, &folded);
    if (done < 0) {
        return done;
    }
    if (folded->is_new) {
        return HUB_ERROR_internal;
    }
    struct transfer_row *row = folded->record;
    HUB_SET(transfer_row, row, status, event->status);
    HUB_SET(transfer_row, row, moved_at, header->time);
    if (HUB_HAS(transfer_moved, event, cause)) {
        HUB_SET(transfer_row, row, cause, hub_arena_copy(folded->arena, event->cause));
    }
    hub_fold_touch(self, folded);
    return 0;
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct event_header *header = &event->stored->header;
    switch (header->type) {
    case transfer_requested_id: return requested(self, header, event->record);
    case transfer_moved_id: return moved(self, header, event->record);
    default: return 0;
    }
}

const struct hub_view_info hub_view_transfers = {
    .name = "transfers",
    .number = HUB_VIEW_transfers,
    .version = 1,
    .spread = HUB_SPREAD_stream,
    .fold = fold,
    .doc = "Every channel transfer and where it stands.",
};
