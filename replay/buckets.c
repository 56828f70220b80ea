/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Buckets of time: keys and sums. */
#include "replay/buckets.h"

#include "base/cells.h"

enum { GROWS_BY = 16, US_PER_MS = 1000, RESPONSE_TOP = 32 };

static const int64_t us_of[HUB_BUCKET_SIZES] = {
    [HUB_BUCKET_minutes] = INT64_C(300000000),
    [HUB_BUCKET_hour] = INT64_C(3600000000),
    [HUB_BUCKET_day] = INT64_C(86400000000),
};

int64_t hub_bucket_us(enum hub_bucket_size size)
{
    return us_of[size];
}

int64_t hub_bucket_start(enum hub_bucket_size size, int64_t time_us)
{
    return time_us - time_us % us_of[size];
}

struct hub_row_key hub_bucket_keys(struct hub_ulid company, enum hub_bucket_size size, hub_enum channel)
{
    struct hub_row_key key = hub_row_key(HUB_VIEW_analytics, company);
    hub_row_key_byte(&key, 'b');
    hub_row_key_byte(&key, (uint8_t) size);
    hub_row_key_byte(&key, (uint8_t) channel);
    return key;
}

struct hub_row_key hub_bucket_key(struct hub_ulid company, enum hub_bucket_size size, hub_enum channel,
                                  int64_t start_us)
{
    struct hub_row_key key = hub_bucket_keys(company, size, channel);
    hub_row_key_be64(&key, (uint64_t) start_us);
    return key;
}

struct hub_row_key hub_bucket_now_key(struct hub_ulid company, hub_enum channel)
{
    struct hub_row_key key = hub_row_key(HUB_VIEW_analytics, company);
    hub_row_key_byte(&key, 'n');
    hub_row_key_byte(&key, (uint8_t) channel);
    return key;
}

static uint64_t *cell(hub_list *counts, size_t index, struct hub_arena *arena)
{
    if (index >= counts->room) {
        uint32_t room = (uint32_t) (index + GROWS_BY);
        uint64_t *at = HUB_NEW_ARRAY(arena, uint64_t, room);
        if (counts->count > 0) {
            memcpy(at, counts->at, counts->count * sizeof *at);
        }
        counts->at = at;
        counts->room = room;
    }
    if (index >= counts->count) {
        counts->count = (uint32_t) index + 1;
    }
    return (uint64_t *) counts->at + index;
}

void hub_bucket_count(hub_list *counts, size_t index, struct hub_arena *arena)
{
    ++*cell(counts, index, arena);
}

void hub_bucket_time(hub_list *cells, uint64_t *sum_ms, int64_t time_us, struct hub_arena *arena)
{
    const uint64_t most = (UINT64_C(1) << RESPONSE_TOP) - 1;
    uint64_t ms = (uint64_t) (time_us > 0 ? time_us : 0) / US_PER_MS;
    ms = ms < most ? ms : most;
    *sum_ms += ms;
    hub_bucket_count(cells, hub_cell_of(ms, HUB_RESPONSE_BITS), arena);
}

static void add_counts(hub_list *self, const hub_list *other, struct hub_arena *arena)
{
    const uint64_t *from = other->at;
    for (uint32_t i = other->count; i-- > 0;) { /* the last first: one growth at most */
        *cell(self, i, arena) += from[i];
    }
}

void hub_bucket_add(struct channel_bucket *self, const struct channel_bucket *other, struct hub_arena *arena)
{
    const struct hub_shape *shape = &channel_bucket_shape;
    for (unsigned i = 0; i < shape->count; i++) {
        const struct hub_field *field = &shape->fields[i];
        if (field->kind == HUB_KIND_u64) {
            *(uint64_t *) hub_record_field(self, field) += *(const uint64_t *) hub_record_field_const(other, field);
        } else if (field->kind == HUB_KIND_list) {
            add_counts(hub_record_field(self, field), hub_record_field_const(other, field), arena);
        }
    }
}

int64_t hub_bucket_active(const struct channel_bucket *self)
{
    return self->active + (int64_t) (self->opened + self->transfers_in) - (int64_t) (self->ended + self->transfers_out);
}
