/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Emptying a directory. */
#include "replay/directory.h"

#include <ftw.h>
#include <stdio.h>

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *where)
{
    (void) stat;
    (void) kind;
    return where->level > 0 ? remove(path) : 0;
}

int hub_directory_empty(const char *dir)
{
    enum { DESCRIPTORS = 16 };
    return nftw(dir, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : -1;
}
