/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A set-associative table of token buckets. A bucket is kept as the moment at which it will be full again; one that is full
 * says nothing and gives way first, so who floods the table with names pushes out the oldest attempts only. */
#include "api/throttle.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/memory.h"

enum { SETS = 2048, WAYS = 8 };

static const struct {
    int64_t cost_us; /* of one attempt */
    int64_t burst;   /* attempts at once */
} limits[] = {
    [HUB_THROTTLE_account] = { 30000000, 10 },
    [HUB_THROTTLE_address] = { 1000000, 100 },
};

struct bucket {
    uint64_t who; /* start of the digest */
    int64_t full_at_us;
};

struct hub_throttle {
    const struct hub_world *world;
    uint8_t salt[16];      /* so that nobody can choose who shares a set */
    pthread_mutex_t mutex; /* guards what follows */
    struct bucket buckets[SETS][WAYS];
};

struct hub_throttle *hub_throttle_new(const struct hub_world *world)
{
    struct hub_throttle *self = hub_memory_zero(sizeof *self);
    self->world = world;
    world->random(world->self, self->salt, sizeof self->salt);
    pthread_mutex_init(&self->mutex, NULL);
    return self;
}

void hub_throttle_destroy(struct hub_throttle **self_p)
{
    struct hub_throttle *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        pthread_mutex_destroy(&self->mutex);
        free(self);
    }
}

static uint64_t digest_of(const struct hub_throttle *self, enum hub_throttled what, struct hub_span who)
{
    const uint8_t kind = (uint8_t) what;
    const struct hub_span parts[] = { hub_span_of(self->salt, sizeof self->salt), hub_span_of(&kind, 1), who };
    struct hub_digest digest = hub_sha256_of(parts, sizeof parts / sizeof parts[0]);
    uint64_t start;
    memcpy(&start, digest.b, sizeof start);
    return start;
}

/* The bucket of this one; the emptiest memory of its set gives way. */
static struct bucket *find(struct hub_throttle *self, uint64_t who)
{
    struct bucket *set = self->buckets[who % SETS], *oldest = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].who == who) {
            return &set[i];
        }
        oldest = set[i].full_at_us < oldest->full_at_us ? &set[i] : oldest;
    }
    *oldest = (struct bucket){ .who = who };
    return oldest;
}

uint32_t hub_throttle_count(struct hub_throttle *self, enum hub_throttled what, struct hub_span who)
{
    int64_t now_us = hub_tick_us(self->world);
    uint64_t digest = digest_of(self, what, who);
    pthread_mutex_lock(&self->mutex);
    struct bucket *bucket = find(self, digest);
    int64_t full_at_us = (bucket->full_at_us > now_us ? bucket->full_at_us : now_us) + limits[what].cost_us;
    int64_t over_us = full_at_us - now_us - limits[what].cost_us * limits[what].burst;
    if (over_us <= 0) {
        bucket->full_at_us = full_at_us;
    }
    pthread_mutex_unlock(&self->mutex);
    return over_us <= 0 ? 0 : (uint32_t) ((over_us + 999999) / 1000000);
}

void hub_throttle_forgive(struct hub_throttle *self, enum hub_throttled what, struct hub_span who)
{
    uint64_t digest = digest_of(self, what, who);
    pthread_mutex_lock(&self->mutex);
    struct bucket *bucket = find(self, digest);
    bucket->full_at_us = what == HUB_THROTTLE_account ? 0 : bucket->full_at_us - limits[what].cost_us;
    pthread_mutex_unlock(&self->mutex);
}
