/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on an agent's conversations. A customer's actor has decided already who has the customer; here is counted whether
 * there is room, and who has none hands the customer back. */
#include "actors/agent/decide.h"

#include <stdio.h>

#include "actors/customer/customer.h"
#include "actors/session/session.h"

enum { REFUSAL = 128 };

static const struct hub_ulid none;

/* Give a conversation back to its customer's actor. Returns the command, to say more in. */
static struct take_back_customer *give_back(struct hub_ulid customer, struct hub_span page_id, unsigned why,
                                            struct hub_decision *decision)
{
    struct take_back_customer *command = HUB_NEW(hub_decision_arena(decision), struct take_back_customer);
    HUB_SET(take_back_customer, command, agent, hub_decision_self(decision));
    HUB_SET(take_back_customer, command, page_id, page_id);
    HUB_SET(take_back_customer, command, why, (hub_enum) why);
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_customer,
                                                      .entity = customer,
                                                      .shape = &take_back_customer_shape,
                                                      .record = command,
                                                      .subject = customer,
                                                      .takes_ticket = why == release_why_refused });
    return command;
}

void hub_agent_give_back_all(const struct agent_state *state, unsigned why, struct hub_decision *decision)
{
    for (uint32_t i = 0; i < state->helps.count; i++) {
        const struct agent_help *help = &state->helps.at[i];
        give_back(help->customer, help->page_id, why, decision);
    }
}

static void send(const struct add_agent_help *command, struct hub_decision *decision)
{
    struct respond_message *message = HUB_NEW(hub_decision_arena(decision), struct respond_message);
    HUB_SET(respond_message, message, content, command->message);
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_session,
                                                      .entity = command->session,
                                                      .shape = &respond_message_shape,
                                                      .record = message,
                                                      .subject = command->customer,
                                                      .takes_ticket = true });
}

static void answer(const struct add_agent_help *command, struct hub_decision *decision)
{
    struct help_changed *reply = HUB_NEW(hub_decision_arena(decision), struct help_changed);
    HUB_SET(help_changed, reply, success, true);
    HUB_SET(help_changed, reply, customer, command->customer);
    HUB_SET(help_changed, reply, page_id, command->page_id);
    HUB_SET(help_changed, reply, stop, true);
    hub_decide_answer(decision, &help_changed_shape, reply, command->customer);
}

/* Why the agent does not take the conversation; empty when there is room. */
static struct hub_span refusal_of(const struct agent_state *state, const struct add_agent_help *command,
                                  struct hub_arena *arena)
{
    char reason[REFUSAL];
    int len = 0;
    bool is_here = state->presence == presence_available || state->presence == presence_busy;
    uint32_t load = hub_agent_load(state, command->channel), limit = hub_agent_capacity(state, command->channel);
    bool anyway = HUB_HAS(add_agent_help, command, anyway) && command->anyway;
    if (HUB_HAS(add_agent_help, command, from) && !is_here) {
        len = snprintf(reason, sizeof reason, "The agent is %s.", hub_vocab_name(&presence_vocab, state->presence));
    } else if (state->helps.count >= HUB_AGENT_HELPS || (load >= limit && !anyway)) {
        len = snprintf(reason, sizeof reason, "The agent has %u of at most %u conversations on %s.", (unsigned) load,
                       (unsigned) limit, hub_vocab_name(&channel_vocab, command->channel));
    }
    return hub_arena_copy(arena, hub_span_of(reason, (size_t) len));
}

/* Who hands over keeps the customer, and the client is told when that is so. */
static void refuse(const struct agent_state *state, const struct add_agent_help *command, struct hub_span refusal,
                   struct hub_decision *decision)
{
    bool is_unknown = state == NULL || HUB_HAS(agent_state, state, removed);
    struct take_back_customer *back = give_back(command->customer, command->page_id, release_why_refused, decision);
    HUB_SET(take_back_customer, back, refusal, refusal);
    HUB_COPY(take_back_customer, back, add_agent_help, command, given_at);
    if (is_unknown) {
        HUB_SET(take_back_customer, back, unknown, true);
    }
    if (HUB_HAS(add_agent_help, command, from)) {
        HUB_SET(take_back_customer, back, to, command->from);
    }
    hub_agent_report_refused(state, command->customer, command->page_id, decision);
}

void hub_agent_decide_add_help(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    const struct add_agent_help *command = command_;
    if (state == NULL || HUB_HAS(agent_state, state, removed)) {
        refuse(state, command, HUB_SPAN("There is no such agent."), decision);
        return;
    }
    bool has = hub_agent_help_at(state, command->customer, command->page_id) >= 0;
    struct hub_span refusal = refusal_of(state, command, hub_decision_arena(decision));
    if (!has && refusal.len > 0) {
        refuse(state, command, refusal, decision);
        return;
    }
    if (!has) {
        struct agent_help *help = HUB_NEW(hub_decision_arena(decision), struct agent_help);
        HUB_SET(agent_help, help, customer, command->customer);
        HUB_SET(agent_help, help, page_id, command->page_id);
        HUB_SET(agent_help, help, channel, command->channel);
        HUB_SET(agent_help, help, assigned_at, hub_decision_now(decision));
        struct agent_help_added *added = HUB_NEW(hub_decision_arena(decision), struct agent_help_added);
        HUB_SET(agent_help_added, added, help, help);
        hub_agent_hold_for_offline(state, decision);
        hub_decide_event(decision, &agent_help_added_shape, added, hub_decision_self(decision), none);
        hub_agent_report(state, decision);
    }
    if (HUB_HAS(add_agent_help, command, message)) {
        send(command, decision);
    } else {
        answer(command, decision);
    }
}

void hub_agent_decide_remove_help(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    const struct remove_agent_help *command = command_;
    if (state == NULL || hub_agent_help_at(state, command->customer, command->page_id) < 0) {
        return;
    }
    struct agent_help_removed *removed = HUB_NEW(hub_decision_arena(decision), struct agent_help_removed);
    HUB_SET(agent_help_removed, removed, customer, command->customer);
    HUB_SET(agent_help_removed, removed, page_id, command->page_id);
    hub_decide_event(decision, &agent_help_removed_shape, removed, hub_decision_self(decision), none);
    hub_agent_report(state, decision);
}
