/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Batches: lanes are few (companies with listeners times roles), so they are looked through one by one. */
#include "api/live/batch.h"

#include <stdlib.h>

#include "base/memory.h"

struct hub_batch *hub_batch_new(uint64_t from, uint64_t to, uint64_t epoch)
{
    struct hub_batch *self = hub_memory_zero(sizeof *self);
    self->from = from;
    self->to = to;
    self->epoch = epoch;
    atomic_init(&self->holders, 1);
    return self;
}

struct hub_batch *hub_batch_hold(struct hub_batch *self)
{
    atomic_fetch_add_explicit(&self->holders, 1, memory_order_relaxed);
    return self;
}

void hub_batch_drop(struct hub_batch **self_p)
{
    struct hub_batch *self = *self_p;
    *self_p = NULL;
    if (self == NULL || atomic_fetch_sub_explicit(&self->holders, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (uint32_t i = 0; i < self->lane_count; i++) {
        struct hub_batch_lane *lane = &self->lanes[i];
        hub_ref_drop(&lane->bytes);
        hub_ref_drop(&lane->mine);
        hub_buf_done(&lane->building);
        hub_buf_done(&lane->building_mine);
        free(lane->items);
    }
    free(self->lanes);
    free(self);
}

static bool is_key(struct hub_live_key a, struct hub_live_key b)
{
    return a.a == b.a && a.b == b.b && hub_ulid_is(a.id, b.id);
}

const struct hub_batch_lane *hub_batch_lane(const struct hub_batch *self, struct hub_live_key key)
{
    for (uint32_t i = 0; i < self->lane_count; i++) {
        if (is_key(self->lanes[i].key, key)) {
            return &self->lanes[i];
        }
    }
    return NULL;
}

static struct hub_batch_lane *make_lane(struct hub_batch *self, struct hub_live_key key)
{
    struct hub_batch_lane *lane = (struct hub_batch_lane *) hub_batch_lane(self, key);
    if (lane != NULL) {
        return lane;
    }
    self->lanes = hub_memory_resize(self->lanes, (self->lane_count + 1) * sizeof *self->lanes);
    lane = &self->lanes[self->lane_count++];
    *lane = (struct hub_batch_lane){ .key = key };
    hub_buf_init(&lane->building);
    hub_buf_init(&lane->building_mine);
    return lane;
}

void hub_batch_add(struct hub_batch *self, struct hub_live_key key, const struct hub_rendered *rendered)
{
    enum { FIRST_ROOM = 16 };
    struct hub_batch_lane *lane = make_lane(self, key);
    if (lane->count == lane->room) {
        lane->room = lane->room == 0 ? FIRST_ROOM : lane->room * 2;
        lane->items = hub_memory_resize(lane->items, lane->room * sizeof *lane->items);
    }
    lane->items[lane->count++] = (struct hub_batch_item){
        .at = (uint32_t) lane->building.len,
        .len = (uint32_t) rendered->frame.len,
        .mine_at = (uint32_t) lane->building_mine.len,
        .mine_len = (uint32_t) rendered->mine.len,
        .session = rendered->session,
        .customer = rendered->customer,
        .agent = rendered->agent,
        .differs_for = rendered->differs_for,
        .is_agents = rendered->row->is_agents,
    };
    hub_buf_put(&lane->building, rendered->frame.at, rendered->frame.len);
    self->bytes = lane->building.len > self->bytes ? lane->building.len : self->bytes;
    if (rendered->mine.len > 0) {
        hub_buf_put(&lane->building_mine, rendered->mine.at, rendered->mine.len);
    }
}

void hub_batch_add_to(struct hub_batch *self, uint32_t roles, const struct hub_rendered *rendered)
{
    for (; roles != 0; roles &= roles - 1) {
        uint8_t role = (uint8_t) __builtin_ctz(roles);
        hub_batch_add(self, (struct hub_live_key){ rendered->company, rendered->row->contract, role }, rendered);
    }
}

void hub_batch_seal(struct hub_batch *self)
{
    for (uint32_t i = 0; i < self->lane_count; i++) {
        struct hub_batch_lane *lane = &self->lanes[i];
        lane->bytes = hub_ref_new(hub_buf_span(&lane->building));
        lane->mine = lane->building_mine.len > 0 ? hub_ref_new(hub_buf_span(&lane->building_mine)) : NULL;
        hub_buf_done(&lane->building);
        hub_buf_done(&lane->building_mine);
    }
}

bool hub_batch_goes_on(const struct hub_batch *self, uint64_t from, uint64_t epoch, uint64_t erasures)
{
    return self->from == from && self->epoch >= epoch && self->erasures == erasures;
}

bool hub_batch_is_for(const struct hub_batch_item *item, const struct hub_lens *lens)
{
    switch (lens->topic) {
    case HUB_TOPIC_company: return true;
    case HUB_TOPIC_session: return !item->is_agents && hub_ulid_is(item->session, lens->id);
    case HUB_TOPIC_customer: return !item->is_agents && hub_ulid_is(item->customer, lens->id);
    case HUB_TOPIC_agent: return hub_ulid_is(item->agent, lens->id);
    default: return false;
    }
}
