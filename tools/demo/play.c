/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Plays lives: some threads, each with its share of the customers and a queue of their turns in simulated time. A customer's turns
 * are in order and follow from the seed; those of different threads come as they come. */
#include "tools/demo/play.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/world.h"
#include "tools/demo/play_company.h"
#include "tools/progress.h"
#include "tools/serve/signals.h"
#include "tools/tool.h"

enum { THREADS = 8, LOOK_US = 100000, SIMULATED_S = 1000000 };

struct stage;

/* One thread's share. */
struct player {
    struct stage *stage;
    pthread_t thread;
    struct hub_play_life *lives; /* owned; a heap: the next turn is at the top */
    uint32_t count;
    bool is_started;
};

struct stage {
    const struct hub_play_options *options;
    struct player players[THREADS];
    struct hub_play_agents agents;
    uint64_t delivered; /* by the campaign */
    _Atomic uint64_t turns[HUB_PLAY_TURNS];
    _Atomic uint32_t over;        /* lives that ended */
    _Atomic int64_t simulated_us; /* the latest turn */
    _Atomic bool is_stopped, has_failed;
    pthread_mutex_t lock; /* guards why */
    char why[256];        /* of the first failure */
    int64_t began_us;
};

/* --- The queue --- */

static void sink(struct hub_play_life *heap, uint32_t count, uint32_t at)
{
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
            least = heap[child].at_us < heap[least].at_us ? child : least;
        }
        if (least == at) {
            return;
        }
        struct hub_play_life life = heap[at];
        heap[at] = heap[least];
        heap[least] = life;
        at = least;
    }
}

static void fill(struct player *self, uint32_t number)
{
    const struct hub_play_options *options = self->stage->options;
    uint32_t room = options->customers / THREADS + 1;
    self->lives = hub_memory_new(room * sizeof *self->lives);
    for (; number <= options->customers; number += THREADS) {
        hub_play_begin(&self->lives[self->count++], options->seed, number);
    }
    for (uint32_t at = self->count / 2; at-- > 0;) {
        sink(self->lives, self->count, at);
    }
}

/* --- Playing --- */

static void fail(struct stage *self, const char *why)
{
    pthread_mutex_lock(&self->lock);
    if (!self->has_failed && !self->is_stopped) {
        snprintf(self->why, sizeof self->why, "%s", why);
        self->has_failed = true;
    }
    self->is_stopped = true;
    pthread_mutex_unlock(&self->lock);
}

static void note(struct stage *self, enum hub_play_turn turn, int64_t at_us)
{
    self->turns[turn]++;
    int64_t latest = self->simulated_us;
    while (latest < at_us && !atomic_compare_exchange_weak(&self->simulated_us, &latest, at_us)) {
    }
}

static void *play(void *arg)
{
    struct player *self = arg;
    struct stage *stage = self->stage;
    struct hub_http *http = hub_http_new(stage->options->url, stage->options->key);
    struct hub_play_asker asker;
    hub_play_asker_init(&asker, http, stage->options->run);
    asker.agents = &stage->agents;
    while (self->count > 0 && !stage->is_stopped) {
        struct hub_play_life *life = &self->lives[0];
        enum hub_play_turn turn = life->turn;
        if (hub_play_take(&asker, life) < 0) {
            fail(stage, asker.why);
            break;
        }
        note(stage, turn, life->at_us);
        if (!hub_play_go_on(life)) {
            stage->over++;
            *life = self->lives[--self->count];
        }
        sink(self->lives, self->count, 0);
    }
    hub_play_asker_done(&asker);
    hub_http_destroy(&http);
    return NULL;
}

/* --- Showing --- */

static uint64_t all_turns(struct stage *self)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < HUB_PLAY_TURNS; i++) {
        all += self->turns[i];
    }
    return all;
}

static double elapsed_s(const struct stage *self)
{
    return (double) (hub_tick_us(hub_world_real()) - self->began_us) / 1e6;
}

static bool is_over(struct stage *self)
{
    return self->is_stopped || self->over == self->options->customers;
}

/* Watch until everybody is done or a signal says stop. Returns true when one did. */
static bool watch(struct stage *self)
{
    struct hub_progress progress;
    bool is_stopped = false;
    hub_progress_start(&progress, "customers");
    while (!is_over(self)) {
        if (hub_signals_wait(LOOK_US) > 0) {
            is_stopped = true;
            self->is_stopped = true;
        }
        hub_progress_show(&progress, self->over, self->options->customers);
    }
    hub_progress_end(&progress);
    return is_stopped;
}

static void sum_up(struct stage *self, bool is_stopped)
{
    FILE *out = self->options->out;
    double seconds = elapsed_s(self);
    int64_t minutes = self->simulated_us / SIMULATED_S / 60;
    fprintf(out,
            "\n%s %u of %u customers, seed %" PRIu64 ": %" PRId64 " h %02" PRId64 " min of conversation in %.1f s\n\n",
            is_stopped ? "Stopped after" : "Played", (unsigned) self->over, (unsigned) self->options->customers,
            self->options->seed, minutes / 60, minutes % 60, seconds);
    for (unsigned i = 0; i < HUB_PLAY_TURNS; i++) {
        fprintf(out, "  %9" PRIu64 "  %s\n", (uint64_t) self->turns[i], hub_play_turn_counts(i));
    }
    fprintf(out, "  %9" PRIu64 "  recipients reached by a campaign\n", self->delivered);
    fprintf(out, "  %9" PRIu64 "  requests in all, %.0f a second\n", all_turns(self),
            seconds > 0 ? (double) all_turns(self) / seconds : 0.0);
}

/* What is done before and after the customers, by the main thread. */
static void manage(struct stage *self, bool is_over)
{
    struct hub_http *http = hub_http_new(self->options->url, self->options->key);
    struct hub_play_asker asker;
    hub_play_asker_init(&asker, http, self->options->run);
    int done = is_over ? hub_play_campaign(&asker, self->options->customers, &self->delivered)
                       : hub_play_hire(&asker, &self->agents);
    if (done < 0) {
        fail(self, asker.why);
    }
    hub_play_asker_done(&asker);
    hub_http_destroy(&http);
}

int hub_play(const struct hub_play_options *options)
{
    struct stage *self = hub_memory_new(sizeof *self);
    *self = (struct stage){ .options = options, .began_us = hub_tick_us(hub_world_real()) };
    pthread_mutex_init(&self->lock, NULL);
    manage(self, false);
    for (uint32_t i = 0; i < THREADS; i++) {
        struct player *player = &self->players[i];
        player->stage = self;
        fill(player, i + 1);
        player->is_started = pthread_create(&player->thread, NULL, play, player) == 0;
        if (!player->is_started) {
            fail(self, "a thread could not be started");
        }
    }
    bool is_stopped = watch(self);
    for (uint32_t i = 0; i < THREADS; i++) {
        if (self->players[i].is_started) {
            pthread_join(self->players[i].thread, NULL);
        }
        free(self->players[i].lives);
    }
    if (!self->is_stopped) {
        manage(self, true);
    }
    bool has_failed = self->has_failed;
    sum_up(self, is_stopped || has_failed);
    if (has_failed) {
        hub_tool_fail("%s", self->why);
    }
    pthread_mutex_destroy(&self->lock);
    free(self);
    return has_failed ? -1 : is_stopped;
}
