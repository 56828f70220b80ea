/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* When the store flushes: what RocksDB must not be asked to do. */
#include "log/rocks.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "log/keys.h"
#include "log/store.h"
#include "tests/log/fixture.h"

enum {
    MEMORY = 4 * 1024 * 1024,
    VALUE = 32 * 1024,
    BATCHES = 400,
    SYNC_MS = 1,
    SLOW_MS = 10,
    FAMILIES = 4,
    LOOKS = 10000,   /* of a millisecond each */
    SLOW_FILES = 40, /* of log/rocks_state.h */
};

static atomic_int sync_ms;
static atomic_bool holds_compactions;

static void pass_ms(int ms)
{
    nanosleep(&(struct timespec){ .tv_nsec = ms * 1000 * 1000L }, NULL);
}

/* Whether a compaction syncs a table. */
static bool is_compacted(int fd)
{
    char name[16] = "", link[64], path[256] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return pthread_getname_np(pthread_self(), name, sizeof name) == 0 && strncmp(name, "rocksdb:low", 11) == 0 &&
           readlink(link, path, sizeof path - 1) > 0 && strstr(path, ".sst") != NULL;
}

/* A disk so slow that there is always a flush which waits for the one before; for compactions it may stand. */
static int sync_slowly(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
    pass_ms(atomic_load(&sync_ms));
    while (is_compacted(fd) && atomic_load(&holds_compactions)) {
        pass_ms(1);
    }
    return real(fd);
}

int fdatasync(int fd)
{
    return sync_slowly("fdatasync", fd);
}

int fsync(int fd)
{
    return sync_slowly("fsync", fd);
}

struct store {
    char dir[FIXTURE_DIR];
    struct hub_rocks *db;
    char value[VALUE];
    atomic_int wanted; /* flushes that the writer must see */
    atomic_bool is_written, is_flushed;
    int nice; /* before the store was opened */
};

static int set_up(void **state)
{
    struct store *self = calloc(1, sizeof *self);
    char why[256];
    atomic_store(&sync_ms, SYNC_MS);
    snprintf(self->dir, sizeof self->dir, "/tmp/omnihub-test-XXXXXX");
    assert_non_null(mkdtemp(self->dir));
    const struct hub_rocks_options options = { .dir = self->dir,
                                               .profile = HUB_ROCKS_TRUTH,
                                               .families = hub_log_families,
                                               .no_sync = true,
                                               .memory_bytes = MEMORY };
    self->nice = getpriority(PRIO_PROCESS, 0);
    assert_int_equal(hub_rocks_open(&options, &self->db, why, sizeof why), 0);
    for (size_t i = 0; i < sizeof self->value; i++) {
        self->value[i] = (char) (i * i >> 7);
    }
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    struct store *self = *state;
    atomic_store(&holds_compactions, false);
    hub_rocks_close(&self->db);
    fixture_remove(self->dir);
    free(self);
    return 0;
}

/* More and more into one family, so that memtables are full for more than one reason. */
static void *write_much(void *arg)
{
    struct store *self = arg;
    struct hub_rocks_batch *batch = hub_rocks_batch_new(self->db);
    for (uint32_t i = 0; i < BATCHES || atomic_load(&self->wanted) > 0; i++) {
        if (i >= BATCHES) { /* with room between the flushes that memory asks for */
            nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
        }
        for (unsigned family = 0; family < FAMILIES; family++) {
            struct hub_span key = hub_span_of(&i, sizeof i);
            hub_rocks_put(batch, family, key, hub_span_of(self->value, family == 1 ? VALUE : VALUE / 8 * family));
        }
        assert_int_equal(hub_rocks_write(self->db, batch, NULL, 0), 0);
    }
    hub_rocks_batch_destroy(&batch);
    atomic_store(&self->is_written, true);
    return NULL;
}

