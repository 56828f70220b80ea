/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The way of a command over a socket is that of a request: a record, a ticket, an actor, a reply, and perhaps a query that
 * makes the answer of it. */
#include "api/live/asks.h"

#include <stdlib.h>

#include "api/perform.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/memory.h"
#include "base/pack.h"
#include "log/log.h"

enum { COMMAND_BYTES = 2048, ARENA_BYTES = 4096 };

/* One under way: for an answer, then for a position. */
struct hub_live_ask {
    struct hub_expect expect;
    struct hub_wait wait;
    struct hub_live_socket *socket;
    struct hub_live_ask *before, *after; /* of the socket */
    const struct hub_client_row *row;
    const struct hub_query_info *asks; /* what is asked when the position is reached */
    const void *params;
    struct hub_name *names;  /* HUB_KINDS of them */
    struct hub_answer *held; /* params may lie in it */
    struct hub_arena *arena; /* owned */
};

static struct hub_loop *loop_of(const struct hub_live_ask *self)
{
    return self->socket->live->loop;
}

static void ask_destroy(struct hub_live_ask *self)
{
    struct hub_live_socket *socket = self->socket;
    hub_tickets_close(loop_of(self)->tickets, &self->expect);
    hub_waits_drop(&loop_of(self)->waits, &self->wait);
    if (self->before != NULL) {
        self->before->after = self->after;
    } else {
        socket->asks = self->after;
    }
    if (self->after != NULL) {
        self->after->before = self->before;
    }
    socket->ask_count--;
    hub_answer_destroy(&self->held);
    hub_arena_destroy(&self->arena);
    free(self);
}

static struct hub_live_ask *ask_new(const struct hub_said *said)
{
    struct hub_live_ask *self = hub_memory_zero(sizeof *self);
    self->socket = said->socket;
    self->row = said->row;
    self->arena = hub_arena_new(ARENA_BYTES);
    self->names = HUB_NEW_ARRAY(self->arena, struct hub_name, HUB_KINDS);
    self->after = said->socket->asks;
    if (self->after != NULL) {
        self->after->before = self;
    }
    said->socket->asks = self;
    said->socket->ask_count++;
    return self;
}

void hub_client_asks_drop(struct hub_live_socket *socket)
{
    struct hub_live_ask *ask = socket->asks;
    while (ask != NULL) {
        struct hub_live_ask *next = ask->after;
        ask->before = NULL; /* it is the first now */
        ask_destroy(ask);
        ask = next;
    }
}

/* --- answers --- */

static void refuse_ask(struct hub_live_ask *self, const struct hub_fault *fault)
{
    hub_client_refuse(self->socket, fault, self->row->type);
    ask_destroy(self);
}

static void refuse_by(struct hub_live_ask *self, int error, const char *reason)
{
    struct hub_fault fault;
    hub_fault_init(&fault, error);
    hub_fault_reason(&fault, "%s", reason);
    refuse_ask(self, &fault);
}

static void reply(struct hub_live_ask *self, const struct hub_shape *shape, void *record, uint64_t sequence)
{
    const struct hub_frame_row *row = hub_frame_said(self->socket->lens.contract, self->row->reply);
    struct hub_key_source keys = hub_keyring_source(loop_of(self)->server->options.keys);
    if (row != NULL && row->payload == shape) {
        hub_record_open(shape, record, self->socket->lens.company, &keys, self->arena);
        hub_live_say(self->socket, self->row->reply, record, 0);
    }
    (void) sequence;
    ask_destroy(self);
}

/* The views are where they should be, or it takes too long; then what they have is right too, for a question. */
static void on_ready(struct hub_wait *wait, int reached)
{
    struct hub_live_ask *self = H2O_STRUCT_FROM_MEMBER(struct hub_live_ask, wait, wait);
    const struct hub_ask ask = { .query = self->asks,
                                 .params = self->params,
                                 .company = self->socket->lens.company,
                                 .names = self->names,
                                 .viewer = self->socket->lens.viewer,
                                 .arena = self->arena,
                                 .now_us = hub_now_us(loop_of(self)->server->options.world) };
    struct hub_position at;
    struct hub_fault fault;
    void *answer = NULL;
    if (!reached && self->row->then != NULL) {
        refuse_by(self, HUB_ERROR_behind, "It was done, but the views do not show it yet.");
        return;
    }
    int failed = hub_query_live(loop_of(self)->server->options.views, &ask, &answer, &at, &fault);
    if (failed != 0) {
        fault.error = failed;
        refuse_ask(self, &fault);
        return;
    }
    reply(self, self->asks->answer, answer, at.sequence);
}

