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

enum { MEMORY = 4 * 1024 * 1024, VALUE = 32 * 1024, BATCHES = 400, SYNC_NS = 1000 * 1000, FAMILIES = 4 };

/* A disk so slow that there is always a flush which waits for the one before. */
static int sync_slowly(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
    nanosleep(&(struct timespec){ .tv_nsec = SYNC_NS }, NULL);
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
    atomic_bool is_written;
    int nice; /* before the store was opened */
};

static int set_up(void **state)
{
    struct store *self = calloc(1, sizeof *self);
    char why[256];
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
    assert_true(hub_rocks_property(self->db, 1, "rocksdb.num-files-at-level0") > 0 ||
                hub_rocks_property(self->db, 1, "rocksdb.estimate-num-keys") > 0);
    uint64_t in_memory = 0;
    for (unsigned family = 0; family < FAMILIES; family++) {
        in_memory += hub_rocks_property(self->db, family, "rocksdb.size-all-mem-tables");
    }
    assert_true(in_memory <= 2 * MEMORY);
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
        TEST(what_flushes_and_compacts_steps_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
