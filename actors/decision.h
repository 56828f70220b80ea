/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an actor may know while it decides, and what it may decide. decide() is pure: state and command in, this out. */
#ifndef HUB_ACTORS_DECISION_H
#define HUB_ACTORS_DECISION_H

#include "actors/command.h"

struct hub_decision;

/* --- what it may know --- */

/* The worker's clock, microseconds since the epoch; what events get as decided_at. */
int64_t hub_decision_now(const struct hub_decision *self);
const struct hub_caller *hub_decision_caller(const struct hub_decision *self);
/* The command's arena; lives until the answer is written. */
struct hub_arena *hub_decision_arena(const struct hub_decision *self);
/* Id of the deciding entity, also before its first event. */
struct hub_ulid hub_decision_self(const struct hub_decision *self);
/* Our id of the entity of `kind` that the command names; none when it names none or one that nobody knows yet. */
struct hub_ulid hub_decision_named(const struct hub_decision *self, uint8_t kind);
/* True when the command names an entity of `kind`, known or not. */
bool hub_decision_names(const struct hub_decision *self, uint8_t kind);
/* True when the log has an entity by the name that the client gave; false when its id is only reserved. */
bool hub_decision_exists(const struct hub_decision *self, uint8_t kind);
/* How the client named the entity of `kind`; NULL when it did not. Lives as long as the arena. */
const struct hub_name *hub_decision_name(const struct hub_decision *self, uint8_t kind);
/* True when the command came with an Idempotency-Key. */
bool hub_decision_is_keyed(const struct hub_decision *self);
/* True when the command reports what became of an effect. */
bool hub_decision_settles(const struct hub_decision *self);
/* A fresh id; for a keyed command it follows from the key and `label`, so that a repetition gets the same. It lies on the
 * shard of the deciding entity. */
struct hub_ulid hub_decision_id(struct hub_decision *self, const char *label);

/* --- what it may decide; records are in the arena and stay the caller's to read, sealed values with their clear part --- */

/* An event on the entity's own stream. subject: whose key seals it, and by whom it is indexed. session: the session it
 * concerns when that is not the stream itself, else none. */
void hub_decide_event(struct hub_decision *self, const struct hub_shape *shape, void *record, struct hub_ulid subject,
                      struct hub_ulid session);

/* Refuse. Nothing is written, whatever was decided before. pointer: JSON Pointer or "". reason: printf-like, one sentence. */
void hub_decide_refuse(struct hub_decision *self, int error, const char *pointer, const char *reason, ...)
    __attribute__((format(printf, 4, 5)));

/* What was decided is written although the command is refused: for a refusal that must undo something elsewhere. */
void hub_decide_keep(struct hub_decision *self);

/* The answer to who asked; copied with all it points to, for it may wait while the state goes on. subject: whose key seals
 * it where it must be kept for repetitions. */
void hub_decide_answer(struct hub_decision *self, const struct hub_shape *shape, void *record, struct hub_ulid subject);

struct hub_follow {
    uint8_t kind; /* target */
    struct hub_ulid entity;
    const struct hub_shape *shape; /* the follow-up command */
    void *record;
    struct hub_ulid subject; /* whose key seals its personal values in the pending row */
    bool takes_ticket;
    const struct hub_name *alias; /* the client's own id that the new entity shall be found by, or NULL */
};
/* What must follow on another entity, once, after this is durable (a pending row carries it over a crash). With
 * `takes_ticket` the client waits for its answer instead of one from here. */
void hub_decide_follow(struct hub_decision *self, const struct hub_follow *follow);

/* Hand this same command on to another entity, after what was decided here is durable. */
void hub_decide_forward(struct hub_decision *self, uint8_t kind, struct hub_ulid entity);

/* A command to this entity when `due_us` has come. */
void hub_decide_timer(struct hub_decision *self, int64_t due_us, const struct hub_shape *shape, void *record);

/* Something for the outside world, not before due_us (0: now), as its first attempt. subject seals it. */
void hub_decide_effect(struct hub_decision *self, int64_t due_us, const struct hub_shape *shape, void *record,
                       struct hub_ulid subject);

/* The code of a failed attempt that no other one follows: the key is gone that opens what is to be sent. */
#define HUB_FAILURE_ERASED "erased"

/* The effect that this command reports on is given up: keep it where a person sees it. */
void hub_decide_dead_letter(struct hub_decision *self);

/* The effect that this command reports on is tried again at due_us, with the same record, as this attempt. */
void hub_decide_retry(struct hub_decision *self, int64_t due_us, uint32_t attempt);

/* A client's own id (of any kind, e.g. a login name) that shall find `entity` from now on; the name by which a command
 * reached an entity that did not exist before finds it without this. NULL and names by our own id
 * leave nothing to be found by: nothing is
 * decided then. */
void hub_decide_alias(struct hub_decision *self, uint8_t kind, const struct hub_name *name, struct hub_ulid entity);

/* A name finds nothing any more. digest: 16 bytes, as in hub_name. */
void hub_decide_unalias(struct hub_decision *self, uint8_t kind, const uint8_t digest[16]);

/* A subject's key is destroyed as soon as this is durable, before it is answered: all that was ever sealed with it is
 * unreadable from then on. */
void hub_decide_erase(struct hub_decision *self, struct hub_ulid subject);

/* A new subject, whose key must exist before its first event. */
void hub_decide_subject(struct hub_decision *self, struct hub_ulid subject);

/* --- a decision outside a runtime: unit tests, what-if --- */

struct hub_decision_input {
    const struct hub_caller *caller;
    struct hub_ulid self;
    const struct hub_ulid *named; /* HUB_KINDS ids, none where unknown */
    const bool *names;            /* HUB_KINDS flags */
    int64_t now_us;
    const struct hub_world *world;
    struct hub_arena *arena;
    const uint8_t *key_id;        /* 16 bytes for a keyed command, NULL otherwise */
    const struct hub_name *given; /* HUB_KINDS names as the client gave them; NULL: none */
    bool settles;                 /* the command reports what became of an effect */
};
/* Begin a decision; it lies in the input's arena, and what the input points to is borrowed. */
struct hub_decision *hub_decision_new(const struct hub_decision_input *input);

struct hub_decided_event {
    const struct hub_shape *shape;
    void *record;
    struct hub_ulid subject, session;
};
struct hub_decided_later { /* follow, timer or effect */
    uint8_t pending; /* enum hub_pending_kind; of a timer or effect, follow.kind is 0: the deciding entity's own */
    int64_t due_us;
    uint32_t attempt;
    struct hub_follow follow;
};
struct hub_decided {
    int error; /* refused */
    struct hub_fault fault;
    bool keeps; /* refused, but written all the same */
    const struct hub_decided_event *events;
    size_t event_count;
    const struct hub_decided_later *laters;
    size_t later_count;
    const struct hub_shape *answer_shape;
    void *answer;
    struct hub_ulid answer_subject;
    bool forwards;
    uint8_t forward_kind;
    struct hub_ulid forward_entity;
    bool dead_letter;
    bool retries; /* the reported effect, at retry_due_us */
    int64_t retry_due_us;
    uint32_t retry_attempt;
    const struct hub_alias *aliases;
    const struct hub_name *alias_names;
    size_t alias_count;
    const struct hub_ulid *subjects;
    size_t subject_count;
    const struct hub_ulid *erases; /* subjects whose keys go */
    size_t erase_count;
};
/* What was decided, for reading; all in the arena. Refused and not kept: the error and the fault only. */
const struct hub_decided *hub_decision_result(const struct hub_decision *self);

#endif
