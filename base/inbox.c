/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Two arrays under a mutex: one is filled while the other is read. */
#include "base/inbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"

enum { FIRST_ROOM = 256 };

struct pieces {
    char *at; /* owned */
    size_t count, room;
};

struct hub_inbox {
    size_t bytes;          /* of a piece */
    pthread_mutex_t mutex; /* guards what follows, but not `taken` */
    pthread_cond_t stirred;
    struct pieces waiting;
    bool is_asleep; /* the taker */
    bool is_stopped;
    struct pieces taken; /* the taker's */
};

static struct pieces pieces_new(size_t bytes)
{
    return (struct pieces){ .at = hub_memory_new(FIRST_ROOM * bytes), .room = FIRST_ROOM };
}

struct hub_inbox *hub_inbox_new(size_t piece_bytes)
{
    struct hub_inbox *self = hub_memory_new(sizeof *self);
    *self = (struct hub_inbox){ .bytes = piece_bytes,
                                .waiting = pieces_new(piece_bytes),
                                .taken = pieces_new(piece_bytes) };
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->stirred, &attributes);
    pthread_condattr_destroy(&attributes);
    return self;
}

void hub_inbox_destroy(struct hub_inbox **self_p)
{
    struct hub_inbox *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    pthread_cond_destroy(&self->stirred);
    pthread_mutex_destroy(&self->mutex);
    free(self->waiting.at);
    free(self->taken.at);
    free(self);
}

/* Wake the taker when it sleeps, and let the mutex go. */
static void stir(struct hub_inbox *self)
{
    bool is_asleep = self->is_asleep;
    self->is_asleep = false;
    pthread_mutex_unlock(&self->mutex);
    if (is_asleep) {
        pthread_cond_signal(&self->stirred);
    }
}

void hub_inbox_put(struct hub_inbox *self, const void *pieces, size_t count)
{
    if (count == 0) {
        return;
    }
    pthread_mutex_lock(&self->mutex);
    struct pieces *waiting = &self->waiting;
    if (waiting->count + count > waiting->room) {
        waiting->room = 2 * (waiting->count + count);
        waiting->at = hub_memory_resize(waiting->at, waiting->room * self->bytes);
    }
    memcpy(waiting->at + waiting->count * self->bytes, pieces, count * self->bytes);
    waiting->count += count;
    stir(self);
}

static void sleep_until_stirred(struct hub_inbox *self, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    int over = 0;
    while (self->waiting.count == 0 && !self->is_stopped && over == 0) {
        self->is_asleep = true;
        over = pthread_cond_timedwait(&self->stirred, &self->mutex, &until);
    }
    self->is_asleep = false;
}

size_t hub_inbox_take(struct hub_inbox *self, int timeout_ms, void **ret_pieces)
{
    pthread_mutex_lock(&self->mutex);
    if (timeout_ms > 0) {
        sleep_until_stirred(self, timeout_ms);
    }
    struct pieces taken = self->waiting;
    self->waiting = self->taken;
    self->waiting.count = 0;
    self->taken = taken;
    pthread_mutex_unlock(&self->mutex);
    if (taken.count > 0) {
        *ret_pieces = taken.at;
    }
    return taken.count;
}

void hub_inbox_stop(struct hub_inbox *self)
{
    pthread_mutex_lock(&self->mutex);
    self->is_stopped = true;
    stir(self);
}

bool hub_inbox_is_stopped(struct hub_inbox *self)
{
    pthread_mutex_lock(&self->mutex);
    bool is_stopped = self->is_stopped;
    pthread_mutex_unlock(&self->mutex);
    return is_stopped;
}
