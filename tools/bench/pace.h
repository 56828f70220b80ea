/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* When the next request of an open loop is due, and which connection takes it. */
#ifndef HUB_TOOLS_BENCH_PACE_H
#define HUB_TOOLS_BENCH_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct hub_pace;

/* Make a pace.
 *
 * rate          requests per second of all connections together, > 0
 * connections   their numbers are 0 to connections - 1
 *
 * Returns the pace, owned by the caller; NULL without memory. */
struct hub_pace *hub_pace_new(double rate, unsigned connections);

/* Free a pace and set the caller's pointer to NULL; takes NULL and a pointer to NULL. */
void hub_pace_destroy(struct hub_pace **self_p);

/* Request number k (from 0) is due at start_us + k / rate, if that is before end_us. */
void hub_pace_start(struct hub_pace *self, int64_t start_us, int64_t end_us);

/* A connection is idle: it queues behind those that are idle already. Nothing happens when it is queued. */
void hub_pace_wait(struct hub_pace *self, unsigned connection);

/* A connection that may be queued is gone, and must not be given a request until it waits again. */
void hub_pace_leave(struct hub_pace *self, unsigned connection);

/* Take the next request if it is due and a connection waits.
 *
 * ret_connection   the one that waited longest; it does not wait any more
 * ret_due_us       when the request was due, which is when its latency starts
 *
 * Returns false, and sets nothing, when nothing is due or nobody waits. */
bool hub_pace_take(struct hub_pace *self, int64_t now_us, unsigned *ret_connection, int64_t *ret_due_us);

/* When hub_pace_take will next have something to give, if no connection comes or goes: a time, perhaps past;
 * INT64_MAX when nobody waits or no request is left. */
int64_t hub_pace_next_us(const struct hub_pace *self);

/* How many requests of the whole time were not taken. */
uint64_t hub_pace_left(const struct hub_pace *self);

#endif
