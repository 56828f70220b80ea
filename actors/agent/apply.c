/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of an agent. */
#include "actors/agent/apply.h"

#include "base/list.h"

enum { USUAL_CALLS = 1, USUAL_TALKS = 5 };

struct fold {
    struct agent_state *state;
    const struct hub_event *event;
    struct hub_arena *arena;
};

int hub_agent_help_at(const struct agent_state *state, struct hub_ulid customer, struct hub_span page_id)
{
    for (uint32_t i = 0; i < state->helps.count; i++) {
        if (hub_ulid_is(state->helps.at[i].customer, customer) && hub_span_is(state->helps.at[i].page_id, page_id)) {
            return (int) i;
        }
    }
    return -1;
}

uint32_t hub_agent_capacity(const struct agent_state *state, unsigned channel)
{
    for (uint32_t i = 0; i < state->capacity.count; i++) {
        if (state->capacity.at[i].channel == channel) {
            return state->capacity.at[i].limit;
        }
    }
    return channel == channel_voice || channel == channel_video ? USUAL_CALLS : USUAL_TALKS;
}

uint32_t hub_agent_load(const struct agent_state *state, unsigned channel)
{
    uint32_t load = 0;
    for (uint32_t i = 0; i < state->helps.count; i++) {
        load += state->helps.at[i].channel == channel;
    }
    return load;
}

/* Whoever comes back begins afresh, with the same id. */
static void apply_agent_created(const struct fold *fold, const struct agent_created *created)
{
    struct agent_state *state = fold->state;
    uint64_t version = state->version;
    *state = (struct agent_state){ 0 };
    HUB_SET(agent_state, state, version, version);
    HUB_SET(agent_state, state, role, created->role);
    hub_keep_sealed(fold->arena, &state->email, &created->email);
    HUB_MARK(agent_state, state, email);
    HUB_SET(agent_state, state, presence, presence_offline);
    HUB_SET(agent_state, state, presence_at, fold->event->decided_at_us);
    HUB_SET(agent_state, state, created_at, fold->event->decided_at_us);
}

static void keep_capacity(const struct fold *fold, const struct agent_changed *changed)
{
    struct agent_state *state = fold->state;
    state->capacity.count = changed->capacity.count;
    state->capacity.at = HUB_NEW_ARRAY(fold->arena, struct agent_capacity, changed->capacity.count);
    for (uint32_t i = 0; i < changed->capacity.count; i++) {
        state->capacity.at[i] = changed->capacity.at[i];
    }
    HUB_MARK(agent_state, state, capacity);
}

static void keep_devices(const struct fold *fold, const struct agent_changed *changed)
{
    struct agent_state *state = fold->state;
    state->devices.count = changed->devices.count;
    state->devices.at = HUB_NEW_ARRAY(fold->arena, struct agent_device, changed->devices.count);
    for (uint32_t i = 0; i < changed->devices.count; i++) {
        const struct agent_device *device = &changed->devices.at[i];
        state->devices.at[i] = *device;
        hub_keep_text(fold->arena, &state->devices.at[i].device_id, device->device_id);
        if (HUB_HAS(agent_device, device, address)) {
            hub_keep_sealed(fold->arena, &state->devices.at[i].address, &device->address);
        }
    }
    HUB_MARK(agent_state, state, devices);
}

static void apply_agent_changed(const struct fold *fold, const struct agent_changed *changed)
{
    struct agent_state *state = fold->state;
    HUB_COPY(agent_state, state, agent_changed, changed, role);
    if (HUB_HAS(agent_changed, changed, name)) {
        hub_keep_sealed(fold->arena, &state->name, &changed->name);
        HUB_MARK(agent_state, state, name);
    }
    if (HUB_HAS(agent_changed, changed, skills)) {
        hub_keep_texts(fold->arena, &state->skills, &changed->skills);
        HUB_MARK(agent_state, state, skills);
    }
    if (HUB_HAS(agent_changed, changed, languages)) {
        hub_keep_texts(fold->arena, &state->languages, &changed->languages);
        HUB_MARK(agent_state, state, languages);
    }
    if (HUB_HAS(agent_changed, changed, capacity)) {
        keep_capacity(fold, changed);
    }
    if (HUB_HAS(agent_changed, changed, devices)) {
        keep_devices(fold, changed);
    }
}

static void apply_agent_presence_changed(const struct fold *fold, const struct agent_presence_changed *changed)
{
    struct agent_state *state = fold->state;
    if (changed->cause == presence_cause_lost && changed->presence == presence_away) {
        HUB_SET(agent_state, state, presence_before, state->presence);
    } else if (changed->cause != presence_cause_lost) {
        HUB_CLEAR(agent_state, state, presence_before);
    }
    if (state->presence != changed->presence) {
        state->presence_at = fold->event->decided_at_us;
    }
    state->presence = changed->presence;
    HUB_SET(agent_state, state, cause, changed->cause);
    HUB_CLEAR(agent_state, state, reason);
    if (HUB_HAS(agent_presence_changed, changed, reason)) {
        hub_keep_text(fold->arena, &state->reason, changed->reason);
        HUB_MARK(agent_state, state, reason);
    }
    HUB_CLEAR(agent_state, state, grace_until);
    HUB_COPY(agent_state, state, agent_presence_changed, changed, grace_until);
}

static void apply_agent_help_added(const struct fold *fold, const struct agent_help_added *added)
{
    struct agent_state *state = fold->state;
    struct agent_help *help = HUB_LIST_ADD(&state->helps, fold->arena);
    *help = *added->help;
    hub_keep_text(fold->arena, &help->page_id, added->help->page_id);
    HUB_MARK(agent_state, state, helps);
}

static void apply_agent_help_removed(const struct fold *fold, const struct agent_help_removed *removed)
{
    struct agent_state *state = fold->state;
    int at = hub_agent_help_at(state, removed->customer, removed->page_id);
    if (at < 0) {
        return;
    }
    HUB_LIST_REMOVE(&state->helps, (uint32_t) at);
    if (state->helps.count == 0) {
        HUB_CLEAR(agent_state, state, helps);
    }
}

static void apply_agent_removed(const struct fold *fold, const struct agent_removed *removed)
{
    struct agent_state *state = fold->state;
    (void) removed;
    HUB_SET(agent_state, state, removed, true);
    state->presence = presence_offline;
    state->presence_at = fold->event->decided_at_us;
    HUB_CLEAR(agent_state, state, grace_until);
}

void hub_agent_apply(void *state, const struct hub_event *event, struct hub_arena *arena)
{
    const struct fold fold = { .state = state, .event = event, .arena = arena };
    switch (event->shape->id) {
#include "actors/def/events.h"
#include "actors/agent/agent.def"
#include "base/def/none.h"
    default: break; /* of a later version */
    }
    HUB_SET(agent_state, fold.state, version, event->version);
}
