/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A worker's way through a command: find the entity, decide, apply at once, append, and hold the answer until the append is
 * durable. Answers to reads and refusals wait too when they saw something that is not durable yet. */
#include "actors/worker.h"

#include <assert.h>
#include <czmq.h>

#include "actors/staged.h"
#include "base/memory.h"
#include "base/pack.h"

enum { MAIL_AT_ONCE = 512, SENDS_AT_ONCE = 1024, HOPS = 4, SWEEP_MS = 1000 };

struct hub_worker {
    struct hub_worker_options options;
    const struct hub_world *world;
    zactor_t *actor;
    void *mailbox; /* handle of the PULL socket */
    zsock_t *mailbox_socket;
    struct hub_port *port;
    struct hub_writer_port *writer;
    struct hub_entities *entities;
    struct hub_staged staged;
    struct hub_buf scratch;
    struct hub_outcome_context context;
    struct hub_append *sends[SENDS_AT_ONCE]; /* appends of this round */
    size_t send_count;
    struct hub_answer *answers; /* of this round, newest first */
    size_t finished;            /* commands finished this round */
    int64_t tick_us;            /* at the start of the round */
    int64_t swept_tick_us;
    struct hub_worker_counts counts;
    struct hub_handoff over; /* from the actor, which ends, to who stops it */
};

static void count(atomic_ulong *counter, unsigned long by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

/* --- answers --- */

static void release(struct hub_worker *self, struct hub_answer *answer)
{
    if (answer->ticket.number == 0) {
        hub_answer_destroy(&answer);
        return;
    }
    answer->next = self->answers;
    self->answers = answer;
}

/* An answer that lies in the command's own arena, which it takes over when it is released. */
static struct hub_answer *answer_in(struct hub_command *command)
{
    struct hub_answer *answer = HUB_NEW(command->arena, struct hub_answer);
    answer->magic = HUB_ANSWER_MAGIC;
    answer->ticket = command->ticket;
    answer->company = command->caller.company;
    answer->arena = command->arena;
    return answer;
}

static struct hub_answer *refusal_in(struct hub_command *command, int error, const struct hub_fault *fault)
{
    struct hub_answer *answer = answer_in(command);
    answer->error = error;
    if (fault != NULL) {
        answer->fault = *fault;
    }
    answer->fault.error = error;
    return answer;
}

/* Answer now, or when the entity's newest append is durable. An answer with a position was durable before. */
static void answer_after(struct hub_worker *self, struct hub_entity *entity, struct hub_answer *answer)
{
    if (entity != NULL && entity->last != NULL && answer->position.sequence == 0) {
        answer->next = entity->last->dependents;
        entity->last->dependents = answer;
        return;
    }
    if (answer->position.sequence == 0) {
        answer->position = hub_log_commit(self->options.runtime->log);
    }
    release(self, answer);
}

static struct hub_answer *refusal_for(struct hub_worker *self, struct hub_command *command, int error,
                                      const char *reason)
{
    struct hub_fault fault = { .error = error };
    snprintf(fault.reason, sizeof fault.reason, "%s", reason);
    count(&self->counts.refusals, 1);
    return refusal_in(command, error, &fault);
}

/* Refuse for a reason that may pass: a pending row that asked for the command stays. */
static void refuse_at(struct hub_worker *self, struct hub_command *command, int error, const char *reason)
{
    self->finished++;
    answer_after(self, NULL, refusal_for(self, command, error, reason));
}

/* --- appends --- */

static void flush_sends(struct hub_worker *self)
{
    if (self->send_count > 0) {
        hub_writer_send(self->writer, self->sends, self->send_count);
        self->send_count = 0;
    }
}

static void send_outcome(struct hub_worker *self, struct hub_outcome *outcome)
{
    if (self->send_count == SENDS_AT_ONCE) {
        flush_sends(self);
    }
    outcome->worker = self->options.index;
    outcome->sent_tick_us = hub_tick_us(self->world);
    outcome->entity->last = outcome;
    outcome->entity->under_way++;
    self->sends[self->send_count++] = &outcome->append;
}

static void apply_all(const struct hub_decided *decided, struct hub_entity *entity, int64_t now_us)
{
    for (size_t i = 0; i < decided->event_count; i++) {
        struct hub_event event = { .shape = decided->events[i].shape,
                                   .record = decided->events[i].record,
                                   .version = entity->version + 1,
                                   .decided_at_us = now_us,
                                   .entity = entity->stream.entity,
                                   .subject = decided->events[i].subject };
        hub_entity_apply(entity, &event);
    }
    hub_entity_tidy(entity);
}

/* Nothing is written: answer. A pending row that asked for the command is settled all the same. */
static void finish_with(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity,
                        struct hub_answer *answer)
{
    if (command->settles) {
        struct hub_outcome *outcome = hub_outcome_settle_only(command, entity);
        outcome->own = answer;
        send_outcome(self, outcome);
        return;
    }
    self->finished++;
    answer_after(self, entity, answer);
}

/* --- keyed commands that were here before --- */

/* The answer that the first run left behind, again. */
static struct hub_answer *answer_again(struct hub_worker *self, struct hub_command *command,
                                       const struct hub_command_row *row)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), row->reply_type);
    void *record = shape == NULL ? NULL : hub_arena_get(command->arena, shape->size);
    if (shape == NULL || hub_unpack(shape, row->reply, command->arena, record, NULL) != 0) {
        return refusal_for(self, command, HUB_ERROR_internal, "The kept answer cannot be read.");
    }
    struct hub_answer *answer = answer_in(command);
    answer->shape = shape;
    answer->record = record;
    answer->position = row->position;
    return answer;
}

