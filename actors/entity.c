/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The table of active entities: a chained hash, and a list by use. */
#include "actors/entity.h"

#include <assert.h>
#include <stdlib.h>

#include "base/cache.h"
#include "base/memory.h"
#include "base/pack.h"

enum {
    BUCKETS_FIRST = 1024,
    ARENA_SLACK = 2048,
    STATE_AHEAD = 512,
    MALLOC_BYTES = 32 /* of its own, for an entity and its arena */
};

struct hub_entities {
    struct hub_entities_options options;
    struct hub_entity **buckets;
    size_t bucket_count; /* a power of two */
    struct hub_entity *newest, *oldest;
    struct hub_entities_stats stats;
};

static uint64_t hash_of(const struct hub_stream *stream)
{
    uint64_t a, b;
    memcpy(&a, stream->entity.b + 8, sizeof a);
    memcpy(&b, stream->company.b + 8, sizeof b);
    return (a ^ b * 0x9e3779b97f4a7c15u) + stream->kind;
}

static bool is_stream(const struct hub_stream *a, const struct hub_stream *b)
{
    return hub_ulid_is(a->entity, b->entity) && hub_ulid_is(a->company, b->company) && a->kind == b->kind;
}

struct hub_entities *hub_entities_new(const struct hub_entities_options *options)
{
    struct hub_entities *self = hub_memory_zero(sizeof *self);
    self->options = *options;
    self->bucket_count = BUCKETS_FIRST;
    self->buckets = hub_memory_zero(self->bucket_count * sizeof(struct hub_entity *));
    return self;
}

static void entity_free(struct hub_entity *entity)
{
    hub_arena_destroy(&entity->arena);
    free(entity);
}

void hub_entities_destroy(struct hub_entities **self_p)
{
    struct hub_entities *self = *self_p;
    if (self == NULL) {
        return;
    }
    while (self->newest != NULL) {
        struct hub_entity *entity = self->newest;
        self->newest = entity->older;
        entity_free(entity);
    }
    free(self->buckets);
    free(self);
    *self_p = NULL;
}

/* --- the list by use --- */

static void list_remove(struct hub_entities *self, struct hub_entity *entity)
{
    *(entity->newer != NULL ? &entity->newer->older : &self->newest) = entity->older;
    *(entity->older != NULL ? &entity->older->newer : &self->oldest) = entity->newer;
    entity->newer = entity->older = NULL;
}

static void list_push(struct hub_entities *self, struct hub_entity *entity)
{
    entity->newer = NULL;
    entity->older = self->newest;
    *(self->newest != NULL ? &self->newest->newer : &self->oldest) = entity;
    self->newest = entity;
}

/* Count what an entity takes by now. */
static void charge(struct hub_entities *self, struct hub_entity *entity)
{
    size_t bytes = sizeof *entity + MALLOC_BYTES + (entity->arena != NULL ? hub_arena_held(entity->arena) : 0);
    self->stats.bytes += bytes - entity->charged;
    entity->charged = bytes;
}

/* --- the hash --- */

static struct hub_entity **bucket_of(struct hub_entities *self, const struct hub_stream *stream)
{
    return &self->buckets[hash_of(stream) & (self->bucket_count - 1)];
}

static void grow(struct hub_entities *self)
{
    free(self->buckets);
    self->bucket_count *= 2;
    self->buckets = hub_memory_zero(self->bucket_count * sizeof(struct hub_entity *));
    for (struct hub_entity *entity = self->newest; entity != NULL; entity = entity->older) {
        struct hub_entity **bucket = bucket_of(self, &entity->stream);
        entity->same_hash = *bucket;
        *bucket = entity;
    }
}

static void take_out(struct hub_entities *self, struct hub_entity *entity)
{
    struct hub_entity **link = bucket_of(self, &entity->stream);
    while (*link != entity) {
        link = &(*link)->same_hash;
    }
    *link = entity->same_hash;
    list_remove(self, entity);
    self->stats.active--;
    self->stats.bytes -= entity->charged;
}

/* --- folding --- */

