/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the queries about campaigns share. */
#ifndef HUB_REPLAY_QUERIES_CAMPAIGNS_H
#define HUB_REPLAY_QUERIES_CAMPAIGNS_H

#include "replay/reading.h"

/* A campaign's state. Returns 0, HUB_ERROR_not_found with the fault filled (an audience is none), or < 0. */
int hub_reading_campaign(const struct hub_reading *reading, struct hub_ulid campaign,
                         struct campaign_state **ret_state);

/* How its recipients stand; zeros before the first. Returns 0 or < 0. */
int hub_reading_counts(const struct hub_reading *reading, struct hub_ulid campaign, struct campaign_counts *ret_counts);

/* What a campaign's runner must know of a customer. Spans are borrowed from the state. */
void hub_show_turn(struct hub_ulid customer, const struct customer_state *state, struct campaign_turn *ret_turn);

#endif
