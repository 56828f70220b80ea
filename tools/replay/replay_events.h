/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Events of a data directory, printed or handed to whoever wants to know. */
#ifndef HUB_TOOLS_REPLAY_REPLAY_EVENTS_H
#define HUB_TOOLS_REPLAY_REPLAY_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/datadir.h"

struct hub_tool_call;

/* Which events, and how. Texts are as on the command line; NULL: no matter. */
struct hub_replay_query {
    const struct hub_tool_call *call; /* for the note of what is read; NULL: a tool that shows its own data */
    const char *data;
    const char *master_key;
    const char *company, *stream, *customer, *session, *type, *from, *to;
    const char *where, *channel, *actor; /* a filter; a channel; who did it: an id, an address, a key's name */
    uint64_t last;                       /* begin with the last so many positions; 0: at `from` */
    uint64_t limit;                      /* 0: all */
    const char *format;                  /* table, json, csv or msgpack */
    bool follow;                         /* goes on with what comes, until SIGINT or SIGTERM */
};

/* Print them in order of their positions. Returns an exit status; what went wrong was said on stderr. */
int hub_replay_print(const struct hub_replay_query *query, FILE *out);

/* Visit them instead; data, follow and format of the query do not matter. The event and the arena, which is empty, are for the
 * call. Returns an exit status; what went wrong was said on stderr. */
typedef void hub_replay_visit_fn(void *arg, const struct hub_stored *event, struct hub_arena *arena);
int hub_replay_walk(const struct hub_datadir *reader, const struct hub_replay_query *query, hub_replay_visit_fn *visit,
                    void *arg);

#endif
