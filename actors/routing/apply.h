/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a company's routing. */
#ifndef HUB_ACTORS_ROUTING_APPLY_H
#define HUB_ACTORS_ROUTING_APPLY_H

#include "actors/routing/routing.h"

enum {
    HUB_ROUTING_AGENTS = 1000,
    HUB_ROUTING_WAITING = 1000,
    HUB_ROUTING_PROMISES = 1000,
    HUB_ROUTING_RECENT = 1000, /* decisions that a dry run looks at */
};

/* Fold one event into a routing_state; see hub_apply_fn. An event of another kind changes the version only. */
hub_apply_fn hub_routing_apply;

/* Where an agent stands in the roster, a decision among promises or those who wait; -1 when it does not. */
int hub_routing_agent_at(const struct routing_state *state, struct hub_ulid agent);
int hub_routing_promise_at(const struct routing_state *state, struct hub_ulid decision);
int hub_routing_waiting_at(const struct routing_state *state, struct hub_ulid decision);

#endif
