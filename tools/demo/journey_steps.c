/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What each step of the journey asks and what it expects. The payloads are those that the integration guide shows. */
#include "tools/demo/journey_steps.h"

#include <stdio.h>

static bool is_text(struct hub_span text, const char *expected)
{
    return hub_span_is(text, hub_span(expected));
}

static void keep(struct hub_span text, char *ret_text, size_t room)
{
    snprintf(ret_text, room, "%.*s", (int) text.len, text.at);
}

/* --- the call --- */

void hub_journey_request_call(const struct hub_journey_facts *facts, struct hub_json_emit *emit)
{
    hub_json_emit_member_text(emit, "customer_id", facts->customer);
    hub_json_emit_member_text(emit, "session_id", facts->session);
    hub_json_emit_member_text(emit, "channel", "voice");
    hub_json_emit_key(emit, "customer_profile");
    hub_json_emit_object_begin(emit);
    hub_json_emit_member_text(emit, "name", "Sarah Johnson");
    hub_json_emit_member_text(emit, "company", "Tech Innovations Inc");
    hub_json_emit_member_text(emit, "communication_preference", "visual");
    hub_json_emit_object_end(emit);
}

const char *hub_journey_check_call(struct hub_journey_facts *facts, const void *answer)
{
    const struct unified_session *session = answer;
    if (!is_text(session->session_id.clear, facts->session) || !is_text(session->customer_id.clear, facts->customer))
        return "the client's own ids did not come back";
    if (session->channel != channel_voice || session->status != session_status_active)
        return "the session is not active on voice";
    return NULL;
}

/* --- messages --- */

static void request_message(const struct hub_journey_facts *facts, const char *channel, const char *content,
                            struct hub_json_emit *emit)
{
    hub_json_emit_member_text(emit, "customer_id", facts->customer);
    hub_json_emit_member_text(emit, "session_id", facts->session);
    hub_json_emit_member_text(emit, "channel", channel);
    hub_json_emit_member_text(emit, "content", content);
}

static const char *check_message(struct hub_journey_facts *facts, const void *answer)
{
    const struct message_processed *message = answer;
    if (!message->success || !is_text(message->session_id.clear, facts->session))
        return "the message is not in the session";
    keep(message->message_id, facts->message, sizeof facts->message);
    return NULL;
}

void hub_journey_request_issue(const struct hub_journey_facts *facts, struct hub_json_emit *emit)
{
    request_message(facts, "voice", "I have a complex billing issue", emit);
    hub_json_emit_member_text(emit, "sentiment", "frustrated");
}

const char *hub_journey_check_issue(struct hub_journey_facts *facts, const void *answer)
{
    return check_message(facts, answer);
}

void hub_journey_request_review(const struct hub_journey_facts *facts, struct hub_json_emit *emit)
{
    request_message(facts, "video", "Now I can show you the invoice on my screen", emit);
    hub_json_emit_member_text(emit, "sentiment", "satisfied");
}

const char *hub_journey_check_review(struct hub_journey_facts *facts, const void *answer)
{
    return check_message(facts, answer);
}

void hub_journey_request_confirm(const struct hub_journey_facts *facts, struct hub_json_emit *emit)
{
    request_message(facts, "email", "Your billing issue is resolved: invoice #12345 was corrected", emit);
    hub_json_emit_member_text(emit, "subject", "Confirmation: your billing issue is resolved");
}

const char *hub_journey_check_confirm(struct hub_journey_facts *facts, const void *answer)
{
    return check_message(facts, answer);
}

void hub_journey_request_arrive(const struct hub_journey_facts *facts, struct hub_json_emit *emit)
{
    (void) facts;
    (void) emit;
}

const char *hub_journey_check_arrive(struct hub_journey_facts *facts, const void *answer)
{
    const struct message_shown *message = ((const struct message_reply *) answer)->message;
    if (!is_text(message->message_id, facts->message) || message->channel != channel_email)
        return "it is another message";
    return message->status == message_status_delivered ? NULL : "it is not delivered";
}

/* --- routing and transfer --- */

