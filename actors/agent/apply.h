/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of an agent, and what can be read from it. */
#ifndef HUB_ACTORS_AGENT_APPLY_H
#define HUB_ACTORS_AGENT_APPLY_H

#include "actors/agent/agent.h"

enum { HUB_AGENT_HELPS = 500 }; /* conversations at a time, whatever the capacity */

/* Fold one event into an agent_state; see hub_apply_fn. An event of another kind changes the version only. */
hub_apply_fn hub_agent_apply;

/* Where a conversation stands in the list, -1 when it does not. */
int hub_agent_help_at(const struct agent_state *state, struct hub_ulid customer, struct hub_span page_id);

/* How many conversations on a channel an agent takes at a time: what was said, or the usual: one call, five of the rest. */
uint32_t hub_agent_capacity(const struct agent_state *state, unsigned channel);

/* How many conversations on a channel the agent has. */
uint32_t hub_agent_load(const struct agent_state *state, unsigned channel);

#endif
