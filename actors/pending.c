/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Pending rows: what is written for later, read back as commands and effects. */
#include "actors/outcome.h"
#include "actors/pending.h"
#include "actors/runtime.h"
#include "base/pack.h"

static void set_bytes(hub_bytes *to, const void *at, size_t len)
{
    *to = hub_span_of(at, len);
}

static bool is_zero(const uint8_t bytes[16])
{
    static const uint8_t zero[16];
    return memcmp(bytes, zero, sizeof zero) == 0;
}

void hub_pending_row_from(const struct hub_command *command, struct pending_row *ret_row)
{
    memset(ret_row, 0, sizeof *ret_row);
    HUB_SET(pending_row, ret_row, company, command->caller.company);
    if (!hub_ulid_is_none(command->caller.principal)) {
        HUB_SET(pending_row, ret_row, principal, command->caller.principal);
    }
    if (!hub_ulid_is_none(command->caller.credential)) {
        HUB_SET(pending_row, ret_row, credential, command->caller.credential);
    }
    if (command->caller.role != 0) {
        HUB_SET(pending_row, ret_row, role, command->caller.role);
    }
    if (!is_zero(command->correlation)) {
        set_bytes(&ret_row->correlation, command->correlation, sizeof command->correlation);
        HUB_MARK(pending_row, ret_row, correlation);
    }
}

struct hub_pending_key hub_pending_key_before(const struct hub_pending_key *key)
{
    struct hub_pending_key before = *key;
    for (int i = HUB_PENDING_KEY - 1; i >= 0 && before.b[i]-- == 0; i--) {
    }
    return before;
}

static int read_row(struct hub_span value, struct hub_arena *arena, struct pending_row *ret_row,
                    const struct hub_shape **ret_shape, void **ret_record)
{
    struct hub_span kept = hub_arena_copy(arena, value);
    if (hub_unpack(&pending_row_shape, kept, arena, ret_row, NULL) != 0) {
        return HUB_ERROR_internal;
    }
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) ret_row->type);
    if (shape == NULL) {
        return HUB_ERROR_internal;
    }
    *ret_shape = shape;
    *ret_record = hub_arena_get(arena, shape->size);
    return hub_unpack(shape, ret_row->record, arena, *ret_record, NULL);
}

static void name_target(struct hub_command *command, const struct pending_row *row)
{
    struct hub_name *name = &command->names[row->kind];
    name->given = true;
    name->id = row->entity;
    name->is_ours = true;
    if (HUB_HAS(pending_row, row, alias)) {
        name->is_ours = false;
        memcpy(name->digest, row->alias.at, sizeof name->digest);
    }
    command->target = (uint8_t) row->kind;
}

struct hub_command *hub_command_from_pending(const struct hub_pending_key *key, struct hub_span value)
{
    struct hub_arena *arena = hub_arena_new(value.len + 1024);
    struct pending_row row;
    struct hub_command *command = HUB_NEW(arena, struct hub_command);
    if (read_row(value, arena, &row, &command->shape, &command->record) != 0 || row.kind >= HUB_KINDS) {
        hub_arena_destroy(&arena);
        return NULL;
    }
    command->magic = HUB_COMMAND_MAGIC;
    command->arena = arena;
    command->caller = (struct hub_caller){
        .company = row.company, .principal = row.principal, .credential = row.credential, .role = (enum role) row.role
    };
    name_target(command, &row);
    if (HUB_HAS(pending_row, &row, correlation)) {
        memcpy(command->correlation, row.correlation.at, sizeof command->correlation);
    }
    if (HUB_HAS(pending_row, &row, command) && HUB_HAS(pending_row, &row, body)) {
        command->keyed = true;
        memcpy(command->id, row.command.at, sizeof command->id);
        memcpy(command->body, row.body.at, sizeof command->body);
    }
    command->settles = true;
    command->settle = *key;
    command->restored = HUB_HAS(pending_row, &row, restored) && row.restored;
    return command;
}

struct hub_effect *hub_effect_from_pending(const struct hub_pending_key *key, struct hub_span value)
{
    struct hub_arena *arena = hub_arena_new(value.len + 1024);
    struct hub_effect *effect = HUB_NEW(arena, struct hub_effect);
    struct pending_row row;
    if (read_row(value, arena, &row, &effect->shape, &effect->record) != 0) {
        hub_arena_destroy(&arena);
        return NULL;
    }
    effect->id = *key;
    effect->key = *key;
    if (HUB_HAS(pending_row, &row, effect) && row.effect.len == HUB_PENDING_KEY) {
        memcpy(effect->id.b, row.effect.at, HUB_PENDING_KEY);
    }
    effect->company = row.company;
    effect->from = (struct hub_stream){ .company = row.company, .entity = row.entity, .kind = (uint8_t) row.kind };
    effect->subject = row.subject;
    effect->attempt = row.attempt;
    effect->arena = arena;
    return effect;
}

int hub_pending_mark_restored(void *arg, const struct hub_pending_key *key, struct hub_span value,
                              struct hub_buf *ret_value)
{
    struct hub_arena *arena = hub_arena_new(value.len + 1024);
    struct pending_row row;
    (void) arg;
    int failed = hub_unpack(&pending_row_shape, value, arena, &row, NULL);
    if (failed == 0) {
        HUB_SET(pending_row, &row, restored, true);
        if (key->b[0] == HUB_PENDING_effect && !HUB_HAS(pending_row, &row, effect)) {
            HUB_SET(pending_row, &row, effect, hub_span_of(key->b, HUB_PENDING_KEY));
        }
        hub_pack(&pending_row_shape, &row, ret_value);
    }
    hub_arena_destroy(&arena);
    return failed == 0 ? 0 : -1;
}

struct finding {
    const struct hub_pending_key *key;
    struct hub_arena *arena;
    struct hub_span value; /* at NULL: it is gone */
};

static bool find(void *arg, const struct hub_pending_key *key, struct hub_span value)
{
    struct finding *self = arg;
    if (memcmp(key, self->key, sizeof *key) == 0) {
        self->value = hub_arena_copy(self->arena, value);
    }
    return false;
}

int hub_pending_find(struct hub_log *log, const struct hub_pending_key *key, struct hub_arena *arena,
                     struct pending_row *ret_row)
{
    struct hub_pending_key before = hub_pending_key_before(key);
    struct finding finding = { .key = key, .arena = arena };
    const struct hub_due due = { .kind = key->b[0], .until_us = INT64_MAX, .after = &before };
    int failed = hub_log_pending(log, &due, find, &finding);
    if (failed != 0 || finding.value.at == NULL) {
        return failed != 0 ? failed : HUB_ERROR_not_found;
    }
    return hub_unpack(&pending_row_shape, finding.value, arena, ret_row, NULL) == 0 ? 0 : -1;
}
