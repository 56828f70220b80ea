/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How often somebody may guess: a bounded memory of attempts, by account and by address, shared by all loops. An attempt counts
 * when it begins, so that many at once are not free; one that was right is taken back. */
#ifndef HUB_API_THROTTLE_H
#define HUB_API_THROTTLE_H

#include "base/span.h"
#include "base/world.h"

struct hub_throttle;

enum hub_throttled {
    HUB_THROTTLE_account = 1, /* 10 attempts at once, then one in 30 seconds */
    HUB_THROTTLE_address,     /* 100 at once, then one a second: behind one address there may be an office */
};

/* The world is borrowed. Never NULL. Destroying takes NULL. */
struct hub_throttle *hub_throttle_new(const struct hub_world *world);
void hub_throttle_destroy(struct hub_throttle **self_p);

/* Count an attempt. Any thread. Returns 0, or the seconds until there may be another: this one may not. */
uint32_t hub_throttle_count(struct hub_throttle *self, enum hub_throttled what, struct hub_span who);

/* The attempt was right: it is taken back, and an account's earlier ones with it. Any thread. */
void hub_throttle_forgive(struct hub_throttle *self, enum hub_throttled what, struct hub_span who);

#endif
