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

enum { LAYOUT = 1, LIST_EVERY = 50000, MEMORY_BYTES = 128 * 1024 * 1024 };

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

/* --- Whether a mark can be trusted --- */

/* The version of what all views stand on: the keys, and the states that entities are folded into. */
static uint32_t layout_of_all(void)
{
    uint32_t layout = LAYOUT;
    for (int number = 0; number < HUB_KINDS; number++) {
        const struct hub_kind_info *kind = hub_kind_find((uint8_t) number);
        layout = layout * 31 + (kind != NULL ? kind->state->version : 0u);
    }
    return layout;
}

static struct hub_view_mark fresh_mark(const struct hub_views *self)
{
    struct hub_view_mark mark = { .layout = layout_of_all(), .log = *hub_log_identity(self->log) };
    for (size_t i = 0; i < self->count; i++) {
        mark.places[self->infos[i]->number] = (struct hub_view_place){ .slot = 1, .version = self->infos[i]->version };
    }
    return mark;
}

static bool is_of_this_code(const struct hub_views *self, const struct hub_view_mark *mark)
{
    const struct hub_view_mark fresh = fresh_mark(self);
    for (unsigned number = 0; number < HUB_VIEW_NUMBERS; number++) {
        if (mark->places[number].version != fresh.places[number].version) {
            return false;
        }
    }
    return mark->layout == fresh.layout;
}

/* Why a mark is not to be trusted, or NULL. */
static const char *distrust(const struct hub_views *self, const struct hub_view_mark *mark)
{
    const struct hub_log_identity *log = hub_log_identity(self->log);
    if (memcmp(mark->log.log_id, log->log_id, sizeof log->log_id) != 0) {
        return "they belong to another log";
    }
    if (mark->log.incarnation != log->incarnation) {
        return "they belong to another incarnation of the log";
    }
    if (!is_of_this_code(self, mark)) {
        return "they were made by another version";
    }
    if (mark->sequence > hub_log_commit(self->log).sequence) {
        return "they are ahead of the log";
    }
    struct hub_digest hash;
    struct hub_position at = { mark->sequence };
    if (mark->sequence > 0 && (hub_log_hash(self->log, at, &hash) != 0 || !hub_digest_is(&hash, &mark->hash))) {
        return "their chain hash is not the log's";
    }
    return NULL;
}

/* Find the mark to go on from, or start over. Returns 0 or < 0. */
static int settle(struct hub_views *self, struct hub_view_mark *ret_mark, char *ret_why, size_t why_size)
{
    int found = hub_view_mark_read(self->db, NULL, HUB_MARK_LIVE, ret_mark);
    const char *reason = found == 0 ? distrust(self, ret_mark) : found < 0 ? "their mark is damaged" : NULL;
    if (reason == NULL && found == 0) {
        return hub_rebuild_clean(self);
    }
    if (reason != NULL && open_afresh(self, reason, ret_why, why_size) < 0) {
        return -1;
    }
    *ret_mark = fresh_mark(self);
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
                                .infos = options->views };
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
