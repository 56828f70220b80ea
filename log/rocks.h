/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The one door to RocksDB: ordered bytes in column families, atomic batches, snapshots. */
#ifndef HUB_LOG_ROCKS_H
#define HUB_LOG_ROCKS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"

struct hub_rocks;
struct hub_rocks_batch;
struct hub_rocks_iter;
struct hub_rocks_snapshot;

enum hub_rocks_profile {
    HUB_ROCKS_TRUTH = 1, /* the log: tolerate-corrupted-tail, WAL always, no recycling */
    HUB_ROCKS_VIEWS,     /* disposable: point-in-time recovery, never synced */
    HUB_ROCKS_SECONDARY, /* follows another process's store, read only */
    HUB_ROCKS_ASIDE,     /* a copy of the truth that nobody serves: must be there, and is not compacted */
};

struct hub_rocks_options {
    const char *dir;
    const char *secondary_dir; /* HUB_ROCKS_SECONDARY: own scratch directory */
    enum hub_rocks_profile profile;
    const char *const *families; /* column families, NULL-terminated; "default" first */
    unsigned unopened;           /* HUB_ROCKS_SECONDARY: bits of those that are left out and must not be asked for */
    bool tables_only;            /* HUB_ROCKS_SECONDARY: as of the last flush; the write-ahead log is left alone */
    bool no_sync;                /* benchmarks only */
    size_t memory_bytes;         /* for blocks and memtables together; 0: 128 MiB */
};

/* Open or create. Returns 0, or < 0 with RocksDB's own words in ret_why, or with framing's about a damaged file. */
int hub_rocks_open(const struct hub_rocks_options *options, struct hub_rocks **ret_db, char *ret_why, size_t why_size);

/* Close; *self_p becomes NULL. Takes NULL. No iterator, batch or snapshot may be left. */
void hub_rocks_close(struct hub_rocks **self_p);

/* Secondary: see what the other process wrote since. Returns 0 or < 0. */
int hub_rocks_catch_up(struct hub_rocks *self);

/* One value, appended to `ret_value` (cleared first). Returns 0, HUB_ERROR_not_found, < 0. snapshot may be NULL. Any thread. */
int hub_rocks_get(struct hub_rocks *self, unsigned family, const struct hub_rocks_snapshot *snapshot,
                  struct hub_span key, struct hub_buf *ret_value);

/* The same, copied into an arena (ret_value untouched unless 0). */
int hub_rocks_get_copy(struct hub_rocks *self, unsigned family, struct hub_span key, struct hub_arena *arena,
                       struct hub_span *ret_value);

/* What hub_rocks_get_many found. */
enum { HUB_ROCKS_MANY = 32 };
struct hub_rocks_values {
    struct hub_buf bytes;        /* owned by the caller: the values one after the other */
    size_t lens[HUB_ROCKS_MANY]; /* of each */
};

/* Up to HUB_ROCKS_MANY values at once, for keys of one length that lie one after the other; faster than one by one.
 * Returns 0, HUB_ERROR_not_found when any is missing, < 0. */
int hub_rocks_get_many(struct hub_rocks *self, unsigned family, struct hub_span keys, size_t count,
                       struct hub_rocks_values *ret_values);

/* Whether a key is there: 0, HUB_ERROR_not_found, < 0. */
int hub_rocks_has(struct hub_rocks *self, unsigned family, struct hub_span key);

/* A batch of changes: built by one thread, written whole or not at all. */
struct hub_rocks_batch *hub_rocks_batch_new(struct hub_rocks *db);
void hub_rocks_batch_destroy(struct hub_rocks_batch **self_p);
void hub_rocks_put(struct hub_rocks_batch *self, unsigned family, struct hub_span key, struct hub_span value);
void hub_rocks_put_parts(struct hub_rocks_batch *self, unsigned family, struct hub_span key,
                         const struct hub_span *parts, size_t count);
void hub_rocks_delete(struct hub_rocks_batch *self, unsigned family, struct hub_span key);
void hub_rocks_delete_range(struct hub_rocks_batch *self, unsigned family, struct hub_span from, struct hub_span to);

/* Write it (truth: synced unless no_sync) and clear it when it was written. Returns 0, or < 0 with RocksDB's words. After a
 * failure of this or of hub_rocks_sync every further one of the store fails, whichever thread met it. */
int hub_rocks_write(struct hub_rocks *self, struct hub_rocks_batch *batch, char *ret_why, size_t why_size);

/* The same without a sync: it is durable after the next hub_rocks_sync, and seen by readers before. */
int hub_rocks_write_ahead(struct hub_rocks *self, struct hub_rocks_batch *batch, char *ret_why, size_t why_size);

