/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The function of the routing's row: what was decided, in one sentence. */
#include "api/live/frame.h"

static const char *then_of(unsigned outcome)
{
    switch (outcome) {
    case routing_outcome_assigned: return "; an agent has room";
    case routing_outcome_queued: return "; nobody who fits has room, the customer waits";
    default: return "";
    }
}

/* "voice: Immediate human connection for angry customer; an agent has room." */
static struct hub_span recommendation_of(const struct routing_decided *decided, struct hub_arena *arena)
{
    struct hub_buf text;
    hub_buf_init(&text);
    hub_buf_put_text(&text, hub_vocab_name(&channel_vocab, decided->channel));
    if (decided->advice.count > 0) {
        hub_buf_put_text(&text, ": ");
        hub_buf_put(&text, decided->advice.at[0].reason.at, decided->advice.at[0].reason.len);
    }
    hub_buf_put_text(&text, then_of(decided->outcome));
    hub_buf_put_text(&text, ".");
    struct hub_span kept = hub_arena_copy(arena, hub_buf_span(&text));
    hub_buf_done(&text);
    return kept;
}

bool hub_frame_routing(struct hub_frame *frame, void *payload)
{
    const struct routing_decided *decided = frame->event;
    struct live_routing_recommendation *shown = payload;
    HUB_SET(live_routing_recommendation, shown, recommendation, recommendation_of(decided, frame->reading->arena));
    HUB_SET(live_routing_recommendation, shown, decision_id, decided->decision);
    HUB_SET(live_routing_recommendation, shown, customer_id, frame->customer_name);
    if (HUB_HAS(routing_decided, decided, session)) {
        HUB_SET(live_routing_recommendation, shown, session_id, frame->session_name);
    }
    HUB_COPY(live_routing_recommendation, shown, routing_decided, decided, channel);
    HUB_COPY(live_routing_recommendation, shown, routing_decided, decided, outcome);
    HUB_COPY(live_routing_recommendation, shown, routing_decided, decided, rule);
    if (HUB_HAS(routing_decided, decided, agent)) {
        HUB_SET(live_routing_recommendation, shown, agent_id, decided->agent);
        frame->agent = decided->agent;
    }
    if (HUB_HAS(routing_decided, decided, needs)) {
        HUB_COPY(live_routing_recommendation, shown, routing_needs, decided->needs, queue);
    }
    return true;
}
