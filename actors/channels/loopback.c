/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The loopback gateway.
 *
 * Effects come from the pump's thread into a ring under a lock, and a descriptor wakes the actor. The actor takes one
 * after the other, delivers it unless its key was delivered before, and sends the report through its own door. A door
 * that is full keeps the report in hand and is tried again; meanwhile the ring fills and turns further effects away. */
#include "actors/channels/loopback.h"

#include <assert.h>
#include <czmq.h>
#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "actors/channels/delivery_record.h"
#include "actors/session/render.h"
#include "base/digest.h"
#include "base/memory.h"

enum { ROOM = 1024, RETRY_MS = 5 };

struct hub_loopback {
    zactor_t *actor;               /* NULL while it does not run */
    struct hub_loopback_door door; /* the actor's */
    int wake;                      /* eventfd, -1: none */
    size_t room;                   /* of the ring */

    pthread_mutex_t lock; /* of all below */
    bool closed;          /* stopped: takes nothing */
    bool runs;            /* the actor is at work */
    struct hub_effect **ring;
    size_t first, count;
    unsigned fail_next;
    struct hub_delivery kept[HUB_LOOPBACK_KEPT]; /* by stats.delivered, round and round */
    struct hub_loopback_stats stats;

    unsigned fail_percent;
    bool gives_up;
    struct hub_delivery_record *record; /* NULL: deliveries are not recorded */
};

struct hub_loopback *hub_loopback_new(size_t room)
{
    struct hub_loopback *self = hub_memory_zero(sizeof *self);
    self->wake = -1;
    self->room = room > 0 ? room : ROOM;
    self->ring = hub_memory_new(sizeof(struct hub_effect *) * self->room);
    pthread_mutex_init(&self->lock, NULL);
    return self;
}

static void destroy_effect(struct hub_effect *effect)
{
    struct hub_arena *arena = effect->arena;
    hub_arena_destroy(&arena);
}

