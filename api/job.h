/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Work that an event loop must not do itself: hashing a password, folding the past. A helper is one thread with a bounded
 * queue; what it did goes back to the loop that asked, by ticket. */
#ifndef HUB_API_JOB_H
#define HUB_API_JOB_H

#include "api/tickets.h"

/* One piece of work. It moves: to the helper, back to the loop, to who waits; whoever holds it last destroys it. */
struct hub_job {
    struct hub_arena *arena;                         /* owns this struct and everything below */
    void (*run)(struct hub_job *self, void *server); /* on the helper's thread; reads nothing that a loop may change */
    struct hub_ticket ticket;
    struct hub_ulid company;
    int error; /* enum hub_error; what became of it */
    struct hub_fault fault;
    struct hub_position position; /* that the result is of */
    const void *question;         /* for `run` */
    void *result;                 /* by `run` */
    struct hub_job *next;
};

/* A job with an arena of its own. Never NULL. */
struct hub_job *hub_job_new(size_t arena_bytes);
void hub_job_destroy(struct hub_job **self_p);

struct hub_helper;

/* A thread that does jobs in their order.
 *
 * room     jobs that may wait
 * on_done  called on its thread with a job that is done; takes it over
 * server   argument of hub_job.run and of on_done
 *
 * Returns NULL when the thread cannot be made. */
struct hub_helper *hub_helper_new(size_t room, void (*on_done)(void *server, struct hub_job *job), void *server);

/* Finish the job under way, forget those that wait, join the thread. *self_p becomes NULL. Takes NULL. */
void hub_helper_destroy(struct hub_helper **self_p);

/* Give it a job: *job_p becomes NULL. False when the queue is full, the job stays then. Any thread. */
bool hub_helper_give(struct hub_helper *self, struct hub_job **job_p);

#endif
