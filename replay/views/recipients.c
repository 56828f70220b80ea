/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `recipients`: where each recipient of each campaign stands, and those who wait, by channel and time. */
#include "actors/customer/recipient.h"
#include "base/error.h"
#include "replay/views/all.h"

static struct hub_row_key key_of(const struct event_header *header, struct hub_ulid campaign)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_recipients, header->company, 'c', campaign);
    hub_row_key_id(&key, header->entity);
    return key;
}

/* Its place among those who wait: by the time from which on it is its turn, so that those whose turn it was lie in front, and
 * whoever looks for the next ones need not pass over all that was removed there. */
static struct hub_row_key place_of(const struct event_header *header, struct hub_ulid campaign,
                                   const struct recipient_row *row)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_recipients, header->company, (uint8_t) row->channel, campaign);
    int64_t due_s = HUB_HAS(recipient_row, row, due) ? (row->due + 999999) / 1000000 : row->moved_at / 1000000;
    hub_row_key_be32(&key, due_s > UINT32_MAX ? UINT32_MAX : (uint32_t) due_s);
    hub_row_key_id(&key, header->entity);
    return key;
}

static void leave(struct hub_view_fold *self, const struct event_header *header, struct hub_ulid campaign,
                  struct recipient_row *row)
{
    if (HUB_HAS(recipient_row, row, waits)) {
        struct hub_row_key place = place_of(header, campaign, row);
        hub_fold_drop(self, &place);
        HUB_CLEAR(recipient_row, row, waits);
    }
}

static void enter(struct hub_view_fold *self, const struct event_header *header, struct hub_ulid campaign,
                  struct recipient_row *row)
{
    const struct index_row nothing = { 0 };
    struct hub_row_key place = place_of(header, campaign, row);
    hub_fold_put(self, &place, &index_row_shape, &nothing);
    HUB_SET(recipient_row, row, waits, true);
}

static int selected(struct hub_view_fold *self, const struct event_header *header,
                    const struct recipient_selected *event)
{
    struct hub_row_key key = key_of(header, event->campaign);
    struct recipient_row row = { 0 };
    HUB_SET(recipient_row, &row, status, recipient_status_selected);
    HUB_SET(recipient_row, &row, step, 1);
    HUB_SET(recipient_row, &row, channel, (uint8_t) event->route.at[0]);
    HUB_SET(recipient_row, &row, session, event->session);
    HUB_SET(recipient_row, &row, attempts, 0);
    HUB_SET(recipient_row, &row, moved_at, header->time);
    if (event->waits) {
        enter(self, header, event->campaign, &row);
    }
    hub_fold_put(self, &key, &recipient_row_shape, &row);
    return 0;
}

static int moved(struct hub_view_fold *self, const struct event_header *header, const struct recipient_moved *event)
{
    struct hub_row_key key = key_of(header, event->campaign);
    struct hub_folded *folded;
    int done = hub_fold_open(self, &key, &recipient_row_shape, &folded);
    if (done < 0) {
        return done;
    }
    struct recipient_row *row = folded->record;
    leave(self, header, event->campaign, row);
    HUB_SET(recipient_row, row, status, event->status);
    HUB_SET(recipient_row, row, step, event->step);
    HUB_SET(recipient_row, row, channel, event->channel);
    HUB_SET(recipient_row, row, attempts, row->attempts + (event->status == recipient_status_attempted));
    HUB_SET(recipient_row, row, moved_at, header->time);
    HUB_CLEAR(recipient_row, row, reason);
    HUB_CLEAR(recipient_row, row, due);
    HUB_COPY(recipient_row, row, recipient_moved, event, reason);
    HUB_COPY(recipient_row, row, recipient_moved, event, due);
    if (HUB_HAS(recipient_moved, event, failure)) {
        HUB_SET(recipient_row, row, failure, hub_arena_copy(folded->arena, event->failure));
    }
    if (hub_recipient_waits(event->status)) {
        enter(self, header, event->campaign, row);
    }
    hub_fold_touch(self, folded);
    return 0;
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct event_header *header = &event->stored->header;
    switch (header->type) {
    case recipient_selected_id: return selected(self, header, event->record);
    case recipient_moved_id: return moved(self, header, event->record);
    default: return 0;
    }
}

static const uint16_t types[] = { recipient_selected_id, recipient_moved_id, 0 };

const struct hub_view_info hub_view_recipients = {
    .name = "recipients",
    .number = HUB_VIEW_recipients,
    .version = 2,
    .types = types,
    .spread = HUB_SPREAD_stream,
    .fold = fold,
    .doc = "The recipients of campaigns.",
};
