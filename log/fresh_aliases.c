/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Two halves: while writing goes on without a pause there is always a row that is not on disk, so no single table would ever be
 * empty. The older half is emptied as a whole, and then the two change places. */
#include "log/fresh_aliases.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "log/table.h"

enum { SLOTS = 1024 };

struct row {
    struct hub_ulid was;
    uint64_t batch;
    uint64_t before; /* 1 + place of the name's row before this one; 0: none */
};

struct some {
    struct hub_table at; /* 1 + place in rows */
    struct hub_buf rows; /* struct row */
    uint64_t last;       /* batch of the newest */
};

struct hub_fresh_aliases {
    pthread_mutex_t lock; /* guards what follows */
    struct some now, past;
    uint64_t synced; /* batches up to here are on disk */
};

static void some_init(struct some *self)
{
    hub_table_init(&self->at, SLOTS);
    hub_buf_init(&self->rows);
    self->last = 0;
}

static void some_done(struct some *self)
{
    hub_table_done(&self->at);
    hub_buf_done(&self->rows);
}

struct hub_fresh_aliases *hub_fresh_aliases_new(void)
{
    struct hub_fresh_aliases *self = hub_memory_zero(sizeof *self);
    pthread_mutex_init(&self->lock, NULL);
    some_init(&self->now);
    some_init(&self->past);
    return self;
}

void hub_fresh_aliases_destroy(struct hub_fresh_aliases **self_p)
{
    struct hub_fresh_aliases *self = self_p == NULL ? NULL : *self_p;
    if (self == NULL) {
        return;
    }
    pthread_mutex_destroy(&self->lock);
    some_done(&self->now);
    some_done(&self->past);
    free(self);
    *self_p = NULL;
}

static struct row row_at(const struct some *some, uint64_t place)
{
    struct row row;
    memcpy(&row, some->rows.at + (place - 1) * sizeof row, sizeof row);
    return row;
}

/* The first row of a name that is not on disk yet: what it was before is. */
static bool find(const struct hub_fresh_aliases *self, struct some *some, const struct hub_name *key,
                 struct row *ret_row)
{
    const uint64_t *at = some->rows.len == 0 ? NULL : hub_table_find(&some->at, key);
    bool found = false;
    for (uint64_t place = at == NULL ? 0 : *at; place > 0;) {
        struct row row = row_at(some, place);
        if (row.batch <= self->synced) {
            break;
        }
        *ret_row = row;
        found = true;
        place = row.before;
    }
    return found;
}

void hub_fresh_aliases_add(struct hub_fresh_aliases *self, const struct hub_name *key, const struct hub_ulid *was,
                           uint64_t batch)
{
    struct row row = { .batch = batch };
    bool is_new;
    if (was != NULL) {
        row.was = *was;
    }
    pthread_mutex_lock(&self->lock);
    struct some *now = &self->now;
    uint64_t *at = hub_table_put(&now->at, key, &is_new);
    row.before = is_new ? 0 : *at;
    hub_buf_put(&now->rows, &row, sizeof row);
    *at = now->rows.len / sizeof row;
    now->last = batch;
    pthread_mutex_unlock(&self->lock);
}

void hub_fresh_aliases_synced(struct hub_fresh_aliases *self, uint64_t batch)
{
    pthread_mutex_lock(&self->lock);
    self->synced = batch;
    if (self->past.last <= batch) {
        struct some empty = self->past;
        hub_table_clear(&empty.at);
        hub_buf_clear(&empty.rows);
        self->past = self->now;
        self->now = empty;
    }
    pthread_mutex_unlock(&self->lock);
}

bool hub_fresh_aliases_find(struct hub_fresh_aliases *self, const struct hub_name *key, struct hub_ulid *ret_was)
{
    struct row row;
    pthread_mutex_lock(&self->lock);
    bool found = find(self, &self->past, key, &row) || find(self, &self->now, key, &row);
    pthread_mutex_unlock(&self->lock);
    if (found) {
        *ret_was = row.was;
    }
    return found;
}
