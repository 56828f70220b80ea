/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The one door to RocksDB, by its C interface (7.8.3).
 *
 * What the settings are for. The truth must refuse rather than forget: recovery mode 0 takes a torn last record and
 * nothing else, WAL files are neither recycled nor synced in pieces, checks are paranoid. The views may forget their
 * tail, as their checkpoints go with it: they have no WAL, and memtables that fit into a processor's cache, many of which
 * are merged into one file (docs/decisions/003-views.md). Both must stay small beside the rest of the hub: one block
 * cache and one bound on all memtables per store, indexes and filters inside the cache, few open files, a short LOG
 * without statistics. */
#include "log/rocks.h"

#include <assert.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "log/framing.h"
#include "log/rocks_state.h"

enum {
    BLOCK_BYTES = 8 * 1024,
    STORE_BYTES = 128 * 1024 * 1024, /* half for blocks, half for the memtables of all families together */
    VIEW_MEMTABLE_BYTES = 1024 * 1024,
    VIEW_MEMTABLES = 16, /* flushed together */
    TABLE_BYTES = 32 * 1024 * 1024,
    CACHE_SHARD_BITS = 2,
    ARENA_PARTS = 64,              /* of all memtables: what one has counts from its first row on */
    NEVER = 8,                     /* times all memtables: more than ever lies in one, or in the WAL before them */
    WAL_BYTES = 192 * 1024 * 1024, /* bounds the time of recovery */
    PASSING_BYTES = 128 * 1024,    /* read at once by who walks through everything */
    OPEN_FILES = 256,
    BLOOM_BITS = 10,
    INFO_LOG_WARN = 2,
    INFO_LOG_NOTHING = 6, /* above all levels, that of headers too */
    INFO_LOG_BYTES = 1024 * 1024,
    MANIFEST_BYTES = 8 * 1024 * 1024,
    RECOVERY_TOLERATE_TAIL = 0,
    RECOVERY_POINT_IN_TIME = 2,
};

void *hub_rocks_handle(struct hub_rocks *self)
{
    return self->db;
}

struct hub_rocks_batch {
    struct hub_rocks *db;
    rocksdb_writebatch_t *batch;
};

struct hub_rocks_iter {
    rocksdb_iterator_t *iter;
    rocksdb_readoptions_t *read;
    char bounds[]; /* RocksDB keeps pointers to them */
};

/* What is special about a family of the truth; any other is compressed and found by order alone. */
struct trait {
    const char *name;
    bool sealed;      /* random bytes: compressing them is wasted work */
    bool probed;      /* asked for whole keys that are mostly not there */
    unsigned grouped; /* rows come in groups with as many first bytes in common, each growing at its end */
};

static const struct trait traits[] = {
    { .name = "payload", .sealed = true },
    { .name = "stream", .probed = true, .grouped = 33 },
    { .name = "tag", .grouped = 33 },
    { .name = "command", .probed = true, .sealed = true },
    { .name = "alias", .probed = true, .sealed = true },
};

static const struct trait *trait_of(const char *name, enum hub_rocks_profile profile)
{
    static const struct trait plain = { .name = "" };
    static const struct trait view = { .name = "", .probed = true };
    if (profile == HUB_ROCKS_VIEWS) {
        return &view;
    }
    for (size_t i = 0; i < sizeof traits / sizeof traits[0]; i++) {
        if (strcmp(traits[i].name, name) == 0) {
            return &traits[i];
        }
    }
    return &plain;
}

int hub_rocks_take_error(char *error, char *ret_why, size_t why_size)
{
    if (error == NULL) {
        return 0;
    }
    if (ret_why != NULL && why_size > 0) {
        snprintf(ret_why, why_size, "%s", error);
    }
    rocksdb_free(error);
    return -1;
}

/* In few shards: a block that is larger than a shard is never kept, and a file's filter may take most of a MiB. With the 64
 * shards that RocksDB makes of 64 MiB each look for a row that is not there read one (4/5 of what folding new sessions took). */
