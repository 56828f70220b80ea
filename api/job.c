/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Helpers: a thread, a mutex and a list. */
#include "api/job.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/memory.h"

struct hub_helper {
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t stirred;
    struct hub_job *first, **last;
    size_t waiting, room;
    bool stop;
    void (*on_done)(void *server, struct hub_job *job);
    void *server;
};

struct hub_job *hub_job_new(size_t arena_bytes)
{
    struct hub_arena *arena = hub_arena_new(arena_bytes);
    struct hub_job *self = HUB_NEW(arena, struct hub_job);
    self->arena = arena;
    return self;
}

void hub_job_destroy(struct hub_job **self_p)
{
    struct hub_job *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        struct hub_arena *arena = self->arena;
        hub_arena_destroy(&arena);
    }
}

/* The next job, or NULL when it is time to stop. */
static struct hub_job *take(struct hub_helper *self)
{
    struct hub_job *job = NULL;
    pthread_mutex_lock(&self->mutex);
    while (self->first == NULL && !self->stop) {
        pthread_cond_wait(&self->stirred, &self->mutex);
    }
    if (!self->stop) {
        job = self->first;
        self->first = job->next;
        self->last = self->first == NULL ? &self->first : self->last;
        self->waiting--;
        job->next = NULL;
    }
    pthread_mutex_unlock(&self->mutex);
    return job;
}

static void *work(void *arg)
{
    struct hub_helper *self = arg;
    struct hub_job *job;
    while ((job = take(self)) != NULL) {
        job->run(job, self->server);
        self->on_done(self->server, job);
    }
    return NULL;
}

struct hub_helper *hub_helper_new(size_t room, void (*on_done)(void *server, struct hub_job *job), void *server)
{
    struct hub_helper *self = hub_memory_zero(sizeof *self);
    sigset_t all, before;
    self->room = room;
    self->on_done = on_done;
    self->server = server;
    self->last = &self->first;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->stirred, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failed = pthread_create(&self->thread, NULL, work, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        pthread_cond_destroy(&self->stirred);
        pthread_mutex_destroy(&self->mutex);
        free(self);
        return NULL;
    }
    return self;
}

void hub_helper_destroy(struct hub_helper **self_p)
{
    struct hub_helper *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    pthread_mutex_lock(&self->mutex);
    self->stop = true;
    pthread_cond_signal(&self->stirred);
    pthread_mutex_unlock(&self->mutex);
    pthread_join(self->thread, NULL);
    while (self->first != NULL) {
        struct hub_job *job = self->first;
        self->first = job->next;
        hub_job_destroy(&job);
    }
    pthread_cond_destroy(&self->stirred);
    pthread_mutex_destroy(&self->mutex);
    free(self);
}

bool hub_helper_give(struct hub_helper *self, struct hub_job **job_p)
{
    pthread_mutex_lock(&self->mutex);
    bool fits = self->waiting < self->room && !self->stop;
    if (fits) {
        *self->last = *job_p;
        self->last = &(*job_p)->next;
        *job_p = NULL;
        self->waiting++;
        pthread_cond_signal(&self->stirred);
    }
    pthread_mutex_unlock(&self->mutex);
    return fits;
}
