/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The pump: one zactor that looks at what is pending and offers it - timers that are due to their actors, effects to the
 * gateways, and at the start the follow-ups that a crash left behind. */
#ifndef HUB_ACTORS_PUMP_H
#define HUB_ACTORS_PUMP_H

#include "actors/mailbox.h"

struct hub_pump;

struct hub_pump_options {
    const struct hub_runtime_options *runtime; /* outlives the pump */
    struct hub_mailboxes *boxes;
};

/* Start it. Never NULL. */
struct hub_pump *hub_pump_new(const struct hub_pump_options *options);

/* Stop it; what it offered may still be under way. *self_p becomes NULL. Takes NULL. */
void hub_pump_destroy(struct hub_pump **self_p);

/* Send follow-ups that are pending to their actors, at most `most` of those behind a key; they settle their rows when they are done.
 * Call from the thread that owns `port`, before anybody else sends commands.
 *
 * at  in: behind this key; out: the last one that was seen
 * Returns how many rows were seen, 0 at the end, or < 0. */
int64_t hub_pump_recover(const struct hub_runtime_options *runtime, struct hub_port *port, size_t most,
                         struct hub_pending_key *at);

struct hub_pump_stats {
    uint64_t timers, effects; /* offered so far */
    uint64_t in_flight;       /* offered and not yet settled */
    uint64_t dead;            /* effects that were given up, as far as they were counted: 10,000 */
};
/* What it counted so far. Any thread. */
void hub_pump_stats(const struct hub_pump *self, struct hub_pump_stats *ret_stats);

#endif