static struct hub_answer *key_reused(struct hub_worker *self, struct hub_command *command)
{
    return refusal_for(self, command, HUB_ERROR_key_reused, "The Idempotency-Key was used with another body.");
}

static void join(struct hub_worker *self, struct hub_command *command, struct hub_outcome *first)
{
    if (memcmp(first->command->body, command->body, sizeof command->body) != 0) {
        finish_with(self, command, first->entity, key_reused(self, command));
        return;
    }
    command->next = first->joined;
    first->joined = command;
}

/* True when the command was answered, or joined the first run. */
static bool is_repetition(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity)
{
    struct hub_outcome *first = hub_staged_find(&self->staged, command->id);
    if (first != NULL) {
        join(self, command, first);
        return true;
    }
    struct hub_command_row row;
    int failed = hub_log_command(self->options.runtime->log, command->id, command->arena, &row);
    if (failed == HUB_ERROR_not_found) {
        return false;
    }
    if (failed != 0) {
        refuse_at(self, command, HUB_ERROR_internal, "The log cannot be read.");
    } else if (memcmp(row.body, command->body, sizeof command->body) != 0) {
        finish_with(self, command, entity, key_reused(self, command));
    } else {
        finish_with(self, command, entity, answer_again(self, command, &row));
    }
    return true;
}

/* --- deciding --- */

static struct hub_decision *decision_for(struct hub_worker *self, struct hub_command *command,
                                         struct hub_entity *entity, int64_t now_us)
{
    struct hub_ulid *named = HUB_NEW_ARRAY(command->arena, struct hub_ulid, HUB_KINDS);
    bool *names = HUB_NEW_ARRAY(command->arena, bool, HUB_KINDS);
    for (int kind = 0; kind < HUB_KINDS; kind++) {
        names[kind] = command->names[kind].given;
        named[kind] = command->names[kind].id;
    }
    struct hub_decision_input input = { .caller = &command->caller,
                                        .self = entity->stream.entity,
                                        .named = named,
                                        .names = names,
                                        .given = command->names,
                                        .settles = command->settles,
                                        .now_us = now_us,
                                        .world = self->world,
                                        .arena = command->arena,
                                        .key_id = command->keyed ? command->id : NULL };
    return hub_decision_new(&input);
}

static struct hub_answer *answer_of(struct hub_command *command, const struct hub_decided *decided,
                                    const struct hub_entity *entity)
{
    if (decided->answer == NULL) {
        return NULL;
    }
    struct hub_answer *answer = answer_in(command);
    answer->shape = decided->answer_shape;
    answer->record = decided->answer;
    answer->version = entity->version + decided->event_count;
    answer->wrote = decided->event_count > 0;
    return answer;
}

/* Hand the command on: at once, or when what the entity wrote before is durable. */
static void forward(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity,
                    const struct hub_decided *decided)
{
    command->target = decided->forward_kind;
    struct hub_name *name = &command->names[command->target];
    if (!name->given || !hub_ulid_is(name->id, decided->forward_entity)) {
        *name = (struct hub_name){ .given = true, .is_ours = true, .id = decided->forward_entity };
    }
    command->hops++;
    count(&self->counts.forwards, 1);
    if (entity->last != NULL) {
        command->is_held = true; /* it takes up room in this mailbox until it is passed on (I9) */
        hub_outcome_then(entity->last, command);
    } else {
        self->finished++;
        hub_port_pass(self->port, command);
    }
}

