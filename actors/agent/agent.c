/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The shapes of the kind agent, and its row for the runtime. */
#include "actors/agent/agent.h"

#include "actors/agent/decide.h"

#include "base/def/shapes.h"
#include "actors/agent/agent.def"
#include "base/def/heads.h"
#include "actors/agent/agent.def"
#include "base/def/none.h"

static const struct hub_decider deciders[] = {
    { &begin_agent_shape, hub_agent_decide_begin },       { &get_agent_shape, hub_agent_decide_get },
    { &update_agent_shape, hub_agent_decide_update },     { &end_agent_shape, hub_agent_decide_end },
    { &set_presence_shape, hub_agent_decide_presence },   { &agent_seen_shape, hub_agent_decide_seen },
    { &agent_lost_shape, hub_agent_decide_lost },         { &agent_timer_shape, hub_agent_decide_timer },
    { &add_agent_help_shape, hub_agent_decide_add_help }, { &remove_agent_help_shape, hub_agent_decide_remove_help },
};

const struct hub_kind_info hub_kind_agent = {
    .number = KIND_agent,
    .name = "agent",
    .state = &agent_state_shape,
    .apply = hub_agent_apply,
    .deciders = deciders,
    .decider_count = sizeof deciders / sizeof deciders[0],
    .timers = hub_agent_timers,
};
