/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What queries of the log itself have in common. */
#ifndef HUB_REPLAY_QUERIES_LOG_QUERIES_H
#define HUB_REPLAY_QUERIES_LOG_QUERIES_H

#include "base/pack.h"
#include "replay/reading.h"

/* Which events. */
struct hub_events_wanted {
    uint16_t type;            /* 0: any */
    struct hub_stream stream; /* kind 0: any */
    struct hub_ulid customer; /* none: any */
    uint64_t from;            /* position */
    int64_t from_us;          /* time before which an event is not wanted, wherever it stands; 0: any */
};

/* The kind that a stream's name (KIND/ID) begins with; empty when it is no such name. */
struct hub_span hub_events_stream_kind(struct hub_span stream);

/* Read what a query wants. Returns 0 or an error with the reading's fault. */
int hub_events_wanted_read(const struct hub_reading *reading, const struct events_query *query,
                           struct hub_events_wanted *ret_wanted);

/* Open the sealed values of an event's record, or of a part of one, and take its secrets out. */
void hub_log_query_open(const struct hub_reading *reading, const struct hub_shape *shape, void *record,
                        struct hub_arena *arena);

#endif
