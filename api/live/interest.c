/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Counts behind a mutex: sockets come and go on loops, the feed looks once an event. */
#include "api/live/interest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"

/* How many listen: to a company's contract by role, or to one topic (all in role 0). */
struct ears {
    struct hub_live_entry entry; /* key: company and contract, or a topic */
    uint32_t all[HUB_LIVE_ROLES], some[HUB_LIVE_ROLES];
    uint32_t count;
};

struct hub_interest {
    pthread_mutex_t lock; /* guards the tables */
    struct hub_live_table companies, topics;
    atomic_size_t count;
    atomic_uint_fast64_t epoch, since;
};

struct hub_interest *hub_interest_new(void)
{
    struct hub_interest *self = hub_memory_zero(sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

static void free_all(struct hub_live_table *table)
{
    struct hub_live_entry *entry;
    while ((entry = hub_live_table_next(table, NULL)) != NULL) {
        hub_live_table_remove(table, entry);
        free(entry); /* the first member of its ears */
    }
    hub_live_table_done(table);
}

void hub_interest_destroy(struct hub_interest **self_p)
{
    struct hub_interest *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        free_all(&self->companies);
        free_all(&self->topics);
        pthread_mutex_destroy(&self->lock);
        free(self);
    }
}

static struct ears *ears_of(struct hub_live_table *table, struct hub_live_key key)
{
    return (struct ears *) hub_live_table_find(table, key);
}

static struct ears *make_ears(struct hub_live_table *table, struct hub_live_key key)
{
    struct ears *ears = ears_of(table, key);
    if (ears == NULL) {
        ears = hub_memory_zero(sizeof *ears);
        ears->entry.key = key;
        hub_live_table_add(table, &ears->entry);
    }
    ears->count++;
    return ears;
}

static void leave_ears(struct hub_live_table *table, struct ears *ears)
{
    if (--ears->count == 0) {
        hub_live_table_remove(table, &ears->entry);
        free(ears);
    }
}

static struct hub_live_key company_key(struct hub_ulid company, uint8_t contract)
{
    return (struct hub_live_key){ company, contract, 0 };
}

uint64_t hub_interest_add(struct hub_interest *self, const struct hub_lens *lens, uint64_t now)
{
    bool is_all = lens->topic == HUB_TOPIC_company;
    pthread_mutex_lock(&self->lock);
    struct ears *ears = make_ears(&self->companies, company_key(lens->company, lens->contract));
    (is_all ? ears->all : ears->some)[lens->role % HUB_LIVE_ROLES]++;
    if (!is_all) {
        make_ears(&self->topics, hub_lens_topic(lens));
    }
    if (atomic_load(&self->count) == 0) {
        atomic_store(&self->since, now);
    }
    atomic_fetch_add(&self->count, 1);
    uint64_t epoch = atomic_fetch_add(&self->epoch, 1) + 1;
    pthread_mutex_unlock(&self->lock);
    return epoch;
}

void hub_interest_drop(struct hub_interest *self, const struct hub_lens *lens)
{
    bool is_all = lens->topic == HUB_TOPIC_company;
    pthread_mutex_lock(&self->lock);
    struct ears *ears = ears_of(&self->companies, company_key(lens->company, lens->contract));
    (is_all ? ears->all : ears->some)[lens->role % HUB_LIVE_ROLES]--;
    leave_ears(&self->companies, ears);
    if (!is_all) {
        leave_ears(&self->topics, ears_of(&self->topics, hub_lens_topic(lens)));
    }
    atomic_fetch_sub(&self->count, 1);
    pthread_mutex_unlock(&self->lock);
}

size_t hub_interest_count(const struct hub_interest *self)
{
    return atomic_load(&self->count);
}

uint64_t hub_interest_epoch(const struct hub_interest *self)
{
    return atomic_load(&self->epoch);
}

uint64_t hub_interest_since(const struct hub_interest *self)
{
    return atomic_load(&self->since);
}

bool hub_interest_hearers(const struct hub_interest *self, struct hub_ulid company, uint8_t contract,
                          struct hub_hearers *ret_hearers)
{
    pthread_mutex_t *lock = (pthread_mutex_t *) &self->lock;
    *ret_hearers = (struct hub_hearers){ 0 };
    pthread_mutex_lock(lock);
    const struct ears *ears = (const struct ears *) hub_live_table_find(&self->companies,
                                                                        company_key(company, contract));
    for (unsigned role = 0; ears != NULL && role < HUB_LIVE_ROLES; role++) {
        ret_hearers->all |= (uint32_t) (ears->all[role] > 0) << role;
        ret_hearers->some |= (uint32_t) (ears->some[role] > 0) << role;
    }
    pthread_mutex_unlock(lock);
    return ears != NULL;
}

bool hub_interest_in(const struct hub_interest *self, enum hub_topic topic, struct hub_ulid id)
{
    pthread_mutex_t *lock = (pthread_mutex_t *) &self->lock;
    if (hub_ulid_is_none(id)) {
        return false;
    }
    pthread_mutex_lock(lock);
    bool found = hub_live_table_find(&self->topics, (struct hub_live_key){ id, (uint8_t) topic, 0 }) != NULL;
    pthread_mutex_unlock(lock);
    return found;
}
