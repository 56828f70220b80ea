/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Opening and closing the views, and what other threads ask of them.
 *
 * A mark that does not belong to this log (another log, another incarnation, another chain, a position that does not exist), or
 * that was made by other code, is not trusted: all views are emptied and folded afresh by the tail. */
#include "replay/views_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "replay/directory.h"
#include "replay/trust.h"

enum { LIST_EVERY = 50000, MEMORY_BYTES = 128 * 1024 * 1024 };

/* --- The directory --- */

static char *path_of(const char *data_dir)
{
    size_t size = strlen(data_dir) + sizeof "/views";
    char *path = hub_memory_new(size);
    snprintf(path, size, "%s/views", data_dir);
    return path;
}

static int open_store(struct hub_views *self, char *ret_why, size_t why_size)
{
    static const char *const families[] = { "default", NULL };
    const struct hub_rocks_options options = {
        .dir = self->dir, .profile = HUB_ROCKS_VIEWS, .families = families, .memory_bytes = self->memory_bytes / 4 * 3
    };
    return hub_rocks_open(&options, &self->db, ret_why, why_size);
}

/* Start over with an empty store. Returns 0 or < 0. */
static int open_afresh(struct hub_views *self, const char *reason, char *ret_why, size_t why_size)
{
    fprintf(stderr, "omnihub: the views are folded afresh: %s dir=%s\n", reason, self->dir);
    hub_rocks_close(&self->db);
    if (hub_directory_empty(self->dir) < 0) {
        snprintf(ret_why, why_size, "%s cannot be emptied: %s", self->dir, strerror(errno));
        return -1;
    }
    return open_store(self, ret_why, why_size);
}

/* Find the mark to go on from, or start over. Returns 0 or < 0. */
static int settle(struct hub_views *self, struct hub_view_mark *ret_mark, char *ret_why, size_t why_size)
{
    int found = hub_view_mark_read(self->db, NULL, HUB_MARK_LIVE, ret_mark);
    const char *reason = self->afresh ? "that was asked for"
                         : found == 0 ? hub_view_mark_distrust(ret_mark, self->log, self->infos, self->count)
                         : found < 0  ? "their mark is damaged"
                                      : NULL;
    if (reason == NULL && found == 0) {
        return hub_rebuild_clean(self);
    }
    if (reason != NULL && open_afresh(self, reason, ret_why, why_size) < 0) {
        return -1;
    }
    *ret_mark = hub_view_mark_fresh(self->log, self->infos, self->count);
    struct hub_rocks_batch *batch = hub_rocks_batch_new(self->db);
    hub_view_mark_put(batch, HUB_MARK_LIVE, ret_mark);
    int done = hub_rocks_write(self->db, batch, ret_why, why_size);
    hub_rocks_batch_destroy(&batch);
    return done;
}

/* --- Life --- */

