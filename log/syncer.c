/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Syncing beside the writer. Each sync takes all batches that were put before it began; those that come meanwhile are the
 * next one's. Every connection waits for this thread, which wakes several times a sync and then has next to nothing to do:
 * where loops and workers keep the processors busy, waiting for one took as long as the disk. */
#include "log/syncer.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/thread.h"

enum {
    FIRST_ROOM = 4096,
    UPKEEP_MS = 250, /* between syncs when nothing comes, for the witness */
    EXIT_FATAL = 70, /* EX_SOFTWARE: a supervisor starts the process again */
};

struct list {
    struct hub_append **at; /* owned; the appends are not */
    size_t count, room;
};

struct hub_syncer {
    const struct hub_writer_options *options;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows, but not `taken` */
    pthread_cond_t given;
    struct list waiting;
    bool is_asleep, is_stopping;
    struct list taken; /* of the thread */
};

static struct list list_new(void)
{
    return (struct list){ .at = hub_memory_new(FIRST_ROOM * sizeof(struct hub_append *)), .room = FIRST_ROOM };
}

static void sleep_a_while(struct hub_syncer *self)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += UPKEEP_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    self->is_asleep = true;
    pthread_cond_timedwait(&self->given, &self->lock, &until);
    self->is_asleep = false;
}

/* Take all that waits, perhaps nothing after a while. Returns false when it is time to stop. */
static bool take(struct hub_syncer *self)
{
    pthread_mutex_lock(&self->lock);
    if (self->waiting.count == 0 && !self->is_stopping) {
        sleep_a_while(self);
    }
    struct list taken = self->waiting;
    self->waiting = self->taken;
    self->waiting.count = 0;
    self->taken = taken;
    bool goes_on = taken.count > 0 || !self->is_stopping;
    pthread_mutex_unlock(&self->lock);
    return goes_on;
}

static void *run(void *arg)
{
    struct hub_syncer *self = arg;
    const struct hub_log_sink *sink = &self->options->sink;
    char why[512] = "";
    (void) pthread_setname_np(pthread_self(), "hub-sync");
    hub_thread_urgent();
    while (take(self)) {
        if (sink->sync(sink->self, why, sizeof why) < 0) {
            fprintf(stderr, "omnihub: %s Nothing more is acknowledged; the process ends.\n", why);
            _exit(EXIT_FATAL);
        }
        if (self->taken.count > 0) {
            self->options->on_written(self->options->arg, self->taken.at, self->taken.count);
        }
    }
    return NULL;
}

struct hub_syncer *hub_syncer_new(const struct hub_writer_options *options)
{
    struct hub_syncer *self = hub_memory_new(sizeof *self);
    *self = (struct hub_syncer){ .options = options, .waiting = list_new(), .taken = list_new() };
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->given, &attributes);
    pthread_condattr_destroy(&attributes);
    int failed = pthread_create(&self->thread, NULL, run, self);
    assert(failed == 0);
    (void) failed;
    return self;
}

void hub_syncer_give(struct hub_syncer *self, struct hub_append *const *appends, size_t count)
{
    pthread_mutex_lock(&self->lock);
    struct list *list = &self->waiting;
    if (list->count + count > list->room) {
        list->room = 2 * (list->count + count);
        list->at = hub_memory_resize(list->at, list->room * sizeof *list->at);
    }
    memcpy(list->at + list->count, appends, count * sizeof *list->at);
    list->count += count;
    if (self->is_asleep) {
        pthread_cond_signal(&self->given);
    }
    pthread_mutex_unlock(&self->lock);
}

void hub_syncer_destroy(struct hub_syncer **self_p)
{
    struct hub_syncer *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    self->is_stopping = true;
    pthread_cond_signal(&self->given);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->given);
    pthread_mutex_destroy(&self->lock);
    free(self->waiting.at);
    free(self->taken.at);
    free(self);
    *self_p = NULL;
}
