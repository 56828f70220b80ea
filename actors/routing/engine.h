/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The routing engine: which rule applies, which channels it advises, which agent has room. Pure: the same table, context,
 * roster and moment give the same choice in every build; nothing is read but the arguments. */
#ifndef HUB_ACTORS_ROUTING_ENGINE_H
#define HUB_ACTORS_ROUTING_ENGINE_H

#include "actors/routing/routing.h"

/* --- rules and channels --- */

struct hub_routing_question {
    const struct routing_table *table;
    const struct routing_context *context; /* without what a calendar says */
    int64_t now_us;
    struct hub_arena *arena; /* of everything in the choice */
};

struct hub_routing_choice {
    const struct routing_rule *rule; /* NULL: none applied, channels were scored */
    struct hub_span rule_name;
    struct routing_context *context; /* as the deciding rule saw it */
    struct rule_looked_at *rules;
    uint32_t rule_count;
    struct recommended_channel *advice; /* best first, at least one */
    uint32_t advice_count;
    struct channel_looked_at *channels; /* every channel */
    uint32_t channel_count;
};

/* Choose. A rule whose condition cannot be read (a table is checked before it is stored) does not apply. */
void hub_routing_choose(const struct hub_routing_question *question, struct hub_routing_choice *ret_choice);

/* The table of a company that stored none, in the arena. */
const struct routing_table *hub_routing_defaults(struct hub_arena *arena);

/* A target as it is advised: the reason with its placeholders filled, the estimate in words. */
void hub_routing_advise_target(const struct routing_target *target, const struct routing_context *context,
                               struct hub_arena *arena, struct recommended_channel *ret_one);

/* --- agents --- */

struct hub_routing_search {
    const struct routing_state *state; /* roster and promises; NULL: nobody */
    const struct routing_needs *needs; /* NULL: everybody who has room */
    struct hub_span language;          /* the customer's; empty: unknown */
    unsigned channel;
    struct hub_arena *arena;
};

/* Look for an agent: needs are met, room is left; then most of what is preferred, then longest idle, then the lower id.
 *
 * ret_looked  one for each agent of the roster, with the verdict; in the arena
 *
 * Returns the place in the roster, -1 when nobody fits. */
int hub_routing_find_agent(const struct hub_routing_search *search, struct agent_looked_at **ret_looked);

/* One agent's verdict by itself: won means that the agent could take the customer. */
struct agent_looked_at hub_routing_look_at(const struct hub_routing_search *search, const struct roster_agent *agent);

/* Conversations that an agent has or is promised on a channel. */
uint32_t hub_routing_load(const struct routing_state *state, const struct roster_agent *agent, unsigned channel);

#endif
