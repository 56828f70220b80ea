/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Messages as they are shown. */
#include "replay/queries/shown.h"

#include "base/error.h"

void hub_show_message(const struct hub_reading *reading, const struct message_row *row, hub_sealed session,
                      struct message_shown *ret_shown)
{
    struct message_shown *shown = ret_shown;
    struct hub_span id = hub_part_id_print(row->session, 'm', row->index, reading->arena);
    bool analysed = HUB_HAS(message_row, row, sentiment);
    *shown = (struct message_shown){ 0 };
    HUB_SET(message_shown, shown, message_id, id);
    HUB_SET(message_shown, shown, session_id, session);
    HUB_COPY(message_shown, shown, message_row, row, index);
    HUB_COPY(message_shown, shown, message_row, row, channel);
    HUB_COPY(message_shown, shown, message_row, row, author);
    HUB_COPY(message_shown, shown, message_row, row, content);
    HUB_COPY(message_shown, shown, message_row, row, status);
    HUB_COPY(message_shown, shown, message_row, row, failure);
    HUB_COPY(message_shown, shown, message_row, row, attempts);
    HUB_COPY(message_shown, shown, message_row, row, page_id);
    HUB_COPY(message_shown, shown, message_row, row, metadata);
    HUB_SET(message_shown, shown, ai_sentiment, analysed ? row->sentiment : (hub_enum) sentiment_unknown);
    HUB_COPY(message_shown, shown, message_row, row, timestamp);
    HUB_COPY(message_shown, shown, message_row, row, status_at);
    HUB_COPY(message_shown, shown, message_row, row, subject);
}

struct walk {
    const struct hub_reading *reading;
    const struct hub_message_range *range;
    struct message_shown *shown;
    uint32_t count;
    int error;
};

static bool show(void *arg, struct hub_span key, struct hub_span value)
{
    (void) key;
    struct walk *walk = arg;
    struct message_row row;
    walk->error = hub_reading_take(walk->reading, value, &message_row_shape, &row);
    if (walk->error != 0 || row.index > walk->range->to) {
        return false;
    }
    hub_show_message(walk->reading, &row, walk->range->name, &walk->shown[walk->count++]);
    return row.index < walk->range->to;
}

int hub_show_messages(const struct hub_reading *reading, const struct hub_message_range *range,
                      struct message_shown *ret_shown, uint32_t *ret_count)
{
    struct walk walk = { .reading = reading, .range = range, .shown = ret_shown };
    struct hub_row_key prefix = hub_row_key(HUB_VIEW_messages, reading->company);
    hub_row_key_id(&prefix, range->session);
    struct hub_row_key first = prefix;
    hub_row_key_be32(&first, range->from);
    int done = 0;
    if (range->from <= range->to) {
        done = reading->rows.scan(reading->rows.self, hub_row_key_span(&prefix), hub_row_key_span(&first), show, &walk);
    }
    *ret_count = walk.count;
    return done != 0 ? done : walk.error;
}
