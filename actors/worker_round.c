/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a worker's round gathers and lets go together: appends to the log, answers to the doors, room in the mailbox. */
#include "actors/worker_state.h"

#include <stdio.h>

void hub_worker_release(struct hub_worker *self, struct hub_answer *answer)
{
    if (answer->ticket.number == 0) {
        hub_answer_destroy(&answer);
        return;
    }
    answer->next = self->answers;
    self->answers = answer;
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
    hub_worker_release(self, answer);
}

struct hub_answer *hub_worker_refusal(struct hub_worker *self, struct hub_command *command, int error,
                                      const char *reason)
{
    struct hub_fault fault = { .error = error };
    snprintf(fault.reason, sizeof fault.reason, "%s", reason);
    hub_worker_count(&self->counts.refusals, 1);
    return hub_answer_refusing(command, error, &fault);
}

void hub_worker_refuse(struct hub_worker *self, struct hub_command *command, int error, const char *reason)
{
    self->finished++;
    answer_after(self, NULL, hub_worker_refusal(self, command, error, reason));
}

static void flush_sends(struct hub_worker *self)
{
    if (self->send_count > 0) {
        hub_writer_send(self->writer, self->sends, self->send_count);
        self->send_count = 0;
    }
}

void hub_worker_send(struct hub_worker *self, struct hub_outcome *outcome)
{
    if (self->send_count == HUB_WORKER_SENDS) {
        flush_sends(self);
    }
    outcome->worker = self->options.index;
    outcome->sent_tick_us = hub_tick_us(self->world);
    outcome->entity->last = outcome;
    outcome->entity->under_way++;
    self->sends[self->send_count++] = &outcome->append;
}

void hub_worker_finish(struct hub_worker *self, struct hub_command *command, struct hub_entity *entity,
                       struct hub_answer *answer)
{
    if (command->settles) {
        struct hub_outcome *outcome = hub_outcome_settle_only(command, entity);
        outcome->own = answer;
        hub_worker_send(self, outcome);
        return;
    }
    self->finished++;
    answer_after(self, entity, answer);
}

void hub_worker_end_round(struct hub_worker *self)
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
