/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The view `customer_sessions`: all sessions of a customer, in the order in which they were opened. */
#include "replay/views/all.h"

static int fold(struct hub_view_fold *self, const struct hub_view_event *event)
{
    const struct event_header *header = &event->stored->header;
    if (header->type != session_opened_id) {
        return 0;
    }
    const struct session_opened *opened = event->record;
    struct hub_row_key key = hub_row_key(HUB_VIEW_customer_sessions, header->company);
    hub_row_key_id(&key, opened->customer);
    hub_row_key_be64(&key, header->sequence);
    struct index_row row = { 0 };
    HUB_SET(index_row, &row, session, header->entity);
    hub_fold_put(self, &key, &index_row_shape, &row);
    return 0;
}

const struct hub_view_info hub_view_customer_sessions = {
    .name = "customer_sessions",
    .number = HUB_VIEW_customer_sessions,
    .version = 1,
    .spread = HUB_SPREAD_stream,
    .fold = fold,
    .doc = "All sessions of a customer, by opening.",
};