/* Make durable all that was written before, unless no_sync. Another thread may write meanwhile. Returns 0, or < 0 with
 * RocksDB's words. */
int hub_rocks_sync(struct hub_rocks *self, char *ret_why, size_t why_size);

/* A consistent view of the store. */
const struct hub_rocks_snapshot *hub_rocks_snapshot_new(struct hub_rocks *db);
void hub_rocks_snapshot_done(struct hub_rocks *db, const struct hub_rocks_snapshot **snapshot_p);

/* An iterator over [lower, upper) (empty spans: no bound; copied). Key and value are valid until the next move. */
struct hub_rocks_iter *hub_rocks_iter_new(struct hub_rocks *db, unsigned family,
                                          const struct hub_rocks_snapshot *snapshot, struct hub_span lower,
                                          struct hub_span upper);

/* The same for a walk that sees each row once and shall not push out what others ask for: its blocks are not kept. */
struct hub_rocks_iter *hub_rocks_iter_new_passing(struct hub_rocks *db, unsigned family, struct hub_span lower,
                                                  struct hub_span upper);

/* RocksDB shall not count what this thread does; nobody reads the counters, and a walk is faster by some percent. */
void hub_rocks_count_nothing(void);

/* Close it; *self_p becomes NULL. Takes NULL. */
void hub_rocks_iter_destroy(struct hub_rocks_iter **self_p);
void hub_rocks_iter_first(struct hub_rocks_iter *self);
void hub_rocks_iter_last(struct hub_rocks_iter *self);
void hub_rocks_iter_seek(struct hub_rocks_iter *self, struct hub_span key);      /* first key >= */
void hub_rocks_iter_seek_back(struct hub_rocks_iter *self, struct hub_span key); /* last key <= */
/* At the end these do nothing. */
void hub_rocks_iter_next(struct hub_rocks_iter *self);
void hub_rocks_iter_prev(struct hub_rocks_iter *self);
bool hub_rocks_iter_valid(const struct hub_rocks_iter *self);
struct hub_span hub_rocks_iter_key(const struct hub_rocks_iter *self);
struct hub_span hub_rocks_iter_value(const struct hub_rocks_iter *self);
/* < 0 when it stopped for a read error rather than at the end. */
int hub_rocks_iter_error(const struct hub_rocks_iter *self, char *ret_why, size_t why_size);

/* Make everything written so far survive without the WAL. Beside a thread that writes: families are done one after the other, the
 * last first. Returns 0 or < 0, also when for a minute there was no moment without another flush. */
int hub_rocks_flush(struct hub_rocks *self);

/* Write a family afresh, without what was deleted or replaced. Returns 0, or < 0 with RocksDB's words. */
int hub_rocks_compact(struct hub_rocks *self, unsigned family, char *ret_why, size_t why_size);

/* Rows that were ever written to the store: two copies with the same number hold the same. */
uint64_t hub_rocks_writes(struct hub_rocks *self);

/* For log/rocks_backup.c alone: RocksDB's own object; and its words (NULL: none), which are handed on and freed. Returns -1 when
 * there are some, else 0. */
void *hub_rocks_handle(struct hub_rocks *self);
int hub_rocks_take_error(char *error, char *ret_why, size_t why_size);

/* --- Backups: RocksDB's backup engine. It keeps table files once, however many backups hold them. --- */

struct hub_rocks_backup {
    const char *dir;
    uint64_t bytes_per_second; /* at most so much is copied; 0: as fast as it goes */
    uint32_t id;               /* filled: number of the backup, as hub_rocks_restore wants it */
};

/* Flush the store and add it to the backups in a directory. Returns 0, or < 0 with RocksDB's words; what was copied till then
 * is no backup and is removed with the next one. */
int hub_rocks_backup(struct hub_rocks *self, struct hub_rocks_backup *backup, char *ret_why, size_t why_size);

/* Put a backup back as a store in the directory `to`, comparing each file with its checksum. Returns 0 or < 0. */
int hub_rocks_restore(const char *dir, uint32_t id, const char *to, char *ret_why, size_t why_size);

/* Remove all backups but those from `first` on, and the files that only they had. Returns 0 or < 0. */
int hub_rocks_forget(const char *dir, uint32_t first, char *ret_why, size_t why_size);

/* A RocksDB property as a number ("rocksdb.estimate-num-keys"), 0 when it has none. */
uint64_t hub_rocks_property(struct hub_rocks *self, unsigned family, const char *name);

#endif
