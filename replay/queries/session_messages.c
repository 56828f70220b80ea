/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `session_messages`: the messages of a session, oldest first. */
#include "replay/queries/shown.h"

enum { LIMIT = 100 };

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct session_messages_query *query = params;
    struct message_history *history = ret_answer;
    struct hub_ulid session;
    struct session_state *state;
    uint64_t after = 0;
    int done = hub_reading_named(reading, KIND_session, &session);
    done = done == 0 ? hub_reading_session(reading, session, &state) : done;
    done = done == 0 ? hub_reading_cursor_parse(reading, query->cursor, &after) : done;
    if (done != 0) {
        return done;
    }
    uint32_t limit = HUB_HAS(session_messages_query, query, limit) ? query->limit : LIMIT;
    uint32_t total = (uint32_t) state->message_ranks.len;
    uint32_t from = after < total ? (uint32_t) after + 1 : total + 1;
    uint32_t to = total - (from - 1) > limit ? from - 1 + limit : total;
    const struct hub_message_range range = { session, hub_session_name(state, session, reading->arena), from, to };
    struct message_shown *shown = HUB_NEW_ARRAY(reading->arena, struct message_shown, to + 1 - from);
    HUB_SET(message_history, history, session_id, range.name);
    HUB_SET(message_history, history, total, total);
    HUB_MARK(message_history, history, messages);
    history->messages.at = shown;
    if (to < total) {
        HUB_SET(message_history, history, next_cursor, hub_reading_cursor_print(reading, to));
    }
    return hub_show_messages(reading, &range, shown, &history->messages.count);
}

const struct hub_query_info hub_query_session_messages = {
    .name = "session_messages",
    .params = &session_messages_query_shape,
    .answer = &message_history_shape,
    .scope = HUB_SCOPE_session,
    .find_fn = hub_reading_find_session,
    .answer_fn = answer,
};
