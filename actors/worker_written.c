/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What follows when an append is durable, or came to nothing: answers, repetitions that waited, commands that come after. */
#include "actors/worker_state.h"

#include "base/pack.h"

/* The error that everybody gets who depended on an append that did not come about; 0 when it did. */
static int error_of(const struct hub_outcome *outcome)
{
    switch (outcome->append.result) {
    case HUB_APPENDED: return 0;
    case HUB_APPEND_FULL: return HUB_ERROR_log_full;
    case HUB_APPEND_TAKEN: return HUB_ERROR_already_exists;
    default: return HUB_ERROR_overloaded;
    }
}

static struct hub_answer *answer_like(struct hub_command *command, const struct hub_outcome *first, int error)
{
    struct hub_answer *answer = hub_answer_to(command);
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
    hub_answer_spoil(answer, error);
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
            hub_worker_finish(self, command, outcome->entity, answer);
        } else {
            self->finished++;
            hub_worker_release(self, answer);
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
            struct hub_answer *answer = hub_answer_refusing(command, error, NULL);
            hub_worker_release(self, answer);
        }
    }
}

/* Names that find nothing any more must not be remembered: whoever brings one again is somebody new. */
static void forget_names(struct hub_worker *self, const struct hub_append *append)
{
    for (unsigned i = 0; i < append->alias_count; i++) {
        if (append->aliases[i].remove) {
            hub_names_forget(self->options.boxes->names, append->stream.company, &append->aliases[i]);
        }
    }
}

/* Whether an append changed, or may have changed, an entity that another one has taken the place of since. */
static bool came_about_unseen(const struct hub_outcome *outcome)
{
    const struct hub_append *append = &outcome->append;
    return outcome->entity->dropped && append->event_count > 0 &&
           (append->result == HUB_APPENDED || append->result == HUB_APPEND_UNKNOWN);
}

static void handle_written_one(struct hub_worker *self, struct hub_outcome *outcome)
{
    int error = error_of(outcome);
    struct hub_entity *entity = outcome->entity;
    if (entity->last == outcome) {
        entity->last = NULL;
    }
    if (came_about_unseen(outcome)) {
        hub_entities_renew(self->entities, entity);
    }
    if (error == 0) {
        forget_names(self, &outcome->append);
    } else {
        hub_worker_count(&self->counts.conflicts, 1);
        hub_entities_drop(self->entities, entity);
    }
    if (outcome->keyed) {
        hub_staged_remove(&self->staged, outcome);
    }
    hub_worker_count(&self->counts.log_us, (unsigned long) (hub_tick_us(self->world) - outcome->sent_tick_us));
    answer_joined(self, outcome, error);
    dispatch_after(self, outcome, error);
    while (outcome->dependents != NULL) {
        struct hub_answer *answer = outcome->dependents;
        outcome->dependents = answer->next;
        answer->position = outcome->append.last;
        hub_answer_spoil(answer, error);
        hub_worker_release(self, answer);
    }
    self->finished++;
    hub_entities_settled(self->entities, entity);
    if (outcome->own != NULL) {
        if (outcome->own->position.sequence == 0) {
            outcome->own->position = outcome->append.last;
        }
        hub_answer_spoil(outcome->own, error);
        hub_worker_release(self, outcome->own);
    } else {
        struct hub_command *command = outcome->command;
        hub_command_destroy(&command);
    }
}

void hub_worker_written(struct hub_worker *self, struct hub_outcome *outcome)
{
    while (outcome != NULL) {
        struct hub_outcome *next = outcome->next;
        handle_written_one(self, outcome);
        outcome = next;
    }
}
