/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The steps of which the moves of a help are made. Only customer/ includes this. */
#ifndef HUB_ACTORS_CUSTOMER_HELP_STEPS_H
#define HUB_ACTORS_CUSTOMER_HELP_STEPS_H

#include "actors/customer/apply.h"

/* One inbox of the customer, and the session on it. */
struct hub_help_grip {
    const struct customer_help *help; /* NULL: nobody is wanted there */
    struct hub_span page_id;
    struct hub_ulid session; /* none: no session is open */
    unsigned channel;
    struct hub_decision *decision;
};

/* How a customer gets to an agent. */
struct hub_help_giving {
    struct hub_ulid agent;
    unsigned by;               /* assign_by */
    bool anyway;               /* beyond the agent's capacity too */
    struct hub_ulid from;      /* who hands over; none: the queue */
    const hub_sealed *message; /* to be sent when the agent has the customer; NULL: none */
    bool inside;               /* no client waits */
};

/* Find the inbox that is meant: the one named, or the only one on which a person is wanted, or that of the newest session.
 * ret_grip: its decision is set. Returns false when refused. */
bool hub_help_find(const struct customer_state *state, bool has_page, struct hub_span page_id,
                   struct hub_help_grip *ret_grip);

/* Decide a wish for a person. reason: NULL for none. Returns false when refused. */
bool hub_help_request(const struct customer_state *state, const struct hub_help_grip *grip, unsigned cause,
                      const hub_sealed *reason);

/* Decide that an agent has the customer; session and agent are told, and the agent answers the client. */
void hub_help_assign(const struct hub_help_grip *grip, const struct hub_help_giving *giving);

/* Decide that the agent no longer has the customer, and tell the agent unless it was the agent who refused. note: or NULL. */
void hub_help_release(const struct hub_help_grip *grip, unsigned why, const hub_sealed *note);

/* Decide that nobody is wanted any more, and tell the agent. Returns the event, to say more in. */
struct customer_help_ended *hub_help_end(const struct hub_help_grip *grip, unsigned why);

/* Decide any other event of the inbox. */
void hub_help_event(const struct hub_help_grip *grip, const struct hub_shape *shape, void *record);

/* Tell the session its status, and who takes care of it; none: nobody. */
void hub_help_tell_session(const struct hub_help_grip *grip, unsigned status, struct hub_ulid agent);

/* Tell an agent that the customer is no longer the agent's. */
void hub_help_tell_agent_gone(struct hub_decision *decision, struct hub_ulid agent, struct hub_span page_id);

/* Tell the company's routing that an agent has the customer, or (none) that nobody is wanted any more: whoever it had in mind,
 * or in a queue, for this help is settled. */
void hub_help_tell_routing(const struct hub_help_grip *grip, struct hub_ulid agent);

/* The same, of a decision of the routing (none: not known) that came to nothing. */
void hub_help_refuse_routing(const struct hub_help_grip *grip, struct hub_ulid agent, struct hub_ulid refused);

/* Answer the client. */
void hub_help_answer(const struct hub_help_grip *grip, bool stop);

/* Microseconds that passed since then, not less than 0. */
int64_t hub_help_since(const struct hub_help_grip *grip, int64_t then_us);

#endif
