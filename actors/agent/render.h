/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How an agent is shown: one function for live answers, lists and the past. */
#ifndef HUB_ACTORS_AGENT_RENDER_H
#define HUB_ACTORS_AGENT_RENDER_H

#include "actors/agent/apply.h"

/* Fill the picture of an agent. Spans and boxes are borrowed from the state; lists are made in the arena. */
void hub_agent_render(const struct agent_state *state, struct hub_ulid agent, struct hub_arena *arena,
                      struct agent_shown *ret_shown);

/* What colleagues call an agent: the name, or the e-mail address of one without a name. Borrowed from the state. */
const hub_sealed *hub_agent_name(const struct agent_state *state);

#endif
