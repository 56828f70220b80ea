/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The roster: agents say how they stand, customers say who has them; whoever gets room is given who has waited with the most
 * points. A customer given to an agent counts as the agent's load from that moment on, until the agent has taken the
 * customer or somebody refused. */
#include "actors/routing/decide.h"
#include "actors/routing/engine.h"
#include "base/pack.h"

enum { MINUTE_US = 60000000 };

static const struct hub_ulid none;

/* --- settling --- */

struct settling {
    struct hub_ulid decision, customer, agent; /* agent none: nobody */
    unsigned end;
    int64_t since;
};

static void settle(const struct settling *settling, struct hub_decision *decision)
{
    struct routing_settled *settled = HUB_NEW(hub_decision_arena(decision), struct routing_settled);
    int64_t took_us = hub_decision_now(decision) - settling->since;
    HUB_SET(routing_settled, settled, decision, settling->decision);
    HUB_SET(routing_settled, settled, end, (hub_enum) settling->end);
    HUB_SET(routing_settled, settled, took_us, took_us > 0 ? took_us : 0);
    if (!hub_ulid_is_none(settling->agent)) {
        HUB_SET(routing_settled, settled, agent, settling->agent);
    }
    hub_decide_event(decision, &routing_settled_shape, settled, settling->customer, none);
}

static bool is_page(bool has_a, struct hub_span a, bool has_b, struct hub_span b)
{
    return !has_a || !has_b || hub_span_is(a, b);
}

int64_t hub_routing_supersede(const struct routing_state *state, struct hub_ulid customer,
                              const struct routing_context *context, struct hub_decision *decision)
{
    int64_t since = 0;
    for (uint32_t i = 0; i < state->waiting.count; i++) {
        const struct routing_waiting *waiting = &state->waiting.at[i];
        if (hub_ulid_is(waiting->customer, customer) &&
            is_page(HUB_HAS(routing_waiting, waiting, page_id), waiting->page_id,
                    HUB_HAS(routing_context, context, page_id), context->page_id)) {
            settle(&(struct settling){ waiting->decision, customer, none, routing_end_superseded, waiting->since },
                   decision);
            since = since == 0 || waiting->since < since ? waiting->since : since;
        }
    }
    return since;
}

/* --- who waits --- */

static uint64_t score_of(const struct routing_waiting *waiting, int64_t now_us)
{
    int64_t minutes = now_us > waiting->since ? (now_us - waiting->since) / MINUTE_US : 0;
    uint64_t points = HUB_HAS(routing_waiting, waiting, points) ? waiting->points : 0;
    uint64_t ageing = HUB_HAS(routing_waiting, waiting, ageing) ? waiting->ageing : 0;
    return points + ageing * (uint64_t) minutes;
}

/* The one with the most points whom the agent may take; among equals the one who waits longest. -1: nobody. */
static int next_for(const struct routing_state *state, const struct roster_agent *agent, int64_t now_us,
                    struct hub_arena *arena, uint32_t *ret_others)
{
    int best = -1;
    *ret_others = 0;
    for (uint32_t i = 0; i < state->waiting.count; i++) {
        const struct routing_waiting *waiting = &state->waiting.at[i];
        const struct hub_routing_search search = { .state = state,
                                                   .needs = HUB_HAS(routing_waiting, waiting, needs) ? waiting->needs
                                                                                                     : NULL,
                                                   .language = waiting->language,
                                                   .channel = waiting->channel,
                                                   .arena = arena };
        if (hub_routing_look_at(&search, agent).verdict != verdict_won) {
            continue;
        }
        *ret_others += best >= 0;
        if (best < 0 || score_of(waiting, now_us) > score_of(&state->waiting.at[best], now_us)) {
            best = (int) i;
        }
    }
    return best;
}

