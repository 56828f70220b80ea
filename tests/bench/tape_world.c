/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A hub on one thread. */
#include "tests/bench/tape_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/worker_state.h"
#include "base/json.h"
#include "base/memory.h"
#include "log/keyring/keyring.h"
#include "replay/projector.h"
#include "replay/views/all.h"

enum { WAITING = 1024, COMMAND_BYTES = 2048, TURN_US = 1000, SEED = 20260101, ENTITIES = 100000 };

static const int64_t start_us = INT64_C(1767225600) * 1000000; /* 2026-01-01 */
static const int64_t idle_us = INT64_C(3600) * 1000000;
static const size_t replay_bytes = (size_t) 256 << 20;

/* What workers gave to the log and it did not write yet; the port is the same. */
struct hub_writer {
    struct hub_append *waiting[WAITING];
    size_t count;
};

struct hub_writer_port {
    struct hub_writer *writer;
};

struct tape {
    const char *dir;
    struct hub_world *world;
    struct hub_ulid company;
    struct hub_keyring *keys;
    struct hub_log *log;
    struct hub_views *views;
    struct hub_crash_guard *guard;
    struct hub_runtime_options runtime;
    struct hub_mailboxes boxes;
    struct hub_writer writer;
    struct hub_worker worker;
    struct hub_port *door;
    struct hub_buf reply;
    uint64_t tickets;
};

/* --- instead of the log actor --- */

struct hub_writer_port *hub_writer_port_new(struct hub_writer *writer)
{
    struct hub_writer_port *port = hub_memory_new(sizeof *port);
    port->writer = writer;
    return port;
}