static rocksdb_cache_t *cache_new(size_t bytes)
{
    rocksdb_lru_cache_options_t *options = rocksdb_lru_cache_options_create();
    rocksdb_lru_cache_options_set_capacity(options, bytes);
    rocksdb_lru_cache_options_set_num_shard_bits(options, CACHE_SHARD_BITS);
    rocksdb_cache_t *cache = rocksdb_cache_create_lru_opts(options);
    rocksdb_lru_cache_options_destroy(options);
    return cache;
}

/* How a store that is being opened is set up. */
struct setting {
    enum hub_rocks_profile profile;
    size_t memtables_bytes;
    rocksdb_cache_t *cache;
    const char *wal_dir; /* NULL: the store's own */
};

static void set_store_options(rocksdb_options_t *options, const struct setting *setting)
{
    enum hub_rocks_profile profile = setting->profile;
    bool truth = profile != HUB_ROCKS_VIEWS, is_one = profile == HUB_ROCKS_TRUTH;
    rocksdb_options_set_create_if_missing(options, profile != HUB_ROCKS_ASIDE);
    rocksdb_options_set_disable_auto_compactions(options, profile == HUB_ROCKS_ASIDE);
    rocksdb_options_set_create_missing_column_families(options, 1);
    rocksdb_options_set_paranoid_checks(options, 1);
    rocksdb_options_set_wal_recovery_mode(options, truth ? RECOVERY_TOLERATE_TAIL : RECOVERY_POINT_IN_TIME);
    /* So that the tables alone are the truth as it once was, and a reader need not go through the write-ahead log. */
    rocksdb_options_set_atomic_flush(options, is_one);
    if (setting->wal_dir != NULL) {
        rocksdb_options_set_wal_dir(options, setting->wal_dir);
    }
    rocksdb_options_set_recycle_log_file_num(options, 0);
    rocksdb_options_set_max_total_wal_size(options, is_one ? NEVER * setting->memtables_bytes : WAL_BYTES);
    rocksdb_options_set_db_write_buffer_size(options, setting->memtables_bytes);
    /* A secondary needs every file at hand, as the primary may remove them. */
    rocksdb_options_set_max_open_files(options, profile == HUB_ROCKS_SECONDARY ? -1 : OPEN_FILES);
    if (profile ==
        HUB_ROCKS_SECONDARY) { /* to start sixteen threads for each family takes longer than to open its files */
        rocksdb_options_set_max_file_opening_threads(options, 1);
    }
    rocksdb_options_set_max_background_jobs(options, HUB_ROCKS_JOBS);
    rocksdb_options_set_bytes_per_sync(options, 1024 * 1024);
    rocksdb_options_set_max_manifest_file_size(options, MANIFEST_BYTES);
    /* A secondary's LOG is deleted unread, and on a full disk RocksDB ends the process over it. */
    rocksdb_options_set_info_log_level(options, profile == HUB_ROCKS_SECONDARY ? INFO_LOG_NOTHING : INFO_LOG_WARN);
    rocksdb_options_set_keep_log_file_num(options, 2);
    rocksdb_options_set_max_log_file_size(options, INFO_LOG_BYTES);
    rocksdb_options_set_stats_dump_period_sec(options, 0);
    /* The truth has one writer, and memtables take rows faster from one thread at a time. */
    rocksdb_options_set_allow_concurrent_memtable_write(options, 0);
    rocksdb_options_set_enable_write_thread_adaptive_yield(options, 0);
}

/* At which a memtable is flushed by itself; that of the truth never is. */
static size_t memtable_bytes(const struct setting *setting)
{
    return setting->profile == HUB_ROCKS_TRUTH ? NEVER * setting->memtables_bytes : setting->memtables_bytes / 2;
}

static void set_table_options(rocksdb_options_t *options, const struct trait *trait, const struct setting *setting)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_size(table, BLOCK_BYTES);
    rocksdb_block_based_options_set_block_cache(table, setting->cache);
    rocksdb_block_based_options_set_format_version(table, 5);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(table, 1);
    if (trait->probed) {
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
        rocksdb_block_based_options_set_whole_key_filtering(table, 1);
        /* As large however far away the size is at which a memtable is flushed by itself. */
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.025 * (double) setting->memtables_bytes /
                                                                          (double) memtable_bytes(setting));
        rocksdb_options_set_memtable_whole_key_filtering(options, 1);
    }
    rocksdb_options_set_block_based_table_factory(options, table);
    rocksdb_block_based_options_destroy(table);
}

