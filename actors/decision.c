/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A decision under way: what decide() said so far, in growing rows in the command's arena. */
#include "actors/decision.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/fault.h"
#include "base/pack.h"
#include "base/world.h"

struct hub_decision {
    struct hub_decision_input input;
    struct hub_decided decided;
    /* The rows behind decided's const pointers, and how many fit. */
    struct hub_decided_event *events;
    struct hub_decided_later *laters;
    struct hub_alias *aliases;
    struct hub_name *alias_names;
    struct hub_ulid *subjects, *erases;
    size_t event_room, later_room, alias_room, subject_room, erase_room;
};

struct hub_decision *hub_decision_new(const struct hub_decision_input *input)
{
    struct hub_decision *self = HUB_NEW(input->arena, struct hub_decision);
    self->input = *input;
    return self;
}

int64_t hub_decision_now(const struct hub_decision *self)
{
    return self->input.now_us;
}

const struct hub_caller *hub_decision_caller(const struct hub_decision *self)
{
    return self->input.caller;
}

struct hub_arena *hub_decision_arena(const struct hub_decision *self)
{
    return self->input.arena;
}

struct hub_ulid hub_decision_self(const struct hub_decision *self)
{
    return self->input.self;
}

struct hub_ulid hub_decision_named(const struct hub_decision *self, uint8_t kind)
{
    static const struct hub_ulid none;
    return self->input.named == NULL || kind >= HUB_KINDS ? none : self->input.named[kind];
}

bool hub_decision_names(const struct hub_decision *self, uint8_t kind)
{
    return self->input.names != NULL && kind < HUB_KINDS && self->input.names[kind];
}

const struct hub_name *hub_decision_name(const struct hub_decision *self, uint8_t kind)
{
    bool has = self->input.given != NULL && kind < HUB_KINDS && self->input.given[kind].given;
    return has ? &self->input.given[kind] : NULL;
}

bool hub_decision_exists(const struct hub_decision *self, uint8_t kind)
{
    const struct hub_name *name = hub_decision_name(self, kind);
    return name != NULL && name->known;
}

bool hub_decision_is_keyed(const struct hub_decision *self)
{
    return self->input.key_id != NULL;
}

bool hub_decision_settles(const struct hub_decision *self)
{
    return self->input.settles;
}

static struct hub_ulid fresh_id(const struct hub_decision *self)
{
    uint8_t random[10];
    self->input.world->random(self->input.world->self, random, sizeof random);
    return hub_ulid_make(self->input.now_us, random);
}

/* All of the id follows from the key: its time too, for the clock of a repetition is another one. */
static struct hub_ulid keyed_id(const struct hub_decision *self, const char *label)
{
    const struct hub_span parts[] = { HUB_SPAN("omnihub id"), hub_span_of(self->input.key_id, HUB_COMMAND_ID),
                                      hub_span(label) };
    struct hub_digest digest = hub_sha256_of(parts, sizeof parts / sizeof parts[0]);
    struct hub_ulid id;
    memcpy(id.b, digest.b, sizeof id.b);
    return id;
}

struct hub_ulid hub_decision_id(struct hub_decision *self, const char *label)
{
    struct hub_ulid id = hub_decision_is_keyed(self) ? keyed_id(self, label) : fresh_id(self);
    return hub_ulid_with_shard(id, hub_ulid_shard(self->input.self));
}

/* Make room for one more in a row that doubles. Returns where it is now. */
static void *grow(const struct hub_decision *self, void *row, size_t size, size_t count, size_t *room)
{
    if (count < *room) {
        return row;
    }
    *room = *room > 0 ? *room * 2 : 4;
    void *larger = hub_arena_get(self->input.arena, size * *room);
    if (count > 0) {
        memcpy(larger, row, size * count);
    }
    return larger;
}

void hub_decide_event(struct hub_decision *self, const struct hub_shape *shape, void *record, struct hub_ulid subject,
                      struct hub_ulid session)
{
    struct hub_decided *decided = &self->decided;
    self->events = grow(self, self->events, sizeof *self->events, decided->event_count, &self->event_room);
    self->events[decided->event_count++] = (struct hub_decided_event){
        .shape = shape, .record = record, .subject = subject, .session = session
    };
    decided->events = self->events;
}

void hub_decide_refuse(struct hub_decision *self, int error, const char *pointer, const char *reason, ...)
{
    if (self->decided.error != 0) {
        return; /* the first reason stands */
    }
    self->decided.error = error;
    hub_fault_init(&self->decided.fault, error);
    struct hub_fault *fault = &self->decided.fault;
    snprintf(fault->pointer, sizeof fault->pointer, "%s", pointer);
    va_list arguments;
    va_start(arguments, reason);
    vsnprintf(fault->reason, sizeof fault->reason, reason, arguments);
    va_end(arguments);
}

void hub_decide_keep(struct hub_decision *self)
{
    self->decided.keeps = true;
}

