/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The tail thread: it sleeps on an eventfd until the log's commit position moves, folds what is new, and sleeps again.
 *
 * A failure of the views' store must not touch the log: the tail says so, forgets what was not written, and tries again, later
 * and later. Batches start at most every PACE_US: under load a batch then carries more events, and rows that change with every
 * one of them are written less often; when there is nothing to do, the first event is folded at once, and when somebody waits
 * for a position, nothing is put off. */
#include "replay/active_lists.h"
#include "replay/views_state.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    PACE_US = 25000,
    PACE_PER_EVENT_US = 100,
    PACE_MOST_US = 250000,
    HEARD_PACE_US = 5000,
    BACK_OFF_MIN_MS = 100,
    BACK_OFF_MAX_MS = 5000
};

void hub_views_wake(struct hub_views *self, struct hub_position commit)
{
    uint64_t before = atomic_load(&self->commit);
    while (before < commit.sequence && !atomic_compare_exchange_weak(&self->commit, &before, commit.sequence)) {
    }
    if (atomic_exchange(&self->is_asleep, false)) {
        hub_tail_nudge(self);
    }
}

void hub_views_hurry(struct hub_views *self)
{
    if (!atomic_exchange(&self->is_hurried, true)) {
        hub_tail_nudge(self);
    }
}

void hub_views_listen(struct hub_views *self, bool is_heard)
{
    atomic_store(&self->is_heard, is_heard);
}

void hub_tail_nudge(struct hub_views *self)
{
    uint64_t one = 1;
    (void) !write(self->wake_fd, &one, sizeof one); /* full only when it is awake already */
}

static bool has_work(struct hub_views *self)
{
    if (atomic_load(&self->is_stopping) || atomic_load(&self->commit) > atomic_load(&self->position)) {
        return true;
    }
    pthread_mutex_lock(&self->lock);
    bool has = self->retries != 0 || (self->rebuild != NULL && atomic_load(&self->rebuild->state) != HUB_REBUILD_RUNS);
    pthread_mutex_unlock(&self->lock);
    return has;
}

/* Sleep until woken, or for some milliseconds (-1: as long as it takes). */
static void rest(struct hub_views *self, int ms)
{
    struct pollfd on = { .fd = self->wake_fd, .events = POLLIN };
    uint64_t count;
    if (poll(&on, 1, ms) > 0) {
        (void) !read(self->wake_fd, &count, sizeof count);
    }
}

static void sleep_until_work(struct hub_views *self)
{
    while (!has_work(self)) {
        atomic_store(&self->is_asleep, true);
        if (!has_work(self)) {
            rest(self, -1);
        }
        atomic_store(&self->is_asleep, false);
    }
}

void hub_tail_publish(struct hub_views *self)
{
    const struct hub_parks *parks = hub_projector_parks(self->live.projector);
    if (self->live.company_events > 0) {
        self->live.company_events = 0;
        atomic_fetch_add(&self->credentials_epoch, 1);
    }
    pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < self->count; i++) {
        uint16_t number = self->infos[i]->number;
        hub_parks_count(parks, number, &self->parked_streams[number], &self->parked_events[number]);
    }
    self->error[0] = '\0';
    pthread_mutex_unlock(&self->lock);
    atomic_store(&self->position, self->live.mark.sequence);
    if (self->on_moved != NULL) {
        self->on_moved(self->arg, (struct hub_position){ self->live.mark.sequence });
    }
}

/* Remember which sessions are active, not more often than the events between would fill eight times that list. A list that
 * cannot be written is no loss. */
static void keep_list(struct hub_views *self)
{
    enum { EVENTS_A_SESSION = 8 };
    uint64_t sequence = self->live.mark.sequence;
    if (sequence >= self->list_next) {
        uint64_t sessions;
        (void) hub_active_lists_take(self->db, self->live.mark.places, sequence, &sessions);
        uint64_t pause = sessions * EVENTS_A_SESSION;
        self->list_next = sequence + (pause > self->list_every ? pause : self->list_every);
    }
}

static void on_batch(void *arg)
{
    hub_tail_publish(arg);
    keep_list(arg);
}

/* Fold everything that is committed. Returns 0 or < 0. */
static int fold_new(struct hub_views *self)
{
    return hub_stage_fold_to(&self->live, atomic_load(&self->commit), &self->is_stopping, on_batch, self);
}

