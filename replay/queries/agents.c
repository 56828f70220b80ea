/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The queries `agents` and `agent`: who works here, and how much each has to do. */
#include "actors/agent/render.h"
#include "base/error.h"
#include "replay/reading.h"

enum { LIMIT = 100 };

struct walk {
    const struct hub_reading *reading;
    struct agent_list *list;
    hub_enum presence; /* 0: all */
    uint32_t limit;
    uint64_t last;
    int error;
};

static bool show(void *arg, struct hub_span key, struct hub_span value)
{
    struct walk *walk = arg;
    struct index_row row;
    void *state = NULL;
    walk->error = hub_reading_take(walk->reading, value, &index_row_shape, &row);
    if (walk->error == 0) {
        walk->error = hub_reading_state(walk->reading, &hub_kind_agent, row.user, &state);
    }
    if (walk->error != 0) {
        return false;
    }
    if (walk->presence != 0 && ((const struct agent_state *) state)->presence != walk->presence) {
        return true;
    }
    if (walk->list->agents.count == walk->limit) {
        HUB_SET(agent_list, walk->list, next_cursor, hub_reading_cursor_print(walk->reading, walk->last));
        return false;
    }
    hub_agent_render(state, row.user, walk->reading->arena, &walk->list->agents.at[walk->list->agents.count++]);
    walk->last = hub_row_key_last_be64(key);
    return true;
}

static int answer(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    const struct agents_query *query = params;
    struct agent_list *list = ret_answer;
    struct walk walk = { .reading = reading, .list = list };
    struct hub_row_key prefix = hub_row_key(HUB_VIEW_agents, reading->company);
    uint64_t after;
    int done = hub_reading_cursor_parse(reading, query->cursor, &after);
    if (done != 0) {
        return done;
    }
    walk.limit = HUB_HAS(agents_query, query, limit) ? query->limit : LIMIT;
    walk.presence = HUB_HAS(agents_query, query, presence) ? query->presence : 0;
    list->agents.at = HUB_NEW_ARRAY(reading->arena, struct agent_shown, walk.limit);
    HUB_MARK(agent_list, list, agents);
    hub_row_key_byte(&prefix, 'o');
    struct hub_row_key from = prefix;
    hub_row_key_be64(&from, after == UINT64_MAX ? after : after + 1);
    done = reading->rows.scan(reading->rows.self, hub_row_key_span(&prefix), hub_row_key_span(&from), show, &walk);
    return done != 0 ? done : walk.error;
}

static int find_agent(const struct hub_reading *reading, const void *params, struct hub_ulid *ret_agent)
{
    (void) params;
    return hub_reading_named(reading, KIND_agent, ret_agent);
}

static int answer_agent(const struct hub_reading *reading, const void *params, void *ret_answer)
{
    struct hub_ulid agent;
    void *state = NULL;
    int done = find_agent(reading, params, &agent);
    done = done == 0 ? hub_reading_state(reading, &hub_kind_agent, agent, &state) : done;
    if (done == HUB_ERROR_not_found ||
        (done == 0 && HUB_HAS(agent_state, (const struct agent_state *) state, removed))) {
        return hub_reading_refuse(reading, HUB_ERROR_not_found, "/agent_id", "There is no such agent.");
    }
    if (done == 0) {
        hub_agent_render(state, agent, reading->arena, ret_answer);
    }
    return done;
}

const struct hub_query_info hub_query_agents = {
    .name = "agents",
    .params = &agents_query_shape,
    .answer = &agent_list_shape,
    .scope = HUB_SCOPE_view,
    .view = HUB_VIEW_agents,
    .answer_fn = answer,
};

const struct hub_query_info hub_query_agent = {
    .name = "agent",
    .params = &agent_at_query_shape,
    .answer = &agent_shown_shape,
    .scope = HUB_SCOPE_agent,
    .find_fn = find_agent,
    .answer_fn = answer_agent,
};