void hub_decide_answer(struct hub_decision *self, const struct hub_shape *shape, void *record, struct hub_ulid subject)
{
    self->decided.answer_shape = shape;
    self->decided.answer = hub_record_copy(shape, record, self->input.arena);
    self->decided.answer_subject = subject;
}

static void add_later(struct hub_decision *self, struct hub_decided_later later)
{
    struct hub_decided *decided = &self->decided;
    self->laters = grow(self, self->laters, sizeof *self->laters, decided->later_count, &self->later_room);
    self->laters[decided->later_count++] = later;
    decided->laters = self->laters;
}

void hub_decide_follow(struct hub_decision *self, const struct hub_follow *follow)
{
    struct hub_decided_later later = { .pending = HUB_PENDING_follow, .follow = *follow };
    if (follow->alias != NULL && (!follow->alias->given || follow->alias->is_ours)) {
        later.follow.alias = NULL;
    }
    if (later.follow.alias != NULL) {
        struct hub_name *kept = HUB_NEW(self->input.arena, struct hub_name);
        *kept = *later.follow.alias;
        later.follow.alias = kept;
    }
    add_later(self, later);
}

void hub_decide_forward(struct hub_decision *self, uint8_t kind, struct hub_ulid entity)
{
    self->decided.forwards = true;
    self->decided.forward_kind = kind;
    self->decided.forward_entity = entity;
}

void hub_decide_timer(struct hub_decision *self, int64_t due_us, const struct hub_shape *shape, void *record)
{
    add_later(self, (struct hub_decided_later){
                        .pending = HUB_PENDING_timer,
                        .due_us = due_us,
                        .follow = { .entity = self->input.self, .shape = shape, .record = record },
                    });
}

void hub_decide_effect(struct hub_decision *self, int64_t due_us, const struct hub_shape *shape, void *record,
                       struct hub_ulid subject)
{
    add_later(self, (struct hub_decided_later){
                        .pending = HUB_PENDING_effect,
                        .due_us = due_us,
                        .attempt = 1,
                        .follow = { .entity = self->input.self, .shape = shape, .record = record, .subject = subject },
                    });
}

void hub_decide_dead_letter(struct hub_decision *self)
{
    self->decided.dead_letter = true;
}

void hub_decide_retry(struct hub_decision *self, int64_t due_us, uint32_t attempt)
{
    self->decided.retries = true;
    self->decided.retry_due_us = due_us;
    self->decided.retry_attempt = attempt;
}

void hub_decide_alias(struct hub_decision *self, uint8_t kind, const struct hub_name *name, struct hub_ulid entity)
{
    if (name == NULL || !name->given || name->is_ours) {
        return;
    }
    struct hub_decided *decided = &self->decided;
    size_t name_room = self->alias_room;
    self->alias_names = grow(self, self->alias_names, sizeof *self->alias_names, decided->alias_count, &name_room);
    self->aliases = grow(self, self->aliases, sizeof *self->aliases, decided->alias_count, &self->alias_room);
    struct hub_alias *alias = &self->aliases[decided->alias_count];
    *alias = (struct hub_alias){ .kind = kind, .entity = entity };
    memcpy(alias->digest, name->digest, sizeof alias->digest);
    self->alias_names[decided->alias_count++] = *name;
    decided->aliases = self->aliases;
    decided->alias_names = self->alias_names;
}

void hub_decide_unalias(struct hub_decision *self, uint8_t kind, const uint8_t digest[16])
{
    static const struct hub_ulid none;
    struct hub_name name = { .given = true };
    memcpy(name.digest, digest, sizeof name.digest);
    hub_decide_alias(self, kind, &name, none);
    self->aliases[self->decided.alias_count - 1].remove = true;
}

void hub_decide_erase(struct hub_decision *self, struct hub_ulid subject)
{
    struct hub_decided *decided = &self->decided;
    self->erases = grow(self, self->erases, sizeof *self->erases, decided->erase_count, &self->erase_room);
    self->erases[decided->erase_count++] = subject;
    decided->erases = self->erases;
}

void hub_decide_subject(struct hub_decision *self, struct hub_ulid subject)
{
    struct hub_decided *decided = &self->decided;
    self->subjects = grow(self, self->subjects, sizeof *self->subjects, decided->subject_count, &self->subject_room);
    self->subjects[decided->subject_count++] = subject;
    decided->subjects = self->subjects;
}

static struct hub_decided only_refused(const struct hub_decided *decided)
{
    return (struct hub_decided){ .error = decided->error, .fault = decided->fault };
}

const struct hub_decided *hub_decision_result(const struct hub_decision *self)
{
    if (self->decided.error == 0 || self->decided.keeps) {
        return &self->decided;
    }
    struct hub_decided *refused = HUB_NEW(self->input.arena, struct hub_decided);
    *refused = only_refused(&self->decided);
    return refused;
}
