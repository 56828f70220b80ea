/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How an agent is shown. */
#include "actors/agent/render.h"

const hub_sealed *hub_agent_name(const struct agent_state *state)
{
    return HUB_HAS(agent_state, state, name) ? &state->name : &state->email;
}

static void show_loads(const struct agent_state *state, struct hub_arena *arena, struct agent_shown *shown)
{
    shown->capacity.at = HUB_NEW_ARRAY(arena, struct agent_load, channel_vocab.count);
    for (unsigned i = 0; i < channel_vocab.count; i++) {
        struct agent_load *load = &shown->capacity.at[shown->capacity.count++];
        unsigned channel = channel_vocab.words[i].code;
        HUB_SET(agent_load, load, channel, (hub_enum) channel);
        HUB_SET(agent_load, load, limit, hub_agent_capacity(state, channel));
        HUB_SET(agent_load, load, load, hub_agent_load(state, channel));
    }
    HUB_MARK(agent_shown, shown, capacity);
}

void hub_agent_render(const struct agent_state *state, struct hub_ulid agent, struct hub_arena *arena,
                      struct agent_shown *ret_shown)
{
    struct agent_shown *shown = ret_shown;
    HUB_SET(agent_shown, shown, agent_id, agent);
    HUB_COPY(agent_shown, shown, agent_state, state, name);
    HUB_COPY(agent_shown, shown, agent_state, state, email);
    HUB_COPY(agent_shown, shown, agent_state, state, role);
    HUB_COPY(agent_shown, shown, agent_state, state, presence);
    if (HUB_HAS(agent_state, state, reason)) {
        HUB_SET(agent_shown, shown, presence_reason, state->reason);
    }
    HUB_SET(agent_shown, shown, presence_since, state->presence_at);
    HUB_COPY(agent_shown, shown, agent_state, state, grace_until);
    HUB_SET(agent_shown, shown, skills, state->skills);
    HUB_SET(agent_shown, shown, languages, state->languages);
    show_loads(state, arena, shown);
    HUB_SET(agent_shown, shown, conversations, state->helps.count);
    shown->devices.at = state->devices.at;
    shown->devices.count = state->devices.count;
    HUB_MARK(agent_shown, shown, devices);
    HUB_COPY(agent_shown, shown, agent_state, state, created_at);
    HUB_COPY(agent_shown, shown, agent_state, state, version);
}