/* Let a memtable remember where each group of rows ended, so that the next row of it needs no search (some 10 % of an
 * append). The C interface has this option by its text only. Returns the options to use instead. */
static rocksdb_options_t *with_groups(rocksdb_options_t *options, unsigned prefix)
{
    char text[64], *error = NULL;
    snprintf(text, sizeof text, "memtable_insert_with_hint_prefix_extractor=fixed:%u", prefix);
    rocksdb_options_t *changed = rocksdb_options_create();
    rocksdb_get_options_from_string(options, text, changed, &error);
    if (hub_rocks_take_error(error, NULL, 0) < 0) {
        rocksdb_options_destroy(changed);
        return options;
    }
    rocksdb_options_destroy(options);
    return changed;
}

static rocksdb_options_t *options_of(const char *family, const struct setting *setting)
{
    const struct trait *trait = trait_of(family, setting->profile);
    rocksdb_options_t *options = rocksdb_options_create();
    set_store_options(options, setting);
    set_table_options(options, trait, setting);
    rocksdb_options_set_write_buffer_size(options, memtable_bytes(setting));
    rocksdb_options_set_arena_block_size(options, setting->memtables_bytes / ARENA_PARTS);
    rocksdb_options_set_max_write_buffer_number(options, 4);
    if (setting->profile == HUB_ROCKS_VIEWS) {
        rocksdb_options_set_write_buffer_size(options, VIEW_MEMTABLE_BYTES);
        rocksdb_options_set_arena_block_size(options, VIEW_MEMTABLE_BYTES / 8);
        rocksdb_options_set_max_write_buffer_number(options, 2 * VIEW_MEMTABLES + 2);
        rocksdb_options_set_min_write_buffer_number_to_merge(options, VIEW_MEMTABLES);
    }
    rocksdb_options_set_target_file_size_base(options, TABLE_BYTES);
    rocksdb_options_set_max_bytes_for_level_base(options, 8 * (uint64_t) TABLE_BYTES);
    rocksdb_options_set_level0_file_num_compaction_trigger(options, 8);
    rocksdb_options_set_level0_slowdown_writes_trigger(options, HUB_ROCKS_SLOW_FILES);
    rocksdb_options_set_level0_stop_writes_trigger(options, 80);
    rocksdb_options_set_compaction_style(options, rocksdb_level_compaction);
    rocksdb_options_set_compression(options, trait->sealed ? rocksdb_no_compression : rocksdb_lz4_compression);
    return trait->grouped > 0 ? with_groups(options, trait->grouped) : options;
}

/* The families that are wanted, side by side; their handles are put in their places afterwards. */
static rocksdb_t *open_secondary(struct hub_rocks *self, const struct hub_rocks_options *wanted,
                                 const rocksdb_options_t *const *options, char **error)
{
    const char *names[HUB_ROCKS_FAMILIES];
    const rocksdb_options_t *each[HUB_ROCKS_FAMILIES];
    rocksdb_column_family_handle_t *handles[HUB_ROCKS_FAMILIES] = { NULL };
    int count = 0, taken = 0;
    for (unsigned i = 0; i < self->count; i++) {
        if ((wanted->unopened >> i & 1) == 0) {
            names[count] = wanted->families[i];
            each[count++] = options[i];
        }
    }
    rocksdb_t *db = rocksdb_open_as_secondary_column_families(options[0], wanted->dir, wanted->secondary_dir, count,
                                                              names, each, handles, error);
    for (unsigned i = 0; db != NULL && i < self->count; i++) {
        self->families[i] = (wanted->unopened >> i & 1) == 0 ? handles[taken++] : NULL;
    }
    return db;
}

