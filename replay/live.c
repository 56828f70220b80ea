/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Answers from the live views: everything is read in one snapshot of their store, the position included. */
#include "replay/views_state.h"

#include "base/error.h"
#include "base/fault.h"
#include "replay/query.h"
#include "replay/reading.h"

void hub_sight_done(struct hub_views *views, struct hub_sight *self)
{
    hub_rocks_snapshot_done(views->db, &self->snapshot);
}

int hub_sight_init(struct hub_views *views, struct hub_sight *self)
{
    self->snapshot = hub_rocks_snapshot_new(views->db);
    if (hub_view_mark_read(views->db, self->snapshot, HUB_MARK_LIVE, &self->mark) != 0) {
        hub_sight_done(views, self);
        return -1;
    }
    self->rows = (struct hub_view_rows){ .db = views->db, .snapshot = self->snapshot, .places = self->mark.places };
    return 0;
}

int hub_query_moment(struct hub_views *views, const struct hub_ask *ask, struct hub_position at, int64_t *ret_time_us)
{
    struct hub_stored event;
    *ret_time_us = ask->now_us;
    if (ask->now_us != 0 || at.sequence == 0) {
        return 0;
    }
    int done = hub_log_read(views->log, at, ask->arena, &event);
    *ret_time_us = done == 0 ? event.header.time : 0;
    return done == 0 ? 0 : -1;
}

int hub_query_live(struct hub_views *views, const struct hub_ask *ask, void **ret_answer, struct hub_position *ret_at,
                   struct hub_fault *ret_fault)
{
    struct hub_sight sight;
    hub_fault_init(ret_fault, HUB_ERROR_internal);
    if (hub_sight_init(views, &sight) < 0) {
        return -1;
    }
    struct hub_reading reading = {
        .rows = hub_view_rows(&sight.rows),
        .log = views->log,
        .at = { sight.mark.sequence },
        .company = ask->company,
        .names = ask->names,
        .viewer = ask->viewer,
        .arena = ask->arena,
        .fault = ret_fault,
        .keys = ask->keys,
        .data_dir = ask->data_dir,
    };
    void *answer = hub_arena_get(ask->arena, ask->query->answer->size);
    int done = hub_query_moment(views, ask, reading.at, &reading.now_us);
    done = done == 0 ? ask->query->answer_fn(&reading, ask->params, answer) : done;
    hub_sight_done(views, &sight);
    if (done == 0) {
        *ret_answer = answer;
        *ret_at = reading.at;
    }
    return done;
}

int hub_views_read(struct hub_views *views, struct hub_arena *arena,
                   int (*read)(const struct hub_reading *reading, void *arg), void *arg)
{
    struct hub_sight sight;
    struct hub_fault fault;
    hub_fault_init(&fault, HUB_ERROR_internal);
    if (hub_sight_init(views, &sight) < 0) {
        return -1;
    }
    const struct hub_reading reading = { .rows = hub_view_rows(&sight.rows),
                                         .log = views->log,
                                         .at = { sight.mark.sequence },
                                         .arena = arena,
                                         .fault = &fault };
    int done = read(&reading, arg);
    hub_sight_done(views, &sight);
    return done;
}

/* --- Credentials --- */

static int read_row(struct hub_views *self, const struct hub_row_key *key, const struct hub_shape *shape,
                    struct hub_arena *arena, void *ret_row)
{
    struct hub_sight sight;
    if (hub_sight_init(self, &sight) < 0) {
        return -1;
    }
    const struct hub_reading reading = { .rows = hub_view_rows(&sight.rows), .log = self->log, .arena = arena };
    int done = hub_reading_row(&reading, key, shape, ret_row);
    hub_sight_done(self, &sight);
    return done;
}

static const struct hub_ulid nobody;

/* A login is what its person is now, unless it ended with the password or the person. Returns 0, HUB_ERROR_not_found, < 0. */
static int check_login(struct hub_views *self, struct hub_arena *arena, struct credential_row *row)
{
    struct user_row user = { 0 };
    int done = hub_views_user(self, row->principal, arena, &user);
    if (done != 0) {
        return done;
    }
    bool is_older = HUB_HAS(user_row, &user, since) && row->sequence < user.since;
    bool is_kept = HUB_HAS(user_row, &user, keeps) && hub_ulid_is(user.keeps, row->credential);
    row->role = user.role;
    return is_older && !is_kept ? HUB_ERROR_not_found : 0;
}

int hub_views_credential(struct hub_views *self, const struct hub_digest *token, struct hub_arena *arena,
                         struct credential_row *ret_row)
{
    struct hub_row_key key = hub_row_key(HUB_VIEW_credentials, nobody);
    hub_row_key_byte(&key, 't');
    hub_row_key_add(&key, token->b, HUB_DIGEST);
    int done = read_row(self, &key, &credential_row_shape, arena, ret_row);
    bool is_login = done == 0 && HUB_HAS(credential_row, ret_row, login) && ret_row->login;
    return is_login ? check_login(self, arena, ret_row) : done;
}

int hub_views_user(struct hub_views *self, struct hub_ulid user, struct hub_arena *arena, struct user_row *ret_row)
{
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_credentials, nobody, 'u', user);
    return read_row(self, &key, &user_row_shape, arena, ret_row);
}

int hub_views_settled(struct hub_views *self, struct hub_ulid company, struct hub_arena *arena,
                      struct hub_settled *ret_settled)
{
    struct hub_row_key key = hub_row_key(HUB_VIEW_credentials, company);
    struct settings_row row = { 0 };
    hub_row_key_byte(&key, 's');
    int done = read_row(self, &key, &settings_row_shape, arena, &row);
    *ret_settled = (struct hub_settled){ .idle_s = row.idle_s,
                                         .lost_grace_s = row.lost_grace_s,
                                         .over_capacity = row.over_capacity };
    return done == HUB_ERROR_not_found ? 0 : done;
}

/* --- Snapshots and hashes --- */

static int find_snapshot(void *self, const struct hub_stream *stream, struct hub_buf *ret_state, uint64_t *ret_version,
                         struct hub_position *ret_at)
{
    const struct hub_kind_info *kind = hub_kind_find(stream->kind);
    struct hub_row_key key = hub_row_key_of(HUB_VIEW_entities, stream->company, stream->kind, stream->entity);
    struct hub_arena *arena = hub_arena_new(4096);
    struct entity_row row;
    int done = read_row(self, &key, &entity_row_shape, arena, &row);
    if (done == 0 && kind != NULL && row.schema == kind->state->version) {
        hub_buf_clear(ret_state);
        hub_buf_put(ret_state, row.state.at, row.state.len);
        *ret_version = row.version;
        ret_at->sequence = row.sequence;
    } else {
        done = HUB_ERROR_not_found; /* the log has it all */
    }
    hub_arena_destroy(&arena);
    return done;
}

struct hub_snapshots hub_views_snapshots(struct hub_views *self)
{
    return (struct hub_snapshots){ .find = find_snapshot, .self = self };
}

int hub_views_hash(struct hub_views *self, const char *name, struct hub_digest *ret_hash)
{
    const struct hub_view_info *info = hub_views_find(self, name);
    struct hub_sight sight;
    if (info == NULL) {
        return HUB_ERROR_not_found;
    }
    if (hub_sight_init(self, &sight) < 0) {
        return -1;
    }
    struct hub_rows rows = hub_view_rows(&sight.rows);
    int done = hub_view_rows_hash(&rows, info->number, ret_hash);
    hub_sight_done(self, &sight);
    return done;
}
