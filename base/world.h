/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The world outside: clock, randomness and fresh ids. Replay, tests and simulation run the same code in another one. */
#ifndef HUB_BASE_WORLD_H
#define HUB_BASE_WORLD_H

#include "base/ulid.h"

struct hub_world {
    int64_t (*now_us)(void *self);                           /* wall clock, microseconds since the epoch */
    int64_t (*tick_us)(void *self);                          /* monotone clock for intervals and deadlines */
    void (*random)(void *self, void *ret_bytes, size_t len); /* cryptographically strong in the real world */
    void *self;                                              /* passed back to each */
};

/* The real world: CLOCK_REALTIME, CLOCK_MONOTONIC, the kernel's randomness (buffered per thread). Thread-safe. */
const struct hub_world *hub_world_real(void);

/* A world that only tests and simulation use: time stands until moved, randomness follows from the seed.
 * Owned by the caller, freed by hub_world_fake_destroy; one thread. */
struct hub_world *hub_world_fake_new(int64_t start_us, uint64_t seed);
void hub_world_fake_destroy(struct hub_world **self_p);
void hub_world_fake_advance(struct hub_world *self, int64_t by_us);

static inline int64_t hub_now_us(const struct hub_world *world)
{
    return world->now_us(world->self);
}

static inline int64_t hub_tick_us(const struct hub_world *world)
{
    return world->tick_us(world->self);
}

/* A fresh ULID of this moment. */
struct hub_ulid hub_world_ulid(const struct hub_world *world);

#endif
