/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The functions of the campaigns' rows: where a campaign stands, with the newest counts of its recipients. */
#include "api/live/frame.h"
#include "replay/queries/campaigns.h"

enum { WALK_STEP = 5000, BATCH = 512 };

static void add_counts(const struct hub_frame *frame, struct live_campaign_update *update)
{
    struct campaign_counts counts;
    if (hub_reading_counts(frame->reading, frame->header->entity, &counts) != 0) {
        return;
    }
    HUB_SET(live_campaign_update, update, recipients, counts.recipients);
    HUB_SET(live_campaign_update, update, waiting, counts.selected + counts.deferred + counts.fallback);
    HUB_COPY(live_campaign_update, update, campaign_counts, &counts, attempted);
    HUB_COPY(live_campaign_update, update, campaign_counts, &counts, delivered);
    HUB_COPY(live_campaign_update, update, campaign_counts, &counts, exhausted);
    HUB_COPY(live_campaign_update, update, campaign_counts, &counts, suppressed);
    HUB_COPY(live_campaign_update, update, campaign_counts, &counts, replied);
    HUB_COPY(live_campaign_update, update, campaign_counts, &counts, converted);
    HUB_COPY(live_campaign_update, update, campaign_counts, &counts, opted_out);
}

static bool show(const struct hub_frame *frame, unsigned status, struct live_campaign_update *update)
{
    struct campaign_state *state;
    if (hub_reading_campaign(frame->reading, frame->header->entity, &state) != 0) {
        return false;
    }
    HUB_SET(live_campaign_update, update, campaign_id, state->campaign_id);
    HUB_COPY(live_campaign_update, update, campaign_state, state, name);
    HUB_SET(live_campaign_update, update, status, status != 0 ? (hub_enum) status : state->status);
    add_counts(frame, update);
    return true;
}

bool hub_frame_campaign_launched(struct hub_frame *frame, void *payload)
{
    const struct campaign_launched *launched = frame->event;
    bool is_later = HUB_HAS(campaign_launched, launched, starts_at);
    return show(frame, is_later ? campaign_status_scheduled : campaign_status_running, payload);
}

bool hub_frame_campaign_moved(struct hub_frame *frame, void *payload)
{
    return show(frame, ((const struct campaign_moved *) frame->event)->status, payload);
}

/* An audience is walked many steps a second: one frame for some thousand customers is enough. */
bool hub_frame_campaign_walked(struct hub_frame *frame, void *payload)
{
    const struct campaign_walked *walked = frame->event;
    return (walked->is_over || walked->seen % WALK_STEP < BATCH) && show(frame, 0, payload);
}
