/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A state is folded event by event; after each, it is compared with what it was before. */
#include "tools/replay/replay_study.h"

#include "base/pack.h"
#include "tools/tool.h"

static int begin(struct hub_study *self)
{
    const struct hub_replay_query *query = self->query;
    int error = query->call ? -hub_datadir_tell(&self->reader, query->call) : 0;
    return error ? error : hub_datadir_company(&self->reader, query->company, &self->company);
}

int hub_study_open(struct hub_study *self, const struct hub_replay_query *query)
{
    *self = (struct hub_study){ .query = query, .arena = hub_arena_new(65536) };
    int error = hub_datadir_open(&self->reader, query->data, query->master_key);
    return error ? error : begin(self);
}

int hub_study_open_at(struct hub_study *self, const struct hub_replay_query *query, const char *at)
{
    *self = (struct hub_study){ .query = query, .arena = hub_arena_new(65536) };
    int error = hub_datadir_open_at(&self->reader, query->data, query->master_key, at);
    return error ? error : begin(self);
}

void hub_study_close(struct hub_study *self)
{
    hub_datadir_close(&self->reader);
    hub_arena_destroy(&self->arena);
}

void hub_study_choose(struct hub_study *self, const struct hub_stream *stream)
{
    const struct hub_kind_info *kind = hub_kind_find(stream->kind);
    self->stream = *stream;
    self->shape = kind ? kind->state : NULL;
}

/* KIND/ID. Returns 0, or an exit status as a negative number. */
int hub_study_find(struct hub_study *self, const char *name)
{
    struct hub_stream stream;
    int error = hub_datadir_stream(&self->reader, self->company, name, &stream);
    if (!error)
        hub_study_choose(self, &stream);
    return error;
}

/* Fold the stream up to `to`. Returns 0, or an exit status as a negative number. */
int hub_study_fold(struct hub_study *self,
                   void (*on_folded)(void *arg, const struct hub_stored *event, const void *state), void *arg,
                   struct hub_folded_state *ret_folded)
{
    const struct hub_fold_options options = {
        .log = self->reader.log, .stream = self->stream, .to = self->to, .on_folded = on_folded, .arg = arg
    };
    if (!self->shape || hub_entity_fold(&options, self->arena, ret_folded) < 0)
        return -hub_tool_fail("the events of the entity cannot be read; 'omnihub audit verify' says what is wrong");
    return 0;
}

/* A copy of a state with its personal values shown. */
void *hub_study_shown(const struct hub_study *self, const void *state, struct hub_arena *arena)
{
    void *copy = hub_record_copy(self->shape, state, arena);
    hub_datadir_unseal(&self->reader, self->stream.company, self->shape, copy, arena);
    return copy;
}

struct hub_span hub_study_id(struct hub_ulid id, struct hub_arena *arena)
{
    char text[HUB_ULID_TEXT];
    if (hub_ulid_is_none(id)) {
        return hub_span(NULL);
    }
    hub_ulid_print(id, text);
    return hub_arena_copy(arena, hub_span_of(text, sizeof text));
}

const char *hub_study_type(uint32_t type)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) type);
    return shape ? shape->name : "?";
}

/* --- Changes, one event at a time --- */

static void compare_event(void *arg, const struct hub_stored *event, const void *state)
{
    struct hub_study_way *self = arg;
    if (event->header.sequence <= self->study->from)
        return;
    hub_arena_reset(self->other);
    void *after = hub_study_shown(self->study, state, self->other);
    self->header = &event->header;
    const struct hub_difference_sink sink = { self->visit, self->arg, self->other };
    hub_record_diff(self->study->shape, self->before, after, &sink);
    struct hub_arena *spent = self->arena;
    self->arena = self->other;
    self->other = spent;
    self->before = after;
}

/* Visit what each event of the stream behind `from` changed. Returns 0, or an exit status as a negative number. */
int hub_study_walk(struct hub_study_way *self, struct hub_folded_state *ret_folded)
{
    self->arena = hub_arena_new(16384);
    self->other = hub_arena_new(16384);
    int error = hub_study_fold(self->study, compare_event, self, ret_folded);
    hub_arena_destroy(&self->arena);
    hub_arena_destroy(&self->other);
    return error;
}
