/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who listens to what, over all loops: so that the feed renders only what somebody hears. */
#ifndef HUB_API_LIVE_INTEREST_H
#define HUB_API_LIVE_INTEREST_H

#include "actors/kinds.h"
#include "api/live/table.h"

enum { HUB_LIVE_ROLES = 16 }; /* codes of roles are below this */

/* The seeds' two ways of saying things. */
enum hub_contract {
    HUB_CONTRACT_a = 1, /* /ws/...: {type, payload, timestamp, sessionId?, customerId?, position} */
    HUB_CONTRACT_b,     /* /api/dashboard/ws: {type, data, position} */
};

/* What a socket listens to. */
enum hub_topic {
    HUB_TOPIC_company = 1, /* everything of the company that its role may see */
    HUB_TOPIC_session,
    HUB_TOPIC_customer,
    HUB_TOPIC_agent,
};

/* Whose ears: what decides which frames a socket gets and how they look. */
struct hub_lens {
    struct hub_ulid company;
    struct hub_ulid viewer; /* the principal */
    uint8_t contract;       /* enum hub_contract */
    uint8_t role;           /* enum role */
    uint8_t topic;          /* enum hub_topic */
    struct hub_ulid id;     /* of the topic; none for the company */
};

/* Frames for one company, contract and role lie in one lane. */
static inline struct hub_live_key hub_lens_lane(const struct hub_lens *self)
{
    return (struct hub_live_key){ self->company, self->contract, self->role };
}

static inline struct hub_live_key hub_lens_topic(const struct hub_lens *self)
{
    return (struct hub_live_key){ self->id, self->topic, 0 };
}

struct hub_interest;

/* Nobody listens yet. Never NULL. */
struct hub_interest *hub_interest_new(void);
void hub_interest_destroy(struct hub_interest **self_p);

/* One more ear, which hears from now (where the views are) on; or one fewer. What is rendered with the returned epoch or a later one includes what it wants. Any thread. */
uint64_t hub_interest_add(struct hub_interest *self, const struct hub_lens *lens, uint64_t now);
void hub_interest_drop(struct hub_interest *self, const struct hub_lens *lens);

/* How many listen at all; the epoch; where the views were when the first of them came. Any thread. */
size_t hub_interest_count(const struct hub_interest *self);
uint64_t hub_interest_epoch(const struct hub_interest *self);
uint64_t hub_interest_since(const struct hub_interest *self);

/* Bits of 1 << role. */
struct hub_hearers {
    uint32_t all, some;
};

/* The roles (bits of 1 << role) of a company that hear frames of a contract: `all` by those that hear everything of the
 * company, otherwise only with a topic. Returns false when nobody does. Any thread. */
bool hub_interest_hearers(const struct hub_interest *self, struct hub_ulid company, uint8_t contract,
                          struct hub_hearers *ret_hearers);

/* Whether anybody listens to this very session, customer or person. Any thread. */
bool hub_interest_in(const struct hub_interest *self, enum hub_topic topic, struct hub_ulid id);

#endif
