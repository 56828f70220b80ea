/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Building an append from what was decided. */
#include "actors/outcome.h"

#include <assert.h>
#include <stdio.h>

#include "actors/company/company.h"
#include "actors/pending.h"
#include "base/pack.h"

/* What is being put together. */
struct build {
    const struct hub_outcome_context *context;
    const struct hub_decided *decided;
    struct hub_command *command;
    struct hub_entity *entity;
    struct hub_arena *arena; /* the command's */
    struct hub_outcome *outcome;
    struct hub_new_key *keys;
    struct hub_pending *pendings;
    struct hub_fault *fault;
};

static struct hub_span packed(struct build *self, const struct hub_shape *shape, const void *record)
{
    hub_buf_clear(self->context->scratch);
    hub_pack(shape, record, self->context->scratch);
    return hub_arena_copy(self->arena, hub_buf_span(self->context->scratch));
}

static bool is_new_subject(const struct build *self, struct hub_ulid subject)
{
    if (self->entity->version == 0 && hub_ulid_is(subject, self->entity->stream.entity)) {
        return true;
    }
    for (size_t i = 0; i < self->decided->subject_count; i++) {
        if (hub_ulid_is(subject, self->decided->subjects[i])) {
            return true;
        }
    }
    return false;
}

/* The key of a new subject goes along with the append, also when the ring finds one: it may be that of an append before,
 * which was refused, and then it is not stored. */
static void new_key_for(struct build *self, struct hub_ulid subject, struct hub_key *ret_key)
{
    struct hub_append *append = &self->outcome->append;
    unsigned i = 0;
    while (i < append->key_count && !hub_ulid_is(self->keys[i].subject, subject)) {
        i++;
    }
    if (i == append->key_count) {
        hub_keyring_make(self->context->keys, self->entity->stream.company, subject, &self->keys[i]);
        append->key_count++;
    }
    *ret_key = self->keys[i].key;
}

/* Returns HUB_ERROR_erased when the subject's key is gone. */
static int key_for(struct build *self, struct hub_ulid subject, struct hub_key *ret_key)
{
    if (is_new_subject(self, subject)) {
        new_key_for(self, subject, ret_key);
        return 0;
    }
    if (hub_keyring_find(self->context->keys, self->entity->stream.company, subject, ret_key)) {
        return 0;
    }
    self->fault->error = HUB_ERROR_erased;
    snprintf(self->fault->reason, sizeof self->fault->reason, "The customer's data was erased.");
    return HUB_ERROR_erased;
}

static int seal(struct build *self, const struct hub_shape *shape, void *record, struct hub_ulid subject)
{
    struct hub_key key;
    if (hub_ulid_is_none(subject)) {
        return 0;
    }
    int failed = key_for(self, subject, &key);
    if (failed != 0 && !hub_record_is_open(shape, record)) {
        return 0; /* what says nothing personal goes on after an erasure */
    }
    if (failed == 0) {
        const struct hub_sealing with = { .company = self->entity->stream.company,
                                          .subject = subject,
                                          .key = &key,
                                          .world = self->context->world,
                                          .arena = self->arena };
        hub_record_seal(shape, record, &with);
    }
    return failed;
}

static int build_events(struct build *self)
{
    const struct hub_decided *decided = self->decided;
    if (decided->event_count > HUB_APPEND_EVENTS) {
        self->fault->error = HUB_ERROR_limit_reached;
        snprintf(self->fault->reason, sizeof self->fault->reason, "This would make more than %d events at once.",
                 HUB_APPEND_EVENTS);
        return HUB_ERROR_limit_reached;
    }
    struct hub_new_event *events = HUB_NEW_ARRAY(self->arena, struct hub_new_event, decided->event_count);
    for (size_t i = 0; i < decided->event_count; i++) {
        const struct hub_decided_event *from = &decided->events[i];
        int failed = seal(self, from->shape, from->record, from->subject);
        if (failed != 0) {
            return failed;
        }
        events[i] = (struct hub_new_event){ .type = from->shape->id,
                                            .schema = from->shape->version,
                                            .subject = from->subject,
                                            .session = from->session,
                                            .payload = packed(self, from->shape, from->record) };
        if (events[i].payload.len > HUB_EVENT_MAX) {
            self->fault->error = HUB_ERROR_limit_reached;
            snprintf(self->fault->reason, sizeof self->fault->reason, "An event would be larger than %d bytes.",
                     HUB_EVENT_MAX);
            return HUB_ERROR_limit_reached;
        }
    }
    self->outcome->append.events = events;
    self->outcome->append.event_count = (uint16_t) decided->event_count;
    return 0;
}

