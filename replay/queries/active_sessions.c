/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `active_sessions`: the sessions that have not ended, in the order in which they were opened. */
#include "replay/queries/sessions.h"

enum { LIMIT = 50 };

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct active_sessions_query *query = params;
    struct session_list *list = ret_answer;
    struct hub_session_ask ask = {
        .prefix = hub_row_key(HUB_VIEW_active, reading->company),
        .channel = HUB_HAS(active_sessions_query, query, channel) ? query->channel : 0,
        .limit = HUB_HAS(active_sessions_query, query, limit) ? query->limit : LIMIT,
        .cursor = query->cursor,
    };
    struct hub_session_page page;
    hub_row_key_byte(&ask.prefix, 'o');
    int done = hub_show_sessions(reading, &ask, &page);
    if (done != 0) {
        return done;
    }
    HUB_MARK(session_list, list, sessions);
    list->sessions.at = page.at;
    list->sessions.count = page.count;
    if (page.next_cursor.len > 0) {
        HUB_SET(session_list, list, next_cursor, page.next_cursor);
    }
    return 0;
}

const struct hub_query_info hub_query_active_sessions = {
    .name = "active_sessions",
    .params = &active_sessions_query_shape,
    .answer = &session_list_shape,
    .scope = HUB_SCOPE_company,
    .is_still = true,
    .answer_fn = answer,
};
