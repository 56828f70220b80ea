/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The steps of which the moves of a help are made: finding what is meant, deciding an event, telling session and agent. */
#include "actors/customer/help_steps.h"

#include "actors/agent/agent.h"
#include "actors/customer/decide.h"
#include "actors/routing/routing.h"
#include "actors/session/session.h"

static const struct hub_ulid none;

/* --- what a command is about --- */

static struct hub_span page_of(const struct customer_session *session)
{
    return HUB_HAS(customer_session, session, page_id) ? session->page_id
                                                       : hub_span(hub_vocab_name(&channel_vocab, session->channel));
}

/* The newest open session on an inbox, else the newest of all: what an inbox is called may be known to who stops only. */
static const struct customer_session *session_on(const struct customer_state *state, struct hub_span page_id)
{
    uint32_t count = state->sessions.count;
    for (uint32_t i = count; i > 0; i--) {
        if (hub_span_is(page_of(&state->sessions.at[i - 1]), page_id)) {
            return &state->sessions.at[i - 1];
        }
    }
    return count > 0 ? &state->sessions.at[count - 1] : NULL;
}

bool hub_help_find(const struct customer_state *state, bool has_page, struct hub_span page_id,
                   struct hub_help_grip *grip)
{
    if (state == NULL) {
        hub_decide_refuse(grip->decision, HUB_ERROR_not_found, "/customer_id", "There is no such customer.");
        return false;
    }
    if (!hub_customer_is_there(state, grip->decision)) {
        return false;
    }
    if (!has_page && state->helps.count > 1) {
        hub_decide_refuse(grip->decision, HUB_ERROR_invalid_field, "/page_id",
                          "The customer waits on several inboxes; say on which.");
        return false;
    }
    int at = has_page ? hub_customer_help_at(state, page_id) : (int) state->helps.count - 1;
    if (at >= 0) {
        grip->help = &state->helps.at[at];
        grip->page_id = grip->help->page_id;
        grip->session = grip->help->session;
        grip->channel = grip->help->channel;
        return true;
    }
    const struct customer_session *session = has_page ? session_on(state, page_id)
                                             : state->sessions.count > 0
                                                 ? &state->sessions.at[state->sessions.count - 1]
                                                 : NULL;
    grip->page_id = has_page || session == NULL ? page_id : page_of(session);
    grip->session = session == NULL ? none : session->session;
    grip->channel = session == NULL ? 0 : session->channel;
    return true;
}

void hub_help_answer(const struct hub_help_grip *grip, bool stop)
{
    struct help_changed *reply = HUB_NEW(hub_decision_arena(grip->decision), struct help_changed);
    HUB_SET(help_changed, reply, success, true);
    HUB_SET(help_changed, reply, customer, hub_decision_self(grip->decision));
    HUB_SET(help_changed, reply, page_id, grip->page_id);
    HUB_SET(help_changed, reply, stop, stop);
    hub_decide_answer(grip->decision, &help_changed_shape, reply, hub_decision_self(grip->decision));
}

/* --- what follows elsewhere --- */

void hub_help_tell_session(const struct hub_help_grip *grip, unsigned status, struct hub_ulid agent)
{
    struct help_session *command = HUB_NEW(hub_decision_arena(grip->decision), struct help_session);
    HUB_SET(help_session, command, status, (hub_enum) status);
    if (!hub_ulid_is_none(agent)) {
        HUB_SET(help_session, command, agent, agent);
    }
    hub_decide_follow(grip->decision, &(struct hub_follow){ .kind = KIND_session,
                                                            .entity = grip->session,
                                                            .shape = &help_session_shape,
                                                            .record = command,
                                                            .subject = hub_decision_self(grip->decision) });
}

void hub_help_tell_agent_gone(struct hub_decision *decision, struct hub_ulid agent, struct hub_span page_id)
{
    struct remove_agent_help *command = HUB_NEW(hub_decision_arena(decision), struct remove_agent_help);
    HUB_SET(remove_agent_help, command, customer, hub_decision_self(decision));
    HUB_SET(remove_agent_help, command, page_id, page_id);
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_agent,
                                                      .entity = agent,
                                                      .shape = &remove_agent_help_shape,
                                                      .record = command,
                                                      .subject = agent });
}

void hub_help_tell_routing(const struct hub_help_grip *grip, struct hub_ulid agent)
{
    hub_help_refuse_routing(grip, agent, none);
}

void hub_help_refuse_routing(const struct hub_help_grip *grip, struct hub_ulid agent, struct hub_ulid refused)
{
    struct help_settled *command = HUB_NEW(hub_decision_arena(grip->decision), struct help_settled);
    HUB_SET(help_settled, command, customer, hub_decision_self(grip->decision));
    HUB_SET(help_settled, command, page_id, grip->page_id);
    if (!hub_ulid_is_none(agent)) {
        HUB_SET(help_settled, command, agent, agent);
    }
    if (!hub_ulid_is_none(refused)) {
        HUB_SET(help_settled, command, decision, refused);
    }
    hub_decide_follow(grip->decision, &(struct hub_follow){ .kind = KIND_routing,
                                                            .entity = hub_decision_caller(grip->decision)->company,
                                                            .shape = &help_settled_shape,
                                                            .record = command });
}