/* The follow-up as a command of its own, to be dispatched when the cause is durable; its settle key holds its index till then. */
static void dispatch_later(struct build *self, const struct hub_follow *follow, uint16_t index)
{
    struct hub_command *command = hub_command_new(follow->shape, 0);
    command->record = hub_record_copy(follow->shape, follow->record, command->arena);
    command->caller = self->command->caller;
    command->target = follow->kind;
    struct hub_name *name = &command->names[follow->kind];
    if (follow->alias != NULL) {
        *name = *follow->alias;
    }
    name->given = true;
    name->id = follow->entity;
    name->is_ours = follow->alias == NULL || follow->alias->is_ours;
    memcpy(command->correlation, self->command->correlation, sizeof command->correlation);
    command->settles = true;
    command->restored = self->command->restored;
    memcpy(command->settle.b, &index, sizeof index);
    command->received_tick_us = self->command->received_tick_us;
    if (follow->takes_ticket) {
        command->ticket = self->command->ticket;
        command->keyed = self->command->keyed;
        memcpy(command->id, self->command->id, sizeof command->id);
        memcpy(command->body, self->command->body, sizeof command->body);
    }
    hub_outcome_then(self->outcome, command);
    self->outcome->follows++;
}

static void row_of_follow(struct build *self, const struct hub_follow *follow, struct pending_row *row)
{
    HUB_SET(pending_row, row, kind, follow->kind);
    HUB_SET(pending_row, row, entity, follow->entity);
    if (follow->alias != NULL && !follow->alias->is_ours) {
        row->alias = hub_span_of(follow->alias->digest, sizeof follow->alias->digest);
        HUB_MARK(pending_row, row, alias);
    }
    if (follow->takes_ticket && self->command->keyed) {
        row->command = hub_span_of(self->command->id, sizeof self->command->id);
        row->body = hub_span_of(self->command->body, sizeof self->command->body);
        HUB_MARK(pending_row, row, command);
        HUB_MARK(pending_row, row, body);
    }
}

/* One row for later: a follow-up, a timer of this entity, or an effect. */
static int build_later(struct build *self, const struct hub_decided_later *later)
{
    struct hub_append *append = &self->outcome->append;
    const struct hub_follow *follow = &later->follow;
    int failed = seal(self, follow->shape, follow->record, follow->subject);
    if (failed != 0) {
        return failed;
    }
    struct pending_row row;
    hub_pending_row_from(self->command, &row);
    HUB_SET(pending_row, &row, type, follow->shape->id);
    if (later->pending == HUB_PENDING_follow) {
        row_of_follow(self, follow, &row);
    } else {
        HUB_SET(pending_row, &row, kind, self->entity->stream.kind);
        HUB_SET(pending_row, &row, entity, self->entity->stream.entity);
    }
    if (later->attempt != 0) {
        HUB_SET(pending_row, &row, attempt, later->attempt);
    }
    if (!hub_ulid_is_none(follow->subject)) {
        HUB_SET(pending_row, &row, subject, follow->subject);
    }
    if (self->command->restored && later->pending != HUB_PENDING_timer) {
        HUB_SET(pending_row, &row, restored, true);
    }
    row.record = packed(self, follow->shape, follow->record);
    HUB_MARK(pending_row, &row, record);
    if (later->pending == HUB_PENDING_follow) {
        dispatch_later(self, follow, append->pending_count);
    }
    bool is_held = self->command->restored && later->pending == HUB_PENDING_effect;
    self->pendings[append->pending_count++] = (struct hub_pending){
        .kind = is_held ? HUB_PENDING_dead : later->pending,
        .due_us = is_held ? 0 : later->due_us,
        .value = packed(self, &pending_row_shape, &row),
    };
    return 0;
}

/* The effect goes on as another row: to be tried again later, or given up where a person sees it. */
static void build_again(struct build *self, uint8_t kind, int64_t due_us, uint32_t attempt)
{
    struct pending_row row;
    if (hub_pending_find(self->context->log, &self->command->settle, self->arena, &row) != 0) {
        return;
    }
    HUB_SET(pending_row, &row, attempt, attempt == 0 ? row.attempt : attempt);
    if (!HUB_HAS(pending_row, &row, effect)) {
        HUB_SET(pending_row, &row, effect, hub_span_of(self->command->settle.b, HUB_PENDING_KEY));
    }
    struct hub_append *append = &self->outcome->append;
    self->pendings[append->pending_count++] = (struct hub_pending){ .kind = kind,
                                                                    .due_us = due_us,
                                                                    .value = packed(self, &pending_row_shape, &row) };
}

static int build_laters(struct build *self)
{
    const struct hub_decided *decided = self->decided;
    self->pendings = HUB_NEW_ARRAY(self->arena, struct hub_pending, decided->later_count + 2);
    for (size_t i = 0; i < decided->later_count; i++) {
        int failed = build_later(self, &decided->laters[i]);
        if (failed != 0) {
            return failed;
        }
    }
    if (decided->dead_letter && self->command->settles) {
        build_again(self, HUB_PENDING_dead, 0, 0);
    }
    if (decided->retries && self->command->settles) {
        build_again(self, HUB_PENDING_effect, decided->retry_due_us, decided->retry_attempt);
    }
    self->outcome->append.pendings = self->pendings;
    return 0;
}

