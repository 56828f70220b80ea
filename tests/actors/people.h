/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A company with two agents and a supervisor, in the world of decide_harness.h, and short ways to say what people do. */
#ifndef HUB_TESTS_ACTORS_PEOPLE_H
#define HUB_TESTS_ACTORS_PEOPLE_H

#include "tests/actors/talk.h"

struct people {
    struct harness *h;
    struct hub_ulid company, admin, supervisor, agents[2];
    struct hub_settled settled; /* what the next commands come with */
};

/* cmocka's set-up and tear-down: *state is a struct people; every state is folded again at the end. */
int people_set_up(void **state);
int people_tear_down(void **state);

/* Any command to an entity, by a person with this role. agent none: none is named. */
struct people_call {
    uint8_t target;
    struct hub_ulid entity; /* when the target is not the customer */
    const char *customer;
    const struct hub_shape *shape;
    const void *record;
    struct hub_ulid who;
    enum role role;
    struct hub_ulid agent;
    bool is_key;
};
const struct harness_result *people_do(struct people *p, const struct people_call *call);

/* Add a person; the answer is the agent's. */
const struct harness_result *people_add(struct people *p, const char *email, enum role role);

/* What agents do with the customer "c" on an inbox (NULL: not named). */
const struct harness_result *people_stop(struct people *p, const char *page, bool stop);
const struct harness_result *people_take(struct people *p, const char *page, struct hub_ulid agent);
const struct harness_result *people_release(struct people *p, const char *page, struct hub_ulid agent);
const struct harness_result *people_hand_over(struct people *p, struct hub_ulid from, struct hub_ulid to);
const struct harness_result *people_wrap_up(struct people *p, struct hub_ulid agent);
const struct harness_result *people_finish(struct people *p, struct hub_ulid agent);
const struct harness_result *people_write(struct people *p, struct hub_ulid agent, const char *words);

/* The agent's presence, as the agent says it. */
const struct harness_result *people_present(struct people *p, struct hub_ulid agent, enum presence presence);

/* A command of the hub itself to an agent: seen, lost. */
const struct harness_result *people_tell(struct people *p, struct hub_ulid agent, const struct hub_shape *shape,
                                         const void *record);

/* Fire the newest timer of an agent. */
void people_fire(struct people *p, struct hub_ulid agent);

/* States that must be there; the help may be NULL. */
const struct customer_state *people_customer(struct people *p);
const struct customer_help *people_help(struct people *p, const char *page);
const struct agent_state *people_agent(struct people *p, struct hub_ulid agent);

#endif
