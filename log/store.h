/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an open log is made of; for the files of log/ alone. */
#ifndef HUB_LOG_STORE_H
#define HUB_LOG_STORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "log/durable.h"
#include "log/log.h"
#include "log/meta.h"
#include "log/rocks.h"

struct hub_archives;
struct hub_writing;

/* Figures that any thread may read while the writer counts. */
struct hub_log_counters {
    _Atomic uint64_t batches, appends, events, bytes;
    _Atomic uint64_t conflicts, refused_full;
    _Atomic int64_t sync_us_total, sync_us_max;
};

struct hub_log {
    char *data_dir;    /* owned */
    char *scratch_dir; /* owned; of a follower of tables only, removed at close; else NULL */
    int lock;          /* descriptor that holds the writer's lock, or -1 */
    const struct hub_world *world;
    struct hub_keyring *keyring; /* borrowed; NULL for readers */
    enum hub_log_mode mode;
    uint64_t reserve_bytes;
    uint32_t node;

    struct hub_rocks *db;
    struct hub_meta meta;          /* as of opening */
    struct hub_archives *archives; /* owned */
    _Atomic uint64_t commit;
    struct hub_durable durable; /* not in follow mode */
    struct hub_log_counters counters;

    pthread_mutex_t mark_lock; /* guards mark and mark_is_new */
    struct hub_mark mark;      /* verified up to here */
    bool mark_is_new;          /* the writer puts it into its next batch */

    struct hub_writing *writing; /* owned; NULL in follow mode */
};

/* The last rows of a store; a follower may see one family a moment before the other. */
struct hub_heads_found {
    uint64_t header, payload; /* 0: none */
};

/* Returns 0 or < 0. */
int hub_store_head(struct hub_rocks *db, struct hub_heads_found *ret_found);

/* The same of an open log, whose payloads may end in an archive when those behind are gone. Returns 0 or < 0. */
int hub_store_ends(const struct hub_log *self, struct hub_heads_found *ret_found);

static inline uint64_t hub_heads_common(const struct hub_heads_found *found)
{
    return found->header < found->payload ? found->header : found->payload;
}

/* The chain hash of a position (0: h(0)). Returns 0, HUB_ERROR_not_found, < 0. */
int hub_store_hash(const struct hub_log *self, uint64_t sequence, struct hub_digest *ret_hash);

/* How far the chain is verified, and what is known to be sound now: a mark behind the one that is there changes nothing. Any thread. */
struct hub_mark hub_store_mark(const struct hub_log *self);
void hub_store_set_mark(struct hub_log *self, const struct hub_mark *mark);

/* Write the mark now, synced, unless it is written. Not in follow mode; any thread. Returns 0 or < 0. */
int hub_store_keep_mark(struct hub_log *self);

/* Free bytes where the data lies, 0 when that cannot be asked. */
uint64_t hub_store_free_bytes(const struct hub_log *self);

#endif