/* The client's own id of a new entity, and whatever else shall be found by a name. */
static void build_aliases(struct build *self)
{
    const struct hub_decided *decided = self->decided;
    const struct hub_stream *stream = &self->entity->stream;
    const struct hub_name *own = &self->command->names[stream->kind];
    struct hub_alias *aliases = HUB_NEW_ARRAY(self->arena, struct hub_alias, decided->alias_count + 1);
    size_t count = 0;
    if (self->entity->version == 0 && decided->event_count > 0 && own->given && !own->is_ours) {
        aliases[count] = (struct hub_alias){ .kind = stream->kind, .entity = stream->entity };
        memcpy(aliases[count++].digest, own->digest, sizeof own->digest);
    }
    for (size_t i = 0; i < decided->alias_count; i++) {
        aliases[count] = decided->aliases[i];
        aliases[count].of_hub = aliases[count].kind == HUB_ALIAS_USER;
        memcpy(aliases[count++].digest, decided->alias_names[i].digest, sizeof aliases[0].digest);
    }
    self->outcome->append.aliases = aliases;
    self->outcome->append.alias_count = (uint16_t) count;
}

/* A keyed command leaves its answer behind. The kept copy is sealed; the one for the client is not touched. */
static int build_command_row(struct build *self, const struct hub_answer *answer)
{
    if (!self->command->keyed || answer == NULL || answer->record == NULL) {
        return 0;
    }
    void *copy = hub_record_copy(answer->shape, answer->record, self->arena);
    struct hub_command_row *row = HUB_NEW(self->arena, struct hub_command_row);
    int failed = seal(self, answer->shape, copy, self->decided->answer_subject);
    if (failed != 0) {
        return failed;
    }
    memcpy(row->id, self->command->id, sizeof row->id);
    memcpy(row->body, self->command->body, sizeof row->body);
    row->reply_type = answer->shape->id;
    row->reply = packed(self, answer->shape, copy);
    self->outcome->append.command_row = row;
    return 0;
}

static struct hub_outcome *outcome_new(struct hub_command *command, struct hub_entity *entity)
{
    struct hub_outcome *self = HUB_NEW(command->arena, struct hub_outcome);
    self->command = command;
    self->entity = entity;
    self->after_end = &self->after;
    struct hub_append *append = &self->append;
    append->owner = self;
    append->stream = entity->stream;
    append->expected_version = entity->version;
    append->fenced = true;
    append->principal = command->caller.principal;
    append->credential = command->caller.credential;
    append->cause = command->cause;
    memcpy(append->command, command->id, sizeof append->command);
    memcpy(append->correlation, command->correlation, sizeof append->correlation);
    if (command->settles) {
        append->settles = &command->settle;
        append->settle_count = 1;
    }
    return self;
}

int hub_outcome_build(const struct hub_outcome_context *context, const struct hub_outcome_parts *parts,
                      struct hub_outcome **ret_outcome, struct hub_fault *ret_fault)
{
    const struct hub_decided *decided = parts->decided;
    struct build self = { .context = context,
                          .decided = decided,
                          .command = parts->command,
                          .entity = parts->entity,
                          .arena = parts->command->arena,
                          .outcome = outcome_new(parts->command, parts->entity),
                          .fault = ret_fault };
    self.keys = HUB_NEW_ARRAY(self.arena, struct hub_new_key, decided->event_count + decided->later_count + 1);
    self.outcome->append.keys = self.keys;
    int failed = build_events(&self);
    if (failed == 0) {
        failed = build_laters(&self);
    }
    if (failed == 0) {
        failed = build_command_row(&self, parts->answer);
    }
    if (failed != 0) {
        while (self.outcome->after != NULL) {
            struct hub_command *follow = self.outcome->after;
            self.outcome->after = follow->next;
            hub_command_destroy(&follow);
        }
        return failed;
    }
    build_aliases(&self);
    self.outcome->append.erases = decided->erases;
    self.outcome->append.erase_count = (uint16_t) decided->erase_count;
    self.outcome->own = parts->answer;
    *ret_outcome = self.outcome;
    return 0;
}

struct hub_outcome *hub_outcome_settle_only(struct hub_command *command, struct hub_entity *entity)
{
    assert(command->settles);
    return outcome_new(command, entity);
}

void hub_outcome_then(struct hub_outcome *self, struct hub_command *command)
{
    command->next = NULL;
    *self->after_end = command;
    self->after_end = &command->next;
}

void hub_outcome_number(struct hub_outcome *self)
{
    struct hub_command *command = self->after;
    for (unsigned i = 0; i < self->follows; i++, command = command->next) {
        uint16_t index;
        memcpy(&index, command->settle.b, sizeof index);
        command->settle = hub_pending_key_make(HUB_PENDING_follow, 0, self->append.pending_number, index);
        command->cause = self->append.last.sequence;
    }
}
