/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The thread sleeps on a condition that only its stopping signals. */
#include "log/chore.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/memory.h"

static const int64_t second_us = 1000 * 1000;

struct hub_chore {
    hub_chore_fn *step;
    void *arg;
    int64_t first_us;
    int nice;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopping;
    bool is_stopping;
};

/* Wait for a while. Returns false when it is time to stop. */
static bool rest(struct hub_chore *self, int64_t us)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + us % second_us * 1000;
    until.tv_sec += us / second_us + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&self->lock);
    int waited = 0;
    while (!self->is_stopping && waited == 0) {
        waited = pthread_cond_timedwait(&self->stopping, &self->lock, &until);
    }
    bool goes_on = !self->is_stopping;
    pthread_mutex_unlock(&self->lock);
    return goes_on;
}

static void *run(void *arg)
{
    struct hub_chore *self = arg;
    int64_t pause_us = self->first_us;
    setpriority(PRIO_PROCESS, 0, self->nice); /* of this thread alone, on Linux */
    while (pause_us >= 0 && rest(self, pause_us)) {
        pause_us = self->step(self->arg);
    }
    return NULL;
}

struct hub_chore *hub_chore_start(hub_chore_fn *step, void *arg, int64_t first_us, int nice)
{
    struct hub_chore *self = hub_memory_new(sizeof *self);
    pthread_condattr_t monotone;
    *self = (struct hub_chore){ .step = step, .arg = arg, .first_us = first_us, .nice = nice };
    pthread_condattr_init(&monotone);
    pthread_condattr_setclock(&monotone, CLOCK_MONOTONIC);
    pthread_cond_init(&self->stopping, &monotone);
    pthread_condattr_destroy(&monotone);
    pthread_mutex_init(&self->lock, NULL);
    if (pthread_create(&self->thread, NULL, run, self) != 0) {
        abort();
    }
    return self;
}

void hub_chore_stop(struct hub_chore **self_p)
{
    struct hub_chore *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    self->is_stopping = true;
    pthread_cond_signal(&self->stopping);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->stopping);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *self_p = NULL;
}
