/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Names: aliases of the log, cached by thread, and reservations shared by all. */
#include "actors/names.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cache.h"
#include "base/memory.h"

enum { CACHE_SLOTS = 65536, RESERVED_DEFAULT = 65536 };

/* One name, wherever it is kept. */
struct known_name {
    struct hub_ulid company;
    struct hub_ulid id;
    uint8_t digest[16];
    uint8_t kind;      /* 0: the slot is empty */
    bool is_ours;      /* the client's id is the id of ours */
    uint8_t spare[14]; /* to a line of the cache */
};

_Static_assert(sizeof(struct known_name) == HUB_CACHE_LINE, "a look at one is one line");

struct hub_names {
    struct hub_log *log;
    const struct hub_world *world;
    atomic_uint epoch;           /* counts up when aliases were removed */
    pthread_mutex_t mutex;       /* guards what follows */
    struct known_name *reserved; /* set-associative: a name lies in one of WAYS slots of its set */
    uint32_t *turn;              /* next slot of a set to give way */
    size_t sets;
};

enum { WAYS = 8 };

struct hub_names_cache {
    struct known_name slots[CACHE_SLOTS]; /* in pairs: a new name pushes the older one of its pair out */
    unsigned epoch;
};

struct hub_names *hub_names_new(struct hub_log *log, const struct hub_world *world, size_t room)
{
    struct hub_names *self = hub_memory_zero(sizeof *self);
    self->log = log;
    self->world = world;
    self->sets = (room == 0 ? RESERVED_DEFAULT : room) / WAYS + 1;
    self->reserved = hub_memory_zero(self->sets * WAYS * sizeof *self->reserved);
    self->turn = hub_memory_zero(self->sets * sizeof *self->turn);
    pthread_mutex_init(&self->mutex, NULL);
    return self;
}

void hub_names_destroy(struct hub_names **self_p)
{
    struct hub_names *self = *self_p;
    if (self == NULL)
        return;
    pthread_mutex_destroy(&self->mutex);
    free(self->reserved);
    free(self->turn);
    free(self);
    *self_p = NULL;
}

struct hub_names_cache *hub_names_cache_new(void)
{
    return hub_memory_table(sizeof(struct hub_names_cache));
}

void hub_names_cache_destroy(struct hub_names_cache **self_p)
{
    hub_memory_table_free(*self_p, sizeof(struct hub_names_cache));
    *self_p = NULL;
}

static uint64_t slot_of(const struct hub_name *name, uint8_t kind)
{
    uint64_t value;
    memcpy(&value, name->digest, sizeof value);
    return value ^ kind;
}

static bool is_it(const struct known_name *slot, struct hub_ulid company, uint8_t kind, const struct hub_name *name)
{
    return slot->kind == kind && memcmp(slot->digest, name->digest, sizeof slot->digest) == 0 &&
           hub_ulid_is(slot->company, company);
}

static struct known_name remember(struct hub_ulid company, uint8_t kind, const struct hub_name *name)
{
    struct known_name slot = { .company = company, .id = name->id, .kind = kind, .is_ours = name->is_ours };
    memcpy(slot.digest, name->digest, sizeof slot.digest);
    return slot;
}

/* The reservation of a name, NULL when it has none. The mutex is held. */
static struct known_name *find_reserved(struct hub_names *self, struct hub_ulid company, uint8_t kind,
                                        const struct hub_name *name)
{
    struct known_name *ways = &self->reserved[slot_of(name, kind) % self->sets * WAYS];
    for (int i = 0; i < WAYS; i++) {
        if (is_it(&ways[i], company, kind, name)) {
            return &ways[i];
        }
    }
    return NULL;
}

/* The id reserved for a name nobody knows yet. */
static struct hub_ulid reserve(struct hub_names *self, struct hub_ulid company, uint8_t kind, struct hub_name *name)
{
    size_t set = slot_of(name, kind) % self->sets;
    pthread_mutex_lock(&self->mutex);
    struct known_name *found = find_reserved(self, company, kind, name);
    if (found == NULL) {
        found = &self->reserved[set * WAYS + self->turn[set]++ % WAYS];
        name->id = hub_world_ulid(self->world);
        *found = remember(company, kind, name);
    }
    struct hub_ulid id = found->id;
    pthread_mutex_unlock(&self->mutex);
    return id;
}

/* Look in the log: an alias first, then an entity whose id of ours the client used. Returns 0, HUB_ERROR_not_found, < 0. */
static int look_up(struct hub_names *self, struct hub_ulid company, uint8_t kind, struct hub_name *name)
{
    struct hub_ulid id;
    int failed = hub_log_alias(self->log, company, kind, name->digest, &id);
    if (failed == 0) {
        name->id = id;
        name->is_ours = false;
    }
    if (failed != HUB_ERROR_not_found || !name->is_ours) {
        return failed;
    }
    const struct hub_stream stream = { .company = company, .entity = name->id, .kind = kind };
    uint64_t version = 0;
    failed = hub_log_stream_version(self->log, &stream, &version);
    return failed != 0 && failed != HUB_ERROR_not_found ? failed : version > 0 ? 0 : HUB_ERROR_not_found;
}

static bool is_made_here(const struct hub_name *name)
{
    static const uint8_t none[sizeof name->digest];
    return memcmp(name->digest, none, sizeof none) == 0;
}

static bool find_cached(const struct known_name pair[2], struct hub_ulid company, uint8_t kind, struct hub_name *name)
{
    for (int i = 0; i < 2; i++) {
        if (is_it(&pair[i], company, kind, name)) {
            name->id = pair[i].id;
            name->is_ours = pair[i].is_ours;
            name->known = true;
            return true;
        }
    }
    return false;
}

int hub_names_resolve(struct hub_names *self, struct hub_names_cache *cache, struct hub_ulid company, uint8_t kind,
                      struct hub_name *name)
{
    if (!name->given || is_made_here(name)) {
        return 0;
    }
    unsigned epoch = atomic_load(&self->epoch);
    if (cache->epoch != epoch) {
        memset(cache->slots, 0, sizeof cache->slots);
        cache->epoch = epoch;
    }
    struct known_name *pair = &cache->slots[slot_of(name, kind) % CACHE_SLOTS & ~1u];
    if (find_cached(pair, company, kind, name)) {
        return 0;
    }
    int failed = look_up(self, company, kind, name);
    if (failed == 0) {
        name->known = true;
        pair[1] = pair[0];
        pair[0] = remember(company, kind, name);
    } else if (failed == HUB_ERROR_not_found) {
        name->known = false;
        name->is_ours = false;
        name->id = reserve(self, company, kind, name);
        failed = 0;
    }
    return failed;
}

void hub_names_forget(struct hub_names *self, struct hub_ulid company, const struct hub_alias *alias)
{
    struct hub_name name;
    memcpy(name.digest, alias->digest, sizeof name.digest);
    pthread_mutex_lock(&self->mutex);
    struct known_name *found = find_reserved(self, company, alias->kind, &name);
    if (found != NULL) {
        *found = (struct known_name){ .kind = 0 };
    }
    pthread_mutex_unlock(&self->mutex);
    atomic_fetch_add(&self->epoch, 1);
}
