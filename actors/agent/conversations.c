/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Deciding on an agent's conversations. A customer's actor has decided already who has the customer; here is counted whether
 * there is room, and who has none hands the customer back. */
#include "actors/agent/decide.h"

#include "actors/customer/customer.h"
#include "actors/session/session.h"

static const struct hub_ulid none;

/* Where a conversation goes that this agent does not have. */
struct back {
    struct hub_ulid customer;
    struct hub_span page_id;
    unsigned why;
    struct hub_ulid to; /* none: the queue */
};

static void give_back(const struct back *back, struct hub_decision *decision)
{
    struct take_back_customer *command = HUB_NEW(hub_decision_arena(decision), struct take_back_customer);
    HUB_SET(take_back_customer, command, agent, hub_decision_self(decision));
    HUB_SET(take_back_customer, command, page_id, back->page_id);
    HUB_SET(take_back_customer, command, why, (hub_enum) back->why);
    if (!hub_ulid_is_none(back->to)) {
        HUB_SET(take_back_customer, command, to, back->to);
    }
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_customer,
                                                      .entity = back->customer,
                                                      .shape = &take_back_customer_shape,
                                                      .record = command,
                                                      .subject = back->customer });
}

void hub_agent_give_back_all(const struct agent_state *state, unsigned why, struct hub_decision *decision)
{
    for (uint32_t i = 0; i < state->helps.count; i++) {
        const struct agent_help *help = &state->helps.at[i];
        give_back(&(struct back){ .customer = help->customer, .page_id = help->page_id, .why = why }, decision);
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

/* Returns false when refused: who hands over keeps the customer, and the client is told why. */
static bool has_room(const struct agent_state *state, const struct add_agent_help *command,
                     struct hub_decision *decision)
{
    if (!hub_agent_is_there(state, decision)) {
        return false;
    }
    bool is_here = state->presence == presence_available || state->presence == presence_busy;
    if (HUB_HAS(add_agent_help, command, from) && !is_here) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/agent_id", "The agent is %s.",
                          hub_vocab_name(&presence_vocab, state->presence));
        return false;
    }
    uint32_t load = hub_agent_load(state, command->channel), limit = hub_agent_capacity(state, command->channel);
    bool anyway = HUB_HAS(add_agent_help, command, anyway) && command->anyway;
    if (state->helps.count >= HUB_AGENT_HELPS || (load >= limit && !anyway)) {
        hub_decide_refuse(decision, HUB_ERROR_conflict, "/agent_id",
                          "The agent has %u of at most %u conversations on %s.", (unsigned) load, (unsigned) limit,
                          hub_vocab_name(&channel_vocab, command->channel));
        return false;
    }
    return true;
}

void hub_agent_decide_add_help(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct agent_state *state = state_;
    const struct add_agent_help *command = command_;
    bool has = state != NULL && hub_agent_help_at(state, command->customer, command->page_id) >= 0;
    if (!has && !has_room(state, command, decision)) {
        struct back back = { .customer = command->customer, .page_id = command->page_id, .why = release_why_refused };
        if (HUB_HAS(add_agent_help, command, from)) {
            back.to = command->from;
        }
        give_back(&back, decision);
        hub_agent_report_refused(state, command->customer, command->page_id, decision);
        hub_decide_keep(decision);
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