/* A command that writes and is then handed on: the append gets a shell of its own to live in. */
static struct hub_command *split_for_forward(struct hub_command *command, const struct hub_decided *decided)
{
    struct hub_command *rest = hub_command_new(command->shape, 0);
    struct hub_arena *arena = rest->arena;
    *rest = *command;
    rest->arena = arena;
    rest->next = NULL;
    rest->settles = false;
    rest->record = hub_record_copy(command->shape, command->record, arena);
    rest->target = decided->forward_kind;
    rest->hops++;
    struct hub_name *name = &rest->names[rest->target];
    if (!name->given || !hub_ulid_is(name->id, decided->forward_entity)) {
        *name = (struct hub_name){ .given = true, .is_ours = true, .id = decided->forward_entity };
    }
    command->ticket = (struct hub_ticket){ 0 };
    command->keyed = false;
    return rest;
}

static bool gives_ticket_away(const struct hub_decided *decided)
{
    for (size_t i = 0; i < decided->later_count; i++) {
        if (decided->laters[i].pending == HUB_PENDING_follow && decided->laters[i].follow.takes_ticket) {
            return true;
        }
    }
    return false;
}

/* Nothing is written: an answer, a refusal or a forward; a pending row that asked for it is settled all the same. */
static void finish_without_events(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity,
                                  const struct hub_decided *decided)
{
    if (decided->error == 0 && decided->forwards) {
        forward(self, command, entity, decided);
        return;
    }
    struct hub_answer *answer = decided->error != 0 ? refusal_in(command, decided->error, &decided->fault)
                                                    : answer_of(command, decided, entity);
    count(&self->counts.refusals, decided->error != 0);
    if (answer == NULL && !command->settles) {
        answer = refusal_in(command, HUB_ERROR_internal, NULL);
    }
    finish_with(self, command, entity, answer);
}

/* Something is written: append it, apply it at once, hold the answer. */
static void finish_with_append(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity,
                               const struct hub_decided *decided, int64_t now_us)
{
    struct hub_command *rest = decided->forwards ? split_for_forward(command, decided) : NULL;
    bool elsewhere = rest != NULL || gives_ticket_away(decided);
    struct hub_answer *answer = elsewhere ? NULL : answer_of(command, decided, entity);
    if (decided->error != 0) {
        answer = refusal_in(command, decided->error, &decided->fault);
    }
    struct hub_outcome *outcome = NULL;
    struct hub_fault fault = { 0 };
    int failed = hub_outcome_build(&self->context, decided, command, entity, answer, &outcome, &fault);
    if (failed != 0) {
        if (rest != NULL) {
            command->ticket = rest->ticket;
            hub_command_destroy(&rest);
        }
        finish_with(self, command, entity, refusal_for(self, command, failed, fault.reason));
        return;
    }
    if (rest != NULL) {
        hub_outcome_then(outcome, rest);
    }
    outcome->append.decided_at_us = now_us;
    apply_all(decided, entity, now_us);
    count(&self->counts.events, decided->event_count);
    if (command->keyed && !elsewhere) {
        hub_staged_add(&self->staged, outcome);
    }
    send_outcome(self, outcome);
}

static void run(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity)
{
    hub_decide_fn *decide = hub_kind_decider(entity->kind, command->shape);
    if (command->hops > HOPS) { /* sent to and fro: an entity that another one counts on is not there yet */
        finish_with(self, command, entity, refusal_for(self, command, HUB_ERROR_overloaded, "This is not ready yet."));
        return;
    }
    if (decide == NULL) {
        finish_with(self, command, entity, refusal_for(self, command, HUB_ERROR_internal, "Nobody decides that."));
        return;
    }
    if (command->expects && entity->version > 0 && command->expected_version != entity->version) {
        finish_with(
            self, command, entity,
            refusal_for(self, command, HUB_ERROR_precondition_failed, "It has changed since the version in If-Match."));
        return;
    }
    int64_t now_us = hub_now_us(self->world);
    struct hub_decision *decision = decision_for(self, command, entity, now_us);
    decide(entity->version > 0 ? entity->state : NULL, command->record, decision);
    const struct hub_decided *decided = hub_decision_result(decision);
    bool kept = decided->error == 0 || decided->keeps;
    bool writes = kept && (decided->event_count > 0 || decided->later_count > 0 || decided->dead_letter ||
                           decided->retries || (command->keyed && decided->answer != NULL));
    if (writes) {
        finish_with_append(self, command, entity, decided, now_us);
    } else {
        finish_without_events(self, command, entity, decided);
    }
}

