/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A timer that is there is known by its entity and its record. One that is there although the state asks for another does
 * nothing when it fires, as each compares itself with the state. */
#include "actors/rearm.h"

#include <stdlib.h>

#include "actors/entity.h"
#include "actors/pending.h"
#include "actors/session/session.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/pack.h"

enum { ARENA = 16384 };

struct hub_rearm {
    struct hub_buf there; /* digests */
    bool is_sorted;
};

struct hub_rearm *hub_rearm_new(void)
{
    struct hub_rearm *self = hub_memory_zero(sizeof *self);
    hub_buf_init(&self->there);
    return self;
}

void hub_rearm_destroy(struct hub_rearm **self_p)
{
    if (*self_p != NULL) {
        hub_buf_done(&(*self_p)->there);
        free(*self_p);
        *self_p = NULL;
    }
}

/* An idle timer sets itself anew when it comes too early, so any of them will do. */
static struct hub_span without_time(const struct pending_row *row, struct hub_arena *arena)
{
    struct session_timer timer;
    struct hub_buf packed;
    if (row->type != session_timer_id || hub_unpack(&session_timer_shape, row->record, arena, &timer, NULL) != 0 ||
        timer.purpose != session_timer_purpose_idle) {
        return row->record;
    }
    HUB_SET(session_timer, &timer, due, 0);
    hub_buf_init(&packed);
    hub_pack(&session_timer_shape, &timer, &packed);
    struct hub_span kept = hub_arena_copy(arena, hub_buf_span(&packed));
    hub_buf_done(&packed);
    return kept;
}

/* Which timer it is. */
static struct hub_digest digest_of(const struct pending_row *row, struct hub_arena *arena)
{
    const uint8_t kind[] = { (uint8_t) row->kind, (uint8_t) (row->type >> 8), (uint8_t) row->type };
    const struct hub_span parts[] = { hub_span_of(row->company.b, sizeof row->company.b),
                                      hub_span_of(row->entity.b, sizeof row->entity.b), hub_span_of(kind, sizeof kind),
                                      without_time(row, arena) };
    return hub_sha256_of(parts, sizeof parts / sizeof parts[0]);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hub_digest));
}

static bool is_there(struct hub_rearm *self, const struct hub_digest *digest)
{
    size_t count = self->there.len / sizeof *digest;
    if (!self->is_sorted && count > 0) {
        qsort(self->there.at, count, sizeof *digest, by_bytes);
    }
    self->is_sorted = true;
    return count > 0 && bsearch(digest, self->there.at, count, sizeof *digest, by_bytes) != NULL;
}

int hub_rearm_mark(void *self_, const struct hub_pending_key *key, struct hub_span value, struct hub_buf *ret_value)
{
    struct hub_rearm *self = self_;
    if (key->b[0] == HUB_PENDING_timer) {
        struct hub_arena *arena = hub_arena_new(ARENA);
        struct pending_row row;
        if (hub_unpack(&pending_row_shape, value, arena, &row, NULL) == 0) {
            struct hub_digest digest = digest_of(&row, arena);
            hub_buf_put(&self->there, &digest, sizeof digest);
        }
        hub_arena_destroy(&arena);
    }
    return hub_pending_mark_restored(NULL, key, value, ret_value);
}

/* What one entity waits for. */
struct rearming {
    struct hub_rearm *rearm;
    const struct hub_stream *stream;
    struct hub_arena *arena;
    const struct hub_cut_adding *adding;
    int failed;
};

static void on_timer(void *arg, int64_t due_us, const struct hub_shape *shape, const void *record)
{
    struct rearming *self = arg;
    struct pending_row row = { 0 };
    struct hub_buf packed, value;
    hub_buf_init(&packed);
    hub_buf_init(&value);
    hub_pack(shape, record, &packed);
    HUB_SET(pending_row, &row, company, self->stream->company);
    HUB_SET(pending_row, &row, kind, self->stream->kind);
    HUB_SET(pending_row, &row, entity, self->stream->entity);
    HUB_SET(pending_row, &row, type, shape->id);
    HUB_SET(pending_row, &row, record, hub_buf_span(&packed));
    HUB_SET(pending_row, &row, restored, true);
    struct hub_digest digest = digest_of(&row, self->arena);
    if (self->failed == 0 && !is_there(self->rearm, &digest)) {
        hub_pack(&pending_row_shape, &row, &value);
        self->failed = self->adding->add(self->adding->self, due_us, hub_buf_span(&value));
    }
    hub_buf_done(&packed);
    hub_buf_done(&value);
}

int hub_rearm_entity(void *self, struct hub_log *log, const struct hub_stream *stream, uint64_t to,
                     const struct hub_cut_adding *adding)
{
    const struct hub_kind_info *kind = hub_kind_find(stream->kind);
    const struct hub_fold_options options = { .log = log, .stream = *stream, .to = to };
    struct hub_folded_state folded = { .state = NULL };
    if (kind == NULL || kind->timers == NULL) {
        return 0;
    }
    struct rearming rearming = { .rearm = self, .stream = stream, .arena = hub_arena_new(ARENA), .adding = adding };
    rearming.failed = hub_entity_fold(&options, rearming.arena, &folded);
    if (rearming.failed == 0 && folded.state != NULL) {
        kind->timers(folded.state, on_timer, &rearming);
    }
    hub_arena_destroy(&rearming.arena);
    return rearming.failed;
}
