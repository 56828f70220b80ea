/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A batch: all frames of some events in a row, rendered once and shared by whoever hears them.
 *
 * Frames for one company, contract and role lie one behind the other in a lane; who listens to the whole company gets the lane
 * in one piece, who listens to a session, a customer or a person gets the frames about it. Made by the feed, then immutable. */
#ifndef HUB_API_LIVE_BATCH_H
#define HUB_API_LIVE_BATCH_H

#include <stdatomic.h>

#include "api/live/render.h"
#include "base/ref.h"

/* One frame in a lane. */
struct hub_batch_item {
    uint32_t at, len;           /* in the lane's bytes */
    uint32_t mine_at, mine_len; /* in its other bytes: as `differs_for` sees it */
    struct hub_ulid session, customer, agent, differs_for;
    bool is_agents;
};

struct hub_batch_lane {
    struct hub_live_key key; /* hub_lens_lane */
    struct hub_ref *bytes;   /* all frames */
    struct hub_ref *mine;    /* NULL: all look the same to everybody */
    struct hub_batch_item *items;
    uint32_t count, room;
    struct hub_buf building, building_mine; /* before it is sealed */
};

struct hub_batch {
    uint64_t from, to; /* sequences: of the events behind `from`, up to `to`; both 0: ephemeral, no event's */
    uint64_t epoch;    /* of the interest that it was rendered for */
    uint64_t erasures; /* of keys, before it was rendered */
    struct hub_batch_lane *lanes;
    uint32_t lane_count;
    size_t bytes; /* of the longest lane */
    atomic_uint holders;
};

/* An empty batch, held once. Never NULL. */
struct hub_batch *hub_batch_new(uint64_t from, uint64_t to, uint64_t epoch);

/* Add a frame to the lane of a company, contract and role. Before the batch is sealed. */
void hub_batch_add(struct hub_batch *self, struct hub_live_key lane, const struct hub_rendered *rendered);

/* Add it to the lanes of several roles (bits of 1 << role) of its company and contract. */
void hub_batch_add_to(struct hub_batch *self, uint32_t roles, const struct hub_rendered *rendered);

/* It is complete; from now on any thread may read it. */
void hub_batch_seal(struct hub_batch *self);

/* One more holder, or one fewer. Any thread. */
struct hub_batch *hub_batch_hold(struct hub_batch *self);
void hub_batch_drop(struct hub_batch **self_p);

/* The lane with this key, or NULL. */
const struct hub_batch_lane *hub_batch_lane(const struct hub_batch *self, struct hub_live_key key);

/* Whether it goes on from a place and may be sent now: rendered for an interest of `epoch` or later, and nobody was erased since,
 * who may stand in it. */
bool hub_batch_goes_on(const struct hub_batch *self, uint64_t from, uint64_t epoch, uint64_t erasures);

/* Whether a frame is for these ears. The lane is theirs already. */
bool hub_batch_is_for(const struct hub_batch_item *item, const struct hub_lens *lens);

#endif