static void serve(struct hub_worker *self, struct hub_command *command)
{
    const struct hub_name *name = &command->names[command->target];
    struct hub_stream stream = { .company = command->caller.company, .entity = name->id, .kind = command->target };
    struct hub_entity *entity = NULL;
    if (hub_entities_get(self->entities, &stream, false, self->tick_us, &entity) != 0) {
        refuse_at(self, command, HUB_ERROR_internal, "The log cannot be read.");
    } else if (!command->keyed || !is_repetition(self, command, entity)) {
        run(self, command, entity);
    }
}

static void handle_command(struct hub_worker *self, struct hub_command *command)
{
    assert(command->magic == HUB_COMMAND_MAGIC);
    count(&self->counts.commands, 1);
    int64_t begun = hub_tick_us(self->world);
    int64_t received = command->received_tick_us;
    uint64_t fingerprint = hub_crash_fingerprint(command);
    if (!hub_crash_guard_enter(self->options.guard, self->options.index, fingerprint)) {
        refuse_at(self, command, HUB_ERROR_parked, "The process ended three times while it worked on this.");
        return;
    }
    serve(self, command);
    hub_crash_guard_leave(self->options.guard, self->options.index);
    if (received != 0) {
        count(&self->counts.timed, 1);
        count(&self->counts.queue_us, (unsigned long) (begun - received));
        count(&self->counts.decide_us, (unsigned long) (hub_tick_us(self->world) - begun));
    }
}

/* --- written appends --- */

/* The error that everybody gets who depended on an append that did not come about; 0 when it did. */
static int error_of(const struct hub_outcome *outcome)
{
    switch (outcome->append.result) {
    case HUB_APPENDED: return 0;
    case HUB_APPEND_FULL: return HUB_ERROR_log_full;
    default: return HUB_ERROR_overloaded;
    }
}

static void spoil(struct hub_answer *answer, int error)
{
    if (error != 0) {
        answer->error = error;
        answer->shape = NULL;
        answer->record = NULL;
        answer->fault = (struct hub_fault){ .error = error };
    }
}

static struct hub_answer *answer_like(struct hub_command *command, const struct hub_outcome *first, int error)
{
    struct hub_answer *answer = answer_in(command);
    const struct hub_answer *own = first->own;
    answer->position = first->append.last;
    if (own != NULL && own->record != NULL) {
        answer->shape = own->shape;
        answer->record = hub_record_copy(own->shape, own->record, command->arena);
        answer->version = own->version;
    } else if (own != NULL) {
        answer->error = own->error;
        answer->fault = own->fault;
    }
    spoil(answer, error);
    return answer;
}

/* Repetitions that came while the first was under way get copies of its answer. A pending row that asked for one is
 * settled, unless the first came to nothing: then it is done when the row is found again. */
static void answer_joined(struct hub_worker *self, struct hub_outcome *outcome, int error)
{
    while (outcome->joined != NULL) {
        struct hub_command *command = outcome->joined;
        outcome->joined = command->next;
        struct hub_answer *answer = answer_like(command, outcome, error);
        if (error == 0) {
            finish_with(self, command, outcome->entity, answer);
        } else {
            self->finished++;
            release(self, answer);
        }
    }
}

static void dispatch_after(struct hub_worker *self, struct hub_outcome *outcome, int error)
{
    hub_outcome_number(outcome);
    while (outcome->after != NULL) {
        struct hub_command *command = outcome->after;
        outcome->after = command->next;
        command->next = NULL;
        self->finished += command->is_held;
        command->is_held = false;
        if (error == 0) {
            hub_port_pass(self->port, command);
        } else {
            struct hub_answer *answer = refusal_in(command, error, NULL);
            release(self, answer);
        }
    }
}

static void handle_written_one(struct hub_worker *self, struct hub_outcome *outcome)
{
    int error = error_of(outcome);
    struct hub_entity *entity = outcome->entity;
    if (entity->last == outcome) {
        entity->last = NULL;
    }
    if (error != 0) {
        count(&self->counts.conflicts, 1);
        hub_entities_drop(self->entities, entity);
    }
    if (outcome->keyed) {
        hub_staged_remove(&self->staged, outcome);
    }
    count(&self->counts.log_us, (unsigned long) (hub_tick_us(self->world) - outcome->sent_tick_us));
    answer_joined(self, outcome, error);
    dispatch_after(self, outcome, error);
    while (outcome->dependents != NULL) {
        struct hub_answer *answer = outcome->dependents;
        outcome->dependents = answer->next;
        answer->position = outcome->append.last;
        spoil(answer, error);
        release(self, answer);
    }
    self->finished++;
    hub_entities_settled(self->entities, entity);
    if (outcome->own != NULL) {
        if (outcome->own->position.sequence == 0) {
            outcome->own->position = outcome->append.last;
        }
        spoil(outcome->own, error);
        release(self, outcome->own);
    } else {
        struct hub_command *command = outcome->command;
        hub_command_destroy(&command);
    }
}

