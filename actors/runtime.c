/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Starting and stopping the runtime, and passing written appends back to their workers. */
#include "actors/runtime.h"

#include <assert.h>
#include <czmq.h>

#include "actors/outcome.h"
#include "actors/pump.h"
#include "actors/worker.h"
#include "base/memory.h"

enum {
    MAILBOX_DEFAULT = 8192,
    ACTIVE_DEFAULT = 100000,
    ACTIVE_BYTES_DEFAULT = 64 * 1024 * 1024,
    IDLE_DEFAULT_S = 300,
    STALL_DEFAULT_S = 10,
    LOOK_US = 1000,
    LOOKS_A_SECOND = 1000,
    DRAIN_MS = 10000,
    WORKERS_MOST = 64,
};

struct hub_runtime {
    struct hub_runtime_options options;
    struct hub_mailboxes boxes;
    struct hub_crash_guard *guard;
    struct hub_writer *writer;
    struct hub_worker **workers;
    struct hub_pump *pump;
    struct hub_port *written_port; /* the log actor's thread's own */
    uint64_t committed;            /* last position published; the log actor's thread only */
};

/* On the log actor's thread: every outcome goes back to its worker, in order. */
static void on_written(void *arg, struct hub_append *const *appends, size_t count)
{
    struct hub_runtime *self = arg;
    struct hub_outcome *first[WORKERS_MOST] = { 0 };
    struct hub_outcome *last[WORKERS_MOST] = { 0 };
    bool pending = false;
    if (self->written_port == NULL) {
        self->written_port = hub_mailbox_port_new(&self->boxes);
    }
    for (size_t i = 0; i < count; i++) {
        struct hub_outcome *outcome = appends[i]->owner;
        unsigned worker = outcome->worker;
        outcome->next = NULL;
        *(last[worker] != NULL ? &last[worker]->next : &first[worker]) = outcome;
        last[worker] = outcome;
        pending |= appends[i]->pending_count > 0;
    }
    for (unsigned i = 0; i < self->boxes.workers; i++) {
        if (first[i] != NULL) {
            hub_port_post(self->written_port, i, (struct hub_mail){ .at = first[i], .kind = HUB_MAIL_written });
        }
    }
    if (pending) {
        hub_port_post(self->written_port, self->boxes.workers, (struct hub_mail){ .kind = HUB_MAIL_wake });
    }
    struct hub_position commit = hub_log_commit(self->options.log);
    if (self->options.on_commit != NULL && commit.sequence != self->committed) {
        self->committed = commit.sequence;
        self->options.on_commit(self->options.arg, commit);
    }
}

static void take_defaults(struct hub_runtime_options *options)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (options->workers == 0) {
        options->workers = cores > 2 ? (unsigned) cores - 1 : 1;
    }
    options->workers = options->workers > WORKERS_MOST ? WORKERS_MOST : options->workers;
    options->mailbox = options->mailbox == 0 ? MAILBOX_DEFAULT : options->mailbox;
    options->active_entities = options->active_entities == 0 ? ACTIVE_DEFAULT : options->active_entities;
    options->active_bytes = options->active_bytes == 0 ? ACTIVE_BYTES_DEFAULT : options->active_bytes;
    options->stall_us = options->stall_us == 0 ? (int64_t) STALL_DEFAULT_S * 1000000 : options->stall_us;
    options->idle_us = options->idle_us == 0 ? (int64_t) IDLE_DEFAULT_S * 1000000 : options->idle_us;
}

/* Wait until the workers have nothing under way, or the deadline has passed. */
static bool drain(struct hub_runtime *self)
{
    int64_t until = zclock_mono() + DRAIN_MS;
    while (atomic_load(&self->boxes.all) > 0 && zclock_mono() < until) {
        zclock_sleep(1);
    }
    return atomic_load(&self->boxes.all) == 0;
}

static void start_actors(struct hub_runtime *self)
{
    const struct hub_runtime_options *options = &self->options;
    self->boxes.log = options->log;
    self->boxes.names = hub_names_new(options->log, options->world, 0);
    self->boxes.workers = options->workers;
    self->boxes.room = options->mailbox;
    hub_mailboxes_open(&self->boxes);
    self->writer = hub_writer_new(
        &(struct hub_writer_options){ .sink = options->sink, .on_written = on_written, .arg = self });
    self->workers = hub_memory_zero(options->workers * sizeof(struct hub_worker *));
    for (unsigned i = 0; i < options->workers; i++) {
        struct hub_worker_options worker = { .runtime = options,
                                             .boxes = &self->boxes,
                                             .writer = self->writer,
                                             .guard = self->guard,
                                             .index = i,
                                             .active_entities = options->active_entities / options->workers + 1,
                                             .active_bytes = options->active_bytes / options->workers + 1,
                                             .idle_us = options->idle_us };
        self->workers[i] = hub_worker_new(&worker);
    }
}

/* What a crash left half done is finished before the door opens. */
struct recovery {
    struct hub_runtime *runtime;
    uint64_t sent;
    unsigned looks; /* since somebody was told */
};

/* Grows with everything that is done. */
static uint64_t done_so_far(const struct hub_runtime *self)
{
    uint64_t done = hub_log_commit(self->options.log).sequence;
    for (unsigned i = 0; i < self->boxes.workers; i++) {
        const struct hub_worker_counts *counts = hub_worker_counts(self->workers[i]);
        done += atomic_load(&counts->commands) + atomic_load(&counts->conflicts);
    }
    return done;
}

