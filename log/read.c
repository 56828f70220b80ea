/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading single things from the log. */
#include "log/log.h"

#include <assert.h>

#include "base/error.h"
#include "base/pack.h"
#include "log/fresh_aliases.h"
#include "log/keys.h"
#include "log/payload.h"
#include "log/rows.h"
#include "log/store.h"
#include "log/stored.h"

struct hub_position hub_log_commit(const struct hub_log *self)
{
    return (struct hub_position){ atomic_load_explicit(&self->commit, memory_order_acquire) };
}

const struct hub_log_identity *hub_log_identity(const struct hub_log *self)
{
    return &self->meta.identity;
}

int hub_log_catch_up(struct hub_log *self)
{
    assert(self->mode == HUB_LOG_FOLLOW);
    struct hub_heads_found found;
    if (hub_rocks_catch_up(self->db) < 0 || hub_store_ends(self, &found) < 0) {
        return -1;
    }
    atomic_store_explicit(&self->commit, hub_heads_common(&found), memory_order_release);
    return 0;
}

/* It must be there because it is not behind the commit position. */
static int must_be_there(int result)
{
    return result == HUB_ERROR_not_found ? -1 : result;
}

static int read_header(struct hub_log *self, uint64_t sequence, struct hub_arena *arena, struct hub_stored *ret_event)
{
    struct hub_span row;
    struct hub_sequence_key key = hub_sequence_key(sequence);
    int result = must_be_there(hub_rocks_get_copy(self->db, HUB_FAMILY_header, HUB_KEY_SPAN(key), arena, &row));
    return result == 0 ? hub_stored_decode(row, sequence, arena, ret_event) : result;
}

int hub_log_read(struct hub_log *self, struct hub_position at, struct hub_arena *arena, struct hub_stored *ret_event)
{
    if (at.sequence == 0 || at.sequence > hub_log_commit(self).sequence) {
        return HUB_ERROR_not_found;
    }
    struct hub_stored event;
    int result = read_header(self, at.sequence, arena, &event);
    if (result == 0) {
        result = must_be_there(hub_payload_get(self, at.sequence, arena, &event.payload));
    }
    if (result == 0) {
        *ret_event = event;
    }
    return result;
}

int hub_log_stream_version(struct hub_log *self, const struct hub_stream *stream, uint64_t *ret_version)
{
    struct hub_name name = hub_name_of_stream(stream);
    struct hub_named_key lower = hub_named_key(&name, 0), upper = hub_named_key(&name, UINT64_MAX);
    struct hub_rocks_iter *iter = hub_rocks_iter_new(self->db, HUB_FAMILY_stream, NULL, HUB_KEY_SPAN(lower),
                                                     HUB_KEY_SPAN(upper));
    int result = 0;
    uint64_t version = 0;
    hub_rocks_iter_last(iter);
    if (!hub_rocks_iter_valid(iter)) {
        result = hub_rocks_iter_error(iter, NULL, 0);
    } else if (hub_rocks_iter_key(iter).len == HUB_NAMED_KEY) {
        version = hub_get_be64(hub_rocks_iter_key(iter).at + HUB_NAME);
    } else {
        result = -1;
    }
    hub_rocks_iter_destroy(&iter);
    if (result == 0) {
        *ret_version = version;
    }
    return result;
}

int hub_log_alias(struct hub_log *self, struct hub_ulid company, uint8_t kind, const uint8_t digest[16],
                  struct hub_ulid *ret_entity)
{
    struct hub_name key = hub_name(&company, kind, digest);
    struct hub_ulid entity = { { 0 } };
    struct hub_buf value;
    hub_buf_init(&value);
    int result = hub_rocks_get(self->db, HUB_FAMILY_alias, NULL, HUB_KEY_SPAN(key), &value);
    if (result == 0 && value.len != sizeof entity.b) {
        result = -1;
    }
    if (result == 0) {
        memcpy(entity.b, value.at, sizeof entity.b);
    }
    hub_buf_done(&value);
    if (result >= 0 && self->mode == HUB_LOG_WRITE &&
        hub_fresh_aliases_find(self->durable.aliases, &key, &entity)) { /* it is being synced */
        result = hub_ulid_is_none(entity) ? HUB_ERROR_not_found : 0;
    }
    if (result == 0) {
        *ret_entity = entity;
    }
    return result;
}

/* Streams are ordered by company first: the next one begins where no stream of `after` can be any more. */
int hub_log_next_company(struct hub_log *self, struct hub_ulid after, struct hub_ulid *ret_company)
{
    static const struct hub_named_key end = { { [0 ... HUB_NAMED_KEY - 1] = 0xff } };
    struct hub_named_key start = { { 0 } };
    memcpy(start.b, after.b, sizeof after.b);
    for (size_t i = sizeof after.b; i-- > 0 && ++start.b[i] == 0;) {
    }
    struct hub_rocks_iter *iter = hub_rocks_iter_new(self->db, HUB_FAMILY_stream, NULL, HUB_KEY_SPAN(start),
                                                     HUB_KEY_SPAN(end));
    hub_rocks_iter_first(iter);
    int result = HUB_ERROR_not_found;
    if (!hub_rocks_iter_valid(iter)) {
        result = hub_rocks_iter_error(iter, NULL, 0) < 0 ? -1 : HUB_ERROR_not_found;
    } else if (hub_rocks_iter_key(iter).len == HUB_NAMED_KEY) {
        memcpy(ret_company->b, hub_rocks_iter_key(iter).at, sizeof ret_company->b);
        result = 0;
    } else {
        result = -1;
    }
    hub_rocks_iter_destroy(&iter);
    return result;
}

