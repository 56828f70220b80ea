/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How far the log is written, and how far of that is on disk; for the files of log/ alone.
 *
 * What is written but not synced is in the store already: whoever reads by position never gets there, as the commit
 * position moves with the sync, and rows that ask for something to be done are held back till then. */
#ifndef HUB_LOG_DURABLE_H
#define HUB_LOG_DURABLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/ulid.h"

struct hub_fresh_aliases;
struct hub_log;

/* Where the log stood after a batch. */
struct hub_point {
    uint64_t sequence;
    struct hub_digest hash;
    uint64_t loose; /* the last number given to an append without events */
    uint64_t batch; /* counts batches since the start */
};

/* Somebody whose key must go. */
struct hub_erased {
    struct hub_ulid company, subject;
};

struct hub_durable {
    pthread_mutex_t lock; /* guards written */
    struct hub_point written;
    struct hub_fresh_aliases *aliases; /* owned */
    struct hub_buf erased;             /* struct hub_erased of what was written since the last sync; guarded too */
    struct hub_point synced;           /* of the syncing thread */
    _Atomic uint64_t loose;            /* synced.loose, for any thread */
    uint64_t witnessed;                /* sequence that the witness names; of the syncing thread, as the next one */
    int64_t witnessed_us;              /* tick of the last witness */
};

/* All of the log is on disk, as after opening: the commit position is `at`. */
void hub_durable_init(struct hub_log *log, const struct hub_point *at);
void hub_durable_done(struct hub_log *log);

/* A batch was written; erased: struct hub_erased after hub_erased of it, copied. The writing thread only. */
void hub_durable_note(struct hub_log *log, const struct hub_point *at, struct hub_span erased);

/* Put all on disk that was noted before, destroy the keys of who was erased, move the commit position there, and see to the
 * witness. The syncing thread only.
 * Returns 0, or < 0 with a sentence. */
int hub_durable_sync(struct hub_log *log, char *ret_why, size_t why_size);

/* Write the witness when it is a while behind, or at once. Returns 0, or < 0 with errno set. */
int hub_durable_witness(struct hub_log *log, bool at_once);

#endif
