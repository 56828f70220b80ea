/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The feed's thread. It begins a batch at most every pace: the more listen, the more events go into one write of each. */
#include "api/live/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "api/live/figures.h"
#include "base/memory.h"
#include "log/keyring/keyring.h"
#include "log/log.h"
#include "replay/views.h"

enum {
    PACE_US = 8000,
    PACE_PER_EAR_US = 3,
    PACE_MOST_US = 200000,
    BUSY_STEP_US = 1000,
    BUSY_MOST_US = 250000,
    EVENTS_AT_ONCE = 4096,
    BYTES_AT_ONCE = 128 * 1024
};

struct hub_feed {
    struct hub_feed_options options;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t stirred;
    bool has_moved, is_nudged, is_stopping;

    /* The thread's own. */
    bool is_running; /* somebody listens; `at` is where the batches are */
    uint64_t at;
    struct hub_renderer renderer;
    struct hub_arena *arena;
    struct hub_batch *batch; /* under way */
    struct hub_hearers hearers;
    struct hub_live_figures *figures; /* owned */
    int64_t figures_us;               /* until the next are due; -1: none wait */
    atomic_uint_fast64_t position, batches, events, frames;
};

static void stir(struct hub_feed *self, bool *flag)
{
    pthread_mutex_lock(&self->lock);
    *flag = true;
    pthread_cond_signal(&self->stirred);
    pthread_mutex_unlock(&self->lock);
}

void hub_feed_moved(struct hub_feed *self)
{
    if (hub_interest_count(self->options.interest) > 0) {
        stir(self, &self->has_moved);
    }
}

void hub_feed_nudge(struct hub_feed *self)
{
    stir(self, &self->is_nudged);
}

/* --- a batch --- */

/* Whether anybody hears a frame, before it is rendered. */
static bool wants(void *arg, const struct hub_frame *frame)
{
    const struct hub_feed *self = arg;
    const struct hub_interest *interest = self->options.interest;
    uint32_t roles = frame->row->roles;
    if ((self->hearers.all & roles) != 0) {
        return true;
    }
    /* Which agent a frame is about is known when it is filled. */
    return (self->hearers.some & roles) != 0 &&
           (frame->row->is_agents || hub_interest_in(interest, HUB_TOPIC_session, frame->session) ||
            hub_interest_in(interest, HUB_TOPIC_customer, frame->customer));
}

static void take(void *arg, const struct hub_rendered *rendered)
{
    struct hub_feed *self = arg;
    const struct hub_frame_row *row = rendered->row;
    hub_batch_add_to(self->batch, row->roles & (self->hearers.all | self->hearers.some), rendered);
    atomic_fetch_add_explicit(&self->frames, 1, memory_order_relaxed);
}

static void render(struct hub_feed *self, const struct hub_reading *reading, const struct hub_stored *stored)
{
    const struct hub_render_calls calls = { .wants = wants, .take = take, .arg = self };
    for (unsigned contract = HUB_CONTRACT_a; contract <= HUB_CONTRACT_b; contract++) {
        if (hub_interest_hearers(self->options.interest, stored->header.company, (uint8_t) contract, &self->hearers)) {
            hub_render_event(&self->renderer, reading, stored, (uint8_t) contract, &calls);
            if (self->hearers.all != 0) {
                hub_live_figures_note(self->figures, stored->header.company);
            }
        }
    }
}

static int render_all(const struct hub_reading *reading, void *arg)
{
    struct hub_feed *self = arg;
    struct hub_stored stored;
    struct hub_scan *scan = hub_scan_all(self->options.log, self->batch->from + 1, self->batch->to);
    int more;
    while ((more = hub_scan_next(scan, &stored)) == 1) {
        if (self->batch->bytes >= BYTES_AT_ONCE) {
            self->batch->to = stored.header.sequence - 1;
            break;
        }
        render(self, reading, &stored);
        atomic_fetch_add_explicit(&self->events, 1, memory_order_relaxed);
    }
    hub_scan_close(&scan);
    return more < 0 ? more : 0;
}

/* What cannot be read now is tried again with the next round; nothing is left out. */
static void publish(struct hub_feed *self)
{
    const struct hub_feed_options *options = &self->options;
    uint64_t epoch = hub_interest_epoch(options->interest);
    uint64_t to = hub_views_position(options->views).sequence;
    to = to - self->at > EVENTS_AT_ONCE ? self->at + EVENTS_AT_ONCE : to;
    self->batch = hub_batch_new(self->at, to, epoch);
    self->batch->erasures = hub_keyring_erasures(options->keys);
    hub_arena_reset(self->arena);
    if (to > self->at && hub_views_read(options->views, self->arena, render_all, self) < 0) {
        hub_batch_drop(&self->batch);
        return;
    }
    hub_batch_seal(self->batch);
    self->at = self->batch->to;
    atomic_store(&self->position, self->at);
    atomic_fetch_add_explicit(&self->batches, 1, memory_order_relaxed);
    struct hub_batch *batch = self->batch;
    self->batch = NULL;
    options->on_batch(options->arg, batch);
}

