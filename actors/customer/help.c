/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on who helps a customer. One customer is one writer: of two agents who grab at once the first has the customer, and
 * the other is told. What follows goes to the session (waiting or active) and to the agent, who counts the conversation,
 * answers the client, and hands it back when there is no room. */
#include "actors/agent/agent.h"
#include "actors/customer/decide.h"
#include "actors/customer/help_steps.h"
#include "actors/session/session.h"

static const struct hub_ulid none;

/* --- who may --- */

static void refuse_assigned(const struct hub_help_grip *grip)
{
    hub_decide_refuse(grip->decision, HUB_ERROR_already_assigned, "",
                      "The customer is already assigned to another agent.");
}

static bool is_of(const struct hub_help_grip *grip, struct hub_ulid agent)
{
    return grip->help != NULL && HUB_HAS(customer_help, grip->help, agent) && hub_ulid_is(grip->help->agent, agent);
}

/* An agent disposes of the own customers, everybody else who may work of all. Returns false when refused. */
static bool may_dispose(const struct hub_help_grip *grip)
{
    const struct hub_caller *caller = hub_decision_caller(grip->decision);
    if (grip->help == NULL || !HUB_HAS(customer_help, grip->help, agent)) {
        hub_decide_refuse(grip->decision, HUB_ERROR_conflict, "", "No agent has the customer.");
        return false;
    }
    if (caller->role == role_agent && !is_of(grip, caller->principal)) {
        refuse_assigned(grip);
        return false;
    }
    return true;
}

/* The agent that a command names, or who asks. None when refused. */
static struct hub_ulid agent_of(struct hub_decision *decision, bool for_others)
{
    const struct hub_caller *caller = hub_decision_caller(decision);
    struct hub_ulid agent = hub_decision_named(decision, KIND_agent);
    if (!hub_decision_names(decision, KIND_agent)) {
        hub_decide_refuse(decision, HUB_ERROR_invalid_field, "/agent_id", "A key is no person; say which agent.");
        return none;
    }
    if (hub_ulid_is(agent, caller->principal)) {
        return agent;
    }
    if (!hub_decision_exists(decision, KIND_agent)) {
        hub_decide_refuse(decision, HUB_ERROR_not_found, "/agent_id", "There is no such agent.");
        return none;
    }
    if (caller->role == role_agent && !for_others) {
        hub_decide_refuse(decision, HUB_ERROR_forbidden, "/agent_id", "An agent takes customers for oneself only.");
        return none;
    }
    return agent;
}

/* --- the moves --- */

void hub_customer_decide_stop(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct stop_customer *command = command_;
    struct hub_help_grip grip = { .decision = decision };
    if (!hub_help_find(state, HUB_HAS(stop_customer, command, page_id), command->page_id, &grip)) {
        return;
    }
    const struct hub_caller *caller = hub_decision_caller(decision);
    if (command->stop && grip.help == NULL) {
        const hub_sealed *reason = HUB_HAS(stop_customer, command, reason) ? &command->reason : NULL;
        if (!hub_help_request(state, &grip, help_cause_stopped, reason)) {
            return;
        }
        hub_help_tell_session(&grip, session_status_waiting, none);
    } else if (!command->stop && grip.help != NULL) {
        if (caller->role == role_agent && HUB_HAS(customer_help, grip.help, agent) &&
            !is_of(&grip, caller->principal)) {
            refuse_assigned(&grip);
            return;
        }
        hub_help_end(&grip, help_end_resumed);
        hub_help_tell_session(&grip, session_status_active, none);
    }
    hub_help_answer(&grip, command->stop);
}

void hub_customer_decide_request(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct request_help *command = command_;
    struct hub_help_grip grip = { .session = command->session, .channel = command->channel, .decision = decision };
    bool has_page = HUB_HAS(request_help, command, page_id);
    grip.page_id = has_page ? command->page_id : hub_span(hub_vocab_name(&channel_vocab, command->channel));
    if (state == NULL || hub_customer_help_at(state, grip.page_id) >= 0 ||
        hub_customer_session_at(state, command->session) < 0) {
        return; /* a person is wanted there already, or the session is over */
    }
    if (hub_help_request(state, &grip, command->cause,
                         HUB_HAS(request_help, command, reason) ? &command->reason : NULL)) {
        hub_help_tell_session(&grip, session_status_waiting, none);
    }
}