static char *open_store(struct hub_rocks *self, const struct hub_rocks_options *wanted,
                        const rocksdb_options_t *const *options)
{
    char *error = NULL;
    hub_rocks_count_nothing();
    if (wanted->profile == HUB_ROCKS_SECONDARY) {
        self->db = open_secondary(self, wanted, options, &error);
    } else {
        self->db = rocksdb_open_column_families(options[0], wanted->dir, (int) self->count, wanted->families, options,
                                                self->families, &error);
    }
    return error;
}

int hub_rocks_open(const struct hub_rocks_options *options, struct hub_rocks **ret_db, char *ret_why, size_t why_size)
{
    if (options->profile != HUB_ROCKS_VIEWS &&
        hub_framing_check(options->dir, !options->tables_only, ret_why, why_size) < 0) {
        return -1;
    }
    hub_rocks_start_background();
    struct hub_rocks *self = hub_memory_new(sizeof *self);
    *self = (struct hub_rocks){ 0 };
    pthread_mutex_init(&self->sync_lock, NULL);
    rocksdb_options_t *each[HUB_ROCKS_FAMILIES] = { NULL };
    size_t memory_bytes = options->memory_bytes == 0 ? STORE_BYTES : options->memory_bytes;
    self->cache = cache_new(memory_bytes / 2);
    hub_rocks_gate_init(&self->gate, options->profile == HUB_ROCKS_TRUTH);
    const struct setting setting = { .profile = options->profile,
                                     .memtables_bytes = memory_bytes - memory_bytes / 2,
                                     .cache = self->cache,
                                     .wal_dir = options->tables_only ? options->secondary_dir : NULL };
    while (options->families[self->count] != NULL) {
        assert(self->count < HUB_ROCKS_FAMILIES);
        each[self->count] = options_of(options->families[self->count], &setting);
        self->count++;
    }
    char *error = open_store(self, options, (const rocksdb_options_t *const *) each);
    for (unsigned i = 0; i < self->count; i++) {
        rocksdb_options_destroy(each[i]);
    }
    if (hub_rocks_take_error(error, ret_why, why_size) < 0) {
        self->count = 0;
        hub_rocks_close(&self);
        return -1;
    }
    self->read = rocksdb_readoptions_create();
    self->write = rocksdb_writeoptions_create();
    self->write_ahead = rocksdb_writeoptions_create();
    self->syncs = (options->profile == HUB_ROCKS_TRUTH || options->profile == HUB_ROCKS_ASIDE) && !options->no_sync;
    rocksdb_writeoptions_set_sync(self->write, self->syncs);
    rocksdb_writeoptions_disable_WAL(self->write, options->profile == HUB_ROCKS_VIEWS);
    *ret_db = self;
    return 0;
}

void hub_rocks_close(struct hub_rocks **self_p)
{
    struct hub_rocks *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    for (unsigned i = 0; i < self->count; i++) {
        if (self->families[i] != NULL) {
            rocksdb_column_family_handle_destroy(self->families[i]);
        }
    }
    if (self->db != NULL) {
        rocksdb_close(self->db);
    }
    if (self->read != NULL) {
        rocksdb_readoptions_destroy(self->read);
        rocksdb_writeoptions_destroy(self->write);
        rocksdb_writeoptions_destroy(self->write_ahead);
    }
    rocksdb_cache_destroy(self->cache);
    pthread_mutex_destroy(&self->sync_lock);
    hub_rocks_gate_done(&self->gate);
    free(self);
    *self_p = NULL;
}

int hub_rocks_catch_up(struct hub_rocks *self)
{
    char *error = NULL;
    rocksdb_try_catch_up_with_primary(self->db, &error);
    return hub_rocks_take_error(error, NULL, 0);
}

/* Look one key up. Returns 0 with a pinned value, HUB_ERROR_not_found, or < 0. */
static int pin(struct hub_rocks *self, unsigned family, const struct hub_rocks_snapshot *snapshot, struct hub_span key,
               rocksdb_pinnableslice_t **ret_pinned)
{
    char *error = NULL;
    rocksdb_readoptions_t *read = self->read;
    if (snapshot != NULL) {
        read = rocksdb_readoptions_create();
        rocksdb_readoptions_set_snapshot(read, (const rocksdb_snapshot_t *) snapshot);
    }
    rocksdb_pinnableslice_t *pinned = rocksdb_get_pinned_cf(self->db, read, self->families[family], key.at, key.len,
                                                            &error);
    if (snapshot != NULL) {
        rocksdb_readoptions_destroy(read);
    }
    if (hub_rocks_take_error(error, NULL, 0) < 0) {
        return -1;
    }
    *ret_pinned = pinned;
    return pinned == NULL ? HUB_ERROR_not_found : 0;
}