void hub_journey_request_advice(const struct hub_journey_facts *facts, struct hub_json_emit *emit)
{
    hub_json_emit_member_text(emit, "customer_id", facts->customer);
    hub_json_emit_member_text(emit, "current_channel", "voice");
    hub_json_emit_member_text(emit, "sentiment", "frustrated");
    hub_json_emit_member_text(emit, "urgency", "high");
    hub_json_emit_key(emit, "interaction_context");
    hub_json_emit_object_begin(emit);
    hub_json_emit_member_text(emit, "issue_type", "billing_dispute");
    hub_json_emit_key(emit, "previous_channel_attempts");
    hub_json_emit_array_begin(emit);
    hub_json_emit_text(emit, "email");
    hub_json_emit_text(emit, "chat");
    hub_json_emit_array_end(emit);
    hub_json_emit_member_text(emit, "customer_tier", "enterprise");
    hub_json_emit_object_end(emit);
}

const char *hub_journey_check_advice(struct hub_journey_facts *facts, const void *answer)
{
    (void) facts;
    const struct routing_advice *advice = ((const struct routing_reply *) answer)->intelligent_routing;
    for (uint32_t i = 0; i < advice->recommended_channels.count; i++) {
        const struct recommended_channel *row = &advice->recommended_channels.at[i];
        if (row->channel == channel_video)
            return row->reason.len > 0 ? NULL : "video comes without a reason";
    }
    return "video is not recommended";
}

void hub_journey_request_move(const struct hub_journey_facts *facts, struct hub_json_emit *emit)
{
    hub_json_emit_member_text(emit, "customer_id", facts->customer);
    hub_json_emit_member_text(emit, "session_id", facts->session);
    hub_json_emit_member_text(emit, "from_channel", "voice");
    hub_json_emit_member_text(emit, "to_channel", "video");
    hub_json_emit_key(emit, "context_data");
    hub_json_emit_object_begin(emit);
    hub_json_emit_member_text(emit, "conversation_summary",
                              "Customer disputes an invoice and wants to go through it together");
    hub_json_emit_member_text(emit, "issue_type", "billing_dispute");
    hub_json_emit_member_text(emit, "agent_notes", "Customer has invoice #12345 ready to show");
    hub_json_emit_object_end(emit);
    hub_json_emit_member_text(emit, "reason", "Document review needs a shared screen");
}

const char *hub_journey_check_move(struct hub_journey_facts *facts, const void *answer)
{
    const struct transfer_answer *moved = answer;
    const struct new_channel_session *session = moved->new_channel_session;
    if (!moved->transfer_completed || session->channel != channel_video)
        return "the session is not on video";
    if (!is_text(session->session_id.clear, facts->session))
        return "it is another session";
    const struct preserved_context *context = session->preserved_context;
    if (context->conversation_history.count != 1 || context->history_count != 1)
        return "the conversation did not go along";
    if (!context->customer_profile || !is_text(context->customer_profile->name.clear, "Sarah Johnson"))
        return "the profile did not go along";
    return context->issue_context.clear.len > 0 ? NULL : "the issue's context did not go along";
}

/* --- the view --- */

void hub_journey_request_view(const struct hub_journey_facts *facts, struct hub_json_emit *emit)
{
    (void) facts;
    (void) emit;
}

const char *hub_journey_check_view(struct hub_journey_facts *facts, const void *answer)
{
    static const struct {
        const char *type;
        uint16_t channel; /* of a message, or where a transfer goes */
    } expected[] = {
        { "message", channel_voice },
        { "transfer", channel_video },
        { "message", channel_video },
        { "message", channel_email },
    };
    enum { ENTRIES = sizeof expected / sizeof *expected };
    const struct unified_view *view = answer;
    if (!is_text(view->customer_id.clear, facts->customer))
        return "it is another customer";
    if (view->interaction_timeline.count != ENTRIES || view->total_interactions != ENTRIES)
        return "the timeline has not every message and transfer";
    for (uint32_t i = 0; i < ENTRIES; i++) {
        const struct timeline_entry *entry = &view->interaction_timeline.at[i];
        bool is_transfer = is_text(entry->type, "transfer");
        if (!is_text(entry->type, expected[i].type) ||
            (is_transfer ? entry->to : entry->channel) != expected[i].channel)
            return "the timeline is out of order";
    }
    return NULL;
}
