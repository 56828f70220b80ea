/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hub on one thread in a world that stands still: the hub's own worker, log and views, with neither HTTP nor threads, so that
 * the same commands cost the same instructions every time.
 *
 * The log actor is left out: this file has hub_writer_send, and the linker takes it instead of log/writer.c. */
#ifndef HUB_TESTS_BENCH_TAPE_WORLD_H
#define HUB_TESTS_BENCH_TAPE_WORLD_H

#include "base/buf.h"
#include "replay/query.h"

struct tape;

/* In an empty directory, which stays (borrowed). Ends the program with a sentence when something cannot be opened. */
struct tape *tape_new(const char *dir);

/* Close it; *self_p becomes NULL. */
void tape_destroy(struct tape **self_p);

/* A command as a door would send it. */
struct tape_command {
    const struct hub_shape *shape;
    uint8_t target;
    const char *json;     /* its record; what it refers to is resolved as a client's own id */
    const char *customer; /* for one whose record does not say whom it is for; else NULL */
};

/* Read a command's JSON and send it to the worker. A fault ends the program. */
void tape_send(struct tape *self, const struct tape_command *command);

/* Let worker and log go on until nothing is under way; what was sent since the last turn is one round of a loop. Answers are
 * opened and written as JSON. A refusal ends the program. */
void tape_turn(struct tape *self);

/* Fold what the log has by now into all views. */
void tape_fold(struct tape *self);

/* Ask the views, and write the answer as JSON. json: the query's record. */
void tape_ask(struct tape *self, const struct hub_query_info *query, const char *json);

/* Walk and fold the whole log into the states of all entities, as replay does. */
void tape_replay(struct tape *self);

/* The log's last position. */
uint64_t tape_events(const struct tape *self);

#endif
