/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on what a session hears of the person who takes care of it. */
#include "actors/session/decide.h"
#include "actors/session/moves.h"

static const struct hub_ulid none;

static bool is_known(const struct session_state *state, const struct help_session *command)
{
    bool has = HUB_HAS(session_state, state, agent);
    if (has != HUB_HAS(help_session, command, agent)) {
        return false;
    }
    return !has || hub_ulid_is(state->agent, command->agent);
}

void hub_session_decide_help(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct session_state *state = state_;
    const struct help_session *command = command_;
    if (state == NULL || state->status == session_status_ended) {
        return;
    }
    if (!is_known(state, command)) {
        struct session_agent_changed *changed = HUB_NEW(hub_decision_arena(decision), struct session_agent_changed);
        HUB_COPY(session_agent_changed, changed, help_session, command, agent);
        hub_decide_event(decision, &session_agent_changed_shape, changed, state->customer, none);
    }
    if (state->status != command->status && hub_session_may_move(state->status, command->status)) {
        struct session_moved *moved = HUB_NEW(hub_decision_arena(decision), struct session_moved);
        HUB_SET(session_moved, moved, status, command->status);
        hub_session_move(state, moved, decision);
    }
}