static struct hub_views *views_new(const struct hub_views_options *options)
{
    struct hub_views *self = hub_memory_new(sizeof *self);
    *self = (struct hub_views){ .world = options->world,
                                .log = options->log,
                                .memory_bytes = options->memory_bytes == 0 ? MEMORY_BYTES : options->memory_bytes,
                                .infos = options->views,
                                .afresh = options->afresh };
    self->dir = path_of(options->data_dir);
    self->count = options->view_count;
    self->list_every = options->list_every > 0 ? options->list_every : LIST_EVERY;
    if (self->infos == NULL) {
        self->infos = hub_views_all(&self->count);
    }
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

static int open_all(struct hub_views *self, char *ret_why, size_t why_size)
{
    struct hub_view_mark mark;
    if (self->wake_fd < 0 || (mkdir(self->dir, 0700) < 0 && errno != EEXIST)) {
        snprintf(ret_why, why_size, "%s cannot be made: %s", self->dir, strerror(errno));
        return -1;
    }
    if (open_store(self, ret_why, why_size) < 0) {
        /* Whoever holds the log's lock is alone here, so a store that does not open is damaged, not in use. */
        bool is_in_use = strstr(ret_why, "LOCK") != NULL;
        if (is_in_use || open_afresh(self, ret_why, ret_why, why_size) < 0) {
            return -1;
        }
    }
    if (settle(self, &mark, ret_why, why_size) < 0) {
        return -1;
    }
    const struct hub_stage_views what = { HUB_MARK_LIVE, self->infos, self->count };
    if (hub_stage_init(&self->live, self, &mark, &what) < 0) {
        snprintf(ret_why, why_size, "%s", self->live.why);
        return -1;
    }
    self->list_next = (mark.sequence / self->list_every + 1) * self->list_every;
    atomic_store(&self->commit, hub_log_commit(self->log).sequence);
    hub_tail_publish(self);
    return 0;
}

int hub_views_open(const struct hub_views_options *options, struct hub_views **ret_views, char *ret_why,
                   size_t why_size)
{
    struct hub_views *self = views_new(options);
    int done = open_all(self, ret_why, why_size);
    self->on_moved = options->on_moved;
    self->arg = options->arg;
    if (done == 0 && options->follow && hub_tail_start(self) < 0) {
        snprintf(ret_why, why_size, "the thread of the views cannot be started");
        done = -1;
    }
    if (done < 0) {
        hub_views_close(&self);
        return done;
    }
    *ret_views = self;
    return 0;
}

void hub_views_close(struct hub_views **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    struct hub_views *self = *self_p;
    *self_p = NULL;
    hub_tail_stop(self);
    hub_rebuild_destroy(&self->rebuild);
    if (self->live.projector != NULL) {
        (void) hub_rocks_flush(self->db);
    }
    hub_stage_done(&self->live);
    hub_rocks_close(&self->db);
    pthread_mutex_destroy(&self->lock);
    if (self->wake_fd >= 0) {
        close(self->wake_fd);
    }
    free(self->dir);
    free(self);
}

/* --- Asking --- */

struct hub_position hub_views_position(const struct hub_views *self)
{
    return (struct hub_position){ atomic_load(&self->position) };
}

uint64_t hub_views_credentials_epoch(const struct hub_views *self)
{
    return atomic_load(&self->credentials_epoch);
}

const struct hub_view_info *hub_views_find(const struct hub_views *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++) {
        if (strcmp(self->infos[i]->name, name) == 0) {
            return self->infos[i];
        }
    }
    return NULL;
}

static void fill_status(const struct hub_views *self, const struct hub_view_info *info, struct hub_view_status *ret)
{
    *ret = (struct hub_view_status){
        .info = info,
        .at = hub_views_position(self),
        .parked_streams = self->parked_streams[info->number],
        .parked_events = self->parked_events[info->number],
    };
    memcpy(ret->error, self->error, sizeof ret->error);
    if (self->rebuild != NULL && self->rebuild->info == info) {
        ret->rebuilding = true;
        ret->rebuild_at = atomic_load(&self->rebuild->at);
        ret->rebuild_to = atomic_load(&self->rebuild->to);
    }
    ret->rebuilt = self->rebuilt[info->number];
}

size_t hub_views_status(const struct hub_views *self, struct hub_view_status *ret_status, size_t room)
{
    size_t count = self->count < room ? self->count : room;
    pthread_mutex_t *lock = (pthread_mutex_t *) &self->lock;
    pthread_mutex_lock(lock);
    for (size_t i = 0; i < count; i++) {
        fill_status(self, self->infos[i], &ret_status[i]);
    }
    pthread_mutex_unlock(lock);
    return count;
}

int hub_views_retry(struct hub_views *self, const char *name)
{
    const struct hub_view_info *info = hub_views_find(self, name);
    if (info == NULL) {
        return HUB_ERROR_not_found;
    }
    pthread_mutex_lock(&self->lock);
    self->retries |= UINT32_C(1) << info->number;
    pthread_mutex_unlock(&self->lock);
    hub_tail_nudge(self);
    return 0;
}
