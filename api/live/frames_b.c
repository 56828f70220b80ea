/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The functions of contract B's rows. A row is always whole and the newest there is: a client replaces the one it has by it. */
#include "actors/agent/render.h"
#include "api/live/frame.h"
#include "replay/queries/customer_rows.h"

/* The customer's row as who listens sees it; NULL when it cannot be shown. Times are those of the event, so that it is told in the
 * same way again. */
static struct customer_row *show_row(struct hub_frame *frame, struct hub_span page_id)
{
    struct hub_reading reading = *frame->reading;
    struct customer_row *row = HUB_NEW(reading.arena, struct customer_row);
    reading.viewer = frame->viewer;
    reading.now_us = frame->header->time;
    if (hub_show_customer_row(&reading, frame->customer, page_id, row) != 0) {
        return NULL;
    }
    if (HUB_HAS(customer_row, row, agent_id)) {
        frame->differs_for = row->agent_id;
    }
    return row;
}

/* --- who wants a person --- */

/* One who was taken over unasked wants nothing. */
bool hub_frame_help_requested(struct hub_frame *frame, void *payload)
{
    const struct customer_help_requested *event = frame->event;
    struct live_help_requested *shown = payload;
    struct customer_row *row = event->cause == help_cause_taken ? NULL : show_row(frame, event->page_id);
    if (row == NULL) {
        return false;
    }
    HUB_SET(live_help_requested, shown, customer_id, frame->customer_name);
    HUB_COPY(live_help_requested, shown, customer_help_requested, event, page_id);
    HUB_COPY(live_help_requested, shown, customer_row, row, customer_name);
    HUB_COPY(live_help_requested, shown, customer_help_requested, event, cause);
    HUB_COPY(live_help_requested, shown, customer_help_requested, event, reason);
    HUB_SET(live_help_requested, shown, customer, row);
    return true;
}

static bool show_stop(struct hub_frame *frame, struct hub_span page_id, bool stop, struct live_stop_changed *shown)
{
    struct customer_row *row = show_row(frame, page_id);
    if (row == NULL) {
        return false;
    }
    HUB_SET(live_stop_changed, shown, stop, stop);
    HUB_SET(live_stop_changed, shown, customer_id, frame->customer_name);
    HUB_SET(live_stop_changed, shown, page_id, page_id);
    HUB_SET(live_stop_changed, shown, customer, row);
    return true;
}

bool hub_frame_help_begun(struct hub_frame *frame, void *payload)
{
    return show_stop(frame, ((const struct customer_help_requested *) frame->event)->page_id, true, payload);
}

bool hub_frame_help_ended(struct hub_frame *frame, void *payload)
{
    return show_stop(frame, ((const struct customer_help_ended *) frame->event)->page_id, false, payload);
}

/* --- who helps --- */

static bool show_assignment(struct hub_frame *frame, struct hub_span page_id, struct hub_ulid agent,
                            struct live_assignment_changed *shown)
{
    static const hub_sealed empty = { .clear = { "", 0 } };
    void *state = NULL;
    struct customer_row *row = show_row(frame, page_id);
    if (row == NULL) {
        return false;
    }
    frame->agent = agent;
    bool is_known = hub_reading_state(frame->reading, &hub_kind_agent, agent, &state) == 0;
    HUB_SET(live_assignment_changed, shown, customer_id, frame->customer_name);
    HUB_SET(live_assignment_changed, shown, page_id, page_id);
    HUB_SET(live_assignment_changed, shown, agent_id, agent);
    HUB_SET(live_assignment_changed, shown, agent_name, is_known ? *hub_agent_name(state) : empty);
    HUB_SET(live_assignment_changed, shown, customer, row);
    return true;
}

bool hub_frame_customer_assigned(struct hub_frame *frame, void *payload)
{
    const struct customer_assigned *event = frame->event;
    struct live_assignment_changed *shown = payload;
    HUB_SET(live_assignment_changed, shown, action, assignment_action_assigned);
    return show_assignment(frame, event->page_id, event->agent, shown);
}

bool hub_frame_customer_released(struct hub_frame *frame, void *payload)
{
    const struct customer_released *event = frame->event;
    struct live_assignment_changed *shown = payload;
    HUB_SET(live_assignment_changed, shown, action, assignment_action_unassigned);
    return show_assignment(frame, event->page_id, event->agent, shown);
}

/* The agent has the customer still; the row says what has changed. */
bool hub_frame_customer_wrapping(struct hub_frame *frame, void *payload)
{
    const struct customer_wrapping *event = frame->event;
    struct live_assignment_changed *shown = payload;
    HUB_SET(live_assignment_changed, shown, action, assignment_action_assigned);
    return show_assignment(frame, event->page_id, event->agent, shown);
}

/* --- messages --- */

/* The session's inbox, or the word of the channel. */
static struct hub_span page_of(const struct hub_frame *frame, unsigned channel)
{
    void *found = NULL;
    if (hub_reading_state(frame->reading, &hub_kind_session, frame->session, &found) == 0 &&
        HUB_HAS(session_state, (const struct session_state *) found, page_id)) {
        return ((const struct session_state *) found)->page_id;
    }
    return hub_span(hub_vocab_name(&channel_vocab, (uint16_t) channel));
}

static void begin_message(const struct hub_frame *frame, uint32_t index, unsigned author,
                          struct live_customer_message *shown)
{
    HUB_SET(live_customer_message, shown, customer_id, frame->customer_name);
    HUB_SET(live_customer_message, shown, session_id, frame->session_name);
    HUB_SET(live_customer_message, shown, message_id,
            hub_part_id_print(frame->session, 'm', index, frame->reading->arena));
    HUB_SET(live_customer_message, shown, author, (hub_enum) author);
    HUB_SET(live_customer_message, shown, is_human, author == author_agent);
    HUB_SET(live_customer_message, shown, timestamp, frame->header->time);
}

bool hub_frame_customer_wrote(struct hub_frame *frame, void *payload)
{
    const struct message_received *event = frame->event;
    struct live_customer_message *shown = payload;
    begin_message(frame, event->index, author_customer, shown);
    HUB_SET(live_customer_message, shown, page_id, page_of(frame, event->channel));
    HUB_SET(live_customer_message, shown, message, event->content);
    HUB_COPY(live_customer_message, shown, message_received, event, channel);
    return true;
}

bool hub_frame_company_wrote(struct hub_frame *frame, void *payload)
{
    const struct message_sent *event = frame->event;
    struct live_customer_message *shown = payload;
    begin_message(frame, event->index, event->author, shown);
    HUB_SET(live_customer_message, shown, page_id, page_of(frame, event->channel));
    HUB_SET(live_customer_message, shown, message, event->content);
    HUB_COPY(live_customer_message, shown, message_sent, event, channel);
    if (HUB_HAS(message_sent, event, agent)) {
        HUB_SET(live_customer_message, shown, agent_id, event->agent);
    }
    return true;
}
