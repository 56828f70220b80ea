/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The legal moves of campaigns and their recipients, as a page. */
#ifndef HUB_ACTORS_CAMPAIGN_MOVES_H
#define HUB_ACTORS_CAMPAIGN_MOVES_H

#include "base/buf.h"

/* True when a campaign may go from one status to the other (codes of campaign_status). Any thread. */
bool hub_campaign_may_move(unsigned from, unsigned to);

/* Append the page docs/campaign-states.md. Any thread. */
void hub_campaign_moves_print(struct hub_buf *out);

#endif
