/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lists of the active sessions as they were. */
#include "replay/active_lists.h"

#include "base/error.h"
#include "base/pack.h"
#include "replay/view.h"

enum { LISTS = 0x0100, KEY = 2 + 2 + 16 + 8 };

struct list_key {
    uint8_t b[KEY];
};

static struct list_key key_of(struct hub_ulid company, uint64_t sequence)
{
    struct list_key key = { { 0, 0, LISTS >> 8, LISTS & 0xff } };
    sequence = __builtin_bswap64(sequence);
    memcpy(key.b + 4, company.b, sizeof company.b);
    memcpy(key.b + 4 + sizeof company.b, &sequence, sizeof sequence);
    return key;
}

static struct hub_span span_of(const struct list_key *key)
{
    return hub_span_of(key->b, sizeof key->b);
}

/* The walk over all companies' active sessions. */
struct taking {
    struct hub_rocks_batch *batch;
    uint64_t sequence;
    struct hub_ulid company; /* whose list is being made */
    struct hub_buf list;
    struct hub_arena *arena;
    uint64_t sessions;
    int error;
};

static void put_list(struct taking *self)
{
    if (self->list.len > 0) {
        struct list_key key = key_of(self->company, self->sequence);
        hub_rocks_put(self->batch, 0, span_of(&key), hub_buf_span(&self->list));
        hub_buf_clear(&self->list);
    }
}

static bool take(void *arg, struct hub_span key, struct hub_span value)
{
    struct taking *self = arg;
    struct index_row row;
    if (key.len != HUB_ROW_KEY_COMPANY + 1 + 8 || key.at[HUB_ROW_KEY_COMPANY] != 'o') {
        return true;
    }
    if (self->sessions == HUB_ACTIVE_LIST_SESSIONS) {
        self->error = HUB_ERROR_limit_reached;
        return false;
    }
    hub_arena_reset(self->arena);
    if (hub_unpack(&index_row_shape, value, self->arena, &row, NULL) != 0) {
        self->error = -1;
        return false;
    }
    struct hub_ulid company;
    memcpy(company.b, key.at + 2, sizeof company.b);
    if (!hub_ulid_is(company, self->company)) {
        put_list(self);
        self->company = company;
    }
    hub_buf_put(&self->list, key.at + HUB_ROW_KEY_COMPANY + 1, 8);
    hub_buf_put(&self->list, row.session.b, sizeof row.session.b);
    self->sessions++;
    return true;
}

int hub_active_lists_take(struct hub_rocks *db, const struct hub_view_place *places, uint64_t sequence,
                          uint64_t *ret_sessions)
{
    struct hub_view_rows view = { .db = db, .places = places };
    struct hub_rows rows = hub_view_rows(&view);
    struct hub_row_key prefix = hub_row_key_of_view(HUB_VIEW_active);
    struct taking taking = { .sequence = sequence, .batch = hub_rocks_batch_new(db), .arena = hub_arena_new(0) };
    hub_buf_init(&taking.list);
    int done = rows.scan(rows.self, hub_row_key_span(&prefix), (struct hub_span){ 0 }, take, &taking);
    put_list(&taking);
    done = done == 0 ? taking.error : done;
    done = done == 0 ? hub_rocks_write(db, taking.batch, NULL, 0) : done;
    hub_buf_done(&taking.list);
    hub_arena_destroy(&taking.arena);
    hub_rocks_batch_destroy(&taking.batch);
    *ret_sessions = taking.sessions;
    return done;
}

int hub_active_lists_find(struct hub_rocks *db, struct hub_ulid company, uint64_t at, struct hub_buf *ret_list,
                          uint64_t *ret_sequence)
{
    struct list_key first = key_of(company, 0);
    struct list_key last = key_of(company, at);
    struct list_key end = key_of(company, UINT64_MAX);
    struct hub_rocks_iter *iter = hub_rocks_iter_new(db, 0, NULL, span_of(&first), span_of(&end));
    hub_rocks_iter_seek_back(iter, span_of(&last));
    int done = hub_rocks_iter_error(iter, NULL, 0);
    if (done == 0 && !hub_rocks_iter_valid(iter)) {
        done = HUB_ERROR_not_found;
    }
    if (done == 0) {
        struct hub_span list = hub_rocks_iter_value(iter);
        hub_buf_clear(ret_list);
        hub_buf_put(ret_list, list.at, list.len);
        *ret_sequence = hub_row_key_last_be64(hub_rocks_iter_key(iter));
    }
    hub_rocks_iter_destroy(&iter);
    return done;
}