void hub_writer_port_destroy(struct hub_writer_port **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

void hub_writer_send(struct hub_writer_port *port, struct hub_append *const *appends, size_t count)
{
    struct hub_writer *writer = port->writer;
    assert(writer->count + count <= WAITING);
    memcpy(&writer->waiting[writer->count], appends, count * sizeof(struct hub_append *));
    writer->count += count;
}

/* --- opening --- */

__attribute__((noreturn)) static void give_up(const char *what, const struct hub_fault *fault)
{
    fprintf(stderr, "bench-tape: %s %s %s\n", what, fault ? fault->pointer : "", fault ? fault->reason : "");
    exit(1);
}

static void open_log(struct tape *self)
{
    char why[256];
    const struct hub_keyring_options keys = { .data_dir = self->dir, .create = true, .world = self->world };
    if (hub_keyring_open(&keys, &self->keys, why, sizeof why) != 0) {
        give_up(why, NULL);
    }
    if (hub_keyring_add_company(self->keys, self->company) != 0) {
        give_up("a company's key could not be made", NULL);
    }
    const struct hub_log_options log = {
        .data_dir = self->dir, .world = self->world, .keyring = self->keys, .mode = HUB_LOG_WRITE, .reserve_bytes = 1
    };
    if (hub_log_open(&log, &self->log, why, sizeof why) != 0) {
        give_up(why, NULL);
    }
    const struct hub_views_options views = { .data_dir = self->dir, .world = self->world, .log = self->log };
    if (hub_views_open(&views, &self->views, why, sizeof why) != 0) {
        give_up(why, NULL);
    }
    if (hub_crash_guard_open(self->dir, 1, &self->guard, why, sizeof why) != 0) {
        give_up(why, NULL);
    }
}

/* On the worker's "thread": answers become text, as a loop would send it. */
static void on_answers(void *arg, struct hub_answer *answers)
{
    struct tape *self = arg;
    const struct hub_key_source keys = hub_keyring_source(self->keys);
    while (answers != NULL) {
        struct hub_answer *answer = answers;
        answers = answer->next;
        if (answer->error != 0) {
            give_up("a command was refused:", &answer->fault);
        }
        hub_buf_clear(&self->reply);
        hub_record_open(answer->shape, answer->record, answer->company, &keys, answer->arena);
        hub_json_write(answer->shape, answer->record, HUB_DIALECT_snake, &self->reply);
        hub_answer_destroy(&answer);
    }
}

/* As worker.c does it at the start of its thread. */
static void open_worker(struct tape *self)
{
    struct hub_worker *worker = &self->worker;
    worker->options = (struct hub_worker_options){ .runtime = &self->runtime,
                                                   .boxes = &self->boxes,
                                                   .writer = &self->writer,
                                                   .guard = self->guard,
                                                   .active_entities = ENTITIES,
                                                   .idle_us = idle_us };
    worker->world = self->world;
    worker->inbox = self->boxes.inboxes[0];
    worker->port = hub_mailbox_port_new(&self->boxes);
    hub_port_gather(worker->port);
    worker->entities = hub_entities_new(&(struct hub_entities_options){
        .log = self->log, .snapshots = self->runtime.snapshots, .room = ENTITIES, .idle_us = idle_us });
    worker->writer = hub_writer_port_new(&self->writer);
    hub_buf_init(&worker->scratch);
    worker->context = (struct hub_outcome_context){
        .world = self->world, .keys = self->keys, .log = self->log, .scratch = &worker->scratch
    };
}

struct tape *tape_new(const char *dir)
{
    struct tape *self = hub_memory_zero(sizeof *self);
    self->dir = dir;
    self->world = hub_world_fake_new(start_us, SEED);
    self->company = hub_world_ulid(self->world);
    hub_buf_init(&self->reply);
    open_log(self);
    self->runtime = (struct hub_runtime_options){ .world = self->world,
                                                  .log = self->log,
                                                  .sink = hub_log_sink(self->log),
                                                  .keys = self->keys,
                                                  .snapshots = hub_views_snapshots(self->views),
                                                  .workers = 1,
                                                  .on_answers = on_answers,
                                                  .arg = self };
    self->boxes.log = self->log;
    self->boxes.names = hub_names_new(self->log, self->world, 0);
    self->boxes.workers = 1;
    self->boxes.room = WAITING;
    hub_mailboxes_open(&self->boxes);
    open_worker(self);
    self->door = hub_mailbox_port_new(&self->boxes);
    hub_port_gather(self->door);
    return self;
}

void tape_destroy(struct tape **self_p)
{
    struct tape *self = *self_p;
    hub_port_destroy(&self->door);
    hub_port_destroy(&self->worker.port);
    hub_writer_port_destroy(&self->worker.writer);
    hub_entities_destroy(&self->worker.entities);
    hub_buf_done(&self->worker.scratch);
    hub_mailboxes_close(&self->boxes);
    hub_names_destroy(&self->boxes.names);
    hub_crash_guard_close(&self->guard);
    hub_views_close(&self->views);
    hub_log_close(&self->log);
    hub_keyring_close(&self->keys);
    hub_world_fake_destroy(&self->world);
    hub_buf_done(&self->reply);
    free(self);
    *self_p = NULL;
}

/* --- commands --- */

/* What a record refers to becomes names, as at a door. */
static void read_names(struct tape *self, const struct hub_shape *shape, const void *record, struct hub_name *names)
{
    names[KIND_company] = (struct hub_name){ .given = true, .is_ours = true, .id = self->company };
    names[KIND_routing] = names[KIND_company];
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (field->refers == 0 || field->kind != HUB_KIND_sealed || !hub_record_has(record, i)) {
            continue;
        }
        const hub_sealed *value = hub_record_field_const(record, field);
        if (!hub_name_read(self->keys, self->company, field->refers, value->clear, &names[field->refers])) {
            give_up("a name cannot be read", NULL);
        }
    }
}

static void read_record(const struct hub_shape *shape, const char *json, struct hub_arena *arena, void *record)
{
    struct hub_fault fault;
    if (hub_json_read(shape, hub_span(json), arena, record, &fault) != 0) {
        give_up(shape->name, &fault);
    }
}

void tape_send(struct tape *self, const struct tape_command *from)
{
    struct hub_command *command = hub_command_new(from->shape, COMMAND_BYTES);
    command->caller = (struct hub_caller){ .company = self->company, .role = role_service };
    command->received_tick_us = hub_tick_us(self->world);
    command->target = from->target;
    read_record(from->shape, from->json, command->arena, command->record);
    read_names(self, from->shape, command->record, command->names);
    if (from->customer != NULL && !hub_name_read(self->keys, self->company, KIND_customer, hub_span(from->customer),
                                                 &command->names[KIND_customer])) {
        give_up("a name cannot be read", NULL);
    }
    command->ticket = (struct hub_ticket){ .number = ++self->tickets };
    if (hub_port_send(self->door, &command) != 0) {
        give_up("a mailbox is full", NULL);
    }
}