/* The newest snapshot. Leaves state NULL when there is none that can be used. */
static int from_snapshot(const struct hub_fold_options *options, const struct hub_kind_info *kind,
                         struct hub_arena *arena, struct hub_folded_state *ret_folded)
{
    struct hub_buf bytes;
    hub_buf_init(&bytes);
    uint64_t version = 0;
    struct hub_position at = { 0 };
    int failed = options->snapshots->find(options->snapshots->self, &options->stream, &bytes, &version, &at);
    if (failed == 0) {
        void *state = hub_arena_get(arena, kind->state->size);
        struct hub_span kept = hub_arena_copy(arena, hub_buf_span(&bytes));
        if (hub_unpack(kind->state, kept, arena, state, NULL) == 0) {
            *ret_folded = (struct hub_folded_state){ .state = state, .version = version };
        }
    }
    hub_buf_done(&bytes);
    return failed < 0 ? failed : 0;
}

static int fold_one(const struct hub_kind_info *kind, const struct hub_stored *stored, struct hub_arena *scratch,
                    struct hub_arena *arena, void *state)
{
    const struct hub_shape *shape = hub_registry_find(hub_records(), (uint16_t) stored->header.type);
    if (shape == NULL) {
        return -HUB_ERROR_internal;
    }
    void *record = hub_arena_get(scratch, shape->size);
    if (hub_unpack(shape, stored->payload, scratch, record, NULL) != 0) {
        return -HUB_ERROR_internal;
    }
    struct hub_event event = { .shape = shape,
                               .record = record,
                               .version = stored->header.version,
                               .decided_at_us = stored->header.decided_at,
                               .entity = stored->header.entity,
                               .subject = stored->header.subject };
    kind->apply(state, &event, arena);
    hub_arena_reset(scratch);
    return 0;
}

int hub_entity_fold(const struct hub_fold_options *options, struct hub_arena *arena,
                    struct hub_folded_state *ret_folded)
{
    const struct hub_kind_info *kind = hub_kind_find(options->stream.kind);
    struct hub_folded_state folded = { 0 };
    int failed = kind == NULL ? -HUB_ERROR_internal : 0;
    if (failed == 0 && options->to == 0 && options->snapshots != NULL && options->snapshots->find != NULL) {
        failed = from_snapshot(options, kind, arena, &folded);
    }
    if (failed != 0) {
        return failed;
    }
    struct hub_scan *scan = hub_scan_stream(options->log, &options->stream, folded.version + 1, options->to);
    struct hub_arena *scratch = hub_arena_new(0);
    struct hub_stored stored;
    int more;
    while ((more = hub_scan_next(scan, &stored)) > 0) {
        if (folded.state == NULL) {
            folded.state = hub_arena_get(arena, kind->state->size);
        }
        failed = fold_one(kind, &stored, scratch, arena, folded.state);
        if (failed != 0) {
            break;
        }
        folded.version = stored.header.version;
        if (options->on_folded != NULL) {
            options->on_folded(options->arg, &stored, folded.state);
        }
    }
    hub_arena_destroy(&scratch);
    hub_scan_close(&scan);
    *ret_folded = folded;
    return failed != 0 ? failed : more;
}

/* --- activation --- */

static int activate(struct hub_entities *self, struct hub_entity *entity)
{
    entity->arena = hub_arena_new(0);
    struct hub_fold_options options = { .log = self->options.log,
                                        .snapshots = &self->options.snapshots,
                                        .stream = entity->stream };
    struct hub_folded_state folded = { 0 };
    int failed = hub_entity_fold(&options, entity->arena, &folded);
    entity->state = folded.state;
    entity->version = folded.version;
    entity->arena_base = hub_arena_used(entity->arena);
    if (failed == 0 && entity->version == 0) {
        hub_arena_destroy(&entity->arena);
        entity->arena_base = 0;
    }
    self->stats.activations++;
    return failed;
}

static bool is_full(const struct hub_entities *self)
{
    return self->stats.active >= self->options.room ||
           (self->options.bytes > 0 && self->stats.bytes > self->options.bytes);
}

/* Make room: the least recently used that have nothing under way go. */
static void make_room(struct hub_entities *self)
{
    struct hub_entity *entity = self->oldest;
    for (int tries = 0; entity != NULL && tries < 64 && is_full(self); tries++) {
        struct hub_entity *next = entity->newer;
        if (entity->under_way == 0) {
            take_out(self, entity);
            entity_free(entity);
            self->stats.passivations++;
        }
        entity = next;
    }
}

