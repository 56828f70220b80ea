/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A directory of a test's own, gone when the test is over. */
#ifndef HUB_TESTS_TEMP_DIR_H
#define HUB_TESTS_TEMP_DIR_H

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

/* Make an empty directory below TMPDIR (or /tmp) and write its path, terminated. */
static inline void temp_dir_make(char *ret_path, size_t size)
{
    const char *base = getenv("TMPDIR");
    int length = snprintf(ret_path, size, "%s/omnihub-XXXXXX", base == NULL ? "/tmp" : base);
    assert(length > 0 && (size_t) length < size);
    char *made = mkdtemp(ret_path);
    assert(made != NULL);
    (void) made;
    (void) length;
}

static inline int temp_dir_remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void) status;
    (void) type;
    (void) walk;
    return remove(path);
}

/* Remove the directory and everything in it. */
static inline void temp_dir_remove(const char *path)
{
    (void) nftw(path, temp_dir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