/* Figures are no event's and are not kept: in a batch without a position they reach those who are behind, too. */
static void publish_figures(struct hub_feed *self)
{
    struct hub_batch *batch = hub_batch_new(0, 0, 0);
    hub_arena_reset(self->arena);
    self->figures_us = hub_live_figures_say(self->figures, self->arena, batch);
    if (batch->lane_count == 0) {
        hub_batch_drop(&batch);
        return;
    }
    hub_batch_seal(batch);
    self->options.on_batch(self->options.arg, batch);
}

/* --- the thread --- */

static int64_t pace_of(const struct hub_feed *self)
{
    bool is_behind = self->at < hub_views_position(self->options.views).sequence;
    int64_t pace_us = PACE_US +
                      (is_behind ? 0 : (int64_t) hub_interest_count(self->options.interest) * PACE_PER_EAR_US);
    return pace_us < PACE_MOST_US ? pace_us : PACE_MOST_US;
}

/* Begin to follow, or stop, as somebody listens or nobody does any more. */
static void follow(struct hub_feed *self)
{
    bool is_heard = hub_interest_count(self->options.interest) > 0;
    if (is_heard != self->is_running) {
        self->is_running = is_heard;
        hub_views_listen(self->options.views, is_heard);
        self->at = hub_interest_since(self->options.interest);
    }
}

/* Wait for somebody to stir, or until figures are due. Returns false when that is so. */
static bool wait_for_stir(struct hub_feed *self)
{
    if (self->figures_us < 0) {
        return pthread_cond_wait(&self->stirred, &self->lock) == 0;
    }
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t at_ns = until.tv_nsec + self->figures_us * 1000;
    until.tv_sec += at_ns / 1000000000;
    until.tv_nsec = at_ns % 1000000000;
    return pthread_cond_timedwait(&self->stirred, &self->lock, &until) != ETIMEDOUT;
}

/* Wait for something to do. Returns false when it is time to stop. */
static bool wait_for_work(struct hub_feed *self)
{
    pthread_mutex_lock(&self->lock);
    while (!self->is_stopping && !self->has_moved && !self->is_nudged && wait_for_stir(self)) {
    }
    bool goes_on = !self->is_stopping;
    self->has_moved = self->is_nudged = false;
    pthread_mutex_unlock(&self->lock);
    return goes_on;
}

static void rest(int64_t us)
{
    struct timespec pause = { .tv_nsec = us * 1000 };
    if (us > 0) {
        nanosleep(&pause, NULL);
    }
}

/* Sleep out the pace; and as long as the batch before is not with everybody, so that what comes goes into one write. */
static void keep_pace(const struct hub_feed *self, int64_t began_us)
{
    const struct hub_world *world = self->options.world;
    rest(began_us + pace_of(self) - hub_tick_us(world));
    while (self->options.is_busy(self->options.arg) && hub_tick_us(world) - began_us < BUSY_MOST_US) {
        rest(BUSY_STEP_US);
    }
}

static void *run(void *arg)
{
    struct hub_feed *self = arg;
    while (wait_for_work(self)) {
        int64_t began_us = hub_tick_us(self->options.world);
        follow(self);
        self->figures_us = -1;
        if (self->is_running) {
            publish(self);
            publish_figures(self);
            if (self->at < hub_views_position(self->options.views).sequence) {
                hub_feed_nudge(self);
            }
            keep_pace(self, began_us);
        }
    }
    return NULL;
}

struct hub_feed *hub_feed_new(const struct hub_feed_options *options)
{
    struct hub_feed *self = hub_memory_zero(sizeof *self);
    self->options = *options;
    self->arena = hub_arena_new(0);
    hub_renderer_init(&self->renderer, options->log, options->keys);
    pthread_mutex_init(&self->lock, NULL);
    self->figures = hub_live_figures_new(options->views, options->interest, options->world);
    self->figures_us = -1;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&self->stirred, &clock);
    pthread_condattr_destroy(&clock);
    if (pthread_create(&self->thread, NULL, run, self) != 0) {
        self->is_stopping = true; /* nothing to join */
        self->thread = pthread_self();
        hub_feed_destroy(&self);
        return NULL;
    }
    pthread_setname_np(self->thread, "hub-feed");
    return self;
}

void hub_feed_stop(struct hub_feed *self)
{
    if (self != NULL && !self->is_stopping) {
        stir(self, &self->is_stopping);
        pthread_join(self->thread, NULL);
    }
}

void hub_feed_destroy(struct hub_feed **self_p)
{
    struct hub_feed *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    hub_feed_stop(self);
    hub_live_figures_destroy(&self->figures);
    hub_renderer_done(&self->renderer);
    hub_arena_destroy(&self->arena);
    pthread_cond_destroy(&self->stirred);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

void hub_feed_stats(const struct hub_feed *self, struct hub_feed_stats *ret_stats)
{
    *ret_stats = (struct hub_feed_stats){
        .position = atomic_load(&self->position),
        .batches = atomic_load(&self->batches),
        .events = atomic_load(&self->events),
        .frames = atomic_load(&self->frames),
    };
}
