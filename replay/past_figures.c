/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of the view `analytics` as they were.
 *
 * What began before those five minutes is final: the live view's rows are shown. Those five minutes begin with what the live view
 * says of the sessions that were active then, and count the events again. Where a session was is found in its own stream. */
#include "replay/past_figures.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/pack.h"
#include "replay/buckets.h"
#include "replay/views/all.h"

struct hub_past_figures {
    struct hub_views *views;
    struct hub_ulid company;
    struct hub_rows memory, live; /* of those five minutes; of now */
    struct hub_sight sight;
    struct hub_arena *arena; /* scratch */
    int64_t bucket_us;       /* when those five minutes began */
    uint64_t before;         /* position of the last event before them */
};

enum { AT_WHAT = HUB_ROW_KEY_COMPANY, AT_SIZE, AT_CHANNEL, AT_START };

int hub_past_figures_new(struct hub_views *views, const struct hub_reading *reading, int64_t time_us,
                         const struct hub_rows *memory, struct hub_past_figures **ret_self)
{
    struct hub_past_figures *self = hub_memory_new(sizeof *self);
    *self = (struct hub_past_figures){ .views = views, .company = reading->company, .memory = *memory };
    if (hub_sight_init(views, &self->sight) < 0) {
        free(self);
        return -1;
    }
    self->live = hub_view_rows(&self->sight.rows);
    self->arena = hub_arena_new(0);
    self->bucket_us = hub_bucket_start(HUB_BUCKET_minutes, time_us);
    struct hub_position before = { 0 };
    int done = self->sight.mark.sequence < reading->at.sequence ? HUB_ERROR_behind : 0;
    done = done == 0 ? hub_log_at_time(views->log, self->bucket_us - 1, &before) : done;
    self->before = before.sequence;
    if (done != 0) {
        hub_past_figures_destroy(&self);
        return done;
    }
    *ret_self = self;
    return 0;
}

void hub_past_figures_destroy(struct hub_past_figures **self_p)
{
    if (self_p == NULL || *self_p == NULL) {
        return;
    }
    struct hub_past_figures *self = *self_p;
    *self_p = NULL;
    hub_sight_done(self->views, &self->sight);
    hub_arena_destroy(&self->arena);
    free(self);
}

uint64_t hub_past_figures_from(const struct hub_past_figures *self)
{
    return self->before + 1;
}

static int give(const struct hub_shape *shape, const void *record, struct hub_buf *ret_value)
{
    hub_buf_clear(ret_value);
    hub_pack(shape, record, ret_value);
    return 0;
}

static int take_live(struct hub_past_figures *self, const struct hub_row_key *key, const struct hub_shape *shape,
                     void *ret_record)
{
    struct hub_buf value;
    hub_buf_init(&value);
    int done = self->live.get(self->live.self, hub_row_key_span(key), &value);
    if (done == 0) {
        done = hub_unpack(shape, hub_arena_copy(self->arena, hub_buf_span(&value)), self->arena, ret_record, NULL);
    }
    hub_buf_done(&value);
    return done;
}

/* --- Buckets --- */

/* Where a channel was: at its last bucket, or at that of then when it went on since. */
static int get_now(struct hub_past_figures *self, hub_enum channel, struct hub_buf *ret_value)
{
    struct hub_row_key key = hub_bucket_now_key(self->company, channel);
    struct channel_now now;
    int done = take_live(self, &key, &channel_now_shape, &now);
    if (done == 0 && now.bucket > self->bucket_us) {
        now.bucket = self->bucket_us;
    }
    return done == 0 ? give(&channel_now_shape, &now, ret_value) : done;
}

struct first {
    struct hub_past_figures *self;
    struct channel_bucket bucket;
    bool is_found;
    int error;
};

static bool take_first(void *arg, struct hub_span key, struct hub_span value)
{
    struct first *first = arg;
    (void) key;
    struct hub_arena *arena = first->self->arena;
    first->error = hub_unpack(&channel_bucket_shape, hub_arena_copy(arena, value), arena, &first->bucket, NULL);
    first->is_found = true;
    return false;
}

/* An empty bucket of then: as many sessions as the first bucket since says, for nothing happened between. */
static int begin_bucket(struct hub_past_figures *self, hub_enum channel, struct hub_buf *ret_value)
{
    struct hub_row_key prefix = hub_bucket_keys(self->company, HUB_BUCKET_minutes, channel);
    struct hub_row_key from = hub_bucket_key(self->company, HUB_BUCKET_minutes, channel, self->bucket_us);
    struct first first = { .self = self };
    int done = self->live.scan(self->live.self, hub_row_key_span(&prefix), hub_row_key_span(&from), take_first, &first);
    done = done == 0 ? first.error : done;
    if (done != 0 || !first.is_found) {
        return done != 0 ? -1 : HUB_ERROR_not_found;
    }
    struct channel_bucket empty = { .has = hub_shape_mask(&channel_bucket_shape), .active = first.bucket.active };
    return give(&channel_bucket_shape, &empty, ret_value);
}