/* In RocksDB a flush that is waiting for its thread, and another that is asked for meanwhile for another reason, end the process. */
static void flushes_for_several_reasons_do_not_meet(void **state)
{
    struct store *self = *state;
    pthread_t writer;
    atomic_store(&self->wanted, 2);
    assert_int_equal(pthread_create(&writer, NULL, write_much, self), 0);
    while (!atomic_load(&self->is_written)) {
        assert_int_equal(hub_rocks_flush(self->db), 0);
        atomic_fetch_sub(&self->wanted, 1);
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_true(atomic_load(&self->wanted) <= 0);
    for (uint32_t i = 0; i < BATCHES; i++) {
        for (unsigned family = 0; family < FAMILIES; family++) {
            assert_int_equal(hub_rocks_has(self->db, family, hub_span_of(&i, sizeof i)), 0);
        }
    }
}

static void memory_alone_makes_it_flush(void **state)
{
    struct store *self = *state;
    (void) write_much(self);
    assert_true(hub_rocks_property(self->db, 1, "rocksdb.total-sst-files-size") > 0);
    uint64_t in_memory = 0;
    for (unsigned family = 0; family < FAMILIES; family++) {
        in_memory += hub_rocks_property(self->db, family, "rocksdb.size-all-mem-tables");
    }
    assert_true(in_memory <= 2 * MEMORY);
}

static void put(struct store *self, struct hub_rocks_batch *batch, unsigned family, uint32_t number, size_t bytes)
{
    uint8_t key[4];
    hub_put_be32(key, number);
    hub_rocks_put(batch, family, hub_span_of(key, sizeof key), hub_span_of(self->value, bytes));
}

static void *flush(void *arg)
{
    struct store *self = arg;
    assert_int_equal(hub_rocks_flush(self->db), 0);
    atomic_store(&self->is_flushed, true);
    return NULL;
}

static void a_flush_ends_though_others_follow_without_end(void **state)
{
    struct store *self = *state;
    struct hub_rocks_batch *batch = hub_rocks_batch_new(self->db);
    pthread_t flusher;
    atomic_store(&sync_ms, SLOW_MS);
    put(self, batch, 0, 0, VALUE);
    assert_int_equal(hub_rocks_write(self->db, batch, NULL, 0), 0);
    assert_int_equal(pthread_create(&flusher, NULL, flush, self), 0);
    while (hub_rocks_property(self->db, 0, "rocksdb.cur-size-active-mem-table") > VALUE && !self->is_flushed) {
        pass_ms(1);
    }
    uint32_t number = 1;
    for (int64_t left = 8 * (int64_t) MEMORY * SLOW_MS; left > 0 && !self->is_flushed; left -= VALUE, number++) {
        for (unsigned family = 0; family < FAMILIES; family++) {
            put(self, batch, family, number, VALUE);
        }
        assert_int_equal(hub_rocks_write(self->db, batch, NULL, 0), 0);
    }
    bool is_flushed = self->is_flushed;
    assert_int_equal(pthread_join(flusher, NULL), 0);
    assert_true(is_flushed); /* while we wrote */
    hub_rocks_batch_destroy(&batch);
}

/* Whether the last row of headers that the tables have has there all that was written with it. */
static bool are_whole_tables(const struct store *self, const char *scratch)
{
    const struct hub_rocks_options options = { .dir = self->dir,
                                               .secondary_dir = scratch,
                                               .profile = HUB_ROCKS_SECONDARY,
                                               .families = hub_log_families,
                                               .tables_only = true };
    struct hub_rocks *tables;
    char why[256] = "";
    if (hub_rocks_open(&options, &tables, why, sizeof why) < 0) {
        fprintf(stderr, "%s\n", why);
        return false;
    }
    bool are_whole = true;
    struct hub_rocks_iter *iter = hub_rocks_iter_new(tables, HUB_FAMILY_header, NULL, hub_span(NULL), hub_span(NULL));
    hub_rocks_iter_last(iter);
    for (unsigned family = HUB_FAMILY_header; hub_rocks_iter_valid(iter) && family < HUB_FAMILY_COUNT; family++) {
        are_whole = are_whole && hub_rocks_has(tables, family, hub_rocks_iter_key(iter)) == 0;
    }
    hub_rocks_iter_destroy(&iter);
    hub_rocks_close(&tables);
    return are_whole;
}

/* An answer about the past shall not lack the name that its customer had. */
static void tables_that_are_seen_during_a_flush_fit_together(void **state)
{
    struct store *self = *state;
    struct hub_rocks_batch *batch = hub_rocks_batch_new(self->db);
    char scratch[] = "/tmp/omnihub-test-XXXXXX";
    assert_non_null(mkdtemp(scratch));
    for (uint32_t number = 1; number <= 3; number++) {
        pthread_t flusher;
        for (unsigned family = 0; family < HUB_FAMILY_COUNT; family++) {
            put(self, batch, family, number, 100);
        }
        assert_int_equal(hub_rocks_write(self->db, batch, NULL, 0), 0);
        atomic_store(&self->is_flushed, false);
        atomic_store(&sync_ms, SLOW_MS);
        assert_int_equal(pthread_create(&flusher, NULL, flush, self), 0);
        bool are_whole = true;
        while (!atomic_load(&self->is_flushed)) {
            are_whole = are_whole_tables(self, scratch) && are_whole;
        }
        assert_int_equal(pthread_join(flusher, NULL), 0);
        assert_true(are_whole && are_whole_tables(self, scratch));
    }
    hub_rocks_batch_destroy(&batch);
    fixture_remove(scratch);
}

static void *write_one(void *arg)
{
    struct store *self = arg;
    struct hub_rocks_batch *batch = hub_rocks_batch_new(self->db);
    put(self, batch, 1, UINT32_MAX, VALUE);
    assert_int_equal(hub_rocks_write(self->db, batch, NULL, 0), 0);
    hub_rocks_batch_destroy(&batch);
    atomic_store(&self->is_written, true);
    return NULL;
}

/* A flush that RocksDB puts off, as so many files are not compacted yet, stops nobody who writes. */
static void a_flush_that_has_to_wait_for_compactions_waits_alone(void **state)
{
    struct store *self = *state;
    struct hub_rocks_batch *batch = hub_rocks_batch_new(self->db);
    pthread_t flusher, writer;
    char why[256];
    atomic_store(&sync_ms, 0);
    for (uint32_t number = 0; number <= SLOW_FILES; number++) {
        put(self, batch, 1, 1, 100); /* the same, so that there is something to compact */
        assert_int_equal(hub_rocks_write(self->db, batch, NULL, 0), 0);
        if (number == 0) {
            assert_int_equal(hub_rocks_compact(self->db, 1, why, sizeof why), 0);
            atomic_store(&holds_compactions, true);
        } else if (number < SLOW_FILES) {
            assert_int_equal(hub_rocks_flush(self->db), 0);
        }
    }
    assert_int_equal(pthread_create(&flusher, NULL, flush, self), 0);
    for (int looks = 0; looks < 50; looks++) { /* it has its time to begin */
        assert_false(atomic_load(&self->is_flushed));
        pass_ms(1);
    }
    assert_int_equal(pthread_create(&writer, NULL, write_one, self), 0);
    for (int looks = 0; looks < LOOKS && !atomic_load(&self->is_written); looks++) {
        pass_ms(1);
    }
    bool is_written = atomic_load(&self->is_written), is_flushed = atomic_load(&self->is_flushed);
    atomic_store(&holds_compactions, false);
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_int_equal(pthread_join(flusher, NULL), 0);
    assert_true(is_written);
    assert_false(is_flushed);
    hub_rocks_batch_destroy(&batch);
}

/* How many of this process's threads have a name that begins so, and another priority than wanted. */
static int with_other_nice(const char *name, int nice, int *ret_count)
{
    char path[64], line[64];
    const struct dirent *entry;
    int others = 0;
    DIR *threads = opendir("/proc/self/task");
    assert_non_null(threads);
    *ret_count = 0;
    while ((entry = readdir(threads)) != NULL) {
        pid_t thread = (pid_t) strtol(entry->d_name, NULL, 10);
        snprintf(path, sizeof path, "/proc/self/task/%d/comm", (int) thread);
        FILE *comm = thread > 0 ? fopen(path, "r") : NULL;
        if (comm != NULL && fgets(line, sizeof line, comm) != NULL && strncmp(line, name, strlen(name)) == 0) {
            ++*ret_count;
            others += getpriority(PRIO_PROCESS, (id_t) thread) != nice;
        }
        if (comm != NULL) {
            fclose(comm);
        }
    }
    closedir(threads);
    return others;
}

static void what_flushes_and_compacts_steps_aside(void **state)
{
    const struct store *self = *state;
    int count;
    assert_int_equal(with_other_nice("rocksdb:", self->nice > 4 ? self->nice : 4, &count), 0);
    assert_true(count >= 2);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), self->nice);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(flushes_for_several_reasons_do_not_meet),
        TEST(memory_alone_makes_it_flush),
        TEST(a_flush_ends_though_others_follow_without_end),
        TEST(tables_that_are_seen_during_a_flush_fit_together),
        TEST(a_flush_that_has_to_wait_for_compactions_waits_alone),
        TEST(what_flushes_and_compacts_steps_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
