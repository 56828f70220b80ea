/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The decisions of a campaign, one per command, and what they share. Only campaign/ includes this. */
#ifndef HUB_ACTORS_CAMPAIGN_DECIDE_H
#define HUB_ACTORS_CAMPAIGN_DECIDE_H

#include "actors/campaign/campaign.h"

/* Fold one event into a campaign_state; see hub_apply_fn. An event of another kind changes the version only. */
hub_apply_fn hub_campaign_apply;

/* Decide one command each; see hub_decide_fn. State: campaign_state or NULL. */
hub_decide_fn hub_campaign_decide_register;
hub_decide_fn hub_campaign_decide_launch;
hub_decide_fn hub_campaign_decide_pause;
hub_decide_fn hub_campaign_decide_resume;
hub_decide_fn hub_campaign_decide_cancel;
hub_decide_fn hub_campaign_decide_begin;
hub_timers_fn hub_campaign_timers;
hub_decide_fn hub_campaign_decide_walk;
hub_decide_fn hub_campaign_decide_finish;
hub_decide_fn hub_campaign_decide_segment;

/* What a client calls a campaign: the text of the command, which is kept as it came. */
hub_text hub_campaign_name(const hub_sealed *given, struct hub_decision *decision);

/* True when a text is a condition over audience_member; else the decision is refused, with the place. */
bool hub_campaign_is_condition(struct hub_span text, struct hub_decision *decision);

#endif
