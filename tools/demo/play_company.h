/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the company does in `demo --load` besides answering: it has agents, and launches a campaign. */
#ifndef HUB_TOOLS_DEMO_PLAY_COMPANY_H
#define HUB_TOOLS_DEMO_PLAY_COMPANY_H

#include "tools/demo/play_turns.h"

/* Add the agents. Needs an admin's key. Returns 0; -1 with the asker's `why`. */
int hub_play_hire(struct hub_play_asker *asker, struct hub_play_agents *ret_agents);

/* Launch a campaign to the first of so many customers, and wait until it is finished.
 *
 * ret_delivered  recipients whom it reached
 * Returns 0; -1 with the asker's `why`. */
int hub_play_campaign(struct hub_play_asker *asker, uint32_t customers, uint64_t *ret_delivered);

#endif
