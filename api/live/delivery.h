/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A batch on its way to the sockets of one loop. Those who hear everything may be thousands, so they get it in slices, between
 * which the loop sees to requests; who hears one topic only gets it at once. One batch at a time, in order. */
#ifndef HUB_API_LIVE_DELIVERY_H
#define HUB_API_LIVE_DELIVERY_H

#include "api/live/batch.h"

struct hub_live;
struct hub_live_socket;

struct hub_delivery {
    struct hub_batch *batch;        /* held; NULL: nothing is under way */
    uint32_t lane;                  /* that is walked through, 1-based */
    struct hub_live_socket *cursor; /* the next one */
};

/* Begin with a batch, which stays the caller's; nothing is under way. */
void hub_delivery_begin(struct hub_live *live, struct hub_batch *batch);

/* Send to some more. Nothing to do when nothing is under way. */
void hub_delivery_go_on(struct hub_live *live);

/* The position up to which a live socket has got everything. */
uint64_t hub_delivery_reached(const struct hub_live_socket *socket);

/* A live socket leaves its list: the cursor must not stay on it. */
void hub_delivery_pass_over(struct hub_live_socket *socket);

/* Send whatever of a lane is for this socket. */
void hub_delivery_lane(struct hub_live_socket *socket, const struct hub_batch_lane *lane);

#endif
