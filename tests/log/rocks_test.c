/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The door to RocksDB: what it does when the disk fails below it. */
#include "log/rocks.h"

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/log/fixture.h"

static atomic_int syncs_to_fail; /* so many of the next ones */

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    if (atomic_fetch_sub(&syncs_to_fail, 1) > 0) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

/* A store with a family of its own kind. */
struct place {
    char dir[FIXTURE_DIR];
    struct hub_rocks *db;
    struct hub_rocks_batch *batch;
};

static int setup(void **state)
{
    static const char *const families[] = { "default", NULL };
    struct place *self = calloc(1, sizeof *self);
    char why[256] = "";
    snprintf(self->dir, sizeof self->dir, "%s", "/tmp/omnihub-rocks-XXXXXX");
    assert_non_null(mkdtemp(self->dir));
    const struct hub_rocks_options options = { .dir = self->dir, .profile = HUB_ROCKS_TRUTH, .families = families };
    if (hub_rocks_open(&options, &self->db, why, sizeof why) < 0) {
        fail_msg("%s", why);
    }
    self->batch = hub_rocks_batch_new(self->db);
    *state = self;
    return 0;
}

static int teardown(void **state)
{
    struct place *self = *state;
    hub_rocks_batch_destroy(&self->batch);
    hub_rocks_close(&self->db);
    fixture_remove(self->dir);
    free(self);
    return 0;
}

/* The kernel tells one caller that pages were lost and then forgets it: who syncs next must not take them for safe. */
static void a_sync_that_failed_for_one_thread_fails_for_all(void **state)
{
    struct place *self = *state;
    char why[256] = "";
    hub_rocks_put(self->batch, 0, HUB_SPAN("of the writer"), HUB_SPAN("1"));
    assert_int_equal(hub_rocks_write_ahead(self->db, self->batch, why, sizeof why), 0);
    hub_rocks_put(self->batch, 0, HUB_SPAN("of a chore"), HUB_SPAN("2"));
    atomic_store(&syncs_to_fail, 1);
    assert_true(hub_rocks_write(self->db, self->batch, why, sizeof why) < 0);
    assert_true(atomic_load(&syncs_to_fail) <= 0);
    for (int i = 0; i < 2; i++) {
        why[0] = '\0';
        assert_true(hub_rocks_sync(self->db, why, sizeof why) < 0);
        assert_string_not_equal(why, "");
    }
    hub_rocks_put(self->batch, 0, HUB_SPAN("later"), HUB_SPAN("3"));
    assert_true(hub_rocks_write(self->db, self->batch, why, sizeof why) < 0);
}

static void a_sync_that_failed_is_not_tried_again(void **state)
{
    struct place *self = *state;
    char why[256] = "";
    hub_rocks_put(self->batch, 0, HUB_SPAN("key"), HUB_SPAN("1"));
    assert_int_equal(hub_rocks_write_ahead(self->db, self->batch, why, sizeof why), 0);
    atomic_store(&syncs_to_fail, 1);
    assert_true(hub_rocks_sync(self->db, why, sizeof why) < 0);
    assert_true(hub_rocks_sync(self->db, why, sizeof why) < 0);
    hub_rocks_put(self->batch, 0, HUB_SPAN("later"), HUB_SPAN("3"));
    assert_true(hub_rocks_write(self->db, self->batch, why, sizeof why) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sync_that_failed_for_one_thread_fails_for_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sync_that_failed_is_not_tried_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
