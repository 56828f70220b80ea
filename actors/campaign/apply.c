/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a campaign. It holds settings, status and how far the audience was walked; never a recipient. */
#include "actors/campaign/decide.h"

#include "base/pack.h"

struct fold {
    struct campaign_state *state;
    const struct hub_event *event;
    struct hub_arena *arena;
};

/* Keep a text or free JSON that the event may have. */
#define KEEP(rec, record, from, to)                                       \
    do {                                                                  \
        if (HUB_HAS(rec, record, from)) {                                 \
            hub_keep_text(fold->arena, &fold->state->to, (record)->from); \
            HUB_MARK(campaign_state, fold->state, to);                    \
        }                                                                 \
    } while (0)

static void set_status(const struct fold *fold, unsigned status)
{
    HUB_SET(campaign_state, fold->state, status, (hub_enum) status);
    if (status == campaign_status_finished || status == campaign_status_cancelled) {
        HUB_SET(campaign_state, fold->state, over_at, fold->event->decided_at_us);
    }
}

static void apply_campaign_registered(const struct fold *fold, const struct campaign_registered *registered)
{
    set_status(fold, campaign_status_draft);
    KEEP(campaign_registered, registered, campaign_id, campaign_id);
    KEEP(campaign_registered, registered, name, name);
    if (HUB_HAS(campaign_registered, registered, segments)) {
        hub_keep_sealed(fold->arena, &fold->state->segments, &registered->segments);
        HUB_MARK(campaign_state, fold->state, segments);
    }
    if (HUB_HAS(campaign_registered, registered, channels)) {
        size_t bytes = registered->channels.count * sizeof(hub_enum);
        hub_list kept = { .at = hub_arena_get(fold->arena, bytes), .count = registered->channels.count };
        memcpy(kept.at, registered->channels.at, bytes);
        HUB_SET(campaign_state, fold->state, channels, kept);
    }
}

static void apply_campaign_launched(const struct fold *fold, const struct campaign_launched *launched)
{
    struct campaign_state *state = fold->state;
    bool is_later = HUB_HAS(campaign_launched, launched, starts_at);
    set_status(fold, is_later ? campaign_status_scheduled : campaign_status_running);
    HUB_SET(campaign_state, state, plan, hub_record_copy(&campaign_plan_shape, launched->plan, fold->arena));
    hub_keep_text(fold->arena, &state->campaign_id, launched->plan->campaign_id);
    HUB_MARK(campaign_state, state, campaign_id);
    KEEP(campaign_plan, launched->plan, name, name);
    KEEP(campaign_launched, launched, audience, audience);
    HUB_SET(campaign_state, state, named, launched->named);
    HUB_COPY(campaign_state, state, campaign_launched, launched, starts_at);
    HUB_SET(campaign_state, state, launched_at, fold->event->decided_at_us);
    HUB_SET(campaign_state, state, walked, !HUB_HAS(campaign_launched, launched, audience));
}

static void apply_campaign_moved(const struct fold *fold, const struct campaign_moved *moved)
{
    set_status(fold, moved->status);
}

static void apply_campaign_walked(const struct fold *fold, const struct campaign_walked *walked)
{
    HUB_COPY(campaign_state, fold->state, campaign_walked, walked, cursor);
    HUB_SET(campaign_state, fold->state, seen, walked->seen);
    HUB_SET(campaign_state, fold->state, matched, walked->matched);
    HUB_SET(campaign_state, fold->state, walked, walked->is_over);
}

static void apply_segment_defined(const struct fold *fold, const struct segment_defined *defined)
{
    KEEP(segment_defined, defined, segment_id, campaign_id);
    KEEP(segment_defined, defined, name, name);
    KEEP(segment_defined, defined, conditions, audience);
}

void hub_campaign_apply(void *state, const struct hub_event *event, struct hub_arena *arena)
{
    const struct fold fold = { .state = state, .event = event, .arena = arena };
    HUB_SET(campaign_state, fold.state, version, event->version);
    HUB_SET(campaign_state, fold.state, changed_at, event->decided_at_us);
    if (!HUB_HAS(campaign_state, fold.state, created_at)) {
        HUB_SET(campaign_state, fold.state, created_at, event->decided_at_us);
    }
    switch (event->shape->id) {
#include "actors/def/events.h"
#include "actors/campaign/campaign.def"
#include "base/def/none.h"
    default: break; /* of a later version */
    }
}
