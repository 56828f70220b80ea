/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The fold of a company's routing. */
#include "actors/routing/apply.h"

#include "base/list.h"
#include "base/pack.h"

struct fold {
    struct routing_state *state;
    const struct hub_event *event;
    struct hub_arena *arena;
};

int hub_routing_agent_at(const struct routing_state *state, struct hub_ulid agent)
{
    for (uint32_t i = 0; i < state->agents.count; i++) {
        if (hub_ulid_is(state->agents.at[i].agent, agent)) {
            return (int) i;
        }
    }
    return -1;
}

int hub_routing_promise_at(const struct routing_state *state, struct hub_ulid decision)
{
    for (uint32_t i = 0; i < state->promises.count; i++) {
        if (hub_ulid_is(state->promises.at[i].decision, decision)) {
            return (int) i;
        }
    }
    return -1;
}

int hub_routing_waiting_at(const struct routing_state *state, struct hub_ulid decision)
{
    for (uint32_t i = 0; i < state->waiting.count; i++) {
        if (hub_ulid_is(state->waiting.at[i].decision, decision)) {
            return (int) i;
        }
    }
    return -1;
}

/* A list without items is absent, so that a state hashes alike however it came about. */
static void remove_promise(struct routing_state *state, int at)
{
    HUB_LIST_REMOVE(&state->promises, (uint32_t) at);
    if (state->promises.count == 0) {
        HUB_CLEAR(routing_state, state, promises);
    }
}

static void remove_waiting(struct routing_state *state, int at)
{
    HUB_LIST_REMOVE(&state->waiting, (uint32_t) at);
    if (state->waiting.count == 0) {
        HUB_CLEAR(routing_state, state, waiting);
    }
}

static void apply_routing_rules_changed(const struct fold *fold, const struct routing_rules_changed *changed)
{
    HUB_SET(routing_state, fold->state, rules_version, changed->rules_version);
    HUB_SET(routing_state, fold->state, table, hub_record_copy(&routing_table_shape, changed->table, fold->arena));
    HUB_SET(routing_state, fold->state, changed_at, fold->event->decided_at_us);
}

/* The ring of what a dry run looks at. */
static void remember(const struct fold *fold, const struct routing_decided *decided)
{
    struct routing_state *state = fold->state;
    struct routing_recent recent = { 0 }, *self = &recent;
    HUB_SET(routing_recent, self, context, decided->context);
    HUB_SET(routing_recent, self, rule, decided->rule);
    HUB_SET(routing_recent, self, channel, decided->channel);
    if (HUB_HAS(routing_decided, decided, needs) && HUB_HAS(routing_needs, decided->needs, queue)) {
        HUB_SET(routing_recent, self, queue, decided->needs->queue);
    }
    HUB_SET(routing_recent, self, at, fold->event->decided_at_us);
    const struct routing_recent *kept = hub_record_copy(&routing_recent_shape, self, fold->arena);
    uint32_t next = state->recent_next % HUB_ROUTING_RECENT;
    if (next == state->recent.count) {
        (void) HUB_LIST_ADD(&state->recent, fold->arena);
    }
    state->recent.at[next] = *kept;
    HUB_MARK(routing_state, state, recent);
    HUB_SET(routing_state, state, recent_next, (next + 1) % HUB_ROUTING_RECENT);
}

static void add_promise(const struct fold *fold, const struct routing_promise *promise)
{
    struct routing_promise *kept = HUB_LIST_ADD(&fold->state->promises, fold->arena);
    *kept = *promise;
    hub_keep_text(fold->arena, &kept->page_id, promise->page_id);
    HUB_MARK(routing_state, fold->state, promises);
}

static void promise_now(const struct fold *fold, const struct routing_decided *decided)
{
    struct routing_promise promise = { 0 }, *self = &promise;
    HUB_SET(routing_promise, self, decision, decided->decision);
    HUB_SET(routing_promise, self, agent, decided->agent);
    HUB_SET(routing_promise, self, channel, decided->agent_channel);
    HUB_SET(routing_promise, self, customer, decided->customer);
    HUB_COPY(routing_promise, self, routing_context, decided->context, page_id);
    HUB_COPY(routing_promise, self, routing_decided, decided, page_id);
    HUB_SET(routing_promise, self, since,
            HUB_HAS(routing_decided, decided, since) ? decided->since : fold->event->decided_at_us);
    add_promise(fold, self);
}

