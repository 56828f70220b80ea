/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The feed: one thread that follows the views while anybody listens, renders each new event once, and hands batches to the
 * loops. While nobody listens it sleeps and reads nothing. */
#ifndef HUB_API_LIVE_FEED_H
#define HUB_API_LIVE_FEED_H

#include "api/live/batch.h"

struct hub_feed;

struct hub_feed_options {
    const struct hub_world *world;
    struct hub_log *log;
    struct hub_keyring *keys;
    struct hub_views *views;
    const struct hub_interest *interest;
    void (*on_batch)(void *arg, struct hub_batch *batch); /* on its thread; takes the batch over */
    bool (*is_busy)(void *arg); /* batches are still on their way: the next one waits, and grows */
    void *arg;
};

/* Start. Returns NULL when there is no thread to have. */
struct hub_feed *hub_feed_new(const struct hub_feed_options *options);

/* Stop and join; *self_p becomes NULL. Takes NULL. */
void hub_feed_destroy(struct hub_feed **self_p);

/* Stop its thread; the views may still move. Takes NULL, and one that is stopped. */
void hub_feed_stop(struct hub_feed *self);

/* The views have moved; or somebody new listens and waits for a batch of the newest epoch. Any thread; never blocks long. */
void hub_feed_moved(struct hub_feed *self);
void hub_feed_nudge(struct hub_feed *self);

struct hub_feed_stats {
    uint64_t position, batches, events, frames;
};

/* Figures for /metrics. Any thread. */
void hub_feed_stats(const struct hub_feed *self, struct hub_feed_stats *ret_stats);

#endif
