/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The decisions of an agent, one per command, and what they share. Only agent/ includes this. */
#ifndef HUB_ACTORS_AGENT_DECIDE_H
#define HUB_ACTORS_AGENT_DECIDE_H

#include "actors/agent/apply.h"

/* Decide one command each; see hub_decide_fn. State: agent_state or NULL. */
hub_decide_fn hub_agent_decide_begin;
hub_decide_fn hub_agent_decide_get;
hub_decide_fn hub_agent_decide_update;
hub_decide_fn hub_agent_decide_end;
hub_decide_fn hub_agent_decide_presence;
hub_decide_fn hub_agent_decide_seen;
hub_decide_fn hub_agent_decide_lost;
hub_decide_fn hub_agent_decide_timer;
hub_timers_fn hub_agent_timers;
hub_decide_fn hub_agent_decide_add_help;
hub_decide_fn hub_agent_decide_remove_help;

/* Refuse with not_found unless the agent works here. Returns whether it does. */
bool hub_agent_is_there(const struct agent_state *state, struct hub_decision *decision);

/* True for the agent, and for who may say how agents work: admins, supervisors, programs, the hub itself. */
bool hub_agent_may_lead(const struct hub_decision *decision);
bool hub_agent_is_self(const struct hub_decision *decision);

/* What the decided events will make of the agent, in the decision's arena. state: NULL for a new one. */
struct agent_state *hub_agent_after(const struct agent_state *state, struct hub_decision *decision);

/* Tell the company's routing how the agent stands after what was decided, if anything was. */
void hub_agent_report(const struct agent_state *state, struct hub_decision *decision);

/* Tell it that the agent does not take a customer. state: NULL when there is no such agent. */
void hub_agent_report_refused(const struct agent_state *state, struct hub_ulid customer, struct hub_span page_id,
                              struct hub_decision *decision);

/* Answer with what the decided events will make of the agent. state: NULL for a new one. */
void hub_agent_answer(const struct agent_state *state, struct hub_decision *decision);

/* Decide that the grace period begins for an agent who is offline, but was given a conversation all the same: chosen before the
 * agent went, say. Does nothing where one runs, and for an agent who never said whether there. */
void hub_agent_hold_for_offline(const struct agent_state *state, struct hub_decision *decision);

/* Give every conversation back to its customer's actor, which tells the agent when it is gone. */
void hub_agent_give_back_all(const struct agent_state *state, unsigned why, struct hub_decision *decision);

#endif
