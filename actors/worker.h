/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A worker: one zactor that owns a share of the entities and runs their commands one after the other. */
#ifndef HUB_ACTORS_WORKER_H
#define HUB_ACTORS_WORKER_H

#include "actors/crash.h"
#include "actors/mailbox.h"
#include "actors/outcome.h"
#include "log/writer.h"

/* What a worker counts; read by other threads without a lock. */
struct hub_worker_counts {
    atomic_ulong commands, refusals, events, conflicts, forwards;
    atomic_ulong active, active_bytes, activations, passivations;
    atomic_ulong timed, queue_us, decide_us, log_us;
};

struct hub_worker_options {
    const struct hub_runtime_options *runtime; /* outlives the worker */
    struct hub_mailboxes *boxes;
    struct hub_writer *writer;
    struct hub_crash_guard *guard;
    unsigned index;
    size_t active_entities, active_bytes;
    int64_t idle_us;
};

struct hub_worker;

/* Start a worker. Never NULL. */
struct hub_worker *hub_worker_new(const struct hub_worker_options *options);

/* Stop it: what is in its mailbox must have been finished (its waiting count is 0). */
void hub_worker_destroy(struct hub_worker **self_p);

/* What it counted so far; any thread may read the atomics. Valid as long as the worker. */
const struct hub_worker_counts *hub_worker_counts(const struct hub_worker *self);

#endif
