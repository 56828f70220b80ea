/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an open store consists of, for log/rocks*.c alone. */
#ifndef HUB_LOG_ROCKS_STATE_H
#define HUB_LOG_ROCKS_STATE_H

#include <pthread.h>
#include <rocksdb/c.h>

#include "log/rocks.h"

enum {
    HUB_ROCKS_FAMILIES = 32,
    HUB_ROCKS_JOBS = 2,        /* one flushes, one compacts */
    HUB_ROCKS_SLOW_FILES = 40, /* of a family, not compacted yet: writing is slowed down */
};

/* Keeps writing and flushing apart where all families are flushed as one (log/rocks_flush.c). */
struct hub_rocks_gate {
    bool is_atomic;        /* else none of this is used */
    pthread_mutex_t turn;  /* of who flushes */
    pthread_rwlock_t lock; /* to read: for a write to the store; to write: for asking for a flush */
};

struct hub_rocks {
    rocksdb_t *db;
    rocksdb_cache_t *cache;
    rocksdb_readoptions_t *read;
    rocksdb_writeoptions_t *write, *write_ahead;
    bool syncs;
    pthread_mutex_t sync_lock; /* guards the next one; held during a sync */
    bool sync_failed;          /* what is on disk nobody knows: there is no other */
    rocksdb_column_family_handle_t *families[HUB_ROCKS_FAMILIES];
    unsigned count;
    struct hub_rocks_gate gate;
};

/* is_atomic: all families of the store are flushed as one; else entering and leaving do nothing. */
void hub_rocks_gate_init(struct hub_rocks_gate *self, bool is_atomic);

/* Nobody is inside, and nobody flushes. */
void hub_rocks_gate_done(struct hub_rocks_gate *self);

/* Around each write. Any thread. */
void hub_rocks_gate_enter(struct hub_rocks_gate *self);
void hub_rocks_gate_leave(struct hub_rocks_gate *self);

/* Before a store is opened: start the threads that flush and compact for all stores, with a lower priority. */
void hub_rocks_start_background(void);

#endif
