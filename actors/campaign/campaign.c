/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the kind campaign, and its row for the runtime. */
#include "actors/campaign/campaign.h"

#include "actors/campaign/decide.h"

#include "base/def/shapes.h"
#include "actors/campaign/campaign.def"
#include "base/def/heads.h"
#include "actors/campaign/campaign.def"
#include "base/def/none.h"

static const struct hub_decider deciders[] = {
    { &register_campaign_shape, hub_campaign_decide_register }, { &launch_campaign_shape, hub_campaign_decide_launch },
    { &pause_campaign_shape, hub_campaign_decide_pause },       { &resume_campaign_shape, hub_campaign_decide_resume },
    { &cancel_campaign_shape, hub_campaign_decide_cancel },     { &begin_campaign_shape, hub_campaign_decide_begin },
    { &walk_campaign_shape, hub_campaign_decide_walk },         { &finish_campaign_shape, hub_campaign_decide_finish },
    { &define_segment_shape, hub_campaign_decide_segment },
};

const struct hub_kind_info hub_kind_campaign = {
    .number = KIND_campaign,
    .name = "campaign",
    .state = &campaign_state_shape,
    .apply = hub_campaign_apply,
    .deciders = deciders,
    .decider_count = sizeof deciders / sizeof deciders[0],
    .timers = hub_campaign_timers,
};
