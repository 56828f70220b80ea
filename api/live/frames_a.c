/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The functions of contract A's rows: each fills a payload from one event. */
#include "api/live/frame.h"

/* --- session_update --- */

static void begin_update(const struct hub_frame *frame, struct live_session_update *update)
{
    HUB_SET(live_session_update, update, session_id, frame->session_name);
    HUB_SET(live_session_update, update, last_activity_at, frame->header->time);
}

bool hub_frame_session_opened(struct hub_frame *frame, void *payload)
{
    const struct session_opened *opened = frame->event;
    struct live_session_update *update = payload;
    begin_update(frame, update);
    HUB_SET(live_session_update, update, customer_id, frame->customer_name);
    HUB_SET(live_session_update, update, status, session_status_active);
    HUB_COPY(live_session_update, update, session_opened, opened, channel);
    HUB_COPY(live_session_update, update, session_opened, opened, priority);
    HUB_COPY(live_session_update, update, session_opened, opened, page_id);
    HUB_COPY(live_session_update, update, session_opened, opened, metadata);
    return true;
}

bool hub_frame_session_moved(struct hub_frame *frame, void *payload)
{
    const struct session_moved *moved = frame->event;
    struct live_session_update *update = payload;
    begin_update(frame, update);
    HUB_COPY(live_session_update, update, session_moved, moved, status);
    HUB_COPY(live_session_update, update, session_moved, moved, end_reason);
    HUB_COPY(live_session_update, update, session_moved, moved, snoozed_until);
    HUB_COPY(live_session_update, update, session_moved, moved, satisfaction);
    return true;
}

bool hub_frame_session_changed(struct hub_frame *frame, void *payload)
{
    const struct session_changed *changed = frame->event;
    struct live_session_update *update = payload;
    begin_update(frame, update);
    HUB_COPY(live_session_update, update, session_changed, changed, priority);
    HUB_COPY(live_session_update, update, session_changed, changed, labels);
    HUB_COPY(live_session_update, update, session_changed, changed, metadata);
    return true;
}

/* --- transfers --- */

/* The transfer that an event is about, out of the session's state; its channels never change. NULL: the state is gone. */
static const struct session_transfer *transfer_of(const struct hub_frame *frame, uint32_t number)
{
    void *found = NULL;
    if (hub_reading_state(frame->reading, &hub_kind_session, frame->session, &found) != 0) {
        return NULL;
    }
    const struct session_state *state = found;
    return number < 1 || number > state->transfers.count ? NULL : &state->transfers.at[number - 1];
}

/* What moved a session to another channel, or back. */
bool hub_frame_session_transferred(struct hub_frame *frame, void *payload)
{
    const struct transfer_moved *moved = frame->event;
    struct live_session_update *update = payload;
    bool is_back = moved->status == transfer_status_rolled_back;
    if (moved->status != transfer_status_completed && !is_back) {
        return false;
    }
    const struct session_transfer *transfer = transfer_of(frame, moved->number);
    if (transfer == NULL) {
        return false;
    }
    begin_update(frame, update);
    HUB_SET(live_session_update, update, channel, is_back ? transfer->from_channel : transfer->to_channel);
    return true;
}

bool hub_frame_channel_transfer(struct hub_frame *frame, void *payload)
{
    const struct transfer_moved *moved = frame->event;
    struct live_channel_transfer *shown = payload;
    if (moved->status < transfer_status_completed) {
        return false;
    }
    const struct session_transfer *transfer = transfer_of(frame, moved->number);
    if (transfer == NULL) {
        return false;
    }
    HUB_SET(live_channel_transfer, shown, transfer_id,
            hub_part_id_print(frame->session, 't', moved->number, frame->reading->arena));
    HUB_SET(live_channel_transfer, shown, session_id, frame->session_name);
    HUB_SET(live_channel_transfer, shown, customer_id, frame->customer_name);
    HUB_SET(live_channel_transfer, shown, from_channel, transfer->from_channel);
    HUB_SET(live_channel_transfer, shown, to_channel, transfer->to_channel);
    HUB_COPY(live_channel_transfer, shown, transfer_moved, moved, status);
    HUB_COPY(live_channel_transfer, shown, transfer_moved, moved, cause);
    return true;
}

/* --- messages --- */

static struct hub_span message_id(const struct hub_frame *frame, uint32_t index)
{
    return hub_part_id_print(frame->session, 'm', index, frame->reading->arena);
}

