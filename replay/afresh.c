/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Views in a directory of their own, folded from nothing. */
#include "replay/afresh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "replay/directory.h"

struct hub_afresh {
    struct hub_views *views;
    char *dir; /* owned; removed at the end */
};

static char *dir_new(const char *scratch_dir)
{
    size_t size = strlen(scratch_dir) + sizeof "/afresh-XXXXXX";
    char *dir = hub_memory_new(size);
    snprintf(dir, size, "%s/afresh-XXXXXX", scratch_dir);
    if (mkdtemp(dir) == NULL) {
        free(dir);
        return NULL;
    }
    return dir;
}

int hub_afresh_fold(const struct hub_afresh_options *options, struct hub_afresh **ret_afresh, char *ret_why,
                    size_t why_size)
{
    char *dir = dir_new(options->scratch_dir);
    if (dir == NULL) {
        snprintf(ret_why, why_size, "no directory can be made in %s: %s", options->scratch_dir, strerror(errno));
        return -1;
    }
    struct hub_afresh *self = hub_memory_new(sizeof *self);
    *self = (struct hub_afresh){ .dir = dir };
    const struct hub_views_options views = {
        .data_dir = dir,
        .world = hub_world_real(),
        .log = options->log,
        .on_moved = options->on_moved,
        .arg = options->arg,
    };
    int done = hub_views_open(&views, &self->views, ret_why, why_size);
    if (done == 0 && hub_views_catch_up(self->views) < 0) {
        struct hub_view_status status;
        hub_views_status(self->views, &status, 1);
        snprintf(ret_why, why_size, "%s", status.error);
        done = -1;
    }
    if (done < 0) {
        hub_afresh_destroy(&self);
        return done;
    }
    *ret_afresh = self;
    return 0;
}

struct hub_views *hub_afresh_views(const struct hub_afresh *self)
{
    return self->views;
}

void hub_afresh_destroy(struct hub_afresh **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    struct hub_afresh *self = *self_p;
    *self_p = NULL;
    hub_views_close(&self->views);
    hub_directory_empty(self->dir);
    rmdir(self->dir);
    free(self->dir);
    free(self);
}