static void handle_mail(struct hub_worker *worker, const struct hub_mail *mail)
{
    if (mail->kind == HUB_MAIL_written) {
        hub_worker_written(worker, mail->at);
        return;
    }
    for (struct hub_command *command = mail->at, *next; command != NULL; command = next) {
        next = command->next;
        command->next = NULL;
        hub_worker_command(worker, command);
    }
}

/* Write what waits as one batch, and give it back to the worker. */
static void write_batch(struct tape *self)
{
    char why[256];
    struct hub_writer *writer = &self->writer;
    const struct hub_log_sink *sink = &self->runtime.sink;
    if (sink->put(sink->self, writer->waiting, writer->count, why, sizeof why) != 0 ||
        sink->sync(sink->self, why, sizeof why) != 0) {
        give_up(why, NULL);
    }
    struct hub_outcome *first = NULL;
    for (size_t i = writer->count; i-- > 0;) {
        struct hub_outcome *outcome = writer->waiting[i]->owner;
        outcome->next = first;
        first = outcome;
    }
    writer->count = 0;
    hub_port_post(self->door, 0, (struct hub_mail){ .at = first, .kind = HUB_MAIL_written });
}

void tape_turn(struct tape *self)
{
    struct hub_worker *worker = &self->worker;
    hub_port_flush(self->door);
    for (;;) {
        void *mail = NULL;
        size_t count = hub_inbox_take(worker->inbox, 0, &mail);
        worker->tick_us = hub_tick_us(self->world);
        for (size_t i = 0; i < count; i++) {
            handle_mail(worker, (const struct hub_mail *) mail + i);
        }
        hub_worker_end_round(worker);
        if (count == 0 && self->writer.count == 0) {
            break;
        }
        if (self->writer.count > 0) {
            write_batch(self);
        }
    }
    hub_world_fake_advance(self->world, TURN_US);
}

/* --- reading --- */

void tape_fold(struct tape *self)
{
    if (hub_views_catch_up(self->views) != 0) {
        give_up("the views cannot follow the log", NULL);
    }
}

void tape_ask(struct tape *self, const struct hub_query_info *query, const char *json)
{
    struct hub_arena *arena = hub_arena_new(COMMAND_BYTES);
    struct hub_name names[HUB_KINDS] = { 0 };
    void *params = hub_arena_get(arena, query->params->size), *answer = NULL;
    const struct hub_key_source keys = hub_keyring_source(self->keys);
    struct hub_position at;
    struct hub_fault fault;
    read_record(query->params, json, arena, params);
    read_names(self, query->params, params, names);
    for (int kind = 0; kind < HUB_KINDS; kind++) {
        if (hub_port_resolve(self->door, self->company, (uint8_t) kind, &names[kind]) != 0) {
            give_up("the log cannot be read", NULL);
        }
    }
    const struct hub_ask ask = {
        .query = query, .params = params, .company = self->company, .names = names, .arena = arena
    };
    if (hub_query_live(self->views, &ask, &answer, &at, &fault) != 0) {
        give_up(query->name, &fault);
    }
    hub_record_open(query->answer, answer, self->company, &keys, arena);
    hub_buf_clear(&self->reply);
    hub_json_write(query->answer, answer, HUB_DIALECT_snake, &self->reply);
    hub_arena_destroy(&arena);
}

void tape_replay(struct tape *self)
{
    static const struct hub_view_info *const entities[] = { &hub_view_entities };
    struct hub_rows *rows = hub_rows_memory_new();
    const struct hub_projector_options options = {
        .rows = *rows, .views = entities, .count = 1, .cache_bytes = replay_bytes
    };
    struct hub_projector *projector = hub_projector_new(&options);
    struct hub_scan *scan = hub_scan_all(self->log, 1, 0);
    struct hub_stored stored;
    int found = 1, failed = 0;
    while (failed == 0 && (found = hub_scan_next(scan, &stored)) == 1) {
        hub_projector_expect(projector, hub_scan_ahead(scan, HUB_FOLD_EXPECT));
        failed = hub_projector_fold(projector, &stored);
    }
    if (failed != 0 || found < 0) {
        give_up("the log cannot be folded", NULL);
    }
    hub_scan_close(&scan);
    hub_projector_destroy(&projector);
    hub_rows_memory_destroy(&rows);
}

uint64_t tape_events(const struct tape *self)
{
    return hub_log_commit(self->log).sequence;
}
