/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A ring of batches between the thread that reads and the one that writes. */
#include "tools/export/export_feed.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

/* A batch is full when it has so many events, or so many bytes. */
enum { BATCHES = 4, EVENTS = 512, BYTES = 1 << 20, ARENA = 1 << 18 };

struct hub_export_feed {
    const struct hub_export *to;
    struct hub_scan *scan; /* of the reading thread */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct hub_export_batch batches[BATCHES];
    /* Under the lock. */
    uint64_t filled, freed; /* batches so far */
    bool is_holding;        /* the first one that is not freed was handed out */
    bool is_stopped;        /* nobody takes any more */
    bool is_over;           /* nothing more comes, */
    int result;             /* because: 0 the end, < 0 an error */
};

/* Returns what the scan said last: 1 when it goes on. */
static int fill(struct hub_export_feed *self, struct hub_export_batch *batch)
{
    struct hub_stored event;
    int more = 1;
    hub_arena_reset(batch->arena);
    hub_buf_clear(&batch->rows);
    for (int i = 0; i < EVENTS && batch->rows.len + hub_arena_used(batch->arena) < BYTES; i++) {
        if ((more = hub_scan_next(self->scan, &event)) != 1)
            break;
        self->to->kind->render(self->to, &event, batch);
        batch->last = event.header.sequence;
    }
    return more;
}

/* A batch to be filled; NULL: stop. */
static struct hub_export_batch *wait_for_room(struct hub_export_feed *self)
{
    pthread_mutex_lock(&self->lock);
    while (!self->is_stopped && self->filled - self->freed == BATCHES)
        pthread_cond_wait(&self->changed, &self->lock);
    struct hub_export_batch *batch = self->is_stopped ? NULL : &self->batches[self->filled % BATCHES];
    pthread_mutex_unlock(&self->lock);
    return batch;
}

static void *run(void *arg)
{
    struct hub_export_feed *self = arg;
    struct hub_export_batch *batch;
    int more = 1;
    while (more == 1 && (batch = wait_for_room(self))) {
        batch->last = 0;
        more = fill(self, batch);
        pthread_mutex_lock(&self->lock);
        self->filled += batch->last > 0;
        self->is_over = more != 1;
        self->result = more;
        pthread_cond_broadcast(&self->changed);
        pthread_mutex_unlock(&self->lock);
    }
    return NULL;
}

static void release(struct hub_export_feed *self)
{
    hub_scan_close(&self->scan);
    for (int i = 0; i < BATCHES; i++) {
        hub_buf_done(&self->batches[i].rows);
        hub_buf_done(&self->batches[i].scratch);
        hub_arena_destroy(&self->batches[i].arena);
    }
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

struct hub_export_feed *hub_export_feed_new(const struct hub_export *to, uint64_t from, uint64_t until)
{
    struct hub_export_feed *self = hub_memory_zero(sizeof *self);
    self->to = to;
    self->scan = hub_scan_all(to->reader->log, from, until);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    for (int i = 0; i < BATCHES; i++)
        self->batches[i].arena = hub_arena_new(ARENA);
    if (pthread_create(&self->thread, NULL, run, self) == 0)
        return self;
    release(self);
    return NULL;
}

int hub_export_feed_next(struct hub_export_feed *self, const struct hub_export_batch **ret_batch)
{
    pthread_mutex_lock(&self->lock);
    self->freed += self->is_holding;
    pthread_cond_broadcast(&self->changed);
    while (self->filled == self->freed && !self->is_over)
        pthread_cond_wait(&self->changed, &self->lock);
    self->is_holding = self->filled > self->freed;
    int result = self->is_holding ? 1 : self->result;
    *ret_batch = &self->batches[self->freed % BATCHES];
    pthread_mutex_unlock(&self->lock);
    return result;
}

void hub_export_feed_destroy(struct hub_export_feed **self_p)
{
    struct hub_export_feed *self = *self_p;
    *self_p = NULL;
    if (!self)
        return;
    pthread_mutex_lock(&self->lock);
    self->is_stopped = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    release(self);
}
