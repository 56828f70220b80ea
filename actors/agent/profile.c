/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on who an agent is: beginning, reading, changing, ending. A role is settled by the company, which knows whether an
 * admin would be left: a command with another role goes there first and comes back agreed. */
#include "actors/agent/decide.h"
#include "actors/agent/render.h"

#include "actors/customer/customer.h"
#include "base/pack.h"

static const struct hub_ulid none;

bool hub_agent_is_there(const struct agent_state *state, struct hub_decision *decision)
{
    bool is_there = state != NULL && !HUB_HAS(agent_state, state, removed);
    if (!is_there) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/agent_id", "There is no such agent.");
    }
    return is_there;
}

bool hub_agent_may_lead(const struct hub_decision *decision)
{
    unsigned role = hub_decision_caller(decision)->role;
    return role == 0 || role == role_admin || role == role_supervisor || role == role_service;
}

bool hub_agent_is_self(const struct hub_decision *decision)
{
    return hub_ulid_is(hub_decision_caller(decision)->principal, hub_decision_self(decision));
}

struct agent_state *hub_agent_after(const struct agent_state *state, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    struct agent_state *after = state == NULL ? HUB_NEW(arena, struct agent_state)
                                              : hub_record_copy(&agent_state_shape, state, arena);
    after->helps.room = after->capacity.room = after->devices.room = 0;
    hub_fold_decided(decision, hub_agent_apply, after, after->version);
    return after;
}

void hub_agent_answer(const struct agent_state *state, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    const struct agent_state *after = hub_agent_after(state, decision);
    struct agent_shown *shown = HUB_NEW(arena, struct agent_shown);
    hub_agent_render(after, hub_decision_self(decision), arena, shown);
    hub_decide_answer(decision, &agent_shown_shape, shown, hub_decision_self(decision));
}

static void decide(struct hub_decision *decision, const struct hub_shape *shape, void *record)
{
    hub_decide_event(decision, shape, record, hub_decision_self(decision), none);
}

void hub_agent_decide_begin(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    const struct begin_agent *command = command_;
    if (state != NULL && !HUB_HAS(agent_state, state, removed)) {
        hub_agent_answer(state, decision);
        return;
    }
    struct hub_arena *arena = hub_decision_arena(decision);
    struct agent_created *created = HUB_NEW(arena, struct agent_created);
    HUB_SET(agent_created, created, role, command->role);
    HUB_SET(agent_created, created, email, command->email);
    decide(decision, &agent_created_shape, created);
    struct agent_changed *changed = HUB_NEW(arena, struct agent_changed);
    HUB_COPY(agent_changed, changed, begin_agent, command, name);
    HUB_COPY(agent_changed, changed, begin_agent, command, skills);
    HUB_COPY(agent_changed, changed, begin_agent, command, languages);
    HUB_COPY_LIST(agent_changed, changed, begin_agent, command, capacity);
    HUB_COPY_LIST(agent_changed, changed, begin_agent, command, devices);
    if (changed->has != 0) {
        decide(decision, &agent_changed_shape, changed);
    }
    hub_agent_report(state, decision);
    hub_agent_answer(state, decision);
}

void hub_agent_decide_get(const void *state, const void *command, struct hub_decision *decision)
{
    (void) command;
    if (hub_agent_is_there(state, decision)) {
        hub_agent_answer(state, decision);
    }
}

/* Returns false when refused. */
static bool may_change(const struct update_agent *command, struct hub_decision *decision)
{
    if (!hub_agent_may_lead(decision) && !hub_agent_is_self(decision)) {
        hub_decide_refuse(decision, HUB_ERROR_forbidden, "", "An agent changes the own profile only.");
        return false;
    }
    bool leads = HUB_HAS(update_agent, command, skills) || HUB_HAS(update_agent, command, capacity);
    if (leads && !hub_agent_may_lead(decision)) {
        hub_decide_refuse(decision, HUB_ERROR_forbidden,
                          HUB_HAS(update_agent, command, skills) ? "/skills" : "/capacity",
                          "Supervisors and admins say what an agent can do.");
        return false;
    }
    bool by_admin = hub_decision_caller(decision)->role == role_admin;
    if (HUB_HAS(update_agent, command, role) && !by_admin && !hub_decision_settles(decision)) {
        hub_decide_refuse(decision, HUB_ERROR_forbidden, "/role", "Admins settle roles.");
        return false;
    }
    return true;
}

void hub_agent_decide_update(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    const struct update_agent *command = command_;
    if (!hub_agent_is_there(state, decision) || !may_change(command, decision)) {
        return;
    }
    bool has_role = HUB_HAS(update_agent, command, role) && command->role != state->role;
    if (has_role && !HUB_HAS(update_agent, command, agreed)) {
        hub_decide_forward(decision, KIND_company, hub_decision_caller(decision)->company);
        return;
    }
    struct agent_changed *changed = HUB_NEW(hub_decision_arena(decision), struct agent_changed);
    if (has_role) {
        HUB_SET(agent_changed, changed, role, command->role);
    }
    HUB_COPY(agent_changed, changed, update_agent, command, name);
    HUB_COPY(agent_changed, changed, update_agent, command, skills);
    HUB_COPY(agent_changed, changed, update_agent, command, languages);
    HUB_COPY_LIST(agent_changed, changed, update_agent, command, capacity);
    HUB_COPY_LIST(agent_changed, changed, update_agent, command, devices);
    if (changed->has != 0) {
        decide(decision, &agent_changed_shape, changed);
    }
    hub_agent_report(state, decision);
    hub_agent_answer(state, decision);
}

void hub_agent_decide_end(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    (void) command;
    if (state == NULL || HUB_HAS(agent_state, state, removed)) {
        return;
    }
    struct agent_removed *removed = HUB_NEW(hub_decision_arena(decision), struct agent_removed);
    HUB_SET(agent_removed, removed, helps, state->helps.count);
    decide(decision, &agent_removed_shape, removed);
    hub_agent_report(state, decision);
    hub_agent_give_back_all(state, release_why_removed, decision);
}
