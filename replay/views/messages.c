/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `messages`: every message with its delivery status, by session and number. */
#include "base/error.h"
#include "replay/views/all.h"

static struct hub_row_key key_of(const struct event_header *header, uint32_t index)
{
    return hub_row_key_of_part(HUB_VIEW_messages, header->company, header->entity, index);
}

static void begin(struct message_row *row, const struct event_header *header, enum message_status status)
{
    HUB_SET(message_row, row, session, header->entity);
    HUB_SET(message_row, row, status, (hub_enum) status);
    HUB_SET(message_row, row, timestamp, header->time);
    HUB_SET(message_row, row, status_at, header->time);
}

static int received(struct hub_view_fold *self, const struct event_header *header, const struct message_received *event)
{
    struct message_row row = { 0 };
    begin(&row, header, message_status_received);
    HUB_SET(message_row, &row, author, author_customer);
    HUB_COPY(message_row, &row, message_received, event, index);
    HUB_COPY(message_row, &row, message_received, event, channel);
    HUB_COPY(message_row, &row, message_received, event, content);
    HUB_COPY(message_row, &row, message_received, event, page_id);
    HUB_COPY(message_row, &row, message_received, event, metadata);
    HUB_COPY(message_row, &row, message_received, event, sentiment);
    struct hub_row_key key = key_of(header, event->index);
    hub_fold_put(self, &key, &message_row_shape, &row);
    return 0;
}

static int sent(struct hub_view_fold *self, const struct event_header *header, const struct message_sent *event)
{
    struct message_row row = { 0 };
    begin(&row, header, message_status_queued);
    HUB_COPY(message_row, &row, message_sent, event, index);
    HUB_COPY(message_row, &row, message_sent, event, channel);
    HUB_COPY(message_row, &row, message_sent, event, content);
    HUB_COPY(message_row, &row, message_sent, event, author);
    HUB_COPY(message_row, &row, message_sent, event, page_id);
    HUB_COPY(message_row, &row, message_sent, event, metadata);
    HUB_COPY(message_row, &row, message_sent, event, subject);
    struct hub_row_key key = key_of(header, event->index);
    hub_fold_put(self, &key, &message_row_shape, &row);
    return 0;
}

static int moved(struct hub_view_fold *self, const struct event_header *header,
                 const struct message_status_changed *event)
{
    struct hub_row_key key = key_of(header, event->index);
    struct hub_folded *folded;
    int done = hub_fold_open(self, &key, &message_row_shape, &folded);
    if (done < 0) {
        return done;
    }
    if (folded->is_new) {
        return HUB_ERROR_internal;
    }
    struct message_row *row = folded->record;
    if (HUB_HAS(message_status_changed, event, status) && event->status > row->status) {
        HUB_SET(message_row, row, status, event->status);
        HUB_SET(message_row, row, status_at, header->time);
    }
    if (HUB_HAS(message_status_changed, event, failure)) {
        HUB_SET(message_row, row, failure, hub_arena_copy(folded->arena, event->failure));
    }
    if (HUB_HAS(message_status_changed, event, attempt) && event->attempt > row->attempts) {
        HUB_SET(message_row, row, attempts, event->attempt);
    }
    hub_fold_touch(self, folded);
    return 0;
}

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct event_header *header = &event->stored->header;
    switch (header->type) {
    case message_received_id: return received(self, header, event->record);
    case message_sent_id: return sent(self, header, event->record);
    case message_status_changed_id: return moved(self, header, event->record);
    default: return 0;
    }
}

const struct hub_view_info hub_view_messages = {
    .name = "messages",
    .number = HUB_VIEW_messages,
    .version = 1,
    .spread = HUB_SPREAD_stream,
    .fold = fold,
    .doc = "Every message with its delivery status.",
};
