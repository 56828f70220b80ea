/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `customer_history`: everything that happened with a customer, oldest first. */
#include "replay/queries/shown.h"

enum { LIMIT = 1000 };

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct customer_query *query = params;
    struct customer_history *history = ret_answer;
    struct hub_ulid customer;
    struct customer_state *state;
    struct hub_timeline_page page;
    int done = hub_reading_named(reading, KIND_customer, &customer);
    done = done == 0 ? hub_reading_customer(reading, customer, &state) : done;
    if (done != 0) {
        return done;
    }
    const struct hub_timeline_ask ask = {
        .customer = customer,
        .which = HUB_TIMELINE_HISTORY,
        .limit = HUB_HAS(customer_query, query, limit) ? query->limit : LIMIT,
        .cursor = query->cursor,
    };
    done = hub_show_timeline(reading, &ask, &page);
    if (done != 0) {
        return done;
    }
    HUB_SET(customer_history, history, customer_id, hub_reading_customer_name(reading, state, customer));
    HUB_MARK(customer_history, history, history);
    history->history.at = page.at;
    history->history.count = page.count;
    if (page.next_cursor.len > 0) {
        HUB_SET(customer_history, history, next_cursor, page.next_cursor);
    }
    return 0;
}

const struct hub_query_info hub_query_customer_history = {
    .name = "customer_history",
    .params = &customer_query_shape,
    .answer = &customer_history_shape,
    .scope = HUB_SCOPE_customer,
    .find_fn = hub_reading_find_customer,
    .answer_fn = answer,
};
