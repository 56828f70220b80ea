/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The log actor: one zactor that drains appends, writes them as one batch and hands them back when it is on disk.
 *
 * No delay is made to gather a batch. A syncer waits for the disk meanwhile (log/syncer.h), so that the rows of the next
 * batch are made while the last one is being synced; a sink that does all at once needs none. What is under
 * way is bounded by the workers, so the inbox has no bound of its own and a send never blocks. */
#include "log/writer.h"

#include <czmq.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/handoff.h"
#include "base/inbox.h"
#include "base/memory.h"
#include "log/syncer.h"

enum {
    BATCH_BYTES = 1024 * 1024,
    BATCH_EVENTS = 4096,
    UPKEEP_MS = 250, /* between looks at the witness when nothing comes */
    EXIT_FATAL = 70, /* EX_SOFTWARE: a supervisor starts the process again */
};

struct hub_writer {
    zactor_t *actor;
    struct hub_writer_options options;
    struct hub_inbox *inbox; /* pointers to appends */
    struct hub_handoff over; /* from the actor, which ends, to who stops it */
};

struct hub_writer_port {
    struct hub_inbox *inbox; /* of the writer */
};

/* What lives on the actor's thread. */
struct loop {
    const struct hub_writer_options *options;
    struct hub_syncer *syncer;    /* owned; NULL: the sink's write is durable on return */
    struct hub_append *const *at; /* those that came last */
    size_t first, count;          /* those from first on wait */
};

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
        const struct hub_append *append = self->at[self->first + count];
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
    struct hub_append *const *appends = self->at + self->first;
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

static void run(zsock_t *pipe, void *arg)
{
    struct hub_writer *writer = arg;
    (void) pthread_setname_np(pthread_self(), "hub-log");
    struct loop self = { .options = &writer->options };
    self.syncer = writer->options.sink.sync != NULL ? hub_syncer_new(&writer->options) : NULL;
    zsock_signal(pipe, 0);
    for (;;) {
        bool is_last = hub_inbox_is_stopped(writer->inbox);
        void *at = NULL;
        self.first = 0;
        self.count = hub_inbox_take(writer->inbox, UPKEEP_MS, &at);
        self.at = at;
        do {
            write_one(&self);
        } while (self.first < self.count);
        if (is_last) {
            break;
        }
    }
    hub_syncer_destroy(&self.syncer);
    free(zstr_recv(pipe)); /* $TERM, the only word that comes */
    hub_hand_over(&writer->over);
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
    self->inbox = hub_inbox_new(sizeof(struct hub_append *));
    self->actor = zactor_new(run, self);
    assert(self->actor != NULL);
    return self;
}

void hub_writer_destroy(struct hub_writer **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    hub_inbox_stop((*self_p)->inbox);
    zactor_destroy(&(*self_p)->actor);
    hub_take_over(&(*self_p)->over);
    hub_inbox_destroy(&(*self_p)->inbox);
    free(*self_p);
    *self_p = NULL;
}

struct hub_writer_port *hub_writer_port_new(struct hub_writer *self)
{
    struct hub_writer_port *port = hub_memory_new(sizeof *port);
    port->inbox = self->inbox;
    return port;
}

void hub_writer_port_destroy(struct hub_writer_port **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    free(*self_p);
    *self_p = NULL;
}

void hub_writer_send(struct hub_writer_port *port, struct hub_append *const *appends, size_t count)
{
    hub_inbox_put(port->inbox, appends, count);
}