static void begin_message(const struct hub_frame *frame, struct live_new_message *shown, uint32_t index,
                          hub_enum author)
{
    HUB_SET(live_new_message, shown, message_id, message_id(frame, index));
    HUB_SET(live_new_message, shown, session_id, frame->session_name);
    HUB_SET(live_new_message, shown, customer_id, frame->customer_name);
    HUB_SET(live_new_message, shown, index, index);
    HUB_SET(live_new_message, shown, author, author);
    HUB_SET(live_new_message, shown, is_human, author == author_agent);
}

bool hub_frame_message_received(struct hub_frame *frame, void *payload)
{
    const struct message_received *received = frame->event;
    struct live_new_message *shown = payload;
    begin_message(frame, shown, received->index, author_customer);
    HUB_SET(live_new_message, shown, status, message_status_received);
    HUB_COPY(live_new_message, shown, message_received, received, channel);
    HUB_COPY(live_new_message, shown, message_received, received, content);
    HUB_COPY(live_new_message, shown, message_received, received, sentiment);
    HUB_COPY(live_new_message, shown, message_received, received, page_id);
    HUB_COPY(live_new_message, shown, message_received, received, metadata);
    return true;
}

bool hub_frame_message_sent(struct hub_frame *frame, void *payload)
{
    const struct message_sent *sent = frame->event;
    struct live_new_message *shown = payload;
    begin_message(frame, shown, sent->index, sent->author);
    HUB_SET(live_new_message, shown, status, message_status_queued);
    HUB_COPY(live_new_message, shown, message_sent, sent, channel);
    HUB_COPY(live_new_message, shown, message_sent, sent, content);
    HUB_COPY(live_new_message, shown, message_sent, sent, page_id);
    HUB_COPY(live_new_message, shown, message_sent, sent, metadata);
    HUB_COPY(live_new_message, shown, message_sent, sent, subject);
    return true;
}

bool hub_frame_delivery_failed(struct hub_frame *frame, void *payload)
{
    const struct message_status_changed *changed = frame->event;
    struct live_system_alert *alert = payload;
    if (!HUB_HAS(message_status_changed, changed, failure)) {
        return false;
    }
    HUB_SET(live_system_alert, alert, severity, live_severity_warning);
    HUB_SET(live_system_alert, alert, message, HUB_SPAN("An attempt to deliver a message failed."));
    HUB_SET(live_system_alert, alert, code, HUB_SPAN("delivery_failed"));
    HUB_SET(live_system_alert, alert, session_id, frame->session_name);
    HUB_SET(live_system_alert, alert, message_id, message_id(frame, changed->index));
    return true;
}

/* --- customer_activity --- */

static bool show_activity(struct hub_frame *frame, struct live_customer_activity *shown, hub_enum activity)
{
    HUB_SET(live_customer_activity, shown, customer_id, frame->customer_name);
    HUB_SET(live_customer_activity, shown, activity, activity);
    return true;
}

bool hub_frame_customer_created(struct hub_frame *frame, void *payload)
{
    const struct customer_created *created = frame->event;
    struct live_customer_activity *shown = payload;
    HUB_COPY(live_customer_activity, shown, customer_created, created, channel);
    return show_activity(frame, shown, live_activity_created);
}

bool hub_frame_customer_profile(struct hub_frame *frame, void *payload)
{
    return show_activity(frame, payload, live_activity_profile_changed);
}

bool hub_frame_customer_context(struct hub_frame *frame, void *payload)
{
    return show_activity(frame, payload, live_activity_context_changed);
}

bool hub_frame_customer_identity(struct hub_frame *frame, void *payload)
{
    const struct customer_identity_added *added = frame->event;
    struct live_customer_activity *shown = payload;
    HUB_SET(live_customer_activity, shown, channel, added->identity->channel);
    return show_activity(frame, shown, live_activity_identity_added);
}

bool hub_frame_message_got_on(struct hub_frame *frame, void *payload)
{
    const struct message_status_changed *changed = frame->event;
    struct live_customer_activity *shown = payload;
    if (!HUB_HAS(message_status_changed, changed, status) || changed->status < message_status_delivered) {
        return false;
    }
    HUB_SET(live_customer_activity, shown, session_id, frame->session_name);
    HUB_SET(live_customer_activity, shown, message_id, message_id(frame, changed->index));
    return show_activity(frame, shown,
                         changed->status == message_status_read ? live_activity_message_read
                                                                : live_activity_message_delivered);
}