static int get_bucket(struct hub_past_figures *self, struct hub_span key, struct hub_buf *ret_value)
{
    int64_t start_us = (int64_t) hub_row_key_last_be64(key);
    if (key.at[AT_SIZE] != HUB_BUCKET_minutes || start_us < self->bucket_us) {
        return self->live.get(self->live.self, key, ret_value);
    }
    return start_us == self->bucket_us ? begin_bucket(self, (uint8_t) key.at[AT_CHANNEL], ret_value)
                                       : HUB_ERROR_not_found;
}

/* --- Sessions and wishes --- */

/* What was known of a session or customer before those five minutes: the same view folds its stream, and only that row of it
 * is looked at. */
static int get_place(struct hub_past_figures *self, uint8_t kind, struct hub_span key, struct hub_buf *ret_value)
{
    static const struct hub_view_info *const views[] = { &hub_view_analytics };
    struct hub_stream stream = { .company = self->company, .kind = kind };
    struct hub_rows *rows = hub_rows_memory_new();
    struct hub_projector *projector = hub_projector_new(
        &(struct hub_projector_options){ .rows = *rows, .views = views, .count = 1 });
    memcpy(stream.entity.b, key.at + AT_WHAT + 1, sizeof stream.entity.b);
    struct hub_scan *scan = hub_scan_stream(self->views->log, &stream, 1, self->before);
    struct hub_stored stored;
    int found = self->before > 0 ? hub_scan_next(scan, &stored) : 0;
    while (found == 1) {
        found = hub_projector_fold(projector, &stored) == 0 ? hub_scan_next(scan, &stored) : -1;
    }
    hub_scan_close(&scan);
    hub_projector_flush(projector);
    int done = found < 0 ? found : rows->get(rows->self, key, ret_value);
    hub_projector_destroy(&projector);
    hub_rows_memory_destroy(&rows);
    return done;
}

/* --- Rows --- */

/* Rows of other views are in memory or not there. */
static bool is_ours(struct hub_span key)
{
    struct hub_row_key ours = hub_row_key_of_view(HUB_VIEW_analytics);
    return key.len > AT_SIZE && memcmp(key.at, ours.b, ours.len) == 0;
}

static int get(void *arg, struct hub_span key, struct hub_buf *ret_value)
{
    struct hub_past_figures *self = arg;
    int done = self->memory.get(self->memory.self, key, ret_value);
    if (done != HUB_ERROR_not_found || !is_ours(key)) {
        return done;
    }
    hub_arena_reset(self->arena);
    switch (key.at[AT_WHAT]) {
    case 'n': return get_now(self, (uint8_t) key.at[AT_SIZE], ret_value);
    case 'b': return key.len == AT_START + 8 ? get_bucket(self, key, ret_value) : done;
    case 's': return get_place(self, KIND_session, key, ret_value);
    case 'h': return get_place(self, KIND_customer, key, ret_value);
    default: return done;
    }
}

static void put(void *arg, struct hub_span key, struct hub_span value)
{
    struct hub_past_figures *self = arg;
    self->memory.put(self->memory.self, key, value);
}

static void drop(void *arg, struct hub_span key)
{
    struct hub_past_figures *self = arg;
    self->memory.drop(self->memory.self, key);
}

/* Live rows that began before then, and behind them those of then. */
struct showing {
    const struct hub_past_figures *self;
    bool (*visit)(void *arg, struct hub_span key, struct hub_span value);
    void *arg;
    bool is_stopped;
};

static bool show(void *arg, struct hub_span key, struct hub_span value)
{
    struct showing *showing = arg;
    if ((int64_t) hub_row_key_last_be64(key) >= showing->self->bucket_us) {
        return false;
    }
    showing->is_stopped = !showing->visit(showing->arg, key, value);
    return !showing->is_stopped;
}

static int scan(void *arg, struct hub_span prefix, struct hub_span from,
                bool (*visit)(void *arg, struct hub_span key, struct hub_span value), void *visit_arg)
{
    struct hub_past_figures *self = arg;
    struct showing showing = { self, visit, visit_arg, false };
    int done = is_ours(prefix) ? self->live.scan(self->live.self, prefix, from, show, &showing) : 0;
    if (done != 0 || showing.is_stopped) {
        return done;
    }
    return self->memory.scan(self->memory.self, prefix, from, visit, visit_arg);
}

struct hub_rows hub_past_figures_rows(struct hub_past_figures *self)
{
    return (struct hub_rows){ .get = get, .put = put, .drop = drop, .scan = scan, .self = self };
}
