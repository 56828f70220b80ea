/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A worker's life: it takes mail, a round at a time, and now and then lets idle entities go. */
#include "actors/worker.h"

#include <assert.h>
#include <czmq.h>

#include "actors/worker_state.h"
#include "base/cache.h"
#include "base/memory.h"

enum { MAIL_AT_ONCE = 512, SWEEP_MS = 1000, AHEAD_STEPS = 3 };

static void publish_counts(struct hub_worker *self)
{
    struct hub_entities_stats stats = hub_entities_stats(self->entities);
    atomic_store_explicit(&self->counts.active, stats.active, memory_order_relaxed);
    atomic_store_explicit(&self->counts.active_bytes, stats.bytes, memory_order_relaxed);
    atomic_store_explicit(&self->counts.activations, stats.activations, memory_order_relaxed);
    atomic_store_explicit(&self->counts.passivations, stats.passivations, memory_order_relaxed);
}

static struct hub_stream stream_of(const struct hub_command *command)
{
    return (struct hub_stream){ .company = command->caller.company,
                                .entity = command->names[command->target].id,
                                .kind = command->target };
}

/* While a command is handled, the next ones come nearer: the third its place in the table, the second its entity, the first its
 * state. */
static void look_ahead(struct hub_worker *self, const struct hub_command *next)
{
    for (unsigned step = AHEAD_STEPS; step-- > 0 && next != NULL; next = next->next) {
        const struct hub_stream stream = stream_of(next);
        hub_entities_expect(self->entities, &stream, step);
        if (step == 0 && next->next != NULL) {
            hub_cache_read(next->next, sizeof *next);
        }
    }
}

static void handle_commands(struct hub_worker *self, struct hub_command *command)
{
    while (command != NULL) {
        struct hub_command *next = command->next;
        command->next = NULL;
        look_ahead(self, next);
        hub_worker_command(self, command);
        command = next;
    }
}

static void handle_mail(struct hub_worker *self, const struct hub_mail *mail)
{
    if (mail->kind == HUB_MAIL_command) {
        handle_commands(self, mail->at);
    } else if (mail->kind == HUB_MAIL_written) {
        hub_worker_written(self, mail->at);
    }
}

/* Handle mail, as much as one round holds. */
static void work(struct hub_worker *self, const struct hub_mail *mail, size_t count)
{
    self->tick_us = hub_tick_us(self->world);
    for (size_t i = 0; i < count; i++) {
        handle_mail(self, &mail[i]);
    }
    hub_worker_end_round(self);
    if (self->tick_us - self->swept_tick_us > SWEEP_MS * 1000) {
        hub_entities_sweep(self->entities, self->tick_us);
        self->swept_tick_us = self->tick_us;
    }
    publish_counts(self);
}

static void set_up(struct hub_worker *self)
{
    const struct hub_runtime_options *runtime = self->options.runtime;
    self->inbox = self->options.boxes->inboxes[self->options.index];
    self->port = hub_mailbox_port_new(self->options.boxes);
    hub_port_gather(self->port);
    self->entities = hub_entities_new(&(struct hub_entities_options){ .log = runtime->log,
                                                                      .snapshots = runtime->snapshots,
                                                                      .room = self->options.active_entities,
                                                                      .bytes = self->options.active_bytes,
                                                                      .idle_us = self->options.idle_us });
    self->writer = hub_writer_port_new(self->options.writer);
    self->context = (struct hub_outcome_context){
        .world = self->world, .keys = runtime->keys, .log = runtime->log, .scratch = &self->scratch
    };
}

static void tear_down(struct hub_worker *self)
{
    hub_writer_port_destroy(&self->writer);
    hub_port_destroy(&self->port);
    hub_entities_destroy(&self->entities);
    hub_buf_done(&self->scratch);
}

static void worker_main(zsock_t *pipe, void *arg)
{
    struct hub_worker *self = arg;
    (void) pthread_setname_np(pthread_self(), "hub-worker");
    set_up(self);
    zsock_signal(pipe, 0);
    for (bool is_last = false; !is_last;) {
        void *mail = NULL;
        is_last = hub_inbox_is_stopped(self->inbox);
        size_t count = hub_inbox_take(self->inbox, SWEEP_MS, &mail);
        for (size_t at = 0; at == 0 || at < count; at += MAIL_AT_ONCE) {
            size_t rest = count - at;
            work(self, (const struct hub_mail *) mail + at, rest < MAIL_AT_ONCE ? rest : MAIL_AT_ONCE);
        }
    }
    tear_down(self);
    free(zstr_recv(pipe)); /* $TERM, the only word that comes */
    hub_hand_over(&self->over);
}

struct hub_worker *hub_worker_new(const struct hub_worker_options *options)
{
    struct hub_worker *self = hub_memory_zero(sizeof *self);
    self->options = *options;
    self->world = options->runtime->world;
    hub_buf_init(&self->scratch);
    self->actor = zactor_new(worker_main, self);
    assert(self->actor != NULL);
    return self;
}

void hub_worker_destroy(struct hub_worker **self_p)
{
    struct hub_worker *self = *self_p;
    if (self == NULL) {
        return;
    }
    hub_inbox_stop(self->options.boxes->inboxes[self->options.index]);
    zactor_destroy(&self->actor);
    hub_take_over(&self->over);
    free(self);
    *self_p = NULL;
}

const struct hub_worker_counts *hub_worker_counts(const struct hub_worker *self)
{
    return &self->counts;
}
