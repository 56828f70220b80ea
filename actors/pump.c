/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Offering pending rows. A row stays until the append that does it deletes it, so what was offered is remembered by key and not
 * offered again while it is under way; after a restart it is offered afresh. */
#include "actors/pump.h"

#include <assert.h>
#include <czmq.h>

#include "actors/outcome.h"
#include "base/memory.h"

enum {
    IN_FLIGHT = 1024,            /* of a kind, at most */
    TICK_MS = 100,               /* longest time between two looks */
    STALE_US = 30 * 1000 * 1000, /* an offer nobody settled in this time is made again */
};

/* Rows of one kind that were offered. Slots are few: a linear search is enough. */
struct offered {
    uint8_t kind;
    size_t count;
    struct {
        struct hub_pending_key key;
        int64_t tick_us; /* when it was offered */
        bool seen;       /* still there at the look under way */
    } rows[IN_FLIGHT];
};

struct hub_pump {
    struct hub_pump_options options;
    zactor_t *actor;
    zsock_t *mailbox;
    struct hub_port *port;
    struct offered timers, effects;
    int64_t tick_us;
    atomic_ulong timer_count, effect_count, in_flight;
};

/* Whether a row was offered already; marks it as still there. */
static bool was_offered(struct offered *self, const struct hub_pending_key *key, int64_t tick_us)
{
    for (size_t i = 0; i < self->count; i++) {
        if (memcmp(&self->rows[i].key, key, sizeof *key) == 0) {
            self->rows[i].seen = true;
            bool stale = tick_us - self->rows[i].tick_us > STALE_US;
            if (stale) {
                self->rows[i].tick_us = tick_us;
            }
            return !stale;
        }
    }
    return false;
}

static void remember(struct offered *self, const struct hub_pending_key *key, int64_t tick_us)
{
    for (size_t i = 0; i < self->count; i++) {
        if (memcmp(&self->rows[i].key, key, sizeof *key) == 0) {
            return;
        }
    }
    self->rows[self->count].key = *key;
    self->rows[self->count].tick_us = tick_us;
    self->rows[self->count].seen = true;
    self->count++;
}

/* Rows that are no longer there have been settled. */
static void forget_settled(struct offered *self)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (self->rows[i].seen) {
            self->rows[kept] = self->rows[i];
            self->rows[kept++].seen = false;
        }
    }
    self->count = kept;
}

/* --- timers --- */

static bool offer_timer(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct hub_pump *self = arg;
    if (was_offered(&self->timers, key, self->tick_us)) {
        return true;
    }
    struct hub_command *command = hub_command_from_pending(key, value);
    if (command == NULL) {
        return true;
    }
    if (self->timers.count == IN_FLIGHT || hub_port_send(self->port, &command) != 0) {
        hub_command_destroy(&command);
        return false;
    }
    remember(&self->timers, key, self->tick_us);
    atomic_fetch_add(&self->timer_count, 1);
    return true;
}

/* --- effects --- */

static bool offer_effect(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct hub_pump *self = arg;
    const struct hub_runtime_options *runtime = self->options.runtime;
    if (was_offered(&self->effects, key, self->tick_us)) {
        return true;
    }
    struct hub_effect *effect = hub_effect_from_pending(key, value);
    if (effect == NULL) {
        return true;
    }
    if (self->effects.count == IN_FLIGHT || runtime->on_effect == NULL || !runtime->on_effect(runtime->arg, effect)) {
        hub_arena_destroy(&effect->arena);
        return false;
    }
    remember(&self->effects, key, self->tick_us);
    atomic_fetch_add(&self->effect_count, 1);
    return true;
}

static void look(struct hub_pump *self)
{
    struct hub_log *log = self->options.runtime->log;
    const struct hub_world *world = self->options.runtime->world;
    self->tick_us = hub_tick_us(world);
    int64_t now_us = hub_now_us(world);
    (void) hub_log_pending(log, HUB_PENDING_timer, now_us, NULL, offer_timer, self);
    forget_settled(&self->timers);
    (void) hub_log_pending(log, HUB_PENDING_effect, now_us, NULL, offer_effect, self);
    forget_settled(&self->effects);
    atomic_store(&self->in_flight, self->timers.count + self->effects.count);
}

static void pump_main(zsock_t *pipe, void *arg)
{
    struct hub_pump *self = arg;
    self->mailbox = hub_mailbox_open(self->options.boxes, self->options.boxes->workers);
    self->port = hub_mailbox_port_new(self->options.boxes);
    zsock_signal(pipe, 0);
    zmq_pollitem_t items[] = { { .socket = zsock_resolve(self->mailbox), .events = ZMQ_POLLIN },
                               { .socket = zsock_resolve(pipe), .events = ZMQ_POLLIN } };
    for (;;) {
        int ready = zmq_poll(items, 2, TICK_MS);
        if (ready > 0 && items[1].revents & ZMQ_POLLIN) {
            break; /* the only word on the pipe is $TERM */
        }
        struct hub_mail mail;
        while (zmq_recv(items[0].socket, &mail, sizeof mail, ZMQ_DONTWAIT) == (int) sizeof mail) {
        }
        look(self);
    }
    hub_port_destroy(&self->port);
    zsock_destroy(&self->mailbox);
}

struct hub_pump *hub_pump_new(const struct hub_pump_options *options)
{
    struct hub_pump *self = hub_memory_zero(sizeof *self);
    self->options = *options;
    self->timers.kind = HUB_PENDING_timer;
    self->effects.kind = HUB_PENDING_effect;
    self->actor = zactor_new(pump_main, self);
    assert(self->actor != NULL);
    return self;
}

void hub_pump_destroy(struct hub_pump **self_p)
{
    struct hub_pump *self = *self_p;
    if (self == NULL) {
        return;
    }
    zactor_destroy(&self->actor);
    free(self);
    *self_p = NULL;
}

struct recovery {
    struct hub_port *port;
    int64_t count;
};

static bool send_follow(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct recovery *self = arg;
    struct hub_command *command = hub_command_from_pending(key, value);
    if (command != NULL) {
        hub_port_pass(self->port, command);
        self->count++;
    }
    return true;
}

int64_t hub_pump_recover(const struct hub_runtime_options *runtime, struct hub_port *port)
{
    struct recovery recovery = { .port = port };
    int failed = hub_log_pending(runtime->log, HUB_PENDING_follow, INT64_MAX, NULL, send_follow, &recovery);
    return failed != 0 ? -1 : recovery.count;
}

void hub_pump_stats(const struct hub_pump *self, struct hub_pump_stats *ret_stats)
{
    ret_stats->timers = atomic_load(&self->timer_count);
    ret_stats->effects = atomic_load(&self->effect_count);
    ret_stats->in_flight = atomic_load(&self->in_flight);
}
