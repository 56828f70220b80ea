/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Blue/green rebuild: a thread of its own folds the log from its start into another slot of the view. When it is close to the
 * live views, the tail takes it over between two batches: it folds the rest, and one batch makes the new slot the live one and
 * removes the old. Readers hold a snapshot, so they see the one or the other whole. An unfinished rebuild does not survive a
 * restart: its slot is removed at the next opening. */
#include "base/error.h"
#include "base/memory.h"
#include "replay/views_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CLOSE_EVENTS = 4096, SLOT_MAX = 60000, NICE = 19, REST_MAX_US = 100000 };

static uint64_t live_position(const struct hub_rebuild *self)
{
    return atomic_load(&self->views->position);
}

static void show_progress(void *arg)
{
    struct hub_rebuild *self = arg;
    atomic_store(&self->at, self->stage.mark.sequence);
    atomic_store(&self->to, live_position(self));
}

/* After a batch: rest as long as it took, for the hub has answers to give. */
static void rest(void *arg)
{
    struct hub_rebuild *self = arg;
    int64_t now_us = hub_tick_us(self->views->world), took_us = now_us - self->rested_us;
    show_progress(self);
    usleep((useconds_t) (took_us < REST_MAX_US ? took_us : REST_MAX_US));
    self->rested_us = hub_tick_us(self->views->world);
}

static void *run(void *arg)
{
    struct hub_rebuild *self = arg;
    int done = 0;
    setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone, on Linux */
    self->rested_us = hub_tick_us(self->views->world);
    while (done == 0 && !atomic_load(&self->views->is_stopping) &&
           live_position(self) > self->stage.mark.sequence + CLOSE_EVENTS) {
        done = hub_stage_fold_to(&self->stage, live_position(self), &self->views->is_stopping, rest, self);
    }
    atomic_store(&self->state, done == 0 ? HUB_REBUILD_IS_CLOSE : HUB_REBUILD_FAILED);
    hub_tail_nudge(self->views);
    return NULL;
}

static struct hub_rebuild *rebuild_new(struct hub_views *views, const struct hub_view_info *info)
{
    struct hub_rebuild *self = hub_memory_new(sizeof *self);
    *self = (struct hub_rebuild){ .views = views, .info = info };
    return self;
}

/* The mark a rebuild starts from, in a slot that nobody uses. */
static int first_mark(struct hub_views *views, const struct hub_view_info *info, struct hub_view_mark *ret_mark)
{
    struct hub_view_mark live;
    if (hub_view_mark_read(views->db, NULL, HUB_MARK_LIVE, &live) != 0) {
        return -1;
    }
    uint16_t slot = (uint16_t) (live.places[info->number].slot % SLOT_MAX + 1);
    *ret_mark = (struct hub_view_mark){ .layout = live.layout, .log = live.log };
    ret_mark->rebuild_to = live.sequence > 0 ? live.sequence : 1;
    ret_mark->places[info->number] = (struct hub_view_place){ .slot = slot, .version = info->version };
    return 0;
}

static int start(struct hub_rebuild *self)
{
    struct hub_view_mark mark;
    const struct hub_stage_views what = { self->info->number, &self->info, 1 };
    if (first_mark(self->views, self->info, &mark) < 0 || hub_stage_init(&self->stage, self->views, &mark, &what) < 0) {
        return -1;
    }
    atomic_store(&self->to, mark.rebuild_to);
    atomic_store(&self->state, HUB_REBUILD_RUNS);
    return pthread_create(&self->thread, NULL, run, self) == 0 ? 0 : -1;
}

int hub_views_rebuild(struct hub_views *self, const char *name)
{
    const struct hub_view_info *info = hub_views_find(self, name);
    if (info == NULL) {
        return HUB_ERROR_not_found;
    }
    int done = HUB_ERROR_conflict;
    pthread_mutex_lock(&self->lock);
    if (self->rebuild == NULL) {
        struct hub_rebuild *rebuild = rebuild_new(self, info);
        done = start(rebuild);
        if (done == 0) {
            self->rebuild = rebuild;
        } else {
            hub_stage_done(&rebuild->stage);
            free(rebuild);
        }
    }
    pthread_mutex_unlock(&self->lock);
    return done;
}

/* Write the switch: the new slot is live, the old one is gone, the rebuild's own mark too. */
static int write_switch(struct hub_views *self, struct hub_rebuild *rebuild)
{
    uint16_t number = rebuild->info->number;
    struct hub_view_place *place = &self->live.mark.places[number];
    hub_view_slot_drop(self->live.batch, number, place->slot);
    hub_view_mark_drop(self->live.batch, number);
    *place = rebuild->stage.mark.places[number];
    int done = hub_stage_write(&self->live);
    /* The live projector still holds rows and parked streams of the old slot. */
    return done == 0 ? hub_stage_reset(&self->live) : done;
}

/* Take a rebuild that ended out of sight. */
static void forget(struct hub_views *self, struct hub_rebuild *rebuild, bool is_live)
{
    pthread_mutex_lock(&self->lock);
    self->rebuild = NULL;
    self->rebuilt[rebuild->info->number] += is_live;
    pthread_mutex_unlock(&self->lock);
    hub_rebuild_destroy(&rebuild);
}

int hub_rebuild_switch(struct hub_views *self, struct hub_rebuild *rebuild)
{
    bool failed = atomic_load(&rebuild->state) == HUB_REBUILD_FAILED;
    if (!failed &&
        hub_stage_fold_to(&rebuild->stage, self->live.mark.sequence, &self->is_stopping, show_progress, rebuild) < 0) {
        failed = true;
    }
    if (atomic_load(&self->is_stopping)) {
        return 0;
    }
    int done;
    if (failed) {
        fprintf(stderr, "omnihub: a rebuild was given up: %s view=%s\n", rebuild->stage.why, rebuild->info->name);
        done = hub_rebuild_clean(self);
    } else {
        done = write_switch(self, rebuild);
    }
    forget(self, rebuild, !failed && done == 0);
    return done;
}

void hub_rebuild_destroy(struct hub_rebuild **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    struct hub_rebuild *self = *self_p;
    *self_p = NULL;
    pthread_join(self->thread, NULL);
    hub_stage_done(&self->stage);
    free(self);
}

int hub_rebuild_clean(struct hub_views *self)
{
    struct hub_rocks_batch *batch = hub_rocks_batch_new(self->db);
    bool is_needed = false;
    int done = 0;
    for (size_t i = 0; done >= 0 && i < self->count; i++) {
        struct hub_view_mark mark;
        uint16_t number = self->infos[i]->number;
        done = hub_view_mark_read(self->db, NULL, number, &mark);
        if (done == 0) {
            hub_view_slot_drop(batch, number, mark.places[number].slot);
            hub_view_mark_drop(batch, number);
            is_needed = true;
        }
    }
    if (done >= 0) {
        done = is_needed ? hub_rocks_write(self->db, batch, NULL, 0) : 0;
    }
    hub_rocks_batch_destroy(&batch);
    return done < 0 ? done : 0;
}
