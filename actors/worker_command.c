/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A command's turn at a worker: find the entity, decide, apply at once, append. A keyed command that was here before gets
 * the answer of its first run. */
#include "actors/worker_state.h"

#include <assert.h>

#include "base/pack.h"

enum { HOPS = 4 };

/* --- keyed commands that were here before --- */

/* The answer that the first run left behind, again. */
static struct hub_answer *answer_again(struct hub_worker *self, struct hub_command *command,
                                       const struct hub_command_row *row)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), row->reply_type);
    void *record = shape == NULL ? NULL : hub_arena_get(command->arena, shape->size);
    if (shape == NULL || hub_unpack(shape, row->reply, command->arena, record, NULL) != 0) {
        return hub_worker_refusal(self, command, HUB_ERROR_internal, "The kept answer cannot be read.");
    }
    struct hub_answer *answer = hub_answer_to(command);
    answer->shape = shape;
    answer->record = record;
    answer->position = row->position;
    return answer;
}

static struct hub_answer *key_reused(struct hub_worker *self, struct hub_command *command)
{
    return hub_worker_refusal(self, command, HUB_ERROR_key_reused, "The Idempotency-Key was used with another body.");
}

static void join(struct hub_worker *self, struct hub_command *command, struct hub_outcome *first)
{
    if (memcmp(first->command->body, command->body, sizeof command->body) != 0) {
        hub_worker_finish(self, command, first->entity, key_reused(self, command));
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
        hub_worker_refuse(self, command, HUB_ERROR_internal, "The log cannot be read.");
    } else if (memcmp(row.body, command->body, sizeof command->body) != 0) {
        hub_worker_finish(self, command, entity, key_reused(self, command));
    } else {
        hub_worker_finish(self, command, entity, answer_again(self, command, &row));
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
    struct hub_answer *answer = hub_answer_to(command);
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
    command->expects = false; /* the version was of this entity */
    struct hub_name *name = &command->names[command->target];
    if (!name->given || !hub_ulid_is(name->id, decided->forward_entity)) {
        *name = (struct hub_name){ .given = true, .is_ours = true, .id = decided->forward_entity };
    }
    command->hops++;
    hub_worker_count(&self->counts.forwards, 1);
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
    rest->expects = false;
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

/* Nothing is written: an answer, a refusal or a forward; a pending row that asked for it is settled all the same. */
static void finish_without_events(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity,
                                  const struct hub_decided *decided)
{
    if (decided->error == 0 && decided->forwards) {
        forward(self, command, entity, decided);
        return;
    }
    struct hub_answer *answer = decided->error != 0 ? hub_answer_refusing(command, decided->error, &decided->fault)
                                                    : answer_of(command, decided, entity);
    hub_worker_count(&self->counts.refusals, decided->error != 0);
    if (answer == NULL && !command->settles) {
        answer = hub_answer_refusing(command, HUB_ERROR_internal, NULL);
    }
    hub_worker_finish(self, command, entity, answer);
}

/* Something is written: append it, apply it at once, hold the answer. */
static void finish_with_append(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity,
                               const struct hub_decided *decided, int64_t now_us)
{
    struct hub_command *rest = decided->forwards ? split_for_forward(command, decided) : NULL;
    bool elsewhere = rest != NULL || gives_ticket_away(decided);
    struct hub_answer *answer = elsewhere ? NULL : answer_of(command, decided, entity);
    if (decided->error != 0) {
        answer = hub_answer_refusing(command, decided->error, &decided->fault);
    }
    struct hub_outcome *outcome = NULL;
    struct hub_fault fault = { 0 };
    struct hub_outcome_parts parts = { .decided = decided, .command = command, .entity = entity, .answer = answer };
    int failed = hub_outcome_build(&self->context, &parts, &outcome, &fault);
    if (failed != 0) {
        if (rest != NULL) {
            command->ticket = rest->ticket;
            hub_command_destroy(&rest);
        }
        hub_worker_finish(self, command, entity, hub_worker_refusal(self, command, failed, fault.reason));
        return;
    }
    if (rest != NULL) {
        hub_outcome_then(outcome, rest);
    }
    outcome->append.decided_at_us = now_us;
    apply_all(decided, entity, now_us);
    hub_worker_count(&self->counts.events, decided->event_count);
    if (command->keyed && !elsewhere) {
        hub_staged_add(&self->staged, outcome);
    }
    hub_worker_send(self, outcome);
}

static bool expects_version(const struct hub_command *command, uint64_t version)
{
    for (int i = 0; i < HUB_EXPECTED_MAX; i++) {
        if (command->expected[i] == version) {
            return true;
        }
    }
    return false;
}

static void run(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity)
{
    hub_decide_fn *decide = hub_kind_decider(entity->kind, command->shape);
    if (command->hops > HOPS) { /* sent to and fro: an entity that another one counts on is not there yet */
        hub_worker_finish(self, command, entity,
                          hub_worker_refusal(self, command, HUB_ERROR_overloaded, "This is not ready yet."));
        return;
    }
    if (decide == NULL) {
        hub_worker_finish(self, command, entity,
                          hub_worker_refusal(self, command, HUB_ERROR_internal, "Nobody decides that."));
        return;
    }
    if (command->expects && entity->version > 0 && !expects_version(command, entity->version)) {
        hub_worker_finish(self, command, entity,
                          hub_worker_refusal(self, command, HUB_ERROR_precondition_failed,
                                             "It has changed since the version in If-Match."));
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
        hub_worker_refuse(self, command, HUB_ERROR_internal, "The log cannot be read.");
    } else if (!command->keyed || !is_repetition(self, command, entity)) {
        run(self, command, entity);
    }
}

void hub_worker_command(struct hub_worker *self, struct hub_command *command)
{
    assert(command->magic == HUB_COMMAND_MAGIC);
    hub_worker_count(&self->counts.commands, 1);
    int64_t begun = hub_tick_us(self->world);
    int64_t received = command->received_tick_us;
    uint64_t fingerprint = hub_crash_fingerprint(command);
    if (!hub_crash_guard_enter(self->options.guard, self->options.index, fingerprint)) {
        hub_worker_refuse(self, command, HUB_ERROR_parked, "The process ended three times while it worked on this.");
        return;
    }
    serve(self, command);
    hub_crash_guard_leave(self->options.guard, self->options.index);
    if (received != 0) {
        hub_worker_count(&self->counts.timed, 1);
        hub_worker_count(&self->counts.queue_us, (unsigned long) (begun - received));
        hub_worker_count(&self->counts.decide_us, (unsigned long) (hub_tick_us(self->world) - begun));
    }
}