static void rouse(int wake)
{
    uint64_t one = 1;
    while (write(wake, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

bool hub_loopback_take(void *arg, struct hub_effect *effect)
{
    struct hub_loopback *self = arg;
    pthread_mutex_lock(&self->lock);
    bool takes = !self->closed && self->count < self->room;
    if (takes) {
        self->ring[(self->first + self->count++) % self->room] = effect;
        self->stats.taken++;
    } else {
        self->stats.turned_away++;
    }
    int wake = self->wake;
    if (takes && wake >= 0) {
        rouse(wake); /* under the lock, so that the descriptor is not closed meanwhile */
    }
    pthread_mutex_unlock(&self->lock);
    return takes;
}

static struct hub_effect *next_effect(struct hub_loopback *self)
{
    struct hub_effect *effect = NULL;
    pthread_mutex_lock(&self->lock);
    if (self->count > 0) {
        effect = self->ring[self->first];
        self->first = (self->first + 1) % self->room;
        self->count--;
    }
    pthread_mutex_unlock(&self->lock);
    return effect;
}

/* --- delivering; under the lock --- */

static size_t kept_count(const struct hub_loopback *self)
{
    return self->stats.delivered < HUB_LOOPBACK_KEPT ? (size_t) self->stats.delivered : HUB_LOOPBACK_KEPT;
}

static struct hub_delivery *find_key(struct hub_loopback *self, const struct hub_pending_key *key)
{
    for (size_t i = 0; i < kept_count(self); i++) {
        if (memcmp(self->kept[i].key.b, key->b, sizeof key->b) == 0) {
            return &self->kept[i];
        }
    }
    return NULL;
}

/* Whether an attempt shall fail: by its effect's identity and its number, so that a run is like the one before. */
static bool is_chosen(const struct hub_loopback *self, const struct hub_effect *effect)
{
    const uint8_t attempt = (uint8_t) effect->attempt;
    const struct hub_span parts[] = { hub_span_of(effect->id.b, sizeof effect->id.b), hub_span_of(&attempt, 1) };
    return self->fail_percent > 0 && hub_sha256_of(parts, 2).b[0] * 100u < self->fail_percent * 256u;
}

static bool deliver(struct hub_loopback *self, const struct hub_effect *effect)
{
    const struct send_effect *message = effect->record;
    struct hub_delivery *before = find_key(self, &effect->key);
    if (before != NULL) {
        before->times++;
        self->stats.repeated++;
        return true;
    }
    if (self->record != NULL && hub_delivery_record_has(self->record, &effect->id)) {
        self->stats.repeated++;
        return true;
    }
    if (self->fail_next > 0 || is_chosen(self, effect)) {
        self->fail_next -= self->fail_next > 0;
        self->stats.failed++;
        return false;
    }
    if (self->record != NULL) {
        hub_delivery_record_add(self->record, effect);
    }
    self->kept[self->stats.delivered++ % HUB_LOOPBACK_KEPT] = (struct hub_delivery){
        .key = effect->key,
        .company = effect->company,
        .session = message->session,
        .index = message->index,
        .channel = message->channel,
        .attempt = effect->attempt,
        .box_bytes = (uint32_t) message->content.box.len,
        .times = 1,
    };
    return true;
}

/* --- reporting --- */

static struct hub_command *report_on(const struct hub_effect *effect, bool delivered, bool gives_up)
{
    const struct send_effect *message = effect->record;
    struct hub_command *command = hub_command_new(&update_message_shape, 0);
    struct update_message *report = command->record;
    HUB_SET(update_message, report, message_id,
            hub_part_id_print(message->session, 'm', message->index, command->arena));
    if (effect->is_erased) {
        HUB_SET(update_message, report, failure, HUB_SPAN(HUB_FAILURE_ERASED));
    } else if (delivered) {
        HUB_SET(update_message, report, status, message_status_delivered);
    } else {
        HUB_SET(update_message, report, failure, HUB_SPAN("loopback_failed"));
    }
    HUB_SET(update_message, report, attempt, gives_up && !delivered ? HUB_DELIVERY_ATTEMPTS : effect->attempt);
    command->caller.company = effect->company;
    command->target = KIND_session;
    command->names[KIND_session] = (struct hub_name){ .given = true, .is_ours = true, .id = message->session };
    command->settles = true;
    command->settle = effect->key;
    return command;
}

/* What is to be reported on an effect; NULL for one that this gateway does not know. Takes the effect over. */
static struct hub_command *handle(struct hub_loopback *self, struct hub_effect *effect)
{
    struct hub_command *report = NULL;
    pthread_mutex_lock(&self->lock);
    if (effect->shape == &send_effect_shape) {
        report = report_on(effect, !effect->is_erased && deliver(self, effect), self->gives_up);
    } else {
        self->stats.repeated++;
    }
    pthread_mutex_unlock(&self->lock);
    destroy_effect(effect);
    return report;
}

static void count_report(struct hub_loopback *self)
{
    pthread_mutex_lock(&self->lock);
    self->stats.reported++;
    pthread_mutex_unlock(&self->lock);
}

/* Send what is in hand, then work the ring off. Returns with a report in hand when the door is full. */
static void work(struct hub_loopback *self, void *door, struct hub_command **report_p)
{
    for (;;) {
        if (*report_p == NULL) {
            struct hub_effect *effect = next_effect(self);
            if (effect == NULL) {
                return;
            }
            *report_p = handle(self, effect);
        }
        if (*report_p != NULL) {
            if (self->door.send(door, report_p) != 0) {
                return;
            }
            count_report(self);
        }
    }
}

static void set_running(struct hub_loopback *self, bool runs)
{
    pthread_mutex_lock(&self->lock);
    self->runs = runs;
    pthread_mutex_unlock(&self->lock);
}

static bool is_over(zsock_t *pipe)
{
    char *text = zstr_recv(pipe);
    bool over = text == NULL || streq(text, "$TERM");
    zstr_free(&text);
    return over;
}

static void run(zsock_t *pipe, void *arg)
{
    struct hub_loopback *self = arg;
    void *door = self->door.open(self->door.arg);
    struct hub_command *report = NULL;
    set_running(self, true);
    zsock_signal(pipe, 0);
    for (;;) {
        zmq_pollitem_t items[] = { { .socket = zsock_resolve(pipe), .events = ZMQ_POLLIN },
                                   { .fd = self->wake, .events = ZMQ_POLLIN } };
        int ready = zmq_poll(items, 2, report != NULL ? RETRY_MS : -1);
        if (ready < 0 && errno != EINTR) {
            break;
        }
        if (ready > 0 && (items[0].revents & ZMQ_POLLIN) != 0 && is_over(pipe)) {
            break;
        }
        uint64_t woken;
        if (ready > 0 && (items[1].revents & ZMQ_POLLIN) != 0 && read(self->wake, &woken, sizeof woken) < 0) {
            continue; /* somebody's signal came first; it stays readable */
        }
        work(self, door, &report);
    }
    hub_command_destroy(&report);
    self->door.close(door);
    set_running(self, false);
}

/* --- life --- */

int hub_loopback_rehearse(struct hub_loopback *self, const struct hub_loopback_rehearsal *rehearsal)
{
    self->fail_percent = rehearsal->fail_percent;
    self->gives_up = rehearsal->gives_up;
    return rehearsal->record == NULL ? 0 : hub_delivery_record_open(rehearsal->record, &self->record);
}

int hub_loopback_start(struct hub_loopback *self, const struct hub_loopback_door *door)
{
    int wake = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); /* what came before the start is found at once */
    if (wake < 0) {
        return -1;
    }
    self->door = *door;
    pthread_mutex_lock(&self->lock);
    self->wake = wake;
    self->closed = false;
    pthread_mutex_unlock(&self->lock);
    self->actor = zactor_new(run, self);
    if (self->actor == NULL) {
        hub_loopback_stop(self);
        return -1;
    }
    return 0;
}

static void *open_port(void *runtime)
{
    return hub_port_new(runtime);
}

static int send_to_port(void *port, struct hub_command **command_p)
{
    return hub_port_send(port, command_p);
}

static void close_port(void *port_)
{
    struct hub_port *port = port_;
    hub_port_destroy(&port);
}

struct hub_loopback_door hub_loopback_runtime_door(struct hub_runtime *runtime)
{
    return (struct hub_loopback_door){ .open = open_port, .send = send_to_port, .close = close_port, .arg = runtime };
}

void hub_loopback_stop(struct hub_loopback *self)
{
    zactor_destroy(&self->actor);
    pthread_mutex_lock(&self->lock);
    assert(!self->runs);
    self->closed = true;
    if (self->wake >= 0) {
        close(self->wake);
        self->wake = -1;
    }
    while (self->count > 0) {
        destroy_effect(self->ring[self->first]);
        self->first = (self->first + 1) % self->room;
        self->count--;
    }
    pthread_mutex_unlock(&self->lock);
}

void hub_loopback_destroy(struct hub_loopback **self_p)
{
    struct hub_loopback *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        hub_loopback_stop(self);
        pthread_mutex_destroy(&self->lock);
        hub_delivery_record_close(&self->record);
        free(self->ring);
        free(self);
    }
}

void hub_loopback_fail_next(struct hub_loopback *self, unsigned n)
{
    pthread_mutex_lock(&self->lock);
    self->fail_next = n;
    pthread_mutex_unlock(&self->lock);
}

bool hub_loopback_find(struct hub_loopback *self, struct hub_ulid session, uint32_t index,
                       struct hub_delivery *ret_delivery)
{
    bool found = false;
    pthread_mutex_lock(&self->lock);
    for (uint64_t back = 1; back <= kept_count(self) && !found; back++) {
        const struct hub_delivery *delivery = &self->kept[(self->stats.delivered - back) % HUB_LOOPBACK_KEPT];
        if (delivery->index == index && hub_ulid_is(delivery->session, session)) {
            *ret_delivery = *delivery;
            found = true;
        }
    }
    pthread_mutex_unlock(&self->lock);
    return found;
}

void hub_loopback_stats(struct hub_loopback *self, struct hub_loopback_stats *ret_stats)
{
    pthread_mutex_lock(&self->lock);
    *ret_stats = self->stats;
    pthread_mutex_unlock(&self->lock);
}