/* Take or give a customer that nobody has. Returns false when refused. */
static bool give(const struct customer_state *state, const struct hub_help_grip *grip,
                 const struct hub_help_giving *giving)
{
    if (grip->help == NULL && !hub_help_request(state, grip, help_cause_taken, NULL)) {
        return false;
    }
    if (grip->help != NULL && HUB_HAS(customer_help, grip->help, agent) && !is_of(grip, giving->agent)) {
        refuse_assigned(grip);
        return false;
    }
    hub_help_assign(grip, giving);
    return true;
}

void hub_customer_decide_assign(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct assign_agent *command = command_;
    struct hub_help_grip grip = { .decision = decision };
    if (!hub_help_find(state, HUB_HAS(assign_agent, command, page_id), command->page_id, &grip)) {
        return;
    }
    struct hub_ulid agent = agent_of(decision, false);
    if (hub_ulid_is_none(agent)) {
        return;
    }
    if (is_of(&grip, agent) && grip.help->status == help_status_assigned) {
        hub_help_answer(&grip, true);
        return;
    }
    bool is_self = hub_ulid_is(agent, hub_decision_caller(decision)->principal);
    give(state, &grip, &(struct hub_help_giving){ .agent = agent, .by = is_self ? assign_by_self : assign_by_person });
}

void hub_customer_decide_routed(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct assign_customer *command = command_;
    struct hub_help_grip grip = { .decision = decision };
    if (!hub_help_find(state, HUB_HAS(assign_customer, command, page_id), command->page_id, &grip)) {
        return;
    }
    if (grip.help == NULL || grip.help->status != help_status_waiting) {
        bool has_agent = grip.help != NULL && HUB_HAS(customer_help, grip.help, agent);
        refuse_assigned(&grip);
        hub_help_refuse_routing(&grip, has_agent ? grip.help->agent : none, command->decision);
        hub_decide_keep(decision);
        return;
    }
    hub_help_assign(&grip, &(struct hub_help_giving){
                               .agent = command->agent, .by = assign_by_routing, .anyway = true, .inside = true });
}

void hub_customer_decide_release(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct unassign_agent *command = command_;
    struct hub_help_grip grip = { .decision = decision };
    if (!hub_help_find(state, HUB_HAS(unassign_agent, command, page_id), command->page_id, &grip) ||
        !may_dispose(&grip)) {
        return;
    }
    hub_help_release(&grip, release_why_released, HUB_HAS(unassign_agent, command, note) ? &command->note : NULL);
    hub_help_tell_session(&grip, session_status_waiting, none);
    hub_help_answer(&grip, true);
}

void hub_customer_decide_hand_over(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct transfer_customer *command = command_;
    struct hub_help_grip grip = { .decision = decision };
    const hub_sealed *note = HUB_HAS(transfer_customer, command, note) ? &command->note : NULL;
    if (!hub_help_find(state, HUB_HAS(transfer_customer, command, page_id), command->page_id, &grip) ||
        !may_dispose(&grip)) {
        return;
    }
    if (!HUB_HAS(transfer_customer, command, agent_id)) {
        hub_help_release(&grip, release_why_released, note);
        hub_help_tell_session(&grip, session_status_waiting, none);
        hub_help_answer(&grip, true);
        return;
    }
    struct hub_ulid to = agent_of(decision, true);
    if (hub_ulid_is_none(to)) {
        return;
    }
    if (is_of(&grip, to)) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/agent_id", "This agent has the customer.");
        return;
    }
    hub_help_release(&grip, release_why_transferred, note);
    hub_help_assign(&grip, &(struct hub_help_giving){ .agent = to, .by = assign_by_person, .from = grip.help->agent });
}

void hub_customer_decide_wrap_up(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct wrap_up_help *command = command_;
    struct hub_help_grip grip = { .decision = decision };
    if (!hub_help_find(state, HUB_HAS(wrap_up_help, command, page_id), command->page_id, &grip) ||
        !may_dispose(&grip)) {
        return;
    }
    if (grip.help->status != help_status_wrapping) {
        struct customer_wrapping *event = HUB_NEW(hub_decision_arena(decision), struct customer_wrapping);
        HUB_SET(customer_wrapping, event, page_id, grip.page_id);
        HUB_SET(customer_wrapping, event, agent, grip.help->agent);
        HUB_SET(customer_wrapping, event, talked_us, hub_help_since(&grip, grip.help->assigned_at));
        hub_help_event(&grip, &customer_wrapping_shape, event);
    }
    hub_help_answer(&grip, true);
}

