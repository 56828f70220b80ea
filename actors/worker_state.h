/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a worker is made of, for its own files only: worker.c, worker_command.c, worker_written.c, worker_round.c. */
#ifndef HUB_ACTORS_WORKER_STATE_H
#define HUB_ACTORS_WORKER_STATE_H

#include "actors/staged.h"
#include "actors/worker.h"
#include "base/handoff.h"

enum { HUB_WORKER_SENDS = 1024 };

struct hub_worker {
    struct hub_worker_options options;
    const struct hub_world *world;
    struct _zactor_t *actor;
    struct hub_inbox *inbox; /* borrowed */
    struct hub_port *port;
    struct hub_writer_port *writer;
    struct hub_entities *entities;
    struct hub_staged staged;
    struct hub_buf scratch;
    struct hub_outcome_context context;
    struct hub_append *sends[HUB_WORKER_SENDS]; /* appends of this round */
    size_t send_count;
    struct hub_answer *answers; /* of this round, newest first */
    size_t finished;            /* commands finished this round */
    int64_t tick_us;            /* at the start of the round */
    int64_t swept_tick_us;
    struct hub_worker_counts counts;
    struct hub_handoff over; /* from the actor, which ends, to who stops it */
};

/* Count without a lock: only the worker writes, anybody reads. */
static inline void hub_worker_count(atomic_ulong *counter, unsigned long by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

/* All of these are for the worker's own thread. */

/* Do a command, which moves: it is answered, appended, handed on or refused. */
void hub_worker_command(struct hub_worker *self, struct hub_command *command);

/* Finish the outcomes of a list whose appends the log is done with. */
void hub_worker_written(struct hub_worker *self, struct hub_outcome *outcome);

/* Answer a command for which nothing is written, once all that its entity wrote is durable. A pending row that asked for
 * the command is settled all the same. Takes over command and answer. */
void hub_worker_finish(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity,
                       struct hub_answer *answer);

/* A counted refusal in the command's own arena, to be finished with. */
struct hub_answer *hub_worker_refusal(struct hub_worker *self, struct hub_command *command, int error,
                                      const char *reason);

/* Refuse for a reason that may pass: a pending row that asked for the command stays. */
void hub_worker_refuse(struct hub_worker *self, struct hub_command *command, int error, const char *reason);

/* Give an outcome's append to this round. It lives until hub_worker_written. */
void hub_worker_send(struct hub_worker *self, struct hub_outcome *outcome);

/* Let an answer go with this round; one that nobody waits for is freed. */
void hub_worker_release(struct hub_worker *self, struct hub_answer *answer);

/* Let go what this round brought: appends to the log, answers to the doors, room in the mailbox. */
void hub_worker_end_round(struct hub_worker *self);

#endif