int hub_rocks_get(struct hub_rocks *self, unsigned family, const struct hub_rocks_snapshot *snapshot,
                  struct hub_span key, struct hub_buf *ret_value)
{
    rocksdb_pinnableslice_t *pinned;
    hub_buf_clear(ret_value);
    int got = pin(self, family, snapshot, key, &pinned);
    if (got == 0) {
        size_t len;
        const char *at = rocksdb_pinnableslice_value(pinned, &len);
        hub_buf_put(ret_value, at, len);
        rocksdb_pinnableslice_destroy(pinned);
    }
    return got;
}

int hub_rocks_get_copy(struct hub_rocks *self, unsigned family, struct hub_span key, struct hub_arena *arena,
                       struct hub_span *ret_value)
{
    rocksdb_pinnableslice_t *pinned;
    int got = pin(self, family, NULL, key, &pinned);
    if (got == 0) {
        struct hub_span value;
        value.at = rocksdb_pinnableslice_value(pinned, &value.len);
        *ret_value = hub_arena_copy(arena, value);
        rocksdb_pinnableslice_destroy(pinned);
    }
    return got;
}

int hub_rocks_get_many(struct hub_rocks *self, unsigned family, struct hub_span keys, size_t count,
                       struct hub_rocks_values *ret_values)
{
    const char *at[HUB_ROCKS_MANY];
    size_t len[HUB_ROCKS_MANY];
    rocksdb_pinnableslice_t *pinned[HUB_ROCKS_MANY] = { NULL };
    char *errors[HUB_ROCKS_MANY] = { NULL };
    assert(count > 0 && count <= HUB_ROCKS_MANY);
    for (size_t i = 0; i < count; i++) {
        len[i] = keys.len / count;
        at[i] = keys.at + i * len[i];
    }
    rocksdb_batched_multi_get_cf(self->db, self->read, self->families[family], count, at, len, pinned, errors, false);
    int result = 0;
    hub_buf_clear(&ret_values->bytes);
    for (size_t i = 0; i < count; i++) {
        if (hub_rocks_take_error(errors[i], NULL, 0) < 0) {
            result = -1;
        } else if (pinned[i] == NULL) {
            result = result < 0 ? result : HUB_ERROR_not_found;
        } else {
            const char *value = rocksdb_pinnableslice_value(pinned[i], &ret_values->lens[i]);
            hub_buf_put(&ret_values->bytes, value, ret_values->lens[i]);
            rocksdb_pinnableslice_destroy(pinned[i]);
        }
    }
    return result;
}

int hub_rocks_has(struct hub_rocks *self, unsigned family, struct hub_span key)
{
    rocksdb_pinnableslice_t *pinned;
    int got = pin(self, family, NULL, key, &pinned);
    if (got == 0) {
        rocksdb_pinnableslice_destroy(pinned);
    }
    return got;
}

/* --- Batches --- */

struct hub_rocks_batch *hub_rocks_batch_new(struct hub_rocks *db)
{
    struct hub_rocks_batch *self = hub_memory_new(sizeof *self);
    self->db = db;
    self->batch = rocksdb_writebatch_create();
    return self;
}

void hub_rocks_batch_destroy(struct hub_rocks_batch **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    rocksdb_writebatch_destroy((*self_p)->batch);
    free(*self_p);
    *self_p = NULL;
}

void hub_rocks_put(struct hub_rocks_batch *self, unsigned family, struct hub_span key, struct hub_span value)
{
    rocksdb_writebatch_put_cf(self->batch, self->db->families[family], key.at, key.len, value.at, value.len);
}

