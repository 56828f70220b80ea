/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A set-associative cache: a subject has four places, the least recently used of them gives way. */
#include "log/keyring/key_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

enum { SETS = 4096, WAYS = 4, LOCKS = 64 };

struct entry {
    struct hub_ulid company, subject; /* subject none: free */
    struct hub_key key;
    uint32_t used; /* the set's clock at its last use */
};

struct set {
    uint32_t clock;
    struct entry entries[WAYS];
};

struct hub_key_cache {
    pthread_mutex_t locks[LOCKS]; /* each guards the sets with its number, modulo */
    struct set sets[SETS];
};

struct hub_key_cache *hub_key_cache_new(void)
{
    struct hub_key_cache *self = hub_memory_new(sizeof *self);
    memset(self->sets, 0, sizeof self->sets);
    for (int i = 0; i < LOCKS; i++) {
        pthread_mutex_init(&self->locks[i], NULL);
    }
    return self;
}

void hub_key_cache_destroy(struct hub_key_cache **self_p)
{
    struct hub_key_cache *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    for (int i = 0; i < LOCKS; i++) {
        pthread_mutex_destroy(&self->locks[i]);
    }
    explicit_bzero(self->sets, sizeof self->sets);
    free(self);
    *self_p = NULL;
}

static uint32_t set_of(struct hub_ulid subject)
{
    uint32_t word;
    memcpy(&word, subject.b + 12, sizeof word);
    return (word ^ word >> 16) % SETS;
}

static struct entry *find_in(struct set *set, struct hub_ulid subject)
{
    for (int i = 0; i < WAYS; i++) {
        if (hub_ulid_is(set->entries[i].subject, subject)) {
            return &set->entries[i];
        }
    }
    return NULL;
}

bool hub_key_cache_find(struct hub_key_cache *self, struct hub_ulid company, struct hub_ulid subject,
                        struct hub_key *ret_key)
{
    uint32_t at = set_of(subject);
    struct set *set = &self->sets[at];
    pthread_mutex_lock(&self->locks[at % LOCKS]);
    struct entry *entry = find_in(set, subject);
    bool found = entry != NULL && hub_ulid_is(entry->company, company);
    if (found) {
        entry->used = ++set->clock;
        *ret_key = entry->key;
    }
    pthread_mutex_unlock(&self->locks[at % LOCKS]);
    return found;
}

static struct entry *oldest_of(struct set *set)
{
    struct entry *oldest = &set->entries[0];
    for (int i = 1; i < WAYS; i++) {
        if (set->clock - set->entries[i].used > set->clock - oldest->used) {
            oldest = &set->entries[i];
        }
    }
    return oldest;
}

void hub_key_cache_put(struct hub_key_cache *self, struct hub_ulid company, struct hub_ulid subject,
                       const struct hub_key *key)
{
    uint32_t at = set_of(subject);
    struct set *set = &self->sets[at];
    pthread_mutex_lock(&self->locks[at % LOCKS]);
    struct entry *entry = find_in(set, subject);
    if (entry == NULL) {
        entry = oldest_of(set);
    }
    *entry = (struct entry){ .company = company, .subject = subject, .key = *key, .used = ++set->clock };
    pthread_mutex_unlock(&self->locks[at % LOCKS]);
}

void hub_key_cache_drop(struct hub_key_cache *self, struct hub_ulid subject)
{
    uint32_t at = set_of(subject);
    pthread_mutex_lock(&self->locks[at % LOCKS]);
    struct entry *entry = find_in(&self->sets[at], subject);
    if (entry != NULL) {
        explicit_bzero(entry, sizeof *entry);
    }
    pthread_mutex_unlock(&self->locks[at % LOCKS]);
}
