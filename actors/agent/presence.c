/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on whether an agent is there. Who vanishes keeps the conversations for a grace period; who comes back in time goes
 * on as before. The end of the period is a timer that finds its own time in the state, or does nothing. */
#include "actors/agent/decide.h"

#include "actors/customer/customer.h"

static const int64_t second_us = 1000000;
static const struct hub_ulid none;

static struct agent_presence_changed *change(struct hub_decision *decision, unsigned presence, unsigned cause)
{
    struct agent_presence_changed *changed = HUB_NEW(hub_decision_arena(decision), struct agent_presence_changed);
    HUB_SET(agent_presence_changed, changed, presence, (hub_enum) presence);
    HUB_SET(agent_presence_changed, changed, cause, (hub_enum) cause);
    hub_decide_event(decision, &agent_presence_changed_shape, changed, hub_decision_self(decision), none);
    return changed;
}

/* From now on the grace period runs. */
static void begin_grace(struct agent_presence_changed *changed, uint32_t grace_s, struct hub_decision *decision)
{
    int64_t until_us = hub_decision_now(decision) + (int64_t) grace_s * second_us;
    struct agent_timer *timer = HUB_NEW(hub_decision_arena(decision), struct agent_timer);
    HUB_SET(agent_timer, timer, due, until_us);
    HUB_SET(agent_presence_changed, changed, grace_until, until_us);
    hub_decide_timer(decision, until_us, &agent_timer_shape, timer);
}

static uint32_t grace_of(const struct hub_decision *decision)
{
    uint32_t settled_s = hub_decision_caller(decision)->settled.lost_grace_s;
    return settled_s != 0 ? settled_s : HUB_LOST_GRACE_S;
}

void hub_agent_hold_for_offline(const struct agent_state *state, struct hub_decision *decision)
{
    if (state->presence != presence_offline || !HUB_HAS(agent_state, state, cause) ||
        HUB_HAS(agent_state, state, grace_until)) {
        return;
    }
    struct agent_presence_changed *changed = change(decision, presence_offline, state->cause);
    HUB_COPY(agent_presence_changed, changed, agent_state, state, reason);
    begin_grace(changed, grace_of(decision), decision);
}

static bool says_news(const struct agent_state *state, const struct set_presence *command)
{
    bool has = HUB_HAS(agent_state, state, reason);
    return state->presence != command->presence || !HUB_HAS(agent_state, state, cause) ||
           state->cause != presence_cause_chosen || has != HUB_HAS(set_presence, command, reason) ||
           (has && !hub_span_is(state->reason, command->reason));
}

void hub_agent_decide_presence(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    const struct set_presence *command = command_;
    if (!hub_agent_is_there(state, decision)) {
        return;
    }
    if (!hub_agent_may_lead(decision) && !hub_agent_is_self(decision)) {
        hub_decide_refuse(decision, HUB_ERROR_forbidden, "", "An agent changes the own presence only.");
        return;
    }
    if (says_news(state, command)) {
        struct agent_presence_changed *changed = change(decision, command->presence, presence_cause_chosen);
        HUB_COPY(agent_presence_changed, changed, set_presence, command, reason);
        if (command->presence == presence_offline && state->helps.count > 0) {
            begin_grace(changed, grace_of(decision), decision);
        }
    }
    hub_agent_report(state, decision);
    hub_agent_answer(state, decision);
}

/* Who never said anything is available once connected; who was lost is what it was before. */
void hub_agent_decide_seen(const void *state_, const void *command, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    (void) command;
    if (state == NULL || HUB_HAS(agent_state, state, removed)) {
        return;
    }
    if (!HUB_HAS(agent_state, state, cause)) {
        change(decision, presence_available, presence_cause_connected);
    } else if (state->cause == presence_cause_lost) {
        bool has_before = HUB_HAS(agent_state, state, presence_before);
        change(decision, has_before ? state->presence_before : (unsigned) presence_available, presence_cause_connected);
    }
    hub_agent_report(state, decision);
}

void hub_agent_decide_lost(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    const struct agent_lost *command = command_;
    if (state == NULL || HUB_HAS(agent_state, state, removed) || state->presence == presence_offline ||
        (HUB_HAS(agent_state, state, cause) && state->cause == presence_cause_lost)) {
        return;
    }
    uint32_t grace_s = HUB_HAS(agent_lost, command, grace_s) ? command->grace_s : grace_of(decision);
    begin_grace(change(decision, presence_away, presence_cause_lost), grace_s, decision);
    hub_agent_report(state, decision);
}

void hub_agent_timers(const void *state_, hub_timer_fn *tell, void *arg)
{
    const struct agent_state *state = state_;
    if (HUB_HAS(agent_state, state, grace_until)) {
        struct agent_timer timer = { 0 };
        HUB_SET(agent_timer, &timer, due, state->grace_until);
        tell(arg, state->grace_until, &agent_timer_shape, &timer);
    }
}

void hub_agent_decide_timer(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    const struct agent_timer *timer = command_;
    if (state == NULL || !HUB_HAS(agent_state, state, grace_until) || state->grace_until != timer->due) {
        return; /* came back, or another period runs */
    }
    struct agent_presence_changed *changed = change(decision, presence_offline, state->cause);
    HUB_COPY(agent_presence_changed, changed, agent_state, state, reason);
    hub_agent_report(state, decision);
    hub_agent_give_back_all(state, release_why_lost, decision);
}
