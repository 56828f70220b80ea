/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The decisions of a company's routing, one per command, and what they share. Only routing/ includes this. */
#ifndef HUB_ACTORS_ROUTING_DECIDE_H
#define HUB_ACTORS_ROUTING_DECIDE_H

#include "actors/routing/apply.h"

/* Decide one command each; see hub_decide_fn. State: routing_state or NULL. */
hub_decide_fn hub_routing_decide_routing;
hub_decide_fn hub_routing_decide_advice;
hub_decide_fn hub_routing_decide_analysis;
hub_decide_fn hub_routing_decide_get;
hub_decide_fn hub_routing_decide_put;
hub_decide_fn hub_routing_decide_report;
hub_decide_fn hub_routing_decide_settled;

/* The table that holds, and its version. */
const struct routing_table *hub_routing_table(const struct routing_state *state, struct hub_arena *arena,
                                              uint32_t *ret_version);

/* Check a table. Returns false with the decision refused: JSON Pointer and, in a condition, the byte. */
bool hub_routing_table_is_sound(const struct routing_table *table, struct hub_decision *decision);

/* End the customer's place in a queue, for a new decision takes it. Returns since when the customer waited, 0 for not at all. */
int64_t hub_routing_supersede(const struct routing_state *state, struct hub_ulid customer,
                              const struct routing_context *context, struct hub_decision *decision);

/* A customer who wants a person. */
struct hub_routing_giving {
    struct hub_ulid customer, session, agent, decision;
    unsigned channel;        /* of the session */
    struct hub_span page_id; /* empty: the channel's word */
};

/* Tell the customer's actor that a person is wanted, and who it is where somebody has room (agent none: nobody yet). */
void hub_routing_give(const struct hub_routing_giving *giving, struct hub_decision *decision);

#endif