/* Give to an agent who has room whoever waits for one. after: the state as it will be, which goes on with each giving. */
static void dispatch(struct routing_state *after, struct hub_ulid agent, struct hub_decision *decision)
{
    struct hub_arena *arena = hub_decision_arena(decision);
    int at = hub_routing_agent_at(after, agent);
    while (at >= 0 && after->promises.count < HUB_ROUTING_PROMISES) {
        uint32_t others;
        int64_t now_us = hub_decision_now(decision);
        int next = next_for(after, &after->agents.at[at], now_us, arena, &others);
        if (next < 0) {
            return;
        }
        const struct routing_waiting waiting = after->waiting.at[next];
        struct routing_assigned *assigned = HUB_NEW(arena, struct routing_assigned);
        HUB_SET(routing_assigned, assigned, decision, waiting.decision);
        HUB_SET(routing_assigned, assigned, agent, agent);
        HUB_SET(routing_assigned, assigned, waited_us, now_us > waiting.since ? now_us - waiting.since : 0);
        HUB_SET(routing_assigned, assigned, score, score_of(&waiting, now_us));
        HUB_SET(routing_assigned, assigned, others, others);
        hub_decide_event(decision, &routing_assigned_shape, assigned, waiting.customer, waiting.session);
        const struct hub_event event = {
            .shape = &routing_assigned_shape, .record = assigned, .version = after->version + 1, .decided_at_us = now_us
        };
        hub_routing_apply(after, &event, arena);
        hub_routing_give(&(struct hub_routing_giving){ .decision = waiting.decision,
                                                       .customer = waiting.customer,
                                                       .session = waiting.session,
                                                       .agent = agent,
                                                       .channel = waiting.channel,
                                                       .page_id = waiting.page_id },
                         decision);
    }
}

/* The state as the events decided so far make it: by the fold itself, on a copy. */
static struct routing_state *state_after(const struct routing_state *state, struct hub_decision *decision)
{
    struct routing_state *after = hub_record_copy(&routing_state_shape, state, hub_decision_arena(decision));
    hub_fold_decided(decision, hub_routing_apply, after, after->version);
    return after;
}

/* --- what agents say --- */

static bool is_same(const struct roster_agent *before, const struct roster_agent *now)
{
    struct roster_agent other = *now;
    other.version = before->version;
    if (!HUB_HAS(roster_agent, now, idle_since)) {
        HUB_COPY(roster_agent, &other, roster_agent, before, idle_since);
    }
    struct hub_digest a = hub_record_hash(&roster_agent_shape, before);
    struct hub_digest b = hub_record_hash(&roster_agent_shape, &other);
    return hub_digest_is(&a, &b);
}

/* An agent is idle since the last conversation came, or since becoming available. */
static struct roster_agent *picture_of(const struct routing_state *state, const struct roster_report *report,
                                       struct hub_decision *decision)
{
    struct roster_agent *agent = HUB_NEW(hub_decision_arena(decision), struct roster_agent);
    int at = state == NULL ? -1 : hub_routing_agent_at(state, report->agent->agent);
    const struct roster_agent *before = at >= 0 ? &state->agents.at[at] : NULL;
    bool was_available = before != NULL && before->available;
    *agent = *report->agent;
    if (report->change == roster_change_work_added || (agent->available && !was_available)) {
        HUB_SET(roster_agent, agent, idle_since, hub_decision_now(decision));
    } else if (before != NULL) {
        HUB_COPY(roster_agent, agent, roster_agent, before, idle_since);
    }
    return agent;
}

static void settle_promise(const struct routing_state *state, const struct roster_report *report,
                           struct hub_decision *decision)
{
    bool is_added = report->change == roster_change_work_added;
    if ((!is_added && report->change != roster_change_work_refused) || !HUB_HAS(roster_report, report, customer)) {
        return;
    }
    for (uint32_t i = 0; i < state->promises.count; i++) {
        const struct routing_promise *promise = &state->promises.at[i];
        if (hub_ulid_is(promise->customer, report->customer) && hub_ulid_is(promise->agent, report->agent->agent) &&
            is_page(HUB_HAS(routing_promise, promise, page_id), promise->page_id,
                    HUB_HAS(roster_report, report, page_id), report->page_id)) {
            settle(&(struct settling){ .decision = promise->decision,
                                       .customer = promise->customer,
                                       .agent = is_added ? promise->agent : none,
                                       .end = is_added ? routing_end_accepted : routing_end_refused,
                                       .since = promise->since },
                   decision);
            return;
        }
    }
}

