/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The queries `transfer`, one transfer found by its id, and `transfer_answer`, what a transfer that just went through brought
 * along. */
#include "base/error.h"
#include "replay/queries/shown.h"

enum { HISTORY_MAX = 1000 };

static int find(const struct hub_reading *reading, const void *params, struct hub_ulid *ret_session)
{
    uint32_t number;
    return hub_reading_part(reading, ((const struct transfer_query *) params)->transfer_id, 't', ret_session, &number);
}

static void show(const struct hub_reading *reading, const struct transfer_row *row, hub_sealed session,
                 struct transfer_shown *shown)
{
    struct hub_span id = hub_part_id_print(row->session, 't', row->number, reading->arena);
    HUB_SET(transfer_shown, shown, transfer_id, id);
    HUB_SET(transfer_shown, shown, session_id, session);
    HUB_COPY(transfer_shown, shown, transfer_row, row, status);
    HUB_COPY(transfer_shown, shown, transfer_row, row, from_channel);
    HUB_COPY(transfer_shown, shown, transfer_row, row, to_channel);
    HUB_COPY(transfer_shown, shown, transfer_row, row, reason);
    if (HUB_HAS(transfer_row, row, context)) {
        HUB_SET(transfer_shown, shown, context_data, row->context);
    }
    HUB_COPY(transfer_shown, shown, transfer_row, row, history_count);
    HUB_COPY(transfer_shown, shown, transfer_row, row, history_digest);
    HUB_COPY(transfer_shown, shown, transfer_row, row, requested_at);
    if (row->status == transfer_status_completed) {
        HUB_SET(transfer_shown, shown, completed_at, row->moved_at);
    }
    HUB_COPY(transfer_shown, shown, transfer_row, row, cause);
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    struct hub_ulid session;
    uint32_t number;
    int done = hub_reading_part(reading, ((const struct transfer_query *) params)->transfer_id, 't', &session, &number);
    if (done != 0) {
        return done;
    }
    struct session_state *state;
    struct transfer_row row;
    struct hub_row_key key = hub_row_key_of_part(HUB_VIEW_transfers, reading->company, session, number);
    done = hub_reading_row(reading, &key, &transfer_row_shape, &row);
    done = done == 0 ? hub_reading_session(reading, session, &state) : done;
    if (done != 0) {
        return done == HUB_ERROR_not_found
                   ? hub_reading_refuse(reading, done, "/transfer_id", "There is no such transfer.")
                   : done;
    }
    show(reading, &row, hub_session_name(state, session, reading->arena), ret_answer);
    return 0;
}

const struct hub_query_info hub_query_transfer = {
    .name = "transfer",
    .params = &transfer_query_shape,
    .answer = &transfer_shown_shape,
    .scope = HUB_SCOPE_session,
    .find_fn = find,
    .answer_fn = answer,
};

/* --- What came along --- */

static int find_done(const struct hub_reading *reading, const void *params, struct hub_ulid *ret_session)
{
    (void) reading;
    *ret_session = ((const struct transfer_done *) params)->session;
    return 0;
}

/* The messages that go along; of a very long session the latest. */
static int preserve_history(const struct hub_reading *reading, const struct transfer_done *moved,
                            struct preserved_context *context)
{
    uint32_t count = moved->history_count;
    uint32_t from = count > HISTORY_MAX ? count - HISTORY_MAX + 1 : 1;
    const struct hub_message_range range = { moved->session, moved->session_id, from, count };
    struct message_shown *shown = HUB_NEW_ARRAY(reading->arena, struct message_shown, count + 1 - from);
    context->conversation_history.at = shown;
    HUB_MARK(preserved_context, context, conversation_history);
    return hub_show_messages(reading, &range, shown, &context->conversation_history.count);
}

static int preserve_profile(const struct hub_reading *reading, const struct transfer_done *moved,
                            struct preserved_context *context)
{
    void *found = NULL;
    int done = hub_reading_state(reading, &hub_kind_customer, moved->customer, &found);
    const struct customer_state *customer = found;
    bool has_profile = done == 0 && HUB_HAS(customer_state, customer, profile);
    HUB_SET(preserved_context, context, customer_profile,
            has_profile ? customer->profile : HUB_NEW(reading->arena, struct customer_profile));
    return done < 0 ? done : 0;
}

static int answer_done(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct transfer_done *moved = params;
    struct transfer_answer *reply = ret_answer;
    struct session_state *state;
    int done = hub_reading_session(reading, moved->session, &state);
    if (done != 0) {
        return done;
    }
    struct new_channel_session *session = HUB_NEW(reading->arena, struct new_channel_session);
    struct preserved_context *context = HUB_NEW(reading->arena, struct preserved_context);
    HUB_COPY(transfer_answer, reply, transfer_done, moved, success);
    HUB_COPY(transfer_answer, reply, transfer_done, moved, transfer_id);
    HUB_COPY(transfer_answer, reply, transfer_done, moved, transfer_completed);
    HUB_SET(transfer_answer, reply, new_channel_session, session);
    HUB_COPY(new_channel_session, session, transfer_done, moved, channel);
    HUB_COPY(new_channel_session, session, transfer_done, moved, session_id);
    HUB_SET(new_channel_session, session, preserved_context, context);
    HUB_COPY(preserved_context, context, transfer_done, moved, history_count);
    HUB_COPY(preserved_context, context, transfer_done, moved, history_digest);
    hub_sealed nothing = { .clear = HUB_SPAN("{}") }; /* clients read members of it without asking */
    HUB_SET(preserved_context, context, issue_context,
            HUB_HAS(transfer_done, moved, context) ? moved->context : nothing);
    done = preserve_history(reading, moved, context);
    return done == 0 ? preserve_profile(reading, moved, context) : done;
}

const struct hub_query_info hub_query_transfer_answer = {
    .name = "transfer_answer",
    .params = &transfer_done_shape,
    .answer = &transfer_answer_shape,
    .scope = HUB_SCOPE_session,
    .find_fn = find_done,
    .answer_fn = answer_done,
};
