/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Syncing beside the writer. Each sync takes all batches that were put before it began; those that come meanwhile are the
 * next one's. Every connection waits for this thread, which wakes several times a sync and then has next to nothing to do:
 * where loops and workers keep the processors busy, waiting for one took as long as the disk. */
#include "log/syncer.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/inbox.h"
#include "base/memory.h"
#include "base/thread.h"

enum {
    UPKEEP_MS = 250, /* between syncs when nothing comes, for the witness */
    EXIT_FATAL = 70, /* EX_SOFTWARE: a supervisor starts the process again */
};

struct hub_syncer {
    const struct hub_writer_options *options;
    struct hub_inbox *inbox; /* pointers to appends */
    pthread_t thread;
};

static void sync_all(const struct hub_log_sink *sink)
{
    char why[512] = "";
    if (sink->sync(sink->self, why, sizeof why) < 0) {
        fprintf(stderr, "omnihub: %s Nothing more is acknowledged; the process ends.\n", why);
        _exit(EXIT_FATAL);
    }
}

static void *run(void *arg)
{
    struct hub_syncer *self = arg;
    (void) pthread_setname_np(pthread_self(), "hub-sync");
    hub_thread_urgent();
    for (bool is_last = false; !is_last;) {
        void *taken = NULL;
        is_last = hub_inbox_is_stopped(self->inbox);
        size_t count = hub_inbox_take(self->inbox, UPKEEP_MS, &taken);
        sync_all(&self->options->sink);
        if (count > 0) {
            self->options->on_written(self->options->arg, taken, count);
        }
    }
    return NULL;
}

struct hub_syncer *hub_syncer_new(const struct hub_writer_options *options)
{
    struct hub_syncer *self = hub_memory_new(sizeof *self);
    *self = (struct hub_syncer){ .options = options, .inbox = hub_inbox_new(sizeof(struct hub_append *)) };
    int failed = pthread_create(&self->thread, NULL, run, self);
    assert(failed == 0);
    (void) failed;
    return self;
}

void hub_syncer_give(struct hub_syncer *self, struct hub_append *const *appends, size_t count)
{
    hub_inbox_put(self->inbox, appends, count);
}

void hub_syncer_destroy(struct hub_syncer **self_p)
{
    struct hub_syncer *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    hub_inbox_stop(self->inbox);
    pthread_join(self->thread, NULL);
    hub_inbox_destroy(&self->inbox);
    free(self);
    *self_p = NULL;
}
