/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Flushing, compacting, and the threads that do so.
 *
 * The truth flushes all its families as one. RocksDB 7.8.3 keeps the reason of a flush with each family, so a second request for
 * some of them, made for another reason while the first is waiting for its thread, leaves the first with two reasons, and the
 * process with a failed assertion (Debian's library has them). So one reason is left to RocksDB, the bound on all memtables
 * (log/rocks.c sets the others out of reach), and what is asked for here is asked for when nothing is waiting. It asks for one family
 * at a time, and a request for one has one reason, whatever comes later. Who opens the tables meanwhile sees some families as they
 * are now and others as they were: the last is asked for first, as readers begin with the first ones (log/keys.h), and find to each
 * of their rows what belongs to it. */
#include "log/rocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/thread.h"
#include "log/rocks_state.h"

enum {
    COMPACT_BOTTOM_TOO = 3, /* but not what this compaction wrote itself */
    LOOK_NS = 2 * 1000 * 1000,
    LOOKS_MAX = 60 * 500, /* a minute */
};

/* --- The gate --- */

void hub_rocks_gate_init(struct hub_rocks_gate *self, bool is_atomic)
{
    pthread_rwlockattr_t fair;
    *self = (struct hub_rocks_gate){ .is_atomic = is_atomic };
    pthread_rwlockattr_init(&fair);
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&self->lock, &fair);
    pthread_rwlockattr_destroy(&fair);
    pthread_mutex_init(&self->turn, NULL);
}

void hub_rocks_gate_done(struct hub_rocks_gate *self)
{
    pthread_rwlock_destroy(&self->lock);
    pthread_mutex_destroy(&self->turn);
}

void hub_rocks_gate_enter(struct hub_rocks_gate *self)
{
    if (self->is_atomic) {
        pthread_rwlock_rdlock(&self->lock);
    }
}

void hub_rocks_gate_leave(struct hub_rocks_gate *self)
{
    if (self->is_atomic) {
        pthread_rwlock_unlock(&self->lock);
    }
}

/* --- Flushing --- */

/* Whether a flush waits for its thread, or is under way; what no longer waits is under way, so they are looked at in this order. */
static bool is_busy(struct hub_rocks *self)
{
    for (unsigned i = 0; i < self->count; i++) {
        if (hub_rocks_property(self, i, "rocksdb.mem-table-flush-pending") > 0) {
            return true;
        }
    }
    return hub_rocks_property(self, 0, "rocksdb.num-running-flushes") > 0;
}

/* So many files that RocksDB would let another one wait for a compaction: inside its call, and so behind the gate. */
static bool is_crowded(struct hub_rocks *self)
{
    unsigned long most = 0;
    for (unsigned i = 0; i < self->count; i++) {
        char *text = rocksdb_property_value_cf(self->db, self->families[i], "rocksdb.num-files-at-level0");
        unsigned long files = text == NULL ? 0 : strtoul(text, NULL, 10);
        most = files > most ? files : most;
        rocksdb_free(text);
    }
    return most + 1 >= HUB_ROCKS_SLOW_FILES;
}

/* Memtables of each family that wait for a flush, or are being flushed. */
static void count_full(struct hub_rocks *self, uint64_t ret_counts[HUB_ROCKS_FAMILIES])
{
    for (unsigned i = 0; i < self->count; i++) {
        ret_counts[i] = hub_rocks_property(self, i, "rocksdb.num-immutable-mem-table");
    }
}

/* Whether some of the counted ones are not in tables yet. More may come meanwhile, but a family's go in turn: once there are fewer,
 * the first is there. */
static bool are_left(struct hub_rocks *self, uint64_t counts[HUB_ROCKS_FAMILIES])
{
    uint64_t now[HUB_ROCKS_FAMILIES];
    bool are = false;
    count_full(self, now);
    for (unsigned i = 0; i < self->count; i++) {
        counts[i] = now[i] < counts[i] || counts[i] == 0 ? 0 : now[i];
        are = are || counts[i] > 0;
    }
    return are;
}