int hub_log_command(struct hub_log *self, const uint8_t id[HUB_COMMAND_ID], struct hub_arena *arena,
                    struct hub_command_row *ret_row)
{
    struct hub_span value;
    struct command_row row;
    int result = hub_rocks_get_copy(self->db, HUB_FAMILY_command, hub_span_of(id, HUB_COMMAND_ID), arena, &value);
    if (result != 0) {
        return result;
    }
    if (hub_unpack(&command_row_shape, value, arena, &row, NULL) != 0 || row.body.len != sizeof ret_row->body) {
        return -1;
    }
    if (row.sequence > hub_log_commit(self).sequence) {
        return HUB_ERROR_not_found; /* it is being synced */
    }
    *ret_row = (struct hub_command_row){
        .time_us = row.time,
        .position = { row.sequence },
        .reply_type = (uint16_t) row.reply_type,
        .status = (uint16_t) row.status,
        .reply = row.reply,
    };
    memcpy(ret_row->id, id, HUB_COMMAND_ID);
    memcpy(ret_row->body, row.body.at, sizeof ret_row->body);
    return 0;
}

int hub_log_at_time(struct hub_log *self, int64_t time_us, struct hub_position *ret_at)
{
    struct hub_arena *arena = hub_arena_new(0);
    uint64_t below = 0, above = hub_log_commit(self).sequence + 1; /* time(below) <= time_us < time(above) */
    int result = 0;
    while (result == 0 && above - below > 1) {
        uint64_t middle = below + (above - below) / 2;
        struct hub_stored event;
        hub_arena_reset(arena);
        result = read_header(self, middle, arena, &event);
        if (result == 0 && event.header.time <= time_us) {
            below = middle;
        } else {
            above = middle;
        }
    }
    hub_arena_destroy(&arena);
    if (result == 0) {
        ret_at->sequence = below;
    }
    return result;
}

/* Bounds of the pending rows of a kind that are due: [lower, upper). */
static void due_bounds(uint8_t kind, int64_t until_us, struct hub_pending_key *ret_lower,
                       struct hub_pending_key *ret_upper)
{
    *ret_lower = hub_pending_key_make(kind, 0, 0, 0);
    *ret_upper = until_us < INT64_MAX ? hub_pending_key_make(kind, until_us + 1, 0, 0)
                                      : hub_pending_key_make((uint8_t) (kind + 1), 0, 0, 0);
}

/* Whether the append that brought a row is on disk; before, nothing may be done about it. A follower sees what it sees. */
static bool is_durable(const struct hub_log *self, const struct hub_pending_key *key)
{
    bool is_loose;
    uint64_t sequence = hub_pending_key_sequence(key, &is_loose);
    return self->mode != HUB_LOG_WRITE ||
           (is_loose ? sequence <= atomic_load_explicit(&self->durable.loose, memory_order_acquire)
                     : sequence <= hub_log_commit(self).sequence);
}

int hub_log_pending(struct hub_log *self, const struct hub_due *due,
                    bool (*visit)(void *arg, const struct hub_pending_key *key, struct hub_span value), void *arg)
{
    if (due->until_us < 0) {
        return 0;
    }
    const struct hub_pending_key *after = due->after;
    struct hub_pending_key lower, upper, key;
    due_bounds(due->kind, due->until_us, &lower, &upper);
    struct hub_rocks_iter *iter = hub_rocks_iter_new(self->db, HUB_FAMILY_pending, NULL, HUB_KEY_SPAN(lower),
                                                     HUB_KEY_SPAN(upper));
    if (after == NULL) {
        hub_rocks_iter_first(iter);
    } else {
        hub_rocks_iter_seek(iter, HUB_KEY_SPAN(*after));
    }
    int result = 0;
    bool go_on = true;
    for (; go_on && hub_rocks_iter_valid(iter); hub_rocks_iter_next(iter)) {
        struct hub_span found = hub_rocks_iter_key(iter);
        if (found.len != HUB_PENDING_KEY) {
            result = -1;
            break;
        }
        memcpy(key.b, found.at, HUB_PENDING_KEY);
        if ((after == NULL || memcmp(key.b, after->b, HUB_PENDING_KEY) != 0) && is_durable(self, &key)) {
            go_on = visit(arg, &key, hub_rocks_iter_value(iter));
        }
    }
    if (result == 0 && go_on) {
        result = hub_rocks_iter_error(iter, NULL, 0);
    }
    hub_rocks_iter_destroy(&iter);
    return result;
}

int hub_log_hash(struct hub_log *self, struct hub_position at, struct hub_digest *ret_hash)
{
    return at.sequence > hub_log_commit(self).sequence ? HUB_ERROR_not_found
                                                       : hub_store_hash(self, at.sequence, ret_hash);
}

void hub_log_stats(const struct hub_log *self, struct hub_log_stats *ret_stats)
{
    const struct hub_log_counters *counters = &self->counters;
    *ret_stats = (struct hub_log_stats){
        .batches = atomic_load_explicit(&counters->batches, memory_order_relaxed),
        .appends = atomic_load_explicit(&counters->appends, memory_order_relaxed),
        .events = atomic_load_explicit(&counters->events, memory_order_relaxed),
        .bytes = atomic_load_explicit(&counters->bytes, memory_order_relaxed),
        .conflicts = atomic_load_explicit(&counters->conflicts, memory_order_relaxed),
        .refused_full = atomic_load_explicit(&counters->refused_full, memory_order_relaxed),
        .free_bytes = hub_store_free_bytes(self),
        .reserve_bytes = self->reserve_bytes,
        .sync_us_total = atomic_load_explicit(&counters->sync_us_total, memory_order_relaxed),
        .sync_us_max = atomic_load_explicit(&counters->sync_us_max, memory_order_relaxed),
        .verified_to = hub_store_mark(self).sequence,
    };
}