static void handle_written(struct hub_worker *self, struct hub_outcome *outcome)
{
    while (outcome != NULL) {
        struct hub_outcome *next = outcome->next;
        handle_written_one(self, outcome);
        outcome = next;
    }
}

/* --- the loop --- */

/* Let go what this round brought: appends to the log, answers to the doors, room in the mailbox. */
static void end_round(struct hub_worker *self)
{
    flush_sends(self);
    hub_port_flush(self->port);
    if (self->answers != NULL) {
        struct hub_answer *answers = self->answers;
        self->answers = NULL;
        self->options.runtime->on_answers(self->options.runtime->arg, answers);
    }
    if (self->finished > 0) {
        atomic_fetch_sub(&self->options.boxes->waiting[self->options.index], self->finished);
        atomic_fetch_sub(&self->options.boxes->all, self->finished);
        self->finished = 0;
    }
}

static void publish_counts(struct hub_worker *self)
{
    struct hub_entities_stats stats = hub_entities_stats(self->entities);
    atomic_store_explicit(&self->counts.active, stats.active, memory_order_relaxed);
    atomic_store_explicit(&self->counts.activations, stats.activations, memory_order_relaxed);
    atomic_store_explicit(&self->counts.passivations, stats.passivations, memory_order_relaxed);
}

static void handle_commands(struct hub_worker *self, struct hub_command *command)
{
    while (command != NULL) {
        struct hub_command *next = command->next;
        command->next = NULL;
        handle_command(self, command);
        command = next;
    }
}

/* Take mail until there is none, or enough for one round. */
static void take_mail(struct hub_worker *self)
{
    self->tick_us = hub_tick_us(self->world);
    struct hub_mail mail;
    for (int i = 0; i < MAIL_AT_ONCE; i++) {
        int got = zmq_recv(self->mailbox, &mail, sizeof mail, ZMQ_DONTWAIT);
        if (got != (int) sizeof mail) {
            break;
        }
        hub_take_over(&self->options.boxes->handoff);
        if (mail.kind == HUB_MAIL_command) {
            handle_commands(self, mail.at);
        } else if (mail.kind == HUB_MAIL_written) {
            handle_written(self, mail.at);
        }
    }
    end_round(self);
    if (self->tick_us - self->swept_tick_us > SWEEP_MS * 1000) {
        hub_entities_sweep(self->entities, self->tick_us);
        self->swept_tick_us = self->tick_us;
    }
    publish_counts(self);
}

static void set_up(struct hub_worker *self)
{
    const struct hub_runtime_options *runtime = self->options.runtime;
    self->mailbox_socket = hub_mailbox_open(self->options.boxes, self->options.index);
    self->mailbox = zsock_resolve(self->mailbox_socket);
    self->port = hub_mailbox_port_new(self->options.boxes);
    hub_port_gather(self->port);
    self->entities = hub_entities_new(&(struct hub_entities_options){ .log = runtime->log,
                                                                      .snapshots = runtime->snapshots,
                                                                      .room = self->options.active_entities,
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
    zsock_destroy(&self->mailbox_socket);
    hub_buf_done(&self->scratch);
}

static void worker_main(zsock_t *pipe, void *arg)
{
    struct hub_worker *self = arg;
    (void) pthread_setname_np(pthread_self(), "hub-worker");
    set_up(self);
    zsock_signal(pipe, 0);
    zmq_pollitem_t items[] = { { .socket = self->mailbox, .events = ZMQ_POLLIN },
                               { .socket = zsock_resolve(pipe), .events = ZMQ_POLLIN } };
    for (;;) {
        int ready = zmq_poll(items, 2, SWEEP_MS);
        if (ready < 0 && zmq_errno() != EINTR) {
            break;
        }
        take_mail(self);
        if (ready > 0 && items[1].revents & ZMQ_POLLIN) {
            break; /* the only word on the pipe is $TERM */
        }
    }
    tear_down(self);
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
    zactor_destroy(&self->actor);
    hub_take_over(&self->over);
    free(self);
    *self_p = NULL;
}

const struct hub_worker_counts *hub_worker_counts(const struct hub_worker *self)
{
    return &self->counts;
}