void hub_customer_decide_finish(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct finish_help *command = command_;
    struct hub_help_grip grip = { .decision = decision };
    if (!hub_help_find(state, HUB_HAS(finish_help, command, page_id), command->page_id, &grip) || !may_dispose(&grip)) {
        return;
    }
    struct customer_help_ended *event = hub_help_end(&grip, help_end_done);
    HUB_COPY(customer_help_ended, event, finish_help, command, code);
    HUB_COPY(customer_help_ended, event, finish_help, command, note);
    hub_help_tell_session(&grip, session_status_resolved, none);
    hub_help_answer(&grip, false);
}

/* --- an agent writes --- */

static void send(const struct hub_help_grip *grip, const struct send_agent_message *command)
{
    struct respond_message *message = HUB_NEW(hub_decision_arena(grip->decision), struct respond_message);
    HUB_SET(respond_message, message, content, command->message);
    hub_decide_follow(grip->decision, &(struct hub_follow){ .kind = KIND_session,
                                                            .entity = grip->session,
                                                            .shape = &respond_message_shape,
                                                            .record = message,
                                                            .subject = hub_decision_self(grip->decision),
                                                            .takes_ticket = true });
}

void hub_customer_decide_send(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct customer_state *state = state_;
    const struct send_agent_message *command = command_;
    struct hub_help_grip grip = { .decision = decision };
    if (!hub_help_find(state, HUB_HAS(send_agent_message, command, page_id), command->page_id, &grip)) {
        return;
    }
    struct hub_ulid agent = agent_of(decision, false);
    if (hub_ulid_is_none(agent)) {
        return;
    }
    if (is_of(&grip, agent)) {
        send(&grip, command);
        return;
    }
    give(state, &grip,
         &(struct hub_help_giving){ .agent = agent, .by = assign_by_message, .message = &command->message });
}

/* --- what comes back --- */

/* The agent refused: what was decided is undone, and then the client is told. */
static void tell_refused(const struct take_back_customer *command, struct hub_decision *decision)
{
    if (HUB_HAS(take_back_customer, command, refusal)) {
        bool is_unknown = HUB_HAS(take_back_customer, command, unknown) && command->unknown;
        hub_decide_refuse(decision, is_unknown ? HUB_ERROR_not_found : HUB_ERROR_conflict, "/agent_id", "%.*s",
                          (int) command->refusal.len, command->refusal.at);
        hub_decide_keep(decision);
    }
}

static void take_back(const struct hub_help_grip *grip, const struct take_back_customer *command)
{
    bool has_other = HUB_HAS(take_back_customer, command, to);
    if (command->why == release_why_refused && grip->help->cause == help_cause_taken && !has_other) {
        hub_help_end(grip, help_end_resumed); /* nobody but this agent wanted it */
        hub_help_tell_session(grip, session_status_active, none);
        return;
    }
    hub_help_release(grip, command->why, NULL);
    if (has_other) {
        hub_help_assign(grip, &(struct hub_help_giving){
                                  .agent = command->to, .by = assign_by_person, .anyway = true, .inside = true });
    } else {
        hub_help_tell_session(grip, session_status_waiting, none);
    }
}

void hub_customer_decide_take_back(const void *state, const void *command_, struct hub_decision *decision)
{
    const struct take_back_customer *command = command_;
    struct hub_help_grip grip = { .decision = decision };
    if (!hub_help_find(state, true, command->page_id, &grip)) {
        return;
    }
    bool is_it = is_of(&grip, command->agent) &&
                 (!HUB_HAS(take_back_customer, command, given_at) || grip.help->assigned_at == command->given_at);
    if (is_it) {
        take_back(&grip, command);
    } else if (command->why != release_why_refused) {
        hub_help_tell_agent_gone(decision, command->agent, command->page_id); /* the agent counts what is gone */
    }
    tell_refused(command, decision);
}

void hub_customer_end_helps(const struct customer_state *state, struct hub_ulid session, struct hub_decision *decision)
{
    for (uint32_t i = 0; i < state->helps.count; i++) {
        const struct customer_help *help = &state->helps.at[i];
        if (hub_ulid_is(help->session, session)) {
            const struct hub_help_grip grip = { .help = help,
                                                .page_id = help->page_id,
                                                .session = session,
                                                .channel = help->channel,
                                                .decision = decision };
            hub_help_end(&grip, help_end_session_ended);
        }
    }
}
