/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The real world, and a fake one that follows from a seed. */
#include "base/world.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/memory.h"

enum { POOL_BYTES = 4096 };

/* Randomness fetched ahead, so that an id costs no system call. One per thread, never shared; a child of fork() must not
 * draw from it (the hub does not fork while it serves). */
struct pool {
    size_t used; /* POOL_BYTES when nothing is left */
    bool filled; /* false until the first time */
    uint8_t bytes[POOL_BYTES];
};

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t real_now_us(void *self)
{
    (void) self;
    return clock_us(CLOCK_REALTIME);
}

static int64_t real_tick_us(void *self)
{
    (void) self;
    return clock_us(CLOCK_MONOTONIC);
}

/* Ids and nonces that are not random would be worse than no hub. */
static void from_kernel(uint8_t *at, size_t len)
{
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno != EINTR) {
            perror("omnihub: the kernel gives no randomness, so the process ends");
            abort();
        }
        if (got > 0) {
            at += got;
            len -= (size_t) got;
        }
    }
}

static void real_random(void *self, void *ret_bytes, size_t len)
{
    (void) self;
    static _Thread_local struct pool pool;
    if (len > POOL_BYTES / 4) {
        from_kernel(ret_bytes, len);
        return;
    }
    if (!pool.filled || POOL_BYTES - pool.used < len) {
        from_kernel(pool.bytes, POOL_BYTES);
        pool.filled = true;
        pool.used = 0;
    }
    memcpy(ret_bytes, pool.bytes + pool.used, len);
    explicit_bzero(pool.bytes + pool.used, len); /* what was a key or a nonce is not kept */
    pool.used += len;
}

const struct hub_world *hub_world_real(void)
{
    static const struct hub_world real = { .now_us = real_now_us, .tick_us = real_tick_us, .random = real_random };
    return &real;
}

struct fake {
    struct hub_world world; /* first, so that the public pointer leads here */
    int64_t now_us;
    int64_t tick_us;
    uint64_t seed; /* moves on with every eight bytes */
};

static int64_t fake_now_us(void *self)
{
    return ((struct fake *) self)->now_us;
}

static int64_t fake_tick_us(void *self)
{
    return ((struct fake *) self)->tick_us;
}

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). */
static uint64_t next_fake(struct fake *self)
{
    self->seed += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t value = self->seed;
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static void fake_random(void *self, void *ret_bytes, size_t len)
{
    uint8_t *at = ret_bytes;
    while (len > 0) {
        uint64_t value = next_fake(self);
        for (size_t i = 0; i < sizeof value && len > 0; i++, len--) {
            *at++ = (uint8_t) (value >> (8 * i)); /* the same on machines of any byte order */
        }
    }
}

struct hub_world *hub_world_fake_new(int64_t start_us, uint64_t seed)
{
    struct fake *self = hub_memory_new(sizeof *self);
    *self = (struct fake){
        .world = { .now_us = fake_now_us, .tick_us = fake_tick_us, .random = fake_random, .self = self },
        .now_us = start_us,
        .seed = seed,
    };
    return &self->world;
}

void hub_world_fake_destroy(struct hub_world **self_p)
{
    if (*self_p != NULL) {
        free((*self_p)->self);
        *self_p = NULL;
    }
}

void hub_world_fake_advance(struct hub_world *self, int64_t by_us)
{
    assert(self->now_us == fake_now_us && by_us >= 0);
    struct fake *fake = self->self;
    fake->now_us += by_us;
    fake->tick_us += by_us;
}

struct hub_ulid hub_world_ulid(const struct hub_world *world)
{
    uint8_t random[10];
    world->random(world->self, random, sizeof random);
    return hub_ulid_make(hub_now_us(world), random);
}