void hub_rocks_put_parts(struct hub_rocks_batch *self, unsigned family, struct hub_span key,
                         const struct hub_span *parts, size_t count)
{
    enum { PARTS_MAX = 8 };
    const char *at[PARTS_MAX];
    size_t len[PARTS_MAX];
    assert(count <= PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        at[i] = parts[i].at;
        len[i] = parts[i].len;
    }
    rocksdb_writebatch_putv_cf(self->batch, self->db->families[family], 1, &key.at, &key.len, (int) count, at, len);
}

void hub_rocks_delete(struct hub_rocks_batch *self, unsigned family, struct hub_span key)
{
    rocksdb_writebatch_delete_cf(self->batch, self->db->families[family], key.at, key.len);
}

void hub_rocks_delete_range(struct hub_rocks_batch *self, unsigned family, struct hub_span from, struct hub_span to)
{
    rocksdb_writebatch_delete_range_cf(self->batch, self->db->families[family], from.at, from.len, to.at, to.len);
}

static int write_with(struct hub_rocks *self, const rocksdb_writeoptions_t *options, struct hub_rocks_batch *batch,
                      char *ret_why, size_t why_size)
{
    char *error = NULL;
    rocksdb_set_perf_level(rocksdb_disable); /* of this thread: nobody reads its counters */
    hub_rocks_gate_enter(&self->gate);
    rocksdb_write(self->db, options, batch->batch, &error);
    hub_rocks_gate_leave(&self->gate);
    rocksdb_writebatch_clear(batch->batch);
    return hub_rocks_take_error(error, ret_why, why_size);
}

/* Write a batch and sync, or sync what was written ahead (NULL). The first failure is told to one thread alone: the kernel
 * forgets it, and RocksDB asserts that nobody tries again. */
static int sync_with(struct hub_rocks *self, struct hub_rocks_batch *batch, char *ret_why, size_t why_size)
{
    char *error = NULL;
    pthread_mutex_lock(&self->sync_lock);
    if (self->sync_failed) {
        snprintf(ret_why, why_size, "an earlier sync failed");
    } else if (batch != NULL) {
        self->sync_failed = write_with(self, self->write, batch, ret_why, why_size) < 0;
    } else {
        rocksdb_set_perf_level(rocksdb_disable);
        rocksdb_flush_wal(self->db, 1, &error);
        self->sync_failed = hub_rocks_take_error(error, ret_why, why_size) < 0;
    }
    int result = self->sync_failed ? -1 : 0;
    pthread_mutex_unlock(&self->sync_lock);
    return result;
}

int hub_rocks_write(struct hub_rocks *self, struct hub_rocks_batch *batch, char *ret_why, size_t why_size)
{
    return self->syncs ? sync_with(self, batch, ret_why, why_size)
                       : write_with(self, self->write, batch, ret_why, why_size);
}

int hub_rocks_write_ahead(struct hub_rocks *self, struct hub_rocks_batch *batch, char *ret_why, size_t why_size)
{
    return write_with(self, self->write_ahead, batch, ret_why, why_size);
}

int hub_rocks_sync(struct hub_rocks *self, char *ret_why, size_t why_size)
{
    return self->syncs ? sync_with(self, NULL, ret_why, why_size) : 0;
}

/* --- Snapshots --- */

const struct hub_rocks_snapshot *hub_rocks_snapshot_new(struct hub_rocks *db)
{
    return (const struct hub_rocks_snapshot *) rocksdb_create_snapshot(db->db);
}

void hub_rocks_snapshot_done(struct hub_rocks *db, const struct hub_rocks_snapshot **snapshot_p)
{
    if (snapshot_p == NULL || *snapshot_p == NULL) {
        return;
    }
    rocksdb_release_snapshot(db->db, (const rocksdb_snapshot_t *) *snapshot_p);
    *snapshot_p = NULL;
}

/* --- Iterators --- */

