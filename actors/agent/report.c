/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the routing hears of an agent: the whole picture, whenever something changed, so that it counts room in one place. */
#include "actors/agent/decide.h"

#include "actors/customer/customer.h"
#include "actors/routing/routing.h"

/* Customers are for those who may work with them. */
static bool may_have_customers(const struct agent_state *state)
{
    return state->role == role_admin || state->role == role_supervisor || state->role == role_agent;
}

static void add_loads(const struct agent_state *state, struct hub_arena *arena, struct roster_agent *agent)
{
    agent->loads.at = HUB_NEW_ARRAY(arena, struct roster_load, channel_vocab.count);
    for (unsigned i = 0; i < channel_vocab.count; i++) {
        unsigned channel = channel_vocab.words[i].code;
        struct roster_load *load = &agent->loads.at[agent->loads.count++];
        HUB_SET(roster_load, load, channel, (hub_enum) channel);
        HUB_SET(roster_load, load, limit, hub_agent_capacity(state, channel));
        HUB_SET(roster_load, load, load, hub_agent_load(state, channel));
    }
    HUB_MARK(roster_agent, agent, loads);
}

static struct roster_agent *picture_of(const struct agent_state *state, struct hub_decision *decision)
{
    static const uint16_t absences[] = { [presence_offline] = verdict_offline,
                                         [presence_available] = verdict_offline,
                                         [presence_busy] = verdict_busy,
                                         [presence_away] = verdict_away };
    struct roster_agent *agent = HUB_NEW(hub_decision_arena(decision), struct roster_agent);
    bool is_available = state->presence == presence_available && may_have_customers(state);
    HUB_SET(roster_agent, agent, agent, hub_decision_self(decision));
    HUB_SET(roster_agent, agent, version, state->version);
    HUB_SET(roster_agent, agent, available, is_available);
    if (!is_available) {
        HUB_SET(roster_agent, agent, absence, absences[state->presence]);
    }
    HUB_COPY(roster_agent, agent, agent_state, state, skills);
    HUB_COPY(roster_agent, agent, agent_state, state, languages);
    add_loads(state, hub_decision_arena(decision), agent);
    return agent;
}

static void name_customer(struct roster_report *report, unsigned change, struct hub_ulid customer,
                          struct hub_span page_id)
{
    HUB_SET(roster_report, report, change, (hub_enum) change);
    HUB_SET(roster_report, report, customer, customer);
    HUB_SET(roster_report, report, page_id, page_id);
}

/* What the report is about: the newest of the decided events that says so. */
static void add_change(const struct hub_decided *decided, struct roster_report *report)
{
    HUB_SET(roster_report, report, change, roster_change_profile);
    for (size_t i = 0; i < decided->event_count; i++) {
        const void *record = decided->events[i].record;
        switch (decided->events[i].shape->id) {
        case agent_presence_changed_id: HUB_SET(roster_report, report, change, roster_change_presence); break;
        case agent_removed_id: HUB_SET(roster_report, report, change, roster_change_removed); break;
        case agent_help_added_id: {
            const struct agent_help *help = ((const struct agent_help_added *) record)->help;
            name_customer(report, roster_change_work_added, help->customer, help->page_id);
            break;
        }
        case agent_help_removed_id: {
            const struct agent_help_removed *removed = record;
            name_customer(report, roster_change_work_removed, removed->customer, removed->page_id);
            break;
        }
        default: break;
        }
    }
}

static void follow(struct roster_report *report, struct hub_decision *decision)
{
    hub_decide_follow(decision, &(struct hub_follow){ .kind = KIND_routing,
                                                      .entity = hub_decision_caller(decision)->company,
                                                      .shape = &roster_report_shape,
                                                      .record = report });
}

void hub_agent_report(const struct agent_state *state, struct hub_decision *decision)
{
    const struct hub_decided *decided = hub_decision_result(decision);
    struct roster_report *report = HUB_NEW(hub_decision_arena(decision), struct roster_report);
    if (decided->event_count == 0) {
        return;
    }
    const struct agent_state *after = hub_agent_after(state, decision);
    HUB_SET(roster_report, report, agent, picture_of(after, decision));
    add_change(decided, report);
    if (HUB_HAS(agent_state, after, removed)) { /* whose last conversations are only now handed back */
        report->change = roster_change_removed;
    }
    follow(report, decision);
}

void hub_agent_report_refused(const struct agent_state *state, struct hub_ulid customer, struct hub_span page_id,
                              struct hub_decision *decision)
{
    struct roster_report *report = HUB_NEW(hub_decision_arena(decision), struct roster_report);
    static const struct agent_state nobody = { .presence = presence_offline };
    HUB_SET(roster_report, report, agent, picture_of(state != NULL ? state : &nobody, decision));
    name_customer(report, roster_change_work_refused, customer, page_id);
    follow(report, decision);
}
