/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Printing events of a data directory. */
#ifndef HUB_TOOLS_REPLAY_EVENTS_H
#define HUB_TOOLS_REPLAY_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Which events, and how. Texts are as on the command line; NULL: no matter. */
struct hub_replay_query {
    const char *data;
    const char *master_key;
    const char *company, *stream, *customer, *session, *type, *from, *to;
    const char *where, *channel, *actor; /* a filter; a channel; the id of who did it */
    uint64_t limit;                      /* 0: all */
    const char *format;                  /* table, json, csv or msgpack */
    bool follow;                         /* goes on with what comes, until SIGINT or SIGTERM */
};

/* Print them in order of their positions. Returns an exit status; what went wrong was said on stderr. */
int hub_replay_print(const struct hub_replay_query *query, FILE *out);

#endif
