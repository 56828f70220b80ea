/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The query `message`: one message, found by its id. */
#include "base/error.h"
#include "replay/queries/shown.h"

static int find(const struct hub_reading *reading, const void *params, struct hub_ulid *ret_session)
{
    uint32_t index;
    return hub_reading_part(reading, ((const struct message_query *) params)->message_id, 'm', ret_session, &index);
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    struct message_reply *reply = ret_answer;
    struct hub_ulid session;
    uint32_t index;
    int done = hub_reading_part(reading, ((const struct message_query *) params)->message_id, 'm', &session, &index);
    if (done != 0) {
        return done;
    }
    struct session_state *state;
    struct message_row row;
    struct hub_row_key key = hub_row_key_of_part(HUB_VIEW_messages, reading->company, session, index);
    done = hub_reading_row(reading, &key, &message_row_shape, &row);
    done = done == 0 ? hub_reading_session(reading, session, &state) : done;
    if (done != 0) {
        return done == HUB_ERROR_not_found
                   ? hub_reading_refuse(reading, done, "/message_id", "There is no such message.")
                   : done;
    }
    HUB_SET(message_reply, reply, message, HUB_NEW(reading->arena, struct message_shown));
    hub_show_message(reading, &row, hub_session_name(state, session, reading->arena), reply->message);
    return 0;
}

const struct hub_query_info hub_query_message = {
    .name = "message",
    .params = &message_query_shape,
    .answer = &message_reply_shape,
    .scope = HUB_SCOPE_session,
    .find_fn = find,
    .answer_fn = answer,
};