static void tell_agent(const struct hub_help_grip *grip, const struct hub_help_giving *giving)
{
    struct add_agent_help *command = HUB_NEW(hub_decision_arena(grip->decision), struct add_agent_help);
    HUB_SET(add_agent_help, command, customer, hub_decision_self(grip->decision));
    HUB_SET(add_agent_help, command, session, grip->session);
    HUB_SET(add_agent_help, command, page_id, grip->page_id);
    HUB_SET(add_agent_help, command, channel, (hub_enum) grip->channel);
    HUB_SET(add_agent_help, command, given_at, hub_decision_now(grip->decision));
    HUB_SET(add_agent_help, command, anyway,
            giving->anyway || hub_decision_caller(grip->decision)->settled.over_capacity);
    if (!hub_ulid_is_none(giving->from)) {
        HUB_SET(add_agent_help, command, from, giving->from);
    }
    if (giving->message != NULL) {
        HUB_SET(add_agent_help, command, message, *giving->message);
    }
    hub_decide_follow(grip->decision, &(struct hub_follow){ .kind = KIND_agent,
                                                            .entity = giving->agent,
                                                            .shape = &add_agent_help_shape,
                                                            .record = command,
                                                            .subject = hub_decision_self(grip->decision),
                                                            .takes_ticket = !giving->inside });
}

/* --- events --- */

int64_t hub_help_since(const struct hub_help_grip *grip, int64_t then_us)
{
    int64_t passed_us = hub_decision_now(grip->decision) - then_us;
    return passed_us > 0 ? passed_us : 0;
}

void hub_help_event(const struct hub_help_grip *grip, const struct hub_shape *shape, void *record)
{
    hub_decide_event(grip->decision, shape, record, hub_decision_self(grip->decision), grip->session);
}

bool hub_help_request(const struct customer_state *state, const struct hub_help_grip *grip, unsigned cause,
                      const hub_sealed *reason)
{
    if (hub_ulid_is_none(grip->session)) {
        hub_decide_refuse(grip->decision, HUB_ERROR_conflict, "", "The customer has no open session.");
        return false;
    }
    if (state->helps.count >= HUB_CUSTOMER_HELPS) {
        hub_decide_refuse(grip->decision, HUB_ERROR_limit_reached, "/page_id",
                          "A customer waits on at most %d inboxes.", HUB_CUSTOMER_HELPS);
        return false;
    }
    struct customer_help_requested *event = HUB_NEW(hub_decision_arena(grip->decision), struct customer_help_requested);
    HUB_SET(customer_help_requested, event, page_id, grip->page_id);
    HUB_SET(customer_help_requested, event, cause, (hub_enum) cause);
    if (reason != NULL) {
        HUB_SET(customer_help_requested, event, reason, *reason);
    }
    HUB_SET(customer_help_requested, event, session, grip->session);
    HUB_SET(customer_help_requested, event, channel, (hub_enum) grip->channel);
    hub_help_event(grip, &customer_help_requested_shape, event);
    return true;
}

void hub_help_assign(const struct hub_help_grip *grip, const struct hub_help_giving *giving)
{
    struct customer_assigned *event = HUB_NEW(hub_decision_arena(grip->decision), struct customer_assigned);
    HUB_SET(customer_assigned, event, page_id, grip->page_id);
    HUB_SET(customer_assigned, event, agent, giving->agent);
    HUB_SET(customer_assigned, event, by, (hub_enum) giving->by);
    HUB_SET(customer_assigned, event, channel, (hub_enum) grip->channel);
    HUB_SET(customer_assigned, event, waited_us,
            grip->help == NULL ? 0 : hub_help_since(grip, grip->help->waiting_since));
    hub_help_event(grip, &customer_assigned_shape, event);
    hub_help_tell_session(grip, session_status_active, giving->agent);
    tell_agent(grip, giving);
    if (giving->by != assign_by_routing) {
        hub_help_tell_routing(grip, giving->agent);
    }
}

void hub_help_release(const struct hub_help_grip *grip, unsigned why, const hub_sealed *note)
{
    struct customer_released *event = HUB_NEW(hub_decision_arena(grip->decision), struct customer_released);
    HUB_SET(customer_released, event, page_id, grip->page_id);
    HUB_SET(customer_released, event, agent, grip->help->agent);
    HUB_SET(customer_released, event, why, (hub_enum) why);
    if (note != NULL) {
        HUB_SET(customer_released, event, note, *note);
    }
    hub_help_event(grip, &customer_released_shape, event);
    if (why != release_why_refused) {
        hub_help_tell_agent_gone(grip->decision, grip->help->agent, grip->page_id);
    }
}

struct customer_help_ended *hub_help_end(const struct hub_help_grip *grip, unsigned why)
{
    struct customer_help_ended *event = HUB_NEW(hub_decision_arena(grip->decision), struct customer_help_ended);
    HUB_SET(customer_help_ended, event, page_id, grip->page_id);
    HUB_SET(customer_help_ended, event, why, (hub_enum) why);
    if (HUB_HAS(customer_help, grip->help, agent)) {
        HUB_SET(customer_help_ended, event, agent, grip->help->agent);
        HUB_SET(customer_help_ended, event, handled_us, hub_help_since(grip, grip->help->assigned_at));
        hub_help_tell_agent_gone(grip->decision, grip->help->agent, grip->page_id);
    }
    hub_help_event(grip, &customer_help_ended_shape, event);
    hub_help_tell_routing(grip, none);
    return event;
}