static bool is_wanted(struct recovery *self)
{
    const struct hub_runtime_options *options = &self->runtime->options;
    if (++self->looks < LOOKS_A_SECOND) {
        return true;
    }
    self->looks = 0;
    return options->on_recovery == NULL || options->on_recovery(options->arg, self->sent);
}

/* Wait until the workers have nothing under way. What counts is how often nothing had moved since the look before, not what the
 * clock says: a process that was suspended has lost no time. */
static bool finish_piece(struct recovery *self)
{
    struct hub_runtime *runtime = self->runtime;
    uint64_t done = done_so_far(runtime);
    int64_t idle_us = 0;
    bool goes_on = true;
    while (goes_on && atomic_load(&runtime->boxes.all) > 0) {
        zclock_sleep(LOOK_US / 1000);
        uint64_t now = done_so_far(runtime);
        idle_us = now == done ? idle_us + LOOK_US : 0;
        done = now;
        goes_on = idle_us < runtime->options.stall_us && is_wanted(self);
    }
    return goes_on;
}

static int recover(struct hub_runtime *self, char *ret_why, size_t why_size)
{
    struct hub_port *port = hub_mailbox_port_new(&self->boxes);
    struct recovery recovery = { .runtime = self };
    struct hub_pending_key first = hub_pending_key_make(HUB_PENDING_follow, 0, 0, 0),
                           at = hub_pending_key_before(&first);
    int64_t count;
    bool is_done = true;
    while (is_done && (count = hub_pump_recover(&self->options, port, self->options.mailbox, &at)) != 0) {
        recovery.sent += count > 0 ? (uint64_t) count : 0;
        is_done = count > 0 && finish_piece(&recovery);
    }
    hub_port_destroy(&port);
    if (!is_done) {
        snprintf(ret_why, why_size, "follow-ups of before the last stop could not be finished; %llu were sent",
                 (unsigned long long) recovery.sent);
    }
    return is_done ? 0 : -HUB_ERROR_internal;
}

int hub_runtime_start(const struct hub_runtime_options *options, struct hub_runtime **ret_runtime, char *ret_why,
                      size_t why_size)
{
    struct hub_runtime *self = hub_memory_zero(sizeof *self);
    self->options = *options;
    take_defaults(&self->options);
    int failed = hub_crash_guard_open(options->data_dir, self->options.workers, &self->guard, ret_why, why_size);
    if (failed != 0) {
        free(self);
        return failed;
    }
    start_actors(self);
    failed = recover(self, ret_why, why_size);
    if (failed != 0) {
        hub_runtime_stop(&self);
        return failed;
    }
    self->pump = hub_pump_new(&(struct hub_pump_options){ .runtime = &self->options, .boxes = &self->boxes });
    *ret_runtime = self;
    return 0;
}

void hub_runtime_stop(struct hub_runtime **self_p)
{
    struct hub_runtime *self = *self_p;
    if (self == NULL) {
        return;
    }
    hub_pump_destroy(&self->pump);
    drain(self);
    for (unsigned i = 0; i < self->boxes.workers; i++) {
        hub_worker_destroy(&self->workers[i]); /* before the writer, which a worker that is late would still send to */
    }
    hub_writer_destroy(&self->writer);
    hub_port_destroy(&self->written_port);
    hub_names_destroy(&self->boxes.names);
    hub_crash_guard_close(&self->guard);
    free(self->workers);
    hub_mailboxes_close(&self->boxes);
    free(self);
    *self_p = NULL;
}

struct hub_port *hub_port_new(struct hub_runtime *runtime)
{
    return hub_mailbox_port_new(&runtime->boxes);
}

size_t hub_runtime_parked(const struct hub_runtime *self, struct hub_parked_input *ret_inputs, size_t room)
{
    return hub_crash_guard_list(self->guard, ret_inputs, room);
}

void hub_runtime_release(struct hub_runtime *self, uint64_t fingerprint)
{
    hub_crash_guard_release(self->guard, fingerprint);
}

void hub_runtime_stats(const struct hub_runtime *self, struct hub_runtime_stats *ret_stats)
{
    memset(ret_stats, 0, sizeof *ret_stats);
    for (unsigned i = 0; i < self->boxes.workers; i++) {
        const struct hub_worker_counts *counts = hub_worker_counts(self->workers[i]);
        ret_stats->commands += atomic_load(&counts->commands);
        ret_stats->refusals += atomic_load(&counts->refusals);
        ret_stats->events += atomic_load(&counts->events);
        ret_stats->conflicts += atomic_load(&counts->conflicts);
        ret_stats->forwards += atomic_load(&counts->forwards);
        ret_stats->activations += atomic_load(&counts->activations);
        ret_stats->passivations += atomic_load(&counts->passivations);
        ret_stats->active_entities += atomic_load(&counts->active);
        ret_stats->active_bytes += atomic_load(&counts->active_bytes);
        ret_stats->timed += atomic_load(&counts->timed);
        ret_stats->queue_us += atomic_load(&counts->queue_us);
        ret_stats->decide_us += atomic_load(&counts->decide_us);
        ret_stats->log_us += atomic_load(&counts->log_us);
    }
    struct hub_pump_stats pump;
    hub_pump_stats(self->pump, &pump);
    ret_stats->timers = pump.timers;
    ret_stats->effects = pump.effects;
    ret_stats->pending_effects = pump.in_flight;
    ret_stats->dead = pump.dead;
    ret_stats->overloads = atomic_load(&self->boxes.overloads);
    ret_stats->waiting = atomic_load(&self->boxes.all);
    ret_stats->parked = hub_crash_guard_parked(self->guard);
}
