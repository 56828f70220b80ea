/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The log actor: one zactor that drains appends, writes them as one batch and hands them back when it is on disk.
 *
 * No delay is made to gather a batch. A syncer waits for the disk meanwhile (log/syncer.h), so that the rows of the next
 * batch are made while the last one is being synced; a sink that does all at once needs none. Ports push frames of
 * pointers; what is under way is bounded by the workers, so the queue has no bound of its own and a send never blocks. */
#include "log/writer.h"

#include <czmq.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/handoff.h"
#include "base/memory.h"
#include "base/world.h"
#include "log/syncer.h"

enum {
    BATCH_BYTES = 1024 * 1024,
    BATCH_EVENTS = 4096,
    FIRST_ROOM = 4096,
    UPKEEP_MS = 250, /* between looks at the witness when nothing comes */
    ENDPOINT = 64,
    EXIT_FATAL = 70, /* EX_SOFTWARE: a supervisor starts the process again */
};

struct hub_writer {
    zactor_t *actor;
    char endpoint[ENDPOINT];
    struct hub_writer_options options;
    struct hub_handoff sent; /* from the ports to the actor */
    struct hub_handoff over; /* from the actor, which ends, to who stops it */
};

struct hub_writer_port {
    zsock_t *push;
    struct hub_writer *writer;
};

/* What lives on the actor's thread. */
struct loop {
    const struct hub_writer_options *options;
    struct hub_handoff *sent;
    struct hub_syncer *syncer;   /* owned; NULL: the sink's write is durable on return */
    void *pull, *pipe;           /* raw sockets of zsocks below */
    struct hub_append **waiting; /* owned */
    size_t first, count, room;   /* those from first on wait */
    bool stopping;
};

static void take_frame(struct loop *self, zmq_msg_t *frame)
{
    size_t count = zmq_msg_size(frame) / sizeof *self->waiting;
    hub_take_over(self->sent);
    if (self->count + count > self->room) {
        self->room = 2 * (self->count + count);
        self->waiting = hub_memory_resize(self->waiting, self->room * sizeof *self->waiting);
    }
    memcpy(self->waiting + self->count, zmq_msg_data(frame), count * sizeof *self->waiting);
    self->count += count;
}

/* Take in all that is there, as far as one batch may hold it. */
static void drain(struct loop *self)
{
    self->count -= self->first;
    memmove(self->waiting, self->waiting + self->first, self->count * sizeof *self->waiting);
    self->first = 0;
    while (self->count < self->options->batch_events) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        bool came = zmq_msg_recv(&frame, self->pull, ZMQ_DONTWAIT) >= 0;
        bool is_empty = !came && zmq_errno() != EINTR;
        if (came) {
            take_frame(self, &frame);
        }
        zmq_msg_close(&frame);
        if (is_empty) {
            return;
        }
    }
}

static size_t bytes_of(const struct hub_append *append)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < append->event_count; i++) {
        bytes += append->events[i].payload.len;
    }
    return bytes;
}

/* How many of those that wait fit into one batch; at least one. */
static size_t batch_of(const struct loop *self)
{
    size_t events = 0, bytes = 0, count = 0, there = self->count - self->first;
    while (count < there) {
        const struct hub_append *append = self->waiting[self->first + count];
        events += append->event_count;
        bytes += bytes_of(append);
        if (count > 0 && (events > self->options->batch_events || bytes > self->options->batch_bytes)) {
            break;
        }
        count++;
    }
    return count;
}

/* Write one batch, or see to the upkeep when there is none. Does not return when that fails. */
static void write_one(struct loop *self)
{
    char why[512] = "";
    size_t count = batch_of(self);
    struct hub_append *const *appends = self->waiting + self->first;
    const struct hub_log_sink *sink = &self->options->sink;
    if (count == 0 && self->syncer != NULL) {
        return;
    }
    if ((self->syncer != NULL ? sink->put : sink->write)(sink->self, appends, count, why, sizeof why) < 0) {
        fprintf(stderr, "omnihub: %s Nothing more is acknowledged; the process ends.\n", why);
        _exit(EXIT_FATAL);
    }
    self->first += count;
    if (self->syncer != NULL) {
        hub_syncer_give(self->syncer, appends, count);
    } else if (count > 0) {
        self->options->on_written(self->options->arg, appends, count);
    }
}