static struct hub_entity *find(struct hub_entities *self, const struct hub_stream *stream)
{
    struct hub_entity *entity = *bucket_of(self, stream);
    while (entity != NULL && !is_stream(&entity->stream, stream)) {
        entity = entity->same_hash;
    }
    return entity;
}

void hub_entities_expect(struct hub_entities *self, const struct hub_stream *stream, unsigned step)
{
    struct hub_entity *const *bucket = bucket_of(self, stream);
    if (step == 0) {
        hub_cache_read(bucket, sizeof *bucket);
    } else if (step == 1 && *bucket != NULL) {
        hub_cache_read(*bucket, sizeof **bucket);
    } else if (step == 2) {
        const struct hub_entity *entity = find(self, stream);
        if (entity != NULL && entity->arena != NULL) {
            hub_cache_read(entity->arena, STATE_AHEAD);
        }
    }
}

int hub_entities_get(struct hub_entities *self, const struct hub_stream *stream, bool fresh, int64_t tick_us,
                     struct hub_entity **ret_entity)
{
    struct hub_entity *entity = find(self, stream);
    if (entity != NULL) {
        entity->used_tick_us = tick_us;
        if (self->newest != entity) {
            list_remove(self, entity);
            list_push(self, entity);
        }
        *ret_entity = entity;
        return 0;
    }
    make_room(self);
    entity = hub_memory_zero(sizeof *entity);
    entity->stream = *stream;
    entity->kind = hub_kind_find(stream->kind);
    entity->used_tick_us = tick_us;
    int failed = entity->kind == NULL ? -HUB_ERROR_internal : fresh ? 0 : activate(self, entity);
    if (failed != 0) {
        entity_free(entity);
        return failed;
    }
    struct hub_entity **bucket = bucket_of(self, stream);
    entity->same_hash = *bucket;
    *bucket = entity;
    list_push(self, entity);
    charge(self, entity);
    if (++self->stats.active > self->bucket_count) {
        grow(self);
    }
    *ret_entity = entity;
    return 0;
}

/* What apply replaced stays behind in the arena; when that outweighs the state, the state moves to a fresh one. */
void hub_entity_tidy(struct hub_entity *entity)
{
    if (entity->arena == NULL || hub_arena_used(entity->arena) < 2 * entity->arena_base + ARENA_SLACK) {
        return;
    }
    struct hub_arena *arena = hub_arena_new(entity->arena_base + entity->arena_base / 4);
    entity->state = hub_record_copy(entity->kind->state, entity->state, arena);
    hub_arena_destroy(&entity->arena);
    entity->arena = arena;
    entity->arena_base = hub_arena_used(arena);
}

void hub_entity_apply(struct hub_entity *entity, const struct hub_event *event)
{
    assert(event->version == entity->version + 1);
    if (entity->state == NULL) {
        if (entity->arena == NULL) {
            entity->arena = hub_arena_new(entity->kind->state->size + HUB_STATE_ROOM);
        }
        entity->state = hub_arena_get(entity->arena, entity->kind->state->size);
    }
    entity->kind->apply(entity->state, event, entity->arena);
    entity->version = event->version;
}

void hub_entities_drop(struct hub_entities *self, struct hub_entity *entity)
{
    if (!entity->dropped) {
        take_out(self, entity);
        entity->dropped = true;
    }
}

void hub_entities_renew(struct hub_entities *self, const struct hub_entity *dropped)
{
    struct hub_entity *entity = find(self, &dropped->stream);
    if (entity != NULL) {
        hub_entities_drop(self, entity);
        if (entity->under_way == 0) {
            entity_free(entity);
        }
    }
}

void hub_entities_settled(struct hub_entities *self, struct hub_entity *entity)
{
    entity->under_way--;
    if (!entity->dropped) {
        charge(self, entity);
    } else if (entity->under_way == 0) {
        entity_free(entity);
    }
}

void hub_entities_sweep(struct hub_entities *self, int64_t tick_us)
{
    struct hub_entity *entity = self->oldest;
    for (int tries = 0; entity != NULL && tries < 4096; tries++) {
        struct hub_entity *next = entity->newer;
        if (tick_us - entity->used_tick_us < self->options.idle_us) {
            return;
        }
        if (entity->under_way == 0) {
            take_out(self, entity);
            entity_free(entity);
            self->stats.passivations++;
        }
        entity = next;
    }
}

struct hub_entities_stats hub_entities_stats(const struct hub_entities *self)
{
    return self->stats;
}