/* An iterator that is not open yet. */
static struct hub_rocks_iter *iter_new(const struct hub_rocks_snapshot *snapshot, struct hub_span lower,
                                       struct hub_span upper)
{
    struct hub_rocks_iter *self = hub_memory_new(sizeof *self + lower.len + upper.len);
    self->read = rocksdb_readoptions_create();
    if (snapshot != NULL) {
        rocksdb_readoptions_set_snapshot(self->read, (const rocksdb_snapshot_t *) snapshot);
    }
    if (lower.len > 0) {
        memcpy(self->bounds, lower.at, lower.len);
        rocksdb_readoptions_set_iterate_lower_bound(self->read, self->bounds, lower.len);
    }
    if (upper.len > 0) {
        memcpy(self->bounds + lower.len, upper.at, upper.len);
        rocksdb_readoptions_set_iterate_upper_bound(self->read, self->bounds + lower.len, upper.len);
    }
    return self;
}

struct hub_rocks_iter *hub_rocks_iter_new(struct hub_rocks *db, unsigned family,
                                          const struct hub_rocks_snapshot *snapshot, struct hub_span lower,
                                          struct hub_span upper)
{
    struct hub_rocks_iter *self = iter_new(snapshot, lower, upper);
    self->iter = rocksdb_create_iterator_cf(db->db, self->read, db->families[family]);
    return self;
}

struct hub_rocks_iter *hub_rocks_iter_new_passing(struct hub_rocks *db, unsigned family, struct hub_span lower,
                                                  struct hub_span upper)
{
    struct hub_rocks_iter *self = iter_new(NULL, lower, upper);
    rocksdb_readoptions_set_fill_cache(self->read, 0);
    rocksdb_readoptions_set_readahead_size(self->read, PASSING_BYTES);
    self->iter = rocksdb_create_iterator_cf(db->db, self->read, db->families[family]);
    return self;
}

void hub_rocks_iter_destroy(struct hub_rocks_iter **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    rocksdb_iter_destroy((*self_p)->iter);
    rocksdb_readoptions_destroy((*self_p)->read);
    free(*self_p);
    *self_p = NULL;
}

void hub_rocks_iter_first(struct hub_rocks_iter *self)
{
    rocksdb_iter_seek_to_first(self->iter);
}

void hub_rocks_iter_last(struct hub_rocks_iter *self)
{
    rocksdb_iter_seek_to_last(self->iter);
}

void hub_rocks_iter_seek(struct hub_rocks_iter *self, struct hub_span key)
{
    rocksdb_iter_seek(self->iter, key.at, key.len);
}

void hub_rocks_iter_seek_back(struct hub_rocks_iter *self, struct hub_span key)
{
    rocksdb_iter_seek_for_prev(self->iter, key.at, key.len);
}

void hub_rocks_iter_next(struct hub_rocks_iter *self)
{
    if (rocksdb_iter_valid(self->iter)) {
        rocksdb_iter_next(self->iter);
    }
}

void hub_rocks_iter_prev(struct hub_rocks_iter *self)
{
    if (rocksdb_iter_valid(self->iter)) {
        rocksdb_iter_prev(self->iter);
    }
}

bool hub_rocks_iter_valid(const struct hub_rocks_iter *self)
{
    return rocksdb_iter_valid(self->iter) != 0;
}

struct hub_span hub_rocks_iter_key(const struct hub_rocks_iter *self)
{
    struct hub_span key;
    key.at = rocksdb_iter_key(self->iter, &key.len);
    return key;
}

struct hub_span hub_rocks_iter_value(const struct hub_rocks_iter *self)
{
    struct hub_span value;
    value.at = rocksdb_iter_value(self->iter, &value.len);
    return value;
}

int hub_rocks_iter_error(const struct hub_rocks_iter *self, char *ret_why, size_t why_size)
{
    char *error = NULL;
    rocksdb_iter_get_error(self->iter, &error);
    return hub_rocks_take_error(error, ret_why, why_size);
}

void hub_rocks_count_nothing(void)
{
    rocksdb_set_perf_level(rocksdb_disable);
}

/* --- The whole store --- */

uint64_t hub_rocks_property(struct hub_rocks *self, unsigned family, const char *name)
{
    uint64_t value = 0;
    return rocksdb_property_int_cf(self->db, self->families[family], name, &value) == 0 ? value : 0;
}

uint64_t hub_rocks_writes(struct hub_rocks *self)
{
    return rocksdb_get_latest_sequence_number(self->db);
}