static void put_in_queue(const struct fold *fold, const struct routing_decided *decided)
{
    struct routing_waiting waiting = { 0 }, *self = &waiting;
    HUB_SET(routing_waiting, self, decision, decided->decision);
    HUB_SET(routing_waiting, self, customer, decided->customer);
    HUB_COPY(routing_waiting, self, routing_decided, decided, session);
    HUB_COPY(routing_waiting, self, routing_context, decided->context, page_id);
    HUB_COPY(routing_waiting, self, routing_decided, decided, page_id);
    HUB_COPY(routing_waiting, self, routing_context, decided->context, language);
    HUB_SET(routing_waiting, self, channel, decided->agent_channel);
    HUB_COPY(routing_waiting, self, routing_decided, decided, needs);
    HUB_COPY(routing_waiting, self, routing_decided, decided, points);
    HUB_COPY(routing_waiting, self, routing_decided, decided, ageing);
    HUB_SET(routing_waiting, self, since,
            HUB_HAS(routing_decided, decided, since) ? decided->since : fold->event->decided_at_us);
    const struct routing_waiting *kept = hub_record_copy(&routing_waiting_shape, self, fold->arena);
    *HUB_LIST_ADD(&fold->state->waiting, fold->arena) = *kept;
    HUB_MARK(routing_state, fold->state, waiting);
}

static void apply_routing_decided(const struct fold *fold, const struct routing_decided *decided)
{
    remember(fold, decided);
    if (decided->outcome == routing_outcome_assigned) {
        promise_now(fold, decided);
    } else if (decided->outcome == routing_outcome_queued) {
        put_in_queue(fold, decided);
    }
}

static void apply_routing_assigned(const struct fold *fold, const struct routing_assigned *assigned)
{
    int at = hub_routing_waiting_at(fold->state, assigned->decision);
    if (at < 0) {
        return;
    }
    const struct routing_waiting *waiting = &fold->state->waiting.at[at];
    struct routing_promise promise = { 0 }, *self = &promise;
    HUB_SET(routing_promise, self, decision, assigned->decision);
    HUB_SET(routing_promise, self, agent, assigned->agent);
    HUB_SET(routing_promise, self, channel, waiting->channel);
    HUB_SET(routing_promise, self, customer, waiting->customer);
    HUB_COPY(routing_promise, self, routing_waiting, waiting, page_id);
    HUB_SET(routing_promise, self, since, waiting->since);
    add_promise(fold, self);
    remove_waiting(fold->state, at);
}

static void apply_routing_settled(const struct fold *fold, const struct routing_settled *settled)
{
    int promise = hub_routing_promise_at(fold->state, settled->decision);
    int waiting = hub_routing_waiting_at(fold->state, settled->decision);
    if (promise >= 0) {
        remove_promise(fold->state, promise);
    }
    if (waiting >= 0) {
        remove_waiting(fold->state, waiting);
    }
}

static void apply_roster_changed(const struct fold *fold, const struct roster_changed *changed)
{
    struct routing_state *state = fold->state;
    int at = hub_routing_agent_at(state, changed->agent->agent);
    if (changed->change == roster_change_removed) {
        if (at >= 0) {
            HUB_LIST_REMOVE(&state->agents, (uint32_t) at);
        }
    } else {
        struct roster_agent *agent = at >= 0 ? &state->agents.at[at] : HUB_LIST_ADD(&state->agents, fold->arena);
        *agent = *(const struct roster_agent *) hub_record_copy(&roster_agent_shape, changed->agent, fold->arena);
        HUB_MARK(routing_state, state, agents);
    }
    if (state->agents.count == 0) {
        HUB_CLEAR(routing_state, state, agents);
    }
}

void hub_routing_apply(void *state, const struct hub_event *event, struct hub_arena *arena)
{
    const struct fold fold = { .state = state, .event = event, .arena = arena };
    HUB_SET(routing_state, fold.state, version, event->version);
    switch (event->shape->id) {
#include "actors/def/events.h"
#include "actors/routing/kind.def"
#include "base/def/none.h"
    default: break; /* of a later version */
    }
}
