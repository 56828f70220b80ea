/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `customer_sessions`: all sessions of a customer, oldest first. */
#include "replay/queries/figures.h"
#include "replay/queries/sessions.h"

enum { LIMIT = 1000 };

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct customer_query *query = params;
    struct customer_sessions *list = ret_answer;
    struct hub_ulid customer;
    struct customer_state *state;
    struct customer_figures figures;
    struct hub_session_page page;
    int done = hub_reading_named(reading, KIND_customer, &customer);
    done = done == 0 ? hub_reading_customer(reading, customer, &state) : done;
    done = done == 0 ? hub_reading_figures(reading, customer, &figures) : done;
    if (done != 0) {
        return done;
    }
    struct hub_session_ask ask = {
        .prefix = hub_row_key(HUB_VIEW_customer_sessions, reading->company),
        .limit = HUB_HAS(customer_query, query, limit) ? query->limit : LIMIT,
        .cursor = query->cursor,
    };
    hub_row_key_id(&ask.prefix, customer);
    done = hub_show_sessions(reading, &ask, &page);
    if (done != 0) {
        return done;
    }
    HUB_SET(customer_sessions, list, customer_id, hub_reading_customer_name(reading, state, customer));
    HUB_SET(customer_sessions, list, total, figures.sessions);
    HUB_MARK(customer_sessions, list, sessions);
    list->sessions.at = page.at;
    list->sessions.count = page.count;
    if (page.next_cursor.len > 0) {
        HUB_SET(customer_sessions, list, next_cursor, page.next_cursor);
    }
    return 0;
}

const struct hub_query_info hub_query_customer_sessions = {
    .name = "customer_sessions",
    .params = &customer_query_shape,
    .answer = &customer_sessions_shape,
    .scope = HUB_SCOPE_customer,
    .find_fn = hub_reading_find_customer,
    .answer_fn = answer,
};
