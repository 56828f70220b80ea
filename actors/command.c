/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Making and freeing commands and answers, and reading the names that clients give to entities. */
#include "actors/command.h"

#include "actors/company/company.h"
#include "log/keyring/keyring.h"

struct hub_command *hub_command_new(const struct hub_shape *shape, size_t arena_bytes)
{
    struct hub_arena *arena = hub_arena_new(arena_bytes);
    struct hub_command *self = HUB_NEW(arena, struct hub_command);
    self->magic = HUB_COMMAND_MAGIC;
    self->shape = shape;
    self->record = hub_arena_get(arena, shape->size);
    self->arena = arena;
    return self;
}

void hub_command_destroy(struct hub_command **self_p)
{
    struct hub_command *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        struct hub_arena *arena = self->arena;
        self->magic = 0;
        hub_arena_destroy(&arena);
    }
}

/* What the digest of a client's own id is labelled with; NULL for a number that nothing is found by. */
static const char *label_of(uint8_t kind)
{
    static const char *const labels[HUB_KINDS] = {
#define KIND(name, number, ...) [number] = "alias:" #name,
#include "actors/kinds.def"
#undef KIND
        [HUB_ALIAS_USER] = "alias:user",
    };
    return kind < HUB_KINDS ? labels[kind] : NULL;
}

bool hub_name_read(struct hub_keyring *keys, struct hub_ulid company, uint8_t kind, struct hub_span text,
                   struct hub_name *ret_name)
{
    const char *label = label_of(kind);
    struct hub_name name = { .given = true };
    if (label == NULL) {
        return false;
    }
    name.is_ours = hub_ulid_parse(text, &name.id);
    if (!hub_keyring_digest(keys, company, label, text, name.digest) && !name.is_ours) {
        return false;
    }
    *ret_name = name;
    return true;
}

static struct hub_answer *answer_in(struct hub_arena *arena, struct hub_ticket ticket, struct hub_ulid company)
{
    struct hub_answer *self = HUB_NEW(arena, struct hub_answer);
    self->magic = HUB_ANSWER_MAGIC;
    self->ticket = ticket;
    self->arena = arena;
    self->company = company;
    return self;
}

struct hub_answer *hub_answer_new(struct hub_ticket ticket, struct hub_ulid company)
{
    return answer_in(hub_arena_new(0), ticket, company);
}

struct hub_answer *hub_answer_to(struct hub_command *command)
{
    return answer_in(command->arena, command->ticket, command->caller.company);
}

struct hub_answer *hub_answer_refusing(struct hub_command *command, int error, const struct hub_fault *fault)
{
    struct hub_answer *answer = hub_answer_to(command);
    answer->error = error;
    if (fault != NULL) {
        answer->fault = *fault;
    }
    answer->fault.error = error;
    return answer;
}

void hub_answer_spoil(struct hub_answer *answer, int error)
{
    if (error != 0) {
        answer->error = error;
        answer->shape = NULL;
        answer->record = NULL;
        answer->fault = (struct hub_fault){ .error = error };
    }
}

void hub_answer_destroy(struct hub_answer **self_p)
{
    struct hub_answer *self = *self_p;
    *self_p = NULL;
    if (self != NULL) {
        struct hub_arena *arena = self->arena;
        self->magic = 0;
        hub_arena_destroy(&arena);
    }
}
