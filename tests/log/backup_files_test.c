/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Files beside the log: archives may be many and large, so copying them can be stopped and is not faster than was asked. */
#include "log/backup/backup_files.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "log/file.h"
#include "tests/log/fixture.h"

enum { FILES = 4, LONG = 100 * 1000, WHY = 512 };

/* DATA, DATA/archive and backups of it. */
struct place {
    char dir[FIXTURE_DIR], why[WHY];
    char *data, *archive, *backups, *files, *into; /* owned */
    struct hub_arena *arena;
    int asked, most; /* how often the watch was asked; and may be until it says no */
};

static bool on_progress(void *arg, uint64_t done, uint64_t total)
{
    struct place *self = arg;
    (void) done;
    (void) total;
    return ++self->asked <= self->most;
}

static int setup(void **state)
{
    struct place *self = calloc(1, sizeof *self);
    char *text = malloc(LONG);
    snprintf(self->dir, sizeof self->dir, "%s/omnihub-files-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"); /* in memory, as there are many files */
    assert_non_null(mkdtemp(self->dir));
    self->data = hub_path(self->dir, "data");
    self->archive = hub_path(self->dir, "data/archive");
    self->backups = hub_path(self->dir, "backups");
    self->files = hub_path(self->dir, "backups/files");
    self->into = hub_path(self->dir, "into");
    const char *const made[] = { self->data, self->archive, self->backups, self->files, self->into };
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        assert_int_equal(hub_dir_make(made[i]), 0);
    }
    for (int i = 0; i < FILES; i++) {
        char name[32];
        memset(text, 'a' + i, LONG);
        snprintf(name, sizeof name, "%d-%d.arc", i + 1, i + 1);
        assert_int_equal(hub_file_replace(self->archive, name, hub_span_of(text, LONG)), 0);
    }
    free(text);
    self->arena = hub_arena_new(0);
    self->most = FILES;
    *state = self;
    return 0;
}

static int teardown(void **state)
{
    struct place *self = *state;
    fixture_remove(self->dir);
    hub_arena_destroy(&self->arena);
    free(self->data);
    free(self->archive);
    free(self->backups);
    free(self->files);
    free(self->into);
    free(self);
    return 0;
}

static int take(struct place *self, uint64_t bytes_per_second, struct backup_note *ret_note)
{
    const struct hub_backup_options options = { .data_dir = self->data,
                                                .dir = self->backups,
                                                .bytes_per_second = bytes_per_second,
                                                .watch = { .on_progress = on_progress, .arg = self } };
    *ret_note = (struct backup_note){ .number = 0 };
    self->asked = 0;
    return hub_backup_take_files(&options, self->arena, ret_note, (struct hub_backup_why){ self->why, WHY });
}

static int put(struct place *self, const struct backup_note *note)
{
    const struct hub_backup_watch watch = { .on_progress = on_progress, .arg = self };
    self->asked = 0;
    return hub_backup_put_files(self->backups, note, self->into, &watch, (struct hub_backup_why){ self->why, WHY });
}

static void copying_files_can_be_stopped(void **state)
{
    struct place *self = *state;
    struct backup_note note;
    self->most = 2;
    assert_int_equal(take(self, 0, &note), HUB_BACKUP_stopped);
    assert_string_equal(self->why, "The backup was interrupted.");
    assert_int_equal(note.files.count, 2);
    self->most = FILES;
    for (int turn = 0; turn < 2; turn++) { /* also when all are there already */
        assert_int_equal(take(self, 0, &note), HUB_BACKUP_done);
        assert_int_equal(self->asked, FILES);
        assert_int_equal(note.files.count, FILES);
    }
    self->most = 3;
    assert_int_equal(put(self, &note), HUB_BACKUP_stopped);
    assert_string_equal(self->why, "The restore was interrupted.");
    self->most = FILES;
    assert_int_equal(put(self, &note), HUB_BACKUP_done);
}

static void a_note_that_could_not_be_read_is_not_written(void **state)
{
    struct place *self = *state;
    struct backup_note note;
    for (int i = FILES; i < HUB_BACKUP_FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i);
        char *path = hub_path(self->archive, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0 && close(fd) == 0);
        free(path);
    }
    self->most = INT_MAX;
    assert_int_equal(take(self, 0, &note), HUB_BACKUP_done);
    assert_int_equal(note.files.count, HUB_BACKUP_FILES);
    assert_int_equal(hub_file_replace(self->archive, "more", HUB_SPAN("")), 0);
    assert_int_equal(take(self, 0, &note), HUB_BACKUP_failed);
    assert_non_null(strstr(self->why, "There are more than 50000 files beside the log in "));
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void files_are_copied_as_slowly_as_asked(void **state)
{
    struct place *self = *state;
    struct backup_note note;
    int64_t before_ms = now_ms();
    assert_int_equal(take(self, 2 * 1000 * 1000, &note), HUB_BACKUP_done);
    assert_true(now_ms() - before_ms >= (int64_t) FILES * LONG / 2000);
}

static void it_is_not_waited_to_the_end_of_a_slow_file(void **state)
{
    struct place *self = *state;
    struct backup_note note;
    self->most = 2; /* before the first file, and behind a tenth of a second of fourteen hours */
    assert_int_equal(take(self, 2, &note), HUB_BACKUP_stopped);
    assert_string_equal(self->why, "The backup was interrupted.");
    assert_int_equal(self->asked, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(copying_files_can_be_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_note_that_could_not_be_read_is_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(files_are_copied_as_slowly_as_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_not_waited_to_the_end_of_a_slow_file, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
