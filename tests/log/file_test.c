/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whose lock it is that a directory has. */
#include "log/file.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "tests/temp_dir.h"

enum { ALIKE, OTHERWISE, NOT_ALLOWED };

static ino_t inode_of(const char *dir)
{
    struct stat info;
    char *path = hub_path(dir, "lock");
    ino_t inode = stat(path, &info) == 0 ? info.st_ino : 0;
    free(path);
    return inode;
}

/* In a process of its own: two file systems in memory, which both number their files from the start. */
static int look_at_two(const char *ours, const char *theirs)
{
    char why[256];
    int lock = -1, other;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("ours", ours, "tmpfs", 0, NULL) != 0 || mount("theirs", theirs, "tmpfs", 0, NULL) != 0) {
        return NOT_ALLOWED;
    }
    bool is_right = hub_dir_lock(theirs, &other, why, sizeof why) == 0 &&
                    hub_dir_lock(ours, &lock, why, sizeof why) == 0 && inode_of(ours) == inode_of(theirs) &&
                    hub_dir_is_locked(ours) && hub_dir_is_locked(theirs);
    close(lock);
    is_right = is_right && !hub_dir_is_locked(ours) && hub_dir_is_locked(theirs);
    return is_right ? ALIKE : OTHERWISE;
}

static void a_lock_of_another_file_system_is_none_of_ours(void **state)
{
    char ours[256], theirs[256];
    int status;
    (void) state;
    temp_dir_make(ours, sizeof ours);
    temp_dir_make(theirs, sizeof theirs);
    pid_t child = fork();
    if (child == 0) {
        _exit(look_at_two(ours, theirs));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    temp_dir_remove(ours);
    temp_dir_remove(theirs);
    if (WEXITSTATUS(status) == NOT_ALLOWED) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), ALIKE);
}

static void a_lock_is_seen_for_as_long_as_it_is_held(void **state)
{
    char dir[256], why[256] = "";
    int lock, second;
    (void) state;
    temp_dir_make(dir, sizeof dir);
    assert_false(hub_dir_is_locked(dir));
    assert_int_equal(hub_dir_lock(dir, &lock, why, sizeof why), 0);
    assert_true(hub_dir_is_locked(dir));
    assert_int_equal(hub_dir_lock(dir, &second, why, sizeof why), HUB_ERROR_conflict);
    assert_non_null(strstr(why, "Another hub is using"));
    close(lock);
    assert_false(hub_dir_is_locked(dir));
    temp_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_is_seen_for_as_long_as_it_is_held),
        cmocka_unit_test(a_lock_of_another_file_system_is_none_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