static void ask_views(struct hub_live_ask *self, uint64_t sequence, int64_t patience_us)
{
    struct hub_loop *loop = loop_of(self);
    const struct hub_server_options *options = &loop->server->options;
    self->wait = (struct hub_wait){ .sequence = sequence, .on_ready = on_ready };
    if (hub_views_position(options->views).sequence >= sequence) {
        on_ready(&self->wait, 1);
        return;
    }
    self->wait.late_tick_us = hub_tick_us(options->world) + patience_us;
    if (hub_waits_add(&loop->waits, &self->wait) != 0) {
        refuse_by(self, HUB_ERROR_overloaded, "Too many questions wait; try again.");
        return;
    }
    atomic_store_explicit(&loop->waiting, true, memory_order_relaxed);
    hub_views_hurry(options->views);
}

static void on_answer(struct hub_expect *expect, struct hub_answer *answer)
{
    struct hub_live_ask *self = H2O_STRUCT_FROM_MEMBER(struct hub_live_ask, expect, expect);
    self->held = answer;
    if (answer->error != 0) {
        answer->fault.error = answer->error;
        refuse_ask(self, &answer->fault);
    } else if (self->row->then != NULL) {
        self->asks = self->row->then;
        self->params = answer->record;
        ask_views(self, answer->position.sequence, HUB_ASKED_POSITION_US);
    } else {
        reply(self, answer->shape, answer->record, answer->position.sequence);
    }
}

static void on_job(struct hub_expect *expect, struct hub_job *job)
{
    (void) expect; /* none was given */
    hub_job_destroy(&job);
}

static void on_late(struct hub_expect *expect)
{
    struct hub_live_ask *self = H2O_STRUCT_FROM_MEMBER(struct hub_live_ask, expect, expect);
    refuse_by(self, HUB_ERROR_overloaded, "Nothing came back in time; ask again.");
}

static const struct hub_expect_ops ops = { .on_answer = on_answer, .on_job = on_job, .on_late = on_late };

/* --- asking --- */

/* The record that is asked with: what was said, or what is made of it. */
static void fill(const struct hub_said *said, const struct hub_shape *shape, void *record, struct hub_arena *arena)
{
    if (said->row->said == NULL) {
        memcpy(record, hub_record_copy(shape, said->record, arena), shape->size);
    }
    if (said->row->prepare != NULL) {
        said->row->prepare(said, record, arena);
    }
}

static struct hub_command *make_command(const struct hub_said *said)
{
    const struct hub_live_socket *socket = said->socket;
    const struct hub_server_options *options = &socket->live->loop->server->options;
    struct hub_command *command = hub_command_new(said->row->command, COMMAND_BYTES);
    command->caller = socket->caller;
    (void) hub_views_settled(options->views, command->caller.company, command->arena, &command->caller.settled);
    command->received_tick_us = hub_tick_us(options->world);
    command->target = said->row->target;
    fill(said, said->row->command, command->record, command->arena);
    return command;
}

static void send_command(struct hub_live_ask *self, const struct hub_said *said)
{
    struct hub_loop *loop = loop_of(self);
    const struct hub_server_options *options = &loop->server->options;
    struct hub_command *command = make_command(said);
    struct hub_fault fault;
    hub_names_own(&said->socket->caller, command->names);
    if (!hub_names_read(loop->server, command->shape, command->record, command->names, &fault)) {
        hub_command_destroy(&command);
        refuse_ask(self, &fault);
        return;
    }
    memcpy(self->names, command->names, HUB_KINDS * sizeof *self->names);
    self->expect.ops = &ops;
    int64_t late_us = hub_tick_us(options->world) + HUB_PATIENCE_US;
    command->ticket = hub_tickets_open(loop->tickets, &self->expect, late_us);
    int failed = command->ticket.number == 0 ? HUB_ERROR_overloaded : hub_port_send(loop->port, &command);
    if (failed != 0) {
        hub_command_destroy(&command);
        refuse_by(self, failed > 0 ? failed : HUB_ERROR_internal, "The hub is busy; try again.");
    }
}

static void send_query(struct hub_live_ask *self, const struct hub_said *said)
{
    const struct hub_server_options *options = &loop_of(self)->server->options;
    const struct hub_shape *shape = said->row->query->params;
    struct hub_fault fault;
    void *record = hub_arena_get(self->arena, shape->size);
    fill(said, shape, record, self->arena);
    self->asks = said->row->query;
    self->params = record;
    hub_names_own(&said->socket->caller, self->names);
    if (!hub_names_read(loop_of(self)->server, shape, record, self->names, &fault)) {
        refuse_ask(self, &fault);
        return;
    }
    ask_views(self, hub_log_commit(options->log).sequence, HUB_OWN_WRITES_US);
}

void hub_client_ask(const struct hub_said *said)
{
    if (said->socket->ask_count >= HUB_CLIENT_ASKS_MAX) {
        struct hub_fault fault;
        hub_fault_init(&fault, HUB_ERROR_overloaded);
        hub_fault_reason(&fault, "%d things that you asked for are still under way.", HUB_CLIENT_ASKS_MAX);
        hub_client_refuse(said->socket, &fault, said->row->type);
        return;
    }
    struct hub_live_ask *ask = ask_new(said);
    if (said->row->command != NULL) {
        send_command(ask, said);
    } else {
        send_query(ask, said);
    }
}
