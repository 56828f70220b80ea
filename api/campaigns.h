/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Campaigns: where a request names many customers, or describes an audience that must be counted. */
#ifndef HUB_API_CAMPAIGNS_H
#define HUB_API_CAMPAIGNS_H

struct hub_call;

/* POST /campaign/omnichannel-launch: find the customers it names, then launch. */
void hub_campaigns_launch(struct hub_call *call);

/* POST /campaign/audience-segment: count (on a helper), then keep. */
void hub_campaigns_segment(struct hub_call *call);

#endif