void hub_routing_decide_report(const void *state_, const void *command, struct hub_decision *decision)
{
    static const struct routing_state nobody;
    const struct routing_state *state = state_ != NULL ? state_ : &nobody;
    const struct roster_report *report = command;
    int at = hub_routing_agent_at(state, report->agent->agent);
    bool is_old = at >= 0 && state->agents.at[at].version > report->agent->version;
    bool is_gone = report->change == roster_change_removed;
    bool has_room = at >= 0 || state->agents.count < HUB_ROUTING_AGENTS;
    bool says_news = report->change != roster_change_work_refused; /* an agent who is not there may refuse, too */
    settle_promise(state, report, decision);
    struct roster_agent *agent = picture_of(state_, report, decision);
    if (says_news && !is_old && has_room && (is_gone ? at >= 0 : at < 0 || !is_same(&state->agents.at[at], agent))) {
        struct roster_changed *changed = HUB_NEW(hub_decision_arena(decision), struct roster_changed);
        HUB_SET(roster_changed, changed, agent, agent);
        HUB_SET(roster_changed, changed, change, report->change);
        hub_decide_event(decision, &roster_changed_shape, changed, none, none);
    }
    if (state->waiting.count > 0 && hub_decision_result(decision)->event_count > 0) {
        dispatch(state_after(state, decision), report->agent->agent, decision);
    }
}

/* --- what customers say --- */

/* A customer whom another agent has, or who wants nobody any more, is out of the queue and nobody's promise. */
void hub_routing_decide_settled(const void *state_, const void *command_, struct hub_decision *decision)
{
    const struct routing_state *state = state_;
    const struct help_settled *command = command_;
    struct hub_ulid freed = none;
    const struct hub_ulid refused = HUB_HAS(help_settled, command, decision) ? command->decision : none;
    bool has_agent = HUB_HAS(help_settled, command, agent), has_page = HUB_HAS(help_settled, command, page_id);
    struct hub_ulid agent = has_agent ? command->agent : none;
    for (uint32_t i = 0; state != NULL && i < state->promises.count; i++) {
        const struct routing_promise *promise = &state->promises.at[i];
        bool is_meant = hub_ulid_is(promise->customer, command->customer) &&
                        is_page(HUB_HAS(routing_promise, promise, page_id), promise->page_id, has_page,
                                command->page_id);
        bool has_it = hub_ulid_is(promise->agent, agent); /* and will say so, but once only */
        if (is_meant && (!has_it || hub_ulid_is(promise->decision, refused))) {
            freed = promise->agent;
            settle(&(struct settling){ promise->decision, command->customer, agent,
                                       !has_agent ? routing_end_gone
                                       : has_it   ? routing_end_accepted
                                                  : routing_end_refused,
                                       promise->since },
                   decision);
        }
    }
    for (uint32_t i = 0; state != NULL && i < state->waiting.count; i++) {
        const struct routing_waiting *waiting = &state->waiting.at[i];
        if (hub_ulid_is(waiting->customer, command->customer) &&
            is_page(HUB_HAS(routing_waiting, waiting, page_id), waiting->page_id, has_page, command->page_id)) {
            settle(&(struct settling){ waiting->decision, command->customer, agent,
                                       has_agent ? routing_end_accepted : routing_end_gone, waiting->since },
                   decision);
        }
    }
    if (state != NULL && !hub_ulid_is_none(freed) && state->waiting.count > 0) {
        dispatch(state_after(state, decision), freed, decision);
    }
}