/* Counts up for ever: RocksDB goes on after some errors, as of a compaction for which there was no room. */
static uint64_t count_errors(struct hub_rocks *self)
{
    return hub_rocks_property(self, 0, "rocksdb.background-errors");
}

static int flush_each(struct hub_rocks *self, bool waits)
{
    rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
    rocksdb_flushoptions_set_wait(options, waits);
    int failed = 0;
    for (unsigned i = self->count; i > 0 && failed == 0; i--) {
        char *error = NULL;
        rocksdb_flush_cf(self->db, options, self->families[i - 1], &error);
        failed = hub_rocks_take_error(error, NULL, 0);
    }
    rocksdb_flushoptions_destroy(options);
    return failed;
}

static void rest(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
}

/* Ask for a flush of all families as they are now, unless one is busy: none has more than one memtable to be flushed then. Returns 1
 * when one is, else 0 or < 0. */
static int try_flush(struct hub_rocks *self, uint64_t ret_counts[HUB_ROCKS_FAMILIES])
{
    if (is_busy(self) || is_crowded(self)) { /* nobody who writes has to wait for this look */
        return 1;
    }
    pthread_rwlock_wrlock(&self->gate.lock);
    int result = is_busy(self) || is_crowded(self) ? 1 : flush_each(self, false);
    count_full(self, ret_counts);
    pthread_rwlock_unlock(&self->gate.lock);
    return result;
}

static int ask_for_flush(struct hub_rocks *self, uint64_t errors, uint64_t ret_counts[HUB_ROCKS_FAMILIES])
{
    int result = 1;
    for (int looks = 0; looks < LOOKS_MAX && result == 1 && count_errors(self) == errors; looks++) {
        if (looks > 0) {
            rest();
        }
        result = try_flush(self, ret_counts);
    }
    return result == 0 ? 0 : -1;
}

/* Where much is written there is always a flush: this waits for its own. */
static int flush_as_one(struct hub_rocks *self)
{
    uint64_t counts[HUB_ROCKS_FAMILIES];
    pthread_mutex_lock(&self->gate.turn);
    uint64_t errors = count_errors(self);
    int failed = ask_for_flush(self, errors, counts);
    while (failed == 0 && are_left(self, counts)) {
        rest();
        failed = count_errors(self) > errors ? -1 : 0;
    }
    pthread_mutex_unlock(&self->gate.turn);
    return failed;
}

int hub_rocks_flush(struct hub_rocks *self)
{
    return self->gate.is_atomic ? flush_as_one(self) : flush_each(self, true);
}

/* The C interface's compaction says nothing of errors, the count of those in the background does. */
int hub_rocks_compact(struct hub_rocks *self, unsigned family, char *ret_why, size_t why_size)
{
    int failed = hub_rocks_flush(self);
    if (failed == 0) {
        rocksdb_compactoptions_t *options = rocksdb_compactoptions_create();
        rocksdb_compactoptions_set_bottommost_level_compaction(options, COMPACT_BOTTOM_TOO);
        rocksdb_compact_range_cf_opt(self->db, self->families[family], options, NULL, 0, NULL, 0);
        rocksdb_compactoptions_destroy(options);
        failed = hub_rocks_property(self, family, "rocksdb.background-errors") > 0 ? -1 : 0;
    }
    if (failed < 0) {
        snprintf(ret_why, why_size, "the new files could not be written");
    }
    return failed;
}

/* --- Threads --- */

/* They have their priority from the one that starts them. */
static void *start_background(void *none)
{
    hub_thread_polite();
    rocksdb_env_t *env = rocksdb_create_default_env();
    rocksdb_env_set_background_threads(env, HUB_ROCKS_JOBS / 2);
    rocksdb_env_set_high_priority_background_threads(env, HUB_ROCKS_JOBS / 2);
    rocksdb_env_destroy(env);
    return none;
}

void hub_rocks_start_background(void)
{
    pthread_t starter;
    if (pthread_create(&starter, NULL, start_background, NULL) == 0) { /* else RocksDB starts them, like everybody */
        pthread_join(starter, NULL);
    }
}