static int retry(struct hub_views *self, uint32_t asked)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct hub_view_info *info = self->infos[i];
        if ((asked >> info->number & 1) != 0 &&
            hub_projector_retry(self->live.projector, self->log, info, self->live.mark.sequence) < 0) {
            return -1;
        }
    }
    return hub_stage_write(&self->live);
}

int hub_tail_chores(struct hub_views *self)
{
    pthread_mutex_lock(&self->lock);
    uint32_t asked = self->retries;
    self->retries = 0;
    struct hub_rebuild *rebuild = self->rebuild;
    pthread_mutex_unlock(&self->lock);
    int done = asked != 0 ? retry(self, asked) : 0;
    if (done < 0) {
        pthread_mutex_lock(&self->lock);
        self->retries |= asked;
        pthread_mutex_unlock(&self->lock);
    }
    if (done == 0 && rebuild != NULL && atomic_load(&rebuild->state) != HUB_REBUILD_RUNS) {
        done = hub_rebuild_switch(self, rebuild);
    }
    if (done == 0 && (asked != 0 || rebuild != NULL)) {
        hub_tail_publish(self);
    }
    return done;
}

/* Say what failed, once until it goes on again, and wait. */
static int give_way(struct hub_views *self, int back_off_ms)
{
    pthread_mutex_lock(&self->lock);
    bool is_new = self->error[0] == '\0';
    snprintf(self->error, sizeof self->error, "%s", self->live.why);
    pthread_mutex_unlock(&self->lock);
    if (is_new) {
        fprintf(stderr, "omnihub: the views wait and try again: %s position=%llu\n", self->live.why,
                (unsigned long long) atomic_load(&self->position));
    }
    rest(self, back_off_ms);
    (void) hub_stage_reset(&self->live); /* when it fails, so does the next batch */
    return back_off_ms * 2 < BACK_OFF_MAX_MS ? back_off_ms * 2 : BACK_OFF_MAX_MS;
}

static int64_t pace_of(const struct hub_views *self, uint64_t folded)
{
    if (atomic_load(&self->is_heard)) {
        return HEARD_PACE_US;
    }
    int64_t pace_us = folded < PACE_MOST_US / PACE_PER_EVENT_US ? (int64_t) folded * PACE_PER_EVENT_US : PACE_MOST_US;
    return pace_us > PACE_US ? pace_us : PACE_US;
}

static void keep_pace(struct hub_views *self, int64_t began_us, uint64_t folded)
{
    int64_t pace_us = pace_of(self, folded), left_us = pace_us;
    while (left_us > 0 && left_us <= pace_us && !atomic_exchange(&self->is_hurried, false) &&
           !atomic_load(&self->is_stopping)) {
        left_us = began_us + pace_us - hub_tick_us(self->world);
        rest(self, left_us > 0 ? (int) (left_us / 1000) + 1 : 0);
        left_us = began_us + pace_us - hub_tick_us(self->world);
    }
}

static void *run(void *arg)
{
    struct hub_views *self = arg;
    int back_off_ms = BACK_OFF_MIN_MS;
    for (;;) {
        sleep_until_work(self);
        if (atomic_load(&self->is_stopping)) {
            return NULL;
        }
        int64_t began_us = hub_tick_us(self->world);
        uint64_t before = atomic_load(&self->position);
        if (fold_new(self) == 0 && hub_tail_chores(self) == 0) {
            back_off_ms = BACK_OFF_MIN_MS;
            keep_pace(self, began_us, atomic_load(&self->position) - before);
        } else {
            back_off_ms = give_way(self, back_off_ms);
        }
    }
}

int hub_tail_start(struct hub_views *self)
{
    self->follows = pthread_create(&self->thread, NULL, run, self) == 0;
    if (self->follows) {
        pthread_setname_np(self->thread, "hub-views");
    }
    return self->follows ? 0 : -1;
}

void hub_tail_stop(struct hub_views *self)
{
    atomic_store(&self->is_stopping, true);
    if (self->follows) {
        hub_tail_nudge(self);
        pthread_join(self->thread, NULL);
        self->follows = false;
    }
}

int hub_views_catch_up(struct hub_views *self)
{
    atomic_store(&self->commit, hub_log_commit(self->log).sequence);
    if (fold_new(self) == 0 && hub_tail_chores(self) == 0) {
        return 0;
    }
    pthread_mutex_lock(&self->lock);
    snprintf(self->error, sizeof self->error, "%s", self->live.why);
    pthread_mutex_unlock(&self->lock);
    (void) hub_stage_reset(&self->live);
    return -1;
}