/* Wait for appends or the order to stop. */
static void wait_for_work(struct loop *self)
{
    zmq_pollitem_t items[] = { { .socket = self->pull, .events = ZMQ_POLLIN },
                               { .socket = self->pipe, .events = ZMQ_POLLIN } };
    if (zmq_poll(items, 2, UPKEEP_MS) > 0 && (items[1].revents & ZMQ_POLLIN) != 0) {
        self->stopping = true;
    }
}

static void run(zsock_t *pipe, void *arg)
{
    struct hub_writer *writer = arg;
    (void) pthread_setname_np(pthread_self(), "hub-log");
    zsock_t *pull = zsock_new(ZMQ_PULL);
    zsock_set_rcvhwm(pull, 0);
    int bound = zsock_bind(pull, "%s", writer->endpoint);
    assert(bound == 0);
    (void) bound;
    struct loop self = { .options = &writer->options,
                         .sent = &writer->sent,
                         .pull = zsock_resolve(pull),
                         .pipe = zsock_resolve(pipe),
                         .room = FIRST_ROOM };
    self.waiting = hub_memory_new(self.room * sizeof *self.waiting);
    self.syncer = writer->options.sink.sync != NULL ? hub_syncer_new(&writer->options) : NULL;
    zsock_signal(pipe, 0);
    for (;;) {
        drain(&self);
        if (self.count == 0 && self.stopping) {
            break;
        }
        if (self.count == 0) {
            wait_for_work(&self);
            drain(&self);
        }
        write_one(&self);
    }
    hub_syncer_destroy(&self.syncer);
    free(self.waiting);
    zsock_destroy(&pull);
    hub_hand_over(&writer->over);
}

/* A name that no writer had before: ZeroMQ gives the name of a closed socket back only some time after. */
static void name_endpoint(char ret_endpoint[ENDPOINT])
{
    char text[HUB_ULID_TEXT];
    hub_ulid_print(hub_world_ulid(hub_world_real()), text);
    snprintf(ret_endpoint, ENDPOINT, "inproc://log-writer-%.*s", HUB_ULID_TEXT, text);
}

struct hub_writer *hub_writer_new(const struct hub_writer_options *options)
{
    struct hub_writer *self = hub_memory_new(sizeof *self);
    *self = (struct hub_writer){ .options = *options };
    if (self->options.batch_bytes == 0) {
        self->options.batch_bytes = BATCH_BYTES;
    }
    if (self->options.batch_events == 0) {
        self->options.batch_events = BATCH_EVENTS;
    }
    name_endpoint(self->endpoint);
    self->actor = zactor_new(run, self);
    assert(self->actor != NULL);
    return self;
}

void hub_writer_destroy(struct hub_writer **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    zactor_destroy(&(*self_p)->actor);
    hub_take_over(&(*self_p)->over);
    free(*self_p);
    *self_p = NULL;
}

struct hub_writer_port *hub_writer_port_new(struct hub_writer *self)
{
    struct hub_writer_port *port = hub_memory_new(sizeof *port);
    port->writer = self;
    port->push = zsock_new(ZMQ_PUSH);
    zsock_set_sndhwm(port->push, 0);
    int connected = zsock_connect(port->push, "%s", self->endpoint);
    assert(connected == 0);
    (void) connected;
    return port;
}

void hub_writer_port_destroy(struct hub_writer_port **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    zsock_destroy(&(*self_p)->push);
    free(*self_p);
    *self_p = NULL;
}

void hub_writer_send(struct hub_writer_port *port, struct hub_append *const *appends, size_t count)
{
    if (count == 0) {
        return;
    }
    hub_hand_over(&port->writer->sent);
    int sent;
    do {
        sent = zmq_send(zsock_resolve(port->push), appends, count * sizeof *appends, 0);
    } while (sent < 0 && zmq_errno() == EINTR);
    assert(sent >= 0);
}
